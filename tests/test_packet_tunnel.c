/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_packet_tunnel.c - tunnels: the layer inside, the layer outside, and
 * what only looks like a tunnel.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/build_packet.h"

static struct build b;
static struct packet p;

static const char out4a[] = "192.0.2.1", out4b[] = "192.0.2.2";
static const char out6a[] = "2001:db8:f::1", out6b[] = "2001:db8:f::2";

static void
expect_fault(enum outcome outcome, const char *why, unsigned n_layers)
{
	assert_non_null(p.why);
	assert_string_equal(p.why, why);
	assert_int_equal(p.outcome, outcome);
	assert_int_equal(p.n_layers, n_layers);
}

static void
expect_ok(unsigned n_layers)
{
	assert_null(p.why);
	assert_int_equal(p.outcome, DEC_OK);
	assert_int_equal(p.n_layers, n_layers);
}

/* The innermost packet that every test sends. */
static void
inside(bool v6)
{
	if (v6)
		build_ip(&b, .src = "fd00::1", .dst = "fd00::2", .ttl = 61);
	else
		build_ip(&b, .src = "10.1.0.5", .dst = "10.2.0.6", .ttl = 61);
	build_tcp(&b, .sport = 1000, .dport = 80, .seq = 5);
	build_text(&b, "GET");
	build_finish(&b);
	build_decode(&b, &p);
}

static void
expect_inside(unsigned layer, bool v6, enum tunnel_type type, uint32_t id)
{
	const struct layer *l = &p.layer[layer];
	struct addr a;

	assert_true(addr_parse(v6 ? "fd00::1" : "10.1.0.5", &a));
	assert_true(addr_eq(&l->t.src, &a));
	assert_true(addr_parse(v6 ? "fd00::2" : "10.2.0.6", &a));
	assert_true(addr_eq(&l->t.dst, &a));
	assert_int_equal(l->kind, LAYER_IP);
	assert_int_equal(l->ttl, 61);
	assert_int_equal(l->t.proto, PROTO_TCP);
	assert_int_equal(l->t.sport, 1000);
	assert_int_equal(l->t.dport, 80);
	assert_int_equal(l->has & ~(uint32_t)HAS_VLAN, HAS_PORTS | HAS_TCP | HAS_L4);
	assert_int_equal(l->payload_len, 3);
	assert_memory_equal(l->payload, "GET", 3);
	assert_int_equal(l->tunnel.type, type);
	assert_int_equal(l->tunnel.id, id);
}

/* The outer layer is as complete as if nothing were inside. */
static void
expect_outside(bool v6, unsigned proto, unsigned dport, uint32_t payload_len)
{
	const struct layer *l = &p.layer[0];
	struct addr a;

	assert_true(addr_parse(v6 ? out6a : out4a, &a));
	assert_true(addr_eq(&l->t.src, &a));
	assert_int_equal(l->t.proto, proto);
	assert_int_equal(l->t.dport, dport);
	assert_int_equal(l->has & HAS_PORTS, dport ? HAS_PORTS : 0);
	assert_true(l->has & HAS_L4);
	assert_int_equal(l->tunnel.type, TUN_NONE);
	assert_int_equal(l->payload_len, payload_len);
}

static void
outside(bool v6)
{
	build_begin(&b);
	build_eth(&b);
	if (v6)
		build_ip(&b, .src = out6a, .dst = out6b);
	else
		build_ip(&b, .src = out4a, .dst = out4b);
}

static void
ip_in_ip(void **state)
{
	static const enum tunnel_type types[2][2] = {
		{ TUN_IPIP, TUN_6IN4 }, { TUN_4IN6, TUN_6IN6 },
	};

	(void)state;
	for (unsigned o = 0; o < 2; o++)
		for (unsigned i = 0; i < 2; i++) {
			outside(o);
			inside(i);
			expect_ok(2);
			expect_outside(o, i ? 41 : 4, 0, i ? 63 : 43);
			expect_inside(1, i, types[o][i], 0);
		}
	/* The inner header is not what the protocol says. */
	outside(false);
	inside(false);
	build_at(&b, B_IP4)[0] = 0x65;
	build_decode(&b, &p);
	expect_fault(DEC_MALFORMED, "IPv4 header with another version", 1);
}

