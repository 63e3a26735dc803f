/* SPDX-License-Identifier: GPL-2.0-or-later */
/* node_state.c - node state for a command, with model and contract. */
#include "ui/state/node_state.h"

#include <string.h>

#include "capture/state.h"
#include "ui/cli/complain.h"
#include "ui/cli/options.h"

/* The last report of a failed state_read() says why: it is told as an error,
   all others as warnings. */
struct reports {
	char	last[STATE_REPORT_MAX];
	bool	any;
};

static void
tell_last(struct reports *r, const char *level)
{
	if (r->any)
		complain("%s%s", level, r->last);
	r->any = false;
}

static void
on_report(void *arg, const char *text)
{
	struct reports *r = arg;

	tell_last(r, "warning: ");
	r->last[sizeof(r->last) - 1] = '\0';
	memccpy(r->last, text, '\0', sizeof(r->last) - 1);
	r->any = true;
}

bool
node_state_model(struct node_state *n)
{
	if (n->state == NULL || n->model != NULL)
		return true;
	n->model = model_new(n->state);
	if (n->model == NULL) {
		complain("out of memory for the node's rules");
		return false;
	}
	n->contract = contract_new(n->state, n->model);
	return true;
}

bool
node_state_open(struct node_state *n, const struct options *o,
    enum node_state_from from)
{
	struct reports r = { .any = false };

	*n = (struct node_state){ 0 };
	if (o->state == NULL && from == NODE_STATE_GIVEN)
		return true;
	n->state = o->state != NULL ? state_read(o->state, on_report, &r) :
	    state_collect(on_report, &r);
	if (n->state == NULL) {
		if (!r.any)
			complain("%s: cannot be read",
			    o->state != NULL ? o->state : "this node's state");
		tell_last(&r, "");
		return false;
	}
	tell_last(&r, "warning: ");
	if (n->state->no_memory) {
		complain("out of memory for the node's state");
		return false;
	}
	return from == NODE_STATE_GIVEN || node_state_model(n);
}

void
node_state_close(struct node_state *n)
{
	contract_free(n->contract);
	model_free(n->model);
	state_free(n->state);
	*n = (struct node_state){ 0 };
}
