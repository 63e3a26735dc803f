/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tracer.c - the fold over observations.
 *
 * Packets are decoded at once and reduced to sightings, which are taken a few
 * packets later, when the memory that they need is near.  That changes nothing
 * but the time it takes: sightings are taken in order, and every other
 * observation takes those on the way first.
 */
#include "decode/tracer.h"

#include <stdlib.h>
#include <string.h>

#include "decode/trace/tracer_int.h"


_Static_assert(sizeof(struct conv) == 64, "a conv is one cache line");
_Static_assert(sizeof(struct leg_rec) == 48, "a flow of two convs and four legs stays below 600 bytes");
_Static_assert(sizeof(struct recent) == 64, "a bucket is one cache line");

/* One flow more than the cap: a new one is there before the idlest goes.  A
   flow has two convs and four legs when it is translated; where a capture has
   more of them than that, the idlest flows go earlier. */
static bool
tables_init(struct tracer *t, uint32_t flows)
{
	uint32_t more = flows < 1u << 16 ? flows : 1u << 16;

	return pool_init(&t->flows, sizeof(struct flow_rec), flows + 1) &&
	    pool_init(&t->convs, sizeof(struct conv), 2 * flows + more + 64) &&
	    pool_init(&t->legs, sizeof(struct leg_rec), 4 * flows + more + 256) &&
	    pool_init(&t->errors, sizeof(struct flow_error), flows + 1);
}

struct tracer *
tracer_new(const struct tracer_config *cfg)
{
	struct tracer *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->covers = &t->room_covers;
	if (cfg != NULL)
		t->cfg = *cfg;
	if (t->cfg.max_flows == 0)
		t->cfg.max_flows = TRACER_DEFAULT_FLOWS;
	if (t->cfg.max_flows > TRACER_MAX_FLOWS)
		t->cfg.max_flows = TRACER_MAX_FLOWS;
	t->frags = calloc(FRAG_SLOTS, sizeof(*t->frags));
	if (t->frags == NULL || !tables_init(t, t->cfg.max_flows) ||
	    !index_init(t) || !match_init(t) || !app_init(t)) {
		tracer_free(t);
		return NULL;
	}
	return t;
}

void
tracer_free(struct tracer *t)
{
	if (t == NULL)
		return;
	app_fini(t);
	pool_fini(&t->flows);
	pool_fini(&t->convs);
	pool_fini(&t->legs);
	pool_fini(&t->errors);
	look_fini(t);
	epochs_fini(t);
	witness_fini(t);
	iface_fini(t);
	index_fini(t);
	match_fini(t);
	free(t->frags);
	free(t);
}

/*
 * Packets wait in a ring on their way, so that the memory each needs is there
 * when it is taken: its index slot and bucket are asked for when it comes in,
 * its convs LAG_CONV packets later, their first leg and flow LAG_LEG packets
 * later, the leg that it really is at LAG_NEXT; at LAG_TAKE it is taken.
 */
enum { LAG_CONV = 3, LAG_LEG = 6, LAG_NEXT = 9, LAG_TAKE = 12 };

/* With their legs and flows so many are near all the time: no need to ask. */
#define FEW_CONVS	4096u

_Static_assert(LAG_TAKE < RING, "a packet is taken before its slot is used again");

/* For functions that do nothing but ask for memory: GCC 12 sees no effect in
   them and drops the calls. */
#define ALWAYS	__attribute__((always_inline))

static inline void
ask_convs(const struct tracer *t, struct slot *k)
{
	for (unsigned i = 0; i < k->n; i++) {
		k->hint[i] = index_guess(t, k->sighting[i].hash);
		__builtin_prefetch(conv_at(t, k->hint[i]));
	}
}

static inline ALWAYS void
ask_legs(const struct tracer *t, const struct slot *k)
{
	for (unsigned i = 0; i < k->n; i++) {
		const struct conv *c = conv_at(t, k->hint[i]);
		const uint8_t *flow = pool_at(&t->flows, c->flow);

		__builtin_prefetch(leg_at(t, c->legs), 1);
		__builtin_prefetch(flow, 1);
		__builtin_prefetch(flow + 64, 1);
		__builtin_prefetch(flow + 128, 1);
	}
}

static inline ALWAYS void
ask_next_legs(const struct tracer *t, const struct slot *k)
{
	for (unsigned i = 0; i < k->n; i++) {
		const struct conv *c = conv_at(t, k->hint[i]);

		__builtin_prefetch(leg_at(t, leg_at(t, c->legs)->next), 1);
	}
}

