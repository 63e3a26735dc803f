/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nf_chain.c - rules of a base chain and of what it calls, one after the other,
 * as nft_do_chain() of net/netfilter/nf_tables_core.c and ipt_do_table() do.
 */
#include <inttypes.h>

#include "decode/model/walk_int.h"

static const char too_deep[] =
    "chain loops: chains call each other more than 16 deep";
static const char too_many[] = "the rules allow more ways than are followed";

enum flow {
	GO_ON,			/* with the next rule */
	CHANGED,		/* another chain, or the base chain is done */
	ENDED,			/* the way is */
};

static enum flow target_run(struct run *, struct way *, const struct nf_rule *,
		    const struct nf_target *);

static enum flow
unknown(struct run *r, struct way *y, const struct nf_rule *rule)
{
	way_end(r, y, WALK_UNKNOWN, DROP_UNKNOWN, rule->text != NULL ? rule->text :
	    "a netfilter rule that is not understood");
	return ENDED;
}

/* Does it make no difference whether the rule holds? */
static bool
is_harmless(const struct run *r, const struct nf_target *t)
{
	if (t->kind == NF_T_NONE || t->kind == NF_T_CT_ZONE)
		return true;
	return t->kind == NF_T_JUMP && t->chain < r->m->s->nf_chains.n &&
	    !(r->m->chain_flags[t->chain] & CHAIN_MATTERS);
}

/* The end of a chain: back to the caller, or the base chain's policy. */
static enum flow
leave(struct run *r, struct way *y)
{
	const struct nf_chain *c;

	y->held = false;
	if (--y->depth > 0)
		return CHANGED;
	c = &r->m->s->nf_chains.v[r->m->hooks[r->v6][y->hook].bases[y->base].chain];
	if (!c->policy_drop)
		return CHANGED;
	way_drop(r, y, NULL, c);
	return ENDED;
}

static enum flow
enter(struct run *r, struct way *y, const struct nf_rule *rule,
    const struct nf_target *t)
{
	const struct state *s = r->m->s;

	if (t->chain >= s->nf_chains.n)
		return unknown(r, y, rule);
	if (is_harmless(r, t))
		return GO_ON;
	if (t->kind == NF_T_GOTO)
		y->depth--;
	if (y->depth >= MAX_DEPTH) {
		way_end(r, y, WALK_UNKNOWN, DROP_UNKNOWN, too_deep);
		return ENDED;
	}
	y->held = false;
	y->frames[y->depth++] = (struct frame){ t->chain,
	    s->nf_chains.v[t->chain].first };
	return CHANGED;
}

static void
set_mark(struct run *r, struct way *y, const struct nf_rule *rule, uint32_t mark,
    const char *how)
{
	if (mark == y->mark)
		return;
	r->probe_acts = true;
	y->mark = mark;
	way_step(r, y, STEP_NF, way_where(r, y), rule->text, "%s 0x%" PRIx32, how,
	    mark);
}

static void
set_ctmark(struct run *r, struct way *y, const struct nf_rule *rule, uint32_t mark)
{
	if (mark == y->ctmark)
		return;
	r->probe_acts = true;
	y->ctmark = mark;
	y->connmark_rule = rule;
	way_step(r, y, STEP_NF, way_where(r, y), rule->text,
	    "connection's mark 0x%" PRIx32, mark);
}

static void
run_mark(struct run *r, struct way *y, const struct nf_rule *rule,
    const struct nf_target *t)
{
	bool ct = y->tracked && !y->untracked;

	switch (t->kind) {
	case NF_T_MARK:
		set_mark(r, y, rule, (y->mark & ~t->mark.mask) ^ t->mark.value, "mark");
		break;
	case NF_T_CTMARK:
		if (ct)
			set_ctmark(r, y, rule,
			    (y->ctmark & ~t->mark.mask) ^ t->mark.value);
		break;
	case NF_T_CTMARK_SAVE:
		if (ct)
			set_ctmark(r, y, rule, (y->ctmark & ~t->save.ctmask) ^
			    (y->mark & t->save.nfmask));
		break;
	default:
		if (ct)
			set_mark(r, y, rule, (y->mark & ~t->save.nfmask) ^
			    (y->ctmark & t->save.ctmask),
			    "mark of the connection,");
	}
}

