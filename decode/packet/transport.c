/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * transport.c - TCP (RFC 9293, timestamps RFC 7323), UDP (RFC 768, with the
 * jumbogram rule of RFC 2675), and the common header of SCTP (RFC 9260).
 */
#include "decode/packet/bytes.h"
#include "decode/packet/cursor.h"
#include "decode/packet/packet_int.h"

#define TCP_HLEN	20
#define UDP_HLEN	8
#define SCTP_HLEN	12

enum tcp_option { TCPOPT_END = 0, TCPOPT_NOP = 1, TCPOPT_TIMESTAMPS = 8 };
#define TCPOPT_TIMESTAMPS_LEN	10

static const struct header tcp_header = HEADER("TCP header");
static const struct header tcp_options = {
	.cut = "capture ends inside the TCP options",
	.no_room = "TCP data offset beyond the packet",
};
static const struct header udp_header = HEADER("UDP header");
static const struct header sctp_header = HEADER("SCTP header");

static inline void
set_ports(struct layer *l, const uint8_t *h)
{
	l->t.sport = get_be16(h);
	l->t.dport = get_be16(h + 2);
}

/* The header is not all there; its first four bytes are the ports. */
static bool COLD
ports_only(struct packet *p, struct layer *l, uint32_t need,
    const struct header *h)
{
	if (l->payload_cap >= 4) {
		set_ports(l, l->payload);
		l->has |= HAS_PORTS;
	}
	return packet_short(p, l->payload_len, need, h);
}

static inline void
set_timestamps(struct layer *l, const uint8_t *value)
{
	l->ts_val = get_be32(value);
	l->ts_ecr = get_be32(value + 4);
	l->has |= HAS_TCP_TS;
}

/* Look for timestamps in the n bytes of options that were captured. */
static bool __attribute__((noinline))
options_read(struct packet *p, struct layer *l, const uint8_t *opt, uint32_t n)
{
	struct cursor c = cur_init(opt, n);

	while (cur_left(&c) > 0) {
		uint8_t kind = cur_u8(&c), len;
		const uint8_t *value;

		if (kind == TCPOPT_END)
			break;
		if (kind == TCPOPT_NOP)
			continue;
		len = cur_u8(&c);
		value = len >= 2 ? cur_take(&c, len - 2u) : NULL;
		if (value == NULL)
			/* No news where the capture cut the options. */
			return packet_fault(p, DEC_MALFORMED,
			    "TCP option length that cannot be");
		/* Of two, the first: a cut must not change the answer. */
		if (kind == TCPOPT_TIMESTAMPS && len == TCPOPT_TIMESTAMPS_LEN &&
		    !(l->has & HAS_TCP_TS))
			set_timestamps(l, value);
	}
	return false;
}

/* The data offset is wrong, or the capture does not reach so far. */
static bool COLD
tcp_odd_offset(struct packet *p, struct layer *l, uint32_t hlen)
{
	const uint8_t *opt = l->payload + TCP_HLEN;
	uint32_t n = l->payload_cap - TCP_HLEN;

	if (hlen < TCP_HLEN) {
		layer_strip(l, TCP_HLEN);
		return packet_fault(p, DEC_MALFORMED, "TCP data offset below 5");
	}
	packet_short(p, l->payload_len, hlen, &tcp_options);
	/* The length of the data is known all the same. */
	l->payload += l->payload_cap;
	l->payload_cap = 0;
	l->payload_len = l->payload_len > hlen ? l->payload_len - hlen : 0;
	return options_read(p, l, opt, n);
}

bool
tcp_decode(struct packet *p, struct layer *l)
{
	const uint8_t *h = l->payload;
	uint32_t hlen;

	if (UNLIKELY(l->payload_cap < TCP_HLEN))
		return ports_only(p, l, TCP_HLEN, &tcp_header);
	set_ports(l, h);
	l->seq = get_be32(h + 4);
	l->ack = get_be32(h + 8);
	l->tcp_flags = h[13];
	l->has |= HAS_PORTS | HAS_TCP;
	hlen = (h[12] >> 4) * 4u;
	if (UNLIKELY(hlen < TCP_HLEN || hlen > l->payload_cap))
		return tcp_odd_offset(p, l, hlen);
	l->has |= HAS_L4;
	layer_strip(l, hlen);

	if (hlen == TCP_HLEN)
		return false;
	if (LIKELY(hlen == 32 && get_be32(h + TCP_HLEN) == TCPOPT_USUAL)) {
		set_timestamps(l, h + TCP_HLEN + 4);
		return false;
	}
	return options_read(p, l, h + TCP_HLEN, hlen - TCP_HLEN);
}

/* The payload ends where the header says, which is not where IP ends. */
static bool COLD
udp_odd_length(struct packet *p, struct layer *l, uint32_t len)
{
	uint32_t room = l->payload_len + UDP_HLEN;

	if (len >= UDP_HLEN && len <= room) {
		layer_set_payload(l,
		    span_limit(layer_payload(l), len - UDP_HLEN));
		return true;
	}
	/* RFC 2675: 0 in a jumbogram; RFC 768 has no other meaning for it. */
	if (len == 0 && room > UINT16_MAX)
		return true;
	if (len < UDP_HLEN)
		return packet_fault(p, DEC_MALFORMED, "UDP length below 8");
	if (!packet_is_partial(p))
		return packet_fault(p, DEC_MALFORMED,
		    "UDP length exceeds the IP packet");
	return true;
}

bool
udp_decode(struct packet *p, struct layer *l, struct content *c)
{
	const uint8_t *h = l->payload;
	uint32_t len;

	if (UNLIKELY(l->payload_cap < UDP_HLEN))
		return ports_only(p, l, UDP_HLEN, &udp_header);
	set_ports(l, h);
	l->has |= HAS_PORTS | HAS_L4;
	len = get_be16(h + 4);
	layer_strip(l, UDP_HLEN);
	if (UNLIKELY(len != l->payload_len + UDP_HLEN) &&
	    !udp_odd_length(p, l, len))
		return false;

	return port_is_tunnel(get_be16(h + 2)) && tunnel_open_udp(p, l, c);
}

bool
sctp_decode(struct packet *p, struct layer *l)
{
	const uint8_t *h = l->payload;

	if (UNLIKELY(l->payload_cap < SCTP_HLEN))
		return ports_only(p, l, SCTP_HLEN, &sctp_header);
	set_ports(l, h);
	l->sctp_vtag = get_be32(h + 4);
	l->has |= HAS_PORTS | HAS_SCTP | HAS_L4;
	layer_strip(l, SCTP_HLEN);
	return false;
}
