/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_source_window.c - ordinary pcap files are read without libpcap's packet
 * reader: packets, times, data and reports must be the same as with it,
 * whatever is wrong with a file.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glob.h>

#include "capture/format.h"
#include "make_capture.h"

/* What a whole file tells: a hash of every observation, and the reports. */
struct telling {
	uint64_t	packets, hash;
	char		reports[READING_MAX_REPORTS * SOURCE_TEXT_MAX];
};

static void
hash_in(struct telling *t, const void *data, size_t n)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < n; i++)
		t->hash = (t->hash ^ p[i]) * UINT64_C(0x100000001b3);
}

static void
tell_into(struct telling *t, const struct obs *o)
{
	if (o->type == OBS_IFACE) {
		hash_in(t, &o->iface.linktype, sizeof(o->iface.linktype));
		return;
	}
	assert_int_equal(o->type, OBS_PACKET);
	t->packets++;
	hash_in(t, &o->ts, sizeof(o->ts));
	hash_in(t, &o->packet.linktype, sizeof(o->packet.linktype));
	hash_in(t, &o->packet.caplen, sizeof(o->packet.caplen));
	hash_in(t, &o->packet.len, sizeof(o->packet.len));
	hash_in(t, o->packet.data, o->packet.caplen);
}

static void
telling_of(struct telling *t, const char *path, const struct format *format)
{
	struct source_report report;
	struct input *in = input_open(path, path, &report);
	struct reading rd;
	uint32_t number = 0;
	struct obs o;
	void *file;

	*t = (struct telling){ .hash = UINT64_C(0xcbf29ce484222325) };
	assert_non_null(in);
	reading_init(&rd, path, &number);
	file = format->open(in, &rd);
	while (file && format->next(file, &o) == 1)
		tell_into(t, &o);
	for (unsigned i = 0; i < rd.n_reports; i++)
		snprintf(t->reports + strlen(t->reports), SOURCE_TEXT_MAX,
		    "%d %s\n", rd.reports[i].fault, rd.reports[i].text);
	if (file)
		format->close(file);
	input_close(in);
}

static uint64_t
compare_file(const char *path)
{
	struct telling window, slow;

	telling_of(&window, path, &format_pcap);
	telling_of(&slow, path, &format_pcap_slow);
	assert_string_equal(window.reports, slow.reports);
	assert_int_equal(window.packets, slow.packets);
	assert_int_equal(window.hash, slow.hash);
	return window.packets;
}

static void
compare_bytes(const struct bytes *b, size_t n)
{
	file_write("x.pcap", b->p, n);
	compare_file("x.pcap");
}

static void
put_three(struct bytes *b, uint32_t magic, uint32_t linktype)
{
	pcap_begin(b, magic, 96, linktype);
	pcap_packet(b, 1700000000, 999999, 60, 60, 0x11);
	pcap_packet(b, 1700000001, 2, 0, 1500, 0x22);
	pcap_packet(b, 1700000001, 3, 33, 33, 0x33);
}

/* Every byte order, precision and variant; cut anywhere. */
static void
cut_anywhere(void **state)
{
	static const uint32_t magics[] = { 0xa1b2c3d4, 0xa1b23c4d, 0xa1b2cd34 };

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		struct bytes b = { .big = i % 2 };

		put_three(&b, magics[i / 2], i == 2 ? 9999 : LT_ETHERNET);
		for (size_t n = 24; n <= b.n; n++)
			compare_bytes(&b, n);
		bytes_free(&b);
	}
}

/* Lengths, times and versions that lie: each byte of the headers, changed. */
static void
bytes_changed(void **state)
{
	static const uint8_t to[] = { 0x00, 0x01, 0x04, 0x60, 0x7f, 0x80, 0xff };

	(void)state;
	for (int big = 0; big < 2; big++) {
		struct bytes b = { .big = big };

		put_three(&b, 0xa1b2c3d4, LT_ETHERNET);
		for (size_t at = 4; at < 24 + 16 + 60 + 16; at++) {
			uint8_t was;

			if (at == 24 + 16)
				at += 60;	/* its data */
			was = b.p[at];
			for (size_t i = 0; i < sizeof(to); i++) {
				b.p[at] = to[i];
				compare_bytes(&b, b.n);
			}
			b.p[at] = was;
		}
		bytes_free(&b);
	}
}

/* More than the window holds, packets larger than it, and the largest. */
static void
large_packets(void **state)
{
	static const uint32_t sizes[] = { 1, 70000, 131056, 131072, 200000,
	    262143, 262144, 5, 262145, 1 };
	struct bytes b = { 0 }, z = { 0 };

	(void)state;
	pcap_begin(&b, 0xa1b2c3d4, 0, LT_ETHERNET);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		pcap_packet(&b, 1700000000, (uint32_t)i, sizes[i], sizes[i], (int)i);
	file_write("x.pcap", b.p, b.n);
	assert_int_equal(compare_file("x.pcap"), 8);
	put_gzip(&z, b.p, b.n);
	file_write("x.pcap", z.p, z.n);
	assert_int_equal(compare_file("x.pcap"), 8);
	/* gzip that ends too early, or is damaged */
	file_write("x.pcap", z.p, z.n - 9);
	compare_file("x.pcap");
	z.p[z.n / 2] ^= 0x55;
	file_write("x.pcap", z.p, z.n);
	compare_file("x.pcap");
	bytes_free(&b);
	bytes_free(&z);
}

static char *top;

static void
captures_of_the_lab(void **state)
{
	uint64_t packets = 0;
	char pattern[4096];
	glob_t g;

	(void)state;
	snprintf(pattern, sizeof(pattern), "%s/pcaps/*/*.pcap", top);
	assert_int_equal(glob(pattern, 0, NULL, &g), 0);
	for (size_t i = 0; i < g.gl_pathc; i++)
		packets += compare_file(g.gl_pathv[i]);
	globfree(&g);
	assert_true(packets > 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(bytes_changed),
		cmocka_unit_test(large_packets),
		cmocka_unit_test(captures_of_the_lab),
	};

	top = getcwd(NULL, 0);
	if (!top)
		err(1, NULL);
	return cmocka_run_group_tests(tests, test_dir_enter, test_dir_leave);
}
