/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_who.c - who had an address and port: what is asked, claims from flows and
 * from conntrack, and which of them answer at a time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ui/who/who.h"

#define SEC		NS_PER_SEC
#define DAY		(86400 * SEC)
#define T0		(INT64_C(1795203569) * SEC)	/* 2026-11-20T19:39:29Z */
#define N(a)		(sizeof(a) / sizeof((a)[0]))
#define NODE		"192.168.3.243"
#define WEB		"192.168.3.105"
#define ECHO		"192.168.3.30"
#define SERVER		"172.217.175.36"

static struct addr
addr(const char *text)
{
	struct addr a;

	assert_true(addr_parse(text, &a));
	return a;
}

static struct tuple
tuple(const char *src, uint16_t sport, const char *dst, uint16_t dport)
{
	return (struct tuple){ .src = addr(src), .sport = sport, .dst = addr(dst),
	    .dport = dport, .proto = PROTO_TCP };
}

/* ---- what is asked */

static void
targets(void **state)
{
	static const struct {
		const char	*text, *addr;
		int		 port;		/* -1: none */
		uint8_t		 proto;
		bool		 has_time, has_day;
		int64_t		 at, span;
	} rows[] = {
		{ "192.168.3.243:21015", NODE, 21015, 0, false, false, 0, 0 },
		{ "192.168.3.243:0", NODE, 0, 0, false, false, 0, 0 },
		{ "192.168.3.243:65535/udp", NODE, 65535, PROTO_UDP, false, false, 0, 0 },
		{ "192.168.3.243:1/tcp@19:39:29", NODE, 1, PROTO_TCP, true, false,
		    (19 * 3600 + 39 * 60 + 29) * SEC, SEC },
		{ "192.168.3.243:1@19:39:29.25", NODE, 1, 0, true, false,
		    (19 * 3600 + 39 * 60 + 29) * SEC + SEC / 4, SEC / 100 },
		{ "192.168.3.243:1@1795203569", NODE, 1, 0, true, true, T0, SEC },
		{ "192.168.3.243:1@1795203569.000000001", NODE, 1, 0, true, true,
		    T0 + 1, 1 },
		{ "192.168.3.243:1@1795203569.0000000019", NODE, 1, 0, true, true,
		    T0 + 1, 1 },
		{ "192.168.3.243:1@2026-11-20T19:39:29Z", NODE, 1, 0, true, true,
		    T0, SEC },
		{ "192.168.3.243:1@2026-11-20T20:39:29.5+01:00", NODE, 1, 0, true,
		    true, T0 + SEC / 2, SEC / 10 },
		{ "192.168.3.243", NODE, -1, 0, false, false, 0, 0 },
		{ "192.168.3.243@00:00:00", NODE, -1, 0, true, false, 0, SEC },
		{ "[2001:db8::1]:443", "2001:db8::1", 443, 0, false, false, 0, 0 },
		{ "[2001:db8::1]:9/icmp", "2001:db8::1", 9, PROTO_ICMPV6, false,
		    false, 0, 0 },
		{ "[2001:db8::1]", "2001:db8::1", -1, 0, false, false, 0, 0 },
		{ "2001:db8::1", "2001:db8::1", -1, 0, false, false, 0, 0 },
		{ "10.0.0.1:9/icmp", "10.0.0.1", 9, PROTO_ICMP, false, false, 0, 0 },
		{ "10.0.0.1:9/sctp", "10.0.0.1", 9, PROTO_SCTP, false, false, 0, 0 },
	};
	char error[WHO_ERROR_MAX];
	struct who_target t;
	struct addr a;

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		if (!who_target_parse(rows[i].text, &t, error))
			fail_msg("%s: %s", rows[i].text, error);
		a = addr(rows[i].addr);
		assert_true(addr_eq(&t.addr, &a));
		assert_int_equal(t.has_port, rows[i].port >= 0);
		assert_int_equal(t.port, rows[i].port >= 0 ? rows[i].port : 0);
		assert_int_equal(t.proto, rows[i].proto);
		assert_int_equal(t.has_time, rows[i].has_time);
		assert_int_equal(t.has_day, rows[i].has_day);
		assert_int_equal(t.at.ns, rows[i].at);
		assert_int_equal(t.span_ns, rows[i].span);
	}
}

