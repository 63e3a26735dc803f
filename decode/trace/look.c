/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * look.c - flows as they become known, while time goes by.
 *
 * Ticks are observations, so that a recording tells the same at the same place.
 * A new flow is looked at when its first packets had time to cross the node; it
 * is told then, and again whenever what is said of it became another: a leg, a
 * join, an ICMP error, conntrack's word, or time itself, which shows that
 * nothing left.  Flows that ended long ago are let go.
 */
#include <stdlib.h>

#include "decode/trace/tracer_int.h"

#define MS		(1000 * 1000)
#define FIRST_LOOK_NS	(50 * MS)	/* after the first packet; a crossing takes far less */
#define SECOND_LOOK_NS	(1000 * MS)	/* after the first look */
/* What left at the same time was looked at by then: FIRST_LOOK_NS and a tick. */
#define LEFT_KNOWN_NS	(250 * MS)
#define CROSSING_NS	(50 * MS)
#define DEPARTURES_NS	(10 * NS_PER_SEC)	/* are remembered for so long */
#define DEPARTURES_MAX	(1u << 17)
#define DEPARTURE_WALK	4096u

/* A flow that ended is let go after so long a silence. */
#define CLOSED_NS	(60 * NS_PER_SEC)	/* TIME_WAIT */
#define UNANSWERED_NS	(130 * NS_PER_SEC)	/* six SYNs (tcp_syn_retries) */
#define ICMP_NS		(60 * NS_PER_SEC)
#define OTHER_NS	(180 * NS_PER_SEC)	/* nf_conntrack_udp_timeout_stream is 120 */

enum look_flag {
	LOOK_QUEUED	= 1 << 0,	/* waits for its first look */
	LOOK_MARKED	= 1 << 1,	/* something changed since its last one */
	LOOK_SHOWN	= 1 << 2,	/* was told, as `told` */
	LOOK_STAYED	= 1 << 3,	/* nothing left that could be it, */
	LOOK_MAYBE	= 1 << 4,	/* or something did */
};

struct look {
	uint32_t	told;		/* hash of what was said */
	uint8_t		flags;		/* enum look_flag */
};

struct waiting {
	uint32_t	flow, id;	/* id: its low bits */
	struct nstime	due;
};

/* In the order of coming, taken from the front. */
struct queue {
	struct waiting	*v;
	size_t		 head, n, room;
};

/* A conversation that first went out here; see witness.c.  A ring: number i is
   at i % DEPARTURES_MAX, those below `gone` are not there any more. */
struct left {
	uint32_t	hash, isn, before;	/* before: number + 1 of the one before it
						   in its bucket, modulo 2^32 */
	bool		has_isn;
	struct nstime	first;
};

#define LEFT_BUCKETS	(1u << 14)

struct looks {
	struct look	*v;		/* of each flow */
	size_t		 size;
	struct queue	 first, second, marked;
	struct left	*left;
	uint32_t	 n_left, left_gone;
	struct nstime	 left_from;	/* all since then are there */
	uint32_t	 bucket[LEFT_BUCKETS];
	uint32_t	 hand;		/* of the walk that lets flows go */
};

static struct looks *
looks_new(const struct tracer *t)
{
	struct looks *k = calloc(1, sizeof(*k));

	if (k == NULL)
		return NULL;
	k->size = ((size_t)t->flows.max + 2) * sizeof(*k->v);
	k->v = pool_pages(k->size);
	k->left = pool_pages(DEPARTURES_MAX * sizeof(*k->left));
	k->left_from = (struct nstime){ INT64_MIN / 2 };
	return k;
}

void
look_fini(struct tracer *t)
{
	struct looks *k = t->looks;

	if (k == NULL)
		return;
	pool_pages_free(k->v, k->size);
	pool_pages_free(k->left, DEPARTURES_MAX * sizeof(*k->left));
	free(k->first.v);
	free(k->second.v);
	free(k->marked.v);
	free(k);
}

/* ---- queues */

