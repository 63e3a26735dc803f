/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conntrack_parse.c - a message of ctnetlink (net/netfilter/nf_conntrack_netlink.c,
 * linux/netfilter/nfnetlink_conntrack.h) into an observation.
 *
 * Read attribute by attribute, in one pass and without an object per entry:
 * libnetfilter_conntrack's objects have no getter for the ICMP id of the reply,
 * which NAT changes.
 */
#include "capture/live/conntrack_int.h"

#include <string.h>

#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>

#include "decode/conntrack.h"

/* libmnl's loops, without a silent conversion. */
#define each_attr(a, from, to)							\
	for ((a) = (from); mnl_attr_ok((a), (int)((const char *)(to) -		\
	    (const char *)(a))); (a) = mnl_attr_next(a))
#define each_nested(a, nest)							\
	each_attr(a, mnl_attr_get_payload(nest),				\
	    (const char *)mnl_attr_get_payload(nest) +				\
	    mnl_attr_get_payload_len(nest))

/* Numbers are in network order and not aligned to more than 4 bytes.  False when
   there are too few. */
static bool
get(const struct nlattr *a, void *out, size_t size)
{
	if (mnl_attr_get_payload_len(a) < size)
		return false;
	memcpy(out, mnl_attr_get_payload(a), size);
	return true;
}

static bool
get_u16(const struct nlattr *a, uint16_t *out)
{
	uint8_t b[2];

	if (!get(a, b, sizeof(b)))
		return false;
	*out = (uint16_t)(b[0] << 8 | b[1]);
	return true;
}

static bool
get_u32(const struct nlattr *a, uint32_t *out)
{
	uint32_t be;

	if (!get(a, &be, sizeof(be)))
		return false;
	*out = __builtin_bswap32(be);
	if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
		*out = be;
	return true;
}

static bool
get_u64(const struct nlattr *a, uint64_t *out)
{
	uint64_t be;

	if (!get(a, &be, sizeof(be)))
		return false;
	*out = __builtin_bswap64(be);
	if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
		*out = be;
	return true;
}

static bool
get_time(const struct nlattr *a, struct nstime *out)
{
	uint64_t ns;

	if (!get_u64(a, &ns) || ns > INT64_MAX)
		return false;
	out->ns = (int64_t)ns;
	return true;
}

/* ---- tuples */

enum { HAS_SRC = 1, HAS_DST = 2, HAS_ADDRS = HAS_SRC | HAS_DST };

static bool
get_addr(const struct nlattr *a, struct addr *out, size_t size)
{
	uint8_t b[16];

	if (!get(a, b, size))
		return false;
	*out = size == 4 ? addr_from_v4(b) : addr_from_v6(b);
	return true;
}

static bool
read_ip(const struct nlattr *nest, struct tuple *t)
{
	const struct nlattr *a;
	unsigned has = 0;
	bool ok = true;

	each_nested(a, nest) {
		switch (mnl_attr_get_type(a)) {
		case CTA_IP_V4_SRC:
			ok &= get_addr(a, &t->src, 4);
			has |= HAS_SRC;
			break;
		case CTA_IP_V4_DST:
			ok &= get_addr(a, &t->dst, 4);
			has |= HAS_DST;
			break;
		case CTA_IP_V6_SRC:
			ok &= get_addr(a, &t->src, 16);
			has |= HAS_SRC;
			break;
		case CTA_IP_V6_DST:
			ok &= get_addr(a, &t->dst, 16);
			has |= HAS_DST;
			break;
		}
	}
	return ok && has == HAS_ADDRS;
}

/* GRE's keys stand in the place of ports; conntrack(8) does not call them so. */
static bool
has_ports(uint8_t proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == IPPROTO_UDPLITE ||
	    proto == IPPROTO_SCTP || proto == IPPROTO_DCCP;
}

