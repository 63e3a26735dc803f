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

enum help_form { HELP_TEXT, HELP_VERSION, HELP_MAN, HELP_BASH, N_HELP_FORMS };

/* On stdout; the exit code. */
int	help_print(enum help_form);
/* The same into a stream, for tests. */
void	help_write(FILE *, enum help_form);

/* Texts that --help and the manual share (help_text.c); NULL past the last. */
struct help_pair { const char *term, *text; };
const struct help_pair	*help_example(unsigned i);
const struct help_pair	*help_exit_code(unsigned i);
const struct help_pair	*help_paragraph(unsigned i);

void	help_write_man(FILE *);
void	help_write_bash(FILE *);

#endif
