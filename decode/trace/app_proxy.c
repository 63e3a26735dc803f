/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * app_proxy.c - the PROXY header at the start of what the initiator sends,
 * however it is cut into segments.  Only where the SYN was seen: else what looks
 * like one may stand anywhere in the stream.
 */
#include <stdlib.h>

#include "decode/trace/app_int.h"

/* The header, or its beginning, is kept with the flow as it came. */
static void
keep(struct tracer *t, uint32_t fi, const uint8_t *p, uint32_t n, unsigned flags)
{
	struct app_flow *a = &t->apps->v[fi];

	a->flags |= (uint8_t)(APP_PROXY_SURE | flags);
	a->proxy = malloc(sizeof(*a->proxy) + n);
	if (a->proxy == NULL)
		return;
	a->proxy->n = n;
	memcpy(a->proxy->p, p, n);
	look_mark(t, fi);
}

/* The first bytes of the stream: is it known now what they are? */
static bool
decide(struct tracer *t, uint32_t fi, const uint8_t *p, uint32_t n, unsigned flags)
{
	struct proxy_header *h = &t->apps->proxy;

	switch (proxy_parse(p, n, flags & APP_PROXY_ENDED, h)) {
	case PROXY_MORE:
		if (!(flags & APP_PROXY_CUT))
			return false;
		keep(t, fi, p, n, flags);
		return true;
	case PROXY_GOOD:
		keep(t, fi, p, h->len < n ? h->len : n, 0);
		return true;
	case PROXY_BAD:
		keep(t, fi, p, n < PROXY_MAX ? n : PROXY_MAX, flags);
		return true;
	case PROXY_NONE:
		break;
	}
	t->apps->v[fi].flags |= APP_PROXY_SURE;
	return true;
}

/* Did the initiator send nothing after these bytes? */
static bool
has_ended(const struct layer *l, const struct stream *s)
{
	uint32_t end = l->seq + l->payload_len;

	return (l->tcp_flags & TCP_FIN && end - s->base == s->n) ||
	    (l->tcp_flags & TCP_RST && l->seq - s->base == s->n);
}

void
app_proxy_take(struct tracer *t, const struct app_seen *x)
{
	const struct layer *l = x->s->l;
	const struct flow_rec *f = flow_at(t, x->flow);
	uint32_t seq = l->seq + (l->tcp_flags & TCP_SYN ? 1 : 0);
	bool begins = x->n > 0 && seq == f->isn + 1;
	struct app_stream *k;
	unsigned flags;

	if (t->apps->v[x->flow].flags & APP_PROXY_SURE || !(f->flags & FLW_ISN))
		return;
	k = app_stream(t, x, begins && proxy_may_begin(x->bytes, x->n), f->isn + 1);
	if (k == NULL)
		return;
	stream_put(&k->s, seq, x->bytes, x->n, x->len, PROXY_MAX + 1);
	flags = has_ended(l, &k->s) ? APP_PROXY_ENDED :
	    stream_is_cut(&k->s, UINT32_MAX) ? APP_PROXY_CUT : 0;
	if (k->s.n > 0 && decide(t, x->flow, k->s.bytes, k->s.n, flags))
		app_stream_close(t, k);
}

const struct proxy_header *
app_proxy_of(struct tracer *t, uint32_t fi)
{
	const struct app_flow *a = &t->apps->v[fi];
	struct proxy_header *h = &t->apps->proxy;

	if (a->proxy == NULL)
		return NULL;
	if (proxy_parse(a->proxy->p, a->proxy->n, a->flags & APP_PROXY_ENDED, h) ==
	    PROXY_MORE)
		*h = (struct proxy_header){ .version = a->proxy->p[0] == 'P' ? 1 : 2,
		    .len = a->proxy->n, .why = "the capture has only its beginning "
		    "(snapshot length)" };
	return h;
}
