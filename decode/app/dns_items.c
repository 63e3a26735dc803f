/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dns_items.c - the questions that the DNS log keeps, and the flows they are of. */
#include "decode/app/dns_int.h"

#include <stddef.h>

#define IN_FLOW		offsetof(struct dns_item, in_flow)
#define MATCH		offsetof(struct dns_item, match)
#define ASKED_BY	offsetof(struct dns_item, asked_by)
#define AGE		offsetof(struct dns_item, age)

/* ---- flows */

static uint32_t *
flow_bucket(struct dns_log *g, uint64_t id)
{
	return &g->by_flow[fp_mix(id, 1) % DNS_BUCKETS];
}

uint32_t
dns_flow_find(const struct dns_log *g, uint64_t id)
{
	uint32_t f = g->by_flow[fp_mix(id, 1) % DNS_BUCKETS];

	while (f != 0 && dns_flow_at(g, f)->id != id)
		f = dns_flow_at(g, f)->hash.next;
	return f;
}

/* There are never more flows than questions: forgetting those makes room. */
uint32_t
dns_flow_make(struct dns_log *g, const struct dns_at *at)
{
	struct dns_asker *a;
	uint32_t f;

	while (pool_full(&g->flows))
		dns_item_drop(g, g->items_age.head);
	f = pool_take(&g->flows);
	a = dns_flow_at(g, f);
	a->id = at->flow;
	a->client = at->client;
	dns_chain_push(&g->flows, offsetof(struct dns_asker, hash),
	    flow_bucket(g, a->id), f);
	return f;
}

static void
flow_free(struct dns_log *g, uint32_t f)
{
	dns_chain_remove(&g->flows, offsetof(struct dns_asker, hash),
	    flow_bucket(g, dns_flow_at(g, f)->id), f);
	pool_give(&g->flows, f);
}

void
dns_flow_rename(struct dns_log *g, uint32_t f, uint64_t id)
{
	struct dns_asker *a = dns_flow_at(g, f);
	size_t off = offsetof(struct dns_asker, hash);

	dns_chain_remove(&g->flows, off, flow_bucket(g, a->id), f);
	a->id = id;
	dns_chain_push(&g->flows, off, flow_bucket(g, id), f);
}

/* The last question that goes takes the flow along. */
void
dns_flow_drop(struct dns_log *g, uint32_t f)
{
	for (uint32_t n = dns_flow_at(g, f)->n; n > 0; n--)
		dns_item_drop(g, dns_flow_at(g, f)->queries.head);
}

/* ---- questions */

void
dns_name_of(const struct dns_message *m, struct dns_name *out)
{
	uint64_t h;

	out->n = dns_name_lower(m->name, out->text);
	h = dns_hash(out->text, out->n, 0);
	out->hash = (uint32_t)(h >> 32);
	h = fp_mix(h, (uint64_t)m->id << 32 | (uint64_t)m->type << 16 | m->class);
	out->key = (uint32_t)(h >> 32);
}

static uint32_t
match_bucket(uint32_t flow, uint32_t key)
{
	return fp_mix(flow, key) % DNS_BUCKETS;
}

static uint32_t
asker_bucket(const struct addr *client, uint32_t name_hash)
{
	return dns_hash(client->b, sizeof(client->b), name_hash) % DNS_BUCKETS;
}

static void
link_flow(struct dns_log *g, uint32_t i, uint32_t f)
{
	struct dns_item *x = dns_item_at(g, i);
	struct dns_asker *a = dns_flow_at(g, f);

	x->flow = f;
	dns_list_append(&g->items, IN_FLOW, &a->queries, i);
	dns_chain_push(&g->items, MATCH, &g->by_match[match_bucket(f, x->key)], i);
	dns_chain_push(&g->items, ASKED_BY,
	    &g->by_asker[asker_bucket(&a->client, x->name_hash)], i);
}

static void
unlink_flow(struct dns_log *g, uint32_t i)
{
	struct dns_item *x = dns_item_at(g, i);
	struct dns_asker *a = dns_flow_at(g, x->flow);

	dns_list_remove(&g->items, IN_FLOW, &a->queries, i);
	dns_chain_remove(&g->items, MATCH,
	    &g->by_match[match_bucket(x->flow, x->key)], i);
	dns_chain_remove(&g->items, ASKED_BY,
	    &g->by_asker[asker_bucket(&a->client, x->name_hash)], i);
}

void
dns_item_drop(struct dns_log *g, uint32_t i)
{
	struct dns_item *x = dns_item_at(g, i);
	struct dns_asker *a = dns_flow_at(g, x->flow);

	unlink_flow(g, i);
	dns_list_remove(&g->items, AGE, &g->items_age, i);
	a->forgotten++;
	if (--a->n == 0)
		flow_free(g, x->flow);
	pool_give(&g->items, i);
}

