/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shares.c - connections of Services, counted by endpoint and zone; see shares.h. */
#include "decode/app/shares_int.h"

#include <stdlib.h>
#include <string.h>

#include "decode/app/stale.h"

struct shares *
shares_new(void)
{
	struct shares *sh = calloc(1, sizeof(*sh));

	if (sh == NULL)
		return NULL;
	sh->v = calloc(SHARES_PORTS, sizeof(struct port *));
	if (sh->v == NULL) {
		free(sh);
		return NULL;
	}
	return sh;
}

void
shares_free(struct shares *sh)
{
	if (sh == NULL)
		return;
	for (uint32_t i = 0; i < sh->n; i++) {
		free(sh->v[i]->v);
		free(sh->v[i]->slots);
		free(sh->v[i]);
	}
	for (uint32_t i = 0; i < TEXT_SLOTS; i++)
		for (struct text *t = sh->texts[i], *next; t != NULL; t = next) {
			next = t->next;
			free(t);
		}
	free(sh->v);
	free(sh);
}

/* ---- texts: each once, so that zones are compared by pointer */

static uint32_t
hash_text(uint32_t h, const char *s)
{
	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * 16777619u;
	return h ^ h >> 15;
}

static const char *
keep(struct shares *sh, const char *s)
{
	struct text **at, *t;

	if (s == NULL)
		return NULL;
	at = &sh->texts[hash_text(2166136261u, s) % TEXT_SLOTS];
	for (t = *at; t != NULL; t = t->next)
		if (strcmp(t->text, s) == 0)
			return t->text;
	t = malloc(sizeof(*t) + strlen(s) + 1);
	if (t == NULL)
		return NULL;
	strcpy(t->text, s);
	t->next = *at;
	*at = t;
	return t->text;
}

/* ---- ports */

bool
shares_same_text(const char *x, const char *y)
{
	return strcmp(x != NULL ? x : "", y != NULL ? y : "") == 0;
}

static uint32_t
hash_port(const char *ns, const char *name, const char *port, uint8_t proto,
    bool external)
{
	uint32_t h = hash_text(2166136261u + proto + (external ? 256u : 0), ns);

	return hash_text(hash_text(h, name), port != NULL ? port : "");
}

static struct port *
port_add(struct shares *sh, const char *ns, const char *name, const char *port_name,
    uint8_t proto, bool external, uint32_t slot)
{
	struct port *p = sh->n < SHARES_PORTS ? calloc(1, sizeof(*p)) : NULL;

	if (p == NULL)
		return NULL;
	p->p.ns = keep(sh, ns);
	p->p.name = keep(sh, name);
	p->p.port_name = keep(sh, port_name);
	p->p.proto = proto;
	p->p.external = external;
	if (p->p.ns == NULL || p->p.name == NULL) {
		free(p);
		return NULL;
	}
	sh->v[sh->n++] = p;
	sh->slots[slot] = sh->n;
	return p;
}

/* *fresh: it was not there before. */
static struct port *
port_of(struct shares *sh, const struct svc_port *sp, const struct service *v,
    bool external, bool *fresh)
{
	const char *name = sp->name != NULL && sp->name[0] != '\0' ? sp->name : NULL;
	uint32_t at = hash_port(v->ns, v->name, name, sp->proto, external);

	*fresh = false;
	for (at &= N_SLOTS - 1; sh->slots[at] != 0; at = (at + 1) & (N_SLOTS - 1)) {
		struct port *p = sh->v[sh->slots[at] - 1];

		if (p->p.proto == sp->proto && p->p.external == external &&
		    strcmp(p->p.ns, v->ns) == 0 && strcmp(p->p.name, v->name) == 0 &&
		    shares_same_text(p->p.port_name, name) &&
		    (name != NULL || p->p.port == sp->port))
			return p;
	}
	*fresh = true;
	return port_add(sh, v->ns, v->name, name, sp->proto, external, at);
}

void
shares_index(struct shares *sh)
{
	memset(sh->slots, 0, sizeof(sh->slots));
	for (uint32_t i = 0; i < sh->n; i++) {
		const struct share_port *p = &sh->v[i]->p;
		uint32_t at = hash_port(p->ns, p->name, p->port_name, p->proto,
		    p->external) & (N_SLOTS - 1);

		while (sh->slots[at] != 0)
			at = (at + 1) & (N_SLOTS - 1);
		sh->slots[at] = i + 1;
	}
}

/* ---- endpoints */

static uint32_t
hash_end(const struct addr *a, uint16_t port)
{
	uint32_t h = 2166136261u ^ port, w[4];

	memcpy(w, a->b, sizeof(w));
	for (unsigned i = 0; i < 4; i++) {
		h = (h ^ w[i]) * 0x9e3779b1u;
		h ^= h >> 15;
	}
	return h;
}

