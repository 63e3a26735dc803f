/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * beat.c - regular series of moments.
 *
 * How likely is a beat to be chance?  Where moments fall at random, an interval
 * lies within a share r of another one's length with a probability of at most
 * 2r/e, and a given place has a moment nearer than s with at most 2s times their
 * number for each unit of time.  Both to the power of how often it was so.
 */
#include "decode/app/beat.h"

#include <stdlib.h>
#include <string.h>

#include "decode/nstime.h"

#define LONGEST_RUN	16	/* moments that a run is made of at most */
#define MISSED		10	/* beats in a row that may be missing */
#define COMB_TRIES	24	/* moments before the last that are tried as the beat
				   before it */
#define COMB_CHANCE	1e-5
#define WHOLE_SLACK_NS	(NS_PER_SEC / 5)

void
beat_fini(struct beat *b)
{
	free(b->v);
	*b = (struct beat){ 0 };
}

/* ---- the moments */

static void
forget_first(struct beat *b)
{
	memmove(b->v, b->v + 1, --b->n * sizeof(*b->v));
}

static bool
make_room(struct beat *b)
{
	unsigned room = b->room != 0 ? 2 * b->room : 4;
	struct stroke *v;

	if (b->n < b->room)
		return true;
	v = realloc(b->v, room * sizeof(*v));
	if (v == NULL)
		return false;
	b->v = v;
	b->room = room;
	return true;
}

