/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * devs.c - devices: their sysctls, their addresses, and the source address that
 * the kernel would choose for packets by them (inet_select_addr() in
 * net/ipv4/devinet.c).
 */
#include <stdio.h>
#include <stdlib.h>

#include "decode/model/model_int.h"

static uint32_t
name_hash(const char *name)
{
	uint32_t h = 2166136261u;	/* FNV-1a */

	for (; *name != '\0'; name++)
		h = (h ^ (uint8_t)*name) * 16777619u;
	return h ^ h >> 15;
}

uint32_t
dev_index(const struct model *m, const char *name)
{
	uint32_t h = name_hash(name) & m->devs_mask;

	for (; m->dev_slots[h] != NONE; h = (h + 1) & m->devs_mask)
		if (strcmp(m->devs[m->dev_slots[h]].name, name) == 0)
			return m->dev_slots[h];
	return NONE;
}

static void
add_dev(struct model *m, const char *name)
{
	uint32_t h;

	if (name == NULL || dev_index(m, name) != NONE)
		return;
	h = name_hash(name) & m->devs_mask;
	while (m->dev_slots[h] != NONE)
		h = (h + 1) & m->devs_mask;
	m->dev_slots[h] = m->n_devs;
	m->devs[m->n_devs++].name = name;
}

static int8_t
number(const char *value)
{
	long n = value != NULL ? strtol(value, NULL, 10) : -1;

	return (int8_t)(n >= 0 && n <= 100 ? n : -1);
}

/* net.ipv4.conf.DEV.KEY; sysctl(8) prints a dot in a name as a slash. */
static int8_t
conf(const struct state *s, const char *dev, const char *key)
{
	char name[128];
	int n = snprintf(name, sizeof(name), "net.ipv4.conf.%s.%s", dev, key);

	if (n < 0 || (size_t)n >= sizeof(name))
		return -1;
	for (size_t i = strlen("net.ipv4.conf."), end = i + strlen(dev); i < end; i++)
		if (name[i] == '.')
			name[i] = '/';
	return number(state_sysctl(s, name));
}

/* IN_DEV_ORCONF: either says so. */
static int8_t
either(const struct state *s, const char *dev, const char *key)
{
	int8_t all = conf(s, "all", key), own = conf(s, dev, key);

	if (all > 0 || own > 0)
		return 1;
	return all < 0 || own < 0 ? -1 : 0;
}

/* IN_DEV_MAXCONF. */
static int8_t
larger(const struct state *s, const char *dev, const char *key)
{
	int8_t all = conf(s, "all", key), own = conf(s, dev, key);

	if (all >= 2 || own >= 2)
		return 2;
	if (all < 0 || own < 0)
		return -1;
	return all > own ? all : own;
}

static void
read_sysctls(struct model *m, struct dev *d)
{
	d->rp_filter = larger(m->s, d->name, "rp_filter");
	d->accept_local = either(m->s, d->name, "accept_local");
	d->src_valid_mark = either(m->s, d->name, "src_valid_mark");
	d->route_localnet = either(m->s, d->name, "route_localnet");
	d->ignore_linkdown = either(m->s, d->name, "ignore_routes_with_linkdown");
	d->forwarding = conf(m->s, d->name, "forwarding");
	if (d->forwarding < 0)
		d->forwarding = m->forwarding[0];
}

static bool
group_addrs(struct model *m)
{
	const struct state *s = m->s;
	uint32_t at = 0;

	m->addrs = calloc((size_t)s->addrs.n + 1, sizeof(*m->addrs));
	if (m->addrs == NULL)
		return false;
	for (uint32_t i = 0; i < s->addrs.n; i++)
		if (s->addrs.v[i].dev != NULL)
			m->devs[dev_index(m, s->addrs.v[i].dev)].n_addrs++;
	for (uint32_t i = 0; i < m->n_devs; i++) {
		m->devs[i].first_addr = at;
		at += m->devs[i].n_addrs;
		m->devs[i].n_addrs = 0;
	}
	m->n_addrs = at;
	for (uint32_t i = 0; i < s->addrs.n; i++) {
		const struct ifaddr *a = &s->addrs.v[i];
		struct dev *d;

		if (a->dev == NULL)
			continue;
		d = &m->devs[dev_index(m, a->dev)];
		m->addrs[d->first_addr + d->n_addrs++] = a;
	}
	return true;
}

bool
devs_new(struct model *m)
{
	const struct state *s = m->s;
	uint32_t most = s->links.n + s->addrs.n + s->routes.n + 1, n = 16;

	while (n < most && n < UINT32_C(1) << 30)
		n *= 2;
	n *= 2;
	m->devs_mask = n - 1;
	m->dev_slots = malloc(n * sizeof(*m->dev_slots));
	m->devs = calloc(most, sizeof(*m->devs));
	if (m->dev_slots == NULL || m->devs == NULL)
		return false;
	memset(m->dev_slots, 0xff, n * sizeof(*m->dev_slots));
	add_dev(m, "lo");
	for (uint32_t i = 0; i < s->links.n; i++)
		add_dev(m, s->links.v[i].name);
	for (uint32_t i = 0; i < s->addrs.n; i++)
		add_dev(m, s->addrs.v[i].dev);
	for (uint32_t i = 0; i < s->routes.n; i++)
		add_dev(m, s->routes.v[i].dev);
	for (uint32_t i = 0; i < s->links.n; i++)
		if (s->links.v[i].name != NULL)
			m->devs[dev_index(m, s->links.v[i].name)].ifindex =
			    s->links.v[i].ifindex;
	m->forwarding[0] = number(state_sysctl(s, "net.ipv4.ip_forward"));
	if (m->forwarding[0] < 0)
		m->forwarding[0] = conf(s, "all", "forwarding");
	m->forwarding[1] = number(state_sysctl(s, "net.ipv6.conf.all.forwarding"));
	for (uint32_t i = 0; i < m->n_devs; i++)
		read_sysctls(m, &m->devs[i]);
	return group_addrs(m);
}

