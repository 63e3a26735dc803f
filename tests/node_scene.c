/* SPDX-License-Identifier: GPL-2.0-or-later */
/* node_scene.c - a healthy node's texts, and states made of them. */
#include "tests/node_scene.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char rule[] =
    "0:\tfrom all lookup local\n"
    "512:\tfrom all to 10.0.0.11 lookup main\n"
    "512:\tfrom all to 10.0.0.21 lookup main\n"
    "512:\tfrom all to 10.0.0.22 lookup main\n"
    "1024:\tfrom all fwmark 0x80/0x80 lookup main\n"
    "1536:\tfrom 10.0.0.21 lookup 2\n"
    "1536:\tfrom 10.0.0.22 lookup 2\n"
    "32765:\tfrom 10.0.0.20 lookup 2\n"
    "32766:\tfrom all lookup main\n"
    "32767:\tfrom all lookup default\n";

/* Veths by the hashes of default.p1, default.p2 and default.p3. */
static const char route[] =
    "default via 10.0.0.1 dev eth1 table 2 \n"
    "10.0.0.1 dev eth1 table 2 scope link \n"
    "default via 10.0.0.1 dev eth0 \n"
    "10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.10 \n"
    "10.0.0.11 dev eni182c452fe96 scope link \n"
    "10.0.0.21 dev enib3a9b371b64 scope link \n"
    "10.0.0.22 dev eni6a91d87bb13 scope link \n"
    "local 127.0.0.1 dev lo table local proto kernel scope host src 127.0.0.1 \n"
    "local 10.0.0.10 dev eth0 table local proto kernel scope host src 10.0.0.10 \n"
    "local 10.0.0.20 dev eth1 table local proto kernel scope host src 10.0.0.20 \n";

static const char addr[] =
    "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN\n"
    "    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00\n"
    "    inet 127.0.0.1/8 scope host lo\n"
    "2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 9001 qdisc mq state UP\n"
    "    link/ether 02:00:00:00:00:10 brd ff:ff:ff:ff:ff:ff\n"
    "    inet 10.0.0.10/24 brd 10.0.0.255 scope global eth0\n"
    "3: eth1: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 9001 qdisc mq state UP\n"
    "    link/ether 02:00:00:00:00:20 brd ff:ff:ff:ff:ff:ff\n"
    "    inet 10.0.0.20/24 brd 10.0.0.255 scope global eth1\n";

static const char iptables[] =
    "*mangle\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n"
    ":OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n"
    "-A PREROUTING -i eth0 -m comment --comment \"AWS, primary ENI\" -m addrtype "
    "--dst-type LOCAL --limit-iface-in -j CONNMARK --set-xmark 0x80/0x80\n"
    "-A PREROUTING -i eni+ -m comment --comment \"AWS, primary ENI\" -j CONNMARK "
    "--restore-mark --nfmask 0x80 --ctmask 0x80\n"
    "-A PREROUTING -i vlan+ -m comment --comment \"AWS, primary ENI\" -j CONNMARK "
    "--restore-mark --nfmask 0x80 --ctmask 0x80\n"
    "COMMIT\n"
    "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n"
    "*nat\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
    ":POSTROUTING ACCEPT [0:0]\n:AWS-CONNMARK-CHAIN-0 - [0:0]\n"
    ":AWS-SNAT-CHAIN-0 - [0:0]\n:KUBE-SERVICES - [0:0]\n"
    "-A PREROUTING -m comment --comment \"kubernetes service portals\" -j KUBE-SERVICES\n"
    "-A PREROUTING -i eni+ -m comment --comment \"AWS, outbound connections\" -j "
    "AWS-CONNMARK-CHAIN-0\n"
    "-A PREROUTING -m comment --comment \"AWS, CONNMARK\" -j CONNMARK --restore-mark "
    "--nfmask 0x80 --ctmask 0x80\n"
    "-A POSTROUTING -m comment --comment \"AWS SNAT CHAIN\" -j AWS-SNAT-CHAIN-0\n"
    "-A AWS-CONNMARK-CHAIN-0 -d 10.0.0.0/16 -m comment --comment \"AWS CONNMARK CHAIN, "
    "VPC CIDR\" -j RETURN\n"
    "-A AWS-CONNMARK-CHAIN-0 -d 172.31.0.0/16 -m comment --comment \"AWS CONNMARK CHAIN, "
    "EXCLUDED CIDR\" -j RETURN\n"
    "-A AWS-CONNMARK-CHAIN-0 -m comment --comment \"AWS, CONNMARK\" -j CONNMARK "
    "--set-xmark 0x80/0x80\n"
    "-A AWS-SNAT-CHAIN-0 -d 172.31.0.0/16 -m comment --comment \"AWS SNAT CHAIN "
    "EXCLUSION\" -j RETURN\n"
    "-A AWS-SNAT-CHAIN-0 -d 10.0.0.0/16 -m comment --comment \"AWS SNAT CHAIN\" -j "
    "RETURN\n"
    "-A AWS-SNAT-CHAIN-0 ! -o vlan+ -m comment --comment \"AWS, SNAT\" -m addrtype ! "
    "--dst-type LOCAL -j SNAT --to-source 10.0.0.10 --random-fully\n"
    "COMMIT\n";

