/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vpc_cni_enis.c - which ENI is which device, which table is its own, which
 * address its primary one.
 *
 * ipamd knows ids, device numbers and addresses, the kernel knows devices: the
 * route table joins them (pkg/networkutils/helper.go).  The primary ENI is the
 * device of main's default route, the others those of the default route in
 * their table.  Without ipamd's list the ENIs are inferred from the tables.
 */
#include <stdlib.h>
#include <string.h>

#include "decode/contract/contract_int.h"

const struct iproute *
main_default(const struct state *s, bool v6)
{
	const struct iproute *best = NULL;

	for (uint32_t i = 0; i < s->routes.n; i++) {
		const struct iproute *r = &s->routes.v[i];

		if (r->table == TABLE_MAIN && r->v6 == v6 && r->dev != NULL &&
		    !r->dead && r->type == ROUTE_UNICAST &&
		    r->dst.len == (v6 ? 0 : PREFIX_V4(0)) &&
		    (best == NULL || r->metric < best->metric))
			best = r;
	}
	return best;
}

/* The way out of a table, IPv4 rather than IPv6. */
static const struct iproute *
table_default(const struct state *s, uint32_t table)
{
	const struct iproute *best = NULL;

	for (uint32_t i = 0; i < s->routes.n; i++) {
		const struct iproute *r = &s->routes.v[i];

		if (r->table != table || r->dev == NULL || r->type != ROUTE_UNICAST ||
		    r->dst.len != (r->v6 ? 0 : PREFIX_V4(0)))
			continue;
		if (best == NULL || (best->v6 && !r->v6))
			best = r;
	}
	return best;
}

int32_t
eni_by_table(const struct contract *c, uint32_t table)
{
	for (unsigned i = 0; i < c->n_enis; i++)
		if (c->enis[i].table == table && table != 0)
			return (int32_t)i;
	return -1;
}

int32_t
eni_by_dev(const struct contract *c, const char *dev)
{
	for (unsigned i = 0; dev != NULL && i < c->n_enis; i++)
		if (text_eq(c->enis[i].dev, dev))
			return (int32_t)i;
	return -1;
}

int32_t
eni_of_fact(const struct contract *c, uint32_t fact)
{
	return fact < c->state->enis.n && c->by_fact != NULL ? c->by_fact[fact] : -1;
}

struct eni *
eni_new(struct contract *c, uint32_t fact)
{
	struct eni *e = realloc(c->enis, (c->n_enis + 1) * sizeof(*e));
	struct eni_more *m;

	if (e == NULL)
		return NULL;
	c->enis = e;
	m = realloc(c->more, (c->n_enis + 1) * sizeof(*m));
	if (m == NULL)
		return NULL;
	c->more = m;
	e += c->n_enis;
	m += c->n_enis;
	c->n_enis++;
	*e = (struct eni){ .device = -1, .card = -1 };
	*m = (struct eni_more){ .fact = fact };
	return e;
}

/* Tables by device and card: before v1.20.3 ipamd does not name them. */
static uint32_t
table_of(const struct contract *c, const struct eni_fact *f)
{
	uint32_t table;

	if (f->table != 0)
		return f->table;
	if (f->primary)
		return TABLE_MAIN;
	if (f->device <= 0 || f->device >= 100)
		return 0;
	if (f->card <= 0)
		return (uint32_t)f->device + 1;
	table = TABLE_CARDS + 100 * (uint32_t)f->card + (uint32_t)f->device;
	/* v1.20.0 to v1.20.2: behind those of card 0. */
	return table_default(c->state, table) != NULL ? table : 0;
}

/* The device below the VLAN devices of branch ENIs. */
static const char *
trunk_device(const struct state *s)
{
	for (uint32_t i = 0; i < s->links.n; i++)
		if (text_starts(s->links.v[i].name, "vlan.eth.") &&
		    s->links.v[i].parent != NULL)
			return s->links.v[i].parent;
	return NULL;
}

/* Without routes: the device of the address that the ENI's own rule names, or
   that the cluster knows this node by. */
static const char *
device_by_address(const struct contract *c, const struct eni *e)
{
	const struct state *s = c->state;
	const struct addr *ip = NULL;

	if (e->primary && c->node != NULL && c->node->n_addrs > 0)
		ip = &c->node->addrs[0];
	for (uint32_t i = 0; i < s->rules.n && !e->primary && e->table != 0; i++)
		if (s->rules.v[i].priority == PRIO_FROM_ENI &&
		    s->rules.v[i].table == e->table && s->rules.v[i].has & RULE_FROM)
			ip = &s->rules.v[i].from.addr;
	for (uint32_t i = 0; ip != NULL && i < s->addrs.n; i++)
		if (addr_eq(&s->addrs.v[i].addr, ip))
			return s->addrs.v[i].dev;
	return NULL;
}

