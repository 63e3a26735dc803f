/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * predict.c - a predicted path against the contract: the same words as for a
 * path that was seen, from the set-up alone.
 */
#include "ui/state/predict.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *
text_of(const struct addr *a, char buf[static ADDR_TEXT_MAX])
{
	addr_format(a, buf);
	return buf;
}

static bool
same_dev(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(a, b) == 0;
}

const struct eni *
predict_eni(const struct node_state *n, const char *dev)
{
	return n->contract != NULL && dev != NULL ?
	    contract_eni_dev(n->contract, dev) : NULL;
}

/* Without a contract: the device that has the address, or else the one that the
   default route names. */
static const char *
entry_by_address(const struct node_state *n, const struct addr *a)
{
	static const struct addr v6_any;
	const uint8_t v4_any[4] = { 0 };
	struct route_query q = { .dst = addr_is_v4(a) ? addr_from_v4(v4_any) :
	    v6_any };
	struct route_answer r;
	uint32_t i;

	for (i = 0; i < n->state->addrs.n; i++)
		if (addr_eq(&n->state->addrs.v[i].addr, a))
			return n->state->addrs.v[i].dev;
	model_route(n->model, &q, &r);
	return r.end == ROUTE_TO ? r.dev : NULL;
}

const char *
predict_entry(const struct node_state *n, const struct addr *a)
{
	struct owner o;

	if (n->contract == NULL)
		return entry_by_address(n, a);
	contract_owner(n->contract, a, &o);
	return o.eni != NULL ? o.eni->dev : NULL;
}

__attribute__((format(printf, 5, 6)))
static void
add_fault(const struct node_state *n, struct prediction *p, const char *code,
    bool reply, const char *text, ...)
{
	struct prediction_fault *f;
	struct fault query = {
		.code = code, .query = &p->asked, .demand = &p->demand,
		.after = &p->walk.after, .walk = reply ? &p->reply : &p->walk,
		.reply = reply,
	};
	va_list ap;

	if (p->n_faults == PREDICT_MAX_FAULTS)
		return;
	f = &p->faults[p->n_faults++];
	*f = (struct prediction_fault){ .code = code, .level = LEVEL_WRONG };
	va_start(ap, text);
	vsnprintf(f->text, sizeof(f->text), text, ap);
	va_end(ap);
	if (!p->has_demand)
		return;
	/* the filter is a setting of the device that it comes in by */
	query.dev = query.walk->end != WALK_DROPPED ||
	    query.walk->cause != DROP_RP_FILTER ? query.walk->oif :
	    reply ? p->reply_iif : p->query.iif;
	if (!contract_explain(n->contract, &query, f->why, f->fix))
		f->why[0] = '\0';
}

__attribute__((format(printf, 2, 3)))
static void
set_unknown(struct prediction *p, const char *text, ...)
{
	va_list ap;

	if (p->unknown[0] != '\0')
		return;
	va_start(ap, text);
	vsnprintf(p->unknown, sizeof(p->unknown), text, ap);
	va_end(ap);
}

static void
tell_no_route(const struct walk *w, bool from_node, char *text, size_t size)
{
	const struct route_answer *r = &w->route;

	if (r->end == ROUTE_REFUSED && r->route != NULL)
		snprintf(text, size, ": its route is %s", r->route->text);
	else if (r->end == ROUTE_REFUSED && r->rule != NULL)
		snprintf(text, size, ": policy rule %u refuses it: %s",
		    r->rule->priority, r->rule->text);
	else if (r->end == ROUTE_TO && !from_node)
		snprintf(text, size, ": there is a route, but this node does not "
		    "forward");
	else if (r->end == ROUTE_NOWHERE)
		snprintf(text, size, ": no table has a route for it");
	else
		snprintf(text, size, ": it finds no route");
}

