/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * random_obs.h - runs of random observations of every kind, and whether two are
 * the same in all that they say.  Memory is given back by run_free().
 */
#ifndef TESTS_RANDOM_OBS_H
#define TESTS_RANDOM_OBS_H

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/state.h"
#include "decode/obs.h"
#include "decode/timeline.h"

struct run {
	struct obs	*v;
	unsigned	 n, room;
	void		**owned;	/* freed at the end */
	unsigned	 n_owned, room_owned;
	struct state	**states;
	unsigned	 n_states, room_states;
	uint64_t	 seed;
	uint32_t	 n_ifaces;
	uint16_t	 linktypes[1024];
	bool		 odd;		/* any time, any byte; else as a kernel has it */
	struct nstime	 now;
};

static inline uint64_t
rnd(struct run *r)
{
	r->seed ^= r->seed << 13;
	r->seed ^= r->seed >> 7;
	r->seed ^= r->seed << 17;
	return r->seed * UINT64_C(0x2545f4914f6cdd1d);
}

static inline uint32_t
below(struct run *r, uint32_t n)
{
	return (uint32_t)((rnd(r) >> 33) % n);
}

static inline void *
must(void *p)
{
	if (p == NULL)
		err(1, NULL);
	return p;
}

static inline void *
own(struct run *r, size_t n)
{
	if (r->n_owned == r->room_owned) {
		r->room_owned = 2 * r->room_owned + 64;
		r->owned = must(realloc(r->owned,
		    r->room_owned * sizeof(*r->owned)));
	}
	return r->owned[r->n_owned++] = must(calloc(1, n ? n : 1));
}

static inline const char *
own_printf(struct run *r, const char *prefix, uint32_t n)
{
	char *s = own(r, 64);

	snprintf(s, 64, "%s%u", prefix, n);
	return s;
}

static inline struct nstime
rnd_time(struct run *r)
{
	if (r->odd)
		return (struct nstime){ (int64_t)rnd(r) };
	r->now.ns += below(r, 3000000);
	return r->now;
}

static inline struct addr
rnd_addr(struct run *r)
{
	uint64_t v[2] = { rnd(r), rnd(r) };

	return rnd(r) >> 63 ? addr_from_v4((const uint8_t *)v) :
	    addr_from_v6((const uint8_t *)v);
}

/* ---- states */

static inline void
fill_state(struct run *r, struct state *s)
{
	unsigned n = 1 + below(r, r->odd ? 6 : 3);

	for (unsigned i = 0; i < n; i++) {
		struct link *l = state_push(s, links);
		struct iproute *t = state_push(s, routes);
		struct iprule *u = state_push(s, rules);
		struct neigh *g = state_push(s, neighs);
		struct sysctl *c = state_push(s, sysctls);
		struct service *v = state_push(s, services);
		struct sock *k = state_push(s, socks);
		struct addr a = rnd_addr(r);
		struct pod *p;

		l->name = own_printf(r, "eni", below(r, 1000000));
		l->ifindex = 1 + i;
		l->kind = "veth";
		l->has_mac = below(r, 2);
		memset(l->mac, (int)(rnd(r) & 0xff), l->has_mac ? 6 : 0);
		t->text = own_printf(r, "10.0.0.1 dev eni", below(r, 1000));
		t->dst = prefix_of(&a, PREFIX_V4(32));
		t->dev = l->name;
		t->table = below(r, 300);
		t->odd = below(r, 2);
		t->has_via = t->multipath = below(r, 2);
		u->text = own_printf(r, "from all lookup ", below(r, 1000));
		u->priority = below(r, 40000);
		g->dev = "eth0";
		g->addr = a;
		g->permanent = true;
		c->name = own_printf(r, "net.ipv4.conf.eni", below(r, 10000));
		c->value = "1";
		v->ns = "default";
		v->name = own_printf(r, "svc-", below(r, 9999));
		v->lb.target_ip = (int8_t)below(r, 2);
		v->lb.hostname = own_printf(r, "elb-", below(r, 9999));
		k->proto = PROTO_TCP;
		k->local = k->peer = a;
		k->lport = (uint16_t)below(r, 65536);
		k->process = own_printf(r, "p\"", below(r, 9999));
		p = state_pod(s, "kube-system", own_printf(r, "pod-", below(r, 9999)),
		    &a);
		p->sources = POD_IPAM;
		p->allocated.ns = (int64_t)(rnd(r) >> 3);
		state_mark(s, below(r, N_STATE_PARTS));
	}
	state_mark(s, PART_LINKS);
	s->cni.external_snat = (int8_t)below(r, 2);
}

static inline struct state *
rnd_state(struct run *r, bool ready)
{
	struct state *s = must(state_new());

	fill_state(r, s);
	if (ready)
		state_ready(s);
	if (r->n_states == r->room_states) {
		r->room_states = 2 * r->room_states + 16;
		r->states = must(realloc(r->states,
		    r->room_states * sizeof(*r->states)));
	}
	return r->states[r->n_states++] = s;
}

/* ---- observations */

