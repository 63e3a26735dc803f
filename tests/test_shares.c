/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_shares.c - connections of Services by endpoint and zone: what counts, what
 * is even, who stayed in its zone, and what is bounded.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decode/app/shares.h"
#include "decode/app/stale.h"

static struct addr
ip(const char *text)
{
	struct addr a;

	if (!addr_parse(text, &a))
		fail_msg("'%s' is no address", text);
	return a;
}

/* ---- a state of two zones: web has three endpoints, a and b in zone-1 */

static uint32_t
add_service(struct state *s, const char *name, const char *addr, uint16_t port,
    uint16_t node_port)
{
	struct service *v = state_push(s, services);
	struct svc_port *p = state_push(s, svc_ports);

	v->ns = "default";
	v->name = name;
	v->type = "ClusterIP";
	v->addrs = state_alloc(s, sizeof(*v->addrs));
	v->addrs[0] = ip(addr);
	v->n_addrs = v->n_cluster = 1;
	*p = (struct svc_port){ .service = s->services.n - 1, .name = "http",
	    .proto = PROTO_TCP, .port = port, .node_port = node_port };
	return s->services.n - 1;
}

static struct endpoint *
add_endpoint(struct state *s, const char *service, const char *addr, const char *node,
    const char *zone)
{
	struct endpoint *e = state_push(s, endpoints);

	*e = (struct endpoint){ .ns = "default", .service_name = service,
	    .port_name = "http", .addr = ip(addr), .port = 8080, .proto = PROTO_TCP,
	    .ready = true, .node = node, .zone = zone };
	return e;
}

static void
add_node(struct state *s, const char *name, const char *addr, const char *zone)
{
	struct node *n = state_push(s, nodes);

	*n = (struct node){ .name = name, .zone = zone, .n_addrs = 1 };
	n->addrs[0] = ip(addr);
}

static void
add_pod(struct state *s, const char *name, const char *addr, const char *node)
{
	struct addr a = ip(addr);
	struct pod *p = state_pod(s, "default", name, &a);

	p->node = node;
	p->sources = node != NULL ? POD_KUBECTL : POD_IPAM;
}

/* Not ready yet: each test may add to it. */
static struct state *
state_of_web(void)
{
	struct state *s = state_new();
	struct ifaddr *own = state_push(s, addrs);

	*own = (struct ifaddr){ .dev = "eth0", .addr = ip("10.0.1.1"), .len = 120 };
	add_node(s, "node-1", "10.0.1.1", "zone-1");
	add_node(s, "node-2", "10.0.2.1", "zone-2");
	add_service(s, "web", "172.20.0.1", 80, 30080);
	add_endpoint(s, "web", "10.0.1.11", "node-1", "zone-1");
	add_endpoint(s, "web", "10.0.1.12", "node-1", "zone-1");
	add_endpoint(s, "web", "10.0.2.13", "node-2", "zone-2");
	add_pod(s, "client", "10.0.1.50", NULL);	/* ipamd's: of this node */
	add_pod(s, "other", "10.0.2.50", "node-2");
	return s;
}

/* ---- flows */

static struct flow
flow_of(const char *client, const char *dst, uint16_t dport, const char *to)
{
	struct flow f = { .proto = PROTO_TCP, .tcp_state = TCPS_CLOSED,
	    .has = FLOW_TRANSLATED, .nat = NAT_DNAT, .request_packets = 5,
	    .reply_packets = 5 };

	f.original = (struct tuple){ .src = ip(client), .dst = ip(dst), .sport = 40000,
	    .dport = dport, .proto = PROTO_TCP };
	f.translated = f.original;
	f.translated.dst = ip(to);
	f.translated.dport = 8080;
	f.node.service_ns = "default";
	f.node.service = "web";
	f.node.service_port = "http";
	return f;
}

static void
count(struct shares *sh, const struct state *s, const char *client, const char *to,
    unsigned n)
{
	struct flow f = flow_of(client, "172.20.0.1", 80, to);

	while (n-- > 0)
		shares_flow(sh, s, &f);
}

static const struct share_endpoint *
endpoint(const struct share_port *p, const char *addr)
{
	struct addr a = ip(addr);

	for (unsigned i = 0; i < p->n_endpoints; i++)
		if (addr_eq(&p->endpoints[i].addr, &a))
			return &p->endpoints[i];
	fail_msg("no endpoint %s", addr);
	return NULL;
}

static const struct share_port *
only_port(struct shares *sh, const struct state *s)
{
	shares_end(sh, s);
	assert_int_equal(shares_n(sh), 1);
	return shares_get(sh, 0);
}

