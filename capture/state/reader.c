/* SPDX-License-Identifier: GPL-2.0-or-later */
/* reader.c - the lines of a dump, and what is said about them. */
#include "capture/state/reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A longer name is shown by its end, so that the message fits behind it. */
#define FILE_SHOWN_MAX	160

/* Bytes of a well-formed UTF-8 character that is no control character, or 0. */
static size_t
utf8_shown(const unsigned char *p, size_t left)
{
	static const uint32_t least[] = { [2] = 0xa0, [3] = 0x800, [4] = 0x10000 };
	size_t n = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	uint32_t c;

	if (p[0] < 0xc2 || p[0] > 0xf4 || n > left)
		return 0;
	c = p[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if (p[i] >> 6 != 2)
			return 0;
		c = c << 6 | (p[i] & 0x3fu);
	}
	/* surrogates, marks that turn the direction of a line, line ends */
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff) ||
	    (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	    (c >= 0x2060 && c <= 0x206f))
		return 0;
	return n;
}

void
report_clean(char *text)
{
	unsigned char *p = (unsigned char *)text, *end = p + strlen(text);

	while (p < end) {
		size_t n = 1;

		if (*p < ' ' || *p >= 0x7f) {
			n = utf8_shown(p, (size_t)(end - p));
			if (n == 0) {
				*p = '?';
				n = 1;
			}
		}
		p += n;
	}
}

void
report_file(state_report *report, void *arg, const char *file,
    unsigned long line, const char *fmt, va_list ap)
{
	char text[STATE_REPORT_MAX], number[24] = "";
	size_t len = strlen(file);
	int at;

	if (report == NULL)
		return;
	if (line != 0)
		snprintf(number, sizeof(number), ":%lu", line);
	at = snprintf(text, sizeof(text), "%s%s%s: ",
	    len > FILE_SHOWN_MAX ? "..." : "",
	    len > FILE_SHOWN_MAX ? file + len - FILE_SHOWN_MAX : file, number);
	vsnprintf(text + at, sizeof(text) - (size_t)at, fmt, ap);
	report_clean(text);
	report(arg, text);
}

void
reader_bad(struct reader *r, unsigned long line, const char *fmt, ...)
{
	va_list ap;

	if (r->n_bad++ >= READER_MAX_REPORTS)
		return;
	va_start(ap, fmt);
	report_file(r->report, r->report_arg, r->file, line, fmt, ap);
	va_end(ap);
}

__attribute__((format(printf, 2, 3)))
static void
say(struct reader *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	report_file(r->report, r->report_arg, r->file, 0, fmt, ap);
	va_end(ap);
}

void
reader_done(struct reader *r)
{
	if (r->n_bad > READER_MAX_REPORTS)
		say(r, "%u more things could not be understood",
		    r->n_bad - READER_MAX_REPORTS);
	r->n_bad = 0;
}

bool
reader_line(struct reader *r, struct line *l)
{
	while (l->at < r->len) {
		const char *p = r->data + l->at;
		const char *end = memchr(p, '\n', r->len - l->at);
		size_t len = end ? (size_t)(end - p) : r->len - l->at;

		l->at += len + (end != NULL);
		l->number++;
		if (len > 0 && p[len - 1] == '\r')
			len--;
		if (len > READER_LINE_MAX) {
			reader_bad(r, l->number, "a line of %zu bytes is skipped; "
			    "expected at most %u", len, READER_LINE_MAX);
			continue;
		}
		l->p = p;
		l->len = len;
		return true;
	}
	return false;
}
