/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * app_int.h - between the parts that look into payloads; for decode/trace/app*.c
 * only.
 */
#ifndef DECODE_TRACE_APP_INT_H
#define DECODE_TRACE_APP_INT_H

#include "decode/app/checks.h"
#include "decode/app/dns.h"
#include "decode/app/proxy.h"
#include "decode/trace/stream.h"
#include "decode/trace/tracer_int.h"

/* TCP streams that are put together at once; beyond, the oldest gives way. */
#define APP_STREAMS	1024
/* Larger messages over TCP are not kept. */
#define APP_DNS_MAX	16384

enum app_flag {
	APP_PROXY_SURE	= 1 << 0,	/* its first bytes are known: a header, bad or good,
					   in `proxy`, or none */
	APP_PROXY_ENDED	= 1 << 1,	/* ... and nothing came after them */
	APP_PROXY_CUT	= 1 << 2,	/* ... and the capture has no more of them */
	APP_BY_WORD	= 1 << 3,	/* it asked as a load balancer's health check */
	APP_ENDED	= 1 << 4,	/* checks know of it */
	APP_DNS_UNREAD	= 1 << 5,	/* answers over TCP came that could not be read */
};

/* The bytes of a PROXY header. */
struct app_bytes {
	uint32_t	 n;
	uint8_t		 p[];
};

/* What is kept of a flow, beside what the tracer does. */
struct app_flow {
	struct app_bytes *proxy;	/* owned; NULL: none */
	uint16_t	 stream[2];	/* of each direction: number + 1; see app_stream() */
	uint8_t		 flags;		/* enum app_flag */
};

struct app_stream {
	uint32_t	 flow;		/* 0: free */
	uint8_t		 dir;
	uint8_t		 bucket;	/* of tracer.app_open */
	bool		 dead;		/* its messages can no longer be told apart */
	struct stream	 s;
};

struct apps {
	struct app_flow	*v;		/* of each flow */
	size_t		 size;
	struct app_stream streams[APP_STREAMS];
	uint16_t	 hand;		/* the next stream that gives way */
	uint32_t	 open[APP_BUCKETS];	/* streams of each bucket, and segments on their way
					   that may begin one */
	struct dns_log	*dns;		/* NULL before the first message */
	struct checks	*checks;	/* NULL before the first end */
	bool		 unnamed;	/* an interface had no name yet when one ended */
	struct dns_message message;
	struct proxy_header proxy;	/* of the flow that is described */
};

/* A segment or datagram, where its direction of the flow was first seen. */
struct app_seen {
	uint32_t	 flow;
	unsigned	 dir;
	const struct sighting *s;
	const uint8_t	*bytes;
	uint32_t	 n, len;	/* captured, and as the headers say */
};

static inline unsigned
app_initiator(const struct flow_rec *f)
{
	return f->flags & FLW_INITIATOR_1 ? 1 : 0;
}

/* app.c: the stream of a direction, made when there is none: base is the
   sequence number that it begins with.  NULL: there is none, and make is not
   set. */
struct app_stream *app_stream(struct tracer *, const struct app_seen *, bool make,
		    uint32_t base);
void		 app_stream_close(struct tracer *, struct app_stream *);
/* The ends as the initiator sent them; false when that was not seen. */
bool		 app_ends(const struct tracer *, uint32_t flow, struct tuple *,
		    const struct leg_rec **);

/* app_dns.c */
/* Did answers come over TCP that could not be read, or not yet? */
bool		 app_dns_unread(const struct tracer *, uint32_t flow);
void		 app_dns_take(struct tracer *, const struct app_seen *);
/* app_proxy.c */
void		 app_proxy_take(struct tracer *, const struct app_seen *);
/* The header of a flow into apps.proxy; NULL: there is none. */
const struct proxy_header *app_proxy_of(struct tracer *, uint32_t flow);

#endif
