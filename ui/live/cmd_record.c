/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_record.c - podpath record: this node into pcapng. */
#include <string.h>

#include "ui/cli/commands.h"
#include "ui/cli/complain.h"
#include "ui/cli/options.h"
#include "ui/live/live_run.h"

static void
on_begin(void *arg, const struct naming *names)
{
	(void)arg;
	(void)names;
}

static void
on_flow(void *arg, const struct flow *f)
{
	(void)arg;
	(void)f;
}

static void
on_end(void *arg, const struct summary *s)
{
	(void)arg;
	(void)s;
}

/* A filter selects flows, and a recording holds them all; only --ring-on asks
   which flow it is. */
static const char *
selection(const struct options *o)
{
	return o->ring_on != NULL ? NULL : o->n_words > 0 ? o->words[0] :
	    o->filter != NULL ? "-f" : o->filter_file != NULL ? "-F" :
	    o->where != NULL ? "--where" : NULL;
}

int
cmd_record(const struct options *o)
{
	struct sink sink = { .begin = on_begin, .flow = on_flow, .end = on_end };
	struct live_face face = { .sink = &sink, .counts = true,
		.progress = true };

	if (o->write_file == NULL)
		return complain_usage("give a file for the recording with -w FILE "
		    "(- is standard output)");
	if (selection(o) != NULL)
		return complain_usage("'%s' selects flows, and a recording holds "
		    "all of them, so that none is cut at its translation; "
		    "--capture-filter EXPR leaves packets out", selection(o));
	face.on_stdout = strcmp(o->write_file, "-") == 0;
	return live_run(o, &face);
}
