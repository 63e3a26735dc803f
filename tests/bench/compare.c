/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * compare.c - judge `podpath read -o json` by the truth that generate wrote.
 *
 * A flow claims a join when its translated tuple differs from its original
 * one, or when it has legs on two interfaces.  A claim is right when the truth
 * has a flow of that original tuple, at that time, that was seen on its way in
 * and out, translated to just that tuple, and no leg shows any other tuple.
 * A flow named from its responder joins the same two tuples: it is right, and
 * counted apart.  Tuples come back in time: a flow of podpath belongs to the
 * truth's last flow of that tuple that had begun by then.
 */
#include <err.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "told.h"

#define SHOWN		5u

struct count {
	uint64_t	flows, joinable, right, wrong, missed;
};

struct judge {
	struct truths	 truths;
	struct count	 count[CLASS_MAX];
	unsigned	 shown;
	unsigned	 none;		/* class of claims that match no flow at all */
	uint64_t	 flows, claims, right, wrong, reversed, again;
	bool		 verbose;
};

static bool
legs_agree(const struct told *c)
{
	unsigned i;

	for (i = 0; i < c->n_legs; i++)
		if (!tup_eq(c->leg[i], c->orig) && !tup_eq(c->leg[i], c->trans))
			return false;
	return true;
}

static void
show(struct judge *j, const char *what, struct tup a, struct tup b,
    const struct truth *t)
{
	char text[4][TUP_TEXT];

	if (!j->verbose && j->shown++ >= SHOWN)
		return;
	fprintf(stderr, "%s: %s %s => %s", what, tup_proto(a),
	    tup_text(a, text[0]), tup_text(b, text[1]));
	if (t != NULL)
		fprintf(stderr, "; truth: %s => %s, %s, %s, first %lld.%09lld",
		    tup_text(t->orig, text[2]), tup_text(t->trans, text[3]),
		    j->truths.class[t->class],
		    t->joinable ? "joinable" : "not joinable",
		    (long long)(t->first / SEC), (long long)(t->first % SEC));
	fputc('\n', stderr);
}

static void
judge_claim(struct judge *j, const struct told *c)
{
	struct truth *t = truth_find(&j->truths, c->orig, c->first, 0), *u;
	struct tup want = t ? t->trans : c->orig;
	bool right = t != NULL && t->joinable && tup_eq(c->trans, want);

	if (!right) {		/* perhaps named from the other end */
		u = truth_find(&j->truths, c->orig, c->first, 1);
		if (u != NULL && u->joinable &&
		    tup_eq(c->trans, tup_reverse(u->orig))) {
			t = u;
			right = true;
			j->reversed += legs_agree(c);
		} else if (t == NULL)
			t = u;
	}
	right = right && legs_agree(c);
	j->claims++;
	if (right) {
		j->right++;
		j->again += t->joined;
		j->count[t->class].right += !t->joined;
		t->joined = true;
	} else {
		j->wrong++;
		j->count[t ? t->class : j->none].wrong++;
		show(j, "wrong", c->orig, c->trans, t);
	}
}

static void
judge_told(void *arg, struct told *c)
{
	if (!tup_eq(c->orig, c->trans) || c->n_ifaces > 1)
		judge_claim(arg, c);
}

static void
count_truths(struct judge *j)
{
	uint32_t i;

	for (i = 0; i < j->truths.n; i++) {
		const struct truth *t = &j->truths.t[i];

		j->count[t->class].flows++;
		j->count[t->class].joinable += t->joinable;
	}
}

static void
count_missed(struct judge *j)
{
	uint32_t i;

	j->shown = 0;
	for (i = 0; i < j->truths.n; i++) {
		struct truth *t = &j->truths.t[i];

		if (!t->joinable || t->joined)
			continue;
		j->count[t->class].missed++;
		show(j, "missed", t->orig, t->trans, t);
	}
}

static double
ratio(uint64_t part, uint64_t all)
{
	return all ? (double)part / (double)all : 1.0;
}

static void
put_ratio(uint64_t part, uint64_t all, char end)
{
	if (all == 0)
		printf(" %9s%c", "-", end);
	else
		printf(" %9.5f%c", ratio(part, all), end);
}

static void
put_row(const char *name, const struct count *c)
{
	printf("%-18s %8llu %9llu %8llu %7llu %7llu ", name,
	    (unsigned long long)c->flows, (unsigned long long)c->joinable,
	    (unsigned long long)c->right, (unsigned long long)c->wrong,
	    (unsigned long long)c->missed);
	put_ratio(c->right, c->right + c->wrong, ' ');
	put_ratio(c->right, c->joinable, '\n');
}

/* True when it is good enough. */
static bool
report(const struct judge *j, double least)
{
	struct count all = { .flows = 0 };
	unsigned i;

	printf("%-18s %8s %9s %8s %7s %7s  %9s  %9s\n", "class", "flows",
	    "joinable", "right", "wrong", "missed", "precision", "recall");
	for (i = 0; i < j->truths.n_classes; i++) {
		const struct count *c = &j->count[i];

		if (c->flows + c->wrong == 0)
			continue;
		put_row(j->truths.class[i], c);
		all.flows += c->flows;
		all.joinable += c->joinable;
		all.right += c->right;
		all.wrong += c->wrong;
		all.missed += c->missed;
	}
	put_row("all", &all);
	printf("podpath flows %llu, joins claimed %llu: right %llu, wrong %llu; "
	    "named from the responder %llu, one flow told twice %llu\n",
	    (unsigned long long)j->flows, (unsigned long long)j->claims,
	    (unsigned long long)j->right, (unsigned long long)j->wrong,
	    (unsigned long long)j->reversed, (unsigned long long)j->again);
	printf("precision %.6f (needed 1)  recall %.6f (needed %g)\n",
	    ratio(j->right, j->claims), ratio(all.right, all.joinable), least);
	return j->wrong == 0 && ratio(all.right, all.joinable) >= least;
}

int
main(int argc, char **argv)
{
	struct judge j = { .flows = 0 };
	double least = 0.99;
	char *end;
	int opt;

	while ((opt = getopt(argc, argv, "r:v")) != -1) {
		if (opt == 'v')
			j.verbose = true;
		if (opt == 'r') {
			least = strtod(optarg, &end);
			if (*end != '\0' || end == optarg || least < 0 || least > 1)
				errx(2, "-r %s: not a ratio from 0 to 1", optarg);
		}
		if (opt == '?')
			return 2;
	}
	if (argc - optind < 1 || argc - optind > 2)
		errx(2, "usage: compare [-v] [-r RECALL] TRUTH [JSON]");
	truth_read(&j.truths, argv[optind]);
	j.none = truth_class(&j.truths, "(no such flow)");
	count_truths(&j);
	j.flows = told_read(argc - optind == 2 ? argv[optind + 1] : "-", judge_told,
	    &j);
	count_missed(&j);
	opt = report(&j, least) ? 0 : 1;
	truth_free(&j.truths);
	return opt;
}
