/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_record.c - what is recorded is read as it was observed: every kind, every
 * field, every time, in order; straight, held back for comments, and through a
 * ring.  Files that rotate, and that are full.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <time.h>

#include "record_run.h"

static void
test_round_trip(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 6; seed++) {
		struct run r;

		make_run(&r, seed, 4000, seed & 1);
		record_run(&(struct record_config){ .path = FILE_NAME,
		    .snaplen = 192 }, &r);
		assert_int_equal(read_run(FILE_NAME, &r, 0), r.n);
		run_free(&r);
	}
}

/* A state of many blocks. */
static void
test_large_state(void **state)
{
	struct run r;
	struct state *s;

	(void)state;
	make_run(&r, 5, 100, false);
	s = must(state_new());
	for (unsigned i = 0; i < 150000; i++) {
		struct iproute *t = state_push(s, routes);

		/* hardly to be deflated */
		t->text = own_printf(&r, "default via ", (uint32_t)rnd(&r));
		t->metric = (uint32_t)rnd(&r);
		t->dst.addr = rnd_addr(&r);
		t->dst.len = 128;
	}
	state_ready(s);
	run_add(&r, OBS_STATE)->state.state = s;
	run_add(&r, OBS_TICK);
	record_run(&(struct record_config){ .path = FILE_NAME }, &r);
	assert_int_equal(read_run(FILE_NAME, &r, 0), r.n);
	state_free(s);
	run_free(&r);
}

/* ---- comments */

struct commenting {
	unsigned	n;
	struct nstime	newest;		/* of what was given to record_observe() */
};

static const char *
comment(void *arg, const struct obs *o)
{
	struct commenting *c = arg;
	static char text[4096];

	assert_int_equal(o->type, OBS_PACKET);
	/* held back, but not for long */
	assert_true(nstime_diff_ns(c->newest, o->ts) <= NS_PER_SEC + 100 * NS_PER_MSEC);
	if (o->packet.caplen % 3 == 0)
		return NULL;
	c->n++;
	memset(text, 'x', sizeof(text) - 1);
	text[o->packet.caplen % 7 ? o->packet.caplen % 200 : sizeof(text) - 1] = '\0';
	return text;
}

static void
test_comments(void **state)
{
	char error[RECORD_ERROR_MAX];
	struct commenting c = { 0 };
	struct record *rec;
	struct run r;
	size_t n;

	(void)state;
	make_run(&r, 11, 5000, false);
	rec = record_open(&(struct record_config){ .path = FILE_NAME,
	    .comment = comment, .comment_arg = &c }, error);
	assert_non_null(rec);
	for (unsigned i = 0; i < r.n; i++) {
		c.newest = r.v[i].ts;
		assert_true(record_observe(rec, &r.v[i]));
		/* nothing is asked for before its time */
		if (nstime_diff_ns(r.v[i].ts, r.v[0].ts) < NS_PER_SEC)
			assert_int_equal(c.n, 0);
	}
	n = c.n;
	assert_true(n > 100);
	assert_true(record_close(rec, error));
	assert_true(c.n > n);
	assert_int_equal(read_run(FILE_NAME, &r, 0), r.n);
	run_free(&r);
}

/* ---- the ring */

struct now {
	const struct state *state;
	struct nstime	 asked;
	unsigned	 n_asked;
};

static const struct state *
now_state(void *arg, struct nstime ts)
{
	struct now *n = arg;

	n->asked = ts;
	n->n_asked++;
	return n->state;
}

static void
now_entries(void *arg, void (*cb)(void *, const struct obs *), void *cb_arg)
{
	struct ct_entry e = { .id = 77, .age_s = -1 };
	struct obs o = { .type = OBS_CT, .ct.event = CT_EV_DUMP_BEGIN };

	(void)arg;
	cb(cb_arg, &o);
	o.ct = (struct obs_ct){ .event = CT_EV_DUMPED, .entry = &e };
	cb(cb_arg, &o);
	o.ct = (struct obs_ct){ .event = CT_EV_DUMP_END };
	cb(cb_arg, &o);
}

/* Reads the head of a file that does not begin with the run; then *o is the first
   observation behind it. */
static void
read_head(struct source *s, const struct run *r, struct nstime ts, uint32_t *map,
    struct obs *o)
{
	static const uint8_t dump[] = { CT_EV_DUMP_BEGIN, CT_EV_DUMPED,
	    CT_EV_DUMP_END };
	uint32_t n = 0;

