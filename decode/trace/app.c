/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * app.c - what payloads say: PROXY headers, DNS, health checks.
 *
 * Payloads are borrowed and gone when a sighting is taken, so those few that are
 * wanted are copied while the packet is decoded (app_wants()), and looked at once
 * their flow is known.  A packet that is seen at four interfaces is looked at
 * where its direction was first seen.
 */
#include <stdlib.h>

#include "decode/trace/app_int.h"

bool
app_init(struct tracer *t)
{
	struct apps *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return false;
	t->apps = a;
	a->size = ((size_t)t->flows.max + 2) * sizeof(*a->v);
	a->v = pool_pages(a->size);
	t->app_bytes = pool_pages((size_t)RING * APP_BYTES);
	return a->v != NULL && t->app_bytes != NULL;
}

void
app_fini(struct tracer *t)
{
	struct apps *a = t->apps;

	if (a == NULL)
		return;
	for (uint32_t fi = 1; a->v != NULL && fi < t->flows.used; fi++)
		free(a->v[fi].proxy);
	for (unsigned i = 0; i < APP_STREAMS; i++)
		stream_fini(&a->streams[i].s);
	dns_log_free(a->dns);
	checks_free(a->checks);
	pool_pages_free(a->v, a->size);
	pool_pages_free(t->app_bytes, (size_t)RING * APP_BYTES);
	free(a);
	t->apps = NULL;
}

/* ---- streams */

static void
open_more(struct tracer *t, unsigned bucket)
{
	t->apps->open[bucket]++;
	t->app_open |= UINT64_C(1) << bucket;
}

static void
open_less(struct tracer *t, unsigned bucket)
{
	if (--t->apps->open[bucket] == 0)
		t->app_open &= ~(UINT64_C(1) << bucket);
}

void
app_stream_close(struct tracer *t, struct app_stream *k)
{
	if (k->flow == 0)
		return;
	t->apps->v[k->flow].stream[k->dir] = 0;
	open_less(t, k->bucket);
	stream_fini(&k->s);
	*k = (struct app_stream){ 0 };
}

struct app_stream *
app_stream(struct tracer *t, const struct app_seen *x, bool make, uint32_t base)
{
	struct apps *a = t->apps;
	uint16_t *number = &a->v[x->flow].stream[x->dir];
	struct app_stream *k;

	if (*number != 0)
		return &a->streams[*number - 1];
	if (!make)
		return NULL;
	k = &a->streams[a->hand];
	app_stream_close(t, k);
	*k = (struct app_stream){ .flow = x->flow, .dir = (uint8_t)x->dir,
	    .bucket = x->s->hash % APP_BUCKETS, .s.base = base };
	*number = (uint16_t)(a->hand + 1);
	a->hand = (uint16_t)((a->hand + 1) % APP_STREAMS);
	open_more(t, k->bucket);
	return k;
}

static void
close_streams(struct tracer *t, uint32_t fi)
{
	for (unsigned dir = 0; dir < 2; dir++) {
		uint16_t number = t->apps->v[fi].stream[dir];

		if (number != 0)
			app_stream_close(t, &t->apps->streams[number - 1]);
	}
}

/* ---- the life of flows */

void
app_joined(struct tracer *t, uint32_t fi, uint32_t into)
{
	struct apps *a = t->apps;
	struct app_flow *from = &a->v[fi], *to = &a->v[into];

	close_streams(t, fi);
	if (to->proxy == NULL && from->proxy != NULL) {
		to->proxy = from->proxy;
		to->flags |= from->flags & (APP_PROXY_SURE | APP_PROXY_ENDED |
		    APP_PROXY_CUT);
		from->proxy = NULL;
	}
	to->flags |= from->flags & (APP_BY_WORD | APP_ENDED | APP_DNS_UNREAD);
	if (a->dns != NULL)
		dns_log_joined(a->dns, flow_at(t, fi)->id, flow_at(t, into)->id);
}

void
app_freed(struct tracer *t, uint32_t fi)
{
	struct apps *a = t->apps;
	struct app_flow *f = &a->v[fi];

	if (f->stream[0] | f->stream[1])
		close_streams(t, fi);
	free(f->proxy);
	*f = (struct app_flow){ 0 };
	if (a->dns != NULL)
		dns_log_gone(a->dns, flow_at(t, fi)->id);
}

