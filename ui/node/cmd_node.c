/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_node.c - podpath node: ENIs, pods, addresses, settings, and what deviates
 * from the CNI's contract.  A report: podpath verify judges.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "ui/cli/commands.h"
#include "ui/cli/complain.h"
#include "ui/node/node.h"
#include "ui/cli/options.h"

static int
write_out(const struct node_report *r)
{
	struct outbuf out;
	int code = EXIT_FINE;

	if (!outbuf_init(&out, STDOUT_FILENO))
		return complain_usage("out of memory");
	if (r->options->output != NULL && strcmp(r->options->output, "json") == 0)
		node_json(r, &out);
	else
		node_text(r, &out);
	if (!outbuf_flush(&out) && out.error != EPIPE)
		code = complain_usage("cannot write to standard output: %s",
		    strerror(out.error));
	outbuf_fini(&out);
	return code;
}

int
cmd_node(const struct options *o)
{
	struct node_state node;
	struct node_report r = { .options = o, .node = &node };
	int code = EXIT_USAGE;

	if (o->n_words > 0)
		return complain_usage("'%s' is not expected here; node state is given with "
		    "--state PATH", o->words[0]);
	if (node_state_open(&node, o, NODE_STATE_OR_LIVE)) {
		r.contract = node.contract;
		if (r.contract != NULL) {
			contract_settings(r.contract, &r.settings);
			contract_capacity(r.contract, &r.capacity);
		}
		code = write_out(&r);
	}
	node_state_close(&node);
	return code;
}
