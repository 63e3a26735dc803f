/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_match_apart.c - what looks alike and is not one packet, and so must not
 * be joined: what was sent again, sent to two, sent to all, sent by two at
 * once, sent back, or damaged.  A wrong translation is worse than none.
 */
#include "tests/observe.h"

#define POD	"10.0.1.5"
#define POD2	"10.0.1.6"
#define NODE	"192.168.3.243"
#define WEB	"172.217.175.36"

/* Every flow with a translation must have one of these; the rest may stay
   single or say that they are ambiguous.  How many have one is returned. */
struct pair {
	const char	*original, *translated;
};

static unsigned
never_wrong(struct scene *s, const struct pair *pairs, unsigned n)
{
	unsigned joined = 0;

	scene_text(s);
	for (unsigned i = 0; i < s->n_flows; i++) {
		char original[TUPLE_TEXT], as[TUPLE_TEXT];
		unsigned k;

		if (s->flows[i].nat == 0)
			continue;
		tuple_text(&s->flows[i].original, original);
		tuple_text(&s->flows[i].translated, as);
		for (k = 0; k < n; k++)
			if (strcmp(original, pairs[k].original) == 0 &&
			    strcmp(as, pairs[k].translated) == 0)
				break;
		if (k == n)
			fail_msg("wrong:\n%s", scene_text(s));
		joined++;
	}
	return joined;
}

static const struct pair two_pods[] = {
	{ POD ":5000 > " WEB ":53", NODE ":100 > " WEB ":53" },
	{ POD2 ":5000 > " WEB ":53", NODE ":101 > " WEB ":53" },
};

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

/* match.c judge(): of several twins the one that kept an endpoint is better. */
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
	}
	assert_int_equal(never_wrong(s, NULL, 0), 0);
	scene_free(s);
}

/* ---- sent by two at once ---- */

enum { A_IN, B_IN, C_OUT, D_OUT };

static void
two_pods_step(struct scene *s, unsigned step, const char *proto)
{
	bool echo = strcmp(proto, "echo") == 0;
	static const char *const lines[] = {
		[A_IN] = "veth1 in " POD "%s > " WEB "%s %s%s data=same-bytes ttl=64",
		[B_IN] = "veth2 in " POD2 "%s > " WEB "%s %s%s data=same-bytes ttl=64",
		[C_OUT] = "eth0 out " NODE "%s > " WEB "%s %s%s data=same-bytes ttl=63",
		[D_OUT] = "eth0 out " NODE "%s > " WEB "%s %s%s data=same-bytes ttl=63",
	};
	static const char *const ports[] = { ":5000", ":5000", ":100", ":101" };
	static const char *const ids[] = { " eid=5000", " eid=5000", " eid=100",
	    " eid=101" };

	_Pragma("GCC diagnostic push")
	_Pragma("GCC diagnostic ignored \"-Wformat-nonliteral\"")
	see(s, lines[step], echo ? "" : ports[step], echo ? "" : ":53", proto,
	    echo ? ids[step] : "");
	_Pragma("GCC diagnostic pop")
}

static const struct pair two_pings[] = {
	{ POD " > " WEB " id 5000", NODE " > " WEB " id 100" },
	{ POD2 " > " WEB " id 5000", NODE " > " WEB " id 101" },
};

/* C is A's, D is B's; every order in which each comes in before it goes out. */
static void
two_pods_at_once(void **state)
{
	static const uint8_t orders[][4] = {
		{ A_IN, B_IN, C_OUT, D_OUT }, { A_IN, B_IN, D_OUT, C_OUT },
		{ B_IN, A_IN, C_OUT, D_OUT }, { B_IN, A_IN, D_OUT, C_OUT },
		{ A_IN, C_OUT, B_IN, D_OUT }, { B_IN, D_OUT, A_IN, C_OUT },
	};

	for (unsigned echo = 0; echo < 2; echo++)
		for (unsigned o = 0; o < 6; o++)
			for (unsigned repeat = 1; repeat <= 3; repeat++) {
				struct scene *s = scene_of(state);

				for (unsigned r = 0; r < repeat; r++) {
					for (unsigned i = 0; i < 4; i++)
						two_pods_step(s, orders[o][i],
						    echo ? "echo" : "udp");
					later(s, 100 * NS_PER_MSEC);
				}
				never_wrong(s, echo ? two_pings : two_pods, 2);
				scene_free(s);
			}
}

/* One after the other they are right, too. */
static void
two_pods_in_turn(void **state)
{
	for (unsigned echo = 0; echo < 2; echo++) {
		struct scene *s = scene_of(state);
		static const uint8_t order[] = { A_IN, C_OUT, B_IN, D_OUT };

		for (unsigned i = 0; i < 4; i++)
			two_pods_step(s, order[i], echo ? "echo" : "udp");
		assert_int_equal(never_wrong(s, echo ? two_pings : two_pods, 2), 2);
		scene_free(s);
	}
}

/* A's packets are dropped, B's go out: D must not become A's. */
static void
two_pods_one_dropped(void **state)
{
	static const uint8_t orders[][3] = { { A_IN, B_IN, D_OUT },
	    { B_IN, A_IN, D_OUT }, { B_IN, D_OUT, A_IN } };

	for (unsigned echo = 0; echo < 2; echo++)
		for (unsigned o = 0; o < 3; o++)
			for (unsigned repeat = 1; repeat <= 3; repeat++) {
				struct scene *s = scene_of(state);

				for (unsigned r = 0; r < repeat; r++) {
					for (unsigned i = 0; i < 3; i++)
						two_pods_step(s, orders[o][i],
						    echo ? "echo" : "udp");
					later(s, 100 * NS_PER_MSEC);
				}
				never_wrong(s, echo ? two_pings : two_pods, 2);
				scene_free(s);
			}
}

