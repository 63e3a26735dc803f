/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_verdict_service.c - flows of Services that kubectl did not tell of, and of
 * endpoints that are gone: named from the rules, and noted with the entry that still
 * leads there.
 */
#include "decode/timeline.h"
#include "tests/node_scene.h"
#include "tests/observe.h"

#define P1	"eni182c452fe96"
#define P2	"enib3a9b371b64"
#define P3	"eni6a91d87bb13"
#define MS	(1000 * 1000)

/* shop/web: 172.20.0.9:80 and node port 30080, to p1's 10.0.0.11:8080. */
static const char chains[] =
    ":KUBE-SERVICES - [0:0]\n:KUBE-NODEPORTS - [0:0]\n:KUBE-SVC-WEB - [0:0]\n"
    ":KUBE-EXT-WEB - [0:0]\n:KUBE-SEP-A - [0:0]\n";
static const char portals[] =
    "-A PREROUTING -m comment --comment \"kubernetes service portals\" -j KUBE-SERVICES\n";
static const char rules[] =
    "-A KUBE-SERVICES -d 172.20.0.9/32 -p tcp -m comment --comment \"shop/web:http "
    "cluster IP\" -m tcp --dport 80 -j KUBE-SVC-WEB\n"
    "-A KUBE-SERVICES -m comment --comment \"kubernetes service nodeports; NOTE: this "
    "must be the last rule in this chain\" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS\n"
    "-A KUBE-NODEPORTS -p tcp -m comment --comment \"shop/web:http\" -m tcp --dport "
    "30080 -j KUBE-EXT-WEB\n"
    "-A KUBE-EXT-WEB -j KUBE-SVC-WEB\n"
    "-A KUBE-SVC-WEB -m comment --comment \"shop/web:http -> 10.0.0.11:8080\" -j "
    "KUBE-SEP-A\n"
    "-A KUBE-SEP-A -p tcp -m comment --comment \"shop/web:http\" -m tcp -j DNAT "
    "--to-destination 10.0.0.11:8080\n";

/* A healthy node, with kube-proxy's rules of web. */
static struct scene_node *
node_with_web(void)
{
	struct scene_node *n = node_default();
	char text[sizeof(portals) + sizeof(rules)];

	snprintf(text, sizeof(text), "%s%s", portals, rules);
	node_swap(n, TEXT_IPTABLES, ":KUBE-SERVICES - [0:0]\n", chains);
	node_swap(n, TEXT_IPTABLES, portals, text);
	return n;
}

struct court {
	struct scene	*s;
	struct scene_node *n;
};

static struct court *
court_new(void)
{
	struct court *c = calloc(1, sizeof(*c));

	assert_non_null(c);
	c->s = scene_new(SHAPE_ANY, 0);
	c->n = node_with_web();
	return c;
}

static void
court_free(struct court *c)
{
	scene_free(c->s);
	node_free(c->n);
	free(c);
}

static void
name_devices(struct court *c, struct scene_node *n)
{
	static const char *const names[] = { "eth0", "eth1", P1, P2, P3 };
	struct node_dev devs[5];

	for (unsigned i = 0; i < 5; i++)
		devs[i] = (struct node_dev){ names[i], scene_ifindex(c->s, names[i]) };
	node_devices(n, devs, 5);
	node_build(n);
}

static void
begin(struct court *c)
{
	name_devices(c, c->n);
	tracer_observe(c->s->t, &(struct obs){ .type = OBS_STATE,
	    .state = { c->n->state } });
}

/* The rules became another's at some time since then, as `podpath live` would tell. */
static void
became(struct court *c, const char *from, const char *to, int64_t since)
{
	struct scene_node *other = node_with_web();
	struct state_change change = { .parts = 1u << PART_IPTABLES };

	node_swap(other, TEXT_IPTABLES, from, to);
	name_devices(c, other);
	change.come = other->state;
	tracer_observe(c->s->t, &(struct obs){ .type = OBS_CHANGE,
	    .ts = { c->s->now_ns }, .change = { &change, { since } } });
	node_free(other);
}

static void
become(struct court *c, const char *from, const char *to)
{
	became(c, from, to, c->s->now_ns);
}