static void
bad_targets(void **state)
{
	static const struct { const char *text, *says; } rows[] = {
		{ "", "is no address" }, { "x", "is no address" },
		{ ":80", "is no address" }, { "1.2.3:4", "is no address" },
		{ "1.2.3.256:4", "is no address" },
		{ "[1.2.3.4]:80", "is no address" },
		{ "[2001:db8::1:80", "is no address" },
		{ "[2001:db8::1]80", "is no port" },
		{ "1.2.3.4:", "'' is no port" }, { "1.2.3.4:x", "is no port" },
		{ "1.2.3.4:65536", "'65536' is no port" },
		{ "1.2.3.4:99999999999", "is no port" },
		{ "1.2.3.4:-1", "is no port" }, { "1.2.3.4:8 ", "is no port" },
		{ "1.2.3.4:8/gre", "'gre' is no protocol" },
		{ "1.2.3.4:8/", "'' is no protocol" },
		{ "1.2.3.4/tcp", "is no port" },
		{ "1.2.3.4:8@", "'' is no time" },
		{ "1.2.3.4:8@noon", "'noon' is no time" },
		{ "1.2.3.4:8@24:00:00", "is no time" },
		{ "1.2.3.4:8@12:60:00", "is no time" },
		{ "1.2.3.4:8@12:00:60", "is no time" },
		{ "1.2.3.4:8@12:00", "is no time" },
		{ "1.2.3.4:8@12:00:00.", "is no time" },
		{ "1.2.3.4:8@-5", "is no time" },
		{ "1.2.3.4:8@99999999999", "is no time" },
		{ "1.2.3.4:8@2026-13-01T00:00:00Z", "is no time" },
		{ "1.2.3.4:8@2026-11-20T19:39:29", "is no time" },
	};
	char error[WHO_ERROR_MAX], longer[400];
	struct who_target t;

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		error[0] = '\0';
		if (who_target_parse(rows[i].text, &t, error))
			fail_msg("%s was taken", rows[i].text);
		if (strstr(error, rows[i].says) == NULL)
			fail_msg("%s: %s", rows[i].text, error);
	}
	memset(longer, '1', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	assert_false(who_target_parse(longer, &t, error));
	assert_non_null(strstr(error, "too long"));
}

static int64_t
day_of(const char *text, int64_t first, int64_t last)
{
	char error[WHO_ERROR_MAX];
	struct who_target t;

	assert_true(who_target_parse(text, &t, error));
	if (!who_target_day(&t, (struct nstime){ first }, (struct nstime){ last }))
		return -1;
	assert_true(t.has_day);
	return t.at.ns;
}

static void
days(void **state)
{
	int64_t day = T0 / DAY * DAY, noon = 12 * 3600 * SEC;
	int64_t late = day + DAY - 30 * SEC, early = day + DAY + 30 * SEC;

	(void)state;
	/* A capture within a day, and one around midnight. */
	assert_int_equal(day_of("1.2.3.4:5@12:00:00", T0, T0 + SEC), day + noon);
	assert_int_equal(day_of("1.2.3.4:5@23:59:40", late, early), late + 10 * SEC);
	assert_int_equal(day_of("1.2.3.4:5@00:00:10", late, early),
	    day + DAY + 10 * SEC);
	assert_int_equal(day_of("1.2.3.4:5@12:00:00", late, early), day + noon);
	/* Two noons, then many. */
	assert_int_equal(day_of("1.2.3.4:5@12:00:00", day, day + 2 * DAY - 1), -1);
	assert_int_equal(day_of("1.2.3.4:5@12:00:00", day + noon + SEC,
	    day + DAY + noon + SEC), day + DAY + noon);
	assert_int_equal(day_of("1.2.3.4:5@12:00:00", day, day + 9 * DAY), -1);
	assert_int_equal(day_of("1.2.3.4:5@1795203569", day, day + 9 * DAY), T0);
}

