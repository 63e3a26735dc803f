/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_contract.c - who owns an address, where a connection must leave, what an
 * ENI may send, and how many pods fit: the CNI's decision table, row by row.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "decode/contract/contract_int.h"
#include "tests/node_scene.h"

#define P1	"10.0.0.11"
#define P2	"10.0.0.21"
#define P3	"10.0.0.22"
#define NODE	"10.0.0.10"
#define ENI1	"10.0.0.20"
#define FAR	"10.0.1.35"
#define WEB	"172.217.175.36"
#define VETH1	"eni182c452fe96"
#define VETH2	"enib3a9b371b64"
#define VETH3	"eni6a91d87bb13"

static void
sha1(void **state)
{
	static const struct { const char *text, *hex; } rows[] = {
		/* FIPS 180 examples */
		{ "abc", "a9993e364706816aba3e25717850c26c9cd0d89d" },
		{ "", "da39a3ee5e6b4b0d3255bfef95601890afd80709" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		    "84983e441c3bd26ebaae4aa1f95129e5e54670f1" },
		/* default/web-0 has eni0d7763386da */
		{ "default.web-0", "0d7763386da" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t out[SHA1_LEN];
		char hex[2 * SHA1_LEN + 1];

		sha1_text(rows[i].text, strlen(rows[i].text), out);
		for (unsigned k = 0; k < SHA1_LEN; k++)
			sprintf(hex + 2 * k, "%02x", out[k]);
		assert_memory_equal(hex, rows[i].hex, strlen(rows[i].hex));
	}
}

static void
limits(void **state)
{
	static const struct { const char *type; uint32_t pods; } rows[] = {
		{ "a1.large", 29 }, { "t3.medium", 17 }, { "a1.4xlarge", 234 },
		{ "a1.2xlarge", 58 }, { "z1d.xlarge", 58 }, { "t1.micro", 4 },
		{ "p5.48xlarge", 100 }, { "c5.metal", 737 }, { "i3.metal", 737 },
		{ "u7in-16tb.224xlarge", 394 }, { "d3.8xlarge", 59 },
	};
	static const char *const unknown[] = { "", " ", "t3", "t3.mediu", "edium",
	    "t3.medium t3.micro", "x99.large", "t3.mediumx" };
	uint32_t enis, ips;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(instance_limits(rows[i].type, &enis, &ips));
		assert_int_equal(enis * (ips - 1) + 2, rows[i].pods);
	}
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		assert_false(instance_limits(unknown[i], &enis, &ips));
	assert_int_equal(instance_is_large("t3.medium"), 0);
	assert_int_equal(instance_is_large("m5.4xlarge"), 0);
	assert_int_equal(instance_is_large("m5.8xlarge"), 1);
	assert_int_equal(instance_is_large("m7i.metal-24xl"), 1);
	assert_int_equal(instance_is_large("m5.metal"), -1);
}

static void
capacity(void **state)
{
	struct scene_node *n = node_default();
	struct capacity c;

	(void)state;
	node_build(n);
	contract_capacity(n->contract, &c);
	assert_string_equal(c.instance_type, "t3.medium");
	assert_int_equal(c.max_pods_ip, 17);
	assert_int_equal(c.max_pods_prefix, 110);
	assert_int_equal(c.max_pods_custom_ip, 12);
	assert_int_equal(c.max_pods_custom_prefix, 110);
	assert_int_equal(c.max_pods, 17);
	assert_int_equal(c.pods, 3);
	assert_int_equal(c.total, 5);
	assert_int_equal(c.used, 3);
	node_free(n);
}

/* ---- ENIs and owners */

static void
expect_eni(const struct contract *c, const char *dev, uint32_t table, const char *addr)
{
	const struct eni *e = contract_eni_dev(c, dev);
	struct addr a = ip(addr);

	assert_non_null(e);
	assert_int_equal(e->table, table);
	assert_true(e->has_ip);
	assert_true(addr_eq(&e->ip, &a));
}

static void
owner_is(const struct contract *c, const char *addr, enum owner_kind kind,
    const char *dev, const char *pod)
{
	struct addr a = ip(addr);
	struct owner o;

	contract_owner(c, &a, &o);
	if (o.kind != kind)
		fail_msg("%s: kind %u, expected %u", addr, o.kind, kind);
	if (dev == NULL) {
		assert_null(o.eni);
	} else {
		assert_non_null(o.eni);
		assert_string_equal(o.eni->dev, dev);
	}
	if (pod != NULL) {
		assert_non_null(o.pod);
		assert_string_equal(o.pod->name, pod);
	}
}

