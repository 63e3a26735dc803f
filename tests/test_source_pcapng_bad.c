/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_source_pcapng_bad.c - what is said of pcapng files that are not right.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "make_capture.h"

/* Lengths of what begin() puts, and of a packet of 4 bytes. */
#define SHB_LEN		28
#define IDB_LEN		36
#define BEGIN_LEN	(SHB_LEN + IDB_LEN)
#define EPB_LEN		36

#define BEGIN_TOLD	"iface 0 lt1 eth0 given\n"
#define PACKET_TOLD	"packet 0 lt1 1000 4/4 11..11\n"

static void
begin(struct bytes *b)
{
	size_t at;

	ng_section_begin(b);
	at = ng_begin(b, 1);
	put16(b, LT_ETHERNET);
	put16(b, 0);
	put32(b, 1000);
	ng_option(b, 2, "eth0", 4);
	ng_option_uint(b, 9, 6, 1);
	ng_end(b, at);
}

static void
packet(struct bytes *b)
{
	ng_packet(b, 0, 1, 4, 4, 0x11, -1);
}

/* The file must tell the beginning, one packet, and this report. */
static void
expect(const struct bytes *b, const char *report)
{
	char want[512];

	snprintf(want, sizeof(want), BEGIN_TOLD PACKET_TOLD "%s\n", report);
	assert_string_equal(story_of_bytes("x.pcapng", b), want);
}

/* Every length of a file of a section, an interface and two packets. */
static void
test_every_cut(void **state)
{
	struct bytes b = { 0 };
	char want[512];
	const size_t first = BEGIN_LEN + EPB_LEN, end = first + EPB_LEN;

	(void)state;
	begin(&b);
	assert_int_equal(b.n, BEGIN_LEN);
	packet(&b);
	packet(&b);
	assert_int_equal(b.n, end);
	for (size_t n = 4; n <= end; n++) {
		size_t at = n < SHB_LEN ? 0 : n < BEGIN_LEN ? SHB_LEN :
		    n < first ? BEGIN_LEN : n < end ? first : end;
		size_t in = n - at;
		char where[256] = "";

		file_write("x.pcapng", b.p, n);
		if (in && in < 8)
			snprintf(where, sizeof(where), "%s: x.pcapng: at byte "
			    "%zu: the file ends inside a block header: found "
			    "%zu bytes, expected 8\n", at ? "cut" : "bad", at,
			    in);
		else if (in && at == 0 && in < 12)
			snprintf(where, sizeof(where), "bad: x.pcapng: at byte "
			    "0: the file ends inside a section header block\n");
		else if (in && at < BEGIN_LEN)
			snprintf(where, sizeof(where), "bad: x.pcapng: at byte "
			    "%zu: found a block length of %d bytes, expected "
			    "at most the %zu to the end of the file\n", at,
			    at ? IDB_LEN : SHB_LEN, in);
		else if (in)
			snprintf(where, sizeof(where), "cut: x.pcapng: at byte "
			    "%zu (packet %d): the file ends inside the "
			    "packet's block: found %zu bytes, expected %d\n",
			    at, n < first ? 1 : 2, in, EPB_LEN);
		snprintf(want, sizeof(want), "%s%s%s%s%s",
		    n >= BEGIN_LEN && in >= 8 && n < first ? BEGIN_TOLD : "",
		    n >= BEGIN_LEN && !(in >= 8 && n < first) && n >= first ?
		    BEGIN_TOLD : "",
		    n >= first ? PACKET_TOLD : "", n >= end ? PACKET_TOLD : "",
		    where);
		/* Nothing behind the interfaces: they are told at the end. */
		if (n >= BEGIN_LEN && n < BEGIN_LEN + 8)
			snprintf(want, sizeof(want), BEGIN_TOLD "%s", where);
		assert_string_equal(story_of("x.pcapng"), want);
	}
	bytes_free(&b);
}

