/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_state_iptables.c - iptables-save and ipset, by the rule texts that EKS
 * nodes have and by what iptables 1.8.9 and ipset 7.17 print.
 */
#include "tests/rules_said.h"

#include <glob.h>

struct row {
	const char	*rule, *said;
};

/* The rules in a table with the chains A and B; what each became. */
static void
rows_check(reader_fn *fn, const char *table, const struct row *rows, size_t n)
{
	char text[32768] = "";
	struct run r;

	add(text, "*%s\n:A - [0:0]\n:B - [0:0]\n", table);
	for (size_t i = 0; i < n; i++)
		add(text, "%s\n", rows[i].rule);
	add(text, "COMMIT\n");
	r = run(fn, "file", text);
	assert_string_equal(r.told->text, "");
	assert_int_equal(r.state->nf_rules.n, n);
	for (uint32_t i = 0; i < n; i++) {
		assert_string_equal(rule_said(r.state, i), rows[i].said);
		assert_string_equal(r.state->nf_rules.v[i].text, rows[i].rule);
		assert_int_equal(r.state->nf_rules.v[i].line, 4 + i);
	}
	state_ready(r.state);
	run_free(&r);
}

static void
test_matches(void **state)
{
	static const struct row rows[] = {
		{ "-A A -s 10.0.0.0/8 -d 1.2.3.4/32 -j ACCEPT",
		  "saddr 10.0.0.0/8 daddr 1.2.3.4 => accept" },
		{ "-A A ! -s 10.0.0.0/8 ! -d 1.2.3.4/32 ! -i eth0 ! -o eni+ ! -p tcp -j DROP",
		  "!saddr 10.0.0.0/8 !daddr 1.2.3.4 !iif eth0 !oif eni+ !proto 6 => drop" },
		{ "-A A -s ! 10.0.0.0/8 -i + -d 0.0.0.0/0 -p all -j DROP",
		  "!saddr 10.0.0.0/8 => drop" },
		{ "-A A -s 10.0.0.0/255.255.0.0,1.1.1.1 -j RETURN",
		  "set { s=10.0.0.0/16 s=1.1.1.1 } => return" },
		{ "-A A ! -s 10.0.0.0/255.0.255.0 -j DROP",
		  "unknown ! -s 10.0.0.0/255.0.255.0 => drop" },
		{ "-A A -p gre -j RETURN", "proto 47 => return" },
		{ "-A A -p 253 -j B", "proto 253 => jump B" },
		{ "-A A -p tcp -m tcp --sport 1:2 --dport 80 -g B",
		  "proto 6 sport 1-2 dport 80 => goto B" },
		{ "-A A -p tcp -m tcp ! --dport 1000:65535 -j REJECT --reject-with tcp-reset",
		  "proto 6 !dport 1000-65535 => reject" },
		{ "-A A -p sctp -m sctp --dport 5 -j ACCEPT", "proto 132 dport 5 => accept" },
		{ "-A A -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j ACCEPT",
		  "proto 6 flags 0x2/0x17 => accept" },
		{ "-A A -p tcp -m tcp ! --syn -j ACCEPT", "proto 6 !flags 0x2/0x17 => accept" },
		{ "-A A -p tcp -m tcp ! --tcp-flags FIN,SYN,RST,PSH,ACK,URG NONE -j ACCEPT",
		  "proto 6 !flags 0x0/0x3f => accept" },
		{ "-A A -p tcp -m tcp --dport 5 --tcp-option 2 -j ACCEPT",
		  "proto 6 unknown -m tcp --dport 5 --tcp-option 2 => accept" },
		{ "-A A -p tcp -m multiport --dports 80,443,1000:2000 -j ACCEPT",
		  "proto 6 dport 80,443,1000-2000 => accept" },
		{ "-A A -p udp -m multiport ! --ports 1,2 -j ACCEPT",
		  "proto 17 !port 1,2 => accept" },
		{ "-A A -m mark --mark 0x4000/0x4000 -j ACCEPT", "mark 0x4000/0x4000 => accept" },
		{ "-A A -m mark ! --mark 0x5 -j ACCEPT", "!mark 0x5/0xffffffff => accept" },
		{ "-A A -m connmark --mark 0x80/0x80 -j ACCEPT", "ctmark 0x80/0x80 => accept" },
		{ "-A A -m addrtype ! --src-type LOCAL --limit-iface-in -m addrtype --dst-type UNICAST,LOCAL",
		  "!srctype 0x4004 dsttype 0x6 => none" },
		{ "-A A -m addrtype --dst-type THROW -j ACCEPT",
		  "unknown -m addrtype --dst-type THROW => accept" },
		{ "-A A -m statistic --mode random ! --probability 0.25000000000 -j ACCEPT",
		  "!random 0.2500 => accept" },
		{ "-A A -m statistic --mode nth --every 3 --packet 1 -j ACCEPT",
		  "nth 1/3 => accept" },
		{ "-A A -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP",
		  "!ctstate 0x46 => drop" },
		{ "-A A -m conntrack --ctstate NEW --ctproto 6 -j ACCEPT",
		  "unknown -m conntrack --ctstate NEW --ctproto 6 => accept" },
		{ "-A A -m state --state INVALID,NEW,UNTRACKED -j ACCEPT",
		  "ctstate 0x19 => accept" },
		{ "-A A -m iprange --src-range 10.0.0.1-10.0.0.9 ! --dst-range 1.1.1.1-1.1.1.2 -j ACCEPT",
		  "srange 10.0.0.1-10.0.0.9 !drange 1.1.1.1-1.1.1.2 => accept" },
		{ "-A A -p icmp -m icmp --icmp-type 8 -j ACCEPT", "proto 1 icmp 8/0-255 => accept" },
		{ "-A A -p icmp -m icmp ! --icmp-type 3/4 -j ACCEPT",
		  "proto 1 !icmp 3/4-4 => accept" },
		{ "-A A -p icmp -m icmp --icmp-type any -j ACCEPT", "proto 1 => accept" },
		{ "-A A -m limit --limit 5/min -j LOG --log-prefix \"a -j b \"",
		  "unknown -m limit --limit 5/min => none" },
		{ "-A A -m string --string \" -j DROP\" --algo bm -j ACCEPT",
		  "unknown -m string --string \" -j DROP\" --algo bm => accept" },
		{ "-A A -m physdev ! --physdev-is-bridged -j ACCEPT",
		  "unknown -m physdev ! --physdev-is-bridged => accept" },
		{ "-A A -m owner ! --uid-owner 0 ! -o lo -j ACCEPT",
		  "unknown -m owner ! --uid-owner 0 !oif lo => accept" },
		{ "-A A -f -j ACCEPT", "unknown -f => accept" },
		{ "-A A", "=> none" },
	};

	(void)state;
	rows_check(read_iptables_save, "filter", rows, N(rows));
}

