/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * model_packets.c - does the model translate, mark, forward and drop as the
 * kernel does?
 *
 * model_packets SEED SETS WORLD [lie]: runs in a throw-away network namespace
 * (tests/t_model_kernel.sh) that becomes a node of pods and two uplinks; their
 * other ends are in the namespace WORLD.  SETS times random rule sets of the
 * kinds that kube-proxy and the VPC CNI write are loaded and read back through
 * the reader of iptables-save; then UDP packets are sent from outside and by
 * this node, and where they come out, as what, and with which connection mark
 * is compared with the model's ways.  Answers are sent to what came out.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>	/* net/if.h has another struct ifaddr */
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capture/state/reader.h"
#include "decode/model.h"

#define N_DEVS		5
#define N_PACKETS	10
#define MAX_SHOWN	10
#define WAIT_MS		25	/* for a packet that does not come */

static uint64_t seed;
static char dir[] = "/tmp/model_packets.XXXXXX";
static const char *const devs[N_DEVS] = { "eth0", "eth1", "eni0", "eni1", "eni2" };
static const char *const pods[3] = { "192.168.0.11", "192.168.1.12", "192.168.1.13" };
static int wire, inside;	/* packets outside; those for this node */
static int outside_index[N_DEVS];
static uint8_t macs[N_DEVS][6];
static uint16_t next_port = 2000;
static uint32_t next_id;
static unsigned n_sent, n_same, n_differ, n_out, n_local, n_dropped, n_unknown,
    n_nat, n_replies, n_marks;
static bool lie;

static unsigned
pick(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed >> 33) % n;
}

static bool
chance(unsigned percent)
{
	return pick(100) < percent;
}

static FILE *
start(const char *name)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	if (f == NULL)
		err(2, "%s", path);
	return f;
}

static char *
slurp(const char *name)
{
	char path[64], *p;
	size_t n, room = 1 << 20;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "r");
	p = malloc(room);
	if (f == NULL || p == NULL)
		err(2, "%s", path);
	n = fread(p, 1, room - 1, f);
	p[n] = '\0';
	fclose(f);
	return p;
}

__attribute__((format(printf, 1, 2)))
static int
shell(const char *text, ...)
{
	char command[512];
	va_list ap;

	va_start(ap, text);
	vsnprintf(command, sizeof(command), text, ap);
	va_end(ap);
	fflush(NULL);
	return system(command);
}

/* ---- the node and its surroundings */

static void
make_node(const char *world)
{
	FILE *f = start("devices");

	fprintf(f, "link set lo up\n");
	for (unsigned i = 0; i < N_DEVS; i++) {
		fprintf(f, "link add %s type veth peer name w%u netns %s\n", devs[i],
		    i, world);
		fprintf(f, "link set %s arp off up\n", devs[i]);
	}
	fprintf(f, "addr add 192.168.0.1/24 dev eth0\naddr add 192.168.1.1/24 dev eth1\n");
	/* As the CNI leaves it: the second subnet is in its own table only. */
	fprintf(f, "route del 192.168.1.0/24 dev eth1\n");
	for (unsigned i = 0; i < 3; i++)
		fprintf(f, "route add %s dev %s scope link\n", pods[i], devs[2 + i]);
	fprintf(f, "route add default via 192.168.0.254 dev eth0\n"
	    "route add 192.168.1.254 dev eth1 scope link table 2\n"
	    "route add default via 192.168.1.254 dev eth1 table 2\n");
	fclose(f);
	if (shell("ip -batch %s/devices", dir) != 0 || shell("for i in 0 1 2 3 4; do "
	    "ip -n %s link set w$i arp off up || exit 1; done", world) != 0 ||
	    shell("echo 1 >/proc/sys/net/ipv4/ip_forward") != 0)
		errx(2, "cannot make the node");
}

static void
enter(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || setns(fd, CLONE_NEWNET) != 0)
		err(2, "%s", path);
	close(fd);
}

