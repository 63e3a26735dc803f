/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * chains.c - base chains in the order in which the kernel runs them, which
 * chains do anything at all, and the index of long chains and sets.
 *
 * Chains of type nat run at one place of the hook whatever their priority, which
 * orders them among themselves only (nf_nat_register_fn() in
 * net/netfilter/nf_nat_core.c).
 */
#include <stdio.h>
#include <stdlib.h>

#include "decode/model/walk_int.h"

static const char *const hook_names[N_NF_HOOKS] = {
	[NF_PREROUTING] = "PREROUTING", [NF_INPUT] = "INPUT",
	[NF_FORWARD] = "FORWARD", [NF_OUTPUT] = "OUTPUT",
	[NF_POSTROUTING] = "POSTROUTING",
};

/* NF_IP_PRI_NAT_DST, NF_IP_PRI_NAT_SRC */
static int32_t
nat_priority(unsigned hook)
{
	return hook == NF_PREROUTING || hook == NF_OUTPUT ? -100 : 100;
}

static unsigned
target_flags(const struct model *m, const struct nf_target *t)
{
	const struct state *s = m->s;

	switch (t->kind) {
	case NF_T_NONE:
	case NF_T_RETURN:
		return 0;
	case NF_T_JUMP:
	case NF_T_GOTO:
		return t->chain < s->nf_chains.n ?
		    m->chain_flags[t->chain] & (CHAIN_MATTERS | CHAIN_CHANGES) :
		    CHAIN_MATTERS;
	case NF_T_SNAT:
	case NF_T_DNAT:
	case NF_T_MASQUERADE:
	case NF_T_REDIRECT:
	case NF_T_MARK:
	case NF_T_CTMARK:
	case NF_T_CTMARK_SAVE:
	case NF_T_CTMARK_RESTORE:
	case NF_T_UNKNOWN:
	case NF_T_VMAP:
		return CHAIN_MATTERS | CHAIN_CHANGES;
	default:
		return CHAIN_MATTERS;
	}
}

/* Once per level of jumps; deeper ones are not followed by a walk either.  A
   goto leaves its chain for good, which matters even when its target does not:
   the rules behind it are not run. */
static void
flag_chains(struct model *m)
{
	const struct state *s = m->s;
	bool more = true;

	for (unsigned pass = 0; more && pass < MAX_DEPTH; pass++) {
		more = false;
		for (uint32_t i = 0; i < s->nf_rules.n; i++) {
			const struct nf_rule *r = &s->nf_rules.v[i];
			unsigned f;

			if (r->chain >= s->nf_chains.n)
				continue;
			f = target_flags(m, &r->target);
			if (r->target.kind == NF_T_GOTO)
				f |= CHAIN_MATTERS;
			if ((m->chain_flags[r->chain] | f) == m->chain_flags[r->chain])
				continue;
			m->chain_flags[r->chain] |= (uint8_t)f;
			more = true;
		}
	}
}

/* Does a jump there do more than set marks? */
static bool
only_marks(const struct state *s, uint32_t chain)
{
	const struct nf_chain *c;

	if (chain >= s->nf_chains.n)
		return false;
	c = &s->nf_chains.v[chain];
	for (uint32_t i = c->first; i < c->first + c->n; i++)
		if (s->nf_rules.v[i].target.kind != NF_T_MARK &&
		    s->nf_rules.v[i].target.kind != NF_T_NONE)
			return false;
	return true;
}

/* An endpoint's chain, as kube-proxy writes it. */
static uint32_t
find_dnat(const struct state *s, const struct nf_chain *c)
{
	uint32_t found = NONE;

	for (uint32_t i = c->first; i < c->first + c->n; i++) {
		const struct nf_target *t = &s->nf_rules.v[i].target;

		if (t->kind == NF_T_NONE || t->kind == NF_T_MARK ||
		    (t->kind == NF_T_JUMP && only_marks(s, t->chain)))
			continue;
		if (t->kind != NF_T_DNAT || found != NONE || t->nat == NULL ||
		    !(t->nat->flags & NF_NAT_ADDR) ||
		    !addr_eq(&t->nat->lo, &t->nat->hi))
			return NONE;
		found = i;
	}
	return found;
}

static bool
find_dnats(struct model *m)
{
	const struct state *s = m->s;

	m->chain_dnat = malloc((s->nf_chains.n + 1) * sizeof(*m->chain_dnat));
	if (m->chain_dnat == NULL)
		return false;
	for (uint32_t i = 0; i < s->nf_chains.n; i++)
		m->chain_dnat[i] = find_dnat(s, &s->nf_chains.v[i]);
	return true;
}

static enum key_class
rule_key(const struct model *m, const struct nf_rule *r, struct bits *key)
{
	enum key_class best = KEY_NONE;

	for (unsigned i = 0; i < r->n_matches; i++) {
		const struct nf_match *x = &m->s->nf_matches.v[r->first_match + i];

		if (x->invert)
			continue;
		if (x->kind == NF_M_DADDR && x->prefix.len == 128) {
			*key = bits_of(&x->prefix.addr);
			return KEY_DADDR;
		}
		if (x->kind == NF_M_SADDR && x->prefix.len == 128) {
			*key = bits_of(&x->prefix.addr);
			best = KEY_SADDR;
		} else if (best == KEY_NONE && x->kind == NF_M_DPORT &&
		    x->n_ports == 1 && x->ports[0].lo == x->ports[0].hi) {
			*key = (struct bits){ 0, x->ports[0].lo };
			best = KEY_DPORT;
		}
	}
	return best;
}

