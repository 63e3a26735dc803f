/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_packet_transport.c - TCP, UDP, SCTP, ICMP and ICMPv6, and the packets
 * that ICMP errors report.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/build_packet.h"

static struct build b, inner;
static struct packet p;
static const struct layer *const l = &p.layer[0];

static const char *const pairs[2][2] = {
	{ "10.0.0.1", "10.0.0.2" }, { "2001:db8::1", "2001:db8::2" },
};

static void
expect_fault(enum outcome outcome, const char *why)
{
	assert_non_null(p.why);
	assert_string_equal(p.why, why);
	assert_int_equal(p.outcome, outcome);
	assert_int_equal(p.n_layers, 1);
}

static void
expect_ok(void)
{
	assert_null(p.why);
	assert_int_equal(p.outcome, DEC_OK);
	assert_int_equal(p.n_layers, 1);
}

static void
expect_ports(unsigned sport, unsigned dport)
{
	assert_true(l->has & HAS_PORTS);
	assert_int_equal(l->t.sport, sport);
	assert_int_equal(l->t.dport, dport);
}

static void
tcp_fields(void **state)
{
	static const uint8_t frame[] = {
		0x45, 0, 0, 0x2a, 0, 1, 0x40, 0, 64, 6, 0, 0,
		10, 0, 0, 1, 10, 0, 0, 2,
		0xd4, 0x31, 0x01, 0xbb, 0x01, 0x23, 0x45, 0x67,
		0x89, 0xab, 0xcd, 0xef, 0x50, 0x18, 0xfa, 0xf0,
		0, 0, 0, 0, 'h', 'i',
	};

	(void)state;
	build_begin(&b);
	build_bytes(&b, frame, sizeof(frame));
	build_decode(&b, &p);
	expect_ok();
	expect_ports(54321, 443);
	assert_int_equal(l->seq, 0x01234567);
	assert_int_equal(l->ack, 0x89abcdef);
	assert_int_equal(l->tcp_flags, TCP_PSH | TCP_ACK);
	assert_int_equal(l->has, HAS_PORTS | HAS_TCP | HAS_L4);
	assert_int_equal(l->payload_len, 2);
	assert_memory_equal(l->payload, "hi", 2);
}

static void
tcp_timestamps(void **state)
{
	/* As Linux lays them out in a SYN, and with END at the end. */
	static const uint8_t syn[] = {
		2, 4, 5, 0xb4, 4, 2, 8, 10, 0xa, 0xb, 0xc, 0xd, 0, 0, 0, 9,
		1, 3, 3, 7,
	};
	static const uint8_t last[] = {
		8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0xff,
	};
	static const uint8_t after_end[] = {
		1, 0, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2,
	};
	static const uint8_t other_size[] = { 8, 4, 1, 1, 8, 2, 1, 1 };

	(void)state;
	build_begin(&b);
	build_ip(&b);
	build_tcp(&b, .flags = TCP_ACK, .ts_val = 0x01020304,
	    .ts_ecr = 0xfffefdfc);
	build_finish(&b);
	build_decode(&b, &p);
	expect_ok();
	assert_int_equal(l->has, HAS_PORTS | HAS_TCP | HAS_TCP_TS | HAS_L4);
	assert_int_equal(l->ts_val, 0x01020304);
	assert_int_equal(l->ts_ecr, 0xfffefdfc);

	build_begin(&b);
	build_ip(&b);
	build_tcp(&b, .flags = TCP_SYN, .options = syn, .n_options = 20);
	build_finish(&b);
	build_decode(&b, &p);
	expect_ok();
	assert_true(l->has & HAS_TCP_TS);
	assert_int_equal(l->ts_val, 0x0a0b0c0d);
	assert_int_equal(l->ts_ecr, 9);

	build_begin(&b);
	build_ip(&b);
	build_tcp(&b, .options = last, .n_options = 12);
	build_finish(&b);
	build_decode(&b, &p);
	expect_ok();
	assert_true(l->has & HAS_TCP_TS);
	assert_int_equal(l->ts_val, 1);

	/* Of two, the first. */
	build_begin(&b);
	build_ip(&b);
	build_tcp(&b, .ts_val = 5, .ts_ecr = 6, .options = last,
	    .n_options = 12);
	build_finish(&b);
	build_decode(&b, &p);
	expect_ok();
	assert_int_equal(l->ts_val, 5);

	build_begin(&b);
	build_ip(&b);
	build_tcp(&b, .options = after_end, .n_options = 12);
	build_finish(&b);
	build_decode(&b, &p);
	expect_ok();
	assert_false(l->has & HAS_TCP_TS);

	build_begin(&b);
	build_ip(&b);
	build_tcp(&b, .options = other_size, .n_options = 8);
	build_finish(&b);
	build_decode(&b, &p);
	expect_ok();
	assert_false(l->has & HAS_TCP_TS);
}

