/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_proxy.c - PROXY headers: lines and binary ones, every TLV, every way to be
 * malformed, cut at every byte and followed by data.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decode/packet.h"
#include "tests/proxy_vectors.h"

#define ROOM	8192
#define N(a)	(sizeof(a) / sizeof((a)[0]))

/* ---- a header being built */

struct built {
	uint8_t	b[ROOM];
	size_t	n;
};

static void
put(struct built *v, const void *p, size_t n)
{
	assert_true(v->n + n <= ROOM);
	memcpy(v->b + v->n, p, n);
	v->n += n;
}

static void
put_u8(struct built *v, unsigned x)
{
	put(v, &(uint8_t){ (uint8_t)x }, 1);
}

static void
put_be16(struct built *v, unsigned x)
{
	put_u8(v, x >> 8);
	put_u8(v, x & 255);
}

static void
v2_begin(struct built *v, unsigned ver_cmd, unsigned family)
{
	static const uint8_t sign[] = "\r\n\r\n\0\r\nQUIT\n";

	v->n = 0;
	put(v, sign, 12);
	put_u8(v, ver_cmd);
	put_u8(v, family);
	put_be16(v, 0);
}

/* What was put since is all that belongs to it. */
static void
v2_end(struct built *v)
{
	v->b[14] = (uint8_t)((v->n - 16) >> 8);
	v->b[15] = (uint8_t)(v->n - 16);
}

static void
put_tlv(struct built *v, unsigned type, const void *p, size_t n)
{
	put_u8(v, type);
	put_be16(v, (unsigned)n);
	put(v, p, n);
}

/* 10.0.0.1:1000 to 10.0.0.2:443. */
static void
v2_tcp4(struct built *v)
{
	static const uint8_t addrs[] = { 10, 0, 0, 1, 10, 0, 0, 2, 3, 0xe8, 1, 0xbb };

	v2_begin(v, 0x21, 0x11);
	put(v, addrs, sizeof(addrs));
}

/* Castagnoli's, by long division of polynomials rather than as the parser does. */
static uint32_t
crc32c_slow(const uint8_t *p, size_t n)
{
	uint64_t rest = 0;
	uint32_t out = 0;

	for (size_t i = 0; i < n + 4; i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			unsigned in = i < n ? p[i] >> bit & 1u : 0;

			/* The register starts with ones. */
			in ^= i < 4;
			rest = rest << 1 | in;
			if (rest >> 32)
				rest ^= UINT64_C(0x11edc6f41);
		}
	}
	for (unsigned bit = 0; bit < 32; bit++)
		out |= (uint32_t)(rest >> bit & 1) << (31 - bit);
	return ~out;
}

/* ---- asking */

/* Of a copy of just those bytes, so that a read past them is seen. */
static enum proxy_result
parse(const void *p, size_t n, bool ended, struct proxy_header *h)
{
	static uint8_t *copy;
	enum proxy_result r;

	free(copy);
	copy = malloc(n > 0 ? n : 1);
	assert_non_null(copy);
	memcpy(copy, p, n);
	memset(h, 0xa5, sizeof(*h));
	r = proxy_parse(copy, n, ended, h);
	/* What it points at must lie in the bytes. */
	if (r == PROXY_GOOD && h->alpn.p != NULL)
		assert_in_range((size_t)(h->alpn.p - copy), 16, n - h->alpn.n);
	return r;
}

static void
bytes_are(const struct proxy_bytes *b, const char *text)
{
	if (text == NULL) {
		assert_null(b->p);
		assert_int_equal(b->n, 0);
		return;
	}
	assert_non_null(b->p);
	assert_int_equal(b->n, strlen(text));
	assert_memory_equal(b->p, text, b->n);
}

static void
addr_is(const struct addr *a, const char *text)
{
	struct addr want;

	assert_true(addr_parse(text, &want));
	assert_true(addr_eq(a, &want));
}

static void
is_bad(const struct proxy_header *h, const char *why)
{
	assert_non_null(h->why);
	assert_string_equal(h->why, why);
	assert_int_equal(h->has, 0);
	assert_int_equal(h->n_tlvs, 0);
	assert_int_equal(h->sport, 0);
	assert_null(h->alpn.p);
}

