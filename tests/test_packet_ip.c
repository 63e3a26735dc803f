/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_packet_ip.c - IPv4 and IPv6: lengths, options, extension headers and
 * fragments.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/build_packet.h"

static struct build b;
static struct packet p;
static const struct layer *const l = &p.layer[0];

static const char v6a[] = "2001:db8::1", v6b[] = "2001:db8::2";

static void
expect_fault(enum outcome outcome, const char *why)
{
	assert_non_null(p.why);
	assert_string_equal(p.why, why);
	assert_int_equal(p.outcome, outcome);
}

static void
expect_ok(void)
{
	assert_null(p.why);
	assert_int_equal(p.outcome, DEC_OK);
	assert_int_equal(p.n_layers, 1);
}

static void
expect_tuple(const char *src, const char *dst, unsigned proto, unsigned sport,
    unsigned dport)
{
	struct addr a;

	assert_true(addr_parse(src, &a));
	assert_true(addr_eq(&l->t.src, &a));
	assert_true(addr_parse(dst, &a));
	assert_true(addr_eq(&l->t.dst, &a));
	assert_int_equal(l->t.proto, proto);
	assert_int_equal(l->t.sport, sport);
	assert_int_equal(l->t.dport, dport);
}

/* The bytes of RFC 791's fields, laid down by hand. */
static void
ip4_fields(void **state)
{
	static const uint8_t frame[] = {
		0x45, 0xb8, 0x00, 0x1d, 0xca, 0xfe, 0x40, 0x00,
		0x3f, 0x11, 0x00, 0x00, 0xc0, 0x00, 0x02, 0x01,
		0xcb, 0x00, 0x71, 0xfe, 0x30, 0x39, 0x00, 0x35,
		0x00, 0x09, 0x00, 0x00, 0x5a,
	};

	(void)state;
	build_begin(&b);
	build_bytes(&b, frame, sizeof(frame));
	build_decode(&b, &p);
	expect_ok();
	expect_tuple("192.0.2.1", "203.0.113.254", PROTO_UDP, 12345, 53);
	assert_int_equal(l->kind, LAYER_IP);
	assert_int_equal(l->ttl, 63);
	assert_int_equal(l->ip_id, 0xcafe);
	assert_int_equal(l->ip_len, 29);
	assert_int_equal(l->l3_cap, 29);
	assert_int_equal(l->has, HAS_PORTS | HAS_L4);
	assert_int_equal(l->payload_len, 1);
	assert_int_equal(l->payload[0], 0x5a);
}

static void
ip6_fields(void **state)
{
	static const uint8_t frame[] = {
		0x6b, 0x81, 0x23, 0x45, 0x00, 0x09, 0x11, 0x3f,
		0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x01,
		0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02,
		0x30, 0x39, 0x00, 0x35, 0x00, 0x09, 0x00, 0x00, 0x5a,
	};

	(void)state;
	build_begin(&b);
	build_bytes(&b, frame, sizeof(frame));
	build_decode(&b, &p);
	expect_ok();
	expect_tuple(v6a, v6b, PROTO_UDP, 12345, 53);
	assert_int_equal(l->ttl, 63);
	assert_int_equal(l->ip_id, 0);
	assert_int_equal(l->ip_len, 49);
	assert_int_equal(l->has, HAS_PORTS | HAS_L4);
	assert_int_equal(l->payload_len, 1);
}

static void
ip4_options(void **state)
{
	static const uint8_t options[40] = { 0x94, 4, 0, 0, 1, 1, 1, 1 };

	(void)state;
	for (unsigned n = 0; n <= 40; n += 4) {
		build_begin(&b);
		build_eth(&b);
		build_ip(&b, .options = options, .n_options = n);
		build_tcp(&b, .sport = 1, .dport = 2, .seq = 3);
		build_finish(&b);
		build_decode(&b, &p);
		expect_ok();
		expect_tuple("10.0.0.1", "10.0.0.2", PROTO_TCP, 1, 2);
		assert_int_equal(l->ip_len, 40 + n);
		if (n == 0)
			continue;
		/* Cut in the options: the addresses are known. */
		build_decode_cut(&b, &p, 14 + 20 + n - 1);
		expect_fault(DEC_TRUNCATED, "capture ends inside the IPv4 options");
		assert_int_equal(p.n_layers, 1);
		expect_tuple("10.0.0.1", "10.0.0.2", PROTO_TCP, 0, 0);
		assert_int_equal(l->has, 0);
	}
}

