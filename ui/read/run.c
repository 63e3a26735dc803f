/* SPDX-License-Identifier: GPL-2.0-or-later */
/* run.c - saved captures and node state in, flows to a sink; see run.h. */
#include "ui/read/run.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/filter.h"
#include "capture/source.h"
#include "ui/cli/complain.h"
#include "ui/cli/options.h"
#include "ui/cli/progress.h"
#include "ui/read/align.h"
#include "ui/state/node_state.h"

#define LOOK_EVERY	4096	/* observations between looks at the clock */

struct run {
	const struct options *options;
	struct inputs	*inputs;
	struct tracing	 tracing;
	struct node_state state;
	struct source	**sources;
	uint32_t	 number;	/* of the next interface; the sources count on */
	struct clock_shift *shifts;	/* of each source's clock */
	int64_t		*shift_ns;	/* the same, as the merge wants it */
	unsigned	 n_sources;
	struct merge	*merge;		/* owns the sources */
	struct progress	 progress;
	bool		 failed;	/* some input was bad: exit code 2 */
};

/* Set by SIGINT; the only way a handler can speak to the loop. */
static volatile sig_atomic_t interrupted;

static void
on_interrupt(int sig)
{
	(void)sig;
	if (interrupted)
		_exit(EXIT_INTERRUPT);
	interrupted = 1;
}

static void
catch_interrupt(void)
{
	struct sigaction sa = { .sa_handler = on_interrupt }, old;

	/* A shell that starts us in the background has it ignored. */
	if (sigaction(SIGINT, NULL, &old) == 0 && old.sa_handler == SIG_IGN)
		return;
	sigemptyset(&sa.sa_mask);
	sigaction(SIGINT, &sa, NULL);
}

/* ---- packets in */

static void
show_progress(struct run *r)
{
	uint64_t done = 0, total = 0;
	bool known = true;
	unsigned i;

	for (i = 0; i < r->n_sources; i++) {
		struct source_progress p = source_progress(r->sources[i]);

		done += p.done;
		total += p.total;
		known = known && p.total != 0;
	}
	progress_show(&r->progress, "read", done, known ? total : 0,
	    tracer_stats(r->tracing.tracer)->packets);
}

/* Those that open; the clocks of several are brought together first. */
static bool
open_sources(struct run *r)
{
	struct inputs *in = r->inputs;
	unsigned i;

	r->sources = calloc(in->n_files, sizeof(struct source *));
	r->shift_ns = calloc(in->n_files, sizeof(*r->shift_ns));
	r->shifts = calloc(in->n_files, sizeof(*r->shifts));
	if (r->sources == NULL || r->shift_ns == NULL || r->shifts == NULL) {
		complain("out of memory");
		return false;
	}
	for (i = 0; i < in->n_files; i++) {
		struct source_report report = { 0 };
		struct source *s = source_open(in->files[i], &r->number,
		    &report);

		if (s != NULL) {
			in->files[r->n_sources] = in->files[i];
			r->sources[r->n_sources++] = s;
			continue;
		}
		complain("%s", report.text);
		r->failed = true;
	}
	if (r->n_sources > 1)
		align_files(in->files, r->sources, r->n_sources, r->shifts,
		    &r->progress, &interrupted);
	for (i = 0; i < r->n_sources; i++)
		r->shift_ns[i] = r->shifts[i].shift_ns;
	return r->n_sources > 0;
}

/* The merge takes the sources, also when it fails; before, they are ours.  One
   source alone needs none. */
static bool
start_merge(struct run *r)
{
	if (r->n_sources == 1)
		return true;
	r->merge = merge_new(r->sources, r->n_sources, r->shift_ns);
	if (r->merge != NULL) {
		for (unsigned i = 0; i < r->n_sources; i++)
			merge_set_clock(r->merge, i, (uint16_t)r->shifts[i].clock);
		return true;
	}
	r->n_sources = 0;
	complain("out of memory");
	return false;
}

static inline int
next_obs(struct run *r, struct obs *o)
{
	return r->merge != NULL ? merge_next(r->merge, o) :
	    source_next(r->sources[0], o);
}

/* --state wins over what a recording holds, and its conntrack with it. */
static inline bool
is_overruled(const struct run *r, const struct obs *o)
{
	return r->state.state != NULL && (o->type == OBS_STATE ||
	    o->type == OBS_CHANGE || o->type == OBS_CT);
}

static void
read_packets(struct run *r)
{
	uint64_t limit = r->options->count, packets = 0, seen = 0;
	struct obs o;

	while (!interrupted && next_obs(r, &o) == 1) {
		if (!is_overruled(r, &o))
			tracing_observe(&r->tracing, &o);
		if (o.type == OBS_PACKET && ++packets == limit)
			break;
		if (++seen % LOOK_EVERY != 0)
			continue;
		/* evicted flows may have met a closed pipe or a full disk */
		if (tracing_is_full(&r->tracing))
			break;
		if (progress_due(&r->progress))
			show_progress(r);
	}
	progress_clear(&r->progress);
}

static void
report_source(struct run *r, const struct source *s)
{
	const struct source_report *reports;
	unsigned n = source_reports(s, &reports);

	for (unsigned i = 0; i < n; i++) {
		/* our Ctrl-C ended a read that waited: no fault of the input */
		if (interrupted &&
		    strstr(reports[i].text, strerror(EINTR)) != NULL)
			continue;
		complain("%s%s", reports[i].fault == SRC_CUT ? "warning: " : "",
		    reports[i].text);
		if (reports[i].fault == SRC_BAD)
			r->failed = true;
	}
}

static void
report_sources(struct run *r)
{
	for (unsigned i = 0; i < r->n_sources; i++)
		report_source(r, r->sources[i]);
}

/* What the flows may not say by themselves. */
static void
report_notices(struct run *r)
{
	if (r->inputs->filter != NULL && filter_complaint(r->inputs->filter))
		complain("warning: %s", filter_complaint(r->inputs->filter));
	if (interrupted)
		complain("interrupted: this is what was read until then");
}

/* ---- one run */

static void
observe_state(struct run *r)
{
	struct obs o = { .type = OBS_STATE, .state.state = r->state.state };

	if (o.state.state != NULL)
		tracer_observe(r->tracing.tracer, &o);
}

static void
finish(struct run *r)
{
	r->tracing.summary.interrupted = interrupted;
	tracing_end(&r->tracing);
	report_sources(r);
	report_notices(r);
}

/* The tracer first: it borrows states of the sources. */
static void
run_fini(struct run *r)
{
	unsigned i;

	tracing_fini(&r->tracing);
	if (r->merge != NULL)
		merge_free(r->merge);
	else
		for (i = 0; i < r->n_sources; i++)
			source_close(r->sources[i]);
	free(r->sources);
	free(r->shift_ns);
	free(r->shifts);
	node_state_close(&r->state);
}

enum run_result
run_flows(const struct options *o, struct inputs *in, const struct sink *sink)
{
	struct run r = { .options = o, .inputs = in };
	enum run_result result = RUN_NOTHING;

	catch_interrupt();
	progress_start(&r.progress);
	if (!tracing_init(&r.tracing, o, in->filter, sink) ||
	    !node_state_open(&r.state, o, NODE_STATE_GIVEN) ||
	    !open_sources(&r) || !start_merge(&r))
		goto out;
	observe_state(&r);
	tracing_begin(&r.tracing);
	read_packets(&r);
	finish(&r);
	result = r.failed ? RUN_BAD_INPUT : RUN_FINE;
out:
	run_fini(&r);
	return result;
}
