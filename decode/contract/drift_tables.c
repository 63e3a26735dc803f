/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * drift_tables.c - policy rules of the node as a whole, and each ENI's table.
 *
 * Table N of a secondary ENI holds exactly `GATEWAY dev ethX scope link` and
 * `default via GATEWAY dev ethX`; its connected subnet route is taken out of
 * main; `32765: from IP lookup N` leads there (from v1.20.0).
 */
#include <stdio.h>
#include <string.h>

#include "decode/contract/contract_int.h"

static bool
is_v4_rule(const struct iprule *r, uint32_t priority)
{
	return !r->v6 && r->priority == priority;
}

static const struct iprule *
find_rule(const struct contract *c, uint32_t priority)
{
	for (uint32_t i = 0; i < c->state->rules.n; i++)
		if (is_v4_rule(&c->state->rules.v[i], priority))
			return &c->state->rules.v[i];
	return NULL;
}

/* 1024 when node ports are supported or SNAT is on. */
static void
mark_rule(struct drifts *ds)
{
	const struct contract *c = ds->c;
	const struct settings *st = &c->settings;
	const struct iprule *r = find_rule(c, PRIO_MARK);
	struct drift d = { .wrong = true };

	if (!c->pods_are_v4)
		return;
	if (r != NULL && r->has & RULE_MARK && (r->mark != (st->connmark & r->mask) ||
	    r->table != TABLE_MAIN)) {
		d.line = r->text;
		drift_text(&d, "rule-1024-other", "policy rule 1024 does not lead mark %#x to "
		    "main", st->connmark);
		drift_fix(&d, "ip rule del priority 1024; ip rule add fwmark %#x/%#x lookup "
		    "main priority 1024", st->connmark, st->connmark);
		drift_give(ds, &d);
		return;
	}
	if (r != NULL || (st->node_port != 1 && st->external_snat != 0))
		return;
	for (uint32_t i = 0; i < c->n_places; i++)
		if (c->places[i].is_pod && c->places[i].eni >= 0 &&
		    !c->enis[c->places[i].eni].primary)
			drift_pod(&d, &c->places[i]);
	drift_text(&d, "rule-1024-missing", "policy rule 1024 (fwmark %#x to main) is "
	    "missing: what pods of other ENIs send outside the VPC, and answers to node "
	    "ports, leave by the wrong ENI", st->connmark);
	if (st->node_port == 0)
		drift_fix(&d, FIX_ENV "AWS_VPC_CNI_NODE_PORT_SUPPORT=true");
	else
		drift_fix(&d, "ip rule add fwmark %#x/%#x lookup main priority 1024",
		    st->connmark, st->connmark);
	drift_give(ds, &d);
}

static void
local_rule(struct drifts *ds)
{
	const struct state *s = ds->c->state;
	struct drift d = { .wrong = true };

	for (uint32_t i = 0; i < s->rules.n; i++)
		if (!s->rules.v[i].v6 && s->rules.v[i].table == TABLE_LOCAL)
			return;
	drift_text(&d, "rule-local-missing", "no policy rule leads to table local: this node "
	    "does not know its own addresses");
	drift_fix(&d, "ip rule add lookup local priority 0");
	drift_give(ds, &d);
}

/* AWS_EXTERNAL_SERVICE_CIDRS. */
static void
external_rules(struct drifts *ds)
{
	const struct contract *c = ds->c;

	for (uint32_t i = 0; i < c->state->cni.external_services.n &&
	    i < RANGES_MAX && !ds->stop; i++) {
		const struct prefix *p = &c->state->cni.external_services.v[i];
		struct drift d = { .wrong = true };
		char text[PREFIX_TEXT_MAX];
		bool found = false;

		for (uint32_t k = 0; k < c->state->rules.n && !found; k++)
			found = is_v4_rule(&c->state->rules.v[k], PRIO_EXTERNAL) &&
			    prefix_eq(&c->state->rules.v[k].to, p);
		if (found)
			continue;
		prefix_format(p, text);
		drift_text(&d, "rule-1535-missing", "AWS_EXTERNAL_SERVICE_CIDRS has %s, but "
		    "there is no policy rule 1535 for it", text);
		drift_fix(&d, "ip rule add to %s lookup main priority 1535", text);
		drift_give(ds, &d);
	}
}

