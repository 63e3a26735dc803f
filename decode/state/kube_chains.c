/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kube_chains.c - the chains of a Service's port, down to its endpoints.
 *
 * Source: Kubernetes, pkg/proxy/iptables/proxier.go and pkg/proxy/nftables/
 * proxier.go: what a chain is for stands at the beginning of its name.
 */
#include "decode/state/kube_rules.h"

#define MAX_DEPTH	4	/* KUBE-FW, KUBE-EXT, KUBE-SVC, KUBE-SEP */

enum chain_kind {
	CHAIN_OTHER,
	CHAIN_ALL,		/* to every endpoint */
	CHAIN_LOCAL,		/* to those of this node */
	CHAIN_EXTERNAL,		/* what comes from outside */
	CHAIN_ENDPOINT,
};

static enum chain_kind
kind_of_chain(const char *name)
{
	static const struct {
		const char *prefix;
		size_t len;
		enum chain_kind kind;
	} rows[] = {
#define ROW(prefix, kind)	{ prefix, sizeof(prefix) - 1, kind }
		ROW("KUBE-SEP-", CHAIN_ENDPOINT), ROW("KUBE-SVC-", CHAIN_ALL),
		ROW("KUBE-SVL-", CHAIN_LOCAL), ROW("KUBE-XLB-", CHAIN_LOCAL),
		ROW("KUBE-EXT-", CHAIN_EXTERNAL), ROW("KUBE-FW-", CHAIN_EXTERNAL),
		ROW("endpoint-", CHAIN_ENDPOINT), ROW("service-", CHAIN_ALL),
		ROW("local-", CHAIN_LOCAL), ROW("external-", CHAIN_EXTERNAL),
		ROW("firewall-", CHAIN_EXTERNAL),
#undef ROW
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strncmp(name, rows[i].prefix, rows[i].len) == 0)
			return rows[i].kind;
	return CHAIN_OTHER;
}

static bool
same_end(const struct endpoint *e, const struct kube_port *p, const struct addr *a,
    uint16_t number)
{
	const char *name = e->port_name != NULL ? e->port_name : "";

	return e->service == p->service && e->proto == p->proto && e->port == number &&
	    addr_eq(&e->addr, a) && strcmp(name, p->name) == 0;
}

static void
add_endpoint(struct kube *k, struct kube_port *p, const struct addr *a, uint16_t number)
{
	uint32_t h = hash_endpoint(p->service, a, number, p->proto), i;
	const struct service *v = &k->s->services.v[p->service];
	bool known = false;
	struct endpoint *e;

	p->led = true;
	map_each(&k->by_endpoint, h, i)
		if (same_end(&k->s->endpoints.v[i], p, a, number)) {
			k->s->endpoints.v[i].in_rules = IN_RULES_YES;
			known = true;
		}
	if (known || (p->service < k->told && !k->fill))
		return;
	e = state_push(k->s, endpoints);
	if (e == NULL)
		return;
	*e = (struct endpoint){ .service = p->service, .ns = v->ns,
	    .service_name = v->name, .addr = *a, .port = number, .proto = p->proto,
	    .port_name = p->name[0] != '\0' ? p->name : NULL, .ready = true,
	    .derived = true, .in_rules = IN_RULES_YES };
	if (!map_add(&k->by_endpoint, h, k->s->endpoints.n - 1))
		k->failed = true;
}

/* KUBE-SEP-...: where its DNAT rule leads. */
static void
read_endpoint(struct kube *k, struct kube_port *p, uint32_t chain)
{
	const struct state *s = k->s;
	const struct nf_chain *c = &s->nf_chains.v[chain];

	for (uint32_t i = 0; i < c->n; i++) {
		const struct nf_target *t = &s->nf_rules.v[c->first + i].target;

		if (t->kind != NF_T_DNAT || !(t->nat->flags & NF_NAT_ADDR) ||
		    !(t->nat->flags & NF_NAT_PORTS))
			continue;
		add_endpoint(k, p, &t->nat->lo, t->nat->ports.lo);
		return;
	}
}

/* A client that came before goes where it went: -m recent, or a set that learns. */
static bool
is_affinity(const struct state *s, const struct nf_rule *r)
{
	for (unsigned i = 0; i < r->n_matches; i++) {
		const struct nf_match *m = &s->nf_matches.v[r->first_match + i];

		if (m->kind == NF_M_UNKNOWN && strstr(m->name, "recent") != NULL)
			return true;
		if (m->kind == NF_M_SET &&
		    strncmp(s->nf_sets.v[m->set].name, "affinity-", 9) == 0)
			return true;
	}
	return false;
}

static void follow(struct kube *, uint32_t port, uint32_t chain, bool external,
    unsigned depth);

static void
follow_target(struct kube *k, uint32_t port, const struct nf_target *t, bool external,
    unsigned depth)
{
	if ((t->kind == NF_T_JUMP || t->kind == NF_T_GOTO) &&
	    t->chain < k->s->nf_chains.n)
		follow(k, port, t->chain, external, depth);
}

static void
follow_rules(struct kube *k, uint32_t port, uint32_t chain, bool external,
    unsigned depth)
{
	const struct state *s = k->s;
	const struct nf_chain *c = &s->nf_chains.v[chain];

	for (uint32_t i = 0; i < c->n; i++) {
		const struct nf_rule *r = &s->nf_rules.v[c->first + i];
		const struct nf_set *set;

		if (is_affinity(s, r))
			s->services.v[k->ports.v[port].service].affinity = true;
		follow_target(k, port, &r->target, external, depth);
		if (r->target.kind != NF_T_VMAP)
			continue;
		set = &s->nf_sets.v[r->target.set];
		for (uint32_t e = 0; e < set->n; e++)
			follow_target(k, port, &s->nf_elems.v[set->first + e].verdict,
			    external, depth);
	}
}

static void
follow(struct kube *k, uint32_t port, uint32_t chain, bool external, unsigned depth)
{
	struct service *v = &k->s->services.v[k->ports.v[port].service];
	enum chain_kind kind = kind_of_chain(k->s->nf_chains.v[chain].name);

	if (kind == CHAIN_LOCAL && v->derived) {
		if (external)
			v->external_policy = POLICY_LOCAL;
		else
			v->internal_policy = POLICY_LOCAL;
	}
	if (kind == CHAIN_OTHER || k->followed[chain] || depth == MAX_DEPTH)
		return;
	k->followed[chain] = 1;
	if (kind == CHAIN_ENDPOINT)
		read_endpoint(k, &k->ports.v[port], chain);
	else
		follow_rules(k, port, chain, external, depth + 1);
}

void
kube_follow(struct kube *k, uint32_t port, uint32_t chain, bool external)
{
	if (chain < k->s->nf_chains.n)
		follow(k, port, chain, external, 0);
}