static void
enis_and_owners(void **state)
{
	struct scene_node *n = node_default();
	const struct contract *c;
	const struct eni *enis;
	unsigned count;

	(void)state;
	node_build(n);
	c = n->contract;
	assert_non_null(c);
	enis = contract_enis(c, &count);
	assert_int_equal(count, 2);
	assert_string_equal(enis[0].id, "eni-0a");
	assert_true(enis[0].primary);
	assert_string_equal(enis[1].id, "eni-0b");
	assert_int_equal(enis[0].used, 1);
	assert_int_equal(enis[0].total, 2);
	assert_int_equal(enis[1].used, 2);
	assert_int_equal(enis[1].total, 3);
	expect_eni(c, "eth0", TABLE_MAIN, NODE);
	expect_eni(c, "eth1", 2, ENI1);
	owner_is(c, P1, OWNER_POD, "eth0", "p1");
	owner_is(c, P2, OWNER_POD, "eth1", "p2");
	owner_is(c, NODE, OWNER_NODE, "eth0", NULL);
	owner_is(c, ENI1, OWNER_NODE, "eth1", NULL);
	owner_is(c, "127.0.0.1", OWNER_NODE, NULL, NULL);
	owner_is(c, "10.0.0.23", OWNER_FREE, "eth1", NULL);
	owner_is(c, FAR, OWNER_ELSEWHERE, NULL, NULL);
	owner_is(c, "10.0.7.7", OWNER_ELSEWHERE, NULL, NULL);
	owner_is(c, WEB, OWNER_OUTSIDE, NULL, NULL);
	owner_is(c, "172.31.5.5", OWNER_OUTSIDE, NULL, NULL);
	node_free(n);
}

static void
settings(void **state)
{
	struct scene_node *n = node_default();
	struct addr node = ip(NODE);
	struct settings st;

	(void)state;
	node_build(n);
	contract_settings(n->contract, &st);
	assert_int_equal(st.external_snat, 0);
	assert_string_equal(st.from, "networkutils-env-settings.json");
	assert_true(st.has_snat_to && addr_eq(&st.snat_to, &node));
	assert_int_equal(st.n_vpc, 1);
	assert_int_equal(st.n_excluded, 1);
	assert_string_equal(st.backend, "iptables");
	assert_false(st.ipv6);
	node_free(n);

	/* The rules alone tell too; neither: not known. */
	n = node_default();
	node_drop(n, TEXT_SETTINGS);
	node_build(n);
	contract_settings(n->contract, &st);
	assert_int_equal(st.external_snat, 0);
	assert_string_equal(st.from, "iptables-save.txt");
	assert_int_equal(st.n_excluded, 1);
	node_free(n);

	n = node_default();
	node_drop(n, TEXT_SETTINGS);
	node_drop(n, TEXT_IPTABLES);
	node_build(n);
	contract_settings(n->contract, &st);
	assert_int_equal(st.external_snat, -1);
	assert_null(st.from);
	node_free(n);
}

/* ---- the decision table */

enum { PLAIN = 0, DNAT = 1, MASQ = 2 };