static bool
from_facts(struct contract *c)
{
	const struct state *s = c->state;
	const struct iproute *main4 = main_default(s, false);
	const struct iproute *main6 = main_default(s, true);

	for (uint32_t i = 0; i < s->enis.n && i < ENIS_MAX; i++) {
		const struct eni_fact *f = &s->enis.v[i];
		struct eni *e = eni_new(c, i);

		if (e == NULL)
			return false;
		e->id = f->id;
		e->device = f->device;
		e->card = f->card;
		e->primary = f->primary;
		e->trunk = f->trunk;
		e->efa = f->efa;
		e->excluded = f->excluded;
		e->subnet = f->subnet;
		e->table = table_of(c, f);
		if (f->primary) {
			e->dev = main4 ? main4->dev : main6 ? main6->dev : NULL;
		} else if (e->table != 0 && e->table != TABLE_MAIN) {
			const struct iproute *r = table_default(s, e->table);

			e->dev = r ? r->dev : NULL;
		}
		if (e->dev == NULL)
			e->dev = device_by_address(c, e);
		if (e->trunk && e->dev == NULL)
			e->dev = trunk_device(s);
	}
	return true;
}

static bool
is_real_table(uint32_t table)
{
	return table != TABLE_MAIN && table != TABLE_LOCAL && table != TABLE_DEFAULT &&
	    table != 0 && table < TABLE_NM;
}

/* A device that pods' or the node's packets leave by into the VPC, as far as a
   name can tell. */
static bool
may_be_eni(const struct contract *c, const char *dev)
{
	return !text_eq(dev, "lo") && !is_pod_veth(c, dev) &&
	    !text_starts(dev, "vlan.eth.");
}

static void
number_by_table(struct eni *e)
{
	if (e->table > 1 && e->table < 100) {
		e->card = 0;
		e->device = (int32_t)e->table - 1;
	} else if (e->table >= TABLE_CARDS + 100 && e->table < TABLE_NM) {
		e->card = (int32_t)(e->table - TABLE_CARDS) / 100;
		e->device = (int32_t)(e->table % 100);
	}
}

/* Devices of the tables, which the list did not name (or there is no list). */
static bool
from_tables(struct contract *c)
{
	const struct state *s = c->state;
	const struct iproute *main4 = main_default(s, false);
	struct eni *e;

	if (main4 == NULL)
		main4 = main_default(s, true);
	if (s->enis.n == 0 && main4 != NULL) {
		if ((e = eni_new(c, STATE_NONE)) == NULL)
			return false;
		e->primary = true;
		e->dev = main4->dev;
		e->table = TABLE_MAIN;
		e->device = e->card = 0;
	}
	for (uint32_t i = 0; i < s->routes.n && c->n_enis < ENIS_MAX; i++) {
		const struct iproute *r = &s->routes.v[i];

		if (!is_real_table(r->table) || r->dev == NULL ||
		    r->dst.len != (r->v6 ? 0 : PREFIX_V4(0)) ||
		    r->type != ROUTE_UNICAST || !may_be_eni(c, r->dev) ||
		    eni_by_dev(c, r->dev) >= 0 || eni_by_table(c, r->table) >= 0)
			continue;
		if ((e = eni_new(c, STATE_NONE)) == NULL)
			return false;
		e->dev = r->dev;
		e->table = r->table;
		number_by_table(e);
	}
	return true;
}

/* `ip -d link` tells which devices are real: those without a kind. */
static bool
kinds_are_known(const struct state *s)
{
	for (uint32_t i = 0; i < s->links.n; i++)
		if (s->links.v[i].kind != NULL)
			return true;
	return false;
}

/* An ENI that the CNI does not manage has an address and no table. */
static bool
from_addresses(struct contract *c)
{
	const struct state *s = c->state;
	struct eni *e;

	if (!kinds_are_known(s))
		return true;
	/* A device could be that of an ENI that ipamd lists and nothing names. */
	for (unsigned i = 0; i < c->n_enis; i++)
		if (c->enis[i].dev == NULL && !c->enis[i].branch)
			return true;
	for (uint32_t i = 0; i < s->addrs.n && c->n_enis < ENIS_MAX; i++) {
		const struct ifaddr *a = &s->addrs.v[i];
		const struct link *l = state_link(s, a->dev);

		if (l == NULL || l->kind != NULL || a->host_scope ||
		    !addr_is_v4(&a->addr) || !may_be_eni(c, a->dev) ||
		    eni_by_dev(c, a->dev) >= 0)
			continue;
		if ((e = eni_new(c, STATE_NONE)) == NULL)
			return false;
		e->dev = a->dev;
	}
	return true;
}

