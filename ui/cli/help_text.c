/* SPDX-License-Identifier: GPL-2.0-or-later */
/* help_text.c - the prose of --help and of the manual page. */
#include "ui/cli/help.h"

#include <stddef.h>

#include "ui/cli/commands.h"

#define READ		(1u << COMMAND_READ)
#define VERIFY		(1u << COMMAND_VERIFY)
#define EXPLAIN		(1u << COMMAND_EXPLAIN)
#define NODE		(1u << COMMAND_NODE)
#define STATE		(1u << COMMAND_STATE)
#define LIVE		(1u << COMMAND_LIVE)
#define RECORD		(1u << COMMAND_RECORD)
#define WHO		(1u << COMMAND_WHO)
#define EVERY		((1u << N_COMMANDS) - 1)

static const struct help_pair examples[] = {
	{ "podpath read node.pcap",
	    "one line for each flow: who, translated to what, over which "
	    "interfaces", READ },
	{ "podpath read -v node.pcap host 192.168.1.40 and icmp",
	    "with its path, only flows that a filter matches before or after "
	    "translation", READ },
	{ "podpath read eni5f3a=veth.pcap eth0=eni.pcap",
	    "two captures of two interfaces, with their names, as one", READ },
	{ "podpath read -o json --where 'verdict=dropped if=eni*' node.pcapng.gz",
	    "flows that came in and never went out, for a program", READ },
	{ "ssh node tcpdump -i any -U -w - | podpath read - port 443",
	    "what tcpdump sees on another machine, at its end", READ },
	{ "podpath read --state eks_i-0abc.tar.gz --where verdict=wrong node.pcap",
	    "what went wrong, with the rule that is missing and the fix",
	    READ },
	{ "podpath live",
	    "on the node, as root: a line for each flow as it becomes known",
	    LIVE },
	{ "podpath live -i 'eni*' -i eth0 --where verdict=wrong",
	    "the host veths of pods and one interface more, only what is wrong",
	    LIVE },
	{ "podpath live -o json -w run.pcapng port 53",
	    "for a program, with all that was seen beside it", LIVE },
	{ "podpath record -w run.pcapng -C 100 -W 10",
	    "the last ten files of 100 MB each", RECORD },
	{ "podpath record -w trouble.pcapng --ring 60s --ring-on missing-snat",
	    "nothing but the minute before it goes wrong", RECORD },
	{ "podpath read --changes run.pcapng",
	    "a recording, as live told it", READ },
	{ "podpath verify snat --state eks_i-0abc.tar.gz node.pcap",
	    "did everything that left the VPC leave as the node?", VERIFY },
	{ "podpath verify snat no-nat eni --state state.json -o junit",
	    "the node's set-up alone, without packets, for CI", VERIFY },
	{ "podpath verify nlb-ip --state state.json --service default/web node.pcap",
	    "does the load balancer deliver straight to its pods, and do they see "
	    "the client?", VERIFY },
	{ "podpath explain default/web-0 8.8.8.8:443 --state state.json",
	    "which ENI, which rules, which source address", EXPLAIN },
	{ "podpath explain internet node:30080 --state state.json",
	    "what becomes of a connection to a NodePort", EXPLAIN },
	{ "podpath who 192.168.3.243:21015@17:33:23 --state state.json node.pcap",
	    "which pod was behind this address and port then", WHO },
	{ "podpath who 192.168.3.243 -o json",
	    "on the node, as root, from conntrack: its SNAT ports, and who uses them",
	    WHO },
	{ "podpath node --state eks_i-0abc.tar.gz",
	    "ENIs, pods, addresses left, and what deviates", NODE },
	{ "podpath state -w state.json",
	    "on the node, as root", STATE },
};

static const struct help_pair exit_codes[] = {
	{ "0", "fine, or verified; also when only the last packet of a capture is "
	    "cut off, and for podpath node whatever deviates", EVERY },
	{ "1", "verify: a check failed; explain: the path is dropped or breaks "
	    "what the CNI requires; who: nobody had it", VERIFY | EXPLAIN | WHO },
	{ "2", "usage or input error; what could be read was still written",
	    EVERY },
	{ "3", "verify: inconclusive (nothing to judge, loss, or not known); "
	    "explain: the state does not tell; who: several had it at once, or "
	    "not enough was seen", VERIFY | EXPLAIN | WHO },
	{ "130", "ended at once by a second Ctrl-C (the first one stops reading "
	    "and writes what was found)", READ | LIVE | RECORD | VERIFY | WHO },
};

