/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * walk_int.h - one packet under way; for decode/model/ only.
 *
 * A way holds all that a packet's future depends on, so that at a choice (a
 * Service's endpoint) it is copied, one copy goes on as if the dice had said
 * yes, and the other as if no.
 */
#ifndef DECODE_WALK_INT_H
#define DECODE_WALK_INT_H

#include "decode/model/model_int.h"

/* NFT_JUMP_STACK_SIZE, and the base chain itself. */
#define MAX_DEPTH	17

/* Choices in one way; and rules and elements of sets tried in all ways of a
   query, which bounds chains that call each other in all orders.  A Service of
   5,000 endpoints takes a third of it. */
#define MAX_CHOICES	24
#define MAX_WORK	(UINT32_C(1) << 20)

enum stage {
	AT_START,
	AT_PREROUTING,		/* of what comes in */
	AT_INPUT,
	AT_FORWARD,
	AT_OUTPUT,
	AT_POSTROUTING,
	AT_LOOP,		/* prerouting again: out by lo and in again */
};

struct frame {
	uint32_t	 chain, next;	/* the rule that is next, in state.nf_rules */
};

struct run;

struct way {
	struct tuple	 t;
	uint32_t	 mark, ctmark;
	const char	*iif, *oif;	/* as the hook sees them; "" none */
	const char	*leaves;	/* device of the route */
	uint32_t	 leaves_dev;
	uint8_t		 stage, hook;
	bool		 local_in;	/* the route says: for this node */
	bool		 untracked;
	bool		 tracked;	/* conntrack has seen it */
	bool		 comes_in;	/* from outside */
	bool		 translated_here;	/* nat's place in this hook is behind us */
	bool		 source_done, dest_done;	/* nat decided, or decided not to */
	uint32_t	 base;		/* next base chain of the hook */
	bool		 in_base;
	uint8_t		 depth;
	bool		 held, maybe;	/* the rule before did; or it is not known */
	struct frame	 frames[MAX_DEPTH];
	struct bits	 before_src, before_dst;	/* when the base chain began */
	uint32_t	 before_mark;
	uint8_t		 choices;
	double		 probability;
	unsigned	 n_steps;
	/* what was found, for the result */
	bool		 dnat, snat, masquerade, port_known;
	struct route_answer route;
	struct route_answer reverse;
	const struct nf_rule *dnat_rule, *snat_rule, *connmark_rule, *drop_rule;
	const struct nf_chain *drop_chain;
};

struct run {
	const struct model *m;
	struct walk	*w;
	bool		 steps, v6, reply, probe;
	bool		 probe_acts;	/* a probe found that the chain does something */
	uint8_t		 icmp_type, icmp_code, tcp_flags;
	struct tuple	 orig, after;	/* of a reply: what its request was */
	bool		 was_snat, was_dnat;
	const char	*bound_oif;
	const struct addr *want;
	uint16_t	 want_port;
	uint32_t	 work;
	bool		 stopped;
	/* May the result be taken as it is?  True and why, when not. */
	bool		 (*doubt)(const struct run *, const struct way *,
			    const char **why);
	bool		 (*cb)(void *, const struct walk *);
	void		*arg;
};

enum match { MATCH_NO, MATCH_YES, MATCH_UNKNOWN };

/* nf_match.c: do all matches of the rule hold?  *probability < 1: by chance. */
enum match	rule_matches(struct run *, const struct way *,
		    const struct nf_rule *, double *probability);
enum match	elem_matches(const struct way *, const struct nf_set *,
		    const struct nf_elem *);
bool		set_is_indexed(const struct nf_set *);
/* The first element that matches, from *at on; NONE: none. */
uint32_t	set_next(struct run *, const struct way *, uint32_t set,
		    struct pick *, uint32_t *at);
void		set_start(const struct run *, const struct way *, uint32_t set,
		    struct pick *, uint32_t *at);
bool		proto_has_ports(uint8_t proto);
uint16_t	index_port(const struct tuple *);

/* nf_chain.c: go on in the base chain until its end.  False: the way ended. */
bool		chain_run(struct run *, struct way *);

/* nat.c: false when the way ended. */
bool		nat_target(struct run *, struct way *, const struct nf_rule *,
		    const struct nf_target *);
void		nat_reply(struct run *, struct way *);

/* way.c */
void		way_run(struct run *, struct way *);
void		way_end(struct run *, struct way *, enum walk_end, enum drop_cause,
		    const char *why);
void		way_drop(struct run *, struct way *, const struct nf_rule *,
		    const struct nf_chain *);
const char	*way_where(const struct run *, const struct way *);
__attribute__((format(printf, 6, 7)))
void		way_step(struct run *, struct way *, enum step_kind, const char *where,
		    const char *text, const char *note, ...);

/* way_route.c: false when the way ended. */
bool		way_route_in(struct run *, struct way *);
bool		way_route_out(struct run *, struct way *);
bool		way_reroute(struct run *, struct way *);

#endif
