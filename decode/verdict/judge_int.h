/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * judge_int.h - a flow while it is judged; for decode/verdict/ only.
 */
#ifndef DECODE_JUDGE_INT_H
#define DECODE_JUDGE_INT_H

#include <string.h>

#include "decode/verdict/finding.h"
#include "decode/verdict/judge.h"

struct judge {
	const struct state *state;
	struct model	*model;
	struct contract	*contract;	/* NULL: none applies */
	struct memo	*memo;		/* NULL: each flow is judged by itself */
	uint32_t	until_memo;	/* flows until it is worth its making */
	bool		no_memo;	/* there was no memory for it */
};

/* How one direction crossed this node. */
struct crossing {
	const struct leg *in, *out;	/* NULL: not seen */
	const char	*in_dev, *out_dev;	/* NULL: not seen, or its name is not known */
	bool		any;		/* some leg was seen */
	bool		begins_here;	/* the first leg goes out: a process sent it, or what
					   came in was not captured */
};

struct trial {
	struct judge	*j;
	const struct judge_view *view;
	struct flow	*f;
	struct crossing	req, rep;
	struct owner	src, dst;	/* of original.src, original.dst */
	struct owner	target;		/* of the destination after translation */
	bool		from_node;	/* a process of this node began it */
	bool		to_node;	/* it ends at a process of this node */
	bool		has_after;	/* `after` is: how it left, or was answered */
	struct tuple	after;
	bool		dnat;		/* it was translated to another destination */
	bool		has_walk, has_demand;
	struct walk_query query;
	struct walk	walk;
	struct demand_query asked;
	struct demand	demand;
};

/* Both known, and the same. */
static inline bool
same_name(const char *x, const char *y)
{
	return x != NULL && y != NULL && strcmp(x, y) == 0;
}

/* seen.c: what was seen. */
void	trial_see(struct trial *);
/* Once it is known who is who: how it left, if the packet itself does not show
   it, as the answer to it does, else as conntrack says. */
void	trial_see_after(struct trial *);
/* conntrack.c: what conntrack says. */
void	trial_conntrack(struct trial *);
/* kind.c */
void	trial_kind(struct trial *);
/* predict.c: what the node's rules and the CNI say to it. */
void	trial_predict(struct trial *);
/* compare.c: seen, predicted and required. */
void	trial_compare(struct trial *);
/* service.c: was it led to an endpoint that its Service has? */
void	trial_service(struct trial *);
/* drop.c: what came in and did not go out. */
void	trial_dropped(struct trial *);
/* Cause and fix from the node's set-up, where it explains the finding: of what
   passed by `dev`.  The other also says which cause packets showed. */
void	trial_explain(const struct trial *, struct finding *, const char *dev, bool reply);
void	trial_explain_cause(const struct trial *, struct finding *, const char *dev,
	    bool reply, enum drop_cause);

#endif
