/* SPDX-License-Identifier: GPL-2.0-or-later */
/* map.c - tables of record numbers by hash; see state_int.h. */
#include <stdlib.h>

#include "decode/state/state_int.h"

static bool
map_resize(struct map *m, uint32_t size)
{
	uint64_t *old = m->slot;
	uint32_t old_size = old ? m->mask + 1 : 0;

	m->slot = calloc(size, sizeof(*m->slot));
	if (m->slot == NULL) {
		m->slot = old;
		return false;
	}
	m->mask = size - 1;
	for (uint32_t i = 0; i < old_size; i++) {
		uint32_t at = (uint32_t)(old[i] >> 32) & m->mask;

		if (old[i] == 0)
			continue;
		while (m->slot[at] != 0)
			at = map_step(m, at);
		m->slot[at] = old[i];
	}
	free(old);
	return true;
}

bool
map_reserve(struct map *m, uint32_t n)
{
	uint32_t size = 64;

	while (size < 1u << 30 && size / 4 * 3 <= n)
		size *= 2;
	return (m->slot != NULL && size <= m->mask + 1) || map_resize(m, size);
}

bool
map_add(struct map *m, uint32_t h, uint32_t number)
{
	uint32_t at;

	if (m->slot == NULL || m->used >= (m->mask + 1) / 4 * 3)
		if (!map_resize(m, m->slot ? (m->mask + 1) * 2 : 64))
			return false;
	for (at = h & m->mask; m->slot[at] != 0;)
		at = map_step(m, at);
	m->slot[at] = (uint64_t)h << 32 | (number + 1u);
	m->used++;
	return true;
}

void
map_free(struct map *m)
{
	free(m->slot);
	*m = (struct map){ 0 };
}
