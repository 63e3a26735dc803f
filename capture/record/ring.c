/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ring.c - the last seconds in memory, written when something happened.
 */
#include <stdio.h>

#include "capture/record/format.h"
#include "capture/record/record_int.h"

#define RING_BYTES	((uint64_t)256 << 20)
#define RING_FILES_MAX	1000000	/* names that are tried */

void
ring_trim(struct record *r, struct nstime now)
{
	uint64_t most = r->cfg.ring_bytes ? r->cfg.ring_bytes : RING_BYTES;
	int64_t keep_ns = r->cfg.ring_s * NS_PER_SEC;
	const struct item *i;

	while ((i = queue_first(&r->queue)) != NULL) {
		if (r->queue.bytes <= most && nstime_diff_ns(now, i->ts) <= keep_ns)
			break;
		queue_pop(&r->queue);
		r->cut = true;
	}
}

/* Interfaces that the ring needs, and those that it describes itself. */
static bool
look_at_item(void *arg, const struct item *i)
{
	struct record *r = arg;
	uint32_t number;

	if (i->kind == ITEM_PACKET) {
		memcpy(&number, i->bytes + PACKET_ID_AT, sizeof(number));
		r->ifaces[number].used = true;
	} else if (i->kind == ITEM_IFACE) {
		memcpy(&number, i->bytes, sizeof(number));
		r->ifaces[number].later = true;
	}
	return true;
}

struct flushing {
	struct record	*r;
	bool		 skip;		/* the rest of a dump whose beginning is gone */
};

static bool
flush_item(void *arg, const struct item *i)
{
	struct flushing *f = arg;

	if (i->kind == ITEM_CT && (i->flags & CT_DUMP)) {
		f->skip = f->skip && !(i->flags & CT_DUMP_FIRST);
		if (f->skip)
			return true;
	}
	return item_write(f->r, i, i->bytes);
}

/* The next name that no file has. */
static bool
ring_file(struct record *r)
{
	char name[PATH_MAX];

	for (; r->count < RING_FILES_MAX; r->count++) {
		name_make(r, (struct nstime){ 0 }, r->count, 0, name);
		if (file_begin(r, name, strcmp(name, "-") != 0)) {
			if (strcmp(name, "-") != 0)
				r->count++;
			return true;
		}
		if (r->file.stopped)
			return false;
	}
	return file_stop(&r->file, "%s: there are %d files of that name with a "
	    "number already", r->path, RING_FILES_MAX);
}

/* The queue as a whole, whose batch of entries is closed. */
static bool
ring_write(struct record *r)
{
	const struct item *first = queue_first(&r->queue);
	struct flushing f = { .r = r, .skip = r->cut };

	for (uint32_t i = 0; i < r->n_ifaces; i++)
		r->ifaces[i].used = r->ifaces[i].later = false;
	queue_each(&r->queue, look_at_item, r);
	if (!ring_file(r) ||
	    !file_head(r, r->cut ? RECORD_RING : RECORD_FIRST, first->ts))
		return false;
	queue_each(&r->queue, flush_item, &f);
	file_tail(r);
	return !r->file.stopped;
}

bool
record_flush_ring(struct record *r, struct nstime now)
{
	bool ok;

	if (!r->ring || !record_settle(r))
		return !r->file.stopped;
	ring_trim(r, now);
	if (queue_first(&r->queue) == NULL)
		return !r->file.stopped;
	ok = ring_write(r);
	while (queue_first(&r->queue) != NULL)
		queue_pop(&r->queue);
	r->cut = true;
	return ok;
}
