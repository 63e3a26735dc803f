/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nstime.h - a moment, in nanoseconds since the Unix epoch (UTC).
 *
 * Wrapped in a struct so that the compiler refuses to mix it with durations,
 * which are plain int64_t named *_ns.  Covers the years 1678 to 2262; readers
 * clamp what a file claims beyond that.
 */
#ifndef DECODE_NSTIME_H
#define DECODE_NSTIME_H

#include <stdint.h>

#define NS_PER_SEC	INT64_C(1000000000)
#define NS_PER_MSEC	INT64_C(1000000)
#define NS_PER_USEC	INT64_C(1000)

struct nstime {
	int64_t	ns;
};

/* a - b in nanoseconds; wraps rather than traps on absurd input. */
static inline int64_t
nstime_diff_ns(struct nstime a, struct nstime b)
{
	return (int64_t)((uint64_t)a.ns - (uint64_t)b.ns);
}

static inline struct nstime
nstime_add_ns(struct nstime a, int64_t ns)
{
	return (struct nstime){ (int64_t)((uint64_t)a.ns + (uint64_t)ns) };
}

#endif
