#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Do the flows of every lab capture say what the kernel's conntrack said?  First
# the captures of pcaps/, then, as root, cases that are recorded now: their
# timing and their ports are new each time.
. "$(dirname "$0")/tap.sh"
FRESH="pod-internet-secondary nodeport-cluster-remote same-bytes"

# check NAME DIR: one TAP line, with the figures behind its name.
check() {
	code=0
	timeout 60 "$BUILD/tests/truth" "$2" >"$T/out" 2>"$T/err" || code=$?
	tap "$code" "$1: $(head -n 1 "$T/out")"
}

cases=0
for events in pcaps/*/conntrack-events.txt; do
	[ -f "$events" ] || continue
	cases=$((cases + 1))
	dir=${events%/*}
	check "${dir#pcaps/}" "$dir"
done
[ "$cases" -gt 0 ]
code=$?
tap "$code" "there are lab cases in pcaps/"

# A case whose events tell another story must not pass: the truth with the
# translated ports of one entry changed.
liar=pcaps/pod-internet-primary
if [ -d "$liar" ]; then
	mkdir "$T/liar"
	cp "$liar"/*.pcap "$T/liar"
	sed 's/dport=\([0-9]*\)\( .*\)\{0,1\} mark=/dport=1\2 mark=/' \
	    "$liar/conntrack-events.txt" >"$T/liar/conntrack-events.txt"
	code=0
	"$BUILD/tests/truth" "$T/liar" >"$T/out" 2>"$T/err" || code=$?
	[ "$code" -eq 1 ] && grep -q 'no such flow' "$T/err" &&
	    grep -q 'joined wrongly' "$T/err"
	tap $? "truth notices what is not so"
fi

if [ "$(id -u)" != 0 ]; then
	skip "cases recorded now" "needs root"
else
	code=0
	# The names are words.
	# shellcheck disable=SC2086
	timeout 300 tests/lab/run.sh record -o "$T/fresh" $FRESH >"$T/out" 2>"$T/err" ||
	    code=$?
	if [ "$code" -eq 77 ]; then
		skip "cases recorded now" "$(tail -n 1 "$T/err")"
	elif [ "$code" -ne 0 ]; then
		tap "$code" "cases recorded now"
	else
		for name in $FRESH; do
			check "recorded now, $name" "$T/fresh/$name"
		done
	fi
fi
done_testing
