/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nft_stmt.c - what nftables rules do, libnftables-json(5).
 *
 * A rule is a row of statements, some of which are matches.  Each statement
 * that does something becomes a struct nf_rule of its own with the matches
 * since the one before it.
 */
#include "capture/state/netfilter/nft_int.h"

/* ---- verdicts and rules */

static void
target_unknown(struct nft *t, struct nf_target *target, const json_t *v)
{
	*target = (struct nf_target){ .kind = NF_T_UNKNOWN,
	    .name = nft_expr_text(t->s, v) };
}

/* Each name once. */
static void
chain_missing(struct nft *t, const char *name)
{
	for (unsigned i = 0; i < t->n_missing; i++)
		if (strcmp(t->missing[i], name) == 0)
			return;
	if (t->n_missing < NFT_MISSING_MAX)
		t->missing[t->n_missing++] = state_text(t->s, name, strlen(name));
	reader_bad(t->r, t->line, "found a jump to chain \"%.60s\", which table %.60s "
	    "does not have", name, t->table->name);
}

/* False when it is no verdict. */
bool
nft_verdict(struct nft *t, const json_t *v, struct nf_target *out)
{
	static const struct { const char *name; uint8_t kind; } verdicts[] = {
		{ "accept", NF_T_ACCEPT },	{ "drop", NF_T_DROP },
		{ "return", NF_T_RETURN },	{ "continue", NF_T_NONE },
		{ "jump", NF_T_JUMP },		{ "goto", NF_T_GOTO },
	};
	const char *name = "", *chain;
	const json_t *value = nft_only(v, &name);
	size_t i = 0;

	if (value == NULL)
		return false;
	while (strcmp(verdicts[i].name, name) != 0)
		if (++i == sizeof(verdicts) / sizeof(verdicts[0]))
			return false;
	*out = (struct nf_target){ .kind = verdicts[i].kind };
	if (out->kind != NF_T_JUMP && out->kind != NF_T_GOTO)
		return true;
	chain = nft_string(value, "target");
	out->chain = state_find_chain(t->s, t->table->index, chain);
	if (out->chain == STATE_NONE) {
		chain_missing(t, chain);
		out->chain = NF_CHAIN_MISSING;
	}
	return true;
}

static void
emit(struct nft *t, const struct nf_target *target)
{
	struct nf_rule *r = nf_rule_add(t->s, t->chain, t->first_match, target);

	if (r != NULL) {
		r->goes_on = t->emitted;
		r->text = t->text;
		r->comment = t->comment;
		r->line = (uint32_t)t->line;
	}
	t->emitted = true;
	t->first_match = t->s->nf_matches.n;
}

static void
emit_unknown(struct nft *t, const json_t *whole)
{
	struct nf_target target;

	target_unknown(t, &target, whole);
	emit(t, &target);
}

/* ---- marks */

/* What is assigned, as (from & keep) ^ flip; `from` NFT_F_NONE: flip alone. */
struct bits {
	uint8_t		from;
	uint32_t	keep, flip;
};

#define BITS_DEPTH	8

static bool
bits_read(const json_t *v, struct bits *b, unsigned depth)
{
	const char *op = "";
	const json_t *args;
	struct nft_key k;
	uint64_t n;
	uint32_t m;

	if (nft_number(v, UINT32_MAX, &n)) {
		*b = (struct bits){ NFT_F_NONE, 0, (uint32_t)n };
		return true;
	}
	args = nft_only(v, &op);
	if (args == NULL || depth == BITS_DEPTH)
		return false;
	if (json_array_size(args) != 2) {
		if (!nft_key_read(v, &k) ||
		    (k.field != NFT_F_MARK && k.field != NFT_F_CTMARK))
			return false;
		*b = (struct bits){ k.field, UINT32_MAX, 0 };
		return true;
	}
	if (!bits_read(json_array_get(args, 0), b, depth + 1) ||
	    !nft_number(json_array_get(args, 1), UINT32_MAX, &n))
		return false;
	m = (uint32_t)n;
	if (strcmp(op, "&") == 0) {
		b->keep &= m;
		b->flip &= m;
	} else if (strcmp(op, "|") == 0) {
		b->keep &= ~m;
		b->flip |= m;
	} else if (strcmp(op, "^") == 0) {
		b->flip ^= m;
	} else {
		return false;
	}
	return true;
}

