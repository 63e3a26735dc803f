/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_source_bad.c - what is said of files that are not right.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>

#include "make_capture.h"

#define US	0xa1b2c3d4

static void
test_not_a_capture(void **state)
{
	static const struct {
		const char *data;
		size_t n;
		const char *told;
	} rows[] = {
		{ "", 0, "the file is empty" },
		{ "\xd4", 1, "found d4 (\".\")" },
		{ "#!/bin/sh\necho\n", 15,
		    "found 23 21 2f 62 69 6e 2f 73 (\"#!/bin/s\")" },
		{ "\0\0\0\0\0\0\0\0\0\0", 10,
		    "found 00 00 00 00 00 00 00 00 (\"........\")" },
		{ "\x28\xb5\x2f\xfd....", 8, "found zstd data; unpack it first" },
		{ "\xfd" "7zXZ\0", 6, "found xz data; unpack it first" },
		{ "BZh91AY", 7, "found bzip2 data; unpack it first" },
		{ "\x04\x22\x4d\x18....", 8, "found lz4 data; unpack it first" },
		{ "PK\x03\x04....", 8,
		    "found a zip archive; unpack it first" },
		{ "snoop\0\0\0", 8, "found a Solaris snoop capture" },
		{ "GMBU....", 8, "found a Network Monitor capture" },
	};
	char want[256];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		file_write("f", rows[i].data, rows[i].n);
		snprintf(want, sizeof(want), "bad: f: at byte 0: %s, expected "
		    "a pcap or pcapng capture\n", rows[i].told);
		assert_string_equal(story_of("f"), want);
	}
}

static void
test_packed_not_a_capture(void **state)
{
	struct bytes z = { 0 }, zz = { 0 };

	(void)state;
	put_gzip(&z, "hello", 5);
	assert_string_equal(story_of_bytes("f.gz", &z), "bad: f.gz: at "
	    "unpacked byte 0: found 68 65 6c 6c 6f (\"hello\"), expected a "
	    "pcap or pcapng capture\n");
	put_gzip(&zz, z.p, z.n);
	assert_string_equal(story_of_bytes("f.gz", &zz), "bad: f.gz: at "
	    "unpacked byte 0: found gzip data inside gzip; unpack it first, "
	    "expected a pcap or pcapng capture\n");
	bytes_free(&z);
	put_gzip(&z, "", 0);
	assert_string_equal(story_of_bytes("f.gz", &z), "bad: f.gz: at "
	    "unpacked byte 0: the file is empty, expected a pcap or pcapng "
	    "capture\n");
	bytes_free(&z);
	bytes_free(&zz);
}

static void
test_cannot_open(void **state)
{
	struct source_report report;
	uint32_t number = 0;
	struct source *s;

	(void)state;
	assert_string_equal(story_of("none.pcap"),
	    "bad: none.pcap: cannot open: No such file or directory\n");
	assert_string_equal(story_of("a=none.pcap"),
	    "bad: none.pcap: cannot open: No such file or directory\n");
	assert_string_equal(story_of("bad\nname\x1b[31m"),
	    "bad: bad?name?[31m: cannot open: No such file or directory\n");
	assert_int_equal(mkdir("dir", 0755), 0);
	assert_string_equal(story_of("dir"),
	    "bad: dir: is a directory, expected a capture file\n");

	/* Root reads everything, so be someone else for a moment. */
	file_write("secret", "x", 1);
	assert_int_equal(chmod("secret", 0), 0);
	assert_int_equal(chmod(".", 0755), 0);
	if (geteuid() == 0)
		assert_int_equal(seteuid(65534), 0);
	s = source_open("secret", &number, &report);
	if (getuid() == 0)
		assert_int_equal(seteuid(0), 0);
	assert_null(s);
	assert_int_equal(report.fault, SRC_BAD);
	assert_string_equal(report.text,
	    "secret: cannot open: Permission denied");
}

