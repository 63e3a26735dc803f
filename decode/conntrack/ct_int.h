/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ct_int.h - how conntrack's table is kept; for decode/conntrack/ only.
 *
 * Records have indexes in a pool.  Each stands in two chains, by its original and
 * by its reply tuple (the latest first), and in one of two lists: those that are
 * there, in order of coming, or those that are gone, in order of ending.  The id is
 * compared, not looked up: every message tells both tuples.
 */
#ifndef DECODE_CT_INT_H
#define DECODE_CT_INT_H

#include "decode/conntrack.h"
#include "decode/trace/pool.h"

#define MAX_LOSSES	64

enum side { SIDE_ORIG, SIDE_REPLY, N_SIDES };

enum own_flag {
	OWN_ALIVE	= 1 << 0,
	OWN_EVENT	= 1 << 1,	/* its end has an event */
	OWN_TIMEOUT	= 1 << 2,	/* its timeout was told, at `told` */
	OWN_OLD		= 1 << 3,	/* may have begun at any time before `began`, not
					   only in a time of loss */
};

struct rec {
	struct ct_life	 life;
	struct nstime	 told;		/* when something of it was told last */
	uint32_t	 next[N_SIDES];	/* in its chains */
	uint32_t	 before, after;	/* in its list */
};

_Static_assert(sizeof(struct rec) <= 200, "half a million of them are kept");

struct list {
	uint32_t	head, tail, n;
};

struct span_of_time {
	struct nstime	since, until;
};

struct ct_table {
	struct pool	 recs;
	uint32_t	*heads[N_SIDES];	/* of chains; mask + 1 of them */
	uint32_t	 mask;
	struct list	 live, gone;
	uint32_t	 dump;		/* counts their beginnings */
	bool		 in_dump;
	bool		 known;		/* a dump was complete */
	bool		 lost;		/* something since it began */
	struct nstime	 dump_began, known_since;
	struct nstime	 unsure_since;	/* of all dumps since one was complete the first
					   began then */
	bool		 overflow;	/* something that is there has no place here; */
	bool		 overflow_again;	/* also since the dump began */
	struct nstime	 forgotten;	/* what ended up to here may have gone */
	struct nstime	 now;		/* the latest observation */
	uint64_t	 evicted;
	struct span_of_time losses[MAX_LOSSES];	/* in order, apart from each other */
	unsigned	 n_losses;
};

static inline struct rec *
rec_at(const struct ct_table *t, uint32_t i)
{
	return pool_at(&t->recs, i);
}

static inline bool
is_alive(const struct rec *r)
{
	return r->life.own_flags & OWN_ALIVE;
}

static inline const struct tuple *
tuple_on(const struct ct_entry *e, enum side side)
{
	return side == SIDE_ORIG ? &e->orig : &e->reply;
}

/* When the kernel lets go of an entry whose end it may not tell; INT64_MAX: it
   tells. */
int64_t		 rec_expiry(const struct rec *);

/* chains.c */
bool		 chains_init(struct ct_table *);
void		 chains_fini(struct ct_table *);
uint32_t	 chain_of(const struct ct_table *, enum side, const struct tuple *);
/* The record goes into both of its chains; these grow with their number. */
void		 chains_add(struct ct_table *, uint32_t i);
void		 chains_remove(struct ct_table *, uint32_t i);

#endif
