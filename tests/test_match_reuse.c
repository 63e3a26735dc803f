/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_match_reuse.c - tuples that are used again by a later conversation,
 * ICMP errors, and fragments: what belongs to which flow when the tuple alone
 * does not say.
 */
#include "tests/observe.h"

#define POD	"10.0.1.5"
#define POD2	"10.0.1.6"
#define NODE	"192.168.3.243"
#define WEB	"172.217.175.36"
#define ROUTER	"192.168.3.1"

#define JOINED(proto, sport, nport, dport) proto " 10.0.1.5:" #sport \
	" > 172.217.175.36:" #dport " as 192.168.3.243:" #nport \
	" > 172.217.175.36:" #dport

/* A connection from begin to end, seen on both sides. */
static void
connection(struct scene *s, const char *pod, unsigned sport, unsigned nport,
    uint32_t isn)
{
	see(s, "veth in %s:%u > " WEB ":443 tcp S seq=%u", pod, sport, isn);
	see(s, "eth0 out " NODE ":%u > " WEB ":443 tcp S seq=%u ttl=63", nport, isn);
	see(s, "eth0 in " WEB ":443 > " NODE ":%u tcp SA seq=%u ack=%u", nport,
	    isn * 7, isn + 1);
	see(s, "veth out " WEB ":443 > %s:%u tcp SA seq=%u ack=%u ttl=63", pod, sport,
	    isn * 7, isn + 1);
	see(s, "veth in %s:%u > " WEB ":443 tcp FA seq=%u ack=%u", pod, sport, isn + 1,
	    isn * 7 + 1);
	see(s, "eth0 out " NODE ":%u > " WEB ":443 tcp FA seq=%u ack=%u ttl=63", nport,
	    isn + 1, isn * 7 + 1);
	see(s, "eth0 in " WEB ":443 > " NODE ":%u tcp FA seq=%u ack=%u", nport,
	    isn * 7 + 1, isn + 2);
	see(s, "veth out " WEB ":443 > %s:%u tcp FA seq=%u ack=%u ttl=63", pod, sport,
	    isn * 7 + 1, isn + 2);
}

#define BOTH_WAYS " via veth eth0 / eth0 veth\n"

/* ---- TCP ---- */

/* take.c taken_over(): a new ISN after the end is a new connection. */
static void
port_used_again(void **state)
{
	struct scene *s = scene_of(state);

	connection(s, POD, 41000, 1711, 1000);
	later(s, 5 * NS_PER_SEC);
	connection(s, POD, 41000, 1712, 500000);
	expect(s, JOINED("tcp", 41000, 1711, 443) BOTH_WAYS
	    JOINED("tcp", 41000, 1712, 443) BOTH_WAYS);
	assert_int_equal(s->flows[0].packets, 4);
	assert_int_equal(s->flows[1].packets, 4);
	assert_int_equal(s->flows[0].retransmissions, 0);
	assert_int_equal(s->flows[1].retransmissions, 0);
	scene_free(s);
}

/* The NAT gives its port to another pod. */
static void
nat_port_used_by_another(void **state)
{
	struct scene *s = scene_of(state);

	connection(s, POD, 41000, 1711, 1000);
	later(s, 5 * NS_PER_SEC);
	connection(s, POD2, 42000, 1711, 500000);
	expect(s, JOINED("tcp", 41000, 1711, 443) BOTH_WAYS
	    "tcp 10.0.1.6:42000 > 172.217.175.36:443"
	    " as 192.168.3.243:1711 > 172.217.175.36:443" BOTH_WAYS);
	assert_int_equal(s->flows[0].packets, 4);
	assert_int_equal(s->flows[1].packets, 4);
	scene_free(s);
}

/* Both tuples again: the same pod, the same port, the same translation. */
static void
both_tuples_used_again(void **state)
{
	struct scene *s = scene_of(state);

	connection(s, POD, 41000, 1711, 1000);
	later(s, 5 * NS_PER_SEC);
	connection(s, POD, 41000, 1711, 500000);
	expect(s, JOINED("tcp", 41000, 1711, 443) BOTH_WAYS
	    JOINED("tcp", 41000, 1711, 443) BOTH_WAYS);
	scene_free(s);
}

