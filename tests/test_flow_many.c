/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_flow_many.c - more flows than may be kept: the idlest goes, is told
 * once, and leaves nothing behind that a later packet could be joined to.
 * Also: one input, one result.
 */
#include "decode/trace/tracer_int.h"
#include "tests/observe.h"

#define POD	"10.0.1.5"
#define NODE	"192.168.3.243"
#define WEB	"172.217.175.36"

/* Every packet a flow of its own; the pools must not grow with them. */
static void
every_packet_a_flow(void **state)
{
	enum { N_PACKETS = 20000, MAX_FLOWS = 100 };
	struct scene *s = scene_new(*(enum shape *)*state, MAX_FLOWS);
	const struct tracer_stats *st;
	uint32_t convs = 0, legs = 0, flows = 0;

	s->keep_done = false;
	for (unsigned i = 0; i < N_PACKETS; i++) {
		see(s, "veth in 10.%u.%u.%u:4000 > " WEB ":53 udp id=%u len=20 fill=%u",
		    i >> 16 & 255, i >> 8 & 255, i & 255, i & 0xffff, i);
		later(s, NS_PER_MSEC);
		if (i == N_PACKETS / 10) {
			flows = s->t->flows.used;
			convs = s->t->convs.used;
			legs = s->t->legs.used;
		}
	}
	scene_text(s);
	assert_int_equal(s->t->flows.used, flows);
	assert_int_equal(s->t->convs.used, convs);
	assert_int_equal(s->t->legs.used, legs);
	st = tracer_stats(s->t);
	assert_int_equal(st->packets, N_PACKETS);
	assert_int_equal(st->flows, N_PACKETS);
	assert_int_equal(st->evicted, N_PACKETS - MAX_FLOWS);
	assert_int_equal(s->n_done, N_PACKETS - MAX_FLOWS);
	assert_int_equal(s->n_flows, MAX_FLOWS);
	/* The last ones stayed, and the first ones went first. */
	assert_int_equal(s->flows[0].id, N_PACKETS - MAX_FLOWS + 1);
	assert_int_equal(s->last_done, N_PACKETS - MAX_FLOWS);
	scene_free(s);
}

/* The idlest, not the oldest. */
static void
the_idlest_goes(void **state)
{
	struct scene *s = scene_new(*(enum shape *)*state, 3);

	for (unsigned i = 0; i < 3; i++) {
		see(s, "veth in " POD ":400%u > " WEB ":53 udp data=one-%u", i, i);
		later(s, 2 * NS_PER_SEC);
	}
	see(s, "veth in " POD ":4000 > " WEB ":53 udp data=two-0");
	later(s, 2 * NS_PER_SEC);
	see(s, "veth in " POD ":4003 > " WEB ":53 udp data=one-3");
	expect(s, "udp 10.0.1.5:4001 > 172.217.175.36:53 via veth\n"
	    "udp 10.0.1.5:4000 > 172.217.175.36:53 via veth\n"
	    "udp 10.0.1.5:4002 > 172.217.175.36:53 via veth\n"
	    "udp 10.0.1.5:4003 > 172.217.175.36:53 via veth\n");
	assert_int_equal(s->n_done, 1);
	scene_free(s);
}

/* Evicted flows are told whole, with their translation and both their legs. */
static void
evicted_flows_are_whole(void **state)
{
	struct scene *s = scene_new(*(enum shape *)*state, 2);

	for (unsigned i = 0; i < 10; i++) {
		see(s, "veth in " POD ":4100%u > " WEB ":443 tcp S seq=%u", i, i * 77777);
		see(s, "eth0 out " NODE ":170%u > " WEB ":443 tcp S seq=%u ttl=63", i,
		    i * 77777);
		later(s, 2 * NS_PER_SEC);
	}
	scene_text(s);
	assert_int_equal(s->n_flows, 10);
	assert_int_equal(s->n_done, 8);
	for (unsigned i = 0; i < 10; i++) {
		const struct flow *f = &s->flows[i];

		assert_int_equal(f->id, i + 1);
		assert_int_equal(f->original.sport, 41000 + i);
		assert_int_equal(f->translated.sport, 1700 + i);
		assert_int_equal(f->sightings, 2);
	}
	scene_free(s);
}

/* match.c weigh_way(): a recent sighting whose leg was given to another flow
   must not speak for it.  The twin comes when its flow is gone. */
