/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * collect.c - the state of the node that podpath runs on: the same programs and
 * documents that the EKS log collector saves, read by the same readers.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "capture/state/live/collect_source.h"
#include "capture/state/reader.h"

struct collect {
	struct state	*state;
	state_report	*report;
	void		*arg;
};

static const struct source_request here = { .stop_fd = -1 };

/* False when it could not be had; *r is empty then and says why. */
static bool
fetch_and_give(struct collect *c, enum source_id id, struct collected *r)
{
	if (!source_fetch(id, &here, r))
		return false;
	source_give(id, r, c->state, c->report, c->arg);
	collected_free(r);
	return true;
}

static bool
take(struct collect *c, enum source_id id)
{
	struct collected r;

	if (fetch_and_give(c, id, &r))
		return true;
	source_complain(id, &r, c->state, c->report, c->arg);
	return !r.missing;
}

/* The program, for both families; or the kernel's own list, which many kernels
   no longer have. */
static void
collect_conntrack(struct collect *c)
{
	struct collected r, list;
	struct reader reader = { .state = c->state, .file = "conntrack -L",
	    .report = c->report, .report_arg = c->arg };

	if (fetch_and_give(c, SOURCE_CONNTRACK_STATS, &r)) {
		take(c, SOURCE_CONNTRACK);
		take(c, SOURCE_CONNTRACK6);
	} else if (!fetch_and_give(c, SOURCE_CONNTRACK_FILE, &list)) {
		reader_bad(&reader, 0, "%s", r.missing ? "no program conntrack, "
		    "and no /proc/net/nf_conntrack" : r.why);
	}
}

/* The ages of conntrack's entries are of this time. */
static void
note_time(struct state *s)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	s->taken.ns = (int64_t)now.tv_sec * NS_PER_SEC + now.tv_nsec;
}

static void
collect_all(struct collect *c)
{
	for (int id = 0; id < N_SOURCES; id++) {
		if (id == SOURCE_CONNTRACK_STATS) {
			collect_conntrack(c);
			note_time(c->state);
			id = SOURCE_CONNTRACK_FILE;
			continue;
		}
		/* when nobody listens, one attempt is enough */
		if (!take(c, (enum source_id)id) && id == SOURCE_ENIS)
			id = SOURCE_METRICS;
	}
}

struct state *
state_collect(state_report *report, void *arg)
{
	struct collect c = { state_new(), report, arg };
	char host[256];

	if (c.state == NULL) {
		if (report != NULL)
			report(arg, "this node's state: out of memory");
		return NULL;
	}
	collect_all(&c);
	if (gethostname(host, sizeof(host)) == 0 && c.state->hostname == NULL) {
		host[sizeof(host) - 1] = '\0';
		c.state->hostname = state_text(c.state, host, strlen(host));
	}
	state_ready(c.state);
	return c.state;
}
