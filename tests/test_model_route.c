/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_model_route.c - policy rules, tables, sources, the reverse path check, and
 * what is not known.  (tests/model_kernel.c asks the kernel the same in random.)
 */
#include "tests/model_node.h"

static const char rules[] =
    "0:\tfrom all lookup local\n"
    "512:\tfrom all to 192.168.1.12 lookup main\n"
    "600:\tfrom all iif lo to 203.0.113.0/24 lookup 2\n"
    "1024:\tfrom all fwmark 0x80/0x80 lookup main\n"
    "1536:\tfrom 192.168.1.12 lookup 2\n"
    "32766:\tfrom all lookup main\n"
    "32767:\tfrom all lookup default\n";
static const char routes[] =
    "default via 192.168.1.254 dev eth1 table 2\n"
    "192.168.1.254 dev eth1 table 2 scope link\n"
    "default via 192.168.0.254 dev eth0\n"
    "192.168.0.0/24 dev eth0 proto kernel scope link src 192.168.0.1\n"
    "192.168.1.12 dev eni1 scope link\n"
    "10.1.0.0/16 nexthop via 192.168.0.2 dev eth0 weight 1 nexthop via "
    "192.168.1.2 dev eth1 weight 1\n"
    "10.2.0.0/16 via 192.168.0.3 dev eth0 metric 20\n"
    "10.2.0.0/16 via 192.168.0.4 dev eth0 metric 10\n"
    "blackhole 10.3.0.0/16\n"
    "local 127.0.0.0/8 dev lo table local proto kernel scope host src 127.0.0.1\n"
    "local 192.168.0.1 dev eth0 table local proto kernel scope host src 192.168.0.1\n"
    "broadcast 192.168.0.255 dev eth0 table local proto kernel scope link src "
    "192.168.0.1\n"
    "local 192.168.1.1 dev eth1 table local proto kernel scope host src 192.168.1.1\n";

static struct route_answer
ask(const struct node_model *n, const char *dst, const char *src, const char *iif,
    uint32_t mark)
{
	struct route_query q = { .iif = iif, .mark = mark };
	struct route_answer a;

	q.dst = addr_of(dst);
	if (src != NULL)
		q.src = addr_of(src);
	model_route(n->m, &q, &a);
	return a;
}

static void
rules_decide(void **state)
{
	struct node_model n = node_of(rules, routes, NULL, NULL);
	struct route_answer a;

	(void)state;
	a = ask(&n, "8.8.8.8", "192.168.1.12", "eni1", 0);
	assert_int_equal(a.end, ROUTE_TO);
	assert_string_equal(a.dev, "eth1");
	assert_int_equal(a.rule->priority, 1536);
	assert_int_equal(a.route->table, 2);
	assert_true(a.has_via);
	a = ask(&n, "8.8.8.8", "192.168.1.12", "eni1", 0x80);
	assert_string_equal(a.dev, "eth0");
	assert_int_equal(a.rule->priority, 1024);
	a = ask(&n, "192.168.1.12", "8.8.8.8", "eth1", 0);
	assert_string_equal(a.dev, "eni1");
	assert_int_equal(a.rule->priority, 512);
	/* "iif lo" is for packets of this node alone */
	a = ask(&n, "203.0.113.1", NULL, NULL, 0);
	assert_string_equal(a.dev, "eth1");
	a = ask(&n, "203.0.113.1", "192.168.0.9", "eth0", 0);
	assert_string_equal(a.dev, "eth0");
	node_free(&n);
}

static void
tables_decide(void **state)
{
	struct node_model n = node_of(rules, routes, NULL, NULL);
	struct addr eth1 = addr_of("192.168.1.1"), in127 = addr_of("127.9.9.9");
	struct route_answer a;

	(void)state;
	a = ask(&n, "10.2.3.4", NULL, NULL, 0);
	assert_int_equal(a.route->metric, 10);
	a = ask(&n, "10.1.3.4", NULL, NULL, 0);
	assert_int_equal(a.end, ROUTE_TO);
	assert_true(a.several);
	a = ask(&n, "10.3.3.4", NULL, NULL, 0);
	assert_int_equal(a.end, ROUTE_REFUSED);
	assert_int_equal(a.route->type, ROUTE_BLACKHOLE);
	assert_int_equal(ask(&n, "192.168.1.1", "8.8.8.8", "eth0", 0).end, ROUTE_HERE);
	assert_int_equal(ask(&n, "192.168.0.255", NULL, NULL, 0).end, ROUTE_GROUP);
	assert_true(model_is_local(n.m, &eth1, NULL));
	assert_true(model_is_local(n.m, &eth1, "eth1"));
	assert_false(model_is_local(n.m, &eth1, "eth0"));
	assert_true(model_is_local(n.m, &in127, NULL));
	node_free(&n);
}

