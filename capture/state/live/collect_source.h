/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * collect_source.h - what a node is asked for its state: programs, documents of
 * ipamd, files; in the order in which state_collect() asks.
 */
#ifndef CAPTURE_STATE_COLLECT_SOURCE_H
#define CAPTURE_STATE_COLLECT_SOURCE_H

#include "capture/state.h"
#include "capture/state/live/collect.h"

/* What is replaced together when it changes (decode/timeline.h). */
enum source_group {
	SOURCES_ROUTE,		/* links, addresses, neighbours, rules, routes */
	SOURCES_CONNTRACK,
	SOURCES_NAT,
	SOURCES_SYSCTLS,
	SOURCES_IPAM,		/* ENIs and pods */
	SOURCES_CNI,		/* its settings */
	SOURCES_SOCKETS,
	N_SOURCE_GROUPS
};

enum source_id {
	SOURCE_LINKS, SOURCE_ADDRS, SOURCE_NEIGHS, SOURCE_RULES, SOURCE_RULES6,
	SOURCE_ROUTES, SOURCE_ROUTES6,
	SOURCE_IPTABLES, SOURCE_IP6TABLES, SOURCE_NFT, SOURCE_IPSETS,
	SOURCE_CONNTRACK_STATS, SOURCE_CONNTRACK, SOURCE_CONNTRACK6,
	SOURCE_CONNTRACK_FILE, SOURCE_SYSCTLS,
	SOURCE_ENIS, SOURCE_CNI_SETTINGS, SOURCE_IPAMD_SETTINGS, SOURCE_METRICS,
	SOURCE_IPAM, SOURCE_CONFLIST, SOURCE_SOCKETS,
	N_SOURCES
};

struct source_request {
	const char	*host_root;	/* of files; NULL: / */
	int		 stop_fd;	/* see collect.h; -1 */
};

#define SOURCE_NAME_MAX	128

enum source_group source_group(enum source_id);
/* For reports: "iptables-save", "127.0.0.1:61679/v1/enis". */
void	source_name(enum source_id, char out[static SOURCE_NAME_MAX]);
/* Its words; false with `why`. */
bool	source_fetch(enum source_id, const struct source_request *,
	    struct collected *);
/* iptables-save for one table, which it need not look for (/proc/net is not for
   everybody to read). */
bool	source_fetch_table(enum source_id, const char *table,
	    const struct source_request *, struct collected *);
/* Read what was fetched; its part is known then. */
void	source_give(enum source_id, const struct collected *, struct state *,
	    state_report *, void *arg);
/* That it could not be fetched, where that should be said; with ipamd, that is
   once for all of its documents. */
void	source_complain(enum source_id, const struct collected *, struct state *,
	    state_report *, void *arg);

/* collect_sysctl.c: as sysctl -a prints them, those that matter. */
bool	collect_sysctls(struct collected *);

#endif
