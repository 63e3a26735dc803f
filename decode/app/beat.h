/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * beat.h - is there a regular beat in a series of moments, and which of them are
 * on it?  For decode/app/ only.
 *
 * A run of moments at like intervals is a beat; so is a comb among others that
 * fall where they like, when it is too exact and too long to be chance.  Once a
 * beat is known it goes on through moments that are missing, and others beside
 * it neither belong to it nor end it.
 */
#ifndef DECODE_BEAT_H
#define DECODE_BEAT_H

#include <stdbool.h>
#include <stdint.h>

#define BEAT_KEPT	256	/* moments of a known beat; the oldest go */
#define BEAT_TRIED	64	/* while none is known */

/* An interval may be off by this share of their median, or so long. */
#define BEAT_SHARE	15	/* percent */
#define BEAT_SLACK_NS	(INT64_C(200) * 1000 * 1000)

struct beat_rule {
	unsigned	least;		/* moments that make a beat */
	int64_t		min_ns, max_ns;	/* its period */
	bool		whole;		/* ... of whole seconds */
	double		chance;		/* least likely to be chance: 1 asks for nothing */
};

struct stroke {
	int64_t		ns;
	bool		on;		/* of the beat */
};

struct beat {
	struct stroke	*v;		/* in order of time */
	unsigned	n, room;
	bool		known;		/* there is a beat */
	bool		others;		/* there was a moment that is not of it */
	int64_t		first_ns;	/* the first moment of the known beat */
	int64_t		period_ns, slack_ns;
};

/* False when there is no memory: the moment is not kept. */
bool	beat_add(struct beat *, const struct beat_rule *, int64_t ns);
/* Is this moment on the beat?  foresee: also one that was not added, where the
   beat would fall. */
bool	beat_has(const struct beat *, int64_t ns, bool foresee);
/* Is there another moment a period from this one?  For a beat known elsewhere. */
bool	beat_pairs(const struct beat *, int64_t ns, int64_t period_ns);
void	beat_fini(struct beat *);

#endif
