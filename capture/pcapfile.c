/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pcapfile.c - classic pcap files: pcap-savefile(5).
 *
 * libpcap judges every file header, and reads the packets of old and odd
 * variants.  Those of the ordinary one, version 2.4 with a header of 16 bytes
 * for each packet, are read here, where they lie in the window: libpcap's two
 * fread() calls and copy took 50 ns a packet of the 200 that all else takes.
 * The position in the file, which libpcap does not tell, is summed up here.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <pcap/pcap.h>

#include "capture/format.h"
#include "decode/packet.h"

#define FILE_HDR_LEN	24
#define PACKET_HDR_LEN	16	/* seconds, their fraction, captured, length */

struct pcapfile {
	pcap_t		*pcap;		/* NULL: the window is read instead */
	struct window	 w;
	uint32_t	 take;		/* bytes of the packet handed out last */
	struct input	*in;
	struct reading	*rd;
	uint64_t	 offset;	/* of the next packet's header */
	const struct variant *variant;
	bool		 swap;		/* the file's byte order is not ours */
	bool		 is_2_4;	/* its version */
	uint32_t	 snaplen;	/* as the file says; 0 when it does not */
	bool		 announced;
	struct obs_iface iface;
};

static const struct variant {
	uint32_t	magic;
	uint32_t	packet_hdr_len;
	int32_t		unit_ns;	/* of the fraction of a second */
} variants[] = {
	{ 0xa1b2c3d4, PACKET_HDR_LEN, 1000 },
	{ 0xa1b23c4d, PACKET_HDR_LEN, 1 },
	{ 0xa1b2cd34, 24, 1000 },	/* Kuznetzov's, of old Linux distributions */
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
header_read(struct pcapfile *p, const uint8_t *head)
{
	uint16_t major, minor;
	uint32_t linktype;

	p->variant = variant_find(head, &p->swap);
	memcpy(&major, head + 4, sizeof(major));
	memcpy(&minor, head + 6, sizeof(minor));
	p->is_2_4 = major == (p->swap ? 0x0200 : 2) &&
	    minor == (p->swap ? 0x0400 : 4);
	p->snaplen = get_u32(head + 16, p->swap);
	/* The upper bits tell of a frame check sequence. */
	linktype = get_u32(head + 20, p->swap) & 0x03ffffff;
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
	window_fini(&p->w);
	free(p);
}

/* The stream becomes libpcap's.  NULL is reported. */
static pcap_t *
libpcap_open(FILE *f, struct reading *rd)
{
	char error[PCAP_ERRBUF_SIZE] = "out of memory";
	pcap_t *pcap = f ? pcap_fopen_offline_with_tstamp_precision(f,
	    PCAP_TSTAMP_PRECISION_NANO, error) : NULL;

	if (!pcap) {
		reading_report(rd, SRC_BAD, 0, 0, "%s", error);
		if (f)
			fclose(f);
	}
	return pcap;
}

/* libpcap would cut longer packets to the snapshot length, silently, and our
   position with them.  0 stands for its maximum. */
static void
snaplen_lift(uint8_t *head)
{
	memset(head + 16, 0, 4);
}

/* Is the file sound, as far as its header tells?  If so, is it ordinary? */
static bool
header_judge(struct pcapfile *p, const uint8_t *head, bool *ordinary)
{
	uint8_t copy[FILE_HDR_LEN];
	pcap_t *pcap;

	memcpy(copy, head, sizeof(copy));
	snaplen_lift(copy);
	pcap = libpcap_open(fmemopen(copy, sizeof(copy), "r"), p->rd);
	if (!pcap)
		return false;
	/* libpcap allows longer packets for some link types. */
	*ordinary = p->is_2_4 && p->variant->packet_hdr_len == PACKET_HDR_LEN &&
	    pcap_snapshot(pcap) == READING_CAPLEN_MAX;
	pcap_close(pcap);
	return true;
}

static bool
window_start(struct pcapfile *p)
{
	if (!window_init(&p->w, input_bytes(p->in))) {
		reading_report(p->rd, SRC_BAD, 0, 0, "out of memory");
		return false;
	}
	p->take = FILE_HDR_LEN;
	/* The input holds these bytes already. */
	return window_want(&p->w, FILE_HDR_LEN);
}

static bool
libpcap_start(struct pcapfile *p)
{
	FILE *f = input_stdio(p->in);
	size_t n;

	if (f)
		snaplen_lift(input_head(p->in, &n));
	p->pcap = libpcap_open(f, p->rd);
	return p->pcap != NULL;
}

static struct pcapfile *
file_open(struct input *in, struct reading *rd, bool slow)
{
	struct pcapfile *p;
	const uint8_t *head;
	bool ordinary;
	size_t n;

	head = input_head(in, &n);
	if (n < FILE_HDR_LEN) {
		reading_report(rd, SRC_BAD, n, 0, "the file ends inside the "
		    "pcap file header, expected %d bytes", FILE_HDR_LEN);
		return NULL;
	}
	p = calloc(1, sizeof(*p));
	if (!p) {
		reading_report(rd, SRC_BAD, 0, 0, "out of memory");
		return NULL;
	}
	p->in = in;
	p->rd = rd;
	p->offset = FILE_HDR_LEN;
	header_read(p, head);
	if (!header_judge(p, head, &ordinary) ||
	    !(ordinary && !slow ? window_start(p) : libpcap_start(p))) {
		pcapfile_close(p);
		return NULL;
	}
	iface_name(p);
	return p;
}

static void *
pcapfile_open(struct input *in, struct reading *rd)
{
	return file_open(in, rd, false);
}

static void *
pcapfile_open_slow(struct input *in, struct reading *rd)
{
	return file_open(in, rd, true);
}

static void
report_caplen(struct pcapfile *p, unsigned long caplen)
{
	reading_report(p->rd, SRC_BAD, p->offset, p->rd->packets + 1, "found a "
	    "captured length of %lu bytes, expected at most %d", caplen,
	    READING_CAPLEN_MAX);
}

static void
report_cut_header(struct pcapfile *p, unsigned long got, unsigned long want)
{
	reading_report(p->rd, SRC_CUT, p->offset, p->rd->packets + 1,
	    "the file ends inside the packet's header: found %lu bytes, "
	    "expected %lu", got, want);
}

static void
report_cut_packet(struct pcapfile *p, unsigned long got, unsigned long want)
{
	/* More than the snapshot length is no cut but a false length. */
	enum source_fault fault = p->snaplen && want > p->snaplen ?
	    SRC_BAD : SRC_CUT;

	reading_report(p->rd, fault, p->offset, p->rd->packets + 1,
	    "the file ends inside the packet: found %lu bytes, expected %lu",
	    got, want);
}

/* libpcap gives its text alone: tell a cut packet from a damaged one. */
static void
report_error(struct pcapfile *p)
{
	const char *text = pcap_geterr(p->pcap);
	uint64_t packet = p->rd->packets + 1;
	unsigned long want, got;

	if (input_error(p->in)) {
		reading_report(p->rd, SRC_BAD, p->offset, packet, "%s",
		    input_error(p->in));
	} else if (sscanf(text, "truncated dump file; tried to read %lu header "
	    "bytes, only got %lu", &want, &got) == 2) {
		report_cut_header(p, got, want);
	} else if (sscanf(text, "truncated dump file; tried to read %lu "
	    "captured bytes, only got %lu", &want, &got) == 2) {
		report_cut_packet(p, got, want);
	} else if (sscanf(text, "invalid packet capture length %lu",
	    &want) == 1) {
		report_caplen(p, want);
	} else {
		reading_report(p->rd, SRC_BAD, p->offset, packet, "%s", text);
	}
}

/* The window does not hold all of the next packet: the input has ended. */
static int __attribute__((cold, noinline))
window_ended(struct pcapfile *p)
{
	unsigned long have = window_have(&p->w);
	const char *error = p->w.no_memory ? "out of memory" :
	    input_error(p->in);

	if (error)
		reading_report(p->rd, SRC_BAD, p->offset, p->rd->packets + 1,
		    "%s", error);
	else if (have >= PACKET_HDR_LEN)
		report_cut_packet(p, have - PACKET_HDR_LEN,
		    get_u32(window_at(&p->w) + 8, p->swap));
	else if (have > 0)
		report_cut_header(p, have, PACKET_HDR_LEN);
	return 0;
}

/* In the file the packet's header has four words of 32 bits. */
static inline struct nstime
packet_time(const struct pcapfile *p, const uint8_t *h, bool swap)
{
	uint32_t sec = get_u32(h, swap), fraction = get_u32(h + 4, swap);
	/* As libpcap takes it, in our own byte order for signed; a sound file
	   holds nothing for which that mattered. */
	int64_t part = swap ? (int64_t)fraction : (int32_t)fraction;

	return (struct nstime){ (int64_t)sec * NS_PER_SEC +
	    part * p->variant->unit_ns };
}

static inline void
packet_fill(struct pcapfile *p, struct obs *o, const uint8_t *data,
    uint32_t caplen, uint32_t len)
{
	o->type = OBS_PACKET;
	o->packet = (struct obs_packet){
		.number = p->iface.number,
		.linktype = p->iface.linktype,
		.dir = DIR_UNKNOWN,
		.caplen = caplen,
		.len = len,
		.data = data,
	};
	reading_packet(p->rd, o->ts, p->offset);
	p->offset += p->variant->packet_hdr_len + caplen;
}

/* Inline for each byte order, which is one comparison a packet, not four. */
static inline int __attribute__((always_inline))
window_next(struct pcapfile *p, struct obs *o, bool swap)
{
	const uint8_t *h;
	uint32_t caplen;

	window_drop(&p->w, p->take);
	p->take = 0;
	if (__builtin_expect(!window_want(&p->w, PACKET_HDR_LEN), 0))
		return window_ended(p);
	caplen = get_u32(window_at(&p->w) + 8, swap);
	if (__builtin_expect(caplen > READING_CAPLEN_MAX, 0)) {
		report_caplen(p, caplen);
		return 0;
	}
	if (__builtin_expect(!window_want(&p->w, PACKET_HDR_LEN + caplen), 0))
		return window_ended(p);
	h = window_at(&p->w);
	p->take = PACKET_HDR_LEN + caplen;
	o->ts = packet_time(p, h, swap);
	packet_fill(p, o, h + PACKET_HDR_LEN, caplen, get_u32(h + 12, swap));
	return 1;
}

static int
libpcap_next(struct pcapfile *p, struct obs *o)
{
	struct pcap_pkthdr *h;
	const u_char *data;
	int rc = pcap_next_ex(p->pcap, &h, &data);

	if (rc != 1) {
		if (rc == PCAP_ERROR)
			report_error(p);
		return 0;
	}
	/* libpcap allows more for link types that we do not decode. */
	if (h->caplen > READING_CAPLEN_MAX) {
		report_caplen(p, h->caplen);
		return 0;
	}
	/* libpcap takes the 32-bit seconds of the file for signed: the years
	   after 2038.  tv_usec holds nanoseconds here. */
	o->ts.ns = (int64_t)(uint32_t)h->ts.tv_sec * NS_PER_SEC +
	    h->ts.tv_usec;
	packet_fill(p, o, data, h->caplen, h->len);
	return 1;
}

static int
pcapfile_next(void *arg, struct obs *o)
{
	struct pcapfile *p = arg;

	if (__builtin_expect(!p->announced, 0)) {
		p->announced = true;
		o->type = OBS_IFACE;
		o->ts = p->rd->last;
		o->iface = p->iface;
		return 1;
	}
	if (p->pcap != NULL)
		return libpcap_next(p, o);
	return p->swap ? window_next(p, o, true) : window_next(p, o, false);
}

const struct format format_pcap = {
	.match	= pcapfile_match,
	.open	= pcapfile_open,
	.close	= pcapfile_close,
	.next	= pcapfile_next,
};

const struct format format_pcap_slow = {
	.match	= pcapfile_match,
	.open	= pcapfile_open_slow,
	.close	= pcapfile_close,
	.next	= pcapfile_next,
};
