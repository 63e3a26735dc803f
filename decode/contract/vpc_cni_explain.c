/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vpc_cni_explain.c - from what went wrong with a flow to what is wrong in the
 * node's set-up, and what an operator does about it.
 *
 * A cause is named only when the state shows it; the rows of each code are tried
 * in order, the surest first.  What the rows know is in the upstream issues and
 * the CNI's README: rules that go missing, marks set too early, settings.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "decode/contract/explain_int.h"

void
ex_why(struct ex *x, const char *text, ...)
{
	va_list ap;

	va_start(ap, text);
	vsnprintf(x->why, FAULT_TEXT, text, ap);
	va_end(ap);
}

void
ex_fix(struct ex *x, const char *text, ...)
{
	va_list ap;

	va_start(ap, text);
	vsnprintf(x->fix, FIX_TEXT, text, ap);
	va_end(ap);
}

bool
ex_rules_known(const struct ex *x)
{
	return state_has(x->c->state,
	    addr_is_v4(&x->q->dst) ? PART_RULES : PART_RULES6);
}

const char *
ex_family(const struct addr *a)
{
	return addr_is_v4(a) ? "" : "-6 ";
}

const char *
ex_primary(const struct ex *x)
{
	return x->c->primary && x->c->primary->dev ? x->c->primary->dev :
	    "the primary ENI";
}

/* Which causes a code may have, the surest first. */
static const struct explanation {
	const char	*code;
	ex_fn		*tries[20];
} explanations[] = {
	{ "missing-snat", { ex_snat_missing, ex_snat_hidden,
	    ex_rule_1024_missing } },
	{ "wrong-snat", { ex_host_of_other_eni, ex_snat_wrong,
	    ex_external_service, ex_rule_1024_missing, ex_other_snat_rule } },
	{ "unexpected-snat", { ex_rule_10_missing, ex_host_of_other_eni,
	    ex_snat_left_over, ex_exclusion_missing, ex_snat_wrong,
	    ex_other_snat_rule } },
	{ "unexpected-dnat", { ex_dnat_rule } },
	{ "wrong-eni", { ex_rule_10_missing, ex_past_security_groups,
	    ex_link_local_of_node, ex_rule_512_missing, ex_rule_512_stale,
	    ex_rule_1536_src, ex_host_of_other_eni, ex_rule_32765_missing,
	    ex_eth_mark_missing, ex_external_service, ex_rule_1024_missing,
	    ex_marked_before_dnat, ex_marked_all_the_same, ex_rule_1536_dst,
	    ex_local_pod_addr, ex_nm_tables, ex_subnet_in_main } },
	{ "source-not-on-eni", { ex_rule_10_missing,
	    ex_egress_route_missing, ex_rule_512_missing, ex_rule_1536_src,
	    ex_host_of_other_eni, ex_rule_32765_missing, ex_eth_mark_missing,
	    ex_external_service, ex_rule_1024_missing, ex_snat_wrong,
	    ex_marked_before_dnat, ex_marked_all_the_same, ex_rule_1536_dst,
	    ex_snat_missing, ex_nm_tables, ex_subnet_in_main } },
	{ "asymmetric-path", { ex_rule_10_missing, ex_egress_route_missing,
	    ex_eth_mark_missing, ex_rule_1024_missing,
	    ex_rule_1536_dst, ex_rule_1536_src, ex_rule_512_missing,
	    ex_nm_tables, ex_subnet_in_main } },
	{ "service-ip-on-wire", { ex_no_service_rules,
	    ex_marked_before_dnat } },
	{ "masquerade-other-eni", { ex_external_service, ex_rule_1024_missing,
	    ex_snat_wrong, ex_other_snat_rule } },
	{ "hairpin", { ex_own_load_balancer } },
	{ "no-reply", { ex_private_outside } },
	{ "not-forwarded", { ex_ttl, ex_rp_filter, ex_firewall, ex_no_route,
	    ex_no_forwarding, ex_local_pod_addr, ex_pod_route_missing,
	    ex_early_demux } },
	{ "reply-not-forwarded", { ex_ttl, ex_egress_route_missing,
	    ex_rp_filter, ex_firewall, ex_no_route, ex_no_forwarding,
	    ex_early_demux } },
};

static bool
explain_code(struct ex *x)
{
	for (size_t i = 0; i < sizeof(explanations) / sizeof(explanations[0]); i++) {
		const struct explanation *e = &explanations[i];

		if (strcmp(e->code, x->f->code) != 0)
			continue;
		for (size_t k = 0; k < sizeof(e->tries) / sizeof(e->tries[0]) &&
		    e->tries[k] != NULL; k++)
			if (e->tries[k](x))
				return x->why[0] != '\0';
	}
	return false;
}

bool
contract_explain(const struct contract *c, const struct fault *f,
    char why_out[static FAULT_TEXT], char fix_out[static FIX_TEXT])
{
	struct ex x = { .c = c, .f = f, .q = f->query, .why = why_out, .fix = fix_out,
	    .ip_text = "the primary address" };

	why_out[0] = fix_out[0] = '\0';
	if (f->code == NULL || f->query == NULL)
		return false;
	contract_owner(c, &f->query->orig.src, &x.src);
	contract_owner(c, &f->query->dst, &x.dst);
	x.from = place_find(c, &f->query->orig.src);
	x.to = place_find(c, &f->query->dst);
	addr_format(&f->query->orig.src, x.src_text);
	addr_format(&f->query->dst, x.dst_text);
	if (c->primary != NULL && c->primary->has_ip)
		addr_format(&c->primary->ip, x.ip_text);
	return explain_code(&x);
}
