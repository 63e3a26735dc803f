/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ng_block.c - what is in a pcapng block: draft-ietf-opsawg-pcapng sections 3
 * and 4, and draft-tuexen-opsawg-pcapng for the old Packet Block.
 */
#include "capture/ng_block.h"

#include <inttypes.h>
#include <stdarg.h>

#include "capture/record/format.h"
#include "decode/packet.h"

enum option_code {
	OPT_END			= 0,
	OPT_IDB_NAME		= 2,
	OPT_IDB_IPV4		= 4,
	OPT_IDB_IPV6		= 5,
	OPT_IDB_MAC		= 6,
	OPT_IDB_TSRESOL		= 9,
	OPT_IDB_TSOFFSET	= 14,
	OPT_PACKET_FLAGS	= 2,
	OPT_ISB_IFDROP		= 5,
	OPT_ISB_OSDROP		= 7,
	OPT_CUSTOM		= 2989,
};

enum name_record { NAME_END, NAME_IPV4, NAME_IPV6 };

enum handled
ng_bad(struct pcapng *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	reading_vreport(p->rd, SRC_BAD, p->w.offset, 0, fmt, ap);
	va_end(ap);
	return BLOCK_BAD;
}

enum handled
ng_bad_packet(struct pcapng *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	reading_vreport(p->rd, SRC_BAD, p->w.offset, p->rd->packets + 1, fmt,
	    ap);
	va_end(ap);
	return BLOCK_BAD;
}

/* Options, section 3.5 */

struct options {
	const uint8_t	*p, *end;
};

struct option {
	uint16_t	 code, len;
	const uint8_t	*value;
};

/* 1: *o is the next; 0: no more; -1: it does not fit. */
static int
option_next(const struct pcapng *p, struct options *at, struct option *o)
{
	size_t left = (size_t)(at->end - at->p);

	if (left < 4)
		return left ? -1 : 0;
	o->code = get_u16(p, at->p);
	o->len = get_u16(p, at->p + 2);
	o->value = at->p + 4;
	if (o->code == OPT_END)
		return 0;
	if (pad4(o->len) > left - 4)
		return -1;
	at->p += 4 + pad4(o->len);
	return 1;
}

/* Direction of a packet from its flags; damaged options tell nothing, the
   packet before them is good. */
static enum direction
packet_direction(const struct pcapng *p, const uint8_t *at, const uint8_t *end)
{
	static const enum direction by_bits[] = {
		[0] = DIR_UNKNOWN, [1] = DIR_IN, [2] = DIR_OUT,
		[3] = DIR_UNKNOWN,
	};
	struct options opts = { at, end };
	struct option o;

	while (option_next(p, &opts, &o) > 0)
		if (o.code == OPT_PACKET_FLAGS && o.len == 4)
			return by_bits[get_u32(p, o.value) & 3];
	return DIR_UNKNOWN;
}

/* Blocks, sections 4.1 to 4.6 */

static enum handled
shb_read(struct pcapng *p, const struct block *b, struct obs *o)
{
	unsigned major = get_u16(p, b->body + 4);

	(void)o;
	if (major != 1)
		return ng_bad(p, "found pcapng version %u.%u, expected 1", major,
		    get_u16(p, b->body + 6));
	p->in_section = true;
	p->own.ours = false;
	ng_section_start(&p->ifs);
	return BLOCK_DONE;
}

/* Addresses, of recordings alone. */
static void
idb_address(const struct option *o, struct obs_iface *i)
{
	if (o->code == OPT_IDB_MAC && o->len == 6) {
		i->has_mac = true;
		memcpy(i->mac, o->value, 6);
	}
	if (i->n_addrs == OBS_IFACE_ADDRS)
		return;
	if (o->code == OPT_IDB_IPV4 && o->len == 8)
		i->addrs[i->n_addrs++] = addr_from_v4(o->value);
	else if (o->code == OPT_IDB_IPV6 && o->len == 17)
		i->addrs[i->n_addrs++] = addr_from_v6(o->value);
}

static bool
idb_options(struct pcapng *p, const struct block *b, struct ng_desc *d,
    struct ng_recorded *recorded)
{
	struct options opts = { b->body + 8, b->body + b->body_len };
	struct option o;
	int rc;

	while ((rc = option_next(p, &opts, &o)) > 0) {
		idb_address(&o, &recorded->iface);
		if (o.code == OPT_CUSTOM) {
			if (p->own.ours &&
			    ng_own_iface(p, o.value, o.len, d, recorded))
				d->recorded = recorded;
		} else if (o.code == OPT_IDB_NAME && !d->recorded) {
			d->name = (const char *)o.value;
			d->name_len = o.len;
		} else if (o.code == OPT_IDB_TSRESOL && o.len == 1) {
			d->tsresol = o.value[0];
		} else if (o.code == OPT_IDB_TSOFFSET && o.len == 8) {
			d->tsoffset_s = (int64_t)get_u64(p, o.value);
		}
	}
	return rc == 0;
}

