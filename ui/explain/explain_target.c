/* SPDX-License-Identifier: GPL-2.0-or-later */
/* explain_target.c - HOST[:PORT][/PROTO], where HOST may hold colons and slashes
   of its own. */
#include "ui/explain/explain_target.h"

#include <stdlib.h>
#include <string.h>

#include "decode/packet.h"
#include "ui/cli/complain.h"

static uint8_t
proto_of(const char *word)
{
	static const struct { const char *name; uint8_t proto; } protos[] = {
		{ "tcp", PROTO_TCP }, { "udp", PROTO_UDP },
		{ "sctp", PROTO_SCTP }, { "icmp", PROTO_ICMP },
		{ "icmpv6", PROTO_ICMP },
	};
	size_t i;

	for (i = 0; i < sizeof(protos) / sizeof(protos[0]); i++)
		if (strcasecmp(word, protos[i].name) == 0)
			return protos[i].proto;
	return 0;
}

/* "/tcp" at the end is a protocol unless it can be the name in NAMESPACE/NAME:
   then an address, a port or another slash stands before it. */
static bool
take_proto(struct explain_target *t)
{
	char *slash = strrchr(t->host, '/');
	uint8_t proto;
	struct addr a;

	if (slash == NULL)
		return true;
	proto = proto_of(slash + 1);
	*slash = '\0';
	if (strpbrk(t->host, ":/[") == NULL && !addr_parse(t->host, &a) &&
	    strcmp(t->host, "node") != 0 && strcmp(t->host, "internet") != 0) {
		*slash = '/';
		return true;
	}
	t->proto = proto;
	if (proto == 0)
		complain("'%s' is not a protocol: tcp, udp, sctp or icmp is expected "
		    "behind '%s/'", slash + 1, t->host);
	return proto != 0;
}

bool
explain_target(struct explain_target *t, const char *word)
{
	struct addr a;
	char *colon;

	*t = (struct explain_target){ .proto = 0 };
	if (strlen(word) >= sizeof(t->host)) {
		complain("'%.40s...': too long for a destination", word);
		return false;
	}
	if (strstr(word, "://") != NULL) {
		complain("'%s' is a URL; expected HOST:PORT/PROTO, such as "
		    "8.8.8.8:443/tcp", word);
		return false;
	}
	strcpy(t->host, word);
	if (!take_proto(t))
		return false;
	if (addr_parse(t->host, &a))
		return true;	/* also an IPv6 address without a port */
	colon = strrchr(t->host, ':');
	if (t->host[0] == '[') {
		char *end = strchr(t->host, ']');

		if (end == NULL || (end[1] != '\0' && end[1] != ':')) {
			complain("'%s': [ADDRESS]:PORT is expected", word);
			return false;
		}
		colon = end[1] == ':' ? end + 1 : NULL;
		/* what is behind the bracket does not move */
		*end = '\0';
		memmove(t->host, t->host + 1, strlen(t->host));
	}
	if (colon == NULL)
		return true;
	if (colon[1] == '\0' || strlen(colon + 1) >= sizeof(t->port)) {
		complain("'%s': a port is expected behind the colon", word);
		return false;
	}
	strcpy(t->port, colon + 1);
	*colon = '\0';
	return true;
}

bool
explain_port(const char *text, uint16_t *port)
{
	char *end;
	unsigned long v = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != '\0' || v == 0 || v > 65535)
		return false;
	*port = (uint16_t)v;
	return true;
}
