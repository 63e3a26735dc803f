/* SPDX-License-Identifier: GPL-2.0-or-later */
/* filter.c - pcap-filter(7) expressions on packets, by libpcap's compiler. */
#include "capture/filter.h"

#include <ctype.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SNAPLEN		262144	/* the largest that libpcap takes */
#define MAX_LINKTYPES	8	/* more in one run: the last place is shared */

struct program {
	unsigned	 linktype;
	bool		 tried, usable;
	struct bpf_program code;
};

struct filter {
	char		*expression;
	bool		 on_ip;		/* `ip` is usable for IP layers */
	struct program	 ip;
	struct program	 link[MAX_LINKTYPES];
	unsigned	 n_links;
	char		 complaint[FILTER_ERROR_MAX];
};

/* LINKTYPE_ values in files are DLT_ values but for raw IP. */
static int
dlt_of_linktype(unsigned linktype)
{
	return linktype == LT_RAW || linktype == LT_RAW_BSD ||
	    linktype == LT_RAW_OPENBSD ? DLT_RAW : (int)linktype;
}

static bool
compile(struct program *p, unsigned linktype, const char *expression,
    char *error, size_t size)
{
	pcap_t *dead = pcap_open_dead(dlt_of_linktype(linktype), SNAPLEN);

	p->linktype = linktype;
	p->tried = true;
	if (dead == NULL) {
		snprintf(error, size, "out of memory");
		return false;
	}
	p->usable = pcap_compile(dead, &p->code, expression, 1,
	    PCAP_NETMASK_UNKNOWN) == 0;
	if (!p->usable)
		snprintf(error, size, "%s", pcap_geterr(dead));
	pcap_close(dead);
	return p->usable;
}

/*
 * Words that speak of the link layer yet may compile for raw IP, where they
 * would read the IP header as if it were one: ether[0], link[2:2].
 */
static bool
speaks_of_link(const char *expression)
{
	static const char *const words[] = {
		"ether", "link", "vlan", "mpls", "pppoed", "pppoes", "inbound",
		"outbound", "wlan", "fddi", "tr", "ppp", "slip", "broadcast",
		"ifname", "ifindex",
	};
	const char *s = expression;

	while (*s != '\0') {
		size_t i, n = 0;

		while (isalnum((unsigned char)s[n]) || s[n] == '_' ||
		    s[n] == '-' || s[n] == '.')
			n++;
		for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
			if (n == strlen(words[i]) && memcmp(s, words[i], n) == 0)
				return true;
		s += n != 0 ? n : 1;
	}
	return false;
}

/* An expression must mean something for at least one kind of frame. */
static bool
compile_any(struct filter *f, char error[static FILTER_ERROR_MAX])
{
	static const unsigned common[] = { LT_SLL2, LT_SLL };
	char why[PCAP_ERRBUF_SIZE] = "", other[PCAP_ERRBUF_SIZE];
	bool ok;
	size_t i;

	if (!speaks_of_link(f->expression))
		f->on_ip = compile(&f->ip, LT_RAW, f->expression, why,
		    sizeof(why));
	/* Ethernet knows the most words: its message is the one to show. */
	ok = compile(&f->link[0], LT_ETHERNET, f->expression, why, sizeof(why));
	f->n_links = 1;
	for (i = 0; i < sizeof(common) / sizeof(common[0]) && !ok; i++) {
		ok = compile(&f->link[1], common[i], f->expression, other,
		    sizeof(other));
		f->n_links = ok ? 2 : 1;
	}
	if (ok || f->on_ip)
		return true;
	snprintf(error, FILTER_ERROR_MAX, "filter '%.*s': %s", 400,
	    f->expression, why);
	return false;
}

struct filter *
filter_new(const char *expression, char error[static FILTER_ERROR_MAX])
{
	struct filter *f = calloc(1, sizeof(*f));

	error[0] = '\0';
	if (f != NULL)
		f->expression = strdup(expression);
	if (f == NULL || f->expression == NULL) {
		snprintf(error, FILTER_ERROR_MAX, "out of memory");
		filter_free(f);
		return NULL;
	}
	if (!compile_any(f, error)) {
		filter_free(f);
		return NULL;
	}
	return f;
}

void
filter_free(struct filter *f)
{
	unsigned i;

	if (f == NULL)
		return;
	if (f->ip.usable)
		pcap_freecode(&f->ip.code);
	for (i = 0; i < f->n_links; i++)
		if (f->link[i].usable)
			pcap_freecode(&f->link[i].code);
	free(f->expression);
	free(f);
}

/* The program for a link type, compiled when its first frame comes. */
static struct program *
link_program(struct filter *f, unsigned linktype)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	struct program *p;
	unsigned i;

	for (i = 0; i < f->n_links; i++)
		if (f->link[i].linktype == linktype)
			return &f->link[i];
	if (f->n_links < MAX_LINKTYPES) {
		p = &f->link[f->n_links++];
	} else {
		p = &f->link[MAX_LINKTYPES - 1];
		if (p->usable)
			pcap_freecode(&p->code);
		*p = (struct program){ 0 };
	}
	compile(p, linktype, f->expression, why, sizeof(why));
	return p;
}

static void
complain_linktype(struct filter *f, unsigned linktype)
{
	const char *name = pcap_datalink_val_to_name(dlt_of_linktype(linktype));

	if (f->complaint[0] != '\0')
		return;
	snprintf(f->complaint, sizeof(f->complaint),
	    "filter '%.*s' means nothing on link type %u (%s): "
	    "its frames did not match", 400, f->expression, linktype,
	    name != NULL ? name : "unknown");
}

static bool
run(const struct program *p, const uint8_t *data, uint32_t caplen, uint32_t len)
{
	struct pcap_pkthdr h = { .caplen = caplen, .len = len };

	return pcap_offline_filter(&p->code, &h, data) != 0;
}

bool
filter_match(void *filter, const struct packet *pkt, const struct layer *l,
    const struct obs_packet *o)
{
	struct filter *f = filter;
	struct program *p;

	(void)pkt;
	if (f->on_ip && l != NULL && l->kind == LAYER_IP && l->l3 != NULL)
		return run(&f->ip, l->l3, l->l3_cap,
		    l->ip_len > l->l3_cap ? l->ip_len : l->l3_cap);
	p = link_program(f, o->linktype);
	if (!p->usable) {
		/* "tcp" says nothing of ARP; only say so where IP was meant */
		if (!f->on_ip)
			complain_linktype(f, o->linktype);
		return false;
	}
	return run(p, o->data, o->caplen, o->len);
}

const char *
filter_complaint(const struct filter *f)
{
	return f->complaint[0] != '\0' ? f->complaint : NULL;
}