static void
test_too_many_files(void **state)
{
	struct source_report report;
	struct rlimit old, low;
	uint32_t number = 0;
	struct source *s;

	(void)state;
	file_write("f", "x", 1);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	low = (struct rlimit){ .rlim_cur = 0, .rlim_max = old.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	s = source_open("f", &number, &report);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_null(s);
	assert_string_equal(report.text, "f: cannot open: too many open files; "
	    "raise the limit (ulimit -n) or give fewer");
}

static void
test_long_path(void **state)
{
	char path[1001];
	const char *told;

	(void)state;
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	told = story_of(path);
	assert_int_equal(strlen(told), strlen("bad: ...") + 160 +
	    strlen(": cannot open: File name too long\n"));
	assert_non_null(strstr(told, "xxx: cannot open: File name too long\n"));
}

/* Every length of a file of two packets. */
static void
test_every_cut(void **state)
{
	struct bytes b = { 0 };
	char want[512], where[256];
	const size_t at[] = { 24, 24 + 16 + 20, 24 + 16 + 20 + 16 + 30 };

	(void)state;
	pcap_begin(&b, US, 65535, LT_ETHERNET);
	pcap_packet(&b, 1, 0, 20, 20, 0x11);
	pcap_packet(&b, 1, 1, 30, 30, 0x22);
	assert_int_equal(b.n, at[2]);
	for (size_t n = 4; n <= at[2]; n++) {
		size_t packet = n >= at[1], in = n - at[packet];
		unsigned len = packet ? 30 : 20;

		file_write("x.pcap", b.p, n);
		if (n < 24) {
			snprintf(want, sizeof(want), "bad: x.pcap: at byte %zu:"
			    " the file ends inside the pcap file header, "
			    "expected 24 bytes\n", n);
			assert_string_equal(story_of("x.pcap"), want);
			continue;
		}
		if (n == at[0] || n == at[1] || n == at[2])
			where[0] = '\0';
		else if (in < 16)
			snprintf(where, sizeof(where), "cut: x.pcap: at byte "
			    "%zu (packet %zu): the file ends inside the "
			    "packet's header: found %zu bytes, expected 16\n",
			    at[packet], packet + 1, in);
		else
			snprintf(where, sizeof(where), "cut: x.pcap: at byte "
			    "%zu (packet %zu): the file ends inside the packet:"
			    " found %zu bytes, expected %u\n", at[packet],
			    packet + 1, in - 16, len);
		snprintf(want, sizeof(want), "iface 0 lt1 x\n%s%s%s",
		    n >= at[1] ? "packet 0 lt1 1000000000 20/20 11..11\n" : "",
		    n >= at[2] ? "packet 0 lt1 1000001000 30/30 22..22\n" : "",
		    where);
		assert_string_equal(story_of("x.pcap"), want);
	}
	bytes_free(&b);
}

static void
test_false_lengths(void **state)
{
	static const uint32_t lengths[] = { 262145, INT32_MAX, UINT32_MAX };
	char want[512];

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct bytes b = { 0 };

		pcap_begin(&b, US, 65535, LT_ETHERNET);
		pcap_packet(&b, 1, 0, 1, 1, 0x11);
		put32(&b, 1);
		put32(&b, 0);
		put32(&b, lengths[i]);
		put32(&b, 60);
		put_fill(&b, 0, 100);
		snprintf(want, sizeof(want), "iface 0 lt1 x\n"
		    "packet 0 lt1 1000000000 1/1 11..11\n"
		    "bad: x.pcap: at byte 41 (packet 2): found a captured "
		    "length of %" PRIu32 " bytes, expected at most 262144\n",
		    lengths[i]);
		assert_string_equal(story_of_bytes("x.pcap", &b), want);
		bytes_free(&b);
	}
}

/* A length beyond the snapshot length that the file ends in is no cut. */
static void
test_false_length_at_end(void **state)
{
	struct bytes b = { 0 };

	(void)state;
	pcap_begin(&b, US, 96, LT_ETHERNET);
	put32(&b, 1);
	put32(&b, 0);
	put32(&b, 200000);
	put32(&b, 60);
	put_fill(&b, 0, 100);
	assert_string_equal(story_of_bytes("x.pcap", &b), "iface 0 lt1 x\n"
	    "bad: x.pcap: at byte 24 (packet 1): the file ends inside the "
	    "packet: found 100 bytes, expected 200000\n");
	bytes_free(&b);
}

