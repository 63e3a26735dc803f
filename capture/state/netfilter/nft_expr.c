/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nft_expr.c - what nftables rules compare, libnftables-json(5).
 *
 * nft leaves out what another match makes plain: `tcp dport 80` has no match
 * for the protocol, `ip saddr` in an inet table none for the family.  They are
 * put back here.
 */
#include "capture/state/netfilter/nft_int.h"

#include "decode/packet.h"

/* ---- keys */

static const struct payload {
	const char	*protocol, *field;
	struct nft_key	 key;
} payloads[] = {
	{ "ip", "saddr", { .field = NFT_F_SADDR, .families = NF_IP4 } },
	{ "ip", "daddr", { .field = NFT_F_DADDR, .families = NF_IP4 } },
	{ "ip", "protocol", { .field = NFT_F_PROTO, .families = NF_IP4 } },
	{ "ip6", "saddr", { .field = NFT_F_SADDR, .families = NF_IP6 } },
	{ "ip6", "daddr", { .field = NFT_F_DADDR, .families = NF_IP6 } },
	{ "tcp", "sport", { .field = NFT_F_SPORT, .proto = PROTO_TCP } },
	{ "tcp", "dport", { .field = NFT_F_DPORT, .proto = PROTO_TCP } },
	{ "tcp", "flags", { .field = NFT_F_TCP_FLAGS, .proto = PROTO_TCP } },
	{ "udp", "sport", { .field = NFT_F_SPORT, .proto = PROTO_UDP } },
	{ "udp", "dport", { .field = NFT_F_DPORT, .proto = PROTO_UDP } },
	{ "sctp", "sport", { .field = NFT_F_SPORT, .proto = PROTO_SCTP } },
	{ "sctp", "dport", { .field = NFT_F_DPORT, .proto = PROTO_SCTP } },
	{ "th", "sport", { .field = NFT_F_SPORT } },
	{ "th", "dport", { .field = NFT_F_DPORT } },
	{ "icmp", "type", { .field = NFT_F_ICMP, .proto = PROTO_ICMP } },
	{ "icmpv6", "type", { .field = NFT_F_ICMP, .proto = PROTO_ICMPV6,
	    .v6 = true } },
};

static const struct simple {
	const char	*key;
	uint8_t		 field;
} metas[] = {
	{ "l4proto", NFT_F_PROTO }, { "mark", NFT_F_MARK },
	{ "iifname", NFT_F_IIF }, { "oifname", NFT_F_OIF },
	{ "iif", NFT_F_IIF }, { "oif", NFT_F_OIF }, { "nfproto", NFT_F_NFPROTO },
}, cts[] = {
	{ "mark", NFT_F_CTMARK }, { "state", NFT_F_STATE }, { "status", NFT_F_STATUS },
};

static uint8_t
simple_find(const struct simple *rows, size_t n, const char *key)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(rows[i].key, key) == 0)
			return rows[i].field;
	return NFT_F_NONE;
}

static bool
payload_read(const json_t *v, struct nft_key *k)
{
	const char *protocol = nft_string(v, "protocol");
	const char *field = nft_string(v, "field");

	for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++)
		if (strcmp(payloads[i].protocol, protocol) == 0 &&
		    strcmp(payloads[i].field, field) == 0) {
			*k = payloads[i].key;
			return true;
		}
	return false;
}

/* fib daddr . iif type */
static bool
fib_read(const json_t *v, struct nft_key *k)
{
	const json_t *flags = nft_get(v, "flags");
	bool many = json_is_array(flags);
	size_t n = many ? json_array_size(flags) : 1;

	if (strcmp(nft_string(v, "result"), "type") != 0)
		return false;
	for (size_t i = 0; i < n; i++) {
		const json_t *f = many ? json_array_get(flags, i) : flags;
		const char *name = json_is_string(f) ? json_string_value(f) : "";

		if (strcmp(name, "saddr") == 0)
			k->field = NFT_F_SRC_TYPE;
		else if (strcmp(name, "daddr") == 0)
			k->field = NFT_F_DST_TYPE;
		else if (strcmp(name, "iif") == 0)
			k->limit |= NF_A_LIMIT_IN;
		else if (strcmp(name, "oif") == 0)
			k->limit |= NF_A_LIMIT_OUT;
		else
			return false;
	}
	return k->field != NFT_F_NONE;
}

