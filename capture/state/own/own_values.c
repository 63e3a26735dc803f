/* SPDX-License-Identifier: GPL-2.0-or-later */
/* own_values.c - values and fields of podpath.state/1 into records. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/state/own/own.h"
#include "capture/state/documents/rfc3339.h"

/* ---- values */

bool
own_read_text(struct own_in *in, const char **out)
{
	struct pull_text t;

	if (!pull_string(&in->pull, &t))
		return false;
	*out = state_text(in->state, t.p, t.len);
	return true;
}

bool
own_read_short(struct own_in *in, char *out, size_t room)
{
	struct pull_text t;

	if (!pull_string(&in->pull, &t))
		return false;
	if (t.len >= room)
		t.len = room - 1;
	memcpy(out, t.p, t.len);
	out[t.len] = '\0';
	return true;
}

static bool
bad_text(struct own_in *in, const char *text, const char *what)
{
	pull_bad(&in->pull, "%s: '%s' is not %s", in->pull.name, text, what);
	return false;
}

bool
own_read_addr(struct own_in *in, struct addr *out)
{
	char text[64];

	if (!own_read_short(in, text, sizeof(text)))
		return false;
	return addr_parse(text, out) || bad_text(in, text, "an IP address");
}

bool
own_read_prefix(struct own_in *in, struct prefix *out)
{
	char text[64];

	if (!own_read_short(in, text, sizeof(text)))
		return false;
	return prefix_parse(text, out) || bad_text(in, text, "ADDRESS/LENGTH");
}

bool
own_read_word(struct own_in *in, const char *const *words, unsigned *out)
{
	char text[64];

	if (!own_read_short(in, text, sizeof(text)))
		return false;
	for (unsigned i = 0; words[i] != NULL; i++)
		if (*text != '\0' && strcmp(words[i], text) == 0) {
			*out = i;
			return true;
		}
	return bad_text(in, text, "a word that podpath knows here");
}

bool
own_read_words(struct own_in *in, const char *const *words, uint64_t *out)
{
	unsigned bit;

	if (!pull_open(&in->pull, '['))
		return false;
	*out = 0;
	while (pull_more(&in->pull, ']'))
		if (own_read_word(in, words, &bit))
			*out |= (uint64_t)1 << bit;
	return true;
}

bool
own_read_numbers(struct own_in *in, uint64_t *v, unsigned n, uint64_t max)
{
	uint64_t got[4] = { 0 };
	unsigned i = 0;

	if (!pull_open(&in->pull, '['))
		return false;
	while (pull_more(&in->pull, ']')) {
		if (i >= n)
			pull_skip(&in->pull);
		else if (!pull_uint(&in->pull, max, &got[i]))
			i = n;
		i++;
	}
	if (i == n) {
		memcpy(v, got, n * sizeof(*v));
		return true;
	}
	if (!in->pull.failed)
		pull_bad(&in->pull, "%s: a list of %u numbers is expected",
		    in->pull.name, n);
	return false;
}

bool
own_read_index(struct own_in *in, unsigned section, uint32_t *out)
{
	const struct own_index *x = &in->index[section];
	uint64_t n;

	if (!pull_uint(&in->pull, UINT32_MAX, &n))
		return false;
	*out = n < x->n ? x->v[n] : STATE_NONE;
	if (*out == STATE_NONE)
		pull_bad(&in->pull, "%s: %s has no record %llu that could be read",
		    in->pull.name, own_sections[section].name,
		    (unsigned long long)n);
	return *out != STATE_NONE;
}

static bool
read_mac(struct own_in *in, char *at)
{
	char text[32];
	unsigned b[6];
	int end = -1;

	if (!own_read_short(in, text, sizeof(text)))
		return false;
	if (strlen(text) != 17 || sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &b[0],
	    &b[1], &b[2], &b[3], &b[4], &b[5], &end) != 6 || end != 17)
		return bad_text(in, text, "an address like 0a:00:00:00:00:01");
	for (unsigned i = 0; i < 6; i++)
		at[i] = (char)b[i];
	return true;
}

