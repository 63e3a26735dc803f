/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kubectl.c - services, endpoints and nodes, each once. */
#include "capture/state/documents/kubectl.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

/* ---- numbers by hash */

/* FNV-1a; parts are set apart, so that "a","bc" is not "ab","c". */
static uint64_t
hash_more(uint64_t h, const void *p, size_t n)
{
	const unsigned char *b = p;

	while (n-- > 0)
		h = (h ^ *b++) * 0x100000001b3u;
	return (h ^ 0x100) * 0x100000001b3u;
}

static uint32_t
hash_names(const char *ns, const char *name)
{
	uint64_t h = hash_more(0xcbf29ce484222325u, ns, strlen(ns));

	h = hash_more(h, name, strlen(name));
	return (uint32_t)(h ^ h >> 32);
}

static uint32_t
hash_endpoint(const struct endpoint *e)
{
	uint64_t h = hash_names(e->ns, e->service_name);

	h = hash_more(h, e->addr.b, sizeof(e->addr.b));
	h = hash_more(h, &e->port, sizeof(e->port));
	h = hash_more(h, &e->proto, sizeof(e->proto));
	return (uint32_t)(h ^ h >> 32);
}

static void
seen_put(struct seen *t, uint64_t slot)
{
	uint32_t at = (uint32_t)(slot >> 32) & (t->room - 1);

	while (t->slot[at] != 0)
		at = (at + 1) & (t->room - 1);
	t->slot[at] = slot;
}

static bool
seen_add(struct seen *t, uint32_t hash, uint32_t number)
{
	uint32_t room = t->room ? t->room * 2 : 256;

	if (t->n >= t->room / 2) {
		struct seen old = *t;

		t->slot = calloc(room, sizeof(*t->slot));
		if (t->slot == NULL) {
			t->slot = old.slot;
			return false;
		}
		t->room = room;
		for (uint32_t i = 0; i < old.room; i++)
			if (old.slot[i] != 0)
				seen_put(t, old.slot[i]);
		free(old.slot);
	}
	seen_put(t, (uint64_t)hash << 32 | ((uint64_t)number + 1));
	t->n++;
	return true;
}

/* The next number under a hash; *at begins as the hash.  False: no more. */
static bool
seen_next(const struct seen *t, uint32_t hash, uint32_t *at, uint32_t *number)
{
	if (t->room == 0)
		return false;
	for (;;) {
		uint64_t slot = t->slot[*at & (t->room - 1)];

		(*at)++;
		if (slot == 0)
			return false;
		if ((uint32_t)(slot >> 32) == hash) {
			*number = (uint32_t)slot - 1;
			return true;
		}
	}
}

/* ---- records */

static bool
find_service(const struct kubectl *k, const char *ns, const char *name,
    uint32_t *out)
{
	uint32_t h = hash_names(ns, name), at = h;

	while (seen_next(&k->services, h, &at, out)) {
		const struct service *v = &k->state->services.v[*out];

		if (strcmp(v->ns, ns) == 0 && strcmp(v->name, name) == 0)
			return true;
	}
	return false;
}

struct service *
kubectl_service(struct kubectl *k, const char *ns, const char *name, bool *fresh)
{
	struct state *s = k->state;
	struct service *v;
	uint32_t i;

	*fresh = false;
	if (find_service(k, ns, name, &i))
		return &s->services.v[i];
	i = s->services.n;
	v = state_push(s, services);
	if (v == NULL)
		return NULL;
	v->ns = state_text(s, ns, strlen(ns));
	v->name = state_text(s, name, strlen(name));
	v->lb.target_ip = v->lb.preserve = v->lb.proxy = -1;
	*fresh = true;
	if (!seen_add(&k->services, hash_names(ns, name), i))
		s->no_memory = true;
	return v;
}

struct node *
kubectl_node(struct kubectl *k, const char *name)
{
	struct state *s = k->state;
	uint32_t h = hash_names("", name), at = h, i;
	struct node *n;

	while (seen_next(&k->nodes, h, &at, &i))
		if (strcmp(s->nodes.v[i].name, name) == 0)
			return &s->nodes.v[i];
	i = s->nodes.n;
	n = state_push(s, nodes);
	if (n == NULL)
		return NULL;
	n->name = state_text(s, name, strlen(name));
	if (!seen_add(&k->nodes, h, i))
		s->no_memory = true;
	return n;
}

static bool
same_service(const struct endpoint *a, const struct endpoint *b)
{
	return strcmp(a->ns, b->ns) == 0 &&
	    strcmp(a->service_name, b->service_name) == 0;
}

static bool
is_sliced(const struct kubectl *k, const struct endpoint *e)
{
	uint32_t h = hash_names(e->ns, e->service_name), at = h, i;

	while (seen_next(&k->sliced, h, &at, &i))
		if (same_service(&k->state->endpoints.v[i], e))
			return true;
	return false;
}

