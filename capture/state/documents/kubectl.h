/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kubectl.h - what kubectl_json.c and kubectl_text.c share: records of the same
 * thing are made once, however many documents tell of it.
 */
#ifndef CAPTURE_STATE_KUBECTL_H
#define CAPTURE_STATE_KUBECTL_H

#include "capture/state/reader.h"

/* A table of record numbers by a hash of their key. */
struct seen {
	uint64_t	*slot;		/* hash << 32 | number + 1; 0 is empty */
	uint32_t	 n, room;	/* room is a power of 2, or 0 */
};

struct kubectl {
	struct reader	*reader;
	struct state	*state;
	struct seen	 services, nodes, endpoints;
	struct seen	 sliced;	/* services with slices: numbers of endpoints */
};

/* Takes in what earlier documents told of. */
void	kubectl_init(struct kubectl *, struct reader *);
void	kubectl_fini(struct kubectl *);

/* Find or make.  The service comes with fresh == true when it was made now:
   otherwise it is complete, and its ports are there.  NULL: no memory. */
struct service	*kubectl_service(struct kubectl *, const char *ns,
		    const char *name, bool *fresh);
struct node	*kubectl_node(struct kubectl *, const char *name);
/* A new endpoint, unless the same address and port of the service is there or
   (not from a slice) the service has slices.  NULL then, or without memory. */
struct endpoint	*kubectl_endpoint(struct kubectl *, const struct endpoint *,
		    bool from_slice);
/* A table does not tell which pods use the host's network.  Two that run have
   one address, or a node has it too: then they do. */
void		 kubectl_guess_host(struct kubectl *);
/* TCP, UDP, SCTP; 0 for another. */
uint8_t		 kubectl_proto(const char *);

#endif
