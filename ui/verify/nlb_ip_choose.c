/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nlb_ip_choose.c - which connections podpath verify nlb-ip judges: what came from
 * outside the cluster to a target.
 *
 * Targets are the endpoints of Services of type LoadBalancer, or those that the
 * options name; where the state has no such Service, whatever pod of this node
 * gets connections from outside.  An endpoint stays a target when it goes.
 */
#include "ui/verify/nlb_ip_int.h"

#include <stdlib.h>
#include <string.h>

#include "ui/cli/complain.h"

#define MAX_GROUPS	4096
#define MAX_PODS	4096
#define MAX_TARGETS	65536

static bool
make_room(struct nlb *n, void **v, uint32_t have, uint32_t *room, size_t size)
{
	uint32_t want = *room != 0 ? 2 * *room : 16;
	void *p;

	if (have < *room)
		return true;
	p = reallocarray(*v, want, size);
	if (p == NULL) {
		n->verify->no_memory = true;
		return false;
	}
	*v = p;
	*room = want;
	return true;
}

static char *
copy(struct nlb *n, const char *s)
{
	char *p = strdup(s);

	if (p == NULL)
		n->verify->no_memory = true;
	return p;
}

/* ---- options */

static bool
parse_port(const char *s, uint16_t *port)
{
	char *end;
	unsigned long v = strtoul(s, &end, 10);

	if (*s < '0' || *s > '9' || *end != '\0' || v == 0 || v > UINT16_MAX)
		return false;
	*port = (uint16_t)v;
	return true;
}

/* 192.168.3.105:8080 or [2001:db8::1]:8080 */
static bool
parse_target(struct nlb *n, const char *s)
{
	const char *colon = strrchr(s, ':');
	char addr[ADDR_TEXT_MAX];
	size_t len = colon != NULL ? (size_t)(colon - s) : 0;
	bool bracket = len > 2 && s[0] == '[' && s[len - 1] == ']';

	if (colon == NULL || len >= sizeof(addr) + 2u * bracket ||
	    !parse_port(colon + 1, &n->target_port))
		return false;
	len -= 2u * bracket;
	memcpy(addr, s + bracket, len);
	addr[len] = '\0';
	n->has_target = true;
	return addr_parse(addr, &n->target) && addr_is_v4(&n->target) == !bracket;
}

bool
nlb_options(struct nlb *n, bool *usage)
{
	const struct verify_config *c = &n->verify->config;
	const char *name;

	if (c->target != NULL && !parse_target(n, c->target)) {
		complain("--target '%s': expected ADDRESS:PORT of a pod, such as "
		    "192.168.3.105:8080 or [2001:db8::1]:8080", c->target);
		*usage = true;
		return false;
	}
	if (c->service == NULL)
		return true;
	if (!verify_service_form(c->service, &name)) {
		*usage = true;
		return false;
	}
	n->ns = strndup(c->service, (size_t)(name - 1 - c->service));
	n->name = strdup(name);
	return n->ns != NULL && n->name != NULL;
}

void
nlb_chosen_free(struct nlb *n)
{
	for (uint32_t i = 0; i < n->n_groups; i++) {
		free(n->groups[i].ns);
		free(n->groups[i].name);
	}
	for (uint32_t i = 0; i < n->n_pods; i++)
		free(n->pods[i].name);
	free(n->groups);
	free(n->targets);
	free(n->pods);
	free(n->ns);
	free(n->name);
}

/* ---- groups */

static bool
is_group(const struct nlb_group *g, const char *ns, const char *name, uint16_t port)
{
	if (g->name == NULL || name == NULL)
		return g->name == NULL && name == NULL && g->port == port;
	return strcmp(g->name, name) == 0 && strcmp(g->ns, ns) == 0;
}

