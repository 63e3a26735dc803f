/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shift.c - copy a pcap file with another clock: shift IN OUT SECONDS
 *
 * For tests: what a host with a wrong clock would have captured.  Files of
 * this machine's byte order only (pcap-savefile(5)).
 */
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define MAGIC_US	0xa1b2c3d4
#define MAGIC_NS	0xa1b23c4d

struct record {
	uint32_t	sec, sub, caplen, len;
};

int
main(int argc, char **argv)
{
	static uint8_t data[262144];
	uint32_t header[6];
	struct record r;
	long long units, by;
	FILE *in, *out;

	if (argc != 4)
		errx(2, "usage: shift IN OUT SECONDS");
	in = fopen(argv[1], "r");
	out = fopen(argv[2], "w");
	if (in == NULL || out == NULL)
		err(2, "%s or %s", argv[1], argv[2]);
	if (fread(header, sizeof(header), 1, in) != 1 ||
	    (header[0] != MAGIC_US && header[0] != MAGIC_NS))
		errx(2, "%s: not a pcap file of this byte order", argv[1]);
	units = header[0] == MAGIC_NS ? 1000000000 : 1000000;
	by = (long long)(atof(argv[3]) * (double)units);
	fwrite(header, sizeof(header), 1, out);
	while (fread(&r, sizeof(r), 1, in) == 1) {
		long long t = (long long)r.sec * units + r.sub + by;

		if (r.caplen > sizeof(data) || fread(data, r.caplen, 1, in) != 1)
			errx(2, "%s: cut or damaged", argv[1]);
		r.sec = (uint32_t)(t / units);
		r.sub = (uint32_t)(t % units);
		fwrite(&r, sizeof(r), 1, out);
		fwrite(data, r.caplen, 1, out);
	}
	fclose(in);
	return fclose(out) == 0 ? 0 : 2;
}
