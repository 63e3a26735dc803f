/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_balance.c - what targets received, from hand-made connections: clients, the
   pace of checks, when each began and ceased, bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decode/app/balance.h"
#include "decode/app/proxy.h"

#define T0	INT64_C(1795196003000000000)

static struct addr
addr(const char *text)
{
	struct addr a;

	assert_true(addr_parse(text, &a));
	return a;
}

/* To target 192.168.3.<target>:8080, `sec` seconds after the beginning. */
static struct balance_conn
conn(const char *src, unsigned target, double sec)
{
	uint8_t v4[4] = { 192, 168, 3, (uint8_t)target };
	int64_t ns = T0 + (int64_t)(sec * 1e9);

	return (struct balance_conn){ .addr = addr_from_v4(v4), .port = 8080, .proto = 6,
	    .src = addr(src), .first = { ns }, .last = { ns + 1000 }, .begun = true,
	    .asked = true, .inside = strncmp(src, "192.168.", 8) == 0 };
}

static void
add(struct balance *b, const struct balance_conn *c)
{
	assert_true(balance_add(b, c));
}

static void
add_plain(struct balance *b, const char *src, unsigned target, double sec)
{
	struct balance_conn c = conn(src, target, sec);

	add(b, &c);
}

static void
add_check(struct balance *b, const char *src, unsigned target, double sec)
{
	struct balance_conn c = conn(src, target, sec);

	c.check = true;
	add(b, &c);
}

static const struct balance_target *
only(const struct balance *b)
{
	const struct balance_target *t;
	uint32_t n;

	t = balance_targets(b, &n);
	assert_int_equal(n, 1);
	return t;
}

/* The one address sends checks too: it is the balancer's. */
static void
hidden(void **state)
{
	struct balance *b = balance_new();
	const struct balance_target *t;

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		add_plain(b, "192.168.1.210", 105, 2.5 * i);
		add_check(b, "192.168.1.210", 105, 10.0 * i);
		add_check(b, "192.168.2.210", 105, 3 + 10.0 * i);
	}
	balance_end(b);
	t = only(b);
	assert_int_equal(t->conns, 4);
	assert_int_equal(t->checks, 8);
	assert_int_equal(t->n_checkers, 2);
	assert_int_equal(t->period_ns, 10 * NS_PER_SEC);
	assert_int_equal(t->clients[CLIENT_HIDDEN], 4);
	assert_int_equal(t->clients[CLIENT_UNKNOWN], 0);
	balance_free(b);
}

/* Inside the VPC it takes somebody else's checks to know that an address is not
   the balancer's; one check of one address is too little. */
static void
preserved_or_not_known(void **state)
{
	static const struct { unsigned checks; enum balance_client client; } rows[] = {
		{ 0, CLIENT_UNKNOWN }, { 1, CLIENT_UNKNOWN }, { 2, CLIENT_PRESERVED },
	};

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct balance *b = balance_new();

		add_plain(b, "192.168.7.7", 105, 1);
		add_plain(b, "203.0.113.50", 105, 2);
		for (unsigned k = 0; k < rows[i].checks; k++)
			add_check(b, "192.168.1.210", 105, 10.0 * k);
		balance_end(b);
		assert_int_equal(only(b)->clients[CLIENT_PRESERVED],
		    1 + (rows[i].client == CLIENT_PRESERVED));
		assert_int_equal(only(b)->clients[CLIENT_UNKNOWN],
		    rows[i].client == CLIENT_UNKNOWN);
		balance_free(b);
	}
}

/* Known by its checks of another target. */
static void
balancer_of_another_target(void **state)
{
	struct balance *b = balance_new();
	const struct balance_target *t;
	uint32_t n;

	(void)state;
	add_plain(b, "192.168.1.210", 77, 1);
	add_check(b, "192.168.1.210", 105, 2);
	balance_end(b);
	t = balance_targets(b, &n);
	assert_int_equal(n, 2);
	assert_int_equal(t[0].addr.b[15], 77);
	assert_int_equal(t[0].clients[CLIENT_HIDDEN], 1);
	balance_free(b);
}

static void
node_hides(void **state)
{
	struct balance_conn c = conn("203.0.113.50", 105, 1);
	struct balance *b = balance_new();

	(void)state;
	c.node_hides = true;
	add(b, &c);
	balance_end(b);
	assert_int_equal(only(b)->clients[CLIENT_HIDDEN_HERE], 1);
	assert_int_equal(only(b)->clients[CLIENT_PRESERVED], 0);
	balance_free(b);
}

