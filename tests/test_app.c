/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_app.c - payloads on their way through the tracer: PROXY headers however
 * they are cut, DNS over UDP and TCP, and names that only their own client gets.
 */
#include "decode/app/dns.h"
#include "decode/app/proxy.h"
#include "tests/node_scene.h"
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

/* A health check says so in the header that is for that, not in any other place. */
static void
asks_by_word(void **state)
{
	static const struct { const char *text; bool check; } rows[] = {
		{ "GET / HTTP/1.1\r\nUser-Agent: ELB-HealthChecker/2.0\r\n\r\n", true },
		{ "GET / HTTP/1.0\r\nuser-agent: ELB-HealthChecker/2.0\r\n\r\n", true },
		{ "GET /?ELB-HealthChecker/2.0 HTTP/1.0\r\n\r\n", false },
		{ "GET / HTTP/1.0\r\nX: User-Agent: ELB-HealthChecker/2.0\r\n\r\n",
		  false },
		{ "GET / HTTP/1.0\r\n\r\nx\r\nUser-Agent: ELB-HealthChecker/2.0\r\n",
		  false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene *s = scene_of(state);
		struct scene_node *n = node_default();
		size_t len = strlen(rows[i].text);
		const struct flow *f;
		char hex[256];

		for (size_t k = 0; k < len; k++)
			snprintf(hex + 2 * k, 3, "%02x", (unsigned)rows[i].text[k]);
		node_devices(n, &(struct node_dev){ "eth0", scene_ifindex(s, "eth0") }, 1);
		node_build(n);
		tracer_observe(s->t, &(struct obs){ .type = OBS_STATE,
		    .ts = { s->now_ns }, .state = { n->state } });
		see(s, "eth0 in  10.0.9.9:4000 > 10.0.0.10:80 tcp S seq=9");
		see(s, "eth0 in  10.0.9.9:4000 > 10.0.0.10:80 tcp PA seq=10 hex=%s", hex);
		see(s, "eth0 in  10.0.9.9:4000 > 10.0.0.10:80 tcp R seq=%zu", 10 + len);
		f = flow_like(s, "10.0.9.9:4000 > 10.0.0.10:80");
		if (f->app.health_check != rows[i].check)
			fail_msg("row %zu", i);
		scene_free(s);
		node_free(n);
	}
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

/* ---- what must not be believed */

/* A header in a request's body, and one that is sent again where another first
   byte was, name nobody. */
static void
proxy_in_a_body(void **state)
{
	struct scene *s = scene_of(state);

	handshake(s);
	see(s, "eth0 in  " LB " > " WEB " tcp PA seq=1000 ack=5000 data=POST_/_");
	see(s, "veth out " LB " > " WEB " tcp PA seq=1000 ack=5000 ttl=63 data=POST_/_");
	segment(s, HEADER, 7, HEADER_N, "");
	see(s, "eth0 in  " LB " > " WEB " tcp PA seq=1028 ack=5000 hex=" HEADER);
	expect_none(s);
	scene_free(s);
}

/* A keep-alive before the first byte, the SYN again, the header again. */
static void
proxy_after_noise(void **state)
{
	struct scene *s = scene_of(state);

	see(s, "eth0 in  " LB " > " WEB " tcp S seq=999");
	later(s, NS_PER_SEC);
	handshake(s);
	see(s, "eth0 in  " LB " > " WEB " tcp A seq=999 ack=5000 hex=00");
	segment(s, HEADER, 0, HEADER_N, "");
	segment(s, HEADER, 0, HEADER_N, "");
	expect_client(s);
	scene_free(s);
}

/* v1 from 198.51.100.9 behind the header: the first one counts. */
static void
proxy_two_in_a_row(void **state)
{
	struct scene *s = scene_of(state);

	handshake(s);
	segment(s, HEADER, 0, HEADER_N,
	    "data=PROXY_TCP4_198.51.100.9_192.168.1.210_1_80");
	expect_client(s);
	scene_free(s);
}

static void
proxy_reset_inside(void **state)
{
	struct scene *s = scene_of(state);

	handshake(s);
	segment(s, HEADER, 0, 17, "");
	see(s, "eth0 in  " LB " > " WEB " tcp R seq=1017");
	expect_bad(s, "truncated");
	scene_free(s);
}

/* The same ports again: a connection of its own, without a header. */
static void
proxy_ports_again(void **state)
{
	struct scene *s = scene_of(state);
	unsigned with = 0;

	handshake(s);
	segment(s, HEADER, 0, HEADER_N, "");
	see(s, "eth0 in  " LB " > " WEB " tcp R seq=1028");
	later(s, NS_PER_SEC);
	see(s, "eth0 in  " LB " > " WEB " tcp S seq=77777");
	see(s, "veth out " LB " > " WEB " tcp S seq=77777 ttl=63");
	see(s, "veth in  " WEB " > " LB " tcp SA seq=9 ack=77778");
	see(s, "eth0 in  " LB " > " WEB " tcp PA seq=77778 ack=10 data=GET");
	/* its offsets are those of the first one's */
	segment(s, HEADER, 0, HEADER_N, "");
	scene_text(s);
	assert_int_equal(s->n_flows, 2);
	for (unsigned i = 0; i < s->n_flows; i++)
		with += finding_text(&s->flows[i], "client-from-proxy-protocol") != NULL;
	assert_int_equal(with, 1);
	assert_non_null(finding_text(&s->flows[s->flows[0].first.ns >
	    s->flows[1].first.ns], "client-from-proxy-protocol"));
	scene_free(s);
}

/* Translated by the node, and cut at every byte: each side has half the header when
   it turns out that they are one. */
static void
proxy_translated(void **state)
{
	for (unsigned cut = 1; cut < HEADER_N; cut++) {
		struct scene *s = scene_of(state);
		char a[128], b[128];
		const struct flow *f;

		snprintf(a, sizeof(a), "%.*s", (int)(2 * cut), HEADER);
		snprintf(b, sizeof(b), "%s", &HEADER[(size_t)2 * cut]);
		see(s, "eth0 in  " LB " > 192.168.3.243:30080 tcp S seq=999");
		see(s, "veth out " LB " > " WEB " tcp S seq=999 ttl=63");
		see(s, "veth in  " WEB " > " LB " tcp SA seq=4999 ack=1000");
		see(s, "eth0 out 192.168.3.243:30080 > " LB " tcp SA seq=4999 ack=1000 "
		    "ttl=63");
		see(s, "eth0 in  " LB " > 192.168.3.243:30080 tcp PA seq=1000 ack=5000 "
		    "hex=%s", a);
		see(s, "veth out " LB " > " WEB " tcp PA seq=1000 ack=5000 ttl=63 hex=%s",
		    a);
		see(s, "eth0 in  " LB " > 192.168.3.243:30080 tcp PA seq=%u ack=5000 "
		    "hex=%s", 1000 + cut, b);
		see(s, "veth out " LB " > " WEB " tcp PA seq=%u ack=5000 ttl=63 hex=%s",
		    1000 + cut, b);
		f = flow_like(s, LB " > 192.168.3.243:30080");
		if (finding_text(f, "client-from-proxy-protocol") == NULL)
			fail_msg("no client when cut at %u", cut);
		scene_free(s);
	}
}

/* ---- DNS that was not asked for */

#define TO_POD	"veth out " RESOLVER " > " POD ":5000 udp ttl=63 hex="
/* the same answer with another id; TTL with the upper bit set; to another port */
#define OTHER_ID "43218180000100010000" "0000" NAME "00010001" \
		"c00c000100010000003c0004acd9af24"
#define ODD_TTL	"12348180000100010000" "0000" NAME "00010001" \
		"c00c00010001ffffffff0004acd9af24"
/* ... of ftp.example.com, though www was asked for */
#define UNRELATED "12348180000100010000" "0000" NAME "00010001" \
		"03667470c010" "00010001" "0000003c0004acd9af24"
/* wWw.ExAmPlE.cOm */
#define MIXED	"12348180000100010000" "0000" "03775777074578416d506c4503634f6d00" \
		"00010001" "c00c000100010000003c0004acd9af24"
/* without its question */
#define BARE	"12348180000000010000" "0000" NAME "00010001" "0000003c0004acd9af24"

static void
dns_forged(void **state)
{
	static const struct { const char *answer, *name; } rows[] = {
		{ TO_POD ANSWER, "www.example.com" },
		{ TO_POD MIXED, "www.example.com" },
		{ TO_POD ODD_TTL, "www.example.com" },
		{ TO_POD OTHER_ID, NULL },
		{ TO_POD UNRELATED, NULL },
		{ TO_POD BARE, NULL },
		/* another server, another port, neither; mDNS, LLMNR */
		{ "veth out 192.0.2.66:53 > " POD ":5000 udp ttl=63 hex=" ANSWER, NULL },
		{ "veth out " RESOLVER " > " POD ":5009 udp ttl=63 hex=" ANSWER, NULL },
		{ "veth out 192.0.2.66:53 > " POD ":5009 udp ttl=63 hex=" ANSWER, NULL },
		{ "veth out 192.168.0.2:5353 > " POD ":5353 udp hex=" ANSWER, NULL },
		{ "veth out 192.168.0.2:5355 > " POD ":5000 udp hex=" ANSWER, NULL },
		/* a question, not an answer */
		{ TO_POD ASK, NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene *s = scene_of(state);
		const char *name;

		see(s, "veth in  " POD ":5000 > " RESOLVER " udp hex=" ASK);
		see(s, "%s", rows[i].answer);
		connect_to(s, POD, 40001);
		name = name_of(s, POD ":40001 > " TARGET ":443");
		if ((name == NULL) != (rows[i].name == NULL) ||
		    (name != NULL && strcmp(name, rows[i].name) != 0))
			fail_msg("row %zu: %s", i, name != NULL ? name : "no name");
		scene_free(s);
	}
}

/* The first answer counts: what comes after it with another address is too late. */
static void
dns_second_answer(void **state)
{
	struct scene *s = scene_of(state);

	see(s, "veth in  " POD ":5000 > " RESOLVER " udp hex=" ASK);
	see(s, TO_POD "12348180000100010000" "0000" NAME "00010001"
	    "c00c000100010000003c0004c0000207");
	see(s, TO_POD ANSWER);
	connect_to(s, POD, 40001);
	assert_null(name_of(s, POD ":40001 > " TARGET ":443"));
	scene_free(s);
}

/* TTL 0, or one of 32 bits, is 0: the grace alone. */
static void
dns_odd_ttl(void **state)
{
	struct scene *s = scene_of(state);

	see(s, "veth in  " POD ":5000 > " RESOLVER " udp hex=" ASK);
	see(s, TO_POD ODD_TTL);
	later(s, DNS_GRACE_NS + NS_PER_SEC);
	connect_to(s, POD, 40001);
	assert_null(name_of(s, POD ":40001 > " TARGET ":443"));
	scene_free(s);
}

/* Two pods ask the same with the same id at once, each gets its answer: no name
   goes to a third, and the later one has its own. */
static void
dns_same_id(void **state)
{
	struct scene *s = scene_of(state);
	const char *name;

	see(s, "veth in  " POD ":5000 > " RESOLVER " udp hex=" ASK);
	see(s, "peer in  " OTHER ":5000 > " RESOLVER " udp hex=" ASK);
	see(s, "veth out " RESOLVER " > " POD ":5000 udp ttl=63 hex=" ANSWER);
	see(s, "peer out " RESOLVER " > " OTHER ":5000 udp ttl=63 hex=" ANSWER);
	connect_to(s, POD, 40001);
	connect_to(s, OTHER, 40002);
	connect_to(s, NODE, 40003);
	name = name_of(s, POD ":40001 > " TARGET ":443");
	assert_true(name == NULL || strcmp(name, "www.example.com") == 0);
	assert_string_equal(name_of(s, OTHER ":40002 > " TARGET ":443"),
	    "www.example.com");
	assert_null(name_of(s, NODE ":40003 > " TARGET ":443"));
	scene_free(s);
}

/* Behind the node's address, at eth0 alone: the node asked (TTL 64), a pod connects
   (63), and the other way round. */
static void
dns_behind_one_address(void **state)
{
	for (unsigned ask = 63; ask <= 64; ask++) {
		struct scene *s = scene_of(state);

		see(s, "eth0 out " NODE ":5000 > 8.8.8.8:53 udp ttl=%u hex=" ASK, ask);
		see(s, "eth0 in  8.8.8.8:53 > " NODE ":5000 udp ttl=50 hex=" ANSWER);
		see(s, "eth0 out " NODE ":40001 > " TARGET ":443 tcp S seq=1 ttl=63");
		see(s, "eth0 out " NODE ":40002 > " TARGET ":443 tcp S seq=1 ttl=64");
		if (ask == 64)
			assert_null(name_of(s, NODE ":40001 > " TARGET ":443"));
		else
			assert_null(name_of(s, NODE ":40002 > " TARGET ":443"));
		assert_string_equal(name_of(s, ask == 64 ? NODE ":40002 > " TARGET ":443" :
		    NODE ":40001 > " TARGET ":443"), "www.example.com");
		scene_free(s);
	}
}

/* The state says that the address is the node's: what was forwarded (TTL 63) may be
   any pod's, and gets no name; the node's own does. */
static void
dns_behind_the_node(void **state)
{
	for (unsigned ttl = 63; ttl <= 64; ttl++) {
		struct scene *s = scene_of(state);
		struct scene_node *n = node_default();
		const char *name;

		node_build(n);
		tracer_observe(s->t, &(struct obs){ .type = OBS_STATE,
		    .ts = { s->now_ns }, .state = { n->state } });
		see(s, "eth0 out 10.0.0.10:5000 > 8.8.8.8:53 udp ttl=%u hex=" ASK, ttl);
		see(s, "eth0 in  8.8.8.8:53 > 10.0.0.10:5000 udp ttl=50 hex=" ANSWER);
		see(s, "eth0 out 10.0.0.10:40001 > " TARGET ":443 tcp S seq=1 ttl=%u",
		    ttl);
		name = name_of(s, "10.0.0.10:40001 > " TARGET ":443");
		if ((name != NULL) != (ttl == 64))
			fail_msg("TTL %u: %s", ttl, name != NULL ? name : "no name");
		scene_free(s);
		node_free(n);
	}
}

/* Over TCP: two questions in one segment, their answers in one, the second cut
   off.  What could not be read is not "not answered". */
static void
dns_over_tcp_unread(void **state)
{
	static const char ask[] = "0021" ASK, answer[] = "0031" ANSWER;

	/* 0: the first answer alone, whole; 1: cut; 2: its SYN was not seen; 3: a longer
	   one than is kept */
	for (unsigned how = 0; how < 4; how++) {
		struct scene *s = scene_of(state);
		const struct flow *f;

		see(s, "veth in  " RESOLVER_TCP " tcp S seq=99");
		if (how != 2)
			see(s, "veth out " RESOLVER " > " POD ":5001 tcp SA seq=499 "
			    "ack=100");
		see(s, "veth in  " RESOLVER_TCP " tcp PA seq=100 ack=500 hex=%s", ask);
		see(s, "veth in  " RESOLVER_TCP " tcp PA seq=135 ack=500 "
		    "hex=00214321%s", ask + 8);
		see(s, "veth out " RESOLVER " > " POD ":5001 tcp A seq=500 ack=170 "
		    "hex=%s%.*s", answer, how == 1 ? 50 : 0, "00314321" OTHER_ID);
		if (how == 3)
			see(s, "veth out " RESOLVER " > " POD ":5001 tcp A seq=551 "
			    "ack=170 hex=ffff4321");
		later(s, 20 * NS_PER_SEC);
		connect_to(s, POD, 40001);
		f = flow_like(s, RESOLVER_TCP);
		assert_int_equal(f->app.n_queries, 2);
		if ((finding_text(f, "dns-no-answer") != NULL) != (how == 0))
			fail_msg("row %u: %s", how, how == 0 ? "not told" :
			    finding_text(f, "dns-no-answer"));
		scene_free(s);
	}
}

/* A clock that goes back, and few flows at a time: nobody gets another's name. */
static void
dns_no_order(void **state)
{
	struct scene *s;

	(void)state;
	for (uint32_t max = 1; max < 6; max++) {
		s = scene_new(SHAPE_ANY, max);
		ask_by_udp(s, POD);
		later(s, -3 * NS_PER_SEC);
		connect_to(s, OTHER, 40002);
		connect_to(s, POD, 40001);
		later(s, NS_PER_SEC);
		ask_by_udp(s, POD);
		connect_to(s, OTHER, 40003);
		scene_text(s);
		for (unsigned i = 0; i < s->n_flows; i++)
			if (s->flows[i].original.dport == 443 &&
			    s->flows[i].original.sport != 40001)
				assert_null(s->flows[i].app.dns_name);
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
		IN_ANY(asks_by_word),
		IN_ANY(proxy_in_a_body),
		IN_ANY(proxy_after_noise),
		IN_ANY(proxy_two_in_a_row),
		IN_ANY(proxy_reset_inside),
		IN_ANY(proxy_ports_again),
		IN_ANY(proxy_translated),
		IN_ANY(dns_forged),
		IN_ANY(dns_second_answer),
		IN_ANY(dns_odd_ttl),
		IN_ANY(dns_same_id),
		IN_ANY(dns_behind_one_address),
		IN_ANY(dns_behind_the_node),
		IN_ANY(dns_over_tcp_unread),
		IN_ANY(dns_no_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
