/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vpc_cni_places.c - one record for each address that this node has to do with:
 * its pods', its own, those that its ENIs hold free, and whatever its policy
 * rules and routes name.
 *
 * An address's ENI is told, in this order, by a branch ENI's annotation, by
 * ipamd's list, by its policy rule 1536.  That such a rule is absent proves
 * nothing while the node has other ENIs: it may be the one that went missing.
 */
#include <stdlib.h>
#include <string.h>

#include "decode/contract/contract_int.h"

struct place_list {
	LIST(struct place) all;
};

bool
pod_has_ended(const struct pod *p)
{
	return text_eq(p->phase, "Succeeded") || text_eq(p->phase, "Failed");
}

bool
pod_is_here(const struct contract *c, const struct pod *p)
{
	if (p->host_network)
		return false;
	if (p->sources & (POD_IPAM | POD_ENIS))
		return true;
	return c->node_name != NULL && text_eq(p->node, c->node_name) &&
	    !pod_has_ended(p);
}

static struct place *
add(struct place_list *l, const struct addr *a)
{
	struct place p = { .addr = *a, .listed_eni = -1, .eni = -1 };

	return list_push(&l->all, p) ? &l->all.v[l->all.n - 1] : NULL;
}

static bool
add_pods(struct contract *c, struct place_list *l)
{
	const struct state *s = c->state;

	for (uint32_t i = 0; i < s->pods.n; i++) {
		const struct pod *p = &s->pods.v[i];
		bool here = pod_is_here(c, p);

		for (unsigned k = 0; k < p->n_addrs; k++) {
			struct place *at;

			if (p->host_network || (!here && pod_has_ended(p)))
				continue;
			if ((at = add(l, &p->addrs[k])) == NULL)
				return false;
			if (here) {
				at->is_pod = true;
				at->pod = p;
			} else if (p->node != NULL && c->node_name != NULL) {
				at->elsewhere = p;
			}
		}
	}
	return true;
}

static bool
add_listed(struct contract *c, struct place_list *l)
{
	const struct state *s = c->state;

	for (uint32_t i = 0; i < s->eni_addrs.n; i++) {
		const struct eni_addr *a = &s->eni_addrs.v[i];
		struct place *at;

		if (a->is_prefix)
			continue;
		if ((at = add(l, &a->prefix.addr)) == NULL)
			return false;
		at->listed = true;
		at->assigned = at->is_pod = a->assigned;
		at->listed_eni = eni_of_fact(c, a->eni);
	}
	return true;
}

static bool
add_rules(const struct state *s, struct place_list *l)
{
	for (uint32_t i = 0; i < s->rules.n; i++) {
		const struct iprule *r = &s->rules.v[i];
		bool to = r->priority == PRIO_TO_POD && r->has & RULE_TO &&
		    r->to.len == 128 && r->table == TABLE_MAIN;
		bool from = (r->priority == PRIO_FROM_POD ||
		    r->priority == PRIO_FROM_ENI) && r->has & RULE_FROM &&
		    r->from.len == 128;
		struct place *at;

		if (!to && !from)
			continue;
		if ((at = add(l, to ? &r->to.addr : &r->from.addr)) == NULL)
			return false;
		if (to)
			at->to_main = r;
		else if (r->priority == PRIO_FROM_ENI)
			at->from_eni = r;
		else if (r->has & RULE_TO)
			at->per_cidr = r;
		else
			at->from_table = r;
	}
	return true;
}

/* Host ends of cables: by the hashed name, or of the egress plugin. */
static bool
add_routes(const struct contract *c, struct place_list *l)
{
	const struct state *s = c->state;

	for (uint32_t i = 0; i < s->routes.n; i++) {
		const struct iproute *r = &s->routes.v[i];
		bool veth = r->type == ROUTE_UNICAST && !r->has_via &&
		    (is_pod_veth(c, r->dev) ||
		    (is_egress_addr(&r->dst.addr) && text_starts(r->dev, "veth")));
		struct place *at;

		if (r->dst.len != 128 || r->dev == NULL ||
		    (!veth && r->type != ROUTE_LOCAL))
			continue;
		if ((at = add(l, &r->dst.addr)) == NULL)
			return false;
		if (veth) {
			at->route = r;
			at->egress = is_egress_addr(&r->dst.addr);
		} else {
			at->local = r;
		}
	}
	return true;
}

