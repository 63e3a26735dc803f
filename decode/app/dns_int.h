/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dns_int.h - the insides of the DNS log; for decode/app/dns*.c only.
 *
 * Records lie in pools of fixed size and are linked into the chains of hash
 * tables and a list by age, of which the oldest gives way when a pool is full.
 * Texts lie in a ring that overwrites the oldest: a record whose text is gone is
 * as good as gone.
 */
#ifndef DECODE_APP_DNS_INT_H
#define DECODE_APP_DNS_INT_H

#include "decode/app/dns.h"
#include "decode/fingerprint.h"
#include "decode/trace/pool.h"

/* dns_names.c: the length is returned; what is too long is cut. */
size_t		 dns_name_lower(const char *, char out[static DNS_NAME_MAX]);
bool		 dns_name_eq(const char *, const char *);	/* in any case */

/* ---- chains: dns_links.c */

struct dns_links {
	uint32_t	next, prev;	/* 0: none */
};

struct dns_list {
	uint32_t	head, tail;
};

/* `off`: where an item of the pool has the links. */
void		 dns_chain_push(const struct pool *, size_t off, uint32_t *head,
		    uint32_t i);
void		 dns_chain_remove(const struct pool *, size_t off, uint32_t *head,
		    uint32_t i);
void		 dns_list_append(const struct pool *, size_t off, struct dns_list *,
		    uint32_t i);
void		 dns_list_remove(const struct pool *, size_t off, struct dns_list *,
		    uint32_t i);

static inline uint64_t
dns_hash(const void *data, size_t n, uint64_t seed)
{
	const uint8_t *p = data;
	uint64_t h = seed ^ n, w;

	for (; n >= sizeof(w); n -= sizeof(w), p += sizeof(w)) {
		memcpy(&w, p, sizeof(w));
		h = fp_mix(h, w);
	}
	w = 0;
	memcpy(&w, p, n);
	return fp_mix(h, w ^ (uint64_t)n << 56);
}

/* ---- texts: dns_texts.c */

#define DNS_TEXTS_SIZE	(3u << 20)
#define DNS_TEXTS_SLOTS	(1u << 15)

struct dns_texts {
	uint8_t		*base;
	uint64_t	*slots;		/* where a text of that hash was put last */
	uint64_t	 head;		/* bytes ever written; `base` has the last of them */
};

bool		 dns_texts_init(struct dns_texts *);
void		 dns_texts_fini(struct dns_texts *);
/* Where the n bytes are from now on, with a NUL behind them; never 0.  n: at most
   UINT16_MAX / 2. */
uint64_t	 dns_texts_put(struct dns_texts *, const void *, size_t n);
/* NULL: overwritten since. */
const void	*dns_texts_get(const struct dns_texts *, uint64_t at, size_t *n);

/* ---- the log */

#define DNS_QUERIES	49152u
#define DNS_FLOWS	49152u
#define DNS_BINDINGS	40960u
#define DNS_BUCKETS	65536u	/* of each table */
#define DNS_RATES	4096u

/* The same answer for another client came by another side of a translation. */
#define DNS_TWIN_NS	NS_PER_SEC

static inline bool
dns_is_near(struct nstime x, struct nstime y)
{
	int64_t d = nstime_diff_ns(x, y);

	return d <= DNS_TWIN_NS && d >= -DNS_TWIN_NS;
}

struct dns_asker {		/* a flow */
	struct dns_links hash;
	struct dns_list	queries;	/* in order of coming */
	uint32_t	n;
	uint32_t	forgotten : 30;
	uint32_t	asked : 1;	/* a question of it was seen */
	uint32_t	joined : 1;	/* it was two */
	uint64_t	id;
	struct addr	client;
};

struct dns_item {		/* a question */
	struct dns_links age, in_flow;
	struct dns_links match;	/* flow, id, name, type, class */
	struct dns_links asked_by;	/* client, name */
	uint32_t	flow;
	uint32_t	name_hash, key;	/* of the name; of id, name, type, class */
	uint16_t	id, type, class;
	uint16_t	rcode, sent, answers, n_addrs;
	uint8_t		outcome;
	uint8_t		n_cnames;
	bool		truncated;
	uint32_t	ttl;
	struct nstime	asked, last, answered;
	uint64_t	name;		/* texts */
	uint64_t	result;		/* its addresses, then the last CNAME; 0 */
};

/* So many bits are enough for a place in texts: 64 PiB of them. */
#define DNS_PLACE_MASK	((UINT64_C(1) << 56) - 1)

