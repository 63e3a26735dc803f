/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_packet_link.c - link types, VLAN tags, ARP, and the outcomes that the
 * link layer decides.
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

static void
udp_inside(void)
{
	build_ip(&b, .src = "192.168.1.40", .dst = "172.217.175.36");
	build_udp(&b, 40000, 53);
	build_text(&b, "query");
	build_finish(&b);
}

/* One sound UDP layer, as udp_inside() makes it. */
static void
expect_udp(void)
{
	struct addr a;

	assert_null(p.why);
	assert_int_equal(p.outcome, DEC_OK);
	assert_int_equal(p.n_layers, 1);
	assert_true(addr_parse("192.168.1.40", &a));
	assert_true(addr_eq(&p.layer[0].t.src, &a));
	assert_true(addr_parse("172.217.175.36", &a));
	assert_true(addr_eq(&p.layer[0].t.dst, &a));
	assert_int_equal(p.layer[0].t.sport, 40000);
	assert_int_equal(p.layer[0].t.dport, 53);
	assert_int_equal(p.layer[0].payload_len, 5);
	assert_memory_equal(p.layer[0].payload, "query", 5);
}

static void
expect_fault(enum outcome outcome, const char *why)
{
	assert_non_null(p.why);
	assert_string_equal(p.why, why);
	assert_int_equal(p.outcome, outcome);
	assert_int_equal(p.n_layers, 0);
}

static void
ethernet(void **state)
{
	static const uint8_t src[6] = { 2, 0, 0, 0, 0, 0xa };
	static const uint8_t dst[6] = { 2, 0, 0, 0, 0, 0xb };

	(void)state;
	build_begin(&b);
	build_eth(&b, .src = "02:00:00:00:00:0a", .dst = "02:00:00:00:00:0b");
	udp_inside();
	build_decode(&b, &p);
	expect_udp();
	assert_true(p.has_src_mac && p.has_dst_mac);
	assert_memory_equal(p.src_mac, src, 6);
	assert_memory_equal(p.dst_mac, dst, 6);
	assert_false(p.group);
	assert_int_equal(p.dir, DIR_UNKNOWN);
	assert_int_equal(p.ifindex, 0);
	assert_int_equal(p.layer[0].has & HAS_VLAN, 0);
	assert_int_equal(p.layer[0].tunnel.type, TUN_NONE);
	assert_int_equal(p.layer[0].l3_cap, 33);
	assert_int_equal(p.layer[0].payload - p.layer[0].l3, 28);
}

static void
ethernet_group(void **state)
{
	(void)state;
	build_begin(&b);
	build_eth(&b, .dst = "ff:ff:ff:ff:ff:ff");
	udp_inside();
	build_decode(&b, &p);
	expect_udp();
	assert_true(p.group);

	build_begin(&b);
	build_eth(&b, .dst = "01:00:5e:00:00:fb");
	udp_inside();
	build_decode(&b, &p);
	assert_true(p.group);
}

/* Padding to the minimum frame is no payload. */
static void
ethernet_padding(void **state)
{
	(void)state;
	build_begin(&b);
	build_eth(&b);
	udp_inside();
	build_pad(&b, 60);
	build_decode(&b, &p);
	expect_udp();
	assert_int_equal(p.layer[0].ip_len, 33);
	assert_int_equal(p.layer[0].payload_cap, 5);
	assert_int_equal(p.layer[0].l3_cap, 33);
}

static void
vlan_stacks(void **state)
{
	static const unsigned tpids[] = { 0x8100, 0x88a8, 0x9100 };

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		build_begin(&b);
		build_eth(&b);
		build_vlan(&b, tpids[i], 0xe000 | 100);
		udp_inside();
		build_decode(&b, &p);
		expect_udp();
		assert_true(p.layer[0].has & HAS_VLAN);
		assert_int_equal(p.layer[0].vlan, 100);

		build_begin(&b);
		build_eth(&b);
		build_vlan(&b, tpids[i], 100);
		build_vlan(&b, 0x8100, 4094);
		udp_inside();
		build_decode(&b, &p);
		expect_udp();
		assert_int_equal(p.layer[0].vlan, 4094);
	}
}

