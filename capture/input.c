/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * input.c - file, pipe or standard input, gzipped (RFC 1952) or not.
 *
 * The first bytes are read at once to tell gzip and the format, and are given
 * out again by the first reads.
 */
#include "capture/input.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

#include "capture/reading.h"

#define PACKED_BUF	(64 * 1024)
/* Larger gains nothing over this, smaller pays for more system calls; an open
   file of a merge costs this much memory. */
#define STDIO_BUF	(128 * 1024)

#define GZIP_WINDOW_BITS	(16 + MAX_WBITS)	/* 16: gzip, not zlib */

struct input {
	int		 fd;
	bool		 packed;
	bool		 raw_end;	/* the file itself is at its end */
	bool		 between;	/* no gzip member is open */
	bool		 z_ready;
	bool		 plain;		/* read through stdio, head in stdio_buf */
	z_stream	 z;
	uint8_t		*raw;		/* packed bytes, PACKED_BUF */
	char		*stdio_buf;
	uint8_t		 head[INPUT_HEAD];
	size_t		 head_len, head_given;
	uint64_t	 stored, total;
	char		 error[128];
};

static ssize_t
raw_read(struct input *in, void *buf, size_t n)
{
	/* EINTR is an error too: whoever catches a signal without SA_RESTART
	   wants to get out of the wait for a silent pipe. */
	ssize_t got = read(in->fd, buf, n);

	if (got < 0)
		snprintf(in->error, sizeof(in->error), "cannot read: %s",
		    strerror(errno));
	else
		in->stored += (uint64_t)got;
	return got;
}

/* Make packed bytes available; false at the end or on error. */
static bool
packed_fill(struct input *in)
{
	ssize_t got;

	if (in->z.avail_in)
		return true;
	if (in->raw_end)
		return false;
	got = raw_read(in, in->raw, PACKED_BUF);
	if (got <= 0) {
		in->raw_end = true;
		return false;
	}
	in->z.next_in = in->raw;
	in->z.avail_in = (uInt)got;
	return true;
}

/* The next member of a file of several, or the zeros that tapes end with. */
static bool
packed_next_member(struct input *in)
{
	while (packed_fill(in) && *in->z.next_in == 0) {
		in->z.next_in++;
		in->z.avail_in--;
	}
	if (!packed_fill(in))
		return false;
	if (*in->z.next_in != 0x1f) {
		snprintf(in->error, sizeof(in->error), "found bytes that are "
		    "not gzip behind the gzip data, before stored byte %" PRIu64,
		    in->stored);
		return false;
	}
	inflateReset(&in->z);
	in->between = false;
	return true;
}

static ssize_t
packed_read(struct input *in, void *buf, size_t n)
{
	int rc;

	in->z.next_out = buf;
	in->z.avail_out = (uInt)(n > INT32_MAX ? INT32_MAX : n);
	n = in->z.avail_out;
	while (in->z.avail_out && !in->error[0]) {
		if (in->between && !packed_next_member(in))
			break;
		if (!packed_fill(in)) {
			if (!in->error[0])
				snprintf(in->error, sizeof(in->error),
				    "the gzip data ends too early, at stored "
				    "byte %" PRIu64, in->stored);
			break;
		}
		rc = inflate(&in->z, Z_NO_FLUSH);
		if (rc == Z_STREAM_END)
			in->between = true;
		else if (rc != Z_OK)
			snprintf(in->error, sizeof(in->error),
			    "damaged gzip data before stored byte %" PRIu64
			    ": %s", in->stored - in->z.avail_in,
			    in->z.msg ? in->z.msg : zError(rc));
	}
	/* What was unpacked before the damage is good. */
	n -= in->z.avail_out;
	return n ? (ssize_t)n : in->error[0] ? -1 : 0;
}

/* Fill the head up to INPUT_HEAD bytes or the end. */
static bool
head_fill(struct input *in,
    ssize_t (*get)(struct input *, void *, size_t))
{
	ssize_t got;

	in->head_len = 0;
	do {
		got = get(in, in->head + in->head_len,
		    sizeof(in->head) - in->head_len);
		if (got > 0)
			in->head_len += (size_t)got;
	} while (got > 0 && in->head_len < sizeof(in->head));
	return got >= 0 || in->head_len > 0;
}

static bool
packed_start(struct input *in)
{
	in->raw = malloc(PACKED_BUF);
	if (!in->raw || inflateInit2(&in->z, GZIP_WINDOW_BITS) != Z_OK) {
		snprintf(in->error, sizeof(in->error), "out of memory");
		return false;
	}
	in->z_ready = true;
	in->packed = true;
	memcpy(in->raw, in->head, in->head_len);
	in->z.next_in = in->raw;
	in->z.avail_in = (uInt)in->head_len;
	return head_fill(in, packed_read);
}

static const char *
open_error(int error)
{
	return error == EMFILE || error == ENFILE ?
	    "too many open files; raise the limit (ulimit -n) or give fewer" :
	    strerror(error);
}

