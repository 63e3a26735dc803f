/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * json.c - walk one JSON text, RFC 8259.
 */
#include "json.h"

#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX	32	/* ours has 4 */

static void
fail(struct json *j)
{
	j->bad = true;
}

static char
peek(struct json *j)
{
	while (*j->p == ' ' || *j->p == '\t' || *j->p == '\n' || *j->p == '\r')
		j->p++;
	return j->bad ? '\0' : *j->p;
}

static bool
take(struct json *j, char c)
{
	if (peek(j) != c || c == '\0') {
		fail(j);
		return false;
	}
	j->p++;
	return true;
}

bool
json_open(struct json *j, char bracket)
{
	j->first = true;
	return take(j, bracket);
}

/* Past the comma before the next member, or past the closing bracket. */
static bool
next_member(struct json *j, char close)
{
	bool first = j->first;

	j->first = false;
	if (peek(j) == close) {
		j->p++;
		return false;
	}
	return first ? !j->bad : take(j, ',');
}

bool
json_key(struct json *j, char *key, size_t size)
{
	if (j->bad || !next_member(j, '}'))
		return false;
	json_string(j, key, size);
	return take(j, ':');
}

bool
json_element(struct json *j)
{
	return !j->bad && next_member(j, ']');
}

/* The character behind a backslash; moves past it. */
static char
escaped(struct json *j)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at;
	int i;

	if (*j->p == 'u') {
		for (i = 1; i <= 4; i++)
			if (strchr("0123456789abcdefABCDEF", j->p[i]) == NULL ||
			    j->p[i] == '\0') {
				fail(j);
				return '?';
			}
		j->p += 5;
		return '?';
	}
	at = *j->p ? strchr(from, *j->p) : NULL;
	if (at == NULL) {
		fail(j);
		return '?';
	}
	j->p++;
	return to[at - from];
}

void
json_string(struct json *j, char *out, size_t size)
{
	size_t n = 0;
	char c;

	if (size > 0)
		out[0] = '\0';
	if (!take(j, '"'))
		return;
	while (!j->bad && *j->p != '"') {
		if ((unsigned char)*j->p < 0x20) {	/* also the end */
			fail(j);
			break;
		}
		c = *j->p++;
		if (c == '\\')
			c = escaped(j);
		if (n + 1 < size)
			out[n++] = c;
	}
	if (size > 0)
		out[n] = '\0';
	if (!j->bad)
		j->p++;
}

int64_t
json_integer(struct json *j)
{
	char *end;
	int64_t v;

	peek(j);
	if (j->bad)
		return 0;
	v = strtoll(j->p, &end, 10);
	if (end == j->p)
		fail(j);
	j->p = end;
	return v;
}

static void
skip_scalar(struct json *j)
{
	static const char *const words[] = { "true", "false", "null" };
	char *end;
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strncmp(j->p, words[i], strlen(words[i])) == 0) {
			j->p += strlen(words[i]);
			return;
		}
	if (strchr("-0123456789", *j->p) == NULL || *j->p == '\0') {
		fail(j);
		return;
	}
	strtod(j->p, &end);
	if (end == j->p)
		fail(j);
	j->p = end;
}

static void
skip_value(struct json *j, int depth)
{
	char key[1];

	if (depth > DEPTH_MAX) {
		fail(j);
		return;
	}
	switch (peek(j)) {
	case '{':
		json_open(j, '{');
		while (json_key(j, key, sizeof(key)))
			skip_value(j, depth + 1);
		break;
	case '[':
		json_open(j, '[');
		while (json_element(j))
			skip_value(j, depth + 1);
		break;
	case '"':
		json_string(j, key, sizeof(key));
		break;
	default:
		if (!j->bad)
			skip_scalar(j);
		break;
	}
	j->first = false;
}

void
json_skip(struct json *j)
{
	skip_value(j, 0);
}

void
json_end(struct json *j)
{
	if (peek(j) != '\0')
		fail(j);
}
