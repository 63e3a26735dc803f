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
	{ "podpath verify snat --state eks_i-0abc.tar.gz node.pcap",
	    "did everything that left the VPC leave as the node?", VERIFY },
	{ "podpath verify snat no-nat eni --state state.json -o junit",
	    "the node's set-up alone, without packets, for CI", VERIFY },
	{ "podpath explain default/web-0 8.8.8.8:443 --state state.json",
	    "which ENI, which rules, which source address", EXPLAIN },
	{ "podpath explain internet node:30080 --state state.json",
	    "what becomes of a connection to a NodePort", EXPLAIN },
	{ "podpath node --state eks_i-0abc.tar.gz",
	    "ENIs, pods, addresses left, and what deviates", NODE },
	{ "podpath state -w state.json",
	    "on the node, as root", STATE },
};

static const struct help_pair exit_codes[] = {
	{ "0", "fine, or verified; also when only the last packet of a capture is "
	    "cut off, and for podpath node whatever deviates", EVERY },
	{ "1", "verify: a check failed; explain: the path is dropped or breaks "
	    "what the CNI requires", VERIFY | EXPLAIN },
	{ "2", "usage or input error; what could be read was still written",
	    EVERY },
	{ "3", "verify: inconclusive (nothing to judge, loss, or not known); "
	    "explain: the state does not tell", VERIFY | EXPLAIN },
	{ "130", "ended at once by a second Ctrl-C (the first one stops reading "
	    "and writes what was found)", READ | VERIFY },
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
	    READ | VERIFY },
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
	{ "Terms of --where",
	    "Terms are separated by blanks and must all hold. A term is "
	    "KEY=VALUE or KEY!=VALUE; a comma separates alternatives; words take "
	    "the globs * ? [...]. Numbers also take < <= > >= and ranges "
	    "(port=8000-8100). What is not known matches no value.",
	    READ | VERIFY },
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
