/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * own_pull.c - a pull parser for JSON (RFC 8259).
 *
 * Texts are UTF-8.  A byte that is not comes as the lone surrogate U+DC00 + byte,
 * as Python's surrogateescape writes it, since the kernel's names may hold any.
 */
#include "capture/state/own/own_pull.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
pull_init(struct pull *s, struct reader *r)
{
	*s = (struct pull){ .reader = r, .p = r->data, .end = r->data + r->len,
	    .line = 1, .name = "the document" };
	/* a byte order mark, as editors of other systems leave it */
	if (r->len >= 3 && memcmp(r->data, "\xef\xbb\xbf", 3) == 0)
		s->p += 3;
}

void
pull_fini(struct pull *s)
{
	free(s->room);
	s->room = NULL;
}

void
pull_bad(struct pull *s, const char *text, ...)
{
	char words[STATE_REPORT_MAX];
	va_list ap;

	va_start(ap, text);
	vsnprintf(words, sizeof(words), text, ap);
	va_end(ap);
	reader_bad(s->reader, s->line, "%s", words);
}

static bool
broken(struct pull *s, const char *expected)
{
	if (!s->failed) {
		if (s->p == s->end)
			pull_bad(s, "cut short: %s is expected", expected);
		else
			pull_bad(s, "not valid JSON: %s is expected at '%.*s'",
			    expected, s->end - s->p > 16 ? 16 : (int)(s->end - s->p),
			    s->p);
	}
	s->failed = true;
	return false;
}

static void
skip_space(struct pull *s)
{
	for (; s->p < s->end; s->p++) {
		if (*s->p == '\n')
			s->line++;
		else if (*s->p != ' ' && *s->p != '\t' && *s->p != '\r')
			break;
	}
}

char
pull_peek(struct pull *s)
{
	if (s->failed)
		return 0;
	skip_space(s);
	return s->p < s->end ? *s->p : 0;
}

/* Named, and then skipped. */
static bool
wrong(struct pull *s, const char *expected)
{
	if (s->failed)
		return false;
	if (pull_peek(s) == 0 || strchr("\"{[tfn-0123456789", *s->p) == NULL)
		return broken(s, expected);
	pull_bad(s, "%s: %s is expected", s->name, expected);
	pull_skip(s);
	return false;
}

/* ---- objects and lists */

bool
pull_open(struct pull *s, char bracket)
{
	if (pull_peek(s) != bracket)
		return wrong(s, bracket == '{' ? "an object" : "a list");
	if (++s->depth > PULL_DEPTH_MAX) {
		pull_bad(s, "nested more than %d deep", PULL_DEPTH_MAX);
		s->failed = true;
		return false;
	}
	s->p++;
	s->comma = false;
	return true;
}

bool
pull_more(struct pull *s, char closing)
{
	char c = pull_peek(s);

	if (s->failed)
		return false;
	if (c == closing) {
		s->p++;
		s->depth--;
		s->comma = true;
		return false;
	}
	if (!s->comma)
		return c != 0 || broken(s, "a value");
	if (c != ',')
		return broken(s, closing == '}' ? "',' or '}'" : "',' or ']'");
	s->p++;
	s->comma = false;
	/* "[1,]" is none */
	if (pull_peek(s) == closing)
		return broken(s, "a value");
	return true;
}

/* ---- texts */

static bool
hex4(const char *p, const char *end, unsigned *out)
{
	*out = 0;
	if (end - p < 4)
		return false;
	for (unsigned i = 0; i < 4; i++) {
		char c = p[i];

		if (c >= '0' && c <= '9')
			*out = *out << 4 | (unsigned)(c - '0');
		else if ((c | 32) >= 'a' && (c | 32) <= 'f')
			*out = *out << 4 | (unsigned)((c | 32) - 'a' + 10);
		else
			return false;
	}
	return true;
}

static char *
put_utf8(char *o, uint32_t c)
{
	if (c < 0x80) {
		*o++ = (char)c;
	} else if (c < 0x800) {
		*o++ = (char)(0xc0 | c >> 6);
		*o++ = (char)(0x80 | (c & 63));
	} else if (c < 0x10000) {
		*o++ = (char)(0xe0 | c >> 12);
		*o++ = (char)(0x80 | (c >> 6 & 63));
		*o++ = (char)(0x80 | (c & 63));
	} else {
		*o++ = (char)(0xf0 | c >> 18);
		*o++ = (char)(0x80 | (c >> 12 & 63));
		*o++ = (char)(0x80 | (c >> 6 & 63));
		*o++ = (char)(0x80 | (c & 63));
	}
	return o;
}

