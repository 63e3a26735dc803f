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

#include "decode/tracer_int.h"

#define MAX_FLOWS_DEFAULT	1000000u
#define MAX_FLOWS_LIMIT		100000000u	/* 60 GB: indexes stay below 31 bits */
/* Conntrack's default timeouts (nf_conntrack_proto_*.c): an entry that idles
   longer is gone, and what comes then is a new conversation. */
#define ICMP_IDLE_NS		(30 * NS_PER_SEC)
#define UDP_IDLE_NS		(30 * NS_PER_SEC)
#define UDP_STREAM_IDLE_NS	(120 * NS_PER_SEC)
#define UDP_STREAM_NS		(2 * NS_PER_SEC)	/* a stream goes on for longer */
#define OTHER_IDLE_NS		(600 * NS_PER_SEC)
/* A new SYN into an established connection is a new connection only when the
   old one has been silent for TIME_WAIT (TCP_TIMEWAIT_LEN). */
#define TCP_REUSE_NS		(60 * NS_PER_SEC)
/* Fragments wait this long for each other (net.ipv4.ipfrag_time). */
#define FRAG_WAIT_NS		(30 * NS_PER_SEC)
#define LEGS_PER_CONV		64

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
	if (cfg != NULL)
		t->cfg = *cfg;
	if (t->cfg.max_flows == 0)
		t->cfg.max_flows = MAX_FLOWS_DEFAULT;
	if (t->cfg.max_flows > MAX_FLOWS_LIMIT)
		t->cfg.max_flows = MAX_FLOWS_LIMIT;
	t->frags = calloc(FRAG_SLOTS, sizeof(*t->frags));
	if (t->frags == NULL || !tables_init(t, t->cfg.max_flows) ||
	    !index_init(t) || !match_init(t)) {
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
	pool_fini(&t->flows);
	pool_fini(&t->convs);
	pool_fini(&t->legs);
	pool_fini(&t->errors);
	iface_fini(t);
	index_fini(t);
	match_fini(t);
	free(t->frags);
	free(t);
}

/* ---- legs ---- */

static uint32_t
leg_new(struct tracer *t, uint32_t ci, const struct sighting *s)
{
	struct conv *c = conv_at(t, ci);
	uint32_t li = pool_take(&t->legs);
	struct leg_rec *l;

	if (li == 0)
		return 0;
	for (uint32_t i = c->legs; i != 0; i = l->next) {
		l = leg_at(t, i);
		if (l->place.iface != s->at.iface)
			c->flags |= CONV_SPREAD;
	}
	l = leg_at(t, li);
	*l = (struct leg_rec){ .first = s->ts, .last = s->ts, .conv = ci,
	    .next = c->legs, .place = s->at, .vlan = s->l->vlan,
	    .has_vlan = s->l->has & HAS_VLAN, .ttl = s->l->ttl };
	c->legs = li;
	/* Cooked v1: who sends here is answered there. */
	for (uint32_t i = l->next; i != 0; i = leg_at(t, i)->next) {
		const struct place *p = &leg_at(t, i)->place;

		if (p->from_b == s->at.from_b || p->dir == s->at.dir)
			continue;
		iface_vote_own(t, p->iface, s->at.iface);
		iface_vote_own(t, s->at.iface, p->iface);
	}
	return li;
}

/* The leg of a sighting.  A conv that was seen at very many places keeps the
   last of them for all further ones, so that the list stays short. */
uint32_t
leg_of(struct tracer *t, uint32_t ci, const struct sighting *s)
{
	unsigned n = 0;

	for (uint32_t li = conv_at(t, ci)->legs; li != 0; li = leg_at(t, li)->next)
		if (place_eq(leg_at(t, li)->place, s->at) || ++n == LEGS_PER_CONV)
			return li;
	return leg_new(t, ci, s);
}

static inline void
leg_count(struct leg_rec *l, struct nstime ts, uint64_t packets, uint64_t bytes)
{
	l->packets += packets;
	l->bytes += bytes;
	if (ts.ns > l->last.ns)
		l->last = ts;
}

