/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nlb_ip_json.c - what each target received, for a program: members of the check's
   object; a key whose value is not known is absent. */
#include "ui/verify/nlb_ip_int.h"

#include "ui/out/json.h"

#define MAX_ADDRS	64	/* of a list; "clients" and the like count all */

#define put_u64(j, name, value) do {					\
	json_key(j, name);						\
	json_u64(j, value);						\
} while (0)

#define put_time(j, name, value) do {					\
	json_key(j, name);						\
	json_time(j, value);						\
} while (0)

static void
put_service(struct json *j, const struct nlb_group *g)
{
	json_key(j, "namespace");
	json_text(j, g->ns);
	json_key(j, "name");
	json_text(j, g->name);
}

static void
put_addrs(struct json *j, const struct nlb *n, const struct balance_target *b,
    enum balance_client client, bool checkers)
{
	const struct balance_source *s = balance_sources(n->balance) + b->sources;
	unsigned put = 0;

	json_open(j, '[');
	for (uint32_t i = 0; i < b->n_sources && put < MAX_ADDRS; i++) {
		if (checkers ? s[i].checks == 0 :
		    s[i].client != client || (s[i].named ? s[i].conns : s[i].plain) == 0)
			continue;
		json_addr(j, &s[i].addr);
		put++;
	}
	json_close(j, ']');
}

static void
put_clients(struct json *j, const struct nlb *n, const struct balance_target *b)
{
	json_key(j, "client");
	json_open(j, '{');
	put_u64(j, "preserved", b->clients[CLIENT_PRESERVED]);
	put_u64(j, "hidden", b->clients[CLIENT_HIDDEN]);
	put_u64(j, "hidden_by_node", b->clients[CLIENT_HIDDEN_HERE]);
	put_u64(j, "proxy_protocol", b->clients[CLIENT_PROXY]);
	put_u64(j, "unknown", b->clients[CLIENT_UNKNOWN]);
	json_key(j, "preserved_addresses");
	put_addrs(j, n, b, CLIENT_PRESERVED, false);
	json_key(j, "hidden_behind");
	put_addrs(j, n, b, CLIENT_HIDDEN, false);
	json_key(j, "proxy_protocol_addresses");
	put_addrs(j, n, b, CLIENT_PROXY, false);
	json_key(j, "unknown_addresses");
	put_addrs(j, n, b, CLIENT_UNKNOWN, false);
	json_close(j, '}');
	json_key(j, "proxy_protocol");
	json_open(j, '{');
	put_u64(j, "v1", b->proxy[1]);
	put_u64(j, "v2", b->proxy[2]);
	put_u64(j, "malformed", b->malformed);
	put_u64(j, "without", b->without);
	put_u64(j, "clients", b->n_named);
	json_close(j, '}');
}

static void
put_spans(struct json *j, const struct balance_spans *s)
{
	unsigned shown = s->n < BALANCE_SPANS ? s->n : BALANCE_SPANS;

	json_open(j, '{');
	if (shown > 0) {
		put_time(j, "first", s->v[0].from);
		put_time(j, "last", s->v[shown - 1].to);
	}
	json_key(j, "spans");
	json_open(j, '[');
	for (unsigned i = 0; i < shown; i++) {
		json_open(j, '{');
		put_time(j, "from", s->v[i].from);
		put_time(j, "to", s->v[i].to);
		put_u64(j, "connections", s->v[i].n);
		json_close(j, '}');
	}
	json_close(j, ']');
	json_key(j, "began_late");
	json_bool(j, s->late);
	json_key(j, "ceased");
	json_bool(j, s->ceased);
	put_u64(j, "others_before", s->before);
	put_u64(j, "others_after", s->after);
	json_close(j, '}');
}