static void
with_tcp(struct build *o)
{
	build_ip(o);
	build_tcp(o, .sport = 1, .dport = 2, .ts_val = 3);
}

static void
with_udp(struct build *o)
{
	build_ip(o);
	build_udp(o, 1, 2);
}

static void
with_sctp(struct build *o)
{
	build_ip(o);
	build_sctp(o, 1, 2, 3);
}

static void
with_echo(struct build *o)
{
	build_ip(o);
	build_echo(o, true, 1, 2);
}

static void
with_error(struct build *o)
{
	build_ip(o);
	build_icmp(o, 3, 1, 0);
	with_udp(o);
}

static void
with_esp(struct build *o)
{
	build_ip(o, .proto = PROTO_ESP);
	build_fill(o, 40, 1);
}

static void
with_fragment(struct build *o)
{
	build_ip(o, .offset = 8, .proto = PROTO_UDP);
	build_fill(o, 40, 1);
}

static void
with_fragment6(struct build *o)
{
	build_ip(o, .src = "::1", .dst = "::2");
	build_frag6(o, 8, true, 5);
	build_fill(o, 40, 1);
}

static void
with_bare_ip4(struct build *o)
{
	build_ip(o, .proto = 59);
}

static void
vlan_priority_tag(void **state)
{
	(void)state;
	build_begin(&b);
	build_eth(&b);
	build_vlan(&b, 0x8100, 0xa000);
	udp_inside();
	build_decode(&b, &p);
	expect_udp();
	assert_int_equal(p.layer[0].has & HAS_VLAN, 0);

	build_begin(&b);
	build_eth(&b);
	build_vlan(&b, 0x88a8, 7);
	build_vlan(&b, 0x8100, 0xa000);
	udp_inside();
	build_decode(&b, &p);
	assert_true(p.layer[0].has & HAS_VLAN);
	assert_int_equal(p.layer[0].vlan, 7);
}

static void
cooked_v1(void **state)
{
	static const uint8_t mac[6] = { 0x12, 0, 0, 0, 0, 0x34 };

	(void)state;
	for (unsigned type = 0; type < 7; type++) {
		build_begin(&b);
		build_sll(&b, .src = "12:00:00:00:00:34", .pkttype = type);
		udp_inside();
		build_decode(&b, &p);
		expect_udp();
		assert_int_equal(p.dir, type == 4 ? DIR_OUT :
		    type < 4 ? DIR_IN : DIR_UNKNOWN);
		assert_int_equal(p.group, type == 1 || type == 2);
		assert_true(p.has_src_mac);
		assert_false(p.has_dst_mac);
		assert_memory_equal(p.src_mac, mac, 6);
		assert_int_equal(p.ifindex, 0);
	}
}

static void
cooked_v2(void **state)
{
	static const uint8_t mac[6] = { 0x12, 0, 0, 0, 0, 0x34 };

	(void)state;
	for (unsigned type = 0; type < 7; type++) {
		build_begin(&b);
		build_sll2(&b, .src = "12:00:00:00:00:34", .pkttype = type,
		    .ifindex = 0x01020304);
		udp_inside();
		build_decode(&b, &p);
		expect_udp();
		assert_int_equal(p.dir, type == 4 ? DIR_OUT :
		    type < 4 ? DIR_IN : DIR_UNKNOWN);
		assert_int_equal(p.group, type == 1 || type == 2);
		assert_true(p.has_src_mac);
		assert_memory_equal(p.src_mac, mac, 6);
		assert_int_equal(p.ifindex, 0x01020304);
	}
}

static void
cooked_vlan(void **state)
{
	(void)state;
	build_begin(&b);
	build_sll(&b);
	build_vlan(&b, 0x8100, 42);
	udp_inside();
	build_decode(&b, &p);
	expect_udp();
	assert_int_equal(p.layer[0].vlan, 42);
	assert_true(p.layer[0].has & HAS_VLAN);

	build_begin(&b);
	build_sll2(&b);
	build_vlan(&b, 0x88a8, 43);
	build_vlan(&b, 0x8100, 44);
	udp_inside();
	build_decode(&b, &p);
	expect_udp();
	assert_int_equal(p.layer[0].vlan, 44);
}

