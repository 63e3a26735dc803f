/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * link.c - link-layer headers, up to the ethertype of what they carry.
 *
 * Ethernet and its tags: IEEE 802.3 clause 3, 802.1Q clause 9.  The others:
 * tcpdump.org/linktypes, LINKTYPE_LINUX_SLL, _LINUX_SLL2, _NULL and _LOOP.
 */
#include <string.h>

#include "decode/packet/bytes.h"
#include "decode/packet/packet_int.h"

#define ETH_HLEN	14
#define VLAN_HLEN	4
#define SLL_HLEN	16
#define SLL2_HLEN	20
#define BSD_HLEN	4

/* linux/if_arp.h */
enum arphrd {
	ARPHRD_ETHER		= 1,
	ARPHRD_IEEE802		= 6,
	ARPHRD_FRAD		= 770,
	ARPHRD_LOOPBACK		= 772,
	ARPHRD_IPGRE		= 778,
	ARPHRD_IEEE80211	= 801,
	ARPHRD_IEEE80211_PRISM	= 802,
	ARPHRD_IEEE80211_RADIOTAP = 803,
	ARPHRD_NETLINK		= 824,
};

/* linux/if_packet.h, the sll_pkttype of a cooked packet. */
enum pkttype {
	PKT_HOST, PKT_BROADCAST, PKT_MULTICAST, PKT_OTHERHOST, PKT_OUTGOING,
};

static const struct header eth_header = HEADER("Ethernet header");
static const struct header vlan_header = HEADER("VLAN tag");
static const struct header sll_header = HEADER("cooked capture header");
static const struct header bsd_header = HEADER("BSD loopback header");
static const struct header raw_header = HEADER("IP header");

/* Step over VLAN tags.  The content begins after the ethertype of one. */
static bool __attribute__((noinline))
vlan_open(struct packet *p, struct content *c)
{
	while (c->type == ETH_VLAN || c->type == ETH_QINQ ||
	    c->type == ETH_QINQ_OLD) {
		const uint8_t *h = c->s.p;
		uint16_t vid;

		if (!packet_need(p, c->s, VLAN_HLEN, &vlan_header))
			return false;
		vid = get_be16(h) & 0xfff;
		/* VID 0 is no VLAN: the tag carries a priority only. */
		if (vid != 0) {
			c->vlan = vid;
			c->has = HAS_VLAN;
		}
		c->type = get_be16(h + 2);
		c->s = span_after(c->s, VLAN_HLEN);
	}
	return true;
}

static inline bool
may_be_tagged(uint32_t type)
{
	return type != ETH_IPV4 && type != ETH_IPV6;
}

static bool
eth_open(struct packet *p, struct content *c)
{
	const uint8_t *h = c->s.p;

	if (UNLIKELY(span_cap(c->s) < ETH_HLEN))
		return packet_short(p, span_len(c->s), ETH_HLEN, &eth_header);
	memcpy(p->dst_mac, h, 6);
	memcpy(p->src_mac, h + 6, 6);
	p->has_src_mac = p->has_dst_mac = true;
	p->group = h[0] & 1;
	c->type = get_be16(h + 12);
	c->s = span_after(c->s, ETH_HLEN);
	return LIKELY(!may_be_tagged(c->type)) || vlan_open(p, c);
}

/* Devices other than Ethernet's: their addresses, and what they carry. */
static bool __attribute__((noinline))
sll_device(struct packet *p, struct content *c, unsigned hatype, bool is_mac)
{
	switch (hatype) {
	case ARPHRD_IEEE802:
	case ARPHRD_LOOPBACK:
	case ARPHRD_IEEE80211:
	case ARPHRD_IEEE80211_PRISM:
		p->has_src_mac = is_mac;
		break;
	case ARPHRD_FRAD:
	case ARPHRD_IEEE80211_RADIOTAP:
	case ARPHRD_NETLINK:
		/* The protocol field is not an ethertype. */
		return packet_fault(p, DEC_UNKNOWN, "cooked packet of a "
		    "device that does not carry ethertypes");
	case ARPHRD_IPGRE:
		if (c->type == ETH_BRIDGED)
			return link_open_inner(p, c);
		break;
	}
	return vlan_open(p, c);
}

