/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * build_packet.h - frames for tests, built from the outside in.
 *
 *	struct build b;
 *
 *	build_begin(&b);
 *	build_sll2(&b, .ifindex = 7, .pkttype = 4);
 *	build_ip(&b, .src = "192.168.1.40", .dst = "172.217.175.36", .ttl = 63);
 *	build_tcp(&b, .sport = 41234, .dport = 443, .flags = TCP_SYN);
 *	build_text(&b, "hello");
 *	build_finish(&b);
 *	packet_decode(&p, b.linktype, b.b, b.n, b.n);
 *
 * Each header tells the one before it what follows; build_finish() fills in
 * lengths and checksums.  What is not named has a sensible value.  To break a
 * packet, change it after build_finish() through build_at().  A wrong use ends
 * the test program with a message.
 */
#ifndef TESTS_BUILD_PACKET_H
#define TESTS_BUILD_PACKET_H

#include <stdbool.h>
#include <stdint.h>

#include "decode/packet.h"

#define BUILD_MAX	72000	/* more than a jumbogram needs */
#define BUILD_HEADS	24

enum build_kind {
	B_NONE, B_ETH, B_SLL, B_SLL2, B_BSD, B_VLAN, B_ARP,
	B_IP4, B_IP6, B_EXT, B_FRAG6, B_AH,
	B_TCP, B_UDP, B_ICMP, B_SCTP,
	B_GRE, B_VXLAN, B_GPE, B_GENEVE,
	N_BUILD_KINDS
};

struct build {
	unsigned	linktype;	/* enum linktype, of the first header */
	uint32_t	n;		/* bytes so far */
	unsigned	n_heads;
	struct build_head {
		uint8_t		kind;	/* enum build_kind */
		uint8_t		proto;	/* what the one before should name it */
		uint32_t	at;
	} heads[BUILD_HEADS];
	uint8_t		b[BUILD_MAX];
};

struct build_link {
	const char	*src, *dst;	/* MAC; 02:00:00:00:00:01 and :02 */
	uint32_t	 ifindex;
	unsigned	 pkttype;	/* 0 in, 1 broadcast, 2 multicast, 4 out */
	unsigned	 hatype;	/* ARPHRD_, 0 means Ethernet */
	unsigned	 protocol;	/* where no header follows to name it */
};

struct build_ip {
	const char	*src, *dst;	/* both of one version; 10.0.0.1 and .2 */
	unsigned	 ttl;		/* 0 means 64 */
	unsigned	 proto;		/* where no header follows to name it */
	unsigned	 id;		/* IPv4 identification */
	unsigned	 offset;	/* IPv4 fragment offset, bytes */
	bool		 more;		/* IPv4: further fragments follow */
	const uint8_t	*options;	/* IPv4, a multiple of four bytes */
	unsigned	 n_options;
};

struct build_tcp {
	uint16_t	 sport, dport;
	uint8_t		 flags;		/* enum tcp_flag */
	uint32_t	 seq, ack;
	uint32_t	 ts_val, ts_ecr; /* NOP NOP timestamps if either is set */
	const uint8_t	*options;	/* after those, a multiple of four */
	unsigned	 n_options;
};

void	build_begin(struct build *);

#define build_eth(b, ...)	\
	build_eth_as(b, &(struct build_link){ __VA_ARGS__ })
#define build_sll(b, ...)	\
	build_sll_as(b, &(struct build_link){ __VA_ARGS__ })
#define build_sll2(b, ...)	\
	build_sll2_as(b, &(struct build_link){ __VA_ARGS__ })
#define build_ip(b, ...)	\
	build_ip_as(b, &(struct build_ip){ __VA_ARGS__ })
#define build_tcp(b, ...)	\
	build_tcp_as(b, &(struct build_tcp){ __VA_ARGS__ })

void	build_eth_as(struct build *, const struct build_link *);
void	build_sll_as(struct build *, const struct build_link *);
void	build_sll2_as(struct build *, const struct build_link *);
/* LT_NULL or LT_LOOP with the address family, little-endian or not. */
void	build_bsd(struct build *, unsigned linktype, uint32_t family,
	    bool little_endian);
/* LT_RAW and its kin: no link header. */
void	build_raw(struct build *, unsigned linktype);
void	build_vlan(struct build *, unsigned tpid, unsigned tci);
void	build_arp(struct build *, unsigned op, const char *mac,
	    const char *sender, const char *target);

void	build_ip_as(struct build *, const struct build_ip *);
/* An extension header of that number, of 8 * (units + 1) bytes. */
void	build_ext(struct build *, unsigned type, unsigned units);
void	build_frag6(struct build *, unsigned offset_bytes, bool more,
	    uint32_t id);
/* An authentication header with an ICV of 12 bytes. */
void	build_ah(struct build *);

void	build_tcp_as(struct build *, const struct build_tcp *);
void	build_udp(struct build *, unsigned sport, unsigned dport);
void	build_sctp(struct build *, unsigned sport, unsigned dport,
	    uint32_t vtag);
/* ICMP or ICMPv6, as the IP header before it says. */
void	build_icmp(struct build *, unsigned type, unsigned code,
	    uint32_t rest);
void	build_echo(struct build *, bool reply, unsigned id, unsigned seq);

/* The GRE flag word; key and sequence are written if their flags are set. */
void	build_gre(struct build *, unsigned flags, uint32_t key);
void	build_vxlan(struct build *, uint32_t vni);
void	build_gpe(struct build *, uint32_t vni);
void	build_geneve(struct build *, uint32_t vni, unsigned option_words);

void	build_bytes(struct build *, const void *, uint32_t n);
void	build_text(struct build *, const char *);
/* n bytes that differ from seed to seed. */
void	build_fill(struct build *, uint32_t n, uint32_t seed);
void	build_finish(struct build *);
/* Shorten the packet itself to n bytes; then build_finish() it again. */
void	build_cut(struct build *, uint32_t n);
/* Ethernet's padding: zeros up to n bytes, after build_finish(). */
void	build_pad(struct build *, uint32_t n);

/* The innermost header of a kind. */
uint8_t	*build_at(struct build *, enum build_kind);

/* Decode from a heap copy of just `caplen` bytes, so that a sanitizer sees a
   read too far.  The copy is freed by the next call: payload pointers of *p
   live until then. */
void	build_decode(const struct build *, struct packet *p);
void	build_decode_cut(const struct build *, struct packet *p,
	    uint32_t caplen);

#endif
