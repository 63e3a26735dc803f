/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * collect_source.c - the programs and documents that the EKS log collector saves
 * (eks-log-collector.sh), asked for on the node itself.
 */
#include "capture/state/live/collect_source.h"

#include <stdio.h>
#include <string.h>

#include "capture/state/reader.h"

#define OUTPUT_MAX	((size_t)512 << 20)	/* 2 M conntrack entries */
#define PROGRAM_MS	30000
#define HTTP_MAX	((size_t)64 << 20)
#define HTTP_MS		2000
#define IPAMD_PORT	61679	/* pkg/ipamd/introspect.go */
#define METRICS_PORT	61678	/* utils/prometheusmetrics */

static const struct source {
	const char	*argv[8];	/* a program, */
	uint16_t	 port;		/* a document of a local server, */
	const char	*path;		/* or a file */
	reader_fn	*read;
	uint8_t		 group;		/* enum source_group */
	uint8_t		 part;		/* enum state_part: known, also when it says
					   nothing; N_STATE_PARTS: told by what it
					   says */
	bool		 spare;		/* many nodes do well without it */
} sources[N_SOURCES] = {
	[SOURCE_LINKS] = { { "ip", "-j", "-d", "link" }, 0, NULL, read_ip_json,
	    SOURCES_ROUTE, PART_LINKS, false },
	[SOURCE_ADDRS] = { { "ip", "-j", "addr" }, 0, NULL, read_ip_json,
	    SOURCES_ROUTE, PART_ADDRESSES, false },
	[SOURCE_NEIGHS] = { { "ip", "-j", "neigh" }, 0, NULL, read_ip_json,
	    SOURCES_ROUTE, PART_NEIGHS, false },
	[SOURCE_RULES] = { { "ip", "-4", "rule", "show" }, 0, NULL, read_ip_rule,
	    SOURCES_ROUTE, PART_RULES, false },
	[SOURCE_RULES6] = { { "ip", "-6", "rule", "show" }, 0, NULL,
	    read_ip6_rule, SOURCES_ROUTE, PART_RULES6, false },
	/* without -4 `table all` shows both families */
	[SOURCE_ROUTES] = { { "ip", "-4", "route", "show", "table", "all" }, 0,
	    NULL, read_ip_route, SOURCES_ROUTE, PART_ROUTES, false },
	[SOURCE_ROUTES6] = { { "ip", "-6", "route", "show", "table", "all" }, 0,
	    NULL, read_ip6_route, SOURCES_ROUTE, PART_ROUTES6, false },
	[SOURCE_IPTABLES] = { { "iptables-save" }, 0, NULL, read_iptables_save,
	    SOURCES_NAT, PART_IPTABLES, false },
	[SOURCE_IP6TABLES] = { { "ip6tables-save" }, 0, NULL,
	    read_ip6tables_save, SOURCES_NAT, PART_IP6TABLES, false },
	[SOURCE_NFT] = { { "nft", "-j", "list", "ruleset" }, 0, NULL,
	    read_nft_json, SOURCES_NAT, PART_NFT, false },
	/* a set needs the program that made it */
	[SOURCE_IPSETS] = { { "ipset", "save" }, 0, NULL, read_ipset,
	    SOURCES_NAT, PART_IPSETS, true },
	[SOURCE_CONNTRACK_STATS] = { { "conntrack", "-S" }, 0, NULL,
	    read_conntrack, SOURCES_CONNTRACK, N_STATE_PARTS, false },
	[SOURCE_CONNTRACK] = { { "conntrack", "-L", "-o", "extended,id" }, 0, NULL,
	    read_conntrack, SOURCES_CONNTRACK, PART_CONNTRACK, false },
	[SOURCE_CONNTRACK6] = { { "conntrack", "-L", "-f", "ipv6", "-o",
	    "extended,id" }, 0, NULL, read_conntrack, SOURCES_CONNTRACK,
	    PART_CONNTRACK, false },
	[SOURCE_CONNTRACK_FILE] = { { NULL }, 0, "/proc/net/nf_conntrack",
	    read_conntrack, SOURCES_CONNTRACK, PART_CONNTRACK, false },
	[SOURCE_SYSCTLS] = { { NULL }, 0, NULL, read_sysctl, SOURCES_SYSCTLS,
	    N_STATE_PARTS, false },
	[SOURCE_ENIS] = { { NULL }, IPAMD_PORT, "/v1/enis", read_enis,
	    SOURCES_IPAM, N_STATE_PARTS, false },
	[SOURCE_CNI_SETTINGS] = { { NULL }, IPAMD_PORT,
	    "/v1/networkutils-env-settings", read_cni_settings, SOURCES_CNI,
	    N_STATE_PARTS, false },
	[SOURCE_IPAMD_SETTINGS] = { { NULL }, IPAMD_PORT,
	    "/v1/ipamd-env-settings", read_ipamd_settings, SOURCES_CNI,
	    N_STATE_PARTS, false },
	/* only tells which table holds the connection mark */
	[SOURCE_METRICS] = { { NULL }, METRICS_PORT, "/metrics", read_metrics,
	    SOURCES_CNI, N_STATE_PARTS, true },
	[SOURCE_IPAM] = { { NULL }, 0, COLLECT_IPAM_DIR "/" COLLECT_IPAM_NAME,
	    read_ipam, SOURCES_IPAM, N_STATE_PARTS, false },
	[SOURCE_CONFLIST] = { { NULL }, 0, "/etc/cni/net.d/10-aws.conflist",
	    read_conflist, SOURCES_CNI, N_STATE_PARTS, true },
	/* of the namespace that we are in; minimal images have no ss */
	[SOURCE_SOCKETS] = { { "ss", "-tunap" }, 0, NULL, read_ss,
	    SOURCES_SOCKETS, PART_SOCKETS, true },
};

