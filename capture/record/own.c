/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * own.c - blocks of our own kinds; format.h says what is in them.
 */
#include "capture/record/blocks.h"
#include "capture/record/format.h"
#include "decode/state.h"

/* The head of one, for a payload of n bytes, which the caller puts. */
static size_t
begin_own(struct bytes_out *b, uint16_t kind, uint16_t flags, struct nstime ts,
    size_t n)
{
	size_t at = out_block(b, RECORD_BLOCK);
	uint32_t number = RECORD_NUMBER;
	uint8_t *p = out_more(b, RECORD_BODY_LEN);

	if (p == NULL)
		return at;
	p = bytes_to(p, &number, sizeof(number));
	p = bytes_to(p, RECORD_MAGIC, RECORD_MAGIC_LEN);
	p = le16_to(p, kind);
	p = le16_to(p, flags);
	p = le64_to(p, (uint64_t)ts.ns);
	le32_to(p, (uint32_t)n);
	return at;
}

void
put_own(struct bytes_out *b, uint16_t kind, uint16_t flags, struct nstime ts,
    const void *payload, size_t n)
{
	size_t at = begin_own(b, kind, flags, ts, n);

	out_put(b, payload, n);
	out_block_end(b, at);
}

void
put_tick(struct bytes_out *b, struct nstime ts)
{
	put_own(b, RECORD_TICK, 0, ts, NULL, 0);
}

void
put_loss(struct bytes_out *b, const struct obs_loss *loss, struct nstime ts)
{
	uint8_t payload[RECORD_LOSS_LEN], *p = payload;

	p = le64_to(p, loss->kernel);
	p = le64_to(p, loss->interface);
	p = le64_to(p, loss->netlink);
	le64_to(p, (uint64_t)loss->since.ns);
	put_own(b, RECORD_LOSS, 0, ts, payload, sizeof(payload));
}

/* ---- conntrack */

static uint8_t *
tuple_to(uint8_t *p, const struct tuple *t, bool v6)
{
	size_t skip = v6 ? 0 : 12;

	p = bytes_to(p, t->src.b + skip, 16 - skip);
	p = bytes_to(p, t->dst.b + skip, 16 - skip);
	p = le16_to(p, t->sport);
	p = le16_to(p, t->dport);
	*p++ = t->proto;
	return p;
}

static unsigned
entry_has(const struct ct_entry *e)
{
	unsigned has = RECORD_CT_ENTRY;

	if (!addr_is_v4(&e->orig.src) || !addr_is_v4(&e->orig.dst) ||
	    !addr_is_v4(&e->reply.src) || !addr_is_v4(&e->reply.dst))
		has |= RECORD_CT_V6;
	if (e->state != NULL)
		has |= RECORD_CT_STATE;
	if (e->packets[0] | e->packets[1] | e->bytes[0] | e->bytes[1])
		has |= RECORD_CT_COUNTS;
	if (e->age_s != -1 || e->line != 0)
		has |= RECORD_CT_REST;
	return has;
}

static uint8_t *
entry_to(uint8_t *p, const struct ct_entry *e, unsigned has)
{
	p = tuple_to(p, &e->orig, has & RECORD_CT_V6);
	p = tuple_to(p, &e->reply, has & RECORD_CT_V6);
	p = le32_to(p, e->mark);
	p = le32_to(p, e->id);
	p = le32_to(p, e->timeout);
	p = le16_to(p, e->zone);
	if (has & RECORD_CT_COUNTS) {
		p = le64_to(p, e->packets[0]);
		p = le64_to(p, e->packets[1]);
		p = le64_to(p, e->bytes[0]);
		p = le64_to(p, e->bytes[1]);
	}
	if (has & RECORD_CT_REST) {
		p = le64_to(p, (uint64_t)e->age_s);
		p = le32_to(p, e->line);
	}
	return p;
}

void
put_ct(struct bytes_out *batch, const struct obs_ct *ct, struct nstime ts)
{
	const struct ct_entry *e = ct->entry;
	unsigned has = e != NULL ? entry_has(e) : 0;
	size_t len = has & RECORD_CT_STATE ? strnlen(e->state, UINT8_MAX) : 0;
	uint8_t *start = out_more(batch, RECORD_CT_MAX), *p = start;

	if (start == NULL)
		return;
	if (ct->began.ns != 0 || ct->ended.ns != 0)
		has |= RECORD_CT_LIFE;
	if (ct->lacks != 0)
		has |= RECORD_CT_LACKS;
	*p++ = ct->event;
	*p++ = (uint8_t)has;
	*p++ = e != NULL ? e->status : 0;
	*p++ = (uint8_t)len;
	p = le64_to(p, (uint64_t)ts.ns);
	if (len > 0)
		p = bytes_to(p, e->state, len);
	if (e != NULL)
		p = entry_to(p, e, has);
	if (has & RECORD_CT_LIFE) {
		p = le64_to(p, (uint64_t)ct->began.ns);
		p = le64_to(p, (uint64_t)ct->ended.ns);
	}
	if (has & RECORD_CT_LACKS)
		*p++ = ct->lacks;
	batch->n -= RECORD_CT_MAX - (size_t)(p - start);
}
