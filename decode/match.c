/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * match.c - finding the twin of a packet: the same packet, seen elsewhere on
 * its way, before or after a translation.
 *
 * Every sighting is looked up by its fingerprint among the recent ones and
 * then put there itself.  A twin in the same flow confirms it and gives the
 * transit time.  A twin in another flow is evidence that the two convs are one
 * conversation: whether it suffices depends on how much of it there could be
 * by chance.  A wrong join is worse than none, so
 *
 *  - order must be possible: the TTL never rises, what left does not come in;
 *  - the tuples must be related as NAT relates them;
 *  - several possible twins are no evidence at all;
 *  - payload alone needs two packets that agree, or to be the only evidence
 *    in either direction when the flow ends;
 *  - a conv has one neighbour upstream and one downstream.
 *
 * A tuple is used again when its conntrack entry is gone, without a sign in the
 * packets themselves but this: a packet's twin belongs to a conv whose place is
 * taken.  Then the old conversation is over and the conv begins anew.
 */
#include <stdlib.h>
#include <string.h>

#include "decode/tracer_int.h"

/* Longer than any queue on a node holds a packet (bufferbloat included). */
#define WINDOW_NS	NS_PER_SEC
/* Payload alone is evidence only between sightings this close: what other hosts
   sent meanwhile must all be in sight. */
#define WINDOW_WEAK_NS	(20 * NS_PER_MSEC)
/* Two packets stamped on different CPUs may stand in the wrong order. */
#define STAMP_SLACK_NS	NS_PER_MSEC
/* Buckets of RECENT_WAYS: 16 K sightings, 256 KiB, so that they stay in the
   second-level cache; at 100 k packets a second that is 160 ms. */
#define RECENT_BUCKETS	(1u << 12)
#define VOTES_WEAK	2
/* Clocks and paths between captures: how many routers may lie between. */
#define TTL_GAP_STRONG	8
#define TTL_GAP_OTHER	2

/* A possible twin, as seen from the sighting at hand. */
struct twin {
	uint32_t	*recent;	/* its leg among the recent ones */
	uint32_t	conv;
	uint8_t		from_b;
	uint8_t		score;		/* 0: impossible */
	uint8_t		votes_needed;
	bool		earlier;	/* it comes before the sighting on the way */
	bool		blocked;	/* one of the two has another neighbour there */
};

/* What is being looked for. */
struct quest {
	const struct sighting *s;
	uint32_t	conv, leg;
	uint64_t	hash;
	uint8_t		strength;
};

bool
match_init(struct tracer *t)
{
	t->recent_mask = RECENT_BUCKETS - 1;
	t->recent = pool_pages(sizeof(*t->recent) * RECENT_BUCKETS);
	t->recent_lost = pool_pages(sizeof(*t->recent_lost) * RECENT_BUCKETS);
	return t->recent != NULL && t->recent_lost != NULL;
}

void
match_fini(struct tracer *t)
{
	pool_pages_free(t->recent, sizeof(*t->recent) * RECENT_BUCKETS);
	pool_pages_free(t->recent_lost, sizeof(*t->recent_lost) * RECENT_BUCKETS);
}

static struct recent *
bucket_of(const struct tracer *t, uint64_t hash)
{
	return &t->recent[(uint32_t)hash & t->recent_mask];
}

/* When a sighting that still waited for its twin was last pushed out there. */
static struct nstime *
lost_of(const struct tracer *t, uint64_t hash)
{
	return &t->recent_lost[(uint32_t)hash & t->recent_mask];
}

static uint32_t
tag_of(uint64_t hash)
{
	return (uint32_t)(hash >> 32);
}

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

/* How many of the two endpoints are the same on both sides.  An ICMP id is
   not a port: it may change alone, also to 0. */