static void
emit_mark(struct nft *t, bool ct, uint32_t value, uint32_t mask)
{
	struct nf_target target = { .kind = ct ? NF_T_CTMARK : NF_T_MARK };

	target.mark.value = value;
	target.mark.mask = mask;
	emit(t, &target);
}

/* meta mark set ..., ct mark set ... */
static bool
set_mark(struct nft *t, bool ct, const json_t *value)
{
	struct nf_target target = { .kind = ct ? NF_T_CTMARK_SAVE :
	    NF_T_CTMARK_RESTORE };
	struct bits b;

	if (!bits_read(value, &b, 0))
		return false;
	if (b.from == NFT_F_NONE || (b.from == NFT_F_CTMARK) == ct) {
		emit_mark(t, ct, b.flip, ~b.keep);
		return true;
	}
	target.save.nfmask = ct ? b.keep : UINT32_MAX;
	target.save.ctmask = ct ? UINT32_MAX : b.keep;
	emit(t, &target);
	if (b.flip != 0)
		emit_mark(t, ct, b.flip, 0);
	return true;
}

static bool
set_zone(struct nft *t, const json_t *value)
{
	struct nf_target target = { .kind = NF_T_CT_ZONE };
	uint64_t n;

	if (!nft_number(value, UINT16_MAX, &n))
		return false;
	target.zone = (uint32_t)n;
	emit(t, &target);
	return true;
}

static void
stmt_mangle(struct nft *t, const json_t *v, const json_t *whole)
{
	static const char *const harmless[] = {	/* they decide no way */
		"nftrace", "priority", "label", "event", "secmark", "pkttype",
		"dscp", "ecn", "ttl", "hoplimit", "maxseg",
	};
	const json_t *key = nft_get(v, "key"), *value = nft_get(v, "value");
	const char *kind = "", *name;
	const json_t *inner = nft_only(key, &kind);
	bool ct = strcmp(kind, "ct") == 0;

	name = nft_string(inner, "key");
	if (strcmp(kind, "payload") == 0)
		name = nft_string(inner, "field");
	else if (strcmp(kind, "tcp option") == 0)
		return;
	if ((ct || strcmp(kind, "meta") == 0) && strcmp(name, "mark") == 0 &&
	    set_mark(t, ct, value))
		return;
	if (ct && strcmp(name, "zone") == 0 && nft_get(inner, "dir") == NULL &&
	    set_zone(t, value))
		return;
	for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
		if (strcmp(name, harmless[i]) == 0)
			return;
	emit_unknown(t, whole);
}

/* ---- translation */

static bool
nat_flags(const json_t *v, uint32_t *out)
{
	static const struct { const char *name; uint32_t bit; } flags[] = {
		{ "random", NF_NAT_RANDOM }, { "fully-random", NF_NAT_FULLY_RANDOM },
		{ "persistent", NF_NAT_PERSISTENT },
	};
	size_t n = json_is_array(v) ? json_array_size(v) : v != NULL;

	for (size_t i = 0; i < n; i++) {
		const json_t *f = json_is_array(v) ? json_array_get(v, i) : v;
		size_t k = 0;

		if (!json_is_string(f))
			return false;
		while (strcmp(flags[k].name, json_string_value(f)) != 0)
			if (++k == sizeof(flags) / sizeof(flags[0]))
				return false;
		*out |= flags[k].bit;
	}
	return true;
}

static bool
nat_read(const json_t *v, struct nf_nat *nat)
{
	const json_t *addr = nft_get(v, "addr"), *port = nft_get(v, "port");
	struct addr range[2];

	if (!nat_flags(nft_get(v, "flags"), &nat->flags))
		return false;
	if (nft_value_range(addr, range)) {
		nat->lo = range[0];
		nat->hi = range[1];
		nat->flags |= NF_NAT_ADDR;
	} else if (addr != NULL) {
		if (!json_is_string(addr) ||
		    !addr_parse(json_string_value(addr), &nat->lo))
			return false;
		nat->hi = nat->lo;
		nat->flags |= NF_NAT_ADDR;
	}
	if (port != NULL && !nft_value_ports(port, &nat->ports))
		return false;
	if (port != NULL)
		nat->flags |= NF_NAT_PORTS;
	return true;
}

