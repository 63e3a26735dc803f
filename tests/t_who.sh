#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# podpath who: over every capture whose events of conntrack tell of a translated
# source, against these events; forms, exit codes, mistakes.
. "$(dirname "$0")/tap.sh"

# Translated sources of a case, from the kernel's own events: protocol, translated
# address and port (or ICMP id), original address and port, and when TCP was
# established (or -).
translations() {
	awk '
	function value(name, nth,   i, n) {
		n = 0
		for (i = 1; i <= NF; i++)
			if (index($i, name "=") == 1 && ++n == nth)
				return substr($i, length(name) + 2)
		return ""
	}
	{
		for (p = 1; p <= NF && $p !~ /^(tcp|udp|icmp|icmpv6|sctp)$/; p++)
			;
		if (p > NF)
			next
		ids = $p ~ /^icmp/
		from = value("src", 1)
		port = ids ? value("id", 1) : value("sport", 1)
		as = value("dst", 2)
		as_port = ids ? value("id", 2) : value("dport", 2)
		if (as_port == "" || (from == as && port == as_port))
			next
		key = $p " " as " " as_port " " from " " port
		if (/\[NEW\]/ && !(key in at)) {
			at[key] = "-"
			order[++n] = key
		}
		if (/ ESTABLISHED / && at[key] == "-") {
			gsub(/[][]/, "", $1)
			at[key] = $1
		}
	}
	END { for (i = 1; i <= n; i++) print order[i], at[order[i]] }
	' "$1/conntrack-events.txt"
}

# The pod that has an address, as kubectl knows it: namespace/name, or nothing.
pod_of() {
	jq -r --arg ip "$2" '.items[] | select(.spec.hostNetwork != true) |
	    select(.status.podIP == $ip or any(.status.podIPs[]?; .ip == $ip)) |
	    .metadata.namespace + "/" + .metadata.name' "$1/pods.json" | head -n 1
}