static const struct decision {
	const char	*dst;
	unsigned	 how;
	/* By column: pod p1 with SNAT, with external SNAT, pod p2 with SNAT, with
	   external SNAT.  Device ("-": stays here), source ("": as it was). */
	struct { const char *dev, *source; } want[4];
} table[] = {
	/* inside the VPC, on another node */
	{ FAR, PLAIN, { { "eth0", "" }, { "eth0", "" }, { "eth1", "" }, { "eth1", "" } } },
	{ "10.0.9.9", PLAIN,
	    { { "eth0", "" }, { "eth0", "" }, { "eth1", "" }, { "eth1", "" } } },
	/* excluded from SNAT */
	{ "172.31.1.1", PLAIN,
	    { { "eth0", "" }, { "eth0", "" }, { "eth1", "" }, { "eth1", "" } } },
	/* peered, not excluded; the internet; the metadata service */
	{ "10.20.0.5", PLAIN,
	    { { "eth0", NODE }, { "eth0", "" }, { "eth0", NODE }, { "eth1", "" } } },
	{ WEB, PLAIN,
	    { { "eth0", NODE }, { "eth0", "" }, { "eth0", NODE }, { "eth1", "" } } },
	{ "169.254.169.254", PLAIN,
	    { { "eth0", NODE }, { "eth0", "" }, { "eth0", NODE }, { "eth1", "" } } },
	/* another pod here */
	{ P3, PLAIN, { { VETH3, "" }, { VETH3, "" }, { VETH3, "" }, { VETH3, "" } } },
	/* addresses of the node */
	{ NODE, PLAIN, { { "-", "" }, { "-", "" }, { "-", "" }, { "-", "" } } },
	{ ENI1, PLAIN, { { "-", "" }, { "-", "" }, { "-", "" }, { "-", "" } } },
	/* a Service: endpoint elsewhere in the VPC, here, outside the VPC */
	{ FAR, DNAT, { { "eth0", "" }, { "eth0", "" }, { "eth1", "" }, { "eth1", "" } } },
	{ P3, DNAT, { { VETH3, "" }, { VETH3, "" }, { VETH3, "" }, { VETH3, "" } } },
	{ WEB, DNAT,
	    { { "eth0", NODE }, { "eth0", "" }, { "eth0", NODE }, { "eth1", "" } } },
	/* this node's own node port: endpoint here, elsewhere */
	{ P3, DNAT | MASQ,
	    { { VETH3, NODE }, { VETH3, NODE }, { VETH3, NODE }, { VETH3, NODE } } },
	{ FAR, DNAT | MASQ,
	    { { "eth0", NODE }, { "eth0", NODE }, { "eth1", ENI1 }, { "eth1", ENI1 } } },
};

static void
check_demand(const struct contract *c, const struct decision *row, unsigned column)
{
	const char *dev = row->want[column].dev, *source = row->want[column].source;
	struct demand_query q = { .orig = { .src = ip(column < 2 ? P1 : P2),
	    .dst = ip(row->how & DNAT ? "172.20.7.7" : row->dst), .proto = PROTO_TCP },
	    .dst = ip(row->dst), .dnat = row->how & DNAT,
	    .masqueraded = row->how & MASQ };
	struct demand d;

	contract_demand(c, &q, &d);
	if (strcmp(dev, "-") == 0) {
		assert_int_equal(d.out, OUT_HERE);
	} else {
		if (d.out != OUT_DEV || strcmp(d.dev, dev) != 0)
			fail_msg("%s column %u: out %u by %s, expected %s (%s)", row->dst,
			    column, d.out, d.dev ? d.dev : "?", dev, d.why);
	}
	if (source[0] == '\0') {
		if (d.snat != SNAT_MUST_NOT)
			fail_msg("%s column %u: snat %u (%s)", row->dst, column, d.snat,
			    d.why);
	} else {
		struct addr a = ip(source);

		assert_int_equal(d.snat, SNAT_MUST);
		assert_true(d.has_source && addr_eq(&d.source, &a));
	}
	assert_int_equal(d.reply_out, OUT_DEV);
	assert_string_equal(d.reply_dev, column < 2 ? VETH1 : VETH2);
	assert_true(d.why[0] != '\0');
}

static void
decisions(void **state)
{
	struct scene_node *on = node_default(), *off = node_external_snat();

	(void)state;
	node_build(on);
	node_build(off);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		for (unsigned column = 0; column < 4; column++)
			check_demand(column % 2 ? off->contract : on->contract, &table[i],
			    column);
	node_free(on);
	node_free(off);
}

static struct demand
ask(const struct contract *c, const char *src, const char *dst, const char *iif,
    unsigned how)
{
	struct demand_query q = { .orig = { .src = ip(src), .dst = ip(dst),
	    .proto = PROTO_TCP }, .dst = ip(dst), .iif = iif, .dnat = how & DNAT,
	    .masqueraded = how & MASQ };
	struct demand d;

	if (q.dnat)
		q.orig.dst = ip(NODE);
	if (iif == NULL)
		q.from_node = true;
	contract_demand(c, &q, &d);
	return d;
}

