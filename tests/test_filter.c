/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_filter.c - pcap-filter expressions on layers and frames. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "capture/filter.h"

/* IPv4 10.0.0.1:1000 to 10.0.0.2:53, UDP, 4 bytes of payload. */
#define UDP_BYTES							\
	0x45, 0, 0, 32, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, \
	0x03, 0xe8, 0, 53, 0, 12, 0, 0, 1, 2, 3, 4

static const uint8_t vlan_udp[] = {
	2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x81, 0, 0, 100, 8, 0, UDP_BYTES,
};
static const uint8_t sll2_udp[] = {	/* packet type 4: outgoing */
	8, 0, 0, 0, 0, 0, 0, 7, 0, 1, 4, 6, 2, 0, 0, 0, 0, 1, 0, 0, UDP_BYTES,
};
static const uint8_t arp[] = {
	255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 2, 8, 6,
	0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 2, 10, 0, 0, 1,
	0, 0, 0, 0, 0, 0, 10, 0, 0, 2,
};
/* 192.168.1.1 to 192.168.1.2, VXLAN 7, and the UDP packet inside. */
static const uint8_t vxlan_udp[] = {
	2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0,
	0x45, 0, 0, 82, 0, 0, 0, 0, 64, 17, 0, 0, 192, 168, 1, 1, 192, 168, 1, 2,
	0xc0, 0, 0x12, 0xb5, 0, 62, 0, 0, 8, 0, 0, 0, 0, 0, 7, 0,
	2, 0, 0, 0, 0, 3, 2, 0, 0, 0, 0, 4, 8, 0, UDP_BYTES,
};

#define FRAME(frame, lt) (struct obs_packet){ .linktype = (lt), .data = (frame), \
	.caplen = sizeof(frame), .len = sizeof(frame) }

/* Does any layer of the frame match? */
static bool
any_layer(const char *expression, struct obs_packet o)
{
	char error[FILTER_ERROR_MAX];
	struct filter *f = filter_new(expression, error);
	struct packet p;
	bool yes = false;
	unsigned i;

	if (f == NULL)
		fail_msg("%s: %s", expression, error);
	packet_decode(&p, o.linktype, o.data, o.caplen, o.len);
	assert_true(p.n_layers > 0);
	for (i = 0; i < p.n_layers; i++)
		yes |= filter_match(f, &p, &p.layer[i], &o);
	filter_free(f);
	return yes;
}

/* tcpdump needs "vlan and udp" for this; a person means the packet. */
static void
behind_vlan(void **state)
{
	struct obs_packet o = FRAME(vlan_udp, LT_ETHERNET);

	(void)state;
	assert_true(any_layer("udp port 53", o));
	assert_true(any_layer("host 10.0.0.1 and not tcp", o));
	assert_true(any_layer("vlan 100", o));
	assert_true(any_layer("vlan 100 and udp", o));
	assert_false(any_layer("vlan 101", o));
	assert_false(any_layer("tcp", o));
	assert_false(any_layer("port 54", o));
}

static void
in_cooked_capture(void **state)
{
	struct obs_packet o = FRAME(sll2_udp, LT_SLL2);

	(void)state;
	assert_true(any_layer("src net 10.0.0.0/24", o));
	assert_true(any_layer("outbound", o));
	assert_false(any_layer("inbound", o));
	assert_true(any_layer("outbound and port 53", o));
}

static void
inside_tunnel_and_outside(void **state)
{
	struct obs_packet o = FRAME(vxlan_udp, LT_ETHERNET);

	(void)state;
	assert_true(any_layer("port 53", o));
	assert_true(any_layer("host 10.0.0.2", o));
	assert_true(any_layer("port 4789", o));
	assert_true(any_layer("net 192.168.0.0/16", o));
	assert_false(any_layer("host 10.0.0.3", o));
}

static void
what_is_no_ip(void **state)
{
	struct obs_packet o = FRAME(arp, LT_ETHERNET);

	(void)state;
	assert_true(any_layer("arp", o));
	assert_true(any_layer("arp host 10.0.0.2", o));
	assert_true(any_layer("arp or udp", o));
	assert_false(any_layer("udp", o));
	assert_false(any_layer("arp", FRAME(vlan_udp, LT_ETHERNET)));
}

/* ether[0] would compile for raw IP and read the version of its header. */
static void
link_bytes_are_the_frames(void **state)
{
	struct obs_packet o = FRAME(vlan_udp, LT_ETHERNET);

	(void)state;
	assert_true(any_layer("ether[0] = 2", o));
	assert_false(any_layer("ether[0] = 0x45", o));
	assert_true(any_layer("ether host 02:00:00:00:00:02", o));
	assert_true(any_layer("ether broadcast", FRAME(arp, LT_ETHERNET)));
}

/* The length is the packet's own, also when the capture cut it. */
static void
lengths(void **state)
{
	struct obs_packet o = FRAME(vlan_udp, LT_ETHERNET);

	(void)state;
	o.caplen = 14 + 4 + 28;
	assert_true(any_layer("greater 32", o));
	assert_false(any_layer("greater 33", o));
}

static void
errors(void **state)
{
	static const char *const bad[] = { "prot 80", "host", "port 99999",
		"tcp and (", "host 1.2.3.4.5", "vlan 5000", "foo" };
	char error[FILTER_ERROR_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_null(filter_new(bad[i], error));
		if (strstr(error, bad[i]) == NULL)
			fail_msg("%s: does not quote the expression: %s", bad[i],
			    error);
		/* libpcap's words follow the quoted expression */
		assert_true(strlen(error) > strlen(bad[i]) + 12);
	}
}

static void
complains_of_link_type(void **state)
{
	struct obs_packet o = FRAME(sll2_udp, LT_SLL2);
	char error[FILTER_ERROR_MAX];
	struct filter *f = filter_new("ether host 02:00:00:00:00:02", error);
	struct packet p;

	(void)state;
	assert_non_null(f);
	assert_null(filter_complaint(f));
	packet_decode(&p, o.linktype, o.data, o.caplen, o.len);
	assert_false(filter_match(f, &p, &p.layer[0], &o));
	assert_non_null(filter_complaint(f));
	assert_non_null(strstr(filter_complaint(f), "link type 276"));
	filter_free(f);
}

/* More link types than there are places: still right, nothing leaks. */
static void
many_link_types(void **state)
{
	static const uint16_t types[] = { LT_ETHERNET, LT_NULL, LT_LOOP, LT_SLL,
		LT_SLL2, LT_IPV4, LT_IPV6, 105, 119, 127, 192, LT_ETHERNET };
	char error[FILTER_ERROR_MAX];
	struct filter *f = filter_new("arp", error);
	size_t i;

	(void)state;
	assert_non_null(f);
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct obs_packet o = FRAME(arp, types[i]);
		bool yes = filter_match(f, NULL, NULL, &o);

		if (types[i] == LT_ETHERNET)
			assert_true(yes);
	}
	filter_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(behind_vlan),
		cmocka_unit_test(in_cooked_capture),
		cmocka_unit_test(inside_tunnel_and_outside),
		cmocka_unit_test(what_is_no_ip),
		cmocka_unit_test(link_bytes_are_the_frames),
		cmocka_unit_test(lengths),
		cmocka_unit_test(errors),
		cmocka_unit_test(complains_of_link_type),
		cmocka_unit_test(many_link_types),
	};

	return cmocka_run_group_tests_name("filter", tests, NULL, NULL);
}
