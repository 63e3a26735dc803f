/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bundle.c - which files are read, once each, and within which bounds. */
#include "capture/state/bundle.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/state/files.h"

/* A node with 250,000 connections has 50 MB of conntrack text. */
const struct bundle_limits bundle_limits = {
	.file = (size_t)512 << 20,
	.total = (size_t)1 << 30,
	.unpacked = (uint64_t)4 << 30,
	.entries = 100000,
	.files = 1000,
};

void
bundle_bad(struct bundle *b, const char *text, ...)
{
	va_list ap;

	if (b->n_reports++ >= READER_MAX_REPORTS)
		return;
	va_start(ap, text);
	report_file(b->report, b->report_arg, b->path, 0, text, ap);
	va_end(ap);
}

bool
bundle_entry(struct bundle *b)
{
	if (b->n_entries++ < b->limits.entries)
		return true;
	bundle_bad(b, "more than %u files and folders; the rest is not looked at",
	    b->limits.entries);
	return false;
}

/* ---- which */

enum bundle_want
bundle_wants(const char *path)
{
	char key[FILE_KEY_MAX];

	if (file_name_key(path, key) && file_kind_find(key) != NULL)
		return BUNDLE_BY_NAME;
	return file_name_is_json(path) ? BUNDLE_BY_CONTENT : BUNDLE_NOT;
}

/* A file on its way. */
struct incoming {
	const char	*path;
	size_t		 len;
	const struct file_kind *kind;	/* NULL: by content */
	reader_fn	*read;
	const char	*fact;
	char		 key[FILE_KEY_MAX];
};

static void
incoming_bad(struct bundle *b, const struct incoming *in, const char *text, ...)
    __attribute__((format(printf, 3, 4)));

static void
incoming_bad(struct bundle *b, const struct incoming *in, const char *text, ...)
{
	va_list ap;

	va_start(ap, text);
	report_file(b->report, b->report_arg, in->path, 0, text, ap);
	va_end(ap);
}

/* The reader for what is there; false: none, reported where that is odd. */
static bool
choose_reader(struct bundle *b, struct incoming *in)
{
	struct file_sniff sniff = file_sniff(b->buf, in->len);
	const struct file_kind *k = in->kind;
	bool json = file_is_json(b->buf, in->len);

	if (sniff.is_nothing)
		return false;
	if (k == NULL) {
		in->read = sniff.read;
		in->fact = sniff.fact ? sniff.fact : in->key;
		return in->read != NULL;
	}
	in->fact = k->fact ? k->fact : in->key;
	in->read = json ? k->json : k->text;
	if (in->read == NULL && json)
		in->read = sniff.read;
	if (in->read == NULL && k->expected != NULL)
		incoming_bad(b, in, "%s; expected %s", in->len == 0 ? "empty" :
		    json ? "JSON of another kind" : "not JSON", k->expected);
	return in->read != NULL;
}

/* The path of the file that gave this fact before, else NULL. */
static const char *
fact_known(const struct bundle *b, const char *fact)
{
	for (unsigned i = 0; i < b->n_done; i++)
		if (strcmp(b->done[i].fact, fact) == 0)
			return b->done[i].path;
	return NULL;
}

static void
fact_note(struct bundle *b, const struct incoming *in)
{
	struct bundle_done *done = realloc(b->done,
	    (b->n_done + 1) * sizeof(*done));

	if (done == NULL) {
		b->state->no_memory = true;
		return;
	}
	b->done = done;
	done[b->n_done].fact = strdup(in->fact);
	done[b->n_done].path = strdup(in->path);
	if (done[b->n_done].fact == NULL || done[b->n_done].path == NULL) {
		b->state->no_memory = true;
		free(done[b->n_done].fact);
		free(done[b->n_done].path);
		return;
	}
	b->n_done++;
}

/* ---- read */

static bool
make_room(struct bundle *b, size_t room)
{
	char *buf;

	if (room <= b->room)
		return true;
	buf = realloc(b->buf, room);
	if (buf == NULL) {
		b->state->no_memory = true;
		return false;
	}
	b->buf = buf;
	b->room = room;
	return true;
}

#define FIRST_ROOM	((size_t)64 << 10)
#define SIZE_TRUSTED	((size_t)64 << 20)

