/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nf_match.c - does a rule's match hold for this packet?  As net/netfilter/xt_*.c
 * and nft_*.c have it.
 */
#include "decode/model/walk_int.h"

bool
proto_has_ports(uint8_t proto)
{
	return proto == PROTO_TCP || proto == PROTO_UDP || proto == PROTO_SCTP ||
	    proto == 33 /* DCCP */ || proto == 136 /* UDP-Lite */;
}

uint16_t
index_port(const struct tuple *t)
{
	return proto_has_ports(t->proto) ? t->dport : 0;
}

static enum match
known(bool yes)
{
	return yes ? MATCH_YES : MATCH_NO;
}

static bool
prefix_is_v4(const struct prefix *p)
{
	return p->len >= 96 && addr_is_v4(&p->addr);
}

/* A rule of an inet table that names an IPv4 address asks for IPv4 too, also
   when it is inverted. */
static enum match
in_prefix(const struct addr *a, const struct nf_match *x)
{
	if (prefix_is_v4(&x->prefix) != addr_is_v4(a))
		return MATCH_NO;
	return known(prefix_contains(&x->prefix, a) != x->invert);
}

static enum match
in_range(const struct addr *a, const struct nf_match *x)
{
	if (x->range == NULL)
		return MATCH_UNKNOWN;
	if (addr_is_v4(&x->range[0]) != addr_is_v4(a))
		return MATCH_NO;
	return known((memcmp(a->b, x->range[0].b, 16) >= 0 &&
	    memcmp(a->b, x->range[1].b, 16) <= 0) != x->invert);
}

static bool
port_in(uint16_t port, const struct nf_match *x)
{
	for (unsigned i = 0; i < x->n_ports; i++)
		if (port >= x->ports[i].lo && port <= x->ports[i].hi)
			return true;
	return false;
}

static enum match
in_ports(const struct way *y, const struct nf_match *x)
{
	bool is;

	if (!proto_has_ports(y->t.proto))
		return MATCH_NO;
	is = (x->kind != NF_M_DPORT && port_in(y->t.sport, x)) ||
	    (x->kind != NF_M_SPORT && port_in(y->t.dport, x));
	return known(is != x->invert);
}

static enum match
has_type(const struct run *r, const struct addr *a, const struct way *y,
    const struct nf_match *x)
{
	uint32_t types = x->types, dev = NONE;
	const char *name = NULL;
	unsigned type;

	if (types & NF_A_LIMIT_IN)
		name = y->iif;
	else if (types & NF_A_LIMIT_OUT)
		name = y->oif;
	if (name != NULL) {
		dev = dev_index(r->m, name);
		if (dev == NONE)
			return MATCH_UNKNOWN;
	}
	type = addr_type(r->m, a, dev);
	if (type == 0)
		return MATCH_UNKNOWN;
	return known(!!(types & type) != x->invert);
}

static uint32_t
ct_states(const struct run *r, const struct way *y)
{
	uint32_t states;

	if (y->untracked)
		return NF_CT_UNTRACKED;
	if (!y->tracked)
		return NF_CT_INVALID;
	states = r->reply ? NF_CT_ESTABLISHED : NF_CT_NEW;
	if (y->snat || r->was_snat)
		states |= NF_CT_SNAT;
	if (y->dnat || r->was_dnat)
		states |= NF_CT_DNAT;
	return states;
}

static enum match
is_icmp(const struct run *r, const struct way *y, const struct nf_match *x)
{
	if (y->t.proto != PROTO_ICMP && y->t.proto != PROTO_ICMPV6)
		return MATCH_NO;
	return known((r->icmp_type == x->icmp.type &&
	    r->icmp_code >= x->icmp.code_lo && r->icmp_code <= x->icmp.code_hi) !=
	    x->invert);
}

static bool
in_one(uint16_t n, struct nf_ports p)
{
	return n >= p.lo && n <= p.hi;
}

enum match
elem_matches(const struct way *y, const struct nf_set *set, const struct nf_elem *e)
{
	uint32_t k = set->keys;

	if (k & NF_K_SADDR && !prefix_contains(&e->saddr, &y->t.src))
		return MATCH_NO;
	if (k & NF_K_DADDR && !prefix_contains(&e->daddr, &y->t.dst))
		return MATCH_NO;
	if (k & NF_K_PROTO && e->proto != y->t.proto)
		return MATCH_NO;
	if (k & (NF_K_SPORT | NF_K_DPORT) && !proto_has_ports(y->t.proto))
		return MATCH_NO;
	if (k & NF_K_SPORT && !in_one(y->t.sport, e->sport))
		return MATCH_NO;
	if (k & NF_K_DPORT && !in_one(y->t.dport, e->dport))
		return MATCH_NO;
	if (k & NF_K_MARK && e->mark != y->mark)
		return MATCH_NO;
	if (k & NF_K_IIF && (e->iface == NULL ||
	    !nf_name_matches(e->iface, y->iif)))
		return MATCH_NO;
	if (k & NF_K_OIF && (e->iface == NULL ||
	    !nf_name_matches(e->iface, y->oif)))
		return MATCH_NO;
	return MATCH_YES;
}

