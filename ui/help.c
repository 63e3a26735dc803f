/* SPDX-License-Identifier: GPL-2.0-or-later */
/* help.c - --help and --version, from the tables. */
#include "ui/help.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <string.h>

#include "ui/commands.h"
#include "ui/complain.h"
#include "ui/options.h"
#include "ui/output.h"
#include "ui/where.h"

#define WIDTH	79	/* of --help */

/* Words from column `at` on, wrapped; the cursor stands at `column`. */
static void
wrap(FILE *out, const char *text, int at, int column)
{
	bool first = true;

	if (column >= at) {
		fputc('\n', out);
		column = 0;
	}
	fprintf(out, "%*s", at - column, "");
	column = at;
	while (*text != '\0') {
		int n = (int)strcspn(text, " ");

		if (!first && column + 1 + n > WIDTH) {
			fprintf(out, "\n%*s", at, "");
			column = at;
		} else if (!first) {
			fputc(' ', out);
			column++;
		}
		fwrite(text, 1, (size_t)n, out);
		column += n;
		text += n;
		text += strspn(text, " ");
		first = false;
	}
	fputc('\n', out);
}

static void
write_option(FILE *out, const struct option_row *row)
{
	int n;

	if (row->letter != 0)
		n = fprintf(out, "  -%c, --%s", row->letter, row->name);
	else
		n = fprintf(out, "      --%s", row->name);
	if (row->arg != NULL)
		n += fprintf(out, " %s", row->arg);
	wrap(out, row->help, 26, n);
}

static void
write_options(FILE *out)
{
	const struct option_row *row;
	unsigned g, i;

	for (g = 0; g < GROUP_HIDDEN; g++) {
		fprintf(out, "\n%s:\n", option_group_titles[g]);
		for (i = 0; (row = option_get(i)) != NULL; i++)
			if (row->group == g)
				write_option(out, row);
	}
}

static void
write_pairs(FILE *out, const struct help_pair *(*get)(unsigned), int at)
{
	const struct help_pair *p;
	unsigned i;

	for (i = 0; (p = get(i)) != NULL; i++)
		wrap(out, p->text, at, fprintf(out, "  %s", p->term));
}

static void
write_text(FILE *out)
{
	const struct help_pair *p;
	const struct command *c;
	const char *name, *help;
	unsigned i;

	fputs("podpath: which interfaces and which translation did this flow "
	    "take?\n\nUsage:\n", out);
	for (i = 0; (c = command_get(i)) != NULL; i++) {
		fprintf(out, "  podpath %s %s\n", c->name, c->args);
		wrap(out, c->help, 8, 0);
	}
	write_options(out);
	for (i = 0; (p = help_paragraph(i)) != NULL; i++) {
		fprintf(out, "\n%s:\n", p->term);
		wrap(out, p->text, 2, 0);
	}
	fputs("\nKeys of --where:\n", out);
	for (i = 0; where_key(i, &name, &help); i++)
		wrap(out, help, 12, fprintf(out, "  %s", name));
	fputs("\nExamples:\n", out);
	write_pairs(out, help_example, 8);
	fputs("\nExit codes:\n", out);
	write_pairs(out, help_exit_code, 8);
}

void
help_write(FILE *out, enum help_form form)
{
	switch (form) {
	case HELP_TEXT:
		write_text(out);
		break;
	case HELP_VERSION:
		fprintf(out, "podpath %s\n%s\n", PODPATH_VERSION,
		    pcap_lib_version());
		break;
	case HELP_MAN:
		help_write_man(out);
		break;
	case HELP_BASH:
		help_write_bash(out);
		break;
	case N_HELP_FORMS:
		break;
	}
}

int
help_print(enum help_form form)
{
	help_write(stdout, form);
	if (fflush(stdout) == 0 || errno == EPIPE)
		return EXIT_FINE;
	return complain_usage("cannot write to standard output: %s",
	    strerror(errno));
}
