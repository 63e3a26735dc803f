/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * drift_pods.c - each pod's own rules and routes, and those of pods that are
 * gone.  One record for each kind of deviation, with the pods that it hits.
 *
 * A pod has `512: from all to IP lookup main`, a route in main to its host veth,
 * and, when its ENI is not the primary, `1536: from IP lookup TABLE`.  With
 * strict security groups it has `10: from all iif DEV lookup 100+VLAN` instead.
 */
#include <stdio.h>
#include <string.h>

#include "decode/contract/contract_int.h"

/* What a check found so far: the first address, and how many. */
struct group {
	struct drift	d;
	const struct place *first;
	unsigned	n;
	char		text[ADDR_TEXT_MAX];	/* of the first */
	char		more[32];		/* " and 3 more" */
};

static void
take(struct group *g, const struct place *p, const char *line)
{
	if (g->n++ == 0) {
		g->first = p;
		addr_format(&p->addr, g->text);
		g->d.line = line;
		g->d.wrong = true;
	}
	if (p->is_pod)
		drift_pod(&g->d, p);
	g->more[0] = '\0';
	if (g->n > 1)
		snprintf(g->more, sizeof(g->more), " and %u more", g->n - 1);
}

static void
give(struct drifts *ds, struct group *g)
{
	if (g->n > 0)
		drift_give(ds, &g->d);
}

static const char *
same(const struct group *g)
{
	return g->n > 1 ? "; the same for each" : "";
}

static const char *
family(const struct place *p)
{
	return addr_is_v4(&p->addr) ? "" : "-6 ";
}

static bool
rules_known(const struct contract *c, const struct place *p)
{
	return state_has(c->state, addr_is_v4(&p->addr) ? PART_RULES : PART_RULES6);
}

static bool
routes_known(const struct contract *c, const struct place *p)
{
	return state_has(c->state, addr_is_v4(&p->addr) ? PART_ROUTES : PART_ROUTES6);
}

/* Has it what every pod has that is no security group's and no second address? */
static bool
is_plain_pod(const struct contract *c, const struct place *p)
{
	return p->is_pod && !p->egress && !place_is_strict(c, p) &&
	    (p->pod == NULL || p->pod->branch_eni == NULL || c->settings.sgp_strict == 0);
}

static void
missing_512(struct drifts *ds)
{
	const struct contract *c = ds->c;
	struct group g = { 0 };

	for (uint32_t i = 0; i < c->n_places; i++)
		if (is_plain_pod(c, &c->places[i]) && c->places[i].to_main == NULL &&
		    rules_known(c, &c->places[i]))
			take(&g, &c->places[i], NULL);
	if (g.n == 0)
		return;
	drift_text(&g.d, "rule-512-missing", "policy rule 512 is missing for %s%s: pods of "
	    "other ENIs here, and marked traffic, do not reach it", g.text, g.more);
	drift_fix(&g.d, "ip %srule add to %s lookup main priority 512%s (or recreate the "
	    "pod)", family(g.first), g.text, same(&g));
	give(ds, &g);
}