static void
gre_headers(void **state)
{
	(void)state;
	/* Every set of checksum, key and sequence number. */
	for (unsigned flags = 0; flags < 16; flags++) {
		bool key = flags & 2;

		if (flags & 4)		/* routing */
			continue;
		for (unsigned i = 0; i < 2; i++) {
			unsigned n = 4u + (flags & 8 ? 4u : 0) +
			    (key ? 4u : 0) + (flags & 1 ? 4u : 0);

			outside(false);
			build_gre(&b, flags << 12, 0xdeadbeef);
			inside(i);
			expect_ok(2);
			expect_outside(false, PROTO_GRE, 0, n + (i ? 63 : 43));
			expect_inside(1, i, TUN_GRE, key ? 0xdeadbeef : 0);
			for (unsigned cut = 34; cut < 34 + n; cut++) {
				build_decode_cut(&b, &p, cut);
				expect_fault(DEC_TRUNCATED, "capture ends "
				    "inside the GRE header", 1);
			}
		}
	}
}

static void
gre_bridged(void **state)
{
	(void)state;
	outside(true);
	build_gre(&b, 0x2000, 7);
	build_eth(&b, .src = "02:00:00:00:00:77");
	build_vlan(&b, 0x8100, 30);
	inside(false);
	expect_ok(2);
	expect_inside(1, false, TUN_GRE, 7);
	assert_true(p.layer[1].has & HAS_VLAN);
	assert_int_equal(p.layer[1].vlan, 30);
	assert_int_equal(p.layer[0].has & HAS_VLAN, 0);
	/* The frame's addresses are the outer ones. */
	assert_int_equal(p.src_mac[5], 1);
}

static void
gre_unread(void **state)
{
	(void)state;
	outside(false);
	build_gre(&b, 0x3081, 0);
	build_fill(&b, 20, 1);
	build_finish(&b);
	build_decode(&b, &p);
	expect_fault(DEC_UNKNOWN, "GRE version 1 (PPTP)", 1);
	expect_outside(false, PROTO_GRE, 0, 4 + 8 + 20);

	outside(false);
	build_gre(&b, 0x4000, 0);
	inside(false);
	expect_fault(DEC_UNKNOWN,
	    "GRE of an unknown version or with source routing", 1);

	outside(false);
	build_gre(&b, 0x0002, 0);
	inside(false);
	expect_fault(DEC_UNKNOWN,
	    "GRE of an unknown version or with source routing", 1);

	/* ERSPAN. */
	outside(false);
	build_gre(&b, 0x1000, 0);
	build_fill(&b, 60, 1);
	build_finish(&b);
	memcpy(build_at(&b, B_GRE) + 2, "\x88\xbe", 2);
	build_decode(&b, &p);
	expect_fault(DEC_UNKNOWN,
	    "GRE packet that carries neither Ethernet nor IP", 1);

	outside(false);
	build_gre(&b, 0, 0);
	build_finish(&b);
	build_cut(&b, b.n - 1);
	build_finish(&b);
	build_decode(&b, &p);
	expect_fault(DEC_MALFORMED, "packet is too short for the GRE header", 1);
}

static void
vxlan(void **state)
{
	static const unsigned ports[] = { 4789, 8472 };

	(void)state;
	for (unsigned i = 0; i < 2; i++)
		for (unsigned v6 = 0; v6 < 2; v6++) {
			outside(v6);
			build_udp(&b, 55555, ports[i]);
			build_vxlan(&b, 0xabcdef);
			build_eth(&b);
			inside(!v6);
			expect_ok(2);
			expect_outside(v6, PROTO_UDP, ports[i],
			    8 + 14 + (v6 ? 43 : 63));
			expect_inside(1, !v6, TUN_VXLAN, 0xabcdef);
			assert_int_equal(p.layer[1].has & HAS_VLAN, 0);
		}
	/* Bytes after the UDP datagram are not the tunnel's. */
	outside(false);
	build_udp(&b, 55555, 4789);
	build_vxlan(&b, 5);
	build_eth(&b);
	inside(false);
	build_fill(&b, 6, 1);
	b.b[14 + 3] += 6;
	build_decode(&b, &p);
	expect_ok(2);
	expect_inside(1, false, TUN_VXLAN, 5);

	/* The outer frame's VLAN is not the inner one's. */
	build_begin(&b);
	build_eth(&b);
	build_vlan(&b, 0x8100, 9);
	build_ip(&b, .src = out4a, .dst = out4b);
	build_udp(&b, 55555, 4789);
	build_vxlan(&b, 1);
	build_eth(&b);
	inside(false);
	expect_ok(2);
	assert_int_equal(p.layer[0].vlan, 9);
	assert_int_equal(p.layer[1].has & HAS_VLAN, 0);
	build_begin(&b);
	build_eth(&b);
	build_vlan(&b, 0x8100, 9);
	build_ip(&b);
	inside(true);
	expect_ok(2);
	assert_int_equal(p.layer[0].vlan, 9);
	assert_int_equal(p.layer[1].has & HAS_VLAN, 0);
}

