/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_live.c - podpath live: this node in, flows out as they become known. */
#include <string.h>

#include "ui/cli/commands.h"
#include "ui/cli/complain.h"
#include "ui/cli/options.h"
#include "ui/live/live_run.h"
#include "ui/read/lines.h"

int
cmd_live(const struct options *o)
{
	struct lines lines;
	struct sink sink;
	struct live_face face = { .sink = &sink, .on_stdout = true,
	    .counts = true };
	int code;

	if (o->write_file != NULL && strcmp(o->write_file, "-") == 0)
		return complain_usage("standard output is for the flows: give a "
		    "file with -w FILE, or take podpath record -w -");
	if (!lines_init(&lines, o, true))
		return EXIT_USAGE;
	sink = lines_sink(&lines);
	code = live_run(o, &face);
	if (!lines_finish(&lines))
		code = EXIT_USAGE;
	lines_fini(&lines);
	return code;
}