#define CLIENT	"10.0.1.50"

static void
test_even(void **state)
{
	static const struct { unsigned a, b, c; enum evenness even; double chi; } rows[] = {
		{ 100, 100, 100, EVEN_YES, 0 },
		{ 102, 99, 99, EVEN_YES, 0.06 },
		{ 111, 95, 94, EVEN_YES, 1.82 },
		/* critical for 2 degrees of freedom: 13.816 */
		{ 126, 86, 88, EVEN_YES, 10.16 },
		{ 131, 85, 84, EVEN_NO, 14.42 },
		{ 300, 0, 0, EVEN_NO, 600 },
		{ 150, 150, 0, EVEN_NO, 150 },
		{ 5, 5, 5, EVEN_YES, 0 },
		{ 5, 5, 4, EVEN_TOO_FEW, 0.14 },
		{ 14, 0, 0, EVEN_TOO_FEW, 28 },
		{ 15, 0, 0, EVEN_NO, 30 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct state *s = state_of_web();
		struct shares *sh = shares_new();
		const struct share_port *p;

		state_ready(s);
		count(sh, s, CLIENT, "10.0.1.11", rows[i].a);
		count(sh, s, CLIENT, "10.0.1.12", rows[i].b);
		count(sh, s, CLIENT, "10.0.2.13", rows[i].c);
		p = only_port(sh, s);
		assert_int_equal(p->connections, rows[i].a + rows[i].b + rows[i].c);
		assert_int_equal(p->answered, p->connections);
		assert_int_equal(endpoint(p, "10.0.1.11")->connections, rows[i].a);
		assert_int_equal(endpoint(p, "10.0.2.13")->connections, rows[i].c);
		assert_int_equal(p->even, rows[i].even);
		assert_int_equal(p->degrees, 2);
		assert_true(p->chi_square > rows[i].chi - 0.01 &&
		    p->chi_square < rows[i].chi + 0.01);
		shares_free(sh);
		state_free(s);
	}
}

/* Published values (NIST/SEMATECH e-Handbook, 1.3.6.7.4) for 0.001. */
static void
test_critical(void **state)
{
	static const struct { unsigned df; double value; } rows[] = {
		{ 1, 10.828 }, { 2, 13.816 }, { 10, 29.588 }, { 30, 59.703 },
		{ 31, 61.098 }, { 40, 73.402 }, { 60, 99.607 }, { 100, 149.449 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		double d = shares_critical(rows[i].df) / rows[i].value;

		assert_true(d > 0.998 && d < 1.002);
	}
	for (unsigned df = 2; df < 3000; df++)
		assert_true(shares_critical(df) > shares_critical(df - 1));
}

/* What is a connection, and to what. */
static void
test_what_counts(void **state)
{
	struct state *s = state_of_web();
	struct shares *sh = shares_new();
	struct flow f = flow_of(CLIENT, "172.20.0.1", 80, "10.0.1.11"), g;
	const struct share_port *p;

	(void)state;
	state_ready(s);
	shares_flow(sh, NULL, &f);
	shares_flow(sh, s, &f);				/* 1 */
	g = f;
	g.tcp_state = TCPS_SYN_SENT;
	g.reply_packets = 0;
	shares_flow(sh, s, &g);				/* 2, not answered */
	g.tcp_state = TCPS_NONE;
	shares_flow(sh, s, &g);				/* a stray packet */
	g.reply_packets = 3;
	shares_flow(sh, s, &g);				/* 3: begun before */
	g = f;
	g.proto = g.original.proto = PROTO_ICMP;
	shares_flow(sh, s, &g);
	g = f;
	g.node.service = NULL;
	shares_flow(sh, s, &g);
	g = f;
	g.has = 0;
	shares_flow(sh, s, &g);				/* where to is not known */
	g = flow_of("203.0.113.9", "10.0.1.1", 30080, "10.0.1.12");
	shares_flow(sh, s, &g);				/* 4: by its node port */
	p = only_port(sh, s);
	assert_int_equal(p->connections, 4);
	assert_int_equal(p->answered, 3);
	assert_int_equal(p->untranslated, 1);
	assert_int_equal(endpoint(p, "10.0.1.11")->connections, 3);
	assert_int_equal(endpoint(p, "10.0.1.11")->answered, 2);
	assert_int_equal(endpoint(p, "10.0.1.12")->connections, 1);
	assert_int_equal(endpoint(p, "10.0.2.13")->connections, 0);
	assert_int_equal(p->client_unknown, 1);
	assert_string_equal(p->name, "web");
	assert_string_equal(p->port_name, "http");
	assert_int_equal(p->port, 80);
	shares_free(sh);
	state_free(s);
}

static void
test_zones(void **state)
{
	struct state *s = state_of_web();
	struct shares *sh = shares_new();
	const struct share_port *p;
	struct addr there = ip("10.0.2.13");

	(void)state;
	state_ready(s);
	count(sh, s, CLIENT, "10.0.1.11", 3);
	count(sh, s, CLIENT, "10.0.1.12", 2);
	count(sh, s, "10.0.2.50", "10.0.2.13", 4);	/* a pod of the other node */
	count(sh, s, "10.0.2.1", "10.0.2.13", 1);	/* the other node itself */
	p = only_port(sh, s);
	assert_int_equal(p->stayed, 10);
	assert_int_equal(p->left + p->left_none + p->client_unknown + p->zone_unknown, 0);
	assert_int_equal(p->n_zones, 2);
	assert_string_equal(p->zones[0].name, "zone-1");
	assert_int_equal(p->zones[0].connections, 5);
	assert_int_equal(p->zones[0].clients, 5);
	assert_int_equal(p->zones[0].n_ready, 2);
	assert_int_equal(p->zones[1].stayed, 5);
	count(sh, s, CLIENT, "10.0.2.13", 2);
	count(sh, s, "198.51.100.1", "10.0.1.11", 7);
	p = only_port(sh, s);
	assert_int_equal(p->stayed, 10);
	assert_int_equal(p->left, 2);
	assert_int_equal(p->client_unknown, 7);
	assert_string_equal(p->example.from, "zone-1");
	assert_string_equal(p->example.to, "zone-2");
	assert_true(addr_eq(&p->example.endpoint, &there));
	assert_int_equal(p->connections, 19);
	shares_free(sh);
	state_free(s);
}

/* A zone without a ready endpoint cannot keep its clients. */
static void
test_zone_without_endpoint(void **state)
{
	struct state *s = state_of_web();
	struct shares *sh = shares_new();
	const struct share_port *p;

	(void)state;
	s->endpoints.v[2].ready = false;
	state_ready(s);
	count(sh, s, "10.0.2.50", "10.0.1.11", 5);
	p = only_port(sh, s);
	assert_int_equal(p->left, 0);
	assert_int_equal(p->left_none, 5);
	shares_free(sh);
	state_free(s);
}

/* Whom shares can be compared among. */
static void
test_who_is_eligible(void **state)
{
	struct state *s = state_of_web();
	struct shares *sh = shares_new();
	const struct share_port *p;

	(void)state;
	s->endpoints.v[1].ready = false;
	state_ready(s);
	s->endpoints.v[2].in_rules = IN_RULES_NO;
	count(sh, s, CLIENT, "10.0.1.11", 50);
	p = only_port(sh, s);
	assert_int_equal(p->n_eligible, 1);
	assert_int_equal(p->even, EVEN_ALONE);
	assert_int_equal(p->n_endpoints, 3);
	shares_free(sh);
	/* only those of this node, where the policy says so */
	sh = shares_new();
	s->endpoints.v[1].ready = true;
	s->endpoints.v[2].in_rules = IN_RULES_UNKNOWN;
	s->services.v[0].internal_policy = POLICY_LOCAL;
	count(sh, s, CLIENT, "10.0.1.11", 50);
	count(sh, s, CLIENT, "10.0.1.12", 52);
	p = only_port(sh, s);
	assert_int_equal(p->n_eligible, 2);
	assert_int_equal(p->even, EVEN_YES);
	shares_free(sh);
	sh = shares_new();
	s->services.v[0].internal_policy = POLICY_CLUSTER;
	s->services.v[0].affinity = true;
	count(sh, s, CLIENT, "10.0.1.11", 50);
	assert_int_equal(only_port(sh, s)->even, EVEN_AFFINITY);
	shares_free(sh);
	state_free(s);
}

/* With the external policy Local, what comes from outside has fewer to choose from:
   it is counted apart. */
static void
test_outside_apart(void **state)
{
	struct state *s = state_of_web();
	struct shares *sh = shares_new();
	struct flow f = flow_of("203.0.113.9", "10.0.1.1", 30080, "10.0.1.11");

	(void)state;
	s->services.v[0].external_policy = POLICY_LOCAL;
	state_ready(s);
	count(sh, s, CLIENT, "10.0.2.13", 5);
	for (unsigned i = 0; i < 8; i++)
		shares_flow(sh, s, &f);
	shares_end(sh, s);
	assert_int_equal(shares_n(sh), 2);
	assert_false(shares_get(sh, 0)->external);
	assert_int_equal(shares_get(sh, 0)->n_eligible, 3);
	assert_true(shares_get(sh, 1)->external);
	assert_int_equal(shares_get(sh, 1)->n_eligible, 2);
	assert_int_equal(shares_get(sh, 1)->connections, 8);
	shares_free(sh);
	state_free(s);
}

/* Endpoints that come or go leave no even shares to ask for; and what was led to
   one that is gone stays there. */
static void
test_endpoints_change(void **state)
{
	struct state *s = state_of_web(), *after = state_of_web();
	struct shares *sh = shares_new();
	struct flow f = flow_of(CLIENT, "172.20.0.1", 80, "10.0.1.99");
	const struct share_endpoint *e;
	const struct share_port *p;

	(void)state;
	state_ready(s);
	after->endpoints.n = 2;
	state_ready(after);
	count(sh, s, CLIENT, "10.0.1.11", 10);
	count(sh, s, CLIENT, "10.0.1.12", 10);
	count(sh, s, CLIENT, "10.0.2.13", 10);
	f.n_findings = 2;
	f.findings[0] = (struct finding){ .code = "endpoint-gone", .level = LEVEL_NOTE };
	f.findings[1] = (struct finding){ .code = "stale-conntrack", .level = LEVEL_NOTE };
	f.reply_packets = 0;
	shares_flow(sh, after, &f);
	p = only_port(sh, after);
	assert_int_equal(p->even, EVEN_CHANGED);
	e = endpoint(p, "10.0.2.13");
	assert_false(e->listed);
	assert_int_equal(e->connections, 10);
	assert_int_equal(e->gone, 0);
	e = endpoint(p, "10.0.1.99");
	assert_false(e->listed);
	assert_int_equal(e->gone, 1);
	assert_int_equal(e->gone_answered, 0);
	assert_int_equal(e->stale, 1);
	shares_free(sh);
	state_free(s);
	state_free(after);
}

/* ---- bounds */

static void
test_many_endpoints(void **state)
{
	struct state *s = state_new();
	struct shares *sh = shares_new();
	struct flow f = flow_of(CLIENT, "172.20.0.1", 80, "10.0.1.11");
	const struct share_port *p;

	(void)state;
	add_service(s, "web", "172.20.0.1", 80, 0);
	add_endpoint(s, "web", "10.0.1.11", NULL, NULL);
	state_ready(s);
	for (uint32_t i = 0; i < SHARES_ENDPOINTS + 1000; i++) {
		f.translated.dst.b[12] = 11;
		f.translated.dst.b[13] = (uint8_t)(i >> 16);
		f.translated.dst.b[14] = (uint8_t)(i >> 8);
		f.translated.dst.b[15] = (uint8_t)i;
		shares_flow(sh, s, &f);
	}
	p = only_port(sh, s);
	assert_int_equal(p->n_endpoints, SHARES_ENDPOINTS);
	assert_int_equal(p->connections, SHARES_ENDPOINTS - 1);
	assert_int_equal(shares_left_out(sh), 1001);
	shares_free(sh);
	state_free(s);
}

static void
test_many_ports(void **state)
{
	struct state *s = state_new();
	struct shares *sh = shares_new();
	struct flow f = flow_of(CLIENT, "172.20.0.1", 80, "10.0.1.11");
	char name[16];

	(void)state;
	for (unsigned i = 0; i < SHARES_PORTS + 10; i++) {
		char addr[32];

		snprintf(name, sizeof(name), "s%05u", SHARES_PORTS + 10 - i);
		snprintf(addr, sizeof(addr), "172.20.%u.%u", i / 250, i % 250);
		add_service(s, state_text(s, name, strlen(name)), addr, 80, 0);
	}
	state_ready(s);
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < SHARES_PORTS + 10; i++) {
			f.original.dst = s->services.v[i].addrs[0];
			shares_flow(sh, s, &f);
		}
		shares_end(sh, s);	/* sorted, and counting goes on */
	}
	assert_int_equal(shares_n(sh), SHARES_PORTS);
	assert_int_equal(shares_left_out(sh), 20);
	for (unsigned i = 0; i < SHARES_PORTS; i++) {
		assert_int_equal(shares_get(sh, i)->connections, 2);
		if (i > 0)
			assert_true(strcmp(shares_get(sh, i - 1)->name,
			    shares_get(sh, i)->name) < 0);
	}
	shares_free(sh);
	state_free(s);
}

