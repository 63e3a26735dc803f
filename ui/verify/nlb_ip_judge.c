/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nlb_ip_judge.c - was a connection delivered as target type ip means it?
 *
 * The pod's own address and target port on the wire, no translation on this node,
 * in by the ENI that owns the address, and the answer out by the same.  All of it
 * must have been seen; what is wrong with a path is told by its verdict.
 */
#include "ui/verify/nlb_ip_int.h"

#include <stdio.h>
#include <string.h>

#include "decode/app/proxy.h"

static const struct finding *
find_level(const struct flow *f, enum finding_level level)
{
	for (unsigned i = 0; i < f->n_findings; i++)
		if (f->findings[i].level == level)
			return &f->findings[i];
	return NULL;
}

static const struct finding *
find_code(const struct flow *f, const char *code)
{
	for (unsigned i = 0; i < f->n_findings; i++)
		if (strcmp(f->findings[i].code, code) == 0)
			return &f->findings[i];
	return NULL;
}

static void
say(struct opinion *o, enum check_result result, const struct finding *g)
{
	o->result = (uint8_t)result;
	if (g == NULL)
		return;
	o->code = g->code;
	o->cause = g->cause;
	o->fix = g->fix;
}

#define END_TEXT	(ADDR_TEXT_MAX + 8)
static const char *
end_text(const struct addr *a, uint16_t port, char out[static END_TEXT])
{
	char text[ADDR_TEXT_MAX];

	addr_format(a, text);
	snprintf(out, END_TEXT, addr_is_v4(a) ? "%s:%u" : "[%s]:%u", text, port);
	return out;
}

/* ---- node ports: target type instance */

static const struct service *
service_of(const struct nlb_conn *c)
{
	return c->node_port == NULL ? NULL :
	    &c->state->services.v[c->node_port->service];
}

bool
nlb_none_here(const struct nlb_conn *c)
{
	const struct service *v = service_of(c);
	struct owner o;

	if (v == NULL || v->external_policy != POLICY_LOCAL || c->contract == NULL ||
	    !state_has(c->state, PART_SERVICES))
		return false;
	for (uint32_t i = 0; i < c->state->endpoints.n; i++) {
		const struct endpoint *e = &c->state->endpoints.v[i];

		if (e->service != c->node_port->service)
			continue;
		contract_owner(c->contract, &e->addr, &o);
		if (o.kind == OWNER_POD || o.kind == OWNER_NODE)
			return false;
	}
	return true;
}

/* "it came for 192.168.3.243:30080, node port of default/web" */
static size_t
put_node_port(const struct nlb_conn *c, char *out, size_t size)
{
	const struct service *v = service_of(c);
	char end[END_TEXT];
	int n;

	n = snprintf(out, size, "it came for %s, node port of %s/%s",
	    end_text(&c->flow->original.dst, c->flow->original.dport, end),
	    v->ns != NULL ? v->ns : "?", v->name != NULL ? v->name : "?");
	return n < 0 || (size_t)n >= size ? size - 1 : (size_t)n;
}

/* A load balancer's own address is of the VPC. */
static bool
is_from_afar(const struct nlb_conn *c)
{
	return c->contract != NULL &&
	    contract_inside(c->contract, &c->flow->original.src) == 0;
}

static void
judge_node_port(const struct nlb_conn *c, struct opinion *o, char text[static NLB_TEXT])
{
	const struct flow *f = c->flow;
	bool local = service_of(c)->external_policy == POLICY_LOCAL;
	char addr[ADDR_TEXT_MAX], proxy[END_TEXT];
	size_t n = (size_t)snprintf(text, NLB_TEXT, "target type is instance, not ip: ");

	say(o, CHECK_FAILED, NULL);
	o->code = "nodeport";
	o->fix = "set service.beta.kubernetes.io/aws-load-balancer-nlb-target-type: ip "
	    "on the Service";
	n += put_node_port(c, text + n, NLB_TEXT - n);
	n += (size_t)snprintf(text + n, NLB_TEXT - n, "; externalTrafficPolicy %s: ",
	    local ? "Local" : "Cluster");
	if (n >= NLB_TEXT)
		return;
	if (!(f->has & FLOW_TRANSLATED) || f->nat == 0) {
		snprintf(text + n, NLB_TEXT - n, "where it went was not seen");
	} else if (present_src_changed(f)) {
		addr_format(&f->translated.src, addr);
		snprintf(text + n, NLB_TEXT - n, "the client's address is hidden by SNAT "
		    "to the node (%s)", addr);
	} else {
		snprintf(text + n, NLB_TEXT - n, "%s", f->app.client_hidden ? "the source "
		    "is kept, which is the load balancer's own address" :
		    is_from_afar(c) ? "the client's address is kept" : "the source is "
		    "kept; whether it is the client's address is not known");
	}
	if (f->app.proxy == NULL || f->app.proxy->why != NULL ||
	    !(f->app.proxy->has & PROXY_HAS_ADDRS))
		return;
	n = strlen(text);
	snprintf(text + n, NLB_TEXT - n, "; the PROXY protocol v%u header names the "
	    "client: %s", f->app.proxy->version, end_text(&f->app.proxy->src,
	    f->app.proxy->sport, proxy));
}

