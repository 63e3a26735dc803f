/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * balance.h - what the targets of a load balancer received, all connections
 * together: whose addresses the clients have, who checks them how often, and when
 * each target began and ceased to receive.
 *
 * Connections are added in any order; balance_end() sorts and concludes, and then
 * the targets can be read.  Whether a client's address was kept is told from who
 * sends health checks: a load balancer's own address does, a client's does not.
 * Where nobody was seen to check it is not known.  Memory is bounded: more targets,
 * addresses or moments than the limits below are not told apart, and said so.
 * Pure.
 */
#ifndef DECODE_APP_BALANCE_H
#define DECODE_APP_BALANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "decode/addr.h"
#include "decode/nstime.h"

#define BALANCE_TARGETS	4096
#define BALANCE_SOURCES	65536
#define BALANCE_MOMENTS	(1u << 20)
#define BALANCE_SPANS	8
#define BALANCE_RESULTS	3

struct proxy_header;

struct balance_conn {
	uint32_t	group;		/* targets that share their connections */
	struct addr	addr;		/* the target */
	uint16_t	port;
	uint8_t		proto;
	struct addr	src;
	struct nstime	first, last;
	bool		check;		/* a health check.  One whose PROXY header names its
					   own source is one too, where that source names
					   others else: the proxy speaks for itself */
	bool		balancer;	/* src is known to be a load balancer's */
	bool		spread;		/* this node chose the target: the pace of what one
					   address sends shows at no target */
	bool		begun;		/* its beginning was seen */
	bool		asked;		/* the client sent data */
	bool		node_hides;	/* this node put its own address for the client's */
	int8_t		inside;		/* is src of the VPC: 1, 0; -1 not known */
	uint8_t		result;		/* of the caller's judgement, below BALANCE_RESULTS */
	bool		reused, hairpin;
	const struct proxy_header *proxy;	/* NULL: none */
};

enum balance_client {
	CLIENT_UNKNOWN,
	CLIENT_PRESERVED,	/* its own address came */
	CLIENT_HIDDEN,		/* the load balancer's came */
	CLIENT_HIDDEN_HERE,	/* this node hid it */
	CLIENT_PROXY,		/* a PROXY header names it */
	N_CLIENTS
};

struct balance_source {
	struct addr	addr;
	uint32_t	target;
	uint64_t	conns, checks;	/* without, and with the health checks */
	uint64_t	plain;		/* of conns: nobody else named the client */
	bool		balancer;
	bool		named;		/* by PROXY headers alone: no packet came from it */
	int8_t		inside;
	uint8_t		client;		/* enum balance_client, of the plain ones */
};

/* From the first to the last beginning of a connection. */
struct balance_span {
	struct nstime	from, to;
	uint64_t	n;
};

struct balance_spans {
	unsigned	n;		/* more than BALANCE_SPANS: the last is counted on */
	struct balance_span v[BALANCE_SPANS];
	/* What others of the group received before the first and after the last; so
	   much that it hardly was chance. */
	uint64_t	before, after;
	bool		late, ceased;
};

struct balance_target {
	uint32_t	group;
	struct addr	addr;
	uint16_t	port;
	uint8_t		proto;
	uint64_t	conns, checks;	/* without the checks; the checks */
	uint64_t	clients[N_CLIENTS];	/* of conns */
	uint64_t	proxy[3];	/* of conns: whole headers by version */
	uint64_t	malformed;	/* of conns: headers that are not believed */
	uint64_t	without;	/* of conns: asked from the beginning on, no header */
	uint32_t	n_named;	/* different clients named by PROXY headers */
	uint32_t	n_checkers;	/* addresses that send health checks */
	int64_t		period_ns;	/* of the checks of one address: median; 0 not known */
	uint64_t	results[BALANCE_RESULTS];	/* of all, checks too */
	uint64_t	reused, hairpins;
	struct balance_spans received, checked;
	struct nstime	last_packet;	/* of conns; 0 none */
	uint32_t	sources, n_sources;	/* first of balance_sources() */
};

struct balance;

struct balance	*balance_new(void);	/* NULL when there is no memory */
void		 balance_free(struct balance *);	/* NULL is fine */
/* False when there is no memory for it. */
bool		 balance_add(struct balance *, const struct balance_conn *);
/* Once, after all. */
void		 balance_end(struct balance *);

/* After balance_end(): by group, address and port. */
const struct balance_target *balance_targets(const struct balance *, uint32_t *n);
/* By target, then those with most connections first. */
const struct balance_source *balance_sources(const struct balance *);
/* Something was left out: more targets, addresses or moments than are kept. */
bool		 balance_more(const struct balance *);
const char	*balance_client_name(unsigned);	/* "preserved" */

#endif
