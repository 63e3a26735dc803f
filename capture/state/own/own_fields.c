/* SPDX-License-Identifier: GPL-2.0-or-later */
/* own_fields.c - what podpath.state/1 says of each record, and in which words. */
#include "capture/state/own/own.h"

/* ---- words */

const char *const own_part_words[N_STATE_PARTS + 1] = {
	[PART_LINKS] = "links", [PART_ADDRESSES] = "addresses",
	[PART_NEIGHS] = "neighbours", [PART_RULES] = "rules",
	[PART_RULES6] = "rules6", [PART_ROUTES] = "routes",
	[PART_ROUTES6] = "routes6", [PART_IPTABLES] = "iptables",
	[PART_IP6TABLES] = "ip6tables", [PART_NFT] = "nft",
	[PART_IPSETS] = "ipsets", [PART_CONNTRACK] = "conntrack",
	[PART_ENIS] = "enis", [PART_IPAM] = "ipam",
	[PART_CNI_SETTINGS] = "cni", [PART_PODS] = "pods",
	[PART_SERVICES] = "services", [PART_NODES] = "nodes",
	[PART_SYSCTLS] = "sysctls", [PART_IPVS] = "ipvs",
	[PART_SOCKETS] = "sockets",
};
static const char *const flag_words[] = {
	"iptables-legacy-beside", "ipvs-mode", "iptables-legacy", NULL,
};
static const char *const action_words[] = {
	[RULE_LOOKUP] = "lookup", [RULE_BLACKHOLE] = "blackhole",
	[RULE_UNREACHABLE] = "unreachable", [RULE_PROHIBIT] = "prohibit",
	[RULE_GOTO] = "goto", [RULE_NOP] = "nop", NULL,
};
static const char *const rule_words[] = {
	"not", "from", "to", "fwmark", "ipproto", "sport", "dport", "suppress",
	"odd", "iif-local", NULL,
};
static const char *const route_words[N_ROUTE_TYPES + 1] = {
	[ROUTE_UNICAST] = "unicast", [ROUTE_LOCAL] = "local",
	[ROUTE_BROADCAST] = "broadcast", [ROUTE_ANYCAST] = "anycast",
	[ROUTE_MULTICAST] = "multicast", [ROUTE_BLACKHOLE] = "blackhole",
	[ROUTE_UNREACHABLE] = "unreachable", [ROUTE_PROHIBIT] = "prohibit",
	[ROUTE_THROW] = "throw",
};
static const char *const ct_words[] = {
	"ASSURED", "UNREPLIED", "OFFLOAD", "HW_OFFLOAD", "DYING", NULL,
};
static const char *const source_words[] = { "ipam", "enis", "kubectl", NULL };
static const char *const policy_words[] = {
	[POLICY_CLUSTER] = "Cluster", [POLICY_LOCAL] = "Local", NULL,
};
static const char *const hook_words[] = {
	[NF_PREROUTING] = "prerouting", [NF_INPUT] = "input",
	[NF_FORWARD] = "forward", [NF_OUTPUT] = "output",
	[NF_POSTROUTING] = "postrouting", [NF_NO_HOOK] = "none", NULL,
};
static const char *const type_words[] = {
	[NF_FILTER] = "filter", [NF_NAT] = "nat", [NF_ROUTE] = "route", NULL,
};
static const char *const family_words[] = { "ip", "ip6", NULL };
static const char *const key_words[] = {
	"saddr", "daddr", "proto", "sport", "dport", "mark", "iif", "oif",
	"random", "unknown", NULL,
};

const char *const own_match_words[] = {
	[NF_M_SADDR] = "saddr", [NF_M_DADDR] = "daddr",
	[NF_M_SRANGE] = "srange", [NF_M_DRANGE] = "drange",
	[NF_M_PROTO] = "proto", [NF_M_SPORT] = "sport", [NF_M_DPORT] = "dport",
	[NF_M_PORT] = "port", [NF_M_IIF] = "iif", [NF_M_OIF] = "oif",
	[NF_M_MARK] = "mark", [NF_M_CTMARK] = "ctmark",
	[NF_M_SRC_TYPE] = "src-type", [NF_M_DST_TYPE] = "dst-type",
	[NF_M_RANDOM] = "random", [NF_M_NTH] = "nth", [NF_M_CTSTATE] = "ctstate",
	[NF_M_ICMP] = "icmp", [NF_M_TCP_FLAGS] = "tcp-flags", [NF_M_SET] = "set",
	[NF_M_UNKNOWN] = "unknown", NULL,
};
_Static_assert(sizeof(own_match_words) / sizeof(own_match_words[0]) ==
    N_NF_MATCHES + 1, "a word for each match");

