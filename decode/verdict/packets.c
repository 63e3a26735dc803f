/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * findings.c - statements about a flow: the one table of codes, and when each
 * holds.  Codes are stable (design section 4); a code is a row here.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "decode/trace/tracer_int.h"

#define PORT_DNS	53

enum code {
	F_ENCAPSULATED, F_NO_REPLY, F_RESET, F_RETRANSMISSIONS, F_AMBIGUOUS,
	F_LOSS, F_NOT_FORWARDED, F_REPLY_NOT_FORWARDED, N_FINDING_CODES
};

static const struct { const char *code; uint8_t level; } codes[N_FINDING_CODES] = {
	[F_ENCAPSULATED]	= { "encapsulated",	LEVEL_OK },
	[F_NO_REPLY]		= { "no-reply",		LEVEL_NOTE },
	[F_RESET]		= { "reset",		LEVEL_NOTE },
	[F_RETRANSMISSIONS]	= { "retransmissions",	LEVEL_NOTE },
	[F_AMBIGUOUS]		= { "ambiguous",	LEVEL_NOTE },
	[F_LOSS]		= { "loss",		LEVEL_NOTE },
	[F_NOT_FORWARDED]	= { "not-forwarded",	LEVEL_DROPPED },
	[F_REPLY_NOT_FORWARDED]	= { "reply-not-forwarded", LEVEL_DROPPED },
};

__attribute__((format(printf, 3, 4)))
static struct finding *
add(struct flow *f, enum code code, const char *text, ...)
{
	struct finding *out;
	va_list ap;

	/* Fewer kinds than room: each is said once at most. */
	_Static_assert(N_FINDING_CODES <= FLOW_MAX_FINDINGS, "room for all");
	out = &f->findings[f->n_findings++];
	out->code = codes[code].code;
	out->level = codes[code].level;
	out->cause = NULL;
	out->fix[0] = '\0';
	va_start(ap, text);
	vsnprintf(out->text, sizeof(out->text), text, ap);
	va_end(ap);
	return out;
}

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
		add(f, reply ? F_REPLY_NOT_FORWARDED : F_NOT_FORWARDED,
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
		add(f, F_ENCAPSULATED, "travels inside %s %" PRIu32,
		    tunnel_name(t->type), t->id);
		return;
	}
}

void
findings_add(const struct tracer *t, struct flow *f)
{
	const struct tracer_stats *st = &t->stats;
	uint64_t lost = st->lost_kernel + st->lost_interface;

	f->n_findings = 0;
	add_not_forwarded(f);
	add_encapsulated(f);
	if (f->reply_packets == 0 && f->request_packets > 0 && expects_answer(f))
		add(f, F_NO_REPLY, "%" PRIu64 " sent, nothing came back",
		    f->request_packets);
	if (f->resets > 0)
		add(f, F_RESET, "the connection was reset");
	if (f->retransmissions > 0)
		add(f, F_RETRANSMISSIONS, "%" PRIu32 " segment%s sent again",
		    f->retransmissions, f->retransmissions == 1 ? "" : "s");
	if (f->confidence == CONF_AMBIGUOUS)
		add(f, F_AMBIGUOUS, "several flows sent the same bytes at once: "
		    "which translation is whose cannot be told from packets");
	if (lost > 0 && (f->reply_packets == 0 || !(f->has & FLOW_TRANSLATED)))
		add(f, F_LOSS, "%" PRIu64 " packets were dropped by the capture: "
		    "what is missing here may have been among them", lost);
}

static const char *const confidences[N_CONFIDENCES] = {
	[CONF_SINGLE] = "single", [CONF_OBSERVED] = "observed",
	[CONF_AMBIGUOUS] = "ambiguous", [CONF_DECLARED] = "declared",
	[CONF_CONFIRMED] = "confirmed",
};

static const char *const verdicts[N_VERDICTS] = {
	[VERDICT_UNKNOWN] = "unknown", [VERDICT_OK] = "ok",
	[VERDICT_WRONG] = "wrong", [VERDICT_DROPPED] = "dropped",
};

/* As conntrack(8) prints them. */
static const char *const tcp_states[N_TCP_STATES] = {
	[TCPS_SYN_SENT] = "SYN_SENT", [TCPS_SYN_RECV] = "SYN_RECV",
	[TCPS_ESTABLISHED] = "ESTABLISHED", [TCPS_FIN_WAIT] = "FIN_WAIT",
	[TCPS_CLOSED] = "TIME_WAIT", [TCPS_RESET] = "CLOSE",
};

static const char *const levels[N_LEVELS] = {
	[LEVEL_OK] = "ok", [LEVEL_WRONG] = "wrong",
	[LEVEL_DROPPED] = "dropped", [LEVEL_NOTE] = "note",
};

const char *
confidence_name(unsigned c)
{
	return c < N_CONFIDENCES ? confidences[c] : NULL;
}

const char *
verdict_name(unsigned v)
{
	return v < N_VERDICTS ? verdicts[v] : NULL;
}

const char *
tcp_state_name(unsigned s)
{
	return s < N_TCP_STATES ? tcp_states[s] : NULL;
}

const char *
level_name(unsigned l)
{
	return l < N_LEVELS ? levels[l] : NULL;
}
