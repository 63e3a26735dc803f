/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_match_apart.c - what looks alike and is not one packet, and so must not
 * be joined: what was sent again, sent to two, sent to all, sent back, or
 * damaged.  A wrong translation is worse than none.
 */
#include "tests/observe.h"

#define POD	"10.0.1.5"
#define NODE	"192.168.3.243"
#define WEB	"172.217.175.36"

/* ---- sent again ---- */

/* track.c tcp_repeated(): counted at one leg of the flow. */
static void
retransmissions(void **state)
{
	struct scene *s = scene_of(state);
	const struct flow *f;

	for (unsigned i = 0; i < 3; i++) {
		see(s, "veth in " POD ":41000 > " WEB ":443 tcp S seq=1000 id=%u", 50 + i);
		see(s, "eth0 out " NODE ":1711 > " WEB ":443 tcp S seq=1000 id=%u ttl=63",
		    50 + i);
		later(s, NS_PER_SEC << i);
	}
	expect(s, "tcp 10.0.1.5:41000 > 172.217.175.36:443"
	    " as 192.168.3.243:1711 > 172.217.175.36:443 via veth eth0\n");
	f = flow_like(s, POD ":41000 > " WEB ":443");
	assert_int_equal(f->retransmissions, 2);
	assert_int_equal(f->packets, 3);
	assert_int_equal(f->matched, 6);
	scene_free(s);
}

/* match.c look(): a packet sent again stands where the first one stood, so that
   its twin's transit time is not the time between the two. */
static void
twin_of_what_was_sent_again(void **state)
{
	struct scene *s = scene_of(state);
	const struct flow *f;

	see(s, "veth in " POD ":41000 > " WEB ":443 tcp A seq=1 ack=9");
	see(s, "eth0 out " NODE ":1711 > " WEB ":443 tcp A seq=1 ack=9 ttl=63");
	/* The first one is lost on the node. */
	see(s, "veth in " POD ":41000 > " WEB ":443 tcp PA seq=1 ack=9 len=100");
	later(s, 300 * NS_PER_MSEC);
	see(s, "veth in " POD ":41000 > " WEB ":443 tcp PA seq=1 ack=9 len=100");
	see(s, "eth0 out " NODE ":1711 > " WEB ":443 tcp PA seq=1 ack=9 len=100 ttl=63");
	expect(s, "tcp 10.0.1.5:41000 > 172.217.175.36:443"
	    " as 192.168.3.243:1711 > 172.217.175.36:443 via veth eth0\n");
	f = flow_like(s, POD ":41000 > " WEB ":443");
	assert_int_equal(f->retransmissions, 1);
	if (s->shape != SHAPE_CLOCKS) {
		assert_true(f->has & FLOW_TRANSIT);
		assert_true(f->transit.p99_ns < NS_PER_MSEC);
	}
	scene_free(s);
}

/* The same on one interface only: what comes in twice did not go out. */
static void
sent_again_with_another_port(void **state)
{
	struct scene *s = scene_of(state);

	for (unsigned i = 0; i < 3; i++) {
		see(s, "veth in " POD ":5%03u > " WEB ":53 udp data=question-1", i);
		later(s, 100 * NS_PER_MSEC);
	}
	expect(s, "udp 10.0.1.5:5000 > 172.217.175.36:53 via veth\n"
	    "udp 10.0.1.5:5001 > 172.217.175.36:53 via veth\n"
	    "udp 10.0.1.5:5002 > 172.217.175.36:53 via veth\n");
	scene_free(s);
}

/* ---- sent to two, to many, to all ---- */

/* One query for two resolvers: same bytes, same port, IP ID 0. */
static void
two_resolvers(void **state)
{
	struct scene *s = scene_of(state);

	for (unsigned i = 0; i < 2; i++)
		see(s, "veth in " POD ":5000 > 10.96.0.%u:53 udp data=question-1", 10 + i);
	for (unsigned i = 0; i < 2; i++)
		see(s, "eth0 out " POD ":5000 > 10.96.0.%u:53 udp data=question-1 ttl=63",
		    10 + i);
	expect(s, "udp 10.0.1.5:5000 > 10.96.0.10:53 via veth eth0\n"
	    "udp 10.0.1.5:5000 > 10.96.0.11:53 via veth eth0\n");
	scene_free(s);
}