/* libpcap allows D-Bus messages of 128 MiB; we do not read them. */
static void
test_long_packet_of_unknown_type(void **state)
{
	struct bytes b = { 0 };

	(void)state;
	pcap_begin(&b, US, 0, 231);
	pcap_packet(&b, 1, 0, 262145, 262145, 0x11);
	assert_string_equal(story_of_bytes("x.pcap", &b), "iface 0 lt231 x\n"
	    "bad: x.pcap: at byte 20: link type 231 (DBUS), expected Ethernet, "
	    "Linux cooked, raw IP or BSD loopback\n"
	    "bad: x.pcap: at byte 24 (packet 1): found a captured length of "
	    "262145 bytes, expected at most 262144\n");
	bytes_free(&b);
}

static void
test_unknown_linktype(void **state)
{
	static const struct {
		uint32_t linktype;
		const char *told;
		unsigned given;
	} rows[] = {
		{ 105, "105 (IEEE802_11)", 105 },
		{ 60000, "60000 (unknown)", 60000 },
		/* must not turn into Ethernet in 16 bits */
		{ 0x10001, "65537 (unknown)", 65535 },
	};
	char want[512];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bytes b = { 0 };

		pcap_begin(&b, US, 96, rows[i].linktype);
		pcap_packet(&b, 1, 0, 1, 1, 0x11);
		snprintf(want, sizeof(want), "iface 0 lt%u x\n"
		    "packet 0 lt%u 1000000000 1/1 11..11\n"
		    "bad: x.pcap: at byte 20: link type %s, expected Ethernet, "
		    "Linux cooked, raw IP or BSD loopback\n", rows[i].given,
		    rows[i].given, rows[i].told);
		assert_string_equal(story_of_bytes("x.pcap", &b), want);
		bytes_free(&b);
	}
}

static void
test_version(void **state)
{
	struct bytes b = { 0 };

	(void)state;
	pcap_begin(&b, US, 96, LT_ETHERNET);
	b.p[4] = 9;
	assert_string_equal(story_of_bytes("x.pcap", &b), "bad: x.pcap: at "
	    "byte 0: unsupported pcap savefile version 9.4\n");
	bytes_free(&b);
}

/* A second back is normal, more is told once; reading goes on, and the worst
   of the reports is the one that counts. */
static void
test_time_backwards(void **state)
{
	struct source_report report;
	const struct source_report *all;
	struct bytes b = { 0 };
	uint32_t number = 0;
	struct source *s;
	struct obs o;

	(void)state;
	pcap_begin(&b, US, 96, LT_ETHERNET);
	pcap_packet(&b, 10, 500000, 1, 1, 0x11);
	pcap_packet(&b, 9, 500000, 1, 1, 0x22);
	pcap_packet(&b, 8, 499999, 1, 1, 0x33);
	pcap_packet(&b, 2, 0, 1, 1, 0x44);
	put(&b, "cut", 3);
	assert_string_equal(story_of_bytes("x.pcap", &b), "iface 0 lt1 x\n"
	    "packet 0 lt1 10500000000 1/1 11..11\n"
	    "packet 0 lt1 9500000000 1/1 22..22\n"
	    "packet 0 lt1 8499999000 1/1 33..33\n"
	    "packet 0 lt1 2000000000 1/1 44..44\n"
	    "bad: x.pcap: at byte 58 (packet 3): time runs backwards by "
	    "1.000001000 s, expected packets in order of time\n"
	    "cut: x.pcap: at byte 92 (packet 5): the file ends inside the "
	    "packet's header: found 3 bytes, expected 16\n");
	s = source_open("x.pcap", &number, &report);
	assert_non_null(s);
	while (source_next(s, &o) == 1)
		;
	assert_int_equal(source_reports(s, &all), 2);
	assert_ptr_equal(source_report(s), &all[0]);
	source_close(s);
	bytes_free(&b);
}

static void
put_packets(struct bytes *b, unsigned n)
{
	pcap_begin(b, US, 0, LT_ETHERNET);
	for (unsigned i = 0; i < n; i++) {
		pcap_packet(b, i, 0, 100, 100, 0);
		for (unsigned k = 0; k < 100; k++)
			b->p[b->n - 1 - k] = (uint8_t)(rand() >> 7);
	}
}

/* The last line of a story. */
static const char *
last_line(const char *text)
{
	const char *last = text;

	for (const char *p = text; *p; p++)
		if (*p == '\n' && p[1])
			last = p + 1;
	return last;
}

