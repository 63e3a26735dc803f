/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bare.c - the least that reading a capture costs: pcap_loop(3PCAP) over a file
 * with a callback that does nothing.  The bench's unit of measure.
 */
#include <err.h>
#include <pcap/pcap.h>

static void
ignore(u_char *arg, const struct pcap_pkthdr *head, const u_char *data)
{
	(void)arg;
	(void)head;
	(void)data;
}

int
main(int argc, char **argv)
{
	char why[PCAP_ERRBUF_SIZE];
	pcap_t *p;

	if (argc != 2)
		errx(2, "usage: bare FILE");
	p = pcap_open_offline(argv[1], why);
	if (p == NULL)
		errx(2, "%s", why);
	if (pcap_loop(p, -1, ignore, NULL) < 0)
		errx(2, "%s: %s", argv[1], pcap_geterr(p));
	pcap_close(p);
	return 0;
}