static void
endpoint_index(struct port *p, uint32_t i)
{
	uint32_t at = hash_end(&p->v[i].addr, p->v[i].port) & (p->n_slots - 1);

	while (p->slots[at] != 0)
		at = (at + 1) & (p->n_slots - 1);
	p->slots[at] = i + 1;
}

bool
shares_rehash(struct port *p, uint32_t n_slots)
{
	uint32_t *slots = calloc(n_slots, sizeof(*slots));

	if (slots == NULL)
		return false;
	free(p->slots);
	p->slots = slots;
	p->n_slots = n_slots;
	for (uint32_t i = 0; i < p->p.n_endpoints; i++)
		endpoint_index(p, i);
	return true;
}

static struct share_endpoint *
endpoint_find(const struct port *p, const struct addr *a, uint16_t port)
{
	uint32_t mask = p->n_slots - 1, at = hash_end(a, port) & mask;

	for (; p->n_slots > 0 && p->slots[at] != 0; at = (at + 1) & mask) {
		struct share_endpoint *e = &p->v[p->slots[at] - 1];

		if (e->port == port && addr_eq(&e->addr, a))
			return e;
	}
	return NULL;
}

static struct share_endpoint *
endpoint_of(struct shares *sh, struct port *p, const struct addr *a, uint16_t port,
    bool *fresh)
{
	struct share_endpoint *e = endpoint_find(p, a, port);
	uint32_t n = p->p.n_endpoints;

	*fresh = e == NULL;
	if (e != NULL)
		return e;
	if (sh->n_endpoints >= SHARES_ENDPOINTS)
		return NULL;
	if (n == p->room) {
		uint32_t room = p->room != 0 ? p->room * 2 : 4;

		e = realloc(p->v, room * sizeof(*e));
		if (e == NULL)
			return NULL;
		p->v = e;
		p->room = room;
	}
	if (n + 1 > p->n_slots / 2 && !shares_rehash(p, p->room * 4))
		return NULL;
	p->v[n] = (struct share_endpoint){ .addr = *a, .port = port };
	p->p.n_endpoints++;
	sh->n_endpoints++;
	endpoint_index(p, n);
	return &p->v[n];
}

/* Is it one of this node?  1, 0, or -1: not known. */
static int
is_local(const struct state *s, const struct place_names *place)
{
	const struct node *here = state_this_node(s);

	if (here == NULL || here->name == NULL || place->node == NULL)
		return -1;
	return strcmp(here->name, place->node) == 0;
}

static void
endpoint_describe(struct shares *sh, const struct state *s, const struct port *p,
    const struct service *v, const struct endpoint *from, struct share_endpoint *e)
{
	struct place_names place = state_endpoint_place(s, from);
	bool local = p->p.external ? v->external_policy == POLICY_LOCAL :
	    v->internal_policy == POLICY_LOCAL;

	e->ns = keep(sh, place.ns);
	e->pod = keep(sh, place.pod);
	e->node = keep(sh, place.node);
	e->zone = keep(sh, place.zone);
	e->listed = true;
	e->ready = from->ready && !from->terminating;
	e->eligible = e->ready && from->in_rules != IN_RULES_NO &&
	    !(local && is_local(s, &place) == 0);
}

void
shares_refresh(struct shares *sh, struct port *p, const struct state *s,
    const struct svc_port *sp, bool first)
{
	const struct service *v = &s->services.v[sp->service];
	const struct endpoint *from = NULL;
	uint32_t was = p->p.n_endpoints;

	p->known = v->endpoints_known;
	p->affinity = v->affinity;
	p->p.port = sp->port;
	p->node_port = sp->node_port;
	p->has_addr = v->n_addrs > 0;
	if (p->has_addr)
		p->addr = v->addrs[0];
	for (uint32_t i = 0; i < was; i++)
		p->v[i].listed = p->v[i].ready = false;
	while ((from = state_endpoint_next(s, sp->service, from)) != NULL) {
		struct share_endpoint *e;
		bool fresh, eligible;

		if (!endpoint_is_of(from, sp))
			continue;
		e = endpoint_of(sh, p, &from->addr, from->port, &fresh);
		if (e == NULL)
			continue;
		eligible = e->eligible;
		endpoint_describe(sh, s, p, v, from, e);
		p->changed |= !first && eligible != e->eligible;
	}
	for (uint32_t i = 0; i < was; i++)
		if (!p->v[i].listed) {
			p->changed |= p->v[i].eligible;
			p->v[i].eligible = false;
		}
}

/* ---- zones */

struct share_zone *
shares_zone(struct share_port *p, const char *name)
{
	for (unsigned i = 0; i < p->n_zones; i++)
		if (p->zones[i].name == name)
			return &p->zones[i];
	if (p->n_zones == SHARES_ZONES)
		return NULL;
	p->zones[p->n_zones] = (struct share_zone){ .name = name };
	return &p->zones[p->n_zones++];
}