static void
open_sockets(const char *world)
{
	char path[128];
	struct ifreq ifr = { 0 };
	int here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	inside = socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP);
	for (unsigned i = 0; i < N_DEVS; i++) {
		snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", devs[i]);
		if (ioctl(inside, SIOCGIFHWADDR, &ifr) != 0)
			err(2, "%s", devs[i]);
		memcpy(macs[i], ifr.ifr_hwaddr.sa_data, 6);
	}
	snprintf(path, sizeof(path), "/var/run/netns/%s", world);
	enter(path);
	wire = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    htons(ETH_P_ALL));
	for (unsigned i = 0; i < N_DEVS; i++) {
		snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "w%u", i);
		if (ioctl(wire, SIOCGIFINDEX, &ifr) != 0)
			err(2, "w%u", i);
		outside_index[i] = ifr.ifr_ifindex;
	}
	if (here < 0 || setns(here, CLONE_NEWNET) != 0 || wire < 0 || inside < 0)
		err(2, "sockets");
	close(here);
}

static void
set_sysctl(struct state *s, const char *dev, const char *key, int value)
{
	char path[96], name[96], text[16];
	struct sysctl *x;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/%s", dev, key);
	snprintf(name, sizeof(name), "net.ipv4.conf.%s.%s", dev, key);
	snprintf(text, sizeof(text), "%d", value);
	f = fopen(path, "w");
	if (f == NULL || fprintf(f, "%d\n", value) < 0 || fclose(f) != 0)
		err(2, "%s", path);
	x = state_push(s, sysctls);
	if (x == NULL)
		err(2, NULL);
	x->name = state_text(s, name, strlen(name));
	x->value = state_text(s, text, strlen(text));
}

static void
random_settings(struct state *s)
{
	for (unsigned d = 0; d <= N_DEVS; d++) {
		const char *name = d == N_DEVS ? "all" : devs[d];

		set_sysctl(s, name, "rp_filter", d == N_DEVS || chance(60) ? 0 :
		    (int)pick(3));
		set_sysctl(s, name, "accept_local", 0);
		set_sysctl(s, name, "src_valid_mark", chance(20));
		set_sysctl(s, name, "route_localnet", 0);
		if (d < N_DEVS)
			set_sysctl(s, name, "forwarding", 1);
	}
	state_mark(s, PART_SYSCTLS);
}

/* ---- random rule sets */

static void
random_policy(FILE *f)
{
	fprintf(f, "rule flush\nrule add pref 32766 lookup main\n");
	for (unsigned i = 0; i < 3; i++) {
		if (chance(90))
			fprintf(f, "rule add pref 512 to %s lookup main\n", pods[i]);
		if (i > 0 && chance(90))
			fprintf(f, "rule add pref 1536 from %s lookup 2\n", pods[i]);
	}
	if (chance(85))
		fprintf(f, "rule add pref 1024 fwmark 0x80/0x80 lookup main\n");
	if (chance(30))
		fprintf(f, "rule add pref %u fwmark 0x%x/0x%x lookup %s\n",
		    400 + pick(800), 1 + pick(3), 1 + pick(3), chance(50) ? "2" : "main");
}

static void
random_matches(FILE *f, bool in, bool out)
{
	static const char *const nets[] = { "192.168.0.0/16", "192.168.1.0/24",
	    "192.168.1.12/32", "172.20.0.0/16", "8.8.8.0/24", "192.168.0.1/32" };

	if (chance(35))
		fprintf(f, "%s -d %s", chance(25) ? " !" : "", nets[pick(6)]);
	if (chance(20))
		fprintf(f, "%s -s %s", chance(25) ? " !" : "", nets[pick(6)]);
	if (in && chance(30))
		fprintf(f, "%s -i %s", chance(20) ? " !" : "", chance(50) ? "eni+" :
		    devs[pick(N_DEVS)]);
	if (out && chance(30))
		fprintf(f, "%s -o %s", chance(20) ? " !" : "", chance(50) ? "eth+" :
		    devs[pick(N_DEVS)]);
	if (chance(15))
		fprintf(f, " -p udp -m udp --dport %u:%u", 80 + pick(2), 81 + pick(3));
	else if (chance(8))
		fprintf(f, " -p udp -m multiport --dports 80,82,30080");
	if (chance(15))
		fprintf(f, " -m mark%s --mark 0x%x/0x%x", chance(30) ? " !" : "",
		    pick(4), 3);
	if (chance(8))
		fprintf(f, " -m connmark --mark 0x%x/0x80", chance(50) ? 0x80 : 0);
	if (chance(15))
		fprintf(f, " -m addrtype%s --%s-type LOCAL", chance(30) ? " !" : "",
		    chance(70) ? "dst" : "src");
	if (chance(12))
		fprintf(f, " -m conntrack --ctstate %s", chance(40) ? "NEW" :
		    chance(50) ? "RELATED,ESTABLISHED" : chance(50) ? "DNAT" : "SNAT");
	if (chance(6))
		fprintf(f, " -m iprange --src-range 192.168.0.5-192.168.1.12");
}

