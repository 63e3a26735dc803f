/* SPDX-License-Identifier: GPL-2.0-or-later */
/* out_shares.c - the shares of each Service port: a table with bars, a line, and
   JSON. */
#include "ui/out/out_shares.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
out_share_name(const struct share_port *p, char out[static OUT_SHARE_NAME_MAX])
{
	char number[12];

	snprintf(number, sizeof(number), "%u", p->port);
	snprintf(out, OUT_SHARE_NAME_MAX, "%s/%s:%s%s", p->ns, p->name,
	    p->port_name != NULL ? p->port_name : number,
	    p->external ? " from outside" : "");
}

const char *
out_share_end(const struct addr *a, uint16_t port, char out[static OUT_SHARE_END_MAX])
{
	char text[ADDR_TEXT_MAX];
	bool v4 = addr_is_v4(a);

	addr_format(a, text);
	snprintf(out, OUT_SHARE_END_MAX, "%s%s%s:%u", v4 ? "" : "[", text, v4 ? "" : "]",
	    port);
	return out;
}

/* Columns of the table; the rest depends on the longest name. */
enum { COL_NAME = 4, COL_WHO = 28, COL_COUNT_MIN = 44, COL_COUNT_MAX = 90,
	COUNT_WIDTH = 9, SHARE_WIDTH = 9, BAR_WIDTH = 24 };
#define ROWS_MAX	64	/* endpoints, and nodes, of a port; more are counted */

/* ---- text */

static void
put_bar(struct text *t, uint64_t n, uint64_t all)
{
	uint64_t full = all > 0 ? (n * BAR_WIDTH * 2 + all) / (2 * all) : 0;

	for (uint64_t i = 0; i < full && i < BAR_WIDTH; i++)
		text_foreign(t, t->utf8 ? "█" : "#");
}

static void
put_share(struct text *t, unsigned column, uint64_t n, uint64_t all)
{
	char text[32];

	snprintf(text, sizeof(text), "%7" PRIu64, n);
	text_pad(t, column);
	text_put(t, text);
	snprintf(text, sizeof(text), "%5.1f %%", all > 0 ? 100.0 * (double)n /
	    (double)all : 0.0);
	text_pad(t, column + COUNT_WIDTH);
	text_put(t, text);
	if (n > 0) {
		text_pad(t, column + COUNT_WIDTH + SHARE_WIDTH);
		put_bar(t, n, all);
	}
	text_newline(t);
}

static const char *
note_of(const struct share_endpoint *e)
{
	return !e->listed ? " (gone)" : !e->ready ? " (not ready)" :
	    !e->eligible ? " (not used here)" : "";
}

/* Where the numbers begin. */
static unsigned
count_column(const struct share_port *p)
{
	size_t most = COL_COUNT_MIN, n;

	for (unsigned i = 0; i < p->n_endpoints && i < ROWS_MAX; i++) {
		const struct share_endpoint *e = &p->endpoints[i];

		n = COL_WHO + (e->pod ? strlen(e->pod) : 0) + (e->ns ? strlen(e->ns) : 0) +
		    strlen(note_of(e)) + 3;
		most = n > most ? n : most;
		n = COL_NAME + (e->node ? strlen(e->node) : 0) + 7;
		most = n > most ? n : most;
	}
	return most < COL_COUNT_MAX ? (unsigned)most : COL_COUNT_MAX;
}

static void
put_endpoint(struct text *t, unsigned column, const struct share_port *p,
    const struct share_endpoint *e)
{
	char end[OUT_SHARE_END_MAX];
	const char *note = note_of(e);

	text_pad(t, COL_NAME);
	text_put(t, out_share_end(&e->addr, e->port, end));
	text_pad(t, COL_WHO);
	if (e->pod != NULL) {
		text_foreign(t, e->ns != NULL ? e->ns : "default");
		text_put(t, "/");
		text_foreign(t, e->pod);
	}
	text_put(t, e->pod == NULL && *note == ' ' ? note + 1 : note);
	put_share(t, column, e->connections, p->connections);
}

struct node_share {
	const char	*name;
	uint64_t	 connections;
};

/* The nodes of the endpoints, in order of their coming; those without a name are
   one.  How many. */
