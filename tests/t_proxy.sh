#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# PROXY protocol over the lab's captures: the clients that the pods themselves saw
# (clients.txt), fields of version 2, --where client=, and headers that the capture
# cut: named, and not believed.
. "$(dirname "$0")/tap.sh"

if ! command -v jq >/dev/null 2>&1; then
	skip "clients by PROXY protocol" "no program jq"
	done_testing
	exit 0
fi

CLIENTS='select(.proxy_protocol.src) | .proxy_protocol | "\(.src):\(.sport)"'

read_case() {
	run read -o json --state "pcaps/$1" "pcaps/$1/any.pcap"
}

clients() {
	jq -r "$CLIENTS" "$T/out" | sort
}

flows() {
	jq -s 'map(select(.schema == "podpath.flow/1")) | length' "$T/out"
}

# Exactly the clients that the pods answered with, and --where finds exactly them.
for case in nlb-ip-proxy-v2-tls nlb-ip-proxy-split; do
	C=pcaps/$case
	cut -d ' ' -f 1 $C/clients.txt | sort >"$T/truth"
	read_case $case
	clients | cmp -s - "$T/truth" && [ "$code" -eq 0 ] && [ -s "$T/truth" ] && sound
	tap $? "$case: exactly the clients of clients.txt"
	cp "$T/out" "$T/first"
	read_case $case
	grep -v summary "$T/first" >"$T/a"
	grep -v summary "$T/out" | cmp -s - "$T/a" && [ -s "$T/a" ]
	tap $? "$case: the same when it is read again"
	run read -o json --changes --state $C $C/any.pcap
	clients | uniq | cmp -s - "$T/truth"
	tap $? "$case: with --changes no other client at any time"
	run read -o json --where client=203.0.113.50 --state $C $C/any.pcap
	clients | cmp -s - "$T/truth" && [ "$(flows)" -eq "$(wc -l <"$T/truth")" ]
	tap $? "$case: --where client=203.0.113.50"
	for other in 203.0.113.5 203.0.113.51 203.0.113.48/31 198.51.100.0/24; do
		run read -o json --where "client=$other" --state $C $C/any.pcap
		[ "$code" -eq 0 ] && [ "$(flows)" -eq 0 ]
		tap $? "$case: --where client=$other: nobody"
	done
	run read -o json --max-flows 2 --state $C $C/any.pcap
	clients | uniq | comm -23 - "$T/truth" | grep . && ok=1 || ok=0
	tap $ok "$case: few flows at a time: no other client"
	run read -o json $C/any.pcap
	clients | cmp -s - "$T/truth"
	tap $? "$case: packets alone"
	for cut in '2 3' '4 5 6 7 8'; do
		# shellcheck disable=SC2086
		"$BUILD/tests/cut" $C/any.pcap "$T/cut.pcap" 0 $cut
		run read -o json --state $C "$T/cut.pcap"
		clients | cmp -s - "$T/truth"
		tap $? "$case: interfaces $cut alone"
	done
	for dev in 2 3; do
		"$BUILD/tests/cut" $C/any.pcap "$T/eth$dev.pcap" 0 ether:$dev
	done
	run read -o json --state $C "$T/eth2.pcap" "$T/eth3.pcap"
	clients | cmp -s - "$T/truth"
	tap $? "$case: a file for each ENI"
done
for case in nlb-ip-proxy-v1 nlb-ip-proxy-v2; do
	run read -o json --where client=203.0.113.50 --state pcaps/$case pcaps/$case/any.pcap
	[ "$(flows)" -eq 4 ] && [ "$(clients | sed 's/:.*//' | uniq -c | tr -s ' ')" = \
	    ' 4 203.0.113.50' ]
	tap $? "$case: --where client=203.0.113.50: four connections"
done
read_case nlb-ip-proxy-v2
[ "$(jq -s 'map(select(.proxy_protocol.command == "LOCAL") | has("proxy_protocol") and
    (.proxy_protocol | has("src") | not)) | length, all' "$T/out" | tr '\n' ' ')" = '4 true ' ]
tap $? "nlb-ip-proxy-v2: LOCAL names nobody"

# Of which versions, and the fields.
read_case nlb-ip-proxy-split
[ "$(jq -r 'select(.proxy_protocol) | "\(.proxy_protocol.sport) \(.proxy_protocol.version)"' \
    "$T/out" | sort | tr '\n' ' ')" = '50001 2 50002 2 50003 2 50004 1 50005 1 ' ]
tap $? "nlb-ip-proxy-split: versions"
read_case nlb-ip-proxy-v2-tls
[ "$(jq -s 'map(select(.proxy_protocol.vpce == "vpce-08d2bf15fac5001c9")) |
    length, .[0].proxy_protocol.sport, (.[0].proxy_protocol | has("ssl"))' "$T/out" |
    tr '\n' ' ')" = '1 50014 false ' ]
tap $? "nlb-ip-proxy-v2-tls: the VPC endpoint of one"
[ "$(jq -c 'select(.proxy_protocol.ssl) | .proxy_protocol | [.ssl.version, .ssl.cn,
    .ssl.cipher, .ssl.sig_alg, .ssl.key_alg, .ssl.client, .ssl.verified, .alpn,
    .authority, .crc32c, (.unique_id | length)]' "$T/out" | uniq -c | tr -s ' ')" = \
    ' 2 ["TLSv1.3","client.example.com","TLS_AES_256_GCM_SHA384","ecdsa-with-SHA256","EC256",7,true,"http/1.1","www.example.com",true,72]' ]
tap $? "nlb-ip-proxy-v2-tls: the TLS fields of two"

# Every snap length: no client that is none, and what is cut says so.
for case in nlb-ip-proxy-v1 nlb-ip-proxy-v2 nlb-ip-proxy-v2-tls nlb-ip-proxy-split; do
	read_case $case
	clients >"$T/truth"
	wrong=0 named=0 bad=0
	for snap in 40 52 53 57 58 60 63 64 65 67 68 70 75 78 79 80 81 88 90 95 96 97 100 \
	    105 110 120 140 160 200 240 300; do
		"$BUILD/tests/cut" pcaps/$case/any.pcap "$T/cut.pcap" $snap
		run read -o json --state pcaps/$case "$T/cut.pcap"
		sound && [ "$code" -eq 0 ] || wrong=1
		clients | comm -23 - "$T/truth" | grep . && wrong=1
		named=$((named + $(clients | wc -l)))
		jq -r 'select(any(.findings[]?; .code == "proxy-protocol-malformed")) |
		    .proxy_protocol | [has("src"), has("vpce"), has("ssl"), .malformed // .why //
		    ""] | @tsv' "$T/out" >"$T/bad"
		grep -v '^false	false	false	' "$T/bad" && wrong=1
		bad=$((bad + $(wc -l <"$T/bad")))
		# whoever is not named is not said to be anybody's
		jq -r '.findings[]? | select(.code == "proxy-protocol-malformed") | .text' \
		    "$T/out" | grep -v 'must not be believed: ' && wrong=1
	done
	[ $wrong -eq 0 ] && [ $named -gt 0 ] && [ $bad -gt 0 ]
	tap $? "$case: cut at every length: $named clients, none wrong; $bad cut headers"
done
done_testing
