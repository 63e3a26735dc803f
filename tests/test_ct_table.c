/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Conntrack's table over time: which of the entries that had a tuple is meant, what
 * a dump mends, what is not known after a loss, and what goes when there is no room.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "decode/conntrack.h"

#define MS	NS_PER_MSEC
#define ALL	(CT_PART_STATUS | CT_PART_TIMEOUT | CT_PART_MARK | CT_PART_STATE |	\
		    CT_PART_COUNTERS)

static struct nstime
at(double s)
{
	return (struct nstime){ (int64_t)(s * 1000) * MS + 1700000000 * NS_PER_SEC };
}

static struct addr
v4(unsigned a, unsigned b, unsigned c, unsigned d)
{
	return addr_from_v4((uint8_t[]){ (uint8_t)a, (uint8_t)b, (uint8_t)c, (uint8_t)d });
}

/* Pod `pod` from `sport` to 8.8.8.8:53, translated to the node's `nat`. */
static struct ct_entry
entry(unsigned pod, unsigned sport, unsigned nat, uint32_t id)
{
	struct tuple orig = { v4(10, 0, 1, pod), v4(8, 8, 8, 8), (uint16_t)sport, 53, 17 };
	struct tuple reply = { v4(8, 8, 8, 8), v4(10, 0, 0, 1), 53, (uint16_t)nat, 17 };

	return (struct ct_entry){ .orig = orig, .reply = reply, .id = id, .timeout = 30,
	    .age_s = -1, .status = CT_UNREPLIED };
}

static void
tell(struct ct_table *t, enum ct_event event, const struct ct_entry *e, double s)
{
	ct_table_observe(t, &(struct obs_ct){ .event = (uint8_t)event, .entry = e }, at(s));
}

static void
tell_part(struct ct_table *t, enum ct_event event, const struct ct_entry *e, double s,
    unsigned lacks)
{
	ct_table_observe(t, &(struct obs_ct){ .event = (uint8_t)event, .entry = e,
	    .lacks = (uint8_t)lacks }, at(s));
}

static uint32_t
id_of(const struct ct_life *l)
{
	return l != NULL ? l->entry.id : 0;
}

static uint32_t
orig_at(const struct ct_table *t, const struct ct_entry *e, double first, double last)
{
	return id_of(ct_table_orig(t, &e->orig, at(first), at(last)));
}

static uint32_t
reply_at(const struct ct_table *t, const struct ct_entry *e, double first, double last)
{
	return id_of(ct_table_reply(t, &e->reply, at(first), at(last)));
}

static bool
complete(const struct ct_table *t, double first, double last)
{
	return ct_table_complete(t, at(first), at(last));
}

static struct ct_table *
begun(uint32_t max)
{
	struct ct_table *t = ct_table_new(max);

	assert_non_null(t);
	tell(t, CT_EV_DUMP_BEGIN, NULL, 0);
	tell(t, CT_EV_DUMP_END, NULL, 0.1);
	return t;
}

/* ---- by time */

static void
reuse_is_told_apart(void **unused)
{
	struct ct_table *t = begun(0);
	struct ct_entry a = entry(2, 4000, 20000, 7), b = entry(2, 4000, 30000, 8);

	(void)unused;
	tell(t, CT_EV_NEW, &a, 10);
	tell(t, CT_EV_DESTROY, &a, 40);
	tell(t, CT_EV_NEW, &b, 50);
	assert_int_equal(orig_at(t, &a, 12, 20), 7);
	assert_int_equal(orig_at(t, &a, 51, 60), 8);
	assert_int_equal(orig_at(t, &a, 5, 100), 8);	/* more in common */
	assert_int_equal(orig_at(t, &a, 12, 52), 7);
	assert_int_equal(orig_at(t, &a, 44, 46), 0);
	assert_int_equal(orig_at(t, &a, 1, 7.9), 0);
	assert_int_equal(orig_at(t, &a, 1, 8.1), 7);	/* events come late */
	assert_int_equal(orig_at(t, &a, 41.9, 41.9), 7);
	assert_int_equal(reply_at(t, &a, 12, 20), 7);
	assert_int_equal(reply_at(t, &a, 51, 60), 0);
	assert_int_equal(reply_at(t, &b, 51, 60), 8);
	assert_true(complete(t, 1, 100));
	assert_int_equal(ct_table_alive(t), 1);
	assert_int_equal(ct_table_size(t), 2);
	ct_table_free(t);
}

