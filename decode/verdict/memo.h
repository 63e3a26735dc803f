/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memo.h - judgements to be used again; for decode/verdict/ only.
 *
 * Most flows of a node are right, and alike: the same ends as far as the state
 * tells them apart (classes.h), the same way through the node.  What was found
 * right for one of them is right for all.  Flows that are not right are judged
 * in full each time.  The memory is bounded: a new judgement takes the place of
 * an old one.
 */
#ifndef DECODE_MEMO_H
#define DECODE_MEMO_H

#include "decode/verdict/judge_int.h"

struct memo;

/* All that a verdict of `ok` depends on. */
struct memo_key {
	const char	*devs[4];	/* request in and out, reply in and out */
	uint32_t	src, dst, after_src, after_dst, target, reply_src;	/* classes */
	uint32_t	sport, dport, after_dport, target_dport;	/* classes; the last
							   two exact where they differ */
	uint32_t	bits;
	uint32_t	zero;
};

/* NULL only when there is no memory. */
struct memo	*memo_new(const struct state *);
void		 memo_free(struct memo *);	/* NULL is fine */
/* Can a flow like this be right for the same reason as another?  The trial has
   seen it (trial_see()); false: it must be judged by itself. */
bool		 memo_key(struct memo *, const struct trial *, struct memo_key *);
/* The judgement of a flow with this key into t->f; false: there is none yet. */
bool		 memo_use(const struct memo *, const struct memo_key *, struct trial *);
/* Remember how t->f was judged; only for those that are ok.  Its findings from
   first_finding on are the judge's. */
void		 memo_keep(struct memo *, const struct memo_key *, const struct trial *,
		    unsigned first_finding);

#endif