/* A SYN that was sent again is not a new connection. */
static void
same_isn_is_the_same(void **state)
{
	struct scene *s = scene_of(state);

	for (unsigned i = 0; i < 2; i++) {
		see(s, "veth in " POD ":41000 > " WEB ":443 tcp S seq=1000 id=%u", i);
		see(s, "eth0 out " NODE ":1711 > " WEB ":443 tcp S seq=1000 ttl=63 id=%u",
		    i);
		later(s, NS_PER_SEC);
	}
	expect(s, JOINED("tcp", 41000, 1711, 443) " via veth eth0\n");
	scene_free(s);
}

/* A SYN into a living connection is an attack, or old: no new flow (RFC 5961
   section 4); after a minute of silence it is new. */
static void
syn_into_established(void **state)
{
	struct scene *s = scene_of(state);

	see(s, "eth0 in " WEB ":9000 > " NODE ":80 tcp S seq=1000");
	see(s, "eth0 out " NODE ":80 > " WEB ":9000 tcp SA seq=5 ack=1001");
	see(s, "eth0 in " WEB ":9000 > " NODE ":80 tcp A seq=1001 ack=6");
	later(s, NS_PER_SEC);
	see(s, "eth0 in " WEB ":9000 > " NODE ":80 tcp S seq=777777");
	expect(s, "tcp 172.217.175.36:9000 > 192.168.3.243:80 via eth0 / eth0\n");
	scene_free(s);
}

static void
syn_after_long_silence(void **state)
{
	struct scene *s = scene_of(state);

	see(s, "eth0 in " WEB ":9000 > " NODE ":80 tcp S seq=1000");
	see(s, "eth0 out " NODE ":80 > " WEB ":9000 tcp SA seq=5 ack=1001");
	see(s, "eth0 in " WEB ":9000 > " NODE ":80 tcp A seq=1001 ack=6");
	later(s, 90 * NS_PER_SEC);
	see(s, "eth0 in " WEB ":9000 > " NODE ":80 tcp S seq=777777");
	expect(s, "tcp 172.217.175.36:9000 > 192.168.3.243:80 via eth0 / eth0\n"
	    "tcp 172.217.175.36:9000 > 192.168.3.243:80 via eth0\n");
	scene_free(s);
}

static void
used_again_after_reset(void **state)
{
	struct scene *s = scene_of(state);

	see(s, "eth0 in " WEB ":9000 > " NODE ":80 tcp S seq=1000");
	see(s, "eth0 out " NODE ":80 > " WEB ":9000 tcp RA seq=0 ack=1001");
	later(s, NS_PER_SEC);
	see(s, "eth0 in " WEB ":9000 > " NODE ":80 tcp S seq=777777");
	see(s, "eth0 out " NODE ":80 > " WEB ":9000 tcp RA seq=0 ack=777778");
	expect(s, "tcp 172.217.175.36:9000 > 192.168.3.243:80 via eth0 / eth0\n"
	    "tcp 172.217.175.36:9000 > 192.168.3.243:80 via eth0 / eth0\n");
	assert_int_equal(s->flows[0].resets, 1);
	assert_int_equal(s->flows[1].resets, 1);
	scene_free(s);
}

/* ---- without connections ---- */

/* ip_id 0: none; else this one and the next. */
static void
udp_talk(struct scene *s, const char *pod, unsigned nport, const char *name,
    unsigned ip_id)
{
	unsigned reply_id = ip_id ? ip_id + 1 : 0;

	see(s, "veth in %s:5000 > " WEB ":53 udp id=%u data=%s-question", pod, ip_id,
	    name);
	see(s, "eth0 out " NODE ":%u > " WEB ":53 udp id=%u data=%s-question ttl=63",
	    nport, ip_id, name);
	see(s, "eth0 in " WEB ":53 > " NODE ":%u udp id=%u data=%s-answer", nport,
	    reply_id, name);
	see(s, "veth out " WEB ":53 > %s:5000 udp id=%u data=%s-answer ttl=63", pod,
	    reply_id, name);
}