static void
bad_bytes(const void *p, size_t n, const char *why)
{
	struct proxy_header h;

	assert_int_equal(parse(p, n, false, &h), PROXY_BAD);
	is_bad(&h, why);
	assert_int_equal(parse(p, n, true, &h), PROXY_BAD);
	is_bad(&h, why);
}

static void
bad_line(const char *line, const char *why)
{
	struct proxy_header h;

	bad_bytes(line, strlen(line), why);
	assert_int_equal(parse(line, strlen(line), false, &h), PROXY_BAD);
	assert_int_equal(h.version, 1);
}

/* A good header: needs each of its bytes, ends where it ends, is the same with
   data behind it. */
static void
good(const void *p, size_t n, struct proxy_header *h)
{
	static uint8_t longer[2 * ROOM];
	struct proxy_header again;

	assert_int_equal(parse(p, 0, false, h), PROXY_NONE);
	assert_int_equal(parse(p, 0, true, h), PROXY_NONE);
	for (size_t cut = 1; cut < n; cut++) {
		assert_int_equal(parse(p, cut, false, h), PROXY_MORE);
		assert_int_equal(parse(p, cut, true, h),
		    cut < PROXY_SIGN ? PROXY_NONE : PROXY_BAD);
		if (cut >= PROXY_SIGN)
			is_bad(h, "truncated");
	}
	memcpy(longer, p, n);
	memset(longer + n, '\n', ROOM);
	assert_int_equal(parse(longer, n + ROOM, false, &again), PROXY_GOOD);
	assert_int_equal(parse(longer, n + 1, true, &again), PROXY_GOOD);
	assert_int_equal(parse(p, n, false, h), PROXY_GOOD);
	assert_int_equal(h->len, n);
	assert_null(h->why);
	assert_int_equal(again.len, n);
	assert_int_equal(again.has, h->has);
	assert_int_equal(again.n_tlvs, h->n_tlvs);
	assert_int_equal(again.sport, h->sport);
	assert_true(addr_eq(&again.src, &h->src));
}

/* ---- vectors of other implementations */

static size_t
unhex(const char *hex, uint8_t *out)
{
	size_t n = strlen(hex) / 2;

	assert_true(n <= ROOM);
	for (size_t i = 0; i < n; i++) {
		char two[3] = { hex[2 * i], hex[2 * i + 1], '\0' }, *end;

		out[i] = (uint8_t)strtoul(two, &end, 16);
		assert_true(*end == '\0');
	}
	return n;
}

static void
vector_good(const struct proxy_vector *v, const uint8_t *b)
{
	struct proxy_header h;

	good(b, v->len, &h);
	assert_int_equal(h.version, 2);
	assert_int_equal(h.local, v->local);
	assert_int_equal(h.unknown, v->unknown);
	assert_int_equal(h.n_tlvs, v->n_tlvs);
	assert_int_equal(!!(h.has & PROXY_HAS_ADDRS), v->src != NULL);
	assert_int_equal(!!(h.has & PROXY_HAS_CRC), v->crc);
	if (v->src != NULL) {
		addr_is(&h.src, v->src);
		addr_is(&h.dst, v->dst);
		assert_int_equal(h.sport, v->sport);
		assert_int_equal(h.dport, v->dport);
	}
	bytes_are(&h.alpn, v->alpn);
	bytes_are(&h.authority, v->authority);
	bytes_are(&h.vpce, v->vpce);
	bytes_are(&h.ssl_version, v->ssl_version);
	bytes_are(&h.ssl_cn, v->ssl_cn);
	bytes_are(&h.ssl_cipher, v->ssl_cipher);
	bytes_are(&h.ssl_sig_alg, v->ssl_sig_alg);
	bytes_are(&h.ssl_key_alg, v->ssl_key_alg);
	assert_int_equal(h.ssl_client, v->ssl_client < 0 ? 0 : v->ssl_client);
	assert_int_equal(!!(h.has & PROXY_HAS_SSL), v->ssl_client > 0 &&
	    (v->ssl_client & 1));
	assert_int_equal(h.ssl_verify, v->ssl_verify);
}

