/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plain.c - the frames that nearly all of a capture consists of, in one go.
 *
 * A plain frame is Ethernet or Linux cooked without a VLAN tag, and in it IPv4
 * without options that is no fragment, and in that TCP with no option but the
 * usual timestamps, or UDP that is no tunnel; all lengths agree and all headers
 * were captured.  Nothing can be wrong with it, so that a few comparisons and
 * direct stores take the place of the general way, at less than half its cost.
 * Whatever else comes goes that way from its first byte, and the outcome never
 * depends on which of the two was taken.
 */
#include <stddef.h>
#include <string.h>

#include "decode/packet/bytes.h"
#include "decode/packet/packet_int.h"

#define ETH_HLEN	14
#define SLL_HLEN	16
#define SLL2_HLEN	20
#define IP_HLEN		20
#define TCP_HLEN	20
#define TCP_TS_HLEN	32
#define UDP_HLEN	8

_Static_assert(offsetof(struct tuple, dport) == offsetof(struct tuple, sport) + 2,
    "both ports are stored at once");

#define COOKED_OTHERHOST	3	/* PACKET_OTHERHOST */
#define COOKED_OUTGOING	4	/* PACKET_OUTGOING; those below came in */
#define COOKED_ETHER	1	/* ARPHRD_ETHER */
#define MAC_LEN		6

/* The rest of both cooked headers.  `pkttype` is known to be of the five. */
static inline void
cooked_fill(struct packet *p, unsigned pkttype, const uint8_t *addr)
{
	p->dir = pkttype == COOKED_OUTGOING ? DIR_OUT : DIR_IN;
	p->group = pkttype - 1 < 2;	/* broadcast, multicast */
	p->other_host = pkttype == COOKED_OTHERHOST;
	p->has_src_mac = true;
	p->has_dst_mac = false;
	memcpy(p->src_mac, addr, MAC_LEN);
}

/* The IP header of a frame of at least SLL2_HLEN bytes; NULL when there is
   something else. */
static inline const uint8_t *
plain_link(struct packet *p, unsigned linktype, const uint8_t *h)
{
	p->ifindex = 0;
	if (linktype == LT_ETHERNET) {
		if (get_be16(h + 12) != ETH_IPV4)
			return NULL;
		p->dir = DIR_UNKNOWN;
		p->group = h[0] & 1;
		p->other_host = false;
		p->has_src_mac = p->has_dst_mac = true;
		memcpy(p->dst_mac, h, MAC_LEN);
		memcpy(p->src_mac, h + 6, MAC_LEN);
		return h + ETH_HLEN;
	}
	if (linktype == LT_SLL2) {
		if (get_be16(h) != ETH_IPV4 || get_be16(h + 8) != COOKED_ETHER ||
		    h[10] > COOKED_OUTGOING || h[11] != MAC_LEN)
			return NULL;
		p->ifindex = get_be32(h + 4);
		cooked_fill(p, h[10], h + 12);
		return h + SLL2_HLEN;
	}
	if (linktype != LT_SLL || get_be16(h + 14) != ETH_IPV4 ||
	    get_be16(h + 2) != COOKED_ETHER || get_be16(h) > COOKED_OUTGOING ||
	    get_be16(h + 4) != MAC_LEN)
		return NULL;
	cooked_fill(p, h[1], h + 6);
	return h + SLL_HLEN;
}

/* `size` bytes of IP, of which `have` were captured; true when it is plain. */
static inline bool
plain_tcp(struct layer *l, const uint8_t *h, uint32_t size, uint32_t have)
{
	const uint8_t *tcp = h + IP_HLEN;
	uint32_t all;

	if (UNLIKELY(have < IP_HLEN + TCP_HLEN))
		return false;
	all = IP_HLEN + (tcp[12] >> 4) * 4u;
	l->has = HAS_PORTS | HAS_TCP | HAS_L4;
	if (all == IP_HLEN + TCP_TS_HLEN) {
		if (UNLIKELY(have < all || get_be32(tcp + TCP_HLEN) != TCPOPT_USUAL))
			return false;
		l->has = HAS_PORTS | HAS_TCP | HAS_TCP_TS | HAS_L4;
		l->ts_val = get_be32(tcp + 24);
		l->ts_ecr = get_be32(tcp + 28);
	} else if (UNLIKELY(all != IP_HLEN + TCP_HLEN)) {
		return false;
	}
	l->seq = get_be32(tcp + 4);
	l->ack = get_be32(tcp + 8);
	l->tcp_flags = tcp[13];
	l->payload = h + all;
	l->payload_len = size - all;
	l->payload_cap = have - all;
	return true;
}

static inline bool
plain_udp(struct layer *l, const uint8_t *h, uint32_t size, uint32_t have)
{
	const uint8_t *udp = h + IP_HLEN;

	if (UNLIKELY(get_be16(udp + 4) != size - IP_HLEN ||
	    port_is_tunnel(get_be16(udp + 2))))
		return false;
	l->has = HAS_PORTS | HAS_L4;
	l->payload = udp + UDP_HLEN;
	l->payload_len = size - IP_HLEN - UDP_HLEN;
	l->payload_cap = have - IP_HLEN - UDP_HLEN;
	return true;
}

static inline bool
plain_ip(struct layer *l, const uint8_t *h, uint32_t have, uint32_t wire)
{
	uint32_t size = get_be16(h + 2);

	if (UNLIKELY(h[0] != 0x45 || (get_be16(h + 6) & IP4_FRAGMENT) != 0 ||
	    size > wire || size < IP_HLEN + UDP_HLEN))
		return false;
	if (have > size)
		have = size;
	if (LIKELY(h[9] == PROTO_TCP)) {
		if (UNLIKELY(!plain_tcp(l, h, size, have)))
			return false;
	} else if (h[9] != PROTO_UDP || !plain_udp(l, h, size, have)) {
		return false;
	}
	l->kind = LAYER_IP;
	l->ttl = h[8];
	put_mapped_v4(l->t.src.b, h + 12);
	put_mapped_v4(l->t.dst.b, h + 16);
	put_be16_pair((uint8_t *)&l->t + offsetof(struct tuple, sport), h + IP_HLEN);
	l->t.proto = h[9];
	l->tunnel = (struct tunnel){ .type = TUN_NONE };
	l->ip_id = get_be16(h + 4);
	l->ip_len = size;
	l->l3 = h;
	l->l3_cap = have;
	return true;
}

void
packet_decode(struct packet *p, unsigned linktype, const uint8_t *data,
    uint32_t caplen, uint32_t len)
{
	const uint8_t *h = NULL;
	uint32_t off;

	if (LIKELY(caplen >= SLL2_HLEN + IP_HLEN + UDP_HLEN && len >= caplen))
		h = plain_link(p, linktype, data);
	if (LIKELY(h != NULL)) {
		off = (uint32_t)(h - data);
		p->outcome = DEC_OK;
		p->why = NULL;
		p->n_layers = 1;
		if (LIKELY(plain_ip(&p->layer[0], h, caplen - off, len - off)))
			return;
	}
	packet_decode_any(p, linktype, data, caplen, len);
}