static void
put_target(struct json *j, const struct nlb *n, const struct balance_target *b)
{
	const struct nlb_group *g = &n->groups[b->group];
	const char *pod = nlb_pod_name(n, &b->addr);
	char proto[PRESENT_PROTO_MAX];

	json_open(j, '{');
	json_key(j, "address");
	json_addr(j, &b->addr);
	put_u64(j, "port", b->port);
	json_key(j, "proto");
	json_text(j, present_proto(b->proto, proto));
	if (pod != NULL) {
		json_key(j, "pod");
		json_text(j, pod);
	}
	if (g->name != NULL) {
		json_key(j, "service");
		json_open(j, '{');
		put_service(j, g);
		json_close(j, '}');
	}
	put_u64(j, "connections", b->conns);
	put_u64(j, "ok", b->results[CHECK_OK]);
	put_u64(j, "failed", b->results[CHECK_FAILED]);
	put_u64(j, "inconclusive", b->results[CHECK_UNSURE]);
	json_key(j, "health_checks");
	json_open(j, '{');
	if (nlb_knows_checks(n, b))
		put_u64(j, "count", b->checks);
	if (b->period_ns > 0)
		put_u64(j, "period_ns", (uint64_t)b->period_ns);
	json_key(j, "from");
	put_addrs(j, n, b, CLIENT_UNKNOWN, true);
	json_key(j, "seen");
	put_spans(j, &b->checked);
	json_close(j, '}');
	put_clients(j, n, b);
	json_key(j, "received");
	put_spans(j, &b->received);
	if (b->last_packet.ns != 0)
		put_time(j, "last_packet", b->last_packet);
	put_u64(j, "hairpin", b->hairpins);
	put_u64(j, "socket_reuse", b->reused);
	json_close(j, '}');
}

/* Targets of this node that no connection from outside came to. */
static void
put_silent(struct json *j, const struct nlb *n)
{
	char proto[PRESENT_PROTO_MAX];

	json_key(j, "silent_targets");
	json_open(j, '[');
	for (uint32_t i = 0; i < n->n_targets; i++) {
		const struct nlb_target *t = &n->targets[i];
		const char *pod = nlb_pod_name(n, &t->addr);

		if (!t->silent)
			continue;
		json_open(j, '{');
		json_key(j, "address");
		json_addr(j, &t->addr);
		put_u64(j, "port", t->port);
		json_key(j, "proto");
		json_text(j, present_proto(t->proto, proto));
		if (pod != NULL) {
			json_key(j, "pod");
			json_text(j, pod);
		}
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void
put_group(struct json *j, const struct nlb_group *g)
{
	json_open(j, '{');
	put_service(j, g);
	if (g->lb.target_ip >= 0) {
		json_key(j, "target_type");
		json_text(j, g->lb.target_ip ? "ip" : "instance");
	}
	if (g->lb.preserve >= 0) {
		json_key(j, "preserve_client_ip");
		json_bool(j, g->lb.preserve);
	}
	if (g->lb.proxy >= 0) {
		json_key(j, "proxy_protocol_v2");
		json_bool(j, g->lb.proxy);
	}
	if (g->lb.check_interval_s > 0)
		put_u64(j, "health_check_interval_s", g->lb.check_interval_s);
	if (g->health_port != 0)
		put_u64(j, "health_check_node_port", g->health_port);
	put_u64(j, "health_check_node_port_connections", g->health_conns);
	put_u64(j, "node_port_connections", g->node_port);
	if (g->none_here) {
		json_key(j, "no_local_endpoint");
		json_bool(j, true);
	}
	json_close(j, '}');
}

void
nlb_json(const void *arg, struct json *j)
{
	const struct nlb *n = arg;
	uint32_t n_targets;
	const struct balance_target *b = balance_targets(n->balance, &n_targets);

	json_key(j, "targets");
	json_open(j, '[');
	for (uint32_t i = 0; i < n_targets; i++)
		put_target(j, n, &b[i]);
	json_close(j, ']');
	put_silent(j, n);
	json_key(j, "services");
	json_open(j, '[');
	for (uint32_t i = 0; i < n->n_groups; i++)
		if (n->groups[i].name != NULL)
			put_group(j, &n->groups[i]);
	json_close(j, ']');
	json_key(j, "truncated");
	json_bool(j, balance_more(n->balance));
}