static void
vectors(void **state)
{
	static uint8_t b[ROOM];
	struct proxy_header h;
	unsigned results[4] = { 0 };

	(void)state;
	for (size_t i = 0; i < N(proxy_vectors); i++) {
		const struct proxy_vector *v = &proxy_vectors[i];
		size_t n = unhex(v->hex, b);

		if (parse(b, n, false, &h) != v->result)
			fail_msg("%s: %d, not %d", v->name,
			    parse(b, n, false, &h), v->result);
		results[v->result]++;
		if (v->result == PROXY_GOOD) {
			vector_good(v, b);
			continue;
		}
		assert_int_equal(parse(b, n, true, &h), PROXY_BAD);
		is_bad(&h, v->why);
		assert_int_equal(h.len, v->len);
		assert_int_equal(h.local, v->local);
	}
	assert_int_equal(N(proxy_vectors), 36);
	assert_int_equal(results[PROXY_MORE], 4);
	assert_int_equal(results[PROXY_BAD], 14);
	assert_int_equal(results[PROXY_GOOD], 18);
}

/* ---- version 1 */

static void
lines(void **state)
{
	struct proxy_header h;
	const char *s = "PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n";

	(void)state;
	good(s, strlen(s), &h);
	assert_int_equal(h.version, 1);
	assert_int_equal(h.has, PROXY_HAS_ADDRS);
	assert_int_equal(h.family, PROXY_INET);
	assert_int_equal(h.transport, PROTO_TCP);
	addr_is(&h.src, "192.168.0.1");
	addr_is(&h.dst, "192.168.0.11");
	assert_int_equal(h.sport, 56324);
	assert_int_equal(h.dport, 443);
	s = "PROXY TCP4 255.255.255.255 0.0.0.0 65535 0\r\n";
	good(s, strlen(s), &h);
	assert_int_equal(h.sport, 65535);
	assert_int_equal(h.dport, 0);
	s = "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
	    "FFFF:ffff:ffff:ffff:ffff:ffff:ffff:fffe 65535 65535\r\n";
	assert_int_equal(strlen(s), 104);
	good(s, strlen(s), &h);
	assert_int_equal(h.family, PROXY_INET6);
	addr_is(&h.dst, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe");
	s = "PROXY TCP6 2001:db8::1 ::1 1 2\r\n";
	good(s, strlen(s), &h);
	addr_is(&h.src, "2001:db8::1");
	s = "PROXY TCP6 ::ffff:10.1.2.3 ::1 1 2\r\n";
	good(s, strlen(s), &h);
	addr_is(&h.src, "10.1.2.3");
}

static void
unknown_lines(void **state)
{
	static const char *const known[] = {
		"PROXY UNKNOWN\r\n", "PROXY UNKNOWN \r\n",
		"PROXY UNKNOWN what  ever 1 -1 999999\r\n",
		/* 107 bytes: as long as one may be */
		"PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
		    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
	};
	struct proxy_header h;

	(void)state;
	for (size_t i = 0; i < N(known); i++) {
		good(known[i], strlen(known[i]), &h);
		assert_true(h.unknown);
		assert_int_equal(h.has, 0);
		assert_int_equal(h.version, 1);
	}
	assert_int_equal(strlen(known[3]), 107);
}

static void
bad_lines(void **state)
{
	static const char protocol[] = "its protocol is none of TCP4, TCP6, UNKNOWN";
	static const char src[] = "its source address is malformed";
	static const char dst[] = "its destination address is malformed";
	static const char sport[] = "its source port is malformed";
	static const char dport[] = "its destination port is malformed";
	char overlong[200];

	(void)state;
	bad_line("PROXY TCP5 1.2.3.4 1.2.3.5 1 2\r\n", protocol);
	bad_line("PROXY tcp4 1.2.3.4 1.2.3.5 1 2\r\n", protocol);
	bad_line("PROXY UDP4 1.2.3.4 1.2.3.5 1 2\r\n", protocol);
	bad_line("PROXY  TCP4 1.2.3.4 1.2.3.5 1 2\r\n", protocol);
	bad_line("PROXY TCP41.2.3.4 1.2.3.5 1 2\r\n", protocol);
	bad_line("PROXY UNKNOWNS\r\n", protocol);
	bad_line("PROXY \r\n", protocol);
	bad_line("PROXY TCP4\r\n", protocol);
	bad_line("PROXY x", protocol);
	bad_line("PROXY TCP4 \r\n", "its line ends early");
	bad_line("PROXY TCP4 1.2.3.4\r\n", dst);
	bad_line("PROXY TCP4 1.2.3.4 1.2.3.5\r\n", sport);
	bad_line("PROXY TCP4 1.2.3.4 1.2.3.5 1\r\n", dport);
	bad_line("PROXY TCP4 1.2.3.4 1.2.3.5 1 \r\n", dport);
	bad_line("PROXY TCP4 1.2.3.4 1.2.3.5 1 2 \r\n", dport);
	bad_line("PROXY TCP4 1.2.3.4 1.2.3.5 1 2 3\r\n", dport);
	bad_line("PROXY TCP4  1.2.3.4 1.2.3.5 1 2\r\n", src);
	bad_line("PROXY TCP4 1.2.3.4  1.2.3.5 1 2\r\n", dst);
	bad_line("PROXY TCP4 1.2.3.4\t1.2.3.5 1 2\r\n", src);
	bad_line("PROXY TCP4 1.2.3.04 1.2.3.5 1 2\r\n", src);
	bad_line("PROXY TCP4 1.2.3.256 1.2.3.5 1 2\r\n", src);
	bad_line("PROXY TCP4 1.2.3 1.2.3.5 1 2\r\n", src);
	bad_line("PROXY TCP4 1.2.3.4.5 1.2.3.5 1 2\r\n", src);
	bad_line("PROXY TCP4 2001:db8::1 1.2.3.5 1 2\r\n", src);
	bad_line("PROXY TCP4 1.2.3.4 2001:db8::1 1 2\r\n", dst);
	bad_line("PROXY TCP6 1.2.3.4 2001:db8::1 1 2\r\n", src);
	bad_line("PROXY TCP6 2001:db8::1 1.2.3.4 1 2\r\n", dst);
	bad_line("PROXY TCP6 2001::db8::1 ::1 1 2\r\n", src);
	bad_line("PROXY TCP6 2001:db8::12345 ::1 1 2\r\n", src);
	bad_line("PROXY TCP6 1:2:3:4:5:6:7 ::1 1 2\r\n", src);
	bad_line("PROXY TCP6 1:2:3:4:5:6:7:8:9 ::1 1 2\r\n", src);
	bad_line("PROXY TCP4 1.2.3.4 1.2.3.5 65536 2\r\n", sport);
	bad_line("PROXY TCP4 1.2.3.4 1.2.3.5 99999 2\r\n", sport);
	bad_line("PROXY TCP4 1.2.3.4 1.2.3.5 100000 2\r\n", sport);
	bad_line("PROXY TCP4 1.2.3.4 1.2.3.5 01 2\r\n", sport);
	bad_line("PROXY TCP4 1.2.3.4 1.2.3.5 00 2\r\n", sport);
	bad_line("PROXY TCP4 1.2.3.4 1.2.3.5 -1 2\r\n", sport);
	bad_line("PROXY TCP4 1.2.3.4 1.2.3.5 +1 2\r\n", sport);
	bad_line("PROXY TCP4 1.2.3.4 1.2.3.5  2\r\n", sport);
	bad_line("PROXY TCP4 1.2.3.4 1.2.3.5 1 02\r\n", dport);
	bad_line("PROXY TCP4 1.2.3.4 1.2.3.5 1 0x2\r\n", dport);
	bad_line("PROXY TCP4 1.2.3.4 1.2.3.5 1 65536\r\n", dport);
	bad_line("PROXY TCP4 1.2.3.4 1.2.3.5 1 2\n", "a LF without CR in its line");
	bad_line("PROXY TCP4 1.2.3.4\n1.2.3.5 1 2\r\n", "a LF without CR in its line");
	bad_line("PROXY TCP4 1.2.3.4 1.2.3.5 1 2\rX", "a CR without LF in its line");
	bad_line("PROXY UNKNOWN\r\r\n", "a CR without LF in its line");
	bad_bytes("PROXY TCP4 1.2.3.4\0 1.2.3.5 1 2\r\n", 33, src);
	bad_bytes("PROXY TCP4 1.2.3.4 1.2.3.5 1\0 2\r\n", 33, sport);
	/* 108 bytes with the end of the line, and without an end at all. */
	memset(overlong, 'x', sizeof(overlong));
	memcpy(overlong, "PROXY UNKNOWN ", 14);
	memcpy(overlong + 106, "\r\n", 2);
	bad_bytes(overlong, 108, "its line is overlong");
	bad_bytes(overlong, 107, "its line is overlong");
	overlong[106] = 'x';
	bad_bytes(overlong, 107, "its line is overlong");
	bad_bytes(overlong, 106 + 1, "its line is overlong");
}

static void
no_headers(void **state)
{
	static const char *const texts[] = {
		"GET / HTTP/1.1\r\n", "PROXYTCP4 ", "proxy TCP4 1.2.3.4 1.2.3.5 1 2\r\n",
		"\r\n", "\r\n\r\n", "\r\n\r\nQUIT\n", "P", "POST / HTTP/1.1\r\n",
		" PROXY TCP4 1.2.3.4 1.2.3.5 1 2\r\n", "PROXX", "\r",
	};
	struct proxy_header h;

	(void)state;
	for (size_t i = 0; i < N(texts); i++)
		assert_int_equal(parse(texts[i], strlen(texts[i]), true, &h),
		    PROXY_NONE);
	assert_int_equal(parse("P", 1, false, &h), PROXY_MORE);
	assert_int_equal(parse("PO", 2, false, &h), PROXY_NONE);
	assert_int_equal(parse("\r\n", 2, false, &h), PROXY_MORE);
	assert_int_equal(parse("\r\n\r\n\1", 5, false, &h), PROXY_NONE);
	assert_int_equal(parse("PROXY", 5, true, &h), PROXY_BAD);
	is_bad(&h, "truncated");
}

/* ---- version 2 */

static void
families(void **state)
{
	static const struct {
		uint8_t		byte;
		uint16_t	addrs;
		uint8_t		family, transport;
		bool		has;
	} rows[] = {
		{ 0x11, 12, PROXY_INET, PROTO_TCP, true },
		{ 0x12, 12, PROXY_INET, PROTO_UDP, true },
		{ 0x21, 36, PROXY_INET6, PROTO_TCP, true },
		{ 0x22, 36, PROXY_INET6, PROTO_UDP, true },
		{ 0x31, 216, PROXY_UNIX, PROTO_TCP, false },
		{ 0x32, 216, PROXY_UNIX, PROTO_UDP, false },
	};
	static uint8_t zeros[216];
	struct proxy_header h;
	struct built v;

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		v2_begin(&v, 0x21, rows[i].byte);
		put(&v, zeros, rows[i].addrs);
		put_tlv(&v, 0x01, "h2", 2);
		v2_end(&v);
		good(v.b, v.n, &h);
		assert_int_equal(h.family, rows[i].family);
		assert_int_equal(h.transport, rows[i].transport);
		assert_int_equal(!!(h.has & PROXY_HAS_ADDRS), rows[i].has);
		assert_false(h.unknown);
		bytes_are(&h.alpn, "h2");
		/* One byte less than its addresses need. */
		v2_begin(&v, 0x21, rows[i].byte);
		put(&v, zeros, rows[i].addrs - 1u);
		v2_end(&v);
		bad_bytes(v.b, v.n, "its length is too short for its addresses");
	}
	v2_begin(&v, 0x21, 0x21);
	for (unsigned i = 0; i < 36; i++)
		put_u8(&v, i + 0x20);
	v2_end(&v);
	good(v.b, v.n, &h);
	addr_is(&h.src, "2021:2223:2425:2627:2829:2a2b:2c2d:2e2f");
	addr_is(&h.dst, "3031:3233:3435:3637:3839:3a3b:3c3d:3e3f");
	assert_int_equal(h.sport, 0x4041);
	assert_int_equal(h.dport, 0x4243);
}

