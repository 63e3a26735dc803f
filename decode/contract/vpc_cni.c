/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vpc_cni.c - is this a node of the Amazon VPC CNI, how is it set up, and what
 * are its host veths called.
 *
 * Settings as ipamd gives them (/v1/networkutils-env-settings), else as the
 * rules show them; what neither tells stays unknown.  Names of host veths:
 * pkg/networkutils/names.go, prefix and SHA-1 of "namespace.name".
 */
#include <stdlib.h>
#include <string.h>

#include "decode/contract/contract_int.h"

#define CONNMARK_DEFAULT	0x80

static const char hex[] = "0123456789abcdef";

static bool
is_hashed(const char *name, const char *prefix)
{
	size_t n = strlen(prefix);

	return text_starts(name, prefix) && strspn(name + n, hex) == VETH_HEX &&
	    name[n + VETH_HEX] == '\0';
}

bool
is_pod_veth(const struct contract *c, const char *name)
{
	return name != NULL && (is_hashed(name, c->veth_prefix) ||
	    is_hashed(name, "vlan"));
}

/* 169.254.172.0/22: host-local addresses of the egress plugin. */
bool
is_egress_addr(const struct addr *a)
{
	return addr_is_v4(a) && a->b[12] == 169 && a->b[13] == 254 &&
	    (a->b[14] & 0xfc) == 172;
}

const char *
vpc_cni_veth(struct contract *c, const struct pod *pod)
{
	const char *prefix = c->veth_prefix;
	uint8_t digest[SHA1_LEN];
	char text[512], *name;
	size_t ns, len, n;

	if (pod == NULL || pod->ns == NULL || pod->name == NULL)
		return NULL;
	if (pod->branch_eni != NULL && c->settings.sgp_strict != 0) {
		if (c->settings.sgp_strict < 0)
			return NULL;
		prefix = "vlan";
	}
	ns = strlen(pod->ns);
	len = ns + 1 + strlen(pod->name);
	if (len >= sizeof(text))
		return NULL;
	memcpy(text, pod->ns, ns);
	text[ns] = '.';
	memcpy(text + ns + 1, pod->name, len - ns - 1);
	sha1_text(text, len, digest);
	n = strlen(prefix);
	name = malloc(n + VETH_HEX + 1);
	if (name == NULL || !list_push(&c->names, name)) {
		free(name);
		return NULL;
	}
	memcpy(name, prefix, n);
	for (unsigned i = 0; i < VETH_HEX; i++)
		name[n + i] = hex[digest[i / 2] >> (i % 2 ? 0 : 4) & 15];
	name[n + VETH_HEX] = '\0';
	return name;
}

/* A route to one address by a veth of the hashed names, and the policy rule that
   sends what is for it there. */
static bool
has_pod_routes(const struct state *s)
{
	unsigned tries = 64;

	for (uint32_t i = 0; i < s->routes.n && tries > 0; i++) {
		const struct iproute *r = &s->routes.v[i];

		if (r->dst.len != 128 || r->dev == NULL || !is_hashed(r->dev, "eni"))
			continue;
		tries--;
		for (uint32_t k = 0; k < s->rules.n; k++)
			if (s->rules.v[k].priority == PRIO_TO_POD &&
			    s->rules.v[k].has & RULE_TO &&
			    prefix_eq(&s->rules.v[k].to, &r->dst))
				return true;
	}
	return false;
}

bool
vpc_cni_applies(const struct state *s, const struct cni_rules *cr)
{
	if (s->enis.n > 0 || cr->any || s->cni.external_snat >= 0)
		return true;
	if (state_has(s, PART_IPAM))
		for (uint32_t i = 0; i < s->pods.n; i++)
			if (s->pods.v[i].sources & POD_IPAM)
				return true;
	return has_pod_routes(s);
}

/* ---- settings */

static void
find_prefix(struct contract *c)
{
	const struct nf_rule *r = c->rules.mark_jump ? c->rules.mark_jump :
	    c->rules.veth_restore;
	const struct nf_match *in = r ? rule_match(c->state, r, NF_M_IIF) : NULL;
	const char *from = c->state->cni.veth_prefix;
	size_t n;

	if (from == NULL && in != NULL && in->name != NULL)
		from = in->name;
	n = from ? strcspn(from, "+*") : 0;
	if (n == 0 || n > VETH_PREFIX_MAX) {
		from = "eni";
		n = 3;
	}
	memcpy(c->veth_prefix, from, n);
	c->veth_prefix[n] = '\0';
	c->settings.veth_prefix = c->veth_prefix;
}

static int8_t
strict_as_found(const struct contract *c)
{
	const struct state *s = c->state;

	if (s->cni.pod_eni_strict >= 0)
		return s->cni.pod_eni_strict;
	for (uint32_t i = 0; i < s->rules.n; i++)
		if (s->rules.v[i].priority == PRIO_LOCAL_LATE &&
		    s->rules.v[i].table == TABLE_LOCAL)
			return 1;
	for (uint32_t i = 0; i < s->rules.n; i++)
		if (s->rules.v[i].priority == PRIO_FROM_POD &&
		    s->rules.v[i].table > TABLE_BRANCH &&
		    s->rules.v[i].table < TABLE_CARDS &&
		    s->rules.v[i].table < TABLE_BRANCH + 4096 &&
		    s->rules.v[i].table != TABLE_MAIN)
			return 0;
	return -1;
}

