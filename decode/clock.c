/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * clock.c - clock differences by consensus.
 *
 * Fingerprints are sorted together; where one is in several files, each file
 * votes with the next one that has it.  The votes of two files are sorted by
 * difference and the fullest window wins.  The believed differences are edges
 * of a graph, of which a spanning forest gives every file its shift.
 */
#include "decode/clock.h"

#include <stdlib.h>
#include <string.h>

#define SCORE_STRONG	3
#define SCORE_NEEDED	3

/* Windows nearer than this to the fullest are no rivals: clocks that drift
   apart spread the votes over neighbours. */
#define RIVAL_NS	(250 * NS_PER_MSEC)

/* The lowest bit of a fingerprint makes room for its strength. */
#define STRONG_BIT	UINT64_C(1)

struct mark {
	uint64_t	fp;
	int64_t		ns;
};

struct file {
	struct mark	*marks;
	size_t		 n, cap;
};

struct clocks {
	unsigned	 n_files;
	unsigned	 level;		/* fingerprints with so many zero bits on top
					   of their hash are kept */
	size_t		 n;		/* marks of all files */
	struct file	*files;
};

/* A mark and its file, for sorting all of them together. */
struct sight {
	uint64_t	fp;
	int64_t		ns;
	unsigned	file;
};

/* b's time minus a's for one packet; a < b. */
struct vote {
	unsigned	a, b;
	int64_t		diff_ns;
	bool		strong;
};

struct edge {
	unsigned	a, b;
	int64_t		diff_ns;
	unsigned	votes;
};

/* What all votes of one pair of files say. */
struct window {
	size_t		from, to;	/* votes [from, to) */
	unsigned	score;
};

struct clocks *
clock_new(unsigned n_files)
{
	struct clocks *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->files = calloc(n_files ? n_files : 1, sizeof(*c->files));
	if (!c->files) {
		free(c);
		return NULL;
	}
	c->n_files = n_files;
	return c;
}

void
clock_free(struct clocks *c)
{
	if (!c)
		return;
	for (unsigned i = 0; i < c->n_files; i++)
		free(c->files[i].marks);
	free(c->files);
	free(c);
}

/* The choice must not depend on how fingerprints are made. */
static bool
is_kept(const struct clocks *c, uint64_t fp)
{
	uint64_t h = fp * UINT64_C(0x9e3779b97f4a7c15);

	h ^= h >> 32;
	h *= UINT64_C(0xd6e8feb86659fd93);
	return c->level == 0 || h >> (64 - c->level) == 0;
}

/* Halve what is kept, in all files alike. */
static void
thin_out(struct clocks *c)
{
	c->level++;
	c->n = 0;
	for (unsigned i = 0; i < c->n_files; i++) {
		struct file *f = &c->files[i];
		size_t kept = 0;

		for (size_t k = 0; k < f->n; k++)
			if (is_kept(c, f->marks[k].fp))
				f->marks[kept++] = f->marks[k];
		f->n = kept;
		c->n += kept;
	}
}

static bool
file_grow(struct file *f)
{
	size_t cap = f->cap ? 2 * f->cap : 256;
	struct mark *marks = realloc(f->marks, cap * sizeof(*marks));

	if (!marks)
		return false;
	f->marks = marks;
	f->cap = cap;
	return true;
}

void
clock_add(struct clocks *c, unsigned file, uint64_t fingerprint,
    struct nstime ts, bool strong)
{
	struct file *f = &c->files[file];
	uint64_t fp = (fingerprint & ~STRONG_BIT) | (strong ? STRONG_BIT : 0);

	/* One fingerprint again and again would never thin out. */
	while (is_kept(c, fp) && c->level < 63 &&
	    (f->n == CLOCK_KEEP_FILE || c->n == CLOCK_KEEP_ALL ||
	    (f->n == f->cap && !file_grow(f))))
		thin_out(c);
	if (!is_kept(c, fp) || f->n == f->cap)
		return;
	f->marks[f->n++] = (struct mark){ fp, ts.ns };
	c->n++;
}

