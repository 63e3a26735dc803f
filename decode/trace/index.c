/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * index.c - convs by key: open addressing, linear probing, no tombstones.
 *
 * A slot holds 32 bits of the key's hash beside the conv, so that a miss
 * rarely touches the conv, and growing never does.  Removal shifts later
 * entries back (Knuth, TAOCP volume 3, section 6.4, algorithm R).
 */
#include <stdlib.h>
#include <string.h>

#include "decode/trace/tracer_int.h"

#define INDEX_START	8192u

bool
index_init(struct tracer *t)
{
	t->index = pool_pages(INDEX_START * sizeof(*t->index));
	t->index_mask = INDEX_START - 1;
	t->index_used = 0;
	return t->index != NULL;
}

uint32_t
index_find(const struct tracer *t, const struct key *k, uint32_t hash)
{
	for (uint32_t i = hash & t->index_mask;; i = (i + 1) & t->index_mask) {
		const struct index_slot *s = &t->index[i];

		if (s->conv == 0)
			return 0;
		if (s->hash == hash && key_eq(&conv_at(t, s->conv)->key, k))
			return s->conv;
	}
}

static void
place(struct index_slot *slots, uint32_t mask, struct index_slot s)
{
	uint32_t i = s.hash & mask;

	while (slots[i].conv != 0)
		i = (i + 1) & mask;
	slots[i] = s;
}

void
index_fini(struct tracer *t)
{
	pool_pages_free(t->index, ((size_t)t->index_mask + 1) * sizeof(*t->index));
}

static bool
index_grow(struct tracer *t)
{
	uint32_t mask = t->index_mask * 2 + 1;
	struct index_slot *slots =
	    pool_pages(((size_t)mask + 1) * sizeof(*slots));

	if (slots == NULL)
		return false;
	for (uint32_t i = 0; i <= t->index_mask; i++)
		if (t->index[i].conv != 0)
			place(slots, mask, t->index[i]);
	index_fini(t);
	t->index = slots;
	t->index_mask = mask;
	return true;
}

bool
index_insert(struct tracer *t, uint32_t conv, uint32_t hash)
{
	/* Full to a third at most: nearly all stand in the first two places,
	   which is all that index_guess() looks at. */
	if ((uint64_t)(t->index_used + 1) * 3 > (uint64_t)t->index_mask &&
	    !index_grow(t))
		return false;
	place(t->index, t->index_mask, (struct index_slot){ hash, conv });
	t->index_used++;
	return true;
}

void
index_remove(struct tracer *t, uint32_t conv)
{
	uint32_t mask = t->index_mask;
	uint32_t hole = key_hash(&conv_at(t, conv)->key) & mask;

	while (t->index[hole].conv != conv) {
		if (t->index[hole].conv == 0)
			return;		/* retired before */
		hole = (hole + 1) & mask;
	}
	for (uint32_t i = (hole + 1) & mask; t->index[i].conv != 0;
	    i = (i + 1) & mask) {
		uint32_t home = t->index[i].hash & mask;

		/* Move it when its home does not lie between hole and i. */
		if (((i - home) & mask) >= ((i - hole) & mask)) {
			t->index[hole] = t->index[i];
			hole = i;
		}
	}
	t->index[hole] = (struct index_slot){ 0, 0 };
	t->index_used--;
}
