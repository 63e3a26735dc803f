/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_drift.c - a healthy node has no drift; each thing put wrong is found, and
 * nothing else is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "tests/node_scene.h"

#define FOUND_MAX	16

struct found {
	unsigned	n;
	struct drift	d[FOUND_MAX];
};

static bool
on_drift(void *arg, const struct drift *d)
{
	struct found *f = arg;

	assert_true(f->n < FOUND_MAX);
	assert_true(d->text[0] != '\0');
	assert_non_null(d->code);
	f->d[f->n++] = *d;
	return true;
}

static void
healthy(void **state)
{
	struct scene_node *nodes[] = { node_default(), node_external_snat() };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct found f = { 0 };

		node_build(nodes[i]);
		contract_drift(nodes[i]->contract, on_drift, &f);
		if (f.n > 0)
			fail_msg("%s: %s", f.d[0].code, f.d[0].text);
		node_free(nodes[i]);
	}
}

/* What is not in the state is not missed. */
static void
healthy_in_part(void **state)
{
	(void)state;
	for (unsigned mask = 1; mask < 1u << N_SCENE_TEXTS; mask++) {
		struct scene_node *n;
		struct found f = { 0 };

		if (mask & (1u << TEXT_METRICS | 1u << TEXT_RULE6 | 1u << TEXT_ROUTE6))
			continue;
		n = node_default();
		for (unsigned i = 0; i < N_SCENE_TEXTS; i++)
			if (mask >> i & 1)
				node_drop(n, i);
		node_build(n);
		if (n->contract != NULL)
			contract_drift(n->contract, on_drift, &f);
		if (f.n > 0)
			fail_msg("mask %#x: %s: %s", mask, f.d[0].code, f.d[0].text);
		node_free(n);
	}
}

enum change_kind { CUT, ADD, SWAP, DROP };

