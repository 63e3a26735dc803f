/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bundle.h - the files of a directory or an archive on their way to their
 * readers.  For capture/state/ only.
 *
 * Whoever walks a container asks bundle_wants() with each file's path in it and
 * hands the bytes of those that are wanted to bundle_read().
 */
#ifndef CAPTURE_STATE_BUNDLE_H
#define CAPTURE_STATE_BUNDLE_H

#include <sys/types.h>

#include "capture/state/reader.h"

struct bundle_limits {
	size_t		file;		/* bytes of one file */
	size_t		total;		/* of all files that are read */
	uint64_t	unpacked;	/* of an archive, with what is passed over */
	unsigned	entries;	/* files and folders seen */
	unsigned	files;		/* read */
};
extern const struct bundle_limits bundle_limits;

struct bundle_done {
	char	*fact, *path;
};

struct bundle {
	struct state	*state;
	const char	*path;		/* of the container */
	struct bundle_limits limits;
	state_report	*report;
	void		*report_arg;
	unsigned	 n_reports;	/* of the container itself */
	unsigned	 n_entries, n_read;
	size_t		 total;
	char		*buf;
	size_t		 room;
	struct bundle_done *done;	/* facts that were read, n_read of them at most */
	unsigned	 n_done;
};

/* About the container: "PATH: text". */
__attribute__((format(printf, 2, 3)))
void	bundle_bad(struct bundle *, const char *text, ...);

enum bundle_want {
	BUNDLE_NOT,
	BUNDLE_BY_NAME,
	BUNDLE_BY_CONTENT,	/* JSON of a name that says nothing */
};
enum bundle_want bundle_wants(const char *path);

/* Bytes of a file: as read(2); negative after an error, which it reported. */
typedef ssize_t bundle_bytes(void *from, void *buf, size_t len);

/* Read a file and give it to its reader.  path is for reports, size what is
   said of its size, 0 unknown. */
void	bundle_read(struct bundle *, const char *path, enum bundle_want,
	    uint64_t size, bundle_bytes *, void *from);
/* The same with read(2): 0 or -errno. */
int	bundle_read_fd(struct bundle *, const char *path, enum bundle_want,
	    uint64_t size, int fd);
/* One more entry; false when there are too many, which is reported. */
bool	bundle_entry(struct bundle *);

/* walk.c: a directory.  archive.c: false when it is no archive. */
void	walk_directory(struct bundle *, int fd);
bool	walk_archive(struct bundle *, int fd);

/* state_read() with other limits, for tests. */
struct state *bundle_state(const char *path, const struct bundle_limits *,
	    state_report *, void *arg);

#endif