/* Both ways of a choice: the first in a copy to its end, then the other. */
static bool
fork_way(struct run *r, struct way *y, const struct nf_rule *rule,
    const struct nf_target *t, double p)
{
	struct way yes = *y;

	yes.probability *= p;
	if (yes.choices++ >= MAX_CHOICES)
		way_end(r, &yes, WALK_UNKNOWN, DROP_UNKNOWN, too_many);
	else if (target_run(r, &yes, rule, t) != ENDED)
		way_run(r, &yes);
	return !r->stopped;
}

static enum flow
run_chances(struct run *r, struct way *y, const struct nf_rule *rule,
    const struct nf_set *set)
{
	const struct state *s = r->m->s;
	double rest = 1;

	if (set->mod == 0)
		return unknown(r, y, rule);
	for (uint32_t i = set->first; i < set->first + set->n; i++) {
		const struct nf_elem *e = &s->nf_elems.v[i];
		uint32_t hi = e->random.hi < set->mod ? e->random.hi : set->mod - 1;
		double p;

		if (elem_matches(y, set, e) != MATCH_YES || e->random.lo > hi)
			continue;
		/* no number stands in two elements of a map, but for hostile dumps */
		p = (double)(hi - e->random.lo + 1) / set->mod;
		p = p < rest ? p : rest;
		if (!(p > 0))
			continue;
		if (e->verdict.kind == NF_T_VMAP || ++r->work > MAX_WORK) {
			y->probability *= rest;
			return unknown(r, y, rule);
		}
		if (r->probe)
			return target_run(r, y, rule, &e->verdict);
		if (!fork_way(r, y, rule, &e->verdict, p))
			return ENDED;
		rest -= p;
	}
	/* What no element has goes on with the next rule. */
	if (rest < 1e-9)
		return ENDED;
	y->probability *= rest;
	y->held = false;
	return GO_ON;
}

static enum flow
run_map(struct run *r, struct way *y, const struct nf_rule *rule,
    const struct nf_target *t)
{
	const struct state *s = r->m->s;
	const struct nf_set *set;
	struct pick pick;
	uint32_t at, i;

	if (t->set >= s->nf_sets.n)
		return unknown(r, y, rule);
	set = &s->nf_sets.v[t->set];
	if (set->keys == 0 || set->keys & NF_K_UNKNOWN)
		return unknown(r, y, rule);
	if (set->keys & NF_K_RANDOM)
		return run_chances(r, y, rule, set);
	set_start(r, y, t->set, &pick, &at);
	i = set_next(r, y, t->set, &pick, &at);
	if (i == NONE) {
		y->held = false;
		return GO_ON;
	}
	if (s->nf_elems.v[i].verdict.kind == NF_T_VMAP)
		return unknown(r, y, rule);
	return target_run(r, y, rule, &s->nf_elems.v[i].verdict);
}

static enum flow
target_run(struct run *r, struct way *y, const struct nf_rule *rule,
    const struct nf_target *t)
{
	switch (t->kind) {
	case NF_T_NONE:
	case NF_T_CT_ZONE:
		return GO_ON;
	case NF_T_ACCEPT:
		y->depth = 0;
		return CHANGED;
	case NF_T_DROP:
	case NF_T_REJECT:
		way_drop(r, y, rule, &r->m->s->nf_chains.v[rule->chain]);
		return ENDED;
	case NF_T_RETURN:
		return leave(r, y);
	case NF_T_JUMP:
	case NF_T_GOTO:
		return enter(r, y, rule, t);
	case NF_T_SNAT:
	case NF_T_DNAT:
	case NF_T_MASQUERADE:
	case NF_T_REDIRECT:
		r->probe_acts = true;
		y->depth = 0;
		return nat_target(r, y, rule, t) ? CHANGED : ENDED;
	case NF_T_MARK:
	case NF_T_CTMARK:
	case NF_T_CTMARK_SAVE:
	case NF_T_CTMARK_RESTORE:
		run_mark(r, y, rule, t);
		return GO_ON;
	case NF_T_NOTRACK:
		if (!y->tracked && !y->untracked) {
			y->untracked = true;
			way_step(r, y, STEP_NF, way_where(r, y), rule->text,
			    "no connection tracking");
		}
		return GO_ON;
	case NF_T_VMAP:
		return run_map(r, y, rule, t);
	default:
		return unknown(r, y, rule);
	}
}