/* ---- addresses */

static bool
is_link_local(const struct addr *a)
{
	return addr_is_v4(a) ? a->b[12] == 169 && a->b[13] == 254 :
	    a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80;
}

static void
set_ip(struct eni *e, const struct addr *a)
{
	static const struct addr none;

	if (is_link_local(a))
		return;
	if (addr_is_v4(a) && !e->has_ip) {
		e->has_ip = true;
		e->ip = *a;
	} else if (!addr_is_v4(a) && addr_eq(&e->ip6, &none)) {
		e->ip6 = *a;
	}
}

/* ip addr or ifconfig; else table local; else the policy rule of the ENI; else
   the source of main's subnet route. */
static void
find_ip(struct contract *c, struct eni *e)
{
	const struct state *s = c->state;

	for (uint32_t i = 0; i < s->addrs.n; i++)
		if (text_eq(s->addrs.v[i].dev, e->dev) && !s->addrs.v[i].secondary &&
		    !s->addrs.v[i].host_scope)
			set_ip(e, &s->addrs.v[i].addr);
	for (uint32_t i = 0; i < s->routes.n; i++) {
		const struct iproute *r = &s->routes.v[i];

		/* The kernel names the primary address as the source of the
		   others' routes too. */
		if (r->type == ROUTE_LOCAL && text_eq(r->dev, e->dev) &&
		    r->dst.len == 128)
			set_ip(e, r->has_src ? &r->src : &r->dst.addr);
	}
	for (uint32_t i = 0; i < s->rules.n; i++)
		if (s->rules.v[i].priority == PRIO_FROM_ENI && e->table != 0 &&
		    s->rules.v[i].table == e->table && s->rules.v[i].has & RULE_FROM)
			set_ip(e, &s->rules.v[i].from.addr);
	for (uint32_t i = 0; i < s->routes.n && e->primary; i++) {
		const struct iproute *r = &s->routes.v[i];

		if (r->table == TABLE_MAIN && text_eq(r->dev, e->dev) && r->has_src)
			set_ip(e, &r->src);
	}
	for (unsigned i = 0; c->node != NULL && e->primary && i < c->node->n_addrs; i++)
		set_ip(e, &c->node->addrs[i]);
}

static void
find_routes(struct contract *c, unsigned at)
{
	const struct state *s = c->state;
	const struct eni *e = &c->enis[at];

	if (e->table == 0)
		return;
	c->more[at].way_out = e->table == TABLE_MAIN ? main_default(s, false) :
	    table_default(s, e->table);
	for (uint32_t i = 0; i < s->routes.n; i++) {
		const struct iproute *r = &s->routes.v[i];

		if (r->table == e->table && r->dst.len == 128 && r->dev != NULL &&
		    r->type == ROUTE_UNICAST && !is_pod_veth(c, r->dev))
			c->more[at].gateway = r;
	}
}

static int
rank(const struct eni *e)
{
	return e->primary ? 0 : e->branch ? 2 : 1;
}

static bool
goes_before(const struct eni *a, const struct eni *b)
{
	if (rank(a) != rank(b))
		return rank(a) < rank(b);
	if (a->card != b->card)
		return (uint32_t)a->card < (uint32_t)b->card;
	if (a->device != b->device)
		return (uint32_t)a->device < (uint32_t)b->device;
	return a->vlan < b->vlan;
}

/* A handful of ENIs, a few hundred branches at most. */
static void
sort_enis(struct contract *c)
{
	for (unsigned i = 1; i < c->n_enis; i++)
		for (unsigned k = i; k > 0 &&
		    goes_before(&c->enis[k], &c->enis[k - 1]); k--) {
			struct eni e = c->enis[k];
			struct eni_more m = c->more[k];

			c->enis[k] = c->enis[k - 1];
			c->more[k] = c->more[k - 1];
			c->enis[k - 1] = e;
			c->more[k - 1] = m;
		}
}

/* Delegated prefixes do not overlap: the last that begins at or before it. */
int32_t
eni_by_prefix(const struct contract *c, const struct addr *a)
{
	uint32_t lo = 0, hi = c->delegated.n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (memcmp(c->delegated.v[mid].prefix.addr.b, a->b, sizeof(a->b)) <= 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == 0 || !prefix_contains(&c->delegated.v[lo - 1].prefix, a))
		return -1;
	return (int32_t)c->delegated.v[lo - 1].eni;
}

static int
by_begin(const void *x, const void *y)
{
	const struct delegated *a = x, *b = y;

	return memcmp(a->prefix.addr.b, b->prefix.addr.b, sizeof(a->prefix.addr.b));
}

