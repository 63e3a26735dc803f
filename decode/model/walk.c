/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * walk.c - questions about a whole way: the first packet of a connection, every
 * way that it can take, and the answer to it.
 */
#include <stdio.h>

#include "decode/model/walk_int.h"

static const char no_tables[] = "no rule sets (iptables-save, nft) in the state";
static const char mark_unknown[] =
    "a policy rule asks for a mark, and what sets marks is not in the state";
static const char legacy[] =
    "there are iptables-legacy tables whose rules are not in the state";
static const char nft_marks[] = "the CNI sets its marks in an nft table that is not "
    "in the state (nft -j list ruleset)";
static const char ipvs[] = "kube-proxy in IPVS mode is not modelled";

#define ICMP_ECHO	8
#define ICMP6_ECHO	128
#define ICMP6_ECHO_REPLY 129

/* Is there something that the state is known to lack and that could decide? */
static bool
doubt(const struct run *r, const struct way *y, const char **why)
{
	const struct state *s = r->m->s;

	*why = NULL;
	if (s->flags & STATE_LEGACY_TABLES && !(s->flags & STATE_LEGACY_DUMP))
		*why = legacy;
	else if (!r->v6 && !r->reply && !y->dnat && s->cni.connmark_nft == 1 &&
	    !state_has(s, PART_NFT) && y->comes_in)
		*why = nft_marks;
	else if (s->flags & STATE_IPVS && y->local_in && !r->reply)
		*why = ipvs;
	return *why != NULL;
}

static bool
has_rule_sets(const struct model *m, bool v6)
{
	return state_has(m->s, v6 ? PART_IP6TABLES : PART_IPTABLES) ||
	    state_has(m->s, PART_NFT);
}

static void
way_start(struct run *r, struct way *y, const struct tuple *t, const char *iif)
{
	char src[ADDR_TEXT_MAX], dst[ADDR_TEXT_MAX];

	*y = (struct way){ .t = *t, .iif = iif != NULL ? iif : "", .oif = "",
	    .hook = NF_NO_HOOK, .leaves_dev = NONE, .comes_in = iif != NULL,
	    .port_known = true, .probability = 1 };
	r->v6 = !addr_is_v4(&t->dst);
	if (!r->steps)
		return;
	addr_format(&t->src, src);
	addr_format(&t->dst, dst);
	if (proto_has_ports(t->proto))
		way_step(r, y, STEP_IN, iif != NULL ? iif : "this node", NULL,
		    "%s port %u > %s port %u", src, t->sport, dst, t->dport);
	else
		way_step(r, y, STEP_IN, iif != NULL ? iif : "this node", NULL,
		    "%s > %s", src, dst);
}

/* Without rule sets nothing of the way is sure but, as long as no rule asks for
   a mark, the route of the tuple as it is. */
static void
route_only(struct run *r, struct way *y)
{
	struct route_query q = { .src = y->t.src, .dst = y->t.dst,
	    .iif = y->comes_in ? y->iif : NULL, .oif = r->bound_oif,
	    .mark = y->mark, .proto = y->t.proto };
	const struct state *s = r->m->s;
	uint32_t before;

	if (proto_has_ports(y->t.proto)) {
		q.sport = y->t.sport;
		q.dport = y->t.dport;
	}
	model_route(r->m, &q, &y->route);
	before = y->route.rule != NULL ? (uint32_t)(y->route.rule - s->rules.v) : NONE;
	if (rules_read_mark(r->m, r->v6, before)) {
		y->route = (struct route_answer){ .end = ROUTE_UNKNOWN,
		    .why = mark_unknown };
	}
	if (y->route.end == ROUTE_TO)
		y->leaves = y->route.dev;
	way_end(r, y, WALK_UNKNOWN, DROP_UNKNOWN, no_tables);
}