const char *const own_target_words[] = {
	[NF_T_NONE] = "none", [NF_T_ACCEPT] = "accept", [NF_T_DROP] = "drop",
	[NF_T_REJECT] = "reject", [NF_T_RETURN] = "return", [NF_T_JUMP] = "jump",
	[NF_T_GOTO] = "goto", [NF_T_SNAT] = "snat", [NF_T_DNAT] = "dnat",
	[NF_T_MASQUERADE] = "masquerade", [NF_T_REDIRECT] = "redirect",
	[NF_T_MARK] = "mark", [NF_T_CTMARK] = "ctmark",
	[NF_T_CTMARK_SAVE] = "ctmark-save",
	[NF_T_CTMARK_RESTORE] = "ctmark-restore", [NF_T_NOTRACK] = "notrack",
	[NF_T_CT_ZONE] = "ct-zone", [NF_T_VMAP] = "vmap",
	[NF_T_UNKNOWN] = "unknown", NULL,
};
_Static_assert(sizeof(own_target_words) / sizeof(own_target_words[0]) ==
    N_NF_TARGETS + 1, "a word for each target");

const char *const own_addrtype_words[] = {
	"unspec", "unicast", "local", "broadcast", "anycast", "multicast",
	"blackhole", "unreachable", "prohibit", "", "", "", "", "",
	"limit-in", "limit-out", NULL,
};
const char *const own_ctstate_words[] = {
	"new", "established", "related", "invalid", "untracked", "snat", "dnat",
	NULL,
};
const char *const own_nat_words[] = {
	"random", "fully-random", "persistent", "addr", "ports", NULL,
};

/* ---- fields */

#define AT(s, m)	.at = offsetof(struct s, m)
#define SIZE(s, m)	.size = sizeof(((struct s *)0)->m)

#define TEXT(n, s, m)		{ .name = n, .type = FIELD_TEXT, AT(s, m) }
#define MUST(n, s, m)		{ .name = n, .type = FIELD_TEXT, AT(s, m), .must = true }
#define BOOL(n, s, m)		{ .name = n, .type = FIELD_BOOL, AT(s, m) }
#define UINT(n, s, m)		{ .name = n, .type = FIELD_UINT, AT(s, m), SIZE(s, m) }
#define INT(n, s, m, usual)	{ .name = n, .type = FIELD_INT, AT(s, m), SIZE(s, m), \
				  .none = (usual) }
#define ADDR(n, s, m)		{ .name = n, .type = FIELD_ADDR, AT(s, m) }
#define PREFIX(n, s, m)		{ .name = n, .type = FIELD_PREFIX, AT(s, m) }
#define MAC(n, s, m, h)		{ .name = n, .type = FIELD_MAC, AT(s, m), \
				  .other = offsetof(struct s, h) }
#define TIME(n, s, m)		{ .name = n, .type = FIELD_TIME, AT(s, m) }
#define WORD(n, s, m, w)	{ .name = n, .type = FIELD_WORD, AT(s, m), SIZE(s, m), \
				  .words = (w) }
#define BITS(n, s, m, w)	{ .name = n, .type = FIELD_BITS, AT(s, m), SIZE(s, m), \
				  .words = (w) }
#define PORTS(n, s, m)		{ .name = n, .type = FIELD_PORTS, AT(s, m) }
#define PAIR(n, s, m)		{ .name = n, .type = FIELD_PAIR, AT(s, m) }
#define ADDRS(n, s, m, c, x)	{ .name = n, .type = FIELD_ADDRS, AT(s, m), \
				  .other = offsetof(struct s, c), .max = (x) }
#define ADDR_LIST(n, s, m, c)	{ .name = n, .type = FIELD_ADDR_LIST, AT(s, m), \
				  .other = offsetof(struct s, c) }
#define PREFIX_LIST(n, s, m)	{ .name = n, .type = FIELD_PREFIX_LIST, AT(s, m) }
#define INDEX(n, s, m, sec, mu)	{ .name = n, .type = FIELD_INDEX, AT(s, m), \
				  .to = (sec), .must = (mu) }

const struct field own_head[] = {
	TIME("taken", state, taken),
	TEXT("hostname", state, hostname),
	BITS("flags", state, flags, flag_words),
	BITS("parts", state, parts, own_part_words),
	INT("ct_insert_failed", state, ct_insert_failed, -1),
	INT("ct_drop", state, ct_drop, -1),
	INT("ct_early_drop", state, ct_early_drop, -1),
	{ 0 },
};

