/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * where.h - choose flows by meaning: "verdict=wrong port=443 rtt>20ms".
 *
 * Terms are separated by blanks and must all hold.  A term is KEY OPERATOR
 * VALUE[,VALUE...]; with = one of the values must match, with != none may.
 * Words take the globs of fnmatch(3), numbers also < <= > >= and ranges (A-B).
 * What is not known matches no value.
 */
#ifndef UI_WHERE_H
#define UI_WHERE_H

#include <stdbool.h>
#include <stddef.h>

#include "decode/flow.h"
#include "ui/out/output.h"

struct where;

#define WHERE_ERROR_MAX	512

/* NULL and a message that quotes the term, when the text is no expression. */
struct where	*where_parse(const char *text, char error[static WHERE_ERROR_MAX]);
void		 where_free(struct where *);	/* NULL is fine */
bool		 where_match(const struct where *, const struct flow *,
		    const struct naming *);

/* The i-th key with its help, for --help; false past the last. */
bool		 where_key(unsigned i, const char **name, const char **help);

#endif
