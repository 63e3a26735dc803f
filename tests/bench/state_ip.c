/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * state_ip.c - policy rules, routes and sysctls, as `ip rule show`, `ip route
 * show table all` and `sysctl --all` print them on a node of the VPC CNI
 * (pkg/networkutils/network.go): rule 512 for every pod, 1024 for the mark,
 * 1536 for pods of other ENIs than the first, 32765 for these ENIs themselves.
 */
#include "state.h"

#define GATEWAY	"10.0.0.1"	/* the first address of the subnet, 10.0.0.0/20 */

/* Device d has table d + 1, but the first has main. */
static uint32_t
eni_table(uint32_t eni)
{
	return eni + 1;
}

static void
write_rules(const struct node_state *s)
{
	FILE *f = dump_open(s, "iprule.txt");
	uint32_t i;

	fputs("0:\tfrom all lookup local\n", f);
	for (i = 0; i < s->pods; i++)
		fprintf(f, "512:\tfrom all to %s lookup main\n",
		    ip_text(pod_ip(i)).s);
	fputs("1024:\tfrom all fwmark 0x80/0x80 lookup main\n", f);
	for (i = ENI_PODS; i < s->pods; i++)
		fprintf(f, "1536:\tfrom %s lookup %u\n", ip_text(pod_ip(i)).s,
		    eni_table(pod_eni(i) - ENI_FIRST));
	for (i = 1; i < n_enis(s); i++)
		fprintf(f, "32765:\tfrom %s lookup %u\n", ip_text(eni_ip(i)).s,
		    eni_table(i));
	fputs("32766:\tfrom all lookup main\n32767:\tfrom all lookup default\n", f);
	dump_close(f, "iprule.txt");

	f = dump_open(s, "ip6rule.txt");
	fputs("0:\tfrom all lookup local\n32766:\tfrom all lookup main\n", f);
	dump_close(f, "ip6rule.txt");
}

static void
write_routes(const struct node_state *s)
{
	FILE *f = dump_open(s, "iproute.txt");
	uint32_t i;

	for (i = 1; i < n_enis(s); i++)
		fprintf(f, "default via " GATEWAY " dev eth%u table %u \n"
		    GATEWAY " dev eth%u table %u scope link \n", i, eni_table(i),
		    i, eni_table(i));
	fprintf(f, "default via " GATEWAY " dev eth0 \n"
	    "10.0.0.0/20 dev eth0 proto kernel scope link src %s \n",
	    ip_text(NODE_IP).s);
	for (i = 0; i < s->pods; i++)
		fprintf(f, "%s dev %s scope link \n", ip_text(pod_ip(i)).s,
		    pod_name(i).veth);
	fputs("local 127.0.0.0/8 dev lo table local proto kernel scope host src 127.0.0.1 \n"
	    "local 127.0.0.1 dev lo table local proto kernel scope host src 127.0.0.1 \n"
	    "broadcast 127.255.255.255 dev lo table local proto kernel scope link "
	    "src 127.0.0.1 \n", f);
	for (i = 0; i < n_enis(s); i++) {
		struct ip_text ip = ip_text(eni_ip(i));

		fprintf(f, "local %s dev eth%u table local proto kernel scope host "
		    "src %s \nbroadcast 10.0.15.255 dev eth%u table local proto "
		    "kernel scope link src %s \n", ip.s, i, ip.s, i, ip.s);
	}
	dump_close(f, "iproute.txt");
}

void
write_ip(const struct node_state *s)
{
	write_rules(s);
	write_routes(s);
}

/* What every interface has in net.ipv4.conf, as in Linux 6.1. */
static const struct {
	const char	*name, *value;
} conf[] = {
	{ "accept_local", "0" }, { "accept_redirects", "1" },
	{ "accept_source_route", "0" }, { "arp_accept", "0" },
	{ "arp_announce", "0" }, { "arp_evict_nocarrier", "1" },
	{ "arp_filter", "0" }, { "arp_ignore", "0" }, { "arp_notify", "0" },
	{ "bc_forwarding", "0" }, { "bootp_relay", "0" }, { "disable_policy", "0" },
	{ "disable_xfrm", "0" }, { "drop_gratuitous_arp", "0" },
	{ "drop_unicast_in_l2_multicast", "0" }, { "force_igmp_version", "0" },
	{ "forwarding", "1" }, { "igmpv2_unsolicited_report_interval", "10000" },
	{ "igmpv3_unsolicited_report_interval", "1000" },
	{ "ignore_routes_with_linkdown", "0" }, { "log_martians", "0" },
	{ "mc_forwarding", "0" }, { "medium_id", "0" },
	{ "promote_secondaries", "1" }, { "proxy_arp", "0" },
	{ "proxy_arp_pvlan", "0" }, { "route_localnet", "0" },
	{ "rp_filter", "2" }, { "secure_redirects", "1" },
	{ "send_redirects", "1" }, { "shared_media", "1" },
	{ "src_valid_mark", "0" }, { "tag", "0" },
};

static void
put_conf(FILE *f, const char *dev, bool all)
{
	size_t i;

	for (i = 0; i < sizeof(conf) / sizeof(conf[0]); i++)
		fprintf(f, "net.ipv4.conf.%s.%s = %s\n", dev, conf[i].name,
		    all && conf[i].name[0] == 'r' && conf[i].name[1] == 'p' ? "0" :
		    conf[i].value);
}

void
write_sysctl(const struct node_state *s)
{
	FILE *f = dump_open(s, "sysctl_all.txt");
	char dev[16];
	uint32_t i;

	put_conf(f, "all", true);
	put_conf(f, "default", false);
	put_conf(f, "lo", false);
	for (i = 0; i < n_enis(s); i++) {
		snprintf(dev, sizeof(dev), "eth%u", i);
		put_conf(f, dev, false);
	}
	for (i = 0; i < s->pods; i++)
		put_conf(f, pod_name(i).veth, false);
	fprintf(f, "net.ipv4.ip_forward = 1\n"
	    "net.ipv4.ip_local_port_range = 32768\t60999\n"
	    "net.ipv4.tcp_early_demux = 1\n"
	    "net.netfilter.nf_conntrack_acct = 0\n"
	    "net.netfilter.nf_conntrack_buckets = 262144\n"
	    "net.netfilter.nf_conntrack_count = %u\n"
	    "net.netfilter.nf_conntrack_max = 3145728\n"
	    "net.netfilter.nf_conntrack_tcp_be_liberal = 0\n"
	    "net.netfilter.nf_conntrack_tcp_timeout_close_wait = 3600\n"
	    "net.netfilter.nf_conntrack_tcp_timeout_established = 86400\n"
	    "net.netfilter.nf_conntrack_udp_timeout = 30\n", s->entries);
	dump_close(f, "sysctl_all.txt");
}
