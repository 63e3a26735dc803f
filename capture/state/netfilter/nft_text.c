/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nft_text.c - nft's JSON as the words that nft(8) prints, for people.
 *
 * Counters are left out.  What has no words here is named by its JSON key.
 */
#include "capture/state/netfilter/nft_int.h"

#include <stdarg.h>
#include <stdio.h>

#define DEPTH_MAX	8

struct words {
	char	text[NFT_TEXT_MAX];
	size_t	len;
	bool	cut;
};

__attribute__((format(printf, 2, 3)))
static void
put(struct words *w, const char *fmt, ...)
{
	size_t room = sizeof(w->text) - w->len;
	va_list ap;
	int n;

	if (w->cut)
		return;
	va_start(ap, fmt);
	n = vsnprintf(w->text + w->len, room, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= room) {
		w->cut = true;
		w->len = sizeof(w->text) - 1;
		memcpy(w->text + w->len - 4, " ...", 5);
	} else {
		w->len += (size_t)n;
	}
}

/* How a plain value is written depends on what it is compared with. */
enum style { STYLE_PLAIN, STYLE_HEX, STYLE_QUOTED };

static void put_value(struct words *, const json_t *, enum style, unsigned depth);

static void
put_list(struct words *w, const json_t *list, const char *between, enum style s,
    unsigned depth)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		if (w->cut)
			return;
		if (i > 0)
			put(w, "%s", between);
		put_value(w, json_array_get(list, i), s, depth + 1);
	}
}

static void
put_set(struct words *w, const json_t *elems, enum style s, unsigned depth)
{
	put(w, "{ ");
	for (size_t i = 0; i < json_array_size(elems) && !w->cut; i++) {
		const json_t *e = json_array_get(elems, i);

		if (i > 0)
			put(w, ", ");
		if (json_array_size(e) == 2) {		/* of a map */
			put_value(w, json_array_get(e, 0), s, depth + 1);
			put(w, " : ");
			put_value(w, json_array_get(e, 1), STYLE_PLAIN, depth + 1);
		} else {
			put_value(w, e, s, depth + 1);
		}
	}
	put(w, " }");
}

static void
put_meta(struct words *w, const char *key)
{
	static const char *const bare[] = { "iif", "oif", "iifname", "oifname" };

	for (size_t i = 0; i < sizeof(bare) / sizeof(bare[0]); i++)
		if (strcmp(bare[i], key) == 0) {
			put(w, "%s", key);
			return;
		}
	put(w, "meta %s", key);
}

/* What a packet has. */
static bool
put_key(struct words *w, const char *name, const json_t *v, unsigned depth)
{
	const json_t *flags = nft_get(v, "flags");
	uint64_t n;

	if (strcmp(name, "payload") == 0) {
		put(w, "%s %s", nft_string(v, "protocol"), nft_string(v, "field"));
	} else if (strcmp(name, "meta") == 0) {
		put_meta(w, nft_string(v, "key"));
	} else if (strcmp(name, "ct") == 0) {
		put(w, "ct %s%s%s", nft_string(v, "dir"),
		    *nft_string(v, "dir") ? " " : "", nft_string(v, "key"));
	} else if (strcmp(name, "fib") == 0) {
		put(w, "fib ");
		if (json_is_array(flags))
			put_list(w, flags, " . ", STYLE_PLAIN, depth);
		else
			put_value(w, flags, STYLE_PLAIN, depth + 1);
		put(w, " %s", nft_string(v, "result"));
	} else if (strcmp(name, "numgen") == 0) {
		put(w, "numgen %s mod ", nft_string(v, "mode"));
		put_value(w, nft_get(v, "mod"), STYLE_PLAIN, depth + 1);
		if (nft_number(nft_get(v, "offset"), UINT32_MAX, &n) && n > 0)
			put(w, " offset %llu", (unsigned long long)n);
	} else {
		return false;
	}
	return true;
}

static bool
put_structure(struct words *w, const char *name, const json_t *v, enum style s,
    unsigned depth)
{
	if (strcmp(name, "prefix") == 0) {
		put(w, "%s/", nft_string(v, "addr"));
		put_value(w, nft_get(v, "len"), STYLE_PLAIN, depth + 1);
	} else if (strcmp(name, "range") == 0) {
		put_list(w, v, "-", s, depth);
	} else if (strcmp(name, "concat") == 0) {
		put_list(w, v, " . ", s, depth);
	} else if (strcmp(name, "set") == 0) {
		put_set(w, v, s, depth);
	} else if (strcmp(name, "elem") == 0) {
		put_value(w, nft_get(v, "val"), s, depth + 1);
	} else if (strcmp(name, "map") == 0) {
		put_value(w, nft_get(v, "key"), s, depth + 1);
		put(w, " map ");
		put_value(w, nft_get(v, "data"), s, depth + 1);
	} else if (strcmp(name, "&") == 0 || strcmp(name, "|") == 0 ||
	    strcmp(name, "^") == 0) {
		char between[4] = { ' ', name[0], ' ', '\0' };

		put_list(w, v, between, STYLE_HEX, depth);
	} else if (strcmp(name, "jump") == 0 || strcmp(name, "goto") == 0) {
		put(w, "%s %s", name, nft_string(v, "target"));
	} else {
		return false;
	}
	return true;
}