static void
stmt_nat(struct nft *t, const json_t *v, const json_t *whole,
    enum nf_target_kind kind)
{
	struct nf_nat nat = { .flags = 0 };
	struct nf_target target;

	if (!nat_read(v, &nat) || ((kind == NF_T_SNAT || kind == NF_T_DNAT) &&
	    !(nat.flags & (NF_NAT_ADDR | NF_NAT_PORTS))))
		emit_unknown(t, whole);
	else if (nf_target_nat(t->s, &target, kind, &nat))
		emit(t, &target);
}

/* ---- verdict maps */

/* A key that no set has: one rule for each element, as they exclude each other.
   That is the same only when nothing came before in this rule. */
static bool
vmap_unfold(struct nft *t, const struct nft_key *k, const json_t *elems)
{
	uint32_t first = t->first_match, n = t->s->nf_matches.n - first;
	uint32_t n_rules = t->s->nf_rules.n;

	if (t->emitted || k->field == NFT_F_STATUS || json_array_size(elems) == 0)
		return false;
	for (size_t i = 0; i < json_array_size(elems); i++) {
		const json_t *pair = json_array_get(elems, i);
		struct nf_target target;

		t->first_match = i == 0 ? first : t->s->nf_matches.n;
		for (uint32_t j = 0; i > 0 && j < n; j++) {
			struct nf_match *m = state_push(t->s, nf_matches);

			if (m == NULL)
				return true;
			*m = t->s->nf_matches.v[first + j];
		}
		if (json_array_size(pair) != 2 ||
		    !nft_verdict(t, json_array_get(pair, 1), &target) ||
		    !nft_compare(t, k, "==", json_array_get(pair, 0))) {
			t->s->nf_rules.n = n_rules;
			t->s->nf_matches.n = first + n;
			t->first_match = first;
			t->emitted = false;
			return false;
		}
		t->emitted = false;
		emit(t, &target);
	}
	return true;
}

static void
stmt_vmap(struct nft *t, const json_t *v, const json_t *whole)
{
	const json_t *key = nft_get(v, "key"), *data = nft_get(v, "data");
	const json_t *concat = nft_get(key, "concat");
	struct nf_target target = { .kind = NF_T_VMAP };
	struct nft_key keys[NFT_FIELDS_MAX];
	size_t n = concat ? json_array_size(concat) : 1;
	uint32_t at = t->s->nf_matches.n;

	if (n > NFT_FIELDS_MAX)
		n = 0;
	for (size_t i = 0; i < n; i++) {
		if (!nft_key_read(concat ? json_array_get(concat, i) : key, &keys[i])) {
			n = 0;
			break;
		}
		nft_implied(t, &keys[i]);
	}
	target.set = n > 0 ? nft_set_of(t, data, keys, (unsigned)n, true) : STATE_NONE;
	if (target.set != STATE_NONE) {
		emit(t, &target);
		return;
	}
	if (n == 1 && vmap_unfold(t, &keys[0], nft_get(data, "set")))
		return;
	t->s->nf_matches.n = at;
	emit_unknown(t, whole);
}

/* ---- all statements */

static void
stmt_xt(struct nft *t, const json_t *v, const json_t *whole)
{
	if (strcmp(nft_string(v, "type"), "target") == 0)
		emit_unknown(t, whole);
	else if (strcmp(nft_string(v, "name"), "comment") != 0)
		nf_match_unknown(t->s, span_text(nft_expr_text(t->s, whole)));
}

enum stmt_kind {
	STMT_SKIP,		/* changes nothing that decides a way */
	STMT_MATCH,
	STMT_ODD_MATCH,		/* may end the rule: "limit rate" */
	STMT_VERDICT, STMT_MANGLE, STMT_NAT, STMT_VMAP, STMT_XT,
	STMT_PLAIN,		/* a target without arguments that count */
};

