/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_state.c - podpath state: save node state as podpath.state/1. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/state.h"
#include "ui/cli/commands.h"
#include "ui/cli/complain.h"
#include "ui/state/node_state.h"
#include "ui/cli/options.h"

static int
write_stdout(const struct state *s)
{
	int error = -state_write(s, STDOUT_FILENO);

	/* a reader that went away (head, less) is no error */
	if (error == 0 || error == EPIPE)
		return EXIT_FINE;
	return complain_usage("cannot write to standard output: %s",
	    strerror(error));
}

/* What open(2) would give it; mkstemp(3) makes it 0600. */
static mode_t
usual_mode(void)
{
	mode_t mask = umask(0);

	umask(mask);
	return 0666 & ~mask;
}

/* A device or a pipe is written to; a file is replaced once the new one is
   whole, so that a full disk leaves the old one. */
static bool
is_special(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && !S_ISREG(st.st_mode);
}

static int
write_special(const struct state *s, const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), error = 0;

	if (fd < 0)
		return errno;
	error = -state_write(s, fd);
	if (close(fd) != 0 && error == 0)
		error = errno;
	return error;
}

static int
write_new(const struct state *s, const char *temporary, int fd)
{
	int error = -state_write(s, fd);

	if (error == 0 && fchmod(fd, usual_mode()) != 0)
		error = errno;
	if (error == 0 && fsync(fd) != 0)
		error = errno;
	if (close(fd) != 0 && error == 0)
		error = errno;
	if (error != 0)
		unlink(temporary);
	return error;
}

/* 0 or errno. */
static int
write_file(const struct state *s, const char *path)
{
	char *temporary;
	int fd, error;

	if (is_special(path))
		return write_special(s, path);
	if (asprintf(&temporary, "%s.XXXXXX", path) < 0)
		return ENOMEM;
	fd = mkstemp(temporary);
	error = fd < 0 ? errno : write_new(s, temporary, fd);
	if (error == 0 && rename(temporary, path) != 0) {
		error = errno;
		unlink(temporary);
	}
	free(temporary);
	return error;
}

int
cmd_state(const struct options *o)
{
	bool to_stdout = o->write_file == NULL || strcmp(o->write_file, "-") == 0;
	struct node_state n;
	int code = EXIT_USAGE, error;

	if (o->n_words > 0)
		return complain_usage("'%s': podpath state takes no words; "
		    "another node's state is read with --state PATH", o->words[0]);
	if (o->write_file == NULL && isatty(STDOUT_FILENO))
		return complain_usage("the state is a long JSON document: give a "
		    "file for it with -w FILE (-w - shows it here)");
	if (!node_state_open(&n, o,
	    o->state != NULL ? NODE_STATE_GIVEN : NODE_STATE_OR_LIVE))
		goto out;
	if (to_stdout) {
		code = write_stdout(n.state);
		goto out;
	}
	error = write_file(n.state, o->write_file);
	if (error != 0)
		complain("%s: cannot write: %s", o->write_file, strerror(error));
	code = error == 0 ? EXIT_FINE : EXIT_USAGE;
out:
	node_state_close(&n);
	return code;
}
