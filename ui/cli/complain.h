/* SPDX-License-Identifier: GPL-2.0-or-later */
/* complain.h - exit codes, and one-line messages to a person on stderr. */
#ifndef UI_COMPLAIN_H
#define UI_COMPLAIN_H

enum exit_code {
	EXIT_FINE	= 0,
	EXIT_FAILED	= 1,	/* a check failed, a path is wrong */
	EXIT_USAGE	= 2,	/* usage or input error */
	EXIT_UNSURE	= 3,	/* inconclusive: nothing to judge, or not known */
	EXIT_INTERRUPT	= 130,	/* a second Ctrl-C */
};

/* The command that messages name: "podpath read: ...". */
void	complain_as(const char *command);
/* Print "podpath COMMAND: text" and a newline.  Bytes that could play tricks
   on a terminal (file names!) are shown as \xNN. */
void	complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same, and the exit code for it. */
int	complain_usage(const char *format, ...)
	    __attribute__((format(printf, 1, 2)));

#endif
