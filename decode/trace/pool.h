/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pool.h - items of one size, named by a 32-bit index.
 *
 * Indexes start at 1: 0 means "none".  Items never move, and an index is used
 * again as late as possible, since what still names it may be stale.  A pool reserves
 * address space for all it may ever hold; memory is used only for what was
 * taken, and given back by pool_fini().  A new item is zeroed.
 */
#ifndef DECODE_POOL_H
#define DECODE_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pool {
	void		*base;
	uint32_t	used;		/* indexes handed out so far, freed ones too */
	uint32_t	free, free_last; /* freed items, a list through their first word */
	uint32_t	live;
	uint32_t	max;
	uint32_t	item_size;	/* a multiple of 8 */
};

/* Room for `max` items; false when not even address space is to be had. */
bool		 pool_init(struct pool *, uint32_t item_size, uint32_t max);
void		 pool_fini(struct pool *);	/* a zeroed pool is fine */
/* A zeroed item; 0 when the pool is full. */
uint32_t	 pool_take(struct pool *);
void		 pool_give(struct pool *, uint32_t i);

/* Zeroed memory that costs nothing until it is touched; NULL when not even
   address space is to be had. */
void		*pool_pages(size_t size);
void		 pool_pages_free(void *, size_t size);	/* NULL is fine */

/* The item of an index that pool_take() gave out. */
static inline void *
pool_at(const struct pool *p, uint32_t i)
{
	return (uint8_t *)p->base + (size_t)i * p->item_size;
}

static inline bool
pool_full(const struct pool *p)
{
	return p->live == p->max;
}

#endif
