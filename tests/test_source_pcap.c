/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_source_pcap.c - classic pcap files, from files, pipes and gzip.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "make_capture.h"

#define US	0xa1b2c3d4
#define NS	0xa1b23c4d

/* Two packets of Ethernet, as they are told from x.pcap. */
#define TWO_TOLD \
	"iface 0 lt1 x\n" \
	"packet 0 lt1 1700000000000001000 60/60 11..11\n" \
	"packet 0 lt1 1700000001000002000 4/1500 22..22\n"

static void
put_two(struct bytes *b)
{
	pcap_begin(b, US, 65535, LT_ETHERNET);
	pcap_packet(b, 1700000000, 1, 60, 60, 0x11);
	pcap_packet(b, 1700000001, 2, 4, 1500, 0x22);
}

static void
test_orders_and_precisions(void **state)
{
	(void)state;
	for (int big = 0; big < 2; big++) {
		struct bytes b = { .big = big }, n = { .big = big };

		put_two(&b);
		assert_string_equal(story_of_bytes("x.pcap", &b), TWO_TOLD);
		pcap_begin(&n, NS, 65535, LT_ETHERNET);
		pcap_packet(&n, 1700000000, 999999999, 60, 60, 0x33);
		assert_string_equal(story_of_bytes("x.pcap", &n),
		    "iface 0 lt1 x\n"
		    "packet 0 lt1 1700000000999999999 60/60 33..33\n");
		bytes_free(&b);
		bytes_free(&n);
	}
}

/* Kuznetzov's packet header has 8 more bytes; the position counts them. */
static void
test_kuznetzov(void **state)
{
	struct bytes b = { 0 };

	(void)state;
	pcap_begin(&b, 0xa1b2cd34, 65535, LT_ETHERNET);
	for (int i = 0; i < 2; i++) {
		put32(&b, 100);
		put32(&b, 5);
		put32(&b, 4);
		put32(&b, 4);
		put64(&b, 0);
		put_fill(&b, 0x44, 4);
	}
	b.n -= 1;
	assert_string_equal(story_of_bytes("x.pcap", &b),
	    "iface 0 lt1 x\n"
	    "packet 0 lt1 100000005000 4/4 44..44\n"
	    "cut: x.pcap: at byte 52 (packet 2): the file ends inside the "
	    "packet: found 3 bytes, expected 4\n");
	bytes_free(&b);
}

static void
test_years_after_2038(void **state)
{
	struct bytes b = { 0 };

	(void)state;
	pcap_begin(&b, US, 0, LT_ETHERNET);
	pcap_packet(&b, UINT32_MAX, 999999, 1, 1, 0x55);
	assert_string_equal(story_of_bytes("x.pcap", &b),
	    "iface 0 lt1 x\n"
	    "packet 0 lt1 4294967295999999000 1/1 55..55\n");
	bytes_free(&b);
}

/* More bytes than the snapshot length, or than were on the wire: both occur,
   and positions stay right behind them. */
static void
test_odd_lengths(void **state)
{
	struct bytes b = { 0 };

	(void)state;
	pcap_begin(&b, US, 16, LT_ETHERNET);
	pcap_packet(&b, 1, 0, 60, 60, 0x11);
	pcap_packet(&b, 2, 0, 60, 10, 0x22);
	pcap_packet(&b, 3, 0, 0, 0, 0);
	pcap_packet(&b, 4, 0, 262144, 262144, 0x33);
	put(&b, "abc", 3);
	assert_string_equal(story_of_bytes("x.pcap", &b),
	    "iface 0 lt1 x\n"
	    "packet 0 lt1 1000000000 60/60 11..11\n"
	    "packet 0 lt1 2000000000 60/10 22..22\n"
	    "packet 0 lt1 3000000000 0/0\n"
	    "packet 0 lt1 4000000000 262144/262144 33..33\n"
	    "cut: x.pcap: at byte 262352 (packet 5): the file ends inside the "
	    "packet's header: found 3 bytes, expected 16\n");
	bytes_free(&b);
}

static void
test_names(void **state)
{
	static const struct {
		const char *file, *spec, *told;
		uint32_t linktype;
	} rows[] = {
		{ "eth0.pcap", "eth0.pcap", "iface 0 lt1 eth0\n", LT_ETHERNET },
		{ "eth0.100.CAP", "./eth0.100.CAP", "iface 0 lt1 eth0.100\n",
		    LT_ETHERNET },
		{ "plain", "plain", "iface 0 lt101 plain\n", LT_RAW },
		{ ".pcap", ".pcap", "iface 0 lt1 -\n", LT_ETHERNET },
		{ "any.pcap", "any.pcap", "iface 0 lt113 -\n", LT_SLL },
		{ "any.pcap", "any.pcap", "iface 0 lt276 -\n", LT_SLL2 },
		{ "any.pcap", "node1=any.pcap", "iface 0 lt276 node1 given\n",
		    LT_SLL2 },
		{ "f.pcap", "eth7=f.pcap", "iface 0 lt1 eth7 given\n",
		    LT_ETHERNET },
		{ "f.pcap", "a=./f.pcap", "iface 0 lt1 a given\n",
		    LT_ETHERNET },
		/* a file of this very name is meant */
		{ "a=f.pcap", "a=f.pcap", "iface 0 lt1 a=f\n", LT_ETHERNET },
		/* no names of interfaces: empty, or with a slash */
		{ "=g.pcap", "=g.pcap", "iface 0 lt1 =g\n", LT_ETHERNET },
		{ "h=g.pcap", "./h=g.pcap", "iface 0 lt1 h=g\n", LT_ETHERNET },
		/* frame check sequence, in the upper bits */
		{ "fcs.pcap", "fcs.pcap", "iface 0 lt1 fcs\n",
		    0x44000000 | LT_ETHERNET },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bytes b = { 0 };

		pcap_begin(&b, US, 96, rows[i].linktype);
		file_write(rows[i].file, b.p, b.n);
		assert_string_equal(story_of(rows[i].spec), rows[i].told);
		bytes_free(&b);
	}
}