static uint8_t *
app_bytes_of(const struct tracer *t, const struct slot *k)
{
	return t->app_bytes + (size_t)(k - t->ring) * APP_BYTES;
}

static void __attribute__((noinline))
take_slot(struct tracer *t, const struct slot *k)
{
	for (unsigned i = 0; i < k->n; i++)
		take_sighting(t, &k->sighting[i], k->hint[i]);
	if (__builtin_expect(k->app_of != 0, 0))
		app_take(t, &k->sighting[k->app_of - 1], app_bytes_of(t, k), k->app_n);
	t->n_taken++;
}

static struct slot *
slot_at(struct tracer *t, uint64_t packet)
{
	return &t->ring[packet % RING];
}

/* One packet came in: move those on the way one step on. */
static void
step(struct tracer *t)
{
	uint64_t last = t->n_in++, waiting = last - t->n_taken;

	if (waiting >= LAG_CONV)
		ask_convs(t, slot_at(t, last - LAG_CONV));
	if (t->convs.used > FEW_CONVS) {
		if (waiting >= LAG_LEG)
			ask_legs(t, slot_at(t, last - LAG_LEG));
		if (waiting >= LAG_NEXT)
			ask_next_legs(t, slot_at(t, last - LAG_NEXT));
	}
	if (waiting >= LAG_TAKE)
		take_slot(t, slot_at(t, last - LAG_TAKE));
}

/* Take all that are on the way. */
static void
drain(struct tracer *t)
{
	while (t->n_taken < t->n_in)
		take_slot(t, slot_at(t, t->n_taken));
}

/* ---- packets to sightings ---- */

/* Reduce a layer to what matching needs; its place but for from_b is known.
   Not inline: all it needs fits into registers only without its callers. */
static void __attribute__((noinline))
sighting_make(struct sighting *s, const struct layer *l, const struct packet *p)
{
	struct fingerprint fp;

	s->l = l;
	s->hash = key_make(&s->key, l->has & HAS_ERROR ? &l->about : &l->t,
	    &l->tunnel, &s->at.from_b);
	fp = fingerprint_of(l);
	s->fp = fp.hash;
	s->strength = fp.strength;
	s->flags = (uint8_t)((fp.cut ? SIGHT_CUT : 0) |
	    (p->group || addr_is_multicast(&l->t.dst) ? SIGHT_GROUP : 0) |
	    (p->other_host ? SIGHT_OTHER : 0));
}

static void __attribute__((cold, noinline))
copy_payload(struct tracer *t, struct slot *k, const struct layer *l)
{
	if (k->app_of != 0)
		return;
	k->app_of = k->n;
	k->app_n = l->payload_cap < APP_BYTES ? l->payload_cap : APP_BYTES;
	if (k->app_n > 0)
		memcpy(app_bytes_of(t, k), l->payload, k->app_n);
	app_comes(t, &k->sighting[k->n - 1]);
}

static inline void
take_layer(struct tracer *t, const struct obs *o, struct slot *k,
    const struct layer *l, uint16_t iface)
{
	const struct packet *p = &k->packet;
	struct sighting *s = &k->sighting[k->n];

	if (l->kind != LAYER_IP)
		return;
	k->hint[k->n++] = 0;
	s->ts = o->ts;
	s->source = t->ifaces[iface].source;
	s->at.iface = iface;
	s->at.dir = p->dir != DIR_UNKNOWN ? p->dir : o->packet.dir;
	sighting_make(s, l, p);
	if (t->cfg.select == NULL || t->cfg.select(t->cfg.select_arg, p, l, &o->packet))
		s->flags |= SIGHT_SELECTED;
	__builtin_prefetch(&t->index[s->hash & t->index_mask]);
	match_prefetch(t, s);
	if (__builtin_expect(app_wants(t, s), 0))
		copy_payload(t, k, l);
}

static void __attribute__((cold, noinline))
count_reason(struct tracer *t, const char *why)
{
	for (unsigned i = 0; i < MAX_REASONS; i++) {
		struct reason *r = &t->reasons[i];

		if (r->why == NULL)
			r->why = why;
		if (r->why == why) {
			r->count++;
			return;
		}
	}
}