static void
unspecified(void **state)
{
	static const uint8_t bytes[] = { 0x00, 0x01, 0x02, 0x10, 0x20, 0x30 };
	struct proxy_header h;
	struct built v;

	(void)state;
	for (size_t i = 0; i < N(bytes); i++) {
		v2_begin(&v, 0x21, bytes[i]);
		put(&v, "\xff\xff\xff\xff\xff", 5);	/* no TLV */
		v2_end(&v);
		good(v.b, v.n, &h);
		assert_true(h.unknown);
		assert_false(h.local);
		assert_int_equal(h.has, 0);
		assert_int_equal(h.n_tlvs, 0);
	}
}

static void
local(void **state)
{
	struct proxy_header h;
	struct built v;

	(void)state;
	/* Family, addresses and TLVs are to be ignored, be they what they may. */
	v2_begin(&v, 0x20, 0x99);
	put_tlv(&v, 0x03, "\0\0\0\1", 4);
	put(&v, "\1\2", 2);
	v2_end(&v);
	good(v.b, v.n, &h);
	assert_true(h.local);
	assert_false(h.unknown);
	assert_int_equal(h.has, 0);
	v2_tcp4(&v);
	v.b[12] = 0x20;
	v2_end(&v);
	good(v.b, v.n, &h);
	assert_true(h.local);
	assert_int_equal(h.has, 0);
}

