/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_truncate.c - every prefix of every packet must decode: no read past its
 * end, no fact that the whole packet does not have, and no fault but that the
 * capture ended.
 *
 * The packets are one of each kind that is read, built here, and those of every
 * pcap and pcapng file below the directories given as arguments (default:
 * pcaps).  The reader is this test's own and knows no more than it needs, so
 * that nothing but decode/ is linked.
 */
#include <dirent.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/build_packet.h"
#include "tests/packet_rules.h"

static unsigned n_tests;
static unsigned n_failed;

/* One packet: all its prefixes; how many there were. */
static uint32_t
try_packet(unsigned linktype, const uint8_t *data, uint32_t caplen,
    uint32_t len, const char **wrong)
{
	static struct packet whole, cut;

	packet_decode(&whole, linktype, data, caplen, len);
	if (whole.n_layers > 0)
		*wrong = rules_packet(&whole, data, caplen);
	for (uint32_t n = 0; n <= caplen && *wrong == NULL; n++) {
		/* Never of size 0, but one byte then is one too many. */
		uint8_t *copy = malloc(n ? n : 1);

		if (copy == NULL)
			err(1, NULL);
		memcpy(copy, data, n);
		memset(&cut, 0xa5, sizeof(cut));
		packet_decode(&cut, linktype, copy, n, len);
		if (cut.n_layers > 0)
			*wrong = rules_packet(&cut, copy, n);
		if (*wrong == NULL)
			*wrong = rules_cut(&whole, &cut);
		free(copy);
		if (*wrong != NULL)
			printf("# cut to %u of %u bytes: %s\n", n, caplen,
			    *wrong);
	}
	return caplen + 1;
}

static void
result(const char *name, unsigned packets, uint64_t prefixes, const char *wrong)
{
	if (wrong == NULL && packets == 0)
		wrong = "no packets";
	n_tests++;
	n_failed += wrong != NULL;
	printf("%s %u %s: %u packets, %llu prefixes%s%s\n",
	    wrong ? "not ok" : "ok", n_tests, name, packets,
	    (unsigned long long)prefixes, wrong ? ": " : "", wrong ? wrong : "");
	fflush(stdout);
}

/* A capture file in memory. */
struct file {
	const uint8_t	*p, *end;
	bool		 swapped;
	uint16_t	 linktypes[256];
	unsigned	 n_linktypes;
	unsigned	 packets;
	uint64_t	 prefixes;
	const char	*wrong;
};

static uint32_t
load32(const struct file *f, const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return f->swapped ? __builtin_bswap32(v) : v;
}

static void
file_packet(struct file *f, unsigned linktype, const uint8_t *data,
    uint32_t caplen, uint32_t len)
{
	f->packets++;
	f->prefixes += try_packet(linktype, data, caplen, len, &f->wrong);
	if (f->wrong != NULL)
		printf("# in packet %u\n", f->packets);
}

static void
walk_pcap(struct file *f)
{
	uint32_t linktype = load32(f, f->p + 20) & 0x0fffffff;

	for (f->p += 24; f->end - f->p >= 16 && f->wrong == NULL;) {
		uint32_t caplen = load32(f, f->p + 8);

		if ((size_t)(f->end - f->p) - 16 < caplen)
			break;
		file_packet(f, linktype, f->p + 16, caplen,
		    load32(f, f->p + 12));
		f->p += 16 + caplen;
	}
}

/* Section, interface and enhanced packet blocks. */
static void
walk_pcapng(struct file *f)
{
	while (f->end - f->p >= 12 && f->wrong == NULL) {
		uint32_t type = load32(f, f->p), size, caplen, iface;

		if (type == 0x0a0d0d0a) {
			f->swapped = memcmp(f->p + 8,
			    &(uint32_t){ 0x1a2b3c4d }, 4) != 0;
			f->n_linktypes = 0;
		}
		size = load32(f, f->p + 4);
		if (size < 12 || size > (size_t)(f->end - f->p))
			break;
		if (type == 1 && size >= 20 && f->n_linktypes < 256)
			f->linktypes[f->n_linktypes++] =
			    (uint16_t)(f->swapped ? f->p[8] << 8 | f->p[9] :
			    f->p[9] << 8 | f->p[8]);
		if (type == 6 && size >= 32) {
			iface = load32(f, f->p + 8);
			caplen = load32(f, f->p + 20);
			if (iface < f->n_linktypes && caplen <= size - 32)
				file_packet(f, f->linktypes[iface], f->p + 28,
				    caplen, load32(f, f->p + 24));
		}
		f->p += size;
	}
}

