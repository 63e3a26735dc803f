/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ng_window.h - the part of a pcapng file that is in memory.  Bytes are wanted
 * at its start, looked at where they lie, and dropped.  Internal to capture/.
 */
#ifndef CAPTURE_NG_WINDOW_H
#define CAPTURE_NG_WINDOW_H

#include "capture/pcapng.h"

struct ng_window {
	struct pcapng_bytes	 bytes;
	uint8_t			*buf;
	size_t			 cap, start, end;
	uint64_t		 offset;	/* of `start` in the file */
	bool			 no_memory;
};

bool	window_init(struct ng_window *, struct pcapng_bytes);
void	window_fini(struct ng_window *);

/* Have n bytes at the start; false when the input ends or fails before. */
bool	window_want_more(struct ng_window *, size_t n);
/* Drop n bytes, in the window or not; false when the input ends before. */
bool	window_skip(struct ng_window *, uint64_t n);

static inline size_t
window_have(const struct ng_window *w)
{
	return w->end - w->start;
}

static inline const uint8_t *
window_at(const struct ng_window *w)
{
	return w->buf + w->start;
}

static inline bool
window_want(struct ng_window *w, size_t n)
{
	return window_have(w) >= n || window_want_more(w, n);
}

/* n bytes that are in the window. */
static inline void
window_drop(struct ng_window *w, size_t n)
{
	w->start += n;
	w->offset += n;
}

#endif