/* Only where the device has such addresses is the field one. */
static void
cooked_addresses(void **state)
{
	static const struct {
		unsigned	hatype, halen;
		bool		has;
	} rows[] = {
		{ 1,	6, true },	/* Ethernet */
		{ 1,	0, false },
		{ 6,	6, true },	/* IEEE 802 */
		{ 772,	6, true },	/* loopback */
		{ 772,	8, false },
		{ 801,	6, true },	/* 802.11 */
		{ 776,	4, false },	/* sit */
		{ 776,	6, false },
		{ 65534, 0, false },	/* tun */
		{ 512,	6, false },	/* PPP */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		build_begin(&b);
		build_sll(&b, .hatype = rows[i].hatype);
		udp_inside();
		build_at(&b, B_SLL)[5] = (uint8_t)rows[i].halen;
		build_decode(&b, &p);
		expect_udp();
		assert_int_equal(p.has_src_mac, rows[i].has);

		build_begin(&b);
		build_sll2(&b, .hatype = rows[i].hatype);
		udp_inside();
		build_at(&b, B_SLL2)[11] = (uint8_t)rows[i].halen;
		build_decode(&b, &p);
		expect_udp();
		assert_int_equal(p.has_src_mac, rows[i].has);
	}
}

static void
cooked_other_devices(void **state)
{
	static const unsigned hatypes[] = { 770, 803, 824 };

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		build_begin(&b);
		build_sll(&b, .hatype = hatypes[i]);
		udp_inside();
		build_decode(&b, &p);
		expect_fault(DEC_UNKNOWN, "cooked packet of a device that "
		    "does not carry ethertypes");
	}

	/* A gre device hands over IP, a gretap device the bridged frame. */
	build_begin(&b);
	build_sll(&b, .hatype = 778);
	udp_inside();
	build_decode(&b, &p);
	expect_udp();
	assert_false(p.has_src_mac);

	build_begin(&b);
	build_sll(&b, .hatype = 778);
	build_eth(&b);
	udp_inside();
	build_decode(&b, &p);
	expect_udp();
}

static void
raw_ip(void **state)
{
	static const unsigned linktypes[] = { 12, 14, 101, 228 };

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		build_begin(&b);
		build_raw(&b, linktypes[i]);
		udp_inside();
		build_decode(&b, &p);
		expect_udp();
		assert_false(p.has_src_mac || p.has_dst_mac || p.group);
	}
	build_begin(&b);
	build_ip(&b, .src = "2001:db8::1", .dst = "2001:db8::2");
	build_udp(&b, 1, 2);
	build_finish(&b);
	build_raw(&b, LT_IPV6);
	build_decode(&b, &p);
	assert_int_equal(p.outcome, DEC_OK);
	assert_int_equal(p.layer[0].t.dport, 2);
	build_raw(&b, LT_RAW);
	build_decode(&b, &p);
	assert_int_equal(p.outcome, DEC_OK);
	build_raw(&b, LT_IPV4);
	build_decode(&b, &p);
	expect_fault(DEC_MALFORMED, "IPv4 header with another version");

	build_begin(&b);
	build_raw(&b, LT_IPV6);
	udp_inside();
	build_pad(&b, 40);
	build_decode(&b, &p);
	expect_fault(DEC_MALFORMED, "IPv6 header with another version");

	build_raw(&b, LT_RAW);
	b.b[0] = 0x55;
	build_decode(&b, &p);
	expect_fault(DEC_MALFORMED, "raw IP packet of neither version");
}