/* ---- scenes */

static struct state *
node_state(void)
{
	struct state *s = state_new();
	struct addr web = addr(WEB), echo = addr(ECHO);

	assert_non_null(s);
	*state_push(s, addrs) = (struct ifaddr){ .dev = "eth0", .addr = addr(NODE),
	    .len = PREFIX_V4(24) };
	state_mark(s, PART_ADDRESSES);
	assert_non_null(state_pod(s, "default", "web-0", &web));
	assert_non_null(state_pod(s, "default", "echo-b", &echo));
	return s;
}

static struct who *
asked(const char *text)
{
	char error[WHO_ERROR_MAX];
	struct who_target t;
	struct who *w;

	if (!who_target_parse(text, &t, error))
		fail_msg("%s", error);
	w = who_new(&t);
	assert_non_null(w);
	return w;
}

static struct flow *
flow(const char *src, uint16_t sport, uint16_t translated, int64_t first, int64_t last)
{
	static struct flow f;
	static uint64_t id;

	f = (struct flow){ .id = ++id, .proto = PROTO_TCP, .has = FLOW_TRANSLATED,
	    .nat = NAT_SNAT, .original = tuple(src, sport, SERVER, 80),
	    .translated = tuple(NODE, translated, SERVER, 80),
	    .confidence = CONF_OBSERVED, .tcp_state = TCPS_CLOSED,
	    .first = { first }, .last = { last } };
	return &f;
}

static struct ct_entry *
entry(const char *src, uint16_t sport, uint16_t translated)
{
	static struct ct_entry e;

	e = (struct ct_entry){ .orig = tuple(src, sport, SERVER, 80),
	    .reply = tuple(SERVER, 80, NODE, translated), .timeout = 100,
	    .age_s = -1 };
	return &e;
}

static void
event(struct who *w, enum ct_event event, const struct ct_entry *e, int64_t ts,
    const struct state *s)
{
	who_ct(w, &(struct obs_ct){ .event = (uint8_t)event, .entry = e },
	    (struct nstime){ ts }, s);
}

/* The names of all that are told, in their order: "web-0 echo-b". */
static const char *
told(const struct who *w)
{
	static char out[256];

	out[0] = '\0';
	for (uint32_t i = 0; i < w->n; i++) {
		if (w->v[i].at == WHO_NOT)
			continue;
		strcat(out, out[0] != '\0' ? " " : "");
		strcat(out, w->v[i].pod != NULL ? w->v[i].pod :
		    w->v[i].node ? "node" : "?");
	}
	return out;
}

static void
answers(struct who *w, const struct state *s, enum who_result result, const char *names)
{
	struct who_answer a;

	who_end(w, s);
	who_pick(w, &a);
	if (a.result != result || strcmp(told(w), names) != 0)
		fail_msg("%s, not %s: '%s', not '%s' (%s)", who_result_name(a.result),
		    who_result_name(result), told(w), names, a.why);
	assert_int_equal(a.why[0] != '\0', result != WHO_FOUND);
}

/* One port, two pods, one after the other; the question at several times. */
static void
ask_reused(const struct state *s, const char *text, enum who_result result,
    const char *names)
{
	struct who *w = asked(text);

	who_saw(w, (struct nstime){ T0 }, 0);
	who_saw(w, (struct nstime){ T0 + 1000 * SEC }, 0);
	who_flow(w, flow(ECHO, 2000, 40000, T0 + 20 * SEC, T0 + 30 * SEC), s);
	who_flow(w, flow(WEB, 1000, 40000, T0, T0 + 10 * SEC), s);
	who_flow(w, flow(WEB, 1001, 40001, T0, T0 + 900 * SEC), s);
	answers(w, s, result, names);
	who_free(w);
}