/* The fixed header and timestamps read before the bad option stay. */
static void
tcp_bad_options(void **state)
{
	static const uint8_t lengths[] = { 0, 1, 11, 255 };

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		uint8_t options[12] = { 2, 4, 1, 2, 5 };

		options[5] = lengths[i];
		build_begin(&b);
		build_ip(&b);
		build_tcp(&b, .sport = 7, .dport = 8, .seq = 9, .ts_val = 3,
		    .options = options, .n_options = 12);
		build_text(&b, "data");
		build_finish(&b);
		build_decode(&b, &p);
		expect_fault(DEC_MALFORMED, "TCP option length that cannot be");
		expect_ports(7, 8);
		assert_int_equal(l->has,
		    HAS_PORTS | HAS_TCP | HAS_TCP_TS | HAS_L4);
		assert_int_equal(l->ts_val, 3);
		assert_int_equal(l->payload_len, 4);
	}
	/* A kind without its length, as the last byte. */
	build_begin(&b);
	build_ip(&b);
	build_tcp(&b, .options = (const uint8_t *)"\1\1\1\5", .n_options = 4);
	build_finish(&b);
	build_decode(&b, &p);
	expect_fault(DEC_MALFORMED, "TCP option length that cannot be");
}

static void
tcp_bad_offset(void **state)
{
	(void)state;
	build_begin(&b);
	build_ip(&b);
	build_tcp(&b, .sport = 7, .dport = 8, .seq = 9);
	build_text(&b, "data");
	build_finish(&b);
	build_at(&b, B_TCP)[12] = 0x40;
	build_decode(&b, &p);
	expect_fault(DEC_MALFORMED, "TCP data offset below 5");
	expect_ports(7, 8);
	assert_int_equal(l->has, HAS_PORTS | HAS_TCP);
	assert_int_equal(l->seq, 9);

	build_at(&b, B_TCP)[12] = 0x70;
	build_decode(&b, &p);
	expect_fault(DEC_MALFORMED, "TCP data offset beyond the packet");
	expect_ports(7, 8);
	assert_int_equal(l->has, HAS_PORTS | HAS_TCP);
	assert_int_equal(l->payload_len, 0);
}

static void
tcp_cut(void **state)
{
	(void)state;
	build_begin(&b);
	build_ip(&b);
	build_tcp(&b, .sport = 7, .dport = 8, .ts_val = 5, .ts_ecr = 6);
	build_fill(&b, 100, 1);
	build_finish(&b);
	for (unsigned n = 20; n < 40; n++) {
		build_decode_cut(&b, &p, n);
		expect_fault(DEC_TRUNCATED, "capture ends inside the TCP header");
		assert_int_equal(l->has, n < 24 ? 0 : HAS_PORTS);
		assert_int_equal(l->t.dport, n < 24 ? 0 : 8);
	}
	for (unsigned n = 40; n < 52; n++) {
		build_decode_cut(&b, &p, n);
		expect_fault(DEC_TRUNCATED, "capture ends inside the TCP options");
		assert_int_equal(l->has & ~(uint32_t)HAS_TCP_TS, HAS_PORTS | HAS_TCP);
		/* What the headers say of the data is known all the same. */
		assert_int_equal(l->payload_len, 100);
		assert_int_equal(l->payload_cap, 0);
	}
	/* Timestamps that were captured although what follows was not. */
	build_begin(&b);
	build_ip(&b);
	build_tcp(&b, .sport = 7, .dport = 8, .ts_val = 5, .ts_ecr = 6,
	    .options = (const uint8_t[]){ 1, 1, 1, 0 }, .n_options = 4);
	build_fill(&b, 100, 1);
	build_finish(&b);
	build_decode_cut(&b, &p, 53);
	expect_fault(DEC_TRUNCATED, "capture ends inside the TCP options");
	assert_int_equal(l->has, HAS_PORTS | HAS_TCP | HAS_TCP_TS);
	assert_int_equal(l->ts_val, 5);

	build_begin(&b);
	build_ip(&b);
	build_tcp(&b, .sport = 7, .dport = 8, .ts_val = 5, .ts_ecr = 6);
	build_fill(&b, 100, 1);
	build_finish(&b);
	for (unsigned n = 52; n <= 152; n++) {
		build_decode_cut(&b, &p, n);
		expect_ok();
		assert_int_equal(l->has,
		    HAS_PORTS | HAS_TCP | HAS_TCP_TS | HAS_L4);
		assert_int_equal(l->payload_len, 100);
		assert_int_equal(l->payload_cap, n - 52);
		assert_int_equal(l->l3_cap, n);
	}
	build_cut(&b, 39);
	build_finish(&b);
	build_decode(&b, &p);
	expect_fault(DEC_MALFORMED, "packet is too short for the TCP header");
	expect_ports(7, 8);
}

