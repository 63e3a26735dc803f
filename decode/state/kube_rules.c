/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kube_rules.c - Services, their ports, policies and endpoints, from the rules
 * that kube-proxy makes of them.
 *
 * Source: Kubernetes, pkg/proxy/iptables/proxier.go.  A rule of KUBE-SERVICES or
 * KUBE-NODEPORTS has the name of the Service's port in its comment, and leads to
 * the chains of that port; those lead to one chain for each endpoint, which has
 * the DNAT rule.  Ports without endpoints are in the table filter alone.  What
 * kubectl's documents tell of a Service is kept; of it the rules only show which
 * of the endpoints they lead to.
 *
 * Each rule is looked at once and each chain followed once, so that the time is
 * that of reading them.
 */
#include "decode/state/kube_rules.h"

#include <stdlib.h>

#define MAX_ADDRS	64	/* of one Service, as many as kubectl's reader keeps */

size_t
kube_word(const char *p)
{
	size_t n = 0;

	while ((p[n] >= 'a' && p[n] <= 'z') || (p[n] >= '0' && p[n] <= '9') ||
	    p[n] == '-' || p[n] == '.')
		n++;
	return n;
}

/* ---- Services and their ports */

static uint32_t
hash_port(uint32_t service, const char *name, size_t len, uint8_t proto)
{
	return hash_bytes(name, len, (uint64_t)service << 8 | proto);
}

static bool
same_name(const char *kept, const char *p, size_t len)
{
	return strncmp(kept, p, len) == 0 && kept[len] == '\0';
}

static uint32_t
find_service(const struct kube *k, const struct kube_name *n, uint32_t h)
{
	uint32_t i;

	map_each(&k->by_service, h, i) {
		const struct service *v = &k->s->services.v[i];

		if (same_name(v->ns, n->ns, n->ns_len) &&
		    same_name(v->name, n->name, n->name_len))
			return i;
	}
	return STATE_NONE;
}

static uint32_t
service_of(struct kube *k, const struct kube_name *n)
{
	uint32_t h = hash_names(n->ns, n->ns_len, n->name, n->name_len);
	uint32_t i = find_service(k, n, h);
	struct service *v;

	if (i != STATE_NONE)
		return i;
	i = k->s->services.n;
	v = state_push(k->s, services);
	if (v == NULL)
		return STATE_NONE;
	v->ns = state_text(k->s, n->ns, n->ns_len);
	v->name = state_text(k->s, n->name, n->name_len);
	v->derived = true;
	v->lb.target_ip = v->lb.preserve = v->lb.proxy = -1;
	if (!map_add(&k->by_service, h, i))
		k->failed = true;
	return i;
}

static void
add_svc_port(struct kube *k, struct kube_port *p)
{
	struct svc_port *out = state_push(k->s, svc_ports);

	if (out == NULL)
		return;
	p->svc_port = k->s->svc_ports.n - 1;
	out->service = p->service;
	out->name = p->name[0] != '\0' ? p->name : NULL;
	out->proto = p->proto;
}

static uint32_t
find_port(const struct kube *k, uint32_t service, const char *name, size_t len,
    uint8_t proto)
{
	uint32_t i;

	map_each(&k->by_port, hash_port(service, name, len, proto), i) {
		const struct kube_port *p = &k->ports.v[i];

		if (p->service == service && p->proto == proto &&
		    same_name(p->name, name, len))
			return i;
	}
	return STATE_NONE;
}

uint32_t
kube_port(struct kube *k, const struct kube_name *n, uint8_t proto)
{
	uint32_t service = service_of(k, n), i;
	struct kube_port *p;

	if (service == STATE_NONE)
		return STATE_NONE;
	i = find_port(k, service, n->port, n->port_len, proto);
	if (i != STATE_NONE)
		return i;
	i = k->ports.n;
	p = state_grow(k->s, (void **)&k->ports.v, &k->ports.n, &k->ports.room,
	    sizeof(*p));
	if (p == NULL)
		return STATE_NONE;
	*p = (struct kube_port){ .service = service, .svc_port = STATE_NONE,
	    .name = state_text(k->s, n->port, n->port_len), .proto = proto };
	if (service >= k->told)
		add_svc_port(k, p);
	if (!map_add(&k->by_port, hash_port(service, n->port, n->port_len, proto), i))
		k->failed = true;
	return i;
}