static void
wait_ms(struct court *c, unsigned ms)
{
	for (; ms >= 100; ms -= 100) {
		later(c->s, 100 * MS);
		tracer_observe(c->s->t, &(struct obs){ .type = OBS_TICK,
		    .ts = { c->s->now_ns } });
	}
}

static void
connect_to(struct court *c, unsigned port, const char *dev, const char *to)
{
	see(c->s, P2 " in  10.0.0.21:%u > 172.20.0.9:80 tcp S seq=%u ttl=64", port, port);
	see(c->s, "%s out 10.0.0.21:%u > %s tcp S seq=%u ttl=63", dev, port, to, port);
}

static void
answer_from(struct court *c, unsigned port, const char *dev, const char *from)
{
	see(c->s, "%s in  %s > 10.0.0.21:%u tcp SA seq=9 ack=%u ttl=64", dev, from, port,
	    port + 1);
	see(c->s, P2 " out 172.20.0.9:80 > 10.0.0.21:%u tcp SA seq=9 ack=%u ttl=63", port,
	    port + 1);
}

static const struct finding *
note(struct court *c, const char *tuple, const char *code)
{
	const struct flow *f = flow_like(c->s, tuple);

	for (unsigned i = 0; i < f->n_findings; i++)
		if (strcmp(f->findings[i].code, code) == 0)
			return &f->findings[i];
	return NULL;
}

static void
is_web(struct court *c, const char *tuple, enum flow_kind kind)
{
	const struct flow *f = flow_like(c->s, tuple);

	assert_non_null(f->node.service);
	assert_string_equal(f->node.service_ns, "shop");
	assert_string_equal(f->node.service, "web");
	assert_string_equal(f->node.service_port, "http");
	assert_int_equal(f->node.kind, kind);
}

/* Without kubectl: by its cluster address, and by the node port. */
static void
test_named_by_rules(void **state)
{
	struct court *c = court_new();

	(void)state;
	begin(c);
	connect_to(c, 40000, P1, "10.0.0.11:8080");
	see(c->s, "eth0 in  10.0.9.9:41000 > 10.0.0.10:30080 tcp S seq=9 ttl=64");
	see(c->s, P1 " out 10.0.9.9:41000 > 10.0.0.11:8080 tcp S seq=9 ttl=63");
	wait_ms(c, 500);
	is_web(c, "10.0.0.21:40000 > 172.20.0.9:80", KIND_POD_TO_SERVICE);
	is_web(c, "10.0.9.9:41000 > 10.0.0.10:30080", KIND_NODEPORT);
	assert_null(note(c, "10.0.0.21:40000 > 172.20.0.9:80", "endpoint-gone"));
	assert_null(note(c, "10.0.9.9:41000 > 10.0.0.10:30080", "endpoint-gone"));
	court_free(c);
}

/* D23: the endpoint moved, the entry did not. */
static void
test_gone(void **state)
{
	struct court *c = court_new();
	const char *tuple = "10.0.0.21:40000 > 172.20.0.9:80";

	(void)state;
	node_add(c->n, TEXT_CONNTRACK, "tcp      6 110 SYN_SENT src=10.0.0.21 "
	    "dst=172.20.0.9 sport=40000 dport=80 [UNREPLIED] src=10.0.0.22 dst=10.0.0.21 "
	    "sport=8080 dport=40000 mark=0 use=1");
	begin(c);
	connect_to(c, 40000, P3, "10.0.0.22:8080");
	connect_to(c, 40001, P3, "10.0.0.22:8080");
	wait_ms(c, 500);
	assert_non_null(note(c, tuple, "endpoint-gone"));
	assert_string_equal(note(c, tuple, "endpoint-gone")->text,
	    "translated to 10.0.0.22:8080, which is no endpoint of shop/web");
	assert_int_equal(note(c, tuple, "endpoint-gone")->level, LEVEL_NOTE);
	assert_non_null(note(c, tuple, "stale-conntrack"));
	assert_string_equal(note(c, tuple, "stale-conntrack")->fix,
	    "conntrack -D -p tcp --orig-dst 172.20.0.9 --reply-src 10.0.0.22");
	/* without an entry that is to blame */
	assert_non_null(note(c, "10.0.0.21:40001 > 172.20.0.9:80", "endpoint-gone"));
	assert_null(note(c, "10.0.0.21:40001 > 172.20.0.9:80", "stale-conntrack"));
	court_free(c);
}

