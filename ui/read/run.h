/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * run.h - one run over saved captures and node state, for the commands that
 * look at flows: what is read goes through the tracer, and each flow that
 * filter and --where leave goes to a sink.
 */
#ifndef UI_RUN_H
#define UI_RUN_H

#include <stdbool.h>

#include "ui/cli/inputs.h"
#include "ui/out/output.h"

struct options;

struct sink {
	/* Before the first flow.  The naming and what it leads to live until the
	   run ends. */
	void	(*begin)(void *arg, const struct naming *);
	/* A flow at its end, or at the end of input. */
	void	(*flow)(void *arg, const struct flow *);
	/* After the last. */
	void	(*end)(void *arg, const struct summary *);
	/* Is there no use in going on (closed pipe, full disk)?  May be NULL. */
	bool	(*full)(void *arg);
	void	*arg;
};

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
