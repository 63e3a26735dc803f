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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "decode/model.h"
#include "tests/model_lab.h"

#define N_PACKETS	10
#define MAX_SHOWN	10
#define WAIT_MS		12	/* for a packet that does not come */

static int wire, inside;	/* packets outside; those for this node */
static int outside_index[LAB_DEVS];
static uint8_t macs[LAB_DEVS][6];
static uint16_t next_port = 2000;
static uint32_t next_id;
static unsigned n_sent, n_same, n_differ, n_out, n_local, n_dropped, n_unknown,
    n_nat, n_replies, n_marks;
static bool lie;

/* ---- the node and its surroundings */

static void
make_node(const char *world)
{
	FILE *f = lab_file("devices");

	fprintf(f, "link set lo up\n");
	for (unsigned i = 0; i < LAB_DEVS; i++) {
		fprintf(f, "link add %s type veth peer name w%u netns %s\n", lab_devs[i],
		    i, world);
		fprintf(f, "link set %s arp off up\n", lab_devs[i]);
	}
	fprintf(f, "addr add 192.168.0.1/24 dev eth0\naddr add 192.168.1.1/24 dev eth1\n");
	/* As the CNI leaves it: the second subnet is in its own table only. */
	fprintf(f, "route del 192.168.1.0/24 dev eth1\n");
	for (unsigned i = 0; i < 3; i++)
		fprintf(f, "route add %s dev %s scope link\n", lab_pods[i], lab_devs[2 + i]);
	fprintf(f, "route add default via 192.168.0.254 dev eth0\n"
	    "route add 192.168.1.254 dev eth1 scope link table 2\n"
	    "route add default via 192.168.1.254 dev eth1 table 2\n");
	fclose(f);
	if (lab_shell("ip -batch %s/devices", lab_dir) != 0 || lab_shell("for i in 0 1 2 3 4; do "
	    "ip -n %s link set w$i arp off up || exit 1; done", world) != 0 ||
	    lab_shell("echo 1 >/proc/sys/net/ipv4/ip_forward") != 0)
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
	for (unsigned i = 0; i < LAB_DEVS; i++) {
		snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", lab_devs[i]);
		if (ioctl(inside, SIOCGIFHWADDR, &ifr) != 0)
			err(2, "%s", lab_devs[i]);
		memcpy(macs[i], ifr.ifr_hwaddr.sa_data, 6);
	}
	snprintf(path, sizeof(path), "/var/run/netns/%s", world);
	enter(path);
	wire = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    htons(ETH_P_ALL));
	for (unsigned i = 0; i < LAB_DEVS; i++) {
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
random_settings(struct state *s)
{
	for (unsigned d = 0; d <= LAB_DEVS; d++) {
		const char *name = d == LAB_DEVS ? "all" : lab_devs[d];

		lab_sysctl(s, name, "rp_filter", d == LAB_DEVS || lab_chance(60) ? 0 :
		    (int)lab_pick(3));
		lab_sysctl(s, name, "accept_local", 0);
		lab_sysctl(s, name, "src_valid_mark", lab_chance(20));
		lab_sysctl(s, name, "route_localnet", 0);
		if (d < LAB_DEVS)
			lab_sysctl(s, name, "forwarding", 1);
	}
	state_mark(s, PART_SYSCTLS);
}

static void
random_set(void)
{
	FILE *f = lab_file("policy");

	lab_policy(f);
	fclose(f);
	f = lab_file("tables");
	lab_tables(f);
	fclose(f);
	(void)lab_shell("ip -force -batch %s/policy >/dev/null 2>&1", lab_dir);
	if (lab_shell("iptables-restore <%s/tables 2>%s/errors", lab_dir, lab_dir) != 0) {
		(void)lab_shell("cat %s/errors %s/tables", lab_dir, lab_dir);
		errx(2, "iptables-restore");
	}
	(void)lab_shell("conntrack -F >/dev/null 2>&1; ip rule >%s/rules;"
	    "ip route show table all >%s/routes; ip addr >%s/addrs 2>/dev/null;"
	    "iptables-save >%s/saved", lab_dir, lab_dir, lab_dir, lab_dir);
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
			for (unsigned d = 0; d < LAB_DEVS; d++)
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
		h->found = s->out && same && strcmp(w->oif, lab_devs[s->dev]) == 0;
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
		format(&h->seen->t, h->seen->out ? lab_devs[h->seen->dev] :
		    h->seen->local ? "local" : "nothing", got, sizeof(got));
		printf("# set %u, %s%s\n#   kernel %s\n#   model  %s (%u ways)\n", set,
		    h->reply ? "answer " : "", asked, got, h->said, h->n);
		if (n_differ == 1)
			(void)lab_shell("sed 's/^/# /' %s/rules %s/saved", lab_dir, lab_dir);
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
	unsigned dev = lab_pick(LAB_DEVS + 1);
	char text[32];

	*t = (struct tuple){ .proto = PROTO_UDP, .sport = next_port++,
	    .dport = (uint16_t)(80 + lab_pick(3)) };
	if (next_port > 29000)
		next_port = 2000;
	if (dev == LAB_DEVS)
		t->src = address(lab_chance(60) ? "192.168.0.1" : "192.168.1.1");
	else if (dev >= 2 && lab_chance(92))
		t->src = address(lab_pods[dev - 2]);
	else
		t->src = address(lab_chance(60) ? "198.51.100.5" : lab_chance(80) ?
		    "192.168.6.6" : "192.168.0.1");
	switch (lab_pick(6)) {
	case 0:
	case 1:
		snprintf(text, sizeof(text), "172.20.0.%u", lab_pick(5));
		t->dport = 80;
		break;
	case 2:
		snprintf(text, sizeof(text), "192.168.%u.1", lab_pick(2));
		if (lab_chance(60))
			t->dport = (uint16_t)(30080 + lab_pick(5));
		break;
	case 3:
		snprintf(text, sizeof(text), "%s", lab_pods[lab_pick(3)]);
		break;
	case 4:
		snprintf(text, sizeof(text), "192.168.9.%u", 1 + lab_pick(3));
		break;
	default:
		snprintf(text, sizeof(text), "8.8.8.%u", 1 + lab_pick(8));
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
	model_reply(m, q, &h->w, lab_devs[s->dev], false, &w);
	is_way(&hope, &w);
	n_replies++;
	judge(&hope, &back, lab_devs[s->dev], set);
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
	lab_read(s, "rules", read_ip_rule);
	lab_read(s, "routes", read_ip_route);
	lab_read(s, "addrs", read_ip_addr);
	lab_read(s, "saved", read_iptables_save);
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

		q.iif = dev < LAB_DEVS ? lab_devs[dev] : NULL;
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
	(void)lab_shell("conntrack -L -p udp >%s/entries 2>/dev/null", lab_dir);
	entries = lab_slurp("entries");
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
	lab_begin(argv[1]);
	sets = strtoul(argv[2], NULL, 10);
	lie = argc == 5;
	make_node(argv[3]);
	open_sockets(argv[3]);
	for (unsigned i = 0; i < sets; i++)
		one_set(i);
	printf("%lu rule sets, %u packets (%u answers): %u out, %u local, %u dropped, "
	    "%u translated, %u marks; %u not known, %u differ\n", sets, n_sent,
	    n_replies, n_out, n_local, n_dropped, n_nat, n_marks, n_unknown, n_differ);
	lab_end();
	return n_differ > 0 || n_same == 0;
}
