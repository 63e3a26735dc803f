/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_model_walk.c - whole ways through an EKS node: pods on the primary and on
 * a secondary ENI, to the internet, to Services and back; node ports; the reverse
 * path filter; what a state without rule sets still tells.
 */
#include "tests/model_node.h"

static const char rules[] =
    "0:\tfrom all lookup local\n"
    "512:\tfrom all to 192.168.0.11 lookup main\n"
    "512:\tfrom all to 192.168.1.12 lookup main\n"
    "1024:\tfrom all fwmark 0x80/0x80 lookup main\n"
    "1536:\tfrom 192.168.1.12 lookup 2\n"
    "32766:\tfrom all lookup main\n"
    "32767:\tfrom all lookup default\n";
static const char routes[] =
    "default via 192.168.1.254 dev eth1 table 2\n"
    "192.168.1.254 dev eth1 table 2 scope link\n"
    "default via 192.168.0.254 dev eth0\n"
    "192.168.0.0/24 dev eth0 proto kernel scope link src 192.168.0.1\n"
    "192.168.0.11 dev eni0 scope link\n"
    "192.168.1.12 dev eni1 scope link\n"
    "local 127.0.0.0/8 dev lo table local proto kernel scope host src 127.0.0.1\n"
    "local 192.168.0.1 dev eth0 table local proto kernel scope host src 192.168.0.1\n"
    "local 192.168.1.1 dev eth1 table local proto kernel scope host src 192.168.1.1\n";
static const char addrs[] =
    "1: lo: <LOOPBACK,UP> mtu 65536\n    inet 127.0.0.1/8 scope host lo\n"
    "2: eth0: <UP> mtu 9001\n    inet 192.168.0.1/24 scope global eth0\n"
    "3: eth1: <UP> mtu 9001\n    inet 192.168.1.1/24 scope global eth1\n"
    "4: eni0@if3: <UP> mtu 9001\n5: eni1@if3: <UP> mtu 9001\n";
