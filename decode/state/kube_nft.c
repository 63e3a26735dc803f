/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kube_nft.c - Services from kube-proxy's table of nftables.
 *
 * Source: Kubernetes, pkg/proxy/nftables/proxier.go.  The map service-ips leads
 * from address, protocol and port to the chain of a Service's port, the map
 * service-nodeports from protocol and port; what a chain is for stands in its
 * name: service-HASH-NAMESPACE/NAME/PROTOCOL/PORT.  Elements of the maps
 * no-endpoint-... have the name in their comment.
 */
#include "decode/state/kube_rules.h"

#define KUBE_TABLE	"kube-proxy"

/* Behind "service-ULMVA6XW-"; NULL when there is no such beginning. */
static const char *
skip_hash(const char *chain)
{
	const char *p = strchr(chain, '-');
	size_t n = 0;

	if (p == NULL)
		return NULL;
	p++;
	while ((p[n] >= 'A' && p[n] <= 'Z') || (p[n] >= '2' && p[n] <= '7'))
		n++;
	return n == 8 && p[n] == '-' ? p + n + 1 : NULL;
}

static bool
take_word(const char **p, char end, const char **word, size_t *len)
{
	*word = *p;
	*len = kube_word(*p);
	*p += *len;
	if (**p != end)
		return false;
	*p += end != '\0';
	return true;
}

/* "service-ULMVA6XW-default/web/tcp/http".  A name that was too long for a chain
   ends in "...": nothing is made of it. */
static bool
read_name(const char *chain, struct kube_name *n)
{
	const char *p = skip_hash(chain), *proto;
	size_t len;

	if (p == NULL || strstr(p, "...") != NULL)
		return false;
	return take_word(&p, '/', &n->ns, &n->ns_len) &&
	    take_word(&p, '/', &n->name, &n->name_len) &&
	    take_word(&p, '/', &proto, &len) &&
	    take_word(&p, '\0', &n->port, &n->port_len) &&
	    n->ns_len > 0 && n->name_len > 0;
}

static const char *
chain_of(const struct state *s, const struct nf_target *t)
{
	return (t->kind == NF_T_JUMP || t->kind == NF_T_GOTO) &&
	    t->chain < s->nf_chains.n ? s->nf_chains.v[t->chain].name : NULL;
}

static bool
one_port(const struct nf_elem *e)
{
	return e->dport.lo == e->dport.hi && e->dport.lo != 0 && e->proto != 0;
}

static void
read_elem(struct kube *k, const struct nf_elem *e, bool node_port)
{
	const char *chain = chain_of(k->s, &e->verdict);
	bool external;
	struct kube_name name;
	uint32_t port;

	if (chain == NULL || !one_port(e) || !read_name(chain, &name))
		return;
	port = kube_port(k, &name, e->proto);
	if (port == STATE_NONE)
		return;
	external = strncmp(chain, "external-", 9) == 0;
	if (node_port)
		kube_node_port(k, port, e->dport.lo);
	else
		kube_open(k, port, external ? KUBE_EXTERNAL : KUBE_CLUSTER,
		    &e->daddr.addr, e->dport.lo);
	kube_follow(k, port, e->verdict.chain, external || node_port);
}

static void
read_cluster_ip(struct kube *k, const struct nf_elem *e, bool node_port)
{
	(void)node_port;
	if (!map_add(&k->cluster_ips, hash_addr(&e->daddr.addr, 0),
	    (uint32_t)(e - k->s->nf_elems.v)))
		k->failed = true;
}

static bool
is_cluster_ip(const struct kube *k, const struct addr *a)
{
	uint32_t i;

	map_each(&k->cluster_ips, hash_addr(a, 0), i)
		if (addr_eq(&k->s->nf_elems.v[i].daddr.addr, a))
			return true;
	return false;
}

/* Dropped for want of an endpoint on this node, rejected for want of any. */
static void
read_none(struct kube *k, const struct nf_elem *e, bool node_port)
{
	bool external = node_port || !is_cluster_ip(k, &e->daddr.addr);
	struct kube_name name;
	uint32_t port;

	if (e->comment == NULL || !one_port(e) || kube_comment(e->comment, &name) == NULL)
		return;
	port = kube_port(k, &name, e->proto);
	if (port == STATE_NONE)
		return;
	kube_none(k, port, e->verdict.kind == NF_T_DROP, external);
	if (node_port)
		kube_node_port(k, port, e->dport.lo);
	else
		kube_open(k, port, external ? KUBE_EXTERNAL : KUBE_CLUSTER,
		    &e->daddr.addr, e->dport.lo);
}

/* In this order. */
static const struct set_kind {
	const char	*name;
	uint32_t	 keys;
	void		(*read)(struct kube *, const struct nf_elem *, bool node_port);
} kinds[] = {
	{ "cluster-ips", NF_K_DADDR, read_cluster_ip },
	{ "service-ips", NF_K_DADDR | NF_K_PROTO | NF_K_DPORT, read_elem },
	{ "service-nodeports", NF_K_PROTO | NF_K_DPORT, read_elem },
	{ "no-endpoint-services", NF_K_DADDR | NF_K_PROTO | NF_K_DPORT, read_none },
	{ "no-endpoint-nodeports", NF_K_PROTO | NF_K_DPORT, read_none },
};

static void
read_set(struct kube *k, const struct nf_set *set, const struct set_kind *kind)
{
	const struct state *s = k->s;
	bool node_port = !(set->keys & NF_K_DADDR);

	if (set->table >= s->nf_tables.n || set->keys != kind->keys ||
	    strcmp(set->name, kind->name) != 0 ||
	    strcmp(s->nf_tables.v[set->table].name, KUBE_TABLE) != 0)
		return;
	for (uint32_t i = 0; i < set->n; i++) {
		const struct nf_elem *e = &s->nf_elems.v[set->first + i];

		if (node_port || e->daddr.len == 128)
			kind->read(k, e, node_port);
	}
}

void
kube_nft_read(struct kube *k)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		for (uint32_t n = 0; n < k->s->nf_sets.n; n++)
			read_set(k, &k->s->nf_sets.v[n], &kinds[i]);
}