/* One of several endpoints, and not the one that is asked for: that way would
   only be given up at its DNAT. */
static bool
leads_elsewhere(const struct run *r, const struct way *y, const struct nf_target *t)
{
	const struct nf_nat *nat;
	uint32_t dnat;

	if (r->want == NULL || t->kind != NF_T_JUMP || t->chain >= r->m->s->nf_chains.n ||
	    addr_eq(r->want, &y->t.dst))
		return false;
	dnat = r->m->chain_dnat[t->chain];
	if (dnat == NONE)
		return false;
	nat = r->m->s->nf_rules.v[dnat].target.nat;
	return !addr_eq(&nat->lo, r->want);
}

static enum flow
rule_run(struct run *r, struct way *y, const struct nf_rule *rule, bool followed)
{
	double p;
	enum match x = rule_matches(r, y, rule, &p);
	bool harmless = is_harmless(r, &rule->target);

	y->held = x != MATCH_NO;
	if (x == MATCH_NO)
		return GO_ON;
	if (x == MATCH_UNKNOWN || y->maybe) {
		y->maybe = true;
		return harmless ? GO_ON : unknown(r, y, rule);
	}
	if (p < 1 && (!harmless || followed) && !r->probe) {
		if (!leads_elsewhere(r, y, &rule->target) &&
		    !fork_way(r, y, rule, &rule->target, p))
			return ENDED;
		y->probability *= 1 - p;
		y->held = false;
		return GO_ON;
	}
	return target_run(r, y, rule, &rule->target);
}

/* The next rule to try: a further statement of one that held, else the next
   rule that could match at all. */
static uint32_t
next_rule(const struct nf_rule *rules, struct way *y, const struct frame *f,
    uint32_t end, struct pick *pick)
{
	uint32_t i = f->next;

	if (y->held && i < end && rules[i].goes_on)
		return i;
	y->held = y->maybe = false;
	if (pick == NULL) {
		while (i < end && rules[i].goes_on)
			i++;
		return i < end ? i : NONE;
	}
	do
		i = pick_next(pick);
	while (i != NONE && i < f->next);
	return i;
}

static enum flow
frame_run(struct run *r, struct way *y)
{
	const struct state *s = r->m->s;
	const struct nf_rule *rules = s->nf_rules.v;
	struct frame *f = &y->frames[y->depth - 1];
	const struct nf_chain *c = &s->nf_chains.v[f->chain];
	uint32_t i, end = c->first + c->n;
	struct pick pick, *indexed = NULL;
	enum flow flow;

	if (r->m->chain_flags[f->chain] & CHAIN_INDEXED) {
		indexed = &pick;
		pick_start(&pick, &r->m->index, f->chain, bits_of(&y->t.src),
		    bits_of(&y->t.dst), index_port(&y->t), f->next);
	}
	while ((i = next_rule(rules, y, f, end, indexed)) != NONE) {
		f->next = i + 1;
		if (++r->work > MAX_WORK) {
			way_end(r, y, WALK_UNKNOWN, DROP_UNKNOWN, too_many);
			r->stopped = true;
			return ENDED;
		}
		flow = rule_run(r, y, &rules[i], i + 1 < end && rules[i + 1].goes_on);
		if (flow != GO_ON)
			return flow;
	}
	return leave(r, y);
}

bool
chain_run(struct run *r, struct way *y)
{
	while (y->depth > 0)
		if (frame_run(r, y) == ENDED)
			return false;
	return true;
}
