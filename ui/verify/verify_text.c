/* SPDX-License-Identifier: GPL-2.0-or-later */
/* verify_text.c - podpath verify for a person: a line for each check, one for
   each flow that did not pass (with -v; else for each kind), a summary. */
#include "ui/verify/verify_int.h"

#include <string.h>

#include "ui/cli/complain.h"
#include "ui/out/text.h"

static const enum role roles[N_CHECK_RESULTS] = {
	[CHECK_OK] = ROLE_OK, [CHECK_UNSURE] = ROLE_DOUBT,
	[CHECK_FAILED] = ROLE_BAD,
};

static void
put_result(struct text *t, unsigned result)
{
	text_role(t, roles[result]);
	text_put(t, check_result_name(result));
	text_role(t, ROLE_PLAIN);
}

static void
put_foreign(struct text *t, const char *before, const char *s)
{
	if (s == NULL)
		return;
	text_put(t, before);
	text_foreign(t, s);
}

/* Which flow, where it went and as what. */
static void
put_flow(struct text *t, const struct item *i)
{
	if (i->flow_id != 0 || i->path != NULL || i->after != NULL)
		text_put(t, ";");
	if (i->flow_id != 0) {
		text_put(t, " flow ");
		text_u64(t, i->flow_id);
		text_put(t, i->path != NULL ? "," : "");
	}
	if (i->path != NULL) {
		text_put(t, " ");
		text_role(t, ROLE_IFACE);
		text_foreign(t, i->path);
		text_role(t, ROLE_PLAIN);
	}
	if (i->after != NULL) {
		text_put(t, " ");
		text_role(t, ROLE_TRANSLATED);
		text_put(t, "=> ");
		text_foreign(t, i->after);
		text_role(t, ROLE_PLAIN);
	}
}

/* Everything about it on one line, so that grep(1) finds all of it; a line is
   cut at the right, so the details come last. */
static void
put_item(struct text *t, const struct item *i, unsigned n)
{
	text_pad(t, 2);
	put_result(t, i->result);
	put_foreign(t, ": ", i->code);
	if (n > 1) {
		text_put(t, ": ");
		text_u64(t, n);
		text_put(t, " connections, such as");
	}
	put_foreign(t, n > 1 ? " " : ": ", i->who);
	put_foreign(t, ": ", i->text);
	if (i->cause != NULL) {
		put_foreign(t, " (", i->cause);
		text_put(t, ")");
	}
	put_foreign(t, "; fix: ", i->fix);
	put_flow(t, i);
	text_newline(t);
}

/* ---- many of a kind: once, with their number */

static bool
same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* Of "default/web 10.0.0.1:40000 -> 10.0.0.2:80 tcp": how long it is to where the
   client's port stands, and what comes after that.  False: nothing of the kind. */
static bool
without_port(const char *who, size_t *before, const char **after)
{
	*after = strstr(who, " -> ");
	if (*after == NULL)
		return false;
	*before = (size_t)(*after - who);
	while (*before > 0 && who[*before - 1] >= '0' && who[*before - 1] <= '9')
		--*before;
	return *before > 0 && who[*before - 1] == ':';
}

/* Connections that differ in the client's port alone, and have the same fault; which
   way each of them took is not told then. */
static bool
is_alike(const struct item *a, const struct item *b)
{
	const char *rest_a, *rest_b;
	size_t n_a, n_b;

	return a->flow_id != 0 && b->flow_id != 0 && same(a->code, b->code) &&
	    same(a->cause, b->cause) && same(a->text, b->text) && same(a->fix, b->fix) &&
	    without_port(a->who, &n_a, &rest_a) && without_port(b->who, &n_b, &rest_b) &&
	    n_a == n_b && memcmp(a->who, b->who, n_a) == 0 && strcmp(rest_a, rest_b) == 0;
}

/* How many are like item i, itself too; 0 when one before it is. */
static unsigned
count_alike(const struct items *list, unsigned i)
{
	unsigned n = 1, k;

	for (k = 0; k < list->n; k++)
		if (k != i && list->v[k].who != NULL &&
		    is_alike(&list->v[i], &list->v[k])) {
			if (k < i)
				return 0;
			n++;
		}
	return n;
}

static void
put_items(struct text *t, const struct verify *v, const struct tally *a, unsigned result)
{
	const struct items *list = &a->items[result];
	unsigned i, n;

	for (i = 0; i < list->n; i++) {
		if (list->v[i].who == NULL)
			continue;
		n = v->config.verbose ? 1 : count_alike(list, i);
		if (n > 0)
			put_item(t, &list->v[i], n);
	}
	if (list->n == 0 || a->count[result] <= list->n)
		return;
	text_pad(t, 2);
	put_result(t, result);
	text_put(t, ": ");
	text_u64(t, a->count[result] - list->n);
	text_put(t, " more");
	text_newline(t);
}

static void
put_check(struct text *t, const struct verify *v, enum check c)
{
	char sentence[VERIFY_SENTENCE_MAX];

	verify_sentence(v, c, sentence);
	text_role(t, ROLE_HEAD);
	text_put(t, verify_check_name(c));
	text_role(t, ROLE_PLAIN);
	text_put(t, ": ");
	put_result(t, v->checks[c].result);
	text_put(t, ": ");
	text_put(t, sentence);
	text_newline(t);
	put_items(t, v, &v->checks[c], CHECK_FAILED);
	put_items(t, v, &v->checks[c], CHECK_UNSURE);
	put_items(t, v, &v->checks[c], CHECK_OK);
	if (v->whole[c] != NULL && !v->setup)
		check_whole_of(c)->text(v->whole[c], t);
}

void
verify_text(const struct verify *v, struct outbuf *out)
{
	struct text text = { .out = out, .color = v->config.color,
		.utf8 = v->config.utf8 }, *t = &text;
	unsigned n[N_CHECK_RESULTS] = { 0 }, c;

	for (c = 0; c < N_CHECKS; c++) {
		if (!verify_wants(v, (enum check)c))
			continue;
		put_check(t, v, (enum check)c);
		n[v->checks[c].result]++;
	}
	text_count(t, n[CHECK_OK] + n[CHECK_UNSURE] + n[CHECK_FAILED], "check");
	text_put(t, ": ");
	text_u64(t, n[CHECK_OK]);
	text_put(t, " ok, ");
	text_u64(t, n[CHECK_FAILED]);
	text_put(t, " failed, ");
	text_u64(t, n[CHECK_UNSURE]);
	text_put(t, " inconclusive; ");
	text_count(t, v->judged, v->setup ? "prediction" : "flow");
	text_put(t, v->setup ? " from the node's set-up, no packets" : " read");
	text_newline(t);
}