static void
mark_target(FILE *f)
{
	switch (pick(5)) {
	case 0:
		fprintf(f, " -j MARK --set-xmark 0x%x/0x%x\n", pick(4), pick(4));
		break;
	case 1:
		fprintf(f, " -j CONNMARK --set-xmark 0x80/0x80\n");
		break;
	case 2:
		fprintf(f, " -j CONNMARK --restore-mark --nfmask 0x%x --ctmask 0x%x\n",
		    chance(70) ? 0x80 : 0xff, chance(70) ? 0x80 : 0xff);
		break;
	case 3:
		fprintf(f, " -j CONNMARK --save-mark --nfmask 0x3 --ctmask 0x3\n");
		break;
	default:
		fprintf(f, " -j %s\n", chance(50) ? "RETURN" : "ACCEPT");
	}
}

static void
mangle(FILE *f)
{
	static const char *const hooks[] = { "PREROUTING", "INPUT", "FORWARD", "OUTPUT",
	    "POSTROUTING" };

	fprintf(f, "*mangle\n:X1 - [0:0]\n:X2 - [0:0]\n");
	if (chance(70))
		fprintf(f, "-A PREROUTING -i eth0 -m addrtype --dst-type LOCAL "
		    "--limit-iface-in -j CONNMARK --set-xmark 0x80/0x80\n"
		    "-A PREROUTING -i eni+ -j CONNMARK --restore-mark --nfmask 0x80 "
		    "--ctmask 0x80\n");
	for (unsigned n = pick(7); n > 0; n--) {
		unsigned h = pick(5);

		fprintf(f, "-A %s", hooks[h]);
		random_matches(f, h < 3, h > 1);
		if (chance(25))
			fprintf(f, " -%c X%u\n", chance(80) ? 'j' : 'g', 1 + pick(2));
		else
			mark_target(f);
	}
	for (unsigned n = pick(5); n > 0; n--) {
		fprintf(f, "-A X%u", 1 + pick(2));
		random_matches(f, false, false);
		mark_target(f);
	}
	if (chance(50)) {
		fprintf(f, "-A X1");
		random_matches(f, false, false);
		fprintf(f, " -j X2\n");
	}
	fprintf(f, "COMMIT\n");
}

static void
service(FILE *f, unsigned i)
{
	unsigned n = 1 + pick(3);

	fprintf(f, "-A KUBE-SERVICES -d 172.20.0.%u/32 -p udp -m udp --dport 80 -j SVC%u\n",
	    i, i);
	fprintf(f, "-A KUBE-NODEPORTS -p udp -m udp --dport %u -j EXT%u\n", 30080 + i, i);
	fprintf(f, "-A EXT%u -j KUBE-MARK-MASQ\n-A EXT%u -j SVC%u\n", i, i, i);
	for (unsigned e = 0; e < n; e++) {
		const char *to = chance(70) ? pods[pick(3)] : chance(50) ?
		    "192.168.7.7" : "203.0.113.9";

		fprintf(f, ":SEP%u%u - [0:0]\n", i, e);
		fprintf(f, "-A SVC%u", i);
		if (e < n - 1)
			fprintf(f, " -m statistic --mode random --probability %.11f",
			    1.0 / (n - e));
		fprintf(f, " -j SEP%u%u\n", i, e);
		fprintf(f, "-A SEP%u%u -s %s/32 -j KUBE-MARK-MASQ\n", i, e, to);
		fprintf(f, "-A SEP%u%u -p udp -m udp -j DNAT --to-destination %s", i, e,
		    to);
		fprintf(f, chance(70) ? ":8080\n" : "\n");
	}
}

