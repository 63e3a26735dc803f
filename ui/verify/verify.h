/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * verify.h - checks with a result: flows, or the set-up of the node, in.
 *
 * verify_begin(), then verify_flow() for each judged flow or verify_setup()
 * once, then verify_end(), which writes all and returns the exit code.  Each
 * check counts what it judged and keeps what did not pass, up to a limit; the
 * rest is counted.  Nothing that was not proven passes: no flows, lost packets,
 * unknown verdicts and dropped packets make a check inconclusive, and a failed
 * one beats that.
 */
#ifndef UI_VERIFY_H
#define UI_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "decode/flow.h"
#include "ui/state/node_state.h"
#include "ui/out/output.h"

enum check { CHECK_SNAT, CHECK_NO_NAT, CHECK_ENI, CHECK_PATH, CHECK_NLB_IP, CHECK_SHARES,
	N_CHECKS };

enum check_result {
	CHECK_OK,
	CHECK_UNSURE,		/* inconclusive */
	CHECK_FAILED,
	N_CHECK_RESULTS
};

enum verify_form { VERIFY_TEXT, VERIFY_JSON, VERIFY_TAP, VERIFY_JUNIT,
	N_VERIFY_FORMS };

struct verify;

struct verify_config {
	unsigned	 checks;	/* 1 << enum check */
	enum verify_form form;
	bool		 color, utf8;
	bool		 verbose;	/* what passed too */
	bool		 numeric;
	bool		 with_state;	/* flows are judged with node state */
	/* of nlb-ip and shares; NULL: all */
	const char	*service;	/* "namespace/name" */
	const char	*target;	/* "192.168.3.105:8080" */
	bool		 zone_local;
};

/* NULL when there is no memory; or, with *usage set, after a message. */
struct verify	*verify_begin(const struct verify_config *, bool *usage);
void		 verify_flow(struct verify *, const struct flow *,
		    const struct naming *);
/* Judge the set-up instead of flows: deviations from the contract, and what the
   rules predict for each pod.  The state has its model. */
void		 verify_setup(struct verify *, const struct node_state *);
/* Write the results.  The summary, when there was a capture, tells of loss;
   NULL without one.  The exit code: EXIT_FINE, EXIT_FAILED or EXIT_UNSURE. */
int		 verify_end(struct verify *, struct outbuf *,
		    const struct summary *);
void		 verify_free(struct verify *);	/* NULL is fine */

/* Tables: names for the command line, help; NULL or false past the last. */
const char	*verify_check_name(unsigned i);
const char	*verify_form_name(unsigned i);
bool		 verify_check(unsigned i, const char **name, const char **help);
const char	*check_result_name(unsigned);	/* "ok", "inconclusive", "failed" */

#endif
