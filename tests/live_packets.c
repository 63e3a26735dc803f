/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live_packets.c - the packet engine alone (capture/live/packets.h): a line for
 * each observation, for t_live_packets.sh, or none, for tests/bench/live.sh.
 * Links are told by looking at the list of interfaces 20 times a second.
 *
 *   live_packets [-i NAME]... [-f FILTER] [-s SNAPLEN] [-B MIB] [-c PACKETS]
 *                [-t SECONDS] [-z SECONDS] [-w FILE] [-x LINKS] [-lqv]
 *       -c, -t  end after so many packets, after so long; SIGINT ends it too
 *       -z      sleep before the first read     -w  write packets to a pcap file
 *       -l      links are not told              -q  no lines but the counts
 *       -v      as if libpcap had no LINUX_SLL2
 *       -x      tell of so many links first, made0 and on, that are not there
 *   live_packets -S ADDRESS,COUNT,SIZE      send UDP datagrams, no faster than goes
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <dlfcn.h>
#include <err.h>
#include <inttypes.h>
#include <net/if.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "capture/live/packets.h"
#include "decode/packet.h"

#define LOOK_MS		50
#define MAX_IFACES	16
#define MAX_LINKS	8192
#define MAX_NUMBERS	65536

struct known {
	uint32_t	ifindex;
	bool		up;
	char		name[IF_NAMESIZE];
};

static volatile sig_atomic_t stop;
static bool old_libpcap, quiet;
static uint64_t seen, backwards;
static struct nstime last;
static char *names[MAX_NUMBERS];
static struct known links[MAX_LINKS];
static unsigned n_links;
static pcap_dumper_t *dump;

/* In place of libpcap's own. */
int
pcap_set_datalink(pcap_t *p, int dlt)
{
	int (*real)(pcap_t *, int);
	void *symbol = dlsym(RTLD_NEXT, "pcap_set_datalink");

	memcpy(&real, &symbol, sizeof(real));
	return old_libpcap && dlt == LT_SLL2 ? -1 : real(p, dlt);
}

static void
on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

static struct nstime
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (struct nstime){ t.tv_sec * NS_PER_SEC + t.tv_nsec };
}

/* ---- observations */

static void
show_iface(const struct obs_iface *i)
{
	char mac[MAC_TEXT_MAX] = "-";

	if (i->number >= MAX_NUMBERS || names[i->number] != NULL)
		errx(1, "interface number %" PRIu32 " is told twice", i->number);
	names[i->number] = strdup(i->name != NULL ? i->name : "-");
	if (i->has_mac)
		mac_format(i->mac, mac);
	if (!quiet)
		printf("iface %" PRIu32 " %s ifindex %" PRIu32 " link %u %s %s\n",
		    i->number, names[i->number], i->ifindex, i->linktype,
		    i->given ? "given" : "-", mac);
}

static void
show_packet(const struct obs *o)
{
	static const char *const dirs[] = { [DIR_IN] = "in", [DIR_OUT] = "out",
		[DIR_UNKNOWN] = "-" };
	struct packet p;

	if (o->packet.number >= MAX_NUMBERS || names[o->packet.number] == NULL)
		errx(1, "a packet of interface %" PRIu32 ", which was not told",
		    o->packet.number);
	if (dump != NULL) {
		struct pcap_pkthdr h = { .caplen = o->packet.caplen,
		    .len = o->packet.len };

		h.ts.tv_sec = o->ts.ns / NS_PER_SEC;
		h.ts.tv_usec = o->ts.ns % NS_PER_SEC / NS_PER_USEC;
		pcap_dump((u_char *)dump, &h, o->packet.data);
	}
	if (quiet)
		return;
	packet_decode(&p, o->packet.linktype, o->packet.data, o->packet.caplen,
	    o->packet.len);
	printf("packet %" PRIu32 " %s %s %" PRId64 ".%09" PRId64 " %" PRIu32 " of %"
	    PRIu32 " delay_us %" PRId64 "\n", o->packet.number,
	    names[o->packet.number], dirs[p.dir], o->ts.ns / NS_PER_SEC,
	    o->ts.ns % NS_PER_SEC, o->packet.caplen, o->packet.len,
	    nstime_diff_ns(now(), o->ts) / NS_PER_USEC);
}