/* Up to four changes, then one finding. */
static const struct damage {
	struct { uint8_t kind, text; const char *a, *b; } change[4];
	unsigned	n_changes;
	const char	*code;
	bool		wrong;
	unsigned	pods;
	const char	*fix;		/* part of it */
} damages[] = {
	{ { { CUT, TEXT_RULE, "to 10.0.0.21", NULL } }, 1, "rule-512-missing", true, 1,
	    "ip rule add to 10.0.0.21 lookup main priority 512" },
	{ { { CUT, TEXT_RULE, "1536:", NULL } }, 1, "rule-1536-missing", true, 2,
	    "ip rule add from 10.0.0.21 lookup 2 priority 1536; the same for each" },
	{ { { SWAP, TEXT_RULE, "from 10.0.0.22 lookup 2", "from 10.0.0.22 lookup 7" } }, 1,
	    "rule-1536-table", true, 1, "ip rule add from 10.0.0.22 lookup 2" },
	{ { { SWAP, TEXT_RULE, "1536:\tfrom 10.0.0.22 lookup 2",
	    "1536:\tfrom 10.0.0.22 to 10.0.0.0/16 lookup 2" } }, 1,
	    "rule-1536-per-cidr", true, 1, "upgrade the VPC CNI" },
	{ { { ADD, TEXT_RULE, "1536:\tfrom 10.0.0.11 lookup 2", NULL } }, 1,
	    "rule-1536-surplus", true, 1, "ip rule del from 10.0.0.11 lookup 2" },
	{ { { ADD, TEXT_RULE, "512:\tfrom all to 10.0.0.77 lookup main", NULL } }, 1,
	    "rule-512-stale", true, 0, "ip rule del to 10.0.0.77" },
	{ { { ADD, TEXT_RULE, "1536:\tfrom 10.0.0.77 lookup 2", NULL } }, 1,
	    "rule-1536-stale", true, 0, "ip rule del from 10.0.0.77" },
	{ { { ADD, TEXT_ROUTE, "10.0.0.77 dev eni44444444444 scope link", NULL } }, 1,
	    "veth-route-stale", true, 0, "ip route del 10.0.0.77 dev eni44444444444" },
	{ { { CUT, TEXT_ROUTE, "10.0.0.21 dev", NULL } }, 1, "veth-route-missing", true, 1,
	    "ip route add 10.0.0.21 dev enib3a9b371b64 scope link" },
	{ { { CUT, TEXT_RULE, "1024:", NULL } }, 1, "rule-1024-missing", true, 2,
	    "ip rule add fwmark 0x80/0x80 lookup main priority 1024" },
	{ { { CUT, TEXT_RULE, "1024:", NULL }, { SWAP, TEXT_SETTINGS,
	    "NODE_PORT_SUPPORT\":true", "NODE_PORT_SUPPORT\":false" } }, 2,
	    "rule-1024-missing", true, 2, "AWS_VPC_CNI_NODE_PORT_SUPPORT=true" },
	{ { { SWAP, TEXT_RULE, "fwmark 0x80/0x80", "fwmark 0x40/0x40" } }, 1,
	    "rule-1024-other", true, 0, "0x80/0x80" },
	{ { { CUT, TEXT_RULE, "32765:", NULL } }, 1, "rule-32765-missing", true, 0,
	    "ip rule add from 10.0.0.20 lookup 2 priority 32765" },
	{ { { CUT, TEXT_RULE, "0:\tfrom all lookup local", NULL } }, 1,
	    "rule-local-missing", true, 0, "ip rule add lookup local" },
	{ { { SWAP, TEXT_SETTINGS, "\"AWS_EXTERNAL_SERVICE_CIDRS\":null",
	    "\"AWS_EXTERNAL_SERVICE_CIDRS\":[\"198.51.100.0/24\"]" } }, 1,
	    "rule-1535-missing", true, 0, "198.51.100.0/24 lookup main priority 1535" },
	{ { { ADD, TEXT_RULE, "30400:\tfrom 10.0.0.10 lookup 30400", NULL } }, 1,
	    "nm-cloud-setup", true, 0, "systemctl disable" },
	{ { { SWAP, TEXT_ROUTE, "10.0.0.1 dev eth1 table 2 scope link \n", "" } }, 1,
	    "table-gateway-missing", false, 0, "ip route add 10.0.0.1 dev eth1" },
	{ { { SWAP, TEXT_ROUTE, "default via 10.0.0.1 dev eth1 table 2",
	    "default via 10.0.0.1 dev eth2 table 2" }, { CUT, TEXT_RULE, "32765:", NULL },
	    { ADD, TEXT_RULE, "32765:\tfrom 10.0.0.20 lookup 2", NULL } }, 3,
	    "table-two-devices", true, 2, "dev eth1 table 2" },
	{ { { CUT, TEXT_ROUTE, "default via 10.0.0.1 dev eth1 table 2", NULL } }, 1,
	    "table-default-missing", true, 2, "table 2" },
	{ { { ADD, TEXT_ROUTE, "10.0.0.0/24 dev eth1 proto dhcp scope link src 10.0.0.20 "
	    "metric 512", NULL } }, 1, "subnet-in-main", true, 0, "systemd-networkd" },
	{ { { ADD, TEXT_ROUTE, "default via 10.0.0.1 dev eth1 proto dhcp metric 512",
	    NULL } }, 1, "default-in-main", true, 0, "systemd-networkd" },
	{ { { ADD, TEXT_ROUTE, "default via 10.0.0.1 dev eth1 table 10001", NULL } }, 1,
	    "table-of-networkd", false, 0, "Unmanaged=yes" },
	{ { { ADD, TEXT_ROUTE, "local 10.0.0.21 dev eth0 table local proto kernel scope "
	    "host src 10.0.0.10", NULL } }, 1, "pod-address-local", true, 1,
	    "ip addr del 10.0.0.21/32 dev eth0" },
	{ { { SWAP, TEXT_IPAM, "]}", ",{\"networkName\":\"aws-cni\",\"containerID\":\"cp9\","
	    "\"ifName\":\"eth0\",\"ipv4\":\"10.0.0.22\",\"metadata\":{\"k8sPodNamespace\":"
	    "\"default\",\"k8sPodName\":\"p9\"}}]}" } }, 1, "pod-address-twice", true, 2,
	    "1.18.4" },
	{ { { SWAP, TEXT_IPAM, "]}", ",{\"networkName\":\"aws-cni\",\"containerID\":\"cp9\","
	    "\"ifName\":\"eth0\",\"ipv4\":\"10.0.0.99\",\"metadata\":{\"k8sPodNamespace\":"
	    "\"default\",\"k8sPodName\":\"p9\"}}]}" },
	    { ADD, TEXT_RULE, "512:\tfrom all to 10.0.0.99 lookup main", NULL },
	    { ADD, TEXT_ROUTE, "10.0.0.99 dev eni99999999999 scope link", NULL } }, 3,
	    "pod-address-unlisted", true, 1, "recreate the pod" },
	/* NAT */
	{ { { CUT, TEXT_IPTABLES, "--to-source", NULL } }, 1, "snat-rule-missing", true, 3,
	    "--to-source 10.0.0.10" },
	{ { { CUT, TEXT_IPTABLES, "-j AWS-SNAT-CHAIN-0", NULL } }, 1, "snat-jump-missing",
	    true, 3, "-j AWS-SNAT-CHAIN-0" },
	{ { { SWAP, TEXT_IPTABLES, "--to-source 10.0.0.10", "--to-source 10.0.0.20" } }, 1,
	    "snat-to-other", true, 3, "--to-source 10.0.0.10" },
	{ { { SWAP, TEXT_IPTABLES, " --random-fully", "" } }, 1, "snat-not-random", false,
	    0, "AWS_VPC_K8S_CNI_RANDOMIZESNAT=prng" },
	{ { { CUT, TEXT_IPTABLES, "172.31.0.0/16", NULL } }, 1, "snat-exclusion-missing",
	    true, 0, "rollout restart" },
	{ { { SWAP, TEXT_SETTINGS, "[\"172.31.0.0/16\"]", "null" } }, 1,
	    "snat-exclusion-surplus", true, 0, "rollout restart" },
	{ { { CUT, TEXT_IPTABLES, "VPC CIDR", NULL } }, 1, "connmark-range-missing", true,
	    2, "rollout restart" },
	{ { { CUT, TEXT_IPTABLES, "\"AWS SNAT CHAIN\" -j RETURN", NULL } }, 1,
	    "snat-range-missing", true, 2, "rollout restart" },
	{ { { SWAP, TEXT_SETTINGS, "EXTERNALSNAT\":false", "EXTERNALSNAT\":true" } }, 1,
	    "snat-left-over", true, 0, "iptables -t nat -D POSTROUTING" },
	{ { { CUT, TEXT_IPTABLES, "-j AWS-CONNMARK-CHAIN-0", NULL } }, 1,
	    "connmark-rule-missing", true, 2, "rollout restart" },
	{ { { SWAP, TEXT_IPTABLES, "-A PREROUTING -m comment --comment \"kubernetes service "
	    "portals\" -j KUBE-SERVICES\n", "" }, { SWAP, TEXT_IPTABLES,
	    "-A POSTROUTING", "-A PREROUTING -j KUBE-SERVICES\n-A POSTROUTING" } }, 2,
	    "connmark-before-dnat", true, 2, "rollout restart" },
	{ { { CUT, TEXT_IPTABLES, "-A PREROUTING -i eth0", NULL } }, 1, "eth-mark-missing",
	    true, 2, "--set-mark 0x80/0x80" },
	{ { { SWAP, TEXT_IPTABLES, "-A PREROUTING -i eth0", "-A PREROUTING -i ens5" } }, 1,
	    "eth-mark-device", true, 0, "rollout restart" },
	{ { { CUT, TEXT_IPTABLES, "-i eni+ -m comment --comment \"AWS, primary ENI\"",
	    NULL } }, 1, "veth-restore-missing", true, 2, "--restore-mark" },
	{ { { SWAP, TEXT_SETTINGS, "CONNMARK\":128", "CONNMARK\":64" },
	    { SWAP, TEXT_RULE, "0x80/0x80", "0x40/0x40" } }, 2, "mark-differs", true, 0,
	    "rollout restart" },
	{ { { DROP, TEXT_IPTABLES, NULL, NULL }, { ADD, TEXT_IPTABLES,
	    "# Warning: iptables-legacy tables present, use iptables-legacy-save to see "
	    "them\n*nat\n:PREROUTING ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\nCOMMIT",
	    NULL } }, 2, "iptables-legacy", true, 0, "iptables-legacy-save" },
	{ { { DROP, TEXT_IPTABLES, NULL, NULL }, { ADD, TEXT_IPTABLES,
	    "*nat\n:PREROUTING ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\nCOMMIT", NULL } },
	    2, "aws-rules-missing", true, 3, "iptables back end" },
	/* the node */
	{ { { SWAP, TEXT_SYSCTL, "eth0.rp_filter = 2", "eth0.rp_filter = 1" } }, 1,
	    "rp-filter", true, 2, "sysctl -w net.ipv4.conf.eth0.rp_filter=2" },
	{ { { SWAP, TEXT_SYSCTL, "eth0.rp_filter = 2", "eth0.rp_filter = 0" },
	    { SWAP, TEXT_SYSCTL, "all.rp_filter = 0", "all.rp_filter = 1" } }, 2,
	    "rp-filter", true, 2, "sysctl -w net.ipv4.conf.eth0.rp_filter=2" },
	{ { { SWAP, TEXT_SYSCTL, "ip_forward = 1", "ip_forward = 0" } }, 1, "ip-forward",
	    true, 0, "net.ipv4.ip_forward=1" },
	{ { { SWAP, TEXT_IPTABLES, "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT",
	    "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP" } }, 1, "forward-policy", true,
	    0, "iptables -P FORWARD ACCEPT" },
	{ { { SWAP, TEXT_SYSCTL, "conntrack_count = 100", "conntrack_count = 262144" } },
	    1, "conntrack-full", true, 0, "maxPerCore" },
	{ { { SWAP, TEXT_SYSCTL, "conntrack_count = 100", "conntrack_count = 250000" } },
	    1, "conntrack-full", false, 0, "maxPerCore" },
	{ { { ADD, TEXT_CONNTRACK, "tcp      6 110 SYN_SENT src=10.0.0.11 dst=172.20.0.9 "
	    "sport=40000 dport=80 [UNREPLIED] src=10.0.0.23 dst=10.0.0.11 sport=8080 "
	    "dport=40000 mark=0 use=1", NULL } }, 1, "conntrack-stale", false, 0,
	    "conntrack -D --reply-src 10.0.0.23" },
};