	assert_int_equal(source_next(s, o), 1);
	for (; o->type == OBS_IFACE; n++) {
		bool found = false;

		assert_int_equal(o->iface.number, n);
		/* by its ifindex, which is its number + 1 here */
		map[n] = o->iface.ifindex - 1;
		for (unsigned i = 0; i < r->n && !found; i++)
			found = r->v[i].type == OBS_IFACE &&
			    r->v[i].iface.number == map[n] &&
			    same_string(r->v[i].iface.name, o->iface.name);
		assert_true(found);
		assert_int_equal(source_next(s, o), 1);
	}
	assert_int_equal(o->type, OBS_STATE);
	assert_int_equal(o->ts.ns, ts.ns);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(source_next(s, o), 1);
		assert_int_equal(o->type, OBS_CT);
		assert_int_equal(o->ct.event, dump[i]);
	}
	assert_int_equal(source_next(s, o), 1);
}

/* Packets and ticks of 10 ms; 20 interfaces of which some are never used again. */
static void
make_plain_run(struct run *r, unsigned n)
{
	*r = (struct run){ .seed = 99, .now = { INT64_C(1790000000) * NS_PER_SEC } };
	while (r->n < n) {
		struct obs *o = run_add(r, r->n < 20 ? OBS_IFACE :
		    r->n % 10 == 0 ? OBS_TICK : OBS_PACKET);

		o->ts.ns = INT64_C(1790000000) * NS_PER_SEC +
		    r->n * INT64_C(10000000);
		if (o->type == OBS_IFACE) {
			rnd_iface(r, o);
			o->iface.ifindex = r->n;
		} else if (o->type == OBS_PACKET) {
			rnd_packet(r, o);
			if (r->n > 100) {
				o->packet.number = 10 + below(r, 5);
				o->packet.linktype =
				    r->linktypes[o->packet.number];
			}
		}
	}
}

/* A state with links for all interfaces that are used but one. */
static const struct state *
links_state(struct run *r)
{
	struct state *s = must(state_new());
	struct state **v = own(r, sizeof(struct state *));

	for (uint32_t i = 11; i <= 14; i++) {
		struct link *l = state_push(s, links);

		l->name = own_printf(r, "eni", i);
		l->ifindex = i;
	}
	state_mark(s, PART_LINKS);
	state_ready(s);
	*v = s;
	r->states = must(realloc(r->states, (r->n_states + 1) * sizeof(*v)));
	r->states[r->n_states++] = s;
	r->room_states = r->n_states;
	return s;
}

/* From *at on, the observations of r until the source ends.  An interface whose
   link is gone is described when it is seen again. */
static void
read_tail(struct source *s, const struct run *r, uint32_t *map, struct obs *o,
    unsigned *at)
{
	do {
		if (o->type == OBS_IFACE && *at > 20) {
			assert_int_equal(o->iface.ifindex, 15);
			map[o->iface.number] = 14;
			continue;
		}
		if (o->type == OBS_PACKET)
			o->packet.number = map[o->packet.number];
		if (*at >= r->n || !same_obs(&r->v[*at], o))
			fail_msg("observation %u of type %d is another: %d", *at,
			    r->v[*at].type, o->type);
		++*at;
	} while (source_next(s, o) == 1);
	assert_string_equal(source_report(s)->text, "");
}

/* What fits into the ring is as if there were none. */
static void
test_ring_whole(void **state)
{
	struct run r;

	(void)state;
	make_run(&r, 21, 3000, false);
	record_run(&(struct record_config){ .path = "whole.pcapng", .ring_s = 3600 },
	    &r);
	assert_int_equal(read_run("whole.pcapng", &r, 0), r.n);
	run_free(&r);
}

static void
test_ring(void **state)
{
	char error[RECORD_ERROR_MAX];
	struct now now = { 0 };
	struct record_config c = { .path = "ring.pcapng", .ring_s = 5,
	    .state = now_state, .entries = now_entries, .now_arg = &now };
	uint32_t map[64];
	struct record *rec;
	struct source *s;
	struct run r;
	struct obs o;
	unsigned at, half;

	(void)state;
	make_plain_run(&r, 4000);
	now.state = links_state(&r);
	/* a file of another run is not written over */
	file_write("ring.pcapng", "old", 3);
	rec = record_open(&c, error);
	assert_non_null(rec);
	half = 2001;
	for (unsigned i = 0; i < half; i++)
		assert_true(record_observe(rec, &r.v[i]));
	assert_int_equal(record_files(rec), 0);
	assert_true(record_flush_ring(rec, r.v[half - 1].ts));
	assert_int_equal(record_files(rec), 1);
	for (unsigned i = half; i < r.n; i++)
		assert_true(record_observe(rec, &r.v[i]));
	assert_true(record_flush_ring(rec, r.v[r.n - 1].ts));
	/* nothing new: no file */
	assert_true(record_flush_ring(rec, r.v[r.n - 1].ts));
	assert_int_equal(record_files(rec), 2);
	assert_true(record_close(rec, error));

	at = half - 501;
	assert_int_equal(now.n_asked, 2);
	s = source_must("ring.pcapng1");
	read_head(s, &r, r.v[at].ts, map, &o);
	read_tail(s, &r, map, &o, &at);
	assert_int_equal(at, half);
	source_close(s);

	at = r.n - 501;
	assert_int_equal(now.asked.ns, r.v[at].ts.ns);
	s = source_must("ring.pcapng2");
	read_head(s, &r, r.v[at].ts, map, &o);
	read_tail(s, &r, map, &o, &at);
	assert_int_equal(at, r.n);
	source_close(s);
	run_free(&r);
}

