/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * filter.h - does a pcap-filter(7) expression match a packet?
 *
 * The expression is applied to the bytes of each IP layer alone, so that it
 * sees inner and outer packets alike, behind VLAN tags, tunnels and cooked
 * headers.  Where it speaks of the link layer (ether, vlan, inbound, ...), and
 * for what is no IP (arp), it is applied to the frame with its own link type.
 */
#ifndef CAPTURE_FILTER_H
#define CAPTURE_FILTER_H

#include <stdbool.h>

#include "decode/obs.h"
#include "decode/packet.h"

struct filter;

#define FILTER_ERROR_MAX	768

/* NULL and a message that quotes the expression, when it is none. */
struct filter	*filter_new(const char *expression,
		    char error[static FILTER_ERROR_MAX]);
void		 filter_free(struct filter *);	/* NULL is fine */
/* `filter` is a struct filter; the shape is that of tracer_config.select. */
bool		 filter_match(void *filter, const struct packet *,
		    const struct layer *, const struct obs_packet *);
/* A link type for which the expression means nothing, so that its frames did
   not match; NULL when there was none. */
const char	*filter_complaint(const struct filter *);

#endif
