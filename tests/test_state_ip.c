/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_state_ip.c - policy rules and routes as iproute2 prints them, text and
 * JSON, read back.  The lines are those of iproute2 6.1.
 */
#include "read_state.h"

static char said[65536];

static const char *
rules_said(const struct state *s)
{
	static const char *const actions[] = { [RULE_LOOKUP] = "lookup",
		[RULE_BLACKHOLE] = "blackhole", [RULE_UNREACHABLE] = "unreachable",
		[RULE_PROHIBIT] = "prohibit", [RULE_GOTO] = "goto",
		[RULE_NOP] = "nop" };

	said[0] = '\0';
	for (uint32_t i = 0; i < s->rules.n; i++) {
		const struct iprule *r = &s->rules.v[i];

		add(said, "v%d %u %s", r->v6 ? 6 : 4, r->priority,
		    actions[r->action]);
		if (r->action == RULE_LOOKUP)
			add(said, "=%u", r->table);
		if (r->action == RULE_GOTO)
			add(said, "=%u", r->to_priority);
		if (r->has & RULE_NOT)
			add(said, " not");
		if (r->has & RULE_FROM)
			add(said, " from=%s", prefix_said(&r->from));
		if (r->has & RULE_TO)
			add(said, " to=%s", prefix_said(&r->to));
		if (r->has & RULE_MARK)
			add(said, " mark=%x/%x", r->mark, r->mask);
		if (r->iif)
			add(said, " iif=%s", r->iif);
		if (r->has & RULE_IIF_LOCAL)
			add(said, " own");
		if (r->oif)
			add(said, " oif=%s", r->oif);
		if (r->has & RULE_PROTO)
			add(said, " proto=%u", r->proto);
		if (r->has & RULE_SPORT)
			add(said, " sport=%u-%u", r->sport.lo, r->sport.hi);
		if (r->has & RULE_DPORT)
			add(said, " dport=%u-%u", r->dport.lo, r->dport.hi);
		if (r->has & RULE_SUPPRESS)
			add(said, " suppress=%d", r->suppress_len);
		if (r->has & RULE_ODD)
			add(said, " odd");
		add(said, "\n");
	}
	return said;
}

static const char *
routes_said(const struct state *s)
{
	said[0] = '\0';
	for (uint32_t i = 0; i < s->routes.n; i++) {
		const struct iproute *r = &s->routes.v[i];

		add(said, "v%d %s %s table=%u", r->v6 ? 6 : 4,
		    route_type_name(r->type), prefix_said(&r->dst), r->table);
		if (r->has_via)
			add(said, " via=%s", addr_said(&r->via));
		if (r->dev)
			add(said, " dev=%s", r->dev);
		if (r->has_src)
			add(said, " src=%s", addr_said(&r->src));
		if (r->metric)
			add(said, " metric=%u", r->metric);
		if (r->proto)
			add(said, " proto=%s", r->proto);
		add(said, "%s%s%s%s\n", r->link_scope ? " link" : "",
		    r->multipath ? " multi" : "", r->dead ? " dead" : "",
		    r->odd ? " odd" : "");
	}
	return said;
}

/* ---- policy rules */

