/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tracer.h - the fold over observations: legs, matching, flows.
 *
 * The tracer owns everything it hands out; pointers live until its next call.
 * It does no I/O, reads no clock, and its memory is bounded by max_flows.
 * The same observations in the same order give the same flows.
 */
#ifndef DECODE_TRACER_H
#define DECODE_TRACER_H

#include <stdbool.h>
#include <stdint.h>

#include "decode/flow.h"
#include "decode/obs.h"

struct tracer;

/* Indexes of four legs a flow stay below 30 bits; 60 GB when all are used. */
#define TRACER_MAX_FLOWS	100000000u
#define TRACER_DEFAULT_FLOWS	1000000u

struct tracer_config {
	/* Flows kept at once; the idlest is evicted (and emitted) beyond it.
	   0 means TRACER_DEFAULT_FLOWS, more than TRACER_MAX_FLOWS means that. */
	uint32_t	max_flows;
	/* Is this layer of the packet what the user asked for?  NULL: every
	   flow is selected.  Called once for each decoded layer. */
	bool		(*select)(void *arg, const struct packet *,
			    const struct layer *, const struct obs_packet *);
	void		*select_arg;
	/* A flow's path, translation or verdict became known, or another; told at
	   OBS_TICK.  (Ticks also let go of flows that ended long ago: done.) */
	void		(*changed)(void *arg, const struct flow *, bool first);
	void		*changed_arg;
	/* A flow that was told of (changed) turned out to be part of another. */
	void		(*joined)(void *arg, uint64_t id, uint64_t into);
	void		*joined_arg;
	/* A flow is complete: evicted, or its tuple was taken over by a new
	   conversation.  NULL: such flows are dropped after being counted. */
	void		(*done)(void *arg, const struct flow *);
	void		*done_arg;
};

struct tracer_stats {
	uint64_t	packets, bytes;		/* frames; bytes on the wire */
	uint64_t	outcome[N_OUTCOMES];
	uint64_t	flows;			/* ever begun, less those joined into another */
	uint64_t	evicted;
	uint64_t	lost_kernel, lost_interface, lost_netlink;
	struct nstime	first, last;		/* of all packets */
};

struct state;
struct contract;

/* An interface as the outputs name it. */
struct iface {
	char		 name[64];	/* from the capture, else "if7", else the MAC
					   address of a cooked v1 capture, else "?";
					   bytes as the capture had them */
	bool		 has_ifindex;
	uint32_t	 ifindex;	/* as the cooked capture said */
	bool		 named;		/* `name` comes from the capture, the user or node
					   state */
};

/* NULL only when there is no memory. */
struct tracer	*tracer_new(const struct tracer_config *);
void		 tracer_free(struct tracer *);	/* NULL is fine */

void	tracer_observe(struct tracer *, const struct obs *);
/* No more input: decide what was still open.  Then tracer_each() is final. */
void	tracer_finish(struct tracer *);

/* Visit the flows in order of id.  The callback returns <0 error, 0 stop, >0
   go on; the last value is returned (1 when there are no flows). */
int	tracer_each(struct tracer *, int (*cb)(void *, const struct flow *), void *arg);

const struct tracer_stats *tracer_stats(const struct tracer *);
/* The interface behind leg.iface. */
struct iface	tracer_iface(const struct tracer *, unsigned iface);
unsigned	tracer_n_ifaces(const struct tracer *);
/* Of the node state that was observed; NULL before, or when none applies. */
const struct state	*tracer_state(const struct tracer *);
const struct contract	*tracer_contract(const struct tracer *);
/* The name given for an address by the capture, or NULL. */
const char	*tracer_name(const struct tracer *, const struct addr *);
/* The flow that a packet belongs to, as it is known now; false when there is
   none.  For packets that were observed before. */
bool		 tracer_flow_of(struct tracer *, const struct obs *, struct flow *out);
/* The state that was in force at that time; NULL when it is not kept (any more). */
const struct state *tracer_state_at(struct tracer *, struct nstime);
/* Conntrack's entries as they are now, as observations (CT_EV_DUMP_BEGIN, each
   CT_EV_DUMPED, CT_EV_DUMP_END); none when no dump was seen. */
void		 tracer_entries(const struct tracer *, void (*cb)(void *arg,
		    const struct obs *), void *arg);
/* The most frequent reason for a malformed or unknown packet with its count;
   walk i from 0 until NULL. */
const char	*tracer_reason(const struct tracer *, unsigned i, uint64_t *count);

#endif
