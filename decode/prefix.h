/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * prefix.h - a range of addresses, written ADDRESS/LENGTH.
 *
 * IPv4 is kept as in addr.h, so `len` counts bits of the 128: 10.0.0.0/8 has
 * len 104, 0.0.0.0/0 has 96.  ::/0 (len 0) covers every IPv4 address too: keep
 * the two families in tables of their own.
 */
#ifndef DECODE_PREFIX_H
#define DECODE_PREFIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decode/addr.h"

struct prefix {
	struct addr	addr;		/* bits past len are 0 */
	uint8_t		len;		/* 0 to 128 */
};

#define PREFIX_V4(n)		((uint8_t)(96 + (n)))
#define PREFIX_TEXT_MAX		(ADDR_TEXT_MAX + 4)

bool	prefix_contains(const struct prefix *, const struct addr *);
bool	prefix_eq(const struct prefix *, const struct prefix *);
/* The range of `len` bits (of the 128) that the address lies in. */
struct prefix prefix_of(const struct addr *, uint8_t len);
/* "10.0.0.0/8", "10.0.0.1" (a /32) or the same in IPv6; bits past the length
   are cleared.  False when the text is anything else. */
bool	prefix_parse(const char *text, struct prefix *out);
/* As `ip route` prints it: a whole address without its length. */
size_t	prefix_format(const struct prefix *, char out[static PREFIX_TEXT_MAX]);

#endif