/* What is missing is said, never guessed. */
static void
unknown_is_said(void **state)
{
	struct node_model n = node_of(NULL, routes, NULL, NULL);
	struct route_answer a = ask(&n, "8.8.8.8", NULL, NULL, 0);

	(void)state;
	assert_int_equal(a.end, ROUTE_UNKNOWN);
	assert_string_equal(a.why, "no policy rules in the state");
	node_free(&n);
	n = node_of(rules, NULL, NULL, NULL);
	a = ask(&n, "8.8.8.8", NULL, NULL, 0);
	assert_int_equal(a.end, ROUTE_UNKNOWN);
	assert_string_equal(a.why, "no routes in the state");
	node_free(&n);
	/* `ip route` shows table main alone: the others are not empty. */
	n = node_of("0:\tfrom all lookup local\n1536:\tfrom 192.168.1.12 lookup 2\n"
	    "32766:\tfrom all lookup main\n", "default via 192.168.0.254 dev eth0\n",
	    "2: eth0: <UP> mtu 9001\n    inet 192.168.0.1/24 scope global eth0\n", NULL);
	a = ask(&n, "8.8.8.8", "192.168.1.12", "eni1", 0);
	assert_int_equal(a.end, ROUTE_UNKNOWN);
	a = ask(&n, "8.8.8.8", "192.168.1.13", "eni1", 0);
	assert_int_equal(a.end, ROUTE_TO);
	/* table local comes out of the addresses */
	assert_int_equal(ask(&n, "192.168.0.1", "8.8.8.8", "eth0", 0).end, ROUTE_HERE);
	node_free(&n);
	/* a rule that is not modelled, when it could decide */
	n = node_of("0:\tfrom all lookup local\n"
	    "9:\tfrom all to 8.0.0.0/8 tos 0x10 lookup 2\n"
	    "32766:\tfrom all lookup main\n", routes, NULL, NULL);
	a = ask(&n, "8.8.8.8", NULL, NULL, 0);
	assert_int_equal(a.end, ROUTE_UNKNOWN);
	assert_non_null(strstr(a.why, "tos 0x10"));
	assert_int_equal(ask(&n, "9.9.9.9", NULL, NULL, 0).end, ROUTE_TO);
	node_free(&n);
}

/* Many rules are found by hash; the order stays the one of the list. */
static void
order_survives_the_index(void **state)
{
	char *text = calloc(1, 1 << 16);
	struct node_model n;
	struct route_answer a;
	char name[32];

	(void)state;
	strcat(text, "0:\tfrom all lookup local\n");
	for (unsigned i = 0; i < 200; i++)
		sprintf(text + strlen(text), "512:\tfrom all to 10.9.0.%u lookup 2\n", i);
	strcat(text, "600:\tfrom all to 10.9.0.7 fwmark 0x1/0x1 lookup main\n");
	for (unsigned i = 0; i < 200; i++)
		sprintf(text + strlen(text), "1536:\tfrom 10.9.1.%u lookup 2\n", i);
	strcat(text, "1000:\tfrom all to 10.8.0.0/16 goto 1600\n"
	    "1600:\tfrom all lookup main\n");
	n = node_of(text, routes, NULL, NULL);
	for (unsigned i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "10.9.0.%u", i);
		a = ask(&n, name, "1.2.3.4", "eth0", 1);
		assert_int_equal(a.rule->priority, 512);
		assert_int_equal(a.rule->to.addr.b[15], i);
		snprintf(name, sizeof(name), "10.9.1.%u", i);
		a = ask(&n, "8.8.8.8", name, "eth0", 0);
		assert_int_equal(a.rule->priority, 1536);
		/* the goto passes the rule of the source by */
		a = ask(&n, "10.8.1.1", name, "eth0", 0);
		assert_int_equal(a.rule->priority, 1600);
	}
	a = ask(&n, "10.10.0.7", "1.2.3.4", "eth0", 1);
	assert_int_equal(a.rule->priority, 1600);
	node_free(&n);
	free(text);
}

static void
six(void **state)
{
	struct node_model n = node_new();
	struct route_answer a;

	(void)state;
	node_read(&n, "ip6rule.txt", "0:\tfrom all lookup local\n"
	    "1024:\tfrom all fwmark 0x80/0x80 lookup main\n"
	    "32766:\tfrom all lookup main\n", read_ip6_rule);
	node_read(&n, "ip6route.txt",
	    "2001:db8::/64 dev eth0 proto kernel metric 256 pref medium\n"
	    "2001:db8:1::5 dev eni5 metric 1024 pref medium\n"
	    "fe80::/64 dev eth0 proto kernel metric 256 pref medium\n"
	    "fe80::/64 dev eni5 proto kernel metric 256 pref medium\n"
	    "default via fe80:ec2::1 dev eth0 metric 1024 pref medium\n"
	    "local 2001:db8::1 dev eth0 table local proto kernel metric 0 pref medium\n",
	    read_ip6_route);
	node_ready(&n);
	a = ask(&n, "2001:db8:1::5", "2001:db8::9", "eth0", 0);
	assert_string_equal(a.dev, "eni5");
	a = ask(&n, "2600::1", "2001:db8:1::5", "eni5", 0);
	assert_string_equal(a.dev, "eth0");
	assert_int_equal(ask(&n, "2001:db8::1", "2600::1", "eth0", 0).end, ROUTE_HERE);
	a = ask(&n, "fe80::7", "fe80::8", "eni5", 0);
	assert_string_equal(a.dev, "eni5");
	assert_false(a.several);
	/* IPv4 has no rules in this state */
	assert_int_equal(ask(&n, "8.8.8.8", NULL, NULL, 0).end, ROUTE_UNKNOWN);
	node_free(&n);
}

static void
names(void **state)
{
	(void)state;
	assert_true(nf_name_matches("eni+", "eni0d7763386da"));
	assert_true(nf_name_matches("eni+", "eni"));
	assert_false(nf_name_matches("eni+", "en"));
	assert_true(nf_name_matches("eth0", "eth0"));
	assert_false(nf_name_matches("eth0", "eth01"));
	assert_false(nf_name_matches("eth0", ""));
	assert_true(nf_name_matches("+", "anything"));
	for (unsigned i = 0; i < N_DROP_CAUSES; i++)
		assert_true(drop_cause_name(i)[0] != '\0');
	assert_string_equal(drop_cause_name(DROP_RP_FILTER), "rp-filter");
	assert_string_equal(drop_cause_name(99), "unknown");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_decide),
		cmocka_unit_test(tables_decide),
		cmocka_unit_test(unknown_is_said),
		cmocka_unit_test(order_survives_the_index),
		cmocka_unit_test(six),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
