/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_flow_tcp.c - what a flow's own packets tell: who began it, how far TCP
 * got, what was sent again, how long answers took (RTT) and how long the node
 * kept a packet (transit).
 */
#include "tests/observe.h"

#define POD	"10.0.1.5"
#define WEB	"172.217.175.36"
#define NODE	"192.168.3.243"

#define US	NS_PER_USEC

/* ---- the initiator ---- */

/* One packet is seen first; is the flow named from its sender, and surely? */
struct beginning {
	const char	*line, *original;
	bool		 sure;
};

static const struct beginning beginnings[] = {
	{ "veth in 10.0.1.5:41000 > 10.0.2.7:443 tcp S seq=1",
	  "10.0.1.5:41000 > 10.0.2.7:443", true },
	/* The answer was seen first. */
	{ "veth in 10.0.1.5:443 > 10.0.2.7:41000 tcp SA seq=1 ack=2",
	  "10.0.2.7:41000 > 10.0.1.5:443", true },
	/* SYN and SYN-ACK count more than ports. */
	{ "veth in 10.0.1.5:80 > 10.0.2.7:41000 tcp S seq=1",
	  "10.0.1.5:80 > 10.0.2.7:41000", true },
	{ "veth in 10.0.1.5:41000 > 10.0.2.7:80 tcp SA seq=1 ack=2",
	  "10.0.2.7:80 > 10.0.1.5:41000", true },
	{ "veth in 10.0.1.5 > 10.0.2.7 echo eid=9 seq=1",
	  "10.0.1.5 > 10.0.2.7 id 9", true },
	{ "veth in 10.0.1.5 > 10.0.2.7 reply eid=9 seq=1",
	  "10.0.2.7 > 10.0.1.5 id 9", true },
	/* Ports: a system port serves (RFC 6335), an ephemeral one asks. */
	{ "veth in 10.0.1.5:443 > 10.0.2.7:41000 tcp PA seq=1 ack=2 len=9",
	  "10.0.2.7:41000 > 10.0.1.5:443", false },
	{ "veth in 10.0.1.5:53 > 10.0.2.7:41000 udp data=answer",
	  "10.0.2.7:41000 > 10.0.1.5:53", false },
	{ "veth in 10.0.1.5:8080 > 10.0.2.7:41000 tcp A seq=1 ack=2",
	  "10.0.2.7:41000 > 10.0.1.5:8080", false },
	{ "veth in 10.0.1.5:41000 > 10.0.2.7:8080 tcp A seq=1 ack=2",
	  "10.0.1.5:41000 > 10.0.2.7:8080", false },
	/* Two of a kind: who is seen first. */
	{ "veth in 10.0.1.5:123 > 10.0.2.7:123 udp data=time",
	  "10.0.1.5:123 > 10.0.2.7:123", false },
	{ "veth in 10.0.1.5:40000 > 10.0.2.7:50000 udp data=media",
	  "10.0.1.5:40000 > 10.0.2.7:50000", false },
};

static void
initiator(void **state)
{
	for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++) {
		struct scene *s = scene_of(state);
		const struct flow *f;

		see(s, "%s", beginnings[i].line);
		f = flow_like(s, beginnings[i].original);
		if ((f->has & FLOW_INITIATOR ? true : false) != beginnings[i].sure)
			fail_msg("sure? %s", beginnings[i].line);
		scene_free(s);
	}
}

/* A guess by ports is taken back when the SYN comes. */
static void
initiator_corrected(void **state)
{
	struct scene *s = scene_of(state);

	see(s, "veth in 10.0.1.5:443 > 10.0.2.7:41000 tcp R seq=1");
	see(s, "veth in 10.0.1.5:443 > 10.0.2.7:41000 tcp S seq=5");
	for (unsigned i = 0; i < 2; i++)
		see(s, "veth in 10.0.1.5:443 > 10.0.2.7:41000 tcp S seq=5");
	scene_text(s);
	assert_string_equal(strstr(s->text, "tcp 10.0.1.5:443 > 10.0.2.7:41000") ?
	    "named" : s->text, "named");
	scene_free(s);
}

/* ---- TCP states ---- */