static enum handled
idb_read(struct pcapng *p, const struct block *b, struct obs *o)
{
	struct ng_desc d = {
		.linktype = get_u16(p, b->body),
		.snaplen = get_u32(p, b->body + 4),
		.tsresol = NG_TSRESOL_DEFAULT,
	};
	struct ng_recorded recorded = { .run = p->own.run };

	(void)o;
	if (!idb_options(p, b, &d, &recorded))
		return ng_bad(p, "found an option that does not fit in its "
		    "interface description block of %" PRIu32 " bytes", b->len);
	switch (ng_iface_add(&p->ifs, &d)) {
	case NG_ADDED:
		return BLOCK_DONE;
	case NG_TOO_MANY:
		return ng_bad(p, "found more interfaces than the %d that a file "
		    "may have", PCAPNG_IFACES_MAX);
	case NG_NO_MEMORY:
		break;
	}
	return ng_bad(p, "out of memory");
}

static struct ng_iface *
iface_find(struct pcapng *p, uint32_t i)
{
	if (i < p->ifs.n)
		return &p->ifs.iface[i];
	ng_bad_packet(p, "found interface %" PRIu32 ", expected one of the %" PRIu32
	    " that the section has described so far", i, p->ifs.n);
	return NULL;
}

/* Fill *o with a packet of interface i, whose data has `room` bytes. */
static enum handled
packet_fill(struct pcapng *p, struct ng_iface *i, struct obs *o,
    struct nstime ts, const uint8_t *data, uint32_t caplen, uint32_t room)
{
	if (caplen > READING_CAPLEN_MAX)
		return ng_bad_packet(p, "found a captured length of %" PRIu32
		    " bytes, expected at most %d", caplen, READING_CAPLEN_MAX);
	if (caplen > room)
		return ng_bad_packet(p, "found a captured length of %" PRIu32
		    " bytes, expected at most the %" PRIu32 " of its block",
		    caplen, room);
	if (__builtin_expect(!i->has_packets, 0)) {
		i->has_packets = true;
		reading_check_linktype(p->rd, i->linktype, p->w.offset,
		    p->rd->packets + 1);
	}
	o->type = OBS_PACKET;
	o->ts = ts;
	o->packet = (struct obs_packet){
		.number = ng_iface_number(&p->ifs, i),
		.linktype = i->linktype,
		.dir = DIR_UNKNOWN,
		.caplen = caplen,
		.data = data,
	};
	reading_packet(p->rd, ts, p->w.offset);
	return BLOCK_OBS;
}

/* From the time on, the enhanced and the old packet block are the same. */
static enum handled
packet_read(struct pcapng *p, const struct block *b, struct ng_iface *i,
    struct obs *o)
{
	uint64_t ticks = (uint64_t)get_u32(p, b->body + 4) << 32 |
	    get_u32(p, b->body + 8);
	uint32_t caplen = get_u32(p, b->body + 12);
	const uint8_t *data = b->body + PACKET_FIXED;
	const uint8_t *end = b->body + b->body_len;

	if (packet_fill(p, i, o, ng_time(i, ticks), data, caplen,
	    b->body_len - PACKET_FIXED) < 0)
		return BLOCK_BAD;
	o->packet.len = get_u32(p, b->body + 16);
	/* Block lengths are multiples of 4, so the padding is in the block. */
	o->packet.dir = (uint8_t)packet_direction(p, data + pad4(caplen), end);
	return BLOCK_OBS;
}

static enum handled
epb_read(struct pcapng *p, const struct block *b, struct obs *o)
{
	struct ng_iface *i = iface_find(p, get_u32(p, b->body));

	return i ? packet_read(p, b, i, o) : BLOCK_BAD;
}

static enum handled
pb_read(struct pcapng *p, const struct block *b, struct obs *o)
{
	struct ng_iface *i = iface_find(p, get_u16(p, b->body));
	uint16_t drops = get_u16(p, b->body + 2);

	if (!i)
		return BLOCK_BAD;
	/* All ones: not known. */
	if (drops && drops != UINT16_MAX && !p->within) {
		p->within = 1;
		o->type = OBS_LOSS;
		o->ts = p->rd->last;
		o->loss = (struct obs_loss){ .kernel = drops };
		return BLOCK_AGAIN;
	}
	p->within = 0;
	return packet_read(p, b, i, o);
}

static enum handled
spb_read(struct pcapng *p, const struct block *b, struct obs *o)
{
	struct ng_iface *i = iface_find(p, 0);
	uint32_t len = get_u32(p, b->body);
	uint32_t room = b->body_len - 4;
	uint32_t caplen = len;

	if (!i)
		return BLOCK_BAD;
	if (i->snaplen && caplen > i->snaplen)
		caplen = i->snaplen;
	/* It has no time of its own. */
	if (packet_fill(p, i, o, p->rd->last, b->body + 4, caplen, room) < 0)
		return BLOCK_BAD;
	o->packet.len = len;
	return BLOCK_OBS;
}