bool
app_ends(const struct tracer *t, uint32_t fi, struct tuple *ends,
    const struct leg_rec **leg)
{
	const struct flow_rec *f = flow_at(t, fi);
	const struct leg_rec *l = leg_at(t, f->ref[app_initiator(f)]);
	const struct key *k;
	bool b = l->place.from_b;

	if (f->ref[app_initiator(f)] == 0 || l->conv == 0)
		return false;
	k = &conv_at(t, l->conv)->key;
	*ends = (struct tuple){ .src = b ? k->b : k->a, .dst = b ? k->a : k->b,
	    .sport = b ? k->pb : k->pa, .dport = b ? k->pa : k->pb, .proto = k->proto };
	if (leg != NULL)
		*leg = l;
	return true;
}

/* ---- */

/* "GET /healthz HTTP/1.1 ... User-Agent: ELB-HealthChecker/2.0": see Elastic Load
   Balancing, "Health checks for your target groups". */
static bool
asks_as_checker(const struct app_seen *x)
{
	static const char word[] = "\r\nuser-agent: ", who[] = "ELB-HealthChecker/";
	const uint32_t n = sizeof(word) - 1, m = sizeof(who) - 1;

	for (uint32_t i = 0; i + n + m <= x->n; i++) {
		const uint8_t *p = x->bytes + i;
		uint32_t k = 0;

		if (*p != '\r')
			continue;
		if (memcmp(p, "\r\n\r\n", 4) == 0)
			return false;	/* the end of the headers */
		/* in any case: proxies write it so and so */
		while (k < n && ((p[k] | (word[k] >= 'a' ? 0x20 : 0)) == word[k]))
			k++;
		if (k == n && memcmp(p + n, who, m) == 0)
			return true;
	}
	return false;
}

/* Of the legs of a conv in this direction, is this the one that was first seen? */
static bool
is_first_leg(const struct tracer *t, uint32_t ci, const struct place *at)
{
	const struct leg_rec *first = NULL;

	for (uint32_t li = conv_at(t, ci)->legs; li != 0; li = leg_at(t, li)->next)
		if (leg_at(t, li)->place.from_b == at->from_b)
			first = leg_at(t, li);	/* the newest come first in the list */
	return first != NULL && place_eq(first->place, *at);
}

/* Is this where a packet of the flow is looked at?  What the initiator sends where
   it was first seen; what it gets as it gets it, after the node's translation, and
   so only if it gets it. */
static bool
is_the_place(const struct tracer *t, const struct app_seen *x, uint32_t ci)
{
	const struct flow_rec *f = flow_at(t, x->flow);
	uint32_t here = f->ref[x->dir], asked = f->ref[app_initiator(f)];

	if (x->dir != app_initiator(f) && asked != 0)
		return leg_at(t, asked)->conv == ci && is_first_leg(t, ci, &x->s->at);
	return here != 0 && leg_at(t, here)->conv == ci &&
	    place_eq(leg_at(t, here)->place, x->s->at);
}

/* What comes until it is taken may go on with what it begins. */
void
app_comes(struct tracer *t, const struct sighting *s)
{
	if (s->l->has & HAS_TCP)
		open_more(t, s->hash % APP_BUCKETS);
}

static void
take(struct tracer *t, const struct sighting *s, const uint8_t *bytes, uint32_t n)
{
	struct app_seen x = { .s = s, .bytes = bytes, .n = n, .len = s->l->payload_len };
	uint32_t ci = index_find(t, &s->key, s->hash);

	if (ci == 0 || conv_at(t, ci)->flow == 0)
		return;
	x.flow = conv_at(t, ci)->flow;
	x.dir = conv_direction(conv_at(t, ci), s->at.from_b);
	if (!is_the_place(t, &x, ci))
		return;
	if (s->l->t.sport == DNS_PORT || s->l->t.dport == DNS_PORT) {
		app_dns_take(t, &x);
		return;
	}
	if (x.dir != app_initiator(flow_at(t, x.flow)))
		return;
	if (n > 0 && bytes[0] == 'G' && asks_as_checker(&x))
		t->apps->v[x.flow].flags |= APP_BY_WORD;
	app_proxy_take(t, &x);
}

void
app_take(struct tracer *t, const struct sighting *s, const uint8_t *bytes, uint32_t n)
{
	take(t, s, bytes, n);
	if (s->l->has & HAS_TCP)
		open_less(t, s->hash % APP_BUCKETS);
}

bool
app_is_checker(const struct layer *l)
{
	struct app_seen x = { .bytes = l->payload, .n = l->payload_cap };

	return l->payload_cap > 4 && memcmp(l->payload, "GET ", 4) == 0 &&
	    asks_as_checker(&x);
}