static int
sight_cmp(const void *x, const void *y)
{
	const struct sight *a = x, *b = y;

	if (a->fp != b->fp)
		return a->fp < b->fp ? -1 : 1;
	if (a->file != b->file)
		return a->file < b->file ? -1 : 1;
	return (a->ns > b->ns) - (a->ns < b->ns);
}

static int
vote_cmp(const void *x, const void *y)
{
	const struct vote *a = x, *b = y;

	if (a->a != b->a)
		return a->a < b->a ? -1 : 1;
	if (a->b != b->b)
		return a->b < b->b ? -1 : 1;
	return (a->diff_ns > b->diff_ns) - (a->diff_ns < b->diff_ns);
}

/* Files that have one clock are tied together first, so that no detour over a
   third file makes microseconds out of nothing; then the surest. */
static int
edge_cmp(const void *x, const void *y)
{
	const struct edge *a = x, *b = y;

	if ((a->diff_ns == 0) != (b->diff_ns == 0))
		return a->diff_ns == 0 ? -1 : 1;
	if (a->votes != b->votes)
		return a->votes > b->votes ? -1 : 1;
	if (a->a != b->a)
		return a->a < b->a ? -1 : 1;
	return (a->b > b->b) - (a->b < b->b);
}

static int64_t
diff(int64_t a, int64_t b)
{
	return nstime_diff_ns((struct nstime){ a }, (struct nstime){ b });
}

/* All marks, sorted, one for each fingerprint and file that is of use. */
static size_t
sights_collect(const struct clocks *c, struct sight *s)
{
	size_t n = 0, kept = 0, end;

	for (unsigned i = 0; i < c->n_files; i++)
		for (size_t k = 0; k < c->files[i].n; k++)
			s[n++] = (struct sight){ c->files[i].marks[k].fp,
			    c->files[i].marks[k].ns, i };
	qsort(s, n, sizeof(*s), sight_cmp);
	for (size_t i = 0; i < n; i = end) {
		for (end = i + 1; end < n && s[end].fp == s[i].fp &&
		    s[end].file == s[i].file; end++)
			;
		if (diff(s[end - 1].ns, s[i].ns) <= CLOCK_SAME_NS)
			s[kept++] = s[i];
	}
	return kept;
}

static size_t
votes_collect(const struct sight *s, size_t n, struct vote *v)
{
	size_t n_votes = 0;

	for (size_t i = 1; i < n; i++)
		if (s[i].fp == s[i - 1].fp)
			v[n_votes++] = (struct vote){
				.a = s[i - 1].file, .b = s[i].file,
				.diff_ns = diff(s[i].ns, s[i - 1].ns),
				.strong = s[i].fp & STRONG_BIT,
			};
	qsort(v, n_votes, sizeof(*v), vote_cmp);
	return n_votes;
}

static unsigned
vote_score(const struct vote *v)
{
	return v->strong ? SCORE_STRONG : 1;
}

/* Sorted differences can be further apart than int64_t tells. */
static uint64_t
gap(const struct vote *from, const struct vote *to)
{
	return (uint64_t)to->diff_ns - (uint64_t)from->diff_ns;
}

/* The fullest window of n sorted votes; those that come near [not->from,
   not->to) do not take part. */
static struct window
window_best(const struct vote *v, size_t n, const struct window *not)
{
	struct window best = { 0, 0, 0 };
	unsigned score = 0;

	for (size_t from = 0, to = 0; to < n; to++) {
		score += vote_score(&v[to]);
		for (; gap(&v[from], &v[to]) > CLOCK_WINDOW_NS; from++)
			score -= vote_score(&v[from]);
		if (not && !(to < not->from &&
		    gap(&v[to], &v[not->from]) > RIVAL_NS) &&
		    !(from >= not->to &&
		    gap(&v[not->to - 1], &v[from]) > RIVAL_NS))
			continue;
		if (score > best.score)
			best = (struct window){ from, to + 1, score };
	}
	return best;
}

