/* SPDX-License-Identifier: GPL-2.0-or-later */
/* conntrack_int.h - between conntrack.c (text) and conntrack_xml.c. */
#ifndef CAPTURE_STATE_CONNTRACK_INT_H
#define CAPTURE_STATE_CONNTRACK_INT_H

#include "capture/state/reader.h"
#include "capture/state/netfilter/scan.h"

enum ct_seen {
	CT_SEEN_SRC = 1 << 0, CT_SEEN_DST = 1 << 1,
	CT_SEEN_BOTH = CT_SEEN_SRC | CT_SEEN_DST,
};

/* An entry while its fields come in. */
struct ct_fields {
	struct ct_entry	e;
	uint8_t		seen[2];	/* enum ct_seen; original, reply */
	bool		id_is_known;	/* of the entry */
};

void	ct_fields_init(struct ct_fields *);
/* One named field.  `reply` says of which tuple it is.  False when the value is
   not what it should be; a name that is not known is fine. */
bool	ct_field(struct ct_fields *, unsigned reply, struct span name,
	    struct span value);
/* The kernel's word for TCP's, SCTP's or DCCP's state. */
void	ct_state(struct state *, struct ct_fields *, struct span);
/* Append it; false when an address is missing in one of its tuples. */
bool	ct_add(struct state *, const struct ct_fields *, unsigned long line);
/* conntrack -E wrote this: said once, and none of it is kept. */
void	ct_events(struct reader *, unsigned long line);

/* conntrack_xml.c */
void	conntrack_read_xml(struct reader *);

#endif
