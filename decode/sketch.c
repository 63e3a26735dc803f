/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sketch.c - quantiles of durations in 48 bytes; see sketch.h.
 */
#include "decode/sketch.h"

#include <string.h>

#define FIRST_NS	1000u		/* lower edge of bucket 1 */

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
	if (ns >= bucket_edge(i + 1))
		i++;
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
	if (ns < s->h.min_ns)
		s->h.min_ns = ns;
	if (ns > s->h.max_ns)
		s->h.max_ns = ns;
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
	uint32_t v = ns < 0 ? 0 : ns > UINT32_MAX ? UINT32_MAX : (uint32_t)ns;

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

static int64_t
exact_quantile(const struct sketch *s, double q)
{
	uint32_t v[SKETCH_EXACT];
	unsigned n = s->n, at;

	for (unsigned i = 0; i < n; i++) {
		unsigned j = i;

		for (; j > 0 && v[j - 1] > s->exact_ns[i]; j--)
			v[j] = v[j - 1];
		v[j] = s->exact_ns[i];
	}
	at = (unsigned)(q * n);		/* nearest rank, the upper of two */
	return v[at < n ? at : n - 1];
}

int64_t
sketch_quantile(const struct sketch *s, double q)
{
	double want, below = 0;
	uint64_t total = 0;

	if (s->n == 0)
		return 0;
	if (s->n <= SKETCH_EXACT)
		return exact_quantile(s, q);
	for (unsigned i = 0; i < SKETCH_BUCKETS; i++)
		total += s->h.bucket[i];
	want = q * (double)total;
	for (unsigned i = 0; i < SKETCH_BUCKETS; i++) {
		double here = s->h.bucket[i];

		if (here > 0 && below + here >= want) {
			double lo = bucket_edge(i), hi = i + 1 < SKETCH_BUCKETS ?
			    bucket_edge(i + 1) : s->h.max_ns;

			if (lo < s->h.min_ns)
				lo = s->h.min_ns;
			if (hi > s->h.max_ns)
				hi = s->h.max_ns;
			if (hi < lo)
				hi = lo;
			return (int64_t)(lo + (hi - lo) * (want - below) / here);
		}
		below += here;
	}
	return s->h.max_ns;
}

void
sketch_merge(struct sketch *into, const struct sketch *from)
{
	if (from->n <= SKETCH_EXACT) {
		for (unsigned i = 0; i < from->n; i++)
			sketch_add(into, from->exact_ns[i]);
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
