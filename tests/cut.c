/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cut.c - copy a part of a pcap file: cut IN OUT SNAP IFINDEX...
 *
 * For tests: what a capture with a shorter snap length, or at fewer interfaces,
 * would have had.  Packets keep their first SNAP bytes (0: all) after the link
 * header, which stays; interfaces are those of a cooked v2 file, all where none
 * is given.  One interface as "ether:IFINDEX" becomes an Ethernet file, as
 * captured at that interface alone.  Files of this machine's byte order only
 * (pcap-savefile(5)).
 */
#include <err.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC_US	0xa1b2c3d4
#define MAGIC_NS	0xa1b23c4d
#define SLL2		276	/* protocol 2, zero 2, ifindex 4, type 2, packet type 1,
				   address length 1, address 8 */
#define SLL2_LEN	20
#define ETHERNET	1
#define ETHERNET_LEN	14

struct record {
	uint32_t	sec, sub, caplen, len;
};

static uint32_t
ifindex_of(const uint8_t *p)
{
	return (uint32_t)p[4] << 24 | (uint32_t)p[5] << 16 | (uint32_t)p[6] << 8 | p[7];
}

static bool
is_wanted(const uint8_t *p, int n, char **numbers)
{
	for (int i = 0; i < n; i++)
		if (strtoul(numbers[i], NULL, 10) == ifindex_of(p))
			return true;
	return n == 0;
}

/* The last bytes of the cooked header become an Ethernet header: to nobody, from
   the sender. */
static uint8_t *
make_ether(uint8_t *p)
{
	uint8_t *e = p + SLL2_LEN - ETHERNET_LEN, from[6], protocol[2];

	memcpy(from, p + 12, sizeof(from));
	memcpy(protocol, p, sizeof(protocol));
	memset(e, 0, 6);
	memcpy(e + 6, from, sizeof(from));
	memcpy(e + 12, protocol, sizeof(protocol));
	return e;
}

int
main(int argc, char **argv)
{
	static uint8_t data[262144];
	uint32_t header[6], snap, head = SLL2_LEN;
	bool ether = argc == 5 && strncmp(argv[4], "ether:", 6) == 0;
	struct record r;
	FILE *in, *out;

	if (argc < 4)
		errx(2, "usage: cut IN OUT SNAP [IFINDEX... | ether:IFINDEX]");
	in = fopen(argv[1], "r");
	out = fopen(argv[2], "w");
	if (in == NULL || out == NULL)
		err(2, "%s or %s", argv[1], argv[2]);
	if (fread(header, sizeof(header), 1, in) != 1 ||
	    (header[0] != MAGIC_US && header[0] != MAGIC_NS) || header[5] != SLL2)
		errx(2, "%s: not a cooked v2 file of this byte order", argv[1]);
	snap = (uint32_t)strtoul(argv[3], NULL, 10);
	if (ether) {
		argv[4] += strlen("ether:");
		header[5] = ETHERNET;
		head = ETHERNET_LEN;
	}
	fwrite(header, sizeof(header), 1, out);
	while (fread(&r, sizeof(r), 1, in) == 1) {
		uint8_t *p = data;

		if (r.caplen < SLL2_LEN || r.caplen > sizeof(data) ||
		    fread(data, r.caplen, 1, in) != 1)
			errx(2, "%s: cut or damaged", argv[1]);
		if (!is_wanted(data, argc - 4, argv + 4))
			continue;
		if (ether) {
			p = make_ether(data);
			r.caplen -= SLL2_LEN - ETHERNET_LEN;
			r.len -= SLL2_LEN - ETHERNET_LEN;
		}
		if (snap != 0 && r.caplen > snap + head)
			r.caplen = snap + head;
		fwrite(&r, sizeof(r), 1, out);
		fwrite(p, r.caplen, 1, out);
	}
	fclose(in);
	return fclose(out) == 0 ? 0 : 2;
}