/* take.c idle_limit_ns(): conntrack has forgotten it, and chooses anew. */
static void
udp_after_idle(void **state)
{
	struct scene *s = scene_of(state);

	udp_talk(s, POD, 100, "one", 0);
	later(s, 25 * NS_PER_SEC);
	udp_talk(s, POD, 100, "two", 0);
	later(s, 200 * NS_PER_SEC);
	udp_talk(s, POD, 101, "three", 0);
	expect(s, JOINED("udp", 5000, 100, 53) BOTH_WAYS
	    JOINED("udp", 5000, 101, 53) BOTH_WAYS);
	assert_int_equal(s->flows[0].packets, 4);
	assert_int_equal(s->flows[1].packets, 2);
	scene_free(s);
}

static void
udp_nat_port_used_by_another(void **state)
{
	struct scene *s = scene_of(state);

	udp_talk(s, POD, 100, "one", 0);
	later(s, 200 * NS_PER_SEC);
	udp_talk(s, POD2, 100, "two", 0);
	expect(s, JOINED("udp", 5000, 100, 53) BOTH_WAYS
	    "udp 10.0.1.6:5000 > 172.217.175.36:53"
	    " as 192.168.3.243:100 > 172.217.175.36:53" BOTH_WAYS);
	scene_free(s);
}

/* nf_conntrack_udp_timeout is 30 s; the 120 s are for streams, that is for what
   goes on for more than two seconds both ways. */
static void
udp_nat_port_used_by_another_soon(void **state)
{
	struct scene *s = scene_of(state);

	udp_talk(s, POD, 100, "one", 0);
	later(s, 40 * NS_PER_SEC);
	udp_talk(s, POD2, 100, "two", 0);
	expect(s, JOINED("udp", 5000, 100, 53) BOTH_WAYS
	    "udp 10.0.1.6:5000 > 172.217.175.36:53"
	    " as 192.168.3.243:100 > 172.217.175.36:53" BOTH_WAYS);
	scene_free(s);
}

/* The entry was deleted (conntrack -D): the next packet is translated anew. */
static void
translated_anew(void **state)
{
	struct scene *s = scene_of(state);

	udp_talk(s, POD, 100, "one", 70);
	later(s, NS_PER_SEC / 2);
	udp_talk(s, POD, 101, "two", 80);
	expect(s, JOINED("udp", 5000, 100, 53) BOTH_WAYS
	    JOINED("udp", 5000, 101, 53) BOTH_WAYS);
	assert_int_equal(s->flows[0].packets, 2);
	assert_int_equal(s->flows[1].packets, 2);
	scene_free(s);
}

static void
ping_talk(struct scene *s, const char *pod, unsigned id, unsigned nid, unsigned seq)
{
	see(s, "veth in %s > " WEB " echo eid=%u seq=%u data=abcdefgh", pod, id, seq);
	see(s, "eth0 out " NODE " > " WEB " echo eid=%u seq=%u data=abcdefgh ttl=63",
	    nid, seq);
	see(s, "eth0 in " WEB " > " NODE " reply eid=%u seq=%u data=abcdefgh", nid, seq);
	see(s, "veth out " WEB " > %s reply eid=%u seq=%u data=abcdefgh ttl=63", pod, id,
	    seq);
}

static void
icmp_after_idle(void **state)
{
	struct scene *s = scene_of(state);

	ping_talk(s, POD, 7, 100, 1);
	later(s, 5 * NS_PER_SEC);
	ping_talk(s, POD, 7, 100, 2);
	later(s, 45 * NS_PER_SEC);
	ping_talk(s, POD2, 9, 100, 1);
	expect(s, "icmp 10.0.1.5 > 172.217.175.36 id 7"
	    " as 192.168.3.243 > 172.217.175.36 id 100" BOTH_WAYS
	    "icmp 10.0.1.6 > 172.217.175.36 id 9"
	    " as 192.168.3.243 > 172.217.175.36 id 100" BOTH_WAYS);
	assert_int_equal(s->flows[0].packets, 4);
	scene_free(s);
}

