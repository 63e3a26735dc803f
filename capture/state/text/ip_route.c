/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ip_route.c - routes as `ip route show table all` prints them, and the forms
 * for one table: iproute2's ip/iproute.c, print_route().
 *
 * The nexthops of a multipath route follow on lines of their own that begin
 * with a tab (with -o, behind a backslash); such lines are joined first.
 */
#include <stdio.h>

#include "capture/state/files.h"
#include "capture/state/text/iproute2.h"

struct route_text {
	struct reader	*reader;
	unsigned long	 line;
	struct words	 words;
	struct iproute	 route;
	bool		 v4_seen, v6_seen, is_default;
	bool		 complained;
	char		 text[ROUTE_TEXT_MAX];	/* the route without its table */
	size_t		 text_len;
};

/* ---- the route's own text */

static void
text_add(struct route_text *t, const struct word *w)
{
	if (t->text_len + w->len + 2 > sizeof(t->text))
		return;
	if (t->text_len > 0)
		t->text[t->text_len++] = ' ';
	memcpy(t->text + t->text_len, w->p, w->len);
	t->text_len += w->len;
}

static bool
next(struct route_text *t, struct word *w)
{
	if (!word_next(&t->words, w))
		return false;
	text_add(t, w);
	return true;
}

/* Only the first thing of a route: what follows is often the same trouble. */
static void
complain(struct route_text *t, const struct word *w, const char *why)
{
	if (!t->complained)
		reader_bad(t->reader, t->line, "'%.*s' %s in a route", QUOTED(w),
		    why);
	t->complained = true;
}

/* ---- words of a route */

typedef bool take_word(struct route_text *, const struct word *arg);

static void
saw_family(struct route_text *t, const struct word *addr)
{
	if (memchr(addr->p, ':', addr->len) != NULL)
		t->v6_seen = true;
	else
		t->v4_seen = true;
}

/* "via inet6 fe80::1": a nexthop of the other family. */
static bool
take_via(struct route_text *t, const struct word *arg)
{
	struct word addr = *arg;
	bool other = word_is(arg, "inet6") || word_is(arg, "inet");

	if ((other && !next(t, &addr)) || !word_addr(&addr, &t->route.via))
		return false;
	t->route.has_via = true;
	if (!other)
		saw_family(t, arg);
	return true;
}

static bool
take_dev(struct route_text *t, const struct word *arg)
{
	if (!word_is_dev(arg))
		return false;
	t->route.dev = state_text(t->reader->state, arg->p, arg->len);
	return true;
}

/* The text of a route does not say its table. */
static bool
take_table(struct route_text *t, const struct word *arg)
{
	size_t said = strlen("table ") + arg->len;

	t->text_len -= said < t->text_len ? said + 1 : t->text_len;
	if (!ip_table_number(arg, &t->route.table))
		reader_bad(t->reader, t->line, "table '%.*s' has a name only; its "
		    "number is not known", QUOTED(arg));
	return true;
}

static bool
take_proto(struct route_text *t, const struct word *arg)
{
	t->route.proto = state_text(t->reader->state, arg->p, arg->len);
	return true;
}

static bool
take_scope(struct route_text *t, const struct word *arg)
{
	t->route.link_scope = word_is(arg, "link");
	return true;
}

static bool
take_src(struct route_text *t, const struct word *arg)
{
	if (!word_addr(arg, &t->route.src))
		return false;
	saw_family(t, arg);
	t->route.has_src = true;
	return true;
}

static bool
take_metric(struct route_text *t, const struct word *arg)
{
	return word_number(arg, UINT32_MAX, &t->route.metric);
}

/* For packets from there, or of that type of service, alone. */
static bool
take_odd(struct route_text *t, const struct word *arg)
{
	(void)arg;
	t->route.odd = true;
	return true;
}

/* Only IPv6 routes have a preference. */
static bool
take_pref(struct route_text *t, const struct word *arg)
{
	(void)arg;
	t->v6_seen = true;
	return true;
}

/* A metric for TCP and the like; "mtu lock 1300". */
static bool
take_detail(struct route_text *t, const struct word *arg)
{
	struct word value;

	return !word_is(arg, "lock") || next(t, &value);
}

/* What it wraps the packet in, in words of its own, up to the nexthop. */
static bool
take_encap(struct route_text *t, const struct word *arg)
{
	struct words ahead = t->words;
	struct word w;

	(void)arg;
	t->route.odd = true;
	while (word_next(&ahead, &w) && !word_is(&w, "via") &&
	    !word_is(&w, "dev")) {
		t->words = ahead;
		text_add(t, &w);
	}
	return true;
}