static void
a_new_entry_ends_the_old(void **unused)
{
	struct ct_table *t = begun(0);
	struct ct_entry a = entry(2, 4000, 20000, 7), b = entry(2, 4000, 30000, 8);
	struct ct_entry c = entry(3, 4000, 30000, 9);
	const struct ct_life *l;

	(void)unused;
	tell(t, CT_EV_NEW, &a, 10);
	tell(t, CT_EV_NEW, &b, 50);
	assert_int_equal(ct_table_alive(t), 1);
	l = ct_table_orig(t, &a.orig, at(10), at(20));
	assert_int_equal(id_of(l), 7);
	assert_true(l->lost_end);
	assert_int_equal(l->ended.ns, at(50).ns);
	tell(t, CT_EV_DESTROY, &a, 50.5);	/* its end was still to come */
	l = ct_table_orig(t, &a.orig, at(10), at(20));
	assert_false(l->lost_end);
	assert_int_equal(ct_table_size(t), 2);
	/* Another pod got the translated port. */
	tell(t, CT_EV_NEW, &c, 80);
	assert_int_equal(reply_at(t, &c, 60, 70), 8);
	assert_int_equal(reply_at(t, &c, 90, 99), 9);
	assert_int_equal(orig_at(t, &b, 85, 99), 0);
	/* It was there all the time (nf_ct_resolve_clash()). */
	tell(t, CT_EV_UPDATE, &b, 90);
	assert_int_equal(orig_at(t, &b, 95, 99), 8);
	assert_int_equal(ct_table_alive(t), 2);
	ct_table_free(t);
}

static void
zones_live_side_by_side(void **unused)
{
	struct ct_table *t = begun(0);
	struct ct_entry a = entry(2, 4000, 20000, 7), b = entry(2, 4000, 20000, 8);

	(void)unused;
	b.zone = 5;
	tell(t, CT_EV_NEW, &a, 10);
	tell(t, CT_EV_NEW, &b, 20);
	assert_int_equal(ct_table_alive(t), 2);
	tell(t, CT_EV_DESTROY, &b, 30);
	assert_int_equal(orig_at(t, &a, 40, 41), 7);
	ct_table_free(t);
}

static void
ids_may_be_missing_or_come_again(void **unused)
{
	struct ct_table *t = begun(0);
	struct ct_entry a = entry(2, 4000, 20000, 7), n = entry(2, 4000, 20000, 0);

	(void)unused;
	tell(t, CT_EV_NEW, &a, 10);
	tell(t, CT_EV_DESTROY, &n, 20);
	assert_int_equal(ct_table_alive(t), 0);
	assert_int_equal(ct_table_size(t), 1);
	tell(t, CT_EV_NEW, &a, 30);		/* the same memory, the same id */
	assert_int_equal(ct_table_alive(t), 1);
	assert_int_equal(ct_table_size(t), 2);
	tell(t, CT_EV_DESTROY, &a, 40);
	tell(t, CT_EV_DESTROY, &a, 41);		/* twice is once */
	tell(t, CT_EV_UPDATE, &a, 42);		/* overtaken by its end */
	assert_int_equal(ct_table_alive(t), 0);
	assert_int_equal(ct_table_size(t), 2);
	ct_table_free(t);
}

/* ---- what is told and what is not */

static void
what_is_not_told_stays(void **unused)
{
	struct ct_table *t = begun(0);
	struct ct_entry a = entry(2, 4000, 20000, 7), u = a;
	char state[] = "SYN_SENT";
	const struct ct_life *l;

	(void)unused;
	a.orig.proto = a.reply.proto = u.orig.proto = u.reply.proto = 6;
	a.state = state;
	a.mark = 0x80;
	a.packets[0] = 3;
	tell(t, CT_EV_NEW, &a, 10);
	memset(state, 'x', sizeof(state) - 1);
	u.status = CT_ASSURED;
	tell_part(t, CT_EV_UPDATE, &u, 11, ALL & ~CT_PART_STATUS);
	l = ct_table_orig(t, &a.orig, at(10), at(12));
	assert_non_null(l);
	assert_string_equal(l->entry.state, "SYN_SENT");
	assert_int_equal(l->entry.mark, 0x80);
	assert_int_equal(l->entry.packets[0], 3);
	assert_int_equal(l->entry.timeout, 30);
	assert_int_equal(l->entry.status, CT_ASSURED);
	u.state = "ESTABLISHED";
	u.timeout = 432000;
	tell_part(t, CT_EV_UPDATE, &u, 12, CT_PART_MARK | CT_PART_COUNTERS);
	assert_string_equal(l->entry.state, "ESTABLISHED");
	assert_int_equal(l->entry.timeout, 432000);
	assert_int_equal(l->entry.mark, 0x80);
	ct_table_free(t);
}

