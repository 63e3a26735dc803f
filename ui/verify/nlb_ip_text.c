/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nlb_ip_text.c - what each target received, for a person: some lines each. */
#include "ui/verify/nlb_ip_int.h"

#include <stdio.h>
#include <string.h>

#include "ui/out/format.h"

#define NAMED	4	/* addresses that are named; more are counted */

static void
put_clock(struct text *t, struct nstime ns)
{
	char s[FORMAT_CLOCK_MAX + 1];

	s[format_clock(s, ns)] = '\0';
	text_put(t, s);
}

static void
put_end(struct text *t, const struct addr *a, uint16_t port, uint8_t ipproto)
{
	char s[ADDR_TEXT_MAX], proto[PRESENT_PROTO_MAX];
	bool v6 = !addr_is_v4(a);

	addr_format(a, s);
	text_put(t, v6 ? "[" : "");
	text_put(t, s);
	text_put(t, v6 ? "]:" : ":");
	text_u64(t, port);
	text_put(t, " ");
	text_put(t, present_proto(ipproto, proto));
}

/* ", a, b and 3 more": addresses that `is` wants. */
static void
put_sources(struct text *t, const struct nlb *n, const struct balance_target *b,
    bool (*is)(const struct balance_source *))
{
	const struct balance_source *s = balance_sources(n->balance) + b->sources;
	uint32_t found = 0;

	for (uint32_t i = 0; i < b->n_sources; i++) {
		if (!is(&s[i]))
			continue;
		if (++found > NAMED)
			continue;
		text_put(t, found > 1 ? ", " : " ");
		text_addr(t, &s[i].addr);
	}
	if (found <= NAMED)
		return;
	text_put(t, " and ");
	text_u64(t, found - NAMED);
	text_put(t, " more");
}

static bool
is_checker(const struct balance_source *s)
{
	return s->checks > 0;
}

static bool
is_hiding(const struct balance_source *s)
{
	return s->plain > 0 && s->client == CLIENT_HIDDEN;
}

static bool
is_preserved(const struct balance_source *s)
{
	return s->plain > 0 && s->client == CLIENT_PRESERVED;
}

static bool
is_unknown(const struct balance_source *s)
{
	return s->plain > 0 && s->client == CLIENT_UNKNOWN;
}

static bool
is_named(const struct balance_source *s)
{
	return s->named && s->conns > 0;
}

static void
put_target(struct text *t, const struct nlb *n, uint32_t group, const struct addr *a,
    uint16_t port, uint8_t proto)
{
	const struct nlb_group *g = &n->groups[group];
	const char *pod = n->verify->config.numeric ? NULL : nlb_pod_name(n, a);

	text_pad(t, 2);
	text_put(t, "target ");
	put_end(t, a, port, proto);
	if (pod != NULL) {
		text_put(t, ", ");
		text_foreign(t, pod);
	}
	if (g->name != NULL) {
		/* in the options or LoadBalancer Services it was looked for */
		text_put(t, n->chosen ? ", of Service " : ", an endpoint of Service ");
		text_foreign(t, g->ns);
		text_put(t, "/");
		text_foreign(t, g->name);
	}
	text_put(t, ": ");
}

static void
put_silent(struct text *t, const struct nlb *n)
{
	for (uint32_t i = 0; i < n->n_targets; i++) {
		const struct nlb_target *x = &n->targets[i];

		if (!x->silent)
			continue;
		put_target(t, n, x->group, &x->addr, x->port, x->proto);
		text_put(t, "no connection from outside among the flows read");
		text_newline(t);
	}
}

static void
put_head(struct text *t, const struct nlb *n, const struct balance_target *b)
{
	put_target(t, n, b->group, &b->addr, b->port, b->proto);
	text_count(t, b->conns, "connection");
	text_put(t, ", ");
	if (nlb_knows_checks(n, b))
		text_count(t, b->checks, "health check");
	else
		text_put(t, "health checks not told apart (by which ENI they come in was "
		    "not seen)");
	if (b->period_ns > 0) {
		text_put(t, " every ");
		text_span(t, b->period_ns);
	}
	if (b->checks > 0) {
		text_put(t, " from");
		put_sources(t, n, b, is_checker);
	}
	text_newline(t);
}

/* ---- the clients */

static const struct {
	const char	*words;
	bool		 (*is)(const struct balance_source *);	/* NULL: none are named */
} clients[N_CLIENTS] = {
	[CLIENT_PRESERVED] = { "preserved (the client's own address came):",
	    is_preserved },
	[CLIENT_HIDDEN] = { "hidden behind the load balancer's address:", is_hiding },
	[CLIENT_HIDDEN_HERE] = { "hidden by this node (SNAT)", NULL },
	[CLIENT_PROXY] = { "named by PROXY protocol:", is_named },
	[CLIENT_UNKNOWN] = { "not known whether the address is the client's:",
	    is_unknown },
};

static void
put_proxy(struct text *t, const struct balance_target *b)
{
	if (b->proxy[1] + b->proxy[2] + b->malformed == 0)
		return;
	text_pad(t, 6);
	text_put(t, "PROXY protocol: ");
	text_u64(t, b->proxy[1]);
	text_put(t, " v1, ");
	text_u64(t, b->proxy[2]);
	text_put(t, " v2, ");
	text_u64(t, b->malformed);
	text_put(t, " malformed, ");
	text_u64(t, b->without);
	text_put(t, " without; ");
	text_count(t, b->n_named, "client");
	text_newline(t);
}

