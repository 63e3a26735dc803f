/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * copy.c - a state after another: its records copied, or, where there are many
 * and they did not change, borrowed.
 */
#include <stdlib.h>

#include "decode/state/state_int.h"

#define TEXTS_MAX	8

/* The parts of a LIST(). */
struct raw_list {
	void		*v;
	uint32_t	 n, room;
};

/* Where a list stands in struct state, and the texts in its records. */
struct kind {
	uint16_t	list, size;
	uint8_t		group;		/* enum state_group */
	uint8_t		n_texts;
	uint16_t	texts[TEXTS_MAX];
};

#define KIND(l, g, rec, n, ...) { offsetof(struct state, l), sizeof(struct rec), \
	(g), (n), { __VA_ARGS__ } }
#define T(rec, m)	offsetof(struct rec, m)

static const struct kind kinds[] = {
	KIND(links, GROUP_NET, link, 3, T(link, name), T(link, kind), T(link, parent)),
	KIND(addrs, GROUP_NET, ifaddr, 1, T(ifaddr, dev)),
	KIND(neighs, GROUP_NET, neigh, 1, T(neigh, dev)),
	KIND(rules, GROUP_NET, iprule, 3, T(iprule, iif), T(iprule, oif),
	    T(iprule, text)),
	KIND(routes, GROUP_NET, iproute, 3, T(iproute, dev), T(iproute, proto),
	    T(iproute, text)),
	KIND(pods, GROUP_NET, pod, 6, T(pod, ns), T(pod, name), T(pod, node),
	    T(pod, phase), T(pod, container_id), T(pod, branch_eni)),
	KIND(enis, GROUP_NET, eni_fact, 2, T(eni_fact, id), T(eni_fact, subnet)),
	KIND(eni_addrs, GROUP_NET, eni_addr, 2, T(eni_addr, ns), T(eni_addr, name)),
	KIND(nodes, GROUP_NET, node, 4, T(node, name), T(node, instance_type),
	    T(node, instance_id), T(node, zone)),
	KIND(socks, GROUP_NET, sock, 1, T(sock, process)),
	KIND(sysctls, GROUP_NET, sysctl, 2, T(sysctl, name), T(sysctl, value)),
	KIND(nf_tables, GROUP_NF, nf_table, 1, T(nf_table, name)),
	KIND(nf_chains, GROUP_NF, nf_chain, 1, T(nf_chain, name)),
	KIND(nf_rules, GROUP_NF, nf_rule, 2, T(nf_rule, text), T(nf_rule, comment)),
	KIND(nf_matches, GROUP_NF, nf_match, 0, 0),
	KIND(nf_sets, GROUP_NF, nf_set, 1, T(nf_set, name)),
	KIND(nf_elems, GROUP_NF, nf_elem, 2, T(nf_elem, iface), T(nf_elem, comment)),
	KIND(services, GROUP_SERVICES, service, 5, T(service, ns), T(service, name),
	    T(service, type), T(service, lb.check_path), T(service, lb.hostname)),
	KIND(svc_ports, GROUP_SERVICES, svc_port, 2, T(svc_port, name),
	    T(svc_port, target)),
	KIND(endpoints, GROUP_SERVICES, endpoint, 6, T(endpoint, ns),
	    T(endpoint, service_name), T(endpoint, port_name), T(endpoint, node),
	    T(endpoint, zone), T(endpoint, pod)),
};
#define N_KINDS	(sizeof(kinds) / sizeof(kinds[0]))

static const char *
own_text(struct state *s, const char *text)
{
	return text != NULL ? state_text(s, text, strlen(text)) : NULL;
}

static void *
own_bytes(struct state *s, const void *from, size_t size)
{
	void *p = state_alloc(s, size);

	return p != NULL ? memcpy(p, from, size) : NULL;
}

