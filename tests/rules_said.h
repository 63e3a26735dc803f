/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rules_said.h - netfilter rules of a state as short words, so that a test can
 * say in a line what a rule should have become: "proto 6 !dport 22 => accept".
 */
#ifndef TESTS_RULES_SAID_H
#define TESTS_RULES_SAID_H

#include "tests/read_file.h"

struct words {
	char	text[4096];
	size_t	len;
};

__attribute__((format(printf, 2, 3)))
static inline void
say(struct words *w, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	w->len += (size_t)vsnprintf(w->text + w->len, sizeof(w->text) - w->len, fmt,
	    ap);
	va_end(ap);
	assert_true(w->len < sizeof(w->text));
}

static const char *const match_words[N_NF_MATCHES] = {
	[NF_M_SADDR] = "saddr", [NF_M_DADDR] = "daddr", [NF_M_SRANGE] = "srange",
	[NF_M_DRANGE] = "drange", [NF_M_PROTO] = "proto", [NF_M_SPORT] = "sport",
	[NF_M_DPORT] = "dport", [NF_M_PORT] = "port", [NF_M_IIF] = "iif",
	[NF_M_OIF] = "oif", [NF_M_MARK] = "mark", [NF_M_CTMARK] = "ctmark",
	[NF_M_SRC_TYPE] = "srctype", [NF_M_DST_TYPE] = "dsttype",
	[NF_M_RANDOM] = "random", [NF_M_NTH] = "nth", [NF_M_CTSTATE] = "ctstate",
	[NF_M_ICMP] = "icmp", [NF_M_TCP_FLAGS] = "flags", [NF_M_SET] = "set",
	[NF_M_UNKNOWN] = "unknown",
};

static const char *const target_words[N_NF_TARGETS] = {
	[NF_T_NONE] = "none", [NF_T_ACCEPT] = "accept", [NF_T_DROP] = "drop",
	[NF_T_REJECT] = "reject", [NF_T_RETURN] = "return", [NF_T_JUMP] = "jump",
	[NF_T_GOTO] = "goto", [NF_T_SNAT] = "snat", [NF_T_DNAT] = "dnat",
	[NF_T_MASQUERADE] = "masquerade", [NF_T_REDIRECT] = "redirect",
	[NF_T_MARK] = "mark", [NF_T_CTMARK] = "ctmark", [NF_T_CTMARK_SAVE] = "save",
	[NF_T_CTMARK_RESTORE] = "restore", [NF_T_NOTRACK] = "notrack",
	[NF_T_CT_ZONE] = "zone", [NF_T_VMAP] = "vmap", [NF_T_UNKNOWN] = "unknown",
};

static inline void
say_ports(struct words *w, const struct nf_ports *p)
{
	if (p->lo == p->hi)
		say(w, "%u", p->lo);
	else
		say(w, "%u-%u", p->lo, p->hi);
}

static inline const char *
chain_said(const struct state *s, uint32_t chain)
{
	if (chain == NF_CHAIN_MISSING)
		return "MISSING";
	assert_true(chain < s->nf_chains.n);
	return s->nf_chains.v[chain].name;
}

static inline void
say_elem(struct words *w, const struct state *s, const struct nf_set *set,
    const struct nf_elem *e)
{
	if (set->keys & NF_K_SADDR)
		say(w, " s=%s", prefix_said(&e->saddr));
	if (set->keys & NF_K_DADDR)
		say(w, " d=%s", prefix_said(&e->daddr));
	if (set->keys & NF_K_PROTO)
		say(w, " p=%u", e->proto);
	if (set->keys & NF_K_SPORT) {
		say(w, " sp=");
		say_ports(w, &e->sport);
	}
	if (set->keys & NF_K_DPORT) {
		say(w, " dp=");
		say_ports(w, &e->dport);
	}
	if (set->keys & NF_K_MARK)
		say(w, " m=0x%x", e->mark);
	if (set->keys & (NF_K_IIF | NF_K_OIF))
		say(w, " %s=%s", set->keys & NF_K_IIF ? "i" : "o", e->iface);
	if (set->keys & NF_K_RANDOM) {
		say(w, " r=");
		say_ports(w, &e->random);
	}
	if (e->verdict.kind == NF_T_JUMP || e->verdict.kind == NF_T_GOTO)
		say(w, ":%s %s", target_words[e->verdict.kind],
		    chain_said(s, e->verdict.chain));
	else if (e->verdict.kind != NF_T_NONE)
		say(w, ":%s", target_words[e->verdict.kind]);
}

static inline void
say_set(struct words *w, const struct state *s, uint32_t index)
{
	const struct nf_set *set;

	assert_true(index < s->nf_sets.n);
	set = &s->nf_sets.v[index];
	say(w, "%s{", *set->name ? set->name : "");
	if (set->keys == 0)
		say(w, " not dumped");
	else if (set->keys & NF_K_UNKNOWN)
		say(w, " not known");
	else if (set->keys & NF_K_RANDOM)
		say(w, " mod %u", set->mod);
	for (uint32_t i = 0; !(set->keys & NF_K_UNKNOWN) && i < set->n; i++) {
		assert_true(set->first + i < s->nf_elems.n);
		say_elem(w, s, set, &s->nf_elems.v[set->first + i]);
	}
	say(w, " }");
}