static void
udp_lengths(void **state)
{
	(void)state;
	build_begin(&b);
	build_ip(&b);
	build_udp(&b, 7, 8);
	build_fill(&b, 20, 1);
	build_finish(&b);
	build_decode(&b, &p);
	expect_ok();
	expect_ports(7, 8);
	assert_int_equal(l->has, HAS_PORTS | HAS_L4);
	assert_int_equal(l->payload_len, 20);

	/* Shorter than IP's: what is left over is no payload. */
	build_at(&b, B_UDP)[5] = 12;
	build_decode(&b, &p);
	expect_ok();
	assert_int_equal(l->payload_len, 4);
	assert_int_equal(l->payload_cap, 4);
	build_decode_cut(&b, &p, 30);
	expect_ok();
	assert_int_equal(l->payload_len, 4);
	assert_int_equal(l->payload_cap, 2);

	build_at(&b, B_UDP)[5] = 8;
	build_decode(&b, &p);
	expect_ok();
	assert_int_equal(l->payload_len, 0);

	build_at(&b, B_UDP)[5] = 29;
	build_decode(&b, &p);
	expect_fault(DEC_MALFORMED, "UDP length exceeds the IP packet");
	assert_int_equal(l->payload_len, 20);
	for (unsigned n = 0; n < 8; n++) {
		build_at(&b, B_UDP)[5] = (uint8_t)n;
		build_decode(&b, &p);
		expect_fault(DEC_MALFORMED, "UDP length below 8");
		expect_ports(7, 8);
		assert_int_equal(l->payload_len, 20);
	}
	for (unsigned n = 20; n < 28; n++) {
		build_decode_cut(&b, &p, n);
		expect_fault(DEC_TRUNCATED, "capture ends inside the UDP header");
		assert_int_equal(l->has, n < 24 ? 0 : HAS_PORTS);
	}
}

static void
sctp(void **state)
{
	(void)state;
	build_begin(&b);
	build_ip(&b);
	build_sctp(&b, 36412, 38412, 0xfeedf00d);
	build_bytes(&b, "\0\3\0\x10", 4);
	build_finish(&b);
	build_decode(&b, &p);
	expect_ok();
	expect_ports(36412, 38412);
	assert_int_equal(l->has, HAS_PORTS | HAS_SCTP | HAS_L4);
	assert_int_equal(l->sctp_vtag, 0xfeedf00d);
	assert_int_equal(l->payload_len, 4);
	assert_int_equal(l->payload[1], 3);
	build_decode_cut(&b, &p, 31);
	expect_fault(DEC_TRUNCATED, "capture ends inside the SCTP header");
	expect_ports(36412, 38412);
	build_cut(&b, 31);
	build_finish(&b);
	build_decode(&b, &p);
	expect_fault(DEC_MALFORMED, "packet is too short for the SCTP header");
}

