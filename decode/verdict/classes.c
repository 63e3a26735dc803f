/* SPDX-License-Identifier: GPL-2.0-or-later */
/* classes.c - see classes.h. */
#include "decode/verdict/classes.h"

#include <stdlib.h>
#include <string.h>

#define CACHE_SIZE	4096u

struct cached {
	struct addr	addr;
	uint32_t	class;		/* 0: empty */
};

/* Source; destination of any address; of one that has rules for ports. */
enum side { SRC, DST_ANY, DST_OWN, N_SIDES };

struct classes {
	struct addr	*bounds;	/* sorted: where a new class begins */
	uint32_t	n, room;
	bool		failed;
	uint8_t		*has_ports;	/* by class: some rule looks at the port there */
	struct prefix	*with_ports;	/* those addresses, until settled */
	uint32_t	n_with, room_with;
	uint16_t	ports[N_SIDES][65536];
	struct cached	cache[CACHE_SIZE];
};

/* ---- boundaries */

static void
add_bound(struct classes *c, const struct addr *a)
{
	uint32_t room = c->room ? c->room * 2 : 1024;
	struct addr *p;

	if (c->n == c->room) {
		p = c->failed ? NULL : realloc(c->bounds, room * sizeof(*p));
		if (p == NULL) {
			c->failed = true;
			return;
		}
		c->bounds = p;
		c->room = room;
	}
	c->bounds[c->n++] = *a;
}

/* The address after; false past the last. */
static bool
next_addr(struct addr *a)
{
	for (int i = 15; i >= 0; i--)
		if (++a->b[i] != 0)
			return true;
	return false;
}

static void
add_range(struct classes *c, const struct addr *first, const struct addr *last)
{
	struct addr after = *last;

	add_bound(c, first);
	if (next_addr(&after))
		add_bound(c, &after);
}

