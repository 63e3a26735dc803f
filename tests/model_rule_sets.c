/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * model_rule_sets.c - random rule sets of the kinds that kube-proxy and the VPC
 * CNI write, with random rules among them.
 */
#include "tests/model_lab.h"

const char *const lab_devs[LAB_DEVS] = { "eth0", "eth1", "eni0", "eni1", "eni2" };
const char *const lab_pods[LAB_PODS] = { "192.168.0.11", "192.168.1.12", "192.168.1.13" };

void
lab_policy(FILE *f)
{
	fprintf(f, "rule flush\nrule add pref 32766 lookup main\n");
	for (unsigned i = 0; i < 3; i++) {
		if (lab_chance(90))
			fprintf(f, "rule add pref 512 to %s lookup main\n", lab_pods[i]);
		if (i > 0 && lab_chance(90))
			fprintf(f, "rule add pref 1536 from %s lookup 2\n", lab_pods[i]);
	}
	if (lab_chance(85))
		fprintf(f, "rule add pref 1024 fwmark 0x80/0x80 lookup main\n");
	if (lab_chance(30))
		fprintf(f, "rule add pref %u fwmark 0x%x/0x%x lookup %s\n",
		    400 + lab_pick(800), 1 + lab_pick(3), 1 + lab_pick(3), lab_chance(50) ? "2" : "main");
}

static void
random_matches(FILE *f, bool in, bool out)
{
	static const char *const nets[] = { "192.168.0.0/16", "192.168.1.0/24",
	    "192.168.1.12/32", "172.20.0.0/16", "8.8.8.0/24", "192.168.0.1/32" };

	if (lab_chance(35))
		fprintf(f, "%s -d %s", lab_chance(25) ? " !" : "", nets[lab_pick(6)]);
	if (lab_chance(20))
		fprintf(f, "%s -s %s", lab_chance(25) ? " !" : "", nets[lab_pick(6)]);
	if (in && lab_chance(30))
		fprintf(f, "%s -i %s", lab_chance(20) ? " !" : "", lab_chance(50) ? "eni+" :
		    lab_devs[lab_pick(LAB_DEVS)]);
	if (out && lab_chance(30))
		fprintf(f, "%s -o %s", lab_chance(20) ? " !" : "", lab_chance(50) ? "eth+" :
		    lab_devs[lab_pick(LAB_DEVS)]);
	if (lab_chance(15))
		fprintf(f, " -p udp -m udp --dport %u:%u", 80 + lab_pick(2), 81 + lab_pick(3));
	else if (lab_chance(8))
		fprintf(f, " -p udp -m multiport --dports 80,82,30080");
	if (lab_chance(15))
		fprintf(f, " -m mark%s --mark 0x%x/0x%x", lab_chance(30) ? " !" : "",
		    lab_pick(4), 3);
	if (lab_chance(8))
		fprintf(f, " -m connmark --mark 0x%x/0x80", lab_chance(50) ? 0x80 : 0);
	if (lab_chance(15))
		fprintf(f, " -m addrtype%s --%s-type LOCAL", lab_chance(30) ? " !" : "",
		    lab_chance(70) ? "dst" : "src");
	if (lab_chance(12))
		fprintf(f, " -m conntrack --ctstate %s", lab_chance(40) ? "NEW" :
		    lab_chance(50) ? "RELATED,ESTABLISHED" : lab_chance(50) ? "DNAT" : "SNAT");
	if (lab_chance(6))
		fprintf(f, " -m iprange --src-range 192.168.0.5-192.168.1.12");
}

static void
mark_target(FILE *f)
{
	switch (lab_pick(5)) {
	case 0:
		fprintf(f, " -j MARK --set-xmark 0x%x/0x%x\n", lab_pick(4), lab_pick(4));
		break;
	case 1:
		fprintf(f, " -j CONNMARK --set-xmark 0x80/0x80\n");
		break;
	case 2:
		fprintf(f, " -j CONNMARK --restore-mark --nfmask 0x%x --ctmask 0x%x\n",
		    lab_chance(70) ? 0x80 : 0xff, lab_chance(70) ? 0x80 : 0xff);
		break;
	case 3:
		fprintf(f, " -j CONNMARK --save-mark --nfmask 0x3 --ctmask 0x3\n");
		break;
	default:
		fprintf(f, " -j %s\n", lab_chance(50) ? "RETURN" : "ACCEPT");
	}
}

