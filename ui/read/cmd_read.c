/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_read.c - podpath read: saved captures in, explained flows out. */
#include "ui/cli/commands.h"
#include "ui/cli/complain.h"
#include "ui/cli/options.h"
#include "ui/read/lines.h"
#include "ui/read/run.h"

static int
read_inputs(const struct options *o, struct inputs *in)
{
	struct lines lines;
	struct sink sink;
	enum run_result result;
	bool written;

	if (!lines_init(&lines, o, o->changes))
		return EXIT_USAGE;
	sink = lines_sink(&lines);
	result = run_flows(o, in, &sink);
	written = lines_finish(&lines);
	lines_fini(&lines);
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
