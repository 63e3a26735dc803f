#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# DNS over the lab's captures: who was named by what, against what the lab noted;
# the same where less was captured, when a name may be missing but never wrong;
# what is found when answers fail, come late or never; servers; --where.
. "$(dirname "$0")/tap.sh"

if ! command -v jq >/dev/null 2>&1; then
	skip "names of connections" "no program jq"
	done_testing
	exit 0
fi

# Flows other than questions, in order of beginning: source, destination, port, name
NAMES='select(.schema == "podpath.flow/1" and .original.dport != 53) |
    [.first, .original.src, .original.dst, .original.dport, .dns_name // "-"] | @tsv'

names() {
	jq -r "$NAMES" "$T/out" | sort | cut -f 2- | tr '\t' ' '
}

read_case() {
	run read -o json --state "pcaps/$1" "pcaps/$1/any.pcap"
}

# Every source port that a connection has on one of its sides, with its name.
ports() {
	jq -r 'select(.schema == "podpath.flow/1" and .original.dport != 53) |
	    (.dns_name // "-") as $n | [.original, .translated // .original] |
	    map([.dst, .dport, .sport, $n] | @tsv) | unique[]' "$T/out" | sort -u
}

# never_wrong NAME ARGS...: each connection has the name that the whole capture
# gave it, or none.
never_wrong() {
	name=$1
	shift
	run read -o json "$@"
	ports >"$T/ports"
	ok=0
	[ "$code" -eq 0 ] && sound && [ -s "$T/ports" ] || ok=1
	wrong=$(grep -v '	-$' "$T/ports" | comm -23 - "$T/all" | tr '\t' ' ')
	[ -z "$wrong" ] || { ok=1; echo "# named wrongly: $wrong"; }
	tap $ok "$name: $(grep -vc '	-$' "$T/ports") names, none wrong"
}

for case in dns-names dns-race dns-nodelocal; do
	C=pcaps/$case
	read_case $case
	names >"$T/names"
	cmp -s "$T/names" $C/named.txt && [ "$code" -eq 0 ] && sound
	tap $? "$case: exactly the names of named.txt"
	cp "$T/out" "$T/first"
	ports >"$T/all"
	read_case $case
	grep -v summary "$T/first" >"$T/a"
	grep -v summary "$T/out" | cmp -s - "$T/a" && [ -s "$T/a" ]
	tap $? "$case: the same when it is read again"
	run read -o json --changes --state $C $C/any.pcap
	jq -s -r 'map(select(.dns_name)) | map("\(.original.src) \(.original.dst) \(.original.dport) \(.dns_name)") |
	    unique[]' "$T/out" >"$T/names"
	grep -v ' -$' $C/named.txt | sort -u | cmp -s - "$T/names"
	tap $? "$case: with --changes no other name at any time"

	# less: at some interfaces, with and without what conntrack knows
	mkdir -p "$T/$case"
	cp $C/*.json $C/*.txt "$T/$case"
	rm "$T/$case"/conntrack*.txt
	"$BUILD/tests/cut" $C/any.pcap "$T/eth0.pcap" 0 2
	"$BUILD/tests/cut" $C/any.pcap "$T/veths.pcap" 0 4 5 6 7 8
	"$BUILD/tests/cut" $C/any.pcap "$T/ether.pcap" 0 ether:2
	"$BUILD/tests/cut" $C/any.pcap "$T/pod.pcap" 0 ether:4
	"$BUILD/tests/cut" $C/any.pcap "$T/headers.pcap" 60
	for cut in eth0 veths ether headers; do
		never_wrong "$case: $cut" --state $C "$T/$cut.pcap"
		never_wrong "$case: $cut, no conntrack" --state "$T/$case" "$T/$cut.pcap"
	done
	never_wrong "$case: one pod" --state $C "$T/pod.pcap"
	never_wrong "$case: few flows at a time" --max-flows 4 --state $C $C/any.pcap
	never_wrong "$case: packets alone" $C/any.pcap
done

# Snap lengths that cut questions and answers anywhere.
read_case dns-names
ports >"$T/all"
wrong=0 named=0
for snap in $(seq 28 7 220); do
	"$BUILD/tests/cut" pcaps/dns-names/any.pcap "$T/cut.pcap" "$snap"
	run read -o json --state pcaps/dns-names "$T/cut.pcap"
	[ "$code" -eq 0 ] && sound || wrong=1
	ports | grep -v '	-$' >"$T/ports"
	comm -23 "$T/ports" "$T/all" | grep . && wrong=1
	named=$((named + $(wc -l <"$T/ports")))
done
[ $wrong -eq 0 ] && [ $named -gt 0 ]
tap $? "dns-names: cut at every length: $named names, none wrong"

# finds NAME CASE COUNT CODE TEXT...: so many findings of that code; each text is
# that of one of them
finds() {
	name=$1 case=$2 count=$3 finding=$4
	shift 4
	read_case "$case"
	jq -r --arg code "$finding" '.findings[]? | select(.code == $code) | .text' \
	    "$T/out" >"$T/texts"
	ok=0
	[ "$(wc -l <"$T/texts")" -eq "$count" ] || ok=1
	for text; do
		grep -qxF -- "$text" "$T/texts" || { ok=1; echo "# not there: $text"; }
	done
	[ $ok -eq 0 ] || sed 's/^/# /' "$T/texts"
	tap $ok "$case: $name"
}

finds "the 5-second race" dns-race 1 dns-no-answer \
    'AAAA www.example.com: answered only when it was asked again 5.0 s later: it looks like the 5-second conntrack race (two queries of one socket at once), but insert_failed is 0'
finds "on which leg a question was lost" dns-no-answer 2 dns-no-answer \
    'A www.silent.example: asked of 192.168.3.99 (coredns) and not answered in the 2.0 s until the end: it left by eni7b8ab8e66c6, and no answer came in' \
    'A www.silent.example: asked of 192.168.0.9 and not answered in the 2.0 s until the end: it left by eth0, and no answer came in'
finds "what a search list made" dns-names 3 dns-search-miss \
    "A and AAAA www.example.com.default.svc.cluster.local: NXDOMAIN for a name, which the client's search list made of www.example.com" \
    "A and AAAA www.example.com.svc.cluster.local: NXDOMAIN for a name, which the client's search list made of www.example.com" \
    "A and AAAA www.example.com.cluster.local: NXDOMAIN for a name, which the client's search list made of www.example.com"
finds "SERVFAIL, and NXDOMAIN that no list made" dns-names 2 dns-error \
    'A www.bogus.example: 10.100.0.10 (coredns) answered SERVFAIL' \
    'A nowhere.cluster.local: 10.100.0.10 (coredns) answered NXDOMAIN, there is no such name'
finds "on both ways of the cache" dns-nodelocal 2 dns-error \
    'A nowhere.cluster.local: 169.254.20.10 (nodelocal) answered NXDOMAIN, there is no such name' \
    'A nowhere.cluster.local: 10.100.0.11 (coredns) answered NXDOMAIN, there is no such name'
for case in dns dns-names dns-nodelocal; do
	finds "every question was answered" $case 0 dns-no-answer
done
finds "all is well" dns 0 dns-error

run read -v --state pcaps/dns-race pcaps/dns-race/any.pcap
[ "$code" -eq 0 ] && grep -q '^  note: dns-no-answer: AAAA www.example.com: answered only' \
    "$T/out" && holds out 'AAAA www.example.com: nothing of that type as cdn.example.net, after 5s, asked 2 times'
tap $? "dns-race: the text"
run read -v --state pcaps/dns-no-answer pcaps/dns-no-answer/any.pcap
[ "$(grep -c '^  note: dns-no-answer: A www.silent.example: asked of .* and no answer came in$' \
    "$T/out")" -eq 2 ] && holds out 'it left by eth0, and no answer came in'
tap $? "dns-no-answer: the text of the leg"

# roles CASE: server, role
roles() {
	read_case "$1"
	jq -r 'select(.original.dport == 53) | "\(.original.dst) \(.role)"' "$T/out" |
	    sort -u | tr '\n' ' '
}
[ "$(roles dns-nodelocal)" = \
    '10.100.0.11 coredns 169.254.20.10 nodelocal-dns 192.168.0.2 vpc-resolver ' ]
tap $? "dns-nodelocal: roles"
[ "$(roles dns-names)" = '10.100.0.10 coredns 192.168.0.2 vpc-resolver ' ]
tap $? "dns-names: roles"
[ "$(roles dns-no-answer)" = \
    '192.168.0.2 vpc-resolver 192.168.0.9 null 192.168.3.99 coredns ' ]
tap $? "dns-no-answer: a resolver that nobody knows has no role"

# where CASE TERM COUNT FILTER: so many flows, for all of which the filter holds
where() {
	run read -o json --where "$2" --state "pcaps/$1" "pcaps/$1/any.pcap"
	[ "$code" -eq 0 ] && [ "$(jq -s "map(select(.schema == \"podpath.flow/1\")) |
	    if all($4) then length else \"no\" end" "$T/out")" = "$3" ]
	tap $? "$1: --where $2"
}
N='(.dns_name == "www.example.com" or any(.dns[]?; .name == "www.example.com"))'
where dns-names name=www.example.com "$(read_case dns-names
    jq -c "select(.schema == \"podpath.flow/1\") | select($N)" "$T/out" | wc -l)" "$N"
where dns-names 'name=www.example.com port=80' 2 '.dns_name == "www.example.com"'
where dns-names 'name=*.example.com port=443' 2 '.dns_name | endswith(".example.com")'
where dns-names rcode=SERVFAIL 1 'any(.dns[]; .rcode == "SERVFAIL")'
where dns-names rcode=NXDOMAIN 4 'any(.dns[]; .rcode == "NXDOMAIN")'
where dns-names rcode=REFUSED 0 true
where dns-names role=vpc-resolver 4 '.original.dst == "192.168.0.2"'
where dns-nodelocal role=nodelocal-dns 3 '.original.dst == "169.254.20.10"'
where dns-race finding=dns-no-answer 1 '.original.dport == 53'
done_testing
