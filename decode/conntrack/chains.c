/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * chains.c - hash chains over conntrack's records, one set for each side.
 *
 * A zone is no part of a key, since packets do not tell theirs.
 */
#include <stdlib.h>

#include "decode/conntrack/ct_int.h"
#include "decode/trace/key.h"

#define FIRST_CHAINS	1024u

static uint32_t
hash_of(const struct tuple *t)
{
	return hash_words(words_of(&t->src), words_of(&t->dst),
	    rest_of(t->sport, t->dport, t->proto, 0), 0);
}

bool
chains_init(struct ct_table *t)
{
	t->mask = FIRST_CHAINS - 1;
	for (unsigned s = 0; s < N_SIDES; s++) {
		t->heads[s] = calloc(FIRST_CHAINS, sizeof(*t->heads[s]));
		if (t->heads[s] == NULL)
			return false;
	}
	return true;
}

void
chains_fini(struct ct_table *t)
{
	for (unsigned s = 0; s < N_SIDES; s++)
		free(t->heads[s]);
}

uint32_t
chain_of(const struct ct_table *t, enum side s, const struct tuple *tuple)
{
	return t->heads[s][hash_of(tuple) & t->mask];
}

/* Every chain becomes two, told apart by one more bit, in the order that it had. */
static void
split(struct ct_table *t, enum side s, uint32_t *heads, uint32_t n)
{
	for (uint32_t c = 0; c < n; c++) {
		uint32_t *end[2] = { &heads[c], &heads[c + n] };
		uint32_t i = t->heads[s][c];

		while (i != 0) {
			struct rec *r = rec_at(t, i);
			bool upper = hash_of(tuple_on(&r->life.entry, s)) & n;

			*end[upper] = i;
			end[upper] = &r->next[s];
			i = r->next[s];
		}
		*end[0] = *end[1] = 0;
	}
	free(t->heads[s]);
	t->heads[s] = heads;
}

/* Without memory the chains get longer, that is all. */
static void
grow(struct ct_table *t)
{
	uint32_t n = t->mask + 1, *more[N_SIDES];

	if (n > UINT32_MAX / 2)
		return;
	for (unsigned s = 0; s < N_SIDES; s++)
		more[s] = calloc((size_t)n * 2, sizeof(*more[s]));
	if (more[SIDE_ORIG] == NULL || more[SIDE_REPLY] == NULL) {
		free(more[SIDE_ORIG]);
		free(more[SIDE_REPLY]);
		return;
	}
	split(t, SIDE_ORIG, more[SIDE_ORIG], n);
	split(t, SIDE_REPLY, more[SIDE_REPLY], n);
	t->mask = n * 2 - 1;
}

void
chains_add(struct ct_table *t, uint32_t i)
{
	struct rec *r = rec_at(t, i);

	if (t->recs.live > t->mask)
		grow(t);
	for (unsigned s = 0; s < N_SIDES; s++) {
		uint32_t *head = &t->heads[s][hash_of(tuple_on(&r->life.entry, s)) &
		    t->mask];

		r->next[s] = *head;
		*head = i;
	}
}

void
chains_remove(struct ct_table *t, uint32_t i)
{
	const struct rec *r = rec_at(t, i);

	for (unsigned s = 0; s < N_SIDES; s++) {
		uint32_t *at = &t->heads[s][hash_of(tuple_on(&r->life.entry, s)) &
		    t->mask];

		while (*at != i)
			at = &rec_at(t, *at)->next[s];
		*at = r->next[s];
	}
}
