/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flows.c - the life of flows: begun, joined, idle, evicted.
 *
 * Flows stand in a list by the time of their last packet, to about a second, so
 * that the idlest is at one end and a busy flow moves at most once a second.
 */
#include "decode/trace/tracer_int.h"

static void
list_remove(struct tracer *t, uint32_t fi)
{
	struct flow_rec *f = flow_at(t, fi);

	if (f->older != 0)
		flow_at(t, f->older)->newer = f->newer;
	else
		t->oldest = f->newer;
	if (f->newer != 0)
		flow_at(t, f->newer)->older = f->older;
	else
		t->newest = f->older;
	f->older = f->newer = 0;
}

static void
list_append(struct tracer *t, uint32_t fi)
{
	struct flow_rec *f = flow_at(t, fi);

	f->older = t->newest;
	f->newer = 0;
	if (t->newest != 0)
		flow_at(t, t->newest)->newer = fi;
	else
		t->oldest = fi;
	t->newest = fi;
}

uint32_t
flow_new(struct tracer *t, const struct sighting *s, uint32_t ci)
{
	struct conv *c = conv_at(t, ci);
	uint32_t fi = pool_take(&t->flows);
	struct flow_rec *f;

	if (fi == 0)
		return 0;
	f = flow_at(t, fi);
	f->id = ++t->next_id;
	f->first = f->last = s->ts;
	f->convs = ci;
	f->n_convs = 1;
	f->placed = PLACE_TIME(s->ts);
	c->flow = fi;
	c->next = 0;
	if (s->at.from_b)
		c->flags |= CONV_FLIP;
	list_append(t, fi);
	t->stats.flows++;
	look_new(t, fi);
	return fi;
}

static void
flow_free(struct tracer *t, uint32_t fi)
{
	list_remove(t, fi);
	look_freed(t, fi);
	app_freed(t, fi);
	flow_at(t, fi)->convs = 0;	/* what tells tracer_each() */
	pool_give(&t->flows, fi);
}

void
flow_place(struct tracer *t, uint32_t fi)
{
	struct flow_rec *f = flow_at(t, fi);

	f->placed = PLACE_TIME(f->last);
	if (t->newest != fi) {
		list_remove(t, fi);
		list_append(t, fi);
	}
}

/* Turn a flow's idea of direction 0 round. */
static void
flow_flip(struct tracer *t, struct flow_rec *f)
{
	static const struct { uint16_t a, b; } pairs[] = {
		{ FLW_SEQ_0, FLW_SEQ_1 }, { FLW_FIN_0, FLW_FIN_1 },
	};
	uint16_t flags = f->flags;
	uint32_t swap;

	for (uint32_t ci = f->convs; ci != 0; ci = conv_at(t, ci)->next) {
		struct conv *c = conv_at(t, ci);
		uint8_t up = c->flags & CONV_UP, down = c->flags & CONV_DOWN;

		c->flags &= (uint8_t)~(CONV_UP | CONV_DOWN);
		c->flags ^= CONV_FLIP;
		c->flags |= (uint8_t)((up ? CONV_DOWN : 0) | (down ? CONV_UP : 0));
	}
	for (unsigned i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		flags &= (uint16_t)~(pairs[i].a | pairs[i].b);
		if (f->flags & pairs[i].a)
			flags |= pairs[i].b;
		if (f->flags & pairs[i].b)
			flags |= pairs[i].a;
	}
	f->flags = flags ^ FLW_INITIATOR_1;
	swap = f->ref[0];
	f->ref[0] = f->ref[1];
	f->ref[1] = swap;
	swap = f->next_seq[0];
	f->next_seq[0] = f->next_seq[1];
	f->next_seq[1] = swap;
}