static void
test_targets(void **state)
{
	static const struct row rows[] = {
		{ "-A A -j SNAT --to-source 10.0.0.10 --random-fully", "=> snat 10.0.0.10 fully" },
		{ "-A A -p tcp -j SNAT --to-source 1.2.3.4-1.2.3.9:1000-2000 --random --persistent",
		  "proto 6 => snat 1.2.3.4-1.2.3.9 :1000-2000 random persistent" },
		{ "-A A -p tcp -j SNAT --to-source :1024-2048", "proto 6 => snat :1024-2048" },
		{ "-A A -p tcp -j DNAT --to-destination 1.2.3.4:80", "proto 6 => dnat 1.2.3.4 :80" },
		{ "-A A -p tcp -j DNAT --to-destination 1.2.3.4:80-90/80",
		  "proto 6 => unknown -j DNAT --to-destination 1.2.3.4:80-90/80" },
		{ "-A A -j MASQUERADE", "=> masquerade" },
		{ "-A A -p udp -j MASQUERADE --to-ports 1000-2000 --random",
		  "proto 17 => masquerade :1000-2000 random" },
		{ "-A A -p tcp -j REDIRECT --to-ports 8080", "proto 6 => redirect :8080" },
		{ "-A A -j MARK --set-xmark 0x4000/0x0", "=> mark 0x4000/0x0" },
		{ "-A A -j MARK --set-mark 0x3/0x1", "=> mark 0x3/0x3" },
		{ "-A A -j MARK --and-mark 0xff", "=> mark 0x0/0xffffff00" },
		{ "-A A -j MARK --or-mark 0x4000", "=> mark 0x4000/0x4000" },
		{ "-A A -j MARK --xor-mark 0x4000", "=> mark 0x4000/0x0" },
		{ "-A A -j MARK", "=> unknown -j MARK" },
		{ "-A A -j CONNMARK --set-xmark 0x80/0x80", "=> ctmark 0x80/0x80" },
		{ "-A A -j CONNMARK --save-mark", "=> save nf 0xffffffff ct 0xffffffff" },
		{ "-A A -j CONNMARK --restore-mark --nfmask 0xff --ctmask 0xf",
		  "=> restore nf 0xff ct 0xf" },
		{ "-A A -j CONNMARK --restore-mark --mask 0x80", "=> restore nf 0x80 ct 0x80" },
		{ "-A A -i vlan+ -j CT --zone 1", "iif vlan+ => zone 1" },
		{ "-A A -j CT --notrack", "=> notrack" },
		{ "-A A -j CT --helper ftp", "=> none" },
		{ "-A A -j CT --zone mark", "=> unknown -j CT --zone mark" },
		{ "-A A -j NOTRACK", "=> notrack" },
		{ "-A A -p tcp -m tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu",
		  "proto 6 flags 0x2/0x6 => none" },
		{ "-A A -j TTL --ttl-inc 1", "=> none" },
		{ "-A A -j NFQUEUE --queue-num 1", "=> unknown -j NFQUEUE --queue-num 1" },
		{ "-A A -d 10.0.0.0/24 -j NETMAP --to 10.1.0.0/24",
		  "daddr 10.0.0.0/24 => unknown -j NETMAP --to 10.1.0.0/24" },
		{ "-A A -j QUEUE", "=> unknown -j QUEUE" },
	};

	(void)state;
	rows_check(read_iptables_save, "nat", rows, N(rows));
}

