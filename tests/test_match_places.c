/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_match_places.c - one packet at several places: bridges, `any`, tunnels
 * and what is inside them, captures stamped by different clocks.  It is one
 * flow, and each packet counts once.
 */
#include "tests/observe.h"

#define POD	"10.244.1.5"
#define PEER	"10.244.2.7"
#define NODE	"192.168.3.243"
#define WEB	"172.217.175.36"

/* ---- without NAT ---- */

static void
forwarded_twice(void **state)
{
	struct scene *s = scene_of(state);
	const struct flow *f;

	for (unsigned i = 0; i < 5; i++) {
		see(s, "veth in " POD ":41000 > " PEER ":80 tcp A seq=%u ack=1 len=10",
		    i * 10);
		see(s, "eth0 out " POD ":41000 > " PEER
		    ":80 tcp A seq=%u ack=1 len=10 ttl=63", i * 10);
	}
	expect(s, "tcp 10.244.1.5:41000 > 10.244.2.7:80 via veth eth0\n");
	f = flow_like(s, POD ":41000 > " PEER ":80");
	assert_int_equal(f->packets, 5);
	assert_int_equal(f->bytes, 5 * 50);
	assert_int_equal(f->sightings, 10);
	assert_int_equal(f->matched, 10);
	assert_int_equal(f->retransmissions, 0);
	assert_int_equal(f->nat, 0);
	assert_true(f->has & FLOW_TRANSLATED);
	assert_int_equal(f->confidence, CONF_OBSERVED);
	scene_free(s);
}

/* veth and bridge show what comes in with one time stamp and one TTL. */
static void
through_a_bridge(void **state)
{
	struct scene *s = scene_of(state);
	const struct flow *f;

	for (unsigned i = 0; i < 3; i++) {
		see(s, "veth in " POD ":41000 > " PEER ":80 tcp A seq=%u ack=1 len=10",
		    i * 10);
		later(s, -10 * NS_PER_USEC);
		see(s, "cni0 in " POD ":41000 > " PEER ":80 tcp A seq=%u ack=1 len=10",
		    i * 10);
		see(s, "bond0 out " POD ":41000 > " PEER
		    ":80 tcp A seq=%u ack=1 len=10 ttl=63", i * 10);
		later(s, -10 * NS_PER_USEC);
		see(s, "eth0 out " POD ":41000 > " PEER
		    ":80 tcp A seq=%u ack=1 len=10 ttl=63", i * 10);
	}
	expect(s, "tcp 10.244.1.5:41000 > 10.244.2.7:80 via veth cni0 bond0 eth0\n");
	f = flow_like(s, POD ":41000 > " PEER ":80");
	assert_int_equal(f->packets, 3);
	assert_int_equal(f->sightings, 12);
	assert_int_equal(f->matched, 12);
	assert_int_equal(f->retransmissions, 0);
	scene_free(s);
}

static void
through_a_bridge_and_nat(void **state)
{
	struct scene *s = scene_of(state);
	const struct flow *f;

	see(s, "veth in " POD ":41000 > " WEB ":443 tcp S seq=1000");
	see(s, "cni0 in " POD ":41000 > " WEB ":443 tcp S seq=1000");
	see(s, "eth0 out " NODE ":1711 > " WEB ":443 tcp S seq=1000 ttl=63");
	see(s, "eth0 in " WEB ":443 > " NODE ":1711 tcp SA seq=5 ack=1001");
	see(s, "cni0 out " WEB ":443 > " POD ":41000 tcp SA seq=5 ack=1001 ttl=63");
	see(s, "veth out " WEB ":443 > " POD ":41000 tcp SA seq=5 ack=1001 ttl=63");
	expect(s, "tcp 10.244.1.5:41000 > 172.217.175.36:443"
	    " as 192.168.3.243:1711 > 172.217.175.36:443"
	    " via veth cni0 eth0 / eth0 cni0 veth\n");
	f = flow_like(s, POD ":41000 > " WEB ":443");
	assert_int_equal(f->packets, 2);
	assert_int_equal(f->sightings, 6);
	assert_int_equal(f->matched, 6);
	scene_free(s);
}

