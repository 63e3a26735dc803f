/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lines.h - flows to standard output in the form of -o, at their end or, with
 * changes, as they change.
 */
#ifndef UI_LINES_H
#define UI_LINES_H

#include <stdbool.h>

#include "ui/out/output.h"
#include "ui/read/tracing.h"

struct options;

struct lines {
	struct outbuf	 outbuf;
	const struct output *output;
	struct output_run form;
	struct shares	*shares;	/* NULL before a Service was used */
};

/* False after a message. */
bool		lines_init(struct lines *, const struct options *, bool changes);
struct sink	lines_sink(struct lines *);
/* What is held is written; false after a message.  A reader that went away
   (head, less) is no error. */
bool		lines_finish(struct lines *);
void		lines_fini(struct lines *);

#endif