/* numgen, and hashes of what a packet has: one of `mod` ways. */
static bool
chance_read(const json_t *v, const char *name, struct nft_key *k)
{
	uint64_t mod, offset = 0;

	if (!nft_number(nft_get(v, "mod"), UINT16_MAX, &mod) || mod == 0)
		return false;
	if (nft_get(v, "offset") != NULL &&
	    !nft_number(nft_get(v, "offset"), UINT16_MAX, &offset))
		return false;
	k->field = NFT_F_CHANCE;
	k->mod = (uint32_t)mod;
	k->offset = (uint32_t)offset;
	k->in_turn = strcmp(name, "numgen") == 0 &&
	    strcmp(nft_string(v, "mode"), "random") != 0;
	return true;
}

/* {"&": [KEY, MASK]} */
static bool
masked_read(const json_t *v, struct nft_key *k)
{
	const json_t *mask = json_array_get(v, 1);
	uint64_t number;
	unsigned n;

	if (json_array_size(v) != 2 || json_is_object(json_array_get(v, 1)) ||
	    nft_get(json_array_get(v, 0), "&") != NULL ||
	    !nft_key_read(json_array_get(v, 0), k))
		return false;
	k->masked = true;
	if (k->field == NFT_F_TCP_FLAGS)
		return nft_value_bits(mask, NFT_B_FLAGS, &k->mask, &n);
	if (k->field != NFT_F_MARK && k->field != NFT_F_CTMARK)
		return false;
	if (!nft_number(mask, UINT32_MAX, &number))
		return false;
	k->mask = (uint32_t)number;
	return true;
}

bool
nft_key_read(const json_t *left, struct nft_key *k)
{
	const char *name = "";
	const json_t *v = nft_only(left, &name);

	*k = (struct nft_key){ .mask = UINT32_MAX };
	if (v == NULL)
		return false;
	if (strcmp(name, "payload") == 0) {
		bool ok = payload_read(v, k);

		k->mask = UINT32_MAX;
		return ok;
	}
	if (strcmp(name, "meta") == 0)
		k->field = simple_find(metas, sizeof(metas) / sizeof(metas[0]),
		    nft_string(v, "key"));
	else if (strcmp(name, "ct") == 0 && nft_get(v, "dir") == NULL)
		k->field = simple_find(cts, sizeof(cts) / sizeof(cts[0]),
		    nft_string(v, "key"));
	else if (strcmp(name, "fib") == 0)
		return fib_read(v, k);
	else if (strcmp(name, "numgen") == 0 || strcmp(name, "jhash") == 0 ||
	    strcmp(name, "symhash") == 0)
		return chance_read(v, name, k);
	else if (strcmp(name, "&") == 0)
		return masked_read(v, k);
	return k->field != NFT_F_NONE;
}

/* Every IPv4 address is in ::ffff:0:0/96, no IPv6 address is. */
static void
match_family(struct nft *t, uint8_t families, bool invert)
{
	static const uint8_t any[4];
	struct addr a = addr_from_v4(any);
	struct nf_match *m = nf_match_add(t->s, NF_M_SADDR,
	    (families == NF_IP6) != invert);

	if (m != NULL)
		m->prefix = prefix_of(&a, PREFIX_V4(0));
}

void
nft_implied(struct nft *t, const struct nft_key *k)
{
	if (k->families != 0 && t->table->families != k->families)
		match_family(t, k->families, false);
	if (k->proto != 0)
		nf_match_proto(t->s, k->proto, false);
}

