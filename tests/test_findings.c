/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_findings.c - what is said of a flow, and what is not.
 */
#include "tests/observe.h"

#define POD	"10.0.1.5"
#define NODE	"192.168.3.243"
#define WEB	"172.217.175.36"
#define ROUTER	"192.168.3.1"

static const struct finding *
finding(const struct flow *f, const char *code)
{
	for (unsigned i = 0; i < f->n_findings; i++)
		if (strcmp(f->findings[i].code, code) == 0)
			return &f->findings[i];
	return NULL;
}

/* A table: what this node answers, and the cause that it gives away. */
static void
dropped_by_this_node(void **state)
{
	static const struct { const char *error, *cause; } rows[] = {
		{ "unreach code=0",	"no-route" },
		{ "unreach code=1",	"unknown" },
		{ "unreach",		"firewall" },
		{ "unreach code=10",	"firewall" },
		{ "unreach code=13",	"firewall" },
		{ "exceeded",		"ttl-expired" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene *s = scene_of(state);
		const struct finding *d;
		const struct flow *f;
		char proto[16], code[16] = "";

		sscanf(rows[i].error, "%15s %15s", proto, code);
		see(s, "veth in " POD ":41000 > " WEB ":443 tcp S seq=7");
		see(s, "veth out " NODE " > " POD " %s %s about=" POD ":41000," WEB
		    ":443,tcp", proto, code);
		f = flow_like(s, POD ":41000 > " WEB ":443");
		assert_int_equal(f->verdict, VERDICT_DROPPED);
		d = finding(f, "not-forwarded");
		assert_non_null(d);
		assert_int_equal(d->level, LEVEL_DROPPED);
		assert_string_equal(d->cause, rows[i].cause);
		assert_non_null(strstr(d->text, NODE));
		scene_free(s);
	}
}

/* The error came from elsewhere, or is about what went out: not dropped here. */
static void
not_dropped_here(void **state)
{
	static const char *const scenes[][3] = {
		/* a router's error that passes through */
		{ "veth in " POD ":41000 > " WEB ":443 tcp S seq=7",
		  "eth0 in " ROUTER " > " POD " unreach code=0 about=" POD
		      ":41000," WEB ":443,tcp",
		  "veth out " ROUTER " > " POD " unreach code=0 ttl=63 about=" POD
		      ":41000," WEB ":443,tcp" },
		/* it went out before */
		{ "veth in " POD ":41000 > " WEB ":443 tcp S seq=7",
		  "eth0 out " POD ":41000 > " WEB ":443 tcp S seq=7 ttl=63",
		  "veth out " NODE " > " POD " unreach code=0 about=" POD
		      ":41000," WEB ":443,tcp" },
		/* the host that was meant has no such port */
		{ "veth in " POD ":41000 > " NODE ":443 tcp S seq=7",
		  "veth out " NODE " > " POD " unreach about=" POD ":41000," NODE
		      ":443,tcp",
		  NULL },
		/* too big is no drop of the conversation */
		{ "veth in " POD ":41000 > " WEB ":443 tcp S seq=7",
		  "veth out " NODE " > " POD " toobig about=" POD ":41000," WEB
		      ":443,tcp",
		  NULL },
	};

	for (size_t i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++) {
		struct scene *s = scene_of(state);

		for (unsigned j = 0; j < 3 && scenes[i][j] != NULL; j++)
			see(s, "%s", scenes[i][j]);
		scene_text(s);
		assert_int_equal(s->n_flows, 1);
		assert_int_equal(s->flows[0].icmp_errors > 0, 1);
		assert_int_equal(s->flows[0].verdict, VERDICT_UNKNOWN);
		assert_null(finding(&s->flows[0], "not-forwarded"));
		assert_null(finding(&s->flows[0], "reply-not-forwarded"));
		scene_free(s);
	}
}

/* The answer's TTL ends here: an instance with a hop limit of 1. */
static void
reply_dropped_by_this_node(void **state)
{
	struct scene *s = scene_of(state);
	const struct flow *f;

	see(s, "veth in " POD ":41000 > 169.254.169.254:80 tcp S seq=7");
	see(s, "eth0 out " NODE ":1711 > 169.254.169.254:80 tcp S seq=7 ttl=63");
	see(s, "eth0 in 169.254.169.254:80 > " NODE ":1711 tcp SA seq=9 ack=8 ttl=1");
	see(s, "eth0 out " NODE " > 169.254.169.254 exceeded about=169.254.169.254:80,"
	    NODE ":1711,tcp");
	f = flow_like(s, POD ":41000 > 169.254.169.254:80");
	assert_int_equal(f->verdict, VERDICT_DROPPED);
	assert_non_null(finding(f, "reply-not-forwarded"));
	assert_string_equal(finding(f, "reply-not-forwarded")->cause, "ttl-expired");
	scene_free(s);
}

static void
no_reply(void **state)
{
	struct scene *s = scene_of(state);

	see(s, "veth in " POD " > " WEB " echo eid=7 seq=1 data=abcdefgh");
	see(s, "veth in " POD ":5000 > " WEB ":53 udp data=question");
	see(s, "veth in " POD ":5001 > " WEB ":8125 udp data=counter");
	see(s, "veth in " POD ":41000 > " WEB ":443 tcp S seq=7");
	see(s, "veth in " POD ":41001 > " WEB ":443 tcp PA seq=7 ack=8 len=9");
	assert_non_null(finding(flow_like(s, POD " > " WEB " id 7"), "no-reply"));
	assert_non_null(finding(flow_like(s, POD ":5000 > " WEB ":53"), "no-reply"));
	assert_non_null(finding(flow_like(s, POD ":41000 > " WEB ":443"), "no-reply"));
	/* Nobody answers a counter; and of a connection that was there before,
	   one way may be all that this interface sees. */
	assert_null(finding(flow_like(s, POD ":5001 > " WEB ":8125"), "no-reply"));
	assert_null(finding(flow_like(s, POD ":41001 > " WEB ":443"), "no-reply"));
	scene_free(s);
}

/* Loss is said of the flows that it may have made incomplete, and of no other. */
static void
loss(void **state)
{
	struct scene *s = scene_of(state);
	struct obs o = { .type = OBS_LOSS, .loss = { .kernel = 3 } };

	see(s, "veth in " POD " > " WEB " echo eid=7 seq=1 data=abcdefgh");
	see(s, "veth in " POD " > " WEB " echo eid=8 seq=1 data=abcdefgi");
	see(s, "eth0 out " NODE " > " WEB " echo eid=100 seq=1 data=abcdefgi ttl=63");
	see(s, "eth0 in " WEB " > " NODE " reply eid=100 seq=1 data=abcdefgi ttl=50");
	see(s, "veth out " WEB " > " POD " reply eid=8 seq=1 data=abcdefgi ttl=49");
	tracer_observe(s->t, &o);
	assert_non_null(finding(flow_like(s, POD " > " WEB " id 7"), "loss"));
	assert_null(finding(flow_like(s, POD " > " WEB " id 8"), "loss"));
	assert_int_equal(tracer_stats(s->t)->lost_kernel, 3);
	scene_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_ANY(dropped_by_this_node),
		IN_ANY(not_dropped_here),
		IN_ANY(reply_dropped_by_this_node),
		IN_BOTH(no_reply),
		IN_BOTH(loss),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
