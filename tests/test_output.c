/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_output.c - text, JSON and CSV of hand-made flows, byte for byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "tests/flow_sample.h"
#include "ui/out/output.h"

static char out[64 * 1024];

static const char *
written(const struct output *o, const struct output_run *how,
    const struct flow *f)
{
	sample_output(out, sizeof(out), o, how, f, f != NULL, NULL);
	return out;
}

static const struct output_run plain = { .names = &sample_names, .utf8 = true,
	.numeric = true };

static void
expect_contains(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("not found: %s\nin: %s", part, text);
}

static void
expect_lacks(const char *text, const char *part)
{
	if (strstr(text, part) != NULL)
		fail_msg("found: %s\nin: %s", part, text);
}

static void
json_translated_tcp(void **state)
{
	struct flow f = sample_tcp();

	(void)state;
	assert_string_equal(written(&output_json, &plain, &f),
	    "{\"schema\":\"podpath.flow/1\",\"id\":7,"
	    "\"first\":\"2026-11-20T17:33:23.433730000Z\","
	    "\"last\":\"2026-11-20T17:33:24.433730000Z\",\"proto\":\"tcp\","
	    "\"original\":{\"src\":\"192.168.3.30\",\"sport\":41234,"
	    "\"dst\":\"172.217.175.36\",\"dport\":443},"
	    "\"translated\":{\"src\":\"192.168.3.243\",\"sport\":21015,"
	    "\"dst\":\"172.217.175.36\",\"dport\":443},\"nat\":[\"snat\"],"
	    "\"legs\":[{\"side\":\"request\",\"ifindex\":7,"
	    "\"ifname\":\"enib5be3306a32\",\"dir\":\"in\","
	    "\"src\":\"192.168.3.30\",\"sport\":41234,"
	    "\"dst\":\"172.217.175.36\",\"dport\":443,\"ttl\":64,"
	    "\"packets\":12,\"bytes\":1720},"
	    "{\"side\":\"request\",\"ifindex\":2,\"ifname\":\"eth0\","
	    "\"dir\":\"out\",\"src\":\"192.168.3.243\",\"sport\":21015,"
	    "\"dst\":\"172.217.175.36\",\"dport\":443,\"ttl\":63,"
	    "\"packets\":12,\"bytes\":1720},"
	    "{\"side\":\"reply\",\"ifindex\":2,\"ifname\":\"eth0\","
	    "\"dir\":\"in\",\"src\":\"172.217.175.36\",\"sport\":443,"
	    "\"dst\":\"192.168.3.243\",\"dport\":21015,\"ttl\":117,"
	    "\"packets\":12,\"bytes\":1720},"
	    "{\"side\":\"reply\",\"ifindex\":7,"
	    "\"ifname\":\"enib5be3306a32\",\"dir\":\"out\","
	    "\"src\":\"172.217.175.36\",\"sport\":443,"
	    "\"dst\":\"192.168.3.30\",\"dport\":41234,\"ttl\":116,"
	    "\"packets\":12,\"bytes\":1720}],"
	    "\"evidence\":{\"packets\":48,\"matched\":48,\"conntrack\":false,"
	    "\"model\":false,\"confidence\":\"observed\"},"
	    "\"rtt_ns\":{\"p50\":660000,\"p99\":910000},"
	    "\"transit_ns\":{\"p50\":38000,\"p99\":74000},\"verdict\":\"ok\","
	    "\"findings\":[{\"code\":\"snat-node-ip\",\"level\":\"ok\","
	    "\"text\":\"left as 192.168.3.243\"}]}\n");
}

