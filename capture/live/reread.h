/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reread.h - what no notification tells in full: NAT rules (iptables-save, nft),
 * sysctls, ENIs and pods (ipamd, ipam.json).  A thread of its own runs the
 * programs and reads what they say, so that packets never wait for it.  Internal
 * to capture/live/.
 */
#ifndef CAPTURE_LIVE_REREAD_H
#define CAPTURE_LIVE_REREAD_H

#include "capture/live.h"
#include "capture/state.h"

struct reread;

/* host_root: NULL or the host's root directory.  The thread starts with the first
   reread_now() or reread_take(), so after rights were given up and a namespace was
   entered, and blocks all signals.  NULL with `error`. */
struct reread	*reread_open(const char *host_root, char error[static LIVE_ERROR_MAX]);
void		 reread_close(struct reread *);		/* NULL is fine; joins the thread */
/* Readable when reread_take() has something to give. */
int		 reread_fd(const struct reread *);
/* The same facts at the start, at once and in this thread, into a state that is
   not ready; reports as state_collect().  What it says is what later reads are
   compared with. */
void		 reread_first(struct reread *, struct state *, state_report *, void *arg);
/* Look again, in the thread; does nothing while it is at it. */
void		 reread_now(struct reread *);
/* What the thread found, if it was other than before: an OBS_CHANGE for what
   changes together, with `since` the time of the look before, or, of nftables, the
   time when it had told no change yet.  The thread looks again by itself: when
   LIVE_REREAD_S are over, and soon after nftables or ipam.json changed. */
void		 reread_take(struct reread *, struct nstime now, live_sink *, void *arg);
/* Milliseconds until reread_take() should be called in any case; -1. */
int		 reread_due_ms(const struct reread *, struct nstime now);
void		 reread_count(const struct reread *, struct live_counts *);

#endif