static void
the_kernels_times_are_taken(void **unused)
{
	struct ct_table *t = begun(0);
	struct ct_entry a = entry(2, 4000, 20000, 7), b = entry(3, 4000, 20001, 8);
	const struct ct_life *l;

	(void)unused;
	tell(t, CT_EV_DUMP_BEGIN, NULL, 100);
	ct_table_observe(t, &(struct obs_ct){ .event = CT_EV_DUMPED, .entry = &a,
	    .began = at(20) }, at(100));
	tell(t, CT_EV_DUMP_END, NULL, 101);
	l = ct_table_orig(t, &a.orig, at(30), at(31));
	assert_int_equal(id_of(l), 7);
	assert_false(l->lost_begin);
	assert_int_equal(orig_at(t, &a, 10, 11), 0);
	ct_table_observe(t, &(struct obs_ct){ .event = CT_EV_DESTROY, .entry = &a,
	    .began = at(20), .ended = at(110) }, at(119));
	assert_int_equal(orig_at(t, &a, 115, 116), 0);
	/* A clock that ran ahead does not make a life that nobody finds. */
	ct_table_observe(t, &(struct obs_ct){ .event = CT_EV_NEW, .entry = &b,
	    .began = at(500) }, at(120));
	assert_int_equal(orig_at(t, &b, 120, 121), 8);
	ct_table_observe(t, &(struct obs_ct){ .event = CT_EV_DESTROY, .entry = &b,
	    .ended = at(50) }, at(130));
	assert_int_equal(orig_at(t, &b, 119, 121), 8);
	ct_table_free(t);
}

static void
beginnings_that_were_not_seen(void **unused)
{
	struct ct_table *t = ct_table_new(0);
	struct ct_entry a = entry(2, 4000, 20000, 7), b = entry(3, 4000, 20001, 8);
	struct ct_entry c = entry(4, 4000, 20002, 9);
	const struct ct_life *l;

	(void)unused;
	assert_false(ct_table_known(t));
	tell(t, CT_EV_UPDATE, &a, 10);
	tell(t, CT_EV_DESTROY, &b, 10);
	assert_int_equal(orig_at(t, &a, 1, 2), 7);
	assert_int_equal(orig_at(t, &b, 1, 2), 8);
	assert_int_equal(orig_at(t, &b, 13, 14), 0);
	l = ct_table_orig(t, &a.orig, at(1), at(2));
	assert_true(l->lost_begin);
	assert_int_equal(ct_table_alive(t), 1);
	tell(t, CT_EV_DUMP_BEGIN, NULL, 20);
	tell(t, CT_EV_DUMPED, &a, 20);
	tell(t, CT_EV_DUMPED, &c, 20);
	assert_false(ct_table_known(t));
	tell(t, CT_EV_DUMP_END, NULL, 21);
	assert_true(ct_table_known(t));
	assert_true(complete(t, 20, 30));
	assert_false(complete(t, 19, 30));
	tell(t, CT_EV_NEW, &c, 22);		/* the dump told of it first */
	assert_int_equal(ct_table_alive(t), 2);
	assert_int_equal(orig_at(t, &c, 10, 11), 0);
	ct_table_free(t);
}

/* ---- dumps and losses */

