/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nft_int.h - a ruleset in nft's JSON while it is read: nft.c (objects),
 * nft_expr.c (what is compared), nft_value.c (with what), nft_set.c
 * (elements), nft_stmt.c (what is done), nft_text.c (words for people).
 */
#ifndef CAPTURE_STATE_NFT_INT_H
#define CAPTURE_STATE_NFT_INT_H

#include <jansson.h>

#include "capture/state/netfilter/nf_build.h"

#define NFT_MISSING_MAX	32	/* names of chains that are not there */
#define NFT_FIELDS_MAX	6	/* of a concatenation */
#define NFT_TEXT_MAX	1000	/* of a rule, cut with ... */

struct nft_table {
	const char	*family, *name;
	uint8_t		 families;	/* 0: one that no IP packet meets here */
	bool		 compat;	/* iptables-nft's: iptables-save tells it better */
	uint32_t	 index;		/* in state.nf_tables, or STATE_NONE */
};

/* A named set or map of the ruleset.  Only the rules that use it say what its
   values are compared with, so there is one nf_set for each way of use. */
struct nft_named {
	uint32_t	 table;		/* in state.nf_tables */
	const char	*name;
	json_t		*object;
	struct { uint32_t fields, set; } uses[4];
	unsigned	 n_uses;
};

struct nft {
	struct reader	*r;
	struct state	*s;
	unsigned long	 line;
	struct nft_table *tables;
	size_t		 n_tables;
	struct nft_named *named;	/* sorted before the rules are read */
	size_t		 n_named;
	const char	*missing[NFT_MISSING_MAX];
	unsigned	 n_missing;
	/* the rule */
	const struct nft_table *table;
	uint32_t	 chain;
	uint32_t	 first_match;	/* of the next statement */
	bool		 emitted;	/* a statement of this rule is kept already */
	const char	*text, *comment;
};

/* ---- nft_expr.c: what of a packet is compared */

enum nft_field {
	NFT_F_NONE, NFT_F_SADDR, NFT_F_DADDR, NFT_F_PROTO, NFT_F_SPORT, NFT_F_DPORT,
	NFT_F_MARK, NFT_F_IIF, NFT_F_OIF,	/* up to here a set can have it */
	NFT_F_CTMARK, NFT_F_STATE, NFT_F_STATUS, NFT_F_SRC_TYPE, NFT_F_DST_TYPE,
	NFT_F_ICMP, NFT_F_NFPROTO, NFT_F_TCP_FLAGS, NFT_F_CHANCE,
};

struct nft_key {
	uint8_t		field;		/* enum nft_field */
	uint8_t		proto;		/* that it stands for; 0 none */
	uint8_t		families;	/* that it stands for; 0 none */
	bool		v6;		/* NFT_F_ICMP: ICMPv6's types */
	bool		in_turn;	/* NFT_F_CHANCE: numgen inc */
	bool		masked;
	uint32_t	mask;		/* marks and flags */
	uint32_t	limit;		/* enum nf_addrtype: fib ... iif */
	uint32_t	mod, offset;	/* NFT_F_CHANCE */
};

bool	nft_key_read(const json_t *, struct nft_key *);
/* Matches for what the key says without words: TCP for `tcp dport`. */
void	nft_implied(struct nft *, const struct nft_key *);
/* Matches for {"match": ...}, or one NF_M_UNKNOWN. */
void	nft_match(struct nft *, const json_t *);
/* A match of one key with one value; false when it is not known. */
bool	nft_compare(struct nft *, const struct nft_key *, const char *op,
	    const json_t *right);

/* ---- nft_value.c */

/* The only member of an object, {"jump": {...}}; NULL when it is none. */
const json_t *nft_only(const json_t *, const char **name);
/* The member of an object, NULL when it is not one or has none. */
const json_t *nft_get(const json_t *, const char *name);
const char *nft_string(const json_t *, const char *name);	/* "" when absent */
bool	nft_number(const json_t *, uint64_t max, uint64_t *out);
bool	nft_value_prefix(const json_t *, struct prefix *);
bool	nft_value_range(const json_t *, struct addr out[static 2]);
bool	nft_value_ports(const json_t *, struct nf_ports *);
bool	nft_value_proto(const json_t *, uint8_t *);
/* A device, "eni*" as "eni+". */
const char *nft_value_dev(struct nft *, const json_t *);

enum nft_bits { NFT_B_STATE, NFT_B_STATUS, NFT_B_TYPE, NFT_B_FLAGS };
/* A name, or a list or set of names, as bits; *n how many. */
bool	nft_value_bits(const json_t *, enum nft_bits, uint32_t *out, unsigned *n);

/* ---- nft_set.c */

/* For qsort(3): by table and name. */
int	nft_named_order(const void *, const void *);

/* The nf_set of an expression's right side ({"set": [...]} or "@name") whose
   fields are these; STATE_NONE when it cannot be made.  A map when `map`. */
uint32_t nft_set_of(struct nft *, const json_t *right, const struct nft_key *keys,
	    unsigned n, bool map);

/* ---- nft_stmt.c */

/* All statements of a rule; "expr" of the rule object. */
void	nft_statements(struct nft *, const json_t *expr);
bool	nft_verdict(struct nft *, const json_t *, struct nf_target *);

/* ---- nft_text.c */

/* The rule, or one expression, in nft's own words; the state's text. */
const char *nft_rule_text(struct state *, const json_t *expr);
const char *nft_expr_text(struct state *, const json_t *);

#endif
