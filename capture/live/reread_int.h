/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reread_int.h - what was read the last time, and a new look at it; for
 * capture/live/reread*.c only.
 */
#ifndef CAPTURE_LIVE_REREAD_INT_H
#define CAPTURE_LIVE_REREAD_INT_H

#include "capture/live/reread.h"
#include "capture/state/live/collect_source.h"

enum seen_how { SEEN_NEVER, SEEN_MISSING, SEEN_FAILED, SEEN_GOOD };

/* What a source said the last time. */
struct seen {
	uint64_t	 hash;		/* of what matters of it (reread_hash.c) */
	uint8_t		 how;		/* enum seen_how */
	uint8_t		 failures;	/* in a row, since it was good */
	uint8_t		 tables;	/* of iptables-legacy: 1 << number */
};

struct look {
	struct seen	 seen[N_SOURCES];
	struct nstime	 began[N_SOURCE_GROUPS];	/* its last look */
	struct source_request request;
	bool		 again;		/* something failed that was good before */
};

/* A group that is other than it was. */
struct found {
	struct state	*come;
	uint32_t	 parts;		/* 1 << enum state_part */
	uint32_t	 sources;	/* that changed: 1 << enum source_id */
	struct nstime	 since;		/* when the look before began */
};

#define GROUPS_ALL	(1u << SOURCES_NAT | 1u << SOURCES_SYSCTLS | \
			1u << SOURCES_IPAM | 1u << SOURCES_CNI)

/* The first look, into a state that is not ready. */
void	look_first(struct look *, struct state *, state_report *, void *arg);
/* What changed of these groups (bits of enum source_group) since the look before;
   how many that are.  When it was stopped, 0, and nothing is taken for seen. */
unsigned look_again(struct look *, unsigned groups,
	    struct found out[static N_SOURCE_GROUPS]);

/* Of the bytes without what changes by itself: comments with dates, counters,
   timeouts. */
uint64_t reread_hash(enum source_id, const char *p, size_t n);

#endif