static void
own_texts(struct state *s, const struct kind *k, char *record)
{
	for (unsigned i = 0; i < k->n_texts; i++) {
		const char *text;

		memcpy(&text, record + k->texts[i], sizeof(text));
		text = own_text(s, text);
		memcpy(record + k->texts[i], &text, sizeof(text));
	}
}

/* The records of one list behind those that are there. */
static bool
copy_list(struct state *to, const struct state *from, const struct kind *k)
{
	struct raw_list in, out;
	char *at;

	memcpy(&in, (const char *)from + k->list, sizeof(in));
	memcpy(&out, (char *)to + k->list, sizeof(out));
	if (in.n == 0)
		return true;
	at = realloc(out.v, ((size_t)out.n + in.n) * k->size);
	if (at == NULL) {
		to->no_memory = true;
		return false;
	}
	memcpy(at + (size_t)out.n * k->size, in.v, (size_t)in.n * k->size);
	for (uint32_t i = 0; i < in.n; i++)
		own_texts(to, k, at + ((size_t)out.n + i) * k->size);
	out = (struct raw_list){ at, out.n + in.n, out.n + in.n };
	memcpy((char *)to + k->list, &out, sizeof(out));
	return true;
}

/* ---- what records hold beside texts */

static void
own_target(struct state *s, struct nf_target *t)
{
	switch (t->kind) {
	case NF_T_SNAT:
	case NF_T_DNAT:
	case NF_T_MASQUERADE:
	case NF_T_REDIRECT:
		if (t->nat != NULL)
			t->nat = own_bytes(s, t->nat, sizeof(*t->nat));
		break;
	case NF_T_UNKNOWN:
		t->name = own_text(s, t->name);
		break;
	default:
		break;
	}
}

static void
own_match(struct state *s, struct nf_match *m)
{
	switch (m->kind) {
	case NF_M_SRANGE:
	case NF_M_DRANGE:
		m->range = own_bytes(s, m->range, 2 * sizeof(*m->range));
		break;
	case NF_M_SPORT:
	case NF_M_DPORT:
	case NF_M_PORT:
		m->ports = own_bytes(s, m->ports, m->n_ports * sizeof(*m->ports));
		break;
	case NF_M_IIF:
	case NF_M_OIF:
	case NF_M_UNKNOWN:
		m->name = own_text(s, m->name);
		break;
	default:
		break;
	}
}

static void
own_netfilter(struct state *s)
{
	for (uint32_t i = 0; i < s->nf_rules.n; i++)
		own_target(s, &s->nf_rules.v[i].target);
	for (uint32_t i = 0; i < s->nf_elems.n; i++)
		own_target(s, &s->nf_elems.v[i].verdict);
	for (uint32_t i = 0; i < s->nf_matches.n; i++)
		own_match(s, &s->nf_matches.v[i]);
	for (uint32_t i = 0; i < s->nf_chains.n; i++) {
		struct nf_chain *c = &s->nf_chains.v[i];

		c->first = c->n = 0;	/* state_ready() counts anew */
		if (!map_add(&s->own->by_chain, hash_chain(c->table, c->name), i))
			s->no_memory = true;
	}
}

static void
own_services(struct state *s)
{
	for (uint32_t i = 0; i < s->services.n; i++) {
		struct service *v = &s->services.v[i];

		if (v->n_addrs > 0)
			v->addrs = own_bytes(s, v->addrs, v->n_addrs *
			    sizeof(*v->addrs));
		if (v->addrs == NULL)
			v->n_addrs = v->n_cluster = 0;
	}
}

static void
own_prefixes(struct state *s, const struct prefix *v, uint32_t n, struct prefix **out,
    uint32_t *n_out, uint32_t *room)
{
	*out = n > 0 ? malloc(n * sizeof(*v)) : NULL;
	*n_out = *room = *out != NULL ? n : 0;
	if (*out != NULL)
		memcpy(*out, v, n * sizeof(*v));
	else if (n > 0)
		s->no_memory = true;
}

