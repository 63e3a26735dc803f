/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * packet.c - from a captured frame to its layers, outermost first.
 *
 * This is the general way; plain.c has a short one for the common frames.
 *
 * The faults of every protocol are recorded here.  The first one decides the
 * outcome, since what comes after it stands on doubtful ground.
 */
#include "decode/packet/packet_int.h"

bool
packet_fault(struct packet *p, enum outcome outcome, const char *why)
{
	if (p->outcome == DEC_OK) {
		p->outcome = (uint8_t)outcome;
		p->why = why;
	}
	return false;
}

bool
packet_short(struct packet *p, uint32_t len, uint32_t n,
    const struct header *h)
{
	if (n <= len)
		return packet_fault(p, DEC_TRUNCATED, h->cut);
	/* RFC 1858 and RFC 7112 tell receivers to drop such a fragment. */
	return packet_fault(p, DEC_MALFORMED, packet_is_partial(p) ?
	    "first fragment ends inside a header" : h->no_room);
}

bool
packet_is_partial(const struct packet *p)
{
	for (unsigned i = 0; i < p->n_layers; i++)
		if (p->layer[i].has & IS_FRAG)
			return true;
	return false;
}

/* True when a tunnel was found. */
static inline bool
content_decode(struct packet *p, struct content *c)
{
	if (LIKELY(c->type == ETH_IPV4))
		return ip4_decode(p, c);
	if (LIKELY(c->type == ETH_IPV6))
		return ip6_decode(p, c);
	if (c->type == ETH_ARP)
		return arp_decode(p, c);
	return packet_fault(p, DEC_UNKNOWN, ethertype_why(c->type));
}

/* Read what a tunnel carries; true when there is a further tunnel inside. */
static bool
tunnel_enter(struct packet *p, struct content *c)
{
	bool sound = p->outcome == DEC_OK;
	unsigned n_layers = p->n_layers, type = c->tunnel.type;
	bool more;

	if (n_layers == PACKET_MAX_LAYERS)
		return packet_fault(p, DEC_UNKNOWN,
		    "more tunnels in each other than are read");
	more = (c->type != CONTENT_ETHERNET || link_open_inner(p, c)) &&
	    content_decode(p, c);
	if (sound && p->outcome == DEC_MALFORMED && p->n_layers == n_layers &&
	    tunnel_is_guess(type)) {
		p->outcome = DEC_UNKNOWN;
		p->why = "UDP to the port of a tunnel, but no tunnel inside";
	}
	return more;
}

static void __attribute__((noinline))
tunnels_decode(struct packet *p, struct content *c)
{
	while (tunnel_enter(p, c))
		;
}

void
packet_decode_any(struct packet *p, unsigned linktype, const uint8_t *data,
    uint32_t caplen, uint32_t len)
{
	struct content c;

	c.s.p = LIKELY(caplen > 0) ? data : (const uint8_t *)"";
	c.s.end = c.s.p + caplen;
	/* More captured than there was on the wire: believe the bytes. */
	c.s.beyond = LIKELY(len >= caplen) ? len - caplen : 0;
	c.has = 0;
	c.tunnel = (struct tunnel){ .type = TUN_NONE };

	p->dir = DIR_UNKNOWN;
	p->other_host = false;
	p->outcome = DEC_OK;
	p->group = false;
	p->has_src_mac = p->has_dst_mac = false;
	p->ifindex = 0;
	p->why = NULL;
	p->n_layers = 0;

	if (link_open(p, linktype, &c) && content_decode(p, &c))
		tunnels_decode(p, &c);
}
