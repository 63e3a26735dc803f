/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stale.h - entries of conntrack that still translate to an endpoint which its
 * Service has no more.
 *
 * An entry keeps the translation that was right when it was made.  When an endpoint
 * goes, kube-proxy deletes the entries of UDP alone; a TCP connection that was not
 * answered, and is tried again with the same source port, goes on to the dead
 * endpoint as long as its entry lives (120 s in SYN_SENT).  Pure.
 */
#ifndef DECODE_APP_STALE_H
#define DECODE_APP_STALE_H

#include "decode/state.h"

/* The Service's port that an original destination stands for: an address of the
   Service, or, where `here` says that it is this node's, a node port. */
const struct svc_port *service_port_of(const struct state *, const struct addr *,
		    uint16_t port, uint8_t proto, bool here);
/* Is this surely none of the port's endpoints?  False where the endpoints are not
   known. */
bool		 service_lacks(const struct state *, const struct svc_port *,
		    const struct addr *, uint16_t port);
/* Does the entry still lead to what is no endpoint of its Service?  Then that port of
   it, else NULL; see below. */
const struct svc_port *service_stale_entry(const struct state *, const struct ct_entry *);
/*
 * Each entry of the state's own dump that leads to what is no endpoint of its
 * Service: those not answered, of a protocol without connections, or of an address
 * that is surely no pod's (kubectl tells of all pods, ipamd of those on its ENIs).
 * A connection to a pod that merely left the Service ends in peace, and what is
 * closing is not used again.  How many there are; the callback (may be NULL)
 * returns false to stop.
 */
unsigned	 service_stale_entries(const struct state *, bool (*cb)(void *arg,
		    const struct ct_entry *, const struct svc_port *), void *arg);

#endif
