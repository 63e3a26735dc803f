/* SPDX-License-Identifier: GPL-2.0-or-later */
/* explain_snat.c - causes in NAT rules: a translation is missing, wrong or too much. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decode/contract/explain_int.h"

bool
ex_snat_hidden(struct ex *x)
{
	if (!x->c->rules.hidden)
		return false;
	ex_why(x, "no rule of the CNI is in this dump, and iptables-legacy has tables too: "
	    "its rules may be there");
	ex_fix(x, "look at iptables-legacy-save; kube-proxy and CNI must use the same "
	    "iptables back end");
	return true;
}

bool
ex_snat_missing(struct ex *x)
{
	const struct cni_rules *cr = &x->c->rules;

	if (!cr->nat_known || cr->hidden || !addr_is_v4(&x->q->dst) ||
	    (x->f->demand != NULL && x->f->demand->snat != SNAT_MUST))
		return false;
	if (x->from != NULL && x->from->egress) {
		for (uint32_t i = 0; i < cr->egress.n; i++)
			if (addr_eq(&cr->egress.v[i].pod, &x->q->orig.src) &&
			    cr->egress.v[i].snat != NULL)
				return false;
		ex_why(x, "nat POSTROUTING has no CNI-E4 chain with SNAT for %s", x->src_text);
		ex_fix(x, "recreate the pod (the egress plugin makes its chain)");
		return true;
	}
	if (cr->snat == NULL)
		ex_why(x, "%s has no SNAT rule", cr->any ? "AWS-SNAT-CHAIN-0" :
		    "nat has no rule of the CNI at all: it");
	else if (cr->snat_jump == NULL)
		ex_why(x, "nat POSTROUTING does not jump to AWS-SNAT-CHAIN-0");
	else if (cr->all_return)
		ex_why(x, "a RETURN for every address stands before the SNAT rule "
		    "(AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS has 0.0.0.0/0)");
	else
		return false;
	if (cr->all_return && cr->snat != NULL)
		ex_fix(x, "take 0.0.0.0/0 out of AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS");
	else if (cr->snat == NULL && cr->any)
		ex_fix(x, FIX_RESTART " (or: iptables -t nat -A AWS-SNAT-CHAIN-0 ! -o vlan+ -m "
		    "comment --comment \"AWS, SNAT\" -m addrtype ! --dst-type LOCAL -j SNAT "
		    "--to-source %s --random-fully)", x->ip_text);
	else
		ex_fix(x, FIX_RESTART);
	return true;
}

bool
ex_snat_wrong(struct ex *x)
{
	const struct settings *st = &x->c->settings;
	char to[ADDR_TEXT_MAX];

	if (!st->has_snat_to || x->c->primary == NULL || !x->c->primary->has_ip ||
	    addr_eq(&st->snat_to, &x->c->primary->ip))
		return false;
	addr_format(&st->snat_to, to);
	ex_why(x, "the SNAT rule translates to %s, but the primary address of %s is %s", to,
	    ex_primary(x), x->ip_text);
	ex_fix(x, "%s (it writes --to-source %s)", FIX_RESTART, x->ip_text);
	return true;
}

bool
ex_snat_left_over(struct ex *x)
{
	if (x->c->settings.external_snat != 1 || x->c->rules.snat == NULL)
		return false;
	ex_why(x, "AWS_VPC_K8S_CNI_EXTERNALSNAT is true, but the SNAT rule is still there");
	ex_fix(x, FIX_RESTART "; if it stays: iptables -t nat -D POSTROUTING -m comment "
	    "--comment \"AWS SNAT CHAIN\" -j AWS-SNAT-CHAIN-0");
	return true;
}

static bool
in_list(const struct prefix *p, uint32_t n, const struct addr *a)
{
	for (uint32_t i = 0; i < n; i++)
		if (prefix_contains(&p[i], a))
			return true;
	return false;
}

bool
ex_exclusion_missing(struct ex *x)
{
	const struct settings *st = &x->c->settings;
	const struct cni_rules *cr = &x->c->rules;

	if (!cr->nat_known || cr->snat == NULL ||
	    !in_list(st->excluded, st->n_excluded, &x->q->dst) ||
	    in_list(cr->excluded.v, cr->excluded.n, &x->q->dst) ||
	    in_list(cr->vpc.v, cr->vpc.n, &x->q->dst))
		return false;
	ex_why(x, "%s is in AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS, but AWS-SNAT-CHAIN-0 has no "
	    "RETURN for it", x->dst_text);
	ex_fix(x, FIX_RESTART);
	return true;
}

bool
ex_host_of_other_eni(struct ex *x)
{
	if (x->src.kind != OWNER_NODE || x->src.eni == NULL || x->src.eni->primary ||
	    x->c->rules.snat == NULL)
		return false;
	ex_why(x, "the CNI's SNAT rule has no source match: it gives a process's packets from "
	    "%s (%s) the primary address too", x->src_text,
	    x->src.eni->dev ? x->src.eni->dev : "another ENI");
	ex_fix(x, "iptables -t nat -I POSTROUTING -s %s -j ACCEPT (before the jump to "
	    "AWS-SNAT-CHAIN-0), or let the process use the primary address",
	    x->src_text);
	return true;
}

bool
ex_other_snat_rule(struct ex *x)
{
	const struct nf_rule *r = x->f->walk ? x->f->walk->snat_rule : NULL;

	if (r == NULL || r == x->c->rules.snat || r->text == NULL)
		return false;
	ex_why(x, "it is not the CNI's rule that translates: %.150s", r->text);
	ex_fix(x, "see who wrote that rule");
	return true;
}

bool
ex_dnat_rule(struct ex *x)
{
	const struct nf_rule *r = x->f->walk ? x->f->walk->dnat_rule : NULL;

	if (r == NULL || r->text == NULL)
		return false;
	ex_why(x, "this rule translates the destination: %.150s", r->text);
	ex_fix(x, "see who wrote that rule");
	return true;
}

