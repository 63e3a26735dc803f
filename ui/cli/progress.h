/* SPDX-License-Identifier: GPL-2.0-or-later */
/* progress.h - how far a long read has come, on a terminal's stderr. */
#ifndef UI_PROGRESS_H
#define UI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	bool		on;		/* stderr is a terminal */
	bool		drawn;
	uint64_t	start_ns, next_ns;	/* of the monotonic clock */
};

uint64_t	clock_now_ns(void);
void		progress_start(struct progress *);
/* Is it time for another look?  Cheap, but not for every packet. */
bool		progress_due(struct progress *);
/* `what` is done, in bytes; total 0 when it is not known. */
void		progress_show(struct progress *, const char *what, uint64_t done,
		    uint64_t total, uint64_t packets);
void		progress_clear(struct progress *);

#endif
