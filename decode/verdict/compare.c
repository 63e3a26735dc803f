/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * compare.c - what was seen against what is required and what the rules
 * predict: the findings of a flow that went through.
 */
#include <stdio.h>
#include <string.h>

#include "decode/verdict/judge_int.h"

void
trial_explain(const struct trial *t, struct finding *g, const char *dev, bool reply)
{
	trial_explain_cause(t, g, dev, reply, DROP_UNKNOWN);
}

void
trial_explain_cause(const struct trial *t, struct finding *g, const char *dev, bool reply,
    enum drop_cause cause)
{
	struct fault fault = { .code = g->code, .query = &t->asked,
	    .demand = &t->demand, .dev = dev, .after = t->has_after ? &t->after : NULL,
	    .walk = t->has_walk ? &t->walk : NULL, .ct = t->f->node.ct, .cause = (uint8_t)cause,
	    .reply = reply };
	char why[FAULT_TEXT] = "", fix[FIX_TEXT] = "";
	size_t n = strlen(g->text);

	if (t->j->contract == NULL || !t->has_demand)
		return;
	if (contract_explain(t->j->contract, &fault, why, fix) && why[0] != '\0')
		snprintf(g->text + n, sizeof(g->text) - n, ": %s", why);
	if (fix[0] != '\0')
		snprintf(g->fix, sizeof(g->fix), "%s", fix);
}

/* "eth1 (eni-0abc)" */
#define DEV_TEXT	64
static const char *
dev_text(const struct trial *t, const char *dev, char out[static DEV_TEXT])
{
	const struct eni *e = t->j->contract ? contract_eni_dev(t->j->contract, dev) :
	    NULL;

	if (e != NULL && e->id != NULL)
		snprintf(out, DEV_TEXT, "%s (%s)", dev, e->id);
	else
		snprintf(out, DEV_TEXT, "%s", dev);
	return out;
}

/* ---- the way out */

static void
compare_out(struct trial *t)
{
	const struct demand *d = &t->demand;
	const char *dev = t->req.out_dev;
	char seen[DEV_TEXT], due[DEV_TEXT];

	if (dev == NULL)
		return;
	if (d->out == OUT_DEV && d->dev != NULL && strcmp(dev, d->dev) != 0)
		trial_explain(t, finding_add(t->f, F_WRONG_ENI,
		    "left by %s instead of %s", dev_text(t, dev, seen),
		    dev_text(t, d->dev, due)), dev, false);
	else if (d->out == OUT_HERE)
		trial_explain(t, finding_add(t->f, F_WRONG_ENI,
		    "left by %s although its destination is this node",
		    dev_text(t, dev, seen)), dev, false);
}

static void
compare_source(struct trial *t)
{
	const struct demand *d = &t->demand;
	const struct tuple *o = &t->f->original, *x = &t->after;
	bool kept = addr_eq(&o->src, &x->src);
	char is[ADDR_TEXT_MAX], due[ADDR_TEXT_MAX];

	if (!t->has_after || t->req.out == NULL)
		return;
	addr_format(&x->src, is);
	if (d->snat == SNAT_MUST && d->has_source && !addr_eq(&x->src, &d->source)) {
		addr_format(&d->source, due);
		if (kept)
			trial_explain(t, finding_add(t->f, F_MISSING_SNAT,
			    "left as %s, not translated to %s", is, due),
			    t->req.out_dev, false);
		else
			trial_explain(t, finding_add(t->f, F_WRONG_SNAT,
			    "left as %s instead of %s", is, due),
			    t->req.out_dev, false);
	} else if (d->snat == SNAT_MUST_NOT && !kept &&
	    (t->req.in != NULL || t->f->node.ct != NULL)) {
		addr_format(&o->src, due);
		trial_explain(t, finding_add(t->f, F_UNEXPECTED_SNAT,
		    "left as %s, but %s must be kept", is, due),
		    t->req.out_dev, false);
	}
}

/* EC2 drops what leaves an ENI with a source that is not on it. */
static void
compare_owner(struct trial *t, const struct leg *out, const char *dev, bool reply)
{
	enum finding_code code = F_SOURCE_NOT_ON_ENI;
	char is[ADDR_TEXT_MAX], seen[DEV_TEXT];
	struct owner o;

	if (out == NULL || dev == NULL ||
	    contract_may_send(t->j->contract, dev, &out->t.src) != 0)
		return;
	contract_owner(t->j->contract, &out->t.src, &o);
	if (!reply && t->has_walk && t->walk.masquerade && o.kind == OWNER_NODE)
		code = F_MASQUERADE_OTHER_ENI;
	addr_format(&out->t.src, is);
	trial_explain(t, finding_add(t->f, code, "%s is no address of %s: EC2's "
	    "source/destination check drops it", is, dev_text(t, dev, seen)), dev,
	    reply);
}

