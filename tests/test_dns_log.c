/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_dns_log.c - questions with what came of them, names of addresses with their
 * time, and clients that must not be mixed up.
 */
#include "tests/build_dns.h"

/* The sanitizers' own memory counts for nothing. */
#ifdef __SANITIZE_ADDRESS__
#define MEASURES_MEMORY	false
#else
#define MEASURES_MEMORY	true
#endif

#define N(a)	(sizeof(a) / sizeof((a)[0]))
#define POD	"10.0.1.5"
#define POD2	"10.0.1.6"
#define NODE	"10.0.0.10"
#define SERVER	"10.100.0.10"
#define WEB	"172.217.175.36"
#define WEB6	"2001:db8::36"

static struct dns_built b;
static struct dns_message m;
static struct dns_log *g;

static int
setup(void **state)
{
	(void)state;
	g = dns_log_new();
	return g == NULL;
}

static int
teardown(void **state)
{
	(void)state;
	dns_log_free(g);
	return 0;
}

static struct addr
ip(const char *text)
{
	struct addr a;

	assert_true(addr_parse(text, &a));
	return a;
}

/* Times are in milliseconds since a moment. */
static struct nstime
ms(int64_t t)
{
	return (struct nstime){ INT64_C(1700000000) * NS_PER_SEC + t * NS_PER_MSEC };
}

static void
see(uint64_t flow, const char *client, int64_t at_ms)
{
	struct dns_at at = { .flow = flow, .client = ip(client), .server = ip(SERVER),
	    .client_port = 40000, .ts = ms(at_ms) };

	dns_read(&b, &m);
	dns_log_message(g, &at, &m);
}

static void
ask(uint64_t flow, const char *client, int64_t at, unsigned id, const char *name,
    unsigned type)
{
	dns_begin(&b, id, DNS_ASK);
	dns_question(&b, name, type);
	see(flow, client, at);
}

/* With one address; NULL: none. */
static void
answer(uint64_t flow, const char *client, int64_t at, unsigned id, const char *name,
    const char *addr, uint32_t ttl)
{
	dns_begin(&b, id, DNS_QR);
	dns_question(&b, name, addr != NULL && strchr(addr, ':') ? DNS_AAAA : DNS_A);
	if (addr != NULL)
		dns_address(&b, "@12", ttl, addr);
	see(flow, client, at);
}

static void
fails(uint64_t flow, const char *client, int64_t at, unsigned id, const char *name,
    unsigned type, unsigned rcode)
{
	dns_begin(&b, id, DNS_QR | rcode);
	dns_question(&b, name, type);
	see(flow, client, at);
}

static const char *
name_of(const char *client, const char *addr, int64_t at)
{
	struct addr c = ip(client), a = ip(addr);

	return dns_log_name(g, &c, &a, ms(at), 0);
}

static void
assert_name(const char *client, const char *addr, int64_t at, const char *name)
{
	const char *got = name_of(client, addr, at);

	if (name == NULL) {
		if (got != NULL)
			fail_msg("%s of %s at %lld is %s", addr, client, (long long)at, got);
		return;
	}
	if (got == NULL)
		fail_msg("%s of %s at %lld has no name", addr, client, (long long)at);
	assert_string_equal(got, name);
}

/* The queries of a flow: how many there must be. */
static const struct dns_query *
queries(uint64_t flow, unsigned must)
{
	unsigned n, more;
	const struct dns_query *q = dns_log_queries(g, flow, &n, &more);

	assert_int_equal(n, must);
	assert_true((q != NULL) == (n > 0));
	return q;
}

/* ---- questions and answers */

/* As glibc asks: both at once, from one socket, with two ids. */
static void
pair_of_one_socket(void **state)
{
	const struct dns_query *q;

	(void)state;
	ask(1, POD, 0, 100, "www.google.com", DNS_A);
	ask(1, POD, 0, 101, "www.google.com", DNS_AAAA);
	q = queries(1, 2);
	assert_int_equal(q[0].outcome, DNS_WAITING);
	assert_int_equal(q[0].answered.ns, 0);
	answer(1, POD, 3, 101, "www.google.com", WEB6, 60);
	answer(1, POD, 4, 100, "www.google.com", WEB, 60);
	q = queries(1, 2);
	assert_int_equal(q[0].id, 100);
	assert_int_equal(q[0].type, DNS_A);
	assert_int_equal(q[0].outcome, DNS_ANSWERED);
	assert_int_equal(q[0].sent, 1);
	assert_int_equal(q[0].answers, 1);
	assert_int_equal(q[0].asked.ns, ms(0).ns);
	assert_int_equal(q[0].answered.ns, ms(4).ns);
	assert_string_equal(q[0].name, "www.google.com");
	assert_null(q[0].cname);
	assert_int_equal(q[0].n_addrs, 1);
	assert_int_equal(q[0].ttl, 60);
	assert_int_equal(q[1].type, DNS_AAAA);
	assert_int_equal(q[1].answered.ns, ms(3).ns);
	assert_name(POD, WEB, 5, "www.google.com");
	assert_name(POD, WEB6, 5, "www.google.com");
	queries(2, 0);
}

