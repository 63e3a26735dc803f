/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_app.c - payloads on their way through the tracer: PROXY headers however
 * they are cut, DNS over UDP and TCP, and names that only their own client gets.
 */
#include "decode/app/dns.h"
#include "decode/app/proxy.h"
#include "tests/observe.h"

#define LB	"192.168.1.210:40000"
#define WEB	"192.168.3.105:8080"
#define FLOW	LB " > " WEB

/* v2, TCP over IPv4, 203.0.113.50:55982 to 192.168.1.210:80 */
#define HEADER	"0d0a0d0a000d0a515549540a2111000ccb007132c0a801d2daae0050"
#define HEADER_N 28

/* ---- PROXY */

static const char *
finding_text(const struct flow *f, const char *code)
{
	for (unsigned i = 0; i < f->n_findings; i++)
		if (strcmp(f->findings[i].code, code) == 0)
			return f->findings[i].text;
	return NULL;
}

static void
handshake(struct scene *s)
{
	see(s, "eth0 in  " LB " > " WEB " tcp S seq=999");
	see(s, "veth out " LB " > " WEB " tcp S seq=999 ttl=63");
	see(s, "veth in  " WEB " > " LB " tcp SA seq=4999 ack=1000");
	see(s, "eth0 out " WEB " > " LB " tcp SA seq=4999 ack=1000 ttl=63");
	see(s, "eth0 in  " LB " > " WEB " tcp A seq=1000 ack=5000");
	see(s, "veth out " LB " > " WEB " tcp A seq=1000 ack=5000 ttl=63");
}

/* Bytes from..to of some hexadecimal text as a segment, at both interfaces. */
static void
segment(struct scene *s, const char *hex, unsigned from, unsigned to, const char *more)
{
	char part[1024];

	snprintf(part, sizeof(part), "%.*s", (int)(2 * (to - from)), hex + 2 * from);
	see(s, "eth0 in  " LB " > " WEB " tcp PA seq=%u ack=5000 hex=%s %s",
	    1000 + from, part, more);
	see(s, "veth out " LB " > " WEB " tcp PA seq=%u ack=5000 ttl=63 hex=%s %s",
	    1000 + from, part, more);
}

static void
expect_client(struct scene *s)
{
	const struct flow *f = flow_like(s, FLOW);
	const char *text = finding_text(f, "client-from-proxy-protocol");

	if (text == NULL || strstr(text, "203.0.113.50 port 55982") == NULL)
		fail_msg("client: %s", text != NULL ? text : "none");
}

static void
expect_none(struct scene *s)
{
	const struct flow *f = flow_like(s, FLOW);

	assert_null(finding_text(f, "client-from-proxy-protocol"));
	assert_null(finding_text(f, "proxy-protocol-malformed"));
}

static void
expect_bad(struct scene *s, const char *why)
{
	const struct flow *f = flow_like(s, FLOW);
	const char *text = finding_text(f, "proxy-protocol-malformed");

	assert_null(finding_text(f, "client-from-proxy-protocol"));
	if (text == NULL || strstr(text, why) == NULL)
		fail_msg("malformed: %s, not %s", text != NULL ? text : "none", why);
}

static void
proxy_whole(void **state)
{
	struct scene *s = scene_of(state);

	handshake(s);
	segment(s, HEADER, 0, HEADER_N, "");
	expect_client(s);
	scene_free(s);
}

static void
proxy_cut_at_every_byte(void **state)
{
	for (unsigned cut = 1; cut < HEADER_N; cut++) {
		struct scene *s = scene_of(state);

		handshake(s);
		segment(s, HEADER, 0, cut, "");
		segment(s, HEADER, cut, HEADER_N, "data=GET_/");
		expect_client(s);
		scene_free(s);
	}
}

static void
proxy_byte_by_byte(void **state)
{
	struct scene *s = scene_of(state);

	handshake(s);
	for (unsigned i = 0; i < HEADER_N; i++)
		segment(s, HEADER, i, i + 1, "");
	expect_client(s);
	scene_free(s);
}

/* The first segment must come first, or nothing says that it is a header: but
   the rest in any order, and again. */
static void
proxy_out_of_order(void **state)
{
	struct scene *s = scene_of(state);

	handshake(s);
	segment(s, HEADER, 0, 5, "");
	segment(s, HEADER, 20, HEADER_N, "");
	segment(s, HEADER, 0, 5, "");
	segment(s, HEADER, 12, 20, "");
	segment(s, HEADER, 3, 12, "");
	expect_client(s);
	scene_free(s);
}

