/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * who.h - who had an address and port, and when: claims from packets, from
 * conntrack's entries and from both, gathered from any number of sources.
 *
 * A claim is one connection that had the address and port on the wire.  Memory
 * is bounded by WHO_MAX; what is beyond is counted.
 */
#ifndef UI_WHO_H
#define UI_WHO_H

#include <stdbool.h>
#include <stdint.h>

#include "decode/flow.h"
#include "decode/obs.h"
#include "decode/state.h"

/* ---- the question (who_target.c) */

struct who_target {
	struct addr	addr;
	bool		has_port;	/* else it is about all of its ports */
	uint16_t	port;		/* or the ICMP id */
	uint8_t		proto;		/* 0: any */
	bool		has_time, has_day;
	/* The first nanosecond that is meant and how many: 17:33:23 is a whole
	   second.  Without a day it counts from midnight. */
	struct nstime	at;
	int64_t		span_ns;
};

#define WHO_ERROR_MAX	256

/* ADDRESS[:PORT[/PROTO]][@TIME]; false, and why in `error`. */
bool	who_target_parse(const char *text, struct who_target *,
	    char error[static WHO_ERROR_MAX]);
/* A time without a day, in what was seen from first to last: the first day on which
   it lies in there, else the first day.  False when it fits on several. */
bool	who_target_day(struct who_target *, struct nstime first, struct nstime last);

/* ---- claims (claims.c) */

#define WHO_MAX		2000000u

/* How the connection had it. */
enum who_side {
	WHO_SOURCE,		/* as its source, after translation */
	WHO_TARGET,		/* as its destination, after translation */
	WHO_SERVICE,		/* as its destination before it was translated */
	WHO_BEFORE,		/* as its source before it was translated */
	N_WHO_SIDES
};

enum who_evidence { WHO_PACKETS = 1 << 0, WHO_CONNTRACK = 1 << 1 };

/* At the time that was asked for. */
enum who_at {
	WHO_NOT,
	WHO_DURING,
	WHO_AFTER,		/* before it, but conntrack's timeout was not over */
	WHO_MAYBE,		/* its beginning, or its time at all, is not known */
	N_WHO_ATS
};

struct who_claim {
	struct tuple	original, translated;
	struct nstime	first, last;
	int64_t		timeout_ns;	/* how long after `last` it may be kept */
	uint64_t	flow;		/* id; 0: no packets were seen */
	/* Texts are of struct who; NULL unknown. */
	const char	*ns, *pod;	/* of who had it */
	const char	*service_ns, *service;	/* that it asked for */
	const char	*dns_name;	/* of its destination */
	uint16_t	lo, hi;		/* ports that the rule which translated it may
					   take; 0: not known */
	uint8_t		side;		/* enum who_side */
	uint8_t		evidence;	/* enum who_evidence */
	uint8_t		at;		/* enum who_at; after who_pick() */
	bool		has_time;	/* first and last are known ... */
	bool		old;		/* ... but it was there before `first` */
	bool		ended;		/* nobody had it after `last`: conntrack told */
	bool		one_sided;	/* what it was before translation was not seen */
	bool		node;		/* the node itself had it */
	bool		dropped;	/* merged into another */
	/* while conntrack's events come in */
	bool		alive, dumped;
	uint32_t	dump, next;
};

struct who {
	struct who_target target;
	struct who_claim *v;
	uint32_t	 n, room;
	uint64_t	 left_out;	/* beyond WHO_MAX */
	uint32_t	*buckets;	/* of conntrack's claims; a power of two */
	uint32_t	 n_buckets, dump;
	struct state	*texts;		/* keeps them, once each */
	bool		 no_memory;
	/* What was seen at all. */
	bool		 has_seen;
	struct nstime	 seen_first, seen_last;
	uint64_t	 flows, entries;
	uint64_t	 unfollowed;	/* of flows: what they became was not seen */
	bool		 has_dump;	/* of conntrack's table: an empty one tells too */
	const char	*own_ns, *own_pod;	/* the pod that the address is the own one
					   of; NULL */
	uint64_t	 lost;		/* packets and events */
	/* conntrack -S, first and last; -1 unknown */
	int64_t		 insert_failed_first, insert_failed, drop, early_drop;
	/* Connections that were lost on this node, as if their port clashed. */
	uint64_t	 port_clashes;
	/* Ports that the rules which translate to the address may take; what the
	   kernel takes when no rule is known; 0: several, which differ. */
	uint16_t	 lo, hi;
	bool		 ports_by_rule;
};