/* What on the node drops it; iif NULL: a process here sends it. */
static void
tell_drop(const struct node_state *n, const struct walk *w, const char *iif,
    char *text, size_t size)
{
	const struct nf_chain *chain = w->drop_chain;

	*text = '\0';
	switch ((enum drop_cause)w->cause) {
	case DROP_FIREWALL:
		if (w->drop_rule != NULL)
			snprintf(text, size, ": by the rule %s", w->drop_rule->text);
		else if (chain != NULL)
			snprintf(text, size, ": the policy of %s %s is DROP",
			    n->state->nf_tables.v[chain->table].name, chain->name);
		break;
	case DROP_NO_ROUTE:
		tell_no_route(w, iif == NULL, text, size);
		break;
	case DROP_RP_FILTER:
		if (w->reverse.dev != NULL && iif != NULL)
			snprintf(text, size, ": by the reverse path filter of %s, "
			    "since the way back to its source is by %s", iif,
			    w->reverse.dev);
		else if (w->reverse.end == ROUTE_NOWHERE)
			snprintf(text, size, ": by the reverse path filter, since "
			    "there is no way back to its source");
		else
			snprintf(text, size, ": no packet from outside can have such "
			    "addresses (martian)");
		break;
	default:
		break;
	}
}

static void
add_drop(const struct node_state *n, struct prediction *p, bool reply)
{
	const struct walk *w = reply ? &p->reply : &p->walk;
	struct prediction_fault *f;
	char by[sizeof(f->text)];

	tell_drop(n, w, reply ? p->reply_iif : p->query.iif, by, sizeof(by));
	add_fault(n, p, reply ? "reply-not-forwarded" : "not-forwarded", reply,
	    "%s dropped on this node%s", reply ? "the answer is" : "it is", by);
	f = &p->faults[p->n_faults - 1];
	f->level = LEVEL_DROPPED;
	f->cause = drop_cause_name(w->cause);
}

static void
judge_out(const struct node_state *n, struct prediction *p)
{
	const struct walk *w = &p->walk;
	const struct demand *d = &p->demand;

	switch (d->out) {
	case OUT_DEV:
		if (w->end == WALK_LOCAL)
			add_fault(n, p, "wrong-eni", false, "it stays on this node; "
			    "it must leave by %s", d->dev);
		else if (w->route.several)
			set_unknown(p, "the route has several ways");
		else if (!same_dev(w->oif, d->dev))
			add_fault(n, p, "wrong-eni", false, "it leaves by %s; it "
			    "must leave by %s", w->oif, d->dev);
		break;
	case OUT_HERE:
		if (w->end != WALK_LOCAL)
			add_fault(n, p, "wrong-eni", false, "it leaves by %s; it is "
			    "for this node itself", w->oif);
		break;
	case OUT_UNKNOWN:
		set_unknown(p, "by which ENI it must leave is not known%s",
		    state_has(n->state, PART_ENIS) ? "" :
		    ": the state has no list of ENIs (ipamd's /v1/enis)");
		break;
	}
}

static void
judge_source(const struct node_state *n, struct prediction *p)
{
	const struct walk *w = &p->walk;
	const struct demand *d = &p->demand;
	bool changed = !addr_eq(&w->after.src, &p->query.t.src);
	char is[ADDR_TEXT_MAX], must[ADDR_TEXT_MAX];

	text_of(&w->after.src, is);
	text_of(&d->source, must);
	switch (d->snat) {
	case SNAT_MUST:
		if (d->has_source && addr_eq(&w->after.src, &d->source))
			break;
		if (!changed && d->has_source)
			add_fault(n, p, "missing-snat", false, "it leaves as %s; it "
			    "must be translated to %s", is, must);
		else if (!changed)
			add_fault(n, p, "missing-snat", false, "it leaves as %s; it "
			    "must be translated", is);
		else if (d->has_source)
			add_fault(n, p, "wrong-snat", false, "it leaves as %s; it "
			    "must leave as %s", is, must);
		else
			set_unknown(p, "to which address it must be translated is "
			    "not known");
		break;
	case SNAT_MUST_NOT:
		if (changed)
			add_fault(n, p, "unexpected-snat", false, "it leaves as %s; "
			    "its source must stay", is);
		break;
	case SNAT_UNKNOWN:
		set_unknown(p, "whether its source must be translated is not known");
		break;
	}
	if (w->end == WALK_SENT && predict_eni(n, w->oif) != NULL &&
	    contract_may_send(n->contract, w->oif, &w->after.src) == 0)
		add_fault(n, p, "source-not-on-eni", false, "%s does not own %s: EC2 "
		    "drops it (source/destination check)", w->oif, is);
}

