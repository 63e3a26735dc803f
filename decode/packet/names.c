/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * names.c - words for the numbers in a packet.  Protocols are called as
 * conntrack(8) calls them where it does, else as in IANA's registry.
 */
#include "decode/packet/packet_int.h"

/* A number, and why packets of it end as DEC_UNKNOWN. */
struct reason {
	unsigned	 number;
	const char	*why;
};

static const struct reason ethertypes[] = {
	{ 0x0842, "ethertype 0x0842, wake-on-LAN" },
	{ 0x6558, "ethertype 0x6558, bridged Ethernet outside of a tunnel" },
	{ 0x8035, "ethertype 0x8035, RARP" },
	{ 0x8847, "ethertype 0x8847, MPLS" },
	{ 0x8863, "ethertype 0x8863, PPPoE discovery" },
	{ 0x8864, "ethertype 0x8864, PPPoE" },
	{ 0x888e, "ethertype 0x888e, EAPOL" },
	{ 0x88cc, "ethertype 0x88cc, LLDP" },
	{ 0x88e5, "ethertype 0x88e5, MACsec" },
	{ 0x88f7, "ethertype 0x88f7, PTP" },
	{ 0x9000, "ethertype 0x9000, loopback test" },
};

static const struct reason protocols[] = {
	{ 2, "IP protocol 2, IGMP" },
	{ 33, "IP protocol 33, DCCP" },
	{ 88, "IP protocol 88, EIGRP" },
	{ 89, "IP protocol 89, OSPF" },
	{ 103, "IP protocol 103, PIM" },
	{ 112, "IP protocol 112, VRRP" },
	{ 136, "IP protocol 136, UDP-Lite" },
};

static const char *const tunnel_names[N_TUNNEL_TYPES] = {
	[TUN_NONE]	= "none",
	[TUN_VXLAN]	= "vxlan",
	[TUN_VXLAN_GPE]	= "vxlan-gpe",
	[TUN_GENEVE]	= "geneve",
	[TUN_GRE]	= "gre",
	[TUN_IPIP]	= "ipip",
	[TUN_6IN4]	= "6in4",
	[TUN_4IN6]	= "4in6",
	[TUN_6IN6]	= "6in6",
};

static const char *const proto_names[256] = {
	[PROTO_ICMP]	= "icmp",
	[2]		= "igmp",
	[PROTO_IPIP]	= "ipip",
	[PROTO_TCP]	= "tcp",
	[PROTO_UDP]	= "udp",
	[33]		= "dccp",
	[PROTO_IPV6]	= "ipv6",
	[PROTO_GRE]	= "gre",
	[PROTO_ESP]	= "esp",
	[PROTO_AH]	= "ah",
	[PROTO_ICMPV6]	= "icmpv6",
	[88]		= "eigrp",
	[89]		= "ospf",
	[103]		= "pim",
	[112]		= "vrrp",
	[PROTO_SCTP]	= "sctp",
	[136]		= "udplite",
};

static const char *
reason_find(const struct reason *r, size_t n, unsigned number)
{
	for (size_t i = 0; i < n; i++)
		if (r[i].number == number)
			return r[i].why;
	return NULL;
}

const char *
ethertype_why(unsigned ethertype)
{
	const char *why = reason_find(ethertypes,
	    sizeof(ethertypes) / sizeof(ethertypes[0]), ethertype);

	if (why != NULL)
		return why;
	/* IEEE 802.3 clause 3.2.6: below 0x600 the field is a length. */
	return ethertype < 0x600 ? "802.3 frame with a length (LLC)" :
	    "ethertype that is not read";
}

const char *
proto_why(unsigned ip_proto)
{
	const char *why = reason_find(protocols,
	    sizeof(protocols) / sizeof(protocols[0]), ip_proto);

	return why != NULL ? why : "IP protocol that is not read";
}

const char *
tunnel_name(unsigned tunnel_type)
{
	return tunnel_type < N_TUNNEL_TYPES ? tunnel_names[tunnel_type] : NULL;
}

const char *
proto_name(unsigned ip_proto)
{
	return ip_proto < sizeof(proto_names) / sizeof(proto_names[0]) ?
	    proto_names[ip_proto] : NULL;
}