/* ---- convs: begun, and their tuples taken over ---- */

static uint32_t
conv_new(struct tracer *t, const struct sighting *s)
{
	uint32_t ci = pool_take(&t->convs);

	if (ci == 0)
		return 0;
	conv_at(t, ci)->key = s->key;
	if (!index_insert(t, ci, s->hash)) {
		pool_give(&t->convs, ci);
		return 0;
	}
	return ci;
}

static int64_t
idle_limit_ns(const struct flow_rec *f, uint8_t proto)
{
	switch (proto) {
	case PROTO_ICMP:
	case PROTO_ICMPV6:
		return ICMP_IDLE_NS;
	case PROTO_UDP:
		return nstime_diff_ns(f->last, f->first) > UDP_STREAM_NS ?
		    UDP_STREAM_IDLE_NS : UDP_IDLE_NS;
	case PROTO_TCP:
		return INT64_MAX;
	default:
		return OTHER_IDLE_NS;
	}
}

/* Is this the first packet of another conversation with the same tuple? */
static inline bool
taken_over(const struct conv *c, const struct flow_rec *f, const struct sighting *s)
{
	int64_t idle = nstime_diff_ns(s->ts, f->last);
	bool initiator;

	if (!(s->l->has & HAS_TCP))
		return idle > idle_limit_ns(f, s->key.proto);
	if ((s->l->tcp_flags & (TCP_SYN | TCP_ACK)) != TCP_SYN)
		return false;
	initiator = conv_direction(c, s->at.from_b) ==
	    (f->flags & FLW_INITIATOR_1 ? 1u : 0u);
	if (f->flags & FLW_ISN && initiator && f->isn == s->l->seq)
		return false;		/* the same SYN again, or elsewhere */
	if (!initiator && f->tcp_state == TCPS_SYN_SENT)
		return false;		/* simultaneous open, RFC 9293 section 3.5 */
	return f->tcp_state != TCPS_ESTABLISHED || idle > TCP_REUSE_NS;
}

static void
conv_retire(struct tracer *t, uint32_t ci)
{
	index_remove(t, ci);
	conv_at(t, ci)->flags |= CONV_RETIRED;
}

uint32_t
conv_renew(struct tracer *t, uint32_t ci)
{
	struct key key = conv_at(t, ci)->key;
	uint32_t new_ci = pool_take(&t->convs);

	if (new_ci == 0)
		return 0;
	conv_retire(t, ci);
	conv_at(t, new_ci)->key = key;
	if (!index_insert(t, new_ci, key_hash(&key)))
		conv_at(t, new_ci)->flags |= CONV_RETIRED;
	return new_ci;
}

/* The conv of a sighting; 0 when there is no memory.  `hint` is what its hash
   named a few packets ago, or 0. */
static inline uint32_t
conv_of(struct tracer *t, const struct sighting *s, uint32_t hint)
{
	uint32_t ci = hint;
	const struct conv *c = conv_at(t, ci);

	/* Item 0 has no flow. */
	if (__builtin_expect(c->flow == 0 || c->flags & CONV_RETIRED ||
	    !key_eq(&c->key, &s->key), 0)) {
		ci = index_find(t, &s->key, s->hash);
		if (ci == 0)
			return conv_new(t, s);
		c = conv_at(t, ci);
	}
	if (!taken_over(c, flow_at(t, c->flow), s))
		return ci;
	conv_retire(t, ci);
	return conv_new(t, s);
}

/* ---- ICMP errors: they belong to the flow they are about ---- */