static void
connmark_chain(FILE *f)
{
	fprintf(f, "-A PREROUTING -i eni+ -j AWS-CONNMARK-CHAIN-0\n"
	    "-A PREROUTING -j CONNMARK --restore-mark --nfmask 0x80 --ctmask 0x80\n"
	    "-A AWS-CONNMARK-CHAIN-0 -d 192.168.0.0/16 -j RETURN\n"
	    "-A AWS-CONNMARK-CHAIN-0 -j CONNMARK --set-xmark 0x80/0x80\n");
}

static void
nat(FILE *f)
{
	static const char *const flags[] = { "", " --random", " --random-fully" };
	bool first = chance(20);

	fprintf(f, "*nat\n:KUBE-SERVICES - [0:0]\n:KUBE-NODEPORTS - [0:0]\n"
	    ":KUBE-MARK-MASQ - [0:0]\n:KUBE-POSTROUTING - [0:0]\n"
	    ":AWS-SNAT-CHAIN-0 - [0:0]\n:AWS-CONNMARK-CHAIN-0 - [0:0]\n");
	for (unsigned i = 0; i < 4; i++)
		fprintf(f, ":SVC%u - [0:0]\n:EXT%u - [0:0]\n", i, i);
	if (first)
		connmark_chain(f);
	fprintf(f, "-A PREROUTING -j KUBE-SERVICES\n-A OUTPUT -j KUBE-SERVICES\n");
	if (!first && chance(80))
		connmark_chain(f);
	if (chance(20))
		fprintf(f, "-A PREROUTING -d 192.168.0.1/32 -p udp -m udp --dport 82 "
		    "-j REDIRECT --to-ports 83\n");
	for (unsigned i = 0; i < 4; i++)
		service(f, i);
	fprintf(f, "-A KUBE-SERVICES -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS\n"
	    "-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000\n"
	    "-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN\n"
	    "-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0\n"
	    "-A KUBE-POSTROUTING -j MASQUERADE%s\n", flags[pick(3)]);
	fprintf(f, "-A POSTROUTING -j KUBE-POSTROUTING\n-A POSTROUTING -j AWS-SNAT-CHAIN-0\n");
	fprintf(f, "-A AWS-SNAT-CHAIN-0 -d 192.168.0.0/16 -j RETURN\n");
	if (chance(80))
		fprintf(f, "-A AWS-SNAT-CHAIN-0 ! -o vlan+ -m addrtype ! --dst-type LOCAL "
		    "-j SNAT --to-source 192.168.0.1%s\n", flags[pick(3)]);
	for (unsigned n = pick(3); n > 0; n--) {
		if (chance(30)) {
			fprintf(f, "-A POSTROUTING -o eth+ -p udp -m udp --dport 81 "
			    "-j SNAT --to-source 192.168.0.77:%u-6999\n",
			    5000 + pick(3));
			continue;
		}
		fprintf(f, "-A POSTROUTING");
		random_matches(f, false, true);
		/* Not where it could mark the connection, or meet an answer: of
		   these one way is not told from the other by what comes out. */
		if (chance(20))
			fprintf(f, " -m statistic --mode random --probability 0.%u",
			    1 + pick(8));
		fprintf(f, chance(50) ? " -j MASQUERADE\n" :
		    " -j SNAT --to-source 192.168.0.78\n");
	}
	fprintf(f, "COMMIT\n");
}

