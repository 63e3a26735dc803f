/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_read.c - podpath read: saved captures in, explained flows out. */
#include <errno.h>
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ui/cli/commands.h"
#include "ui/cli/complain.h"
#include "ui/cli/options.h"
#include "ui/read/run.h"

struct reading {
	struct outbuf	 outbuf;
	const struct output *output;
	struct output_run form;
};

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

static void
on_begin(void *arg, const struct naming *names)
{
	struct reading *r = arg;

	r->form.names = names;
	r->output->head(&r->form);
}

static void
on_flow(void *arg, const struct flow *f)
{
	struct reading *r = arg;

	r->output->flow(&r->form, f);
}

/* CSV has no place for what the capture lost. */
static void
on_end(void *arg, const struct summary *summary)
{
	struct reading *r = arg;
	const struct tracer_stats *s = &summary->stats;

	r->output->tail(&r->form, summary);
	outbuf_flush(&r->outbuf);
	if (r->output == &output_csv &&
	    s->lost_kernel + s->lost_interface + s->lost_netlink + s->evicted)
		complain("warning: the capture lost %llu packets, and %llu flows "
		    "were evicted early",
		    (unsigned long long)(s->lost_kernel + s->lost_interface +
		    s->lost_netlink), (unsigned long long)s->evicted);
}

static bool
on_full(void *arg)
{
	return ((struct reading *)arg)->outbuf.error != 0;
}

/* A reader that went away (head, less) is no error. */
static bool
report_output(struct reading *r)
{
	if (outbuf_flush(&r->outbuf) || r->outbuf.error == EPIPE)
		return true;
	complain("cannot write to standard output: %s",
	    strerror(r->outbuf.error));
	return false;
}

static int
read_inputs(const struct options *o, struct inputs *in)
{
	struct reading r = { .output = find_output(o->output) };
	struct sink sink = { on_begin, on_flow, on_end, on_full, &r };
	enum run_result result;
	bool written;

	if (!outbuf_init(&r.outbuf, STDOUT_FILENO)) {
		complain("out of memory");
		return EXIT_USAGE;
	}
	r.form = (struct output_run){
		.out = &r.outbuf,
		.verbose = o->verbose, .numeric = o->numeric,
		.color = options_want_color(o),
		.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
	};
	result = run_flows(o, in, &sink);
	written = report_output(&r);
	outbuf_fini(&r.outbuf);
	return result == RUN_FINE && written ? EXIT_FINE : EXIT_USAGE;
}

int
cmd_read(const struct options *o)
{
	struct inputs in;
	int code = EXIT_USAGE;

	if (inputs_init(&in, o))
		code = read_inputs(o, &in);
	inputs_fini(&in);
	return code;
}
