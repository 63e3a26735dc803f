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
#include "capture/record/format.h"
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

static void	known_fini(struct ng_known *);

void
ng_ifaces_fini(struct ng_ifaces *s)
{
	for (uint32_t i = 0; i < s->n_known; i++)
		known_fini(&s->known[i]);
	free(s->known);
	free(s->slots);
	free(s->iface);
}

void
ng_section_start(struct ng_ifaces *s)
{
	s->n = 0;
	s->n_announced = 0;
	s->section++;
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

/* ---- interfaces that are known by name, or by their number in a run */

/* Lengths and names are the file's: the seed keeps it from choosing slots. */
static uint32_t
known_hash(const struct ng_ifaces *s, const struct ng_known *k)
{
	uint64_t h = (uintptr_t)s ^ k->linktype;

	if (k->recorded)
		h += k->recorded->run ^ (uint64_t)k->recorded->iface.number << 17;
	else
		for (const char *p = k->own; *p; p++)
			h = (h ^ (uint8_t)*p) * UINT64_C(0x9e3779b97f4a7c15);
	h *= UINT64_C(0xbf58476d1ce4e5b9);
	return (uint32_t)(h >> 32);
}

static bool
known_same(const struct ng_known *a, const struct ng_known *b)
{
	if (a->linktype != b->linktype || !a->recorded != !b->recorded)
		return false;
	if (a->recorded)
		return a->recorded->run == b->recorded->run &&
		    a->recorded->iface.number == b->recorded->iface.number;
	return a->own && strcmp(a->own, b->own) == 0;
}

/* The slot of the first that is known as `k` is, else an empty one. */
static uint32_t *
known_slot(const struct ng_ifaces *s, const struct ng_known *k)
{
	uint32_t i = known_hash(s, k);

	for (;; i++) {
		uint32_t *slot = &s->slots[i & (s->n_slots - 1)];

		if (*slot == 0 || known_same(&s->known[*slot - 1], k))
			return slot;
	}
}

/* Room for one more among the slots, of which half are empty. */
static bool
slots_grow(struct ng_ifaces *s)
{
	uint32_t *old = s->slots, n_old = s->n_slots;

	if (s->n_known < s->n_slots / 2)
		return true;
	s->n_slots = n_old ? 2 * n_old : 16;
	s->slots = calloc(s->n_slots, sizeof(*s->slots));
	if (!s->slots) {
		s->slots = old;
		s->n_slots = n_old;
		return false;
	}
	for (uint32_t i = 0; i < n_old; i++)
		if (old[i])
			*known_slot(s, &s->known[old[i] - 1]) = old[i];
	free(old);
	return true;
}

static enum ng_added
known_add(struct ng_ifaces *s, const struct ng_known *k, uint32_t *who)
{
	struct ng_known *known;
	uint32_t *slot;

	if (s->n_known == PCAPNG_IFACES_MAX)
		return NG_TOO_MANY;
	known = grow(s->known, s->n_known, &s->cap_known, sizeof(*known));
	if (!known)
		return NG_NO_MEMORY;
	s->known = known;
	if (!slots_grow(s))
		return NG_NO_MEMORY;
	if (k->own || k->recorded) {
		slot = known_slot(s, k);
		if (*slot == 0)
			*slot = s->n_known + 1;
	}
	*who = s->n_known;
	known[s->n_known++] = *k;
	return NG_ADDED;
}

/* What the description says, of memory of its own. */
static bool
known_init(struct ng_known *k, const struct ng_desc *d)
{
	size_t most = d->recorded ? RECORD_IFACE_NAME_MAX : NAME_MAX_LEN;

	*k = (struct ng_known){ .linktype = d->linktype };
	if (d->name && (d->recorded || (d->name_len && d->name[0]))) {
		k->own = strndup(d->name, d->name_len < most ? d->name_len : most);
		if (!k->own)
			return false;
	}
	if (!d->recorded)
		return true;
	k->recorded = malloc(sizeof(*k->recorded));
	if (!k->recorded)
		return false;
	*k->recorded = *d->recorded;
	return true;
}

static void
known_fini(struct ng_known *k)
{
	free(k->recorded);
	free(k->own);
	free(k->name);
}

/*
 * Which interface is described.  Two of one section are two, whatever they are
 * called; in a recording their number tells.
 */
static enum ng_added
known_get(struct ng_ifaces *s, const struct ng_desc *d, uint32_t *who, bool *again)
{
	enum ng_added rc = NG_NO_MEMORY;
	struct ng_known k;
	uint32_t slot = 0;

	*again = false;
	if (!known_init(&k, d)) {
		known_fini(&k);
		return rc;
	}
	if (s->n_slots && (k.own || k.recorded))
		slot = *known_slot(s, &k);
	if (slot && (k.recorded || s->known[slot - 1].section != s->section)) {
		*who = slot - 1;
		*again = k.recorded && s->known[*who].section == s->section;
		if (*again)
			*s->known[*who].recorded = *k.recorded;
		rc = NG_ADDED;
		known_fini(&k);
	} else {
		rc = known_add(s, &k, who);
		if (rc != NG_ADDED)
			known_fini(&k);
	}
	if (rc == NG_ADDED)
		s->known[*who].section = s->section;
	return rc;
}

enum ng_added
ng_iface_add(struct ng_ifaces *s, const struct ng_desc *d)
{
	struct ng_iface *iface;
	enum ng_added rc;
	uint32_t who;
	bool again;

	rc = known_get(s, d, &who, &again);
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
		.again = again,
		.is_signed = d->recorded && d->tsresol == 9 && !d->tsoffset_s,
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

/* The name that was recorded, behind the user's. */
static bool
name_recorded(struct ng_known *k, const struct reading *rd)
{
	k->given = k->recorded->iface.given;
	if (!k->own)
		return true;
	if (!rd->name)
		k->name = strdup(k->own);
	else if (asprintf(&k->name, "%s:%s", rd->name, k->own) < 0)
		k->name = NULL;
	return k->name != NULL;
}

static void
announce_recorded(const struct ng_known *k, struct obs *o)
{
	o->ts = k->recorded->ts;
	o->iface = k->recorded->iface;
	o->iface.number = k->number;
	o->iface.linktype = k->linktype;
	o->iface.name = k->name;
	o->iface.given = k->given;
}

bool
ng_announce_next(struct ng_ifaces *s, struct reading *rd, struct obs *o)
{
	while (s->n_announced < s->n) {
		uint32_t pos = s->n_announced++;
		struct ng_known *k = &s->known[s->iface[pos].who];

		if (k->announced && !s->iface[pos].again)
			continue;
		if (!k->announced) {
			k->announced = true;
			k->number = (*rd->number)++;
			/* Without memory for its name it goes without one. */
			(void)(k->recorded ? name_recorded(k, rd) :
			    name_make(k, rd, pos, s->n_known == 1));
		}
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
		if (k->recorded)
			announce_recorded(k, o);
		return true;
	}
	return false;
}
