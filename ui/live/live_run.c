/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live_run.c - one run over the node itself; see live_run.h.
 *
 * The order of giving up rights: what needs them is opened (and the file of -w,
 * when it is the only one), then they are dropped, then the node is read.
 */
#include "ui/live/live_run.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "capture/filter.h"
#include "capture/live.h"
#include "capture/live/rights.h"
#include "ui/cli/complain.h"
#include "ui/cli/inputs.h"
#include "ui/cli/options.h"
#include "ui/cli/progress.h"
#include "ui/live/recording.h"
#include "ui/live/signals.h"

struct live_run {
	const struct options *options;
	const struct live_face *face;
	struct inputs	 inputs;
	struct sink	 sink;		/* the face's, with ours before it */
	struct tracing	 tracing;
	struct recording recording;
	struct live	*live;
	struct progress	 progress;
	struct live_counts counts;
	uint64_t	 packets;
	struct nstime	 last;		/* of all observations */
	bool		 enough;	/* -c */
	bool		 ended;		/* nothing more can be recorded */
	bool		 failed;	/* exit code 2 */
};

/* ---- observations */

static void
end_recording(struct live_run *r)
{
	r->ended = true;
	/* why is told when it is closed */
}

/* After the end of the recording nothing is traced either: both tell the same. */
static void
on_obs(void *arg, const struct obs *o)
{
	struct live_run *r = arg;

	if (r->ended)
		return;
	if (o->type == OBS_PACKET) {
		if (r->enough)
			return;
		r->enough = ++r->packets == r->options->count;
		/* the way of millions a second */
		if (r->recording.record == NULL) {
			tracer_observe(r->tracing.tracer, o);
			return;
		}
	}
	if (o->ts.ns > r->last.ns)
		r->last = o->ts;
	if (!recording_observe(&r->recording, o)) {
		end_recording(r);
		return;
	}
	tracing_observe(&r->tracing, o);
	if (o->type == OBS_TICK && !recording_tick(&r->recording, r->last))
		end_recording(r);
}

static void
on_notice(void *arg, const char *text)
{
	struct live_run *r = arg;

	progress_clear(&r->progress);
	complain("%s", text);
}

/* ---- flows */

static void
on_changed(void *arg, const struct flow *f, bool first)
{
	struct live_run *r = arg;
	const struct sink *s = r->face->sink;

	recording_flow(&r->recording, f);
	if (s->changed != NULL)
		s->changed(s->arg, f, first);
}

static void
on_begin(void *arg, const struct naming *names)
{
	const struct sink *s = ((struct live_run *)arg)->face->sink;

	s->begin(s->arg, names);
}

static void
on_flow(void *arg, const struct flow *f)
{
	const struct sink *s = ((struct live_run *)arg)->face->sink;

	s->flow(s->arg, f);
}

static void
on_end(void *arg, const struct summary *summary)
{
	const struct sink *s = ((struct live_run *)arg)->face->sink;

	s->end(s->arg, summary);
}

static bool
on_full(void *arg)
{
	const struct sink *s = ((struct live_run *)arg)->face->sink;

	return s->full != NULL && s->full(s->arg);
}

static void
on_told(void *arg)
{
	const struct sink *s = ((struct live_run *)arg)->face->sink;

	if (s->told != NULL)
		s->told(s->arg);
}

static void
on_joined(void *arg, uint64_t id, uint64_t into)
{
	const struct sink *s = ((struct live_run *)arg)->face->sink;

	if (s->joined != NULL)
		s->joined(s->arg, id, into);
}

/* --ring-on looks at changes, whether or not anybody else does. */
static void
make_sink(struct live_run *r)
{
	bool changes = r->face->sink->changed != NULL ||
	    r->options->ring_on != NULL;

	r->sink = (struct sink){ .begin = on_begin, .flow = on_flow, .end = on_end,
		.full = on_full, .changed = changes ? on_changed : NULL,
		.joined = changes ? on_joined : NULL, .told = on_told, .arg = r };
}

/* ---- counters */

