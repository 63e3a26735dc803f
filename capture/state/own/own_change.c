/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * own_change.c - podpath.change/1: what became another since a state, with the
 * records of podpath.state/1.
 *
 *	{"schema":"podpath.change/1","since_ns":1790000000000000000,
 *	"parts":["routes"],"gone":{...},"come":{...}}
 *
 * since_ns is the time before which nothing was so (0 or absent: not known),
 * parts those that are emptied first, gone and come are objects with the members
 * of podpath.state/1 but its schema; absent: nothing.  Records of `gone` need only
 * what identifies them (decode/timeline.h).
 */
#include "capture/state/own/own.h"
#include "decode/timeline.h"

struct change {
	const struct state_change *change;
	struct nstime	 since;
};

static void
put_records(struct own_out *o, const char *name, const struct state *s)
{
	if (s == NULL)
		return;
	own_lit(o, ",\n");
	o->comma = false;
	own_key(o, name);
	own_open(o, '{');
	own_put_state(o, s);
	own_close(o, '}');
}

static void
put_change(struct own_out *o, const void *what)
{
	const struct change *c = what;

	if (c->since.ns != 0) {
		own_key(o, "since_ns");
		own_int(o, c->since.ns);
	}
	if (c->change->parts != 0) {
		own_key(o, "parts");
		own_words(o, c->change->parts, own_part_words);
	}
	put_records(o, "gone", c->change->gone);
	put_records(o, "come", c->change->come);
}

int
state_change_write_to(const struct state_change *c, struct nstime since,
    state_sink *sink, void *arg)
{
	struct change what = { c, since };

	return own_document(OWN_CHANGE_SCHEMA, sink, arg, put_change, &what);
}

/* ---- reading */

/* Each has indexes and texts of its own; the pull parser is shared. */
static struct state *
read_records(struct pull *pull, bool partial)
{
	struct own_in in = { .state = state_new(), .partial = partial };
	struct state *outer = pull->reader->state;

	if (in.state == NULL) {
		pull_bad(pull, "not enough memory");
		pull->failed = true;
		return NULL;
	}
	in.pull = *pull;
	in.pull.reader->state = in.state;
	if (!own_read_state(&in, NULL))
		in.pull.failed = true;
	if (in.state->no_memory) {
		pull_bad(&in.pull, "not enough memory");
		in.pull.failed = true;
	}
	*pull = in.pull;
	/* its name may lie in the copy's room */
	pull->name = "a change";
	pull->reader->state = outer;
	in.pull.room = NULL;
	own_in_fini(&in);
	return in.state;
}

static void
read_change_member(struct own_in *in, const struct pull_text *key,
    struct state **come, struct state **gone, uint32_t *parts, int64_t *since)
{
	struct state **which = pull_is(key, "come") ? come :
	    pull_is(key, "gone") ? gone : NULL;
	uint64_t bits;

	if (which != NULL && *which == NULL) {
		*which = read_records(&in->pull, which == gone);
	} else if (pull_is(key, "parts")) {
		if (own_read_words(in, own_part_words, &bits))
			*parts = (uint32_t)bits;
	} else if (pull_is(key, "since_ns")) {
		pull_int(&in->pull, INT64_MIN, INT64_MAX, since);
	} else {
		pull_bad(&in->pull, "'%s' is not known here", in->pull.name);
		pull_skip(&in->pull);
	}
}

bool
state_change_parse(const char *name, const char *bytes, size_t n,
    struct state_change *c, struct nstime *since, state_report *report, void *arg)
{
	struct state *come = NULL, *gone = NULL;
	struct reader r = { .state = state_new(), .file = name, .data = bytes,
	    .len = n, .report = report, .report_arg = arg };
	struct own_in in = { .state = r.state };
	struct pull_text key;
	bool found = false, ok;
	uint32_t parts = 0;

	*since = (struct nstime){ 0 };
	pull_init(&in.pull, &r);
	ok = r.state != NULL && pull_open(&in.pull, '{');
	while (ok && pull_more(&in.pull, '}')) {
		if (!pull_key(&in.pull, &key))
			continue;
		if (pull_is(&key, "schema"))
			found |= own_read_schema(&in, OWN_CHANGE_SCHEMA);
		else
			read_change_member(&in, &key, &come, &gone, &parts,
			    &since->ns);
	}
	ok = ok && pull_end(&in.pull);
	if (ok && !found)
		reader_bad(&r, 0, "no \"schema\":\"" OWN_CHANGE_SCHEMA "\"");
	own_in_fini(&in);
	reader_done(&r);
	state_free(r.state);
	*c = (struct state_change){ .parts = parts, .come = come, .gone = gone };
	if (ok && found)
		return true;
	state_free(come);
	state_free(gone);
	*c = (struct state_change){ 0 };
	return false;
}