static void
bad_fixed_parts(void **state)
{
	struct proxy_header h;
	struct built v;

	(void)state;
	for (unsigned version = 0; version < 16; version++) {
		v2_tcp4(&v);
		v2_end(&v);
		v.b[12] = (uint8_t)(version << 4 | 1);
		if (version != 2)
			bad_bytes(v.b, v.n, "its version is not 2");
	}
	for (unsigned command = 2; command < 16; command++) {
		v.b[12] = (uint8_t)(0x20 | command);
		bad_bytes(v.b, v.n, "its command is neither LOCAL nor PROXY");
		bad_bytes(v.b, 13, "its command is neither LOCAL nor PROXY");
	}
	v.b[12] = 0x21;
	for (unsigned family = 4; family < 16; family++) {
		v.b[13] = (uint8_t)(family << 4 | 1);
		bad_bytes(v.b, v.n, "its address family is unknown");
		bad_bytes(v.b, 14, "its address family is unknown");
	}
	for (unsigned transport = 3; transport < 16; transport++) {
		v.b[13] = (uint8_t)(0x10 | transport);
		bad_bytes(v.b, v.n, "its transport is unknown");
	}
	/* As long as it may be, and one byte more. */
	v2_tcp4(&v);
	put_u8(&v, 0x04);
	put_be16(&v, PROXY_MAX - 16 - 12 - 3);
	while (v.n < PROXY_MAX)
		put_u8(&v, 0xaa);
	v2_end(&v);
	assert_int_equal(parse(v.b, v.n, false, &h), PROXY_GOOD);
	assert_int_equal(parse(v.b, v.n - 1, false, &h), PROXY_MORE);
	put_u8(&v, 0);
	v2_end(&v);
	bad_bytes(v.b, v.n, "overlong");
	bad_bytes(v.b, 16, "overlong");
	v.b[12] = 0x20;
	bad_bytes(v.b, 16, "overlong");
	v.b[14] = v.b[15] = 0xff;
	assert_int_equal(parse(v.b, 16, false, &h), PROXY_BAD);
	is_bad(&h, "overlong");
	assert_int_equal(h.len, 16 + 65535);
	assert_true(h.local);
}