/* \uXXXX at p (after the u); NULL when it is none that a text may hold. */
static const char *
unicode(const char *p, const char *end, char **out)
{
	unsigned hi, lo;

	if (!hex4(p, end, &hi) || hi == 0)
		return NULL;
	p += 4;
	if (hi >= 0xdc80 && hi <= 0xdcff) {
		*(*out)++ = (char)(hi - 0xdc00);
		return p;
	}
	if (hi >= 0xd800 && hi <= 0xdbff) {
		if (end - p < 6 || p[0] != '\\' || p[1] != 'u' ||
		    !hex4(p + 2, end, &lo) || lo < 0xdc00 || lo > 0xdfff)
			return NULL;
		*out = put_utf8(*out, 0x10000 + ((hi - 0xd800) << 10) + lo - 0xdc00);
		return p + 6;
	}
	if (hi >= 0xdc00 && hi <= 0xdfff)
		return NULL;
	*out = put_utf8(*out, hi);
	return p;
}

static bool
is_utf8(const unsigned char *p, const unsigned char *end)
{
	while (p < end) {
		unsigned n = *p < 0x80 ? 0 : *p >= 0xc2 && *p < 0xe0 ? 1 :
		    *p >= 0xe0 && *p < 0xf0 ? 2 : *p >= 0xf0 && *p < 0xf5 ? 3 : 9;

		if (n == 9 || n > (size_t)(end - p) - 1)
			return false;
		/* overlong forms, surrogates, beyond U+10FFFF */
		if ((*p == 0xe0 && p[1] < 0xa0) || (*p == 0xed && p[1] > 0x9f) ||
		    (*p == 0xf0 && p[1] < 0x90) || (*p == 0xf4 && p[1] > 0x8f))
			return false;
		for (p++; n > 0; n--, p++)
			if ((*p & 0xc0) != 0x80)
				return false;
	}
	return true;
}

/* The text from p to q, escapes resolved; false when one is wrong.  It only
   gets shorter. */
static bool
unescape(struct pull *s, const char *p, const char *q, struct pull_text *t)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	size_t need = (size_t)(q - p);
	const char *at;
	char *o;

	if (need > s->room_size) {
		free(s->room);
		s->room = malloc(need);
		s->room_size = s->room ? need : 0;
		if (s->room == NULL) {
			s->reader->state->no_memory = true;
			return false;
		}
	}
	for (o = s->room; p != NULL && p < q;) {
		if (*p != '\\') {
			*o++ = *p++;
			continue;
		}
		/* a backslash is never the last: it would escape the quote */
		p++;
		at = *p == 'u' ? NULL : memchr(from, *p, sizeof(from) - 1);
		if (at != NULL) {
			*o++ = to[at - from];
			p++;
		} else {
			p = *p == 'u' ? unicode(p + 1, q, &o) : NULL;
		}
	}
	*t = (struct pull_text){ s->room, (size_t)(o - s->room) };
	return p != NULL;
}

/* A text without escapes stays where it is. */
static bool
raw_string(struct pull *s, struct pull_text *t)
{
	const char *start = ++s->p, *p;
	bool escapes = false, foreign = false;

	for (p = start; p < s->end && *p != '"'; p++) {
		if ((unsigned char)*p < 0x20) {
			s->p = p;
			return broken(s, "the end of a text");
		}
		foreign |= (unsigned char)*p >= 0x80;
		if (*p == '\\') {
			escapes = true;
			if (++p == s->end)
				break;
		}
	}
	s->p = p < s->end ? p + 1 : s->end;
	s->comma = true;
	if (p == s->end)
		return broken(s, "the end of a text");
	if (foreign && !is_utf8((const unsigned char *)start,
	    (const unsigned char *)p)) {
		pull_bad(s, "%s: the text is not UTF-8", s->name);
		return false;
	}
	*t = (struct pull_text){ start, (size_t)(p - start) };
	if (!escapes || unescape(s, start, p, t))
		return true;
	pull_bad(s, "%s: the text has a bad escape", s->name);
	return false;
}

bool
pull_string(struct pull *s, struct pull_text *t)
{
	if (pull_peek(s) != '"')
		return wrong(s, "a text");
	return raw_string(s, t);
}

bool
pull_key(struct pull *s, struct pull_text *t)
{
	size_t n;

	if (pull_peek(s) != '"')
		return broken(s, "a name in quotes");
	if (!raw_string(s, t))
		*t = (struct pull_text){ "?", 1 };
	n = t->len < sizeof(s->name_room) ? t->len : sizeof(s->name_room) - 1;
	memcpy(s->name_room, t->p, n);
	s->name_room[n] = '\0';
	s->name = s->name_room;
	/* the caller's copy must outlive a value with escapes */
	*t = (struct pull_text){ s->name_room, n };
	if (pull_peek(s) != ':')
		return broken(s, "':'");
	s->p++;
	s->comma = false;
	return true;
}