static void
test_ipv6(void **state)
{
	static const struct row rows[] = {
		{ "-A A -s fd00::/8 -p ipv6-icmp -m icmp6 --icmpv6-type 128 -j ACCEPT",
		  "saddr fd00::/8 proto 58 icmp 128/0-255 => accept" },
		{ "-A A -d ::/0 -m hl --hl-eq 5 -j ACCEPT", "unknown -m hl --hl-eq 5 => accept" },
		{ "-A A -p tcp -j DNAT --to-destination [fd00::1]:80", "proto 6 => dnat fd00::1 :80" },
		{ "-A A -p tcp -j SNAT --to-source [fd00::1-fd00::9]:1000-2000",
		  "proto 6 => snat fd00::1-fd00::9 :1000-2000" },
		{ "-A A -p tcp -j SNAT --to-source [fd00::1]-[fd00::9]:7",
		  "proto 6 => snat fd00::1-fd00::9 :7" },
		{ "-A A -j SNAT --to-source ::1 --random-fully", "=> snat ::1 fully" },
		{ "-A A -p tcp -j SNAT --to-source :1000-2000", "proto 6 => snat :1000-2000" },
	};

	(void)state;
	rows_check(read_ip6tables_save, "nat", rows, N(rows));
}

/* What the VPC CNI and kube-proxy write, with chains of their own. */
static void
test_eks_rules(void **state)
{
	static const char text[] =
	    "# Generated by iptables-save v1.8.9 (nf_tables) on Fri Nov 20 19:42:09 2026\n"
	    "*mangle\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [1:2]\n"
	    "[5:300] -A PREROUTING -i eth0 -m comment --comment \"AWS, primary ENI\" -m addrtype --dst-type LOCAL --limit-iface-in -j CONNMARK --set-xmark 0x80/0x80\n"
	    "-A PREROUTING -i eni+ -m comment --comment \"AWS, primary ENI\" -j CONNMARK --restore-mark --nfmask 0x80 --ctmask 0x80\n"
	    "COMMIT\n*filter\n:FORWARD DROP [0:0]\n:KUBE-EXTERNAL-SERVICES - [0:0]\n"
	    "-A FORWARD -d 169.254.172.0/22 -m conntrack --ctstate NEW -m comment --comment \"Block Node Local Pod access via IPv4\" -j REJECT\n"
	    "-A KUBE-EXTERNAL-SERVICES -p tcp -m comment --comment \"default/web:http has no local endpoints\" -m addrtype --dst-type LOCAL -m tcp --dport 30080 -j DROP\n"
	    "COMMIT\n*security\n:INPUT ACCEPT [0:0]\n-A INPUT -j SECMARK --selctx x\nCOMMIT\n"
	    "*nat\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n"
	    ":AWS-SNAT-CHAIN-0 - [0:0]\n:KUBE-MARK-MASQ - [0:0]\n:KUBE-SEP-64MBGTZNYHYECI2R - [0:0]\n:KUBE-SVC-CDGGSHYLG3RE2FKL - [0:0]\n:CNI-E4-5740307710ebfd5fb24f5 - [0:0]\n"
	    "-A POSTROUTING -m comment --comment \"AWS SNAT CHAIN\" -j AWS-SNAT-CHAIN-0\n"
	    "-A AWS-SNAT-CHAIN-0 ! -d 10.0.0.0/16 -m comment --comment \"AWS SNAT CHAIN\" -j AWS-SNAT-CHAIN-1\n"
	    "-A AWS-SNAT-CHAIN-0 ! -o vlan+ -m comment --comment \"AWS, SNAT\" -m addrtype ! --dst-type LOCAL -j SNAT --to-source 10.0.0.10 --random-fully\n"
	    "-A KUBE-SVC-CDGGSHYLG3RE2FKL -m comment --comment \"default/web:http -> 10.0.0.11:8080\" -m statistic --mode random --probability 0.33333333349 -j KUBE-SEP-64MBGTZNYHYECI2R\n"
	    "-A POSTROUTING -s 169.254.172.5/32 -m comment --comment \"name: \\\"aws-cni\\\" id: \\\"abc\\\"\" -j CNI-E4-5740307710ebfd5fb24f5\n"
	    "COMMIT\n# Completed on Fri Nov 20 19:42:09 2026\n";
	static const char *const said[] = {
		"iif eth0 dsttype 0x4004 => ctmark 0x80/0x80",
		"iif eni+ => restore nf 0x80 ct 0x80",
		"daddr 169.254.172.0/22 ctstate 0x1 => reject",
		"proto 6 dsttype 0x4 dport 30080 => drop",
		"=> jump AWS-SNAT-CHAIN-0",
		"!daddr 10.0.0.0/16 => jump MISSING",
		"!oif vlan+ !dsttype 0x4 => snat 10.0.0.10 fully",
		"random 0.3333 => jump KUBE-SEP-64MBGTZNYHYECI2R",
		"saddr 169.254.172.5 => jump CNI-E4-5740307710ebfd5fb24f5",
	};
	struct run r = run(read_iptables_save, "file", text);
	const struct state *s = r.state;

	(void)state;
	assert_string_equal(r.told->text, "file:29: found a jump to chain "
	    "\"AWS-SNAT-CHAIN-1\", which table nat does not have\n");
	assert_int_equal(s->nf_rules.n, N(said));
	for (uint32_t i = 0; i < N(said); i++)
		assert_string_equal(rule_said(s, i), said[i]);
	assert_string_equal(s->nf_rules.v[8].comment, "name: \"aws-cni\" id: \"abc\"");
	assert_int_equal(strncmp(s->nf_rules.v[0].text, "-A PREROUTING -i eth0", 21), 0);
	assert_int_equal(s->nf_tables.n, 3);
	assert_int_equal(s->flags, 0);
	assert_true(state_has(s, PART_IPTABLES));
	assert_false(state_has(s, PART_IP6TABLES));
	state_ready(r.state);
	run_free(&r);
}

