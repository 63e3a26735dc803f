/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * judge.c - could two sightings be one packet, on both sides of a translation?
 *
 * What decides is where they stand on the way: the TTL never rises, what left
 * does not come in, a packet comes from one place and goes on to one, and the
 * tuples must be related as Linux NAT relates them (nf_nat_core.c: before
 * routing the destination, after it the source).
 */
#include <stdlib.h>

#include "decode/trace/match_int.h"

/* Clocks and paths between captures: how many routers may lie between. */
#define TTL_GAP_STRONG	8
#define TTL_GAP_OTHER	2

/* Sender and receiver as the packet had them on this side. */
struct ends {
	const struct addr *src, *dst;
	uint16_t	sport, dport;
};

static struct ends
ends_of(const struct key *k, unsigned from_b)
{
	return from_b ? (struct ends){ &k->b, &k->a, k->pb, k->pa } :
	    (struct ends){ &k->a, &k->b, k->pa, k->pb };
}

/* What of a packet's tuple is the same on both sides. */
struct kept {
	bool		src, dst;	/* address and port; an ICMP id is no port: it may
					   change alone, also to 0 */
	bool		all;		/* and the ICMP id */
};

static struct kept
kept_of(const struct key *x, unsigned x_from_b, const struct key *y,
    unsigned y_from_b)
{
	struct ends e = ends_of(x, x_from_b), l = ends_of(y, y_from_b);
	bool ports = x->proto != PROTO_ICMP && x->proto != PROTO_ICMPV6;
	struct kept k = {
		.src = addr_eq(e.src, l.src) && (!ports || e.sport == l.sport),
		.dst = addr_eq(e.dst, l.dst) && (!ports || e.dport == l.dport),
	};

	k.all = k.src && k.dst && e.sport == l.sport && e.dport == l.dport;
	return k;
}

static bool
same_tunnel(const struct key *x, const struct key *y)
{
	return x->tunnel_type == y->tunnel_type && x->tunnel_id == y->tunnel_id;
}

/* Which of the two came first on the packet's way?  The TTL says so; where it
   is equal, direction and then time do.  False: neither can be. */
static bool
order_twins(const struct tracer *t, const struct sighting *s,
    const struct leg_rec *l, int64_t dt, bool *earlier)
{
	bool one_clock = leg_source(t, l) == s->source;

	if (l->ttl != s->l->ttl)
		*earlier = l->ttl > s->l->ttl;
	else if (l->place.dir != s->at.dir && l->place.dir != DIR_UNKNOWN && s->at.dir != DIR_UNKNOWN)
		*earlier = l->place.dir == DIR_IN;
	else
		*earlier = dt >= 0;
	if (one_clock && dt != 0 && *earlier != (dt > 0) &&
	    llabs(dt) > STAMP_SLACK_NS)
		return false;
	return true;
}

/* May this leg, as the earlier or later one, be the other side of a
   translation that the sighting shows?  Directions and interfaces only. */
static bool
places_fit(const struct tracer *t, const struct quest *q,
    const struct leg_rec *l, bool earlier, struct kept kept)
{
	const struct sighting *s = q->s;
	uint8_t first = earlier ? l->place.dir : s->at.dir, then = earlier ? s->at.dir : l->place.dir;
	bool known = first != DIR_UNKNOWN && then != DIR_UNKNOWN;
	bool same_iface = l->place.iface == s->at.iface;

	if (leg_source(t, l) != s->source)
		return q->strength == FP_STRONG || l->ttl != s->l->ttl;
	if (first == DIR_OUT && then == DIR_IN)
		return false;
	/* Around a bridge (br_netfilter) both may come in or go out.  Before
	   routing only the destination is translated, after it only the source;
	   two hosts that send the same bytes are the other way round. */
	if (known && first == then)
		return q->strength == FP_STRONG && !same_iface &&
		    (first == DIR_IN ? kept.src && !kept.dst : kept.dst && !kept.src);
	if (!known && l->ttl == s->l->ttl)
		return q->strength == FP_STRONG && !same_iface;
	return !(!known && same_iface && q->strength < FP_STRONG);
}

static bool
ttl_fits(const struct tracer *t, const struct quest *q, const struct leg_rec *l)
{
	unsigned gap = (unsigned)abs(l->ttl - q->s->l->ttl);

	if (leg_source(t, l) == q->s->source)
		return gap <= 1;
	return gap <= (q->strength == FP_STRONG ? TTL_GAP_STRONG : TTL_GAP_OTHER);
}

bool
judge_links_free(const struct conv *c, unsigned from_b, const struct conv *other,
    unsigned other_from_b, bool other_earlier)
{
	unsigned dir = c->flow ? conv_direction(c, from_b) : 0;
	unsigned odir = other->flow ? conv_direction(other, other_from_b) : 0;
	uint8_t need = (dir == 0) == other_earlier ? CONV_UP : CONV_DOWN;
	uint8_t oneed = (odir == 0) == other_earlier ? CONV_DOWN : CONV_UP;

	return !(c->flags & need) && !(other->flags & oneed);
}