/* Files of other kinds (dumps of node state, notes) are not captures. */
static void
try_file(const char *path, size_t size)
{
	static const uint32_t magics[] = { 0xa1b2c3d4, 0xa1b23c4d };
	struct file f = { 0 };
	uint8_t *data = malloc(size ? size : 1);
	FILE *in = fopen(path, "rb");
	uint32_t magic;

	if (data == NULL || in == NULL || fread(data, 1, size, in) != size)
		err(1, "%s", path);
	fclose(in);
	if (size >= 24) {
		f.p = data;
		f.end = data + size;
		memcpy(&magic, data, sizeof(magic));
		for (unsigned i = 0; i < 2; i++) {
			f.swapped = __builtin_bswap32(magic) == magics[i];
			if (!f.swapped && magic != magics[i])
				continue;
			walk_pcap(&f);
			result(path, f.packets, f.prefixes, f.wrong);
			break;
		}
		if (magic == 0x0a0d0d0a) {
			walk_pcapng(&f);
			result(path, f.packets, f.prefixes, f.wrong);
		}
	}
	free(data);
}

static int
not_hidden(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static void
try_path(const char *path)
{
	struct dirent **names;
	struct stat st;
	char *full;
	int n;

	if (stat(path, &st) != 0)
		err(1, "%s", path);
	if (!S_ISDIR(st.st_mode)) {
		try_file(path, (size_t)st.st_size);
		return;
	}
	n = scandir(path, &names, not_hidden, alphasort);
	if (n < 0)
		err(1, "%s", path);
	for (int i = 0; i < n; i++) {
		if (asprintf(&full, "%s/%s", path, names[i]->d_name) < 0)
			err(1, NULL);
		try_path(full);
		free(full);
		free(names[i]);
	}
	free(names);
}

static const char v6a[] = "2001:db8::1", v6b[] = "2001:db8::2";

static void
sample_tcp(struct build *b)
{
	build_eth(b);
	build_ip(b);
	build_tcp(b, .sport = 41234, .dport = 443, .ts_val = 7, .ts_ecr = 8);
}

static void
sample_tcp_syn(struct build *b)
{
	static const uint8_t options[] = {
		2, 4, 5, 0xb4, 4, 2, 8, 10, 1, 2, 3, 4, 0, 0, 0, 0, 1, 3, 3, 7,
	};

	build_sll2(b, .ifindex = 7, .pkttype = 4);
	build_ip(b, .options = (const uint8_t[]){ 7, 3, 4, 0 }, .n_options = 4);
	build_tcp(b, .sport = 41234, .dport = 443, .flags = TCP_SYN,
	    .options = options, .n_options = sizeof(options));
}

static void
sample_udp6(struct build *b)
{
	build_sll(b, .pkttype = 2);
	build_vlan(b, 0x8100, 5);
	build_ip(b, .src = v6a, .dst = v6b);
	build_udp(b, 5353, 5353);
}

static void
sample_qinq(struct build *b)
{
	build_eth(b);
	build_vlan(b, 0x88a8, 100);
	build_vlan(b, 0x8100, 200);
	build_ip(b);
	build_udp(b, 1000, 53);
}

static void
sample_arp(struct build *b)
{
	build_eth(b, .dst = "ff:ff:ff:ff:ff:ff");
	build_arp(b, 1, "02:00:00:00:00:01", "10.0.0.1", "10.0.0.2");
}

static void
sample_loopback(struct build *b)
{
	build_bsd(b, LT_NULL, 30, true);
	build_ip(b, .src = "::1", .dst = "::1");
	build_sctp(b, 36412, 38412, 0x12345678);
}

static void
sample_echo(struct build *b)
{
	build_eth(b);
	build_ip(b);
	build_echo(b, true, 10290, 1);
}

static void
sample_echo6(struct build *b)
{
	build_raw(b, LT_IPV6);
	build_ip(b, .src = v6a, .dst = v6b);
	build_echo(b, false, 10290, 1);
}

static void
extensions(struct build *b)
{
	build_ip(b, .src = v6a, .dst = v6b);
	build_ext(b, 0, 0);
	build_ext(b, 60, 1);
	build_ext(b, 43, 2);
	build_frag6(b, 0, true, 77);
	build_ah(b);
	build_tcp(b, .sport = 1, .dport = 2);
}

static void
sample_extensions(struct build *b)
{
	build_eth(b);
	extensions(b);
}

static void
sample_fragment(struct build *b)
{
	build_eth(b);
	build_ip(b, .id = 9, .offset = 1480, .proto = PROTO_UDP);
}

static void
sample_error(struct build *b)
{
	build_eth(b);
	build_ip(b);
	build_icmp(b, 3, 4, 1400);
	build_ip(b, .options = (const uint8_t[]){ 1, 1, 1, 0 }, .n_options = 4);
	build_tcp(b, .sport = 41234, .dport = 443);
}

static void
sample_error6(struct build *b)
{
	build_eth(b);
	build_ip(b, .src = v6b, .dst = v6a);
	build_icmp(b, 3, 0, 0);
	build_ip(b, .src = v6a, .dst = v6b);
	build_ext(b, 60, 0);
	build_echo(b, false, 10290, 1);
}

static void
sample_vxlan(struct build *b)
{
	build_eth(b);
	build_ip(b);
	build_udp(b, 55555, 8472);
	build_vxlan(b, 1);
	build_eth(b);
	build_vlan(b, 0x8100, 6);
	extensions(b);
}

static void
sample_gpe(struct build *b)
{
	build_eth(b);
	build_ip(b, .src = v6a, .dst = v6b);
	build_udp(b, 55555, 4790);
	build_gpe(b, 2);
	build_ip(b);
	build_udp(b, 1, 2);
}

static void
sample_geneve(struct build *b)
{
	build_eth(b);
	build_ip(b);
	build_udp(b, 55555, 6081);
	build_geneve(b, 3, 2);
	build_eth(b);
	build_arp(b, 2, "02:00:00:00:00:01", "10.0.0.1", "10.0.0.2");
}

static void
sample_nested(struct build *b)
{
	build_eth(b);
	build_ip(b);
	build_gre(b, 0xb000, 4);
	build_ip(b, .src = v6a, .dst = v6b);
	build_ip(b);
	build_ip(b, .src = v6a, .dst = v6b);
	build_tcp(b, .sport = 1, .dport = 2, .ts_val = 3);
}

static void
sample_deeper_than_read(struct build *b)
{
	build_raw(b, LT_RAW);
	for (unsigned i = 0; i < 6; i++)
		build_ip(b);
	build_udp(b, 1, 2);
}

static void
sample_esp(struct build *b)
{
	build_eth(b);
	build_ip(b, .proto = PROTO_ESP);
}

static void
sample_ospf(struct build *b)
{
	build_eth(b);
	build_ip(b, .dst = "224.0.0.5", .ttl = 1, .proto = 89);
}

static void
sample_lldp(struct build *b)
{
	build_eth(b, .dst = "01:80:c2:00:00:0e", .protocol = 0x88cc);
}

static const struct sample {
	const char	*name;
	void		(*build)(struct build *);
} samples[] = {
	{ "tcp",		sample_tcp },
	{ "tcp-syn",		sample_tcp_syn },
	{ "udp6",		sample_udp6 },
	{ "qinq",		sample_qinq },
	{ "arp",		sample_arp },
	{ "loopback",		sample_loopback },
	{ "echo",		sample_echo },
	{ "echo6",		sample_echo6 },
	{ "extensions",		sample_extensions },
	{ "fragment",		sample_fragment },
	{ "error",		sample_error },
	{ "error6",		sample_error6 },
	{ "vxlan",		sample_vxlan },
	{ "gpe",		sample_gpe },
	{ "geneve",		sample_geneve },
	{ "nested",		sample_nested },
	{ "deeper-than-read",	sample_deeper_than_read },
	{ "esp",		sample_esp },
	{ "ospf",		sample_ospf },
	{ "lldp",		sample_lldp },
};

static void
try_sample(const struct sample *s)
{
	static struct build b;
	const char *wrong = NULL;
	uint64_t prefixes;

	build_begin(&b);
	s->build(&b);
	build_fill(&b, 24, 1);
	build_finish(&b);
	prefixes = try_packet(b.linktype, b.b, b.n, b.n, &wrong);
	/* As if a snap length had cut it before; and with less on the wire
	   than its headers say. */
	for (uint32_t n = 0; n < b.n && wrong == NULL; n++) {
		prefixes += try_packet(b.linktype, b.b, n, b.n, &wrong);
		if (wrong == NULL)
			prefixes += try_packet(b.linktype, b.b, n, n, &wrong);
	}
	result(s->name, 1, prefixes, wrong);
}

int
main(int argc, char **argv)
{
	unsigned n_samples = sizeof(samples) / sizeof(samples[0]);

	for (unsigned i = 0; i < n_samples; i++)
		try_sample(&samples[i]);
	for (int i = 1; i < argc; i++)
		try_path(argv[i]);
	if (argc < 2)
		try_path("pcaps");
	if (n_tests == n_samples)
		result("captures", 0, 0, NULL);
	printf("1..%u\n", n_tests);
	return n_failed != 0;
}
