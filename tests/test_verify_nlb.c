/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_verify_nlb.c - podpath verify nlb-ip over hand-made judged flows to a node
   with a Service of type LoadBalancer: what is judged, with which result and words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "decode/app/proxy.h"
#include "tests/flow_sample.h"
#include "tests/node_scene.h"
#include "ui/cli/complain.h"
#include "ui/verify/verify.h"

static char out[1024 * 1024];
static struct verify_config config;
static struct scene_node *node;

/* Service default/web with endpoints on both ENIs of this node and on another. */
static const char service[] =
    "{\"kind\":\"Service\",\"metadata\":{\"namespace\":\"default\",\"name\":\"web\","
    "\"annotations\":{\"service.beta.kubernetes.io/aws-load-balancer-type\":"
    "\"external\",@}},\"spec\":{\"type\":\"LoadBalancer\",\"clusterIP\":\"172.20.7.7\","
    "\"externalTrafficPolicy\":\"Cluster\",\"healthCheckNodePort\":32000,\"ports\":[{"
    "\"name\":\"http\",\"protocol\":\"TCP\",\"port\":80,\"targetPort\":8080,"
    "\"nodePort\":30080}]}}";
static const char slice[] =
    "{\"apiVersion\":\"discovery.k8s.io/v1\",\"kind\":\"EndpointSlice\",\"metadata\":{"
    "\"namespace\":\"default\",\"name\":\"web-x\",\"labels\":{"
    "\"kubernetes.io/service-name\":\"web\"}},\"addressType\":\"IPv4\",\"endpoints\":["
    "{\"addresses\":[\"10.0.0.11\"],\"conditions\":{\"ready\":true}},"
    "{\"addresses\":[\"10.0.0.21\"],\"conditions\":{\"ready\":true}},"
    "{\"addresses\":[\"10.0.1.35\"],\"conditions\":{\"ready\":true}}],"
    "\"ports\":[{\"name\":\"http\",\"protocol\":\"TCP\",\"port\":8080}]}";
#define LAST_ITEM	"\"podIPs\":[{\"ip\":\"10.0.1.35\"}]}}"

/* The node; annotation: one more of the Service's, "" none. */
static void
scene(const char *annotation, bool with_service)
{
	static char items[4096];
	const char *at = strchr(service, '@');
	int n;

	config = (struct verify_config){ .checks = 1u << CHECK_NLB_IP,
		.with_state = true, .verbose = true };
	node = node_default();
	if (with_service) {
		n = snprintf(items, sizeof(items), LAST_ITEM ",%.*s%s%s,%s",
		    (int)(at - service - (annotation[0] == '\0')), service, annotation,
		    at + 1, slice);
		assert_in_range(n, 1, sizeof(items) - 1);
		node_swap(node, TEXT_KUBECTL, LAST_ITEM, items);
	}
}

static const char *const ifnames[] = { "eth0", "eth1", "veth-a", "veth-b" };

static struct iface
iface_of(const void *arg, unsigned i)
{
	struct iface ifc = { .named = true };

	(void)arg;
	strcpy(ifc.name, ifnames[i % 4]);
	return ifc;
}

static const struct state *
state_of(const void *arg)
{
	(void)arg;
	return node->state;
}

static const struct contract *
contract_of(const void *arg)
{
	(void)arg;
	return node->contract;
}

static const struct naming names = { .iface = iface_of, .state = state_of,
	.contract = contract_of };

static void
add_finding(struct flow *f, const char *code, enum finding_level level)
{
	f->findings[f->n_findings++] = (struct finding){ .code = code,
		.level = (uint8_t)level, .text = "a sentence", .fix = "a fix" };
}

static uint64_t next_id;

/* Straight to the pod: in by interface `eni` (0, 1), out to its cable, and back. */
static struct flow
direct(const char *src, const char *pod, unsigned eni, double sec)
{
	struct tuple t = sample_tuple(PROTO_TCP, src, 40000, pod, 8080);
	struct tuple back = tuple_turned(&t);
	int64_t ns = (int64_t)(sec * 1e9);
	struct flow f = {
		.id = ++next_id, .has = FLOW_TRANSLATED | FLOW_INITIATOR,
		.proto = PROTO_TCP, .first = { SAMPLE_FIRST + ns },
		.last = { SAMPLE_FIRST + ns + NS_PER_MSEC }, .original = t,
		.translated = t, .confidence = CONF_CONFIRMED, .verdict = VERDICT_OK,
		.request_packets = 12, .reply_packets = 12, .n_legs = 4,
	};

	f.legs[0] = sample_leg(eni, DIR_IN, false, 64, t, ns);
	f.legs[1] = sample_leg(2 + eni, DIR_OUT, false, 63, t, ns);
	f.legs[2] = sample_leg(2 + eni, DIR_IN, true, 64, back, ns);
	f.legs[3] = sample_leg(eni, DIR_OUT, true, 63, back, ns);
	f.node.kind = KIND_VPC_TO_POD;
	f.node.eni = contract_eni_dev(node->contract, ifnames[eni]);
	f.node.pod = state_pod_addr(node->state, &t.dst);
	f.node.pod_ip = t.dst;
	add_finding(&f, "no-nat", LEVEL_OK);
	add_finding(&f, "direct-delivery", LEVEL_OK);
	return f;
}

