/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * clock.h - how far apart the clocks of several captures are.
 *
 * Feed the fingerprints of every file, then solve.  A packet that two files
 * hold gives the difference of their clocks, give or take its transit time; a
 * difference on which enough packets agree is believed.  What is believed:
 *
 * - packets agree when their differences lie within CLOCK_WINDOW_NS;
 * - a strong fingerprint (random by protocol) counts 3, any other 1; 3 are
 *   needed, and twice as many as any other difference can show;
 * - a fingerprint that a file holds again after CLOCK_SAME_NS says nothing;
 *   sooner it is the same packet at another interface, and the first counts;
 * - a difference of less than CLOCK_TRANSIT_NS is transit time, not a
 *   difference of clocks: the files keep their times.
 *
 * One number per file cannot follow clocks that drift apart while they are
 * captured: of such files the most frequent difference is taken.
 */
#ifndef DECODE_CLOCK_H
#define DECODE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "decode/nstime.h"

#define CLOCK_WINDOW_NS		(10 * NS_PER_MSEC)
#define CLOCK_SAME_NS		(50 * NS_PER_MSEC)
#define CLOCK_TRANSIT_NS	(1 * NS_PER_MSEC)

/* Fingerprints kept, 16 bytes each.  Beyond it, all files keep the same part
   of them, chosen by the fingerprint. */
#define CLOCK_KEEP_FILE		(256u * 1024)
#define CLOCK_KEEP_ALL		(512u * 1024)

struct clocks;

/* One file as solved. */
struct clock_shift {
	int64_t		shift_ns;	/* add to its times to have the reference's */
	unsigned	reference;	/* the first file that it could be related
					   to by way of any others; its own number
					   when there is none before it */
	bool		aligned;	/* related to at least one other file */
	unsigned	pairs;		/* packets that agreed, with the file that
					   tied it to the others best */
	unsigned	clock;		/* first file with the same clock */
};

/* NULL only when there is no memory. */
struct clocks	*clock_new(unsigned n_files);
void		 clock_free(struct clocks *);	/* NULL is fine */
void		 clock_add(struct clocks *, unsigned file, uint64_t fingerprint,
		    struct nstime, bool strong);
/* Fill out[n_files]; false when there is no memory (then nothing is aligned).
   May be called once. */
bool		 clock_solve(struct clocks *, struct clock_shift *out);

#endif
