/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ng_document.c - documents of a recording: put together, unpacked (RFC 1950),
 * and read.
 */
#include "capture/ng_document.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <zlib.h>

#include "capture/record/format.h"
#include "capture/state.h"

#define DOCUMENT_ROOM	((size_t)64 << 10)	/* at first */

void
ng_document_close(struct own_document *d)
{
	if (d->z) {
		inflateEnd(d->z);
		free(d->z);
	}
	free(d->bytes);
	*d = (struct own_document){ .open = false };
}

static const char *
kind_name(uint16_t kind)
{
	return kind == RECORD_STATE ? "node state" : "change of the node state";
}

/* ---- bytes */

/* How long the document may get by what was read of the file. */
static size_t
document_most(const struct pcapng *p)
{
	uint64_t read = p->w.offset + window_have(&p->w), most;

	if (__builtin_mul_overflow(read, OWN_RATIO, &most) ||
	    __builtin_add_overflow(most, OWN_UNPACKED, &most))
		most = UINT64_MAX;
	most = most > p->own.unpacked ? most - p->own.unpacked : 0;
	return most < OWN_DOCUMENT_MAX ? (size_t)most : OWN_DOCUMENT_MAX;
}

/* Room for one more byte at least. */
static const char *
document_grow(struct pcapng *p)
{
	struct own_document *d = &p->own.doc;
	size_t room = d->room ? 2 * d->room : DOCUMENT_ROOM;
	size_t most = document_most(p);
	char *bytes;

	if (d->n < d->room)
		return NULL;
	if (d->room >= most)
		return "it unpacks to more than can be";
	bytes = realloc(d->bytes, room < most ? room : most);
	if (!bytes)
		return "out of memory";
	d->bytes = bytes;
	d->room = room < most ? room : most;
	return NULL;
}

static const char *
part_plain(struct pcapng *p, const struct ng_part *part)
{
	struct own_document *d = &p->own.doc;
	size_t done = 0;

	while (done < part->n) {
		const char *wrong = document_grow(p);
		size_t n = part->n - done;

		if (wrong)
			return wrong;
		if (n > d->room - d->n)
			n = d->room - d->n;
		memcpy(d->bytes + d->n, part->p + done, n);
		d->n += n;
		done += n;
	}
	return NULL;
}

static const char *
part_inflate(struct pcapng *p, const struct ng_part *part)
{
	struct own_document *d = &p->own.doc;
	int rc = Z_OK;

	if (!d->z) {
		d->z = calloc(1, sizeof(*d->z));
		if (!d->z)
			return "out of memory";
		if (inflateInit(d->z) != Z_OK) {
			free(d->z);
			d->z = NULL;
			return "out of memory";
		}
	}
	/* zlib does not change what it takes as not const */
	memcpy(&d->z->next_in, &part->p, sizeof(part->p));
	d->z->avail_in = part->n;
	do {
		const char *wrong = document_grow(p);
		size_t room = d->room - d->n;

		if (wrong)
			return wrong;
		d->z->next_out = (Bytef *)d->bytes + d->n;
		d->z->avail_out = (uInt)room;
		rc = inflate(d->z, Z_NO_FLUSH);
		d->n += room - d->z->avail_out;
	} while (rc == Z_OK && (d->z->avail_in > 0 || d->z->avail_out == 0));
	d->z_ended |= rc == Z_STREAM_END;
	if (rc == Z_MEM_ERROR)
		return "out of memory";
	/* all is out that could be */
	if (rc == Z_OK || (rc == Z_BUF_ERROR && d->z->avail_in == 0))
		return NULL;
	return rc == Z_STREAM_END && d->z->avail_in == 0 ? NULL :
	    "its deflated bytes are damaged";
}

/* ---- what they say */

struct first_report {
	char	text[STATE_REPORT_MAX];
};

static void
keep_first(void *arg, const char *text)
{
	struct first_report *first = arg;

	if (!first->text[0])
		snprintf(first->text, sizeof(first->text), "%s", text);
}

