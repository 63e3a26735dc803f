/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_match_shape.c - the same packet may look different on the two sides:
 * cut by the snap length, padded, tagged, without some of its options, merged
 * or split by GRO and GSO, with a checksum that the hardware would have
 * filled in.  It joins all the same.
 */
#include "tests/observe.h"

#define POD	"10.0.1.5"
#define NODE	"192.168.3.243"
#define WEB	"172.217.175.36"

#define TCP_JOINED "tcp 10.0.1.5:41000 > 172.217.175.36:443" \
	" as 192.168.3.243:1711 > 172.217.175.36:443"
#define UDP_JOINED "udp 10.0.1.5:5000 > 172.217.175.36:53" \
	" as 192.168.3.243:99 > 172.217.175.36:53"

/* ---- the snap length ---- */

/* fingerprint.c `alt`, match.c look_again(): two packets of 12 payload bytes on
   one side and all of them on the other. */
static void
cut_on_the_far_side(void **state)
{
	struct scene *s = scene_of(state);
	unsigned snap = s->shape == SHAPE_ANY ? 60 : 54;

	for (unsigned i = 0; i < 3; i++) {
		see(s, "veth in " POD ":5000 > " WEB ":53 udp id=%u len=100 fill=%u",
		    40 + i, i);
		see(s, "eth0 out " NODE ":99 > " WEB
		    ":53 udp id=%u len=100 fill=%u ttl=63 snap=%u", 40 + i, i, snap);
	}
	expect(s, UDP_JOINED " via veth eth0\n");
	scene_free(s);
}

static void
cut_on_the_near_side(void **state)
{
	struct scene *s = scene_of(state);
	unsigned snap = s->shape == SHAPE_ANY ? 60 : 54;

	for (unsigned i = 0; i < 3; i++) {
		see(s, "veth in " POD ":5000 > " WEB
		    ":53 udp id=%u len=100 fill=%u snap=%u", 40 + i, i, snap);
		see(s, "eth0 out " NODE ":99 > " WEB
		    ":53 udp id=%u len=100 fill=%u ttl=63", 40 + i, i);
	}
	expect(s, UDP_JOINED " via veth eth0\n");
	scene_free(s);
}

static void
cut_on_both_sides(void **state)
{
	struct scene *s = scene_of(state);

	for (unsigned i = 0; i < 3; i++) {
		see(s, "veth in " POD ":5000 > " WEB
		    ":53 udp id=%u len=100 fill=%u snap=48", 40 + i, i);
		see(s, "eth0 out " NODE ":99 > " WEB
		    ":53 udp id=%u len=100 fill=%u ttl=63 snap=50", 40 + i, i);
	}
	expect(s, UDP_JOINED " via veth eth0\n");
	scene_free(s);
}

/* Only echo has more than its length left then: type, code and sequence. */
static void
cut_echo(void **state)
{
	struct scene *s = scene_of(state);
	unsigned snap = s->shape == SHAPE_ANY ? 56 : 50;

	for (unsigned i = 0; i < 2; i++) {
		see(s, "veth in " POD " > " WEB " echo eid=5 seq=%u len=56", i);
		see(s, "eth0 out " NODE " > " WEB " echo eid=6 seq=%u len=56 ttl=63"
		    " snap=%u", i, snap);
		see(s, "eth0 in " WEB " > " NODE " reply eid=6 seq=%u len=56 snap=%u",
		    i, snap);
		see(s, "veth out " WEB " > " POD " reply eid=5 seq=%u len=56 ttl=63", i);
	}
	expect(s, "icmp 10.0.1.5 > 172.217.175.36 id 5"
	    " as 192.168.3.243 > 172.217.175.36 id 6 via veth eth0 / eth0 veth\n");
	scene_free(s);
}

