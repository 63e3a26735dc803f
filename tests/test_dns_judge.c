/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_dns_judge.c - which server it is, where a question was lost, what is an
 * error and what a search list made.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decode/app/dns_judge.h"
#include "tests/build_dns.h"
#include "tests/node_scene.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))
#define POD	"10.0.0.11"
#define SERVICE	"172.20.0.10"
#define COREDNS	"10.0.1.53"
#define LOCAL_COREDNS "10.0.0.22"
#define MS(t)	((struct nstime){ INT64_C(1700000000) * NS_PER_SEC + (t) * NS_PER_MSEC })

enum { VETH, ETH0, ETH1, DNS_VETH };
static const char *const devs[] = { "eni182c452fe96", "eth0", "eth1", "eni6a91d87bb13" };

static const char cluster[] =
    "\"podIPs\":[{\"ip\":\"10.0.1.35\"}]}},"
    "{\"kind\":\"Pod\",\"metadata\":{\"namespace\":\"kube-system\",\"name\":"
    "\"coredns-5b9d-x\"},\"spec\":{\"nodeName\":\"node-b\"},\"status\":{\"phase\":"
    "\"Running\",\"podIP\":\"10.0.1.53\",\"podIPs\":[{\"ip\":\"10.0.1.53\"}]}},"
    "{\"kind\":\"Service\",\"metadata\":{\"namespace\":\"kube-system\",\"name\":"
    "\"kube-dns\"},\"spec\":{\"type\":\"ClusterIP\",\"clusterIP\":\"172.20.0.10\","
    "\"ports\":[{\"name\":\"dns\",\"protocol\":\"UDP\",\"port\":53,\"targetPort\":53}]}},"
    "{\"kind\":\"Service\",\"metadata\":{\"namespace\":\"default\",\"name\":\"web\"},"
    "\"spec\":{\"type\":\"ClusterIP\",\"clusterIP\":\"172.20.0.80\",\"ports\":[{"
    "\"protocol\":\"TCP\",\"port\":80,\"targetPort\":80}]}}";

static struct scene {
	struct scene_node *node;
	struct dns_log	*log;
	struct flow	 f;
	struct dns_case	 k;
	bool		 captured;	/* every device was */
	bool		 maybe;		/* something left that it could be */
	unsigned	 ids;
} s;

static const char *
dev(const void *arg, unsigned iface)
{
	(void)arg;
	return iface < N(devs) ? devs[iface] : NULL;
}

static bool
covers(const void *arg, const char *name)
{
	(void)arg;
	(void)name;
	return s.captured;
}

static bool
maybe_left(const void *arg, const struct flow *f)
{
	(void)arg;
	(void)f;
	return s.maybe;
}

/* The pod asks `server`; `target` when it is translated to another. */
static void
begin(uint8_t proto, const char *server, const char *target)
{
	s.f = (struct flow){ .id = s.f.id + 1, .proto = proto, .has = FLOW_INITIATOR,
	    .first = MS(0), .last = MS(0) };
	s.f.original = (struct tuple){ .src = ip(POD), .dst = ip(server), .sport = 40000,
	    .dport = 53, .proto = proto };
	s.f.translated = s.f.original;
	if (target != NULL) {
		s.f.translated.dst = ip(target);
		s.f.nat = NAT_DNAT;
	}
	s.f.has |= FLOW_TRANSLATED;
	s.f.node.pod = state_pod_addr(s.node->state, &s.f.original.src);
	s.f.node.pod_ip = s.f.original.src;
}

static void
leg(bool reply, unsigned iface, uint8_t dir, uint64_t packets)
{
	struct leg *l = &s.f.legs[s.f.n_legs++];

	*l = (struct leg){ .reply = reply, .dir = dir, .iface = (uint16_t)iface,
	    .packets = packets, .first = MS(0), .last = MS(0), .ttl = 64 };
	l->t = reply ? tuple_turned(&s.f.original) : s.f.original;
	if (reply && dir == DIR_IN)
		s.f.reply_packets += packets;
}

/* A question, asked `sent` times from t to last; rcode -1: waiting; with an address
   unless it failed or is empty. */
