/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_output_app.c - what payloads and the ends of a flow say, in each output, and
   as keys of --where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "decode/app/dns.h"
#include "decode/app/proxy.h"
#include "tests/flow_sample.h"
#include "ui/where/where.h"

static const struct output_run plain = { .names = &sample_numbers, .verbose = true };
static char out[64 * 1024];

static void
written(const struct output *o, const struct flow *f)
{
	sample_output(out, sizeof(out), o, &plain, f, 1, NULL);
}

static void
expect(const struct output *o, const struct flow *f, const char *part)
{
	written(o, f);
	if (strstr(out, part) == NULL)
		fail_msg("not found: %s\nin: %s", part, out);
}

static void
expect_not(const struct output *o, const struct flow *f, const char *part)
{
	written(o, f);
	if (strstr(out, part) != NULL)
		fail_msg("found: %s\nin: %s", part, out);
}

static bool
where(const char *expression, const struct flow *f)
{
	char error[WHERE_ERROR_MAX];
	struct where *w = where_parse(expression, error);
	bool match;

	if (w == NULL)
		fail_msg("%s: %s", expression, error);
	match = where_match(w, f, &sample_numbers);
	where_free(w);
	return match;
}

static struct addr
f_addr(const char *text)
{
	return sample_tuple(PROTO_UDP, text, 0, text, 0).src;
}

static struct proxy_bytes
bytes(const char *text)
{
	return (struct proxy_bytes){ (const uint8_t *)text, (uint16_t)strlen(text) };
}

/* ---- PROXY protocol */

static struct proxy_header
sample_proxy(void)
{
	struct tuple t = sample_tuple(PROTO_TCP, "203.0.113.50", 55982, "192.168.1.210",
	    443);

	return (struct proxy_header){ .version = 2, .family = PROXY_INET,
	    .transport = PROTO_TCP, .has = PROXY_HAS_ADDRS, .len = 28, .src = t.src,
	    .dst = t.dst, .sport = t.sport, .dport = t.dport };
}

static void
proxy_json(void **state)
{
	struct proxy_header h = sample_proxy();
	struct flow f = sample_tcp();

	(void)state;
	f.app.proxy = &h;
	expect(&output_json, &f, "\"proxy_protocol\":{\"version\":2,"
	    "\"src\":\"203.0.113.50\",\"sport\":55982,\"dst\":\"192.168.1.210\","
	    "\"dport\":443},\"evidence\"");
	h.vpce = bytes("vpce-08d2bf15fac5001c9");
	h.alpn = bytes("h2");
	h.authority = bytes("www.example.com");
	h.netns = bytes("blue");
	h.unique_id = bytes("\x01\xfe");
	h.has |= PROXY_HAS_CRC | PROXY_HAS_SSL;
	h.ssl_client = 7;
	h.ssl_cn = bytes("a \"client\"");
	h.ssl_version = bytes("TLSv1.3");
	h.ssl_cipher = bytes("TLS_AES_128_GCM_SHA256");
	expect(&output_json, &f, "\"dport\":443,\"vpce\":\"vpce-08d2bf15fac5001c9\","
	    "\"alpn\":\"h2\",\"authority\":\"www.example.com\",\"netns\":\"blue\","
	    "\"unique_id\":\"01fe\",\"crc32c\":true,\"ssl\":{\"client\":7,"
	    "\"verified\":true,\"version\":\"TLSv1.3\",\"cn\":\"a \\\"client\\\"\","
	    "\"cipher\":\"TLS_AES_128_GCM_SHA256\"}}");
}

static void
proxy_not_believed(void **state)
{
	struct proxy_header h = { .version = 1, .why = "wrong CRC32C" };
	struct flow f = sample_tcp();

	(void)state;
	f.app.proxy = &h;
	expect(&output_json, &f,
	    "\"proxy_protocol\":{\"version\":1,\"error\":\"wrong CRC32C\"}");
	expect(&output_text, &f, "client      not believed, PROXY protocol v1: "
	    "wrong CRC32C");
	assert_true(where("client=192.168.3.30", &f));
}

static void
proxy_local(void **state)
{
	struct proxy_header h = { .version = 2, .local = true };
	struct flow f = sample_tcp();

	(void)state;
	f.app.proxy = &h;
	expect(&output_json, &f,
	    "\"proxy_protocol\":{\"version\":2,\"command\":\"LOCAL\"}");
	expect(&output_text, &f, "the proxy itself (PROXY protocol v2, LOCAL)");
}

static void
proxy_text_csv_where(void **state)
{
	struct proxy_header h = sample_proxy();
	struct flow f = sample_tcp();

	(void)state;
	f.app.proxy = &h;
	h.vpce = bytes("vpce-\x1b[31m");
	expect(&output_text, &f, "client      203.0.113.50 port 55982, asked for "
	    "192.168.1.210 port 443 (PROXY protocol v2), VPC endpoint vpce-\\x1b[31m");
	expect(&output_csv, &f, ",,,203.0.113.50\r\n");
	assert_true(where("client=203.0.113.0/24", &f));
	assert_false(where("client=192.168.3.30", &f));
}

/* Whose connection it is, is not known: neither address is the client's. */
static void
client_hidden(void **state)
{
	struct flow f = sample_tcp();

	(void)state;
	assert_true(where("client=192.168.3.30", &f));
	f.app.client_hidden = true;
	assert_false(where("client=192.168.3.30", &f));
	f.app.client_hidden = false;
	f.app.health_check = true;
	assert_false(where("client=192.168.3.30", &f));
}

/* ---- DNS */

