/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * model.h - what this node's kernel would do with a packet, from node state
 * alone: policy rules, route tables, the netfilter chains in their order.
 *
 * Nothing is guessed: where a rule, a match or a table is not known that could
 * decide, the answer is "unknown" and says which.  Order of hooks and NAT once
 * per connection as in net/ipv4/ip_input.c, ip_forward.c, ip_output.c and
 * net/netfilter/nf_nat_core.c; rule and table lookup as in net/core/fib_rules.c
 * and net/ipv4/fib_trie.c; reverse path filter as in net/ipv4/fib_frontend.c.
 */
#ifndef DECODE_MODEL_H
#define DECODE_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "decode/packet.h"
#include "decode/state.h"

struct model;

/* Borrows the state, which must be ready and outlive the model.  NULL only when
   there is no memory. */
struct model	*model_new(const struct state *);
void		 model_free(struct model *);	/* NULL is fine */

/* ---- one route lookup: `ip route get DST from SRC iif IIF mark MARK` */

struct route_query {
	struct addr	src;		/* all zero, or IPv4 0.0.0.0: none chosen yet */
	struct addr	dst;
	const char	*iif;		/* NULL: this node sends */
	const char	*oif;		/* NULL: any */
	uint32_t	mark;
	uint8_t		proto;		/* 0: not told */
	uint16_t	sport, dport;
};

enum route_end {
	ROUTE_TO,		/* unicast: by dev */
	ROUTE_HERE,		/* an address of this node */
	ROUTE_GROUP,		/* broadcast or multicast */
	ROUTE_REFUSED,		/* unreachable, prohibit or blackhole: route or rule says so */
	ROUTE_NOWHERE,		/* no rule and table has one: network unreachable */
	ROUTE_UNKNOWN,		/* `why` says what is missing */
	N_ROUTE_ENDS
};

struct route_answer {
	uint8_t		end;		/* enum route_end */
	const struct iprule *rule;	/* that decided; NULL: none */
	const struct iproute *route;	/* NULL: none (a rule refused, or nothing) */
	const char	*dev;		/* ROUTE_TO */
	bool		several;	/* multipath: dev is one of several */
	bool		has_via;
	struct addr	via;
	bool		has_src;	/* the source that this node would choose */
	struct addr	src;
	const char	*why;		/* ROUTE_UNKNOWN: static text, or of the state */
};

void	model_route(const struct model *, const struct route_query *,
	    struct route_answer *);

/* ---- a packet's whole way through the node */

enum drop_cause {
	DROP_UNKNOWN, DROP_RP_FILTER, DROP_NO_ROUTE, DROP_FIREWALL,
	DROP_POLICY_INGRESS, DROP_POLICY_EGRESS, DROP_TTL, DROP_NOT_FOR_US,
	N_DROP_CAUSES
};

struct walk_query {
	struct tuple	t;		/* as it comes in (or as a process here sends it) */
	const char	*iif;		/* NULL: a process of this node sends it */
	const char	*bound_oif;	/* of a process: the device it is bound to; NULL */
	uint32_t	mark;		/* 0 unless the socket or another hook set one */
	uint8_t		icmp_type, icmp_code;
	/* Several ways are possible (a Service's endpoints).  The one whose DNAT
	   gives this address (and port, unless 0) is wanted; NULL: the first. */
	const struct addr *want_dst;
	uint16_t	want_dport;
	bool		steps;		/* fill walk.steps, for people */
};

enum walk_end {
	/* See `why`.  The other fields hold what was found until then: a route that
	   is sure (`oif`, when route.end is ROUTE_TO) also without rule sets. */
	WALK_UNKNOWN,
	WALK_SENT,		/* left by `oif` */
	WALK_LOCAL,		/* delivered to a process of this node */
	WALK_DROPPED,		/* see `cause` and what decided */
	N_WALK_ENDS
};

enum step_kind {
	STEP_IN,		/* where it enters */
	STEP_NF,		/* a netfilter rule that did something */
	STEP_RULE,		/* the policy rule that chose the table */
	STEP_ROUTE,		/* the route in it */
	STEP_REVERSE,		/* reverse path check */
	STEP_CONNTRACK,		/* a translation that is already there is applied */
	STEP_OUT,		/* where it leaves, or ends */
	N_STEP_KINDS
};

struct step {
	uint8_t		kind;		/* enum step_kind */
	const char	*where;		/* "mangle PREROUTING", "ip rule", "table 2" */
	const char	*text;		/* rule or route text, or NULL */
	char		note[120];	/* what it did: "mark 0x80", "destination 10.0.0.7:8080" */
};

#define WALK_MAX_STEPS	48

struct walk {
	uint8_t		end;		/* enum walk_end */
	uint8_t		cause;		/* enum drop_cause */
	const char	*why;		/* WALK_UNKNOWN: static, or of the state: the rule or
					   what is missing */
	struct tuple	after;		/* as it leaves */
	const char	*oif;		/* WALK_SENT */
	uint32_t	mark, ctmark;	/* of the packet, of the connection, at the end */
	bool		dnat, snat, masquerade;
	bool		port_known;	/* after's changed port is certain */
	bool		untracked;	/* conntrack was told to leave it alone: its answer is
					   a packet of its own */
	double		probability;	/* of this way among all, 0 to 1 */
	bool		found_wanted;	/* want_dst was one of the possible ways */
	struct route_answer route;	/* that chose oif */
	struct route_answer reverse;	/* of the reverse path check when it failed */
	const struct nf_rule *dnat_rule, *snat_rule;	/* that translated; NULL none */
	const struct nf_rule *drop_rule;	/* NULL: a policy, or none */
	const struct nf_chain *drop_chain;	/* whose rule or policy dropped */
	const struct nf_rule *connmark_rule;	/* that set the connection's mark */
	unsigned	n_steps;
	struct step	steps[WALK_MAX_STEPS];	/* only with query.steps */
};

/* The first packet of a connection. */
void	model_walk(const struct model *, const struct walk_query *, struct walk *);
/* Every way it can take, with its probability: for a Service one for each
   endpoint.  The callback returns false to stop. */
void	model_each(const struct model *, const struct walk_query *,
	    bool (*cb)(void *, const struct walk *), void *arg);
/* An answer to what `request` describes, that comes in by iif (NULL: this node
   answers).  Its tuple is request->after turned round. */
void	model_reply(const struct model *, const struct walk_query *request_query,
	    const struct walk *request, const char *iif, bool steps, struct walk *);
/* The same when the translation is known otherwise (conntrack, packets): orig
   as the initiator sent it, after as it left; ctmark as conntrack has it. */
void	model_reply_of(const struct model *, const struct tuple *orig,
	    const struct tuple *after, uint32_t ctmark, const char *iif, bool steps,
	    struct walk *);

/* Is the address one of this node's (table local)?  With dev, of that device. */
bool	model_is_local(const struct model *, const struct addr *, const char *dev);
/* Does a device name match the pattern of a rule ("eni+", "eth0")? */
bool	nf_name_matches(const char *pattern, const char *name);

const char	*drop_cause_name(unsigned);	/* "rp-filter" */

#endif
