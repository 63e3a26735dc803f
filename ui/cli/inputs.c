/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inputs.c - free words of the command line: which are files, which a filter. */
#include "ui/cli/inputs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "capture/filter.h"
#include "ui/cli/complain.h"
#include "ui/cli/options.h"

#define FILTER_FILE_MAX	65536

/* Anything but "there is no such file" is for the reader to complain about. */
static bool
exists(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 || errno == EACCES || errno == ELOOP ||
	    errno == EOVERFLOW;
}

static bool
ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && strcmp(s + n - m, end) == 0;
}

static bool
looks_like_path(const char *word)
{
	static const char *const endings[] = {
		".pcap", ".pcapng", ".cap", ".dump", ".gz",
	};
	size_t i;

	if (strchr(word, '/') != NULL)
		return true;
	for (i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
		if (ends_with(word, endings[i]))
			return true;
	return false;
}

static bool
is_file(const char *word)
{
	const char *after = strchr(word, '=');

	if (strcmp(word, "-") == 0 || exists(word))
		return true;
	if (after != NULL && after > word &&
	    (strcmp(after + 1, "-") == 0 || exists(after + 1)))
		return true;
	return looks_like_path(word);
}

static char *
join(char **words, int n)
{
	size_t len = 1;
	char *text, *p;
	int i;

	for (i = 0; i < n; i++)
		len += strlen(words[i]) + 1;
	text = p = malloc(len);
	if (text == NULL)
		return NULL;
	for (i = 0; i < n; i++) {
		if (i > 0)
			*p++ = ' ';
		p = stpcpy(p, words[i]);
	}
	*p = '\0';
	return text;
}

static char *
read_filter_file(const char *path)
{
	char *text = malloc(FILTER_FILE_MAX + 1);
	FILE *f = fopen(path, "re");
	size_t n = 0;

	if (f == NULL || text == NULL) {
		complain("--filter-file: %s: %s", path, strerror(errno));
		goto fail;
	}
	n = fread(text, 1, FILTER_FILE_MAX + 1, f);
	if (ferror(f)) {
		complain("--filter-file: %s: %s", path, strerror(errno));
		goto fail;
	}
	if (n > FILTER_FILE_MAX || memchr(text, '\0', n) != NULL) {
		complain("--filter-file: %s: not a filter expression (%s)", path,
		    n > FILTER_FILE_MAX ? "longer than 64 KiB" : "holds a NUL");
		goto fail;
	}
	text[n] = '\0';
	fclose(f);
	return text;
fail:
	if (f != NULL)
		fclose(f);
	free(text);
	return NULL;
}

/* The filter comes from exactly one place. */
static bool
find_expression(struct inputs *in, const struct options *o, int first)
{
	int ways = (o->filter != NULL) + (o->filter_file != NULL) +
	    (first < o->n_words);

	if (ways > 1) {
		complain("more than one filter: give it at the end, with -f or "
		    "with -F (the words at the end begin with '%s')",
		    first < o->n_words ? o->words[first] : "");
		return false;
	}
	if (ways == 0)
		return true;
	if (o->filter_file != NULL) {
		in->expression = read_filter_file(o->filter_file);
		return in->expression != NULL;
	}
	in->expression = o->filter != NULL ? strdup(o->filter) :
	    join(o->words + first, o->n_words - first);
	if (in->expression == NULL)
		complain("out of memory");
	return in->expression != NULL;
}

static bool
compile(struct inputs *in, const struct options *o, int first)
{
	char error[FILTER_ERROR_MAX];

	if (in->expression == NULL)
		return true;
	in->filter = filter_new(in->expression, error);
	if (in->filter != NULL)
		return true;
	if (first < o->n_words)
		complain("%s: no such file, and not a filter expression either: "
		    "%s", o->words[first], error);
	else
		complain("%s", error);
	return false;
}

/* Dumps of a node, named where a capture belongs. */
static bool
is_state(const struct options *o, const char *path)
{
	struct stat st;

	if (o->state != NULL || stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
		return false;
	complain("%s: is a directory, expected a capture file; the node's state is "
	    "given with --state %s", path, path);
	return true;
}

bool
inputs_init(struct inputs *in, const struct options *o)
{
	int i = 0;

	*in = (struct inputs){
		.files = calloc((size_t)o->n_words + 1, sizeof(*in->files)),
	};
	if (in->files == NULL) {
		complain("out of memory");
		return false;
	}
	if (o->read_file != NULL)
		in->files[in->n_files++] = o->read_file;
	for (; i < o->n_words && is_file(o->words[i]); i++) {
		if (is_state(o, o->words[i]))
			return false;
		in->files[in->n_files++] = o->words[i];
	}
	if (in->n_files == 0) {
		if (o->n_words > 0)
			complain("%s: no such file", o->words[0]);
		else
			complain("no capture given: name a FILE, or - for "
			    "standard input");
		return false;
	}
	return find_expression(in, o, i) && compile(in, o, i);
}

bool
inputs_init_filter(struct inputs *in, const struct options *o)
{
	char error[FILTER_ERROR_MAX];

	*in = (struct inputs){ 0 };
	if (!find_expression(in, o, 0))
		return false;
	if (in->expression == NULL)
		return true;
	in->filter = filter_new(in->expression, error);
	if (in->filter != NULL)
		return true;
	if (o->n_words > 0 && is_file(o->words[0]))
		complain("%s: captures are explained by podpath read %s",
		    o->words[0], o->words[0]);
	else
		complain("%s", error);
	return false;
}

void
inputs_fini(struct inputs *in)
{
	filter_free(in->filter);
	free(in->expression);
	free(in->files);
}
