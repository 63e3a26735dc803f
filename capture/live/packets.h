/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * packets.h - packets of this node's interfaces, through libpcap: one handle on
 * `any`, or one for each interface that a name or glob fits, in order of time.
 * Internal to capture/live/.
 */
#ifndef CAPTURE_LIVE_PACKETS_H
#define CAPTURE_LIVE_PACKETS_H

#include <poll.h>

#include "capture/live.h"

struct packets;

/* NULL with `error` filled.  Interface numbers (obs_iface.number) count from 0. */
struct packets	*packets_open(const struct live_config *, live_notice *, void *arg,
		    char error[static LIVE_ERROR_MAX]);
void		 packets_close(struct packets *);	/* NULL is fine */

/* A link of the node, as rtnetlink tells: new, renamed or changed; or gone.
   With `any` it names the interfaces of packets; with globs handles are opened
   and closed.  The facts are copied.  OBS_IFACE goes to the sink by then. */
struct link_fact {
	uint32_t	 ifindex;
	const char	*name;
	bool		 up;
	bool		 has_mac;
	uint8_t		 mac[6];
	uint8_t		 n_addrs;
	struct addr	 addrs[OBS_IFACE_ADDRS];
};
void		 packets_link(struct packets *, const struct link_fact *, struct nstime now,
		    live_sink *, void *arg);
void		 packets_unlink(struct packets *, uint32_t ifindex, struct nstime now,
		    live_sink *, void *arg);

/* What to poll(2): fills up to `room`, returns how many there are. */
unsigned	 packets_fds(const struct packets *, struct pollfd *, unsigned room);
/* Hand on what is there, at most about `budget` packets, in order of time; how
   many they were, or -1 when no handle is left that could ever work. */
int		 packets_read(struct packets *, unsigned budget, live_sink *, void *arg);
/* Losses since the last call as OBS_LOSS, when there are any. */
void		 packets_losses(struct packets *, struct nstime now, live_sink *, void *arg);
void		 packets_count(struct packets *, struct live_counts *);
const char	*packets_error(const struct packets *);

#endif