static void
queue_push(struct tracer *t, struct queue *q, uint32_t fi, struct nstime due)
{
	struct waiting *v = q->v;

	if (q->n == q->room && q->head > q->room / 2) {
		memmove(v, v + q->head, (q->n - q->head) * sizeof(*v));
		q->n -= q->head;
		q->head = 0;
	}
	if (q->n == q->room) {
		size_t room = q->room != 0 ? q->room * 2 : 1024;

		v = realloc(q->v, room * sizeof(*v));
		if (v == NULL)
			return;		/* it is told at its end */
		q->v = v;
		q->room = room;
	}
	q->v[q->n++] = (struct waiting){ fi, (uint32_t)flow_at(t, fi)->id, due };
}

/* The next that is due, of those that still exist; 0: none. */
static uint32_t
queue_pop(const struct tracer *t, struct queue *q, struct nstime now)
{
	while (q->head < q->n && q->v[q->head].due.ns <= now.ns) {
		const struct waiting *w = &q->v[q->head++];
		const struct flow_rec *f = flow_at(t, w->flow);

		if (f->convs != 0 && (uint32_t)f->id == w->id)
			return w->flow;
	}
	if (q->head == q->n)
		q->head = q->n = 0;
	return 0;
}

void
look_new(struct tracer *t, uint32_t fi)
{
	struct looks *k = t->looks;

	if (k == NULL)
		return;
	k->v[fi] = (struct look){ .flags = LOOK_QUEUED };
	queue_push(t, &k->first, fi,
	    (struct nstime){ flow_at(t, fi)->first.ns + FIRST_LOOK_NS });
}

void
look_mark(struct tracer *t, uint32_t fi)
{
	struct looks *k = t->looks;

	if (k == NULL || k->v[fi].flags & (LOOK_QUEUED | LOOK_MARKED))
		return;
	k->v[fi].flags |= LOOK_MARKED;
	queue_push(t, &k->marked, fi, (struct nstime){ INT64_MIN });
}

void
look_joined(struct tracer *t, uint32_t fi, uint32_t into)
{
	if (t->looks != NULL && t->looks->v[fi].flags & LOOK_SHOWN &&
	    t->cfg.joined != NULL)
		t->cfg.joined(t->cfg.joined_arg, flow_at(t, fi)->id,
		    flow_at(t, into)->id);
}

void
look_freed(struct tracer *t, uint32_t fi)
{
	if (t->looks != NULL)
		t->looks->v[fi] = (struct look){ 0 };
}

/* ---- what left */

static void
left_add(struct tracer *t, uint32_t fi)
{
	struct looks *k = t->looks;
	const struct flow_rec *f = flow_at(t, fi);
	const struct conv *c = NULL;
	const struct leg_rec *l = witness_departure(t, fi, &c);
	struct left *d;
	uint32_t h;

	if (l == NULL)
		return;
	if (k->n_left - k->left_gone == DEPARTURES_MAX)
		k->left_from = k->left[k->left_gone++ % DEPARTURES_MAX].first;
	h = witness_hash(l->place.from_b ? &c->key.a : &c->key.b,
	    l->place.from_b ? c->key.pa : c->key.pb, c->key.proto);
	d = &k->left[k->n_left % DEPARTURES_MAX];
	*d = (struct left){ .hash = h, .isn = f->isn, .first = l->first,
	    .has_isn = f->flags & FLW_ISN, .before = k->bucket[h % LEFT_BUCKETS] };
	k->bucket[h % LEFT_BUCKETS] = ++k->n_left;
}

static void
left_forget(struct looks *k, struct nstime now)
{
	while (k->left_gone != k->n_left) {
		struct nstime first = k->left[k->left_gone % DEPARTURES_MAX].first;

		if (now.ns - first.ns < DEPARTURES_NS)
			break;
		k->left_gone++;
		if (first.ns > k->left_from.ns)
			k->left_from = first;
	}
}

/* Was there one, for all that is remembered? */
static bool
left_any(const struct looks *k, const struct flow_rec *f, uint32_t h)
{
	uint32_t at = k->bucket[h % LEFT_BUCKETS], steps = 0;

	/* Numbers wrap: what is there lies between left_gone and n_left. */
	for (; at - 1 - k->left_gone < k->n_left - k->left_gone; steps++) {
		const struct left *d = &k->left[(at - 1) % DEPARTURES_MAX];

		if (steps == DEPARTURE_WALK)
			return true;
		if (d->hash == h && d->first.ns >= f->first.ns - CROSSING_NS &&
		    d->first.ns <= f->first.ns + CROSSING_NS &&
		    (!(f->flags & FLW_ISN) || !d->has_isn || d->isn == f->isn))
			return true;
		at = d->before;
	}
	return false;
}

