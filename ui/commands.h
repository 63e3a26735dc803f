/* SPDX-License-Identifier: GPL-2.0-or-later */
/* commands.h - the commands, one row each. */
#ifndef UI_COMMANDS_H
#define UI_COMMANDS_H

struct options;

struct command {
	const char	*name;
	const char	*args;		/* for the synopsis */
	const char	*help;
	int		 (*run)(const struct options *);	/* the exit code */
};

/* All of them; NULL past the last. */
const struct command	*command_get(unsigned i);
const struct command	*command_find(const char *name);

int	cmd_read(const struct options *);

#endif
