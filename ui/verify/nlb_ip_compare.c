/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nlb_ip_compare.c - what a Service's annotations ask of its load balancer against
 * what came.
 *
 * A difference does not fail: the annotations may be of another time, or not yet
 * have been acted on.  It is told, and leaves the check inconclusive.
 */
#include "ui/verify/nlb_ip_int.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

void
nlb_sum(const struct nlb *n, uint32_t group, struct nlb_sum *s)
{
	uint32_t n_targets;
	const struct balance_target *t = balance_targets(n->balance, &n_targets);

	*s = (struct nlb_sum){ 0 };
	for (uint32_t i = 0; i < n_targets; i++) {
		if (group != NLB_NO_GROUP && t[i].group != group)
			continue;
		s->targets++;
		s->conns += t[i].conns;
		s->checks += t[i].checks;
		s->malformed += t[i].malformed;
		s->without += t[i].without;
		s->reused += t[i].reused;
		s->hairpins += t[i].hairpins;
		for (unsigned k = 0; k < N_CLIENTS; k++)
			s->clients[k] += t[i].clients[k];
		for (unsigned k = 0; k < 3; k++)
			s->proxy[k] += t[i].proxy[k];
	}
}

__attribute__((format(printf, 4, 5)))
static void
differs(struct nlb *n, const struct nlb_group *g, const char *code, const char *text, ...)
{
	struct opinion o = { .applies = true, .result = CHECK_UNSURE, .code = code };
	struct item_text who = { .flow_id = 0 };
	char buf[NLB_TEXT];
	va_list ap;

	va_start(ap, text);
	vsnprintf(buf, sizeof(buf), text, ap);
	va_end(ap);
	o.text = buf;
	snprintf(who.who, sizeof(who.who), "Service %s/%s", g->ns, g->name);
	verify_add(n->verify, CHECK_NLB_IP, &o, &who);
	n->differences++;
}

/* Did they come in another way than the annotations mean? */
static bool
compare_type(struct nlb *n, const struct nlb_group *g, const struct nlb_sum *s)
{
	if (g->lb.target_ip == 0 && g->node_port < s->conns)
		differs(n, g, "target-type-differs", "its annotations mean target type "
		    "instance, but %" PRIu64 " connections came for a pod's own address",
		    s->conns - g->node_port);
	else if (g->lb.target_ip == 1 && g->node_port > 0)
		differs(n, g, "target-type-differs", "its annotations mean target type ip, "
		    "but %" PRIu64 " connections came by its node port", g->node_port);
	else
		return false;
	return true;
}

static void
compare_proxy(struct nlb *n, const struct nlb_group *g, const struct nlb_sum *s)
{
	uint64_t headers = s->proxy[1] + s->proxy[2];

	if (g->lb.proxy == 1 && s->without > 0)
		differs(n, g, "proxy-protocol-missing", "its annotations mean PROXY "
		    "protocol v2, but %" PRIu64 " of %" PRIu64 " connections carried no "
		    "header: a target that expects one refuses them", s->without,
		    s->conns);
	if (g->lb.proxy == 0 && headers > 0)
		differs(n, g, "proxy-protocol-unexpected", "its annotations mean no PROXY "
		    "protocol, but %" PRIu64 " of %" PRIu64 " connections carried a "
		    "header: a target that does not expect one reads it as a request",
		    headers, s->conns);
}

/* What they leave out is a default, which depends on the target type. */
static void
compare_client(struct nlb *n, const struct nlb_group *g, const struct nlb_sum *s)
{
	if (g->lb.preserve == 1 && s->clients[CLIENT_HIDDEN] > 0)
		differs(n, g, "client-not-preserved", "its annotations mean "
		    "preserve_client_ip.enabled=true, but %" PRIu64 " of %" PRIu64
		    " connections came with the load balancer's address (a change is for "
		    "new connections only; PrivateLink always hides the client)",
		    s->clients[CLIENT_HIDDEN], s->conns);
	if (g->lb.preserve == 0 && s->clients[CLIENT_PRESERVED] > 0)
		differs(n, g, "client-preserved", "its annotations mean "
		    "preserve_client_ip.enabled=false, but %" PRIu64 " of %" PRIu64
		    " connections came with the client's own address",
		    s->clients[CLIENT_PRESERVED], s->conns);
}

void
nlb_compare(struct nlb *n)
{
	struct nlb_sum s;

	for (uint32_t i = 0; i < n->n_groups; i++) {
		if (n->groups[i].name == NULL)
			continue;
		nlb_sum(n, i, &s);
		compare_proxy(n, &n->groups[i], &s);
		if (!compare_type(n, &n->groups[i], &s))
			compare_client(n, &n->groups[i], &s);
	}
}