static bool
file_open(struct input *in, const char *path, const char *label,
    struct source_report *report)
{
	struct stat st;

	if (strcmp(path, "-") == 0)
		in->fd = STDIN_FILENO;
	else
		in->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (in->fd < 0 || fstat(in->fd, &st) < 0) {
		report_set(report, label, "cannot open: %s", open_error(errno));
		return false;
	}
	if (S_ISDIR(st.st_mode)) {
		report_set(report, label,
		    "is a directory, expected a capture file");
		return false;
	}
	if (isatty(in->fd)) {
		report_set(report, label,
		    "is a terminal, expected a capture");
		return false;
	}
	if (S_ISREG(st.st_mode)) {
		in->total = (uint64_t)st.st_size;
		/* Only advice: reading works without. */
		(void)posix_fadvise(in->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	}
	return true;
}

struct input *
input_open(const char *path, const char *label, struct source_report *report)
{
	struct input *in = calloc(1, sizeof(*in));
	bool ok;

	if (!in) {
		report_set(report, label, "out of memory");
		return NULL;
	}
	in->fd = -1;
	if (!file_open(in, path, label, report)) {
		input_close(in);
		return NULL;
	}
	ok = head_fill(in, raw_read);
	if (ok && in->head_len >= 3 && memcmp(in->head, "\x1f\x8b\x08", 3) == 0)
		ok = packed_start(in);
	if (!ok) {
		report_set(report, label, "%s", in->error);
		input_close(in);
		return NULL;
	}
	return in;
}

void
input_close(struct input *in)
{
	if (!in)
		return;
	if (in->z_ready)
		inflateEnd(&in->z);
	if (in->fd > STDIN_FILENO)
		close(in->fd);
	free(in->stdio_buf);
	free(in->raw);
	free(in);
}

uint8_t *
input_head(struct input *in, size_t *n)
{
	*n = in->head_len;
	return in->plain ? (uint8_t *)in->stdio_buf : in->head;
}

ssize_t
input_read(struct input *in, void *buf, size_t n)
{
	size_t left = in->head_len - in->head_given;

	if (left) {
		if (n > left)
			n = left;
		memcpy(buf, in->head + in->head_given, n);
		in->head_given += n;
		return (ssize_t)n;
	}
	if (in->error[0])
		return -1;
	return in->packed ? packed_read(in, buf, n) : raw_read(in, buf, n);
}

const char *
input_error(const struct input *in)
{
	return in->error[0] ? in->error : NULL;
}

static ssize_t
bytes_read(void *arg, void *buf, size_t n)
{
	return input_read(arg, buf, n);
}

static const char *
bytes_error(const void *arg)
{
	return input_error(arg);
}

struct window_bytes
input_bytes(struct input *in)
{
	return (struct window_bytes){ bytes_read, bytes_error, in };
}

static ssize_t
cookie_read(void *cookie, char *buf, size_t n)
{
	return input_read(cookie, buf, n);
}

/* glibc reads a short header from a cookie byte by byte: an ordinary file is
   given as one.  The stream must stand at the head again, with the head at the
   front of our buffer, where it can be changed; else NULL. */
static FILE *
plain_stdio(struct input *in)
{
	off_t back = -(off_t)in->head_len;
	FILE *f;
	int fd;

	if (in->packed || in->total == 0 || lseek(in->fd, back, SEEK_CUR) < 0)
		return NULL;
	fd = dup(in->fd);
	f = fd < 0 ? NULL : fdopen(fd, "r");
	if (f) {
		setvbuf(f, in->stdio_buf, _IOFBF, STDIO_BUF);
		in->plain = ungetc(getc(f), f) != EOF &&
		    memcmp(in->stdio_buf, in->head, in->head_len) == 0;
		if (in->plain)
			return f;
		fclose(f);
	} else if (fd >= 0) {
		close(fd);
	}
	(void)lseek(in->fd, -back, SEEK_CUR);
	return NULL;
}

FILE *
input_stdio(struct input *in)
{
	FILE *f;

	in->stdio_buf = malloc(STDIO_BUF);
	if (!in->stdio_buf)
		return NULL;
	f = plain_stdio(in);
	if (!f) {
		f = fopencookie(in, "r",
		    (cookie_io_functions_t){ .read = cookie_read });
		if (!f)
			return NULL;
		setvbuf(f, in->stdio_buf, _IOFBF, STDIO_BUF);
	}
	/* One thread reads: a lock for each fread is a fifth of its time. */
	__fsetlocking(f, FSETLOCKING_BYCALLER);
	return f;
}

bool
input_packed(const struct input *in)
{
	return in->packed;
}

struct source_progress
input_progress(const struct input *in)
{
	off_t at = in->plain ? lseek(in->fd, 0, SEEK_CUR) : -1;

	return (struct source_progress){ .total = in->total,
	    .done = at >= 0 ? (uint64_t)at : in->stored };
}