/* ---- TLVs */

static void
every_tlv(void **state)
{
	char id[129];
	struct proxy_header h;
	struct built v;

	(void)state;
	memset(id, 'i', 128);
	id[128] = '\0';
	v2_tcp4(&v);
	put_tlv(&v, 0x01, "http/1.1", 8);
	put_tlv(&v, 0x02, "example.com", 11);
	put_tlv(&v, 0x04, "padding", 7);
	put_tlv(&v, 0x04, "", 0);
	put_tlv(&v, 0x05, id, 128);
	put_tlv(&v, 0x30, "blue", 4);
	put_tlv(&v, 0xea, "\1vpce-0123", 10);
	put_tlv(&v, 0xe5, "ours", 4);
	put_tlv(&v, 0xf8, "future", 6);
	v2_end(&v);
	good(v.b, v.n, &h);
	assert_int_equal(h.n_tlvs, 9);
	assert_int_equal(h.has, PROXY_HAS_ADDRS);
	bytes_are(&h.alpn, "http/1.1");
	bytes_are(&h.authority, "example.com");
	bytes_are(&h.unique_id, id);
	bytes_are(&h.netns, "blue");
	bytes_are(&h.vpce, "vpce-0123");
}

/* The first of each type counts; another subtype of 0xEA is not an endpoint. */
static void
repeated_tlvs(void **state)
{
	struct proxy_header h;
	struct built v;

	(void)state;
	v2_tcp4(&v);
	put_tlv(&v, 0x02, "", 0);
	put_tlv(&v, 0x02, "second", 6);
	put_tlv(&v, 0xea, "", 0);
	put_tlv(&v, 0xea, "\2other", 6);
	put_tlv(&v, 0xea, "\1first", 6);
	put_tlv(&v, 0xea, "\1second", 7);
	put_tlv(&v, 0x20, "\1\0\0\0\0", 5);
	put_tlv(&v, 0x20, "\7\0\0\0\1", 5);
	v2_end(&v);
	good(v.b, v.n, &h);
	assert_non_null(h.authority.p);
	assert_int_equal(h.authority.n, 0);
	bytes_are(&h.vpce, "first");
	assert_int_equal(h.ssl_client, 1);
	assert_int_equal(h.ssl_verify, 0);
	assert_int_equal(h.n_tlvs, 8);
}

