/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gen_talk.c - what the two ends of a conversation say, packet by packet.
 *
 * TCP as Linux sends it (RFC 9293, RFC 7323): SYN-ACK and RST with IP ID 0,
 * everything else counting up per socket (net/ipv4/ip_output.c); requests and
 * responses in bursts with an ACK for two segments.  DNS per RFC 1035, ping
 * with the time in its first 16 bytes and a pattern behind, as iputils does.
 */
#include "gen.h"

#include <string.h>

enum {
	T_SYN, T_SYN_ACK, T_ACK, T_DATA, T_REXMIT, T_ACKS, T_FIN, T_FIN_BACK,
	T_LAST_ACK, T_RST
};

#define SPLIT_BYTES_MAX	60000u	/* an IPv4 packet holds 65515 after its header */
#define RTO		(200 * MSEC)	/* TCP_RTO_MIN */

/* -mean * ln(u), with the logarithm drawn as straight lines between powers of
   two: the same on every machine, which floating point does not promise. */
int64_t
talk_exp(struct prng *r, int64_t mean)
{
	uint64_t u = prng_next(r) | 1;
	int zeros = __builtin_clzll(u);
	uint64_t frac = zeros < 63 ? u << (zeros + 1) >> 48 : 0;
	int64_t log2_16 = ((int64_t)(zeros + 1) << 16) - (int64_t)frac;

	return (int64_t)((__int128)mean * log2_16 * 45426 >> 32);
}

/* The next packet is from the same end, some time after this one. */
static void
wait_more(struct conv *c, int64_t ns)
{
	c->wait = ns;
	c->turn = false;
}

/* The next packet answers this one, which came from `side`. */
static void
wait_answer(struct conv *c, struct prng *r, unsigned side)
{
	c->wait = c->delay[!side] + prng_between(r, 2 * USEC, 60 * USEC);
	c->turn = true;
}

static void
fill_ip(struct conv *c, struct pkt *p, unsigned side)
{
	p->reply = side == 1;
	p->ttl = c->ttl[side];
	p->id_fixed = c->id_zero[side];
	p->ip_id = p->id_fixed ? 0 : c->ip_id[side]++;
	p->mss = c->mss;
}

static void
fill_tcp(struct conv *c, struct pkt *p, unsigned side, unsigned flags,
    uint32_t len)
{
	fill_ip(c, p, side);
	p->flags = (uint8_t)flags;
	p->seq = c->seq[side];
	p->ack = flags & F_ACK ? c->seq[!side] : 0;
	p->has_ts = c->has_ts && !(flags & F_RST);
	if (p->has_ts) {
		p->ts_val = c->ts_off[side] + (uint32_t)(c->when / MSEC);
		p->ts_ecr = flags & F_ACK ? c->ts_seen[!side] : 0;
		c->ts_seen[side] = p->ts_val;
	}
	p->len = len;
	p->pool = (c->pool[side] + p->seq) & 0xffff;
	c->seq[side] += len + !!(flags & F_SYN) + !!(flags & F_FIN);
	if (flags & F_SYN && c->has_ts)
		p->mss = (uint16_t)(c->mss + 12);
	if (flags & F_RST || (flags & F_SYN && side == 1)) {
		p->ip_id = 0;
		p->id_fixed = true;
	}
}

static void
finish(struct conv *c, bool closed)
{
	c->over = true;
	c->closed = closed;
}

static void
begin_burst(struct conv *c, struct prng *r, unsigned side)
{
	c->state = T_DATA;
	c->side = (uint8_t)side;
	c->burst = side == 0 && !prng_permille(r, 150) ? 1 : 1 + prng_below(r, 10);
	if (c->burst > c->left)
		c->burst = c->left ? c->left : 1;
	c->acks = (c->burst + 1) / 2;
	c->burst_len = 0;
}

/* After the data: a close by either end, a reset, or silence. */
static void
begin_end(struct conv *c, struct prng *r)
{
	unsigned how = prng_below(r, 100);

	wait_more(c, 1 + talk_exp(r, c->think));
	c->side = prng_permille(r, 500);
	c->state = c->aborts ? T_RST : T_FIN;
	if (!c->aborts && how < 6)
		finish(c, false);
}

static void
tcp_syn(struct conv *c, struct prng *r, struct pkt *p)
{
	fill_tcp(c, p, 0, F_SYN, 0);
	if (!c->silent) {
		c->state = T_SYN_ACK;
		wait_answer(c, r, 0);
		return;
	}
	c->seq[0]--;
	wait_more(c, SEC << c->tries++);
	if (c->tries >= c->left)
		finish(c, false);
}

static void
tcp_syn_ack(struct conv *c, struct prng *r, struct pkt *p)
{
	if (c->refused) {
		fill_tcp(c, p, 1, F_RST | F_ACK, 0);
		p->seq = 0;
		finish(c, true);
		return;
	}
	fill_tcp(c, p, 1, F_SYN | F_ACK, 0);
	c->state = T_ACK;
	wait_answer(c, r, 1);
}