static inline void
say_match(struct words *w, const struct state *s, const struct nf_match *m)
{
	assert_true(m->kind < N_NF_MATCHES);
	say(w, "%s%s ", m->invert ? "!" : "", match_words[m->kind]);
	switch (m->kind) {
	case NF_M_SADDR:
	case NF_M_DADDR:
		say(w, "%s", prefix_said(&m->prefix));
		break;
	case NF_M_SRANGE:
	case NF_M_DRANGE:
		say(w, "%s", addr_said(&m->range[0]));
		say(w, "-%s", addr_said(&m->range[1]));
		break;
	case NF_M_PROTO:
		say(w, "%u", m->proto);
		break;
	case NF_M_SPORT:
	case NF_M_DPORT:
	case NF_M_PORT:
		for (unsigned i = 0; i < m->n_ports; i++) {
			say(w, "%s", i ? "," : "");
			say_ports(w, &m->ports[i]);
		}
		break;
	case NF_M_IIF:
	case NF_M_OIF:
	case NF_M_UNKNOWN:
		say(w, "%s", m->name);
		break;
	case NF_M_MARK:
	case NF_M_CTMARK:
		say(w, "0x%x/0x%x", m->mark.value, m->mark.mask);
		break;
	case NF_M_RANDOM:
		say(w, "%.4f", m->probability);
		break;
	case NF_M_NTH:
		say(w, "%u/%u", m->nth.packet, m->nth.every);
		break;
	case NF_M_ICMP:
		say(w, "%u/%u-%u", m->icmp.type, m->icmp.code_lo, m->icmp.code_hi);
		break;
	case NF_M_TCP_FLAGS:
		say(w, "0x%x/0x%x", m->flags.value, m->flags.mask);
		break;
	case NF_M_SET:
		say_set(w, s, m->set);
		break;
	default:
		say(w, "0x%x", m->types);
		break;
	}
}

static inline void
say_nat(struct words *w, const struct nf_nat *nat)
{
	static const char *const flags[] = { "random", "fully", "persistent" };

	if (nat->flags & NF_NAT_ADDR) {
		say(w, " %s", addr_said(&nat->lo));
		if (!addr_eq(&nat->lo, &nat->hi))
			say(w, "-%s", addr_said(&nat->hi));
	}
	if (nat->flags & NF_NAT_PORTS) {
		say(w, " :");
		say_ports(w, &nat->ports);
	}
	for (unsigned i = 0; i < 3; i++)
		if (nat->flags >> i & 1)
			say(w, " %s", flags[i]);
}

static inline void
say_target(struct words *w, const struct state *s, const struct nf_target *t)
{
	assert_true(t->kind < N_NF_TARGETS);
	say(w, "%s", target_words[t->kind]);
	switch (t->kind) {
	case NF_T_JUMP:
	case NF_T_GOTO:
		say(w, " %s", chain_said(s, t->chain));
		break;
	case NF_T_SNAT:
	case NF_T_DNAT:
	case NF_T_MASQUERADE:
	case NF_T_REDIRECT:
		say_nat(w, t->nat);
		break;
	case NF_T_MARK:
	case NF_T_CTMARK:
		say(w, " 0x%x/0x%x", t->mark.value, t->mark.mask);
		break;
	case NF_T_CTMARK_SAVE:
	case NF_T_CTMARK_RESTORE:
		say(w, " nf 0x%x ct 0x%x", t->save.nfmask, t->save.ctmask);
		break;
	case NF_T_CT_ZONE:
		say(w, " %u", t->zone);
		break;
	case NF_T_VMAP:
		say(w, " ");
		say_set(w, s, t->set);
		break;
	case NF_T_UNKNOWN:
		say(w, " %s", t->name);
		break;
	default:
		break;
	}
}

/* "MATCH MATCH => TARGET", with "+ " before another statement of a rule. */
static inline const char *
rule_said(const struct state *s, uint32_t index)
{
	static struct words w;
	const struct nf_rule *r;

	w.len = 0;
	assert_true(index < s->nf_rules.n);
	r = &s->nf_rules.v[index];
	if (r->goes_on)
		say(&w, "+ ");
	for (uint32_t i = 0; i < r->n_matches; i++) {
		assert_true(r->first_match + i < s->nf_matches.n);
		say_match(&w, s, &s->nf_matches.v[r->first_match + i]);
		say(&w, " ");
	}
	say(&w, "=> ");
	say_target(&w, s, &r->target);
	return w.text;
}

/* All of it, for who wants only that nothing in it is out of bounds. */
static inline void
rules_check(const struct state *s)
{
	for (uint32_t i = 0; i < s->nf_rules.n; i++) {
		assert_non_null(s->nf_rules.v[i].text);
		assert_true(s->nf_rules.v[i].chain < s->nf_chains.n);
		rule_said(s, i);
	}
	for (uint32_t i = 0; i < s->nf_chains.n; i++)
		assert_true(s->nf_chains.v[i].table < s->nf_tables.n &&
		    s->nf_chains.v[i].hook <= NF_NO_HOOK);
}

#endif
