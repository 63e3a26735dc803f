/* SPDX-License-Identifier: GPL-2.0-or-later */
/* told.c - the JSON lines of `podpath read -o json`; see told.h. */
#include "told.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "json.h"

/* RFC 3339 in UTC with any number of digits behind the second; 0: it is not. */
static int64_t
parse_rfc3339(const char *s)
{
	int64_t ns = 0, unit = SEC / 10;
	struct tm tm = { .tm_sec = 0 };
	const char *p = strptime(s, "%Y-%m-%dT%H:%M:%S", &tm);

	if (p == NULL)
		return 0;
	if (*p == '.')
		for (p++; *p >= '0' && *p <= '9'; p++, unit /= 10)
			ns += (*p - '0') * unit;
	return *p == 'Z' ? (int64_t)timegm(&tm) * SEC + ns : 0;
}

static void
read_tuple(struct json *js, struct tup *t)
{
	char key[32], text[128];
	bool more = json_open(js, '{');

	while (more && json_key(js, key, sizeof(key))) {
		if (strcmp(key, "src") == 0) {
			json_string(js, text, sizeof(text));
			t->src = parse_ip(text);
		} else if (strcmp(key, "dst") == 0) {
			json_string(js, text, sizeof(text));
			t->dst = parse_ip(text);
		} else if (strcmp(key, "sport") == 0 ||
		    strcmp(key, "icmp_id") == 0) {
			t->sport = (uint16_t)json_integer(js);
		} else if (strcmp(key, "dport") == 0) {
			t->dport = (uint16_t)json_integer(js);
		} else
			json_skip(js);
	}
}

static void
add_iface(struct told *c, const char *name)
{
	unsigned i;

	for (i = 0; i < c->n_ifaces; i++)
		if (strcmp(c->iface[i], name) == 0)
			return;
	if (c->n_ifaces < 2)
		snprintf(c->iface[c->n_ifaces++], sizeof(c->iface[0]), "%s", name);
}

static void
read_leg(struct json *js, struct told *c)
{
	const char *start = js->p;
	struct tup t = { .proto = 0 };
	char key[32], side[16] = "", ifname[64] = "?";
	bool more;

	read_tuple(js, &t);
	js->p = start;
	more = json_open(js, '{');
	while (more && json_key(js, key, sizeof(key))) {
		if (strcmp(key, "side") == 0)
			json_string(js, side, sizeof(side));
		else if (strcmp(key, "ifname") == 0)
			json_string(js, ifname, sizeof(ifname));
		else
			json_skip(js);
	}
	add_iface(c, ifname);
	if (c->n_legs < LEGS_MAX) {
		c->reply[c->n_legs] = strcmp(side, "reply") == 0;
		c->leg[c->n_legs++] = t;
	}
}

static void
read_finding(struct json *js, struct told *c)
{
	char key[32], level[16] = "", code[CAUSE_LEN] = "", cause[CAUSE_LEN] = "";
	char text[sizeof(c->text)] = "";
	bool more = json_open(js, '{');

	while (more && json_key(js, key, sizeof(key))) {
		if (strcmp(key, "level") == 0)
			json_string(js, level, sizeof(level));
		else if (strcmp(key, "code") == 0)
			json_string(js, code, sizeof(code));
		else if (strcmp(key, "cause") == 0)
			json_string(js, cause, sizeof(cause));
		else if (strcmp(key, "text") == 0)
			json_string(js, text, sizeof(text));
		else
			json_skip(js);
	}
	if (c->code[0] != '\0' ||
	    (strcmp(level, "wrong") != 0 && strcmp(level, "dropped") != 0))
		return;
	memcpy(c->code, code, sizeof(code));
	memcpy(c->cause, cause, sizeof(cause));
	memcpy(c->text, text, sizeof(text));
}

/* Each element of an array, which the caller's function must move past. */
static void
read_each(struct json *js, struct told *c, void (*one)(struct json *, struct told *))
{
	bool any = json_open(js, '[');

	while (any && json_element(js))
		one(js, c);
}

/* True when it is a flow. */
static bool
read_flow(struct json *js, struct told *c)
{
	char key[32], text[128];
	bool more = json_open(js, '{'), is_flow = false;

	while (more && json_key(js, key, sizeof(key))) {
		if (strcmp(key, "schema") == 0) {
			json_string(js, text, sizeof(text));
			is_flow = strcmp(text, "podpath.flow/1") == 0;
		} else if (strcmp(key, "proto") == 0) {
			json_string(js, text, sizeof(text));
			c->proto = parse_proto(text);
		} else if (strcmp(key, "first") == 0) {
			json_string(js, text, sizeof(text));
			c->first = parse_rfc3339(text);
		} else if (strcmp(key, "original") == 0) {
			read_tuple(js, &c->orig);
		} else if (strcmp(key, "translated") == 0) {
			c->has_trans = true;
			read_tuple(js, &c->trans);
		} else if (strcmp(key, "verdict") == 0) {
			json_string(js, c->verdict, sizeof(c->verdict));
		} else if (strcmp(key, "legs") == 0) {
			read_each(js, c, read_leg);
		} else if (strcmp(key, "findings") == 0) {
			read_each(js, c, read_finding);
		} else
			json_skip(js);
	}
	json_end(js);
	return is_flow;
}

/* Tuples get their protocol, legs the initiator's direction. */
static void
settle(struct told *c)
{
	unsigned i;

	c->orig.proto = c->trans.proto = c->proto;
	if (!c->has_trans)
		c->trans = c->orig;
	for (i = 0; i < c->n_legs; i++) {
		c->leg[i].proto = c->proto;
		if (c->reply[i])
			c->leg[i] = tup_reverse(c->leg[i]);
	}
}

static bool
read_line(const char *line, const char *name, unsigned number, struct told *c)
{
	struct json js = { .p = line };
	bool is_flow;

	memset(c, 0, sizeof(*c));
	is_flow = read_flow(&js, c);
	if (js.bad)
		errx(2, "%s:%u: not a JSON object, near column %zu", name,
		    number, (size_t)(js.p - line) + 1);
	if (is_flow && c->first == 0)
		errx(2, "%s:%u: \"first\" is not an RFC 3339 time", name, number);
	settle(c);
	return is_flow;
}

uint64_t
told_read(const char *name, void (*each)(void *, struct told *), void *arg)
{
	FILE *f = strcmp(name, "-") == 0 ? stdin : fopen(name, "r");
	struct told c;
	char *line = NULL;
	size_t size = 0;
	unsigned number = 0;
	uint64_t flows = 0;

	if (f == NULL)
		err(2, "%s", name);
	while (getline(&line, &size, f) > 0) {
		if (!read_line(line, name, ++number, &c))
			continue;
		flows++;
		each(arg, &c);
	}
	if (ferror(f))
		err(2, "%s", name);
	if (flows == 0)
		errx(2, "%s: no podpath.flow/1 line in it", name);
	free(line);
	if (f != stdin)
		fclose(f);
	return flows;
}
