/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * record_sample.c - a recording of a node that does not exist, for
 * tests/t_record_file.sh; and what is in one.
 *
 *	record_sample write FILE PACKETS [slow]		with a comment in 1 of 10
 *	record_sample plain FILE PACKETS		without, of one link type
 *	record_sample read FILE ...
 */
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/record.h"
#include "capture/source.h"
#include "decode/packet.h"
#include "decode/state.h"
#include "decode/timeline.h"

#define START_NS	(INT64_C(1790000000) * NS_PER_SEC)
#define STEP_NS		INT64_C(1000000)
#define N_PODS		20

static struct state *
sample_state(void)
{
	struct state *s = state_new();
	char name[32];

	if (s == NULL)
		errx(1, "state_new");
	for (unsigned i = 0; i < N_PODS; i++) {
		struct addr a = addr_from_v4((uint8_t[4]){ 10, 0, 1, (uint8_t)i });
		struct link *l = state_push(s, links);

		snprintf(name, sizeof(name), "web-%u", i);
		state_pod(s, "default", name, &a)->sources = POD_IPAM;
		snprintf(name, sizeof(name), "eni%u", i);
		l->name = state_text(s, name, strlen(name));
		l->ifindex = 10 + i;
	}
	state_mark(s, PART_LINKS);
	state_mark(s, PART_PODS);
	state_ready(s);
	return s;
}

/* A UDP datagram of 64 bytes, of the link layer's type. */
static uint32_t
frame_make(uint8_t *p, bool cooked, unsigned n)
{
	static const uint8_t ethernet[14] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8 };
	static const uint8_t sll2[20] = { 8, 0, 0, 0, 0, 0, 0, 10, 0, 1, 0, 6, 2, 0, 0,
	    0, 0, 2 };
	static const uint8_t ip[28] = { 0x45, 0, 0, 64, 0, 0, 0x40, 0, 64, 17, 0, 0,
	    10, 0, 1, 1, 10, 0, 1, 2, 0x30, 0x39, 0x30, 0x3a, 0, 44 };
	uint32_t head = cooked ? sizeof(sll2) : sizeof(ethernet), sum = 0;
	uint8_t *h = p + head;

	memcpy(p, cooked ? sll2 : ethernet, head);
	memset(h, 'p', 64);
	memcpy(h, ip, sizeof(ip));
	h[4] = (uint8_t)(n >> 8);
	h[5] = (uint8_t)n;
	for (unsigned i = 0; i < 20; i += 2)
		sum += (uint32_t)(h[i] << 8 | h[i + 1]);
	sum = ~((sum & 0xffff) + (sum >> 16));
	h[10] = (uint8_t)(sum >> 8);
	h[11] = (uint8_t)sum;
	return head + 64;
}

static const char *
comment(void *arg, const struct obs *o)
{
	(void)arg;
	return o->ts.ns / STEP_NS % 10 ? NULL : "SNAT 10.0.1.1:12345 -> ok";
}

struct sample {
	struct record	*rec;
	bool		 plain;
	uint64_t	 n;
	bool		 stopped;
};

static void
give(struct sample *s, struct obs o, int64_t ts_ns)
{
	o.ts.ns = ts_ns;
	if (s->stopped || !record_observe(s->rec, &o))
		s->stopped = true;
	else
		s->n++;
}

static void
begin(struct sample *s, const struct state *state)
{
	give(s, (struct obs){ .type = OBS_IFACE, .iface = { .number = 0,
	    .linktype = LT_ETHERNET, .name = "eth0", .given = true, .ifindex = 2,
	    .has_mac = true, .mac = { 2, 0, 0, 0, 0, 1 }, .n_addrs = 2, .addrs = {
	    addr_from_v4((uint8_t[4]){ 10, 0, 0, 5 }), addr_from_v6((uint8_t[16]){
	    0xfe, 0x80, [15] = 5 }) } } }, START_NS);
	if (!s->plain)
		give(s, (struct obs){ .type = OBS_IFACE, .iface = { .number = 1,
		    .linktype = LT_SLL2, .name = "any", .given = true } },
		    START_NS);
	give(s, (struct obs){ .type = OBS_STATE, .state.state = state }, START_NS);
}

