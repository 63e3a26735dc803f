/* SPDX-License-Identifier: GPL-2.0-or-later */
/* find.c - looking things up in a state that is ready. */
#include "decode/state/state_int.h"

const struct link *
state_link(const struct state *s, const char *name)
{
	uint32_t i;

	if (name != NULL)
		map_each(&s->own->by_link, hash_bytes(name, strlen(name), 0), i)
			if (strcmp(s->links.v[i].name, name) == 0)
				return &s->links.v[i];
	return NULL;
}

const struct link *
state_link_index(const struct state *s, uint32_t ifindex)
{
	uint32_t i;

	map_each(&s->own->by_ifindex, ifindex * 2654435761u, i)
		if (s->links.v[i].ifindex == ifindex)
			return &s->links.v[i];
	return NULL;
}

const struct link *
state_link_mac(const struct state *s, const uint8_t mac[static 6])
{
	const struct link *found = NULL;
	uint32_t i;

	map_each(&s->own->by_mac, hash_bytes(mac, 6, 0), i) {
		if (memcmp(s->links.v[i].mac, mac, 6) != 0)
			continue;
		if (found != NULL)
			return NULL;	/* Calico's veths all have one */
		found = &s->links.v[i];
	}
	return found;
}

static bool
has_ended(const struct pod *p)
{
	return p->phase != NULL && (strcmp(p->phase, "Succeeded") == 0 ||
	    strcmp(p->phase, "Failed") == 0);
}

const struct pod *
state_pod_addr(const struct state *s, const struct addr *a)
{
	const struct pod *ended = NULL;
	uint32_t i;

	map_each(&s->own->by_pod_addr, hash_addr(a, 0), i) {
		const struct pod *p = &s->pods.v[i >> 3];

		if (p->host_network || !addr_eq(&p->addrs[i & 7], a))
			continue;
		if (!has_ended(p))
			return p;
		ended = p;
	}
	return ended;
}

const struct node *
state_node_addr(const struct state *s, const struct addr *a)
{
	uint32_t i;

	map_each(&s->own->by_node_addr, hash_addr(a, 0), i)
		if (addr_eq(&s->nodes.v[i >> 2].addrs[i & 3], a))
			return &s->nodes.v[i >> 2];
	return NULL;
}

const char *
state_sysctl(const struct state *s, const char *name)
{
	uint32_t i;

	map_each(&s->own->by_sysctl, hash_bytes(name, strlen(name), 0), i)
		if (strcmp(s->sysctls.v[i].name, name) == 0)
			return s->sysctls.v[i].value;
	return NULL;
}

/* Which began later?  Ages are in seconds, and unknown is -1. */
static bool
began_later(const struct ct_entry *x, const struct ct_entry *y)
{
	return y == NULL || (x->age_s >= 0 && y->age_s >= 0 && x->age_s < y->age_s);
}

const struct ct_entry *
state_ct_orig(const struct state *s, const struct tuple *t)
{
	const struct ct_entry *found = NULL;
	uint32_t i;

	map_each(&s->own->by_orig, hash_tuple(t), i)
		if (tuple_eq(&s->conntrack.v[i].orig, t) &&
		    began_later(&s->conntrack.v[i], found))
			found = &s->conntrack.v[i];
	return found;
}

const struct ct_entry *
state_ct_reply(const struct state *s, const struct tuple *t)
{
	const struct ct_entry *found = NULL;
	uint32_t i;

	map_each(&s->own->by_reply, hash_tuple(t), i)
		if (tuple_eq(&s->conntrack.v[i].reply, t) &&
		    began_later(&s->conntrack.v[i], found))
			found = &s->conntrack.v[i];
	return found;
}

uint32_t
state_ct_ask(const struct state *s, const struct tuple *t)
{
	const struct map *m = &s->own->by_orig;
	uint32_t h;

	if (m->slot == NULL)
		return 0;
	h = hash_tuple(t);
	__builtin_prefetch(&m->slot[h & m->mask]);
	return h;
}

void
state_ct_ask_entry(const struct state *s, uint32_t h)
{
	uint32_t i;

	map_each(&s->own->by_orig, h, i) {
		const char *e = (const char *)&s->conntrack.v[i];

		__builtin_prefetch(e);
		__builtin_prefetch(e + 64);
	}
}

const struct svc_port *
state_service(const struct state *s, const struct addr *a, uint16_t port, uint8_t proto)
{
	uint32_t i;

	map_each(&services_own(s)->by_service, hash_addr(a, (uint64_t)port << 8 | proto), i) {
		const struct svc_port *p = &s->svc_ports.v[i >> 5];

		if (p->port == port && p->proto == proto &&
		    addr_eq(&s->services.v[p->service].addrs[i & 31], a))
			return p;
	}
	return NULL;
}