/* The same question again counts; in other case it is the same; another id, type,
   class or flow makes it another one. */
static void
repeated(void **state)
{
	const struct dns_query *q;

	(void)state;
	ask(1, POD, 0, 7, "A.Test", DNS_A);
	ask(1, POD, 5000, 7, "a.TEST", DNS_A);
	ask(1, POD, 10000, 7, "a.test", DNS_A);
	q = queries(1, 1);
	assert_int_equal(q[0].sent, 3);
	assert_int_equal(q[0].asked.ns, ms(0).ns);
	assert_int_equal(q[0].last.ns, ms(10000).ns);
	assert_string_equal(q[0].name, "a.test");
	ask(1, POD, 10001, 8, "a.test", DNS_A);
	ask(1, POD, 10002, 7, "a.test", DNS_AAAA);
	ask(1, POD, 10003, 7, "b.test", DNS_A);
	dns_begin(&b, 7, DNS_ASK);
	dns_question_class(&b, "a.test", DNS_A, DNS_CH);
	see(1, POD, 10004);
	ask(2, POD, 10005, 7, "a.test", DNS_A);
	queries(1, 5);
	q = queries(2, 1);
	assert_int_equal(q[0].sent, 1);
	/* An answer to another question than those changes none of them. */
	answer(1, POD, 10006, 9, "a.test", WEB, 1);
	q = queries(1, 6);
	assert_int_equal(q[0].outcome, DNS_WAITING);
	assert_int_equal(q[5].sent, 0);
}

/* Both copies of a question that was sent twice are answered: the first counts. */
static void
answered_twice(void **state)
{
	const struct dns_query *q;

	(void)state;
	ask(1, POD, 0, 7, "a.test", DNS_A);
	ask(1, POD, 5000, 7, "a.test", DNS_A);
	answer(1, POD, 5001, 7, "a.test", WEB, 1);
	fails(1, POD, 5002, 7, "a.test", DNS_A, DNS_SERVFAIL);
	q = queries(1, 1);
	assert_int_equal(q[0].sent, 2);
	assert_int_equal(q[0].answers, 2);
	assert_int_equal(q[0].outcome, DNS_ANSWERED);
	assert_int_equal(q[0].answered.ns, ms(5001).ns);
	/* After the answer it is another question. */
	ask(1, POD, 9000, 7, "a.test", DNS_A);
	q = queries(1, 2);
	assert_int_equal(q[0].sent, 2);
	assert_int_equal(q[1].sent, 1);
	assert_int_equal(q[1].outcome, DNS_WAITING);
}

/* The capture began later, or the question was lost to it. */
static void
answer_alone(void **state)
{
	const struct dns_query *q;

	(void)state;
	answer(1, POD, 20, 7, "a.test", WEB, 60);
	q = queries(1, 1);
	assert_int_equal(q[0].sent, 0);
	assert_int_equal(q[0].asked.ns, 0);
	assert_int_equal(q[0].last.ns, 0);
	assert_int_equal(q[0].answered.ns, ms(20).ns);
	assert_int_equal(q[0].outcome, DNS_ANSWERED);
	assert_name(POD, WEB, 20, "a.test");
}

static void
outcomes(void **state)
{
	static const struct { unsigned flags; bool mx; uint8_t outcome; } rows[] = {
		{ DNS_QR | DNS_NXDOMAIN, false, DNS_FAILED },
		{ DNS_QR | DNS_SERVFAIL, false, DNS_FAILED },
		{ DNS_QR | DNS_REFUSED, false, DNS_FAILED },
		{ DNS_QR, false, DNS_EMPTY },
		{ DNS_QR | DNS_TC, false, DNS_EMPTY },
		{ DNS_QR, true, DNS_ANSWERED },
	};
	const struct dns_query *q;

	(void)state;
	for (unsigned i = 0; i < N(rows); i++) {
		ask(i + 1, POD, i, i, "a.test", DNS_MX);
		dns_begin(&b, i, rows[i].flags);
		dns_question(&b, "a.test", DNS_MX);
		if (rows[i].mx)
			dns_record(&b, DNS_S_ANSWER, "@12", DNS_MX, DNS_IN, 1, "\0\1\0", 3);
		see(i + 1, POD, i + 1);
		q = queries(i + 1, 1);
		assert_int_equal(q[0].outcome, rows[i].outcome);
		assert_int_equal(q[0].rcode, rows[i].flags & 15);
		assert_int_equal(q[0].truncated, (rows[i].flags & DNS_TC) != 0);
	}
	/* An alias to a name without such a record is empty too (RFC 2308 section 2.2). */
	ask(50, POD, 0, 1, "a.test", DNS_AAAA);
	dns_begin(&b, 1, DNS_QR);
	dns_question(&b, "a.test", DNS_AAAA);
	dns_alias(&b, "@12", 9, "b.test");
	see(50, POD, 1);
	q = queries(50, 1);
	assert_int_equal(q[0].outcome, DNS_EMPTY);
	assert_int_equal(q[0].n_cnames, 1);
	assert_string_equal(q[0].cname, "b.test");
	/* An update is no question. */
	dns_begin(&b, 1, 5 << 11);
	dns_question(&b, "a.test", DNS_SOA);
	see(60, POD, 1);
	queries(60, 0);
}