static void
a_dump_mends_a_loss(void **unused)
{
	struct ct_table *t = begun(0);
	struct ct_entry a = entry(2, 4000, 20000, 7), b = entry(3, 4000, 20001, 8);
	struct ct_entry c = entry(4, 4000, 20002, 9), d = entry(5, 4000, 20003, 10);
	const struct ct_life *l;

	(void)unused;
	tell(t, CT_EV_NEW, &a, 10);
	tell(t, CT_EV_NEW, &b, 10);
	ct_table_lost(t, at(20), at(30));
	tell(t, CT_EV_DUMP_BEGIN, NULL, 30);
	assert_false(complete(t, 30, 31));	/* until it is there */
	assert_true(complete(t, 10, 15));
	tell(t, CT_EV_NEW, &d, 30.5);
	tell(t, CT_EV_DUMPED, &b, 31);
	tell(t, CT_EV_DUMPED, &c, 31);
	tell(t, CT_EV_DUMP_END, NULL, 32);
	assert_int_equal(ct_table_alive(t), 3);
	assert_true(complete(t, 31, 40));
	assert_true(complete(t, 1, 19));
	assert_false(complete(t, 19, 21));
	assert_false(complete(t, 29, 40));
	l = ct_table_orig(t, &a.orig, at(12), at(13));
	assert_int_equal(id_of(l), 7);
	assert_true(l->lost_end);
	assert_int_equal(l->ended.ns, at(30).ns);
	assert_int_equal(orig_at(t, &a, 40, 41), 0);
	/* c came while events were lost: not before. */
	assert_int_equal(orig_at(t, &c, 22, 23), 9);
	assert_int_equal(orig_at(t, &c, 10, 15), 0);
	ct_table_free(t);
}

/* A dump may tell what was so before an event that was read already. */
static void
events_know_better_than_a_dump(void **unused)
{
	struct ct_table *t = begun(0);
	struct ct_entry a = entry(2, 4000, 20000, 7), b = entry(3, 4000, 20001, 8);
	struct ct_entry old = b, again = entry(2, 4000, 20000, 9);
	struct ct_entry c = entry(4, 4000, 20002, 11), dying = c;

	(void)unused;
	tell(t, CT_EV_NEW, &a, 10);
	tell(t, CT_EV_NEW, &b, 10);
	tell(t, CT_EV_NEW, &c, 10);
	tell(t, CT_EV_DUMP_BEGIN, NULL, 20);
	tell(t, CT_EV_DESTROY, &a, 20.1);
	tell(t, CT_EV_NEW, &again, 20.2);
	b.status = CT_ASSURED;
	tell(t, CT_EV_UPDATE, &b, 20.1);
	tell(t, CT_EV_DUMPED, &a, 20.3);
	tell(t, CT_EV_DUMPED, &old, 20.3);
	dying.status |= CT_DYING;
	tell(t, CT_EV_DUMPED, &dying, 20.4);
	tell(t, CT_EV_DUMP_END, NULL, 21);
	assert_int_equal(ct_table_alive(t), 2);
	assert_int_equal(orig_at(t, &a, 30, 31), 9);
	assert_int_equal(ct_table_orig(t, &b.orig, at(30), at(31))->entry.status,
	    CT_ASSURED);
	assert_int_equal(orig_at(t, &c, 30, 31), 0);
	ct_table_free(t);
}

static void
losses_are_bounded(void **unused)
{
	struct ct_table *t = begun(0);

	(void)unused;
	for (unsigned i = 0; i < 1000; i++)
		ct_table_lost(t, at(10 + i * 10), at(11 + i * 10 + i % 5));
	for (unsigned i = 0; i < 1000; i++)
		assert_false(complete(t, 10.5 + i * 10, 10.6 + i * 10));
	assert_true(complete(t, 1, 9));
	assert_true(complete(t, 10016, 10020));
	assert_false(complete(t, 1, 20000));
	ct_table_lost(t, (struct nstime){ 0 }, at(5));	/* since ever */
	assert_false(complete(t, 1, 2));
	assert_true(complete(t, 6, 7));
	ct_table_free(t);
}

