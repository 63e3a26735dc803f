/* SPDX-License-Identifier: GPL-2.0-or-later */
/* json.c - typed access to JSON documents (RFC 8259) over jansson. */
#include "capture/state/documents/json.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *
type_name(const json_t *v)
{
	switch (json_typeof(v)) {
	case JSON_OBJECT:	return "an object";
	case JSON_ARRAY:	return "a list";
	case JSON_STRING:	return "a text";
	case JSON_INTEGER:
	case JSON_REAL:		return "a number";
	case JSON_TRUE:
	case JSON_FALSE:	return "true or false";
	default:		return "null";
	}
}

/* ---- the document */

/*
 * jansson refuses the whole document for a name that occurs twice and for a
 * number beyond 64 bits.  Both are said, and then read in the way that keeps
 * the rest: the last one counts, and whole numbers become floating ones.
 */
bool
jdoc_load(struct jdoc *d, struct reader *r)
{
	/* a byte order mark, as editors of other systems leave it */
	size_t bom = r->len >= 3 && memcmp(r->data, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
	size_t flags = JSON_REJECT_DUPLICATES;
	json_error_t e;

	*d = (struct jdoc){ .reader = r };
	if (r->len == bom) {
		reader_bad(r, 0, "empty");
		return false;
	}
	for (;;) {
		enum json_error_code code;

		d->root = json_loadb(r->data + bom, r->len - bom, flags, &e);
		if (d->root != NULL)
			return true;
		code = json_error_code(&e);
		reader_bad(r, e.line > 0 ? (unsigned long)e.line : 0,
		    "not valid JSON (column %d): %s", e.column, e.text);
		if (code == json_error_duplicate_key &&
		    (flags & JSON_REJECT_DUPLICATES))
			flags &= ~(size_t)JSON_REJECT_DUPLICATES;
		else if (code == json_error_numeric_overflow &&
		    !(flags & JSON_DECODE_INT_AS_REAL))
			flags |= JSON_DECODE_INT_AS_REAL;
		else
			return false;
	}
}

void
jdoc_free(struct jdoc *d)
{
	json_decref(d->root);
	d->root = NULL;
}

/* ---- paths */

__attribute__((format(printf, 2, 3)))
static size_t
path_add(struct jdoc *d, const char *format, ...)
{
	size_t at = d->path_len, room = sizeof(d->path) - at;
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(d->path + at, room, format, ap);
	va_end(ap);
	d->path_len += n < 0 ? 0 : (size_t)n < room ? (size_t)n : room - 1;
	return at;
}

size_t
jdoc_enter(struct jdoc *d, const char *name)
{
	return path_add(d, "%s%s", d->path_len ? "." : "", name);
}

size_t
jdoc_enter_index(struct jdoc *d, size_t index)
{
	return path_add(d, "[%zu]", index);
}

void
jdoc_leave(struct jdoc *d, size_t at)
{
	d->path_len = at;
	d->path[at] = '\0';
}

void
jdoc_bad(struct jdoc *d, const char *path, const char *text, ...)
{
	char words[STATE_REPORT_MAX];
	va_list ap;

	va_start(ap, text);
	vsnprintf(words, sizeof(words), text, ap);
	va_end(ap);
	reader_bad(d->reader, 0, "%s%s%s%s%s", d->path,
	    d->path_len && *path ? "." : "", path,
	    d->path_len || *path ? ": " : "", words);
}

static const json_t *
wrong_type(struct jdoc *d, const char *path, const json_t *v, const char *wanted)
{
	jdoc_bad(d, path, "%s is expected, not %s", wanted, type_name(v));
	return NULL;
}

/* What the path leads to; NULL when it is absent, null, or when something on
   the way is no object. */
static const json_t *
find(struct jdoc *d, const json_t *v, const char *path)
{
	const char *p = path;
	char name[64];

	while (v != NULL && *p != '\0') {
		size_t n = strcspn(p, ".");

		if (!json_is_object(v)) {
			int done = p == path ? 0 : (int)(p - path) - 1;
			char way[JDOC_PATH_MAX];

			if (json_is_null(v) || (v == d->root && d->told))
				return NULL;
			d->told |= v == d->root;
			snprintf(way, sizeof(way), "%.*s", done, path);
			return wrong_type(d, way, v, "an object");
		}
		if (n >= sizeof(name))
			return NULL;
		memcpy(name, p, n);
		name[n] = '\0';
		v = json_object_get(v, name);
		p += n + (p[n] == '.');
	}
	return v == NULL || json_is_null(v) ? NULL : v;
}

/* ---- getters */

const char *
jdoc_text(struct jdoc *d, const json_t *o, const char *path)
{
	const json_t *v = find(d, o, path);

	if (v != NULL && !json_is_string(v))
		v = wrong_type(d, path, v, "a text");
	return v == NULL ? NULL : json_string_value(v);
}

const char *
jdoc_word(struct jdoc *d, const json_t *o, const char *path)
{
	const char *text = jdoc_text(d, o, path);

	return text == NULL || *text == '\0' ? NULL : text;
}

const char *
jdoc_label(struct jdoc *d, const json_t *o, const char *name)
{
	const json_t *v = json_object_get(o, name);

	if (v != NULL && !json_is_string(v) && !json_is_null(v))
		v = wrong_type(d, name, v, "a text");
	return v == NULL ? NULL : json_string_value(v);
}

bool
jdoc_number(struct jdoc *d, const json_t *o, const char *path, uint64_t max,
    uint64_t *out)
{
	const json_t *v = find(d, o, path);
	double real;

	if (v == NULL)
		return false;
	if (json_is_integer(v)) {
		json_int_t n = json_integer_value(v);

		if (n >= 0 && (uint64_t)n <= max) {
			*out = (uint64_t)n;
			return true;
		}
		jdoc_bad(d, path, "%" JSON_INTEGER_FORMAT
		    " is not a number from 0 to %llu", n, (unsigned long long)max);
		return false;
	}
	if (!json_is_real(v))
		return wrong_type(d, path, v, "a number") != NULL;
	/* see jdoc_load(); 2^63 is the first that no longer fits */
	real = json_real_value(v);
	if (real >= 0 && real < 9223372036854775808.0 &&
	    (double)(uint64_t)real == real && (uint64_t)real <= max) {
		*out = (uint64_t)real;
		return true;
	}
	jdoc_bad(d, path, "%g is not a number from 0 to %llu", real,
	    (unsigned long long)max);
	return false;
}

int
jdoc_bool(struct jdoc *d, const json_t *o, const char *path)
{
	const json_t *v = find(d, o, path);

	if (v != NULL && !json_is_boolean(v))
		v = wrong_type(d, path, v, "true or false");
	return v == NULL ? -1 : json_is_true(v);
}

const json_t *
jdoc_object(struct jdoc *d, const json_t *o, const char *path)
{
	const json_t *v = find(d, o, path);

	if (v != NULL && !json_is_object(v))
		v = wrong_type(d, path, v, "an object");
	return v;
}

const json_t *
jdoc_array(struct jdoc *d, const json_t *o, const char *path)
{
	const json_t *v = find(d, o, path);

	if (v != NULL && !json_is_array(v))
		v = wrong_type(d, path, v, "a list");
	return v;
}

bool
jdoc_addr(struct jdoc *d, const json_t *o, const char *path, struct addr *out)
{
	const char *text = jdoc_word(d, o, path);

	if (text == NULL)
		return false;
	if (addr_parse(text, out))
		return true;
	jdoc_bad(d, path, "'%s' is not an IP address", text);
	return false;
}

const char *
jdoc_keep(struct jdoc *d, const json_t *o, const char *path)
{
	const char *text = jdoc_word(d, o, path);

	return text == NULL ? NULL :
	    state_text(d->reader->state, text, strlen(text));
}

const json_t *
jdoc_is_object(struct jdoc *d, const json_t *v)
{
	return json_is_object(v) ? v : wrong_type(d, "", v, "an object");
}

const char *
jdoc_is_text(struct jdoc *d, const json_t *v)
{
	if (!json_is_string(v))
		v = wrong_type(d, "", v, "a text");
	return v == NULL ? NULL : json_string_value(v);
}
