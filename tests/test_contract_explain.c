/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_contract_explain.c - from what went wrong with a flow to the cause in the
 * node's set-up and the fix; and no cause where the set-up is as it should be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "tests/node_scene.h"

#define P1	"10.0.0.11"
#define P2	"10.0.0.21"
#define P3	"10.0.0.22"
#define NODE	"10.0.0.10"
#define ENI1	"10.0.0.20"
#define FAR	"10.0.1.35"
#define WEB	"172.217.175.36"
#define CLIENT	"203.0.113.50"

enum { CUT = 1, ADD, SWAP };
enum { DNAT = 1, REPLY = 2, FROM_NODE = 4 };

static const struct row {
	struct { uint8_t kind, text; const char *a, *b; } change[2];
	const char	*code, *src, *dst, *dev;
	unsigned	how;
	const char	*why, *fix;	/* parts; why NULL: no cause is named */
	uint8_t		cause;		/* enum drop_cause, not 0: a walk that was dropped so */
} rows[] = {
	{ { { CUT, TEXT_RULE, "from 10.0.0.21", NULL } }, "source-not-on-eni", P2, FAR,
	    "eth0", 0, "rule 1536 of 10.0.0.21 is missing",
	    "ip rule add from 10.0.0.21 lookup 2 priority 1536", 0 },
	{ { { SWAP, TEXT_RULE, "from 10.0.0.21 lookup 2", "from 10.0.0.21 lookup 3" } },
	    "wrong-eni", P2, FAR, "eth0", 0, "leads to table 3", "lookup 2", 0 },
	{ { { CUT, TEXT_RULE, "to 10.0.0.22", NULL } }, "wrong-eni", P2, P3, "eth1", 0,
	    "rule 512 of 10.0.0.22 is missing",
	    "ip rule add to 10.0.0.22 lookup main priority 512", 0 },
	{ { { ADD, TEXT_RULE, "512:\tfrom all to 10.0.1.35 lookup main", NULL } },
	    "wrong-eni", P2, FAR, "eth0", 0, "rule 512 of 10.0.1.35 is left over",
	    "ip rule del to 10.0.1.35", 0 },
	{ { { CUT, TEXT_RULE, "1024:", NULL } }, "source-not-on-eni", P2, WEB, "eth1", 0,
	    "rule 1024", "ip rule add fwmark 0x80/0x80 lookup main priority 1024", 0 },
	{ { { CUT, TEXT_RULE, "1024:", NULL }, { SWAP, TEXT_SETTINGS,
	    "NODE_PORT_SUPPORT\":true", "NODE_PORT_SUPPORT\":false" } },
	    "wrong-eni", P2, WEB, "eth1", 0, "AWS_VPC_CNI_NODE_PORT_SUPPORT is false",
	    "AWS_VPC_CNI_NODE_PORT_SUPPORT=true", 0 },
	/* D2 */
	{ { { 0 } }, "source-not-on-eni", P2, WEB, "eth1", DNAT, "outside the VPC",
	    "AWS_EXTERNAL_SERVICE_CIDRS=172.217.175.36/32", 0 },
	/* D1 */
	{ { { SWAP, TEXT_IPTABLES, "-A PREROUTING -m comment --comment \"kubernetes service "
	    "portals\" -j KUBE-SERVICES\n", "" }, { SWAP, TEXT_IPTABLES,
	    "-A POSTROUTING", "-A PREROUTING -j KUBE-SERVICES\n-A POSTROUTING" } },
	    "wrong-eni", P2, FAR, "eth0", DNAT, "before kube-proxy's DNAT",
	    "rollout restart", 0 },
	/* D9 */
	{ { { CUT, TEXT_IPTABLES, "-A PREROUTING -i eth0", NULL } }, "asymmetric-path",
	    CLIENT, P2, "eth1", DNAT | REPLY, "come in by eth0", "--set-mark 0x80/0x80", 0 },
	{ { { CUT, TEXT_IPTABLES, "-i eni+ -m comment --comment \"AWS, primary ENI\"",
	    NULL } }, "asymmetric-path", CLIENT, P2, "eth1", DNAT | REPLY, "from eni+",
	    "rollout restart", 0 },
	/* SNAT */
	{ { { CUT, TEXT_IPTABLES, "--to-source", NULL } }, "missing-snat", P1, WEB, "eth0",
	    0, "has no SNAT rule", "--to-source 10.0.0.10", 0 },
	{ { { CUT, TEXT_IPTABLES, "-j AWS-SNAT-CHAIN-0", NULL } }, "missing-snat", P1, WEB,
	    "eth0", 0, "does not jump", "rollout restart", 0 },
	{ { { SWAP, TEXT_IPTABLES, "--to-source 10.0.0.10", "--to-source 10.0.0.20" } },
	    "wrong-snat", P1, WEB, "eth0", 0, "translates to 10.0.0.20",
	    "--to-source 10.0.0.10", 0 },
	{ { { SWAP, TEXT_SETTINGS, "EXTERNALSNAT\":false", "EXTERNALSNAT\":true" } },
	    "unexpected-snat", P1, WEB, "eth0", 0, "EXTERNALSNAT is true",
	    "iptables -t nat -D POSTROUTING", 0 },
	{ { { CUT, TEXT_IPTABLES, "172.31.0.0/16", NULL } }, "unexpected-snat", P1,
	    "172.31.1.1", "eth0", 0, "EXCLUDE_SNAT_CIDRS", "rollout restart", 0 },
	/* D14 */
	{ { { 0 } }, "unexpected-snat", ENI1, WEB, "eth1", FROM_NODE, "no source match",
	    "iptables -t nat -I POSTROUTING -s 10.0.0.20 -j ACCEPT", 0 },
	{ { { CUT, TEXT_RULE, "32765:", NULL }, { CUT, TEXT_IPTABLES, "--to-source", NULL } },
	    "wrong-eni", ENI1, WEB, "eth0", FROM_NODE, "32765 of 10.0.0.20",
	    "ip rule add from 10.0.0.20 lookup 2 priority 32765", 0 },
	/* D5, D4 */
	{ { { ADD, TEXT_RULE, "30400:\tfrom 10.0.0.10 lookup 30400", NULL } }, "wrong-eni",
	    P1, FAR, "eth1", 0, "nm-cloud-setup", "systemctl disable", 0 },
	{ { { ADD, TEXT_ROUTE, "10.0.0.0/24 dev eth1 proto dhcp scope link metric 512",
	    NULL } }, "wrong-eni", P1, "10.0.0.77", "eth1", 0, "main has a route by eth1",
	    "systemd-networkd", 0 },
	/* D26, D18 */
	{ { { 0 } }, "hairpin", P1, P1, "eth0", 0, "keeps the client's address",
	    "preserve_client_ip.enabled=false", 0 },
	{ { { 0 } }, "reply-not-forwarded", P1, "169.254.169.254", "eth0", REPLY,
	    "hop limit", "--http-put-response-hop-limit 2", DROP_TTL },
	/* dropped */
	{ { { SWAP, TEXT_SYSCTL, "eth0.rp_filter = 2", "eth0.rp_filter = 1" } },
	    "not-forwarded", CLIENT, P2, "eth0", DNAT, "rp_filter is 1",
	    "sysctl -w net.ipv4.conf.eth0.rp_filter=2", DROP_RP_FILTER },
	{ { { SWAP, TEXT_IPTABLES, "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT",
	    "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP" } }, "not-forwarded", P1, WEB,
	    "eth0", 0, NULL, "iptables -P FORWARD ACCEPT", DROP_FIREWALL },
	{ { { SWAP, TEXT_IPTABLES, "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT",
	    "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP" } }, "not-forwarded", P1, WEB,
	    "eth0", 0, "policy of filter FORWARD", "iptables -P FORWARD ACCEPT", 0 },
	{ { { SWAP, TEXT_SETTINGS, "EXTERNALSNAT\":false", "EXTERNALSNAT\":true" } },
	    "no-reply", P1, WEB, "eth0", 0, "needs a NAT gateway", "EXTERNALSNAT=false", 0 },
	{ { { CUT, TEXT_IPTABLES, "--to-source", NULL } }, "source-not-on-eni", P2, WEB,
	    "eth0", 0, "has no SNAT rule", "--to-source 10.0.0.10", 0 },
	{ { { SWAP, TEXT_SYSCTL, "ip_forward = 1", "ip_forward = 0" } }, "not-forwarded",
	    P1, WEB, "eth0", 0, "does not forward", "net.ipv4.ip_forward=1", 0 },
	{ { { CUT, TEXT_ROUTE, "10.0.0.21 dev", NULL } }, "not-forwarded", P1, P2, NULL, 0,
	    "main has no route to 10.0.0.21", "ip route add 10.0.0.21 dev eni", 0 },
	{ { { ADD, TEXT_ROUTE, "local 10.0.0.21 dev eth0 table local proto kernel scope "
	    "host src 10.0.0.10", NULL } }, "not-forwarded", FAR, P2, "eth1", 0,
	    "an address of eth0 itself", "ip addr del 10.0.0.21/32 dev eth0", 0 },
	{ { { CUT, TEXT_IPTABLES, "KUBE-SERVICES", NULL } }, "service-ip-on-wire", P1,
	    "172.20.7.7", "eth0", 0, "kube-proxy has no rules", "kube-proxy", 0 },
	/* nothing in the set-up tells */
	{ { { 0 } }, "missing-snat", P1, WEB, "eth0", 0, NULL, NULL, 0 },
	{ { { 0 } }, "wrong-eni", P2, FAR, "eth0", 0, NULL, NULL, 0 },
	{ { { 0 } }, "wrong-eni", P1, P3, "eth0", 0, NULL, NULL, 0 },
	{ { { 0 } }, "asymmetric-path", CLIENT, P2, "eth1", REPLY, NULL, NULL, 0 },
	{ { { 0 } }, "not-forwarded", P1, P2, NULL, 0, NULL, NULL, 0 },
	{ { { 0 } }, "no-reply", P1, WEB, "eth0", 0, NULL, NULL, 0 },
	{ { { 0 } }, "no-such-code", P1, WEB, "eth0", 0, NULL, NULL, 0 },
};