void
dns_flow_client(struct dns_log *g, uint32_t f, const struct addr *client)
{
	struct dns_asker *a = dns_flow_at(g, f);
	struct addr before = a->client;

	for (uint32_t i = a->queries.head; i != 0; i = dns_item_at(g, i)->in_flow.next) {
		uint32_t hash = dns_item_at(g, i)->name_hash;

		dns_chain_remove(&g->items, ASKED_BY,
		    &g->by_asker[asker_bucket(&before, hash)], i);
		dns_chain_push(&g->items, ASKED_BY,
		    &g->by_asker[asker_bucket(client, hash)], i);
	}
	a->client = *client;
}

/* What was answered well is missed least. */
static void
flow_make_room(struct dns_log *g, uint32_t f)
{
	const struct dns_asker *a = dns_flow_at(g, f);
	uint32_t i = a->queries.head;

	if (a->n < DNS_FLOW_QUERIES)
		return;
	while (i != 0 && dns_item_at(g, i)->outcome != DNS_ANSWERED)
		i = dns_item_at(g, i)->in_flow.next;
	dns_item_drop(g, i != 0 ? i : a->queries.head);
}

uint32_t
dns_item_add(struct dns_log *g, uint32_t f, const struct dns_message *m,
    const struct dns_name *name)
{
	struct dns_item *x;
	uint32_t i;

	flow_make_room(g, f);
	/* counted first: the flow must outlive the oldest of its questions */
	dns_flow_at(g, f)->n++;
	if (pool_full(&g->items))
		dns_item_drop(g, g->items_age.head);
	i = pool_take(&g->items);
	x = dns_item_at(g, i);
	x->id = m->id;
	x->type = m->type;
	x->class = m->class;
	x->name_hash = name->hash;
	x->key = name->key;
	x->name = dns_texts_put(&g->texts, name->text, name->n);
	dns_list_append(&g->items, AGE, &g->items_age, i);
	link_flow(g, i, f);
	return i;
}

void
dns_item_move(struct dns_log *g, uint32_t i, uint32_t f)
{
	uint32_t from = dns_item_at(g, i)->flow;

	unlink_flow(g, i);
	flow_make_room(g, f);
	dns_flow_at(g, f)->n++;
	link_flow(g, i, f);
	if (--dns_flow_at(g, from)->n == 0)
		flow_free(g, from);
}

uint32_t
dns_item_find(const struct dns_log *g, uint32_t f, const struct dns_message *m,
    const struct dns_name *name, bool waiting)
{
	uint32_t i = g->by_match[match_bucket(f, name->key)];

	for (; i != 0; i = dns_item_at(g, i)->match.next) {
		const struct dns_item *x = dns_item_at(g, i);

		if (x->key == name->key && x->flow == f && x->id == m->id &&
		    x->type == m->type && x->class == m->class &&
		    (!waiting || x->outcome == DNS_WAITING) &&
		    dns_text_is(g, x->name, name->text, name->n))
			return i;
	}
	return 0;
}

uint32_t
dns_item_waiting(const struct dns_log *g, uint32_t f, uint16_t id)
{
	uint32_t i = dns_flow_at(g, f)->queries.tail;

	while (i != 0 && (dns_item_at(g, i)->id != id ||
	    dns_item_at(g, i)->outcome != DNS_WAITING))
		i = dns_item_at(g, i)->in_flow.prev;
	return i;
}

/* So many questions for one name, the latest first, are looked at. */
#define ASKED_WALK	64u

bool
dns_item_asked(const struct dns_log *g, const struct addr *client,
    const struct dns_name *name, struct nstime from, struct nstime until)
{
	uint32_t i = g->by_asker[asker_bucket(client, name->hash)];

	for (unsigned steps = 0; i != 0 && steps < ASKED_WALK;
	    i = dns_item_at(g, i)->asked_by.next, steps++) {
		const struct dns_item *x = dns_item_at(g, i);

		if (x->sent > 0 && x->name_hash == name->hash && x->last.ns >= from.ns &&
		    x->asked.ns <= until.ns &&
		    addr_eq(&dns_flow_at(g, x->flow)->client, client) &&
		    dns_text_is(g, x->name, name->text, name->n))
			return true;
	}
	return false;
}

bool
dns_log_asked(const struct dns_log *g, const struct addr *client, const char *name,
    struct nstime from, struct nstime until, unsigned *outcome)
{
	char text[DNS_NAME_MAX];
	size_t n = dns_name_lower(name, text);
	uint32_t hash = (uint32_t)(dns_hash(text, n, 0) >> 32), steps = 0, i;
	bool asked = false;

	for (i = g->by_asker[asker_bucket(client, hash)]; i != 0 && steps < ASKED_WALK;
	    i = dns_item_at(g, i)->asked_by.next, steps++) {
		const struct dns_item *x = dns_item_at(g, i);
		struct nstime at = x->asked.ns != 0 ? x->asked : x->answered;

		if (x->name_hash != hash || at.ns < from.ns || at.ns > until.ns ||
		    !addr_eq(&dns_flow_at(g, x->flow)->client, client) ||
		    !dns_text_is(g, x->name, text, n))
			continue;
		if (!asked || x->outcome == DNS_ANSWERED)
			*outcome = x->outcome;
		asked = true;
	}
	return asked;
}
