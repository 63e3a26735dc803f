/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * read_state.h - for tests of the readers in capture/state/: feed one a text,
 * collect what it reports, and say what it added, a line for each record.
 *
 * In a header of its own because every test program is one source file.
 */
#ifndef TESTS_READ_STATE_H
#define TESTS_READ_STATE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/state/reader.h"

struct told {
	char	 text[65536];
	size_t	 len;
	unsigned n;
};

static inline void
tell(void *arg, const char *text)
{
	struct told *t = arg;

	t->n++;
	t->len += (size_t)snprintf(t->text + t->len, sizeof(t->text) - t->len,
	    "%s\n", text);
	if (t->len >= sizeof(t->text))
		errx(1, "more reports than this test has room for");
}

static inline struct told *
told_new(void)
{
	struct told *t = calloc(1, sizeof(*t));

	if (t == NULL)
		err(1, NULL);
	return t;
}

/* The text is copied to exactly its size, so that a read past it is seen. */
static inline void
read_bytes(struct state *s, struct told *told, reader_fn *fn, const char *file,
    const char *data, size_t len)
{
	char *exact = malloc(len ? len : 1);
	struct reader r = {
		.state = s, .file = file, .data = exact, .len = len,
		.report = tell, .report_arg = told,
	};

	if (exact == NULL)
		err(1, NULL);
	memcpy(exact, data, len);
	fn(&r);
	reader_done(&r);
	free(exact);
}

static inline void
read_text(struct state *s, struct told *told, reader_fn *fn, const char *file,
    const char *text)
{
	read_bytes(s, told, fn, file, text, strlen(text));
}

#define N(rows)	(sizeof(rows) / sizeof((rows)[0]))
#define add(out, ...) \
	snprintf((out) + strlen(out), sizeof(out) - strlen(out), __VA_ARGS__)

/* A reader that was run over one text. */
struct run {
	struct state	*state;
	struct told	*told;
};

static inline struct run
run_bytes(reader_fn *fn, const char *file, const char *data, size_t len)
{
	struct run r = { state_new(), told_new() };

	assert_non_null(r.state);
	read_bytes(r.state, r.told, fn, file, data, len);
	assert_false(r.state->no_memory);
	return r;
}

static inline struct run
run(reader_fn *fn, const char *file, const char *text)
{
	return run_bytes(fn, file, text, strlen(text));
}

static inline void
run_free(struct run *r)
{
	state_free(r->state);
	free(r->told);
}

/* JSON with ' for ". */
static inline const char *
quoted(const char *json)
{
	static char text[8192];

	snprintf(text, sizeof(text), "[%s]", json);
	for (char *p = text; *p; p++)
		if (*p == '\'')
			*p = '"';
	return text;
}

static inline const char *
prefix_said(const struct prefix *p)
{
	static char text[2][PREFIX_TEXT_MAX];
	static unsigned turn;

	turn ^= 1;
	prefix_format(p, text[turn]);
	return text[turn];
}

static inline const char *
addr_said(const struct addr *a)
{
	static char text[ADDR_TEXT_MAX];

	addr_format(a, text);
	return text;
}

#endif
