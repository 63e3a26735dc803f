/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * classes.h - addresses and ports that nothing in a node's state tells apart.
 *
 * Every address and range that the state names is a boundary, and so are the
 * ranges that standards set apart.  Between two boundaries all addresses are
 * alike to every rule, route, set and owner, so that a judgement on one of them
 * holds for all.  For decode/ only.
 */
#ifndef DECODE_CLASSES_H
#define DECODE_CLASSES_H

#include "decode/state.h"

struct classes;

/* NULL when there is no memory. */
struct classes	*classes_new(const struct state *);
void		 classes_free(struct classes *);	/* NULL is fine */
/* Remembers what it found: not const. */
uint32_t	 classes_addr(struct classes *, const struct addr *);
uint16_t	 classes_sport(const struct classes *, uint16_t port);
/* To most addresses ports mean nothing: only a Service's and the node's own have
   rules for some. */
uint16_t	 classes_dport(const struct classes *, uint32_t dst_class, uint16_t port);

#endif
