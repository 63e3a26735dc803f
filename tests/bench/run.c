/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * run.c - run a command with its output thrown away (or kept, -o FILE) and say
 * what it took: wall, user and system seconds, peak memory in KiB (ru_maxrss,
 * getrusage(2)), and its exit code, on one line.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double
seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
become(const char *out, char **argv)
{
	int fd = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	int quiet = open("/dev/null", O_WRONLY);

	if (fd < 0 || quiet < 0)
		err(126, "%s", out);
	dup2(fd, STDOUT_FILENO);
	if (getenv("BENCH_STDERR") == NULL)
		dup2(quiet, STDERR_FILENO);
	execvp(argv[0], argv);
	_exit(errno == ENOENT ? 127 : 126);
}

int
main(int argc, char **argv)
{
	const char *out = "/dev/null";
	struct rusage used;
	double start;
	int status;
	pid_t pid;

	if (argc > 2 && strcmp(argv[1], "-o") == 0) {
		out = argv[2];
		argc -= 2;
		argv += 2;
	}
	if (argc < 2)
		errx(2, "usage: run [-o FILE] COMMAND [ARG...]");
	start = now();
	pid = fork();
	if (pid < 0)
		err(2, "fork");
	if (pid == 0)
		become(out, argv + 1);
	while (wait4(pid, &status, 0, &used) < 0)
		if (errno != EINTR)
			err(2, "wait4");
	printf("%.3f %.3f %.3f %ld %d\n", now() - start,
	    seconds(used.ru_utime), seconds(used.ru_stime), used.ru_maxrss,
	    WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	return 0;
}