static void
reused_port(void **state)
{
	struct state *s = node_state();

	(void)state;
	state_ready(s);
	ask_reused(s, NODE ":40000", WHO_FOUND, "web-0 echo-b");
	ask_reused(s, NODE ":40000/tcp", WHO_FOUND, "web-0 echo-b");
	ask_reused(s, NODE ":40000/udp", WHO_NOBODY, "");
	ask_reused(s, NODE ":40002", WHO_NOBODY, "");
	ask_reused(s, "192.168.3.244:40000", WHO_NOBODY, "");
	ask_reused(s, NODE ":40000@1795203569", WHO_FOUND, "web-0");
	ask_reused(s, NODE ":40000@1795203579", WHO_FOUND, "web-0");
	/* between the two: the nearest before */
	ask_reused(s, NODE ":40000@1795203581", WHO_FOUND, "web-0");
	ask_reused(s, NODE ":40000@1795203588", WHO_FOUND, "web-0");
	ask_reused(s, NODE ":40000@1795203589", WHO_FOUND, "echo-b");
	ask_reused(s, NODE ":40000@1795203599", WHO_FOUND, "echo-b");
	/* TIME_WAIT is 120 s */
	ask_reused(s, NODE ":40000@1795203719", WHO_FOUND, "echo-b");
	ask_reused(s, NODE ":40000@1795203720", WHO_NOBODY, "");
	/* before and after all that was seen */
	ask_reused(s, NODE ":40000@1795203568", WHO_UNSURE, "");
	ask_reused(s, NODE ":40000@1795209999", WHO_UNSURE, "");
	state_free(s);
}

static void
two_at_once(void **state)
{
	struct state *s = node_state();
	struct flow *f;
	struct who *w;

	(void)state;
	state_ready(s);
	/* To two destinations that is right, but whose it was is not to be said. */
	w = asked(NODE ":40000");
	who_flow(w, flow(WEB, 1000, 40000, T0, T0 + 10 * SEC), s);
	f = flow(ECHO, 2000, 40000, T0 + 5 * SEC, T0 + 30 * SEC);
	f->original.dport = f->translated.dport = 443;
	who_flow(w, f, s);
	answers(w, s, WHO_UNSURE, "web-0 echo-b");
	who_free(w);
	/* One pod may have it twice. */
	w = asked(NODE ":40000");
	who_flow(w, flow(WEB, 1000, 40000, T0, T0 + 10 * SEC), s);
	f = flow(WEB, 2000, 40000, T0 + 5 * SEC, T0 + 30 * SEC);
	f->original.dport = f->translated.dport = 443;
	who_flow(w, f, s);
	answers(w, s, WHO_FOUND, "web-0 web-0");
	who_free(w);
	/* A long one, a short one of the same pod, and another's after that. */
	w = asked(NODE ":40000");
	who_flow(w, flow(WEB, 1000, 40000, T0, T0 + 90 * SEC), s);
	who_flow(w, flow(WEB, 1000, 40000, T0 + SEC, T0 + 2 * SEC), s);
	who_flow(w, flow(ECHO, 2000, 40000, T0 + 20 * SEC, T0 + 30 * SEC), s);
	answers(w, s, WHO_UNSURE, "web-0 web-0 echo-b");
	who_free(w);
	/* Both within the second that is meant, if not at once. */
	w = asked(NODE ":40000@1795203569");
	who_flow(w, flow(WEB, 1000, 40000, T0 + 1, T0 + 2), s);
	who_flow(w, flow(ECHO, 2000, 40000, T0 + 5, T0 + 6), s);
	answers(w, s, WHO_UNSURE, "web-0 echo-b");
	who_free(w);
	w = asked(NODE ":40000@1795203569.000000005");
	who_flow(w, flow(WEB, 1000, 40000, T0 + 1, T0 + 2), s);
	who_flow(w, flow(ECHO, 2000, 40000, T0 + 5, T0 + 6), s);
	answers(w, s, WHO_FOUND, "echo-b");
	who_free(w);
	state_free(s);
}