/* The capture cut the records, or the question too. */
static void
cut_answers(void **state)
{
	struct dns_at at = { .flow = 1, .client = ip(POD), .server = ip(SERVER),
	    .ts = ms(9) };
	const struct dns_query *q;
	const char *why;

	(void)state;
	ask(1, POD, 0, 7, "a.test", DNS_A);
	dns_begin(&b, 7, DNS_QR);
	dns_question(&b, "a.test", DNS_A);
	dns_address(&b, "@12", 60, WEB);
	assert_true(dns_parse_n(&b, b.n - 2, b.n, &m, &why));
	dns_log_message(g, &at, &m);
	q = queries(1, 1);
	assert_int_equal(q[0].outcome, DNS_ANSWERED);
	assert_int_equal(q[0].n_addrs, 0);
	assert_name(POD, WEB, 10, NULL);
	/* the id alone */
	ask(2, POD, 0, 8, "b.test", DNS_A);
	ask(2, POD, 0, 9, "c.test", DNS_A);
	at.flow = 2;
	dns_begin(&b, 9, DNS_QR | DNS_NXDOMAIN);
	dns_question(&b, "c.test", DNS_A);
	assert_true(dns_parse_n(&b, 16, b.n, &m, &why));
	dns_log_message(g, &at, &m);
	q = queries(2, 2);
	assert_int_equal(q[0].outcome, DNS_WAITING);
	assert_int_equal(q[1].outcome, DNS_FAILED);
	assert_int_equal(q[1].rcode, DNS_NXDOMAIN);
	/* of a question that nobody asked nothing is made */
	dns_begin(&b, 77, DNS_QR | DNS_FORMERR);
	see(3, POD, 0);
	queries(3, 0);
}

/* ---- names */

static void
chain_names_by_the_question(void **state)
{
	const struct dns_query *q;

	(void)state;
	ask(1, POD, 0, 7, "www.shop.test", DNS_A);
	dns_begin(&b, 7, DNS_QR);
	dns_question(&b, "www.shop.test", DNS_A);
	/* in an order that no server has: the chain holds all the same */
	dns_address(&b, "n1.cdn.test", 20, "192.0.2.1");
	dns_alias(&b, "Edge.CDN.test", 40, "n1.cdn.test");
	dns_address(&b, "N1.cdn.test", 30, "192.0.2.2");
	dns_alias(&b, "@12", 300, "edge.cdn.test");
	/* what hangs on another name */
	dns_address(&b, "evil.test", 300, "192.0.2.66");
	dns_address(&b, "edge.cdn.test", 300, "192.0.2.67");
	dns_alias(&b, "other.test", 1, "n1.cdn.test");
	/* what was not asked for */
	dns_address(&b, "n1.cdn.test", 1, WEB6);
	see(1, POD, 1);
	q = queries(1, 1);
	assert_int_equal(q[0].outcome, DNS_ANSWERED);
	assert_int_equal(q[0].n_cnames, 2);
	assert_string_equal(q[0].cname, "n1.cdn.test");
	assert_int_equal(q[0].n_addrs, 2);
	assert_int_equal(q[0].ttl, 20);
	assert_name(POD, "192.0.2.1", 2, "www.shop.test");
	assert_name(POD, "192.0.2.2", 2, "www.shop.test");
	assert_name(POD, "192.0.2.66", 2, NULL);
	assert_name(POD, "192.0.2.67", 2, NULL);
	assert_name(POD, WEB6, 2, NULL);
	/* all the chain's TTLs count: 20 s and the grace */
	assert_name(POD, "192.0.2.2", 1 + 20000 + 30000, "www.shop.test");
	assert_name(POD, "192.0.2.2", 2 + 20000 + 30000, NULL);
}

static void
chains_that_do_not_end(void **state)
{
	(void)state;
	dns_begin(&b, 7, DNS_QR);
	dns_question(&b, "a.test", DNS_A);
	dns_alias(&b, "a.test", 9, "b.test");
	dns_alias(&b, "b.test", 9, "a.test");
	dns_address(&b, "c.test", 9, WEB);
	see(1, POD, 1);
	assert_name(POD, WEB, 2, NULL);
	queries(1, 1);
	/* an answer for another name than the question's */
	dns_begin(&b, 7, DNS_QR);
	dns_question(&b, "a.test", DNS_A);
	dns_address(&b, "b.test", 9, WEB);
	see(2, POD, 1);
	assert_name(POD, WEB, 2, NULL);
	/* failed, and with records all the same */
	dns_begin(&b, 7, DNS_QR | DNS_NXDOMAIN);
	dns_question(&b, "a.test", DNS_A);
	dns_address(&b, "a.test", 9, WEB);
	see(3, POD, 1);
	assert_name(POD, WEB, 2, NULL);
	/* a question that carries answers */
	dns_begin(&b, 7, DNS_ASK);
	dns_question(&b, "a.test", DNS_A);
	dns_address(&b, "a.test", 9, WEB);
	see(4, POD, 1);
	assert_name(POD, WEB, 2, NULL);
}

