/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * documents.c - node state and its changes as deflated documents, cut into
 * blocks.
 */
#include <errno.h>
#include <stdlib.h>

#include <zlib.h>

#include "capture/record/blocks.h"
#include "capture/record/format.h"
#include "capture/state.h"

/* Shorter documents stay as they are: there is nothing to win. */
#define PLAIN_MAX	1024
/* A state of a large node is 20 MB, written while packets wait. */
#define DEFLATE_LEVEL	3

#define PART_ROOM	(RECORD_BLOCK_MAX - RECORD_BODY_LEN - 64)

struct document {
	struct bytes_out *out;
	uint16_t	 kind;
	struct nstime	 ts;
	uint32_t	 part;
	z_stream	 z;
	bool		 deflating;
	size_t		 n;		/* bytes in `room` behind the number */
	uint8_t		*room;		/* PART_ROOM */
};

static void
part_put(struct document *d, bool more)
{
	unsigned flags = more ? RECORD_MORE : 0;

	if (d->deflating)
		flags |= RECORD_DEFLATE;
	le32_to(d->room, d->part++);
	put_own(d->out, d->kind, (uint16_t)flags, d->ts, d->room,
	    RECORD_PART_LEN + d->n);
	d->n = 0;
}

static int
deflate_some(struct document *d, const uint8_t *p, size_t n, int how)
{
	uint8_t *copy = NULL;
	int rc = 0, z;

	/* zlib takes what it does not change as not const */
	memcpy(&copy, &p, sizeof(copy));
	d->z.next_in = copy;
	d->z.avail_in = (uInt)n;
	do {
		size_t room = PART_ROOM - RECORD_PART_LEN - d->n;

		d->z.next_out = d->room + RECORD_PART_LEN + d->n;
		d->z.avail_out = (uInt)room;
		z = deflate(&d->z, how);
		d->n += room - d->z.avail_out;
		if (z == Z_STREAM_ERROR)
			rc = -ENOMEM;
		else if (d->z.avail_out == 0)
			part_put(d, true);
	} while (rc == 0 && z != Z_STREAM_END &&
	    (how == Z_FINISH || d->z.avail_in > 0));
	return rc;
}

static int
document_sink(void *arg, const char *p, size_t n)
{
	struct document *d = arg;
	const uint8_t *bytes = (const void *)p;
	uint8_t head[PLAIN_MAX];
	size_t had = d->n;

	if (!d->deflating && d->n + n <= PLAIN_MAX) {
		bytes_to(d->room + RECORD_PART_LEN + d->n, p, n);
		d->n += n;
		return 0;
	}
	if (!d->deflating) {
		if (deflateInit(&d->z, DEFLATE_LEVEL) != Z_OK)
			return -ENOMEM;
		d->deflating = true;
		memcpy(head, d->room + RECORD_PART_LEN, had);
		d->n = 0;
		if (deflate_some(d, head, had, Z_NO_FLUSH) != 0)
			return -ENOMEM;
	}
	return deflate_some(d, bytes, n, Z_NO_FLUSH);
}

static int
document_end(struct document *d, int rc)
{
	if (rc == 0 && d->deflating)
		rc = deflate_some(d, NULL, 0, Z_FINISH);
	if (rc == 0)
		part_put(d, false);
	if (d->deflating)
		deflateEnd(&d->z);
	free(d->room);
	return d->out->no_memory ? -ENOMEM : rc;
}

static int
document_begin(struct document *d)
{
	d->room = malloc(PART_ROOM);
	return d->room != NULL ? 0 : -ENOMEM;
}

int
put_state(struct bytes_out *out, const struct state *s, struct nstime ts)
{
	struct document d = { .out = out, .kind = RECORD_STATE, .ts = ts };
	int rc = document_begin(&d);

	if (rc == 0)
		rc = state_write_to(s, document_sink, &d);
	return document_end(&d, rc);
}

int
put_change(struct bytes_out *out, const struct obs_change *c, struct nstime ts)
{
	struct document d = { .out = out, .kind = RECORD_CHANGE, .ts = ts };
	int rc = document_begin(&d);

	if (rc == 0)
		rc = state_change_write_to(c->change, c->since, document_sink, &d);
	return document_end(&d, rc);
}
