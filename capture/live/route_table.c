/* SPDX-License-Identifier: GPL-2.0-or-later */
/* route_table.c - what is known of each kind, in the kernel's order. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/live/route_int.h"

/* Bytes at the start of a record that tell which one it is; 0: all of them. */
static const size_t id_bytes[N_KINDS] = {
	[KIND_LINK] = sizeof(uint32_t),
	[KIND_ADDR] = offsetof(struct addr_rec, secondary),
	[KIND_NEIGH] = offsetof(struct neigh_rec, mac),
};

static bool
same_record(const struct record *a, const struct record *b)
{
	return a->hash == b->hash && a->n_same == b->n_same &&
	    memcmp(a->bytes, b->bytes, a->n_same) == 0;
}

static bool
same_identity(enum route_kind k, const struct record *a, const struct record *b)
{
	if (id_bytes[k] == 0)
		return same_record(a, b);
	return a->ifindex == b->ifindex &&
	    memcmp(a->bytes, b->bytes, id_bytes[k]) == 0;
}

bool
table_push(struct route_source *s, struct table *t, struct record *r)
{
	if (t->n == t->room) {
		uint32_t room = t->room ? t->room * 2 : 64;
		struct record **v = realloc(t->v, room * sizeof(struct record *));

		if (v == NULL) {
			s->no_memory = true;
			free(r);
			return false;
		}
		t->v = v;
		t->room = room;
	}
	t->v[t->n++] = r;
	return true;
}

void
table_clear(struct table *t)
{
	for (uint32_t i = 0; i < t->n; i++)
		free(t->v[i]);
	free(t->v);
	*t = (struct table){ 0 };
}

static uint32_t
find(const struct table *t, enum route_kind k, const struct record *r)
{
	uint32_t i = 0;

	while (i < t->n && !same_identity(k, t->v[i], r))
		i++;
	return i;
}

/* ---- names of devices */

const struct record *
link_find(const struct route_source *s, uint32_t ifindex)
{
	const struct table *t = &s->now[KIND_LINK];

	for (uint32_t i = 0; i < t->n; i++)
		if (t->v[i]->ifindex == ifindex)
			return t->v[i];
	return NULL;
}

const char *
link_name(const struct route_source *s, uint32_t ifindex, bool before,
    char buf[static IFNAMSIZ])
{
	const struct record *l;

	for (uint32_t i = 0; before && i < s->n_was; i++)
		if (s->was[i].ifindex == ifindex)
			return s->was[i].name;
	l = link_find(s, ifindex);
	if (l != NULL)
		return record_link(l)->name;
	/* as ip(8) calls it */
	snprintf(buf, IFNAMSIZ, "if%u", ifindex);
	return buf;
}

/* It is about to be called otherwise, to come or to go. */
static void
note_name(struct route_source *s, uint32_t ifindex)
{
	char buf[IFNAMSIZ];
	struct was *w;

	for (uint32_t i = 0; i < s->n_was; i++)
		if (s->was[i].ifindex == ifindex)
			return;
	if (s->n_was == s->room_was) {
		uint32_t room = s->room_was ? s->room_was * 2 : 16;

		w = realloc(s->was, room * sizeof(*w));
		if (w == NULL) {
			s->no_memory = true;
			return;
		}
		s->was = w;
		s->room_was = room;
	}
	w = &s->was[s->n_was];
	w->ifindex = ifindex;
	w->changed = false;
	snprintf(w->name, sizeof(w->name), "%s", link_name(s, ifindex, false, buf));
	s->n_was++;
}

/* ---- changes */

/* What came and went within a round was never there. */
static void
retire(struct route_source *s, enum route_kind k, struct record *r)
{
	s->stirred = true;
	if (r->fresh)
		free(r);
	else
		table_push(s, &s->gone[k], r);
}

static void
take_out(struct table *t, uint32_t at)
{
	memmove(&t->v[at], &t->v[at + 1], (t->n - at - 1) * sizeof(struct record *));
	t->n--;
}

void
table_apply(struct route_source *s, enum route_kind k, struct record *r)
{
	struct table *t = &s->now[k];
	uint32_t at = find(t, k, r);

	if (at < t->n && same_record(t->v[at], r)) {
		t->v[at]->flags = r->flags;
		free(r);
		return;
	}
	if (k == KIND_LINK)
		note_name(s, r->ifindex);
	r->fresh = s->stirred = true;
	if (at == t->n) {
		table_push(s, t, r);
		return;
	}
	retire(s, k, t->v[at]);
	t->v[at] = r;
}