static void
bsd_loopback(void **state)
{
	static const uint32_t v6_families[] = { 10, 24, 28, 30 };

	(void)state;
	for (unsigned little = 0; little < 2; little++) {
		build_begin(&b);
		build_bsd(&b, LT_NULL, 2, little);
		udp_inside();
		build_decode(&b, &p);
		expect_udp();
		for (unsigned i = 0; i < 4; i++) {
			build_begin(&b);
			build_bsd(&b, LT_NULL, v6_families[i], little);
			build_ip(&b, .src = "::1", .dst = "::1");
			build_udp(&b, 7, 8);
			build_finish(&b);
			build_decode(&b, &p);
			assert_int_equal(p.outcome, DEC_OK);
			assert_int_equal(p.layer[0].t.dport, 8);
		}
	}
	build_begin(&b);
	build_bsd(&b, LT_LOOP, 2, false);
	udp_inside();
	build_decode(&b, &p);
	expect_udp();

	/* LT_LOOP is in network order always. */
	build_begin(&b);
	build_bsd(&b, LT_LOOP, 2, true);
	udp_inside();
	build_decode(&b, &p);
	expect_fault(DEC_UNKNOWN, "BSD loopback packet that is not IP");

	build_begin(&b);
	build_bsd(&b, LT_NULL, 7, false);
	udp_inside();
	build_decode(&b, &p);
	expect_fault(DEC_UNKNOWN, "BSD loopback packet that is not IP");
}

static void
ethertypes(void **state)
{
	static const struct {
		unsigned	 type;
		const char	*why;
	} rows[] = {
		{ 0x0026, "802.3 frame with a length (LLC)" },
		{ 0x05dc, "802.3 frame with a length (LLC)" },
		{ 0x0600, "ethertype that is not read" },
		{ 0x88cc, "ethertype 0x88cc, LLDP" },
		{ 0x8847, "ethertype 0x8847, MPLS" },
		{ 0x6558, "ethertype 0x6558, bridged Ethernet outside of a "
		    "tunnel" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		build_begin(&b);
		build_eth(&b, .protocol = rows[i].type);
		build_fill(&b, 46, 1);
		build_decode(&b, &p);
		expect_fault(DEC_UNKNOWN, rows[i].why);
		/* The link layer's facts stay. */
		assert_true(p.has_src_mac);
	}
}

/* Every reason names its number. */
static void
ethertype_reasons(void **state)
{
	unsigned named = 0, number;

	(void)state;
	for (unsigned type = 0; type < 65536; type++) {
		build_begin(&b);
		build_eth(&b, .protocol = type);
		build_fill(&b, 46, 1);
		build_decode(&b, &p);
		if (p.outcome != DEC_UNKNOWN ||
		    sscanf(p.why, "ethertype 0x%x,", &number) != 1)
			continue;
		assert_int_equal(number, type);
		named++;
	}
	assert_int_equal(named, 11);
}

/* What the link layer tells of VLANs stays, whatever is inside. */
static void
vlan_of_every_kind(void **state)
{
	static void (*const kinds[])(struct build *) = {
		with_tcp, with_udp, with_sctp, with_echo, with_error, with_esp,
		with_fragment, with_fragment6, with_bare_ip4,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		build_begin(&b);
		build_eth(&b);
		build_vlan(&b, 0x8100, 77);
		kinds[i](&b);
		build_finish(&b);
		build_decode(&b, &p);
		assert_int_equal(p.outcome, DEC_OK);
		assert_true(p.layer[0].has & HAS_VLAN);
		assert_int_equal(p.layer[0].vlan, 77);
		/* And is not told of a packet that had none. */
		build_begin(&b);
		build_eth(&b);
		kinds[i](&b);
		build_finish(&b);
		build_decode(&b, &p);
		assert_int_equal(p.outcome, DEC_OK);
		assert_false(p.layer[0].has & HAS_VLAN);
	}
}

static void
unknown_link_type(void **state)
{
	(void)state;
	build_begin(&b);
	build_eth(&b);
	udp_inside();
	b.linktype = 105;
	build_decode(&b, &p);
	expect_fault(DEC_UNKNOWN, "link type that is not read");
}

static void
arp(void **state)
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 9 };
	struct addr a;

	(void)state;
	for (unsigned op = 1; op <= 2; op++) {
		build_begin(&b);
		build_eth(&b, .dst = "ff:ff:ff:ff:ff:ff");
		build_vlan(&b, 0x8100, 5);
		build_arp(&b, op, "02:00:00:00:00:09", "10.0.0.9", "10.0.0.1");
		build_pad(&b, 60);
		build_decode(&b, &p);
		assert_int_equal(p.outcome, DEC_OK);
		assert_int_equal(p.n_layers, 1);
		assert_int_equal(p.layer[0].kind, LAYER_ARP);
		assert_int_equal(p.layer[0].arp_op, op);
		assert_int_equal(p.layer[0].has, HAS_VLAN);
		assert_int_equal(p.layer[0].vlan, 5);
		assert_true(addr_parse("10.0.0.9", &a));
		assert_true(addr_eq(&p.layer[0].t.src, &a));
		assert_true(addr_parse("10.0.0.1", &a));
		assert_true(addr_eq(&p.layer[0].t.dst, &a));
		assert_int_equal(p.layer[0].payload_len, 0);
		assert_true(p.group);
		/* The frame's own source is not overwritten. */
		assert_int_equal(p.src_mac[5], 1);
	}
	/* Where the link layer had no address, ARP knows it. */
	build_begin(&b);
	build_sll(&b);
	build_arp(&b, 1, "02:00:00:00:00:09", "10.0.0.9", "10.0.0.1");
	build_at(&b, B_SLL)[5] = 0;
	build_decode(&b, &p);
	assert_true(p.has_src_mac);
	assert_memory_equal(p.src_mac, mac, 6);
}

