/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * explain_rules.c - causes in policy rules, tables and marks: a packet took the
 * wrong way.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decode/contract/explain_int.h"

/* ---- policy rules */

bool
ex_rule_512_missing(struct ex *x)
{
	if (x->to == NULL || !x->to->is_pod || x->to->to_main != NULL ||
	    !ex_rules_known(x) || place_is_strict(x->c, x->to))
		return false;
	ex_why(x, "policy rule 512 of %s is missing: other pods' traffic to it leaves the "
	    "node instead of going to its veth", x->dst_text);
	ex_fix(x, "ip %srule add to %s lookup main priority 512; see what removed it "
	    "(systemd-networkd: ManageForeignRoutingPolicyRules=no)",
	    ex_family(&x->q->dst), x->dst_text);
	return true;
}

bool
ex_rule_512_stale(struct ex *x)
{
	if (x->to == NULL || x->to->is_pod || x->to->to_main == NULL ||
	    !x->c->pods_known)
		return false;
	ex_why(x, "policy rule 512 of %s is left over: no pod of this node has that address "
	    "any more, so what is for it is looked up in main", x->dst_text);
	ex_fix(x, "ip rule del to %s lookup main priority 512%s%s", x->dst_text,
	    x->to->route ? "; ip route del " : "", x->to->route ? x->dst_text : "");
	return true;
}

static bool
rule_1536_of(struct ex *x, const struct place *p)
{
	const struct eni *e;
	char text[ADDR_TEXT_MAX];

	if (p == NULL || !p->is_pod || p->eni < 0 || !ex_rules_known(x) ||
	    place_is_strict(x->c, p))
		return false;
	e = &x->c->enis[p->eni];
	if (e->primary || e->table == 0)
		return false;
	addr_format(&p->addr, text);
	if (p->from_table == NULL && p->per_cidr != NULL) {
		ex_why(x, "%s has a rule 1536 for some ranges only, as VPC CNI 1.7 and before "
		    "made them: everything else takes main", text);
		ex_fix(x, "recreate the pod with a VPC CNI of 1.8 or later");
		return true;
	}
	if (p->from_table == NULL) {
		ex_why(x, "policy rule 1536 of %s is missing: its packets take main and leave "
		    "by %s instead of %s", text, ex_primary(x),
		    e->dev ? e->dev : "its own ENI");
		ex_fix(x, "ip rule add from %s lookup %u priority 1536; see what removed it "
		    "(systemd-networkd: ManageForeignRoutingPolicyRules=no)", text,
		    e->table);
		return true;
	}
	if (p->from_table->table != e->table) {
		ex_why(x, "policy rule 1536 of %s leads to table %u, but its ENI has table %u",
		    text, p->from_table->table, e->table);
		ex_fix(x, "ip rule del from %s lookup %u priority 1536; ip rule add from %s "
		    "lookup %u priority 1536", text, p->from_table->table, text, e->table);
		return true;
	}
	return false;
}

bool
ex_rule_1536_src(struct ex *x)
{
	return rule_1536_of(x, x->from);
}

bool
ex_rule_1536_dst(struct ex *x)
{
	return rule_1536_of(x, x->to);
}

static bool
has_mark_rule(const struct contract *c, bool v6)
{
	for (uint32_t i = 0; i < c->state->rules.n; i++) {
		const struct iprule *r = &c->state->rules.v[i];

		if (r->v6 == v6 && r->has & RULE_MARK && r->table == TABLE_MAIN &&
		    r->priority < PRIO_FROM_POD &&
		    (c->settings.connmark & r->mask) == r->mark)
			return true;
	}
	return false;
}

bool
ex_rule_1024_missing(struct ex *x)
{
	bool off = x->c->settings.node_port == 0;

	if (!ex_rules_known(x) || has_mark_rule(x->c, false) || !addr_is_v4(&x->q->dst) ||
	    (x->c->settings.external_snat != 0 && x->c->settings.node_port != 1))
		return false;
	if (x->from != NULL && (x->from->eni < 0 || x->c->enis[x->from->eni].primary) &&
	    !x->f->reply)
		return false;
	ex_why(x, "policy rule 1024 (fwmark %#x to main) is missing%s: what is marked for "
	    "the primary ENI leaves by the pod's own", x->c->settings.connmark,
	    off ? ", AWS_VPC_CNI_NODE_PORT_SUPPORT is false (VPC CNI before 1.12.1)" : "");
	if (off)
		ex_fix(x, FIX_ENV "AWS_VPC_CNI_NODE_PORT_SUPPORT=true");
	else
		ex_fix(x, "ip rule add fwmark %#x/%#x lookup main priority 1024",
		    x->c->settings.connmark, x->c->settings.connmark);
	return true;
}

bool
ex_rule_32765_missing(struct ex *x)
{
	if (x->src.kind != OWNER_NODE || x->src.eni == NULL || x->src.eni->primary ||
	    x->from == NULL || x->from->from_eni != NULL || !ex_rules_known(x))
		return false;
	if (x->src.eni->table == 0) {
		ex_why(x, "the CNI does not manage the ENI of %s: nothing leads its packets "
		    "there", x->src_text);
		ex_fix(x, "give it a table with its default route, and: ip rule add from %s "
		    "lookup TABLE", x->src_text);
		return true;
	}
	ex_why(x, "policy rule 32765 of %s is missing: packets with that source take main",
	    x->src_text);
	ex_fix(x, "ip rule add from %s lookup %u priority 32765", x->src_text,
	    x->src.eni->table);
	return true;
}