static const char tables[] =
    "*mangle\n:PREROUTING ACCEPT [0:0]\n"
    "-A PREROUTING -i eth0 -m addrtype --dst-type LOCAL --limit-iface-in -j CONNMARK "
    "--set-xmark 0x80/0x80\n"
    "-A PREROUTING -i eni+ -j CONNMARK --restore-mark --nfmask 0x80 --ctmask 0x80\n"
    "COMMIT\n"
    "*filter\n:FORWARD ACCEPT [0:0]\n"
    "-A FORWARD -d 10.66.0.0/16 -j REJECT --reject-with icmp-port-unreachable\n"
    "-A FORWARD -d 10.67.0.0/16 -m conntrack --ctstate NEW -j DROP\n"
    "COMMIT\n"
    "*nat\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
    ":POSTROUTING ACCEPT [0:0]\n:KUBE-SERVICES - [0:0]\n:KUBE-NODEPORTS - [0:0]\n:KUBE-MARK-MASQ - [0:0]\n"
    ":KUBE-POSTROUTING - [0:0]\n:AWS-SNAT-CHAIN-0 - [0:0]\n"
    ":AWS-CONNMARK-CHAIN-0 - [0:0]\n:SVC - [0:0]\n:EXT - [0:0]\n:SEP1 - [0:0]\n"
    ":SEP2 - [0:0]\n:SEP3 - [0:0]\n"
    "-A PREROUTING -j KUBE-SERVICES\n"
    "-A PREROUTING -i eni+ -j AWS-CONNMARK-CHAIN-0\n"
    "-A PREROUTING -j CONNMARK --restore-mark --nfmask 0x80 --ctmask 0x80\n"
    "-A OUTPUT -j KUBE-SERVICES\n"
    "-A POSTROUTING -j KUBE-POSTROUTING\n"
    "-A POSTROUTING -j AWS-SNAT-CHAIN-0\n"
    "-A AWS-CONNMARK-CHAIN-0 -d 192.168.0.0/16 -j RETURN\n"
    "-A AWS-CONNMARK-CHAIN-0 -j CONNMARK --set-xmark 0x80/0x80\n"
    "-A AWS-SNAT-CHAIN-0 -d 192.168.0.0/16 -j RETURN\n"
    "-A AWS-SNAT-CHAIN-0 ! -o vlan+ -m addrtype ! --dst-type LOCAL -j SNAT "
    "--to-source 192.168.0.1 --random-fully\n"
    "-A KUBE-SERVICES -d 172.20.0.1/32 -p tcp -m tcp --dport 80 -j SVC\n"
    "-A KUBE-SERVICES -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS\n"
    "-A KUBE-NODEPORTS -p tcp -m tcp --dport 30080 -j EXT\n"
    "-A EXT -j KUBE-MARK-MASQ\n-A EXT -j SVC\n"
    "-A SVC -m statistic --mode random --probability 0.33333333349 -j SEP1\n"
    "-A SVC -m statistic --mode random --probability 0.50000000000 -j SEP2\n"
    "-A SVC -j SEP3\n"
    "-A SEP1 -s 192.168.0.11/32 -j KUBE-MARK-MASQ\n"
    "-A SEP1 -p tcp -m tcp -j DNAT --to-destination 192.168.0.11:8080\n"
    "-A SEP2 -s 192.168.1.12/32 -j KUBE-MARK-MASQ\n"
    "-A SEP2 -p tcp -m tcp -j DNAT --to-destination 192.168.1.12:8080\n"
    "-A SEP3 -s 192.168.7.7/32 -j KUBE-MARK-MASQ\n"
    "-A SEP3 -p tcp -m tcp -j DNAT --to-destination 192.168.7.7:8080\n"
    "-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000\n"
    "-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN\n"
    "-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0\n"
    "-A KUBE-POSTROUTING -j MASQUERADE --random-fully\n"
    "COMMIT\n";

static struct node_model
eks_node(int rp_filter)
{
	struct node_model n = node_new();
	char value[8];

	snprintf(value, sizeof(value), "%d", rp_filter);
	node_read(&n, "iprule.txt", rules, read_ip_rule);
	node_read(&n, "iproute.txt", routes, read_ip_route);
	node_read(&n, "ip-addr.txt", addrs, read_ip_addr);
	node_read(&n, "iptables-save.txt", tables, read_iptables_save);
	node_sysctl(&n, "net.ipv4.ip_forward", "1");
	node_sysctl(&n, "net.ipv4.conf.all.rp_filter", "0");
	node_sysctl(&n, "net.ipv4.conf.eth0.rp_filter", value);
	node_sysctl(&n, "net.ipv4.conf.eni0.rp_filter", "0");
	node_sysctl(&n, "net.ipv4.conf.eni1.rp_filter", "0");
	node_ready(&n);
	return n;
}

static void
is_addr(const struct addr *a, const char *text)
{
	char out[ADDR_TEXT_MAX];

	addr_format(a, out);
	assert_string_equal(out, text);
}

static struct walk
walk_of(const struct node_model *n, struct tuple t, const char *iif)
{
	struct walk_query q = { .t = t, .iif = iif };
	struct walk w;

	model_walk(n->m, &q, &w);
	return w;
}

/* Facts, section 4: SNAT to the node's address, by the primary ENI, though the
   pod is of the secondary one; the answer the same way back. */
