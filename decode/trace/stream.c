/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stream.c - one side's bytes, put together from segments; see stream.h. */
#include "decode/trace/stream.h"

#include <stdlib.h>
#include <string.h>

static bool
grow(struct stream *s, uint32_t n)
{
	uint32_t room = s->room != 0 ? s->room : 64;
	uint8_t *p;

	while (room < n)
		room *= 2;
	if (room == s->room)
		return true;
	p = realloc(s->bytes, room);
	if (p == NULL)
		return false;
	s->bytes = p;
	s->room = room;
	return true;
}

/* Pieces that now touch what is there become part of it. */
static void
close_gaps(struct stream *s)
{
	for (unsigned i = 0; i < s->n_apart;) {
		if (s->apart[i].from > s->n) {
			i++;
			continue;
		}
		if (s->apart[i].to > s->n)
			s->n = s->apart[i].to;
		s->apart[i] = s->apart[--s->n_apart];
		i = 0;
	}
	if (s->has_hole && s->n > s->hole)
		s->has_hole = false;	/* sent again, and captured then */
}

/* Copy what no other piece has. */
static void
copy_new(struct stream *s, uint32_t at, const uint8_t *p, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		bool known = at + i < s->n;

		for (unsigned k = 0; k < s->n_apart && !known; k++)
			known = at + i >= s->apart[k].from && at + i < s->apart[k].to;
		if (!known)
			s->bytes[at + i] = p[i];
	}
}

/* Offsets at..to are there. */
static bool
note_piece(struct stream *s, uint32_t at, uint32_t to)
{
	if (at > s->n) {
		if (s->n_apart == STREAM_APART)
			return false;
		s->apart[s->n_apart].from = at;
		s->apart[s->n_apart++].to = to;
	} else if (to > s->n) {
		s->n = to;
	}
	close_gaps(s);
	return true;
}

bool
stream_put(struct stream *s, uint32_t seq, const uint8_t *p, uint32_t cap, uint32_t len,
    uint32_t max)
{
	int32_t at = (int32_t)(seq - s->base);
	uint32_t skip = at < 0 ? (uint32_t)-at : 0, from;

	if (len <= skip)
		return true;		/* old */
	from = (uint32_t)(at < 0 ? 0 : at);
	if (from >= max)
		return false;
	cap = cap > skip ? cap - skip : 0;
	len -= skip;
	if (cap > max - from)
		cap = max - from;
	if (cap > 0 && !grow(s, from + cap))
		return false;
	if (cap > 0) {
		if (from > s->n && s->n_apart == STREAM_APART)
			return false;
		copy_new(s, from, p + skip, cap);
		note_piece(s, from, from + cap);
	}
	if (cap < len && from + cap >= s->n && (!s->has_hole || from + cap < s->hole)) {
		s->has_hole = true;
		s->hole = from + cap;
	}
	return true;
}

void
stream_take(struct stream *s, uint32_t n)
{
	memmove(s->bytes, s->bytes + n, s->room - n);
	s->base += n;
	s->n -= n;
	for (unsigned i = 0; i < s->n_apart; i++) {
		s->apart[i].from -= n;
		s->apart[i].to -= n;
	}
	if (s->has_hole)
		s->hole -= n;
}

void
stream_fini(struct stream *s)
{
	free(s->bytes);
	s->bytes = NULL;
}