static void
test_gzip_cut(void **state)
{
	struct bytes b = { 0 }, z = { 0 };
	char want[256];

	(void)state;
	put_packets(&b, 10);
	put_gzip(&z, b.p, b.n);
	/* Without the check sum all packets are there, and yet: */
	z.n -= 4;
	snprintf(want, sizeof(want), "bad: x.gz: at unpacked byte %zu "
	    "(packet 11): the gzip data ends too early, at stored byte %zu\n",
	    b.n, z.n);
	assert_string_equal(last_line(story_of_bytes("x.gz", &z)), want);
	z.n = 15;
	snprintf(want, sizeof(want), "bad: x.gz: the gzip data ends too early, "
	    "at stored byte 15\n");
	assert_string_equal(story_of_bytes("x.gz", &z), want);
	bytes_free(&b);
	bytes_free(&z);
}

static void
test_gzip_damaged(void **state)
{
	struct bytes b = { 0 }, z = { 0 };
	char want[256];
	const char *told;

	(void)state;
	put_packets(&b, 10);
	put_gzip(&z, b.p, b.n);
	z.p[z.n - 8] ^= 1;
	/* the check sum ends 4 bytes before the end of the file */
	snprintf(want, sizeof(want), "bad: x.gz: at unpacked byte %zu "
	    "(packet 11): damaged gzip data before stored byte %zu: "
	    "incorrect data check\n", b.n, z.n - 4);
	told = story_of_bytes("x.gz", &z);
	assert_non_null(strstr(told, "packet 0 lt1 9000000000 100/100"));
	assert_string_equal(last_line(told), want);
	z.p[z.n - 8] ^= 1;
	put(&z, "trailing", 8);
	snprintf(want, sizeof(want), "bad: x.gz: at unpacked byte %zu "
	    "(packet 11): found bytes that are not gzip behind the gzip data, "
	    "before stored byte %zu\n", b.n, z.n);
	assert_string_equal(last_line(story_of_bytes("x.gz", &z)), want);
	/* damage in the middle never gives more than a report */
	for (size_t i = 10; i < z.n; i += 3) {
		z.p[i] ^= 0x55;
		told = last_line(story_of_bytes("x.gz", &z));
		assert_true(strncmp(told, "bad: x.gz: ", 11) == 0);
		z.p[i] ^= 0x55;
	}
	bytes_free(&b);
	bytes_free(&z);
}

static void
on_alarm(int sig)
{
	(void)sig;
}

/* A pipe that says nothing more does not hold up who wants to leave. */
static void
test_signal(void **state)
{
	struct sigaction act = { .sa_handler = on_alarm }, old;
	const struct itimerval soon = { { 0, 20000 }, { 0, 20000 } };
	const struct itimerval never = { { 0, 0 }, { 0, 0 } };
	struct bytes b = { 0 };
	const char *told;
	int fd;

	(void)state;
	assert_int_equal(mkfifo("fifo", 0600), 0);
	fd = open("fifo", O_RDWR);
	assert_true(fd >= 0);
	pcap_begin(&b, US, 0, LT_ETHERNET);
	assert_int_equal(write(fd, b.p, b.n), b.n);
	assert_int_equal(sigaction(SIGALRM, &act, &old), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
	told = story_of("fifo");
	assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
	assert_int_equal(sigaction(SIGALRM, &old, NULL), 0);
	assert_string_equal(told, "iface 0 lt1 fifo\n"
	    "bad: fifo: at byte 24 (packet 1): cannot read: Interrupted system "
	    "call\n");
	close(fd);
	bytes_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_not_a_capture),
		cmocka_unit_test(test_packed_not_a_capture),
		cmocka_unit_test(test_cannot_open),
		cmocka_unit_test(test_too_many_files),
		cmocka_unit_test(test_long_path),
		cmocka_unit_test(test_every_cut),
		cmocka_unit_test(test_false_lengths),
		cmocka_unit_test(test_false_length_at_end),
		cmocka_unit_test(test_long_packet_of_unknown_type),
		cmocka_unit_test(test_unknown_linktype),
		cmocka_unit_test(test_version),
		cmocka_unit_test(test_time_backwards),
		cmocka_unit_test(test_signal),
		cmocka_unit_test(test_gzip_cut),
		cmocka_unit_test(test_gzip_damaged),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, test_dir_enter, test_dir_leave);
}
