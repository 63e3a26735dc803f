/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * make_capture.h - build pcap and pcapng files byte by byte, right or wrong,
 * and write down what a source tells of one.
 *
 * In a header of its own because every test program is one source file.
 */
#ifndef TESTS_MAKE_CAPTURE_H
#define TESTS_MAKE_CAPTURE_H

#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <zlib.h>

#include "capture/source.h"
#include "decode/packet.h"

/* Bytes that grow.  `big` is the byte order of what is put. */
struct bytes {
	uint8_t	*p;
	size_t	 n, cap;
	bool	 big;
};

static inline void
put(struct bytes *b, const void *data, size_t n)
{
	if (b->n + n >= b->cap) {
		b->cap = 2 * (b->n + n) + 64;
		b->p = realloc(b->p, b->cap);
		if (!b->p)
			err(1, NULL);
	}
	if (n)
		memcpy(b->p + b->n, data, n);
	b->n += n;
}

static inline void
put_uint(struct bytes *b, uint64_t v, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		size_t byte = b->big ? size - 1 - i : i;

		put(b, &(uint8_t){ (uint8_t)(v >> 8 * byte) }, 1);
	}
}

static inline void put16(struct bytes *b, uint64_t v) { put_uint(b, v, 2); }
static inline void put32(struct bytes *b, uint64_t v) { put_uint(b, v, 4); }
static inline void put64(struct bytes *b, uint64_t v) { put_uint(b, v, 8); }

static inline void
put_pad(struct bytes *b, size_t n)
{
	put(b, "\0\0\0", -n & 3);
}

/* n bytes of packet, all of the value `fill`. */
static inline void
put_fill(struct bytes *b, int fill, size_t n)
{
	uint8_t *data = malloc(n + 1);

	if (!data)
		err(1, NULL);
	memset(data, fill, n);
	put(b, data, n);
	free(data);
}

static inline void
bytes_free(struct bytes *b)
{
	free(b->p);
	*b = (struct bytes){ 0 };
}

/* pcap */

static inline void
pcap_begin(struct bytes *b, uint32_t magic, uint32_t snaplen, uint32_t linktype)
{
	put32(b, magic);
	put16(b, 2);
	put16(b, 4);
	put64(b, 0);
	put32(b, snaplen);
	put32(b, linktype);
}

static inline void
pcap_packet(struct bytes *b, uint32_t sec, uint32_t frac, uint32_t caplen,
    uint32_t len, int fill)
{
	put32(b, sec);
	put32(b, frac);
	put32(b, caplen);
	put32(b, len);
	put_fill(b, fill, caplen);
}

/* pcapng: a block is begun, filled and ended. */

static inline size_t
ng_begin(struct bytes *b, uint32_t type)
{
	size_t at = b->n;

	put32(b, type);
	put32(b, 0);
	return at;
}

static inline void
ng_patch32(struct bytes *b, size_t at, uint32_t v)
{
	size_t n = b->n;

	b->n = at;
	put32(b, v);
	b->n = n;
}

static inline void
ng_end(struct bytes *b, size_t at)
{
	put_pad(b, b->n - at);
	put32(b, 0);
	ng_patch32(b, at + 4, (uint32_t)(b->n - at));
	ng_patch32(b, b->n - 4, (uint32_t)(b->n - at));
}

static inline void
ng_option(struct bytes *b, uint16_t code, const void *value, size_t len)
{
	put16(b, code);
	put16(b, len);
	put(b, value, len);
	put_pad(b, len);
}

static inline void
ng_option_uint(struct bytes *b, uint16_t code, uint64_t v, size_t size)
{
	put16(b, code);
	put16(b, size);
	put_uint(b, v, size);
	put_pad(b, size);
}

static inline void
ng_section_begin(struct bytes *b)
{
	size_t at = ng_begin(b, 0x0a0d0d0a);

	put32(b, 0x1a2b3c4d);
	put16(b, 1);
	put16(b, 0);
	put64(b, UINT64_MAX);
	ng_end(b, at);
}

/* An interface; name NULL and tsresol -1 leave the options out. */
static inline void
ng_interface(struct bytes *b, uint16_t linktype, uint32_t snaplen,
    const char *name, int tsresol, int64_t tsoffset)
{
	size_t at = ng_begin(b, 1);

	put16(b, linktype);
	put16(b, 0);
	put32(b, snaplen);
	if (name)
		ng_option(b, 2, name, strlen(name));
	if (tsresol >= 0)
		ng_option_uint(b, 9, (uint64_t)tsresol, 1);
	if (tsoffset)
		ng_option_uint(b, 14, (uint64_t)tsoffset, 8);
	ng_option(b, 0, NULL, 0);
	ng_end(b, at);
}

/* An enhanced packet; flags -1 leaves the options out. */
static inline void
ng_packet(struct bytes *b, uint32_t iface, uint64_t ticks, uint32_t caplen,
    uint32_t len, int fill, int64_t flags)
{
	size_t at = ng_begin(b, 6);

	put32(b, iface);
	put32(b, ticks >> 32);
	put32(b, ticks & UINT32_MAX);
	put32(b, caplen);
	put32(b, len);
	put_fill(b, fill, caplen);
	put_pad(b, caplen);
	if (flags >= 0) {
		ng_option(b, 1, "a comment", 9);
		ng_option_uint(b, 2, (uint64_t)flags, 4);
		ng_option(b, 0, NULL, 0);
	}
	ng_end(b, at);
}

/* Files, in the directory that the test works in. */