/* What comes in, and its answer. */
static void
inbound(void **state)
{
	struct scene_node *n = node_default();
	struct demand d;

	(void)state;
	node_build(n);
	/* straight to a pod: in by the ENI that owns it, and back by it */
	d = ask(n->contract, "203.0.113.50", P2, "eth1", PLAIN);
	assert_string_equal(d.dev, VETH2);
	assert_int_equal(d.snat, SNAT_MUST_NOT);
	assert_string_equal(d.reply_dev, "eth1");
	/* node port, policy Local: back by the primary */
	d = ask(n->contract, "203.0.113.50", P2, "eth0", DNAT);
	assert_string_equal(d.dev, VETH2);
	assert_int_equal(d.snat, SNAT_MUST_NOT);
	assert_string_equal(d.reply_dev, "eth0");
	/* policy Cluster: endpoint here, on another node */
	d = ask(n->contract, "203.0.113.50", P2, "eth0", DNAT | MASQ);
	assert_int_equal(d.snat, SNAT_MUST);
	d = ask(n->contract, "203.0.113.50", FAR, "eth0", DNAT | MASQ);
	assert_string_equal(d.dev, "eth0");
	assert_int_equal(d.snat, SNAT_MUST);
	assert_string_equal(d.reply_dev, "eth0");
	/* to the node, by the ENI of the address */
	d = ask(n->contract, FAR, ENI1, "eth1", PLAIN);
	assert_int_equal(d.out, OUT_HERE);
	assert_string_equal(d.reply_dev, "eth1");
	/* of neither */
	d = ask(n->contract, "203.0.113.50", WEB, "eth0", PLAIN);
	assert_int_equal(d.out, OUT_ANY);
	node_free(n);
}

static void
from_the_node(void **state)
{
	struct scene_node *n = node_default();
	struct demand d;

	(void)state;
	node_build(n);
	d = ask(n->contract, NODE, WEB, NULL, PLAIN);
	assert_string_equal(d.dev, "eth0");
	assert_int_equal(d.snat, SNAT_MAY);
	assert_int_equal(d.reply_out, OUT_HERE);
	d = ask(n->contract, NODE, FAR, NULL, PLAIN);
	assert_int_equal(d.snat, SNAT_MUST_NOT);
	d = ask(n->contract, NODE, P2, NULL, PLAIN);
	assert_string_equal(d.dev, VETH2);
	assert_int_equal(d.snat, SNAT_MUST_NOT);
	/* D14: bound to another ENI's address */
	d = ask(n->contract, ENI1, WEB, NULL, PLAIN);
	assert_string_equal(d.dev, "eth1");
	assert_int_equal(d.snat, SNAT_MUST_NOT);
	node_free(n);
}

static int
may_send(const struct scene_node *n, const char *dev, const char *src)
{
	struct addr a = ip(src);

	return contract_may_send(n->contract, dev, &a);
}

static void
source_check(void **state)
{
	struct scene_node *n = node_default();

	(void)state;
	node_build(n);
	assert_int_equal(may_send(n, "eth0", NODE), 1);
	assert_int_equal(may_send(n, "eth0", P1), 1);
	assert_int_equal(may_send(n, "eth0", P2), 0);
	assert_int_equal(may_send(n, "eth1", NODE), 0);
	assert_int_equal(may_send(n, "eth1", P2), 1);
	assert_int_equal(may_send(n, "eth1", "10.0.0.23"), 1);
	assert_int_equal(may_send(n, "eth0", WEB), 0);
	assert_int_equal(may_send(n, VETH1, P1), -1);
	node_free(n);
	/* Without ipamd's list an unknown source may be one of the ENI's. */
	n = node_default();
	node_drop(n, TEXT_ENIS);
	node_build(n);
	assert_int_equal(may_send(n, "eth0", P2), 0);
	assert_int_equal(may_send(n, "eth0", "10.0.0.99"), -1);
	node_free(n);
}

/* ---- less is known */

/* Rule 1536 is gone, and only the rules could tell: not "the primary ENI". */
static void
no_guess_without_rule(void **state)
{
	struct scene_node *n = node_default();
	struct addr p2 = ip(P2);
	struct demand d;
	struct owner o;

	(void)state;
	node_drop(n, TEXT_ENIS);
	node_cut(n, TEXT_RULE, "from 10.0.0.21");
	node_build(n);
	contract_owner(n->contract, &p2, &o);
	assert_int_equal(o.kind, OWNER_POD);
	assert_null(o.eni);
	d = ask(n->contract, P2, FAR, VETH2, PLAIN);
	assert_int_equal(d.out, OUT_UNKNOWN);
	assert_int_equal(may_send(n, "eth0", P2), -1);
	node_free(n);
}

