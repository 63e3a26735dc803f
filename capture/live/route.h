/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * route.h - links, addresses, neighbours, routes and policy rules of this node,
 * through rtnetlink (libmnl): all of them, then what changes.  Internal to
 * capture/live/.
 */
#ifndef CAPTURE_LIVE_ROUTE_H
#define CAPTURE_LIVE_ROUTE_H

#include "capture/live.h"
#include "capture/live/packets.h"

struct route_source;

struct route_sink {
	/* Links, for packets.h; either may be NULL. */
	void	(*link)(void *arg, const struct link_fact *);
	void	(*unlink)(void *arg, uint32_t ifindex);
	/* OBS_CHANGE, OBS_LOSS. */
	live_sink *obs;
	void	*arg;
};

/* NULL with `error` filled.  Listens from now on. */
struct route_source *route_source_open(char error[static LIVE_ERROR_MAX]);
void		 route_source_close(struct route_source *);	/* NULL is fine */
int		 route_source_fd(const struct route_source *);
/* Everything, into a state that is not ready yet (its parts are marked); links
   are told to sink->link as well.  Dumps that were disturbed (NLM_F_DUMP_INTR,
   EINTR) are made again.  0 or -errno. */
int		 route_source_dump(struct route_source *, struct state *,
		    const struct route_sink *);
/* Notifications that wait; never blocks.  To be called often, also when nothing
   waits: a change's `since` is the last time when nothing did.  After an overrun
   everything is dumped again and told as a change of the whole parts.  0 or
   -errno. */
int		 route_source_read(struct route_source *, struct nstime now,
		    const struct route_sink *);
void		 route_source_count(const struct route_source *, struct live_counts *);

#endif
