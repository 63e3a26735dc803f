/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * known.c - what tells the ends of a flow that are no pods: this node's sockets,
 * the API server's endpoints, and the ports of health checks.
 */
#include "decode/state/state_int.h"

static bool
is_api(const struct endpoint *e)
{
	return e->ns != NULL && e->service_name != NULL &&
	    strcmp(e->service_name, "kubernetes") == 0 &&
	    strcmp(e->ns, "default") == 0;
}

/* They may be listed without their service. */
static bool
index_endpoints_of_api(struct state *s)
{
	struct state_own *o = s->own;
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->endpoints.n; i++)
		n += is_api(&s->endpoints.v[i]);
	o->n_api = 0;
	o->api = n > 0 ? state_alloc(s, n * sizeof(uint32_t)) : NULL;
	if (n > 0 && o->api == NULL)
		return false;
	for (uint32_t i = 0; i < s->endpoints.n; i++)
		if (is_api(&s->endpoints.v[i]))
			o->api[o->n_api++] = i;
	return true;
}

bool
index_known(struct state *s)
{
	bool ok = index_endpoints_of_api(s);

	for (uint32_t i = 0; ok && i < s->services.n; i++)
		if (s->services.v[i].health_port != 0)
			ok = map_add(&s->own->by_health_port,
			    s->services.v[i].health_port * 2654435761u, i);
	return ok;
}

bool
state_api_endpoint(const struct state *s, const struct addr *a, uint16_t port)
{
	const struct state_own *o = services_own(s);

	for (uint32_t i = 0; i < o->n_api; i++) {
		const struct endpoint *e = &s->endpoints.v[o->api[i]];

		if (addr_eq(&e->addr, a) && (port == 0 || e->port == port))
			return true;
	}
	return false;
}

const struct service *
state_health_service(const struct state *s, uint16_t port)
{
	uint32_t i;

	map_each(&services_own(s)->by_health_port, port * 2654435761u, i)
		if (s->services.v[i].health_port == port)
			return &s->services.v[i];
	return NULL;
}

/* ---- sockets */

/* Of one without a peer the peer's address is not part of it. */
static uint32_t
hash_sock(uint8_t proto, uint16_t lport, const struct addr *peer, uint16_t pport)
{
	static const struct addr none = { .b = { 0 } };

	return hash_addr(pport != 0 ? peer : &none,
	    (uint64_t)proto << 32 | (uint64_t)lport << 16 | pport);
}

bool
index_socks(struct state *s)
{
	bool ok = true;

	for (uint32_t i = 0; ok && i < s->socks.n; i++) {
		const struct sock *k = &s->socks.v[i];

		ok = map_add(&s->own->by_sock, hash_sock(k->proto, k->lport,
		    &k->peer, k->pport), i);
	}
	return ok;
}

const struct sock *
state_sock(const struct state *s, const struct tuple *t)
{
	const struct sock *found = NULL;
	uint32_t i;

	map_each(&s->own->by_sock, hash_sock(t->proto, t->sport, &t->dst, t->dport),
	    i) {
		const struct sock *k = &s->socks.v[i];

		if (k->proto != t->proto || k->lport != t->sport ||
		    k->pport != t->dport || k->pport == 0 || k->process == NULL ||
		    !addr_eq(&k->local, &t->src) || !addr_eq(&k->peer, &t->dst))
			continue;
		if (found != NULL)
			return NULL;
		found = k;
	}
	return found;
}

/* How well a socket's address fits: one of its own before one of every address,
   and of those one of this family alone.  0: not at all. */
static unsigned
fitness(const struct sock *k, const struct addr *a)
{
	if (!k->any_local)
		return addr_eq(&k->local, a) ? 3 : 0;
	if (addr_is_v4(&k->local))
		return addr_is_v4(a) ? 2 : 0;
	/* `*`, or [::], which older ss also writes for both families */
	return addr_is_v4(a) ? 1 : 2;
}

const struct sock *
state_sock_listening(const struct state *s, const struct addr *a, uint16_t port,
    uint8_t proto)
{
	const struct sock *found = NULL;
	unsigned best = 0, n = 0, fits;
	uint32_t i;

	map_each(&s->own->by_sock, hash_sock(proto, port, NULL, 0), i) {
		const struct sock *k = &s->socks.v[i];

		if (!k->listens || k->proto != proto || k->lport != port ||
		    k->pport != 0)
			continue;
		fits = fitness(k, a);
		if (fits > best) {
			best = fits;
			found = k;
			n = 0;
		}
		n += fits == best && fits > 0;
	}
	return n == 1 && found->process != NULL ? found : NULL;
}