static void
change(struct scene_node *n, const struct row *r)
{
	for (unsigned i = 0; i < 2; i++) {
		enum scene_text t = r->change[i].text;

		if (r->change[i].kind == CUT)
			node_cut(n, t, r->change[i].a);
		else if (r->change[i].kind == ADD)
			node_add(n, t, r->change[i].a);
		else if (r->change[i].kind == SWAP)
			node_swap(n, t, r->change[i].a, r->change[i].b);
	}
}

static void
causes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		struct scene_node *n = node_default();
		struct demand_query q = { .orig = { .src = ip(r->src),
		    .dst = ip(r->how & DNAT ? "172.20.7.7" : r->dst),
		    .proto = PROTO_TCP }, .dst = ip(r->dst), .dnat = r->how & DNAT,
		    .from_node = r->how & FROM_NODE };
		struct walk walk = { .end = WALK_DROPPED, .cause = r->cause };
		struct fault f = { .code = r->code, .query = &q, .dev = r->dev,
		    .reply = r->how & REPLY, .walk = r->cause ? &walk : NULL };
		char why[FAULT_TEXT], fix[FIX_TEXT];
		struct demand d;
		bool told;

		change(n, r);
		node_build(n);
		contract_demand(n->contract, &q, &d);
		f.demand = &d;
		told = contract_explain(n->contract, &f, why, fix);
		if (told != (r->why != NULL))
			fail_msg("row %zu %s: '%s'", i, r->code, why);
		if (told && strstr(why, r->why) == NULL)
			fail_msg("row %zu %s: why '%s' lacks '%s'", i, r->code, why,
			    r->why);
		if (r->fix != NULL && strstr(fix, r->fix) == NULL)
			fail_msg("row %zu %s: fix '%s' lacks '%s'", i, r->code, fix,
			    r->fix);
		node_free(n);
	}
}

/* Rules that are not in the state are not said to be missing. */
static void
not_known(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		struct scene_node *n = node_default();
		struct demand_query q = { .orig = { .src = ip(r->src),
		    .dst = ip(r->dst), .proto = PROTO_TCP }, .dst = ip(r->dst) };
		struct fault f = { .code = r->code, .query = &q, .dev = r->dev,
		    .reply = r->how & REPLY };
		char why[FAULT_TEXT], fix[FIX_TEXT];

		node_drop(n, TEXT_RULE);
		node_drop(n, TEXT_ROUTE);
		node_drop(n, TEXT_IPTABLES);
		node_drop(n, TEXT_SYSCTL);
		node_build(n);
		if (contract_explain(n->contract, &f, why, fix) &&
		    strcmp(r->code, "hairpin") != 0 &&
		    strcmp(r->code, "no-reply") != 0)
			fail_msg("row %zu %s: '%s'", i, r->code, why);
		node_free(n);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(causes),
		cmocka_unit_test(not_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
