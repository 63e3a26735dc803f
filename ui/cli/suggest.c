/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * suggest.c - what was probably meant by a mistyped word.
 *
 * Optimal string alignment distance: one for a letter too many, too few, wrong,
 * or for two neighbours swapped.
 */
#include "ui/cli/suggest.h"

#include <stddef.h>
#include <string.h>

#define WORD_MAX	32	/* longer words are no typo of ours */

static unsigned
min3(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;

	return m < c ? m : c;
}

static unsigned
distance(const char *a, const char *b)
{
	unsigned d[WORD_MAX + 1][WORD_MAX + 1];
	unsigned na = (unsigned)strlen(a), nb = (unsigned)strlen(b), i, j;

	if (na > WORD_MAX || nb > WORD_MAX)
		return WORD_MAX;
	for (i = 0; i <= na; i++)
		d[i][0] = i;
	for (j = 0; j <= nb; j++)
		d[0][j] = j;
	for (i = 1; i <= na; i++) {
		for (j = 1; j <= nb; j++) {
			unsigned wrong = a[i - 1] != b[j - 1];

			d[i][j] = min3(d[i - 1][j] + 1, d[i][j - 1] + 1,
			    d[i - 1][j - 1] + wrong);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] && d[i - 2][j - 2] + 1 < d[i][j])
				d[i][j] = d[i - 2][j - 2] + 1;
		}
	}
	return d[na][nb];
}

void
suggest_try(struct suggest *s, const char *candidate)
{
	unsigned n = distance(s->word, candidate);

	if (s->best == NULL || n < s->distance) {
		s->best = candidate;
		s->distance = n;
	}
}

const char *
suggest_best(const struct suggest *s)
{
	/* One mistake in a short word, two in a longer one. */
	size_t allowed = strlen(s->word) / 3;

	if (allowed > 2)
		allowed = 2;
	return s->best != NULL && s->distance <= allowed ? s->best : NULL;
}
