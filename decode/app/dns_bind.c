/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dns_bind.c - by which name a client knows an address.
 *
 * An address that a client asks for again and again by one name is one run of
 * answers, as long as each came while the one before held; so that what is asked
 * late about an early time is still known.  An answer that came just now stays by
 * itself, since it may turn out to be another client's.
 */
#include "decode/app/dns_int.h"

#include <stddef.h>

#define AGE	offsetof(struct dns_binding, age)
#define ENDS	offsetof(struct dns_binding, ends)
#define TWINS	offsetof(struct dns_binding, twins)

#define RUNS	8u	/* of one address for one client; the oldest go */

static uint32_t
ends_bucket(const struct addr *client, const struct addr *addr)
{
	uint64_t h = dns_hash(client->b, sizeof(client->b), 0);

	return dns_hash(addr->b, sizeof(addr->b), h) % DNS_BUCKETS;
}

static void
drop(struct dns_log *g, uint32_t i)
{
	struct dns_binding *b = dns_binding_at(g, i);

	dns_list_remove(&g->bindings, AGE, &g->bindings_age, i);
	dns_chain_remove(&g->bindings, ENDS,
	    &g->by_ends[ends_bucket(&b->client, &b->addr)], i);
	dns_chain_remove(&g->bindings, TWINS, &g->by_key[b->key % DNS_BUCKETS], i);
	pool_give(&g->bindings, i);
}

/* The runs of a client and an address, the latest first. */
static unsigned
runs_of(const struct dns_log *g, const struct addr *client, const struct addr *addr,
    uint32_t out[static RUNS])
{
	uint32_t i = g->by_ends[ends_bucket(client, addr)];
	unsigned n = 0;

	for (; i != 0 && n < RUNS; i = dns_binding_at(g, i)->ends.next) {
		const struct dns_binding *b = dns_binding_at(g, i);

		if (addr_eq(&b->addr, addr) && addr_eq(&b->client, client))
			out[n++] = i;
	}
	return n;
}

static bool
same_text(const struct dns_log *g, uint64_t x, uint64_t y)
{
	size_t n;
	const void *p;

	if (x == y)
		return true;
	p = dns_texts_get(&g->texts, x, &n);
	return p != NULL && dns_text_is(g, y, p, n);
}

/* The later one takes what the earlier one has, where they are one run. */
static bool
take_over(struct dns_log *g, uint32_t later, uint32_t before)
{
	struct dns_binding *b = dns_binding_at(g, later);
	const struct dns_binding *x = dns_binding_at(g, before);

	if (b->first.ns > x->until.ns || b->first.ns < x->last.ns ||
	    b->ttl != x->ttl || !same_text(g, b->name, x->name))
		return false;
	b->first = x->first;
	if (x->until.ns > b->until.ns)
		b->until = x->until;
	drop(g, before);
	return true;
}

/* Room for one more: what is settled becomes one run, else the oldest goes. */
static void
make_room(struct dns_log *g, const struct addr *client, const struct addr *addr,
    struct nstime now)
{
	uint32_t v[RUNS];
	unsigned n = runs_of(g, client, addr, v);

	for (unsigned k = n; k >= 2; k--) {
		struct nstime last = dns_binding_at(g, v[k - 2])->last;

		if ((nstime_diff_ns(now, last) > DNS_TWIN_NS || n == RUNS) &&
		    take_over(g, v[k - 2], v[k - 1]))
			n--;
	}
	if (n < RUNS)
		return;
	n = runs_of(g, client, addr, v);
	if (n == RUNS)
		drop(g, v[n - 1]);
}

static void
add(struct dns_log *g, const struct dns_binding *from)
{
	struct dns_binding *b;
	uint32_t i;

	make_room(g, &from->client, &from->addr, from->last);
	if (pool_full(&g->bindings))
		drop(g, g->bindings_age.head);
	i = pool_take(&g->bindings);
	b = dns_binding_at(g, i);
	*b = *from;
	dns_list_append(&g->bindings, AGE, &g->bindings_age, i);
	dns_chain_push(&g->bindings, ENDS,
	    &g->by_ends[ends_bucket(&b->client, &b->addr)], i);
	dns_chain_push(&g->bindings, TWINS, &g->by_key[b->key % DNS_BUCKETS], i);
}

