/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_match_nat.c - packets alone show a translation: what NAT changes and
 * what it leaves (kernel net/netfilter/nf_nat_proto.c), one way, both ways, in
 * one step and in two, seen in full and in part.  Each comment names the rule
 * that the test guards.
 */
#include "tests/observe.h"

/* A pod, its node, and servers outside. */
#define POD	"10.0.1.5"
#define POD2	"10.0.1.6"
#define NODE	"192.168.3.243"
#define WEB	"172.217.175.36"
#define LB	"192.168.1.210"

/* A TCP handshake from veth to eth0 and back.  TTLs fall by one. */
static void
handshake(struct scene *s, const char *in, const char *in_to, const char *out,
    const char *out_to)
{
	see(s, "veth in %s > %s tcp S seq=1000 id=17", in, in_to);
	see(s, "eth0 out %s > %s tcp S seq=1000 id=17 ttl=63", out, out_to);
	see(s, "eth0 in %s > %s tcp SA seq=9000 ack=1001", out_to, out);
	see(s, "veth out %s > %s tcp SA seq=9000 ack=1001 ttl=63", in_to, in);
	see(s, "veth in %s > %s tcp A seq=1001 ack=9001 id=18", in, in_to);
	see(s, "eth0 out %s > %s tcp A seq=1001 ack=9001 id=18 ttl=63", out,
	    out_to);
}

/* fingerprint.c: neither addresses nor ports take part. */
static void
port_changes(void **state)
{
	struct scene *s = scene_of(state);
	const struct flow *f;

	handshake(s, POD ":41000", WEB ":443", NODE ":1711", WEB ":443");
	expect(s, "tcp 10.0.1.5:41000 > 172.217.175.36:443"
	    " as 192.168.3.243:1711 > 172.217.175.36:443"
	    " via veth eth0 / eth0 veth\n");
	f = flow_like(s, POD ":41000 > " WEB ":443");
	assert_int_equal(f->nat, NAT_SNAT);
	assert_int_equal(f->confidence, CONF_OBSERVED);
	assert_int_equal(f->packets, 3);
	assert_int_equal(f->request_packets, 2);
	assert_int_equal(f->reply_packets, 1);
	assert_int_equal(f->sightings, 6);
	assert_int_equal(f->matched, 6);
	assert_true(f->has & FLOW_TRANSLATED);
	scene_free(s);
}

static void
port_stays(void **state)
{
	struct scene *s = scene_of(state);

	handshake(s, POD ":41000", WEB ":443", NODE ":41000", WEB ":443");
	expect(s, "tcp 10.0.1.5:41000 > 172.217.175.36:443"
	    " as 192.168.3.243:41000 > 172.217.175.36:443"
	    " via veth eth0 / eth0 veth\n");
	scene_free(s);
}

/* path.c nat_of(): a port is part of what NAT translates. */
static void
source_port_alone(void **state)
{
	struct scene *s = scene_of(state);

	handshake(s, POD ":41000", WEB ":443", POD ":1024", WEB ":443");
	expect(s, "tcp 10.0.1.5:41000 > 172.217.175.36:443"
	    " as 10.0.1.5:1024 > 172.217.175.36:443"
	    " via veth eth0 / eth0 veth\n");
	assert_int_equal(flow_like(s, POD ":41000 > " WEB ":443")->nat, NAT_SNAT);
	scene_free(s);
}

static void
destination_port_alone(void **state)
{
	struct scene *s = scene_of(state);

	handshake(s, POD ":41000", WEB ":80", POD ":41000", WEB ":8080");
	expect(s, "tcp 10.0.1.5:41000 > 172.217.175.36:80"
	    " as 10.0.1.5:41000 > 172.217.175.36:8080"
	    " via veth eth0 / eth0 veth\n");
	assert_int_equal(flow_like(s, POD ":41000 > " WEB ":80")->nat, NAT_DNAT);
	scene_free(s);
}

/* One packet with a nonzero IP ID, and never an answer: no second packet to
   agree with it, so the kept endpoint and the falling TTL must do. */
static void
udp_port_alone(void **state)
{
	struct scene *s = scene_of(state);

	see(s, "veth in " POD ":5000 > " WEB ":53 udp id=7 data=question-1");
	see(s, "eth0 out " POD ":1024 > " WEB ":53 udp id=7 data=question-1 ttl=63");
	expect(s, "udp 10.0.1.5:5000 > 172.217.175.36:53"
	    " as 10.0.1.5:1024 > 172.217.175.36:53 via veth eth0\n");
	scene_free(s);
}