/* A common snap length reaches less far into the inner packet of a tunnel. */
static void
cut_inside_vxlan(void **state)
{
	struct scene *s = scene_of(state);

	for (unsigned i = 0; i < 2; i++) {
		see(s, "veth in " POD ":5000 > 10.0.2.7:53 udp id=%u len=100 snap=104",
		    40 + i);
		see(s, "eth0 out " POD ":5000 > 10.0.2.7:53 udp id=%u len=100 ttl=63"
		    " vni=1 snap=104", 40 + i);
	}
	expect(s, "udp 10.0.1.5:5000 > 10.0.2.7:53 via veth eth0(1)\n"
	    "udp 172.16.0.1:50000 > 172.16.0.2:4789 via eth0\n");
	scene_free(s);
}

/* Nothing but a length in common is no evidence, however often. */
static void
cut_without_ip_id(void **state)
{
	struct scene *s = scene_of(state);

	for (unsigned i = 0; i < 4; i++) {
		see(s, "veth in " POD ":5000 > 10.9.9.9:53 udp len=100 fill=%u", i);
		see(s, "eth0 out " NODE ":99 > " WEB
		    ":53 udp len=100 fill=%u ttl=63 snap=48", i + 100);
	}
	expect(s, "udp 10.0.1.5:5000 > 10.9.9.9:53 via veth\n"
	    "udp 192.168.3.243:99 > 172.217.175.36:53 via eth0\n");
	scene_free(s);
}

/* Two whole payloads that differ are two packets, whatever their length and IP
   ID; once some capture was cut, `alt` must not bring them together. */
static void
whole_payloads_that_differ(void **state)
{
	struct scene *s = scene_of(state);

	see(s, "lo in 10.7.7.7:1 > 10.8.8.8:2 udp len=100 snap=48");
	for (unsigned i = 0; i < 4; i++) {
		see(s, "veth in " POD ":5000 > " WEB ":53 udp id=%u len=100 fill=%u", i,
		    i);
		see(s, "eth0 out " NODE ":99 > " WEB
		    ":53 udp id=%u len=100 fill=%u ttl=63", i, i + 100);
	}
	expect(s, "udp 10.7.7.7:1 > 10.8.8.8:2 via lo\n"
	    "udp 10.0.1.5:5000 > 172.217.175.36:53 via veth\n"
	    "udp 192.168.3.243:99 > 172.217.175.36:53 via eth0\n");
	scene_free(s);
}

static void
cut_tcp(void **state)
{
	struct scene *s = scene_of(state);

	see(s, "veth in " POD ":41000 > " WEB ":443 tcp PA seq=1 ack=9 len=500");
	see(s, "eth0 out " NODE ":1711 > " WEB
	    ":443 tcp PA seq=1 ack=9 len=500 ttl=63 snap=64");
	expect(s, TCP_JOINED " via veth eth0\n");
	scene_free(s);
}

/* ---- nothing in it ---- */

/* One test for each kind of segment, since each alone must be enough. */
static void
empty_segments(void **state)
{
	static const char *const segments[] = { "S seq=1000", "A seq=1001 ack=9001",
	    "FA seq=1001 ack=9001", "R seq=4000", "RA seq=0 ack=1001" };

	for (unsigned i = 0; i < sizeof(segments) / sizeof(segments[0]); i++) {
		struct scene *s = scene_of(state);

		see(s, "veth in " POD ":41000 > " WEB ":443 tcp %s", segments[i]);
		see(s, "eth0 out " NODE ":1711 > " WEB ":443 tcp %s ttl=63",
		    segments[i]);
		expect(s, TCP_JOINED " via veth eth0\n");
		scene_free(s);
	}
}