static void
apply(struct scene_node *n, const struct damage *x)
{
	for (unsigned i = 0; i < x->n_changes; i++) {
		const char *a = x->change[i].a, *b = x->change[i].b;
		enum scene_text t = x->change[i].text;

		switch (x->change[i].kind) {
		case CUT:
			node_cut(n, t, a);
			break;
		case ADD:
			node_add(n, t, a);
			break;
		case SWAP:
			node_swap(n, t, a, b);
			break;
		default:
			node_drop(n, t);
		}
	}
}

static void
each_damage(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		const struct damage *x = &damages[i];
		struct scene_node *n = node_default();
		struct found f = { 0 };

		apply(n, x);
		node_build(n);
		contract_drift(n->contract, on_drift, &f);
		for (unsigned k = 0; k < f.n; k++)
			if (strcmp(f.d[k].code, x->code) != 0)
				print_error("row %zu (%s): also %s: %s\n", i, x->code,
				    f.d[k].code, f.d[k].text);
		if (f.n != 1 || strcmp(f.d[0].code, x->code) != 0)
			fail_msg("row %zu: %s expected alone, %u found", i, x->code, f.n);
		assert_int_equal(f.d[0].wrong, x->wrong);
		if (f.d[0].n_pods != x->pods)
			fail_msg("%s: %u pods, expected %u", x->code, f.d[0].n_pods,
			    x->pods);
		if (strstr(f.d[0].fix, x->fix) == NULL)
			fail_msg("%s: fix '%s' lacks '%s'", x->code, f.d[0].fix, x->fix);
		node_free(n);
	}
}