static uint32_t
find_group(struct nlb *n, const char *ns, const char *name, uint16_t port)
{
	struct nlb_group *g;

	if (ns == NULL)
		name = NULL;
	for (uint32_t i = 0; i < n->n_groups; i++)
		if (is_group(&n->groups[i], ns, name, port))
			return i;
	if (n->n_groups == MAX_GROUPS || !make_room(n, (void **)&n->groups, n->n_groups,
	    &n->room_groups, sizeof(*n->groups)))
		return NLB_NO_GROUP;
	g = &n->groups[n->n_groups];
	*g = (struct nlb_group){ .port = port, .lb = { -1, -1, -1, 0, 0, NULL, NULL } };
	if (name != NULL) {
		g->ns = copy(n, ns);
		g->name = copy(n, name);
	}
	if (name != NULL && (g->ns == NULL || g->name == NULL)) {
		free(g->ns);
		free(g->name);
		return NLB_NO_GROUP;
	}
	return n->n_groups++;
}

static uint32_t
group_of(struct nlb *n, const struct service *v)
{
	uint32_t g = find_group(n, v->ns, v->name, 0);

	if (g == NLB_NO_GROUP)
		return g;
	n->groups[g].lb = v->lb;
	n->groups[g].lb.check_path = n->groups[g].lb.hostname = NULL;
	n->groups[g].health_port = v->health_port;
	return g;
}

/* ---- targets of a state */

static bool
is_load_balancer(const struct service *v)
{
	return v->type != NULL && strcmp(v->type, "LoadBalancer") == 0;
}

static bool
is_wanted(const struct nlb *n, const struct service *v)
{
	if (n->name == NULL)
		return is_load_balancer(v);
	return v->ns != NULL && v->name != NULL && strcmp(v->ns, n->ns) == 0 &&
	    strcmp(v->name, n->name) == 0;
}

static int
by_place(const void *x, const void *y)
{
	const struct nlb_target *a = x, *b = y;
	int d = memcmp(a->addr.b, b->addr.b, sizeof(a->addr.b));

	if (d == 0)
		d = (a->port > b->port) - (a->port < b->port);
	return d != 0 ? d : (a->proto > b->proto) - (a->proto < b->proto);
}

/* The Service that was met first comes first, and stays. */
static int
by_place_and_group(const void *x, const void *y)
{
	const struct nlb_target *a = x, *b = y;
	int d = by_place(x, y);

	return d != 0 ? d : (a->group > b->group) - (a->group < b->group);
}

static void
sort_targets(struct nlb *n)
{
	uint32_t kept = 0;

	if (n->n_targets == 0)
		return;
	qsort(n->targets, n->n_targets, sizeof(*n->targets), by_place_and_group);
	for (uint32_t i = 1; i < n->n_targets; i++)
		if (by_place(&n->targets[kept], &n->targets[i]) != 0)
			n->targets[++kept] = n->targets[i];
	n->n_targets = kept + 1;
}

static void
add_target(struct nlb *n, const struct addr *a, uint16_t port, uint8_t proto,
    uint32_t group)
{
	if (group == NLB_NO_GROUP || n->n_targets == MAX_TARGETS ||
	    !make_room(n, (void **)&n->targets, n->n_targets, &n->room_targets,
	    sizeof(*n->targets)))
		return;
	n->targets[n->n_targets++] = (struct nlb_target){ .addr = *a, .port = port,
	    .proto = proto, .group = group };
}

static void
look_at_state(struct nlb *n, const struct state *s)
{
	if (n->state == s && n->services == s->services.v &&
	    n->endpoints == s->endpoints.v)
		return;
	n->state = s;
	n->services = s->services.v;
	n->endpoints = s->endpoints.v;
	for (uint32_t i = 0; i < s->services.n; i++)
		if (is_wanted(n, &s->services.v[i])) {
			group_of(n, &s->services.v[i]);
			n->chosen = true;
		}
	for (uint32_t i = 0; i < s->endpoints.n; i++) {
		const struct endpoint *e = &s->endpoints.v[i];

		if (e->service < s->services.n &&
		    is_wanted(n, &s->services.v[e->service]))
			add_target(n, &e->addr, e->port, e->proto,
			    group_of(n, &s->services.v[e->service]));
	}
	sort_targets(n);
}

static const struct nlb_target *
find_target(const struct nlb *n, const struct addr *a, uint16_t port, uint8_t proto)
{
	struct nlb_target key = { .addr = *a, .port = port, .proto = proto };

	return n->n_targets == 0 ? NULL : bsearch(&key, n->targets, n->n_targets,
	    sizeof(key), by_place);
}