static unsigned
sum_nodes(const struct share_port *p, struct node_share out[static ROWS_MAX])
{
	unsigned n = 0, k;

	for (unsigned i = 0; i < p->n_endpoints; i++) {
		const struct share_endpoint *e = &p->endpoints[i];

		for (k = 0; k < n && out[k].name != e->node; k++)
			;
		if (k == ROWS_MAX)
			continue;
		if (k == n)
			out[n++] = (struct node_share){ .name = e->node };
		out[k].connections += e->connections;
	}
	return n;
}

static void
put_row(struct text *t, unsigned column, const char *what, const char *name, uint64_t n,
    uint64_t all)
{
	text_pad(t, COL_NAME);
	text_put(t, what);
	if (name != NULL)
		text_foreign(t, name);
	else
		text_put(t, "not known");
	put_share(t, column, n, all);
}

void
out_share_table(struct text *t, const struct share_port *p)
{
	struct node_share nodes[ROWS_MAX];
	char name[OUT_SHARE_NAME_MAX], proto[PRESENT_PROTO_MAX];
	unsigned n, column = count_column(p);

	out_share_name(p, name);
	text_pad(t, 2);
	text_role(t, ROLE_HEAD);
	text_foreign(t, name);
	text_role(t, ROLE_PLAIN);
	text_put(t, " ");
	text_u64(t, p->port);
	text_put(t, "/");
	text_put(t, present_proto(p->proto, proto));
	text_put(t, ": ");
	text_count(t, p->connections, "connection");
	text_put(t, ", ");
	text_u64(t, p->answered);
	text_put(t, " answered");
	text_newline(t);
	for (unsigned i = 0; i < p->n_endpoints && i < ROWS_MAX; i++)
		put_endpoint(t, column, p, &p->endpoints[i]);
	if (p->n_endpoints > ROWS_MAX) {
		text_pad(t, COL_NAME);
		text_u64(t, p->n_endpoints - ROWS_MAX);
		text_put(t, " more endpoints");
		text_newline(t);
	}
	n = sum_nodes(p, nodes);
	for (unsigned i = 0; i < n && (n > 1 || nodes[0].name != NULL); i++)
		put_row(t, column, "node ", nodes[i].name, nodes[i].connections,
		    p->connections);
	for (unsigned i = 0; i < p->n_zones; i++)
		put_row(t, column, "zone ", p->zones[i].name, p->zones[i].connections,
		    p->connections);
}

/* ---- a line */

#define LINE_PORTS	8	/* of read's summary; more are counted */
#define LINE_PARTS	6

static void
put_part(struct text *t, const char *before, const char *name, uint64_t n, uint64_t all)
{
	char share[40];

	snprintf(share, sizeof(share), " %" PRIu64 " (%.1f %%)", n,
	    all > 0 ? 100.0 * (double)n / (double)all : 0.0);
	text_put(t, before);
	text_foreign(t, name != NULL ? name : "not known");
	text_put(t, share);
}

static void
put_line(struct text *t, const struct share_port *p)
{
	char name[OUT_SHARE_NAME_MAX], end[OUT_SHARE_END_MAX];

	out_share_name(p, name);
	text_put(t, "Service ");
	text_foreign(t, name);
	text_put(t, ": ");
	text_count(t, p->connections, "connection");
	for (unsigned i = 0; i < p->n_endpoints && i < LINE_PARTS; i++)
		put_part(t, i == 0 ? ": " : ", ", out_share_end(&p->endpoints[i].addr,
		    p->endpoints[i].port, end), p->endpoints[i].connections,
		    p->connections);
	if (p->n_endpoints > LINE_PARTS) {
		text_put(t, " and ");
		text_u64(t, p->n_endpoints - LINE_PARTS);
		text_put(t, " more");
	}
	for (unsigned i = 0; i < p->n_zones && i < LINE_PARTS; i++)
		put_part(t, i == 0 ? "; zone " : ", ", p->zones[i].name,
		    p->zones[i].connections, p->connections);
	text_newline(t);
}

void
out_shares_text(struct text *t, const struct shares *s, bool verbose)
{
	unsigned n = shares_n(s);

	for (unsigned i = 0; i < n && (verbose || i < LINE_PORTS); i++) {
		if (verbose)
			out_share_table(t, shares_get(s, i));
		else
			put_line(t, shares_get(s, i));
	}
	if (n <= LINE_PORTS || verbose)
		return;
	text_u64(t, n - LINE_PORTS);
	text_put(t, " more ports of Services: see podpath verify shares, or -v");
	text_newline(t);
}

