/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * predict.h - what the node would do with a new connection, and whether that is
 * what its CNI requires.  For explain, and for verify without packets.
 */
#ifndef UI_PREDICT_H
#define UI_PREDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "decode/flow.h"
#include "ui/state/node_state.h"

#define PREDICT_MAX_FAULTS	6

struct prediction_fault {
	const char	*code;		/* of findings.c, without "dropped" by */
	uint8_t		 level;		/* LEVEL_WRONG or LEVEL_DROPPED */
	const char	*cause;		/* of a drop: "rp-filter"; NULL */
	char		 text[240];
	char		 why[FAULT_TEXT];	/* in the node's set-up; "" not found */
	char		 fix[FIX_TEXT];		/* "" none */
};

struct prediction {
	struct walk_query query;	/* what was asked */
	struct walk	walk;		/* one way that it can take */
	bool		has_demand;	/* a contract applies */
	struct demand_query asked;
	struct demand	demand;
	bool		has_reply;	/* the request arrives, so there is one */
	const char	*reply_iif;	/* where the answer comes in; NULL: this node answers */
	struct walk	reply;
	uint8_t		verdict;	/* enum verdict */
	char		unknown[240];	/* VERDICT_UNKNOWN: what is not known */
	unsigned	n_faults;
	struct prediction_fault faults[PREDICT_MAX_FAULTS];
};

/* Judge a walk that model_walk() or model_each() gave for the query. */
void	predict_judge(const struct node_state *, const struct walk_query *,
	    const struct walk *, struct prediction *);
/* The device that incoming packets for an address come in by, as the VPC
   delivers them: the ENI that owns it.  NULL: not known. */
const char *predict_entry(const struct node_state *, const struct addr *);
/* The ENI behind a device, or NULL. */
const struct eni *predict_eni(const struct node_state *, const char *dev);

#endif