/* ICMP's id stands on the requester's side: decode/packet.h. */
static bool
read_proto(const struct nlattr *nest, struct tuple *t, bool reply)
{
	const struct nlattr *a;
	bool ok = true, told = false;

	each_nested(a, nest) {
		switch (mnl_attr_get_type(a)) {
		case CTA_PROTO_NUM:
			told = get(a, &t->proto, 1);
			break;
		case CTA_PROTO_SRC_PORT:
			ok &= get_u16(a, &t->sport);
			break;
		case CTA_PROTO_DST_PORT:
			ok &= get_u16(a, &t->dport);
			break;
		case CTA_PROTO_ICMP_ID:
		case CTA_PROTO_ICMPV6_ID:
			ok &= get_u16(a, reply ? &t->dport : &t->sport);
			break;
		}
	}
	if (told && !has_ports(t->proto) && t->proto != IPPROTO_ICMP &&
	    t->proto != IPPROTO_ICMPV6)
		t->sport = t->dport = 0;
	return ok && told;
}

static bool
read_tuple(const struct nlattr *nest, struct tuple *t, bool reply, uint16_t *zone)
{
	const struct nlattr *a;
	bool ip = false, proto = false, ok = true;

	each_nested(a, nest) {
		switch (mnl_attr_get_type(a)) {
		case CTA_TUPLE_IP:
			ip = read_ip(a, t);
			break;
		case CTA_TUPLE_PROTO:
			proto = read_proto(a, t, reply);
			break;
		case CTA_TUPLE_ZONE:
			/* Of this direction alone; the original's is the entry's. */
			if (!reply)
				ok = get_u16(a, zone);
			break;
		}
	}
	return ip && proto && ok;
}

/* ---- the rest of an entry */

static bool
read_status(const struct nlattr *a, struct ct_entry *e)
{
	static const struct { uint32_t kernels; uint8_t ours; } bits[] = {
		{ IPS_ASSURED, CT_ASSURED },	{ IPS_DYING, CT_DYING },
		{ IPS_OFFLOAD, CT_OFFLOAD },	{ IPS_HW_OFFLOAD, CT_HW_OFFLOAD },
	};
	uint32_t status;

	if (!get_u32(a, &status))
		return false;
	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
		if (status & bits[i].kernels)
			e->status |= bits[i].ours;
	if (!(status & IPS_SEEN_REPLY))
		e->status |= CT_UNREPLIED;
	return true;
}

_Static_assert((int)CTA_PROTOINFO_TCP_STATE == (int)CTA_PROTOINFO_SCTP_STATE &&
    (int)CTA_PROTOINFO_TCP_STATE == (int)CTA_PROTOINFO_DCCP_STATE, "see read_state()");

/* A nest of the protocol with the state in the first place of its own: see enum
   ctattr_protoinfo_tcp, _sctp, _dccp. */
static bool
read_state(const struct nlattr *nest, uint8_t proto, const char **name)
{
	const struct nlattr *of_proto, *a;
	uint8_t state;

	each_nested(of_proto, nest)
		each_nested(a, of_proto)
			if (mnl_attr_get_type(a) == CTA_PROTOINFO_TCP_STATE &&
			    get(a, &state, 1)) {
				*name = ct_state_name(proto, state);
				return *name != NULL;
			}
	return false;
}

static bool
read_counters(const struct nlattr *nest, struct ct_entry *e, bool reply)
{
	const struct nlattr *a;
	bool told = false;

	each_nested(a, nest) {
		switch (mnl_attr_get_type(a)) {
		case CTA_COUNTERS_PACKETS:
			told |= get_u64(a, &e->packets[reply]);
			break;
		case CTA_COUNTERS_BYTES:
			told |= get_u64(a, &e->bytes[reply]);
			break;
		}
	}
	return told;
}

static void
read_times(const struct nlattr *nest, struct obs_ct *o)
{
	const struct nlattr *a;

	each_nested(a, nest) {
		switch (mnl_attr_get_type(a)) {
		case CTA_TIMESTAMP_START:
			get_time(a, &o->began);
			break;
		case CTA_TIMESTAMP_STOP:
			get_time(a, &o->ended);
			break;
		}
	}
}

enum { GOT_ORIG = 1, GOT_REPLY = 2, GOT_TUPLES = GOT_ORIG | GOT_REPLY };

