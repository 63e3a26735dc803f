/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_source_pcapng.c - every block of pcapng files, right ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "make_capture.h"

#define DEFAULT_RES	(-1)

static void
begin(struct bytes *b, const char *name)
{
	ng_section_begin(b);
	ng_interface(b, LT_ETHERNET, 0, name, DEFAULT_RES, 0);
}

static void
test_both_orders(void **state)
{
	(void)state;
	for (int big = 0; big < 2; big++) {
		struct bytes b = { .big = big }, z = { 0 };
		const char *want = "iface 0 lt1 eth0 given\n"
		    "packet 0 lt1 1700000000123456000 61/1500 in 11..11\n"
		    "packet 0 lt1 1700000000123457000 4/4 out 22..22\n"
		    "packet 0 lt1 1700000000123458000 3/3 33..33\n"
		    "packet 0 lt1 1700000000123459000 0/9\n";

		begin(&b, "eth0");
		ng_packet(&b, 0, 1700000000123456, 61, 1500, 0x11, 1);
		ng_packet(&b, 0, 1700000000123457, 4, 4, 0x22, 2);
		ng_packet(&b, 0, 1700000000123458, 3, 3, 0x33, 0x1c0);
		ng_packet(&b, 0, 1700000000123459, 0, 9, 0, DEFAULT_RES);
		assert_string_equal(story_of_bytes("x.pcapng", &b), want);
		assert_string_equal(story_of_pipe("-", &b), want);
		put_gzip(&z, b.p, b.n);
		assert_string_equal(story_of_bytes("x.pcapng.gz", &z), want);
		bytes_free(&b);
		bytes_free(&z);
	}
}

static void
test_times(void **state)
{
	static const struct {
		int tsresol;
		int64_t tsoffset;
		uint64_t ticks;
		int64_t ns;
	} rows[] = {
		{ DEFAULT_RES, 0, 1, 1000 },
		{ 0, 0, 1700000000, 1700000000 * NS_PER_SEC },
		{ 3, 0, 1700000000123, 1700000000123 * NS_PER_MSEC },
		{ 9, 0, 1700000000123456789, 1700000000123456789 },
		{ 12, 0, 5999, 5 },
		{ 19, 0, UINT64_MAX, 1844674407 },
		{ 127, 0, UINT64_MAX, 0 },
		{ 0x80, 0, 7, 7 * NS_PER_SEC },
		{ 0x80 | 10, 0, 1024 + 512, 1500000000 },
		{ 0x80 | 32, 0, UINT64_C(3) << 32 | UINT64_C(1) << 31,
		    3500000000 },
		{ 0x80 | 63, 0, UINT64_C(1) << 62, 500000000 },
		{ 0x80 | 64, 0, UINT64_C(1) << 63, 500000000 },
		{ 0x80 | 127, 0, UINT64_MAX, 0 },
		{ 6, 1700000000, 1, 1700000000000001000 },
		{ 6, -10, 0, -10 * NS_PER_SEC },
		{ 0x80 | 10, 5, 512, 5500000000 },
		/* out of the range of our time */
		{ 6, 0, UINT64_MAX, INT64_MAX },
		{ 9, 0, UINT64_MAX, INT64_MAX },
		{ 0, 0, UINT64_MAX, INT64_MAX },
		{ 9, INT64_MAX, 1, INT64_MAX },
		{ 9, INT64_MIN, 0, INT64_MIN },
		{ 0, INT64_MAX, UINT64_MAX, INT64_MAX },
	};
	char want[256];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bytes b = { .big = i & 1 };

		ng_section_begin(&b);
		ng_interface(&b, LT_RAW, 0, "e", rows[i].tsresol,
		    rows[i].tsoffset);
		ng_packet(&b, 0, rows[i].ticks, 1, 1, 0x11, -1);
		snprintf(want, sizeof(want), "iface 0 lt101 e given\n"
		    "packet 0 lt101 %" PRId64 " 1/1 11..11\n", rows[i].ns);
		assert_string_equal(story_of_bytes("x.pcapng", &b), want);
		bytes_free(&b);
	}
}

/* Mixed link types, told before the first packet though it is not theirs; an
   interface that comes later is told when it comes. */
