/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * app_describe.c - what payloads, ends and other flows say of a flow: the client
 * behind a load balancer, names, questions, health checks, its role.
 */
#include "decode/app/dns_judge.h"
#include "decode/app/role.h"
#include "decode/trace/app_int.h"
#include "decode/verdict/finding.h"

/* ---- health checks */

/* Did it come in by an ENI?  What another pod or a process of this node sends is
   not a load balancer's. */
static bool
came_by_eni(const struct tracer *t, const struct leg_rec *l)
{
	const struct contract *c = tracer_contract(t);
	const char *dev = l->place.dir != DIR_OUT ? iface_dev(t, l->place.iface) : NULL;

	/* its name may come from what is seen there: app_finish() */
	if (dev == NULL && c != NULL && l->place.dir != DIR_OUT)
		t->apps->unnamed = true;
	return c != NULL && dev != NULL && contract_eni_dev(c, dev) != NULL;
}

/* False: nothing is known of its payload, or it did not come from outside. */
static bool
see(struct tracer *t, uint32_t fi, struct check_seen *c)
{
	const struct flow_rec *f = flow_at(t, fi);
	const struct app_flow *a = &t->apps->v[fi];
	unsigned dir = app_initiator(f);
	const struct proxy_header *h;
	const struct leg_rec *l;
	struct tuple ends;

	if (!(f->flags & FLW_ISN) || !app_ends(t, fi, &ends, &l) ||
	    ends.proto != PROTO_TCP || !came_by_eni(t, l))
		return false;
	*c = (struct check_seen){ .src = ends.src, .dst = ends.dst, .dport = ends.dport,
	    .begun = f->first, .by_word = a->flags & APP_BY_WORD,
	    .ended = f->tcp_state >= TCPS_CLOSED };
	if (f->flags & (dir ? FLW_SEQ_1 : FLW_SEQ_0)) {
		c->asked = f->next_seq[dir] - f->isn - 1;
		c->asked -= c->asked > 0 && f->flags & (dir ? FLW_FIN_1 : FLW_FIN_0);
	}
	h = app_proxy_of(t, fi);
	c->local = h != NULL && h->why == NULL && (h->local || h->unknown);
	return true;
}

void
app_ended(struct tracer *t, uint32_t fi)
{
	struct apps *a = t->apps;
	struct check_seen c;

	if (a->v[fi].flags & APP_ENDED || tracer_contract(t) == NULL || !see(t, fi, &c))
		return;
	if (a->checks == NULL && (a->checks = checks_new()) == NULL)
		return;
	a->v[fi].flags |= APP_ENDED;
	checks_ended(a->checks, &c);
}

void
app_finish(struct tracer *t)
{
	if (!t->apps->unnamed)
		return;
	for (uint32_t fi = 1; fi < t->flows.used; fi++)
		if (flow_at(t, fi)->convs != 0 && flow_at(t, fi)->tcp_state >= TCPS_CLOSED)
			app_ended(t, fi);
}

static void
describe_checks(struct tracer *t, uint32_t fi, struct flow *f)
{
	struct check_seen c;
	int64_t period = 0;

	if (t->apps->checks == NULL || f->proto != PROTO_TCP || !see(t, fi, &c))
		return;
	if (checks_is_check(t->apps->checks, &c, &period)) {
		f->app.health_check = true;
		if (period > 0)
			finding_add(f, F_HEALTH_CHECK, "one of a series of health checks, "
			    "each %.1f s", (double)period / (double)NS_PER_SEC);
		else
			finding_add(f, F_HEALTH_CHECK, "a health check, as it says itself");
	} else if (checks_is_checker(t->apps->checks, &c.src)) {
		f->app.client_hidden = true;
	}
}

/* ---- the client */