/* More addresses than a query shows: all of them have the name. */
static void
many_addresses(void **state)
{
	const struct dns_query *q;
	char text[ADDR_TEXT_MAX];

	(void)state;
	dns_begin(&b, 7, DNS_QR);
	dns_question(&b, "a.test", DNS_ANY);
	for (unsigned i = 0; i < 20; i++) {
		snprintf(text, sizeof(text), "192.0.2.%u", i);
		dns_address(&b, "@12", 60, text);
	}
	dns_address(&b, "@12", 60, WEB6);
	see(1, POD, 0);
	q = queries(1, 1);
	assert_int_equal(q[0].n_addrs, 21);
	for (unsigned i = 0; i < 20; i++) {
		struct addr a;

		snprintf(text, sizeof(text), "192.0.2.%u", i);
		assert_name(POD, text, 1, "a.test");
		a = ip(text);
		assert_true(i >= DNS_QUERY_ADDRS || addr_eq(&q[0].addrs[i], &a));
	}
	assert_name(POD, WEB6, 1, "a.test");
}

static void
borders_of_time(void **state)
{
	static const uint32_t ttls[] = { 0, 1, 60, 86400, INT32_MAX };

	(void)state;
	for (unsigned i = 0; i < N(ttls); i++) {
		int64_t end = 1000 + ((int64_t)ttls[i] + 30) * 1000;
		char addr[32];

		snprintf(addr, sizeof(addr), "192.0.2.%u", i);
		answer(i + 1, POD, 1000, i, "a.test", addr, ttls[i]);
		assert_name(POD, addr, 999, NULL);
		assert_name(POD, addr, 1000, "a.test");
		assert_name(POD, addr, end, "a.test");
		assert_name(POD, addr, end + 1, NULL);
		{
			struct addr c = ip(POD), a = ip(addr);
			struct nstime t = ms(end);

			t.ns++;
			assert_null(dns_log_name(g, &c, &a, t, 0));
		}
	}
}

/* Asked again and again: one run; a time long ago is still known, the time before
   it and gaps are not. */
static void
runs(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 1000; i++)
		answer(i + 1, POD, 10000 + 5000 * (int64_t)i, i, "a.test", WEB, 0);
	assert_name(POD, WEB, 9999, NULL);
	assert_name(POD, WEB, 10000, "a.test");
	assert_name(POD, WEB, 10001, "a.test");
	assert_name(POD, WEB, 2000000, "a.test");
	assert_name(POD, WEB, 10000 + 5000 * 999 + 30000, "a.test");
	assert_name(POD, WEB, 10000 + 5000 * 999 + 30001, NULL);
	/* a gap, then another run */
	answer(2000, POD, 6000000, 1, "a.test", WEB, 0);
	answer(2001, POD, 6020000, 1, "a.test", WEB, 0);
	answer(2002, POD, 6040000, 1, "a.test", WEB, 0);
	assert_name(POD, WEB, 5500000, NULL);
	assert_name(POD, WEB, 5999999, NULL);
	assert_name(POD, WEB, 6000000, "a.test");
	assert_name(POD, WEB, 6070000, "a.test");
	assert_name(POD, WEB, 2000000, "a.test");
}

/* Two names of one client share an address: that which was answered last before
   the connection, as long as it holds. */
static void
two_names(void **state)
{
	(void)state;
	answer(1, POD, 0, 1, "a.test", WEB, 300);
	answer(2, POD, 10000, 2, "b.test", WEB, 10);
	assert_name(POD, WEB, 9999, "a.test");
	assert_name(POD, WEB, 10000, "b.test");
	assert_name(POD, WEB, 50000, "b.test");
	assert_name(POD, WEB, 50001, "a.test");
	assert_name(POD, WEB, 330000, "a.test");
	assert_name(POD, WEB, 330001, NULL);
	answer(3, POD, 60000, 3, "a.test", WEB, 300);
	answer(4, POD, 70000, 4, "c.test", WEB, 300);
	answer(5, POD, 80000, 5, "a.test", WEB, 300);
	assert_name(POD, WEB, 69999, "a.test");
	assert_name(POD, WEB, 75000, "c.test");
	assert_name(POD, WEB, 85000, "a.test");
	assert_name(POD, WEB, 10000, "b.test");
}

/* A client that asks for several names of one address all the time. */
static void
names_in_turn(void **state)
{
	char name[32];

	(void)state;
	for (unsigned i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "n%u.test", i % 3);
		answer(i + 1, POD, 2000 * (int64_t)i, i, name, WEB, 5);
		assert_name(POD, WEB, 2000 * (int64_t)i + 1999, name);
		/* just before, the one before */
		snprintf(name, sizeof(name), "n%u.test", (i + 2) % 3);
		assert_name(POD, WEB, 2000 * (int64_t)i - 1, i > 0 ? name : NULL);
	}
}

