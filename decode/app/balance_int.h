/* SPDX-License-Identifier: GPL-2.0-or-later */
/* balance_int.h - between the parts of balance; for decode/app/ only. */
#ifndef DECODE_APP_BALANCE_INT_H
#define DECODE_APP_BALANCE_INT_H

#include "decode/app/balance.h"

/* A connection began. */
struct moment {
	int64_t		 ns;
	uint32_t	 target, source;
	bool		 check, spread;
	uint8_t		 self;		/* version of a PROXY header that names the source
					   itself; 0 */
};

/* Stands for all targets: a source that named others than itself. */
#define BALANCE_ANY	UINT32_MAX

/* The source's record; made when it is new, or NULL. */
struct balance_source *balance_source(struct balance *, uint32_t target,
	    const struct addr *, bool named, bool make);

struct balance {
	struct balance_target *targets;
	struct balance_source *sources;
	uint32_t	*slots;		/* 1 + index of a source; 0: empty */
	struct moment	*moments;
	uint32_t	 n_targets, n_sources, n_moments;
	uint32_t	 room_targets, room_sources, room_moments;
	uint32_t	 last;		/* target that was found last */
	bool		 more;
};

#endif
