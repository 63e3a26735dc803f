/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tracing.h - observations through the tracer, and each flow that filter and
 * --where leave to a sink: what saved captures and the node itself have in
 * common, so that both tell the same.
 */
#ifndef UI_TRACING_H
#define UI_TRACING_H

#include <stdbool.h>

#include "decode/obs.h"
#include "ui/out/output.h"

struct filter;
struct options;
struct where;

struct sink {
	/* Before the first flow.  The naming and what it leads to live until the
	   run ends. */
	void	(*begin)(void *arg, const struct naming *);
	/* A flow at its end, or at the end of input. */
	void	(*flow)(void *arg, const struct flow *);
	/* After the last. */
	void	(*end)(void *arg, const struct summary *);
	/* Is there no use in going on (closed pipe, full disk)?  May be NULL. */
	bool	(*full)(void *arg);
	/* A flow became known (first), or another.  NULL: not wanted. */
	void	(*changed)(void *arg, const struct flow *, bool first);
	/* A flow that was told turned out to be part of another.  NULL: not wanted. */
	void	(*joined)(void *arg, uint64_t id, uint64_t into);
	/* What is observed, before it is folded in.  NULL: not wanted. */
	void	(*seen)(void *arg, const struct obs *);
	/* All changes of a moment were told.  NULL: not wanted. */
	void	(*told)(void *arg);
	void	*arg;
};

struct tracing {
	const struct options *options;
	const struct sink *sink;
	struct filter	*filter;	/* borrowed; NULL: every flow */
	struct where	*where;		/* NULL: every flow */
	struct tracer	*tracer;
	struct naming	 names;
	struct summary	 summary;
	uint64_t	 start_ns;	/* of the monotonic clock */
	/* Captures without ticks are given some, while changes are wanted. */
	bool		 ticks_inside;
	struct nstime	 next_tick;
};

/* The sink is not called before tracing_begin().  False after a message;
   tracing_fini() in any case. */
bool	tracing_init(struct tracing *, const struct options *, struct filter *,
	    const struct sink *);
void	tracing_begin(struct tracing *);
void	tracing_observe(struct tracing *, const struct obs *);
bool	tracing_is_full(const struct tracing *);
/* No more input: the flows that are left, then the summary; the caller may have
   set .interrupted and .live of it. */
void	tracing_end(struct tracing *);
void	tracing_fini(struct tracing *);

#endif
