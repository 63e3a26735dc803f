/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * format.h - numbers, addresses and times as text, without printf.
 *
 * Ninety thousand flows have a few million values; these routines take some
 * nanoseconds each.  None writes a NUL; each returns the length written.
 */
#ifndef UI_FORMAT_H
#define UI_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#include "decode/addr.h"
#include "decode/nstime.h"

#define FORMAT_U64_MAX	20
#define FORMAT_TIME_MAX	30	/* 2026-11-20T17:33:23.433730000Z */
#define FORMAT_CLOCK_MAX 12	/* 17:33:23.433 */
#define FORMAT_DATE_MAX	10
#define FORMAT_SPAN_MAX	24	/* 28.4ms */

size_t	format_u64(char out[static FORMAT_U64_MAX], uint64_t);
size_t	format_addr(char out[static ADDR_TEXT_MAX], const struct addr *);
/* RFC 3339 with nine digits of the second, UTC. */
size_t	format_time(char out[static FORMAT_TIME_MAX], struct nstime);
size_t	format_date(char out[static FORMAT_DATE_MAX], struct nstime);
/* Time of day with milliseconds, UTC. */
size_t	format_clock(char out[static FORMAT_CLOCK_MAX], struct nstime);
/* A duration in three digits and its unit: 840ns 22us 28.4ms 1.5s; negative
   ones with a minus.  `micro` is the text for "us". */
size_t	format_span(char out[static FORMAT_SPAN_MAX], int64_t ns, const char *micro);
/* Days since 1970-01-01, of the day the moment falls on. */
int64_t	format_day(struct nstime);

#endif