/* UDP over a bridge: of two equal twins both belong to one conv, so that they
   are not rivals. */
static void
bridge_and_nat_udp(void **state)
{
	struct scene *s = scene_of(state);

	for (unsigned i = 0; i < 2; i++) {
		see(s, "veth in " POD ":5000 > " WEB ":53 udp data=question-%u", i);
		see(s, "cni0 in " POD ":5000 > " WEB ":53 udp data=question-%u", i);
		see(s, "eth0 out " NODE ":99 > " WEB ":53 udp data=question-%u ttl=63",
		    i);
	}
	expect(s, "udp 10.244.1.5:5000 > 172.217.175.36:53"
	    " as 192.168.3.243:99 > 172.217.175.36:53 via veth cni0 eth0\n");
	scene_free(s);
}

/* ---- tunnels ---- */

static void
into_a_tunnel(void **state)
{
	struct scene *s = scene_of(state);
	const struct flow *f;

	see(s, "veth in " POD ":41000 > " PEER ":80 tcp S seq=1000");
	see(s, "flannel.1 out " POD ":41000 > " PEER ":80 tcp S seq=1000 ttl=63");
	see(s, "eth0 out " POD ":41000 > " PEER ":80 tcp S seq=1000 ttl=63 vni=1");
	see(s, "eth0 in " PEER ":80 > " POD ":41000 tcp SA seq=5 ack=1001 ttl=63"
	    " vni=1 outer=172.16.0.2,172.16.0.1 oport=50001");
	see(s, "flannel.1 in " PEER ":80 > " POD ":41000 tcp SA seq=5 ack=1001 ttl=63");
	see(s, "veth out " PEER ":80 > " POD ":41000 tcp SA seq=5 ack=1001 ttl=62");
	expect(s, "tcp 10.244.1.5:41000 > 10.244.2.7:80"
	    " via veth flannel.1 eth0(1) / eth0(1) flannel.1 veth\n"
	    "udp 172.16.0.1:50000 > 172.16.0.2:4789 via eth0\n"
	    "udp 172.16.0.2:50001 > 172.16.0.1:4789 via eth0\n");
	f = flow_like(s, POD ":41000 > " PEER ":80");
	assert_int_equal(f->packets, 2);
	assert_int_equal(f->nat, 0);
	assert_int_equal(f->legs[2].tunnel.type, TUN_VXLAN);
	assert_int_equal(f->legs[2].tunnel.id, 1);
	assert_int_equal(f->legs[0].tunnel.type, TUN_NONE);
	scene_free(s);
}

/* A DNAT to a pod of another node, and then the tunnel to it. */
static void
translated_into_a_tunnel(void **state)
{
	struct scene *s = scene_of(state);

	see(s, "veth in " POD ":41000 > 10.96.0.9:80 tcp S seq=1000");
	see(s, "eth0 out " POD ":41000 > " PEER ":8080 tcp S seq=1000 ttl=63 vni=1");
	see(s, "eth0 in " PEER ":8080 > " POD ":41000 tcp SA seq=5 ack=1001 ttl=63"
	    " vni=1 outer=172.16.0.2,172.16.0.1 oport=50001");
	see(s, "veth out 10.96.0.9:80 > " POD ":41000 tcp SA seq=5 ack=1001 ttl=62");
	expect(s, "tcp 10.244.1.5:41000 > 10.96.0.9:80"
	    " as 10.244.1.5:41000 > 10.244.2.7:8080 via veth eth0(1) / eth0(1) veth\n"
	    "udp 172.16.0.1:50000 > 172.16.0.2:4789 via eth0\n"
	    "udp 172.16.0.2:50001 > 172.16.0.1:4789 via eth0\n");
	scene_free(s);
}

/* The tunnel is part of the key: three tenants with one tuple are three flows,
   and only the one whose packets agree is a path from the veth. */
