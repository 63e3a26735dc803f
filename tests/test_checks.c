/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_checks.c - health checks told from traffic: a beat, alone and among real
   requests; clients that only look like one; bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decode/app/beat.h"
#include "decode/app/checks.h"

#define T0	INT64_C(1795196003433730000)
#define MANY	400

static uint64_t seed;

static uint32_t
draw(uint32_t below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33) % below;
}

static int64_t
jitter(int64_t most)
{
	return most == 0 ? 0 : (int64_t)draw((uint32_t)(most / 1000)) * 2000 - most;
}

static struct check_seen
conn(unsigned client, uint32_t asked, int64_t ns)
{
	uint8_t src[4] = { 192, 168, (uint8_t)(client >> 8), (uint8_t)client };
	uint8_t dst[4] = { 192, 168, 3, 105 };

	return (struct check_seen){ .src = addr_from_v4(src), .dst = addr_from_v4(dst),
	    .dport = 8080, .begun = { T0 + ns }, .asked = asked, .ended = true };
}

static bool
is_check(const struct checks *c, const struct check_seen *k)
{
	int64_t period;

	return checks_is_check(c, k, &period);
}

/* n connections every period, off by up to jitter each; into at[]. */
static unsigned
beats(struct check_seen *at, unsigned n, unsigned client, uint32_t asked, int64_t period,
    int64_t most)
{
	for (unsigned i = 0; i < n; i++)
		at[i] = conn(client, asked, i * period + jitter(most));
	return n;
}

static int
by_begin(const void *x, const void *y)
{
	const struct check_seen *a = x, *b = y;

	return (a->begun.ns > b->begun.ns) - (a->begun.ns < b->begun.ns);
}

static struct checks *
told(struct check_seen *at, unsigned n)
{
	struct checks *c = checks_new();

	assert_non_null(c);
	qsort(at, n, sizeof(*at), by_begin);
	for (unsigned i = 0; i < n; i++)
		checks_ended(c, &at[i]);
	return c;
}

static unsigned
how_many(const struct checks *c, const struct check_seen *at, unsigned n)
{
	unsigned found = 0;

	for (unsigned i = 0; i < n; i++)
		found += is_check(c, &at[i]);
	return found;
}

/* The first ones are known too, once there are enough. */
static void
tcp_checks(void **state)
{
	struct check_seen at[3];
	struct checks *c = checks_new();
	int64_t period;

	(void)state;
	beats(at, 3, 1, 0, 10 * NS_PER_SEC, 0);
	checks_ended(c, &at[0]);
	checks_ended(c, &at[1]);
	assert_false(is_check(c, &at[0]));
	assert_false(checks_is_checker(c, &at[0].src));
	checks_ended(c, &at[2]);
	for (unsigned i = 0; i < 3; i++) {
		assert_true(checks_is_check(c, &at[i], &period));
		assert_int_equal(period, 10 * NS_PER_SEC);
	}
	assert_true(checks_is_checker(c, &at[0].src));
	assert_false(checks_is_checker(c, &at[0].dst));
	checks_free(c);
}

static void
with_jitter(void **state)
{
	static struct check_seen at[MANY];

	(void)state;
	for (seed = 1; seed < 200; seed++) {
		int64_t period = (1 + draw(30)) * NS_PER_SEC;
		/* each end off by so much: intervals by twice that */
		int64_t most = 15 * period / 400 > BEAT_SLACK_NS / 4 ?
		    15 * period / 400 : BEAT_SLACK_NS / 4;
		unsigned n = beats(at, 30, 1, 0, period, most);
		struct checks *c = told(at, n);

		if (how_many(c, at, n) < n - 1)
			fail_msg("seed %u: %u of %u", (unsigned)seed,
			    how_many(c, at, n), n);
		checks_free(c);
	}
}