static void
filter(FILE *f)
{
	static const char *const hooks[] = { "INPUT", "FORWARD", "OUTPUT" };
	static const char *const ends[] = { "ACCEPT", "DROP", "RETURN", "REJECT" };

	fprintf(f, "*filter\n:FORWARD %s [0:0]\n:INPUT %s [0:0]\n:Y1 - [0:0]\n:Y2 - [0:0]\n",
	    chance(85) ? "ACCEPT" : "DROP", chance(90) ? "ACCEPT" : "DROP");
	for (unsigned n = pick(6); n > 0; n--) {
		unsigned h = pick(3);

		fprintf(f, "-A %s", hooks[h]);
		random_matches(f, h < 2, h > 0);
		if (chance(40))
			fprintf(f, " -%c Y%u\n", chance(80) ? 'j' : 'g', 1 + pick(2));
		else
			fprintf(f, " -j %s\n", ends[pick(4)]);
	}
	for (unsigned n = pick(5); n > 0; n--) {
		fprintf(f, "-A Y%u", 1 + pick(2));
		random_matches(f, false, false);
		fprintf(f, " -j %s\n", ends[pick(4)]);
	}
	fprintf(f, "COMMIT\n");
}

static void
random_set(void)
{
	FILE *f = start("policy");

	random_policy(f);
	fclose(f);
	f = start("tables");
	if (chance(20))
		fprintf(f, "*raw\n-A PREROUTING -i eni2 -d 8.8.8.0/24 -j NOTRACK\nCOMMIT\n");
	else
		fprintf(f, "*raw\nCOMMIT\n");
	mangle(f);
	nat(f);
	filter(f);
	fclose(f);
	(void)shell("ip -force -batch %s/policy >/dev/null 2>&1", dir);
	/* -F first: counters of chains with equal names in the set are fine, rules of
	   the last set are not.  conntrack -D forgets its connections. */
	if (shell("iptables-restore <%s/tables 2>%s/errors", dir, dir) != 0) {
		(void)shell("cat %s/errors %s/tables", dir, dir);
		errx(2, "iptables-restore");
	}
	(void)shell("conntrack -F >/dev/null 2>&1; ip rule >%s/rules;"
	    "ip route show table all >%s/routes; ip addr >%s/addrs;"
	    "iptables-save >%s/saved", dir, dir, dir, dir);
}

static void
report(void *arg, const char *text)
{
	(void)arg;
	errx(2, "reader: %s", text);
}

static void
read_dump(struct state *s, const char *name, reader_fn *fn)
{
	char *text = slurp(name);
	struct reader r = { .state = s, .file = name, .data = text,
	    .len = strlen(text), .report = report };

	fn(&r);
	reader_done(&r);
	free(text);
}

/* ---- packets */

struct seen {
	bool		 out, local;
	unsigned	 dev;
	struct tuple	 t;
};

static struct addr
v4(uint32_t net)
{
	uint8_t b[4];

	memcpy(b, &net, 4);
	return addr_from_v4(b);
}

static uint32_t
net_of(const struct addr *a)
{
	uint32_t n;

	memcpy(&n, a->b + 12, 4);
	return n;
}

static uint16_t
ip_sum(const uint16_t *p, unsigned n)
{
	uint32_t sum = 0;

	while (n-- > 0)
		sum += *p++;
	sum = (sum >> 16) + (sum & 0xffff);
	return (uint16_t)~(sum + (sum >> 16));
}

/* One UDP packet into the node by a device, as if the wire brought it. */
static void
inject(unsigned dev, const struct tuple *t, uint32_t id)
{
	struct {
		struct ether_header eth;
		struct iphdr	 ip;
		struct udphdr	 udp;
		uint32_t	 id;
	} __attribute__((packed)) p = { 0 };
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_halen = 6,
	    .sll_ifindex = outside_index[dev] };
	uint16_t words[10];

	memcpy(p.eth.ether_dhost, macs[dev], 6);
	p.eth.ether_shost[0] = 2;
	p.eth.ether_type = htons(ETHERTYPE_IP);
	p.ip.version = 4;
	p.ip.ihl = 5;
	p.ip.ttl = 64;
	p.ip.protocol = IPPROTO_UDP;
	p.ip.tot_len = htons(20 + 8 + 4);
	p.ip.saddr = net_of(&t->src);
	p.ip.daddr = net_of(&t->dst);
	memcpy(words, &p.ip, sizeof(words));
	p.ip.check = ip_sum(words, 10);
	p.udp.source = htons(t->sport);
	p.udp.dest = htons(t->dport);
	p.udp.len = htons(8 + 4);
	p.id = htonl(id);
	if (sendto(wire, &p, sizeof(p), 0, (struct sockaddr *)&to, sizeof(to)) < 0)
		err(2, "send on w%u", dev);
}

