/* SPDX-License-Identifier: GPL-2.0-or-later */
/* role_ends.c - whose are the ends of a flow, and which process of this node is
   at one of them. */
#include <string.h>

#include "decode/app/role_int.h"

/* ---- owners */

static bool
is_loopback(const struct addr *a)
{
	static const struct addr one = { .b = { [15] = 1 } };

	return addr_is_v4(a) ? a->b[12] == 127 : addr_eq(a, &one);
}

/* Without a contract the addresses of devices tell. */
static void
find_owner(const struct ends *e, const struct addr *a, struct owner *o)
{
	const struct node *here = state_this_node(e->s);

	*o = (struct owner){ .kind = OWNER_UNKNOWN };
	if (e->contract != NULL) {
		contract_owner(e->contract, a, o);
		return;
	}
	for (uint32_t i = 0; i < e->s->addrs.n; i++)
		if (addr_eq(&e->s->addrs.v[i].addr, a))
			o->kind = OWNER_NODE;
	if (is_loopback(a) || (here != NULL && state_node_addr(e->s, a) == here))
		o->kind = OWNER_NODE;
	if (o->kind == OWNER_NODE)
		return;
	/* the pod at the node's side, as judge_flow() found it */
	if (e->f->node.pod != NULL && addr_eq(&e->f->node.pod_ip, a)) {
		o->kind = OWNER_POD;
		o->pod = e->f->node.pod;
	}
}

/* IPv4 that is in no VPC but by a customer's own range: none of RFC 1918, 6598
   and 3927, nor loopback. */
static bool
is_public(const struct addr *a)
{
	const uint8_t *b = a->b + 12;

	if (!addr_is_v4(a) || addr_is_multicast(a))
		return false;
	return b[0] != 0 && b[0] != 10 && b[0] != 127 &&
	    !(b[0] == 172 && (b[1] & 0xf0) == 16) &&
	    !(b[0] == 192 && b[1] == 168) && !(b[0] == 169 && b[1] == 254) &&
	    !(b[0] == 100 && (b[1] & 0xc0) == 64) &&
	    !(b[0] == 198 && (b[1] & 0xfe) == 18);
}

/* contract_inside() counts ranges that are not translated as inside, which with
   external SNAT is everything. */
enum where
ends_where(const struct ends *e, const struct addr *a)
{
	struct settings st;
	struct owner o;

	if (e->contract == NULL || is_loopback(a))
		return WHERE_UNKNOWN;
	contract_owner(e->contract, a, &o);
	if (o.kind == OWNER_NODE || o.kind == OWNER_POD || o.kind == OWNER_FREE ||
	    o.kind == OWNER_ELSEWHERE)
		return WHERE_INSIDE;
	contract_settings(e->contract, &st);
	if (contract_inside(e->contract, a) == 0 || is_public(a) ||
	    (st.n_vpc > 0 && addr_is_v4(a)))
		return WHERE_OUTSIDE;
	return WHERE_UNKNOWN;
}

/* ---- processes */

/* The socket of the one who began it: an unconnected UDP socket sends, too. */
static const struct sock *
sending(const struct ends *e)
{
	const struct tuple *t = &e->asked;
	const struct sock *k = state_sock(e->s, t);

	if (k == NULL && t->proto == PROTO_UDP)
		k = state_sock_listening(e->s, &t->src, t->sport, t->proto);
	return k;
}

static const struct sock *
receiving(const struct ends *e)
{
	struct tuple t = tuple_turned(&e->sent);
	const struct sock *k = state_sock(e->s, &t);

	return k != NULL ? k : e->listener;
}

static void
find_process(struct ends *e)
{
	e->out->process = NULL;
	if (e->target.kind == OWNER_NODE)
		e->listener = state_sock_listening(e->s, &e->sent.dst, e->sent.dport,
		    e->sent.proto);
	if (e->from_node)
		e->out->process = sending(e);
	if (e->out->process == NULL && e->target.kind == OWNER_NODE)
		e->out->process = receiving(e);
}

void
ends_find(struct ends *e, const struct state *s, const struct contract *c,
    const struct flow *f, bool turned, struct flow_role *out)
{
	*e = (struct ends){ .s = s, .contract = c, .f = f, .turned = turned,
	    .asked = f->original, .out = out };
	e->sent = f->has & FLOW_TRANSLATED ? f->translated : f->original;
	if (turned) {
		e->asked = tuple_turned(&e->asked);
		e->sent = e->asked;
	}
	find_owner(e, &e->asked.src, &e->src);
	find_owner(e, &e->asked.dst, &e->dst);
	e->target = e->dst;
	if (!addr_eq(&e->asked.dst, &e->sent.dst))
		find_owner(e, &e->sent.dst, &e->target);
	e->from_node = e->src.kind == OWNER_NODE;
	find_process(e);
}
