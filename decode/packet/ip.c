/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ip.c - IPv4 (RFC 791) and IPv6 (RFC 8200) headers, options and extensions.
 *
 * The header's length decides where the packet ends, so that Ethernet padding
 * is never payload; where it says 0 (segmentation offload leaves it so, and
 * jumbograms) the frame does.
 */
#include <string.h>

#include "decode/packet/bytes.h"
#include "decode/packet/cursor.h"
#include "decode/packet/packet_int.h"

#define IP4_HLEN	20
#define IP_MAX		65535
#define IP6_HLEN	40
#define IP6_JUMBO	0xc2	/* hop-by-hop option type, RFC 2675 */

/* Next-header numbers of the extensions, IANA. */
enum ip_ext_type {
	EXT_HOPBYHOP = 0, EXT_ROUTING = 43, EXT_FRAGMENT = 44, EXT_NONE = 59,
	EXT_DSTOPTS = 60, EXT_MOBILITY = 135, EXT_HIP = 139, EXT_SHIM6 = 140,
};

static const struct header ip4_header = HEADER("IPv4 header");
static const struct header ip4_options = HEADER("IPv4 options");
static const struct header ip6_header = HEADER("IPv6 header");
static const struct header ip6_extension = HEADER("IPv6 extension header");
static const struct header ah_header = HEADER("authentication header");
static const struct header about_header =
    HEADER("IP header that an ICMP error reports");

/* Find the jumbo payload length among hop-by-hop options. */
static uint32_t
jumbo_find(const uint8_t *ext, uint32_t len)
{
	struct cursor c = cur_init(ext + 2, len - 2);

	while (cur_ok(&c) && cur_left(&c) > 0) {
		uint8_t type = cur_u8(&c), n;

		if (type == 0)		/* Pad1 has no length */
			continue;
		n = cur_u8(&c);
		if (type == IP6_JUMBO && n == 4)
			return cur_be32(&c);
		cur_take(&c, n);
	}
	return 0;
}

static bool
ip_is_extension(uint8_t proto)
{
	switch (proto) {
	case EXT_HOPBYHOP:
	case EXT_ROUTING:
	case EXT_FRAGMENT:
	case EXT_DSTOPTS:
	case EXT_MOBILITY:
	case EXT_HIP:
	case EXT_SHIM6:
	case PROTO_AH:
		return true;
	}
	return false;
}

struct ip_ext
ip_ext_walk(struct span s, uint8_t proto)
{
	struct ip_ext e = { .s = s, .proto = proto };

	while (ip_is_extension(e.proto) && !(e.has & IS_FRAG_LATER)) {
		const uint8_t *h = e.s.p;
		uint32_t n = 8, field;

		if (span_cap(e.s) >= 2 && e.proto == PROTO_AH)
			n = (h[1] + 2u) * 4;	/* RFC 4302 section 2.2 */
		else if (span_cap(e.s) >= 2 && e.proto != EXT_FRAGMENT)
			n = (h[1] + 1u) * 8;
		if (n > span_cap(e.s)) {
			e.need = n;
			e.missing = e.proto == PROTO_AH ? &ah_header :
			    &ip6_extension;
			break;
		}
		if (e.proto == EXT_HOPBYHOP) {
			/* It must be the first one: RFC 8200 section 4.1. */
			if (h == s.p)
				e.jumbo = jumbo_find(h, n);
		} else if (e.proto == EXT_FRAGMENT) {
			field = get_be16(h + 2);
			e.frag_id = get_be32(h + 4);
			e.has_frag_id = true;
			/* Offset 0 and nothing more: atomic, RFC 6946. */
			if (field & 0xfff9)
				e.has |= IS_FRAG;
			if (field & 0xfff8)
				e.has |= IS_FRAG_LATER;
		}
		e.proto = h[0];
		e.s = span_after(e.s, n);
	}
	return e;
}

/* Check the jumbo payload length, and end the packet where it says. */
static void
jumbo_apply(struct packet *p, struct layer *l, struct ip_ext *e)
{
	uint32_t walked = (uint32_t)(e->s.p - l->payload);

	if (get_be16(l->l3 + 4) != 0)
		packet_fault(p, DEC_MALFORMED,
		    "jumbogram with a payload length");
	else if (e->jumbo <= IP_MAX)
		packet_fault(p, DEC_MALFORMED,
		    "jumbo payload length below 65536");
	else if (e->jumbo > l->payload_len || e->jumbo < walked)
		packet_fault(p, DEC_MALFORMED,
		    "jumbo payload length that the frame belies");
	else {
		e->s = span_limit(e->s, e->jumbo - walked);
		l->ip_len = IP6_HLEN + e->jumbo;
		if (l->l3_cap > l->ip_len)
			l->l3_cap = l->ip_len;
	}
}

static bool	ip_other_payload(struct packet *, struct layer *,
		    struct content *);

