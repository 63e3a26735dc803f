/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * outbuf.h - buffered output to a descriptor, in large blocks.
 *
 * Like stdio, but the fast path is a compare and a copy that the compiler can
 * inline.  The first failed write is kept in `error`; what comes later is
 * thrown away, so that callers need to look only now and then.
 */
#ifndef UI_OUTBUF_H
#define UI_OUTBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define OUTBUF_SIZE	(256 * 1024)

struct outbuf {
	int	 fd;
	int	 error;		/* errno of the first failed write, else 0 */
	char	*buf;
	char	*p, *end;	/* next free byte; one past the last */
};

/* False when there is no memory.  The descriptor stays the caller's. */
bool	outbuf_init(struct outbuf *, int fd);
void	outbuf_fini(struct outbuf *);	/* does not flush */
/* Write what is held; false (and `error` set) when that failed now or before. */
bool	outbuf_flush(struct outbuf *);
/* For what does not fit; use outbuf_put(). */
void	outbuf_put_slow(struct outbuf *, const char *, size_t);

static inline void
outbuf_put(struct outbuf *o, const char *s, size_t n)
{
	if ((size_t)(o->end - o->p) < n) {
		outbuf_put_slow(o, s, n);
		return;
	}
	memcpy(o->p, s, n);
	o->p += n;
}

static inline void
outbuf_char(struct outbuf *o, char c)
{
	if (o->p == o->end)
		outbuf_flush(o);
	*o->p++ = c;
}

/*
 * Room for n bytes (n at most OUTBUF_SIZE), to be filled by the caller, who
 * then moves o->p.
 */
static inline char *
outbuf_room(struct outbuf *o, size_t n)
{
	if ((size_t)(o->end - o->p) < n)
		outbuf_flush(o);
	return o->p;
}

/* A string literal. */
#define outbuf_lit(o, s)	outbuf_put((o), "" s, sizeof(s) - 1)

static inline void
outbuf_str(struct outbuf *o, const char *s)
{
	outbuf_put(o, s, strlen(s));
}

#endif
