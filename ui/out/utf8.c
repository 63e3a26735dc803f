/* SPDX-License-Identifier: GPL-2.0-or-later */
/* utf8.c - what is a valid character; Unicode 15 section 3.9, table 3-7. */
#include "ui/out/utf8.h"

static bool
is_tail(uint8_t b)
{
	return (b & 0xc0) == 0x80;
}

/* A NUL is no tail byte, so no read goes past the end of the string. */
unsigned
utf8_take(const char *s, uint32_t *code)
{
	const uint8_t *p = (const uint8_t *)s;
	uint32_t c;

	if (p[0] < 0x80) {
		*code = p[0];
		return 1;
	}
	if (p[0] < 0xc2 || p[0] > 0xf4 || !is_tail(p[1]))
		return 0;
	if (p[0] < 0xe0) {
		*code = (p[0] & 0x1fU) << 6 | (p[1] & 0x3fU);
		return 2;
	}
	if (!is_tail(p[2]))
		return 0;
	if (p[0] < 0xf0) {
		c = (p[0] & 0x0fU) << 12 | (p[1] & 0x3fU) << 6 | (p[2] & 0x3fU);
		*code = c;
		/* overlong forms and surrogates */
		return c < 0x800 || (c >= 0xd800 && c <= 0xdfff) ? 0 : 3;
	}
	if (!is_tail(p[3]))
		return 0;
	c = (p[0] & 0x07U) << 18 | (p[1] & 0x3fU) << 12 | (p[2] & 0x3fU) << 6 |
	    (p[3] & 0x3fU);
	*code = c;
	return c < 0x10000 || c > 0x10ffff ? 0 : 4;
}

bool
utf8_is_unsafe(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) ||
	    (c >= 0x200b && c <= 0x200f) ||	/* zero width, direction marks */
	    (c >= 0x2028 && c <= 0x202e) ||	/* separators, embeddings, overrides */
	    (c >= 0x2060 && c <= 0x206f) || c == 0xfeff;
}
