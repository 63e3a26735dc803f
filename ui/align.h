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

struct progress;

/*
 * Fill shift_ns[n]: what to add to the times of each file; 0 where nothing is
 * known, and for what cannot be read twice (a pipe).  Says on stderr what it
 * changed.  Ends early, with no shifts, when *stop is set.
 */
void	align_files(const char *const *files, unsigned n, int64_t *shift_ns,
	    struct progress *, const volatile sig_atomic_t *stop);

#endif