static void
test_base_chains(void **state)
{
	static const struct {
		const char	*table, *chain;
		int		 hook, priority, type;
	} rows[] = {
		{ "raw", "PREROUTING", NF_PREROUTING, -300, NF_FILTER },
		{ "raw", "OUTPUT", NF_OUTPUT, -300, NF_FILTER },
		{ "mangle", "INPUT", NF_INPUT, -150, NF_FILTER },
		{ "mangle", "OUTPUT", NF_OUTPUT, -150, NF_ROUTE },
		{ "nat", "PREROUTING", NF_PREROUTING, -100, NF_NAT },
		{ "nat", "INPUT", NF_INPUT, 100, NF_NAT },
		{ "nat", "OUTPUT", NF_OUTPUT, -100, NF_NAT },
		{ "nat", "POSTROUTING", NF_POSTROUTING, 100, NF_NAT },
		{ "filter", "FORWARD", NF_FORWARD, 0, NF_FILTER },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		char text[200] = "";
		struct run r;
		const struct nf_chain *c;

		add(text, "*%s\n:%s DROP [0:0]\n:MINE - [0:0]\nCOMMIT\n", rows[i].table,
		    rows[i].chain);
		r = run(read_ip6tables_save, "file", text);
		assert_string_equal(r.told->text, "");
		c = r.state->nf_chains.v;
		assert_string_equal(c[0].name, rows[i].chain);
		assert_int_equal(c[0].hook, rows[i].hook);
		assert_int_equal(c[0].priority, rows[i].priority);
		assert_int_equal(c[0].type, rows[i].type);
		assert_true(c[0].policy_drop);
		assert_int_equal(c[1].hook, NF_NO_HOOK);
		assert_false(c[1].policy_drop);
		assert_int_equal(r.state->nf_tables.v[0].families, NF_IP6);
		run_free(&r);
	}
}

