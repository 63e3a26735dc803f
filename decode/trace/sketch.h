/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sketch.h - quantiles of durations in 48 bytes.
 *
 * The first SKETCH_EXACT samples are kept as they are, so that short flows
 * give exact values.  After that the space becomes a histogram with two
 * buckets an octave from 1 us to about 0.26 s; a quantile is then read by
 * interpolation inside its bucket and lies within about 15 % of the truth,
 * and always between the smallest and the largest sample.
 */
#ifndef DECODE_SKETCH_H
#define DECODE_SKETCH_H

#include <stdint.h>

#define SKETCH_EXACT	11
#define SKETCH_BUCKETS	36

struct sketch {
	uint32_t	n;		/* samples; stops at UINT32_MAX */
	union {
		uint32_t	exact_ns[SKETCH_EXACT];	/* while n <= SKETCH_EXACT */
		struct {
			uint32_t	min_ns, max_ns;
			uint8_t		bucket[SKETCH_BUCKETS];
		} h;
	};
};

/* A sample; negative counts as 0.  Beyond 2.1 s it is kept to about a microsecond,
   and beyond 36 minutes as that.  An all-zero sketch is empty. */
void	sketch_add(struct sketch *, int64_t ns);
/* The value below which the fraction q (0..1) of the samples lies; 0 if none. */
int64_t	sketch_quantile(const struct sketch *, double q);
/* The same for one half and 99 of 100, with one look at the sketch. */
struct sketch_pair { int64_t p50_ns, p99_ns; };
struct sketch_pair sketch_pair(const struct sketch *);
/* Add the samples of `from`; its buckets keep their resolution. */
void	sketch_merge(struct sketch *into, const struct sketch *from);

#endif