static void
ends_that_nobody_tells(void **unused)
{
	struct ct_table *t = ct_table_new(0);
	struct ct_entry a = entry(2, 4000, 20000, 7), b = entry(3, 4000, 20001, 8);

	(void)unused;
	tell(t, CT_EV_DUMP_BEGIN, NULL, 10);
	tell(t, CT_EV_DUMPED, &a, 10);		/* 30 s are left */
	tell(t, CT_EV_DUMPED, &b, 10);
	tell(t, CT_EV_DUMP_END, NULL, 10);
	tell(t, CT_EV_UPDATE, &b, 11);		/* its end would be told */
	assert_int_equal(orig_at(t, &a, 95, 96), 7);
	assert_int_equal(orig_at(t, &a, 10 + 30 + CT_EXPIRED_GRACE_S + 3, 200), 0);
	assert_int_equal(orig_at(t, &b, 1000, 2000), 8);
	tell(t, CT_EV_DUMP_BEGIN, NULL, 300);
	tell(t, CT_EV_DUMPED, &a, 300);
	tell(t, CT_EV_DUMPED, &b, 300);
	tell(t, CT_EV_DUMP_END, NULL, 300);
	assert_int_equal(orig_at(t, &a, 310, 311), 7);
	ct_table_free(t);
}

/* ---- room */

static void
the_longest_gone_go_first(void **unused)
{
	struct ct_table *t = begun(4);
	struct ct_entry e[6];

	(void)unused;
	for (unsigned i = 0; i < 6; i++)
		e[i] = entry(2 + i, 4000, 20000 + i, 7 + i);
	for (unsigned i = 0; i < 4; i++)
		tell(t, CT_EV_NEW, &e[i], 10 + i);
	tell(t, CT_EV_DESTROY, &e[2], 20);
	tell(t, CT_EV_DESTROY, &e[1], 25);
	tell(t, CT_EV_NEW, &e[4], 30);
	assert_int_equal(orig_at(t, &e[2], 15, 16), 0);
	assert_int_equal(orig_at(t, &e[1], 15, 16), 8);
	assert_false(complete(t, 15, 16));
	assert_true(complete(t, 23, 24));
	tell(t, CT_EV_NEW, &e[5], 40);
	assert_int_equal(orig_at(t, &e[1], 15, 16), 0);
	assert_int_equal(ct_table_evicted(t), 2);
	assert_int_equal(ct_table_alive(t), 4);
	/* All are there: one that is gone takes no place of theirs. */
	tell(t, CT_EV_DESTROY, &e[2], 45);
	assert_int_equal(ct_table_alive(t), 4);
	assert_true(complete(t, 48, 49));
	/* No room: the one that was there first goes, and that is known. */
	tell(t, CT_EV_NEW, &e[1], 50);
	assert_int_equal(ct_table_alive(t), 4);
	assert_int_equal(ct_table_evicted(t), 4);
	assert_int_equal(orig_at(t, &e[0], 51, 52), 0);
	assert_int_equal(orig_at(t, &e[3], 51, 52), 10);
	assert_false(complete(t, 51, 52));
	tell(t, CT_EV_DESTROY, &e[1], 60);
	tell(t, CT_EV_DESTROY, &e[3], 60);
	tell(t, CT_EV_DUMP_BEGIN, NULL, 70);
	for (unsigned i = 0; i < 6; i++)
		if (i != 1 && i != 2 && i != 3)
			tell(t, CT_EV_DUMPED, &e[i], 70);
	tell(t, CT_EV_DUMP_END, NULL, 71);
	assert_true(complete(t, 72, 73));
	assert_int_equal(orig_at(t, &e[0], 72, 73), 7);
	ct_table_free(t);
}

static void
one_tuple_again_and_again(void **unused)
{
	struct ct_table *t = begun(0);
	struct ct_entry e = entry(2, 4000, 20000, 1);

	(void)unused;
	for (unsigned i = 1; i <= 200000; i++) {
		e.id = i;
		e.reply.dport = (uint16_t)(20000 + i % 1000);
		tell(t, CT_EV_NEW, &e, i);
	}
	assert_int_equal(ct_table_alive(t), 1);
	assert_true(ct_table_size(t) <= 256);
	assert_int_equal(orig_at(t, &e, 199990.4, 199990.6), 199990);
	assert_int_equal(orig_at(t, &e, 300000, 300001), 200000);
	ct_table_free(t);
}

static bool
note_id(void *arg, const struct ct_life *l)
{
	uint32_t **next = arg;

	*(*next)++ = l->entry.id;
	return l->entry.id != 9;
}