/* Read the layer's payload; true when it is a tunnel. */
static inline bool
ip_payload(struct packet *p, struct layer *l, struct content *c)
{
	if (LIKELY(l->t.proto == PROTO_TCP))
		return tcp_decode(p, l);
	if (LIKELY(l->t.proto == PROTO_UDP))
		return udp_decode(p, l, c);
	return ip_other_payload(p, l, c);
}

/* Settle the extension headers (IPv4 has AH only), then go on inside. */
static bool __attribute__((noinline))
ip_extended(struct packet *p, struct layer *l, struct content *c)
{
	struct ip_ext e = ip_ext_walk(layer_payload(l), l->t.proto);

	l->t.proto = e.proto;
	l->has |= e.has;
	if (e.has_frag_id)
		l->ip_id = e.frag_id;
	if (e.jumbo != 0)
		jumbo_apply(p, l, &e);
	layer_set_payload(l, e.s);
	if (e.missing != NULL)
		return packet_short(p, span_len(e.s), e.need, e.missing);
	if (e.has & IS_FRAG_LATER)
		return false;
	return ip_payload(p, l, c);
}

/* Neither TCP nor UDP. */
static bool __attribute__((noinline))
ip_other_payload(struct packet *p, struct layer *l, struct content *c)
{
	bool ip4 = l->l3[0] >> 4 == 4;
	uint8_t proto = l->t.proto;

	switch (proto) {
	case PROTO_ICMP:
	case PROTO_ICMPV6:
		return icmp_decode(p, l);
	case PROTO_SCTP:
		return sctp_decode(p, l);
	}
	if (ip_is_extension(proto) && (!ip4 || proto == PROTO_AH))
		return ip_extended(p, l, c);
	l->has |= HAS_L4;
	switch (proto) {
	case PROTO_IPIP:
		return tunnel_open_ip(l, ip4 ? TUN_IPIP : TUN_4IN6, c);
	case PROTO_IPV6:
		return tunnel_open_ip(l, ip4 ? TUN_6IN4 : TUN_6IN6, c);
	case PROTO_GRE:
		return tunnel_open_gre(p, l, c);
	case PROTO_ESP:
	case EXT_NONE:
		return false;
	}
	return packet_fault(p, DEC_UNKNOWN, proto_why(proto));
}

/* Is a length that exceeds the frame a fault?  False when it is. */
static bool COLD
ip_check_length(struct packet *p)
{
	/* The first fragment of a tunnel packet ends before what is inside. */
	return packet_is_partial(p) || packet_fault(p, DEC_MALFORMED,
	    "IP length exceeds the frame");
}

/* What both versions write in the same way. */
static inline struct layer *
layer_open(struct packet *p, const struct content *c, uint32_t ip_len,
    struct span s)
{
	struct layer *l = &p->layer[p->n_layers++];

	l->kind = LAYER_IP;
	l->vlan = c->vlan;
	l->has = c->has;
	l->tunnel = c->tunnel;
	l->ip_len = ip_len;
	l->t.sport = l->t.dport = 0;
	l->l3 = s.p;
	l->l3_cap = span_cap(s);
	return l;
}

static bool COLD
ip4_refuse(struct packet *p, uint8_t version_ihl)
{
	return packet_fault(p, DEC_MALFORMED, version_ihl >> 4 != 4 ?
	    "IPv4 header with another version" :
	    "IPv4 header length below 20");
}

/* A fragment, or the capture ends inside the options. */
static bool __attribute__((noinline))
ip4_unusual(struct packet *p, struct layer *l, struct content *c)
{
	struct span s = span_limit(c->s, l->ip_len);
	uint32_t hlen = (s.p[0] & 15u) * 4;
	uint32_t frag = get_be16(s.p + 6) & IP4_FRAGMENT;

	if (frag != 0)
		l->has |= IS_FRAG;
	if (frag & IP4_OFFSET)
		l->has |= IS_FRAG_LATER;
	if (hlen > span_cap(s)) {
		layer_set_payload(l, span_after(s, span_cap(s)));
		return packet_short(p, span_len(s), hlen, &ip4_options);
	}
	s = span_after(s, hlen);
	layer_set_payload(l, s);
	if (!(frag & IP4_OFFSET))
		return ip_payload(p, l, c);
	if ((frag & IP4_OFFSET) * 8 + span_len(s) > IP_MAX)
		return packet_fault(p, DEC_MALFORMED,
		    "fragment beyond 65535 bytes");
	return false;
}

