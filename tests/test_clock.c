/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_clock.c - clock differences out of made-up fingerprints.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "decode/clock.h"

#define HOUR_NS		(3600 * NS_PER_SEC)
#define DAY_NS		(24 * HOUR_NS)
#define BASE_NS		(1700000000 * NS_PER_SEC)

/* Numbers that look random and are the same every time. */
static uint64_t
random64(uint64_t i)
{
	i = (i + 1) * UINT64_C(0x9e3779b97f4a7c15);
	i = (i ^ i >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	i = (i ^ i >> 27) * UINT64_C(0x94d049bb133111eb);
	return i ^ i >> 31;
}

static void
add(struct clocks *c, unsigned file, uint64_t packet, int64_t ns, bool strong)
{
	clock_add(c, file, random64(packet), (struct nstime){ BASE_NS + ns },
	    strong);
}

/* n packets, 10 ms apart, on their way from file a to file b or back in turns,
   30 to 157 us of transit; b's clock is ahead by `ahead_ns`. */
static void
add_shared(struct clocks *c, unsigned a, unsigned b, uint64_t first,
    unsigned n, int64_t ahead_ns, bool strong)
{
	for (unsigned i = 0; i < n; i++) {
		int64_t at = i * 10 * NS_PER_MSEC;
		int64_t transit = (30 + (int64_t)(random64(i) & 127)) *
		    NS_PER_USEC;

		add(c, a, first + i, at, strong);
		add(c, b, first + i, at + ahead_ns +
		    (i & 1 ? -transit : transit), strong);
	}
}

/* n packets of one file alone, or whose like the other file has by chance. */
static void
add_noise(struct clocks *c, unsigned file, uint64_t first, unsigned n,
    uint64_t seed)
{
	for (unsigned i = 0; i < n; i++)
		add(c, file, first + i,
		    (int64_t)(random64(seed + i) % (60 * NS_PER_SEC)), false);
}

static void
assert_near(int64_t got, int64_t want)
{
	assert_in_range(got - want + NS_PER_MSEC, 0, 2 * NS_PER_MSEC);
}

static const int64_t aheads[] = {
	420 * NS_PER_MSEC, -420 * NS_PER_MSEC, 3 * HOUR_NS, -3 * HOUR_NS,
	-2 * 365 * DAY_NS, 40 * 365 * DAY_NS, 2 * NS_PER_MSEC,
};

static void
test_two_files(void **state)
{
	struct clock_shift s[2];

	(void)state;
	for (size_t i = 0; i < sizeof(aheads) / sizeof(aheads[0]); i++) {
		struct clocks *c = clock_new(2);

		assert_non_null(c);
		add_shared(c, 0, 1, 0, 100, aheads[i], false);
		assert_true(clock_solve(c, s));
		assert_int_equal(s[0].shift_ns, 0);
		assert_near(s[1].shift_ns, -aheads[i]);
		assert_true(s[0].aligned && s[1].aligned);
		assert_int_equal(s[1].reference, 0);
		assert_int_equal(s[0].pairs, 100);
		assert_int_equal(s[1].pairs, 100);
		assert_int_equal(s[0].clock, 0);
		assert_int_equal(s[1].clock, 1);
		clock_free(c);
	}
	clock_free(NULL);
}

/* One in twenty is right; retransmissions and packets with one content are in
   both files as well. */
static void
test_noise(void **state)
{
	struct clock_shift s[2];

	(void)state;
	for (size_t i = 0; i < sizeof(aheads) / sizeof(aheads[0]); i++) {
		struct clocks *c = clock_new(2);

		assert_non_null(c);
		add_shared(c, 0, 1, 0, 50, aheads[i], false);
		add_noise(c, 0, 1000, 1000, 1);
		add_noise(c, 1, 1000, 1000, 7777);
		/* a keep-alive of one content every second */
		for (int64_t k = 0; k < 60; k++) {
			add(c, 0, 5, k * NS_PER_SEC, true);
			add(c, 1, 5, k * NS_PER_SEC, true);
		}
		assert_true(clock_solve(c, s));
		assert_near(s[1].shift_ns, -aheads[i]);
		assert_in_range(s[1].pairs, 45, 52);
		clock_free(c);
	}
}

/* By chance alone: nothing to believe, though some differences agree. */
static void
test_noise_alone(void **state)
{
	struct clock_shift s[2];

	(void)state;
	for (uint64_t seed = 0; seed < 50; seed++) {
		struct clocks *c = clock_new(2);

		assert_non_null(c);
		add_noise(c, 0, 0, 2000, seed * 100000);
		add_noise(c, 1, 0, 2000, seed * 100000 + 50000);
		assert_true(clock_solve(c, s));
		assert_false(s[0].aligned || s[1].aligned);
		assert_int_equal(s[1].shift_ns, 0);
		assert_int_equal(s[1].reference, 1);
		assert_int_equal(s[1].pairs, 0);
		assert_int_equal(s[1].clock, 1);
		clock_free(c);
	}
}

static void
test_evidence(void **state)
{
	static const struct {
		unsigned weak, strong;
		bool aligned;
	} rows[] = {
		{ 0, 0, false }, { 1, 0, false }, { 2, 0, false },
		{ 3, 0, true }, { 0, 1, true }, { 1, 1, true },
	};
	struct clock_shift s[2];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct clocks *c = clock_new(2);

		assert_non_null(c);
		add_shared(c, 0, 1, 0, rows[i].weak, HOUR_NS, false);
		add_shared(c, 0, 1, 100, rows[i].strong, HOUR_NS, true);
		assert_true(clock_solve(c, s));
		assert_int_equal(s[1].aligned, rows[i].aligned);
		if (rows[i].aligned)
			assert_near(s[1].shift_ns, -HOUR_NS);
		else
			assert_int_equal(s[1].shift_ns, 0);
		clock_free(c);
	}
}

