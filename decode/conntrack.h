/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conntrack.h - conntrack's table as it was at each time, from a dump and the
 * events after it.
 *
 * Entries keep their id and life span, since a tuple is used again.  Those that
 * are gone stay for as long as there is room, the longest gone go first, then the
 * entry that was there first.  Of one tuple the last 256 lives are kept.
 *
 * The kernel sends no event for entries that are older than its first listener
 * (nf_conntrack_events=2, autodetect), so that the end of one that only a dump told
 * of may never be told.  It counts as gone CT_EXPIRED_GRACE_S after its timeout,
 * unless it is told of again; entries that had an event end with an event.
 */
#ifndef DECODE_CONNTRACK_H
#define DECODE_CONNTRACK_H

#include "decode/nstime.h"
#include "decode/obs.h"
#include "decode/state.h"

struct ct_table;

/* An entry with its life. */
struct ct_life {
	struct ct_entry	 entry;
	struct nstime	 began;		/* it was not there before; 0: not known */
	struct nstime	 ended;		/* 0: it is still there */
	bool		 lost_end;	/* it ended at some time up to `ended` */
	bool		 lost_begin;	/* it began at some time up to `began` */
	uint8_t		 own_flags;	/* the table's own, as is own_dump */
	uint32_t	 own_dump;
};

#define CT_LOOKUP_GRACE_NS	(2 * NS_PER_SEC)
#define CT_EXPIRED_GRACE_S	60

#define CT_TABLE_DEFAULT	2000000u	/* entries, gone ones too */

/* At most `max` entries are kept (0: the default).  NULL only without memory. */
struct ct_table	*ct_table_new(uint32_t max);
void		 ct_table_free(struct ct_table *);	/* NULL is fine */
/* ts: of the observation. */
void		 ct_table_observe(struct ct_table *, const struct obs_ct *, struct nstime ts);
/* Events were lost between the two times: entries may be missing that lived then,
   and after it until the next complete dump.  since 0: since ever. */
void		 ct_table_lost(struct ct_table *, struct nstime since, struct nstime until);

/*
 * The entry whose original tuple is this and that lived at some time between
 * first and last (with 2 s of grace on both sides, since events come later than
 * packets); or whose reply tuple is.  Of several the one whose life has most in
 * common with that time, and of these the latest.  NULL when there is none.
 * Pointers live until the next ct_table_observe().
 */
const struct ct_life *ct_table_orig(const struct ct_table *, const struct tuple *,
		    struct nstime first, struct nstime last);
const struct ct_life *ct_table_reply(const struct ct_table *, const struct tuple *,
		    struct nstime first, struct nstime last);
/* Was everything that lived between the two times seen: is an entry that is not
   found not there? */
bool		 ct_table_complete(const struct ct_table *, struct nstime first,
		    struct nstime last);
/* A complete dump was seen at some time. */
bool		 ct_table_known(const struct ct_table *);
uint32_t	 ct_table_alive(const struct ct_table *);
uint32_t	 ct_table_size(const struct ct_table *);	/* gone ones too */
uint64_t	 ct_table_evicted(const struct ct_table *);	/* for want of room */
/* Those that are there (gone ones not), in order of their coming; the callback
   returns false to stop. */
void		 ct_table_each(const struct ct_table *,
		    bool (*cb)(void *arg, const struct ct_life *), void *arg);

/* nf_conntrack's words for the state of a connection, by its own number; NULL
   for protocols that have none.  The texts are constants. */
const char	*ct_state_name(uint8_t proto, uint8_t state);
/* And back; 0xff when there is no such word. */
uint8_t		 ct_state_number(uint8_t proto, const char *name);

#endif
