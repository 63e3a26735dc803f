/* SPDX-License-Identifier: GPL-2.0-or-later */
/* collect_run.c - run a program and take what it says, within limits. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "capture/state/live/collect.h"

#define REAP_EVERY_MS	5

static const char *const folders[] = { "/usr/sbin", "/sbin", "/usr/bin", "/bin" };

struct child {
	pid_t	 pid;
	int	 out, err;	/* read ends; -1 once they ended */
	int	 stop;		/* readable: enough; -1 */
	int64_t	 until_ms;
	char	 said[COLLECT_WHY_MAX];		/* the first line on stderr */
	size_t	 n_said;
};

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool
find_program(const char *name, char path[static 256])
{
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		int n = snprintf(path, 256, "%s/%s", folders[i], name);

		if (n > 0 && n < 256 && access(path, X_OK) == 0)
			return true;
	}
	return false;
}

/* With standard input empty, signals as usual (they may be blocked in a thread of
   ours), and in a process group of its own, so that what it starts can be ended
   with it.  0 or errno. */
static int
spawn(pid_t *pid, const char *path, const char *const argv[], int out, int err)
{
	static const char *const env[] = {
		"LC_ALL=C", "PATH=/usr/sbin:/sbin:/usr/bin:/bin", NULL,
	};
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t usual, none;
	int error;

	sigemptyset(&none);
	sigemptyset(&usual);
	sigaddset(&usual, SIGPIPE);
	sigaddset(&usual, SIGINT);
	if (posix_spawn_file_actions_init(&files) != 0)
		return ENOMEM;
	if (posix_spawnattr_init(&attr) != 0) {
		posix_spawn_file_actions_destroy(&files);
		return ENOMEM;
	}
	posix_spawnattr_setsigdefault(&attr, &usual);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF |
	    POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
	error = posix_spawn_file_actions_addopen(&files, 0, "/dev/null",
	    O_RDONLY, 0);
	if (error == 0)
		error = posix_spawn_file_actions_adddup2(&files, out, 1);
	if (error == 0)
		error = posix_spawn_file_actions_adddup2(&files, err, 2);
	if (error == 0)
		error = posix_spawn(pid, path, &files, &attr,
		    (char *const *)(uintptr_t)argv, (char *const *)(uintptr_t)env);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	return error;
}

/* 0 or errno. */
static int
start(struct child *c, const char *path, const char *const argv[])
{
	int out[2], err[2], error;

	if (pipe2(out, O_CLOEXEC) != 0)
		return errno;
	if (pipe2(err, O_CLOEXEC) != 0) {
		error = errno;
		close(out[0]);
		close(out[1]);
		return error;
	}
	error = spawn(&c->pid, path, argv, out[1], err[1]);
	close(out[1]);
	close(err[1]);
	c->out = out[0];
	c->err = err[0];
	if (error != 0) {
		close(out[0]);
		close(err[0]);
	}
	return error;
}

static void
read_stderr(struct child *c)
{
	char buf[4096];
	ssize_t n = read(c->err, buf, sizeof(buf));
	size_t room = sizeof(c->said) - 1 - c->n_said;

	if (n < 0 && errno == EINTR)
		return;
	if (n <= 0) {
		close(c->err);
		c->err = -1;
		return;
	}
	if ((size_t)n < room)
		room = (size_t)n;
	memcpy(c->said + c->n_said, buf, room);
	c->n_said += room;
}

static bool
read_stdout(struct child *c, struct collected *r, size_t *room, size_t max)
{
	ssize_t n;

	if (!collected_grow(r, room, max))
		return false;
	n = read(c->out, r->data + r->len, *room - r->len);
	if (n < 0 && errno == EINTR)
		return true;
	if (n <= 0) {
		close(c->out);
		c->out = -1;
		return true;
	}
	r->len += (size_t)n;
	return true;
}

/* Everything it says until it has said all; false with `why`. */
static bool
listen_to(struct child *c, struct collected *r, size_t max)
{
	size_t room = 0;

	while (c->out >= 0 || c->err >= 0) {
		struct pollfd fds[3] = { { .fd = c->out, .events = POLLIN },
		    { .fd = c->err, .events = POLLIN },
		    { .fd = c->stop, .events = POLLIN } };
		int64_t left = c->until_ms - now_ms();

		if (left <= 0) {
			snprintf(r->why, sizeof(r->why), "took too long");
			return false;
		}
		if (poll(fds, 3, (int)left) <= 0)
			continue;
		if (fds[2].revents != 0) {
			snprintf(r->why, sizeof(r->why), "stopped");
			return false;
		}
		if (fds[0].revents != 0 && !read_stdout(c, r, &room, max))
			return false;
		if (fds[1].revents != 0)
			read_stderr(c);
	}
	return true;
}

static bool
is_stopped(const struct child *c)
{
	struct pollfd p = { .fd = c->stop, .events = POLLIN };

	return c->stop >= 0 && poll(&p, 1, 0) > 0;
}

/* Its status; a child that does not end is ended. */
static int
reap(struct child *c, bool wait)
{
	const struct timespec step = { 0, REAP_EVERY_MS * 1000000 };
	int status = 0;
	pid_t got;

	while (wait && now_ms() < c->until_ms && !is_stopped(c)) {
		got = waitpid(c->pid, &status, WNOHANG);
		if (got == c->pid)
			return status;
		nanosleep(&step, NULL);
	}
	kill(-c->pid, SIGKILL);
	while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

static bool
judge(struct child *c, struct collected *r, int status)
{
	c->said[strcspn(c->said, "\r\n")] = '\0';
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	if (WIFEXITED(status))
		snprintf(r->why, sizeof(r->why), "exit code %d%s%.200s",
		    WEXITSTATUS(status), *c->said ? ": " : "", c->said);
	else
		snprintf(r->why, sizeof(r->why), "ended by signal %d",
		    WTERMSIG(status));
	return false;
}

bool
collect_program_until(struct collected *r, const char *const argv[], size_t max,
    int limit_ms, int stop_fd)
{
	struct child c = { .until_ms = now_ms() + limit_ms, .stop = stop_fd };
	char path[256];
	bool heard;
	int status, error;

	*r = (struct collected){ 0 };
	if (!find_program(argv[0], path)) {
		r->missing = true;
		snprintf(r->why, sizeof(r->why), "no program %s", argv[0]);
		return false;
	}
	error = start(&c, path, argv);
	if (error != 0) {
		snprintf(r->why, sizeof(r->why), "cannot run %s: %s", argv[0],
		    strerror(error));
		return false;
	}
	heard = listen_to(&c, r, max);
	status = reap(&c, heard);
	if (c.out >= 0)
		close(c.out);
	if (c.err >= 0)
		close(c.err);
	if (heard && judge(&c, r, status))
		return true;
	collected_free(r);
	return false;
}

bool
collect_program(struct collected *r, const char *const argv[], size_t max,
    int limit_ms)
{
	return collect_program_until(r, argv, max, limit_ms, -1);
}
