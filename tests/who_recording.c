/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * who_recording.c - a recording without a single packet, for tests/t_who.sh: two
 * pods, and conntrack, which tells of one port that they had one after the other.
 * An IPv6 connection is in it from the beginning to the end.
 *
 *	who_recording FILE
 */
#include <err.h>
#include <stdio.h>

#include "capture/record.h"
#include "decode/packet.h"
#include "decode/state.h"

#define START_NS	(INT64_C(1790000000) * NS_PER_SEC)	/* 2026-09-21T14:13:20Z */

static struct addr
addr(const char *text)
{
	struct addr a;

	if (!addr_parse(text, &a))
		errx(1, "%s", text);
	return a;
}

static struct state *
make_state(void)
{
	static const char *const pods[][2] = { { "web-1", "10.0.1.1" },
		{ "web-2", "10.0.1.2" }, { "web-6", "2001:db8::6" } };
	struct state *s = state_new();

	if (s == NULL)
		errx(1, "state_new");
	for (unsigned i = 0; i < 3; i++) {
		struct addr a = addr(pods[i][1]);

		state_pod(s, "default", pods[i][0], &a)->sources = POD_KUBECTL;
	}
	state_mark(s, PART_PODS);
	state_ready(s);
	return s;
}

static struct ct_entry
entry(const char *pod, uint16_t sport, const char *as, uint16_t as_port, const char *dst)
{
	struct tuple after = { .src = addr(as), .sport = as_port, .dst = addr(dst),
	    .dport = 443, .proto = PROTO_TCP };

	return (struct ct_entry){ .id = sport, .age_s = -1, .timeout = 432000,
	    .state = "ESTABLISHED", .reply = tuple_turned(&after),
	    .orig = { .src = addr(pod), .sport = sport, .dst = addr(dst),
		.dport = 443, .proto = PROTO_TCP } };
}

static void
give(struct record *r, struct obs o, int64_t seconds)
{
	o.ts.ns = START_NS + seconds * NS_PER_SEC;
	if (!record_observe(r, &o))
		errx(1, "%s", record_error(r));
}

static void
give_ct(struct record *r, enum ct_event event, const struct ct_entry *e, int64_t seconds)
{
	give(r, (struct obs){ .type = OBS_CT, .ct = { .event = (uint8_t)event,
	    .entry = e } }, seconds);
}

static void
give_all(struct record *r, const struct state *s)
{
	struct ct_entry one = entry("10.0.1.1", 1001, "10.0.0.5", 40000, "8.8.8.8");
	struct ct_entry two = entry("10.0.1.2", 1002, "10.0.0.5", 40000, "8.8.8.8");
	struct ct_entry six = entry("2001:db8::6", 1006, "2001:db8::5", 40006,
	    "2001:db8:9::9");

	give(r, (struct obs){ .type = OBS_IFACE, .iface = { .linktype = LT_ETHERNET,
	    .name = "eth0", .given = true, .ifindex = 2 } }, 0);
	give(r, (struct obs){ .type = OBS_STATE, .state.state = s }, 0);
	give_ct(r, CT_EV_DUMP_BEGIN, NULL, 0);
	give_ct(r, CT_EV_DUMPED, &six, 0);
	give_ct(r, CT_EV_DUMP_END, NULL, 0);
	give_ct(r, CT_EV_NEW, &one, 10);
	give_ct(r, CT_EV_DESTROY, &one, 20);
	give_ct(r, CT_EV_NEW, &two, 30);
	give_ct(r, CT_EV_DESTROY, &two, 40);
	give(r, (struct obs){ .type = OBS_TICK }, 50);
}

int
main(int argc, char **argv)
{
	char error[RECORD_ERROR_MAX];
	struct state *s = make_state();
	struct record *r;

	if (argc != 2)
		errx(1, "who_recording FILE");
	r = record_open(&(struct record_config){ .path = argv[1], .snaplen = 192 },
	    error);
	if (r == NULL)
		errx(1, "%s", error);
	give_all(r, s);
	if (!record_close(r, error))
		errx(1, "%s", error);
	state_free(s);
	return 0;
}