static unsigned
ends_kept(const struct key *x, unsigned x_from_b, const struct key *y,
    unsigned y_from_b)
{
	struct ends e = ends_of(x, x_from_b), l = ends_of(y, y_from_b);
	bool ports = x->proto != PROTO_ICMP && x->proto != PROTO_ICMPV6;

	bool src = addr_eq(e.src, l.src) && (!ports || e.sport == l.sport);
	bool dst = addr_eq(e.dst, l.dst) && (!ports || e.dport == l.dport);

	return (src ? 1u : 0u) + (dst ? 1u : 0u);
}

static bool
tuple_kept(const struct key *x, unsigned x_from_b, const struct key *y,
    unsigned y_from_b)
{
	return ends_kept(x, x_from_b, y, y_from_b) == 2 && x->pa + x->pb == y->pa + y->pb;
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
    const struct leg_rec *l, bool earlier)
{
	const struct sighting *s = q->s;
	uint8_t first = earlier ? l->place.dir : s->at.dir, then = earlier ? s->at.dir : l->place.dir;
	bool known = first != DIR_UNKNOWN && then != DIR_UNKNOWN;
	bool same_iface = l->place.iface == s->at.iface;

	if (leg_source(t, l) != s->source)
		return q->strength == FP_STRONG || l->ttl != s->l->ttl;
	if (first == DIR_OUT && then == DIR_IN)
		return false;
	/* Two hosts that send the same bytes come in alike. */
	if (known && first == then && (same_iface || q->strength < FP_STRONG))
		return false;
	if (!known && same_iface &&
	    (q->strength < FP_STRONG || l->ttl == s->l->ttl))
		return false;
	if (!known && q->strength < FP_STRONG && l->ttl == s->l->ttl)
		return false;
	return true;
}

static bool
ttl_fits(const struct tracer *t, const struct quest *q, const struct leg_rec *l)
{
	unsigned gap = (unsigned)abs(l->ttl - q->s->l->ttl);

	if (leg_source(t, l) == q->s->source)
		return gap <= 1;
	return gap <= (q->strength == FP_STRONG ? TTL_GAP_STRONG : TTL_GAP_OTHER);
}

/* The neighbour's place that a join would take must be free on both. */
static bool
links_free(const struct conv *c, unsigned from_b, const struct conv *other,
    unsigned other_from_b, bool other_earlier)
{
	unsigned dir = c->flow ? conv_direction(c, from_b) : 0;
	unsigned odir = other->flow ? conv_direction(other, other_from_b) : 0;
	uint8_t need = (dir == 0) == other_earlier ? CONV_UP : CONV_DOWN;
	uint8_t oneed = (odir == 0) == other_earlier ? CONV_DOWN : CONV_UP;

	return !(c->flags & need) && !(other->flags & oneed);
}

static bool
families_fit(const struct key *x, const struct key *y)
{
	return addr_is_v4(&x->a) == addr_is_v4(&y->a);
}

/* Judge one recent sighting of another flow. */
static struct twin
judge(const struct tracer *t, const struct quest *q, uint32_t *recent,
    const struct leg_rec *l, struct nstime ts)
{
	const struct sighting *s = q->s;
	const struct conv *c = conv_at(t, q->conv), *o = conv_at(t, l->conv);
	struct twin w = { .recent = recent, .conv = l->conv,
	    .from_b = l->place.from_b };
	bool taken = *recent & RECENT_TAKEN;
	bool kept_all, tunnelled = !same_tunnel(&c->key, &o->key);
	unsigned kept;

	if (o->key.proto != s->key.proto || !families_fit(&c->key, &o->key) ||
	    o->flags & CONV_RETIRED || !ttl_fits(t, q, l) ||
	    !order_twins(t, s, l, nstime_diff_ns(s->ts, ts), &w.earlier))
		return w;
	w.blocked = !links_free(c, s->at.from_b, o, w.from_b, w.earlier);
	kept = ends_kept(&c->key, s->at.from_b, &o->key, w.from_b);
	kept_all = tuple_kept(&c->key, s->at.from_b, &o->key, w.from_b);
	/* Same tuple in the same tunnel would be the same conv, unless the
	   ICMP id alone was changed. */
	if (!(kept_all && tunnelled) && !places_fit(t, q, l, w.earlier))
		return w;
	/* Payload alone: not what has its twin, and what a host on this node sends
	   itself has the full TTL. */
	if (q->strength == FP_WEAK && (taken || (l->ttl == s->l->ttl && !kept_all) ||
	    llabs(nstime_diff_ns(s->ts, ts)) > WINDOW_WEAK_NS))
		return w;
	if (w.blocked && (q->strength < FP_MEDIUM || taken || kept == 0 ||
	    l->ttl == s->l->ttl || kept_all || leg_source(t, l) != s->source))
		return w;
	w.score = (uint8_t)(w.blocked ? 1 : 2 + kept * 2 + (taken ? 0 : 8) +
	    (l->ttl != s->l->ttl || kept_all ? 1 : 0));
	w.votes_needed = 1;
	if (q->strength == FP_WEAK ||
	    (q->strength == FP_MEDIUM && (kept == 0 ||
	    (l->ttl == s->l->ttl && !kept_all))))
		w.votes_needed = VOTES_WEAK;
	return w;
}