static void
missing_1536(struct drifts *ds, unsigned eni)
{
	const struct contract *c = ds->c;
	const struct eni *e = &c->enis[eni];
	struct group none = { 0 }, other = { 0 }, cidr = { 0 };

	for (uint32_t i = 0; i < c->n_places; i++) {
		const struct place *p = &c->places[i];

		if (!is_plain_pod(c, p) || p->eni != (int32_t)eni || !rules_known(c, p))
			continue;
		if (p->from_table == NULL)
			take(p->per_cidr ? &cidr : &none, p,
			    p->per_cidr ? p->per_cidr->text : NULL);
		else if (p->from_table->table != e->table)
			take(&other, p, p->from_table->text);
	}
	drift_text(&none.d, "rule-1536-missing", "policy rule 1536 is missing for %s%s: its "
	    "packets leave by the primary ENI, and EC2 drops them", none.text, none.more);
	drift_fix(&none.d, "ip %srule add from %s lookup %u priority 1536%s (systemd-"
	    "networkd: ManageForeignRoutingPolicyRules=no)",
	    none.first ? family(none.first) : "", none.text, e->table, same(&none));
	give(ds, &none);
	drift_text(&other.d, "rule-1536-table", "policy rule 1536 of %s%s leads to another "
	    "table than %u, its ENI's", other.text, other.more, e->table);
	drift_fix(&other.d, "ip rule del %.80s; ip rule add from %s lookup %u priority "
	    "1536%s", other.d.line ? other.d.line : "", other.text, e->table, same(&other));
	give(ds, &other);
	drift_text(&cidr.d, "rule-1536-per-cidr", "%s%s has rules 1536 for some ranges only "
	    "(VPC CNI 1.7 and before): clients outside them get no answer", cidr.text,
	    cidr.more);
	drift_fix(&cidr.d, "upgrade the VPC CNI and recreate the pod%s", same(&cidr));
	give(ds, &cidr);
}

static void
surplus_1536(struct drifts *ds)
{
	const struct contract *c = ds->c;
	struct group g = { 0 };

	for (uint32_t i = 0; i < c->n_places; i++) {
		const struct place *p = &c->places[i];

		if (is_plain_pod(c, p) && p->eni >= 0 && c->enis[p->eni].primary &&
		    p->from_table != NULL)
			take(&g, p, p->from_table->text);
	}
	drift_text(&g.d, "rule-1536-surplus", "%s%s is on the primary ENI, but a rule 1536 "
	    "sends its packets to another", g.text, g.more);
	drift_fix(&g.d, "ip rule del %.120s priority 1536%s", g.d.line ? g.d.line : "",
	    same(&g));
	give(ds, &g);
}

/* Left over from pods that are gone: ipamd would know them. */
static void
stale(struct drifts *ds)
{
	const struct contract *c = ds->c;
	struct group to = { 0 }, from = { 0 }, route = { 0 };

	if (!c->pods_known)
		return;
	for (uint32_t i = 0; i < c->n_places; i++) {
		const struct place *p = &c->places[i];

		if (p->is_pod)
			continue;
		if (p->to_main != NULL)
			take(&to, p, p->to_main->text);
		if (p->from_table != NULL || p->per_cidr != NULL)
			take(&from, p, (p->from_table ? p->from_table :
			    p->per_cidr)->text);
		if (p->route != NULL && !p->egress)
			take(&route, p, p->route->text);
	}
	drift_text(&to.d, "rule-512-stale", "policy rule 512 is left over for %s%s, which no "
	    "pod of this node has: whoever has it now is not reached from here", to.text,
	    to.more);
	drift_fix(&to.d, "ip rule del to %s lookup main priority 512%s", to.text, same(&to));
	give(ds, &to);
	drift_text(&from.d, "rule-1536-stale", "policy rule 1536 is left over for %s%s, which "
	    "no pod of this node has", from.text, from.more);
	drift_fix(&from.d, "ip rule del %.120s priority 1536%s",
	    from.d.line ? from.d.line : "", same(&from));
	give(ds, &from);
	drift_text(&route.d, "veth-route-stale", "main still has a host route to %s%s, which "
	    "no pod of this node has", route.text, route.more);
	drift_fix(&route.d, "ip route del %.120s%s", route.d.line ? route.d.line : "",
	    same(&route));
	give(ds, &route);
}

static void
veth_routes(struct drifts *ds)
{
	const struct contract *c = ds->c;
	struct group none = { 0 };

	for (uint32_t i = 0; i < c->n_places; i++) {
		const struct place *p = &c->places[i];

		if (is_plain_pod(c, p) && p->route == NULL && routes_known(c, p))
			take(&none, p, NULL);
	}
	drift_text(&none.d, "veth-route-missing", "main has no route to %s%s: what is for it "
	    "leaves by the primary ENI", none.text, none.more);
	if (none.first != NULL && none.first->veth != NULL)
		drift_fix(&none.d, "ip %sroute add %s dev %s scope link%s (or recreate the "
		    "pod)", family(none.first), none.text, none.first->veth, same(&none));
	else
		drift_fix(&none.d, "recreate the pod%s", same(&none));
	give(ds, &none);
}