/* ---- the destination */

static void
compare_dnat(struct trial *t)
{
	const struct tuple *o = &t->f->original;
	char is[ADDR_TEXT_MAX], was[ADDR_TEXT_MAX];
	bool changed = t->has_after && (!addr_eq(&o->dst, &t->after.dst) ||
	    o->dport != t->after.dport);

	if (t->req.out_dev == NULL)
		return;
	if (!changed && t->walk.end != WALK_UNKNOWN && t->has_walk && t->walk.dnat &&
	    t->req.in != NULL && contract_eni_dev(t->j->contract, t->req.out_dev)) {
		addr_format(&o->dst, was);
		trial_explain(t, finding_add(t->f, F_SERVICE_IP_ON_WIRE,
		    "%s:%u is a Service's address, and left by %s untranslated",
		    was, o->dport, t->req.out_dev), t->req.out_dev, false);
	} else if (changed && t->has_walk && t->walk.end != WALK_UNKNOWN &&
	    !t->walk.dnat && t->f->node.service == NULL && t->req.in != NULL) {
		addr_format(&o->dst, was);
		addr_format(&t->after.dst, is);
		trial_explain(t, finding_add(t->f, F_UNEXPECTED_DNAT,
		    "%s:%u became %s:%u, which no rule of this node asks for", was,
		    o->dport, is, t->after.dport), t->req.out_dev, false);
	}
}

/* Did it leave this node with the same ends before? */
static bool
left_before(const struct flow *f, unsigned leg)
{
	for (unsigned i = 0; i < leg; i++)
		if (!f->legs[i].reply && addr_eq(&f->legs[i].t.dst, &f->legs[leg].t.dst))
			return true;
	return false;
}

/* A pod's own packet that comes back from outside to another destination: only
   a load balancer that keeps the client's address sends it so. */
static bool
compare_hairpin(struct trial *t)
{
	const struct flow *f = t->f;
	struct owner o;

	for (unsigned i = 0; i < f->n_legs; i++) {
		const struct leg *l = &f->legs[i];
		const char *dev = t->view->dev(t->view->arg, l->iface);
		const struct eni *e;
		char src[ADDR_TEXT_MAX];

		if (l->reply || l->dir != DIR_IN || l->tunnel.type != TUN_NONE ||
		    dev == NULL || left_before(f, i))
			continue;
		e = contract_eni_dev(t->j->contract, dev);
		if (e == NULL || e->trunk || e->branch)
			continue;
		contract_owner(t->j->contract, &l->t.src, &o);
		if (o.kind != OWNER_POD)
			continue;
		addr_format(&l->t.src, src);
		trial_explain(t, finding_add(t->f, F_HAIRPIN, "came in by %s from %s, "
		    "a pod of this node: its load balancer sent it back with the "
		    "client's address kept", dev, src), dev, false);
		return true;
	}
	return false;
}

/* ---- the way in */

/* EC2 delivers what is for an address at the ENI that owns it, and the answer
   leaves by that one.  A trunk carries its branches' frames. */
static void
compare_arrival(struct trial *t)
{
	const struct owner *pod = &t->dst;
	const struct eni *e;
	char seen[DEV_TEXT], due[DEV_TEXT];
	struct finding *g;

	if (t->req.in_dev == NULL || pod->kind != OWNER_POD || pod->egress ||
	    pod->eni == NULL || pod->eni->dev == NULL || pod->eni->trunk ||
	    pod->eni->branch || t->src.kind == OWNER_POD || t->src.kind == OWNER_NODE)
		return;
	e = contract_eni_dev(t->j->contract, t->req.in_dev);
	if (e == NULL || e == pod->eni || e->trunk || e->branch)
		return;
	g = finding_add(t->f, F_WRONG_ENI, "came in by %s instead of %s",
	    dev_text(t, t->req.in_dev, seen), dev_text(t, pod->eni->dev, due));
	snprintf(g->fix, sizeof(g->fix), "see which ENI has the pod's address (aws ec2 "
	    "describe-network-interfaces), and whether ipamd says the same "
	    "(curl localhost:61679/v1/enis)");
}