/* `seen` sightings were found to be twins by this. */
static void
join(struct tracer *t, const struct quest *q, const struct twin *w, unsigned seen)
{
	if (w->earlier)
		flow_join(t, w->conv, w->from_b, q->conv, q->s->at.from_b);
	else
		flow_join(t, q->conv, q->s->at.from_b, w->conv, w->from_b);
	flow_at(t, conv_at(t, q->conv)->flow)->matched += seen;
}

/* One packet says that the two convs are one conversation. */
static void
vote(struct tracer *t, const struct quest *q, const struct twin *w)
{
	bool mine = q->conv > w->conv;	/* the newer conv keeps the count */
	uint32_t other = mine ? w->conv : q->conv;
	struct conv *c = conv_at(t, mine ? q->conv : w->conv);
	bool taken = *w->recent & RECENT_TAKEN;

	*w->recent |= RECENT_TAKEN;
	if (c->cand != other && c->cand != 0 && c->cand_votes > 0) {
		c->cand_votes--;
		if (c->cand_against != UINT8_MAX)
			c->cand_against++;
		return;
	}
	if (c->cand != other)
		c->cand_votes = 0;
	c->cand = other;
	if (c->cand_votes != UINT8_MAX)
		c->cand_votes++;
	c->cand_earlier = (uint8_t)((mine ? w->earlier : !w->earlier) |
	    (mine ? q->s->at.from_b : w->from_b) << 1 |
	    (mine ? w->from_b : q->s->at.from_b) << 2);
	if (c->cand_votes >= w->votes_needed + 2 * c->cand_against)
		join(t, q, w, 2u * (c->cand_votes - 1u) + (taken ? 1 : 2));
}

static void
mark_ambiguous(struct tracer *t, const struct quest *q, const struct twin *twins,
    unsigned n, unsigned best)
{
	conv_at(t, q->conv)->flags |= CONV_AMBIGUOUS;
	for (unsigned i = 0; i < n; i++)
		if (twins[i].score == best)
			conv_at(t, twins[i].conv)->flags |= CONV_AMBIGUOUS;
}

/* The conv of a leg begins anew with the leg's last sighting, which has its
   twin now: the older ones belong to the conversation before. */
static uint32_t
begin_anew(struct tracer *t, uint32_t li, uint32_t ip_len)
{
	struct leg_rec *old = leg_at(t, li), *l;
	uint32_t ci = conv_renew(t, old->conv);
	uint32_t new_li = ci ? pool_take(&t->legs) : 0;

	if (new_li == 0)
		return ci;
	l = leg_at(t, new_li);
	*l = *old;
	l->conv = ci;
	l->next = 0;
	l->first = old->last;
	l->packets = 1;
	l->bytes = ip_len;
	conv_at(t, ci)->legs = new_li;
	old->packets -= old->packets > 1;
	old->bytes -= old->bytes > ip_len ? ip_len : 0;
	return ci;
}

