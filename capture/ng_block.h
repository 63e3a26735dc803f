/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ng_block.h - one pcapng block and the reader that it is part of.  Internal
 * to pcapng.c, which frames the blocks, and ng_block.c, which reads them.
 */
#ifndef CAPTURE_NG_BLOCK_H
#define CAPTURE_NG_BLOCK_H

#include <string.h>

#include "capture/ng_iface.h"
#include "capture/ng_own.h"
#include "capture/pcapng.h"

enum block_type {
	BT_IDB	= 1,
	BT_PB	= 2,		/* obsolete Packet Block */
	BT_SPB	= 3,
	BT_NRB	= 4,
	BT_ISB	= 5,
	BT_EPB	= 6,
	BT_SHB	= 0x0a0d0d0a,	/* the same in both byte orders */
};

#define BLOCK_HDR_LEN		8	/* type, length */
#define BLOCK_OVERHEAD		12	/* and the length again at the end */
#define PACKET_FIXED		20	/* of EPB and PB bodies, before the data */
#define NAME_LEN_MAX		256	/* of a host; what is longer is cut */

/* What a block reader did. */
enum handled {
	BLOCK_BAD = -1,		/* reported; reading ends */
	BLOCK_DONE,		/* nothing to tell; next block */
	BLOCK_OBS,		/* *o is filled, the block is done */
	BLOCK_AGAIN,		/* *o is filled, the block has more */
};

struct block {
	uint32_t	 type, len;
	uint64_t	 offset;	/* in the file */
	const uint8_t	*body;		/* behind the block header */
	uint32_t	 body_len;	/* without the trailing length */
};

struct pcapng {
	struct window w;
	struct reading	*rd;
	bool		 swap;		/* the section's byte order is not ours */
	bool		 in_section, ended;
	uint32_t	 take;		/* bytes of the block handed out last */
	uint32_t	 within;	/* NRB: where in the body to go on;
					   PB: the loss has been told */
	struct ng_ifaces ifs;
	struct ng_own	 own;
	char		 name[NAME_LEN_MAX];
};

/* A block type that is read; all others are skipped. */
struct block_row {
	uint32_t	 type;
	uint32_t	 body_min;
	bool		 packet;
	bool		 own;		/* only those that ng_own_is() of ours */
	enum handled	 (*read)(struct pcapng *, const struct block *,
			    struct obs *);
	const char	*name;		/* with its article */
};

const struct block_row	*block_row_find(uint32_t type);

/* ng_own.c */
bool		ng_own_is(struct pcapng *, const struct block *);
enum handled	ng_own_read(struct pcapng *, const struct block *, struct obs *);
/* The custom option of an interface; false when it is not ours. */
bool		ng_own_iface(struct pcapng *, const uint8_t *value, size_t n,
		    struct ng_desc *, struct ng_recorded *);
/* What was borrowed from the last observation ends. */
void		ng_own_forget(struct pcapng *);
/* The file has ended: is something of ours not whole? */
void		ng_own_end(struct pcapng *);

/* Report damage in the block at hand; always BLOCK_BAD. */
enum handled	ng_bad(struct pcapng *, const char *fmt, ...)
		    __attribute__((format(printf, 2, 3)));
/* Likewise in a packet's block. */
enum handled	ng_bad_packet(struct pcapng *, const char *fmt, ...)
		    __attribute__((format(printf, 2, 3)));

static inline uint16_t
get_u16(const struct pcapng *p, const uint8_t *at)
{
	uint16_t v;

	memcpy(&v, at, sizeof(v));
	return p->swap ? __builtin_bswap16(v) : v;
}

static inline uint32_t
get_u32(const struct pcapng *p, const uint8_t *at)
{
	uint32_t v;

	memcpy(&v, at, sizeof(v));
	return p->swap ? __builtin_bswap32(v) : v;
}

static inline uint64_t
get_u64(const struct pcapng *p, const uint8_t *at)
{
	uint64_t v;

	memcpy(&v, at, sizeof(v));
	return p->swap ? __builtin_bswap64(v) : v;
}

static inline uint32_t
pad4(uint32_t n)
{
	return (n + 3) & ~UINT32_C(3);
}

#endif