/* Whatever is left out, no answer turns into another one. */
static void
never_the_opposite(void **state)
{
	static const char *const ends[] = { P1, P2, P3, NODE, ENI1, FAR, "10.0.9.9",
	    "10.20.0.5", "172.31.1.1", WEB };
	struct scene_node *full = node_default();
	const size_t n_ends = sizeof(ends) / sizeof(ends[0]);

	(void)state;
	node_build(full);
	for (unsigned mask = 1; mask < 1u << N_SCENE_TEXTS; mask++) {
		struct scene_node *n;

		if (__builtin_popcount(mask) > 3 || mask & 1u << TEXT_METRICS ||
		    mask & 1u << TEXT_RULE6 || mask & 1u << TEXT_ROUTE6)
			continue;
		n = node_default();
		for (unsigned i = 0; i < N_SCENE_TEXTS; i++)
			if (mask >> i & 1)
				node_drop(n, i);
		node_build(n);
		assert_non_null(n->contract);
		for (size_t i = 0; i < 5; i++)
			for (size_t k = 0; k < n_ends; k++) {
				const char *in = i == 0 ? VETH1 : i == 1 ? VETH2 :
				    i == 2 ? VETH3 : NULL;
				struct demand a = ask(full->contract, ends[i], ends[k],
				    in, PLAIN);
				struct demand b = ask(n->contract, ends[i], ends[k], in,
				    PLAIN);

				if (b.out != OUT_UNKNOWN && (a.out != b.out ||
				    (a.out == OUT_DEV && strcmp(a.dev, b.dev) != 0)))
					fail_msg("mask %#x %s to %s: %s", mask, ends[i],
					    ends[k], b.why);
				if ((a.snat == SNAT_MUST && b.snat == SNAT_MUST_NOT) ||
				    (a.snat == SNAT_MUST_NOT && b.snat == SNAT_MUST))
					fail_msg("mask %#x %s to %s: %s", mask, ends[i],
					    ends[k], b.why);
			}
		node_free(n);
	}
	node_free(full);
}

static void
no_contract(void **state)
{
	struct scene_node *n = node_default();

	(void)state;
	for (unsigned i = 0; i < N_SCENE_TEXTS; i++)
		if (i != TEXT_SYSCTL && i != TEXT_ADDR && i != TEXT_KUBECTL)
			node_drop(n, i);
	node_add(n, TEXT_RULE, "0:\tfrom all lookup local");
	node_add(n, TEXT_ROUTE, "default via 10.0.0.1 dev eth0");
	node_add(n, TEXT_ROUTE, "10.42.1.5 dev calie348bef9edc scope link");
	node_build(n);
	assert_null(n->contract);
	contract_free(NULL);
	node_free(n);
}

/* ---- other kinds of node */

#define BRANCH_POD								\
	"{\"kind\":\"List\",\"items\":[{\"kind\":\"Node\",\"metadata\":{\"name\":\"node-a\"}," \
	"\"status\":{\"addresses\":[{\"type\":\"InternalIP\",\"address\":\"10.0.0.10\"}]}}," \
	"{\"kind\":\"Pod\",\"metadata\":{\"namespace\":\"default\",\"name\":\"sg\","	\
	"\"annotations\":{\"vpc.amazonaws.com/pod-eni\":\"[{\\\"eniId\\\":\\\"eni-0c\\\","	\
	"\\\"ifAddress\\\":\\\"02:00:00:00:00:31\\\",\\\"privateIp\\\":\\\"10.0.2.31\\\","	\
	"\\\"vlanID\\\":3,\\\"subnetCidr\\\":\\\"10.0.2.0/24\\\"}]\"}},\"spec\":{"	\
	"\"nodeName\":\"node-a\"},\"status\":{\"phase\":\"Running\",\"podIP\":\"10.0.2.31\"," \
	"\"podIPs\":[{\"ip\":\"10.0.2.31\"}]}}]}"
#define SG_POD	"10.0.2.31"
#define SG_VETH	"vlan063eac01f91"

