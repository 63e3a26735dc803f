/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nf_build.h - records of netfilter.h, as iptables_*.c, ipset.c and nft_*.c
 * make them.
 *
 * Matches of one rule lie together: note state.nf_matches.n before the first,
 * hand it to nf_rule_add() after the last.  Without memory everything here
 * gives NULL, false or STATE_NONE, and the state knows.
 */
#ifndef CAPTURE_STATE_NF_BUILD_H
#define CAPTURE_STATE_NF_BUILD_H

#include "capture/state/reader.h"
#include "capture/state/netfilter/scan.h"

struct nf_match	*nf_match_add(struct state *, enum nf_match_kind, bool invert);
void		 nf_match_unknown(struct state *, struct span words);
void		 nf_match_proto(struct state *, uint8_t proto, bool invert);
void		 nf_match_ports(struct state *, enum nf_match_kind, bool invert,
		    const struct nf_ports *, unsigned n);
/* One address, or a range when it has two ends. */
void		 nf_match_range(struct state *, bool daddr, bool invert,
		    const struct addr range[static 2]);
struct nf_rule	*nf_rule_add(struct state *, uint32_t chain, uint32_t first_match,
		    const struct nf_target *);
bool		 nf_target_nat(struct state *, struct nf_target *,
		    enum nf_target_kind, const struct nf_nat *);
uint32_t	 nf_set_add(struct state *, const char *name, uint32_t table,
		    uint32_t keys);
/* A state_text() of a span. */
const char	*nf_text(struct state *, struct span);

/* ipset.c: the set `name` as a rule compares it: `dirs` is "src", "dst,dst,src"
   and such.  STATE_NONE when dirs is anything else. */
uint32_t	 ipset_view(struct state *, struct span name, struct span dirs);

#endif
