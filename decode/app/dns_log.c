/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dns_log.c - what was asked and answered, message by message and flow by flow.
 *
 * What a question or a name is, and how long it is kept, is in dns_items.c and
 * dns_bind.c.
 */
#include "decode/app/dns_int.h"

#define QUERY	0	/* opcode */
/* What comes so soon after a question, and is no answer to it, may be forged. */
#define DNS_FORGED_NS	(10 * NS_PER_SEC)

struct dns_log *
dns_log_new(void)
{
	struct dns_log *g = pool_pages(sizeof(*g));

	if (g == NULL)
		return NULL;
	if (!dns_texts_init(&g->texts) ||
	    !pool_init(&g->flows, sizeof(struct dns_asker), DNS_FLOWS) ||
	    !pool_init(&g->items, sizeof(struct dns_item), DNS_QUERIES) ||
	    !pool_init(&g->bindings, sizeof(struct dns_binding), DNS_BINDINGS)) {
		dns_log_free(g);
		return NULL;
	}
	return g;
}

void
dns_log_free(struct dns_log *g)
{
	if (g == NULL)
		return;
	pool_fini(&g->flows);
	pool_fini(&g->items);
	pool_fini(&g->bindings);
	dns_texts_fini(&g->texts);
	pool_pages_free(g, sizeof(*g));
}

_Static_assert(sizeof(struct dns_log) + DNS_TEXTS_SIZE +
    DNS_TEXTS_SLOTS * sizeof(uint64_t) +
    (DNS_FLOWS + 1) * sizeof(struct dns_asker) +
    (DNS_QUERIES + 1) * sizeof(struct dns_item) +
    (DNS_BINDINGS + 1) * sizeof(struct dns_binding) <= DNS_LOG_BYTES,
    "the log takes more than dns.h says");
_Static_assert(DNS_FLOWS >= DNS_QUERIES, "each flow has a question at least");

/* ---- messages */

static void
take_question(struct dns_log *g, const struct dns_at *at, const struct dns_message *m,
    const struct dns_name *name)
{
	uint32_t f = dns_flow_find(g, at->flow);
	uint32_t i = f != 0 ? dns_item_find(g, f, m, name, true) : 0;
	struct dns_item *x;

	if (i == 0)
		i = dns_item_add(g, f != 0 ? f : dns_flow_make(g, at), m, name);
	x = dns_item_at(g, i);
	dns_flow_at(g, x->flow)->asked = true;
	if (x->sent == 0)
		x->asked = at->ts;
	x->last = at->ts;
	if (x->sent < UINT16_MAX)
		x->sent++;
}

/* The addresses that are kept, how many they are before them; then the last
   CNAME, which the ring ends with a NUL. */
static uint64_t
put_result(struct dns_log *g, const struct dns_result *r)
{
	uint8_t blob[1 + DNS_QUERY_ADDRS * sizeof(struct addr) + DNS_NAME_MAX];
	char cname[DNS_NAME_MAX];
	size_t n = 1, len;

	if (r->n_addrs == 0 && r->cname == NULL)
		return 0;
	blob[0] = (uint8_t)(r->n_addrs < DNS_QUERY_ADDRS ? r->n_addrs : DNS_QUERY_ADDRS);
	for (unsigned i = 0; i < blob[0]; i++, n += sizeof(struct addr))
		memcpy(blob + n, r->addrs[i]->b, sizeof(struct addr));
	len = r->cname != NULL ? dns_name_lower(r->cname, cname) : 0;
	memcpy(blob + n, cname, len);
	return dns_texts_put(&g->texts, blob, n + len);
}

static void
settle(struct dns_log *g, struct dns_item *x, const struct dns_at *at,
    const struct dns_message *m, const struct dns_result *r)
{
	if (x->answers < UINT16_MAX)
		x->answers++;
	if (x->outcome != DNS_WAITING)
		return;
	x->outcome = r->outcome;
	x->answered = at->ts;
	x->rcode = m->rcode;
	x->truncated = m->truncated;
	x->n_addrs = (uint16_t)r->n_addrs;
	x->n_cnames = (uint8_t)r->n_cnames;
	x->ttl = r->ttl;
	x->result = put_result(g, r);
}

/* A server that cannot read a question may leave it out; the capture may have cut
   it. */
static void
take_bare_answer(struct dns_log *g, const struct dns_at *at,
    const struct dns_message *m)
{
	uint32_t f = dns_flow_find(g, at->flow);
	uint32_t i = f != 0 ? dns_item_waiting(g, f, m->id) : 0;
	struct dns_result r;

	if (i == 0)
		return;
	dns_follow(m, &r);
	settle(g, dns_item_at(g, i), at, m, &r);
}

