/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * verdicts.c - judge the verdicts of `podpath read -o json --state DIR` by the
 * truth that generate wrote, on the node that state wrote.
 *
 * Of a flow that was right, `ok` and `unknown` are true, of a dropped one
 * `dropped` with its cause or an unknown one, and `unknown`; all else is an
 * error, and so is a verdict on a flow that the truth does not have, or a
 * translation that is not its own.  What is unknown is counted, and limited by
 * -k: the share of flows that must have a verdict.
 *
 * A flow that podpath did not join is told as two: the half that shows the
 * translated tuple alone is judged as the flow that it is half of.
 */
#include <err.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "told.h"

#define SHOWN		8u

enum word { W_OK, W_WRONG, W_DROPPED, W_UNKNOWN, N_WORDS };

static const char *const words[N_WORDS] = {
	[W_OK] = "ok", [W_WRONG] = "wrong", [W_DROPPED] = "dropped",
	[W_UNKNOWN] = "unknown",
};

struct count {
	uint64_t	word[N_WORDS], errors;
};

struct judge {
	struct truths	 truths;
	struct count	 count[CLASS_MAX];
	unsigned	 none, shown;
	uint64_t	 errors;
	bool		 verbose;
};

static enum word
word_of(const struct told *c)
{
	enum word w;

	for (w = 0; w < N_WORDS; w++)
		if (strcmp(c->verdict, words[w]) == 0)
			return w;
	errx(2, "a flow without a verdict that is known: \"%s\"", c->verdict);
}

/* The flow itself, named from either end, or what it became. */
static const struct truth *
find(const struct truths *all, const struct told *c)
{
	struct truth *t = truth_find(all, c->orig, c->first, 0);

	if (t == NULL)
		t = truth_find(all, tup_reverse(c->trans), c->first, 1);
	if (t == NULL)
		t = truth_find(all, c->orig, c->first, 1);
	if (t == NULL)
		t = truth_find(all, tup_reverse(c->trans), c->first, 0);
	return t;
}

/* As the truth has it, from either end; half of it; or, of the node's own, with
   the port that no packet showed, as conntrack has it. */
static bool
is_own(const struct truth *t, const struct told *c)
{
	struct tup o = c->orig, x = c->trans;

	if (tup_eq(o, x))
		return true;
	if (tup_eq(o, tup_reverse(t->trans)) && tup_eq(x, tup_reverse(t->orig)))
		return true;
	if (tup_eq(t->orig, t->trans))
		o.sport = t->orig.sport;
	return tup_eq(o, t->orig) && tup_eq(x, t->trans);
}

static const char *
error_of(const struct truth *t, const struct told *c, enum word w)
{
	if (t == NULL)
		return "a flow that is not there";
	if (!is_own(t, c))
		return "not its translation";
	if (w == W_UNKNOWN || strcmp(t->verdict, "-") == 0)
		return NULL;
	if (strcmp(t->verdict, "ok") == 0)
		return w == W_OK ? NULL : "it was right";
	if (w != W_DROPPED)
		return "it was dropped";
	return strcmp(c->cause, t->verdict) == 0 ||
	    strcmp(c->cause, "unknown") == 0 ? NULL : "for another cause";
}

static void
show(struct judge *j, const char *what, const struct told *c, const struct truth *t)
{
	char text[4][TUP_TEXT];

	if (!j->verbose && j->shown++ >= SHOWN)
		return;
	fprintf(stderr, "%s, told %s%s%s%s%s: %s %s => %s%s%s", what, c->verdict,
	    c->code[0] ? " " : "", c->code, c->cause[0] ? " " : "", c->cause,
	    tup_proto(c->orig), tup_text(c->orig, text[0]),
	    tup_text(c->trans, text[1]), c->text[0] ? ": " : "", c->text);
	if (t != NULL)
		fprintf(stderr, "; truth: %s, %s => %s, %s, first %lld.%09lld",
		    j->truths.class[t->class], tup_text(t->orig, text[2]),
		    tup_text(t->trans, text[3]), t->verdict,
		    (long long)(t->first / SEC), (long long)(t->first % SEC));
	fputc('\n', stderr);
}

static void
judge_told(void *arg, struct told *c)
{
	struct judge *j = arg;
	const struct truth *t = find(&j->truths, c);
	struct count *n = &j->count[t ? t->class : j->none];
	enum word w = word_of(c);
	const char *error = error_of(t, c, w);

	n->word[w]++;
	if (error != NULL) {
		n->errors++;
		j->errors++;
		show(j, error, c, t);
	} else if (j->verbose && w == W_UNKNOWN) {
		show(j, "unknown", c, t);
	}
}

static double
unknown_share(const struct count *c)
{
	uint64_t all = 0;
	enum word w;

	for (w = 0; w < N_WORDS; w++)
		all += c->word[w];
	return all ? (double)c->word[W_UNKNOWN] / (double)all : 0.0;
}

static void
put_row(const char *name, const struct count *c)
{
	printf("%-18s %9llu %9llu %9llu %9llu %9llu %9.5f\n", name,
	    (unsigned long long)c->word[W_OK], (unsigned long long)c->word[W_WRONG],
	    (unsigned long long)c->word[W_DROPPED],
	    (unsigned long long)c->word[W_UNKNOWN], (unsigned long long)c->errors,
	    unknown_share(c));
}

static bool
report(const struct judge *j, uint64_t flows, double least)
{
	struct count all = { .errors = 0 };
	double known;
	unsigned i;
	enum word w;

	printf("%-18s %9s %9s %9s %9s %9s %9s\n", "class", "ok", "wrong", "dropped",
	    "unknown", "errors", "unknown/1");
	for (i = 0; i < j->truths.n_classes; i++) {
		const struct count *c = &j->count[i];
		uint64_t told = 0;

		for (w = 0; w < N_WORDS; w++) {
			all.word[w] += c->word[w];
			told += c->word[w];
		}
		all.errors += c->errors;
		if (told > 0)
			put_row(j->truths.class[i], c);
	}
	put_row("all", &all);
	known = 1 - unknown_share(&all);
	printf("verdicts on %llu flows: %llu errors (needed 0)  known %.5f (needed "
	    "%g)\n", (unsigned long long)flows, (unsigned long long)j->errors, known,
	    least);
	return j->errors == 0 && known >= least;
}

int
main(int argc, char **argv)
{
	struct judge j = { .errors = 0 };
	double least = 0.97;
	uint64_t flows;
	char *end;
	int opt;

	while ((opt = getopt(argc, argv, "k:v")) != -1) {
		if (opt == 'v')
			j.verbose = true;
		if (opt == 'k') {
			least = strtod(optarg, &end);
			if (*end != '\0' || end == optarg || least < 0 || least > 1)
				errx(2, "-k %s: not a ratio from 0 to 1", optarg);
		}
		if (opt == '?')
			return 2;
	}
	if (argc - optind < 1 || argc - optind > 2)
		errx(2, "usage: verdicts [-v] [-k KNOWN] TRUTH [JSON]");
	truth_read(&j.truths, argv[optind]);
	j.none = truth_class(&j.truths, "(no such flow)");
	flows = told_read(argc - optind == 2 ? argv[optind + 1] : "-", judge_told, &j);
	opt = report(&j, flows, least) ? 0 : 1;
	truth_free(&j.truths);
	return opt;
}