static const struct {
	unsigned	packets;	/* of `connection` below */
	uint8_t		state;
} stages[] = {
	{ 1, TCPS_SYN_SENT }, { 2, TCPS_SYN_RECV }, { 3, TCPS_ESTABLISHED },
	{ 5, TCPS_ESTABLISHED }, { 6, TCPS_FIN_WAIT }, { 7, TCPS_CLOSED },
	{ 8, TCPS_CLOSED },
};

static const char *const connection[] = {
	"veth in 10.0.1.5:41000 > 172.217.175.36:443 tcp S seq=1000",
	"veth out 172.217.175.36:443 > 10.0.1.5:41000 tcp SA seq=5000 ack=1001",
	"veth in 10.0.1.5:41000 > 172.217.175.36:443 tcp A seq=1001 ack=5001",
	"veth in 10.0.1.5:41000 > 172.217.175.36:443 tcp PA seq=1001 ack=5001 len=100",
	"veth out 172.217.175.36:443 > 10.0.1.5:41000 tcp A seq=5001 ack=1101 len=300",
	"veth out 172.217.175.36:443 > 10.0.1.5:41000 tcp FA seq=5301 ack=1101",
	"veth in 10.0.1.5:41000 > 172.217.175.36:443 tcp FA seq=1101 ack=5302",
	"veth out 172.217.175.36:443 > 10.0.1.5:41000 tcp A seq=5302 ack=1102",
};

static void
tcp_states(void **state)
{
	for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++) {
		struct scene *s = scene_of(state);
		const struct flow *f;

		for (unsigned k = 0; k < stages[i].packets; k++)
			see(s, "%s", connection[k]);
		f = flow_like(s, POD ":41000 > " WEB ":443");
		assert_int_equal(f->tcp_state, stages[i].state);
		assert_int_equal(f->retransmissions, 0);
		assert_int_equal(f->resets, 0);
		scene_free(s);
	}
}

static void
tcp_reset(void **state)
{
	struct scene *s = scene_of(state);
	const struct flow *f;

	for (unsigned k = 0; k < 4; k++)
		see(s, "%s", connection[k]);
	see(s, "veth out " WEB ":443 > " POD ":41000 tcp R seq=5001");
	/* What is still under way does not raise the dead. */
	see(s, "%s", connection[4]);
	see(s, "%s", connection[5]);
	f = flow_like(s, POD ":41000 > " WEB ":443");
	assert_int_equal(f->tcp_state, TCPS_RESET);
	assert_int_equal(f->resets, 1);
	scene_free(s);
}

static void
begun_before_the_capture(void **state)
{
	struct scene *s = scene_of(state);

	see(s, "%s", connection[4]);
	assert_int_equal(flow_like(s, POD ":41000 > " WEB ":443")->tcp_state,
	    TCPS_ESTABLISHED);
	scene_free(s);
}

/* ---- sent again ---- */

static const struct {
	const char	*name, *again;
	unsigned	count;
} repeats[] = {
	{ "SYN", "veth in 10.0.1.5:41000 > 172.217.175.36:443 tcp S seq=1000", 1 },
	{ "SYN-ACK", "veth out 172.217.175.36:443 > 10.0.1.5:41000"
	  " tcp SA seq=5000 ack=1001", 1 },
	{ "data", "veth in 10.0.1.5:41000 > 172.217.175.36:443"
	  " tcp PA seq=1001 ack=5001 len=100", 1 },
	{ "a part of the data", "veth in 10.0.1.5:41000 > 172.217.175.36:443"
	  " tcp PA seq=1001 ack=5001 len=50", 1 },
	{ "FIN", "veth out 172.217.175.36:443 > 10.0.1.5:41000"
	  " tcp FA seq=5301 ack=1101", 1 },
	{ "an acknowledgement", "veth in 10.0.1.5:41000 > 172.217.175.36:443"
	  " tcp A seq=1102 ack=5302", 0 },
	/* RFC 9293 section 3.8.4: the byte before the next one, or none. */
	{ "keep-alive", "veth out 172.217.175.36:443 > 10.0.1.5:41000"
	  " tcp A seq=5301 ack=1102", 0 },
	{ "keep-alive with a byte", "veth out 172.217.175.36:443 > 10.0.1.5:41000"
	  " tcp A seq=5301 ack=1102 len=1", 0 },
	{ "reset", "veth out 172.217.175.36:443 > 10.0.1.5:41000 tcp R seq=5001", 0 },
};