/* ---- conntrack's table alone */

static void
add_entry(struct state *s, const char *to, const char *tcp_state, unsigned status)
{
	struct ct_entry *e = state_push(s, conntrack);

	*e = (struct ct_entry){ .state = tcp_state, .status = (uint8_t)status, .age_s = -1 };
	e->orig = (struct tuple){ .src = ip(CLIENT), .dst = ip("172.20.0.1"),
	    .sport = (uint16_t)(40000 + s->conntrack.n), .dport = 80, .proto = PROTO_TCP };
	e->reply = (struct tuple){ .src = ip(to), .dst = ip(CLIENT), .sport = 8080,
	    .dport = e->orig.sport, .proto = PROTO_TCP };
}

static bool
on_entry(void *arg, const struct ct_entry *ct, const struct svc_port *p)
{
	char *out = arg, text[ADDR_TEXT_MAX];

	addr_format(&ct->reply.src, text);
	sprintf(out + strlen(out), "%s:%u ", text, p->port);
	return true;
}

static void
test_stale_entries(void **state)
{
	struct state *s = state_of_web();
	char out[256] = "";

	(void)state;
	state_mark(s, PART_PODS);
	add_pod(s, "left-the-service", "10.0.1.60", "node-1");
	add_entry(s, "10.0.1.11", "ESTABLISHED", CT_ASSURED);
	add_entry(s, "10.0.1.11", "SYN_SENT", CT_UNREPLIED);
	add_entry(s, "10.0.1.77", "SYN_SENT", CT_UNREPLIED);	/* dead */
	add_entry(s, "10.0.1.78", "TIME_WAIT", CT_ASSURED);
	add_entry(s, "10.0.1.79", "ESTABLISHED", CT_ASSURED);	/* nobody's address */
	add_entry(s, "10.0.1.60", "ESTABLISHED", CT_ASSURED);
	add_entry(s, "10.0.1.60", "SYN_SENT", CT_UNREPLIED);	/* it does not serve */
	state_ready(s);
	assert_int_equal(service_stale_entries(s, on_entry, out), 3);
	assert_string_equal(out, "10.0.1.77:80 10.0.1.79:80 10.0.1.60:80 ");
	assert_int_equal(service_stale_entries(s, NULL, NULL), 3);
	state_free(s);
}

