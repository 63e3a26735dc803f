/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ng_iface.c - interface tables of a pcapng file, their names and times.
 */
#include "capture/ng_iface.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/pcapng.h"
#include "decode/packet.h"

/* Linux allows 15; other systems more.  What is longer is cut. */
#define NAME_MAX_LEN	128

#define TSRESOL_BINARY	0x80

/* Room for one more element; NULL without memory. */
static void *
grow(void *array, uint32_t n, uint32_t *cap, size_t size)
{
	void *bigger;

	if (n < *cap)
		return array;
	bigger = realloc(array, (*cap ? 2 * *cap : 4) * size);
	if (bigger)
		*cap = *cap ? 2 * *cap : 4;
	return bigger;
}

void
ng_ifaces_fini(struct ng_ifaces *s)
{
	for (uint32_t i = 0; i < s->n_known; i++) {
		free(s->known[i].own);
		free(s->known[i].name);
	}
	free(s->known);
	free(s->iface);
}

void
ng_section_start(struct ng_ifaces *s)
{
	s->n = 0;
	s->n_announced = 0;
}

int64_t
ng_add_clamped(int64_t a, int64_t b)
{
	int64_t sum;

	if (__builtin_add_overflow(a, b, &sum))
		return a < 0 ? INT64_MIN : INT64_MAX;
	return sum;
}

int64_t
ng_time_slow(uint8_t tsresol, uint64_t ticks)
{
	unsigned __int128 ns = (unsigned __int128)ticks * NS_PER_SEC;
	unsigned exp = tsresol & (TSRESOL_BINARY - 1);

	if (tsresol & TSRESOL_BINARY)
		ns >>= exp;
	else
		for (; exp && ns; exp--)
			ns /= 10;
	return ns > INT64_MAX ? INT64_MAX : (int64_t)ns;
}

static uint32_t
ticks_to_ns(uint8_t tsresol)
{
	uint32_t mul = 1;

	/* 10^9 is the largest power of ten that 32 bits hold. */
	if (tsresol > 9)
		return 0;
	for (unsigned i = tsresol; i < 9; i++)
		mul *= 10;
	return mul;
}

static int64_t
seconds_to_ns(int64_t s)
{
	int64_t ns;

	if (__builtin_mul_overflow(s, NS_PER_SEC, &ns))
		return s < 0 ? INT64_MIN : INT64_MAX;
	return ns;
}

/* The interface of an earlier section with this name; n_known when none. */
static uint32_t
known_find(const struct ng_ifaces *s, uint16_t linktype, const char *own)
{
	uint32_t i;

	for (i = 0; i < s->n_known; i++)
		if (s->known[i].linktype == linktype && s->known[i].own &&
		    strcmp(s->known[i].own, own) == 0)
			break;
	return i;
}

/* Two of one section are two, whatever they are called. */
static bool
in_section(const struct ng_ifaces *s, uint32_t who)
{
	for (uint32_t i = 0; i < s->n; i++)
		if (s->iface[i].who == who)
			return true;
	return false;
}

static enum ng_added
known_get(struct ng_ifaces *s, const struct ng_desc *d, uint32_t *who)
{
	struct ng_known *known;
	char *own = NULL;

	if (d->name && d->name_len && d->name[0]) {
		own = strndup(d->name, d->name_len < NAME_MAX_LEN ?
		    d->name_len : NAME_MAX_LEN);
		if (!own)
			return NG_NO_MEMORY;
		*who = known_find(s, d->linktype, own);
		if (*who < s->n_known && !in_section(s, *who)) {
			free(own);
			return NG_ADDED;
		}
	}
	if (s->n_known == PCAPNG_IFACES_MAX) {
		free(own);
		return NG_TOO_MANY;
	}
	known = grow(s->known, s->n_known, &s->cap_known, sizeof(*known));
	if (!known) {
		free(own);
		return NG_NO_MEMORY;
	}
	s->known = known;
	*who = s->n_known;
	known[s->n_known++] = (struct ng_known){
		.linktype = d->linktype, .own = own,
	};
	return NG_ADDED;
}

enum ng_added
ng_iface_add(struct ng_ifaces *s, const struct ng_desc *d)
{
	struct ng_iface *iface;
	enum ng_added rc;
	uint32_t who;

	rc = known_get(s, d, &who);
	if (rc != NG_ADDED)
		return rc;
	iface = grow(s->iface, s->n, &s->cap, sizeof(*iface));
	if (!iface)
		return NG_NO_MEMORY;
	s->iface = iface;
	iface[s->n++] = (struct ng_iface){
		.linktype = d->linktype,
		.tsresol = d->tsresol,
		.snaplen = d->snaplen,
		.mul = ticks_to_ns(d->tsresol),
		.who = who,
		.offset_ns = seconds_to_ns(d->tsoffset_s),
	};
	return NG_ADDED;
}

/*
 * The user's name is that of the file's interface; with several it goes in
 * front of theirs, or of their position in the section.  Neither the name of
 * the file nor "any" is a name for a cooked interface, which stands for many.
 */
static bool
name_make(struct ng_known *k, const struct reading *rd, uint32_t pos, bool only)
{
	const char *front = rd->name ? rd->name : rd->stem;
	bool cooked = k->linktype == LT_SLL || k->linktype == LT_SLL2;
	int rc = 0;

	if (cooked && k->own && strcmp(k->own, "any") == 0 && !rd->name)
		return true;

	k->given = rd->name || k->own;
	if (rd->name && !only && k->own)
		rc = asprintf(&k->name, "%s:%s", front, k->own);
	else if (k->own && !rd->name)
		rc = asprintf(&k->name, "%s", k->own);
	else if (!front || (cooked && !rd->name))
		k->name = NULL;
	else if (only)
		rc = asprintf(&k->name, "%s", front);
	else
		rc = asprintf(&k->name, "%s:%" PRIu32, front, pos);
	if (rc < 0)
		k->name = NULL;
	return rc >= 0;
}

bool
ng_announce_next(struct ng_ifaces *s, struct reading *rd, struct obs *o)
{
	while (s->n_announced < s->n) {
		uint32_t pos = s->n_announced++;
		struct ng_known *k = &s->known[s->iface[pos].who];

		if (k->announced)
			continue;
		k->announced = true;
		k->number = (*rd->number)++;
		/* Without memory for its name it goes without one. */
		(void)name_make(k, rd, pos, s->n_known == 1);
		*o = (struct obs){
			.type = OBS_IFACE,
			.ts = rd->last,
			.iface = {
				.number = k->number,
				.linktype = k->linktype,
				.name = k->name,
				.given = k->name && k->given,
			},
		};
		return true;
	}
	return false;
}