static void
mangle(FILE *f)
{
	static const char *const hooks[] = { "PREROUTING", "INPUT", "FORWARD", "OUTPUT",
	    "POSTROUTING" };

	fprintf(f, "*mangle\n:X1 - [0:0]\n:X2 - [0:0]\n");
	if (lab_chance(70))
		fprintf(f, "-A PREROUTING -i eth0 -m addrtype --dst-type LOCAL "
		    "--limit-iface-in -j CONNMARK --set-xmark 0x80/0x80\n"
		    "-A PREROUTING -i eni+ -j CONNMARK --restore-mark --nfmask 0x80 "
		    "--ctmask 0x80\n");
	for (unsigned n = lab_pick(7); n > 0; n--) {
		unsigned h = lab_pick(5);

		fprintf(f, "-A %s", hooks[h]);
		random_matches(f, h < 3, h > 1);
		if (lab_chance(25))
			fprintf(f, " -%c X%u\n", lab_chance(80) ? 'j' : 'g', 1 + lab_pick(2));
		else
			mark_target(f);
	}
	for (unsigned n = lab_pick(5); n > 0; n--) {
		fprintf(f, "-A X%u", 1 + lab_pick(2));
		random_matches(f, false, false);
		mark_target(f);
	}
	if (lab_chance(50)) {
		fprintf(f, "-A X1");
		random_matches(f, false, false);
		fprintf(f, " -j X2\n");
	}
	fprintf(f, "COMMIT\n");
}

static void
service(FILE *f, unsigned i)
{
	unsigned n = 1 + lab_pick(3);

	fprintf(f, "-A KUBE-SERVICES -d 172.20.0.%u/32 -p udp -m udp --dport 80 -j SVC%u\n",
	    i, i);
	fprintf(f, "-A KUBE-NODEPORTS -p udp -m udp --dport %u -j EXT%u\n", 30080 + i, i);
	fprintf(f, "-A EXT%u -j KUBE-MARK-MASQ\n-A EXT%u -j SVC%u\n", i, i, i);
	for (unsigned e = 0; e < n; e++) {
		const char *to = lab_chance(70) ? lab_pods[lab_pick(3)] : lab_chance(50) ?
		    "192.168.7.7" : "203.0.113.9";

		fprintf(f, ":SEP%u%u - [0:0]\n", i, e);
		fprintf(f, "-A SVC%u", i);
		if (e < n - 1)
			fprintf(f, " -m statistic --mode random --probability %.11f",
			    1.0 / (n - e));
		fprintf(f, " -j SEP%u%u\n", i, e);
		fprintf(f, "-A SEP%u%u -s %s/32 -j KUBE-MARK-MASQ\n", i, e, to);
		fprintf(f, "-A SEP%u%u -p udp -m udp -j DNAT --to-destination %s", i, e,
		    to);
		fprintf(f, lab_chance(70) ? ":8080\n" : "\n");
	}
}

static void
connmark_chain(FILE *f)
{
	fprintf(f, "-A PREROUTING -i eni+ -j AWS-CONNMARK-CHAIN-0\n"
	    "-A PREROUTING -j CONNMARK --restore-mark --nfmask 0x80 --ctmask 0x80\n"
	    "-A AWS-CONNMARK-CHAIN-0 -d 192.168.0.0/16 -j RETURN\n"
	    "-A AWS-CONNMARK-CHAIN-0 -j CONNMARK --set-xmark 0x80/0x80\n");
}