static void
take(void *arg, const struct obs *o)
{
	(void)arg;
	switch (o->type) {
	case OBS_IFACE:
		show_iface(&o->iface);
		break;
	case OBS_PACKET:
		seen++;
		backwards += o->ts.ns < last.ns;
		last = o->ts;
		if (!quiet || dump != NULL)
			show_packet(o);
		break;
	case OBS_LOSS:
		printf("loss kernel %" PRIu64 " interface %" PRIu64 " %s\n",
		    o->loss.kernel, o->loss.interface,
		    o->loss.since.ns < o->ts.ns ? "in order" : "out of order");
		break;
	default:
		errx(1, "an observation of type %d", o->type);
	}
}

static void
say(void *arg, const char *text)
{
	(void)arg;
	fprintf(stderr, "live_packets: %s\n", text);
}

/* ---- links */

static bool
is_known(uint32_t ifindex, const char *name, bool up)
{
	for (unsigned i = 0; i < n_links; i++)
		if (links[i].ifindex == ifindex)
			return links[i].up == up && strcmp(links[i].name, name) == 0;
	return false;
}

static struct link_fact
fact_of(int sock, const struct if_nameindex *at)
{
	struct link_fact f = { .ifindex = at->if_index, .name = at->if_name };
	struct ifreq r = { 0 };

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", at->if_name);
	f.up = ioctl(sock, SIOCGIFFLAGS, &r) == 0 && r.ifr_flags & IFF_UP;
	f.has_mac = ioctl(sock, SIOCGIFHWADDR, &r) == 0;
	if (f.has_mac)
		memcpy(f.mac, r.ifr_hwaddr.sa_data, sizeof(f.mac));
	return f;
}

static void
look_at_links(struct packets *p, int sock)
{
	struct if_nameindex *all = if_nameindex();
	struct known found[MAX_LINKS];
	unsigned n = 0;

	if (all == NULL)
		err(1, "if_nameindex");
	for (const struct if_nameindex *at = all; at->if_name != NULL &&
	    n < MAX_LINKS; at++) {
		struct link_fact f = fact_of(sock, at);

		if (!is_known(f.ifindex, f.name, f.up))
			packets_link(p, &f, now(), take, NULL);
		found[n] = (struct known){ .ifindex = f.ifindex, .up = f.up };
		snprintf(found[n++].name, sizeof(found[0].name), "%s", f.name);
	}
	if_freenameindex(all);
	for (unsigned i = 0; i < n_links; i++) {
		unsigned j = 0;

		while (j < n && found[j].ifindex != links[i].ifindex)
			j++;
		if (j == n)
			packets_unlink(p, links[i].ifindex, now(), take, NULL);
	}
	memcpy(links, found, n * sizeof(*found));
	n_links = n;
}

static void
make_up_links(struct packets *p, unsigned n)
{
	char name[IF_NAMESIZE];

	for (unsigned i = 0; i < n; i++) {
		/* Not in order. */
		struct link_fact f = { .ifindex = 100000 + i * 7919 % n, .name = name };

		snprintf(name, sizeof(name), "made%u", i);
		packets_link(p, &f, now(), take, NULL);
	}
}

/* ---- the run */

static unsigned
descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	if (d == NULL)
		err(1, "/proc/self/fd");
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

static void
run(struct packets *p, bool tell_links, uint64_t most, double seconds)
{
	struct nstime end = nstime_add_ns(now(), (int64_t)(seconds * 1e9));
	struct nstime looked = { 0 };
	int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct pollfd fd;

	while (!stop && seen < most && now().ns < end.ns) {
		struct nstime t = now();

		if (nstime_diff_ns(t, looked) >= LOOK_MS * NS_PER_MSEC) {
			if (tell_links)
				look_at_links(p, sock);
			packets_losses(p, t, take, NULL);
			looked = t;
		}
		if (packets_fds(p, &fd, 1) != 1)
			errx(1, "packets_fds() gives nothing");
		if (poll(&fd, 1, LOOK_MS) > 0 &&
		    packets_read(p, 4096, take, NULL) < 0)
			errx(1, "%s", packets_error(p));
	}
	packets_losses(p, now(), take, NULL);
	close(sock);
}

