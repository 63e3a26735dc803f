/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * packet_int.h - what the files behind packet.h share.
 *
 * A frame is peeled from the outside: the link layer opens a `struct content`,
 * an IP header consumes it and describes a layer, a tunnel inside it opens the
 * next content.  There is no recursion; packet.c turns the crank.  A header
 * that is not all there is judged in one place, packet_short().
 */
#ifndef DECODE_PACKET_INT_H
#define DECODE_PACKET_INT_H

#include <stdbool.h>
#include <stdint.h>

#include "decode/packet.h"

/* IANA ethertypes, and above their numbers what has none. */
enum content_type {
	ETH_IPV4	= 0x0800,
	ETH_ARP		= 0x0806,
	ETH_BRIDGED	= 0x6558,	/* Transparent Ethernet Bridging, RFC 1701 */
	ETH_VLAN	= 0x8100,	/* IEEE 802.1Q */
	ETH_IPV6	= 0x86dd,
	ETH_QINQ	= 0x88a8,	/* IEEE 802.1ad */
	ETH_QINQ_OLD	= 0x9100,	/* before 802.1ad */
	CONTENT_ETHERNET = 0x10000,	/* a whole Ethernet frame */
};

/* Bytes on the wire, of which those from p to end were captured. */
struct span {
	const uint8_t	*p, *end;
	uint32_t	 beyond;	/* how many more there were */
};

static inline uint32_t
span_cap(struct span s)
{
	return (uint32_t)(s.end - s.p);
}

static inline uint32_t
span_len(struct span s)
{
	return span_cap(s) + s.beyond;
}

/* IPv4's fragment field (RFC 791 section 3.1). */
#define IP4_MORE	0x2000
#define IP4_OFFSET	0x1fff
#define IP4_FRAGMENT	(IP4_MORE | IP4_OFFSET)

/* NOP, NOP, timestamps, as every segment after the handshake has it. */
#define TCPOPT_USUAL	0x0101080au

/* What follows the first n bytes; n <= span_cap(s). */
static inline struct span
span_after(struct span s, uint32_t n)
{
	s.p += n;
	return s;
}

/* The same without what lies beyond `len` bytes. */
static inline struct span
span_limit(struct span s, uint32_t len)
{
	uint32_t cap = span_cap(s);

	if (len <= cap) {
		s.end = s.p + len;
		s.beyond = 0;
	} else if (len - cap < s.beyond) {
		s.beyond = len - cap;
	}
	return s;
}

/* What a link header or a tunnel carries, and what it said about it. */
struct content {
	struct span	s;
	uint32_t	type;		/* enum content_type or any ethertype */
	uint32_t	has;		/* HAS_VLAN */
	uint16_t	vlan;
	struct tunnel	tunnel;
};

/* The two ways in which a header can be missing its end. */
struct header {
	const char	*cut;		/* by the capture */
	const char	*no_room;	/* in the packet itself */
};

#define HEADER(name) {						\
	.cut = "capture ends inside the " name,			\
	.no_room = "packet is too short for the " name,		\
}

#define LIKELY(x)	__builtin_expect(!!(x), 1)
#define UNLIKELY(x)	__builtin_expect(!!(x), 0)
#define COLD		__attribute__((cold, noinline))

/* Set the outcome, unless an earlier fault has already decided it; false. */
bool	packet_fault(struct packet *, enum outcome, const char *why) COLD;
/* The same for a header of n bytes that is not all there, although there were
   `len` on the wire; false, always. */
bool	packet_short(struct packet *, uint32_t len, uint32_t n,
	    const struct header *) COLD;
/* Is the packet, or one that carries it, continued in other fragments? */
bool	packet_is_partial(const struct packet *) COLD;

/* Are the first n bytes there?  If not, the packet's outcome says so. */
static inline bool
packet_need(struct packet *p, struct span s, uint32_t n, const struct header *h)
{
	return LIKELY(n <= span_cap(s)) || packet_short(p, span_len(s), n, h);
}

