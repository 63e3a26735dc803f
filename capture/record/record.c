/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * record.c - observations on their way to a file: straight, through the hold
 * that gives comments time to be known, or into the ring.
 */
#include "capture/record.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "capture/record/format.h"
#include "capture/record/record_int.h"
#include "decode/timeline.h"

#define HOLD_NS		NS_PER_SEC
#define HOLD_BYTES	((uint64_t)64 << 20)
#define BATCH_MAX	(64u << 10)	/* of conntrack entries in a block */
#define IFACES_MAX	(1u << 24)	/* numbers; far more than pcapng.h reads */

static bool
no_memory(struct record *r)
{
	return file_stop(&r->file, "%s: out of memory", r->path);
}

/* ---- where items go */

/* Those that were held for long enough. */
static bool
hold_release(struct record *r, struct nstime now, bool all)
{
	const struct item *i;

	while ((i = queue_first(&r->queue)) != NULL) {
		int64_t age = nstime_diff_ns(now, i->ts);

		/* also when the clock was set back */
		if (!all && age < HOLD_NS && age > -HOLD_NS &&
		    r->queue.bytes <= HOLD_BYTES)
			break;
		if (!item_write(r, i, i->bytes))
			return false;
		queue_pop(&r->queue);
	}
	return true;
}

static bool
queue_passed(struct record *r, struct nstime now)
{
	if (r->ring)
		ring_trim(r, now);
	return r->ring || hold_release(r, now, false);
}

static bool
give(struct record *r, const struct item *head, const void *bytes)
{
	struct item *i;

	if (!r->hold && !r->ring)
		return item_write(r, head, bytes);
	i = queue_push(&r->queue, head->n);
	if (i == NULL)
		return no_memory(r);
	i->ts = head->ts;
	i->kind = head->kind;
	i->flags = head->flags;
	memcpy(i->bytes, bytes, head->n);
	return queue_passed(r, head->ts);
}

/* What is in `scratch`. */
static bool
give_scratch(struct record *r, uint8_t kind, uint8_t flags, struct nstime ts)
{
	struct bytes_out b = r->scratch;
	struct item head = { .ts = ts, .n = (uint32_t)b.n, .kind = kind,
	    .flags = flags };
	bool ok;

	/* Rotation makes the head of a file in it. */
	r->scratch = (struct bytes_out){ 0 };
	ok = b.no_memory || b.n > UINT32_MAX ? no_memory(r) : give(r, &head, b.p);
	out_free(&r->scratch);
	b.n = 0;
	b.no_memory = false;
	r->scratch = b;
	return ok;
}

/* ---- conntrack entries */

bool
record_settle(struct record *r)
{
	if (r->ct.n == 0)
		return !r->file.stopped;
	r->scratch.no_memory |= r->ct.no_memory;
	put_own(&r->scratch, RECORD_CT, 0, r->ct_ts, r->ct.p, r->ct.n);
	r->ct.n = 0;
	r->ct.no_memory = false;
	return give_scratch(r, ITEM_CT, r->ct_flags, r->ct_ts);
}

/* Entries of a dump and events are batches of their own. */
static bool
take_ct(struct record *r, const struct obs *o)
{
	uint8_t flags = 0;

	switch (o->ct.event) {
	case CT_EV_DUMP_BEGIN:	flags = CT_DUMP | CT_DUMP_FIRST; break;
	case CT_EV_DUMP_END:	flags = CT_DUMP | CT_DUMP_LAST; break;
	case CT_EV_DUMPED:	flags = CT_DUMP; break;
	}
	if (r->ct.n > 0 && ((flags & CT_DUMP) != (r->ct_flags & CT_DUMP) ||
	    (flags & CT_DUMP_FIRST) || (r->ct_flags & CT_DUMP_LAST) ||
	    r->ct.n >= BATCH_MAX) && !record_settle(r))
		return false;
	if (r->ct.n == 0) {
		r->ct_ts = o->ts;
		r->ct_flags = 0;
	}
	r->ct_flags |= flags;
	put_ct(&r->ct, &o->ct, o->ts);
	return true;
}

/* ---- interfaces and packets */

static bool
keep_iface(struct record *r, const struct obs *o)
{
	const struct obs_iface *new = &o->iface;
	struct rec_iface *i, *v;
	uint32_t room = r->room_ifaces;
	char *name = new->name ? strdup(new->name) : NULL;

	if (new->name != NULL && name == NULL)
		return no_memory(r);
	assert(new->number < IFACES_MAX);
	while (room <= new->number)
		room = room ? 2 * room : 16;
	if (room != r->room_ifaces) {
		v = realloc(r->ifaces, room * sizeof(*v));
		if (v == NULL) {
			free(name);
			return no_memory(r);
		}
		r->ifaces = v;
		r->room_ifaces = room;
	}
	while (r->n_ifaces <= new->number)
		r->ifaces[r->n_ifaces++] = (struct rec_iface){ 0 };
	i = &r->ifaces[new->number];
	free(i->name);
	i->name = name;
	i->iface = *new;
	i->iface.name = name;
	i->described = true;
	i->file = 0;
	i->ts = o->ts;
	return true;
}

static bool
take_iface(struct record *r, const struct obs *o)
{
	struct item head = { .ts = o->ts, .n = sizeof(o->iface.number),
	    .kind = ITEM_IFACE };

	return keep_iface(r, o) && give(r, &head, &o->iface.number);
}