static void
run_query(struct run *r, const struct walk_query *q)
{
	struct way y;

	r->icmp_type = q->icmp_type;
	r->icmp_code = q->icmp_code;
	/* An echo reply begins no connection: not told means a request. */
	if (q->icmp_type == 0)
		r->icmp_type = q->t.proto == PROTO_ICMPV6 ? ICMP6_ECHO : ICMP_ECHO;
	r->tcp_flags = TCP_SYN;
	r->bound_oif = q->iif == NULL ? q->bound_oif : NULL;
	r->steps = q->steps;
	r->doubt = doubt;
	way_start(r, &y, &q->t, q->iif);
	y.mark = q->mark;
	if (has_rule_sets(r->m, r->v6))
		way_run(r, &y);
	else
		route_only(r, &y);
}

void
model_each(const struct model *m, const struct walk_query *q,
    bool (*cb)(void *, const struct walk *), void *arg)
{
	struct walk w;
	struct run r = { .m = m, .w = &w, .cb = cb, .arg = arg };

	w.n_steps = 0;
	run_query(&r, q);
}

static bool
take_first(void *arg, const struct walk *w)
{
	bool *any = arg;

	(void)w;
	*any = true;
	return false;
}

/* Ways that do not lead where it is wanted are given up as soon as they are
   translated elsewhere; one that arrives without a translation may still not. */
static bool
take_wanted(void *arg, const struct walk *w)
{
	bool *any = arg;

	*any = w->found_wanted;
	return !*any;
}

void
model_walk(const struct model *m, const struct walk_query *q, struct walk *w)
{
	bool any = false;

	w->n_steps = 0;
	if (q->want_dst != NULL) {
		struct run r = { .m = m, .w = w, .cb = take_wanted, .arg = &any,
		    .want = q->want_dst, .want_port = q->want_dport };

		run_query(&r, q);
	}
	if (!any) {
		struct run r = { .m = m, .w = w, .cb = take_first, .arg = &any };

		run_query(&r, q);
	}
}

static void
run_reply(const struct model *m, const struct tuple *orig, const struct tuple *after,
    uint32_t ctmark, const char *iif, unsigned icmp_type, bool steps, struct walk *w)
{
	struct tuple t = { .src = after->dst, .dst = after->src,
	    .sport = after->dport, .dport = after->sport, .proto = after->proto };
	bool any = false;
	struct run r = { .m = m, .w = w, .cb = take_first, .arg = &any,
	    .reply = true, .steps = steps, .orig = *orig, .after = *after,
	    .icmp_type = (uint8_t)icmp_type, .tcp_flags = TCP_SYN | TCP_ACK,
	    .doubt = doubt };
	struct way y;

	w->n_steps = 0;
	r.was_snat = !addr_eq(&orig->src, &after->src) || orig->sport != after->sport;
	r.was_dnat = !addr_eq(&orig->dst, &after->dst) || orig->dport != after->dport;
	way_start(&r, &y, &t, iif);
	y.ctmark = ctmark;
	if (has_rule_sets(m, r.v6))
		way_run(&r, &y);
	else
		route_only(&r, &y);
}

void
model_reply_of(const struct model *m, const struct tuple *orig,
    const struct tuple *after, uint32_t ctmark, const char *iif, bool steps,
    struct walk *w)
{
	run_reply(m, orig, after, ctmark, iif, orig->proto == PROTO_ICMPV6 ?
	    ICMP6_ECHO_REPLY : 0, steps, w);
}

void
model_reply(const struct model *m, const struct walk_query *q,
    const struct walk *request, const char *iif, bool steps, struct walk *w)
{
	const struct tuple *t = &request->after;

	if (request->untracked) {
		struct walk_query back = { .iif = iif, .steps = steps, .t = {
		    .src = t->dst, .dst = t->src, .sport = t->dport,
		    .dport = t->sport, .proto = t->proto } };

		model_walk(m, &back, w);
		return;
	}
	model_reply_of(m, &q->t, t, request->ctmark, iif, steps, w);
}