/* An id in place of the ports; what is not known is absent. */
static void
json_single_icmp(void **state)
{
	struct flow f = sample_icmp();

	(void)state;
	written(&output_json, &plain, &f);
	expect_contains(out, "\"original\":{\"src\":\"192.168.1.40\","
	    "\"dst\":\"172.217.175.36\",\"icmp_id\":10290},\"legs\"");
	expect_contains(out, "\"confidence\":\"single\"},\"verdict\"");
	expect_lacks(out, "port");
	expect_lacks(out, "translated");
	expect_lacks(out, "nat");
	expect_lacks(out, "rtt_ns");
	expect_lacks(out, "transit_ns");
}

/* NAT may map an id to 0: then 0 is known. */
static void
json_icmp_id_zero(void **state)
{
	struct flow f = sample_icmp();

	(void)state;
	f.has = FLOW_TRANSLATED;
	f.nat = NAT_SNAT;
	f.translated = sample_tuple(PROTO_ICMP, "192.168.1.29", 0,
	    "172.217.175.36", 0);
	written(&output_json, &plain, &f);
	expect_contains(out, "\"translated\":{\"src\":\"192.168.1.29\","
	    "\"dst\":\"172.217.175.36\",\"icmp_id\":0},\"nat\":[\"snat\"]");
}

static void
json_not_translated(void **state)
{
	struct flow f = sample_tcp();

	(void)state;
	f.translated = f.original;
	f.nat = 0;
	expect_contains(written(&output_json, &plain, &f), "\"nat\":[],");
}

static void
json_leg_details(void **state)
{
	struct flow f = sample_tcp();

	(void)state;
	f.legs[0].iface = 2;
	f.legs[0].dir = DIR_UNKNOWN;
	f.legs[0].tunnel = (struct tunnel){ TUN_VXLAN, 1 };
	f.legs[0].has_vlan = true;
	f.legs[0].vlan = 100;
	f.findings[0].cause = "rp-filter";
	strcpy(f.findings[0].fix, "a\"b");
	f.nat = NAT_SNAT | NAT_DNAT;
	written(&output_json, &plain, &f);
	expect_contains(out, "{\"side\":\"request\",\"ifname\":\"flannel.1\","
	    "\"tunnel\":{\"type\":\"vxlan\",\"id\":1},\"vlan\":100,\"src\"");
	expect_contains(out, "\"level\":\"ok\",\"cause\":\"rp-filter\","
	    "\"text\":\"left as 192.168.3.243\",\"fix\":\"a\\\"b\"}");
	expect_contains(out, "\"nat\":[\"snat\",\"dnat\"]");
}

static void
json_foreign_interface_name(void **state)
{
	struct flow f = sample_tcp();

	(void)state;
	sample_ifnames[0] = "e\n\x1b[31m\xff\"";
	expect_contains(written(&output_json, &plain, &f),
	    "\"ifname\":\"e\\u000a\\u001b[31m\xef\xbf\xbd\\\"\"");
	sample_ifnames[0] = "enib5be3306a32";
}

/* The keys that node state adds, in their order. */
static void
json_node_state(void **state)
{
	struct ct_entry ct;
	struct flow f = sample_tcp_with_state(&ct);

	(void)state;
	written(&output_json, &plain, &f);
	expect_contains(out, "\"proto\":\"tcp\",\"kind\":\"pod-to-external\","
	    "\"pod\":{\"namespace\":\"default\",\"name\":\"echo-b\","
	    "\"ip\":\"192.168.3.30\",\"veth\":\"enib5be3306a32\"},\"original\"");
	expect_contains(out, "}],\"eni\":{\"ifname\":\"eth0\","
	    "\"id\":\"eni-0aaa\",\"device\":0,\"primary_ip\":\"192.168.3.243\"},"
	    "\"route\":{\"priority\":1024,"
	    "\"rule\":\"from all fwmark 0x80/0x80 lookup main\",\"table\":\"main\","
	    "\"route\":\"default via 192.168.3.1 dev eth0\"},"
	    "\"nat_rule\":\"-A AWS-SNAT-CHAIN-0 -j SNAT --to-source 192.168.3.243\","
	    "\"conntrack\":{\"state\":\"ESTABLISHED\",\"mark\":128,"
	    "\"status\":[\"ASSURED\"]},\"evidence\"");
	expect_contains(out, "\"conntrack\":true,\"model\":true,"
	    "\"confidence\":\"confirmed\"");
	expect_lacks(out, "\"peer\"");
	expect_lacks(out, "\"service\"");
}