static void
test_block_lengths(void **state)
{
	static const struct {
		uint32_t type, len;
		const char *told;
	} rows[] = {
		{ 6, 0, "found a block length of 0 bytes, expected a multiple "
		    "of 4, at least 12" },
		{ 6, 8, "found a block length of 8 bytes, expected a multiple "
		    "of 4, at least 12" },
		{ 6, 37, "found a block length of 37 bytes, expected a "
		    "multiple of 4, at least 12" },
		{ 6, UINT32_MAX, "found a block length of 4294967295 bytes, "
		    "expected a multiple of 4, at least 12" },
		{ 6, 28, "found an enhanced packet block of 28 bytes, expected "
		    "at least 32" },
		{ 6, UINT32_MAX - 3, "found an enhanced packet block of "
		    "4294967292 bytes, expected at most 16777216" },
		{ 0x999, UINT32_MAX - 3, "found a block length of 4294967292 "
		    "bytes, expected at most the 72 to the end of the file" },
		{ 0x999, 76, "found a block length of 76 bytes, expected at "
		    "most the 72 to the end of the file" },
		{ 0x999, 40, "found a length of 6 bytes at the end of the "
		    "block, expected the 40 of its beginning" },
		{ 6, 40, "found a length of 6 bytes at the end of the block, "
		    "expected the 40 of its beginning" },
		{ 2, 28, "found a packet block of 28 bytes, expected at least "
		    "32" },
		{ 3, 12, "found a simple packet block of 12 bytes, expected "
		    "at least 16" },
		{ 1, 16, "found an interface description block of 16 bytes, "
		    "expected at least 20" },
		{ 5, 20, "found an interface statistics block of 20 bytes, "
		    "expected at least 24" },
		{ 4, 40, "found a length of 6 bytes at the end of the block, "
		    "expected the 40 of its beginning" },
		{ 4, 16777220, "found a name resolution block of 16777220 "
		    "bytes, expected at most 16777216" },
	};
	char want[512];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bytes b = { 0 };
		size_t at = BEGIN_LEN + EPB_LEN;

		begin(&b);
		packet(&b);
		packet(&b);
		packet(&b);
		ng_patch32(&b, at, rows[i].type);
		ng_patch32(&b, at + 4, rows[i].len);
		snprintf(want, sizeof(want), "bad: x.pcapng: at byte %zu: %s",
		    at, rows[i].told);
		expect(&b, want);
		bytes_free(&b);
	}
}

/* The file ends in a packet block whose length cannot be: no cut. */
static void
test_block_length_beyond_end(void **state)
{
	struct bytes b = { 0 };

	(void)state;
	begin(&b);
	packet(&b);
	packet(&b);
	ng_patch32(&b, BEGIN_LEN + EPB_LEN + 4, 8192);
	expect(&b, "bad: x.pcapng: at byte 100 (packet 2): found a block "
	    "length of 8192 bytes, expected at most the 36 to the end of the "
	    "file");
	/* nor a captured length beyond the interface's snapshot length */
	ng_patch32(&b, BEGIN_LEN + EPB_LEN + 4, 2032);
	ng_patch32(&b, BEGIN_LEN + EPB_LEN + 20, 2000);
	expect(&b, "bad: x.pcapng: at byte 100 (packet 2): found a block "
	    "length of 2032 bytes, expected at most the 36 to the end of the "
	    "file");
	/* but this may be */
	ng_patch32(&b, BEGIN_LEN + EPB_LEN + 4, 1032);
	ng_patch32(&b, BEGIN_LEN + EPB_LEN + 20, 1000);
	expect(&b, "cut: x.pcapng: at byte 100 (packet 2): the file ends "
	    "inside the packet's block: found 36 bytes, expected 1032");
	bytes_free(&b);
}

static void
test_packet_lengths(void **state)
{
	static const struct {
		uint32_t caplen;
		const char *told;
	} rows[] = {
		{ 5, "5 bytes, expected at most the 4 of its block" },
		{ 262144, "262144 bytes, expected at most the 4 of its block" },
		{ 262145, "262145 bytes, expected at most 262144" },
		{ UINT32_MAX, "4294967295 bytes, expected at most 262144" },
	};
	char want[512];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bytes b = { 0 };

		begin(&b);
		packet(&b);
		packet(&b);
		ng_patch32(&b, BEGIN_LEN + EPB_LEN + 20, rows[i].caplen);
		snprintf(want, sizeof(want), "bad: x.pcapng: at byte 100 "
		    "(packet 2): found a captured length of %s", rows[i].told);
		expect(&b, want);
		bytes_free(&b);
	}
}

