/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pool.h - items of one size, named by a 32-bit index, in chunks.
 *
 * Indexes start at 1: 0 means "none".  Items never move, memory is taken a
 * chunk at a time and given back by pool_fini().  A new item is zeroed.
 */
#ifndef DECODE_POOL_H
#define DECODE_POOL_H

#include <stddef.h>
#include <stdint.h>

#define POOL_CHUNK_BITS	12
#define POOL_CHUNK	(1u << POOL_CHUNK_BITS)

struct pool {
	uint8_t		**chunk;
	uint32_t	n_chunks;
	uint32_t	used;		/* indexes handed out so far, freed ones too */
	uint32_t	free;		/* first freed item, a list through their first word */
	uint32_t	live;
	uint32_t	item_size;	/* a multiple of 8 */
};

void		 pool_init(struct pool *, uint32_t item_size);
void		 pool_fini(struct pool *);
/* A zeroed item; 0 when there is no memory. */
uint32_t	 pool_take(struct pool *);
void		 pool_give(struct pool *, uint32_t i);

/* The item of an index that pool_take() gave out. */
static inline void *
pool_at(const struct pool *p, uint32_t i)
{
	return p->chunk[i >> POOL_CHUNK_BITS] +
	    (size_t)(i & (POOL_CHUNK - 1)) * p->item_size;
}

#endif
