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

/* host_root: NULL or the host's root directory.  The thread starts when it is
   first asked (reread_now()) and blocks all signals.  NULL with `error`. */
struct reread	*reread_open(const char *host_root, char error[static LIVE_ERROR_MAX]);
void		 reread_close(struct reread *);		/* NULL is fine; joins the thread */
/* Readable when reread_take() has something to give; also when nftables tells
   that its rule set changed (NFNLGRP_NFTABLES). */
int		 reread_fd(const struct reread *);
/* The same facts at the start, at once and in this thread, into a state that is
   not ready; reports as state_collect().  What it says is what later reads are
   compared with. */
void		 reread_first(struct reread *, struct state *, state_report *, void *arg);
/* Look again, in the thread; does nothing while it is at it. */
void		 reread_now(struct reread *);
/* What the thread found, if it was other than before: OBS_CHANGE with `since` the
   time of the look before.  Asks again when LIVE_REREAD_S are over, or nftables
   told of a change. */
void		 reread_take(struct reread *, struct nstime now, live_sink *, void *arg);
int		 reread_due_ms(const struct reread *, struct nstime now);
void		 reread_count(const struct reread *, struct live_counts *);

#endif