/* kube-proxy drops these on purpose: no endpoint, no answer, so that the load
   balancer sends elsewhere. */
static void
judge_none_here(const struct nlb_conn *c, struct opinion *o, char text[static NLB_TEXT])
{
	const struct service *v = service_of(c);
	size_t n = (size_t)snprintf(text, NLB_TEXT, "target type is instance, not ip: ");

	say(o, CHECK_FAILED, NULL);
	o->code = "nodeport";
	o->cause = "no-local-endpoint";
	n += put_node_port(c, text + n, NLB_TEXT - n);
	n += (size_t)snprintf(text + n, NLB_TEXT - n, "; externalTrafficPolicy Local and "
	    "no endpoint on this node: kube-proxy drops it here");
	if (n < NLB_TEXT && v->health_port != 0)
		snprintf(text + n, NLB_TEXT - n, ", and answers the health checks of port "
		    "%u with 503, so that the load balancer sends elsewhere",
		    v->health_port);
}

/* ---- what is wrong */

static void
judge_fault(const struct nlb_conn *c, const struct finding *g, struct opinion *o,
    char text[static NLB_TEXT])
{
	size_t n = (size_t)snprintf(text, NLB_TEXT, "%s", g->text);

	say(o, CHECK_FAILED, g);
	if (c->node_port == NULL || n + 4 >= NLB_TEXT)
		return;
	n += (size_t)snprintf(text + n, NLB_TEXT - n, "; ");
	n += put_node_port(c, text + n, NLB_TEXT - n);
	snprintf(text + n, NLB_TEXT - n, " (target type instance, not ip)");
}

/* Translated here, as a rule asks for: right for the rule, wrong for a target. */
static void
judge_dnat(const struct nlb_conn *c, struct opinion *o, char text[static NLB_TEXT])
{
	const struct flow *f = c->flow;
	const struct nf_rule *r = f->node.dnat_rule;
	char was[END_TEXT], is[END_TEXT];
	size_t n;

	say(o, CHECK_FAILED, NULL);
	o->code = "unexpected-dnat";
	o->fix = r != NULL && r->text != NULL ? "find what wrote this rule and remove "
	    "it, or send to the pod's own address (target type ip)" : "see which rule "
	    "of PREROUTING matched: iptables -t nat -L PREROUTING -v -n";
	n = (size_t)snprintf(text, NLB_TEXT, "it came for %s, and this node translated it "
	    "to %s", end_text(&f->original.dst, f->original.dport, was),
	    end_text(&f->translated.dst, f->translated.dport, is));
	if (r != NULL && r->text != NULL)
		snprintf(text + n, NLB_TEXT - n, " by %s", r->text);
}

static void
judge_snat(const struct nlb_conn *c, struct opinion *o, char text[static NLB_TEXT])
{
	char is[END_TEXT];

	say(o, CHECK_FAILED, NULL);
	o->code = "unexpected-snat";
	o->fix = "see which rule of POSTROUTING matched: iptables -t nat -L POSTROUTING "
	    "-v -n";
	snprintf(text, NLB_TEXT, "its source became %s on this node: the pod does not see "
	    "who sent it", end_text(&c->flow->translated.src, c->flow->translated.sport,
	    is));
}

/* ---- what is right, and was seen to be */

static const char *
dev_of(const struct nlb_conn *c, const struct leg *l, struct iface *keep)
{
	*keep = naming_iface(c->names, l->iface);
	return keep->name;
}

/* Did this direction cross the ENI that owns the address?  A branch ENI shows on
   its own device or, tagged, on the trunk's. */
static bool
crossed_eni(const struct nlb_conn *c, bool reply)
{
	const struct eni *e = c->flow->node.eni;
	struct iface i;

	for (unsigned k = 0; k < c->flow->n_legs; k++) {
		const struct leg *l = &c->flow->legs[k];

		if (l->reply != reply || l->dir != (reply ? DIR_OUT : DIR_IN))
			continue;
		if ((e->dev != NULL && strcmp(dev_of(c, l, &i), e->dev) == 0) ||
		    (e->branch && l->has_vlan && l->vlan == e->vlan))
			return true;
	}
	return false;
}