static struct flow
health_check(const char *src, const char *pod, unsigned eni, double sec)
{
	struct flow f = direct(src, pod, eni, sec);

	f.app.health_check = true;
	return f;
}

/* By the node's port to that pod; masqueraded: policy Cluster. */
static struct flow
by_node_port(const char *src, const char *pod, bool masqueraded)
{
	struct flow f = direct(src, pod, 0, 0);

	f.original = sample_tuple(PROTO_TCP, src, 40000, "10.0.0.10", 30080);
	f.nat = NAT_DNAT;
	if (masqueraded) {
		f.nat |= NAT_SNAT;
		f.translated.src = ip("10.0.0.10");
	}
	f.node.kind = KIND_NODEPORT;
	f.n_findings = 0;
	add_finding(&f, "nodeport", LEVEL_OK);
	return f;
}

static int
verified(const struct flow *flows, unsigned n)
{
	struct outbuf buf = { .fd = -1, .buf = out, .p = out,
	    .end = out + sizeof(out) - 1 };
	struct summary s = { .stats = { .first = { SAMPLE_FIRST },
	    .last = { SAMPLE_FIRST + 100 * NS_PER_SEC } } };
	bool usage;
	struct verify *v = verify_begin(&config, &usage);
	int code;

	assert_non_null(v);
	for (unsigned i = 0; i < n; i++)
		verify_flow(v, &flows[i], &names);
	code = verify_end(v, &buf, &s);
	*buf.p = '\0';
	verify_free(v);
	return code;
}

static void
expect(int code, int want, const char *const *parts)
{
	for (; *parts != NULL; parts++)
		if (strstr(out, *parts) == NULL)
			fail_msg("not found: %s\nin: %s", *parts, out);
	if (code != want)
		fail_msg("%d, not %d: %s", code, want, out);
}
#define expect_all(code, want, ...)						\
	expect(code, want, (const char *const[]){ __VA_ARGS__, NULL })

static int
teardown(void **state)
{
	(void)state;
	node_free(node);
	node = NULL;
	return 0;
}

/* ---- */

static void
straight_to_the_pod(void **state)
{
	struct flow f[6];

	(void)state;
	scene("", true);
	node_build(node);
	f[0] = direct("10.0.9.9", "10.0.0.11", 0, 1);
	f[1] = direct("203.0.113.50", "10.0.0.21", 1, 2);
	f[2] = health_check("10.0.9.9", "10.0.0.11", 0, 3);
	f[3] = health_check("10.0.9.9", "10.0.0.11", 0, 13);
	/* not from outside, not to a target */
	f[4] = direct("10.0.1.35", "10.0.0.11", 0, 1);
	f[5] = direct("10.0.9.9", "10.0.0.22", 1, 1);
	expect_all(verified(f, 6), EXIT_FINE,
	    "nlb-ip: ok: 4 connections judged, 2 of them health checks: 4 ok, 0 failed, "
	    "0 inconclusive\n",
	    "  target 10.0.0.11:8080 tcp, default/p1, of Service default/web: 1 connection, "
	    "2 health checks every 10s from 10.0.9.9\n",
	    "client: 1 hidden behind the load balancer's address: 10.0.9.9\n",
	    "  target 10.0.0.21:8080 tcp, default/p2, of Service default/web: 1 connection, "
	    "0 health checks\n",
	    "client: 1 preserved (the client's own address came): 203.0.113.50\n");
	config.form = VERIFY_JSON;
	expect_all(verified(f, 6), EXIT_FINE,
	    "\"targets\":[{\"address\":\"10.0.0.11\",\"port\":8080,\"proto\":\"tcp\","
	    "\"pod\":\"default/p1\",\"service\":{\"namespace\":\"default\",\"name\":\"web\"},"
	    "\"connections\":1,\"ok\":3,\"failed\":0,\"inconclusive\":0,\"health_checks\":{"
	    "\"count\":2,\"period_ns\":10000000000,\"from\":[\"10.0.9.9\"],",
	    "\"client\":{\"preserved\":0,\"hidden\":1,", "\"hidden_behind\":[\"10.0.9.9\"]",
	    "\"services\":[{\"namespace\":\"default\",\"name\":\"web\",",
	    "\"truncated\":false");
}

