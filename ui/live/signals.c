/* SPDX-License-Identifier: GPL-2.0-or-later */
/* signals.c - signals of the commands that run until they are told to end. */
#include "ui/live/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "ui/cli/complain.h"

/* The only ways a handler can speak to the loop. */
static volatile sig_atomic_t stop, counters, reread;
static int pipe_fds[2] = { -1, -1 };

static void
on_signal(int sig)
{
	int error = errno;
	ssize_t n;

	switch (sig) {
	case SIGUSR1:
		counters = 1;
		break;
	case SIGHUP:
		reread = 1;
		break;
	default:
		if (stop)
			_exit(EXIT_INTERRUPT);
		stop = 1;
		break;
	}
	/* a full pipe wakes as well */
	n = write(pipe_fds[1], "", 1);
	(void)n;
	errno = error;
}

/* SA_RESTART: poll(2) returns all the same (signal(7)), and a read that the
   signal has nothing to do with goes on. */
static void
catch(int sig)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	struct sigaction old;

	/* nohup(1).  SIGINT, which a shell that starts us in the background has
	   ignored, ends us all the same, as it ends tcpdump. */
	if (sig == SIGHUP && sigaction(sig, NULL, &old) == 0 &&
	    old.sa_handler == SIG_IGN)
		return;
	sigemptyset(&sa.sa_mask);
	sigaction(sig, &sa, NULL);
}

int
signals_open(void)
{
	if (pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK) != 0)
		return -1;
	catch(SIGINT);
	catch(SIGTERM);
	catch(SIGUSR1);
	catch(SIGHUP);
	return pipe_fds[0];
}

/* Handlers stay; what they write then goes nowhere. */
void
signals_close(void)
{
	int fds[2] = { pipe_fds[0], pipe_fds[1] };

	pipe_fds[0] = pipe_fds[1] = -1;
	for (int i = 0; i < 2; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

unsigned
signals_take(void)
{
	unsigned taken = 0;
	char bytes[64];

	while (read(pipe_fds[0], bytes, sizeof(bytes)) > 0)
		continue;
	if (stop)
		taken |= SIGNAL_STOP;
	if (counters) {
		counters = 0;
		taken |= SIGNAL_COUNTERS;
	}
	if (reread) {
		reread = 0;
		taken |= SIGNAL_REREAD;
	}
	return taken;
}
