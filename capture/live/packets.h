/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * packets.h - packets of this node's interfaces, through libpcap: one cooked
 * handle on `any`, from which the kernel hands over those of all interfaces, or
 * of the ones that a name or glob fits.  Internal to capture/live/.
 *
 * With `any`, obs_iface number 0 is the handle itself, without ifindex, and every
 * ifindex has a number of its own from 1 on.  With names and globs there is no
 * such handle: each number is one interface, so that what was not captured can
 * be told from where nothing was seen.  A packet's snap length counts from the
 * network header on; the cooked header comes on top.
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

/* A link of the node, as rtnetlink tells: new, renamed or changed; or gone.  It
   names the interfaces of packets; with globs it is chosen, or no more.  The facts
   are copied.  OBS_IFACE goes to the sink when the link is up, or with its first
   packet; a renamed link and one that was made again get a new number.  A link
   that is gone keeps its number for packets that still wait. */
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
/* Hand on what is there, at most about `budget` packets, in order of time (of
   different CPUs it may differ by microseconds); how many they were, or -1 when
   capturing came to its end (packets_error()). */
int		 packets_read(struct packets *, unsigned budget, live_sink *, void *arg);
/* The time of the last packet that was handed on; 0 before. */
struct nstime	 packets_last(const struct packets *);
/* Losses since the last call as OBS_LOSS, when there are any. */
void		 packets_losses(struct packets *, struct nstime now, live_sink *, void *arg);
void		 packets_count(struct packets *, struct live_counts *);
const char	*packets_error(const struct packets *);

#endif
