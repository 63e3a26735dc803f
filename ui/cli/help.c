/* SPDX-License-Identifier: GPL-2.0-or-later */
/* help.c - --help and --version, from the tables. */
#include "ui/cli/help.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <string.h>

#include "ui/cli/commands.h"
#include "ui/cli/complain.h"
#include "ui/cli/options.h"
#include "ui/verify/verify.h"
#include "ui/where/where.h"

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
write_options(FILE *out, const struct command *c)
{
	const struct option_row *row;
	unsigned g, i;
	bool titled;

	for (g = 0; g < GROUP_HIDDEN; g++) {
		titled = false;
		for (i = 0; (row = option_get(i)) != NULL; i++) {
			if (row->group != g || !option_applies(row, c))
				continue;
			if (!titled)
				fprintf(out, "\n%s:\n", option_group_titles[g]);
			titled = true;
			write_option(out, row);
		}
	}
}

static bool
applies(const struct help_pair *p, const struct command *c)
{
	return (p->commands & command_bit(c)) != 0;
}

static void
write_pairs(FILE *out, const char *title, const struct command *c,
    const struct help_pair *(*get)(unsigned))
{
	const struct help_pair *p;
	unsigned i;

	fprintf(out, "\n%s:\n", title);
	for (i = 0; (p = get(i)) != NULL; i++)
		if (applies(p, c))
			wrap(out, p->text, 8, fprintf(out, "  %s", p->term));
}

static void
write_usage(FILE *out, const struct command *c)
{
	fprintf(out, "  podpath %s %s\n", c->name, c->args);
	wrap(out, c->help, 8, 0);
}

static void
write_checks(FILE *out, const struct command *c)
{
	const char *name, *help;
	unsigned i;

	if (c != NULL && c != command_get(COMMAND_VERIFY))
		return;
	fprintf(out, "\nChecks of podpath verify:\n");
	for (i = 0; verify_check(i, &name, &help); i++)
		wrap(out, help, 12, fprintf(out, "  %s", name));
}

static bool
takes_where(const struct command *c)
{
	const struct option_row *row;

	for (unsigned i = 0; (row = option_get(i)) != NULL; i++)
		if (strcmp(row->name, "where") == 0)
			return option_applies(row, c);
	return false;
}

static void
write_keys(FILE *out, const struct command *c)
{
	const char *name, *help;
	unsigned i;

	if (!takes_where(c))
		return;
	fputs("\nKeys of --where:\n", out);
	for (i = 0; where_key(i, &name, &help); i++)
		wrap(out, help, 12, fprintf(out, "  %s", name));
}

/* Which options are not for every command. */
static void
write_scope(FILE *out)
{
	const struct option_row *row;
	const struct command *c;
	char line[1024];
	unsigned i, k;

	fputs("\nOptions of each command (podpath COMMAND --help tells more):\n",
	    out);
	for (i = 0; (c = command_get(i)) != NULL; i++) {
		size_t n = 0;

		for (k = 0; (row = option_get(k)) != NULL; k++)
			if (row->group != GROUP_GENERAL &&
			    row->group != GROUP_HIDDEN && option_applies(row, c))
				n += (size_t)snprintf(line + n, sizeof(line) - n,
				    "%s--%s", n > 0 ? " " : "", row->name);
		wrap(out, line, 12, fprintf(out, "  %s", c->name));
	}
}

static void
write_text(FILE *out, const struct command *only)
{
	const struct help_pair *p;
	const struct command *c;
	unsigned i;

	fputs("podpath: which interfaces and which translation did this flow "
	    "take?\n\nUsage:\n", out);
	for (i = 0; (c = command_get(i)) != NULL; i++)
		if (only == NULL || c == only)
			write_usage(out, c);
	write_options(out, only);
	if (only == NULL)
		write_scope(out);
	write_checks(out, only);
	for (i = 0; (p = help_paragraph(i)) != NULL; i++) {
		if (!applies(p, only))
			continue;
		fprintf(out, "\n%s:\n", p->term);
		wrap(out, p->text, 2, 0);
	}
	write_keys(out, only);
	write_pairs(out, "Examples", only, help_example);
	write_pairs(out, "Exit codes", only, help_exit_code);
}

void
help_write(FILE *out, enum help_form form, const struct command *c)
{
	switch (form) {
	case HELP_TEXT:
		write_text(out, c);
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
help_print(enum help_form form, const struct command *c)
{
	help_write(stdout, form, c);
	if (fflush(stdout) == 0 || errno == EPIPE)
		return EXIT_FINE;
	return complain_usage("cannot write to standard output: %s",
	    strerror(errno));
}
