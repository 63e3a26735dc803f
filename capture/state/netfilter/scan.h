/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scan.h - values in dumps: numbers, addresses, ports, protocols and marks out
 * of text that has no NUL.
 *
 * A span borrows bytes of the dump.  Every function takes the whole span or
 * fails and leaves *out alone.
 */
#ifndef CAPTURE_STATE_SCAN_H
#define CAPTURE_STATE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "decode/addr.h"
#include "decode/netfilter.h"
#include "decode/prefix.h"

struct state;

struct span {
	const char	*p;
	size_t		 len;
};

/* For "%.*s" of a message: no longer than what a line of a report bears. */
#define SPAN_SHOWN	60
#define SPAN_ARG(s)	((int)((s).len < SPAN_SHOWN ? (s).len : SPAN_SHOWN)), (s).p

static inline bool
span_is(struct span s, const char *text)
{
	size_t n = strlen(text);

	return s.len == n && memcmp(s.p, text, n) == 0;
}

static inline bool
span_begins(struct span s, const char *text)
{
	size_t n = strlen(text);

	return s.len >= n && memcmp(s.p, text, n) == 0;
}

static inline struct span
span_text(const char *text)
{
	return (struct span){ text, strlen(text) };
}

/* What stands before the first c, which *s then begins behind; the rest, with
   *s empty and NULL, when there is no c. */
struct span	span_cut(struct span *s, char c);
/* The next word; blanks are spaces and tabs.  Empty: no more. */
struct span	span_word(struct span *s);

bool	scan_number(struct span, uint64_t max, uint64_t *out);	/* decimal */
bool	scan_u32(struct span, uint32_t *out);	/* decimal, 0x hex, as strtoul(3) base 0 */
bool	scan_addr(struct span, struct addr *out);
/* ADDRESS[/LENGTH|/MASK]; false for a mask with holes too. */
bool	scan_prefix(struct span, struct prefix *out);
bool	scan_range(struct span, struct addr out[static 2]);	/* A-B, or A alone */
/* 80, 80:90 (with sep ':'), :90, 80: */
bool	scan_ports(struct span, char sep, struct nf_ports *out);
/* VALUE[/MASK]; the mask of a value without one is all ones. */
bool	scan_mark(struct span, uint32_t *value, uint32_t *mask);
/* A name of /etc/protocols as far as rule sets use them, or a number. */
bool	scan_proto(struct span, uint8_t *out);
/* ICMP's types by iptables' and nft's names, with codes where the name is of
   one; or TYPE[/CODE]. */
bool	scan_icmp(struct span, bool v6, uint8_t *type, uint8_t *code_lo,
	    uint8_t *code_hi);

#endif
