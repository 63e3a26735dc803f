/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pcapng_file.c - the pcapng reader as a file format of source.c.
 */
#include <string.h>

#include "capture/format.h"
#include "capture/pcapng.h"

static bool
ngfile_match(const uint8_t *head, size_t n)
{
	/* The type of a section header block, in either byte order. */
	return n >= 4 && memcmp(head, "\n\r\r\n", 4) == 0;
}

static void *
ngfile_open(struct input *in, struct reading *rd)
{
	struct pcapng *p = pcapng_new(input_bytes(in), rd);

	if (!p)
		reading_report(rd, SRC_BAD, 0, 0, "out of memory");
	return p;
}

static void
ngfile_close(void *arg)
{
	pcapng_free(arg);
}

static int
ngfile_next(void *arg, struct obs *o)
{
	return pcapng_next(arg, o);
}

const struct format format_pcapng = {
	.match	= ngfile_match,
	.open	= ngfile_open,
	.close	= ngfile_close,
	.next	= ngfile_next,
};
