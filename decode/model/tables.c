/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tables.c - route tables by longest prefix, as fib_table_lookup() of
 * net/ipv4/fib_trie.c answers: per table the prefix lengths that occur, and a
 * hash of the prefixes.  A node has few lengths, so a lookup is a few probes.
 */
#include <stdio.h>
#include <stdlib.h>

#include "decode/model/model_int.h"

struct order {
	const struct iproute *r;
	uint32_t	 i;
};

static int
by_prefix(const void *x, const void *y)
{
	const struct order *p = x, *q = y;
	const struct iproute *a = p->r, *b = q->r;
	int c;

	if (a->v6 != b->v6)
		return a->v6 ? 1 : -1;
	if (a->table != b->table)
		return a->table < b->table ? -1 : 1;
	if (a->dst.len != b->dst.len)
		return a->dst.len > b->dst.len ? -1 : 1;
	c = memcmp(a->dst.addr.b, b->dst.addr.b, sizeof(a->dst.addr.b));
	if (c != 0)
		return c;
	if (a->metric != b->metric)
		return a->metric < b->metric ? -1 : 1;
	return (p->i > q->i) - (p->i < q->i);
}

static bool
same_table(const struct iproute *a, const struct iproute *b)
{
	return a->v6 == b->v6 && a->table == b->table;
}

/* A nexthop without carrier ("linkdown") is used all the same, unless
   ignore_routes_with_linkdown says otherwise; a dead one never. */
static bool
is_usable(const struct model *m, const struct iproute *r, uint32_t dev)
{
	if (!r->dead)
		return true;
	return r->text != NULL && strstr(r->text, "linkdown") != NULL &&
	    strstr(r->text, "dead") == NULL && dev != NONE &&
	    m->devs[dev].ignore_linkdown == 0;
}

/* fib_info_update_nhc_saddr(): the route's own, or the device's. */
static void
set_source(const struct model *m, struct rt *rt)
{
	const struct iproute *r = rt->r;

	if (r->has_src) {
		rt->has_src = true;
		rt->src = r->src;
	} else if (r->type == ROUTE_UNICAST && !r->v6) {
		rt->has_src = dev_source(m, rt->dev, r->has_via && addr_is_v4(&r->via) ?
		    &r->via : NULL, false, &rt->src) == 1;
	}
}

static void
table_name(struct table *t)
{
	switch (t->id) {
	case TABLE_MAIN:
		snprintf(t->where, sizeof(t->where), "table main");
		break;
	case TABLE_LOCAL:
		snprintf(t->where, sizeof(t->where), "table local");
		break;
	case TABLE_DEFAULT:
		snprintf(t->where, sizeof(t->where), "table default");
		break;
	default:
		snprintf(t->where, sizeof(t->where), "table %u", t->id);
	}
}

/* The records [first, end) of model.rts make one table. */
static bool
fill_table(struct model *m, struct table *t, uint32_t first, uint32_t end)
{
	uint32_t size = 4;

	t->id = m->rts[first].r->table;
	t->v6 = m->rts[first].r->v6;
	t->n = end - first;
	table_name(t);
	while (size < t->n * 2)
		size *= 2;
	t->mask = size - 1;
	t->slots = calloc(size, sizeof(*t->slots));
	if (t->slots == NULL)
		return false;
	for (uint32_t i = first; i < end;) {
		const struct prefix *dst = &m->rts[i].r->dst;
		struct bits key = bits_mask(bits_of(&dst->addr), dst->len);
		uint64_t h = bits_hash(key, dst->len) & t->mask;
		struct rt_slot *s;

		if (t->n_lens == 0 || t->lens[t->n_lens - 1] != dst->len)
			t->lens[t->n_lens++] = dst->len;
		while (t->slots[h].n != 0)
			h = (h + 1) & t->mask;
		s = &t->slots[h];
		*s = (struct rt_slot){ .prefix = key, .len = dst->len, .first = i };
		for (; i < end && prefix_eq(&m->rts[i].r->dst, dst); i++)
			s->n++;
	}
	return true;
}

static bool
split_tables(struct model *m)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < m->n_rts; i++)
		n += i == 0 || !same_table(m->rts[i - 1].r, m->rts[i].r);
	m->tables = calloc((size_t)n + 1, sizeof(*m->tables));
	if (m->tables == NULL)
		return false;
	for (uint32_t i = 0, end; i < m->n_rts; i = end) {
		for (end = i + 1; end < m->n_rts &&
		    same_table(m->rts[i].r, m->rts[end].r); end++)
			;
		if (!fill_table(m, &m->tables[m->n_tables++], i, end))
			return false;
	}
	return true;
}