/* Without kubectl ipamd tells who has an address of this node's ENIs; of others nobody
   knows, and a connection that was answered may go on. */
static void
test_stale_by_ipam(void **state)
{
	struct state *s = state_of_web();
	char out[256] = "";
	struct eni_addr *a = state_push(s, eni_addrs);

	(void)state;
	assert_non_null(a);
	assert_true(prefix_parse("10.0.1.64/28", &a->prefix));
	state_mark(s, PART_IPAM);
	add_pod(s, "left-the-service", "10.0.1.65", NULL);
	add_entry(s, "10.0.1.65", "ESTABLISHED", CT_ASSURED);
	add_entry(s, "10.0.1.77", "ESTABLISHED", CT_ASSURED);	/* nobody's address */
	add_entry(s, "10.0.1.90", "ESTABLISHED", CT_ASSURED);	/* of another node */
	add_entry(s, "10.0.1.90", "SYN_SENT", CT_UNREPLIED);
	state_ready(s);
	assert_int_equal(service_stale_entries(s, on_entry, out), 2);
	assert_string_equal(out, "10.0.1.77:80 10.0.1.90:80 ");
	state_free(s);
}

/* Where no endpoint is told of, nothing is no endpoint. */
static void
test_not_known(void **state)
{
	struct state *s = state_of_web();
	struct shares *sh = shares_new();

	(void)state;
	s->endpoints.n = 0;
	add_entry(s, "10.0.1.77", "SYN_SENT", CT_UNREPLIED);
	state_ready(s);
	assert_int_equal(service_stale_entries(s, NULL, NULL), 0);
	count(sh, s, CLIENT, "10.0.1.11", 100);
	assert_int_equal(only_port(sh, s)->even, EVEN_UNKNOWN);
	shares_free(sh);
	state_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_even),
		cmocka_unit_test(test_critical),
		cmocka_unit_test(test_what_counts),
		cmocka_unit_test(test_zones),
		cmocka_unit_test(test_zone_without_endpoint),
		cmocka_unit_test(test_who_is_eligible),
		cmocka_unit_test(test_outside_apart),
		cmocka_unit_test(test_endpoints_change),
		cmocka_unit_test(test_many_endpoints),
		cmocka_unit_test(test_many_ports),
		cmocka_unit_test(test_stale_entries),
		cmocka_unit_test(test_stale_by_ipam),
		cmocka_unit_test(test_not_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