static void
retransmissions_counted(void **state)
{
	for (size_t i = 0; i < sizeof(repeats) / sizeof(repeats[0]); i++) {
		struct scene *s = scene_of(state);
		const struct flow *f;

		for (unsigned k = 0; k < 8; k++)
			see(s, "%s", connection[k]);
		later(s, NS_PER_SEC);
		see(s, "%s", repeats[i].again);
		f = flow_like(s, POD ":41000 > " WEB ":443");
		if (f->retransmissions != repeats[i].count)
			fail_msg("%s: %u", repeats[i].name, f->retransmissions);
		assert_int_equal(s->n_flows, 1);
		scene_free(s);
	}
}

/* Sequence numbers pass 2^32. */
static void
sequence_numbers_wrap(void **state)
{
	struct scene *s = scene_of(state);
	const struct flow *f;

	see(s, "veth in " POD ":41000 > " WEB ":443 tcp A seq=4294967200 ack=1 len=50");
	see(s, "veth in " POD ":41000 > " WEB ":443 tcp A seq=4294967250 ack=1 len=100");
	see(s, "veth in " POD ":41000 > " WEB ":443 tcp A seq=54 ack=1 len=100");
	see(s, "veth in " POD ":41000 > " WEB ":443 tcp A seq=4294967250 ack=1 len=100");
	f = flow_like(s, POD ":41000 > " WEB ":443");
	assert_int_equal(f->retransmissions, 1);
	scene_free(s);
}

/* flows.c flow_flip(), absorb(): two flows that looked opposite ways when they
   were joined still know what each side had sent. */
static void
sent_again_after_the_join(void **state)
{
	struct scene *s = scene_of(state);
	const struct flow *f;

	see(s, "eth0 in " WEB ":443 > " NODE ":1711 tcp A seq=7000 ack=300 len=100");
	see(s, "veth in " POD ":41000 > " WEB ":443 tcp A seq=300 ack=7000 len=50");
	see(s, "veth out " WEB ":443 > " POD ":41000 tcp A seq=7000 ack=300 len=100 ttl=63");
	later(s, 300 * NS_PER_MSEC);
	see(s, "veth in " POD ":41000 > " WEB ":443 tcp A seq=300 ack=7100 len=50");
	see(s, "eth0 in " WEB ":443 > " NODE ":1711 tcp A seq=7000 ack=350 len=100");
	f = flow_like(s, POD ":41000 > " WEB ":443");
	assert_int_equal(s->n_flows, 1);
	assert_int_equal(f->retransmissions, 2);
	scene_free(s);
}

/* Each is seen at four places, and counts once. */
static void
counted_at_one_place(void **state)
{
	struct scene *s = scene_of(state);
	const struct flow *f;

	for (unsigned i = 0; i < 2; i++) {
		for (unsigned k = 0; k < 2; k++)
			see(s, "%s in " POD ":41000 > " WEB ":443 tcp A seq=1 ack=1 len=9",
			    k ? "cni0" : "veth");
		for (unsigned k = 0; k < 2; k++)
			see(s, "%s out " NODE ":1711 > " WEB
			    ":443 tcp A seq=1 ack=1 len=9 ttl=63", k ? "eth0" : "bond0");
		later(s, NS_PER_SEC);
	}
	see(s, "eth0 in " WEB ":443 > " NODE ":1711 tcp R seq=1");
	see(s, "bond0 in " WEB ":443 > " NODE ":1711 tcp R seq=1");
	see(s, "cni0 out " WEB ":443 > " POD ":41000 tcp R seq=1 ttl=63");
	see(s, "veth out " WEB ":443 > " POD ":41000 tcp R seq=1 ttl=63");
	f = flow_like(s, POD ":41000 > " WEB ":443");
	assert_int_equal(f->retransmissions, 1);
	assert_int_equal(f->resets, 1);
	assert_int_equal(f->packets, 3);
	assert_int_equal(f->sightings, 12);
	scene_free(s);
}

/* ---- times ---- */

/* From the handshake: SYN to SYN-ACK. */
static void
rtt_of_handshake(void **state)
{
	struct scene *s = scene_of(state);
	const struct flow *f;

	see(s, "%s", connection[0]);
	later(s, 990 * US);
	see(s, "%s", connection[1]);
	later(s, NS_PER_SEC);
	see(s, "%s", connection[2]);
	f = flow_like(s, POD ":41000 > " WEB ":443");
	assert_true(f->has & FLOW_RTT);
	assert_int_equal(f->rtt.n, 1);
	assert_int_equal(f->rtt.p50_ns, 1000 * US);
	scene_free(s);
}