static const struct { const char *text, *json, *means; } rule_rows[] = {
	{ "0:	from all lookup local",
	  "{'priority':0,'src':'all','table':'local'}",
	  "v4 0 lookup=255" },
	{ "100:	not from 10.0.0.0/8 to 10.9.0.0/16 fwmark 0x10 iif d0 [detached] "
	      "oif nope [detached] ipproto tcp sport 80 dport 1000-2000 lookup 99",
	  "{'priority':100,'not':null,'src':'10.0.0.0','srclen':8,"
	      "'dst':'10.9.0.0','dstlen':16,'fwmark':'0x10','iif':'d0',"
	      "'iif_detached':null,'oif':'nope','oif_detached':null,"
	      "'ipproto':'tcp','sport':80,'dport_start':1000,'dport_end':2000,"
	      "'table':'99'}",
	  "v4 100 lookup=99 not from=10.0.0.0/8 to=10.9.0.0/16 mark=10/ffffffff "
	      "iif=d0 oif=nope proto=6 sport=80-80 dport=1000-2000" },
	{ "101:	from 1.2.3.4 tos 0x10 lookup main suppress_prefixlength 0",
	  "{'priority':101,'src':'1.2.3.4','tos':'0x10','table':'main',"
	      "'suppress_prefixlen':0}",
	  "v4 101 lookup=254 from=1.2.3.4 suppress=0 odd" },
	{ "102:	from all uidrange 0-99 lookup 5",
	  "{'priority':102,'src':'all','uid_start':0,'uid_end':99,'table':'5'}",
	  "v4 102 lookup=5 odd" },
	{ "103:	from all blackhole",
	  "{'priority':103,'src':'all','action':'blackhole'}",
	  "v4 103 blackhole" },
	{ "104:	from 9.9.9.9 unreachable",
	  "{'priority':104,'src':'9.9.9.9','action':'unreachable'}",
	  "v4 104 unreachable from=9.9.9.9" },
	{ "105:	from 8.8.8.8 prohibit",
	  "{'priority':105,'src':'8.8.8.8','action':'prohibit'}",
	  "v4 105 prohibit from=8.8.8.8" },
	{ "106:	from all goto 32766",
	  "{'priority':106,'src':'all','goto':32766}",
	  "v4 106 goto=32766" },
	{ "107:	from all goto 5000 [unresolved]",
	  "{'priority':107,'src':'all','goto':5000,'unresolved':null}",
	  "v4 107 nop" },
	{ "108:	from all lookup [l3mdev-table]",
	  "{'priority':108,'src':'all','l3mdev':null}",
	  "v4 108 lookup=0 odd" },
	{ "109:	from all iif lo lookup 7",
	  "{'priority':109,'src':'all','iif':'lo','table':'7'}",
	  "v4 109 lookup=7 iif=lo own" },
	{ "110:	from all fwmark 0x1/0xff ipproto udp lookup 8 proto static",
	  "{'priority':110,'src':'all','fwmark':'0x1','fwmask':'0xff',"
	      "'ipproto':'udp','table':'8','protocol':'static'}",
	  "v4 110 lookup=8 mark=1/ff proto=17" },
	{ "111:	from all nop", "{'priority':111,'src':'all','nop':null}",
	  "v4 111 nop" },
	{ "113:	from all ipproto ipv6-icmp lookup 7",
	  "{'priority':113,'src':'all','ipproto':'ipv6-icmp','table':'7'}",
	  "v4 113 lookup=7 proto=58" },
	{ "114:	from all lookup 9 suppress_ifgroup 3",
	  "{'priority':114,'src':'all','table':'9','suppress_ifgroup':'3'}",
	  "v4 114 lookup=9 odd" },
	{ "115:	from all ipproto ipproto-200 lookup 7",
	  "{'priority':115,'src':'all','ipproto':'ipproto-200','table':'7'}",
	  "v4 115 lookup=7 proto=200" },
	{ "512:	from all to 2001:db8:3:0:aa::7 lookup main",
	  "{'priority':512,'src':'all','dst':'2001:db8:3:0:aa::7','table':'main'}",
	  "v6 512 lookup=254 to=2001:db8:3:0:aa::7" },
};

static void
rules_text_and_json(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(rule_rows); i++) {
		struct run t = run(read_ip_rule, "iprule.txt", rule_rows[i].text);
		struct run j = run(read_ip_json, "r.json",
		    quoted(rule_rows[i].json));
		char want[512];

		snprintf(want, sizeof(want), "%s\n", rule_rows[i].means);
		assert_string_equal(rules_said(t.state), want);
		assert_string_equal(rules_said(j.state), want);
		assert_string_equal(t.told->text, "");
		assert_string_equal(j.told->text, "");
		/* the same words, whichever way they came */
		assert_string_equal(t.state->rules.v[0].text,
		    strchr(rule_rows[i].text, '\t') + 1);
		assert_string_equal(j.state->rules.v[0].text,
		    t.state->rules.v[0].text);
		assert_int_equal(t.state->rules.v[0].line, 1);
		run_free(&t);
		run_free(&j);
	}
}

/* A rule with something unknown in it stays, marked; only what is no rule at
   all is left out. */
