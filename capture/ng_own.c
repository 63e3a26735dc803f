/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ng_own.c - blocks that a recording adds to pcapng, read:
 * capture/record/format.h says what is in them.
 *
 * What is damaged is reported once and passed over; the rest is read on.
 */
#include "capture/ng_own.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "capture/ng_block.h"
#include "capture/ng_document.h"
#include "capture/record/format.h"

static inline uint16_t
le16_at(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t
le32_at(const uint8_t *p)
{
	return (uint32_t)le16_at(p) | (uint32_t)le16_at(p + 2) << 16;
}

static inline uint64_t
le64_at(const uint8_t *p)
{
	return (uint64_t)le32_at(p) | (uint64_t)le32_at(p + 4) << 32;
}

static inline struct nstime
time_at(const uint8_t *p)
{
	return (struct nstime){ (int64_t)le64_at(p) };
}

enum handled
ng_own_bad(struct pcapng *p, const struct block *b, const char *fmt, ...)
{
	va_list ap;

	p->within = 0;
	if (p->own.told)
		return BLOCK_DONE;
	p->own.told = true;
	va_start(ap, fmt);
	reading_vreport(p->rd, SRC_BAD, b->offset, 0, fmt, ap);
	va_end(ap);
	return BLOCK_DONE;
}

static bool
is_ours(const struct pcapng *p, const uint8_t *at)
{
	return get_u32(p, at) == RECORD_NUMBER &&
	    memcmp(at + 4, RECORD_MAGIC, RECORD_MAGIC_LEN) == 0;
}

bool
ng_own_is(struct pcapng *p, const struct block *b)
{
	const size_t n = BLOCK_HDR_LEN + 4 + RECORD_MAGIC_LEN;

	return b->len >= BLOCK_OVERHEAD + RECORD_BODY_LEN &&
	    b->len <= PCAPNG_BLOCK_MAX && window_want(&p->w, n) &&
	    is_ours(p, window_at(&p->w) + BLOCK_HDR_LEN);
}

/* ---- kinds */

struct payload {
	uint16_t	 kind, flags;
	struct nstime	 ts;
	const uint8_t	*p;
	uint32_t	 n;
};

static enum handled
begin_read(struct pcapng *p, const struct block *b, const struct payload *in,
    struct obs *o)
{
	unsigned version;

	(void)o;
	if (in->n < RECORD_BEGIN_LEN)
		return ng_own_bad(p, b, "found a recording whose beginning has "
		    "%" PRIu32 " bytes, expected at least %d", in->n,
		    RECORD_BEGIN_LEN);
	version = le16_at(in->p);
	if (version != RECORD_VERSION)
		return ng_own_bad(p, b, "found a recording of version %u, expected "
		    "%d: packets alone are read", version, RECORD_VERSION);
	p->own.ours = true;
	p->own.run = le64_at(in->p + 8);
	return BLOCK_DONE;
}

static enum handled
tick_read(struct pcapng *p, const struct block *b, const struct payload *in,
    struct obs *o)
{
	(void)p;
	(void)b;
	o->type = OBS_TICK;
	o->ts = in->ts;
	return BLOCK_OBS;
}

static enum handled
loss_read(struct pcapng *p, const struct block *b, const struct payload *in,
    struct obs *o)
{
	if (in->n < RECORD_LOSS_LEN)
		return ng_own_bad(p, b, "found a record of loss of %" PRIu32
		    " bytes, expected %d", in->n, RECORD_LOSS_LEN);
	o->type = OBS_LOSS;
	o->ts = in->ts;
	o->loss = (struct obs_loss){
		.kernel = le64_at(in->p), .interface = le64_at(in->p + 8),
		.netlink = le64_at(in->p + 16), .since = time_at(in->p + 24),
	};
	return BLOCK_OBS;
}

static enum handled
name_read(struct pcapng *p, const struct block *b, const struct payload *in,
    struct obs *o)
{
	uint32_t len = in->n - 16;

	if (in->n < 16 || len >= sizeof(p->name))
		return ng_own_bad(p, b, "found a record of a name of %" PRIu32
		    " bytes, expected 16 to %zu", in->n, 15 + sizeof(p->name));
	memcpy(p->name, in->p + 16, len);
	p->name[len] = '\0';
	o->type = OBS_NAME;
	o->ts = in->ts;
	o->name = (struct obs_name){ addr_from_v6(in->p), p->name };
	return BLOCK_OBS;
}

/* ---- conntrack */

/* The reader's copy, which lives as long as it does; NULL: too many. */
static const char *
word_keep(struct ng_own *own, const uint8_t *p, size_t n)
{
	char *word;

	for (unsigned i = 0; i < own->n_words; i++)
		if (strncmp(own->words[i], (const char *)p, n) == 0 &&
		    own->words[i][n] == '\0')
			return own->words[i];
	if (own->n_words == OWN_WORDS_MAX)
		return NULL;
	word = strndup((const char *)p, n);
	if (word)
		own->words[own->n_words++] = word;
	return word;
}

static const uint8_t *
tuple_read(const uint8_t *p, struct tuple *t, bool v6)
{
	*t = (struct tuple){
		.src = v6 ? addr_from_v6(p) : addr_from_v4(p),
		.dst = v6 ? addr_from_v6(p + 16) : addr_from_v4(p + 4),
	};
	p += v6 ? 32 : 8;
	t->sport = le16_at(p);
	t->dport = le16_at(p + 2);
	t->proto = p[4];
	return p + 5;
}

/* Bytes of an entry that begins like this. */
static uint32_t
ct_length(const uint8_t *p)
{
	unsigned has = p[1];
	uint32_t n = RECORD_CT_FIXED + p[3];

	if (has & RECORD_CT_ENTRY) {
		n += 14 + 2 * (has & RECORD_CT_V6 ? 37u : 13u);
		n += has & RECORD_CT_COUNTS ? 32 : 0;
		n += has & RECORD_CT_REST ? 12 : 0;
	}
	return n + (has & RECORD_CT_LIFE ? 16 : 0) + (has & RECORD_CT_LACKS ? 1 : 0);
}

static const uint8_t *
entry_read(const uint8_t *p, unsigned has, struct ct_entry *e)
{
	p = tuple_read(p, &e->orig, has & RECORD_CT_V6);
	p = tuple_read(p, &e->reply, has & RECORD_CT_V6);
	e->mark = le32_at(p);
	e->id = le32_at(p + 4);
	e->timeout = le32_at(p + 8);
	e->zone = le16_at(p + 12);
	p += 14;
	if (has & RECORD_CT_COUNTS) {
		for (unsigned i = 0; i < 2; i++) {
			e->packets[i] = le64_at(p + 8 * i);
			e->bytes[i] = le64_at(p + 16 + 8 * i);
		}
		p += 32;
	}
	if (has & RECORD_CT_REST) {
		e->age_s = (int64_t)le64_at(p);
		e->line = le32_at(p + 8);
		p += 12;
	}
	return p;
}

/* The entry at p is whole; false when it is none. */
static bool
ct_fill(struct pcapng *p, const uint8_t *at, struct obs *o)
{
	unsigned has = at[1], len = at[3];
	struct ct_entry *e = &p->own.ct;

	*e = (struct ct_entry){ .status = at[2], .age_s = -1 };
	o->type = OBS_CT;
	o->ts = time_at(at + 4);
	o->ct = (struct obs_ct){ .event = at[0] };
	if (has & RECORD_CT_STATE) {
		e->state = word_keep(&p->own, at + RECORD_CT_FIXED, len);
		if (!e->state)
			return false;
	}
	at += RECORD_CT_FIXED + len;
	if (has & RECORD_CT_ENTRY)
		at = entry_read(at, has, e);
	if (has & RECORD_CT_LIFE) {
		o->ct.began = time_at(at);
		o->ct.ended = time_at(at + 8);
		at += 16;
	}
	if (has & RECORD_CT_LACKS)
		o->ct.lacks = *at;
	if (o->ct.event == CT_EV_DUMP_BEGIN || o->ct.event == CT_EV_DUMP_END)
		return true;
	o->ct.entry = e;
	return o->ct.event < N_CT_EVENTS && (has & RECORD_CT_ENTRY);
}

static enum handled
ct_read(struct pcapng *p, const struct block *b, const struct payload *in,
    struct obs *o)
{
	const uint8_t *at = in->p + p->within;
	uint32_t left = in->n - p->within, n;

	if (left == 0)
		return BLOCK_DONE;
	n = left >= RECORD_CT_FIXED ? ct_length(at) : RECORD_CT_FIXED;
	if (left < n)
		return ng_own_bad(p, b, "found a conntrack entry of %" PRIu32
		    " bytes with %" PRIu32 " left in its block", n, left);
	if (!ct_fill(p, at, o))
		return ng_own_bad(p, b, "found a conntrack entry that is none, "
		    "at byte %" PRIu32 " of its block's payload", p->within);
	p->within = n == left ? 0 : p->within + n;
	return n == left ? BLOCK_OBS : BLOCK_AGAIN;
}

/* ---- documents */

static enum handled
document_read(struct pcapng *p, const struct block *b, const struct payload *in,
    struct obs *o)
{
	if (in->n < RECORD_PART_LEN)
		return ng_own_bad(p, b, "found a part of a document without its "
		    "number");
	return ng_document_part(p, b, &(struct ng_part){
		.kind = in->kind, .ts = in->ts, .number = le32_at(in->p),
		.more = in->flags & RECORD_MORE,
		.deflated = in->flags & RECORD_DEFLATE,
		.p = in->p + RECORD_PART_LEN, .n = in->n - RECORD_PART_LEN,
	}, o);
}

/* ---- all of them */

static enum handled (*const kinds[])(struct pcapng *, const struct block *,
    const struct payload *, struct obs *) = {
	[RECORD_BEGIN] = begin_read, [RECORD_STATE] = document_read,
	[RECORD_CHANGE] = document_read, [RECORD_CT] = ct_read,
	[RECORD_TICK] = tick_read, [RECORD_LOSS] = loss_read,
	[RECORD_NAME] = name_read,
};

enum handled
ng_own_read(struct pcapng *p, const struct block *b, struct obs *o)
{
	struct payload in = {
		.kind = le16_at(b->body + 12), .flags = le16_at(b->body + 14),
		.ts = time_at(b->body + 16), .n = le32_at(b->body + 24),
		.p = b->body + RECORD_BODY_LEN,
	};

	if (in.n > b->body_len - RECORD_BODY_LEN)
		return ng_own_bad(p, b, "found a payload of %" PRIu32 " bytes in a "
		    "block of %" PRIu32, in.n, b->len);
	if (in.kind >= sizeof(kinds) / sizeof(kinds[0]) || !kinds[in.kind])
		return BLOCK_DONE;
	/* of another version, or behind a section header that is not ours */
	if (in.kind != RECORD_BEGIN && !p->own.ours)
		return BLOCK_DONE;
	return kinds[in.kind](p, b, &in, o);
}

bool
ng_own_iface(struct pcapng *p, const uint8_t *value, size_t n, struct ng_desc *d,
    struct ng_recorded *r)
{
	unsigned flags;

	if (n < RECORD_IFACE_LEN || !is_ours(p, value))
		return false;
	flags = le16_at(value + 12);
	r->iface.clock = le16_at(value + 14);
	r->iface.number = le32_at(value + 16);
	r->iface.ifindex = le32_at(value + 20);
	r->iface.given = flags & RECORD_IFACE_GIVEN;
	r->ts = time_at(value + 24);
	if (!(flags & RECORD_IFACE_NAMED)) {
		d->name = NULL;
	} else if (flags & RECORD_IFACE_RAW) {
		d->name = (const char *)value + RECORD_IFACE_LEN;
		d->name_len = n - RECORD_IFACE_LEN;
	} else if (!d->name) {
		d->name = "";
		d->name_len = 0;
	}
	return true;
}

void
ng_own_fini(struct ng_own *own)
{
	ng_document_close(&own->doc);
	for (uint32_t i = 0; i < own->n_states; i++)
		state_free(own->states[i]);
	free(own->states);
	for (unsigned i = 0; i < own->n_words; i++)
		free(own->words[i]);
}
