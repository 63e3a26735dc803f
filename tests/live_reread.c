/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live_reread.c - NAT rules, sysctls, ENIs and pods that are looked at again:
 *
 *   live_reread [-N NETNS] [-r HOST_ROOT] [-u USER] [-n] SECONDS COMMAND...
 *
 * enters the network namespace, makes the first look, becomes the user (keeping NET_ADMIN and NET_RAW), runs
 * the command, and prints a line for each change until SECONDS after its end:
 * when it was told, since when it may have been so, both in seconds of the epoch,
 * which parts, and how many records there are.  -n: looks at once again at the
 * command's end.  At last how long it took to stop.
 */
#include <err.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "capture/live/reread.h"
#include "capture/live/rights.h"
#include "decode/timeline.h"

static struct nstime
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (struct nstime){ (int64_t)t.tv_sec * NS_PER_SEC + t.tv_nsec };
}

static double
seconds(struct nstime t)
{
	return (double)t.ns / (double)NS_PER_SEC;
}

static void
report(void *arg, const char *text)
{
	(void)arg;
	printf("report %s\n", text);
}

static void
figures(const struct state *s)
{
	printf(" parts=%x nf_rules=%u sets=%u pods=%u enis=%u sysctls=%u veth=%s\n",
	    s->parts, s->nf_rules.n, s->nf_sets.n, s->pods.n, s->enis.n,
	    s->sysctls.n, s->cni.veth_prefix != NULL ? s->cni.veth_prefix : "");
}

static void
on_obs(void *arg, const struct obs *o)
{
	const struct state_change *c = o->change.change;

	(void)arg;
	if (o->type != OBS_CHANGE || c->come == NULL || c->gone != NULL ||
	    o->change.since.ns > o->ts.ns)
		errx(2, "not a change as it should be");
	printf("change %.3f %.3f %x", seconds(o->ts), seconds(o->change.since),
	    c->parts);
	figures(c->come);
}

static pid_t
start(char **argv)
{
	pid_t pid = fork();

	if (pid < 0)
		err(2, "fork");
	if (pid == 0) {
		execvp(argv[0], argv);
		err(127, "%s", argv[0]);
	}
	return pid;
}

static void
wait_and_take(struct reread *r, int ms)
{
	struct pollfd p = { .fd = reread_fd(r), .events = POLLIN };

	if (reread_due_ms(r, now()) == 0 || poll(&p, 1, ms) > 0)
		reread_take(r, now(), on_obs, NULL);
}

static void
follow(struct reread *r, double after, bool ask, char **argv)
{
	double until = 0;
	pid_t pid;
	int status;

	/* starts the thread */
	wait_and_take(r, 0);
	pid = start(argv);
	while (until == 0 || seconds(now()) < until) {
		wait_and_take(r, 50);
		if (until == 0 && waitpid(pid, &status, WNOHANG) == pid) {
			if (status != 0)
				errx(2, "%s: status %d", argv[0], status);
			until = seconds(now()) + after;
			if (ask)
				reread_now(r);
		}
	}
}

int
main(int argc, char **argv)
{
	const char *root = NULL, *user = NULL;
	char error[LIVE_ERROR_MAX];
	struct live_counts counts = { 0 };
	struct reread *r;
	struct state *s;
	struct nstime t;
	bool ask = false;
	int c;

	setvbuf(stdout, NULL, _IOLBF, 0);
	while ((c = getopt(argc, argv, "+N:r:u:n")) != -1)
		switch (c) {
		case 'N':
			if (!netns_enter(optarg, "", error))
				errx(2, "%s", error);
			break;
		case 'r':
			root = optarg;
			break;
		case 'u':
			user = optarg;
			break;
		case 'n':
			ask = true;
			break;
		default:
			return 2;
		}
	if (argc - optind < 2)
		errx(2, "usage: live_reread [-N NETNS] [-r ROOT] [-u USER] [-n] "
		    "SECONDS COMMAND...");
	r = reread_open(root, error);
	s = state_new();
	if (r == NULL || s == NULL)
		errx(2, "%s", r == NULL ? error : "out of memory");
	reread_first(r, s, report, NULL);
	printf("first %.3f", seconds(now()));
	figures(s);
	state_free(s);
	if (user != NULL && !rights_drop(user, false, error))
		errx(2, "%s", error);
	follow(r, atof(argv[optind]), ask, argv + optind + 1);
	reread_count(r, &counts);
	t = now();
	reread_close(r);
	printf("end looks=%lu stopped in %.3f\n", (unsigned long)counts.rereads,
	    seconds(now()) - seconds(t));
	return 0;
}
