/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_source_merge.c - several sources in order of time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "make_capture.h"

/* A file with packets of these microseconds, each filled with `fill`. */
static struct source *
file_of(const char *name, uint32_t *number, const uint32_t *us, unsigned n,
    int fill)
{
	struct source_report report;
	struct bytes b = { 0 };
	struct source *s;

	pcap_begin(&b, 0xa1b2c3d4, 0, LT_ETHERNET);
	for (unsigned i = 0; i < n; i++)
		pcap_packet(&b, 0, us[i], 1, 1, fill);
	file_write(name, b.p, b.n);
	bytes_free(&b);
	s = source_open(name, number, &report);
	assert_non_null(s);
	return s;
}

static const char *
story_of_merge(struct merge *m)
{
	static struct story story;
	struct obs o;

	story = (struct story){ .n = 0 };
	while (merge_next(m, &o) == 1)
		tell_obs(&story, &o);
	assert_int_equal(merge_next(m, &o), 0);
	return story.text;
}

#define FILES_TOLD "iface 0 lt1 a\niface 1 lt1 b\niface 2 lt1 c\n"

static void
open_three(struct source *s[3], uint32_t *number)
{
	s[0] = file_of("a.pcap", number, (uint32_t[]){ 10, 20, 30 }, 3, 0xaa);
	s[1] = file_of("b.pcap", number, (uint32_t[]){ 5, 20, 20, 40 }, 4, 0xbb);
	s[2] = file_of("c.pcap", number, NULL, 0, 0xcc);
}

static void
test_order(void **state)
{
	uint32_t number = 0;
	struct source *s[3];
	struct merge *m;

	(void)state;
	open_three(s, &number);
	m = merge_new(s, 3, NULL);
	assert_non_null(m);
	assert_string_equal(story_of_merge(m), FILES_TOLD
	    "packet 1 lt1 5000 1/1 bb..bb\n"
	    "packet 0 lt1 10000 1/1 aa..aa\n"
	    "packet 0 lt1 20000 1/1 aa..aa\n"
	    "packet 1 lt1 20000 1/1 bb..bb\n"
	    "packet 1 lt1 20000 1/1 bb..bb\n"
	    "packet 0 lt1 30000 1/1 aa..aa\n"
	    "packet 1 lt1 40000 1/1 bb..bb\n");
	assert_int_equal(source_report(s[1])->fault, SRC_FINE);
	merge_free(m);
	merge_free(NULL);
}

static void
test_shift(void **state)
{
	const int64_t shift[] = { 0, -10 * NS_PER_USEC, 0 };
	uint32_t number = 0;
	struct source *s[3];
	struct merge *m;

	(void)state;
	open_three(s, &number);
	m = merge_new(s, 3, shift);
	assert_non_null(m);
	assert_string_equal(story_of_merge(m), FILES_TOLD
	    "packet 1 lt1 -5000 1/1 bb..bb\n"
	    "packet 0 lt1 10000 1/1 aa..aa\n"
	    "packet 1 lt1 10000 1/1 bb..bb\n"
	    "packet 1 lt1 10000 1/1 bb..bb\n"
	    "packet 0 lt1 20000 1/1 aa..aa\n"
	    "packet 0 lt1 30000 1/1 aa..aa\n"
	    "packet 1 lt1 30000 1/1 bb..bb\n");
	merge_free(m);
}

/* What goes backwards in its file comes as it is, and holds nobody up. */
static void
test_backwards(void **state)
{
	uint32_t number = 0;
	struct source *s[2];
	struct merge *m;

	(void)state;
	s[0] = file_of("a.pcap", &number, (uint32_t[]){ 10, 30, 15, 50 }, 4,
	    0xaa);
	s[1] = file_of("b.pcap", &number, (uint32_t[]){ 20, 40 }, 2, 0xbb);
	m = merge_new(s, 2, NULL);
	assert_non_null(m);
	assert_string_equal(story_of_merge(m),
	    "iface 0 lt1 a\niface 1 lt1 b\n"
	    "packet 0 lt1 10000 1/1 aa..aa\n"
	    "packet 1 lt1 20000 1/1 bb..bb\n"
	    "packet 0 lt1 30000 1/1 aa..aa\n"
	    "packet 0 lt1 15000 1/1 aa..aa\n"
	    "packet 1 lt1 40000 1/1 bb..bb\n"
	    "packet 0 lt1 50000 1/1 aa..aa\n");
	merge_free(m);
}

