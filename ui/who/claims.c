/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * claims.c - flows and conntrack's entries in, claims to the address and port that
 * is asked for; see who.h.
 */
#include <stdlib.h>
#include <string.h>

#include "ui/out/present.h"
#include "ui/who/who.h"

#define FIRST_BUCKETS	1024u
#define NONE		UINT32_MAX

/* As decode/conntrack.h says of entries that no event ends. */
#define EXPIRED_GRACE_NS	(60 * NS_PER_SEC)

struct who *
who_new(const struct who_target *t)
{
	struct who *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	*w = (struct who){ .target = *t, .texts = state_new(),
	    .insert_failed_first = -1, .insert_failed = -1, .drop = -1,
	    .early_drop = -1 };
	if (w->texts != NULL)
		return w;
	free(w);
	return NULL;
}

void
who_free(struct who *w)
{
	if (w == NULL)
		return;
	state_free(w->texts);
	free(w->buckets);
	free(w->v);
	free(w);
}

const char *
who_text(struct who *w, const char *s)
{
	return s != NULL ? state_text(w->texts, s, strlen(s)) : NULL;
}

void
who_saw(struct who *w, struct nstime ts, uint64_t lost)
{
	w->lost += lost;
	if (!w->has_seen || ts.ns < w->seen_first.ns)
		w->seen_first = ts;
	if (!w->has_seen || ts.ns > w->seen_last.ns)
		w->seen_last = ts;
	w->has_seen = true;
}

static struct who_claim *
push(struct who *w)
{
	uint32_t room = w->room > 0 ? w->room * 2 : 16;
	struct who_claim *v;

	if (w->n == WHO_MAX) {
		w->left_out++;
		return NULL;
	}
	if (w->n == w->room) {
		v = realloc(w->v, room * sizeof(*v));
		if (v == NULL) {
			w->no_memory = true;
			return NULL;
		}
		w->v = v;
		w->room = room;
	}
	w->v[w->n] = (struct who_claim){ .next = NONE };
	return &w->v[w->n++];
}

/* ---- is it about the address and port? */

static bool
is_end(const struct who_target *t, const struct addr *a, uint16_t port)
{
	return addr_eq(a, &t->addr) && (!t->has_port || port == t->port);
}

/* An ICMP id is of the requester's side: the other end has none. */
static bool
has_dst_port(const struct tuple *t)
{
	return t->proto != PROTO_ICMP && t->proto != PROTO_ICMPV6;
}

static bool
side_of(const struct who_target *t, const struct tuple *original,
    const struct tuple *translated, enum who_side *side)
{
	if (t->proto != 0 && t->proto != original->proto)
		return false;
	if (is_end(t, &translated->src, translated->sport))
		*side = WHO_SOURCE;
	else if (!t->has_port)
		return false;	/* all ports of an address: those that it sent from */
	else if (is_end(t, &original->src, original->sport))
		*side = WHO_BEFORE;
	else if (!has_dst_port(original))
		return false;
	else if (is_end(t, &translated->dst, translated->dport))
		*side = WHO_TARGET;
	else if (is_end(t, &original->dst, original->dport))
		*side = WHO_SERVICE;
	else
		return false;
	return true;
}

/* ---- flows */

/* What was seen of it on one side alone may have been translated before: only a
   pod's own address, or one that is not of this node, is surely original. */
static bool
is_one_sided(const struct flow *f, const struct state *s)
{
	if ((f->has & FLOW_TRANSLATED) || present_pod_of(f, &f->original.src) != NULL)
		return false;
	return s == NULL || !state_has(s, PART_ADDRESSES) ||
	    who_is_node_addr(s, &f->original.src);
}

/* It came in and was not seen again: its translation may have been what is asked for.
   With a state only a pod's own can have been translated. */
static bool
is_unfollowed(const struct who *w, const struct flow *f, const struct state *s)
{
	if (f->has & FLOW_TRANSLATED || f->verdict == VERDICT_DROPPED || f->n_legs == 0 ||
	    (w->target.proto != 0 && w->target.proto != f->proto) ||
	    addr_is_v4(&w->target.addr) != addr_is_v4(&f->original.src))
		return false;
	if (s != NULL && (present_pod_of(f, &f->original.src) == NULL ||
	    who_is_node_addr(s, &f->original.dst)))
		return false;
	for (unsigned i = 0; i < f->n_legs; i++)
		if (f->legs[i].reply == (f->legs[i].dir == DIR_IN))
			return false;
	return true;
}

