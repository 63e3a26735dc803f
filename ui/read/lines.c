/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lines.c - the sink that writes flows to standard output. */
#include "ui/read/lines.h"

#include <errno.h>
#include <langinfo.h>
#include <string.h>
#include <unistd.h>

#include "decode/app/shares.h"
#include "ui/cli/complain.h"
#include "ui/cli/options.h"

static const struct output *
find_output(const char *name)
{
	const struct output *o;
	unsigned i;

	for (i = 0; (o = output_get(i)) != NULL; i++)
		if (strcmp(o->name, name) == 0)
			return o;
	return NULL;
}

bool
lines_init(struct lines *l, const struct options *o, bool changes)
{
	*l = (struct lines){ .output = find_output(o->output) };
	if (!outbuf_init(&l->outbuf, STDOUT_FILENO)) {
		complain("out of memory");
		return false;
	}
	l->form = (struct output_run){
		.out = &l->outbuf,
		.verbose = o->verbose, .numeric = o->numeric,
		.color = options_want_color(o),
		.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
		.changes = changes,
	};
	return true;
}

static void
on_begin(void *arg, const struct naming *names)
{
	struct lines *l = arg;

	l->form.names = names;
	l->output->head(&l->form);
}

static void
write_flow(struct lines *l, const struct flow *f, enum flow_event event)
{
	l->form.event = (uint8_t)event;
	l->output->flow(&l->form, f);
}

static const struct state *
state_of(const struct lines *l)
{
	const struct naming *n = l->form.names;

	return n->state != NULL ? n->state(n->arg) : NULL;
}

static void
on_flow(void *arg, const struct flow *f)
{
	struct lines *l = arg;

	if (f->node.service != NULL && l->shares == NULL)
		l->shares = shares_new();
	if (f->node.service != NULL && l->shares != NULL)
		shares_flow(l->shares, state_of(l), f);
	write_flow(l, f, EVENT_END);
}

static void
on_changed(void *arg, const struct flow *f, bool first)
{
	write_flow(arg, f, first ? EVENT_NEW : EVENT_CHANGE);
}

static void
on_joined(void *arg, uint64_t id, uint64_t into)
{
	struct lines *l = arg;

	if (l->output->joined != NULL)
		l->output->joined(&l->form, id, into);
}

/* A reader wants to see it now. */
static void
on_told(void *arg)
{
	struct lines *l = arg;

	if (l->outbuf.p != l->outbuf.buf)
		outbuf_flush(&l->outbuf);
}

/* CSV has no place for what the capture lost. */
static void
on_end(void *arg, const struct summary *summary)
{
	struct lines *l = arg;
	const struct tracer_stats *s = &summary->stats;

	if (l->shares != NULL) {
		shares_end(l->shares, state_of(l));
		l->form.shares = shares_n(l->shares) > 0 ? l->shares : NULL;
	}
	l->output->tail(&l->form, summary);
	outbuf_flush(&l->outbuf);
	if (l->output == &output_csv &&
	    s->lost_kernel + s->lost_interface + s->lost_netlink + s->evicted)
		complain("warning: the capture lost %llu packets, netlink overran "
		    "%llu times, and %llu flows were evicted early",
		    (unsigned long long)(s->lost_kernel + s->lost_interface),
		    (unsigned long long)s->lost_netlink,
		    (unsigned long long)s->evicted);
}

static bool
on_full(void *arg)
{
	return ((const struct lines *)arg)->outbuf.error != 0;
}

struct sink
lines_sink(struct lines *l)
{
	struct sink s = { .begin = on_begin, .flow = on_flow, .end = on_end,
		.full = on_full, .arg = l };

	if (l->form.changes) {
		s.changed = on_changed;
		s.joined = on_joined;
		s.told = on_told;
	}
	return s;
}

bool
lines_finish(struct lines *l)
{
	if (outbuf_flush(&l->outbuf) || l->outbuf.error == EPIPE)
		return true;
	complain("cannot write to standard output: %s",
	    strerror(l->outbuf.error));
	return false;
}

void
lines_fini(struct lines *l)
{
	shares_free(l->shares);
	outbuf_fini(&l->outbuf);
}
