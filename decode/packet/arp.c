/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * arp.c - ARP for IPv4 over Ethernet (RFC 826): who-has and is-at.
 */
#include <string.h>

#include "decode/packet/bytes.h"
#include "decode/packet/packet_int.h"

#define ARP_HLEN	28
#define ARP_FIXED	8	/* up to the addresses, whose sizes it tells */
#define ARP_REQUEST	1
#define ARP_REPLY	2

static const struct header arp_header = HEADER("ARP packet");

bool
arp_decode(struct packet *p, const struct content *c)
{
	/* Ethernet, IPv4, and the sizes of their addresses. */
	static const uint8_t ether_ip4[] = { 0, 1, 8, 0, 6, 4 };
	const uint8_t *h = c->s.p;
	struct layer *l = &p->layer[p->n_layers];
	uint16_t op;

	if (!packet_need(p, c->s, ARP_FIXED, &arp_header))
		return false;
	op = get_be16(h + 6);
	if (memcmp(h, ether_ip4, sizeof(ether_ip4)) != 0 ||
	    (op != ARP_REQUEST && op != ARP_REPLY))
		return packet_fault(p, DEC_UNKNOWN,
		    "ARP that is not who-has or is-at of IPv4 over Ethernet");
	if (!packet_need(p, c->s, ARP_HLEN, &arp_header))
		return false;

	/* A cooked capture may lack it; a tunnel's is not of this link. */
	if (!p->has_src_mac && p->n_layers == 0) {
		memcpy(p->src_mac, h + 8, 6);
		p->has_src_mac = true;
	}
	*l = (struct layer){
		.kind = LAYER_ARP,
		.vlan = c->vlan,
		.arp_op = op,
		.has = c->has,
		.tunnel = c->tunnel,
		.ip_len = ARP_HLEN,
		.l3 = h,
		.l3_cap = ARP_HLEN,
		.payload = h + ARP_HLEN,
	};
	l->t.src = addr_from_v4(h + 14);
	l->t.dst = addr_from_v4(h + 24);
	p->n_layers++;
	return false;
}