static bool
take_packet(struct record *r, const struct obs *o)
{
	size_t size;
	struct item *i;

	assert(o->packet.number < r->n_ifaces &&
	    r->ifaces[o->packet.number].described);
	if (!r->hold && !r->ring)
		return rotate_when_due(r, o->ts) && packet_write(r, o);
	size = packet_size(&o->packet, 0);
	i = queue_push(&r->queue, size);
	if (i == NULL)
		return no_memory(r);
	i->ts = o->ts;
	i->kind = ITEM_PACKET;
	packet_to(i->bytes, size, o->packet.number, o->ts, &o->packet, NULL, 0);
	return queue_passed(r, o->ts);
}

/* ---- the rest */

static bool
take_state(struct record *r, const struct obs *o)
{
	if (put_state(&r->scratch, o->state.state, o->ts) != 0)
		r->scratch.no_memory = true;
	put_pods(&r->scratch, o->state.state);
	return give_scratch(r, ITEM_BLOCKS, 0, o->ts);
}

static bool
take_change(struct record *r, const struct obs *o)
{
	if (put_change(&r->scratch, &o->change, o->ts) != 0)
		r->scratch.no_memory = true;
	if (o->change.change->come != NULL)
		put_pods(&r->scratch, o->change.change->come);
	return give_scratch(r, ITEM_BLOCKS, 0, o->ts);
}

static bool
take_name(struct record *r, const struct obs *o)
{
	put_name(&r->scratch, &o->name, o->ts);
	return give_scratch(r, ITEM_BLOCKS, 0, o->ts);
}

static bool
take_loss(struct record *r, const struct obs *o)
{
	put_loss(&r->scratch, &o->loss, o->ts);
	return give_scratch(r, ITEM_LOSS, 0, o->ts);
}

static bool
take_tick(struct record *r, const struct obs *o)
{
	put_tick(&r->scratch, o->ts);
	return give_scratch(r, ITEM_TICK, 0, o->ts);
}

bool
record_observe(struct record *r, const struct obs *o)
{
	static bool (*const take[N_OBS_TYPES])(struct record *, const struct obs *) = {
		[OBS_IFACE] = take_iface, [OBS_PACKET] = take_packet,
		[OBS_NAME] = take_name, [OBS_LOSS] = take_loss,
		[OBS_STATE] = take_state, [OBS_CHANGE] = take_change,
		[OBS_CT] = take_ct, [OBS_TICK] = take_tick,
	};

	if (r->file.stopped)
		return false;
	if (o->type != OBS_CT && r->ct.n > 0 && !record_settle(r))
		return false;
	return take[o->type](r, o);
}

/* ---- from beginning to end */

static const char *
config_wrong(const struct record_config *c)
{
	if (c->path == NULL || c->path[0] == '\0')
		return "no file to record to";
	if (strlen(c->path) > PATH_MAX - 16)
		return "the name of the file is too long";
	if (c->rotate_bytes == 0 && c->rotate_s == 0)
		return NULL;
	if (strcmp(c->path, "-") == 0)
		return "standard output cannot be rotated";
	return c->ring_s > 0 ? "a ring cannot be rotated" : NULL;
}

static void
record_free(struct record *r)
{
	for (uint32_t i = 0; i < r->n_ifaces; i++)
		free(r->ifaces[i].name);
	free(r->ifaces);
	out_free(&r->ct);
	out_free(&r->scratch);
	queue_free(&r->queue);
	file_fini(&r->file);
	free(r->path);
	free(r);
}

struct record *
record_open(const struct record_config *c, char error[static RECORD_ERROR_MAX])
{
	const char *wrong = config_wrong(c);
	struct record *r;

	if (wrong != NULL) {
		snprintf(error, RECORD_ERROR_MAX, "%s", wrong);
		return NULL;
	}
	r = calloc(1, sizeof(*r));
	if (r == NULL || !file_init(&r->file) ||
	    (r->path = strdup(c->path)) == NULL) {
		snprintf(error, RECORD_ERROR_MAX, "out of memory");
		if (r != NULL)
			record_free(r);
		return NULL;
	}
	r->cfg = *c;
	r->cfg.path = r->path;
	r->file.max = c->max_bytes;
	r->ring = c->ring_s > 0;
	r->hold = c->comment != NULL && !r->ring;
	if (getrandom(&r->run, sizeof(r->run), GRND_NONBLOCK) != sizeof(r->run))
		r->run = 0;
	if (!r->ring && !rotate_first(r, error)) {
		record_free(r);
		return NULL;
	}
	error[0] = '\0';
	return r;
}

bool
record_close(struct record *r, char error[static RECORD_ERROR_MAX])
{
	bool ok;

	if (!r->file.stopped)
		record_settle(r);
	if (!r->file.stopped && r->hold)
		hold_release(r, (struct nstime){ 0 }, true);
	if (!r->ring)
		file_tail(r);
	ok = !r->file.stopped;
	snprintf(error, RECORD_ERROR_MAX, "%s", r->file.error);
	record_free(r);
	return ok;
}

const char *
record_error(const struct record *r)
{
	return r->file.error;
}

bool
record_at_limit(const struct record *r)
{
	return r->file.at_limit;
}

uint64_t
record_bytes(const struct record *r)
{
	return r->file.before + file_size(&r->file);
}

unsigned
record_files(const struct record *r)
{
	return r->n_files;
}
