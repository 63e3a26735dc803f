/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_state_nft.c - nft -j list ruleset: expressions as nft 1.0.6 prints them,
 * the VPC CNI's table, kube-proxy's.
 */
#include "tests/rules_said.h"

/* Rules of one chain A in a table, with the chains B and C, the set s, the map
   m; ' stands for ". */
static struct run
rules_run(const char *family, const char *exprs)
{
	static char text[16384];

	text[0] = '\0';
	add(text, "{'nftables': [{'metainfo': {'version': '1.0.6'}},"
	    "{'table': {'family': '%s', 'name': 't', 'handle': 1}},"
	    "{'set': {'family': '%s', 'name': 's', 'table': 't', 'type': 'ipv4_addr',"
	    "'elem': ['1.2.3.4', {'prefix': {'addr': '10.0.0.0', 'len': 8}},"
	    "{'elem': {'val': '5.6.7.8', 'timeout': 5}}]}},"
	    "{'map': {'family': '%s', 'name': 'm', 'table': 't', 'type': ['ipv4_addr',"
	    "'inet_proto', 'inet_service'], 'map': 'verdict', 'elem': [[{'concat':"
	    "['10.0.0.1', 'tcp', 80]}, {'goto': {'target': 'B'}}], [{'elem': {'val':"
	    "{'concat': ['10.0.0.2', 'udp', 53]}, 'comment': 'x'}}, {'drop': null}]]}},"
	    "{'chain': {'family': '%s', 'table': 't', 'name': 'A', 'handle': 1, 'type': 'nat',"
	    "'hook': 'prerouting', 'prio': -90, 'policy': 'accept'}},"
	    "{'chain': {'family': '%s', 'table': 't', 'name': 'B', 'handle': 2}},"
	    "{'rule': {'family': '%s', 'table': 't', 'chain': 'A', 'handle': 5,"
	    "'comment': 'why', 'expr': [%s]}}]}\n",
	    family, family, family, family, family, family, exprs);
	for (char *p = text; *p; p++)
		if (*p == '\'')
			*p = '"';
	return run(read_nft_json, "file", text);
}

/* All rules, one behind the other. */
static const char *
rules_said(const struct state *s)
{
	static char text[8192];

	text[0] = '\0';
	for (uint32_t i = 0; i < s->nf_rules.n; i++)
		add(text, "%s%s", i ? " ; " : "", rule_said(s, i));
	return text;
}

#define MATCH(op, left, right) \
	"{'match': {'op': '" op "', 'left': " left ", 'right': " right "}}, {'accept': null}"
#define IP(field)	"{'payload': {'protocol': 'ip', 'field': '" field "'}}"
#define TCP(field)	"{'payload': {'protocol': 'tcp', 'field': '" field "'}}"
#define TH_DPORT	"{'payload': {'protocol': 'th', 'field': 'dport'}}"
#define META(key)	"{'meta': {'key': '" key "'}}"
#define CT(key)		"{'ct': {'key': '" key "'}}"
#define SET(key, value)	"{'mangle': {'key': " key ", 'value': " value "}}"