static void
requests_of_a_balancer(void **state)
{
	static const unsigned secs[] = { 5, 6, 10, 15, 30, 60, 300 };
	static struct check_seen at[MANY];

	(void)state;
	for (seed = 1; seed < 100; seed++) {
		for (unsigned i = 0; i < 7; i++) {
			unsigned n = beats(at, 12, 1, 117, secs[i] * NS_PER_SEC,
			    3 * NS_PER_MSEC);
			struct checks *c = told(at, n);

			assert_int_equal(how_many(c, at, n), n);
			checks_free(c);
		}
	}
}

/* A client that polls: too often, or at no pace of a balancer's. */
static void
clients_that_poll(void **state)
{
	static const int64_t ms[] = { 300, 1000, 2000, 4000, 5500, 7500, 12500,
		320000 };
	static struct check_seen at[MANY];

	(void)state;
	for (unsigned i = 0; i < sizeof(ms) / sizeof(ms[0]); i++) {
		unsigned n = beats(at, 60, 1, 300, ms[i] * NS_PER_MSEC,
		    2 * NS_PER_MSEC);
		struct checks *c = told(at, n);

		if (how_many(c, at, n) > 0)
			fail_msg("every %lld ms", (long long)ms[i]);
		assert_false(checks_is_checker(c, &at[0].src));
		checks_free(c);
	}
}

/* Two are no series; at the pace at which the same address checks another target
   they are. */
static void
pace_of_another_target(void **state)
{
	struct check_seen known[4], few[3];
	struct checks *c = checks_new();
	int64_t period;

	(void)state;
	beats(known, 4, 1, 0, 10 * NS_PER_SEC, 0);
	beats(few, 3, 1, 0, 10 * NS_PER_SEC, 0);
	few[2].begun.ns += 5 * NS_PER_SEC;
	for (unsigned i = 0; i < 3; i++) {
		few[i].dst.b[15] = 77;
		checks_ended(c, &few[i]);
	}
	assert_int_equal(how_many(c, few, 3), 0);
	for (unsigned i = 0; i < 4; i++)
		checks_ended(c, &known[i]);
	assert_true(checks_is_check(c, &few[0], &period) && is_check(c, &few[1]));
	assert_int_equal(period, 10 * NS_PER_SEC);
	assert_false(is_check(c, &few[2]));
	/* another address, another port: nothing is known of them */
	few[0].dport = 8081;
	assert_false(is_check(c, &few[0]));
	checks_free(c);
}

/* Requests that come when they like, as often or as seldom as they like. */
static void
clients_at_random(void **state)
{
	static struct check_seen at[MANY];
	unsigned runs = 0;

	(void)state;
	for (seed = 1; seed < 300; seed++) {
		uint32_t mean_ms = 200u << draw(8);
		struct checks *c;
		int64_t ns = 0;

		for (unsigned i = 0; i < MANY; i++) {
			/* the sum of two is nearly as wild as one alone */
			ns += (int64_t)(draw(mean_ms) + draw(mean_ms)) * NS_PER_MSEC;
			at[i] = conn(1, 117, ns);
		}
		c = told(at, MANY);
		runs += how_many(c, at, MANY) > 0;
		checks_free(c);
	}
	/* chance, in 120000 requests */
	assert_true(runs <= 3);
}

/* Real requests from the address that checks, of other sizes and of the same. */
static void
among_real_requests(void **state)
{
	static struct check_seen at[MANY], checks[60], real[MANY];
	unsigned missed = 0, wrong = 0, all = 0;

	(void)state;
	for (seed = 1; seed < 100; seed++) {
		uint32_t same = draw(2) ? 0 : 117;
		unsigned n = beats(checks, 60, 1, same, 10 * NS_PER_SEC,
		    2 * NS_PER_MSEC), n_real = 0;
		struct checks *c;
		int64_t ns = 0;

		for (; ns < 590 * NS_PER_SEC && n_real < 300; n_real++) {
			ns += (int64_t)draw(10000) * NS_PER_MSEC;
			real[n_real] = conn(1, n_real % 2 ? same : 200 + draw(9), ns);
		}
		memcpy(at, checks, n * sizeof(*at));
		memcpy(at + n, real, n_real * sizeof(*at));
		c = told(at, n + n_real);
		missed += n - how_many(c, checks, n);
		wrong += how_many(c, real, n_real);
		all += n_real;
		assert_true(checks_is_checker(c, &checks[0].src));
		checks_free(c);
	}
	/* only what comes within the slack of a beat can be taken for it */
	if (missed > 99 * 60 / 20 || wrong > all / 20)
		fail_msg("%u of %u missed, %u of %u wrong", missed, 99 * 60, wrong, all);
}