static void
vnis_stay_apart(void **state)
{
	struct scene *s = scene_of(state);

	see(s, "veth in " POD ":41000 > " PEER ":80 tcp S seq=1000");
	see(s, "eth0 out " POD ":41000 > " PEER ":80 tcp S seq=1000 ttl=63 vni=1");
	see(s, "eth0 out " POD ":41000 > " PEER ":80 tcp S seq=7777 ttl=63 vni=2");
	see(s, "veth in " POD ":41000 > " PEER ":80 tcp A seq=1001 ack=6");
	see(s, "eth0 out " POD ":41000 > " PEER ":80 tcp A seq=1001 ack=6 ttl=63 vni=1");
	see(s, "eth0 out " POD ":41000 > " PEER ":80 tcp A seq=7778 ack=9 ttl=63 vni=2");
	expect(s, "tcp 10.244.1.5:41000 > 10.244.2.7:80 via veth eth0(1)\n"
	    "udp 172.16.0.1:50000 > 172.16.0.2:4789 via eth0\n"
	    "tcp 10.244.1.5:41000 > 10.244.2.7:80 via eth0(2)\n");
	scene_free(s);
}

static void
vnis_stay_apart_udp(void **state)
{
	struct scene *s = scene_of(state);

	for (unsigned i = 0; i < 3; i++) {
		see(s, "veth in " POD ":5000 > " PEER ":53 udp id=%u data=one-%u", i + 1,
		    i);
		see(s, "eth0 out " POD ":5000 > " PEER
		    ":53 udp id=%u data=one-%u ttl=63 vni=1", i + 1, i);
		see(s, "eth0 out " POD ":5000 > " PEER
		    ":53 udp id=%u data=two-%u ttl=63 vni=2", i + 100, i);
	}
	expect(s, "udp 10.244.1.5:5000 > 10.244.2.7:53 via veth eth0(1)\n"
	    "udp 172.16.0.1:50000 > 172.16.0.2:4789 via eth0\n"
	    "udp 10.244.1.5:5000 > 10.244.2.7:53 via eth0(2)\n");
	scene_free(s);
}

/* judge.c judge_twin(): into the tunnel's device and out of it go the same way, and
   payload alone is enough, since the tuple is the same. */
static void
out_of_a_tunnel_udp(void **state)
{
	struct scene *s = scene_of(state);

	for (unsigned i = 0; i < 2; i++) {
		see(s, "eth0 in " PEER ":5000 > " POD ":53 udp data=question-%u ttl=63"
		    " vni=1", i);
		see(s, "flannel.1 in " PEER ":5000 > " POD ":53 udp data=question-%u"
		    " ttl=63", i);
		see(s, "veth out " PEER ":5000 > " POD ":53 udp data=question-%u ttl=62",
		    i);
	}
	expect(s, "udp 172.16.0.1:50000 > 172.16.0.2:4789 via eth0\n"
	    "udp 10.244.2.7:5000 > 10.244.1.5:53 via eth0(1) flannel.1 veth\n");
	scene_free(s);
}

/* ---- clocks ---- */

/* What left is stamped before what came in: the TTL gives the order. */
static void
order_by_ttl(void **state)
{
	struct scene *s = scene_of(state);
	const struct flow *f;

	see(s, "eth0 out " NODE ":1711 > " WEB ":443 tcp S seq=1000 ttl=63");
	see(s, "veth in " POD ":41000 > " WEB ":443 tcp S seq=1000");
	see(s, "veth out " WEB ":443 > " POD ":41000 tcp SA seq=5 ack=1001 ttl=63");
	see(s, "eth0 in " WEB ":443 > " NODE ":1711 tcp SA seq=5 ack=1001");
	expect(s, "tcp 10.244.1.5:41000 > 172.217.175.36:443"
	    " as 192.168.3.243:1711 > 172.217.175.36:443"
	    " via veth eth0 / eth0 veth\n");
	f = flow_like(s, POD ":41000 > " WEB ":443");
	/* Times of two clocks have no difference worth telling. */
	if (s->shape == SHAPE_CLOCKS)
		assert_false(f->has & FLOW_TRANSIT);
	scene_free(s);
}

static void
order_by_ttl_udp(void **state)
{
	struct scene *s = scene_of(state);

	for (unsigned i = 0; i < 3; i++) {
		see(s, "eth0 out " NODE ":99 > " WEB ":53 udp data=question-%u ttl=63",
		    i);
		see(s, "veth in " POD ":5000 > " WEB ":53 udp data=question-%u", i);
	}
	expect(s, "udp 10.244.1.5:5000 > 172.217.175.36:53"
	    " as 192.168.3.243:99 > 172.217.175.36:53 via veth eth0\n");
	scene_free(s);
}