static const struct { const char *word; take_word *take; } with_arg[] = {
	{ "via",	take_via },
	{ "dev",	take_dev },
	{ "table",	take_table },
	{ "proto",	take_proto },
	{ "scope",	take_scope },
	{ "src",	take_src },
	{ "metric",	take_metric },
	{ "pref",	take_pref },
	{ "from",	take_odd },
	{ "tos",	take_odd },
	{ "dsfield",	take_odd },
	{ "encap",	take_encap },
	{ "nhid",	take_detail },
	{ "weight",	take_detail },
	{ "expires",	take_detail },
	{ "error",	take_detail },
	{ "mtu",	take_detail },
	{ "advmss",	take_detail },
	{ "hoplimit",	take_detail },
	{ "window",	take_detail },
	{ "rtt",	take_detail },
	{ "rttvar",	take_detail },
	{ "rto_min",	take_detail },
	{ "ssthresh",	take_detail },
	{ "cwnd",	take_detail },
	{ "initcwnd",	take_detail },
	{ "initrwnd",	take_detail },
	{ "reordering",	take_detail },
	{ "features",	take_detail },
	{ "quickack",	take_detail },
	{ "congctl",	take_detail },
	{ "fastopen_no_cookie", take_detail },
	{ "ttl-propagate", take_detail },
	{ "realm",	take_detail },
	{ "realms",	take_detail },
	{ "users",	take_detail },
	{ "used",	take_detail },
	{ "age",	take_detail },
	{ "uid",	take_detail },
	{ "mark",	take_detail },
	{ "iif",	take_detail },
	{ "ipid",	take_detail },
	{ "ts",		take_detail },
	{ "tsage",	take_detail },
};

/* A route with linkdown is used all the same, unless the interface's
   ignore_routes_with_linkdown is set; then ip(8) says dead too. */
static const char *const alone[] = {
	"onlink", "linkdown", "pervasive", "offload", "trap", "notify",
	"unresolved", "rt_offload", "rt_trap", "rt_offload_failed", "cache",
	"ecn",
};

static bool
take_alone(struct route_text *t, const struct word *w)
{
	if (word_is(w, "dead")) {
		t->route.dead = true;
		return true;
	}
	for (size_t i = 0; i < sizeof(alone) / sizeof(alone[0]); i++)
		if (word_is(w, alone[i]))
			return true;
	return false;
}

static void
take_one(struct route_text *t, const struct word *w)
{
	struct word arg;

	for (size_t i = 0; i < sizeof(with_arg) / sizeof(with_arg[0]); i++) {
		if (!word_is(w, with_arg[i].word))
			continue;
		if (!next(t, &arg)) {
			complain(t, w, "stands without its value");
		} else if (!with_arg[i].take(t, &arg)) {
			complain(t, &arg, "is no value of its word");
		} else {
			return;
		}
		t->route.odd = true;
		return;
	}
	if (!take_alone(t, w)) {
		complain(t, w, "is not known");
		t->route.odd = true;
	}
}

/* ---- type and destination */

static const struct { const char *word; uint8_t type; } types[] = {
	{ "unicast",	ROUTE_UNICAST },
	{ "local",	ROUTE_LOCAL },
	{ "broadcast",	ROUTE_BROADCAST },
	{ "anycast",	ROUTE_ANYCAST },
	{ "multicast",	ROUTE_MULTICAST },
	{ "blackhole",	ROUTE_BLACKHOLE },
	{ "unreachable", ROUTE_UNREACHABLE },
	{ "prohibit",	ROUTE_PROHIBIT },
	{ "throw",	ROUTE_THROW },
};

/* The first word, or the one behind the type. */
static bool
take_target(struct route_text *t)
{
	struct word w;
	size_t i;

	if (!next(t, &w))
		return false;
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (word_is(&w, types[i].word)) {
			t->route.type = types[i].type;
			if (!next(t, &w))
				return false;
			break;
		}
	if (word_is(&w, "default") || word_is(&w, "all")) {
		t->is_default = true;
		return true;
	}
	if (!word_prefix(&w, &t->route.dst))
		return false;
	saw_family(t, &w);
	return true;
}

/* ---- a route */

static void
keep_route(struct route_text *t, bool v6)
{
	struct iproute *out;

	t->route.v6 = t->v6_seen || (v6 && !t->v4_seen);
	if (t->is_default) {
		static const uint8_t zero[4] = { 0 };

		t->route.dst = (struct prefix){ .len = 0 };
		if (!t->route.v6) {
			struct addr a = addr_from_v4(zero);

			t->route.dst = prefix_of(&a, PREFIX_V4(0));
		}
	}
	if (t->v4_seen && t->v6_seen) {
		struct word w = { t->text, t->text_len };

		complain(t, &w, "has addresses of both families");
		t->route.odd = true;
	}
	t->route.text = state_text(t->reader->state, t->text, t->text_len);
	out = state_push(t->reader->state, routes);
	if (out != NULL)
		*out = t->route;
}

