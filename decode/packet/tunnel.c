/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tunnel.c - what a tunnel header says about the packet inside: GRE (RFC 2784
 * and 2890), VXLAN (RFC 7348), VXLAN-GPE (draft-ietf-nvo3-vxlan-gpe), Geneve
 * (RFC 8926).
 *
 * A port number does not prove a tunnel.  UDP whose payload cannot be the
 * tunnel header of its port is ordinary UDP, and no fault.
 */
#include "decode/packet/bytes.h"
#include "decode/packet/packet_int.h"

#define VXLAN_HLEN	8
#define VXLAN_VNI	0x08	/* the I flag: the VNI is valid */
#define GPE_VERSION	0x30
#define GPE_NEXT	0x04	/* the P flag: the next protocol is valid */
#define GPE_OAM		0x01
#define GENEVE_HLEN	8
#define GRE_HLEN	4
#define GRE_CHECKSUM	0x8000
#define GRE_ROUTING	0x4000	/* RFC 1701 */
#define GRE_KEY		0x2000
#define GRE_SEQUENCE	0x1000
#define GRE_VERSION	0x0007

static const struct header vxlan_header = HEADER("VXLAN header");
static const struct header geneve_header = HEADER("Geneve header");
static const struct header gre_header = HEADER("GRE header");

/* Content of a tunnel whose header is n bytes long. */
static void
content_set(struct content *c, struct span s, uint32_t n, uint32_t type,
    unsigned tunnel, uint32_t id)
{
	c->s = span_after(s, n);
	c->type = type;
	c->has = 0;		/* it is in no VLAN of the frame around it */
	c->tunnel.type = (uint8_t)tunnel;
	c->tunnel.id = id;
}

static bool
vxlan_open(struct packet *p, struct span s, struct content *c)
{
	const uint8_t *h = s.p;

	if (span_len(s) < VXLAN_HLEN)
		return false;
	if (span_cap(s) > 0 && !(h[0] & VXLAN_VNI))
		return false;
	if (!packet_need(p, s, VXLAN_HLEN, &vxlan_header))
		return false;
	content_set(c, s, VXLAN_HLEN, CONTENT_ETHERNET, TUN_VXLAN,
	    get_be24(h + 4));
	return true;
}

static bool
gpe_open(struct packet *p, struct span s, struct content *c)
{
	static const uint32_t next_types[] = {
		[1] = ETH_IPV4, [2] = ETH_IPV6, [3] = CONTENT_ETHERNET,
	};
	const uint8_t *h = s.p;
	uint32_t type = CONTENT_ETHERNET;

	if (span_len(s) < VXLAN_HLEN)
		return false;
	if (span_cap(s) > 0 && (h[0] & GPE_VERSION ||
	    !(h[0] & (VXLAN_VNI | GPE_NEXT))))
		return false;
	if (!packet_need(p, s, VXLAN_HLEN, &vxlan_header))
		return false;
	if (h[0] & GPE_NEXT) {
		type = h[3] < sizeof(next_types) / sizeof(next_types[0]) ?
		    next_types[h[3]] : 0;
	}
	if (type == 0 || h[0] & GPE_OAM) {
		return packet_fault(p, DEC_UNKNOWN,
		    "VXLAN-GPE packet that carries neither Ethernet nor IP");
	}
	content_set(c, s, VXLAN_HLEN, type, TUN_VXLAN_GPE,
	    h[0] & VXLAN_VNI ? get_be24(h + 4) : 0);
	return true;
}

/* Ethertypes that GRE and Geneve carry; 0 for what we do not read. */
static uint32_t
bridged_type(uint32_t ethertype)
{
	switch (ethertype) {
	case ETH_BRIDGED:
		return CONTENT_ETHERNET;
	case ETH_IPV4:
	case ETH_IPV6:
		return ethertype;
	}
	return 0;
}

static bool
geneve_open(struct packet *p, struct span s, struct content *c)
{
	const uint8_t *h = s.p;
	uint32_t n, type;

	if (span_len(s) < GENEVE_HLEN)
		return false;
	if (span_cap(s) > 0 && h[0] >> 6 != 0)
		return false;
	if (!packet_need(p, s, GENEVE_HLEN, &geneve_header))
		return false;
	n = GENEVE_HLEN + (h[0] & 0x3fu) * 4;
	type = bridged_type(get_be16(h + 2));
	if (type == 0 || n > span_len(s))
		return packet_fault(p, DEC_UNKNOWN,
		    "Geneve packet that carries neither Ethernet nor IP");
	if (!packet_need(p, s, n, &geneve_header))
		return false;
	content_set(c, s, n, type, TUN_GENEVE, get_be24(h + 4));
	return true;
}

bool
tunnel_open_udp(struct packet *p, const struct layer *l, struct content *c)
{
	struct span s = layer_payload(l);

	switch (l->t.dport) {
	case PORT_VXLAN_GPE:
		return gpe_open(p, s, c);
	case PORT_GENEVE:
		return geneve_open(p, s, c);
	}
	return vxlan_open(p, s, c);
}

bool
tunnel_open_gre(struct packet *p, const struct layer *l, struct content *c)
{
	struct span s = layer_payload(l);
	const uint8_t *h = s.p;
	uint32_t flags, type, key_at, n = GRE_HLEN;

	if (!packet_need(p, s, GRE_HLEN, &gre_header))
		return false;
	flags = get_be16(h);
	type = bridged_type(get_be16(h + 2));
	if ((flags & GRE_VERSION) == 1)
		return packet_fault(p, DEC_UNKNOWN, "GRE version 1 (PPTP)");
	if (flags & (GRE_VERSION | GRE_ROUTING))
		return packet_fault(p, DEC_UNKNOWN,
		    "GRE of an unknown version or with source routing");
	if (type == 0)
		return packet_fault(p, DEC_UNKNOWN,
		    "GRE packet that carries neither Ethernet nor IP");
	n += flags & GRE_CHECKSUM ? 4 : 0;
	key_at = n;
	n += flags & GRE_KEY ? 4 : 0;
	n += flags & GRE_SEQUENCE ? 4 : 0;
	if (!packet_need(p, s, n, &gre_header))
		return false;
	content_set(c, s, n, type, TUN_GRE,
	    flags & GRE_KEY ? get_be32(h + key_at) : 0);
	return true;
}

bool
tunnel_open_ip(const struct layer *l, unsigned type, struct content *c)
{
	content_set(c, layer_payload(l), 0, type == TUN_IPIP ||
	    type == TUN_4IN6 ? ETH_IPV4 : ETH_IPV6, type, 0);
	return true;
}

bool
tunnel_is_guess(unsigned tunnel_type)
{
	return tunnel_type == TUN_VXLAN || tunnel_type == TUN_VXLAN_GPE ||
	    tunnel_type == TUN_GENEVE;
}