bool
look_maybe_left(const struct tracer *t, uint32_t fi, uint32_t hash)
{
	struct looks *k = t->looks;
	const struct flow_rec *f = flow_at(t, fi);
	struct look *l = &k->v[fi];

	if (l->flags & (LOOK_STAYED | LOOK_MAYBE))
		return l->flags & LOOK_MAYBE;
	if (t->now.ns - f->first.ns < LEFT_KNOWN_NS)
		return true;
	l->flags |= k->left_from.ns > f->first.ns - CROSSING_NS ||
	    left_any(k, f, hash) ? LOOK_MAYBE : LOOK_STAYED;
	return l->flags & LOOK_MAYBE;
}

/* ---- telling */

static uint32_t
mix(uint32_t h, const void *p, size_t n)
{
	const uint8_t *b = p;

	for (size_t i = 0; i < n; i++)
		h = (h ^ b[i]) * 0x01000193u;
	return h;
}

static uint32_t
mix_tuple(uint32_t h, const struct tuple *t)
{
	h = mix(h, t->src.b, sizeof(t->src.b));
	h = mix(h, t->dst.b, sizeof(t->dst.b));
	h = mix(h, &t->sport, sizeof(t->sport));
	return mix(h, &t->dport, sizeof(t->dport));
}

static uint32_t
mix_text(uint32_t h, const char *text)
{
	return text != NULL ? mix(h, text, strlen(text) + 1) : mix(h, "", 1);
}

static uint32_t
mix_app(uint32_t h, const struct flow_app *a)
{
	const struct proxy_header *p = a->proxy;

	h = mix_text(mix_text(h, a->dns_name), a->role);
	if (p != NULL && p->has & PROXY_HAS_ADDRS) {
		h = mix(h, p->src.b, sizeof(p->src.b));
		h = mix(h, &p->sport, sizeof(p->sport));
	}
	for (unsigned i = 0; i < a->n_queries; i++) {
		const struct dns_query *q = &a->queries[i];

		h = mix_text(h, q->name);
		h = mix(h, &q->type, sizeof(q->type));
		h = mix(h, &q->outcome, sizeof(q->outcome));
		h = mix(h, &q->rcode, sizeof(q->rcode));
	}
	return h;
}

/* What a line says of a flow, but for what grows with each packet. */
static uint32_t
told_hash(const struct flow *f)
{
	uint32_t h = 0x811c9dc5u;
	uint8_t head[4] = { f->verdict, (uint8_t)f->nat, f->node.kind,
	    (uint8_t)((f->has & FLOW_TRANSLATED) != 0) };

	h = mix(h, head, sizeof(head));
	h = mix_tuple(h, &f->original);
	h = mix_tuple(h, &f->translated);
	for (unsigned i = 0; i < f->n_legs; i++) {
		const struct leg *l = &f->legs[i];
		uint16_t place[2] = { l->iface,
		    (uint16_t)(l->dir | (l->reply ? 1u << 8 : 0)) };

		h = mix(h, place, sizeof(place));
		h = mix_tuple(h, &l->t);
	}
	for (unsigned i = 0; i < f->n_findings; i++)
		if (f->findings[i].level != LEVEL_NOTE) {
			h = mix_text(h, f->findings[i].code);
			h = mix_text(h, f->findings[i].cause);
		}
	if (f->node.pod != NULL && f->node.pod->name != NULL)
		h = mix_text(mix_text(h, f->node.pod->ns), f->node.pod->name);
	return mix_app(h, &f->app);
}

static void
look_at(struct tracer *t, uint32_t fi)
{
	struct look *l = &t->looks->v[fi];
	bool first = !(l->flags & LOOK_SHOWN);
	uint32_t told;

	witness_join(t, fi);
	if (flow_at(t, fi)->convs == 0)
		return;		/* it became part of another, which is marked */
	l->flags &= (uint8_t)~(LOOK_QUEUED | LOOK_MARKED);
	path_describe(t, fi, &t->view);
	if (first && !t->finished && (t->view.verdict != VERDICT_OK ||
	    t->view.reply_packets == 0))
		queue_push(t, &t->looks->second, fi,
		    (struct nstime){ t->now.ns + SECOND_LOOK_NS });
	told = told_hash(&t->view);
	if (!first && l->told == told)
		return;
	l->told = told;
	l->flags |= LOOK_SHOWN;
	if (t->cfg.changed != NULL)
		t->cfg.changed(t->cfg.changed_arg, &t->view, first);
}

