/* SPDX-License-Identifier: GPL-2.0-or-later */
/* role_int.h - the two ends of a flow, as roles are told by them; for
   decode/app/role*.c only. */
#ifndef DECODE_APP_ROLE_INT_H
#define DECODE_APP_ROLE_INT_H

#include "decode/app/role.h"
#include "decode/state.h"

enum role {
	ROLE_KUBELET, ROLE_API_SERVER, ROLE_WEBHOOK, ROLE_KUBELET_PROBE,
	ROLE_IMDS, ROLE_VPC_RESOLVER, ROLE_COREDNS, ROLE_NODELOCAL_DNS, ROLE_NTP,
	ROLE_POD_IDENTITY,
	ROLE_KUBE_PROXY_HEALTH, ROLE_KUBE_PROXY_METRICS, ROLE_KUBELET_HEALTH,
	ROLE_KUBELET_READONLY, ROLE_IPAMD, ROLE_NETWORK_POLICY_AGENT,
	ROLE_LOAD_BALANCER_HEALTH,
	N_ROLES
};

enum where { WHERE_UNKNOWN, WHERE_INSIDE, WHERE_OUTSIDE, N_WHERES };	/* of the VPC */

struct ends {
	const struct state *s;
	const struct contract *contract;	/* NULL */
	const struct flow *f;
	bool		turned;		/* seen from the other end: see ends_find() */
	bool		from_node;	/* a process of this node began it */
	struct tuple	asked, sent;	/* as it was begun; and after translation */
	struct owner	src, dst, target;	/* asked.src, asked.dst, sent.dst */
	const struct sock *listener;	/* of this node, that takes it; NULL */
	struct flow_role *out;		/* its process is set */
};

/* turned: as if the one who was seen second had begun it. */
void		 ends_find(struct ends *, const struct state *,
		    const struct contract *, const struct flow *, bool turned,
		    struct flow_role *out);
enum where	 ends_where(const struct ends *, const struct addr *);

#endif
