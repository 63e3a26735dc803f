/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * collect.c - the state of the node that podpath runs on: the same programs and
 * documents that the EKS log collector saves, read by the same readers.
 */
#include "capture/state/live/collect.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "capture/state/reader.h"

#define OUTPUT_MAX	((size_t)512 << 20)	/* 2 M conntrack entries */
#define PROGRAM_MS	30000
#define HTTP_MAX	((size_t)64 << 20)
#define HTTP_MS		2000
#define IPAMD_PORT	61679	/* pkg/ipamd/introspect.go */
#define METRICS_PORT	61678	/* utils/prometheusmetrics */
#define IPAM_FILE	"/var/run/aws-node/ipam.json"
#define CONFLIST_FILE	"/etc/cni/net.d/10-aws.conflist"

struct collect {
	struct state	*state;
	state_report	*report;
	void		*arg;
};

static void
give(struct collect *c, const char *name, struct collected *r, reader_fn *read)
{
	struct reader reader = { .state = c->state, .file = name,
	    .data = r->data ? r->data : "", .len = r->len, .report = c->report,
	    .report_arg = c->arg };

	read(&reader);
	reader_done(&reader);
}

static void
complain_of(struct collect *c, const char *name, const char *why)
{
	struct reader reader = { .state = c->state, .file = name,
	    .report = c->report, .report_arg = c->arg };

	reader_bad(&reader, 0, "%s", why);
}

/* ---- programs */

static const struct program {
	const char	*argv[8];
	reader_fn	*read;
	int		 part;	/* enum state_part: known, also when it says nothing;
				   N_STATE_PARTS: told by what it says */
	bool		 spare;	/* many nodes do well without this program */
} programs[] = {
	{ { "ip", "-j", "-d", "link" }, read_ip_json, PART_LINKS, false },
	{ { "ip", "-j", "addr" }, read_ip_json, PART_ADDRESSES, false },
	{ { "ip", "-j", "neigh" }, read_ip_json, PART_NEIGHS, false },
	{ { "ip", "-4", "rule", "show" }, read_ip_rule, PART_RULES, false },
	{ { "ip", "-6", "rule", "show" }, read_ip6_rule, PART_RULES6, false },
	/* without -4 `table all` shows both families */
	{ { "ip", "-4", "route", "show", "table", "all" }, read_ip_route,
	    PART_ROUTES, false },
	{ { "ip", "-6", "route", "show", "table", "all" }, read_ip6_route,
	    PART_ROUTES6, false },
	{ { "iptables-save" }, read_iptables_save, PART_IPTABLES, false },
	{ { "ip6tables-save" }, read_ip6tables_save, PART_IP6TABLES, false },
	{ { "nft", "-j", "list", "ruleset" }, read_nft_json, PART_NFT, false },
	{ { "ipset", "save" }, read_ipset, PART_IPSETS, true },
};

static void
run(struct collect *c, const struct program *p)
{
	struct collected r;
	char name[128] = "";

	for (unsigned i = 0; p->argv[i] != NULL; i++)
		snprintf(name + strlen(name), sizeof(name) - strlen(name), "%s%s",
		    i ? " " : "", p->argv[i]);
	if (!collect_program(&r, p->argv, OUTPUT_MAX, PROGRAM_MS)) {
		/* a set needs the program that made it */
		if (!(p->spare && r.missing))
			complain_of(c, name, r.why);
		return;
	}
	state_mark(c->state, (enum state_part)p->part);
	if (r.len > 0)
		give(c, name, &r, p->read);
	collected_free(&r);
}

/* The program, for both families; or the kernel's own list, which many kernels
   no longer have. */
static void
collect_conntrack(struct collect *c)
{
	static const struct program lists[] = {
		{ { "conntrack", "-L", "-o", "extended,id" }, read_conntrack,
		    PART_CONNTRACK, false },
		{ { "conntrack", "-L", "-f", "ipv6", "-o", "extended,id" },
		    read_conntrack, PART_CONNTRACK, false },
	};
	static const char *const statistics[] = { "conntrack", "-S", NULL };
	struct collected r, list;

	if (collect_program(&r, statistics, OUTPUT_MAX, PROGRAM_MS)) {
		give(c, "conntrack -S", &r, read_conntrack);
		collected_free(&r);
		run(c, &lists[0]);
		run(c, &lists[1]);
		return;
	}
	if (collect_file(&list, "/proc/net/nf_conntrack", OUTPUT_MAX)) {
		state_mark(c->state, PART_CONNTRACK);
		give(c, "/proc/net/nf_conntrack", &list, read_conntrack);
		collected_free(&list);
		return;
	}
	complain_of(c, "conntrack -L", r.missing ? "no program conntrack, and no "
	    "/proc/net/nf_conntrack" : r.why);
}

/* ---- sysctls, without sysctl(8): it is slow, and many images lack it */

#define SYSCTL_ROOM	(1u << 20)

struct sysctl_text {
	char	*p;
	size_t	 len;
};

/* As sysctl -a writes it: a dot in an interface's name becomes a slash. */
static void
add_sysctl(struct sysctl_text *t, const char *folder, const char *dev,
    const char *name)
{
	char path[512], value[256], shown[64];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/sys/%s/%s%s%s", folder, dev,
	    *dev ? "/" : "", name);
	f = fopen(path, "re");
	if (f == NULL)
		return;
	if (fgets(value, sizeof(value), f) != NULL) {
		snprintf(path, sizeof(path), "%s", folder);
		for (char *p = path; *p != '\0'; p++)
			*p = *p == '/' ? '.' : *p;
		snprintf(shown, sizeof(shown), "%s", dev);
		for (char *p = shown; *p != '\0'; p++)
			*p = *p == '.' ? '/' : *p;
		value[strcspn(value, "\n")] = '\0';
		n = (size_t)snprintf(t->p + t->len, SYSCTL_ROOM - t->len,
		    "%s.%s%s%s = %s\n", path, shown, *dev ? "." : "", name, value);
		if (n < SYSCTL_ROOM - t->len)
			t->len += n;
	}
	fclose(f);
}

