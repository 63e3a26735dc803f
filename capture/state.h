/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * state.h - node state from dumps: a directory, a .tar.gz or one JSON file.
 *
 * Files are known by name at any depth (files[] in capture/state/files.c), so
 * that a bundle of the EKS log collector works as it is.  Reading never fails
 * for what is missing or odd: each thing that cannot be understood is reported
 * once, with file and line, and skipped; what was good is kept.
 */
#ifndef CAPTURE_STATE_H
#define CAPTURE_STATE_H

#include <stdbool.h>

#include "decode/state.h"

#define STATE_REPORT_MAX	512

/* A notice: "iprule.txt:3: ..." in words for people, one line. */
typedef void state_report(void *arg, const char *text);

/*
 * Read PATH into a new state that is ready (state_ready() was called).  NULL
 * when PATH cannot be opened or is none of the forms; then the last report says
 * why.  The caller frees with state_free().
 */
struct state	*state_read(const char *path, state_report *, void *arg);

/* This node's own, live: programs run without a shell by absolute paths (ip,
   iptables-save, nft, conntrack, sysctl), ipamd's endpoint on the loopback and
   ipam.json.  The same reports for what could not be had. */
struct state	*state_collect(state_report *, void *arg);

/* podpath.state/1.  0 or -errno. */
int		 state_write(const struct state *, int fd);

/*
 * The same document in pieces to a function that returns 0 or -errno, which
 * ends the writing; and podpath.change/1, what became another (decode/timeline.h),
 * with the same records.
 */
typedef int state_sink(void *arg, const char *bytes, size_t n);

int		 state_write_to(const struct state *, state_sink *, void *arg);

struct state_change;

int		 state_change_write_to(const struct state_change *,
		    struct nstime since, state_sink *, void *arg);

/* A document in memory, named `name` in reports.  NULL, or false, when it is none
   as a whole: the last report says why.  The state is ready; those of a change
   are not, and the caller frees both. */
struct state	*state_parse(const char *name, const char *bytes, size_t n,
		    state_report *, void *arg);
bool		 state_change_parse(const char *name, const char *bytes, size_t n,
		    struct state_change *, struct nstime *since, state_report *,
		    void *arg);

#endif