/* By what the acknowledgement covers, when there are no timestamps. */
static void
rtt_by_sequence(void **state)
{
	struct scene *s = scene_of(state);
	const struct flow *f;

	see(s, "%s", connection[3]);
	later(s, 490 * US);
	see(s, "veth out " WEB ":443 > " POD ":41000 tcp A seq=5001 ack=1001");
	later(s, 490 * US);
	see(s, "%s", connection[4]);
	f = flow_like(s, POD ":41000 > " WEB ":443");
	assert_int_equal(f->rtt.n, 1);
	assert_int_equal(f->rtt.p50_ns, 1000 * US);
	scene_free(s);
}

/* Karn: of what was sent twice it is not known which was answered. */
static void
rtt_not_of_what_was_sent_again(void **state)
{
	struct scene *s = scene_of(state);

	see(s, "%s", connection[3]);
	later(s, 200 * NS_PER_MSEC);
	see(s, "%s", connection[3]);
	later(s, 490 * US);
	see(s, "%s", connection[4]);
	assert_int_equal(flow_like(s, POD ":41000 > " WEB ":443")->rtt.n, 0);
	scene_free(s);
}

/* RFC 7323: the timestamp that comes back says which one was answered. */
static void
rtt_by_timestamp(void **state)
{
	struct scene *s = scene_of(state);
	const struct flow *f;

	see(s, "veth in " POD ":41000 > " WEB ":443"
	    " tcp PA seq=1 ack=1 len=100 tsval=700 tsecr=60");
	later(s, 300 * US);
	/* Sent before it arrived: echoes an older one. */
	see(s, "veth out " WEB ":443 > " POD ":41000"
	    " tcp A seq=1 ack=1 len=50 tsval=61 tsecr=690");
	later(s, 680 * US);
	see(s, "veth out " WEB ":443 > " POD ":41000"
	    " tcp A seq=51 ack=101 tsval=62 tsecr=700");
	f = flow_like(s, POD ":41000 > " WEB ":443");
	assert_int_equal(f->rtt.n, 1);
	assert_int_equal(f->rtt.p50_ns, 1000 * US);
	scene_free(s);
}

/* What was sent again has another timestamp: the time is counted from there. */
static void
rtt_by_timestamp_of_what_was_sent_again(void **state)
{
	struct scene *s = scene_of(state);
	const struct flow *f;

	see(s, "veth in " POD ":41000 > " WEB ":443"
	    " tcp PA seq=1 ack=1 len=100 tsval=700 tsecr=60");
	later(s, 200 * NS_PER_MSEC);
	see(s, "veth in " POD ":41000 > " WEB ":443"
	    " tcp PA seq=1 ack=1 len=100 tsval=900 tsecr=60");
	later(s, 990 * US);
	see(s, "veth out " WEB ":443 > " POD ":41000"
	    " tcp A seq=1 ack=101 tsval=62 tsecr=900");
	f = flow_like(s, POD ":41000 > " WEB ":443");
	assert_int_equal(f->rtt.n, 1);
	assert_int_equal(f->rtt.p50_ns, 1000 * US);
	scene_free(s);
}

static void
rtt_of_echo_and_udp(void **state)
{
	struct scene *s = scene_of(state);

	see(s, "veth in " POD " > " WEB " echo eid=9 seq=1 data=abcdefgh");
	later(s, 90 * US);
	see(s, "veth out " WEB " > " POD " reply eid=9 seq=1 data=abcdefgh");
	/* An answer to another request is none to this one. */
	see(s, "veth in " POD " > " WEB " echo eid=9 seq=2 data=abcdefgh");
	see(s, "veth out " WEB " > " POD " reply eid=9 seq=1 data=abcdefgh");
	see(s, "veth in " POD ":5000 > " WEB ":53 udp data=question");
	later(s, 190 * US);
	see(s, "veth out " WEB ":53 > " POD ":5000 udp data=answer");
	assert_int_equal(flow_like(s, POD " > " WEB " id 9")->rtt.n, 1);
	assert_int_equal(flow_like(s, POD " > " WEB " id 9")->rtt.p50_ns, 100 * US);
	assert_int_equal(flow_like(s, POD ":5000 > " WEB ":53")->rtt.n, 1);
	assert_int_equal(flow_like(s, POD ":5000 > " WEB ":53")->rtt.p50_ns, 200 * US);
	scene_free(s);
}