/* ---- comparisons of one key with one value */

static bool
compare_addr(struct nft *t, const struct nft_key *k, bool invert, const json_t *right)
{
	bool dst = k->field == NFT_F_DADDR;
	struct addr range[2];
	struct nf_match *m;
	struct prefix p;

	if (nft_value_range(right, range)) {
		nf_match_range(t->s, dst, invert, range);
		return true;
	}
	if (!nft_value_prefix(right, &p))
		return false;
	m = nf_match_add(t->s, dst ? NF_M_DADDR : NF_M_SADDR, invert);
	if (m != NULL)
		m->prefix = p;
	return true;
}

static bool
compare_port(struct nft *t, const struct nft_key *k, const char *op,
    const json_t *right)
{
	enum nf_match_kind kind = k->field == NFT_F_SPORT ? NF_M_SPORT : NF_M_DPORT;
	struct nf_ports p;

	if (!nft_value_ports(right, &p))
		return false;
	if (op[0] == '<' || op[0] == '>') {
		uint16_t v = p.lo;
		bool or_equal = op[1] == '=';

		if (p.lo != p.hi || (!or_equal && v == (op[0] == '<' ? 0 : UINT16_MAX)))
			return false;
		if (op[0] == '<')
			p = (struct nf_ports){ 0, (uint16_t)(v - !or_equal) };
		else
			p = (struct nf_ports){ (uint16_t)(v + !or_equal), UINT16_MAX };
	} else if (strcmp(op, "==") != 0 && strcmp(op, "!=") != 0) {
		return false;
	}
	nf_match_ports(t->s, kind, op[0] == '!', &p, 1);
	return true;
}

/* `mark 1`, `mark & 6 == 2`; "!" is "none of these bits". */
static bool
compare_mark(struct nft *t, const struct nft_key *k, const char *op,
    const json_t *right)
{
	struct nf_match *m;
	uint32_t mask = k->mask;
	uint64_t v;
	bool bits = strcmp(op, "!") == 0 || strcmp(op, "in") == 0;

	if (!nft_number(right, UINT32_MAX, &v) || (bits && k->masked) ||
	    op[0] == '<' || op[0] == '>')
		return false;
	m = nf_match_add(t->s, k->field == NFT_F_MARK ? NF_M_MARK : NF_M_CTMARK,
	    strcmp(op, "!=") == 0 || strcmp(op, "in") == 0);
	if (m != NULL) {
		m->mark.mask = bits ? (uint32_t)v : mask;
		m->mark.value = bits ? 0 : (uint32_t)v;
	}
	return true;
}

/* `in`: one of the bits is set; `!`: none is.  For single bits that is == and
   != too. */
static bool
compare_states(struct nft *t, const struct nft_key *k, const char *op,
    const json_t *right)
{
	bool status = k->field == NFT_F_STATUS;
	bool any = strcmp(op, "in") == 0 || strcmp(op, "!") == 0;
	bool set = nft_get(right, "set") != NULL;
	struct nf_match *m;
	uint32_t bits;
	unsigned n;

	if (!nft_value_bits(right, status ? NFT_B_STATUS : NFT_B_STATE, &bits, &n))
		return false;
	/* A connection has one state, but several bits of status at once. */
	if (!any && (status || (n > 1 && !set)))
		return false;
	m = nf_match_add(t->s, NF_M_CTSTATE, op[0] == '!');
	if (m != NULL)
		m->states = bits;
	return true;
}

static bool
compare_type(struct nft *t, const struct nft_key *k, bool invert, const json_t *right)
{
	struct nf_match *m;
	uint32_t bits;
	unsigned n;

	if (!nft_value_bits(right, NFT_B_TYPE, &bits, &n) ||
	    (n > 1 && nft_get(right, "set") == NULL))
		return false;
	m = nf_match_add(t->s, k->field == NFT_F_SRC_TYPE ? NF_M_SRC_TYPE :
	    NF_M_DST_TYPE, invert);
	if (m != NULL)
		m->types = bits | k->limit;
	return true;
}

