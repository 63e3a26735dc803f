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

void
kube_nft_read(struct kube *k, uint32_t number)
{
	const struct state *s = k->s;
	const struct nf_set *set = &s->nf_sets.v[number];
	bool ips = strcmp(set->name, "service-ips") == 0;
	uint32_t keys = NF_K_PROTO | NF_K_DPORT | (ips ? NF_K_DADDR : 0u);

	if ((!ips && strcmp(set->name, "service-nodeports") != 0) ||
	    set->keys != keys || set->table >= s->nf_tables.n ||
	    strcmp(s->nf_tables.v[set->table].name, KUBE_TABLE) != 0)
		return;
	for (uint32_t i = 0; i < set->n; i++)
		if (!ips || s->nf_elems.v[set->first + i].daddr.len == 128)
			read_elem(k, &s->nf_elems.v[set->first + i], !ips);
}