static void
arp_others(void **state)
{
	static const struct { unsigned at, value; } changes[] = {
		{ 1, 15 },	/* hardware: frame relay */
		{ 3, 6 },	/* protocol */
		{ 4, 8 },	/* address sizes */
		{ 5, 16 },
		{ 7, 3 },	/* reverse request */
		{ 7, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		build_begin(&b);
		build_eth(&b);
		build_arp(&b, 1, "02:00:00:00:00:09", "10.0.0.9", "10.0.0.1");
		build_at(&b, B_ARP)[changes[i].at] = (uint8_t)changes[i].value;
		build_decode(&b, &p);
		expect_fault(DEC_UNKNOWN, "ARP that is not who-has or is-at "
		    "of IPv4 over Ethernet");
	}
}

/* The same missing bytes: cut by the capture, or never there. */
static void
cut_or_too_short(void **state)
{
	static const struct {
		unsigned	 linktype, n;
		const char	*cut, *no_room;
	} rows[] = {
		{ LT_ETHERNET, 13, "capture ends inside the Ethernet header",
		  "packet is too short for the Ethernet header" },
		{ LT_ETHERNET, 0, "capture ends inside the Ethernet header",
		  "packet is too short for the Ethernet header" },
		{ LT_SLL, 15, "capture ends inside the cooked capture header",
		  "packet is too short for the cooked capture header" },
		{ LT_SLL2, 19, "capture ends inside the cooked capture header",
		  "packet is too short for the cooked capture header" },
		{ LT_NULL, 3, "capture ends inside the BSD loopback header",
		  "packet is too short for the BSD loopback header" },
		{ LT_LOOP, 0, "capture ends inside the BSD loopback header",
		  "packet is too short for the BSD loopback header" },
		{ LT_RAW, 0, "capture ends inside the IP header",
		  "packet is too short for the IP header" },
		{ LT_IPV4, 19, "capture ends inside the IPv4 header",
		  "packet is too short for the IPv4 header" },
		{ LT_IPV6, 39, "capture ends inside the IPv6 header",
		  "packet is too short for the IPv6 header" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		build_begin(&b);
		build_raw(&b, rows[i].linktype);
		build_fill(&b, 64, 3);
		build_decode_cut(&b, &p, rows[i].n);
		expect_fault(DEC_TRUNCATED, rows[i].cut);
		build_cut(&b, rows[i].n);
		build_decode(&b, &p);
		expect_fault(DEC_MALFORMED, rows[i].no_room);
	}

	build_begin(&b);
	build_eth(&b);
	build_vlan(&b, 0x8100, 1);
	udp_inside();
	build_decode_cut(&b, &p, 17);
	expect_fault(DEC_TRUNCATED, "capture ends inside the VLAN tag");
	build_cut(&b, 17);
	build_decode(&b, &p);
	expect_fault(DEC_MALFORMED, "packet is too short for the VLAN tag");

	/* Just the link header was captured. */
	for (unsigned i = 0; i < 3; i++) {
		static const unsigned sizes[] = { 14, 16, 20 };

		build_begin(&b);
		if (i == 0)
			build_eth(&b);
		else if (i == 1)
			build_sll(&b);
		else
			build_sll2(&b);
		udp_inside();
		build_decode_cut(&b, &p, sizes[i]);
		expect_fault(DEC_TRUNCATED, "capture ends inside the IPv4 header");
	}

	for (unsigned n = 14; n < 14 + 28; n++) {
		build_begin(&b);
		build_eth(&b);
		build_arp(&b, 1, "02:00:00:00:00:09", "10.0.0.9", "10.0.0.1");
		build_decode_cut(&b, &p, n);
		expect_fault(DEC_TRUNCATED, "capture ends inside the ARP packet");
		build_cut(&b, n);
		build_decode(&b, &p);
		expect_fault(DEC_MALFORMED,
		    "packet is too short for the ARP packet");
	}
}

/* A capture file may claim that less was on the wire than it holds. */
static void
lengths_that_lie(void **state)
{
	(void)state;
	build_begin(&b);
	build_eth(&b);
	udp_inside();
	packet_decode(&p, b.linktype, b.b, b.n, 0);
	expect_udp();
	packet_decode(&p, b.linktype, b.b, b.n, b.n - 1);
	expect_udp();
	packet_decode(&p, b.linktype, b.b, b.n, UINT32_MAX);
	expect_udp();
	assert_int_equal(p.layer[0].payload_cap, 5);
	packet_decode(&p, b.linktype, NULL, 0, 0);
	expect_fault(DEC_MALFORMED,
	    "packet is too short for the Ethernet header");
	packet_decode(&p, LT_RAW, NULL, 0, UINT32_MAX);
	expect_fault(DEC_TRUNCATED, "capture ends inside the IP header");
}

static void
names(void **state)
{
	(void)state;
	for (unsigned i = 0; i < N_TUNNEL_TYPES; i++)
		for (unsigned j = 0; j <= i; j++)
			assert_true((i == j) == (strcmp(tunnel_name(i),
			    tunnel_name(j)) == 0));
	assert_string_equal(tunnel_name(TUN_VXLAN_GPE), "vxlan-gpe");
	assert_null(tunnel_name(N_TUNNEL_TYPES));
	assert_string_equal(proto_name(PROTO_TCP), "tcp");
	assert_string_equal(proto_name(PROTO_ICMPV6), "icmpv6");
	assert_string_equal(proto_name(PROTO_SCTP), "sctp");
	assert_null(proto_name(254));
	assert_null(proto_name(256));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ethernet),
		cmocka_unit_test(ethernet_group),
		cmocka_unit_test(ethernet_padding),
		cmocka_unit_test(vlan_stacks),
		cmocka_unit_test(vlan_priority_tag),
		cmocka_unit_test(cooked_v1),
		cmocka_unit_test(cooked_v2),
		cmocka_unit_test(cooked_vlan),
		cmocka_unit_test(cooked_addresses),
		cmocka_unit_test(cooked_other_devices),
		cmocka_unit_test(raw_ip),
		cmocka_unit_test(bsd_loopback),
		cmocka_unit_test(ethertypes),
		cmocka_unit_test(ethertype_reasons),
		cmocka_unit_test(vlan_of_every_kind),
		cmocka_unit_test(unknown_link_type),
		cmocka_unit_test(arp),
		cmocka_unit_test(arp_others),
		cmocka_unit_test(cut_or_too_short),
		cmocka_unit_test(lengths_that_lie),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