/* What two files agree on; false when that is not enough. */
static bool
edge_find(const struct vote *v, size_t n, struct edge *e)
{
	struct window best = window_best(v, n, NULL);
	struct window rival = window_best(v, n, &best);
	int64_t d = v[best.from + (best.to - best.from) / 2].diff_ns;

	if (best.score < SCORE_NEEDED || best.score < 2 * rival.score)
		return false;
	if (d < CLOCK_TRANSIT_NS && d > -CLOCK_TRANSIT_NS)
		d = 0;
	*e = (struct edge){
		.a = v->a, .b = v->b, .diff_ns = d,
		.votes = (unsigned)(best.to - best.from),
	};
	return true;
}

/* Edges of all pairs of files that have votes, in place of the votes read. */
static size_t
edges_find(const struct vote *v, size_t n, struct edge *edges)
{
	size_t n_edges = 0, end;

	for (size_t i = 0; i < n; i = end) {
		for (end = i + 1; end < n && v[end].a == v[i].a &&
		    v[end].b == v[i].b; end++)
			;
		if (edge_find(v + i, end - i, &edges[n_edges]))
			n_edges++;
	}
	qsort(edges, n_edges, sizeof(*edges), edge_cmp);
	return n_edges;
}

/*
 * Tie the files of b's tree to a's.  Every tree hangs on its first file, and
 * shifts are relative to that.  Linear in files, once for each edge used.
 */
static void
edge_use(struct clock_shift *out, unsigned n_files, const struct edge *e)
{
	unsigned a = out[e->a].reference, b = out[e->b].reference;
	unsigned into = a < b ? a : b, from = a < b ? b : a;
	/* time(b) - diff is a's time: what b's tree must be moved by. */
	int64_t move = diff(diff(out[e->a].shift_ns, out[e->b].shift_ns),
	    e->diff_ns);
	unsigned ca = out[e->a].clock, cb = out[e->b].clock;

	if (into == b)
		move = diff(0, move);
	for (unsigned i = 0; i < n_files; i++) {
		if (out[i].reference == from) {
			out[i].reference = into;
			out[i].shift_ns = diff(out[i].shift_ns, diff(0, move));
		}
		if (e->diff_ns == 0 && (out[i].clock == ca ||
		    out[i].clock == cb))
			out[i].clock = ca < cb ? ca : cb;
	}
}

static void
forest_grow(struct clock_shift *out, unsigned n_files, const struct edge *edges,
    size_t n_edges)
{
	for (size_t i = 0; i < n_edges; i++) {
		const struct edge *e = &edges[i];

		for (int side = 0; side < 2; side++) {
			struct clock_shift *o = &out[side ? e->b : e->a];

			o->aligned = true;
			if (e->votes > o->pairs)
				o->pairs = e->votes;
		}
		if (out[e->a].reference != out[e->b].reference)
			edge_use(out, n_files, e);
	}
}

bool
clock_solve(struct clocks *c, struct clock_shift *out)
{
	struct sight *sights = NULL;
	struct vote *votes = NULL;
	struct edge *edges = NULL;
	bool ok = false;
	size_t n;

	for (unsigned i = 0; i < c->n_files; i++)
		out[i] = (struct clock_shift){ .reference = i, .clock = i };
	/* One too many of each: none of the sizes is then 0. */
	sights = calloc(c->n + 1, sizeof(*sights));
	votes = calloc(c->n + 1, sizeof(*votes));
	if (!sights || !votes)
		goto out;
	n = sights_collect(c, sights);
	n = votes_collect(sights, n, votes);
	edges = calloc(n + 1, sizeof(*edges));
	if (!edges)
		goto out;
	n = edges_find(votes, n, edges);
	forest_grow(out, c->n_files, edges, n);
	ok = true;
out:
	free(sights);
	free(votes);
	free(edges);
	return ok;
}
