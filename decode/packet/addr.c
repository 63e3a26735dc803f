/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * addr.c - addresses as text: RFC 5952 out, RFC 4291 section 2.2 in.
 *
 * inet_ntop(3) is not used: its text for ::a.b.c.d differs between C
 * libraries, and outputs must not.
 */
#include "decode/addr.h"

static const uint8_t v4_prefix[12] = { [10] = 0xff, [11] = 0xff };
static const char hex_digits[] = "0123456789abcdef";

bool
addr_is_v4(const struct addr *a)
{
	return memcmp(a->b, v4_prefix, sizeof(v4_prefix)) == 0;
}

static char *
put_decimal(char *s, unsigned v)
{
	if (v >= 100)
		*s++ = (char)('0' + v / 100);
	if (v >= 10)
		*s++ = (char)('0' + v / 10 % 10);
	*s++ = (char)('0' + v % 10);
	return s;
}

static char *
put_v4(char *s, const uint8_t *b)
{
	for (unsigned i = 0; i < 4; i++) {
		if (i > 0)
			*s++ = '.';
		s = put_decimal(s, b[i]);
	}
	return s;
}

/* Without leading zeros. */
static char *
put_hex(char *s, unsigned group)
{
	for (int shift = 12; shift >= 0; shift -= 4)
		if (group >> shift != 0 || shift == 0)
			*s++ = hex_digits[group >> shift & 15];
	return s;
}

static unsigned
group_at(const struct addr *a, unsigned i)
{
	return (unsigned)a->b[2 * i] << 8 | a->b[2 * i + 1];
}

/* The first of the longest runs of two or more zero groups; its length. */
static unsigned
zero_run(const struct addr *a, unsigned *start)
{
	unsigned best = 1, run = 0;

	for (unsigned i = 0; i < 8; i++) {
		run = group_at(a, i) == 0 ? run + 1 : 0;
		if (run > best) {
			best = run;
			*start = i + 1 - run;
		}
	}
	return best > 1 ? best : 0;
}

size_t
addr_format(const struct addr *a, char out[static ADDR_TEXT_MAX])
{
	unsigned start = 8, n;
	char *s = out;

	if (addr_is_v4(a)) {
		s = put_v4(s, a->b + 12);
		*s = '\0';
		return (size_t)(s - out);
	}
	n = zero_run(a, &start);
	for (unsigned i = 0; i < 8; i++) {
		if (i == start) {
			*s++ = ':';
			*s++ = ':';
			i += n - 1;
			continue;
		}
		if (i > 0 && i != start + n)
			*s++ = ':';
		s = put_hex(s, group_at(a, i));
	}
	*s = '\0';
	return (size_t)(s - out);
}

/* Four decimal numbers with dots, without leading zeros; all of the text. */
static bool
parse_v4(const char *s, uint8_t b[static 4])
{
	for (unsigned i = 0; i < 4; i++) {
		unsigned v = 0, digits = 0;

		if (i > 0 && *s++ != '.')
			return false;
		for (; *s >= '0' && *s <= '9'; s++) {
			if (++digits > 3 || (digits == 2 && v == 0))
				return false;
			v = v * 10 + (unsigned)(*s - '0');
		}
		if (digits == 0 || v > 255)
			return false;
		b[i] = (uint8_t)v;
	}
	return *s == '\0';
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* One group of one to four hex digits; the end of it, or NULL. */
static const char *
parse_group(const char *s, uint8_t b[static 2])
{
	unsigned v = 0, digits = 0;

	for (; hex_value(*s) >= 0; s++) {
		if (++digits > 4)
			return NULL;
		v = v << 4 | (unsigned)hex_value(*s);
	}
	b[0] = (uint8_t)(v >> 8);
	b[1] = (uint8_t)v;
	return digits > 0 ? s : NULL;
}

/* Is the rest one dotted number, the IPv4 tail of an IPv6 address? */
static bool
is_dotted(const char *s)
{
	return strchr(s, '.') != NULL && strchr(s, ':') == NULL;
}

static bool
parse_v6(const char *s, uint8_t b[static 16])
{
	size_t n = 0, gap = 16 + 1;	/* bytes so far; where "::" stood */

	if (*s == ':' && *++s != ':')
		return false;
	for (;;) {
		if (*s == ':') {	/* the second of "::" */
			if (gap <= 16)
				return false;
			gap = n;
			if (*++s == '\0')
				break;
		}
		if (n <= 12 && is_dotted(s)) {
			if (!parse_v4(s, b + n))
				return false;
			n += 4;
			break;
		}
		if (n > 14 || (s = parse_group(s, b + n)) == NULL)
			return false;
		n += 2;
		if (*s == '\0')
			break;
		if (*s++ != ':' || *s == '\0')
			return false;
	}
	if (gap > 16)
		return n == 16;
	if (n > 14)			/* "::" stands for one group at least */
		return false;
	memmove(b + 16 - (n - gap), b + gap, n - gap);
	memset(b + gap, 0, 16 - n);
	return true;
}

bool
addr_parse(const char *text, struct addr *out)
{
	uint8_t b[16];

	if (strchr(text, ':') == NULL) {
		if (!parse_v4(text, b))
			return false;
		*out = addr_from_v4(b);
		return true;
	}
	if (!parse_v6(text, b))
		return false;
	*out = addr_from_v6(b);
	return true;
}

size_t
mac_format(const uint8_t mac[static 6], char out[static MAC_TEXT_MAX])
{
	for (unsigned i = 0; i < 6; i++) {
		out[3 * i] = hex_digits[mac[i] >> 4];
		out[3 * i + 1] = hex_digits[mac[i] & 15];
		out[3 * i + 2] = i < 5 ? ':' : '\0';
	}
	return MAC_TEXT_MAX - 1;
}