/* ---- whose it is */

static void
two_clients(void **state)
{
	(void)state;
	answer(1, POD, 0, 1, "a.test", WEB, 300);
	assert_name(POD2, WEB, 1, NULL);
	answer(2, POD2, 10, 2, "b.test", WEB, 300);
	assert_name(POD, WEB, 20, "a.test");
	assert_name(POD2, WEB, 20, "b.test");
	assert_name(NODE, WEB, 20, NULL);
	/* The same question of both, each with its own id: both keep theirs. */
	answer(3, POD, 1000, 3, "c.test", WEB6, 300);
	answer(4, POD2, 1001, 4, "c.test", WEB6, 300);
	assert_name(POD, WEB6, 1002, "c.test");
	assert_name(POD2, WEB6, 1002, "c.test");
}

/* The answer comes for the node's address, and 100 us later for the pod. */
static void
translated_twins(void **state)
{
	(void)state;
	ask(1, POD, 0, 7, "a.test", DNS_A);
	ask(2, NODE, 0, 7, "a.test", DNS_A);
	answer(2, NODE, 5, 7, "a.test", WEB, 300);
	assert_name(NODE, WEB, 5, "a.test");
	answer(1, POD, 6, 7, "a.test", WEB, 300);
	assert_name(POD, WEB, 7, "a.test");
	assert_name(NODE, WEB, 7, NULL);
	/* seen in the other order (files of two clocks): the later one is right */
	answer(3, POD, 1900, 8, "b.test", WEB6, 300);
	answer(4, NODE, 1899, 8, "b.test", WEB6, 300);
	assert_name(POD, WEB6, 1901, "b.test");
	assert_name(NODE, WEB6, 1901, NULL);
	/* what the node asked itself before stays its own */
	answer(5, NODE, 5000, 9, "c.test", WEB, 300);
	answer(6, NODE, 9000, 10, "c.test", WEB, 300);
	answer(7, POD, 9001, 10, "c.test", WEB, 300);
	assert_name(NODE, WEB, 9500, "c.test");
	assert_name(POD, WEB, 9500, "c.test");
}

static void
no_twins(void **state)
{
	struct { unsigned id; const char *name, *addr; int64_t later; } rows[] = {
		{ 8, "a.test", WEB, 1 },	/* another id */
		{ 7, "b.test", WEB, 1 },	/* another question */
		{ 7, "a.test", "192.0.2.9", 1 },	/* another content */
		{ 7, "a.test", WEB, 1001 },	/* too late */
	};

	(void)state;
	for (unsigned i = 0; i < N(rows); i++) {
		/* so far apart that nothing is left of the row before */
		int64_t t = 100000 * (int64_t)(i + 1);

		answer(10 * i + 1, POD, t, 7, "a.test", WEB, 3);
		answer(10 * i + 2, POD2, t + rows[i].later, rows[i].id, rows[i].name,
		    rows[i].addr, 3);
		assert_name(POD, WEB, t + 1500, "a.test");
		assert_name(POD2, rows[i].addr, t + 1500, rows[i].name);
	}
	/* One that the capture cut may be the same. */
	answer(90, NODE, 900000, 7, "z.test", WEB6, 3);
	dns_begin(&b, 7, DNS_QR);
	dns_question(&b, "z.test", DNS_AAAA);
	dns_address(&b, "@12", 3, WEB6);
	dns_edns(&b, 0, "", 0);
	{
		struct dns_at at = { .flow = 91, .client = ip(POD), .server = ip(SERVER),
		    .ts = ms(900001) };
		const char *why;

		assert_true(dns_parse_n(&b, b.n - 1, b.n, &m, &why));
		assert_true(m.cut);
		dns_log_message(g, &at, &m);
	}
	assert_name(NODE, WEB6, 900002, NULL);
	assert_name(POD, WEB6, 900002, "z.test");
}

/* ---- flows that are joined, or gone */

static void
joined(void **state)
{
	const struct dns_query *q;

	(void)state;
	/* both sides of a translation saw each message; one was sent again */
	ask(1, POD, 0, 7, "a.test", DNS_A);
	ask(2, NODE, 0, 7, "a.test", DNS_A);
	ask(1, POD, 5000, 7, "a.test", DNS_A);
	ask(2, NODE, 5000, 7, "a.test", DNS_A);
	answer(2, NODE, 5005, 7, "a.test", WEB, 300);
	dns_log_joined(g, 2, 1);
	queries(2, 0);
	q = queries(1, 1);
	assert_int_equal(q[0].sent, 2);
	assert_int_equal(q[0].asked.ns, ms(0).ns);
	assert_int_equal(q[0].last.ns, ms(5000).ns);
	assert_int_equal(q[0].outcome, DNS_ANSWERED);
	assert_int_equal(q[0].answered.ns, ms(5005).ns);
	assert_int_equal(q[0].n_addrs, 1);
	answer(1, POD, 5006, 7, "a.test", WEB, 300);
	q = queries(1, 1);
	assert_int_equal(q[0].answers, 2);
	assert_name(POD, WEB, 5010, "a.test");
	assert_name(NODE, WEB, 5010, NULL);
}