static bool
stop_at_once(void *arg, const struct drift *d)
{
	(void)d;
	++*(unsigned *)arg;
	return false;
}

static void
stops(void **state)
{
	struct scene_node *n = node_default();
	unsigned calls = 0;

	(void)state;
	node_cut(n, TEXT_RULE, "512:");
	node_cut(n, TEXT_RULE, "1536:");
	node_cut(n, TEXT_RULE, "1024:");
	node_build(n);
	contract_drift(n->contract, stop_at_once, &calls);
	assert_int_equal(calls, 1);
	node_free(n);
}

/* ---- IPv6 cluster with IPv4 egress (D19) */

static struct scene_node *
v6_node(void)
{
	struct scene_node *n = node_default();

	for (unsigned i = 0; i < N_SCENE_TEXTS; i++)
		node_drop(n, i);
	node_add(n, TEXT_RULE, "0:\tfrom all lookup local");
	node_add(n, TEXT_RULE, "32766:\tfrom all lookup main");
	node_add(n, TEXT_RULE6, "0:\tfrom all lookup local");
	node_add(n, TEXT_RULE6, "512:\tfrom all to 2001:db8:3:0:aa::7 lookup main");
	node_add(n, TEXT_RULE6, "1024:\tfrom all fwmark 0x80/0x80 lookup main");
	node_add(n, TEXT_RULE6, "32766:\tfrom all lookup main");
	node_add(n, TEXT_ROUTE, "default via 10.0.0.1 dev eth0");
	node_add(n, TEXT_ROUTE, "10.0.0.0/24 dev eth0 proto kernel scope link src "
	    "10.0.0.10");
	node_add(n, TEXT_ROUTE, "169.254.172.2 dev veth294b8d02 scope link");
	node_add(n, TEXT_ROUTE, "local 10.0.0.10 dev eth0 table local proto kernel scope "
	    "host src 10.0.0.10");
	node_add(n, TEXT_ROUTE6, "2001:db8:3:0:aa::7 dev eni182c452fe96 metric 1024 pref "
	    "medium");
	node_add(n, TEXT_ROUTE6, "default via fe80:ec2::1 dev eth0 metric 1024 pref medium");
	node_add(n, TEXT_IPAM, "{\"version\":\"vpc-cni-ipam/1\",\"allocations\":[{"
	    "\"networkName\":\"aws-cni\",\"containerID\":\"294b8d02ea4e\",\"ifName\":\"eth0\","
	    "\"ipv6\":\"2001:db8:3:0:aa::7\",\"metadata\":{\"k8sPodNamespace\":\"default\","
	    "\"k8sPodName\":\"p1\"}}]}");
	node_add(n, TEXT_IPTABLES, "*nat\n:PREROUTING ACCEPT [0:0]\n:POSTROUTING ACCEPT "
	    "[0:0]\n:CNI-E4-1eb6c737a6c3aa8aca32b - [0:0]\n"
	    "-A POSTROUTING -s 169.254.172.2/32 -m comment --comment \"name: \\\"aws-cni\\\" "
	    "id: \\\"294b8d02ea4e\\\"\" -j CNI-E4-1eb6c737a6c3aa8aca32b\n"
	    "-A CNI-E4-1eb6c737a6c3aa8aca32b -d 224.0.0.0/4 -j ACCEPT\n"
	    "-A CNI-E4-1eb6c737a6c3aa8aca32b -j SNAT --to-source 10.0.0.10 --random-fully\n"
	    "COMMIT");
	return n;
}