/* match.c STAMP_SLACK_NS: one clock, and still stamps out of order, since two
   processors made them. */
static void
stamps_out_of_order(void **state)
{
	struct scene *s = scene_of(state);

	see(s, "eth0 out " NODE ":1711 > " WEB ":443 tcp S seq=1000 ttl=63");
	see(s, "veth in " POD ":41000 > " WEB ":443 tcp S seq=1000");
	expect(s, "tcp 10.244.1.5:41000 > 172.217.175.36:443"
	    " as 192.168.3.243:1711 > 172.217.175.36:443 via veth eth0\n");
	scene_free(s);
	/* In order, and read in the other one. */
	s = scene_of(state);
	see(s, "eth0 out " NODE ":1711 > " WEB ":443 tcp S seq=1000 ttl=63");
	later(s, -12 * NS_PER_USEC);
	see(s, "veth in " POD ":41000 > " WEB ":443 tcp S seq=1000");
	expect(s, "tcp 10.244.1.5:41000 > 172.217.175.36:443"
	    " as 192.168.3.243:1711 > 172.217.175.36:443 via veth eth0\n");
	scene_free(s);
}

/* Two nodes, some routers between them: the TTL may fall by more than one. */
static void
captures_of_two_nodes(void **state)
{
	struct scene *s = scene_of(state);

	see(s, "veth in " POD ":41000 > " PEER ":80 tcp S seq=1000");
	see(s, "eth0.b in " POD ":41000 > " PEER ":80 tcp S seq=1000 ttl=62");
	see(s, "veth.b out " POD ":41000 > " PEER ":80 tcp S seq=1000 ttl=61");
	see(s, "veth in " POD ":41001 > " WEB ":80 tcp S seq=2000");
	see(s, "fw in " NODE ":9999 > " WEB ":80 tcp S seq=2000 ttl=61");
	expect(s, "tcp 10.244.1.5:41000 > 10.244.2.7:80 via veth eth0.b veth.b\n"
	    "tcp 10.244.1.5:41001 > 172.217.175.36:80"
	    " as 192.168.3.243:9999 > 172.217.175.36:80 via veth fw\n");
	scene_free(s);
}

/* What a flow's directions are where the capture does not tell them. */
static void
directions_inferred(void **state)
{
	struct scene *s = scene_of(state);
	const struct flow *f;

	see(s, "veth in " POD ":41000 > " PEER ":80 tcp S seq=1000");
	see(s, "eth0 out " POD ":41000 > " PEER ":80 tcp S seq=1000 ttl=63");
	see(s, "eth0 in " PEER ":80 > " POD ":41000 tcp SA seq=5 ack=1001");
	see(s, "veth out " PEER ":80 > " POD ":41000 tcp SA seq=5 ack=1001 ttl=63");
	f = flow_like(s, POD ":41000 > " PEER ":80");
	assert_int_equal(f->n_legs, 4);
	assert_int_equal(f->legs[0].dir, DIR_IN);
	assert_int_equal(f->legs[1].dir, DIR_OUT);
	assert_int_equal(f->legs[2].dir, DIR_IN);
	assert_int_equal(f->legs[3].dir, DIR_OUT);
	scene_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_ALL(forwarded_twice),
		IN_BOTH(through_a_bridge),
		IN_BOTH(through_a_bridge_and_nat),
		IN_BOTH(bridge_and_nat_udp),
		IN_BOTH(into_a_tunnel),
		IN_BOTH(translated_into_a_tunnel),
		IN_BOTH(vnis_stay_apart),
		IN_BOTH(vnis_stay_apart_udp),
		IN_BOTH(out_of_a_tunnel_udp),
		IN_CLOCKS(order_by_ttl),
		IN_CLOCKS(order_by_ttl_udp),
		IN_BOTH(stamps_out_of_order),
		IN_CLOCKS(captures_of_two_nodes),
		IN_ALL(directions_inferred),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
