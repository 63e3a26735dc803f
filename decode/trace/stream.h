/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stream.h - the bytes that one side of a TCP connection sent, put together
 * from its segments in whatever order they were seen; bounded.
 *
 * RFC 9293 section 3.10.7.4 lets segments overlap, repeat and come out of order.
 */
#ifndef DECODE_STREAM_H
#define DECODE_STREAM_H

#include <stdbool.h>
#include <stdint.h>

/* Pieces that came before what precedes them. */
#define STREAM_APART	4

struct stream {
	uint32_t	 base;		/* sequence number of bytes[0] */
	uint32_t	 n;		/* bytes that are there without a gap */
	uint32_t	 room;
	uint8_t		*bytes;		/* owned */
	struct { uint32_t from, to; } apart[STREAM_APART];	/* offsets, to excluded */
	unsigned	 n_apart;
	bool		 has_hole;	/* the capture left bytes out, from hole on */
	uint32_t	 hole;
};

/*
 * A segment: `cap` captured bytes of the `len` that it has.  False when it lies
 * more than `max` bytes beyond base, or there is no memory: then nothing was
 * put.  What was there before stays (the first word counts).
 */
bool	stream_put(struct stream *, uint32_t seq, const uint8_t *p, uint32_t cap,
	    uint32_t len, uint32_t max);
/* Forget the first `n` bytes, which are there. */
void	stream_take(struct stream *, uint32_t n);
/* Are all bytes from here on up to `n` beyond what the capture has? */
static inline bool
stream_is_cut(const struct stream *s, uint32_t n)
{
	return s->has_hole && s->hole == s->n && n > s->n;
}
void	stream_fini(struct stream *);

#endif
