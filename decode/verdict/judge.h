/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * judge.h - a flow against node state: was this path right?
 *
 * What was seen (legs, conntrack), what the node's rules predict (model.h) and
 * what the CNI requires (contract.h) are compared; differences are findings,
 * and the findings make the verdict.  For decode/ only.
 */
#ifndef DECODE_JUDGE_H
#define DECODE_JUDGE_H

#include "decode/contract.h"
#include "decode/flow.h"
#include "decode/model.h"
#include "decode/state.h"

struct judge;

/* What the tracer knows beside the flow itself. */
struct judge_view {
	const void	*arg;
	/* The device behind leg.iface, or NULL. */
	const char	*(*dev)(const void *arg, unsigned iface);
	/* Was this device captured?  dev NULL: were all? */
	bool		(*covers)(const void *arg, const char *dev);
	/* Could what came in have gone out unrecognised: did packets with the same
	   destination and protocol, that nothing came in for, leave then? */
	bool		(*maybe_left)(const void *arg, const struct flow *);
	/* Was there no later conversation with its original tuple? */
	bool		(*is_latest)(const void *arg, const struct flow *);
	/* Conntrack's entry with this original (reply) tuple while the flow ran. */
	const struct ct_entry *(*ct_orig)(const void *arg, const struct flow *,
	    const struct tuple *);
	const struct ct_entry *(*ct_reply)(const void *arg, const struct flow *,
	    const struct tuple *);
	/* When one of these began, or some time after that; 0: not known. */
	struct nstime	(*ct_began)(const void *arg, const struct ct_entry *);
	/* Were conntrack's entries seen at all?  All of those that were there while
	   the flow ran: is one that is not found not there? */
	bool		has_ct;
	bool		(*ct_complete)(const void *arg, const struct flow *);
	/* Were packets lost while it ran, up to 50 ms after its last? */
	bool		(*lost)(const void *arg, const struct flow *);
	struct nstime	now;		/* nothing was seen later than this */
};

/* Borrows the state, which must outlive it.  NULL when there is no memory. */
struct judge	*judge_new(const struct state *);
void		 judge_free(struct judge *);	/* NULL is fine */
const struct state *judge_state(const struct judge *);
/* NULL when no contract applies. */
const struct contract *judge_contract(const struct judge *);

/* A flow as the tracer described it, with the findings that packets gave:
   translated, confidence, node, findings and verdict become what they are with
   the state.  The judge remembers how flows that are alike were judged. */
void		 judge_flow(struct judge *, const struct judge_view *,
		    struct flow *);

#endif