/* What the other flow's packets had told; both look the same way by now. */
static void
absorb(struct flow_rec *into, const struct flow_rec *from)
{
	if (from->first.ns < into->first.ns)
		into->first = from->first;
	if (from->last.ns > into->last.ns)
		into->last = from->last;
	into->matched += from->matched;
	if (from->flags & FLW_SURE && !(into->flags & FLW_SURE)) {
		into->flags &= (uint16_t)~FLW_INITIATOR_1;
		into->flags |= from->flags & (FLW_SURE | FLW_INITIATOR_1);
	}
	into->flags |= from->flags & (FLW_SELECTED | FLW_FIN_0 | FLW_FIN_1);
	for (unsigned d = 0; d < 2; d++) {
		uint16_t seq = d ? FLW_SEQ_1 : FLW_SEQ_0;

		if (into->ref[d] != 0)
			continue;
		into->ref[d] = from->ref[d];
		into->next_seq[d] = from->next_seq[d];
		into->flags |= from->flags & seq;
	}
	if (!(into->flags & FLW_ISN) && from->flags & FLW_ISN) {
		into->isn = from->isn;
		into->flags |= FLW_ISN;
	}
	/* Each saw the same packets: the one that saw more of them counts. */
	if (from->retransmissions > into->retransmissions)
		into->retransmissions = from->retransmissions;
	if (from->resets > into->resets)
		into->resets = from->resets;
	if (from->tcp_state > into->tcp_state)
		into->tcp_state = from->tcp_state;
	if (from->icmp_errors > into->icmp_errors)
		into->icmp_errors = from->icmp_errors;
	if (from->rtt.n > into->rtt.n)
		into->rtt = from->rtt;
	/* What the one waits for may have come to the other. */
	into->flags &= (uint16_t)~FLW_WAIT;
	sketch_merge(&into->transit, &from->transit);
}

/* Bring conv ci (and its whole flow, if it has one) into flow fi, so that a
   packet which is `from_b` in ci goes in direction `dir`. */
static void
flow_take(struct tracer *t, uint32_t fi, uint32_t ci, unsigned from_b, unsigned dir)
{
	struct flow_rec *f = flow_at(t, fi), *o;
	struct conv *c = conv_at(t, ci);
	uint32_t oi = c->flow, last;

	if (oi == 0) {
		if (from_b != dir)
			c->flags |= CONV_FLIP;
		c->flow = fi;
		c->next = f->convs;
		f->convs = ci;
		if (f->n_convs != UINT8_MAX)
			f->n_convs++;
		return;
	}
	o = flow_at(t, oi);
	if (conv_direction(c, from_b) != dir)
		flow_flip(t, o);
	absorb(f, o);
	if (f->error == 0)
		f->error = o->error;
	else if (o->error != 0)
		pool_give(&t->errors, o->error);
	for (last = o->convs;; last = conv_at(t, last)->next) {
		conv_at(t, last)->flow = fi;
		if (conv_at(t, last)->next == 0)
			break;
	}
	conv_at(t, last)->next = f->convs;
	f->convs = o->convs;
	f->n_convs = (uint8_t)(f->n_convs + o->n_convs > UINT8_MAX ? UINT8_MAX :
	    f->n_convs + o->n_convs);
	look_joined(t, oi, fi);
	app_joined(t, oi, fi);
	flow_free(t, oi);
	t->stats.flows--;
}

void
flow_join(struct tracer *t, uint32_t up, unsigned up_from_b, uint32_t down,
    unsigned down_from_b)
{
	struct conv *u = conv_at(t, up), *d = conv_at(t, down);
	bool up_stays = u->flow != 0 && (d->flow == 0 ||
	    flow_at(t, u->flow)->id < flow_at(t, d->flow)->id);
	unsigned dir;

	if (up_stays) {
		dir = conv_direction(u, up_from_b);
		flow_take(t, u->flow, down, down_from_b, dir);
	} else {
		dir = conv_direction(d, down_from_b);
		flow_take(t, d->flow, up, up_from_b, dir);
	}
	look_mark(t, u->flow);
	u->flags |= dir == 0 ? CONV_DOWN : CONV_UP;
	d->flags |= dir == 0 ? CONV_UP : CONV_DOWN;
	if (u->cand == down)
		u->cand = 0;
	if (d->cand == up)
		d->cand = 0;
	u->flags &= (uint8_t)~CONV_AMBIGUOUS;
	d->flags &= (uint8_t)~CONV_AMBIGUOUS;
}

/* Forget a flow and all that hangs on it; its report was given before. */
void
flow_evict(struct tracer *t, uint32_t fi)
{
	struct flow_rec *f = flow_at(t, fi);
	uint32_t next;

	for (uint32_t ci = f->convs; ci != 0; ci = next) {
		struct conv *c = conv_at(t, ci);

		next = c->next;
		if (!(c->flags & CONV_RETIRED))
			index_remove(t, ci);
		for (uint32_t li = c->legs, after; li != 0; li = after) {
			after = leg_at(t, li)->next;
			/* Recent sightings that still name it see conv 0. */
			leg_at(t, li)->conv = 0;
			pool_give(&t->legs, li);
		}
		c->flow = 0;		/* what a candidate's holder looks at */
		pool_give(&t->convs, ci);
	}
	if (f->error != 0)
		pool_give(&t->errors, f->error);
	flow_free(t, fi);
}