static struct svc_port *
svc_port_of(struct kube *k, uint32_t port)
{
	uint32_t i = k->ports.v[port].svc_port;

	return i != STATE_NONE ? &k->s->svc_ports.v[i] : NULL;
}

void
kube_open(struct kube *k, uint32_t port, enum kube_door door, const struct addr *a,
    uint16_t number)
{
	struct svc_port *p = svc_port_of(k, port);
	struct kube_addr *out;

	if (p == NULL)
		return;
	p->port = number;
	out = state_grow(k->s, (void **)&k->addrs.v, &k->addrs.n, &k->addrs.room,
	    sizeof(*out));
	if (out != NULL)
		*out = (struct kube_addr){ p->service, (uint8_t)door, *a };
}

void
kube_node_port(struct kube *k, uint32_t port, uint16_t number)
{
	struct svc_port *p = svc_port_of(k, port);

	if (p != NULL)
		p->node_port = number;
}

/* ---- rules of iptables */

const char *
kube_comment(const char *p, struct kube_name *n)
{
	*n = (struct kube_name){ .ns = p, .ns_len = kube_word(p) };
	p += n->ns_len;
	if (n->ns_len == 0 || *p++ != '/')
		return NULL;
	n->name = n->port = p;
	n->name_len = kube_word(p);
	p += n->name_len;
	if (n->name_len == 0)
		return NULL;
	if (*p == ':') {
		n->port = ++p;
		n->port_len = kube_word(p);
		p += n->port_len;
	}
	return *p == ' ' ? p + 1 : *p == '\0' ? p : NULL;
}

/* What a rule of kube-proxy's matches. */
struct kube_match {
	const struct addr *dst;		/* NULL: any */
	uint8_t		 proto;
	uint16_t	 port;		/* 0: none */
};

static struct kube_match
read_matches(const struct state *s, const struct nf_rule *r)
{
	struct kube_match out = { .dst = NULL };

	for (unsigned i = 0; i < r->n_matches; i++) {
		const struct nf_match *m = &s->nf_matches.v[r->first_match + i];

		if (m->invert)
			continue;
		if (m->kind == NF_M_DADDR && m->prefix.len == 128)
			out.dst = &m->prefix.addr;
		else if (m->kind == NF_M_PROTO)
			out.proto = m->proto;
		else if (m->kind == NF_M_DPORT && m->n_ports == 1 &&
		    m->ports[0].lo == m->ports[0].hi)
			out.port = m->ports[0].lo;
	}
	return out;
}

enum kube_table { IN_SERVICES, IN_NODEPORTS, IN_EXTERNAL, IN_NODEPORTS_FILTER };

static void
read_health(struct kube *k, uint32_t port, uint16_t number)
{
	struct service *v = &k->s->services.v[k->ports.v[port].service];

	if (v->derived)
		v->health_port = number;
}

void
kube_none(struct kube *k, uint32_t port, bool local, bool external)
{
	struct kube_port *p = &k->ports.v[port];
	struct service *v = &k->s->services.v[p->service];

	if (!local)
		p->none = true;
	else if (v->derived && external)
		v->external_policy = POLICY_LOCAL;
	else if (v->derived)
		v->internal_policy = POLICY_LOCAL;
}

