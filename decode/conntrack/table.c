/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * table.c - conntrack's table as events and dumps tell it.
 *
 * Facts of the kernel that it rests on (net/netfilter/nf_conntrack_core.c,
 * nf_conntrack_netlink.c): in one zone every tuple is that of one entry, whichever
 * of its directions it is, but for DNS queries that race each other
 * (nf_ct_resolve_clash()), so that an entry thought to be replaced may speak again.
 * An entry's tuples do not change.  An id is made of addresses in memory and comes
 * again.  A dump walks the table while it changes: what it says may be older than an
 * event that was read before it.
 */
#include <stdlib.h>

#include "decode/conntrack/ct_int.h"

#define MAX_LIVES	256u	/* of one tuple */

struct ct_table *
ct_table_new(uint32_t max)
{
	struct ct_table *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->forgotten = t->now = (struct nstime){ INT64_MIN };
	if (!pool_init(&t->recs, sizeof(struct rec),
	    max != 0 ? max : CT_TABLE_DEFAULT) || !chains_init(t)) {
		ct_table_free(t);
		return NULL;
	}
	return t;
}

void
ct_table_free(struct ct_table *t)
{
	if (t == NULL)
		return;
	chains_fini(t);
	pool_fini(&t->recs);
	free(t);
}

/* ---- lists */

static void
list_push(struct ct_table *t, struct list *l, uint32_t i)
{
	struct rec *r = rec_at(t, i);

	r->before = l->tail;
	r->after = 0;
	if (l->tail != 0)
		rec_at(t, l->tail)->after = i;
	else
		l->head = i;
	l->tail = i;
	l->n++;
}

static void
list_remove(struct ct_table *t, struct list *l, uint32_t i)
{
	struct rec *r = rec_at(t, i);

	if (r->before != 0)
		rec_at(t, r->before)->after = r->after;
	else
		l->head = r->after;
	if (r->after != 0)
		rec_at(t, r->after)->before = r->before;
	else
		l->tail = r->before;
	l->n--;
}

/* ---- records that come and go */

static void
evict(struct ct_table *t, uint32_t i)
{
	struct rec *r = rec_at(t, i);

	if (is_alive(r)) {
		t->overflow = t->overflow_again = true;
		list_remove(t, &t->live, i);
	} else {
		if (r->life.ended.ns > t->forgotten.ns)
			t->forgotten = r->life.ended;
		list_remove(t, &t->gone, i);
	}
	chains_remove(t, i);
	pool_give(&t->recs, i);
	t->evicted++;
}

static void
end(struct ct_table *t, uint32_t i, struct nstime at, bool lost)
{
	struct rec *r = rec_at(t, i);

	list_remove(t, &t->live, i);
	list_push(t, &t->gone, i);
	r->life.ended = at;
	r->life.lost_end = lost;
	r->life.own_flags &= (uint8_t)~OWN_ALIVE;
}

static void
revive(struct ct_table *t, uint32_t i)
{
	struct rec *r = rec_at(t, i);

	list_remove(t, &t->gone, i);
	list_push(t, &t->live, i);
	r->life.ended = (struct nstime){ 0 };
	r->life.lost_end = false;
	r->life.own_flags |= OWN_ALIVE;
}

/* It is gone, and no event told it: it went when events were lost, if there was
   such a time since it was last told of. */
static struct nstime
unseen_end(const struct ct_table *t, const struct rec *r, struct nstime ts)
{
	struct nstime until;

	if (!(r->life.own_flags & OWN_EVENT) || t->n_losses == 0)
		return ts;
	until = t->losses[t->n_losses - 1].until;
	return until.ns >= r->told.ns && until.ns < ts.ns ? until : ts;
}

/* An entry that has one of these tuples cannot be there any more, since another
   has it. */
static void
end_rivals(struct ct_table *t, const struct ct_entry *e, struct nstime at)
{
	for (unsigned k = 0; k < N_SIDES * N_SIDES; k++) {
		enum side s = k % N_SIDES;
		const struct tuple *tuple = tuple_on(e, k / N_SIDES);

		for (uint32_t i = chain_of(t, s, tuple); i != 0;
		    i = rec_at(t, i)->next[s]) {
			struct rec *r = rec_at(t, i);

			if (is_alive(r) && r->life.entry.zone == e->zone &&
			    tuple_eq(tuple_on(&r->life.entry, s), tuple))
				end(t, i, unseen_end(t, r, at), true);
		}
	}
}

/* A tuple that was used too often loses its oldest life; chains have the latest
   first. */
static void
bound_lives(struct ct_table *t, const struct ct_entry *e)
{
	for (unsigned s = 0; s < N_SIDES; s++) {
		const struct tuple *tuple = tuple_on(e, s);
		uint32_t oldest = 0, n = 0;

		for (uint32_t i = chain_of(t, s, tuple); i != 0;
		    i = rec_at(t, i)->next[s]) {
			const struct rec *r = rec_at(t, i);

			if (!tuple_eq(tuple_on(&r->life.entry, s), tuple))
				continue;
			n++;
			if (oldest == 0 || !is_alive(r) || is_alive(rec_at(t, oldest)))
				oldest = i;
		}
		if (n >= MAX_LIVES)
			evict(t, oldest);
	}
}