/* ---- ICMP errors ---- */

/* take.c take_error(): by the packet that the error is about, which has the
   translated tuple outside and the original one inside. */
static void
error_before_and_after_translation(void **state)
{
	struct scene *s = scene_of(state);
	const struct flow *f;
	char from[ADDR_TEXT_MAX];

	udp_talk(s, POD, 100, "one", 0);
	see(s, "eth0 in " ROUTER " > " NODE " unreach about=" NODE ":100," WEB ":53,udp");
	see(s, "veth out " ROUTER " > " POD " unreach about=" POD ":5000," WEB ":53,udp"
	    " ttl=63");
	expect(s, JOINED("udp", 5000, 100, 53) BOTH_WAYS);
	f = flow_like(s, POD ":5000 > " WEB ":53");
	assert_true(f->has & FLOW_ICMP_ERROR);
	assert_int_equal(f->icmp_errors, 1);
	assert_int_equal(f->icmp_type, 3);
	assert_int_equal(f->icmp_code, 3);
	addr_format(&f->icmp_from, from);
	assert_string_equal(from, ROUTER);
	assert_int_equal(f->packets, 2);
	scene_free(s);
}

static void
error_on_one_side_only(void **state)
{
	static const char *const errors[] = {
		"eth0 in " ROUTER " > " NODE " toobig about=" NODE ":1711," WEB ":443,tcp",
		"veth out " ROUTER " > " POD " toobig about=" POD ":41000," WEB ":443,tcp",
	};

	for (unsigned i = 0; i < 2; i++) {
		struct scene *s = scene_of(state);

		see(s, "veth in " POD ":41000 > " WEB ":443 tcp S seq=1000");
		see(s, "eth0 out " NODE ":1711 > " WEB ":443 tcp S seq=1000 ttl=63");
		see(s, "%s", errors[i]);
		later(s, NS_PER_SEC);
		see(s, "%s", errors[i]);
		expect(s, JOINED("tcp", 41000, 1711, 443) " via veth eth0\n");
		assert_int_equal(s->flows[0].icmp_errors, 2);
		assert_int_equal(s->flows[0].icmp_code, 4);
		scene_free(s);
	}
}

static void
error_about_echo(void **state)
{
	struct scene *s = scene_of(state);

	see(s, "veth in " POD " > " WEB " echo eid=7 seq=1 data=abcdefgh");
	see(s, "eth0 out " NODE " > " WEB " echo eid=100 seq=1 data=abcdefgh ttl=63");
	see(s, "eth0 in " ROUTER " > " NODE " exceeded about=" NODE ":100," WEB ",icmp");
	see(s, "veth out " ROUTER " > " POD " exceeded about=" POD ":7," WEB ",icmp");
	expect(s, "icmp 10.0.1.5 > 172.217.175.36 id 7"
	    " as 192.168.3.243 > 172.217.175.36 id 100 via veth eth0\n");
	assert_int_equal(s->flows[0].icmp_errors, 1);
	assert_int_equal(s->flows[0].icmp_type, 11);
	scene_free(s);
}

static void
error_ipv6(void **state)
{
	struct scene *s = scene_of(state);

	see(s, "veth in [fd00::5]:41000 > [2001:db8::7]:443 tcp S seq=1000");
	see(s, "veth out fd00::1 > fd00::5 toobig about=[fd00::5]:41000,"
	    "[2001:db8::7]:443,tcp");
	expect(s, "tcp [fd00::5]:41000 > [2001:db8::7]:443 via veth\n");
	assert_int_equal(s->flows[0].icmp_errors, 1);
	assert_int_equal(s->flows[0].icmp_type, 2);
	scene_free(s);
}

