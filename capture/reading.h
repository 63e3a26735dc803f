/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reading.h - what every file format keeps while it reads: the reports so far
 * and the time of the last packet.  Internal to capture/.
 */
#ifndef CAPTURE_READING_H
#define CAPTURE_READING_H

#include <stdarg.h>

#include "capture/source.h"

/* One of each kind at most: link type, time, what a recording adds, and what
   ended the reading. */
#define READING_MAX_REPORTS	4

/* libpcap's MAXIMUM_SNAPLEN: more captured bytes than that is damage. */
#define READING_CAPLEN_MAX	262144

struct reading {
	const char		*file;		/* for messages; borrowed */
	bool			 unpacked;	/* positions count unpacked bytes */
	const char		*name;		/* the user's; NULL when none; borrowed */
	const char		*stem;		/* of the file's name; likewise */
	uint32_t		*number;	/* next free interface number; shared */
	uint64_t		 packets;
	struct nstime		 last;		/* of the last packet; 0 before any */
	int64_t			 floor_ns;	/* earlier than this is a step back */
	bool			 told_time, told_linktype;
	unsigned		 n_reports;
	struct source_report	 reports[READING_MAX_REPORTS];
};

void	reading_init(struct reading *, const char *file, uint32_t *number);

/* `FILE: at byte N (packet M): TEXT`; without the packet when it is 0. */
void	reading_report(struct reading *, enum source_fault, uint64_t offset,
	    uint64_t packet, const char *fmt, ...)
	    __attribute__((format(printf, 5, 6)));
void	reading_vreport(struct reading *, enum source_fault, uint64_t offset,
	    uint64_t packet, const char *fmt, va_list)
	    __attribute__((format(printf, 5, 0)));

/* A link type that the decoder does not know is reported, once per file. */
void	reading_check_linktype(struct reading *, uint32_t linktype,
	    uint64_t offset, uint64_t packet);

/* Say in *out what went wrong with `file`, without a position. */
void	report_set(struct source_report *out, const char *file,
	    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

void	reading_time_backwards(struct reading *, struct nstime, uint64_t offset);

/* Count a packet and look at its time. */
static inline void
reading_packet(struct reading *r, struct nstime ts, uint64_t offset)
{
	r->packets++;
	if (__builtin_expect(ts.ns < r->floor_ns, 0))
		reading_time_backwards(r, ts, offset);
	/* Steps of up to a second are normal with several receive queues. */
	r->floor_ns = ts.ns >= INT64_MIN + NS_PER_SEC ?
	    ts.ns - NS_PER_SEC : INT64_MIN;
	r->last = ts;
}

#endif
