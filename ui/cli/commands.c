/* SPDX-License-Identifier: GPL-2.0-or-later */
/* commands.c - the table of commands; a new one is cmd_NAME.c and a row here. */
#include "ui/cli/commands.h"

#include <stddef.h>
#include <string.h>

#include "ui/out/output.h"
#include "ui/verify/verify.h"

static const char *
read_output(unsigned i)
{
	const struct output *o = output_get(i);

	return o != NULL ? o->name : NULL;
}

static const char *
document_output(unsigned i)
{
	static const char *const words[] = { "text", "json" };

	return i < sizeof(words) / sizeof(words[0]) ? words[i] : NULL;
}

static const struct command commands[N_COMMANDS] = {
	[COMMAND_READ] = { "read", "[options] [NAME=]FILE... [filter]",
	    "explain saved captures: which interfaces each flow crossed, and how "
	    "it was translated; with --state also why, and whether that is right",
	    cmd_read, read_output, NULL },
	[COMMAND_LIVE] = { "live", "[options] [filter]",
	    "watch this node: a line for each flow as its path, its translation "
	    "and its verdict become known, and when they change",
	    cmd_live, read_output, NULL },
	[COMMAND_RECORD] = { "record", "-w FILE [options]",
	    "save what this node shows, with its state and every change of it, as "
	    "pcapng; podpath read explains it later as live would have",
	    cmd_record, NULL, NULL },
	[COMMAND_VERIFY] = { "verify", "CHECK... [options] [FILE...] [filter]",
	    "check what a capture shows, or with --state alone how the node is "
	    "set up; for scripts and CI",
	    cmd_verify, verify_form_name, verify_check_name },
	[COMMAND_EXPLAIN] = { "explain", "SOURCE DESTINATION[:PORT][/PROTO]",
	    "the path that a packet would take through this node, step by step; "
	    "no packets needed",
	    cmd_explain, document_output, NULL },
	[COMMAND_NODE] = { "node", "[options]",
	    "ENIs and pods, addresses used and free, and how the node deviates "
	    "from what its CNI requires",
	    cmd_node, document_output, NULL },
	[COMMAND_WHO] = { "who", "ADDRESS:PORT[@TIME] [options] [FILE...]",
	    "which pod was behind this translated address; of an ADDRESS alone, "
	    "what of its ports is used, and by whom",
	    cmd_who, document_output, NULL },
	[COMMAND_STATE] = { "state", "[--state PATH] [-w FILE]",
	    "save this node's state (or what PATH holds, in one file): links, "
	    "addresses, rules, routes, NAT rules, conntrack, ENIs, pods",
	    cmd_state, NULL, NULL },
};

const struct command *
command_get(unsigned i)
{
	return i < N_COMMANDS ? &commands[i] : NULL;
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

unsigned
command_bit(const struct command *c)
{
	return c != NULL ? 1u << (c - commands) : (1u << N_COMMANDS) - 1;
}
