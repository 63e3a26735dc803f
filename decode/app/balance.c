/* SPDX-License-Identifier: GPL-2.0-or-later */
/* balance.c - connections of a load balancer in, what each target got out. */
#include "decode/app/balance.h"

#include <stdlib.h>

#include "decode/app/balance_int.h"
#include "decode/app/proxy.h"
#include "decode/fingerprint.h"

#define NONE	UINT32_MAX

struct balance *
balance_new(void)
{
	return calloc(1, sizeof(struct balance));
}

void
balance_free(struct balance *b)
{
	if (b == NULL)
		return;
	free(b->targets);
	free(b->sources);
	free(b->slots);
	free(b->moments);
	free(b);
}

static bool
make_room(void **v, uint32_t n, uint32_t *room, size_t size)
{
	uint32_t want = *room != 0 ? 2 * *room : 32;
	void *p;

	if (n < *room)
		return true;
	p = reallocarray(*v, want, size);
	if (p == NULL)
		return false;
	*v = p;
	*room = want;
	return true;
}

/* ---- targets: few, so they are looked up one by one, the last one first */

static bool
is_target(const struct balance_target *t, const struct balance_conn *c)
{
	return t->group == c->group && t->port == c->port && t->proto == c->proto &&
	    addr_eq(&t->addr, &c->addr);
}

static uint32_t
find_target(struct balance *b, const struct balance_conn *c)
{
	if (b->last < b->n_targets && is_target(&b->targets[b->last], c))
		return b->last;
	for (uint32_t i = 0; i < b->n_targets; i++)
		if (is_target(&b->targets[i], c))
			return b->last = i;
	if (b->n_targets == BALANCE_TARGETS) {
		b->more = true;
		return NONE;
	}
	if (!make_room((void **)&b->targets, b->n_targets, &b->room_targets,
	    sizeof(*b->targets)))
		return NONE;
	b->targets[b->n_targets] = (struct balance_target){ .group = c->group,
	    .addr = c->addr, .port = c->port, .proto = c->proto };
	return b->last = b->n_targets++;
}

/* ---- addresses */

#define SLOTS	(2 * BALANCE_SOURCES)

static uint32_t
slot_of(const struct balance *b, uint32_t target, const struct addr *a, bool named)
{
	uint64_t w[2];
	uint32_t at;

	memcpy(w, a->b, sizeof(w));
	at = (uint32_t)fp_mix(w[0] ^ target, w[1] ^ named) % SLOTS;
	while (b->slots[at] != 0) {
		const struct balance_source *s = &b->sources[b->slots[at] - 1];

		if (s->target == target && s->named == named && addr_eq(&s->addr, a))
			break;
		at = (at + 1) % SLOTS;
	}
	return at;
}

/* NULL also when it is one too many, or there is no memory. */
struct balance_source *
balance_source(struct balance *b, uint32_t target, const struct addr *a, bool named,
    bool make)
{
	uint32_t at;

	if (b->slots == NULL)
		b->slots = calloc(SLOTS, sizeof(*b->slots));
	if (b->slots == NULL)
		return NULL;
	at = slot_of(b, target, a, named);
	if (b->slots[at] != 0)
		return &b->sources[b->slots[at] - 1];
	if (!make)
		return NULL;
	if (b->n_sources == BALANCE_SOURCES) {
		b->more = true;
		return NULL;
	}
	if (!make_room((void **)&b->sources, b->n_sources, &b->room_sources,
	    sizeof(*b->sources)))
		return NULL;
	b->sources[b->n_sources] = (struct balance_source){ .addr = *a,
	    .target = target, .named = named, .inside = -1 };
	b->slots[at] = ++b->n_sources;
	return &b->sources[b->n_sources - 1];
}

static struct balance_source *
find_source(struct balance *b, uint32_t target, const struct addr *a, bool named)
{
	return balance_source(b, target, a, named, true);
}

/* ---- one connection */

