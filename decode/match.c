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
#define VOTES_MORE	2
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
	bool		single;		/* one vote will do in the end, if it stays alone */
	bool		rival;		/* it fits, but has a twin already */
	int64_t		transit_ns;	/* from there to here; negative when that says
					   nothing */
	bool		no_end_kept;	/* neither source nor destination are the same */
	bool		dst_kept;
	bool		earlier;	/* it comes before the sighting on the way */
	bool		blocked;	/* one of the two has another neighbour there */
};

/* What is being looked for. */
struct quest {
	const struct sighting *s;
	uint32_t	conv, leg;
	uint64_t	hash;
	uint8_t		strength;
	uint32_t	found;		/* RECENT_UP or RECENT_DOWN: where its twin is */
};

bool
match_init(struct tracer *t)
{
	t->recent_mask = RECENT_BUCKETS - 1;
	t->recent = pool_pages(sizeof(*t->recent) * RECENT_BUCKETS);
	t->pushed_out = pool_pages(sizeof(*t->pushed_out) * RECENT_BUCKETS);
	return t->recent != NULL && t->pushed_out != NULL;
}

void
match_fini(struct tracer *t)
{
	pool_pages_free(t->recent, sizeof(*t->recent) * RECENT_BUCKETS);
	pool_pages_free(t->pushed_out, sizeof(*t->pushed_out) * RECENT_BUCKETS);
}

static struct recent *
bucket_of(const struct tracer *t, uint64_t hash)
{
	return &t->recent[(uint32_t)hash & t->recent_mask];
}

