/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_plain.c - packet_decode() has a short way for plain frames: whatever the
 * frame, it must tell the same as the general way.
 *
 * The frames are those of the pcap files below pcaps/ and some built here, each
 * whole, cut at every length, with every byte of its headers changed to several
 * values, and with lengths on the wire that differ.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <err.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decode/packet/packet_int.h"
#include "tests/build_packet.h"

#define HEADERS		80	/* bytes of a frame that are changed */
#define FILE_PACKETS	150	/* of each file */

#define SAME(field)	do { if (a->field != b->field) return #field; } while (0)

static const char *
tuple_differs(const struct tuple *a, const struct tuple *b)
{
	if (!addr_eq(&a->src, &b->src) || !addr_eq(&a->dst, &b->dst))
		return "addresses";
	SAME(sport);
	SAME(dport);
	SAME(proto);
	return NULL;
}

static const char *
tcp_differs(const struct layer *a, const struct layer *b)
{
	SAME(seq);
	SAME(ack);
	SAME(tcp_flags);
	if (a->has & HAS_TCP_TS) {
		SAME(ts_val);
		SAME(ts_ecr);
	}
	return NULL;
}

static const char *
layer_differs(const struct layer *a, const struct layer *b)
{
	const char *what = tuple_differs(&a->t, &b->t);

	SAME(kind);
	SAME(has);
	SAME(tunnel.type);
	SAME(tunnel.id);
	if (a->kind == LAYER_ARP)
		return what;
	SAME(ttl);
	SAME(ip_id);
	SAME(ip_len);
	SAME(payload);
	SAME(payload_len);
	SAME(payload_cap);
	SAME(l3);
	SAME(l3_cap);
	if (a->has & HAS_VLAN)
		SAME(vlan);
	if (what == NULL && a->has & HAS_TCP)
		what = tcp_differs(a, b);
	return what;
}

/* The first field in which the two differ, or NULL. */
static const char *
packet_differs(const struct packet *a, const struct packet *b)
{
	const char *what = NULL;

	SAME(dir);
	SAME(outcome);
	SAME(group);
	SAME(has_src_mac);
	SAME(has_dst_mac);
	SAME(ifindex);
	SAME(why);
	SAME(n_layers);
	if (a->has_src_mac && memcmp(a->src_mac, b->src_mac, 6) != 0)
		return "src_mac";
	if (a->has_dst_mac && memcmp(a->dst_mac, b->dst_mac, 6) != 0)
		return "dst_mac";
	for (unsigned i = 0; i < a->n_layers && what == NULL; i++)
		what = layer_differs(&a->layer[i], &b->layer[i]);
	return what;
}

static void
compare(unsigned linktype, const uint8_t *data, uint32_t caplen, uint32_t len)
{
	static struct packet any, usual;
	const char *what;

	/* What is not written differs. */
	memset(&any, 0x5a, sizeof(any));
	memset(&usual, 0xa5, sizeof(usual));
	packet_decode_any(&any, linktype, data, caplen, len);
	packet_decode(&usual, linktype, data, caplen, len);
	what = packet_differs(&any, &usual);
	if (what == NULL)
		return;
	print_message("link type %u, %u of %u bytes: %s\n", linktype, caplen,
	    len, what);
	for (uint32_t i = 0; i < caplen; i++)
		print_message("%02x%s", data[i], i % 16 == 15 ? "\n" : " ");
	fail();
}

static void
compare_changed(unsigned linktype, uint8_t *data, uint32_t caplen, uint32_t len)
{
	static const uint8_t changes[] = { 0x01, 0x02, 0x04, 0x10, 0x40, 0x80, 0xff };

	for (uint32_t at = 0; at < caplen && at < HEADERS; at++)
		for (size_t i = 0; i < sizeof(changes); i++) {
			data[at] ^= changes[i];
			compare(linktype, data, caplen, len);
			data[at] ^= changes[i];
		}
}

static void
compare_all(unsigned linktype, const uint8_t *data, uint32_t caplen, uint32_t len)
{
	/* Of its own size, so that a read past its end is seen. */
	uint8_t *copy = malloc(caplen + 1);

	if (copy == NULL)
		err(1, NULL);
	memcpy(copy, data, caplen);
	compare_changed(linktype, copy, caplen, len);
	for (uint32_t more = 0; more < 64; more++)
		compare(linktype, copy, caplen, caplen + more);
	for (uint32_t less = 0; less < 4 && less <= caplen; less++)
		compare(linktype, copy, caplen, caplen - less);
	free(copy);
	for (uint32_t n = 1; n <= caplen; n++) {
		copy = malloc(n);
		if (copy == NULL)
			err(1, NULL);
		memcpy(copy, data, n);
		compare(linktype, copy, n, len);
		compare(linktype, copy, n, n);
		free(copy);
	}
}

static uint32_t
load32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* pcap files in this machine's byte order, as the lab writes them. */
static unsigned
compare_file(const char *path)
{
	static uint8_t data[1 << 18];
	uint8_t head[24], h[16];
	FILE *f = fopen(path, "rb");
	unsigned n = 0;

	if (f == NULL)
		err(1, "%s", path);
	if (fread(head, 1, sizeof(head), f) == sizeof(head) &&
	    load32(head) == 0xa1b2c3d4)
		while (n < FILE_PACKETS && fread(h, 1, sizeof(h), f) == sizeof(h)) {
			uint32_t caplen = load32(h + 8);

			if (caplen > sizeof(data) ||
			    fread(data, 1, caplen, f) != caplen)
				break;
			compare_all(load32(head + 20), data, caplen,
			    load32(h + 12));
			n++;
		}
	fclose(f);
	return n;
}

static void
frames_of_captures(void **state)
{
	unsigned n = 0;
	glob_t g;

	(void)state;
	assert_int_equal(glob("pcaps/*/*.pcap", 0, NULL, &g), 0);
	for (size_t i = 0; i < g.gl_pathc; i++)
		n += compare_file(g.gl_pathv[i]);
	globfree(&g);
	assert_true(n > 1000);
}

static void
begin_link(struct build *b, unsigned linktype)
{
	build_begin(b);
	if (linktype == LT_ETHERNET)
		build_eth(b);
	else if (linktype == LT_SLL)
		build_sll(b, .pkttype = 4);
	else
		build_sll2(b, .ifindex = 7, .pkttype = 4);
}

static void
frames_built(void **state)
{
	static const unsigned linktypes[] = { LT_ETHERNET, LT_SLL, LT_SLL2 };
	static const uint16_t ports[] = { 53, PORT_VXLAN, PORT_VXLAN_GPE,
	    PORT_GENEVE, PORT_VXLAN_LINUX };
	static struct build b;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		for (unsigned ts = 0; ts < 2; ts++) {
			begin_link(&b, linktypes[i]);
			build_ip(&b);
			if (ts)
				build_tcp(&b, .sport = 41234, .dport = 443,
				    .ts_val = 7, .ts_ecr = 8);
			else
				build_tcp(&b, .sport = 41234, .dport = 443,
				    .flags = TCP_SYN);
			build_text(&b, "some payload, and more");
			build_finish(&b);
			compare_all(b.linktype, b.b, b.n, b.n);
		}
		for (size_t k = 0; k < sizeof(ports) / sizeof(ports[0]); k++) {
			begin_link(&b, linktypes[i]);
			build_ip(&b);
			build_udp(&b, 1000, ports[k]);
			build_text(&b, "some payload, and more");
			build_finish(&b);
			compare_all(b.linktype, b.b, b.n, b.n);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_of_captures),
		cmocka_unit_test(frames_built),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