/* judge.c judge_twin(): of several twins the one that kept an endpoint is better. */
#define TWO_RESOLVED	"udp 10.0.1.5:5000 > 8.8.8.8:53" \
	" as 192.168.3.243:100 > 8.8.8.8:53 via veth eth0\n" \
	"udp 10.0.1.5:5000 > 8.8.4.4:53" \
	" as 192.168.3.243:101 > 8.8.4.4:53 via veth eth0\n"

static void
two_resolvers_snat(void **state)
{
	struct scene *s = scene_of(state);

	see(s, "veth in " POD ":5000 > 8.8.8.8:53 udp data=question-1");
	see(s, "eth0 out " NODE ":100 > 8.8.8.8:53 udp data=question-1 ttl=63");
	see(s, "veth in " POD ":5000 > 8.8.4.4:53 udp data=question-1");
	see(s, "eth0 out " NODE ":101 > 8.8.4.4:53 udp data=question-1 ttl=63");
	expect(s, TWO_RESOLVED);
	scene_free(s);
}

static void
two_resolvers_snat_interleaved(void **state)
{
	static const unsigned orders[][2] = { { 0, 1 }, { 1, 0 } };

	for (unsigned o = 0; o < 2; o++) {
		struct scene *s = scene_of(state);
		static const char *const to[] = { "8.8.8.8", "8.8.4.4" };

		for (unsigned i = 0; i < 2; i++)
			see(s, "veth in " POD ":5000 > %s:53 udp data=question-1", to[i]);
		for (unsigned i = 0; i < 2; i++)
			see(s, "eth0 out " NODE ":%u > %s:53 udp data=question-1 ttl=63",
			    100 + orders[o][i], to[orders[o][i]]);
		expect(s, TWO_RESOLVED);
		scene_free(s);
	}
}

/* The one to the first resolver is dropped by the node. */
static void
two_resolvers_one_dropped(void **state)
{
	struct scene *s = scene_of(state);

	see(s, "veth in " POD ":5000 > 8.8.8.8:53 udp data=question-1");
	see(s, "veth in " POD ":5000 > 8.8.4.4:53 udp data=question-1");
	see(s, "eth0 out " NODE ":101 > 8.8.4.4:53 udp data=question-1 ttl=63");
	expect(s, "udp 10.0.1.5:5000 > 8.8.8.8:53 via veth\n"
	    "udp 10.0.1.5:5000 > 8.8.4.4:53"
	    " as 192.168.3.243:101 > 8.8.4.4:53 via veth eth0\n");
	scene_free(s);
}

#define SCAN_PORTS	200u

/* Every SYN of a scan has one sequence number and IP ID 0; `batch` of them come
   in before they go out.  The number joined; none to another's. */
static unsigned
scan(void **state, unsigned batch)
{
	struct scene *s = scene_of(state);
	unsigned joined = 0;

	for (unsigned from = 1; from <= SCAN_PORTS; from += batch) {
		unsigned end = from + batch;

		for (unsigned p = from; p < end && p <= SCAN_PORTS; p++)
			see(s, "veth in " POD ":61000 > " WEB ":%u tcp S seq=77", p);
		for (unsigned p = from; p < end && p <= SCAN_PORTS; p++)
			see(s, "eth0 out " NODE ":%u > " WEB ":%u tcp S seq=77 ttl=63",
			    2000 + p, p);
	}
	scene_text(s);
	for (unsigned i = 0; i < s->n_flows; i++) {
		const struct flow *f = &s->flows[i];

		if (f->nat == 0)
			continue;
		if (f->original.sport != 61000 ||
		    f->original.dport != f->translated.dport ||
		    f->translated.sport != 2000 + f->translated.dport)
			fail_msg("crossed: port %u as %u > %u", f->original.dport,
			    f->translated.sport, f->translated.dport);
		joined++;
	}
	scene_free(s);
	return joined;
}

