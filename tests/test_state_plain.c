/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_state_plain.c - small dumps, and what is said of bad JSON and bad lines.
 */
#include "read_state.h"

/* ---- JSON that is not right */

static void
json_bad(void **state)
{
	static const struct { const char *json, *told; } rows[] = {
		{ "{'priority':5,'src':'all','table':'a b'}",
		  "f: [0].table: one word or number is expected\n"
		  "f: [0]: the policy rule is left out\n" },
		{ "{'priority':5,'src':'all','table':[]}",
		  "f: [0].table: one word or number is expected\n"
		  "f: [0]: the policy rule is left out\n" },
		{ "{'dst':'10.0.0.0/8','encap':'ip','dev':'d0'}",
		  "f: [0].encap: a route with an encapsulation is left out of JSON; "
		  "expected it as text\n" },
		{ "{'ifname':'x','mac':'0a'}",
		  "f: [0]: expected a link, an address, a policy rule, a route or a "
		  "neighbour, as 'ip -j' prints them\n" },
		{ "{'ifname':'a/b','ifindex':3}",
		  "f: [0].ifname: the name of an interface is expected\n" },
		{ "{'ifname':'x','ifindex':3,'addr_info':[{'local':'10.0.0.1'}]}",
		  "f: [0].addr_info[0].prefixlen: the length of the subnet is "
		  "expected\n" },
		{ "17,'x'",
		  "f: [0]: an object is expected, not a number\n"
		  "f: [1]: an object is expected, not a text\n" },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct run r = run(read_ip_json, "f", quoted(rows[i].json));

		assert_string_equal(r.told->text, rows[i].told);
		assert_int_equal(r.state->rules.n + r.state->routes.n +
		    r.state->addrs.n, 0);
		run_free(&r);
	}
}

/* A selector that this version does not know must not be left out: the rule
   would be taken to match everything. */
static void
json_unknown_selector(void **state)
{
	struct run r = run(read_ip_json, "f",
	    quoted("{'priority':5,'src':'all','warp':3,'table':'9'}"));

	(void)state;
	assert_int_equal(r.state->rules.n, 1);
	assert_true(r.state->rules.v[0].has & RULE_ODD);
	assert_string_equal(r.told->text,
	    "f: 'warp' is not known in a policy rule\n");
	run_free(&r);
}

static void
json_family(void **state)
{
	static const char *const names[] = { "ip6rule.json", "a/IP_6_rule.json",
		"ip -6 rule" };

	(void)state;
	for (size_t i = 0; i < N(names); i++) {
		struct run r = run(read_ip_json, names[i],
		    quoted("{'priority':0,'src':'all','table':'local'}"));

		assert_true(r.state->rules.v[0].v6);
		run_free(&r);
	}
}

/* ---- small dumps */

static void
sysctls(void **state)
{
	struct run r = run(read_sysctl, "sysctl_all.txt",
	    "abi.vsyscall32 = 1\n"
	    "net.ipv4.conf.eth0.rp_filter = 2\n"
	    "net.ipv4.conf.eth0.send_redirects = 1\n"
	    "net.ipv4.conf.vlan/eth/4.rp_filter = 0\r\n"
	    "sysctl: reading key \"net.ipv6.conf.all.stable_secret\"\n"
	    "net.ipv4.ip_local_port_range = 32768\t60999\n"
	    "net.broken\n"
	    "net.netfilter.nf_conntrack_max=262144\n");

	(void)state;
	state_ready(r.state);
	assert_int_equal(r.state->sysctls.n, 4);
	assert_string_equal(state_sysctl(r.state, "net.ipv4.conf.eth0.rp_filter"),
	    "2");
	assert_string_equal(state_sysctl(r.state,
	    "net.ipv4.conf.vlan/eth/4.rp_filter"), "0");
	assert_string_equal(state_sysctl(r.state, "net.ipv4.ip_local_port_range"),
	    "32768\t60999");
	assert_string_equal(state_sysctl(r.state,
	    "net.netfilter.nf_conntrack_max"), "262144");
	assert_string_equal(r.told->text, "sysctl_all.txt:7: found 'net.broken'; "
	    "expected a setting such as 'net.ipv4.ip_forward = 1'\n");
	run_free(&r);
}

