/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shares.h - between the parts of podpath verify shares. */
#ifndef UI_VERIFY_SHARES_H
#define UI_VERIFY_SHARES_H

#include "decode/app/shares.h"
#include "ui/out/out_shares.h"
#include "ui/verify/verify_int.h"

/* Services with old entries in conntrack's table that are told apart; the rest
   is counted. */
#define SHARES_STALE_MAX	32

struct stale_service {
	char		*name;		/* "default/web" */
	uint64_t	 entries;
	struct addr	 dst;		/* of the first: where it leads */
	uint16_t	 dport;
	uint8_t		 proto;
};

struct shares_check {
	struct verify	*verify;
	struct shares	*shares;
	const char	*name;		/* of --service, behind the slash; NULL: all */
	size_t		 ns_len;	/* in front of it */
	struct stale_service stale[SHARES_STALE_MAX];
	unsigned	 n_stale;
	uint64_t	 stale_entries;
	/* Connections that were seen on their way to the endpoint alone: where the
	   client's side is not seen, others may be missing, by endpoint. */
	uint64_t	 after_only;
};

/* Is this Service's port one that is asked for? */
bool	shares_wanted(const struct shares_check *, const char *ns, const char *name);

/* shares_judge.c: what is said of a port, as items. */
void	shares_judge(struct shares_check *, const struct share_port *);
/* shares_show.c */
void	shares_text(const void *, struct text *);
void	shares_json(const void *, struct json *);

#endif