/* Up to `most` bytes into the buffer from in->len on; false after an error. */
static bool
fill(struct bundle *b, struct incoming *in, size_t most, bundle_bytes *bytes,
    void *from)
{
	while (in->len < most) {
		size_t room = b->room;
		ssize_t n;

		if (in->len == room) {
			room = room ? room * 2 : FIRST_ROOM;
			if (!make_room(b, room < most ? room : most))
				return false;
		}
		room = b->room < most ? b->room : most;
		n = bytes(from, b->buf + in->len, room - in->len);
		if (n < 0)
			return false;
		if (n == 0)
			return true;
		in->len += (size_t)n;
	}
	return true;
}

/* The whole file; what was said of its size saves growing and shrinking. */
static bool
slurp(struct bundle *b, struct incoming *in, uint64_t size, bundle_bytes *bytes,
    void *from)
{
	size_t left = b->limits.total - b->total;
	size_t most = b->limits.file < left ? b->limits.file : left;

	/* what an archive says need not be so */
	if (!make_room(b, size < SIZE_TRUSTED ? (size_t)size + 1 : SIZE_TRUSTED))
		return false;
	if (size <= most && !fill(b, in, most + 1, bytes, from))
		return false;
	if (size <= most && in->len <= most)
		return true;
	incoming_bad(b, in, "not read: it has more than %zu bytes, %s", most,
	    most == b->limits.file ? "the most for one file" :
	    "which is what is left of the most for all files");
	return false;
}

static void
run(struct bundle *b, const struct incoming *in)
{
	struct reader r = {
		.state = b->state, .file = in->path, .data = b->buf, .len = in->len,
		.report = b->report, .report_arg = b->report_arg,
	};

	if (r.data == NULL)
		r.data = "";
	in->read(&r);
	reader_done(&r);
	b->n_read++;
}

/* The file that speaks against reading this one too, else NULL.  podpath's own
   form is a whole state: nothing goes beside it. */
static const char *
read_before(const struct bundle *b, const struct incoming *in)
{
	const char *own = fact_known(b, FACT_OWN);

	if (own != NULL)
		return own;
	if (in->read == read_own && b->n_done > 0)
		return b->done[0].path;
	return fact_known(b, in->fact);
}

static void
dispatch(struct bundle *b, struct incoming *in)
{
	const char *before;

	if (!choose_reader(b, in))
		return;
	before = read_before(b, in);
	if (before != NULL) {
		incoming_bad(b, in, "ignored: %s was read already", before);
		return;
	}
	b->total += in->len;
	fact_note(b, in);
	run(b, in);
}

/* Of a name that says nothing: two of the same are not both read. */
static void
content_key(const char *path, char out[static FILE_KEY_MAX])
{
	const char *slash = strrchr(path, '/');

	snprintf(out, FILE_KEY_MAX, "json %s", slash ? slash + 1 : path);
}

struct descriptor {
	int	fd, error;
};

static ssize_t
descriptor_bytes(void *from, void *buf, size_t len)
{
	struct descriptor *d = from;
	ssize_t n;

	do
		n = read(d->fd, buf, len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		d->error = errno;
	return n;
}

int
bundle_read_fd(struct bundle *b, const char *path, enum bundle_want want,
    uint64_t size, int fd)
{
	struct descriptor d = { .fd = fd };

	bundle_read(b, path, want, size, descriptor_bytes, &d);
	return -d.error;
}

void
bundle_read(struct bundle *b, const char *path, enum bundle_want want,
    uint64_t size, bundle_bytes *bytes, void *from)
{
	struct incoming in = { .path = path };

	if (b->n_read >= b->limits.files) {
		if (b->n_read == b->limits.files)
			bundle_bad(b, "more than %u files of node state; the rest is "
			    "not read", b->limits.files);
		b->n_read = b->limits.files + 1;
		return;
	}
	if (want == BUNDLE_BY_NAME) {
		file_name_key(path, in.key);
		in.kind = file_kind_find(in.key);
	} else {
		content_key(path, in.key);
		/* of a foreign JSON file only the beginning */
		if (!fill(b, &in, FILE_SNIFF_MAX, bytes, from) ||
		    file_sniff(b->buf, in.len).read == NULL)
			return;
	}
	if (slurp(b, &in, size, bytes, from))
		dispatch(b, &in);
}