static const struct row {
	const char	*expr, *said, *text;
} rows[] = {
	{ MATCH("==", IP("saddr"), "'1.2.3.4'"), "saddr 1.2.3.4 => accept", "ip saddr 1.2.3.4 accept" },
	{ MATCH("!=", IP("daddr"), "{'prefix': {'addr': '10.0.0.0', 'len': 8}}"),
	  "!daddr 10.0.0.0/8 => accept", "ip daddr != 10.0.0.0/8 accept" },
	{ MATCH("==", IP("saddr"), "{'range': ['10.0.0.1', '10.0.0.9']}"),
	  "srange 10.0.0.1-10.0.0.9 => accept", "ip saddr 10.0.0.1-10.0.0.9 accept" },
	{ MATCH("==", IP("saddr"), "'@s'"), "set s{ s=1.2.3.4 s=10.0.0.0/8 s=5.6.7.8 } => accept",
	  "ip saddr @s accept" },
	{ MATCH("!=", IP("daddr"), "{'set': ['1.1.1.1', {'range': ['10.0.0.3', '10.0.0.8']}]}"),
	  "!set { d=1.1.1.1 d=10.0.0.3 d=10.0.0.4/30 d=10.0.0.8 } => accept",
	  "ip daddr != { 1.1.1.1, 10.0.0.3-10.0.0.8 } accept" },
	{ MATCH("==", IP("saddr"), "{'set': [{'range': ['0.0.0.0', '255.255.255.255']}]}"),
	  "set { s=0.0.0.0/0 } => accept", NULL },
	{ MATCH("==", IP("protocol"), "'udp'"), "proto 17 => accept", "ip protocol udp accept" },
	{ MATCH("==", META("l4proto"), "{'set': ['tcp', 'udp', 99]}"),
	  "set { p=6 p=17 p=99 } => accept", NULL },
	{ MATCH("==", TCP("dport"), "{'set': [80, {'range': [1000, 2000]}]}"),
	  "proto 6 dport 80,1000-2000 => accept", NULL },
	{ MATCH(">=", TCP("dport"), "1024"), "proto 6 dport 1024-65535 => accept", "tcp dport >= 1024 accept" },
	{ MATCH("<", TCP("sport"), "1024"), "proto 6 sport 0-1023 => accept", NULL },
	{ MATCH("<", TCP("sport"), "0"), "unknown tcp sport < 0 => accept", NULL },
	{ MATCH("==", TH_DPORT, "53"), "dport 53 => accept", "th dport 53 accept" },
	{ MATCH("==", META("iifname"), "'eni*'"), "iif eni+ => accept", "iifname \"eni*\" accept" },
	{ MATCH("==", META("oif"), "'lo'"), "oif lo => accept", "oif \"lo\" accept" },
	{ MATCH("==", META("oifname"), "{'set': ['eni*', 'eth0']}"), "set { o=eni+ o=eth0 } => accept", NULL },
	{ MATCH("==", "{'&': [" META("mark") ", 16384]}", "0"), "mark 0x0/0x4000 => accept",
	  "meta mark & 0x00004000 == 0x00000000 accept" },
	{ MATCH("!=", META("mark"), "5"), "!mark 0x5/0xffffffff => accept", NULL },
	{ MATCH("!", CT("mark"), "6"), "ctmark 0x0/0x6 => accept", NULL },
	{ MATCH("in", CT("mark"), "6"), "!ctmark 0x0/0x6 => accept", NULL },
	{ MATCH("in", CT("state"), "['established', 'related']"), "ctstate 0x6 => accept",
	  "ct state established,related accept" },
	{ MATCH("==", CT("state"), "{'set': ['new', 'untracked']}"), "ctstate 0x11 => accept", NULL },
	{ MATCH("!=", CT("state"), "['new', 'related']"), "unknown ct state != new,related => accept", NULL },
	{ MATCH("in", CT("status"), "'dnat'"), "ctstate 0x40 => accept", NULL },
	{ MATCH("!", CT("status"), "'dnat'"), "!ctstate 0x40 => accept", NULL },
	{ MATCH("==", CT("status"), "'dnat'"), "unknown ct status dnat => accept", NULL },
	{ MATCH("==", "{'ct': {'key': 'ip daddr', 'dir': 'original'}}", "'1.1.1.1'"),
	  "unknown ct original ip daddr 1.1.1.1 => accept", NULL },
	{ MATCH("==", "{'&': [" TCP("flags") ", ['fin', 'syn']]}", "'syn'"), "proto 6 flags 0x2/0x3 => accept", NULL },
	{ MATCH("in", TCP("flags"), "'syn'"), "proto 6 !flags 0x0/0x2 => accept", NULL },
	{ MATCH("==", "{'fib': {'result': 'type', 'flags': ['daddr', 'iif']}}", "'local'"),
	  "dsttype 0x4004 => accept", "fib daddr . iif type local accept" },
	{ MATCH("!=", "{'fib': {'result': 'type', 'flags': 'saddr'}}", "'local'"), "!srctype 0x4 => accept", NULL },
	{ MATCH("==", "{'fib': {'result': 'oif', 'flags': ['saddr', 'iif']}}", "false"),
	  "unknown fib saddr . iif oif  => accept", NULL },
	{ MATCH("<", "{'numgen': {'mode': 'random', 'mod': 10, 'offset': 0}}", "3"), "random 0.3000 => accept", NULL },
	{ MATCH("==", "{'numgen': {'mode': 'inc', 'mod': 4, 'offset': 0}}", "3"), "nth 3/4 => accept", NULL },
	{ MATCH("==", "{'payload': {'protocol': 'icmp', 'field': 'type'}}", "'echo-request'"),
	  "proto 1 icmp 8/0-255 => accept", NULL },
	{ MATCH("==", META("skuid"), "0"), "unknown meta skuid 0 => accept", NULL },
	{ "{'limit': {'rate': 10, 'burst': 5, 'per': 'second'}}, {'drop': null}",
	  "unknown limit rate 10/second => drop", NULL },
	{ MATCH("==", "{'concat': [" IP("saddr") ", " IP("daddr") "]}", "{'set': [{'concat': ['1.1.1.1', '2.2.2.2']}]}"),
	  "set { s=1.1.1.1 d=2.2.2.2 } => accept", NULL },
	{ MATCH("==", "{'concat': [" IP("saddr") ", " TCP("dport") "]}", "{'set': [{'concat': ['1.1.1.1', 80]}]}"),
	  "proto 6 set { s=1.1.1.1 dp=80 } => accept", NULL },
	{ MATCH("==", "{'concat': [" IP("saddr") ", " META("skuid") "]}", "{'set': [{'concat': ['1.1.1.1', 80]}]}"),
	  "unknown ip saddr . meta skuid { 1.1.1.1 . 80 } => accept", NULL },
	{ "{'vmap': {'key': {'concat': [" IP("daddr") ", " META("l4proto") ", " TH_DPORT "]}, 'data': '@m'}}",
	  "=> vmap m{ d=10.0.0.1 p=6 dp=80:goto B d=10.0.0.2 p=17 dp=53:drop }",
	  "ip daddr . meta l4proto . th dport vmap @m" },
	{ "{'vmap': {'key': {'numgen': {'mode': 'random', 'mod': 3, 'offset': 1}}, 'data': {'set': [[1, {'goto': {'target': 'B'}}], [{'range': [2, 3]}, {'return': null}]]}}}",
	  "=> vmap { mod 3 r=0:goto B r=1-2:return }", "numgen random mod 3 offset 1 vmap { 1 : goto B, 2-3 : return }" },
	{ "{'match': {'op': '==', 'left': " META("iifname") ", 'right': 'eth0'}}, {'vmap': {'key': " CT("state") ", 'data': {'set': [['invalid', {'drop': null}], ['established', {'accept': null}]]}}}",
	  "iif eth0 ctstate 0x8 => drop ; iif eth0 ctstate 0x2 => accept", NULL },
	{ "{'counter': null}, {'mangle': {'key': " META("mark") ", 'value': 1}}, {'vmap': {'key': " CT("state") ", 'data': {'set': [['new', {'drop': null}]]}}}",
	  "=> mark 0x1/0xffffffff ; + => unknown ct state vmap { new : drop }", NULL },
	{ "{'vmap': {'key': " META("iifname") ", 'data': '@nowhere'}}", "=> unknown iifname vmap @nowhere", NULL },
	{ SET(META("mark"), "{'|': [" META("mark") ", 16384]}"), "=> mark 0x4000/0x4000", "meta mark set meta mark | 0x00004000" },
	{ SET(META("mark"), "{'^': [" META("mark") ", 16384]}"), "=> mark 0x4000/0x0", NULL },
	{ SET(META("mark"), "{'|': [{'&': [" META("mark") ", 65281]}, 1]}"), "=> mark 0x1/0xffff00ff", NULL },
	{ SET(META("mark"), "{'&': [" CT("mark") ", 128]}"), "=> restore nf 0xffffffff ct 0x80", "meta mark set ct mark & 0x00000080" },
	{ SET(META("mark"), "{'|': [" CT("mark") ", 1]}"), "=> restore nf 0xffffffff ct 0xfffffffe ; + => mark 0x1/0x0", NULL },
	{ SET(CT("mark"), "{'|': [" CT("mark") ", 128]}"), "=> ctmark 0x80/0x80", "ct mark set ct mark | 0x00000080" },
	{ SET(CT("mark"), META("mark")), "=> save nf 0xffffffff ct 0xffffffff", NULL },
	{ SET(META("mark"), "{'<<': [" META("mark") ", 1]}"), "=> unknown meta mark set <<", NULL },
	{ SET(CT("zone"), "5"), "=> zone 5", "ct zone set 5" },
	{ SET(IP("daddr"), "'1.1.1.1'"), "=> unknown ip daddr set 1.1.1.1", NULL },
	{ SET(IP("ttl"), "5"), "=> none", NULL },
	{ "{'dnat': {'addr': '10.180.0.1', 'port': 80}}", "=> dnat 10.180.0.1 :80", "dnat to 10.180.0.1:80" },
	{ "{'snat': {'addr': {'range': ['1.2.3.4', '1.2.3.9']}, 'port': {'range': [1000, 2000]}, 'flags': ['random', 'persistent']}}",
	  "=> snat 1.2.3.4-1.2.3.9 :1000-2000 random persistent", "snat to 1.2.3.4-1.2.3.9:1000-2000 random,persistent" },
	{ "{'masquerade': {'flags': 'fully-random'}}", "=> masquerade fully", "masquerade fully-random" },
	{ "{'masquerade': null}", "=> masquerade", "masquerade" },
	{ "{'redirect': {'port': 80}}", "=> redirect :80", "redirect to :80" },
	{ "{'dnat': {'addr': {'map': {'key': " META("l4proto") ", 'data': {'set': [['tcp', '1.1.1.1']]}}}}}",
	  "=> unknown dnat to meta l4proto map { tcp : 1.1.1.1 }", NULL },
	{ "{'reject': {'type': 'icmp', 'expr': 'port-unreachable'}}", "=> reject", "reject" },
	{ "{'notrack': null}", "=> notrack", "notrack" },
	{ "{'log': {'prefix': 'x'}}, {'counter': {'packets': 1, 'bytes': 2}}, {'accept': null}", "=> accept", "log prefix \"x\" accept" },
	{ "{'set': {'op': 'update', 'elem': " IP("saddr") ", 'set': '@s'}}", "=> none", "update @s { ip saddr }" },
	{ "{'queue': {'num': 1}}", "=> unknown queue", "queue" },
	{ "{'xt': {'type': 'match', 'name': 'bpf'}}, {'xt': {'type': 'target', 'name': 'TPROXY'}}",
	  "unknown xt match bpf => unknown xt target TPROXY", NULL },
	{ "{'jump': {'target': 'B'}}, {'goto': {'target': 'B'}}", "=> jump B ; + => goto B", "jump B goto B" },
	{ "17", "=> unknown an expression without words", NULL },
};