static void
json_service_and_peer(void **state)
{
	struct pod web = { .ns = "shop", .name = "web-0", .n_addrs = 1 };
	struct ct_entry ct;
	struct flow f = sample_tcp_with_state(&ct);

	(void)state;
	f.translated.dst = sample_tuple(6, "192.168.2.95", 0, "::", 0).src;
	web.addrs[0] = f.translated.dst;
	f.node.peer = &web;
	f.node.kind = KIND_POD_TO_SERVICE;
	f.node.service_ns = "shop";
	f.node.service = "web";
	f.node.service_port = "http";
	written(&output_json, &plain, &f);
	expect_contains(out, "\"peer\":{\"namespace\":\"shop\","
	    "\"name\":\"web-0\",\"ip\":\"192.168.2.95\"},\"original\"");
	expect_contains(out, "\"service\":{\"namespace\":\"shop\","
	    "\"name\":\"web\",\"port\":\"http\"}");
}

/* A pod that ipamd knows only by its address, an ENI without an id. */
static void
json_half_known(void **state)
{
	static const struct pod nameless;
	static const struct eni bare = { .device = -1 };
	struct ct_entry ct;
	struct flow f = sample_tcp_with_state(&ct);

	(void)state;
	f.node.pod = &nameless;
	f.node.eni = &bare;
	f.node.rule = NULL;
	f.node.veth = NULL;
	ct.state = NULL;
	ct.status = 0;
	written(&output_json, &plain, &f);
	expect_contains(out, "\"pod\":{\"ip\":\"192.168.3.30\"}");
	expect_contains(out, "\"eni\":{},\"route\":{\"table\":\"main\",");
	expect_contains(out, "\"conntrack\":{\"mark\":128,\"status\":[]}");
}

static void
csv_node_state(void **state)
{
	struct pod odd = { .ns = "a\"b", .name = "c\x1b", .n_addrs = 0 };
	struct ct_entry ct;
	struct flow f = sample_tcp_with_state(&ct);

	(void)state;
	f.node.peer = &odd;
	f.node.service_ns = "shop";
	f.node.service = "web";
	f.node.service_port = "http";
	expect_contains(written(&output_csv, &plain, &f),
	    ",snat-node-ip,pod-to-external,\"default/echo-b\","
	    "\"a\"\"b/c\xef\xbf\xbd\",\"eni-0aaa\",\"shop/web:http\",,,\r\n");
}

static void
json_summary(void **state)
{
	struct summary s = { .wall_ns = 11, .stats = { .packets = 1, .bytes = 2,
	    .flows = 3, .evicted = 10, .lost_kernel = 7, .lost_interface = 8,
	    .lost_netlink = 9 } };

	(void)state;
	s.stats.outcome[DEC_TRUNCATED] = 4;
	s.stats.outcome[DEC_MALFORMED] = 5;
	s.stats.outcome[DEC_UNKNOWN] = 6;
	sample_output(out, sizeof(out), &output_json, &plain, NULL, 0, &s);
	assert_string_equal(out, "{\"schema\":\"podpath.summary/1\","
	    "\"packets\":1,\"bytes\":2,\"flows\":3,\"truncated\":4,"
	    "\"malformed\":5,\"unknown\":6,\"dropped_kernel\":7,"
	    "\"dropped_interface\":8,\"dropped_netlink\":9,\"evicted\":10,"
	    "\"wall_ns\":11}\n");
}

