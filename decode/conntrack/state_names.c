/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * state_names.c - the words for the state of a connection: enum tcp_conntrack,
 * sctp_conntrack and ct_dccp_states of linux/netfilter/nf_conntrack_*.h, as
 * conntrack(8) prints them.
 */
#include "decode/conntrack.h"

#include "decode/packet.h"

#define PROTO_DCCP	33
#define MAX_STATES	10

static const char *const tcp[MAX_STATES] = {
	"NONE", "SYN_SENT", "SYN_RECV", "ESTABLISHED", "FIN_WAIT", "CLOSE_WAIT",
	"LAST_ACK", "TIME_WAIT", "CLOSE", "SYN_SENT2",
};
static const char *const sctp[MAX_STATES] = {
	"NONE", "CLOSED", "COOKIE_WAIT", "COOKIE_ECHOED", "ESTABLISHED",
	"SHUTDOWN_SENT", "SHUTDOWN_RECD", "SHUTDOWN_ACK_SENT", "HEARTBEAT_SENT",
	"HEARTBEAT_ACKED",
};
static const char *const dccp[MAX_STATES] = {
	"NONE", "REQUEST", "RESPOND", "PARTOPEN", "OPEN", "CLOSEREQ", "CLOSING",
	"TIMEWAIT", "IGNORE", "INVALID",
};

static const char *const *
names_of(uint8_t proto)
{
	switch (proto) {
	case PROTO_TCP:
		return tcp;
	case PROTO_SCTP:
		return sctp;
	case PROTO_DCCP:
		return dccp;
	default:
		return NULL;
	}
}

const char *
ct_state_name(uint8_t proto, uint8_t state)
{
	const char *const *names = names_of(proto);

	return names != NULL && state < MAX_STATES ? names[state] : NULL;
}

uint8_t
ct_state_number(uint8_t proto, const char *name)
{
	const char *const *names = names_of(proto);

	/* Most are our own constants. */
	for (unsigned i = 0; names != NULL && i < MAX_STATES; i++)
		if (names[i] == name)
			return (uint8_t)i;
	for (unsigned i = 0; names != NULL && i < MAX_STATES; i++)
		if (strcmp(names[i], name) == 0)
			return (uint8_t)i;
	return UINT8_MAX;
}
