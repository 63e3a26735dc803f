/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * take.c - one sighting into the tables: its conv, its leg, its twin, its flow.
 */
#include <string.h>

#include "decode/trace/tracer_int.h"

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
	if (c->flow != 0)
		look_mark(t, c->flow);
	l = leg_at(t, li);
	*l = (struct leg_rec){ .first = s->ts, .last = s->ts, .conv = ci,
	    .next = c->legs, .place = s->at, .vlan = s->l->vlan,
	    .flags = (uint8_t)((s->l->has & HAS_VLAN ? LEG_VLAN : 0) |
	    (s->flags & SIGHT_OTHER ? LEG_OTHER_HOST : 0)), .ttl = s->l->ttl };
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

static void
take_error(struct tracer *t, const struct sighting *s)
{
	uint32_t ci = index_find(t, &s->key, s->hash);
	struct flow_rec *f;
	struct flow_error *e;

	if (ci == 0)
		return;
	f = flow_at(t, conv_at(t, ci)->flow);
	if (f->error == 0) {
		f->error = pool_take(&t->errors);
		if (f->error == 0)
			return;
		*(struct flow_error *)pool_at(&t->errors, f->error) =
		    (struct flow_error){ .from = s->l->t.src, .conv = ci,
		    .about_from_b = s->at.from_b, .dir = s->at.dir,
		    .iface = s->at.iface };
	}
	e = pool_at(&t->errors, f->error);
	look_mark(t, conv_at(t, ci)->flow);
	e->type = s->l->icmp_type;
	e->code = s->l->icmp_code;
	/* Passed on from interface to interface it is still one. */
	if (e->iface == s->at.iface && e->dir == s->at.dir &&
	    f->icmp_errors != UINT16_MAX)
		f->icmp_errors++;
	flow_touch(t, conv_at(t, ci)->flow, s->ts);
	if (s->flags & SIGHT_SELECTED)
		f->flags |= FLW_SELECTED;
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

	look_last(t, fi);
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

void
take_sighting(struct tracer *t, const struct sighting *s, uint32_t hint)
{
	const struct layer *layer = s->l;
	uint32_t ci, li, fi;
	struct leg_rec *l;
	struct conv *c;
	struct flow_rec *f;
	unsigned dir;
	uint8_t was;
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
	was = f->tcp_state;
	if (is_ref || !(f->flags & FLW_SURE))
		track_packet(f, s, dir, is_ref);
	if (is_ref)
		f->ref[dir] = li;
	if (__builtin_expect(f->tcp_state != was && f->tcp_state >= TCPS_CLOSED, 0))
		app_ended(t, fi);
	if (s->flags & SIGHT_SELECTED)
		f->flags |= FLW_SELECTED;
	flow_touch(t, fi, s->ts);
	if (t->flows.live > t->cfg.max_flows)
		evict_idlest(t);
}
