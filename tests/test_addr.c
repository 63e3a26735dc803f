/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_addr.c - addresses to text and back.  The texts are those of RFC 5952
 * section 4 and RFC 4291 section 2.2.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "decode/addr.h"

static const struct {
	const char	*in, *out;
} texts[] = {
	{ "0.0.0.0",		"0.0.0.0" },
	{ "192.168.1.40",	"192.168.1.40" },
	{ "255.255.255.255",	"255.255.255.255" },
	{ "::ffff:10.1.2.3",	"10.1.2.3" },
	{ "::ffff:a01:203",	"10.1.2.3" },
	{ "::",			"::" },
	{ "::1",		"::1" },
	{ "1::",		"1::" },
	{ "0:0:0:0:0:0:0:0",	"::" },
	{ "100.99.10.9",	"100.99.10.9" },
	{ "2001:DB8::ABCD:EF09", "2001:db8::abcd:ef09" },
	{ "2001:0db8::0001",	"2001:db8::1" },
	/* One zero group is written out (4.2.2). */
	{ "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1" },
	{ "2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1" },
	/* The longest run, and the first of equals (4.2.3). */
	{ "2001:0:0:1:0:0:0:1",	"2001:0:0:1::1" },
	{ "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1" },
	{ "0:0:1:0:0:0:0:0",	"0:0:1::" },
	{ "1:2:3:4:5:6:7:8",	"1:2:3:4:5:6:7:8" },
	{ "::2:3:4:5:6:7:8",	"0:2:3:4:5:6:7:8" },
	{ "1:2:3:4:5:6:7::",	"1:2:3:4:5:6:7:0" },
	{ "64:ff9b::192.0.2.33", "64:ff9b::c000:221" },
	{ "::13.1.68.3",	"::d01:4403" },
	{ "1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304" },
	{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
};

static const char *const not_addresses[] = {
	"", " ", ".", ":", ":::", "1", "1.2.3", "1.2.3.4.5", "1.2.3.4 ",
	" 1.2.3.4", "1.2.3.256", "1.2.3.1000", "01.2.3.4", "1.2.3.00",
	"1..3.4", "1.2.3.", ".1.2.3", "-1.2.3.4", "1.2.3.4/8", "0x1.2.3.4",
	"1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8:", ":1:2:3:4:5:6:7",
	"1::2::3", "1:::2", "12345::", "g::", "::1%eth0", "::1 ", "fe80::/10",
	"1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:1.2.3.4",
	"::1.2.3", "::1.2.3.4.5", "::1.2.3.4:5", "1.2.3.4::", "[::1]", "host",
};

static void
text_both_ways(void **state)
{
	char out[ADDR_TEXT_MAX];
	struct addr a;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (!addr_parse(texts[i].in, &a))
			fail_msg("\"%s\" was not read", texts[i].in);
		assert_int_equal(addr_format(&a, out), strlen(texts[i].out));
		assert_string_equal(out, texts[i].out);
	}
}

static void
not_an_address(void **state)
{
	struct addr a;
	size_t n = sizeof(not_addresses) / sizeof(not_addresses[0]);

	(void)state;
	for (size_t i = 0; i < n; i++)
		if (addr_parse(not_addresses[i], &a))
			fail_msg("\"%s\" was read", not_addresses[i]);
}

/* Against the C library, over every pattern of zero groups. */
static void
same_as_libc(void **state)
{
	(void)state;
	for (unsigned pattern = 0; pattern < 256; pattern++) {
		char out[ADDR_TEXT_MAX];
		struct addr a, b;

		for (unsigned g = 0; g < 8; g++) {
			bool zero = pattern >> g & 1;

			a.b[2 * g] = 0;
			a.b[2 * g + 1] = zero ? 0 : (uint8_t)(0x21 * g + 1);
			if (!zero && g % 3 == 0)
				a.b[2 * g] = 0xa0;
		}
		addr_format(&a, out);
		assert_int_equal(inet_pton(AF_INET6, out, b.b), 1);
		assert_true(addr_eq(&a, &b));
		assert_true(addr_parse(out, &b));
		assert_true(addr_eq(&a, &b));
		/* glibc writes these two as ::a.b.c.d, RFC 5952 does not. */
		if ((pattern & 0x3f) != 0x3f) {
			char libc[INET6_ADDRSTRLEN];

			assert_non_null(inet_ntop(AF_INET6, a.b, libc,
			    sizeof(libc)));
			assert_string_equal(out, libc);
		}
	}
}

static struct addr
parsed(const char *text)
{
	struct addr a;

	assert_true(addr_parse(text, &a));
	return a;
}

static void
kinds(void **state)
{
	static const struct {
		const char	*text;
		bool		 v4, multicast;
	} rows[] = {
		{ "10.0.0.1",		true,	false },
		{ "223.255.255.255",	true,	false },
		{ "224.0.0.1",		true,	true },
		{ "239.255.255.250",	true,	true },
		{ "240.0.0.1",		true,	false },
		{ "255.255.255.254",	true,	false },
		{ "255.255.255.255",	true,	true },
		{ "ff02::1",		false,	true },
		{ "fe80::1",		false,	false },
		{ "::ffff:0:1",		true,	false },
		{ "::fffe:e000:1",	false,	false },
		{ "::1:ffff:a00:1",	false,	false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct addr a = parsed(rows[i].text);

		assert_int_equal(addr_is_v4(&a), rows[i].v4);
		assert_int_equal(addr_is_multicast(&a), rows[i].multicast);
	}
}

static void
from_bytes(void **state)
{
	static const uint8_t v4[4] = { 192, 0, 2, 1 };
	static const uint8_t v6[16] = { 0x20, 1, 0xd, 0xb8, [15] = 9 };
	struct addr a = addr_from_v4(v4), b = addr_from_v6(v6);
	struct addr want4 = parsed("192.0.2.1"), want6 = parsed("2001:db8::9");

	(void)state;
	assert_true(addr_eq(&a, &want4));
	assert_true(addr_eq(&b, &want6));
	assert_false(addr_eq(&a, &b));
}

static void
mac_text(void **state)
{
	static const uint8_t mac[6] = { 0x02, 0x00, 0xab, 0xcd, 0x9f, 0xf0 };
	char out[MAC_TEXT_MAX];

	(void)state;
	assert_int_equal(mac_format(mac, out), 17);
	assert_string_equal(out, "02:00:ab:cd:9f:f0");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_both_ways),
		cmocka_unit_test(not_an_address),
		cmocka_unit_test(same_as_libc),
		cmocka_unit_test(kinds),
		cmocka_unit_test(from_bytes),
		cmocka_unit_test(mac_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
