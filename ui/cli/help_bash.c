/* SPDX-License-Identifier: GPL-2.0-or-later */
/* help_bash.c - the bash completion, from the tables; bash(1). */
#include "ui/cli/help.h"

#include "ui/cli/commands.h"
#include "ui/cli/options.h"

static void
put_words(FILE *out, const struct option_row *row, const struct command *c)
{
	const char *w;
	unsigned i;

	fputs("COMPREPLY=( $(compgen -W '", out);
	for (i = 0; (w = row->word(c, i)) != NULL; i++)
		fprintf(out, "%s%s", i ? " " : "", w);
	fputs("' -- \"$cur\") )", out);
}

/* Words that are not the same for every command. */
static void
put_words_by_command(FILE *out, const struct option_row *row)
{
	const struct command *c;
	unsigned i;

	fputs("\t\tcase ${COMP_WORDS[1]} in\n", out);
	for (i = 0; (c = command_get(i)) != NULL; i++) {
		if (!option_applies(row, c))
			continue;
		fprintf(out, "\t\t%s) ", c->name);
		put_words(out, row, c);
		fputs(" ;;\n", out);
	}
	fputs("\t\t*) ", out);
	put_words(out, row, command_get(COMMAND_READ));
	fputs(" ;;\n\t\tesac\n", out);
}

/* "  -o|--output) ..." for an option that takes an argument. */
static void
put_case(FILE *out, const struct option_row *row)
{
	fputs("\t", out);
	if (row->letter != 0)
		fprintf(out, "-%c|", row->letter);
	fprintf(out, "--%s)\n", row->name);
	if (row->type == OPT_FILE)
		fputs("\t\tCOMPREPLY=( $(compgen -f -- \"$cur\") )\n", out);
	else if (row->type == OPT_WORD)
		put_words_by_command(out, row);
	fputs("\t\treturn ;;\n", out);
}

static void
put_option_words(FILE *out, const struct command *c)
{
	const struct option_row *row;
	unsigned i;

	for (i = 0; (row = option_get(i)) != NULL; i++) {
		if (row->group == GROUP_HIDDEN || !option_applies(row, c))
			continue;
		if (row->letter != 0)
			fprintf(out, "-%c ", row->letter);
		fprintf(out, "--%s ", row->name);
	}
}

/* Sets $options and $words by the command. */
static void
put_commands(FILE *out)
{
	const struct command *c;
	const char *w;
	unsigned i, k;

	fputs("\tcase ${COMP_WORDS[1]} in\n", out);
	for (i = 0; (c = command_get(i)) != NULL; i++) {
		fprintf(out, "\t%s) options='", c->name);
		put_option_words(out, c);
		fputs("' words='", out);
		for (k = 0; c->word != NULL && (w = c->word(k)) != NULL; k++)
			fprintf(out, "%s%s", k ? " " : "", w);
		fputs("' ;;\n", out);
	}
	fputs("\t*) options='", out);
	put_option_words(out, command_get(COMMAND_READ));
	fputs("' ;;\n\tesac\n", out);
}

void
help_write_bash(FILE *out)
{
	const struct option_row *row;
	const struct command *c;
	unsigned i;

	fputs("# bash completion for podpath; made by podpath --bash-completion\n"
	    "_podpath() {\n"
	    "\tlocal cur=${COMP_WORDS[COMP_CWORD]} "
	    "prev=${COMP_WORDS[COMP_CWORD-1]} options words=\n"
	    "\tcompopt -o filenames 2>/dev/null\n"
	    "\tcase $prev in\n", out);
	for (i = 0; (row = option_get(i)) != NULL; i++)
		if (row->arg != NULL)
			put_case(out, row);
	fputs("\tesac\n", out);
	put_commands(out);
	fputs("\tcase $cur in\n\t-*)\n"
	    "\t\tCOMPREPLY=( $(compgen -W \"$options\" -- \"$cur\") )\n"
	    "\t\treturn ;;\n\tesac\n"
	    "\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n"
	    "\t\tCOMPREPLY=( $(compgen -W '", out);
	for (i = 0; (c = command_get(i)) != NULL; i++)
		fprintf(out, "%s%s", i ? " " : "", c->name);
	/* what comes first is one of the words, where a command has some */
	fputs("' -- \"$cur\") )\n"
	    "\telif [ \"$COMP_CWORD\" -eq 2 ] && [ -n \"$words\" ]; then\n"
	    "\t\tCOMPREPLY=( $(compgen -W \"$words\" -- \"$cur\") )\n"
	    "\telse\n"
	    "\t\tCOMPREPLY=( $(compgen -f -W \"$words\" -- \"$cur\") )\n\tfi\n"
	    "}\ncomplete -F _podpath podpath\n", out);
}