static struct pushed_out *
pushed_out_of(const struct tracer *t, uint64_t hash)
{
	return &t->pushed_out[(uint32_t)hash & t->recent_mask];
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

/* From coming in to going out; negative when these are not the two ends, or
   other clocks stamped them. */
static int64_t
transit_of(const struct tracer *t, const struct sighting *s,
    const struct leg_rec *l, int64_t dt)
{
	return leg_source(t, l) == s->source && l->place.dir != DIR_OUT &&
	    s->at.dir != DIR_IN ? dt : -1;
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
	w.transit_ns = transit_of(t, s, l, dt);
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
	w.blocked = !links_free(c, s->at.from_b, o, w.from_b, w.earlier);
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

/* `seen` sightings were found to be twins by this. */
static void
join(struct tracer *t, const struct quest *q, const struct twin *w, unsigned seen)
{
	struct flow_rec *f;

	if (w->earlier)
		flow_join(t, w->conv, w->from_b, q->conv, q->s->at.from_b);
	else
		flow_join(t, q->conv, q->s->at.from_b, w->conv, w->from_b);
	f = flow_at(t, conv_at(t, q->conv)->flow);
	f->matched += seen;
	if (w->transit_ns >= 0)
		sketch_add(&f->transit, w->transit_ns);
}

/* Note in both sightings where their twins are.  How many of the two had none
   before is returned. */
static unsigned
mark_twins(struct quest *q, uint32_t *recent, bool earlier)
{
	unsigned seen = (*recent & (RECENT_UP | RECENT_DOWN) ? 0u : 1u) +
	    (q->found ? 0u : 1u);

	*recent |= earlier ? RECENT_DOWN : RECENT_UP;
	q->found |= earlier ? RECENT_UP : RECENT_DOWN;
	return seen;
}

/* On which side of a conv its candidate is, in the order of its key. */
static bool
cand_side(uint8_t how)
{
	return !(how & CAND_EARLIER) != !(how & CAND_FROM_B);
}

/* The same seen from the candidate. */
static uint8_t
cand_turned(uint8_t how)
{
	return (uint8_t)((how & CAND_EARLIER ? 0 : CAND_EARLIER) |
	    (how & CAND_ITS_FROM_B ? CAND_FROM_B : 0));
}

static void
hear_against(struct conv *c)
{
	if (c->cand_against != UINT8_MAX)
		c->cand_against++;
}

/* The candidate of c (number ci) may have one itself, for the same side: then
   each speaks against the other. */
static void
hear_other(struct tracer *t, struct conv *c, uint32_t ci)
{
	struct conv *o = conv_at(t, c->cand);

	if (o->cand == 0 || o->cand == ci || o->cand_votes == 0 ||
	    cand_side(o->cand_how) != cand_side(cand_turned(c->cand_how)))
		return;
	hear_against(c);
	hear_against(o);
}

/* One packet says that the two convs are one conversation.  How many sightings
   that makes twins is returned when it is enough, else 0. */
static unsigned
vote(struct tracer *t, struct quest *q, const struct twin *w)
{
	bool mine = q->conv > w->conv;	/* the newer conv keeps the count */
	uint32_t other = mine ? w->conv : q->conv;
	struct conv *c = conv_at(t, mine ? q->conv : w->conv);
	unsigned seen = mark_twins(q, w->recent, w->earlier);

	if (c->cand != other && c->cand != 0 && c->cand_votes > 0) {
		c->cand_votes--;
		hear_against(c);
		return 0;
	}
	if (c->cand != other)
		c->cand_votes = 0;
	c->cand = other;
	if (c->cand_votes != UINT8_MAX)
		c->cand_votes++;
	c->cand_how = (uint8_t)((w->earlier == mine ? CAND_EARLIER : 0) |
	    ((mine ? q->s->at.from_b : w->from_b) ? CAND_FROM_B : 0) |
	    ((mine ? w->from_b : q->s->at.from_b) ? CAND_ITS_FROM_B : 0) |
	    (w->single ? 0 : CAND_MORE));
	hear_other(t, c, mine ? q->conv : w->conv);
	return c->cand_votes >= w->votes_needed + 2 * c->cand_against ?
	    2u * (c->cand_votes - 1u) + seen : 0;
}

/* Several convs could be it.  What is joined already needs no doubt. */
static void
mark_ambiguous(struct tracer *t, const struct quest *q, const struct twin *twins,
    unsigned n)
{
	uint8_t joined = CONV_UP | CONV_DOWN;
	struct conv *c = conv_at(t, q->conv);

	if (!(c->flags & joined))
		c->flags |= CONV_AMBIGUOUS;
	for (unsigned i = 0; i < n; i++) {
		struct conv *o = conv_at(t, twins[i].conv);

		if (!(o->flags & joined))
			o->flags |= CONV_AMBIGUOUS;
	}
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
	old->packets--;
	old->bytes -= old->bytes > ip_len ? ip_len : 0;
	return ci;
}

/* The two are one conversation, and what either was joined to before is over. */
static void
succeed(struct tracer *t, struct quest *q, const struct twin *w, unsigned seen)
{
	uint32_t other = w->conv, li = *w->recent & RECENT_LEG;
	struct nstime since = leg_at(t, li)->last;
	bool here = conv_at(t, q->conv)->flags & (CONV_UP | CONV_DOWN);
	bool there = conv_at(t, other)->flags & (CONV_UP | CONV_DOWN);

	if (t->convs.max - t->convs.live < 2 || t->legs.max - t->legs.live < 2)
		return;
	if (there) {
		other = begin_anew(t, li, q->s->l->ip_len);
		*w->recent ^= li ^ conv_at(t, other)->legs;
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
	flow_touch(t, conv_at(t, q->conv)->flow, since);
	flow_at(t, conv_at(t, q->conv)->flow)->matched += seen;
}

static bool
lately(struct nstime then, struct nstime now, int64_t window_ns)
{
	return then.ns != 0 && nstime_diff_ns(now, then) < window_ns;
}

/* Could a rival have been there that is out of sight? */
static bool
blind(const struct tracer *t, const struct quest *q)
{
	const struct pushed_out *p = pushed_out_of(t, q->hash);
	struct nstime now = q->s->ts;

	return lately(p->alike, now, WINDOW_NS) ||
	    (q->strength == FP_WEAK && lately(p->any, now, WINDOW_WEAK_NS));
}

/* What a look among the recent sightings brought to light. */
struct finds {
	int		own;		/* way of the earliest one of the same flow, or -1 */
	unsigned	n_seen;		/* of the same flow, and without a twin before */
	unsigned	n_alike;	/* convs of other flows, possible twins or not */
	uint32_t	alike[RECENT_WAYS];
	unsigned	n_twins;
	struct twin	twins[RECENT_WAYS];
};

/* The best of the twins; NULL when there is none, or not one alone. */
static const struct twin *
best_twin(const struct twin *twins, unsigned n)
{
	const struct twin *best = NULL;
	bool alone = true;

	for (unsigned i = 0; i < n; i++) {
		const struct twin *w = &twins[i];

		if (w->rival)
			continue;
		if (best != NULL && w->score == best->score && w->conv != best->conv)
			alone = false;
		if (best == NULL || w->score > best->score) {
			best = w;
			alone = true;
		}
	}
	return alone ? best : NULL;
}

static bool
only_rivals(const struct twin *twins, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (!twins[i].rival)
			return false;
	return true;
}

/* Vote for the best of n > 0 twins, if there is one best. */
static bool
choose(struct tracer *t, struct quest *q, const struct finds *f)
{
	unsigned n = f->n_twins, seen;
	const struct twin *twins = f->twins;
	const struct twin *best = best_twin(twins, n);
	struct twin w;
	/* Not random after all, such as the sequence number of a scan. */
	bool unseen = lately(pushed_out_of(t, q->hash)->crowd, q->s->ts, WINDOW_NS);
	bool crowd = unseen || f->n_alike > 1;

	if (best == NULL && q->strength != FP_WEAK && only_rivals(twins, n))
		return false;		/* a copy of what went on already */
	if (best == NULL || blind(t, q) ||
	    (crowd && (best->no_end_kept || best->blocked))) {
		mark_ambiguous(t, q, twins, n);
		return false;
	}
	w = *best;
	if (crowd && w.votes_needed < VOTES_MORE)
		w.votes_needed = VOTES_MORE;
	/* A scan has one source, and each of its packets another destination. */
	if (unseen && !(q->strength == FP_STRONG && w.dst_kept))
		w.single = false;
	seen = vote(t, q, &w);
	if (seen > 0 && w.blocked)
		succeed(t, q, &w, seen);
	else if (seen > 0)
		join(t, q, &w, seen);
	return true;
}

/* Can this sighting of the same flow be the same packet, further up the way?
   What came out cannot come in later, but for the stamps of two CPUs, or
   clocks: then it is an earlier packet that looks alike. */
static bool
is_upstream(const struct tracer *t, const struct sighting *s,
    const struct leg_rec *l, struct nstime ts)
{
	int64_t slack = leg_source(t, l) == s->source ? STAMP_SLACK_NS :
	    WINDOW_WEAK_NS;
	bool after = l->ttl < s->l->ttl || (l->ttl == s->l->ttl &&
	    l->place.dir == DIR_OUT && s->at.dir == DIR_IN);

	return !after || nstime_diff_ns(s->ts, ts) <= slack;
}

/* Twins in the same flow: count the sightings once, take the time. */
static void
confirm(struct tracer *t, struct quest *q, const struct recent *b,
    const struct finds *finds)
{
	struct flow_rec *f = flow_at(t, conv_at(t, q->conv)->flow);
	const struct leg_rec *l = leg_at(t, b->leg[finds->own] & RECENT_LEG);
	const struct sighting *s = q->s;
	int64_t dt = nstime_diff_ns(s->ts, b->ts[finds->own]);

	f->matched += finds->n_seen + (q->found ? 0 : 1);
	dt = transit_of(t, s, l, dt);
	if (dt >= 0)
		sketch_add(&f->transit, dt);
}

/* Where the bucket's oldest sighting stands.  In arithmetic, since which one
   it is cannot be predicted. */
static inline unsigned
oldest_way(const struct recent *b)
{
	int64_t t0 = b->ts[0].ns, t1 = b->ts[1].ns;
	int64_t t2 = b->ts[2].ns, t3 = b->ts[3].ns;
	unsigned low = t1 < t0, high = t3 < t2;
	int64_t low_ns = t0 ^ ((t0 ^ t1) & -(int64_t)low);
	int64_t high_ns = t2 ^ ((t2 ^ t3) & -(int64_t)high);
	unsigned upper = high_ns < low_ns;

	return low ^ ((low ^ (2u | high)) & (0 - upper));
}

/* The ways with this tag, a bit each. */
static inline unsigned
ways_of(const struct recent *b, uint32_t tag)
{
	return (unsigned)(b->tag[0] == tag) | (unsigned)(b->tag[1] == tag) << 1 |
	    (unsigned)(b->tag[2] == tag) << 2 | (unsigned)(b->tag[3] == tag) << 3;
}

_Static_assert(RECENT_WAYS == 4, "oldest_way() and ways_of() are written out");

static void __attribute__((noinline))
note_pushed_out(struct tracer *t, const struct quest *q, const struct recent *b,
    unsigned way)
{
	struct pushed_out *p = pushed_out_of(t, q->hash);
	bool waits = !(b->leg[way] & (RECENT_UP | RECENT_DOWN));
	bool alike = b->tag[way] == tag_of(q->hash);

	if (alike)
		p->crowd = q->s->ts;
	if (alike && waits)
		p->alike = q->s->ts;
	if (waits && nstime_diff_ns(q->s->ts, b->ts[way]) < WINDOW_WEAK_NS)
		p->any = q->s->ts;
}

static inline void
put(struct tracer *t, struct recent *b, unsigned way, const struct quest *q)
{
	uint32_t tag = tag_of(q->hash), there = b->leg[way];
	int64_t age = nstime_diff_ns(q->s->ts, b->ts[way]);

	/* What stood there may still have waited for its twin. */
	if (there != 0 && (there & RECENT_LEG) != q->leg &&
	    age < (b->tag[way] == tag ? WINDOW_NS : WINDOW_WEAK_NS))
		note_pushed_out(t, q, b, way);
	b->tag[way] = tag;
	b->leg[way] = q->leg | q->found;
	b->ts[way] = q->s->ts;
}

static void
note_alike(struct finds *f, uint32_t conv)
{
	for (unsigned i = 0; i < f->n_alike; i++)
		if (f->alike[i] == conv)
			return;
	f->alike[f->n_alike++] = conv;
}

static void
weigh_way(struct tracer *t, const struct quest *q, struct recent *b, unsigned way,
    struct finds *f)
{
	uint32_t flow = conv_at(t, q->conv)->flow;
	const struct leg_rec *l = leg_at(t, b->leg[way] & RECENT_LEG);
	struct twin *w = &f->twins[f->n_twins];

	/* A leg younger than the sighting took a freed one's place. */
	if (l->conv == 0 || l->first.ns > b->ts[way].ns ||
	    llabs(nstime_diff_ns(q->s->ts, b->ts[way])) > WINDOW_NS)
		return;
	if (l->conv == q->conv || (flow != 0 && conv_at(t, l->conv)->flow == flow)) {
		if (!is_upstream(t, q->s, l, b->ts[way]))
			return;
		f->n_seen += b->leg[way] & (RECENT_UP | RECENT_DOWN) ? 0 : 1;
		b->leg[way] |= RECENT_DOWN;
		if (f->own < 0 || b->ts[way].ns < b->ts[f->own].ns)
			f->own = (int)way;
		return;
	}
	note_alike(f, l->conv);
	*w = judge(t, q, &b->leg[way], l, b->ts[way]);
	f->n_twins += w->score > 0 || w->rival;
}

/* look() where the fingerprint was seen before, in `ways` of the bucket. */
static bool __attribute__((noinline))
look_at(struct tracer *t, struct quest *q, struct recent *b, unsigned ways,
    bool enter)
{
	unsigned spot = oldest_way(b);
	struct finds f;
	bool found = false;

	f.own = -1;
	f.n_seen = f.n_alike = f.n_twins = 0;
	for (; ways != 0; ways &= ways - 1) {
		unsigned way = (unsigned)__builtin_ctz(ways);

		if ((b->leg[way] & RECENT_LEG) == q->leg)
			spot = way;
		else if (b->leg[way] != 0)
			weigh_way(t, q, b, way, &f);
	}
	if (f.own >= 0) {
		found = true;
		if (conv_at(t, q->conv)->flow != 0)
			confirm(t, q, b, &f);
		q->found |= RECENT_UP;
	} else if (f.n_twins > 0) {
		found = choose(t, q, &f);
	}
	if (enter)
		put(t, b, spot, q);
	return found;
}

/*
 * Look among the recent sightings, and put this one there when `enter` says
 * so: where its leg's last one with this fingerprint stands, else where the
 * oldest of the bucket does.  True when the twin was there: in the same flow,
 * or without a rival in another one.
 */
static inline bool
look(struct tracer *t, struct quest *q, bool enter)
{
	struct recent *b = bucket_of(t, q->hash);
	unsigned ways = ways_of(b, tag_of(q->hash));

	if (ways != 0)
		return look_at(t, q, b, ways, enter);
	if (enter)
		put(t, b, oldest_way(b), q);
	return false;
}

/* Put a sighting among the recent ones without a look at them. */
static void
enter(struct tracer *t, const struct quest *q)
{
	struct recent *b = bucket_of(t, q->hash);
	unsigned ways = ways_of(b, tag_of(q->hash)), spot = oldest_way(b);

	for (; ways != 0; ways &= ways - 1) {
		unsigned way = (unsigned)__builtin_ctz(ways);

		if ((b->leg[way] & RECENT_LEG) == q->leg)
			spot = way;
	}
	put(t, b, spot, q);
}

/*
 * The second chance.  A segment that GRO merged, or TSO will split, has its
 * end in common with one on the other side.  A payload that the snap length
 * cut on one side has the rest in common with the whole one on the other:
 * whole ones are kept under `alt`, cut ones under its complement, and two
 * whole ones never meet here.
 */
static void __attribute__((noinline))
look_again(struct tracer *t, struct quest *q)
{
	uint64_t whole = fingerprint_alt(q->s->l), cut = ~whole;

	if (whole == 0)
		return;
	q->hash = whole;
	if (q->s->l->has & HAS_TCP) {
		look(t, q, true);
		return;
	}
	q->strength = FP_WEAK;
	if (q->s->flags & SIGHT_CUT) {
		t->seen_cut = true;
		if (!look(t, q, false)) {
			q->hash = cut;
			look(t, q, true);
			return;
		}
		q->hash = cut;
	} else if (t->seen_cut && !q->found) {
		q->hash = cut;
		look(t, q, false);
		q->hash = whole;
	}
	enter(t, q);
}

uint32_t
match_sighting(struct tracer *t, const struct sighting *s, uint32_t ci, uint32_t li)
{
	struct quest q = { s, ci, li, s->fp, s->strength, 0 };

	if (s->flags & SIGHT_GROUP)
		return li;
	if (s->strength != FP_NONE)
		look(t, &q, true);
	/* TCP: only where nothing else explains where the packets go. */
	if (!(s->l->has & HAS_TCP) || (!q.found &&
	    !(conv_at(t, q.conv)->flags & (CONV_UP | CONV_DOWN | CONV_SPREAD))))
		look_again(t, &q);
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
		up = c->cand_how & CAND_EARLIER;
			c_from_b = c->cand_how & CAND_FROM_B;
		o_from_b = c->cand_how & CAND_ITS_FROM_B;
		if (c->cand_how & CAND_MORE)
			continue;
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
