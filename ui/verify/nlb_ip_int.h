/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nlb_ip_int.h - between the parts of podpath verify nlb-ip. */
#ifndef UI_NLB_IP_INT_H
#define UI_NLB_IP_INT_H

#include "decode/app/balance.h"
#include "ui/verify/verify_int.h"

/* A Service that the targets belong to; or, where none is known, a port. */
struct nlb_group {
	char		*ns, *name;	/* NULL: no Service */
	uint16_t	 port;		/* then this one */
	struct svc_lb	 lb;		/* as last seen; without its texts */
	uint16_t	 health_port;
	uint64_t	 health_conns;	/* to healthCheckNodePort */
	uint64_t	 node_port;	/* connections that came by a node port */
	bool		 none_here;	/* policy Local, and no endpoint on this node */
};

/* An endpoint that was one at some time of the capture. */
struct nlb_target {
	struct addr	 addr;
	uint16_t	 port;
	uint8_t		 proto;
	bool		 by_eni;	/* some came by an ENI: only of these it is told
					   whether they are health checks */
	bool		 silent;	/* of this node, and nothing came; at the end */
	uint32_t	 group;
};

struct nlb_pod {
	struct addr	 addr;
	char		*name;
};

struct nlb {
	struct verify	*verify;
	char		*ns, *name;	/* --service; NULL all */
	bool		 has_target;	/* --target */
	struct addr	 target;
	uint16_t	 target_port;
	struct balance	*balance;
	struct nlb_group *groups;
	uint32_t	 n_groups, room_groups;
	struct nlb_target *targets;	/* sorted */
	uint32_t	 n_targets, room_targets;
	struct nlb_pod	*pods;
	uint32_t	 n_pods, room_pods;
	const struct state *state;	/* the last one that targets were taken of */
	const void	*services, *endpoints;	/* its lists */
	bool		 any_state, any_contract;
	bool		 chosen;	/* there are Services to choose targets by */
	bool		 ended;
	uint64_t	 from_inside;	/* connections to a target from the cluster */
	uint64_t	 differences;	/* from annotations */
	struct nstime	 first, last;	/* of what was judged */
};

/* A connection that is judged. */
struct nlb_conn {
	const struct flow *flow;
	const struct naming *names;
	const struct state *state;
	const struct contract *contract;
	const struct svc_port *node_port;	/* it came for this one; NULL */
	uint32_t	 group;
	bool		 has_target;	/* else it did not come so far */
	struct addr	 addr;
	uint16_t	 port;
};

#define NLB_NO_GROUP	UINT32_MAX

/* nlb_ip_choose.c: which connections.  False: not this one. */
bool	nlb_choose(struct nlb *, const struct flow *, const struct naming *,
	    struct nlb_conn *);
bool	nlb_options(struct nlb *, bool *usage);
void	nlb_chosen_free(struct nlb *);
/* At the end: which targets of this node received nothing. */
void	nlb_find_silent(struct nlb *, const struct state *, const struct contract *);
/* Could its health checks be told from traffic? */
bool	nlb_knows_checks(const struct nlb *, const struct balance_target *);

/* nlb_ip_judge.c: was it delivered as it must be?  text: room for what it says. */
#define NLB_TEXT	700
void	nlb_judge(const struct nlb_conn *, struct opinion *,
	    char text[static NLB_TEXT]);
/* No endpoint of the Service that a node port of policy Local leads to is on this
   node. */
bool	nlb_none_here(const struct nlb_conn *);

/* nlb_ip_compare.c: what kubectl's annotations say against what was seen. */
void	nlb_compare(struct nlb *);

/* nlb_ip_text.c, nlb_ip_json.c */
void	nlb_text(const void *, struct text *);
void	nlb_json(const void *, struct json *);
const char *nlb_pod_name(const struct nlb *, const struct addr *);	/* NULL */
/* Sum over targets of a group, NLB_NO_GROUP: of all. */
struct nlb_sum {
	uint64_t	conns, checks, clients[N_CLIENTS], proxy[3], malformed, without;
	uint64_t	reused, hairpins;
	uint32_t	targets;
};
void	nlb_sum(const struct nlb *, uint32_t group, struct nlb_sum *);

#endif