static void
tls(void **state)
{
	static const char *const texts[] = { "TLSv1.3", "Common Name",
		"AES128-GCM", "RSA-SHA256", "EC256", "X25519", "rsa_pss_rsae_sha256",
		"\x30\x03\x01" };
	struct proxy_header h;
	struct built v, s = { .n = 0 };

	(void)state;
	put(&s, "\7\0\0\1\2", 5);
	for (unsigned i = 0; i < N(texts); i++)
		put_tlv(&s, 0x21 + i, texts[i], strlen(texts[i]));
	put_tlv(&s, 0x2f, "later", 5);
	v2_tcp4(&v);
	put_tlv(&v, 0x20, s.b, s.n);
	v2_end(&v);
	good(v.b, v.n, &h);
	assert_int_equal(h.has, PROXY_HAS_ADDRS | PROXY_HAS_SSL);
	assert_int_equal(h.n_tlvs, 1);
	assert_int_equal(h.ssl_client, 7);
	assert_int_equal(h.ssl_verify, 0x102);
	bytes_are(&h.ssl_version, texts[0]);
	bytes_are(&h.ssl_cn, texts[1]);
	bytes_are(&h.ssl_cipher, texts[2]);
	bytes_are(&h.ssl_sig_alg, texts[3]);
	bytes_are(&h.ssl_key_alg, texts[4]);
	bytes_are(&h.ssl_group, texts[5]);
	bytes_are(&h.ssl_sig_scheme, texts[6]);
	bytes_are(&h.ssl_cert, texts[7]);
	/* The client did not come by TLS. */
	v2_tcp4(&v);
	put_tlv(&v, 0x20, "\0\0\0\0\1", 5);
	v2_end(&v);
	good(v.b, v.n, &h);
	assert_int_equal(h.has, PROXY_HAS_ADDRS);
	assert_int_equal(h.ssl_verify, 1);
}

