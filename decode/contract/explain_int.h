/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * explain_int.h - causes of what went wrong with a flow; for
 * decode/contract/explain*.c only.
 *
 * Each cause is a function: true, with ex_fix() and (unless the walk has said it)
 * ex_why() said, when the state shows it.
 */
#ifndef DECODE_CONTRACT_EXPLAIN_INT_H
#define DECODE_CONTRACT_EXPLAIN_INT_H

#include "decode/contract/contract_int.h"

struct ex {
	const struct contract *c;
	const struct fault *f;
	const struct demand_query *q;
	struct owner	src, dst;
	const struct place *from, *to;	/* NULL: nothing known of the address */
	char		*why, *fix;
	char		 src_text[ADDR_TEXT_MAX], dst_text[ADDR_TEXT_MAX];
	char		 ip_text[ADDR_TEXT_MAX];	/* the primary address */
};

typedef bool ex_fn(struct ex *);

ex_fn	ex_rule_512_missing, ex_rule_512_stale, ex_rule_1536_src,
	ex_rule_1536_dst, ex_rule_1024_missing, ex_rule_32765_missing,
	ex_nm_tables, ex_subnet_in_main, ex_marked_before_dnat,
	ex_marked_all_the_same, ex_eth_mark_missing, ex_external_service,
	ex_snat_hidden, ex_snat_missing, ex_snat_wrong, ex_snat_left_over,
	ex_exclusion_missing, ex_host_of_other_eni, ex_other_snat_rule,
	ex_dnat_rule, ex_rp_filter, ex_no_forwarding, ex_firewall, ex_no_route,
	ex_ttl, ex_local_pod_addr, ex_pod_route_missing,
	ex_egress_route_missing, ex_early_demux, ex_own_load_balancer,
	ex_no_service_rules, ex_private_outside,
	ex_rule_10_missing, ex_past_security_groups,
	ex_link_local_of_node;

__attribute__((format(printf, 2, 3)))
void	ex_why(struct ex *, const char *text, ...);
__attribute__((format(printf, 2, 3)))
void	ex_fix(struct ex *, const char *text, ...);
bool	ex_rules_known(const struct ex *);
const char *ex_family(const struct addr *);	/* "-6 " for ip(8), or "" */
const char *ex_primary(const struct ex *);	/* its device, for people */

#endif
