#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Show what podpath says about a bundled capture: pods that leave the VPC.
# usage: tests/demo.sh PODPATH
set -eu
cd "$(dirname "$0")/.."
show() {
	printf '\n$ podpath %s\n' "$*"
	"$podpath" "$@"
}
podpath=$1
state=pcaps/pod-internet-secondary
capture=$state/any.pcap

cat <<'TEXT'
A pod on the second ENI talks to the internet; `tcpdump -i any` on the node saw
each packet twice, before and after its translation. The node's rules, routes,
conntrack entries and pods lie beside the capture. One line for each flow:
TEXT
show read --state "$state" "$capture"
printf '\nThe path of one of them, and what decided it:\n'
show read -v --state "$state" "$capture" icmp
printf '\nNo packets needed: where would one go, and why?\n'
show explain --state "$state" default/echo-b 8.8.8.8:53/udp
printf '\nFor scripts: is it right?  (exit code 0, 1 or 3)\n'
show verify snat eni --state "$state" "$capture"
printf '\nAnd a node where a policy rule was lost:\n'
show node --state pcaps/missing-rule-1536
