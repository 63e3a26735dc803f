/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * record_run.h - record random observations and read them again: for the tests of
 * capture/record.h.  Include cmocka.h first.
 */
#ifndef TESTS_RECORD_RUN_H
#define TESTS_RECORD_RUN_H

#include <sys/stat.h>

#include "capture/record.h"
#include "make_capture.h"
#include "random_obs.h"

#define FILE_NAME	"x.pcapng"

/* ---- recording and reading */

static inline void
record_run(const struct record_config *c, const struct run *r)
{
	char error[RECORD_ERROR_MAX];
	struct record *rec = record_open(c, error);

	assert_non_null(rec);
	for (unsigned i = 0; i < r->n; i++)
		assert_true(record_observe(rec, &r->v[i]));
	assert_string_equal(record_error(rec), "");
	if (c->ring_s > 0)
		assert_true(record_flush_ring(rec, r->v[r->n - 1].ts));
	assert_true(record_close(rec, error));
	assert_string_equal(error, "");
}

/* Only what is asked for; the first that differs fails. */
static inline unsigned
read_run(const char *path, const struct run *r, unsigned from)
{
	struct source_report report;
	uint32_t number = 0;
	struct source *s = source_open(path, &number, &report);
	struct obs o;
	unsigned n = from;

	assert_non_null(s);
	while (source_next(s, &o) == 1) {
		if (n == r->n)
			fail_msg("more than %u observations", n);
		if (!same_obs(&r->v[n], &o))
			fail_msg("observation %u of type %d is another: %d", n,
			    r->v[n].type, o.type);
		n++;
	}
	if (r->odd)	/* whose times run backwards */
		assert_true(source_report(s)->fault == SRC_FINE ||
		    strstr(source_report(s)->text, "time runs backwards"));
	else
		assert_string_equal(source_report(s)->text, "");
	source_close(s);
	return n;
}

static inline void
make_run(struct run *r, uint64_t seed, unsigned n, bool odd)
{
	*r = (struct run){ .seed = seed * 7919 + 1, .odd = odd,
	    .now = { INT64_C(1790000000) * NS_PER_SEC } };
	while (r->n < n)
		run_add_random(r);
}

static inline uint8_t *
slurp(const char *path, size_t *n)
{
	FILE *f = fopen(path, "rb");
	struct stat st;
	uint8_t *p;

	assert_non_null(f);
	assert_int_equal(fstat(fileno(f), &st), 0);
	*n = (size_t)st.st_size;
	p = must(malloc(*n + 1));
	assert_int_equal(fread(p, 1, *n, f), *n);
	fclose(f);
	return p;
}

static inline struct source *
source_must(const char *path)
{
	static uint32_t number;
	struct source_report report;
	struct source *s;

	number = 0;
	s = source_open(path, &number, &report);
	if (s == NULL)
		fail_msg("%s", report.text);
	return s;
}

#endif
