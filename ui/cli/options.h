/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * options.h - the command line.
 *
 * One table of options: getopt_long's arrays, --help, the manual page and the
 * bash completion all come from it, and which command takes which.  Texts are
 * borrowed from argv.
 */
#ifndef UI_OPTIONS_H
#define UI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct command;

#define OPTION_LIST_MAX	64

/* An option that may be given several times. */
struct option_list {
	const char	*v[OPTION_LIST_MAX];
	unsigned	 n;
};

struct options {
	const struct command *command;	/* NULL with --help and the like alone */
	const char	*read_file;	/* -r */
	uint64_t	 count;		/* -c; 0: no limit */
	const char	*filter;	/* -f */
	const char	*filter_file;	/* -F */
	const char	*where;
	const char	*state;		/* --state; NULL: none, or this node's own */
	const char	*write_file;	/* -w */
	bool		 changes;	/* read: as live tells them */
	const char	*output;	/* -o */
	const char	*color;
	bool		 verbose, numeric;
	uint64_t	 max_flows;	/* 0: the default */
	/* of verify */
	const char	*service;	/* --service NAMESPACE/NAME */
	const char	*target;	/* --target ADDRESS:PORT */
	bool		 zone_local;
	/* of live and record; 0 and NULL: not given */
	struct option_list ifaces;	/* -i */
	uint64_t	 buffer_mib;	/* -B */
	uint64_t	 snaplen;	/* -s */
	const char	*capture_filter;
	const char	*netns, *host_root;
	uint64_t	 ct_buffer;	/* bytes */
	bool		 no_conntrack, no_state;
	const char	*user;		/* -Z */
	uint64_t	 rotate_bytes, rotate_s, rotate_files;	/* -C -G -W */
	uint64_t	 ring_s;	/* --ring */
	const char	*ring_on;	/* finding codes, checked */
	uint64_t	 max_bytes;	/* --max-size */
	bool		 annotate;
	bool		 help, version, man, bash_completion;
	char		**words;	/* free words, in order */
	int		 n_words;
};

enum option_type {
	OPT_FLAG, OPT_TEXT, OPT_FILE, OPT_WORD,
	OPT_LIST,		/* struct option_list */
	OPT_CODES,		/* codes of findings, comma between them */
	OPT_NUMBER,
	OPT_BYTES,		/* a number, k M or G after it; else of `unit` bytes */
	OPT_SECONDS,		/* a number, s m or h after it */
};

enum option_group { GROUP_INPUT, GROUP_CAPTURE, GROUP_SELECT, GROUP_OUTPUT,
	GROUP_RECORD, GROUP_GENERAL, GROUP_HIDDEN, N_OPTION_GROUPS };

struct option_row {
	char		 letter;	/* 0: long form only */
	const char	*name;
	const char	*arg;		/* NULL: a flag */
	const char	*help;
	enum option_type type;
	enum option_group group;
	size_t		 offset;	/* in struct options */
	unsigned	 commands;	/* that take it: 1 << enum command_id */
	uint64_t	 max;		/* OPT_NUMBER and on: from 1 to this */
	uint64_t	 unit;		/* OPT_BYTES */
	/* OPT_WORD: the i-th word that the command allows (NULL: any command),
	   NULL past the last */
	const char	*(*word)(const struct command *, unsigned i);
};

/* All rows; NULL past the last. */
const struct option_row *option_get(unsigned i);
extern const char *const option_group_titles[N_OPTION_GROUPS];

/* Does the command take it?  NULL: some command does. */
bool	option_applies(const struct option_row *, const struct command *);

/* Colours, by --color, NO_COLOR, TERM and whether standard output is a terminal. */
bool	options_want_color(const struct options *);

/* False: a message was printed, and the exit code is EXIT_USAGE. */
bool	options_parse(struct options *, int argc, char **argv);

#endif
