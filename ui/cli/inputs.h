/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inputs.h - free words of the command line: which are files, which a filter.
 *
 * Leading words that name a file ("-", FILE, NAME=FILE) are files; the first
 * other word begins the filter expression, which goes on to the end.  A word
 * that looks like a path is a (missing) file, not a filter.
 */
#ifndef UI_INPUTS_H
#define UI_INPUTS_H

#include <stdbool.h>

struct options;

struct inputs {
	const char	**files;	/* owned array of borrowed texts */
	unsigned	 n_files;
	char		*expression;	/* owned; NULL: no filter */
	struct filter	*filter;	/* owned; NULL: no filter */
};

/* False after a message; call inputs_fini() in any case. */
bool	inputs_init(struct inputs *, const struct options *);
/* The same for commands that read no files: all words are the filter. */
bool	inputs_init_filter(struct inputs *, const struct options *);
void	inputs_fini(struct inputs *);

#endif