/* An interface and a name that a pcapng file brings in its middle stay in
   front of the packets that need them, and behind those before. */
static void
test_late_interface(void **state)
{
	struct source_report report;
	struct bytes b = { 0 };
	uint32_t number = 0;
	struct source *s[2];
	struct merge *m;
	size_t at;

	(void)state;
	ng_section_begin(&b);
	ng_interface(&b, LT_RAW, 0, "r0", -1, 0);
	ng_packet(&b, 0, 10, 1, 1, 0x11, -1);
	ng_interface(&b, LT_RAW, 0, "r1", -1, 0);
	at = ng_begin(&b, 4);
	put16(&b, 1);
	put16(&b, 6);
	put(&b, "\x0a\0\0\1x", 6);
	ng_end(&b, at);
	ng_packet(&b, 1, 30, 1, 1, 0x22, -1);
	file_write("n.pcapng", b.p, b.n);
	bytes_free(&b);
	s[0] = file_of("a.pcap", &number, (uint32_t[]){ 5, 10, 20, 30 }, 4,
	    0xaa);
	s[1] = source_open("n.pcapng", &number, &report);
	assert_non_null(s[1]);
	m = merge_new(s, 2, NULL);
	assert_non_null(m);
	assert_string_equal(story_of_merge(m),
	    "iface 0 lt1 a\niface 1 lt101 r0 given\n"
	    "packet 0 lt1 5000 1/1 aa..aa\n"
	    "packet 0 lt1 10000 1/1 aa..aa\n"
	    "packet 1 lt101 10000 1/1 11..11\n"
	    "iface 2 lt101 r1 given\n"
	    "name 10.0.0.1 x\n"
	    "packet 0 lt1 20000 1/1 aa..aa\n"
	    "packet 0 lt1 30000 1/1 aa..aa\n"
	    "packet 2 lt101 30000 1/1 22..22\n");
	merge_free(m);
}

static void
test_clocks(void **state)
{
	uint32_t number = 0;
	struct source *s[3];
	struct merge *m;
	struct obs o;

	(void)state;
	open_three(s, &number);
	m = merge_new(s, 3, NULL);
	assert_non_null(m);
	merge_set_clock(m, 1, 0);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(merge_next(m, &o), 1);
		assert_int_equal(o.type, OBS_IFACE);
		assert_int_equal(o.iface.number, i);
		assert_int_equal(o.iface.clock, i == 2 ? 2 : 0);
	}
	merge_free(m);
}

static void
test_none(void **state)
{
	struct merge *m = merge_new(NULL, 0, NULL);
	struct obs o;

	(void)state;
	assert_non_null(m);
	assert_int_equal(merge_next(m, &o), 0);
	merge_free(m);
}

/* Many sources with times that interlock: compare with what sorting gives. */
static void
test_many(void **state)
{
	enum { SOURCES = 61, PACKETS = 40 };
	struct source *s[SOURCES];
	uint32_t number = 0, us[PACKETS];
	uint64_t rank, last = 0;
	unsigned n = 0;
	struct merge *m;
	struct obs o;

	(void)state;
	for (unsigned i = 0; i < SOURCES; i++) {
		char name[16];

		for (unsigned k = 0; k < PACKETS; k++)
			us[k] = k * 7 + i * k % 5;
		snprintf(name, sizeof(name), "m%u.pcap", i);
		s[i] = file_of(name, &number, us, PACKETS, (int)i);
	}
	m = merge_new(s, SOURCES, NULL);
	assert_non_null(m);
	while (merge_next(m, &o) == 1) {
		if (o.type != OBS_PACKET)
			continue;
		/* by time, then by source */
		rank = (uint64_t)o.ts.ns * SOURCES + o.packet.number;
		assert_true(n == 0 || rank > last);
		assert_int_equal(o.packet.data[0], o.packet.number);
		last = rank;
		n++;
	}
	assert_int_equal(n, SOURCES * PACKETS);
	merge_free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_shift),
		cmocka_unit_test(test_backwards),
		cmocka_unit_test(test_late_interface),
		cmocka_unit_test(test_clocks),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_many),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, test_dir_enter, test_dir_leave);
}
