/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fingerprint.h - what Linux NAT and forwarding leave alone in a packet.
 *
 * nf_nat rewrites addresses, ports, the ICMP id and checksums (kernel
 * net/netfilter/nf_nat_proto.c), forwarding lowers the TTL.  The rest of a
 * packet is the same on both sides and is hashed here; two sightings with
 * equal fingerprints are candidates for being one packet.
 */
#ifndef DECODE_FINGERPRINT_H
#define DECODE_FINGERPRINT_H

#include <stdint.h>

#include "decode/packet.h"

enum fp_strength {
	FP_NONE,	/* nothing to go by: never joins */
	FP_WEAK,	/* payload only: another host may send the same bytes */
	FP_MEDIUM,	/* payload and a nonzero IP ID */
	FP_STRONG,	/* random by protocol: TCP sequence numbers, SCTP tags */
};

struct fingerprint {
	uint64_t	hash;
	uint8_t		strength;	/* enum fp_strength */
	bool		cut;		/* too little payload captured: no hash, only
					   fingerprint_alt() tells */
};

/* Bytes of payload that take part: few enough to survive short snap lengths. */
#define FP_PAYLOAD	16

/* Mix two words; also used for the keys of the tracer's tables. */
static inline uint64_t
fp_mix(uint64_t a, uint64_t b)
{
	__extension__ typedef unsigned __int128 u128;
	u128 m = (u128)(a ^ UINT64_C(0x9e3779b97f4a7c15)) *
	    (b ^ UINT64_C(0xd6e8feb86659fd93));

	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

/* Keeps apart what is hashed from different fields. */
enum fp_domain { FP_DOM_TCP = 1, FP_DOM_TCP_END, FP_DOM_DATA, FP_DOM_CUT, FP_DOM_SCTP };

struct fingerprint fingerprint_data(const struct layer *);

/*
 * TCP: sequence and acknowledgement numbers are random enough alone.  The
 * length stays out, because GRO and TSO merge and split segments: the merged
 * one starts (and ends) where one of the small ones does, with the first one's
 * IP ID.  Timestamps stay out, because options may be stripped on the way.
 */
static inline struct fingerprint
fingerprint_of(const struct layer *l)
{
	if (l->kind == LAYER_IP && (l->has & (HAS_TCP | HAS_ERROR)) == HAS_TCP)
		return (struct fingerprint){ .strength = FP_STRONG,
		    .hash = fp_mix((uint64_t)l->seq << 32 | l->ack,
		    (uint64_t)l->ip_id << 16 | FP_DOM_TCP |
		    (unsigned)(l->tcp_flags & (TCP_SYN | TCP_RST)) << 8) };
	return fingerprint_data(l);
}

/*
 * A second chance for what may look different on the other side: TCP data by
 * its end (the other side shows it merged or split), UDP and ICMP without
 * their payload (the capture cut it).  0 when there is none.
 */
uint64_t	fingerprint_alt(const struct layer *);

#endif