static void
echo(struct scene *s, const char *from, unsigned id, const char *as, unsigned as_id,
    unsigned ip_id)
{
	see(s, "veth in %s > " WEB " echo eid=%u seq=1 id=%u data=abcdefgh", from,
	    id, ip_id);
	see(s, "eth0 out %s > " WEB " echo eid=%u seq=1 id=%u data=abcdefgh ttl=63",
	    as, as_id, ip_id);
	see(s, "eth0 in " WEB " > %s reply eid=%u seq=1 data=abcdefgh ttl=50", as,
	    as_id);
	see(s, "veth out " WEB " > %s reply eid=%u seq=1 data=abcdefgh ttl=49", from,
	    id);
}

/* fingerprint.c: the ICMP id is left out. */
static void
icmp_id_changes(void **state)
{
	struct scene *s = scene_of(state);

	echo(s, POD, 10290, NODE, 11847, 77);
	expect(s, "icmp 10.0.1.5 > 172.217.175.36 id 10290"
	    " as 192.168.3.243 > 172.217.175.36 id 11847"
	    " via veth eth0 / eth0 veth\n");
	scene_free(s);
}

static void
icmp_id_becomes_0(void **state)
{
	struct scene *s = scene_of(state);

	echo(s, POD, 10290, NODE, 0, 0);
	expect(s, "icmp 10.0.1.5 > 172.217.175.36 id 10290"
	    " as 192.168.3.243 > 172.217.175.36 id 0"
	    " via veth eth0 / eth0 veth\n");
	scene_free(s);
}

/* match.c ends_kept(): both addresses stay, and yet it is a translation. */
static void
icmp_id_alone(void **state)
{
	struct scene *s = scene_of(state);

	echo(s, POD, 10290, POD, 11847, 0);
	expect(s, "icmp 10.0.1.5 > 172.217.175.36 id 10290"
	    " as 10.0.1.5 > 172.217.175.36 id 11847"
	    " via veth eth0 / eth0 veth\n");
	scene_free(s);
}

/* fingerprint.c: sequence numbers are enough where the IP ID is 0. */
static void
synack_without_ip_id(void **state)
{
	struct scene *s = scene_of(state);

	see(s, "eth0 in " WEB ":443 > " NODE ":1711 tcp SA seq=9000 ack=1001");
	see(s, "veth out " WEB ":443 > " POD ":41000 tcp SA seq=9000 ack=1001 ttl=63");
	expect(s, "tcp 10.0.1.5:41000 > 172.217.175.36:443"
	    " as 192.168.3.243:1711 > 172.217.175.36:443"
	    " via / eth0 veth\n");
	scene_free(s);
}

/* judge.c order_twins(): direction, or time, tells the order when the TTL does
   not: a tap before the decrement, a NAT that is a proxy. */
static void
ttl_equal(void **state)
{
	struct scene *s = scene_of(state);

	see(s, "veth in " POD ":41000 > " WEB ":443 tcp S seq=1000");
	see(s, "eth0 out " NODE ":1711 > " WEB ":443 tcp S seq=1000");
	see(s, "eth0 in " WEB ":443 > " NODE ":1711 tcp SA seq=9000 ack=1001");
	see(s, "veth out " WEB ":443 > " POD ":41000 tcp SA seq=9000 ack=1001");
	expect(s, "tcp 10.0.1.5:41000 > 172.217.175.36:443"
	    " as 192.168.3.243:1711 > 172.217.175.36:443"
	    " via veth eth0 / eth0 veth\n");
	scene_free(s);
}

/* The same with nothing but payload in common, over several packets. */
static void
ttl_equal_udp(void **state)
{
	struct scene *s = scene_of(state);

	for (unsigned i = 0; i < 3; i++) {
		see(s, "veth in " POD ":5000 > " WEB ":53 udp data=question-%u", i);
		see(s, "eth0 out " NODE ":99 > " WEB ":53 udp data=question-%u", i);
	}
	expect(s, "udp 10.0.1.5:5000 > 172.217.175.36:53"
	    " as 192.168.3.243:99 > 172.217.175.36:53 via veth eth0\n");
	scene_free(s);
}

/* NodePort with policy Cluster and an endpoint elsewhere: nothing of the tuple
   stays, and the interface is the same. */