static void
query(const char *name, unsigned type, int64_t t, int64_t last, unsigned sent,
    int64_t answered, int rcode, bool empty)
{
	static struct dns_built b;
	static struct dns_message m;
	struct dns_at at = { .flow = s.f.id, .client = s.f.original.src,
	    .server = s.f.original.dst };
	unsigned id = s.ids++;

	for (unsigned i = 0; i < sent; i++) {
		dns_begin(&b, id, DNS_ASK);
		dns_question(&b, name, type);
		dns_read(&b, &m);
		at.ts = MS(i + 1 == sent ? last : t);
		dns_log_message(s.log, &at, &m);
	}
	if (rcode < 0)
		return;
	dns_begin(&b, id, DNS_QR | (unsigned)rcode);
	dns_question(&b, name, type);
	if (rcode == 0 && !empty)
		dns_address(&b, "@12", 60, type == DNS_A ? "192.0.2.1" : "2001:db8::1");
	dns_read(&b, &m);
	at.ts = MS(answered);
	dns_log_message(s.log, &at, &m);
}

static void
ok(const char *name, unsigned type, int64_t t)
{
	query(name, type, t, t, 1, t + 1, 0, false);
}

static void
nx(const char *name, unsigned type, int64_t t)
{
	query(name, type, t, t, 1, t + 1, DNS_NXDOMAIN, false);
}

static void
lost(const char *name, unsigned type, int64_t t)
{
	query(name, type, t, t, 1, 0, -1, false);
}

static void
judge(int64_t now)
{
	unsigned more;

	s.f.app.queries = dns_log_queries(s.log, s.f.id, &s.f.app.n_queries, &more);
	s.f.app.queries_left_out = more;
	s.f.n_findings = 0;
	s.k.now = MS(now);
	dns_judge_case(&s.f, &s.k);
}

static const char *
text_of(const char *code)
{
	for (unsigned i = 0; i < s.f.n_findings; i++)
		if (strcmp(s.f.findings[i].code, code) == 0)
			return s.f.findings[i].text;
	return NULL;
}

/* That one alone, with this text. */
static void
assert_finding(const char *code, const char *text)
{
	if (text_of(code) == NULL || s.f.n_findings != 1)
		fail_msg("%u findings, the first: %s", s.f.n_findings, s.f.n_findings > 0 ?
		    s.f.findings[0].text : "-");
	assert_string_equal(text_of(code), text);
	assert_int_equal(s.f.findings[0].level, LEVEL_NOTE);
}

static void
assert_none(void)
{
	if (s.f.n_findings > 0)
		fail_msg("%s: %s", s.f.findings[0].code, s.f.findings[0].text);
}

static int
setup(void **state)
{
	(void)state;
	memset(&s, 0, sizeof(s));
	s.node = node_default();
	node_swap(s.node, TEXT_KUBECTL, "\"podIPs\":[{\"ip\":\"10.0.1.35\"}]}}", cluster);
	node_build(s.node);
	s.log = dns_log_new();
	s.captured = true;
	s.k = (struct dns_case){ .state = s.node->state, .contract = s.node->contract,
	    .log = s.log, .dev = dev, .covers = covers, .maybe_left = maybe_left };
	return s.log == NULL;
}

static int
teardown(void **state)
{
	(void)state;
	dns_log_free(s.log);
	node_free(s.node);
	return 0;
}

/* ---- servers */

