/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ng_own.h - what reading a recording keeps: the document that is coming in
 * parts, states that were told, and what the last observation borrows.  Internal
 * to capture/.
 *
 * Nothing that a file claims makes it grow without bound: documents unpack to at
 * most OWN_UNPACKED bytes and OWN_RATIO times what was read of the file.
 */
#ifndef CAPTURE_NG_OWN_H
#define CAPTURE_NG_OWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decode/state.h"
#include "decode/timeline.h"

#define OWN_UNPACKED	(UINT64_C(64) << 20)
#define OWN_RATIO	64
#define OWN_DOCUMENT_MAX ((size_t)512 << 20)	/* as of a file of node state */
#define OWN_STATES_MAX	4096
#define OWN_WORDS_MAX	64	/* states of conntrack; the kernel has some 40 */

struct z_stream_s;

/* A document that comes in parts. */
struct own_document {
	bool		 open;
	uint16_t	 kind;
	uint32_t	 part;		/* that comes next */
	struct z_stream_s *z;		/* NULL: not deflated, or not begun */
	bool		 z_ended;
	char		*bytes;
	size_t		 n, room;
};

struct ng_own {
	bool		 ours;		/* this section is a recording's */
	bool		 told;		/* that something is damaged */
	uint64_t	 run;
	struct own_document doc;
	uint64_t	 unpacked;	/* by all documents */
	struct state	**states;
	uint32_t	 n_states, room_states;
	struct state_change change;
	struct ct_entry	 ct;
	char		*words[OWN_WORDS_MAX];
	unsigned	 n_words;
};

void	ng_own_fini(struct ng_own *);

#endif
