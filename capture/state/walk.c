/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * walk.c - the files of a directory, those near its top first, by name.
 *
 * Symbolic links are not followed, and only regular files are opened: a bundle
 * comes from elsewhere, and a fifo or a device in it must not stop us.  Files
 * are read, not mapped: one that gets shorter meanwhile would end the program.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/state/bundle.h"

#define DEPTH_MAX	32

struct folder {
	char		*path;		/* below the top; "" is the top */
	unsigned	 depth;
};

struct walk {
	struct bundle	*bundle;
	int		 top;
	struct folder	*queue;		/* those before `at` are done */
	unsigned	 n, at, room;
};

static bool
folder_add(struct walk *w, char *path, unsigned depth)
{
	if (w->n == w->room) {
		unsigned room = w->room ? w->room * 2 : 64;
		struct folder *q = realloc(w->queue, room * sizeof(*q));

		if (q == NULL)
			return false;
		w->queue = q;
		w->room = room;
	}
	w->queue[w->n++] = (struct folder){ path, depth };
	return true;
}

static void
not_read(struct walk *w, const char *path, const char *why)
{
	bundle_bad(w->bundle, "%s is not read: %s", path, why);
}

static void
take_file(struct walk *w, const char *path, enum bundle_want want)
{
	struct stat st;
	int rc, fd = openat(w->top, path,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0) {
		not_read(w, path, strerror(errno));
		return;
	}
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		not_read(w, path, "it is no regular file");
	} else {
		rc = bundle_read_fd(w->bundle, path, want, (uint64_t)st.st_size,
		    fd);
		if (rc != 0)
			not_read(w, path, strerror(-rc));
	}
	close(fd);
}

/* Takes path. */
static void
take_entry(struct walk *w, char *path, unsigned depth)
{
	enum bundle_want want = bundle_wants(path);
	struct stat st;

	if (fstatat(w->top, path, &st, AT_SYMLINK_NOFOLLOW) != 0) {
		if (want == BUNDLE_BY_NAME)
			not_read(w, path, strerror(errno));
	} else if (S_ISDIR(st.st_mode)) {
		if (depth < DEPTH_MAX && folder_add(w, path, depth + 1))
			return;
		not_read(w, path, "it lies too deep");
	} else if (S_ISREG(st.st_mode)) {
		if (want != BUNDLE_NOT)
			take_file(w, path, want);
	} else if (want == BUNDLE_BY_NAME) {
		not_read(w, path, S_ISLNK(st.st_mode) ? "it is a symbolic link" :
		    "it is no regular file");
	}
	free(path);
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The paths of a folder's entries in order; NULL when there are none.  Sets
   *full when there are too many in all. */
static char **
list_folder(struct walk *w, const struct folder *f, unsigned *n, bool *full)
{
	int fd = openat(w->top, f->depth ? f->path : ".",
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	unsigned room = 0;
	char **names = NULL;
	struct dirent *e;

	*n = 0;
	if (d == NULL) {
		not_read(w, f->depth ? f->path : ".", strerror(errno));
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	while ((e = readdir(d)) != NULL) {
		char **more;

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		*full = !bundle_entry(w->bundle);
		if (*full)
			break;
		if (*n == room) {
			room = room ? room * 2 : 32;
			more = realloc(names, room * sizeof(*names));
			if (more == NULL)
				break;
			names = more;
		}
		if (asprintf(&names[*n], "%s%s%s", f->path, f->depth ? "/" : "",
		    e->d_name) < 0)
			break;
		(*n)++;
	}
	closedir(d);
	if (*n > 0)
		qsort(names, *n, sizeof(*names), compare_names);
	return names;
}

void
walk_directory(struct bundle *b, int fd)
{
	struct walk w = { .bundle = b, .top = fd };
	bool full = false;

	folder_add(&w, strdup(""), 0);
	while (w.at < w.n && !full) {
		struct folder f = w.queue[w.at++];
		unsigned n;
		char **paths = f.path ? list_folder(&w, &f, &n, &full) : NULL;

		for (unsigned i = 0; paths != NULL && i < n; i++)
			take_entry(&w, paths[i], f.depth);
		free(paths);
		free(f.path);
	}
	while (w.at < w.n)
		free(w.queue[w.at++].path);
	free(w.queue);
}