/* Was a conv seen, in this direction, as far along the way as that?  `at` is
   looked at for legs that are equally far: then it must be the same place. */
static bool
seen_there(const struct tracer *t, const struct conv *c, unsigned from_b,
    uint8_t ttl, const struct place *at)
{
	for (uint32_t li = c->legs; li != 0; li = leg_at(t, li)->next) {
		const struct leg_rec *l = leg_at(t, li);

		if (l->place.from_b == from_b && l->ttl == ttl && (at == NULL ||
		    (l->place.iface == at->iface && l->place.dir == at->dir)))
			return true;
	}
	return false;
}

/* Are the two beside each other, not one behind the other?  So they are when
   one was seen where the other is: what came in itself is no translation of
   what else came in, and what went out itself was not translated. */
static bool
parallel(const struct tracer *t, const struct quest *q, const struct conv *o,
    const struct leg_rec *l)
{
	const struct sighting *s = q->s;

	if (l->ttl == s->l->ttl)
		return seen_there(t, o, l->place.from_b, l->ttl, &s->at);
	return seen_there(t, o, l->place.from_b, s->l->ttl, NULL) ||
	    seen_there(t, conv_at(t, q->conv), s->at.from_b, l->ttl, NULL);
}

static bool
families_fit(const struct key *x, const struct key *y)
{
	return addr_is_v4(&x->a) == addr_is_v4(&y->a);
}

int64_t
judge_transit_ns(const struct tracer *t, const struct sighting *s,
    const struct leg_rec *l, int64_t dt)
{
	return leg_source(t, l) == s->source && l->place.dir != DIR_OUT &&
	    s->at.dir != DIR_IN ? dt : -1;
}

struct twin
judge_twin(const struct tracer *t, const struct quest *q, uint32_t *recent,
    const struct leg_rec *l, struct nstime ts)
{
	const struct sighting *s = q->s;
	const struct conv *c = conv_at(t, q->conv), *o = conv_at(t, l->conv);
	struct twin w = { .recent = recent, .conv = l->conv,
	    .from_b = l->place.from_b };
	bool tunnelled = !same_tunnel(&c->key, &o->key);
	int64_t dt = nstime_diff_ns(s->ts, ts);
	struct kept kept;

	if (o->key.proto != s->key.proto || !families_fit(&c->key, &o->key) ||
	    o->flags & CONV_RETIRED || !ttl_fits(t, q, l) ||
	    !order_twins(t, s, l, dt, &w.earlier))
		return w;
	kept = kept_of(&c->key, s->at.from_b, &o->key, w.from_b);
	/* Same tuple in the same tunnel would be the same conv, unless the
	   ICMP id alone was changed. */
	if (!(kept.all && tunnelled) && !places_fit(t, q, l, w.earlier, kept))
		return w;
	w.transit_ns = judge_transit_ns(t, s, l, dt);
	w.no_end_kept = !kept.src && !kept.dst;
	w.dst_kept = kept.dst;
	if (!kept.all && (parallel(t, q, o, l) ||
	    (w.no_end_kept && l->ttl == s->l->ttl && (l->place.dir == DIR_UNKNOWN ||
	    s->at.dir == DIR_UNKNOWN))))
		return w;
	/* Payload alone: what other hosts sent meanwhile must all be in sight,
	   and the order not be in doubt. */
	if (q->strength == FP_WEAK && (llabs(dt) > WINDOW_WEAK_NS ||
	    (leg_source(t, l) == s->source && w.earlier != (dt >= 0))))
		return w;
	w.blocked = !judge_links_free(c, s->at.from_b, o, w.from_b, w.earlier);
	if (w.blocked && (w.no_end_kept || l->ttl == s->l->ttl || kept.all ||
	    leg_source(t, l) != s->source))
		return w;
	/* A packet comes from one place and goes on to one. */
	if (*recent & (w.earlier ? RECENT_DOWN : RECENT_UP)) {
		w.rival = w.earlier == (dt >= 0);
		return w;
	}
	w.score = (uint8_t)(w.blocked ? 1 : 2 + (kept.src ? 2 : 0) +
	    (kept.dst ? 2 : 0) + (l->ttl != s->l->ttl || kept.all ? 1 : 0));
	w.votes_needed = 1;
	w.single = true;
	if (!kept.all && l->ttl == s->l->ttl) {
		/* What a host on this node sends itself has the full TTL. */
		w.votes_needed = VOTES_MORE;
		w.single = false;
	} else if (q->strength == FP_WEAK && w.no_end_kept) {
		w.votes_needed = VOTES_MORE;
		w.single = false;
	} else if (q->strength == FP_WEAK || w.no_end_kept) {
		w.votes_needed = VOTES_MORE;
		w.single = !w.blocked;
	}
	return w;
}