static void
rules_bad(void **state)
{
	static const struct { const char *text, *means, *told; } rows[] = {
		{ "5: from all warp 9 lookup 3\n", "v4 5 lookup=0 odd\n",
		  "f:1: 'warp' is not known in a policy rule\n" },
		{ "5: from 10.0.0.300 lookup 3\n", "v4 5 lookup=0 odd\n",
		  "f:1: '10.0.0.300' is no value of 'from' in a policy rule\n" },
		{ "5: from all lookup\n", "v4 5 lookup=0 odd\n",
		  "f:1: 'lookup' is the last word of the rule; expected its value "
		  "behind it\n" },
		{ "5: from all\n", "v4 5 lookup=0 odd\n",
		  "f:1: the rule says nothing to do; expected a word such as "
		  "'lookup main'\n" },
		{ "5: from 10.0.0.1 to 2001:db8::1 lookup 3\n",
		  "v6 5 lookup=3 from=10.0.0.1 to=2001:db8::1 odd\n",
		  "f:1: the rule has addresses of both families\n" },
		{ "\n*** Output ***\nbash: ip: not found\n", "",
		  "f:3: found 'bash: ip: not found'; expected a policy rule such "
		  "as '512: from all lookup main'\n" },
		{ "99999999999: from all lookup 3\n", "",
		  "f:1: found '99999999999: from all lookup 3'; expected a policy "
		  "rule such as '512: from all lookup main'\n" },
		{ "5: from all \033[2J lookup 3\n", "",
		  "f:1: found '5: from all ?[2J lookup 3'; expected a policy rule "
		  "such as '512: from all lookup main'\n" },
		{ "", "", "f: no policy rule in it; expected the output of 'ip rule "
		  "show'\n" },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct run r = run(read_ip_rule, "f", rows[i].text);

		assert_string_equal(rules_said(r.state), rows[i].means);
		assert_string_equal(r.told->text, rows[i].told);
		assert_int_equal(state_has(r.state, PART_RULES) ||
		    state_has(r.state, PART_RULES6), r.state->rules.n > 0);
		run_free(&r);
	}
}

/* A table that has a name only is the same table in rules and in routes. */
static void
table_names(void **state)
{
	struct run r = run(read_ip_rule, "iprule.txt",
	    "0: from all lookup local\n5: from all lookup vpn\r\n"
	    "6: from all lookup 4294967295\n");

	(void)state;
	read_text(r.state, r.told, read_ip_route, "iproute.txt",
	    "default via 10.0.0.1 dev eth1 table vpn proto static\n");
	assert_true(r.state->rules.v[1].table >= 0xf0000000);
	assert_int_equal(r.state->rules.v[1].table, r.state->routes.v[0].table);
	assert_int_equal(r.state->rules.v[2].table, 0xffffffff);
	assert_string_equal(r.state->rules.v[1].text, "from all lookup vpn");
	assert_string_equal(r.state->routes.v[0].text,
	    "default via 10.0.0.1 dev eth1 proto static");
	assert_string_equal(r.told->text,
	    "iprule.txt:2: table 'vpn' has a name only; its number is not known\n"
	    "iproute.txt:1: table 'vpn' has a name only; its number is not "
	    "known\n");
	run_free(&r);
}

/* Rules of a family are in one file; those of a second one are not added. */
static void
rules_twice(void **state)
{
	static const char two[] = "0: from all lookup local\n"
	    "1024: from all fwmark 0x80/0x80 lookup main\n";
	struct run r = run(read_ip_rule, "iprule.txt", two);

	(void)state;
	read_text(r.state, r.told, read_ip_json, "ip-rule.json",
	    quoted("{'priority':0,'src':'all','table':'local'}"));
	read_text(r.state, r.told, read_ip6_rule, "ip6rule.txt",
	    "0: from all lookup local\n");
	assert_int_equal(r.state->rules.n, 3);
	assert_string_equal(r.told->text, "");
	read_text(r.state, r.told, read_ip_rule, "b/iprule.txt",
	    "0: from all lookup local\n7: from all lookup 9\n");
	assert_int_equal(r.state->rules.n, 3);
	assert_string_equal(r.told->text, "b/iprule.txt: 1 of its policy rules are "
	    "not in the file that was read before; that one counts\n");
	run_free(&r);
}

/* ---- routes */