/* ---- JSON */

#define put_word(j, key, value) do {					\
	const char *value_ = (value);					\
									\
	if (value_ != NULL) {						\
		json_key(j, key);					\
		json_text(j, value_);					\
	}								\
} while (0)

#define put_number(j, key, value) do {					\
	json_key(j, key);						\
	json_u64(j, value);						\
} while (0)

#define put_bool(j, key, value) do {					\
	json_key(j, key);						\
	json_bool(j, value);						\
} while (0)

static void
endpoint_json(struct json *j, const struct share_endpoint *e)
{
	json_open(j, '{');
	json_key(j, "address");
	json_addr(j, &e->addr);
	put_number(j, "port", e->port);
	put_word(j, "namespace", e->ns);
	put_word(j, "pod", e->pod);
	put_word(j, "node", e->node);
	put_word(j, "zone", e->zone);
	put_bool(j, "listed", e->listed);
	put_bool(j, "ready", e->ready);
	put_bool(j, "eligible", e->eligible);
	put_number(j, "connections", e->connections);
	put_number(j, "answered", e->answered);
	if (e->gone > 0)
		put_number(j, "gone", e->gone);
	json_close(j, '}');
}

static void
sums_json(struct json *j, const struct share_port *p)
{
	struct node_share nodes[ROWS_MAX];
	unsigned n = sum_nodes(p, nodes);

	json_key(j, "nodes");
	json_open(j, '[');
	for (unsigned i = 0; i < n; i++) {
		json_open(j, '{');
		put_word(j, "node", nodes[i].name);
		put_number(j, "connections", nodes[i].connections);
		json_close(j, '}');
	}
	json_close(j, ']');
	json_key(j, "zones");
	json_open(j, '[');
	for (unsigned i = 0; i < p->n_zones; i++) {
		json_open(j, '{');
		put_word(j, "zone", p->zones[i].name);
		put_number(j, "connections", p->zones[i].connections);
		put_number(j, "clients", p->zones[i].clients);
		put_number(j, "stayed", p->zones[i].stayed);
		put_number(j, "ready", p->zones[i].n_ready);
		json_close(j, '}');
	}
	json_close(j, ']');
}

/* %.4f: no library of JSON, and no locale, is between it and a reader. */
static void
decimal_json(struct json *j, double v)
{
	char text[40];

	snprintf(text, sizeof(text), "%.4f", v);
	json_comma(j);
	outbuf_str(j->out, text);
}

static void
port_json(struct json *j, const struct share_port *p)
{
	char name[OUT_SHARE_NAME_MAX], proto[PRESENT_PROTO_MAX];

	snprintf(name, sizeof(name), "%s/%s", p->ns, p->name);
	json_open(j, '{');
	put_word(j, "service", name);
	put_word(j, "port_name", p->port_name);
	put_number(j, "port", p->port);
	put_word(j, "proto", present_proto(p->proto, proto));
	if (p->external)
		put_bool(j, "external", true);
	put_number(j, "connections", p->connections);
	put_number(j, "answered", p->answered);
	put_number(j, "untranslated", p->untranslated);
	json_key(j, "endpoints");
	json_open(j, '[');
	for (unsigned i = 0; i < p->n_endpoints; i++)
		endpoint_json(j, &p->endpoints[i]);
	json_close(j, ']');
	sums_json(j, p);
	put_number(j, "stayed_in_zone", p->stayed);
	put_number(j, "left_zone", p->left + p->left_none);
	put_number(j, "zone_not_known", p->client_unknown + p->zone_unknown);
	put_word(j, "shares", evenness_name(p->even));
	if (p->even == EVEN_YES || p->even == EVEN_NO) {
		put_bool(j, "even", p->even == EVEN_YES);
		json_key(j, "chi_square");
		decimal_json(j, p->chi_square);
		put_number(j, "degrees_of_freedom", p->degrees);
		json_key(j, "critical");
		decimal_json(j, p->critical);
	}
	json_close(j, '}');
}

void
out_shares_json(struct json *j, const struct shares *s)
{
	json_key(j, "services");
	json_open(j, '[');
	for (unsigned i = 0; i < shares_n(s); i++)
		port_json(j, shares_get(s, i));
	json_close(j, ']');
}
