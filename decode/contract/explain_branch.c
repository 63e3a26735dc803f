/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * explain_branch.c - causes where a pod has strict security groups: its rules 10
 * must come before every other, and nothing else may know a way to it
 * (aws/amazon-vpc-cni-k8s, README, POD_SECURITY_GROUP_ENFORCING_MODE).
 */
#include <stdio.h>
#include <string.h>

#include "decode/contract/explain_int.h"

static bool
rule_10_of(struct ex *x, const struct place *p)
{
	const struct eni *e = p && p->eni >= 0 ? &x->c->enis[p->eni] : NULL;
	const char *dev;
	char text[ADDR_TEXT_MAX];

	if (e == NULL || !e->branch || !place_is_strict(x->c, p) || !ex_rules_known(x))
		return false;
	dev = has_iif_rule(x->c->state, p->veth, e->table) ? e->dev : p->veth;
	if (dev == NULL || has_iif_rule(x->c->state, dev, e->table))
		return false;
	addr_format(&p->addr, text);
	ex_why(x, "policy rule 10 for what comes in by %s is missing: packets of %s, which "
	    "has security groups of its own (strict), take main", dev, text);
	ex_fix(x, "ip %srule add iif %s lookup %u priority 10 (or recreate the pod)",
	    ex_family(&p->addr), dev, e->table);
	return true;
}

bool
ex_rule_10_missing(struct ex *x)
{
	return rule_10_of(x, x->from) || rule_10_of(x, x->to);
}

/* Sent to its veth straight, it is never seen by its security groups. */
bool
ex_past_security_groups(struct ex *x)
{
	const struct iproute *r = x->to ? x->to->route : NULL;

	if (x->to == NULL || !place_is_strict(x->c, x->to) || r == NULL ||
	    r->table != TABLE_MAIN)
		return false;
	ex_why(x, "main has a route to %s by %s, past its security groups", x->dst_text,
	    r->dev);
	ex_fix(x, "ip %sroute del %s dev %s table main", ex_family(&x->q->dst), x->dst_text,
	    r->dev);
	return true;
}

/* NodeLocal DNSCache, the Pod Identity agent. */
bool
ex_link_local_of_node(struct ex *x)
{
	if (x->from == NULL || !place_is_strict(x->c, x->from) ||
	    x->dst.kind != OWNER_NODE || !is_link_local4(&x->q->dst))
		return false;
	ex_why(x, "policy rule 10 of a pod with strict security groups comes before table "
	    "local: %s, which is on this node, is looked for outside", x->dst_text);
	ex_fix(x, "POD_SECURITY_GROUP_ENFORCING_MODE=standard for aws-node, or let such pods "
	    "use the cluster's own service instead of %s", x->dst_text);
	return true;
}
