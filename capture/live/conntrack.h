/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conntrack.h - conntrack's table and its events, through libnetfilter_conntrack
 * over libnfnetlink.  Internal to capture/live/.
 */
#ifndef CAPTURE_LIVE_CONNTRACK_H
#define CAPTURE_LIVE_CONNTRACK_H

#include "capture/live.h"

struct ct_source;

/* NULL with `error` filled: no rights, or no conntrack here.  buffer: bytes of
   the event socket's receive buffer, 0 the default (libnfnetlink,
   SO_RCVBUFFORCE). */
struct ct_source *ct_source_open(uint32_t buffer, char error[static LIVE_ERROR_MAX]);
void		 ct_source_close(struct ct_source *);	/* NULL is fine */
int		 ct_source_fd(const struct ct_source *);	/* of the events */
/* All entries: CT_EV_DUMP_BEGIN, CT_EV_DUMPED ..., CT_EV_DUMP_END, with the events
   that come meanwhile in between.  Without an end when events were lost: another
   dump follows (ct_source_read()).  Without events at all (nf_conntrack_events=0)
   another beginning follows the end, since what is known stops there.  0 or -errno. */
int		 ct_source_dump(struct ct_source *, live_sink *, void *arg);
/* Events that wait, at most about `budget`, and so much of a dump; never blocks.  An
   overrun (ENOBUFS) is OBS_LOSS, counted, and mended by a dump, at most once a second
   and for a quarter of the time.  0 or -errno. */
int		 ct_source_read(struct ct_source *, unsigned budget, struct nstime now,
		    live_sink *, void *arg);
/* Milliseconds until ct_source_read() should be called even without events; -1. */
int		 ct_source_due_ms(const struct ct_source *, struct nstime now);
void		 ct_source_count(const struct ct_source *, struct live_counts *);
/* What the sysctls do not give, and how to get it; NULL when all is there. */
const char	*ct_source_advice(struct ct_source *);

#endif
