/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_packet.c - the frame decoder reads what anybody on the network sends.
 * Every length in a header may lie, and so may those of the capture file.
 *
 * Input: a byte that chooses the link type, a byte that chooses how the
 * capture's lengths relate to each other, a byte that chooses a second, shorter
 * cut, then the frame.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/packet_rules.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const uint16_t linktypes[] = {
	LT_ETHERNET, LT_SLL2, LT_SLL, LT_RAW, LT_NULL, LT_LOOP, LT_IPV4,
	LT_IPV6, LT_RAW_BSD, LT_RAW_OPENBSD, 147 /* not one of ours */,
};

static void
demand(const char *wrong)
{
	if (wrong == NULL)
		return;
	fprintf(stderr, "%s\n", wrong);
	abort();
}

/* Decode a heap copy of just those bytes; the copy is returned. */
static uint8_t *
decode_copy(struct packet *p, unsigned linktype, const uint8_t *data,
    uint32_t caplen, uint32_t len)
{
	uint8_t *copy = calloc(1, caplen ? caplen : 1);

	if (copy == NULL)
		abort();
	if (caplen > 0)
		memcpy(copy, data, caplen);
	memset(p, 0xa5, sizeof(*p));
	packet_decode(p, linktype, copy, caplen, len);
	/* Of no bytes there is nothing to point at. */
	if (caplen > 0 || p->n_layers > 0)
		demand(rules_packet(p, copy, caplen));
	return copy;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct packet whole, cut;
	uint32_t caplen, len;
	unsigned linktype;
	uint8_t *a, *b;

	if (size < 3 || size > 1 << 20)
		return 0;
	linktype = linktypes[data[0] % (sizeof(linktypes) / sizeof(*linktypes))];
	caplen = (uint32_t)size - 3;
	len = caplen;
	if (data[1] == 255)
		len = UINT32_MAX;
	else if (data[1] >= 128)
		len += (data[1] - 127u) * 16;
	else if (data[1] >= 64)		/* shorter than what was captured */
		len = len * (data[1] - 64u) / 64;

	a = decode_copy(&whole, linktype, data + 3, caplen, len);
	if (len >= caplen) {
		b = decode_copy(&cut, linktype, data + 3,
		    caplen * data[2] / 255, len);
		demand(rules_cut(&whole, &cut));
		free(b);
	}
	free(a);
	return 0;
}