/* Where the first that is not before it stands. */
static unsigned
place_of(const struct beat *b, int64_t ns)
{
	unsigned lo = 0, hi = b->n;

	while (lo < hi) {
		unsigned mid = (lo + hi) / 2;

		if (b->v[mid].ns < ns)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static bool
insert(struct beat *b, int64_t ns, unsigned *at)
{
	while (b->n >= (b->known ? BEAT_KEPT : BEAT_TRIED))
		forget_first(b);
	if (!make_room(b))
		return false;
	*at = place_of(b, ns);
	memmove(b->v + *at + 1, b->v + *at, (b->n - *at) * sizeof(*b->v));
	b->v[*at] = (struct stroke){ .ns = ns };
	b->n++;
	return true;
}

static int64_t
distance(int64_t later, int64_t earlier)
{
	return nstime_diff_ns((struct nstime){ later }, (struct nstime){ earlier });
}

static int64_t
magnitude(int64_t x)
{
	return x == INT64_MIN ? INT64_MAX : x < 0 ? -x : x;
}

/* ---- a known beat */

static int64_t
widest(int64_t period)
{
	int64_t share = period / 100 * BEAT_SHARE;

	return share > BEAT_SLACK_NS ? share : BEAT_SLACK_NS;
}

/* So many beats lie between two moments; 0: they are not of one beat. */
static int
beats_between(const struct beat *b, int64_t later, int64_t earlier)
{
	int64_t d = distance(later, earlier), k;

	if (d <= 0 || d > (MISSED + 1) * b->period_ns)
		return 0;
	k = (d + b->period_ns / 2) / b->period_ns;
	return k >= 1 && magnitude(d - k * b->period_ns) <= b->slack_ns ? (int)k : 0;
}

/* The nearest moment on the beat before (step -1) or after (1) place `at`. */
static const struct stroke *
next_on(const struct beat *b, unsigned at, int step)
{
	for (unsigned i = at; i < b->n; i += (unsigned)step)
		if (b->v[i].on)
			return &b->v[i];
	return NULL;
}

/* Would a moment that stands at `at` be on the beat?  Its neighbours on it tell;
   none may be nearer than half a beat. */
static bool
fits(const struct beat *b, int64_t ns, unsigned at)
{
	const struct stroke *before = next_on(b, at - 1, -1), *after = next_on(b, at, 1);

	if (before != NULL && distance(ns, before->ns) < b->period_ns / 2)
		return false;
	if (after != NULL && distance(after->ns, ns) < b->period_ns / 2)
		return false;
	return (before != NULL && beats_between(b, ns, before->ns) > 0) ||
	    (after != NULL && beats_between(b, after->ns, ns) > 0);
}

static void
put_on(struct beat *b, unsigned at)
{
	const struct stroke *before = next_on(b, at - 1, -1);
	int64_t d, off;

	b->v[at].on = true;
	if (before == NULL || beats_between(b, b->v[at].ns, before->ns) != 1)
		return;
	d = distance(b->v[at].ns, before->ns);
	off = 2 * magnitude(d - b->period_ns);
	b->period_ns += (d - b->period_ns) / 8;
	if (off > b->slack_ns)
		b->slack_ns = off < widest(b->period_ns) ? off : widest(b->period_ns);
}

/* ---- finding one */

static int
by_size(const void *x, const void *y)
{
	int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;

	return (a > b) - (a < b);
}

static bool
is_allowed(const struct beat_rule *r, int64_t period)
{
	int64_t off = (period + NS_PER_SEC / 2) % NS_PER_SEC - NS_PER_SEC / 2;

	if (period < r->min_ns || period > r->max_ns)
		return false;
	return !r->whole || magnitude(off) <= WHOLE_SLACK_NS + period / 50;
}

static double
power(double x, unsigned n)
{
	double p = 1;

	while (n-- > 0)
		p *= x;
	return p;
}

/* The last m moments follow each other at like intervals. */
static bool
is_run(const struct beat *b, const struct beat_rule *r, unsigned m, int64_t *period,
    int64_t *off)
{
	int64_t d[LONGEST_RUN];

	if (b->n < m)
		return false;
	for (unsigned i = 0; i + 1 < m; i++) {
		d[i] = distance(b->v[b->n - m + i + 1].ns, b->v[b->n - m + i].ns);
		if (d[i] <= 0 || d[i] > 2 * r->max_ns)
			return false;
	}
	qsort(d, m - 1, sizeof(*d), by_size);
	*period = (m - 1) % 2 ? d[(m - 1) / 2] : (d[(m - 1) / 2] + d[(m - 2) / 2]) / 2;
	*off = d[m - 2] - *period > *period - d[0] ? d[m - 2] - *period : *period - d[0];
	return *off <= widest(*period) && is_allowed(r, *period) &&
	    (r->chance >= 1 || power(0.74 * (double)*off / (double)*period, m - 2) <
	    r->chance);
}

static void
found(struct beat *b, int64_t period, int64_t off)
{
	b->known = true;
	b->period_ns = period;
	b->slack_ns = 2 * off > BEAT_SLACK_NS ? 2 * off : BEAT_SLACK_NS;
	if (b->slack_ns > widest(period))
		b->slack_ns = widest(period);
}

static bool
find_run(struct beat *b, const struct beat_rule *r)
{
	int64_t period, off;

	for (unsigned m = r->least; m <= LONGEST_RUN; m++) {
		if (!is_run(b, r, m, &period, &off))
			continue;
		found(b, period, off);
		for (unsigned i = b->n - m; i < b->n; i++)
			b->v[i].on = true;
		return true;
	}
	return false;
}

/* How exact a comb must be. */
static int64_t
comb_slack(int64_t period)
{
	return period / 100 > BEAT_SLACK_NS / 4 ? period / 100 : BEAT_SLACK_NS / 4;
}

/* The moment nearest to `ns` among those up to place `at`, if it is near enough. */
static bool
near(const struct beat *b, unsigned at, int64_t ns, int64_t slack, unsigned *out)
{
	int64_t best = slack + 1;

	for (unsigned i = at + 1; i-- > 0;) {
		int64_t off = magnitude(distance(b->v[i].ns, ns));

		if (off < best) {
			best = off;
			*out = i;
		} else if (b->v[i].ns < ns) {
			break;
		}
	}
	return best <= slack;
}

/* From the last moment back by so long, again and again: the places in on[]; how
   many they are is returned. */
static unsigned
comb(const struct beat *b, unsigned before, unsigned on[static BEAT_KEPT])
{
	int64_t period = distance(b->v[b->n - 1].ns, b->v[before].ns);
	unsigned n = 0, at = before;

	on[n++] = b->n - 1;
	on[n++] = at;
	while (at > 0 && n < BEAT_KEPT &&
	    near(b, at - 1, b->v[at].ns - period, comb_slack(period), &at))
		on[n++] = at;
	return n;
}

static bool
find_comb(struct beat *b, const struct beat_rule *r)
{
	int64_t span = distance(b->v[b->n - 1].ns, b->v[0].ns);
	unsigned on[BEAT_KEPT], n;

	/* so dense that any comb finds its teeth */
	if (b->n <= r->least || span <= 0 || span / b->n < BEAT_SLACK_NS)
		return false;
	for (unsigned i = b->n - 1; i-- > 0 && b->n - 1 - i <= COMB_TRIES;) {
		int64_t period = distance(b->v[b->n - 1].ns, b->v[i].ns);
		double hit = 2.0 * (double)comb_slack(period) * b->n / (double)span;

		if (period > r->max_ns)
			break;
		if (period <= 0 || hit >= 1)
			continue;
		n = comb(b, i, on);
		if (n <= r->least || power(hit, n - 2) * b->n > COMB_CHANCE)
			continue;
		/* every fifth request of a client that polls makes a comb too: the
		   shortest one tells */
		if (!is_allowed(r, period))
			return false;
		found(b, distance(b->v[on[0]].ns, b->v[on[n - 1]].ns) / (n - 1),
		    comb_slack(period));
		for (unsigned k = 0; k < n; k++)
			b->v[on[k]].on = true;
		return true;
	}
	return false;
}

/* The beat may have been there before it was known. */
static void
extend_back(struct beat *b)
{
	for (unsigned i = b->n; i-- > 0;)
		if (!b->v[i].on && fits(b, b->v[i].ns, i))
			b->v[i].on = true;
}

static void
look_for_others(struct beat *b)
{
	const struct stroke *first = next_on(b, 0, 1);

	if (first != NULL && b->first_ns == 0)
		b->first_ns = first->ns;
	for (unsigned i = 0; i < b->n; i++)
		b->others |= !b->v[i].on;
}

static bool
is_over(const struct beat *b)
{
	const struct stroke *last = next_on(b, b->n - 1, -1);

	return last == NULL ||
	    distance(b->v[b->n - 1].ns, last->ns) > MISSED * b->period_ns;
}

bool
beat_add(struct beat *b, const struct beat_rule *r, int64_t ns)
{
	unsigned at;

	if (!insert(b, ns, &at))
		return false;
	if (b->known && fits(b, ns, at)) {
		put_on(b, at);
		return true;
	}
	b->others |= b->known;
	if (b->known && !is_over(b))
		return true;
	if (find_run(b, r) || find_comb(b, r)) {
		extend_back(b);
		look_for_others(b);
	}
	return true;
}

bool
beat_has(const struct beat *b, int64_t ns, bool foresee)
{
	unsigned at = place_of(b, ns);

	if (!b->known)
		return false;
	for (unsigned i = at; i < b->n && b->v[i].ns == ns; i++)
		if (b->v[i].on)
			return true;
	if (at < b->n && b->v[at].ns == ns)
		return false;
	/* no more kept: then all were of the beat, or it is not known */
	if (at == 0)
		return !b->others && ns >= b->first_ns;
	return foresee && fits(b, ns, at);
}

bool
beat_pairs(const struct beat *b, int64_t ns, int64_t period_ns)
{
	for (unsigned i = 0; i < b->n; i++) {
		int64_t d = distance(b->v[i].ns, ns);

		if (magnitude(magnitude(d) - period_ns) <= comb_slack(period_ns))
			return true;
	}
	return false;
}