static bool
names_somebody(const struct proxy_header *p)
{
	return p != NULL && p->why == NULL && p->has & PROXY_HAS_ADDRS;
}

static bool
add_moment(struct balance *b, uint32_t target, const struct balance_source *s,
    const struct balance_conn *c)
{
	if (b->n_moments == BALANCE_MOMENTS) {
		b->more = true;
		return true;
	}
	if (!make_room((void **)&b->moments, b->n_moments, &b->room_moments,
	    sizeof(*b->moments)))
		return false;
	b->moments[b->n_moments++] = (struct moment){ .ns = c->first.ns,
	    .target = target, .check = c->check, .spread = c->spread,
	    .self = names_somebody(c->proxy) && addr_eq(&c->proxy->src, &c->src) ?
	    (c->proxy->version == 1 ? 1 : 2) : 0,
	    .source = s != NULL ? (uint32_t)(s - b->sources) : NONE };
	return true;
}

/* Who the client is, where more than the source address tells; else N_CLIENTS. */
static enum balance_client
client_told(struct balance *b, uint32_t target, const struct balance_conn *c)
{
	struct balance_target *t = &b->targets[target];
	const struct proxy_header *p = c->proxy;
	struct balance_source *s;

	if (p == NULL) {
		t->without += c->begun && c->asked;
		return c->node_hides ? CLIENT_HIDDEN_HERE : N_CLIENTS;
	}
	if (p->why != NULL) {
		t->malformed++;
		return CLIENT_UNKNOWN;
	}
	t->proxy[p->version == 1 ? 1 : 2]++;
	if (!names_somebody(p))
		return CLIENT_UNKNOWN;
	s = find_source(b, target, &p->src, true);
	if (s != NULL)
		s->conns++;
	if (!addr_eq(&p->src, &c->src))
		find_source(b, BALANCE_ANY, &c->src, false);
	return CLIENT_PROXY;
}

static void
count(struct balance_target *t, const struct balance_conn *c)
{
	t->results[c->result]++;
	t->reused += c->reused;
	t->hairpins += c->hairpin;
	t->checks += c->check;
	t->conns += !c->check;
	if (!c->check && c->last.ns > t->last_packet.ns)
		t->last_packet = c->last;
}

bool
balance_add(struct balance *b, const struct balance_conn *c)
{
	uint32_t target = find_target(b, c);
	enum balance_client client;
	struct balance_source *s;

	if (target == NONE)
		return b->more;
	count(&b->targets[target], c);
	s = find_source(b, target, &c->src, false);
	if (s != NULL) {
		s->balancer |= c->balancer || c->check;
		s->inside = c->inside;
		s->checks += c->check;
		s->conns += !c->check;
	}
	if (!add_moment(b, target, s, c))
		return false;
	if (c->check)
		return true;
	/* from here on s may be elsewhere */
	client = client_told(b, target, c);
	if (client < N_CLIENTS)
		b->targets[target].clients[client]++;
	else if ((s = find_source(b, target, &c->src, false)) != NULL)
		s->plain++;
	else
		b->targets[target].clients[CLIENT_UNKNOWN]++;
	return true;
}

/* ---- read */

const struct balance_target *
balance_targets(const struct balance *b, uint32_t *n)
{
	*n = b->n_targets;
	return b->targets;
}

const struct balance_source *
balance_sources(const struct balance *b)
{
	return b->sources;
}

bool
balance_more(const struct balance *b)
{
	return b->more;
}

const char *
balance_client_name(unsigned c)
{
	static const char *const names[N_CLIENTS] = {
		[CLIENT_UNKNOWN] = "unknown", [CLIENT_PRESERVED] = "preserved",
		[CLIENT_HIDDEN] = "hidden", [CLIENT_HIDDEN_HERE] = "hidden-by-node",
		[CLIENT_PROXY] = "proxy-protocol",
	};

	return c < N_CLIENTS ? names[c] : NULL;
}
