/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_who.c - podpath who: which pod was behind an address and port, by captures,
 * recordings and dumps, or by this node's own conntrack.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "ui/cli/commands.h"
#include "ui/cli/complain.h"
#include "ui/cli/options.h"
#include "ui/read/run.h"
#include "ui/state/node_state.h"
#include "ui/who/who_out.h"

struct asking {
	const struct options *options;
	const char	*asked;
	struct who	*who;
	const struct naming *names;
	struct outbuf	 out;
	bool		 narrowed;	/* to some flows: entries that have none are left
					   out */
	int		 code;
};

/* ---- captures and recordings */

static const struct state *
state_of(const struct asking *a)
{
	return a->names != NULL && a->names->state != NULL ?
	    a->names->state(a->names->arg) : NULL;
}

static void
on_begin(void *arg, const struct naming *names)
{
	((struct asking *)arg)->names = names;
}

static void
on_seen(void *arg, const struct obs *o)
{
	struct asking *a = arg;

	if (o->type == OBS_PACKET || o->type == OBS_TICK)
		who_saw(a->who, o->ts, 0);
	else if (o->type == OBS_LOSS)
		who_saw(a->who, o->ts, o->loss.kernel + o->loss.interface +
		    o->loss.netlink);
	else if (o->type == OBS_STATE && !a->narrowed)
		who_state(a->who, o->state.state);
	else if (o->type == OBS_CT && !a->narrowed)
		who_ct(a->who, &o->ct, o->ts, state_of(a));
}

static void
on_flow(void *arg, const struct flow *f)
{
	struct asking *a = arg;

	who_flow(a->who, f, state_of(a));
}

/* ---- the answer */

static int
code_of(const struct who_answer *a)
{
	return a->result == WHO_FOUND ? EXIT_FINE :
	    a->result == WHO_NOBODY ? EXIT_FAILED : EXIT_UNSURE;
}

static int
write_answer(struct asking *a)
{
	struct who_pool pool = { 0 };
	struct who_answer answer;
	struct who_report r = { a->options, a->asked, a->who, &answer, NULL };

	who_pick(a->who, &answer);
	if (!a->who->target.has_port) {
		if (!who_pool(a->who, &pool)) {
			who_pool_free(&pool);
			return complain_usage("out of memory");
		}
		r.pool = &pool;
	}
	if (a->who->no_memory)
		return complain_usage("out of memory");
	if (strcmp(a->options->output, "json") == 0)
		who_write_json(&r, &a->out);
	else
		who_write_text(&r, &a->out);
	who_pool_free(&pool);
	return code_of(&answer);
}

static int
answer(struct asking *a, const struct state *s)
{
	struct who *w = a->who;

	who_end(w, s);
	if (w->target.has_time && !w->target.has_day && !w->has_seen)
		return complain_usage("%s: a time of day needs a day, and nothing "
		    "tells it here: write it as 2026-11-20T17:33:23Z", a->asked);
	if (!who_target_day(&w->target, w->seen_first, w->seen_last))
		return complain_usage("%s: that time of day was seen on several days: "
		    "write the day too, as 2026-11-20T17:33:23Z", a->asked);
	return write_answer(a);
}

static void
on_end(void *arg, const struct summary *sum)
{
	struct asking *a = arg;
	const struct state *s = state_of(a);

	if (a->options->state != NULL && s != NULL && !a->narrowed)
		who_state(a->who, s);
	a->who->lost += sum->interrupted;
	a->code = answer(a, s);
}

static void
ask_captures(struct asking *a, const struct options *rest)
{
	struct sink sink = { .begin = on_begin, .flow = on_flow, .end = on_end,
		.seen = on_seen, .arg = a };
	struct inputs in;

	if (!inputs_init(&in, rest)) {
		inputs_fini(&in);
		return;
	}
	a->narrowed = in.filter != NULL || rest->where != NULL;
	/* bad input is told by its own exit code, whatever was found */
	if (run_flows(rest, &in, &sink) != RUN_FINE)
		a->code = EXIT_USAGE;
	inputs_fini(&in);
}

/* ---- conntrack alone */

static void
ask_state(struct asking *a, const struct options *o)
{
	struct node_state node;
	const char *flows = o->filter != NULL ? "--filter" :
	    o->filter_file != NULL ? "--filter-file" :
	    o->where != NULL ? "--where" : NULL;

	if (flows != NULL) {
		complain("%s chooses flows of a capture, and none is given", flows);
		return;
	}
	if (node_state_open(&node, o, NODE_STATE_OR_LIVE)) {
		who_state(a->who, node.state);
		a->code = answer(a, node.state);
	}
	node_state_close(&node);
}

static void
report_output(struct asking *a)
{
	if (!outbuf_flush(&a->out) && a->out.error != EPIPE)
		a->code = complain_usage("cannot write to standard output: %s",
		    strerror(a->out.error));
}

int
cmd_who(const struct options *o)
{
	struct asking a = { .options = o, .code = EXIT_USAGE };
	struct options rest = *o;
	struct who_target target;
	char error[WHO_ERROR_MAX];

	if (o->n_words < 1)
		return complain_usage("ADDRESS:PORT is expected, such as "
		    "192.168.3.243:21015@17:33:23; see podpath who --help");
	a.asked = o->words[0];
	if (!who_target_parse(a.asked, &target, error))
		return complain_usage("%s", error);
	rest.words++;
	rest.n_words--;
	a.who = who_new(&target);
	if (a.who == NULL || !outbuf_init(&a.out, STDOUT_FILENO)) {
		who_free(a.who);
		return complain_usage("out of memory");
	}
	if (rest.n_words > 0 || o->read_file != NULL)
		ask_captures(&a, &rest);
	else
		ask_state(&a, o);
	report_output(&a);
	outbuf_fini(&a.out);
	who_free(a.who);
	return a.code;
}
