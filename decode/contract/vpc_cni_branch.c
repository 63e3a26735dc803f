/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vpc_cni_branch.c - branch ENIs, one for each pod with security groups of its
 * own: from the annotation vpc.amazonaws.com/pod-eni, and from the tables 100 +
 * VLAN that lead out by vlan.eth.VLAN (cmd/routed-eni-cni-plugin/driver).
 *
 * ipamd lists neither these ENIs nor their pods.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "decode/contract/contract_int.h"

#define VLAN_MAX	4094

bool
is_branch_table(uint32_t table)
{
	return table > TABLE_BRANCH && table <= TABLE_BRANCH + VLAN_MAX &&
	    table != TABLE_DEFAULT && table != TABLE_MAIN && table != TABLE_LOCAL;
}

static const char *
vlan_device(const struct state *s, uint32_t table)
{
	for (uint32_t i = 0; i < s->routes.n; i++)
		if (s->routes.v[i].table == table &&
		    text_starts(s->routes.v[i].dev, "vlan.eth."))
			return s->routes.v[i].dev;
	for (uint32_t i = 0; i < s->links.n; i++)
		if (s->links.v[i].vlan == table - TABLE_BRANCH &&
		    text_starts(s->links.v[i].name, "vlan.eth."))
			return s->links.v[i].name;
	return NULL;
}

/* Branch ENIs, from the annotation of their pods. */
static bool
from_pods(struct contract *c)
{
	const struct state *s = c->state;

	for (uint32_t i = 0; i < s->pods.n && c->n_enis < ENIS_MAX; i++) {
		const struct pod *p = &s->pods.v[i];
		struct eni *e;

		if (p->branch_eni == NULL || p->branch_vlan == 0 || p->n_addrs == 0 ||
		    pod_has_ended(p) || !pod_is_here(c, p) ||
		    eni_by_table(c, TABLE_BRANCH + p->branch_vlan) >= 0)
			continue;
		if ((e = eni_new(c, STATE_NONE)) == NULL)
			return false;
		e->id = p->branch_eni;
		e->branch = true;
		e->vlan = p->branch_vlan;
		e->table = TABLE_BRANCH + p->branch_vlan;
		e->dev = vlan_device(s, e->table);
		e->has_ip = true;
		e->ip = p->addrs[0];
		e->total = e->used = 1;
	}
	return true;
}

/* The pod's address: in its table (strict), or by the rule that leads there. */
static void
find_pod_ip(const struct state *s, struct eni *e)
{
	for (uint32_t i = 0; i < s->routes.n && !e->has_ip; i++) {
		const struct iproute *r = &s->routes.v[i];

		if (r->table != e->table || r->dst.len != 128 ||
		    r->type != ROUTE_UNICAST || !addr_is_v4(&r->dst.addr) ||
		    !text_starts(r->dev, "vlan") || text_starts(r->dev, "vlan.eth."))
			continue;
		e->has_ip = true;
		e->ip = r->dst.addr;
	}
	for (uint32_t i = 0; i < s->rules.n && !e->has_ip; i++) {
		const struct iprule *r = &s->rules.v[i];

		if (r->priority != PRIO_FROM_POD || r->table != e->table ||
		    !(r->has & RULE_FROM) || r->from.len != 128 || r->v6)
			continue;
		e->has_ip = true;
		e->ip = r->from.addr;
	}
	e->total = 1;
	e->used = e->has_ip;
}

/* Pods that no annotation told of. */
static bool
from_tables(struct contract *c)
{
	const struct state *s = c->state;

	for (uint32_t i = 0; i < s->routes.n && c->n_enis < ENIS_MAX; i++) {
		const struct iproute *r = &s->routes.v[i];
		char name[24];
		struct eni *e;

		if (!is_branch_table(r->table) || r->type != ROUTE_UNICAST ||
		    r->dst.len != (r->v6 ? 0 : PREFIX_V4(0)) ||
		    eni_by_table(c, r->table) >= 0)
			continue;
		snprintf(name, sizeof(name), "vlan.eth.%" PRIu32,
		    r->table - TABLE_BRANCH);
		if (!text_eq(r->dev, name))
			continue;
		if ((e = eni_new(c, STATE_NONE)) == NULL)
			return false;
		e->branch = true;
		e->vlan = (uint16_t)(r->table - TABLE_BRANCH);
		e->table = r->table;
		e->dev = r->dev;
		find_pod_ip(s, e);
	}
	return true;
}

bool
vpc_cni_branches(struct contract *c)
{
	return from_pods(c) && from_tables(c);
}