/* Numbers go on over the sources of a run. */
static void
test_numbers(void **state)
{
	struct source_report report;
	uint32_t number = 5;
	struct source *s[2];
	struct bytes b = { 0 };
	struct obs o;

	(void)state;
	put_two(&b);
	file_write("x.pcap", b.p, b.n);
	for (unsigned i = 0; i < 2; i++) {
		s[i] = source_open("x.pcap", &number, &report);
		assert_non_null(s[i]);
		assert_int_equal(source_next(s[i], &o), 1);
		assert_int_equal(o.type, OBS_IFACE);
		assert_int_equal(o.iface.number, 5 + i);
	}
	assert_int_equal(number, 7);
	assert_int_equal(source_report(s[0])->fault, SRC_FINE);
	assert_string_equal(source_report(s[0])->text, "");
	while (source_next(s[0], &o) == 1)
		;
	assert_int_equal(source_next(s[0], &o), 0);
	assert_int_equal(source_progress(s[0]).done, b.n);
	assert_int_equal(source_progress(s[0]).total, b.n);
	source_close(s[0]);
	source_close(s[1]);
	source_close(NULL);
	bytes_free(&b);
}

static void
test_gzip(void **state)
{
	struct bytes b = { 0 }, z = { 0 };

	(void)state;
	put_two(&b);
	put_gzip(&z, b.p, b.n);
	assert_string_equal(story_of_bytes("x.pcap.gz", &z), TWO_TOLD);
	/* the name does not matter, only the bytes */
	assert_string_equal(story_of_bytes("x.pcap", &z), TWO_TOLD);
	assert_string_equal(story_of_bytes("x.pcap.gz", &b), TWO_TOLD);
	bytes_free(&z);
	/* several members, and the zeros of tapes */
	put_gzip(&z, b.p, 30);
	put_gzip(&z, b.p + 30, 0);
	put_gzip(&z, b.p + 30, b.n - 30);
	put(&z, "\0\0\0\0\0", 5);
	assert_string_equal(story_of_bytes("x.pcap.gz", &z), TWO_TOLD);
	bytes_free(&b);
	bytes_free(&z);
}

static void
test_standard_input(void **state)
{
	struct bytes b = { 0 }, z = { 0 };

	(void)state;
	put_two(&b);
	put_gzip(&z, b.p, b.n);
	assert_string_equal(story_of_pipe("x=-", &b),
	    "iface 0 lt1 x given\n"
	    "packet 0 lt1 1700000000000001000 60/60 11..11\n"
	    "packet 0 lt1 1700000001000002000 4/1500 22..22\n");
	assert_string_equal(story_of_pipe("-", &z),
	    "iface 0 lt1 -\n"
	    "packet 0 lt1 1700000000000001000 60/60 11..11\n"
	    "packet 0 lt1 1700000001000002000 4/1500 22..22\n");
	b.n -= 70;
	assert_string_equal(story_of_pipe("-", &b),
	    "iface 0 lt1 -\n"
	    "cut: standard input: at byte 24 (packet 1): the file ends inside "
	    "the packet: found 10 bytes, expected 60\n");
	b.n = 0;
	assert_string_equal(story_of_pipe("-", &b), "bad: standard input: at "
	    "byte 0: the file is empty, expected a pcap or pcapng capture\n");
	bytes_free(&b);
	bytes_free(&z);
}

/* Many packets over the edges of every buffer, plain and packed. */
static void
test_many(void **state)
{
	struct source_report report;
	struct bytes b = { 0 }, z = { 0 };
	uint32_t number = 0;

	(void)state;
	pcap_begin(&b, NS, 0, LT_RAW);
	for (uint32_t i = 0; i < 4000; i++)
		pcap_packet(&b, i, i, i % 1499, i % 1499, (int)(i & 0xff));
	put_gzip(&z, b.p, b.n);
	file_write("many.pcap", b.p, b.n);
	file_write("many.pcap.gz", z.p, z.n);
	for (int packed = 0; packed < 2; packed++) {
		struct source *s = source_open(packed ? "many.pcap.gz" :
		    "many.pcap", &number, &report);
		struct obs o;

		assert_non_null(s);
		assert_int_equal(source_next(s, &o), 1);
		for (uint32_t i = 0; i < 4000; i++) {
			assert_int_equal(source_next(s, &o), 1);
			assert_int_equal(o.ts.ns, i * (NS_PER_SEC + 1));
			assert_int_equal(o.packet.caplen, i % 1499);
			for (uint32_t k = 0; k < o.packet.caplen; k++)
				assert_int_equal(o.packet.data[k], i & 0xff);
		}
		assert_int_equal(source_next(s, &o), 0);
		assert_int_equal(source_report(s)->fault, SRC_FINE);
		source_close(s);
	}
	bytes_free(&b);
	bytes_free(&z);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_orders_and_precisions),
		cmocka_unit_test(test_kuznetzov),
		cmocka_unit_test(test_years_after_2038),
		cmocka_unit_test(test_odd_lengths),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_gzip),
		cmocka_unit_test(test_standard_input),
		cmocka_unit_test(test_many),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, test_dir_enter, test_dir_leave);
}