static const struct { const char *text, *json, *means; } route_rows[] = {
	{ "default via 192.168.3.1 dev eth1 table 2 ",
	  "{'dst':'default','gateway':'192.168.3.1','dev':'eth1','table':'2',"
	      "'flags':[]}",
	  "v4 unicast 0.0.0.0/0 table=2 via=192.168.3.1 dev=eth1" },
	{ "local 192.168.3.52 dev eth1 table local proto kernel scope host src "
	      "192.168.3.52 ",
	  "{'type':'local','dst':'192.168.3.52','dev':'eth1','table':'local',"
	      "'protocol':'kernel','scope':'host','prefsrc':'192.168.3.52',"
	      "'flags':[]}",
	  "v4 local 192.168.3.52 table=255 dev=eth1 src=192.168.3.52 "
	      "proto=kernel" },
	{ "192.168.3.30 dev eni1e659a482e6 scope link ",
	  "{'dst':'192.168.3.30','dev':'eni1e659a482e6','scope':'link',"
	      "'flags':[]}",
	  "v4 unicast 192.168.3.30 table=254 dev=eni1e659a482e6 link" },
	{ "10.50.0.0/16 \n	nexthop via 10.9.0.3 dev d0 weight 2 \n"
	      "	nexthop via 10.9.0.4 dev d1 weight 1 onlink ",
	  "{'dst':'10.50.0.0/16','flags':[],'nexthops':[{'gateway':'10.9.0.3',"
	      "'dev':'d0','weight':2,'flags':[]},{'gateway':'10.9.0.4',"
	      "'dev':'d1','weight':1,'flags':['onlink']}]}",
	  "v4 unicast 10.50.0.0/16 table=254 via=10.9.0.3 dev=d0 multi\n"
	      "v4 unicast 10.50.0.0/16 table=254 via=10.9.0.4 dev=d1 multi" },
	{ "10.64.0.0/16 via inet6 fe80::9 dev d0 ",
	  "{'dst':'10.64.0.0/16','via':{'family':'inet6','host':'fe80::9'},"
	      "'dev':'d0','flags':[]}",
	  "v4 unicast 10.64.0.0/16 table=254 via=fe80::9 dev=d0" },
	{ "10.65.0.0/16 via 10.9.0.3 dev d0 src 10.9.0.2 mtu 1300 advmss 1200 ",
	  "{'dst':'10.65.0.0/16','gateway':'10.9.0.3','dev':'d0',"
	      "'prefsrc':'10.9.0.2','flags':[],"
	      "'metrics':[{'mtu':1300,'advmss':1200}]}",
	  "v4 unicast 10.65.0.0/16 table=254 via=10.9.0.3 dev=d0 "
	      "src=10.9.0.2" },
	{ "10.66.0.0/16 tos 0x10 via 10.9.0.3 dev d0 ",
	  "{'dst':'10.66.0.0/16','tos':'0x10','gateway':'10.9.0.3','dev':'d0',"
	      "'flags':[]}",
	  "v4 unicast 10.66.0.0/16 table=254 via=10.9.0.3 dev=d0 odd" },
	{ "10.68.0.0/16 nhid 5 via 10.9.0.9 dev d0 metric 7 dead linkdown ",
	  "{'dst':'10.68.0.0/16','nhid':5,'gateway':'10.9.0.9','dev':'d0',"
	      "'metric':7,'flags':['dead','linkdown']}",
	  "v4 unicast 10.68.0.0/16 table=254 via=10.9.0.9 dev=d0 metric=7 "
	      "dead" },
	{ "172.17.0.0/16 dev docker0 proto kernel scope link src 172.17.0.1 "
	      "linkdown ",
	  "{'dst':'172.17.0.0/16','dev':'docker0','protocol':'kernel',"
	      "'scope':'link','prefsrc':'172.17.0.1','flags':['linkdown']}",
	  "v4 unicast 172.17.0.0/16 table=254 dev=docker0 src=172.17.0.1 "
	      "proto=kernel link" },
	{ "blackhole 10.60.0.0/16 ",
	  "{'type':'blackhole','dst':'10.60.0.0/16','flags':[]}",
	  "v4 blackhole 10.60.0.0/16 table=254" },
	{ "throw 10.62.0.0/16 table 9 ",
	  "{'type':'throw','dst':'10.62.0.0/16','table':'9','flags':[]}",
	  "v4 throw 10.62.0.0/16 table=9" },
	{ "unreachable 2001:db8:7::/64 dev lo metric 1024 pref medium",
	  "{'type':'unreachable','dst':'2001:db8:7::/64','dev':'lo',"
	      "'metric':1024,'flags':[],'pref':'medium'}",
	  "v6 unreachable 2001:db8:7::/64 table=254 dev=lo metric=1024" },
	{ "default dev wg0 metric 1024 pref medium",
	  "{'dst':'default','dev':'wg0','metric':1024,'flags':[],"
	      "'pref':'medium'}",
	  "v6 unicast ::/0 table=254 dev=wg0 metric=1024" },
	{ "2001:db8:5::/64 from 2001:db8:6::/64 via fe80::3 dev d0 metric 1024 "
	      "pref medium",
	  "{'dst':'2001:db8:5::/64','from':'2001:db8:6::/64',"
	      "'gateway':'fe80::3','dev':'d0','metric':1024,'flags':[],"
	      "'pref':'medium'}",
	  "v6 unicast 2001:db8:5::/64 table=254 via=fe80::3 dev=d0 "
	      "metric=1024 odd" },
	{ "default metric 1024 pref medium\n"
	      "	nexthop via fe80::3 dev d0 weight 1 ",
	  "{'dst':'default','metric':1024,'flags':[],'pref':'medium',"
	      "'nexthops':[{'gateway':'fe80::3','dev':'d0','weight':1,"
	      "'flags':[]}]}",
	  "v6 unicast ::/0 table=254 via=fe80::3 dev=d0 metric=1024 multi" },
};