/* ---- the answer */

/* What must go through the VPC to this node again (strict security groups)
   crosses it twice: its answer first leaves by the ENI of the target. */
static bool
is_first_crossing(const struct trial *t, const char *dev)
{
	return t->demand.eni != NULL && t->target.eni != NULL &&
	    (t->target.kind == OWNER_POD || t->target.kind == OWNER_NODE) &&
	    same_name(dev, t->target.eni->dev);
}

static void
compare_reply(struct trial *t)
{
	const struct demand *d = &t->demand;
	const struct crossing *r = &t->rep;
	char seen[DEV_TEXT], due[DEV_TEXT];

	if (r->out_dev != NULL && d->reply_out == OUT_DEV && d->reply_dev != NULL &&
	    strcmp(r->out_dev, d->reply_dev) != 0 &&
	    !is_first_crossing(t, r->out_dev))
		trial_explain(t, finding_add(t->f, F_ASYMMETRIC_PATH,
		    "the answer left by %s instead of %s",
		    dev_text(t, r->out_dev, seen), dev_text(t, d->reply_dev, due)),
		    r->out_dev, true);
	else if (r->in_dev != NULL && r->out_dev != NULL && t->req.out_dev != NULL &&
	    contract_eni_dev(t->j->contract, r->in_dev) != NULL &&
	    contract_eni_dev(t->j->contract, t->req.out_dev) != NULL &&
	    strcmp(r->in_dev, t->req.out_dev) != 0 &&
	    !finding_any(t->f, LEVEL_WRONG))
		trial_explain(t, finding_add(t->f, F_ASYMMETRIC_PATH,
		    "left by %s, answered by %s", dev_text(t, t->req.out_dev, seen),
		    dev_text(t, r->in_dev, due)), r->in_dev, true);
	compare_owner(t, r->out, r->out_dev, true);
}

/* ---- prediction */

static bool
walk_agrees(const struct trial *t)
{
	const struct walk *w = &t->walk;

	switch ((enum walk_end)w->end) {
	case WALK_SENT:
		return t->req.out != NULL && same_name(w->oif, t->req.out_dev) &&
		    addr_eq(&w->after.src, &t->after.src) &&
		    addr_eq(&w->after.dst, &t->after.dst);
	case WALK_LOCAL:
		return t->req.out == NULL || t->from_node;
	case WALK_DROPPED:
		return t->req.any && t->req.out == NULL && !t->rep.any;
	case WALK_UNKNOWN:
	case N_WALK_ENDS:
		break;
	}
	return false;
}

static void
compare_walk(struct trial *t)
{
	const struct walk *w = &t->walk;
	struct flow_node *n = &t->f->node;

	if (!t->has_walk || w->end == WALK_UNKNOWN)
		return;
	t->f->has |= FLOW_PREDICTED;
	if (!walk_agrees(t))
		return;
	t->f->has |= FLOW_MODEL;
	n->rule = w->route.rule;
	n->route = w->route.route;
	n->dnat_rule = w->dnat_rule;
	n->nat_rule = w->snat_rule ? w->snat_rule : w->dnat_rule;
}

static void
name_eni(struct trial *t)
{
	const char *devs[] = { t->req.out_dev, t->req.in_dev, t->rep.in_dev,
	    t->rep.out_dev };

	for (unsigned i = 0; i < 4 && t->f->node.eni == NULL; i++)
		if (devs[i] != NULL)
			t->f->node.eni = contract_eni_dev(t->j->contract, devs[i]);
}

/* ---- what is right */

/* The traffic policy of the node port's Service, where kubectl's documents tell. */
static const char *
policy_text(const struct trial *t)
{
	const struct state *s = t->j->state;
	const struct svc_port *p = state_node_port(s, t->f->original.dport,
	    t->f->proto);

	if (p == NULL)
		return "";
	return s->services.v[p->service].external_policy == POLICY_LOCAL ?
	    " (externalTrafficPolicy Local)" : " (externalTrafficPolicy Cluster)";
}

