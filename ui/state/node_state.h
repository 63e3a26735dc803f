/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * node_state.h - node state for a command: read (--state) or collected, with
 * the model of its rules and the contract of its CNI.
 *
 * What could not be read is told on stderr, line by line.
 */
#ifndef UI_NODE_STATE_H
#define UI_NODE_STATE_H

#include <stdbool.h>

#include "decode/contract.h"
#include "decode/model.h"
#include "decode/state.h"

struct options;

struct node_state {
	struct state	*state;		/* NULL: none was given */
	struct model	*model;		/* NULL before node_state_model() */
	struct contract	*contract;	/* NULL: none applies to this node, or the same */
};

enum node_state_from {
	NODE_STATE_GIVEN,	/* --state, else none, which is fine; the state alone */
	NODE_STATE_OR_LIVE,	/* --state, else this node's own; with its model and
				   contract */
};

/* False after a message; call node_state_close() in any case. */
bool	node_state_open(struct node_state *, const struct options *,
	    enum node_state_from);
/* Make model and contract of a state that was given, once they are wanted.
   False after a message. */
bool	node_state_model(struct node_state *);
void	node_state_close(struct node_state *);

#endif