/* The two are one conversation, and what either was joined to before is over. */
static void
succeed(struct tracer *t, struct quest *q, const struct twin *w)
{
	uint32_t other = w->conv, li = *w->recent & ~RECENT_TAKEN;
	struct nstime since = leg_at(t, li)->last;
	bool here = conv_at(t, q->conv)->flags & (CONV_UP | CONV_DOWN);
	bool there = conv_at(t, other)->flags & (CONV_UP | CONV_DOWN);

	if (t->convs.max - t->convs.live < 2 || t->legs.max - t->legs.live < 2)
		return;
	if (there) {
		other = begin_anew(t, li, q->s->l->ip_len);
		*w->recent = conv_at(t, other)->legs;
	}
	if (here) {
		q->conv = conv_renew(t, q->conv);
		q->leg = leg_of(t, q->conv, q->s);
	}
	if (conv_at(t, q->conv)->flow == 0 && conv_at(t, other)->flow == 0)
		flow_new(t, q->s, q->conv);
	if (w->earlier)
		flow_join(t, other, w->from_b, q->conv, q->s->at.from_b);
	else
		flow_join(t, q->conv, q->s->at.from_b, other, w->from_b);
	*w->recent |= RECENT_TAKEN;
	flow_touch(t, conv_at(t, q->conv)->flow, since);
	flow_at(t, conv_at(t, q->conv)->flow)->matched += 2;
}

/* Vote for the best of n > 0 twins, if there is one best. */
static bool
choose(struct tracer *t, struct quest *q, const struct twin *twins, unsigned n)
{
	const struct twin *best = &twins[0];
	struct nstime lost;
	bool alone = true;

	for (unsigned i = 1; i < n; i++) {
		if (twins[i].score == best->score &&
		    twins[i].conv != best->conv)
			alone = false;
		if (twins[i].score > best->score) {
			best = &twins[i];
			alone = true;
		}
	}
	/* A rival may have been pushed out of the bucket. */
	lost = *lost_of(t, q->hash);
	if (q->strength == FP_WEAK && lost.ns != 0 &&
	    nstime_diff_ns(q->s->ts, lost) < WINDOW_WEAK_NS)
		alone = false;
	if (alone && best->blocked)
		succeed(t, q, best);
	else if (alone)
		vote(t, q, best);
	else
		mark_ambiguous(t, q, twins, n, best->score);
	return alone;
}

/* A twin in the same flow: count both sightings once, take the time. */
static void
confirm(struct tracer *t, const struct quest *q, struct recent *b, unsigned way)
{
	struct flow_rec *f = flow_at(t, conv_at(t, q->conv)->flow);
	const struct leg_rec *l = leg_at(t, b->leg[way] & ~RECENT_TAKEN);
	const struct sighting *s = q->s;
	int64_t dt = nstime_diff_ns(s->ts, b->ts[way]);

	f->matched += b->leg[way] & RECENT_TAKEN ? 1 : 2;
	b->leg[way] |= RECENT_TAKEN;
	if (leg_source(t, l) == s->source && dt >= 0 && l->place.dir != DIR_OUT &&
	    s->at.dir != DIR_IN)
		sketch_add(&f->transit, dt);
}

/* Where the bucket's oldest sighting stands.  In arithmetic, since which one
   it is cannot be predicted. */
static inline unsigned
oldest_way(const struct recent *b)
{
	unsigned low = b->ts[1].ns < b->ts[0].ns;
	unsigned high = 2u | (b->ts[3].ns < b->ts[2].ns);
	unsigned upper = b->ts[high].ns < b->ts[low].ns;

	return low ^ ((low ^ high) & (0 - upper));
}

/* The ways with this tag, a bit each. */
static inline unsigned
ways_of(const struct recent *b, uint32_t tag)
{
	return (unsigned)(b->tag[0] == tag) | (unsigned)(b->tag[1] == tag) << 1 |
	    (unsigned)(b->tag[2] == tag) << 2 | (unsigned)(b->tag[3] == tag) << 3;
}

