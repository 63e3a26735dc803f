/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_judge.c - verdicts over any flows and a state that any lines change.
 *
 * A healthy node's dumps, then lines of the input for one of them each, then
 * packets between the node's, its pods' and outer addresses at any place, in any
 * order.  Worth fuzzing because what was seen, what is predicted and what is
 * required may each be missing or contradict the others at any point.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/state/reader.h"
#include "decode/tracer.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const struct {
	const char	*file;
	reader_fn	*read;
	const char	*text;
} dumps[] = {
	{ "iprule.txt", read_ip_rule,
	    "0:\tfrom all lookup local\n512:\tfrom all to 10.0.0.11 lookup main\n"
	    "512:\tfrom all to 10.0.0.21 lookup main\n"
	    "1024:\tfrom all fwmark 0x80/0x80 lookup main\n"
	    "1536:\tfrom 10.0.0.21 lookup 2\n32766:\tfrom all lookup main\n" },
	{ "iproute.txt", read_ip_route,
	    "default via 10.0.0.1 dev eth1 table 2\n10.0.0.1 dev eth1 table 2 scope link\n"
	    "default via 10.0.0.1 dev eth0\n10.0.0.0/24 dev eth0 scope link src 10.0.0.10\n"
	    "10.0.0.11 dev eni182c452fe96 scope link\n10.0.0.21 dev enib3a9b371b64 scope link\n"
	    "local 10.0.0.10 dev eth0 table local scope host src 10.0.0.10\n"
	    "local 10.0.0.20 dev eth1 table local scope host src 10.0.0.20\n" },
	{ "ip-addr.txt", read_ip_addr,
	    "1: eth0: <UP> mtu 9001\n    inet 10.0.0.10/24 scope global eth0\n"
	    "2: eth1: <UP> mtu 9001\n    inet 10.0.0.20/24 scope global eth1\n"
	    "3: eni182c452fe96: <UP> mtu 9001\n4: enib3a9b371b64: <UP> mtu 9001\n" },
	{ "iptables-save.txt", read_iptables_save,
	    "*mangle\n:PREROUTING ACCEPT\n-A PREROUTING -i eth0 -m addrtype --dst-type LOCAL "
	    "--limit-iface-in -j CONNMARK --set-xmark 0x80/0x80\n-A PREROUTING -i eni+ -j "
	    "CONNMARK --restore-mark --nfmask 0x80 --ctmask 0x80\nCOMMIT\n*nat\n"
	    ":PREROUTING ACCEPT\n:POSTROUTING ACCEPT\n:AWS-CONNMARK-CHAIN-0 -\n"
	    ":AWS-SNAT-CHAIN-0 -\n:KUBE-SEP-A -\n-A PREROUTING -d 172.20.0.9/32 -j KUBE-SEP-A\n"
	    "-A PREROUTING -i eni+ -j AWS-CONNMARK-CHAIN-0\n-A PREROUTING -j CONNMARK "
	    "--restore-mark --nfmask 0x80 --ctmask 0x80\n-A POSTROUTING -j AWS-SNAT-CHAIN-0\n"
	    "-A KUBE-SEP-A -p tcp -j DNAT --to-destination 10.0.0.11:80\n"
	    "-A AWS-CONNMARK-CHAIN-0 -d 10.0.0.0/16 -j RETURN\n-A AWS-CONNMARK-CHAIN-0 -j "
	    "CONNMARK --set-xmark 0x80/0x80\n-A AWS-SNAT-CHAIN-0 -d 10.0.0.0/16 -j RETURN\n"
	    "-A AWS-SNAT-CHAIN-0 ! -o vlan+ -m addrtype ! --dst-type LOCAL -j SNAT "
	    "--to-source 10.0.0.10 --random-fully\nCOMMIT\n" },
	{ "ipam.json", read_ipam,
	    "{\"version\":\"vpc-cni-ipam/1\",\"allocations\":[{\"networkName\":\"aws-cni\","
	    "\"ipv4\":\"10.0.0.11\",\"metadata\":{\"k8sPodNamespace\":\"default\","
	    "\"k8sPodName\":\"p1\"}},{\"networkName\":\"aws-cni\",\"ipv4\":\"10.0.0.21\","
	    "\"metadata\":{\"k8sPodNamespace\":\"default\",\"k8sPodName\":\"p2\"}}]}" },
	{ "sysctl_all.txt", read_sysctl,
	    "net.ipv4.ip_forward = 1\nnet.ipv4.conf.all.rp_filter = 0\n"
	    "net.ipv4.conf.eth0.rp_filter = 2\n" },
	{ "conntrack.txt", read_conntrack, "" },
};
#define N_DUMPS		(sizeof(dumps) / sizeof(dumps[0]))