static inline void
rnd_iface(struct run *r, struct obs *o)
{
	static const uint16_t types[] = { 1, 113, 276, 101 };
	static const char *const names[] = { "eth0", "", "eni\xff\x01", "any" };
	struct obs_iface *i = &o->iface;

	i->number = r->n_ifaces;
	i->linktype = types[below(r, 4)];
	if (below(r, 8) == 0)
		i->name = NULL;
	else
		i->name = below(r, 3) ? own_printf(r, "eni", r->n_ifaces) :
		    names[below(r, 4)];
	i->clock = (uint16_t)rnd(r);
	i->given = below(r, 2);
	i->ifindex = below(r, 2) ? (uint32_t)rnd(r) : 0;
	i->has_mac = below(r, 2);
	memcpy(i->mac, &(uint64_t){ rnd(r) }, i->has_mac ? 6 : 0);
	i->n_addrs = (uint8_t)below(r, OBS_IFACE_ADDRS + 1);
	for (unsigned k = 0; k < i->n_addrs; k++)
		i->addrs[k] = rnd_addr(r);
	r->linktypes[r->n_ifaces++] = i->linktype;
}

static inline void
rnd_packet(struct run *r, struct obs *o)
{
	struct obs_packet *p = &o->packet;
	uint8_t *data;

	p->number = below(r, r->n_ifaces);
	p->linktype = r->linktypes[p->number];
	p->dir = (uint8_t)below(r, 3);
	p->caplen = below(r, 300) ? below(r, 200) : below(r, 262145);
	p->len = p->caplen + below(r, 3) * below(r, 2000);
	data = own(r, p->caplen);
	for (uint32_t i = 0; i < p->caplen; i++)
		data[i] = (uint8_t)rnd(r);
	p->data = data;
}

static inline struct tuple
rnd_tuple(struct run *r)
{
	return (struct tuple){ .src = rnd_addr(r), .dst = rnd_addr(r),
	    .sport = (uint16_t)rnd(r), .dport = (uint16_t)rnd(r),
	    .proto = (uint8_t)rnd(r) };
}

static inline void
rnd_ct(struct run *r, struct obs *o)
{
	static const char *const states[] = { NULL, "", "ESTABLISHED", "TIME_WAIT",
	    "SHUTDOWN_ACK_SENT" };
	struct ct_entry *e;

	o->ct.event = (uint8_t)below(r, N_CT_EVENTS);
	if (below(r, 2)) {
		o->ct.began = (struct nstime){ (int64_t)rnd(r) };
		o->ct.ended = (struct nstime){ (int64_t)rnd(r) };
	}
	if (o->ct.event == CT_EV_DUMP_BEGIN || o->ct.event == CT_EV_DUMP_END)
		return;
	o->ct.lacks = (uint8_t)(below(r, 2) ? rnd(r) : 0);
	e = own(r, sizeof(*e));
	o->ct.entry = e;
	e->orig = rnd_tuple(r);
	e->reply = below(r, 2) ? tuple_turned(&e->orig) : rnd_tuple(r);
	e->mark = (uint32_t)rnd(r);
	e->id = (uint32_t)rnd(r);
	e->timeout = (uint32_t)rnd(r);
	e->zone = (uint16_t)rnd(r);
	e->status = (uint8_t)below(r, 32);
	e->state = states[below(r, 5)];
	e->age_s = below(r, 2) ? -1 : (int64_t)rnd(r);
	e->line = below(r, 2) ? 0 : (uint32_t)rnd(r);
	for (unsigned i = 0; i < 2 && below(r, 2); i++) {
		e->packets[i] = rnd(r);
		e->bytes[i] = rnd(r);
	}
}

static inline void
rnd_change(struct run *r, struct obs *o)
{
	struct state_change *c = own(r, sizeof(*c));

	c->parts = below(r, 1u << N_STATE_PARTS);
	c->come = below(r, 4) ? rnd_state(r, false) : NULL;
	c->gone = below(r, 2) ? rnd_state(r, false) : NULL;
	o->change.change = c;
	o->change.since = below(r, 2) ? rnd_time(r) : (struct nstime){ 0 };
}

static inline struct obs *
run_add(struct run *r, enum obs_type type)
{
	struct obs *o;

	if (r->n == r->room) {
		r->room = 2 * r->room + 256;
		r->v = must(realloc(r->v, r->room * sizeof(*r->v)));
	}
	o = &r->v[r->n++];
	memset(o, 0, sizeof(*o));
	o->type = type;
	o->ts = rnd_time(r);
	return o;
}

