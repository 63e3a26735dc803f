/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * signals.h - signals of the commands that run until they are told to end.
 *
 * A handler sets a flag and writes to a pipe, so that a wait ends also when the
 * signal came just before it.
 */
#ifndef UI_SIGNALS_H
#define UI_SIGNALS_H

#include <stdbool.h>

/* Handlers for SIGINT, SIGTERM, SIGUSR1 and SIGHUP; ignored ones stay ignored.
   The descriptor that becomes readable by a signal; -1 with errno. */
int	signals_open(void);
void	signals_close(void);

enum { SIGNAL_STOP = 1 << 0, SIGNAL_COUNTERS = 1 << 1, SIGNAL_REREAD = 1 << 2 };

/* Those that came since the last call; SIGNAL_STOP comes again each time. */
unsigned signals_take(void);

#endif