static void
put_clients(struct text *t, const struct nlb *n, const struct balance_target *b)
{
	for (unsigned k = 0; k < N_CLIENTS; k++) {
		if (b->clients[k] == 0)
			continue;
		text_pad(t, 6);
		text_put(t, "client: ");
		text_u64(t, b->clients[k]);
		text_put(t, " ");
		text_put(t, clients[k].words);
		if (clients[k].is != NULL)
			put_sources(t, n, b, clients[k].is);
		text_newline(t);
	}
	put_proxy(t, b);
}

/* ---- when */

static void
put_spans(struct text *t, const struct balance_spans *s)
{
	unsigned shown = s->n < BALANCE_SPANS ? s->n : BALANCE_SPANS;

	for (unsigned i = 0; i < shown; i++) {
		const struct balance_span *v = &s->v[i];

		text_put(t, i > 0 ? ", and " : " ");
		text_put(t, v->n > 1 ? "from " : "at ");
		put_clock(t, v->from);
		if (v->n > 1) {
			text_put(t, " to ");
			put_clock(t, v->to);
		}
	}
	if (s->n > shown) {
		text_put(t, " with ");
		text_count(t, s->n - shown, "more pause");
	}
}

static void
put_silence(struct text *t, const char *words, int64_t ns, uint64_t others)
{
	text_put(t, words);
	text_span(t, ns);
	if (others == 0)
		return;
	text_put(t, " while others received ");
	text_u64(t, others);
}

static void
put_received(struct text *t, const struct nlb *n, const struct balance_target *b)
{
	const struct balance_spans *s = &b->received;
	unsigned last = (s->n < BALANCE_SPANS ? s->n : BALANCE_SPANS) - 1;

	if (s->n == 0)
		return;
	text_pad(t, 6);
	text_put(t, "received");
	put_spans(t, s);
	if (s->late && n->first.ns != 0)
		put_silence(t, "; nothing in the first ",
		    nstime_diff_ns(s->v[0].from, n->first), s->before);
	if (s->ceased && n->last.ns != 0)
		put_silence(t, "; silent for the last ",
		    nstime_diff_ns(n->last, s->v[last].to), s->after);
	text_newline(t);
}

/* So long without a check that three are missing. */
static bool
is_long(const struct balance_target *b, int64_t ns)
{
	return b->period_ns > 0 && ns / 7 > b->period_ns / 2;
}

static void
put_checked(struct text *t, const struct nlb *n, const struct balance_target *b)
{
	const struct balance_spans *s = &b->checked;
	unsigned last = (s->n < BALANCE_SPANS ? s->n : BALANCE_SPANS) - 1;
	int64_t before, after;

	if (s->n == 0)
		return;
	before = nstime_diff_ns(s->v[0].from, n->first);
	after = nstime_diff_ns(n->last, s->v[last].to);
	text_pad(t, 6);
	text_put(t, "checked");
	put_spans(t, s);
	if (n->first.ns != 0 && is_long(b, before))
		put_silence(t, "; no check in the first ", before, 0);
	if (n->last.ns != 0 && is_long(b, after))
		put_silence(t, "; no check for the last ", after, 0);
	text_newline(t);
}

static void
put_faults(struct text *t, const struct balance_target *b)
{
	if (b->reused == 0 && b->hairpins == 0)
		return;
	text_pad(t, 6);
	if (b->hairpins > 0) {
		text_u64(t, b->hairpins);
		text_put(t, " came back to its own sender (hairpin)");
	}
	if (b->reused > 0) {
		text_put(t, b->hairpins > 0 ? ", " : "");
		text_u64(t, b->reused);
		text_put(t, " with addresses and ports that another one used at the same "
		    "time (socket reuse)");
	}
	text_newline(t);
}

/* ---- the node's own part in target type instance */

static void
put_group(struct text *t, const struct nlb_group *g)
{
	if (g->name == NULL || (g->health_conns == 0 && !g->none_here))
		return;
	text_pad(t, 2);
	text_put(t, "Service ");
	text_foreign(t, g->ns);
	text_put(t, "/");
	text_foreign(t, g->name);
	text_put(t, ": ");
	if (g->health_conns > 0) {
		text_count(t, g->health_conns, "connection");
		text_put(t, " to healthCheckNodePort ");
		text_u64(t, g->health_port);
		text_put(t, " (HTTP /healthz of kube-proxy)");
	}
	if (g->none_here) {
		text_put(t, g->health_conns > 0 ? "; " : "");
		text_put(t, "externalTrafficPolicy Local and no endpoint on this node: "
		    "kube-proxy answers its health check with 503");
	}
	text_newline(t);
}

void
nlb_text(const void *arg, struct text *t)
{
	const struct nlb *n = arg;
	uint32_t n_targets;
	const struct balance_target *b = balance_targets(n->balance, &n_targets);

	for (uint32_t i = 0; i < n_targets; i++) {
		put_head(t, n, &b[i]);
		put_clients(t, n, &b[i]);
		put_received(t, n, &b[i]);
		put_checked(t, n, &b[i]);
		put_faults(t, &b[i]);
	}
	put_silent(t, n);
	for (uint32_t i = 0; i < n->n_groups; i++)
		put_group(t, &n->groups[i]);
	if (balance_more(n->balance)) {
		text_pad(t, 2);
		text_put(t, "more targets, addresses or connections than are told apart: "
		    "the rest is counted only");
		text_newline(t);
	}
}