/* Inside the VPC, and nobody was seen to check: it may be either's address. */
static void
client_not_known(void **state)
{
	struct flow f;

	(void)state;
	scene("", true);
	node_build(node);
	f = direct("10.0.9.9", "10.0.0.11", 0, 1);
	expect_all(verified(&f, 1), EXIT_FINE,
	    "client: 1 not known whether the address is the client's: 10.0.9.9\n");
}

static void
each_fault(void **state)
{
	static const struct { const char *code; enum verdict verdict; } rows[] = {
		{ "wrong-eni", VERDICT_WRONG }, { "asymmetric-path", VERDICT_WRONG },
		{ "unexpected-snat", VERDICT_WRONG }, { "hairpin", VERDICT_WRONG },
		{ "source-not-on-eni", VERDICT_WRONG },
		{ "not-forwarded", VERDICT_DROPPED },
		{ "reply-not-forwarded", VERDICT_DROPPED },
	};
	struct flow f;
	char text[80];

	(void)state;
	scene("", true);
	node_build(node);
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		f = direct("203.0.113.50", "10.0.0.11", 0, 1);
		f.n_findings = 0;
		add_finding(&f, rows[i].code, rows[i].verdict == VERDICT_WRONG ?
		    LEVEL_WRONG : LEVEL_DROPPED);
		f.findings[0].cause = "rp-filter";
		f.verdict = (uint8_t)rows[i].verdict;
		snprintf(text, sizeof(text), "  failed: %s: 203.0.113.50:40000 -> ",
		    rows[i].code);
		expect_all(verified(&f, 1), EXIT_FAILED, text, ": a sentence (rp-filter); "
		    "fix: a fix");
	}
}

/* A rule of this node: of the node's own port that is no Service's, or of the
   target itself. */
static void
translated_here(void **state)
{
	static const struct nf_rule rule = { .text = "-A PREROUTING -j DNAT" };
	struct flow f[2];

	(void)state;
	scene("", true);
	node_build(node);
	f[0] = by_node_port("203.0.113.50", "10.0.0.11", false);
	f[0].original.dport = 8081;
	f[0].node.dnat_rule = &rule;
	f[1] = direct("203.0.113.50", "10.0.0.11", 0, 1);
	f[1].translated.dport = 9090;
	f[1].nat = NAT_DNAT;
	expect_all(verified(f, 2), EXIT_FAILED, "0 ok, 2 failed",
	    "failed: unexpected-dnat: 203.0.113.50:40000 -> 10.0.0.10:8081 tcp: it came "
	    "for 10.0.0.10:8081, and this node translated it to 10.0.0.11:8080 by "
	    "-A PREROUTING -j DNAT;",
	    "it came for 10.0.0.11:8080, and this node translated it to 10.0.0.11:9090");
	f[0] = direct("203.0.113.50", "10.0.0.11", 0, 1);
	f[0].translated.src = ip("10.0.0.10");
	f[0].nat = NAT_SNAT;
	expect_all(verified(f, 1), EXIT_FAILED, "failed: unexpected-snat: ",
	    "client: 1 hidden by this node (SNAT)");
}

static void
node_ports(void **state)
{
	struct flow f[2];

	(void)state;
	scene("", true);
	node_build(node);
	f[0] = by_node_port("203.0.113.50", "10.0.0.11", true);
	f[1] = by_node_port("203.0.113.50", "10.0.1.35", true);
	expect_all(verified(f, 2), EXIT_FAILED, "0 ok, 2 failed",
	    "failed: nodeport: 203.0.113.50:40000 -> 10.0.0.10:30080 tcp: target type is "
	    "instance, not ip: it came for 10.0.0.10:30080, node port of default/web; "
	    "externalTrafficPolicy Cluster: the client's address is hidden by SNAT to the "
	    "node (10.0.0.10); fix: ", "target 10.0.1.35:8080 tcp");
	node_free(node);
	scene("", true);
	node_swap(node, TEXT_KUBECTL, "externalTrafficPolicy\":\"Cluster",
	    "externalTrafficPolicy\":\"Local");
	node_build(node);
	f[0] = by_node_port("203.0.113.50", "10.0.0.11", false);
	expect_all(verified(f, 1), EXIT_FAILED,
	    "externalTrafficPolicy Local: the client's address is kept");
	/* what is wrong with it is told first */
	f[0].n_findings = 0;
	f[0].verdict = VERDICT_WRONG;
	add_finding(&f[0], "asymmetric-path", LEVEL_WRONG);
	expect_all(verified(f, 1), EXIT_FAILED, "failed: asymmetric-path: ", "a sentence; "
	    "it came for 10.0.0.10:30080, node port of default/web (target type instance, "
	    "not ip)");
}