/* A weak and a strong packet of the same content are not one. */
static void
test_strength_must_agree(void **state)
{
	struct clocks *c = clock_new(2);
	struct clock_shift s[2];

	(void)state;
	assert_non_null(c);
	for (uint64_t i = 0; i < 10; i++) {
		add(c, 0, i, 0, true);
		add(c, 1, i, HOUR_NS, false);
	}
	assert_true(clock_solve(c, s));
	assert_false(s[1].aligned);
	clock_free(c);
}

/* Two differences of equal weight: neither. */
static void
test_contradiction(void **state)
{
	struct clocks *c = clock_new(2);
	struct clock_shift s[2];

	(void)state;
	assert_non_null(c);
	add_shared(c, 0, 1, 0, 20, HOUR_NS, true);
	add_shared(c, 0, 1, 100, 19, 2 * HOUR_NS, true);
	assert_true(clock_solve(c, s));
	assert_false(s[1].aligned);
	assert_int_equal(s[1].shift_ns, 0);
	clock_free(c);
}

/* Transit in one direction only is no difference of clocks. */
static void
test_same_host(void **state)
{
	struct clocks *c = clock_new(3);
	struct clock_shift s[3];

	(void)state;
	assert_non_null(c);
	add_shared(c, 0, 1, 0, 100, 0, true);
	for (int64_t i = 0; i < 100; i++) {
		add(c, 1, 1000 + (uint64_t)i, i * NS_PER_SEC, false);
		add(c, 2, 1000 + (uint64_t)i, i * NS_PER_SEC +
		    900 * NS_PER_USEC, false);
	}
	assert_true(clock_solve(c, s));
	for (int i = 0; i < 3; i++) {
		assert_true(s[i].aligned);
		assert_int_equal(s[i].shift_ns, 0);
		assert_int_equal(s[i].clock, 0);
		assert_int_equal(s[i].reference, 0);
	}
	clock_free(c);
}

/* Two files of one host and one of another: the two stay exactly together,
   though both have more in common with the third. */