/* Offload leaves the length 0; the frame's own then counts. */
static void
ip4_length_zero(void **state)
{
	(void)state;
	build_begin(&b);
	build_eth(&b);
	build_ip(&b);
	build_tcp(&b, .sport = 1, .dport = 2);
	build_fill(&b, 70000 - 54, 1);
	build_finish(&b);
	assert_int_equal(build_at(&b, B_IP4)[2], 0);
	build_decode(&b, &p);
	expect_ok();
	assert_int_equal(l->ip_len, 70000 - 14);
	assert_int_equal(l->payload_len, 70000 - 54);
	/* With a snap length too. */
	build_decode_cut(&b, &p, 96);
	expect_ok();
	assert_int_equal(l->ip_len, 70000 - 14);
	assert_int_equal(l->payload_len, 70000 - 54);
	assert_int_equal(l->payload_cap, 96 - 54);
	assert_int_equal(l->l3_cap, 96 - 14);
}

static void
ip6_length_zero(void **state)
{
	(void)state;
	build_begin(&b);
	build_eth(&b);
	build_ip(&b, .src = v6a, .dst = v6b);
	build_tcp(&b, .sport = 1, .dport = 2);
	build_fill(&b, 70000 - 74, 1);
	build_finish(&b);
	build_decode_cut(&b, &p, 96);
	expect_ok();
	assert_int_equal(l->ip_len, 70000 - 14);
	assert_int_equal(l->payload_len, 70000 - 74);

	/* Nothing inside and 6 bytes of padding is no such packet. */
	build_begin(&b);
	build_eth(&b);
	build_ip(&b, .src = v6a, .dst = v6b, .proto = 59);
	build_finish(&b);
	build_pad(&b, 60);
	build_decode(&b, &p);
	expect_ok();
	assert_int_equal(l->ip_len, 40);
	assert_int_equal(l->payload_len, 0);
	assert_int_equal(l->l3_cap, 40);
}

static void
ip4_lengths_that_cannot_be(void **state)
{
	(void)state;
	build_begin(&b);
	build_eth(&b);
	build_ip(&b);
	build_udp(&b, 1, 2);
	build_fill(&b, 40, 1);
	build_finish(&b);

	/* More than the frame: the frame counts, the rest is still read. */
	build_at(&b, B_IP4)[3]++;
	build_decode(&b, &p);
	expect_fault(DEC_MALFORMED, "IP length exceeds the frame");
	assert_int_equal(p.n_layers, 1);
	assert_int_equal(l->ip_len, 68);
	assert_int_equal(l->t.dport, 2);
	assert_int_equal(l->payload_len, 40);
	/* Cut by the capture besides: the first fault decides. */
	build_decode_cut(&b, &p, 14 + 24);
	expect_fault(DEC_MALFORMED, "IP length exceeds the frame");
	assert_int_equal(l->has, HAS_PORTS);

	build_at(&b, B_IP4)[3] = 19;
	build_decode(&b, &p);
	expect_fault(DEC_MALFORMED, "IPv4 total length below its header length");
	assert_int_equal(p.n_layers, 0);

	build_at(&b, B_IP4)[3] = 20;
	build_decode(&b, &p);
	expect_fault(DEC_MALFORMED, "packet is too short for the UDP header");
	assert_int_equal(p.n_layers, 1);

	for (unsigned first = 0; first < 256; first++) {
		if (first >= 0x45 && first <= 0x4f)
			continue;
		build_at(&b, B_IP4)[0] = (uint8_t)first;
		build_decode(&b, &p);
		expect_fault(DEC_MALFORMED, first >> 4 == 4 ?
		    "IPv4 header length below 20" :
		    "IPv4 header with another version");
		assert_int_equal(p.n_layers, 0);
	}
}

