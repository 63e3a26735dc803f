/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * state_int.h - where a state keeps its texts, and how records are found; for
 * decode/state/ only.
 *
 * A map is an open-addressing table of record numbers: it knows hashes, the
 * caller knows whether a record is the one.  for (e = map_first(m, h); *e; e =
 * map_next(m, e)) walks the candidates; at the empty place a new one fits.
 */
#ifndef DECODE_STATE_INT_H
#define DECODE_STATE_INT_H

#include <string.h>

#include "decode/state.h"

struct map {
	uint64_t	*slot;		/* hash << 32 | number + 1; 0 is empty */
	uint32_t	mask, used;
};

struct block {
	struct block	*next;
	size_t		 used, size;
	_Alignas(16) char bytes[];
};

struct state_own {
	struct block	*blocks;
	const char	**texts;	/* interned, by number */
	uint32_t	n_texts, room_texts;
	struct map	by_text;
	struct map	by_chain;	/* nf_chains: table and name */
	struct map	by_pod;		/* pods: ns and name */
	struct map	by_pod_addr;	/* pods << 3 | which address */
	/* made by state_ready() */
	struct map	by_link, by_ifindex, by_mac;
	struct map	by_sysctl;
	struct map	by_orig, by_reply;	/* conntrack */
	struct map	by_service;	/* svc_port << 5 | which address, up to 31 */
	struct map	by_node_port;	/* svc_ports */
	struct map	by_endpoint;	/* endpoints: service, address, port, protocol */
	struct map	by_node_name;	/* nodes */
	struct map	by_sock;	/* socks: protocol, local port, peer and its port */
	struct map	by_health_port;	/* services */
	struct map	by_node_addr;	/* nodes << 2 | which address */
	/* Lists and maps that are another state's, which is not freed before: of
	   netfilter, of Services (state_derive()).  NULL: its own. */
	const struct state *nf_of, *services_of;
	/* Endpoints of one service: the number + 1 of its first, and of the next. */
	uint32_t	*first_endpoint, *next_endpoint;
	uint32_t	*api, n_api;	/* the API server's endpoints */
	uint32_t	this_node;	/* its number + 1; 0: not known */
	bool		rules_alone;	/* its rules are for others to read Services from */
	size_t		bytes;		/* of blocks */
};

/* The state whose maps of chains, or of Services, hold for this one. */
static inline const struct state_own *
nf_own(const struct state *s)
{
	return s->own->nf_of != NULL ? s->own->nf_of->own : s->own;
}

static inline const struct state_own *
services_own(const struct state *s)
{
	return s->own->services_of != NULL ? s->own->services_of->own : s->own;
}

/* copy.c */
enum state_group {
	GROUP_NET = 1 << 0,	/* all but conntrack and what follows */
	GROUP_NF = 1 << 1,
	GROUP_SERVICES = 1 << 2,
};

/* The records of a state (ready or not) into another that is not ready; texts
   are copied.  Not conntrack's.  False when there is no memory. */
bool	state_copy(struct state *to, const struct state *from, unsigned groups);
/* A state that begins as a copy of another that is ready, with the lists of
   netfilter and Services borrowed from nf and services.  Not ready; NULL when
   there is no memory. */
struct state *state_derive(const struct state *of, const struct state *nf,
	    const struct state *services);
/* The lists of one group (GROUP_NF or GROUP_SERVICES) are another state's, which
   is ready, from now on; its own are empty. */
void	state_borrow(struct state *, const struct state *from, unsigned group);
/* They are borrowed no longer: there are none. */
void	state_return(struct state *, unsigned group);
/* A copy of a record at number `at` of a list of this state, or behind the last
   one; not of netfilter's and Services'.  False when there is no memory. */
bool	state_put(struct state *, void *list, const void *record, uint32_t at);
void	state_copy_settings(struct state *to, const struct state *from);
/* What kube-proxy's rules tell of Services (kube_rules.c), after the lists that
   they are added to are complete; rules must be grouped.  False when there is no
   memory. */
bool	kube_rules_read(struct state *);
/* Services and endpoints that only rules told of go; what they told of others is
   forgotten. */
void	kube_rules_forget(struct state *);

/* known.c; false when there is no memory. */
bool	index_known(struct state *);
bool	index_socks(struct state *);

/* Memory that it has of its own. */
size_t	state_bytes(const struct state *);

/* False when there is no memory. */
bool	map_add(struct map *, uint32_t hash, uint32_t number);
bool	map_reserve(struct map *, uint32_t n);
void	map_free(struct map *);

static inline uint32_t
map_step(const struct map *m, uint32_t at)
{
	return (at + 1) & m->mask;
}

/* Walk the numbers that stand under a hash. */
#define map_each(m, h, number)							\
	for (uint32_t at_ = (m)->slot ? (h) & (m)->mask : 0;			\
	    (m)->slot && (m)->slot[at_] != 0; at_ = map_step(m, at_))		\
		if ((uint32_t)((m)->slot[at_] >> 32) == (h) &&			\
		    ((number) = (uint32_t)(m)->slot[at_] - 1, true))

static inline uint32_t
hash_bytes(const void *p, size_t n, uint64_t seed)
{
	const unsigned char *b = p;
	uint64_t h = seed ^ n * 0x9e3779b97f4a7c15u;

	while (n >= 8) {
		uint64_t w;

		memcpy(&w, b, 8);
		h = (h ^ w) * 0xff51afd7ed558ccdu;
		h ^= h >> 32;
		b += 8;
		n -= 8;
	}
	while (n-- > 0)
		h = (h ^ *b++) * 0x100000001b3u;
	h = (h ^ h >> 33) * 0xc4ceb9fe1a85ec53u;
	return (uint32_t)(h >> 32);
}

static inline uint32_t
hash_addr(const struct addr *a, uint64_t more)
{
	return hash_bytes(a->b, sizeof(a->b), more);
}

static inline uint32_t
hash_chain(uint32_t table, const char *name)
{
	return hash_bytes(name, strlen(name), table + 1);
}

static inline uint32_t
hash_endpoint(uint32_t service, const struct addr *a, uint16_t port, uint8_t proto)
{
	return hash_addr(a, (uint64_t)service << 24 | (uint64_t)port << 8 | proto);
}

static inline uint32_t
hash_names(const char *ns, size_t ns_len, const char *name, size_t name_len)
{
	return hash_bytes(name, name_len, hash_bytes(ns, ns_len, 11));
}

static inline uint32_t
hash_tuple(const struct tuple *t)
{
	uint64_t ports = (uint64_t)t->sport << 32 | (uint64_t)t->dport << 8 | t->proto;

	return hash_addr(&t->src, ports) ^ hash_addr(&t->dst, ports + 1) * 31;
}


#endif