/* The answer came in for the node's address and never went on: nobody got it. */
static void
joined_without_delivery(void **state)
{
	(void)state;
	for (unsigned turn = 0; turn < 2; turn++) {
		uint64_t pod = 10 * turn + 1 + turn, node = 10 * turn + 2 - turn;
		int64_t t = 10000 * (int64_t)turn;

		ask(pod, POD, t, 7, "a.test", DNS_A);
		ask(node, NODE, t + 1, 7, "a.test", DNS_A);
		answer(node, NODE, t + 5, 7, "a.test", WEB, 3);
		assert_name(NODE, WEB, t + 6, "a.test");
		dns_log_joined(g, node, pod);
		assert_name(NODE, WEB, t + 6, NULL);
		assert_name(POD, WEB, t + 6, NULL);
		assert_int_equal(queries(pod, 1)->outcome, DNS_ANSWERED);
	}
	/* into the node's side, which was the first that was seen */
	ask(51, NODE, 30001, 7, "a.test", DNS_A);
	ask(52, POD, 30000, 7, "a.test", DNS_A);
	ask(52, POD, 30000, 8, "b.test", DNS_AAAA);
	answer(51, NODE, 30005, 7, "a.test", WEB, 3);
	dns_log_joined(g, 52, 51);
	assert_name(NODE, WEB, 30006, NULL);
	queries(51, 2);
	/* and it is the pod's now */
	answer(51, POD, 30100, 8, "b.test", WEB6, 3);
	assert_name(POD, WEB6, 30101, "b.test");
	{
		struct addr c = ip(POD);
		unsigned outcome = 99;

		assert_true(dns_log_asked(g, &c, "A.test", ms(30000), ms(30001), &outcome));
		assert_int_equal(outcome, DNS_ANSWERED);
	}
}

/* One side saw the question alone, the other its answer alone: nobody is sure to
   have got that. */
static void
joined_halves(void **state)
{
	(void)state;
	ask(1, POD, 0, 7, "a.test", DNS_A);
	answer(2, NODE, 5, 7, "a.test", WEB, 300);
	assert_name(NODE, WEB, 6, "a.test");
	dns_log_joined(g, 2, 1);
	assert_name(NODE, WEB, 6, NULL);
	assert_int_equal(queries(1, 1)->outcome, DNS_ANSWERED);
	assert_int_equal(queries(1, 1)->sent, 1);
	ask(3, POD, 0, 8, "b.test", DNS_A);
	answer(4, NODE, 5, 8, "b.test", "192.0.2.8", 300);
	assert_name(NODE, "192.0.2.8", 6, "b.test");
	dns_log_joined(g, 3, 4);
	assert_name(NODE, "192.0.2.8", 6, NULL);
	assert_int_equal(queries(4, 1)->outcome, DNS_ANSWERED);
}

/* A destination was translated: the client is the same on both sides. */
static void
joined_same_client(void **state)
{
	(void)state;
	ask(1, POD, 0, 7, "a.test", DNS_A);
	ask(2, POD, 0, 7, "a.test", DNS_A);
	answer(2, POD, 5, 7, "a.test", WEB, 300);
	answer(1, POD, 6, 7, "a.test", WEB, 300);
	dns_log_joined(g, 2, 1);
	queries(1, 1);
	assert_name(POD, WEB, 10, "a.test");
	/* different questions, and times that are far apart, stay apart */
	ask(3, POD, 0, 7, "b.test", DNS_A);
	answer(3, POD, 1, 7, "b.test", "192.0.2.50", 300);
	ask(4, POD, 9000, 7, "b.test", DNS_A);
	ask(4, POD, 9000, 8, "c.test", DNS_A);
	dns_log_joined(g, 4, 3);
	queries(3, 3);
	queries(4, 0);
	/* into one that the log does not know; one that it does not know; itself */
	dns_log_joined(g, 3, 77);
	queries(3, 0);
	queries(77, 3);
	dns_log_joined(g, 500, 77);
	dns_log_joined(g, 77, 77);
	queries(77, 3);
}

static void
gone(void **state)
{
	struct addr c = ip(POD);
	unsigned outcome;

	(void)state;
	ask(1, POD, 0, 7, "a.test", DNS_A);
	answer(1, POD, 1, 7, "a.test", WEB, 300);
	ask(1, POD, 2, 8, "b.test", DNS_A);
	dns_log_gone(g, 1);
	dns_log_gone(g, 1);
	dns_log_gone(g, 99);
	queries(1, 0);
	assert_false(dns_log_asked(g, &c, "a.test", ms(0), ms(10), &outcome));
	/* what the client learned from it stays */
	assert_name(POD, WEB, 10, "a.test");
	ask(1, POD, 3, 7, "a.test", DNS_A);
	assert_int_equal(queries(1, 1)->outcome, DNS_WAITING);
}