static void
twin_of_what_is_gone(enum shape shape, unsigned max_flows, unsigned fillers)
{
	struct scene *s = scene_new(shape, max_flows);

	see(s, "veth in " POD ":41000 > " WEB ":443 tcp S seq=1000");
	for (unsigned i = 0; i < fillers; i++)
		see(s, "veth in 10.0.%u.%u:5000 > " WEB ":443 tcp S seq=%u", 9 + i / 200,
		    i % 200, 77777 * (i + 1));
	see(s, "eth0 out " NODE ":1711 > " WEB ":443 tcp S seq=1000 ttl=63");
	scene_text(s);
	for (unsigned i = 0; i < s->n_flows; i++)
		if (s->flows[i].nat != 0 || s->flows[i].sightings != 1)
			fail_msg("joined after it was gone, %u others later:\n%s",
			    fillers, s->text);
	scene_free(s);
}

/* Whenever its place may be given away: at once, or after all others. */
static void
nothing_stale_is_joined(void **state)
{
	for (unsigned max = 1; max <= 4; max++)
		for (unsigned fillers = max; fillers < 340; fillers += max)
			twin_of_what_is_gone(*(enum shape *)*state, max, fillers);
}

/* One packet voted for a pod's flow that then goes, while the flow outside goes
   on; what takes the pod's place must not inherit the vote. */
static void
vote_for_what_is_gone(enum shape shape, unsigned rounds)
{
	struct scene *s = scene_new(shape, 4);

	see(s, "veth in " POD ":5000 > " WEB ":53 udp data=question-0");
	see(s, "eth0 out " NODE ":100 > " WEB ":53 udp data=question-0 ttl=63");
	for (unsigned i = 1; i <= rounds; i++) {
		later(s, 2 * NS_PER_SEC);
		see(s, "veth in 10.0.9.%u:5000 > " WEB ":53 udp id=%u data=else-%u", i,
		    i, i);
		see(s, "eth0 out " NODE ":100 > " WEB ":53 udp data=question-%u ttl=63",
		    i);
	}
	scene_text(s);
	for (unsigned i = 0; i < s->n_flows; i++)
		if (s->flows[i].nat != 0)
			fail_msg("joined after it was gone, %u others later:\n%s",
			    rounds, s->text);
	scene_free(s);
}

static void
nothing_stale_is_voted_for(void **state)
{
	for (unsigned rounds = 3; rounds < 120; rounds++)
		vote_for_what_is_gone(*(enum shape *)*state, rounds);
}

/* An ICMP error and a fragment for a flow that is gone begin nothing. */
static void
late_arrivals(void **state)
{
	struct scene *s = scene_new(*(enum shape *)*state, 1);

	see(s, "veth in " POD ":5000 > " WEB ":53 udp id=7 len=1472 more");
	see(s, "veth in " POD ":6000 > " WEB ":53 udp id=8 data=other");
	see(s, "veth in " POD " > " WEB " udp id=7 off=1480 len=800");
	see(s, "veth out " WEB " > " POD " unreach about=" POD ":5000," WEB ":53,udp");
	expect(s, "udp 10.0.1.5:5000 > 172.217.175.36:53 via veth\n"
	    "udp 10.0.1.5:6000 > 172.217.175.36:53 via veth\n");
	assert_int_equal(s->flows[1].packets, 1);
	assert_int_equal(s->flows[1].icmp_errors, 0);
	scene_free(s);
}

/* ---- determinism ---- */

static void
busy_scene(struct scene *s)
{
	uint32_t r = 12345;

	for (unsigned i = 0; i < 4000; i++) {
		r = r * 1664525 + 1013904223;
		if (r >> 30 == 0)
			see(s, "veth%u in 10.0.1.%u:%u > " WEB ":53 udp data=q%u",
			    r >> 8 & 3, r >> 8 & 3, 5000 + (r >> 12 & 63), i / 5);
		else if (r >> 30 == 1)
			see(s, "eth0 out " NODE ":%u > " WEB ":53 udp data=q%u ttl=63",
			    100 + (r >> 12 & 63), i / 5);
		else
			see(s, "%s 10.0.1.%u:41000 > " WEB ":443 tcp A seq=%u ack=1 len=9"
			    " ttl=%u", r >> 30 == 2 ? "veth0 in" : "eth0 out",
			    r >> 12 & 63, i / 7, 66 - (r >> 30));
	}
}