/* A refused connection: the RST has sequence number 0 and IP ID 0. */
static void
refused(void **state)
{
	struct scene *s = scene_of(state);

	for (unsigned i = 0; i < 3; i++) {
		see(s, "veth in " POD ":4100%u > " WEB ":443 tcp S seq=%u", i, 7000 * i);
		see(s, "eth0 out " NODE ":171%u > " WEB ":443 tcp S seq=%u ttl=63", i,
		    7000 * i);
	}
	for (unsigned i = 0; i < 3; i++)
		see(s, "eth0 in " WEB ":443 > " NODE ":171%u tcp RA seq=0 ack=%u", i,
		    7000 * i + 1);
	for (unsigned i = 0; i < 3; i++)
		see(s, "veth out " WEB ":443 > " POD ":4100%u tcp RA seq=0 ack=%u ttl=63",
		    i, 7000 * i + 1);
	expect(s, "tcp 10.0.1.5:41000 > 172.217.175.36:443"
	    " as 192.168.3.243:1710 > 172.217.175.36:443 via veth eth0 / eth0 veth\n"
	    "tcp 10.0.1.5:41001 > 172.217.175.36:443"
	    " as 192.168.3.243:1711 > 172.217.175.36:443 via veth eth0 / eth0 veth\n"
	    "tcp 10.0.1.5:41002 > 172.217.175.36:443"
	    " as 192.168.3.243:1712 > 172.217.175.36:443 via veth eth0 / eth0 veth\n");
	assert_int_equal(flow_like(s, POD ":41000 > " WEB ":443")->resets, 1);
	scene_free(s);
}

/* The same of which only the answers are seen: what they acknowledge is all
   that tells them apart. */
static void
refused_answers_only(void **state)
{
	struct scene *s = scene_of(state);

	for (unsigned i = 0; i < 3; i++)
		see(s, "eth0 in " WEB ":443 > " NODE ":171%u tcp RA seq=0 ack=%u", i,
		    7000 * i + 1);
	for (unsigned i = 3; i-- > 0;)
		see(s, "veth out " WEB ":443 > " POD ":4100%u tcp RA seq=0 ack=%u ttl=63",
		    i, 7000 * i + 1);
	expect(s, "tcp 10.0.1.5:41000 > 172.217.175.36:443"
	    " as 192.168.3.243:1710 > 172.217.175.36:443 via / eth0 veth\n"
	    "tcp 10.0.1.5:41001 > 172.217.175.36:443"
	    " as 192.168.3.243:1711 > 172.217.175.36:443 via / eth0 veth\n"
	    "tcp 10.0.1.5:41002 > 172.217.175.36:443"
	    " as 192.168.3.243:1712 > 172.217.175.36:443 via / eth0 veth\n");
	scene_free(s);
}

/* Without payload and IP ID, nothing tells one datagram from another. */
static void
empty_datagrams_of_two(void **state)
{
	struct scene *s = scene_of(state);

	for (unsigned i = 0; i < 3; i++) {
		see(s, "veth in " POD ":5000 > 10.9.9.9:7 udp");
		see(s, "eth0 out " NODE ":99 > " WEB ":7 udp ttl=63");
	}
	expect(s, "udp 10.0.1.5:5000 > 10.9.9.9:7 via veth\n"
	    "udp 192.168.3.243:99 > 172.217.175.36:7 via eth0\n");
	scene_free(s);
}

static void
empty_datagrams_with_ip_id(void **state)
{
	struct scene *s = scene_of(state);

	for (unsigned i = 0; i < 3; i++) {
		see(s, "veth in " POD ":5000 > " WEB ":53 udp id=%u", 900 + i);
		see(s, "eth0 out " NODE ":99 > " WEB ":53 udp id=%u ttl=63", 900 + i);
	}
	expect(s, UDP_JOINED " via veth eth0\n");
	scene_free(s);
}

/* ---- around the packet ---- */

