/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * packets.c - the capture handle: pcap(3PCAP), packet(7) and, for the ring,
 * Documentation/networking/packet_mmap.rst (TPACKET_V3).
 *
 * Everything comes through one cooked handle on `any`, also for `-i eth0 -i
 * 'eni*'`: the kernel is told which interfaces to hand over.  A handle bound to
 * an Ethernet interface gives no direction, which the tracer needs (libpcap
 * 1.10 offers cooked headers on `any` alone), takes 15 ms to open and 25 ms to
 * close (the kernel waits for all CPUs), 512 KiB of ring at least, and packets
 * of several would have to be put in order; with 700 pods that adds up.
 */
#include "capture/live/packets.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/live/packets_int.h"
#include "decode/packet.h"

/* A block of the ring is handed over when it is full, or after so long.  Not
   "immediate mode", for which libpcap takes TPACKET_V2: a wakeup for each
   packet, and slots of full size. */
#define RETIRE_MS	20
/* A packet takes about 300 bytes of it: 100 ms at a million packets a second. */
#define DEFAULT_MIB	32
#define MAX_MIB		2047	/* pcap_set_buffer_size() takes an int of bytes */
#define MAX_SNAPLEN	262144	/* libpcap's own limit */

#define SLL2_LEN	20	/* LINKTYPE_LINUX_SLL2 */
#define SLL2_IFINDEX	4	/* offset, 4 bytes, big-endian */