/* What was seen of the node's address alone may be anybody's; conntrack tells. */
static void
one_side(void **state)
{
	struct state *s = node_state();
	struct flow *f = flow(NODE, 40000, 40000, T0, T0 + SEC);
	struct who *w;

	(void)state;
	state_ready(s);
	f->has = 0;
	w = asked(NODE ":40000");
	who_flow(w, f, s);
	answers(w, s, WHO_UNSURE, "?");
	who_free(w);
	w = asked(NODE ":40000");
	who_flow(w, f, s);
	event(w, CT_EV_NEW, entry(WEB, 1000, 40000), T0, s);
	answers(w, s, WHO_FOUND, "web-0");
	assert_int_equal(w->n, 1);
	assert_int_equal(w->v[0].evidence, WHO_CONNTRACK);
	assert_int_equal(w->v[0].flow, f->id);
	assert_int_equal(w->v[0].original.sport, 1000);
	who_free(w);
	/* Known not to be translated: the node's own. */
	f->has = FLOW_TRANSLATED;
	w = asked(NODE ":40000");
	who_flow(w, f, s);
	answers(w, s, WHO_FOUND, "node");
	who_free(w);
	/* Not of this node: it was not translated here. */
	*f = *flow("10.9.9.9", 40000, 40000, T0, T0 + SEC);
	f->translated = f->original;
	f->has = 0;
	w = asked("10.9.9.9:40000");
	who_flow(w, f, s);
	answers(w, s, WHO_FOUND, "?");
	who_free(w);
	state_free(s);
}

/* ---- conntrack */

static void
events(void **state)
{
	struct state *s = node_state();
	struct who *w = asked(NODE ":40000");

	(void)state;
	state_ready(s);
	event(w, CT_EV_NEW, entry(WEB, 1000, 40000), T0, s);
	event(w, CT_EV_NEW, entry(WEB, 1001, 40001), T0, s);
	event(w, CT_EV_UPDATE, entry(WEB, 1000, 40000), T0 + SEC, s);
	event(w, CT_EV_DESTROY, entry(WEB, 1000, 40000), T0 + 10 * SEC, s);
	event(w, CT_EV_NEW, entry(ECHO, 1000, 40000), T0 + 20 * SEC, s);
	event(w, CT_EV_DESTROY, entry(ECHO, 1000, 40000), T0 + 30 * SEC, s);
	/* the same tuples once more, and still there at the end */
	event(w, CT_EV_NEW, entry(WEB, 1000, 40000), T0 + 40 * SEC, s);
	event(w, CT_EV_UPDATE, entry(WEB, 1001, 40001), T0 + 99 * SEC, s);
	answers(w, s, WHO_FOUND, "web-0 echo-b web-0");
	assert_int_equal(w->v[0].first.ns, T0);
	assert_int_equal(w->v[0].last.ns, T0 + 10 * SEC);
	assert_true(w->v[0].ended);
	assert_int_equal(w->v[1].first.ns, T0 + 20 * SEC);
	assert_false(w->v[2].ended);
	assert_int_equal(w->v[2].last.ns, T0 + 99 * SEC);
	assert_int_equal(w->v[2].evidence, WHO_CONNTRACK);
	assert_int_equal(w->v[2].flow, 0);
	who_free(w);
	/* After its end nobody had it, whatever the timeout was. */
	w = asked(NODE ":40000@1795203580");
	event(w, CT_EV_NEW, entry(WEB, 1000, 40000), T0, s);
	event(w, CT_EV_DESTROY, entry(WEB, 1000, 40000), T0 + 10 * SEC, s);
	event(w, CT_EV_NEW, entry(WEB, 1001, 40001), T0 + 50 * SEC, s);
	answers(w, s, WHO_NOBODY, "");
	who_free(w);
	state_free(s);
}