static void
same_input_same_flows(void **state)
{
	struct scene *a = scene_new(*(enum shape *)*state, 50);
	struct scene *b = scene_new(*(enum shape *)*state, 50);

	busy_scene(a);
	busy_scene(b);
	scene_text(a);
	scene_text(b);
	assert_string_equal(a->text, b->text);
	assert_int_equal(a->n_flows, b->n_flows);
	assert_int_equal(a->n_done, b->n_done);
	assert_true(a->n_done > 50);
	for (unsigned i = 0; i < a->n_flows; i++) {
		const struct flow *x = &a->flows[i], *y = &b->flows[i];

		assert_int_equal(x->id, y->id);
		assert_int_equal(x->packets, y->packets);
		assert_int_equal(x->bytes, y->bytes);
		assert_int_equal(x->matched, y->matched);
		assert_int_equal(x->transit.n, y->transit.n);
		assert_int_equal(x->transit.p50_ns, y->transit.p50_ns);
		assert_int_equal(x->confidence, y->confidence);
		assert_int_equal(x->n_legs, y->n_legs);
	}
	scene_free(a);
	scene_free(b);
}

/* No leg shows up twice, and every packet is in one flow. */
static void
every_packet_in_one_flow(void **state)
{
	struct scene *s = scene_new(*(enum shape *)*state, 0);
	uint64_t sightings = 0;

	busy_scene(s);
	scene_text(s);
	for (unsigned i = 0; i < s->n_flows; i++)
		sightings += s->flows[i].sightings;
	assert_int_equal(sightings, 4000);
	assert_int_equal(tracer_stats(s->t)->flows, s->n_flows);
	for (unsigned i = 1; i < s->n_flows; i++)
		assert_true(s->flows[i - 1].id < s->flows[i].id);
	scene_free(s);
}

/* flow.h: legs beyond FLOW_MAX_LEGS are left out of the list, and counted. */
static void
more_legs_than_listed(void **state)
{
	enum { N_PLACES = 40 };
	struct scene *s = scene_new(*(enum shape *)*state, 0);
	const struct flow *f;

	for (unsigned i = 0; i < N_PLACES; i++)
		see(s, "if%u in " POD ":5000 > " WEB ":53 udp id=7 data=question", i);
	f = flow_like(s, POD ":5000 > " WEB ":53");
	assert_int_equal(f->n_legs, FLOW_MAX_LEGS);
	assert_int_equal(f->legs_left_out, N_PLACES - FLOW_MAX_LEGS);
	assert_int_equal(f->packets, 1);
	assert_int_equal(f->sightings, N_PLACES);
	scene_free(s);
}

/* Asking in between changes nothing. */
static int
look_at(void *arg, const struct flow *f)
{
	(void)f;
	return ++*(unsigned *)arg < 3;
}

static void
asked_in_between(void **state)
{
	struct scene *a = scene_new(*(enum shape *)*state, 0);
	struct scene *b = scene_new(*(enum shape *)*state, 0);

	for (unsigned i = 0; i < 40; i++) {
		unsigned visited = 0;
		int r;

		for (unsigned k = 0; k < 2; k++) {
			struct scene *s = k ? b : a;

			see(s, "veth in 10.0.1.%u:5000 > " WEB ":53 udp data=q%u", i % 4,
			    i);
			see(s, "eth0 out " NODE ":%u > " WEB ":53 udp data=q%u ttl=63",
			    100 + i % 4, i);
		}
		r = tracer_each(b->t, look_at, &visited);
		assert_int_equal(r, visited >= 3 ? 0 : 1);
	}
	assert_string_equal(scene_text(a), scene_text(b));
	assert_int_equal(a->n_flows, 4);
	scene_free(a);
	scene_free(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_BOTH(every_packet_a_flow),
		IN_BOTH(the_idlest_goes),
		IN_BOTH(evicted_flows_are_whole),
		IN_BOTH(nothing_stale_is_joined),
		IN_BOTH(nothing_stale_is_voted_for),
		IN_BOTH(late_arrivals),
		IN_BOTH(same_input_same_flows),
		IN_BOTH(every_packet_in_one_flow),
		IN_BOTH(more_legs_than_listed),
		IN_BOTH(asked_in_between),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
