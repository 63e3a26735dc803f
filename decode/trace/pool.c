/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pool.c - items of one size, named by a 32-bit index.
 */
#include "decode/trace/pool.h"

#include <string.h>
#include <sys/mman.h>

void *
pool_pages(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

void
pool_pages_free(void *p, size_t size)
{
	if (p != NULL)
		munmap(p, size);
}

/* Item 0 is never given out. */
static size_t
pool_size(const struct pool *p)
{
	return ((size_t)p->max + 1) * p->item_size;
}

bool
pool_init(struct pool *p, uint32_t item_size, uint32_t max)
{
	*p = (struct pool){ .used = 1, .item_size = item_size, .max = max };
	p->base = pool_pages(pool_size(p));
	return p->base != NULL;
}

void
pool_fini(struct pool *p)
{
	pool_pages_free(p->base, pool_size(p));
	*p = (struct pool){ 0 };
}

uint32_t
pool_take(struct pool *p)
{
	uint32_t i = p->free;

	if (p->used <= p->max) {
		i = p->used++;
	} else if (i != 0) {
		memcpy(&p->free, pool_at(p, i), sizeof(p->free));
		memset(pool_at(p, i), 0, p->item_size);
	} else {
		return 0;
	}
	p->live++;
	return i;
}

void
pool_give(struct pool *p, uint32_t i)
{
	static const uint32_t none = 0;

	memcpy(pool_at(p, i), &none, sizeof(none));
	if (p->free == 0)
		p->free = i;
	else
		memcpy(pool_at(p, p->free_last), &i, sizeof(i));
	p->free_last = i;
	p->live--;
}