static bool
compare_flags(struct nft *t, const struct nft_key *k, const char *op,
    const json_t *right)
{
	bool in = strcmp(op, "in") == 0, none = strcmp(op, "!") == 0;
	struct nf_match *m;
	uint32_t bits = 0;
	unsigned n;

	if (!nft_value_bits(right, NFT_B_FLAGS, &bits, &n) ||
	    nft_get(right, "set") != NULL || ((in || none) && k->masked))
		return false;
	m = nf_match_add(t->s, NF_M_TCP_FLAGS, in || strcmp(op, "!=") == 0);
	if (m != NULL) {
		m->flags.mask = (uint8_t)(in || none ? bits : k->mask);
		m->flags.value = (uint8_t)(in || none ? 0 : bits);
	}
	return true;
}

static bool
compare_chance(struct nft *t, const struct nft_key *k, const char *op,
    const json_t *right)
{
	struct nf_match *m;
	struct nf_ports p;
	double ways;

	if (!nft_value_ports(right, &p) || k->offset != 0)
		return false;
	if (k->in_turn) {
		if (p.lo != p.hi || p.lo >= k->mod || op[0] == '<' || op[0] == '>')
			return false;
		m = nf_match_add(t->s, NF_M_NTH, op[0] == '!');
		if (m != NULL) {
			m->nth.every = k->mod;
			m->nth.packet = p.lo;
		}
		return true;
	}
	if (strcmp(op, "<") == 0 && p.lo == p.hi)
		ways = p.lo;
	else if (strcmp(op, "==") == 0 || strcmp(op, "!=") == 0)
		ways = p.hi - p.lo + 1;
	else
		return false;
	m = nf_match_add(t->s, NF_M_RANDOM, op[0] == '!');
	if (m != NULL)
		m->probability = ways < k->mod ? ways / k->mod : 1;
	return true;
}

static bool
compare_equal(struct nft *t, const struct nft_key *k, bool invert, const json_t *right)
{
	uint8_t proto, type, lo, hi;
	struct nf_match *m;
	const char *name;

	switch (k->field) {
	case NFT_F_SADDR:
	case NFT_F_DADDR:
		return compare_addr(t, k, invert, right);
	case NFT_F_SRC_TYPE:
	case NFT_F_DST_TYPE:
		return compare_type(t, k, invert, right);
	case NFT_F_PROTO:
		if (!nft_value_proto(right, &proto))
			return false;
		nf_match_proto(t->s, proto, invert);
		return true;
	case NFT_F_IIF:
	case NFT_F_OIF:
		name = nft_value_dev(t, right);
		if (name == NULL)
			return false;
		m = nf_match_add(t->s, k->field == NFT_F_IIF ? NF_M_IIF : NF_M_OIF,
		    invert);
		if (m != NULL)
			m->name = name;
		return true;
	case NFT_F_NFPROTO:
		name = json_is_string(right) ? json_string_value(right) : "";
		if (strcmp(name, "ipv4") != 0 && strcmp(name, "ipv6") != 0)
			return false;
		match_family(t, name[3] == '4' ? NF_IP4 : NF_IP6, invert);
		return true;
	case NFT_F_ICMP:
		if (json_is_integer(right)) {
			uint64_t n;

			if (!nft_number(right, UINT8_MAX, &n))
				return false;
			type = (uint8_t)n, lo = 0, hi = UINT8_MAX;
		} else if (!json_is_string(right) ||
		    !scan_icmp(span_text(json_string_value(right)), k->v6, &type,
		    &lo, &hi)) {
			return false;
		}
		m = nf_match_add(t->s, NF_M_ICMP, invert);
		if (m != NULL) {
			m->icmp.type = type;
			m->icmp.code_lo = lo;
			m->icmp.code_hi = hi;
		}
		return true;
	default:
		return false;
	}
}