static void
put_client(const struct nlb_conn *c, char text[static NLB_TEXT])
{
	const struct flow_app *a = &c->flow->app;
	char end[END_TEXT];

	if (a->health_check)
		snprintf(text, NLB_TEXT, "straight to the pod: a health check");
	else if (a->proxy != NULL && a->proxy->why == NULL &&
	    a->proxy->has & PROXY_HAS_ADDRS)
		snprintf(text, NLB_TEXT, "straight to the pod; the client is %s (PROXY "
		    "protocol v%u)", end_text(&a->proxy->src, a->proxy->sport, end),
		    a->proxy->version);
	else if (a->client_hidden)
		snprintf(text, NLB_TEXT, "straight to the pod; the client is hidden "
		    "behind the load balancer's address");
	else if (is_from_afar(c))
		snprintf(text, NLB_TEXT, "straight to the pod; the client's address is "
		    "kept");
	else
		snprintf(text, NLB_TEXT, "straight to the pod");
}

/* Where the request was first seen, if that was coming in. */
static const struct leg *
came_in_by(const struct flow *f)
{
	for (unsigned k = 0; k < f->n_legs; k++)
		if (!f->legs[k].reply)
			return f->legs[k].dir == DIR_IN ? &f->legs[k] : NULL;
	return NULL;
}

static void
judge_right(const struct nlb_conn *c, struct opinion *o, char text[static NLB_TEXT])
{
	const struct flow *f = c->flow;
	const struct leg *in = came_in_by(f);
	const struct finding *g;
	struct iface i;

	say(o, CHECK_UNSURE, NULL);
	if (find_code(f, "direct-delivery") == NULL)
		snprintf(text, NLB_TEXT, "whether it was delivered straight to the pod was "
		    "not seen");
	else if (f->node.eni == NULL && in != NULL)
		snprintf(text, NLB_TEXT, "it came in by %s, of which the state does not "
		    "tell whether it is the ENI of the pod's address (ip rule, ip route "
		    "and enis.json do)", dev_of(c, in, &i));
	else if (f->node.eni == NULL || !crossed_eni(c, false))
		snprintf(text, NLB_TEXT, "by which ENI it came in was not seen: capture on "
		    "all interfaces");
	else if (f->reply_packets == 0)
		snprintf(text, NLB_TEXT, "delivered, but not answered");
	else if (!crossed_eni(c, true))
		snprintf(text, NLB_TEXT, "by which ENI it was answered was not seen: "
		    "capture on all interfaces");
	else if ((g = find_code(f, "socket-reuse")) != NULL ||
	    (g = find_code(f, "proxy-protocol-malformed")) != NULL) {
		say(o, CHECK_UNSURE, g);
		snprintf(text, NLB_TEXT, "%s", g->text);
	} else {
		say(o, CHECK_OK, NULL);
		o->code = "direct-delivery";
		put_client(c, text);
	}
}

static bool
on_one_iface(const struct flow *f)
{
	for (unsigned k = 1; k < f->n_legs; k++)
		if (f->legs[k].iface != f->legs[0].iface)
			return f->confidence == CONF_SINGLE;
	return f->n_legs > 0;
}

/* Other notes are about the client or its connection, and do not tell why the way
   is not known. */
static const struct finding *
find_reason(const struct flow *f)
{
	static const char *const codes[] = { "loss", "ambiguous", "contradiction",
	    "state-differs", "stale-conntrack", "port-clash", "endpoint-gone",
	    "no-reply" };
	const struct finding *g;

	for (unsigned i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if ((g = find_code(f, codes[i])) != NULL)
			return g;
	return NULL;
}

static void
judge_unknown(const struct nlb_conn *c, struct opinion *o, char text[static NLB_TEXT])
{
	const struct finding *g = find_reason(c->flow);
	bool one = on_one_iface(c->flow);

	say(o, CHECK_UNSURE, g);
	if (g != NULL)
		snprintf(text, NLB_TEXT, "%s", g->text);
	else
		snprintf(text, NLB_TEXT, one ? "seen on one interface only: capture on all "
		    "of them" : "its verdict is unknown");
}

void
nlb_judge(const struct nlb_conn *c, struct opinion *o, char text[static NLB_TEXT])
{
	const struct flow *f = c->flow;
	bool translated = f->has & FLOW_TRANSLATED;
	const struct finding *g = f->verdict == VERDICT_WRONG ?
	    find_level(f, LEVEL_WRONG) : f->verdict == VERDICT_DROPPED ?
	    find_level(f, LEVEL_DROPPED) : NULL;

	*o = (struct opinion){ .applies = true, .text = text };
	text[0] = '\0';
	if (f->verdict != VERDICT_WRONG && !translated && f->reply_packets == 0 &&
	    nlb_none_here(c))
		judge_none_here(c, o, text);
	else if (g != NULL)
		judge_fault(c, g, o, text);
	else if (c->node_port != NULL)
		judge_node_port(c, o, text);
	else if (translated && f->nat & NAT_DNAT)
		judge_dnat(c, o, text);
	else if (translated && f->nat & NAT_SNAT)
		judge_snat(c, o, text);
	else if (f->verdict == VERDICT_OK)
		judge_right(c, o, text);
	else
		judge_unknown(c, o, text);
}