/* A simple packet that its block has no room for. */
static void
test_simple_packet_length(void **state)
{
	struct bytes b = { 0 };
	size_t at;

	(void)state;
	begin(&b);
	packet(&b);
	at = ng_begin(&b, 3);
	put32(&b, 60);
	put_fill(&b, 0, 8);
	ng_end(&b, at);
	expect(&b, "bad: x.pcapng: at byte 100 (packet 2): found a captured "
	    "length of 60 bytes, expected at most the 8 of its block");
	bytes_free(&b);
}

static void
test_no_such_interface(void **state)
{
	static const uint32_t types[] = { 6, 2, 5 };

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct bytes b = { 0 };

		begin(&b);
		packet(&b);
		packet(&b);
		ng_patch32(&b, BEGIN_LEN + EPB_LEN, types[i]);
		ng_patch32(&b, BEGIN_LEN + EPB_LEN + 8, 1);
		expect(&b, "bad: x.pcapng: at byte 100 (packet 2): found "
		    "interface 1, expected one of the 1 that the section has "
		    "described so far");
		bytes_free(&b);
	}
	/* interfaces end with their section, also for simple packets */
	for (int simple = 0; simple < 2; simple++) {
		struct bytes b = { 0 };

		begin(&b);
		packet(&b);
		ng_section_begin(&b);
		packet(&b);
		if (simple)
			ng_patch32(&b, b.n - EPB_LEN, 3);
		expect(&b, "bad: x.pcapng: at byte 128 (packet 2): found "
		    "interface 0, expected one of the 0 that the section has "
		    "described so far");
		bytes_free(&b);
	}
}

static void
test_too_many_interfaces(void **state)
{
	struct source_report report;
	struct bytes b = { 0 };
	uint32_t number = 0;
	struct source *s;
	unsigned n = 0;
	struct obs o;

	(void)state;
	ng_section_begin(&b);
	for (unsigned i = 0; i < 65537; i++)
		ng_interface(&b, LT_ETHERNET, 0, NULL, -1, 0);
	packet(&b);
	file_write("x.pcapng", b.p, b.n);
	s = source_open("x.pcapng", &number, &report);
	assert_non_null(s);
	while (source_next(s, &o) == 1)
		n++;
	assert_int_equal(n, 65536);
	assert_string_equal(source_report(s)->text, "x.pcapng: at byte 1572892: "
	    "found more interfaces than the 65536 that a file may have");
	source_close(s);
	bytes_free(&b);
}

static void
test_section_headers(void **state)
{
	struct bytes b = { 0 };

	(void)state;
	ng_section_begin(&b);
	b.p[8] = 0xff;
	assert_string_equal(story_of_bytes("x.pcapng", &b), "bad: x.pcapng: at "
	    "byte 0: found byte-order magic ff3c2b1a, expected 1a2b3c4d\n");
	b.p[8] = 0x4d;
	b.p[12] = 2;
	b.p[14] = 3;
	assert_string_equal(story_of_bytes("x.pcapng", &b), "bad: x.pcapng: at "
	    "byte 0: found pcapng version 2.3, expected 1\n");
	/* the same behind a packet */
	b.n = 0;
	begin(&b);
	packet(&b);
	ng_section_begin(&b);
	b.p[b.n - SHB_LEN + 8] = 0;
	expect(&b, "bad: x.pcapng: at byte 100: found byte-order magic "
	    "003c2b1a, expected 1a2b3c4d");
	bytes_free(&b);
}

static void
test_options(void **state)
{
	struct bytes b = { 0 };

	(void)state;
	begin(&b);
	/* the length of if_name */
	b.p[SHB_LEN + 18] = 200;
	assert_string_equal(story_of_bytes("x.pcapng", &b), "bad: x.pcapng: at "
	    "byte 28: found an option that does not fit in its interface "
	    "description block of 36 bytes\n");
	b.n = 0;
	begin(&b);
	packet(&b);
	packet(&b);
	/* a statistics block whose first option has the number 4, length 0,
	   and whose second is too long: 0x1111 */
	ng_patch32(&b, BEGIN_LEN + EPB_LEN, 5);
	expect(&b, "bad: x.pcapng: at byte 100: found an option that does not "
	    "fit in its interface statistics block of 36 bytes");
	bytes_free(&b);
}

