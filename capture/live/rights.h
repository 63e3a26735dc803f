/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rights.h - capabilities (libcap-ng), the unprivileged user, and network
 * namespaces.
 */
#ifndef CAPTURE_LIVE_RIGHTS_H
#define CAPTURE_LIVE_RIGHTS_H

#include <stdbool.h>

#include "capture/live.h"

/* What is missing to capture (CAP_NET_RAW) and for conntrack, netfilter
   (CAP_NET_ADMIN); "" when nothing is. */
struct rights {
	bool	raw, admin;
};
struct rights	rights_have(void);
/* After everything is open: become `user` (NULL: "nobody"; nothing when not
   root, or when a container gives root no CAP_SETUID) keeping CAP_NET_RAW and
   CAP_NET_ADMIN alone, ambient for the programs that are run later, and
   no_new_privs.  `reading`: CAP_DAC_READ_SEARCH is kept too, not for those
   programs.  A user whose id is 0 keeps its files and nothing else.  False with
   `error`. */
bool		 rights_drop(const char *user, bool reading,
		    char error[static LIVE_ERROR_MAX]);
/* Enter a network namespace: NAME (/run/netns/NAME), PID or path, under host_root;
   its /sys and /proc/sys/net are seen too.  False with `error`. */
bool		 netns_enter(const char *spec, const char *host_root,
		    char error[static LIVE_ERROR_MAX]);

#endif