static void
test_expressions(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct run r = rules_run("ip", rows[i].expr);

		assert_string_equal(r.told->text, "");
		assert_string_equal(rules_said(r.state), rows[i].said);
		if (rows[i].text != NULL)
			assert_string_equal(r.state->nf_rules.v[0].text, rows[i].text);
		assert_string_equal(r.state->nf_rules.v[0].comment, "why");
		assert_int_equal(r.state->nf_chains.v[0].priority, -90);
		assert_int_equal(r.state->nf_chains.v[0].type, NF_NAT);
		rules_check(r.state);
		state_ready(r.state);
		run_free(&r);
	}
}

/* nft leaves the family out where a match implies it. */
static void
test_inet(void **state)
{
	static const struct row inet[] = {
		{ MATCH("==", IP("saddr"), "'1.1.1.1'"), "saddr 0.0.0.0/0 saddr 1.1.1.1 => accept", NULL },
		{ MATCH("!=", "{'payload': {'protocol': 'ip6', 'field': 'saddr'}}", "'fd00::1'"),
		  "!saddr 0.0.0.0/0 !saddr fd00::1 => accept", NULL },
		{ MATCH("==", META("nfproto"), "'ipv6'"), "!saddr 0.0.0.0/0 => accept", NULL },
		{ MATCH("==", TCP("dport"), "80"), "proto 6 dport 80 => accept", NULL },
	};

	(void)state;
	for (size_t i = 0; i < N(inet); i++) {
		struct run r = rules_run("inet", inet[i].expr);

		assert_string_equal(r.told->text, "");
		assert_string_equal(rules_said(r.state), inet[i].said);
		assert_int_equal(r.state->nf_tables.v[0].families, NF_INET);
		run_free(&r);
	}
}