/* Begin with the bytes after the IP header ... */
static inline void
layer_set_payload(struct layer *l, struct span s)
{
	l->payload = s.p;
	l->payload_cap = span_cap(s);
	l->payload_len = span_len(s);
}

/* ... and take off the header of n captured bytes that was read. */
static inline void
layer_strip(struct layer *l, uint32_t n)
{
	l->payload += n;
	l->payload_cap -= n;
	l->payload_len -= n;
}

static inline struct span
layer_payload(const struct layer *l)
{
	return (struct span){ l->payload, l->payload + l->payload_cap,
	    l->payload_len - l->payload_cap };
}

/* packet.c: packet_decode() for every frame, plain or not. */
void	packet_decode_any(struct packet *, unsigned linktype,
	    const uint8_t *data, uint32_t caplen, uint32_t len);

/* link.c: open what a frame carries; false when there is nothing to read. */
bool	link_open(struct packet *, unsigned linktype, struct content *);
/* The same for an Ethernet frame inside a tunnel. */
bool	link_open_inner(struct packet *, struct content *);

/*
 * ip.c, arp.c: consume the content and describe it as the next layer.  True
 * when a tunnel was found: *c then is what it carries.
 */
bool	ip4_decode(struct packet *, struct content *c);
bool	ip6_decode(struct packet *, struct content *c);
bool	arp_decode(struct packet *, const struct content *c);

/* What an IP header and its extensions lead to. */
struct ip_ext {
	struct span	 s;		/* after the last header that was read */
	const struct header *missing;	/* a header that is not all there, or NULL */
	uint32_t	 need;		/* its size */
	uint32_t	 frag_id;
	uint32_t	 has;		/* IS_FRAG, IS_FRAG_LATER */
	uint32_t	 jumbo;		/* payload length, RFC 2675; 0 without one */
	uint8_t		 proto;		/* what follows */
	bool		 has_frag_id;
};

/* Walk the extension headers, of which `proto` is the first. */
struct ip_ext	ip_ext_walk(struct span, uint8_t proto);
/*
 * Read the IP header that an ICMP error reports; the reporter may have cut it
 * anywhere.  True when its addresses and what follows are known.
 */
bool	ip_peek(struct packet *, struct span, struct tuple *, struct ip_ext *);

/*
 * transport.c, icmp.c: read the header at the begin of the layer's payload and
 * strip it.  The IP facts are known and `has` is begun.  True when a tunnel was
 * found, as above.
 */
bool	tcp_decode(struct packet *, struct layer *);
bool	udp_decode(struct packet *, struct layer *, struct content *);
bool	sctp_decode(struct packet *, struct layer *);
bool	icmp_decode(struct packet *, struct layer *);

/* tunnel.c: does the layer's payload open a tunnel?  The layer is complete. */
bool	tunnel_open_udp(struct packet *, const struct layer *,
	    struct content *);
bool	tunnel_open_gre(struct packet *, const struct layer *,
	    struct content *);
bool	tunnel_open_ip(const struct layer *, unsigned type, struct content *);
/* Was it recognised by a port number alone, which proves nothing? */
bool	tunnel_is_guess(unsigned tunnel_type);

/* Ports that tunnel_open_udp() looks at. */
enum tunnel_port {
	PORT_VXLAN	= 4789,		/* RFC 7348 */
	PORT_VXLAN_GPE	= 4790,
	PORT_GENEVE	= 6081,		/* RFC 8926 */
	PORT_VXLAN_LINUX = 8472,	/* the kernel's default, and flannel's */
};

static inline bool
port_is_tunnel(uint16_t port)
{
	return port == PORT_VXLAN || port == PORT_VXLAN_LINUX ||
	    port == PORT_VXLAN_GPE || port == PORT_GENEVE;
}

/* names.c: why an ethertype or an IP protocol is not read. */
const char	*ethertype_why(unsigned ethertype) COLD;
const char	*proto_why(unsigned ip_proto) COLD;

#endif