static void
put_lines(const struct live_run *r, bool all)
{
	const struct live_counts *c = &r->counts;
	const struct tracer_stats *s = &r->tracing.summary.stats;
	const struct { uint64_t n; const char *words; bool always; } lines[] = {
		{ r->packets, "packets captured", true },
		{ c->received, "packets received by filter", true },
		{ c->dropped_kernel, "packets dropped by kernel", true },
		{ c->dropped_interface, "packets dropped by interface", false },
		{ c->netlink_overruns, "netlink overruns", false },
		{ s->evicted, "flows evicted", false },
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (all || lines[i].always || lines[i].n != 0)
			fprintf(stderr, "%llu %s\n",
			    (unsigned long long)lines[i].n, lines[i].words);
}

/* On SIGUSR1: everything there is to count. */
static void
tell_counters(struct live_run *r)
{
	const struct live_counts *c = &r->counts;
	const struct tracer_stats *s = tracer_stats(r->tracing.tracer);

	progress_clear(&r->progress);
	r->counts = live_counts(r->live);
	r->tracing.summary.stats = *s;
	put_lines(r, true);
	fprintf(stderr, "%llu flows, %u interfaces open\n"
	    "%llu conntrack entries, %llu events, %llu dumps after an overrun\n"
	    "%llu changes of links, addresses, rules and routes; %llu looks at NAT "
	    "rules, ENIs and pods\n",
	    (unsigned long long)s->flows, c->ifaces,
	    (unsigned long long)c->ct_entries, (unsigned long long)c->ct_events,
	    (unsigned long long)c->resyncs, (unsigned long long)c->changes,
	    (unsigned long long)c->rereads);
	if (r->recording.record != NULL)
		fprintf(stderr, "%llu bytes recorded in %u files\n",
		    (unsigned long long)record_bytes(r->recording.record),
		    record_files(r->recording.record));
}

static void
act_on_signals(struct live_run *r, unsigned signals)
{
	if (signals & SIGNAL_REREAD)
		live_reread(r->live);
	if (!(signals & SIGNAL_COUNTERS))
		return;
	tell_counters(r);
	if (!recording_ring(&r->recording, r->last))
		end_recording(r);
}

/* ---- opening */

static struct live_config
config_of(const struct options *o)
{
	return (struct live_config){
		.ifaces = o->ifaces.v, .n_ifaces = o->ifaces.n,
		.snaplen = (uint32_t)o->snaplen,
		.buffer_mib = (uint32_t)o->buffer_mib,
		.capture_filter = o->capture_filter,
		.netns = o->netns, .host_root = o->host_root,
		.ct_buffer = (uint32_t)o->ct_buffer,
		.no_conntrack = o->no_conntrack, .no_state = o->no_state,
	};
}

static bool
drop_rights(const struct live_run *r)
{
	char error[LIVE_ERROR_MAX];

	if (rights_drop(r->options->user, live_needs_reading(r->live), error))
		return true;
	complain("%s; -Z names the user to go on as", error);
	return false;
}

/* Files that come later are opened without rights: then so is the first, that
   the end of a rotation may write over it. */
static bool
open_recording(struct live_run *r)
{
	const struct options *o = r->options;
	struct tracer *t = r->tracing.tracer;

	if (recording_goes_on(o))
		return drop_rights(r) && recording_open(&r->recording, o, t);
	return recording_open(&r->recording, o, t) && drop_rights(r);
}

static bool
open_live(struct live_run *r)
{
	struct live_config config = config_of(r->options);
	char error[LIVE_ERROR_MAX];
	int wake;

	r->live = live_open(&config, on_notice, r, error);
	if (r->live == NULL) {
		complain("%s", error);
		return false;
	}
	wake = signals_open();
	if (wake < 0) {
		complain("cannot make a pipe: %s", strerror(errno));
		return false;
	}
	live_wake_on(r->live, wake);
	return true;
}

static void
tell_listening(const struct options *o)
{
	char names[1024] = "";

	for (unsigned i = 0; i < o->ifaces.n; i++) {
		size_t n = strlen(names);

		snprintf(names + n, sizeof(names) - n, "%s%s", i ? ", " : "",
		    o->ifaces.v[i]);
	}
	if (o->snaplen != 0)
		complain("listening on %s, %u bytes of each packet",
		    o->ifaces.n ? names : "any", (unsigned)o->snaplen);
	else
		complain("listening on %s, %u bytes of each packet (%u of DNS)",
		    o->ifaces.n ? names : "any", LIVE_SNAPLEN, LIVE_DNS_SNAPLEN);
}

/* ---- the loop */

/* Between two writes a closed pipe shows as POLLERR alone. */
static bool
is_reader_gone(const struct live_run *r)
{
	struct pollfd out = { .fd = STDOUT_FILENO };

	return r->face->on_stdout && poll(&out, 1, 0) == 1 &&
	    (out.revents & (POLLERR | POLLNVAL));
}

static void
show_progress(struct live_run *r)
{
	if (r->face->progress && progress_due(&r->progress))
		progress_show(&r->progress, "recorded",
		    r->recording.record != NULL ?
		    record_bytes(r->recording.record) : 0, 0, r->packets);
}

static void
watch(struct live_run *r)
{
	while (!r->enough && !r->ended) {
		int n = live_poll(r->live, LIVE_TICK_MS, on_obs, r);
		unsigned signals = signals_take();

		if (n < 0) {
			on_notice(r, live_error(r->live));
			r->failed = true;
			break;
		}
		act_on_signals(r, signals);
		if ((signals & SIGNAL_STOP) || tracing_is_full(&r->tracing) ||
		    is_reader_gone(r))
			break;
		show_progress(r);
	}
	progress_clear(&r->progress);
}

/* What the flows may not say by themselves. */
static void
tell_end(struct live_run *r)
{
	if (r->inputs.filter != NULL && filter_complaint(r->inputs.filter))
		complain("warning: %s", filter_complaint(r->inputs.filter));
	if (r->face->counts)
		put_lines(r, false);
	if (r->face->progress)
		fprintf(stderr, "%llu bytes recorded in %u file%s\n",
		    (unsigned long long)r->recording.bytes, r->recording.files,
		    r->recording.files == 1 ? "" : "s");
}

static void
run(struct live_run *r)
{
	tracing_begin(&r->tracing);
	live_begin(r->live, on_obs, r);
	tell_listening(r->options);
	watch(r);
	live_end(r->live, on_obs, r);
	r->counts = live_counts(r->live);
	r->tracing.summary.live = true;
	tracing_end(&r->tracing);
	if (!recording_close(&r->recording, r->last))
		r->failed = true;
	tell_end(r);
}

int
live_run(const struct options *o, const struct live_face *face)
{
	struct live_run r = { .options = o, .face = face, .failed = true };

	if (!recording_options_fit(o))
		return EXIT_USAGE;
	make_sink(&r);
	progress_start(&r.progress);
	if (!inputs_init_filter(&r.inputs, o) ||
	    !tracing_init(&r.tracing, o, r.inputs.filter, &r.sink) ||
	    !open_live(&r) || !open_recording(&r))
		goto out;
	r.failed = false;
	run(&r);
out:
	recording_close(&r.recording, r.last);
	tracing_fini(&r.tracing);
	/* the tracer borrows the first state */
	live_close(r.live);
	signals_close();
	inputs_fini(&r.inputs);
	return r.failed ? EXIT_USAGE : EXIT_FINE;
}