static void
csv_rows(void **state)
{
	struct flow f[2] = { sample_tcp(), sample_icmp() };

	(void)state;
	sample_output(out, sizeof(out), &output_csv, &plain, f, 2, NULL);
	assert_string_equal(out,
	    "id,first,last,proto,src,sport,dst,dport,xlat_src,xlat_sport,"
	    "xlat_dst,xlat_dport,icmp_id,xlat_icmp_id,nat,path,packets,bytes,"
	    "rtt_p50_ns,transit_p50_ns,tcp_state,verdict,findings,kind,pod,"
	    "peer,eni_id,service,dns_name,role,client\r\n"
	    "7,2026-11-20T17:33:23.433730000Z,2026-11-20T17:33:24.433730000Z,"
	    "tcp,192.168.3.30,41234,172.217.175.36,443,192.168.3.243,21015,"
	    "172.217.175.36,443,,,snat,\"enib5be3306a32>eth0\",24,3440,660000,"
	    "38000,ESTABLISHED,ok,snat-node-ip,,,,,,,,\r\n"
	    "8,2026-11-20T17:33:23.433730000Z,2026-11-20T17:33:23.433730000Z,"
	    "icmp,192.168.1.40,,172.217.175.36,,,,,,10290,,,"
	    "\"enib5be3306a32\",1,84,,,,unknown,,,,,,,,,\r\n");
}

static void
csv_foreign_interface_name(void **state)
{
	struct flow f = sample_icmp();

	(void)state;
	sample_ifnames[0] = "a\",\r\n\x1b\xff";
	expect_contains(written(&output_csv, &plain, &f),
	    "\"a\"\",\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\",1,84");
	sample_ifnames[0] = "enib5be3306a32";
}

#define HEAD								\
	"2026-11-20Z  VERDICT PROT SOURCE                  DESTINATION  "	\
	"           TRANSLATED TO          PATH                   PACKETS  "	\
	"RTT     STATE       FINDINGS\n"

static void
text_line(void **state)
{
	struct flow f = sample_tcp();

	(void)state;
	assert_string_equal(written(&output_text, &plain, &f), HEAD
	    "17:33:23.433 ok      tcp  192.168.3.30:41234    → 172.217.175.36:443"
	    "    ⇒ 192.168.3.243:21015    enib5be3306a32→eth0    12+12    660µs   "
	    "ESTABLISHED snat-node-ip\n");
}

static void
text_ascii(void **state)
{
	struct output_run how = plain;
	struct flow f = sample_tcp();
	const char *p;

	(void)state;
	how.utf8 = false;
	how.verbose = true;
	written(&output_text, &how, &f);
	for (p = out; *p != '\0'; p++)
		assert_true((unsigned char)*p < 0x80);
	expect_contains(out, "-> 172.217.175.36:443");
	expect_contains(out, "=> 192.168.3.243:21015");
	expect_contains(out, "enib5be3306a32>eth0");
	expect_contains(out, "660us");
}

static void
text_ladder(void **state)
{
	struct output_run how = plain;
	struct flow f = sample_tcp();

	(void)state;
	how.verbose = true;
	f.retransmissions = 1;
	f.resets = 2;
	f.has |= FLOW_ICMP_ERROR;
	f.icmp_errors = 1;
	f.icmp_type = 11;
	f.icmp_from = sample_tuple(1, "10.0.0.1", 0, "::", 0).src;
	strcpy(f.findings[0].fix, "do nothing");
	written(&output_text, &how, &f);
	expect_contains(out,
	    "  request\n"
	    "    in  enib5be3306a32 (7)   192.168.3.30:41234 → "
	    "172.217.175.36:443  ttl 64, 12 packets, 1720 bytes\n"
	    "        ⇓ SNAT 192.168.3.30:41234 → 192.168.3.243:21015, "
	    "TTL 64→63, 22µs\n"
	    "    out eth0 (2)             192.168.3.243:21015 → "
	    "172.217.175.36:443  ttl 63, 12 packets, 1720 bytes\n"
	    "  reply\n");
	expect_contains(out, "        ⇓ SNAT undone 192.168.3.243:21015 → "
	    "192.168.3.30:41234, TTL 117→116, 35µs\n");
	expect_contains(out, "  rtt 660µs (99 %: 910µs), through the node 38µs "
	    "(99 %: 74µs), ESTABLISHED, 1 retransmission, 2 resets, observed "
	    "(48 of 48 sightings matched), 2026-11-20T17:33:23.433730000Z + 1s\n");
	expect_contains(out, "  1 ICMP error, the last one type 11 code 0 from "
	    "10.0.0.1\n");
	expect_contains(out, "  ok: snat-node-ip: left as 192.168.3.243\n"
	    "    fix: do nothing\n");
}