static void
network_manager(struct drifts *ds)
{
	const struct state *s = ds->c->state;
	struct drift d = { .wrong = true };

	for (uint32_t i = 0; i < s->rules.n; i++)
		if (s->rules.v[i].table >= TABLE_NM && s->rules.v[i].table < TABLE_NM + 300)
			d.line = s->rules.v[i].text;
	for (uint32_t i = 0; i < s->routes.n && d.line == NULL; i++)
		if (s->routes.v[i].table >= TABLE_NM &&
		    s->routes.v[i].table < TABLE_NM + 300)
			d.line = s->routes.v[i].text;
	if (d.line == NULL)
		return;
	drift_text(&d, "nm-cloud-setup", "nm-cloud-setup sets up routing of its own (tables "
	    "30200 and 30400) over the CNI's");
	drift_fix(&d, "systemctl disable --now nm-cloud-setup.timer nm-cloud-setup.service; "
	    "then restart the node");
	drift_give(ds, &d);
}

/* ---- ENIs */

/* From v1.20.0; ipamd names tables from v1.20.3. */
static bool
eni_rules_expected(const struct contract *c, unsigned at)
{
	uint32_t fact = c->more[at].fact;

	if (c->enis[at].primary || c->enis[at].trunk || c->enis[at].branch ||
	    c->enis[at].excluded || !c->enis[at].has_ip || c->enis[at].table == 0)
		return false;
	return (fact != STATE_NONE && c->state->enis.v[fact].table != 0) ||
	    find_rule(c, PRIO_FROM_ENI) != NULL;
}

static void
eni_rule(struct drifts *ds, unsigned at)
{
	const struct contract *c = ds->c;
	const struct eni *e = &c->enis[at];
	const struct place *p = e->has_ip ? place_find(c, &e->ip) : NULL;
	struct drift d = { .wrong = true };
	char ip[ADDR_TEXT_MAX];

	if (!eni_rules_expected(c, at) || p == NULL)
		return;
	addr_format(&e->ip, ip);
	if (p->from_eni == NULL) {
		drift_text(&d, "rule-32765-missing", "policy rule 32765 of %s (%s) is missing: "
		    "what the node sends from it leaves by the primary ENI", ip,
		    e->dev ? e->dev : "its ENI");
	} else if (p->from_eni->table != e->table) {
		d.line = p->from_eni->text;
		drift_text(&d, "rule-32765-table", "policy rule 32765 of %s leads to table %u, "
		    "not to %u", ip, p->from_eni->table, e->table);
	} else {
		return;
	}
	drift_fix(&d, "ip rule add from %s lookup %u priority 32765", ip, e->table);
	drift_give(ds, &d);
}

static void
add_pods_of(struct drift *d, const struct contract *c, unsigned at)
{
	for (uint32_t i = 0; i < c->n_places; i++)
		if (c->places[i].is_pod && c->places[i].eni == (int32_t)at)
			drift_pod(d, &c->places[i]);
}