static bool
find_prefixes(struct contract *c)
{
	const struct state *s = c->state;

	for (uint32_t i = 0; i < s->eni_addrs.n; i++) {
		const struct eni_addr *a = &s->eni_addrs.v[i];
		struct delegated d = { .prefix = a->prefix };

		if (!a->is_prefix || eni_of_fact(c, a->eni) < 0)
			continue;
		d.eni = (unsigned)eni_of_fact(c, a->eni);
		if (!list_push(&c->delegated, d))
			return false;
	}
	if (c->delegated.n > 0)
		qsort(c->delegated.v, c->delegated.n, sizeof(*c->delegated.v), by_begin);
	return true;
}

/* Subnets of the ENIs' devices; an IPv6 subnet of a VPC is a /64. */
static bool
find_subnets(struct contract *c)
{
	const struct state *s = c->state;
	static const struct addr none;

	for (uint32_t i = 0; i < s->addrs.n; i++) {
		const struct ifaddr *a = &s->addrs.v[i];

		if (!a->host_scope && a->len < 128 && !is_link_local(&a->addr) &&
		    eni_by_dev(c, a->dev) >= 0 &&
		    !list_push(&c->subnets, prefix_of(&a->addr, a->len)))
			return false;
	}
	for (uint32_t i = 0; i < s->routes.n; i++) {
		const struct iproute *r = &s->routes.v[i];

		if (r->table == TABLE_MAIN && r->type == ROUTE_UNICAST && !r->has_via &&
		    r->dst.len > 96 && r->dst.len < 128 && addr_is_v4(&r->dst.addr) &&
		    eni_by_dev(c, r->dev) >= 0 && !list_push(&c->subnets, r->dst))
			return false;
	}
	for (unsigned i = 0; i < c->n_enis; i++)
		if (!addr_eq(&c->enis[i].ip6, &none) &&
		    !list_push(&c->subnets, prefix_of(&c->enis[i].ip6, 64)))
			return false;
	return true;
}

static bool
number_facts(struct contract *c)
{
	uint32_t n = c->state->enis.n;

	c->by_fact = malloc((n + 1) * sizeof(*c->by_fact));
	if (c->by_fact == NULL)
		return false;
	for (uint32_t i = 0; i < n; i++)
		c->by_fact[i] = -1;
	for (unsigned i = 0; i < c->n_enis; i++)
		if (c->more[i].fact != STATE_NONE)
			c->by_fact[c->more[i].fact] = (int32_t)i;
	return true;
}

bool
vpc_cni_enis(struct contract *c)
{
	if (!from_facts(c) || !from_tables(c) || !from_addresses(c) ||
	    !vpc_cni_branches(c))
		return false;
	sort_enis(c);
	if (!number_facts(c))
		return false;
	for (unsigned i = 0; i < c->n_enis; i++) {
		if (c->enis[i].dev != NULL && !c->enis[i].branch)
			find_ip(c, &c->enis[i]);
		else if (c->enis[i].primary)
			find_ip(c, &c->enis[i]);
		find_routes(c, i);
	}
	if (c->n_enis > 0 && c->enis[0].primary)
		c->primary = &c->enis[0];
	return find_prefixes(c) && find_subnets(c);
}

/* ---- addresses for pods */

static uint32_t
prefix_size(const struct prefix *p)
{
	unsigned bits = 128u - p->len;

	return bits >= 32 ? UINT32_MAX : 1u << bits;
}

static void
add_up(uint32_t *sum, uint32_t n)
{
	*sum = *sum > UINT32_MAX - n ? UINT32_MAX : *sum + n;
}

void
vpc_cni_enis_count(struct contract *c)
{
	const struct state *s = c->state;

	for (uint32_t k = 0; k < s->eni_addrs.n; k++) {
		const struct eni_addr *a = &s->eni_addrs.v[k];
		int32_t at = eni_of_fact(c, a->eni);
		struct eni *e = at < 0 ? NULL : &c->enis[at];

		if (e == NULL)
			continue;
		if (a->is_prefix) {
			e->prefixes++;
			add_up(&e->total, prefix_size(&a->prefix));
		} else if (!a->in_prefix) {
			add_up(&e->total, 1);
		}
		if (!a->is_prefix && a->assigned)
			e->used++;
	}
	if (s->enis.n > 0)
		return;
	/* No list: the pods that are known to belong to it. */
	for (uint32_t i = 0; i < c->n_places; i++)
		if (c->places[i].is_pod && c->places[i].eni >= 0 &&
		    !c->places[i].egress &&
		    !c->enis[c->places[i].eni].branch)
			c->enis[c->places[i].eni].used++;
}