/* Which family the pods have.  Any of their addresses tells, and so do the rules
   that only one family's nodes have. */
static void
find_family(struct contract *c)
{
	const struct state *s = c->state;
	bool v6 = c->rules.egress.n > 0;

	c->pods_are_v4 = c->rules.any;
	for (uint32_t i = 0; i < s->eni_addrs.n; i++)
		if (addr_is_v4(&s->eni_addrs.v[i].prefix.addr))
			c->pods_are_v4 = true;
		else
			v6 = true;
	for (uint32_t i = 0; i < s->pods.n; i++) {
		const struct pod *p = &s->pods.v[i];

		for (unsigned k = 0; k < p->n_addrs && !p->host_network; k++) {
			if (is_egress_addr(&p->addrs[k]))
				continue;
			if (addr_is_v4(&p->addrs[k]))
				c->pods_are_v4 = true;
			else
				v6 = true;
		}
	}
	for (uint32_t i = 0; i < s->rules.n; i++)
		if (s->rules.v[i].priority == PRIO_TO_POD && s->rules.v[i].has & RULE_TO) {
			if (s->rules.v[i].v6)
				v6 = true;
			else
				c->pods_are_v4 = true;
		}
	c->settings.ipv6 = v6 && !c->pods_are_v4;
}

static void
find_snat(struct contract *c)
{
	struct settings *st = &c->settings;
	const struct nf_rule *snat = c->rules.snat;

	st->external_snat = c->state->cni.external_snat;
	if (st->external_snat >= 0) {
		st->from = "networkutils-env-settings.json";
	} else if (snat != NULL && c->rules.snat_jump != NULL) {
		st->external_snat = 0;
		st->from = "iptables-save.txt";
	}
	if (snat != NULL && snat->target.nat != NULL &&
	    snat->target.nat->flags & NF_NAT_ADDR) {
		st->has_snat_to = true;
		st->snat_to = snat->target.nat->lo;
	}
	st->randomize = c->state->cni.randomize_snat;
	if (st->randomize < 0 && snat != NULL && snat->target.nat != NULL)
		st->randomize = snat->target.nat->flags & NF_NAT_FULLY_RANDOM ? 2 :
		    snat->target.nat->flags & NF_NAT_RANDOM ? 1 : 0;
}

static bool
is_excluded_by_settings(const struct state *s, const struct prefix *p)
{
	for (uint32_t i = 0; i < s->cni.excluded.n && i < RANGES_MAX; i++)
		if (prefix_eq(&s->cni.excluded.v[i], p))
			return true;
	return false;
}

/* The VPC's ranges: of the SNAT chain, else of connmark's, which says no longer
   (v1.23) which of them are exclusions. */
static void
find_ranges(struct contract *c)
{
	const struct cni_rules *cr = &c->rules;

	if (cr->vpc.n == 0)
		for (uint32_t i = 0; i < cr->unmarked.n; i++) {
			struct prefix p = cr->unmarked.v[i];

			if (!is_excluded_by_settings(c->state, &p) &&
			    !list_push(&c->ranges, p))
				c->no_memory = true;
		}
	c->settings.vpc = cr->vpc.n > 0 ? cr->vpc.v : c->ranges.v;
	c->settings.n_vpc = cr->vpc.n > 0 ? cr->vpc.n : c->ranges.n;
	if (c->state->cni.excluded.n > 0) {
		c->settings.excluded = c->state->cni.excluded.v;
		c->settings.n_excluded = c->state->cni.excluded.n;
	} else {
		c->settings.excluded = cr->excluded.v;
		c->settings.n_excluded = cr->excluded.n;
	}
}

void
vpc_cni_settings(struct contract *c)
{
	const struct state *s = c->state;
	const struct cni_rules *cr = &c->rules;
	struct settings *st = &c->settings;

	find_prefix(c);
	find_snat(c);
	find_ranges(c);
	st->node_port = s->cni.node_port_support;
	if (st->node_port < 0 && cr->eth_mark != NULL)
		st->node_port = 1;
	st->connmark = s->cni.has_connmark ? s->cni.connmark :
	    cr->eth_mark ? cr->eth_mark->target.mark.value :
	    cr->mark_set && !cr->nft_mark ? cr->mark_set->target.mark.value :
	    CONNMARK_DEFAULT;
	if (s->cni.connmark_nft == 1 || cr->nft_mark)
		st->backend = "nftables";
	else if (s->cni.connmark_nft == 0 || cr->mark_set != NULL)
		st->backend = "iptables";
	st->prefix_delegation = s->cni.prefix_delegation;
	for (uint32_t i = 0; i < s->eni_addrs.n && st->prefix_delegation < 0; i++)
		if (s->eni_addrs.v[i].is_prefix)
			st->prefix_delegation = 1;
	st->custom_networking = s->cni.custom_networking;
	for (uint32_t i = 0; i < s->enis.n && st->custom_networking < 0; i++)
		if (s->enis.v[i].primary && s->enis.v[i].excluded)
			st->custom_networking = 1;
	st->sgp_strict = strict_as_found(c);
	find_family(c);
}