static void
scan_one_by_one(void **state)
{
	assert_int_equal(scan(state, 1), SCAN_PORTS);
}

static void
scan_two_at_a_time(void **state)
{
	assert_int_equal(scan(state, 2), SCAN_PORTS);
}

static void
scan_in_batches(void **state)
{
	static const unsigned batches[] = { 3, 4, 5, 8, 20 };

	for (unsigned i = 0; i < sizeof(batches) / sizeof(batches[0]); i++)
		scan(state, batches[i]);
}

static void
scan_all_at_once(void **state)
{
	scan(state, SCAN_PORTS);
}

/* Nothing translates what is sent to a group, and hosts say the same there. */
static void
groups_of_hosts(void **state)
{
	static const char *const chatter[] = {
		"0.0.0.0:68 > 255.255.255.255:67 udp len=300 group",	/* DHCP */
		"10.0.1.%u:5353 > 224.0.0.251:5353 udp data=_http._tcp.local group",
		"10.0.1.%u:50000 > 239.255.255.250:1900 udp data=M-SEARCH group",
		"10.0.1.%u:1985 > 224.0.0.2:1985 udp data=hsrp-hello id=7 group",
		"10.0.1.%u:138 > 10.0.1.255:138 udp data=browse-list-here group",
	};

	for (unsigned i = 0; i < sizeof(chatter) / sizeof(chatter[0]); i++) {
		struct scene *s = scene_of(state);
		char line[200];

		for (unsigned k = 0; k < 6; k++) {
			snprintf(line, sizeof(line), "veth%u in %s", k % 2, chatter[i]);
			/* The address is the line's own. */
			_Pragma("GCC diagnostic push")
			_Pragma("GCC diagnostic ignored \"-Wformat-nonliteral\"")
			see(s, line, 5 + k % 2);
			_Pragma("GCC diagnostic pop")
		}
		assert_int_equal(never_wrong(s, NULL, 0), 0);
		assert_int_equal(s->n_flows, i == 0 ? 1 : 2);
		scene_free(s);
	}
}

static void
groups_of_hosts_ipv6(void **state)
{
	struct scene *s = scene_of(state);

	for (unsigned k = 0; k < 6; k++)
		see(s, "veth%u %s [fe80::%u]:5353 > [ff02::fb]:5353 udp data=_http._tcp"
		    " ttl=%u", k % 2, k % 2 ? "out" : "in", 5 + k % 2, 64 - k % 2);
	expect(s, "udp [fe80::5]:5353 > [ff02::fb]:5353 via veth0\n"
	    "udp [fe80::6]:5353 > [ff02::fb]:5353 via veth1\n");
	scene_free(s);
}

/* A repeater sends to the group what it heard from it: still not NAT. */
static void
group_repeated(void **state)
{
	struct scene *s = scene_of(state);

	for (unsigned i = 0; i < 3; i++) {
		see(s, "veth in " POD ":5353 > 224.0.0.251:5353 udp data=question-%u", i);
		see(s, "eth0 out " NODE ":5353 > 224.0.0.251:5353 udp data=question-%u"
		    " ttl=63", i);
		/* A broadcast only the link knows to be one. */
		see(s, "veth in " POD ":138 > 10.0.1.255:138 udp data=browse-%u group",
		    i);
		see(s, "eth0 out " NODE ":138 > 10.0.1.255:138 udp data=browse-%u group"
		    " ttl=63", i);
	}
	assert_int_equal(never_wrong(s, NULL, 0), 0);
	scene_free(s);
}

/* ---- sent back ---- */

/* An echo service returns the bytes: the answer is not the question's twin. */
static void
echo_service(void **state)
{
	struct scene *s = scene_of(state);

	for (unsigned i = 0; i < 3; i++) {
		see(s, "veth in " POD ":5000 > " WEB ":7 udp data=hello-%u", i);
		see(s, "eth0 out " NODE ":100 > " WEB ":7 udp data=hello-%u ttl=63", i);
		see(s, "eth0 in " WEB ":7 > " NODE ":100 udp data=hello-%u ttl=64", i);
		see(s, "veth out " WEB ":7 > " POD ":5000 udp data=hello-%u ttl=63", i);
	}
	expect(s, "udp 10.0.1.5:5000 > 172.217.175.36:7"
	    " as 192.168.3.243:100 > 172.217.175.36:7 via veth eth0 / eth0 veth\n");
	scene_free(s);
}