static void
test_name_records(void **state)
{
	struct bytes b = { 0 };
	size_t at;

	(void)state;
	begin(&b);
	packet(&b);
	at = ng_begin(&b, 4);
	put16(&b, 1);
	put16(&b, 21);
	put_fill(&b, 'x', 20);
	ng_end(&b, at);
	expect(&b, "bad: x.pcapng: at byte 100: found a name record of 21 bytes"
	    " that does not fit in its block of 36");
	bytes_free(&b);
}

static void
test_linktype(void **state)
{
	struct bytes b = { 0 };

	(void)state;
	ng_section_begin(&b);
	ng_interface(&b, 105, 0, "wlan0", -1, 0);
	ng_interface(&b, LT_ETHERNET, 0, "eth0", -1, 0);
	ng_interface(&b, 239, 0, "nflog", -1, 0);
	ng_packet(&b, 1, 1, 4, 4, 0x11, -1);
	file_write("x.pcapng", b.p, b.n);
	/* interfaces without packets disturb nobody */
	assert_string_equal(story_of("x.pcapng"),
	    "iface 0 lt105 wlan0 given\n"
	    "iface 1 lt1 eth0 given\n"
	    "iface 2 lt239 nflog given\n"
	    "packet 1 lt1 1000 4/4 11..11\n");
	ng_packet(&b, 0, 2, 4, 4, 0x22, -1);
	ng_packet(&b, 2, 3, 4, 4, 0x33, -1);
	assert_string_equal(story_of_bytes("x.pcapng", &b),
	    "iface 0 lt105 wlan0 given\n"
	    "iface 1 lt1 eth0 given\n"
	    "iface 2 lt239 nflog given\n"
	    "packet 1 lt1 1000 4/4 11..11\n"
	    "packet 0 lt105 2000 4/4 22..22\n"
	    "packet 2 lt239 3000 4/4 33..33\n"
	    "bad: x.pcapng: at byte 168 (packet 2): link type 105 "
	    "(IEEE802_11), expected Ethernet, Linux cooked, raw IP or BSD "
	    "loopback\n");
	bytes_free(&b);
}

static void
test_time_backwards(void **state)
{
	struct bytes b = { 0 };

	(void)state;
	begin(&b);
	ng_packet(&b, 0, 5000000, 4, 4, 0x11, -1);
	ng_packet(&b, 0, 4000000, 4, 4, 0x11, -1);
	ng_packet(&b, 0, 1, 4, 4, 0x11, -1);
	assert_string_equal(story_of_bytes("x.pcapng", &b), BEGIN_TOLD
	    "packet 0 lt1 5000000000 4/4 11..11\n"
	    "packet 0 lt1 4000000000 4/4 11..11\n"
	    "packet 0 lt1 1000 4/4 11..11\n"
	    "bad: x.pcapng: at byte 136 (packet 3): time runs backwards by "
	    "3.999999000 s, expected packets in order of time\n");
	bytes_free(&b);
}

static void
test_gzip_cut(void **state)
{
	struct bytes b = { 0 }, z = { 0 };
	char want[512];

	(void)state;
	begin(&b);
	packet(&b);
	put_gzip(&z, b.p, b.n);
	z.n -= 8;
	snprintf(want, sizeof(want), BEGIN_TOLD PACKET_TOLD "bad: x.gz: at "
	    "unpacked byte 100: the gzip data ends too early, at stored byte "
	    "%zu\n", z.n);
	assert_string_equal(story_of_bytes("x.gz", &z), want);
	bytes_free(&b);
	bytes_free(&z);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_cut),
		cmocka_unit_test(test_block_lengths),
		cmocka_unit_test(test_block_length_beyond_end),
		cmocka_unit_test(test_packet_lengths),
		cmocka_unit_test(test_simple_packet_length),
		cmocka_unit_test(test_no_such_interface),
		cmocka_unit_test(test_too_many_interfaces),
		cmocka_unit_test(test_section_headers),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_name_records),
		cmocka_unit_test(test_linktype),
		cmocka_unit_test(test_time_backwards),
		cmocka_unit_test(test_gzip_cut),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, test_dir_enter, test_dir_leave);
}