const struct svc_port *
state_node_port(const struct state *s, uint16_t port, uint8_t proto)
{
	uint32_t h = (uint32_t)((uint64_t)port << 8 | proto) * 2654435761u, i;

	map_each(&services_own(s)->by_node_port, h, i)
		if (s->svc_ports.v[i].node_port == port &&
		    s->svc_ports.v[i].proto == proto)
			return &s->svc_ports.v[i];
	return NULL;
}

/* A port without a name is its service's only one. */
bool
endpoint_is_of(const struct endpoint *e, const struct svc_port *p)
{
	return e->service == p->service && e->proto == p->proto &&
	    (p->name == NULL || p->name[0] == '\0' || (e->port_name != NULL &&
	    strcmp(e->port_name, p->name) == 0));
}

const struct endpoint *
state_endpoint(const struct state *s, const struct svc_port *p, const struct addr *a,
    uint16_t port)
{
	uint32_t i;

	map_each(&services_own(s)->by_endpoint, hash_endpoint(p->service, a, port,
	    p->proto), i) {
		const struct endpoint *e = &s->endpoints.v[i];

		if (e->port == port && addr_eq(&e->addr, a) && endpoint_is_of(e, p))
			return e;
	}
	return NULL;
}

const struct endpoint *
state_endpoint_next(const struct state *s, uint32_t service, const struct endpoint *e)
{
	const struct state_own *o = services_own(s);
	uint32_t next;

	if (o->first_endpoint == NULL || o->next_endpoint == NULL ||
	    service >= s->services.n)
		return NULL;
	next = e == NULL ? o->first_endpoint[service] :
	    o->next_endpoint[e - s->endpoints.v];
	return next != 0 ? &s->endpoints.v[next - 1] : NULL;
}

const struct node *
state_node_named(const struct state *s, const char *name)
{
	uint32_t i;

	map_each(&s->own->by_node_name, hash_bytes(name, strlen(name), 0), i)
		if (strcmp(s->nodes.v[i].name, name) == 0)
			return &s->nodes.v[i];
	return NULL;
}

const struct node *
state_this_node(const struct state *s)
{
	return s->own->this_node != 0 ? &s->nodes.v[s->own->this_node - 1] : NULL;
}

static void
place_of_node(const struct node *n, struct place_names *out)
{
	if (n == NULL)
		return;
	out->node = n->name;
	out->zone = n->zone;
}

/* ipamd tells of this node's pods alone, and not their node's name. */
struct place_names
state_addr_place(const struct state *s, const struct addr *a)
{
	const struct pod *p = state_pod_addr(s, a);
	struct place_names out = { .ns = NULL };

	if (p == NULL) {
		place_of_node(state_node_addr(s, a), &out);
		return out;
	}
	if (p->name != NULL) {
		out.ns = p->ns;
		out.pod = p->name;
	}
	out.node = p->node;
	if (p->node != NULL)
		place_of_node(state_node_named(s, p->node), &out);
	else if (p->sources & (POD_IPAM | POD_ENIS))
		place_of_node(state_this_node(s), &out);
	return out;
}

struct place_names
state_endpoint_place(const struct state *s, const struct endpoint *e)
{
	struct place_names out = state_addr_place(s, &e->addr);
	const struct node *n;

	if (e->derived)
		return out;
	out.ns = e->pod != NULL ? e->ns : NULL;
	out.pod = e->pod;
	if (e->node != NULL && (out.node == NULL || strcmp(out.node, e->node) != 0)) {
		n = state_node_named(s, e->node);
		out.node = e->node;
		out.zone = n != NULL ? n->zone : NULL;
	}
	if (e->zone != NULL)
		out.zone = e->zone;
	return out;
}

static const char *const route_types[N_ROUTE_TYPES] = {
	[ROUTE_UNICAST] = "unicast", [ROUTE_LOCAL] = "local",
	[ROUTE_BROADCAST] = "broadcast", [ROUTE_ANYCAST] = "anycast",
	[ROUTE_MULTICAST] = "multicast", [ROUTE_BLACKHOLE] = "blackhole",
	[ROUTE_UNREACHABLE] = "unreachable", [ROUTE_PROHIBIT] = "prohibit",
	[ROUTE_THROW] = "throw",
};

const char *
route_type_name(unsigned type)
{
	return type < N_ROUTE_TYPES ? route_types[type] : NULL;
}