/* The rest of an IPv4 header, now that the packet's length is known. */
static inline bool __attribute__((always_inline))
ip4_layer(struct packet *p, struct content *c, uint32_t ip_len)
{
	struct span s = span_limit(c->s, ip_len);
	const uint8_t *h = s.p;
	uint32_t hlen = (h[0] & 15u) * 4;
	struct layer *l;

	if (UNLIKELY(ip_len < hlen))
		return packet_fault(p, DEC_MALFORMED,
		    "IPv4 total length below its header length");
	l = layer_open(p, c, ip_len, s);
	l->ttl = h[8];
	l->ip_id = get_be16(h + 4);
	put_mapped_v4(l->t.src.b, h + 12);
	put_mapped_v4(l->t.dst.b, h + 16);
	l->t.proto = h[9];

	if (UNLIKELY((get_be16(h + 6) & IP4_FRAGMENT) != 0 ||
	    hlen > span_cap(s)))
		return ip4_unusual(p, l, c);
	layer_set_payload(l, span_after(s, hlen));
	return ip_payload(p, l, c);
}

static bool COLD
ip4_odd_length(struct packet *p, struct content *c, uint32_t total)
{
	if (total == 0 || !ip_check_length(p))
		total = span_len(c->s);
	return ip4_layer(p, c, total);
}

bool
ip4_decode(struct packet *p, struct content *c)
{
	const uint8_t *h = c->s.p;
	uint32_t total;

	if (UNLIKELY(span_cap(c->s) < IP4_HLEN))
		return packet_short(p, span_len(c->s), IP4_HLEN, &ip4_header);
	if (UNLIKELY(h[0] < 0x45 || h[0] > 0x4f))
		return ip4_refuse(p, h[0]);
	total = get_be16(h + 2);
	if (UNLIKELY(total == 0 || total > span_len(c->s)))
		return ip4_odd_length(p, c, total);
	return ip4_layer(p, c, total);
}

static inline bool __attribute__((always_inline))
ip6_layer(struct packet *p, struct content *c, uint32_t ip_len)
{
	struct span s = span_limit(c->s, ip_len);
	const uint8_t *h = s.p;
	struct layer *l = layer_open(p, c, ip_len, s);

	l->ttl = h[7];
	l->ip_id = 0;
	memcpy(l->t.src.b, h + 8, 16);
	memcpy(l->t.dst.b, h + 24, 16);
	l->t.proto = h[6];

	layer_set_payload(l, span_after(s, IP6_HLEN));
	return ip_payload(p, l, c);
}

static bool COLD
ip6_odd_length(struct packet *p, struct content *c, uint32_t payload_len)
{
	uint32_t ip_len = payload_len + IP6_HLEN;

	if (payload_len == 0 && c->s.p[6] == EXT_NONE)
		return ip6_layer(p, c, ip_len);
	if (payload_len == 0 || !ip_check_length(p))
		ip_len = span_len(c->s);
	return ip6_layer(p, c, ip_len);
}

bool
ip6_decode(struct packet *p, struct content *c)
{
	const uint8_t *h = c->s.p;
	uint32_t payload_len;

	if (UNLIKELY(span_cap(c->s) < IP6_HLEN))
		return packet_short(p, span_len(c->s), IP6_HLEN, &ip6_header);
	if (UNLIKELY(h[0] >> 4 != 6))
		return packet_fault(p, DEC_MALFORMED,
		    "IPv6 header with another version");
	payload_len = get_be16(h + 4);
	if (UNLIKELY(payload_len == 0 || payload_len > span_len(c->s) - IP6_HLEN))
		return ip6_odd_length(p, c, payload_len);
	return ip6_layer(p, c, payload_len + IP6_HLEN);
}

bool
ip_peek(struct packet *p, struct span s, struct tuple *t, struct ip_ext *e)
{
	const uint8_t *h = s.p;
	uint32_t n, frag;

	if (!packet_need(p, s, 1, &about_header))
		return false;
	n = h[0] >> 4 == 6 ? IP6_HLEN : IP4_HLEN;
	if (!packet_need(p, s, n, &about_header))
		return false;
	if (n == IP6_HLEN) {
		t->src = addr_from_v6(h + 8);
		t->dst = addr_from_v6(h + 24);
		*e = ip_ext_walk(span_after(s, n), h[6]);
		return true;
	}
	if (h[0] < 0x45 || h[0] > 0x4f)
		return packet_fault(p, DEC_MALFORMED,
		    "ICMP error about something that is not IP");
	put_mapped_v4(t->src.b, h + 12);
	put_mapped_v4(t->dst.b, h + 16);
	n = (h[0] & 15u) * 4;
	if (n > span_cap(s)) {
		*e = (struct ip_ext){ .s = s, .proto = h[9], .need = n,
		    .missing = &about_header };
		return true;
	}
	s = span_after(s, n);
	frag = get_be16(h + 6);
	if (h[9] == PROTO_AH && !(frag & IP4_OFFSET))
		*e = ip_ext_walk(s, PROTO_AH);
	else
		*e = (struct ip_ext){ .s = s, .proto = h[9] };
	if (frag & IP4_OFFSET)
		e->has |= IS_FRAG_LATER;
	return true;
}
