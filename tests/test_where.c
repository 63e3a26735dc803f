/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_where.c - --where: what each key means, and its messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "tests/flow_sample.h"
#include "ui/where/where.h"

static bool
matches(const char *text, const struct flow *f)
{
	char error[WHERE_ERROR_MAX];
	struct where *w = where_parse(text, error);
	bool yes;

	if (w == NULL)
		fail_msg("%s: %s", text, error);
	yes = where_match(w, f, &sample_names);
	where_free(w);
	return yes;
}

static void
expect_all(const struct flow *f, bool want, const char *const *texts, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (matches(texts[i], f) != want)
			fail_msg("%s: %s", texts[i], want ? "must match" :
			    "must not match");
}

#define EXPECT(f, want, ...) do {					\
	static const char *const texts[] = { __VA_ARGS__ };		\
	expect_all((f), (want), texts, sizeof(texts) / sizeof(texts[0])); \
} while (0)

static void
tcp_flow_yes(void **state)
{
	struct flow f = sample_tcp();

	(void)state;
	f.retransmissions = 2;
	EXPECT(&f, true,
	    "verdict=ok", "verdict!=wrong", "verdict=wrong,ok",
	    "finding=snat-node-ip", "finding=snat*", "finding!=no-reply",
	    "proto=tcp", "proto=TCP", "proto=6", "proto=udp,tcp",
	    "src=192.168.3.30", "src=192.168.0.0/16", "src=0.0.0.0/0",
	    "src!=10.0.0.0/8", "dst=172.217.175.36/31",
	    "addr=192.168.3.243", "addr=192.168.3.30",
	    "sport=41234", "dport=443", "dport=80,443", "dport=400-500",
	    "port=21015", "port!=22", "port>41233", "port>=41234", "port<444",
	    "if=eth0", "if=eni*", "if=e*", "in=eni*", "out=eth0",
	    "nat=snat", "nat!=dnat", "state=ESTABLISHED", "state=established",
	    "packets=24", "packets>23", "packets<=24", "bytes>=3440",
	    "rtt=660us", "rtt<1ms", "rtt>0.5ms", "rtt=600us-700us",
	    "transit>37us", "retrans>1", "tunnel=none",
	    "verdict=ok  proto=tcp\tdport=443");
}

static void
tcp_flow_no(void **state)
{
	struct flow f = sample_tcp();

	(void)state;
	EXPECT(&f, false,
	    "verdict=wrong", "verdict!=ok", "finding=no-reply", "proto=udp",
	    "proto=60", "src=192.168.3.243", "src=192.168.3.31",
	    "src=::/0 src=::1", "dst=192.168.3.30", "addr=192.168.3.31",
	    "sport=443", "dport=444", "port=22", "port!=443", "port<443",
	    "port>65535", "port<0", "if=eth1", "if=eth", "in=eth0", "out=eni*",
	    "nat=dnat", "nat=none", "nat=unknown", "state=SYN_SENT",
	    "packets>24", "packets>18446744073709551615", "packets<24",
	    "rtt>1ms", "rtt=660ns", "transit>1s", "retrans>0", "tunnel=vxlan",
	    "verdict=ok proto=udp", "verdict!=wrong,ok");
}

/* What is not known matches no value, so != holds for it. */
static void
unknown_values(void **state)
{
	struct flow f = sample_icmp();

	(void)state;
	EXPECT(&f, true, "nat=unknown", "nat!=snat", "rtt!=1s", "port!=0",
	    "state!=ESTABLISHED", "in=eni*", "finding!=*", "verdict=unknown");
	EXPECT(&f, false, "nat=none", "rtt<1000s", "port=0", "port<65536",
	    "sport=10290", "state=*", "out=*", "transit>=0s", "finding=*");
}

static void
known_not_translated(void **state)
{
	struct flow f = sample_icmp();

	(void)state;
	f.has |= FLOW_TRANSLATED;
	EXPECT(&f, true, "nat=none", "nat=snat,none");
	EXPECT(&f, false, "nat=snat", "nat=unknown");
}

static void
node_state(void **state)
{
	struct pod peer = { .ns = "shop", .name = "web-0" };
	struct ct_entry ct;
	struct flow f = sample_tcp_with_state(&ct);

	(void)state;
	EXPECT(&f, true, "kind=pod-to-external", "kind=pod-to-*", "kind!=host",
	    "pod=default/echo-b", "pod=echo-b", "pod=default/*", "pod=*/echo-?",
	    "eni=eth0", "eni=eni-0aaa", "eni=eni-*", "peer!=*", "service!=*");
	EXPECT(&f, false, "kind=host", "pod=kube-system/*", "pod=echo", "pod!=echo-b",
	    "eni=eth1", "peer=*", "service=*");
	f.node.peer = &peer;
	f.node.service = "web";
	EXPECT(&f, true, "peer=shop/web-0", "peer=web-*", "service=web",
	    "service=*/web", "verdict=ok pod=default/echo* eni=eth0");
	f.node = (struct flow_node){ 0 };
	EXPECT(&f, false, "kind=*", "pod=*", "peer=*", "service=*", "eni=*");
}

