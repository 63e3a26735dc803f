/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gen.h - the parts of the traffic generator and what they share.
 *
 * gen_plan.c invents a conversation, gen_shape.c says through which interfaces it
 * goes and translated to what, gen_talk.c makes its packets one after another, gen_wire.c turns a
 * packet at an interface into captured bytes, generate.c keeps the clock.
 * Everything follows from the seed: no part asks for the time.
 */
#ifndef BENCH_GEN_H
#define BENCH_GEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define USEC		INT64_C(1000)
#define MSEC		INT64_C(1000000)
#define SEC		INT64_C(1000000000)
#define NEVER		INT64_MAX
#define CAPTURE_START	(INT64_C(1795194000) * SEC)	/* 2026-11-20T17:00:00Z */

enum { P_ICMP = 1, P_TCP = 6, P_UDP = 17 };
enum { F_FIN = 0x01, F_SYN = 0x02, F_RST = 0x04, F_PSH = 0x08, F_ACK = 0x10 };

/* SplitMix64 (Steele, Lea, Flood 2014): small, and good for any seed. */
struct prng {
	uint64_t	s;
};

static inline uint64_t
prng_next(struct prng *r)
{
	uint64_t z = r->s += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* 0 to n-1; the bias of the multiplication is below 2^-32. */
static inline uint32_t
prng_below(struct prng *r, uint32_t n)
{
	return (uint32_t)(((prng_next(r) >> 32) * n) >> 32);
}

static inline int64_t
prng_between(struct prng *r, int64_t low, int64_t high)
{
	return low + (int64_t)(prng_next(r) % (uint64_t)(high - low + 1));
}

/* True n times in a thousand. */
static inline bool
prng_permille(struct prng *r, uint32_t n)
{
	return prng_below(r, 1000) < n;
}

/* Addresses and ports in host order; ICMP echo has its id as sport. */
struct tup {
	uint32_t	src, dst;
	uint16_t	sport, dport;
	uint8_t		proto;
};

enum class {
	C_SNAT,			/* pod to internet, source becomes the node's */
	C_NONE,			/* pod to VPC, or VPC to pod: routed */
	C_SAME_NODE,		/* pod to pod, two veths */
	C_DNAT,			/* ClusterIP, endpoint elsewhere */
	C_DNAT_LOCAL,		/* ClusterIP, endpoint on this node */
	C_NODEPORT,		/* DNAT and SNAT, endpoint elsewhere: in and out of ENIs */
	C_NODEPORT_LOCAL,	/* DNAT and SNAT, endpoint on this node */
	C_HOST,			/* the node's own: seen once */
	C_DROPPED,		/* came in, never went out */
	C_SAME_BYTES,		/* many pods, one payload, no IP ID, one moment */
	C_ONCE,			/* one packet and no more */
	N_CLASSES
};

enum talk { TALK_TCP, TALK_DNS, TALK_STREAM, TALK_STATSD, TALK_PING, TALK_SAME, N_TALKS };

enum split { SPLIT_NO, SPLIT_AT_EXIT, SPLIT_AT_ENTRY };

#define INLINE_MAX	64
#define FIRST_VETH	32u	/* interface indexes below are ENIs */

/* A packet as its sender made it, but for addresses and ports. */
struct pkt {
	bool		reply;
	bool		lost;		/* enters the node and never leaves */
	bool		has_ts;
	uint8_t		ttl;		/* on entry */
	uint8_t		flags;		/* TCP */
	uint8_t		split;		/* enum split: GRO or TSO on one side only */
	uint16_t	ip_id;
	bool		id_fixed;	/* the IP ID is 0 in every segment of a split */
	uint16_t	mss;
	uint16_t	icmp_seq;
	uint32_t	seq, ack, ts_val, ts_ecr;
	uint32_t	pool;		/* payload: this offset of the byte pool, */
	uint32_t	len;		/* so many bytes, after: */
	uint8_t		n_inline;
	uint8_t		inl[INLINE_MAX];
};

/* Index 0 is the initiator (A), 1 the responder (B). */
struct conv {
	struct conv	*next, *prev;	/* all that still owe a line of truth */
	uint64_t	 number;
	struct tup	 orig, trans;
	uint8_t		 class, talk;
	bool		 over, closed;	/* no more packets; closed: ports may be used again */
	uint32_t	 iface[2];	/* 0: not captured on that side */
	uint8_t		 ttl[2];
	int64_t		 when;		/* next packet's entry into the node */
	int64_t		 wait;		/* from the last packet to the next, */
	bool		 turn;		/* counted from its exit: it is an answer to it */
	int64_t		 delay[2];	/* node to endpoint and back */
	int64_t		 out_at[2];	/* last exit, so that a flow is not reordered */
	int64_t		 think;		/* mean pause between bursts */

	/* what the truth says */
	int64_t		 first, last;
	uint32_t	 pending;	/* sightings not yet written */
	uint32_t	 sightings;
	bool		 crossed;	/* one packet was seen on entry and on exit */
	bool		 replied;	/* one packet of B was seen */
	bool		 lost;		/* one packet entered and never left */

	/* gen_talk.c */
	uint8_t		 state, side;
	bool		 has_ts, silent, refused, aborts, common_text;
	uint8_t		 split;		/* enum split */
	bool		 id_zero[2];
	uint16_t	 ip_id[2];
	uint16_t	 mss, icmp_seq, dns_id;
	uint32_t	 seq[2], ts_off[2], ts_seen[2];
	uint32_t	 pool[2];
	uint32_t	 left;		/* packets, or exchanges, still to send */
	uint32_t	 burst, acks, last_len, burst_len, tries;
};

struct options {
	uint64_t	 packets, flows, seed;
	int64_t		 duration, shift;
	uint32_t	 snap;
	const char	*out, *out2, *truth;	/* out2: Ethernet, ENI side */
	bool		 every_packet_new_flow, same_bytes;
};

/* gen_ports.c: tuples in use.  A tuple and its reverse are the same. */
struct ports;
struct ports	*ports_new(void);
void		 ports_free(struct ports *);
bool		 ports_free_at(struct ports *, const struct tup *, int64_t now);
void		 ports_hold(struct ports *, const struct tup *, int64_t until);

/* gen_plan.c: who talks. */
struct plan;
struct plan	*plan_new(const struct options *);
void		 plan_free(struct plan *);
/* Fill all but the list links and the number of a conversation that starts now,
   or, midway, that began before the capture. */
void		 plan_conv(struct plan *, struct prng *, struct conv *, int64_t now,
		    bool midway);
/* The conversation is over: its ports become free, some time later. */
void		 plan_release(struct plan *, const struct conv *, int64_t now);
const char	*plan_class_name(unsigned class);

/* gen_talk.c: fill *p with the packet due at c->when; set c->wait and c->turn for
   the next one, or c->over. */
void		 talk_start(struct conv *, struct prng *, bool midway);
void		 talk_step(struct conv *, struct prng *, struct pkt *p);
int64_t		 talk_exp(struct prng *, int64_t mean);
/* What conntrack has of it when all is over: a TCP state, REPLIED or UNREPLIED
   for what has none, NONE without an entry. */
const char	*talk_conntrack(const struct conv *);

/* gen_wire.c: captured bytes. */
struct wire;
struct sighting {
	int64_t		 when;
	uint64_t	 order;		/* among equal times */
	struct conv	*conv;
	bool		 exit;		/* leaves the node here */
	struct pkt	 pkt;
};
struct wire	*wire_new(const struct options *, struct prng *);
void		 wire_put(struct wire *, const struct sighting *);
bool		 wire_close(struct wire *);

#endif