const struct field own_cni[] = {
	INT("external_snat", cni_settings, external_snat, -1),
	INT("node_port_support", cni_settings, node_port_support, -1),
	INT("randomize_snat", cni_settings, randomize_snat, -1),
	BOOL("has_connmark", cni_settings, has_connmark),
	UINT("connmark", cni_settings, connmark),
	UINT("mtu", cni_settings, mtu),
	TEXT("veth_prefix", cni_settings, veth_prefix),
	PREFIX_LIST("excluded", cni_settings, excluded),
	PREFIX_LIST("external_services", cni_settings, external_services),
	INT("connmark_nft", cni_settings, connmark_nft, -1),
	INT("pod_eni_strict", cni_settings, pod_eni_strict, -1),
	INT("prefix_delegation", cni_settings, prefix_delegation, -1),
	INT("custom_networking", cni_settings, custom_networking, -1),
	{ 0 },
};

static const struct field link_fields[] = {
	MUST("name", link, name),
	UINT("ifindex", link, ifindex),
	UINT("mtu", link, mtu),
	TEXT("kind", link, kind),
	TEXT("parent", link, parent),
	UINT("vlan", link, vlan),
	MAC("mac", link, mac, has_mac),
	BOOL("down", link, down),
	{ 0 },
};

static const struct field ifaddr_fields[] = {
	MUST("dev", ifaddr, dev),
	ADDR("addr", ifaddr, addr),
	UINT("len", ifaddr, len),
	BOOL("secondary", ifaddr, secondary),
	BOOL("host_scope", ifaddr, host_scope),
	{ 0 },
};

static const struct field neigh_fields[] = {
	MUST("dev", neigh, dev),
	ADDR("addr", neigh, addr),
	MAC("mac", neigh, mac, has_mac),
	BOOL("permanent", neigh, permanent),
	BOOL("failed", neigh, failed),
	{ 0 },
};

static const struct field rule_fields[] = {
	UINT("priority", iprule, priority),
	MUST("text", iprule, text),
	BOOL("v6", iprule, v6),
	WORD("action", iprule, action, action_words),
	BITS("has", iprule, has, rule_words),
	PREFIX("from", iprule, from),
	PREFIX("to", iprule, to),
	TEXT("iif", iprule, iif),
	TEXT("oif", iprule, oif),
	UINT("mark", iprule, mark),
	UINT("mask", iprule, mask),
	UINT("proto", iprule, proto),
	PORTS("sport", iprule, sport),
	PORTS("dport", iprule, dport),
	UINT("table", iprule, table),
	UINT("to_priority", iprule, to_priority),
	INT("suppress_len", iprule, suppress_len, 0),
	UINT("line", iprule, line),
	{ 0 },
};

static const struct field route_fields[] = {
	UINT("table", iproute, table),
	MUST("text", iproute, text),
	BOOL("v6", iproute, v6),
	WORD("type", iproute, type, route_words),
	BOOL("dead", iproute, dead),
	BOOL("odd", iproute, odd),
	BOOL("has_via", iproute, has_via),
	BOOL("has_src", iproute, has_src),
	BOOL("multipath", iproute, multipath),
	BOOL("link_scope", iproute, link_scope),
	PREFIX("dst", iproute, dst),
	ADDR("via", iproute, via),
	ADDR("src", iproute, src),
	TEXT("dev", iproute, dev),
	UINT("metric", iproute, metric),
	TEXT("proto", iproute, proto),
	UINT("line", iproute, line),
	{ 0 },
};

static const struct field table_fields[] = {
	MUST("name", nf_table, name),
	BITS("families", nf_table, families, family_words),
	BOOL("nft", nf_table, nft),
	{ 0 },
};

static const struct field chain_fields[] = {
	INDEX("table", nf_chain, table, OWN_TABLES, true),
	MUST("name", nf_chain, name),
	WORD("hook", nf_chain, hook, hook_words),
	WORD("type", nf_chain, type, type_words),
	BOOL("policy_drop", nf_chain, policy_drop),
	INT("priority", nf_chain, priority, 0),
	{ 0 },
};

static const struct field set_fields[] = {
	MUST("name", nf_set, name),
	INDEX("table", nf_set, table, OWN_TABLES, false),
	BITS("keys", nf_set, keys, key_words),
	UINT("mod", nf_set, mod),
	{ .name = "elements", .type = FIELD_ELEMENTS },
	{ 0 },
};