static void
proxy_v1_split(void **state)
{
	static const char text[] = "PROXY TCP4 203.0.113.50 192.168.1.210 55982 80\r\n";
	char hex[2 * sizeof(text)];

	for (size_t i = 0; i + 1 < sizeof(text); i++)
		snprintf(hex + 2 * i, 3, "%02x", (unsigned)text[i]);
	for (unsigned cut = 1; cut < sizeof(text) - 1; cut++) {
		struct scene *s = scene_of(state);

		handshake(s);
		segment(s, hex, 0, cut, "");
		segment(s, hex, cut, sizeof(text) - 1, "");
		expect_client(s);
		scene_free(s);
	}
}

/* In the middle of a stream, and in what the server sends, it is data. */
static void
proxy_not_at_the_start(void **state)
{
	struct scene *s = scene_of(state);

	handshake(s);
	see(s, "eth0 in  " LB " > " WEB " tcp PA seq=1000 ack=5000 data=hello");
	see(s, "eth0 in  " LB " > " WEB " tcp PA seq=1005 ack=5000 hex=" HEADER);
	see(s, "veth in  " WEB " > " LB " tcp PA seq=5000 ack=1033 hex=" HEADER);
	expect_none(s);
	scene_free(s);
}

/* Where the stream begins was not seen. */
static void
proxy_without_syn(void **state)
{
	struct scene *s = scene_of(state);

	segment(s, HEADER, 0, HEADER_N, "");
	see(s, "veth in  " WEB " > " LB " tcp PA seq=5000 ack=1028 data=ok");
	expect_none(s);
	scene_free(s);
}

static void
proxy_ended_too_early(void **state)
{
	struct scene *s = scene_of(state);

	handshake(s);
	segment(s, HEADER, 0, 17, "");
	see(s, "eth0 in  " LB " > " WEB " tcp FA seq=1017 ack=5000");
	expect_bad(s, "truncated");
	scene_free(s);
}

static void
proxy_cut_by_the_capture(void **state)
{
	struct scene *s = scene_of(state);

	handshake(s);
	segment(s, HEADER, 0, HEADER_N, "snap=80");
	expect_bad(s, "capture");
	scene_free(s);
}

static void
proxy_in_the_syn(void **state)
{
	struct scene *s = scene_of(state);

	see(s, "eth0 in  " LB " > " WEB " tcp S seq=999 hex=" HEADER);
	see(s, "veth out " LB " > " WEB " tcp S seq=999 ttl=63 hex=" HEADER);
	expect_client(s);
	scene_free(s);
}

/* ---- DNS */

#define RESOLVER "192.168.0.2:53"
#define POD	"192.168.3.30"
#define OTHER	"192.168.3.31"
#define NODE	"192.168.3.243"
/* www.example.com A, id 0x1234 */
#define NAME	"03777777076578616d706c6503636f6d00"
#define ASK	"12340100000100000000" "0000" NAME "00010001"
/* ... is 172.217.175.36, TTL 60 */
#define ANSWER	"12348180000100010000" "0000" NAME "00010001" \
		"c00c000100010000003c0004acd9af24"
#define TARGET	"172.217.175.36"

static const char *
name_of(struct scene *s, const char *tuple)
{
	return flow_like(s, tuple)->app.dns_name;
}

static void
ask_by_udp(struct scene *s, const char *client)
{
	see(s, "veth in  %s:5000 > " RESOLVER " udp hex=" ASK, client);
	see(s, "eth0 out %s:5000 > " RESOLVER " udp ttl=63 hex=" ASK, client);
	see(s, "eth0 in  " RESOLVER " > %s:5000 udp hex=" ANSWER, client);
	see(s, "veth out " RESOLVER " > %s:5000 udp ttl=63 hex=" ANSWER, client);
}

static void
connect_to(struct scene *s, const char *client, unsigned port)
{
	see(s, "veth in  %s:%u > " TARGET ":443 tcp S seq=%u", client, port, port);
}

static void
dns_names_its_client_alone(void **state)
{
	struct scene *s = scene_of(state);

	ask_by_udp(s, POD);
	connect_to(s, POD, 40001);
	connect_to(s, OTHER, 40002);
	assert_string_equal(name_of(s, POD ":40001 > " TARGET ":443"),
	    "www.example.com");
	assert_null(name_of(s, OTHER ":40002 > " TARGET ":443"));
	scene_free(s);
}

static void
dns_name_ends_with_its_ttl(void **state)
{
	struct scene *s = scene_of(state);

	ask_by_udp(s, POD);
	later(s, 60 * NS_PER_SEC + DNS_GRACE_NS - NS_PER_SEC);
	connect_to(s, POD, 40001);
	later(s, 2 * NS_PER_SEC);
	connect_to(s, POD, 40002);
	assert_string_equal(name_of(s, POD ":40001 > " TARGET ":443"),
	    "www.example.com");
	assert_null(name_of(s, POD ":40002 > " TARGET ":443"));
	scene_free(s);
}