/* Two hosts tell each other the same, each from a port of its own. */
static void
heartbeats_both_ways(void **state)
{
	struct scene *s = scene_of(state);

	for (unsigned i = 0; i < 3; i++) {
		see(s, "eth0 out " NODE ":50000 > 192.168.3.9:694 udp data=still-here");
		see(s, "eth0 in 192.168.3.9:50001 > " NODE ":694 udp data=still-here");
		later(s, NS_PER_SEC / 2);
	}
	expect(s, "udp 192.168.3.243:50000 > 192.168.3.9:694 via eth0\n"
	    "udp 192.168.3.9:50001 > 192.168.3.243:694 via eth0\n");
	scene_free(s);
}

/* What left does not come in again: a relay in the VPC that sends it back. */
static void
out_and_in_again(void **state)
{
	struct scene *s = scene_of(state);

	for (unsigned i = 0; i < 3; i++) {
		see(s, "eth0 out " NODE ":50000 > 192.168.3.9:694 udp data=relay-%u", i);
		see(s, "eth0 in 192.168.3.9:50001 > 10.0.1.9:694 udp data=relay-%u ttl=63",
		    i);
	}
	expect(s, "udp 192.168.3.243:50000 > 192.168.3.9:694 via eth0\n"
	    "udp 192.168.3.9:50001 > 10.0.1.9:694 via eth0\n");
	scene_free(s);
}

/* judge.c order_twins(): what comes in a second after it left is another. */
static void
too_late_to_be_forwarded(void **state)
{
	struct scene *s = scene_of(state);

	see(s, "eth0 out " NODE ":1711 > " WEB ":443 tcp S seq=1000 ttl=63");
	later(s, 20 * NS_PER_MSEC);
	see(s, "veth in " POD ":41000 > " WEB ":443 tcp S seq=1000");
	assert_int_equal(never_wrong(s, NULL, 0), 0);
	scene_free(s);
}

/* judge.c ttl_fits(): one node takes one from the TTL. */
static void
ttl_fell_too_far(void **state)
{
	struct scene *s = scene_of(state);

	see(s, "veth in " POD ":41000 > " WEB ":443 tcp S seq=1000 ttl=64");
	see(s, "eth0 out " NODE ":1711 > " WEB ":443 tcp S seq=1000 ttl=57");
	see(s, "veth in " POD ":41001 > " WEB ":443 tcp S seq=2000 ttl=63");
	see(s, "eth0 out " NODE ":1712 > " WEB ":443 tcp S seq=2000 ttl=128");
	assert_int_equal(never_wrong(s, NULL, 0), 0);
	assert_int_equal(s->n_flows, 4);
	scene_free(s);
}

/* One number of 32 bits in common is little between IPv4 and IPv6, which NAT does
   not turn into each other here. */
static void
families_stay_apart(void **state)
{
	struct scene *s = scene_of(state);

	see(s, "veth in " POD ":41000 > " WEB ":443 tcp S seq=1000");
	see(s, "eth0 out [fd00::5]:41000 > [2001:db8::7]:443 tcp S seq=1000 ttl=63");
	expect(s, "tcp 10.0.1.5:41000 > 172.217.175.36:443 via veth\n"
	    "tcp [fd00::5]:41000 > [2001:db8::7]:443 via eth0\n");
	scene_free(s);
}

/* match.c WINDOW_NS: no queue holds a packet for two seconds. */
static void
too_long_on_the_node(void **state)
{
	struct scene *s = scene_of(state);

	see(s, "veth in " POD ":41000 > " WEB ":443 tcp S seq=1000");
	later(s, 2 * NS_PER_SEC);
	see(s, "eth0 out " NODE ":1711 > " WEB ":443 tcp S seq=1000 ttl=63");
	assert_int_equal(never_wrong(s, NULL, 0), 0);
	scene_free(s);
}

