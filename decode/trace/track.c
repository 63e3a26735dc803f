/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * track.c - what a flow's own packets tell: who began it, how far TCP got,
 * what was sent again, how long answers took.
 *
 * Each direction is followed at one leg only, the one where it was seen
 * first, so that a packet seen at four interfaces counts once.
 */
#include "decode/trace/tracer_int.h"

#define PORT_WELL_KNOWN_END	1024	/* RFC 6335 section 6: system ports below */
#define PORT_EPHEMERAL		32768	/* Linux net.ipv4.ip_local_port_range begins here */
/* A UDP request older than this is not what a reply answers. */
#define UDP_ANSWER_NS		(10 * NS_PER_SEC)

static void
set_initiator(struct flow_rec *f, unsigned dir, bool sure)
{
	f->flags &= (uint16_t)~FLW_INITIATOR_1;
	if (dir == 1)
		f->flags |= FLW_INITIATOR_1;
	if (sure)
		f->flags |= FLW_SURE;
}

/* Ports of the sender and the receiver. */
static void
ports_of(const struct sighting *s, uint16_t *from, uint16_t *to)
{
	*from = s->at.from_b ? s->key.pb : s->key.pa;
	*to = s->at.from_b ? s->key.pa : s->key.pb;
}

/* Is this packet an answer, as far as its ports tell? */
static bool
ports_say_answer(const struct sighting *s)
{
	uint16_t from, to;

	ports_of(s, &from, &to);
	if (from < PORT_WELL_KNOWN_END && to >= PORT_WELL_KNOWN_END)
		return true;
	return to >= PORT_EPHEMERAL && from < PORT_EPHEMERAL &&
	    from >= PORT_WELL_KNOWN_END;
}

static void
find_initiator(struct flow_rec *f, const struct sighting *s, unsigned dir, bool is_first)
{
	if (s->l->has & HAS_TCP && s->l->tcp_flags & TCP_SYN)
		set_initiator(f, s->l->tcp_flags & TCP_ACK ? !dir : dir, true);
	else if (s->l->has & HAS_ICMP_ECHO)
		set_initiator(f, s->l->has & IS_ECHO_REPLY ? !dir : dir, true);
	else if (is_first)
		set_initiator(f, s->l->has & HAS_PORTS && ports_say_answer(s) ?
		    !dir : dir, false);
}

static void
tcp_advance(struct flow_rec *f, const struct sighting *s, unsigned dir)
{
	uint8_t flags = s->l->tcp_flags;

	if (flags & TCP_RST) {
		f->tcp_state = TCPS_RESET;
		if (f->resets != UINT16_MAX)
			f->resets++;
		return;
	}
	if (flags & TCP_SYN) {
		uint8_t to = flags & TCP_ACK ? TCPS_SYN_RECV : TCPS_SYN_SENT;

		if (f->tcp_state < to)
			f->tcp_state = to;
		return;
	}
	if (flags & TCP_FIN)
		f->flags |= dir ? FLW_FIN_1 : FLW_FIN_0;
	if (f->tcp_state == TCPS_RESET)
		return;
	if ((f->flags & (FLW_FIN_0 | FLW_FIN_1)) == (FLW_FIN_0 | FLW_FIN_1))
		f->tcp_state = TCPS_CLOSED;
	else if (f->flags & (FLW_FIN_0 | FLW_FIN_1))
		f->tcp_state = TCPS_FIN_WAIT;
	else if (f->tcp_state == TCPS_NONE || f->tcp_state == TCPS_SYN_RECV)
		f->tcp_state = TCPS_ESTABLISHED;
}

/* True when these bytes were sent before.  Keep-alives repeat the last byte
   (RFC 9293 section 3.8.4) and are not retransmissions. */
static bool
tcp_repeated(struct flow_rec *f, const struct sighting *s, unsigned dir)
{
	uint16_t known = dir ? FLW_SEQ_1 : FLW_SEQ_0;
	uint32_t len = s->l->payload_len + (s->l->tcp_flags & TCP_SYN ? 1 : 0) +
	    (s->l->tcp_flags & TCP_FIN ? 1 : 0);
	uint32_t end = s->l->seq + len;
	bool is_new;

	if (s->l->tcp_flags & TCP_RST)
		return false;
	/* Data and bare acknowledgements take turns: one branch for both. */
	is_new = !(f->flags & known) | ((int32_t)(end - f->next_seq[dir]) > 0);
	f->flags |= known;
	f->next_seq[dir] ^= (f->next_seq[dir] ^ end) & (0 - (uint32_t)is_new);
	if (is_new | (len == 0))
		return false;
	return !(s->l->payload_len <= 1 && s->l->seq + 1 == f->next_seq[dir] &&
	    !(s->l->tcp_flags & (TCP_SYN | TCP_FIN)));
}