static void
servers(void **state)
{
	static const struct { const char *dst, *after, *kind; } rows[] = {
		{ SERVICE, COREDNS, "coredns" },
		{ SERVICE, NULL, "coredns" },
		{ COREDNS, NULL, "coredns" },
		{ "169.254.20.10", NULL, "nodelocal" },
		{ "169.254.169.253", NULL, "vpc-resolver" },
		{ "fd00:ec2::253", NULL, "vpc-resolver" },
		{ "10.0.0.2", NULL, "vpc-resolver" },
		{ "8.8.8.8", NULL, "external" },
		{ "10.0.1.35", NULL, NULL },	/* another pod */
		{ "10.0.1.2", NULL, NULL },
		{ "172.20.0.80", NULL, NULL },	/* another Service */
		{ "10.99.0.1", NULL, NULL },
		{ "169.254.169.254", NULL, NULL },
		{ "2001:db8::53", NULL, NULL },
	};

	(void)state;
	for (unsigned i = 0; i < N(rows); i++) {
		const char *kind;

		begin(PROTO_UDP, rows[i].dst, rows[i].after);
		kind = dns_server_kind(s.node->state, s.node->contract, &s.f);
		if (rows[i].kind == NULL)
			assert_null(kind);
		else
			assert_string_equal(kind, rows[i].kind);
	}
	/* without node state only well-known addresses tell */
	begin(PROTO_UDP, "10.0.0.2", NULL);
	assert_null(dns_server_kind(NULL, NULL, &s.f));
	begin(PROTO_UDP, "169.254.169.253", NULL);
	assert_string_equal(dns_server_kind(NULL, NULL, &s.f), "vpc-resolver");
	begin(PROTO_UDP, "1.1.1.1", NULL);
	assert_string_equal(dns_server_kind(NULL, NULL, &s.f), "external");
	begin(PROTO_UDP, SERVICE, NULL);
	assert_null(dns_server_kind(NULL, NULL, &s.f));
}

/* NodeLocal DNSCache took over the Service's address on this node. */
static void
cache_at_service_address(void **state)
{
	(void)state;
	node_free(s.node);
	s.node = node_default();
	node_swap(s.node, TEXT_KUBECTL, "\"podIPs\":[{\"ip\":\"10.0.1.35\"}]}}", cluster);
	node_add(s.node, TEXT_ADDR, "9: nodelocaldns: <BROADCAST,NOARP> mtu 1500 qdisc noop "
	    "state DOWN");
	node_add(s.node, TEXT_ADDR, "    inet " SERVICE "/32 scope global nodelocaldns");
	node_build(s.node);
	begin(PROTO_UDP, SERVICE, NULL);
	assert_string_equal(dns_server_kind(s.node->state, s.node->contract, &s.f),
	    "nodelocal");
	/* what is asked of it stays here: that nothing left is no loss */
	s.k.state = s.node->state;
	s.k.contract = s.node->contract;
	leg(false, VETH, DIR_IN, 1);
	lost("a.test", DNS_A, 0);
	judge(5000);
	assert_finding("dns-no-answer", "A a.test: asked of 172.20.0.10 (nodelocal) and not "
	    "answered: it came in by eni182c452fe96 for this node itself");
}

/* ---- not answered */

static void
still_waiting(void **state)
{
	(void)state;
	begin(PROTO_UDP, SERVICE, COREDNS);
	leg(false, VETH, DIR_IN, 1);
	leg(false, ETH0, DIR_OUT, 1);
	lost("a.test", DNS_A, 0);
	judge(4999);
	assert_none();
	judge(5000);
	assert_finding("dns-no-answer", "A a.test: asked of 172.20.0.10 (coredns) and not "
	    "answered: it left by eth0, and no answer came in");
	/* asked again: waiting again */
	query("b.test", DNS_A, 0, 6000, 2, 0, -1, false);
	judge(10999);
	assert_null(strstr(text_of("dns-no-answer"), "more"));
	judge(11000);
	assert_finding("dns-no-answer", "A a.test: asked of 172.20.0.10 (coredns) and not "
	    "answered (and 1 more of this flow): it left by eth0, and no answer came in");
}

static void
lost_on_this_node(void **state)
{
	(void)state;
	begin(PROTO_UDP, SERVICE, COREDNS);
	leg(false, VETH, DIR_IN, 3);
	query("a.test", DNS_A, 0, 10000, 3, 0, -1, false);
	judge(20000);
	assert_finding("dns-no-answer", "A a.test: asked of 172.20.0.10 (coredns) 3 times and "
	    "not answered: it came in by eni182c452fe96 and never left this node");
	s.node->state->ct_insert_failed = 12;
	judge(20000);
	assert_finding("dns-no-answer", "A a.test: asked of 172.20.0.10 (coredns) 3 times and "
	    "not answered: it came in by eni182c452fe96 and never left this node; conntrack "
	    "counts 12 entries that could not be inserted (insert_failed)");
}