/* Tables that no IP packet of this node meets on its way. */
static void
test_other_families(void **state)
{
	struct run r = rules_run("bridge", MATCH("==", TCP("dport"), "80"));

	(void)state;
	assert_string_equal(r.told->text, "");
	assert_int_equal(r.state->nf_tables.n, 0);
	assert_int_equal(r.state->nf_rules.n, 0);
	assert_true(state_has(r.state, PART_NFT));
	run_free(&r);
}

static void
test_missing_chain(void **state)
{
	struct run r = rules_run("ip", "{'jump': {'target': 'X'}}, {'jump': {'target': 'X'}}");

	(void)state;
	assert_string_equal(r.told->text, "file:1: found a jump to chain \"X\", which "
	    "table t does not have\n");
	assert_string_equal(rules_said(r.state), "=> jump MISSING ; + => jump MISSING");
	run_free(&r);
}

/* iptables-nft's tables are in the dump too, and iptables-save has them. */
static void
test_aws_cni(void **state)
{
	static const char *const said[] = {
		"daddr 192.168.0.0/16 => return",
		"=> ctmark 0x80/0x80",
		"dsttype 0x4 => return",
		"iif eni+ => jump snat-mark",
		"=> restore nf 0xffffffff ct 0x80",
	};
	struct run r = run_file(read_nft_json,
	    "pcaps/pod-internet-nft-connmark/nft-ruleset.json");
	const struct state *s = r.state;

	(void)state;
	assert_string_equal(r.told->text, "");
	assert_int_equal(s->nf_tables.n, 1);
	assert_string_equal(s->nf_tables.v[0].name, "aws-cni");
	assert_true(s->nf_tables.v[0].nft);
	assert_int_equal(s->nf_chains.n, 2);
	assert_int_equal(s->nf_chains.v[1].priority, -90);
	assert_int_equal(s->nf_rules.n, N(said));
	for (uint32_t i = 0; i < N(said); i++)
		assert_string_equal(rule_said(s, i), said[i]);
	assert_string_equal(s->nf_rules.v[1].text, "ct mark set ct mark | 0x00000080");
	run_free(&r);
}

