/* SPDX-License-Identifier: GPL-2.0-or-later */
/* where_int.h - between the parser (where.c) and the keys (where_keys.c). */
#ifndef UI_WHERE_INT_H
#define UI_WHERE_INT_H

#include <stdint.h>

#include "ui/where/where.h"

enum where_type {
	WHERE_WORD,		/* text, with globs */
	WHERE_NUMBER,
	WHERE_SPAN,		/* a number of nanoseconds, written with a unit */
	WHERE_ADDR,		/* an address, or a prefix with /bits */
};

/* One alternative of a term; which member holds depends on the key's type. */
struct where_value {
	const char	*word;		/* part of the parsed text's copy */
	uint64_t	 low, high;	/* both included */
	struct addr	 addr;
	unsigned	 bits;		/* of the prefix, in the IPv6 form */
};

/* A term while it is tried on a flow. */
struct where_probe {
	enum where_type	 type;
	unsigned	 n_values;
	const struct where_value *values;
	const struct naming *names;
};

struct where_key_row {
	const char	*name;
	const char	*help;
	enum where_type	 type;
	/* Does one of the flow's values for this key match? */
	bool		 (*test)(const struct where_probe *, const struct flow *);
	/* WHERE_WORD: the i-th possible word, NULL past the last; no function:
	   any word is possible. */
	const char	*(*word)(unsigned i);
};

const struct where_key_row *where_key_get(unsigned i);	/* NULL past the last */

/* Offer a value of the flow: is it one of those asked for? */
bool	where_probe_word(const struct where_probe *, const char *);
bool	where_probe_number(const struct where_probe *, uint64_t);
bool	where_probe_addr(const struct where_probe *, const struct addr *);

#endif