static void
test_interfaces(void **state)
{
	struct bytes b = { 0 };

	(void)state;
	ng_section_begin(&b);
	ng_interface(&b, LT_ETHERNET, 96, "eth0", 9, 0);
	ng_interface(&b, LT_RAW, 0, "tun0", 6, 0);
	ng_interface(&b, LT_SLL, 0, "any", 6, 0);
	ng_packet(&b, 1, 5, 1, 1, 0x11, -1);
	ng_packet(&b, 0, 6000, 1, 1, 0x22, -1);
	ng_interface(&b, LT_SLL2, 0, NULL, 6, 0);
	ng_packet(&b, 3, 7, 1, 1, 0x33, -1);
	ng_packet(&b, 2, 8, 1, 1, 0x44, -1);
	ng_interface(&b, LT_ETHERNET, 0, "last", 6, 0);
	assert_string_equal(story_of_bytes("x.pcapng", &b),
	    "iface 0 lt1 eth0 given\n"
	    "iface 1 lt101 tun0 given\n"
	    "iface 2 lt113 -\n"
	    "packet 1 lt101 5000 1/1 11..11\n"
	    "packet 0 lt1 6000 1/1 22..22\n"
	    "iface 3 lt276 -\n"
	    "packet 3 lt276 7000 1/1 33..33\n"
	    "packet 2 lt113 8000 1/1 44..44\n"
	    "iface 4 lt1 last given\n");
	assert_string_equal(story_of("n1=x.pcapng"),
	    "iface 0 lt1 n1:eth0 given\n"
	    "iface 1 lt101 n1:tun0 given\n"
	    "iface 2 lt113 n1:any given\n"
	    "packet 1 lt101 5000 1/1 11..11\n"
	    "packet 0 lt1 6000 1/1 22..22\n"
	    "iface 3 lt276 n1:3 given\n"
	    "packet 3 lt276 7000 1/1 33..33\n"
	    "packet 2 lt113 8000 1/1 44..44\n"
	    "iface 4 lt1 n1:last given\n");
	bytes_free(&b);
}