static inline void
file_write(const char *name, const void *data, size_t n)
{
	FILE *f = fopen(name, "wb");

	if (!f || fwrite(data, 1, n, f) != n || fclose(f) != 0)
		err(1, "%s", name);
}

/* gzip data of n bytes. */
static inline void
put_gzip(struct bytes *out, const void *data, size_t n)
{
	z_stream z = { 0 };
	uint8_t *room = malloc(n + n / 100 + 1024);
	uint8_t *copy = malloc(n + 1);

	if (!room || !copy || deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8,
	    Z_DEFAULT_STRATEGY) != Z_OK)
		errx(1, "deflateInit2");
	if (n)
		memcpy(copy, data, n);
	z.next_in = copy;
	z.avail_in = (uInt)n;
	z.next_out = room;
	z.avail_out = (uInt)(n + n / 100 + 1024);
	if (deflate(&z, Z_FINISH) != Z_STREAM_END)
		errx(1, "deflate");
	put(out, room, z.total_out);
	deflateEnd(&z);
	free(room);
	free(copy);
}

/* What a source tells, as text: one line for each observation and report. */

struct story {
	char	text[16384];
	size_t	n;
};

static inline void __attribute__((format(printf, 2, 3)))
tell(struct story *s, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(s->text + s->n, sizeof(s->text) - s->n, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(s->text) - s->n)
		errx(1, "the story is too long");
	s->n += (size_t)n;
}

static inline void
tell_packet(struct story *s, const struct obs *o)
{
	static const char *const dirs[] = { "", " in", " out" };
	const struct obs_packet *p = &o->packet;

	tell(s, "packet %u lt%u %" PRId64 " %u/%u%s", p->number, p->linktype,
	    o->ts.ns, p->caplen, p->len, dirs[p->dir]);
	if (p->caplen)
		tell(s, " %02x..%02x", p->data[0], p->data[p->caplen - 1]);
	tell(s, "\n");
}

static inline void
tell_obs(struct story *s, const struct obs *o)
{
	char addr[ADDR_TEXT_MAX];

	switch (o->type) {
	case OBS_PACKET:
		tell_packet(s, o);
		break;
	case OBS_IFACE:
		tell(s, "iface %u lt%u %s%s\n", o->iface.number,
		    o->iface.linktype, o->iface.name ? o->iface.name : "-",
		    o->iface.given ? " given" : "");
		break;
	case OBS_NAME:
		addr_format(&o->name.addr, addr);
		tell(s, "name %s %s\n", addr, o->name.name);
		break;
	case OBS_LOSS:
		tell(s, "loss kernel %" PRIu64 " interface %" PRIu64 "\n",
		    o->loss.kernel, o->loss.interface);
		break;
	default:
		errx(1, "unknown observation");
	}
}

static inline void
tell_report(struct story *s, const struct source_report *r)
{
	static const char *const faults[] = { "fine", "cut", "bad" };

	tell(s, "%s: %s\n", faults[r->fault], r->text);
}

static inline void
tell_rest(struct story *story, struct source *s)
{
	const struct source_report *r;
	struct obs o;
	unsigned n;

	while (source_next(s, &o) == 1)
		tell_obs(story, &o);
	n = source_reports(s, &r);
	for (unsigned i = 0; i < n; i++)
		tell_report(story, &r[i]);
}

/* Everything that the file tells; valid until the next call. */
static inline const char *
story_of(const char *spec)
{
	static struct story story;
	struct source_report report;
	uint32_t number = 0;
	struct source *s = source_open(spec, &number, &report);

	story = (struct story){ .n = 0 };
	if (s)
		tell_rest(&story, s);
	else
		tell_report(&story, &report);
	source_close(s);
	return story.text;
}

/* The same of bytes, by way of the file `name`. */
static inline const char *
story_of_bytes(const char *name, const struct bytes *b)
{
	file_write(name, b->p, b->n);
	return story_of(name);
}

/* The same of bytes that come through a pipe, a few at a time. */
static inline const char *
story_of_pipe(const char *spec, const struct bytes *b)
{
	const char *text;
	int ends[2], saved;
	pid_t child;

	if (pipe(ends) != 0 || (child = fork()) < 0)
		err(1, NULL);
	if (child == 0) {
		close(ends[0]);
		for (size_t i = 0; i < b->n; i += 7)
			if (write(ends[1], b->p + i,
			    b->n - i < 7 ? b->n - i : 7) < 0)
				_exit(1);
		_exit(0);
	}
	saved = dup(STDIN_FILENO);
	if (dup2(ends[0], STDIN_FILENO) < 0)
		err(1, NULL);
	close(ends[0]);
	close(ends[1]);
	text = story_of(spec);
	if (waitpid(child, NULL, 0) != child)
		err(1, "waitpid");
	if (saved < 0) {
		close(STDIN_FILENO);
	} else {
		dup2(saved, STDIN_FILENO);
		close(saved);
	}
	return text;
}

/* Work in an empty directory of our own; leave it and remove it. */
static char test_dir[64];

static inline int
test_dir_enter(void **state)
{
	(void)state;
	snprintf(test_dir, sizeof(test_dir), "/tmp/podpath-test-XXXXXX");
	return !mkdtemp(test_dir) || chdir(test_dir) != 0;
}

static inline int
test_dir_leave(void **state)
{
	char cmd[128];

	(void)state;
	if (chdir("/") != 0)
		return 1;
	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", test_dir);
	return system(cmd);
}

#endif