/* Its port counts too. */
static void
test_other_port(void **state)
{
	struct court *c = court_new();

	(void)state;
	begin(c);
	connect_to(c, 40000, P1, "10.0.0.11:9090");
	wait_ms(c, 500);
	assert_non_null(note(c, "10.0.0.21:40000 > 172.20.0.9:80", "endpoint-gone"));
	court_free(c);
}

/* An entry that is older than the address's pod, by its age alone: the capture
   began later. */
static void
test_older_than_pod(void **state)
{
	for (unsigned age = 10; age <= 400; age += 390) {
		struct court *c = court_new();
		char text[256];

		(void)state;
		snprintf(text, sizeof(text), "tcp      6 110 ESTABLISHED src=10.0.0.21 "
		    "dst=172.20.0.9 sport=40000 dport=80 src=10.0.0.11 dst=10.0.0.21 "
		    "sport=8080 dport=40000 [ASSURED] mark=0 delta-time=%u use=1", age);
		node_add(c->n, TEXT_CONNTRACK, text);
		snprintf(text, sizeof(text), "\"allocationTimestamp\":%lld",
		    (long long)c->s->now_ns - 60 * NS_PER_SEC);
		node_swap(c->n, TEXT_IPAM, "\"allocationTimestamp\":1785500000000000000",
		    text);
		name_devices(c, c->n);
		c->n->state->taken.ns = c->s->now_ns + 5 * NS_PER_SEC;
		tracer_observe(c->s->t, &(struct obs){ .type = OBS_STATE,
		    .state = { c->n->state } });
		connect_to(c, 40000, P1, "10.0.0.11:8080");
		wait_ms(c, 500);
		assert_true((note(c, "10.0.0.21:40000 > 172.20.0.9:80",
		    "stale-conntrack") != NULL) == (age == 400));
		court_free(c);
	}
}

static void
tell_entry(struct court *c, uint8_t event, const struct ct_entry *e, int64_t began)
{
	tracer_observe(c->s->t, &(struct obs){ .type = OBS_CT, .ts = { c->s->now_ns },
	    .ct = { .event = event, .entry = e, .began = { began } } });
}

/* The same from conntrack's table as it goes on: an age is that of when it was told,
   long after the state was taken. */
static void
test_older_than_pod_live(void **state)
{
	for (unsigned age = 0; age <= 400; age += 400) {
		struct court *c = court_new();
		int64_t now = c->s->now_ns;
		struct ct_entry e = { .status = CT_ASSURED, .state = "ESTABLISHED",
		    .age_s = age, .orig = { .src = ip("10.0.0.21"), .dst =
		    ip("172.20.0.9"), .sport = 40000, .dport = 80, .proto = PROTO_TCP },
		    .reply = { .src = ip("10.0.0.11"), .dst = ip("10.0.0.21"),
		    .sport = 8080, .dport = 40000, .proto = PROTO_TCP } };
		char text[64];

		(void)state;
		snprintf(text, sizeof(text), "\"allocationTimestamp\":%lld",
		    (long long)(now - 60 * NS_PER_SEC));
		node_swap(c->n, TEXT_IPAM, "\"allocationTimestamp\":1785500000000000000",
		    text);
		name_devices(c, c->n);
		c->n->state->taken.ns = now - 100 * NS_PER_SEC;
		tracer_observe(c->s->t, &(struct obs){ .type = OBS_STATE,
		    .state = { c->n->state } });
		tell_entry(c, CT_EV_DUMP_BEGIN, NULL, 0);
		tell_entry(c, CT_EV_DUMPED, &e, now - age * NS_PER_SEC);
		tell_entry(c, CT_EV_DUMP_END, NULL, 0);
		connect_to(c, 40000, P1, "10.0.0.11:8080");
		wait_ms(c, 500);
		assert_true((note(c, "10.0.0.21:40000 > 172.20.0.9:80",
		    "stale-conntrack") != NULL) == (age == 400));
		court_free(c);
	}
}

