/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iptables_int.h - one line of iptables-save while it is read: between
 * iptables.c (lines, tables, chains) and those for parts of a rule.
 */
#ifndef CAPTURE_STATE_IPTABLES_INT_H
#define CAPTURE_STATE_IPTABLES_INT_H

#include "capture/state/netfilter/nf_build.h"

#define IPT_WORDS_MAX	256	/* of a rule */
#define IPT_MISSING_MAX	32	/* names of chains that are not there */
#define IPT_UNQUOTED_MAX 4096	/* bytes of its quoted words that have escapes */

struct ipt_word {
	struct span	text;		/* without quotes and escapes */
	const char	*raw, *raw_end;	/* as it stands in the line */
	bool		quoted;		/* then it is never an option */
};

struct ipt {
	struct reader	*r;
	struct state	*s;
	bool		 v6;
	bool		 nft;		/* iptables-nft said that it wrote this */
	unsigned long	 line;
	/* the table that is being read */
	uint32_t	 table;		/* index in state.nf_tables; STATE_NONE: none */
	const char	*table_name;	/* NULL: none */
	bool		 skip;		/* a table that is left out */
	unsigned	 hooks;		/* of its built-in chains: 1 << enum nf_hook */
	int32_t		 priority;
	uint32_t	 last_chain;	/* that a rule was for */
	const char	*missing[IPT_MISSING_MAX];
	unsigned	 n_missing;
	/* the rule */
	struct ipt_word	 w[IPT_WORDS_MAX];
	unsigned	 n, at, end;	/* words; the next one; where the module ends */
	char		 unquoted[IPT_UNQUOTED_MAX];
	size_t		 n_unquoted;
	uint32_t	 first_match;
	struct nf_target target;
	const char	*comment;
	const char	*expected;	/* NULL: fine so far; else why `wrong` is not */
	struct span	 wrong;
	/* the module whose options are being read */
	uint32_t	 module_match;	/* its first match */
	uint32_t	 addrtype_limit; /* enum nf_addrtype */
	bool		 random, nth;	/* -m statistic --mode */
	struct nf_nat	 nat;		/* of the target */
};

enum ipt_taken {
	IPT_TAKEN,
	IPT_UNKNOWN,		/* not known here: the whole module is kept as words */
	IPT_WRONG,		/* ipt_wrong() was called */
};

/* Note that a value is not what it should be; the first one counts. */
enum ipt_taken	ipt_wrong(struct ipt *, struct span, const char *expected);
/* The next word of the module; empty (and false) when there is none. */
bool		ipt_arg(struct ipt *, struct span *);
/* The line from word a up to word b. */
struct span	ipt_raw(const struct ipt *, unsigned a, unsigned b);
bool		ipt_word_is(const struct ipt *, unsigned at, const char *);

/* iptables_general.c: a match that needs no module; false when the word at t->at
   is no option for one. */
bool		ipt_general(struct ipt *, bool invert);
bool		ipt_is_general(const struct ipt *, unsigned at);
/* iptables_match.c: the word at t->at is the module's name. */
void		ipt_module(struct ipt *);
/* iptables_target.c: from the name of the target to the end. */
void		ipt_target(struct ipt *, bool go_to);

#endif