static void
both_at_once(void **state)
{
	struct scene *s = scene_of(state);

	see(s, "eth0 in " LB ":45518 > " NODE ":30080 tcp S seq=1000");
	see(s, "eth0 out " NODE ":26099 > 10.0.2.7:8080 tcp S seq=1000 ttl=63");
	see(s, "eth0 in 10.0.2.7:8080 > " NODE ":26099 tcp SA seq=5 ack=1001");
	see(s, "eth0 out " NODE ":30080 > " LB ":45518 tcp SA seq=5 ack=1001 ttl=63");
	expect(s, "tcp 192.168.1.210:45518 > 192.168.3.243:30080"
	    " as 192.168.3.243:26099 > 10.0.2.7:8080"
	    " via eth0 eth0 / eth0 eth0\n");
	assert_int_equal(flow_like(s, LB ":45518 > " NODE ":30080")->nat,
	    NAT_SNAT | NAT_DNAT);
	scene_free(s);
}

static void
both_at_once_udp(void **state)
{
	struct scene *s = scene_of(state);

	for (unsigned i = 0; i < 3; i++) {
		see(s, "eth0 in " LB ":45518 > " NODE ":30053 udp data=question-%u", i);
		see(s, "veth out " NODE ":26099 > " POD ":53 udp data=question-%u ttl=63",
		    i);
	}
	expect(s, "udp 192.168.1.210:45518 > 192.168.3.243:30053"
	    " as 192.168.3.243:26099 > 10.0.1.5:53 via eth0 veth\n");
	scene_free(s);
}

/* judge.c judge_links_free(): a conv has one neighbour upstream and one downstream,
   so three of them make a chain. */
static void
two_steps(void **state)
{
	struct scene *s = scene_of(state);

	for (unsigned i = 0; i < 2; i++) {
		see(s, "veth in " POD ":41000 > 10.100.0.7:80 tcp %s seq=%u ack=%u",
		    i ? "A" : "S", 1000 + i, i * 6);
		see(s, "br0 out " POD ":41000 > 10.0.2.7:8080 tcp %s seq=%u ack=%u ttl=63",
		    i ? "A" : "S", 1000 + i, i * 6);
		see(s, "eth0 out " NODE ":1711 > 10.0.2.7:8080 tcp %s seq=%u ack=%u ttl=62",
		    i ? "A" : "S", 1000 + i, i * 6);
		if (i > 0)
			break;
		see(s, "eth0 in 10.0.2.7:8080 > " NODE ":1711 tcp SA seq=5 ack=1001");
		see(s, "br0 in 10.0.2.7:8080 > " POD ":41000 tcp SA seq=5 ack=1001 ttl=63");
		see(s, "veth out 10.100.0.7:80 > " POD ":41000 tcp SA seq=5 ack=1001 ttl=62");
	}
	expect(s, "tcp 10.0.1.5:41000 > 10.100.0.7:80"
	    " as 192.168.3.243:1711 > 10.0.2.7:8080"
	    " via veth br0 eth0 / eth0 br0 veth\n");
	assert_int_equal(flow_like(s, POD ":41000 > 10.100.0.7:80")->nat,
	    NAT_SNAT | NAT_DNAT);
	scene_free(s);
}

/* The same where the first step is on a bridge (br_netfilter): DNAT stands between
   two interfaces that both show it coming in, and of two that both show it
   going out one shows it translated back.  Before routing only the destination
   is changed, after it only the source. */
static void
two_steps_over_a_bridge(void **state)
{
	struct scene *s = scene_of(state);

	see(s, "veth in " POD ":41000 > 10.100.0.7:80 tcp S seq=1000");
	see(s, "cni0 in " POD ":41000 > 10.0.2.7:8080 tcp S seq=1000");
	see(s, "eth0 out " NODE ":1711 > 10.0.2.7:8080 tcp S seq=1000 ttl=63");
	see(s, "eth0 in 10.0.2.7:8080 > " NODE ":1711 tcp SA seq=5 ack=1001");
	see(s, "cni0 out 10.0.2.7:8080 > " POD ":41000 tcp SA seq=5 ack=1001 ttl=63");
	see(s, "veth out 10.100.0.7:80 > " POD ":41000 tcp SA seq=5 ack=1001 ttl=63");
	expect(s, "tcp 10.0.1.5:41000 > 10.100.0.7:80"
	    " as 192.168.3.243:1711 > 10.0.2.7:8080"
	    " via veth cni0 eth0 / eth0 cni0 veth\n");
	scene_free(s);
}

/* ... whose middle was seen last, because its packets stood in the capture
   behind the others. */
