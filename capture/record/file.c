/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * file.c - files of whole blocks: write(2), ftruncate(2), signal(7).
 */
#include "capture/record/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

bool
file_init(struct out_file *f)
{
	*f = (struct out_file){ .fd = -1, .buf = malloc(FILE_BUFFER) };
	return f->buf != NULL;
}

void
file_fini(struct out_file *f)
{
	if (f->fd >= 0 && !f->std)
		close(f->fd);
	free(f->buf);
	free(f->path);
}

bool
file_stop(struct out_file *f, const char *text, ...)
{
	va_list ap;
	size_t n;

	if (f->stopped)
		return false;
	f->stopped = true;
	va_start(ap, text);
	vsnprintf(f->error, sizeof(f->error), text, ap);
	va_end(ap);
	for (n = 0; f->error[n] != '\0'; n++)
		if ((unsigned char)f->error[n] < ' ' || f->error[n] == 0x7f)
			f->error[n] = '?';
	return false;
}

int
file_open(struct out_file *f, const char *path, bool only_new)
{
	struct stat st;

	free(f->path);
	f->std = strcmp(path, "-") == 0;
	f->path = strdup(f->std ? "standard output" : path);
	if (f->path == NULL)
		return -ENOMEM;
	f->fd = f->std ? STDOUT_FILENO : open(path, O_WRONLY | O_CREAT |
	    O_CLOEXEC | O_NOCTTY | (only_new ? O_EXCL : O_TRUNC), 0666);
	if (f->fd < 0)
		return -errno;
	f->regular = !f->std && fstat(f->fd, &st) == 0 && S_ISREG(st.st_mode);
	f->n = 0;
	f->written = 0;
	return 0;
}

/* Nobody reads standard output any more: an error like others, and no signal. */
static ssize_t
write_quietly(const struct out_file *f, const void *p, size_t n)
{
	sigset_t pipe, old, pending;
	const struct timespec now = { 0 };
	bool ours;
	ssize_t done;
	int error;

	if (f->regular)
		return write(f->fd, p, n);
	sigpending(&pending);
	ours = !sigismember(&pending, SIGPIPE);
	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe, &old);
	done = write(f->fd, p, n);
	error = errno;
	if (done < 0 && error == EPIPE && ours)
		sigtimedwait(&pipe, NULL, &now);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	errno = error;
	return done;
}

/* Of n bytes of blocks, how many are whole among the first `done`. */
static size_t
whole_blocks(const uint8_t *p, size_t n, size_t done)
{
	size_t at = 0;
	uint32_t len;

	while (at + 8 <= n) {
		memcpy(&len, p + at + 4, sizeof(len));
		if (len == 0 || len > done - at)
			break;
		at += len;
	}
	return at;
}

/* p[done..n) could not be written. */
static bool
write_failed(struct out_file *f, const uint8_t *p, size_t n, size_t done, int error)
{
	size_t keep = whole_blocks(p, n, done);
	const char *readable = "";

	if (f->regular && ftruncate(f->fd, (off_t)(f->written + keep)) == 0) {
		f->written += keep;
		readable = ", what was written is readable";
	} else {
		f->written += done;
	}
	if (error == EPIPE)
		return file_stop(f, "%s", "");
	if (error == ENOSPC)
		return file_stop(f, "%s: no space left on the device; stopped after "
		    "%" PRIu64 " bytes%s", f->path, f->written, readable);
	return file_stop(f, "%s: %s; stopped after %" PRIu64 " bytes%s", f->path,
	    strerror(error), f->written, readable);
}

static bool
write_all(struct out_file *f, const uint8_t *p, size_t n)
{
	size_t done = 0;

	while (done < n) {
		ssize_t some = write_quietly(f, p + done, n - done);

		if (some > 0)
			done += (size_t)some;
		else if (some == 0 || errno != EINTR)
			return write_failed(f, p, n, done,
			    some == 0 ? EIO : errno);
	}
	f->written += n;
	return true;
}

bool
file_flush(struct out_file *f)
{
	size_t n = f->n;

	f->n = 0;
	if (f->fd < 0 || n == 0)
		return !f->stopped;
	/* The limit stops what comes, not what was there. */
	if (f->stopped && !f->at_limit)
		return false;
	return write_all(f, f->buf, n) && !f->stopped;
}

/* May n bytes more be written? */
static bool
has_room(struct out_file *f, size_t n)
{
	if (f->stopped || f->fd < 0)
		return false;
	if (f->max == 0 || f->before + file_size(f) + n <= f->max)
		return true;
	f->at_limit = true;
	return file_stop(f, "%s: the limit of %" PRIu64 " bytes is reached; what "
	    "was written is readable", f->path, f->max);
}

uint8_t *
file_room(struct out_file *f, size_t n)
{
	if (!has_room(f, n) || n > FILE_BUFFER)
		return NULL;
	if (FILE_BUFFER - f->n < n && !file_flush(f))
		return NULL;
	return f->buf + f->n;
}

bool
file_put(struct out_file *f, const void *blocks, size_t n)
{
	if (!has_room(f, n))
		return false;
	if (FILE_BUFFER - f->n < n && !file_flush(f))
		return false;
	if (n > FILE_BUFFER)
		return write_all(f, blocks, n);
	memcpy(f->buf + f->n, blocks, n);
	f->n += n;
	return true;
}

bool
file_close(struct out_file *f)
{
	bool ok = file_flush(f);

	if (f->fd < 0)
		return ok;
	f->before += f->written;
	if (!f->std && close(f->fd) != 0 && errno != EINTR && ok)
		ok = file_stop(f, "%s: %s", f->path, strerror(errno));
	f->fd = -1;
	f->written = 0;
	return ok;
}