static void
pod_to_internet(void **state)
{
	struct node_model n = eks_node(2);
	struct walk_query q = { .t = tuple_of("192.168.1.12", 4000, "8.8.8.8", 443,
	    PROTO_TCP), .iif = "eni1", .steps = true };
	struct walk w, back;
	bool rule = false;

	(void)state;
	model_walk(n.m, &q, &w);
	assert_int_equal(w.end, WALK_SENT);
	assert_string_equal(w.oif, "eth0");
	is_addr(&w.after.src, "192.168.0.1");
	assert_true(w.snat);
	assert_false(w.dnat || w.masquerade || w.port_known);
	assert_int_equal(w.ctmark, 0x80);
	assert_int_equal(w.mark, 0x80);
	assert_int_equal(w.route.rule->priority, 1024);
	assert_non_null(strstr(w.snat_rule->text, "--to-source 192.168.0.1"));
	assert_non_null(strstr(w.connmark_rule->text, "--set-xmark 0x80/0x80"));
	assert_true(w.probability == 1);
	for (unsigned i = 0; i < w.n_steps; i++)
		rule |= w.steps[i].kind == STEP_RULE &&
		    strcmp(w.steps[i].where, "ip rule 1024") == 0 &&
		    strcmp(w.steps[i].text, "from all fwmark 0x80/0x80 lookup main") == 0;
	assert_true(rule);
	assert_int_equal(w.steps[0].kind, STEP_IN);
	assert_int_equal(w.steps[w.n_steps - 1].kind, STEP_OUT);
	model_reply(n.m, &q, &w, "eth0", true, &back);
	assert_int_equal(back.end, WALK_SENT);
	assert_string_equal(back.oif, "eni1");
	is_addr(&back.after.src, "8.8.8.8");
	is_addr(&back.after.dst, "192.168.1.12");
	assert_int_equal(back.after.dport, 4000);
	node_free(&n);
}

static void
pod_to_vpc(void **state)
{
	struct node_model n = eks_node(2);
	struct walk w = walk_of(&n, tuple_of("192.168.1.12", 4000, "192.168.9.9", 80,
	    PROTO_TCP), "eni1");

	(void)state;
	assert_int_equal(w.end, WALK_SENT);
	assert_string_equal(w.oif, "eth1");
	assert_false(w.snat || w.dnat);
	assert_true(w.port_known);
	assert_int_equal(w.route.rule->priority, 1536);
	w = walk_of(&n, tuple_of("192.168.1.12", 4000, "192.168.0.11", 80, PROTO_TCP),
	    "eni1");
	assert_string_equal(w.oif, "eni0");
	w = walk_of(&n, tuple_of("192.168.1.12", 4000, "192.168.0.1", 80, PROTO_TCP),
	    "eni1");
	assert_int_equal(w.end, WALK_LOCAL);
	node_free(&n);
}

struct shares {
	unsigned	n;
	double		sum, p[8];
	struct addr	dst[8];
	bool		masquerade[8];
};

static bool
count(void *arg, const struct walk *w)
{
	struct shares *s = arg;

	assert_true(s->n < 8);
	assert_int_equal(w->end, WALK_SENT);
	s->p[s->n] = w->probability;
	s->dst[s->n] = w->after.dst;
	s->masquerade[s->n] = w->masquerade;
	s->sum += w->probability;
	s->n++;
	return true;
}

static void
every_endpoint(void **state)
{
	struct node_model n = eks_node(2);
	struct walk_query q = { .t = tuple_of("192.168.1.12", 4000, "172.20.0.1", 80,
	    PROTO_TCP), .iif = "eni1" };
	struct addr third = addr_of("192.168.7.7"), none = addr_of("1.1.1.1");
	struct shares s = { 0 };
	struct walk w;

	(void)state;
	model_each(n.m, &q, count, &s);
	assert_int_equal(s.n, 3);
	assert_true(s.sum > 0.9999999 && s.sum < 1.0000001);
	for (unsigned i = 0; i < 3; i++)
		assert_true(s.p[i] > 0.333333 && s.p[i] < 0.333334);
	is_addr(&s.dst[0], "192.168.0.11");
	/* itself: hairpin, masqueraded */
	is_addr(&s.dst[1], "192.168.1.12");
	assert_true(s.masquerade[1] && !s.masquerade[0] && !s.masquerade[2]);
	is_addr(&s.dst[2], "192.168.7.7");
	/* the one that is asked for */
	q.want_dst = &third;
	q.want_dport = 8080;
	model_walk(n.m, &q, &w);
	assert_true(w.found_wanted && w.dnat);
	is_addr(&w.after.dst, "192.168.7.7");
	assert_int_equal(w.after.dport, 8080);
	assert_string_equal(w.oif, "eth1");
	/* no connection mark: its rules are behind the DNAT */
	assert_int_equal(w.ctmark, 0);
	q.want_dport = 8081;
	model_walk(n.m, &q, &w);
	assert_false(w.found_wanted);
	q.want_dst = &none;
	model_walk(n.m, &q, &w);
	assert_false(w.found_wanted);
	is_addr(&w.after.dst, "192.168.0.11");
	node_free(&n);
}

