/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * collect_sysctl.c - settings of the kernel, from /proc/sys: sysctl(8) is slow,
 * and many images lack it.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/state/live/collect_source.h"

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

bool
collect_sysctls(struct collected *r)
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

	*r = (struct collected){ 0 };
	if (t.p == NULL) {
		snprintf(r->why, sizeof(r->why), "no memory for what it says");
		return false;
	}
	for (unsigned i = 0; ipv4[i] != NULL; i++)
		add_sysctl(&t, "net/ipv4", "", ipv4[i]);
	for (unsigned i = 0; netfilter[i] != NULL; i++)
		add_sysctl(&t, "net/netfilter", "", netfilter[i]);
	add_sysctl(&t, "net/bridge", "", "bridge-nf-call-iptables");
	add_devices(&t, "net/ipv4/conf", conf4);
	add_devices(&t, "net/ipv6/conf", conf6);
	r->data = t.p;
	r->len = t.len;
	if (r->len > 0)
		return true;
	snprintf(r->why, sizeof(r->why), "nothing there can be read");
	collected_free(r);
	return false;
}
