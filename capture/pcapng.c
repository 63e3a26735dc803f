/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pcapng.c - the frame of pcapng blocks: draft-ietf-opsawg-pcapng section 3.
 *
 * Blocks are parsed where they lie in the window, which keeps the block whose
 * packet was handed out until the next call.
 */
#include "capture/pcapng.h"

#include <endian.h>
#include <inttypes.h>
#include <stdlib.h>

#include "capture/ng_block.h"
#include "capture/record/format.h"

#define BYTE_ORDER_MAGIC	0x1a2b3c4d

/* Options of a packet beyond this, in a block that the file ends in, are
   taken for a block length that lies. */
#define CUT_OPTIONS_MAX		4096

/* Could the block whose first `have` bytes are there be a sound packet? */
static bool
is_sound_packet(struct pcapng *p, const struct block *b, size_t have)
{
	uint32_t limit = READING_CAPLEN_MAX, snaplen, caplen, i;

	if (have < BLOCK_HDR_LEN + PACKET_FIXED)
		return b->len <= limit + CUT_OPTIONS_MAX;
	if (b->type == BT_SPB)
		return b->len <= pad4(limit) + 4 + BLOCK_OVERHEAD;
	i = b->type == BT_PB ? get_u16(p, b->body) : get_u32(p, b->body);
	if (i >= p->ifs.n)
		return false;
	snaplen = p->ifs.iface[i].snaplen;
	if (snaplen && snaplen < limit)
		limit = snaplen;
	caplen = get_u32(p, b->body + 12);
	if (caplen > limit)
		return false;
	caplen = pad4(caplen) + PACKET_FIXED + BLOCK_OVERHEAD;
	return caplen <= b->len && b->len - caplen <= CUT_OPTIONS_MAX;
}

/* A recording that was killed ends anywhere. */
static bool
is_recorded(const struct pcapng *p, const struct block *b,
    const struct block_row *row)
{
	if (row && row->packet)
		return false;
	return (p->own.ours || b->type == RECORD_BLOCK) &&
	    b->len <= RECORD_BLOCK_MAX;
}

/* The input did not give the whole block: say why. */
static enum handled
block_cut(struct pcapng *p, const struct block *b, const struct block_row *row,
    uint64_t have)
{
	const char *error = p->w.bytes.error(p->w.bytes.arg);
	bool packet = row && row->packet;

	if (error || p->w.no_memory)
		return ng_bad(p, "%s", error ? error : "out of memory");
	if (packet && is_sound_packet(p, b, (size_t)have))
		reading_report(p->rd, SRC_CUT, p->w.offset, p->rd->packets + 1,
		    "the file ends inside the packet's block: found %" PRIu64
		    " bytes, expected %" PRIu32, have, b->len);
	else if (is_recorded(p, b, row))
		reading_report(p->rd, SRC_CUT, b->offset, 0, "the file ends inside "
		    "a block: found %" PRIu64 " bytes, expected %" PRIu32, have,
		    b->len);
	else
		reading_report(p->rd, SRC_BAD, b->offset, packet ?
		    p->rd->packets + 1 : 0, "found a block length of %" PRIu32
		    " bytes, expected at most the %" PRIu64 " to the end of "
		    "the file", b->len, have);
	return BLOCK_BAD;
}

/* Nothing but a whole block may be missing at the end. */
static int
input_ended(struct pcapng *p)
{
	const char *error = p->w.bytes.error(p->w.bytes.arg);
	size_t have = window_have(&p->w);

	if (error)
		return ng_bad(p, "%s", error);
	if (have)
		reading_report(p->rd, p->in_section ? SRC_CUT : SRC_BAD,
		    p->w.offset, 0, "the file ends inside a block header: "
		    "found %zu bytes, expected %d", have, BLOCK_HDR_LEN);
	return have ? -1 : 0;
}

/* The byte order of a section is that of its magic number. */
static enum handled
section_order(struct pcapng *p)
{
	uint32_t magic;

	if (!window_want(&p->w, BLOCK_OVERHEAD)) {
		const char *error = p->w.bytes.error(p->w.bytes.arg);

		return ng_bad(p, "%s", error ? error :
		    "the file ends inside a section header block");
	}
	memcpy(&magic, window_at(&p->w) + BLOCK_HDR_LEN, sizeof(magic));
	p->swap = magic == __builtin_bswap32(BYTE_ORDER_MAGIC);
	if (!p->swap && magic != BYTE_ORDER_MAGIC)
		return ng_bad(p, "found byte-order magic %08" PRIx32
		    ", expected %08x", be32toh(magic), BYTE_ORDER_MAGIC);
	return BLOCK_DONE;
}

