/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * proxy_v2.c - the binary PROXY header: signature, command, family, addresses.
 *
 * Source: "The PROXY protocol, Versions 1 & 2", section 2.2.
 */
#include "decode/app/proxy_int.h"

#include <string.h>

#include "decode/packet.h"
#include "decode/packet/bytes.h"

#define V2_FIXED	16	/* signature, version and command, family, length */

enum v2_command { V2_LOCAL, V2_PROXY };
enum v2_transport { V2_UNSPEC, V2_STREAM, V2_DGRAM };

static const uint16_t addr_block[] = {
	[PROXY_UNSPEC] = 0, [PROXY_INET] = 12, [PROXY_INET6] = 36, [PROXY_UNIX] = 216,
};

static void
take_addrs(const uint8_t *p, struct proxy_header *h)
{
	size_t each = h->family == PROXY_INET ? 4 : 16;

	if (h->family == PROXY_UNIX)
		return;
	h->src = each == 4 ? addr_from_v4(p) : addr_from_v6(p);
	h->dst = each == 4 ? addr_from_v4(p + each) : addr_from_v6(p + each);
	h->sport = get_be16(p + 2 * each);
	h->dport = get_be16(p + 2 * each + 2);
	h->has |= PROXY_HAS_ADDRS;
}

/* What follows the fixed part, with the command PROXY; all of it is there. */
static const char *
take_block(const uint8_t *p, struct proxy_header *h)
{
	unsigned family = p[13] >> 4, transport = p[13] & 15;
	size_t need;

	h->family = (uint8_t)family;
	h->transport = transport == V2_STREAM ? PROTO_TCP :
	    transport == V2_DGRAM ? PROTO_UDP : 0;
	/* How long its addresses are is not said, so neither is where TLVs begin. */
	if (family == PROXY_UNSPEC || transport == V2_UNSPEC) {
		h->unknown = true;
		return NULL;
	}
	need = V2_FIXED + addr_block[family];
	if (h->len < need)
		return "its length is too short for its addresses";
	take_addrs(p + V2_FIXED, h);
	return proxy_tlvs(p, need, h->len, h);
}

const char *
proxy_v2(const uint8_t *p, size_t n, struct proxy_header *h, bool *whole)
{
	bool local;

	h->version = 2;
	*whole = false;
	if (n > 12 && p[12] >> 4 != 2)
		return "its version is not 2";
	if (n > 12 && (p[12] & 15) > V2_PROXY)
		return "its command is neither LOCAL nor PROXY";
	local = n > 12 && (p[12] & 15) == V2_LOCAL;
	h->local = local;
	if (n > 13 && !local && p[13] >> 4 > PROXY_UNIX)
		return "its address family is unknown";
	if (n > 13 && !local && (p[13] & 15) > V2_DGRAM)
		return "its transport is unknown";
	if (n < V2_FIXED)
		return NULL;
	h->len = V2_FIXED + (uint32_t)get_be16(p + 14);
	if (h->len > PROXY_MAX)
		return "overlong";
	*whole = n >= h->len;
	return *whole && !local ? take_block(p, h) : NULL;
}
