/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * model_int.h - what the parts of the model share; for decode/model/ only.
 *
 * The model borrows every rule, route and text of the state, and adds indexes:
 * devices by name, routes by table and prefix, rules by the exact address or
 * port that they ask for.
 */
#ifndef DECODE_MODEL_INT_H
#define DECODE_MODEL_INT_H

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "decode/model.h"

#define NONE		UINT32_MAX

/* An address as two numbers, so that masks and hashes are cheap. */
struct bits {
	uint64_t	hi, lo;
};

static inline struct bits
bits_of(const struct addr *a)
{
	uint64_t w[2];

	memcpy(w, a->b, sizeof(w));
	return (struct bits){ be64toh(w[0]), be64toh(w[1]) };
}

static inline struct bits
bits_mask(struct bits b, unsigned len)
{
	if (len < 64)
		return (struct bits){ len == 0 ? 0 : b.hi & ~UINT64_C(0) << (64 - len),
		    0 };
	if (len == 64)
		return (struct bits){ b.hi, 0 };
	return (struct bits){ b.hi,
	    len >= 128 ? b.lo : b.lo & ~UINT64_C(0) << (128 - len) };
}

static inline bool
bits_eq(struct bits a, struct bits b)
{
	return a.hi == b.hi && a.lo == b.lo;
}

/* IPv4 as addr.h keeps it. */
static inline bool
bits_v4(struct bits b)
{
	return b.hi == 0 && b.lo >> 32 == 0xffff;
}

static inline uint64_t
bits_hash(struct bits b, uint64_t salt)
{
	uint64_t h = (b.lo ^ salt) * UINT64_C(0x9e3779b97f4a7c15);

	h ^= b.hi;
	h ^= h >> 32;
	h *= UINT64_C(0xd6e8feb86659fd93);
	return h ^ h >> 32;
}

static inline uint32_t
v4_of(struct bits b)
{
	return (uint32_t)b.lo;
}

/* ---- devices */

struct dev {
	const char	*name;
	uint32_t	 ifindex;	/* 0 unknown */
	/* IPv4 sysctls of this device and of "all", as the kernel combines them;
	   -1 unknown. */
	int8_t		 rp_filter, accept_local, src_valid_mark, route_localnet,
			 forwarding, ignore_linkdown;
	int8_t		 has_v4;	/* an IPv4 address: -1 unknown */
	uint32_t	 first_addr, n_addrs;	/* in model.addrs */
	/* Without `ip addr`: primary addresses by table local, and the last. */
	uint32_t	 n_inferred;
	struct addr	 inferred;
};

/* ---- routes */

struct rt {
	const struct iproute *r;
	uint32_t	 dev;		/* index in model.devs; NONE */
	bool		 usable;	/* not dead */
	bool		 has_src;	/* the source that this node would choose */
	struct addr	 src;
};

struct rt_slot {
	struct bits	 prefix;
	uint32_t	 first, n;	/* in model.rts; n 0: an empty slot */
	uint8_t		 len;
};

struct table {
	uint32_t	 id;
	bool		 v6;
	uint8_t		 n_lens;
	uint8_t		 lens[129];	/* that occur, longest first */
	uint32_t	 n;		/* routes */
	uint32_t	 mask;		/* slots - 1 */
	struct rt_slot	*slots;
	char		 where[24];	/* "table main", for people */
};

/* ---- index by exact address or port */

enum key_class { KEY_DADDR, KEY_SADDR, KEY_DPORT, KEY_NONE, N_KEY_CLASSES };

struct entry {
	struct bits	 key;
	uint32_t	 owner, item;
	uint8_t		 class;
};

struct index_slot {
	struct bits	 key;
	uint32_t	 owner, first, n;
	uint8_t		 class;
};

struct index {
	struct entry	*entries;	/* while it is built */
	size_t		 n, room;
	uint32_t	*items;
	struct index_slot *slots;
	uint64_t	 mask;
	bool		 failed;	/* no memory */
};

void	 index_add(struct index *, uint32_t owner, enum key_class, struct bits key,
	    uint32_t item);
bool	 index_seal(struct index *);	/* false: no memory */
void	 index_free(struct index *);

/* The items of an owner that a packet could match, in order. */
struct pick {
	const uint32_t	*at[N_KEY_CLASSES], *end[N_KEY_CLASSES];
};

void	 pick_start(struct pick *, const struct index *, uint32_t owner,
	    struct bits src, struct bits dst, uint16_t dport, uint32_t from);

static inline uint32_t
pick_next(struct pick *p)
{
	uint32_t best = NONE;
	unsigned which = 0;

	for (unsigned i = 0; i < N_KEY_CLASSES; i++)
		if (p->at[i] < p->end[i] && *p->at[i] < best) {
			best = *p->at[i];
			which = i;
		}
	if (best != NONE)
		p->at[which]++;
	return best;
}

/* ---- netfilter */

enum chain_flag {
	CHAIN_INDEXED	= 1 << 0,
	CHAIN_MATTERS	= 1 << 1,	/* some rule in or below it does something */
	CHAIN_CHANGES	= 1 << 2,	/* ... to marks, or translates */
};

