/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * input.h - the bytes of a capture file: opened, unpacked when they are
 * gzipped, read once from front to end.  Standard input and pipes are as good
 * as files: nothing seeks.  Internal to capture/.
 */
#ifndef CAPTURE_INPUT_H
#define CAPTURE_INPUT_H

#include <stdio.h>
#include <sys/types.h>

#include "capture/source.h"
#include "capture/window.h"

struct input;

#define INPUT_HEAD	24	/* bytes of a pcap file header; see input_head() */

/* "-" is standard input.  NULL on failure with *report filled, under the name
   `label`. */
struct input	*input_open(const char *path, const char *label,
		    struct source_report *report);
void		 input_close(struct input *);		/* NULL is fine */

/*
 * The first bytes, at most INPUT_HEAD, *n fewer when the input is shorter.
 * Reading starts with them: what is changed here is what will be read.
 */
uint8_t		*input_head(struct input *, size_t *n);

/* Some bytes, 0 at the end, -1 when damaged or unreadable: input_error(). */
ssize_t		 input_read(struct input *, void *buf, size_t n);
const char	*input_error(const struct input *);	/* NULL when none */

/* The same as the supply of a window ... */
struct window_bytes input_bytes(struct input *);
/* ... and as a stdio stream, unlocked, with a buffer of its own.  The input
   must outlive it.  NULL when there is no memory. */
FILE		*input_stdio(struct input *);

bool		 input_packed(const struct input *);
struct source_progress input_progress(const struct input *);

#endif
