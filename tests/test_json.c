/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_json.c - the JSON writer and the formatting of values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "ui/out/format.h"
#include "ui/out/json.h"
#include "ui/out/utf8.h"

static char room[4096];

static struct json
begin(struct outbuf *o)
{
	*o = (struct outbuf){ .fd = -1, .buf = room, .p = room,
		.end = room + sizeof(room) };
	return (struct json){ .out = o };
}

static const char *
written(struct outbuf *o)
{
	*o->p = '\0';
	return room;
}

static void
check_string(const char *in, const char *out)
{
	struct outbuf o;
	struct json j = begin(&o);

	json_text(&j, in);
	assert_string_equal(written(&o), out);
}

static void
strings_plain(void **state)
{
	(void)state;
	check_string("", "\"\"");
	check_string("eth0", "\"eth0\"");
	check_string("a\"b\\c/d", "\"a\\\"b\\\\c/d\"");
	check_string("é€😀", "\"é€😀\"");
}

static void
strings_controls(void **state)
{
	unsigned c;

	(void)state;
	for (c = 1; c < 0x20; c++) {
		char in[2] = { (char)c, '\0' }, out[16];

		snprintf(out, sizeof(out), "\"\\u%04x\"", c);
		check_string(in, out);
	}
	check_string("\x7f", "\"\\u007f\"");
}

#define FFFD	"\xef\xbf\xbd"

static void
strings_invalid_utf8(void **state)
{
	(void)state;
	check_string("\x80", "\"" FFFD "\"");			/* a lone tail */
	check_string("a\xff" "b", "\"a" FFFD "b\"");
	check_string("\xc3", "\"" FFFD "\"");			/* cut */
	check_string("\xe2\x82", "\"" FFFD FFFD "\"");
	check_string("\xf0\x9f\x98", "\"" FFFD FFFD FFFD "\"");
	check_string("\xc0\xaf", "\"" FFFD FFFD "\"");		/* overlong / */
	check_string("\xe0\x80\xaf", "\"" FFFD FFFD FFFD "\"");
	check_string("\xed\xa0\x80", "\"" FFFD FFFD FFFD "\"");	/* surrogate */
	check_string("\xf4\x90\x80\x80", "\"" FFFD FFFD FFFD FFFD "\"");
	check_string("\xc3\"", "\"" FFFD "\\\"\"");	/* does not eat the quote */
}

/* Table 3-7 of Unicode once more, on all but the dullest sequences of 3 bytes. */
static void
utf8_all_short_sequences(void **state)
{
	unsigned a, b, c;

	(void)state;
	for (a = 1; a < 256; a++) {
		for (b = 0; b < 256; b += b < 0x7e ? 7 : 1) {
			for (c = 0; c < 256; c += c < 0x7e ? 13 : 1) {
				char s[4] = { (char)a, (char)b, (char)c, 0 };
				uint32_t code = 0;
				unsigned n = utf8_take(s, &code), want = 0;

				if (a < 0x80)
					want = 1;
				else if (a >= 0xc2 && a < 0xe0 && b >> 6 == 2)
					want = 2;
				else if (a >> 4 == 0xe && b >> 6 == 2 &&
				    c >> 6 == 2 && !(a == 0xe0 && b < 0xa0) &&
				    !(a == 0xed && b >= 0xa0))
					want = 3;
				if (n != want)
					fail_msg("%02x %02x %02x: %u, not %u", a,
					    b, c, n, want);
			}
		}
	}
}

static void
structure(void **state)
{
	struct outbuf o;
	struct json j = begin(&o);

	(void)state;
	json_open(&j, '{');
	json_key(&j, "a");
	json_u64(&j, 1);
	json_key(&j, "b");
	json_open(&j, '[');
	json_u64(&j, 0);
	json_open(&j, '{');
	json_close(&j, '}');
	json_open(&j, '[');
	json_close(&j, ']');
	json_bool(&j, true);
	json_bool(&j, false);
	json_close(&j, ']');
	json_key(&j, "c");
	json_text(&j, "x");
	json_close(&j, '}');
	json_newline(&j);
	json_open(&j, '{');
	json_close(&j, '}');
	assert_string_equal(written(&o),
	    "{\"a\":1,\"b\":[0,{},[],true,false],\"c\":\"x\"}\n{}");
}

static void
numbers(void **state)
{
	static const uint64_t values[] = { 0, 1, 9, 10, 11, 99, 100, 101, 999,
		1000, 65535, 4294967295, 9999999999, UINT64_MAX - 1, UINT64_MAX };
	struct outbuf o;
	char want[32];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct json j = begin(&o);

		json_u64(&j, values[i]);
		snprintf(want, sizeof(want), "%" PRIu64, values[i]);
		assert_string_equal(written(&o), want);
		j = begin(&o);
		json_i64(&j, (int64_t)values[i]);
		snprintf(want, sizeof(want), "%" PRId64, (int64_t)values[i]);
		assert_string_equal(written(&o), want);
	}
	struct json j = begin(&o);

	json_i64(&j, INT64_MIN);
	assert_string_equal(written(&o), "-9223372036854775808");
}