/* No more memory than it was allowed. */
static void
test_ring_bytes(void **state)
{
	struct now now = { 0 };
	uint32_t map[64];
	struct source *s;
	struct run r;
	struct obs o;
	unsigned at = 0, n;

	(void)state;
	make_plain_run(&r, 4000);
	now.state = links_state(&r);
	record_run(&(struct record_config){ .path = "small.pcapng", .ring_s = 3600,
	    .ring_bytes = 100000, .state = now_state, .now_arg = &now }, &r);
	while (r.v[at].ts.ns < now.asked.ns)
		at++;
	assert_in_range(at, 3000, 3990);
	n = at;
	s = source_must("small.pcapng");
	assert_int_equal(source_next(s, &o), 1);
	for (uint32_t i = 0; o.type == OBS_IFACE; i++) {
		map[i] = o.iface.ifindex - 1;
		assert_int_equal(source_next(s, &o), 1);
	}
	assert_int_equal(o.type, OBS_STATE);
	assert_int_equal(source_next(s, &o), 1);
	read_tail(s, &r, map, &o, &at);
	assert_int_equal(at, r.n);
	assert_true(at > n);
	source_close(s);
	run_free(&r);
}

/* ---- rotation */

static void
test_rotation(void **state)
{
	char error[RECORD_ERROR_MAX], name[64];
	struct now now = { 0 };
	struct record_config c = { .path = "rot", .rotate_bytes = 50000,
	    .state = now_state, .entries = now_entries, .now_arg = &now };
	uint32_t map[64];
	struct record *rec;
	struct source *s;
	struct run r;
	struct obs o;
	unsigned at = 0, files;

	(void)state;
	make_plain_run(&r, 3000);
	now.state = links_state(&r);
	rec = record_open(&c, error);
	assert_non_null(rec);
	for (unsigned i = 0; i < r.n; i++)
		assert_true(record_observe(rec, &r.v[i]));
	files = record_files(rec);
	assert_in_range(files, 5, 30);
	assert_int_equal(now.n_asked, files - 1);
	assert_true(record_close(rec, error));

	/* each of them, one behind the other: the whole run */
	for (unsigned i = 0; i < 64; i++)
		map[i] = i;
	s = source_must("rot");
	assert_int_equal(source_next(s, &o), 1);
	read_tail(s, &r, map, &o, &at);
	source_close(s);
	for (unsigned i = 1; i < files; i++) {
		snprintf(name, sizeof(name), "rot%u", i);
		s = source_must(name);
		read_head(s, &r, r.v[at].ts, map, &o);
		read_tail(s, &r, map, &o, &at);
		source_close(s);
	}
	assert_int_equal(at, r.n);

	/* and as one file: interfaces have the numbers of the run */
	assert_int_equal(system("cat rot rot? rot?? >all 2>/dev/null; true"), 0);
	s = source_must("all");
	for (at = 0; source_next(s, &o) == 1; )
		if (o.type == OBS_PACKET || o.type == OBS_TICK || at < 20) {
			assert_true(same_obs(&r.v[at], &o));
			at++;
		}
	assert_int_equal(at, r.n);
	source_close(s);
	run_free(&r);
}

static bool
exists(const char *name)
{
	struct stat st;

	return stat(name, &st) == 0;
}

