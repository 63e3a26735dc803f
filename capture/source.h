/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * source.h - where observations come from.
 *
 * One struct source per file; a merge puts several in order of time.  A
 * source never prints: when something is wrong it says so in its reports, and
 * what was read before stays valid.
 */
#ifndef CAPTURE_SOURCE_H
#define CAPTURE_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "decode/obs.h"

struct source;

enum source_fault {
	SRC_FINE,
	SRC_CUT,	/* the last packet is cut off: a warning, all before it is good */
	SRC_BAD,	/* not a capture, damaged, unreadable: an error */
};

#define SOURCE_TEXT_MAX	512

/* What went wrong: one line without a newline, naming file and position. */
struct source_report {
	enum source_fault	fault;
	char			text[SOURCE_TEXT_MAX];
};

/* How far a read has come, for progress; 0 total when unknown (a pipe). */
struct source_progress {
	uint64_t	done, total;	/* bytes of the file as stored */
};

/*
 * Open `[NAME=]FILE`: pcap, pcapng, either of them gzipped; "-" is standard
 * input.  When a file of the literal name "NAME=FILE" exists it is meant; a
 * NAME has no slash.  `*number` hands out the obs_iface numbers: share one
 * counter, 0 at first, between the sources of a run and keep it as long as
 * they live, since a pcapng file brings interfaces while it is read.  NULL on
 * failure, with *report filled; the caller closes.
 *
 * NAME replaces the name of the interface; a pcapng file with more than one
 * interface gives "NAME:eth0", or "NAME:2" for one without a name.
 *
 * A recording (capture/record.h) gives the observations of its run: interfaces
 * keep their names ("NAME:eth0" behind the user's), and the states that it tells
 * live until source_close().
 */
struct source	*source_open(const char *spec, uint32_t *number,
		    struct source_report *report);
void		 source_close(struct source *);		/* NULL is fine */

/* 1: *o is the next observation, its pointers valid until the next call.
   0: the end, or nothing more that can be read: look at source_report().  A
   caught signal ends a read that waits, unless its handler has SA_RESTART. */
int		 source_next(struct source *, struct obs *o);

/*
 * The worst report so far (the first of equals); SRC_FINE and no text when
 * there is none.  A link type that is not decoded, time that runs backwards
 * and damage in what a recording adds are reported as SRC_BAD while reading goes
 * on, so there may be several: source_reports() gives all of them, in the order
 * they were found.
 */
const struct source_report *source_report(const struct source *);
unsigned	 source_reports(const struct source *,
		    const struct source_report **first);
struct source_progress source_progress(const struct source *);
/* Would opening the same spec again give the same bytes?  Not with standard
   input and pipes, whose bytes are gone once they are read. */
bool		 source_can_reopen(const struct source *);

/*
 * Several sources as one, in order of time; of equal times the earlier source
 * comes first, and a source whose own times go backwards comes as it is.
 * `shift_ns[i]` is added to every time of source i (NULL: none).  Takes
 * ownership of the sources, also when it fails; the caller's pointers stay
 * good for source_report() and source_progress() until merge_free().
 */
struct merge;

/* NULL only when there is no memory; copies both arrays. */
struct merge	*merge_new(struct source **sources, unsigned n,
		    const int64_t *shift_ns);
/* obs_iface.clock for the interfaces of source i, which is i unless told
   otherwise before the first merge_next(). */
void		 merge_set_clock(struct merge *, unsigned i, uint16_t clock);
void		 merge_free(struct merge *);		/* NULL is fine */
int		 merge_next(struct merge *, struct obs *o);

#endif