static void
describe_client(struct flow *f)
{
	const struct proxy_header *h = f->app.proxy;
	char text[ADDR_TEXT_MAX];

	if (h != NULL && h->why != NULL) {
		finding_add(f, F_PROXY_MALFORMED, "a PROXY protocol v%u header that must "
		    "not be believed: %s", h->version, h->why);
	} else if (h != NULL && h->has & PROXY_HAS_ADDRS) {
		f->app.client_hidden = false;
		addr_format(&h->src, text);
		finding_add(f, F_CLIENT_FROM_PROXY, "the client is %s port %u, as the PROXY "
		    "protocol v%u header says", text, h->sport, h->version);
	}
	if (f->app.client_hidden) {
		addr_format(&f->original.src, text);
		finding_add(f, F_CLIENT_HIDDEN, "%s also sends health checks: it is a load "
		    "balancer's address, and the client's was not passed on", text);
	}
}

/* ---- */

static void
judge_dns(struct tracer *t, uint32_t fi, struct flow *f)
{
	struct dns_case c = { .state = tracer_state(t), .contract = tracer_contract(t),
	    .log = t->apps->dns, .now = t->now.ns != 0 ? t->now : t->stats.last,
	    .lossy = loss_between(t, f->first, f->last) > 0,
	    .unread = app_dns_unread(t, fi), .over = t->finished };

	if (c.state != NULL) {
		c.arg = t->judge_view.arg;
		c.dev = t->judge_view.dev;
		c.covers = t->judge_view.covers;
		c.maybe_left = t->judge_view.maybe_left;
	}
	dns_judge_case(f, &c);
}

/* An address of this node stands for its pods too, behind SNAT: what it sends
   itself still has the TTL that a host begins with. */
static bool
may_be_a_pods(const struct tracer *t, const struct addr *src, uint8_t ttl)
{
	const struct state *s = tracer_state(t);

	if (s == NULL || ttl == 0 || ttl == 64 || ttl == 128 || ttl == 255)
		return false;
	for (uint32_t i = 0; i < s->addrs.n; i++)
		if (addr_eq(&s->addrs.v[i].addr, src))
			return true;
	return false;
}

static const char *
name_of(struct tracer *t, uint32_t fi, const struct flow *f)
{
	const struct leg_rec *l;
	struct tuple ends;
	uint8_t ttl = 0;

	if (app_ends(t, fi, &ends, &l) && addr_eq(&ends.src, &f->original.src))
		ttl = l->ttl;
	if (may_be_a_pods(t, &f->original.src, ttl))
		return NULL;
	return dns_log_name(t->apps->dns, &f->original.src, &f->original.dst, f->first,
	    ttl);
}

static void
describe_dns(struct tracer *t, uint32_t fi, struct flow *f)
{
	struct flow_app *a = &f->app;
	struct dns_log *log = t->apps->dns;

	if (log == NULL)
		return;
	a->dns_name = name_of(t, fi, f);
	if (f->original.dport != DNS_PORT && f->original.sport != DNS_PORT)
		return;
	a->queries = dns_log_queries(log, f->id, &a->n_queries, &a->queries_left_out);
	if (a->queries != NULL)
		judge_dns(t, fi, f);
}

static void
describe_role(struct tracer *t, struct flow *f)
{
	const struct state *s = tracer_state(t);
	struct flow_role r;

	if (s == NULL)
		return;
	role_of(s, tracer_contract(t), f, &r);
	f->app.role = r.name;
	f->app.role_text = r.text;
	f->app.process = r.process;
}

void
app_describe(struct tracer *t, uint32_t fi, struct flow *f)
{
	if (flow_at(t, fi)->flags & FLW_REUSED)
		finding_add(f, F_SOCKET_REUSE, "another connection with the same addresses "
		    "and ports began while this one was established");
	if (t->apps->v[fi].proxy != NULL)
		f->app.proxy = app_proxy_of(t, fi);
	/* which parses the same header into the same place */
	describe_checks(t, fi, f);
	describe_client(f);
	describe_dns(t, fi, f);
	describe_role(t, f);
}
