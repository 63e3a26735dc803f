/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_explain.c - podpath explain: the path that a new connection would take
 * through this node, from its state alone.
 */
#include "ui/explain/explain.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ui/cli/commands.h"
#include "ui/cli/complain.h"
#include "ui/cli/options.h"

void
explain_name(const struct explain *x, const struct addr *a,
    char out[static PRESENT_NAME_MAX])
{
	const struct pod *p = state_pod_addr(x->node.state, a);
	char buf[ADDR_TEXT_MAX];

	if (!x->options->numeric && present_pod(p, out))
		return;
	addr_format(a, buf);
	snprintf(out, PRESENT_NAME_MAX, "%s", buf);
}

struct each {
	const struct explain *x;
	bool	(*cb)(void *, const struct prediction *);
	void	*arg;
};

static bool
on_walk(void *arg, const struct walk *w)
{
	const struct each *e = arg;
	struct prediction p;

	predict_judge(&e->x->node, &e->x->query, w, &p);
	return e->cb(e->arg, &p);
}

void
explain_each(const struct explain *x,
    bool (*cb)(void *, const struct prediction *), void *arg)
{
	struct each e = { x, cb, arg };

	model_each(x->node.model, &x->query, on_walk, &e);
}

/* The worst of all ways: a wrong one counts also where it is one of three. */
static bool
add_up(void *arg, const struct prediction *p)
{
	static const uint8_t rank[N_VERDICTS] = {
		[VERDICT_OK] = 0, [VERDICT_UNKNOWN] = 1, [VERDICT_DROPPED] = 2,
		[VERDICT_WRONG] = 3,
	};
	struct explain *x = arg;

	if (x->n_ways++ == 0 || rank[p->verdict] > rank[x->verdict])
		x->verdict = p->verdict;
	if (p->verdict == VERDICT_OK)
		x->share_ok += p->walk.probability;
	return true;
}

static int
write_out(const struct explain *x)
{
	struct outbuf out;
	int code = EXIT_FINE;

	if (!outbuf_init(&out, STDOUT_FILENO))
		return complain_usage("out of memory");
	if (strcmp(x->options->output, "json") == 0)
		explain_json(x, &out);
	else
		explain_text(x, &out);
	if (!outbuf_flush(&out) && out.error != EPIPE)
		code = complain_usage("cannot write to standard output: %s",
		    strerror(out.error));
	outbuf_fini(&out);
	return code;
}

static int
explain(struct explain *x)
{
	int code;

	if (!explain_ends(x, x->options->words[0], x->options->words[1], &code))
		return code;
	explain_each(x, add_up, x);
	if (x->n_ways == 0)
		x->verdict = VERDICT_UNKNOWN;
	x->query.steps = true;
	code = write_out(x);
	if (code != EXIT_FINE)
		return code;
	return x->verdict == VERDICT_OK ? EXIT_FINE :
	    x->verdict == VERDICT_UNKNOWN ? EXIT_UNSURE : EXIT_FAILED;
}

int
cmd_explain(const struct options *o)
{
	struct explain x = { .options = o };
	int code = EXIT_USAGE;

	if (o->n_words != 2)
		return complain_usage("SOURCE and DESTINATION are expected, such as "
		    "default/web-0 8.8.8.8:443%s; see podpath explain --help",
		    o->n_words > 2 ? " (node state is given with --state PATH)" : "");
	if (node_state_open(&x.node, o, NODE_STATE_OR_LIVE))
		code = explain(&x);
	node_state_close(&x.node);
	return code;
}
