/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * route_text.c - records of rtnetlink as records of a state.
 *
 * A rule or a route is written as ip(8) prints it and then read as that
 * (ip_rule.c, ip_route.c), so that it is judged, and shown, like one of a dump.
 */
#include <string.h>

#include "capture/live/route_words.h"

static const char *
put_name(const struct route_source *src, uint32_t ifindex, bool before,
    struct state *s)
{
	char buf[IFNAMSIZ];
	const char *name = link_name(src, ifindex, before, buf);

	return state_text(s, name, strlen(name));
}

static void
put_link(const struct route_source *src, const struct record *r, bool before,
    struct state *s)
{
	const struct link_rec *l = record_link(r);
	struct link *out = state_push(s, links);

	if (out == NULL)
		return;
	out->name = state_text(s, l->name, strlen(l->name));
	out->ifindex = l->ifindex;
	out->mtu = l->mtu;
	if (l->kind[0] != '\0')
		out->kind = state_text(s, l->kind, strlen(l->kind));
	if (l->parent != 0)
		out->parent = put_name(src, l->parent, before, s);
	out->vlan = l->vlan;
	memcpy(out->mac, l->mac, sizeof(out->mac));
	out->has_mac = l->has_mac;
	out->down = l->down;
}

static void
put_addr(const struct route_source *src, const struct record *r, bool before,
    struct state *s)
{
	const struct addr_rec *a = (const void *)r->bytes;
	struct ifaddr *out = state_push(s, addrs);

	if (out == NULL)
		return;
	out->dev = put_name(src, a->ifindex, before, s);
	out->addr = a->addr;
	out->len = (uint8_t)a->len;
	out->secondary = a->secondary;
	out->host_scope = a->host_scope;
}

static void
put_neigh(const struct route_source *src, const struct record *r, bool before,
    struct state *s)
{
	const struct neigh_rec *n = (const void *)r->bytes;
	struct neigh *out = state_push(s, neighs);

	if (out == NULL)
		return;
	out->dev = put_name(src, n->ifindex, before, s);
	out->addr = n->addr;
	memcpy(out->mac, n->mac, sizeof(out->mac));
	out->has_mac = n->has_mac;
	out->permanent = n->permanent;
	out->failed = n->failed;
}

void
record_put(const struct route_source *src, enum route_kind k,
    const struct record *r, bool before, struct state *s)
{
	struct words_out o;

	o.source = src;
	o.before = before;
	o.len = 0;
	o.cut = false;
	switch (k) {
	case KIND_LINK:
		put_link(src, r, before, s);
		break;
	case KIND_ADDR:
		put_addr(src, r, before, s);
		break;
	case KIND_NEIGH:
		put_neigh(src, r, before, s);
		break;
	case KIND_RULE:
	case KIND_RULE6:
		words_rule(&o, r, s);
		break;
	default:
		words_route(&o, r, s);
	}
}
