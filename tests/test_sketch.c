/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_sketch.c - quantiles in 48 bytes: exact for few samples, within the
 * promised 15 % for many, between the smallest and the largest always.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decode/trace/sketch.h"

#define N_MANY	20000u

static int
by_size(const void *x, const void *y)
{
	int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;

	return (a > b) - (a < b);
}

static void
empty(void **state)
{
	struct sketch s = { 0 };

	(void)state;
	assert_int_equal(sketch_quantile(&s, 0.5), 0);
	assert_int_equal(sketch_quantile(&s, 0.99), 0);
}

static void
one_sample(void **state)
{
	struct sketch s = { 0 };

	(void)state;
	sketch_add(&s, 22000);
	assert_int_equal(s.n, 1);
	assert_int_equal(sketch_quantile(&s, 0.0), 22000);
	assert_int_equal(sketch_quantile(&s, 0.5), 22000);
	assert_int_equal(sketch_quantile(&s, 1.0), 22000);
}

/* In any order, all of them are kept. */
static void
few_are_exact(void **state)
{
	struct sketch s = { 0 };

	(void)state;
	for (unsigned i = 0; i < SKETCH_EXACT; i++)
		sketch_add(&s, (int64_t)((i * 7) % SKETCH_EXACT + 1) * 1000);
	assert_int_equal(s.n, SKETCH_EXACT);
	assert_int_equal(sketch_quantile(&s, 0.0), 1000);
	assert_int_equal(sketch_quantile(&s, 0.5), (SKETCH_EXACT + 1) / 2 * 1000);
	assert_int_equal(sketch_quantile(&s, 1.0), SKETCH_EXACT * 1000);
}

static void
beyond_the_range(void **state)
{
	struct sketch s = { 0 };

	(void)state;
	sketch_add(&s, -5);
	assert_int_equal(sketch_quantile(&s, 0.5), 0);
	s = (struct sketch){ 0 };
	sketch_add(&s, INT64_MAX);
	assert_in_range(sketch_quantile(&s, 0.5), 2190 * INT64_C(1000000000),
	    2210 * INT64_C(1000000000));
	for (unsigned i = 0; i < 100; i++)
		sketch_add(&s, i % 2 ? INT64_MAX : INT64_MIN);
	assert_in_range(sketch_quantile(&s, 0.5), 0, 2210 * INT64_C(1000000000));
	assert_int_equal(s.n, 101);
}

/* An answer after the question was asked again, 5 s later. */
static void
seconds(void **state)
{
	static const int64_t values[] = { 2147483647, 2147483648, 4294967296, 5004000000,
	    60000000000 };
	struct sketch s = { 0 };

	(void)state;
	for (unsigned i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		s = (struct sketch){ 0 };
		sketch_add(&s, values[i]);
		assert_in_range(sketch_quantile(&s, 0.5), values[i] - 1024, values[i]);
	}
	for (unsigned i = 0; i < 20; i++)
		sketch_add(&s, 5004000000);
	assert_in_range(sketch_quantile(&s, 1.0), 59999998000, 60000000000);
	assert_in_range(sketch_quantile(&s, 0.0), 0, 5004000000);
}

/* Durations of a queue: log-uniform over [lo, hi). */
static void
fill(struct sketch *s, int64_t *values, uint32_t seed, double lo, double hi)
{
	for (unsigned i = 0; i < N_MANY; i++) {
		double u, v = lo;

		seed = seed * 1664525 + 1013904223;
		u = seed / 4294967296.0;
		/* lo * (hi/lo)^u by repeated square roots would need libm:
		   a power of two and a linear part are close enough. */
		while (u > 0 && v * 2 < hi && u * 8 > 1) {
			v *= 2;
			u -= 0.125;
		}
		values[i] = (int64_t)(v + v * u * 8);
		sketch_add(s, values[i]);
	}
	qsort(values, N_MANY, sizeof(*values), by_size);
}