static inline void
count_packet(struct tracer *t, const struct obs *o, const struct packet *p)
{
	struct tracer_stats *st = &t->stats;

	if (st->packets++ == 0)
		st->first = st->last = o->ts;
	st->bytes += o->packet.len;
	st->outcome[p->outcome]++;
	if (o->ts.ns > st->last.ns)
		st->last = o->ts;
	else if (o->ts.ns < st->first.ns)
		st->first = o->ts;
	if (p->outcome != DEC_OK && p->why != NULL)
		count_reason(t, p->why);
}

static void __attribute__((noinline))
take_packet(struct tracer *t, const struct obs *o, struct slot *k)
{
	struct packet *p = &k->packet;
	uint16_t iface;

	k->n = 0;
	k->app_of = 0;
	packet_decode(p, o->packet.linktype, o->packet.data, o->packet.caplen,
	    o->packet.len);
	count_packet(t, o, p);
	if (p->n_layers == 0)
		return;
	iface = iface_of(t, &o->packet, p);
	if (iface >= t->n_ifaces)
		return;
	for (unsigned i = 0; i < p->n_layers; i++)
		take_layer(t, o, k, &p->layer[i], iface);
	step(t);
}

static void
take_name(struct tracer *t, const struct obs_name *n)
{
	struct name_rec *r;

	for (unsigned i = 0; i < t->n_names; i++)
		if (addr_eq(&t->names[i].addr, &n->addr))
			return;		/* the first name stays */
	if (t->n_names == t->room_names) {
		unsigned room = t->room_names ? t->room_names * 2 : 16;

		r = realloc(t->names, room * sizeof(*r));
		if (r == NULL)
			return;
		t->names = r;
		t->room_names = room;
	}
	r = &t->names[t->n_names];
	r->addr = n->addr;
	r->name = strdup(n->name);
	t->n_names += r->name != NULL;
}

void
tracer_observe(struct tracer *t, const struct obs *o)
{
	if (o->type == OBS_PACKET) {
		take_packet(t, o, slot_at(t, t->n_in));
		return;
	}
	drain(t);
	switch (o->type) {
	case OBS_IFACE:
		iface_declare(t, &o->iface);
		break;
	case OBS_NAME:
		take_name(t, &o->name);
		break;
	case OBS_LOSS:
		loss_observe(t, o);
		break;
	case OBS_STATE:
		epochs_begin(t, o->state.state);
		witness_init(t);
		break;
	case OBS_CHANGE:
		epochs_change(t, o);
		break;
	case OBS_CT:
		witness_ct(t, o);
		break;
	case OBS_TICK:
		look_tick(t, o->ts);
		break;
	case OBS_PACKET:
	case N_OBS_TYPES:
		break;
	}
}

void
tracer_finish(struct tracer *t)
{
	if (t->finished)
		return;
	drain(t);
	epochs_settle(t);
	witness_finish(t);
	match_finish(t);
	witness_settle(t);
	app_finish(t);
	t->finished = true;
	look_finish(t);
}

/* ---- what it came to ---- */

struct numbered {
	uint64_t	id;
	uint32_t	flow;
};

static int
by_id(const void *x, const void *y)
{
	uint64_t a = ((const struct numbered *)x)->id;
	uint64_t b = ((const struct numbered *)y)->id;

	return (a > b) - (a < b);
}

/* What describing a flow needs is far away by now: the flow is asked for
   EACH_FLOW flows ahead, its convs at EACH_CONV, their legs at EACH_LEG. */
enum { EACH_FLOW = 24, EACH_CONV = 16, EACH_LEG = 8 };

static inline ALWAYS void
each_ask_flow(const struct tracer *t, uint32_t fi)
{
	const uint8_t *f = (const uint8_t *)flow_at(t, fi);

	for (size_t at = 0; at < sizeof(struct flow_rec); at += 64)
		__builtin_prefetch(f + at);
}

static inline ALWAYS void
each_ask_legs(const struct tracer *t, uint32_t fi)
{
	uint32_t ci = flow_at(t, fi)->convs;
	const struct conv *c = conv_at(t, ci), *d = conv_at(t, c->next);

	__builtin_prefetch(leg_at(t, c->legs));
	__builtin_prefetch(leg_at(t, d->legs));
}

/* The conntrack entries of a flow's two convs, whichever has it: their places in
   the index at EACH_PLACE flows ahead, themselves at EACH_ENTRY. */
enum { EACH_PLACE = 7, EACH_ENTRY = 3, ASKED = 8 };

struct asked {
	uint32_t	of[ASKED][2];	/* of the flow with that number, modulo */
};