/* A reply is the exact reverse of its request. */
static void
icmp_queries(void **state)
{
	static const struct {
		unsigned version, request, reply;
	} rows[] = {
		{ 0, 8, 0 }, { 0, 13, 14 }, { 0, 15, 16 }, { 0, 17, 18 },
		{ 0, 42, 43 }, { 1, 128, 129 }, { 1, 160, 161 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *const *pair = pairs[rows[i].version];

		build_begin(&b);
		build_ip(&b, .src = pair[0], .dst = pair[1]);
		build_icmp(&b, rows[i].request, 0, 0x28320007);
		build_fill(&b, 56, 1);
		build_finish(&b);
		build_decode(&b, &p);
		expect_ok();
		expect_ports(0x2832, 0);
		assert_int_equal(l->icmp_seq, 7);
		assert_int_equal(l->icmp_type, rows[i].request);
		assert_int_equal(l->has,
		    HAS_PORTS | HAS_ICMP | HAS_ICMP_ECHO | HAS_L4);
		assert_int_equal(l->payload_len, 56);

		build_begin(&b);
		build_ip(&b, .src = pair[1], .dst = pair[0]);
		build_icmp(&b, rows[i].reply, 0, 0x28320007);
		build_finish(&b);
		build_decode(&b, &p);
		expect_ok();
		expect_ports(0, 0x2832);
		assert_int_equal(l->icmp_seq, 7);
		assert_int_equal(l->has, HAS_PORTS | HAS_ICMP | HAS_ICMP_ECHO |
		    HAS_L4 | IS_ECHO_REPLY);
	}
	/* An id of 0 is one too. */
	build_begin(&b);
	build_ip(&b);
	build_echo(&b, false, 0, 1);
	build_finish(&b);
	build_decode(&b, &p);
	expect_ports(0, 0);
}

static void
icmp_without_id(void **state)
{
	static const struct { unsigned version, type; } rows[] = {
		{ 0, 9 }, { 0, 10 }, { 0, 1 }, { 0, 128 }, { 1, 8 }, { 1, 127 },
		{ 1, 133 }, { 1, 134 }, { 1, 135 }, { 1, 136 }, { 1, 137 },
		{ 1, 143 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *const *pair = pairs[rows[i].version];

		build_begin(&b);
		build_ip(&b, .src = pair[0], .dst = pair[1], .ttl = 255);
		build_icmp(&b, rows[i].type, 5, 0);
		build_fill(&b, 16, 1);
		build_finish(&b);
		build_decode(&b, &p);
		expect_ok();
		assert_int_equal(l->has, HAS_ICMP | HAS_L4);
		assert_int_equal(l->icmp_type, rows[i].type);
		assert_int_equal(l->icmp_code, 5);
		assert_int_equal(l->payload_len, 16);
	}
}

static void
icmp_cut(void **state)
{
	(void)state;
	build_begin(&b);
	build_ip(&b);
	build_echo(&b, false, 1, 2);
	build_finish(&b);
	for (unsigned n = 20; n < 28; n++) {
		build_decode_cut(&b, &p, n);
		expect_fault(DEC_TRUNCATED, "capture ends inside the ICMP header");
		assert_int_equal(l->has, n < 22 ? 0 : HAS_ICMP);
	}
	build_cut(&b, 27);
	build_finish(&b);
	build_decode(&b, &p);
	expect_fault(DEC_MALFORMED, "packet is too short for the ICMP header");
}

/* Build an error about the first n bytes of `inner`. */
static void
error_about(unsigned version, unsigned type, uint32_t n)
{
	build_begin(&b);
	build_eth(&b);
	build_ip(&b, .src = version ? "2001:db8::ff" : "10.0.0.254",
	    .dst = version ? "2001:db8::77" : "10.0.0.77");
	build_icmp(&b, type, 1, 0);
	build_bytes(&b, inner.b, n);
	build_finish(&b);
	build_decode(&b, &p);
}

static void
expect_about(unsigned version, unsigned proto, unsigned sport, unsigned dport)
{
	struct addr a;

	assert_true(l->has & HAS_ERROR);
	assert_false(l->has & HAS_PORTS);
	assert_true(addr_parse(pairs[version][0], &a));
	assert_true(addr_eq(&l->about.src, &a));
	assert_true(addr_parse(pairs[version][1], &a));
	assert_true(addr_eq(&l->about.dst, &a));
	assert_int_equal(l->about.proto, proto);
	assert_int_equal(l->about.sport, sport);
	assert_int_equal(l->about.dport, dport);
}

static void
icmp_error_about_ports(void **state)
{
	static const unsigned types[2][5] = {
		{ 3, 4, 5, 11, 12 }, { 1, 2, 3, 4, 4 },
	};

	(void)state;
	for (unsigned v = 0; v < 2; v++)
		for (unsigned i = 0; i < 5; i++) {
			uint32_t ip = v ? 40 : 20;

			build_begin(&inner);
			build_ip(&inner, .src = pairs[v][0], .dst = pairs[v][1]);
			build_tcp(&inner, .sport = 41234, .dport = 443);
			build_fill(&inner, 500, 1);
			build_finish(&inner);
			/* Eight bytes of TCP are all that RFC 792 promises. */
			error_about(v, types[v][i], ip + 8);
			expect_ok();
			expect_about(v, PROTO_TCP, 41234, 443);
			assert_int_equal(l->about_has, HAS_PORTS);
			assert_int_equal(l->icmp_type, types[v][i]);
			assert_int_equal(l->payload_len, ip + 8);
			error_about(v, types[v][i], inner.n);
			expect_ok();
			expect_about(v, PROTO_TCP, 41234, 443);
		}
	build_begin(&inner);
	build_ip(&inner);
	build_udp(&inner, 1111, 53);
	build_finish(&inner);
	error_about(0, 3, 28);
	expect_about(0, PROTO_UDP, 1111, 53);
	build_begin(&inner);
	build_ip(&inner);
	build_sctp(&inner, 5, 6, 7);
	build_finish(&inner);
	error_about(0, 3, 28);
	expect_about(0, PROTO_SCTP, 5, 6);
}

static void
icmp_error_about_echo(void **state)
{
	(void)state;
	for (unsigned v = 0; v < 2; v++)
		for (unsigned reply = 0; reply < 2; reply++) {
			build_begin(&inner);
			build_ip(&inner, .src = pairs[v][0], .dst = pairs[v][1]);
			build_echo(&inner, reply, 10290, 3);
			build_finish(&inner);
			error_about(v, v ? 3 : 11, inner.n);
			expect_ok();
			expect_about(v, v ? PROTO_ICMPV6 : PROTO_ICMP,
			    reply ? 0 : 10290, reply ? 10290 : 0);
			assert_int_equal(l->about_has, HAS_PORTS);
		}
	/* ESP has neither ports nor id. */
	build_begin(&inner);
	build_ip(&inner, .proto = PROTO_ESP);
	build_fill(&inner, 40, 1);
	build_finish(&inner);
	error_about(0, 3, inner.n);
	expect_ok();
	expect_about(0, PROTO_ESP, 0, 0);
	assert_int_equal(l->about_has, 0);
	/* An error about an error has no id. */
	build_begin(&inner);
	build_ip(&inner);
	build_icmp(&inner, 3, 0, 0x12345678);
	build_finish(&inner);
	error_about(0, 3, inner.n);
	expect_ok();
	expect_about(0, PROTO_ICMP, 0, 0);
	assert_int_equal(l->about_has, 0);
}

static void
icmp_error_about_fragment(void **state)
{
	(void)state;
	build_begin(&inner);
	build_ip(&inner, .offset = 1480, .proto = PROTO_UDP);
	build_fill(&inner, 100, 1);
	build_finish(&inner);
	error_about(0, 11, 28);
	expect_ok();
	expect_about(0, PROTO_UDP, 0, 0);
	assert_int_equal(l->about_has, 0);
	assert_int_equal(l->has & (IS_FRAG | IS_FRAG_LATER), 0);

	build_begin(&inner);
	build_ip(&inner, .more = true);
	build_udp(&inner, 1, 2);
	build_finish(&inner);
	error_about(0, 11, 28);
	expect_ok();
	expect_about(0, PROTO_UDP, 1, 2);

	build_begin(&inner);
	build_ip(&inner, .src = pairs[1][0], .dst = pairs[1][1]);
	build_frag6(&inner, 1480, false, 9);
	build_fill(&inner, 100, 1);
	build_finish(&inner);
	build_at(&inner, B_FRAG6)[0] = PROTO_UDP;
	error_about(1, 2, inner.n);
	expect_ok();
	expect_about(1, PROTO_UDP, 0, 0);
	assert_int_equal(l->about_has, 0);
}

static void
icmp_error_about_extensions(void **state)
{
	(void)state;
	build_begin(&inner);
	build_ip(&inner, .src = pairs[1][0], .dst = pairs[1][1]);
	build_ext(&inner, 0, 0);
	build_ext(&inner, 60, 1);
	build_udp(&inner, 1, 2);
	build_finish(&inner);
	error_about(1, 3, inner.n);
	expect_ok();
	expect_about(1, PROTO_UDP, 1, 2);
	/* The capture cut in the extensions. */
	build_decode_cut(&b, &p, 14 + 40 + 8 + 40 + 12);
	expect_fault(DEC_TRUNCATED,
	    "capture ends inside the IPv6 extension header");
	expect_about(1, 60, 0, 0);
	error_about(1, 3, 48);
	build_decode_cut(&b, &p, b.n - 1);
	expect_fault(DEC_TRUNCATED,
	    "capture ends inside the IPv6 extension header");
	/* The reporter cut in the extensions: no fault, and no ports. */
	error_about(1, 3, 52);
	expect_ok();
	expect_about(1, 60, 0, 0);

	build_begin(&inner);
	build_ip(&inner);
	build_ah(&inner);
	build_udp(&inner, 1, 2);
	build_finish(&inner);
	error_about(0, 3, inner.n);
	expect_ok();
	expect_about(0, PROTO_UDP, 1, 2);

	/* IPv4 options that the reporter cut. */
	build_begin(&inner);
	build_ip(&inner, .options = (const uint8_t[40]){ 1 }, .n_options = 40);
	build_udp(&inner, 1, 2);
	build_finish(&inner);
	error_about(0, 3, 59);
	expect_ok();
	expect_about(0, PROTO_UDP, 0, 0);
	error_about(0, 3, 68);
	expect_ok();
	expect_about(0, PROTO_UDP, 1, 2);
}

static void
icmp_error_cut_short(void **state)
{
	(void)state;
	/* Too little of the transport header: by the reporter, no fault. */
	build_begin(&inner);
	build_ip(&inner);
	build_udp(&inner, 1, 2);
	build_finish(&inner);
	error_about(0, 3, 23);
	expect_ok();
	expect_about(0, PROTO_UDP, 0, 0);
	assert_int_equal(l->about_has, 0);
	/* Just the ports, and the capture cut the last byte of them. */
	error_about(0, 3, 24);
	expect_about(0, PROTO_UDP, 1, 2);
	build_decode_cut(&b, &p, b.n - 1);
	expect_fault(DEC_TRUNCATED,
	    "capture ends inside the packet that an ICMP error reports");
	/* No room for an IP header at all. */
	error_about(0, 3, 19);
	expect_fault(DEC_MALFORMED,
	    "packet is too short for the IP header that an ICMP error reports");
	assert_false(l->has & HAS_ERROR);
	error_about(0, 3, 0);
	expect_fault(DEC_MALFORMED,
	    "packet is too short for the IP header that an ICMP error reports");
	/* Not IP, or no header that IP can have. */
	for (unsigned first = 0; first < 256; first++) {
		if ((first >= 0x45 && first <= 0x4f) || first >> 4 == 6)
			continue;
		inner.b[0] = (uint8_t)first;
		error_about(0, 3, 28);
		expect_fault(DEC_MALFORMED,
		    "ICMP error about something that is not IP");
		assert_false(l->has & HAS_ERROR);
	}

	/* The same, cut by the capture. */
	inner.b[0] = 0x45;
	error_about(0, 3, 28);
	for (uint32_t n = 42; n < 42 + 24; n++) {
		build_decode_cut(&b, &p, n);
		expect_fault(DEC_TRUNCATED, n < 62 ? "capture ends inside the "
		    "IP header that an ICMP error reports" :
		    "capture ends inside the packet that an ICMP error reports");
		assert_int_equal(l->has & HAS_ERROR, n < 62 ? 0 : HAS_ERROR);
	}
	build_decode_cut(&b, &p, 66);
	expect_ok();
	expect_about(0, PROTO_UDP, 1, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tcp_fields),
		cmocka_unit_test(tcp_timestamps),
		cmocka_unit_test(tcp_bad_options),
		cmocka_unit_test(tcp_bad_offset),
		cmocka_unit_test(tcp_cut),
		cmocka_unit_test(udp_lengths),
		cmocka_unit_test(sctp),
		cmocka_unit_test(icmp_queries),
		cmocka_unit_test(icmp_without_id),
		cmocka_unit_test(icmp_cut),
		cmocka_unit_test(icmp_error_about_ports),
		cmocka_unit_test(icmp_error_about_echo),
		cmocka_unit_test(icmp_error_about_fragment),
		cmocka_unit_test(icmp_error_about_extensions),
		cmocka_unit_test(icmp_error_cut_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