static void
dumps(void **state)
{
	struct state *s = node_state();
	struct ct_entry old;
	struct who *w;

	(void)state;
	state_ready(s);
	/* There in the first dump, gone in the second. */
	w = asked(NODE ":40000");
	event(w, CT_EV_DUMP_BEGIN, NULL, T0, s);
	event(w, CT_EV_DUMPED, entry(WEB, 1000, 40000), T0, s);
	event(w, CT_EV_DUMP_END, NULL, T0, s);
	event(w, CT_EV_DUMP_BEGIN, NULL, T0 + 50 * SEC, s);
	event(w, CT_EV_DUMPED, entry(ECHO, 1000, 40000), T0 + 50 * SEC, s);
	event(w, CT_EV_DUMP_END, NULL, T0 + 50 * SEC, s);
	answers(w, s, WHO_FOUND, "web-0 echo-b");
	assert_int_equal(w->v[0].last.ns, T0);
	assert_true(w->v[0].old);
	who_free(w);
	/* Since when it was there is told by its age, or not at all. */
	w = asked(NODE ":40000@1795203500");
	old = *entry(WEB, 1000, 40000);
	old.age_s = 100;
	event(w, CT_EV_DUMPED, &old, T0, s);
	answers(w, s, WHO_FOUND, "web-0");
	who_free(w);
	w = asked(NODE ":40000@1795203400");
	event(w, CT_EV_DUMPED, &old, T0, s);
	answers(w, s, WHO_UNSURE, "");
	who_free(w);
	w = asked(NODE ":40000@1795203500");
	event(w, CT_EV_DUMPED, entry(WEB, 1000, 40000), T0, s);
	answers(w, s, WHO_UNSURE, "web-0");
	who_free(w);
	state_free(s);
}

/* A dump in the state, with and without the time that it was taken at. */
static void
state_dump(void **state)
{
	struct state *s = node_state();
	struct who *w;

	(void)state;
	*state_push(s, conntrack) = *entry(WEB, 1000, 40000);
	*state_push(s, conntrack) = *entry(ECHO, 1000, 40001);
	state_mark(s, PART_CONNTRACK);
	s->ct_insert_failed = 3;
	s->ct_drop = s->ct_early_drop = -1;
	state_ready(s);
	w = asked(NODE ":40000");
	who_state(w, s);
	answers(w, s, WHO_FOUND, "web-0");
	assert_false(w->v[0].has_time);
	assert_int_equal(w->entries, 2);
	assert_int_equal(w->insert_failed, 3);
	assert_int_equal(w->drop, -1);
	who_free(w);
	w = asked(NODE ":40000@1795203569");
	who_state(w, s);
	answers(w, s, WHO_UNSURE, "web-0");
	who_free(w);
	w = asked(NODE ":40002");
	who_state(w, s);
	answers(w, s, WHO_NOBODY, "");
	who_free(w);
	/* taken then, and an entry lives for its timeout from there */
	s->taken.ns = T0;
	w = asked(NODE ":40000@1795203569");
	who_state(w, s);
	answers(w, s, WHO_FOUND, "web-0");
	who_free(w);
	w = asked(NODE ":40000@1795203669");
	who_state(w, s);
	answers(w, s, WHO_FOUND, "web-0");
	assert_int_equal(w->v[0].at, WHO_AFTER);
	who_free(w);
	w = asked(NODE ":40000@1795203670");
	who_state(w, s);
	answers(w, s, WHO_UNSURE, "");
	who_free(w);
	state_free(s);
}

/* Packets and conntrack tell of one connection: one claim, with both. */
static void
both(void **state)
{
	struct state *s = node_state();
	struct who *w = asked(NODE ":40000");

	(void)state;
	state_ready(s);
	who_flow(w, flow(WEB, 1000, 40000, T0 + SEC, T0 + 2 * SEC), s);
	who_flow(w, flow(WEB, 1000, 40000, T0 + 50 * SEC, T0 + 51 * SEC), s);
	event(w, CT_EV_NEW, entry(WEB, 1000, 40000), T0 + SEC, s);
	event(w, CT_EV_DESTROY, entry(WEB, 1000, 40000), T0 + 9 * SEC, s);
	event(w, CT_EV_NEW, entry(ECHO, 1000, 40000), T0 + 20 * SEC, s);
	event(w, CT_EV_DESTROY, entry(ECHO, 1000, 40000), T0 + 30 * SEC, s);
	answers(w, s, WHO_FOUND, "web-0 echo-b web-0");
	assert_int_equal(w->v[0].evidence, WHO_PACKETS | WHO_CONNTRACK);
	assert_int_equal(w->v[0].last.ns, T0 + 9 * SEC);
	assert_true(w->v[0].ended);
	assert_int_equal(w->v[1].evidence, WHO_CONNTRACK);
	assert_int_equal(w->v[2].evidence, WHO_PACKETS);
	assert_int_equal(w->v[2].first.ns, T0 + 50 * SEC);
	who_free(w);
	state_free(s);
}