static void
each_in_order_of_coming(void **unused)
{
	struct ct_table *t = begun(0);
	uint32_t ids[8] = { 0 }, *next = ids;
	struct ct_entry e;

	(void)unused;
	for (unsigned i = 0; i < 5; i++) {
		e = entry(2 + i, 4000, 20000 + i, 6 + i);
		tell(t, CT_EV_NEW, &e, 10 + i);
	}
	e = entry(3, 4000, 20001, 7);
	tell(t, CT_EV_DESTROY, &e, 20);
	ct_table_each(t, note_id, &next);
	assert_int_equal(next - ids, 3);
	assert_int_equal(ids[0], 6);
	assert_int_equal(ids[1], 8);
	assert_int_equal(ids[2], 9);
	ct_table_free(t);
}

/* ---- words */

static void
states_have_names(void **unused)
{
	static const uint8_t protos[] = { 6, 33, 132 };

	(void)unused;
	for (unsigned p = 0; p < 3; p++)
		for (unsigned i = 0; i < 10; i++) {
			const char *name = ct_state_name(protos[p], (uint8_t)i);

			assert_non_null(name);
			assert_int_equal(ct_state_number(protos[p], name), i);
		}
	assert_string_equal(ct_state_name(6, 3), "ESTABLISHED");
	assert_string_equal(ct_state_name(6, 7), "TIME_WAIT");
	assert_string_equal(ct_state_name(132, 4), "ESTABLISHED");
	assert_string_equal(ct_state_name(33, 4), "OPEN");
	assert_null(ct_state_name(6, 10));
	assert_null(ct_state_name(17, 3));
	assert_int_equal(ct_state_number(6, "COOKIE_WAIT"), 0xff);
	assert_int_equal(ct_state_number(17, "ESTABLISHED"), 0xff);
}

/* ---- many */

static double
seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void
half_a_million(void **unused)
{
	struct ct_table *t = ct_table_new(0);
	enum { N = 500000 };
	double from[4];
	unsigned wrong = 0;

	(void)unused;
	from[0] = seconds();
	tell(t, CT_EV_DUMP_BEGIN, NULL, 1);
	for (unsigned i = 0; i < N; i++) {
		struct ct_entry e = entry(i % 100, 1024 + i / 100, i % 60000, i + 1);

		e.reply.src = v4(9, i / 60000, 8, 8);
		tell(t, CT_EV_DUMPED, &e, 1);
	}
	tell(t, CT_EV_DUMP_END, NULL, 2);
	from[1] = seconds();
	for (unsigned i = 0; i < N; i++) {
		unsigned k = (unsigned)((uint64_t)i * 7919 % N);
		struct ct_entry e = entry(k % 100, 1024 + k / 100, 0, 0);

		wrong += orig_at(t, &e, 3, 4) != k + 1;
	}
	from[2] = seconds();
	for (unsigned i = 0; i < N; i++) {
		struct ct_entry e = entry(i % 100, 1024 + i / 100, i % 60000, i + 1);

		e.reply.src = v4(9, i / 60000, 8, 8);
		tell(t, CT_EV_DESTROY, &e, 5);
	}
	from[3] = seconds();
	printf("# 500000 entries: dump %.0f ns each, lookup %.0f ns, destroy %.0f ns\n",
	    (from[1] - from[0]) * 1e9 / N, (from[2] - from[1]) * 1e9 / N,
	    (from[3] - from[2]) * 1e9 / N);
	assert_int_equal(wrong, 0);
	assert_int_equal(ct_table_alive(t), 0);
	assert_int_equal(ct_table_size(t), N);
	ct_table_free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reuse_is_told_apart),
		cmocka_unit_test(a_new_entry_ends_the_old),
		cmocka_unit_test(zones_live_side_by_side),
		cmocka_unit_test(ids_may_be_missing_or_come_again),
		cmocka_unit_test(what_is_not_told_stays),
		cmocka_unit_test(the_kernels_times_are_taken),
		cmocka_unit_test(beginnings_that_were_not_seen),
		cmocka_unit_test(a_dump_mends_a_loss),
		cmocka_unit_test(events_know_better_than_a_dump),
		cmocka_unit_test(losses_are_bounded),
		cmocka_unit_test(ends_that_nobody_tells),
		cmocka_unit_test(the_longest_gone_go_first),
		cmocka_unit_test(one_tuple_again_and_again),
		cmocka_unit_test(each_in_order_of_coming),
		cmocka_unit_test(states_have_names),
		cmocka_unit_test(half_a_million),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