static const struct stmt {
	const char	*name;
	uint8_t		 kind;		/* enum stmt_kind */
	uint8_t		 target;	/* enum nf_target_kind */
} stmts[] = {
	{ "match", STMT_MATCH, 0 },
	{ "counter", STMT_SKIP, 0 },
	{ "accept", STMT_VERDICT, 0 },
	{ "drop", STMT_VERDICT, 0 },
	{ "return", STMT_VERDICT, 0 },
	{ "jump", STMT_VERDICT, 0 },
	{ "goto", STMT_VERDICT, 0 },
	{ "continue", STMT_SKIP, 0 },
	{ "vmap", STMT_VMAP, 0 },
	{ "mangle", STMT_MANGLE, 0 },
	{ "snat", STMT_NAT, NF_T_SNAT },
	{ "dnat", STMT_NAT, NF_T_DNAT },
	{ "masquerade", STMT_NAT, NF_T_MASQUERADE },
	{ "redirect", STMT_NAT, NF_T_REDIRECT },
	{ "reject", STMT_PLAIN, NF_T_REJECT },
	{ "notrack", STMT_PLAIN, NF_T_NOTRACK },
	{ "xt", STMT_XT, 0 },
	{ "log", STMT_SKIP, 0 },
	{ "last", STMT_SKIP, 0 },
	{ "set", STMT_SKIP, 0 },	/* add or update an element */
	{ "map", STMT_SKIP, 0 },
	{ "flow", STMT_SKIP, 0 },	/* offload of what is established */
	{ "dup", STMT_SKIP, 0 },
	{ "ct helper", STMT_SKIP, 0 },
	{ "ct timeout", STMT_SKIP, 0 },
	{ "ct expectation", STMT_SKIP, 0 },
	{ "secmark", STMT_SKIP, 0 },
	{ "reset", STMT_SKIP, 0 },
	{ "limit", STMT_ODD_MATCH, 0 },
	{ "quota", STMT_ODD_MATCH, 0 },
	{ "ct count", STMT_ODD_MATCH, 0 },
	{ "meter", STMT_ODD_MATCH, 0 },
};

static void
statement(struct nft *t, const json_t *whole)
{
	const char *name = "";
	const json_t *v = nft_only(whole, &name);
	const struct stmt *row = NULL;
	struct nf_target target;

	for (size_t i = 0; v != NULL && i < sizeof(stmts) / sizeof(stmts[0]); i++)
		if (strcmp(stmts[i].name, name) == 0)
			row = &stmts[i];
	if (row == NULL) {
		emit_unknown(t, whole);
		return;
	}
	switch ((enum stmt_kind)row->kind) {
	case STMT_SKIP:
		break;
	case STMT_MATCH:
		nft_match(t, v);
		break;
	case STMT_ODD_MATCH:
		nf_match_unknown(t->s, span_text(nft_expr_text(t->s, whole)));
		break;
	case STMT_VERDICT:
		if (nft_verdict(t, whole, &target))
			emit(t, &target);
		break;
	case STMT_MANGLE:
		stmt_mangle(t, v, whole);
		break;
	case STMT_NAT:
		stmt_nat(t, v, whole, row->target);
		break;
	case STMT_VMAP:
		stmt_vmap(t, v, whole);
		break;
	case STMT_XT:
		stmt_xt(t, v, whole);
		break;
	case STMT_PLAIN:
		target = (struct nf_target){ .kind = row->target };
		emit(t, &target);
		break;
	}
}

void
nft_statements(struct nft *t, const json_t *expr)
{
	struct nf_target none = { .kind = NF_T_NONE };

	t->first_match = t->s->nf_matches.n;
	t->emitted = false;
	for (size_t i = 0; i < json_array_size(expr); i++)
		statement(t, json_array_get(expr, i));
	if (!t->emitted)
		emit(t, &none);
	else	/* matches with nothing behind them */
		t->s->nf_matches.n = t->first_match;
}