static void
add_ok(struct trial *t)
{
	const struct tuple *o = &t->f->original, *x = &t->after;
	/* what this node keeps for itself was not seen to leave */
	bool known = t->has_after;
	bool src = known && !addr_eq(&o->src, &x->src);
	bool dst = known && (!addr_eq(&o->dst, &x->dst) || o->dport != x->dport);
	bool veth_in = t->src.kind == OWNER_POD, veth_out = t->target.kind == OWNER_POD;
	const char *as = t->j->contract != NULL ? ", as required" : "";
	char is[ADDR_TEXT_MAX];

	if (t->f->node.kind == KIND_NODEPORT && dst)
		finding_add(t->f, F_NODEPORT, "node port%s: %s",
		    policy_text(t), src ? "both addresses translated, the client is "
		    "hidden" : "the destination translated, the client kept");
	else if (dst)
		finding_add(t->f, F_SERVICE_DNAT, "a Service's address, translated to "
		    "one of its endpoints");
	if (src && !dst) {
		addr_format(&x->src, is);
		finding_add(t->f, F_SNAT_NODE_IP, "translated to %s, the node's "
		    "address%s", is, as);
	} else if (src) {
		finding_add(t->f, F_SNAT_NODE_IP, "the source became an address of "
		    "this node");
	} else if (known && !dst && !t->from_node && !t->to_node) {
		finding_add(t->f, F_NO_NAT, "not translated%s", as);
	}
	if (veth_in && veth_out)
		finding_add(t->f, F_SAME_NODE, "from pod to pod on this node, over no "
		    "ENI");
	else if (veth_out && !dst && !src && !t->from_node)
		finding_add(t->f, F_DIRECT_DELIVERY, "came in for the pod's own "
		    "address%s", t->req.in_dev != NULL ? ", by the ENI that owns it" :
		    "; by which ENI was not seen");
	if (t->f->node.kind == KIND_HOST || t->f->node.kind == KIND_NODE_TO_POD)
		finding_add(t->f, F_HOST_TRAFFIC, "traffic of the node itself");
}

/* Was everything seen that the requirement is about? */
static bool
is_satisfied(const struct trial *t)
{
	const struct demand *d = &t->demand;

	if (!t->has_demand || d->out == OUT_UNKNOWN || d->snat == SNAT_UNKNOWN)
		return false;
	if (t->to_node && t->has_walk && t->walk.end == WALK_DROPPED && !t->rep.any)
		return false;
	if (t->to_node)
		return t->req.in_dev != NULL || t->rep.out_dev != NULL ||
		    t->from_node;
	if (t->req.out_dev == NULL || !t->has_after)
		return false;
	/* What came in untranslated must have been seen, or said by conntrack. */
	return t->from_node || t->req.in != NULL || t->f->node.ct != NULL;
}

/* Without a contract: what the node's own rules say, seen. */
static bool
is_as_configured(const struct trial *t)
{
	return t->f->has & FLOW_MODEL && t->walk.end != WALK_DROPPED &&
	    (t->req.out_dev != NULL || t->walk.end == WALK_LOCAL);
}

static void
note_difference(struct trial *t)
{
	const struct walk *w = &t->walk;
	char is[ADDR_TEXT_MAX];

	if ((t->f->has & (FLOW_PREDICTED | FLOW_MODEL)) != FLOW_PREDICTED ||
	    t->req.out_dev == NULL)
		return;
	if (w->end == WALK_SENT) {
		addr_format(&w->after.src, is);
		finding_add(t->f, F_STATE_DIFFERS, "the node's rules as saved send it "
		    "by %s as %s: they were others at the time, or something else "
		    "decides", w->oif, is);
	} else {
		finding_add(t->f, F_STATE_DIFFERS, "the node's rules as saved %s: "
		    "they were others at the time, or something else decides",
		    w->end == WALK_LOCAL ? "keep it on this node" : "drop it");
	}
}

/* With a contract: what it demands. */
static void
compare_demand(struct trial *t)
{
	compare_out(t);
	compare_source(t);
	compare_dnat(t);
	compare_owner(t, t->req.out, t->req.out_dev, false);
	compare_reply(t);
}

void
trial_compare(struct trial *t)
{
	struct flow *f = t->f;

	compare_walk(t);
	if (t->j->contract != NULL) {
		name_eni(t);
		if (!compare_hairpin(t)) {
			compare_arrival(t);
			if (t->has_demand)
				compare_demand(t);
		}
	}
	if (finding_any(f, LEVEL_WRONG)) {
		f->verdict = VERDICT_WRONG;
		return;
	}
	note_difference(t);
	if (f->verdict != VERDICT_DROPPED &&
	    (t->j->contract != NULL ? is_satisfied(t) : is_as_configured(t))) {
		f->verdict = VERDICT_OK;
		add_ok(t);
	}
}