static void
test_names(void **state)
{
	static const struct {
		const char *ifname[2], *spec, *told;
	} rows[] = {
		{ { "eth0" }, "f.pcapng", "iface 0 lt1 eth0 given\n" },
		{ { "eth0" }, "n=f.pcapng", "iface 0 lt1 n given\n" },
		{ { NULL }, "f.pcapng", "iface 0 lt1 f\n" },
		{ { "" }, "f.pcapng", "iface 0 lt1 f\n" },
		{ { NULL }, "n=f.pcapng", "iface 0 lt1 n given\n" },
		{ { "\x1b[1m\xff" }, "f.pcapng",
		    "iface 0 lt1 \x1b[1m\xff given\n" },
		{ { "", "eth1" }, "f.pcapng",
		    "iface 0 lt1 f:0\niface 1 lt1 eth1 given\n" },
		/* two of one name in one section are two */
		{ { "eth1", "eth1" }, "f.pcapng",
		    "iface 0 lt1 eth1 given\niface 1 lt1 eth1 given\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bytes b = { 0 };

		begin(&b, rows[i].ifname[0]);
		if (rows[i].ifname[1])
			ng_interface(&b, LT_ETHERNET, 0, rows[i].ifname[1],
			    DEFAULT_RES, 0);
		file_write("f.pcapng", b.p, b.n);
		assert_string_equal(story_of(rows[i].spec), rows[i].told);
		bytes_free(&b);
	}
}

static void
test_long_name(void **state)
{
	struct bytes b = { 0 };
	char name[1001], want[256];

	(void)state;
	memset(name, 'e', 1000);
	name[1000] = '\0';
	begin(&b, name);
	snprintf(want, sizeof(want), "iface 0 lt1 %.128s given\n", name);
	assert_string_equal(story_of_bytes("x.pcapng", &b), want);
	bytes_free(&b);
}

/* Sections of either order; the same interface again keeps its number, its
   time stamps and counters are the section's own. */
static void
test_sections(void **state)
{
	struct bytes b = { 0 };
	size_t at;

	(void)state;
	begin(&b, "eth0");
	ng_packet(&b, 0, 1, 1, 1, 0x11, -1);
	at = ng_begin(&b, 5);
	put32(&b, 0);
	put64(&b, 0);
	ng_option_uint(&b, 7, 5, 8);
	ng_end(&b, at);
	b.big = true;
	ng_section_begin(&b);
	ng_interface(&b, LT_RAW, 0, "eth0", 9, 0);
	ng_interface(&b, LT_ETHERNET, 0, "eth0", 9, 0);
	ng_packet(&b, 0, 2000, 1, 1, 0x22, -1);
	ng_packet(&b, 1, 3000, 1, 1, 0x33, -1);
	at = ng_begin(&b, 5);
	put32(&b, 1);
	put64(&b, 0);
	ng_option_uint(&b, 7, 5, 8);
	ng_end(&b, at);
	ng_section_begin(&b);
	assert_string_equal(story_of_bytes("x.pcapng", &b),
	    "iface 0 lt1 eth0 given\n"
	    "packet 0 lt1 1000 1/1 11..11\n"
	    "loss kernel 5 interface 0\n"
	    "iface 1 lt101 eth0 given\n"
	    "packet 1 lt101 2000 1/1 22..22\n"
	    "packet 0 lt1 3000 1/1 33..33\n"
	    "loss kernel 5 interface 0\n");
	bytes_free(&b);
}

static void
put_simple(struct bytes *b, uint32_t len, uint32_t caplen, int fill)
{
	size_t at = ng_begin(b, 3);

	put32(b, len);
	put_fill(b, fill, caplen);
	ng_end(b, at);
}

/* A simple packet has the time of the packet before it. */
static void
test_simple_packets(void **state)
{
	struct bytes b = { 0 };

	(void)state;
	ng_section_begin(&b);
	ng_interface(&b, LT_ETHERNET, 6, "eth0", DEFAULT_RES, 0);
	put_simple(&b, 5, 5, 0x11);
	ng_packet(&b, 0, 9, 1, 1, 0x22, -1);
	put_simple(&b, 60, 6, 0x33);
	assert_string_equal(story_of_bytes("x.pcapng", &b),
	    "iface 0 lt1 eth0 given\n"
	    "packet 0 lt1 0 5/5 11..11\n"
	    "packet 0 lt1 9000 1/1 22..22\n"
	    "packet 0 lt1 9000 6/60 33..33\n");
	bytes_free(&b);
}

static void
put_old_packet(struct bytes *b, uint16_t iface, uint16_t drops, uint32_t ticks,
    int fill, int flags)
{
	size_t at = ng_begin(b, 2);

	put16(b, iface);
	put16(b, drops);
	put32(b, 0);
	put32(b, ticks);
	put32(b, 5);
	put32(b, 50);
	put_fill(b, fill, 5);
	put_pad(b, 5);
	if (flags)
		ng_option_uint(b, 2, (uint64_t)flags, 4);
	ng_end(b, at);
}

static void
test_old_packets(void **state)
{
	(void)state;
	for (int big = 0; big < 2; big++) {
		struct bytes b = { .big = big };

		begin(&b, "eth0");
		ng_interface(&b, LT_RAW, 0, "tun0", DEFAULT_RES, 0);
		put_old_packet(&b, 1, 0, 1, 0x11, 2);
		put_old_packet(&b, 0, 300, 2, 0x22, 0);
		put_old_packet(&b, 0, 7, 3, 0x33, 1);
		put_old_packet(&b, 0, UINT16_MAX, 4, 0x44, 0);
		assert_string_equal(story_of_bytes("x.pcapng", &b),
		    "iface 0 lt1 eth0 given\n"
		    "iface 1 lt101 tun0 given\n"
		    "packet 1 lt101 1000 5/50 out 11..11\n"
		    "loss kernel 300 interface 0\n"
		    "packet 0 lt1 2000 5/50 22..22\n"
		    "loss kernel 7 interface 0\n"
		    "packet 0 lt1 3000 5/50 in 33..33\n"
		    "packet 0 lt1 4000 5/50 44..44\n");
		bytes_free(&b);
	}
}

static void
put_name(struct bytes *b, uint16_t type, const void *data, uint16_t len)
{
	put16(b, type);
	put16(b, len);
	put(b, data, len);
	put_pad(b, len);
}

static void
test_name_records(void **state)
{
	struct bytes b = { 0 };
	size_t at;

	(void)state;
	begin(&b, "eth0");
	at = ng_begin(&b, 4);
	put_name(&b, 1, "\xc0\xa8\x03\x1e" "echo-b\0alias", 17);
	put_name(&b, 7, "???", 3);
	put_name(&b, 2, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01" "six", 20);
	/* no name, no room for an address, nothing at all */
	put_name(&b, 1, "\x0a\0\0\x01", 4);
	put_name(&b, 1, "\x0a\0\0\x01", 5);
	put_name(&b, 2, "\x0a\0\0\x01" "short", 9);
	put_name(&b, 1, "", 0);
	/* the name lacks its NUL */
	put_name(&b, 1, "\x0a\0\0\x02" "ab", 6);
	put_name(&b, 0, "", 0);
	put_name(&b, 1, "\x0a\0\0\x03" "behind", 11);
	ng_end(&b, at);
	ng_packet(&b, 0, 1, 1, 1, 0x11, -1);
	at = ng_begin(&b, 4);
	ng_end(&b, at);
	at = ng_begin(&b, 4);
	put_name(&b, 1, "\x0a\0\0\x04" "x", 6);
	ng_end(&b, at);
	assert_string_equal(story_of_bytes("x.pcapng", &b),
	    "iface 0 lt1 eth0 given\n"
	    "name 192.168.3.30 echo-b\n"
	    "name 2001:db8::1 six\n"
	    "name 10.0.0.2 ab\n"
	    "packet 0 lt1 1000 1/1 11..11\n"
	    "name 10.0.0.4 x\n");
	bytes_free(&b);
}

static void
put_statistics(struct bytes *b, uint32_t iface, int64_t ifdrop, int64_t osdrop)
{
	size_t at = ng_begin(b, 5);

	put32(b, iface);
	put64(b, 0);
	ng_option(b, 1, "counters", 8);
	if (ifdrop >= 0)
		ng_option_uint(b, 5, (uint64_t)ifdrop, 8);
	if (osdrop >= 0)
		ng_option_uint(b, 7, (uint64_t)osdrop, 8);
	ng_option_uint(b, 4, 1000, 8);
	ng_end(b, at);
}

static void
test_statistics(void **state)
{
	(void)state;
	for (int big = 0; big < 2; big++) {
		struct bytes b = { .big = big };

		begin(&b, "eth0");
		ng_interface(&b, LT_RAW, 0, "tun0", DEFAULT_RES, 0);
		put_statistics(&b, 0, 0, 0);
		put_statistics(&b, 0, 3, 10);
		put_statistics(&b, 1, -1, 4);
		put_statistics(&b, 0, 3, 10);
		put_statistics(&b, 0, 5, 10);
		put_statistics(&b, 0, -1, 12);
		/* the counters began anew */
		put_statistics(&b, 0, 1, INT64_MAX);
		assert_string_equal(story_of_bytes("x.pcapng", &b),
		    "iface 0 lt1 eth0 given\n"
		    "iface 1 lt101 tun0 given\n"
		    "loss kernel 10 interface 3\n"
		    "loss kernel 4 interface 0\n"
		    "loss kernel 0 interface 2\n"
		    "loss kernel 2 interface 0\n"
		    "loss kernel 9223372036854775795 interface 1\n");
		bytes_free(&b);
	}
}

/* Blocks that we do not read, longer than the window and than any that we do. */
static void
test_skipped_blocks(void **state)
{
	static const uint32_t lengths[] = { 0, 4, 200000, 20 << 20 };
	struct bytes b = { 0 }, z = { 0 };
	const char *want = "iface 0 lt1 eth0 given\n"
	    "packet 0 lt1 1000 1/1 11..11\n";

	(void)state;
	begin(&b, "eth0");
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		size_t at = ng_begin(&b, i & 1 ? 0xbad : 0x12345678);

		put_fill(&b, 0xee, lengths[i]);
		ng_end(&b, at);
	}
	ng_packet(&b, 0, 1, 1, 1, 0x11, -1);
	assert_string_equal(story_of_bytes("x.pcapng", &b), want);
	put_gzip(&z, b.p, b.n);
	assert_string_equal(story_of_bytes("x.pcapng", &z), want);
	bytes_free(&b);
	bytes_free(&z);
}

/* A block as long as is read, in which the packet is followed by comments. */
static void
test_longest_block(void **state)
{
	struct bytes b = { 0 };
	char *comment = calloc(1, 65532);
	size_t at;

	(void)state;
	assert_non_null(comment);
	begin(&b, "eth0");
	at = ng_begin(&b, 6);
	put32(&b, 0);
	put64(&b, 0);
	put32(&b, 262144);
	put32(&b, 262144);
	put_fill(&b, 0x11, 262144);
	while (b.n - at + 65536 + 12 < 16 << 20)
		ng_option(&b, 1, comment, 65532);
	ng_option_uint(&b, 2, 1, 4);
	while (b.n - at + 8 + 4 <= 16 << 20)
		ng_option_uint(&b, 1, 0, 4);
	ng_end(&b, at);
	ng_packet(&b, 0, 1, 1, 1, 0x22, -1);
	assert_string_equal(story_of_bytes("x.pcapng", &b),
	    "iface 0 lt1 eth0 given\n"
	    "packet 0 lt1 0 262144/262144 in 11..11\n"
	    "packet 0 lt1 1000 1/1 22..22\n");
	bytes_free(&b);
	free(comment);
}

/* Options of a packet that do not fit tell no direction, and no more. */
static void
test_packet_options_damaged(void **state)
{
	struct bytes b = { 0 };

	(void)state;
	begin(&b, "eth0");
	ng_packet(&b, 0, 1, 4, 4, 0x11, 1);
	/* the length of the comment, behind 28 bytes of header, 4 of packet */
	b.p[b.n - 32 + 2] = 0xff;
	ng_packet(&b, 0, 2, 4, 4, 0x22, 1);
	assert_string_equal(story_of_bytes("x.pcapng", &b),
	    "iface 0 lt1 eth0 given\n"
	    "packet 0 lt1 1000 4/4 11..11\n"
	    "packet 0 lt1 2000 4/4 in 22..22\n");
	bytes_free(&b);
}

static void
test_many(void **state)
{
	struct source_report report;
	struct bytes b = { 0 };
	uint32_t number = 0;
	struct source *s;
	struct obs o;

	(void)state;
	begin(&b, "eth0");
	for (uint32_t i = 0; i < 4000; i++)
		ng_packet(&b, 0, i, i % 1499, i % 1499, (int)(i & 0xff),
		    i % 3);
	file_write("many.pcapng", b.p, b.n);
	s = source_open("many.pcapng", &number, &report);
	assert_non_null(s);
	assert_int_equal(source_next(s, &o), 1);
	for (uint32_t i = 0; i < 4000; i++) {
		assert_int_equal(source_next(s, &o), 1);
		assert_int_equal(o.ts.ns, i * NS_PER_USEC);
		assert_int_equal(o.packet.dir, i % 3);
		assert_int_equal(o.packet.caplen, i % 1499);
		for (uint32_t k = 0; k < o.packet.caplen; k++)
			assert_int_equal(o.packet.data[k], i & 0xff);
	}
	assert_int_equal(source_next(s, &o), 0);
	assert_int_equal(source_report(s)->fault, SRC_FINE);
	source_close(s);
	bytes_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_orders),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_interfaces),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_long_name),
		cmocka_unit_test(test_sections),
		cmocka_unit_test(test_simple_packets),
		cmocka_unit_test(test_old_packets),
		cmocka_unit_test(test_name_records),
		cmocka_unit_test(test_statistics),
		cmocka_unit_test(test_skipped_blocks),
		cmocka_unit_test(test_longest_block),
		cmocka_unit_test(test_packet_options_damaged),
		cmocka_unit_test(test_many),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, test_dir_enter, test_dir_leave);
}
