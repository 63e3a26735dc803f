/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rules.c - policy rules in their order, as fib_rules_lookup() of
 * net/core/fib_rules.c walks them, and the tables that they lead to.
 */
#include <stdio.h>
#include <stdlib.h>

#include "decode/model/model_int.h"

static const char no_rules[] = "no policy rules in the state";
static const char no_routes[] = "no routes in the state";
static const char no_table[] =
    "the state has no routes of a table that a policy rule leads to";
static const char no_dev[] = "the route names no device";

enum holds { NO, YES, MAYBE };

static bool
has_ports(uint8_t proto)
{
	return proto == PROTO_TCP || proto == PROTO_UDP || proto == PROTO_SCTP ||
	    proto == 33 /* DCCP */ || proto == 136 /* UDP-Lite */;
}

void
key_of(struct key *k, const struct tuple *t, const char *iif, uint32_t mark)
{
	*k = (struct key){ .src = bits_of(&t->src), .dst = bits_of(&t->dst),
	    .iif = iif != NULL ? iif : "lo", .dev = NONE, .mark = mark,
	    .proto = t->proto };
	k->v6 = !bits_v4(k->dst);
	/* The tuple's ICMP ids are no ports to the kernel. */
	if (has_ports(t->proto)) {
		k->sport = t->sport;
		k->dport = t->dport;
	}
}

static bool
in_prefix(struct bits b, const struct prefix *p)
{
	return bits_eq(bits_mask(b, p->len), bits_mask(bits_of(&p->addr), p->len));
}

static bool
in_ports(uint16_t port, struct nf_ports range)
{
	return port >= range.lo && port <= range.hi;
}

static bool
device_is(const char *pattern, const char *name)
{
	return name != NULL && nf_name_matches(pattern, name);
}

/* fib_rule_match(); `not` turns the whole of it. */
static enum holds
rule_holds(const struct iprule *r, const struct key *k)
{
	bool inner = true;

	if (r->has & RULE_IIF_LOCAL)
		inner = strcmp(k->iif, "lo") == 0;
	else if (r->iif != NULL)
		inner = device_is(r->iif, k->iif);
	if (r->oif != NULL)
		inner = inner && device_is(r->oif, k->oif);
	if (r->has & RULE_MARK)
		inner = inner && ((r->mark ^ k->mark) & r->mask) == 0;
	if (r->has & RULE_FROM)
		inner = inner && in_prefix(k->src, &r->from);
	if (r->has & RULE_TO)
		inner = inner && in_prefix(k->dst, &r->to);
	if (r->has & RULE_PROTO)
		inner = inner && r->proto == k->proto;
	if (r->has & RULE_SPORT)
		inner = inner && in_ports(k->sport, r->sport);
	if (r->has & RULE_DPORT)
		inner = inner && in_ports(k->dport, r->dport);
	if (inner && r->has & RULE_ODD)
		return MAYBE;
	return inner != !!(r->has & RULE_NOT) ? YES : NO;
}

/* Rules that ask for one address, by that; the rest by walking. */
static void
index_rule(struct model *m, uint32_t i)
{
	const struct iprule *r = &m->s->rules.v[i];
	uint32_t owner = owner_rules(m, r->v6);

	if (!(r->has & RULE_NOT) && r->has & RULE_TO && r->to.len == 128)
		index_add(&m->index, owner, KEY_DADDR, bits_of(&r->to.addr), i);
	else if (!(r->has & RULE_NOT) && r->has & RULE_FROM && r->from.len == 128)
		index_add(&m->index, owner, KEY_SADDR, bits_of(&r->from.addr), i);
	else
		index_add(&m->index, owner, KEY_NONE, (struct bits){ 0, 0 }, i);
}

/* Are these the kernel's own three, of IPv4? */
static bool
is_default(const struct model *m)
{
	static const struct { uint32_t priority, table; } own[] = {
		{ 0, TABLE_LOCAL }, { 32766, TABLE_MAIN }, { 32767, TABLE_DEFAULT },
	};
	uint32_t n = m->end_rule[0] - m->first_rule[0];

	if (n != 3)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		const struct iprule *r = &m->s->rules.v[m->first_rule[0] + i];

		if (r->priority != own[i].priority || r->table != own[i].table ||
		    r->has != 0 || r->iif != NULL || r->oif != NULL ||
		    r->action != RULE_LOOKUP)
			return false;
	}
	return true;
}

bool
rules_new(struct model *m)
{
	const struct state *s = m->s;
	uint32_t n = s->rules.n;

	m->rule_table = calloc((size_t)n + 1, sizeof(*m->rule_table));
	m->rule_where = calloc((size_t)n + 1, sizeof(*m->rule_where));
	if (m->rule_table == NULL || m->rule_where == NULL)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		const struct iprule *r = &s->rules.v[i];

		if (i == 0 || s->rules.v[i - 1].v6 != r->v6)
			m->first_rule[r->v6] = i;
		m->end_rule[r->v6] = i + 1;
		if (r->action == RULE_LOOKUP)
			m->rule_table[i] = table_find(m, r->v6, r->table);
		snprintf(m->rule_where[i], sizeof(m->rule_where[i]), "ip rule %u",
		    r->priority);
		index_rule(m, i);
	}
	m->custom_rules = !is_default(m);
	return true;
}

