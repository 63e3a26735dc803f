/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rotate.c - files begin, end and get their names: the options -C, -G and -W of
 * tcpdump(8).
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "capture/record/format.h"
#include "capture/record/record_int.h"
#include "decode/packet.h"
#include "decode/state.h"

#define BATCH_MAX	(64u << 10)	/* of entries, as in record.c */

/* A dump of conntrack is not cut in two, unless its end never comes. */
#define DUMP_MAX_NS	(10 * NS_PER_SEC)

/* ---- names */

void
name_make(const struct record *r, struct nstime now, uint32_t count, unsigned digits,
    char out[static PATH_MAX])
{
	time_t seconds = (time_t)(now.ns / NS_PER_SEC);
	struct tm tm;
	size_t n = 0;

	/* The user's name is the format. */
_Pragma("GCC diagnostic push")
_Pragma("GCC diagnostic ignored \"-Wformat-nonliteral\"")
	if (r->cfg.rotate_s > 0 && localtime_r(&seconds, &tm) != NULL)
		n = strftime(out, PATH_MAX, r->path, &tm);
_Pragma("GCC diagnostic pop")
	if (n == 0)
		n = (size_t)snprintf(out, PATH_MAX, "%s", r->path);
	if (n < PATH_MAX && (count > 0 || digits > 0))
		snprintf(out + n, PATH_MAX - n, "%0*" PRIu32, (int)digits, count);
}

/* Of the largest number that rotate_files allows. */
static unsigned
count_digits(const struct record *r)
{
	unsigned digits = 0;

	if (r->cfg.rotate_bytes == 0 || r->cfg.rotate_files == 0)
		return 0;
	for (uint32_t n = r->cfg.rotate_files - 1; n > 0; n /= 10)
		digits++;
	return digits;
}

static struct nstime
clock_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (struct nstime){ t.tv_sec * NS_PER_SEC + t.tv_nsec };
}

/* ---- a file */

#define COOKED_LEN	20u	/* LINKTYPE_LINUX_SLL2; that of SLL is 16 */

/* Ours counts from the network header on; libpcap refuses a file with a packet
   that is longer than its interface says. */
static uint32_t
iface_snaplen(const struct record *r, const struct obs_iface *i)
{
	bool cooked = i->linktype == LT_SLL || i->linktype == LT_SLL2;

	return r->cfg.snaplen != 0 && cooked ? r->cfg.snaplen + COOKED_LEN :
	    r->cfg.snaplen;
}

bool
iface_write(struct record *r, uint32_t number)
{
	struct rec_iface *i = &r->ifaces[number];

	put_iface(&r->scratch, &i->iface, i->ts,
	    iface_snaplen(r, &i->iface));
	if (!scratch_put(r))
		return false;
	/* One that is described again counts what it counted. */
	if (i->file != r->n_files)
		i->packets = 0;
	i->file = r->n_files;
	i->id = r->n_ids++;
	return true;
}

bool
file_begin(struct record *r, const char *path, bool only_new)
{
	int error = file_open(&r->file, path, only_new);

	if (error == -EEXIST && only_new)
		return false;
	if (error != 0)
		return file_stop(&r->file, "%s: %s", path, strerror(-error));
	r->n_files++;
	r->n_ids = 0;
	r->lost_kernel = r->lost_interface = 0;
	r->in_dump = false;
	r->last = (struct nstime){ 0 };
	return true;
}

struct entries {
	struct record	*r;
	struct bytes_out batch;
	struct nstime	 ts;		/* of the first in the batch */
};

static void
entries_put(struct entries *e)
{
	struct record *r = e->r;

	r->scratch.no_memory |= e->batch.no_memory;
	if (e->batch.n > 0)
		put_own(&r->scratch, RECORD_CT, 0, e->ts, e->batch.p, e->batch.n);
	scratch_put(r);
	e->batch.n = 0;
	e->batch.no_memory = false;
}

static void
entries_add(void *arg, const struct obs *o)
{
	struct entries *e = arg;

	if (o->type != OBS_CT)
		return;
	if (e->batch.n == 0)
		e->ts = o->ts;
	put_ct(&e->batch, &o->ct, o->ts);
	if (e->batch.n >= BATCH_MAX)
		entries_put(e);
}

/* One whose link is gone will have no packets any more. */
static bool
is_of_use(const struct rec_iface *i, const struct state *s)
{
	if (!i->described || i->later)
		return false;
	return i->used || i->iface.ifindex == 0 || s == NULL ||
	    !state_has(s, PART_LINKS) ||
	    state_link_index(s, i->iface.ifindex) != NULL;
}