static void
test_two_of_one_host(void **state)
{
	struct clocks *c = clock_new(3);
	struct clock_shift s[3];

	(void)state;
	assert_non_null(c);
	add_shared(c, 0, 1, 0, 100, HOUR_NS, true);
	add_shared(c, 1, 2, 1000, 100, -HOUR_NS, true);
	add_shared(c, 0, 2, 2000, 5, 0, true);
	assert_true(clock_solve(c, s));
	assert_int_equal(s[0].shift_ns, 0);
	assert_int_equal(s[2].shift_ns, 0);
	assert_near(s[1].shift_ns, -HOUR_NS);
	assert_int_equal(s[0].clock, 0);
	assert_int_equal(s[1].clock, 1);
	assert_int_equal(s[2].clock, 0);
	clock_free(c);
}

/* A with B and B with C, nothing of A in C; in every order of the files. */
static void
test_chain(void **state)
{
	static const unsigned orders[][3] = {
		{ 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
		{ 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 },
	};
	struct clock_shift s[4];

	(void)state;
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		unsigned a = orders[i][0], b = orders[i][1], d = orders[i][2];
		struct clocks *c = clock_new(4);
		int64_t at[3];

		assert_non_null(c);
		add_shared(c, a, b, 0, 40, HOUR_NS, false);
		add_shared(c, b, d, 1000, 30, -DAY_NS, false);
		add_noise(c, 3, 5000, 100, 1);
		assert_true(clock_solve(c, s));
		/* how far each clock is ahead of a's */
		at[a] = 0;
		at[b] = HOUR_NS;
		at[d] = at[b] - DAY_NS;
		for (unsigned k = 0; k < 3; k++) {
			assert_near(s[k].shift_ns, at[0] - at[k]);
			assert_int_equal(s[k].reference, 0);
			assert_true(s[k].aligned);
			assert_int_equal(s[k].clock, k);
		}
		assert_int_equal(s[b].pairs, 40);
		assert_int_equal(s[d].pairs, 30);
		assert_false(s[3].aligned);
		assert_int_equal(s[3].shift_ns, 0);
		clock_free(c);
	}
}

/* Packets that all of three files have. */
static void
test_three_share(void **state)
{
	struct clocks *c = clock_new(3);
	struct clock_shift s[3];

	(void)state;
	assert_non_null(c);
	for (unsigned i = 0; i < 50; i++)
		for (unsigned f = 0; f < 3; f++)
			add(c, f, i, i * NS_PER_SEC + f * HOUR_NS +
			    f * 40 * NS_PER_USEC, true);
	assert_true(clock_solve(c, s));
	assert_near(s[1].shift_ns, -HOUR_NS);
	assert_near(s[2].shift_ns, -2 * HOUR_NS);
	clock_free(c);
}

/* Files that have nothing to do with the first are related among themselves. */
static void
test_disjoint_pairs(void **state)
{
	struct clocks *c = clock_new(4);
	struct clock_shift s[4];

	(void)state;
	assert_non_null(c);
	add_shared(c, 0, 2, 0, 10, HOUR_NS, true);
	add_shared(c, 1, 3, 1000, 10, -HOUR_NS, true);
	assert_true(clock_solve(c, s));
	assert_int_equal(s[1].shift_ns, 0);
	assert_int_equal(s[1].reference, 1);
	assert_near(s[2].shift_ns, -HOUR_NS);
	assert_int_equal(s[2].reference, 0);
	assert_near(s[3].shift_ns, HOUR_NS);
	assert_int_equal(s[3].reference, 1);
	clock_free(c);
}

/* A capture of all interfaces has each packet several times, at once. */
static void
test_seen_twice_in_a_file(void **state)
{
	struct clocks *c = clock_new(2);
	struct clock_shift s[2];

	(void)state;
	assert_non_null(c);
	for (unsigned i = 0; i < 20; i++) {
		int64_t at = i * NS_PER_SEC;

		add(c, 0, i, at, false);
		add(c, 0, i, at + 40 * NS_PER_USEC, false);
		add(c, 1, i, at + HOUR_NS, false);
		add(c, 1, i, at + HOUR_NS + 60 * NS_PER_USEC, false);
		add(c, 1, i, at + HOUR_NS + 50 * NS_PER_MSEC, false);
		/* a retransmission says nothing */
		add(c, 0, 100 + i, at, true);
		add(c, 1, 100 + i, at, true);
		add(c, 1, 100 + i, at + 200 * NS_PER_MSEC, true);
	}
	assert_true(clock_solve(c, s));
	assert_int_equal(s[1].pairs, 20);
	assert_near(s[1].shift_ns, -HOUR_NS);
	clock_free(c);
}

