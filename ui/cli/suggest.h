/* SPDX-License-Identifier: GPL-2.0-or-later */
/* suggest.h - what was probably meant by a mistyped word. */
#ifndef UI_SUGGEST_H
#define UI_SUGGEST_H

struct suggest {
	const char	*word;		/* as typed */
	const char	*best;		/* nearest so far, or NULL */
	unsigned	 distance;	/* of best */
};

/* Offer a candidate; borrowed. */
void		 suggest_try(struct suggest *, const char *candidate);
/* The nearest candidate, or NULL when none is near enough to be meant. */
const char	*suggest_best(const struct suggest *);

#endif
