/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_state_link.c - links, addresses and neighbours of iproute2 6.1 and of
 * net-tools 2.10 and 1.60, read back.
 */
#include "read_state.h"

static char said[65536];

static const char *
links_said(const struct state *s)
{
	said[0] = '\0';
	for (uint32_t i = 0; i < s->links.n; i++) {
		const struct link *l = &s->links.v[i];

		add(said, "%s index=%u mtu=%u", l->name, l->ifindex, l->mtu);
		if (l->kind)
			add(said, " kind=%s", l->kind);
		if (l->parent)
			add(said, " parent=%s", l->parent);
		if (l->vlan)
			add(said, " vlan=%u", l->vlan);
		if (l->has_mac)
			add(said, " mac=%02x:%02x", l->mac[0], l->mac[5]);
		add(said, "%s\n", l->down ? " down" : "");
	}
	for (uint32_t i = 0; i < s->addrs.n; i++) {
		const struct ifaddr *a = &s->addrs.v[i];

		add(said, "%s %s len=%u%s%s\n", a->dev, addr_said(&a->addr),
		    a->len, a->secondary ? " secondary" : "",
		    a->host_scope ? " near" : "");
	}
	return said;
}

/* ---- links and addresses */

static const char ip_addr[] =
    "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group "
    "default qlen 1000\n"
    "    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00\n"
    "    inet 127.0.0.1/8 scope host lo\n"
    "       valid_lft forever preferred_lft forever\n"
    "2: eth0@if3: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 9001 qdisc noqueue state "
    "UP group default qlen 1000\n"
    "    link/ether 0a:18:37:9a:e0:9c brd ff:ff:ff:ff:ff:ff link-netnsid 0\n"
    "    altname enp0s5\n"
    "    inet 10.0.0.10/24 brd 10.0.0.255 scope global dynamic eth0\n"
    "       valid_lft 3000sec preferred_lft 3000sec\n"
    "    inet 10.0.0.11/24 scope global secondary eth0\n"
    "    inet6 fe80::818:37ff:fe9a:e09c/64 scope link \n"
    "       valid_lft forever preferred_lft forever\n"
    "3: vlan.eth.4@eth1: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 9001 qdisc noqueue "
    "state UP mode DEFAULT group default qlen 1000\n"
    "    link/ether 0a:00:00:00:00:04 brd ff:ff:ff:ff:ff:ff promiscuity 0\n"
    "    vlan protocol 802.1Q id 4 <REORDER_HDR> addrgenmode eui64 numtxqueues 1\n"
    "4: veth0@veth1: <BROADCAST,MULTICAST> mtu 1500 qdisc noop state DOWN group "
    "default qlen 1000\n"
    "    link/ether 4e:83:a6:45:d3:cf brd ff:ff:ff:ff:ff:ff promiscuity 0\n"
    "    veth numtxqueues 2 numrxqueues 2\n"
    "5: tun0: <POINTOPOINT,NOARP,UP,LOWER_UP> mtu 1480 qdisc noqueue state UNKNOWN\n"
    "    link/ipip 10.0.0.10 peer 10.0.0.99\n"
    "    inet 10.8.0.1 peer 10.8.0.2/32 scope global tun0\n"
    "    RX:  bytes packets errors dropped  missed   mcast           \n"
    "         12345     678      0       0       0       0 \n";

static void
addr_text(void **state)
{
	struct run r = run(read_ip_addr, "ip-addr.txt", ip_addr);

	(void)state;
	assert_string_equal(links_said(r.state),
	    "lo index=1 mtu=65536 mac=00:00\n"
	    "eth0 index=2 mtu=9001 mac=0a:9c\n"
	    "vlan.eth.4 index=3 mtu=9001 kind=vlan parent=eth1 vlan=4 mac=0a:04\n"
	    "veth0 index=4 mtu=1500 kind=veth mac=4e:cf down\n"
	    "tun0 index=5 mtu=1480\n"
	    "lo 127.0.0.1 len=104 near\n"
	    "eth0 10.0.0.10 len=120\n"
	    "eth0 10.0.0.11 len=120 secondary\n"
	    "eth0 fe80::818:37ff:fe9a:e09c len=64 near\n"
	    "tun0 10.8.0.1 len=128\n");
	assert_string_equal(r.told->text, "");
	assert_true(state_has(r.state, PART_LINKS));
	assert_true(state_has(r.state, PART_ADDRESSES));
	run_free(&r);
}