/* Where it is not sure that nothing left, nothing is said to have been lost here. */
static void
not_proven(void **state)
{
	static const char unknown[] = "A a.test: asked of 172.20.0.10 (coredns) and not "
	    "answered: it came in by eni182c452fe96; where it was lost is not known";

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		begin(PROTO_UDP, SERVICE, COREDNS);
		leg(false, VETH, DIR_IN, 1);
		lost("a.test", DNS_A, 0);
		s.captured = i != 0;
		s.maybe = i == 1;
		if (i == 2)
			s.f.confidence = CONF_AMBIGUOUS;
		s.k.covers = i == 3 ? NULL : covers;
		s.k.maybe_left = i == 4 ? NULL : maybe_left;
		judge(20000);
		assert_finding("dns-no-answer", unknown);
	}
	/* nor of a server that is this node */
	begin(PROTO_UDP, "10.0.0.10", NULL);
	leg(false, VETH, DIR_IN, 1);
	lost("a.test", DNS_A, 0);
	s.k.covers = covers;
	s.k.maybe_left = maybe_left;
	judge(20000);
	assert_finding("dns-no-answer", "A a.test: asked of 10.0.0.10 and not answered: it "
	    "came in by eni182c452fe96 for this node itself");
	/* nor without node state, where devices have no names */
	begin(PROTO_UDP, SERVICE, COREDNS);
	leg(false, VETH, DIR_IN, 1);
	lost("a.test", DNS_A, 0);
	s.k = (struct dns_case){ .log = s.log };
	judge(20000);
	assert_finding("dns-no-answer", "A a.test: asked of 172.20.0.10 and not answered: it "
	    "came in by an interface; where it was lost is not known");
}

/* With loss nothing is said of the question, but of the loss. */
static void
lossy(void **state)
{
	(void)state;
	begin(PROTO_UDP, SERVICE, COREDNS);
	leg(false, VETH, DIR_IN, 1);
	lost("a.test", DNS_A, 0);
	s.k.lossy = true;
	judge(20000);
	assert_finding("loss", "no answer to A a.test was seen, but the capture lost packets: "
	    "it may have been among them");
	/* once is enough */
	dns_judge_case(&s.f, &s.k);
	assert_int_equal(s.f.n_findings, 1);
}

/* Answers that could not be read: whose they are is not known. */
static void
unread_answers(void **state)
{
	(void)state;
	begin(PROTO_UDP, SERVICE, COREDNS);
	leg(false, VETH, DIR_IN, 2);
	leg(false, ETH0, DIR_OUT, 2);
	leg(true, ETH0, DIR_IN, 1);
	leg(true, VETH, DIR_OUT, 1);
	lost("a.test", DNS_A, 0);
	lost("a.test", DNS_AAAA, 0);
	judge(20000);
	assert_none();
	s.f.reply_packets = 0;
	judge(20000);
	assert_non_null(strstr(text_of("dns-no-answer"), "A and AAAA a.test: asked of"));
}

static void
over_tcp(void **state)
{
	(void)state;
	begin(PROTO_TCP, SERVICE, COREDNS);
	leg(false, VETH, DIR_IN, 4);
	leg(false, ETH0, DIR_OUT, 3);
	leg(true, ETH0, DIR_IN, 3);
	lost("a.test", DNS_A, 0);
	judge(20000);
	assert_finding("dns-no-answer", "A a.test: asked of 172.20.0.10 (coredns) and not "
	    "answered");
}