static void
test_backends(void **state)
{
	static const struct { const char *text; unsigned flags; } rows[] = {
		{ "# Generated by iptables-save v1.8.9 (nf_tables) on X\n*nat\nCOMMIT\n", 0 },
		{ "# Generated by xtables-save v1.8.2 on X\n*nat\nCOMMIT\n", 0 },
		{ "# Generated by iptables-save v1.4.21 on X\n*nat\nCOMMIT\n",
		  STATE_LEGACY_DUMP },
		{ "# Warning: iptables-legacy tables present, use iptables-legacy-save to see them\n",
		  STATE_LEGACY_TABLES },
		{ "# Generated by iptables-save v1.8.9 (nf_tables) on X\n*nat\nCOMMIT\n"
		  "# Generated by iptables-save v1.8.9 on X\n*mangle\nCOMMIT\n",
		  STATE_LEGACY_TABLES },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct run r = run(read_iptables_save, "file", rows[i].text);

		assert_string_equal(r.told->text, "");
		assert_int_equal(r.state->flags, rows[i].flags);
		assert_true(state_has(r.state, PART_IPTABLES));
		run_free(&r);
	}
}

/* One text each; what is said, and what the last rule is then. */
static void
test_damage(void **state)
{
	static const struct { const char *text, *told, *said; } rows[] = {
		{ "*nat\n:A - [0:0]\n-A A -s 10.0.0.0/33 -j ACCEPT\nCOMMIT\n",
		  "file:3: found \"10.0.0.0/33\", expected an address with a length; the rule is kept as not known\n",
		  "unknown -A A -s 10.0.0.0/33 -j ACCEPT => unknown -A A -s 10.0.0.0/33 -j ACCEPT" },
		{ "*nat\n:A - [0:0]\n-A A -p tcp -m tcp --dport 99999 -j ACCEPT\nCOMMIT\n",
		  "file:3: found \"99999\", expected a port or a range of ports; the rule is kept as not known\n",
		  NULL },
		{ "*nat\n:A - [0:0]\n-A A -m comment --comment \"open\nCOMMIT\n",
		  "words with their quotes closed", NULL },
		{ "*nat\n:A - [0:0]\n-A A --what now\nCOMMIT\n",
		  "file:3: found \"--what now\", expected an option of iptables;", NULL },
		{ "*nat\n:A - [0:0]\n-A B -j ACCEPT\nCOMMIT\n",
		  "file:3: found a rule of chain \"B\", which table nat does not have; the rule is skipped\n",
		  NULL },
		{ "*nat\n:A - [0:0]\n-A A -j B\n-A A -j B\n-A A -j C\nCOMMIT\n",
		  "file:3: found a jump to chain \"B\", which table nat does not have\n"
		  "file:5: found a jump to chain \"C\", which table nat does not have\n",
		  "=> jump MISSING" },
		{ "-A A -j B\n", "file:1: found \"-A A -j B\", expected a table such as *nat\n",
		  NULL },
		{ "*broute\n:A - [0:0]\n-A A -j x\nCOMMIT\n", "file:1: found table \"broute\"", NULL },
		{ "*nat\nCOMMIT\n*nat\n:A - [0:0]\nCOMMIT\n",
		  "file:3: found table nat a second time; only the first is kept\n", NULL },
		{ "*nat\n:A ACCEPT [0:0]\nCOMMIT\n",
		  "file:2: found chain A with a policy, expected a built-in chain of table nat\n", NULL },
		{ "*nat\n:A - [0:0]\nwhat\nCOMMIT\n", "file:3: found \"what\", expected a rule", NULL },
		{ "*nat\n:A - [0:0]\n:B - [0:0]\n-A A -j ACCEPT\n",
		  "file:4: found the end of table nat without COMMIT",
		  "unknown the dump ends before COMMIT => unknown the dump ends before COMMIT" },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct run r = run(read_iptables_save, "file", rows[i].text);

		if (strstr(r.told->text, rows[i].told) == NULL)
			fail_msg("%s\nsaid: %s", rows[i].text, r.told->text);
		if (rows[i].said != NULL)
			assert_string_equal(rule_said(r.state, r.state->nf_rules.n - 1),
			    rows[i].said);
		rules_check(r.state);
		state_ready(r.state);
		run_free(&r);
	}
}

