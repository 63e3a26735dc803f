/* SPDX-License-Identifier: GPL-2.0-or-later */
/* outbuf.c - buffered output to a descriptor; write(2). */
#include "ui/out/outbuf.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

bool
outbuf_init(struct outbuf *o, int fd)
{
	*o = (struct outbuf){ .fd = fd, .buf = malloc(OUTBUF_SIZE) };
	if (o->buf == NULL)
		return false;
	o->p = o->buf;
	o->end = o->buf + OUTBUF_SIZE;
	return true;
}

void
outbuf_fini(struct outbuf *o)
{
	free(o->buf);
	*o = (struct outbuf){ .fd = -1 };
}

static void
write_all(struct outbuf *o, const char *s, size_t n)
{
	while (n > 0 && o->error == 0) {
		ssize_t w = write(o->fd, s, n);

		if (w < 0) {
			if (errno != EINTR)
				o->error = errno;
			continue;
		}
		s += w;
		n -= (size_t)w;
	}
}

bool
outbuf_flush(struct outbuf *o)
{
	write_all(o, o->buf, (size_t)(o->p - o->buf));
	o->p = o->buf;
	return o->error == 0;
}

void
outbuf_put_slow(struct outbuf *o, const char *s, size_t n)
{
	outbuf_flush(o);
	if (n > OUTBUF_SIZE) {
		write_all(o, s, n);
		return;
	}
	memcpy(o->p, s, n);
	o->p += n;
}
