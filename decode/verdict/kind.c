/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kind.c - who talks to whom: the ends of a flow as the node knows them, and
 * the kind of conversation that makes.
 */
#include "decode/verdict/judge_int.h"

/* Without a contract the state alone tells pods and the node's own addresses. */
static void
find_owner(const struct judge *j, const struct addr *a, struct owner *o)
{
	*o = (struct owner){ .kind = OWNER_UNKNOWN };
	if (j->contract != NULL) {
		contract_owner(j->contract, a, o);
		return;
	}
	if (model_is_local(j->model, a, NULL)) {
		o->kind = OWNER_NODE;
		return;
	}
	o->pod = state_pod_addr(j->state, a);
	if (o->pod != NULL)
		o->kind = OWNER_ELSEWHERE;
}

static bool
is_inside(const struct trial *t, const struct owner *o, const struct addr *a)
{
	if (o->kind == OWNER_ELSEWHERE)
		return true;
	return t->j->contract != NULL && contract_inside(t->j->contract, a) == 1;
}

/* The service that an address and port stand for. */
static const struct svc_port *
find_service(const struct trial *t)
{
	const struct state *s = t->j->state;
	const struct tuple *o = &t->f->original;
	const struct svc_port *p = state_service(s, &o->dst, o->dport, o->proto);

	if (p == NULL && t->dst.kind == OWNER_NODE)
		p = state_node_port(s, o->dport, o->proto);
	return p;
}

static void
name_service(struct trial *t)
{
	const struct svc_port *p = find_service(t);
	struct flow_node *n = &t->f->node;

	if (p == NULL)
		return;
	n->service_ns = t->j->state->services.v[p->service].ns;
	n->service = t->j->state->services.v[p->service].name;
	n->service_port = p->name;
}

static bool
is_pod_here(const struct owner *o)
{
	return o->kind == OWNER_POD;
}

static enum flow_kind
kind_from_pod(const struct trial *t)
{
	const struct tuple *o = &t->f->original;

	if (t->dst.kind == OWNER_NODE)
		return t->dnat || t->f->node.service != NULL ? KIND_NODEPORT :
		    KIND_POD_TO_VPC;
	if (t->f->node.service != NULL || (t->dnat && !is_pod_here(&t->dst)))
		return KIND_POD_TO_SERVICE;
	if (is_pod_here(&t->dst) || t->f->node.peer != NULL)
		return KIND_POD_TO_POD;
	if (is_inside(t, &t->dst, &o->dst))
		return KIND_POD_TO_VPC;
	return t->dst.kind == OWNER_OUTSIDE ? KIND_POD_TO_EXTERNAL : KIND_UNKNOWN;
}

static enum flow_kind
kind_to_pod(const struct trial *t)
{
	if (t->src.kind == OWNER_NODE)
		return KIND_NODE_TO_POD;
	if (t->f->node.peer != NULL && !t->f->node.peer->host_network)
		return KIND_POD_TO_POD;
	if (is_inside(t, &t->src, &t->f->original.src))
		return KIND_VPC_TO_POD;
	return t->src.kind == OWNER_OUTSIDE ? KIND_EXTERNAL_TO_POD : KIND_UNKNOWN;
}

static enum flow_kind
kind_of(const struct trial *t)
{
	if (is_pod_here(&t->src))
		return kind_from_pod(t);
	if (t->dst.kind == OWNER_NODE && t->src.kind != OWNER_NODE &&
	    (t->dnat || t->f->node.service != NULL))
		return KIND_NODEPORT;
	if (is_pod_here(&t->dst))
		return kind_to_pod(t);
	if (t->src.kind == OWNER_NODE && is_pod_here(&t->target))
		return KIND_NODE_TO_POD;
	if (t->src.kind == OWNER_NODE || t->dst.kind == OWNER_NODE)
		return KIND_HOST;
	if (t->src.kind == OWNER_UNKNOWN || t->dst.kind == OWNER_UNKNOWN)
		return KIND_UNKNOWN;
	return KIND_TRANSIT;
}

static void
name_pods(struct trial *t)
{
	struct flow_node *n = &t->f->node;
	const struct owner *near = is_pod_here(&t->src) ? &t->src : &t->target;
	const struct addr *far = is_pod_here(&t->src) ? &t->f->translated.dst :
	    &t->f->original.src;

	if (is_pod_here(near)) {
		n->pod = near->pod;
		n->veth = near->veth;
		n->pod_ip = near == &t->src ? t->f->original.src :
		    t->f->translated.dst;
	}
	n->peer = state_pod_addr(t->j->state, far);
	if (n->peer == n->pod && n->pod != NULL)
		n->peer = NULL;
}

void
trial_kind(struct trial *t)
{
	const struct flow *f = t->f;

	find_owner(t->j, &f->original.src, &t->src);
	find_owner(t->j, &f->original.dst, &t->dst);
	t->target = t->dst;
	if (!addr_eq(&f->original.dst, &f->translated.dst))
		find_owner(t->j, &f->translated.dst, &t->target);
	t->dnat = f->has & FLOW_TRANSLATED && f->nat & NAT_DNAT;
	t->from_node = t->src.kind == OWNER_NODE;
	t->to_node = t->target.kind == OWNER_NODE;
	name_pods(t);
	name_service(t);
	t->f->node.kind = (uint8_t)kind_of(t);
}
