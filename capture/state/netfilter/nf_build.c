/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nf_build.c - records of decode/netfilter.h, for the readers of rule sets. */
#include "capture/state/netfilter/nf_build.h"

const char *
nf_text(struct state *s, struct span t)
{
	return state_text(s, t.p ? t.p : "", t.len);
}

struct nf_match *
nf_match_add(struct state *s, enum nf_match_kind kind, bool invert)
{
	struct nf_match *m = state_push(s, nf_matches);

	if (m != NULL) {
		m->kind = (uint8_t)kind;
		m->invert = invert;
	}
	return m;
}

void
nf_match_unknown(struct state *s, struct span words)
{
	struct nf_match *m = nf_match_add(s, NF_M_UNKNOWN, false);

	if (m != NULL)
		m->name = nf_text(s, words);
}

void
nf_match_proto(struct state *s, uint8_t proto, bool invert)
{
	struct nf_match *m = nf_match_add(s, NF_M_PROTO, invert);

	if (m != NULL)
		m->proto = proto;
}

void
nf_match_ports(struct state *s, enum nf_match_kind kind, bool invert,
    const struct nf_ports *ports, unsigned n)
{
	struct nf_ports *own = state_alloc(s, n * sizeof(*own));
	struct nf_match *m = own ? nf_match_add(s, kind, invert) : NULL;

	if (m == NULL)
		return;
	memcpy(own, ports, n * sizeof(*own));
	m->ports = own;
	m->n_ports = (uint16_t)n;
}

void
nf_match_range(struct state *s, bool daddr, bool invert,
    const struct addr range[static 2])
{
	struct nf_match *m;
	struct addr *own;

	if (addr_eq(&range[0], &range[1])) {
		m = nf_match_add(s, daddr ? NF_M_DADDR : NF_M_SADDR, invert);
		if (m != NULL)
			m->prefix = prefix_of(&range[0], 128);
		return;
	}
	own = state_alloc(s, 2 * sizeof(*own));
	m = own ? nf_match_add(s, daddr ? NF_M_DRANGE : NF_M_SRANGE, invert) : NULL;
	if (m == NULL)
		return;
	memcpy(own, range, 2 * sizeof(*own));
	m->range = own;
}

struct nf_rule *
nf_rule_add(struct state *s, uint32_t chain, uint32_t first_match,
    const struct nf_target *target)
{
	struct nf_rule *r = state_push(s, nf_rules);
	uint32_t n = s->nf_matches.n - first_match;

	if (r == NULL)
		return NULL;
	r->chain = chain;
	r->first_match = first_match;
	r->n_matches = (uint16_t)n;
	r->target = *target;
	r->text = "";
	return r;
}

bool
nf_target_nat(struct state *s, struct nf_target *t, enum nf_target_kind kind,
    const struct nf_nat *nat)
{
	struct nf_nat *own = state_alloc(s, sizeof(*own));

	if (own == NULL)
		return false;
	*own = *nat;
	*t = (struct nf_target){ .kind = (uint8_t)kind, .nat = own };
	return true;
}

uint32_t
nf_set_add(struct state *s, const char *name, uint32_t table, uint32_t keys)
{
	uint32_t i = s->nf_sets.n;
	struct nf_set *set = state_push(s, nf_sets);

	if (set == NULL)
		return STATE_NONE;
	set->name = name;
	set->table = table;
	set->keys = keys;
	set->first = s->nf_elems.n;
	return i;
}
