/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kubectl_read.h - one JSON document of kubectl while it is read; between
 * kubectl_json.c, kubectl_service.c and kubectl_lb.c.
 */
#ifndef CAPTURE_STATE_KUBECTL_READ_H
#define CAPTURE_STATE_KUBECTL_READ_H

#include "capture/state/documents/json.h"
#include "capture/state/documents/kubectl.h"

struct reading {
	struct kubectl	 k;
	struct jdoc	 doc;
	/* Endpoints wait for a second walk, when all slices are in; it says
	   nothing of what it does not read. */
	bool		 slices_done, has_late;
	struct reader	 quiet;
};

/* The state's copy; NULL for an empty text or none. */
const char	*kubectl_keep(struct reading *, const char *text);

/* One object of that kind; what is wrong in it is reported. */
void	kubectl_read_service(struct reading *, const json_t *);
void	kubectl_read_slice(struct reading *, const json_t *);
void	kubectl_read_endpoints(struct reading *, const json_t *);
/* kubectl_lb.c: the load balancer of the service of this number, after its ports. */
void	kubectl_read_lb(struct reading *, uint32_t service, const json_t *);

#endif