void
table_remove(struct route_source *s, enum route_kind k, struct record *r)
{
	struct table *t = &s->now[k];
	uint32_t at = find(t, k, r);
	struct record *old;

	free(r);
	if (at == t->n)
		return;
	old = t->v[at];
	if (k == KIND_LINK)
		note_name(s, old->ifindex);
	take_out(t, at);
	retire(s, k, old);
}

/* IPv4 lets one address of a device have several peers, which are one here: when
   one of them goes, the address stays. */
static bool
same_shown(enum route_kind k, const struct record *a, const struct record *b)
{
	if (k != KIND_ADDR)
		return same_record(a, b);
	return a->ifindex == b->ifindex &&
	    memcmp(a->bytes, b->bytes, offsetof(struct addr_rec, peer)) == 0;
}

void
table_cancel(struct route_source *s, enum route_kind k)
{
	struct table *gone = &s->gone[k], *t = &s->now[k];
	uint32_t kept = 0;

	for (uint32_t i = 0; i < gone->n; i++) {
		struct record *r = gone->v[i];
		uint32_t at = 0;

		while (at < t->n && !((t->v[at]->fresh || k == KIND_ADDR) &&
		    same_shown(k, t->v[at], r)))
			at++;
		if (at == t->n) {
			gone->v[kept++] = r;
			continue;
		}
		t->v[at]->fresh = !same_record(t->v[at], r);
		free(r);
	}
	gone->n = kept;
}

void
table_purge(struct route_source *s, enum route_kind k)
{
	struct table *t = &s->now[k];

	for (uint32_t i = t->n; i-- > 0;) {
		struct record *r = t->v[i];

		if (link_find(s, r->ifindex) != NULL)
			continue;
		take_out(t, i);
		retire(s, k, r);
	}
}

/* ---- a table that was dumped again */

/* Records by their bytes: open addressing, numbers from 1. */
struct lookup {
	uint32_t	*slot;
	uint32_t	 mask;
};

static bool
lookup_build(struct lookup *l, const struct table *t)
{
	uint32_t size = 16;

	while (size < t->n * 2)
		size *= 2;
	l->slot = calloc(size, sizeof(*l->slot));
	l->mask = size - 1;
	if (l->slot == NULL)
		return false;
	for (uint32_t i = 0; i < t->n; i++) {
		uint32_t at = t->v[i]->hash & l->mask;

		while (l->slot[at] != 0)
			at = (at + 1) & l->mask;
		l->slot[at] = i + 1;
	}
	return true;
}

/* The first equal one that is not taken yet (NULL in the table). */
static uint32_t
lookup_find(const struct lookup *l, const struct table *t, const struct record *r)
{
	for (uint32_t at = r->hash & l->mask; l->slot[at] != 0;
	    at = (at + 1) & l->mask) {
		uint32_t i = l->slot[at] - 1;

		if (t->v[i] != NULL && same_record(t->v[i], r))
			return i;
	}
	return t->n;
}

/* The new ones' names become known at once: the old ones are noted before. */
static void
note_names(struct route_source *s, const struct table *t)
{
	for (uint32_t i = 0; i < t->n; i++)
		if (t->v[i] != NULL)
			note_name(s, t->v[i]->ifindex);
}

void
table_become(struct route_source *s, enum route_kind k, struct table *dumped)
{
	struct table *t = &s->now[k], old;
	struct lookup l;

	if (k == KIND_LINK) {
		note_names(s, t);
		note_names(s, dumped);
	}
	if (!lookup_build(&l, t)) {
		s->no_memory = true;
		table_clear(dumped);
		return;
	}
	for (uint32_t i = 0; i < dumped->n; i++) {
		struct record *r = dumped->v[i];
		uint32_t at = lookup_find(&l, t, r);

		r->fresh = at == t->n || t->v[at]->fresh;
		s->stirred |= r->fresh;
		if (at == t->n)
			continue;
		free(t->v[at]);
		t->v[at] = NULL;
	}
	free(l.slot);
	old = *t;
	*t = *dumped;
	*dumped = (struct table){ 0 };
	for (uint32_t i = 0; i < old.n; i++)
		if (old.v[i] != NULL)
			retire(s, k, old.v[i]);
	free(old.v);
}
