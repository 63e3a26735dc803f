/* SPDX-License-Identifier: GPL-2.0-or-later */
/* progress.c - how far a long read has come, on a terminal's stderr. */
#include "ui/cli/progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define FIRST_AFTER_NS	UINT64_C(1000000000)	/* short reads show nothing */
#define LARGE_AFTER_NS	UINT64_C(200000000)
#define LARGE_BYTES	(UINT64_C(64) << 20)
#define EVERY_NS	UINT64_C(200000000)

uint64_t
clock_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

void
progress_start(struct progress *p)
{
	*p = (struct progress){ .on = isatty(STDERR_FILENO) };
	p->start_ns = clock_now_ns();
	p->next_ns = p->start_ns + LARGE_AFTER_NS;
}

bool
progress_due(struct progress *p)
{
	return p->on && clock_now_ns() >= p->next_ns;
}

void
progress_show(struct progress *p, const char *what, uint64_t done,
    uint64_t total, uint64_t packets)
{
	uint64_t now = clock_now_ns();

	p->next_ns = now + EVERY_NS;
	if (total < LARGE_BYTES && now - p->start_ns < FIRST_AFTER_NS)
		return;
	if (total != 0)
		fprintf(stderr, "\r%s %3u %%  %.0f of %.0f MB, %.1f M packets\033[K",
		    what, (unsigned)((double)done * 100 / (double)total),
		    (double)done / 1e6, (double)total / 1e6,
		    (double)packets / 1e6);
	else
		fprintf(stderr, "\r%s %.0f MB, %.1f M packets\033[K", what,
		    (double)done / 1e6, (double)packets / 1e6);
	fflush(stderr);
	p->drawn = true;
}

void
progress_clear(struct progress *p)
{
	if (p->drawn)
		fputs("\r\033[K", stderr);
	p->drawn = false;
}