/* The payload is as long as the IP header says, not as the frame. */
static void
padding(void **state)
{
	struct scene *s = scene_of(state);

	see(s, "veth in " POD ":41000 > " WEB ":443 tcp A seq=1 ack=9");
	see(s, "eth0 out " NODE ":1711 > " WEB ":443 tcp A seq=1 ack=9 ttl=63 pad");
	for (unsigned i = 0; i < 2; i++) {
		see(s, "veth in " POD ":5000 > " WEB ":53 udp data=hi%u", i);
		see(s, "eth0 out " NODE ":99 > " WEB ":53 udp data=hi%u ttl=63 pad", i);
	}
	expect(s, TCP_JOINED " via veth eth0\n" UDP_JOINED " via veth eth0\n");
	assert_int_equal(flow_like(s, POD ":41000 > " WEB ":443")->bytes, 40);
	scene_free(s);
}

static void
vlan_on_one_side(void **state)
{
	struct scene *s = scene_of(state);
	const struct flow *f;

	see(s, "veth in " POD ":41000 > " WEB ":443 tcp S seq=1000");
	see(s, "eth0 out " NODE ":1711 > " WEB ":443 tcp S seq=1000 ttl=63 vlan=7");
	see(s, "eth0 in " WEB ":443 > " NODE ":1711 tcp SA seq=5 ack=1001 vlan=7");
	see(s, "veth out " WEB ":443 > " POD ":41000 tcp SA seq=5 ack=1001 ttl=63");
	expect(s, TCP_JOINED " via veth eth0 / eth0 veth\n");
	f = flow_like(s, POD ":41000 > " WEB ":443");
	assert_false(f->legs[0].has_vlan);
	assert_true(f->legs[1].has_vlan);
	assert_int_equal(f->legs[1].vlan, 7);
	scene_free(s);
}

/* fingerprint.c: options take no part.  MSS clamped, timestamps stripped. */
static void
options_changed(void **state)
{
	struct scene *s = scene_of(state);

	see(s, "veth in " POD ":41000 > " WEB
	    ":443 tcp S seq=1000 mss=8961 tsval=77 tsecr=0");
	see(s, "eth0 out " NODE ":1711 > " WEB ":443 tcp S seq=1000 mss=1460 ttl=63");
	expect(s, TCP_JOINED " via veth eth0\n");
	scene_free(s);
}

static void
options_stripped_from_data(void **state)
{
	struct scene *s = scene_of(state);

	see(s, "veth in " POD ":41000 > " WEB
	    ":443 tcp PA seq=1 ack=9 tsval=77 tsecr=5 len=100");
	see(s, "eth0 out " NODE ":1711 > " WEB ":443 tcp PA seq=1 ack=9 len=100 ttl=63");
	expect(s, TCP_JOINED " via veth eth0\n");
	scene_free(s);
}

/* Offload: what leaves has a checksum over the pseudo-header only. */
static void
checksum_wrong_on_one_side(void **state)
{
	struct scene *s = scene_of(state);

	see(s, "veth in " POD ":41000 > " WEB ":443 tcp S seq=1000 badsum");
	see(s, "eth0 out " NODE ":1711 > " WEB ":443 tcp S seq=1000 ttl=63");
	for (unsigned i = 0; i < 2; i++) {
		see(s, "veth in " POD ":5000 > " WEB ":53 udp data=question-%u badsum",
		    i);
		see(s, "eth0 out " NODE ":99 > " WEB ":53 udp data=question-%u ttl=63",
		    i);
	}
	expect(s, TCP_JOINED " via veth eth0\n" UDP_JOINED " via veth eth0\n");
	scene_free(s);
}

/* ---- GRO and GSO ---- */

#define SEGMENT	1448u

/* The large one keeps the first one's sequence number and IP ID. */
static void
split_on_the_way(void **state)
{
	struct scene *s = scene_of(state);
	const struct flow *f;

	see(s, "veth in " POD ":41000 > " WEB ":443 tcp A seq=1000 ack=9 id=5 len=%u",
	    3 * SEGMENT);
	for (unsigned i = 0; i < 3; i++)
		see(s, "eth0 out " NODE ":1711 > " WEB
		    ":443 tcp A seq=%u ack=9 id=%u len=%u ttl=63", 1000 + i * SEGMENT,
		    5 + i, SEGMENT);
	expect(s, TCP_JOINED " via veth eth0\n");
	f = flow_like(s, POD ":41000 > " WEB ":443");
	assert_int_equal(f->retransmissions, 0);
	assert_int_equal(f->packets, 3);
	scene_free(s);
}