static void
two_steps_middle_last(void **state)
{
	struct scene *s = scene_of(state);

	see(s, "veth in " POD ":41000 > 10.100.0.7:80 tcp S seq=1000");
	see(s, "eth0 out " NODE ":1711 > 10.0.2.7:8080 tcp S seq=1000 ttl=63");
	later(s, -15 * NS_PER_USEC);
	see(s, "br0 in " POD ":41000 > 10.0.2.7:8080 tcp S seq=1000 ttl=64");
	later(s, 15 * NS_PER_USEC);
	see(s, "veth in " POD ":41000 > 10.100.0.7:80 tcp A seq=1001 ack=6");
	see(s, "br0 in " POD ":41000 > 10.0.2.7:8080 tcp A seq=1001 ack=6");
	see(s, "eth0 out " NODE ":1711 > 10.0.2.7:8080 tcp A seq=1001 ack=6 ttl=63");
	/* The outer two are right however the middle is told. */
	flow_like(s, POD ":41000 > 10.100.0.7:80");
	for (unsigned i = 0; i < s->n_flows; i++) {
		char as[TUPLE_TEXT];

		if (s->flows[i].nat == 0)
			continue;
		tuple_text(&s->flows[i].translated, as);
		assert_string_equal(as, NODE ":1711 > 10.0.2.7:8080");
	}
	scene_free(s);
}

/* The reply comes to the NAT, and is dropped there. */
static void
reply_not_translated_back(void **state)
{
	struct scene *s = scene_of(state);

	see(s, "veth in " POD ":41000 > " WEB ":443 tcp S seq=1000");
	see(s, "eth0 out " NODE ":1711 > " WEB ":443 tcp S seq=1000 ttl=63");
	see(s, "eth0 in " WEB ":443 > " NODE ":1711 tcp SA seq=9000 ack=1001");
	expect(s, "tcp 10.0.1.5:41000 > 172.217.175.36:443"
	    " as 192.168.3.243:1711 > 172.217.175.36:443"
	    " via veth eth0 / eth0\n");
	assert_int_equal(flow_like(s, POD ":41000 > " WEB ":443")->reply_packets, 1);
	scene_free(s);
}

/* evidence.c match_finish(): one vote counts when nothing speaks against it. */
static void
never_answered(void **state)
{
	struct scene *s = scene_of(state);

	see(s, "veth in " POD ":5000 > " WEB ":53 udp data=question-1");
	see(s, "eth0 out " NODE ":99 > " WEB ":53 udp data=question-1 ttl=63");
	see(s, "veth in " POD ":41000 > " WEB ":443 tcp S seq=1000");
	see(s, "eth0 out " NODE ":1711 > " WEB ":443 tcp S seq=1000 ttl=63");
	see(s, "veth in " POD " > " WEB " echo eid=5 seq=1 data=abcdefgh");
	see(s, "eth0 out " NODE " > " WEB " echo eid=6 seq=1 data=abcdefgh ttl=63");
	expect(s, "udp 10.0.1.5:5000 > 172.217.175.36:53"
	    " as 192.168.3.243:99 > 172.217.175.36:53 via veth eth0\n"
	    "tcp 10.0.1.5:41000 > 172.217.175.36:443"
	    " as 192.168.3.243:1711 > 172.217.175.36:443 via veth eth0\n"
	    "icmp 10.0.1.5 > 172.217.175.36 id 5"
	    " as 192.168.3.243 > 172.217.175.36 id 6 via veth eth0\n");
	scene_free(s);
}

/* The capture began later: data and its acknowledgement join. */
static void
joins_from_the_middle(void **state)
{
	struct scene *s = scene_of(state);

	see(s, "veth out " WEB ":443 > " POD ":41000 tcp A seq=7000 ack=300 len=100 ttl=63");
	see(s, "veth in " POD ":41000 > " WEB ":443 tcp A seq=300 ack=7100");
	see(s, "eth0 out " NODE ":1711 > " WEB ":443 tcp A seq=300 ack=7100 ttl=63");
	see(s, "eth0 in " WEB ":443 > " NODE ":1711 tcp A seq=7100 ack=300 len=100");
	see(s, "veth out " WEB ":443 > " POD ":41000 tcp A seq=7100 ack=300 len=100 ttl=63");
	expect(s, "tcp 10.0.1.5:41000 > 172.217.175.36:443"
	    " as 192.168.3.243:1711 > 172.217.175.36:443"
	    " via veth eth0 / eth0 veth\n");
	scene_free(s);
}