/* Two pods, one address (D24); a pod's address on an interface of the node (D28). */
static void
addresses(struct drifts *ds)
{
	const struct contract *c = ds->c;
	struct group twice = { 0 }, local = { 0 }, nowhere = { 0 };

	for (uint32_t i = 0; i < c->n_places; i++) {
		const struct place *p = &c->places[i];

		if (!p->is_pod || p->egress)
			continue;
		if (p->second != NULL) {
			struct place second = *p;

			take(&twice, p, p->route ? p->route->text : NULL);
			second.pod = p->second;
			drift_pod(&twice.d, &second);
		}
		if (p->local != NULL)
			take(&local, p, p->local->text);
		if (c->state->enis.n > 0 && p->listed_eni < 0 && p->pod != NULL &&
		    p->pod->sources & POD_IPAM && p->pod->branch_eni == NULL &&
		    eni_by_prefix(c, &p->addr) < 0)
			take(&nowhere, p, NULL);
	}
	drift_text(&twice.d, "pod-address-twice", "two pods have the address %s%s: only one "
	    "of them is reached", twice.text, twice.more);
	drift_fix(&twice.d, "recreate both pods; VPC CNI 1.18.4 or later does not give an "
	    "address in use");
	give(ds, &twice);
	drift_text(&local.d, "pod-address-local", "%s%s is an address of %s itself: this node "
	    "answers in the pod's place", local.text, local.more,
	    local.first && local.first->local->dev ? local.first->local->dev : "this node");
	drift_fix(&local.d, "ip addr del %s/32 dev %s%s; keep ec2-net-utils from adding "
	    "secondary addresses", local.text,
	    local.first && local.first->local->dev ? local.first->local->dev : "DEV",
	    same(&local));
	give(ds, &local);
	drift_text(&nowhere.d, "pod-address-unlisted", "no ENI of this node has the address "
	    "%s%s by ipamd's list: EC2 would not deliver to it", nowhere.text,
	    nowhere.more);
	drift_fix(&nowhere.d, "recreate the pod%s; " FIX_RESTART, same(&nowhere));
	give(ds, &nowhere);
}

/* ---- security groups for pods */

bool
has_iif_rule(const struct state *s, const char *dev, uint32_t table)
{
	for (uint32_t i = 0; i < s->rules.n; i++)
		if (s->rules.v[i].priority == PRIO_SGP && s->rules.v[i].table == table &&
		    text_eq(s->rules.v[i].iif, dev))
			return true;
	return false;
}

static bool
has_local_rule(const struct state *s, uint32_t priority)
{
	for (uint32_t i = 0; i < s->rules.n; i++)
		if (!s->rules.v[i].v6 && s->rules.v[i].priority == priority &&
		    s->rules.v[i].table == TABLE_LOCAL)
			return true;
	return false;
}