/* About a packet that was never seen: not a flow, and nobody's error. */
static void
error_about_nothing(void **state)
{
	struct scene *s = scene_of(state);

	see(s, "veth in " POD ":41000 > " WEB ":443 tcp S seq=1000");
	see(s, "eth0 in " ROUTER " > " NODE " unreach about=" NODE ":9," WEB ":53,udp");
	expect(s, "tcp 10.0.1.5:41000 > 172.217.175.36:443 via veth\n");
	assert_int_equal(s->flows[0].icmp_errors, 0);
	assert_false(s->flows[0].has & FLOW_ICMP_ERROR);
	scene_free(s);
}

/* ---- fragments ---- */

#define FIRST	" udp id=7 len=1472 more"
#define MIDDLE	" udp id=7 off=1480 len=1480 more"
#define LAST	" udp id=7 off=2960 len=100"
/* Bytes of the three, with their IP headers; the first one has UDP's, too. */
#define THREE_BYTES	(20 + 8 + 1472 + 20 + 1480 + 20 + 100)

static void
see_fragment(struct scene *s, bool inside, const char *words)
{
	bool first = strstr(words, "off=") == NULL;

	if (inside)
		see(s, "veth in " POD "%s > " WEB "%s%s", first ? ":5000" : "",
		    first ? ":53" : "", words);
	else
		see(s, "eth0 out " NODE "%s > " WEB "%s%s ttl=63", first ? ":100" : "",
		    first ? ":53" : "", words);
}

static void
fragments_in_order(struct scene *s, bool inside)
{
	see_fragment(s, inside, FIRST);
	see_fragment(s, inside, MIDDLE);
	see_fragment(s, inside, LAST);
}

static void
expect_three_fragments(struct scene *s)
{
	expect(s, JOINED("udp", 5000, 100, 53) " via veth eth0\n");
	assert_int_equal(s->flows[0].packets, 3);
	assert_int_equal(s->flows[0].bytes, THREE_BYTES);
	assert_int_equal(s->flows[0].sightings, 6);
	scene_free(s);
}

static void
fragments(void **state)
{
	struct scene *s = scene_of(state);

	fragments_in_order(s, true);
	fragments_in_order(s, false);
	expect_three_fragments(s);
}

/* Linux sent the last fragment first once, and networks reorder. */
static void
fragments_later_ones_first(void **state)
{
	struct scene *s = scene_of(state);

	for (unsigned i = 0; i < 2; i++) {
		see_fragment(s, i == 0, LAST);
		see_fragment(s, i == 0, MIDDLE);
		see_fragment(s, i == 0, FIRST);
	}
	expect_three_fragments(s);
}

static void
fragments_first_in_the_middle(void **state)
{
	struct scene *s = scene_of(state);

	for (unsigned i = 0; i < 2; i++) {
		see_fragment(s, i == 0, MIDDLE);
		see_fragment(s, i == 0, FIRST);
		see_fragment(s, i == 0, LAST);
	}
	expect_three_fragments(s);
}

/* Two datagrams of two senders: the addresses and the IP ID keep them apart. */
static void
fragments_interleaved(void **state)
{
	struct scene *s = scene_of(state);

	see(s, "veth in " POD ":5000 > " WEB ":53 udp id=7 len=1472 more");
	see(s, "veth in " POD2 ":6000 > " WEB ":53 udp id=7 len=1472 fill=2 more");
	see(s, "veth in " POD ":5001 > " WEB ":53 udp id=8 len=1472 fill=3 more");
	see(s, "veth in " POD " > " WEB " udp id=8 off=1480 len=800");
	see(s, "veth in " POD2 " > " WEB " udp id=7 off=1480 len=400");
	see(s, "veth in " POD " > " WEB " udp id=7 off=1480 len=200");
	expect(s, "udp 10.0.1.5:5000 > 172.217.175.36:53 via veth\n"
	    "udp 10.0.1.6:6000 > 172.217.175.36:53 via veth\n"
	    "udp 10.0.1.5:5001 > 172.217.175.36:53 via veth\n");
	assert_int_equal(s->flows[0].bytes, 1500 + 220);
	assert_int_equal(s->flows[1].bytes, 1500 + 420);
	assert_int_equal(s->flows[2].bytes, 1500 + 820);
	scene_free(s);
}