/* The first rule of the priority that a goto names; NONE: not resolved. */
static uint32_t
goto_target(const struct model *m, const struct iprule *r, uint32_t from)
{
	for (uint32_t i = from; i < m->end_rule[r->v6]; i++)
		if (m->s->rules.v[i].priority == r->to_priority)
			return i;
	return NONE;
}

static const uint8_t type_ends[N_ROUTE_TYPES] = {
	[ROUTE_UNICAST] = ROUTE_TO, [ROUTE_LOCAL] = ROUTE_HERE,
	[ROUTE_ANYCAST] = ROUTE_HERE, [ROUTE_BROADCAST] = ROUTE_GROUP,
	[ROUTE_MULTICAST] = ROUTE_GROUP, [ROUTE_BLACKHOLE] = ROUTE_REFUSED,
	[ROUTE_UNREACHABLE] = ROUTE_REFUSED, [ROUTE_PROHIBIT] = ROUTE_REFUSED,
};

/* What a rule that holds does: false when the walk goes on behind it. */
static bool
rule_action(const struct model *m, uint32_t i, const struct key *k,
    struct found *out)
{
	const struct iprule *r = &m->s->rules.v[i];
	const struct table *t = m->rule_table[i];
	const struct rt *rt;
	unsigned len;

	*out = (struct found){ .rule = i };
	if (r->action != RULE_LOOKUP) {
		out->end = ROUTE_REFUSED;
		return r->action != RULE_NOP && r->action != RULE_GOTO;
	}
	if (t == NULL) {
		/* No such table, or one that was not dumped? */
		out->end = ROUTE_UNKNOWN;
		out->why = no_table;
		return !m->whole[k->v6];
	}
	rt = table_lookup(m, t, k->dst, k->dev, &out->several, &len);
	if (rt == NULL || rt->r->type == ROUTE_THROW || rt->r->type >= N_ROUTE_TYPES)
		return false;
	out->rt = rt;
	out->end = type_ends[rt->r->type];
	if (out->end != ROUTE_REFUSED && r->has & RULE_SUPPRESS &&
	    (int32_t)len - (k->v6 ? 0 : 96) <= r->suppress_len)
		return false;
	if (out->end == ROUTE_TO && rt->dev == NONE) {
		out->end = ROUTE_UNKNOWN;
		out->why = no_dev;
	}
	return true;
}

/* One rule; false: go on with *next. */
static bool
try_rule(const struct model *m, uint32_t i, const struct key *k, uint32_t *next,
    struct found *out)
{
	const struct iprule *r = &m->s->rules.v[i];
	enum holds holds = rule_holds(r, k);

	*next = i + 1;
	if (holds == NO)
		return false;
	if (r->action == RULE_GOTO) {
		uint32_t to = goto_target(m, r, i + 1);

		if (to == NONE)
			return false;
		if (holds == YES) {
			*next = to;
			return false;
		}
	} else if (!rule_action(m, i, k, out)) {
		return false;
	}
	if (holds == MAYBE) {
		*out = (struct found){ .end = ROUTE_UNKNOWN, .rule = i,
		    .why = r->text != NULL ? r->text : "a policy rule" };
	}
	return true;
}

static const char *
missing(const struct model *m, bool v6)
{
	if (!state_has(m->s, v6 ? PART_RULES6 : PART_RULES))
		return no_rules;
	if (!state_has(m->s, v6 ? PART_ROUTES6 : PART_ROUTES))
		return no_routes;
	return NULL;
}

void
fib_lookup(const struct model *m, const struct key *k, struct found *out)
{
	uint32_t i, next, end = m->end_rule[k->v6];
	struct pick pick;

	*out = (struct found){ .end = ROUTE_UNKNOWN, .rule = NONE };
	out->why = missing(m, k->v6);
	if (out->why != NULL)
		return;
	if (end - m->first_rule[k->v6] < INDEX_MIN) {
		for (i = m->first_rule[k->v6]; i < end; i = next)
			if (try_rule(m, i, k, &next, out))
				return;
	} else {
		pick_start(&pick, &m->index, owner_rules(m, k->v6), k->src, k->dst,
		    0, 0);
		while ((i = pick_next(&pick)) != NONE) {
			if (try_rule(m, i, k, &next, out))
				return;
			if (next != i + 1)
				pick_start(&pick, &m->index,
				    owner_rules(m, k->v6), k->src, k->dst, 0, next);
		}
	}
	*out = (struct found){ .end = ROUTE_NOWHERE, .rule = NONE };
}

bool
rules_read_mark(const struct model *m, bool v6, uint32_t before)
{
	uint32_t end = before != NONE ? before + 1 : m->end_rule[v6];

	for (uint32_t i = m->first_rule[v6]; i < end && i < m->end_rule[v6]; i++)
		if (m->s->rules.v[i].has & RULE_MARK)
			return true;
	return false;
}

void
found_answer(const struct model *m, const struct found *f, struct route_answer *a)
{
	*a = (struct route_answer){ .end = f->end, .several = f->several,
	    .why = f->why };
	if (f->rule != NONE)
		a->rule = &m->s->rules.v[f->rule];
	if (f->rt == NULL)
		return;
	a->route = f->rt->r;
	a->has_src = f->rt->has_src;
	a->src = f->rt->src;
	if (f->end == ROUTE_TO || f->end == ROUTE_GROUP) {
		a->dev = f->rt->r->dev;
		a->has_via = f->rt->r->has_via;
		a->via = f->rt->r->via;
	}
}