static void
strict_pods(struct drifts *ds)
{
	const struct contract *c = ds->c;
	struct group in = { 0 }, way = { 0 };
	struct drift d = { .wrong = true };
	unsigned n = 0;
	uint32_t table = 0;
	const char *dev = NULL;

	for (uint32_t i = 0; i < c->n_places; i++) {
		const struct place *p = &c->places[i];
		const struct eni *e = p->eni >= 0 ? &c->enis[p->eni] : NULL;

		if (!p->is_pod || !place_is_strict(c, p) || e == NULL || !e->branch)
			continue;
		n++;
		if (!rules_known(c, p))
			continue;
		if ((e->dev != NULL && !has_iif_rule(c->state, e->dev, e->table)) ||
		    (p->veth != NULL && !has_iif_rule(c->state, p->veth, e->table))) {
			take(&in, p, NULL);
			if (in.n == 1) {
				table = e->table;
				dev = e->dev && !has_iif_rule(c->state, e->dev, e->table) ?
				    e->dev : p->veth;
			}
		}
		if (c->more[p->eni].way_out == NULL && routes_known(c, p))
			take(&way, p, NULL);
	}
	drift_text(&in.d, "rule-10-missing", "policy rule 10 (iif %s) is missing for %s%s, a "
	    "pod with strict security groups", dev ? dev : "?", in.text, in.more);
	drift_fix(&in.d, "ip rule add iif %s lookup %u priority 10%s (or recreate the pod)",
	    dev ? dev : "DEV", table, same(&in));
	give(ds, &in);
	drift_text(&way.d, "branch-table-missing", "the table of the branch ENI of %s%s has "
	    "no default route", way.text, way.more);
	drift_fix(&way.d, "recreate the pod%s", same(&way));
	give(ds, &way);
	if (n == 0 || !state_has(c->state, PART_RULES) ||
	    !has_local_rule(c->state, 0))
		return;
	drift_text(&d, "rule-0-early", "policy rule 0 (local) stands before rule 10: pods "
	    "with strict security groups would be reached past them%s",
	    has_local_rule(c->state, PRIO_LOCAL_LATE) ? "" : " (20 is missing)");
	drift_fix(&d, FIX_RESTART " (its init moves local from 0 to 20)");
	drift_give(ds, &d);
}

/* ---- IPv4 egress of an IPv6 cluster (D19) */

static void
egress(struct drifts *ds)
{
	const struct contract *c = ds->c;
	struct group route = { 0 }, snat = { 0 }, to = { 0 };

	for (uint32_t i = 0; i < c->n_places; i++) {
		const struct place *p = &c->places[i];
		const struct egress *e = NULL;

		if (!p->egress || !p->is_pod)
			continue;
		for (uint32_t k = 0; k < c->rules.egress.n; k++)
			if (addr_eq(&c->rules.egress.v[k].pod, &p->addr))
				e = &c->rules.egress.v[k];
		if (p->route == NULL && routes_known(c, p))
			take(&route, p, e ? e->jump->text : NULL);
		if (c->rules.nat_known && (e == NULL || e->snat == NULL))
			take(&snat, p, p->route ? p->route->text : NULL);
		else if (e != NULL && e->snat != NULL && e->snat->target.nat != NULL &&
		    c->primary != NULL && c->primary->has_ip &&
		    e->snat->target.nat->flags & NF_NAT_ADDR &&
		    !addr_eq(&e->snat->target.nat->lo, &c->primary->ip))
			take(&to, p, e->snat->text);
	}
	drift_text(&route.d, "egress-route-missing", "main has no route to %s%s, a pod's "
	    "address for IPv4 egress: answers do not reach it", route.text, route.more);
	drift_fix(&route.d, "recreate the pod%s", same(&route));
	give(ds, &route);
	drift_text(&snat.d, "egress-snat-missing", "no CNI-E4 chain translates %s%s, a pod's "
	    "address for IPv4 egress", snat.text, snat.more);
	drift_fix(&snat.d, "recreate the pod%s", same(&snat));
	give(ds, &snat);
	drift_text(&to.d, "egress-snat-to", "the CNI-E4 chain of %s%s does not translate to "
	    "this node's primary address", to.text, to.more);
	drift_fix(&to.d, "recreate the pod%s", same(&to));
	give(ds, &to);
}

void
drift_pods(struct drifts *ds)
{
	missing_512(ds);
	for (unsigned i = 0; i < ds->c->n_enis; i++)
		if (!ds->c->enis[i].primary && ds->c->enis[i].table != 0 &&
		    !(ds->c->enis[i].branch && ds->c->settings.sgp_strict != 0))
			missing_1536(ds, i);
	surplus_1536(ds);
	stale(ds);
	veth_routes(ds);
	addresses(ds);
	strict_pods(ds);
	egress(ds);
}