/* When it cannot be told, it is said. */
static void
ambiguity_is_said(void **state)
{
	struct scene *s = scene_of(state);

	two_pods_step(s, A_IN, "udp");
	two_pods_step(s, B_IN, "udp");
	two_pods_step(s, C_OUT, "udp");
	two_pods_step(s, D_OUT, "udp");
	assert_int_equal(never_wrong(s, two_pods, 2), 0);
	assert_int_equal(flow_like(s, POD ":5000 > " WEB ":53")->confidence,
	    CONF_AMBIGUOUS);
	assert_int_equal(flow_like(s, POD2 ":5000 > " WEB ":53")->confidence,
	    CONF_AMBIGUOUS);
	scene_free(s);
}

/* Only one veth is captured; of three alike that leave, one is its own. */
static void
one_of_three(void **state)
{
	struct scene *s = scene_of(state);

	see(s, "veth in " POD ":5000 > " WEB ":53 udp data=same-bytes");
	for (unsigned i = 0; i < 3; i++)
		see(s, "eth0 out " NODE ":%u > " WEB ":53 udp data=same-bytes ttl=63",
		    101 - i);
	never_wrong(s, two_pods, 1);
	scene_free(s);
}

/* The pod's packet is dropped while the node itself sends the same: what the
   node sends has not been forwarded, its TTL is whole. */
static void
host_sends_the_same(void **state)
{
	struct scene *s = scene_of(state);

	see(s, "veth in " POD ":5000 > " WEB ":53 udp data=same-bytes");
	see(s, "eth0 out " NODE ":700 > " WEB ":53 udp data=same-bytes");
	assert_int_equal(never_wrong(s, NULL, 0), 0);
	scene_free(s);
}

static void
host_sends_the_same_before(void **state)
{
	struct scene *s = scene_of(state);

	see(s, "eth0 out " NODE ":700 > " WEB ":53 udp data=same-bytes");
	see(s, "veth in " POD ":5000 > " WEB ":53 udp data=same-bytes");
	see(s, "eth0 out " NODE ":100 > " WEB ":53 udp data=same-bytes ttl=63");
	never_wrong(s, two_pods, 1);
	scene_free(s);
}

/* Two scanners with one sequence number, both dropped: what comes in at two
   places is two packets. */
static void
two_scanners(void **state)
{
	struct scene *s = scene_of(state);

	see(s, "veth1 in " POD ":61000 > " WEB ":22 tcp S seq=77");
	see(s, "veth2 in " POD2 ":61000 > " WEB ":22 tcp S seq=77");
	expect(s, "tcp 10.0.1.5:61000 > 172.217.175.36:22 via veth1\n"
	    "tcp 10.0.1.6:61000 > 172.217.175.36:22 via veth2\n");
	scene_free(s);
}

/* Their answers are random, and tell them apart after all. */
static void
two_scanners_answered(void **state)
{
	static const struct pair pairs[] = {
		{ POD ":61000 > " WEB ":22", NODE ":100 > " WEB ":22" },
		{ POD2 ":61000 > " WEB ":22", NODE ":101 > " WEB ":22" },
	};
	struct scene *s = scene_of(state);

	see(s, "veth1 in " POD ":61000 > " WEB ":22 tcp S seq=77");
	see(s, "veth2 in " POD2 ":61000 > " WEB ":22 tcp S seq=77");
	see(s, "eth0 out " NODE ":100 > " WEB ":22 tcp S seq=77 ttl=63");
	see(s, "eth0 out " NODE ":101 > " WEB ":22 tcp S seq=77 ttl=63");
	see(s, "eth0 in " WEB ":22 > " NODE ":100 tcp SA seq=5555 ack=78");
	see(s, "veth1 out " WEB ":22 > " POD ":61000 tcp SA seq=5555 ack=78 ttl=63");
	see(s, "eth0 in " WEB ":22 > " NODE ":101 tcp SA seq=9999 ack=78");
	see(s, "veth2 out " WEB ":22 > " POD2 ":61000 tcp SA seq=9999 ack=78 ttl=63");
	assert_int_equal(never_wrong(s, pairs, 2), 2);
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

/* match.c order_twins(): what comes in a second after it left is another. */
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
		IN_ALL(two_pods_at_once),
		IN_BOTH(two_pods_in_turn),
		IN_ALL(two_pods_one_dropped),
		IN_BOTH(ambiguity_is_said),
		IN_BOTH(one_of_three),
		IN_BOTH(host_sends_the_same),
		IN_BOTH(host_sends_the_same_before),
		IN_BOTH(two_scanners),
		IN_BOTH(two_scanners_answered),
		IN_BOTH(echo_service),
		IN_BOTH(heartbeats_both_ways),
		IN_ANY(out_and_in_again),
		IN_BOTH(too_late_to_be_forwarded),
		IN_BOTH(too_long_on_the_node),
		IN_BOTH(copy_on_the_same_interface),
		IN_BOTH(copy_on_another_interface),
		IN_BOTH(copy_goes_out_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