/* path.c name_tuples(): one side of the node saw replies only. */
static void
replies_only_on_one_side(void **state)
{
	struct scene *s = scene_of(state);

	see(s, "veth in " POD ":41000 > " WEB ":443 tcp S seq=1000");
	see(s, "eth0 in " WEB ":443 > " NODE ":1711 tcp SA seq=9000 ack=1001");
	see(s, "veth out " WEB ":443 > " POD ":41000 tcp SA seq=9000 ack=1001 ttl=63");
	expect(s, "tcp 10.0.1.5:41000 > 172.217.175.36:443"
	    " as 192.168.3.243:1711 > 172.217.175.36:443"
	    " via veth / eth0 veth\n");
	scene_free(s);
}

static void
other_protocols_and_families(void **state)
{
	struct scene *s = scene_of(state);

	see(s, "veth in [fd00::5]:41000 > [2001:db8::7]:443 tcp S seq=1000");
	see(s, "eth0 out [fd00:1::1]:1711 > [2001:db8::7]:443 tcp S seq=1000 ttl=63");
	see(s, "veth in " POD ":49000 > " WEB ":36412 sctp seq=77777 id=5 data=chunk");
	see(s, "eth0 out " NODE ":49001 > " WEB ":36412 sctp seq=77777 id=5 data=chunk ttl=63");
	see(s, "veth in fd00::5 > 2001:db8::7 echo eid=3 seq=1 data=abcdefgh");
	see(s, "eth0 out fd00:1::1 > 2001:db8::7 echo eid=4 seq=1 data=abcdefgh ttl=63");
	see(s, "eth0 in 2001:db8::7 > fd00:1::1 reply eid=4 seq=1 data=abcdefgh");
	see(s, "veth out 2001:db8::7 > fd00::5 reply eid=3 seq=1 data=abcdefgh ttl=63");
	expect(s, "tcp [fd00::5]:41000 > [2001:db8::7]:443"
	    " as [fd00:1::1]:1711 > [2001:db8::7]:443 via veth eth0\n"
	    "sctp 10.0.1.5:49000 > 172.217.175.36:36412"
	    " as 192.168.3.243:49001 > 172.217.175.36:36412 via veth eth0\n"
	    "icmpv6 fd00::5 > 2001:db8::7 id 3 as fd00:1::1 > 2001:db8::7 id 4"
	    " via veth eth0 / eth0 veth\n");
	scene_free(s);
}

/* Different packets of two convs agree: each packet alone could be chance. */
static void
many_flows_between_the_same_hosts(void **state)
{
	struct scene *s = scene_of(state);

	for (unsigned i = 0; i < 3; i++)
		for (unsigned k = 0; k < 3; k++) {
			see(s, "veth%u in 10.0.1.%u:41000 > " WEB ":443 tcp S seq=%u", k,
			    5 + k, 1000 * k);
			if (i == k)
				see(s, "eth0 out " NODE ":%u > " WEB
				    ":443 tcp S seq=%u ttl=63", 100 + k, 1000 * k);
		}
	expect(s, "tcp 10.0.1.5:41000 > 172.217.175.36:443"
	    " as 192.168.3.243:100 > 172.217.175.36:443 via veth0 eth0\n"
	    "tcp 10.0.1.6:41000 > 172.217.175.36:443"
	    " as 192.168.3.243:101 > 172.217.175.36:443 via veth1 eth0\n"
	    "tcp 10.0.1.7:41000 > 172.217.175.36:443"
	    " as 192.168.3.243:102 > 172.217.175.36:443 via veth2 eth0\n");
	scene_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_ALL(port_changes),
		IN_ALL(port_stays),
		IN_ALL(source_port_alone),
		IN_ALL(destination_port_alone),
		IN_BOTH(udp_port_alone),
		IN_ALL(icmp_id_changes),
		IN_ALL(icmp_id_becomes_0),
		IN_ALL(icmp_id_alone),
		IN_ALL(synack_without_ip_id),
		IN_BOTH(ttl_equal),
		IN_ANY(ttl_equal_udp),
		IN_BOTH(both_at_once),
		IN_BOTH(both_at_once_udp),
		IN_ALL(two_steps),
		IN_BOTH(two_steps_over_a_bridge),
		IN_ANY(two_steps_middle_last),
		IN_BOTH(reply_not_translated_back),
		IN_ALL(never_answered),
		IN_BOTH(joins_from_the_middle),
		IN_BOTH(replies_only_on_one_side),
		IN_ALL(other_protocols_and_families),
		IN_BOTH(many_flows_between_the_same_hosts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
