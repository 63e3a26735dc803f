/* SPDX-License-Identifier: GPL-2.0-or-later */
/* route_words.c - the words that rules and routes have in common. */
#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "capture/live/route_words.h"

void
words_add(struct words_out *o, const char *format, ...)
{
	size_t room = sizeof(o->text) - o->len;
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(o->text + o->len, room, format, ap);
	va_end(ap);
	/* the last words are not needed in part */
	if (n < 0 || (size_t)n + 1 >= room) {
		o->cut = true;
		return;
	}
	o->len += (size_t)n;
	o->text[o->len++] = ' ';
}

const char *
words_dev(const struct words_out *o, uint32_t ifindex, char buf[static IFNAMSIZ])
{
	return link_name(o->source, ifindex, o->before, buf);
}

/* ---- numbers that have names */

const struct number_name route_protocols[] = {
	{ 0, "unspec" }, { RTPROT_REDIRECT, "redirect" },
	{ RTPROT_KERNEL, "kernel" }, { RTPROT_BOOT, "boot" },
	{ RTPROT_STATIC, "static" }, { RTPROT_GATED, "gated" },
	{ RTPROT_RA, "ra" }, { RTPROT_MRT, "mrt" }, { RTPROT_ZEBRA, "zebra" },
	{ RTPROT_BIRD, "bird" }, { RTPROT_DNROUTED, "dnrouted" },
	{ RTPROT_XORP, "xorp" }, { RTPROT_NTK, "ntk" }, { RTPROT_DHCP, "dhcp" },
	{ RTPROT_KEEPALIVED, "keepalived" }, { RTPROT_BABEL, "babel" },
	{ RTPROT_OPENR, "openr" }, { RTPROT_BGP, "bgp" }, { RTPROT_ISIS, "isis" },
	{ RTPROT_OSPF, "ospf" }, { RTPROT_RIP, "rip" },
	{ RTPROT_EIGRP, "eigrp" }, { 0, NULL },
};

/* rtm_type; unicast is not said. */
const struct number_name route_types[] = {
	{ RTN_UNSPEC, "none" }, { RTN_LOCAL, "local" }, { RTN_NAT, "nat" },
	{ RTN_BROADCAST, "broadcast" }, { RTN_ANYCAST, "anycast" },
	{ RTN_MULTICAST, "multicast" }, { RTN_BLACKHOLE, "blackhole" },
	{ RTN_UNREACHABLE, "unreachable" }, { RTN_PROHIBIT, "prohibit" },
	{ RTN_THROW, "throw" }, { RTN_XRESOLVE, "xresolve" }, { 0, NULL },
};

/* RFC 2597, RFC 2474, RFC 2598; with the two bits of ECN behind. */
static const struct number_name services[] = {
	{ 0x00, "default" }, { 0x28, "AF11" }, { 0x30, "AF12" }, { 0x38, "AF13" },
	{ 0x48, "AF21" }, { 0x50, "AF22" }, { 0x58, "AF23" }, { 0x68, "AF31" },
	{ 0x70, "AF32" }, { 0x78, "AF33" }, { 0x88, "AF41" }, { 0x90, "AF42" },
	{ 0x98, "AF43" }, { 0x20, "CS1" }, { 0x40, "CS2" }, { 0x60, "CS3" },
	{ 0x80, "CS4" }, { 0xa0, "CS5" }, { 0xc0, "CS6" }, { 0xe0, "CS7" },
	{ 0xb8, "EF" }, { 0, NULL },
};

/* "main"; or the number behind a prefix. */
void
words_number(const struct number_name *names, unsigned n, const char *prefix,
    char out[static NUMBER_MAX])
{
	while (names->name != NULL && names->n != n)
		names++;
	if (names->name != NULL)
		snprintf(out, NUMBER_MAX, "%s", names->name);
	else
		snprintf(out, NUMBER_MAX, "%s%u", prefix, n);
}

void
words_named(struct words_out *o, const char *word, const struct number_name *names,
    unsigned n, const char *prefix)
{
	char text[NUMBER_MAX];

	words_number(names, n, prefix, text);
	words_add(o, "%s %s", word, text);
}

/* ---- what both have */

/* "from 10.0.0.0/8 " and the like; word may be "".  False: there is no address. */
bool
words_range(struct words_out *o, const char *word, int family,
    const struct nlattr *a, unsigned len)
{
	size_t want = family == AF_INET ? 4 : 16;
	char text[INET6_ADDRSTRLEN], bits[8] = "";

	if (a == NULL || mnl_attr_get_payload_len(a) < want)
		return false;
	inet_ntop(family, mnl_attr_get_payload(a), text, sizeof(text));
	if (len != want * 8)
		snprintf(bits, sizeof(bits), "/%u", len);
	words_add(o, "%s%s%s%s", word, *word != '\0' ? " " : "", text, bits);
	return true;
}

void
words_address(struct words_out *o, const char *word, int family,
    const struct nlattr *a)
{
	words_range(o, word, family, a, family == AF_INET ? 32 : 128);
}

void
words_tos(struct words_out *o, unsigned tos)
{
	char text[NUMBER_MAX];

	if (tos == 0)
		return;
	words_number(services, tos, "", text);
	if (text[0] < 'A')
		words_add(o, "tos 0x%02x", tos);
	else
		words_add(o, "tos %s", text);
}

/* A class for traffic control. */
void
words_realms(struct words_out *o, const char *one, const struct nlattr *a)
{
	uint32_t flow;

	if (!attr_u32(a, &flow))
		return;
	if (flow >> 16 != 0)
		words_add(o, "realms %u/%u", flow >> 16, flow & 0xffff);
	else
		words_add(o, "%s %u", one, flow);
}
