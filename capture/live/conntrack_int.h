/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conntrack_int.h - between conntrack.c (sockets) and conntrack_parse.c (messages).
 * Internal to capture/live/.
 */
#ifndef CAPTURE_LIVE_CONNTRACK_INT_H
#define CAPTURE_LIVE_CONNTRACK_INT_H

#include <libmnl/libmnl.h>

#include "decode/obs.h"
#include "decode/state.h"

/* mnl_nlmsg_ok() takes a length beyond 2^31 for a negative one. */
static inline bool
ct_message_ok(const struct nlmsghdr *m, int left)
{
	return left >= (int)sizeof(*m) && m->nlmsg_len <= (unsigned)left &&
	    mnl_nlmsg_ok(m, left);
}

/* A message of ctnetlink as an observation; o->ct.entry points to *e.  `dump`: it
   answers a dump, else it is an event.  The message is whole (ct_message_ok()).
   False when it is none of an entry, or one that cannot be understood. */
bool	ct_message_read(const struct nlmsghdr *, bool dump, struct nstime now,
	    struct obs *o, struct ct_entry *e);

#endif