bool
pull_is(const struct pull_text *t, const char *word)
{
	return strncmp(t->p, word, t->len) == 0 && word[t->len] == '\0';
}

/* ---- numbers and the rest */

#define NUMBER_MAX	64

/* The bytes of a number, checked for JSON's form; false when it is none. */
static bool
number(struct pull *s, char out[static NUMBER_MAX], bool *whole)
{
	const char *p = s->p, *q = p;
	size_t n;

#define DIGIT	(q < s->end && *q >= '0' && *q <= '9')
#define DIGITS	do { if (!DIGIT) return broken(s, "a digit"); \
	    while (DIGIT) q++; } while (0)
	*whole = true;
	q += q < s->end && *q == '-';
	if (q < s->end && *q == '0')
		q++;
	else
		DIGITS;
	if (q < s->end && *q == '.') {
		*whole = false;
		q++;
		DIGITS;
	}
	if (q < s->end && (*q | 32) == 'e') {
		*whole = false;
		q++;
		q += q < s->end && (*q == '+' || *q == '-');
		DIGITS;
	}
#undef DIGITS
#undef DIGIT
	s->p = q;
	s->comma = true;
	n = (size_t)(q - p);
	/* longer than any number we mean: said as one that is too large */
	if (n >= NUMBER_MAX)
		return snprintf(out, NUMBER_MAX, "%s",
		    "1000000000000000000000000000000"), true;
	memcpy(out, p, n);
	out[n] = '\0';
	return true;
}

static bool
begins_number(struct pull *s)
{
	char c = pull_peek(s);

	return c == '-' || (c >= '0' && c <= '9');
}

bool
pull_int(struct pull *s, int64_t min, int64_t max, int64_t *out)
{
	char text[NUMBER_MAX];
	bool whole;

	if (!begins_number(s))
		return wrong(s, "a number");
	if (!number(s, text, &whole))
		return false;
	errno = 0;
	*out = strtoll(text, NULL, 10);
	if (whole && errno == 0 && *out >= min && *out <= max)
		return true;
	pull_bad(s, "%s: %s is not a whole number from %lld to %lld", s->name, text,
	    (long long)min, (long long)max);
	return false;
}

bool
pull_uint(struct pull *s, uint64_t max, uint64_t *out)
{
	char text[NUMBER_MAX];
	bool whole;

	if (!begins_number(s))
		return wrong(s, "a number");
	if (!number(s, text, &whole))
		return false;
	errno = 0;
	*out = strtoull(text, NULL, 10);
	if (whole && errno == 0 && text[0] != '-' && *out <= max)
		return true;
	pull_bad(s, "%s: %s is not a whole number from 0 to %llu", s->name, text,
	    (unsigned long long)max);
	return false;
}

bool
pull_real(struct pull *s, double *out)
{
	char text[NUMBER_MAX];
	bool whole;

	if (!begins_number(s))
		return wrong(s, "a number");
	if (!number(s, text, &whole))
		return false;
	*out = strtod(text, NULL);
	return true;
}

static bool
word(struct pull *s, const char *w)
{
	size_t n = strlen(w);

	if ((size_t)(s->end - s->p) < n || memcmp(s->p, w, n) != 0)
		return broken(s, "a value");
	s->p += n;
	s->comma = true;
	return true;
}

bool
pull_bool(struct pull *s, bool *out)
{
	char c = pull_peek(s);

	if (c != 't' && c != 'f')
		return wrong(s, "true or false");
	*out = c == 't';
	return word(s, *out ? "true" : "false");
}

void
pull_skip(struct pull *s)
{
	char c = pull_peek(s), text[NUMBER_MAX];
	struct pull_text t;
	bool whole;

	if (s->failed)
		return;
	switch (c) {
	case '{':
		if (pull_open(s, c))
			while (pull_more(s, '}'))
				if (pull_key(s, &t))
					pull_skip(s);
		break;
	case '[':
		if (pull_open(s, c))
			while (pull_more(s, ']'))
				pull_skip(s);
		break;
	case '"':	raw_string(s, &t); break;
	case 't':	word(s, "true"); break;
	case 'f':	word(s, "false"); break;
	case 'n':	word(s, "null"); break;
	default:
		if (begins_number(s))
			number(s, text, &whole);
		else
			broken(s, "a value");
	}
}

bool
pull_end(struct pull *s)
{
	skip_space(s);
	if (!s->failed && s->p != s->end)
		broken(s, "the end of the document");
	return !s->failed;
}