static void
tcp_data(struct conv *c, struct prng *r, struct pkt *p)
{
	uint32_t n = 1, most = SPLIT_BYTES_MAX / c->mss;
	uint32_t len;

	if (c->split != SPLIT_NO && c->burst > 1)
		n = c->burst < most ? c->burst : most;
	c->burst -= n;
	c->left -= n < c->left ? n : c->left;
	len = (n - 1) * c->mss;
	len += c->burst ? c->mss : 1 + prng_below(r, c->side ? c->mss : 900);
	if (len > n * c->mss)
		len = n * c->mss;
	fill_tcp(c, p, c->side, c->burst ? F_ACK : F_ACK | F_PSH, len);
	if (n > 1) {
		p->split = c->split;
		if (!p->id_fixed)
			c->ip_id[c->side] = (uint16_t)(c->ip_id[c->side] + n - 1);
	}
	c->last_len = len;
	c->burst_len += len;

	p->lost = n == 1 && prng_below(r, 2000) == 0;
	if (n == 1 && (p->lost || prng_permille(r, 5))) {
		c->state = T_REXMIT;
		wait_more(c, RTO + prng_between(r, 0, 50 * MSEC));
	} else if (c->burst) {
		wait_more(c, prng_between(r, 2 * USEC, 30 * USEC));
	} else {
		c->state = T_ACKS;
		wait_answer(c, r, c->side);
	}
}

static void
tcp_rexmit(struct conv *c, struct prng *r, struct pkt *p)
{
	c->seq[c->side] -= c->last_len;
	fill_tcp(c, p, c->side, F_ACK | F_PSH, c->last_len);
	if (c->burst) {
		c->state = T_DATA;
		wait_more(c, prng_between(r, 5 * USEC, 100 * USEC));
	} else {
		c->state = T_ACKS;
		wait_answer(c, r, c->side);
	}
}

static void
tcp_acks(struct conv *c, struct prng *r, struct pkt *p)
{
	unsigned from = !c->side;

	fill_tcp(c, p, from, F_ACK, 0);
	/* All of the burst has arrived; earlier ACKs cover less of it. */
	if (c->acks > 1) {
		uint32_t back = (c->acks - 1) * 2 * c->mss;

		p->ack -= back < c->burst_len ? back : 0;
	}
	c->left -= c->left > 0;
	if (--c->acks > 0) {
		wait_more(c, prng_between(r, 3 * USEC, 20 * USEC));
	} else if (c->left == 0) {
		begin_end(c, r);
	} else {
		unsigned next = prng_permille(r, 700) ? from : c->side;

		begin_burst(c, r, next);
		wait_more(c, USEC + talk_exp(r, c->think));
	}
}

static void
tcp_step(struct conv *c, struct prng *r, struct pkt *p)
{
	switch (c->state) {
	case T_SYN:
		tcp_syn(c, r, p);
		break;
	case T_SYN_ACK:
		tcp_syn_ack(c, r, p);
		break;
	case T_ACK:
		fill_tcp(c, p, 0, F_ACK, 0);
		begin_burst(c, r, 0);
		wait_more(c, prng_between(r, 5 * USEC, 300 * USEC));
		break;
	case T_DATA:
		tcp_data(c, r, p);
		break;
	case T_REXMIT:
		tcp_rexmit(c, r, p);
		break;
	case T_ACKS:
		tcp_acks(c, r, p);
		break;
	case T_FIN:
		fill_tcp(c, p, c->side, F_FIN | F_ACK, 0);
		c->state = T_FIN_BACK;
		wait_answer(c, r, c->side);
		break;
	case T_FIN_BACK:
		fill_tcp(c, p, !c->side, F_FIN | F_ACK, 0);
		c->state = T_LAST_ACK;
		wait_answer(c, r, !c->side);
		break;
	case T_LAST_ACK:
		fill_tcp(c, p, c->side, F_ACK, 0);
		finish(c, true);
		break;
	case T_RST:
		fill_tcp(c, p, c->side, prng_permille(r, 500) ? F_RST :
		    F_RST | F_ACK, 0);
		finish(c, true);
		break;
	}
}

static void
add16(struct pkt *p, unsigned v)
{
	p->inl[p->n_inline++] = (uint8_t)(v >> 8);
	p->inl[p->n_inline++] = (uint8_t)v;
}

static void
add_bytes(struct pkt *p, const void *bytes, size_t n)
{
	memcpy(p->inl + p->n_inline, bytes, n);
	p->n_inline = (uint8_t)(p->n_inline + n);
}