const struct field own_element[] = {
	PREFIX("saddr", nf_elem, saddr),
	PREFIX("daddr", nf_elem, daddr),
	PORTS("sport", nf_elem, sport),
	PORTS("dport", nf_elem, dport),
	PORTS("random", nf_elem, random),
	UINT("mark", nf_elem, mark),
	UINT("proto", nf_elem, proto),
	TEXT("iface", nf_elem, iface),
	TEXT("comment", nf_elem, comment),
	{ .name = "verdict", .type = FIELD_TARGET, AT(nf_elem, verdict) },
	{ 0 },
};

static const struct field nf_rule_fields[] = {
	INDEX("chain", nf_rule, chain, OWN_CHAINS, true),
	MUST("text", nf_rule, text),
	{ .name = "matches", .type = FIELD_MATCHES },
	{ .name = "target", .type = FIELD_TARGET, AT(nf_rule, target) },
	BOOL("goes_on", nf_rule, goes_on),
	TEXT("comment", nf_rule, comment),
	UINT("line", nf_rule, line),
	{ 0 },
};

static const struct field ct_fields[] = {
	UINT("proto", ct_entry, orig.proto),
	ADDR("src", ct_entry, orig.src),
	ADDR("dst", ct_entry, orig.dst),
	UINT("sport", ct_entry, orig.sport),
	UINT("dport", ct_entry, orig.dport),
	UINT("rproto", ct_entry, reply.proto),
	ADDR("rsrc", ct_entry, reply.src),
	ADDR("rdst", ct_entry, reply.dst),
	UINT("rsport", ct_entry, reply.sport),
	UINT("rdport", ct_entry, reply.dport),
	TEXT("state", ct_entry, state),
	BITS("status", ct_entry, status, ct_words),
	UINT("mark", ct_entry, mark),
	UINT("zone", ct_entry, zone),
	UINT("id", ct_entry, id),
	UINT("timeout", ct_entry, timeout),
	PAIR("packets", ct_entry, packets),
	PAIR("bytes", ct_entry, bytes),
	INT("age_s", ct_entry, age_s, -1),
	UINT("line", ct_entry, line),
	{ 0 },
};

static const struct field pod_fields[] = {
	TEXT("ns", pod, ns),
	TEXT("name", pod, name),
	ADDRS("addrs", pod, addrs, n_addrs, POD_MAX_ADDRS),
	TEXT("node", pod, node),
	TEXT("phase", pod, phase),
	TEXT("container_id", pod, container_id),
	BITS("sources", pod, sources, source_words),
	BOOL("host_network", pod, host_network),
	TEXT("branch_eni", pod, branch_eni),
	UINT("branch_vlan", pod, branch_vlan),
	TIME("allocated", pod, allocated),
	{ 0 },
};

static const struct field eni_fields[] = {
	MUST("id", eni_fact, id),
	INT("device", eni_fact, device, -1),
	INT("card", eni_fact, card, -1),
	BOOL("primary", eni_fact, primary),
	BOOL("trunk", eni_fact, trunk),
	BOOL("efa", eni_fact, efa),
	BOOL("excluded", eni_fact, excluded),
	UINT("table", eni_fact, table),
	TEXT("subnet", eni_fact, subnet),
	{ 0 },
};

static const struct field eni_addr_fields[] = {
	INDEX("eni", eni_addr, eni, OWN_ENIS, true),
	PREFIX("prefix", eni_addr, prefix),
	BOOL("is_prefix", eni_addr, is_prefix),
	BOOL("in_prefix", eni_addr, in_prefix),
	BOOL("assigned", eni_addr, assigned),
	TEXT("ns", eni_addr, ns),
	TEXT("name", eni_addr, name),
	{ 0 },
};

static const struct field service_fields[] = {
	MUST("ns", service, ns),
	MUST("name", service, name),
	TEXT("type", service, type),
	ADDR_LIST("addrs", service, addrs, n_addrs),
	UINT("n_cluster", service, n_cluster),
	WORD("external_policy", service, external_policy, policy_words),
	WORD("internal_policy", service, internal_policy, policy_words),
	UINT("health_port", service, health_port),
	BOOL("affinity", service, affinity),
	INT("lb_target_ip", service, lb.target_ip, -1),
	INT("lb_preserve", service, lb.preserve, -1),
	INT("lb_proxy", service, lb.proxy, -1),
	UINT("lb_check_port", service, lb.check_port),
	UINT("lb_check_interval_s", service, lb.check_interval_s),
	TEXT("lb_check_path", service, lb.check_path),
	TEXT("lb_hostname", service, lb.hostname),
	{ 0 },
};

