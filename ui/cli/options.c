/* SPDX-License-Identifier: GPL-2.0-or-later */
/* options.c - the table of options, and getopt_long(3) over it. */
#include "ui/cli/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "decode/tracer.h"
#include "ui/cli/commands.h"
#include "ui/cli/complain.h"
#include "ui/cli/option_values.h"
#include "ui/cli/suggest.h"

const char *const option_group_titles[N_OPTION_GROUPS] = {
	[GROUP_INPUT] = "Input", [GROUP_CAPTURE] = "Capture",
	[GROUP_SELECT] = "Which flows", [GROUP_OUTPUT] = "Output",
	[GROUP_RECORD] = "Recording", [GROUP_GENERAL] = "General",
};

static bool
has_output(const struct command *c, const char *word)
{
	const char *w;
	unsigned i;

	for (i = 0; c->output != NULL && (w = c->output(i)) != NULL; i++)
		if (strcmp(w, word) == 0)
			return true;
	return false;
}

static bool
is_output_before(unsigned command, const char *word)
{
	while (command-- > 0)
		if (has_output(command_get(command), word))
			return true;
	return false;
}

/* Without a command the words of all of them, once each. */
static const char *
output_word(const struct command *c, unsigned i)
{
	const char *w;
	unsigned k, n;

	if (c != NULL)
		return c->output != NULL ? c->output(i) : NULL;
	for (k = 0; (c = command_get(k)) != NULL; k++)
		for (n = 0; c->output != NULL && (w = c->output(n)) != NULL; n++)
			if (!is_output_before(k, w) && i-- == 0)
				return w;
	return NULL;
}

static const char *
color_word(const struct command *c, unsigned i)
{
	static const char *const words[] = { "auto", "always", "never", NULL };

	(void)c;
	return words[i < 3 ? i : 3];
}

#define AT(field)	.offset = offsetof(struct options, field)
#define ALL		.commands = (1u << N_COMMANDS) - 1
#define READ		(1u << COMMAND_READ)
#define VERIFY		(1u << COMMAND_VERIFY)
#define EXPLAIN		(1u << COMMAND_EXPLAIN)
#define NODE		(1u << COMMAND_NODE)
#define STATE		(1u << COMMAND_STATE)
#define LIVE		(1u << COMMAND_LIVE)
#define RECORD		(1u << COMMAND_RECORD)
#define WHO		(1u << COMMAND_WHO)
#define CAPTURE		(LIVE | RECORD)
#define FLOWS		(READ | VERIFY | LIVE | RECORD | WHO)
#define MEGABYTE	UINT64_C(1000000)
#define OF(mask)	.commands = (mask)

