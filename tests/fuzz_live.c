/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_live.c - packets, changes of the state, conntrack entries, losses and
 * ticks in any order and at any times.
 *
 * Worth fuzzing because flows are looked at, judged, joined and let go while the
 * states they are judged by come and go.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "decode/conntrack.h"
#include "decode/timeline.h"
#include "decode/tracer.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define STEP	8	/* bytes of an observation */

static struct addr
address(unsigned n)
{
	static const uint8_t v[8][4] = {
		{ 10, 0, 0, 10 }, { 10, 0, 0, 20 }, { 10, 0, 0, 11 }, { 10, 0, 0, 21 },
		{ 10, 0, 7, 7 }, { 8, 8, 8, 8 }, { 172, 20, 0, 9 }, { 9, 9, 9, 9 },
	};

	return addr_from_v4(v[n % 8]);
}

/* Records of each kind that changes, by the bits of `which`. */
static void
fill_state(struct state *s, uint8_t which)
{
	static const char *const devs[4] = { "eth0", "eth1", "enia", "enib" };

	for (unsigned i = 0; i < 4; i++) {
		if (!(which >> i & 1))
			continue;
		*state_push(s, links) = (struct link){ .name = devs[i], .ifindex = i + 1 };
		*state_push(s, routes) = (struct iproute){ .table = TABLE_MAIN,
		    .dst = { address(i), 128 }, .dev = devs[i], .text = "route" };
		*state_push(s, rules) = (struct iprule){ .priority = 512 + i,
		    .table = TABLE_MAIN, .text = "from all lookup main" };
		*state_push(s, addrs) = (struct ifaddr){ .dev = devs[i],
		    .addr = address(i), .len = 120 };
		*state_push(s, neighs) = (struct neigh){ .dev = devs[i],
		    .addr = address(i + 4) };
		*state_push(s, sysctls) = (struct sysctl){ "net.ipv4.ip_forward",
		    i ? "1" : "0" };
		state_pod(s, "ns", devs[i], &(struct addr){ { 0 } })->host_network = i == 3;
	}
	if (which & 0x10) {
		uint32_t chain;

		*state_push(s, nf_tables) = (struct nf_table){ "nat", NF_IP4, false };
		chain = state_chain(s, 0, "POSTROUTING");
		s->nf_chains.v[chain].hook = NF_POSTROUTING;
		s->nf_chains.v[chain].type = NF_NAT;
		*state_push(s, nf_rules) = (struct nf_rule){ .chain = chain,
		    .target = { .kind = NF_T_MASQUERADE }, .text = "-j MASQUERADE" };
	}
	if (which & 0x20) {
		struct addr *a = state_alloc(s, sizeof(*a));

		*a = address(6);
		*state_push(s, services) = (struct service){ .ns = "ns", .name = "svc",
		    .addrs = a, .n_addrs = 1, .n_cluster = 1 };
		*state_push(s, svc_ports) = (struct svc_port){ .port = 1, .proto = PROTO_TCP };
	}
	if (which & 0x40)
		for (unsigned p = 0; p < N_STATE_PARTS; p++)
			state_mark(s, (enum state_part)p);
}

static void
packet(struct tracer *t, const uint8_t *p, struct nstime now)
{
	uint8_t b[20 + 20 + 20] = { 0x08, 0x00, [7] = (uint8_t)(p[1] % 5 + 1), [9] = 1,
	    [10] = (uint8_t)(p[1] & 0x80 ? 4 : 0), [11] = 6, [17] = p[1] % 5, [20] = 0x45,
	    [23] = 40, [28] = (uint8_t)(p[4] % 66), [29] = PROTO_TCP, [52] = 0x50,
	    [53] = p[5] & 0x1f };
	struct addr src = address(p[2]), dst = address(p[2] >> 4);
	struct obs o = { .type = OBS_PACKET, .ts = now, .packet = { .linktype = LT_SLL2,
	    .number = p[6] % 2, .caplen = sizeof(b), .len = sizeof(b), .data = b } };

	memcpy(b + 32, src.b + 12, 4);
	memcpy(b + 36, dst.b + 12, 4);
	b[41] = p[3] % 4;
	b[43] = p[3] / 4 % 4;
	b[47] = p[6] % 4;
	tracer_observe(t, &o);
}