static const struct field svc_port_fields[] = {
	INDEX("service", svc_port, service, OWN_SERVICES, true),
	TEXT("name", svc_port, name),
	UINT("proto", svc_port, proto),
	UINT("port", svc_port, port),
	UINT("node_port", svc_port, node_port),
	TEXT("target", svc_port, target),
	{ 0 },
};

/* The service is found by its name again (state_ready()). */
static const struct field endpoint_fields[] = {
	TEXT("ns", endpoint, ns),
	TEXT("service", endpoint, service_name),
	TEXT("port_name", endpoint, port_name),
	ADDR("addr", endpoint, addr),
	UINT("port", endpoint, port),
	UINT("proto", endpoint, proto),
	BOOL("ready", endpoint, ready),
	BOOL("terminating", endpoint, terminating),
	TEXT("node", endpoint, node),
	TEXT("zone", endpoint, zone),
	TEXT("pod", endpoint, pod),
	{ 0 },
};

static const struct field node_fields[] = {
	MUST("name", node, name),
	TEXT("instance_type", node, instance_type),
	TEXT("instance_id", node, instance_id),
	TEXT("zone", node, zone),
	ADDRS("addrs", node, addrs, n_addrs, 4),
	UINT("max_pods", node, max_pods),
	{ 0 },
};

static const struct field sysctl_fields[] = {
	MUST("name", sysctl, name),
	MUST("value", sysctl, value),
	{ 0 },
};

static const struct field sock_fields[] = {
	UINT("proto", sock, proto),
	BOOL("listens", sock, listens),
	BOOL("any_local", sock, any_local),
	ADDR("local", sock, local),
	UINT("lport", sock, lport),
	ADDR("peer", sock, peer),
	UINT("pport", sock, pport),
	TEXT("process", sock, process),
	UINT("pid", sock, pid),
	{ 0 },
};

#define SECTION(n, l, s, f, ...)					\
	{ .name = n, .list = offsetof(struct state, l),			\
	  .size = sizeof(struct s), .fields = f, .needs = 0 __VA_ARGS__ }

const struct section own_sections[N_OWN_SECTIONS] = {
	[OWN_LINKS] = SECTION("links", links, link, link_fields),
	[OWN_ADDRS] = SECTION("addresses", addrs, ifaddr, ifaddr_fields),
	[OWN_NEIGHS] = SECTION("neighbours", neighs, neigh, neigh_fields),
	[OWN_RULES] = SECTION("rules", rules, iprule, rule_fields),
	[OWN_ROUTES] = SECTION("routes", routes, iproute, route_fields),
	[OWN_TABLES] = SECTION("tables", nf_tables, nf_table, table_fields),
	[OWN_CHAINS] = SECTION("chains", nf_chains, nf_chain, chain_fields,
	    | 1 << OWN_TABLES),
	[OWN_SETS] = SECTION("sets", nf_sets, nf_set, set_fields,
	    | 1 << OWN_TABLES | 1 << OWN_CHAINS),
	[OWN_NF_RULES] = SECTION("nf_rules", nf_rules, nf_rule, nf_rule_fields,
	    | 1 << OWN_CHAINS | 1 << OWN_SETS),
	[OWN_CONNTRACK] = SECTION("conntrack", conntrack, ct_entry, ct_fields),
	[OWN_PODS] = SECTION("pods", pods, pod, pod_fields),
	[OWN_ENIS] = SECTION("enis", enis, eni_fact, eni_fields),
	[OWN_ENI_ADDRS] = SECTION("eni_addresses", eni_addrs, eni_addr,
	    eni_addr_fields, | 1 << OWN_ENIS),
	[OWN_SERVICES] = SECTION("services", services, service, service_fields),
	[OWN_SVC_PORTS] = SECTION("service_ports", svc_ports, svc_port,
	    svc_port_fields, | 1 << OWN_SERVICES),
	[OWN_ENDPOINTS] = SECTION("endpoints", endpoints, endpoint,
	    endpoint_fields),
	[OWN_NODES] = SECTION("nodes", nodes, node, node_fields),
	[OWN_SYSCTLS] = SECTION("sysctls", sysctls, sysctl, sysctl_fields),
	[OWN_SOCKETS] = SECTION("sockets", socks, sock, sock_fields),
};