static void
count(struct packets *p)
{
	struct live_counts c = { 0 };

	packets_count(p, &c);
	if (c.captured != seen)
		errx(1, "%" PRIu64 " packets are counted as %" PRIu64, seen, c.captured);
	fprintf(stderr, "%" PRIu64 " packets captured\n%" PRIu64 " packets received "
	    "by filter\n%" PRIu64 " packets dropped by kernel\n%" PRIu64
	    " packets dropped by interface\n", c.captured, c.received,
	    c.dropped_kernel, c.dropped_interface);
	printf("end interfaces %u descriptors %u backwards %" PRIu64 "\n", c.ifaces,
	    descriptors(), backwards);
}

static void
send_datagrams(const char *spec)
{
	static char payload[65000];
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9) };
	int sock = socket(AF_INET, SOCK_DGRAM, 0);
	unsigned n, size;
	char addr[64];

	if (sscanf(spec, "%63[^,],%u,%u", addr, &n, &size) != 3 ||
	    inet_pton(AF_INET, addr, &to.sin_addr) != 1 || size > sizeof(payload))
		errx(2, "-S %s: expected ADDRESS,COUNT,SIZE", spec);
	while (n-- > 0)
		if (sendto(sock, payload, size, 0, (const struct sockaddr *)&to,
		    sizeof(to)) < 0)
			err(1, "sendto %s", addr);
	close(sock);
}

int
main(int argc, char **argv)
{
	static const struct sigaction on_end = { .sa_handler = on_signal };
	const char *ifaces[MAX_IFACES];
	struct live_config c = { .ifaces = ifaces };
	char error[LIVE_ERROR_MAX] = "";
	double seconds = 1e6, sleeps = 0;
	uint64_t most = UINT64_MAX;
	bool tell_links = true;
	unsigned made_up = 0;
	const char *file = NULL;
	struct packets *p;
	pcap_t *dead = NULL;
	int opt;

	while ((opt = getopt(argc, argv, "i:f:s:B:c:t:z:w:S:x:lqv")) != -1) {
		switch (opt) {
		case 'i':
			if (c.n_ifaces == MAX_IFACES)
				errx(2, "too many -i");
			ifaces[c.n_ifaces++] = optarg;
			break;
		case 'f': c.capture_filter = optarg; break;
		case 's': c.snaplen = (uint32_t)atoi(optarg); break;
		case 'B': c.buffer_mib = (uint32_t)atoi(optarg); break;
		case 'c': most = (uint64_t)atoll(optarg); break;
		case 't': seconds = atof(optarg); break;
		case 'z': sleeps = atof(optarg); break;
		case 'w': file = optarg; break;
		case 'S': send_datagrams(optarg); return 0;
		case 'x': made_up = (unsigned)atoi(optarg); break;
		case 'l': tell_links = false; break;
		case 'q': quiet = true; break;
		case 'v': old_libpcap = true; break;
		default: return 2;
		}
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	sigaction(SIGINT, &on_end, NULL);
	sigaction(SIGTERM, &on_end, NULL);
	p = packets_open(&c, say, NULL, error);
	if (p == NULL)
		errx(1, "%s", error);
	if (file != NULL) {
		dead = pcap_open_dead(old_libpcap ? LT_SLL : LT_SLL2, 65535);
		dump = dead != NULL ? pcap_dump_open(dead, file) : NULL;
		if (dump == NULL)
			errx(1, "%s: cannot write", file);
	}
	make_up_links(p, made_up);
	printf("ready descriptors %u\n", descriptors());
	usleep((useconds_t)(sleeps * 1e6));
	run(p, tell_links, most, seconds);
	count(p);
	if (dump != NULL) {
		pcap_dump_close(dump);
		pcap_close(dead);
	}
	packets_close(p);
	for (unsigned i = 0; i < MAX_NUMBERS; i++)
		free(names[i]);
	return 0;
}
