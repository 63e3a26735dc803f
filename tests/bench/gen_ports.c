/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gen_ports.c - which tuples are in use, and from when on they are free again:
 * what conntrack would remember.  Open addressing over 64-bit hashes; that two
 * tuples share one only makes a free tuple look taken.
 */
#include "gen.h"

#include <err.h>
#include <stdlib.h>

struct busy {
	uint64_t	key;		/* 0: empty */
	int64_t		free_at;
};

struct ports {
	struct busy	*busy;
	size_t		 n, size;	/* size: a power of two */
};

struct ports *
ports_new(void)
{
	struct ports *p = calloc(1, sizeof(*p));

	if (p == NULL)
		err(2, NULL);
	p->size = 1 << 16;
	p->busy = calloc(p->size, sizeof(*p->busy));
	if (p->busy == NULL)
		err(2, NULL);
	return p;
}

void
ports_free(struct ports *p)
{
	free(p->busy);
	free(p);
}

static uint64_t
end_hash(uint32_t ip, uint16_t port, unsigned salt)
{
	struct prng r = { (uint64_t)ip << 24 ^ (uint64_t)port << 8 ^ salt };

	return prng_next(&r);
}

/* The same for a tuple and its reverse. */
static uint64_t
tup_key(const struct tup *t)
{
	return (end_hash(t->src, t->sport, t->proto) +
	    end_hash(t->dst, t->dport, t->proto)) | 1;
}

static struct busy *
busy_find(struct busy *table, size_t size, uint64_t key)
{
	size_t i = (size_t)(key >> 1) & (size - 1);

	while (table[i].key != 0 && table[i].key != key)
		i = (i + 1) & (size - 1);
	return &table[i];
}

static void
busy_grow(struct ports *p)
{
	size_t i, size = p->size * 2;
	struct busy *bigger = calloc(size, sizeof(*bigger));

	if (bigger == NULL)
		err(2, NULL);
	for (i = 0; i < p->size; i++)
		if (p->busy[i].key != 0)
			*busy_find(bigger, size, p->busy[i].key) = p->busy[i];
	free(p->busy);
	p->busy = bigger;
	p->size = size;
}

bool
ports_free_at(struct ports *p, const struct tup *t, int64_t now)
{
	const struct busy *b = busy_find(p->busy, p->size, tup_key(t));

	return b->key == 0 || b->free_at <= now;
}

void
ports_hold(struct ports *p, const struct tup *t, int64_t until)
{
	struct busy *b;

	if (p->n * 2 >= p->size)
		busy_grow(p);
	b = busy_find(p->busy, p->size, tup_key(t));
	p->n += b->key == 0;
	b->key = tup_key(t);
	b->free_at = until;
}
