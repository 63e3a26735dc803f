/* SPDX-License-Identifier: GPL-2.0-or-later */
/* help_man.c - the manual page podpath.1, from the tables; man(7). */
#include "ui/cli/help.h"

#include <string.h>

#include "ui/cli/commands.h"
#include "ui/cli/options.h"
#include "ui/out/output.h"
#include "ui/verify/verify.h"
#include "ui/where/where.h"

/* Text for roff: no escape, request or hyphen of its own. */
static void
put(FILE *out, const char *s)
{
	if (*s == '.' || *s == '\'')
		fputs("\\&", out);
	for (; *s != '\0'; s++) {
		if (*s == '\\')
			fputs("\\e", out);
		else if (*s == '-')
			fputs("\\-", out);
		else if (*s == '\'')
			fputs("\\(aq", out);
		else
			fputc(*s, out);
	}
}

static void
put_line(FILE *out, const char *s)
{
	put(out, s);
	fputc('\n', out);
}

/* A tagged paragraph with a bold tag. */
static void
put_tagged(FILE *out, const char *tag, const char *text)
{
	fputs(".TP\n\\fB", out);
	put(out, tag);
	fputs("\\fR\n", out);
	put_line(out, text);
}

/* Whose option it is, when not everyone's. */
static void
put_scope(FILE *out, unsigned commands)
{
	const struct command *c;
	const char *before = "Of podpath ";
	unsigned i;

	if (commands == command_bit(NULL))
		return;
	for (i = 0; (c = command_get(i)) != NULL; i++) {
		if (!(commands & command_bit(c)))
			continue;
		fprintf(out, "%s%s", before, c->name);
		before = ", ";
	}
	fputs(".\n", out);
}

static void
put_option(FILE *out, const struct option_row *row)
{
	fputs(".TP\n", out);
	if (row->letter != 0)
		fprintf(out, "\\fB\\-%c\\fR, ", row->letter);
	fputs("\\fB\\-\\-", out);
	put(out, row->name);
	fputs("\\fR", out);
	if (row->arg != NULL)
		fprintf(out, " \\fI%s\\fR", row->arg);
	fputc('\n', out);
	put(out, row->help);
	fputs(".\n", out);
	put_scope(out, row->commands);
}

static void
put_options(FILE *out)
{
	const struct option_row *row;
	unsigned g, i;

	fputs(".SH OPTIONS\n", out);
	for (g = 0; g < GROUP_HIDDEN; g++) {
		fprintf(out, ".SS %s\n", option_group_titles[g]);
		for (i = 0; (row = option_get(i)) != NULL; i++)
			if (row->group == g)
				put_option(out, row);
	}
}

static void
put_pairs(FILE *out, const struct help_pair *(*get)(unsigned))
{
	const struct help_pair *p;
	unsigned i;

	for (i = 0; (p = get(i)) != NULL; i++)
		put_tagged(out, p->term, p->text);
}

void
help_write_man(FILE *out)
{
	const struct help_pair *p;
	const struct command *c;
	const struct output *o;
	const char *name, *help;
	unsigned i;

	fputs(".\\\" Made by podpath \\-\\-man; do not edit.\n"
	    ".TH PODPATH 1 \"\" \"podpath " PODPATH_VERSION "\"\n"
	    ".SH NAME\npodpath \\- which interfaces and which translation did "
	    "a flow take\n.SH SYNOPSIS\n", out);
	for (i = 0; (c = command_get(i)) != NULL; i++) {
		fprintf(out, ".B podpath %s\n", c->name);
		put_line(out, c->args);
		fputs(".br\n", out);
	}
	fputs(".SH DESCRIPTION\n", out);
	put_line(out, "podpath reads what was captured on a node that forwards "
	    "and translates packets, such as a Kubernetes node. It joins the "
	    "packets seen on several interfaces, before and after translation, "
	    "into flows, and says for each which interfaces it crossed, in "
	    "which order, and how it was translated. Neither conntrack nor the "
	    "node itself is needed. With the node's state (its rules, routes, NAT "
	    "rules, conntrack, ENIs and pods) it also says why, and whether that "
	    "is right.");
	for (i = 0; (c = command_get(i)) != NULL; i++)
		put_tagged(out, c->name, c->help);
	put_options(out);
	fputs(".SH CHECKS\n", out);
	for (i = 0; verify_check(i, &name, &help); i++)
		put_tagged(out, name, help);
	for (i = 0; (p = help_paragraph(i)) != NULL; i++) {
		fputs(".SH \"", out);
		for (name = p->term; *name != '\0'; name++)
			fputc(*name >= 'a' && *name <= 'z' ? *name - 32 : *name,
			    out);
		fputs("\"\n", out);
		put_line(out, p->text);
	}
	for (i = 0; where_key(i, &name, &help); i++)
		put_tagged(out, name, help);
	fputs(".SH OUTPUT\nData go to standard output, messages and progress to "
	    "standard error. Times are UTC. The forms of "
	    "podpath read and podpath live:\n", out);
	for (i = 0; (o = output_get(i)) != NULL; i++)
		put_tagged(out, o->name, o->help);
	fputs(".SH EXIT STATUS\n", out);
	put_pairs(out, help_exit_code);
	fputs(".SH ENVIRONMENT\n", out);
	put_tagged(out, "NO_COLOR", "when set and not empty, --color=auto means "
	    "never");
	fputs(".SH EXAMPLES\n", out);
	put_pairs(out, help_example);
	fputs(".SH SEE ALSO\n.BR tcpdump (8),\n.BR pcap-filter (7),\n"
	    ".BR conntrack (8)\n", out);
}
