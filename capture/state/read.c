/* SPDX-License-Identifier: GPL-2.0-or-later */
/* read.c - node state out of whatever PATH is; see capture/state.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/state/bundle.h"

/* A file that is no archive: one dump or one document. */
static void
read_single(struct bundle *b, int fd, uint64_t size)
{
	enum bundle_want want = bundle_wants(b->path);
	int rc = bundle_read_fd(b, b->path,
	    want == BUNDLE_NOT ? BUNDLE_BY_CONTENT : want, size, fd);

	if (rc != 0)
		bundle_bad(b, "%s", strerror(-rc));
}

static void
read_fd(struct bundle *b, int fd)
{
	struct stat st;

	if (fstat(fd, &st) != 0) {
		bundle_bad(b, "%s", strerror(errno));
	} else if (S_ISDIR(st.st_mode)) {
		walk_directory(b, fd);
	} else if (!S_ISREG(st.st_mode)) {
		bundle_bad(b, "neither a directory nor a regular file");
	} else if (!walk_archive(b, fd)) {
		if (lseek(fd, 0, SEEK_SET) == 0)
			read_single(b, fd, (uint64_t)st.st_size);
		else
			bundle_bad(b, "%s", strerror(errno));
	}
}

static void
bundle_fini(struct bundle *b)
{
	for (unsigned i = 0; i < b->n_done; i++) {
		free(b->done[i].fact);
		free(b->done[i].path);
	}
	free(b->done);
	free(b->buf);
}

/* Why there is no state, else NULL. */
static const char *
nothing_read(const struct bundle *b)
{
	if (b->state->no_memory)
		return "not enough memory for this node state";
	if (b->n_read > 0)
		return NULL;
	return "no node state in it; expected a directory or a .tar.gz with files "
	    "such as iprule.txt, iproute.txt or conntrack.txt, or a document "
	    "podpath.state/1";
}

struct state *
bundle_state(const char *path, const struct bundle_limits *limits,
    state_report *report, void *arg)
{
	struct bundle b = {
		.path = path, .limits = *limits, .report = report,
		.report_arg = arg, .state = state_new(),
	};
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	const char *why = fd < 0 ? strerror(errno) : NULL;

	if (b.state == NULL)
		why = "not enough memory";
	if (why == NULL) {
		read_fd(&b, fd);
		why = nothing_read(&b);
	}
	if (fd >= 0)
		close(fd);
	if (why != NULL) {
		b.n_reports = 0;
		bundle_bad(&b, "%s", why);
		state_free(b.state);
		b.state = NULL;
	} else {
		state_ready(b.state);
	}
	bundle_fini(&b);
	return b.state;
}

struct state *
state_read(const char *path, state_report *report, void *arg)
{
	return bundle_state(path, &bundle_limits, report, arg);
}
