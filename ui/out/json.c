/* SPDX-License-Identifier: GPL-2.0-or-later */
/* json.c - write JSON (RFC 8259) into an outbuf. */
#include "ui/out/json.h"

#include <string.h>

#include "ui/out/utf8.h"

void
json_i64(struct json *j, int64_t v)
{
	json_comma(j);
	outbuf_room(j->out, FORMAT_U64_MAX + 1);
	if (v < 0)
		*j->out->p++ = '-';
	j->out->p += format_u64(j->out->p, v < 0 ? -(uint64_t)v : (uint64_t)v);
}

/* One character that cannot stand as it is; the bytes it took are returned. */
static size_t
put_special(struct outbuf *o, const char *s)
{
	static const char hex[] = "0123456789abcdef";
	uint8_t b = (uint8_t)*s;
	uint32_t code;
	unsigned n;

	if (b == '"' || b == '\\') {
		char esc[2] = { '\\', (char)b };

		outbuf_put(o, esc, sizeof(esc));
		return 1;
	}
	if (b < 0x20 || b == 0x7f) {
		char esc[6] = { '\\', 'u', '0', '0', hex[b >> 4], hex[b & 15] };

		outbuf_put(o, esc, sizeof(esc));
		return 1;
	}
	n = utf8_take(s, &code);
	if (n == 0) {
		outbuf_lit(o, "\xef\xbf\xbd");	/* U+FFFD */
		return 1;
	}
	outbuf_put(o, s, n);
	return n;
}

static inline bool
is_plain(char c)
{
	return (uint8_t)c >= 0x20 && (uint8_t)c < 0x7f && c != '"' && c != '\\';
}

/* How many of the first bytes can stand as they are: eight at a time, as long as
   none of them is below 0x20, above 0x7e, a quote or a backslash. */
static size_t
plain_span(const char *s, size_t len)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7;
	size_t n = 0;

	for (; n + 8 <= len; n += 8) {
		uint64_t x, quote, back;

		memcpy(&x, s + n, 8);
		quote = x ^ ones * '"';
		back = x ^ ones * '\\';
		if (((x - ones * 0x20) | (x + ones) | x | (quote - ones) |
		    (back - ones)) & high)
			break;
	}
	while (n < len && is_plain(s[n]))
		n++;
	return n;
}

void
json_text(struct json *j, const char *s)
{
	struct outbuf *o = j->out;
	const char *end = s + strlen(s);

	json_comma(j);
	outbuf_char(o, '"');
	while (s < end) {
		size_t n = plain_span(s, (size_t)(end - s));

		outbuf_put(o, s, n);
		s += n;
		if (s < end)
			s += put_special(o, s);
	}
	outbuf_char(o, '"');
}

void
json_time(struct json *j, struct nstime t)
{
	char *p;

	json_comma(j);
	p = outbuf_room(j->out, FORMAT_TIME_MAX + 2);
	*p++ = '"';
	p += format_time(p, t);
	*p++ = '"';
	j->out->p = p;
}

void
json_addr(struct json *j, const struct addr *a)
{
	char *p;

	json_comma(j);
	p = outbuf_room(j->out, ADDR_TEXT_MAX + 2);
	*p++ = '"';
	p += format_addr(p, a);
	*p++ = '"';
	j->out->p = p;
}
