/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nft_set.c - elements of nftables' sets and verdict maps.
 *
 * An element that cannot be told makes the whole set NF_K_UNKNOWN: without it,
 * "not in the set" would be a guess.
 */
#include "capture/state/netfilter/nft_int.h"

#include <stdlib.h>

/* The bits of enum nf_key, by field; 0: no set can have it. */
static const uint32_t key_bits[] = {
	[NFT_F_SADDR] = NF_K_SADDR,	[NFT_F_DADDR] = NF_K_DADDR,
	[NFT_F_PROTO] = NF_K_PROTO,	[NFT_F_SPORT] = NF_K_SPORT,
	[NFT_F_DPORT] = NF_K_DPORT,	[NFT_F_MARK] = NF_K_MARK,
	[NFT_F_IIF] = NF_K_IIF,		[NFT_F_OIF] = NF_K_OIF,
	[NFT_F_CTMARK] = 0,		[NFT_F_STATE] = 0,
	[NFT_F_STATUS] = 0,		[NFT_F_SRC_TYPE] = 0,
	[NFT_F_DST_TYPE] = 0,		[NFT_F_ICMP] = 0,
	[NFT_F_NFPROTO] = 0,		[NFT_F_TCP_FLAGS] = 0,
	[NFT_F_CHANCE] = NF_K_RANDOM,
};

/* An address range of an element: one field of it at most. */
struct range {
	struct addr	ends[2];
	bool		dst, there;
};

static bool
chance_value(const struct nft_key *k, const json_t *v, struct nf_elem *e)
{
	struct nf_ports p;

	if (!nft_value_ports(v, &p) || p.lo < k->offset || p.hi < k->offset)
		return false;
	e->random.lo = (uint16_t)(p.lo - k->offset);
	e->random.hi = (uint16_t)(p.hi - k->offset);
	return true;
}

static bool
addr_value(const struct nft_key *k, const json_t *v, struct nf_elem *e,
    struct range *r)
{
	bool dst = k->field == NFT_F_DADDR;

	if (nft_value_prefix(v, dst ? &e->daddr : &e->saddr))
		return true;
	if (r->there || !nft_value_range(v, r->ends))
		return false;
	r->there = true;
	r->dst = dst;
	return true;
}

static bool
elem_value(struct nft *t, const struct nft_key *k, const json_t *v,
    struct nf_elem *e, struct range *r)
{
	uint64_t n;

	switch (k->field) {
	case NFT_F_SADDR:
	case NFT_F_DADDR:
		return addr_value(k, v, e, r);
	case NFT_F_PROTO:
		return nft_value_proto(v, &e->proto);
	case NFT_F_SPORT:
		return nft_value_ports(v, &e->sport);
	case NFT_F_DPORT:
		return nft_value_ports(v, &e->dport);
	case NFT_F_IIF:
	case NFT_F_OIF:
		e->iface = nft_value_dev(t, v);
		return e->iface != NULL;
	case NFT_F_MARK:
		if (!nft_number(v, UINT32_MAX, &n))
			return false;
		e->mark = (uint32_t)n;
		return true;
	case NFT_F_CHANCE:
		return chance_value(k, v, e);
	default:
		return false;
	}
}

static bool
elem_push(struct nft *t, uint32_t set, const struct nf_elem *e)
{
	struct nf_elem *to = state_push(t->s, nf_elems);

	if (to == NULL)
		return false;
	*to = *e;
	t->s->nf_sets.v[set].n++;
	return true;
}

/* The last address of the range of `len` bits that begins at a. */
static struct addr
range_last(const struct addr *a, unsigned len)
{
	struct addr last = *a;

	for (unsigned i = len; i < 128; i++)
		last.b[i / 8] |= (uint8_t)(0x80 >> i % 8);
	return last;
}

/* *a + 1; false when that is no address any more. */
static bool
addr_advance(struct addr *a)
{
	for (int i = 15; i >= 0; i--)
		if (++a->b[i] != 0)
			return true;
	return false;
}

/* A range as the fewest prefixes. */
static bool
range_push(struct nft *t, uint32_t set, struct nf_elem *e, const struct range *r)
{
	struct addr at = r->ends[0], last;
	unsigned len;

	for (;;) {
		struct prefix p;

		for (len = 128; len > 0; len--) {
			p = prefix_of(&at, (uint8_t)(len - 1));
			last = range_last(&at, len - 1);
			if (!addr_eq(&p.addr, &at) ||
			    memcmp(last.b, r->ends[1].b, sizeof(last.b)) > 0)
				break;
		}
		p = prefix_of(&at, (uint8_t)len);
		*(r->dst ? &e->daddr : &e->saddr) = p;
		if (!elem_push(t, set, e))
			return false;
		at = range_last(&at, len);
		if (memcmp(at.b, r->ends[1].b, sizeof(at.b)) >= 0 ||
		    !addr_advance(&at))
			return true;
	}
}

