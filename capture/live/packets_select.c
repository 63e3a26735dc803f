/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * packets_select.c - a socket filter that lets pass what comes from the chosen
 * interfaces: Documentation/networking/filter.rst, SKF_AD_IFINDEX, and
 * SO_ATTACH_FILTER of socket(7).
 *
 * It is attached here and not through pcap_setfilter(3PCAP), which puts a
 * filter in between that lets nothing pass (set_kernel_filter(), pcap-linux.c):
 * packets would be lost, uncounted, whenever a pod comes or goes.  The kernel
 * replaces one filter by another at once.
 *
 * What the filter returns is how much of the packet is captured.  Headers are
 * enough but for DNS, whose messages are captured whole; offsets are from the
 * network header on, where the data of a cooked socket begins (packet(7)).
 */
#include <errno.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "capture/live/packets_int.h"

#define LEAF		4u		/* so few are compared one by one */
#define GOTO_REST	UINT32_MAX	/* of a jump, until its target is known */

struct program {
	struct sock_filter v[BPF_MAXINSNS];
	unsigned	 n;
	bool		 full;
};

static unsigned
emit(struct program *g, uint16_t code, uint8_t jt, uint8_t jf, uint32_t k)
{
	if (g->n == BPF_MAXINSNS) {
		g->full = true;
		return g->n - 1;
	}
	g->v[g->n] = (struct sock_filter){ code, jt, jf, k };
	return g->n++;
}

/* A search tree, so that hundreds of interfaces cost ten comparisons. */
static void
emit_choice(struct program *g, const uint32_t *ifindex, unsigned n)
{
	unsigned half = n / 2, jump;

	if (n <= LEAF) {
		for (unsigned i = 0; i < n; i++) {
			emit(g, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, ifindex[i]);
			emit(g, BPF_JMP | BPF_JA, 0, 0, GOTO_REST);
		}
		emit(g, BPF_RET | BPF_K, 0, 0, 0);
		return;
	}
	emit(g, BPF_JMP | BPF_JGE | BPF_K, 0, 1, ifindex[half]);
	jump = emit(g, BPF_JMP | BPF_JA, 0, 0, 0);
	emit_choice(g, ifindex, half);
	if (!g->full)
		g->v[jump].k = g->n - jump - 1;
	emit_choice(g, ifindex + half, n - half);
}

static void
emit_rest(struct program *g, const struct selection *s)
{
	unsigned start = g->n;

	if (s->n_rest > BPF_MAXINSNS - g->n) {
		g->full = true;
		return;
	}
	memcpy(g->v + start, s->rest, s->n_rest * sizeof(*s->rest));
	g->n += s->n_rest;
	for (unsigned i = 0; i < start; i++)
		if (g->v[i].code == (BPF_JMP | BPF_JA) && g->v[i].k == GOTO_REST)
			g->v[i].k = start - i - 1;
}

/* How much: LIVE_SNAPLEN, or LIVE_DNS_SNAPLEN from or to port 53.  Nothing is
   loaded beyond LIVE_SNAPLEN, which a shorter packet would be dropped for. */
enum { CUT_V4 = 5, CUT_PORTS4 = 8, CUT_V6 = 15, CUT_PORTS6 = 18, CUT_SMALL = 22,
	CUT_DNS = 23 };
#define TO(target, at)	((target) - (at) - 1)
#define PORT_DNS	53

static const struct sock_filter cut[] = {
	[0] = { BPF_LD | BPF_W | BPF_LEN, 0, 0, 0 },
	[1] = { BPF_JMP | BPF_JGT | BPF_K, 0, TO(CUT_SMALL, 1), LIVE_SNAPLEN },
	[2] = { BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)(SKF_AD_OFF + SKF_AD_PROTOCOL) },
	[3] = { BPF_JMP | BPF_JEQ | BPF_K, TO(CUT_V4, 3), 0, ETH_P_IP },
	[4] = { BPF_JMP | BPF_JEQ | BPF_K, TO(CUT_V6, 4), TO(CUT_SMALL, 4), ETH_P_IPV6 },
	[CUT_V4] = { BPF_LD | BPF_B | BPF_ABS, 0, 0, 9 },
	[6] = { BPF_JMP | BPF_JEQ | BPF_K, TO(CUT_PORTS4, 6), 0, IPPROTO_UDP },
	[7] = { BPF_JMP | BPF_JEQ | BPF_K, 0, TO(CUT_SMALL, 7), IPPROTO_TCP },
	[CUT_PORTS4] = { BPF_LD | BPF_H | BPF_ABS, 0, 0, 6 },
	[9] = { BPF_JMP | BPF_JSET | BPF_K, TO(CUT_SMALL, 9), 0, 0x1fff },
	[10] = { BPF_LDX | BPF_B | BPF_MSH, 0, 0, 0 },
	[11] = { BPF_LD | BPF_H | BPF_IND, 0, 0, 0 },
	[12] = { BPF_JMP | BPF_JEQ | BPF_K, TO(CUT_DNS, 12), 0, PORT_DNS },
	[13] = { BPF_LD | BPF_H | BPF_IND, 0, 0, 2 },
	[14] = { BPF_JMP | BPF_JEQ | BPF_K, TO(CUT_DNS, 14), TO(CUT_SMALL, 14), PORT_DNS },
	[CUT_V6] = { BPF_LD | BPF_B | BPF_ABS, 0, 0, 6 },
	[16] = { BPF_JMP | BPF_JEQ | BPF_K, TO(CUT_PORTS6, 16), 0, IPPROTO_UDP },
	[17] = { BPF_JMP | BPF_JEQ | BPF_K, 0, TO(CUT_SMALL, 17), IPPROTO_TCP },
	[CUT_PORTS6] = { BPF_LD | BPF_H | BPF_ABS, 0, 0, 40 },
	[19] = { BPF_JMP | BPF_JEQ | BPF_K, TO(CUT_DNS, 19), 0, PORT_DNS },
	[20] = { BPF_LD | BPF_H | BPF_ABS, 0, 0, 42 },
	[21] = { BPF_JMP | BPF_JEQ | BPF_K, TO(CUT_DNS, 21), TO(CUT_SMALL, 21), PORT_DNS },
	[CUT_SMALL] = { BPF_RET | BPF_K, 0, 0, LIVE_SNAPLEN },
	[CUT_DNS] = { BPF_RET | BPF_K, 0, 0, LIVE_DNS_SNAPLEN },
};