/* One attribute of the message; what it tells is taken out of o->lacks. */
static bool
read_attr(const struct nlattr *a, struct obs_ct *o, struct ct_entry *e, unsigned *got)
{
	unsigned told = 0;
	bool ok = true;

	switch (mnl_attr_get_type(a)) {
	case CTA_TUPLE_ORIG:
		*got |= GOT_ORIG;
		ok = read_tuple(a, &e->orig, false, &e->zone);
		break;
	case CTA_TUPLE_REPLY:
		*got |= GOT_REPLY;
		ok = read_tuple(a, &e->reply, true, &e->zone);
		break;
	case CTA_ZONE:
		ok = get_u16(a, &e->zone);
		break;
	case CTA_ID:
		ok = get_u32(a, &e->id);
		break;
	case CTA_STATUS:
		told = read_status(a, e) ? CT_PART_STATUS : 0;
		break;
	case CTA_TIMEOUT:
		told = get_u32(a, &e->timeout) ? CT_PART_TIMEOUT : 0;
		break;
	case CTA_MARK:
		told = get_u32(a, &e->mark) ? CT_PART_MARK : 0;
		break;
	case CTA_PROTOINFO:
		told = read_state(a, e->orig.proto, &e->state) ? CT_PART_STATE : 0;
		break;
	case CTA_COUNTERS_ORIG:
	case CTA_COUNTERS_REPLY:
		told = read_counters(a, e, mnl_attr_get_type(a) == CTA_COUNTERS_REPLY) ?
		    CT_PART_COUNTERS : 0;
		break;
	case CTA_TIMESTAMP:
		read_times(a, o);
		break;
	}
	o->lacks &= (uint8_t)~told;
	return ok;
}

static bool
event_of(const struct nlmsghdr *m, bool dump, uint8_t *event)
{
	if (NFNL_SUBSYS_ID(m->nlmsg_type) != NFNL_SUBSYS_CTNETLINK)
		return false;
	switch (NFNL_MSG_TYPE(m->nlmsg_type)) {
	case IPCTNL_MSG_CT_NEW:
		/* The flags tell an entry's first event from later ones. */
		*event = dump ? CT_EV_DUMPED :
		    m->nlmsg_flags & (NLM_F_CREATE | NLM_F_EXCL) ? CT_EV_NEW :
		    CT_EV_UPDATE;
		return true;
	case IPCTNL_MSG_CT_DELETE:
		*event = CT_EV_DESTROY;
		return !dump;
	default:
		return false;
	}
}

bool
ct_message_read(const struct nlmsghdr *m, bool dump, struct nstime now, struct obs *o,
    struct ct_entry *e)
{
	const struct nlattr *a;
	unsigned got = 0;
	uint8_t event;

	if (mnl_nlmsg_get_payload_len(m) < sizeof(struct nfgenmsg) ||
	    !event_of(m, dump, &event))
		return false;
	*e = (struct ct_entry){ .age_s = -1 };
	*o = (struct obs){ .type = OBS_CT, .ts = now, .ct = { .event = event,
	    .entry = e, .lacks = CT_PART_STATUS | CT_PART_TIMEOUT | CT_PART_MARK |
	    CT_PART_STATE | CT_PART_COUNTERS } };
	each_attr(a, mnl_nlmsg_get_payload_offset(m, sizeof(struct nfgenmsg)),
	    mnl_nlmsg_get_payload_tail(m))
		if (!read_attr(a, &o->ct, e, &got))
			return false;
	/* That is what the event says. */
	if (event == CT_EV_DESTROY)
		e->status &= (uint8_t)~CT_DYING;
	/* A mark of 0 is left out of what tells all. */
	if (event == CT_EV_NEW || event == CT_EV_DUMPED)
		o->ct.lacks &= (uint8_t)~CT_PART_MARK;
	if (o->ct.began.ns != 0) {
		int64_t until = o->ct.ended.ns != 0 ? o->ct.ended.ns : now.ns;

		e->age_s = until > o->ct.began.ns ?
		    (until - o->ct.began.ns) / NS_PER_SEC : 0;
	}
	return got == GOT_TUPLES && addr_is_v4(&e->orig.src) == addr_is_v4(&e->reply.src);
}
