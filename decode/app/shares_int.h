/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shares_int.h - between shares.c, which counts, and shares_end.c, which judges. */
#ifndef DECODE_APP_SHARES_INT_H
#define DECODE_APP_SHARES_INT_H

#include "decode/app/shares.h"

#define N_SLOTS		16384u		/* of ports; a power of two, over SHARES_PORTS */
#define TEXT_SLOTS	4096u

struct text {
	struct text	*next;
	char		 text[];
};

struct port {
	struct share_port p;
	struct share_endpoint *v;
	uint32_t	 room;
	uint32_t	*slots;		/* endpoint + 1, by address and port */
	uint32_t	 n_slots;	/* a power of two */
	bool		 changed;	/* its endpoints did */
	bool		 known;		/* they are */
	bool		 affinity;
	/* by which it is found again */
	struct addr	 addr;
	bool		 has_addr;
	uint16_t	 node_port;
};

struct shares {
	struct port	**v;		/* in order of coming, sorted at the end */
	uint32_t	 n;
	uint32_t	 n_endpoints;
	uint64_t	 left_out;
	uint32_t	 slots[N_SLOTS];	/* port + 1 */
	struct text	*texts[TEXT_SLOTS];
};

bool	shares_rehash(struct port *, uint32_t n_slots);
/* The endpoints as the state has them; those that it has no more stay, with what
   they got. */
void	shares_refresh(struct shares *, struct port *, const struct state *,
	    const struct svc_port *, bool first);
/* By its kept name; NULL when there are too many. */
struct share_zone *shares_zone(struct share_port *, const char *name);
/* Ports are found by their names again, after they were sorted. */
void	shares_index(struct shares *);
bool	shares_same_text(const char *, const char *);	/* NULL is "" */

#endif
