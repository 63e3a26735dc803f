/* SPDX-License-Identifier: GPL-2.0-or-later */
/* help_text.c - the prose of --help and of the manual page. */
#include "ui/help.h"

#include <stddef.h>

static const struct help_pair examples[] = {
	{ "podpath read node.pcap",
	    "one line for each flow: who, translated to what, over which "
	    "interfaces" },
	{ "podpath read -v node.pcap host 192.168.1.40 and icmp",
	    "with its path, only flows that a filter matches before or after "
	    "translation" },
	{ "podpath read eni5f3a=veth.pcap eth0=eni.pcap",
	    "two captures of two interfaces, with their names, as one" },
	{ "podpath read -o json --where 'verdict=dropped if=eni*' node.pcapng.gz",
	    "flows that came in and never went out, for a program" },
	{ "ssh node tcpdump -i any -U -w - | podpath read - port 443",
	    "what tcpdump sees on another machine, at its end" },
};

static const struct help_pair exit_codes[] = {
	{ "0", "fine; also when only the last packet of a capture is cut off" },
	{ "2", "usage or input error; what could be read was still written" },
	{ "130", "ended at once by a second Ctrl-C (the first one stops reading "
	    "and writes what was found)" },
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
	    "before or after translation, inside or outside a tunnel." },
	{ "Terms of --where",
	    "Terms are separated by blanks and must all hold. A term is "
	    "KEY=VALUE or KEY!=VALUE; a comma separates alternatives; words take "
	    "the globs * ? [...]. Numbers also take < <= > >= and ranges "
	    "(port=8000-8100). What is not known matches no value." },
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