/* Masquerade takes the address of the device, or the node's first when that has
   none; a node port in, its answer out by the primary. */
static void
node_port(void **state)
{
	struct node_model n = eks_node(2);
	struct addr pod = addr_of("192.168.1.12"), remote = addr_of("192.168.7.7");
	struct walk_query q = { .t = tuple_of("203.0.113.5", 4000, "192.168.0.1", 30080,
	    PROTO_TCP), .iif = "eth0", .want_dst = &pod };
	struct walk w, back;

	(void)state;
	model_walk(n.m, &q, &w);
	assert_true(w.found_wanted && w.masquerade);
	assert_string_equal(w.oif, "eni1");
	is_addr(&w.after.src, "192.168.0.1");
	assert_int_equal(w.ctmark, 0x80);
	model_reply(n.m, &q, &w, "eni1", false, &back);
	assert_int_equal(back.end, WALK_SENT);
	assert_string_equal(back.oif, "eth0");
	is_addr(&back.after.src, "192.168.0.1");
	assert_int_equal(back.after.sport, 30080);
	is_addr(&back.after.dst, "203.0.113.5");
	q.want_dst = &remote;
	model_walk(n.m, &q, &w);
	assert_string_equal(w.oif, "eth0");
	is_addr(&w.after.src, "192.168.0.1");
	/* by a process of the node itself */
	q.t = tuple_of("192.168.0.1", 4000, "172.20.0.1", 80, PROTO_TCP);
	q.iif = NULL;
	model_walk(n.m, &q, &w);
	assert_true(w.found_wanted);
	assert_string_equal(w.oif, "eth0");
	node_free(&n);
}

static void
reverse_path(void **state)
{
	static const struct { int rp; unsigned end; } cases[] = {
		{ 0, WALK_SENT }, { 2, WALK_SENT }, { 1, WALK_DROPPED },
	};

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct node_model n = eks_node(cases[i].rp);
		/* what a secondary ENI's pod answers leaves by eth1: strict drops */
		struct addr pod = addr_of("192.168.1.12");
		struct walk_query q = { .t = tuple_of("203.0.113.5", 4000,
		    "192.168.0.1", 30080, PROTO_TCP), .iif = "eth0",
		    .want_dst = &pod };
		struct walk w;

		model_walk(n.m, &q, &w);
		assert_int_equal(w.end, cases[i].end);
		if (w.end == WALK_DROPPED) {
			assert_int_equal(w.cause, DROP_RP_FILTER);
			assert_string_equal(w.reverse.dev, "eth1");
		}
		/* its own address from outside is dropped always */
		w = walk_of(&n, tuple_of("192.168.0.1", 1, "192.168.0.11", 2,
		    PROTO_UDP), "eth0");
		assert_int_equal(w.end, WALK_DROPPED);
		assert_int_equal(w.cause, DROP_RP_FILTER);
		node_free(&n);
	}
}