/* Could it have stayed: was an endpoint ready in the zone?  Those that the rules
   do not lead to count: that is what zone-local is about. */
static bool
zone_ready(const struct port *p, const char *zone)
{
	for (uint32_t i = 0; i < p->p.n_endpoints; i++)
		if (p->v[i].zone == zone && p->v[i].ready)
			return true;
	return false;
}

static void
count_zones(struct shares *sh, struct port *p, const struct state *s,
    const struct flow *f, const struct share_endpoint *e)
{
	struct place_names client = state_addr_place(s, &f->original.src);
	const char *from = keep(sh, client.zone);
	struct share_zone *to = e->zone != NULL ? shares_zone(&p->p, e->zone) : NULL, *z;

	if (to != NULL)
		to->connections++;
	if (from == NULL) {
		p->p.client_unknown++;
		return;
	}
	if (to == NULL) {
		p->p.zone_unknown++;
		return;
	}
	z = shares_zone(&p->p, from);
	if (z != NULL)
		z->clients++;
	if (from == e->zone) {
		p->p.stayed++;
		if (z != NULL)
			z->stayed++;
	} else if (!zone_ready(p, from)) {
		p->p.left_none++;
	} else if (p->p.left++ == 0) {
		p->p.example.client = f->original.src;
		p->p.example.endpoint = e->addr;
		p->p.example.from = from;
		p->p.example.to = e->zone;
	}
}

/* ---- flows */

static bool
has_finding(const struct flow *f, const char *code)
{
	for (unsigned i = 0; i < f->n_findings; i++)
		if (strcmp(f->findings[i].code, code) == 0)
			return true;
	return false;
}

/* A TCP flow whose SYN was not seen was begun before: an answer, or what was told
   of it since, shows that it is more than a stray packet. */
static bool
is_connection(const struct flow *f)
{
	if (f->proto == PROTO_ICMP || f->proto == PROTO_ICMPV6 || f->node.service == NULL)
		return false;
	return f->proto != PROTO_TCP || f->tcp_state != TCPS_NONE ||
	    (f->request_packets > 0 && f->reply_packets > 0);
}

static void
count(struct shares *sh, struct port *p, const struct state *s, const struct flow *f)
{
	const struct tuple *x = &f->translated;
	bool answered = f->reply_packets > 0, fresh;
	struct share_endpoint *e;

	if (!(f->has & FLOW_TRANSLATED) || !(f->nat & NAT_DNAT)) {
		p->p.untranslated++;
		return;
	}
	e = endpoint_of(sh, p, &x->dst, x->dport, &fresh);
	if (e == NULL) {
		sh->left_out++;
		return;
	}
	if (fresh) {
		struct place_names place = state_addr_place(s, &x->dst);

		e->ns = keep(sh, place.ns);
		e->pod = keep(sh, place.pod);
		e->node = keep(sh, place.node);
		e->zone = keep(sh, place.zone);
	}
	p->p.connections++;
	p->p.answered += answered;
	e->connections++;
	e->answered += answered;
	if (has_finding(f, "endpoint-gone")) {
		p->changed = true;
		e->gone++;
		e->gone_answered += answered;
		e->stale += has_finding(f, "stale-conntrack");
	}
	count_zones(sh, p, s, f, e);
}

void
shares_flow(struct shares *sh, const struct state *s, const struct flow *f)
{
	const struct tuple *o = &f->original;
	const struct svc_port *sp;
	const struct service *v;
	struct port *p;
	bool fresh, external;

	if (s == NULL || !is_connection(f))
		return;
	sp = service_port_of(s, &o->dst, o->dport, o->proto, true);
	if (sp == NULL) {
		sh->left_out++;		/* the Service went meanwhile */
		return;
	}
	v = &s->services.v[sp->service];
	external = v->external_policy == POLICY_LOCAL && v->internal_policy !=
	    POLICY_LOCAL;
	for (uint32_t i = 0; external && i < v->n_cluster; i++)
		external = !addr_eq(&v->addrs[i], &o->dst);
	p = port_of(sh, sp, v, external, &fresh);
	if (p == NULL) {
		sh->left_out++;
		return;
	}
	if (fresh)
		shares_refresh(sh, p, s, sp, true);
	count(sh, p, s, f);
}

unsigned
shares_n(const struct shares *sh)
{
	return sh->n;
}

const struct share_port *
shares_get(const struct shares *sh, unsigned i)
{
	return i < sh->n ? &sh->v[i]->p : NULL;
}

uint64_t
shares_left_out(const struct shares *sh)
{
	return sh->left_out;
}
