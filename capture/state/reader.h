/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reader.h - what one reader of a dump gets and gives; for capture/state/ only.
 *
 * A reader is a function over one file's bytes.  It adds what it understands to
 * the state, calls state_mark() for the part when the file is of that kind, and
 * reports the rest with reader_bad(), line by line.  It never fails as a whole.
 */
#ifndef CAPTURE_STATE_READER_H
#define CAPTURE_STATE_READER_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/state.h"

struct reader {
	struct state	*state;
	const char	*file;		/* name for reports: within the bundle */
	const char	*data;		/* the whole file; not NUL-terminated */
	size_t		 len;
	state_report	*report;
	void		*report_arg;
	unsigned	 n_bad;		/* reports so far */
};

/* After this many reports of one file, one last says how many more there are
   (reader_done() does). */
#define READER_MAX_REPORTS	20

/* "FILE:LINE: text"; line 0: "FILE: text".  Foreign bytes in the arguments are
   made printable. */
__attribute__((format(printf, 3, 4)))
void	reader_bad(struct reader *, unsigned long line, const char *text, ...);
void	reader_done(struct reader *);
/* The same for who has no reader; report may be NULL. */
__attribute__((format(printf, 5, 0)))
void	report_file(state_report *report, void *arg, const char *file,
	    unsigned long line, const char *text, va_list);
/* Bytes that could steer a terminal become '?'. */
void	report_clean(char *text);

/* The next line without its end (\n or \r\n), from *at on; false at the end of
   the data.  A line longer than READER_LINE_MAX is reported, skipped whole, and
   not returned. */
#define READER_LINE_MAX		(1u << 20)
struct line {
	const char	*p;
	size_t		 len;
	unsigned long	 number;	/* from 1 */
	size_t		 at;		/* start from 0 */
};
bool	reader_line(struct reader *, struct line *);

typedef void reader_fn(struct reader *);

/* ip_rule.c, ip_route.c, ip_addr.c, ifconfig.c: the text of iproute2 and of
   net-tools. */
reader_fn	read_ip_rule, read_ip6_rule, read_ip_route, read_ip6_route,
		read_ip_addr,	/* `ip addr` and `ip -d link` text */
		read_ip_neigh, read_ifconfig;
/* ip_json.c, ip_json_link.c: ip -j ...: link/addr, rule, route, neigh; told apart
   by content. */
reader_fn	read_ip_json;
/* ss.c: ss -tunap, netstat -plant */
reader_fn	read_ss, read_netstat;
/* plain.c */
reader_fn	read_sysctl, read_metrics, read_ipvsadm, read_hostname;
/* iptables.c, ipset.c */
reader_fn	read_iptables_save, read_ip6tables_save, read_ipset;
/* nft.c: nft -j list ruleset */
reader_fn	read_nft_json;
/* conntrack.c: text, extended, /proc/net/nf_conntrack, XML; -S too. */
reader_fn	read_conntrack;
/* aws.c: ipamd's documents. */
reader_fn	read_enis, read_ipam, read_cni_settings, read_ipamd_settings,
		read_conflist;	/* /etc/cni/net.d/10-aws.conflist */
/* kubectl.c: -o json (any mix of kinds in a List) and -o wide text of pods. */
reader_fn	read_kubectl_json, read_kubectl_text;
/* own.c: podpath.state/1 */
reader_fn	read_own;

#endif
