/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * role.h - what a flow is for, where its ends and ports tell: the control plane
 * and the services of the node itself.
 *
 * Sources: EKS and Kubernetes ports and protocols (kubernetes.io/docs/reference/
 * networking/ports-and-protocols), EC2's link-local services.  Pure; what is not
 * certain has no role.
 */
#ifndef DECODE_APP_ROLE_H
#define DECODE_APP_ROLE_H

#include "decode/contract.h"
#include "decode/flow.h"

struct flow_role {
	const char	*name;		/* "kubelet", "api-server", "webhook", "imds", ...:
					   stable, lower case; NULL: none known */
	const char	*text;		/* static: "the control plane to the kubelet (exec, logs,
					   port-forward)"; NULL */
	const struct sock *process;	/* the node's own end, where `ss` told; NULL */
};

/* The flow has its node facts (judge_flow()).  contract may be NULL. */
void		 role_of(const struct state *, const struct contract *,
		    const struct flow *, struct flow_role *);
/* Every role's name, from 0 on; NULL past the last. */
const char	*role_name(unsigned);

#endif