/* 1: *b is the next block as its header says; 0: the end; -1: reported. */
static int
block_header(struct pcapng *p, struct block *b)
{
	const uint8_t *at;
	uint32_t type;

	if (!window_want(&p->w, BLOCK_HDR_LEN))
		return input_ended(p);
	memcpy(&type, window_at(&p->w), sizeof(type));
	if (type == BT_SHB && section_order(p) < 0)
		return -1;
	at = window_at(&p->w);
	b->type = get_u32(p, at);
	b->len = get_u32(p, at + 4);
	b->offset = p->w.offset;
	if (b->type != BT_SHB && !p->in_section)
		return ng_bad(p, "found a block of type 0x%" PRIx32 ", expected a "
		    "section header block", b->type);
	if (b->len < BLOCK_OVERHEAD || b->len % 4)
		return ng_bad(p, "found a block length of %" PRIu32 " bytes, "
		    "expected a multiple of 4, at least %d", b->len,
		    BLOCK_OVERHEAD);
	return 1;
}

static enum handled
check_trailer(struct pcapng *p, const struct block *b, const uint8_t *at)
{
	uint32_t again = get_u32(p, at);

	if (again != b->len) {
		reading_report(p->rd, SRC_BAD, b->offset, 0, "found a length of "
		    "%" PRIu32 " bytes at the end of the block, expected the %"
		    PRIu32 " of its beginning", again, b->len);
		return BLOCK_BAD;
	}
	return BLOCK_DONE;
}

static enum handled
block_skip(struct pcapng *p, const struct block *b)
{
	uint64_t have;

	if (!window_skip(&p->w, b->len - 4) || !window_want(&p->w, 4)) {
		have = p->w.offset + window_have(&p->w) - b->offset;
		return block_cut(p, b, NULL, have);
	}
	if (check_trailer(p, b, window_at(&p->w)) < 0)
		return BLOCK_BAD;
	window_drop(&p->w, 4);
	return BLOCK_DONE;
}

static enum handled
block_read(struct pcapng *p, struct block *b, struct obs *o)
{
	const struct block_row *row = block_row_find(b->type);
	enum handled h;

	if (!row || (row->own && !ng_own_is(p, b)))
		return block_skip(p, b);
	if (b->len < row->body_min + BLOCK_OVERHEAD)
		return ng_bad(p, "found %s block of %" PRIu32 " bytes, expected "
		    "at least %" PRIu32, row->name, b->len,
		    row->body_min + BLOCK_OVERHEAD);
	if (b->len > PCAPNG_BLOCK_MAX)
		return ng_bad(p, "found %s block of %" PRIu32 " bytes, expected "
		    "at most %d", row->name, b->len, PCAPNG_BLOCK_MAX);
	if (!window_want(&p->w, b->len)) {
		b->body = window_at(&p->w) + BLOCK_HDR_LEN;
		return block_cut(p, b, row, window_have(&p->w));
	}
	b->body = window_at(&p->w) + BLOCK_HDR_LEN;
	b->body_len = b->len - BLOCK_OVERHEAD;
	if (check_trailer(p, b, b->body + b->body_len) < 0)
		return BLOCK_BAD;
	h = row->read(p, b, o);
	/* The observation borrows from the block until the next call. */
	if (h == BLOCK_OBS)
		p->take = b->len;
	else if (h == BLOCK_DONE)
		window_drop(&p->w, b->len);
	return h;
}

struct pcapng *
pcapng_new(struct window_bytes bytes, struct reading *rd)
{
	struct pcapng *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->rd = rd;
	if (!window_init(&p->w, bytes)) {
		free(p);
		return NULL;
	}
	return p;
}

void
pcapng_free(struct pcapng *p)
{
	if (!p)
		return;
	ng_own_forget(p);
	ng_own_fini(&p->own);
	ng_ifaces_fini(&p->ifs);
	window_fini(&p->w);
	free(p);
}

int
pcapng_next(struct pcapng *p, struct obs *o)
{
	enum handled h;
	struct block b;

	window_drop(&p->w, p->take);
	p->take = 0;
	ng_own_forget(p);
	while (!p->ended) {
		if (block_header(p, &b) <= 0)
			break;
		/* Names of interfaces depend on how many there are. */
		if (b.type != BT_IDB && ng_announce_next(&p->ifs, p->rd, o))
			return 1;
		h = block_read(p, &b, o);
		if (h == BLOCK_OBS || h == BLOCK_AGAIN)
			return 1;
		if (h == BLOCK_BAD)
			break;
	}
	if (!p->ended)
		ng_own_end(p);
	p->ended = true;
	return ng_announce_next(&p->ifs, p->rd, o);
}
