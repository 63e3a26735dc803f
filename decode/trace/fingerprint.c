/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fingerprint.c - what Linux NAT and forwarding leave alone in a packet.
 */
#include "decode/fingerprint.h"

#include <string.h>

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

/* What a payload belongs to, apart from the IP ID and the length. */
static uint64_t
data_kind(const struct layer *l)
{
	uint64_t h = (uint64_t)l->t.proto << 56 | FP_DOM_DATA;

	if (l->has & HAS_ICMP)
		h |= (uint64_t)l->icmp_type << 48 | (uint64_t)l->icmp_code << 40;
	if (l->has & HAS_ICMP_ECHO)
		h |= (uint64_t)l->icmp_seq << 24;
	return h;
}

/* Conntrack reassembles and splits anew: a fragment's size may change. */
static uint64_t
data_size(const struct layer *l)
{
	return (uint64_t)l->ip_id << 24 | (l->has & IS_FRAG ? 0 : l->payload_len);
}

/*
 * Everything else goes by its payload.  For ICMP that is what follows the
 * 8-byte header: the id changes under NAT, type, code and sequence do not.
 */
struct fingerprint
fingerprint_data(const struct layer *l)
{
	struct fingerprint f = { .strength = FP_NONE };
	uint32_t want = l->payload_len < FP_PAYLOAD ? l->payload_len : FP_PAYLOAD;

	if (l->kind != LAYER_IP || l->has & HAS_ERROR)
		return f;
	/* A later fragment confirms a flow, and never begins one. */
	if (l->has & IS_FRAG_LATER ? l->ip_id == 0 : !(l->has & HAS_L4))
		return f;
	if (l->payload_cap < want) {
		f.cut = true;
		return f;
	}
	f.hash = payload_hash(l->payload, want,
	    fp_mix(data_kind(l), data_size(l)));
	f.strength = l->ip_id != 0 ? FP_MEDIUM : FP_WEAK;
	/* Nothing at all in common but the protocol. */
	if (want == 0 && l->ip_id == 0 && !(l->has & HAS_ICMP_ECHO))
		f.strength = FP_NONE;
	if (l->has & HAS_SCTP) {
		/* The verification tag is random (RFC 9260 section 5.3.1); an
		   INIT carries 0 and its own tag in the first chunk. */
		f.hash = fp_mix(f.hash, (uint64_t)l->sctp_vtag << 8 | FP_DOM_SCTP);
		f.strength = FP_STRONG;
	}
	return f;
}

uint64_t
fingerprint_alt(const struct layer *l)
{
	if (l->kind != LAYER_IP || l->has & (HAS_ERROR | IS_FRAG_LATER))
		return 0;
	if (l->has & HAS_TCP) {
		uint32_t end = l->seq + l->payload_len;

		if (l->payload_len == 0 || l->tcp_flags & (TCP_SYN | TCP_RST))
			return 0;
		return fp_mix((uint64_t)end << 32 | l->ack, FP_DOM_TCP_END) | 1;
	}
	if (!(l->has & HAS_L4) || (l->ip_id == 0 && !(l->has & HAS_ICMP_ECHO)))
		return 0;
	return fp_mix(data_kind(l) ^ FP_DOM_DATA ^ FP_DOM_CUT, data_size(l)) | 1;
}
