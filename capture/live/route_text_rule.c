/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * route_text_rule.c - a policy rule of rtnetlink (linux/fib_rules.h) as ip-rule(8)
 * prints it: iproute2's print_rule().
 */
#include <endian.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <string.h>

#include "capture/live/route_words.h"

/* Of rules, later than linux/fib_rules.h of 6.1; higher ones are not known. */
enum { RULE_DSCP = 25, RULE_FLOWLABEL = 26, RULE_FLOWLABEL_MASK = 27,
	RULE_SPORT_MASK = 28, RULE_DPORT_MASK = 29, RULE_DSCP_MASK = 30,
	RULE_ATTRS = 30 };

static const struct number_name tables[] = {
	{ RT_TABLE_DEFAULT, "default" }, { RT_TABLE_MAIN, "main" },
	{ RT_TABLE_LOCAL, "local" }, { 0, NULL },
};

/* /etc/protocols */
static const struct number_name ip_protocols[] = {
	{ IPPROTO_ICMP, "icmp" }, { IPPROTO_IGMP, "igmp" }, { IPPROTO_IPIP, "ipencap" },
	{ IPPROTO_TCP, "tcp" }, { IPPROTO_UDP, "udp" }, { IPPROTO_DCCP, "dccp" },
	{ IPPROTO_IPV6, "ipv6" }, { IPPROTO_GRE, "gre" }, { IPPROTO_ESP, "esp" },
	{ IPPROTO_AH, "ah" }, { IPPROTO_ICMPV6, "ipv6-icmp" },
	{ 89, "ospf" }, { IPPROTO_PIM, "pim" }, { 112, "vrrp" },
	{ IPPROTO_SCTP, "sctp" }, { IPPROTO_UDPLITE, "udplite" }, { 0, NULL },
};

static void
add_mark(struct words_out *o, const struct nlattr *const *tb)
{
	uint32_t mark = 0, mask = UINT32_MAX;

	if (tb[FRA_FWMARK] == NULL && tb[FRA_FWMASK] == NULL)
		return;
	attr_u32(tb[FRA_FWMARK], &mark);
	attr_u32(tb[FRA_FWMASK], &mask);
	if (mask != UINT32_MAX)
		words_add(o, "fwmark 0x%x/0x%x", mark, mask);
	else
		words_add(o, "fwmark 0x%x", mark);
}

static void
add_rule_dev(struct words_out *o, const char *word, const struct nlattr *a,
    bool detached)
{
	if (a == NULL)
		return;
	words_add(o, "%s %.*s", word, (int)strnlen(mnl_attr_get_payload(a),
	    mnl_attr_get_payload_len(a)), (const char *)mnl_attr_get_payload(a));
	if (detached)
		words_add(o, "[detached]");
}

/* Newer kernels tell a mask also where all bits count. */
static void
add_ports(struct words_out *o, const char *word, const struct nlattr *a,
    const struct nlattr *mask_attr)
{
	struct fib_rule_port_range p;
	unsigned mask = UINT16_MAX;

	if (a == NULL || mnl_attr_get_payload_len(a) < sizeof(p))
		return;
	memcpy(&p, mnl_attr_get_payload(a), sizeof(p));
	if (mask_attr != NULL && mnl_attr_get_payload_len(mask_attr) >= 2)
		mask = mnl_attr_get_u16(mask_attr);
	if (mask != UINT16_MAX && mask != 0)
		words_add(o, "%s 0x%x/0x%x", word, p.start, mask);
	else if (p.start == p.end)
		words_add(o, "%s %u", word, p.start);
	else
		words_add(o, "%s %u-%u", word, p.start, p.end);
}