/* Each flow by the rules of its time. */
static void
test_in_time(void **state)
{
	struct court *c = court_new();

	(void)state;
	begin(c);
	connect_to(c, 40000, P1, "10.0.0.11:8080");
	wait_ms(c, 2000);
	become(c, "10.0.0.11:8080", "10.0.0.22:8080");
	wait_ms(c, 2000);
	connect_to(c, 40001, P1, "10.0.0.11:8080");
	connect_to(c, 40002, P3, "10.0.0.22:8080");
	wait_ms(c, 2000);
	become(c, "shop/web:http", "shop/web2:http");
	wait_ms(c, 2000);
	connect_to(c, 40003, P1, "10.0.0.11:8080");
	wait_ms(c, 2000);
	assert_null(note(c, "10.0.0.21:40000 > 172.20.0.9:80", "endpoint-gone"));
	assert_non_null(note(c, "10.0.0.21:40001 > 172.20.0.9:80", "endpoint-gone"));
	assert_null(note(c, "10.0.0.21:40002 > 172.20.0.9:80", "endpoint-gone"));
	assert_string_equal(flow_like(c->s, "10.0.0.21:40002 > 172.20.0.9:80")->
	    node.service, "web");
	assert_string_equal(flow_like(c->s, "10.0.0.21:40003 > 172.20.0.9:80")->
	    node.service, "web2");
	court_free(c);
}

/* The change is told two seconds after it may have happened: what began meanwhile is
   by one of the two states, and nothing is odd about either. */
static void
test_told_late(void **state)
{
	struct court *c = court_new();
	int64_t since;

	(void)state;
	begin(c);
	wait_ms(c, 2000);
	connect_to(c, 40000, P3, "10.0.0.22:8080");
	wait_ms(c, 2000);
	since = c->s->now_ns;
	wait_ms(c, 1000);
	connect_to(c, 40001, P3, "10.0.0.22:8080");
	connect_to(c, 40002, P1, "10.0.0.11:8080");
	wait_ms(c, 1000);
	became(c, "10.0.0.11:8080", "10.0.0.22:8080", since);
	wait_ms(c, 2000);
	assert_non_null(note(c, "10.0.0.21:40000 > 172.20.0.9:80", "endpoint-gone"));
	for (unsigned port = 40001; port <= 40002; port++) {
		char tuple[64];

		snprintf(tuple, sizeof(tuple), "10.0.0.21:%u > 172.20.0.9:80", port);
		assert_null(note(c, tuple, "endpoint-gone"));
		assert_null(note(c, tuple, "state-differs"));
	}
	court_free(c);
}

/* What the judge remembers of flows that are right does not swallow the note:
   kubectl knows another endpoint than the one that the rules lead to. */
static void
test_beside_memory(void **state)
{
	struct court *c = court_new();
	unsigned n = 0;

	(void)state;
	node_swap(c->n, TEXT_KUBECTL, "\"items\":[", "\"items\":["
	    "{\"kind\":\"Service\",\"metadata\":{\"namespace\":\"shop\",\"name\":\"web\"},"
	    "\"spec\":{\"clusterIP\":\"172.20.0.9\",\"ports\":[{\"name\":\"http\",\"port\":80}]}},"
	    "{\"kind\":\"EndpointSlice\",\"metadata\":{\"namespace\":\"shop\",\"labels\":{"
	    "\"kubernetes.io/service-name\":\"web\"}},\"endpoints\":[{\"addresses\":["
	    "\"10.0.0.22\"]}],\"ports\":[{\"name\":\"http\",\"port\":8080}]},");
	begin(c);
	for (unsigned port = 40000; port < 40100; port++) {
		connect_to(c, port, P1, "10.0.0.11:8080");
		answer_from(c, port, P1, "10.0.0.11:8080");
		wait_ms(c, 100);
	}
	wait_ms(c, 1000);
	scene_text(c->s);
	for (unsigned i = 0; i < c->s->n_flows; i++) {
		const struct flow *f = &c->s->flows[i];

		assert_int_equal(f->verdict, VERDICT_OK);
		for (unsigned k = 0; k < f->n_findings; k++)
			n += strcmp(f->findings[k].code, "endpoint-gone") == 0;
	}
	assert_int_equal(c->s->n_flows, 100);
	assert_int_equal(n, 100);
	court_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_named_by_rules),
		cmocka_unit_test(test_gone),
		cmocka_unit_test(test_other_port),
		cmocka_unit_test(test_older_than_pod),
		cmocka_unit_test(test_older_than_pod_live),
		cmocka_unit_test(test_in_time),
		cmocka_unit_test(test_told_late),
		cmocka_unit_test(test_beside_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