/* A target that was down: beats are missing, and the series goes on. */
static void
missed_beats(void **state)
{
	struct check_seen at[12];
	struct checks *c;

	(void)state;
	for (unsigned i = 0; i < 12; i++)
		at[i] = conn(1, 0, (i < 6 ? i : i + 5) * 10 * NS_PER_SEC +
		    i * NS_PER_MSEC);
	c = told(at, 12);
	assert_int_equal(how_many(c, at, 12), 12);
	checks_free(c);
}

/* What hangs ends after the next one began. */
static void
out_of_order(void **state)
{
	struct check_seen at[8];
	struct checks *c = checks_new();
	static const unsigned order[8] = { 0, 1, 2, 4, 3, 6, 7, 5 };

	(void)state;
	beats(at, 8, 1, 0, 5 * NS_PER_SEC, 0);
	for (unsigned i = 0; i < 8; i++)
		checks_ended(c, &at[order[i]]);
	assert_int_equal(how_many(c, at, 8), 8);
	checks_free(c);
}

/* The nodes of a load balancer check each for itself. */
static void
several_nodes(void **state)
{
	static struct check_seen at[3 * 20];
	struct checks *c;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		beats(at + 20 * i, 20, 10 + i, 0, 10 * NS_PER_SEC, NS_PER_MSEC);
		for (unsigned k = 0; k < 20; k++)
			at[20 * i + k].begun.ns += i * 3137 * NS_PER_MSEC;
	}
	c = told(at, 60);
	assert_int_equal(how_many(c, at, 60), 60);
	checks_free(c);
}

static void
by_its_own_word(void **state)
{
	struct check_seen a = conn(1, 130, 0), b = conn(2, 28, 0), other = conn(1, 90, 0);
	struct checks *c = checks_new();
	int64_t period = 7;

	(void)state;
	a.by_word = b.local = true;
	assert_true(checks_is_check(c, &a, &period));
	assert_int_equal(period, 0);
	assert_false(checks_is_checker(c, &a.src));
	checks_ended(c, &a);
	checks_ended(c, &b);
	assert_true(checks_is_checker(c, &a.src) && checks_is_checker(c, &b.src));
	checks_ended(c, &other);
	assert_false(is_check(c, &other));
	/* at any pace; and with a series, its period */
	for (int i = 1; i < 5; i++) {
		a.begun.ns = T0 + 10 * i * NS_PER_SEC;
		checks_ended(c, &a);
	}
	assert_true(checks_is_check(c, &a, &period));
	assert_int_equal(period, 10 * NS_PER_SEC);
	checks_free(c);
}

/* One that is not answered is one by its moment. */
static void
not_ended(void **state)
{
	static struct check_seen at[10];
	struct check_seen open = conn(1, 0, 100 * NS_PER_SEC);
	struct checks *c;

	(void)state;
	beats(at, 10, 1, 117, 10 * NS_PER_SEC, 0);
	c = told(at, 10);
	assert_false(is_check(c, &open));
	open.ended = false;
	assert_true(is_check(c, &open));
	open.begun.ns += 4 * NS_PER_SEC;
	assert_false(is_check(c, &open));
	checks_free(c);
}