static bool
add_own(const struct contract *c, struct place_list *l)
{
	const struct state *s = c->state;
	struct place *at;

	for (uint32_t i = 0; i < s->addrs.n; i++) {
		/* All cluster addresses are on kube-ipvs0, to be local. */
		if (text_eq(s->addrs.v[i].dev, "kube-ipvs0"))
			continue;
		if ((at = add(l, &s->addrs.v[i].addr)) == NULL)
			return false;
		at->is_node = true;
		at->dev = s->addrs.v[i].dev;
	}
	for (unsigned i = 0; i < c->n_enis; i++) {
		if (!c->enis[i].has_ip || c->enis[i].branch)
			continue;
		if ((at = add(l, &c->enis[i].ip)) == NULL)
			return false;
		at->is_node = true;
		at->dev = c->enis[i].dev;
		at->eni = (int32_t)i;
	}
	for (unsigned i = 0; c->node != NULL && i < c->node->n_addrs; i++) {
		if ((at = add(l, &c->node->addrs[i])) == NULL)
			return false;
		at->is_node = true;
	}
	return true;
}

static bool
add_egress(struct contract *c, struct place_list *l)
{
	const struct state *s = c->state;

	for (uint32_t i = 0; i < c->rules.egress.n; i++) {
		const struct egress *e = &c->rules.egress.v[i];
		struct place *at = add(l, &e->pod);

		if (at == NULL)
			return false;
		at->egress = at->is_pod = true;
		for (uint32_t k = 0; e->container != NULL && k < s->pods.n; k++) {
			const char *id = s->pods.v[k].container_id;

			if (id != NULL && strlen(id) == e->container_len &&
			    memcmp(id, e->container, e->container_len) == 0)
				at->pod = &s->pods.v[k];
		}
	}
	return true;
}

/* ---- many facts, one record */

static int
by_addr(const void *x, const void *y)
{
	const struct place *a = x, *b = y;

	return memcmp(a->addr.b, b->addr.b, sizeof(a->addr.b));
}

#define TAKE(field)	do { if (!to->field) to->field = from->field; } while (0)

static void
merge(struct place *to, const struct place *from)
{
	if (to->pod != NULL && from->pod != NULL && to->pod != from->pod &&
	    !to->egress && !from->egress)
		to->second = from->pod;
	TAKE(pod);
	TAKE(elsewhere);
	TAKE(is_pod);
	TAKE(listed);
	TAKE(assigned);
	TAKE(is_node);
	TAKE(egress);
	TAKE(to_main);
	TAKE(from_table);
	TAKE(per_cidr);
	TAKE(from_eni);
	TAKE(route);
	TAKE(local);
	TAKE(dev);
	if (to->listed_eni < 0)
		to->listed_eni = from->listed_eni;
	if (to->eni < 0)
		to->eni = from->eni;
}

/* The only ENI that a pod could be on. */
static int32_t
only_eni(const struct contract *c)
{
	bool rules = state_has(c->state, c->settings.ipv6 ? PART_RULES6 : PART_RULES);
	bool routes = state_has(c->state, c->settings.ipv6 ? PART_ROUTES6 : PART_ROUTES);

	if (c->n_enis != 1 || c->primary == NULL)
		return -1;
	return c->state->enis.n > 0 || (rules && routes) ? 0 : -1;
}

static int32_t
pod_eni(const struct contract *c, const struct place *p)
{
	const struct iprule *r = p->from_table ? p->from_table : p->per_cidr;
	int32_t at;

	if (p->pod != NULL && p->pod->branch_eni != NULL && p->pod->branch_vlan != 0)
		return eni_by_table(c, TABLE_BRANCH + p->pod->branch_vlan);
	if (p->egress)
		return c->primary ? 0 : -1;
	if (p->listed_eni >= 0)
		return p->listed_eni;
	if ((at = eni_by_prefix(c, &p->addr)) >= 0)
		return at;
	if (r != NULL)
		return eni_by_table(c, r->table);
	if (p->route != NULL && is_branch_table(p->route->table))
		return eni_by_table(c, p->route->table);
	return only_eni(c);
}