static void
metrics(void **state)
{
	static const struct { const char *text; int nft; unsigned told; } rows[] = {
		{ "# HELP awscni_connmark_backend x\n# TYPE "
		  "awscni_connmark_backend gauge\n"
		  "awscni_connmark_backend{backend=\"nftables\"} 1\n"
		  "awscni_connmark_backend{backend=\"iptables\"} 0\n", 1, 0 },
		{ "awscni_connmark_backend{backend=\"iptables\"} 1\n", 0, 0 },
		{ "awscni_connmark_backend{backend=\"bpf\"} 1\n", -1, 1 },
		{ "awscni_eni_max 4\n", -1, 0 },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct run r = run(read_metrics, "metrics.json", rows[i].text);

		assert_int_equal(r.state->cni.connmark_nft, rows[i].nft);
		assert_int_equal(r.told->n, rows[i].told);
		run_free(&r);
	}
}

static void
ipvs(void **state)
{
	static const struct { const char *text; bool found; } rows[] = {
		{ "-A -t 172.20.0.1:443 -s rr\n-a -t 172.20.0.1:443 -r 10.0.0.9:443 "
		  "-m -w 1\n", true },
		{ "IP Virtual Server version 1.2.1 (size=4096)\n"
		  "Prot LocalAddress:Port Scheduler Flags\n"
		  "  -> RemoteAddress:Port           Forward Weight\n"
		  "TCP  172.20.0.1:443 rr\n  -> 10.0.0.9:443   Masq 1\n", true },
		{ "IP Virtual Server version 1.2.1 (size=4096)\n"
		  "Prot LocalAddress:Port Scheduler Flags\n"
		  "  -> RemoteAddress:Port           Forward Weight\n", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct run r = run(read_ipvsadm, "ipvsadm.txt", rows[i].text);

		assert_int_equal((r.state->flags & STATE_IPVS) != 0, rows[i].found);
		assert_int_equal(state_has(r.state, PART_IPVS), rows[i].found);
		assert_int_equal(r.told->n, rows[i].found);
		run_free(&r);
	}
}

static void
hostname(void **state)
{
	struct run r = run(read_hostname, "hostname",
	    "\nip-10-0-0-10.ec2.internal\n");
	struct run bad = run(read_hostname, "hostname", "cannot open x\n");

	(void)state;
	assert_string_equal(r.state->hostname, "ip-10-0-0-10.ec2.internal");
	assert_null(bad.state->hostname);
	assert_int_equal(bad.told->n, 1);
	run_free(&r);
	run_free(&bad);
}

/* ---- lines */

/* NUL bytes, a line without end, and one that is too long. */
static void
lines_bad(void **state)
{
	size_t len = (2u << 20) + 64, at;
	char *text = malloc(len);
	static const char first[] = "0: from all\0 lookup local\n";
	static const char last[] = "\n32766:\tfrom all lookup main";
	struct run r;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', len);
	memcpy(text, first, sizeof(first) - 1);
	at = len - (sizeof(last) - 1);
	memcpy(text + at, last, sizeof(last) - 1);
	r = run_bytes(read_ip_rule, "f", text, len);
	assert_int_equal(r.state->rules.n, 1);
	assert_int_equal(r.state->rules.v[0].priority, 32766);
	assert_int_equal(r.state->rules.v[0].line, 3);
	assert_int_equal(r.told->n, 2);
	assert_non_null(strstr(r.told->text, "f:2: a line of 2097"));
	run_free(&r);
	free(text);
}

static void
too_many_reports(void **state)
{
	char text[4096] = "";
	struct run r;

	(void)state;
	for (unsigned i = 0; i < 100; i++)
		add(text, "junk %u\n", i);
	r = run(read_ip_rule, "f", text);
	assert_int_equal(r.told->n, READER_MAX_REPORTS + 1);
	assert_non_null(strstr(r.told->text,
	    "f: 80 more things could not be understood\n"));
	run_free(&r);
}

/* A report is one line of text, whatever it quotes. */
static void
reports_are_clean(void **state)
{
	struct run r = run(read_ip_rule, "f",
	    "\033]0;x\a \x80\xff caf\xc3\xa9 \xe2\x80\xae" "gnp\x7f\xc3\n");

	(void)state;
	assert_non_null(strstr(r.told->text,
	    "f:1: found '?]0;x? ?? caf\xc3\xa9 ?" "?" "?gnp?" "?'"));
	run_free(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_bad),
		cmocka_unit_test(json_unknown_selector),
		cmocka_unit_test(json_family),
		cmocka_unit_test(sysctls),
		cmocka_unit_test(metrics),
		cmocka_unit_test(ipvs),
		cmocka_unit_test(hostname),
		cmocka_unit_test(lines_bad),
		cmocka_unit_test(too_many_reports),
		cmocka_unit_test(reports_are_clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