/* kube-proxy drops on purpose: the load balancer must not send here. */
static void
no_local_endpoint(void **state)
{
	struct flow f[3];

	(void)state;
	scene("", true);
	node_swap(node, TEXT_KUBECTL, "externalTrafficPolicy\":\"Cluster",
	    "externalTrafficPolicy\":\"Local");
	node_swap(node, TEXT_KUBECTL, "{\"addresses\":[\"10.0.0.11\"],\"conditions\":{"
	    "\"ready\":true}},{\"addresses\":[\"10.0.0.21\"],\"conditions\":{"
	    "\"ready\":true}},", "");
	node_build(node);
	f[0] = by_node_port("203.0.113.50", "10.0.1.35", false);
	f[0].translated = f[0].original;
	f[0].has &= ~(unsigned)FLOW_TRANSLATED;
	f[0].nat = 0;
	f[0].reply_packets = 0;
	f[0].verdict = VERDICT_DROPPED;
	f[0].n_findings = 0;
	add_finding(&f[0], "not-forwarded", LEVEL_DROPPED);
	f[1] = direct("10.0.9.9", "10.0.0.10", 0, 1);
	f[1].original.dport = f[1].translated.dport = 32000;
	f[1].node.kind = KIND_HOST;
	/* a probe of this node's own is not the balancer's */
	f[2] = f[1];
	f[2].original.src = ip("10.0.1.10");
	expect_all(verified(f, 3), EXIT_FAILED, "1 connection judged: 0 ok, 1 failed",
	    "failed: nodeport: ", "externalTrafficPolicy Local and no endpoint on this "
	    "node: kube-proxy drops it here, and answers the health checks of port 32000 "
	    "with 503, so that the load balancer sends elsewhere (no-local-endpoint)",
	    "  Service default/web: 1 connection to healthCheckNodePort 32000 (HTTP "
	    "/healthz of kube-proxy); externalTrafficPolicy Local and no endpoint");
}

/* What was not seen proves nothing. */
static void
not_seen(void **state)
{
	struct flow f;

	(void)state;
	scene("", true);
	node_build(node);
	f = direct("203.0.113.50", "10.0.0.11", 0, 1);
	f.legs[0] = f.legs[1];
	expect_all(verified(&f, 1), EXIT_UNSURE, "by which ENI it came in was not seen");
	f = direct("203.0.113.50", "10.0.0.11", 0, 1);
	f.n_legs = 3;
	expect_all(verified(&f, 1), EXIT_UNSURE, "by which ENI it was answered was not");
	f.n_legs = 2;
	f.reply_packets = 0;
	expect_all(verified(&f, 1), EXIT_UNSURE, "delivered, but not answered");
	f = direct("203.0.113.50", "10.0.0.11", 0, 1);
	f.n_findings = 1;
	expect_all(verified(&f, 1), EXIT_UNSURE, "delivered straight to the pod was not");
	f.verdict = VERDICT_UNKNOWN;
	f.n_findings = 0;
	expect_all(verified(&f, 1), EXIT_UNSURE, "its verdict is unknown");
	f.confidence = CONF_SINGLE;
	expect_all(verified(&f, 1), EXIT_UNSURE, "seen on one interface only");
	add_finding(&f, "loss", LEVEL_NOTE);
	expect_all(verified(&f, 1), EXIT_UNSURE, "inconclusive: loss: ");
	expect_all(verified(NULL, 0), EXIT_UNSURE, "without --state");
}

static void
odd_connections(void **state)
{
	struct proxy_header bad = { .version = 2, .why = "wrong CRC32C" };
	struct flow f[2];

	(void)state;
	scene("", true);
	node_build(node);
	f[0] = direct("203.0.113.50", "10.0.0.11", 0, 1);
	add_finding(&f[0], "socket-reuse", LEVEL_NOTE);
	f[1] = direct("10.0.9.9", "10.0.0.11", 0, 1);
	f[1].app.proxy = &bad;
	add_finding(&f[1], "proxy-protocol-malformed", LEVEL_NOTE);
	expect_all(verified(f, 2), EXIT_UNSURE, "inconclusive: socket-reuse: ",
	    "inconclusive: proxy-protocol-malformed: ",
	    "PROXY protocol: 0 v1, 0 v2, 1 malformed, 1 without; 0 clients",
	    "1 with addresses and ports that another one used at the same time");
}

