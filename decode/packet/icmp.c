/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * icmp.c - ICMP (RFC 792, 950, 8335) and ICMPv6 (RFC 4443, 8335): the queries
 * that carry an id, and the packets that errors report.
 */
#include "decode/packet/bytes.h"
#include "decode/packet/packet_int.h"

#define ICMP_HLEN	8
#define ICMP_ID_END	6	/* type, code, checksum, id */
#define PORTS_END	4

enum icmp_role { ROLE_OTHER, ROLE_REQUEST, ROLE_REPLY, ROLE_ERROR };

static const uint8_t icmp4_roles[256] = {
	[0]	= ROLE_REPLY,	/* echo reply */
	[3]	= ROLE_ERROR,	/* destination unreachable */
	[4]	= ROLE_ERROR,	/* source quench */
	[5]	= ROLE_ERROR,	/* redirect */
	[8]	= ROLE_REQUEST,	/* echo */
	[11]	= ROLE_ERROR,	/* time exceeded */
	[12]	= ROLE_ERROR,	/* parameter problem */
	[13]	= ROLE_REQUEST,	/* timestamp */
	[14]	= ROLE_REPLY,
	[15]	= ROLE_REQUEST,	/* information */
	[16]	= ROLE_REPLY,
	[17]	= ROLE_REQUEST,	/* address mask */
	[18]	= ROLE_REPLY,
	[42]	= ROLE_REQUEST,	/* extended echo */
	[43]	= ROLE_REPLY,
};

static const uint8_t icmp6_roles[256] = {
	[1]	= ROLE_ERROR,	/* destination unreachable */
	[2]	= ROLE_ERROR,	/* packet too big */
	[3]	= ROLE_ERROR,	/* time exceeded */
	[4]	= ROLE_ERROR,	/* parameter problem */
	[128]	= ROLE_REQUEST,	/* echo */
	[129]	= ROLE_REPLY,
	[160]	= ROLE_REQUEST,	/* extended echo */
	[161]	= ROLE_REPLY,
};

static const struct header icmp_header = HEADER("ICMP header");

static enum icmp_role
icmp_role(uint8_t proto, uint8_t type)
{
	return proto == PROTO_ICMPV6 ? icmp6_roles[type] : icmp4_roles[type];
}

/* The id stands on the requester's side; see struct tuple. */
static void
set_id(struct tuple *t, enum icmp_role role, uint16_t id)
{
	t->sport = role == ROLE_REQUEST ? id : 0;
	t->dport = role == ROLE_REPLY ? id : 0;
}

/* The ports of the reported packet; true when it has any. */
static bool
about_ports(struct packet *p, struct tuple *t, struct span s)
{
	bool icmp = t->proto == PROTO_ICMP || t->proto == PROTO_ICMPV6;
	uint32_t need = icmp ? ICMP_ID_END : PORTS_END;
	enum icmp_role role;

	if (!icmp && t->proto != PROTO_TCP && t->proto != PROTO_UDP &&
	    t->proto != PROTO_SCTP)
		return false;
	if (span_cap(s) < need) {
		if (span_len(s) >= need)
			packet_fault(p, DEC_TRUNCATED, "capture ends inside "
			    "the packet that an ICMP error reports");
		return false;
	}
	if (!icmp) {
		t->sport = get_be16(s.p);
		t->dport = get_be16(s.p + 2);
		return true;
	}
	role = icmp_role(t->proto, s.p[0]);
	if (role != ROLE_REQUEST && role != ROLE_REPLY)
		return false;
	set_id(t, role, get_be16(s.p + 4));
	return true;
}

static void
about_decode(struct packet *p, struct layer *l, struct span s)
{
	struct tuple *t = &l->about;
	struct ip_ext e;

	if (!ip_peek(p, s, t, &e))
		return;
	l->has |= HAS_ERROR;
	l->about_has = 0;
	t->proto = e.proto;
	t->sport = t->dport = 0;
	if (e.missing != NULL) {
		/* The reporter may cut what it reports; that is no fault. */
		if (e.need <= span_len(e.s))
			packet_short(p, span_len(e.s), e.need, e.missing);
		return;
	}
	if (!(e.has & IS_FRAG_LATER) && about_ports(p, t, e.s))
		l->about_has |= HAS_PORTS;
}

bool
icmp_decode(struct packet *p, struct layer *l)
{
	const uint8_t *h = l->payload;
	enum icmp_role role;

	if (l->payload_cap >= 2) {
		l->icmp_type = h[0];
		l->icmp_code = h[1];
		l->has |= HAS_ICMP;
	}
	if (UNLIKELY(l->payload_cap < ICMP_HLEN))
		return packet_short(p, l->payload_len, ICMP_HLEN, &icmp_header);
	l->has |= HAS_L4;
	layer_strip(l, ICMP_HLEN);

	role = icmp_role(l->t.proto, h[0]);
	switch (role) {
	case ROLE_REQUEST:
	case ROLE_REPLY:
		set_id(&l->t, role, get_be16(h + 4));
		l->icmp_seq = get_be16(h + 6);
		l->has |= HAS_PORTS | HAS_ICMP_ECHO |
		    (role == ROLE_REPLY ? IS_ECHO_REPLY : 0u);
		break;
	case ROLE_ERROR:
		about_decode(p, l, layer_payload(l));
		break;
	case ROLE_OTHER:
		break;
	}
	return false;
}