static void
read_rule(struct kube *k, const struct nf_rule *r, enum kube_table in)
{
	struct kube_match m = read_matches(k->s, r);
	bool external = in != IN_SERVICES;
	enum kube_door door = external ? KUBE_EXTERNAL : KUBE_CLUSTER;
	struct kube_name name;
	const char *what;
	uint32_t port;

	what = r->comment != NULL && m.port != 0 && m.proto != 0 ?
	    kube_comment(r->comment, &name) : NULL;
	if (what == NULL)
		return;
	if (in == IN_NODEPORTS_FILTER && strcmp(what, "health check node port") != 0)
		return;
	if (strcmp(what, "external IP") == 0)
		door = KUBE_EXTERNAL;
	else if (strcmp(what, "loadbalancer IP") == 0)
		door = KUBE_BALANCER;
	port = kube_port(k, &name, m.proto);
	if (port == STATE_NONE)
		return;
	if (in == IN_NODEPORTS_FILTER) {
		read_health(k, port, m.port);
		return;
	}
	if (strcmp(what, "has no endpoints") == 0)
		kube_none(k, port, false, external);
	else if (strcmp(what, "has no local endpoints") == 0)
		kube_none(k, port, true, external);
	if (m.dst != NULL)
		kube_open(k, port, door, m.dst, m.port);
	else if (external)
		kube_node_port(k, port, m.port);
	if (r->target.kind == NF_T_JUMP || r->target.kind == NF_T_GOTO)
		kube_follow(k, port, r->target.chain, door != KUBE_CLUSTER);
}

static void
read_chains(struct kube *k)
{
	static const struct { const char *table, *chain; enum kube_table in; } rows[] = {
		{ "nat", "KUBE-SERVICES", IN_SERVICES },
		{ "nat", "KUBE-NODEPORTS", IN_NODEPORTS },
		{ "filter", "KUBE-SERVICES", IN_SERVICES },
		{ "filter", "KUBE-EXTERNAL-SERVICES", IN_EXTERNAL },
		{ "filter", "KUBE-NODEPORTS", IN_NODEPORTS_FILTER },
	};
	const struct state *s = k->s;

	for (uint32_t t = 0; t < s->nf_tables.n; t++)
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			uint32_t chain = s->nf_tables.v[t].nft ||
			    strcmp(s->nf_tables.v[t].name, rows[i].table) != 0 ?
			    STATE_NONE : state_find_chain(s, t, rows[i].chain);
			const struct nf_chain *c;

			if (chain == STATE_NONE)
				continue;
			c = &s->nf_chains.v[chain];
			for (uint32_t r = 0; r < c->n; r++)
				read_rule(k, &s->nf_rules.v[c->first + r], rows[i].in);
		}
}

/* ---- what was read, into the state */

static void
keep_addrs(struct kube *k, bool cluster)
{
	for (uint32_t i = 0; i < k->addrs.n; i++) {
		const struct kube_addr *a = &k->addrs.v[i];
		struct service *v = &k->s->services.v[a->service];
		uint32_t at = 0;

		if ((a->door == KUBE_CLUSTER) != cluster || v->addrs == NULL)
			continue;
		while (at < v->n_addrs && !addr_eq(&v->addrs[at], &a->addr))
			at++;
		if (at < v->n_addrs || at == MAX_ADDRS)
			continue;
		v->addrs[v->n_addrs++] = a->addr;
		if (cluster)
			v->n_cluster = v->n_addrs;
	}
}

/* The first are its cluster's.  Each port tells of all of them again. */
static void
give_addrs(struct kube *k)
{
	for (uint32_t i = 0; i < k->addrs.n; i++)
		k->s->services.v[k->addrs.v[i].service].n_addrs++;
	for (uint32_t i = k->told; i < k->s->services.n; i++) {
		struct service *v = &k->s->services.v[i];
		uint32_t n = v->n_addrs < MAX_ADDRS ? v->n_addrs : MAX_ADDRS;

		v->n_addrs = 0;
		v->addrs = n > 0 ? state_alloc(k->s, n * sizeof(*v->addrs)) : NULL;
	}
	keep_addrs(k, true);
	keep_addrs(k, false);
}

/* A load balancer shows by its address or its health check; whether a node port
   is one's without an address, the rules do not tell. */