static void
give_packet(struct sample *s, unsigned i, int64_t ts_ns)
{
	bool cooked = i % 3 == 0 && !s->plain;
	uint8_t frame[128];
	uint32_t len = frame_make(frame, cooked, i);

	give(s, (struct obs){ .type = OBS_PACKET, .packet = { .number = cooked,
	    .linktype = cooked ? LT_SLL2 : LT_ETHERNET,
	    .dir = cooked ? DIR_UNKNOWN : (uint8_t)(i % 2 ? DIR_IN : DIR_OUT),
	    .caplen = len, .len = len, .data = frame } }, ts_ns);
}

static void
give_others(struct sample *s, unsigned i, int64_t ts_ns, const struct state *come)
{
	struct ct_entry e = { .id = i, .age_s = -1, .state = "ESTABLISHED",
	    .orig = { .proto = PROTO_UDP, .sport = 12345, .dport = 53 } };
	struct state_change change = { .come = come };

	if (i % 20 == 7)
		give(s, (struct obs){ .type = OBS_CT, .ct = { .event = CT_EV_NEW,
		    .entry = &e } }, ts_ns);
	if (i % 500 == 0)
		give(s, (struct obs){ .type = OBS_CHANGE, .change = { &change,
		    { ts_ns - 1000 } } }, ts_ns);
	if (i % 700 == 0)
		give(s, (struct obs){ .type = OBS_LOSS, .loss = { .kernel = 3,
		    .interface = 1 } }, ts_ns);
	if (i % 100 == 0)
		give(s, (struct obs){ .type = OBS_TICK }, ts_ns);
}

static int
write_sample(char **argv, bool plain, bool slow)
{
	char error[RECORD_ERROR_MAX];
	struct state *state = sample_state(), *come = state_new();
	struct sample s = { .plain = plain };
	unsigned long n = strtoul(argv[1], NULL, 10);
	bool ok;

	if (come == NULL)
		errx(1, "state_new");
	state_push(come, sysctls)->name = "net.ipv4.ip_forward";
	come->sysctls.v[0].value = "1";
	s.rec = record_open(&(struct record_config){ .path = argv[0],
	    .snaplen = 192, .comment = plain ? NULL : comment }, error);
	if (s.rec == NULL)
		errx(1, "%s", error);
	begin(&s, state);
	for (unsigned i = 1; i <= n && !s.stopped; i++) {
		int64_t ts_ns = START_NS + i * STEP_NS;

		give_packet(&s, i, ts_ns);
		if (!plain || i % 100 == 0)
			give_others(&s, i, ts_ns, come);
		if (slow && i % 100 == 0) {
			/* what is written is on its way */
			fprintf(stderr, "%u\n", i);
			usleep(10000);
		}
	}
	ok = record_close(s.rec, error);
	printf("%" PRIu64 " observations\n", s.n);
	if (!ok)
		printf("%s\n", error);
	state_free(state);
	state_free(come);
	return ok ? 0 : 1;
}

/* How many of each kind, and the reports. */
static int
read_files(char **argv)
{
	static const char *const names[] = { "interfaces", "packets", "names",
	    "losses", "states", "changes", "entries", "ticks" };
	int rc = 0;

	for (; *argv != NULL; argv++) {
		const struct source_report *reports;
		struct source_report report;
		uint32_t number = 0;
		unsigned n[N_OBS_TYPES] = { 0 }, n_reports;
		struct source *s = source_open(*argv, &number, &report);
		struct obs o;

		if (s == NULL)
			errx(1, "%s", report.text);
		while (source_next(s, &o) == 1)
			n[o.type]++;
		for (unsigned i = 0; i < N_OBS_TYPES; i++)
			printf("%u %s%s", n[i], names[i],
			    i + 1 < N_OBS_TYPES ? ", " : "\n");
		n_reports = source_reports(s, &reports);
		for (unsigned i = 0; i < n_reports; i++)
			printf("%s: %s\n", reports[i].fault == SRC_CUT ? "cut" :
			    "bad", reports[i].text);
		rc |= source_report(s)->fault == SRC_BAD;
		source_close(s);
	}
	return rc;
}

int
main(int argc, char **argv)
{
	if (argc >= 3 && strcmp(argv[1], "read") == 0)
		return read_files(argv + 2);
	if (argc >= 4 && strcmp(argv[1], "write") == 0)
		return write_sample(argv + 2, false, argc > 4);
	if (argc >= 4 && strcmp(argv[1], "plain") == 0)
		return write_sample(argv + 2, true, false);
	errx(1, "record_sample write|plain|read FILE ...");
}