static void
name_flow(struct who *w, struct who_claim *c, const struct flow *f)
{
	const struct pod *p = present_pod_of(f, who_holder(c));

	if (p != NULL && !p->host_network) {
		c->ns = who_text(w, p->ns);
		c->pod = who_text(w, p->name);
	}
	c->service_ns = who_text(w, f->node.service_ns);
	c->service = who_text(w, f->node.service);
	c->dns_name = who_text(w, f->app.dns_name);
	who_rule_ports(c, f->node.nat_rule);
}

void
who_flow(struct who *w, const struct flow *f, const struct state *s)
{
	const struct tuple *after = f->has & FLOW_TRANSLATED ? &f->translated :
	    &f->original;
	struct who_claim *c;
	enum who_side side;

	w->flows++;
	w->unfollowed += is_unfollowed(w, f, s);
	if (present_has_finding(f, "port-clash"))
		w->port_clashes++;
	if (present_ids(f) == IDS_NONE ||
	    !side_of(&w->target, &f->original, after, &side) || (c = push(w)) == NULL)
		return;
	c->side = (uint8_t)side;
	c->original = f->original;
	c->translated = *after;
	c->flow = f->id;
	c->has_time = true;
	c->first = f->first;
	c->last = f->last;
	c->timeout_ns = who_timeout_ns(s, f->proto, f->tcp_state);
	c->one_sided = side == WHO_SOURCE && is_one_sided(f, s);
	c->evidence = f->confidence == CONF_DECLARED ? WHO_CONNTRACK :
	    f->confidence == CONF_CONFIRMED ? WHO_PACKETS | WHO_CONNTRACK : WHO_PACKETS;
	name_flow(w, c, f);
	who_name(w, c, s);
}

/* ---- conntrack's entries */

static uint32_t
hash(const struct tuple *a, const struct tuple *b)
{
	const struct tuple *both[] = { a, b };
	uint32_t h = 2166136261u;

	for (unsigned i = 0; i < 2; i++) {
		const struct tuple *t = both[i];

		for (unsigned k = 0; k < sizeof(t->src.b); k++)
			h = ((h ^ t->src.b[k]) * 16777619u ^ t->dst.b[k]) * 16777619u;
		h = (h ^ t->sport) * 16777619u;
		h = (h ^ t->dport) * 16777619u;
	}
	return h ^ h >> 15;
}

static void
link_claim(struct who *w, uint32_t i)
{
	struct who_claim *c = &w->v[i];
	uint32_t b = hash(&c->original, &c->translated) & (w->n_buckets - 1);

	c->next = w->buckets[b];
	w->buckets[b] = i;
}

/* Buckets for all claims that there are; false without memory. */
static bool
make_buckets(struct who *w)
{
	uint32_t n = w->n_buckets > 0 ? w->n_buckets * 2 : FIRST_BUCKETS;
	uint32_t *b;

	if (w->n_buckets > w->n)
		return true;
	while (n <= w->n)
		n *= 2;
	b = realloc(w->buckets, n * sizeof(*b));
	if (b == NULL) {
		w->no_memory = true;
		return false;
	}
	w->buckets = b;
	w->n_buckets = n;
	memset(b, 0xff, n * sizeof(*b));
	for (uint32_t i = 0; i < w->n; i++)
		if (w->v[i].flow == 0)
			link_claim(w, i);
	return true;
}

/* The living claim of an entry; NULL. */
static struct who_claim *
find_entry(struct who *w, const struct tuple *original, const struct tuple *translated)
{
	uint32_t i = w->n_buckets == 0 ? NONE :
	    w->buckets[hash(original, translated) & (w->n_buckets - 1)];

	for (; i != NONE; i = w->v[i].next)
		if (w->v[i].alive && tuple_eq(&w->v[i].original, original) &&
		    tuple_eq(&w->v[i].translated, translated))
			return &w->v[i];
	return NULL;
}

static struct who_claim *
new_entry(struct who *w, const struct ct_entry *e, enum who_side side)
{
	struct who_claim *c;

	if (!make_buckets(w) || (c = push(w)) == NULL)
		return NULL;
	c->side = (uint8_t)side;
	c->original = e->orig;
	c->translated = tuple_turned(&e->reply);
	c->evidence = WHO_CONNTRACK;
	c->alive = true;
	c->timeout_ns = (int64_t)e->timeout * NS_PER_SEC;
	link_claim(w, w->n - 1);
	return c;
}

/* Since when it was there, where that is told. */
static void
begin_entry(struct who_claim *c, const struct ct_entry *e, struct nstime began,
    struct nstime ts)
{
	c->has_time = true;
	c->first = c->last = ts;
	if (began.ns != 0)
		c->first = began;
	else if (e->age_s >= 0)
		c->first = nstime_add_ns(ts, -e->age_s * NS_PER_SEC);
	else
		c->old = true;
	if (c->first.ns > ts.ns)
		c->first = ts;
}

