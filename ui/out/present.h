/* SPDX-License-Identifier: GPL-2.0-or-later */
/* present.h - what every output says in the same way about a flow. */
#ifndef UI_PRESENT_H
#define UI_PRESENT_H

#include <stdbool.h>
#include <stdint.h>

#include "decode/flow.h"
#include "decode/state.h"

/* What tells conversations between two addresses apart. */
enum present_ids {
	IDS_NONE,	/* nothing: GRE, or only fragments without ports were seen */
	IDS_PORTS,
	IDS_ICMP,	/* the ICMP id */
};

enum present_ids present_ids(const struct flow *);
/* The ICMP id stands on the requester's side; see struct tuple. */
uint16_t	present_icmp_id(const struct tuple *);
/* Did the translation change this end (address, port or ICMP id)? */
bool		present_src_changed(const struct flow *);
bool		present_dst_changed(const struct flow *);

#define PRESENT_NAME_MAX	512	/* more than two names of Kubernetes, which
				   are 253 bytes at most */
/* "namespace/name" of a pod that has a name of its own address; false when it
   has none. */
bool		present_pod(const struct pod *, char out[static PRESENT_NAME_MAX]);
/* The pod of the flow that has this address; NULL when node state names none. */
const struct pod *present_pod_of(const struct flow *, const struct addr *);
/* "web.default.svc" when this is the flow's original destination and a Service. */
bool		present_service(const struct flow *, const struct addr *,
		    char out[static PRESENT_NAME_MAX]);
bool		present_has_finding(const struct flow *, const char *code);
/* "main", "local", or the number in decimal, in buf. */
#define PRESENT_TABLE_MAX	12
const char	*present_table(uint32_t table, char buf[static PRESENT_TABLE_MAX]);

#define PRESENT_PROTO_MAX	4
/* "tcp", or the number in decimal, in buf. */
const char	*present_proto(unsigned proto, char buf[static PRESENT_PROTO_MAX]);
/* Indexes of the legs of one direction in order; the count is returned.  An
   interface that a packet came in and left by stands there twice. */
unsigned	present_path(const struct flow *, bool reply,
		    unsigned path[static FLOW_MAX_LEGS]);

#endif