static const struct option_row rows[] = {
	{ 'r', "read", "FILE", "read this capture; \"podpath -r FILE\" is "
	    "\"podpath read FILE\"",
	    OPT_FILE, GROUP_INPUT, AT(read_file), OF(READ | VERIFY | WHO) },
	{ 0, "state", "PATH", "the node's state: a directory of dumps, a .tar.gz "
	    "(such as a bundle of the EKS log collector) or one JSON file",
	    OPT_FILE, GROUP_INPUT, AT(state),
	    OF(READ | VERIFY | EXPLAIN | NODE | WHO | STATE) },
	{ 'i', "interface", "NAME", "capture on this interface, or on all that a "
	    "glob fits, also those that come later; repeats; any unless told. "
	    "\"podpath -i NAME\" is \"podpath live -i NAME\"",
	    OPT_LIST, GROUP_CAPTURE, AT(ifaces), OF(CAPTURE) },
	{ 's', "snapshot-length", "BYTES", "of each packet (192 unless told, and "
	    "1500 of DNS): headers are enough to follow it",
	    OPT_NUMBER, GROUP_CAPTURE, AT(snaplen), OF(CAPTURE), .max = 262144 },
	{ 'B', "buffer-size", "MIB", "room for packets that wait, of all "
	    "interfaces together",
	    OPT_NUMBER, GROUP_CAPTURE, AT(buffer_mib), OF(CAPTURE), .max = 65536 },
	{ 0, "capture-filter", "EXPR", "a pcap-filter(7) expression for the "
	    "kernel: what it leaves out is not seen at all, so that a translated "
	    "flow may lose one of its sides",
	    OPT_TEXT, GROUP_CAPTURE, AT(capture_filter), OF(CAPTURE) },
	{ 0, "netns", "NS", "another network namespace: its name, a process in "
	    "it, or a path",
	    OPT_TEXT, GROUP_CAPTURE, AT(netns), OF(CAPTURE) },
	{ 0, "host-root", "DIR", "in a container: where the host's / is mounted",
	    OPT_FILE, GROUP_CAPTURE, AT(host_root), OF(CAPTURE) },
	{ 0, "ct-buffer", "BYTES", "receive buffer of the socket for conntrack's "
	    "events (k, M or G may follow)",
	    OPT_BYTES, GROUP_CAPTURE, AT(ct_buffer), OF(CAPTURE),
	    .max = 1 << 30, .unit = 1 },
	{ 0, "no-conntrack", NULL, "packets alone: conntrack is not asked",
	    OPT_FLAG, GROUP_CAPTURE, AT(no_conntrack), OF(CAPTURE) },
	{ 0, "no-state", NULL, "without the node's rules, routes, ENIs and pods: "
	    "what was seen, not whether it is right",
	    OPT_FLAG, GROUP_CAPTURE, AT(no_state), OF(CAPTURE) },
	{ 'Z', "user", "USER", "once all is open, go on as this user (nobody unless "
	    "told) with no rights but to capture and to look; root keeps the "
	    "user, for files that only root may write",
	    OPT_TEXT, GROUP_CAPTURE, AT(user), OF(CAPTURE) },
	{ 'c', "count", "N", "stop after N packets",
	    OPT_NUMBER, GROUP_INPUT, AT(count), OF(FLOWS), .max = UINT64_MAX },
	{ 0, "max-flows", "N", "keep at most N flows at once (1000000 unless "
	    "told); beyond it the idlest is written out early, and counted",
	    OPT_NUMBER, GROUP_INPUT, AT(max_flows), OF(FLOWS),
	    .max = TRACER_MAX_FLOWS },
	{ 'f', "filter", "EXPR", "the pcap-filter(7) expression as one argument",
	    OPT_TEXT, GROUP_SELECT, AT(filter), OF(FLOWS) },
	{ 'F', "filter-file", "FILE", "take the pcap-filter(7) expression from "
	    "a file",
	    OPT_FILE, GROUP_SELECT, AT(filter_file), OF(FLOWS) },
	{ 0, "where", "EXPR", "only flows that all terms hold for, such as "
	    "'verdict=dropped port=443 rtt>20ms'; keys below",
	    OPT_TEXT, GROUP_SELECT, AT(where), OF(FLOWS) },
	{ 0, "service", "NAMESPACE/NAME", "verify nlb-ip and shares: this Service alone",
	    OPT_TEXT, GROUP_SELECT, AT(service), OF(VERIFY) },
	{ 0, "target", "ADDRESS:PORT", "verify nlb-ip: this target alone",
	    OPT_TEXT, GROUP_SELECT, AT(target), OF(VERIFY) },
	{ 0, "zone-local", NULL, "verify shares: every connection stays in the "
	    "client's zone",
	    OPT_FLAG, GROUP_SELECT, AT(zone_local), OF(VERIFY) },
	{ 'o', "output", "FORMAT", "text (unless told) or json; read and live also "
	    "csv, verify also tap and junit",
	    OPT_WORD, GROUP_OUTPUT, AT(output),
	    OF(READ | VERIFY | EXPLAIN | NODE | WHO | LIVE), .word = output_word },
	{ 0, "changes", NULL, "what live would have told: each flow when it became "
	    "known, whenever that changed, and at its end",
	    OPT_FLAG, GROUP_OUTPUT, AT(changes), OF(READ) },
	{ 'w', "write", "FILE", "write the state (live, record: all that is seen, "
	    "as pcapng) into this file; - is standard output",
	    OPT_FILE, GROUP_OUTPUT, AT(write_file), OF(STATE | CAPTURE) },
	{ 'v', "verbose", NULL, "more: the path of each flow leg by leg, what "
	    "passed a check too, each step of each way",
	    OPT_FLAG, GROUP_OUTPUT, AT(verbose),
	    OF(READ | VERIFY | EXPLAIN | NODE | WHO | LIVE) },
	{ 'n', "numeric", NULL, "addresses, even where names are known",
	    OPT_FLAG, GROUP_OUTPUT, AT(numeric),
	    OF(READ | VERIFY | EXPLAIN | WHO | LIVE) },
	{ 0, "color", "WHEN", "auto, always or never; auto is: on a terminal, "
	    "unless NO_COLOR is set",
	    OPT_WORD, GROUP_OUTPUT, AT(color),
	    OF(READ | VERIFY | EXPLAIN | NODE | WHO | LIVE), .word = color_word },
	{ 'C', "rotate-size", "SIZE", "begin another file after so many millions "
	    "of bytes (or with k, M or G: of these); the name gets a number",
	    OPT_BYTES, GROUP_RECORD, AT(rotate_bytes), OF(CAPTURE),
	    .max = UINT64_MAX / 2, .unit = MEGABYTE },
	{ 'G', "rotate-time", "TIME", "begin another file after so many seconds "
	    "(or with s, m or h)",
	    OPT_SECONDS, GROUP_RECORD, AT(rotate_s), OF(CAPTURE),
	    .max = UINT32_MAX },
	{ 'W', "rotate-count", "N", "keep N files: the oldest is written over",
	    OPT_NUMBER, GROUP_RECORD, AT(rotate_files), OF(CAPTURE),
	    .max = 1000000 },
	{ 0, "max-size", "SIZE", "stop when so many millions of bytes (or with k, "
	    "M or G) were written",
	    OPT_BYTES, GROUP_RECORD, AT(max_bytes), OF(CAPTURE),
	    .max = UINT64_MAX / 2, .unit = MEGABYTE },
	{ 0, "ring", "TIME", "keep this much, such as 60s, in memory and write it "
	    "only on SIGUSR1 or by --ring-on",
	    OPT_SECONDS, GROUP_RECORD, AT(ring_s), OF(CAPTURE), .max = 86400 },
	{ 0, "ring-on", "CODES", "write the ring when a flow has one of these "
	    "findings, such as missing-snat,wrong-eni",
	    OPT_CODES, GROUP_RECORD, AT(ring_on), OF(CAPTURE) },
	{ 0, "annotate", NULL, "with each packet, as a comment: its flow, "
	    "translation and verdict",
	    OPT_FLAG, GROUP_RECORD, AT(annotate), OF(CAPTURE) },
	{ 'h', "help", NULL, "print this help; after a command, that command's",
	    OPT_FLAG, GROUP_GENERAL, AT(help), ALL },
	{ 0, "version", NULL, "print the versions of podpath and libpcap",
	    OPT_FLAG, GROUP_GENERAL, AT(version), ALL },
	{ 0, "man", NULL, "print the manual page, for man(1)",
	    OPT_FLAG, GROUP_HIDDEN, AT(man), ALL },
	{ 0, "bash-completion", NULL, "print the completion, for bash",
	    OPT_FLAG, GROUP_HIDDEN, AT(bash_completion), ALL },
};