static void
silent(void *arg, const char *text)
{
	(void)arg;
	assert(strlen(text) < STATE_REPORT_MAX);
}

static void
read_dump(struct state *s, size_t i, const char *text, size_t len)
{
	struct reader r = { .state = s, .file = dumps[i].file, .data = text, .len = len,
	    .report = silent };

	dumps[i].read(&r);
	reader_done(&r);
}

/* Each dump is there, left out, or has the input's lines in it too. */
static struct state *
make_state(const uint8_t **p, const uint8_t *end)
{
	struct state *s = state_new();

	assert(s != NULL);
	for (size_t i = 0; i < N_DUMPS && *p < end; i++) {
		uint8_t how = *(*p)++;
		size_t len = how >> 2, own = strlen(dumps[i].text);
		char text[4096];

		if ((how & 3) == 3)
			continue;
		if (len > (size_t)(end - *p))
			len = (size_t)(end - *p);
		memcpy(text, dumps[i].text, own);
		memcpy(text + own, *p, len);
		*p += len;
		read_dump(s, i, text, own + len);
	}
	state_ready(s);
	return s;
}

static const uint8_t addresses[][4] = {
	{ 10, 0, 0, 10 }, { 10, 0, 0, 20 }, { 10, 0, 0, 11 }, { 10, 0, 0, 21 },
	{ 10, 0, 7, 7 }, { 8, 8, 8, 8 }, { 172, 20, 0, 9 }, { 224, 0, 0, 1 },
};

#define SPEC	6

/* Cooked v2, IPv4, TCP without options. */
static void
one_packet(struct tracer *t, const uint8_t *spec, struct nstime *now)
{
	uint8_t b[20 + 20 + 20] = { 0x08, 0x00, [7] = (uint8_t)(spec[0] % 5 + 1), [9] = 1,
	    [10] = (uint8_t)(spec[0] & 0x80 ? 4 : spec[0] & 0x40 ? 3 : 0), [11] = 6,
	    [17] = spec[0] % 5, [20] = 0x45, [23] = 40, [28] = (uint8_t)(spec[4] % 66),
	    [29] = PROTO_TCP, [52] = 0x50, [53] = spec[3] & 0x1f };
	struct obs o = { .type = OBS_PACKET };

	memcpy(b + 32, addresses[spec[1] % 8], 4);
	memcpy(b + 36, addresses[spec[1] / 8 % 8], 4);
	b[41] = spec[2] % 4;		/* ports */
	b[43] = (uint8_t)(spec[2] / 4 % 4 * 16);
	b[47] = spec[5] % 4;		/* sequence */
	*now = nstime_add_ns(*now, (int64_t)(spec[5] >> 2) * 4 * NS_PER_MSEC);
	o.ts = *now;
	o.packet = (struct obs_packet){ .linktype = LT_SLL2, .caplen = sizeof(b),
	    .len = sizeof(b), .data = b };
	tracer_observe(t, &o);
}

static void
check_flow(void *arg, const struct flow *f)
{
	const struct tracer *t = arg;

	(void)t;
	assert(f->n_findings <= FLOW_MAX_FINDINGS && verdict_name(f->verdict) != NULL);
	for (unsigned i = 0; i < f->n_findings; i++) {
		const struct finding *g = &f->findings[i];

		assert(g->code != NULL && g->text[0] != '\0');
		/* a finding that is wrong or dropped has that verdict */
		assert(g->level != LEVEL_WRONG || f->verdict == VERDICT_WRONG);
		assert(g->level != LEVEL_DROPPED || f->verdict == VERDICT_DROPPED ||
		    f->verdict == VERDICT_WRONG);
	}
}

static int
each(void *arg, const struct flow *f)
{
	check_flow(arg, f);
	return 1;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *p = data, *end = data + size;
	struct nstime now = { INT64_C(1700000000) * NS_PER_SEC };
	struct tracer_config cfg = { .max_flows = 16, .done = check_flow };
	struct tracer *t = tracer_new(&cfg);
	struct state *s;

	assert(t != NULL);
	tracer_observe(t, &(struct obs){ .type = OBS_IFACE, .ts = now,
	    .iface = { .linktype = LT_SLL2 } });
	s = make_state(&p, end);
	tracer_observe(t, &(struct obs){ .type = OBS_STATE, .ts = now,
	    .state = { s } });
	for (; end - p >= SPEC; p += SPEC)
		one_packet(t, p, &now);
	tracer_finish(t);
	assert(tracer_each(t, each, t) == 1);
	tracer_free(t);
	state_free(s);
	return 0;
}