static bool
read_time(struct own_in *in, char *at)
{
	struct nstime t;
	char text[64];

	if (!own_read_short(in, text, sizeof(text)))
		return false;
	if (!rfc3339_parse(text, &t))
		return bad_text(in, text, "a time like 2026-11-20T17:33:23Z");
	memcpy(at, &t, sizeof(t));
	return true;
}

/* ---- fields */

static void
store(char *at, unsigned size, uint64_t v)
{
	uint8_t b = (uint8_t)v;
	uint16_t h = (uint16_t)v;
	uint32_t w = (uint32_t)v;

	switch (size) {
	case 1: memcpy(at, &b, 1); break;
	case 2: memcpy(at, &h, 2); break;
	case 4: memcpy(at, &w, 4); break;
	default: memcpy(at, &v, 8);
	}
}

static bool
read_number(struct own_in *in, const struct field *f, char *at)
{
	unsigned bits = f->size * 8;
	int64_t max = (int64_t)(UINT64_MAX >> (65 - bits)), n;
	uint64_t u;

	if (f->type == FIELD_UINT) {
		if (!pull_uint(&in->pull, UINT64_MAX >> (64 - bits), &u))
			return false;
		store(at, f->size, u);
		return true;
	}
	if (!pull_int(&in->pull, -max - 1, max, &n))
		return false;
	store(at, f->size, (uint64_t)n);
	return true;
}

static bool
read_words(struct own_in *in, const struct field *f, char *at)
{
	uint64_t bits;
	unsigned n;

	if (f->type == FIELD_BITS) {
		if (!own_read_words(in, f->words, &bits))
			return false;
		store(at, f->size, bits);
		return true;
	}
	if (!own_read_word(in, f->words, &n))
		return false;
	store(at, f->size, n);
	return true;
}

static bool
read_pair(struct own_in *in, const struct field *f, char *at)
{
	unsigned size = f->type == FIELD_PORTS ? 2 : 8;
	uint64_t v[2];

	if (!own_read_numbers(in, v, 2, size == 2 ? UINT16_MAX : UINT64_MAX))
		return false;
	store(at, size, v[0]);
	store(at + size, size, v[1]);
	return true;
}

/* A text may be short-lived, so it is kept at once. */
static bool
read_text_field(struct own_in *in, char *at)
{
	const char *text;

	if (!own_read_text(in, &text))
		return false;
	memcpy(at, &text, sizeof(text));
	return true;
}

static bool
read_addrs(struct own_in *in, const struct field *f, char *record)
{
	struct addr a;
	uint8_t n = 0;

	if (!pull_open(&in->pull, '['))
		return false;
	while (pull_more(&in->pull, ']')) {
		if (!own_read_addr(in, &a))
			continue;
		if (n < f->max)
			memcpy(record + f->at + n++ * sizeof(a), &a, sizeof(a));
		else
			pull_bad(&in->pull, "%s: more than %u addresses", f->name,
			    f->max);
	}
	record[f->other] = (char)n;
	return true;
}

static bool
read_addr_list(struct own_in *in, const struct field *f, char *record)
{
	struct addr *v = NULL, *p, a;
	uint32_t n = 0, room = 0;

	if (!pull_open(&in->pull, '['))
		return false;
	while (pull_more(&in->pull, ']')) {
		if (!own_read_addr(in, &a))
			continue;
		p = state_grow(in->state, (void **)&v, &n, &room, sizeof(a));
		if (p != NULL)
			*p = a;
	}
	p = n ? state_alloc(in->state, n * sizeof(a)) : NULL;
	if (p != NULL)
		memcpy(p, v, n * sizeof(a));
	else
		n = 0;
	free(v);
	memcpy(record + f->at, &p, sizeof(p));
	store(record + f->other, 4, n);
	return true;
}

/* Straight into the state: cni_settings alone has such. */
static bool
read_prefixes(struct own_in *in, char *at)
{
	LIST(struct prefix) *list = (void *)at;
	struct prefix p, *new;

	if (!pull_open(&in->pull, '['))
		return false;
	while (pull_more(&in->pull, ']')) {
		if (!own_read_prefix(in, &p))
			continue;
		new = state_grow(in->state, (void **)&list->v, &list->n,
		    &list->room, sizeof(p));
		if (new != NULL)
			*new = p;
	}
	return true;
}