/* By a process of this node. */
static void
emit(const struct tuple *t, uint32_t id)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in from = { .sin_family = AF_INET,
	    .sin_addr.s_addr = net_of(&t->src), .sin_port = htons(t->sport) };
	struct sockaddr_in to = { .sin_family = AF_INET,
	    .sin_addr.s_addr = net_of(&t->dst), .sin_port = htons(t->dport) };
	uint32_t data = htonl(id);

	if (fd < 0 || bind(fd, (struct sockaddr *)&from, sizeof(from)) != 0)
		err(2, "bind");
	/* What the filter drops is refused here (EPERM); so is what has no route. */
	(void)!sendto(fd, &data, 4, 0, (struct sockaddr *)&to, sizeof(to));
	close(fd);
}

static bool
parse(const uint8_t *p, ssize_t n, uint32_t id, struct tuple *t)
{
	struct iphdr ip;
	struct udphdr udp;
	uint32_t data;

	if (n < 32)
		return false;
	memcpy(&ip, p, sizeof(ip));
	memcpy(&udp, p + 20, sizeof(udp));
	memcpy(&data, p + 28, 4);
	if (ip.version != 4 || ip.ihl != 5 || ip.protocol != IPPROTO_UDP ||
	    ntohl(data) != id)
		return false;
	*t = (struct tuple){ .src = v4(ip.saddr), .dst = v4(ip.daddr),
	    .sport = ntohs(udp.source), .dport = ntohs(udp.dest), .proto = PROTO_UDP };
	return true;
}

static void
look(uint32_t id, struct seen *s)
{
	struct pollfd fds[2] = { { .fd = wire, .events = POLLIN },
	    { .fd = inside, .events = POLLIN } };
	uint8_t buf[2048];

	*s = (struct seen){ 0 };
	while (!s->out && !s->local && poll(fds, 2, WAIT_MS) > 0) {
		struct sockaddr_ll from;
		socklen_t len = sizeof(from);
		ssize_t n;

		while ((n = recvfrom(wire, buf, sizeof(buf), 0,
		    (struct sockaddr *)&from, &len)) > 0) {
			if (from.sll_pkttype == PACKET_OUTGOING || n < 14 ||
			    buf[12] != 8 || buf[13] != 0 ||
			    !parse(buf + 14, n - 14, id, &s->t))
				continue;
			s->out = true;
			for (unsigned d = 0; d < N_DEVS; d++)
				if (outside_index[d] == from.sll_ifindex)
					s->dev = d;
		}
		while ((n = recv(inside, buf, sizeof(buf), 0)) > 0)
			if (parse(buf, n, id, &s->t))
				s->local = true;
	}
}

/* ---- comparison */

struct hope {
	const struct seen *seen;
	bool		 reply;
	bool		 found, unknown;
	unsigned	 n;
	struct walk	 w;		/* the way that was seen */
	char		 said[200];
};

static void
format(const struct tuple *t, const char *where, char *out, size_t size)
{
	char a[ADDR_TEXT_MAX], b[ADDR_TEXT_MAX];

	addr_format(&t->src, a);
	addr_format(&t->dst, b);
	snprintf(out, size, "%s %s:%u > %s:%u", where, a, t->sport, b, t->dport);
}