static void
vxlan_arp(void **state)
{
	struct addr a;

	(void)state;
	outside(false);
	build_udp(&b, 55555, 8472);
	build_vxlan(&b, 1);
	build_eth(&b, .dst = "ff:ff:ff:ff:ff:ff");
	build_arp(&b, 1, "02:00:00:00:00:09", "10.244.1.0", "10.244.2.0");
	build_finish(&b);
	build_decode(&b, &p);
	expect_ok(2);
	assert_int_equal(p.layer[1].kind, LAYER_ARP);
	assert_int_equal(p.layer[1].tunnel.type, TUN_VXLAN);
	assert_int_equal(p.layer[1].tunnel.id, 1);
	assert_true(addr_parse("10.244.2.0", &a));
	assert_true(addr_eq(&p.layer[1].t.dst, &a));
	assert_false(p.group);
}

static void
gpe(void **state)
{
	(void)state;
	for (unsigned v6 = 0; v6 < 2; v6++) {
		outside(false);
		build_udp(&b, 55555, 4790);
		build_gpe(&b, 77);
		inside(v6);
		expect_ok(2);
		expect_inside(1, v6, TUN_VXLAN_GPE, 77);
	}
	outside(false);
	build_udp(&b, 55555, 4790);
	build_gpe(&b, 77);
	build_eth(&b);
	inside(false);
	expect_ok(2);
	expect_inside(1, false, TUN_VXLAN_GPE, 77);

	/* Without P it is VXLAN; without I there is no VNI. */
	build_at(&b, B_GPE)[0] = 0x08;
	build_at(&b, B_GPE)[3] = 99;
	build_decode(&b, &p);
	expect_ok(2);
	build_at(&b, B_GPE)[0] = 0x04;
	build_at(&b, B_GPE)[3] = 3;
	build_decode(&b, &p);
	expect_ok(2);
	expect_inside(1, false, TUN_VXLAN_GPE, 0);

	for (unsigned n = 42; n < 50; n++) {
		build_decode_cut(&b, &p, n);
		expect_fault(DEC_TRUNCATED,
		    "capture ends inside the VXLAN header", 1);
	}

	/* NSH, an unassigned number, and an OAM packet. */
	build_at(&b, B_GPE)[3] = 4;
	build_decode(&b, &p);
	expect_fault(DEC_UNKNOWN,
	    "VXLAN-GPE packet that carries neither Ethernet nor IP", 1);
	build_at(&b, B_GPE)[3] = 0;
	build_decode(&b, &p);
	assert_int_equal(p.outcome, DEC_UNKNOWN);
	build_at(&b, B_GPE)[3] = 3;
	build_at(&b, B_GPE)[0] = 0x0d;
	build_decode(&b, &p);
	assert_int_equal(p.outcome, DEC_UNKNOWN);
}

static void
geneve(void **state)
{
	(void)state;
	for (unsigned words = 0; words < 64; words += 21)
		for (unsigned v6 = 0; v6 < 2; v6++) {
			outside(v6);
			build_udp(&b, 55555, 6081);
			build_geneve(&b, 0x010203, words);
			build_eth(&b);
			inside(v6);
			expect_ok(2);
			expect_inside(1, v6, TUN_GENEVE, 0x010203);
			outside(v6);
			build_udp(&b, 55555, 6081);
			build_geneve(&b, 0x010203, words);
			inside(v6);
			expect_ok(2);
			expect_inside(1, v6, TUN_GENEVE, 0x010203);
		}
	for (unsigned n = 14 + 40 + 8; n < 14 + 40 + 8 + 8 + 4 * 63; n++) {
		build_decode_cut(&b, &p, n);
		expect_fault(DEC_TRUNCATED,
		    "capture ends inside the Geneve header", 1);
	}
	/* Options that run out of the packet; another payload. */
	build_at(&b, B_GENEVE)[0] = 0x3f;
	build_cut(&b, 14 + 40 + 8 + 8 + 8);
	build_finish(&b);
	build_decode(&b, &p);
	expect_fault(DEC_UNKNOWN,
	    "Geneve packet that carries neither Ethernet nor IP", 1);
	outside(false);
	build_udp(&b, 55555, 6081);
	build_geneve(&b, 1, 0);
	inside(false);
	build_at(&b, B_GENEVE)[2] = 0x88;
	build_decode(&b, &p);
	expect_fault(DEC_UNKNOWN,
	    "Geneve packet that carries neither Ethernet nor IP", 1);
}