/* The fields that both cooked headers have. */
static inline bool
sll_fields(struct packet *p, struct content *c, unsigned hatype,
    unsigned pkttype, unsigned halen, const uint8_t *addr)
{
	static const uint8_t dirs[] = {
		[PKT_HOST]	= DIR_IN,
		[PKT_BROADCAST]	= DIR_IN,
		[PKT_MULTICAST]	= DIR_IN,
		[PKT_OTHERHOST]	= DIR_IN,
		[PKT_OUTGOING]	= DIR_OUT,
	};

	if (LIKELY(pkttype < sizeof(dirs)))
		p->dir = dirs[pkttype];
	p->group = pkttype == PKT_BROADCAST || pkttype == PKT_MULTICAST;
	p->other_host = pkttype == PKT_OTHERHOST;
	memcpy(p->src_mac, addr, 6);
	if (UNLIKELY(hatype != ARPHRD_ETHER))
		return sll_device(p, c, hatype, halen == 6);
	p->has_src_mac = halen == 6;
	return LIKELY(!may_be_tagged(c->type)) || vlan_open(p, c);
}

static bool
sll_open(struct packet *p, struct content *c)
{
	const uint8_t *h = c->s.p;

	if (UNLIKELY(span_cap(c->s) < SLL_HLEN))
		return packet_short(p, span_len(c->s), SLL_HLEN, &sll_header);
	c->type = get_be16(h + 14);
	c->s = span_after(c->s, SLL_HLEN);
	return sll_fields(p, c, get_be16(h + 2), get_be16(h), get_be16(h + 4),
	    h + 6);
}

static bool
sll2_open(struct packet *p, struct content *c)
{
	const uint8_t *h = c->s.p;

	if (UNLIKELY(span_cap(c->s) < SLL2_HLEN))
		return packet_short(p, span_len(c->s), SLL2_HLEN, &sll_header);
	c->type = get_be16(h);
	p->ifindex = get_be32(h + 4);
	c->s = span_after(c->s, SLL2_HLEN);
	return sll_fields(p, c, get_be16(h + 8), h[10], h[11], h + 12);
}

/* The address family as the writing system numbers it. */
static bool
bsd_open(struct packet *p, struct content *c, bool host_order)
{
	uint32_t family;

	if (!packet_need(p, c->s, BSD_HLEN, &bsd_header))
		return false;
	family = get_be32(c->s.p);
	if (host_order && family > 0xffff)
		family = __builtin_bswap32(family);
	c->s = span_after(c->s, BSD_HLEN);
	switch (family) {
	case 2:		/* everywhere */
		c->type = ETH_IPV4;
		return true;
	case 10:	/* Linux */
	case 24:	/* NetBSD, OpenBSD */
	case 28:	/* FreeBSD */
	case 30:	/* Darwin */
		c->type = ETH_IPV6;
		return true;
	}
	return packet_fault(p, DEC_UNKNOWN,
	    "BSD loopback packet that is not IP");
}

static bool
raw_open(struct packet *p, struct content *c)
{
	if (!packet_need(p, c->s, 1, &raw_header))
		return false;
	switch (c->s.p[0] >> 4) {
	case 4:
		c->type = ETH_IPV4;
		return true;
	case 6:
		c->type = ETH_IPV6;
		return true;
	}
	return packet_fault(p, DEC_MALFORMED,
	    "raw IP packet of neither version");
}

bool
link_open(struct packet *p, unsigned linktype, struct content *c)
{
	if (LIKELY(linktype == LT_ETHERNET))
		return eth_open(p, c);
	if (LIKELY(linktype == LT_SLL2))
		return sll2_open(p, c);
	switch (linktype) {
	case LT_SLL:
		return sll_open(p, c);
	case LT_NULL:
		return bsd_open(p, c, true);
	case LT_LOOP:
		return bsd_open(p, c, false);
	case LT_RAW_BSD:
	case LT_RAW_OPENBSD:
	case LT_RAW:
		return raw_open(p, c);
	case LT_IPV4:
		c->type = ETH_IPV4;
		return true;
	case LT_IPV6:
		c->type = ETH_IPV6;
		return true;
	}
	return packet_fault(p, DEC_UNKNOWN, "link type that is not read");
}

bool
link_open_inner(struct packet *p, struct content *c)
{
	if (!packet_need(p, c->s, ETH_HLEN, &eth_header))
		return false;
	c->type = get_be16(c->s.p + 12);
	c->s = span_after(c->s, ETH_HLEN);
	return vlan_open(p, c);
}
