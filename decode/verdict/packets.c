/* SPDX-License-Identifier: GPL-2.0-or-later */
/* packets.c - what the packets of a flow show by themselves, without node state. */
#include <inttypes.h>

#include "decode/verdict/finding.h"

#define PORT_DNS	53

/* Does this kind of request always get an answer? */
static bool
expects_answer(const struct flow *f)
{
	switch (f->proto) {
	case PROTO_TCP:
		return f->tcp_state == TCPS_SYN_SENT;
	case PROTO_ICMP:
	case PROTO_ICMPV6:
		return f->has & FLOW_INITIATOR;
	case PROTO_UDP:
		return f->original.dport == PORT_DNS;
	default:
		return false;
	}
}

/* Were all legs of one way seen coming in, and none going out? */
static bool
came_in_only(const struct flow *f, bool reply)
{
	unsigned in = 0;

	for (unsigned i = 0; i < f->n_legs; i++) {
		if (f->legs[i].reply != reply)
			continue;
		if (f->legs[i].dir != DIR_IN)
			return false;
		in++;
	}
	return in > 0;
}

/*
 * What a router says when it drops a packet: RFC 792, RFC 1812 section 5.2.7
 * and RFC 4443 section 3.  Linux answers for a REJECT rule with the port
 * unreachable that a host sends for a closed port.
 */
static const struct drop_reason {
	bool		v6;
	uint8_t		type, code;
	const char	*cause;
	const char	*text;
} drop_reasons[] = {
	{ false, 3, 0,  "no-route",	"network unreachable" },
	{ false, 3, 1,  "unknown",	"host unreachable" },
	{ false, 3, 3,  "firewall",	"port unreachable, which another host cannot say" },
	{ false, 3, 9,  "firewall",	"network administratively prohibited" },
	{ false, 3, 10, "firewall",	"host administratively prohibited" },
	{ false, 3, 13, "firewall",	"communication administratively prohibited" },
	{ false, 11, 0, "ttl-expired",	"time to live exceeded" },
	{ true, 1, 0,   "no-route",	"no route to destination" },
	{ true, 1, 1,   "firewall",	"administratively prohibited" },
	{ true, 1, 3,   "unknown",	"address unreachable" },
	{ true, 1, 4,   "firewall",	"port unreachable, which another host cannot say" },
	{ true, 1, 6,   "no-route",	"reject route to destination" },
	{ true, 3, 0,   "ttl-expired",	"hop limit exceeded" },
};

/* This node says itself that it dropped the packets: what came in went nowhere,
   and the ICMP error about it came from here. */
static void
add_not_forwarded(struct flow *f)
{
	bool reply = f->has & FLOW_ICMP_REPLY;
	const struct addr *meant = reply ? &f->original.src : &f->original.dst;
	char from[ADDR_TEXT_MAX];

	if ((f->has & (FLOW_ICMP_ERROR | FLOW_ICMP_OURS)) !=
	    (FLOW_ICMP_ERROR | FLOW_ICMP_OURS) || !came_in_only(f, reply) ||
	    (!reply && f->reply_packets > 0) || addr_eq(&f->icmp_from, meant))
		return;
	for (size_t i = 0; i < sizeof(drop_reasons) / sizeof(drop_reasons[0]); i++) {
		const struct drop_reason *r = &drop_reasons[i];

		if (r->v6 == addr_is_v4(&f->icmp_from) || r->type != f->icmp_type ||
		    r->code != f->icmp_code)
			continue;
		addr_format(&f->icmp_from, from);
		finding_add(f, reply ? F_REPLY_NOT_FORWARDED : F_NOT_FORWARDED,
		    "%s came in and did not go out; this node (%s) answered: %s",
		    reply ? "the reply" : "it", from, r->text)->cause = r->cause;
		f->verdict = VERDICT_DROPPED;
		return;
	}
}

static void
add_encapsulated(struct flow *f)
{
	for (unsigned i = 0; i < f->n_legs; i++) {
		const struct tunnel *t = &f->legs[i].tunnel;

		if (t->type == TUN_NONE)
			continue;
		finding_add(f, F_ENCAPSULATED, "travels inside %s %" PRIu32,
		    tunnel_name(t->type), t->id);
		return;
	}
}

void
packets_judge(struct flow *f, uint64_t lost)
{
	f->n_findings = 0;
	add_not_forwarded(f);
	add_encapsulated(f);
	if (f->reply_packets == 0 && f->request_packets > 0 && expects_answer(f))
		finding_add(f, F_NO_REPLY, "%" PRIu64 " sent, nothing came back",
		    f->request_packets);
	if (f->resets > 0)
		finding_add(f, F_RESET, "the connection was reset");
	if (f->retransmissions > 0)
		finding_add(f, F_RETRANSMISSIONS, "%" PRIu32 " segment%s sent again",
		    f->retransmissions, f->retransmissions == 1 ? "" : "s");
	if (f->confidence == CONF_AMBIGUOUS)
		finding_add(f, F_AMBIGUOUS, "several flows sent the same bytes at once: "
		    "which translation is whose cannot be told from packets");
	if (lost > 0 && (f->reply_packets == 0 || !(f->has & FLOW_TRANSLATED)))
		finding_add(f, F_LOSS, "%" PRIu64 " packets were dropped by the capture: "
		    "what is missing here may have been among them", lost);
}