/* Other uses of the same ports are ordinary UDP. */
static void
only_the_port(void **state)
{
	static const struct {
		unsigned	 dport;
		const char	*text;
	} rows[] = {
		{ 4789, "\x07 no I flag" }, { 8472, "\x07 no I flag" },
		{ 4790, "\x38 a version" }, { 4790, "\xc3 no flags" },
		{ 6081, "\x40 a version" },
		{ 4789, "\x08 short" }, { 4790, "\x0c short" },
		{ 6081, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		outside(false);
		build_udp(&b, 40000, rows[i].dport);
		build_text(&b, rows[i].text);
		build_finish(&b);
		build_decode(&b, &p);
		expect_ok(1);
		expect_outside(false, PROTO_UDP, rows[i].dport,
		    (uint32_t)strlen(rows[i].text));
		/* One byte is enough to see it. */
		if (strlen(rows[i].text) < 8)
			continue;
		build_decode_cut(&b, &p, 14 + 20 + 8 + 1);
		expect_ok(1);
	}
	/* The source port of a VXLAN packet is a hash and tells nothing. */
	outside(false);
	build_udp(&b, 4789, 40000);
	build_vxlan(&b, 1);
	build_eth(&b);
	inside(false);
	expect_ok(1);
}

/* The tunnel header looks right, but what follows is no packet. */
static void
no_packet_inside(void **state)
{
	static const char why[] =
	    "UDP to the port of a tunnel, but no tunnel inside";

	(void)state;
	for (unsigned n = 0; n < 14; n += 13) {
		outside(false);
		build_udp(&b, 40000, 4789);
		build_vxlan(&b, 1);
		build_fill(&b, n, 1);
		build_finish(&b);
		build_decode(&b, &p);
		expect_fault(DEC_UNKNOWN, why, 1);

		outside(false);
		build_udp(&b, 40000, 4790);
		build_gpe(&b, 1);
		build_at(&b, B_GPE)[3] = 1;
		build_fill(&b, n, 1);
		build_finish(&b);
		build_decode(&b, &p);
		expect_fault(DEC_UNKNOWN, why, 1);

		outside(false);
		build_udp(&b, 40000, 6081);
		build_geneve(&b, 1, 0);
		memcpy(build_at(&b, B_GENEVE) + 2, "\x65\x58", 2);
		build_fill(&b, n, 1);
		build_finish(&b);
		build_decode(&b, &p);
		expect_fault(DEC_UNKNOWN, why, 1);
	}

	outside(false);
	build_udp(&b, 40000, 4789);
	build_vxlan(&b, 1);
	build_eth(&b);
	inside(false);
	build_at(&b, B_IP4)[0] = 0x15;
	build_decode(&b, &p);
	expect_fault(DEC_UNKNOWN, why, 1);
	/* A fault of the outer packet is not hidden by that. */
	build_at(&b, B_IP4)[0] = 0x45;
	b.b[14 + 3]++;
	build_decode(&b, &p);
	expect_fault(DEC_MALFORMED, "IP length exceeds the frame", 2);

	/* Once there is an inner layer, its faults count. */
	outside(false);
	build_udp(&b, 40000, 4789);
	build_vxlan(&b, 1);
	build_eth(&b);
	inside(false);
	build_at(&b, B_TCP)[12] = 0;
	build_decode(&b, &p);
	expect_fault(DEC_MALFORMED, "TCP data offset below 5", 2);

	outside(false);
	build_udp(&b, 40000, 4789);
	build_vxlan(&b, 1);
	build_eth(&b, .protocol = 0x88cc);
	build_finish(&b);
	build_decode(&b, &p);
	expect_fault(DEC_UNKNOWN, "ethertype 0x88cc, LLDP", 1);
}

static void
cut_inside(void **state)
{
	static const struct {
		unsigned	 from;
		unsigned	 n_layers;
		const char	*why;
	} steps[] = {
		{ 14 + 20, 1, "capture ends inside the UDP header" },
		{ 14 + 28, 1, "capture ends inside the VXLAN header" },
		{ 14 + 36, 1, "capture ends inside the Ethernet header" },
		{ 14 + 50, 1, "capture ends inside the IPv4 header" },
		{ 14 + 70, 2, "capture ends inside the TCP header" },
		{ 14 + 90, 2, NULL },
	};

	(void)state;
	outside(false);
	build_udp(&b, 40000, 4789);
	build_vxlan(&b, 1);
	build_eth(&b);
	inside(false);
	for (unsigned i = 0; i < 5; i++)
		for (unsigned n = steps[i].from; n < steps[i + 1].from; n++) {
			build_decode_cut(&b, &p, n);
			expect_fault(DEC_TRUNCATED, steps[i].why,
			    steps[i].n_layers);
		}
	build_decode_cut(&b, &p, steps[5].from);
	expect_ok(2);
	assert_int_equal(p.layer[1].payload_len, 3);
	assert_int_equal(p.layer[1].payload_cap, 0);
}

/* The inner packet is longer than the first outer fragment: no fault. */
static void
in_a_first_fragment(void **state)
{
	(void)state;
	build_begin(&b);
	build_ip(&b, .src = out4a, .dst = out4b, .more = true);
	build_udp(&b, 40000, 4789);
	build_vxlan(&b, 1);
	build_eth(&b);
	build_ip(&b, .src = "10.1.0.5", .dst = "10.2.0.6");
	build_udp(&b, 1, 2);
	build_fill(&b, 400, 1);
	build_finish(&b);
	build_cut(&b, b.n - 200);
	b.b[2] = (uint8_t)(b.n >> 8);
	b.b[3] = (uint8_t)b.n;
	build_decode(&b, &p);
	expect_ok(2);
	assert_int_equal(p.layer[0].has, HAS_PORTS | HAS_L4 | IS_FRAG);
	assert_int_equal(p.layer[1].has, HAS_PORTS | HAS_L4);
	assert_int_equal(p.layer[1].ip_len, 428);
	assert_int_equal(p.layer[1].payload_len, 200);

	/* Without the flag the same bytes are wrong. */
	b.b[6] = 0;
	build_decode(&b, &p);
	assert_int_equal(p.outcome, DEC_MALFORMED);
}

static void
nested(void **state)
{
	(void)state;
	/* As deep as is read: IP, VXLAN, GRE, IPIP. */
	outside(false);
	build_udp(&b, 40000, 4789);
	build_vxlan(&b, 1);
	build_eth(&b);
	build_ip(&b);
	build_gre(&b, 0x2000, 5);
	build_ip(&b);
	inside(false);
	expect_ok(4);
	assert_int_equal(p.layer[1].tunnel.type, TUN_VXLAN);
	assert_int_equal(p.layer[2].tunnel.type, TUN_GRE);
	assert_int_equal(p.layer[2].tunnel.id, 5);
	expect_inside(3, false, TUN_IPIP, 0);

	outside(false);
	for (unsigned i = 0; i < 3; i++)
		build_ip(&b);
	inside(false);
	expect_fault(DEC_UNKNOWN, "more tunnels in each other than are read", 4);

	/* Bridged frames that nest without an IP layer between end too. */
	outside(false);
	build_gre(&b, 0, 0);
	for (unsigned i = 0; i < 8; i++)
		build_eth(&b);
	inside(false);
	expect_fault(DEC_UNKNOWN,
	    "ethertype 0x6558, bridged Ethernet outside of a tunnel", 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ip_in_ip),
		cmocka_unit_test(gre_headers),
		cmocka_unit_test(gre_bridged),
		cmocka_unit_test(gre_unread),
		cmocka_unit_test(vxlan),
		cmocka_unit_test(vxlan_arp),
		cmocka_unit_test(gpe),
		cmocka_unit_test(geneve),
		cmocka_unit_test(only_the_port),
		cmocka_unit_test(no_packet_inside),
		cmocka_unit_test(cut_inside),
		cmocka_unit_test(in_a_first_fragment),
		cmocka_unit_test(nested),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
