/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * items.c - what is due goes to the file.
 */
#include <endian.h>

#include "capture/record/format.h"
#include "capture/record/record_int.h"

#define LOSS_AT		(8 + RECORD_BODY_LEN)

bool
scratch_put(struct record *r)
{
	struct bytes_out *b = &r->scratch;
	bool ok;

	if (b->no_memory)
		ok = file_stop(&r->file, "%s: out of memory", r->path);
	else
		ok = file_put(&r->file, b->p, b->n);
	b->n = 0;
	b->no_memory = false;
	return ok;
}

/* The interface's number in the file, which it may have to be described in. */
static bool
iface_id(struct record *r, uint32_t number, struct rec_iface **out)
{
	struct rec_iface *i = &r->ifaces[number];

	if (i->file != r->n_files && !iface_write(r, number))
		return false;
	*out = i;
	return true;
}

bool
packet_write(struct record *r, const struct obs *o)
{
	const char *comment = NULL;
	struct rec_iface *i;
	size_t size, len = 0;
	uint8_t *at;

	if (!iface_id(r, o->packet.number, &i))
		return false;
	if (r->cfg.comment != NULL)
		comment = r->cfg.comment(r->cfg.comment_arg, o);
	if (comment != NULL)
		len = strnlen(comment, COMMENT_MAX);
	/* not within a character of UTF-8 */
	while (len == COMMENT_MAX && ((uint8_t)comment[len] & 0xc0) == 0x80)
		len--;
	size = packet_size(&o->packet, len);
	at = file_room(&r->file, size);
	if (at == NULL && r->file.stopped)
		return false;
	if (at == NULL) {
		/* longer than the buffer */
		at = out_more(&r->scratch, size);
		if (at != NULL)
			packet_to(at, size, i->id, o->ts, &o->packet, comment, len);
		if (!scratch_put(r))
			return false;
	} else {
		packet_to(at, size, i->id, o->ts, &o->packet, comment, len);
		file_took(&r->file, size);
	}
	i->packets++;
	r->last = o->ts;
	return true;
}

static bool
packet_item(struct record *r, const uint8_t *bytes)
{
	struct obs o;

	packet_from(bytes, &o, 0);
	o.packet.linktype = r->ifaces[o.packet.number].iface.linktype;
	return packet_write(r, &o);
}

static void
count_loss(struct record *r, const uint8_t *block)
{
	uint64_t v[2];

	memcpy(v, block + LOSS_AT, sizeof(v));
	r->lost_kernel += le64toh(v[0]);
	r->lost_interface += le64toh(v[1]);
}

static bool
ct_item(struct record *r, const struct item *i, const uint8_t *bytes)
{
	if (i->flags & CT_DUMP_FIRST) {
		r->in_dump = true;
		r->dump_ts = i->ts;
	}
	if (i->flags & CT_DUMP_LAST)
		r->in_dump = false;
	return file_put(&r->file, bytes, i->n);
}

bool
item_write(struct record *r, const struct item *i, const uint8_t *bytes)
{
	uint32_t number;

	if ((i->kind == ITEM_PACKET || i->kind == ITEM_TICK) && !r->ring &&
	    !rotate_when_due(r, i->ts))
		return false;
	switch ((enum item_kind)i->kind) {
	case ITEM_PACKET:
		return packet_item(r, bytes);
	case ITEM_IFACE:
		memcpy(&number, bytes, sizeof(number));
		/* It may stand in the head of the file. */
		return r->ifaces[number].file == r->n_files ||
		    iface_write(r, number);
	case ITEM_TICK:
		r->last = i->ts;
		return file_put(&r->file, bytes, i->n) &&
		    (r->ring || file_flush(&r->file));
	case ITEM_LOSS:
		count_loss(r, bytes);
		break;
	case ITEM_CT:
		return ct_item(r, i, bytes);
	case ITEM_BLOCKS:
		break;
	}
	return file_put(&r->file, bytes, i->n);
}
