/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pool.c - items of one size, named by a 32-bit index, in chunks.
 */
#include "decode/pool.h"

#include <stdlib.h>
#include <string.h>

#define CACHE_LINE	64

void
pool_init(struct pool *p, uint32_t item_size)
{
	*p = (struct pool){ .used = 1, .item_size = item_size };
}

void
pool_fini(struct pool *p)
{
	for (uint32_t i = 0; i < p->n_chunks; i++)
		free(p->chunk[i]);
	free(p->chunk);
	*p = (struct pool){ 0 };
}

static int
pool_grow(struct pool *p)
{
	uint8_t **chunk = realloc(p->chunk, (p->n_chunks + 1) * sizeof(*chunk));

	if (chunk == NULL)
		return -1;
	p->chunk = chunk;
	chunk[p->n_chunks] = aligned_alloc(CACHE_LINE,
	    (size_t)POOL_CHUNK * p->item_size);
	if (chunk[p->n_chunks] == NULL)
		return -1;
	p->n_chunks++;
	return 0;
}

uint32_t
pool_take(struct pool *p)
{
	uint32_t i = p->free;

	if (i != 0) {
		memcpy(&p->free, pool_at(p, i), sizeof(p->free));
	} else {
		if (p->used >> POOL_CHUNK_BITS >= p->n_chunks && pool_grow(p) != 0)
			return 0;
		i = p->used++;
	}
	memset(pool_at(p, i), 0, p->item_size);
	p->live++;
	return i;
}

void
pool_give(struct pool *p, uint32_t i)
{
	memcpy(pool_at(p, i), &p->free, sizeof(p->free));
	p->free = i;
	p->live--;
}
