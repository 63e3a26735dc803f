#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Captures of two sides of a node, one of them with another clock: the flows
# must be those that the same captures give with one clock.
. "$(dirname "$0")/tap.sh"
DIR=pcaps/two-files
VETH=$(echo "$DIR"/eni*.pcap)
ENI=$DIR/eth0.pcap

# What was joined to what, and over which interfaces; times left out.
flows() {
	"$PODPATH" read -o json "$@" 2>"$T/err" |
	    jq -c 'select(.schema == "podpath.flow/1") |
	    [.original, .translated, [.legs[] | [.side, .ifname, .dir, .packets]],
	    .evidence.matched]' | sort
}

flows "$VETH" "$ENI" >"$T/same"
[ "$(grep -c . "$T/same")" -gt 3 ] && [ ! -s "$T/err" ]
tap $? "two files of one clock are joined, nothing is said of clocks"

for seconds in 0.42 -0.42 10800 -7200.5 63072000; do
	"$BUILD/tests/shift" "$ENI" "$T/eth0.pcap" "$seconds"
	flows "$VETH" "$T/eth0.pcap" >"$T/moved"
	cmp -s "$T/same" "$T/moved" && grep -q corrected "$T/err"
	tap $? "the ENI side $seconds s off gives the same flows"
	flows "$T/eth0.pcap" "$VETH" >"$T/moved"
	cmp -s "$T/same" "$T/moved"
	tap $? "the same, named first"
done

# Two clocks off at once, three files.
DIR=pcaps/three-interfaces
flows "$DIR"/*.pcap >"$T/same"
set --
shift_by=100
for f in "$DIR"/*.pcap; do
	name=$(basename "$f")
	"$BUILD/tests/shift" "$f" "$T/$name" "$shift_by.77"
	shift_by=$((shift_by * 60))
	set -- "$@" "$T/$name"
done
flows "$@" >"$T/moved"
[ -s "$T/same" ] && cmp -s "$T/same" "$T/moved"
tap $? "three files, three clocks"

# A pipe cannot be read twice: it keeps its times, and is read all the same.
"$PODPATH" read -o json "$VETH" "eth0=-" <"$ENI" >"$T/out" 2>"$T/err"
cat "$ENI" | "$PODPATH" read -o json "$VETH" "eth0=-" >"$T/piped" 2>"$T/err"
code=$?
[ "$code" -eq 0 ] && [ "$(jq -r 'select(.packets).packets' "$T/piped")" = \
    "$(jq -r 'select(.packets).packets' "$T/out")" ]
tap $? "a pipe among several inputs"
[ "$(jq -r 'select(.packets).packets' "$T/out")" -eq 48 ]
tap $? "a file on standard input among several inputs"
done_testing
