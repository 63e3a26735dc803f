/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_options.c - the option table, and what is made from it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "ui/cli/commands.h"
#include "ui/cli/help.h"
#include "ui/cli/options.h"
#include "ui/cli/suggest.h"
#include "ui/where/where.h"

static char *
written(enum help_form form)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	help_write(f, form, NULL);
	fclose(f);
	return text;
}

static void
table_is_sound(void **state)
{
	const struct option_row *row, *other;
	unsigned i, k;

	(void)state;
	for (i = 0; (row = option_get(i)) != NULL; i++) {
		assert_true(row->name[0] != '\0' && row->help[0] != '\0');
		assert_true(row->group < N_OPTION_GROUPS);
		assert_int_equal(row->arg == NULL, row->type == OPT_FLAG);
		assert_int_equal(row->word != NULL, row->type == OPT_WORD);
		assert_int_equal(row->max != 0, row->type >= OPT_NUMBER);
		assert_int_equal(row->unit != 0, row->type == OPT_BYTES);
		assert_true(option_applies(row, NULL));
		for (k = 0; k < i; k++) {
			other = option_get(k);
			assert_string_not_equal(row->name, other->name);
			assert_true(row->letter == 0 ||
			    row->letter != other->letter);
			assert_true(row->offset != other->offset);
		}
	}
	assert_true(i > 10);
}

/* Every option and key is in every form. */
static void
everything_is_documented(void **state)
{
	static const enum help_form forms[] = { HELP_TEXT, HELP_MAN, HELP_BASH };
	const struct option_row *row;
	const char *name, *help;
	unsigned form, i;

	(void)state;
	for (form = 0; form < 3; form++) {
		char *text = written(forms[form]);
		bool man = forms[form] == HELP_MAN;

		for (i = 0; (row = option_get(i)) != NULL; i++) {
			char want[96], *w = want;
			const char *c;

			w = stpcpy(w, man ? "\\-\\-" : "--");
			for (c = row->name; *c != '\0'; c++) {
				if (man && *c == '-')
					*w++ = '\\';
				*w++ = *c;
			}
			*w = '\0';
			if (row->group != GROUP_HIDDEN &&
			    strstr(text, want) == NULL)
				fail_msg("form %u lacks %s", form, want);
		}
		for (i = 0; forms[form] != HELP_BASH &&
		    where_key(i, &name, &help); i++)
			if (strstr(text, name) == NULL)
				fail_msg("form %u lacks key %s", form, name);
		free(text);
	}
}

/* A line of roff that begins with . or ' must be a request that we use. */
static void
manual_has_no_stray_requests(void **state)
{
	static const char *const ours[] = { ".TH", ".SH", ".SS", ".TP", ".B",
		".BR", ".br", ".\\\"" };
	char *text = written(HELP_MAN), *line, *save = NULL;
	unsigned lines = 0;

	(void)state;
	for (line = strtok_r(text, "\n", &save); line != NULL;
	    line = strtok_r(NULL, "\n", &save), lines++) {
		bool known = line[0] != '.' && line[0] != '\'';
		size_t i, n = strcspn(line, " ");

		for (i = 0; i < sizeof(ours) / sizeof(ours[0]) && !known; i++)
			known = strlen(ours[i]) == n &&
			    memcmp(line, ours[i], n) == 0;
		if (!known)
			fail_msg("stray request: %s", line);
	}
	assert_true(lines > 100);
	free(text);
}

static bool
parse(struct options *o, const char *const *args)
{
	static char copies[24][64];
	static char *argv[25];
	int argc = 0;

	for (; args[argc] != NULL; argc++) {
		snprintf(copies[argc], sizeof(copies[argc]), "%s", args[argc]);
		argv[argc] = copies[argc];
	}
	argv[argc] = NULL;
	return options_parse(o, argc, argv);
}

#define PARSE(o, ...)	parse((o), (const char *const[]){ "podpath",	\
	__VA_ARGS__, NULL })

static void
parses(void **state)
{
	struct options o;

	(void)state;
	assert_true(PARSE(&o, "read", "a.pcap", "-vn", "-c", "5", "tcp", "-ojson",
	    "--max-flows=7", "--where", "x=y", "--color", "never"));
	assert_string_equal(o.command->name, "read");
	assert_true(o.verbose && o.numeric && !o.help);
	assert_int_equal(o.count, 5);
	assert_int_equal(o.max_flows, 7);
	assert_string_equal(o.output, "json");
	assert_string_equal(o.where, "x=y");
	assert_string_equal(o.color, "never");
	assert_int_equal(o.n_words, 2);
	assert_string_equal(o.words[0], "a.pcap");
	assert_string_equal(o.words[1], "tcp");
}

static void
parses_defaults(void **state)
{
	struct options o;

	(void)state;
	assert_true(PARSE(&o, "read", "--", "-v", "-"));
	assert_false(o.verbose);
	assert_int_equal(o.n_words, 2);
	assert_string_equal(o.words[0], "-v");
	assert_string_equal(o.output, "text");
	assert_string_equal(o.color, "auto");
	assert_int_equal(o.count, 0);
}

static void
read_without_its_name(void **state)
{
	struct options o;

	(void)state;
	assert_true(PARSE(&o, "-v", "-r", "f", "tcp"));
	assert_string_equal(o.command->name, "read");
	assert_string_equal(o.read_file, "f");
	assert_int_equal(o.n_words, 1);
	assert_true(PARSE(&o, "--help"));
	assert_true(o.help && o.command == NULL);
}