static void
text_ladder_tunnel(void **state)
{
	struct output_run how = plain;
	struct flow f = sample_tcp();

	(void)state;
	how.verbose = true;
	f.n_legs = 2;
	f.legs[1].t = f.legs[0].t;
	f.legs[1].ttl = 64;
	f.legs[1].packets = 11;		/* not the same first packet: no delay */
	f.legs[1].tunnel = (struct tunnel){ TUN_VXLAN, 7 };
	written(&output_text, &how, &f);
	expect_contains(out, "        ⇓ enters vxlan 7\n    out eth0[vxlan:7] (2)");
	f.legs[1].tunnel = (struct tunnel){ 0 };
	expect_contains(written(&output_text, &how, &f), "⇓ unchanged\n");
}

/* In ICMP the id belongs to one end, and only that end shows it. */
static void
text_ladder_icmp(void **state)
{
	struct output_run how = plain;
	struct flow f = sample_icmp();

	(void)state;
	how.verbose = true;
	f.n_legs = 2;
	f.legs[1] = sample_leg(1, DIR_OUT, false, 63, sample_tuple(PROTO_ICMP,
	    "192.168.1.29", 11847, "172.217.175.36", 0), 22000);
	written(&output_text, &how, &f);
	expect_contains(out, "⇓ SNAT 192.168.1.40 id 10290 → "
	    "192.168.1.29 id 11847, TTL 64→63, 22µs");
	f.legs[1].t = sample_tuple(PROTO_ICMP, "192.168.1.40", 10290,
	    "192.168.3.105", 0);
	written(&output_text, &how, &f);
	expect_contains(out, "⇓ DNAT 172.217.175.36 → 192.168.3.105,");
}

static void
text_names(void **state)
{
	struct output_run how = plain;
	struct flow f = sample_tcp();

	(void)state;
	how.numeric = false;
	expect_contains(written(&output_text, &how, &f),
	    "default/echo-b:41234  → 172.217.175.36:443");
	how.names = &sample_numbers;
	expect_contains(written(&output_text, &how, &f), "192.168.3.30:41234");
}

/* Pods by the name that state gives, Services too; -n takes that back. */
static void
text_node_state(void **state)
{
	struct output_run how = plain;
	struct ct_entry ct;
	struct flow f = sample_tcp_with_state(&ct);

	(void)state;
	how.names = &sample_numbers;
	how.numeric = false;
	f.node.service = "web";
	f.node.service_ns = "shop";
	written(&output_text, &how, &f);
	expect_contains(out, "default/echo-b:41234  → web.shop.svc:443");
	how.numeric = true;
	expect_contains(written(&output_text, &how, &f),
	    "192.168.3.30:41234    → 172.217.175.36:443");
	f.node = (struct flow_node){ 0 };
	how.numeric = false;
	expect_contains(written(&output_text, &how, &f), "192.168.3.30:41234");
}

