/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * help.h - --help, the manual page and the bash completion, from the tables of
 * commands, options, outputs and --where keys.
 */
#ifndef UI_HELP_H
#define UI_HELP_H

#include <stdio.h>

#ifndef PODPATH_VERSION	/* the Makefile tells */
#define PODPATH_VERSION	"unknown"
#endif

struct command;

enum help_form { HELP_TEXT, HELP_VERSION, HELP_MAN, HELP_BASH, N_HELP_FORMS };

/* On stdout; the exit code.  HELP_TEXT is of one command, or with NULL of all;
   the other forms are always of all. */
int	help_print(enum help_form, const struct command *);
/* The same into a stream, for tests. */
void	help_write(FILE *, enum help_form, const struct command *);

/* Texts that --help and the manual share (help_text.c); NULL past the last. */
struct help_pair {
	const char	*term, *text;
	unsigned	 commands;	/* that it is about: 1 << enum command_id */
};
const struct help_pair	*help_example(unsigned i);
const struct help_pair	*help_exit_code(unsigned i);
const struct help_pair	*help_paragraph(unsigned i);

void	help_write_man(FILE *);
void	help_write_bash(FILE *);

#endif