static void
asked(void **state)
{
	struct addr c = ip(POD), d = ip(POD2);
	unsigned outcome = 99;

	(void)state;
	ask(1, POD, 1000, 7, "A.test", DNS_A);
	fails(1, POD, 1001, 7, "a.test", DNS_A, DNS_NXDOMAIN);
	assert_true(dns_log_asked(g, &c, "a.TEST", ms(1000), ms(1000), &outcome));
	assert_int_equal(outcome, DNS_FAILED);
	assert_false(dns_log_asked(g, &c, "a.test", ms(1001), ms(2000), &outcome));
	assert_false(dns_log_asked(g, &c, "a.test", ms(0), ms(999), &outcome));
	assert_false(dns_log_asked(g, &d, "a.test", ms(0), ms(2000), &outcome));
	assert_false(dns_log_asked(g, &c, "b.test", ms(0), ms(2000), &outcome));
	/* the best of several */
	answer(2, POD, 1500, 9, "a.test", WEB, 1);
	fails(3, POD, 1600, 9, "a.test", DNS_A, DNS_SERVFAIL);
	assert_true(dns_log_asked(g, &c, "a.test", ms(0), ms(2000), &outcome));
	assert_int_equal(outcome, DNS_ANSWERED);
}

/* ---- bounds */

static void
one_busy_flow(void **state)
{
	const struct dns_query *q;
	unsigned n, more;
	char name[64];

	(void)state;
	ask(1, POD, 0, 60000, "lost.test", DNS_A);
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "n%u.test", i);
		ask(1, POD, i + 1, i, name, DNS_A);
		answer(1, POD, i + 1, i, name, WEB, 1);
	}
	q = dns_log_queries(g, 1, &n, &more);
	assert_int_equal(n, DNS_FLOW_QUERIES);
	assert_int_equal(n + more, 1001);
	/* what was answered goes first */
	assert_string_equal(q[0].name, "lost.test");
	assert_int_equal(q[0].outcome, DNS_WAITING);
	assert_string_equal(q[n - 1].name, "n999.test");
	for (unsigned i = 1; i < n; i++)
		assert_true(q[i].asked.ns >= q[i - 1].asked.ns);
	/* when nothing is answered, the oldest */
	for (unsigned i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "w%u.test", i);
		ask(2, POD, i, i, name, DNS_A);
	}
	q = dns_log_queries(g, 2, &n, &more);
	assert_int_equal(n, DNS_FLOW_QUERIES);
	assert_int_equal(more, 200 - DNS_FLOW_QUERIES);
	assert_string_equal(q[0].name, "w136.test");
	/* two full flows that become one */
	dns_log_joined(g, 2, 1);
	q = dns_log_queries(g, 1, &n, &more);
	assert_int_equal(n, DNS_FLOW_QUERIES);
	assert_int_equal(n + more, 1201);
}

static long
resident_kb(void)
{
	char line[128];
	long kb = 0;
	FILE *f = fopen("/proc/self/status", "r");

	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "VmRSS: %ld", &kb) == 1)
			break;
	fclose(f);
	return kb;
}

/* A million questions with an answer each, of 200000 flows and as many names: the
   log holds what is latest, and no more memory than it says. */
static void
a_million_messages(void **state)
{
	long before = resident_kb(), after;
	const struct dns_query *q;
	char name[DNS_NAME_MAX], addr[ADDR_TEXT_MAX], client[ADDR_TEXT_MAX];
	unsigned i;

	(void)state;
	for (i = 0; i < 500000; i++) {
		uint64_t flow = i / 2 + 1;

		snprintf(client, sizeof(client), "10.0.%u.%u", i / 2 % 7, i / 2 % 100);
		snprintf(name, sizeof(name), "host-%u.service-%u.example.com", i % 200000,
		    i % 977);
		snprintf(addr, sizeof(addr), "192.%u.%u.%u", i >> 16, i >> 8 & 255, i & 255);
		ask(flow, client, i, i & 0xffff, name, DNS_A);
		answer(flow, client, i + 1, i & 0xffff, name, addr, 60);
		if (i % 1000 == 0)
			assert_name(client, addr, i + 1, name);
		if (i % 5 == 0)
			dns_log_gone(g, flow > 20 ? flow - 20 : 0);
	}
	after = resident_kb();
	i--;
	assert_name(client, addr, i + 2, name);
	q = queries(i / 2 + 1, 2);
	assert_string_equal(q[1].name, name);
	queries(1, 0);
	if (MEASURES_MEMORY)
		assert_true((after - before) * 1024 <= (long)DNS_LOG_BYTES);
	/* some thousand flows before the last are there, with their texts whole */
	for (uint64_t f = i / 2 - 15; f <= i / 2; f++) {
		unsigned n, more;

		q = dns_log_queries(g, f, &n, &more);
		for (unsigned k = 0; q != NULL && k < n; k++)
			assert_int_equal(strncmp(q[k].name, "host-", 5), 0);
	}
}

