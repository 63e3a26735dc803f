/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_stream.c - segments cut, repeated, overlapping and out of order give the
   bytes that were sent, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "decode/trace/stream.h"

#define BASE	0xfffffff0u		/* wraps soon */
#define MAX	4096

static uint8_t sent[300];

static void
make_bytes(void)
{
	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = (uint8_t)(i * 7 + i / 11);
}

static bool
put(struct stream *s, uint32_t from, uint32_t to)
{
	return stream_put(s, BASE + from, sent + from, to - from, to - from, MAX);
}

static void
expect(const struct stream *s, uint32_t n)
{
	assert_int_equal(s->n, n);
	assert_memory_equal(s->bytes, sent, n);
}

static void
test_in_order_at_every_cut(void **state)
{
	(void)state;
	for (uint32_t cut = 1; cut < sizeof(sent); cut++) {
		struct stream s = { .base = BASE };

		assert_true(put(&s, 0, cut));
		expect(&s, cut);
		assert_true(put(&s, cut, sizeof(sent)));
		expect(&s, sizeof(sent));
		stream_fini(&s);
	}
}

static void
test_out_of_order(void **state)
{
	struct stream s = { .base = BASE };

	(void)state;
	assert_true(put(&s, 200, 300));
	assert_true(put(&s, 50, 100));
	assert_true(put(&s, 120, 130));
	assert_int_equal(s.n, 0);
	assert_true(put(&s, 0, 60));		/* overlaps */
	expect(&s, 100);
	assert_true(put(&s, 20, 40));		/* again */
	expect(&s, 100);
	assert_true(put(&s, 90, 210));
	expect(&s, 300);
	assert_int_equal(s.n_apart, 0);
	stream_fini(&s);
}

static void
test_too_many_pieces(void **state)
{
	struct stream s = { .base = BASE };

	(void)state;
	for (uint32_t i = 0; i < STREAM_APART; i++)
		assert_true(put(&s, 20 + 20 * i, 30 + 20 * i));
	assert_false(put(&s, 200, 210));
	assert_true(put(&s, 0, 105));
	expect(&s, 105);
	stream_fini(&s);
}

static void
test_first_word_counts(void **state)
{
	struct stream s = { .base = BASE };
	uint8_t other[20];

	(void)state;
	memset(other, 0xee, sizeof(other));
	assert_true(put(&s, 10, 20));
	assert_true(stream_put(&s, BASE + 5, other, 20, 20, MAX));
	assert_true(put(&s, 0, 5));
	assert_int_equal(s.n, 25);
	assert_memory_equal(s.bytes, sent, 5);
	assert_memory_equal(s.bytes + 5, other, 5);
	assert_memory_equal(s.bytes + 10, sent + 10, 10);
	assert_memory_equal(s.bytes + 20, other, 5);
	stream_fini(&s);
}

static void
test_before_base_and_beyond_max(void **state)
{
	struct stream s = { .base = BASE + 10 };

	(void)state;
	assert_true(stream_put(&s, BASE, sent, 8, 8, MAX));
	assert_int_equal(s.n, 0);
	assert_true(stream_put(&s, BASE, sent, 30, 30, MAX));
	assert_int_equal(s.n, 20);
	assert_memory_equal(s.bytes, sent + 10, 20);
	assert_false(stream_put(&s, BASE + 10 + MAX, sent, 4, 4, MAX));
	stream_fini(&s);
}

static void
test_what_the_capture_cut(void **state)
{
	struct stream s = { .base = BASE };

	(void)state;
	assert_true(stream_put(&s, BASE, sent, 40, 100, MAX));
	expect(&s, 40);
	assert_true(stream_is_cut(&s, 41));
	assert_false(stream_is_cut(&s, 40));
	assert_true(put(&s, 100, 120));
	expect(&s, 40);
	assert_true(put(&s, 0, 110));		/* sent again, and captured whole */
	expect(&s, 120);
	assert_false(stream_is_cut(&s, 121));
	stream_fini(&s);
}

static void
test_take(void **state)
{
	struct stream s = { .base = BASE };

	(void)state;
	assert_true(put(&s, 0, 50));
	assert_true(put(&s, 60, 80));
	stream_take(&s, 30);
	assert_int_equal(s.n, 20);
	assert_memory_equal(s.bytes, sent + 30, 20);
	assert_true(put(&s, 45, 65));
	assert_int_equal(s.n, 50);
	assert_memory_equal(s.bytes, sent + 30, 50);
	stream_fini(&s);
}

/* Any segments in any order: what is there without a gap is what was sent. */
static void
test_random(void **state)
{
	(void)state;
	srandom(11);
	for (int round = 0; round < 3000; round++) {
		struct stream s = { .base = BASE };
		uint32_t taken = 0;

		for (int i = 0; i < 40; i++) {
			uint32_t from = (uint32_t)random() % 280;
			uint32_t n = 1 + (uint32_t)random() % 20;

			(void)put(&s, from, from + n);
			if (s.n > 10 && random() % 4 == 0) {
				stream_take(&s, 5);
				taken += 5;
			}
			assert_true(taken + s.n <= sizeof(sent));
			if (s.n > 0)
				assert_memory_equal(s.bytes, sent + taken, s.n);
		}
		stream_fini(&s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in_order_at_every_cut),
		cmocka_unit_test(test_out_of_order),
		cmocka_unit_test(test_too_many_pieces),
		cmocka_unit_test(test_first_word_counts),
		cmocka_unit_test(test_before_base_and_beyond_max),
		cmocka_unit_test(test_what_the_capture_cut),
		cmocka_unit_test(test_take),
		cmocka_unit_test(test_random),
	};

	make_bytes();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
