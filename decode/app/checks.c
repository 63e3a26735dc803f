/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * checks.c - series of connections that are alike, and whether they are health
 * checks of a load balancer.
 *
 * Source: Elastic Load Balancing, "Health checks for Network Load Balancer target
 * groups": every 5 to 300 seconds, in whole seconds, from each load balancer
 * node, by TCP without a byte or by one HTTP request.  Other balancers (haproxy
 * checks every 2 s) are told by checks that ask nothing.  A client that asks
 * something every 10 s from outside the cluster, with the same number of bytes in
 * a connection of its own, cannot be told from a health check.
 */
#include "decode/app/checks.h"

#include <stdlib.h>

#include "decode/app/beat.h"
#include "decode/fingerprint.h"

/* Those with a beat, and those that may yet have one: the silent ones go first,
   so that many clients do not push out the checks. */
enum tier { TIER_TRIED, TIER_KNOWN, N_TIERS };
static const uint32_t tier_max[N_TIERS] = { [TIER_TRIED] = 16384, [TIER_KNOWN] = 4096 };

#define BUCKETS		8192	/* a power of two */
#define CHECKERS	4096	/* addresses that send checks; no more are kept */
#define CHECKER_SLOTS	(2 * CHECKERS)
#define NONE		UINT32_MAX

static const struct beat_rule rules[] = {
	/* nothing is asked */
	{ .least = 3, .min_ns = NS_PER_SEC / 2, .max_ns = 310 * NS_PER_SEC,
	  .chance = 1 },
	/* a request: a client could have sent it */
	{ .least = 4, .min_ns = 5 * NS_PER_SEC - BEAT_SLACK_NS,
	  .max_ns = 310 * NS_PER_SEC, .whole = true, .chance = 1e-5 },
};

struct series {
	struct addr	src, dst;
	uint16_t	dport;
	uint8_t		tier;
	uint32_t	asked;
	uint32_t	next;		/* in its bucket, or the next free one */
	uint32_t	older, newer;	/* of its tier, by the last one that ended */
	struct beat	beat;
};

/* An address that sends checks, and at what pace those that ask nothing: one and
   the same for all targets of a group. */
struct checker {
	struct addr	addr;		/* all zero: none */
	uint16_t	dport;
	int64_t		period_ns;	/* 0 not known */
};

struct checks {
	struct series	*v;
	uint32_t	 n, room;	/* used once; the free ones are chained */
	uint32_t	 free;
	uint32_t	 bucket[BUCKETS];
	uint32_t	 oldest[N_TIERS], newest[N_TIERS], count[N_TIERS];
	struct checker	 checker[CHECKER_SLOTS];
	uint32_t	 n_checkers;
};

struct checks *
checks_new(void)
{
	struct checks *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->free = NONE;
	for (unsigned i = 0; i < BUCKETS; i++)
		c->bucket[i] = NONE;
	for (unsigned t = 0; t < N_TIERS; t++)
		c->oldest[t] = c->newest[t] = NONE;
	return c;
}

void
checks_free(struct checks *c)
{
	if (c == NULL)
		return;
	for (uint32_t i = 0; i < c->n; i++)
		beat_fini(&c->v[i].beat);
	free(c->v);
	free(c);
}

/* ---- who sends checks */

static uint64_t
addr_mix(const struct addr *a)
{
	uint64_t w[2];

	memcpy(w, a->b, sizeof(w));
	return fp_mix(w[0], w[1] ^ 0x9e3779b97f4a7c15u);
}

/* Its slot, or the empty one where it would stand. */
static uint32_t
checker_slot(const struct checks *c, const struct addr *a)
{
	static const struct addr none;
	uint32_t at = (uint32_t)addr_mix(a) % CHECKER_SLOTS;

	while (!addr_eq(&c->checker[at].addr, &none) &&
	    !addr_eq(&c->checker[at].addr, a))
		at = (at + 1) % CHECKER_SLOTS;
	return at;
}

/* NULL: one too many. */
static struct checker *
add_checker(struct checks *c, const struct addr *a)
{
	struct checker *k = &c->checker[checker_slot(c, a)];

	if (addr_eq(&k->addr, a))
		return k;
	if (c->n_checkers == CHECKERS)
		return NULL;
	k->addr = *a;
	c->n_checkers++;
	return k;
}

bool
checks_is_checker(const struct checks *c, const struct addr *src)
{
	static const struct addr none;

	return !addr_eq(src, &none) &&
	    addr_eq(&c->checker[checker_slot(c, src)].addr, src);
}

/* ---- series */

static uint32_t
bucket_of(const struct addr *src, const struct addr *dst, uint16_t dport)
{
	return (uint32_t)fp_mix(addr_mix(src), addr_mix(dst) ^ dport) % BUCKETS;
}

static bool
is_between(const struct series *s, const struct check_seen *k)
{
	return s->dport == k->dport && addr_eq(&s->src, &k->src) &&
	    addr_eq(&s->dst, &k->dst);
}

static uint32_t
find(const struct checks *c, const struct check_seen *k)
{
	uint32_t i = c->bucket[bucket_of(&k->src, &k->dst, k->dport)];

	while (i != NONE && !(c->v[i].asked == k->asked && is_between(&c->v[i], k)))
		i = c->v[i].next;
	return i;
}

