/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * output.h - the forms in which flows are written.
 *
 * An output is one row: a name and three functions, called in order: head once,
 * flow for each flow, tail once.  They only put bytes into the outbuf; whether
 * these could be written shows there.
 */
#ifndef UI_OUTPUT_H
#define UI_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "decode/flow.h"
#include "decode/tracer.h"
#include "ui/out/json.h"
#include "ui/out/outbuf.h"

struct contract;
struct shares;
struct state;

/* Names of interfaces and addresses, and the node's state as it is now; for a
   run, the tracer's. */
struct naming {
	struct iface	 (*iface)(const void *arg, unsigned iface);
	const char	*(*name)(const void *arg, const struct addr *);	/* or NULL */
	const struct state *(*state)(const void *arg);		/* or NULL; may give NULL */
	const struct contract *(*contract)(const void *arg);	/* the same */
	const void	*arg;
	/* As tracer_entries(); or NULL. */
	void		 (*entries)(const void *arg, void (*cb)(void *,
	    const struct obs *), void *cb_arg);
};

#define SUMMARY_REASONS	6

struct summary {
	struct tracer_stats stats;
	uint64_t	shown, translated;	/* flows written; of these, translated */
	uint64_t	wall_ns;
	bool		interrupted;	/* by the user: input was left unread */
	bool		live;		/* of this node, not of files */
	unsigned	n_reasons;
	struct {
		const char	*why;
		uint64_t	 count;
	} reasons[SUMMARY_REASONS];
};

/* Why a flow is written, when flows are written as they change. */
enum flow_event { EVENT_NEW, EVENT_CHANGE, EVENT_END, N_FLOW_EVENTS };

/* One run of an output. */
struct output_run {
	struct outbuf	*out;
	const struct naming *names;
	bool		 verbose;	/* the path of each flow */
	bool		 numeric;	/* addresses, not names */
	bool		 color;
	bool		 utf8;		/* arrows rather than "->" */
	bool		 changes;	/* flows are written again as they change */
	uint8_t		 event;		/* enum flow_event, with changes */
	const struct shares *shares;	/* for the tail; NULL: no Service was used */
	/* the output's own */
	bool		 begun;
	int64_t		 day;		/* text: of the last head line */
	const struct flow *flow;	/* text: that is being written */
};

struct output {
	const char	*name;
	const char	*help;
	void		 (*head)(struct output_run *);
	void		 (*flow)(struct output_run *, const struct flow *);
	void		 (*tail)(struct output_run *, const struct summary *);
	/* A flow that was written is part of another; NULL: lines alone tell. */
	void		 (*joined)(struct output_run *, uint64_t id, uint64_t into);
};

extern const struct output output_text, output_json, output_csv;

/* All of them; NULL past the last. */
const struct output	*output_get(unsigned i);
const char		*flow_event_name(unsigned);

static inline struct iface
naming_iface(const struct naming *n, unsigned iface)
{
	return n->iface(n->arg, iface);
}

#endif