static void
dropped(void **state)
{
	struct node_model n = eks_node(0);
	struct walk_query q = { .t = tuple_of("192.168.0.11", 1, "10.66.1.1", 2,
	    PROTO_UDP), .iif = "eni0" };
	struct walk w, back;

	(void)state;
	model_walk(n.m, &q, &w);
	assert_int_equal(w.end, WALK_DROPPED);
	assert_int_equal(w.cause, DROP_FIREWALL);
	assert_non_null(strstr(w.drop_rule->text, "REJECT"));
	assert_string_equal(w.drop_chain->name, "FORWARD");
	q.t.dst = addr_of("10.67.1.1");
	model_walk(n.m, &q, &w);
	assert_int_equal(w.end, WALK_DROPPED);
	/* what is established passes */
	struct tuple orig = tuple_of("10.67.1.1", 2, "192.168.0.11", 1, PROTO_UDP);

	model_reply_of(n.m, &orig, &orig, 0, "eni0", false, &back);
	assert_int_equal(back.end, WALK_SENT);
	node_free(&n);
}

static void
without_rule_sets(void **state)
{
	struct node_model n = node_of(rules, routes, addrs, NULL);
	struct walk w = walk_of(&n, tuple_of("192.168.1.12", 1, "192.168.0.11", 2,
	    PROTO_UDP), "eni1");

	(void)state;
	assert_int_equal(w.end, WALK_UNKNOWN);
	assert_string_equal(w.why, "no rule sets (iptables-save, nft) in the state");
	/* 512 comes before any rule that asks for a mark */
	assert_int_equal(w.route.end, ROUTE_TO);
	assert_string_equal(w.oif, "eni0");
	w = walk_of(&n, tuple_of("192.168.1.12", 1, "8.8.8.8", 2, PROTO_UDP), "eni1");
	assert_int_equal(w.end, WALK_UNKNOWN);
	assert_int_equal(w.route.end, ROUTE_UNKNOWN);
	assert_null(w.oif);
	node_free(&n);
	/* forwarding that is known to be off */
	n = node_new();
	node_read(&n, "iprule.txt", rules, read_ip_rule);
	node_read(&n, "iproute.txt", routes, read_ip_route);
	node_read(&n, "iptables-save.txt", tables, read_iptables_save);
	node_sysctl(&n, "net.ipv4.ip_forward", "0");
	node_ready(&n);
	w = walk_of(&n, tuple_of("192.168.1.12", 1, "192.168.0.11", 2, PROTO_UDP),
	    "eni1");
	assert_int_equal(w.end, WALK_DROPPED);
	assert_int_equal(w.cause, DROP_NO_ROUTE);
	node_free(&n);
}

/* The CNI's marks are in an nft table that a bundle does not hold. */
static void
doubts(void **state)
{
	struct node_model n = eks_node(0);
	struct walk w;

	(void)state;
	n.s->cni.connmark_nft = 1;
	w = walk_of(&n, tuple_of("192.168.1.12", 1, "8.8.8.8", 2, PROTO_UDP), "eni1");
	assert_int_equal(w.end, WALK_UNKNOWN);
	assert_non_null(strstr(w.why, "nft"));
	/* behind a DNAT they are not met */
	w = walk_of(&n, tuple_of("192.168.1.12", 1, "172.20.0.1", 80, PROTO_TCP), "eni1");
	assert_int_equal(w.end, WALK_SENT);
	n.s->cni.connmark_nft = 0;
	n.s->flags |= STATE_LEGACY_TABLES;
	w = walk_of(&n, tuple_of("192.168.1.12", 1, "8.8.8.8", 2, PROTO_UDP), "eni1");
	assert_int_equal(w.end, WALK_UNKNOWN);
	node_free(&n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pod_to_internet),
		cmocka_unit_test(pod_to_vpc),
		cmocka_unit_test(every_endpoint),
		cmocka_unit_test(node_port),
		cmocka_unit_test(reverse_path),
		cmocka_unit_test(dropped),
		cmocka_unit_test(without_rule_sets),
		cmocka_unit_test(doubts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