#define N_ROWS		(sizeof(rows) / sizeof(rows[0]))
#define LONG_BASE	256	/* getopt's value of row 0's long form */

const struct option_row *
option_get(unsigned i)
{
	return i < N_ROWS ? &rows[i] : NULL;
}

bool
option_applies(const struct option_row *row, const struct command *c)
{
	return (row->commands & command_bit(c)) != 0;
}

static void
make_getopt_tables(struct option longs[static N_ROWS + 1],
    char letters[static 2 * N_ROWS + 2])
{
	size_t i;

	*letters++ = ':';	/* tell a missing argument from an unknown option */
	for (i = 0; i < N_ROWS; i++) {
		longs[i] = (struct option){ rows[i].name,
		    rows[i].arg ? required_argument : no_argument, NULL,
		    LONG_BASE + (int)i };
		if (rows[i].letter == 0)
			continue;
		*letters++ = rows[i].letter;
		if (rows[i].arg != NULL)
			*letters++ = ':';
	}
	longs[N_ROWS] = (struct option){ 0 };
	*letters = '\0';
}

static const struct option_row *
row_of_value(int value)
{
	size_t i;

	if (value >= LONG_BASE)
		return &rows[value - LONG_BASE];
	for (i = 0; i < N_ROWS; i++)
		if (rows[i].letter != 0 && rows[i].letter == value)
			return &rows[i];
	return NULL;
}

/* "--write is an option of podpath state, not of podpath read" */
static bool
complain_not_taken(const struct option_row *row, const struct command *c)
{
	const struct command *other;
	char list[128] = "";
	unsigned i;

	for (i = 0; (other = command_get(i)) != NULL; i++) {
		size_t n = strlen(list);

		if (option_applies(row, other))
			snprintf(list + n, sizeof(list) - n, "%s%s",
			    n > 0 ? ", " : "", other->name);
	}
	complain("--%s is an option of podpath %s, not of podpath %s", row->name,
	    list, c->name);
	return false;
}

/* getopt_long takes any unambiguous beginning of a name; say so if it is not. */
static bool
complain_ambiguous(const char *name)
{
	const char *first = NULL;
	size_t i, n = strlen(name);

	for (i = 0; n > 0 && i < N_ROWS; i++) {
		if (strncmp(rows[i].name, name, n) != 0)
			continue;
		if (first != NULL) {
			complain("option '--%s' is ambiguous: --%s or --%s",
			    name, first, rows[i].name);
			return true;
		}
		first = rows[i].name;
	}
	return false;
}

