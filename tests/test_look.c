/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Flows as time goes by: told when they become known and when that changes,
 * judged by the state that was in force when they ran, let go when they ended.
 */
#include "decode/timeline.h"
#include "tests/node_scene.h"
#include "tests/observe.h"

#define P1	"eni182c452fe96"
#define P2	"enib3a9b371b64"
#define P3	"eni6a91d87bb13"
#define MS	(1000 * 1000)

struct watch {
	struct scene	*s;
	struct scene_node *n;
	char		 told[8192];	/* since the last told() */
	char		 out[8192];
	unsigned	 n_done;
};

static void
add_line(struct watch *w, const char *event, const struct flow *f)
{
	char tuple[TUPLE_TEXT];
	size_t n = strlen(w->told);

	tuple_text(&f->original, tuple);
	n += (size_t)snprintf(w->told + n, sizeof(w->told) - n, "%s %s %s", event, tuple,
	    verdict_name(f->verdict));
	for (unsigned i = 0; i < f->n_findings; i++)
		if (f->findings[i].level != LEVEL_NOTE)
			n += (size_t)snprintf(w->told + n, sizeof(w->told) - n, " %s%s%s",
			    f->findings[i].code, f->findings[i].cause ? ":" : "",
			    f->findings[i].cause ? f->findings[i].cause : "");
	if (f->node.pod != NULL)
		n += (size_t)snprintf(w->told + n, sizeof(w->told) - n, " %s",
		    f->node.pod->name);
	snprintf(w->told + n, sizeof(w->told) - n, "\n");
}

static void
on_changed(void *arg, const struct flow *f, bool first)
{
	add_line(arg, first ? "new" : "change", f);
}

static void
on_done(void *arg, const struct flow *f)
{
	struct watch *w = arg;

	w->n_done++;
	add_line(w, "end", f);
}

static void
on_joined(void *arg, uint64_t id, uint64_t into)
{
	struct watch *w = arg;
	size_t n = strlen(w->told);

	snprintf(w->told + n, sizeof(w->told) - n, "flow %u is part of %u\n",
	    (unsigned)id, (unsigned)into);
}

static int
on_each(void *arg, const struct flow *f)
{
	add_line(arg, "at-end", f);
	return 1;
}

static void
tick(struct watch *w)
{
	tracer_observe(w->s->t, &(struct obs){ .type = OBS_TICK, .ts = { w->s->now_ns } });
}

/* Time goes by in ticks. */
static void
wait_ms(struct watch *w, unsigned ms)
{
	for (; ms >= 100; ms -= 100) {
		later(w->s, 100 * MS);
		tick(w);
	}
}

static void
told(struct watch *w, const char *expected)
{
	memcpy(w->out, w->told, sizeof(w->out));
	w->told[0] = '\0';
	assert_string_equal(w->out, expected);
}

static struct watch *
watch_new(void)
{
	static const char *const names[] = { "eth0", "eth1", P1, P2, P3 };
	struct watch *w = calloc(1, sizeof(*w));
	struct node_dev devs[5];

	assert_non_null(w);
	w->s = scene_new(SHAPE_ANY, 0);
	tracer_free(w->s->t);
	w->s->t = tracer_new(&(struct tracer_config){ .done = on_done, .done_arg = w,
	    .changed = on_changed, .changed_arg = w, .joined = on_joined,
	    .joined_arg = w });
	assert_non_null(w->s->t);
	tracer_observe(w->s->t, &(struct obs){ .type = OBS_IFACE,
	    .ts = { w->s->now_ns }, .iface = { .linktype = LT_SLL2 } });
	w->n = node_default();
	for (unsigned i = 0; i < 5; i++)
		devs[i] = (struct node_dev){ names[i], scene_ifindex(w->s, names[i]) };
	node_devices(w->n, devs, 5);
	node_build(w->n);
	tracer_observe(w->s->t, &(struct obs){ .type = OBS_STATE,
	    .ts = { w->s->now_ns }, .state = { w->n->state } });
	tick(w);
	return w;
}

static void
watch_free(struct watch *w)
{
	scene_free(w->s);
	node_free(w->n);
	free(w);
}

static void
change(struct watch *w, const struct state *come, const struct state *gone,
    uint32_t parts, int64_t since_ns)
{
	struct state_change c = { .parts = parts, .come = come, .gone = gone };

	tracer_observe(w->s->t, &(struct obs){ .type = OBS_CHANGE,
	    .ts = { w->s->now_ns }, .change = { &c, { since_ns } } });
}