static void
tunnels(void **state)
{
	struct flow f = sample_tcp();

	(void)state;
	f.legs[1].tunnel = (struct tunnel){ TUN_VXLAN, 7 };
	EXPECT(&f, true, "tunnel=vxlan", "tunnel=vxlan:7", "tunnel=vx*",
	    "tunnel!=vxlan:8", "tunnel!=none");
	EXPECT(&f, false, "tunnel=vxlan:8", "tunnel=geneve", "tunnel=none");
}

/* A translation in two steps has an address in the middle. */
static void
addresses_of_every_leg(void **state)
{
	struct flow f = sample_tcp();

	(void)state;
	f.legs[1].t.src = sample_tuple(6, "10.9.8.7", 0, "::", 0).src;
	f.legs[1].t.sport = 777;
	EXPECT(&f, true, "addr=10.9.8.7", "port=777");
}

static void
ipv6_prefixes(void **state)
{
	struct flow f = sample_tcp();

	(void)state;
	f.original = sample_tuple(PROTO_TCP, "2001:db8:ff::9", 1, "::1", 2);
	EXPECT(&f, true, "src=2001:db8::/32", "src=2001:db8:fe::/47",
	    "src=2001:db8:ff::9/128", "src=2000::/3", "dst=::1", "src=::/0");
	EXPECT(&f, false, "src=2001:db8:fe::/48", "src=2001:db8:ff::8",
	    "src=0.0.0.0/0");
	f = sample_tcp();
	EXPECT(&f, true, "src=::ffff:192.168.0.0/112", "src=::ffff:0.0.0.0/96");
}

static void
messages(void **state)
{
	static const struct { const char *text, *must_say; } rows[] = {
		{ "", "no term given" },
		{ "   \t", "no term given" },
		{ "tcp", "'tcp': KEY=VALUE is expected" },
		{ "=443", "'=443': unknown key; the keys are verdict finding" },
		{ "prot=tcp", "'prot=tcp': unknown key (did you mean proto?)" },
		{ "colour=red", "the keys are" },
		{ "port=", "'port=': a value is missing" },
		{ "port=80,,81", "a value is missing" },
		{ "port=80,", "a value is missing" },
		{ "port=http", "a number is expected" },
		{ "port=80x", "a number is expected" },
		{ "port=-1", "a number is expected" },
		{ "port=9-8", "the range ends before it begins" },
		{ "port>8-9", "a number is expected" },
		{ "port=18446744073709551616", "a number is expected" },
		{ "rtt>20", "a time with its unit is expected" },
		{ "rtt>20m", "a time with its unit is expected" },
		{ "rtt>99999999999999s", "a time with its unit is expected" },
		{ "src=host", "an address is expected" },
		{ "src=10.0.0.0/33", "0 to 32 bits" },
		{ "src=::/129", "0 to 128 bits" },
		{ "src=10.0.0.0/", "bits" },
		{ "verdict=rong", "did you mean wrong" },
		{ "verdict=good", "one of unknown, ok, wrong, dropped" },
		{ "nat=masquerade", "one of snat, dnat, none, unknown" },
		{ "state=LISTENING", "one of" },
		{ "if>eth0", "only = and !=" },
		{ "verdict=ok port=x", "'port=x'" },
	};
	char error[WHERE_ERROR_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct where *w = where_parse(rows[i].text, error);

		if (w != NULL || strstr(error, rows[i].must_say) == NULL)
			fail_msg("\"%s\": \"%s\" does not say \"%s\"",
			    rows[i].text, w ? "(accepted)" : error,
			    rows[i].must_say);
	}
}

/* Help and parser come from one table; each row is usable. */
static void
every_key_has_help(void **state)
{
	const char *name, *help, *other;
	unsigned i, k;

	(void)state;
	for (i = 0; where_key(i, &name, &help); i++) {
		assert_true(name[0] != '\0' && help[0] != '\0');
		for (k = 0; k < i; k++) {
			assert_true(where_key(k, &other, &help));
			assert_string_not_equal(name, other);
		}
	}
	assert_true(i >= 18);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tcp_flow_yes),
		cmocka_unit_test(tcp_flow_no),
		cmocka_unit_test(unknown_values),
		cmocka_unit_test(known_not_translated),
		cmocka_unit_test(node_state),
		cmocka_unit_test(tunnels),
		cmocka_unit_test(addresses_of_every_leg),
		cmocka_unit_test(ipv6_prefixes),
		cmocka_unit_test(messages),
		cmocka_unit_test(every_key_has_help),
	};

	return cmocka_run_group_tests_name("where", tests, NULL, NULL);
}
