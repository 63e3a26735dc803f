/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * route_text_route.c - a route of rtnetlink (linux/rtnetlink.h) as ip-route(8)
 * prints it: iproute2's print_route().
 */
#include <arpa/inet.h>
#include <linux/icmpv6.h>
#include <linux/lwtunnel.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "capture/live/route_words.h"

static const struct number_name scopes[] = {
	{ RT_SCOPE_UNIVERSE, "global" }, { RT_SCOPE_SITE, "site" },
	{ RT_SCOPE_LINK, "link" }, { RT_SCOPE_HOST, "host" },
	{ RT_SCOPE_NOWHERE, "nowhere" }, { 0, NULL },
};

/* LWTUNNEL_ENCAP_ */
static const struct number_name encaps[] = {
	{ LWTUNNEL_ENCAP_MPLS, "mpls" }, { LWTUNNEL_ENCAP_IP, "ip" },
	{ LWTUNNEL_ENCAP_ILA, "ila" }, { LWTUNNEL_ENCAP_IP6, "ip6" },
	{ LWTUNNEL_ENCAP_SEG6, "seg6" }, { LWTUNNEL_ENCAP_BPF, "bpf" },
	{ LWTUNNEL_ENCAP_SEG6_LOCAL, "seg6local" }, { LWTUNNEL_ENCAP_RPL, "rpl" },
	{ 0, NULL },
};

static void
add_flags(struct words_out *o, unsigned flags)
{
	static const struct number_name names[] = {
		{ RTNH_F_DEAD, "dead" }, { RTNH_F_ONLINK, "onlink" },
		{ RTNH_F_PERVASIVE, "pervasive" }, { RTNH_F_OFFLOAD, "offload" },
		{ RTNH_F_TRAP, "trap" }, { RTM_F_NOTIFY, "notify" },
		{ RTNH_F_LINKDOWN, "linkdown" },
		{ RTNH_F_UNRESOLVED, "unresolved" },
		{ RTM_F_OFFLOAD, "rt_offload" }, { RTM_F_TRAP, "rt_trap" },
		{ RTM_F_OFFLOAD_FAILED, "rt_offload_failed" }, { 0, NULL },
	};

	for (const struct number_name *n = names; n->name != NULL; n++)
		if (flags & n->n)
			words_add(o, "%s", n->name);
}

/* What it wraps packets in is not modelled; its kind alone is said. */
static void
add_encap(struct words_out *o, const struct nlattr *const *tb)
{
	unsigned type = 0;

	if (tb[RTA_ENCAP] == NULL)
		return;
	if (tb[RTA_ENCAP_TYPE] != NULL &&
	    mnl_attr_get_payload_len(tb[RTA_ENCAP_TYPE]) >= 2)
		type = mnl_attr_get_u16(tb[RTA_ENCAP_TYPE]);
	words_named(o, "encap", encaps, type, "");
}

/* RTA_VIA: a nexthop of the other family, which stands before it. */
static void
add_gateway(struct words_out *o, int family, const struct nlattr *const *tb)
{
	const struct nlattr *a = tb[RTA_VIA];
	char text[INET6_ADDRSTRLEN];
	uint16_t via;

	words_address(o, "via", family, tb[RTA_GATEWAY]);
	if (a == NULL || mnl_attr_get_payload_len(a) < 2)
		return;
	memcpy(&via, mnl_attr_get_payload(a), sizeof(via));
	if ((via == AF_INET && mnl_attr_get_payload_len(a) >= 6) ||
	    (via == AF_INET6 && mnl_attr_get_payload_len(a) >= 18)) {
		inet_ntop(via, (const char *)mnl_attr_get_payload(a) + 2, text,
		    sizeof(text));
		words_add(o, "via %s %s", via == AF_INET ? "inet" : "inet6", text);
	} else {
		words_add(o, "via-family %u", via);
	}
}

static const char *const metric_names[] = {
	[RTAX_MTU] = "mtu", [RTAX_WINDOW] = "window", [RTAX_RTT] = "rtt",
	[RTAX_RTTVAR] = "rttvar", [RTAX_SSTHRESH] = "ssthresh",
	[RTAX_CWND] = "cwnd", [RTAX_ADVMSS] = "advmss",
	[RTAX_REORDERING] = "reordering", [RTAX_HOPLIMIT] = "hoplimit",
	[RTAX_INITCWND] = "initcwnd", [RTAX_FEATURES] = "features",
	[RTAX_RTO_MIN] = "rto_min", [RTAX_INITRWND] = "initrwnd",
	[RTAX_QUICKACK] = "quickack", [RTAX_CC_ALGO] = "congctl",
	[RTAX_FASTOPEN_NO_COOKIE] = "fastopen_no_cookie",
};