static void
expect_v6(void (*damage)(struct scene_node *), const char *code)
{
	struct scene_node *n = v6_node();
	struct found f = { 0 };
	struct settings st;

	if (damage != NULL)
		damage(n);
	node_build(n);
	contract_settings(n->contract, &st);
	assert_true(st.ipv6);
	contract_drift(n->contract, on_drift, &f);
	if (code == NULL && f.n > 0)
		fail_msg("%s: %s", f.d[0].code, f.d[0].text);
	assert_int_equal(f.n, code != NULL);
	if (code != NULL)
		assert_string_equal(f.d[0].code, code);
	node_free(n);
}

static void
no_egress_route(struct scene_node *n)
{
	node_cut(n, TEXT_ROUTE, "169.254.172.2");
}

static void
no_egress_snat(struct scene_node *n)
{
	node_cut(n, TEXT_IPTABLES, "--to-source");
}

static void
other_egress_snat(struct scene_node *n)
{
	node_swap(n, TEXT_IPTABLES, "--to-source 10.0.0.10", "--to-source 10.0.0.99");
}

static void
no_v6_rule(struct scene_node *n)
{
	node_swap(n, TEXT_RULE6, "512:\tfrom all to 2001:db8:3:0:aa::7 lookup main\n", "");
}

static void
ipv6_cluster(void **state)
{
	struct scene_node *n = v6_node();
	struct addr egress = ip("169.254.172.2"), node = ip("10.0.0.10");
	struct demand_query q = { .orig = { .src = egress, .dst = ip("8.8.8.8"),
	    .proto = PROTO_TCP }, .dst = ip("8.8.8.8"), .iif = "veth294b8d02" };
	struct demand d;
	struct owner o;

	(void)state;
	node_build(n);
	contract_owner(n->contract, &egress, &o);
	assert_int_equal(o.kind, OWNER_POD);
	assert_string_equal(o.pod->name, "p1");
	assert_string_equal(o.veth, "veth294b8d02");
	contract_demand(n->contract, &q, &d);
	assert_string_equal(d.dev, "eth0");
	assert_int_equal(d.snat, SNAT_MUST);
	assert_true(d.has_source && addr_eq(&d.source, &node));
	assert_string_equal(d.reply_dev, "veth294b8d02");
	q.orig.src = ip("2001:db8:3:0:aa::7");
	q.orig.dst = q.dst = ip("2001:db8:9::1");
	q.iif = "eni182c452fe96";
	contract_demand(n->contract, &q, &d);
	assert_string_equal(d.dev, "eth0");
	assert_int_equal(d.snat, SNAT_MUST_NOT);
	node_free(n);
	expect_v6(NULL, NULL);
	expect_v6(no_egress_route, "egress-route-missing");
	expect_v6(no_egress_snat, "egress-snat-missing");
	expect_v6(other_egress_snat, "egress-snat-to");
	expect_v6(no_v6_rule, "rule-512-missing");
}

