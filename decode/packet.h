/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * packet.h - one captured frame, decoded to facts.
 *
 * packet_decode() never fails and never prints: what it found out is in the
 * packet, and how far it came is in its outcome.  A packet has one layer per
 * IP (or ARP) header, outermost first; a tunnel makes the next layer.  Bytes
 * are borrowed: payload pointers live as long as the frame's buffer.
 */
#ifndef DECODE_PACKET_H
#define DECODE_PACKET_H

#include <stdbool.h>
#include <stdint.h>

#include "decode/addr.h"

/* Link types that we decode: LINKTYPE_ and DLT_ numbers, tcpdump.org/linktypes. */
enum linktype {
	LT_NULL		= 0,	/* BSD loopback, host byte order of the writer */
	LT_ETHERNET	= 1,
	LT_RAW_BSD	= 12,	/* DLT_RAW on most systems */
	LT_RAW_OPENBSD	= 14,	/* DLT_RAW on OpenBSD */
	LT_RAW		= 101,	/* LINKTYPE_RAW */
	LT_LOOP		= 108,	/* OpenBSD loopback, network byte order */
	LT_SLL		= 113,	/* Linux cooked v1 */
	LT_IPV4		= 228,
	LT_IPV6		= 229,
	LT_SLL2		= 276,	/* Linux cooked v2 */
};

enum outcome {
	DEC_OK,
	DEC_TRUNCATED,		/* the capture ends inside a header */
	DEC_MALFORMED,		/* a length or field that cannot be; see why */
	DEC_UNKNOWN,		/* a link type, ethertype or IP protocol we do not read */
	N_OUTCOMES
};

enum direction { DIR_UNKNOWN, DIR_IN, DIR_OUT };

enum tunnel_type {
	TUN_NONE, TUN_VXLAN, TUN_VXLAN_GPE, TUN_GENEVE, TUN_GRE,
	TUN_IPIP,		/* 4in4, protocol 4 */
	TUN_6IN4, TUN_4IN6, TUN_6IN6,
	N_TUNNEL_TYPES
};

/* IP protocol numbers (IANA) that the decoder knows by name. */
enum ip_proto {
	PROTO_ICMP = 1, PROTO_IPIP = 4, PROTO_TCP = 6, PROTO_UDP = 17,
	PROTO_IPV6 = 41, PROTO_GRE = 47, PROTO_ESP = 50, PROTO_AH = 51,
	PROTO_ICMPV6 = 58, PROTO_SCTP = 132,
};

enum tcp_flag {
	TCP_FIN = 0x01, TCP_SYN = 0x02, TCP_RST = 0x04, TCP_PSH = 0x08,
	TCP_ACK = 0x10, TCP_URG = 0x20, TCP_ECE = 0x40, TCP_CWR = 0x80,
};

enum layer_kind { LAYER_IP, LAYER_ARP };

enum layer_has {
	HAS_PORTS	= 1 << 0,	/* sport, dport (or the ICMP id) are known */
	HAS_TCP		= 1 << 1,	/* the whole fixed TCP header was read */
	HAS_TCP_TS	= 1 << 2,
	HAS_ICMP	= 1 << 3,	/* icmp_type, icmp_code */
	HAS_ICMP_ECHO	= 1 << 4,	/* icmp_seq, and the id as a port */
	HAS_ERROR	= 1 << 5,	/* an ICMP error: `about` is the packet it reports */
	HAS_SCTP	= 1 << 6,	/* sctp_vtag */
	HAS_VLAN	= 1 << 7,
	HAS_L4		= 1 << 8,	/* the L4 header was read whole: payload is set */
	IS_FRAG		= 1 << 9,	/* one of several fragments */
	IS_FRAG_LATER	= 1 << 10,	/* offset not 0: no ports inside */
	IS_ECHO_REPLY	= 1 << 11,
};

/*
 * Who talks to whom.  Ports in host order.  For ICMP echo (and the other
 * query types that carry an id) the id stands on the requester's side: it is
 * sport in a request and dport in a reply, the other port is 0, so that a
 * reply is the exact reverse of its request.
 */