static bool
is_way(void *arg, const struct walk *w)
{
	struct hope *h = arg;
	const struct seen *s = h->seen;
	bool same = addr_eq(&w->after.src, &s->t.src) &&
	    addr_eq(&w->after.dst, &s->t.dst) && w->after.dport == s->t.dport &&
	    (!w->port_known || w->after.sport == s->t.sport);

	h->n++;
	if (h->said[0] == '\0')
		format(&w->after, w->end == WALK_SENT ? w->oif : w->end == WALK_LOCAL ?
		    "local" : w->end == WALK_DROPPED ? drop_cause_name(w->cause) :
		    w->why, h->said, sizeof(h->said));
	switch (w->end) {
	case WALK_UNKNOWN:
		h->unknown = true;
		return true;
	case WALK_SENT:
		h->found = s->out && same && strcmp(w->oif, devs[s->dev]) == 0;
		break;
	case WALK_LOCAL:
		h->found = s->local && same;
		break;
	default:
		h->found = !s->out && !s->local;
	}
	if (h->found)
		h->w = *w;
	return !h->found;
}

static bool
judge(struct hope *h, const struct tuple *t, const char *iif, unsigned set)
{
	char asked[200], got[200];

	n_sent++;
	n_unknown += h->unknown;
	if (h->unknown || h->found) {
		n_same += h->found;
		n_out += h->seen->out;
		n_local += h->seen->local;
		n_dropped += !h->seen->out && !h->seen->local;
		return h->found;
	}
	if (n_differ++ < MAX_SHOWN) {
		format(t, iif != NULL ? iif : "node", asked, sizeof(asked));
		format(&h->seen->t, h->seen->out ? devs[h->seen->dev] :
		    h->seen->local ? "local" : "nothing", got, sizeof(got));
		printf("# set %u, %s%s\n#   kernel %s\n#   model  %s (%u ways)\n", set,
		    h->reply ? "answer " : "", asked, got, h->said, h->n);
		if (n_differ == 1)
			(void)shell("sed 's/^/# /' %s/rules %s/saved", dir, dir);
	}
	return false;
}

static struct addr
address(const char *text)
{
	struct addr a;

	if (!addr_parse(text, &a))
		errx(2, "address");
	return a;
}

static unsigned
random_packet(struct tuple *t)
{
	unsigned dev = pick(N_DEVS + 1);
	char text[32];

	*t = (struct tuple){ .proto = PROTO_UDP, .sport = next_port++,
	    .dport = (uint16_t)(80 + pick(3)) };
	if (next_port > 29000)
		next_port = 2000;
	if (dev == N_DEVS)
		t->src = address(chance(60) ? "192.168.0.1" : "192.168.1.1");
	else if (dev >= 2 && chance(92))
		t->src = address(pods[dev - 2]);
	else
		t->src = address(chance(60) ? "198.51.100.5" : chance(80) ?
		    "192.168.6.6" : "192.168.0.1");
	switch (pick(6)) {
	case 0:
	case 1:
		snprintf(text, sizeof(text), "172.20.0.%u", pick(5));
		t->dport = 80;
		break;
	case 2:
		snprintf(text, sizeof(text), "192.168.%u.1", pick(2));
		if (chance(60))
			t->dport = (uint16_t)(30080 + pick(5));
		break;
	case 3:
		snprintf(text, sizeof(text), "%s", pods[pick(3)]);
		break;
	case 4:
		snprintf(text, sizeof(text), "192.168.9.%u", 1 + pick(3));
		break;
	default:
		snprintf(text, sizeof(text), "8.8.8.%u", 1 + pick(8));
	}
	t->dst = address(text);
	return dev;
}

/* Its rules may mark the connection too: the mark after it is returned. */
static uint32_t
answer(const struct model *m, const struct walk_query *q, struct hope *h,
    unsigned set)
{
	const struct seen *s = h->seen;
	struct tuple back = { .src = s->t.dst, .dst = s->t.src, .sport = s->t.dport,
	    .dport = s->t.sport, .proto = PROTO_UDP };
	struct seen seen;
	struct hope hope = { .seen = &seen, .reply = true };
	struct walk w;

	inject(s->dev, &back, ++next_id);
	look(next_id, &seen);
	h->w.after = s->t;	/* with the port that was chosen */
	model_reply(m, q, &h->w, devs[s->dev], false, &w);
	is_way(&hope, &w);
	n_replies++;
	judge(&hope, &back, devs[s->dev], set);
	return w.ctmark;
}

