/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * window.c - the window over a capture file.
 */
#include "capture/window.h"

#include <stdlib.h>
#include <string.h>

#define WINDOW_START	((size_t)128 * 1024)

bool
window_init(struct window *w, struct window_bytes bytes)
{
	*w = (struct window){
		.bytes = bytes, .buf = malloc(WINDOW_START),
		.cap = WINDOW_START,
	};
	return w->buf != NULL;
}

void
window_fini(struct window *w)
{
	free(w->buf);
}

/* Only a full window grows, so a length that lies costs no memory. */
static bool
window_grow(struct window *w)
{
	uint8_t *buf = realloc(w->buf, 2 * w->cap);

	if (!buf) {
		w->no_memory = true;
		return false;
	}
	w->buf = buf;
	w->cap *= 2;
	return true;
}

bool
window_want_more(struct window *w, size_t n)
{
	ssize_t got;

	memmove(w->buf, w->buf + w->start, window_have(w));
	w->end -= w->start;
	w->start = 0;
	while (w->end < n) {
		if (w->end == w->cap && !window_grow(w))
			return false;
		got = w->bytes.read(w->bytes.arg, w->buf + w->end,
		    w->cap - w->end);
		if (got <= 0)
			return false;
		w->end += (size_t)got;
	}
	return true;
}

bool
window_skip(struct window *w, uint64_t n)
{
	size_t have = window_have(w);

	while (n > have) {
		window_drop(w, have);
		n -= have;
		if (!window_want(w, 1))
			return false;
		have = window_have(w);
	}
	window_drop(w, (size_t)n);
	return true;
}