/* The kernel counts these in eighths and quarters of a millisecond. */
static void
add_time(struct words_out *o, const char *word, unsigned type, uint32_t v)
{
	v /= type == RTAX_RTT ? 8 : type == RTAX_RTTVAR ? 4 : 1;
	if (v >= 1000)
		words_add(o, "%s %gs", word, v / 1e3);
	else
		words_add(o, "%s %ums", word, v);
}

static void
add_features(struct words_out *o, const char *word, uint32_t v)
{
	if (v == RTAX_FEATURE_ECN)
		words_add(o, "%s ecn", word);
	else
		words_add(o, "%s 0x%x", word, v);
}

static void
add_metric(struct words_out *o, unsigned type, const struct nlattr *a, bool lock)
{
	char word[32];
	uint32_t v = 0;

	snprintf(word, sizeof(word), "%s%s", metric_names[type],
	    lock ? " lock" : "");
	if (type == RTAX_CC_ALGO) {
		if (a != NULL)
			words_add(o, "%s %.*s", word, (int)strnlen(
			    mnl_attr_get_payload(a), mnl_attr_get_payload_len(a)),
			    (const char *)mnl_attr_get_payload(a));
		return;
	}
	attr_u32(a, &v);
	if (type == RTAX_HOPLIMIT && v == UINT32_MAX)
		return;
	if (type == RTAX_RTT || type == RTAX_RTTVAR || type == RTAX_RTO_MIN)
		add_time(o, word, type, v);
	else if (type == RTAX_FEATURES)
		add_features(o, word, v);
	else
		words_add(o, "%s %u", word, v);
}

static void
add_metrics(struct words_out *o, const struct nlattr *nest)
{
	const struct nlattr *tb[RTAX_MAX + 1];
	uint32_t locks = 0;

	if (nest == NULL)
		return;
	attrs_parse(mnl_attr_get_payload(nest), mnl_attr_get_payload_len(nest), tb,
	    RTAX_MAX);
	attr_u32(tb[RTAX_LOCK], &locks);
	for (unsigned i = RTAX_MTU; i <= RTAX_MAX; i++)
		if (tb[i] != NULL || locks >> i & 1)
			add_metric(o, i, tb[i], locks >> i & 1);
}

/* IPv6 alone: routes of the cache are left out. */
static void
add_lifetime(struct words_out *o, int family, const struct nlattr *a)
{
	struct rta_cacheinfo c;

	if (family != AF_INET6 || a == NULL ||
	    mnl_attr_get_payload_len(a) < sizeof(c))
		return;
	memcpy(&c, mnl_attr_get_payload(a), sizeof(c));
	if (c.rta_expires != 0)
		words_add(o, "expires %dsec", (int)c.rta_expires /
		    (int)sysconf(_SC_CLK_TCK));
	if (c.rta_error != 0)
		words_add(o, "error %d", (int)c.rta_error);
}

static void
add_preference(struct words_out *o, const struct nlattr *a)
{
	/* icmpv6.h, RFC 4191 section 2.1 */
	static const struct number_name names[] = {
		{ ICMPV6_ROUTER_PREF_LOW, "low" },
		{ ICMPV6_ROUTER_PREF_MEDIUM, "medium" },
		{ ICMPV6_ROUTER_PREF_HIGH, "high" }, { 0, NULL },
	};
	uint8_t n;

	if (attr_u8(a, &n))
		words_named(o, "pref", names, n, "");
}

static void
add_nexthop(struct words_out *o, int family, const struct rtnexthop *hop,
    const struct nlattr *const *tb)
{
	char buf[IFNAMSIZ];

	words_add(o, "nexthop");
	add_encap(o, tb);
	add_gateway(o, family, tb);
	words_realms(o, "realm", tb[RTA_FLOW]);
	words_add(o, "dev %s weight %u", words_dev(o, (uint32_t)hop->rtnh_ifindex, buf),
	    hop->rtnh_hops + 1u);
	add_flags(o, hop->rtnh_flags);
}

