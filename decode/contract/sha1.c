/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sha1.c - SHA-1 of a short text, FIPS 180-4 section 6.1.
 *
 * Only for names: the host veth of a pod is a prefix and the first 11 hex
 * digits of the digest of "namespace.name".
 */
#include <string.h>

#include "decode/contract/contract_int.h"

#define BLOCK	64

static uint32_t
rotl(uint32_t x, unsigned n)
{
	return x << n | x >> (32 - n);
}

static void
block(uint32_t h[static 5], const uint8_t p[static BLOCK])
{
	uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];

	for (unsigned t = 0; t < 16; t++)
		w[t] = (uint32_t)p[4 * t] << 24 | (uint32_t)p[4 * t + 1] << 16 |
		    (uint32_t)p[4 * t + 2] << 8 | p[4 * t + 3];
	for (unsigned t = 16; t < 80; t++)
		w[t] = rotl(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
	for (unsigned t = 0; t < 80; t++) {
		uint32_t f, k, x;

		if (t < 20) {
			f = (b & c) ^ (~b & d);
			k = 0x5a827999;
		} else if (t < 40) {
			f = b ^ c ^ d;
			k = 0x6ed9eba1;
		} else if (t < 60) {
			f = (b & c) ^ (b & d) ^ (c & d);
			k = 0x8f1bbcdc;
		} else {
			f = b ^ c ^ d;
			k = 0xca62c1d6;
		}
		x = rotl(a, 5) + f + e + k + w[t];
		e = d;
		d = c;
		c = rotl(b, 30);
		b = a;
		a = x;
	}
	h[0] += a;
	h[1] += b;
	h[2] += c;
	h[3] += d;
	h[4] += e;
}

void
sha1_text(const char *text, size_t len, uint8_t out[static SHA1_LEN])
{
	uint32_t h[5] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0 };
	uint64_t bits = (uint64_t)len * 8;
	uint8_t last[2 * BLOCK] = { 0 };
	size_t rest, end;

	for (; len >= BLOCK; text += BLOCK, len -= BLOCK) {
		memcpy(last, text, BLOCK);
		block(h, last);
	}
	rest = len;
	memset(last, 0, sizeof(last));
	memcpy(last, text, rest);
	last[rest] = 0x80;
	end = rest + 1 + 8 <= BLOCK ? BLOCK : 2 * BLOCK;
	for (unsigned i = 0; i < 8; i++)
		last[end - 1 - i] = (uint8_t)(bits >> (8 * i));
	block(h, last);
	if (end > BLOCK)
		block(h, last + BLOCK);
	for (unsigned i = 0; i < SHA1_LEN; i++)
		out[i] = (uint8_t)(h[i / 4] >> (24 - 8 * (i % 4)));
}