/* Everything up to the end or the next nexthop; true for the latter. */
static bool
take_words(struct route_text *t)
{
	struct word w;

	while (word_next(&t->words, &w)) {
		if (word_is(&w, "nexthop"))
			return true;
		text_add(t, &w);
		take_one(t, &w);
	}
	return false;
}

/* What belongs to the route as a whole stands before its nexthops. */
static void
take_nexthops(struct route_text *t, bool v6)
{
	static const struct word nexthop = { "nexthop", 7 };
	const struct iproute whole = t->route;
	size_t text_len = t->text_len;
	bool more;

	do {
		t->route = whole;
		t->route.multipath = true;
		t->text_len = text_len;
		text_add(t, &nexthop);
		more = take_words(t);
		keep_route(t, v6);
	} while (more);
}

void
ip_route_text(struct reader *r, unsigned long line, const char *text, size_t len,
    bool v6, uint32_t table)
{
	struct route_text t;

	t.reader = r;
	t.line = line;
	t.words = words_of(text, len);
	t.route = (struct iproute){ .line = (uint32_t)line, .table = table };
	t.v4_seen = t.v6_seen = t.is_default = t.complained = false;
	t.text_len = 0;
	if (!words_plain(text, len) || !take_target(&t)) {
		struct word w = { text, len };

		reader_bad(r, line, "found '%.*s'; expected a route such as "
		    "'default via 10.0.0.1 dev eth0'", QUOTED(&w));
		return;
	}
	if (take_words(&t))
		take_nexthops(&t, v6);
	else
		keep_route(&t, v6);
}

/* ---- a file */

/* A route whose lines are not all read yet. */
struct pending {
	struct reader	*reader;
	bool		 v6;
	uint32_t	 table;		/* unless the route says another */
	unsigned long	 line;		/* 0: none */
	size_t		 len;
	char		 text[ROUTE_TEXT_MAX];
};

static void
pending_flush(struct pending *p)
{
	if (p->line != 0)
		ip_route_text(p->reader, p->line, p->text, p->len, p->v6,
		    p->table);
	p->line = 0;
	p->len = 0;
}

static void
pending_add(struct pending *p, const struct line *l)
{
	if (l->len + 1 > sizeof(p->text) - p->len) {
		reader_bad(p->reader, l->number, "a route of more than %d bytes is "
		    "skipped", ROUTE_TEXT_MAX);
		p->line = 0;
		p->len = 0;
		return;
	}
	if (p->len > 0)
		p->text[p->len++] = ' ';
	else
		p->line = l->number;
	for (size_t i = 0; i < l->len; i++)
		p->text[p->len++] = l->p[i] == '\\' ? ' ' : l->p[i];
}

static void
read_routes(struct reader *r, bool v6)
{
	uint32_t before = r->state->routes.n;
	struct pending p = { .reader = r, .v6 = v6, .table = TABLE_MAIN };
	struct line l = { 0 };

	file_name_table(r->file, &p.table);
	while (reader_line(r, &l)) {
		struct words ws = words_of(l.p, l.len);
		struct word w;

		if (!word_next(&ws, &w) || word_starts(&w, "*") || w.p[0] == '#')
			continue;
		if (!is_blank(l.p[0])) {
			pending_flush(&p);
			pending_add(&p, &l);
		} else if (word_is(&w, "nexthop") && p.line != 0) {
			pending_add(&p, &l);
		} else if (!word_is(&w, "cache") && !word_is(&w, "nexthop")) {
			reader_bad(r, l.number, "found '%.*s' behind blanks; expected "
			    "'nexthop'", QUOTED(&w));
		}
	}
	pending_flush(&p);
	/* every node with IPv4 has those of its loopback */
	if (!v6 && r->state->routes.n == before && r->n_bad == 0)
		reader_bad(r, 0, "no route in it; expected the output of 'ip route "
		    "show table all'");
	/* none at all is what a node without IPv6 prints */
	if (v6 && r->len == 0)
		state_mark(r->state, PART_ROUTES6);
	merge_routes(r, before);
}

void
read_ip_route(struct reader *r)
{
	read_routes(r, false);
}

void
read_ip6_route(struct reader *r)
{
	read_routes(r, true);
}