/* [KEY, VERDICT] of a map, KEY of a set; either may stand in {"elem": {"val":
   ...}} with a timeout or comment beside it. */
static bool
elem_read(struct nft *t, uint32_t set, const json_t *v, const struct nft_key *keys,
    unsigned n, bool map)
{
	struct nf_elem e = { .verdict = { .kind = NF_T_NONE } };
	struct range range = { .there = false };
	const json_t *key = map ? json_array_get(v, 0) : v;
	const json_t *inner = nft_get(key, "elem"), *concat;
	const char *comment;

	if (key == NULL || (map && (json_array_size(v) != 2 ||
	    !nft_verdict(t, json_array_get(v, 1), &e.verdict))))
		return false;
	if (inner != NULL) {
		comment = nft_string(inner, "comment");
		if (comment[0] != '\0')
			e.comment = state_text(t->s, comment, strlen(comment));
		key = nft_get(inner, "val");
	}
	concat = nft_get(key, "concat");
	if (n != (concat ? json_array_size(concat) : 1))
		return false;
	for (unsigned i = 0; i < n; i++)
		if (!elem_value(t, &keys[i], concat ? json_array_get(concat, i) : key,
		    &e, &range))
			return false;
	return range.there ? range_push(t, set, &e, &range) : elem_push(t, set, &e);
}

static void
elems_read(struct nft *t, uint32_t set, const json_t *elems,
    const struct nft_key *keys, unsigned n, bool map)
{
	for (size_t i = 0; i < json_array_size(elems); i++)
		if (!elem_read(t, set, json_array_get(elems, i), keys, n, map)) {
			t->s->nf_sets.v[set].keys = NF_K_UNKNOWN;
			return;
		}
}

static uint32_t
set_make(struct nft *t, const char *name, const json_t *elems,
    const struct nft_key *keys, unsigned n, bool map, uint32_t bits)
{
	uint32_t set = nf_set_add(t->s, name, t->table->index, bits);

	if (set == STATE_NONE)
		return STATE_NONE;
	if (bits & NF_K_RANDOM)
		t->s->nf_sets.v[set].mod = keys[0].mod;
	elems_read(t, set, elems, keys, n, map);
	return set;
}

int
nft_named_order(const void *pa, const void *pb)
{
	const struct nft_named *a = pa, *b = pb;

	if (a->table != b->table)
		return a->table < b->table ? -1 : 1;
	return strcmp(a->name, b->name);
}

static struct nft_named *
named_find(struct nft *t, const char *name)
{
	struct nft_named key = { .table = t->table->index, .name = name };

	return t->n_named == 0 ? NULL : bsearch(&key, t->named, t->n_named,
	    sizeof(key), nft_named_order);
}

/* The order of the fields is a part of how a set is used. */
static uint32_t
use_of(const struct nft_key *keys, unsigned n)
{
	uint32_t use = n;

	for (unsigned i = 0; i < n; i++)
		use = use << 4 | keys[i].field;
	return use;
}

static uint32_t
named_use(struct nft *t, struct nft_named *named, const struct nft_key *keys,
    unsigned n, bool map, uint32_t bits)
{
	uint32_t use = use_of(keys, n), set;

	for (unsigned i = 0; i < named->n_uses; i++)
		if (named->uses[i].fields == use)
			return named->uses[i].set;
	set = set_make(t, nf_text(t->s, span_text(named->name)),
	    nft_get(named->object, "elem"), keys, n, map, bits);
	if (set != STATE_NONE &&
	    named->n_uses < sizeof(named->uses) / sizeof(named->uses[0])) {
		named->uses[named->n_uses].fields = use;
		named->uses[named->n_uses++].set = set;
	}
	return set;
}

uint32_t
nft_set_of(struct nft *t, const json_t *right, const struct nft_key *keys,
    unsigned n, bool map)
{
	const json_t *elems = nft_get(right, "set");
	struct nft_named *named = NULL;
	uint32_t bits = 0;

	for (unsigned i = 0; i < n; i++) {
		uint32_t bit = key_bits[keys[i].field];

		/* One field twice, or half of a mark, no set here can have. */
		if (bit == 0 || (bits & bit) || keys[i].masked ||
		    (bit == NF_K_RANDOM && n > 1))
			return STATE_NONE;
		bits |= bit;
	}
	if (json_is_string(right) && json_string_value(right)[0] == '@') {
		named = named_find(t, json_string_value(right) + 1);
		if (named == NULL)
			return STATE_NONE;
		return named_use(t, named, keys, n, map, bits);
	}
	if (!json_is_array(elems))
		return STATE_NONE;
	return set_make(t, "", elems, keys, n, map, bits);
}