/* The VPC brings an answer to the ENI that owns its destination. */
static const char *
answer_entry(const struct node_state *n, const struct walk *w)
{
	struct owner o;

	if (w->end == WALK_LOCAL)
		return NULL;
	if (predict_eni(n, w->oif) == NULL)
		return w->oif;
	contract_owner(n->contract, &w->after.src, &o);
	return o.eni != NULL && o.eni->dev != NULL ? o.eni->dev : w->oif;
}

static void
judge_reply(const struct node_state *n, struct prediction *p)
{
	const struct demand *d = &p->demand;
	const struct walk *w = &p->reply;

	switch (w->end) {
	case WALK_UNKNOWN:
		set_unknown(p, "the answer's way: %s",
		    w->why != NULL ? w->why : "not known");
		return;
	case WALK_DROPPED:
		add_drop(n, p, true);
		return;
	}
	if (!p->has_demand)
		return;
	if (d->reply_out == OUT_DEV && !same_dev(w->oif, d->reply_dev))
		add_fault(n, p, "asymmetric-path", true, "the answer %s%s; it must "
		    "leave by %s", w->end == WALK_LOCAL ? "stays on this node" :
		    "leaves by ", w->end == WALK_LOCAL ? "" : w->oif, d->reply_dev);
	else if (d->reply_out == OUT_HERE && w->end != WALK_LOCAL)
		add_fault(n, p, "asymmetric-path", true, "the answer leaves by %s; "
		    "it is for this node itself", w->oif);
}

static void
conclude(struct prediction *p)
{
	unsigned i;

	p->verdict = p->unknown[0] != '\0' ? VERDICT_UNKNOWN : VERDICT_OK;
	for (i = 0; i < p->n_faults; i++) {
		if (p->faults[i].level == LEVEL_WRONG)
			p->verdict = VERDICT_WRONG;
		else if (p->verdict != VERDICT_WRONG)
			p->verdict = VERDICT_DROPPED;
	}
}

static void
ask(const struct node_state *n, struct prediction *p)
{
	const struct walk *w = &p->walk;

	if (n->contract == NULL)
		return;
	p->has_demand = true;
	p->asked = (struct demand_query){
		.orig = p->query.t, .dst = w->after.dst, .dport = w->after.dport,
		.iif = p->query.iif, .from_node = p->query.iif == NULL,
		.dnat = w->dnat, .masqueraded = w->masquerade,
	};
	contract_demand(n->contract, &p->asked, &p->demand);
}

void
predict_judge(const struct node_state *n, const struct walk_query *q,
    const struct walk *w, struct prediction *p)
{
	*p = (struct prediction){ .query = *q, .walk = *w };
	ask(n, p);
	switch (w->end) {
	case WALK_UNKNOWN:
		set_unknown(p, "%s", w->why != NULL ? w->why : "not known");
		break;
	case WALK_DROPPED:
		add_drop(n, p, false);
		break;
	default:
		if (p->has_demand) {
			judge_out(n, p);
			judge_source(n, p);
		}
		p->has_reply = true;
		p->reply_iif = answer_entry(n, w);
		model_reply(n->model, q, w, p->reply_iif, q->steps, &p->reply);
		judge_reply(n, p);
	}
	conclude(p);
}
