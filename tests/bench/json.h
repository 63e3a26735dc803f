/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * json.h - walk one JSON text (RFC 8259), for compare.c.
 *
 * Like the decoder's cursor: the first thing that is not as expected sets
 * `bad`, and every later call does nothing, so that the caller asks once.
 */
#ifndef BENCH_JSON_H
#define BENCH_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json {
	const char	*p;	/* next character; the text ends in NUL */
	bool		 bad;
	bool		 first;	/* just behind an opening bracket: no comma yet */
};

/* Enter an object or array; false when there is none. */
bool	json_open(struct json *, char bracket);
/* The next key, up to its value; false behind the closing bracket. */
bool	json_key(struct json *, char *key, size_t size);
/* Is there another element in the array? */
bool	json_element(struct json *);
/* A string, cut to size - 1 bytes; \u escapes become '?'. */
void	json_string(struct json *, char *out, size_t size);
int64_t	json_integer(struct json *);
void	json_skip(struct json *);
/* Nothing may follow. */
void	json_end(struct json *);

#endif