static struct scene_node *
strict_node(void)
{
	struct scene_node *n = node_default();

	node_drop(n, TEXT_KUBECTL);
	node_add(n, TEXT_KUBECTL, BRANCH_POD);
	node_swap(n, TEXT_RULE, "0:\tfrom all lookup local\n",
	    "10:\tfrom all iif vlan.eth.3 lookup 103\n"
	    "10:\tfrom all iif " SG_VETH " lookup 103\n"
	    "20:\tfrom all lookup local\n");
	node_add(n, TEXT_ROUTE, SG_POD " dev " SG_VETH " table 103 scope link");
	node_add(n, TEXT_ROUTE, "10.0.2.1 dev vlan.eth.3 table 103 scope link");
	node_add(n, TEXT_ROUTE, "default via 10.0.2.1 dev vlan.eth.3 table 103");
	return n;
}

static void
strict_security_groups(void **state)
{
	struct scene_node *n = strict_node();
	const struct eni *e;
	struct demand d;

	(void)state;
	node_build(n);
	e = contract_eni_dev(n->contract, "vlan.eth.3");
	assert_non_null(e);
	assert_true(e->branch);
	assert_string_equal(e->id, "eni-0c");
	assert_int_equal(e->vlan, 3);
	assert_int_equal(e->table, 103);
	/* Everything of it leaves by the branch, untranslated. */
	d = ask(n->contract, SG_POD, WEB, SG_VETH, PLAIN);
	assert_string_equal(d.dev, "vlan.eth.3");
	assert_int_equal(d.snat, SNAT_MUST_NOT);
	assert_string_equal(d.reply_dev, SG_VETH);
	d = ask(n->contract, SG_POD, P1, SG_VETH, PLAIN);
	assert_string_equal(d.dev, "vlan.eth.3");
	/* And to it through the VPC, from this node too. */
	d = ask(n->contract, NODE, SG_POD, NULL, PLAIN);
	assert_string_equal(d.dev, "eth0");
	d = ask(n->contract, P2, SG_POD, VETH2, PLAIN);
	assert_string_equal(d.dev, "eth1");
	d = ask(n->contract, NODE, SG_POD, "vlan.eth.3", PLAIN);
	assert_string_equal(d.dev, SG_VETH);
	assert_string_equal(d.reply_dev, "vlan.eth.3");
	assert_int_equal(may_send(n, "vlan.eth.3", SG_POD), 1);
	assert_int_equal(may_send(n, "eth0", SG_POD), 0);
	node_free(n);
}

/* Standard: as a pod of a secondary ENI, with table 100+VLAN. */
static void
standard_security_groups(void **state)
{
	struct scene_node *n = node_default();
	struct demand d;

	(void)state;
	node_drop(n, TEXT_KUBECTL);
	node_add(n, TEXT_KUBECTL, BRANCH_POD);
	node_add(n, TEXT_RULE, "512:\tfrom all to " SG_POD " lookup main");
	node_add(n, TEXT_RULE, "1536:\tfrom " SG_POD " lookup 103");
	node_add(n, TEXT_ROUTE, SG_POD " dev eni063eac01f91 scope link");
	node_add(n, TEXT_ROUTE, "10.0.2.1 dev vlan.eth.3 table 103 scope link");
	node_add(n, TEXT_ROUTE, "default via 10.0.2.1 dev vlan.eth.3 table 103");
	node_build(n);
	d = ask(n->contract, SG_POD, WEB, "eni063eac01f91", PLAIN);
	assert_string_equal(d.dev, "eth0");
	assert_int_equal(d.snat, SNAT_MUST);
	d = ask(n->contract, SG_POD, FAR, "eni063eac01f91", PLAIN);
	assert_string_equal(d.dev, "vlan.eth.3");
	d = ask(n->contract, P1, SG_POD, VETH1, PLAIN);
	assert_string_equal(d.dev, "eni063eac01f91");
	node_free(n);
}

