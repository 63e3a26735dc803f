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
#include "ui/read/align.h"
#include "ui/cli/complain.h"
#include "ui/state/node_state.h"
#include "ui/cli/options.h"
#include "ui/cli/progress.h"
#include "ui/where/where.h"

#define LOOK_EVERY	4096	/* observations between looks at the clock */

struct run {
	const struct options *options;
	struct inputs	*inputs;
	const struct sink *sink;
	struct node_state state;
	struct where	*where;		/* NULL: every flow */
	struct source	**sources;
	uint32_t	 number;	/* of the next interface; the sources count on */
	struct clock_shift *shifts;	/* of each source's clock */
	int64_t		*shift_ns;	/* the same, as the merge wants it */
	unsigned	 n_sources;
	struct merge	*merge;		/* owns the sources */
	struct tracer	*tracer;
	struct naming	 names;
	struct progress	 progress;
	struct summary	 summary;
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

static struct iface
iface_of(const void *tracer, unsigned iface)
{
	return tracer_iface(tracer, iface);
}

static const char *
name_of(const void *tracer, const struct addr *a)
{
	return tracer_name(tracer, a);
}

static bool
is_full(const struct run *r)
{
	return r->sink->full != NULL && r->sink->full(r->sink->arg);
}

/* ---- flows out */

static void
write_flow(struct run *r, const struct flow *f)
{
	if (r->inputs->filter != NULL && !f->selected)
		return;
	if (r->where != NULL && !where_match(r->where, f, &r->names))
		return;
	r->summary.shown++;
	if ((f->has & FLOW_TRANSLATED) && f->nat != 0)
		r->summary.translated++;
	r->sink->flow(r->sink->arg, f);
}

/* Evicted or taken over: it will not be seen again. */
static void
on_done(void *arg, const struct flow *f)
{
	write_flow(arg, f);
}

static int
on_each(void *arg, const struct flow *f)
{
	struct run *r = arg;

	write_flow(r, f);
	return is_full(r) ? -1 : 1;
}

static void
make_summary(struct run *r)
{
	struct summary *s = &r->summary;
	uint64_t count;
	const char *why;

	s->stats = *tracer_stats(r->tracer);
	s->interrupted = interrupted;
	s->wall_ns = clock_now_ns() - r->progress.start_ns;
	for (s->n_reasons = 0; s->n_reasons < SUMMARY_REASONS; s->n_reasons++) {
		why = tracer_reason(r->tracer, s->n_reasons, &count);
		if (why == NULL)
			break;
		s->reasons[s->n_reasons].why = why;
		s->reasons[s->n_reasons].count = count;
	}
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
	    tracer_stats(r->tracer)->packets);
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

static void
read_packets(struct run *r)
{
	uint64_t limit = r->options->count, packets = 0, seen = 0;
	struct obs o;

	while (!interrupted && next_obs(r, &o) == 1) {
		tracer_observe(r->tracer, &o);
		if (o.type == OBS_PACKET && ++packets == limit)
			break;
		if (++seen % LOOK_EVERY != 0)
			continue;
		/* evicted flows may have met a closed pipe or a full disk */
		if (is_full(r))
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

static bool
start_tracer(struct run *r)
{
	struct tracer_config config = {
		.max_flows = (uint32_t)r->options->max_flows,
		.done = on_done, .done_arg = r,
	};
	struct obs state = { .type = OBS_STATE, .state.state = r->state.state };

	if (r->inputs->filter != NULL) {
		config.select = filter_match;
		config.select_arg = r->inputs->filter;
	}
	r->tracer = tracer_new(&config);
	if (r->tracer == NULL) {
		complain("no address space for %lu flows (about 650 bytes each); "
		    "raise the limit (ulimit -v) or give fewer with --max-flows",
		    (unsigned long)(config.max_flows ? config.max_flows :
		    TRACER_DEFAULT_FLOWS));
		return false;
	}
	if (state.state.state != NULL)
		tracer_observe(r->tracer, &state);
	r->names = (struct naming){ iface_of, name_of, r->tracer };
	return true;
}

static bool
parse_where(struct run *r)
{
	char error[WHERE_ERROR_MAX];

	if (r->options->where == NULL)
		return true;
	r->where = where_parse(r->options->where, error);
	if (r->where == NULL)
		complain("--where: %s", error);
	return r->where != NULL;
}

static void
run_fini(struct run *r)
{
	unsigned i;

	if (r->merge != NULL)
		merge_free(r->merge);
	else
		for (i = 0; i < r->n_sources; i++)
			source_close(r->sources[i]);
	free(r->sources);
	free(r->shift_ns);
	free(r->shifts);
	tracer_free(r->tracer);
	node_state_close(&r->state);
	where_free(r->where);
}

enum run_result
run_flows(const struct options *o, struct inputs *in, const struct sink *sink)
{
	struct run r = { .options = o, .inputs = in, .sink = sink };
	enum run_result result = RUN_NOTHING;

	if (!parse_where(&r))
		goto out;
	catch_interrupt();
	progress_start(&r.progress);
	if (!node_state_open(&r.state, o, NODE_STATE_GIVEN) || !open_sources(&r) ||
	    !start_tracer(&r) || !start_merge(&r))
		goto out;
	sink->begin(sink->arg, &r.names);
	read_packets(&r);
	tracer_finish(r.tracer);
	tracer_each(r.tracer, on_each, &r);
	make_summary(&r);
	sink->end(sink->arg, &r.summary);
	report_sources(&r);
	report_notices(&r);
	result = r.failed ? RUN_BAD_INPUT : RUN_FINE;
out:
	run_fini(&r);
	return result;
}