static void
ip6_lengths_that_cannot_be(void **state)
{
	(void)state;
	build_begin(&b);
	build_eth(&b);
	build_ip(&b, .src = v6a, .dst = v6b);
	build_udp(&b, 1, 2);
	build_finish(&b);
	build_at(&b, B_IP6)[5]++;
	build_decode(&b, &p);
	expect_fault(DEC_MALFORMED, "IP length exceeds the frame");
	assert_int_equal(l->ip_len, 48);
	assert_int_equal(l->t.dport, 2);

	build_at(&b, B_IP6)[0] = 0x40;
	build_decode(&b, &p);
	expect_fault(DEC_MALFORMED, "IPv6 header with another version");
	assert_int_equal(p.n_layers, 0);
}

static void
ip_header_cut(void **state)
{
	(void)state;
	build_begin(&b);
	build_eth(&b);
	build_ip(&b);
	build_udp(&b, 1, 2);
	build_finish(&b);
	build_decode_cut(&b, &p, 14 + 19);
	expect_fault(DEC_TRUNCATED, "capture ends inside the IPv4 header");
	assert_int_equal(p.n_layers, 0);

	build_begin(&b);
	build_eth(&b);
	build_ip(&b, .src = v6a, .dst = v6b);
	build_udp(&b, 1, 2);
	build_finish(&b);
	build_decode_cut(&b, &p, 14 + 39);
	expect_fault(DEC_TRUNCATED, "capture ends inside the IPv6 header");
	assert_int_equal(p.n_layers, 0);
}

static void
ip4_fragments(void **state)
{
	(void)state;
	/* The first carries the ports; its UDP length is the datagram's. */
	build_begin(&b);
	build_eth(&b);
	build_ip(&b, .id = 77, .more = true);
	build_udp(&b, 1, 2);
	build_fill(&b, 1472, 1);
	build_finish(&b);
	build_at(&b, B_UDP)[4] = 0x20;
	build_decode(&b, &p);
	expect_ok();
	expect_tuple("10.0.0.1", "10.0.0.2", PROTO_UDP, 1, 2);
	assert_int_equal(l->has, HAS_PORTS | HAS_L4 | IS_FRAG);
	assert_int_equal(l->ip_id, 77);
	assert_int_equal(l->payload_len, 1472);

	for (unsigned more = 0; more < 2; more++) {
		build_begin(&b);
		build_eth(&b);
		build_ip(&b, .id = 77, .offset = 1480, .more = more,
		    .proto = PROTO_UDP);
		build_fill(&b, 800, 2);
		build_finish(&b);
		build_decode(&b, &p);
		expect_ok();
		expect_tuple("10.0.0.1", "10.0.0.2", PROTO_UDP, 0, 0);
		assert_int_equal(l->has, IS_FRAG | IS_FRAG_LATER);
		assert_int_equal(l->payload_len, 800);
		assert_int_equal(l->payload - l->l3, 20);
		/* It has no header that a cut could take away. */
		build_decode_cut(&b, &p, 14 + 20);
		expect_ok();
		assert_int_equal(l->payload_len, 800);
		assert_int_equal(l->payload_cap, 0);
	}

	/* After the last offset there is, 8 bytes are one too many. */
	build_begin(&b);
	build_ip(&b, .offset = 65528, .proto = PROTO_ICMP);
	build_fill(&b, 8, 2);
	build_finish(&b);
	build_decode(&b, &p);
	expect_fault(DEC_MALFORMED, "fragment beyond 65535 bytes");
	build_cut(&b, b.n - 1);
	build_finish(&b);
	build_decode(&b, &p);
	expect_ok();
}

/* RFC 1858: a first fragment too small for the header inside. */
static void
tiny_fragment(void **state)
{
	(void)state;
	build_begin(&b);
	build_ip(&b, .more = true, .proto = PROTO_TCP);
	build_bytes(&b, "\0\1\0\2\0\0\0\0", 8);
	build_finish(&b);
	build_decode(&b, &p);
	expect_fault(DEC_MALFORMED, "first fragment ends inside a header");
	expect_tuple("10.0.0.1", "10.0.0.2", PROTO_TCP, 1, 2);
	assert_int_equal(l->has, HAS_PORTS | IS_FRAG);
}

static void
dont_fragment_is_none(void **state)
{
	(void)state;
	build_begin(&b);
	build_ip(&b);
	build_udp(&b, 1, 2);
	build_finish(&b);
	build_at(&b, B_IP4)[6] = 0xc0;	/* reserved and DF */
	build_decode(&b, &p);
	expect_ok();
	assert_int_equal(l->has, HAS_PORTS | HAS_L4);
}

