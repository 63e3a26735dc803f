/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pcapfile.c - classic pcap files, through libpcap: pcap-savefile(5).
 *
 * libpcap knows the byte orders and the precisions; the position in the file,
 * which it does not tell, is summed up here.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <pcap/pcap.h>

#include "capture/format.h"
#include "decode/packet.h"

#define FILE_HDR_LEN	24

struct pcapfile {
	pcap_t		*pcap;
	struct input	*in;
	struct reading	*rd;
	uint64_t	 offset;	/* of the next packet's header */
	uint32_t	 packet_hdr_len;
	uint32_t	 snaplen;	/* as the file says; 0 when it does not */
	bool		 announced;
	struct obs_iface iface;
};

static const struct variant {
	uint32_t	magic;
	uint32_t	packet_hdr_len;
} variants[] = {
	{ 0xa1b2c3d4, 16 },	/* microseconds */
	{ 0xa1b23c4d, 16 },	/* nanoseconds */
	{ 0xa1b2cd34, 24 },	/* Kuznetzov's, of old Linux distributions */
};

static uint32_t
get_u32(const uint8_t *p, bool swap)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return swap ? __builtin_bswap32(v) : v;
}

static const struct variant *
variant_find(const uint8_t *head, bool *swap)
{
	for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++)
		for (int s = 0; s < 2; s++)
			if (get_u32(head, s) == variants[i].magic) {
				*swap = s;
				return &variants[i];
			}
	return NULL;
}

static bool
pcapfile_match(const uint8_t *head, size_t n)
{
	bool swap;

	return n >= 4 && variant_find(head, &swap);
}

/* Read from the file header what libpcap hides. */
static void
header_read(struct pcapfile *p, uint8_t *head)
{
	bool swap;
	const struct variant *v = variant_find(head, &swap);
	uint32_t linktype;

	p->packet_hdr_len = v->packet_hdr_len;
	p->snaplen = get_u32(head + 16, swap);
	/* libpcap would cut longer packets to the snapshot length, silently,
	   and our position with them.  0 stands for its maximum. */
	memset(head + 16, 0, 4);
	/* The upper bits tell of a frame check sequence. */
	linktype = get_u32(head + 20, swap) & 0x03ffffff;
	reading_check_linktype(p->rd, linktype, 20, 0);
	p->iface.linktype = linktype <= UINT16_MAX ?
	    (uint16_t)linktype : UINT16_MAX;
}

static void
iface_name(struct pcapfile *p)
{
	struct obs_iface *i = &p->iface;

	i->number = (*p->rd->number)++;
	i->given = p->rd->name;
	i->name = p->rd->name;
	if (!i->name && i->linktype != LT_SLL && i->linktype != LT_SLL2)
		i->name = p->rd->stem;
}

static void
pcapfile_close(void *arg)
{
	struct pcapfile *p = arg;

	if (!p)
		return;
	if (p->pcap)
		pcap_close(p->pcap);
	free(p);
}

static void *
pcapfile_open(struct input *in, struct reading *rd)
{
	char error[PCAP_ERRBUF_SIZE];
	struct pcapfile *p;
	size_t n;
	FILE *f;

	(void)input_head(in, &n);
	if (n < FILE_HDR_LEN) {
		reading_report(rd, SRC_BAD, n, 0, "the file ends inside the "
		    "pcap file header, expected %d bytes", FILE_HDR_LEN);
		return NULL;
	}
	p = calloc(1, sizeof(*p));
	f = p ? input_stdio(in) : NULL;
	if (!f) {
		reading_report(rd, SRC_BAD, 0, 0, "out of memory");
		free(p);
		return NULL;
	}
	p->in = in;
	p->rd = rd;
	p->offset = FILE_HDR_LEN;
	header_read(p, input_head(in, &n));
	p->pcap = pcap_fopen_offline_with_tstamp_precision(f,
	    PCAP_TSTAMP_PRECISION_NANO, error);
	if (!p->pcap) {
		reading_report(rd, SRC_BAD, 0, 0, "%s", error);
		fclose(f);
		free(p);
		return NULL;
	}
	iface_name(p);
	return p;
}

static void
report_caplen(struct pcapfile *p, unsigned long caplen)
{
	reading_report(p->rd, SRC_BAD, p->offset, p->rd->packets + 1, "found a "
	    "captured length of %lu bytes, expected at most %d", caplen,
	    READING_CAPLEN_MAX);
}

/* libpcap gives its text alone: tell a cut packet from a damaged one. */
static void
report_error(struct pcapfile *p)
{
	const char *text = pcap_geterr(p->pcap);
	uint64_t packet = p->rd->packets + 1;
	unsigned long want, got;
	enum source_fault fault;

	if (input_error(p->in)) {
		reading_report(p->rd, SRC_BAD, p->offset, packet, "%s",
		    input_error(p->in));
	} else if (sscanf(text, "truncated dump file; tried to read %lu header "
	    "bytes, only got %lu", &want, &got) == 2) {
		reading_report(p->rd, SRC_CUT, p->offset, packet, "the file "
		    "ends inside the packet's header: found %lu bytes, "
		    "expected %lu", got, want);
	} else if (sscanf(text, "truncated dump file; tried to read %lu "
	    "captured bytes, only got %lu", &want, &got) == 2) {
		/* More than the snapshot length is no cut but a false length. */
		fault = p->snaplen && want > p->snaplen ? SRC_BAD : SRC_CUT;
		reading_report(p->rd, fault, p->offset, packet, "the file ends "
		    "inside the packet: found %lu bytes, expected %lu",
		    got, want);
	} else if (sscanf(text, "invalid packet capture length %lu",
	    &want) == 1) {
		report_caplen(p, want);
	} else {
		reading_report(p->rd, SRC_BAD, p->offset, packet, "%s", text);
	}
}

static int
pcapfile_next(void *arg, struct obs *o)
{
	struct pcapfile *p = arg;
	struct pcap_pkthdr *h;
	const u_char *data;
	int rc;

	if (__builtin_expect(!p->announced, 0)) {
		p->announced = true;
		o->type = OBS_IFACE;
		o->ts = p->rd->last;
		o->iface = p->iface;
		return 1;
	}
	rc = pcap_next_ex(p->pcap, &h, &data);
	if (__builtin_expect(rc != 1, 0)) {
		if (rc == PCAP_ERROR)
			report_error(p);
		return 0;
	}
	/* libpcap allows more for link types that we do not decode. */
	if (__builtin_expect(h->caplen > READING_CAPLEN_MAX, 0)) {
		report_caplen(p, h->caplen);
		return 0;
	}
	o->type = OBS_PACKET;
	/* libpcap takes the 32-bit seconds of the file for signed: the years
	   after 2038.  tv_usec holds nanoseconds here. */
	o->ts.ns = (int64_t)(uint32_t)h->ts.tv_sec * NS_PER_SEC +
	    h->ts.tv_usec;
	o->packet = (struct obs_packet){
		.number = p->iface.number,
		.linktype = p->iface.linktype,
		.dir = DIR_UNKNOWN,
		.caplen = h->caplen,
		.len = h->len,
		.data = data,
	};
	reading_packet(p->rd, o->ts, p->offset);
	p->offset += p->packet_hdr_len + h->caplen;
	return 1;
}

const struct format format_pcap = {
	.match	= pcapfile_match,
	.open	= pcapfile_open,
	.close	= pcapfile_close,
	.next	= pcapfile_next,
};