static void
delegated_prefixes(void **state)
{
	struct scene_node *n = node_default();
	struct capacity c;

	(void)state;
	node_swap(n, TEXT_ENIS, "\"10.0.0.23/32\":{\"Cidr\":{\"IP\":\"10.0.0.23\",\"Mask\":"
	    "\"/////w==\"},\"IPAddresses\":{\"10.0.0.23\":{\"Address\":\"10.0.0.23\","
	    "\"IPAMKey\":{\"networkName\":\"\",\"containerID\":\"\",\"ifName\":\"\"},"
	    "\"IPAMMetadata\":{}}},\"IsPrefix\":false}",
	    "\"10.0.3.16/28\":{\"Cidr\":{\"IP\":\"10.0.3.16\",\"Mask\":\"////8A==\"},"
	    "\"IPAddresses\":{\"10.0.3.17\":{\"Address\":\"10.0.3.17\",\"IPAMKey\":{"
	    "\"networkName\":\"aws-cni\",\"containerID\":\"\",\"ifName\":\"\"},"
	    "\"IPAMMetadata\":{\"k8sPodNamespace\":\"default\",\"k8sPodName\":\"px\"}}},"
	    "\"IsPrefix\":true}");
	node_build(n);
	owner_is(n->contract, "10.0.3.17", OWNER_POD, "eth1", "px");
	owner_is(n->contract, "10.0.3.18", OWNER_FREE, "eth1", NULL);
	assert_int_equal(may_send(n, "eth1", "10.0.3.30"), 1);
	assert_int_equal(may_send(n, "eth0", "10.0.3.30"), 0);
	assert_int_equal(contract_eni_dev(n->contract, "eth1")->prefixes, 1);
	assert_int_equal(contract_eni_dev(n->contract, "eth1")->total, 2 + 16);
	contract_capacity(n->contract, &c);
	assert_int_equal(c.used, 4);
	node_free(n);
}

/* Table 10000 + 100 * card + device, from v1.20.3. */
static void
second_card(void **state)
{
	struct scene_node *n = node_default();
	const struct eni *e;

	(void)state;
	node_swap(n, TEXT_ENIS, "\"RouteTableID\":2}}}}", "\"RouteTableID\":2}}},\"1\":{"
	    "\"ENIs\":{\"eni-0d\":{\"ID\":\"eni-0d\",\"IsPrimary\":false,\"IsTrunk\":false,"
	    "\"IsEFA\":false,\"DeviceNumber\":1,\"AvailableIPv4Cidrs\":{},\"IPv6Cidrs\":{},"
	    "\"RouteTableID\":10101}}}}");
	node_add(n, TEXT_ROUTE, "default via 10.0.5.1 dev eth2 table 10101");
	node_add(n, TEXT_ROUTE, "10.0.5.1 dev eth2 table 10101 scope link");
	node_add(n, TEXT_RULE, "32765:\tfrom 10.0.5.9 lookup 10101");
	node_build(n);
	e = contract_eni_dev(n->contract, "eth2");
	assert_non_null(e);
	assert_string_equal(e->id, "eni-0d");
	assert_int_equal(e->card, 1);
	expect_eni(n->contract, "eth2", 10101, "10.0.5.9");
	node_free(n);
}

static void
custom_networking(void **state)
{
	struct scene_node *n = node_default();
	struct settings st;
	struct demand d;

	(void)state;
	node_swap(n, TEXT_ENIS, "\"IsExcludedForPodIPs\":false,\"RouteTableID\":254",
	    "\"IsExcludedForPodIPs\":true,\"RouteTableID\":254");
	node_swap(n, TEXT_IPTABLES, "-A AWS-SNAT-CHAIN-0 -d 10.0.0.0/16",
	    "-A AWS-SNAT-CHAIN-0 -d 100.64.0.0/10 -m comment --comment \"AWS SNAT CHAIN\" "
	    "-j RETURN\n-A AWS-SNAT-CHAIN-0 -d 10.0.0.0/16");
	node_build(n);
	contract_settings(n->contract, &st);
	assert_int_equal(st.custom_networking, 1);
	d = ask(n->contract, P2, "100.64.7.7", VETH2, PLAIN);
	assert_string_equal(d.dev, "eth1");
	assert_int_equal(d.snat, SNAT_MUST_NOT);
	node_free(n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha1),
		cmocka_unit_test(limits),
		cmocka_unit_test(capacity),
		cmocka_unit_test(enis_and_owners),
		cmocka_unit_test(settings),
		cmocka_unit_test(decisions),
		cmocka_unit_test(inbound),
		cmocka_unit_test(from_the_node),
		cmocka_unit_test(source_check),
		cmocka_unit_test(no_guess_without_rule),
		cmocka_unit_test(never_the_opposite),
		cmocka_unit_test(no_contract),
		cmocka_unit_test(strict_security_groups),
		cmocka_unit_test(standard_security_groups),
		cmocka_unit_test(delegated_prefixes),
		cmocka_unit_test(second_card),
		cmocka_unit_test(custom_networking),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