/* The route to p3's address, as the node has it. */
static struct state *
route_to_p3(const struct watch *w)
{
	struct state *s = state_new();

	assert_non_null(s);
	for (uint32_t i = 0; i < w->n->state->routes.n; i++) {
		const struct iproute *r = &w->n->state->routes.v[i];

		if (r->dev != NULL && strcmp(r->dev, P3) == 0)
			*state_push(s, routes) = *r;
	}
	assert_int_equal(s->routes.n, 1);
	return s;
}

static void
p2_asks_p3(struct watch *w, unsigned port, bool arrives)
{
	see(w->s, P2 " in  10.0.0.21:%u > 10.0.0.22:80 tcp S seq=%u ttl=64", port, port);
	if (!arrives)
		return;
	see(w->s, P3 " out 10.0.0.21:%u > 10.0.0.22:80 tcp S seq=%u ttl=63", port, port);
	see(w->s, P3 " in  10.0.0.22:80 > 10.0.0.21:%u tcp SA seq=9 ack=%u ttl=64", port,
	    port + 1);
	see(w->s, P2 " out 10.0.0.22:80 > 10.0.0.21:%u tcp SA seq=9 ack=%u ttl=63", port,
	    port + 1);
}

#define OK	"ok no-nat same-node"

static void
test_told_when_known(void **state)
{
	struct watch *w = watch_new();

	(void)state;
	p2_asks_p3(w, 40000, true);
	told(w, "");
	wait_ms(w, 100);
	told(w, "new 10.0.0.21:40000 > 10.0.0.22:80 " OK " p2\n");
	see(w->s, P2 " in  10.0.0.21:40000 > 10.0.0.22:80 tcp A seq=40001 ack=10 ttl=64");
	see(w->s, P3 " out 10.0.0.21:40000 > 10.0.0.22:80 tcp A seq=40001 ack=10 ttl=63");
	wait_ms(w, 2000);
	told(w, "");
	watch_free(w);
}

/* A request is told before its answer comes; the answer is a change. */
static void
test_told_again(void **state)
{
	struct watch *w = watch_new();

	(void)state;
	see(w->s, P2 " in  10.0.0.21:40000 > 8.8.8.8:443 tcp S seq=7 ttl=64");
	see(w->s, "eth0 out 10.0.0.10:1711 > 8.8.8.8:443 tcp S seq=7 ttl=63");
	wait_ms(w, 100);
	told(w, "new 10.0.0.21:40000 > 8.8.8.8:443 ok snat-node-ip p2\n");
	see(w->s, "eth0 in  8.8.8.8:443 > 10.0.0.10:1711 tcp SA seq=9 ack=8 ttl=50");
	see(w->s, P2 " out 8.8.8.8:443 > 10.0.0.21:40000 tcp SA seq=9 ack=8 ttl=49");
	wait_ms(w, 100);
	told(w, "change 10.0.0.21:40000 > 8.8.8.8:443 ok snat-node-ip p2\n");
	watch_free(w);
}

/* The route went away for a while: each flow by the rules of its time. */
static void
test_rules_of_their_time(void **state)
{
	struct watch *w = watch_new();
	struct state *route = route_to_p3(w), *hole = route_to_p3(w);

	(void)state;
	hole->routes.v[0].type = ROUTE_BLACKHOLE;
	hole->routes.v[0].dev = NULL;
	hole->routes.v[0].text = "blackhole 10.0.0.22";
	p2_asks_p3(w, 40000, true);
	wait_ms(w, 1000);
	told(w, "new 10.0.0.21:40000 > 10.0.0.22:80 " OK " p2\n");
	change(w, hole, route, 0, w->s->now_ns);
	wait_ms(w, 1000);
	told(w, "");
	p2_asks_p3(w, 40001, false);
	wait_ms(w, 2000);
	told(w, "new 10.0.0.21:40001 > 10.0.0.22:80 unknown p2\n"
	    "change 10.0.0.21:40001 > 10.0.0.22:80 dropped not-forwarded:no-route p2\n");
	change(w, route, hole, 0, w->s->now_ns);
	wait_ms(w, 1000);
	p2_asks_p3(w, 40002, true);
	wait_ms(w, 1000);
	told(w, "new 10.0.0.21:40002 > 10.0.0.22:80 " OK " p2\n");
	tracer_finish(w->s->t);
	tracer_each(w->s->t, on_each, w);
	told(w, "at-end 10.0.0.21:40000 > 10.0.0.22:80 " OK " p2\n"
	    "at-end 10.0.0.21:40001 > 10.0.0.22:80 dropped not-forwarded:no-route p2\n"
	    "at-end 10.0.0.21:40002 > 10.0.0.22:80 " OK " p2\n");
	watch_free(w);
	state_free(route);
	state_free(hole);
}

