/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_state_collect.c - programs that state_collect() runs: what they say, and
 * that none of them can hold it up.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture/state/live/collect.h"

#define MIB	((size_t)1 << 20)

static bool
run(struct collected *r, const char *a, const char *b, const char *c)
{
	const char *const argv[] = { a, b, c, NULL };

	return collect_program(r, argv, MIB, 5000);
}

static void
assert_said(const struct collected *r, const char *text)
{
	assert_int_equal(r->len, strlen(text));
	assert_memory_equal(r->data, text, r->len);
}

static void
says(void **state)
{
	struct collected r;

	(void)state;
	assert_true(run(&r, "printf", "a\\nb", NULL));
	assert_said(&r, "a\nb");
	collected_free(&r);
	/* nothing at all is an answer too */
	assert_true(run(&r, "true", NULL, NULL));
	assert_int_equal(r.len, 0);
	collected_free(&r);
	/* no shell looks at the arguments */
	assert_true(run(&r, "printf", "%s", "$HOME; `id` >x"));
	assert_said(&r, "$HOME; `id` >x");
	collected_free(&r);
}

/* Nothing of ours gets into it but what is said in collect.h. */
static void
clean_surroundings(void **state)
{
	struct collected r;

	(void)state;
	setenv("LD_PRELOAD_TEST", "x", 1);
	assert_true(run(&r, "env", NULL, NULL));
	assert_said(&r, "LC_ALL=C\nPATH=/usr/sbin:/sbin:/usr/bin:/bin\n");
	collected_free(&r);
	assert_true(run(&r, "cat", NULL, NULL));
	assert_int_equal(r.len, 0);
	collected_free(&r);
}

static void
failures(void **state)
{
	struct collected r;

	(void)state;
	assert_false(run(&r, "podpath-no-such-program", NULL, NULL));
	assert_true(r.missing);
	assert_string_equal(r.why, "no program podpath-no-such-program");
	assert_false(run(&r, "false", NULL, NULL));
	assert_false(r.missing);
	assert_string_equal(r.why, "exit code 1");
	assert_false(run(&r, "cat", "/no/such", NULL));
	assert_string_equal(r.why, "exit code 1: cat: /no/such: No such file or "
	    "directory");
	assert_null(r.data);
	assert_false(run(&r, "sh", "-c", "kill -9 $$"));
	assert_string_equal(r.why, "ended by signal 9");
}

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* One that says nothing, one that closed its output, and one that ends while
   what it started goes on. */
static void
too_long(void **state)
{
	static const char *const scripts[] = { "sleep 30", "exec >&- 2>&-; sleep 30",
	    "sleep 30 & exit 0" };

	(void)state;
	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		const char *const argv[] = { "sh", "-c", scripts[i], NULL };
		struct collected r;
		double start = seconds();

		assert_false(collect_program(&r, argv, MIB, 300));
		assert_true(seconds() - start < 5);
		assert_string_equal(r.why, i == 1 ? "ended by signal 9" :
		    "took too long");
		assert_null(r.data);
	}
}

static void
too_much(void **state)
{
	struct collected r;

	(void)state;
	assert_false(run(&r, "yes", NULL, NULL));
	assert_string_equal(r.why, "more than 1 MiB");
	assert_null(r.data);
	/* on stderr it may say what it likes */
	assert_true(run(&r, "sh", "-c", "head -c 3000000 /dev/zero >&2; echo ok"));
	assert_said(&r, "ok\n");
	collected_free(&r);
}

static void
files(void **state)
{
	struct collected r;

	(void)state;
	assert_false(collect_file(&r, "/no/such", MIB));
	assert_true(r.missing);
	assert_string_equal(r.why, "No such file or directory");
	assert_false(collect_file(&r, "/", MIB));
	assert_string_equal(r.why, "Is a directory");
	assert_false(collect_file(&r, "/dev/zero", MIB));
	assert_string_equal(r.why, "more than 1 MiB");
	assert_true(collect_file(&r, "/proc/self/stat", MIB));
	assert_true(r.len > 10);
	collected_free(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says),
		cmocka_unit_test(clean_surroundings),
		cmocka_unit_test(failures),
		cmocka_unit_test(too_long),
		cmocka_unit_test(too_much),
		cmocka_unit_test(files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