static void
dump_ended(struct who *w)
{
	for (uint32_t i = 0; i < w->n; i++)
		if (w->v[i].alive && w->v[i].dump != w->dump && w->v[i].flow == 0)
			w->v[i].alive = false;
	w->dump++;
}

static void
take_event(struct who *w, const struct obs_ct *o, struct nstime ts, enum who_side side,
    const struct state *s)
{
	const struct ct_entry *e = o->entry;
	struct tuple after = tuple_turned(&e->reply);
	struct who_claim *c = find_entry(w, &e->orig, &after);

	if (c != NULL && o->event == CT_EV_NEW) {
		c->alive = false;	/* its end was missed */
		c = NULL;
	}
	if (c == NULL) {
		c = new_entry(w, e, side);
		if (c == NULL)
			return;
		begin_entry(c, e, o->began, ts);
		c->old = c->old && o->event != CT_EV_NEW;
		who_name(w, c, s);
	}
	c->dumped = o->event == CT_EV_DUMPED;
	c->dump = w->dump;
	c->last = ts;
	if (!(o->lacks & CT_PART_TIMEOUT))
		c->timeout_ns = (int64_t)e->timeout * NS_PER_SEC;
	if (o->event == CT_EV_DESTROY) {
		c->alive = false;
		c->ended = true;
		if (o->ended.ns != 0 && o->ended.ns < ts.ns)
			c->last = o->ended.ns > c->first.ns ? o->ended : c->first;
	}
}

void
who_ct(struct who *w, const struct obs_ct *o, struct nstime ts, const struct state *s)
{
	struct tuple after;
	enum who_side side;

	if (o->event == CT_EV_DUMP_BEGIN)
		w->dump++;
	if (o->event == CT_EV_DUMP_END) {
		dump_ended(w);
		w->has_dump = true;
	}
	if (o->entry == NULL)
		return;
	who_saw(w, ts, 0);
	w->entries += o->event == CT_EV_NEW || o->event == CT_EV_DUMPED;
	after = tuple_turned(&o->entry->reply);
	if (side_of(&w->target, &o->entry->orig, &after, &side))
		take_event(w, o, ts, side, s);
}

static void
take_counters(struct who *w, const struct state *s)
{
	if (s->ct_insert_failed >= 0) {
		if (w->insert_failed_first < 0)
			w->insert_failed_first = s->ct_insert_failed;
		w->insert_failed = s->ct_insert_failed;
	}
	if (s->ct_drop >= 0)
		w->drop = s->ct_drop;
	if (s->ct_early_drop >= 0)
		w->early_drop = s->ct_early_drop;
}

void
who_state(struct who *w, const struct state *s)
{
	take_counters(w, s);
	w->has_dump = w->has_dump || state_has(s, PART_CONNTRACK);
	if (s->taken.ns != 0 && state_has(s, PART_CONNTRACK))
		who_saw(w, s->taken, 0);
	for (uint32_t i = 0; i < s->conntrack.n; i++) {
		const struct ct_entry *e = &s->conntrack.v[i];
		struct tuple after = tuple_turned(&e->reply);
		struct who_claim *c;
		enum who_side side;

		w->entries++;
		if (!side_of(&w->target, &e->orig, &after, &side))
			continue;
		c = new_entry(w, e, side);
		if (c == NULL)
			continue;
		c->alive = false;
		if (s->taken.ns != 0)
			begin_entry(c, e, (struct nstime){ 0 }, s->taken);
		who_name(w, c, s);
	}
}

/* What no event ended is there to the end, but what only a dump told of may have
   expired since. */
static void
end_alive(struct who *w, struct who_claim *c)
{
	int64_t until = nstime_add_ns(c->last, c->timeout_ns + EXPIRED_GRACE_NS).ns;

	if (!c->alive || !c->has_time)
		return;
	if (c->dumped && until < w->seen_last.ns)
		c->last.ns = until;
	else if (w->seen_last.ns > c->last.ns)
		c->last = w->seen_last;
	c->alive = false;
}

/* Nobody needs to be translated to a pod's own address to be behind it. */
static void
keep_own(struct who *w, const struct state *s)
{
	const struct pod *p = s != NULL ? state_pod_addr(s, &w->target.addr) : NULL;

	if (p == NULL || p->host_network || p->name == NULL)
		return;
	w->own_ns = who_text(w, p->ns);
	w->own_pod = who_text(w, p->name);
}

void
who_end(struct who *w, const struct state *s)
{
	for (uint32_t i = 0; i < w->n; i++) {
		end_alive(w, &w->v[i]);
		who_name(w, &w->v[i], s);
	}
	keep_own(w, s);
	who_ports(w, s);
	who_merge(w);
	who_sort(w);
}