/* ---- letting go */

static int64_t
silence_ns(const struct tracer *t, const struct flow_rec *f)
{
	switch (conv_at(t, f->convs)->key.proto) {
	case PROTO_TCP:
		switch (f->tcp_state) {
		case TCPS_CLOSED:
		case TCPS_RESET:
			return CLOSED_NS;
		case TCPS_SYN_SENT:
			return UNANSWERED_NS;
		default:
			return INT64_MAX;
		}
	case PROTO_ICMP:
	case PROTO_ICMPV6:
		return ICMP_NS;
	default:
		return OTHER_NS;
	}
}

void
look_last(struct tracer *t, uint32_t fi)
{
	if (t->cfg.done == NULL)
		return;
	path_describe(t, fi, &t->view);
	if (t->looks != NULL && !(t->looks->v[fi].flags & LOOK_SHOWN) &&
	    t->cfg.changed != NULL)
		t->cfg.changed(t->cfg.changed_arg, &t->view, true);
	t->cfg.done(t->cfg.done_arg, &t->view);
}

static void
let_go(struct tracer *t, uint32_t fi)
{
	look_last(t, fi);
	flow_evict(t, fi);
}

/* A part of all flows at each tick, so that all have been looked at in about
   ten seconds. */
static void
let_ended_go(struct tracer *t)
{
	struct looks *k = t->looks;
	uint32_t n = t->flows.used / 100 + 64;

	for (; n > 0; n--) {
		const struct flow_rec *f;

		if (++k->hand >= t->flows.used)
			k->hand = 1;
		if (k->hand >= t->flows.used)
			return;
		f = flow_at(t, k->hand);
		if (f->convs != 0 && t->now.ns - f->last.ns > silence_ns(t, f))
			let_go(t, k->hand);
	}
}

/* Those that were silent since a state that is no longer kept: by another they
   cannot be judged. */
static void
let_unjudged_go(struct tracer *t, struct nstime until)
{
	while (t->oldest != 0 && flow_at(t, t->oldest)->last.ns < until.ns)
		let_go(t, t->oldest);
}

/* ---- */

static void
settle_state(struct tracer *t)
{
	struct nstime gone = epochs_settle(t);

	if (gone.ns != 0)
		let_unjudged_go(t, gone);
}

/* All that left first, since a flow may be one with another's departure. */
static void
look_at_new(struct tracer *t, struct nstime until)
{
	struct queue *q = &t->looks->first;
	uint32_t fi;

	for (size_t i = q->head; i < q->n && q->v[i].due.ns <= until.ns; i++) {
		const struct flow_rec *f = flow_at(t, q->v[i].flow);

		if (f->convs != 0 && (uint32_t)f->id == q->v[i].id)
			left_add(t, q->v[i].flow);
	}
	while ((fi = queue_pop(t, q, until)) != 0)
		look_at(t, fi);
}

static void
look_at_all(struct tracer *t, struct queue *q, struct nstime until)
{
	uint32_t fi;

	while ((fi = queue_pop(t, q, until)) != 0)
		look_at(t, fi);
}

void
look_tick(struct tracer *t, struct nstime ts)
{
	struct looks *k = t->looks;

	if (ts.ns > t->now.ns)
		t->now = ts;
	if (k == NULL) {
		t->looks = looks_new(t);
		settle_state(t);
		return;
	}
	settle_state(t);
	left_forget(k, t->now);
	look_at_new(t, t->now);
	look_at_all(t, &k->second, t->now);
	look_at_all(t, &k->marked, t->now);
	let_ended_go(t);
}

void
look_finish(struct tracer *t)
{
	static const struct nstime end = { INT64_MAX };
	struct looks *k = t->looks;

	if (k == NULL)
		return;
	look_at_new(t, end);
	look_at_all(t, &k->second, end);
	look_at_all(t, &k->marked, end);
}