static void
losses(void **state)
{
	struct state *s = node_state();
	struct who *w = asked(NODE ":40000");

	(void)state;
	state_ready(s);
	who_flow(w, flow(WEB, 1000, 40001, T0, T0 + SEC), s);
	who_saw(w, (struct nstime){ T0 }, 1);
	answers(w, s, WHO_UNSURE, "");
	who_free(w);
	w = asked(NODE ":40001");
	who_flow(w, flow(WEB, 1000, 40001, T0, T0 + SEC), s);
	who_saw(w, (struct nstime){ T0 }, 1);
	answers(w, s, WHO_FOUND, "web-0");
	who_free(w);
	/* last before that time: somebody else may have had it since */
	w = asked(NODE ":40001@1795203572");
	who_flow(w, flow(WEB, 1000, 40001, T0, T0 + SEC), s);
	who_saw(w, (struct nstime){ T0 + 9 * SEC }, 1);
	answers(w, s, WHO_UNSURE, "web-0");
	who_free(w);
	state_free(s);
}

/* The other end: who answers there, and who is behind a Service's address. */
static void
other_sides(void **state)
{
	struct state *s = node_state();
	struct flow *f;
	struct who *w;

	(void)state;
	state_ready(s);
	f = flow("10.9.9.9", 1000, 1000, T0, T0 + SEC);
	f->original = tuple("10.9.9.9", 1000, NODE, 30080);
	f->translated = tuple("10.9.9.9", 1000, WEB, 8080);
	w = asked(NODE ":30080");
	who_flow(w, f, s);
	answers(w, s, WHO_FOUND, "web-0");
	assert_int_equal(w->v[0].side, WHO_SERVICE);
	who_free(w);
	w = asked(WEB ":8080");
	who_flow(w, f, s);
	answers(w, s, WHO_FOUND, "web-0");
	assert_int_equal(w->v[0].side, WHO_TARGET);
	who_free(w);
	w = asked("10.9.9.9:1000");
	who_flow(w, f, s);
	answers(w, s, WHO_FOUND, "?");
	assert_int_equal(w->v[0].side, WHO_SOURCE);
	who_free(w);
	state_free(s);
}

/* ICMP's id stands on the requester's side, and 0 is not a port of the other. */
static void
icmp_ids(void **state)
{
	struct state *s = node_state();
	struct flow *f = flow(WEB, 7, 57751, T0, T0 + SEC);
	struct who *w;

	(void)state;
	state_ready(s);
	f->proto = f->original.proto = f->translated.proto = PROTO_ICMP;
	f->original.dport = f->translated.dport = 0;
	w = asked(NODE ":57751/icmp");
	who_flow(w, f, s);
	answers(w, s, WHO_FOUND, "web-0");
	who_free(w);
	w = asked(SERVER ":0");
	who_flow(w, f, s);
	answers(w, s, WHO_NOBODY, "");
	who_free(w);
	state_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(targets),
		cmocka_unit_test(bad_targets),
		cmocka_unit_test(days),
		cmocka_unit_test(reused_port),
		cmocka_unit_test(two_at_once),
		cmocka_unit_test(one_side),
		cmocka_unit_test(events),
		cmocka_unit_test(dumps),
		cmocka_unit_test(state_dump),
		cmocka_unit_test(both),
		cmocka_unit_test(losses),
		cmocka_unit_test(other_sides),
		cmocka_unit_test(icmp_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
