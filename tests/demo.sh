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
capture=pcaps/pod-internet-secondary/any.pcap

cat <<'TEXT'
A pod on the second ENI talks to the internet; `tcpdump -i any` on the node saw
each packet twice, before and after its translation. One line for each flow:
TEXT
show read "$capture"
printf '\nThe path of one of them, leg by leg:\n'
show read -v "$capture" icmp
printf '\nThe same for a program:\n'
show read -o json --where proto=icmp "$capture"
