/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * state.c - the container of node state: lists that grow, texts that are kept
 * once, and records that several dumps tell of.
 */
#include <stdlib.h>

#include "decode/state/state_int.h"

#define BLOCK_SIZE	(256u << 10)
#define LIST_MAX	(1u << 28)	/* records; a bound for hostile dumps */

struct state *
state_new(void)
{
	struct state *s = calloc(1, sizeof(*s));

	if (s == NULL || (s->own = calloc(1, sizeof(*s->own))) == NULL) {
		free(s);
		return NULL;
	}
	s->cni.external_snat = s->cni.node_port_support = -1;
	s->cni.randomize_snat = s->cni.connmark_nft = -1;
	s->cni.pod_eni_strict = s->cni.prefix_delegation = -1;
	s->cni.custom_networking = -1;
	s->ct_insert_failed = s->ct_drop = s->ct_early_drop = -1;
	return s;
}

static void
own_free(struct state_own *o)
{
	struct block *b, *next;

	for (b = o->blocks; b != NULL; b = next) {
		next = b->next;
		free(b);
	}
	free(o->texts);
	for (struct map *m = &o->by_text; m <= &o->by_node_addr; m++)
		map_free(m);
	free(o);
}

void
state_free(struct state *s)
{
	if (s == NULL)
		return;
	free(s->links.v);
	free(s->addrs.v);
	free(s->neighs.v);
	free(s->rules.v);
	free(s->routes.v);
	if (s->own->nf_of == NULL) {
		free(s->nf_tables.v);
		free(s->nf_chains.v);
		free(s->nf_rules.v);
		free(s->nf_matches.v);
		free(s->nf_sets.v);
		free(s->nf_elems.v);
	}
	free(s->conntrack.v);
	free(s->pods.v);
	free(s->enis.v);
	free(s->eni_addrs.v);
	if (s->own->services_of == NULL) {
		free(s->services.v);
		free(s->svc_ports.v);
		free(s->endpoints.v);
	}
	free(s->nodes.v);
	free(s->socks.v);
	free(s->sysctls.v);
	free(s->cni.excluded.v);
	free(s->cni.external_services.v);
	own_free(s->own);
	free(s);
}

void *
state_grow(struct state *s, void **v, uint32_t *n, uint32_t *room, size_t size)
{
	uint32_t want = *room ? *room + *room / 2 + 1 : 16;
	void *p;

	if (*n == *room) {
		p = want < LIST_MAX ? realloc(*v, want * size) : NULL;
		if (p == NULL) {
			s->no_memory = true;
			return NULL;
		}
		*v = p;
		*room = want;
	}
	p = (char *)*v + (size_t)*n * size;
	memset(p, 0, size);
	(*n)++;
	return p;
}

void *
state_alloc(struct state *s, size_t size)
{
	struct block *b = s->own->blocks;
	size_t room;
	void *p;

	size = (size + 7) & ~(size_t)7;
	if (b == NULL || b->size - b->used < size) {
		room = size > BLOCK_SIZE / 4 ? size : BLOCK_SIZE;
		b = calloc(1, sizeof(*b) + room);
		if (b == NULL) {
			s->no_memory = true;
			return NULL;
		}
		s->own->bytes += room;
		b->size = room;
		/* A block for one large thing does not push out the current one. */
		if (room != BLOCK_SIZE && s->own->blocks != NULL) {
			b->next = s->own->blocks->next;
			s->own->blocks->next = b;
		} else {
			b->next = s->own->blocks;
			s->own->blocks = b;
		}
	}
	p = b->bytes + b->used;
	b->used += size;
	return p;
}

static const char *
keep_text(struct state *s, const char *text, size_t len, uint32_t h)
{
	struct state_own *o = s->own;
	char *p = state_alloc(s, len + 1);
	const char **v;

	if (p == NULL)
		return "";
	memcpy(p, text, len);
	if (o->n_texts == o->room_texts) {
		uint32_t room = o->room_texts ? o->room_texts * 2 : 64;

		v = realloc(o->texts, room * sizeof(*v));
		if (v == NULL)
			return p;	/* kept, but not found again */
		o->texts = v;
		o->room_texts = room;
	}
	if (map_add(&o->by_text, h, o->n_texts))
		o->texts[o->n_texts++] = p;
	return p;
}