static void
fragments_of_echo(void **state)
{
	struct scene *s = scene_of(state);

	for (unsigned i = 0; i < 2; i++) {
		see(s, "veth in " POD " > " WEB " echo eid=7 seq=%u id=%u len=1472 more", i,
		    90 + i);
		see(s, "veth in " POD " > " WEB " echo id=%u off=1480 len=100", 90 + i);
		see(s, "eth0 out " NODE " > " WEB
		    " echo eid=100 seq=%u id=%u len=1472 more ttl=63", i, 90 + i);
		see(s, "eth0 out " NODE " > " WEB " echo id=%u off=1480 len=100 ttl=63",
		    90 + i);
	}
	expect(s, "icmp 10.0.1.5 > 172.217.175.36 id 7"
	    " as 192.168.3.243 > 172.217.175.36 id 100 via veth eth0\n");
	assert_int_equal(s->flows[0].packets, 4);
	scene_free(s);
}

/* fingerprint.c: conntrack puts fragments together and splits them anew, where
   the path has room for other sizes. */
static void
fragments_of_other_sizes(void **state)
{
	struct scene *s = scene_of(state);

	see(s, "veth in " POD ":5000 > " WEB ":53 udp id=7 len=1472 more");
	see(s, "veth in " POD " > " WEB " udp id=7 off=1480 len=500");
	see(s, "eth0 out " NODE ":100 > " WEB ":53 udp id=7 len=992 more ttl=63");
	see(s, "eth0 out " NODE " > " WEB " udp id=7 off=1000 len=980 ttl=63");
	expect(s, JOINED("udp", 5000, 100, 53) " via veth eth0\n");
	scene_free(s);
}

/* A later fragment alone begins no flow. */
static void
fragment_without_its_first(void **state)
{
	struct scene *s = scene_of(state);

	see(s, "veth in " POD " > " WEB " udp id=7 off=1480 len=800");
	see(s, "veth in " POD ":5000 > " WEB ":53 udp id=8 data=whole");
	expect(s, "udp 10.0.1.5:5000 > 172.217.175.36:53 via veth\n");
	assert_int_equal(s->flows[0].packets, 1);
	scene_free(s);
}

/* tracer.c FRAG_WAIT_NS: the same ID half a minute later is another datagram. */
static void
fragment_too_late(void **state)
{
	struct scene *s = scene_of(state);

	see(s, "veth in " POD ":5000 > " WEB ":53 udp id=7 len=1472 more");
	later(s, 40 * NS_PER_SEC);
	see(s, "veth in " POD " > " WEB " udp id=7 off=1480 len=800");
	expect(s, "udp 10.0.1.5:5000 > 172.217.175.36:53 via veth\n");
	assert_int_equal(s->flows[0].packets, 1);
	scene_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_ALL(port_used_again),
		IN_ALL(nat_port_used_by_another),
		IN_BOTH(both_tuples_used_again),
		IN_BOTH(same_isn_is_the_same),
		IN_BOTH(syn_into_established),
		IN_BOTH(syn_after_long_silence),
		IN_BOTH(used_again_after_reset),
		IN_ALL(udp_after_idle),
		IN_ALL(udp_nat_port_used_by_another),
		IN_BOTH(udp_nat_port_used_by_another_soon),
		IN_BOTH(translated_anew),
		IN_BOTH(icmp_after_idle),
		IN_BOTH(error_before_and_after_translation),
		IN_BOTH(error_on_one_side_only),
		IN_BOTH(error_about_echo),
		IN_BOTH(error_ipv6),
		IN_BOTH(error_about_nothing),
		IN_BOTH(fragments),
		IN_BOTH(fragments_later_ones_first),
		IN_BOTH(fragments_first_in_the_middle),
		IN_BOTH(fragments_interleaved),
		IN_BOTH(fragments_of_echo),
		IN_BOTH(fragments_of_other_sizes),
		IN_BOTH(fragment_without_its_first),
		IN_BOTH(fragment_too_late),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