/* A pod has its first interface on card 0; the names of further ones count them,
   and which card has which number is not told. */
static bool
is_further(const struct contract *c, const struct place *p)
{
	return p->eni >= 0 && c->enis[p->eni].card > 0;
}

/* A route of a host veth is a pod's unless ipamd, who knows all pods with
   addresses of its own, says that nobody has it. */
static void
conclude(struct contract *c, struct place *p)
{
	if (!p->is_pod && p->route != NULL && !p->is_node &&
	    (!c->pods_known || text_starts(p->route->dev, "vlan")))
		p->is_pod = true;
	if (p->egress && p->route != NULL && !p->is_node)
		p->is_pod = true;
	/* ipamd does not list pods of branch ENIs; kubectl does. */
	if (!p->is_pod && !p->is_node && p->from_table != NULL &&
	    is_branch_table(p->from_table->table) &&
	    !(state_has(c->state, PART_PODS) && c->node_name != NULL))
		p->is_pod = true;
	/* Nothing but its policy rules is known. */
	if (!c->pods_known && (p->to_main || p->from_table || p->per_cidr) && !p->is_node &&
	    !state_has(c->state, addr_is_v4(&p->addr) ? PART_ROUTES : PART_ROUTES6))
		p->is_pod = true;
	if (p->is_pod) {
		p->eni = pod_eni(c, p);
		p->veth = p->route ? p->route->dev :
		    p->egress || is_further(c, p) ? NULL : vpc_cni_veth(c, p->pod);
		return;
	}
	if (p->local != NULL && !text_eq(p->local->dev, "kube-ipvs0")) {
		p->is_node = !p->listed;
		if (p->dev == NULL)
			p->dev = p->local->dev;
	}
	if (p->is_node && p->eni < 0)
		p->eni = eni_by_dev(c, p->dev);
	if (!p->is_node)
		p->eni = p->listed_eni;
}

bool
vpc_cni_places(struct contract *c)
{
	const struct state *s = c->state;
	struct place_list l = { 0 };
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->pods.n && state_has(s, PART_IPAM); i++)
		if (s->pods.v[i].sources & POD_IPAM)
			c->pods_known = true;
	if (s->enis.n > 0)
		c->pods_known = true;
	if (!add_pods(c, &l) || !add_listed(c, &l) || !add_rules(s, &l) ||
	    !add_routes(c, &l) || !add_own(c, &l) || !add_egress(c, &l)) {
		free(l.all.v);
		return false;
	}
	if (l.all.n > 0)
		qsort(l.all.v, l.all.n, sizeof(*l.all.v), by_addr);
	for (uint32_t i = 0; i < l.all.n; i++) {
		if (n > 0 && addr_eq(&l.all.v[n - 1].addr, &l.all.v[i].addr))
			merge(&l.all.v[n - 1], &l.all.v[i]);
		else
			l.all.v[n++] = l.all.v[i];
	}
	c->places = l.all.v;
	c->n_places = n;
	for (uint32_t i = 0; i < n; i++)
		conclude(c, &c->places[i]);
	return true;
}

const struct place *
place_find(const struct contract *c, const struct addr *a)
{
	struct place key = { .addr = *a };

	if (c->n_places == 0)
		return NULL;
	return bsearch(&key, c->places, c->n_places, sizeof(key), by_addr);
}

/* A pod with its own security groups and veth vlan<hash>: everything of it, on
   this node too, goes through its branch ENI. */
bool
place_is_strict(const struct contract *c, const struct place *p)
{
	if (p->veth != NULL)
		return text_starts(p->veth, "vlan");
	return p->pod != NULL && p->pod->branch_eni != NULL &&
	    c->settings.sgp_strict == 1;
}
