/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vpc_cni_rules.c - find the CNI's own rules among all of netfilter's: SNAT,
 * connmark in its two forms (iptables; table ip aws-cni from v1.23), the marks
 * of mangle, and the egress plugin's chains.
 *
 * aws/amazon-vpc-cni-k8s: pkg/networkutils/network.go (flat chain from v1.16.2,
 * a ladder of chains before), nftables_connmark.go, cmd/egress-cni-plugin.
 */
#include <stdlib.h>
#include <string.h>

#include "decode/contract/contract_int.h"

const struct nf_match *
rule_match(const struct state *s, const struct nf_rule *r, enum nf_match_kind kind)
{
	for (uint32_t i = 0; i < r->n_matches; i++)
		if (s->nf_matches.v[r->first_match + i].kind == kind)
			return &s->nf_matches.v[r->first_match + i];
	return NULL;
}

static const char *
target_chain(const struct state *s, const struct nf_rule *r)
{
	if ((r->target.kind != NF_T_JUMP && r->target.kind != NF_T_GOTO) ||
	    r->target.chain >= s->nf_chains.n)
		return NULL;
	return s->nf_chains.v[r->target.chain].name;
}

/* A range that a rule leaves alone: by RETURN, or by the ladder's "everything
   but this goes on". */
static bool
left_alone(const struct state *s, const struct nf_rule *r, const char *ladder,
    struct prefix *p)
{
	const struct nf_match *m = rule_match(s, r, NF_M_DADDR);

	if (m == NULL)
		return false;
	*p = m->prefix;
	return m->invert ? text_starts(target_chain(s, r), ladder) :
	    r->target.kind == NF_T_RETURN;
}

static bool
read_snat_chain(struct contract *c, const struct nf_rule *r)
{
	struct cni_rules *cr = &c->rules;
	struct prefix p;

	if (r->target.kind == NF_T_SNAT) {
		if (cr->snat == NULL)
			cr->snat = r;
		return true;
	}
	if (!left_alone(c->state, r, "AWS-SNAT-CHAIN-", &p)) {
		if (r->target.kind == NF_T_RETURN && r->n_matches == 0)
			cr->all_return = true;
		return true;
	}
	if (r->target.kind != NF_T_RETURN)
		cr->ladder = true;
	if (cr->vpc.n + cr->excluded.n >= RANGES_MAX)
		return true;
	if (r->comment != NULL && strstr(r->comment, "EXCLUSION") != NULL)
		return list_push(&cr->excluded, p);
	return list_push(&cr->vpc, p);
}

static bool
read_mark_chain(struct contract *c, const struct nf_rule *r)
{
	struct prefix p;

	if (r->target.kind == NF_T_CTMARK) {
		c->rules.mark_set = r;
		return true;
	}
	if (c->rules.unmarked.n < RANGES_MAX &&
	    left_alone(c->state, r, "AWS-CONNMARK-CHAIN-", &p))
		return list_push(&c->rules.unmarked, p);
	return true;
}

/* id: \"<container id>\" in the egress plugin's comment. */
static void
egress_container(struct egress *e, const char *comment)
{
	const char *id = comment ? strstr(comment, "id: ") : NULL;

	if (id == NULL)
		return;
	id += 4;
	id += strspn(id, "\\\"");
	e->container_len = strspn(id, "0123456789abcdef");
	e->container = e->container_len > 0 ? id : NULL;
}

static const struct nf_rule *
egress_snat(const struct state *s, uint32_t chain)
{
	const struct nf_chain *ch = &s->nf_chains.v[chain];

	for (uint32_t i = 0; i < ch->n; i++)
		if (s->nf_rules.v[ch->first + i].target.kind == NF_T_SNAT)
			return &s->nf_rules.v[ch->first + i];
	return NULL;
}

static bool
read_postrouting(struct contract *c, const struct nf_rule *r)
{
	const char *to = target_chain(c->state, r);
	const struct nf_match *from = rule_match(c->state, r, NF_M_SADDR);
	struct egress e = { .jump = r };

	if (text_eq(to, "AWS-SNAT-CHAIN-0"))
		c->rules.snat_jump = r;
	if (!text_starts(to, "CNI-E4-") || from == NULL || from->invert ||
	    c->rules.egress.n >= RANGES_MAX)
		return true;
	e.pod = from->prefix.addr;
	e.snat = egress_snat(c->state, r->target.chain);
	egress_container(&e, r->comment);
	return list_push(&c->rules.egress, e);
}

static void
read_prerouting(struct contract *c, const struct nf_rule *r)
{
	const char *to = target_chain(c->state, r);

	if (text_eq(to, "AWS-CONNMARK-CHAIN-0") && c->rules.mark_jump == NULL)
		c->rules.mark_jump = r;
	else if (text_eq(to, "KUBE-SERVICES") && c->rules.services_jump == NULL)
		c->rules.services_jump = r;
	else if (r->target.kind == NF_T_CTMARK_RESTORE && text_starts(r->comment, "AWS"))
		c->rules.nat_restore = r;
}