/* What was asked before the name was known is not named by it. */
static void
dns_name_not_before(void **state)
{
	struct scene *s = scene_of(state);

	connect_to(s, POD, 40001);
	ask_by_udp(s, POD);
	assert_null(name_of(s, POD ":40001 > " TARGET ":443"));
	scene_free(s);
}

/* The node translates the pod's question: the answer comes in for the node's
   own address, which did not ask. */
static void
dns_translated(void **state)
{
	struct scene *s = scene_of(state);

	see(s, "veth in  " POD ":5000 > 8.8.8.8:53 udp id=7 hex=" ASK);
	see(s, "eth0 out " NODE ":6000 > 8.8.8.8:53 udp id=7 ttl=63 hex=" ASK);
	see(s, "eth0 in  8.8.8.8:53 > " NODE ":6000 udp id=9 hex=" ANSWER);
	see(s, "veth out 8.8.8.8:53 > " POD ":5000 udp id=9 ttl=63 hex=" ANSWER);
	connect_to(s, POD, 40001);
	see(s, "eth0 out " NODE ":40002 > " TARGET ":443 tcp S seq=40002");
	assert_string_equal(name_of(s, POD ":40001 > " TARGET ":443"),
	    "www.example.com");
	assert_null(name_of(s, NODE ":40002 > " TARGET ":443"));
	scene_free(s);
}

/* The same where nothing but the bytes is alike (IP ID 0): the two sides are not
   joined before the end, if at all. */
static void
dns_translated_unjoined(void **state)
{
	struct scene *s = scene_of(state);

	see(s, "veth in  " POD ":5000 > 8.8.8.8:53 udp hex=" ASK);
	see(s, "eth0 out " NODE ":6000 > 8.8.8.8:53 udp ttl=63 hex=" ASK);
	see(s, "eth0 in  8.8.8.8:53 > " NODE ":6000 udp hex=" ANSWER);
	see(s, "veth out 8.8.8.8:53 > " POD ":5000 udp ttl=63 hex=" ANSWER);
	connect_to(s, POD, 40001);
	see(s, "eth0 out " NODE ":40002 > " TARGET ":443 tcp S seq=40002");
	assert_string_equal(name_of(s, POD ":40001 > " TARGET ":443"),
	    "www.example.com");
	assert_null(name_of(s, NODE ":40002 > " TARGET ":443"));
	scene_free(s);
}

#define RESOLVER_TCP	POD ":5001 > " RESOLVER

/* Over TCP with its length before it, cut at every byte. */
static void
dns_over_tcp(void **state)
{
	static const char ask[] = "0021" ASK, answer[] = "0031" ANSWER;
	unsigned n = (sizeof(answer) - 1) / 2;

	for (unsigned cut = 1; cut < n; cut++) {
		struct scene *s = scene_of(state);

		see(s, "veth in  " RESOLVER_TCP " tcp S seq=99");
		see(s, "veth out " RESOLVER " > " POD ":5001 tcp SA seq=499 ack=100");
		see(s, "veth in  " RESOLVER_TCP " tcp PA seq=100 ack=500 hex=%s", ask);
		see(s, "veth out " RESOLVER " > " POD ":5001 tcp A seq=500 ack=135 "
		    "hex=%.*s", (int)(2 * cut), answer);
		see(s, "veth out " RESOLVER " > " POD ":5001 tcp A seq=%u ack=135 "
		    "hex=%s", 500 + cut, answer + (size_t)2 * cut);
		connect_to(s, POD, 40001);
		if (name_of(s, POD ":40001 > " TARGET ":443") == NULL)
			fail_msg("not named when cut at %u", cut);
		scene_free(s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_ANY(proxy_whole),
		IN_ANY(proxy_cut_at_every_byte),
		IN_ANY(proxy_byte_by_byte),
		IN_ANY(proxy_out_of_order),
		IN_ANY(proxy_v1_split),
		IN_ANY(proxy_not_at_the_start),
		IN_ANY(proxy_without_syn),
		IN_ANY(proxy_ended_too_early),
		IN_ANY(proxy_cut_by_the_capture),
		IN_ANY(proxy_in_the_syn),
		IN_ANY(dns_names_its_client_alone),
		IN_ANY(dns_name_ends_with_its_ttl),
		IN_ANY(dns_name_not_before),
		IN_ANY(dns_translated),
		IN_ANY(dns_translated_unjoined),
		IN_ANY(dns_over_tcp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
