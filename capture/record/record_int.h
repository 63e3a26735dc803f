/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * record_int.h - a recording and its parts: record.c takes observations,
 * items.c writes what is due, rotate.c begins and ends files.
 */
#ifndef CAPTURE_RECORD_INT_H
#define CAPTURE_RECORD_INT_H

#include <limits.h>

#include "capture/record.h"
#include "capture/record/blocks.h"
#include "capture/record/file.h"
#include "capture/record/queue.h"

struct rec_iface {
	struct obs_iface iface;		/* its name is `name` */
	char		*name;
	struct nstime	 ts;
	bool		 described;
	bool		 used;		/* by what is in the ring */
	bool		 later;		/* its description is in the ring */
	uint32_t	 file;		/* `id` is of this file; 0: of none */
	uint32_t	 id;
	uint64_t	 packets;	/* in this file */
};

struct record {
	struct record_config cfg;
	char		*path;
	struct out_file	 file;
	uint64_t	 run;
	uint32_t	 n_files;	/* begun; that of the current one is n_files */
	uint32_t	 n_ids;		/* interfaces in this file */
	struct rec_iface *ifaces;	/* by number */
	uint32_t	 n_ifaces, room_ifaces;
	uint64_t	 lost_kernel, lost_interface;	/* in this file */
	struct nstime	 last;		/* written to this file */

	/* names of files */
	uint32_t	 count;		/* -C, or the ring's */
	uint32_t	 turns;		/* of -G */
	bool		 has_turn;
	struct nstime	 turn;		/* when -G turned last */

	/* conntrack entries that follow each other, not yet a block */
	struct bytes_out ct;
	struct nstime	 ct_ts;
	uint8_t		 ct_flags;
	bool		 in_dump;	/* of what is in the file */
	struct nstime	 dump_ts;

	struct bytes_out scratch;
	struct queue	 queue;		/* held back, or the ring */
	bool		 hold, ring;
	bool		 cut;		/* something of the run is no more in the ring */
};

/* record.c: entries become a block; false when nothing more can be written. */
bool	record_settle(struct record *);

/* items.c.  All: false when nothing more can be written. */
bool	item_write(struct record *, const struct item *, const uint8_t *bytes);
bool	packet_write(struct record *, const struct obs *);
bool	scratch_put(struct record *);	/* what is in `scratch`, which is then empty */

/* rotate.c */
bool	rotate_when_due(struct record *, struct nstime);
bool	rotate_first(struct record *, char error[static RECORD_ERROR_MAX]);
bool	file_begin(struct record *, const char *path, bool only_new);
bool	file_head(struct record *, uint16_t how, struct nstime);
void	file_tail(struct record *);
bool	iface_write(struct record *, uint32_t number);
/* The name of a file as tcpdump makes it. */
void	name_make(const struct record *, struct nstime, uint32_t count, unsigned digits,
	    char out[static PATH_MAX]);

/* ring.c */
void	ring_trim(struct record *, struct nstime now);

#endif
