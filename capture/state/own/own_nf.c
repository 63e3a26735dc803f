/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * own_nf.c - the parts of netfilter rules in podpath.state/1 that depend on the
 * kind: what a match compares, what a target does, the elements of a set.
 */
#include <stdio.h>
#include <string.h>

#include "capture/state/own/own.h"

#define LIST_MAX_READ	4096	/* ports of one match, more than any dump has */

/* ---- writing */

static void
put_ports(struct own_out *o, const char *name, const struct nf_ports *v, unsigned n)
{
	own_key(o, name);
	own_open(o, '[');
	for (unsigned i = 0; i < n; i++) {
		own_uint(o, v[i].lo);
		own_uint(o, v[i].hi);
	}
	own_close(o, ']');
}

static void
put_real(struct own_out *o, double v)
{
	char text[32];

	/* 17 digits give every double back */
	own_comma(o);
	own_put(o, text, (size_t)snprintf(text, sizeof(text), "%.17g", v));
}

static void
put_match_value(struct own_out *o, const struct nf_match *m)
{
	switch (m->kind) {
	case NF_M_SADDR: case NF_M_DADDR:
		own_key(o, "prefix");
		own_prefix(o, &m->prefix);
		break;
	case NF_M_SRANGE: case NF_M_DRANGE:
		own_key(o, "range");
		own_open(o, '[');
		own_addr(o, &m->range[0]);
		own_addr(o, &m->range[1]);
		own_close(o, ']');
		break;
	case NF_M_PROTO:
		own_key(o, "proto");
		own_uint(o, m->proto);
		break;
	case NF_M_SPORT: case NF_M_DPORT: case NF_M_PORT:
		put_ports(o, "ports", m->ports, m->n_ports);
		break;
	case NF_M_IIF: case NF_M_OIF: case NF_M_UNKNOWN:
		if (m->name != NULL) {
			own_key(o, "name");
			own_string(o, m->name);
		}
		break;
	case NF_M_MARK: case NF_M_CTMARK:
		own_pair(o, "mark", m->mark.value, m->mark.mask);
		break;
	case NF_M_SRC_TYPE: case NF_M_DST_TYPE:
		own_key(o, "types");
		own_words(o, m->types, own_addrtype_words);
		break;
	case NF_M_RANDOM:
		own_key(o, "probability");
		put_real(o, m->probability);
		break;
	case NF_M_NTH:
		own_pair(o, "nth", m->nth.every, m->nth.packet);
		break;
	case NF_M_CTSTATE:
		own_key(o, "states");
		own_words(o, m->states, own_ctstate_words);
		break;
	case NF_M_ICMP:
		own_key(o, "icmp");
		own_open(o, '[');
		own_uint(o, m->icmp.type);
		own_uint(o, m->icmp.code_lo);
		own_uint(o, m->icmp.code_hi);
		own_close(o, ']');
		break;
	case NF_M_TCP_FLAGS:
		own_pair(o, "flags", m->flags.value, m->flags.mask);
		break;
	case NF_M_SET:
		own_key(o, "set");
		own_uint(o, m->set);
		break;
	}
}

void
own_put_matches(struct own_out *o, const struct nf_rule *r)
{
	const struct nf_match *m;

	if (r->n_matches == 0)
		return;
	m = &o->state->nf_matches.v[r->first_match];
	own_key(o, "matches");
	own_open(o, '[');
	for (unsigned i = 0; i < r->n_matches; i++, m++) {
		own_open(o, '{');
		own_key(o, "is");
		own_word(o, m->kind, own_match_words);
		if (m->invert) {
			own_key(o, "not");
			own_lit(o, "true");
			o->comma = true;
		}
		put_match_value(o, m);
		own_close(o, '}');
	}
	own_close(o, ']');
}

static void
put_nat(struct own_out *o, const struct nf_nat *n)
{
	if (n == NULL)
		return;
	if (n->flags & NF_NAT_ADDR) {
		own_key(o, "addrs");
		own_open(o, '[');
		own_addr(o, &n->lo);
		own_addr(o, &n->hi);
		own_close(o, ']');
	}
	if (n->flags & NF_NAT_PORTS)
		put_ports(o, "ports", &n->ports, 1);
	own_key(o, "flags");
	own_words(o, n->flags, own_nat_words);
}