static void
give_types(struct kube *k)
{
	struct state *s = k->s;

	for (uint32_t i = k->told; i < s->services.n; i++)
		s->services.v[i].type = s->services.v[i].health_port != 0 ?
		    "LoadBalancer" : s->services.v[i].n_addrs ==
		    s->services.v[i].n_cluster ? "ClusterIP" : NULL;
	for (uint32_t i = 0; i < s->svc_ports.n; i++) {
		struct service *v = &s->services.v[s->svc_ports.v[i].service];

		if (v->derived && s->svc_ports.v[i].node_port != 0 &&
		    v->health_port == 0)
			v->type = NULL;
	}
	for (uint32_t i = 0; i < k->addrs.n; i++)
		if (k->addrs.v[i].door == KUBE_BALANCER)
			s->services.v[k->addrs.v[i].service].type = "LoadBalancer";
}

/* Of kubectl's endpoints: those that the rules of their port do not lead to. */
static void
give_use(struct kube *k)
{
	for (uint32_t i = 0; i < k->s->endpoints.n; i++) {
		struct endpoint *e = &k->s->endpoints.v[i];
		const char *name = e->port_name != NULL ? e->port_name : "";
		uint32_t p;

		if (e->in_rules == IN_RULES_YES || e->service >= k->s->services.n)
			continue;
		p = find_port(k, e->service, name, strlen(name), e->proto);
		if (p != STATE_NONE && (k->ports.v[p].led || k->ports.v[p].none))
			e->in_rules = IN_RULES_NO;
	}
	for (uint32_t i = 0; i < k->ports.n; i++)
		if (k->ports.v[i].led || k->ports.v[i].none)
			k->s->services.v[k->ports.v[i].service].endpoints_known = true;
}

/* ---- */

static void
kube_begin(struct kube *k, struct state *s)
{
	*k = (struct kube){ .s = s, .told = s->services.n,
	    .fill = s->endpoints.n == 0 };
	k->followed = calloc(s->nf_chains.n + 1, 1);
	/* Half of all chains are endpoints', where there are many. */
	k->failed = k->followed == NULL ||
	    !map_reserve(&k->by_service, s->services.n + s->nf_chains.n / 4) ||
	    !map_reserve(&k->by_port, s->nf_chains.n / 4) ||
	    !map_reserve(&k->by_endpoint, s->endpoints.n + s->nf_chains.n / 2);
	for (uint32_t i = 0; !k->failed && i < s->services.n; i++) {
		const struct service *v = &s->services.v[i];

		k->failed = !map_add(&k->by_service, hash_names(v->ns, strlen(v->ns),
		    v->name, strlen(v->name)), i);
	}
	for (uint32_t i = 0; !k->failed && i < s->endpoints.n; i++) {
		const struct endpoint *e = &s->endpoints.v[i];

		if (e->service < s->services.n)
			k->failed = !map_add(&k->by_endpoint, hash_endpoint(e->service,
			    &e->addr, e->port, e->proto), i);
	}
	/* Slices were listed: a Service without any has none. */
	for (uint32_t i = 0; i < s->services.n; i++)
		s->services.v[i].endpoints_known = s->endpoints.n > 0;
}

bool
kube_rules_read(struct state *s)
{
	struct kube k;

	kube_begin(&k, s);
	if (!k.failed && s->nf_chains.n > 0) {
		read_chains(&k);
		kube_nft_read(&k);
		give_addrs(&k);
		give_types(&k);
		give_use(&k);
	}
	map_free(&k.by_service);
	map_free(&k.by_port);
	map_free(&k.by_endpoint);
	map_free(&k.cluster_ips);
	free(k.ports.v);
	free(k.addrs.v);
	free(k.followed);
	return !k.failed && !s->no_memory;
}

void
kube_rules_forget(struct state *s)
{
	uint32_t n = 0;

	while (n < s->services.n && !s->services.v[n].derived)
		n++;
	s->services.n = n;
	for (uint32_t i = 0; i < s->svc_ports.n; i++)
		if (s->svc_ports.v[i].service >= n)
			s->svc_ports.n = i;
	for (uint32_t i = 0; i < s->endpoints.n; i++) {
		s->endpoints.v[i].in_rules = IN_RULES_UNKNOWN;
		if (s->endpoints.v[i].derived)
			s->endpoints.n = i;
	}
}