static void
entry(struct tracer *t, const uint8_t *p, struct nstime now)
{
	struct ct_entry e = { .id = p[6] % 8, .age_s = -1, .timeout = p[5],
	    .orig = { .src = address(p[2]), .dst = address(p[2] >> 4), .sport = p[3] % 4,
	    .dport = p[3] / 4 % 4, .proto = PROTO_TCP } };
	struct obs o = { .type = OBS_CT, .ts = now, .ct = { .event = p[1] % N_CT_EVENTS } };

	e.reply = (struct tuple){ .src = e.orig.dst, .dst = address(p[4]),
	    .sport = e.orig.dport, .dport = p[4] >> 6, .proto = PROTO_TCP };
	if (o.ct.event != CT_EV_DUMP_BEGIN && o.ct.event != CT_EV_DUMP_END)
		o.ct.entry = &e;
	tracer_observe(t, &o);
}

static void
change(struct tracer *t, const uint8_t *p, struct nstime now)
{
	struct state *come = state_new(), *gone = state_new();
	struct state_change c = { .come = p[1] & 1 ? come : NULL,
	    .gone = p[1] & 2 ? gone : NULL,
	    .parts = p[4] & 1 ? (uint32_t)p[5] << 5 | p[6] : 0 };

	assert(come != NULL && gone != NULL);
	fill_state(come, p[2]);
	fill_state(gone, p[3]);
	tracer_observe(t, &(struct obs){ .type = OBS_CHANGE, .ts = now,
	    .change = { &c, { now.ns - (int64_t)p[4] * NS_PER_MSEC } } });
	state_free(come);
	state_free(gone);
}

static void
check_flow(const struct flow *f)
{
	assert(f->id > 0 && f->n_legs <= FLOW_MAX_LEGS);
	assert(f->n_findings <= FLOW_MAX_FINDINGS && f->verdict < N_VERDICTS);
	assert(f->node.pod == NULL || f->node.pod->n_addrs <= POD_MAX_ADDRS);
}

static void
changed(void *arg, const struct flow *f, bool first)
{
	(void)arg;
	(void)first;
	check_flow(f);
}

static void
joined(void *arg, uint64_t id, uint64_t into)
{
	(void)arg;
	assert(id != into);
}

static void
done(void *arg, const struct flow *f)
{
	check_flow(f);
	++*(uint64_t *)arg;
}

static int
each(void *arg, const struct flow *f)
{
	done(arg, f);
	return 1;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nstime now = { INT64_C(1700000000) * NS_PER_SEC };
	struct state *first = state_new();
	uint64_t n = 0;
	struct tracer *t = tracer_new(&(struct tracer_config){ .max_flows = 8,
	    .changed = changed, .joined = joined, .done = done, .done_arg = &n });

	assert(t != NULL && first != NULL);
	for (uint32_t i = 0; i < 2; i++)
		tracer_observe(t, &(struct obs){ .type = OBS_IFACE, .ts = now, .iface = {
		    .number = i, .linktype = LT_SLL2, .ifindex = i * 3, .name = i ? "enia" :
		    NULL } });
	fill_state(first, size > 0 ? data[0] : 0);
	state_ready(first);
	if (size > 0 && data[0] & 0x80)
		tracer_observe(t, &(struct obs){ .type = OBS_STATE, .ts = now,
		    .state = { first } });
	for (size_t at = 1; at + STEP <= size; at += STEP) {
		const uint8_t *p = data + at;

		now = nstime_add_ns(now, (int64_t)(int8_t)p[7] *
		    (p[0] & 0x80 ? NS_PER_SEC : 5 * NS_PER_MSEC));
		switch (p[0] % 8) {
		case 0:
			tracer_observe(t, &(struct obs){ .type = OBS_TICK, .ts = now });
			break;
		case 1:
			entry(t, p, now);
			break;
		case 2:
			change(t, p, now);
			break;
		case 3:
			tracer_observe(t, &(struct obs){ .type = OBS_LOSS, .ts = now,
			    .loss = { p[1] % 2, p[1] / 2 % 2, p[1] / 4 % 2,
			    { p[2] ? now.ns - p[2] : 0 } } });
			break;
		default:
			packet(t, p, now);
			break;
		}
	}
	tracer_finish(t);
	assert(tracer_each(t, each, &n) == 1);
	assert(tracer_stats(t)->flows == n);
	tracer_free(t);
	state_free(first);
	return 0;
}