/* What `ip route show table X` says of it. */
static void
route_text(char out[static 512], const char *text)
{
	const char *table = strstr(text, " table "), *p;
	size_t n = 0;

	for (p = text; *p != '\0' && *p != '\n'; p++) {
		if (p == table) {
			p += strlen(" table ");
			p += strcspn(p, " ");
		}
		out[n++] = *p;
	}
	while (n > 0 && out[n - 1] == ' ')
		n--;
	out[n] = '\0';
}

static void
routes_text_and_json(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(route_rows); i++) {
		struct run t = run(read_ip_route, "iproute.txt",
		    route_rows[i].text);
		struct run j = run(read_ip_json, "r.json",
		    quoted(route_rows[i].json));
		char want[512], words[512];

		snprintf(want, sizeof(want), "%s\n", route_rows[i].means);
		assert_string_equal(routes_said(t.state), want);
		assert_string_equal(routes_said(j.state), want);
		assert_string_equal(t.told->text, "");
		assert_string_equal(j.told->text, "");
		route_text(words, route_rows[i].text);
		if (!t.state->routes.v[0].multipath)
			assert_string_equal(t.state->routes.v[0].text, words);
		else
			assert_memory_equal(t.state->routes.v[0].text, words,
			    strlen(words));
		run_free(&t);
		run_free(&j);
	}
}

static void
routes_more_forms(void **state)
{
	static const struct { const char *file, *text, *means; } rows[] = {
		/* -o */
		{ "iproute.txt", "10.50.0.0/16 \\	nexthop via 10.9.0.3 dev d0 "
		  "weight 2 \\	nexthop dev d1 weight 1 onlink \n",
		  "v4 unicast 10.50.0.0/16 table=254 via=10.9.0.3 dev=d0 multi\n"
		  "v4 unicast 10.50.0.0/16 table=254 dev=d1 multi\n" },
		/* -d */
		{ "iproute.txt", "unicast default via 10.9.0.254 dev d0 proto boot "
		  "scope global \n",
		  "v4 unicast 0.0.0.0/0 table=254 via=10.9.0.254 dev=d0 "
		  "proto=boot\n" },
		/* one table, in a file with its number */
		{ "a/ip-route-table-2.txt", "default via 10.9.0.254 dev d0 \n",
		  "v4 unicast 0.0.0.0/0 table=2 via=10.9.0.254 dev=d0\n" },
		{ "ip_route_show_table_local.txt", "local 10.0.0.1 dev d0 \n",
		  "v4 local 10.0.0.1 table=255 dev=d0\n" },
		{ "iproute.txt", "10.67.0.0/16  encap ip id 100 src 0.0.0.0 dst "
		  "10.1.1.1 ttl 0 tos 0 via 10.9.0.3 dev d0 \n",
		  "v4 unicast 10.67.0.0/16 table=254 via=10.9.0.3 dev=d0 odd\n" },
		{ "iproute.txt", "10.66.0.0/16 via 10.9.0.3 dev d0 realm 5 mtu lock "
		  "1300 \n    cache expires 3sec\n",
		  "v4 unicast 10.66.0.0/16 table=254 via=10.9.0.3 dev=d0\n" },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct run r = run(read_ip_route, rows[i].file, rows[i].text);

		assert_string_equal(routes_said(r.state), rows[i].means);
		assert_string_equal(r.told->text, "");
		run_free(&r);
	}
}