static void
dns_name(void **state)
{
	struct flow f = sample_tcp();

	(void)state;
	f.app.dns_name = "www.example.com";
	expect(&output_json, &f, "\"dns_name\":\"www.example.com\",\"evidence\"");
	expect(&output_text, &f, "www.example.com:443");
	expect(&output_csv, &f, ",\"www.example.com\",,\r\n");
	assert_true(where("name=www.example.com", &f));
	assert_true(where("name=*.example.com", &f));
	assert_false(where("name=example.com", &f));
	f.app.dns_name = "a\x1b[2Jb";
	expect_not(&output_text, &f, "\x1b[2J");
	expect_not(&output_csv, &f, "\x1b[2J");
}

static void
dns_queries(void **state)
{
	struct dns_query q[] = {
		{ .name = "www.example.com", .type = DNS_A, .outcome = DNS_ANSWERED,
		  .sent = 1, .asked = { SAMPLE_FIRST }, .last = { SAMPLE_FIRST },
		  .answered = { SAMPLE_FIRST + 1200000 }, .n_addrs = 6, .ttl = 60,
		  .addrs = { f_addr("10.0.0.1"), f_addr("10.0.0.2"), f_addr("10.0.0.3"),
		  f_addr("10.0.0.4") }, .cname = "cdn.example.net", .n_cnames = 1 },
		{ .name = "nowhere.example.com", .type = DNS_AAAA, .outcome = DNS_FAILED,
		  .rcode = DNS_NXDOMAIN, .sent = 2, .asked = { SAMPLE_FIRST },
		  .last = { SAMPLE_FIRST }, .answered = { SAMPLE_FIRST + 1 } },
		{ .name = "silent.example.com", .type = 4711, .outcome = DNS_WAITING,
		  .sent = 3, .asked = { SAMPLE_FIRST }, .last = { SAMPLE_FIRST } },
		/* its question was not seen */
		{ .name = "late.example.com", .type = DNS_A, .outcome = DNS_EMPTY,
		  .answered = { SAMPLE_FIRST + 1 } },
	};
	struct flow f = sample_tcp();

	(void)state;
	f.app.queries = q;
	f.app.n_queries = 4;
	f.app.queries_left_out = 7;
	expect(&output_json, &f, "\"dns\":[{\"name\":\"www.example.com\",\"type\":\"A\","
	    "\"outcome\":\"answered\",\"rcode\":\"NOERROR\","
	    "\"asked\":\"2026-11-20T17:33:23.433730000Z\",\"sent\":1,"
	    "\"answered\":\"2026-11-20T17:33:23.434930000Z\","
	    "\"cname\":\"cdn.example.net\",\"cnames\":1,"
	    "\"addresses\":[\"10.0.0.1\",\"10.0.0.2\",\"10.0.0.3\",\"10.0.0.4\"],"
	    "\"addresses_in_all\":6,\"ttl\":60},");
	expect(&output_json, &f, "\"type\":\"AAAA\",\"outcome\":\"failed\","
	    "\"rcode\":\"NXDOMAIN\"");
	expect(&output_json, &f, "\"type\":4711,\"outcome\":\"no-answer\",\"asked\"");
	expect(&output_json, &f, "\"name\":\"late.example.com\",\"type\":\"A\","
	    "\"outcome\":\"empty\",\"rcode\":\"NOERROR\",\"answered\"");
	expect(&output_json, &f, "],\"dns_left_out\":7");
	expect(&output_text, &f, "DNS         A www.example.com: 10.0.0.1 and 5 more as "
	    "cdn.example.net, after 1.2ms");
	expect(&output_text, &f, "AAAA nowhere.example.com: NXDOMAIN, after 1ns, asked 2 "
	    "times");
	expect(&output_text, &f, "type 4711 silent.example.com: no answer, asked 3 times");
	expect(&output_text, &f, "A late.example.com: nothing of that type\n");
	expect(&output_text, &f, "7 more questions");
	assert_true(where("name=silent.example.com", &f));
	assert_true(where("rcode=NXDOMAIN", &f));
	assert_true(where("rcode=none", &f));
	assert_false(where("rcode=SERVFAIL", &f));
}

/* ---- role and process */

static void
role(void **state)
{
	struct sock s = { .process = "kubelet", .pid = 3012 };
	struct flow f = sample_tcp();

	(void)state;
	f.app.role = "kubelet";
	f.app.role_text = "the control plane to the kubelet";
	f.app.process = &s;
	expect(&output_json, &f, "\"role\":\"kubelet\","
	    "\"role_text\":\"the control plane to the kubelet\","
	    "\"process\":{\"name\":\"kubelet\",\"pid\":3012}");
	expect(&output_text, &f, "snat-node-ip (kubelet)\n");
	expect(&output_text, &f, "role        kubelet: the control plane to the kubelet");
	expect(&output_text, &f, "process     kubelet, pid 3012");
	expect(&output_csv, &f, ",,\"kubelet\",\r\n");
	assert_true(where("role=kubelet", &f));
	assert_true(where("process=kubelet", &f));
	assert_false(where("process=kube-proxy", &f));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(proxy_json),
		cmocka_unit_test(proxy_not_believed),
		cmocka_unit_test(proxy_local),
		cmocka_unit_test(proxy_text_csv_where),
		cmocka_unit_test(client_hidden),
		cmocka_unit_test(dns_name),
		cmocka_unit_test(dns_queries),
		cmocka_unit_test(role),
	};

	return cmocka_run_group_tests_name("output_app", tests, NULL, NULL);
}