static void
put_value(struct words *w, const json_t *v, enum style s, unsigned depth)
{
	const char *name = "";
	const json_t *inner;

	if (depth > DEPTH_MAX) {
		put(w, "...");
	} else if (json_is_string(v)) {
		bool quote = s == STYLE_QUOTED && json_string_value(v)[0] != '@';

		put(w, quote ? "\"%s\"" : "%s", json_string_value(v));
	} else if (json_is_integer(v)) {
		put(w, s == STYLE_HEX ? "0x%08llx" : "%lld",
		    (long long)json_integer_value(v));
	} else if (json_is_array(v)) {
		put_list(w, v, ",", s, depth);
	} else if ((inner = nft_only(v, &name)) != NULL &&
	    !put_key(w, name, inner, depth) &&
	    !put_structure(w, name, inner, s, depth)) {
		put(w, "%s", name);
	}
}

/* Marks are written in hexadecimal, names of devices in quotes. */
static enum style
style_of(const json_t *left)
{
	const json_t *masked = nft_get(left, "&");
	const json_t *meta = nft_get(left, "meta"), *ct = nft_get(left, "ct");
	const char *key = nft_string(meta ? meta : ct, "key");

	if (masked != NULL)
		return STYLE_HEX;
	if (strcmp(key, "mark") == 0)
		return STYLE_HEX;
	if (strcmp(key, "iifname") == 0 || strcmp(key, "oifname") == 0 ||
	    strcmp(key, "iif") == 0 || strcmp(key, "oif") == 0)
		return STYLE_QUOTED;
	return STYLE_PLAIN;
}

static void
put_match(struct words *w, const json_t *v)
{
	const json_t *left = nft_get(v, "left");
	const char *op = nft_string(v, "op");
	enum style s = style_of(left);

	put_value(w, left, s, 0);
	put(w, " ");
	if (strcmp(op, "in") != 0 &&
	    (strcmp(op, "==") != 0 || nft_get(left, "&") != NULL))
		put(w, "%s ", op);
	put_value(w, nft_get(v, "right"), s, 0);
}

static void
put_nat(struct words *w, const char *name, const json_t *v)
{
	const json_t *addr = nft_get(v, "addr"), *port = nft_get(v, "port");
	const json_t *flags = nft_get(v, "flags");
	bool v6 = json_is_string(addr) &&
	    strchr(json_string_value(addr), ':') != NULL;

	put(w, "%s", name);
	if (addr != NULL || port != NULL)
		put(w, " to ");
	if (addr != NULL) {
		put(w, "%s", v6 && port ? "[" : "");
		put_value(w, addr, STYLE_PLAIN, 0);
		put(w, "%s", v6 && port ? "]" : "");
	}
	if (port != NULL) {
		put(w, ":");
		put_value(w, port, STYLE_PLAIN, 0);
	}
	if (flags != NULL) {
		put(w, " ");
		put_value(w, flags, STYLE_PLAIN, 0);
	}
}

static void
put_limit(struct words *w, const json_t *v)
{
	put(w, "limit rate %s", json_is_true(nft_get(v, "inv")) ? "over " : "");
	put_value(w, nft_get(v, "rate"), STYLE_PLAIN, 0);
	put(w, "/%s", nft_string(v, "per"));
}

static void
put_statement(struct words *w, const json_t *whole)
{
	const char *name = "";
	const json_t *v = nft_only(whole, &name);
	enum style s;

	if (v == NULL)
		return;
	if (strcmp(name, "match") == 0) {
		put_match(w, v);
	} else if (strcmp(name, "vmap") == 0) {
		s = style_of(nft_get(v, "key"));
		put_value(w, nft_get(v, "key"), s, 0);
		put(w, " vmap ");
		put_value(w, nft_get(v, "data"), s, 0);
	} else if (strcmp(name, "mangle") == 0) {
		s = style_of(nft_get(v, "key"));
		put_value(w, nft_get(v, "key"), s, 0);
		put(w, " set ");
		put_value(w, nft_get(v, "value"), s, 0);
	} else if (strcmp(name, "snat") == 0 || strcmp(name, "dnat") == 0 ||
	    strcmp(name, "masquerade") == 0 || strcmp(name, "redirect") == 0) {
		put_nat(w, name, v);
	} else if (strcmp(name, "set") == 0) {
		put(w, "%s %s { ", nft_string(v, "op"), nft_string(v, "set"));
		put_value(w, nft_get(v, "elem"), STYLE_PLAIN, 0);
		put(w, " }");
	} else if (strcmp(name, "log") == 0) {
		put(w, "log");
		if (*nft_string(v, "prefix"))
			put(w, " prefix \"%s\"", nft_string(v, "prefix"));
	} else if (strcmp(name, "limit") == 0) {
		put_limit(w, v);
	} else if (strcmp(name, "xt") == 0) {
		put(w, "xt %s %s", nft_string(v, "type"), nft_string(v, "name"));
	} else if (!put_structure(w, name, v, STYLE_PLAIN, 0)) {
		put(w, "%s", name);
	}
}

const char *
nft_rule_text(struct state *s, const json_t *expr)
{
	struct words w = { .len = 0 };

	for (size_t i = 0; i < json_array_size(expr); i++) {
		const json_t *e = json_array_get(expr, i);

		if (nft_get(e, "counter") != NULL)
			continue;
		if (w.len > 0)
			put(&w, " ");
		put_statement(&w, e);
	}
	return state_text(s, w.text, w.len);
}

/* A whole {"limit": ...}, or what is in {"match": ...}. */
const char *
nft_expr_text(struct state *s, const json_t *v)
{
	struct words w = { .len = 0 };

	if (nft_get(v, "left") != NULL)
		put_match(&w, v);
	else
		put_statement(&w, v);
	if (w.len == 0)
		put(&w, "an expression without words");
	return state_text(s, w.text, w.len);
}