static void
tier_leave(struct checks *c, uint32_t i)
{
	struct series *s = &c->v[i];

	*(s->older != NONE ? &c->v[s->older].newer : &c->oldest[s->tier]) = s->newer;
	*(s->newer != NONE ? &c->v[s->newer].older : &c->newest[s->tier]) = s->older;
	c->count[s->tier]--;
}

static void
tier_enter(struct checks *c, uint32_t i, enum tier t)
{
	struct series *s = &c->v[i];

	s->tier = (uint8_t)t;
	s->newer = NONE;
	s->older = c->newest[t];
	*(s->older != NONE ? &c->v[s->older].newer : &c->oldest[t]) = i;
	c->newest[t] = i;
	c->count[t]++;
}

static void
forget(struct checks *c, uint32_t i)
{
	struct series *s = &c->v[i];
	uint32_t *at = &c->bucket[bucket_of(&s->src, &s->dst, s->dport)];

	while (*at != i)
		at = &c->v[*at].next;
	*at = s->next;
	tier_leave(c, i);
	beat_fini(&s->beat);
	s->next = c->free;
	c->free = i;
}

static bool
grow(struct checks *c)
{
	uint32_t room = c->room != 0 ? 2 * c->room : 64;
	struct series *v = realloc(c->v, room * sizeof(*v));

	if (v == NULL)
		return false;
	c->v = v;
	c->room = room;
	return true;
}

static uint32_t
take(struct checks *c)
{
	uint32_t i = c->free;

	if (i != NONE)
		c->free = c->v[i].next;
	else if (c->n < c->room || grow(c))
		i = c->n++;
	return i;
}

static uint32_t
add(struct checks *c, const struct check_seen *k)
{
	uint32_t i, *head = &c->bucket[bucket_of(&k->src, &k->dst, k->dport)];

	if (c->count[TIER_TRIED] == tier_max[TIER_TRIED])
		forget(c, c->oldest[TIER_TRIED]);
	i = take(c);
	if (i == NONE)
		return NONE;
	c->v[i] = (struct series){ .src = k->src, .dst = k->dst, .dport = k->dport,
	    .asked = k->asked, .next = *head };
	*head = i;
	tier_enter(c, i, TIER_TRIED);
	return i;
}

void
checks_ended(struct checks *c, const struct check_seen *k)
{
	uint32_t i = find(c, k);
	struct checker *by;
	struct series *s;

	if (k->local || k->by_word)
		add_checker(c, &k->src);
	if (i == NONE)
		i = add(c, k);
	if (i == NONE)
		return;
	s = &c->v[i];
	beat_add(&s->beat, &rules[k->asked > 0], k->begun.ns);
	tier_leave(c, i);
	if (!s->beat.known) {
		tier_enter(c, i, TIER_TRIED);
		return;
	}
	by = add_checker(c, &k->src);
	if (by != NULL && k->asked == 0) {
		by->dport = k->dport;
		by->period_ns = s->beat.period_ns;
	}
	if (s->tier == TIER_TRIED && c->count[TIER_KNOWN] == tier_max[TIER_KNOWN])
		forget(c, c->oldest[TIER_KNOWN]);
	tier_enter(c, i, TIER_KNOWN);
}

/* ---- asked */

static bool
on_beat(const struct series *s, const struct check_seen *k, int64_t *period_ns)
{
	if (!beat_has(&s->beat, k->begun.ns, !k->ended))
		return false;
	*period_ns = s->beat.period_ns;
	return true;
}

/* What was not answered has asked nothing yet: any series between the same ends
   may be its. */
static bool
is_begun_one(const struct checks *c, const struct check_seen *k, int64_t *period_ns)
{
	uint32_t i = c->bucket[bucket_of(&k->src, &k->dst, k->dport)];

	for (; i != NONE; i = c->v[i].next)
		if (is_between(&c->v[i], k) && on_beat(&c->v[i], k, period_ns))
			return true;
	return false;
}

/* Too few for a beat of their own, but at the pace at which the same address checks
   another target. */
static bool
on_pace(const struct checks *c, const struct series *s, const struct check_seen *k,
    int64_t *period_ns)
{
	const struct checker *by = &c->checker[checker_slot(c, &k->src)];

	if (k->asked > 0 || s->beat.known || by->period_ns == 0 || by->dport != k->dport ||
	    !addr_eq(&by->addr, &k->src) ||
	    !beat_pairs(&s->beat, k->begun.ns, by->period_ns))
		return false;
	*period_ns = by->period_ns;
	return true;
}

bool
checks_is_check(const struct checks *c, const struct check_seen *k, int64_t *period_ns)
{
	uint32_t i = find(c, k);

	*period_ns = 0;
	if (i != NONE && (on_beat(&c->v[i], k, period_ns) ||
	    on_pace(c, &c->v[i], k, period_ns)))
		return true;
	if (!k->ended && k->asked == 0 && is_begun_one(c, k, period_ns))
		return true;
	return k->local || k->by_word;
}
