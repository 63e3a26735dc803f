/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * archive.c - the files of a tar archive, compressed or not, and a single
 * compressed file, with libarchive.
 *
 * Nothing is ever written: an entry's base name says what it is, and its bytes
 * go to the reader.  So links, devices and names that lead out of the archive
 * have no use but to deceive; they are named and passed over.
 */
#include <archive.h>
#include <archive_entry.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "capture/state/bundle.h"

#define BLOCK_SIZE	((size_t)128 << 10)

struct source {
	struct bundle	*bundle;
	struct archive	*archive;
	const char	*name;		/* of the entry */
	bool		 cut;		/* nothing more can be read */
};

static const char *
why(struct archive *a)
{
	const char *text = archive_error_string(a);

	return text ? text : "it ends too soon";
}

/* NULL: no memory, or *cut, which is reported. */
static struct archive *
archive_begin(struct bundle *b, int fd, bool *cut)
{
	struct archive *a = archive_read_new();

	*cut = false;
	if (a == NULL)
		return NULL;
	/* one by one: "all" has filters that run other programs */
	archive_read_support_filter_gzip(a);
	archive_read_support_filter_bzip2(a);
	archive_read_support_filter_xz(a);
	archive_read_support_filter_zstd(a);
	archive_read_support_filter_lz4(a);
	archive_read_support_format_tar(a);
	archive_read_support_format_raw(a);
	if (archive_read_open_fd(a, fd, BLOCK_SIZE) == ARCHIVE_OK)
		return a;
	/* any file but an empty one is at least raw: the unpacking failed */
	*cut = lseek(fd, 0, SEEK_END) > 0;
	if (*cut)
		bundle_bad(b, "cut or damaged (%s)", why(a));
	archive_read_free(a);
	return NULL;
}

static ssize_t
entry_bytes(void *from, void *buf, size_t len)
{
	struct source *s = from;
	ssize_t n = archive_read_data(s->archive, buf, len);

	if (n >= 0)
		return n;
	bundle_bad(s->bundle, "cut or damaged within %s, which is not read (%s); "
	    "what came before it is kept", s->name, why(s->archive));
	s->cut = true;
	return -1;
}

/* A part of the path that is "..". */
static bool
leads_out(const char *path)
{
	for (const char *p = path; p != NULL; p = strchr(p, '/')) {
		p += *p == '/';
		if (strncmp(p, "..", 2) == 0 && (p[2] == '/' || p[2] == '\0'))
			return true;
	}
	return false;
}

static const char *
kind_name(struct archive_entry *e)
{
	if (archive_entry_hardlink(e) != NULL)
		return "a hard link";
	switch (archive_entry_filetype(e)) {
	case AE_IFREG:	return NULL;
	case AE_IFLNK:	return "a symbolic link";
	case AE_IFCHR:
	case AE_IFBLK:	return "a device";
	case AE_IFIFO:	return "a fifo";
	default:	return "no regular file";
	}
}

static void
take_entry(struct source *s, struct archive_entry *e)
{
	enum bundle_want want = bundle_wants(s->name);
	const char *kind = kind_name(e);

	if (archive_entry_filetype(e) == AE_IFDIR)
		return;
	if (leads_out(s->name)) {
		bundle_bad(s->bundle, "entry %s is passed over: its name leads out "
		    "of the archive", s->name);
		return;
	}
	if (kind != NULL) {
		if (want == BUNDLE_BY_NAME)
			bundle_bad(s->bundle, "entry %s is passed over: it is %s",
			    s->name, kind);
		return;
	}
	if (want != BUNDLE_NOT)
		bundle_read(s->bundle, s->name, want, archive_entry_size_is_set(e) ?
		    (uint64_t)archive_entry_size(e) : 0, entry_bytes, s);
}

static const char *
entry_name(struct archive_entry *e)
{
	const char *name = archive_entry_pathname(e);

	if (name == NULL)
		name = archive_entry_pathname_utf8(e);
	if (name == NULL)
		return "?";
	while (name[0] == '.' && name[1] == '/')
		name += 2;
	return name;
}

/* Even what is passed over must be unpacked: stop before a heap of zeros. */
static bool
within_limits(struct source *s, struct archive_entry *e, uint64_t *unpacked)
{
	int64_t size = archive_entry_size_is_set(e) ? archive_entry_size(e) : 0;

	if (!bundle_entry(s->bundle))
		return false;
	*unpacked += size > 0 ? (uint64_t)size : 0;
	if (*unpacked <= s->bundle->limits.unpacked)
		return true;
	bundle_bad(s->bundle, "unpacks to more than %" PRIu64 " bytes; what comes "
	    "from entry %s on is not read", s->bundle->limits.unpacked, s->name);
	return false;
}

static void
take_entries(struct source *s, struct archive_entry *e)
{
	uint64_t unpacked = 0;
	int rc = ARCHIVE_OK;

	while (rc == ARCHIVE_OK || rc == ARCHIVE_WARN) {
		s->name = entry_name(e);
		if (!within_limits(s, e, &unpacked))
			return;
		take_entry(s, e);
		if (s->cut)
			return;
		/* ARCHIVE_RETRY would go on in the midst of a file's bytes */
		rc = archive_read_next_header(s->archive, &e);
	}
	if (rc != ARCHIVE_EOF)
		bundle_bad(s->bundle, "cut or damaged (%s); what came before it is "
		    "kept", why(s->archive));
}

/* "conntrack.txt.gz": one file, named as it would be without the suffix. */
static void
take_single(struct source *s)
{
	const char *slash = strrchr(s->bundle->path, '/');
	const char *base = slash ? slash + 1 : s->bundle->path;
	const char *dot = strrchr(base, '.');
	char name[256];
	enum bundle_want want;

	snprintf(name, sizeof(name), "%.*s",
	    (int)(dot ? dot - base : (ptrdiff_t)strlen(base)), base);
	s->name = name;
	want = bundle_wants(name);
	bundle_read(s->bundle, name, want == BUNDLE_NOT ? BUNDLE_BY_CONTENT : want,
	    0, entry_bytes, s);
}

bool
walk_archive(struct bundle *b, int fd)
{
	bool cut, raw, packed;
	struct archive *a = archive_begin(b, fd, &cut);
	struct source s = { .bundle = b, .archive = a };
	struct archive_entry *e;
	int rc;

	if (a == NULL)
		return cut;
	rc = archive_read_next_header(a, &e);
	raw = archive_format(a) == ARCHIVE_FORMAT_RAW;
	/* the file itself counts as a filter */
	packed = archive_filter_code(a, 0) != ARCHIVE_FILTER_NONE;
	if (rc != ARCHIVE_OK && rc != ARCHIVE_WARN) {
		if (packed)
			bundle_bad(b, "cut or damaged (%s)", why(a));
	} else if (!raw) {
		take_entries(&s, e);
	} else if (packed) {
		take_single(&s);
	}
	archive_read_free(a);
	return packed || !raw;
}