static void
addr_other_forms(void **state)
{
	static const struct { const char *text, *means; } rows[] = {
		/* ip -o addr */
		{ "2: eth0    inet 10.0.0.10/24 brd 10.0.0.255 scope global eth0\\   "
		  "    valid_lft forever preferred_lft forever\n"
		  "2: eth0    inet6 fe80::1/64 scope link \\       valid_lft forever\n",
		  "eth0 index=2 mtu=0\neth0 10.0.0.10 len=120\n"
		  "eth0 fe80::1 len=64 near\n" },
		/* ip -o link */
		{ "2: v1@v0: <BROADCAST,MULTICAST> mtu 1500 qdisc noop state DOWN "
		  "mode DEFAULT\\    link/ether 4e:83:a6:45:d3:cf brd "
		  "ff:ff:ff:ff:ff:ff\n",
		  "v1 index=2 mtu=1500 mac=4e:cf down\n" },
		/* ip -br addr, ip -br link */
		{ "eth0@if3         UP             10.0.0.10/24 fe80::1/64 \n"
		  "v1               DOWN           \n",
		  "eth0 index=0 mtu=0\nv1 index=0 mtu=0 down\n"
		  "eth0 10.0.0.10 len=120\neth0 fe80::1 len=64\n" },
		{ "v1@v0            UP             4e:83:a6:45:d3:cf "
		  "<BROADCAST,UP>\n",
		  "v1 index=0 mtu=0 mac=4e:cf\n" },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct run r = run(read_ip_addr, "ip-addr.txt", rows[i].text);

		assert_string_equal(links_said(r.state), rows[i].means);
		assert_string_equal(r.told->text, "");
		run_free(&r);
	}
}

static void
addr_bad(void **state)
{
	struct run r = run(read_ip_addr, "f",
	    "bash: ip: command not found\n"
	    "    inet 10.0.0.1/24 scope global\n"
	    "7: eth7: <UP> mtu 1500\n"
	    "    inet 10.0.0.1/x scope global eth7\n"
	    "8: a_name_that_is_too_long: <UP> mtu 1500\n"
	    "    inet 10.0.0.2/24 scope global eth8\n");

	(void)state;
	/* an address without a link is nobody's */
	assert_string_equal(links_said(r.state), "eth7 index=7 mtu=1500\n");
	assert_string_equal(r.told->text,
	    "f:1: found 'bash: ip: command not found'; expected a link such as "
	    "'2: eth0: <UP> mtu 9001'\n"
	    "f:4: found 'inet 10.0.0.1/x'; expected an address such as "
	    "10.0.0.1/24\n"
	    "f:5: found '8: a_name_that_is_too_long: <UP> mtu 1500'; expected a "
	    "link such as '2: eth0: <UP> mtu 9001'\n");
	run_free(&r);
}

static const char ifconfig_new[] =
    "eth0: flags=4163<UP,BROADCAST,RUNNING,MULTICAST>  mtu 9001\n"
    "        inet 10.0.0.10  netmask 255.255.255.0  broadcast 10.0.0.255\n"
    "        inet6 fe80::818:37ff:fe9a:e09c  prefixlen 64  scopeid 0x20<link>\n"
    "        ether 0a:18:37:9a:e0:9c  txqueuelen 1000  (Ethernet)\n"
    "        RX packets 4  bytes 348 (348.0 B)\n"
    "        TX errors 0  dropped 0 overruns 0  carrier 0  collisions 0\n\n"
    "eth0:1: flags=4163<UP,BROADCAST,RUNNING,MULTICAST>  mtu 9001\n"
    "        inet 10.0.0.11  netmask 255.255.255.0  broadcast 10.0.0.255\n"
    "        ether 0a:18:37:9a:e0:9c  txqueuelen 1000  (Ethernet)\n\n"
    "vlan.eth.4: flags=4098<BROADCAST,MULTICAST>  mtu 1500\n";

static const char ifconfig_old[] =
    "eth0      Link encap:Ethernet  HWaddr 0A:18:37:9A:E0:9C  \n"
    "          inet addr:10.0.0.10  Bcast:10.0.0.255  Mask:255.255.255.0\n"
    "          inet6 addr: fe80::818:37ff:fe9a:e09c/64 Scope:Link\n"
    "          UP BROADCAST RUNNING MULTICAST  MTU:9001  Metric:1\n"
    "          RX packets:4 errors:0 dropped:0 overruns:0 frame:0\n\n"
    "eth0:1    Link encap:Ethernet  HWaddr 0A:18:37:9A:E0:9C  \n"
    "          inet addr:10.0.0.11  Bcast:10.0.0.255  Mask:255.255.255.0\n"
    "          UP BROADCAST RUNNING MULTICAST  MTU:9001  Metric:1\n\n"
    "vlan.eth.4 Link encap:Ethernet  \n"
    "          BROADCAST MULTICAST  MTU:1500  Metric:1\n";

static void
ifconfig_styles(void **state)
{
	static const char *const texts[] = { ifconfig_new, ifconfig_old };

	(void)state;
	for (size_t i = 0; i < N(texts); i++) {
		struct run r = run(read_ifconfig, "ifconfig.txt", texts[i]);

		assert_string_equal(links_said(r.state),
		    "eth0 index=0 mtu=9001 mac=0a:9c\n"
		    "vlan.eth.4 index=0 mtu=1500 down\n"
		    "eth0 10.0.0.10 len=120\n"
		    "eth0 fe80::818:37ff:fe9a:e09c len=64 near\n"
		    "eth0 10.0.0.11 len=120 secondary\n");
		assert_string_equal(r.told->text, "");
		run_free(&r);
	}
}

