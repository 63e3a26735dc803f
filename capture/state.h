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

#endif
