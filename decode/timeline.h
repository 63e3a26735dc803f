/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * timeline.h - node state as it was at each time: the state at first, and what
 * became another since.
 *
 * Each time that flows are to be judged after changes, the state as it is then
 * is kept as an epoch: complete, ready (state_ready()), and read only.  What
 * did not change is shared between epochs where it is large (netfilter rules,
 * Services).  Their number is bounded; the oldest go.
 */
#ifndef DECODE_TIMELINE_H
#define DECODE_TIMELINE_H

#include "decode/nstime.h"
#include "decode/state.h"

/*
 * What became another.  First the parts in `parts` are emptied; then the
 * records of `gone` go (those of the same identity, see below), then those of
 * `come` take the place of the record with their identity, or are added at the
 * end.  Both are plain containers that need not be ready; either may be NULL.
 *
 *   identity	links: ifindex (name when that is 0); addrs: dev, addr, len;
 *		neighs: dev, addr; rules: all that ip-rule(8) shows; routes: table,
 *		dst, metric, type, v6, and of an IPv6 or multipath route via and dev;
 *		pods: ns, name; sysctls: name
 *
 * All other lists come in whole parts only (PART_IPTABLES, PART_ENIS ...).  The
 * lists of netfilter (nf_*) are one: any of PART_IPTABLES, PART_IP6TABLES,
 * PART_NFT and PART_IPSETS in `parts` replaces all of them, and the Services that
 * are read from rules with them.  So are services, svc_ports and endpoints
 * (PART_SERVICES); enis and eni_addrs with the pods that ipamd tells of (PART_ENIS
 * or PART_IPAM replaces enis, eni_addrs and pods); PART_SOCKETS is state.socks;
 * PART_CNI_SETTINGS is state.cni; PART_PODS replaces pods too.  PART_RULES and
 * PART_ROUTES are of one family each.  Conntrack is not here: see
 * decode/conntrack.h.  Parts that `come` marks (state_mark()) are known from then on.
 */
struct state_change {
	uint32_t	 parts;		/* 1 << enum state_part */
	const struct state *come, *gone;
};

struct epoch {
	struct nstime	 since;		/* not before: it was the one before it until then */
	struct nstime	 from;		/* surely from here on */
	const struct state *state;
	void		*judge;		/* for who judges by it; given to `drop` */
};

struct timeline;

/* `drop` is called with the judge of an epoch that goes; may be NULL.  NULL only
   when there is no memory. */
struct timeline	*timeline_new(void (*drop)(void *judge));
void		 timeline_free(struct timeline *);	/* NULL is fine */
/* The whole state, ready and borrowed: it must outlive the timeline.  What was
   before it is not known, and taken to have been so. */
void		 timeline_begin(struct timeline *, const struct state *);
void		 timeline_change(struct timeline *, const struct state_change *,
		    struct nstime since, struct nstime ts);
/* Keep what changed as an epoch; false when nothing did.  When that drops an
   old epoch, *gone is the time until which it was in force, else 0. */
bool		 timeline_settle(struct timeline *, struct nstime *gone);
/* Epochs, the oldest first; pointers live until timeline_settle(). */
unsigned	 timeline_n(const struct timeline *);
struct epoch	*timeline_epoch(struct timeline *, unsigned i);

#endif