static void
ip6_extensions(void **state)
{
	static const unsigned types[] = { 0, 43, 60, 135, 139, 140 };

	(void)state;
	for (unsigned i = 0; i < 6; i++)
		for (unsigned units = 0; units < 256; units += 51) {
			build_begin(&b);
			build_ip(&b, .src = v6a, .dst = v6b);
			build_ext(&b, types[i], units);
			build_tcp(&b, .sport = 1, .dport = 2);
			build_finish(&b);
			build_decode(&b, &p);
			expect_ok();
			expect_tuple(v6a, v6b, PROTO_TCP, 1, 2);
			assert_int_equal(l->ip_len, b.n);
			assert_int_equal(l->payload_len, 0);
			/* Cut in the extension. */
			for (unsigned n = 40; n < 48 + units * 8; n += 7) {
				build_decode_cut(&b, &p, n);
				expect_fault(DEC_TRUNCATED, "capture ends "
				    "inside the IPv6 extension header");
				assert_int_equal(p.n_layers, 1);
				assert_int_equal(l->has, 0);
			}
		}
}

static void
ip6_extension_chain(void **state)
{
	(void)state;
	build_begin(&b);
	build_ip(&b, .src = v6a, .dst = v6b);
	build_ext(&b, 0, 0);
	build_ext(&b, 60, 1);
	build_ext(&b, 43, 2);
	build_frag6(&b, 0, false, 9);
	build_ah(&b);
	build_ext(&b, 60, 0);
	build_udp(&b, 1, 2);
	build_text(&b, "xyz");
	build_finish(&b);
	build_decode(&b, &p);
	expect_ok();
	expect_tuple(v6a, v6b, PROTO_UDP, 1, 2);
	assert_int_equal(l->payload_len, 3);
	assert_memory_equal(l->payload, "xyz", 3);

	/* A length that runs out of the packet. */
	build_at(&b, B_EXT)[1] = 200;
	build_decode(&b, &p);
	expect_fault(DEC_MALFORMED,
	    "packet is too short for the IPv6 extension header");
	assert_int_equal(p.n_layers, 1);
	build_at(&b, B_AH)[1] = 200;
	build_decode(&b, &p);
	expect_fault(DEC_MALFORMED,
	    "packet is too short for the authentication header");
}

/* As many as a packet holds; the walk must end. */
static void
ip6_extension_flood(void **state)
{
	(void)state;
	build_begin(&b);
	build_ip(&b, .src = v6a, .dst = v6b, .proto = 60);
	for (unsigned i = 0; i < 8000; i++)
		build_bytes(&b, "\x3c\0\1\4\0\0\0\0", 8);
	build_finish(&b);
	build_decode(&b, &p);
	expect_fault(DEC_MALFORMED,
	    "packet is too short for the IPv6 extension header");
}

static void
ip6_end_of_chain(void **state)
{
	(void)state;
	build_begin(&b);
	build_ip(&b, .src = v6a, .dst = v6b);
	build_ext(&b, 60, 0);
	build_text(&b, "ignored");
	build_finish(&b);
	build_decode(&b, &p);
	expect_ok();
	expect_tuple(v6a, v6b, 59, 0, 0);
	assert_int_equal(l->has, HAS_L4);

	/* ESP ends it too; SPI and sequence are payload. */
	build_begin(&b);
	build_ip(&b, .src = v6a, .dst = v6b);
	build_ext(&b, 60, 0);
	build_at(&b, B_EXT)[0] = PROTO_ESP;
	build_text(&b, "SPI_SEQ_secret");
	build_finish(&b);
	build_decode(&b, &p);
	expect_ok();
	expect_tuple(v6a, v6b, PROTO_ESP, 0, 0);
	assert_int_equal(l->payload_len, 14);
	assert_memory_equal(l->payload, "SPI_SEQ_", 8);
}

