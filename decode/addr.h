/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * addr.h - one address type for IPv4 and IPv6.
 *
 * IPv4 is kept as an IPv4-mapped IPv6 address (RFC 4291 section 2.5.5.2), so
 * that keys have one size and no code exists twice.  A mapped address inside
 * a real IPv6 header (which RFC 4291 does not allow on the wire) prints as
 * IPv4.  All bytes are in network order.
 */
#ifndef DECODE_ADDR_H
#define DECODE_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct addr {
	_Alignas(4) uint8_t	b[16];
};

#define ADDR_TEXT_MAX	46	/* longest text and its NUL (RFC 5952 form) */
#define MAC_TEXT_MAX	18

static inline bool
addr_eq(const struct addr *a, const struct addr *b)
{
	return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

static inline struct addr
addr_from_v4(const uint8_t v4[static 4])
{
	struct addr a = { .b = { [10] = 0xff, [11] = 0xff } };

	memcpy(a.b + 12, v4, 4);
	return a;
}

static inline struct addr
addr_from_v6(const uint8_t v6[static 16])
{
	struct addr a;

	memcpy(a.b, v6, 16);
	return a;
}

bool	addr_is_v4(const struct addr *);
/* 224.0.0.0/4, ff00::/8, and the IPv4 limited broadcast address. */
static inline bool
addr_is_multicast(const struct addr *a)
{
	static const uint8_t v4[12] = { [10] = 0xff, [11] = 0xff };
	static const uint8_t limited[4] = { 255, 255, 255, 255 };

	if (memcmp(a->b, v4, sizeof(v4)) != 0)
		return a->b[0] == 0xff;
	return a->b[12] >> 4 == 14 ||
	    (a->b[12] == 255 && memcmp(a->b + 12, limited, 4) == 0);
}

/* Write the text form and a NUL; the length without the NUL is returned. */
size_t	addr_format(const struct addr *, char out[static ADDR_TEXT_MAX]);
/* Parse dotted IPv4 or IPv6 text, all of it; false when it is neither. */
bool	addr_parse(const char *text, struct addr *out);
size_t	mac_format(const uint8_t mac[static 6], char out[static MAC_TEXT_MAX]);

#endif