bool
nlb_knows_checks(const struct nlb *n, const struct balance_target *b)
{
	const struct nlb_target *t = find_target(n, &b->addr, b->port, b->proto);

	return b->checks > 0 || t == NULL || t->by_eni;
}

static void
keep_by_eni(struct nlb *n, const struct nlb_conn *c)
{
	struct nlb_target key = { .addr = c->addr, .port = c->port,
		.proto = c->flow->proto }, *t;

	if (!c->has_target || c->flow->node.eni == NULL || n->n_targets == 0)
		return;
	t = bsearch(&key, n->targets, n->n_targets, sizeof(key), by_place);
	if (t != NULL)
		t->by_eni = true;
}

/* The Service that has this endpoint; a port where none has.  It is a target from
   now on, which is found faster. */
static uint32_t
group_of_endpoint(struct nlb *n, const struct state *s, const struct addr *a,
    uint16_t port, uint8_t proto)
{
	uint32_t group = NLB_NO_GROUP;

	for (uint32_t i = 0; i < s->endpoints.n; i++) {
		const struct endpoint *e = &s->endpoints.v[i];

		if (e->port != port || e->proto != proto || !addr_eq(&e->addr, a) ||
		    e->service >= s->services.n)
			continue;
		group = group_of(n, &s->services.v[e->service]);
		break;
	}
	if (group == NLB_NO_GROUP)
		group = find_group(n, NULL, NULL, port);
	add_target(n, a, port, proto, group);
	sort_targets(n);
	return group;
}

/* ---- the connection */

static bool
is_pod_here(const struct nlb_conn *c, const struct addr *a)
{
	struct owner o;

	if (c->contract == NULL)
		return false;
	contract_owner(c->contract, a, &o);
	return o.kind == OWNER_POD && !o.egress;
}

static bool
take_target(struct nlb *n, struct nlb_conn *c, const struct addr *a, uint16_t port)
{
	const struct nlb_target *t = find_target(n, a, port, c->flow->proto);

	if (n->has_target && (port != n->target_port || !addr_eq(a, &n->target)))
		return false;
	if (c->node_port != NULL && !n->has_target && !n->chosen && n->name == NULL &&
	    is_pod_here(c, a))
		c->group = group_of(n, &c->state->services.v[c->node_port->service]);
	else if (t != NULL)
		c->group = t->group;
	else if (n->has_target || (!n->chosen && n->name == NULL && is_pod_here(c, a)))
		c->group = n->name != NULL ? NLB_NO_GROUP :
		    group_of_endpoint(n, c->state, a, port, c->flow->proto);
	else
		return false;
	c->has_target = true;
	c->addr = *a;
	c->port = port;
	return c->group != NLB_NO_GROUP;
}

/* It came for a node port, and was translated to no target: dropped before, or its
   way was not seen. */
static bool
take_node_port(struct nlb *n, struct nlb_conn *c)
{
	const struct service *v;

	if (c->node_port == NULL || n->has_target)
		return false;
	v = &c->state->services.v[c->node_port->service];
	if ((n->chosen || n->name != NULL) && !is_wanted(n, v))
		return false;
	c->group = group_of(n, v);
	return c->group != NLB_NO_GROUP;
}

static const struct svc_port *
node_port_of(const struct nlb_conn *c)
{
	const struct flow *f = c->flow;
	const struct svc_port *p;

	if (f->node.kind != KIND_NODEPORT)
		return NULL;
	p = state_node_port(c->state, f->original.dport, f->proto);
	return p != NULL && p->service < c->state->services.n ? p : NULL;
}

static bool
find_end(struct nlb *n, struct nlb_conn *c)
{
	const struct flow *f = c->flow;
	bool translated = (f->has & FLOW_TRANSLATED) && (f->nat & NAT_DNAT);

	return take_target(n, c, &f->original.dst, f->original.dport) ||
	    (translated && take_target(n, c, &f->translated.dst, f->translated.dport)) ||
	    take_node_port(n, c);
}

