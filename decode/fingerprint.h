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
	/* For a segment or payload that may look different on the other side:
	   TCP data by its end (the other side shows it merged or split), UDP
	   and ICMP without payload (the capture cut it).  0 when there is none. */
	uint64_t	alt;
	uint8_t		strength;	/* enum fp_strength of hash */
	uint8_t		alt_strength;
	bool		cut;		/* too little payload captured: only alt tells */
};

/* Bytes of payload that take part: few enough to survive short snap lengths. */
#define FP_PAYLOAD	16

struct fingerprint fingerprint_of(const struct layer *);

/* Mix two words; also used for the keys of the tracer's tables. */
static inline uint64_t
fp_mix(uint64_t a, uint64_t b)
{
	__extension__ typedef unsigned __int128 u128;
	u128 m = (u128)(a ^ UINT64_C(0x9e3779b97f4a7c15)) *
	    (b ^ UINT64_C(0xd6e8feb86659fd93));

	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

#endif
