/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fingerprint.c - what Linux NAT and forwarding leave alone in a packet.
 */
#include "decode/fingerprint.h"

#include <string.h>

/* Keeps apart what is hashed from different fields. */
enum domain { DOM_TCP = 1, DOM_TCP_END, DOM_DATA, DOM_CUT, DOM_SCTP };

static uint64_t
load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* The first n <= FP_PAYLOAD bytes of the payload. */
static uint64_t
payload_hash(const uint8_t *p, uint32_t n, uint64_t h)
{
	uint8_t pad[FP_PAYLOAD] = { 0 };

	if (n < FP_PAYLOAD) {
		if (n > 0)
			memcpy(pad, p, n);
		p = pad;
	}
	return fp_mix(load64(p) ^ h, load64(p + 8) + n);
}

/*
 * Sequence and acknowledgement numbers are random enough alone.  The length
 * stays out, because GRO and TSO merge and split segments: the merged one
 * starts (and ends) where one of the small ones does, with the first one's IP
 * ID.  Timestamps stay out, because options may be stripped on the way.
 */
static struct fingerprint
tcp_fingerprint(const struct layer *l)
{
	struct fingerprint f = { .strength = FP_STRONG };
	uint64_t numbers = (uint64_t)l->seq << 32 | l->ack;
	uint8_t kind = l->tcp_flags & (TCP_SYN | TCP_RST);

	f.hash = fp_mix(numbers, (uint64_t)l->ip_id << 16 | kind << 8 | DOM_TCP);
	if (l->payload_len > 0 && kind == 0) {
		numbers = (uint64_t)(l->seq + l->payload_len) << 32 | l->ack;
		f.alt = fp_mix(numbers, DOM_TCP_END) | 1;
		f.alt_strength = FP_STRONG;
	}
	return f;
}

/*
 * Everything else goes by its payload.  For ICMP that is what follows the
 * 8-byte header: the id changes under NAT, type, code and sequence do not.
 */
static struct fingerprint
data_fingerprint(const struct layer *l, bool frag)
{
	struct fingerprint f = { 0 };
	uint64_t h = (uint64_t)l->t.proto << 56 | DOM_DATA;
	uint64_t about = (uint64_t)l->ip_id << 24;
	uint32_t want = l->payload_len < FP_PAYLOAD ? l->payload_len : FP_PAYLOAD;

	if (l->has & HAS_ICMP)
		h |= (uint64_t)l->icmp_type << 48 | (uint64_t)l->icmp_code << 40;
	if (l->has & HAS_ICMP_ECHO)
		h |= (uint64_t)l->icmp_seq << 24;
	/* Conntrack reassembles and splits anew: a fragment's size may change. */
	if (!frag)
		about |= l->payload_len;
	f.alt = fp_mix(h ^ DOM_DATA ^ DOM_CUT, about) | 1;
	f.alt_strength = l->ip_id != 0 ? FP_MEDIUM :
	    l->has & HAS_ICMP_ECHO ? FP_WEAK : FP_NONE;
	if (l->payload_cap < want) {
		f.cut = true;
		return f;
	}
	f.hash = payload_hash(l->payload, want, fp_mix(h, about));
	f.strength = l->ip_id != 0 ? FP_MEDIUM : FP_WEAK;
	/* Nothing at all in common but the protocol. */
	if (want == 0 && l->ip_id == 0 && !(l->has & HAS_ICMP_ECHO))
		f.strength = FP_NONE;
	return f;
}

struct fingerprint
fingerprint_of(const struct layer *l)
{
	struct fingerprint f = { 0 };

	if (l->kind != LAYER_IP || l->has & HAS_ERROR)
		return f;
	/* A later fragment confirms a flow, and never begins one. */
	if (l->has & IS_FRAG_LATER) {
		if (l->ip_id != 0)
			f = data_fingerprint(l, true);
		f.alt = 0;
		return f;
	}
	if (l->has & HAS_TCP)
		return tcp_fingerprint(l);
	if (!(l->has & HAS_L4))
		return f;
	f = data_fingerprint(l, l->has & IS_FRAG);
	if (l->has & HAS_SCTP) {
		/* The verification tag is random (RFC 9260 section 5.3.1);
		   an INIT carries 0 and its own tag in the first chunk. */
		f.hash = fp_mix(f.hash, (uint64_t)l->sctp_vtag << 8 | DOM_SCTP);
		if (!f.cut)
			f.strength = FP_STRONG;
	}
	return f;
}
