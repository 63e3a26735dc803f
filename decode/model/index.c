/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * index.c - which rules of a long sequence could match a packet at all.
 *
 * kube-proxy writes one rule for each Service address, the VPC CNI one policy
 * rule for each pod.  Those that ask for one exact address or port are found by
 * hash, the rest is walked; merged in order, the answer is that of the whole
 * sequence.
 */
#include <stdlib.h>

#include "decode/model/model_int.h"

static uint64_t
slot_hash(const struct index *ix, uint32_t owner, uint8_t class, struct bits key)
{
	return bits_hash(key, (uint64_t)owner << 3 | class) & ix->mask;
}

void
index_add(struct index *ix, uint32_t owner, enum key_class class,
    struct bits key, uint32_t item)
{
	if (ix->n == ix->room && !ix->failed) {
		size_t room = ix->room == 0 ? 1024 : ix->room * 2;
		struct entry *p = realloc(ix->entries, room * sizeof(*p));

		if (p == NULL) {
			ix->failed = true;
			return;
		}
		ix->entries = p;
		ix->room = room;
	}
	if (ix->failed)
		return;
	ix->entries[ix->n++] = (struct entry){ .key = key, .owner = owner,
	    .item = item, .class = (uint8_t)class };
}

static int
by_group(const void *x, const void *y)
{
	const struct entry *a = x, *b = y;

	if (a->owner != b->owner)
		return a->owner < b->owner ? -1 : 1;
	if (a->class != b->class)
		return a->class < b->class ? -1 : 1;
	if (a->key.hi != b->key.hi)
		return a->key.hi < b->key.hi ? -1 : 1;
	if (a->key.lo != b->key.lo)
		return a->key.lo < b->key.lo ? -1 : 1;
	return (a->item > b->item) - (a->item < b->item);
}

static bool
same_group(const struct entry *a, const struct entry *b)
{
	return a->owner == b->owner && a->class == b->class &&
	    bits_eq(a->key, b->key);
}

bool
index_seal(struct index *ix)
{
	size_t n_slots = 16;

	if (ix->failed || ix->n >= NONE / 4)
		return false;
	while (n_slots < ix->n * 2)
		n_slots *= 2;
	ix->mask = n_slots - 1;
	ix->slots = calloc(n_slots, sizeof(*ix->slots));
	ix->items = calloc(ix->n + 1, sizeof(*ix->items));
	if (ix->slots == NULL || ix->items == NULL)
		return false;
	if (ix->n > 0)
		qsort(ix->entries, ix->n, sizeof(*ix->entries), by_group);
	for (size_t i = 0; i < ix->n;) {
		const struct entry *e = &ix->entries[i];
		uint64_t h = slot_hash(ix, e->owner, e->class, e->key);
		struct index_slot *s;

		while (ix->slots[h].n != 0)
			h = (h + 1) & ix->mask;
		s = &ix->slots[h];
		*s = (struct index_slot){ .key = e->key, .owner = e->owner,
		    .class = e->class, .first = (uint32_t)i };
		for (; i < ix->n && same_group(e, &ix->entries[i]); i++) {
			ix->items[i] = ix->entries[i].item;
			s->n++;
		}
	}
	free(ix->entries);
	ix->entries = NULL;
	return true;
}

void
index_free(struct index *ix)
{
	free(ix->entries);
	free(ix->items);
	free(ix->slots);
}

static void
pick_class(struct pick *p, const struct index *ix, uint32_t owner,
    enum key_class class, struct bits key, uint32_t from)
{
	uint64_t h = slot_hash(ix, owner, (uint8_t)class, key);

	p->at[class] = p->end[class] = NULL;
	for (; ix->slots[h].n != 0; h = (h + 1) & ix->mask) {
		const struct index_slot *s = &ix->slots[h];
		uint32_t low = 0, high = s->n;

		if (s->owner != owner || s->class != class || !bits_eq(s->key, key))
			continue;
		while (low < high) {
			uint32_t mid = low + (high - low) / 2;

			if (ix->items[s->first + mid] < from)
				low = mid + 1;
			else
				high = mid;
		}
		p->at[class] = &ix->items[s->first] + low;
		p->end[class] = &ix->items[s->first] + s->n;
		return;
	}
}

void
pick_start(struct pick *p, const struct index *ix, uint32_t owner,
    struct bits src, struct bits dst, uint16_t dport, uint32_t from)
{
	pick_class(p, ix, owner, KEY_DADDR, dst, from);
	pick_class(p, ix, owner, KEY_SADDR, src, from);
	pick_class(p, ix, owner, KEY_DPORT, (struct bits){ 0, dport }, from);
	pick_class(p, ix, owner, KEY_NONE, (struct bits){ 0, 0 }, from);
}