/* A chain that was whole before the cut is left as it is. */
static void
test_cut(void **state)
{
	struct run r = run(read_iptables_save, "file", "*nat\n:A - [0:0]\n"
	    ":B - [0:0]\n:C - [0:0]\n-A A -j ACCEPT\n-A B -j ACCEPT\n");

	(void)state;
	assert_int_equal(r.state->nf_rules.n, 4);
	assert_string_equal(chain_said(r.state, r.state->nf_rules.v[2].chain), "B");
	assert_string_equal(chain_said(r.state, r.state->nf_rules.v[3].chain), "C");
	run_free(&r);
}

/* ---- ipset */

static const char list[] =
    "Name: KUBE-LOOP-BACK\nType: hash:ip,port,ip\nRevision: 6\n"
    "Header: family inet hashsize 1024 maxelem 65536\nSize in memory: 264\n"
    "References: 1\nNumber of entries: 1\nMembers:\n10.0.0.11,tcp:8080,10.0.0.12\n\n"
    "Name: nets\nType: hash:net\nRevision: 7\nHeader: family inet\nMembers:\n"
    "10.0.0.0/8\n192.168.1.0/24 timeout 5\n\n"
    "Name: but\nType: hash:net\nMembers:\n10.0.0.0/8\n10.1.0.0/16 nomatch\n\n"
    "Name: n24\nType: hash:ip\nHeader: family inet netmask 24\nMembers:\n10.9.9.0\n\n"
    "Name: macs\nType: hash:mac\nMembers:\n02:00:00:00:00:01\n\n"
    "Name: empty\nType: hash:ip\nMembers:\n";
static const char save[] =
    "create nets hash:net family inet hashsize 1024\nadd nets 10.0.0.0/8\n"
    "create ports bitmap:port range 0-65535\nadd ports 80\nadd ports 443-445\n"
    "create ipp hash:ip,port family inet\nadd ipp 10.0.0.1,udp:53\nadd ipp 10.0.0.2,80\n"
    "create ni hash:net,iface family inet\nadd ni 10.0.0.0/24,eth0\n"
    "create im hash:ip,mark family inet\nadd im 10.0.0.1,0x00000080\n"
    "create nn hash:net,net family inet\nadd nn 10.0.0.0/24,10.1.0.0/24\n"
    "create c6 hash:net family inet6 comment\nadd c6 fd00::/8 comment \"two nomatch words\"\n";
static const char uses[] = "*filter\n:A - [0:0]\n"
    "-A A -m set --match-set nets src -m set ! --match-set KUBE-LOOP-BACK dst,dst,src\n"
    "-A A -m set --match-set nets dst\n-A A -m set --match-set nets dst\n"
    "-A A -m set --match-set but dst\n-A A -m set --match-set n24 dst\n"
    "-A A -m set --match-set macs src\n-A A -m set --match-set empty src\n"
    "-A A -m set --match-set ports dst\n-A A -m set --match-set ipp src,dst\n"
    "-A A -m set --match-set ni src,dst\n-A A -m set --match-set im dst,src\n"
    "-A A -m set --match-set nn dst,src\n-A A -m set --match-set nn src,src\n"
    "-A A -m set --match-set c6 src\n-A A -m set --match-set ipp src\n"
    "-A A -m set --match-set other src\n"
    "-A A -m set --match-set nets src --return-nomatch\nCOMMIT\n";

