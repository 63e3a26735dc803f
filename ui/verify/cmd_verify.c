/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_verify.c - podpath verify: checks over captures, over captures with node
 * state, or over the state alone.
 */
#include <errno.h>
#include <langinfo.h>
#include <string.h>
#include <unistd.h>

#include "ui/cli/commands.h"
#include "ui/cli/complain.h"
#include "ui/cli/options.h"
#include "ui/read/run.h"
#include "ui/cli/suggest.h"
#include "ui/verify/verify.h"

/* ---- the words */

static int
find_check(const char *word)
{
	const char *name;
	unsigned i;

	for (i = 0; (name = verify_check_name(i)) != NULL; i++)
		if (strcmp(name, word) == 0)
			return (int)i;
	return -1;
}

static bool
is_mistyped(const char *word)
{
	struct suggest s = { .word = word };
	const char *name;
	unsigned i;

	for (i = 0; (name = verify_check_name(i)) != NULL; i++)
		suggest_try(&s, name);
	if (suggest_best(&s) == NULL || access(word, F_OK) == 0)
		return false;
	complain("unknown check '%s' (did you mean '%s'?)", word, suggest_best(&s));
	return true;
}

static void
complain_no_check(const char *word)
{
	char list[128] = "";
	const char *name;
	unsigned i;

	for (i = 0; (name = verify_check_name(i)) != NULL; i++) {
		strncat(list, i > 0 ? ", " : "", sizeof(list) - strlen(list) - 1);
		strncat(list, name, sizeof(list) - strlen(list) - 1);
	}
	if (word != NULL)
		complain("'%s' is no check; first comes what to check: %s", word,
		    list);
	else
		complain("what to check is expected: %s", list);
}

/* The leading words; *n how many they are. */
static bool
take_checks(const struct options *o, unsigned *checks, int *n)
{
	*checks = 0;
	for (*n = 0; *n < o->n_words; ++*n) {
		int c = find_check(o->words[*n]);

		if (c < 0)
			break;
		*checks |= 1u << c;
	}
	if (*n < o->n_words && is_mistyped(o->words[*n]))
		return false;
	if (*checks == 0)
		complain_no_check(o->n_words > 0 ? o->words[0] : NULL);
	return *checks != 0;
}

/* An option that no check asked for looks at would be passed over. */
static bool
take_narrowing(const struct options *o, unsigned checks)
{
	bool nlb_ip = checks >> CHECK_NLB_IP & 1, shares = checks >> CHECK_SHARES & 1;

	if (o->service != NULL && !nlb_ip && !shares)
		complain("--service is of the checks nlb-ip and shares, and none of them "
		    "is asked for; for others: --where service=%s", o->service);
	else if (o->target != NULL && !nlb_ip)
		complain("--target is of the check nlb-ip, which is not asked for");
	else if (o->zone_local && !shares)
		complain("--zone-local is of the check shares, which is not asked for");
	else
		return true;
	return false;
}

static enum verify_form
find_form(const char *name)
{
	unsigned i;

	for (i = 0; i < N_VERIFY_FORMS; i++)
		if (strcmp(verify_form_name(i), name) == 0)
			break;
	return (enum verify_form)i;
}

/* ---- captures */

struct verifying {
	struct verify	*verify;
	struct outbuf	 outbuf;
	const struct naming *names;
	int		 code;
};

static void
on_begin(void *arg, const struct naming *names)
{
	((struct verifying *)arg)->names = names;
}

static void
on_flow(void *arg, const struct flow *f)
{
	struct verifying *r = arg;

	verify_flow(r->verify, f, r->names);
}

static void
on_end(void *arg, const struct summary *s)
{
	struct verifying *r = arg;

	r->code = verify_end(r->verify, &r->outbuf, s);
}

static void
verify_captures(struct verifying *r, const struct options *o)
{
	struct sink sink = { .begin = on_begin, .flow = on_flow, .end = on_end,
		.arg = r };
	struct inputs in;

	/* bad input is told by its own exit code, whatever the checks say */
	if (!inputs_init(&in, o) || run_flows(o, &in, &sink) != RUN_FINE)
		r->code = EXIT_USAGE;
	inputs_fini(&in);
}

/* ---- the set-up alone: of --state, or of the node that this is */

static void
verify_state(struct verifying *r, const struct options *o)
{
	struct node_state node;

	r->code = EXIT_USAGE;
	if (node_state_open(&node, o, NODE_STATE_OR_LIVE)) {
		verify_setup(r->verify, &node);
		r->code = verify_end(r->verify, &r->outbuf, NULL);
	}
	node_state_close(&node);
}

/* What chooses flows has none to choose from. */
static bool
wants_flows(const struct options *o)
{
	const char *name = o->filter != NULL ? "--filter" :
	    o->filter_file != NULL ? "--filter-file" :
	    o->where != NULL ? "--where" : NULL;

	if (name != NULL)
		complain("%s chooses flows of a capture, and none is given", name);
	return name != NULL;
}

static void
judge(struct verifying *r, const struct options *o)
{
	bool captures = o->n_words > 0 || o->read_file != NULL;

	r->code = EXIT_USAGE;
	if (captures)
		verify_captures(r, o);
	else if (!wants_flows(o))
		verify_state(r, o);
}

static void
report_output(struct verifying *r)
{
	if (outbuf_flush(&r->outbuf) || r->outbuf.error == EPIPE)
		return;
	r->code = complain_usage("cannot write to standard output: %s",
	    strerror(r->outbuf.error));
}

int
cmd_verify(const struct options *o)
{
	struct verify_config config = {
		.form = find_form(o->output), .verbose = o->verbose,
		.numeric = o->numeric, .color = options_want_color(o),
		.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
		.with_state = o->state != NULL, .service = o->service,
		.target = o->target, .zone_local = o->zone_local,
	};
	struct verifying r = { .code = EXIT_USAGE };
	struct options rest = *o;
	bool usage;
	int n;

	if (!take_checks(o, &config.checks, &n) || !take_narrowing(o, config.checks))
		return EXIT_USAGE;
	rest.words += n;
	rest.n_words -= n;
	r.verify = verify_begin(&config, &usage);
	if (r.verify == NULL && usage)
		return EXIT_USAGE;
	if (r.verify == NULL || !outbuf_init(&r.outbuf, STDOUT_FILENO)) {
		verify_free(r.verify);
		return complain_usage("out of memory");
	}
	judge(&r, &rest);
	report_output(&r);
	outbuf_fini(&r.outbuf);
	verify_free(r.verify);
	return r.code;
}