/* A rule without ports takes these, for a connection that came from one of them
   (net/netfilter/nf_nat_core.c, nf_nat_l4proto_unique_tuple()); of an ICMP id any. */
#define WHO_PORT_LO	1024

struct naming;

/* NULL when there is no memory. */
struct who	*who_new(const struct who_target *);
void		 who_free(struct who *);	/* NULL is fine */
void		 who_flow(struct who *, const struct flow *, const struct state *);
/* All entries of a state, and its counters. */
void		 who_state(struct who *, const struct state *);
/* state: as it is then; NULL. */
void		 who_ct(struct who *, const struct obs_ct *, struct nstime ts,
		    const struct state *);
/* Something was seen (and lost) at that time. */
void		 who_saw(struct who *, struct nstime, uint64_t lost);
/* No more input: what packets and conntrack tell of one connection becomes one,
   names are looked up, claims are put in order of time. */
void		 who_end(struct who *, const struct state *);

/* claim_merge.c */
void		 who_merge(struct who *);
void		 who_sort(struct who *);

/* claim_name.c: who had it, what it asked for, which ports its rule may take */
void		 who_name(struct who *, struct who_claim *, const struct state *);
void		 who_ports(struct who *, const struct state *);
/* rule: that translated it; NULL unknown */
void		 who_rule_ports(struct who_claim *, const struct nf_rule *);
bool		 who_is_node_addr(const struct state *, const struct addr *);
int64_t		 who_timeout_ns(const struct state *, uint8_t proto, uint8_t tcp_state);
/* The state's own copy of a text in struct who; NULL for NULL. */
const char	*who_text(struct who *, const char *);

/* The address of who had it. */
static inline const struct addr *
who_holder(const struct who_claim *c)
{
	return c->side == WHO_SOURCE || c->side == WHO_BEFORE ? &c->original.src :
	    &c->translated.dst;
}

bool	who_same_holder(const struct who_claim *, const struct who_claim *);
bool	who_overlap(const struct who_claim *, const struct who_claim *);

/* ---- the answer (pick.c) */

enum who_result { WHO_FOUND, WHO_NOBODY, WHO_UNSURE, N_WHO_RESULTS };

struct who_answer {
	uint8_t		 result;	/* enum who_result */
	uint32_t	 n;		/* claims that are told: those whose `at` is not
					   WHO_NOT */
	char		 why[480];	/* of NOBODY and UNSURE; "" */
};

/* When there is no time, all of them are told. */
void		 who_pick(struct who *, struct who_answer *);

/* ---- all ports of an address (pool.c) */

/* One that had ports: a pod, the node, or who is not known. */
struct who_user {
	const struct who_claim *claim;	/* one of its; it names the user */
	uint32_t	 ports;		/* of a destination; all of them: connections */
};

/* To one destination a port is one connection's at a time. */
struct who_dest {
	struct addr	 addr;
	uint16_t	 port;
	uint8_t		 proto;
	uint16_t	 lo, hi;	/* that it may take; hi 0: not known */
	uint32_t	 ports;		/* different ones that were seen in use */
	uint32_t	 peak;		/* of these, at once */
	const struct who_user *users;	/* the most ports first */
	uint32_t	 n_users;
	const struct who_claim *named;	/* a claim that tells the name; NULL */
};

struct who_clash {
	const struct who_claim *a, *b;
};

#define WHO_CLASHES	100		/* kept; more are counted */

struct who_pool {
	struct who_dest	*dests;		/* the most used first */
	uint32_t	 n_dests;
	struct who_user	*users;		/* of all of them */
	uint32_t	 n_users;
	struct who_clash clashes[WHO_CLASHES];
	uint64_t	 n_clashes;
	struct who_user	*dest_users;	/* what the destinations point into */
	const struct who_claim **order;
	int64_t		*times;
};

/* Borrows claims of struct who that were picked.  False without memory;
   who_pool_free() in any case. */
bool	who_pool(const struct who *, struct who_pool *);
void	who_pool_free(struct who_pool *);

const char	*who_at_name(unsigned);
const char	*who_side_name(unsigned);
const char	*who_result_name(unsigned);
const char	*who_evidence_name(unsigned);

#endif