static void
read_mangle(struct contract *c, const struct nf_rule *r)
{
	const struct nf_match *in = rule_match(c->state, r, NF_M_IIF);

	if (in == NULL || !text_starts(r->comment, "AWS"))
		return;
	if (r->target.kind == NF_T_CTMARK)
		c->rules.eth_mark = r;
	else if (r->target.kind == NF_T_CTMARK_RESTORE && text_eq(in->name, "vlan+"))
		c->rules.vlan_restore = r;
	else if (r->target.kind == NF_T_CTMARK_RESTORE)
		c->rules.veth_restore = r;
}

static bool
read_nat(struct contract *c, const char *chain, const struct nf_rule *r)
{
	if (text_starts(chain, "AWS-SNAT-CHAIN-"))
		return read_snat_chain(c, r);
	if (text_starts(chain, "AWS-CONNMARK-CHAIN-"))
		return read_mark_chain(c, r);
	if (text_eq(chain, "POSTROUTING"))
		return read_postrouting(c, r);
	if (text_eq(chain, "PREROUTING"))
		read_prerouting(c, r);
	return true;
}

static bool
read_aws_cni(struct contract *c, const struct nf_rule *r)
{
	const struct nf_match *to = rule_match(c->state, r, NF_M_DADDR);

	if (r->target.kind == NF_T_CTMARK)
		c->rules.mark_set = r;
	if (r->target.kind == NF_T_RETURN && to != NULL && !to->invert &&
	    c->rules.unmarked.n < RANGES_MAX)
		return list_push(&c->rules.unmarked, to->prefix);
	return true;
}

static void
find_tables(struct contract *c)
{
	const struct state *s = c->state;
	struct cni_rules *cr = &c->rules;

	for (uint32_t i = 0; i < s->nf_tables.n; i++) {
		const struct nf_table *t = &s->nf_tables.v[i];

		if (!(t->families & NF_IP4))
			continue;
		if (text_eq(t->name, "nat"))
			cr->nat_known = true;
		else if (text_eq(t->name, "mangle"))
			cr->mangle_known = true;
		else if (text_eq(t->name, "filter"))
			cr->filter_known = true;
		else if (text_eq(t->name, "aws-cni"))
			cr->nft_mark = true;
		else if (text_eq(t->name, "kube-proxy"))
			cr->nft_kube_proxy = true;
	}
	for (uint32_t i = 0; i < s->nf_chains.n; i++) {
		const struct nf_chain *ch = &s->nf_chains.v[i];
		const struct nf_table *t = &s->nf_tables.v[ch->table];

		if (!(t->families & NF_IP4))
			continue;
		if (text_eq(t->name, "filter") && text_eq(ch->name, "FORWARD"))
			cr->forward = ch;
		if (text_starts(ch->name, "AWS-SNAT-CHAIN-") ||
		    text_starts(ch->name, "AWS-CONNMARK-CHAIN-"))
			cr->any = true;
	}
}

bool
cni_rules_read(struct contract *c)
{
	const struct state *s = c->state;
	struct cni_rules *cr = &c->rules;

	find_tables(c);
	for (uint32_t i = 0; i < s->nf_rules.n; i++) {
		const struct nf_rule *r = &s->nf_rules.v[i];
		const struct nf_chain *ch = &s->nf_chains.v[r->chain];
		const struct nf_table *t = &s->nf_tables.v[ch->table];
		bool ok = true;

		if (!(t->families & NF_IP4))
			continue;
		if (text_eq(t->name, "nat"))
			ok = read_nat(c, ch->name, r);
		else if (text_eq(t->name, "mangle") && text_eq(ch->name, "PREROUTING"))
			read_mangle(c, r);
		else if (text_eq(t->name, "aws-cni"))
			ok = read_aws_cni(c, r);
		if (!ok)
			return false;
	}
	cr->any = cr->any || cr->snat || cr->mark_set || cr->eth_mark ||
	    cr->veth_restore || cr->nft_mark;
	cr->hidden = !cr->any && s->flags & STATE_LEGACY_TABLES;
	return true;
}

void
cni_rules_free(struct cni_rules *cr)
{
	free(cr->vpc.v);
	free(cr->excluded.v);
	free(cr->unmarked.v);
	free(cr->egress.v);
}

/*
 * Once a chain has set DNAT, later nat chains of the hook are skipped for the
 * connection; before it, the destination is still the cluster address, which is
 * in no VPC range.
 */
const char *
cni_rules_mark_first(const struct contract *c)
{
	const struct cni_rules *cr = &c->rules;

	if (cr->mark_jump != NULL && cr->services_jump != NULL &&
	    cr->mark_jump->chain == cr->services_jump->chain &&
	    cr->mark_jump < cr->services_jump)
		return "in nat PREROUTING the jump to AWS-CONNMARK-CHAIN-0 stands before "
		    "the one to KUBE-SERVICES";
	if (cr->mark_jump != NULL && cr->nft_kube_proxy && !cr->nft_mark)
		return "kube-proxy uses nftables (table ip kube-proxy) while the CNI marks in "
		    "iptables' nat PREROUTING, which may run first";
	if (cr->hidden)
		return "the CNI's rules are in iptables-legacy, which runs before "
		    "kube-proxy's";
	return NULL;
}