/* A table of kube-proxy's shape, loaded with nft and dumped again. */
static void
test_kube_proxy(void **state)
{
	static const struct row some[] = {
		{ "services", "=> vmap service-ips{ d=172.20.0.10 p=17 dp=53:goto service-FY5PMXPG-kube-system/kube-dns/udp/dns "
		    "d=172.20.7.7 p=6 dp=80:goto service-CDGGSHYL-default/web/tcp/http }",
		  "set nodeport-ips{ d=10.0.0.10 } => vmap service-nodeports{ p=6 dp=30080:goto external-CDGGSHYL-default/web/tcp/http }" },
		{ "service-endpoints-check", "=> vmap no-endpoint-services{ d=172.20.9.9 p=6 dp=80:goto reject-chain }", NULL },
		{ "service-CDGGSHYL-default/web/tcp/http", "=> vmap { mod 3 "
		    "r=0:goto endpoint-64MBGTZN-default/web/tcp/http__10.0.0.11/8080 "
		    "r=1:goto endpoint-R3HLRGM4-default/web/tcp/http__10.0.0.22/8080 "
		    "r=2:goto endpoint-TQS54JCH-default/web/tcp/http__10.0.1.35/8080 }", NULL },
		{ "endpoint-64MBGTZN-default/web/tcp/http__10.0.0.11/8080", "saddr 10.0.0.11 => jump mark-for-masquerade",
		  "proto 6 => dnat 10.0.0.11 :8080" },
		{ "mark-for-masquerade", "=> mark 0x4000/0x4000", NULL },
		{ "masquerading", "mark 0x0/0x4000 => return", "=> mark 0x4000/0x0" },
		{ "cluster-ips-check", "set cluster-ips{ d=172.20.0.10 d=172.20.7.7 d=172.20.9.9 } => reject",
		  "daddr 172.20.0.0/16 => drop" },
	};
	struct run r = run_file(read_nft_json, "tests/state/kube-proxy-nft.json");
	struct state *s = r.state;

	(void)state;
	assert_string_equal(r.told->text, "");
	assert_int_equal(s->nf_tables.n, 2);
	state_ready(s);
	for (size_t i = 0; i < N(some); i++) {
		uint32_t c = state_find_chain(s, 0, some[i].expr);

		assert_int_not_equal(c, STATE_NONE);
		assert_string_equal(rule_said(s, s->nf_chains.v[c].first), some[i].said);
		if (some[i].text != NULL)
			assert_string_equal(rule_said(s, s->nf_chains.v[c].first + 1),
			    some[i].text);
	}
	for (uint32_t i = 0; i < s->nf_rules.n; i++)
		assert_null(strstr(rule_said(s, i), "unknown"));
	run_free(&r);
}