static void
index_chain(struct model *m, uint32_t c)
{
	const struct nf_chain *ch = &m->s->nf_chains.v[c];

	if (ch->n < INDEX_MIN)
		return;
	m->chain_flags[c] |= CHAIN_INDEXED;
	for (uint32_t i = ch->first; i < ch->first + ch->n; i++) {
		const struct nf_rule *r = &m->s->nf_rules.v[i];
		struct bits key = { 0, 0 };

		if (!r->goes_on)
			index_add(&m->index, c, rule_key(m, r, &key), key, i);
	}
}

static void
index_set(struct model *m, uint32_t n)
{
	const struct nf_set *set = &m->s->nf_sets.v[n];

	if (!set_is_indexed(set))
		return;
	for (uint32_t i = set->first; i < set->first + set->n; i++) {
		const struct nf_elem *e = &m->s->nf_elems.v[i];
		enum key_class class = KEY_NONE;
		struct bits key = { 0, 0 };

		if (set->keys & NF_K_DADDR && e->daddr.len == 128) {
			class = KEY_DADDR;
			key = bits_of(&e->daddr.addr);
		} else if (set->keys & NF_K_SADDR && e->saddr.len == 128) {
			class = KEY_SADDR;
			key = bits_of(&e->saddr.addr);
		} else if (set->keys & NF_K_DPORT && e->dport.lo == e->dport.hi) {
			class = KEY_DPORT;
			key.lo = e->dport.lo;
		}
		index_add(&m->index, owner_set(m, n), class, key, i);
	}
}

static int
by_order(const void *x, const void *y)
{
	const struct base *a = x, *b = y;

	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	if (a->nat != b->nat)
		return a->nat ? 1 : -1;
	if (a->priority != b->priority)
		return a->priority < b->priority ? -1 : 1;
	return (a->chain > b->chain) - (a->chain < b->chain);
}

static bool
is_equal(const struct base *a, const struct base *b)
{
	return a->at == b->at && a->nat == b->nat && a->priority == b->priority;
}

/* Of equal priority the kernel runs chains in the order in which they were
   registered, which no dump tells; within one table that is the dump's. */
static void
find_rivals(const struct model *m, struct hook *h)
{
	const struct state *s = m->s;

	for (uint32_t i = 0; i < h->n; i++)
		for (uint32_t j = i + 1; j < h->n && is_equal(&h->bases[i],
		    &h->bases[j]); j++) {
			uint32_t a = h->bases[i].chain, b = h->bases[j].chain;

			if (s->nf_chains.v[a].table != s->nf_chains.v[b].table &&
			    m->chain_flags[a] & m->chain_flags[b] & CHAIN_CHANGES)
				h->bases[i].rivals = h->bases[j].rivals = true;
		}
}

static void
fill_base(const struct model *m, struct base *b, uint32_t c)
{
	const struct nf_chain *ch = &m->s->nf_chains.v[c];
	const struct nf_table *t = &m->s->nf_tables.v[ch->table];

	b->chain = c;
	b->nat = ch->type == NF_NAT;
	b->priority = ch->priority;
	b->at = b->nat ? nat_priority(ch->hook) : ch->priority;
	b->reroutes = ch->hook == NF_OUTPUT && !b->nat && (ch->type == NF_ROUTE ||
	    (!t->nft && strcmp(t->name, "mangle") == 0));
	if (t->nft)
		snprintf(b->where, sizeof(b->where), "nft %.16s %.24s", t->name,
		    ch->name);
	else
		snprintf(b->where, sizeof(b->where), "%.20s %s", t->name,
		    hook_names[ch->hook]);
}

static bool
sort_bases(struct model *m)
{
	const struct state *s = m->s;

	for (unsigned v6 = 0; v6 < 2; v6++)
		for (unsigned hook = 0; hook < N_NF_HOOKS; hook++) {
			struct hook *h = &m->hooks[v6][hook];
			uint32_t n = 0;

			for (uint32_t c = 0; c < s->nf_chains.n; c++)
				n += s->nf_chains.v[c].hook == hook;
			h->bases = calloc((size_t)n + 1, sizeof(*h->bases));
			if (h->bases == NULL)
				return false;
			for (uint32_t c = 0; n > 0 && c < s->nf_chains.n; c++) {
				const struct nf_chain *ch = &s->nf_chains.v[c];

				if (ch->hook == hook && ch->table < s->nf_tables.n &&
				    s->nf_tables.v[ch->table].families &
				    (v6 ? NF_IP6 : NF_IP4))
					fill_base(m, &h->bases[h->n++], c);
			}
			if (h->n > 0)
				qsort(h->bases, h->n, sizeof(*h->bases), by_order);
			/* More than a node can have: a hostile dump. */
			if (h->n <= 256)
				find_rivals(m, h);
		}
	return true;
}

bool
chains_new(struct model *m)
{
	const struct state *s = m->s;

	m->chain_flags = calloc((size_t)s->nf_chains.n + 1, 1);
	if (m->chain_flags == NULL || !find_dnats(m))
		return false;
	flag_chains(m);
	for (uint32_t c = 0; c < s->nf_chains.n; c++)
		index_chain(m, c);
	for (uint32_t n = 0; n < s->nf_sets.n; n++)
		index_set(m, n);
	return sort_bases(m);
}