/* ---- damaged ---- */

static void
copy_on_the_same_interface(void **state)
{
	struct scene *s = scene_of(state);

	see(s, "eth0 in 192.168.3.9:9000 > " NODE ":80 tcp S seq=1000");
	see(s, "eth0 in 192.168.3.137:9000 > " NODE ":80 tcp S seq=1000 badsum");
	see(s, "eth0 in 192.168.3.9:9001 > " NODE ":80 udp id=7 data=same-bytes");
	see(s, "eth0 in 192.168.3.137:9001 > " NODE ":80 udp id=7 data=same-bytes");
	expect(s, "tcp 192.168.3.9:9000 > 192.168.3.243:80 via eth0\n"
	    "tcp 192.168.3.137:9000 > 192.168.3.243:80 via eth0\n"
	    "udp 192.168.3.9:9001 > 192.168.3.243:80 via eth0\n"
	    "udp 192.168.3.137:9001 > 192.168.3.243:80 via eth0\n");
	scene_free(s);
}

/* The packet came in at eth0 and went out at the veth; the damaged copy of it
   came in at eth1 (a switch that flooded it). */
static void
copy_on_another_interface(void **state)
{
	struct scene *s = scene_of(state);

	for (unsigned i = 0; i < 3; i++) {
		see(s, "eth0 in 192.168.3.9:9000 > " POD ":80 tcp A seq=%u ack=5", 1000 + i);
		if (i == 1)
			see(s, "eth1 in 192.168.3.137:9000 > " POD
			    ":80 tcp A seq=%u ack=5 badsum", 1000 + i);
		see(s, "veth out 192.168.3.9:9000 > " POD ":80 tcp A seq=%u ack=5 ttl=63",
		    1000 + i);
	}
	assert_int_equal(never_wrong(s, NULL, 0), 0);
	assert_int_equal(s->n_flows, 2);
	scene_free(s);
}

/* Twice out of one interface, once damaged: a packet leaves once. */
static void
copy_goes_out_too(void **state)
{
	struct scene *s = scene_of(state);

	for (unsigned i = 0; i < 3; i++) {
		see(s, "veth in " POD ":9000 > " WEB ":80 tcp A seq=%u ack=5", 1000 + i);
		see(s, "eth0 out " POD ":9000 > " WEB ":80 tcp A seq=%u ack=5 ttl=63",
		    1000 + i);
		if (i == 1)
			see(s, "eth0 out 10.0.1.69:9000 > " WEB
			    ":80 tcp A seq=%u ack=5 ttl=63 badsum", 1000 + i);
	}
	assert_int_equal(never_wrong(s, NULL, 0), 0);
	assert_int_equal(s->n_flows, 2);
	scene_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_ALL(retransmissions),
		IN_ALL(twin_of_what_was_sent_again),
		IN_BOTH(sent_again_with_another_port),
		IN_BOTH(two_resolvers),
		IN_BOTH(two_resolvers_snat),
		IN_BOTH(two_resolvers_snat_interleaved),
		IN_BOTH(two_resolvers_one_dropped),
		IN_ALL(scan_one_by_one),
		IN_BOTH(scan_two_at_a_time),
		IN_BOTH(scan_in_batches),
		IN_BOTH(scan_all_at_once),
		IN_BOTH(groups_of_hosts),
		IN_BOTH(groups_of_hosts_ipv6),
		IN_BOTH(group_repeated),
		IN_BOTH(echo_service),
		IN_BOTH(heartbeats_both_ways),
		IN_ANY(out_and_in_again),
		IN_BOTH(too_late_to_be_forwarded),
		IN_BOTH(ttl_fell_too_far),
		IN_BOTH(families_stay_apart),
		IN_BOTH(too_long_on_the_node),
		IN_BOTH(copy_on_the_same_interface),
		IN_BOTH(copy_on_another_interface),
		IN_BOTH(copy_goes_out_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