#define IP_OF(address, pod)							\
	"\"" address "/32\":{\"Cidr\":{\"IP\":\"" address "\",\"Mask\":\"/////w==\"},"	\
	"\"IPAddresses\":{\"" address "\":{\"Address\":\"" address "\",\"IPAMKey\":{"	\
	"\"networkName\":\"aws-cni\",\"containerID\":\"\",\"ifName\":\"\"},"		\
	"\"IPAMMetadata\":{\"k8sPodNamespace\":\"default\",\"k8sPodName\":\"" pod "\"}}}," \
	"\"IsPrefix\":false}"
#define FREE_IP(address)							\
	"\"" address "/32\":{\"Cidr\":{\"IP\":\"" address "\",\"Mask\":\"/////w==\"},"	\
	"\"IPAddresses\":{\"" address "\":{\"Address\":\"" address "\",\"IPAMKey\":{"	\
	"\"networkName\":\"\",\"containerID\":\"\",\"ifName\":\"\"},\"IPAMMetadata\":{}}}," \
	"\"IsPrefix\":false}"

static const char enis[] =
    "{\"0\":{\"TotalIPs\":5,\"AssignedIPs\":3,\"ENIs\":{"
    "\"eni-0a\":{\"ID\":\"eni-0a\",\"IsPrimary\":true,\"IsTrunk\":false,\"IsEFA\":false,"
    "\"DeviceNumber\":0,\"AvailableIPv4Cidrs\":{" IP_OF("10.0.0.11", "p1") ","
    FREE_IP("10.0.0.12") "},\"IPv6Cidrs\":{},\"IsExcludedForPodIPs\":false,"
    "\"RouteTableID\":254},"
    "\"eni-0b\":{\"ID\":\"eni-0b\",\"IsPrimary\":false,\"IsTrunk\":false,\"IsEFA\":false,"
    "\"DeviceNumber\":1,\"AvailableIPv4Cidrs\":{" IP_OF("10.0.0.21", "p2") ","
    IP_OF("10.0.0.22", "p3") "," FREE_IP("10.0.0.23") "},\"IPv6Cidrs\":{},"
    "\"IsExcludedForPodIPs\":false,\"RouteTableID\":2}}}}\n";

#define ALLOCATION(address, pod)						\
	"{\"networkName\":\"aws-cni\",\"containerID\":\"c" pod "\",\"ifName\":\"eth0\","	\
	"\"ipv4\":\"" address "\",\"allocationTimestamp\":1785500000000000000,"	\
	"\"metadata\":{\"k8sPodNamespace\":\"default\",\"k8sPodName\":\"" pod "\"}}"

static const char ipam[] =
    "{\"version\":\"vpc-cni-ipam/1\",\"allocations\":[" ALLOCATION("10.0.0.11", "p1") ","
    ALLOCATION("10.0.0.21", "p2") "," ALLOCATION("10.0.0.22", "p3") "]}\n";