static void
add_devices(struct sysctl_text *t, const char *folder, const char *const *names)
{
	char path[64];
	const struct dirent *e;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/sys/%s", folder);
	d = opendir(path);
	if (d == NULL)
		return;
	while ((e = readdir(d)) != NULL)
		for (unsigned i = 0; e->d_name[0] != '.' && names[i] != NULL; i++)
			add_sysctl(t, folder, e->d_name, names[i]);
	closedir(d);
}

static void
collect_sysctls(struct collect *c)
{
	static const char *const conf4[] = { "rp_filter", "forwarding",
		"src_valid_mark", "accept_local", "route_localnet", NULL };
	static const char *const conf6[] = { "forwarding", "disable_ipv6", NULL };
	static const char *const ipv4[] = { "ip_forward", "tcp_early_demux",
		"ip_local_port_range", "ip_nonlocal_bind", "fwmark_reflect", NULL };
	static const char *const netfilter[] = { "nf_conntrack_max",
		"nf_conntrack_count", "nf_conntrack_buckets", "nf_conntrack_acct",
		"nf_conntrack_tcp_be_liberal", "nf_conntrack_tcp_loose",
		"nf_conntrack_tcp_timeout_established",
		"nf_conntrack_tcp_timeout_close_wait",
		"nf_conntrack_udp_timeout", "nf_conntrack_udp_timeout_stream",
		"nf_conntrack_icmp_timeout", NULL };
	struct sysctl_text t = { malloc(SYSCTL_ROOM), 0 };
	struct collected r = { 0 };

	if (t.p == NULL) {
		c->state->no_memory = true;
		return;
	}
	for (unsigned i = 0; ipv4[i] != NULL; i++)
		add_sysctl(&t, "net/ipv4", "", ipv4[i]);
	for (unsigned i = 0; netfilter[i] != NULL; i++)
		add_sysctl(&t, "net/netfilter", "", netfilter[i]);
	add_sysctl(&t, "net/bridge", "", "bridge-nf-call-iptables");
	add_devices(&t, "net/ipv4/conf", conf4);
	add_devices(&t, "net/ipv6/conf", conf6);
	r.data = t.p;
	r.len = t.len;
	if (r.len > 0)
		give(c, "/proc/sys/net", &r, read_sysctl);
	else
		complain_of(c, "/proc/sys/net", "nothing there can be read");
	collected_free(&r);
}

/* ---- ipamd */

static void
collect_ipamd(struct collect *c)
{
	static const struct { const char *path; reader_fn *read; } documents[] = {
		{ "/v1/enis", read_enis },
		{ "/v1/networkutils-env-settings", read_cni_settings },
		{ "/v1/ipamd-env-settings", read_ipamd_settings },
	};
	struct collected r;
	char name[64];

	for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
		snprintf(name, sizeof(name), "127.0.0.1:%d%s", IPAMD_PORT,
		    documents[i].path);
		if (collect_http(&r, IPAMD_PORT, documents[i].path, HTTP_MAX,
		    HTTP_MS)) {
			give(c, name, &r, documents[i].read);
			collected_free(&r);
			continue;
		}
		if (r.missing) {
			char why[COLLECT_WHY_MAX + 64];

			snprintf(name, sizeof(name), "127.0.0.1:%d", IPAMD_PORT);
			snprintf(why, sizeof(why), "ipamd does not answer (%.200s): "
			    "not an EKS node, or DISABLE_INTROSPECTION", r.why);
			complain_of(c, name, why);
			return;
		}
		complain_of(c, name, r.why);
	}
	/* only tells which table holds the connection mark */
	if (collect_http(&r, METRICS_PORT, "/metrics", HTTP_MAX, HTTP_MS)) {
		give(c, "127.0.0.1:61678/metrics", &r, read_metrics);
		collected_free(&r);
	}
}

static void
collect_document(struct collect *c, const char *path, reader_fn *read, bool spare)
{
	struct collected r;

	if (collect_file(&r, path, HTTP_MAX)) {
		give(c, path, &r, read);
		collected_free(&r);
	} else if (!(spare && r.missing)) {
		complain_of(c, path, r.why);
	}
}

struct state *
state_collect(state_report *report, void *arg)
{
	struct collect c = { state_new(), report, arg };
	struct timespec now;
	char host[256];

	if (c.state == NULL) {
		if (report != NULL)
			report(arg, "this node's state: out of memory");
		return NULL;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	c.state->taken.ns = (int64_t)now.tv_sec * NS_PER_SEC + now.tv_nsec;
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		run(&c, &programs[i]);
	collect_conntrack(&c);
	collect_sysctls(&c);
	collect_ipamd(&c);
	collect_document(&c, IPAM_FILE, read_ipam, false);
	collect_document(&c, CONFLIST_FILE, read_conflist, true);
	if (gethostname(host, sizeof(host)) == 0 && c.state->hostname == NULL) {
		host[sizeof(host) - 1] = '\0';
		c.state->hostname = state_text(c.state, host, strlen(host));
	}
	state_ready(c.state);
	return c.state;
}