static void
merged_on_the_way(void **state)
{
	struct scene *s = scene_of(state);

	for (unsigned i = 0; i < 3; i++)
		see(s, "eth0 in " WEB ":443 > " NODE
		    ":1711 tcp A seq=%u ack=9 id=%u len=%u", 1000 + i * SEGMENT, 5 + i,
		    SEGMENT);
	see(s, "veth out " WEB ":443 > " POD ":41000 tcp A seq=1000 ack=9 id=5 len=%u"
	    " ttl=63", 3 * SEGMENT);
	expect(s, TCP_JOINED " via / eth0 veth\n");
	scene_free(s);
}

/* fingerprint.h: the length takes no part.  The rest of it was not captured. */
static void
split_only_the_first_in_common(void **state)
{
	struct scene *s = scene_of(state);

	see(s, "veth in " POD ":41000 > " WEB ":443 tcp A seq=1000 ack=9 id=5 len=%u",
	    3 * SEGMENT);
	see(s, "eth0 out " NODE ":1711 > " WEB
	    ":443 tcp A seq=1000 ack=9 id=5 len=%u ttl=63", SEGMENT);
	expect(s, TCP_JOINED " via veth eth0\n");
	scene_free(s);
}

/* fingerprint.c FP_DOM_TCP_END: the end of the large one is that of the last small
   one, when the others are not there to begin with. */
static void
split_only_the_last_in_common(void **state)
{
	struct scene *s = scene_of(state);

	see(s, "veth in " POD ":41000 > " WEB ":443 tcp A seq=1000 ack=9 id=5 len=%u",
	    3 * SEGMENT);
	see(s, "eth0 out " NODE ":1711 > " WEB
	    ":443 tcp A seq=%u ack=9 id=7 len=%u ttl=63", 1000 + 2 * SEGMENT, SEGMENT);
	expect(s, TCP_JOINED " via veth eth0\n");
	scene_free(s);
}

static void
merged_only_the_last_in_common(void **state)
{
	struct scene *s = scene_of(state);

	see(s, "eth0 in " WEB ":443 > " NODE ":1711 tcp A seq=%u ack=9 id=7 len=%u",
	    1000 + 2 * SEGMENT, SEGMENT);
	see(s, "veth out " WEB ":443 > " POD ":41000 tcp A seq=1000 ack=9 id=5 len=%u"
	    " ttl=63", 3 * SEGMENT);
	expect(s, TCP_JOINED " via / eth0 veth\n");
	scene_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_ALL(cut_on_the_far_side),
		IN_ALL(cut_on_the_near_side),
		IN_BOTH(cut_on_both_sides),
		IN_BOTH(cut_echo),
		IN_BOTH(cut_inside_vxlan),
		IN_BOTH(cut_without_ip_id),
		IN_BOTH(whole_payloads_that_differ),
		IN_BOTH(cut_tcp),
		IN_ALL(empty_segments),
		IN_BOTH(refused),
		IN_BOTH(refused_answers_only),
		IN_BOTH(empty_datagrams_of_two),
		IN_BOTH(empty_datagrams_with_ip_id),
		IN_BOTH(padding),
		IN_BOTH(vlan_on_one_side),
		IN_ALL(options_changed),
		IN_ALL(options_stripped_from_data),
		IN_BOTH(checksum_wrong_on_one_side),
		IN_ALL(split_on_the_way),
		IN_ALL(merged_on_the_way),
		IN_ALL(split_only_the_first_in_common),
		IN_ALL(split_only_the_last_in_common),
		IN_ALL(merged_only_the_last_in_common),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