struct dns_binding {		/* a run of answers, each while the one before held */
	struct dns_links age;
	struct dns_links ends;	/* client, addr; the latest first */
	struct dns_links twins;	/* key; the latest first */
	struct addr	client, addr;
	struct nstime	first, last, until;
	uint64_t	name : 56, ttl : 8;	/* ttl: the client's; 0 not known */
	uint32_t	key, content;	/* of the last answer; content 0: it was cut */
};

struct dns_rate {
	struct addr	server;
	int64_t		second;
	uint32_t	n;
};

struct dns_log {
	struct dns_texts texts;
	struct pool	flows, items, bindings;
	struct dns_list	items_age, bindings_age;	/* the oldest first */
	uint32_t	by_flow[DNS_BUCKETS];
	uint32_t	by_match[DNS_BUCKETS];
	uint32_t	by_asker[DNS_BUCKETS];
	uint32_t	by_ends[DNS_BUCKETS];
	uint32_t	by_key[DNS_BUCKETS];
	struct dns_rate	rates[DNS_RATES];
	struct dns_query out[DNS_FLOW_QUERIES];
};

static inline struct dns_asker *
dns_flow_at(const struct dns_log *g, uint32_t i)
{
	return pool_at(&g->flows, i);
}

static inline struct dns_item *
dns_item_at(const struct dns_log *g, uint32_t i)
{
	return pool_at(&g->items, i);
}

static inline struct dns_binding *
dns_binding_at(const struct dns_log *g, uint32_t i)
{
	return pool_at(&g->bindings, i);
}

static inline bool
dns_text_is(const struct dns_log *g, uint64_t at, const void *text, size_t n)
{
	size_t have;
	const void *p = dns_texts_get(&g->texts, at, &have);

	return p != NULL && have == n && memcmp(p, text, n) == 0;
}

/* What the answer's records say, from the name asked for on. */
struct dns_result {
	uint8_t		outcome;
	unsigned	n_cnames, n_addrs;
	uint32_t	ttl;		/* 0 when there is neither */
	const char	*cname;		/* NULL */
	const struct addr *addrs[DNS_MAX_RECORDS];
};

/* dns_chain.c */
void		 dns_follow(const struct dns_message *, struct dns_result *);

/* dns_items.c: the questions of flows. */
uint32_t	 dns_flow_find(const struct dns_log *, uint64_t id);
uint32_t	 dns_flow_make(struct dns_log *, const struct dns_at *);
void		 dns_flow_rename(struct dns_log *, uint32_t flow, uint64_t id);
/* It is another client's: that of the flow it turned out to be part of. */
void		 dns_flow_client(struct dns_log *, uint32_t flow, const struct addr *);
void		 dns_flow_drop(struct dns_log *, uint32_t flow);
struct dns_name {
	char		text[DNS_NAME_MAX];
	size_t		n;
	uint32_t	hash, key;	/* as in struct dns_item */
};
void		 dns_name_of(const struct dns_message *, struct dns_name *);
/* The flow's latest item of this question; waiting: that has no answer. */
uint32_t	 dns_item_find(const struct dns_log *, uint32_t flow,
		    const struct dns_message *, const struct dns_name *, bool waiting);
uint32_t	 dns_item_add(struct dns_log *, uint32_t flow,
		    const struct dns_message *, const struct dns_name *);
/* It is forgotten, and its flow too when it was the last. */
void		 dns_item_drop(struct dns_log *, uint32_t i);
/* It is another flow's from now on. */
void		 dns_item_move(struct dns_log *, uint32_t i, uint32_t flow);
/* Was a question of this client for this name seen, in any flow, at a time between
   these? */
bool		 dns_item_asked(const struct dns_log *, const struct addr *client,
		    const struct dns_name *, struct nstime from, struct nstime until);
/* The latest item of this flow with this DNS id that waits; 0: none. */
uint32_t	 dns_item_waiting(const struct dns_log *, uint32_t flow, uint16_t id);

/* dns_bind.c: names of addresses. */
/* Every address of the result gets the name; what was translated on its way to
   this client loses it. */
void		 dns_bind(struct dns_log *, const struct dns_at *,
		    const struct dns_message *, const struct dns_name *,
		    const struct dns_result *);
/* Another client was named by the answer with this key that came just then. */
void		 dns_unbind(struct dns_log *, uint32_t key, const struct addr *client,
		    struct nstime answered);

/* dns_rate.c */
void		 dns_rate_count(struct dns_log *, const struct addr *server,
		    struct nstime at);

#endif
