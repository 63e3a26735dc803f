/* SPDX-License-Identifier: GPL-2.0-or-later */
/* words.c - what a word of a dump says; see words.h. */
#include "capture/state/text/words.h"

#define DEV_NAME_MAX	15	/* IFNAMSIZ without the NUL */

bool
words_plain(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (((unsigned char)p[i] < ' ' && !is_blank(p[i])) || p[i] == 0x7f)
			return false;
	return true;
}

static int
digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

bool
word_number(const struct word *w, uint32_t max, uint32_t *out)
{
	size_t i = 0;
	int base = 10;
	uint64_t n = 0;

	if (w->len > 2 && w->p[0] == '0' && (w->p[1] == 'x' || w->p[1] == 'X')) {
		base = 16;
		i = 2;
	}
	if (i == w->len)
		return false;
	for (; i < w->len; i++) {
		int d = digit_value(w->p[i]);

		if (d >= base)
			return false;
		n = n * (unsigned)base + (unsigned)d;
		if (n > max)
			return false;
	}
	*out = (uint32_t)n;
	return true;
}

/* The parsers of decode/ want a NUL. */
static bool
word_copy(const struct word *w, char *out, size_t room)
{
	if (w->len >= room || memchr(w->p, '\0', w->len) != NULL)
		return false;
	memcpy(out, w->p, w->len);
	out[w->len] = '\0';
	return true;
}

bool
word_addr(const struct word *w, struct addr *out)
{
	char text[ADDR_TEXT_MAX];

	return word_copy(w, text, sizeof(text)) && addr_parse(text, out);
}

bool
word_prefix(const struct word *w, struct prefix *out)
{
	char text[PREFIX_TEXT_MAX];

	return word_copy(w, text, sizeof(text)) && prefix_parse(text, out);
}

bool
word_mac(const struct word *w, uint8_t out[static 6])
{
	if (w->len != 17)
		return false;
	for (size_t i = 0; i < 6; i++) {
		int hi = digit_value(w->p[3 * i]), lo = digit_value(w->p[3 * i + 1]);

		if (hi > 15 || lo > 15 || (i < 5 && w->p[3 * i + 2] != ':'))
			return false;
		out[i] = (uint8_t)(hi << 4 | lo);
	}
	return true;
}

bool
word_is_dev(const struct word *w)
{
	if (w->len == 0 || w->len > DEV_NAME_MAX)
		return false;
	for (size_t i = 0; i < w->len; i++)
		if ((unsigned char)w->p[i] <= ' ' || w->p[i] == 0x7f ||
		    w->p[i] == '/')
			return false;
	return true;
}
