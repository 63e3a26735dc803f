/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * window.h - the part of a capture file that is in memory.  Bytes are wanted
 * at its start, looked at where they lie, and dropped.  Internal to capture/.
 */
#ifndef CAPTURE_WINDOW_H
#define CAPTURE_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* As input_read() and input_error(). */
struct window_bytes {
	ssize_t		(*read)(void *arg, void *buf, size_t n);
	const char	*(*error)(const void *arg);
	void		*arg;
};

struct window {
	struct window_bytes	 bytes;
	uint8_t			*buf;
	size_t			 cap, start, end;
	uint64_t		 offset;	/* of `start` in the file */
	bool			 no_memory;
};

bool	window_init(struct window *, struct window_bytes);
void	window_fini(struct window *);

/* Have n bytes at the start; false when the input ends or fails before. */
bool	window_want_more(struct window *, size_t n);
/* Drop n bytes, in the window or not; false when the input ends before. */
bool	window_skip(struct window *, uint64_t n);

static inline size_t
window_have(const struct window *w)
{
	return w->end - w->start;
}

static inline const uint8_t *
window_at(const struct window *w)
{
	return w->buf + w->start;
}

static inline bool
window_want(struct window *w, size_t n)
{
	return window_have(w) >= n || window_want_more(w, n);
}

/* n bytes that are in the window. */
static inline void
window_drop(struct window *w, size_t n)
{
	w->start += n;
	w->offset += n;
}

#endif
