/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dns_rate.c - questions per second to servers that can be the VPC's own, which
 * takes 1024 packets a second from an ENI (Amazon VPC User Guide, "DNS attributes
 * for your VPC": DNS quotas).
 */
#include "decode/app/dns_int.h"

static bool
is_counted(const struct addr *a)
{
	static const uint8_t ec2[4] = { 0xfd, 0x00, 0x0e, 0xc2 };
	const uint8_t *b = a->b + 12;

	if (!addr_is_v4(a))
		return memcmp(a->b, ec2, sizeof(ec2)) == 0 ||
		    (a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80);
	if (b[0] == 169 && b[1] == 254)
		return true;
	return (b[3] & 15) == 2 && (b[0] == 10 || (b[0] == 192 && b[1] == 168) ||
	    (b[0] == 172 && (b[1] & 0xf0) == 16) || (b[0] == 100 && (b[1] & 0xc0) == 64));
}

static int64_t
second_of(struct nstime t)
{
	return t.ns / NS_PER_SEC;
}

static uint64_t
slot_of(const struct addr *server, int64_t second)
{
	return dns_hash(server->b, sizeof(server->b), (uint64_t)second) % DNS_RATES;
}

void
dns_rate_count(struct dns_log *g, const struct addr *server, struct nstime at)
{
	int64_t second = second_of(at);
	struct dns_rate *r;

	if (!is_counted(server))
		return;
	r = &g->rates[slot_of(server, second)];
	if (r->second != second || !addr_eq(&r->server, server)) {
		/* of two that meet the later one is kept */
		if (r->n > 0 && r->second > second)
			return;
		*r = (struct dns_rate){ .server = *server, .second = second };
	}
	r->n++;
}

unsigned
dns_log_rate(const struct dns_log *g, const struct addr *server, struct nstime at)
{
	unsigned most = 0;

	for (int64_t s = second_of(at) - 1; s <= second_of(at) + 1; s++) {
		const struct dns_rate *r = &g->rates[slot_of(server, s)];

		if (r->second == s && addr_eq(&r->server, server) && r->n > most)
			most = r->n;
	}
	return most;
}
