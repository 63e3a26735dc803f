/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * own_pull.h - read a JSON document from front to back.
 *
 * jansson's tree of 250,000 conntrack entries takes more than a gigabyte; this
 * takes none, since the caller takes each value as it comes:
 *
 *	for (pull_open(s, '{'); pull_more(s, '}');)
 *		if (pull_key(s, &key) && ...)
 *			pull_uint(s, UINT32_MAX, &n);
 *
 * A value of another type than asked for is reported with its line, skipped,
 * and the reader goes on; bytes that are no JSON at all end everything (`failed`).
 * For capture/state/ only.
 */
#ifndef CAPTURE_STATE_OWN_PULL_H
#define CAPTURE_STATE_OWN_PULL_H

#include "capture/state/reader.h"

#define PULL_DEPTH_MAX	32

struct pull {
	struct reader	*reader;
	const char	*p, *end;
	unsigned long	 line;
	bool		 comma;		/* a value was read: the next needs one before it */
	bool		 failed;
	unsigned	 depth;
	const char	*name;		/* the last key, for reports */
	char		 name_room[64];
	char		*room;		/* texts with escapes */
	size_t		 room_size;
};

struct pull_text {
	const char	*p;		/* not NUL-terminated; until the next text is read */
	size_t		 len;
};

void	pull_init(struct pull *, struct reader *);
void	pull_fini(struct pull *);
/* Report at the line where we are. */
__attribute__((format(printf, 2, 3)))
void	pull_bad(struct pull *, const char *text, ...);

/* bracket: '{' or '['.  False when the value is another (reported, skipped). */
bool	pull_open(struct pull *, char bracket);
/* Is there another member or element?  Takes the closing bracket when not. */
bool	pull_more(struct pull *, char closing);
bool	pull_key(struct pull *, struct pull_text *);
/* The first byte of the value that comes; 0 at the end. */
char	pull_peek(struct pull *);
bool	pull_string(struct pull *, struct pull_text *);
bool	pull_uint(struct pull *, uint64_t max, uint64_t *);
bool	pull_int(struct pull *, int64_t min, int64_t max, int64_t *);
bool	pull_real(struct pull *, double *);
bool	pull_bool(struct pull *, bool *);
void	pull_skip(struct pull *);
bool	pull_is(const struct pull_text *, const char *word);
/* Nothing but space is left; reported when not. */
bool	pull_end(struct pull *);

#endif
