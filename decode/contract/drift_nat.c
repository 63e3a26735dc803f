/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * drift_nat.c - SNAT, connmark and the marks of mangle: what the settings ask
 * for, against the rules as found.  IPv6 clusters have none of them.
 *
 * What the settings do not tell is not missed: without ipamd's document only
 * contradictions among the rules themselves are drift.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decode/contract/contract_int.h"

static void
add_all_pods(struct drift *d, const struct contract *c)
{
	for (uint32_t i = 0; i < c->n_places; i++)
		if (c->places[i].is_pod && !place_is_strict(c, &c->places[i]))
			drift_pod(d, &c->places[i]);
}

static void
add_secondary_pods(struct drift *d, const struct contract *c)
{
	for (uint32_t i = 0; i < c->n_places; i++)
		if (c->places[i].is_pod && c->places[i].eni >= 0 &&
		    !c->enis[c->places[i].eni].primary)
			drift_pod(d, &c->places[i]);
}

static void
snat_rule(struct drifts *ds)
{
	const struct contract *c = ds->c;
	const struct cni_rules *cr = &c->rules;
	struct drift d = { .wrong = true };
	char ip[ADDR_TEXT_MAX] = "PRIMARY-ADDRESS";

	if (c->primary != NULL && c->primary->has_ip)
		addr_format(&c->primary->ip, ip);
	add_all_pods(&d, c);
	if (cr->snat == NULL && !cr->any) {
		drift_text(&d, "aws-rules-missing", "nat has no rule of the CNI although SNAT "
		    "is on: pods leave the VPC with their own address");
		drift_fix(&d, FIX_RESTART "; if they stay away, see aws-node's log for its "
		    "iptables back end (VPC CNI before 1.12.1 on an nft host)");
	} else if (cr->snat == NULL) {
		drift_text(&d, "snat-rule-missing", "AWS-SNAT-CHAIN-0 has no SNAT rule although "
		    "SNAT is on: pods leave the VPC with their own address");
		drift_fix(&d, FIX_RESTART " (or: iptables -t nat -A AWS-SNAT-CHAIN-0 ! -o "
		    "vlan+ -m comment --comment \"AWS, SNAT\" -m addrtype ! --dst-type LOCAL "
		    "-j SNAT --to-source %s --random-fully)", ip);
	} else if (cr->snat_jump == NULL) {
		drift_text(&d, "snat-jump-missing", "nat POSTROUTING does not jump to "
		    "AWS-SNAT-CHAIN-0: pods leave the VPC with their own address");
		drift_fix(&d, FIX_RESTART " (or: iptables -t nat -A POSTROUTING -m comment "
		    "--comment \"AWS SNAT CHAIN\" -j AWS-SNAT-CHAIN-0)");
	} else {
		return;
	}
	drift_give(ds, &d);
}

static void
snat_to(struct drifts *ds)
{
	const struct contract *c = ds->c;
	const struct settings *st = &c->settings;
	struct drift d = { .wrong = true };
	char to[ADDR_TEXT_MAX], ip[ADDR_TEXT_MAX];

	if (!st->has_snat_to || c->primary == NULL || !c->primary->has_ip ||
	    addr_eq(&st->snat_to, &c->primary->ip))
		return;
	addr_format(&st->snat_to, to);
	addr_format(&c->primary->ip, ip);
	add_all_pods(&d, c);
	d.line = c->rules.snat->text;
	drift_text(&d, "snat-to-other", "the SNAT rule translates to %s, but the primary "
	    "address is %s: EC2 drops what leaves so", to, ip);
	drift_fix(&d, FIX_RESTART " (it writes --to-source %s)", ip);
	drift_give(ds, &d);
}

static void
snat_ports(struct drifts *ds)
{
	const struct nf_rule *r = ds->c->rules.snat;
	struct drift d = { .line = r ? r->text : NULL };

	/* `none` is somebody's choice. */
	if (r == NULL || r->target.nat == NULL || ds->c->state->cni.randomize_snat == 0 ||
	    r->target.nat->flags & (NF_NAT_FULLY_RANDOM | NF_NAT_RANDOM))
		return;
	drift_text(&d, "snat-not-random", "the SNAT rule keeps source ports where it can: "
	    "under load connections of several pods clash and lose their first packet");
	drift_fix(&d, FIX_ENV "AWS_VPC_K8S_CNI_RANDOMIZESNAT=prng");
	drift_give(ds, &d);
}

static bool
has_prefix(const struct prefix *list, uint32_t n, const struct prefix *p)
{
	for (uint32_t i = 0; i < n; i++)
		if (prefix_eq(&list[i], p))
			return true;
	return false;
}