/* An address changes hands: each flow has the pod of its time. */
static void
test_pods_of_their_time(void **state)
{
	struct watch *w = watch_new();
	struct scene_node *other = node_default();

	(void)state;
	p2_asks_p3(w, 40000, true);
	wait_ms(w, 1000);
	told(w, "new 10.0.0.21:40000 > 10.0.0.22:80 " OK " p2\n");
	node_swap(other, TEXT_ENIS, "\"p2\"", "\"p9\"");
	node_swap(other, TEXT_IPAM, "\"p2\"", "\"p9\"");
	node_build(other);
	change(w, other->state, NULL, 1u << PART_ENIS | 1u << PART_IPAM, w->s->now_ns);
	wait_ms(w, 1000);
	see(w->s, P2 " in  10.0.0.21:40001 > 8.8.8.8:443 tcp S seq=7 ttl=64");
	see(w->s, "eth0 out 10.0.0.10:1711 > 8.8.8.8:443 tcp S seq=7 ttl=63");
	wait_ms(w, 1000);
	assert_non_null(strstr(w->told, "10.0.0.21:40001 > 8.8.8.8:443 ok snat-node-ip p9\n"));
	w->told[0] = '\0';
	tracer_finish(w->s->t);
	tracer_each(w->s->t, on_each, w);
	assert_non_null(strstr(w->told, "at-end 10.0.0.21:40000 > 10.0.0.22:80 " OK " p2\n"));
	assert_non_null(strstr(w->told, "at-end 10.0.0.21:40001 > 8.8.8.8:443 ok snat-node-ip p9\n"));
	watch_free(w);
	node_free(other);
}

static const char *
nat_rule_of(struct watch *w, const char *tuple)
{
	const struct flow *f = flow_like(w->s, tuple);

	assert_int_equal(f->verdict, VERDICT_OK);
	return f->node.nat_rule != NULL ? f->node.nat_rule->text : "none";
}

static void
p2_asks_outside(struct watch *w, unsigned port)
{
	see(w->s, P2 " in  10.0.0.21:%u > 8.8.8.8:443 tcp S seq=%u ttl=64", port, port);
	see(w->s, "eth0 out 10.0.0.10:%u > 8.8.8.8:443 tcp S seq=%u ttl=63", port, port);
}

/* A rule set takes the place of another, twice. */
static void
test_nat_rules_of_their_time(void **state)
{
	struct watch *w = watch_new();
	struct scene_node *other = node_default();

	(void)state;
	node_swap(other, TEXT_IPTABLES, " --random-fully", "");
	node_build(other);
	p2_asks_outside(w, 40000);
	wait_ms(w, 1000);
	change(w, other->state, NULL, 1u << PART_IPTABLES, w->s->now_ns);
	wait_ms(w, 1000);
	p2_asks_outside(w, 40001);
	wait_ms(w, 1000);
	change(w, w->n->state, NULL, 1u << PART_IPTABLES, w->s->now_ns);
	wait_ms(w, 1000);
	p2_asks_outside(w, 40002);
	wait_ms(w, 1000);
	node_free(other);
	assert_non_null(strstr(nat_rule_of(w, "10.0.0.21:40000 > 8.8.8.8:443"),
	    "--random-fully"));
	assert_null(strstr(nat_rule_of(w, "10.0.0.21:40001 > 8.8.8.8:443"),
	    "--random-fully"));
	assert_non_null(strstr(nat_rule_of(w, "10.0.0.21:40002 > 8.8.8.8:443"),
	    "--random-fully"));
	watch_free(w);
}

/* A Service is known from the time on at which it was told. */
static void
test_services_of_their_time(void **state)
{
	struct watch *w = watch_new();
	struct state *come = state_new();
	struct addr cluster = ip("172.31.0.7");
	const struct flow *f;

	(void)state;
	*state_push(come, services) = (struct service){ .ns = "shop", .name = "cart",
	    .type = "ClusterIP", .addrs = &cluster, .n_addrs = 1, .n_cluster = 1 };
	*state_push(come, svc_ports) = (struct svc_port){ .name = "http",
	    .proto = PROTO_TCP, .port = 80, .target = "8080" };
	state_mark(come, PART_SERVICES);
	for (unsigned port = 40000; port < 40002; port++) {
		see(w->s, P2 " in  10.0.0.21:%u > 172.31.0.7:80 tcp S seq=%u ttl=64",
		    port, port);
		see(w->s, P3 " out 10.0.0.21:%u > 10.0.0.22:8080 tcp S seq=%u ttl=63",
		    port, port);
		wait_ms(w, 1000);
		change(w, come, NULL, 1u << PART_SERVICES, w->s->now_ns);
		wait_ms(w, 1000);
	}
	state_free(come);
	f = flow_like(w->s, "10.0.0.21:40000 > 172.31.0.7:80");
	assert_null(f->node.service);
	f = flow_like(w->s, "10.0.0.21:40001 > 172.31.0.7:80");
	assert_string_equal(f->node.service, "cart");
	assert_string_equal(f->node.service_port, "http");
	watch_free(w);
}