void
own_put_target(struct own_out *o, const struct nf_target *t)
{
	own_open(o, '{');
	own_key(o, "do");
	own_word(o, t->kind, own_target_words);
	switch (t->kind) {
	case NF_T_JUMP: case NF_T_GOTO:
		if (t->chain != NF_CHAIN_MISSING) {
			own_key(o, "chain");
			own_uint(o, t->chain);
		}
		break;
	case NF_T_SNAT: case NF_T_DNAT: case NF_T_MASQUERADE: case NF_T_REDIRECT:
		put_nat(o, t->nat);
		break;
	case NF_T_MARK: case NF_T_CTMARK:
		own_pair(o, "mark", t->mark.value, t->mark.mask);
		break;
	case NF_T_CTMARK_SAVE: case NF_T_CTMARK_RESTORE:
		own_pair(o, "masks", t->save.nfmask, t->save.ctmask);
		break;
	case NF_T_CT_ZONE:
		own_key(o, "zone");
		own_uint(o, t->zone);
		break;
	case NF_T_VMAP:
		own_key(o, "set");
		own_uint(o, t->set);
		break;
	case NF_T_UNKNOWN:
		if (t->name != NULL) {
			own_key(o, "name");
			own_string(o, t->name);
		}
		break;
	}
	own_close(o, '}');
}

void
own_put_elements(struct own_out *o, const struct nf_set *set)
{
	if (set->n == 0)
		return;
	own_key(o, "elements");
	own_open(o, '[');
	for (uint32_t i = 0; i < set->n && o->error == 0; i++)
		own_fields(o, own_element, &o->state->nf_elems.v[set->first + i]);
	own_close(o, ']');
}

/* ---- reading: all values first, since the kind may come last */

struct values {
	unsigned	 kind;
	bool		 invert, has_kind, has_addrs;
	struct prefix	 prefix;
	struct addr	 addrs[2];
	struct nf_ports	*ports;
	uint16_t	 n_ports;
	uint64_t	 proto, pair[2], icmp[3], bits;
	uint32_t	 zone, set, chain;
	double		 probability;
	const char	*name;
};

static void
read_ports(struct own_in *in, struct values *v)
{
	uint64_t n[LIST_MAX_READ];
	uint32_t count = 0;

	if (!pull_open(&in->pull, '['))
		return;
	while (pull_more(&in->pull, ']'))
		if (count == LIST_MAX_READ)
			pull_skip(&in->pull);
		else if (pull_uint(&in->pull, UINT16_MAX, &n[count]))
			count++;
	if (count == 0 || count % 2 != 0) {
		pull_bad(&in->pull, "ports: pairs of numbers are expected");
		return;
	}
	v->ports = state_alloc(in->state, count / 2 * sizeof(*v->ports));
	if (v->ports == NULL)
		return;
	v->n_ports = (uint16_t)(count / 2);
	for (uint32_t i = 0; i < count; i += 2)
		v->ports[i / 2] = (struct nf_ports){ (uint16_t)n[i],
		    (uint16_t)n[i + 1] };
}

static void
read_addr_pair(struct own_in *in, struct values *v)
{
	unsigned n = 0;

	if (!pull_open(&in->pull, '['))
		return;
	while (pull_more(&in->pull, ']'))
		if (n == 2)
			pull_skip(&in->pull);
		else if (own_read_addr(in, &v->addrs[n]))
			n++;
	v->has_addrs = n == 2;
	if (n != 2)
		pull_bad(&in->pull, "%s: two addresses are expected",
		    in->pull.name);
}