/* A limit is named where there is one, and as likely only with a rate near it. */
static void
limit(void **state)
{
	(void)state;
	begin(PROTO_UDP, "10.0.0.2", NULL);
	leg(false, VETH, DIR_IN, 1);
	leg(false, ETH0, DIR_OUT, 1);
	lost("a.test", DNS_A, 0);
	judge(20000);
	assert_finding("dns-no-answer", "A a.test: asked of 10.0.0.2 (vpc-resolver) and not "
	    "answered: it left by eth0, and no answer came in, possibly for the limit of "
	    "1024 packets per second of an ENI");
	for (unsigned i = 0; i < 798; i++) {
		s.f.id = 1000 + i;
		lost("b.test", DNS_A, 100);
	}
	s.f.id = 1;
	judge(20000);
	assert_non_null(strstr(text_of("dns-no-answer"), "possibly"));
	s.f.id = 5000;
	lost("c.test", DNS_A, 200);
	s.f.id = 1;
	judge(20000);
	assert_finding("dns-no-answer", "A a.test: asked of 10.0.0.2 (vpc-resolver) and not "
	    "answered: it left by eth0, and no answer came in: 800 queries in that second, "
	    "near the limit of 1024 packets per second of an ENI");
	/* NodeLocal DNSCache is link-local too, but on this node */
	begin(PROTO_UDP, "8.8.8.8", NULL);
	leg(false, VETH, DIR_IN, 1);
	leg(false, ETH0, DIR_OUT, 1);
	lost("a.test", DNS_A, 0);
	judge(20000);
	assert_null(strstr(text_of("dns-no-answer"), "1024"));
}

/* A and AAAA of one socket at once; the later one was lost here. */
static void
race(void **state)
{
	(void)state;
	for (unsigned pair = 0; pair < 2; pair++) {
		begin(PROTO_UDP, SERVICE, COREDNS);
		leg(false, VETH, DIR_IN, 2);
		leg(false, ETH0, DIR_OUT, 1);
		leg(true, ETH0, DIR_IN, 1);
		leg(true, VETH, DIR_OUT, 1);
		ok("a.test", DNS_A, 0);
		/* of another name it is no pair */
		lost(pair == 0 ? "a.test" : "b.test", DNS_AAAA, 0);
		s.node->state->ct_insert_failed = 3;
		judge(20000);
		if (pair == 0)
			assert_finding("dns-no-answer", "AAAA a.test: asked of 172.20.0.10 "
			    "(coredns) and not answered: 1 of 2 packets that came in by "
			    "eni182c452fe96 never left this node: 5-second conntrack race "
			    "(two queries of one socket at once; insert_failed 3)");
		else
			assert_null(strstr(text_of("dns-no-answer"), "race"));
	}
}

static void
race_and_retry(void **state)
{
	(void)state;
	/* glibc asks for both again, and the one that was answered is another
	   question then */
	begin(PROTO_UDP, SERVICE, COREDNS);
	leg(false, VETH, DIR_IN, 4);
	leg(false, ETH0, DIR_OUT, 3);
	leg(true, ETH0, DIR_IN, 3);
	leg(true, VETH, DIR_OUT, 3);
	ok("a.test", DNS_A, 0);
	query("a.test", DNS_AAAA, 0, 5004, 2, 5005, 0, true);
	ok("a.test", DNS_A, 5004);
	s.node->state->ct_insert_failed = 1;
	judge(20000);
	assert_finding("dns-no-answer", "AAAA a.test: answered only when it was asked again "
	    "5.0 s later: 5-second conntrack race (two queries of one socket at once; "
	    "insert_failed 1)");
	s.node->state->ct_insert_failed = 0;
	judge(20000);
	assert_non_null(strstr(text_of("dns-no-answer"), "looks like the 5-second conntrack "
	    "race (two queries of one socket at once), but insert_failed is 0"));
	/* all that came in left: it was lost elsewhere */
	s.f.legs[1].packets = 4;
	judge(20000);
	assert_finding("dns-no-answer", "AAAA a.test: answered only when it was asked again "
	    "5.0 s later: the first query left by eth0, and no answer to it came in");
}

static void
no_race(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		begin(PROTO_UDP, SERVICE, COREDNS);
		leg(false, VETH, DIR_IN, 3);
		leg(false, ETH0, DIR_OUT, 3);
		leg(true, ETH0, DIR_IN, 2);
		leg(true, VETH, DIR_OUT, 2);
		/* its partner was slow too; asked later; or again soon */
		query("a.test", DNS_A, 0, 0, 1, i == 0 ? 3000 : 1, 0, false);
		query("a.test", DNS_AAAA, i == 1 ? 50 : 0, i == 2 ? 300 : 5000, 2,
		    i == 2 ? 301 : 5001, 0, true);
		judge(20000);
		assert_none();
	}
}