static void
ip6_fragments(void **state)
{
	(void)state;
	build_begin(&b);
	build_ip(&b, .src = v6a, .dst = v6b);
	build_frag6(&b, 0, true, 0xdeadbeef);
	build_udp(&b, 1, 2);
	build_fill(&b, 1000, 1);
	build_finish(&b);
	build_at(&b, B_UDP)[4] = 0x20;
	build_decode(&b, &p);
	expect_ok();
	expect_tuple(v6a, v6b, PROTO_UDP, 1, 2);
	assert_int_equal(l->has, HAS_PORTS | HAS_L4 | IS_FRAG);
	assert_int_equal(l->ip_id, 0xdeadbeef);
	assert_int_equal(l->payload_len, 1000);

	build_begin(&b);
	build_ip(&b, .src = v6a, .dst = v6b);
	build_frag6(&b, 1008, false, 0xdeadbeef);
	build_fill(&b, 500, 1);
	build_finish(&b);
	build_at(&b, B_FRAG6)[0] = PROTO_UDP;
	build_decode(&b, &p);
	expect_ok();
	expect_tuple(v6a, v6b, PROTO_UDP, 0, 0);
	assert_int_equal(l->has, IS_FRAG | IS_FRAG_LATER);
	assert_int_equal(l->ip_id, 0xdeadbeef);
	assert_int_equal(l->payload_len, 500);

	/* Atomic, RFC 6946: whole, but it has an id. */
	build_begin(&b);
	build_ip(&b, .src = v6a, .dst = v6b);
	build_frag6(&b, 0, false, 5);
	build_udp(&b, 1, 2);
	build_finish(&b);
	build_decode(&b, &p);
	expect_ok();
	assert_int_equal(l->has, HAS_PORTS | HAS_L4);
	assert_int_equal(l->ip_id, 5);
	/* An atomic fragment is no excuse for a wrong length. */
	build_at(&b, B_UDP)[5] = 9;
	build_decode(&b, &p);
	expect_fault(DEC_MALFORMED, "UDP length exceeds the IP packet");
}

static void
jumbogram_build(uint32_t payload, uint32_t claim)
{
	uint8_t *o;

	build_begin(&b);
	build_ip(&b, .src = v6a, .dst = v6b);
	build_ext(&b, 0, 0);
	o = build_at(&b, B_EXT) + 2;
	o[0] = 0xc2;
	o[1] = 4;
	o[2] = (uint8_t)(claim >> 24);
	o[3] = (uint8_t)(claim >> 16);
	o[4] = (uint8_t)(claim >> 8);
	o[5] = (uint8_t)claim;
	build_udp(&b, 1, 2);
	build_fill(&b, payload - 16, 1);
	build_finish(&b);
}

static void
ip6_jumbogram(void **state)
{
	(void)state;
	/* RFC 2675: both lengths 0. */
	jumbogram_build(66000, 66000);
	assert_int_equal(build_at(&b, B_UDP)[4], 0);
	build_decode(&b, &p);
	expect_ok();
	assert_int_equal(l->ip_len, 66040);
	assert_int_equal(l->payload_len, 66000 - 16);
	/* The option ends the packet, not the frame. */
	build_pad(&b, 66050);
	build_decode(&b, &p);
	expect_ok();
	assert_int_equal(l->ip_len, 66040);
	assert_int_equal(l->l3_cap, 66040);
	assert_int_equal(l->payload_len, 66000 - 16);
	build_decode_cut(&b, &p, 100);
	expect_ok();
	assert_int_equal(l->payload_len, 66000 - 16);
	assert_int_equal(l->payload_cap, 100 - 56);

	/* Behind padding, in a longer header; only the first one counts. */
	build_begin(&b);
	build_ip(&b, .src = v6a, .dst = v6b);
	build_ext(&b, 0, 1);
	memcpy(build_at(&b, B_EXT) + 2,
	    "\0\0\0\1\1\0\xc2\4\0\1\x01\xd8\0\0", 14);
	build_ext(&b, 0, 0);
	memcpy(build_at(&b, B_EXT) + 2, "\xc2\4\0\1\0\0", 6);
	build_fill(&b, 66008 - 24, 1);
	build_finish(&b);
	build_decode(&b, &p);
	expect_ok();
	assert_int_equal(l->ip_len, 40 + 0x101d8);

	jumbogram_build(66000, 66001);
	build_decode(&b, &p);
	expect_fault(DEC_MALFORMED, "jumbo payload length that the frame belies");
	assert_int_equal(l->t.dport, 2);

	jumbogram_build(66000, 65535);
	build_decode(&b, &p);
	expect_fault(DEC_MALFORMED, "jumbo payload length below 65536");

	jumbogram_build(600, 66000);
	build_decode(&b, &p);
	expect_fault(DEC_MALFORMED, "jumbogram with a payload length");
}