/* ---- security groups for pods, strict */

#define SG_VETH	"vlan063eac01f91"

static struct scene_node *
strict_node(void)
{
	struct scene_node *n = node_default();

	node_drop(n, TEXT_KUBECTL);
	node_add(n, TEXT_KUBECTL, "{\"kind\":\"List\",\"items\":[{\"kind\":\"Node\","
	    "\"metadata\":{\"name\":\"node-a\"},\"status\":{\"addresses\":[{\"type\":"
	    "\"InternalIP\",\"address\":\"10.0.0.10\"}]}},{\"kind\":\"Pod\",\"metadata\":{"
	    "\"namespace\":\"default\",\"name\":\"sg\",\"annotations\":{"
	    "\"vpc.amazonaws.com/pod-eni\":\"[{\\\"eniId\\\":\\\"eni-0c\\\","
	    "\\\"privateIp\\\":\\\"10.0.2.31\\\",\\\"vlanID\\\":3}]\"}},\"spec\":{"
	    "\"nodeName\":\"node-a\"},\"status\":{\"phase\":\"Running\",\"podIP\":"
	    "\"10.0.2.31\"}}]}");
	node_swap(n, TEXT_RULE, "0:\tfrom all lookup local\n",
	    "10:\tfrom all iif vlan.eth.3 lookup 103\n"
	    "10:\tfrom all iif " SG_VETH " lookup 103\n"
	    "20:\tfrom all lookup local\n");
	node_add(n, TEXT_ROUTE, "10.0.2.31 dev " SG_VETH " table 103 scope link");
	node_add(n, TEXT_ROUTE, "10.0.2.1 dev vlan.eth.3 table 103 scope link");
	node_add(n, TEXT_ROUTE, "default via 10.0.2.1 dev vlan.eth.3 table 103");
	node_swap(n, TEXT_SYSCTL, "early_demux = 1", "early_demux = 0");
	return n;
}

static void
strict_security_groups(void **state)
{
	static const struct {
		uint8_t text; const char *from, *to, *code;
	} changes[] = {
		{ TEXT_SYSCTL, "early_demux", "early_demux", NULL },
		{ TEXT_SYSCTL, "early_demux = 0", "early_demux = 1", "tcp-early-demux" },
		{ TEXT_RULE, "10:\tfrom all iif vlan.eth.3 lookup 103\n", "",
		    "rule-10-missing" },
		{ TEXT_RULE, "10:\tfrom all iif " SG_VETH " lookup 103\n", "",
		    "rule-10-missing" },
		{ TEXT_RULE, "20:\tfrom all lookup local", "0:\tfrom all lookup local",
		    "rule-0-early" },
		{ TEXT_ROUTE, "default via 10.0.2.1 dev vlan.eth.3 table 103\n", "",
		    "branch-table-missing" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct scene_node *n = strict_node();
		struct found f = { 0 };

		node_swap(n, changes[i].text, changes[i].from, changes[i].to);
		node_build(n);
		contract_drift(n->contract, on_drift, &f);
		for (unsigned k = 0; k < f.n; k++)
			if (changes[i].code == NULL ||
			    strcmp(f.d[k].code, changes[i].code) != 0)
				fail_msg("%s: %s", f.d[k].code, f.d[k].text);
		assert_int_equal(f.n, changes[i].code != NULL);
		node_free(n);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(healthy),
		cmocka_unit_test(healthy_in_part),
		cmocka_unit_test(each_damage),
		cmocka_unit_test(stops),
		cmocka_unit_test(ipv6_cluster),
		cmocka_unit_test(strict_security_groups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