static bool
fail(char error[static LIVE_ERROR_MAX], const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static bool
fail(char error[static LIVE_ERROR_MAX], const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(error, LIVE_ERROR_MAX, fmt, ap);
	va_end(ap);
	return false;
}

/* ---- opening */

/* Bytes from the network header on, so that cooked and other captures show as
   much of a packet; tcpdump's -s counts the link header too. */
static int
snapshot_of(const struct live_config *c)
{
	uint32_t snaplen = c->snaplen ? c->snaplen : LIVE_DNS_SNAPLEN;

	return (int)(snaplen < MAX_SNAPLEN - SLL2_LEN ? snaplen + SLL2_LEN :
	    MAX_SNAPLEN);
}

static bool
activate(struct packets *p, const struct live_config *c,
    char error[static LIVE_ERROR_MAX])
{
	char why[PCAP_ERRBUF_SIZE] = "";
	uint32_t mib = c->buffer_mib ? c->buffer_mib : DEFAULT_MIB;
	int rc;

	if (mib > MAX_MIB)
		return fail(error, "buffer of %" PRIu32 " MiB, expected at most %d",
		    mib, MAX_MIB);
	p->pcap = pcap_create("any", why);
	if (p->pcap == NULL)
		return fail(error, "cannot capture: %s", why);
	pcap_set_snaplen(p->pcap, snapshot_of(c));
	pcap_set_promisc(p->pcap, 0);
	pcap_set_timeout(p->pcap, RETIRE_MS);
	pcap_set_buffer_size(p->pcap, (int)(mib << 20));
	pcap_set_tstamp_precision(p->pcap, PCAP_TSTAMP_PRECISION_NANO);
	rc = pcap_activate(p->pcap);
	if (rc == PCAP_ERROR_PERM_DENIED)
		return fail(error, "cannot capture: needs CAP_NET_RAW");
	if (rc < 0) {
		const char *why_not = pcap_geterr(p->pcap);

		return fail(error, "cannot capture: %s", *why_not ? why_not :
		    pcap_statustostr(rc));
	}
	if (pcap_setnonblock(p->pcap, 1, why) < 0)
		return fail(error, "cannot capture: %s", why);
	return true;
}

/* Cooked v2 where libpcap has it (1.10); v1 has no ifindex. */
static bool
set_linktype(struct packets *p, char error[static LIVE_ERROR_MAX])
{
	if (pcap_set_datalink(p->pcap, LT_SLL2) == 0)
		p->linktype = LT_SLL2;
	else if (pcap_datalink(p->pcap) == LT_SLL)
		p->linktype = LT_SLL;
	else
		return fail(error, "cannot capture: \"any\" has link type %d, "
		    "expected Linux cooked", pcap_datalink(p->pcap));
	if (p->linktype == LT_SLL2)
		return true;
	if (p->names.n > 0)
		return fail(error, "-i %s: this libpcap (%s) cannot tell "
		    "interfaces apart, expected 1.10 or later; use -i any",
		    p->names.v[0], pcap_lib_version());
	if (p->notice != NULL)
		p->notice(p->notice_arg, "this libpcap has no LINUX_SLL2: packets "
		    "do not tell their interface");
	return true;
}

/* An empty expression too: it is the filter that cuts packets at the snap
   length before they go into the ring. */
static bool
set_filter(struct packets *p, const char *expr, char error[static LIVE_ERROR_MAX])
{
	struct bpf_program prog;
	int rc;

	if (pcap_compile(p->pcap, &prog, expr ? expr : "", 1,
	    PCAP_NETMASK_UNKNOWN) < 0)
		return fail(error, "capture filter \"%.200s\": %s", expr ? expr : "",
		    pcap_geterr(p->pcap));
	rc = pcap_setfilter(p->pcap, &prog);
	pcap_freecode(&prog);
	if (rc < 0)
		return fail(error, "capture filter \"%.200s\": %s", expr ? expr : "",
		    pcap_geterr(p->pcap));
	return true;
}

/* Links that are there already are chosen before anyone tells of them. */
static bool
choose_links(struct packets *p, const struct live_config *c,
    const struct if_nameindex *there, char error[static LIVE_ERROR_MAX])
{
	int rc;

	p->cut = c->snaplen == 0;
	if (p->names.n == 0 && !p->cut)
		return true;
	for (; p->names.n > 0 && there->if_name != NULL; there++) {
		struct link *l;

		if (!names_fit(&p->names, there->if_name))
			continue;
		l = links_get(&p->links, there->if_index, (struct nstime){ 0 });
		if (l == NULL)
			return fail(error, "out of memory");
		snprintf(l->name, sizeof(l->name), "%s", there->if_name);
		l->wanted = true;
	}
	rc = select_init(p);
	if (rc != 0)
		return fail(error, "cannot choose interfaces: SO_GET_FILTER: %s",
		    strerror(-rc));
	select_links(p);
	if (p->error[0] != '\0')
		return fail(error, "%s", p->error);
	return true;
}

static bool
open_all(struct packets *p, const struct live_config *c,
    const struct if_nameindex *there, char error[static LIVE_ERROR_MAX])
{
	if (!names_copy(&p->names, c))
		return fail(error, "out of memory");
	return names_check(&p->names, there, p->notice, p->notice_arg, error) &&
	    activate(p, c, error) && set_linktype(p, error) &&
	    set_filter(p, c->capture_filter, error) &&
	    choose_links(p, c, there, error);
}

struct packets *
packets_open(const struct live_config *c, live_notice *notice, void *arg,
    char error[static LIVE_ERROR_MAX])
{
	struct packets *p = calloc(1, sizeof(*p));
	struct if_nameindex *there = if_nameindex();
	bool ok = false;

	if (p == NULL || there == NULL)
		fail(error, "cannot list interfaces: %s", strerror(errno));
	else {
		p->notice = notice;
		p->notice_arg = arg;
		p->obs.type = OBS_PACKET;
		ok = open_all(p, c, there, error);
		p->obs.packet.linktype = p->linktype;
		/* Cooked headers have it inside. */
		p->obs.packet.dir = DIR_UNKNOWN;
	}
	if (there != NULL)
		if_freenameindex(there);
	if (ok)
		return p;
	packets_close(p);
	return NULL;
}

void
packets_close(struct packets *p)
{
	if (p == NULL)
		return;
	if (p->pcap != NULL)
		pcap_close(p->pcap);
	select_fini(p);
	free(p->links.v);
	names_free(&p->names);
	free(p);
}

/* ---- links */

/* `any` itself is number 0; it carries what has no number of its own. */
static void
tell_any(struct packets *p, struct nstime now, live_sink *sink, void *arg)
{
	struct obs o = { .type = OBS_IFACE, .ts = now };

	p->began = true;
	if (p->names.n > 0)
		return;
	o.iface.number = p->links.next_number++;
	o.iface.linktype = p->linktype;
	sink(arg, &o);
}

static inline void
begin(struct packets *p, struct nstime now, live_sink *sink, void *arg)
{
	if (__builtin_expect(!p->began, 0))
		tell_any(p, now, sink, arg);
}

/* It has another name, or is another one; what waits in the ring is still of the
   one before. */
static void
link_renew(struct links *ls, struct link *l, struct nstime now)
{
	if (l->gone)
		ls->n_gone--;
	l->gone = false;
	l->was_number = l->number;
	l->was_until = now;
	l->number = NO_NUMBER;
}

void
packets_link(struct packets *p, const struct link_fact *f, struct nstime now,
    live_sink *sink, void *arg)
{
	struct links *ls = &p->links;
	const char *name = f->name != NULL ? f->name : "";
	struct link *l;
	bool was;

	begin(p, now, sink, arg);
	if (p->linktype != LT_SLL2)
		return;
	links_purge(ls, now);
	l = links_get(ls, f->ifindex, now);
	if (l == NULL) {
		fail(p->error, "out of memory");
		return;
	}
	was = l->wanted && !l->gone;
	if (l->gone || strcmp(l->name, name) != 0)
		link_renew(ls, l, now);
	snprintf(l->name, sizeof(l->name), "%s", name);
	l->wanted = names_fit(&p->names, l->name);
	l->by_fact = true;
	l->has_mac = f->has_mac;
	memcpy(l->mac, f->mac, sizeof(l->mac));
	l->n_addrs = f->n_addrs < OBS_IFACE_ADDRS ? f->n_addrs : OBS_IFACE_ADDRS;
	memcpy(l->addrs, f->addrs, sizeof(l->addrs));
	links_forget_cache(ls);
	if (l->wanted != was && p->names.n > 0)
		select_links(p);
	if (l->wanted && f->up && l->number == NO_NUMBER)
		link_tell(p, l, now, sink, arg);
}

/* Its packets may still wait in the ring: it keeps its number for a while. */
void
packets_unlink(struct packets *p, uint32_t ifindex, struct nstime now,
    live_sink *sink, void *arg)
{
	struct link *l;

	begin(p, now, sink, arg);
	links_purge(&p->links, now);
	l = links_find(&p->links, ifindex);
	if (l == NULL || l->gone)
		return;
	l->gone = true;
	l->gone_at = now;
	p->links.n_gone++;
}

/* ---- packets */

static uint32_t
be32(const uint8_t *b)
{
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 |
	    b[3];
}

static void
take_packet(u_char *arg, const struct pcap_pkthdr *h, const u_char *data)
{
	struct packets *p = (void *)arg;
	struct obs *o = &p->obs;

	/* tv_usec has nanoseconds: PCAP_TSTAMP_PRECISION_NANO. */
	o->ts.ns = h->ts.tv_sec * NS_PER_SEC + h->ts.tv_usec;
	o->packet.number = 0;
	begin(p, o->ts, p->sink, p->sink_arg);
	if (p->linktype == LT_SLL2 && h->caplen >= SLL2_LEN)
		o->packet.number = links_number(p, be32(data + SLL2_IFINDEX), o->ts,
		    p->sink, p->sink_arg);
	if (o->packet.number == NO_NUMBER)
		return;
	o->packet.caplen = h->caplen;
	o->packet.len = h->len;
	o->packet.data = data;
	p->captured++;
	p->sink(p->sink_arg, o);
}

unsigned
packets_fds(const struct packets *p, struct pollfd *fds, unsigned room)
{
	if (room == 0)
		return 0;
	fds[0] = (struct pollfd){ .fd = pcap_get_selectable_fd(p->pcap),
	    .events = POLLIN };
	return 1;
}

struct nstime
packets_last(const struct packets *p)
{
	return p->obs.ts;
}

int
packets_read(struct packets *p, unsigned budget, live_sink *sink, void *arg)
{
	int most = budget < INT32_MAX ? (int)budget : INT32_MAX, rc;

	if (p->error[0] != '\0')
		return -1;
	p->sink = sink;
	p->sink_arg = arg;
	/* 0 would mean all there are. */
	rc = pcap_dispatch(p->pcap, most ? most : 1, take_packet, (void *)p);
	if (rc < 0 && p->error[0] == '\0')
		fail(p->error, "cannot capture: %s", pcap_geterr(p->pcap));
	return p->error[0] != '\0' ? -1 : rc;
}

const char *
packets_error(const struct packets *p)
{
	return p->error;
}

/* ---- losses */

/* ps_ifdrop is counted by libpcap for promiscuous handles alone, so never here:
   what a network card drops, this node has not forwarded either. */
static void
look_at_stats(struct packets *p)
{
	struct pcap_stat now;

	if (pcap_stats(p->pcap, &now) != 0)
		return;
	p->received += now.ps_recv - p->last.ps_recv;
	p->dropped_kernel += now.ps_drop - p->last.ps_drop;
	p->dropped_interface += now.ps_ifdrop - p->last.ps_ifdrop;
	p->last = now;
}

void
packets_losses(struct packets *p, struct nstime now, live_sink *sink, void *arg)
{
	struct obs o = { .type = OBS_LOSS, .ts = now };

	look_at_stats(p);
	links_purge(&p->links, now);
	o.loss.kernel = p->dropped_kernel - p->told_kernel;
	o.loss.interface = p->dropped_interface - p->told_interface;
	o.loss.since = p->looked;
	p->looked = now;
	p->told_kernel = p->dropped_kernel;
	p->told_interface = p->dropped_interface;
	if (o.loss.kernel == 0 && o.loss.interface == 0)
		return;
	begin(p, now, sink, arg);
	sink(arg, &o);
}

void
packets_count(struct packets *p, struct live_counts *c)
{
	look_at_stats(p);
	c->captured = p->captured;
	c->received = p->received;
	c->dropped_kernel = p->dropped_kernel;
	c->dropped_interface = p->dropped_interface;
	c->ifaces = p->names.n == 0;
	for (unsigned i = 0; i < p->links.n && p->names.n > 0; i++)
		c->ifaces += p->links.v[i].wanted && !p->links.v[i].gone;
}