static bool
states_keep(struct ng_own *own, struct state *s)
{
	uint32_t room = own->room_states ? 2 * own->room_states : 4;
	struct state **v;

	if (own->n_states == own->room_states) {
		v = realloc(own->states, room * sizeof(struct state *));
		if (!v)
			return false;
		own->states = v;
		own->room_states = room;
	}
	own->states[own->n_states++] = s;
	return true;
}

static bool
state_told(struct pcapng *p, const struct own_document *d, struct obs *o,
    struct first_report *first)
{
	struct state *s;

	if (p->own.n_states == OWN_STATES_MAX) {
		snprintf(first->text, sizeof(first->text), "more than %d of them",
		    OWN_STATES_MAX);
		return false;
	}
	s = state_parse(kind_name(d->kind), d->bytes ? d->bytes : "", d->n,
	    keep_first, first);
	if (!s)
		return false;
	if (!states_keep(&p->own, s)) {
		state_free(s);
		return false;
	}
	o->type = OBS_STATE;
	o->state.state = s;
	return true;
}

static bool
change_told(struct pcapng *p, const struct own_document *d, struct obs *o,
    struct first_report *first)
{
	if (!state_change_parse(kind_name(d->kind), d->bytes ? d->bytes : "", d->n,
	    &p->own.change, &o->change.since, keep_first, first))
		return false;
	o->type = OBS_CHANGE;
	o->change.change = &p->own.change;
	return true;
}

static enum handled
document_told(struct pcapng *p, const struct block *b, struct nstime ts,
    struct obs *o)
{
	struct own_document *d = &p->own.doc;
	struct first_report first = { .text = "" };
	bool good = d->kind == RECORD_STATE ? state_told(p, d, o, &first) :
	    change_told(p, d, o, &first);

	if (first.text[0] || !good)
		ng_own_bad(p, b, "found a %s that is damaged: %s",
		    kind_name(d->kind), first.text[0] ? first.text :
		    "out of memory");
	p->own.unpacked += d->n;
	ng_document_close(d);
	o->ts = ts;
	return good ? BLOCK_OBS : BLOCK_DONE;
}

/* ---- parts */

static enum handled
document_bad(struct pcapng *p, const struct block *b, uint16_t kind,
    const char *wrong)
{
	ng_own_bad(p, b, "found a %s that is damaged: %s", kind_name(kind), wrong);
	p->own.unpacked += p->own.doc.n;
	ng_document_close(&p->own.doc);
	return BLOCK_DONE;
}

enum handled
ng_document_part(struct pcapng *p, const struct block *b,
    const struct ng_part *part, struct obs *o)
{
	struct own_document *d = &p->own.doc;
	const char *wrong;

	if (part->number == 0) {
		if (d->open)
			document_bad(p, b, d->kind, "another one begins in it");
		*d = (struct own_document){ .open = true, .kind = part->kind };
	}
	if (!d->open || d->kind != part->kind || d->part != part->number)
		return document_bad(p, b, part->kind, "a part of it is missing");
	d->part++;
	wrong = part->deflated ? part_inflate(p, part) : part_plain(p, part);
	if (!wrong && !part->more && d->z && !d->z_ended)
		wrong = "its deflated bytes have no end";
	if (wrong)
		return document_bad(p, b, d->kind, wrong);
	return part->more ? BLOCK_DONE : document_told(p, b, part->ts, o);
}

void
ng_own_forget(struct pcapng *p)
{
	struct state *v[2];

	if (!p->own.change.come && !p->own.change.gone)
		return;
	/* the observation's are const, and ours */
	memcpy(&v[0], &p->own.change.come, sizeof(v[0]));
	memcpy(&v[1], &p->own.change.gone, sizeof(v[1]));
	state_free(v[0]);
	state_free(v[1]);
	p->own.change = (struct state_change){ 0 };
}

void
ng_own_end(struct pcapng *p)
{
	if (p->own.doc.open && p->rd->n_reports == 0)
		reading_report(p->rd, SRC_CUT, p->w.offset, 0,
		    "the file ends inside a %s", kind_name(p->own.doc.kind));
}