static bool
is_there(const struct kubectl *k, const struct endpoint *e, uint32_t h)
{
	uint32_t at = h, i;

	while (seen_next(&k->endpoints, h, &at, &i)) {
		const struct endpoint *x = &k->state->endpoints.v[i];

		if (same_service(x, e) && addr_eq(&x->addr, &e->addr) &&
		    x->port == e->port && x->proto == e->proto)
			return true;
	}
	return false;
}

struct endpoint *
kubectl_endpoint(struct kubectl *k, const struct endpoint *new, bool from_slice)
{
	uint32_t h = hash_endpoint(new), at = k->state->endpoints.n, service;
	struct endpoint *e;

	if (is_there(k, new, h) || (!from_slice && is_sliced(k, new)))
		return NULL;
	e = state_push(k->state, endpoints);
	if (e == NULL)
		return NULL;
	*e = *new;
	e->service = find_service(k, e->ns, e->service_name, &service) ? service :
	    STATE_NONE;
	if (!seen_add(&k->endpoints, h, at) || (from_slice && !is_sliced(k, e) &&
	    !seen_add(&k->sliced, hash_names(e->ns, e->service_name), at)))
		k->state->no_memory = true;
	return e;
}

/* ---- pods of the host's network */

static uint32_t
hash_one(const struct addr *a)
{
	uint64_t h = hash_more(0xcbf29ce484222325u, a->b, sizeof(a->b));

	return (uint32_t)(h ^ h >> 32);
}

static bool
has_ended(const struct pod *p)
{
	return p->phase != NULL && (strcmp(p->phase, "Succeeded") == 0 ||
	    strcmp(p->phase, "Failed") == 0);
}

/* Another pod that runs has its address: theirs is the host's. */
static void
mark_sharers(struct state *s, const struct seen *by_addr, struct pod *p)
{
	uint32_t h = hash_one(&p->addrs[0]), at = h, i;

	while (seen_next(by_addr, h, &at, &i))
		if (addr_eq(&s->pods.v[i].addrs[0], &p->addrs[0]))
			p->host_network = s->pods.v[i].host_network = true;
}

void
kubectl_guess_host(struct kubectl *k)
{
	struct seen by_addr = { 0 }, by_node = { 0 };
	struct state *s = k->state;
	bool ok = true;

	for (uint32_t i = 0; ok && i < s->nodes.n; i++)
		if (s->nodes.v[i].n_addrs > 0)
			ok = seen_add(&by_node, hash_one(&s->nodes.v[i].addrs[0]), i);
	for (uint32_t i = 0; ok && i < s->pods.n; i++) {
		struct pod *p = &s->pods.v[i];
		uint32_t h, at, n;

		if (!(p->sources & POD_KUBECTL) || p->n_addrs == 0 || has_ended(p))
			continue;
		h = at = hash_one(&p->addrs[0]);
		while (seen_next(&by_node, h, &at, &n))
			p->host_network |= addr_eq(&s->nodes.v[n].addrs[0],
			    &p->addrs[0]);
		mark_sharers(s, &by_addr, p);
		/* the first of those that share stands for all */
		if (!p->host_network)
			ok = seen_add(&by_addr, h, i);
	}
	if (!ok)
		s->no_memory = true;
	free(by_addr.slot);
	free(by_node.slot);
}

uint8_t
kubectl_proto(const char *text)
{
	return strcmp(text, "TCP") == 0 ? IPPROTO_TCP :
	    strcmp(text, "UDP") == 0 ? IPPROTO_UDP :
	    strcmp(text, "SCTP") == 0 ? IPPROTO_SCTP : 0;
}

void
kubectl_init(struct kubectl *k, struct reader *r)
{
	struct state *s = r->state;
	bool ok = true;

	*k = (struct kubectl){ .reader = r, .state = s };
	for (uint32_t i = 0; ok && i < s->services.n; i++)
		ok = seen_add(&k->services, hash_names(s->services.v[i].ns,
		    s->services.v[i].name), i);
	for (uint32_t i = 0; ok && i < s->nodes.n; i++)
		ok = seen_add(&k->nodes, hash_names("", s->nodes.v[i].name), i);
	for (uint32_t i = 0; ok && i < s->endpoints.n; i++) {
		const struct endpoint *e = &s->endpoints.v[i];

		if (e->ns == NULL || e->service_name == NULL)
			continue;
		ok = seen_add(&k->endpoints, hash_endpoint(e), i);
		if (ok && !is_sliced(k, e))
			ok = seen_add(&k->sliced, hash_names(e->ns,
			    e->service_name), i);
	}
	if (!ok)
		s->no_memory = true;
}

void
kubectl_fini(struct kubectl *k)
{
	free(k->services.slot);
	free(k->nodes.slot);
	free(k->endpoints.slot);
	free(k->sliced.slot);
}
