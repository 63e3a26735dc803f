/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cursor.h - bounds-checked reads that advance themselves.
 *
 * Reads move the cursor; the first read past the end sets `bad`, and every
 * later read gives 0.  The decoder asks cur_ok() once, before it uses a value.
 */
#ifndef DECODE_CURSOR_H
#define DECODE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cursor {
	const uint8_t	*p;	/* next byte; p <= end always holds */
	const uint8_t	*end;	/* one past the last captured byte */
	bool		 bad;	/* a read went past end; never cleared */
};

static inline struct cursor
cur_init(const void *data, size_t len)
{
	const uint8_t *p = data;

	return (struct cursor){ .p = p, .end = len ? p + len : p };
}

static inline size_t
cur_left(const struct cursor *c)
{
	return (size_t)(c->end - c->p);
}

static inline bool
cur_ok(const struct cursor *c)
{
	return !c->bad;
}

/* Take n bytes; NULL (and bad) when fewer are left. */
static inline const uint8_t *
cur_take(struct cursor *c, size_t n)
{
	const uint8_t *p = c->p;

	if (c->bad || n > cur_left(c)) {
		c->bad = true;
		c->p = c->end;
		return NULL;
	}
	c->p += n;
	return p;
}

static inline uint8_t
cur_u8(struct cursor *c)
{
	const uint8_t *p = cur_take(c, 1);

	return p ? p[0] : 0;
}

/* Big-endian; safe at any alignment. */
static inline uint16_t
cur_be16(struct cursor *c)
{
	const uint8_t *p = cur_take(c, 2);

	return (uint16_t)(p ? p[0] << 8 | p[1] : 0);
}

static inline uint32_t
cur_be32(struct cursor *c)
{
	const uint8_t *p = cur_take(c, 4);

	return p ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3] : 0;
}

#endif
