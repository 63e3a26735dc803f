/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * seen.c - how a flow crossed the node, from its legs: where each direction
 * came in and where it left first.
 *
 * A bridge, an overlay or a trunk shows a packet several times.  The device
 * that routed it is the last one it came in by before it first went out, and
 * the one it first went out by; what is inside a tunnel does not count.
 */
#include <string.h>

#include "decode/verdict/judge_int.h"

/* An Ethernet capture does not say which way a packet went; the ends of it do
   where the device is one's own. */
static uint8_t
direction_of(const struct trial *t, const struct leg *l, const char *dev)
{
	const struct contract *c = t->j->contract;
	struct owner src, dst;

	if (dev == NULL || c == NULL)
		return DIR_UNKNOWN;
	contract_owner(c, &l->t.src, &src);
	contract_owner(c, &l->t.dst, &dst);
	if (contract_eni_dev(c, dev) != NULL) {
		if (src.kind == OWNER_NODE || src.kind == OWNER_POD)
			return DIR_OUT;
		return dst.kind == OWNER_NODE || dst.kind == OWNER_POD ? DIR_IN :
		    DIR_UNKNOWN;
	}
	if (same_name(dev, src.veth))
		return DIR_IN;
	return same_name(dev, dst.veth) ? DIR_OUT : DIR_UNKNOWN;
}

static void
settle_directions(struct trial *t)
{
	for (unsigned i = 0; i < t->f->n_legs; i++) {
		struct leg *l = &t->f->legs[i];

		if (l->dir == DIR_UNKNOWN && l->tunnel.type == TUN_NONE)
			l->dir = direction_of(t, l,
			    t->view->dev(t->view->arg, l->iface));
	}
}

/* The device of a leg.  A tagged frame on a trunk is a branch ENI's, whose own
   device may not have been captured. */
static const char *
routed_by(const struct trial *t, const struct leg *l)
{
	const char *dev = t->view->dev(t->view->arg, l->iface);
	const struct contract *c = t->j->contract;
	const struct eni *e = c && dev && l->has_vlan ? contract_eni_dev(c, dev) : NULL;
	unsigned n;

	if (e == NULL || !e->trunk)
		return dev;
	e = contract_enis(c, &n);
	for (unsigned i = 0; i < n; i++)
		if (e[i].branch && e[i].vlan == l->vlan && e[i].dev != NULL)
			return e[i].dev;
	return dev;
}

static void
cross(struct trial *t, bool reply, struct crossing *c)
{
	const struct flow *f = t->f;

	for (unsigned i = 0; i < f->n_legs; i++) {
		const struct leg *l = &f->legs[i];

		if (l->reply != reply || l->tunnel.type != TUN_NONE)
			continue;
		if (!c->any)
			c->begins_here = l->dir == DIR_OUT;
		c->any = true;
		if (l->dir == DIR_IN && c->out == NULL)
			c->in = l;
		if (l->dir == DIR_OUT && c->out == NULL)
			c->out = l;
	}
	if (c->in != NULL)
		c->in_dev = routed_by(t, c->in);
	if (c->out != NULL)
		c->out_dev = routed_by(t, c->out);
}

void
trial_see_after(struct trial *t)
{
	if (t->has_after)
		return;
	t->has_after = true;
	if (t->rep.in != NULL && !t->from_node)
		t->after = tuple_turned(&t->rep.in->t);
	else if (t->f->has & FLOW_TRANSLATED)
		t->after = t->f->translated;
	else
		t->has_after = false;
}

void
trial_see(struct trial *t)
{
	settle_directions(t);
	cross(t, false, &t->req);
	cross(t, true, &t->rep);
	t->has_after = t->req.out != NULL;
	if (t->has_after)
		t->after = t->req.out->t;
}
