/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tracing.c - observations through the tracer, flows to a sink; see tracing.h. */
#include "ui/read/tracing.h"

#include "capture/filter.h"
#include "ui/cli/complain.h"
#include "ui/cli/options.h"
#include "ui/cli/progress.h"
#include "ui/where/where.h"

#define TICK_NS		(NS_PER_SEC / 10)	/* as LIVE_TICK_MS */

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

static const struct state *
state_of(const void *tracer)
{
	return tracer_state(tracer);
}

static const struct contract *
contract_of(const void *tracer)
{
	return tracer_contract(tracer);
}

static void
entries_of(const void *tracer, void (*cb)(void *, const struct obs *), void *arg)
{
	tracer_entries(tracer, cb, arg);
}

bool
tracing_is_full(const struct tracing *t)
{
	return t->sink->full != NULL && t->sink->full(t->sink->arg);
}

/* ---- flows out */

static bool
is_wanted(const struct tracing *t, const struct flow *f)
{
	if (t->filter != NULL && !f->selected)
		return false;
	return t->where == NULL || where_match(t->where, f, &t->names);
}

static void
write_flow(struct tracing *t, const struct flow *f)
{
	if (!is_wanted(t, f))
		return;
	t->summary.shown++;
	if ((f->has & FLOW_TRANSLATED) && f->nat != 0)
		t->summary.translated++;
	t->sink->flow(t->sink->arg, f);
}

/* Evicted or taken over: it will not be seen again. */
static void
on_done(void *arg, const struct flow *f)
{
	write_flow(arg, f);
}

static void
on_changed(void *arg, const struct flow *f, bool first)
{
	const struct tracing *t = arg;

	if (is_wanted(t, f))
		t->sink->changed(t->sink->arg, f, first);
}

static void
on_joined(void *arg, uint64_t id, uint64_t into)
{
	const struct tracing *t = arg;

	t->sink->joined(t->sink->arg, id, into);
}

static int
on_each(void *arg, const struct flow *f)
{
	struct tracing *t = arg;

	write_flow(t, f);
	return tracing_is_full(t) ? -1 : 1;
}

/* ---- observations in */

static void
observe_tick(struct tracing *t, const struct obs *o)
{
	tracer_observe(t->tracer, o);
	if (t->sink->told != NULL)
		t->sink->told(t->sink->arg);
}

/* A live run and its recording begin with a tick, before any packet; what has
   none by then is given some.  One is enough for a pause, however long. */
static void __attribute__((noinline))
make_tick(struct tracing *t, struct nstime now)
{
	struct obs o = { .type = OBS_TICK };

	o.ts = t->next_tick.ns != 0 ? t->next_tick : now;
	observe_tick(t, &o);
	t->next_tick.ns = now.ns + TICK_NS;
}

void
tracing_observe(struct tracing *t, const struct obs *o)
{
	if (t->sink->seen != NULL)
		t->sink->seen(t->sink->arg, o);
	if (o->type == OBS_TICK) {
		t->ticks_inside = true;
		observe_tick(t, o);
		return;
	}
	if (!t->ticks_inside && o->type == OBS_PACKET && t->sink->changed != NULL &&
	    o->ts.ns >= t->next_tick.ns)
		make_tick(t, o->ts);
	tracer_observe(t->tracer, o);
}

/* ---- one run */

static bool
parse_where(struct tracing *t)
{
	char error[WHERE_ERROR_MAX];

	if (t->options->where == NULL)
		return true;
	t->where = where_parse(t->options->where, error);
	if (t->where == NULL)
		complain("--where: %s", error);
	return t->where != NULL;
}

static bool
start_tracer(struct tracing *t)
{
	struct tracer_config config = {
		.max_flows = (uint32_t)t->options->max_flows,
		.done = on_done, .done_arg = t,
	};

	if (t->filter != NULL) {
		config.select = filter_match;
		config.select_arg = t->filter;
	}
	if (t->sink->changed != NULL) {
		config.changed = on_changed;
		config.changed_arg = t;
	}
	if (t->sink->joined != NULL) {
		config.joined = on_joined;
		config.joined_arg = t;
	}
	t->tracer = tracer_new(&config);
	if (t->tracer != NULL)
		return true;
	complain("no address space for %lu flows (about 650 bytes each); "
	    "raise the limit (ulimit -v) or give fewer with --max-flows",
	    (unsigned long)(config.max_flows ? config.max_flows :
	    TRACER_DEFAULT_FLOWS));
	return false;
}

bool
tracing_init(struct tracing *t, const struct options *o, struct filter *filter,
    const struct sink *sink)
{
	*t = (struct tracing){ .options = o, .filter = filter, .sink = sink,
		.start_ns = clock_now_ns() };
	if (!parse_where(t) || !start_tracer(t))
		return false;
	t->names = (struct naming){ iface_of, name_of, state_of, contract_of, t->tracer,
		entries_of };
	return true;
}

void
tracing_begin(struct tracing *t)
{
	t->sink->begin(t->sink->arg, &t->names);
}

static void
make_summary(struct tracing *t)
{
	struct summary *s = &t->summary;
	uint64_t count;
	const char *why;

	s->stats = *tracer_stats(t->tracer);
	s->wall_ns = clock_now_ns() - t->start_ns;
	for (s->n_reasons = 0; s->n_reasons < SUMMARY_REASONS; s->n_reasons++) {
		why = tracer_reason(t->tracer, s->n_reasons, &count);
		if (why == NULL)
			break;
		s->reasons[s->n_reasons].why = why;
		s->reasons[s->n_reasons].count = count;
	}
}

void
tracing_end(struct tracing *t)
{
	tracer_finish(t->tracer);
	tracer_each(t->tracer, on_each, t);
	make_summary(t);
	t->sink->end(t->sink->arg, &t->summary);
}

void
tracing_fini(struct tracing *t)
{
	tracer_free(t->tracer);
	where_free(t->where);
	t->tracer = NULL;
	t->where = NULL;
}
