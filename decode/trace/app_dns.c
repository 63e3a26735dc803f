/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * app_dns.c - DNS messages of datagrams and of TCP streams (RFC 1035 section
 * 4.2, RFC 7766) to the log.
 */
#include "decode/trace/app_int.h"

#define PREFIX	2	/* of a message over TCP: its length */

/* The TTL of what the client sends, where it was first seen; 0: not seen. */
static uint8_t
asker_ttl(const struct tracer *t, const struct app_seen *x, const struct addr *client)
{
	const struct leg_rec *l;
	struct tuple ends;

	if (!app_ends(t, x->flow, &ends, &l) || !addr_eq(&ends.src, client))
		return 0;
	return l->ttl;
}

/* Whose question: as it left the client, where that was seen. */
static void
fill_at(const struct tracer *t, const struct app_seen *x, struct dns_at *at)
{
	const struct tuple *p = &x->s->l->t;
	struct tuple ends;

	*at = (struct dns_at){ .flow = flow_at(t, x->flow)->id, .ts = x->s->ts };
	if (t->apps->message.answer)
		ends = tuple_turned(p);
	else
		ends = *p;
	if (t->apps->message.answer) {
		struct tuple asked;

		/* what comes back may be translated; not what left */
		if (app_ends(t, x->flow, &asked, NULL) && asked.dport == DNS_PORT)
			ends = asked;
	}
	at->client = ends.src;
	at->client_port = ends.sport;
	at->server = ends.dst;
	at->ttl = asker_ttl(t, x, &at->client);
}

static void
take_message(struct tracer *t, const struct app_seen *x, const uint8_t *p, uint32_t n,
    uint32_t len)
{
	struct apps *a = t->apps;
	const char *why;
	struct dns_at at;

	if (a->dns == NULL && (a->dns = dns_log_new()) == NULL)
		return;
	if (!dns_parse(p, n, len, &a->message, &why))
		return;
	fill_at(t, x, &at);
	dns_log_message(a->dns, &at, &a->message);
	look_mark(t, x->flow);
}

/* All messages that are whole, or that the capture cut. */
static void
take_framed(struct tracer *t, const struct app_seen *x, struct app_stream *k)
{
	struct stream *s = &k->s;

	while (s->n >= PREFIX) {
		uint32_t len = (uint32_t)s->bytes[0] << 8 | s->bytes[1];
		uint32_t have = s->n - PREFIX;

		if (len + PREFIX > APP_DNS_MAX) {
			k->dead = true;
			return;
		}
		if (have < len && stream_is_cut(s, len + PREFIX)) {
			take_message(t, x, s->bytes + PREFIX, have, len);
			k->dead = true;		/* where the next begins was not seen */
			return;
		}
		if (have < len)
			return;
		take_message(t, x, s->bytes + PREFIX, len, len);
		stream_take(s, len + PREFIX);
	}
}

/* Bytes that make no message, or none yet. */
static bool
has_rest(const struct app_stream *k)
{
	return k->dead || k->s.n > 0 || k->s.n_apart > 0 || k->s.has_hole;
}

static void
note_unread(struct tracer *t, const struct app_seen *x)
{
	if (x->dir != app_initiator(flow_at(t, x->flow)))
		t->apps->v[x->flow].flags |= APP_DNS_UNREAD;
}

bool
app_dns_unread(const struct tracer *t, uint32_t fi)
{
	const struct app_flow *f = &t->apps->v[fi];
	uint16_t number = f->stream[!app_initiator(flow_at(t, fi))];

	return f->flags & APP_DNS_UNREAD ||
	    (number != 0 && has_rest(&t->apps->streams[number - 1]));
}

static void
take_segment(struct tracer *t, const struct app_seen *x)
{
	const struct layer *l = x->s->l;
	bool syn = l->tcp_flags & TCP_SYN;
	uint32_t seq = l->seq + (syn ? 1 : 0);
	struct app_stream *k = app_stream(t, x, syn, seq);

	if (k == NULL) {
		if (x->len > 0)
			note_unread(t, x);
		return;
	}
	if (!k->dead && !stream_put(&k->s, seq, x->bytes, x->n, x->len, APP_DNS_MAX))
		k->dead = true;
	if (!k->dead)
		take_framed(t, x, k);
	if (!k->dead && !(l->tcp_flags & (TCP_FIN | TCP_RST)))
		return;
	if (has_rest(k))
		note_unread(t, x);
	app_stream_close(t, k);
}

void
app_dns_take(struct tracer *t, const struct app_seen *x)
{
	const struct layer *l = x->s->l;

	if (l->has & HAS_TCP)
		take_segment(t, x);
	else if (x->n > 0)
		/* of fragments the first has the header; the rest counts as cut */
		take_message(t, x, x->bytes, x->n, l->has & IS_FRAG ? x->len + 1 :
		    x->len);
}