/* ---- annotations */

#define ATTRIBUTES	"\"service.beta.kubernetes.io/aws-load-balancer-"		\
			"target-group-attributes\":"

static void
annotations(void **state)
{
	static const struct { const char *annotation, *code; } rows[] = {
		{ "\"service.beta.kubernetes.io/aws-load-balancer-proxy-protocol\":\"*\"",
		  "proxy-protocol-missing" },
		{ ATTRIBUTES "\"preserve_client_ip.enabled=true\"", "client-not-preserved" },
		{ ATTRIBUTES "\"preserve_client_ip.enabled=false\"", "client-preserved" },
		{ "\"service.beta.kubernetes.io/aws-load-balancer-nlb-target-type\":"
		  "\"instance\"", "target-type-differs" },
	};
	struct flow f[3];
	char text[80];

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		scene(rows[i].annotation, true);
		node_build(node);
		f[0] = direct("10.0.9.9", "10.0.0.11", 0, 1);
		f[1] = direct("203.0.113.50", "10.0.0.11", 0, 1);
		f[2] = health_check("10.0.9.9", "10.0.0.11", 0, 3);
		snprintf(text, sizeof(text), "  inconclusive: %s: Service default/web: ",
		    rows[i].code);
		expect_all(verified(f, 3), EXIT_UNSURE, text, "3 ok, 0 failed, 0 "
		    "inconclusive; 1 difference from the Service's annotations\n");
		if (i + 1 < sizeof(rows) / sizeof(rows[0]))
			node_free(node);
	}
}

/* Without a Service of type LoadBalancer every pod of this node may be a target. */
static void
no_service(void **state)
{
	struct flow f[2];

	(void)state;
	scene("", false);
	node_build(node);
	f[0] = direct("203.0.113.50", "10.0.0.22", 1, 1);
	f[1] = direct("10.0.0.21", "10.0.0.22", 1, 1);
	expect_all(verified(f, 2), EXIT_FINE, "1 connection judged: 1 ok",
	    "  target 10.0.0.22:8080 tcp, default/p3: 1 connection");
	config.target = "10.0.0.22:8080";
	expect_all(verified(f, 1), EXIT_FINE, "1 connection judged: 1 ok");
	config.target = "10.0.0.22:8081";
	expect_all(verified(f, 1), EXIT_UNSURE, "no connection from outside to "
	    "10.0.0.22:8081 was seen");
	config.target = NULL;
	config.service = "default/web";
	expect_all(verified(f, 1), EXIT_UNSURE, "the state has no Service default/web");
}

/* One target is taken away in the middle. */
static void
target_goes(void **state)
{
	static struct flow f[120];
	unsigned n = 0;

	(void)state;
	scene("", true);
	node_build(node);
	for (unsigned sec = 0; sec < 100; sec++) {
		bool second = sec % 2 && sec < 40;

		f[n++] = direct("203.0.113.50", second ? "10.0.0.21" : "10.0.0.11", second,
		    sec);
		if (sec % 10 == 0 && sec <= 40)
			f[n++] = health_check("10.0.9.9", "10.0.0.21", 1, sec + 0.5);
	}
	config.verbose = false;
	expect_all(verified(f, n), EXIT_FINE,
	    "      received from 17:33:24.433 to 17:34:02.433; silent for the last 61s "
	    "while others received 60\n",
	    "      checked from 17:33:23.933 to 17:34:03.933; no check for the last 59.5s\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(straight_to_the_pod, teardown),
		cmocka_unit_test_teardown(client_not_known, teardown),
		cmocka_unit_test_teardown(each_fault, teardown),
		cmocka_unit_test_teardown(translated_here, teardown),
		cmocka_unit_test_teardown(node_ports, teardown),
		cmocka_unit_test_teardown(no_local_endpoint, teardown),
		cmocka_unit_test_teardown(not_seen, teardown),
		cmocka_unit_test_teardown(odd_connections, teardown),
		cmocka_unit_test_teardown(annotations, teardown),
		cmocka_unit_test_teardown(no_service, teardown),
		cmocka_unit_test_teardown(target_goes, teardown),
	};

	return cmocka_run_group_tests_name("verify-nlb", tests, NULL, NULL);
}
