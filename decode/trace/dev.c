/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dev.c - what an interface of a capture is called on the node.
 *
 * The capture's own name for it, else what node state tells: of an ifindex, of
 * the MAC address that it sends with, of the neighbour that a packet came from.
 * Where that tells nothing, those whose packets come in tell: from a pod's
 * address, that is the pod's host veth; to an address of an ENI, from outside,
 * that ENI.
 */
#include <string.h>

#include "decode/trace/tracer_int.h"

static const char *
dev_of_mac(const struct state *s, const uint8_t mac[static 6])
{
	const struct link *l = state_link_mac(s, mac);

	return l != NULL ? l->name : NULL;
}

/* The only device that has this neighbour. */
static const char *
dev_of_neigh(const struct state *s, const uint8_t mac[static 6])
{
	const char *dev = NULL;

	for (uint32_t i = 0; i < s->neighs.n; i++) {
		const struct neigh *n = &s->neighs.v[i];

		if (!n->has_mac || memcmp(n->mac, mac, 6) != 0)
			continue;
		if (dev != NULL && strcmp(dev, n->dev) != 0)
			return NULL;
		dev = n->dev;
	}
	return dev;
}

static bool
routes_use(const struct state *s, const char *dev)
{
	for (uint32_t i = 0; i < s->routes.n; i++)
		if (s->routes.v[i].dev != NULL &&
		    strcmp(s->routes.v[i].dev, dev) == 0)
			return true;
	return false;
}

static const char *
look_for(const struct tracer *t, const struct iface_rec *r)
{
	const struct state *s = tracer_state(t);
	const struct iface_rec *carrier;
	const struct link *l;
	const char *dev = NULL;

	switch ((enum iface_kind)r->kind) {
	case IFACE_PLAIN:
		if (r->name != NULL && (state_link(s, r->name) != NULL ||
		    routes_use(s, r->name)))
			return r->name;
		return NULL;
	case IFACE_INDEX:
		carrier = iface_carrier(t, r);
		if (iface_is_only(carrier, r))
			return carrier->name;
		l = state_link_index(s, r->ifindex);
		if (l != NULL)
			return l->name;
		if (r->has_mac)
			dev = dev_of_mac(s, r->own_mac);
		break;
	case IFACE_OWN:
		dev = dev_of_mac(s, r->mac);
		break;
	case IFACE_PEER:
		if (r->own_votes > 0)
			dev = dev_of_mac(s, t->ifaces[r->own].mac);
		if (dev == NULL)
			dev = dev_of_neigh(s, r->mac);
		break;
	}
	return dev != NULL ? dev : r->votes > 0 ? r->voted : NULL;
}

const char *
iface_dev(const struct tracer *t, uint16_t at)
{
	struct iface_rec *r;

	if (at >= t->n_ifaces || t->judge == NULL)
		return NULL;
	r = &t->ifaces[at];
	if (!r->dev_known) {
		r->dev = look_for(t, r);
		r->dev_known = true;
	}
	return r->dev;
}

void
iface_forget_devs(struct tracer *t)
{
	for (unsigned i = 0; i < t->n_ifaces; i++)
		t->ifaces[i].is_shown = t->ifaces[i].dev_known = false;
	*t->covers = COVERS_UNKNOWN;
}

static bool
covers_dev(const struct tracer *t, const char *dev)
{
	for (uint16_t i = 0; i < t->n_ifaces; i++)
		if (iface_dev(t, i) != NULL && t->ifaces[i].kind == IFACE_PLAIN &&
		    strcmp(t->ifaces[i].dev, dev) == 0)
			return true;
	return false;
}

/* By which any packet could leave this node. */
static bool
covers_all(const struct tracer *t)
{
	const struct state *s = tracer_state(t);

	if (s == NULL || s->links.n == 0)
		return false;
	for (uint32_t i = 0; i < s->links.n; i++)
		if (!s->links.v[i].down && strcmp(s->links.v[i].name, "lo") != 0 &&
		    !covers_dev(t, s->links.v[i].name))
			return false;
	return true;
}

bool
iface_covers(const struct tracer *t, const char *dev)
{
	for (uint16_t i = 0; i < t->n_ifaces; i++)
		if (t->ifaces[i].many)
			return true;	/* `any` */
	if (dev != NULL && covers_dev(t, dev))
		return true;
	if (*t->covers == COVERS_UNKNOWN)
		*t->covers = covers_all(t) ? COVERS_ALL : COVERS_SOME;
	return *t->covers == COVERS_ALL;
}

/* ---- votes */

/* Whose packets come in only there? */
static const char *
dev_of_arrival(const struct tracer *t, const struct addr *src, const struct addr *dst)
{
	const struct contract *c = tracer_contract(t);
	struct owner from, to;

	if (c == NULL)
		return NULL;
	contract_owner(c, src, &from);
	if (from.kind == OWNER_POD)
		return from.veth;
	if (from.kind != OWNER_ELSEWHERE && from.kind != OWNER_OUTSIDE)
		return NULL;
	contract_owner(c, dst, &to);
	return to.eni != NULL ? to.eni->dev : NULL;
}

/* A majority vote, as in iface_vote_own(): one packet astray must not decide. */
static void
vote(struct iface_rec *r, const char *dev)
{
	if (r->votes == 0)
		r->voted = dev;
	if (r->voted == dev || strcmp(r->voted, dev) == 0)
		r->votes++;
	else
		r->votes--;
}

void
iface_vote_devs(struct tracer *t)
{
	bool open = false;

	for (uint16_t i = 0; i < t->n_ifaces; i++)
		open |= iface_dev(t, i) == NULL && t->ifaces[i].kind != IFACE_PLAIN;
	if (!open)
		return;
	for (uint32_t li = 1; li < t->legs.used; li++) {
		const struct leg_rec *l = leg_at(t, li);
		const struct conv *c = conv_at(t, l->conv);
		const char *dev;

		if (l->conv == 0 || l->place.dir != DIR_IN ||
		    c->key.tunnel_type != TUN_NONE ||
		    iface_dev(t, l->place.iface) != NULL)
			continue;
		dev = dev_of_arrival(t, l->place.from_b ? &c->key.b : &c->key.a,
		    l->place.from_b ? &c->key.a : &c->key.b);
		if (dev != NULL)
			vote(&t->ifaces[l->place.iface], dev);
	}
	iface_forget_devs(t);
}
