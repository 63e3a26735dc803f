/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bytes.h - network-order loads and stores at fixed offsets, at any alignment.
 *
 * For headers whose size was checked once as a whole; where lengths come from
 * the packet, read through a cursor instead (cursor.h).
 */
#ifndef DECODE_BYTES_H
#define DECODE_BYTES_H

#include <stdint.h>
#include <string.h>

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define BYTES_SWAP(bits, v)	__builtin_bswap##bits(v)
#else
#define BYTES_SWAP(bits, v)	(v)
#endif

static inline uint16_t
get_be16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return BYTES_SWAP(16, v);
}

static inline uint32_t
get_be24(const uint8_t *p)
{
	return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

static inline uint32_t
get_be32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return BYTES_SWAP(32, v);
}

/* Eight bytes in one store: those of a constant, then four that are copied. */
static inline void
put_be32_copy4(uint8_t *p, uint32_t first, const uint8_t *then)
{
	uint64_t v;
	uint32_t low;

	memcpy(&low, then, sizeof(low));
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	v = (uint64_t)low << 32 | __builtin_bswap32(first);
#else
	v = (uint64_t)first << 32 | low;
#endif
	memcpy(p, &v, sizeof(v));
}

/* Two 16-bit words, turned into host order and put behind each other in one
   store, which a later load of both can be served from. */
static inline void
put_be16_pair(void *out, const uint8_t *p)
{
	uint32_t v = get_be32(p);

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	v = v >> 16 | v << 16;
#endif
	memcpy(out, &v, sizeof(v));
}

/* As addr_from_v4(), but in stores that later loads can be served from. */
static inline void
put_mapped_v4(uint8_t b[16], const uint8_t *v4)
{
	memset(b, 0, 8);
	put_be32_copy4(b + 8, 0xffff, v4);
}

#endif