static void
eni_table(struct drifts *ds, unsigned at)
{
	const struct contract *c = ds->c;
	const struct eni *e = &c->enis[at];
	const struct eni_more *m = &c->more[at];
	const char *dev = e->dev ? e->dev : "DEV";
	struct drift d = { .wrong = true };

	if (e->primary || e->branch || e->table == 0)
		return;
	if (m->way_out == NULL) {
		/* An ENI that is only just attached, or not used. */
		if (e->trunk || e->excluded || e->efa)
			return;
		add_pods_of(&d, c, at);
		drift_text(&d, "table-default-missing", "table %u of %s has no default route: "
		    "its pods' packets fall through to main", e->table,
		    e->id ? e->id : dev);
		drift_fix(&d, "ip route add default via GATEWAY dev %s table %u (or "
		    FIX_RESTART ")", dev, e->table);
	} else if (m->gateway == NULL && !m->way_out->v6) {
		char via[ADDR_TEXT_MAX];

		addr_format(&m->way_out->via, via);
		d.wrong = false;
		drift_text(&d, "table-gateway-missing", "table %u has no link route to its "
		    "gateway %s", e->table, via);
		drift_fix(&d, "ip route add %s dev %s scope link table %u", via, dev,
		    e->table);
	} else if (m->gateway != NULL && !text_eq(m->gateway->dev, m->way_out->dev)) {
		d.line = m->way_out->text;
		add_pods_of(&d, c, at);
		drift_text(&d, "table-two-devices", "table %u leads out by %s, but to its "
		    "gateway by %s", e->table, m->way_out->dev, m->gateway->dev);
		drift_fix(&d, "ip route replace default via GATEWAY dev %s table %u",
		    m->gateway->dev, e->table);
	} else {
		return;
	}
	drift_give(ds, &d);
}

/* Is there a second table for an ENI of card 0, as networkd makes one (D4)? */
static void
other_tables(struct drifts *ds)
{
	const struct contract *c = ds->c;

	for (uint32_t i = 0; i < c->state->routes.n; i++) {
		const struct iproute *r = &c->state->routes.v[i];
		const struct eni *e = contract_eni_dev(c, r->dev);
		struct drift d = { 0 };

		if (r->v6 || r->dst.len != PREFIX_V4(0) || e == NULL || e->table == 0 ||
		    e->card > 0 || r->table == e->table || r->table < TABLE_CARDS ||
		    r->table >= TABLE_CARDS + 100)
			continue;
		d.line = r->text;
		drift_text(&d, "table-of-networkd", "%s has a table %u besides its own (%u): "
		    "systemd-networkd set it up too", r->dev, r->table, e->table);
		drift_fix(&d, "keep networkd away from the CNI's ENIs: Unmanaged=yes in a "
		    ".network file that matches %s", r->dev);
		drift_give(ds, &d);
	}
}

/* A route of a secondary ENI in main: its subnet's, or a second default (D4). */
static void
main_routes(struct drifts *ds)
{
	const struct contract *c = ds->c;

	for (uint32_t i = 0; i < c->state->routes.n; i++) {
		const struct iproute *r = &c->state->routes.v[i];
		const struct eni *e = contract_eni_dev(c, r->dev);
		struct drift d = { .wrong = true, .line = r->text };

		/* One without a table is not the CNI's. */
		if (r->table != TABLE_MAIN || r->v6 || e == NULL || e->primary ||
		    e->branch || e->table == 0 || r->dst.len == 128)
			continue;
		if (r->dst.len == PREFIX_V4(0))
			drift_text(&d, "default-in-main", "main has a default route by %s, a "
			    "secondary ENI", r->dev);
		else
			drift_text(&d, "subnet-in-main", "main has the subnet route of %s, a "
			    "secondary ENI: what is for its neighbours may leave by it with "
			    "other ENIs' addresses", r->dev);
		drift_fix(&d, "ip route del %.120s; keep systemd-networkd (or ec2-net-utils) "
		    "away from %s", r->text ? r->text : "", r->dev);
		drift_give(ds, &d);
	}
}

void
drift_tables(struct drifts *ds)
{
	const struct contract *c = ds->c;

	if (state_has(c->state, PART_RULES)) {
		mark_rule(ds);
		local_rule(ds);
		external_rules(ds);
	}
	network_manager(ds);
	for (unsigned i = 0; i < c->n_enis; i++) {
		if (state_has(c->state, PART_RULES))
			eni_rule(ds, i);
		if (state_has(c->state, PART_ROUTES))
			eni_table(ds, i);
	}
	other_tables(ds);
	main_routes(ds);
}
