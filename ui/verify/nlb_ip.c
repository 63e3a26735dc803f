/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nlb_ip.c - podpath verify nlb-ip: do connections of a load balancer reach the
 * pod directly, and is the client's address seen?
 *
 * Source: Elastic Load Balancing, Network Load Balancer target groups (target
 * type, client IP preservation, PROXY protocol, health checks); kube-proxy's node
 * ports.
 */
#include "ui/verify/nlb_ip_int.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
nlb_free(void *arg)
{
	struct nlb *n = arg;

	if (n == NULL)
		return;
	nlb_chosen_free(n);
	balance_free(n->balance);
	free(n);
}

static void *
nlb_new(struct verify *v, bool *usage)
{
	struct nlb *n = calloc(1, sizeof(*n));

	if (n == NULL)
		return NULL;
	n->verify = v;
	n->balance = balance_new();
	if (n->balance == NULL || !nlb_options(n, usage)) {
		nlb_free(n);
		return NULL;
	}
	return n;
}

/* More bytes than headers alone make: TCP with timestamps has 32 bytes of header,
   and 40 with a SYN's options. */
static bool
sent_data(const struct flow *f)
{
	uint64_t ip = addr_is_v4(&f->original.src) ? 20 : 40;

	for (unsigned i = 0; i < f->n_legs; i++) {
		const struct leg *l = &f->legs[i];

		if (!l->reply && l->packets > 0)
			return l->bytes > l->packets * (ip + 32) + 8;
	}
	return false;
}

static bool
has(const struct flow *f, const char *code)
{
	return present_has_finding(f, code);
}

static void
keep(struct nlb *n, const struct nlb_conn *c, uint8_t result)
{
	const struct flow *f = c->flow;
	struct balance_conn b = {
		.group = c->group, .addr = c->addr, .port = c->port, .proto = f->proto,
		.src = f->original.src, .first = f->first, .last = f->last,
		.check = f->app.health_check, .balancer = f->app.client_hidden,
		.spread = c->node_port != NULL, .begun = f->has & FLOW_INITIATOR,
		.asked = f->proto == PROTO_TCP && sent_data(f),
		.node_hides = f->has & FLOW_TRANSLATED && f->nat & NAT_SNAT,
		/* what came back to its sender came with the client's address */
		.inside = (int8_t)(has(f, "hairpin") ? 0 : c->contract != NULL ?
		    contract_inside(c->contract, &f->original.src) : -1),
		.result = result, .reused = has(f, "socket-reuse"),
		.hairpin = has(f, "hairpin"), .proxy = f->app.proxy,
	};

	if (!balance_add(n->balance, &b))
		n->verify->no_memory = true;
}

static void
nlb_flow(void *arg, const struct flow *f, const struct naming *names)
{
	struct nlb *n = arg;
	char text[NLB_TEXT];
	struct item_text who;
	struct nlb_conn c;
	struct opinion o;

	if (!nlb_choose(n, f, names, &c))
		return;
	nlb_judge(&c, &o, text);
	verify_describe(n->verify, f, names, &who);
	verify_add(n->verify, CHECK_NLB_IP, &o, &who);
	n->groups[c.group].none_here |= nlb_none_here(&c);
	if (!c.has_target)
		return;
	n->groups[c.group].node_port += c.node_port != NULL && !f->app.health_check;
	keep(n, &c, o.result);
}

/* ---- nothing was judged: why */

static void
say_nothing(const struct nlb *n, char *why, size_t size)
{
	const struct verify_config *c = &n->verify->config;
	const char *inside = n->from_inside > 0 ? "; they came from the cluster's "
	    "own pods and nodes" : "";

	if (n->verify->judged == 0 && c->with_state)
		snprintf(why, size, VERIFY_NO_FLOW);
	else if (!n->any_state)
		snprintf(why, size, "which addresses are pods' is not known without "
		    "--state");
	else if (!n->any_contract)
		snprintf(why, size, "no contract of a CNI applies to this node, or its "
		    "state does not show it");
	else if (n->has_target)
		snprintf(why, size, "no connection from outside to %s was seen%s",
		    c->target, inside);
	else if (n->name != NULL && !n->chosen)
		snprintf(why, size, "the state has no Service %.100s", c->service);
	else if (n->name != NULL)
		snprintf(why, size, "no connection from outside to an endpoint of %.50s "
		    "was seen%s", c->service, inside);
	else
		snprintf(why, size, "no connection from outside to %s was seen%s",
		    n->chosen ? "an endpoint of a LoadBalancer Service" :
		    "a pod of this node", inside);
}

static void
nlb_end(void *arg, const struct naming *names, const struct summary *s)
{
	struct nlb *n = arg;
	struct tally *t = &n->verify->checks[CHECK_NLB_IP];
	const struct state *state = names != NULL && names->state != NULL ?
	    names->state(names->arg) : NULL;

	if (n->name != NULL && !n->chosen && state != NULL && state->services.n > 0) {
		verify_service_unknown(n->verify->config.service, state);
		n->verify->usage = true;
		return;
	}
	if (s != NULL) {
		n->first = s->stats.first;
		n->last = s->stats.last;
	}
	balance_end(n->balance);
	n->ended = true;
	nlb_find_silent(n, state, names != NULL && names->contract != NULL ?
	    names->contract(names->arg) : NULL);
	if (t->count[CHECK_OK] + t->count[CHECK_UNSURE] + t->count[CHECK_FAILED] == 0)
		say_nothing(n, t->why, sizeof(t->why));
	nlb_compare(n);
}

/* At the end of what is there, as far as there is room. */
__attribute__((format(printf, 3, 4)))
static void
append(char *out, size_t size, const char *text, ...)
{
	size_t at = strlen(out);
	va_list ap;

	va_start(ap, text);
	vsnprintf(out + at, size - at, text, ap);
	va_end(ap);
}

static void
nlb_sentence(const void *arg, char *out, size_t size)
{
	const struct nlb *n = arg;
	const struct tally *t = &n->verify->checks[CHECK_NLB_IP];
	uint64_t unsure = t->count[CHECK_UNSURE] - n->differences;
	uint64_t all = t->count[CHECK_OK] + unsure + t->count[CHECK_FAILED];
	struct nlb_sum s;

	nlb_sum(n, NLB_NO_GROUP, &s);
	snprintf(out, size, "%" PRIu64 " connection%s judged", all, all == 1 ? "" : "s");
	if (s.checks > 0)
		append(out, size, ", %" PRIu64 " of them health check%s", s.checks,
		    s.checks == 1 ? "" : "s");
	append(out, size, ": %" PRIu64 " ok, %" PRIu64 " failed, %" PRIu64
	    " inconclusive", t->count[CHECK_OK], t->count[CHECK_FAILED], unsure);
	if (n->differences > 0)
		append(out, size, "; %" PRIu64 " difference%s from the Service's "
		    "annotations", n->differences, n->differences == 1 ? "" : "s");
	if (t->why[0] != '\0')
		append(out, size, "; %s", t->why);
}

const struct check_whole check_nlb_ip = {
	.new = nlb_new, .flow = nlb_flow, .end = nlb_end, .text = nlb_text,
	.json = nlb_json, .free = nlb_free, .sentence = nlb_sentence,
};