static void
test_names(void **state)
{
	char error[RECORD_ERROR_MAX], name[64];
	time_t first = 1790000000;
	struct record *rec;
	struct run r;
	unsigned i;

	(void)state;
	/* -C -W 12: over and over, with leading zeros */
	make_plain_run(&r, 6000);
	record_run(&(struct record_config){ .path = "w", .rotate_bytes = 20000,
	    .rotate_files = 12 }, &r);
	assert_true(exists("w00") && exists("w11"));
	assert_true(!exists("w") && !exists("w12") && !exists("w0"));

	/* -G 5 -W 3: by time, and no more than that */
	rec = record_open(&(struct record_config){ .path = "g%s", .rotate_s = 5,
	    .rotate_files = 3 }, error);
	assert_non_null(rec);
	for (i = 0; i < r.n && record_observe(rec, &r.v[i]); i++)
		;
	/* the third turn, 15 s after the first packet */
	assert_int_equal(nstime_diff_ns(r.v[i].ts, r.v[20].ts), 15 * NS_PER_SEC);
	assert_true(record_at_limit(rec));
	assert_non_null(strstr(record_error(rec), "the limit of 3 files"));
	assert_false(record_close(rec, error));
	for (i = 1; i <= 2; i++) {
		snprintf(name, sizeof(name), "g%ld", (long)first + 5 * (long)i);
		assert_true(exists(name));
	}
	run_free(&r);

	assert_null(record_open(&(struct record_config){ .path = "-",
	    .rotate_s = 1 }, error));
	assert_string_equal(error, "standard output cannot be rotated");
	assert_null(record_open(&(struct record_config){ .path = "no/x" }, error));
	assert_string_equal(error, "no/x: No such file or directory");
}

static void
test_limit(void **state)
{
	char error[RECORD_ERROR_MAX];
	struct record *rec;
	struct run r;
	size_t n;
	unsigned i;

	(void)state;
	make_run(&r, 31, 4000, false);
	for (uint64_t max = 1000; max < 60000; max += 5779) {
		rec = record_open(&(struct record_config){ .path = FILE_NAME,
		    .max_bytes = max }, error);
		assert_non_null(rec);
		for (i = 0; i < r.n && record_observe(rec, &r.v[i]); i++)
			;
		assert_true(i < r.n);
		assert_false(record_observe(rec, &r.v[i]));
		assert_true(record_at_limit(rec));
		assert_non_null(strstr(record_error(rec), "the limit of "));
		assert_false(record_close(rec, error));
		free(slurp(FILE_NAME, &n));
		assert_true(n <= max);
		assert_true(read_run(FILE_NAME, &r, 0) <= i);
	}
	run_free(&r);
}

/* Nobody reads: an error without a text, and no signal. */
static void
test_broken_pipe(void **state)
{
	char error[RECORD_ERROR_MAX];
	int ends[2], saved = dup(STDOUT_FILENO);
	struct record *rec;
	struct run r;
	unsigned i;

	(void)state;
	make_plain_run(&r, 5000);
	fflush(stdout);
	assert_int_equal(pipe(ends), 0);
	dup2(ends[1], STDOUT_FILENO);
	close(ends[1]);
	rec = record_open(&(struct record_config){ .path = "-" }, error);
	close(ends[0]);
	for (i = 0; rec && i < r.n && record_observe(rec, &r.v[i]); i++)
		;
	dup2(saved, STDOUT_FILENO);
	close(saved);
	assert_non_null(rec);
	assert_in_range(i, 20, 100);
	assert_false(record_at_limit(rec));
	assert_string_equal(record_error(rec), "");
	assert_false(record_close(rec, error));
	assert_string_equal(error, "");
	run_free(&r);
}

/* An hour of pods that come and go, all with an interface of their own. */
static void
test_many_interfaces(void **state)
{
	char error[RECORD_ERROR_MAX];
	struct record *rec = record_open(&(struct record_config){
	    .path = FILE_NAME }, error);
	struct source *s;
	struct obs o;
	uint32_t n = 0;
	char name[32];

	(void)state;
	assert_non_null(rec);
	for (uint32_t i = 0; i < 65536; i++) {
		snprintf(name, sizeof(name), "eni%u", i % 30000);
		o = (struct obs){ .type = OBS_IFACE, .iface = { .number = i,
		    .linktype = LT_ETHERNET, .name = name } };
		assert_true(record_observe(rec, &o));
		o = (struct obs){ .type = OBS_PACKET, .packet = { .number = i,
		    .linktype = LT_ETHERNET } };
		assert_true(record_observe(rec, &o));
	}
	assert_true(record_close(rec, error));
	s = source_must(FILE_NAME);
	for (; source_next(s, &o) == 1; n++)
		assert_int_equal(o.type == OBS_IFACE ? o.iface.number :
		    o.packet.number, n / 2);
	assert_string_equal(source_report(s)->text, "");
	assert_int_equal(n, 2 * 65536);
	source_close(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_large_state),
		cmocka_unit_test(test_comments),
		cmocka_unit_test(test_ring_whole),
		cmocka_unit_test(test_ring),
		cmocka_unit_test(test_ring_bytes),
		cmocka_unit_test(test_rotation),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_broken_pipe),
		cmocka_unit_test(test_many_interfaces),
	};

	return cmocka_run_group_tests(tests, test_dir_enter, test_dir_leave);
}