bool
nft_compare(struct nft *t, const struct nft_key *k, const char *op,
    const json_t *right)
{
	switch (k->field) {
	case NFT_F_SPORT:
	case NFT_F_DPORT:
		return compare_port(t, k, op, right);
	case NFT_F_MARK:
	case NFT_F_CTMARK:
		return compare_mark(t, k, op, right);
	case NFT_F_STATE:
	case NFT_F_STATUS:
		return compare_states(t, k, op, right);
	case NFT_F_TCP_FLAGS:
		return compare_flags(t, k, op, right);
	case NFT_F_CHANCE:
		return compare_chance(t, k, op, right);
	default:
		/* "in" of a value that is no set of bits is == */
		if (strcmp(op, "==") != 0 && strcmp(op, "!=") != 0 &&
		    strcmp(op, "in") != 0)
			return false;
		return compare_equal(t, k, op[0] == '!', right);
	}
}

/* ---- matches */

/* Ports in a set of the rule's own are ranges of one match. */
static bool
match_port_set(struct nft *t, const struct nft_key *k, bool invert,
    const json_t *elems)
{
	struct nf_ports ports[64];
	size_t n = json_array_size(elems);

	if (n == 0 || n > sizeof(ports) / sizeof(ports[0]))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!nft_value_ports(json_array_get(elems, i), &ports[i]))
			return false;
	nf_match_ports(t->s, k->field == NFT_F_SPORT ? NF_M_SPORT : NF_M_DPORT,
	    invert, ports, (unsigned)n);
	return true;
}

static bool
match_set(struct nft *t, const struct nft_key *keys, unsigned n, const char *op,
    const json_t *right)
{
	const json_t *elems = nft_get(right, "set");
	bool invert = strcmp(op, "!=") == 0;
	struct nf_match *m;
	uint32_t set;

	if (!invert && strcmp(op, "==") != 0 && strcmp(op, "in") != 0)
		return false;
	if (n == 1 && elems != NULL && (keys[0].field == NFT_F_SPORT ||
	    keys[0].field == NFT_F_DPORT) &&
	    match_port_set(t, &keys[0], invert, elems))
		return true;
	set = nft_set_of(t, right, keys, n, false);
	if (set == STATE_NONE)
		return false;
	m = nf_match_add(t->s, NF_M_SET, invert);
	if (m != NULL)
		m->set = set;
	return true;
}

static bool
is_named(const json_t *v)
{
	return json_is_string(v) && json_string_value(v)[0] == '@';
}

static bool
match_read(struct nft *t, const json_t *v)
{
	const json_t *left = nft_get(v, "left"), *right = nft_get(v, "right");
	const json_t *concat = nft_get(left, "concat");
	const char *op = nft_string(v, "op");
	struct nft_key keys[NFT_FIELDS_MAX];
	size_t n = concat ? json_array_size(concat) : 1;

	if (n == 0 || n > NFT_FIELDS_MAX || right == NULL)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!nft_key_read(concat ? json_array_get(concat, i) : left, &keys[i]))
			return false;
		nft_implied(t, &keys[i]);
	}
	if (concat != NULL || is_named(right))
		return match_set(t, keys, (unsigned)n, op, right);
	if (nft_compare(t, &keys[0], op, right))
		return true;
	return nft_get(right, "set") != NULL && match_set(t, keys, 1, op, right);
}

void
nft_match(struct nft *t, const json_t *v)
{
	uint32_t first = t->s->nf_matches.n;
	const char *words;

	if (match_read(t, v))
		return;
	t->s->nf_matches.n = first;
	words = nft_expr_text(t->s, v);
	nf_match_unknown(t->s, span_text(words));
}