/* 50 ppm over an hour: the votes lie over 180 ms, and a part of them wins. */
static void
test_drift(void **state)
{
	struct clocks *c = clock_new(2);
	struct clock_shift s[2];

	(void)state;
	assert_non_null(c);
	for (int64_t i = 0; i < 3600; i++) {
		int64_t at = i * NS_PER_SEC;

		add(c, 0, (uint64_t)i, at, false);
		add(c, 1, (uint64_t)i, at + DAY_NS + at / 20000, false);
	}
	assert_true(clock_solve(c, s));
	assert_true(s[1].aligned);
	assert_in_range(-s[1].shift_ns, DAY_NS, DAY_NS + 180 * NS_PER_MSEC);
	clock_free(c);
}

/* Far more than is kept: the files keep the same ones. */
static void
test_bounded(void **state)
{
	enum { N = 3 * CLOCK_KEEP_FILE };
	struct clocks *c = clock_new(2);
	struct clock_shift s[2];

	(void)state;
	assert_non_null(c);
	for (unsigned i = 0; i < N; i++)
		add(c, 0, i, i * NS_PER_USEC, false);
	/* the second file has the last third, and one packet without end */
	for (unsigned i = N / 3 * 2; i < N; i++)
		add(c, 1, i, i * NS_PER_USEC + HOUR_NS, false);
	for (unsigned i = 0; i < 2 * CLOCK_KEEP_FILE; i++)
		add(c, 1, 7, i * NS_PER_USEC, true);
	assert_true(clock_solve(c, s));
	assert_int_equal(s[1].shift_ns, -HOUR_NS);
	/* 3/4 M packets down to 1/4 M: a quarter is kept, or an eighth */
	assert_in_range(s[1].pairs, N / 3 / 16, N / 3 / 2);
	clock_free(c);
}

/* Times at the ends of what can be: no trap, and nothing made of it. */
static void
test_absurd_times(void **state)
{
	struct clocks *c = clock_new(2);
	struct clock_shift s[2];

	(void)state;
	assert_non_null(c);
	for (uint64_t i = 0; i < 100; i++) {
		clock_add(c, 0, random64(i), (struct nstime){ INT64_MIN },
		    false);
		clock_add(c, 1, random64(i), (struct nstime){
		    i & 1 ? INT64_MAX : (int64_t)random64(i) }, false);
	}
	assert_true(clock_solve(c, s));
	assert_int_equal(s[0].shift_ns, 0);
	clock_free(c);
}

static void
test_few_files(void **state)
{
	struct clock_shift s[1];

	(void)state;
	for (unsigned n = 0; n < 2; n++) {
		struct clocks *c = clock_new(n);

		assert_non_null(c);
		if (n)
			add(c, 0, 1, 0, true);
		assert_true(clock_solve(c, s));
		clock_free(c);
	}
	assert_false(s[0].aligned);
	assert_int_equal(s[0].reference, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_files),
		cmocka_unit_test(test_noise),
		cmocka_unit_test(test_noise_alone),
		cmocka_unit_test(test_evidence),
		cmocka_unit_test(test_strength_must_agree),
		cmocka_unit_test(test_contradiction),
		cmocka_unit_test(test_same_host),
		cmocka_unit_test(test_two_of_one_host),
		cmocka_unit_test(test_chain),
		cmocka_unit_test(test_three_share),
		cmocka_unit_test(test_disjoint_pairs),
		cmocka_unit_test(test_seen_twice_in_a_file),
		cmocka_unit_test(test_drift),
		cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_absurd_times),
		cmocka_unit_test(test_few_files),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