/* Can it be an answer to what the client asked?  i: the question of its flow that
   it is of; 0.  Of a flow that was two the same answer may come twice. */
static bool
is_asked_for(const struct dns_log *g, const struct dns_at *at,
    const struct dns_name *name, uint32_t f, uint32_t i)
{
	const struct dns_item *x = dns_item_at(g, i);

	if (f != 0 && dns_flow_at(g, f)->asked)
		return i != 0 && (x->outcome == DNS_WAITING || (dns_flow_at(g, f)->joined &&
		    dns_is_near(x->answered, at->ts)));
	/* of another server, or from another port? */
	return !dns_item_asked(g, &at->client, name,
	    nstime_add_ns(at->ts, -DNS_FORGED_NS), at->ts);
}

static void
take_answer(struct dns_log *g, const struct dns_at *at, const struct dns_message *m,
    const struct dns_name *name)
{
	uint32_t f = dns_flow_find(g, at->flow), i = 0;
	struct dns_result r;
	bool believed;

	if (f != 0)
		i = dns_item_find(g, f, m, name, true);
	if (f != 0 && i == 0)
		i = dns_item_find(g, f, m, name, false);
	believed = is_asked_for(g, at, name, f, i);
	if (i == 0)
		i = dns_item_add(g, f != 0 ? f : dns_flow_make(g, at), m, name);
	dns_follow(m, &r);
	settle(g, dns_item_at(g, i), at, m, &r);
	if (believed && r.outcome == DNS_ANSWERED && r.n_addrs > 0)
		dns_bind(g, at, m, name, &r);
}

void
dns_log_message(struct dns_log *g, const struct dns_at *at, const struct dns_message *m)
{
	struct dns_name name;

	if (m->opcode != QUERY)
		return;
	if (!m->answer)
		dns_rate_count(g, &at->server, at->ts);
	if (!m->has_question) {
		if (m->answer)
			take_bare_answer(g, at, m);
		return;
	}
	dns_name_of(m, &name);
	if (m->answer)
		take_answer(g, at, m, &name);
	else
		take_question(g, at, m, &name);
}

/* ---- two flows that are one */

/* One question, seen on both sides of a translation: at the same time, or on one
   side the question and on the other the answer. */
static bool
is_same(const struct dns_item *x, const struct dns_item *y)
{
	if (x->key != y->key || x->id != y->id || x->type != y->type ||
	    x->class != y->class)
		return false;
	if (x->asked.ns != 0 && y->asked.ns != 0)
		return nstime_diff_ns(x->asked, y->last) <= DNS_TWIN_NS &&
		    nstime_diff_ns(y->asked, x->last) <= DNS_TWIN_NS;
	if (x->outcome == DNS_WAITING || y->outcome == DNS_WAITING)
		return true;
	return dns_is_near(x->answered, y->answered);
}

static uint32_t
same_in(const struct dns_log *g, uint32_t f, const struct dns_item *x)
{
	uint32_t i = dns_flow_at(g, f)->queries.head;

	while (i != 0 && !is_same(x, dns_item_at(g, i)))
		i = dns_item_at(g, i)->in_flow.next;
	return i;
}

static void
earlier(struct nstime *x, struct nstime y)
{
	if (y.ns != 0 && (x->ns == 0 || y.ns < x->ns))
		*x = y;
}

static void
merge(struct dns_item *x, const struct dns_item *y)
{
	if (x->outcome == DNS_WAITING) {
		x->outcome = y->outcome;
		x->rcode = y->rcode;
		x->truncated = y->truncated;
		x->n_addrs = y->n_addrs;
		x->n_cnames = y->n_cnames;
		x->ttl = y->ttl;
		x->result = y->result;
	}
	earlier(&x->asked, y->asked);
	earlier(&x->answered, y->answered);
	if (y->last.ns > x->last.ns)
		x->last = y->last;
	if (y->sent > x->sent)
		x->sent = y->sent;
	if (y->answers > x->answers)
		x->answers = y->answers;
}

/* Whose client asked: -1 that of flow f, 1 that of flow h, 0 not known.  A question
   is seen at its client's side first, an answer last. */
