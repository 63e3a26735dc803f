/* SPDX-License-Identifier: GPL-2.0-or-later */
/* commands.c - the table of commands; a new one is cmd_NAME.c and a row here. */
#include "ui/commands.h"

#include <stddef.h>
#include <string.h>

static const struct command commands[] = {
	{ "read", "[options] [NAME=]FILE... [filter]",
	    "explain saved captures: which interfaces each flow crossed, and how "
	    "it was translated", cmd_read },
};

const struct command *
command_get(unsigned i)
{
	return i < sizeof(commands) / sizeof(commands[0]) ? &commands[i] : NULL;
}

const struct command *
command_find(const char *name)
{
	const struct command *c;
	unsigned i;

	for (i = 0; (c = command_get(i)) != NULL; i++)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}