static struct proxy_header
header(unsigned version, const char *src)
{
	struct proxy_header p = { .version = (uint8_t)version };

	if (src != NULL) {
		p.has = PROXY_HAS_ADDRS;
		p.src = addr(src);
	}
	return p;
}

static void
proxy_protocol(void **state)
{
	static const char *const clients[] = { "203.0.113.1", "203.0.113.2",
		"203.0.113.1" };
	struct balance *b = balance_new();
	const struct balance_target *t;
	struct proxy_header p;
	struct balance_conn c = conn("192.168.1.210", 105, 0);

	(void)state;
	c.proxy = &p;
	for (unsigned i = 0; i < 3; i++) {
		p = header(1 + i % 2, clients[i]);
		add(b, &c);
	}
	p = header(2, NULL);
	p.why = "wrong CRC32C";
	add(b, &c);
	p = header(2, NULL);
	p.local = true;
	add(b, &c);
	/* no header: once with data, once without, once its beginning not seen */
	c.proxy = NULL;
	add(b, &c);
	c.asked = false;
	add(b, &c);
	c.asked = true;
	c.begun = false;
	add(b, &c);
	balance_end(b);
	t = only(b);
	assert_int_equal(t->conns, 8);
	assert_int_equal(t->proxy[1], 2);
	assert_int_equal(t->proxy[2], 2);
	assert_int_equal(t->malformed, 1);
	assert_int_equal(t->without, 1);
	assert_int_equal(t->n_named, 2);
	assert_int_equal(t->clients[CLIENT_PROXY], 3);
	assert_int_equal(t->clients[CLIENT_UNKNOWN], 5);
	balance_free(b);
}

/* A proxy that names itself and at other times its clients: the first are its own.
   With preservation every header names its source, and nobody else. */
static void
proxy_for_itself(void **state)
{
	struct balance_conn c = conn("192.168.1.210", 105, 0);
	struct balance *b = balance_new();
	struct proxy_header own = header(1, "192.168.1.210"),
	    other = header(1, "203.0.113.1");

	(void)state;
	c.proxy = &own;
	add(b, &c);
	add(b, &c);
	c.proxy = &other;
	add(b, &c);
	balance_end(b);
	assert_int_equal(only(b)->conns, 1);
	assert_int_equal(only(b)->checks, 2);
	assert_int_equal(only(b)->proxy[1], 1);
	assert_int_equal(only(b)->n_named, 1);
	assert_int_equal(only(b)->clients[CLIENT_PROXY], 1);
	balance_free(b);

	b = balance_new();
	own.src = c.src = addr("203.0.113.1");
	c.proxy = &own;
	add(b, &c);
	balance_end(b);
	assert_int_equal(only(b)->conns, 1);
	assert_int_equal(only(b)->checks, 0);
	balance_free(b);
}

/* Three targets; one goes at 100 s and comes back at 200 s, one comes at 150 s. */
static void
began_and_ceased(void **state)
{
	struct balance *b = balance_new();
	const struct balance_target *t;
	unsigned turn = 0;
	uint32_t n;

	(void)state;
	for (unsigned sec = 0; sec < 300; sec++) {
		unsigned up[3], k = 0;

		up[k++] = 10;
		if (sec < 100 || sec >= 200)
			up[k++] = 20;
		if (sec >= 150)
			up[k++] = 30;
		add_plain(b, "203.0.113.50", up[turn++ % k], sec);
	}
	balance_end(b);
	t = balance_targets(b, &n);
	assert_int_equal(n, 3);
	assert_int_equal(t[0].received.n, 1);
	assert_false(t[0].received.late || t[0].received.ceased);
	assert_int_equal(t[1].received.n, 2);
	assert_in_range(t[1].received.v[0].to.ns, T0 + 97 * NS_PER_SEC,
	    T0 + 99 * NS_PER_SEC);
	assert_in_range(t[1].received.v[1].from.ns, T0 + 200 * NS_PER_SEC,
	    T0 + 203 * NS_PER_SEC);
	assert_int_equal(t[2].received.n, 1);
	assert_true(t[2].received.late);
	assert_false(t[2].received.ceased);
	assert_in_range(t[2].received.before, 149, 153);
	balance_free(b);
}

