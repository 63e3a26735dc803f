/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_match_rivals.c - several that say the same at once: pods, scanners, the
 * node itself.  Each is joined to its own or to nothing, and what cannot be
 * told is said to be ambiguous.
 */
#include "tests/observe.h"

#define POD	"10.0.1.5"
#define POD2	"10.0.1.6"
#define NODE	"192.168.3.243"
#define WEB	"172.217.175.36"

static const struct pair two_pods[] = {
	{ POD ":5000 > " WEB ":53", NODE ":100 > " WEB ":53" },
	{ POD2 ":5000 > " WEB ":53", NODE ":101 > " WEB ":53" },
};

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

/* The IP ID is part of the packet, where there is one. */
static void
two_pods_with_ip_ids(void **state)
{
	struct scene *s = scene_of(state);

	see(s, "veth1 in " POD ":5000 > " WEB ":53 udp id=7 data=same-bytes");
	see(s, "veth2 in " POD2 ":5000 > " WEB ":53 udp id=8 data=same-bytes");
	see(s, "eth0 out " NODE ":101 > " WEB ":53 udp id=8 data=same-bytes ttl=63");
	see(s, "eth0 out " NODE ":100 > " WEB ":53 udp id=7 data=same-bytes ttl=63");
	assert_int_equal(never_wrong(s, two_pods, 2), 2);
	scene_free(s);
}

/* evidence.c vote(): a packet for another pair is one against this one.  A's are
   dropped and B's go out as D, but the capture lost some of B's on their way
   in; what the letters of a round name was captured. */
static void
evidence_against(void **state)
{
	static const char *const rounds[] = { "AD BD AD", "AD BD AD AD",
	    "BD AD AD BD AD", "ABD AD", "AD ABD", "ABD ABD AD" };

	for (size_t i = 0; i < sizeof(rounds) / sizeof(rounds[0]); i++) {
		struct scene *s = scene_of(state);
		unsigned n = 0;

		for (const char *c = rounds[i]; *c != '\0'; c++)
			if (*c == 'A')
				see(s, "veth1 in " POD ":5000 > " WEB ":53 udp data=q%u", n);
			else if (*c == 'B')
				see(s, "veth2 in " POD2 ":5000 > " WEB ":53 udp data=q%u", n);
			else if (*c == 'D')
				see(s, "eth0 out " NODE ":101 > " WEB
				    ":53 udp data=q%u ttl=63", n);
			else
				n++;
		never_wrong(s, two_pods, 2);
		scene_free(s);
	}
}

/* evidence.c match_finish(): two that claim one pod's packets cannot both be it. */
static void
two_claims(void **state)
{
	struct scene *s = scene_of(state);

	for (unsigned i = 0; i < 2; i++) {
		see(s, "veth1 in " POD ":5000 > " WEB ":53 udp data=question-%u", i);
		see(s, "eth0 out " NODE ":%u > " WEB ":53 udp data=question-%u ttl=63",
		    101 - i, i);
	}
	never_wrong(s, NULL, 0);
	scene_free(s);
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

/* judge.c judge_twin(): a packet whose twin was found is not looked for again. */
static void
two_scanners_in_turn(void **state)
{
	static const struct pair pairs[] = {
		{ POD ":61000 > " WEB ":22", NODE ":100 > " WEB ":22" },
		{ POD2 ":61000 > " WEB ":22", NODE ":101 > " WEB ":22" },
	};
	struct scene *s = scene_of(state);

	see(s, "veth1 in " POD ":61000 > " WEB ":22 tcp S seq=77");
	see(s, "eth0 out " NODE ":100 > " WEB ":22 tcp S seq=77 ttl=63");
	later(s, NS_PER_MSEC * 5);
	see(s, "veth2 in " POD2 ":61000 > " WEB ":22 tcp S seq=77");
	see(s, "eth0 out " NODE ":101 > " WEB ":22 tcp S seq=77 ttl=63");
	assert_int_equal(never_wrong(s, pairs, 2), 2);
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
	/* Without directions the second scanner's question could be the first
	   one's at another place: one of the two stays apart. */
	assert_in_range(never_wrong(s, pairs, 2), s->shape == SHAPE_ANY ? 2 : 1, 2);
	scene_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_ALL(two_pods_at_once),
		IN_BOTH(two_pods_in_turn),
		IN_BOTH(two_pods_with_ip_ids),
		IN_ALL(two_pods_one_dropped),
		IN_BOTH(evidence_against),
		IN_BOTH(two_claims),
		IN_BOTH(ambiguity_is_said),
		IN_BOTH(one_of_three),
		IN_BOTH(host_sends_the_same),
		IN_BOTH(host_sends_the_same_before),
		IN_BOTH(two_scanners),
		IN_BOTH(two_scanners_in_turn),
		IN_BOTH(two_scanners_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
