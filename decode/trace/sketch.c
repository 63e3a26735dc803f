/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sketch.c - quantiles of durations in 48 bytes; see sketch.h.
 */
#include "decode/trace/sketch.h"

#include <string.h>

#define FIRST_NS	1000u		/* lower edge of bucket 1 */

/* Beyond 2.1 s in steps of 1.024 us, up to 36 minutes; order stays. */
#define COARSE		(UINT32_C(1) << 31)
#define COARSE_SHIFT	10

static inline uint32_t
encode(int64_t ns)
{
	int64_t more = (ns - COARSE) >> COARSE_SHIFT;

	if (ns < COARSE)
		return ns < 0 ? 0 : (uint32_t)ns;
	return more < COARSE - 1 ? COARSE + (uint32_t)more : UINT32_MAX;
}

static inline int64_t
decode(uint32_t v)
{
	return v < COARSE ? v : (int64_t)COARSE + ((int64_t)(v - COARSE) << COARSE_SHIFT);
}

_Static_assert(sizeof(struct sketch) == 48, "flows count on 48 bytes");

/* Lower edge of a bucket: 1000 * sqrt(2)^(i - 1); bucket 0 starts at 0. */
static uint32_t
bucket_edge(unsigned i)
{
	uint64_t edge;

	if (i == 0)
		return 0;
	edge = (uint64_t)FIRST_NS << ((i - 1) / 2);
	if ((i - 1) % 2 != 0)
		edge = edge * 46341 / 32768;	/* sqrt(2) */
	return edge > UINT32_MAX ? UINT32_MAX : (uint32_t)edge;
}

static unsigned
bucket_of(uint32_t ns)
{
	unsigned octave, i;

	if (ns < FIRST_NS)
		return 0;
	octave = 31u - (unsigned)__builtin_clz(ns / FIRST_NS);
	i = 1 + 2 * octave;
	/* Which half of an octave is as good as random: no branch. */
	i += ns >= bucket_edge(i + 1);
	return i < SKETCH_BUCKETS ? i : SKETCH_BUCKETS - 1;
}

static void
bucket_add(struct sketch *s, uint32_t ns)
{
	uint8_t *b = &s->h.bucket[bucket_of(ns)];

	/* Keep the shape when a counter is full: halve them all. */
	if (*b == UINT8_MAX)
		for (unsigned i = 0; i < SKETCH_BUCKETS; i++)
			s->h.bucket[i] = (uint8_t)((s->h.bucket[i] + 1) / 2);
	(*b)++;
	s->h.min_ns = ns < s->h.min_ns ? ns : s->h.min_ns;
	s->h.max_ns = ns > s->h.max_ns ? ns : s->h.max_ns;
}

static void
to_histogram(struct sketch *s)
{
	uint32_t exact[SKETCH_EXACT];

	memcpy(exact, s->exact_ns, sizeof(exact));
	memset(&s->h, 0, sizeof(s->h));
	s->h.min_ns = UINT32_MAX;
	for (unsigned i = 0; i < SKETCH_EXACT; i++)
		bucket_add(s, exact[i]);
}

void
sketch_add(struct sketch *s, int64_t ns)
{
	uint32_t v = encode(ns);

	if (s->n < SKETCH_EXACT) {
		s->exact_ns[s->n++] = v;
		return;
	}
	if (s->n == SKETCH_EXACT)
		to_histogram(s);
	if (s->n != UINT32_MAX)
		s->n++;
	bucket_add(s, v);
}

/* Put the samples in order; how many there are is returned. */
static unsigned
exact_sort(const struct sketch *s, uint32_t v[static SKETCH_EXACT])
{
	for (unsigned i = 0; i < s->n; i++) {
		unsigned j = i;

		for (; j > 0 && v[j - 1] > s->exact_ns[i]; j--)
			v[j] = v[j - 1];
		v[j] = s->exact_ns[i];
	}
	return s->n;
}

/* Of n > 0 samples in order. */
static int64_t
exact_quantile(const uint32_t *v, unsigned n, double q)
{
	unsigned at = (unsigned)(q * n);	/* nearest rank, the upper of two */

	return decode(v[at < n ? at : n - 1]);
}

static int64_t
histogram_quantile(const struct sketch *s, uint64_t total, double q)
{
	double want = q * (double)total, below = 0;

	for (unsigned i = 0; i < SKETCH_BUCKETS; i++) {
		double here = s->h.bucket[i];

		if (here > 0 && below + here >= want) {
			double min = (double)decode(s->h.min_ns);
			double max = (double)decode(s->h.max_ns);
			double lo = bucket_edge(i), hi = i + 1 < SKETCH_BUCKETS ?
			    bucket_edge(i + 1) : max;

			if (lo < min)
				lo = min;
			if (hi > max)
				hi = max;
			if (hi < lo)
				hi = lo;
			return (int64_t)(lo + (hi - lo) * (want - below) / here);
		}
		below += here;
	}
	return decode(s->h.max_ns);
}

static uint64_t
histogram_total(const struct sketch *s)
{
	uint64_t total = 0;

	for (unsigned i = 0; i < SKETCH_BUCKETS; i++)
		total += s->h.bucket[i];
	return total;
}

int64_t
sketch_quantile(const struct sketch *s, double q)
{
	uint32_t v[SKETCH_EXACT];

	if (s->n == 0)
		return 0;
	if (s->n <= SKETCH_EXACT)
		return exact_quantile(v, exact_sort(s, v), q);
	return histogram_quantile(s, histogram_total(s), q);
}

struct sketch_pair
sketch_pair(const struct sketch *s)
{
	uint32_t v[SKETCH_EXACT];
	uint64_t total;
	unsigned n;

	if (s->n == 0)
		return (struct sketch_pair){ 0, 0 };
	if (s->n <= SKETCH_EXACT) {
		n = exact_sort(s, v);
		return (struct sketch_pair){ exact_quantile(v, n, 0.50),
		    exact_quantile(v, n, 0.99) };
	}
	total = histogram_total(s);
	return (struct sketch_pair){ histogram_quantile(s, total, 0.50),
	    histogram_quantile(s, total, 0.99) };
}

void
sketch_merge(struct sketch *into, const struct sketch *from)
{
	if (from->n <= SKETCH_EXACT) {
		for (unsigned i = 0; i < from->n; i++)
			sketch_add(into, decode(from->exact_ns[i]));
		return;
	}
	if (into->n <= SKETCH_EXACT) {
		struct sketch small = *into;

		*into = *from;
		sketch_merge(into, &small);
		return;
	}
	for (unsigned i = 0; i < SKETCH_BUCKETS; i++) {
		unsigned sum = into->h.bucket[i] + from->h.bucket[i];

		into->h.bucket[i] = (uint8_t)(sum > UINT8_MAX ? UINT8_MAX : sum);
	}
	if (from->h.min_ns < into->h.min_ns)
		into->h.min_ns = from->h.min_ns;
	if (from->h.max_ns > into->h.max_ns)
		into->h.max_ns = from->h.max_ns;
	into->n = into->n > UINT32_MAX - from->n ? UINT32_MAX : into->n + from->n;
}
