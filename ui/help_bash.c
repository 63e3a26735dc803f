/* SPDX-License-Identifier: GPL-2.0-or-later */
/* help_bash.c - the bash completion, from the tables; bash(1). */
#include "ui/help.h"

#include "ui/commands.h"
#include "ui/options.h"
#include "ui/where.h"

/* "  -o|--output) ..." for an option that takes an argument. */
static void
put_case(FILE *out, const struct option_row *row)
{
	const char *w;
	unsigned i;

	fputs("\t", out);
	if (row->letter != 0)
		fprintf(out, "-%c|", row->letter);
	fprintf(out, "--%s)\n", row->name);
	if (row->type == OPT_FILE) {
		fputs("\t\tCOMPREPLY=( $(compgen -f -- \"$cur\") )\n", out);
	} else if (row->type == OPT_WORD) {
		fputs("\t\tCOMPREPLY=( $(compgen -W '", out);
		for (i = 0; (w = row->word(i)) != NULL; i++)
			fprintf(out, "%s%s", i ? " " : "", w);
		fputs("' -- \"$cur\") )\n", out);
	}
	fputs("\t\treturn ;;\n", out);
}

static void
put_option_words(FILE *out)
{
	const struct option_row *row;
	unsigned i;

	for (i = 0; (row = option_get(i)) != NULL; i++) {
		if (row->group == GROUP_HIDDEN)
			continue;
		if (row->letter != 0)
			fprintf(out, "-%c ", row->letter);
		fprintf(out, "--%s ", row->name);
	}
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
	    "prev=${COMP_WORDS[COMP_CWORD-1]}\n"
	    "\tcompopt -o filenames 2>/dev/null\n"
	    "\tcase $prev in\n", out);
	for (i = 0; (row = option_get(i)) != NULL; i++)
		if (row->arg != NULL)
			put_case(out, row);
	fputs("\tesac\n\tcase $cur in\n\t-*)\n"
	    "\t\tCOMPREPLY=( $(compgen -W '", out);
	put_option_words(out);
	fputs("' -- \"$cur\") )\n\t\treturn ;;\n\tesac\n"
	    "\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n"
	    "\t\tCOMPREPLY=( $(compgen -W '", out);
	for (i = 0; (c = command_get(i)) != NULL; i++)
		fprintf(out, "%s%s", i ? " " : "", c->name);
	fputs("' -- \"$cur\") )\n\telse\n"
	    "\t\tCOMPREPLY=( $(compgen -f -- \"$cur\") )\n\tfi\n"
	    "}\ncomplete -F _podpath podpath\n", out);
}