/* Of a family whose dump has no table local: what the addresses imply. */
static void
make_local(struct model *m, bool v6)
{
	for (uint32_t i = 0; i < m->s->addrs.n; i++) {
		const struct ifaddr *a = &m->s->addrs.v[i];
		struct iproute *r = &m->made[m->n_made];
		char *text = m->made_text[m->n_made], addr[ADDR_TEXT_MAX];

		if (a->dev == NULL || addr_is_v4(&a->addr) == v6)
			continue;
		/* All of 127.0.0.0/8 is local, by the address of lo. */
		*r = (struct iproute){ .v6 = v6, .type = ROUTE_LOCAL,
		    .dst = prefix_of(&a->addr, !v6 && a->addr.b[12] == 127 ?
			a->len : 128), .dev = a->dev, .table = TABLE_LOCAL,
		    .text = text };
		addr_format(&a->addr, addr);
		snprintf(text, sizeof(*m->made_text), "local %s dev %s", addr, a->dev);
		m->n_made++;
		if (v6 || a->len >= PREFIX_V4(31) || a->addr.b[12] == 127)
			continue;
		r[1] = *r;
		r[1].type = ROUTE_BROADCAST;
		r[1].dst.addr = a->addr;
		for (unsigned bit = a->len; bit < 128; bit++)
			r[1].dst.addr.b[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
		text = m->made_text[m->n_made];
		r[1].text = text;
		addr_format(&r[1].dst.addr, addr);
		snprintf(text, sizeof(*m->made_text), "broadcast %s dev %s", addr,
		    a->dev);
		m->n_made++;
	}
}

static bool
sort_routes(struct model *m)
{
	const struct state *s = m->s;
	struct order *all = calloc((size_t)s->routes.n + m->n_made + 1, sizeof(*all));
	uint32_t n = 0;

	m->rts = calloc((size_t)s->routes.n + m->n_made + 1, sizeof(*m->rts));
	if (all == NULL || m->rts == NULL) {
		free(all);
		return false;
	}
	for (uint32_t i = 0; i < s->routes.n; i++, n++)
		all[n] = (struct order){ &s->routes.v[i], n };
	for (uint32_t i = 0; i < m->n_made; i++, n++)
		all[n] = (struct order){ &m->made[i], n };
	qsort(all, n, sizeof(*all), by_prefix);
	for (uint32_t i = 0; i < n; i++)
		m->rts[i].r = all[i].r;
	m->n_rts = n;
	free(all);
	return true;
}

bool
tables_new(struct model *m)
{
	const struct state *s = m->s;

	/* `ip route show table all` always has table local; without it only
	   some tables were dumped. */
	for (uint32_t i = 0; i < s->routes.n; i++)
		if (s->routes.v[i].table == TABLE_LOCAL)
			m->whole[s->routes.v[i].v6] = true;
	m->made = calloc((size_t)s->addrs.n * 2 + 2, sizeof(*m->made));
	m->made_text = calloc((size_t)s->addrs.n * 2 + 2, sizeof(*m->made_text));
	if (m->made == NULL || m->made_text == NULL)
		return false;
	for (unsigned v6 = 0; v6 < 2; v6++)
		if (!m->whole[v6] && state_has(s, PART_ADDRESSES))
			make_local(m, v6);
	if (!sort_routes(m) || !split_tables(m))
		return false;
	for (unsigned v6 = 0; v6 < 2; v6++)
		m->local[v6] = table_find(m, v6, TABLE_LOCAL);
	for (uint32_t i = 0; i < m->n_rts; i++)
		m->rts[i].dev = m->rts[i].r->dev != NULL ?
		    dev_index(m, m->rts[i].r->dev) : NONE;
	devs_sources(m);
	for (uint32_t i = 0; i < m->n_rts; i++) {
		m->rts[i].usable = is_usable(m, m->rts[i].r, m->rts[i].dev);
		set_source(m, &m->rts[i]);
	}
	return true;
}

const struct table *
table_find(const struct model *m, bool v6, uint32_t id)
{
	for (uint32_t low = 0, high = m->n_tables; low < high;) {
		uint32_t mid = low + (high - low) / 2;
		const struct table *t = &m->tables[mid];

		if (t->v6 == v6 && t->id == id)
			return t;
		if (t->v6 < v6 || (t->v6 == v6 && t->id < id))
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

/* fib_props[].error: the type itself is the answer. */
static bool
is_refusal(const struct iproute *r)
{
	return r->type >= ROUTE_BLACKHOLE && r->type <= ROUTE_THROW;
}

/* Nexthops of one multipath route are neighbours; so are routes of IPv6 of one
   metric, which the kernel chooses from by turns. */
static bool
same_route(const struct iproute *a, const struct iproute *b)
{
	return a->metric == b->metric &&
	    ((a->multipath && b->multipath) || (a->v6 && a->type == b->type));
}

static const struct rt *
best_of(const struct model *m, const struct rt_slot *s, uint32_t dev, bool *several)
{
	const struct rt *end = &m->rts[s->first] + s->n;

	for (const struct rt *rt = &m->rts[s->first]; rt < end; rt++) {
		if (is_refusal(rt->r))
			return rt;
		if (!rt->usable || (dev != NONE && rt->dev != dev))
			continue;
		for (const struct rt *o = rt + 1; o < end &&
		    same_route(rt->r, o->r); o++)
			*several |= o->usable && o->dev != rt->dev &&
			    (dev == NONE || o->dev == dev);
		return rt;
	}
	return NULL;
}

const struct rt *
table_lookup(const struct model *m, const struct table *t, struct bits dst,
    uint32_t dev, bool *several, unsigned *len)
{
	*several = false;
	for (unsigned i = 0; i < t->n_lens; i++) {
		struct bits key = bits_mask(dst, t->lens[i]);
		uint64_t h = bits_hash(key, t->lens[i]) & t->mask;

		for (; t->slots[h].n != 0; h = (h + 1) & t->mask) {
			const struct rt_slot *s = &t->slots[h];
			const struct rt *rt;

			if (s->len != t->lens[i] || !bits_eq(s->prefix, key))
				continue;
			rt = best_of(m, s, dev, several);
			*len = s->len;
			if (rt != NULL)
				return rt;
			break;
		}
	}
	return NULL;
}

static bool
same_multipath(const struct iproute *a, const struct iproute *b)
{
	return same_table(a, b) && prefix_eq(&a->dst, &b->dst) && same_route(a, b);
}

bool
rt_uses(const struct model *m, const struct rt *rt, uint32_t dev)
{
	uint32_t at = (uint32_t)(rt - m->rts), i = at;

	if (rt->dev == dev)
		return true;
	if (!rt->r->multipath)
		return false;
	while (i > 0 && same_multipath(m->rts[i - 1].r, rt->r))
		i--;
	for (; i < m->n_rts && same_multipath(m->rts[i].r, rt->r); i++)
		if (m->rts[i].dev == dev)
			return true;
	return false;
}

static const uint16_t type_bits[N_ROUTE_TYPES] = {
	[ROUTE_UNICAST]		= NF_A_UNICAST,
	[ROUTE_LOCAL]		= NF_A_LOCAL,
	[ROUTE_BROADCAST]	= NF_A_BROADCAST,
	[ROUTE_ANYCAST]		= NF_A_ANYCAST,
	[ROUTE_MULTICAST]	= NF_A_MULTICAST,
	/* Refusals are errors of the lookup, and then it is unicast. */
	[ROUTE_BLACKHOLE]	= NF_A_UNICAST,
	[ROUTE_UNREACHABLE]	= NF_A_UNICAST,
	[ROUTE_PROHIBIT]	= NF_A_UNICAST,
	[ROUTE_THROW]		= NF_A_UNICAST,
};

unsigned
addr_type(const struct model *m, const struct addr *a, uint32_t dev)
{
	struct bits b = bits_of(a);
	bool v6 = !bits_v4(b), several;
	const struct rt *rt;
	unsigned len;

	if (!v6 && (a->b[12] == 0 || v4_of(b) == UINT32_MAX))
		return NF_A_BROADCAST;
	if (addr_is_multicast(a))
		return NF_A_MULTICAST;
	if (m->local[v6] == NULL)
		return 0;
	rt = table_lookup(m, m->local[v6], b, NONE, &several, &len);
	if (rt == NULL || (dev != NONE && rt->dev != dev))
		return NF_A_UNICAST;
	return rt->r->type < N_ROUTE_TYPES ? type_bits[rt->r->type] : 0;
}

bool
model_is_local(const struct model *m, const struct addr *a, const char *dev)
{
	uint32_t d = dev != NULL ? dev_index(m, dev) : NONE;

	if (dev != NULL && d == NONE)
		return false;
	return addr_type(m, a, d) == NF_A_LOCAL;
}
