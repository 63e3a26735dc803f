/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * words.h - a line of a dump as words between blanks; for capture/state/ only.
 *
 * Words point into the file and are not NUL-terminated.  A parser of a word
 * takes all of it or says no.
 */
#ifndef CAPTURE_STATE_WORDS_H
#define CAPTURE_STATE_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "decode/prefix.h"

struct word {
	const char	*p;
	size_t		 len;
};

struct words {
	const char	*p, *end;	/* what is left */
};

/* For "%.*s": so much of a foreign text is quoted in a report. */
#define QUOTED_MAX	60
#define QUOTED(w)	(int)((w)->len < QUOTED_MAX ? (w)->len : QUOTED_MAX), (w)->p

static inline bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static inline struct words
words_of(const char *p, size_t len)
{
	return (struct words){ p, p + len };
}

static inline bool
word_next(struct words *ws, struct word *out)
{
	const char *p = ws->p;

	while (p < ws->end && is_blank(*p))
		p++;
	out->p = p;
	while (p < ws->end && !is_blank(*p))
		p++;
	out->len = (size_t)(p - out->p);
	ws->p = p;
	return out->len > 0;
}

static inline bool
word_is(const struct word *w, const char *text)
{
	return strlen(text) == w->len && memcmp(w->p, text, w->len) == 0;
}

static inline bool
word_starts(const struct word *w, const char *text)
{
	size_t n = strlen(text);

	return n <= w->len && memcmp(w->p, text, n) == 0;
}

/* Nothing in it but characters and blanks. */
bool	words_plain(const char *, size_t len);
/* Decimal, or hexadecimal after 0x; at most max. */
bool	word_number(const struct word *, uint32_t max, uint32_t *out);
bool	word_addr(const struct word *, struct addr *out);
/* ADDRESS or ADDRESS/LENGTH. */
bool	word_prefix(const struct word *, struct prefix *out);
/* Six bytes in hexadecimal with colons between. */
bool	word_mac(const struct word *, uint8_t out[static 6]);
/* What the kernel takes for an interface's name: 1 to 15 bytes, none of them a
   slash, a blank or a control byte. */
bool	word_is_dev(const struct word *);

#endif