/* Nothing left: said when it had time to, and not while it may have. */
static void
test_dropped_with_time(void **state)
{
	struct watch *w = watch_new();

	(void)state;
	see(w->s, P2 " in  10.0.0.21:40000 > 8.8.8.8:443 tcp S seq=7 ttl=64");
	wait_ms(w, 100);
	told(w, "new 10.0.0.21:40000 > 8.8.8.8:443 unknown p2\n");
	wait_ms(w, 1500);
	told(w, "change 10.0.0.21:40000 > 8.8.8.8:443 dropped not-forwarded:policy-egress p2\n");
	/* it may be what left unrecognised: the sequence number changed on the way */
	see(w->s, P2 " in  10.0.0.21:40001 > 9.9.9.9:53 udp data=abcdefgh");
	see(w->s, "eth0 out 10.0.0.10:1711 > 9.9.9.9:53 udp data=xxxxxxxx");
	wait_ms(w, 2000);
	assert_null(strstr(w->told, "dropped"));
	watch_free(w);
}

/* What was lost at one time lowers nothing of another. */
static void
test_loss_of_its_time(void **state)
{
	struct watch *w = watch_new();
	int64_t since;

	(void)state;
	since = w->s->now_ns;
	see(w->s, P2 " in  10.0.0.21:40000 > 8.8.8.8:443 tcp S seq=7 ttl=64");
	wait_ms(w, 100);
	tracer_observe(w->s->t, &(struct obs){ .type = OBS_LOSS, .ts = { w->s->now_ns },
	    .loss = { .kernel = 3, .since = { since } } });
	wait_ms(w, 2000);
	assert_null(strstr(w->told, "dropped"));
	w->told[0] = '\0';
	see(w->s, P2 " in  10.0.0.21:40001 > 8.8.8.8:443 tcp S seq=9 ttl=64");
	wait_ms(w, 2000);
	assert_non_null(strstr(w->told, "40001 > 8.8.8.8:443 dropped not-forwarded:policy-egress"));
	assert_int_equal(tracer_stats(w->s->t)->lost_kernel, 3);
	watch_free(w);
}

static void
see_entry(struct watch *w, enum ct_event event, const struct ct_entry *e)
{
	tracer_observe(w->s->t, &(struct obs){ .type = OBS_CT, .ts = { w->s->now_ns },
	    .ct = { .event = (uint8_t)event, .entry = e } });
}

/* Packets alone cannot tell whose translation is whose; conntrack can. */
static void
test_entries_join(void **state)
{
	struct watch *w = watch_new();
	struct ct_entry a = { .id = 7, .age_s = -1, .mark = 0x80,
	    .orig = { .src = ip("10.0.0.21"), .dst = ip("9.9.9.9"), .sport = 5000,
	    .dport = 53, .proto = PROTO_UDP },
	    .reply = { .src = ip("9.9.9.9"), .dst = ip("10.0.0.10"), .sport = 53,
	    .dport = 1711, .proto = PROTO_UDP } }, b = a;

	(void)state;
	b.id = 8;
	b.orig.src = ip("10.0.0.22");
	b.reply.dport = 1712;
	see_entry(w, CT_EV_DUMP_BEGIN, NULL);
	see_entry(w, CT_EV_DUMP_END, NULL);
	see(w->s, P2 " in  10.0.0.21:5000 > 9.9.9.9:53 udp data=same");
	see(w->s, P3 " in  10.0.0.22:5000 > 9.9.9.9:53 udp data=same");
	see(w->s, "eth0 out 10.0.0.10:1712 > 9.9.9.9:53 udp data=same");
	see(w->s, "eth0 out 10.0.0.10:1711 > 9.9.9.9:53 udp data=same");
	later(w->s, 5 * MS);
	see_entry(w, CT_EV_NEW, &a);
	see_entry(w, CT_EV_NEW, &b);
	wait_ms(w, 100);
	assert_non_null(strstr(w->told, "new 10.0.0.21:5000 > 9.9.9.9:53 ok snat-node-ip p2\n"));
	assert_non_null(strstr(w->told, "new 10.0.0.22:5000 > 9.9.9.9:53 ok snat-node-ip p3\n"));
	watch_free(w);
}

