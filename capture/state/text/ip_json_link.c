/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ip_json_link.c - links, addresses and neighbours of `ip -j`: the names are
 * those of print_string() and the like in iproute2's ip/ipaddress.c and
 * ip/ipneigh.c.
 */
#include "capture/state/text/ip_json.h"
#include "capture/state/text/iproute2.h"

/* ---- neighbours */

void
ip_json_neigh(struct jdoc *d, const json_t *o)
{
	struct neigh n = { 0 }, *out;
	const char *dev = jdoc_word(d, o, "dev");
	const char *mac = jdoc_word(d, o, "lladdr");
	const json_t *states = jdoc_array(d, o, "state");
	json_t *s;
	size_t i;

	if (json_object_get(o, "proxy") != NULL ||
	    !jdoc_addr(d, o, "dst", &n.addr))
		return;
	if (dev == NULL || !word_is_dev(&(struct word){ dev, strlen(dev) })) {
		jdoc_bad(d, "dev", "the name of an interface is expected");
		return;
	}
	n.dev = state_text(d->reader->state, dev, strlen(dev));
	if (mac != NULL)
		n.has_mac = word_mac(&(struct word){ mac, strlen(mac) }, n.mac);
	json_array_foreach(states, i, s)
		if (json_is_string(s))
			ip_neigh_state(&n, &(struct word){ json_string_value(s),
			    json_string_length(s) });
	out = state_push(d->reader->state, neighs);
	if (out != NULL)
		*out = n;
}

/* ---- links and addresses */

static bool
array_has(const json_t *list, const char *text)
{
	json_t *v;
	size_t i;

	json_array_foreach(list, i, v)
		if (json_is_string(v) && strcmp(json_string_value(v), text) == 0)
			return true;
	return false;
}

static void
take_addr(struct jdoc *d, const char *dev, const json_t *o)
{
	const char *scope = jdoc_word(d, o, "scope");
	struct ifaddr *out;
	struct addr a;
	uint64_t len = 0;
	bool v4;

	if (json_object_size(o) == 0 || !jdoc_addr(d, o, "local", &a))
		return;
	v4 = strchr(jdoc_word(d, o, "local"), ':') == NULL;
	if (!jdoc_number(d, o, "prefixlen", v4 ? 32 : 128, &len)) {
		jdoc_bad(d, "prefixlen", "the length of the subnet is expected");
		return;
	}
	out = state_push(d->reader->state, addrs);
	if (out == NULL)
		return;
	out->dev = dev;
	out->addr = a;
	out->len = (uint8_t)(v4 ? 96 + len : len);
	out->secondary = jdoc_bool(d, o, "secondary") == 1;
	out->host_scope = scope != NULL &&
	    (strcmp(scope, "host") == 0 || strcmp(scope, "link") == 0);
}

static void
take_kind(struct jdoc *d, const json_t *o, struct link *l)
{
	const char *below = jdoc_word(d, o, "link");
	uint64_t id;

	l->kind = jdoc_keep(d, o, "linkinfo.info_kind");
	if (l->kind == NULL)
		return;
	if (below != NULL && link_kind_has_parent(l->kind) &&
	    word_is_dev(&(struct word){ below, strlen(below) }))
		l->parent = state_text(d->reader->state, below, strlen(below));
	if (strcmp(l->kind, "vlan") == 0 &&
	    jdoc_number(d, o, "linkinfo.info_data.id", 4095, &id))
		l->vlan = (uint16_t)id;
}

static void
take_addrs(struct jdoc *d, const json_t *o, const char *dev)
{
	const json_t *list = jdoc_array(d, o, "addr_info");
	size_t was = jdoc_enter(d, "addr_info"), i;
	json_t *v;

	json_array_foreach(list, i, v) {
		size_t at = jdoc_enter_index(d, i);

		if (jdoc_is_object(d, v) != NULL)
			take_addr(d, dev, v);
		jdoc_leave(d, at);
	}
	jdoc_leave(d, was);
}

void
ip_json_link(struct jdoc *d, const json_t *o)
{
	const char *name = jdoc_word(d, o, "ifname");
	const char *mac = jdoc_word(d, o, "address");
	const char *operstate = jdoc_word(d, o, "operstate");
	const json_t *flags = jdoc_array(d, o, "flags");
	struct link l = { 0 }, *out;
	uint64_t n;

	if (name == NULL || !word_is_dev(&(struct word){ name, strlen(name) })) {
		jdoc_bad(d, "ifname", "the name of an interface is expected");
		return;
	}
	l.name = state_text(d->reader->state, name, strlen(name));
	if (jdoc_number(d, o, "ifindex", INT32_MAX, &n))
		l.ifindex = (uint32_t)n;
	if (jdoc_number(d, o, "mtu", UINT32_MAX, &n))
		l.mtu = (uint32_t)n;
	if (mac != NULL)
		l.has_mac = word_mac(&(struct word){ mac, strlen(mac) }, l.mac);
	l.down = flags != NULL && !array_has(flags, "UP");
	if (operstate != NULL && (strcmp(operstate, "DOWN") == 0 ||
	    strcmp(operstate, "LOWERLAYERDOWN") == 0))
		l.down = true;
	take_kind(d, o, &l);
	out = state_push(d->reader->state, links);
	if (out != NULL)
		*out = l;
	take_addrs(d, o, l.name);
}
