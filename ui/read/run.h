/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * run.h - one run over saved captures and node state, for the commands that
 * look at flows: what is read goes through the tracer, and each flow that
 * filter and --where leave goes to a sink.
 */
#ifndef UI_RUN_H
#define UI_RUN_H

#include "ui/cli/inputs.h"
#include "ui/read/tracing.h"

/* What the input was like, beside the flows. */
enum run_result {
	RUN_FINE,
	RUN_BAD_INPUT,		/* some of it was bad, and said to be: exit code 2 */
	RUN_NOTHING,		/* nothing could be read at all, and said so; the sink was
				   not called */
};

/* Inputs are initialised; the run takes their file names over.  Messages go to
   stderr. */
enum run_result	run_flows(const struct options *, struct inputs *, const struct sink *);

#endif