# Every claim of a case to its translated addresses, one line each: protocol,
# address, port, original address and port, pod.
claims() {
	for address in $(cut -d' ' -f2 "$T/want" | sort -u); do
		run who "$address" -v -o json --state "$1" "$1"/*.pcap
		[ "$code" -eq 0 ] && sound || return 1
		jq -r '.claims[] | select(.original != null) | [.proto, .translated.src,
		    (.translated | .sport // .icmp_id), .original.src,
		    (.original | .sport // .icmp_id),
		    (.pod | if . then .namespace + "/" + .name else "-" end)] |
		    join(" ")' "$T/out" || return 1
	done
}

# Each translation of the events is a claim of that pod, and no claim is of
# another; at the time that it was established it answers (with others, where
# others had the port too).
agrees() {
	ok=0
	: >"$T/why"
	claims "$1" >"$T/got" || return 1
	while read -r proto as port from from_port at; do
		pod=$(pod_of "$1" "$from")
		line="$proto $as $port $from $from_port"
		grep -q "^$line ${pod:-.*}\$" "$T/got" ||
		    { echo "no claim: $line $pod" >>"$T/why"; ok=1; }
		[ "$at" = - ] && continue
		run who "$as:$port/$proto@$at" -o json --state "$1" "$1"/*.pcap
		# the events are stamped when they are read: late, sometimes
		jq -e --arg ip "$from" '.claims | any(.original.src == $ip and
		    (.at == "during" or .at == "after"))' "$T/out" >/dev/null &&
		    sound ||
		    { echo "not at $at: $line" >>"$T/why"; ok=1; }
		if [ "$code" -eq 0 ]; then
			jq -e --arg ip "$from" 'all(.claims[];
			    .original.src == $ip)' "$T/out" >/dev/null || ok=1
		else
			[ "$code" -eq 3 ] && holds out 'several had it' || ok=1
		fi
	done <"$T/want"
	cut -d' ' -f1-5 "$T/want" | sort -u >"$T/sorted"
	# what the events do not tell of may only be untranslated
	cut -d' ' -f1-5 "$T/got" | sort -u | comm -23 - "$T/sorted" |
	    awk '$2 != $4 || $3 != $5' >"$T/odd"
	[ ! -s "$T/odd" ] || { head -n 3 "$T/odd" >>"$T/why"; ok=1; }
	cp "$T/why" "$T/err"
	return $ok
}

if command -v jq >/dev/null 2>&1; then
	cases=0 all=0
	for dir in pcaps/*/; do
		dir=${dir%/}
		[ -f "$dir/conntrack-events.txt" ] || continue
		[ -f "$dir/pods.json" ] || continue
		translations "$dir" >"$T/want"
		n=$(wc -l <"$T/want")
		[ "$n" -gt 0 ] || continue
		cases=$((cases + 1)) all=$((all + n))
		agrees "$dir"
		tap $? "${dir#pcaps/}: $n translated"
	done
	[ "$cases" -gt 15 ] && [ "$all" -gt 60 ]
	tap $? "$cases captures with $all translations"
	# A case whose events tell another story must not pass.
	cp -r pcaps/same-source-port "$T/liar"
	sed 's/=192\.168\.3\.105 /=X /; s/=192\.168\.3\.107 /=192.168.3.105 /
	    s/=X /=192.168.3.107 /' pcaps/same-source-port/conntrack-events.txt \
	    >"$T/liar/conntrack-events.txt"
	translations "$T/liar" >"$T/want"
	! agrees "$T/liar" && [ "$(grep -c '^no claim: ' "$T/why")" -eq 2 ] &&
	    [ "$(grep -c '^not at ' "$T/why")" -eq 2 ]
	tap $? "other events would be noticed"
else
	skip "translated ports of the captures" "no program jq"
fi

# The port that two pods had one after the other, and then at once.
R=pcaps/who-port-reuse
run who 192.168.3.243:40000 --state $R $R/any.pcap
[ "$code" -eq 3 ] && holds out default/netshoot && holds out default/echo-b &&
    holds out 'several had it at once' && ! holds out 'that time'
tap $? "a port of two pods: both are told, and that they overlap"
run who 192.168.3.243:40000 --state $R $R/any.pcap port 38374
[ "$code" -eq 0 ] && holds out default/echo-b && ! holds out default/netshoot
tap $? "a filter chooses one"
run who 192.168.3.243:40000@04:00:00.95 --state $R $R/any.pcap
[ "$code" -eq 0 ] && holds out default/echo-b && ! holds out default/netshoot
tap $? "a time of day, as exact as it is written"
run who 192.168.3.243:40000@04:00:00 --state $R $R/any.pcap
[ "$code" -eq 3 ] && holds out default/echo-b && holds out default/netshoot
tap $? "a whole second that both had it in"
run who 192.168.3.243:40000@04:00:00.95Z --state $R $R/any.pcap
[ "$code" -eq 0 ] && holds out default/echo-b && ! holds out default/netshoot
tap $? "a time of day with its zone"
run who 192.168.3.243:40000@04:00:00 -o json --state $R $R/any.pcap
[ "$code" -eq 3 ] && holds out 'several had it at that time'
tap $? "JSON says why"
run who 192.168.3.243:40000@2026-11-21T04:00:01.5Z --state $R $R/any.pcap
[ "$code" -eq 0 ] && holds out 'default/echo-b, last before that time'
tap $? "between two connections: the nearest before, marked so"
run who 192.168.3.243:40000@03:00:00 --state $R $R/any.pcap
[ "$code" -eq 3 ] && holds out 'nothing was seen at that time'
tap $? "before the capture"

# Sources of knowledge.
S=pcaps/same-source-port
run who 192.168.3.243:9651 --state $S $S/any.pcap
[ "$code" -eq 0 ] && holds out default/web-0 && holds out 'packets and conntrack'
tap $? "packets and conntrack"
run who 192.168.3.243:9651 --state $S
[ "$code" -eq 0 ] && holds out default/web-0 && holds out '; conntrack' &&
    holds out 'its time is not told'
tap $? "--state alone"
run who 192.168.3.243:9651 $S/any.pcap
[ "$code" -eq 0 ] && holds out '192.168.3.105 (no pod that is known here)' &&
    holds out '; packets; flow 1'
tap $? "packets alone"
run who 192.168.3.243:9651 -r $S/any.pcap -n
[ "$code" -eq 0 ] && holds out 192.168.3.105
tap $? "-r"
run who 192.168.3.243:9651 -n --state $S $S/any.pcap
[ "$code" -eq 0 ] && ! holds out default/
tap $? "-n: no names"
run who 192.168.3.243:9652 --state $S $S/any.pcap
[ "$code" -eq 1 ] && holds out 'nobody had it, in 3 flows and 3 entries of conntrack'
tap $? "nobody: 1"
run who 192.168.3.243:9651/udp --state $S $S/any.pcap
[ "$code" -eq 1 ]
tap $? "the other protocol: nobody"
# Packets on the pods' side alone: it is not said that nobody had it.
if command -v tcpdump >/dev/null 2>&1; then
	tcpdump -r $R/any.pcap -w "$T/pods.pcap" 'not host 192.168.3.243' 2>/dev/null
	run who 192.168.3.243:40000@04:00:01 --state $R "$T/pods.pcap"
	[ "$code" -eq 3 ] && holds out 'nobody was seen to have it, but of 6 flows of pods'
	tap $? "the pods' side alone: not known"
else
	skip "the pods' side alone" "no program tcpdump"
fi

# The address before its translation: behind it is the same pod.
run who 192.168.3.107:60282 --state $R $R/any.pcap
[ "$code" -eq 0 ] && holds out 'default/netshoot, before its translation' &&
    holds out 'flow 1' && [ "$(wc -l <"$T/out")" -eq 3 ]
tap $? "a pod's own address and port"
run who 192.168.3.107:60282 -o json --state $R $R/any.pcap
[ "$code" -eq 0 ] && holds out '"side":"before"' && holds out '"name":"netshoot"'
tap $? "a pod's own address and port: JSON"
run who 192.168.3.105:41000 --state $S
[ "$code" -eq 0 ] && holds out 'default/web-0' && holds out '; conntrack'
tap $? "a pod's own address and port, by conntrack"
run who 192.168.3.107:1 --state $R $R/any.pcap
[ "$code" -eq 1 ] && holds out 'it is the own address of default/netshoot'
tap $? "a port that a pod did not use: whose address it is"
run who 192.168.3.107 --state $R $R/any.pcap
[ "$code" -eq 1 ] && holds out 'nobody had it after translation' &&
    holds out 'it is the own address of default/netshoot' && ! holds out insert_failed
tap $? "a pod's address"
run who 2001:db8::1:443 --state $R $R/any.pcap
[ "$code" -eq 1 ] && holds out 'an IPv6 address with a port is written [ADDRESS]:PORT'
tap $? "an IPv6 address, its port without brackets"
run who '[2001:db8::1]:443' --state $R $R/any.pcap
[ "$code" -eq 1 ] && ! holds out 'is written'
tap $? "an IPv6 address, its port with brackets"
H=pcaps/host-internet
run who 192.168.3.243:18873 $H/any.pcap
[ "$code" -eq 3 ] && holds out 'not known here' && ! holds out 'the node itself'
tap $? "what was seen after its translation alone is not taken for the node's"
run who 192.168.3.243:18873 --state $H $H/any.pcap
[ "$code" -eq 0 ] && holds out 'the node itself'
tap $? "the node itself, by conntrack"
L=pcaps/nodeport-cluster-local
run who 192.168.3.243:30080 --state $L $L/any.pcap
[ "$code" -eq 0 ] && holds out ', behind it' && holds out 'Service default/svc-nodeport'
tap $? "who is behind a NodePort"
code=0
timeout 60 "$PODPATH" who 192.0.2.1:1 >"$T/out" 2>"$T/err" </dev/null || code=$?
{ [ "$code" -eq 1 ] || [ "$code" -eq 3 ]; } && sound &&
    ! grep -v '^podpath who: warning: ' "$T/err"
tap $? "this machine's own conntrack"

# A recording, by its conntrack alone; several of them.
"$BUILD/tests/who_recording" "$T/rec.pcapng" 2>"$T/err"
tap $? "a recording is made"
run who 10.0.0.5:40000 "$T/rec.pcapng"
[ "$code" -eq 0 ] && [ "$(grep -c '^default/web' "$T/out")" -eq 2 ] &&
    holds out '2026-09-21T14:13:30.000000000Z to 2026-09-21T14:13:40.000000000Z' &&
    [ "$(sed -n 1p "$T/out")" = default/web-1 ]
tap $? "a recording: one after the other, each with its time"
for at in 1790000010:0:web-1 1790000015:0:web-1 14:13:50:0:web-2 \
    2026-09-21T14:14:00Z:0:web-2 1790000025:1: 1790000045:1: 1790000099:3:; do
	time=${at%:*} name=${at##*:}
	want=${time##*:} time=${time%:*}
	run who "10.0.0.5:40000@$time" "$T/rec.pcapng"
	[ "$code" -eq "$want" ] && [ "$(grep '^default/' "$T/out")" = \
	    "${name:+default/$name}" ]
	tap $? "a recording at $time: ${name:-nobody}, $want"
done
run who '[2001:db8::5]:40006@14:13:35' "$T/rec.pcapng"
[ "$code" -eq 0 ] && holds out default/web-6 && holds out 'before 2026-09-21T14:13:20'
tap $? "IPv6: there from the beginning to the end"
run who 10.0.0.5:40000 "$T/rec.pcapng" $S/any.pcap
[ "$code" -eq 0 ] && holds out default/web-1
tap $? "a recording and a capture"
run who 10.0.0.5:40000 "$T/rec.pcapng" --where pod=default/web-1
[ "$code" -ne 0 ] && ! holds out default/web-1
tap $? "--where is about flows: entries without packets are left out"

# All ports of an address.
F=pcaps/snat-ports-full
run who 192.168.3.243 --state $F $F/any.pcap
[ "$code" -eq 0 ] && holds out '172.217.175.36:80 tcp' && holds out ' 2 of 2 ports: ' &&
    holds out 'insert_failed 2, drop 2'
tap $? "a pool that is full"
run who 192.168.3.243 --state $S $S/any.pcap
[ "$code" -eq 0 ] && holds out '3 of 64512 ports: ' && ! holds out 192.168.3.105 &&
    holds out 'each with ports 1024-65535 by the rules'
tap $? "a pool by destination"
run who 192.168.3.243 --state $R $R/any.pcap
[ "$code" -eq 0 ] && holds out ' 1 of 1 ports: ' && ! holds out 'at once'
tap $? "a port that was used again and again is one port"
run who 192.168.3.243 -v --state $S $S/any.pcap
[ "$code" -eq 0 ] && holds out '192.168.3.105:41000'
tap $? "-v: each of them"
run who 192.168.3.99 --state $S $S/any.pcap
[ "$code" -eq 1 ]
tap $? "an address that nobody used"

fails "nothing asked" "ADDRESS:PORT is expected" who
fails "no address" "'nobody' is no address" who nobody
fails "no port" "'99999' is no port" who 1.2.3.4:99999
fails "no time" "'noon' is no time" who 1.2.3.4:5@noon
fails "a protocol without a port" 'as in ADDRESS:PORT/udp' who 1.2.3.4/udp
fails "no such capture" "none.pcap" who 1.2.3.4:5 "$T/none.pcap"
fails "no such state" "none" who 1.2.3.4:5 --state "$T/none"
fails "a filter without a capture" "--filter chooses flows" \
    who 1.2.3.4:5 --state $S -f tcp
fails "a time of day without a day" "a time of day needs a day" \
    who 192.168.3.243:9651@12:00:00 --state $S
fails "wrong form" "text, json" who 1.2.3.4:5 -o csv
printf 'no capture' >"$T/bad.pcap"
run who 192.168.3.243:9651 --state $S $S/any.pcap "$T/bad.pcap"
[ "$code" -eq 2 ] && holds out default/web-0
tap $? "one bad file of two: 2, and what could be read is told"
code=0
timeout 20 "$PODPATH" who 192.168.3.243:9651 --state $S >/dev/full 2>"$T/err" ||
    code=$?
[ "$code" -eq 2 ] && [ "$(wc -l <"$T/err")" -eq 1 ] && holds err "No space left"
tap $? "disk full"

# On the node itself, without a file: by its own conntrack, while entries live.
R=same-source-port
cat >"$T/on_node" <<'ON_NODE'
# one question for each translated source that is in the table before and after it
table() {
	conntrack -L 2>/dev/null | awk '
	$1 == "tcp" {
		n = 0
		split("", v)
		for (i = 1; i <= NF; i++) {
			if ($i ~ /^src=/) n++
			split($i, w, "=")
			if (w[1] ~ /^(src|sport|dst|dport)$/) v[n, w[1]] = w[2]
		}
		if (v[1, "src"] != v[2, "dst"] || v[1, "sport"] != v[2, "dport"])
			print v[2, "dst"], v[2, "dport"], v[1, "src"], v[1, "sport"]
	}' | sort -u
}
ask() {
	table >"$T/live/before"
	for at in $(cut -d' ' -f1,2 "$T/live/before" | tr ' ' : | sort -u); do
		code=0
		timeout 30 "$PODPATH" who "$at/tcp" -o json >"$T/live/$at" \
		    2>"$T/live/err" </dev/null || code=$?
		echo "$code" >"$T/live/$at.exit"
	done
	table | comm -12 - "$T/live/before" >"$T/live/table"
}
# The lab waits for this before its traffic begins: what asks goes on beside that.
{
	for _ in $(seq 40); do
		ask
		[ "$(cut -d' ' -f3 "$T/live/table" | sort -u | grep -c .)" -lt 2 ] || break
		sleep 0.1
	done
	touch "$T/live/done"
} >/dev/null 2>"$T/live/said" </dev/null &
ON_NODE
if [ "$(id -u)" != 0 ]; then
	skip "on a node" "needs root"
	done_testing
	exit
fi
mkdir "$T/live"
export T PODPATH
code=0
timeout 120 tests/lab/run.sh record -o "$T/lab" -x "exec sh '$T/on_node'" $R \
    >"$T/out" 2>"$T/err" || code=$?
if [ "$code" -eq 77 ]; then
	skip "on a node" "$(tail -n 1 "$T/err")"
	done_testing
	exit
fi
for _ in $(seq 200); do
	[ ! -e "$T/live/done" ] || break
	sleep 0.1
done
[ "$code" -eq 0 ] && [ "$(cut -d' ' -f3 "$T/live/table" | sort -u | grep -c .)" -ge 2 ]
tap $? "a node of the lab, and podpath who on it, for several pods"
sed 's/^/# /' "$T/live/said"
while read -r as port from from_port; do
	# others may have had the port to other destinations
	jq -e --arg ip "$from" --argjson port "$from_port" '[.claims[] | select(
	    .original.src == $ip and .original.sport == $port)] | length >= 1 and
	    all(.[]; .evidence == "conntrack" and .translated.src != $ip)' \
	    "$T/live/$as:$port" >/dev/null && grep -q '^[03]$' "$T/live/$as:$port.exit"
	tap $? "on the node: $as:$port was $from:$from_port"
done <"$T/live/table"
run who 192.168.3.243:1 -o json --state "$T/lab/$R"
[ "$code" -eq 1 ]
tap $? "and of its dumps: a port that nobody had"
done_testing
