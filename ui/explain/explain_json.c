/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * explain_json.c - podpath explain for a program: one object and line, schema
 * podpath.explain/1; a key whose value is not known is absent.
 */
#include "ui/explain/explain.h"

#include <stdio.h>

#include "ui/out/json.h"

#define put_text(j, name, value) do {					\
	json_key(j, name);						\
	json_text(j, value);						\
} while (0)

static void
put_end(struct json *j, const struct end *e)
{
	static const char *const kinds[] = {
		[END_ADDRESS] = "address", [END_POD] = "pod",
		[END_REMOTE_POD] = "remote-pod", [END_NODE] = "node",
		[END_SERVICE] = "service",
	};

	json_open(j, '{');
	put_text(j, "kind", e->internet ? "internet" : kinds[e->kind]);
	json_key(j, "ip");
	json_addr(j, &e->addr);
	if (e->pod != NULL && e->pod->ns != NULL)
		put_text(j, "namespace", e->pod->ns);
	if (e->pod != NULL && e->pod->name != NULL)
		put_text(j, "name", e->pod->name);
	if (e->dev != NULL)
		put_text(j, "veth", e->dev);
	json_close(j, '}');
}

static void
put_service(struct json *j, const struct explain *x)
{
	const struct svc_port *p = x->dst.port;
	const struct service *v = &x->node.state->services.v[p->service];

	json_key(j, "service");
	json_open(j, '{');
	if (v->ns != NULL)
		put_text(j, "namespace", v->ns);
	put_text(j, "name", v->name);
	if (p->name != NULL && p->name[0] != '\0')
		put_text(j, "port", p->name);
	if (p->node_port != 0) {
		json_key(j, "node_port");
		json_u64(j, p->node_port);
	}
	json_close(j, '}');
}

/* The ports of ends that any port stands for are left out. */
static void
put_tuple(struct json *j, const struct tuple *t)
{
	json_open(j, '{');
	json_key(j, "src");
	json_addr(j, &t->src);
	json_key(j, "dst");
	json_addr(j, &t->dst);
	if (t->dport != 0) {
		json_key(j, "dport");
		json_u64(j, t->dport);
	}
	json_close(j, '}');
}

static void
put_steps(struct json *j, const struct walk *w)
{
	static const char *const kinds[N_STEP_KINDS] = {
		[STEP_IN] = "in", [STEP_NF] = "netfilter", [STEP_RULE] = "rule",
		[STEP_ROUTE] = "route", [STEP_REVERSE] = "reverse-path",
		[STEP_CONNTRACK] = "conntrack", [STEP_OUT] = "out",
	};
	unsigned i;

	json_key(j, "steps");
	json_open(j, '[');
	for (i = 0; i < w->n_steps; i++) {
		const struct step *s = &w->steps[i];

		json_open(j, '{');
		put_text(j, "kind", kinds[s->kind % N_STEP_KINDS]);
		if (s->where != NULL)
			put_text(j, "where", s->where);
		if (s->text != NULL)
			put_text(j, "text", s->text);
		if (s->note[0] != '\0')
			put_text(j, "note", s->note);
		json_close(j, '}');
	}
	json_close(j, ']');
}

/* The members that request and reply share. */
static void
put_walk(struct json *j, const struct walk *w, const char *iif)
{
	static const char *const ends[N_WALK_ENDS] = {
		[WALK_UNKNOWN] = "unknown", [WALK_SENT] = "sent",
		[WALK_LOCAL] = "delivered-here", [WALK_DROPPED] = "dropped",
	};

	put_text(j, "end", ends[w->end % N_WALK_ENDS]);
	if (iif != NULL)
		put_text(j, "in", iif);
	if (w->end == WALK_SENT)
		put_text(j, "out", w->oif);
	if (w->end == WALK_DROPPED && drop_cause_name(w->cause) != NULL)
		put_text(j, "cause", drop_cause_name(w->cause));
	if (w->end == WALK_UNKNOWN && w->why != NULL)
		put_text(j, "why", w->why);
	put_steps(j, w);
}

static void
put_nat(struct json *j, const struct prediction *p)
{
	const struct walk *w = &p->walk;
	const struct nf_rule *rule = w->snat_rule != NULL ? w->snat_rule :
	    w->dnat_rule;

	json_key(j, "translated");
	put_tuple(j, &w->after);
	json_key(j, "nat");
	json_open(j, '[');
	if (w->snat)
		json_text(j, "snat");
	if (w->dnat)
		json_text(j, "dnat");
	json_close(j, ']');
	if (rule != NULL && rule->text != NULL)
		put_text(j, "nat_rule", rule->text);
}

