/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * align.h - bring the clocks of several captures together.
 *
 * A pass over all files before the real one: the packets that two of them hold
 * tell how far apart their clocks are (decode/clock.h).
 */
#ifndef UI_ALIGN_H
#define UI_ALIGN_H

#include <signal.h>
#include <stdint.h>

#include "decode/clock.h"

struct progress;
struct source;

/*
 * Fill shifts[n]: what to add to the times of each file, and which of them
 * share a clock; no shift and a clock of its own where nothing is known, and
 * for what cannot be read twice (a pipe).  `sources` are the same files, open
 * and untouched.  Says on stderr what it changed.  Ends early, with no shifts,
 * when *stop is set.
 */
void	align_files(const char *const *files, struct source *const *sources,
	    unsigned n, struct clock_shift *shifts, struct progress *,
	    const volatile sig_atomic_t *stop);

#endif