static void
not_delivered(void **state)
{
	(void)state;
	begin(PROTO_UDP, "10.0.0.2", NULL);
	leg(false, VETH, DIR_IN, 1);
	leg(false, ETH0, DIR_OUT, 1);
	leg(true, ETH0, DIR_IN, 1);
	ok("a.test", DNS_A, 0);
	judge(20000);
	assert_finding("dns-no-answer", "A a.test: the answer of 10.0.0.2 (vpc-resolver) came "
	    "in by eth0 and was not delivered");
	ok("a.test", DNS_AAAA, 0);
	s.f.legs[2].packets = s.f.reply_packets = 2;
	leg(true, VETH, DIR_OUT, 1);
	judge(20000);
	assert_finding("dns-no-answer", "1 of 2 answers of 10.0.0.2 (vpc-resolver) came in by "
	    "eth0 and were not delivered");
	s.f.legs[3].packets = 2;
	judge(20000);
	assert_none();
	s.f.legs[3].packets = 1;
	s.k.lossy = true;
	judge(20000);
	assert_none();
}

/* ---- errors */

static void
errors(void **state)
{
	static const struct { int rcode; const char *text; } rows[] = {
		{ DNS_SERVFAIL, "A a.test: 8.8.8.8 (external) answered SERVFAIL" },
		{ DNS_REFUSED, "A a.test: 8.8.8.8 (external) answered REFUSED" },
		{ DNS_FORMERR, "A a.test: 8.8.8.8 (external) answered FORMERR" },
		{ DNS_NXDOMAIN, "A a.test: 8.8.8.8 (external) answered NXDOMAIN, there is no "
		    "such name" },
		{ 13, "A a.test: 8.8.8.8 (external) answered with return code 13" },
	};

	(void)state;
	for (unsigned i = 0; i < N(rows); i++) {
		begin(PROTO_UDP, "8.8.8.8", NULL);
		query("a.test", DNS_A, 0, 0, 1, 1, rows[i].rcode, false);
		judge(10);
		assert_finding("dns-error", rows[i].text);
	}
	begin(PROTO_UDP, "8.8.8.8", NULL);
	nx("a.test", DNS_A, 0);
	nx("a.test", DNS_AAAA, 0);
	query("a.test", 65280, 0, 0, 1, 1, DNS_NXDOMAIN, false);
	nx("b.test", DNS_A, 0);
	query("b.test", DNS_AAAA, 0, 0, 1, 1, DNS_SERVFAIL, false);
	judge(10);
	assert_finding("dns-error", "A and AAAA and TYPE65280 a.test: 8.8.8.8 (external) "
	    "answered NXDOMAIN, there is no such name (and 2 more of this flow)");
	/* no address of one family is usual */
	begin(PROTO_UDP, "8.8.8.8", NULL);
	ok("a.test", DNS_A, 0);
	query("a.test", DNS_AAAA, 0, 0, 1, 1, 0, true);
	judge(10);
	assert_none();
}

/* The longest name there is, in every text: whole, and within its bounds. */
static void
long_name(void **state)
{
	char name[254];

	(void)state;
	memset(name, 'x', 253);
	name[253] = '\0';
	name[63] = name[127] = name[191] = '.';
	begin(PROTO_UDP, "10.0.0.2", NULL);
	leg(false, VETH, DIR_IN, 1);
	leg(false, ETH0, DIR_OUT, 1);
	lost(name, DNS_A, 0);
	query(name, DNS_AAAA, 0, 0, 1, 1, DNS_SERVFAIL, false);
	judge(20000);
	assert_int_equal(s.f.n_findings, 2);
	for (unsigned i = 0; i < 2; i++) {
		assert_non_null(strstr(s.f.findings[i].text, name));
		assert_true(strlen(s.f.findings[i].text) < sizeof(s.f.findings[i].text) - 1);
	}
}

/* ---- search lists */