static const struct help_pair paragraphs[] = {
	{ "Files and the filter",
	    "FILE is a pcap or pcapng capture, gzipped or not; - is standard "
	    "input. NAME=FILE gives the interface of a capture its name. Several "
	    "files are merged by time. Leading words that name an existing file "
	    "(or look like a path: a slash inside, or .pcap, .pcapng, .cap, "
	    ".dump, .gz at the end) are files; the first other word begins the "
	    "filter, a pcap-filter(7) expression that goes on to the end. It "
	    "selects flows: a flow is shown when any of its packets matches, "
	    "before or after translation, inside or outside a tunnel.",
	    READ | VERIFY | WHO },
	{ "What live writes",
	    "A flow is written once its first packets had time to cross the node, "
	    "and again when its path, its translation or its verdict became another. "
	    "Text has a + before a flow that is new and a ~ before one that changed; "
	    "JSON and CSV say new, change or end (the last word on a flow that is "
	    "over, and on all of them at the end) as \"event\". A flow that turns "
	    "out to be part of another says joined, and into which, in JSON. Lines are "
	    "written ten times a second. --where is asked each time.",
	    READ | LIVE },
	{ "The filter of live",
	    "All words are one pcap-filter(7) expression. It selects flows, as that "
	    "of podpath read does: a flow is shown when any of its packets matches, "
	    "before or after translation. It does not make the work less; "
	    "--capture-filter does, at a price.", LIVE },
	{ "Rights",
	    "Capturing needs CAP_NET_RAW; conntrack and NAT rules need "
	    "CAP_NET_ADMIN, without which packets are the only witness; --netns "
	    "needs CAP_SYS_ADMIN. As root, podpath opens what it needs, FILE of -w "
	    "too, and then becomes the user of -Z with these two rights alone; what "
	    "is opened later (-C, -G, --ring) is opened by that user, who must be "
	    "allowed to write there.", LIVE | RECORD },
	{ "Signals",
	    "SIGINT and SIGTERM end with the summary, a second one at once. SIGUSR1 "
	    "prints counters on standard error and writes the ring of --ring. "
	    "SIGHUP looks at NAT rules, ENIs and pods now.", LIVE | RECORD },
	{ "What a recording holds",
	    "Packets, interfaces with their addresses, names of pods, drop counts; "
	    "and, where other programs pass over it, the node's state, every change "
	    "of it, conntrack's events and the passing of time. So podpath read FILE "
	    "needs no --state and says what live said. When --state is given it is "
	    "taken instead of what is inside.", READ | LIVE | RECORD },
	{ "What verify judges",
	    "A capture with --state: the flows. A capture alone: what packets "
	    "alone can prove, which is little; the rest is inconclusive. --state "
	    "alone: the set-up of the node, and for each of its pods the path "
	    "that its rules predict. Neither: the same of the node that podpath "
	    "runs on. A failed check beats an inconclusive one; "
	    "inconclusive is never a pass, and a flow that was dropped proves "
	    "nothing about its translation.", VERIFY },
	{ "Source and destination",
	    "SOURCE is a pod (NAMESPACE/NAME, or NAME where only one has it), an "
	    "address, node (a process of this node) or internet (something "
	    "outside). DESTINATION is an address, a pod, a Service "
	    "(NAMESPACE/NAME:PORT, a number or the port's name) or node:PORT (a "
	    "NodePort). An IPv6 address with a port stands in brackets. PROTO is "
	    "tcp, udp, sctp or icmp: tcp with a port and icmp without one unless "
	    "told. Without --state this node's own state is taken.", EXPLAIN },
	{ "Address, port and time",
	    "A port may name its protocol, as in 10.0.0.1:53/udp (of icmp it is the "
	    "id); an IPv6 address with a port stands in brackets. TIME is RFC 3339, "
	    "such as 2026-11-20T17:33:23Z, a time of day (17:33:23, UTC), or "
	    "seconds since 1970; it is as exact as it is written: 17:33:23 is that "
	    "whole second, 17:33:23.5 a tenth of one. Without TIME all that had it "
	    "are told. Without FILE conntrack alone is asked: of --state, else of the "
	    "node that podpath runs on.", WHO },
	{ "Terms of --where",
	    "Terms are separated by blanks and must all hold. A term is "
	    "KEY=VALUE or KEY!=VALUE; a comma separates alternatives; words take "
	    "the globs * ? [...]. Numbers also take < <= > >= and ranges "
	    "(port=8000-8100). What is not known matches no value.",
	    READ | LIVE | RECORD | VERIFY | WHO },
};

const struct help_pair *
help_example(unsigned i)
{
	return i < sizeof(examples) / sizeof(examples[0]) ? &examples[i] : NULL;
}

const struct help_pair *
help_exit_code(unsigned i)
{
	return i < sizeof(exit_codes) / sizeof(exit_codes[0]) ?
	    &exit_codes[i] : NULL;
}

const struct help_pair *
help_paragraph(unsigned i)
{
	return i < sizeof(paragraphs) / sizeof(paragraphs[0]) ?
	    &paragraphs[i] : NULL;
}
