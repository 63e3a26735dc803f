/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * predict.c - what the node's rules would do with a flow, and what the CNI
 * requires of it.
 */
#include "decode/verdict/judge_int.h"

/* Where it came in: as seen, else where its sender's packets must come in. */
static const char *
entry_dev(const struct trial *t)
{
	if (t->req.in_dev != NULL)
		return t->req.in_dev;
	if (t->src.kind == OWNER_POD)
		return t->src.veth;
	if (t->target.eni != NULL)
		return t->target.eni->dev;
	if (t->dst.eni != NULL)
		return t->dst.eni->dev;
	return NULL;
}

static void
predict(struct trial *t)
{
	struct walk_query *q = &t->query;

	*q = (struct walk_query){ .t = t->f->original };
	if (!t->from_node) {
		q->iif = entry_dev(t);
		if (q->iif == NULL)
			return;
	}
	if (t->has_after && !addr_eq(&t->f->original.dst, &t->after.dst)) {
		q->want_dst = &t->after.dst;
		q->want_dport = t->after.dport;
	}
	model_walk(t->j->model, q, &t->walk);
	t->has_walk = true;
}

/* Which translation the demand is about: what was seen, else what the rules
   predict. */
static const struct tuple *
likely_after(const struct trial *t)
{
	if (t->has_after)
		return &t->after;
	if (t->has_walk && t->walk.end != WALK_UNKNOWN)
		return &t->walk.after;
	return &t->f->original;
}

static bool
is_masqueraded(const struct trial *t, const struct tuple *after)
{
	const struct tuple *o = &t->f->original;

	if (t->has_walk && t->walk.end != WALK_UNKNOWN)
		return t->walk.masquerade;
	/* Without rules the translation itself has to show it: a node port's flow,
	   or one that comes back to its sender, that got an address of this node
	   as its source. */
	return (t->dst.kind == OWNER_NODE || addr_eq(&after->dst, &o->src)) &&
	    !addr_eq(&o->dst, &after->dst) && !addr_eq(&o->src, &after->src) &&
	    model_is_local(t->j->model, &after->src, NULL);
}

static void
demand(struct trial *t)
{
	const struct tuple *after = likely_after(t);
	struct demand_query *q = &t->asked;

	*q = (struct demand_query){ .orig = t->f->original, .dst = after->dst,
	    .dport = after->dport, .iif = t->query.iif, .from_node = t->from_node,
	    .dnat = !addr_eq(&t->f->original.dst, &after->dst) ||
	    t->f->original.dport != after->dport };
	q->masqueraded = is_masqueraded(t, after);
	contract_demand(t->j->contract, q, &t->demand);
	t->has_demand = true;
}

/* An address of this node, but for a Service or a node port: what came in for it
   goes on to an endpoint. */
static bool
goes_on(const struct trial *t)
{
	if (t->has_walk && t->walk.end != WALK_UNKNOWN)
		return t->walk.dnat;
	return t->f->node.service != NULL;
}

void
trial_predict(struct trial *t)
{
	if (addr_is_multicast(&t->f->original.dst))
		return;
	predict(t);
	if (t->to_node && !t->rep.any && goes_on(t))
		t->to_node = false;
	if (t->j->contract != NULL)
		demand(t);
}