struct tuple {
	struct addr	src, dst;
	uint16_t	sport, dport;
	uint8_t		proto;		/* IP protocol; after IPv6 extensions */
};

static inline bool
tuple_eq(const struct tuple *x, const struct tuple *y)
{
	return x->sport == y->sport && x->dport == y->dport && x->proto == y->proto &&
	    addr_eq(&x->src, &y->src) && addr_eq(&x->dst, &y->dst);
}

/* As an answer to it has it. */
static inline struct tuple
tuple_turned(const struct tuple *t)
{
	return (struct tuple){ .src = t->dst, .dst = t->src, .sport = t->dport,
	    .dport = t->sport, .proto = t->proto };
}

/* The tunnel that a layer travelled in. */
struct tunnel {
	uint8_t		type;		/* enum tunnel_type; TUN_NONE outside of any */
	uint32_t	id;		/* VNI, GRE key; 0 when it has none */
};

struct layer {
	uint8_t		kind;		/* enum layer_kind */
	uint8_t		ttl;		/* or hop limit */
	uint8_t		tcp_flags;	/* enum tcp_flag */
	uint8_t		icmp_type, icmp_code;
	uint16_t	vlan;		/* innermost VLAN id of the frame, HAS_VLAN */
	uint16_t	arp_op;		/* 1 who-has, 2 is-at; src, dst are sender and target */
	uint32_t	has;		/* enum layer_has */
	struct tuple	t;
	struct tunnel	tunnel;
	uint32_t	ip_id;		/* IPv4 identification, or IPv6 fragment id; else 0 */
	uint32_t	ip_len;		/* the IP packet's own length with its header, bytes;
					   from the header, or from the frame where the header
					   says 0 (TSO, jumbogram) */
	uint32_t	seq, ack;	/* TCP */
	uint32_t	ts_val, ts_ecr;	/* TCP timestamps, HAS_TCP_TS */
	uint32_t	sctp_vtag;
	uint16_t	icmp_seq;
	uint32_t	payload_len;	/* bytes after the L4 header as the headers say */
	uint32_t	payload_cap;	/* how many of them were captured */
	const uint8_t	*payload;	/* borrowed; for ICMP the bytes after the 8-byte header;
					   for SCTP the chunks; for other protocols what
					   follows the IP header */
	const uint8_t	*l3;		/* borrowed: first byte of the IP header */
	uint32_t	l3_cap;		/* captured bytes from l3 to the end of this IP packet */
	struct tuple	about;		/* HAS_ERROR: the embedded packet's tuple */
	uint32_t	about_has;	/* HAS_PORTS when `about` has ports */
};

#define PACKET_MAX_LAYERS	4	/* deeper tunnels end as DEC_UNKNOWN */

struct packet {
	/* from the link layer */
	uint8_t		dir;		/* enum direction, from SLL packet type; else unknown */
	uint8_t		outcome;	/* enum outcome */
	bool		group;		/* link-level broadcast or multicast */
	bool		other_host;	/* cooked: to another link-level address, so that
					   this node drops what it captured (packet(7),
					   PACKET_OTHERHOST) */
	bool		has_src_mac, has_dst_mac;
	uint8_t		src_mac[6], dst_mac[6];
	uint32_t	ifindex;	/* SLL2; else 0 */
	const char	*why;		/* static text for every outcome but DEC_OK */
	/* what was decoded, also when the outcome is not DEC_OK */
	unsigned	n_layers;
	struct layer	layer[PACKET_MAX_LAYERS];
};

/*
 * Decode a frame of `caplen` captured bytes, `len` on the wire, of the given
 * link type.  All of *p that the comments above call known is written, the
 * rest of a layer is left as it was: look at `has`.
 */
void	packet_decode(struct packet *p, unsigned linktype, const uint8_t *data,
	    uint32_t caplen, uint32_t len);

/* Names for output: "vxlan"; "tcp", or NULL for a protocol without one. */
const char	*tunnel_name(unsigned tunnel_type);
const char	*proto_name(unsigned ip_proto);

#endif
