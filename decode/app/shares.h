/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shares.h - which share of a Service's connections each of its endpoints got.
 *
 * Flows in, each once and complete; out, for each port of a Service: connections
 * by endpoint, with its pod, node and zone, and by zone of the client.  Endpoints
 * that got nothing are there with 0.  A connection is a flow that was sent to an
 * address or node port of the Service and translated to an endpoint; of TCP when
 * its SYN was sent at least; ICMP never.
 *
 * Pure.  Texts are copied: the state need not outlive it.  At most SHARES_PORTS
 * ports and SHARES_ENDPOINTS endpoints are kept (some 30 MB), and SHARES_ZONES
 * zones of each port; connections beyond are counted in `left_out`.
 */
#ifndef DECODE_APP_SHARES_H
#define DECODE_APP_SHARES_H

#include "decode/flow.h"
#include "decode/state.h"

#define SHARES_PORTS		8192u
#define SHARES_ENDPOINTS	65536u
#define SHARES_ZONES		16u

struct share_endpoint {
	struct addr	addr;
	uint16_t	port;
	const char	*ns, *pod, *node, *zone;	/* NULL: not known */
	bool		listed;		/* an endpoint of the Service by the state */
	bool		ready;
	bool		eligible;	/* ready, and one that this node's rules and
					   the traffic policy choose from */
	uint64_t	connections, answered;
	uint64_t	gone;		/* of these, when it was no endpoint (any more) */
	uint64_t	gone_answered;
	uint64_t	stale;		/* ... led there by an old entry of conntrack */
};

struct share_zone {
	const char	*name;
	uint64_t	connections;	/* to endpoints in it */
	uint64_t	clients;	/* from clients in it, to endpoints of known zones */
	uint64_t	stayed;		/* of these, to endpoints in it */
	unsigned	n_ready;	/* endpoints in it that are ready */
};

enum evenness {
	EVEN_TOO_FEW,		/* less than 5 expected for each endpoint */
	EVEN_YES, EVEN_NO,
	EVEN_ALONE,		/* one endpoint: nothing to compare */
	EVEN_AFFINITY,		/* clients stay with one endpoint: shares say nothing */
	EVEN_CHANGED,		/* endpoints came or went meanwhile */
	EVEN_UNKNOWN,		/* its endpoints are not known */
	N_EVENNESS
};

/* One port of a Service; where the external traffic policy is Local, what comes
   from outside has other endpoints to choose from, and is apart. */
struct share_port {
	const char	*ns, *name;
	const char	*port_name;	/* NULL: it has none */
	uint16_t	port;		/* 0: not known */
	uint8_t		proto;
	bool		external;	/* node port or load balancer's address, apart */
	uint64_t	connections, answered;
	uint64_t	untranslated;	/* more of them, whose translation was not seen */
	unsigned	n_endpoints, n_zones;
	const struct share_endpoint *endpoints;	/* eligible ones first, by address */
	struct share_zone zones[SHARES_ZONES];
	/* Clients whose zone is known, to endpoints whose zone is: those that stayed
	   in their zone, and those that left it although one was ready there, or as
	   none was. */
	uint64_t	stayed, left, left_none;
	uint64_t	client_unknown, zone_unknown;	/* the rest: the client's zone, or
							   else the endpoint's */
	/* The first connection that left its zone although it need not have. */
	struct {
		struct addr	 client, endpoint;
		const char	*from, *to;	/* zones; NULL: none did */
	} example;
	/* Evenness over the eligible endpoints, at the 0.1 % level. */
	uint8_t		even;		/* enum evenness */
	unsigned	degrees, n_eligible;
	uint64_t	tested;		/* connections to them */
	double		chi_square, critical;
};

struct shares;

struct shares	*shares_new(void);	/* NULL when there is no memory */
void		 shares_free(struct shares *);	/* NULL is fine */
/* state: as it is; NULL is fine, and then nothing is counted. */
void		 shares_flow(struct shares *, const struct state *, const struct flow *);
/* No more flows, or for now: what is behind the pointers below is made. */
void		 shares_end(struct shares *, const struct state *);
/* By name, then port; they live until the next shares_flow(). */
unsigned	 shares_n(const struct shares *);
const struct share_port *shares_get(const struct shares *, unsigned i);
uint64_t	 shares_left_out(const struct shares *);

const char	*evenness_name(unsigned);	/* "too-few", "even", "uneven", ... */
/*
 * The value that chi-square passes by chance in one of 1,000 cases: from the table
 * up to 30 degrees of freedom, beyond by Wilson and Hilferty's approximation
 * (df (1 - 2/9df + 3.0902 sqrt(2/9df))^3), which is less than 0.2 % off there.
 */
double		 shares_critical(unsigned degrees);

#endif