/* ---- what an observation tells */

/* The state's name is a constant of ours, or not known. */
static const char *
state_of(const struct ct_entry *e)
{
	return e->state == NULL ? NULL :
	    ct_state_name(e->orig.proto, ct_state_number(e->orig.proto, e->state));
}

static struct nstime
not_after(struct nstime at, struct nstime ts)
{
	return at.ns == 0 || at.ns > ts.ns ? ts : at;
}

static void
fill(struct rec *r, const struct obs_ct *o, struct nstime ts)
{
	const struct ct_entry *from = o->entry;
	struct ct_entry *e = &r->life.entry;

	if (!(o->lacks & CT_PART_STATUS))
		e->status = from->status;
	if (!(o->lacks & CT_PART_MARK))
		e->mark = from->mark;
	if (!(o->lacks & CT_PART_STATE))
		e->state = state_of(from);
	if (!(o->lacks & CT_PART_TIMEOUT)) {
		e->timeout = from->timeout;
		r->life.own_flags |= OWN_TIMEOUT;
	}
	if (!(o->lacks & CT_PART_COUNTERS)) {
		memcpy(e->packets, from->packets, sizeof(e->packets));
		memcpy(e->bytes, from->bytes, sizeof(e->bytes));
	}
	if (from->age_s >= 0)
		e->age_s = from->age_s;
	if (from->id != 0)
		e->id = from->id;
	r->told = ts;
}

/* Since when it is there. */
static void
note_begin(struct rec *r, const struct obs_ct *o, struct nstime ts)
{
	if (o->began.ns != 0)
		r->life.began = not_after(o->began, ts);
	else if (o->event != CT_EV_NEW)
		return;
	r->life.lost_begin = false;
}

static void
tell(struct ct_table *t, uint32_t i, const struct obs_ct *o, struct nstime ts)
{
	struct rec *r = rec_at(t, i);

	fill(r, o, ts);
	if (r->life.lost_begin)
		note_begin(r, o, ts);
	if (o->event != CT_EV_DUMPED)
		r->life.own_flags |= OWN_EVENT;
	r->life.own_dump = t->dump;
}

/* One that was not known, there or gone already. */
static uint32_t
insert(struct ct_table *t, const struct obs_ct *o, struct nstime ts)
{
	const struct ct_entry *e = o->entry;
	struct rec *r;
	uint32_t i;

	bound_lives(t, e);
	if (pool_full(&t->recs))
		evict(t, t->gone.n > 0 ? t->gone.head : t->live.head);
	i = pool_take(&t->recs);
	r = rec_at(t, i);
	r->life.entry = (struct ct_entry){ .orig = e->orig, .reply = e->reply,
	    .zone = e->zone, .age_s = -1, .line = e->line };
	r->life.began = ts;
	r->life.lost_begin = true;
	/* What came after a complete dump came when events were listened to. */
	r->life.own_flags = OWN_ALIVE | (t->known && !t->overflow ? OWN_EVENT : OWN_OLD);
	list_push(t, &t->live, i);
	chains_add(t, i);
	tell(t, i, o, ts);
	return i;
}

static void
insert_live(struct ct_table *t, const struct obs_ct *o, struct nstime ts)
{
	end_rivals(t, o->entry, ts);
	insert(t, o, ts);
}

static struct nstime
end_of(const struct rec *r, const struct obs_ct *o, struct nstime ts)
{
	struct nstime at = not_after(o->ended, ts);

	return at.ns < r->life.began.ns && !r->life.lost_begin ? r->life.began : at;
}

/* One that is gone already; it takes no place of one that is there. */
static void
insert_gone(struct ct_table *t, const struct obs_ct *o, struct nstime ts, bool lost)
{
	uint32_t i;

	if (pool_full(&t->recs) && t->gone.n == 0) {
		t->evicted++;
		if (ts.ns > t->forgotten.ns)
			t->forgotten = ts;
		return;
	}
	i = insert(t, o, ts);
	end(t, i, end_of(rec_at(t, i), o, ts), lost);
}

/* The latest life of this entry: both tuples, the zone, and the id where both are
   told; one that is there before one that is gone. */
static uint32_t
find(const struct ct_table *t, const struct ct_entry *e)
{
	uint32_t gone = 0;

	for (uint32_t i = chain_of(t, SIDE_ORIG, &e->orig); i != 0;
	    i = rec_at(t, i)->next[SIDE_ORIG]) {
		const struct rec *r = rec_at(t, i);
		const struct ct_entry *x = &r->life.entry;

		if ((x->id != e->id && x->id != 0 && e->id != 0) || x->zone != e->zone ||
		    !tuple_eq(&x->orig, &e->orig) || !tuple_eq(&x->reply, &e->reply))
			continue;
		if (is_alive(r))
			return i;
		if (gone == 0)
			gone = i;
	}
	return gone;
}

/* ---- events */