static bool
take_error(struct tracer *t, const struct sighting *s)
{
	uint32_t ci = index_find(t, &s->key, s->hash);
	struct flow_rec *f;
	struct flow_error *e;

	if (ci == 0)
		return false;
	f = flow_at(t, conv_at(t, ci)->flow);
	if (f->error == 0) {
		f->error = pool_take(&t->errors);
		if (f->error == 0)
			return true;
		*(struct flow_error *)pool_at(&t->errors, f->error) =
		    (struct flow_error){ .from = s->l->t.src, .conv = ci,
		    .about_from_b = s->at.from_b, .dir = s->at.dir,
		    .iface = s->at.iface };
	}
	e = pool_at(&t->errors, f->error);
	e->type = s->l->icmp_type;
	e->code = s->l->icmp_code;
	/* Passed on from interface to interface it is still one. */
	if (e->iface == s->at.iface && e->dir == s->at.dir)
		if (f->icmp_errors != UINT16_MAX)
			f->icmp_errors++;
	flow_touch(t, conv_at(t, ci)->flow, s->ts);
	if (s->flags & SIGHT_SELECTED)
		f->flags |= FLW_SELECTED;
	return true;
}

/* ---- fragments ---- */

static struct frag_slot *
frag_slot(struct tracer *t, const struct sighting *s)
{
	const uint8_t *from = (s->at.from_b ? &s->key.b : &s->key.a)->b;
	const uint8_t *to = (s->at.from_b ? &s->key.a : &s->key.b)->b;
	uint64_t w[4], id;
	struct frag_slot *f;

	memcpy(w, from, 16);
	memcpy(w + 2, to, 16);
	id = fp_mix(w[0] ^ w[2] << 1, w[1] ^ w[3] << 1) ^
	    fp_mix((uint64_t)s->l->ip_id << 32 | s->key.tunnel_id,
	    (uint64_t)s->at.iface << 24 | (uint64_t)s->at.dir << 16 |
	    (uint64_t)s->key.tunnel_type << 8 | s->key.proto);
	f = &t->frags[id % FRAG_SLOTS];
	if (f->id != id || nstime_diff_ns(s->ts, f->ts) > FRAG_WAIT_NS)
		*f = (struct frag_slot){ .id = id };
	f->ts = s->ts;
	return f;
}

/* A later fragment has no ports: it counts for the leg of its first one,
   which may come after it. */
static void
take_later_fragment(struct tracer *t, const struct sighting *s)
{
	struct frag_slot *f = frag_slot(t, s);
	struct leg_rec *l;

	if (f->leg == 0 || (l = leg_at(t, f->leg))->conv == 0) {
		f->packets++;
		f->bytes += s->l->ip_len;
		return;
	}
	leg_count(l, s->ts, 1, s->l->ip_len);
	flow_touch(t, conv_at(t, l->conv)->flow, s->ts);
	match_sighting(t, s, l->conv, f->leg);
}

static void
take_first_fragment(struct tracer *t, const struct sighting *s, uint32_t li)
{
	struct frag_slot *f = frag_slot(t, s);

	f->leg = li;
	leg_count(leg_at(t, li), s->ts, f->packets, f->bytes);
	f->packets = 0;
	f->bytes = 0;
}

/* ---- one sighting ---- */

static void
evict_idlest(struct tracer *t)
{
	uint32_t fi = t->oldest;

	if (t->cfg.done != NULL) {
		path_describe(t, fi, &t->view);
		t->cfg.done(t->cfg.done_arg, &t->view);
	}
	flow_evict(t, fi);
	t->stats.evicted++;
}

/* Sightings that make no leg. */
static void __attribute__((cold, noinline))
take_partless(struct tracer *t, const struct sighting *s)
{
	if (s->l->has & IS_FRAG_LATER)
		take_later_fragment(t, s);
	else
		take_error(t, s);
}

/* leg_of(), of which the usual answer is one of the first two legs.  In
   arithmetic, since which of them cannot be predicted; item 0 has no conv. */
static inline uint32_t
leg_of_near(struct tracer *t, uint32_t ci, const struct sighting *s)
{
	uint32_t li = conv_at(t, ci)->legs;
	const struct leg_rec *l = leg_at(t, li), *next = leg_at(t, l->next);
	uint32_t first = 0 - (uint32_t)place_eq(l->place, s->at);
	uint32_t second = 0 - (uint32_t)place_eq(next->place, s->at);
	uint32_t near = (li & first) | (l->next & second & ~first);

	return __builtin_expect(near != 0, 1) ? near : leg_of(t, ci, s);
}