#define INTERN_MAX	64	/* longer texts are hardly ever said twice */

const char *
state_text(struct state *s, const char *text, size_t len)
{
	uint32_t h, i;
	char *p;

	if (len == 0)
		return "";
	if (len > INTERN_MAX || memchr(text, '\0', len) != NULL) {
		p = state_alloc(s, len + 1);
		return p ? memcpy(p, text, len) : "";
	}
	h = hash_bytes(text, len, 0);
	map_each(&s->own->by_text, h, i) {
		const char *t = s->own->texts[i];

		if (strncmp(t, text, len) == 0 && t[len] == '\0')
			return t;
	}
	return keep_text(s, text, len, h);
}

/* ---- chains */

uint32_t
state_find_chain(const struct state *s, uint32_t table, const char *name)
{
	uint32_t i;

	map_each(&nf_own(s)->by_chain, hash_chain(table, name), i) {
		const struct nf_chain *c = &s->nf_chains.v[i];

		if (c->table == table && strcmp(c->name, name) == 0)
			return i;
	}
	return STATE_NONE;
}

uint32_t
state_chain(struct state *s, uint32_t table, const char *name)
{
	uint32_t i = state_find_chain(s, table, name);
	struct nf_chain *c;

	if (i != STATE_NONE)
		return i;
	i = s->nf_chains.n;
	c = state_push(s, nf_chains);
	if (c == NULL)
		return STATE_NONE;
	if (!map_add(&s->own->by_chain, hash_chain(table, name), i)) {
		s->no_memory = true;
		s->nf_chains.n--;
		return STATE_NONE;
	}
	c->table = table;
	c->name = state_text(s, name, strlen(name));
	c->hook = NF_NO_HOOK;
	return i;
}

/* ---- pods */

void
pod_add_addr(struct pod *p, const struct addr *a)
{
	for (unsigned i = 0; i < p->n_addrs; i++)
		if (addr_eq(&p->addrs[i], a))
			return;
	if (p->n_addrs < POD_MAX_ADDRS)
		p->addrs[p->n_addrs++] = *a;
}

static uint32_t
hash_pod(const char *ns, const char *name)
{
	return hash_bytes(name, strlen(name), hash_bytes(ns, strlen(ns), 7));
}

static struct pod *
find_pod(const struct state *s, const char *ns, const char *name)
{
	uint32_t i;

	map_each(&s->own->by_pod, hash_pod(ns, name), i) {
		struct pod *p = &s->pods.v[i];

		if (p->name != NULL && strcmp(p->ns, ns) == 0 &&
		    strcmp(p->name, name) == 0)
			return p;
	}
	return NULL;
}

/* A pod that is known by this address alone. */
static struct pod *
find_nameless(const struct state *s, const struct addr *a)
{
	uint32_t i;

	map_each(&s->own->by_pod_addr, hash_addr(a, 0), i) {
		struct pod *p = &s->pods.v[i];

		if (p->name == NULL && p->n_addrs > 0 && addr_eq(&p->addrs[0], a))
			return p;
	}
	return NULL;
}

struct pod *
state_pod(struct state *s, const char *ns, const char *name, const struct addr *a)
{
	struct pod *p = NULL;
	uint32_t at = s->pods.n;
	bool ok;

	if (ns != NULL && name != NULL)
		p = find_pod(s, ns, name);
	else if (a != NULL)
		p = find_nameless(s, a);
	if (p == NULL) {
		p = state_push(s, pods);
		if (p == NULL)
			return NULL;
		if (ns != NULL && name != NULL) {
			p->ns = state_text(s, ns, strlen(ns));
			p->name = state_text(s, name, strlen(name));
			ok = map_add(&s->own->by_pod, hash_pod(ns, name), at);
		} else {
			ok = a == NULL ||
			    map_add(&s->own->by_pod_addr, hash_addr(a, 0), at);
		}
		if (!ok) {
			s->no_memory = true;
			s->pods.n--;
			return NULL;
		}
	}
	if (a != NULL)
		pod_add_addr(p, a);
	return p;
}