_Static_assert(RECENT_WAYS == 4, "oldest_way() and ways_of() are written out");

static inline void
put(struct tracer *t, struct recent *b, unsigned way, const struct quest *q, bool found)
{
	/* What stood there may still have waited for its twin. */
	if (nstime_diff_ns(q->s->ts, b->ts[way]) < WINDOW_WEAK_NS &&
	    !(b->leg[way] & RECENT_TAKEN) && b->leg[way] != q->leg)
		*lost_of(t, q->hash) = q->s->ts;
	b->tag[way] = tag_of(q->hash);
	b->leg[way] = q->leg | (found ? RECENT_TAKEN : 0);
	b->ts[way] = q->s->ts;
}

/* What a look among the recent sightings brought to light. */
struct finds {
	int		own;		/* way of the earliest one of the same flow, or -1 */
	unsigned	n_twins;
	struct twin	twins[RECENT_WAYS];
};

static void
weigh_way(struct tracer *t, const struct quest *q, struct recent *b, unsigned way,
    struct finds *f)
{
	uint32_t flow = conv_at(t, q->conv)->flow;
	const struct leg_rec *l = leg_at(t, b->leg[way] & ~RECENT_TAKEN);

	/* A leg younger than the sighting took a freed one's place. */
	if (l->conv == 0 || l->first.ns > b->ts[way].ns ||
	    llabs(nstime_diff_ns(q->s->ts, b->ts[way])) > WINDOW_NS)
		return;
	if (l->conv == q->conv || (flow != 0 && conv_at(t, l->conv)->flow == flow)) {
		if (f->own < 0 || b->ts[way].ns < b->ts[f->own].ns)
			f->own = (int)way;
		return;
	}
	f->twins[f->n_twins] = judge(t, q, &b->leg[way], l, b->ts[way]);
	f->n_twins += f->twins[f->n_twins].score > 0;
}

/*
 * Look among the recent sightings, and put this one there when `enter` says
 * so: where its leg's last one with this fingerprint stands, else where the
 * oldest of the bucket does.  True when the twin was there: in the same flow,
 * or without a rival in another one.
 */
static bool
look(struct tracer *t, struct quest *q, bool enter)
{
	struct recent *b = bucket_of(t, q->hash);
	unsigned ways = ways_of(b, tag_of(q->hash));
	unsigned spot = oldest_way(b);
	struct finds f;
	bool found = false;

	if (ways == 0) {
		if (enter)
			put(t, b, spot, q, false);
		return false;
	}
	f.own = -1;
	f.n_twins = 0;
	for (; ways != 0; ways &= ways - 1) {
		unsigned way = (unsigned)__builtin_ctz(ways);

		if ((b->leg[way] & ~RECENT_TAKEN) == q->leg)
			spot = way;
		else if (b->leg[way] != 0)
			weigh_way(t, q, b, way, &f);
	}
	if (f.own >= 0) {
		found = true;
		if (conv_at(t, q->conv)->flow != 0)
			confirm(t, q, b, (unsigned)f.own);
	} else if (f.n_twins > 0) {
		found = choose(t, q, f.twins, f.n_twins);
	}
	if (enter)
		put(t, b, spot, q, found);
	return found;
}

/* Put a sighting among the recent ones without a look at them. */
static void
enter(struct tracer *t, const struct quest *q, bool found)
{
	struct recent *b = bucket_of(t, q->hash);
	unsigned ways = ways_of(b, tag_of(q->hash)), spot = oldest_way(b);

	for (; ways != 0; ways &= ways - 1) {
		unsigned way = (unsigned)__builtin_ctz(ways);

		if ((b->leg[way] & ~RECENT_TAKEN) == q->leg)
			spot = way;
	}
	put(t, b, spot, q, found);
}

/*
 * The second chance.  A segment that GRO merged, or TSO will split, has its
 * end in common with one on the other side.  A payload that the snap length
 * cut on one side has the rest in common with the whole one on the other:
 * whole ones are kept under `alt`, cut ones under its complement, and two
 * whole ones never meet here.
 */
