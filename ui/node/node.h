/* SPDX-License-Identifier: GPL-2.0-or-later */
/* node.h - between the parts of podpath node. */
#ifndef UI_NODE_H
#define UI_NODE_H

#include <stdbool.h>

#include "ui/state/node_state.h"
#include "ui/out/outbuf.h"

struct options;

struct node_report {
	const struct options *options;
	const struct node_state *node;
	const struct contract *contract;	/* NULL: none applies */
	struct settings	 settings;	/* with a contract */
	struct capacity	 capacity;
};

void	node_text(const struct node_report *, struct outbuf *);
void	node_json(const struct node_report *, struct outbuf *);

#endif