/* A base chain on its hook. */
struct base {
	uint32_t	 chain;
	int32_t		 at;		/* priority at which the kernel runs it */
	int32_t		 priority;	/* its own; orders nat chains among themselves */
	bool		 nat;
	bool		 reroutes;	/* output: routed anew when mark or address changed */
	bool		 rivals;	/* others of its priority are of other tables, and
					   two of them change something */
	char		 where[48];	/* "mangle PREROUTING", for people */
};

struct hook {
	struct base	*bases;
	uint32_t	 n;
};

struct model {
	const struct state *s;
	struct dev	*devs;
	uint32_t	 n_devs, devs_mask;
	uint32_t	*dev_slots;
	/* by the hash of their names */
	const struct ifaddr **addrs;	/* grouped by device, in order of the dump */
	uint32_t	 n_addrs;
	struct iproute	*made;		/* table local out of addresses */
	uint32_t	 n_made;
	char		(*made_text)[80];
	struct rt	*rts;		/* grouped by table and prefix */
	uint32_t	 n_rts;
	struct table	*tables;
	uint32_t	 n_tables;
	const struct table *local[2];	/* by family: [v6]; NULL not known */
	bool		 whole[2];	/* all tables were dumped */
	const struct table **rule_table;	/* of each rule; NULL: no routes in it */
	char		(*rule_where)[20];	/* "ip rule 1024" */
	uint32_t	 first_rule[2], end_rule[2];	/* [v6] */
	bool		 custom_rules;	/* IPv4: more or less than the three of the kernel */
	struct index	 index;
	uint8_t		*chain_flags;
	/* Of a chain that does nothing but mark and DNAT to one place: that rule;
	   else NONE. */
	uint32_t	*chain_dnat;
	struct hook	 hooks[2][N_NF_HOOKS];	/* [v6] */
	int8_t		 any_src_known;	/* 1: any_src; 0: none; -1 unknown */
	struct addr	 any_src;
	int8_t		 forwarding[2];	/* of all devices, [v6] */
};

/* Owners in the index: chains, then sets, then the rules of both families. */
static inline uint32_t
owner_set(const struct model *m, uint32_t set)
{
	return m->s->nf_chains.n + set;
}

static inline uint32_t
owner_rules(const struct model *m, bool v6)
{
	return m->s->nf_chains.n + m->s->nf_sets.n + v6;
}

/* Sequences shorter than this are walked whole. */
#define INDEX_MIN	12

/* devs.c */
bool	 devs_new(struct model *);	/* false: no memory */
uint32_t dev_index(const struct model *, const char *name);	/* NONE */
static inline const struct dev *
dev_find(const struct model *m, const char *name)
{
	uint32_t i = name != NULL ? dev_index(m, name) : NONE;

	return i != NONE ? &m->devs[i] : NULL;
}
/* inet_select_addr(): the source for packets by this device to a next hop (or
   NULL).  1 found, 0 there is none, -1 not known. */
int	 dev_source(const struct model *, uint32_t dev, const struct addr *next,
	    bool v6, struct addr *out);
void	 devs_sources(struct model *);	/* after table local is there */

/* tables.c */
bool	 tables_new(struct model *);
const struct table *table_find(const struct model *, bool v6, uint32_t id);
/* The best route; `dev` NONE: by any.  NULL: none. */
const struct rt *table_lookup(const struct model *, const struct table *,
	    struct bits dst, uint32_t dev, bool *several, unsigned *len);
/* Does a nexthop of this route use the device? */
bool	 rt_uses(const struct model *, const struct rt *, uint32_t dev);
/* enum nf_addrtype of an address as inet_dev_addr_type() has it; 0 unknown. */
unsigned addr_type(const struct model *, const struct addr *, uint32_t dev);

/* rules.c */
struct key {
	struct bits	 src, dst;
	bool		 v6;
	const char	*iif;		/* "lo" for this node's own */
	const char	*oif;		/* for rules; NULL */
	uint32_t	 dev;		/* nexthops by this device only; NONE any */
	uint32_t	 mark;
	uint8_t		 proto;
	uint16_t	 sport, dport;
};

struct found {
	uint8_t		 end;		/* enum route_end */
	bool		 several;
	uint32_t	 rule;		/* index in state.rules; NONE */
	const struct rt	*rt;
	const char	*why;
};

bool	 rules_new(struct model *);
void	 fib_lookup(const struct model *, const struct key *, struct found *);
void	 found_answer(const struct model *, const struct found *,
	    struct route_answer *);
/* A key out of what a packet says. */
void	 key_of(struct key *, const struct tuple *, const char *iif, uint32_t mark);
/* Could a rule before this one depend on the mark? */
bool	 rules_read_mark(const struct model *, bool v6, uint32_t before);

/* rpf.c: fib_validate_source() */
enum reverse { REVERSE_OK, REVERSE_MARTIAN, REVERSE_FAILS, REVERSE_UNKNOWN };
enum reverse rpf_check(const struct model *, const struct tuple *, const char *iif,
	    uint32_t mark, const char *oif, struct route_answer *);

/* chains.c */
bool	 chains_new(struct model *);

#endif
