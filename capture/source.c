/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * source.c - a capture file as a source: what the user wrote, which format it
 * is, and what it is when it is none.
 */
#include "capture/source.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/format.h"
#include "capture/input.h"
#include "capture/reading.h"

#define STDIN_LABEL	"standard input"

struct source {
	const struct format	*format;
	void			*file;		/* the format's */
	struct input		*in;
	struct reading		 rd;
	bool			 ended;
	bool			 again;		/* source_can_reopen() */
	char			*name, *stem, *path;	/* rd borrows them */
};

static const struct format *const formats[] = { &format_pcap, &format_pcapng };

/* Files that people take for captures. */
static const struct lookalike {
	const char	*magic;
	const char	*what;
} lookalikes[] = {
	{ "\x28\xb5\x2f\xfd",	"zstd data; unpack it first" },
	{ "\xfd" "7zXZ",	"xz data; unpack it first" },
	{ "BZh",		"bzip2 data; unpack it first" },
	{ "\x04\x22\x4d\x18",	"lz4 data; unpack it first" },
	{ "PK\x03\x04",		"a zip archive; unpack it first" },
	{ "\x1f\x8b",		"gzip data inside gzip; unpack it first" },
	{ "snoop",		"a Solaris snoop capture" },
	{ "GMBU",		"a Network Monitor capture" },
};

/* Ends of capture file names, which are not part of an interface's name. */
static const char *const suffixes[] = { ".pcap", ".pcapng", ".cap", ".dmp" };

static bool
suffix_cut(char *s, const char *suffix)
{
	size_t len = strlen(s), n = strlen(suffix);

	if (len < n || strcasecmp(s + len - n, suffix) != 0)
		return false;
	s[len - n] = '\0';
	return true;
}

/* "eth0" of "x/eth0.pcap.gz"; NULL when nothing is left or no memory. */
static char *
stem_make(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *s = strdup(slash ? slash + 1 : path);

	if (!s)
		return NULL;
	suffix_cut(s, ".gz");
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		if (suffix_cut(s, suffixes[i]))
			break;
	if (*s)
		return s;
	free(s);
	return NULL;
}

/* Split [NAME=]FILE into s->name and s->path; false without memory. */
static bool
spec_split(struct source *s, const char *spec)
{
	const char *eq = strchr(spec, '=');
	const char *slash = strchr(spec, '/');

	if (eq && eq > spec && !(slash && slash < eq) &&
	    access(spec, F_OK) != 0) {
		s->name = strndup(spec, (size_t)(eq - spec));
		s->path = strdup(eq + 1);
		return s->name && s->path;
	}
	s->path = strdup(spec);
	return s->path != NULL;
}

static void
report_unknown(struct source *s, const uint8_t *head, size_t n)
{
	char hex[3 * 8 + 1] = "", text[8 + 1] = "";

	if (n == 0) {
		reading_report(&s->rd, SRC_BAD, 0, 0, "the file is empty, "
		    "expected a pcap or pcapng capture");
		return;
	}
	for (size_t i = 0; i < sizeof(lookalikes) / sizeof(lookalikes[0]); i++) {
		const struct lookalike *l = &lookalikes[i];

		if (n >= strlen(l->magic) &&
		    memcmp(head, l->magic, strlen(l->magic)) == 0) {
			reading_report(&s->rd, SRC_BAD, 0, 0, "found %s, "
			    "expected a pcap or pcapng capture", l->what);
			return;
		}
	}
	for (size_t i = 0; i < n && i < 8; i++) {
		snprintf(hex + 3 * i, 4, "%02x ", head[i]);
		text[i] = head[i] < 0x7f && isprint(head[i]) ?
		    (char)head[i] : '.';
	}
	hex[strlen(hex) - 1] = '\0';
	reading_report(&s->rd, SRC_BAD, 0, 0, "found %s (\"%s\"), expected a "
	    "pcap or pcapng capture", hex, text);
}

static bool
source_start(struct source *s)
{
	size_t n;
	const uint8_t *head = input_head(s->in, &n);

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (formats[i]->match(head, n))
			s->format = formats[i];
	if (s->format)
		s->file = s->format->open(s->in, &s->rd);
	else
		report_unknown(s, head, n);
	return s->file != NULL;
}

struct source *
source_open(const char *spec, uint32_t *number, struct source_report *report)
{
	struct source *s = calloc(1, sizeof(*s));
	const char *label;
	bool is_stdin;

	*report = (struct source_report){ .fault = SRC_FINE };
	if (!s || !spec_split(s, spec)) {
		report_set(report, spec, "out of memory");
		source_close(s);
		return NULL;
	}
	is_stdin = strcmp(s->path, "-") == 0;
	label = is_stdin ? STDIN_LABEL : s->path;
	s->stem = is_stdin ? NULL : stem_make(s->path);
	s->in = input_open(s->path, label, report);
	if (!s->in) {
		source_close(s);
		return NULL;
	}
	reading_init(&s->rd, label, number);
	s->rd.unpacked = input_packed(s->in);
	s->again = !is_stdin && input_progress(s->in).total > 0;
	s->rd.name = s->name;
	s->rd.stem = s->stem;
	if (!source_start(s)) {
		*report = *source_report(s);
		source_close(s);
		return NULL;
	}
	return s;
}

void
source_close(struct source *s)
{
	if (!s)
		return;
	if (s->file)
		s->format->close(s->file);
	input_close(s->in);
	free(s->name);
	free(s->stem);
	free(s->path);
	free(s);
}

int
source_next(struct source *s, struct obs *o)
{
	if (s->ended || s->format->next(s->file, o) != 1) {
		s->ended = true;
		return 0;
	}
	return 1;
}

const struct source_report *
source_report(const struct source *s)
{
	static const struct source_report fine = { .fault = SRC_FINE };
	const struct source_report *worst = &fine;

	for (unsigned i = 0; i < s->rd.n_reports; i++)
		if (s->rd.reports[i].fault > worst->fault)
			worst = &s->rd.reports[i];
	return worst;
}

unsigned
source_reports(const struct source *s, const struct source_report **first)
{
	*first = s->rd.reports;
	return s->rd.n_reports;
}

bool
source_can_reopen(const struct source *s)
{
	return s->again;
}

struct source_progress
source_progress(const struct source *s)
{
	return input_progress(s->in);
}