static void
uses_check(const struct state *s)
{
	static const char *const said[] = {
		"set nets src{ s=10.0.0.0/8 s=192.168.1.0/24 } "
		    "!set KUBE-LOOP-BACK dst,dst,src{ s=10.0.0.12 d=10.0.0.11 p=6 dp=8080 } => none",
		"set nets dst{ d=10.0.0.0/8 d=192.168.1.0/24 } => none",
		"set nets dst{ d=10.0.0.0/8 d=192.168.1.0/24 } => none",
		"set but dst{ not known } => none",
		"set n24 dst{ d=10.9.9.0/24 } => none",
		"set macs src{ not known } => none",
		"set empty src{ } => none",
		"set ports dst{ dp=80 dp=443-445 } => none",
		"set ipp src,dst{ s=10.0.0.1 p=17 dp=53 s=10.0.0.2 p=6 dp=80 } => none",
		"set ni src,dst{ s=10.0.0.0/24 o=eth0 } => none",
		"set im dst,src{ d=10.0.0.1 m=0x80 } => none",
		"set nn dst,src{ s=10.1.0.0/24 d=10.0.0.0/24 } => none",
		"set nn src,src{ not known } => none",
		"set c6 src{ s=fd00::/8 } => none",
		"set ipp src{ not known } => none",
		"set other src{ not dumped } => none",
		"unknown -m set --match-set nets src --return-nomatch => none",
	};

	assert_int_equal(s->nf_rules.n, N(said));
	for (uint32_t i = 0; i < N(said); i++)
		assert_string_equal(rule_said(s, i), said[i]);
}

/* `list` and `save` of one bundle, before the rules and behind them. */
static void
test_ipsets(void **state)
{
	(void)state;
	for (int before = 0; before < 2; before++) {
		struct state *s = state_new();
		struct told *told = told_new();

		if (before)
			read_text(s, told, read_iptables_save, "rules", uses);
		read_text(s, told, read_ipset, "sets", list);
		read_text(s, told, read_ipset, "sets", save);
		if (!before)
			read_text(s, told, read_iptables_save, "rules", uses);
		assert_string_equal(told->text, "");
		assert_true(state_has(s, PART_IPSETS));
		uses_check(s);
		state_ready(s);
		uses_check(s);
		state_free(s);
		free(told);
	}
}

static void
test_ipset_damage(void **state)
{
	static const struct { const char *text, *told; } rows[] = {
		{ "create a hash:ip family inet\nadd a 10.0.0.1000\n",
		  "file:2: found \"10.0.0.1000\" in ipset a, expected an element of its type; the set is kept as not known\n" },
		{ "create a hash:ip family inet\nadd b 10.0.0.1\n",
		  "file:2: found \"add b 10.0.0.1\", expected an element of ipset a\n" },
		{ "add b 10.0.0.1\n", "file:1: found \"add b 10.0.0.1\", expected an element of ipset -\n" },
		{ "what is this\n", "file:1: found \"what is this\", expected what `ipset list` or `ipset save` print\n" },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct run r = run(read_ipset, "file", rows[i].text);

		assert_string_equal(r.told->text, rows[i].told);
		run_free(&r);
	}
}

/* ---- the captures' states */

static size_t
lines_that_begin(const char *path, const char *text)
{
	FILE *f = fopen(path, "r");
	char *line = NULL;
	size_t room = 0, n = 0;

	assert_non_null(f);
	while (getline(&line, &room, f) > 0)
		n += strncmp(line, text, strlen(text)) == 0;
	free(line);
	fclose(f);
	return n;
}

static void
captures_check(const char *pattern, reader_fn *fn)
{
	glob_t g;

	assert_int_equal(glob(pattern, 0, NULL, &g), 0);
	for (size_t i = 0; i < g.gl_pathc; i++) {
		struct run r = run_file(fn, g.gl_pathv[i]);

		assert_string_equal(r.told->text, "");
		assert_int_equal(r.state->nf_rules.n,
		    lines_that_begin(g.gl_pathv[i], "-A "));
		assert_int_equal(r.state->nf_chains.n,
		    lines_that_begin(g.gl_pathv[i], ":"));
		for (uint32_t k = 0; k < r.state->nf_rules.n; k++)
			assert_null(strstr(rule_said(r.state, k), "unknown"));
		state_ready(r.state);
		run_free(&r);
	}
	assert_true(g.gl_pathc >= 2);
	globfree(&g);
}

static void
test_captures(void **state)
{
	(void)state;
	captures_check("pcaps/*/iptables-save.txt", read_iptables_save);
	captures_check("pcaps/*/ip6tables-save.txt", read_ip6tables_save);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_matches),
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_ipv6),
		cmocka_unit_test(test_eks_rules),
		cmocka_unit_test(test_base_chains),
		cmocka_unit_test(test_backends),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_ipsets),
		cmocka_unit_test(test_ipset_damage),
		cmocka_unit_test(test_captures),
	};

	return cmocka_run_group_tests_name("state_iptables", tests, NULL, NULL);
}