/* As a list goes on: each name in its own flow, 5 ms apart; then by itself. */
static void
search(const char *first, const char *const *list, bool found)
{
	char name[256];
	int64_t t = 0;

	for (; *list != NULL; list++, t += 5) {
		begin(PROTO_UDP, SERVICE, COREDNS);
		snprintf(name, sizeof(name), "%s.%s", first, *list);
		nx(name, DNS_A, t);
		nx(name, DNS_AAAA, t);
	}
	begin(PROTO_UDP, SERVICE, COREDNS);
	if (found)
		ok(first, DNS_A, t);
	else
		nx(first, DNS_A, t);
}

static const char *const usual[] = { "default.svc.cluster.local", "svc.cluster.local",
	"cluster.local", "ap-northeast-2.compute.internal", NULL };
static const char *const other[] = { "default.svc.corp.example", "svc.corp.example",
	"corp.example", "ec2.internal", NULL };

/* Flow `id` has one finding of this code with this in its text. */
static void
assert_flow(uint64_t id, const char *code, const char *with)
{
	begin(PROTO_UDP, SERVICE, COREDNS);
	s.f.id = id;
	judge(100);
	if (s.f.n_findings != 1 || text_of(code) == NULL ||
	    strstr(text_of(code), with) == NULL)
		fail_msg("flow %u: %u findings: %s: %s", (unsigned)id, s.f.n_findings,
		    s.f.n_findings ? s.f.findings[0].code : "-", s.f.n_findings ?
		    s.f.findings[0].text : "-");
}

static void
search_lists(void **state)
{
	static const char *const names[] = { "www.google.com", "google.com",
		"a.b.c.d.example.org", "metadata" };
	uint64_t id;
	char of[300];

	(void)state;
	for (unsigned k = 0; k < 2; k++)
		for (unsigned i = 0; i < N(names); i++) {
			const char *const *list = k == 0 ? usual : other;

			id = s.f.id;
			search(names[i], list, true);
			for (unsigned j = 0; j < 4; j++) {
				/* NAME.default.svc may be a Service that is missing */
				bool miss = j > 0 || strchr(names[i], '.') != NULL;

				snprintf(of, sizeof(of), "A and AAAA %s.%s: NXDOMAIN%s",
				    names[i], list[j], miss ? " for a name, which the "
				    "client's search list made of " : "");
				if (!miss)
					snprintf(of, sizeof(of), "A and AAAA %s.%s: "
					    "172.20.0.10 (coredns) answered NXDOMAIN",
					    names[i], list[j]);
				assert_flow(id + 1 + j, miss ? "dns-search-miss" :
				    "dns-error", of);
				if (miss)
					assert_string_equal(text_of("dns-search-miss") +
					    strlen(of), names[i]);
			}
		}
}

/* What a person asks for himself is no search list's, also where it looks so. */
static void
own_names(void **state)
{
	static const char *const names[] = {
		"web.default.svc.cluster.local",	/* a Service that is missing */
		"web-0.web.default.svc.cluster.local",
		"_http._tcp.web.default.svc.cluster.local",
		"1-2-3-4.default.pod.cluster.local",
		"nowhere.cluster.local",
		"dns-version.cluster.local",
		"cluster.local", "svc.cluster.local", "local", "internal",
		"ip-10-0-0-1.ap-northeast-2.compute.internal",
		"i-0123456789abcdef0.ec2.internal",
		"redis.ec2.internal", "compute.internal", "x.compute.internal",
		"svc.example.org", "a.svc.example.org", "a.b.svc.example.org",
		"www.example.org", "svc", ".",
	};

	(void)state;
	for (unsigned i = 0; i < N(names); i++) {
		begin(PROTO_UDP, SERVICE, COREDNS);
		if (strcmp(names[i], ".") == 0)
			nx("", DNS_A, 0);
		else
			nx(names[i], DNS_A, 0);
		judge(10);
		if (s.f.n_findings != 1 || text_of("dns-error") == NULL)
			fail_msg("%s: %s", names[i], s.f.n_findings ? s.f.findings[0].text :
			    "-");
	}
	/* The same without a log to look into. */
	s.k.log = NULL;
	for (unsigned i = 0; i < N(names); i++) {
		begin(PROTO_UDP, SERVICE, COREDNS);
		s.f.id = i + 1;
		judge(10);
		assert_non_null(text_of("dns-error"));
	}
}