static void
read_value(struct own_in *in, const struct pull_text *key, struct values *v)
{
	struct pull *p = &in->pull;
	uint64_t n;

	if (pull_is(key, "not"))
		pull_bool(p, &v->invert);
	else if (pull_is(key, "prefix"))
		own_read_prefix(in, &v->prefix);
	else if (pull_is(key, "range") || pull_is(key, "addrs"))
		read_addr_pair(in, v);
	else if (pull_is(key, "proto"))
		pull_uint(p, UINT8_MAX, &v->proto);
	else if (pull_is(key, "ports"))
		read_ports(in, v);
	else if (pull_is(key, "name"))
		own_read_text(in, &v->name);
	else if (pull_is(key, "mark") || pull_is(key, "masks") ||
	    pull_is(key, "nth"))
		own_read_numbers(in, v->pair, 2, UINT32_MAX);
	else if (pull_is(key, "types"))
		own_read_words(in, own_addrtype_words, &v->bits);
	else if (pull_is(key, "states"))
		own_read_words(in, own_ctstate_words, &v->bits);
	else if (pull_is(key, "probability"))
		pull_real(p, &v->probability);
	else if (pull_is(key, "icmp"))
		own_read_numbers(in, v->icmp, 3, UINT8_MAX);
	else if (pull_is(key, "set"))
		own_read_index(in, OWN_SETS, &v->set);
	else if (pull_is(key, "chain"))
		own_read_index(in, OWN_CHAINS, &v->chain);
	else if (pull_is(key, "zone")) {
		if (pull_uint(p, UINT32_MAX, &n))
			v->zone = (uint32_t)n;
	} else
		pull_skip(p);
}

static bool
read_values(struct own_in *in, const char *kind, const char *const *words,
    const char *const *flags, struct values *v)
{
	struct pull_text key;

	*v = (struct values){ .set = STATE_NONE, .chain = NF_CHAIN_MISSING };
	if (!pull_open(&in->pull, '{'))
		return false;
	while (pull_more(&in->pull, '}')) {
		if (!pull_key(&in->pull, &key))
			continue;
		if (pull_is(&key, kind))
			v->has_kind = own_read_word(in, words, &v->kind);
		else if (!pull_is(&key, "flags"))
			read_value(in, &key, v);
		else if (flags != NULL)
			own_read_words(in, flags, &v->bits);
		else
			own_read_numbers(in, v->pair, 2, UINT8_MAX);
	}
	return v->has_kind && !in->pull.failed;
}

/* A match without what it compares would match everything: it is unknown. */
static void
make_unknown(struct own_in *in, struct nf_match *m, const char *what)
{
	pull_bad(&in->pull, "matches: a match '%s' without its value",
	    own_match_words[m->kind]);
	*m = (struct nf_match){ .kind = NF_M_UNKNOWN, .name = what };
}

static void
fill_match(struct own_in *in, struct nf_match *m, const struct values *v)
{
	struct addr *range;

	m->kind = (uint8_t)v->kind;
	m->invert = v->invert;
	switch (m->kind) {
	case NF_M_SADDR: case NF_M_DADDR:
		m->prefix = v->prefix;
		break;
	case NF_M_SRANGE: case NF_M_DRANGE:
		range = v->has_addrs ? state_alloc(in->state, 2 * sizeof(*range)) :
		    NULL;
		if (range == NULL) {
			make_unknown(in, m, "range");
			break;
		}
		memcpy(range, v->addrs, 2 * sizeof(*range));
		m->range = range;
		break;
	case NF_M_PROTO:
		m->proto = (uint8_t)v->proto;
		break;
	case NF_M_SPORT: case NF_M_DPORT: case NF_M_PORT:
		m->ports = v->ports;
		m->n_ports = v->n_ports;
		if (v->ports == NULL)
			make_unknown(in, m, "ports");
		break;
	case NF_M_IIF: case NF_M_OIF: case NF_M_UNKNOWN:
		m->name = v->name;
		if (v->name == NULL)
			make_unknown(in, m, "name");
		break;
	case NF_M_MARK: case NF_M_CTMARK:
		m->mark.value = (uint32_t)v->pair[0];
		m->mark.mask = (uint32_t)v->pair[1];
		break;
	case NF_M_SRC_TYPE: case NF_M_DST_TYPE:
		m->types = (uint32_t)v->bits;
		break;
	case NF_M_RANDOM:
		m->probability = v->probability;
		if (!(m->probability >= 0 && m->probability <= 1))
			make_unknown(in, m, "probability");
		break;
	case NF_M_NTH:
		m->nth.every = (uint32_t)v->pair[0];
		m->nth.packet = (uint32_t)v->pair[1];
		if (m->nth.every == 0)
			make_unknown(in, m, "nth");
		break;
	case NF_M_CTSTATE:
		m->states = (uint32_t)v->bits;
		break;
	case NF_M_ICMP:
		m->icmp.type = (uint8_t)v->icmp[0];
		m->icmp.code_lo = (uint8_t)v->icmp[1];
		m->icmp.code_hi = (uint8_t)v->icmp[2];
		break;
	case NF_M_TCP_FLAGS:
		m->flags.value = (uint8_t)v->pair[0];
		m->flags.mask = (uint8_t)v->pair[1];
		break;
	case NF_M_SET:
		m->set = v->set;
		if (v->set == STATE_NONE)
			make_unknown(in, m, "set");
		break;
	}
}

