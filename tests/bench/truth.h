/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * truth.h - what generate wrote about its capture, for compare.c and verdicts.c.
 */
#ifndef BENCH_TRUTH_H
#define BENCH_TRUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEC		INT64_C(1000000000)
#define CLASS_MAX	32u
#define CLASS_LEN	24u
#define CAUSE_LEN	24u
#define TUP_TEXT	64u

struct tup {
	uint32_t	src, dst;
	uint16_t	sport, dport;	/* ICMP: the id is sport, both ways */
	uint8_t		proto;
};

/* The answer's tuple. */
struct tup	tup_reverse(struct tup);
bool		tup_eq(struct tup, struct tup);
const char	*tup_text(struct tup, char out[static TUP_TEXT]);
const char	*tup_proto(struct tup);
/* 0 when it is not one. */
uint32_t	parse_ip(const char *);
uint8_t		parse_proto(const char *);

struct truth {
	struct tup	orig, trans;
	int64_t		first;
	uint32_t	next[2];	/* in the chains by orig, by trans reversed */
	uint8_t		class;
	bool		joinable;
	bool		joined;		/* for who judges */
	char		verdict[CAUSE_LEN];	/* "ok", "-", or the cause of a drop */
};

struct truths {
	struct truth	*t;
	uint32_t	 n, size;
	uint32_t	*chain[2];	/* index + 1 of the first; 0: none */
	uint32_t	 n_chains;	/* a power of two */
	char		 class[CLASS_MAX][CLASS_LEN];
	unsigned	 n_classes;
};

/* Ends the program when the file is not what generate writes. */
void		truth_read(struct truths *, const char *name);
void		truth_free(struct truths *);
/* The number of a class, new when there is none of that name. */
uint8_t		truth_class(struct truths *, const char *name);
/*
 * The flow behind one that begins with `t` at `first`: the last that had begun
 * by then, else the earliest.  way 0: t is its original tuple; 1: the answer's,
 * as it is seen where translated.
 */
struct truth	*truth_find(const struct truths *, struct tup t, int64_t first,
		    unsigned way);

#endif
