#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# podpath verify: over captures with state, captures alone, state alone; the
# forms, exit codes and words.
. "$(dirname "$0")/tap.sh"

# verifies CODE CASE CHECK [TEXT...]: a capture with its state
verifies() {
	want=$1 case=$2 check=$3
	shift 3
	run verify "$check" --state "pcaps/$case" pcaps/"$case"/*.pcap
	ok=0
	[ "$code" -eq "$want" ] && sound || ok=1
	for text in "$@"; do
		holds out "$text" || ok=1
	done
	tap $ok "$case: $check: $want"
}

# setup CODE CASE CHECK [TEXT...]: the state alone
setup() {
	want=$1 case=$2 check=$3
	shift 3
	run verify "$check" --state "pcaps/$case"
	ok=0
	[ "$code" -eq "$want" ] && sound || ok=1
	for text in "$@"; do
		holds out "$text" || ok=1
	done
	tap $ok "set-up of $case: $check: $want"
}

for case in pod-internet-primary pod-internet-secondary pod-internet-ladder \
    pod-internet-nft-connmark pod-to-peered same-source-port external-snat \
    host-internet; do
	verifies 0 $case snat 'snat: ok: '
	setup 0 $case snat
done
for case in pod-to-vpc pod-to-peer excluded-cidr pod-to-pod-same-node \
    external-snat; do
	verifies 0 $case no-nat
done
for case in pod-to-vpc pod-to-peer pod-internet-secondary nodeport-local \
    nlb-ip-preserved; do
	verifies 0 $case eni
	verifies 0 $case path
	setup 0 $case eni
	setup 0 $case path
done

verifies 0 decision-table-external snat
verifies 1 decision-table-snat snat '10.100.50.5:7 udp'
for case in ipv6-pod-to-pod ipv6-cluster-ipv4-egress; do
	verifies 0 $case path
done

verifies 1 missing-snat snat 'snat: failed: ' \
    'failed: missing-snat: default/netshoot 192.168.3.107 id ' \
    '; flow 1, enie348bef9edc > eth0 => no-nat' 'fix: ' '1 check: 0 ok, 1 failed, 0 inconclusive'
verifies 1 wrong-snat snat 'wrong-snat: '
verifies 1 missing-rule-1024 snat 'fix: ip rule add fwmark 0x80/0x80'
verifies 1 missing-rule-1536 eni 'wrong-eni: ' \
    'ip rule add from 192.168.3.30 lookup 2 priority 1536'
verifies 1 missing-rule-1536 path
verifies 1 nodeport-no-connmark eni
verifies 1 connmark-first eni
for case in policy-ingress policy-egress forward-drop no-route blackhole; do
	verifies 1 $case path
done

# What was dropped, or not there at all, proves nothing.
verifies 3 forward-drop snat 'dropped on its way, which proves nothing'
verifies 3 pod-to-vpc snat 'no flow of this kind was seen'
verifies 3 pod-internet-primary no-nat
verifies 3 overlay-vxlan snat
run verify snat no-nat --state pcaps/missing-snat pcaps/missing-snat/any.pcap
[ "$code" -eq 1 ] && holds out "2 checks: 0 ok, 1 failed, 1 inconclusive"
tap $? "failed beats inconclusive"
run verify snat --state pcaps/missing-snat pcaps/missing-snat/any.pcap \
    host 192.168.3.77
[ "$code" -eq 3 ] && holds out "0 flows judged"
tap $? "a filter that leaves nothing: 3"
run verify snat --state pcaps/missing-snat pcaps/missing-snat/any.pcap \
    --where 'pod=default/echo-b'
[ "$code" -eq 1 ] && holds out "1 flow judged"
tap $? "--where chooses flows"

# The set-up alone.
setup 1 missing-snat snat 'missing-snat: ' 'from the node'
setup 1 wrong-snat snat
setup 0 missing-snat no-nat
setup 1 missing-rule-1536 eni 'default/echo-b 192.168.3.30 -> ' 'wrong-eni: '
setup 1 missing-rule-1536 path
setup 1 missing-rule-512 path 'rule-512-missing'
setup 1 nodeport-no-connmark path
setup 1 rp-filter path
setup 3 overlay-vxlan path 'nothing to compare with'
setup 1 forward-drop path '(outside the VPC): it is dropped on this node: ' \
    'the policy of filter FORWARD is DROP'
[ "$(sed -n 2p "$T/out" | cut -d: -f2,3)" = " forward-policy: set-up" ]
tap $? "what explains the rest comes first"
# Neither a capture nor a state: the node that this is.  Not an EKS node here.
run verify path
[ "$code" -eq 3 ] && holds out 'nothing to compare with' &&
    [ "$(sort "$T/err" | uniq -d | wc -l)" -eq 0 ] &&
    ! grep -v '^podpath verify: warning: ' "$T/err"
tap $? "this machine: inconclusive, never a pass"

# Packets alone prove little.
for check in snat eni path; do
	run verify $check pcaps/pod-internet-primary/any.pcap
	[ "$code" -eq 3 ] && holds out "without --state"
	tap $? "packets alone: $check is inconclusive"
done
run verify no-nat pcaps/pod-to-vpc/any.pcap
[ "$code" -eq 0 ]
tap $? "packets alone: nothing was translated"
run verify no-nat pcaps/pod-internet-primary/any.pcap
[ "$code" -eq 3 ]
tap $? "packets alone: whether what was translated was inside is not known"

# Forms.
run verify snat no-nat eni path --state pcaps/missing-snat -v -o tap \
    pcaps/missing-snat/any.pcap
[ "$code" -eq 1 ] && [ "$(head -n 2 "$T/out")" = "TAP version 14
1..4" ] && [ "$(grep -cE '^(not )?ok [1-4] - ' "$T/out")" -eq 4 ] &&
    grep -q '^not ok 1 - snat$' "$T/out" &&
    grep -q '^not ok 2 - no-nat (inconclusive)$' "$T/out" &&
    [ "$(grep -c '^  ---$' "$T/out")" -eq "$(grep -c '^  \.\.\.$' "$T/out")" ]
tap $? "TAP 14"
run verify snat no-nat eni --state pcaps/missing-snat -v -o junit \
    pcaps/missing-snat/any.pcap
[ "$code" -eq 1 ] && holds out 'tests="3" failures="2" errors="1"' &&
    [ "$(grep -c '<testcase ' "$T/out")" -eq 3 ] && holds out '--to-source' &&
    ! holds out '"AWS, SNAT"'
tap $? "JUnit"
if command -v xmllint >/dev/null 2>&1; then
	xmllint --noout "$T/out" 2>"$T/err"
	tap $? "JUnit is well-formed XML"
elif command -v python3 >/dev/null 2>&1; then
	python3 -c 'import sys, xml.dom.minidom as m; m.parse(sys.argv[1])' \
	    "$T/out" 2>"$T/err"
	tap $? "JUnit is well-formed XML"
else
	skip "JUnit is well-formed XML" "neither xmllint nor python3"
fi
if command -v jq >/dev/null 2>&1; then
	run verify snat path --state pcaps/missing-snat -o json \
	    pcaps/missing-snat/any.pcap
	[ "$code" -eq 1 ] && [ "$(jq -c '[.schema, .result, .judged,
	    (.checks | map(.check)), .checks[0].failed,
	    .checks[0].items[0].code]' "$T/out")" = \
	    '["podpath.verify/1","failed",2,["snat","path"],2,"missing-snat"]' ]
	tap $? "JSON"
else
	skip "JSON of verify" "no program jq"
fi
run verify snat -v --state pcaps/pod-internet-primary \
    pcaps/pod-internet-primary/any.pcap
[ "$code" -eq 0 ] && holds out "; flow 1, enie348bef9edc > eth0 => 192.168.3.243"
tap $? "-v: what passed too"
run verify snat --color always --state pcaps/pod-internet-primary
grep -q "$(printf '\033')\[32mok" "$T/out"
tap $? "--color always"

# Input errors are 2, whatever the checks say.
head -c 300 pcaps/missing-snat/any.pcap >"$T/cut.pcap"
printf 'no capture' >"$T/bad.pcap"
run verify snat --state pcaps/missing-snat pcaps/missing-snat/any.pcap \
    "$T/bad.pcap"
[ "$code" -eq 2 ] && holds out "snat: failed"
tap $? "one bad file of two: 2, and what could be read was judged"
fails "no check" "what to check is expected: snat, no-nat, eni, path" verify
fails "mistyped check" "unknown check 'snt' (did you mean 'snat'?)" verify snt
fails "mistyped second check" "did you mean 'no-nat'?" verify snat no-nta
fails "no check, a file" "is no check; first comes what to check" \
    verify pcaps/missing-snat/any.pcap
fails "where without a capture" "--where chooses flows" \
    verify snat --state pcaps/missing-snat --where verdict=ok
fails "wrong form" "text, json, tap, junit" verify snat -o csv
fails "no such capture" "none.pcap" verify snat "$T/none.pcap"
fails "no such state" "none" verify snat --state "$T/none"
code=0
timeout 20 "$PODPATH" verify snat --state pcaps/missing-snat >/dev/full \
    2>"$T/err" || code=$?
[ "$code" -eq 2 ] && [ "$(wc -l <"$T/err")" -eq 1 ] && holds err "No space left"
tap $? "disk full"
done_testing
