/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * recording.h - what -w and its options ask for, beside a live run.
 *
 * A recording gets what the tracer gets, in the same order, so that it tells
 * the same.
 */
#ifndef UI_RECORDING_H
#define UI_RECORDING_H

#include <stdbool.h>

#include "capture/record.h"
#include "decode/flow.h"
#include "decode/tracer.h"
#include "ui/live/annotate.h"

struct options;

struct recording {
	const struct options *options;
	struct tracer	*tracer;	/* for comments, and what is in force */
	struct record	*record;	/* NULL: nothing is recorded */
	struct flow	 flow;		/* of a comment */
	char		 comment[ANNOTATE_MAX];
	bool		 ring_wanted;	/* a finding of --ring-on appeared */
	struct nstime	 ring_written;	/* when last; 0: never */
	uint64_t	 bytes;		/* when it was closed */
	unsigned	 files;
};

/* Do the options fit together?  False after a message. */
bool	recording_options_fit(const struct options *);
/* Are there files to be opened later, by whom rights_drop() made us? */
bool	recording_goes_on(const struct options *);
/* Nothing without -w.  False after a message. */
bool	recording_open(struct recording *, const struct options *, struct tracer *);
/* False: nothing more can be written; what came before stays. */
bool	recording_observe(struct recording *, const struct obs *);
/* Was it a flow that --ring-on asks for? */
void	recording_flow(struct recording *, const struct flow *);
/* Write the ring if it is wanted, no more often than it is long. */
bool	recording_tick(struct recording *, struct nstime now);
/* Write the ring now. */
bool	recording_ring(struct recording *, struct nstime now);
/* False, after a message, when something went wrong before or now; the limit of
   --max-size and a reader that went away are told, but are not wrong. */
bool	recording_close(struct recording *, struct nstime now);

#endif