static void
put_eni(struct json *j, const struct eni *e)
{
	json_key(j, "eni");
	json_open(j, '{');
	if (e->dev != NULL)
		put_text(j, "ifname", e->dev);
	if (e->id != NULL)
		put_text(j, "id", e->id);
	if (e->device >= 0) {
		json_key(j, "device");
		json_i64(j, e->device);
	}
	if (e->has_ip) {
		json_key(j, "primary_ip");
		json_addr(j, &e->ip);
	}
	json_close(j, '}');
}

static void
put_demand(struct json *j, const struct demand *d)
{
	static const char *const snats[] = {
		[SNAT_MUST] = "must", [SNAT_MUST_NOT] = "must-not",
		[SNAT_MAY] = "may",
	};

	json_key(j, "required");
	json_open(j, '{');
	if (d->out == OUT_DEV)
		put_text(j, "out", d->dev);
	else if (d->out == OUT_HERE)
		put_text(j, "out", "this node");
	if (d->snat != SNAT_UNKNOWN)
		put_text(j, "snat", snats[d->snat]);
	if (d->snat == SNAT_MUST && d->has_source) {
		json_key(j, "source");
		json_addr(j, &d->source);
	}
	if (d->reply_out == OUT_DEV)
		put_text(j, "reply_out", d->reply_dev);
	if (d->why[0] != '\0')
		put_text(j, "why", d->why);
	json_close(j, '}');
}

static void
put_faults(struct json *j, const struct prediction *p)
{
	unsigned i;

	json_key(j, "findings");
	json_open(j, '[');
	for (i = 0; i < p->n_faults; i++) {
		const struct prediction_fault *f = &p->faults[i];

		json_open(j, '{');
		put_text(j, "code", f->code);
		put_text(j, "level", level_name(f->level));
		if (f->cause != NULL)
			put_text(j, "cause", f->cause);
		put_text(j, "text", f->text);
		if (f->why[0] != '\0')
			put_text(j, "why", f->why);
		if (f->fix[0] != '\0')
			put_text(j, "fix", f->fix);
		json_close(j, '}');
	}
	json_close(j, ']');
}

struct page {
	const struct explain *x;
	struct json	 j;
};

static void
put_share(struct json *j, double probability)
{
	char buf[32];

	snprintf(buf, sizeof(buf), "%.6g", probability);
	json_key(j, "probability");
	json_comma(j);
	outbuf_str(j->out, buf);
}

static bool
put_way(void *arg, const struct prediction *p)
{
	struct page *g = arg;
	struct json *j = &g->j;
	const struct eni *e = predict_eni(&g->x->node, p->walk.oif);

	json_open(j, '{');
	put_share(j, p->walk.probability);
	put_walk(j, &p->walk, p->query.iif);
	if (p->walk.end == WALK_SENT || p->walk.end == WALK_LOCAL)
		put_nat(j, p);
	if (p->walk.end == WALK_SENT && e != NULL)
		put_eni(j, e);
	if (p->has_demand)
		put_demand(j, &p->demand);
	if (p->has_reply) {
		json_key(j, "reply");
		json_open(j, '{');
		put_walk(j, &p->reply, p->reply_iif);
		json_close(j, '}');
	}
	put_text(j, "verdict", verdict_name(p->verdict));
	if (p->unknown[0] != '\0')
		put_text(j, "unknown", p->unknown);
	put_faults(j, p);
	json_close(j, '}');
	return j->out->error == 0;
}

void
explain_json(const struct explain *x, struct outbuf *out)
{
	struct page g = { .x = x, .j = { .out = out } };
	struct json *j = &g.j;
	char proto[PRESENT_PROTO_MAX];

	json_open(j, '{');
	put_text(j, "schema", "podpath.explain/1");
	json_key(j, "source");
	put_end(j, &x->src);
	json_key(j, "destination");
	put_end(j, &x->dst);
	if (x->dst.port != NULL)
		put_service(j, x);
	put_text(j, "proto", present_proto(x->query.t.proto, proto));
	json_key(j, "original");
	put_tuple(j, &x->query.t);
	put_text(j, "verdict", verdict_name(x->verdict));
	json_key(j, "ways");
	json_open(j, '[');
	explain_each(x, put_way, &g);
	json_close(j, ']');
	json_close(j, '}');
	json_newline(j);
}
