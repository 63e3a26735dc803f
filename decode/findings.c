/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * findings.c - statements about a flow: the one table of codes, and when each
 * holds.  Codes are stable (design section 4); a code is a row here.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "decode/tracer_int.h"

#define PORT_DNS	53

enum code {
	F_ENCAPSULATED, F_NO_REPLY, F_RESET, F_RETRANSMISSIONS, F_AMBIGUOUS,
	F_LOSS, N_FINDING_CODES
};

static const struct { const char *code; uint8_t level; } codes[N_FINDING_CODES] = {
	[F_ENCAPSULATED]	= { "encapsulated",	LEVEL_OK },
	[F_NO_REPLY]		= { "no-reply",		LEVEL_NOTE },
	[F_RESET]		= { "reset",		LEVEL_NOTE },
	[F_RETRANSMISSIONS]	= { "retransmissions",	LEVEL_NOTE },
	[F_AMBIGUOUS]		= { "ambiguous",	LEVEL_NOTE },
	[F_LOSS]		= { "loss",		LEVEL_NOTE },
};

__attribute__((format(printf, 3, 4)))
static void
add(struct flow *f, enum code code, const char *text, ...)
{
	struct finding *out;
	va_list ap;

	if (f->n_findings == FLOW_MAX_FINDINGS)
		return;
	out = &f->findings[f->n_findings++];
	out->code = codes[code].code;
	out->level = codes[code].level;
	out->cause = out->fix = NULL;
	va_start(ap, text);
	vsnprintf(out->text, sizeof(out->text), text, ap);
	va_end(ap);
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
findings_add(const struct tracer *t, struct flow *f, bool ambiguous)
{
	const struct tracer_stats *st = &t->stats;
	uint64_t lost = st->lost_kernel + st->lost_interface;

	f->n_findings = 0;
	add_encapsulated(f);
	if (f->reply_packets == 0 && f->request_packets > 0 && expects_answer(f))
		add(f, F_NO_REPLY, "%" PRIu64 " sent, nothing came back",
		    f->request_packets);
	if (f->resets > 0)
		add(f, F_RESET, "the connection was reset");
	if (f->retransmissions > 0)
		add(f, F_RETRANSMISSIONS, "%" PRIu32 " segment%s sent again",
		    f->retransmissions, f->retransmissions == 1 ? "" : "s");
	if (ambiguous)
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