/* Everything that nft 1.0.6 makes of a page of expressions. */
static void
test_many(void **state)
{
	struct run r = run_file(read_nft_json, "tests/state/nft-expressions.json");
	unsigned unknown = 0;

	(void)state;
	assert_string_equal(r.told->text, "");
	rules_check(r.state);
	for (uint32_t i = 0; i < r.state->nf_rules.n; i++)
		unknown += strstr(rule_said(r.state, i), "unknown") != NULL;
	/* limit, icmp code, udp length, ct original, ct direction, skuid, socket,
	   two translations by a map */
	assert_int_equal(unknown, 9);
	state_ready(r.state);
	run_free(&r);
}

static void
test_damage(void **state)
{
#define TABLE "{\"nftables\": [{\"table\": {\"family\": \"ip\", \"name\": \"t\"}},\n" \
	"{\"chain\": {\"family\": \"ip\", \"table\": \"t\", \"name\": \"A\"}},\n"
	static const struct { const char *text, *told, *said; } bad[] = {
		{ "", "file: expected the output of nft -j list ruleset", "" },
		{ "{\"nftables\": 5}", "file: expected the output of nft -j list ruleset", "" },
		{ "{\"nftables\": []}", "", "" },
		{ TABLE "{\"rule\": 7}]}", "file:3: found a rule that is no JSON object", "" },
		{ TABLE "{\"rule\": {\"a\" 7}}]}", "file:3: found a rule that is no JSON object: ", "" },
		{ TABLE "{\"rule\": {\"family\": \"ip\", \"table\": \"t\", \"chain\": \"A\", \"expr\": {}}}]}",
		  "file:3: found a rule of chain A without a list of expressions; it is kept as not known\n",
		  "unknown a rule that could not be read => unknown a rule that could not be read" },
		{ TABLE "{\"rule\": {\"family\": \"ip\", \"table\": \"t\", \"chain\": \"Z\", \"expr\": []}}]}",
		  "file:3: found a rule of chain \"Z\", which table t does not have; it is skipped\n", "" },
		{ TABLE "{\"rule\": {\"family\": \"ip\", \"table\": \"t\", \"chain\": \"A\", \"expr\": [{\"acc",
		  "file:3: found the end of the file inside the list",
		  "unknown the dump ends before its rules do => unknown the dump ends before its rules do" },
		{ TABLE "{\"chain\": {\"family\": \"ip\", \"table\": \"t\", \"name\": \"B\", \"hook\": \"ingress\", \"prio\": 0}}]}",
		  "file:3: found chain B on hook \"ingress\"", "" },
	};

	(void)state;
	for (size_t i = 0; i < N(bad); i++) {
		struct run r = run(read_nft_json, "file", bad[i].text);

		if (strncmp(r.told->text, bad[i].told, strlen(bad[i].told)) != 0 ||
		    (bad[i].told[0] == '\0' && r.told->n > 0))
			fail_msg("%s\nsaid: %s", bad[i].text, r.told->text);
		assert_string_equal(rules_said(r.state), bad[i].said);
		state_ready(r.state);
		run_free(&r);
	}
}

/* The same ruleset from two files is one. */
static void
test_twice(void **state)
{
	static const char text[] = TABLE
	    "{\"rule\": {\"family\": \"ip\", \"table\": \"t\", \"chain\": \"A\", \"expr\": []}}]}";
	struct run r = run(read_nft_json, "one", text);

	(void)state;
	read_text(r.state, r.told, read_nft_json, "two", text);
	assert_string_equal(r.told->text, "two: found table ip t a second time; only "
	    "the first is kept\n");
	assert_int_equal(r.state->nf_rules.n, 1);
	run_free(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_expressions),
		cmocka_unit_test(test_inet),
		cmocka_unit_test(test_other_families),
		cmocka_unit_test(test_missing_chain),
		cmocka_unit_test(test_aws_cni),
		cmocka_unit_test(test_kube_proxy),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_twice),
	};

	return cmocka_run_group_tests_name("state_nft", tests, NULL, NULL);
}