#define N_CUT	(sizeof(cut) / sizeof(cut[0]))

/* What the filter lets pass is cut by port, where that was not told otherwise. */
static int
add_cut(struct selection *s)
{
	struct sock_filter *v;

	if (s->n_rest + N_CUT > BPF_MAXINSNS)
		return 0;		/* all have the length that DNS has */
	v = realloc(s->rest, (s->n_rest + N_CUT) * sizeof(*v));
	if (v == NULL)
		return -ENOMEM;
	s->rest = v;
	memcpy(v + s->n_rest, cut, sizeof(cut));
	for (unsigned i = 0; i < s->n_rest; i++)
		if (v[i].code == (BPF_RET | BPF_K) && v[i].k != 0)
			v[i] = (struct sock_filter){ BPF_JMP | BPF_JA, 0, 0,
			    s->n_rest - i - 1 };
	s->n_rest += N_CUT;
	return 0;
}

static int
attach(const struct packets *p, struct sock_filter *v, unsigned n)
{
	struct sock_fprog f = { .len = (unsigned short)n, .filter = v };

	return setsockopt(pcap_fileno(p->pcap), SOL_SOCKET, SO_ATTACH_FILTER, &f,
	    sizeof(f));
}

int
select_init(struct packets *p)
{
	static const struct sock_filter all = { BPF_RET | BPF_K, 0, 0, UINT32_MAX };
	struct selection *s = &p->selection;
	socklen_t n = 0;

	/* Counted in instructions, not bytes (sk_get_filter(), net/core/filter.c).
	   There are none when the expression needs libpcap itself to look. */
	if (getsockopt(pcap_fileno(p->pcap), SOL_SOCKET, SO_GET_FILTER, NULL, &n) != 0)
		return -errno;
	s->rest = calloc(n ? n : 1, sizeof(*s->rest));
	if (s->rest == NULL)
		return -ENOMEM;
	if (n == 0)
		s->rest[n++] = all;
	else if (getsockopt(pcap_fileno(p->pcap), SOL_SOCKET, SO_GET_FILTER,
	    s->rest, &n) != 0)
		return -errno;
	s->n_rest = n;
	return p->cut ? add_cut(s) : 0;
}

static unsigned
wanted(const struct links *ls, uint32_t *ifindex)
{
	unsigned n = 0;

	for (unsigned i = 0; i < ls->n; i++)
		if (ls->v[i].wanted && !ls->v[i].gone)
			ifindex[n++] = ls->v[i].ifindex;
	return n;
}

static bool
select_in_kernel(struct packets *p)
{
	struct program *g = malloc(sizeof(*g));
	uint32_t *ifindex = calloc(p->links.n + 1, sizeof(*ifindex));
	bool done = false;

	if (g != NULL && ifindex != NULL) {
		g->n = 0;
		g->full = false;
		emit(g, BPF_LD | BPF_W | BPF_ABS, 0, 0,
		    (uint32_t)(SKF_AD_OFF + SKF_AD_IFINDEX));
		emit_choice(g, ifindex, wanted(&p->links, ifindex));
		emit_rest(g, &p->selection);
		done = !g->full && attach(p, g->v, g->n) == 0;
	}
	free(g);
	free(ifindex);
	return done;
}

void
select_links(struct packets *p)
{
	struct selection *s = &p->selection;

	if (p->names.n != 0 && select_in_kernel(p))
		return;
	/* More than BPF_MAXINSNS or net.core.optmem_max let in: all packets come,
	   and those of other interfaces are dropped by links_number(). */
	if (attach(p, s->rest, s->n_rest) != 0) {
		snprintf(p->error, sizeof(p->error), "cannot choose interfaces: "
		    "SO_ATTACH_FILTER: %s", strerror(errno));
		return;
	}
	if (p->names.n == 0)
		return;			/* all are wanted */
	if (!s->told && p->notice != NULL)
		p->notice(p->notice_arg, "too many interfaces for a filter in the "
		    "kernel: the packets of all are read, and others dropped here");
	s->told = true;
}

void
select_fini(struct packets *p)
{
	free(p->selection.rest);
}