void
own_read_matches(struct own_in *in, struct nf_rule *r)
{
	struct nf_match *m;
	struct values v;
	bool known;

	if (!pull_open(&in->pull, '['))
		return;
	/* a second list of one rule replaces the first */
	r->first_match = in->state->nf_matches.n;
	r->n_matches = 0;
	while (pull_more(&in->pull, ']')) {
		known = read_values(in, "is", own_match_words, NULL, &v);
		if (in->pull.failed || r->n_matches == UINT16_MAX)
			continue;
		m = state_push(in->state, nf_matches);
		if (m == NULL)
			continue;
		r->n_matches++;
		if (known)
			fill_match(in, m, &v);
		else
			*m = (struct nf_match){ .kind = NF_M_UNKNOWN,
			    .name = "a match that could not be read" };
	}
}

static const struct nf_nat *
make_nat(struct own_in *in, const struct values *v)
{
	struct nf_nat *n = state_alloc(in->state, sizeof(*n));

	if (n == NULL)
		return NULL;
	n->flags = (uint32_t)v->bits & ~(uint32_t)(NF_NAT_ADDR | NF_NAT_PORTS);
	if (v->has_addrs) {
		n->flags |= NF_NAT_ADDR;
		n->lo = v->addrs[0];
		n->hi = v->addrs[1];
	}
	if (v->n_ports > 0) {
		n->flags |= NF_NAT_PORTS;
		n->ports = v->ports[0];
	}
	return n;
}

static void
fill_target(struct own_in *in, struct nf_target *t, const struct values *v)
{
	t->kind = (uint8_t)v->kind;
	switch (t->kind) {
	case NF_T_JUMP: case NF_T_GOTO:
		t->chain = v->chain;
		break;
	case NF_T_SNAT: case NF_T_DNAT: case NF_T_MASQUERADE: case NF_T_REDIRECT:
		t->nat = make_nat(in, v);
		if (t->nat == NULL)
			*t = (struct nf_target){ .kind = NF_T_UNKNOWN, .name = "nat" };
		break;
	case NF_T_MARK: case NF_T_CTMARK:
		t->mark.value = (uint32_t)v->pair[0];
		t->mark.mask = (uint32_t)v->pair[1];
		break;
	case NF_T_CTMARK_SAVE: case NF_T_CTMARK_RESTORE:
		t->save.nfmask = (uint32_t)v->pair[0];
		t->save.ctmask = (uint32_t)v->pair[1];
		break;
	case NF_T_CT_ZONE:
		t->zone = v->zone;
		break;
	case NF_T_VMAP:
		t->set = v->set;
		if (v->set != STATE_NONE)
			break;
		pull_bad(&in->pull, "target: a vmap without its set");
		*t = (struct nf_target){ .kind = NF_T_UNKNOWN, .name = "vmap" };
		break;
	case NF_T_UNKNOWN:
		t->name = v->name ? v->name : "";
		break;
	}
}

void
own_read_target(struct own_in *in, struct nf_target *t)
{
	struct values v;

	if (read_values(in, "do", own_target_words, own_nat_words, &v))
		fill_target(in, t, &v);
	else
		*t = (struct nf_target){ .kind = NF_T_UNKNOWN,
		    .name = "a target that could not be read" };
}

void
own_read_elements(struct own_in *in, struct nf_set *set)
{
	struct nf_elem *e, copy;

	if (!pull_open(&in->pull, '['))
		return;
	set->first = in->state->nf_elems.n;
	set->n = 0;
	while (pull_more(&in->pull, ']')) {
		memset(&copy, 0, sizeof(copy));
		if (!own_read_fields(in, own_element, &copy))
			continue;
		e = state_push(in->state, nf_elems);
		if (e == NULL)
			continue;
		*e = copy;
		set->n++;
	}
}
