/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * record.h - every observation of a run into pcapng, so that reading the file
 * gives the same observations in the same order.
 *
 * Packets, interfaces, names and drop counts stand in the blocks that every
 * reader of pcapng knows (draft-ietf-opsawg-pcapng); state, changes, conntrack
 * and ticks in blocks for local use (section 3.1), which others pass over.  The
 * format is described in capture/record/format.h.
 *
 * Files are named and rotated as tcpdump does: NAME, NAME1, NAME2 ... with
 * rotate_bytes; NAME0 to NAME9 over and over with rotate_files = 10 too; NAME
 * through strftime(3) with rotate_s, and then rotate_files ends the recording
 * (record_at_limit()).  An existing file is overwritten.  A file that is not the
 * first of its run is complete in itself: interfaces, state and conntrack as they
 * are when it begins.
 *
 * A ring writes NAME, then NAME1 ..., and never over a file that exists; what was
 * written is no more in the ring.
 */
#ifndef CAPTURE_RECORD_H
#define CAPTURE_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "decode/obs.h"

struct record;
struct flow;

#define RECORD_ERROR_MAX	512

struct record_config {
	const char	*path;		/* "-": standard output */
	uint64_t	 rotate_bytes;	/* -C; 0: never */
	uint32_t	 rotate_s;	/* -G; 0: never */
	uint32_t	 rotate_files;	/* -W; 0: no limit */
	uint32_t	 ring_s;	/* --ring: keep this in memory, write when told; 0 */
	uint64_t	 ring_bytes;	/* and no more than this; 0: 256 MiB */
	uint64_t	 max_bytes;	/* stop cleanly when so much was written; 0 */
	uint32_t	 snaplen;
	/* A comment for a packet, or NULL: asked when it is written; the text is
	   copied.  NULL: no comments.  Packets are held back up to 1 s for it. */
	const char	*(*comment)(void *arg, const struct obs *);
	void		*comment_arg;
	/* For a file that does not begin with the run (rotation, ring): what is in
	   force at ts.  The state is ready; entries are told one by one. */
	const struct state *(*state)(void *arg, struct nstime ts);
	void		 (*entries)(void *arg, void (*cb)(void *cb_arg,
			    const struct obs *), void *cb_arg);
	void		*now_arg;
};

/* NULL with `error` filled.  Copies the config and its path. */
struct record	*record_open(const struct record_config *, char error[static RECORD_ERROR_MAX]);
/* In the order in which the tracer gets them, and each before the tracer gets it.
   False: nothing more can be written (record_error()): what was written is a
   readable file. */
bool		 record_observe(struct record *, const struct obs *);
/* Write the ring (--ring) to the next file; false as above. */
bool		 record_flush_ring(struct record *, struct nstime now);
/* The end: what was held back, statistics of interfaces; false as above. */
bool		 record_close(struct record *, char error[static RECORD_ERROR_MAX]);
/* "" when nothing went wrong, and when nobody reads standard output any more
   (EPIPE: no signal is raised); the limits are told here too. */
const char	*record_error(const struct record *);
bool		 record_at_limit(const struct record *);
uint64_t	 record_bytes(const struct record *);
unsigned	 record_files(const struct record *);

#endif
