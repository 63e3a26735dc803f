/* SPDX-License-Identifier: GPL-2.0-or-later */
/* commands.h - the commands, one row each. */
#ifndef UI_COMMANDS_H
#define UI_COMMANDS_H

struct options;

enum command_id {
	COMMAND_READ, COMMAND_LIVE, COMMAND_RECORD, COMMAND_VERIFY,
	COMMAND_EXPLAIN, COMMAND_NODE, COMMAND_WHO, COMMAND_STATE,
	N_COMMANDS
};

struct command {
	const char	*name;
	const char	*args;		/* for the synopsis */
	const char	*help;
	int		 (*run)(const struct options *);	/* the exit code */
	/* The i-th word of its -o, NULL past the last; no function: it has none. */
	const char	*(*output)(unsigned i);
	/* The i-th word that may stand first, NULL past the last; no function:
	   none is known before. */
	const char	*(*word)(unsigned i);
};

/* All of them, by enum command_id; NULL past the last. */
const struct command	*command_get(unsigned i);
const struct command	*command_find(const char *name);
/* 1 << enum command_id; NULL: all of them. */
unsigned		 command_bit(const struct command *);

int	cmd_read(const struct options *);
int	cmd_live(const struct options *);
int	cmd_record(const struct options *);
int	cmd_verify(const struct options *);
int	cmd_explain(const struct options *);
int	cmd_node(const struct options *);
int	cmd_who(const struct options *);
int	cmd_state(const struct options *);

#endif