/* veth in to eth0 out, and back: of every packet that was seen on both. */
static void
transit(void **state)
{
	struct scene *s = scene_of(state);
	const struct flow *f;

	for (unsigned i = 0; i < 4; i++) {
		see(s, "veth in " POD ":41000 > " WEB ":443 tcp A seq=%u ack=1 len=10",
		    i * 10);
		later(s, 20 * US);
		see(s, "eth0 out " NODE ":1711 > " WEB
		    ":443 tcp A seq=%u ack=1 len=10 ttl=63", i * 10);
		later(s, 5000 * US);
	}
	f = flow_like(s, POD ":41000 > " WEB ":443");
	assert_true(f->has & FLOW_TRANSIT);
	/* The packet that joined them may be left out. */
	assert_in_range(f->transit.n, 3, 4);
	assert_int_equal(f->transit.p50_ns, 30 * US);
	assert_int_equal(f->transit.p99_ns, 30 * US);
	scene_free(s);
}

/* Over three places: from the first one. */
static void
transit_from_the_first_place(void **state)
{
	struct scene *s = scene_of(state);
	const struct flow *f;

	for (unsigned i = 0; i < 4; i++) {
		see(s, "veth in " POD ":41000 > " WEB ":443 tcp A seq=%u ack=1 len=10",
		    i * 10);
		see(s, "bond0 out " POD ":41000 > " WEB
		    ":443 tcp A seq=%u ack=1 len=10 ttl=63", i * 10);
		see(s, "eth0 out " POD ":41000 > " WEB
		    ":443 tcp A seq=%u ack=1 len=10 ttl=63", i * 10);
		later(s, 5000 * US);
	}
	f = flow_like(s, POD ":41000 > " WEB ":443");
	assert_int_equal(f->transit.p99_ns, 20 * US);
	scene_free(s);
}

/* The acknowledgement of the handshake and the first data have one sequence
   number: from the one that went out to the other that came in is no transit. */
static void
transit_is_of_one_packet(void **state)
{
	struct scene *s = scene_of(state);
	const struct flow *f;

	see(s, "veth in " POD ":41000 > " WEB ":443 tcp S seq=999 ack=0");
	see(s, "eth0 out " NODE ":1711 > " WEB ":443 tcp S seq=999 ack=0 ttl=63");
	see(s, "veth in " POD ":41000 > " WEB ":443 tcp A seq=1000 ack=9");
	see(s, "eth0 out " NODE ":1711 > " WEB ":443 tcp A seq=1000 ack=9 ttl=63");
	later(s, 100 * NS_PER_MSEC);
	see(s, "veth in " POD ":41000 > " WEB ":443 tcp PA seq=1000 ack=9 len=50");
	see(s, "eth0 out " NODE ":1711 > " WEB ":443 tcp PA seq=1000 ack=9 len=50 ttl=63");
	f = flow_like(s, POD ":41000 > " WEB ":443");
	assert_in_range(f->transit.n, 2, 3);
	assert_int_equal(f->transit.p99_ns, 10 * US);
	assert_int_equal(f->matched, 6);
	scene_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_BOTH(initiator),
		IN_BOTH(initiator_corrected),
		IN_BOTH(tcp_states),
		IN_BOTH(tcp_reset),
		IN_BOTH(begun_before_the_capture),
		IN_BOTH(retransmissions_counted),
		IN_BOTH(sequence_numbers_wrap),
		IN_BOTH(sent_again_after_the_join),
		IN_BOTH(counted_at_one_place),
		IN_BOTH(rtt_of_handshake),
		IN_BOTH(rtt_by_sequence),
		IN_BOTH(rtt_not_of_what_was_sent_again),
		IN_BOTH(rtt_by_timestamp),
		IN_BOTH(rtt_by_timestamp_of_what_was_sent_again),
		IN_BOTH(rtt_of_echo_and_udp),
		IN_BOTH(transit),
		IN_BOTH(transit_from_the_first_place),
		IN_BOTH(transit_is_of_one_packet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