static inline void
run_add_random(struct run *r)
{
	/* how often of 256 */
	static const uint8_t often[N_OBS_TYPES] = { [OBS_IFACE] = 3, [OBS_NAME] = 2,
	    [OBS_LOSS] = 4, [OBS_STATE] = 1, [OBS_CHANGE] = 6, [OBS_CT] = 90,
	    [OBS_TICK] = 20 };
	unsigned type = 0, at = below(r, 256);
	struct obs *o;

	while (type < N_OBS_TYPES && at >= often[type])
		at -= often[type++];
	if (type == N_OBS_TYPES)
		type = OBS_PACKET;
	if (r->n_ifaces == 0 || (type == OBS_IFACE && r->n_ifaces == 1024))
		type = r->n_ifaces == 0 ? OBS_IFACE : OBS_TICK;
	o = run_add(r, type);
	switch (o->type) {
	case OBS_IFACE:		rnd_iface(r, o); break;
	case OBS_PACKET:	rnd_packet(r, o); break;
	case OBS_CT:		rnd_ct(r, o); break;
	case OBS_CHANGE:	rnd_change(r, o); break;
	case OBS_STATE:		o->state.state = rnd_state(r, true); break;
	case OBS_NAME:
		o->name.addr = rnd_addr(r);
		o->name.name = own_printf(r, "name-", below(r, 1000));
		break;
	case OBS_LOSS:
		o->loss = (struct obs_loss){ rnd(r) >> 40, rnd(r) >> 40, rnd(r) >> 40,
		    rnd_time(r) };
		break;
	default:
		break;
	}
}

static inline void
run_free(struct run *r)
{
	for (unsigned i = 0; i < r->n_owned; i++)
		free(r->owned[i]);
	for (unsigned i = 0; i < r->n_states; i++)
		state_free(r->states[i]);
	free(r->owned);
	free(r->states);
	free(r->v);
	*r = (struct run){ .v = NULL };
}

/* ---- the same? */

struct text {
	char	*p;
	size_t	 n;
};

static inline int
text_add(void *arg, const char *p, size_t n)
{
	struct text *t = arg;

	t->p = must(realloc(t->p, t->n + n + 1));
	memcpy(t->p + t->n, p, n);
	t->n += n;
	return 0;
}

static inline bool
same_documents(const struct obs *a, const struct obs *b)
{
	struct text x = { 0 }, y = { 0 };
	bool same;

	if (a->type == OBS_STATE) {
		state_write_to(a->state.state, text_add, &x);
		state_write_to(b->state.state, text_add, &y);
	} else {
		state_change_write_to(a->change.change, a->change.since, text_add, &x);
		state_change_write_to(b->change.change, b->change.since, text_add, &y);
	}
	same = x.n == y.n && memcmp(x.p, y.p, x.n) == 0;
	free(x.p);
	free(y.p);
	return same;
}

static inline bool
same_string(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static inline bool
same_entry(const struct ct_entry *a, const struct ct_entry *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return tuple_eq(&a->orig, &b->orig) && tuple_eq(&a->reply, &b->reply) &&
	    a->mark == b->mark && a->id == b->id && a->timeout == b->timeout &&
	    a->zone == b->zone && a->status == b->status &&
	    same_string(a->state, b->state) && a->age_s == b->age_s &&
	    memcmp(a->packets, b->packets, sizeof(a->packets)) == 0 &&
	    memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0 && a->line == b->line;
}

static inline bool
same_iface(const struct obs_iface *a, const struct obs_iface *b)
{
	return a->number == b->number && a->linktype == b->linktype &&
	    same_string(a->name, b->name) && a->clock == b->clock &&
	    a->given == b->given && a->ifindex == b->ifindex &&
	    a->has_mac == b->has_mac && memcmp(a->mac, b->mac, 6) == 0 &&
	    a->n_addrs == b->n_addrs && memcmp(a->addrs, b->addrs,
	    a->n_addrs * sizeof(a->addrs[0])) == 0;
}

static inline bool
same_obs(const struct obs *a, const struct obs *b)
{
	const struct obs_packet *p = &a->packet, *q = &b->packet;

	if (a->type != b->type || a->ts.ns != b->ts.ns)
		return false;
	switch (a->type) {
	case OBS_IFACE:
		return same_iface(&a->iface, &b->iface);
	case OBS_PACKET:
		return p->number == q->number && p->linktype == q->linktype &&
		    p->dir == q->dir && p->caplen == q->caplen &&
		    p->len == q->len && memcmp(p->data, q->data, p->caplen) == 0;
	case OBS_NAME:
		return addr_eq(&a->name.addr, &b->name.addr) &&
		    same_string(a->name.name, b->name.name);
	case OBS_LOSS:
		return a->loss.kernel == b->loss.kernel &&
		    a->loss.interface == b->loss.interface &&
		    a->loss.netlink == b->loss.netlink &&
		    a->loss.since.ns == b->loss.since.ns;
	case OBS_STATE:
	case OBS_CHANGE:
		return same_documents(a, b) && (a->type == OBS_STATE ||
		    a->change.since.ns == b->change.since.ns);
	case OBS_CT:
		return a->ct.event == b->ct.event && a->ct.lacks == b->ct.lacks &&
		    a->ct.began.ns == b->ct.began.ns &&
		    a->ct.ended.ns == b->ct.ended.ns &&
		    same_entry(a->ct.entry, b->ct.entry);
	case OBS_TICK:
	case N_OBS_TYPES:
		break;
	}
	return true;
}

#endif