/* The RETURNs of SNAT, those of connmark, and the setting must be one list. */
static void
exclusions(struct drifts *ds)
{
	const struct contract *c = ds->c;
	const struct cni_rules *cr = &c->rules;
	char text[PREFIX_TEXT_MAX];

	for (uint32_t i = 0; i < c->state->cni.excluded.n && i < RANGES_MAX &&
	    cr->snat != NULL; i++) {
		const struct prefix *p = &c->state->cni.excluded.v[i];
		struct drift d = { .wrong = true };

		if (has_prefix(cr->excluded.v, cr->excluded.n, p) ||
		    has_prefix(cr->vpc.v, cr->vpc.n, p) || cr->all_return)
			continue;
		prefix_format(p, text);
		drift_text(&d, "snat-exclusion-missing", "AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS "
		    "has %s, but AWS-SNAT-CHAIN-0 has no RETURN for it", text);
		drift_fix(&d, FIX_RESTART);
		drift_give(ds, &d);
	}
	for (uint32_t i = 0; i < cr->excluded.n; i++) {
		const struct prefix *p = &cr->excluded.v[i];
		struct drift d = { .wrong = true };

		if (c->state->cni.external_snat < 0 ||
		    has_prefix(c->state->cni.excluded.v, c->state->cni.excluded.n, p))
			continue;
		prefix_format(p, text);
		drift_text(&d, "snat-exclusion-surplus", "AWS-SNAT-CHAIN-0 excludes %s, which "
		    "AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS does not have", text);
		drift_fix(&d, FIX_RESTART);
		drift_give(ds, &d);
	}
	if (cr->mark_set == NULL || cr->snat == NULL)
		return;
	for (uint32_t i = 0; i < cr->vpc.n + cr->excluded.n; i++) {
		const struct prefix *p = i < cr->vpc.n ? &cr->vpc.v[i] :
		    &cr->excluded.v[i - cr->vpc.n];
		struct drift d = { .wrong = true };

		if (has_prefix(cr->unmarked.v, cr->unmarked.n, p))
			continue;
		prefix_format(p, text);
		add_secondary_pods(&d, c);
		drift_text(&d, "connmark-range-missing", "SNAT leaves %s alone, but the mark "
		    "does not: pods of other ENIs send to it by the primary ENI with their "
		    "own address", text);
		drift_fix(&d, FIX_RESTART);
		drift_give(ds, &d);
	}
	for (uint32_t i = 0; i < cr->unmarked.n; i++) {
		struct drift d = { .wrong = true };

		if (has_prefix(cr->vpc.v, cr->vpc.n, &cr->unmarked.v[i]) ||
		    has_prefix(cr->excluded.v, cr->excluded.n, &cr->unmarked.v[i]))
			continue;
		prefix_format(&cr->unmarked.v[i], text);
		add_secondary_pods(&d, c);
		drift_text(&d, "snat-range-missing", "the mark leaves %s alone, but SNAT does "
		    "not: pods of other ENIs send to it by their own ENI with the node's "
		    "address", text);
		drift_fix(&d, FIX_RESTART);
		drift_give(ds, &d);
	}
}

static void
left_over(struct drifts *ds)
{
	const struct cni_rules *cr = &ds->c->rules;
	const struct nf_rule *r = cr->snat_jump && cr->snat ? cr->snat :
	    cr->mark_jump ? cr->mark_jump : cr->mark_set;
	struct drift d = { .wrong = true, .line = r ? r->text : NULL };

	if (r == NULL)
		return;
	drift_text(&d, "snat-left-over", "AWS_VPC_K8S_CNI_EXTERNALSNAT is true, but rules of "
	    "the CNI for SNAT are still there");
	drift_fix(&d, FIX_RESTART "; if they stay: iptables -t nat -D POSTROUTING -m comment "
	    "--comment \"AWS SNAT CHAIN\" -j AWS-SNAT-CHAIN-0");
	drift_give(ds, &d);
}

/* The mark that keeps pods of other ENIs on main: in iptables, or in table ip
   aws-cni, which iptables-save does not show. */
static void
connmark(struct drifts *ds)
{
	const struct contract *c = ds->c;
	const struct cni_rules *cr = &c->rules;
	bool nft = text_eq(c->settings.backend, "nftables");
	struct drift d = { .wrong = true };

	if (nft && !state_has(c->state, PART_NFT))
		return;
	/* v1.23 on nf_tables has them there; which version this is, is not known. */
	if (!nft && cr->mark_set == NULL && cr->mark_jump == NULL &&
	    !state_has(c->state, PART_NFT) && c->state->cni.connmark_nft != 0)
		return;
	if (cr->mark_set != NULL && (cr->nft_mark || (cr->mark_jump != NULL &&
	    cr->nat_restore != NULL)))
		return;
	add_secondary_pods(&d, c);
	drift_text(&d, "connmark-rule-missing", "%s: what pods of other ENIs send outside the "
	    "VPC leaves by their own ENI with the node's address",
	    cr->mark_set == NULL ? "no rule marks connections to outside the VPC" :
	    cr->mark_jump == NULL ? "nat PREROUTING does not jump to AWS-CONNMARK-CHAIN-0" :
	    "nat PREROUTING does not restore the connection's mark");
	drift_fix(&d, FIX_RESTART);
	drift_give(ds, &d);
}