static void
nat(FILE *f)
{
	static const char *const flags[] = { "", " --random", " --random-fully" };
	bool first = lab_chance(20);

	fprintf(f, "*nat\n:KUBE-SERVICES - [0:0]\n:KUBE-NODEPORTS - [0:0]\n"
	    ":KUBE-MARK-MASQ - [0:0]\n:KUBE-POSTROUTING - [0:0]\n"
	    ":AWS-SNAT-CHAIN-0 - [0:0]\n:AWS-CONNMARK-CHAIN-0 - [0:0]\n");
	for (unsigned i = 0; i < 4; i++)
		fprintf(f, ":SVC%u - [0:0]\n:EXT%u - [0:0]\n", i, i);
	if (first)
		connmark_chain(f);
	fprintf(f, "-A PREROUTING -j KUBE-SERVICES\n-A OUTPUT -j KUBE-SERVICES\n");
	if (!first && lab_chance(80))
		connmark_chain(f);
	if (lab_chance(20))
		fprintf(f, "-A PREROUTING -d 192.168.0.1/32 -p udp -m udp --dport 82 "
		    "-j REDIRECT --to-ports 83\n");
	for (unsigned i = 0; i < 4; i++)
		service(f, i);
	fprintf(f, "-A KUBE-SERVICES -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS\n"
	    "-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000\n"
	    "-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN\n"
	    "-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0\n"
	    "-A KUBE-POSTROUTING -j MASQUERADE%s\n", flags[lab_pick(3)]);
	fprintf(f, "-A POSTROUTING -j KUBE-POSTROUTING\n-A POSTROUTING -j AWS-SNAT-CHAIN-0\n");
	fprintf(f, "-A AWS-SNAT-CHAIN-0 -d 192.168.0.0/16 -j RETURN\n");
	if (lab_chance(80))
		fprintf(f, "-A AWS-SNAT-CHAIN-0 ! -o vlan+ -m addrtype ! --dst-type LOCAL "
		    "-j SNAT --to-source 192.168.0.1%s\n", flags[lab_pick(3)]);
	for (unsigned n = lab_pick(3); n > 0; n--) {
		if (lab_chance(30)) {
			fprintf(f, "-A POSTROUTING -o eth+ -p udp -m udp --dport 81 "
			    "-j SNAT --to-source 192.168.0.77:%u-6999\n",
			    5000 + lab_pick(3));
			continue;
		}
		fprintf(f, "-A POSTROUTING");
		random_matches(f, false, true);
		/* Not where it could mark the connection, or meet an answer: of
		   these one way is not told from the other by what comes out. */
		if (lab_chance(20))
			fprintf(f, " -m statistic --mode random --probability 0.%u",
			    1 + lab_pick(8));
		fprintf(f, lab_chance(50) ? " -j MASQUERADE\n" :
		    " -j SNAT --to-source 192.168.0.78\n");
	}
	fprintf(f, "COMMIT\n");
}

static void
filter(FILE *f)
{
	static const char *const hooks[] = { "INPUT", "FORWARD", "OUTPUT" };
	static const char *const ends[] = { "ACCEPT", "DROP", "RETURN", "REJECT" };

	fprintf(f, "*filter\n:FORWARD %s [0:0]\n:INPUT %s [0:0]\n:Y1 - [0:0]\n:Y2 - [0:0]\n",
	    lab_chance(85) ? "ACCEPT" : "DROP", lab_chance(90) ? "ACCEPT" : "DROP");
	for (unsigned n = lab_pick(6); n > 0; n--) {
		unsigned h = lab_pick(3);

		fprintf(f, "-A %s", hooks[h]);
		random_matches(f, h < 2, h > 0);
		if (lab_chance(40))
			fprintf(f, " -%c Y%u\n", lab_chance(80) ? 'j' : 'g', 1 + lab_pick(2));
		else
			fprintf(f, " -j %s\n", ends[lab_pick(4)]);
	}
	for (unsigned n = lab_pick(5); n > 0; n--) {
		fprintf(f, "-A Y%u", 1 + lab_pick(2));
		random_matches(f, false, false);
		fprintf(f, " -j %s\n", ends[lab_pick(4)]);
	}
	fprintf(f, "COMMIT\n");
}

void
lab_tables(FILE *f)
{
	/* Errors that this node sends would pass the rules too, as packets of the
	   same connection. */
	fprintf(f, "*raw\n-A OUTPUT -p icmp -j DROP\n");
	if (lab_chance(20))
		fprintf(f, "-A PREROUTING -i eni2 -d 8.8.8.0/24 -j NOTRACK\n");
	fprintf(f, "COMMIT\n");
	mangle(f);
	nat(f);
	filter(f);
}