static inline ALWAYS void
each_ask_places(const struct tracer *t, uint32_t fi, uint32_t asked[2])
{
	const struct flow_rec *f = flow_at(t, fi);
	unsigned initiator = f->flags & FLW_INITIATOR_1 ? 1 : 0, n = 0;

	for (uint32_t ci = f->convs; ci != 0 && n < 2; ci = conv_at(t, ci)->next) {
		const struct conv *c = conv_at(t, ci);
		bool from_b = conv_direction(c, 0) != initiator;
		const struct key *k = &c->key;
		struct tuple forth = { .src = from_b ? k->b : k->a,
		    .dst = from_b ? k->a : k->b, .sport = from_b ? k->pb : k->pa,
		    .dport = from_b ? k->pa : k->pb, .proto = k->proto };

		asked[n++] = state_ct_ask(t->dump, &forth);
	}
	while (n < 2)
		asked[n++] = 0;
}

static inline ALWAYS void
each_ask_entries(const struct tracer *t, const uint32_t asked[2])
{
	state_ct_ask_entry(t->dump, asked[0]);
	state_ct_ask_entry(t->dump, asked[1]);
}

static inline ALWAYS void
each_ask(const struct tracer *t, const struct numbered *at, size_t left)
{
	if (left > EACH_FLOW)
		each_ask_flow(t, at[EACH_FLOW].flow);
	if (left > EACH_CONV)
		__builtin_prefetch(conv_at(t, flow_at(t, at[EACH_CONV].flow)->convs));
	if (left > EACH_LEG)
		each_ask_legs(t, at[EACH_LEG].flow);
}

int
tracer_each(struct tracer *t, int (*cb)(void *, const struct flow *), void *arg)
{
	struct asked asked = { 0 };
	struct numbered *order;
	size_t n = 0;
	bool sorted = true;
	int r = 1;

	drain(t);
	order = calloc(t->flows.live + 1, sizeof(*order));
	if (order == NULL)
		return -1;
	for (uint32_t fi = 1; fi < t->flows.used; fi++) {
		const struct flow_rec *f = flow_at(t, fi);

		if (f->convs == 0)
			continue;	/* freed */
		order[n] = (struct numbered){ f->id, fi };
		sorted = sorted && (n == 0 || order[n - 1].id < order[n].id);
		n++;
	}
	if (!sorted)
		qsort(order, n, sizeof(*order), by_id);
	for (size_t i = 0; i < n && r > 0; i++) {
		each_ask(t, order + i, n - i);
		if (t->judge != NULL && t->ct == NULL && n - i > EACH_PLACE) {
			each_ask_places(t, order[i + EACH_PLACE].flow,
			    asked.of[(i + EACH_PLACE) % ASKED]);
			each_ask_entries(t, asked.of[(i + EACH_ENTRY) % ASKED]);
		}
		path_describe(t, order[i].flow, &t->view);
		r = cb(arg, &t->view);
	}
	free(order);
	return r;
}

bool
tracer_flow_of(struct tracer *t, const struct obs *o, struct flow *out)
{
	struct packet p;

	if (o->type != OBS_PACKET)
		return false;
	drain(t);
	packet_decode(&p, o->packet.linktype, o->packet.data, o->packet.caplen,
	    o->packet.len);
	for (unsigned i = 0; i < p.n_layers; i++) {
		const struct layer *l = &p.layer[i];
		struct key k;
		uint8_t from_b;
		uint32_t h, ci;

		if (l->kind != LAYER_IP || l->has & IS_FRAG_LATER)
			continue;
		h = key_make(&k, l->has & HAS_ERROR ? &l->about : &l->t, &l->tunnel,
		    &from_b);
		ci = index_find(t, &k, h);
		if (ci == 0 || conv_at(t, ci)->flow == 0)
			continue;
		path_describe(t, conv_at(t, ci)->flow, out);
		return true;
	}
	return false;
}

const struct tracer_stats *
tracer_stats(const struct tracer *t)
{
	return &t->stats;
}

const char *
tracer_name(const struct tracer *t, const struct addr *a)
{
	for (unsigned i = 0; i < t->n_names; i++)
		if (addr_eq(&t->names[i].addr, a))
			return t->names[i].name;
	return NULL;
}

const char *
tracer_reason(const struct tracer *t, unsigned i, uint64_t *count)
{
	if (i >= MAX_REASONS || t->reasons[i].why == NULL)
		return NULL;
	*count = t->reasons[i].count;
	return t->reasons[i].why;
}