void
state_copy_settings(struct state *to, const struct state *from)
{
	const struct cni_settings *f = &from->cni;
	struct cni_settings *c = &to->cni;

	free(c->excluded.v);
	free(c->external_services.v);
	*c = *f;
	c->veth_prefix = own_text(to, f->veth_prefix);
	own_prefixes(to, f->excluded.v, f->excluded.n, &c->excluded.v, &c->excluded.n,
	    &c->excluded.room);
	own_prefixes(to, f->external_services.v, f->external_services.n,
	    &c->external_services.v, &c->external_services.n,
	    &c->external_services.room);
}

/* ---- */

bool
state_copy(struct state *to, const struct state *from, unsigned groups)
{
	bool ok = true;

	for (size_t i = 0; i < N_KINDS; i++)
		if (kinds[i].group & groups)
			ok &= copy_list(to, from, &kinds[i]);
	if (groups & GROUP_NET)
		state_copy_settings(to, from);
	if (groups & GROUP_NF)
		own_netfilter(to);
	if (groups & GROUP_SERVICES)
		own_services(to);
	return ok && !to->no_memory;
}

void
state_borrow(struct state *s, const struct state *from, unsigned group)
{
	if (group == GROUP_NF)
		s->own->nf_of = from;
	else
		s->own->services_of = from;
	for (size_t i = 0; i < N_KINDS; i++)
		if (kinds[i].group == group)
			memcpy((char *)s + kinds[i].list,
			    (const char *)from + kinds[i].list,
			    sizeof(struct raw_list));
}

void
state_return(struct state *s, unsigned group)
{
	if (group == GROUP_NF)
		s->own->nf_of = NULL;
	else
		s->own->services_of = NULL;
	for (size_t i = 0; i < N_KINDS; i++)
		if (kinds[i].group == group)
			memset((char *)s + kinds[i].list, 0, sizeof(struct raw_list));
}

struct state *
state_derive(const struct state *of, const struct state *nf,
    const struct state *services)
{
	struct state *s = state_new();

	if (s == NULL)
		return NULL;
	if (!state_copy(s, of, GROUP_NET)) {
		state_free(s);
		return NULL;
	}
	state_borrow(s, nf, GROUP_NF);
	state_borrow(s, services, GROUP_SERVICES);
	s->hostname = own_text(s, of->hostname);
	s->flags = of->flags;
	s->parts = of->parts;
	s->taken = of->taken;
	s->ct_insert_failed = of->ct_insert_failed;
	s->ct_drop = of->ct_drop;
	s->ct_early_drop = of->ct_early_drop;
	return s;
}

static const struct kind *
kind_of(const struct state *s, const void *list)
{
	size_t at = (size_t)((const char *)list - (const char *)s);

	for (size_t i = 0; i < N_KINDS; i++)
		if (kinds[i].list == at)
			return &kinds[i];
	return NULL;
}

bool
state_put(struct state *s, void *list, const void *record, uint32_t at)
{
	const struct kind *k = kind_of(s, list);
	struct raw_list raw;
	char *p;

	memcpy(&raw, list, sizeof(raw));
	if (at >= raw.n) {
		p = state_grow(s, &raw.v, &raw.n, &raw.room, k->size);
		if (p == NULL)
			return false;
		memcpy(list, &raw, sizeof(raw));
	} else {
		p = (char *)raw.v + (size_t)at * k->size;
	}
	memcpy(p, record, k->size);
	own_texts(s, k, p);
	return true;
}

size_t
state_bytes(const struct state *s)
{
	size_t n = s->own->bytes + sizeof(*s) + sizeof(*s->own);

	for (size_t i = 0; i < N_KINDS; i++) {
		struct raw_list raw;

		if ((kinds[i].group == GROUP_NF && s->own->nf_of != NULL) ||
		    (kinds[i].group == GROUP_SERVICES && s->own->services_of != NULL))
			continue;
		memcpy(&raw, (const char *)s + kinds[i].list, sizeof(raw));
		n += (size_t)raw.room * kinds[i].size;
	}
	return n;
}
