/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bytes.h - bytes that grow, and pcapng blocks in them.  Blocks are in this
 * machine's byte order, payloads of our own little-endian (format.h).
 */
#ifndef CAPTURE_RECORD_BYTES_H
#define CAPTURE_RECORD_BYTES_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes_out {
	uint8_t	*p;
	size_t	 n, room;
	bool	 no_memory;	/* once: what is in it is not whole */
};

/* Room for n more bytes, which then count; NULL without memory. */
uint8_t	*out_more(struct bytes_out *, size_t n);
void	 out_put(struct bytes_out *, const void *, size_t);
void	 out_free(struct bytes_out *);

static inline void
out_u16(struct bytes_out *b, uint16_t v)
{
	out_put(b, &v, sizeof(v));
}

static inline void
out_u32(struct bytes_out *b, uint32_t v)
{
	out_put(b, &v, sizeof(v));
}

/* Where a block begins; its length is set when it ends. */
size_t	 out_block(struct bytes_out *, uint32_t type);
void	 out_block_end(struct bytes_out *, size_t at);
void	 out_option(struct bytes_out *, uint16_t code, const void *, size_t);
void	 out_option_text(struct bytes_out *, uint16_t code, const char *);

static inline size_t
padded(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

/* Stores at any alignment, and what comes behind. */

static inline uint8_t *
le16_to(uint8_t *p, uint16_t v)
{
	v = htole16(v);
	memcpy(p, &v, sizeof(v));
	return p + sizeof(v);
}

static inline uint8_t *
le32_to(uint8_t *p, uint32_t v)
{
	v = htole32(v);
	memcpy(p, &v, sizeof(v));
	return p + sizeof(v);
}

static inline uint8_t *
le64_to(uint8_t *p, uint64_t v)
{
	v = htole64(v);
	memcpy(p, &v, sizeof(v));
	return p + sizeof(v);
}

static inline uint8_t *
bytes_to(uint8_t *p, const void *v, size_t n)
{
	memcpy(p, v, n);
	return p + n;
}

#endif