/* An address and the first of its names, each with a NUL behind it. */
static bool
name_record_read(struct pcapng *p, unsigned type, const uint8_t *rec,
    uint32_t len, struct obs *o)
{
	uint32_t addr_len = type == NAME_IPV4 ? 4 : 16;
	uint32_t n;

	if ((type != NAME_IPV4 && type != NAME_IPV6) || len <= addr_len)
		return false;
	n = len - addr_len;
	if (n > sizeof(p->name) - 1)
		n = sizeof(p->name) - 1;
	memcpy(p->name, rec + addr_len, n);
	p->name[n] = '\0';
	if (!p->name[0])
		return false;
	o->type = OBS_NAME;
	o->ts = p->rd->last;
	o->name = (struct obs_name){
		.addr = type == NAME_IPV4 ? addr_from_v4(rec) :
		    addr_from_v6(rec),
		.name = p->name,
	};
	return true;
}

static enum handled
nrb_read(struct pcapng *p, const struct block *b, struct obs *o)
{
	/* The state of a recording says the same. */
	if (p->own.ours)
		return BLOCK_DONE;
	while (b->body_len - p->within >= 4) {
		const uint8_t *rec = b->body + p->within;
		unsigned type = get_u16(p, rec);
		uint32_t len = get_u16(p, rec + 2);

		if (type == NAME_END)
			break;
		if (pad4(len) > b->body_len - p->within - 4)
			return ng_bad(p, "found a name record of %" PRIu32
			    " bytes that does not fit in its block of %" PRIu32,
			    len, b->len);
		p->within += 4 + pad4(len);
		if (name_record_read(p, type, rec + 4, len, o))
			return BLOCK_AGAIN;
	}
	p->within = 0;
	return BLOCK_DONE;
}

/* How much a counter has grown; one that fell began anew. */
static uint64_t
counter_advance(uint64_t *last, uint64_t now)
{
	uint64_t grown = now >= *last ? now - *last : now;

	*last = now;
	return grown;
}

static enum handled
isb_read(struct pcapng *p, const struct block *b, struct obs *o)
{
	struct options opts = { b->body + 12, b->body + b->body_len };
	struct ng_iface *i = iface_find(p, get_u32(p, b->body));
	struct obs_loss loss = { 0 };
	struct option opt;
	int rc;

	if (!i)
		return BLOCK_BAD;
	/* A recording has told it when it happened. */
	if (p->own.ours)
		return BLOCK_DONE;
	while ((rc = option_next(p, &opts, &opt)) > 0) {
		if (opt.code == OPT_ISB_IFDROP && opt.len == 8)
			loss.interface = counter_advance(&i->ifdrop,
			    get_u64(p, opt.value));
		else if (opt.code == OPT_ISB_OSDROP && opt.len == 8)
			loss.kernel = counter_advance(&i->osdrop,
			    get_u64(p, opt.value));
	}
	if (rc < 0)
		return ng_bad(p, "found an option that does not fit in its "
		    "interface statistics block of %" PRIu32 " bytes", b->len);
	if (!loss.interface && !loss.kernel)
		return BLOCK_DONE;
	o->type = OBS_LOSS;
	o->ts = p->rd->last;
	o->loss = loss;
	return BLOCK_OBS;
}

#define OWN_NAME	"a recording's own"

/* The most frequent first. */
static const struct block_row block_rows[] = {
	{ BT_EPB, 20, true,  false, epb_read, "an enhanced packet" },
	{ RECORD_BLOCK, RECORD_BODY_LEN, false, true, ng_own_read, OWN_NAME },
	{ BT_SPB,  4, true,  false, spb_read, "a simple packet" },
	{ BT_PB,  20, true,  false, pb_read,  "a packet" },
	{ BT_ISB, 12, false, false, isb_read, "an interface statistics" },
	{ BT_NRB,  0, false, false, nrb_read, "a name resolution" },
	{ BT_IDB,  8, false, false, idb_read, "an interface description" },
	{ BT_SHB, 16, false, false, shb_read, "a section header" },
	{ RECORD_BLOCK_CUSTOM, RECORD_BODY_LEN, false, true, ng_own_read,
	    OWN_NAME },
	{ RECORD_BLOCK_UNCOPIED, RECORD_BODY_LEN, false, true, ng_own_read,
	    OWN_NAME },
};

const struct block_row *
block_row_find(uint32_t type)
{
	for (size_t i = 0; i < sizeof(block_rows) / sizeof(block_rows[0]); i++)
		if (block_rows[i].type == type)
			return &block_rows[i];
	return NULL;
}