static struct addr
last_of(const struct prefix *p)
{
	struct addr last = p->addr;

	for (unsigned bit = p->len; bit < 128; bit++)
		last.b[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	return last;
}

static void
add_prefix(struct classes *c, const struct prefix *p)
{
	struct addr last = last_of(p);

	add_range(c, &p->addr, &last);
}

static void
add_addr(struct classes *c, const struct addr *a)
{
	add_range(c, a, a);
}

static void
add_ports(struct classes *c, enum side side, const struct nf_ports *p)
{
	c->ports[side][p->lo] = 1;
	if (p->hi < UINT16_MAX)
		c->ports[side][p->hi + 1] = 1;
	if (side == DST_ANY)
		add_ports(c, DST_OWN, p);
}

static void
add_port(struct classes *c, uint16_t port)
{
	add_ports(c, DST_OWN, &(struct nf_ports){ port, port });
}

static void
add_with_ports(struct classes *c, const struct addr *a, uint8_t len)
{
	uint32_t room = c->room_with ? c->room_with * 2 : 256;
	struct prefix *p;

	if (c->n_with == c->room_with) {
		p = c->failed ? NULL : realloc(c->with_ports, room * sizeof(*p));
		if (p == NULL) {
			c->failed = true;
			return;
		}
		c->with_ports = p;
		c->room_with = room;
	}
	c->with_ports[c->n_with++] = prefix_of(a, len);
}

/* ---- everything that a state names */

static void
add_routing(struct classes *c, const struct state *s)
{
	for (uint32_t i = 0; i < s->rules.n; i++) {
		const struct iprule *r = &s->rules.v[i];

		if (r->has & RULE_FROM)
			add_prefix(c, &r->from);
		if (r->has & RULE_TO)
			add_prefix(c, &r->to);
		if (r->has & RULE_SPORT)
			add_ports(c, SRC, &r->sport);
		if (r->has & RULE_DPORT)
			add_ports(c, DST_ANY, &r->dport);
	}
	for (uint32_t i = 0; i < s->routes.n; i++) {
		add_prefix(c, &s->routes.v[i].dst);
		if (s->routes.v[i].has_via)
			add_addr(c, &s->routes.v[i].via);
		if (s->routes.v[i].has_src)
			add_addr(c, &s->routes.v[i].src);
	}
	for (uint32_t i = 0; i < s->addrs.n; i++) {
		struct prefix subnet = prefix_of(&s->addrs.v[i].addr, s->addrs.v[i].len);

		add_addr(c, &s->addrs.v[i].addr);
		add_prefix(c, &subnet);
	}
	for (uint32_t i = 0; i < s->neighs.n; i++)
		add_addr(c, &s->neighs.v[i].addr);
}

static void
add_match(struct classes *c, const struct nf_match *m)
{
	switch ((enum nf_match_kind)m->kind) {
	case NF_M_SADDR:
	case NF_M_DADDR:
		add_prefix(c, &m->prefix);
		break;
	case NF_M_SRANGE:
	case NF_M_DRANGE:
		add_range(c, &m->range[0], &m->range[1]);
		break;
	default:
		break;
	}
}

static void
add_target(struct classes *c, const struct nf_target *t)
{
	if ((t->kind != NF_T_SNAT && t->kind != NF_T_DNAT) || t->nat == NULL)
		return;
	if (t->nat->flags & NF_NAT_ADDR)
		add_range(c, &t->nat->lo, &t->nat->hi);
	if (t->nat->flags & NF_NAT_PORTS)
		add_ports(c, DST_OWN, &t->nat->ports);
}

/* ---- ports: which addresses have rules for them */

static const struct nf_match *
find_match(const struct state *s, const struct nf_rule *r, enum nf_match_kind kind)
{
	for (unsigned i = 0; i < r->n_matches; i++) {
		const struct nf_match *m = &s->nf_matches.v[r->first_match + i];

		if (m->kind == kind && !m->invert)
			return m;
	}
	return NULL;
}

/* Is a rule only for what is addressed to the node itself? */
static bool
is_for_local(const struct state *s, const struct nf_rule *r)
{
	const struct nf_match *m = find_match(s, r, NF_M_DST_TYPE);

	return m != NULL && (m->types & ~(uint32_t)(NF_A_LIMIT_IN | NF_A_LIMIT_OUT)) ==
	    NF_A_LOCAL;
}

/* Chains that only such rules lead to: 1; others that some rule leads to: 2. */
static uint8_t *
find_local_chains(const struct state *s)
{
	uint8_t *how = calloc(s->nf_chains.n + 1, 1);

	for (uint32_t i = 0; how != NULL && i < s->nf_rules.n; i++) {
		const struct nf_rule *r = &s->nf_rules.v[i];

		if ((r->target.kind != NF_T_JUMP && r->target.kind != NF_T_GOTO) ||
		    r->target.chain >= s->nf_chains.n)
			continue;
		how[r->target.chain] |= is_for_local(s, r) ? 1 : 2;
	}
	/* An element of a map leads anywhere. */
	for (uint32_t i = 0; how != NULL && i < s->nf_elems.n; i++) {
		const struct nf_target *t = &s->nf_elems.v[i].verdict;

		if ((t->kind == NF_T_JUMP || t->kind == NF_T_GOTO) &&
		    t->chain < s->nf_chains.n)
			how[t->chain] |= 2;
	}
	return how;
}

/* A rule that looks at ports: of which addresses? */
static void
add_port_rule(struct classes *c, const struct state *s, const struct nf_rule *r,
    bool local)
{
	const struct nf_match *dst = find_match(s, r, NF_M_DADDR);
	bool own = local || is_for_local(s, r);

	if (dst != NULL && dst->prefix.len == 128) {
		add_with_ports(c, &dst->prefix.addr, 128);
		own = true;
	}
	for (unsigned i = 0; i < r->n_matches; i++) {
		const struct nf_match *m = &s->nf_matches.v[r->first_match + i];

		if (m->kind != NF_M_SPORT && m->kind != NF_M_DPORT && m->kind != NF_M_PORT)
			continue;
		for (unsigned k = 0; k < m->n_ports; k++) {
			if (m->kind != NF_M_DPORT)
				add_ports(c, SRC, &m->ports[k]);
			if (m->kind != NF_M_SPORT)
				add_ports(c, own ? DST_OWN : DST_ANY, &m->ports[k]);
		}
	}
}

static void
add_port_rules(struct classes *c, const struct state *s)
{
	uint8_t *how = find_local_chains(s);

	if (how == NULL) {
		c->failed = true;
		return;
	}
	for (uint32_t i = 0; i < s->nf_rules.n; i++)
		add_port_rule(c, s, &s->nf_rules.v[i],
		    how[s->nf_rules.v[i].chain] == 1);
	free(how);
	/* The node's own addresses have node ports. */
	for (uint32_t i = 0; i < s->addrs.n; i++)
		add_with_ports(c, &s->addrs.v[i].addr, 128);
	for (uint32_t i = 0; i < s->routes.n; i++)
		if (s->routes.v[i].type == ROUTE_LOCAL)
			add_with_ports(c, &s->routes.v[i].dst.addr,
			    s->routes.v[i].dst.len);
	for (uint32_t i = 0; i < s->services.n; i++)
		for (uint32_t k = 0; k < s->services.v[i].n_addrs; k++)
			add_with_ports(c, &s->services.v[i].addrs[k], 128);
	for (uint32_t i = 0; i < s->nodes.n; i++)
		for (unsigned k = 0; k < s->nodes.v[i].n_addrs; k++)
			add_with_ports(c, &s->nodes.v[i].addrs[k], 128);
}

static void
add_netfilter(struct classes *c, const struct state *s)
{
	for (uint32_t i = 0; i < s->nf_matches.n; i++)
		add_match(c, &s->nf_matches.v[i]);
	for (uint32_t i = 0; i < s->nf_rules.n; i++)
		add_target(c, &s->nf_rules.v[i].target);
	for (uint32_t i = 0; i < s->nf_sets.n; i++) {
		const struct nf_set *set = &s->nf_sets.v[i];

		for (uint32_t k = 0; k < set->n; k++) {
			const struct nf_elem *e = &s->nf_elems.v[set->first + k];

			if (set->keys & NF_K_SADDR)
				add_prefix(c, &e->saddr);
			if (set->keys & NF_K_DADDR)
				add_prefix(c, &e->daddr);
			if (set->keys & NF_K_SPORT)
				add_ports(c, SRC, &e->sport);
			if (set->keys & NF_K_DPORT)
				add_ports(c, DST_ANY, &e->dport);
		}
	}
}

static void
add_owners(struct classes *c, const struct state *s)
{
	for (uint32_t i = 0; i < s->pods.n; i++)
		for (unsigned k = 0; k < s->pods.v[i].n_addrs; k++)
			add_addr(c, &s->pods.v[i].addrs[k]);
	for (uint32_t i = 0; i < s->eni_addrs.n; i++)
		add_prefix(c, &s->eni_addrs.v[i].prefix);
	for (uint32_t i = 0; i < s->nodes.n; i++)
		for (unsigned k = 0; k < s->nodes.v[i].n_addrs; k++)
			add_addr(c, &s->nodes.v[i].addrs[k]);
	for (uint32_t i = 0; i < s->services.n; i++)
		for (uint32_t k = 0; k < s->services.v[i].n_addrs; k++)
			add_addr(c, &s->services.v[i].addrs[k]);
	for (uint32_t i = 0; i < s->svc_ports.n; i++) {
		add_port(c, s->svc_ports.v[i].port);
		add_port(c, s->svc_ports.v[i].node_port);
	}
	for (uint32_t i = 0; i < s->endpoints.n; i++) {
		add_addr(c, &s->endpoints.v[i].addr);
		add_port(c, s->endpoints.v[i].port);
	}
	for (uint32_t i = 0; i < s->cni.excluded.n; i++)
		add_prefix(c, &s->cni.excluded.v[i]);
	for (uint32_t i = 0; i < s->cni.external_services.n; i++)
		add_prefix(c, &s->cni.external_services.v[i]);
}

/* RFC 6890's special ranges, and those that AWS uses on its own. */
static const char *const special[] = {
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
	"169.254.169.254", "169.254.172.0/22", "169.254.170.23", "169.254.20.10",
	"169.254.169.253", "169.254.169.123", "172.16.0.0/12", "192.0.0.0/24",
	"192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.19.0.0/16",
	"198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
	"255.255.255.255", "::", "::1", "64:ff9b::/96", "100::/64", "2001::/23",
	"2001:db8::/32", "2002::/16", "2000::/3", "fc00::/7", "fd00:ec2::/32",
	"fd00::ac:0/118", "fe80::/10", "fe80:ec2::1", "ff00::/8", "::ffff:0.0.0.0/96",
};

static int
by_addr(const void *x, const void *y)
{
	return memcmp(x, y, sizeof(struct addr));
}

static void
settle(struct classes *c)
{
	uint32_t n = 0;

	qsort(c->bounds, c->n, sizeof(*c->bounds), by_addr);
	for (uint32_t i = 0; i < c->n; i++)
		if (n == 0 || !addr_eq(&c->bounds[n - 1], &c->bounds[i]))
			c->bounds[n++] = c->bounds[i];
	c->n = n;
	for (unsigned side = 0; side < N_SIDES; side++)
		for (uint32_t i = 1; i < 65536; i++)
			c->ports[side][i] = (uint16_t)(c->ports[side][i] +
			    c->ports[side][i - 1]);
}

/* How many boundaries are at or before it; 0 is before the first. */
static uint32_t
search(const struct classes *c, const struct addr *a)
{
	uint32_t lo = 0, hi = c->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (memcmp(c->bounds[mid].b, a->b, sizeof(a->b)) <= 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static bool
settle_ports(struct classes *c)
{
	c->has_ports = calloc(c->n + 2, 1);
	if (c->has_ports == NULL)
		return false;
	for (uint32_t i = 0; i < c->n_with; i++) {
		struct addr last = last_of(&c->with_ports[i]);
		uint32_t end = search(c, &last);

		for (uint32_t k = search(c, &c->with_ports[i].addr); k <= end; k++)
			c->has_ports[k + 1] = 1;
	}
	free(c->with_ports);
	c->with_ports = NULL;
	return true;
}

struct classes *
classes_new(const struct state *s)
{
	struct classes *c = calloc(1, sizeof(*c));
	struct prefix p;

	if (c == NULL)
		return NULL;
	add_routing(c, s);
	add_netfilter(c, s);
	add_owners(c, s);
	add_port_rules(c, s);
	for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++)
		if (prefix_parse(special[i], &p))
			add_prefix(c, &p);
	if (c->failed) {
		classes_free(c);
		return NULL;
	}
	settle(c);
	if (!settle_ports(c)) {
		classes_free(c);
		return NULL;
	}
	return c;
}

void
classes_free(struct classes *c)
{
	if (c == NULL)
		return;
	free(c->bounds);
	free(c->has_ports);
	free(c->with_ports);
	free(c);
}

uint32_t
classes_addr(struct classes *c, const struct addr *a)
{
	uint32_t w[4], h;
	struct cached *k;

	memcpy(w, a->b, sizeof(w));
	h = (w[0] * 31 + w[1]) * 31 + w[2];
	h = (h ^ w[3]) * 2654435761u;
	k = &c->cache[h >> 20];
	if (k->class == 0 || !addr_eq(&k->addr, a))
		*k = (struct cached){ *a, search(c, a) + 1 };
	return k->class;
}

uint16_t
classes_sport(const struct classes *c, uint16_t port)
{
	return c->ports[SRC][port];
}

uint16_t
classes_dport(const struct classes *c, uint32_t dst_class, uint16_t port)
{
	return c->ports[c->has_ports[dst_class] ? DST_OWN : DST_ANY][port];
}