enum source_group
source_group(enum source_id id)
{
	return (enum source_group)sources[id].group;
}

void
source_name(enum source_id id, char out[static SOURCE_NAME_MAX])
{
	const struct source *s = &sources[id];

	out[0] = '\0';
	for (unsigned i = 0; s->argv[i] != NULL; i++)
		snprintf(out + strlen(out), SOURCE_NAME_MAX - strlen(out), "%s%s",
		    i ? " " : "", s->argv[i]);
	if (s->port != 0)
		snprintf(out, SOURCE_NAME_MAX, "127.0.0.1:%u%s", s->port, s->path);
	else if (s->path != NULL)
		snprintf(out, SOURCE_NAME_MAX, "%s", s->path);
	else if (id == SOURCE_SYSCTLS)
		snprintf(out, SOURCE_NAME_MAX, "/proc/sys/net");
}

/* ---- fetching */

/* /proc is of the namespaces that we are in. */
static bool
is_hosts(const struct source *s)
{
	return strncmp(s->path, "/proc/", 6) != 0;
}

/* On the host /var/run may be a link to /run, which below a prefix would lead
   out of it. */
static bool
fetch_file(const struct source *s, const struct source_request *q,
    struct collected *r)
{
	static const char var[] = "/var/run/";
	char path[COLLECT_PATH_MAX];

	if (q->host_root == NULL || !is_hosts(s))
		return collect_file(r, s->path, OUTPUT_MAX);
	snprintf(path, sizeof(path), "%s%s", q->host_root, s->path);
	if (collect_file(r, path, HTTP_MAX))
		return true;
	if (!r->missing || strncmp(s->path, var, strlen(var)) != 0)
		return false;
	snprintf(path, sizeof(path), "%s%s", q->host_root,
	    s->path + strlen("/var"));
	return collect_file(r, path, HTTP_MAX);
}

bool
source_fetch(enum source_id id, const struct source_request *q,
    struct collected *r)
{
	const struct source *s = &sources[id];

	if (id == SOURCE_SYSCTLS)
		return collect_sysctls(r);
	if (s->argv[0] != NULL)
		return collect_program_until(r, s->argv, OUTPUT_MAX, PROGRAM_MS,
		    q->stop_fd);
	if (s->port != 0)
		return collect_http_until(r, s->port, s->path, HTTP_MAX, HTTP_MS,
		    q->stop_fd);
	return fetch_file(s, q, r);
}

bool
source_fetch_table(enum source_id id, const char *table,
    const struct source_request *q, struct collected *r)
{
	const char *const argv[] = { sources[id].argv[0], "-t", table, NULL };

	return collect_program_until(r, argv, OUTPUT_MAX, PROGRAM_MS, q->stop_fd);
}

/* ---- reading */

void
source_give(enum source_id id, const struct collected *r, struct state *state,
    state_report *report, void *arg)
{
	const struct source *s = &sources[id];
	char name[SOURCE_NAME_MAX];
	struct reader reader = { .state = state, .file = name,
	    .data = r->data ? r->data : "", .len = r->len, .report = report,
	    .report_arg = arg };

	source_name(id, name);
	if (s->part != N_STATE_PARTS)
		state_mark(state, (enum state_part)s->part);
	/* a program without words, or an empty file of it, is an answer */
	if (r->len == 0 && s->argv[0] != NULL)
		return;
	s->read(&reader);
	reader_done(&reader);
}

static void
say(struct state *state, const char *name, const char *why, state_report *report,
    void *arg)
{
	struct reader reader = { .state = state, .file = name, .report = report,
	    .report_arg = arg };

	reader_bad(&reader, 0, "%s", why);
}

void
source_complain(enum source_id id, const struct collected *r, struct state *state,
    state_report *report, void *arg)
{
	const struct source *s = &sources[id];
	char name[SOURCE_NAME_MAX], why[COLLECT_WHY_MAX + 64];

	if (s->spare && (r->missing || s->port != 0))
		return;
	source_name(id, name);
	if (s->port == IPAMD_PORT && r->missing) {
		snprintf(name, sizeof(name), "127.0.0.1:%d", IPAMD_PORT);
		snprintf(why, sizeof(why), "ipamd does not answer (%.200s): "
		    "not an EKS node, or DISABLE_INTROSPECTION", r->why);
		say(state, name, why, report, arg);
		return;
	}
	say(state, name, r->why, report, arg);
}
