/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live.h - the node itself as a source of observations: packets, conntrack
 * events, changes of links, addresses, routes, rules, neighbours, NAT rules,
 * ENIs and pods.
 */
#ifndef CAPTURE_LIVE_H
#define CAPTURE_LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "decode/obs.h"

#define LIVE_ERROR_MAX		512
#define LIVE_SNAPLEN		192	/* bytes of a packet, from the network header on */
#define LIVE_DNS_SNAPLEN	1500	/* of one from or to port 53 */
#define LIVE_TICK_MS		100
#define LIVE_REREAD_S		30	/* NAT rules, ENIs, pods: looked at this often */

struct live_config {
	const char *const *ifaces;	/* names and globs; none: "any" */
	unsigned	 n_ifaces;
	uint32_t	 snaplen;	/* of all; 0: LIVE_SNAPLEN and LIVE_DNS_SNAPLEN */
	uint32_t	 buffer_mib;	/* of all rings together; 0: the default */
	const char	*capture_filter;	/* pcap-filter(7), in the kernel; NULL */
	const char	*netns;		/* NAME (ip-netns(8)), PID or path; NULL: this one */
	const char	*host_root;	/* where the host's / is mounted; NULL: / */
	uint32_t	 ct_buffer;	/* bytes of the conntrack socket's buffer; 0: default */
	bool		 no_conntrack, no_state;
};

/* How often what came in, and what was lost; tcpdump's words. */
struct live_counts {
	uint64_t	captured;	/* packets handed on */
	uint64_t	received;	/* by the filter (ps_recv) */
	uint64_t	dropped_kernel, dropped_interface;
	uint64_t	netlink_overruns;
	uint64_t	ct_entries, ct_events, resyncs, changes, rereads;
	unsigned	ifaces;		/* open handles */
};

typedef void	live_sink(void *arg, const struct obs *);
/* Something that the user should know: one line. */
typedef void	live_notice(void *arg, const char *text);

struct live;
struct state;

/*
 * Open everything that needs rights.  What cannot be had and can be done without
 * (conntrack, ipamd) is said in a notice; NULL with `error` filled when no
 * packets can be captured.  Enters config->netns for good.
 */
struct live	*live_open(const struct live_config *, live_notice *, void *arg,
		    char error[static LIVE_ERROR_MAX]);
/* Are there files (ipam.json) that only root, or CAP_DAC_READ_SEARCH, may read
   again and again? */
bool		 live_needs_reading(const struct live *);
void		 live_close(struct live *);		/* NULL is fine */
/* The first observations: interfaces, the state, conntrack's table.  Once,
   before live_poll().  May take as long as reading the state does. */
void		 live_begin(struct live *, live_sink *, void *arg);
/* Wait up to timeout_ms for something, and hand on all that is there; an
   OBS_TICK comes at the end of each LIVE_TICK_MS.  1; 0 when a signal came;
   -1 when packets can no longer be captured (live_error()). */
int		 live_poll(struct live *, int timeout_ms, live_sink *, void *arg);
/* A descriptor that ends a wait when it is readable, as a signal does: the other
   end of a pipe that a signal handler writes to, so that none is missed. */
void		 live_wake_on(struct live *, int fd);
/* The last observations: what still waits, losses, a tick.  Once, at most. */
void		 live_end(struct live *, live_sink *, void *arg);
const char	*live_error(const struct live *);
/* Look at NAT rules, ENIs and pods now. */
void		 live_reread(struct live *);
struct live_counts live_counts(struct live *);

#endif