static void
complain_unknown_long(const char *arg)
{
	struct suggest s;
	char name[64] = "";
	const char *best;
	size_t i, n = strcspn(arg + 2, "=");

	memcpy(name, arg + 2, n < sizeof(name) ? n : sizeof(name) - 1);
	if (complain_ambiguous(name))
		return;
	s = (struct suggest){ .word = name };
	for (i = 0; i < N_ROWS; i++)
		if (rows[i].group != GROUP_HIDDEN)
			suggest_try(&s, rows[i].name);
	best = suggest_best(&s);
	if (best != NULL)
		complain("unknown option '--%s' (did you mean '--%s'?)", name,
		    best);
	else
		complain("unknown option '--%s'; see podpath --help", name);
}

static void
complain_option(int c, const char *arg)
{
	const struct option_row *row = optopt ? row_of_value(optopt) : NULL;

	if (c == ':' && row != NULL)
		complain("option '%s' needs an argument: --%s %s", arg,
		    row->name, row->arg);
	else if (row != NULL)
		complain("option '--%s' takes no argument", row->name);
	else if (optopt != 0)
		complain("unknown option '-%c'; see podpath --help", optopt);
	else
		complain_unknown_long(arg);
}

static bool
complain_command(const char *word)
{
	struct suggest s = { .word = word };
	const struct command *c;
	const char *best;
	struct stat st;
	unsigned i;

	for (i = 0; (c = command_get(i)) != NULL; i++)
		suggest_try(&s, c->name);
	best = suggest_best(&s);
	if (command_find(word) != NULL)
		complain("the command comes first, its options after it: podpath "
		    "%s ...", word);
	else if (best != NULL)
		complain("unknown command '%s' (did you mean '%s'?)", word, best);
	else if (stat(word, &st) == 0)
		complain("'%s' is not a command; for a capture: podpath read %s",
		    word, word);
	else
		complain("unknown command '%s'; see podpath --help", word);
	return false;
}

static bool
wants_text_only(const struct options *o)
{
	return o->help || o->version || o->man || o->bash_completion;
}

/* "podpath help", "podpath help explain" */
static bool
parse_help(struct options *o, const char *command)
{
	o->help = true;
	if (command == NULL || command[0] == '-')
		return true;
	o->command = command_find(command);
	return o->command != NULL || complain_command(command);
}

/*
 * Without a command, -r means read and -i means live, wherever they stand; what
 * is wrong with the others is told by the real pass, as of read.
 */
static const struct command *
implied_command(int argc, char **argv, const char *letters,
    const struct option *longs)
{
	const struct option_row *row;
	bool live = false;
	int c;

	optind = 0;
	while ((c = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		row = c != '?' && c != ':' ? row_of_value(c) : NULL;
		if (row != NULL && row->letter == 'r')
			return command_get(COMMAND_READ);
		live = live || (row != NULL && row->letter == 'i');
	}
	return command_get(live ? COMMAND_LIVE : COMMAND_READ);
}

bool
options_parse(struct options *o, int argc, char **argv)
{
	struct option longs[N_ROWS + 1];
	char letters[2 * N_ROWS + 2];
	const struct command *scope;
	const struct option_row *row;
	int c;

	*o = (struct options){ .output = "text", .color = "auto" };
	if (argc > 1 && strcmp(argv[1], "help") == 0)
		return parse_help(o, argv[2]);
	if (argc > 1 && argv[1][0] != '-') {
		o->command = command_find(argv[1]);
		if (o->command == NULL)
			return complain_command(argv[1]);
		complain_as(o->command->name);
		argc--;
		argv++;
	}
	make_getopt_tables(longs, letters);
	opterr = 0;
	scope = o->command != NULL ? o->command :
	    implied_command(argc, argv, letters, longs);
	optind = 0;	/* glibc: begin anew, also when called again in a test */
	while ((c = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		if (c == '?' || c == ':') {
			complain_option(c, argv[optind - 1]);
			return false;
		}
		row = row_of_value(c);
		if (!option_applies(row, scope))
			return complain_not_taken(row, scope);
		if (!option_store(o, scope, row, optarg))
			return false;
	}
	o->words = argv + optind;
	o->n_words = argc - optind;
	if (o->command != NULL || wants_text_only(o))
		return true;
	if (o->read_file != NULL || o->ifaces.n > 0) {
		o->command = scope;
		complain_as(scope->name);
		return true;
	}
	if (o->n_words > 0)
		return complain_command(o->words[0]);
	complain("no command given; see podpath --help");
	return false;
}

bool
options_want_color(const struct options *o)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	if (strcmp(o->color, "auto") != 0)
		return strcmp(o->color, "always") == 0;
	return isatty(STDOUT_FILENO) && (no_color == NULL || *no_color == '\0') &&
	    (term == NULL || strcmp(term, "dumb") != 0);
}