/* More moments than are kept: those of a series without others still count. */
static void
longer_than_kept(void **state)
{
	static struct check_seen at[1000];
	struct check_seen other;
	struct checks *c;

	(void)state;
	beats(at, 1000, 1, 0, 10 * NS_PER_SEC, NS_PER_MSEC);
	c = told(at, 1000);
	assert_int_equal(how_many(c, at, 1000), 1000);
	other = conn(1, 0, -5 * NS_PER_SEC);
	assert_false(is_check(c, &other));
	/* from now on it is not certain which of the forgotten ones were */
	other = conn(1, 0, 9995 * NS_PER_SEC);
	checks_ended(c, &other);
	assert_false(is_check(c, &other));
	assert_false(is_check(c, &at[1]));
	assert_true(is_check(c, &at[999]));
	checks_free(c);
}

/* Many clients do not push out the checks. */
static void
bounded(void **state)
{
	struct checks *c = checks_new();
	struct check_seen check;

	(void)state;
	for (unsigned i = 0; i < 60000; i++) {
		struct check_seen k = conn(i, 1000 + i, i * NS_PER_MSEC);

		checks_ended(c, &k);
		if (i % 10000 == 0) {
			check = conn(65535, 0, i * NS_PER_MSEC);
			checks_ended(c, &check);
		}
	}
	assert_true(is_check(c, &check));
	/* and many series are bounded too */
	for (unsigned k = 0; k < 3; k++) {
		for (unsigned i = 0; i < 10000; i++) {
			struct check_seen s = conn(i, 0, k * 20 * NS_PER_SEC + i);

			checks_ended(c, &s);
		}
	}
	check = conn(9999, 0, 40 * NS_PER_SEC + 9999);
	assert_true(is_check(c, &check));
	check = conn(1, 0, 40 * NS_PER_SEC + 1);
	assert_false(is_check(c, &check));
	checks_free(c);
}

/* Moments at the ends of time, or all the same, end no test. */
static void
absurd_moments(void **state)
{
	static const int64_t ns[] = { INT64_MIN, INT64_MAX, 0, -1, INT64_MIN / 2,
		INT64_MAX / 2 };
	struct checks *c = checks_new();

	(void)state;
	for (seed = 1; seed < 5000; seed++) {
		struct check_seen k = conn(draw(3), draw(2) * 9, 0);

		k.begun.ns = ns[draw(6)] + (draw(2) ? 0 : (int64_t)draw(5));
		checks_ended(c, &k);
		k.ended = draw(2);
		is_check(c, &k);
	}
	checks_free(c);
	checks_free(NULL);
}

static void
same_in_same_out(void **state)
{
	static struct check_seen at[MANY];
	struct checks *a, *b;
	int64_t p = 0, q = 0;

	(void)state;
	seed = 42;
	for (unsigned i = 0; i < MANY; i++)
		at[i] = conn(draw(4), draw(3) * 50, i * (int64_t)draw(1000000000));
	a = told(at, MANY);
	b = told(at, MANY);
	for (unsigned i = 0; i < MANY; i++) {
		assert_int_equal(checks_is_check(a, &at[i], &p),
		    checks_is_check(b, &at[i], &q));
		assert_int_equal(p, q);
	}
	checks_free(a);
	checks_free(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tcp_checks),
		cmocka_unit_test(with_jitter),
		cmocka_unit_test(requests_of_a_balancer),
		cmocka_unit_test(clients_that_poll),
		cmocka_unit_test(pace_of_another_target),
		cmocka_unit_test(clients_at_random),
		cmocka_unit_test(among_real_requests),
		cmocka_unit_test(missed_beats),
		cmocka_unit_test(out_of_order),
		cmocka_unit_test(several_nodes),
		cmocka_unit_test(by_its_own_word),
		cmocka_unit_test(not_ended),
		cmocka_unit_test(longer_than_kept),
		cmocka_unit_test(bounded),
		cmocka_unit_test(absurd_moments),
		cmocka_unit_test(same_in_same_out),
	};

	return cmocka_run_group_tests_name("checks", tests, NULL, NULL);
}