static void
add_nexthops(struct words_out *o, int family, const struct nlattr *list)
{
	const unsigned char *p = list ? mnl_attr_get_payload(list) : NULL;
	size_t left = list ? mnl_attr_get_payload_len(list) : 0;

	while (left >= sizeof(struct rtnexthop)) {
		const struct nlattr *tb[RTA_MAX + 1];
		struct rtnexthop hop;
		size_t step;

		memcpy(&hop, p, sizeof(hop));
		step = RTNH_ALIGN(hop.rtnh_len);
		if (hop.rtnh_len < sizeof(hop) || hop.rtnh_len > left)
			return;
		attrs_parse(p + sizeof(hop), hop.rtnh_len - sizeof(hop), tb,
		    RTA_MAX);
		add_nexthop(o, family, &hop, tb);
		step = step < left ? step : left;
		p += step;
		left -= step;
	}
}

static void
add_target(struct words_out *o, const struct rtmsg *m,
    const struct nlattr *const *tb)
{
	char text[NUMBER_MAX];

	if (m->rtm_type != RTN_UNICAST) {
		words_number(route_types, m->rtm_type, "", text);
		words_add(o, "%s", text);
	}
	if (!words_range(o, "", m->rtm_family, tb[RTA_DST], m->rtm_dst_len)) {
		if (m->rtm_dst_len != 0)
			words_add(o, "0/%u", m->rtm_dst_len);
		else
			words_add(o, "default");
	}
	if (!words_range(o, "from", m->rtm_family, tb[RTA_SRC], m->rtm_src_len) &&
	    m->rtm_src_len != 0)
		words_add(o, "from 0/%u", m->rtm_src_len);
}

static void
add_way(struct words_out *o, const struct rtmsg *m, const struct nlattr *const *tb)
{
	char buf[IFNAMSIZ];
	uint32_t n;

	add_encap(o, tb);
	words_tos(o, m->rtm_tos);
	if (attr_u32(tb[RTA_NH_ID], &n))
		words_add(o, "nhid %u", n);
	add_gateway(o, m->rtm_family, tb);
	if (attr_u32(tb[RTA_OIF], &n))
		words_add(o, "dev %s", words_dev(o, n, buf));
	if (m->rtm_protocol != RTPROT_BOOT)
		words_named(o, "proto", route_protocols, m->rtm_protocol, "");
	if (m->rtm_scope != RT_SCOPE_UNIVERSE)
		words_named(o, "scope", scopes, m->rtm_scope, "");
	words_address(o, "src", m->rtm_family, tb[RTA_PREFSRC]);
	if (attr_u32(tb[RTA_PRIORITY], &n))
		words_add(o, "metric %u", n);
	add_flags(o, m->rtm_flags);
	words_realms(o, "realm", tb[RTA_FLOW]);
	add_lifetime(o, m->rtm_family, tb[RTA_CACHEINFO]);
	add_metrics(o, tb[RTA_METRICS]);
	if (attr_u32(tb[RTA_IIF], &n))
		words_add(o, "iif %s", words_dev(o, n, buf));
	add_preference(o, tb[RTA_PREF]);
	if (tb[RTA_TTL_PROPAGATE] != NULL)
		words_add(o, "ttl-propagate %s",
		    mnl_attr_get_payload_len(tb[RTA_TTL_PROPAGATE]) > 0 &&
		    mnl_attr_get_u8(tb[RTA_TTL_PROPAGATE]) ? "enabled" :
		    "disabled");
	add_nexthops(o, m->rtm_family, tb[RTA_MULTIPATH]);
}

/* With the sysctl nexthop_compat_mode off the kernel tells the number of the
   nexthop alone: where it leads to is not known then. */
static bool
leads_nowhere(const struct rtmsg *m, const struct nlattr *const *tb)
{
	return m->rtm_type == RTN_UNICAST && tb[RTA_NH_ID] != NULL &&
	    tb[RTA_OIF] == NULL && tb[RTA_MULTIPATH] == NULL;
}

void
words_route(struct words_out *o, const struct record *r, struct state *s)
{
	const struct nlattr *tb[RTA_MAX + 1];
	struct reader reader = { .state = s, .file = "rtnetlink" };
	uint32_t table, was = s->routes.n;
	struct rtmsg m;
	bool odd;

	memcpy(&m, r->bytes, sizeof(m));
	attrs_parse(r->bytes + sizeof(m), r->n - sizeof(m), tb, RTA_MAX);
	table = m.rtm_table;
	attr_u32(tb[RTA_TABLE], &table);
	add_target(o, &m, tb);
	if (tb[RTA_NEWDST] != NULL)
		words_add(o, "as-to ?");
	add_way(o, &m, tb);
	ip_route_text(&reader, 0, o->text, o->len, m.rtm_family == AF_INET6,
	    table);
	odd = o->cut || tb[0] != NULL || leads_nowhere(&m, tb);
	for (uint32_t i = was; odd && i < s->routes.n; i++)
		s->routes.v[i].odd = true;
}
