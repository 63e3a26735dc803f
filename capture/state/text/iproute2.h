/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iproute2.h - what the text and the JSON of iproute2 share; for
 * capture/state/ip_*.c only.
 *
 * JSON of a rule or a route is turned into the words that ip(8) prints for it
 * and goes the same way as text.
 */
#ifndef CAPTURE_STATE_IPROUTE2_H
#define CAPTURE_STATE_IPROUTE2_H

#include "capture/state/reader.h"
#include "capture/state/text/words.h"

/* ip_rule.c: one rule, "PRIORITY: WORDS".  v6 is the family of the file; the
   rule's own addresses come first. */
void	ip_rule_text(struct reader *, unsigned long line, const char *text,
	    size_t len, bool v6);
/* ip_route.c: one route with all its nexthops; of `table` unless it says. */
#define ROUTE_TEXT_MAX	16384
void	ip_route_text(struct reader *, unsigned long line, const char *text,
	    size_t len, bool v6, uint32_t table);
/* One word of the state of a neighbour: "PERMANENT". */
void	ip_neigh_state(struct neigh *, const struct word *);
/* Does a device of this kind stand on another one, which it names? */
bool	link_kind_has_parent(const char *kind);

/* Table numbers: of a name that is only known here, one from 0xf0000000 on,
   the same for the same name. */
#define TABLE_BY_NAME	0xf0000000u
bool	ip_table_number(const struct word *, uint32_t *out);

/*
 * merge.c: the same fact may stand in several files of a bundle.  What is known
 * already is taken out again; where files contradict, that is reported.  before:
 * how many records there were before this file.
 */
void	merge_rules(struct reader *, uint32_t before);
void	merge_routes(struct reader *, uint32_t before);
void	merge_links(struct reader *);
void	merge_addrs(struct reader *);
void	merge_neighs(struct reader *);
void	merge_socks(struct reader *);

#endif