static void
bad_tlvs(void **state)
{
	static const char ssl_overrun[] = "a field of its TLS field is longer than that";
	static const struct {
		const char	*bytes;
		size_t		 n;
		const char	*why;
	} rows[] = {
		{ "\x01", 1, "a field is longer than the header" },
		{ "\x01\0", 2, "a field is longer than the header" },
		{ "\x01\0\1", 3, "a field is longer than the header" },
		{ "\x01\0\5abcd", 7, "a field is longer than the header" },
		{ "\x04\xff\xff", 3, "a field is longer than the header" },
		{ "\x01\0\1h\x02\0", 6, "a field is longer than the header" },
		{ "\x03\0\3abc", 6, "its CRC32C has not 4 bytes" },
		{ "\x03\0\5abcde", 8, "its CRC32C has not 4 bytes" },
		{ "\x03\0\0", 3, "its CRC32C has not 4 bytes" },
		{ "\x03\0\4abcd", 7, "wrong CRC32C" },
		{ "\x20\0\0", 3, "its TLS field is too short" },
		{ "\x20\0\4\1\0\0\0", 7, "its TLS field is too short" },
		{ "\x20\0\6\1\0\0\0\0\x21", 9, ssl_overrun },
		{ "\x20\0\x08\1\0\0\0\0\x21\0\1\x04\0\0", 14, ssl_overrun },
		{ "\x20\0\x09\1\0\0\0\0\x21\0\2a", 12, ssl_overrun },
	};
	uint8_t id[129] = { 0 };
	struct built v;

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		v2_tcp4(&v);
		put(&v, rows[i].bytes, rows[i].n);
		v2_end(&v);
		/* Data behind it do not make it whole. */
		put(&v, "abcdefghijklmnop", 16);
		bad_bytes(v.b, v.n, rows[i].why);
	}
	v2_tcp4(&v);
	put_tlv(&v, 0x05, id, sizeof(id));
	v2_end(&v);
	bad_bytes(v.b, v.n, "its unique id is longer than 128 bytes");
}

static void
put_crc(struct built *v, size_t field)
{
	uint32_t crc;

	memset(v->b + field, 0, 4);
	crc = crc32c_slow(v->b, v->n);
	for (unsigned i = 0; i < 4; i++)
		v->b[field + i] = (uint8_t)(crc >> (24 - 8 * i));
}

/* Wherever it stands; and each changed bit of the header is seen. */
static void
checksums(void **state)
{
	static const char nines[] = "123456789";
	struct proxy_header h;
	struct built v;
	size_t field;

	(void)state;
	/* The check value of CRC-32/ISCSI. */
	assert_int_equal(crc32c_slow((const uint8_t *)nines, 9), 0xe3069283);
	for (unsigned before = 0; before < 3; before++) {
		v2_tcp4(&v);
		for (unsigned i = 0; i < before; i++)
			put_tlv(&v, 0x02, "name", 4);
		field = v.n + 3;
		put_tlv(&v, 0x03, "\0\0\0\0", 4);
		put_tlv(&v, 0x05, "id", before);
		v2_end(&v);
		put_crc(&v, field);
		good(v.b, v.n, &h);
		assert_int_equal(h.has, PROXY_HAS_ADDRS | PROXY_HAS_CRC);
		for (size_t bit = 16 * 8; bit < 28 * 8; bit++) {
			v.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
			bad_bytes(v.b, v.n, "wrong CRC32C");
			v.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		for (size_t bit = field * 8; bit < field * 8 + 32; bit++) {
			v.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
			bad_bytes(v.b, v.n, "wrong CRC32C");
			v.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		good(v.b, v.n, &h);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors),
		cmocka_unit_test(lines),
		cmocka_unit_test(unknown_lines),
		cmocka_unit_test(bad_lines),
		cmocka_unit_test(no_headers),
		cmocka_unit_test(families),
		cmocka_unit_test(unspecified),
		cmocka_unit_test(local),
		cmocka_unit_test(bad_fixed_parts),
		cmocka_unit_test(every_tlv),
		cmocka_unit_test(repeated_tlvs),
		cmocka_unit_test(tls),
		cmocka_unit_test(bad_tlvs),
		cmocka_unit_test(checksums),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