static int
true_client(const struct dns_log *g, uint32_t f, uint32_t h)
{
	for (uint32_t i = dns_flow_at(g, f)->queries.head; i != 0;
	    i = dns_item_at(g, i)->in_flow.next) {
		const struct dns_item *x = dns_item_at(g, i), *y;
		uint32_t k = same_in(g, h, x);

		if (k == 0)
			continue;
		y = dns_item_at(g, k);
		if (x->asked.ns != 0 && y->asked.ns != 0 && x->asked.ns != y->asked.ns)
			return x->asked.ns < y->asked.ns ? -1 : 1;
		if (x->answered.ns != 0 && y->answered.ns != 0 &&
		    x->answered.ns != y->answered.ns)
			return x->answered.ns > y->answered.ns ? -1 : 1;
	}
	return 0;
}

static void
unbind_all(struct dns_log *g, uint32_t f)
{
	const struct dns_asker *a = dns_flow_at(g, f);

	for (uint32_t i = a->queries.head; i != 0; i = dns_item_at(g, i)->in_flow.next)
		if (dns_item_at(g, i)->n_addrs > 0)
			dns_unbind(g, dns_item_at(g, i)->key, &a->client,
			    dns_item_at(g, i)->answered);
}

void
dns_log_joined(struct dns_log *g, uint64_t id, uint64_t into)
{
	uint32_t f = dns_flow_find(g, id), h = dns_flow_find(g, into);
	int whose;

	if (f == 0 || id == into)
		return;
	if (h == 0) {
		dns_flow_at(g, f)->joined = true;
		dns_flow_rename(g, f, into);
		return;
	}
	if (!addr_eq(&dns_flow_at(g, f)->client, &dns_flow_at(g, h)->client)) {
		whose = true_client(g, f, h);
		if (whose >= 0)
			unbind_all(g, f);
		if (whose <= 0)
			unbind_all(g, h);
		if (whose < 0)
			dns_flow_client(g, h, &dns_flow_at(g, f)->client);
	}
	dns_flow_at(g, h)->asked |= dns_flow_at(g, f)->asked;
	dns_flow_at(g, h)->joined = true;
	dns_flow_at(g, h)->forgotten += dns_flow_at(g, f)->forgotten;
	for (uint32_t n = dns_flow_at(g, f)->n; n > 0; n--) {
		uint32_t i = dns_flow_at(g, f)->queries.head;
		uint32_t k = same_in(g, h, dns_item_at(g, i));

		if (k != 0) {
			merge(dns_item_at(g, k), dns_item_at(g, i));
			dns_item_drop(g, i);
		} else {
			dns_item_move(g, i, h);
		}
	}
}

void
dns_log_gone(struct dns_log *g, uint64_t id)
{
	uint32_t f = dns_flow_find(g, id);

	if (f != 0)
		dns_flow_drop(g, f);
}

/* ---- what there is */

static int64_t
order_of(const struct dns_query *q)
{
	return q->asked.ns != 0 ? q->asked.ns : q->answered.ns;
}

static bool
show(const struct dns_log *g, const struct dns_item *x, struct dns_query *q)
{
	const uint8_t *blob = NULL;
	size_t n;

	*q = (struct dns_query){ .id = x->id, .type = x->type, .outcome = x->outcome,
	    .rcode = x->rcode, .truncated = x->truncated, .sent = x->sent,
	    .answers = x->answers, .asked = x->asked, .last = x->last,
	    .answered = x->answered, .n_cnames = x->n_cnames, .n_addrs = x->n_addrs,
	    .ttl = x->ttl };
	q->name = dns_texts_get(&g->texts, x->name, &n);
	if (x->result != 0)
		blob = dns_texts_get(&g->texts, x->result, &n);
	if (q->name == NULL || (x->result != 0 && blob == NULL))
		return false;
	if (blob == NULL)
		return true;
	memcpy(q->addrs, blob + 1, blob[0] * sizeof(q->addrs[0]));
	if (x->n_cnames > 0)
		q->cname = (const char *)blob + 1 + blob[0] * sizeof(q->addrs[0]);
	return true;
}

const struct dns_query *
dns_log_queries(struct dns_log *g, uint64_t flow, unsigned *n, unsigned *more)
{
	uint32_t f = dns_flow_find(g, flow);
	const struct dns_asker *a = f != 0 ? dns_flow_at(g, f) : NULL;

	*n = 0;
	*more = 0;
	if (a == NULL)
		return NULL;
	*more = a->forgotten;
	for (uint32_t i = a->queries.head; i != 0; i = dns_item_at(g, i)->in_flow.next) {
		struct dns_query q;
		unsigned k = *n;

		if (!show(g, dns_item_at(g, i), &q)) {
			++*more;
			continue;
		}
		for (; k > 0 && order_of(&g->out[k - 1]) > order_of(&q); k--)
			g->out[k] = g->out[k - 1];
		g->out[k] = q;
		++*n;
	}
	return *n > 0 ? g->out : NULL;
}
