/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_state.h - any bytes through readers of rules and of conntrack's table,
 * and whether the state that comes out is one that the model can walk: every
 * index within its list.
 */
#ifndef TESTS_FUZZ_STATE_H
#define TESTS_FUZZ_STATE_H

#include <stdlib.h>
#include <string.h>

#include "capture/state/reader.h"

static inline void
must(bool ok)
{
	if (!ok)
		abort();
}

static inline void
check_report(void *arg, const char *text)
{
	(void)arg;
	must(strlen(text) < STATE_REPORT_MAX && strchr(text, '\n') == NULL);
}

static inline void
check_target(const struct state *s, const struct nf_target *t)
{
	must(t->kind < N_NF_TARGETS);
	if (t->kind == NF_T_JUMP || t->kind == NF_T_GOTO)
		must(t->chain == NF_CHAIN_MISSING || t->chain < s->nf_chains.n);
	else if (t->kind == NF_T_UNKNOWN)
		must(t->name != NULL && strlen(t->name) > 0);
	else if (t->kind == NF_T_VMAP)
		must(t->set < s->nf_sets.n);
	else if (t->kind >= NF_T_SNAT && t->kind <= NF_T_REDIRECT)
		must(t->nat != NULL && t->nat->ports.lo <= t->nat->ports.hi);
}

static inline void
check_match(const struct state *s, const struct nf_match *m)
{
	must(m->kind < N_NF_MATCHES);
	if (m->kind == NF_M_SPORT || m->kind == NF_M_DPORT || m->kind == NF_M_PORT) {
		must(m->n_ports > 0);
		for (unsigned i = 0; i < m->n_ports; i++)
			must(m->ports[i].lo <= m->ports[i].hi);
	} else if (m->kind == NF_M_SET) {
		must(m->set < s->nf_sets.n);
	} else if (m->kind == NF_M_SADDR || m->kind == NF_M_DADDR) {
		must(m->prefix.len <= 128);
	} else if (m->kind == NF_M_RANDOM) {
		must(m->probability >= 0 && m->probability <= 1);
	} else if (m->kind == NF_M_NTH) {
		must(m->nth.packet < m->nth.every);
	} else if (m->kind == NF_M_IIF || m->kind == NF_M_OIF ||
	    m->kind == NF_M_UNKNOWN) {
		must(m->name != NULL && strlen(m->name) < 2 * READER_LINE_MAX);
	}
}

static inline void
check_rules(const struct state *s)
{
	for (uint32_t i = 0; i < s->nf_rules.n; i++) {
		const struct nf_rule *r = &s->nf_rules.v[i];

		must(r->chain < s->nf_chains.n && r->text != NULL);
		must(r->first_match <= s->nf_matches.n &&
		    r->n_matches <= s->nf_matches.n - r->first_match);
		check_target(s, &r->target);
	}
	for (uint32_t i = 0; i < s->nf_matches.n; i++)
		check_match(s, &s->nf_matches.v[i]);
	for (uint32_t i = 0; i < s->nf_chains.n; i++)
		must(s->nf_chains.v[i].table < s->nf_tables.n &&
		    s->nf_chains.v[i].hook <= NF_NO_HOOK);
	for (uint32_t i = 0; i < s->nf_sets.n; i++) {
		const struct nf_set *set = &s->nf_sets.v[i];

		must(set->name != NULL && set->first <= s->nf_elems.n &&
		    set->n <= s->nf_elems.n - set->first);
		must(set->table == UINT32_MAX || set->table < s->nf_tables.n);
		for (uint32_t k = 0; k < set->n; k++)
			check_target(s, &s->nf_elems.v[set->first + k].verdict);
		for (uint32_t k = 0; !(set->keys & NF_K_UNKNOWN) && k < set->n; k++)
			must(!(set->keys & (NF_K_IIF | NF_K_OIF)) ||
			    s->nf_elems.v[set->first + k].iface != NULL);
	}
}

static inline int
fuzz_state(reader_fn *const *readers, size_t n, const uint8_t *data, size_t size)
{
	struct state *s = state_new();

	must(s != NULL);
	for (size_t i = 0; i < n; i++) {
		struct reader r = { .state = s, .file = "fuzz",
		    .data = (const char *)data, .len = size, .report = check_report };

		readers[i](&r);
		reader_done(&r);
	}
	check_rules(s);
	for (uint32_t i = 0; i < s->conntrack.n; i++)
		must(s->conntrack.v[i].state == NULL ||
		    s->conntrack.v[i].state[0] != '\0');
	state_ready(s);
	check_rules(s);
	state_free(s);
	return 0;
}

#endif