static const char settings[] =
    "{\"AWS_EXTERNAL_SERVICE_CIDRS\":null,\"AWS_VPC_CNI_NODE_PORT_SUPPORT\":true,"
    "\"AWS_VPC_ENI_MTU\":9001,\"AWS_VPC_K8S_CNI_CONNMARK\":128,"
    "\"AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS\":[\"172.31.0.0/16\"],"
    "\"AWS_VPC_K8S_CNI_EXTERNALSNAT\":false,\"AWS_VPC_K8S_CNI_RANDOMIZESNAT\":2,"
    "\"AWS_VPC_K8S_CNI_VETHPREFIX\":\"eni\"}\n";

static const char sysctls[] =
    "net.ipv4.ip_forward = 1\n"
    "net.ipv4.conf.all.rp_filter = 0\n"
    "net.ipv4.conf.eth0.rp_filter = 2\n"
    "net.ipv4.tcp_early_demux = 1\n"
    "net.ipv6.conf.all.forwarding = 1\n"
    "net.netfilter.nf_conntrack_max = 262144\n"
    "net.netfilter.nf_conntrack_count = 100\n";

static const char kubectl[] =
    "{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":["
    "{\"kind\":\"Node\",\"metadata\":{\"name\":\"node-a\",\"labels\":{"
    "\"node.kubernetes.io/instance-type\":\"t3.medium\"}},\"status\":{\"addresses\":[{"
    "\"type\":\"InternalIP\",\"address\":\"10.0.0.10\"}],\"capacity\":{\"pods\":\"17\"}}},"
    "{\"kind\":\"Node\",\"metadata\":{\"name\":\"node-b\"},\"status\":{\"addresses\":[{"
    "\"type\":\"InternalIP\",\"address\":\"10.0.1.10\"}]}},"
    "{\"kind\":\"Pod\",\"metadata\":{\"namespace\":\"default\",\"name\":\"far\"},\"spec\":{"
    "\"nodeName\":\"node-b\"},\"status\":{\"phase\":\"Running\",\"podIP\":\"10.0.1.35\","
    "\"podIPs\":[{\"ip\":\"10.0.1.35\"}]}}"
    "]}\n";

static const struct {
	const char	*file;
	reader_fn	*read;
} readers[N_SCENE_TEXTS] = {
	[TEXT_RULE]	= { "iprule.txt",	read_ip_rule },
	[TEXT_RULE6]	= { "ip6rule.txt",	read_ip6_rule },
	[TEXT_ROUTE]	= { "iproute.txt",	read_ip_route },
	[TEXT_ROUTE6]	= { "ip6route.txt",	read_ip6_route },
	[TEXT_ADDR]	= { "ip-addr.txt",	read_ip_addr },
	[TEXT_IPTABLES]	= { "iptables-save.txt", read_iptables_save },
	[TEXT_ENIS]	= { "enis.json",	read_enis },
	[TEXT_IPAM]	= { "ipam.json",	read_ipam },
	[TEXT_SETTINGS]	= { "networkutils-env-settings.json", read_cni_settings },
	[TEXT_SYSCTL]	= { "sysctl_all.txt",	read_sysctl },
	[TEXT_KUBECTL]	= { "kubectl.json",	read_kubectl_json },
	[TEXT_METRICS]	= { "metrics.json",	read_metrics },
	[TEXT_CONNTRACK]	= { "conntrack.txt",	read_conntrack },
	[TEXT_SS]	= { "ss-tunap.txt",	read_ss },
};

static void
set(struct scene_node *n, enum scene_text which, const char *text)
{
	if (strlen(text) >= SCENE_TEXT_MAX)
		errx(1, "%s: text too long", readers[which].file);
	strcpy(n->text[which], text);
}

struct scene_node *
node_default(void)
{
	struct scene_node *n = calloc(1, sizeof(*n));

	if (n == NULL)
		err(1, NULL);
	set(n, TEXT_RULE, rule);
	set(n, TEXT_ROUTE, route);
	set(n, TEXT_ADDR, addr);
	set(n, TEXT_IPTABLES, iptables);
	set(n, TEXT_ENIS, enis);
	set(n, TEXT_IPAM, ipam);
	set(n, TEXT_SETTINGS, settings);
	set(n, TEXT_SYSCTL, sysctls);
	set(n, TEXT_KUBECTL, kubectl);
	return n;
}

struct scene_node *
node_external_snat(void)
{
	struct scene_node *n = node_default();

	node_swap(n, TEXT_SETTINGS, "EXTERNALSNAT\":false", "EXTERNALSNAT\":true");
	node_cut(n, TEXT_IPTABLES, "AWS-SNAT-CHAIN-0");
	node_cut(n, TEXT_IPTABLES, "AWS-CONNMARK-CHAIN-0");
	node_cut(n, TEXT_IPTABLES, "\"AWS, CONNMARK\"");
	return n;
}

void
node_free(struct scene_node *n)
{
	contract_free(n->contract);
	model_free(n->model);
	state_free(n->state);
	free(n);
}

void
node_cut(struct scene_node *n, enum scene_text which, const char *with)
{
	char *line = n->text[which];
	unsigned cut = 0;

	while (*line != '\0') {
		char *end = line + strcspn(line, "\n");
		char *at = strstr(line, with);

		if (*end == '\n')
			end++;
		if (at != NULL && at < end) {
			memmove(line, end, strlen(end) + 1);
			cut++;
		} else {
			line = end;
		}
	}
	if (cut == 0)
		errx(1, "%s: no line with '%s' to cut", readers[which].file, with);
}

void
node_add(struct scene_node *n, enum scene_text which, const char *line)
{
	size_t len = strlen(n->text[which]);

	if (len + strlen(line) + 2 > SCENE_TEXT_MAX)
		errx(1, "%s: text too long", readers[which].file);
	sprintf(n->text[which] + len, "%s\n", line);
}

void
node_swap(struct scene_node *n, enum scene_text which, const char *from, const char *to)
{
	char out[SCENE_TEXT_MAX], *p = out;
	const char *s = n->text[which];
	unsigned swapped = 0;

	while (*s != '\0') {
		bool hit = strncmp(s, from, strlen(from)) == 0;
		size_t len = hit ? strlen(to) : 1;

		if ((size_t)(p - out) + len >= sizeof(out))
			errx(1, "%s: text too long", readers[which].file);
		memcpy(p, hit ? to : s, len);
		p += len;
		s += hit ? strlen(from) : 1;
		swapped += hit;
	}
	*p = '\0';
	if (swapped == 0)
		errx(1, "%s: no '%s' to swap", readers[which].file, from);
	strcpy(n->text[which], out);
}

void
node_drop(struct scene_node *n, enum scene_text which)
{
	n->text[which][0] = '\0';
}

static void
on_report(void *arg, const char *text)
{
	(void)arg;
	errx(1, "a scene's text is not understood: %s", text);
}

void
node_devices(struct scene_node *n, const struct node_dev *devs, unsigned count)
{
	static const char *const inet[][2] = {
		{ "eth0", "    inet 10.0.0.10/24 brd 10.0.0.255 scope global eth0" },
		{ "eth1", "    inet 10.0.0.20/24 brd 10.0.0.255 scope global eth1" },
	};
	char line[120];

	node_drop(n, TEXT_ADDR);
	for (unsigned i = 0; i < count; i++) {
		snprintf(line, sizeof(line), "%u: %s: <BROADCAST,UP,LOWER_UP> mtu 9001",
		    devs[i].ifindex, devs[i].name);
		node_add(n, TEXT_ADDR, line);
		for (unsigned k = 0; k < 2; k++)
			if (strcmp(inet[k][0], devs[i].name) == 0)
				node_add(n, TEXT_ADDR, inet[k][1]);
	}
}

void
node_build(struct scene_node *n)
{
	n->state = state_new();
	if (n->state == NULL)
		err(1, NULL);
	for (unsigned i = 0; i < N_SCENE_TEXTS; i++) {
		struct reader r = { .state = n->state, .file = readers[i].file,
		    .data = n->text[i], .len = strlen(n->text[i]),
		    .report = on_report };

		if (r.len > 0)
			readers[i].read(&r);
	}
	state_ready(n->state);
	n->model = model_new(n->state);
	n->contract = contract_new(n->state, n->model);
}

struct addr
ip(const char *text)
{
	struct addr a;

	if (!addr_parse(text, &a))
		errx(1, "'%s' is no address", text);
	return a;
}