static bool
zero_or_link_local(const struct addr *a)
{
	return addr_is_v4(a) ? a->b[12] == 127 || a->b[12] == 0 :
	    a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80;
}

/* The addresses as `ip addr` has them. */
static int
source_listed(const struct model *m, const struct dev *d, const struct addr *next,
    struct addr *out)
{
	int found = 0;

	for (uint32_t i = 0; i < d->n_addrs; i++) {
		const struct ifaddr *a = m->addrs[d->first_addr + i];
		struct prefix p;

		if (!addr_is_v4(&a->addr) || a->secondary || a->host_scope)
			continue;
		p = prefix_of(&a->addr, a->len);
		if (next == NULL || prefix_contains(&p, next)) {
			*out = a->addr;
			return 1;
		}
		if (!found)
			*out = a->addr;
		found = 1;
	}
	return found;
}

/* IPv6 chooses by the rules of RFC 6724: only with one candidate it is sure. */
static int
source_v6(const struct model *m, const struct dev *d, struct addr *out)
{
	int found = 0;

	for (uint32_t i = 0; i < d->n_addrs; i++) {
		const struct ifaddr *a = m->addrs[d->first_addr + i];

		if (addr_is_v4(&a->addr) || a->host_scope ||
		    zero_or_link_local(&a->addr))
			continue;
		if (found)
			return -1;
		*out = a->addr;
		found = 1;
	}
	return found ? 1 : -1;
}

/* Each address has a route in table local; a secondary one names its primary as
   source. */
static bool
is_primary_route(const struct iproute *r)
{
	return !r->v6 && r->table == TABLE_LOCAL && r->type == ROUTE_LOCAL &&
	    r->dst.len == 128 && r->dev != NULL &&
	    (!r->has_src || addr_eq(&r->src, &r->dst.addr)) &&
	    !zero_or_link_local(&r->dst.addr);
}

static void
infer_addresses(struct model *m)
{
	for (uint32_t i = 0; i < m->s->routes.n; i++) {
		const struct iproute *r = &m->s->routes.v[i];
		struct dev *d;

		if (!is_primary_route(r))
			continue;
		d = &m->devs[dev_index(m, r->dev)];
		d->n_inferred++;
		d->inferred = r->dst.addr;
	}
}

/* Without `ip addr`: when it leaves no choice.  An address of 169.254.0.0/16 may
   have the scope of its link: then nothing is sure. */
static int
source_inferred(const struct model *m, const struct dev *d, struct addr *out)
{
	if (m->local[0] == NULL || d->n_inferred > 1 || (d->n_inferred == 1 &&
	    d->inferred.b[12] == 169 && d->inferred.b[13] == 254))
		return -1;
	*out = d->inferred;
	return (int)d->n_inferred;
}

/* The first address of any device, in the kernel's order of devices. */
static void
any_source(struct model *m)
{
	bool listed = state_has(m->s, PART_ADDRESSES);
	uint32_t best = NONE;
	int n = 0;

	m->any_src_known = listed || m->local[0] != NULL ? 0 : -1;
	for (uint32_t i = 0; i < m->n_devs && m->any_src_known >= 0; i++) {
		struct addr a;
		int found = listed ? source_listed(m, &m->devs[i], NULL, &a) :
		    source_inferred(m, &m->devs[i], &a);

		if (found < 0)
			m->any_src_known = -1;
		if (found != 1)
			continue;
		if (n++ == 0 || m->devs[i].ifindex < best) {
			best = m->devs[i].ifindex;
			m->any_src = a;
		}
		m->any_src_known = n > 1 && best == 0 ? -1 : 1;
	}
}

int
dev_source(const struct model *m, uint32_t dev, const struct addr *next, bool v6,
    struct addr *out)
{
	int found;

	if (dev == NONE)
		return -1;
	if (v6)
		return state_has(m->s, PART_ADDRESSES) ?
		    source_v6(m, &m->devs[dev], out) : -1;
	found = state_has(m->s, PART_ADDRESSES) ?
	    source_listed(m, &m->devs[dev], next, out) :
	    source_inferred(m, &m->devs[dev], out);
	if (found != 0)
		return found;
	*out = m->any_src;
	return m->any_src_known;
}

static void
has_addresses(struct model *m)
{
	bool listed = state_has(m->s, PART_ADDRESSES);

	for (uint32_t i = 0; i < m->n_devs; i++)
		m->devs[i].has_v4 = listed || m->local[0] != NULL ? 0 : -1;
	if (listed) {
		for (uint32_t i = 0; i < m->s->addrs.n; i++) {
			const struct ifaddr *a = &m->s->addrs.v[i];

			if (a->dev != NULL && addr_is_v4(&a->addr))
				m->devs[dev_index(m, a->dev)].has_v4 = 1;
		}
		return;
	}
	for (uint32_t i = 0; i < m->s->routes.n; i++) {
		const struct iproute *r = &m->s->routes.v[i];

		if (!r->v6 && r->table == TABLE_LOCAL && r->type == ROUTE_LOCAL &&
		    r->dev != NULL)
			m->devs[dev_index(m, r->dev)].has_v4 = 1;
	}
}

void
devs_sources(struct model *m)
{
	has_addresses(m);
	infer_addresses(m);
	any_source(m);
}