/* ---- the same answer for two clients */

#define TWIN_WALK	256u	/* bindings of one bucket; each answer has 32 at most */

static uint32_t
content_of(const struct dns_message *m)
{
	uint64_t h = m->n_answers;

	if (m->cut)
		return 0;
	for (unsigned i = 0; i < m->n_records; i++) {
		const struct dns_record *x = &m->records[i];

		h = fp_mix(h, (uint64_t)x->type << 32 | x->ttl);
		h = x->type == DNS_CNAME ? dns_hash(x->target, strlen(x->target), h) :
		    dns_hash(x->addr.b, sizeof(x->addr.b), h);
	}
	return (uint32_t)h | 1;
}

/* This answer came for others just before: on its way to this client.  False when
   it went on to another client: this one is on the way. */
static bool
withdraw_twins(struct dns_log *g, const struct dns_at *at, uint32_t key,
    uint32_t content)
{
	uint32_t i = g->by_key[key % DNS_BUCKETS], next;
	unsigned steps = 0;
	bool ours = true;

	for (; i != 0 && steps < TWIN_WALK; i = next, steps++) {
		const struct dns_binding *b = dns_binding_at(g, i);

		next = b->twins.next;
		if (nstime_diff_ns(at->ts, b->last) > 2 * DNS_TWIN_NS)
			break;		/* those behind it are older */
		if (b->key != key || addr_eq(&b->client, &at->client) ||
		    !dns_is_near(b->last, at->ts) ||
		    (content != 0 && b->content != 0 && b->content != content))
			continue;
		if (b->last.ns > at->ts.ns)
			ours = false;
		else
			drop(g, i);
	}
	return ours;
}

void
dns_unbind(struct dns_log *g, uint32_t key, const struct addr *client,
    struct nstime answered)
{
	uint32_t i = g->by_key[key % DNS_BUCKETS], next;
	unsigned steps = 0;

	for (; i != 0 && steps < TWIN_WALK; i = next, steps++) {
		const struct dns_binding *b = dns_binding_at(g, i);

		next = b->twins.next;
		if (b->key == key && b->last.ns == answered.ns &&
		    addr_eq(&b->client, client))
			drop(g, i);
	}
}

void
dns_bind(struct dns_log *g, const struct dns_at *at, const struct dns_message *m,
    const struct dns_name *name, const struct dns_result *r)
{
	struct dns_binding b = { .client = at->client, .first = at->ts, .last = at->ts,
	    .key = name->key, .content = content_of(m), .ttl = at->ttl };

	if (!withdraw_twins(g, at, b.key, b.content))
		return;
	b.until = nstime_add_ns(at->ts, r->ttl * NS_PER_SEC + DNS_GRACE_NS);
	b.name = dns_texts_put(&g->texts, name->text, name->n) & DNS_PLACE_MASK;
	for (unsigned i = 0; i < r->n_addrs; i++) {
		b.addr = *r->addrs[i];
		add(g, &b);
	}
}

/* ---- */

const char *
dns_log_name(struct dns_log *g, const struct addr *client, const struct addr *addr,
    struct nstime at, uint8_t ttl)
{
	const struct dns_binding *best = NULL;
	int64_t best_ns = 0;
	uint32_t v[RUNS];
	unsigned n = runs_of(g, client, addr, v);
	size_t len;

	for (unsigned i = 0; i < n; i++) {
		const struct dns_binding *b = dns_binding_at(g, v[i]);
		int64_t ns = b->last.ns <= at.ns ? b->last.ns : b->first.ns;

		if (b->first.ns > at.ns || b->until.ns < at.ns ||
		    (ttl != 0 && b->ttl != 0 && b->ttl != ttl) ||
		    (best != NULL && ns <= best_ns))
			continue;
		best = b;
		best_ns = ns;
	}
	return best != NULL ? dns_texts_get(&g->texts, best->name, &len) : NULL;
}