static inline void
take_sighting(struct tracer *t, const struct sighting *s, uint32_t hint)
{
	const struct layer *layer = s->l;
	uint32_t ci, li, fi;
	struct leg_rec *l;
	struct conv *c;
	struct flow_rec *f;
	unsigned dir;
	bool is_ref;

	if (layer->has & (IS_FRAG_LATER | HAS_ERROR)) {
		take_partless(t, s);
		return;
	}
	while (pool_full(&t->convs) || pool_full(&t->legs))
		evict_idlest(t);
	ci = conv_of(t, s, hint);
	li = ci ? leg_of_near(t, ci, s) : 0;
	if (li == 0)
		return;
	li = match_sighting(t, s, ci, li);
	l = leg_at(t, li);
	ci = l->conv;
	c = conv_at(t, ci);
	fi = c->flow;
	if (fi == 0 && (fi = flow_new(t, s, ci)) == 0)
		return;
	leg_count(l, s->ts, 1, layer->ip_len);
	if (layer->has & IS_FRAG)
		take_first_fragment(t, s, li);
	f = flow_at(t, fi);
	dir = conv_direction(c, s->at.from_b);
	is_ref = f->ref[dir] == 0 || f->ref[dir] == li;
	/* Else it has nothing to tell. */
	if (is_ref || !(f->flags & FLW_SURE))
		track_packet(f, s, dir, is_ref);
	if (is_ref)
		f->ref[dir] = li;
	if (s->flags & SIGHT_SELECTED)
		f->flags |= FLW_SELECTED;
	flow_touch(t, fi, s->ts);
	if (t->flows.live > t->cfg.max_flows)
		evict_idlest(t);
}

/* For functions that do nothing but ask for memory: GCC 12 sees no effect in
   them and drops the calls. */
#define ALWAYS	__attribute__((always_inline))

/*
 * Packets wait in a ring on their way, so that the memory each needs is there
 * when it is taken: its index slot and bucket are asked for when it comes in,
 * its convs LAG_CONV packets later, their first leg and flow LAG_LEG packets
 * later, the leg that it really is at LAG_NEXT; at LAG_TAKE it is taken.
 */
enum { LAG_CONV = 3, LAG_LEG = 6, LAG_NEXT = 9, LAG_TAKE = 12 };

_Static_assert(LAG_TAKE < RING, "a packet is taken before its slot is used again");

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

static void __attribute__((noinline))
take_slot(struct tracer *t, const struct slot *k)
{
	for (unsigned i = 0; i < k->n; i++)
		take_sighting(t, &k->sighting[i], k->hint[i]);
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
	if (waiting >= LAG_LEG)
		ask_legs(t, slot_at(t, last - LAG_LEG));
	if (waiting >= LAG_NEXT)
		ask_next_legs(t, slot_at(t, last - LAG_NEXT));
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
sighting_make(struct sighting *s, const struct layer *l, bool group)
{
	struct fingerprint fp;

	s->l = l;
	s->hash = key_make(&s->key, l->has & HAS_ERROR ? &l->about : &l->t,
	    &l->tunnel, &s->at.from_b);
	fp = fingerprint_of(l);
	s->fp = fp.hash;
	s->strength = fp.strength;
	s->flags = (uint8_t)((fp.cut ? SIGHT_CUT : 0) |
	    (group || addr_is_multicast(&l->t.dst) ? SIGHT_GROUP : 0));
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
	sighting_make(s, l, p->group);
	if (t->cfg.select == NULL || t->cfg.select(t->cfg.select_arg, p, l, &o->packet))
		s->flags |= SIGHT_SELECTED;
	__builtin_prefetch(&t->index[s->hash & t->index_mask]);
	match_prefetch(t, s);
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
		t->stats.lost_kernel += o->loss.kernel;
		t->stats.lost_interface += o->loss.interface;
		t->stats.lost_netlink += o->loss.netlink;
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
	match_finish(t);
	t->finished = true;
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
		path_describe(t, order[i].flow, &t->view);
		r = cb(arg, &t->view);
	}
	free(order);
	return r;
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