/* The answer in one line, then what decided. */
static void
text_ladder_node_state(void **state)
{
	struct output_run how = plain;
	struct ct_entry ct;
	struct flow f = sample_tcp_with_state(&ct);

	(void)state;
	how.verbose = true;
	how.numeric = false;
	f.findings[0].cause = "rp-filter";
	written(&output_text, &how, &f);
	expect_contains(out, "  default/echo-b → 172.217.175.36:443 tcp  "
	    "enib5be3306a32 → eth0 (eni-0aaa, primary)  ⇒ 192.168.3.243:21015  "
	    "pod-to-external\n  request\n");
	expect_contains(out,
	    "  rule        1024: from all fwmark 0x80/0x80 lookup main\n"
	    "  route       default via 192.168.3.1 dev eth0  (table main)\n"
	    "  NAT rule    -A AWS-SNAT-CHAIN-0 -j SNAT --to-source 192.168.3.243\n"
	    "  conntrack   ESTABLISHED default/echo-b:41234 → 172.217.175.36:443, "
	    "answered as 172.217.175.36:443 → 192.168.3.243:21015, mark 0x80, "
	    "ASSURED\n");
	expect_contains(out, "  ok: snat-node-ip (rp-filter): left as");
}

/* S1: the ENI owns the pod's address, and nothing is translated. */
static void
text_ladder_owns(void **state)
{
	struct output_run how = plain;
	struct ct_entry ct;
	struct flow f = sample_tcp_with_state(&ct);

	(void)state;
	how.verbose = true;
	f.translated = f.original;
	f.nat = 0;
	f.findings[0].code = "no-nat";
	written(&output_text, &how, &f);
	expect_contains(out, "eth0 (eni-0aaa, primary; owns 192.168.3.30)  no-nat  "
	    "pod-to-external\n");
	f.findings[0].code = "wrong-eni";
	expect_lacks(written(&output_text, &how, &f), "owns");
}

static void
text_ipv6_brackets(void **state)
{
	struct flow f = sample_tcp();

	(void)state;
	f.original = sample_tuple(PROTO_TCP, "2001:db8::1", 1, "2001:db8::2", 2);
	expect_contains(written(&output_text, &plain, &f),
	    "[2001:db8::1]:1       → [2001:db8::2]:2");
}

static void
text_translation_column(void **state)
{
	struct flow f = sample_tcp();

	(void)state;
	f.nat = NAT_DNAT;
	f.translated = sample_tuple(PROTO_TCP, "192.168.3.30", 41234,
	    "192.168.3.105", 8080);
	expect_contains(written(&output_text, &plain, &f),
	    "⇒ 192.168.3.30:41234 → 192.168.3.105:8080");
	f.translated = f.original;
	expect_contains(written(&output_text, &plain, &f), "  no-nat  ");
	f.has = 0;
	expect_lacks(written(&output_text, &plain, &f), "no-nat");
}

/* Flows of the next day get a head line of their own. */
static void
text_day_change(void **state)
{
	struct flow f[3] = { sample_icmp(), sample_icmp(), sample_icmp() };

	(void)state;
	f[1].first.ns += 86400 * NS_PER_SEC;
	f[2].first = f[1].first;
	sample_output(out, sizeof(out), &output_text, &plain, f, 3, NULL);
	expect_contains(out, "2026-11-20Z  VERDICT");
	expect_contains(out, "2026-11-21Z  VERDICT");
	expect_lacks(strstr(out, "11-21Z") + 6, "Z  VERDICT");
}

static void
text_foreign_interface_name(void **state)
{
	struct flow f = sample_tcp();

	(void)state;
	sample_ifnames[0] = "e\x1b[2J\x07\xff\xe2\x80\xae" "é";
	written(&output_text, &plain, &f);
	expect_contains(out, "e\\x1b[2J\\x07\\xff\\xe2\\x80\\xaeé→eth0");
	sample_ifnames[0] = "enib5be3306a32";
}