/* Told as two flows, then known to be one: the later one is told to be part of
   the other. */
static void
test_joined_late(void **state)
{
	struct watch *w = watch_new();
	struct ct_entry a = { .id = 7, .age_s = -1, .mark = 0x80,
	    .orig = { .src = ip("10.0.0.21"), .dst = ip("9.9.9.9"), .sport = 5000,
	    .dport = 53, .proto = PROTO_UDP },
	    .reply = { .src = ip("9.9.9.9"), .dst = ip("10.0.0.10"), .sport = 53,
	    .dport = 1711, .proto = PROTO_UDP } };

	(void)state;
	see_entry(w, CT_EV_DUMP_BEGIN, NULL);
	see_entry(w, CT_EV_DUMP_END, NULL);
	see(w->s, P2 " in  10.0.0.21:5000 > 9.9.9.9:53 udp data=same");
	see(w->s, P3 " in  10.0.0.22:5000 > 9.9.9.9:53 udp data=same");
	see(w->s, "eth0 out 10.0.0.10:1712 > 9.9.9.9:53 udp data=same");
	see(w->s, "eth0 out 10.0.0.10:1711 > 9.9.9.9:53 udp data=same");
	wait_ms(w, 200);
	assert_non_null(strstr(w->told, "new 10.0.0.10:1711 > 9.9.9.9:53"));
	w->told[0] = '\0';
	see_entry(w, CT_EV_NEW, &a);
	wait_ms(w, 100);
	assert_non_null(strstr(w->told, "flow 4 is part of 1\n"));
	assert_non_null(strstr(w->told, "change 10.0.0.21:5000 > 9.9.9.9:53 ok snat-node-ip p2\n"));
	assert_int_equal(tracer_stats(w->s->t)->flows, 3);
	watch_free(w);
}

static void
test_let_go(void **state)
{
	struct watch *w = watch_new();

	(void)state;
	see(w->s, P2 " in  10.0.0.21:40000 > 10.0.0.22:80 tcp R seq=7 ttl=64");
	see(w->s, P3 " out 10.0.0.21:40000 > 10.0.0.22:80 tcp R seq=7 ttl=63");
	p2_asks_p3(w, 40001, true);
	wait_ms(w, 50000);
	assert_int_equal(w->n_done, 0);
	wait_ms(w, 30000);
	assert_int_equal(w->n_done, 1);	/* an open connection stays */
	assert_non_null(strstr(w->told, "end 10.0.0.21:40000 > 10.0.0.22:80"));
	wait_ms(w, 400000);
	assert_int_equal(w->n_done, 1);
	watch_free(w);
}

/* Rules that flap for an hour: memory stays, and so do the answers. */
static void
test_flapping(void **state)
{
	struct watch *w = watch_new();
	struct state *route = route_to_p3(w);
	unsigned wrong = 0;

	(void)state;
	for (unsigned i = 0; i < 1800; i++) {
		change(w, NULL, route, 0, w->s->now_ns);
		wait_ms(w, 1000);
		change(w, route, NULL, 0, w->s->now_ns);
		wait_ms(w, 1000);
		p2_asks_p3(w, 10000 + i, true);
		wait_ms(w, 500);
		wrong += strstr(w->told, " ok ") == NULL;
		w->told[0] = '\0';
	}
	assert_int_equal(wrong, 0);
	/* those that the oldest states kept do not reach back to are let go */
	assert_in_range(w->n_done, 1000, 1800);
	assert_int_equal(tracer_stats(w->s->t)->evicted, 0);
	watch_free(w);
	state_free(route);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_told_when_known),
		cmocka_unit_test(test_told_again),
		cmocka_unit_test(test_rules_of_their_time),
		cmocka_unit_test(test_pods_of_their_time),
		cmocka_unit_test(test_nat_rules_of_their_time),
		cmocka_unit_test(test_services_of_their_time),
		cmocka_unit_test(test_dropped_with_time),
		cmocka_unit_test(test_loss_of_its_time),
		cmocka_unit_test(test_entries_join),
		cmocka_unit_test(test_joined_late),
		cmocka_unit_test(test_let_go),
		cmocka_unit_test(test_flapping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
