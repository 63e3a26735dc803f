/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * index.c - a state that is complete: rules grouped by chain, lists in their
 * order, and everything that is looked up while flows are judged indexed.
 */
#include <stdlib.h>

#include "decode/state/state_int.h"

/* ---- order */

static int
by_priority(const void *x, const void *y)
{
	const struct iprule *a = x, *b = y;

	if (a->v6 != b->v6)
		return a->v6 - b->v6;
	return (a->priority > b->priority) - (a->priority < b->priority);
}

/* qsort(3) may be unstable: equal priorities keep the order of the dump. */
static bool
sort_rules(struct state *s)
{
	struct iprule *v = s->rules.v, *out;
	uint32_t n = s->rules.n, at;

	for (at = 1; at < n && by_priority(&v[at - 1], &v[at]) <= 0;)
		at++;
	if (at >= n)
		return true;
	/* merge sort, bottom up */
	out = malloc(n * sizeof(*out));
	if (out == NULL)
		return false;
	for (uint32_t run = 1; run < n; run *= 2) {
		struct iprule *swap = v;

		for (uint32_t lo = 0; lo < n; lo += 2 * run) {
			uint32_t mid = lo + run < n ? lo + run : n;
			uint32_t hi = mid + run < n ? mid + run : n;
			uint32_t i = lo, j = mid;

			for (uint32_t k = lo; k < hi; k++)
				out[k] = i < mid && (j == hi ||
				    by_priority(&v[i], &v[j]) <= 0) ? v[i++] : v[j++];
		}
		v = out;
		out = swap;
	}
	s->rules.v = v;
	s->rules.room = n;
	free(out);
	return true;
}

/* A counting sort: rules of a chain together, in order. */
static bool
group_rules(struct state *s)
{
	uint32_t n = s->nf_rules.n, at = 0;
	struct nf_rule *out;

	for (uint32_t i = 0; i < n; i++)
		s->nf_chains.v[s->nf_rules.v[i].chain].n++;
	for (uint32_t i = 0; i < s->nf_chains.n; i++) {
		s->nf_chains.v[i].first = at;
		at += s->nf_chains.v[i].n;
		s->nf_chains.v[i].n = 0;
	}
	for (at = 1; at < n && s->nf_rules.v[at - 1].chain <= s->nf_rules.v[at].chain;)
		at++;
	out = at < n ? malloc(n * sizeof(*out)) : s->nf_rules.v;
	if (n > 0 && out == NULL)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		struct nf_chain *c = &s->nf_chains.v[s->nf_rules.v[i].chain];

		if (out != s->nf_rules.v)
			out[c->first + c->n] = s->nf_rules.v[i];
		c->n++;
	}
	if (out != s->nf_rules.v) {
		free(s->nf_rules.v);
		s->nf_rules.v = out;
		s->nf_rules.room = n;
	}
	return true;
}

/* ---- names that endpoints use before their service is read */

static uint32_t
hash_of(const char *ns, const char *name)
{
	return hash_names(ns, strlen(ns), name, strlen(name));
}

static bool
resolve_endpoints(struct state *s)
{
	struct map services = { 0 };
	bool ok = map_reserve(&services, s->services.n);
	uint32_t j;

	for (uint32_t i = 0; ok && i < s->services.n; i++)
		ok = map_add(&services, hash_of(s->services.v[i].ns,
		    s->services.v[i].name), i);
	for (uint32_t i = 0; ok && i < s->endpoints.n; i++) {
		struct endpoint *e = &s->endpoints.v[i];

		e->service = STATE_NONE;
		if (e->ns == NULL || e->service_name == NULL)
			continue;
		map_each(&services, hash_of(e->ns, e->service_name), j)
			if (strcmp(s->services.v[j].ns, e->ns) == 0 &&
			    strcmp(s->services.v[j].name, e->service_name) == 0)
				e->service = j;
	}
	map_free(&services);
	return ok;
}

/* ---- indexes */

static bool
index_links(struct state *s)
{
	struct state_own *o = s->own;
	bool ok = true;

	for (uint32_t i = 0; ok && i < s->links.n; i++) {
		const struct link *l = &s->links.v[i];

		ok = map_add(&o->by_link, hash_bytes(l->name, strlen(l->name), 0), i);
		if (ok && l->ifindex != 0)
			ok = map_add(&o->by_ifindex, l->ifindex * 2654435761u, i);
		if (ok && l->has_mac)
			ok = map_add(&o->by_mac, hash_bytes(l->mac, 6, 0), i);
	}
	return ok;
}

static bool
index_pods(struct state *s)
{
	struct map *m = &s->own->by_pod_addr;
	bool ok = true;

	map_free(m);	/* held numbers of nameless pods until now */
	for (uint32_t i = 0; ok && i < s->pods.n; i++)
		for (uint32_t k = 0; ok && k < s->pods.v[i].n_addrs; k++)
			ok = map_add(m, hash_addr(&s->pods.v[i].addrs[k], 0), i << 3 | k);
	return ok;
}