static void
many_are_close(void **state)
{
	static const double ranges[][2] = { { 1000, 2000 }, { 2000, 400000 },
	    { 20000, 30000 }, { 100000, 9e6 }, { 1e6, 9e7 } };
	static const double quantiles[] = { 0.5, 0.9, 0.99 };
	static int64_t values[N_MANY];

	(void)state;
	for (unsigned r = 0; r < sizeof(ranges) / sizeof(ranges[0]); r++)
		for (uint32_t seed = 1; seed <= 5; seed++) {
			struct sketch s = { 0 };

			fill(&s, values, seed, ranges[r][0], ranges[r][1]);
			assert_int_equal(s.n, N_MANY);
			for (unsigned i = 0; i < 3; i++) {
				int64_t got = sketch_quantile(&s, quantiles[i]);
				int64_t want = values[(unsigned)(quantiles[i] *
				    (N_MANY - 1))];

				assert_true(got >= values[0]);
				assert_true(got <= values[N_MANY - 1]);
				if (llabs(got - want) * 100 > want * 15)
					fail_msg("range %u, quantile %.2f: %lld, not"
					    " %lld", r, quantiles[i],
					    (long long)got, (long long)want);
			}
		}
}

/* A full counter halves all: the shape stays, the middle does not move. */
static void
shape_survives_full_counters(void **state)
{
	struct sketch s = { 0 };
	int64_t p50;

	(void)state;
	for (unsigned i = 0; i < 3000; i++)
		sketch_add(&s, i % 10 == 9 ? 5000000 : 50000 + i % 100);
	p50 = sketch_quantile(&s, 0.5);
	/* All in one bucket, half an octave wide: 21 % at most. */
	assert_in_range(p50, 50000, 50000 * 121 / 100);
	assert_in_range(sketch_quantile(&s, 0.97), 5000000 * 85 / 100, 5000000);
	assert_int_equal(sketch_quantile(&s, 1.0), 5000000);
}

static void
quantiles_never_fall(void **state)
{
	struct sketch s = { 0 };
	int64_t last = 0;

	(void)state;
	for (unsigned i = 0; i < 1000; i++)
		sketch_add(&s, (int64_t)(i * i) * 37 % 9000000);
	for (unsigned i = 0; i <= 100; i++) {
		int64_t now = sketch_quantile(&s, i / 100.0);

		assert_true(now >= last);
		last = now;
	}
}

static struct sketch
sketch_of(unsigned n, int64_t from, int64_t step)
{
	struct sketch s = { 0 };

	for (unsigned i = 0; i < n; i++)
		sketch_add(&s, from + (int64_t)i * step);
	return s;
}

/* Few into few, few into many, many into few, many into many. */
static void
merging(void **state)
{
	static const unsigned sizes[][2] = { { 3, 4 }, { 500, 4 }, { 4, 500 },
	    { 500, 500 }, { 0, 5 }, { 5, 0 }, { 11, 1 }, { 1, 11 }, { 0, 500 } };

	(void)state;
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct sketch a = sketch_of(sizes[i][0], 10000, 10);
		struct sketch b = sketch_of(sizes[i][1], 800000, 10);

		sketch_merge(&a, &b);
		assert_int_equal(a.n, sizes[i][0] + sizes[i][1]);
		assert_int_equal(sketch_quantile(&a, 0.0),
		    sizes[i][0] ? 10000 : 800000);
		assert_in_range(sketch_quantile(&a, 1.0),
		    sizes[i][1] ? 800000 : 10000, 800000 + 5000);
	}
}

static void
merged_middle(void **state)
{
	struct sketch a = sketch_of(300, 10000, 1), b = sketch_of(700, 800000, 1);

	(void)state;
	sketch_merge(&a, &b);
	assert_in_range(sketch_quantile(&a, 0.2), 10000, 11500);
	assert_in_range(sketch_quantile(&a, 0.6), 680000, 801000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty),
		cmocka_unit_test(one_sample),
		cmocka_unit_test(few_are_exact),
		cmocka_unit_test(beyond_the_range),
		cmocka_unit_test(seconds),
		cmocka_unit_test(many_are_close),
		cmocka_unit_test(shape_survives_full_counters),
		cmocka_unit_test(quantiles_never_fall),
		cmocka_unit_test(merging),
		cmocka_unit_test(merged_middle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