/* Against gmtime_r, over all of struct nstime's range. */
static void
times(void **state)
{
	int64_t ns = INT64_MIN + 1, step = INT64_C(98765432109876543);
	unsigned n;

	(void)state;
	for (n = 0; n < 186; n++, ns += step) {
		int64_t sec = ns / NS_PER_SEC - (ns % NS_PER_SEC < 0);
		time_t t = (time_t)sec;
		char want[64], date[32], out[FORMAT_TIME_MAX + 1] = "";
		struct tm tm;

		assert_non_null(gmtime_r(&t, &tm));
		strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
		snprintf(want, sizeof(want), "%s.%09ldZ", date,
		    (long)((ns % NS_PER_SEC + NS_PER_SEC) % NS_PER_SEC));
		assert_int_equal(format_time(out, (struct nstime){ ns }),
		    strlen(want));
		assert_string_equal(out, want);
	}
}

static void
times_exact(void **state)
{
	char out[FORMAT_TIME_MAX + 1] = "", clock[FORMAT_CLOCK_MAX + 1] = "";

	(void)state;
	format_time(out, (struct nstime){ 0 });
	assert_string_equal(out, "1970-01-01T00:00:00.000000000Z");
	format_time(out, (struct nstime){ -1 });
	assert_string_equal(out, "1969-12-31T23:59:59.999999999Z");
	format_time(out, (struct nstime){ INT64_C(951782400) * NS_PER_SEC + 7 });
	assert_string_equal(out, "2000-02-29T00:00:00.000000007Z");
	format_time(out, (struct nstime){ INT64_MAX });
	assert_string_equal(out, "2262-04-11T23:47:16.854775807Z");
	format_time(out, (struct nstime){ INT64_MIN });
	assert_string_equal(out, "1677-09-21T00:12:43.145224192Z");
	format_clock(clock, (struct nstime){ -NS_PER_MSEC });
	assert_string_equal(clock, "23:59:59.999");
}

static void
spans(void **state)
{
	static const struct { int64_t ns; const char *text; } rows[] = {
		{ 0, "0ns" }, { 999, "999ns" }, { 1000, "1us" },
		{ 22000, "22us" }, { 22500, "22.5us" }, { 22549, "22.5us" }, { 22551, "22.6us" },
		{ 99940, "99.9us" }, { 99960, "100us" }, { 999499, "999us" },
		{ 999999, "1ms" }, { 7199999970000, "7200s" },
		{ 28400000, "28.4ms" }, { 1500000000, "1.5s" }, { -40, "-40ns" },
		{ INT64_MAX, "9223372037s" }, { INT64_MIN, "-9223372037s" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char out[FORMAT_SPAN_MAX + 1] = "";

		out[format_span(out, rows[i].ns, "us")] = '\0';
		assert_string_equal(out, rows[i].text);
	}
}

static void
addresses(void **state)
{
	static const char *const texts[] = { "0.0.0.0", "1.22.133.255",
		"255.255.255.255", "10.0.0.9", "2001:db8::1", "::", "fe80::1:0:0:2" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char out[ADDR_TEXT_MAX + 1] = "";
		struct addr a;

		assert_true(addr_parse(texts[i], &a));
		out[format_addr(out, &a)] = '\0';
		assert_string_equal(out, texts[i]);
	}
}

/* Longer than the buffer, through a pipe's reader: nothing lost or doubled. */
static void
outbuf_through_file(void **state)
{
	char path[] = "/tmp/podpath-test-XXXXXX";
	int fd = mkstemp(path);
	static char big[OUTBUF_SIZE + 10];
	struct outbuf o;
	unsigned i;

	(void)state;
	assert_true(fd >= 0);
	unlink(path);
	assert_true(outbuf_init(&o, fd));
	memset(big, 'b', sizeof(big));
	for (i = 0; i < 100000; i++)
		outbuf_lit(&o, "0123456789");
	outbuf_put(&o, big, sizeof(big));
	for (i = 0; i < 3; i++)
		outbuf_char(&o, 'z');
	assert_true(outbuf_flush(&o));
	assert_int_equal(lseek(fd, 0, SEEK_END), 1000000 + sizeof(big) + 3);
	outbuf_fini(&o);
	close(fd);
}

static void
outbuf_keeps_first_error(void **state)
{
	int fd = open("/dev/full", O_WRONLY);
	struct outbuf o;

	(void)state;
	if (fd < 0)
		skip();
	assert_true(outbuf_init(&o, fd));
	outbuf_lit(&o, "x");
	assert_false(outbuf_flush(&o));
	assert_int_equal(o.error, ENOSPC);
	close(fd);
	outbuf_lit(&o, "y");
	assert_false(outbuf_flush(&o));
	assert_int_equal(o.error, ENOSPC);
	outbuf_fini(&o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings_plain),
		cmocka_unit_test(strings_controls),
		cmocka_unit_test(strings_invalid_utf8),
		cmocka_unit_test(utf8_all_short_sequences),
		cmocka_unit_test(structure),
		cmocka_unit_test(numbers),
		cmocka_unit_test(times),
		cmocka_unit_test(times_exact),
		cmocka_unit_test(spans),
		cmocka_unit_test(addresses),
		cmocka_unit_test(outbuf_through_file),
		cmocka_unit_test(outbuf_keeps_first_error),
	};

	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