static void
rtt_ask(struct flow_rec *f, const struct sighting *s, uint32_t key, bool by_ts)
{
	f->rtt_key = key;
	f->rtt_since = s->ts;
	f->flags &= (uint16_t)~FLW_WAIT_TS;
	f->flags |= (uint16_t)(FLW_WAIT | (by_ts ? FLW_WAIT_TS : 0));
}

static void
rtt_answer(struct flow_rec *f, const struct sighting *s)
{
	sketch_add(&f->rtt, nstime_diff_ns(s->ts, f->rtt_since));
	f->flags &= (uint16_t)~FLW_WAIT;
}

/* From the initiator's packet to the answer that acknowledges it: by TCP
   timestamp (RFC 7323 section 4), else by sequence number and, then, not for
   what was sent again (Karn). */
static void
tcp_rtt(struct flow_rec *f, const struct sighting *s, bool asks, bool repeated)
{
	uint32_t end = s->l->seq + s->l->payload_len + (s->l->tcp_flags & TCP_SYN ? 1 : 0);
	uint32_t got;

	if (asks) {
		/* What was sent again has a time stamp of its own. */
		if (repeated && f->flags & FLW_WAIT && f->flags & FLW_WAIT_TS &&
		    s->l->has & HAS_TCP_TS)
			rtt_ask(f, s, s->l->ts_val, true);
		else if (repeated)
			f->flags &= (uint16_t)~FLW_WAIT;
		else if (!(f->flags & FLW_WAIT) && end != s->l->seq && !repeated)
			rtt_ask(f, s, s->l->has & HAS_TCP_TS ? s->l->ts_val : end,
			    s->l->has & HAS_TCP_TS);
		return;
	}
	if (!(f->flags & FLW_WAIT) || !(s->l->tcp_flags & TCP_ACK) ||
	    s->l->tcp_flags & TCP_RST)
		return;
	got = f->flags & FLW_WAIT_TS ? s->l->ts_ecr : s->l->ack;
	if (f->flags & FLW_WAIT_TS && !(s->l->has & HAS_TCP_TS))
		f->flags &= (uint16_t)~FLW_WAIT;
	else if ((int32_t)(got - f->rtt_key) >= 0)
		rtt_answer(f, s);
}

static void
icmp_rtt(struct flow_rec *f, const struct sighting *s, bool asks)
{
	if (asks)
		rtt_ask(f, s, s->l->icmp_seq, false);
	else if (f->flags & FLW_WAIT && f->rtt_key == s->l->icmp_seq)
		rtt_answer(f, s);
}

static void
udp_rtt(struct flow_rec *f, const struct sighting *s, bool asks)
{
	bool old = nstime_diff_ns(s->ts, f->rtt_since) > UDP_ANSWER_NS;

	if (asks && (!(f->flags & FLW_WAIT) || old))
		rtt_ask(f, s, 0, false);
	else if (!asks && f->flags & FLW_WAIT && !old)
		rtt_answer(f, s);
}

/* A SYN of another connection while this one is established: two clients, or two
   ways of one, with the same address and port. */
static inline bool
is_reuse(const struct flow_rec *f, const struct sighting *s, bool asks)
{
	return (s->l->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN && asks &&
	    f->tcp_state == TCPS_ESTABLISHED && f->flags & FLW_ISN &&
	    f->isn != s->l->seq;
}

void
track_packet(struct flow_rec *f, const struct sighting *s, unsigned dir, bool is_ref)
{
	bool is_first = f->ref[0] == 0 && f->ref[1] == 0;
	bool asks;

	if (!(f->flags & FLW_SURE))
		find_initiator(f, s, dir, is_first);
	if (!is_ref)
		return;
	asks = dir == (f->flags & FLW_INITIATOR_1 ? 1u : 0u);
	if (s->l->has & HAS_TCP) {
		bool repeated;

		if (__builtin_expect(is_reuse(f, s, asks), 0)) {
			f->flags |= FLW_REUSED;
			return;
		}
		repeated = tcp_repeated(f, s, dir);

		if (repeated)
			f->retransmissions += f->retransmissions != UINT32_MAX;
		if ((s->l->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN && asks) {
			f->isn = s->l->seq;
			f->flags |= FLW_ISN;
		}
		tcp_advance(f, s, dir);
		tcp_rtt(f, s, asks, repeated);
	} else if (s->l->has & HAS_ICMP_ECHO) {
		icmp_rtt(f, s, asks);
	} else if (s->key.proto == PROTO_UDP) {
		udp_rtt(f, s, asks);
	}
}