/* Later entries of one tuple come first to hand: they are put in first. */
static bool
index_conntrack(struct state *s)
{
	struct state_own *o = s->own;
	bool ok = map_reserve(&o->by_orig, s->conntrack.n) &&
	    map_reserve(&o->by_reply, s->conntrack.n);

	for (uint32_t i = s->conntrack.n; ok && i-- > 0;)
		ok = map_add(&o->by_orig, hash_tuple(&s->conntrack.v[i].orig), i) &&
		    map_add(&o->by_reply, hash_tuple(&s->conntrack.v[i].reply), i);
	return ok;
}

static uint64_t
port_key(uint16_t port, uint8_t proto)
{
	return (uint64_t)port << 8 | proto;
}

static bool
index_services(struct state *s)
{
	struct state_own *o = s->own;
	bool ok = true;

	for (uint32_t i = 0; ok && i < s->svc_ports.n; i++) {
		const struct svc_port *p = &s->svc_ports.v[i];
		const struct service *v = &s->services.v[p->service];

		for (uint32_t k = 0; ok && k < v->n_addrs && k < 32; k++)
			ok = map_add(&o->by_service, hash_addr(&v->addrs[k],
			    port_key(p->port, p->proto)), i << 5 | k);
		if (ok && p->node_port != 0)
			ok = map_add(&o->by_node_port, (uint32_t)
			    port_key(p->node_port, p->proto) * 2654435761u, i);
	}
	return ok;
}

/* Endpoints of one service are found one behind the other, in order. */
static bool
index_endpoints(struct state *s)
{
	struct state_own *o = s->own;
	bool ok = true;

	o->first_endpoint = state_alloc(s, (s->services.n + 1) * sizeof(uint32_t));
	o->next_endpoint = state_alloc(s, (s->endpoints.n + 1) * sizeof(uint32_t));
	if (o->first_endpoint == NULL || o->next_endpoint == NULL)
		return false;
	for (uint32_t i = s->endpoints.n; ok && i-- > 0;) {
		const struct endpoint *e = &s->endpoints.v[i];

		if (e->service >= s->services.n)
			continue;
		o->next_endpoint[i] = o->first_endpoint[e->service];
		o->first_endpoint[e->service] = i + 1;
		ok = map_add(&o->by_endpoint, hash_endpoint(e->service, &e->addr,
		    e->port, e->proto), i);
	}
	return ok;
}

/* By its name, else by an address that a device has. */
static uint32_t
find_this_node(const struct state *s)
{
	const struct node *n = s->hostname ? state_node_named(s, s->hostname) : NULL;

	for (uint32_t i = 0; n == NULL && i < s->addrs.n; i++)
		n = state_node_addr(s, &s->addrs.v[i].addr);
	return n != NULL ? (uint32_t)(n - s->nodes.v) + 1 : 0;
}

static bool
index_nodes(struct state *s)
{
	bool ok = true;

	for (uint32_t i = 0; ok && i < s->nodes.n; i++) {
		const struct node *n = &s->nodes.v[i];

		for (uint32_t k = 0; ok && k < n->n_addrs; k++)
			ok = map_add(&s->own->by_node_addr,
			    hash_addr(&n->addrs[k], 0), i << 2 | k);
		if (ok && n->name != NULL)
			ok = map_add(&s->own->by_node_name,
			    hash_bytes(n->name, strlen(n->name), 0), i);
	}
	s->own->this_node = find_this_node(s);
	return ok;
}

static bool
index_sysctls(struct state *s)
{
	bool ok = true;

	for (uint32_t i = 0; ok && i < s->sysctls.n; i++)
		ok = map_add(&s->own->by_sysctl, hash_bytes(s->sysctls.v[i].name,
		    strlen(s->sysctls.v[i].name), 0), i);
	return ok;
}

void
state_ready(struct state *s)
{
	bool ok = sort_rules(s);

	/* Each on its own: what fails for lack of memory must not take the rest. */
	if (s->own->nf_of == NULL)
		ok &= group_rules(s);
	if (s->own->services_of == NULL)
		ok &= resolve_endpoints(s);
	if (s->own->services_of == NULL && !s->own->rules_alone)
		ok &= kube_rules_read(s);
	ok &= index_links(s);
	ok &= index_pods(s);
	ok &= index_conntrack(s);
	if (s->own->services_of == NULL) {
		ok &= index_services(s);
		ok &= index_endpoints(s);
		ok &= index_known(s);
	}
	ok &= index_nodes(s);
	ok &= index_sysctls(s);
	ok &= index_socks(s);
	if (!ok)
		s->no_memory = true;
}