/* An option that the command does not take is refused, -o by its words too. */
static void
options_of_commands(void **state)
{
	struct options o;

	(void)state;
	assert_true(PARSE(&o, "verify", "snat", "eni", "-o", "junit", "--state", "s"));
	assert_string_equal(o.command->name, "verify");
	assert_string_equal(o.output, "junit");
	assert_string_equal(o.state, "s");
	assert_int_equal(o.n_words, 2);
	assert_true(PARSE(&o, "state", "-w", "f"));
	assert_string_equal(o.write_file, "f");
	assert_true(PARSE(&o, "explain", "a", "b", "-o", "json"));
	assert_false(PARSE(&o, "verify", "snat", "-o", "csv"));
	assert_false(PARSE(&o, "read", "f", "-o", "tap"));
	assert_false(PARSE(&o, "-r", "f", "-o", "junit"));
	assert_false(PARSE(&o, "read", "f", "-w", "g"));
	assert_false(PARSE(&o, "explain", "a", "b", "--where", "x=y"));
	assert_false(PARSE(&o, "state", "-o", "json"));
	assert_true(PARSE(&o, "-o", "csv", "-r", "f"));
}

/* Lists, sizes, times and codes; -i without a command is live. */
static void
options_of_live(void **state)
{
	struct options o;

	(void)state;
	assert_true(PARSE(&o, "record", "-i", "eth0", "-w", "f", "-i", "eni*",
	    "-C", "5", "-G", "2m", "-W", "3", "--max-size", "64k"));
	assert_string_equal(o.command->name, "record");
	assert_int_equal(o.ifaces.n, 2);
	assert_string_equal(o.ifaces.v[1], "eni*");
	assert_int_equal(o.rotate_bytes, 5000000);
	assert_int_equal(o.rotate_s, 120);
	assert_int_equal(o.rotate_files, 3);
	assert_int_equal(o.max_bytes, 65536);
	assert_true(PARSE(&o, "record", "-w", "f", "--ring", "90", "--ring-on",
	    "missing-snat,wrong-eni", "--ct-buffer", "4M"));
	assert_int_equal(o.ring_s, 90);
	assert_int_equal(o.ct_buffer, 4 << 20);
	assert_false(PARSE(&o, "record", "--ring-on", "missing-snat,"));
	assert_false(PARSE(&o, "record", "--ring", "5d"));
	assert_false(PARSE(&o, "record", "-C", "18446744073709551615G"));
	assert_false(PARSE(&o, "record", "--ct-buffer", "2G"));
	assert_true(PARSE(&o, "-n", "tcp", "-i", "any", "-o", "csv"));
	assert_string_equal(o.command->name, "live");
	assert_int_equal(o.n_words, 1);
	assert_false(PARSE(&o, "-r", "f", "-i", "any"));
	assert_false(PARSE(&o, "-i", "any", "-o", "junit"));
	assert_true(PARSE(&o, "read", "f", "--changes"));
	assert_false(PARSE(&o, "live", "--changes"));
	assert_false(PARSE(&o, "live", "--state", "s"));
}

/* The table of commands, and the mask of each. */
static void
commands_are_sound(void **state)
{
	const struct command *c;
	unsigned i, all = 0;

	(void)state;
	for (i = 0; (c = command_get(i)) != NULL; i++) {
		assert_ptr_equal(command_find(c->name), c);
		assert_int_equal(command_bit(c), 1u << i);
		assert_true(c->help[0] != '\0' && c->run != NULL);
		all |= command_bit(c);
	}
	assert_int_equal(i, N_COMMANDS);
	assert_int_equal(command_bit(NULL), all);
}

/* --help of a command: its options and no others, in 80 columns. */
static void
help_of_each_command(void **state)
{
	const struct command *c;
	unsigned k, i;

	(void)state;
	for (k = 0; (c = command_get(k)) != NULL; k++) {
		const struct option_row *row;
		char *text = NULL, *line, *save = NULL, want[64];
		size_t size;
		FILE *f = open_memstream(&text, &size);

		assert_non_null(f);
		help_write(f, HELP_TEXT, c);
		fclose(f);
		for (i = 0; (row = option_get(i)) != NULL; i++) {
			if (row->group == GROUP_HIDDEN)
				continue;
			/* as a row of the table, not in prose */
			snprintf(want, sizeof(want), "%s--%s",
			    row->letter ? ", " : "      ", row->name);
			if ((strstr(text, want) != NULL) != option_applies(row, c))
				fail_msg("podpath %s --help, %s", c->name, row->name);
		}
		for (line = strtok_r(text, "\n", &save); line != NULL;
		    line = strtok_r(NULL, "\n", &save))
			if (strlen(line) > 79)
				fail_msg("podpath %s --help: %s", c->name, line);
		free(text);
	}
}

static const char *
guess(const char *typed)
{
	struct suggest s = { .word = typed };

	suggest_try(&s, "read");
	suggest_try(&s, "record");
	suggest_try(&s, "verify");
	return suggest_best(&s);
}

static void
suggestions(void **state)
{
	(void)state;
	assert_string_equal(guess("reed"), "read");
	assert_string_equal(guess("raed"), "read");
	assert_string_equal(guess("reads"), "read");
	assert_string_equal(guess("rea"), "read");
	assert_string_equal(guess("recrod"), "record");
	assert_string_equal(guess("verfyi"), "verify");
	assert_null(guess("x"));
	assert_null(guess(""));
	assert_null(guess("live"));
	assert_null(guess("a word that is longer than any of ours may ever be"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_is_sound),
		cmocka_unit_test(everything_is_documented),
		cmocka_unit_test(manual_has_no_stray_requests),
		cmocka_unit_test(parses),
		cmocka_unit_test(parses_defaults),
		cmocka_unit_test(read_without_its_name),
		cmocka_unit_test(options_of_commands),
		cmocka_unit_test(options_of_live),
		cmocka_unit_test(commands_are_sound),
		cmocka_unit_test(help_of_each_command),
		cmocka_unit_test(suggestions),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
