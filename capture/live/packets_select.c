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
 */
#include <errno.h>
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
	return 0;
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

	if (p->names.n == 0 || select_in_kernel(p))
		return;
	/* More than BPF_MAXINSNS or net.core.optmem_max let in: all packets come,
	   and those of other interfaces are dropped by links_number(). */
	if (attach(p, s->rest, s->n_rest) != 0) {
		snprintf(p->error, sizeof(p->error), "cannot choose interfaces: "
		    "SO_ATTACH_FILTER: %s", strerror(errno));
		return;
	}
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