static void
add_selector(struct words_out *o, const struct fib_rule_hdr *h,
    const struct nlattr *const *tb)
{
	uint8_t n;

	if (h->flags & FIB_RULE_INVERT)
		words_add(o, "not");
	if (!words_range(o, "from", h->family, tb[FRA_SRC], h->src_len)) {
		if (h->src_len != 0)
			words_add(o, "from 0/%u", h->src_len);
		else
			words_add(o, "from all");
	}
	if (!words_range(o, "to", h->family, tb[FRA_DST], h->dst_len) &&
	    h->dst_len != 0)
		words_add(o, "to 0/%u", h->dst_len);
	words_tos(o, h->tos);
	if (attr_u8(tb[RULE_DSCP], &n))
		words_add(o, "dscp %u", n);
	add_mark(o, tb);
	add_rule_dev(o, "iif", tb[FRA_IIFNAME], h->flags & FIB_RULE_IIF_DETACHED);
	add_rule_dev(o, "oif", tb[FRA_OIFNAME], h->flags & FIB_RULE_OIF_DETACHED);
	if (attr_u8(tb[FRA_L3MDEV], &n) && n != 0)
		words_add(o, "lookup [l3mdev-table]");
	if (tb[FRA_UID_RANGE] != NULL &&
	    mnl_attr_get_payload_len(tb[FRA_UID_RANGE]) >=
	    sizeof(struct fib_rule_uid_range)) {
		struct fib_rule_uid_range r;

		memcpy(&r, mnl_attr_get_payload(tb[FRA_UID_RANGE]), sizeof(r));
		words_add(o, "uidrange %u-%u", r.start, r.end);
	}
	if (attr_u8(tb[FRA_IP_PROTO], &n))
		words_named(o, "ipproto", ip_protocols, n, "ipproto-");
	add_ports(o, "sport", tb[FRA_SPORT_RANGE], tb[RULE_SPORT_MASK]);
	add_ports(o, "dport", tb[FRA_DPORT_RANGE], tb[RULE_DPORT_MASK]);
	if (tb[FRA_TUN_ID] != NULL && mnl_attr_get_payload_len(tb[FRA_TUN_ID]) >= 8)
		words_add(o, "tun_id %llu",
		    (unsigned long long)be64toh(mnl_attr_get_u64(tb[FRA_TUN_ID])));
	if (tb[RULE_FLOWLABEL] != NULL || tb[RULE_FLOWLABEL_MASK] != NULL)
		words_add(o, "flowlabel ?");
}

static void
add_table(struct words_out *o, const struct fib_rule_hdr *h,
    const struct nlattr *const *tb)
{
	uint32_t table = h->table, n;

	attr_u32(tb[FRA_TABLE], &table);
	if (table == 0)
		return;
	words_named(o, "lookup", tables, table, "");
	if (attr_u32(tb[FRA_SUPPRESS_PREFIXLEN], &n) && n != UINT32_MAX)
		words_add(o, "suppress_prefixlength %u", n);
	/* /etc/iproute2/group: 0 is "default" */
	if (attr_u32(tb[FRA_SUPPRESS_IFGROUP], &n) && n != UINT32_MAX)
		words_named(o, "suppress_ifgroup", (const struct number_name []){
		    { 0, "default" }, { 0, NULL } }, n, "");
}

static void
add_action(struct words_out *o, const struct fib_rule_hdr *h,
    const struct nlattr *const *tb)
{
	char text[NUMBER_MAX];
	uint32_t n;

	if (h->action == FR_ACT_GOTO) {
		if (attr_u32(tb[FRA_GOTO], &n))
			words_add(o, "goto %u", n);
		else
			words_add(o, "goto none");
		if (h->flags & FIB_RULE_UNRESOLVED)
			words_add(o, "[unresolved]");
	} else if (h->action == FR_ACT_NOP) {
		words_add(o, "nop");
	} else if (h->action != FR_ACT_TO_TBL) {
		/* the numbers are those of types of routes */
		words_number(route_types, h->action, "", text);
		words_add(o, "%s", text);
	}
}

void
words_rule(struct words_out *o, const struct record *r, struct state *s)
{
	const struct nlattr *tb[RULE_ATTRS + 1];
	struct reader reader = { .state = s, .file = "rtnetlink" };
	struct fib_rule_hdr h;
	uint32_t priority = 0;
	uint8_t proto;

	memcpy(&h, r->bytes, sizeof(h));
	attrs_parse(r->bytes + sizeof(h), r->n - sizeof(h), tb, RULE_ATTRS);
	attr_u32(tb[FRA_PRIORITY], &priority);
	words_add(o, "%u:", priority);
	add_selector(o, &h, tb);
	add_table(o, &h, tb);
	words_realms(o, "realms", tb[FRA_FLOW]);
	add_action(o, &h, tb);
	if (attr_u8(tb[FRA_PROTOCOL], &proto) && proto != 0 &&
	    proto != RTPROT_KERNEL)
		words_named(o, "proto", route_protocols, proto, "");
	/* an attribute that we do not know limits it further */
	if (tb[0] != NULL)
		words_add(o, "attribute-%u", mnl_attr_get_type(tb[0]));
	ip_rule_text(&reader, 0, o->text, o->len, h.family == AF_INET6);
}