bool
set_is_indexed(const struct nf_set *set)
{
	return set->n >= INDEX_MIN && !(set->keys & NF_K_UNKNOWN) &&
	    set->keys & (NF_K_DADDR | NF_K_SADDR | NF_K_DPORT);
}

void
set_start(const struct run *r, const struct way *y, uint32_t n, struct pick *pick,
    uint32_t *at)
{
	const struct nf_set *set = &r->m->s->nf_sets.v[n];

	*at = set->first;
	if (set_is_indexed(set))
		pick_start(pick, &r->m->index, owner_set(r->m, n), bits_of(&y->t.src),
		    bits_of(&y->t.dst), index_port(&y->t), 0);
}

uint32_t
set_next(struct run *r, const struct way *y, uint32_t n, struct pick *pick,
    uint32_t *at)
{
	const struct state *s = r->m->s;
	const struct nf_set *set = &s->nf_sets.v[n];
	uint32_t i;

	if (set_is_indexed(set)) {
		while ((i = pick_next(pick)) != NONE) {
			r->work++;
			if (elem_matches(y, set, &s->nf_elems.v[i]) == MATCH_YES)
				return i;
		}
		return NONE;
	}
	while (*at < set->first + set->n) {
		i = (*at)++;
		r->work++;
		if (elem_matches(y, set, &s->nf_elems.v[i]) == MATCH_YES)
			return i;
	}
	return NONE;
}

static enum match
in_set(struct run *r, const struct way *y, const struct nf_match *x)
{
	const struct state *s = r->m->s;
	struct pick pick;
	uint32_t at;

	if (x->set >= s->nf_sets.n || s->nf_sets.v[x->set].keys == 0 ||
	    s->nf_sets.v[x->set].keys & (NF_K_UNKNOWN | NF_K_RANDOM))
		return MATCH_UNKNOWN;
	set_start(r, y, x->set, &pick, &at);
	return known((set_next(r, y, x->set, &pick, &at) != NONE) != x->invert);
}

static void
by_chance(double p, bool invert, double *probability)
{
	if (!(p > 0))
		p = 0;
	else if (p > 1)
		p = 1;
	*probability *= invert ? 1 - p : p;
}

static enum match
one_match(struct run *r, const struct way *y, const struct nf_match *x,
    double *probability)
{
	switch (x->kind) {
	case NF_M_SADDR:
		return in_prefix(&y->t.src, x);
	case NF_M_DADDR:
		return in_prefix(&y->t.dst, x);
	case NF_M_SRANGE:
		return in_range(&y->t.src, x);
	case NF_M_DRANGE:
		return in_range(&y->t.dst, x);
	case NF_M_PROTO:
		return known((x->proto == y->t.proto) != x->invert);
	case NF_M_SPORT:
	case NF_M_DPORT:
	case NF_M_PORT:
		return in_ports(y, x);
	case NF_M_IIF:
		return known(nf_name_matches(x->name, y->iif) != x->invert);
	case NF_M_OIF:
		return known(nf_name_matches(x->name, y->oif) != x->invert);
	case NF_M_MARK:
		return known(((y->mark & x->mark.mask) == x->mark.value) != x->invert);
	case NF_M_CTMARK:
		/* Without a connection the match fails either way. */
		if (y->untracked || !y->tracked)
			return MATCH_NO;
		return known(((y->ctmark & x->mark.mask) == x->mark.value) != x->invert);
	case NF_M_SRC_TYPE:
		return has_type(r, &y->t.src, y, x);
	case NF_M_DST_TYPE:
		return has_type(r, &y->t.dst, y, x);
	case NF_M_RANDOM:
		by_chance(x->probability, x->invert, probability);
		return MATCH_YES;
	case NF_M_NTH:
		/* Where the counter stands is not known. */
		by_chance(x->nth.every > 0 ? 1.0 / x->nth.every : 1, x->invert,
		    probability);
		return MATCH_YES;
	case NF_M_CTSTATE:
		return known(!!(ct_states(r, y) & x->states) != x->invert);
	case NF_M_ICMP:
		return is_icmp(r, y, x);
	case NF_M_TCP_FLAGS:
		if (y->t.proto != PROTO_TCP)
			return MATCH_NO;
		return known(((r->tcp_flags & x->flags.mask) == x->flags.value) !=
		    x->invert);
	case NF_M_SET:
		return in_set(r, y, x);
	default:
		return MATCH_UNKNOWN;
	}
}

enum match
rule_matches(struct run *r, const struct way *y, const struct nf_rule *rule,
    double *probability)
{
	const struct nf_match *all_of = r->m->s->nf_matches.v;
	enum match all = MATCH_YES;

	*probability = 1;
	for (uint32_t i = 0; i < rule->n_matches; i++) {
		switch (one_match(r, y, &all_of[rule->first_match + i], probability)) {
		case MATCH_NO:
			return MATCH_NO;
		case MATCH_UNKNOWN:
			all = MATCH_UNKNOWN;
			break;
		case MATCH_YES:
			break;
		}
	}
	return *probability > 0 ? all : MATCH_NO;
}