/* What `conntrack -L` has for the source port of a request. */
static void
check_mark(const char *entries, const struct tuple *t, uint32_t mark, unsigned set)
{
	char key[32];
	const char *p, *end;
	unsigned long kernel;

	snprintf(key, sizeof(key), " sport=%u dport=%u ", t->sport, t->dport);
	p = strstr(entries, key);
	if (p == NULL)
		return;
	end = strchr(p, '\n');
	p = strstr(p, " mark=");
	if (p == NULL || (end != NULL && p > end))
		return;
	kernel = strtoul(p + 6, NULL, 10);
	n_marks++;
	if (kernel == mark)
		return;
	if (n_differ++ < MAX_SHOWN)
		printf("# set %u, port %u: connection's mark 0x%lx, model 0x%x\n", set,
		    t->sport, kernel, mark);
}

static void
one_set(unsigned set)
{
	struct state *s = state_new();
	struct tuple asked[N_PACKETS];
	uint32_t marks[N_PACKETS];
	unsigned n_asked = 0;
	struct model *m;
	char *entries;

	if (s == NULL)
		err(2, NULL);
	random_settings(s);
	random_set();
	read_dump(s, "rules", read_ip_rule);
	read_dump(s, "routes", read_ip_route);
	read_dump(s, "addrs", read_ip_addr);
	read_dump(s, "saved", read_iptables_save);
	if (lie)
		for (uint32_t i = 0; i < s->nf_rules.n; i++)
			if (s->nf_rules.v[i].target.kind == NF_T_SNAT)
				s->nf_rules.v[i].target.kind = NF_T_NONE;
	state_ready(s);
	m = model_new(s);
	if (m == NULL)
		err(2, NULL);
	for (unsigned i = 0; i < N_PACKETS; i++) {
		struct walk_query q = { 0 };
		unsigned dev = random_packet(&q.t);
		struct seen seen;
		struct hope h = { .seen = &seen };

		q.iif = dev < N_DEVS ? devs[dev] : NULL;
		if (q.iif != NULL)
			inject(dev, &q.t, ++next_id);
		else
			emit(&q.t, ++next_id);
		look(next_id, &seen);
		model_each(m, &q, is_way, &h);
		if (!judge(&h, &q.t, q.iif, set))
			continue;
		n_nat += h.w.dnat || h.w.snat;
		if (h.w.end == WALK_DROPPED)
			continue;
		asked[n_asked] = q.t;
		marks[n_asked++] = seen.out ? answer(m, &q, &h, set) : h.w.ctmark;
	}
	(void)shell("conntrack -L -p udp >%s/entries 2>/dev/null", dir);
	entries = slurp("entries");
	for (unsigned i = 0; i < n_asked; i++)
		check_mark(entries, &asked[i], marks[i], set);
	free(entries);
	model_free(m);
	state_free(s);
}

int
main(int argc, char **argv)
{
	unsigned long sets;

	if (argc != 4 && argc != 5)
		errx(2, "usage: model_packets SEED SETS WORLD [lie]");
	seed = strtoull(argv[1], NULL, 10) * 0x9e3779b97f4a7c15u + 1;
	sets = strtoul(argv[2], NULL, 10);
	lie = argc == 5;
	if (mkdtemp(dir) == NULL)
		err(2, "%s", dir);
	make_node(argv[3]);
	open_sockets(argv[3]);
	for (unsigned i = 0; i < sets; i++)
		one_set(i);
	printf("%lu rule sets, %u packets (%u answers): %u out, %u local, %u dropped, "
	    "%u translated, %u marks; %u not known, %u differ\n", sets, n_sent,
	    n_replies, n_out, n_local, n_dropped, n_nat, n_marks, n_unknown, n_differ);
	(void)shell("rm -r %s", dir);
	return n_differ > 0 || n_same == 0;
}