/* An A record of NAME.example.test, RFC 1035 section 4. */
static void
fill_dns(const struct conv *c, struct pkt *p)
{
	static const uint8_t answer[] = {
		0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 198, 18, 7, 9
	};
	uint32_t name = c->common_text ? 0xabcdef : c->pool[0] * 2654435761u;
	int i;

	add16(p, c->dns_id);
	add16(p, p->reply ? 0x8180 : 0x0100);
	add16(p, 1);
	add16(p, p->reply);
	add16(p, 0);
	add16(p, 0);
	p->inl[p->n_inline++] = 8;
	for (i = 28; i >= 0; i -= 4)
		p->inl[p->n_inline++] = (uint8_t)('a' + (name >> i & 15));
	add_bytes(p, "\x07" "example" "\x04" "test", 14);
	add16(p, 1);
	add16(p, 1);
	if (p->reply)
		add_bytes(p, answer, sizeof(answer));
}

static void
fill_ping(struct conv *c, struct pkt *p)
{
	uint64_t when[2];
	uint8_t b;

	if (!p->reply) {
		c->seq[0] = (uint32_t)((CAPTURE_START + c->when) / SEC);
		c->seq[1] = (uint32_t)(c->when % SEC / USEC);
		c->icmp_seq++;
	}
	when[0] = c->seq[0];
	when[1] = c->seq[1];
	p->icmp_seq = c->icmp_seq;
	add_bytes(p, when, sizeof(when));
	for (b = 0x10; b < 0x38; b++)
		p->inl[p->n_inline++] = b;
}

static void
fill_payload(struct conv *c, struct prng *r, struct pkt *p)
{
	static const char metric[] = "app.requests:1|c";

	switch (c->talk) {
	case TALK_DNS:
		fill_dns(c, p);
		break;
	case TALK_PING:
		fill_ping(c, p);
		break;
	case TALK_STATSD:
		if (c->common_text) {
			add_bytes(p, metric, sizeof(metric) - 1);
			break;
		}
		p->len = 20 + prng_below(r, 60);
		p->pool = prng_below(r, 65536);
		break;
	case TALK_STREAM:
		p->len = 40 + prng_below(r, 1160);
		p->pool = prng_below(r, 65536);
		break;
	default:	/* TALK_SAME: nothing that tells one from the other */
		add_bytes(p, "the same bytes from all!", 24);
		p->icmp_seq = 1;
		break;
	}
}

static int64_t
dgram_pause(const struct conv *c, struct prng *r)
{
	switch (c->talk) {
	case TALK_PING:
		return SEC + prng_between(r, 0, MSEC);
	case TALK_SAME:
		return 10 * MSEC + prng_between(r, 0, 30 * USEC);
	case TALK_DNS:
		return c->silent ? 5 * SEC : 5 * MSEC;
	default:
		return USEC + talk_exp(r, c->think);
	}
}

/* Requests, each with its reply unless silent; `left` counts requests. */
static void
dgram_step(struct conv *c, struct prng *r, struct pkt *p)
{
	fill_ip(c, p, c->side);
	fill_payload(c, r, p);
	if (c->side == 0 && !c->silent) {
		c->side = 1;
		wait_answer(c, r, 0);
		return;
	}
	if (c->talk == TALK_STREAM && c->side == 1 && prng_permille(r, 400)) {
		wait_more(c, prng_between(r, 2 * USEC, 200 * USEC));
		return;		/* several answers to one request */
	}
	c->side = 0;
	if (c->talk == TALK_DNS && !c->silent)
		c->dns_id = (uint16_t)prng_next(r);
	wait_more(c, dgram_pause(c, r));
	if (c->left > 0)
		c->left--;
	if (c->left == 0)
		finish(c, true);
}

/* `midway`: the conversation began before the capture. */
void
talk_start(struct conv *c, struct prng *r, bool midway)
{
	unsigned i;

	for (i = 0; i < 2; i++) {
		c->seq[i] = (uint32_t)prng_next(r);
		c->ts_off[i] = (uint32_t)prng_next(r);
		c->ts_seen[i] = c->ts_off[i] + (uint32_t)(c->when / MSEC);
		c->ip_id[i] = (uint16_t)prng_next(r);
		c->pool[i] = (uint32_t)prng_next(r) & 0xffff;
	}
	c->dns_id = (uint16_t)prng_next(r);
	c->state = T_SYN;
	if (midway && c->talk == TALK_TCP && !c->silent && !c->refused)
		begin_burst(c, r, prng_permille(r, 600));
}

const char *
talk_conntrack(const struct conv *c)
{
	if (c->class == C_DROPPED || c->class == C_ONCE)
		return "NONE";
	if (c->talk != TALK_TCP)
		return c->replied ? "REPLIED" : "UNREPLIED";
	if (c->over && (c->refused || c->state == T_RST))
		return "CLOSE";
	if (c->over && c->closed)
		return "TIME_WAIT";
	/* An answer was there even when only the end of the talk is shown. */
	return c->silent || (c->state <= T_SYN_ACK && !c->replied) ? "SYN_SENT" :
	    "ESTABLISHED";
}

void
talk_step(struct conv *c, struct prng *r, struct pkt *p)
{
	*p = (struct pkt){ .len = 0 };
	if (c->talk == TALK_TCP)
		tcp_step(c, r, p);
	else
		dgram_step(c, r, p);
}