static void
look_again(struct tracer *t, const struct sighting *s, uint32_t ci, uint32_t li,
    bool found)
{
	uint64_t alt = fingerprint_alt(s->l);
	struct quest whole = { s, ci, li, alt, FP_WEAK };
	struct quest cut = { s, ci, li, ~alt, FP_WEAK };

	if (alt == 0)
		return;
	if (s->l->has & HAS_TCP) {
		whole.strength = FP_STRONG;
		look(t, &whole, true);
	} else if (s->flags & SIGHT_CUT) {
		t->seen_cut = true;
		if (look(t, &whole, false))
			enter(t, &cut, true);
		else
			look(t, &cut, true);
	} else {
		if (t->seen_cut && !found)
			found = look(t, &cut, false);
		enter(t, &whole, found);
	}
}

uint32_t
match_sighting(struct tracer *t, const struct sighting *s, uint32_t ci, uint32_t li)
{
	struct quest q = { s, ci, li, s->fp, s->strength };
	bool found = false;

	if (s->flags & SIGHT_GROUP)
		return li;
	if (s->strength != FP_NONE)
		found = look(t, &q, true);
	/* TCP: only where nothing else explains where the packets go. */
	if (!(s->l->has & HAS_TCP) || (!found &&
	    !(conv_at(t, q.conv)->flags & (CONV_UP | CONV_DOWN | CONV_SPREAD))))
		look_again(t, s, q.conv, q.leg, found);
	return q.leg;
}

/* Were the two seen at the same time?  The candidate's place may have been
   given to another conversation since. */
static bool
overlap(const struct tracer *t, const struct conv *x, const struct conv *y)
{
	for (uint32_t i = x->legs; i != 0; i = leg_at(t, i)->next)
		for (uint32_t j = y->legs; j != 0; j = leg_at(t, j)->next) {
			const struct leg_rec *a = leg_at(t, i), *b = leg_at(t, j);

			if (a->first.ns - WINDOW_NS <= b->last.ns &&
			    b->first.ns - WINDOW_NS <= a->last.ns)
				return true;
		}
	return false;
}

static bool
claim_stands(const struct tracer *t, uint32_t ci)
{
	const struct conv *c = conv_at(t, ci), *o;

	if (c->flow == 0 || c->cand == 0 || c->cand_votes == 0)
		return false;
	o = conv_at(t, c->cand);
	return o->flow != 0 && o->flow != c->flow && overlap(t, c, o);
}

/*
 * No more packets: a single vote counts when nothing speaks against it.  Two
 * convs that claim the same third one speak against each other.
 */
void
match_finish(struct tracer *t)
{
	for (uint32_t i = 1; i < t->convs.used; i++) {
		struct conv *o;

		if (!claim_stands(t, i))
			continue;
		o = conv_at(t, conv_at(t, i)->cand);
		if (o->flags & CONV_CLAIMED)
			o->flags |= CONV_AMBIGUOUS;
		o->flags |= CONV_CLAIMED;
	}
	for (uint32_t i = 1; i < t->convs.used; i++) {
		struct conv *c = conv_at(t, i), *o;
		bool up, c_from_b, o_from_b;
		uint64_t votes;

		if (!claim_stands(t, i))
			continue;
		o = conv_at(t, c->cand);
		votes = c->cand_votes;
		up = c->cand_earlier & 1;
		c_from_b = c->cand_earlier & 2;
		o_from_b = c->cand_earlier & 4;
		if (c->cand_against > 0 || (c->flags | o->flags) & CONV_AMBIGUOUS ||
		    !links_free(c, c_from_b, o, o_from_b, up)) {
			c->flags |= CONV_AMBIGUOUS;
			continue;
		}
		if (up)
			flow_join(t, c->cand, o_from_b, i, c_from_b);
		else
			flow_join(t, i, c_from_b, c->cand, o_from_b);
		flow_at(t, c->flow)->matched += 2 * votes;
	}
}