static void
routes_bad(void **state)
{
	static const struct { const char *text, *means, *told; } rows[] = {
		{ "default via 10.0.0 dev eth0\n",
		  "v4 unicast 0.0.0.0/0 table=254 dev=eth0 odd\n",
		  "f:1: '10.0.0' is no value of its word in a route\n" },
		{ "default via 10.0.0.1 dev\n",
		  "v4 unicast 0.0.0.0/0 table=254 via=10.0.0.1 odd\n",
		  "f:1: 'dev' stands without its value in a route\n" },
		{ "10.0.0.0/8 dev eth0 wobbly 3\n",
		  "v4 unicast 10.0.0.0/8 table=254 dev=eth0 odd\n",
		  "f:1: 'wobbly' is not known in a route\n" },
		{ "10.0.0.0/8 dev averyverylongname0\n",
		  "v4 unicast 10.0.0.0/8 table=254 odd\n",
		  "f:1: 'averyverylongname0' is no value of its word in a route\n" },
		{ "Error: ipv4: FIB table does not exist.\nDump terminated\n", "",
		  "f:1: found 'Error: ipv4: FIB table does not exist.'; expected a "
		  "route such as 'default via 10.0.0.1 dev eth0'\n"
		  "f:2: found 'Dump terminated'; expected a route such as 'default "
		  "via 10.0.0.1 dev eth0'\n" },
		{ "10.0.0.0/33 dev eth0\n", "",
		  "f:1: found '10.0.0.0/33 dev eth0'; expected a route such as "
		  "'default via 10.0.0.1 dev eth0'\n" },
		{ "", "", "f: no route in it; expected the output of 'ip route show "
		  "table all'\n" },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct run r = run(read_ip_route, "f", rows[i].text);

		assert_string_equal(routes_said(r.state), rows[i].means);
		assert_string_equal(r.told->text, rows[i].told);
		run_free(&r);
	}
}

/* `ip route show table all` has IPv6 too; ip6route.txt has it again.  Not so
   with a table that only the second file has. */
static void
routes_twice(void **state)
{
	struct run r = run(read_ip_route, "iproute.txt",
	    "default via 10.0.0.1 dev eth0 \n"
	    "default via fe80::1 dev eth0 proto ra metric 1024 expires 1798sec "
	    "pref medium\n");

	(void)state;
	assert_true(state_has(r.state, PART_ROUTES6));
	read_text(r.state, r.told, read_ip6_route, "ip6route.txt",
	    "default via fe80::1 dev eth0 proto ra metric 1024 expires 1797sec "
	    "pref medium\n");
	assert_int_equal(r.state->routes.n, 2);
	assert_string_equal(r.told->text, "");
	read_text(r.state, r.told, read_ip_route, "iproute-table-2.txt",
	    "default via 10.0.0.1 dev eth1 \n");
	assert_int_equal(r.state->routes.n, 3);
	read_text(r.state, r.told, read_ip_route, "b/iproute.txt",
	    "default via 10.0.0.1 dev eth0 \n10.7.0.0/16 dev eth0 \n");
	assert_int_equal(r.state->routes.n, 3);
	assert_string_equal(r.told->text, "b/iproute.txt: 1 of its routes are not "
	    "in the file that gave the same table before; that one counts\n");
	run_free(&r);
}

static void
no_ipv6_routes(void **state)
{
	struct run r = run(read_ip6_route, "ip6route.txt", "");

	(void)state;
	assert_true(state_has(r.state, PART_ROUTES6));
	assert_false(state_has(r.state, PART_ROUTES));
	assert_string_equal(r.told->text, "");
	run_free(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_text_and_json),
		cmocka_unit_test(rules_bad),
		cmocka_unit_test(table_names),
		cmocka_unit_test(rules_twice),
		cmocka_unit_test(routes_text_and_json),
		cmocka_unit_test(routes_more_forms),
		cmocka_unit_test(routes_bad),
		cmocka_unit_test(routes_twice),
		cmocka_unit_test(no_ipv6_routes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