static void
on_new(struct ct_table *t, uint32_t i, const struct obs_ct *o, struct nstime ts)
{
	if (i != 0 && is_alive(rec_at(t, i)))
		tell(t, i, o, ts);	/* the dump told of it first */
	else
		insert_live(t, o, ts);
}

static void
on_update(struct ct_table *t, uint32_t i, const struct obs_ct *o, struct nstime ts)
{
	if (i == 0 || (!is_alive(rec_at(t, i)) && !rec_at(t, i)->life.lost_end &&
	    o->entry->id == 0)) {
		insert_live(t, o, ts);
		return;
	}
	if (!is_alive(rec_at(t, i))) {
		if (!rec_at(t, i)->life.lost_end)
			return;		/* overtaken by its end on another CPU */
		revive(t, i);
	}
	tell(t, i, o, ts);
}

/* What the kernel is about to take out of its table is there no more: its DESTROY
   was sent, or comes. */
static void
on_dumped_dying(struct ct_table *t, uint32_t i, const struct obs_ct *o,
    struct nstime ts)
{
	if (i != 0 && !is_alive(rec_at(t, i)))
		return;
	if (i == 0)
		insert_gone(t, o, ts, true);
	else
		end(t, i, ts, true);
}

static void
on_dumped(struct ct_table *t, uint32_t i, const struct obs_ct *o, struct nstime ts)
{
	struct rec *r = i != 0 ? rec_at(t, i) : NULL;

	/* Events since the dump began know better. */
	if (r != NULL && t->in_dump && r->life.own_dump == t->dump &&
	    (is_alive(r) || !r->life.lost_end))
		return;
	if (!(o->lacks & CT_PART_STATUS) && o->entry->status & CT_DYING) {
		on_dumped_dying(t, i, o, ts);
		return;
	}
	if (r == NULL || (!is_alive(r) && !r->life.lost_end)) {
		insert_live(t, o, ts);
		return;
	}
	if (!is_alive(r))
		revive(t, i);
	tell(t, i, o, ts);
}

static void
on_destroy(struct ct_table *t, uint32_t i, const struct obs_ct *o, struct nstime ts)
{
	struct rec *r = i != 0 ? rec_at(t, i) : NULL;

	if (r == NULL || (!is_alive(r) && !r->life.lost_end && o->entry->id == 0)) {
		insert_gone(t, o, ts, false);
		return;
	}
	if (!is_alive(r)) {
		if (!r->life.lost_end)
			return;
		revive(t, i);
	}
	tell(t, i, o, ts);
	end(t, i, end_of(r, o, ts), false);
}

/* ---- dumps */

static void
dump_begin(struct ct_table *t, struct nstime ts)
{
	t->dump++;
	if (!t->in_dump)
		t->unsure_since = ts;
	if (!t->in_dump || t->lost)
		t->dump_began = ts;
	t->in_dump = true;
	t->lost = false;
	t->overflow_again = false;
}

/* What was not in it went before it began, or its end would have been told. */
static void
dump_end(struct ct_table *t)
{
	uint32_t after;

	if (!t->in_dump)
		return;
	t->in_dump = false;
	for (uint32_t i = t->live.head; i != 0; i = after) {
		const struct rec *r = rec_at(t, i);

		after = r->after;
		if (r->life.own_dump != t->dump)
			end(t, i, r->told.ns > t->dump_began.ns ? r->told :
			    t->dump_began, true);
	}
	if (t->overflow && !t->overflow_again) {
		t->overflow = false;
		if (t->known && t->dump_began.ns > t->known_since.ns)
			t->known_since = t->dump_began;
	}
	if (!t->known)
		t->known_since = t->dump_began;
	t->known = true;
}

void
ct_table_observe(struct ct_table *t, const struct obs_ct *o, struct nstime ts)
{
	uint32_t i;

	if (ts.ns > t->now.ns)
		t->now = ts;
	if (o->event == CT_EV_DUMP_BEGIN)
		dump_begin(t, ts);
	if (o->event == CT_EV_DUMP_END)
		dump_end(t);
	if (o->entry == NULL || o->event >= CT_EV_DUMP_BEGIN)
		return;
	i = find(t, o->entry);
	switch (o->event) {
	case CT_EV_NEW:
		on_new(t, i, o, ts);
		break;
	case CT_EV_UPDATE:
		on_update(t, i, o, ts);
		break;
	case CT_EV_DESTROY:
		on_destroy(t, i, o, ts);
		break;
	case CT_EV_DUMPED:
		on_dumped(t, i, o, ts);
		break;
	default:
		break;
	}
}

/* ---- what there is */

uint32_t
ct_table_alive(const struct ct_table *t)
{
	return t->live.n;
}

uint32_t
ct_table_size(const struct ct_table *t)
{
	return t->recs.live;
}

uint64_t
ct_table_evicted(const struct ct_table *t)
{
	return t->evicted;
}

void
ct_table_each(const struct ct_table *t, bool (*cb)(void *, const struct ct_life *),
    void *arg)
{
	for (uint32_t i = t->live.head; i != 0; i = rec_at(t, i)->after)
		if (rec_expiry(rec_at(t, i)) > t->now.ns &&
		    !cb(arg, &rec_at(t, i)->life))
			return;
}
