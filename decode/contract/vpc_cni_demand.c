/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vpc_cni_demand.c - where a connection must leave this node and with which
 * source.
 *
 * Inside the VPC, and everywhere with external SNAT, a pod's packets leave by
 * the ENI that owns its address, untranslated; to anywhere else by the primary
 * ENI with the node's primary address.  What stays on the node goes from veth to
 * veth.  Where the CNI itself is known to break traffic (a Service whose endpoint
 * is outside the VPC; a process bound to another ENI's address) the demand is
 * what would work, so that what is seen is judged wrong.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "decode/contract/contract_int.h"

/* One connection, with who is who. */
struct ask {
	const struct contract *c;
	const struct demand_query *q;
	struct owner	src, dst;
	const struct place *from, *to;	/* NULL unknown addresses */
	bool		 inbound;	/* it came in from outside this node */
	const struct eni *in;	/* by this ENI; NULL unknown */
	struct demand	*d;
	char		 src_text[ADDR_TEXT_MAX], dst_text[ADDR_TEXT_MAX];
};

__attribute__((format(printf, 2, 3)))
static void
because(struct ask *a, const char *text, ...)
{
	va_list ap;

	va_start(ap, text);
	vsnprintf(a->d->why, sizeof(a->d->why), text, ap);
	va_end(ap);
}

static void
out_by(struct ask *a, const struct eni *e)
{
	a->d->eni = e;
	a->d->dev = e ? e->dev : NULL;
	a->d->out = a->d->dev ? OUT_DEV : OUT_UNKNOWN;
}

static void
out_dev(struct ask *a, const char *dev)
{
	a->d->dev = dev;
	a->d->out = dev ? OUT_DEV : OUT_UNKNOWN;
}

static void
reply_by(struct ask *a, const char *dev)
{
	a->d->reply_dev = dev;
	a->d->reply_out = dev ? OUT_DEV : OUT_UNKNOWN;
}

/* To the primary address of this ENI. */
static void
snat_to(struct ask *a, uint8_t snat, const struct eni *e)
{
	a->d->snat = snat;
	if (e == NULL)
		return;
	if (addr_is_v4(&a->q->dst)) {
		a->d->has_source = e->has_ip;
		a->d->source = e->ip;
	} else {
		static const struct addr none;

		a->d->has_source = !addr_eq(&e->ip6, &none);
		a->d->source = e->ip6;
	}
}

static bool
is_strict(const struct ask *a, const struct place *p)
{
	return p != NULL && p->is_pod && place_is_strict(a->c, p);
}

/* The answer goes back to whoever began. */
static void
reply_to_initiator(struct ask *a)
{
	if (a->inbound)
		reply_by(a, a->q->iif);
	else if (a->q->from_node || a->src.kind == OWNER_NODE)
		a->d->reply_out = OUT_HERE;
	else if (a->src.kind == OWNER_POD)
		reply_by(a, a->src.veth);
}

/* ---- what it is for is on this node */

static void
to_node(struct ask *a)
{
	a->d->out = OUT_HERE;
	a->d->snat = a->q->masqueraded ? SNAT_MAY : SNAT_MUST_NOT;
	because(a, "%s is an address of this node", a->dst_text);
	if (a->inbound && a->dst.eni != NULL && !a->q->dnat)
		reply_by(a, a->dst.eni->dev);
	else
		reply_to_initiator(a);
}

static void
to_pod(struct ask *a)
{
	bool self = addr_eq(&a->q->orig.src, &a->q->dst);
	struct owner at;

	out_dev(a, a->dst.veth);
	a->d->snat = SNAT_MUST_NOT;
	because(a, "%s is a pod of this node", a->dst_text);
	if (a->q->masqueraded || (self && a->q->dnat)) {
		snat_to(a, SNAT_MUST, a->c->primary);
		because(a, self ? "%s reaches itself through a Service: kube-proxy "
		    "masquerades, or the answer would not pass here" :
		    "kube-proxy masquerades what comes to %s by a node port",
		    a->dst_text);
	}
	reply_to_initiator(a);
	if (!a->inbound)
		return;
	/* Straight to the pod it came in by the ENI that owns the address; a node
	   port's packet by that of the node's address.  The answer leaves by it. */
	if (a->q->dnat)
		contract_owner(a->c, &a->q->orig.dst, &at);
	else
		at = a->dst;
	if (at.eni != NULL)
		reply_by(a, at.eni->dev);
}

/* A pod with strict security groups is reached through the VPC, from its own
   node too (it has no rule 512, and its route is in table 100+VLAN). */
static void
to_strict_pod(struct ask *a)
{
	if (a->inbound) {
		to_pod(a);
		reply_by(a, a->dst.eni ? a->dst.eni->dev : NULL);
		return;
	}
	a->d->snat = SNAT_MUST_NOT;
	if (a->src.kind == OWNER_POD)
		out_by(a, a->src.eni);
	else
		out_by(a, a->c->primary);
	because(a, "%s has security groups of its own (strict): it is reached through "
	    "the VPC, not on this node", a->dst_text);
	reply_to_initiator(a);
}

/* ---- a pod of this node sends */

static void
by_own_eni(struct ask *a)
{
	if (a->src.eni != NULL)
		out_by(a, a->src.eni);
	else
		a->d->out = OUT_UNKNOWN;
}

static void
leave_as_node(struct ask *a)
{
	out_by(a, a->c->primary);
	snat_to(a, SNAT_MUST, a->c->primary);
}

static void
vpc_text(const struct contract *c, char out[static 64])
{
	char range[PREFIX_TEXT_MAX];

	out[0] = '\0';
	if (c->settings.n_vpc == 0)
		return;
	prefix_format(&c->settings.vpc[0], range);
	snprintf(out, 64, " (%s%s)", range, c->settings.n_vpc > 1 ? ", ..." : "");
}

static void
pod_outward(struct ask *a)
{
	const struct contract *c = a->c;
	int in = contract_inside(c, &a->q->dst);
	char vpc[64];

	if (c->settings.external_snat == 1) {
		by_own_eni(a);
		a->d->snat = SNAT_MUST_NOT;
		because(a, "external SNAT is set: %s leaves by the ENI of its address, "
		    "untranslated", a->src_text);
		return;
	}
	if (in == 1) {
		by_own_eni(a);
		a->d->snat = SNAT_MUST_NOT;
		because(a, "%s is inside the VPC or excluded from SNAT", a->dst_text);
		return;
	}
	vpc_text(c, vpc);
	if (in == 0 && c->settings.external_snat == 0) {
		leave_as_node(a);
		because(a, "%s is outside the VPC%s and SNAT is on", a->dst_text, vpc);
		return;
	}
	/* A pod on the primary ENI leaves by it in any case. */
	if (a->src.eni != NULL && a->src.eni->primary)
		out_by(a, a->src.eni);
	a->d->snat = SNAT_UNKNOWN;
	because(a, in < 0 ? "whether %s is inside the VPC is not known" :
	    "whether SNAT is on is not known (for %s)", a->dst_text);
}

static void
from_pod(struct ask *a)
{
	const struct contract *c = a->c;

	reply_by(a, a->src.veth);
	if (is_strict(a, a->from)) {
		by_own_eni(a);
		a->d->snat = SNAT_MUST_NOT;
		because(a, "%s has security groups of its own (strict): all of it goes by "
		    "its branch ENI, untranslated", a->src_text);
	} else if (a->from->egress) {
		leave_as_node(a);
		because(a, "%s is the address for IPv4 egress of a pod of an IPv6 cluster: "
		    "translated to the node's", a->src_text);
	} else if (a->q->masqueraded) {
		by_own_eni(a);
		snat_to(a, SNAT_MUST, a->src.eni);
		because(a, "kube-proxy masquerades a node port's traffic to the address of "
		    "the ENI that it leaves by");
	} else if (!addr_is_v4(&a->q->dst)) {
		by_own_eni(a);
		a->d->snat = c->settings.ipv6 ? SNAT_MUST_NOT : SNAT_UNKNOWN;
		because(a, "the CNI translates no IPv6 of its pods");
	} else {
		pod_outward(a);
	}
}

/* ---- this node sends */

static bool
route_is_other(const struct ask *a)
{
	struct route_query q = { .src = a->q->orig.src, .dst = a->q->dst };
	struct route_answer r;

	if (a->c->model == NULL || !state_has(a->c->state,
	    addr_is_v4(&a->q->dst) ? PART_ROUTES : PART_ROUTES6))
		return false;
	model_route(a->c->model, &q, &r);
	return r.end == ROUTE_TO && eni_by_dev(a->c, r.dev) < 0;
}

/* Only then an address of no ENI is one of something else. */
static bool
all_have_devices(const struct contract *c)
{
	for (unsigned i = 0; i < c->n_enis; i++)
		if (c->enis[i].dev == NULL)
			return false;
	return c->primary != NULL;
}

static void
from_node(struct ask *a)
{
	const struct contract *c = a->c;

	a->d->reply_out = OUT_HERE;
	if (a->src.kind == OWNER_NODE && a->src.eni != NULL && !a->src.eni->primary) {
		out_by(a, a->src.eni);
		a->d->snat = a->q->masqueraded ? SNAT_MAY : SNAT_MUST_NOT;
		because(a, "%s is the address of another ENI: EC2 lets it leave by that "
		    "one alone", a->src_text);
		return;
	}
	if (a->src.eni == NULL && (!all_have_devices(c) || a->from == NULL ||
	    a->from->dev == NULL)) {
		because(a, "which ENI has %s is not known", a->src_text);
		return;
	}
	/* A VPN, a bridge, a tunnel: set up by someone else. */
	if (a->src.eni == NULL || route_is_other(a)) {
		a->d->out = OUT_ANY;
		a->d->snat = SNAT_MAY;
		because(a, "the CNI has no word on what the node itself sends so");
		return;
	}
	out_by(a, c->primary);
	snat_to(a, SNAT_MAY, c->primary);
	because(a, "this node's own traffic leaves by its primary ENI with its primary "
	    "address (the port may change)");
	if (c->settings.external_snat == 1 || contract_inside(c, &a->q->dst) == 1) {
		a->d->snat = a->q->masqueraded || a->q->dnat ? SNAT_MAY : SNAT_MUST_NOT;
		because(a, "this node's own traffic leaves by its primary ENI");
	}
}

/* ---- it came in, and goes on */

static void
transit(struct ask *a)
{
	if (!a->inbound) {
		because(a, "whose %s is, is not known", a->src_text);
		return;
	}
	if (!a->q->dnat) {
		a->d->out = OUT_ANY;
		because(a, "neither %s nor %s is of this node", a->src_text, a->dst_text);
		return;
	}
	out_by(a, a->c->primary);
	a->d->snat = SNAT_UNKNOWN;
	if (a->q->masqueraded)
		snat_to(a, SNAT_MUST, a->c->primary);
	because(a, "a node port's endpoint on another node: it goes on by the primary ENI "
	    "with its address");
	reply_to_initiator(a);
}

/* Did the pod that has the source address send it, by its own cable? */
static bool
is_pods_own(const struct ask *a)
{
	return is_pod_veth(a->c, a->q->iif) || (a->src.kind == OWNER_POD &&
	    (text_eq(a->src.veth, a->q->iif) ||
	    (a->from->egress && text_starts(a->q->iif, "veth"))));
}

void
contract_demand(const struct contract *c, const struct demand_query *q, struct demand *d)
{
	struct ask a = { .c = c, .q = q, .d = d };

	*d = (struct demand){ .out = OUT_UNKNOWN, .snat = SNAT_UNKNOWN,
	    .reply_out = OUT_UNKNOWN };
	contract_owner(c, &q->orig.src, &a.src);
	contract_owner(c, &q->dst, &a.dst);
	a.from = place_find(c, &q->orig.src);
	a.to = place_find(c, &q->dst);
	if (!q->from_node && q->iif != NULL) {
		a.in = contract_eni_dev(c, q->iif);
		a.inbound = a.in != NULL || !is_pods_own(&a);
	}
	addr_format(&q->orig.src, a.src_text);
	addr_format(&q->dst, a.dst_text);
	if (addr_is_multicast(&q->dst)) {
		d->out = d->reply_out = OUT_ANY;
		d->snat = SNAT_MAY;
		because(&a, "%s is multicast or broadcast", a.dst_text);
	} else if (a.dst.kind == OWNER_POD && is_strict(&a, a.to) &&
	    !addr_eq(&q->orig.src, &q->dst)) {
		to_strict_pod(&a);
	} else if (a.dst.kind == OWNER_NODE && (!is_strict(&a, a.from) ||
	    is_link_local4(&q->dst))) {
		to_node(&a);
	} else if (a.dst.kind == OWNER_POD && (!is_strict(&a, a.from) ||
	    addr_eq(&q->orig.src, &q->dst))) {
		to_pod(&a);
	} else if (a.src.kind == OWNER_POD && !a.inbound) {
		from_pod(&a);
	} else if (q->from_node || (a.src.kind == OWNER_NODE && !a.inbound)) {
		from_node(&a);
	} else {
		transit(&a);
	}
}