/* By its form alone: no Service and no host has such a name. */
static void
by_form(void **state)
{
	static const char *const names[] = {
		"www.google.com.default.svc.cluster.local",
		"web.default.svc.cluster.local.default.svc.cluster.local",
		"web.default.svc.cluster.local.cluster.local",
		"www.google.com.cluster.local",
		"www.google.com.eu-west-1.compute.internal",
		"www.google.com.ec2.internal",
		"www.google.com.app.svc.corp.example",
	};

	(void)state;
	s.k.log = NULL;
	for (unsigned i = 0; i < N(names); i++) {
		begin(PROTO_UDP, SERVICE, COREDNS);
		nx(names[i], DNS_A, 0);
		judge(10);
		if (text_of("dns-search-miss") == NULL)
			fail_msg("%s: %s", names[i], s.f.n_findings ? s.f.findings[0].text :
			    "-");
	}
}

/* A pod of a StatefulSet and a missing Service, both asked for by their short names:
   the first name is the one that was meant. */
static void
short_names(void **state)
{
	uint64_t id = s.f.id;

	(void)state;
	search("web-0.web", usual, false);
	assert_flow(id + 1, "dns-error", "web-0.web.default.svc.cluster.local");
	assert_flow(id + 5, "dns-error", "web-0.web:");
	id = s.f.id;
	search("shop.default", usual, false);
	assert_flow(id + 2, "dns-error", "shop.default.svc.cluster.local");
	assert_flow(id + 3, "dns-search-miss", "shop.default.cluster.local");
	assert_flow(id + 5, "dns-error", "shop.default:");
}

/* Another client's questions are no sign. */
static void
other_client(void **state)
{
	uint64_t id = s.f.id;

	(void)state;
	begin(PROTO_UDP, SERVICE, COREDNS);
	nx("google.com.default.svc.cluster.local", DNS_A, 0);
	begin(PROTO_UDP, SERVICE, COREDNS);
	s.f.original.src = ip("10.0.0.21");
	ok("google.com", DNS_A, 5);
	assert_flow(id + 1, "dns-error", "google.com.default");
	/* long after: another matter */
	begin(PROTO_UDP, SERVICE, COREDNS);
	ok("google.com", DNS_A, 60000);
	assert_flow(id + 1, "dns-error", "google.com.default");
}

/* NOERROR without an address, of both families: then the name is a miss. */
static void
empty_names(void **state)
{
	static const char name[] = "www.google.com.default.svc.cluster.local";

	(void)state;
	begin(PROTO_UDP, SERVICE, COREDNS);
	query(name, DNS_A, 0, 0, 1, 1, 0, true);
	judge(10);
	assert_none();
	query(name, DNS_AAAA, 0, 0, 1, 1, 0, true);
	judge(10);
	assert_finding("dns-search-miss", "A and AAAA www.google.com.default.svc.cluster."
	    "local: no address of a name, which the client's search list made of "
	    "www.google.com");
	begin(PROTO_UDP, SERVICE, COREDNS);
	ok(name, DNS_A, 0);
	query(name, DNS_AAAA, 0, 0, 1, 1, 0, true);
	judge(10);
	assert_none();
}

static void
nothing(void **state)
{
	(void)state;
	begin(PROTO_UDP, SERVICE, COREDNS);
	judge(10);
	assert_none();
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(servers), TEST(cache_at_service_address), TEST(still_waiting),
		TEST(lost_on_this_node), TEST(not_proven), TEST(lossy),
		TEST(unread_answers), TEST(over_tcp), TEST(limit), TEST(race),
		TEST(race_and_retry), TEST(no_race), TEST(not_delivered), TEST(errors),
		TEST(long_name), TEST(search_lists), TEST(own_names), TEST(by_form),
		TEST(short_names), TEST(other_client), TEST(empty_names), TEST(nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
