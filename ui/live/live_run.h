/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live_run.h - one run over the node itself, for podpath live and podpath
 * record: what it shows goes to the recording, through the tracer and, as
 * flows, to a sink.
 */
#ifndef UI_LIVE_RUN_H
#define UI_LIVE_RUN_H

#include <stdbool.h>

#include "ui/read/tracing.h"

struct options;

/* How the run is told of, beside the flows. */
struct live_face {
	const struct sink *sink;
	bool	 counts;	/* tcpdump's lines at the end, on stderr */
	bool	 progress;	/* on a terminal's stderr */
	bool	 on_stdout;	/* a reader that goes away ends the run */
};

/* The exit code.  Messages go to stderr; nothing of the sink is called before
   everything is open. */
int	live_run(const struct options *, const struct live_face *);

#endif
