/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * match.c - finding the twin of a packet: the same packet, seen elsewhere on
 * its way, before or after a translation.
 *
 * Every sighting is looked up by its fingerprint among the recent ones and
 * then put there itself.  A twin in the same flow confirms it and gives the
 * transit time; twins in other flows are judged (judge.c) and, if one of them
 * is best, evidence that the two are one conversation (evidence.c).
 */
#include <stdlib.h>
#include <string.h>

#include "decode/trace/match_int.h"

/* Buckets of RECENT_WAYS: 16 K sightings, 256 KiB, so that they stay in the
   second-level cache; at 100 k packets a second that is 160 ms. */
#define RECENT_BUCKETS	(1u << 12)

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

static uint32_t
tag_of(uint64_t hash)
{
	return (uint32_t)(hash >> 32);
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
	dt = judge_transit_ns(t, s, l, dt);
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
	*w = judge_twin(t, q, &b->leg[way], l, b->ts[way]);
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
		found = evidence_choose(t, q, &f);
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
put_unlooked(struct tracer *t, const struct quest *q)
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
 * whole ones are kept under fingerprint_alt(), cut ones under its complement,
 * and two whole ones never meet here.
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
	put_unlooked(t, q);
}

uint32_t
match_sighting(struct tracer *t, const struct sighting *s, uint32_t ci, uint32_t li)
{
	struct quest q = { s, ci, li, s->fp, s->strength, 0 };

	if (s->flags & SIGHT_GROUP)
		return li;
	if (s->strength != FP_NONE)
		look(t, &q, true);
	/* TCP, and all else while no payload was cut: only where nothing else
	   explains where the packets go. */
	if (!q.found && ((!(s->l->has & HAS_TCP) &&
	    (t->seen_cut || s->flags & SIGHT_CUT)) ||
	    !(conv_at(t, q.conv)->flags & (CONV_UP | CONV_DOWN | CONV_SPREAD))))
		look_again(t, &q);
	return q.leg;
}