/* Names as long as they can be: the ring turns over, and nothing that was
   overwritten is shown. */
static void
long_texts(void **state)
{
	char name[DNS_NAME_MAX], head[16], other[64];
	unsigned n, more, shown = 0;

	(void)state;
	memset(name, 'x', sizeof(name));
	name[253] = '\0';
	name[63] = name[127] = name[191] = '.';
	for (unsigned i = 0; i < 40000; i++) {
		int len = snprintf(head, sizeof(head), "n%u", i);

		memset(name, 'x', 12);
		memcpy(name, head, (size_t)len);
		ask(i + 1, POD, i, 7, name, DNS_A);
		dns_begin(&b, 7, DNS_QR);
		dns_question(&b, name, DNS_A);
		snprintf(other, sizeof(other), "alias-%u.test", i);
		dns_alias(&b, "@12", 60, other);
		dns_address(&b, other, 60, WEB);
		see(i + 1, POD, i + 1);
	}
	assert_name(POD, WEB, 40001, name);
	for (unsigned i = 0; i < 40000; i++) {
		const struct dns_query *q = dns_log_queries(g, i + 1, &n, &more);

		assert_true(n + more <= 1);
		if (q == NULL)
			continue;
		shown++;
		snprintf(head, sizeof(head), "n%ux", i);
		assert_int_equal(strncmp(q->name, head, strlen(head)), 0);
		assert_int_equal(strlen(q->name), 253);
		snprintf(other, sizeof(other), "alias-%u.test", i);
		assert_string_equal(q->cname, other);
	}
	assert_true(shown > 5000 && shown < 40000);
}

/* A name that is used all the time is not lost with the old ones. */
static void
steady_text(void **state)
{
	char name[DNS_NAME_MAX], head[16];

	(void)state;
	memset(name, 'x', sizeof(name));
	name[253] = '\0';
	name[63] = name[127] = name[191] = '.';
	for (unsigned i = 0; i < 30000; i++) {
		if (i % 10 == 0) {
			ask(i + 1, POD, i, 7, "steady.test", DNS_A);
			if (i >= 4000)
				assert_string_equal(queries(i - 4000 + 1, 1)->name,
				    "steady.test");
			continue;
		}
		memset(name, 'x', 12);
		memcpy(name, head, (size_t)snprintf(head, sizeof(head), "n%u", i));
		ask(i + 1, POD, i, 7, name, DNS_A);
	}
}

/* ---- rates */

static void
rates(void **state)
{
	static const struct { const char *server; bool counted; } rows[] = {
		{ "169.254.169.253", true }, { "169.254.20.10", true },
		{ "192.168.0.2", true }, { "10.1.2.2", true }, { "172.31.0.2", true },
		{ "100.64.0.2", true }, { "10.1.2.18", true }, { "fd00:ec2::253", true },
		{ "fe80::1", true },
		{ "10.100.0.10", false }, { "8.8.8.8", false }, { "1.1.1.2", false },
		{ "2001:db8::2", false }, { "172.32.0.2", false },
	};

	(void)state;
	for (unsigned i = 0; i < N(rows); i++) {
		struct dns_at at = { .flow = i, .client = ip(POD),
		    .server = ip(rows[i].server) };

		dns_begin(&b, 1, DNS_ASK);
		dns_question(&b, "a.test", DNS_A);
		dns_read(&b, &m);
		for (int64_t t = 100000; t < 102000; t += t < 101000 ? 100 : 1) {
			at.ts = ms(t);
			dns_log_message(g, &at, &m);
		}
		/* answers do not count */
		dns_begin(&b, 1, DNS_QR);
		dns_question(&b, "a.test", DNS_A);
		dns_read(&b, &m);
		dns_log_message(g, &at, &m);
		assert_int_equal(dns_log_rate(g, &at.server, ms(98999)), 0);
		assert_int_equal(dns_log_rate(g, &at.server, ms(99500)),
		    rows[i].counted ? 10 : 0);
		assert_int_equal(dns_log_rate(g, &at.server, ms(100500)),
		    rows[i].counted ? 1000 : 0);
		assert_int_equal(dns_log_rate(g, &at.server, ms(102500)),
		    rows[i].counted ? 1000 : 0);
		assert_int_equal(dns_log_rate(g, &at.server, ms(103500)), 0);
	}
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(pair_of_one_socket), TEST(repeated), TEST(answered_twice),
		TEST(answer_alone), TEST(outcomes), TEST(cut_answers),
		TEST(chain_names_by_the_question), TEST(chains_that_do_not_end),
		TEST(many_addresses), TEST(borders_of_time), TEST(runs), TEST(two_names),
		TEST(names_in_turn), TEST(two_clients), TEST(translated_twins),
		TEST(no_twins), TEST(joined), TEST(joined_without_delivery), TEST(joined_halves),
		TEST(joined_same_client), TEST(gone), TEST(asked), TEST(one_busy_flow),
		TEST(a_million_messages), TEST(long_texts), TEST(steady_text),
		TEST(rates),
	};

	dns_log_free(NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