static void
ifconfig_bad(void **state)
{
	struct run r = run(read_ifconfig, "f",
	    "ifconfig: not found\n"
	    "eth0: flags=4163<UP>  mtu x\n"
	    "        inet 10.0.0.10  netmask 255.0.255.0\n"
	    "        inet6 fe80::1  prefixlen 129\n");

	(void)state;
	assert_string_equal(links_said(r.state), "eth0 index=0 mtu=0\n");
	assert_string_equal(r.told->text,
	    "f:1: found 'ifconfig: not found'; expected an interface such as "
	    "'eth0: flags=4163<UP>  mtu 9001'\n"
	    "f:2: 'x' is no MTU\n"
	    "f:3: '10.0.0.10' is no address of an interface\n"
	    "f:4: 'fe80::1' is no address of an interface\n");
	run_free(&r);
}

/* What one file lacks another has, and nothing comes twice. */
static void
links_from_several(void **state)
{
	struct run r = run(read_ifconfig, "ifconfig.txt", ifconfig_new);

	(void)state;
	read_text(r.state, r.told, read_ip_addr, "ip-addr.txt", ip_addr);
	read_text(r.state, r.told, read_ip_json, "ip-link.json", quoted(
	    "{},{'ifindex':2,'link_index':3,'ifname':'eth0','flags':['UP'],"
	    "'mtu':9001,'address':'0a:18:37:9a:e0:9c',"
	    "'linkinfo':{'info_kind':'veth'}},"
	    "{'ifindex':3,'ifname':'vlan.eth.4','link':'eth1','flags':['UP'],"
	    "'linkinfo':{'info_kind':'vlan','info_data':{'protocol':'802.1Q',"
	    "'id':4}}}"));
	assert_string_equal(r.told->text, "");
	assert_string_equal(links_said(r.state),
	    "eth0 index=2 mtu=9001 kind=veth mac=0a:9c\n"
	    "vlan.eth.4 index=3 mtu=1500 kind=vlan parent=eth1 vlan=4 mac=0a:04 "
	    "down\n"
	    "lo index=1 mtu=65536 mac=00:00\n"
	    "veth0 index=4 mtu=1500 kind=veth mac=4e:cf down\n"
	    "tun0 index=5 mtu=1480\n"
	    "eth0 10.0.0.10 len=120\n"
	    "eth0 fe80::818:37ff:fe9a:e09c len=64 near\n"
	    "eth0 10.0.0.11 len=120 secondary\n"
	    "lo 127.0.0.1 len=104 near\n"
	    "tun0 10.8.0.1 len=128\n");
	read_text(r.state, r.told, read_ip_json, "b.json",
	    quoted("{'ifindex':9,'ifname':'eth0','flags':['UP']}"));
	assert_string_equal(r.told->text, "b.json: interface eth0 has index 9 here "
	    "and 2 before; the first is kept\n");
	run_free(&r);
}

static void
neighbours(void **state)
{
	struct run r = run(read_ip_neigh, "ip-neigh.txt",
	    "10.9.0.77 dev d0 INCOMPLETE \n"
	    "10.9.0.7 dev d0 lladdr 02:00:00:00:00:01 PERMANENT \n"
	    "10.9.0.5 dev d0 proxy \n"
	    "2001:db8::5 dev d0 lladdr 02:00:00:00:00:03 router STALE \n"
	    "10.9.0.8 lladdr 02:00:00:00:00:01 REACHABLE \n");
	const struct neigh *n;

	(void)state;
	read_text(r.state, r.told, read_ip_json, "ip-neigh.json", quoted(
	    "{'dst':'10.9.0.77','dev':'d0','state':['INCOMPLETE']},"
	    "{'dst':'10.9.0.9','dev':'d0','lladdr':'02:00:00:00:00:09',"
	    "'state':['PERMANENT']}"));
	n = r.state->neighs.v;
	assert_int_equal(r.state->neighs.n, 4);
	assert_true(n[0].failed && !n[0].has_mac && !n[0].permanent);
	assert_true(n[1].permanent && n[1].has_mac && n[1].mac[5] == 1);
	assert_true(!n[2].failed && n[2].mac[5] == 3);
	assert_true(n[3].permanent && n[3].mac[5] == 9);
	assert_string_equal(n[3].dev, "d0");
	assert_string_equal(r.told->text,
	    "ip-neigh.txt:5: the neighbour has no device\n");
	run_free(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addr_text),
		cmocka_unit_test(addr_other_forms),
		cmocka_unit_test(addr_bad),
		cmocka_unit_test(ifconfig_styles),
		cmocka_unit_test(ifconfig_bad),
		cmocka_unit_test(links_from_several),
		cmocka_unit_test(neighbours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