/* Without the colours, the coloured line is the plain one. */
static void
text_color(void **state)
{
	struct output_run how = plain;
	struct flow f = sample_tcp();
	char bare[4096], *b = bare;
	const char *p;

	(void)state;
	how.color = how.verbose = true;
	f.findings[0].level = LEVEL_DROPPED;
	f.verdict = VERDICT_DROPPED;
	written(&output_text, &how, &f);
	expect_contains(out, "\033[1;31mdropped\033[0m");
	for (p = out; *p != '\0'; p++) {
		if (*p == '\033')
			p += strcspn(p, "m");
		else
			*b++ = *p;
	}
	*b = '\0';
	how.color = false;
	assert_string_equal(written(&output_text, &how, &f), bare);
}

static void
text_summary(void **state)
{
	struct summary s = { .shown = 2, .translated = 1, .wall_ns = 1500000,
		.stats = { .packets = 10, .bytes = 1, .flows = 3 },
		.n_reasons = 1, .reasons = { { "bad length", 5 } } };

	(void)state;
	sample_output(out, sizeof(out), &output_text, &plain, NULL, 0, &s);
	assert_string_equal(out, "10 packets, 1 byte, 3 flows; 2 shown, 1 of them "
	    "translated; read in 1.5ms.\n");
	s.stats.outcome[DEC_MALFORMED] = 5;
	s.stats.lost_kernel = 12;
	s.stats.evicted = 1;
	sample_output(out, sizeof(out), &output_text, &plain, NULL, 0, &s);
	expect_contains(out, "0 truncated by the capture, 5 malformed, "
	    "0 unknown (bad length: 5).\n");
	expect_contains(out, "12 dropped by the kernel");
	expect_contains(out, "1 flow evicted early");
}

/* The most that a flow can hold, in a small buffer's worth of room. */
static void
every_output_full_flow(void **state)
{
	static struct flow f;
	const struct output *o;
	struct output_run how = plain;
	unsigned i;

	(void)state;
	f = sample_tcp();
	f.n_legs = FLOW_MAX_LEGS;
	f.n_findings = FLOW_MAX_FINDINGS;
	f.legs_left_out = 3;
	for (i = 4; i < FLOW_MAX_LEGS; i++)
		f.legs[i] = f.legs[3];
	for (i = 1; i < FLOW_MAX_FINDINGS; i++)
		f.findings[i] = f.findings[0];
	how.verbose = true;
	for (i = 0; (o = output_get(i)) != NULL; i++) {
		written(o, &how, &f);
		assert_true(strlen(out) > 100);
	}
	assert_int_equal(i, 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_translated_tcp),
		cmocka_unit_test(json_single_icmp),
		cmocka_unit_test(json_icmp_id_zero),
		cmocka_unit_test(json_not_translated),
		cmocka_unit_test(json_leg_details),
		cmocka_unit_test(json_foreign_interface_name),
		cmocka_unit_test(json_node_state),
		cmocka_unit_test(json_service_and_peer),
		cmocka_unit_test(json_half_known),
		cmocka_unit_test(json_summary),
		cmocka_unit_test(csv_node_state),
		cmocka_unit_test(text_node_state),
		cmocka_unit_test(text_ladder_node_state),
		cmocka_unit_test(text_ladder_owns),
		cmocka_unit_test(csv_rows),
		cmocka_unit_test(csv_foreign_interface_name),
		cmocka_unit_test(text_line),
		cmocka_unit_test(text_ascii),
		cmocka_unit_test(text_ladder),
		cmocka_unit_test(text_ladder_tunnel),
		cmocka_unit_test(text_ladder_icmp),
		cmocka_unit_test(text_names),
		cmocka_unit_test(text_ipv6_brackets),
		cmocka_unit_test(text_translation_column),
		cmocka_unit_test(text_day_change),
		cmocka_unit_test(text_foreign_interface_name),
		cmocka_unit_test(text_color),
		cmocka_unit_test(text_summary),
		cmocka_unit_test(every_output_full_flow),
	};

	return cmocka_run_group_tests_name("output", tests, NULL, NULL);
}
