/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * queue.h - what waits to be written, or to be forgotten: items of any length
 * with their times, first in, first out.
 */
#ifndef CAPTURE_RECORD_QUEUE_H
#define CAPTURE_RECORD_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decode/nstime.h"

enum item_kind {
	ITEM_BLOCKS,
	ITEM_PACKET,		/* a packet block, with the interface's number */
	ITEM_IFACE,		/* the number of one that is described here */
	ITEM_TICK, ITEM_LOSS, ITEM_CT,
};

/* Of a batch of conntrack entries. */
enum item_flag {
	CT_DUMP = 1 << 0,	/* part of a dump */
	CT_DUMP_FIRST = 1 << 1, CT_DUMP_LAST = 1 << 2,
};

struct item {
	struct nstime	 ts;
	uint32_t	 n;		/* bytes */
	uint8_t		 kind, flags;
	_Alignas(8) uint8_t bytes[];
};

struct queue_chunk;

struct queue {
	struct queue_chunk *first, *last, *spare;
	uint64_t	 bytes;		/* of the items that are in it */
};

/* Room for an item, to be filled at once; NULL without memory. */
struct item	*queue_push(struct queue *, size_t n);
struct item	*queue_first(const struct queue *);	/* NULL: empty */
void		 queue_pop(struct queue *);
/* From the first to the last; false of `each` ends it. */
bool		 queue_each(const struct queue *, bool (*each)(void *arg,
		    const struct item *), void *arg);
void		 queue_free(struct queue *);

#endif