bool
own_read_field(struct own_in *in, const struct field *f, char *record)
{
	char *at = record + f->at;
	struct prefix p;
	struct addr a;
	uint32_t index;
	bool b;

	switch (f->type) {
	case FIELD_TEXT:	return read_text_field(in, at);
	case FIELD_UINT:
	case FIELD_INT:		return read_number(in, f, at);
	case FIELD_WORD:
	case FIELD_BITS:	return read_words(in, f, at);
	case FIELD_PORTS:
	case FIELD_PAIR:	return read_pair(in, f, at);
	case FIELD_TIME:	return read_time(in, at);
	case FIELD_ADDRS:	return read_addrs(in, f, record);
	case FIELD_ADDR_LIST:	return read_addr_list(in, f, record);
	case FIELD_PREFIX_LIST:	return read_prefixes(in, at);
	case FIELD_MAC:
		record[f->other] = read_mac(in, at);
		return true;
	case FIELD_BOOL:
		if (pull_bool(&in->pull, &b))
			*at = b;
		return true;
	case FIELD_ADDR:
		if (own_read_addr(in, &a))
			memcpy(at, &a, sizeof(a));
		return true;
	case FIELD_PREFIX:
		if (own_read_prefix(in, &p))
			memcpy(at, &p, sizeof(p));
		return true;
	case FIELD_INDEX:
		if (!own_read_index(in, f->to, &index))
			return false;
		store(at, 4, index);
		return true;
	case FIELD_MATCHES:	own_read_matches(in, (void *)record); return true;
	case FIELD_TARGET:	own_read_target(in, (void *)at); return true;
	default:		own_read_elements(in, (void *)record); return true;
	}
}

void
own_set_usual(const struct field *f, char *record)
{
	for (; f->name != NULL; f++) {
		if (f->type == FIELD_INT)
			store(record + f->at, f->size, (uint64_t)f->none);
		else if (f->type == FIELD_INDEX)
			store(record + f->at, 4, STATE_NONE);
	}
}

/* Fields come in the order of the table, so the search begins where the last
   one was found. */
static const struct field *
find_field(const struct field *fields, const struct field *from,
    const struct pull_text *key)
{
	const struct field *f;

	for (f = from; f->name != NULL; f++)
		if (pull_is(key, f->name))
			return f;
	for (f = fields; f != from; f++)
		if (pull_is(key, f->name))
			return f;
	return NULL;
}

static bool
has_all(struct own_in *in, const struct field *fields, uint32_t seen, char *record)
{
	static const char *const empty = "";

	for (const struct field *f = fields; f->name != NULL; f++) {
		if (!f->must || (seen >> (f - fields) & 1))
			continue;
		if (in->partial && f->type == FIELD_TEXT) {
			memcpy(record + f->at, &empty, sizeof(empty));
			continue;
		}
		pull_bad(&in->pull, "a record without '%s' is skipped", f->name);
		return false;
	}
	return true;
}

bool
own_read_fields(struct own_in *in, const struct field *fields, void *record)
{
	const struct field *next = fields, *f;
	struct pull_text key;
	uint32_t seen = 0;

	own_set_usual(fields, record);
	if (!pull_open(&in->pull, '{'))
		return false;
	while (pull_more(&in->pull, '}')) {
		if (!pull_key(&in->pull, &key))
			continue;
		f = find_field(fields, next, &key);
		if (f == NULL) {
			pull_bad(&in->pull, "'%s' is not known here",
			    in->pull.name);
			pull_skip(&in->pull);
			continue;
		}
		if (seen >> (f - fields) & 1)
			pull_bad(&in->pull, "'%s' is said twice; the last one "
			    "counts", f->name);
		if (own_read_field(in, f, record))
			seen |= (uint32_t)1 << (f - fields);
		next = f + 1;
	}
	return !in->pull.failed && has_all(in, fields, seen, record);
}
