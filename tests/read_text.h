/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * read_text.h - give a reader of capture/state/ a text, and look at what it
 * says.  For the tests of those readers.
 */
#ifndef TESTS_READ_TEXT_H
#define TESTS_READ_TEXT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "capture/state/reader.h"

struct said {
	char		text[16 * 1024];	/* line by line */
	unsigned	n;
};

static inline void
said_add(void *arg, const char *text)
{
	struct said *s = arg;
	size_t at = strlen(s->text);

	assert_true(strlen(text) < STATE_REPORT_MAX);
	assert_null(strchr(text, '\n'));
	snprintf(s->text + at, sizeof(s->text) - at, "%s\n", text);
	s->n++;
}

/* The bytes in memory of exactly their size, so that a read past the end is
   seen by the sanitizers. */
static inline void
read_bytes(struct state *s, reader_fn *read, const char *file, const void *p,
    size_t len, struct said *said)
{
	char *data = malloc(len ? len : 1);
	struct reader r = { .state = s, .file = file, .data = data, .len = len,
	    .report = said_add, .report_arg = said };

	assert_non_null(data);
	memcpy(data, p, len);
	memset(said, 0, sizeof(*said));
	read(&r);
	reader_done(&r);
	free(data);
}

static inline void
read_text(struct state *s, reader_fn *read, const char *text, struct said *said)
{
	read_bytes(s, read, "file", text, strlen(text), said);
}

/* The same, and nothing may be said. */
static inline void
read_well(struct state *s, reader_fn *read, const char *text)
{
	struct said said;

	read_text(s, read, text, &said);
	assert_string_equal(said.text, "");
}

/* One text by one reader: what it says must hold `expected`. */
static inline void
says(reader_fn *read, const char *text, const char *expected)
{
	struct state *s = state_new();
	struct said said;

	read_text(s, read, text, &said);
	if (strstr(said.text, expected) == NULL)
		fail_msg("%s\nsays \"%s\", not \"%s\"", text, said.text, expected);
	state_ready(s);
	state_free(s);
}

static inline struct addr
addr_of(const char *text)
{
	struct addr a;

	assert_true(addr_parse(text, &a));
	return a;
}

static inline void
assert_addr(const struct addr *a, const char *text)
{
	char shown[ADDR_TEXT_MAX];

	addr_format(a, shown);
	assert_string_equal(shown, text);
}

static inline void
assert_prefix(const struct prefix *p, const char *text)
{
	char shown[PREFIX_TEXT_MAX];

	prefix_format(p, shown);
	assert_string_equal(shown, text);
}

#endif