/* From no pod and no node of this cluster. */
static bool
is_from_outside(const struct nlb_conn *c)
{
	const struct addr *src = &c->flow->original.src;
	struct owner o;

	if (present_has_finding(c->flow, "hairpin"))
		return true;
	if (state_pod_addr(c->state, src) != NULL ||
	    state_node_addr(c->state, src) != NULL)
		return false;
	if (c->contract == NULL)
		return true;
	contract_owner(c->contract, src, &o);
	return o.kind == OWNER_ELSEWHERE || o.kind == OWNER_OUTSIDE ||
	    o.kind == OWNER_UNKNOWN;
}

static void
keep_pod(struct nlb *n, const struct pod *p, const struct addr *a)
{
	char name[PRESENT_NAME_MAX];

	if (!present_pod(p, name) || nlb_pod_name(n, a) != NULL)
		return;
	if (n->n_pods == MAX_PODS || !make_room(n, (void **)&n->pods, n->n_pods,
	    &n->room_pods, sizeof(*n->pods)))
		return;
	n->pods[n->n_pods] = (struct nlb_pod){ *a, copy(n, name) };
	n->n_pods += n->pods[n->n_pods].name != NULL;
}

const char *
nlb_pod_name(const struct nlb *n, const struct addr *a)
{
	for (uint32_t i = 0; i < n->n_pods; i++)
		if (addr_eq(&n->pods[i].addr, a))
			return n->pods[i].name;
	return NULL;
}

static bool
has_received(const struct nlb *n, const struct nlb_target *t)
{
	uint32_t n_targets;
	const struct balance_target *b = balance_targets(n->balance, &n_targets);

	for (uint32_t i = 0; i < n_targets; i++)
		if (b[i].port == t->port && b[i].proto == t->proto &&
		    addr_eq(&b[i].addr, &t->addr))
			return true;
	return false;
}

/* Only of Services that were looked for it is known who else is a target. */
void
nlb_find_silent(struct nlb *n, const struct state *s, const struct contract *c)
{
	uint32_t n_targets;
	struct owner o;

	balance_targets(n->balance, &n_targets);
	if (n->has_target || !n->chosen || s == NULL || c == NULL || n_targets == 0 ||
	    balance_more(n->balance))
		return;
	for (uint32_t i = 0; i < n->n_targets; i++) {
		struct nlb_target *t = &n->targets[i];

		contract_owner(c, &t->addr, &o);
		if (o.kind != OWNER_POD || o.egress || has_received(n, t))
			continue;
		t->silent = true;
		keep_pod(n, state_pod_addr(s, &t->addr), &t->addr);
	}
}

/* The load balancer asks kube-proxy whether this node has an endpoint. */
static bool
is_node_check(struct nlb *n, struct nlb_conn *c)
{
	const struct flow *f = c->flow;
	const struct service *v = f->proto == PROTO_TCP ?
	    state_health_service(c->state, f->original.dport) : NULL;
	struct owner o;

	if (v == NULL || c->contract == NULL || n->has_target || (n->name != NULL &&
	    !is_wanted(n, v)) || !is_from_outside(c))
		return false;
	contract_owner(c->contract, &f->original.dst, &o);
	if (o.kind != OWNER_NODE)
		return false;
	c->group = group_of(n, v);
	if (c->group != NLB_NO_GROUP)
		n->groups[c->group].health_conns++;
	return true;
}

bool
nlb_choose(struct nlb *n, const struct flow *f, const struct naming *names,
    struct nlb_conn *c)
{
	*c = (struct nlb_conn){ .flow = f, .names = names, .group = NLB_NO_GROUP };
	if (names->state != NULL)
		c->state = names->state(names->arg);
	if (c->state == NULL)
		return false;
	if (names->contract != NULL)
		c->contract = names->contract(names->arg);
	n->any_state = true;
	n->any_contract |= c->contract != NULL;
	look_at_state(n, c->state);
	if (f->proto != PROTO_TCP && f->proto != PROTO_UDP)
		return false;
	c->node_port = node_port_of(c);
	if (is_node_check(n, c) || !find_end(n, c))
		return false;
	if (!is_from_outside(c)) {
		n->from_inside++;
		return false;
	}
	keep_pod(n, f->node.pod, &f->node.pod_ip);
	keep_by_eni(n, c);
	return true;
}
