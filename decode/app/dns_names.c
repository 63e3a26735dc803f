/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dns_names.c - types and return codes by name, as dig(1) prints them.
 *
 * Source: IANA, "Domain Name System (DNS) Parameters": resource record types,
 * DNS RCODEs.
 */
#include "decode/app/dns_int.h"

static const char *const types[] = {
	[1] = "A", [2] = "NS", [5] = "CNAME", [6] = "SOA", [10] = "NULL",
	[11] = "WKS", [12] = "PTR", [13] = "HINFO", [15] = "MX", [16] = "TXT",
	[17] = "RP", [18] = "AFSDB", [24] = "SIG", [25] = "KEY", [28] = "AAAA",
	[29] = "LOC", [33] = "SRV", [35] = "NAPTR", [36] = "KX", [37] = "CERT",
	[39] = "DNAME", [41] = "OPT", [43] = "DS", [44] = "SSHFP", [45] = "IPSECKEY",
	[46] = "RRSIG", [47] = "NSEC", [48] = "DNSKEY", [49] = "DHCID",
	[50] = "NSEC3", [51] = "NSEC3PARAM", [52] = "TLSA", [53] = "SMIMEA",
	[55] = "HIP", [59] = "CDS", [60] = "CDNSKEY", [61] = "OPENPGPKEY",
	[62] = "CSYNC", [63] = "ZONEMD", [64] = "SVCB", [65] = "HTTPS", [99] = "SPF",
	[108] = "EUI48", [109] = "EUI64", [249] = "TKEY", [250] = "TSIG",
	[251] = "IXFR", [252] = "AXFR", [255] = "ANY", [256] = "URI", [257] = "CAA",
};

static const char *const rcodes[] = {
	[DNS_NOERROR] = "NOERROR", [DNS_FORMERR] = "FORMERR",
	[DNS_SERVFAIL] = "SERVFAIL", [DNS_NXDOMAIN] = "NXDOMAIN",
	[DNS_NOTIMP] = "NOTIMP", [DNS_REFUSED] = "REFUSED", [6] = "YXDOMAIN",
	[7] = "YXRRSET", [8] = "NXRRSET", [9] = "NOTAUTH", [10] = "NOTZONE",
	[11] = "DSOTYPENI", [16] = "BADVERS", [17] = "BADKEY", [18] = "BADTIME",
	[19] = "BADMODE", [20] = "BADNAME", [21] = "BADALG", [22] = "BADTRUNC",
	[23] = "BADCOOKIE",
};

const char *
dns_type_name(unsigned type)
{
	return type < sizeof(types) / sizeof(types[0]) ? types[type] : NULL;
}

const char *
dns_rcode_name(unsigned rcode)
{
	return rcode < sizeof(rcodes) / sizeof(rcodes[0]) ? rcodes[rcode] : NULL;
}

/* RFC 4343: only the letters of ASCII have case; no locale has a say. */
static char
lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

size_t
dns_name_lower(const char *name, char out[static DNS_NAME_MAX])
{
	size_t n = 0;

	for (; name[n] != '\0' && n < DNS_NAME_MAX - 1; n++)
		out[n] = lower(name[n]);
	out[n] = '\0';
	return n;
}

bool
dns_name_eq(const char *x, const char *y)
{
	for (; *x != '\0' && lower(*x) == lower(*y); x++)
		y++;
	return lower(*x) == lower(*y);
}