bool
ex_nm_tables(struct ex *x)
{
	for (uint32_t i = 0; i < x->c->state->rules.n; i++) {
		const struct iprule *r = &x->c->state->rules.v[i];

		if (r->table < TABLE_NM || r->table >= TABLE_NM + 300)
			continue;
		ex_why(x, "nm-cloud-setup has put policy rules of its own (%u: %s) over the "
		    "CNI's", r->priority, r->text ? r->text : "");
		ex_fix(x, "systemctl disable --now nm-cloud-setup.timer nm-cloud-setup.service; "
		    "then restart the node");
		return true;
	}
	return false;
}

bool
ex_subnet_in_main(struct ex *x)
{
	for (uint32_t i = 0; i < x->c->state->routes.n; i++) {
		const struct iproute *r = &x->c->state->routes.v[i];
		const struct eni *e = contract_eni_dev(x->c, r->dev);

		if (r->table != TABLE_MAIN || e == NULL || e->primary || e->branch ||
		    e->table == 0 || !prefix_contains(&r->dst, &x->q->dst))
			continue;
		ex_why(x, "main has a route by %s (%s), which the CNI keeps out of it: "
		    "someone else set up that ENI", r->dev, r->text ? r->text : "");
		ex_fix(x, "ip route del %s; keep systemd-networkd (or ec2-net-utils) away from "
		    "the ENIs of the CNI", r->text ? r->text : "");
		return true;
	}
	return false;
}

/* ---- marks */

bool
ex_marked_before_dnat(struct ex *x)
{
	const char *order = cni_rules_mark_first(x->c);

	if (!x->q->dnat || order == NULL || x->src.kind != OWNER_POD)
		return false;
	ex_why(x, "the CNI's mark is set before kube-proxy's DNAT: %s", order);
	if (x->c->rules.mark_jump != NULL && x->c->rules.services_jump != NULL &&
	    x->c->rules.mark_jump->chain == x->c->rules.services_jump->chain)
		ex_fix(x, "let KUBE-SERVICES be first again: " FIX_RESTART " (or move the jump: "
		    "iptables -t nat -D PREROUTING ..., then -A at the end)");
	else
		ex_fix(x, "VPC CNI 1.23 or later (marks in a table of its own, after DNAT), or "
		    "kube-proxy and CNI on the same iptables back end; remove what "
		    "iptables-legacy-save still shows");
	return true;
}

bool
ex_marked_all_the_same(struct ex *x)
{
	if (!x->q->dnat || x->src.kind != OWNER_POD || x->f->ct == NULL || x->f->reply ||
	    !(x->f->ct->mark & x->c->settings.connmark) ||
	    contract_inside(x->c, &x->q->dst) != 1 || x->from == NULL ||
	    x->from->from_table == NULL)
		return false;
	ex_why(x, "the connection has mark %#x although %s is inside the VPC: the CNI "
	    "marked it before kube-proxy's DNAT", x->f->ct->mark, x->dst_text);
	ex_fix(x, "look at iptables-legacy-save and nft list ruleset for the order of the "
	    "CNI's and kube-proxy's nat chains; VPC CNI 1.23 or later marks after DNAT");
	return true;
}

bool
ex_eth_mark_missing(struct ex *x)
{
	const struct cni_rules *cr = &x->c->rules;

	if (!x->f->reply || !cr->mangle_known || cr->hidden)
		return false;
	if (cr->eth_mark == NULL) {
		bool off = x->c->settings.node_port == 0;

		ex_why(x, "mangle PREROUTING has no rule that marks connections which come in "
		    "by %s%s: their answers take the pod's own ENI", ex_primary(x),
		    off ? " (AWS_VPC_CNI_NODE_PORT_SUPPORT is false)" : "");
		if (off)
			ex_fix(x, FIX_ENV "AWS_VPC_CNI_NODE_PORT_SUPPORT=true");
		else
			ex_fix(x, FIX_RESTART " (or: iptables -t mangle -A PREROUTING -i %s -m "
			    "comment --comment \"AWS, primary ENI\" -m addrtype --dst-type "
			    "LOCAL --limit-iface-in -j CONNMARK --set-mark %#x/%#x)",
			    ex_primary(x), x->c->settings.connmark,
			    x->c->settings.connmark);
		return true;
	}
	if (cr->veth_restore != NULL)
		return false;
	ex_why(x, "mangle PREROUTING has no rule that gives packets from %s+ their "
	    "connection's mark: answers take the pod's own ENI", x->c->veth_prefix);
	ex_fix(x, FIX_RESTART);
	return true;
}

bool
ex_external_service(struct ex *x)
{
	struct prefix p = { .addr = x->q->dst, .len = 128 };
	char range[PREFIX_TEXT_MAX];

	if (!x->q->dnat || x->src.kind != OWNER_POD || x->f->reply ||
	    x->c->settings.external_snat == 1 ||
	    contract_inside(x->c, &x->q->dst) != 0)
		return false;
	prefix_format(&p, range);
	ex_why(x, "%s is a Service's endpoint outside the VPC: after DNAT the CNI does not "
	    "mark the connection, so it leaves by the pod's ENI with the node's address",
	    x->dst_text);
	ex_fix(x, FIX_ENV "AWS_EXTERNAL_SERVICE_CIDRS=%s/32 (VPC CNI 1.12.6 or later)", range);
	return true;
}