/* An even hand leaves each target alone for a while: no silence. */
static void
chance_is_no_silence(void **state)
{
	struct balance *b = balance_new();
	const struct balance_target *t;
	uint64_t seed = 3;
	uint32_t n, pauses = 0;

	(void)state;
	for (unsigned i = 0; i < 3000; i++) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		add_plain(b, "203.0.113.50", 10 + (unsigned)(seed >> 33) % 3, i);
	}
	balance_end(b);
	t = balance_targets(b, &n);
	for (uint32_t i = 0; i < n; i++)
		pauses += t[i].received.n - 1;
	/* of 3000 chances */
	assert_true(pauses <= 30);
	balance_free(b);
}

/* A target without connections, but checked and then no more. */
static void
checks_cease(void **state)
{
	struct balance *b = balance_new();
	const struct balance_target *t;

	(void)state;
	for (unsigned i = 0; i < 20; i++)
		if (i < 5 || i >= 12)
			add_check(b, "192.168.1.210", 105, 10.0 * i);
	balance_end(b);
	t = only(b);
	assert_int_equal(t->received.n, 0);
	assert_int_equal(t->checked.n, 2);
	assert_int_equal(t->checked.v[0].to.ns, T0 + 40 * NS_PER_SEC);
	assert_int_equal(t->checked.v[1].from.ns, T0 + 120 * NS_PER_SEC);
	balance_free(b);
}

/* Groups do not share connections. */
static void
groups_apart(void **state)
{
	struct balance *b = balance_new();
	const struct balance_target *t;
	uint32_t n;

	(void)state;
	add_plain(b, "203.0.113.50", 10, 0);
	for (unsigned i = 0; i < 100; i++) {
		struct balance_conn c = conn("203.0.113.50", 20, i);

		c.group = 1;
		add(b, &c);
	}
	balance_end(b);
	t = balance_targets(b, &n);
	assert_int_equal(n, 2);
	assert_false(t[0].received.ceased);
	balance_free(b);
}

static void
bounded(void **state)
{
	struct balance *b = balance_new();
	const struct balance_target *t;
	uint64_t conns = 0;
	uint32_t n;

	(void)state;
	for (unsigned i = 0; i < 70000; i++) {
		struct balance_conn c = conn("203.0.113.50", 105, i);

		c.src.b[13] = (uint8_t)(i >> 8);
		c.src.b[14] = (uint8_t)(i >> 16);
		c.src.b[15] = (uint8_t)i;
		add(b, &c);
	}
	assert_true(balance_more(b));
	balance_end(b);
	t = balance_targets(b, &n);
	for (uint32_t i = 0; i < n; i++)
		for (unsigned k = 0; k < N_CLIENTS; k++)
			conns += t[i].clients[k];
	assert_int_equal(conns, 70000);
	assert_int_equal(t[0].clients[CLIENT_UNKNOWN], 70000 - BALANCE_SOURCES);
	balance_free(b);

	b = balance_new();
	for (unsigned i = 0; i < BALANCE_TARGETS + 10; i++) {
		struct balance_conn c = conn("203.0.113.50", 105, 0);

		c.port = (uint16_t)i;
		assert_true(balance_add(b, &c));
	}
	assert_true(balance_more(b));
	balance_end(b);
	balance_targets(b, &n);
	assert_int_equal(n, BALANCE_TARGETS);
	balance_free(b);
}

static void
nothing(void **state)
{
	struct balance *b = balance_new();
	uint32_t n = 7;

	(void)state;
	balance_end(b);
	balance_targets(b, &n);
	assert_int_equal(n, 0);
	balance_free(b);
	balance_free(NULL);
	for (unsigned i = 0; i < N_CLIENTS; i++)
		assert_non_null(balance_client_name(i));
	assert_null(balance_client_name(N_CLIENTS));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hidden),
		cmocka_unit_test(preserved_or_not_known),
		cmocka_unit_test(balancer_of_another_target),
		cmocka_unit_test(node_hides),
		cmocka_unit_test(proxy_protocol),
		cmocka_unit_test(proxy_for_itself),
		cmocka_unit_test(began_and_ceased),
		cmocka_unit_test(chance_is_no_silence),
		cmocka_unit_test(checks_cease),
		cmocka_unit_test(groups_apart),
		cmocka_unit_test(bounded),
		cmocka_unit_test(nothing),
	};

	return cmocka_run_group_tests_name("balance", tests, NULL, NULL);
}
