/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flow_sample.h - hand-made flows for the tests of outputs and --where: one
 * translated TCP flow with everything known, to be changed by each test.
 */
#ifndef TESTS_FLOW_SAMPLE_H
#define TESTS_FLOW_SAMPLE_H

#include <stdio.h>
#include <string.h>

#include "decode/contract.h"
#include "decode/flow.h"
#include "decode/state.h"
#include "ui/out/output.h"

#define SAMPLE_FIRST	INT64_C(1795196003433730000)	/* 2026-11-20T17:33:23.43373Z */

/* Names of interfaces 0, 1, ...; the last row's index is unknown. */
static const char *sample_ifnames[] = { "enib5be3306a32", "eth0", "flannel.1" };

static inline struct iface
sample_iface(const void *arg, unsigned i)
{
	struct iface ifc = {
		.named = true, .has_ifindex = i < 2, .ifindex = 7 - 5 * i,
	};

	(void)arg;
	memccpy(ifc.name, sample_ifnames[i % 3], 0, sizeof(ifc.name) - 1);
	return ifc;
}

/* Only the pod has a name. */
static inline const char *
sample_name(const void *arg, const struct addr *a)
{
	(void)arg;
	return a->b[14] == 3 && a->b[15] == 30 ? "default/echo-b" : NULL;
}

static const struct naming sample_names = { .iface = sample_iface,
	.name = sample_name };
static const struct naming sample_numbers = { .iface = sample_iface };

static inline struct tuple
sample_tuple(uint8_t proto, const char *src, uint16_t sport, const char *dst,
    uint16_t dport)
{
	struct tuple t = { .sport = sport, .dport = dport, .proto = proto };

	if (!addr_parse(src, &t.src) || !addr_parse(dst, &t.dst))
		fprintf(stderr, "sample_tuple: %s or %s is no address\n", src, dst);
	return t;
}

static inline struct leg
sample_leg(unsigned iface, uint8_t dir, bool reply, uint8_t ttl, struct tuple t,
    int64_t after_ns)
{
	return (struct leg){
		.iface = (uint16_t)iface, .dir = dir, .reply = reply, .ttl = ttl,
		.t = t, .packets = 12, .bytes = 1720,
		.first = { SAMPLE_FIRST + after_ns },
		.last = { SAMPLE_FIRST + after_ns + NS_PER_SEC },
	};
}

static inline struct flow
sample_tcp(void)
{
	struct tuple in = sample_tuple(PROTO_TCP, "192.168.3.30", 41234,
	    "172.217.175.36", 443);
	struct tuple out = sample_tuple(PROTO_TCP, "192.168.3.243", 21015,
	    "172.217.175.36", 443);
	struct tuple back_in = sample_tuple(PROTO_TCP, "172.217.175.36", 443,
	    "192.168.3.243", 21015);
	struct tuple back_out = sample_tuple(PROTO_TCP, "172.217.175.36", 443,
	    "192.168.3.30", 41234);
	struct flow f = {
		.id = 7, .has = FLOW_TRANSLATED | FLOW_RTT | FLOW_TRANSIT |
		    FLOW_INITIATOR,
		.proto = PROTO_TCP, .selected = true,
		.first = { SAMPLE_FIRST }, .last = { SAMPLE_FIRST + NS_PER_SEC },
		.original = in, .translated = out, .nat = NAT_SNAT,
		.tcp_state = TCPS_ESTABLISHED, .confidence = CONF_OBSERVED,
		.verdict = VERDICT_OK, .packets = 24, .bytes = 3440,
		.sightings = 48, .matched = 48,
		.request_packets = 12, .reply_packets = 12,
		.rtt = { 1, 660000, 910000 }, .transit = { 24, 38000, 74000 },
		.n_legs = 4,
	};

	f.legs[0] = sample_leg(0, DIR_IN, false, 64, in, 0);
	f.legs[1] = sample_leg(1, DIR_OUT, false, 63, out, 22000);
	f.legs[2] = sample_leg(1, DIR_IN, true, 117, back_in, 660000);
	f.legs[3] = sample_leg(0, DIR_OUT, true, 116, back_out, 695000);
	f.n_findings = 1;
	f.findings[0] = (struct finding){ .code = "snat-node-ip",
		.level = LEVEL_OK, .text = "left as 192.168.3.243" };
	return f;
}

/* What node state knows of sample_tcp(). */
static const struct pod sample_pod = { .ns = "default", .name = "echo-b",
	.addrs = { { .b = { [10] = 0xff, 0xff, 192, 168, 3, 30 } } }, .n_addrs = 1 };
static const struct eni sample_eni = { .id = "eni-0aaa", .dev = "eth0",
	.device = 0, .primary = true, .has_ip = true,
	.ip = { .b = { [10] = 0xff, 0xff, 192, 168, 3, 243 } } };
static const struct iprule sample_rule = { .priority = 1024, .table = TABLE_MAIN,
	.text = "from all fwmark 0x80/0x80 lookup main" };
static const struct iproute sample_route = { .table = TABLE_MAIN,
	.text = "default via 192.168.3.1 dev eth0" };
static const struct nf_rule sample_nat_rule = {
	.text = "-A AWS-SNAT-CHAIN-0 -j SNAT --to-source 192.168.3.243" };

static inline struct ct_entry
sample_ct(const struct flow *f)
{
	struct ct_entry c = { .orig = f->original, .state = "ESTABLISHED",
		.mark = 128, .status = CT_ASSURED };

	c.reply = (struct tuple){ .src = f->translated.dst,
		.dst = f->translated.src, .sport = f->translated.dport,
		.dport = f->translated.sport, .proto = f->proto };
	return c;
}

/* sample_tcp() with all that state can add; ct is the caller's. */
static inline struct flow
sample_tcp_with_state(struct ct_entry *ct)
{
	struct flow f = sample_tcp();

	*ct = sample_ct(&f);
	f.confidence = CONF_CONFIRMED;
	f.has |= FLOW_PREDICTED | FLOW_MODEL;
	f.node = (struct flow_node){ .pod = &sample_pod,
		.pod_ip = f.original.src, .veth = "enib5be3306a32",
		.eni = &sample_eni, .rule = &sample_rule, .route = &sample_route,
		.nat_rule = &sample_nat_rule, .ct = ct,
		.kind = KIND_POD_TO_EXTERNAL };
	return f;
}

/* One echo request that nobody forwarded or answered. */
static inline struct flow
sample_icmp(void)
{
	struct tuple t = sample_tuple(PROTO_ICMP, "192.168.1.40", 10290,
	    "172.217.175.36", 0);
	struct flow f = {
		.id = 8, .proto = PROTO_ICMP, .selected = true,
		.first = { SAMPLE_FIRST }, .last = { SAMPLE_FIRST },
		.original = t, .translated = t, .packets = 1, .bytes = 84,
		.sightings = 1, .request_packets = 1, .n_legs = 1,
	};

	f.legs[0] = sample_leg(0, DIR_IN, false, 64, t, 0);
	return f;
}

/* Run an output over flows into a string of the caller's. */
static inline void
sample_output(char *out, size_t size, const struct output *o,
    const struct output_run *how, const struct flow *flows, unsigned n,
    const struct summary *s)
{
	struct output_run r = *how;
	struct outbuf buf = { .fd = -1, .buf = out, .p = out, .end = out + size };
	unsigned i;

	r.out = &buf;
	o->head(&r);
	for (i = 0; i < n; i++)
		o->flow(&r, &flows[i]);
	if (s != NULL)
		o->tail(&r, s);
	*(buf.p < buf.end ? buf.p : buf.end - 1) = '\0';
}

#endif