static void
ip6_other_option(void **state)
{
	(void)state;
	build_begin(&b);
	build_ip(&b, .src = v6a, .dst = v6b);
	build_ext(&b, 0, 0);
	memcpy(build_at(&b, B_EXT) + 2, "\x1e\4\0\1\2\3", 6);
	build_udp(&b, 1, 2);
	build_finish(&b);
	build_decode(&b, &p);
	expect_ok();
	assert_int_equal(l->ip_len, 56);
}

static void
ip4_authentication_header(void **state)
{
	(void)state;
	build_begin(&b);
	build_ip(&b);
	build_ah(&b);
	build_tcp(&b, .sport = 1, .dport = 2);
	build_text(&b, "ab");
	build_finish(&b);
	build_decode(&b, &p);
	expect_ok();
	expect_tuple("10.0.0.1", "10.0.0.2", PROTO_TCP, 1, 2);
	assert_int_equal(l->payload_len, 2);
	build_decode_cut(&b, &p, 20 + 23);
	expect_fault(DEC_TRUNCATED,
	    "capture ends inside the authentication header");
	assert_int_equal(p.n_layers, 1);
}

static void
other_protocols(void **state)
{
	static const struct {
		unsigned	 proto;
		const char	*why;
	} rows[] = {
		{ 2, "IP protocol 2, IGMP" },
		{ 89, "IP protocol 89, OSPF" },
		{ 112, "IP protocol 112, VRRP" },
		{ 200, "IP protocol that is not read" },
		{ 43, "IP protocol that is not read" },	/* IPv6's only */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		build_begin(&b);
		build_eth(&b);
		build_ip(&b, .dst = "224.0.0.5", .ttl = 1,
		    .proto = rows[i].proto);
		build_text(&b, "hello");
		build_finish(&b);
		build_decode(&b, &p);
		expect_fault(DEC_UNKNOWN, rows[i].why);
		assert_int_equal(p.n_layers, 1);
		expect_tuple("10.0.0.1", "224.0.0.5", rows[i].proto, 0, 0);
		assert_int_equal(l->ttl, 1);
		assert_int_equal(l->has, HAS_L4);
		assert_int_equal(l->payload_len, 5);
	}
	build_begin(&b);
	build_ip(&b, .proto = PROTO_ESP);
	build_text(&b, "SPI_SEQ_secret");
	build_finish(&b);
	build_decode(&b, &p);
	expect_ok();
	assert_int_equal(l->payload_len, 14);
}

/* Every reason names its number, and the table of them is complete. */
static void
protocol_reasons(void **state)
{
	unsigned named = 0, number;

	(void)state;
	for (unsigned proto = 0; proto < 256; proto++) {
		build_begin(&b);
		build_ip(&b, .proto = proto);
		build_fill(&b, 40, 1);
		build_finish(&b);
		build_decode(&b, &p);
		if (p.outcome != DEC_UNKNOWN || l->has != HAS_L4 ||
		    sscanf(p.why, "IP protocol %u,", &number) != 1)
			continue;
		assert_int_equal(number, proto);
		named++;
	}
	assert_int_equal(named, 7);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ip4_fields),
		cmocka_unit_test(ip6_fields),
		cmocka_unit_test(ip4_options),
		cmocka_unit_test(ip4_length_zero),
		cmocka_unit_test(ip6_length_zero),
		cmocka_unit_test(ip4_lengths_that_cannot_be),
		cmocka_unit_test(ip6_lengths_that_cannot_be),
		cmocka_unit_test(ip_header_cut),
		cmocka_unit_test(ip4_fragments),
		cmocka_unit_test(tiny_fragment),
		cmocka_unit_test(dont_fragment_is_none),
		cmocka_unit_test(ip6_extensions),
		cmocka_unit_test(ip6_extension_chain),
		cmocka_unit_test(ip6_extension_flood),
		cmocka_unit_test(ip6_end_of_chain),
		cmocka_unit_test(ip6_fragments),
		cmocka_unit_test(ip6_jumbogram),
		cmocka_unit_test(ip6_other_option),
		cmocka_unit_test(ip4_authentication_header),
		cmocka_unit_test(other_protocols),
		cmocka_unit_test(protocol_reasons),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