static void
order(struct drifts *ds)
{
	const char *why = cni_rules_mark_first(ds->c);
	struct drift d = { .wrong = true };

	/* What iptables-legacy holds is not seen: another record says so. */
	if (why == NULL || ds->c->rules.hidden)
		return;
	add_secondary_pods(&d, ds->c);
	d.line = ds->c->rules.mark_jump ? ds->c->rules.mark_jump->text : NULL;
	drift_text(&d, "connmark-before-dnat", "Services fail from pods of other ENIs: %s",
	    why);
	drift_fix(&d, ds->c->rules.nft_kube_proxy ? "upgrade the VPC CNI to 1.23 or later, "
	    "or run kube-proxy in iptables mode" : FIX_RESTART " (it puts its jump at the "
	    "end)");
	drift_give(ds, &d);
}

static void
mangle(struct drifts *ds)
{
	const struct contract *c = ds->c;
	const struct settings *st = &c->settings;
	const struct cni_rules *cr = &c->rules;
	const char *dev = c->primary ? c->primary->dev : NULL;
	const struct nf_match *in = cr->eth_mark ?
	    rule_match(c->state, cr->eth_mark, NF_M_IIF) : NULL;

	if (cr->eth_mark == NULL && st->node_port == 1) {
		struct drift d = { .wrong = true };

		add_secondary_pods(&d, c);
		drift_text(&d, "eth-mark-missing", "mangle PREROUTING does not mark what comes "
		    "in by %s: answers of pods of other ENIs to node ports leave by their "
		    "own ENI", dev ? dev : "the primary ENI");
		drift_fix(&d, FIX_RESTART " (or: iptables -t mangle -A PREROUTING -i %s -m "
		    "comment --comment \"AWS, primary ENI\" -m addrtype --dst-type LOCAL "
		    "--limit-iface-in -j CONNMARK --set-mark %#x/%#x)", dev ? dev : "DEV",
		    st->connmark, st->connmark);
		drift_give(ds, &d);
	} else if (in != NULL && dev != NULL && !text_eq(in->name, dev)) {
		struct drift d = { .wrong = true, .line = cr->eth_mark->text };

		drift_text(&d, "eth-mark-device", "mangle PREROUTING marks what comes in by %s, "
		    "but the primary ENI is %s", in->name ? in->name : "?", dev);
		drift_fix(&d, FIX_RESTART);
		drift_give(ds, &d);
	}
	if (cr->veth_restore == NULL && (st->node_port == 1 || st->external_snat == 0)) {
		struct drift d = { .wrong = true };

		add_secondary_pods(&d, c);
		drift_text(&d, "veth-restore-missing", "mangle PREROUTING does not give packets "
		    "from %s+ their connection's mark", c->veth_prefix);
		drift_fix(&d, FIX_RESTART " (or: iptables -t mangle -A PREROUTING -i %s+ -m "
		    "comment --comment \"AWS, primary ENI\" -j CONNMARK --restore-mark --mask "
		    "%#x)", c->veth_prefix, st->connmark);
		drift_give(ds, &d);
	}
	if (cr->eth_mark != NULL && cr->eth_mark->target.mark.value != st->connmark) {
		struct drift d = { .wrong = true, .line = cr->eth_mark->text };

		drift_text(&d, "mark-differs", "mangle PREROUTING marks with %#x, the CNI is set "
		    "to %#x", cr->eth_mark->target.mark.value, st->connmark);
		drift_fix(&d, FIX_RESTART);
		drift_give(ds, &d);
	}
}

static void
legacy(struct drifts *ds)
{
	const struct contract *c = ds->c;
	struct drift d = { .wrong = c->rules.hidden };

	if (!(c->state->flags & STATE_LEGACY_TABLES))
		return;
	drift_text(&d, "iptables-legacy", "iptables-legacy has tables too%s", c->rules.hidden ?
	    ", and no rule of the CNI is in those that were dumped: its marks are set "
	    "before kube-proxy's DNAT" : "");
	drift_fix(&d, "iptables-legacy-save shows them; after a change of back end restart "
	    "the node, so that nothing is left over");
	drift_give(ds, &d);
}

void
drift_nat(struct drifts *ds)
{
	const struct contract *c = ds->c;

	if (!c->pods_are_v4)
		return;
	legacy(ds);
	if (c->rules.nat_known && !c->rules.hidden) {
		if (c->settings.external_snat == 1) {
			left_over(ds);
		} else if (c->settings.external_snat == 0) {
			snat_rule(ds);
			snat_to(ds);
			snat_ports(ds);
			exclusions(ds);
			connmark(ds);
			order(ds);
		}
	}
	if (c->rules.mangle_known && !c->rules.hidden)
		mangle(ds);
}