static bool
head_state(struct record *r, const struct state *s, struct nstime ts)
{
	struct entries e = { .r = r };

	if (s != NULL) {
		if (put_state(&r->scratch, s, ts) != 0)
			r->scratch.no_memory = true;
		put_pods(&r->scratch, s);
		if (!scratch_put(r))
			return false;
	}
	if (r->cfg.entries != NULL) {
		r->cfg.entries(r->cfg.now_arg, entries_add, &e);
		entries_put(&e);
		out_free(&e.batch);
	}
	return !r->file.stopped;
}

bool
file_head(struct record *r, uint16_t how, struct nstime ts)
{
	struct begin begin = { .how = how, .file = r->n_files - 1, .run = r->run,
	    .snaplen = r->cfg.snaplen };
	const struct state *s = NULL;

	put_section(&r->scratch);
	put_begin(&r->scratch, &begin, ts);
	if (!scratch_put(r))
		return false;
	if (how == RECORD_FIRST)
		return file_flush(&r->file);
	if (r->cfg.state != NULL)
		s = r->cfg.state(r->cfg.now_arg, ts);
	for (uint32_t i = 0; i < r->n_ifaces; i++)
		if (is_of_use(&r->ifaces[i], s) && !iface_write(r, i))
			return false;
	return head_state(r, s, ts) && file_flush(&r->file);
}

void
file_tail(struct record *r)
{
	bool lost = r->lost_kernel > 0 || r->lost_interface > 0;
	struct totals t = { .has_drops = !lost || r->n_ids == 1,
	    .kernel = r->lost_kernel, .interface = r->lost_interface };
	char text[128];

	/* Drops are told of all interfaces together. */
	snprintf(text, sizeof(text), "dropped on all interfaces together: %" PRIu64
	    " packets by the kernel, %" PRIu64 " by interfaces", r->lost_kernel,
	    r->lost_interface);
	if (!t.has_drops)
		t.comment = text;
	for (uint32_t i = 0; i < r->n_ifaces && !r->file.stopped; i++) {
		if (r->ifaces[i].file != r->n_files)
			continue;
		t.packets = r->ifaces[i].packets;
		put_statistics(&r->scratch, r->ifaces[i].id, r->last, &t);
		t.comment = NULL;
	}
	if (!r->file.stopped && r->scratch.n > 0)
		scratch_put(r);
	file_close(&r->file);
}

/* ---- rotation */

bool
rotate_first(struct record *r, char error[static RECORD_ERROR_MAX])
{
	struct nstime now = clock_now();
	char name[PATH_MAX];

	name_make(r, now, 0, count_digits(r), name);
	if (file_begin(r, name, false) && file_head(r, RECORD_FIRST, now))
		return true;
	snprintf(error, RECORD_ERROR_MAX, "%s", r->file.error);
	return false;
}

static bool
rotate(struct record *r, struct nstime ts)
{
	char name[PATH_MAX];

	file_tail(r);
	if (r->file.stopped)
		return false;
	/* -G names by the time of its turn. */
	name_make(r, r->cfg.rotate_s > 0 ? r->turn : ts, r->count, count_digits(r),
	    name);
	return file_begin(r, name, false) && file_head(r, RECORD_ROTATED, ts);
}

/* A turn of -G; false when it is the last. */
static bool
turn(struct record *r, struct nstime ts)
{
	r->turn = ts;
	r->turns++;
	r->count = 0;
	if (r->cfg.rotate_bytes == 0 && r->cfg.rotate_files > 0 &&
	    r->turns >= r->cfg.rotate_files) {
		r->file.at_limit = true;
		return file_stop(&r->file, "%s: the limit of %" PRIu32 " files is "
		    "reached; what was written is readable", r->path,
		    r->cfg.rotate_files);
	}
	return true;
}

bool
rotate_when_due(struct record *r, struct nstime ts)
{
	if (r->cfg.rotate_s == 0 && r->cfg.rotate_bytes == 0)
		return true;
	if (!r->has_turn) {
		r->has_turn = true;
		r->turn = ts;
	}
	if (r->in_dump && nstime_diff_ns(ts, r->dump_ts) < DUMP_MAX_NS)
		return true;
	if (r->cfg.rotate_s > 0 &&
	    nstime_diff_ns(ts, r->turn) / NS_PER_SEC >= r->cfg.rotate_s)
		return turn(r, ts) && rotate(r, ts);
	if (r->cfg.rotate_bytes > 0 && file_size(&r->file) > r->cfg.rotate_bytes) {
		r->count++;
		if (r->cfg.rotate_files > 0 && r->count >= r->cfg.rotate_files)
			r->count = 0;
		return rotate(r, ts);
	}
	return true;
}
