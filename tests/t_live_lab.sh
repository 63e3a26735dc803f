#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# podpath live in the lab, on any and on globs, during real traffic, with pods
# added and removed: does it say what conntrack says, what is right and wrong by
# verdicts.truth, the same on both, and does its recording say the same again?
. "$(dirname "$0")/tap.sh"
CASES="pod-internet-secondary external-snat service-shares nodeport-cluster-local
    nodeport-local dns pod-to-pod-same-node missing-rule-1536 blackhole
    nlb-ip-proxy-v2-tls dns-race"
AT_ONCE=3
pids=
export PODPATH

ended() {
	for pid in $pids; do
		kill -TERM "$pid" 2>/dev/null
	done
	wait
	rm -rf "$T"
}
trap ended EXIT

if [ "$(id -u)" != 0 ]; then
	skip "live in the lab" "needs root"
	done_testing
	exit 0
fi

# What only differs since reading takes another time than watching did.
without_time() {
	sed 's/"wall_ns":[0-9]*/"wall_ns":0/; s/\(read in\|watched for\) [0-9.a-zµ]*\.$/./' "$1"
}

# One flow a line, as it was in the end: without its id and times, its legs in
# order of name.  What the node says to itself is not on globs; and without all
# interfaces nobody can know that a packet left by none of them.
plain_flows() {
	jq -c 'select(.event == "end" and .original.dst != "127.0.0.1") | [.proto, .original,
	    .translated, .nat, (.verdict | if . == "dropped" then "unknown" else . end),
	    ([.findings[].code] - ["not-forwarded"]), ([.legs[] |
	    [.ifname, .side, .dir, .src, .sport, .dst, .dport, .icmp_id, .packets]] |
	    sort)]' "$1" | sort
}

# Conntrack's entries with a translation: "PROTOCOL src sport dst dport", and the
# same as translated, which is the reply's tuple turned round.
translated_entries() {
	awk '
	/\[NEW\]/ {
		n = 0
		split("", v)
		for (i = 1; i <= NF; i++) {
			if ($i ~ /^(tcp|udp|icmp)$/) proto = $i
			if ($i ~ /^src=/) n++
			split($i, w, "=")
			if (w[1] ~ /^(src|dst|sport|dport)$/) v[n, w[1]] = w[2]
		}
		o = proto " " v[1, "src"] " " v[1, "sport"] " " v[1, "dst"] " " v[1, "dport"]
		x = proto " " v[2, "dst"] " " v[2, "dport"] " " v[2, "src"] " " v[2, "sport"]
		if (proto != "icmp" && o != x) print o " " x
	}' "$1" | sort
}
translated_flows() {
	jq -r 'select(.event == "end" and (.nat // [] | length > 0) and .proto != "icmp") |
	    [.proto, .original.src, .original.sport, .original.dst, .original.dport, .proto,
	    .translated.src, .translated.sport, .translated.dst, .translated.dport] |
	    join(" ")' "$1" | sort
}

# misjudged CASE OUTPUT [STAND-IN]: flows whose verdict is not that of verdicts.truth,
# which see; STAND-IN is taken for "dropped" too.
misjudged() {
	jq -r 'select(.event == "end") | [.proto, .original.src, .original.dst,
	    .original.dport // 0, .verdict, ([.findings[] | select(.level == "wrong" or
	    .level == "dropped") | .code] | unique | join(",") |
	    if . == "" then "-" else . end),
	    ([.findings[] | .cause // empty] | first // "-")] | @tsv' "$2" |
	    awk -F '\t' -v c="$1" -v stand_in="${3-}" '
		NR == FNR {
			if (split($0, t, / +/) < 7 || t[1] != c) next
			n++
			for (i = 1; i <= 7; i++) truth[n, i] = t[i]
			next
		}
		function like(pattern, value) { return pattern == "*" || pattern == value }
		{
			want = "ok"; code = cause = "-"
			for (i = 1; i <= n; i++)
				if (like(truth[i, 2], $2) && like(truth[i, 3], $3) &&
				    like(truth[i, 4], $4)) {
					want = truth[i, 5]; code = truth[i, 6]
					cause = truth[i, 7]; used[i] = 1
				}
			if (want == "dropped" && $5 == stand_in) next
			if ($5 != want || (code != "-" && !index("," $6 ",", "," code ",")) ||
			    (cause != "-" && $7 != cause))
				print $1, $2, "> " $3 ":" $4, "is", $5, $6, $7 ", not", want, \
				    code, cause
		}
		END {
			for (i = 1; i <= n; i++)
				if (!used[i]) print "no flow for line", i, "of the truth"
		}' tests/verdicts.truth -
}

# Each flow that was told of is told of in the end, and no more then.
untidy() {
	jq -r 'select(.schema == "podpath.flow/1") | [.id, .event, .into // "-"] | @tsv' "$1" |
	    awk -F '\t' '
		$1 in ended { print "flow " $1 " is told of after its end" }
		$2 == "end" || $2 == "joined" { ended[$1] = 1 }
		$2 == "new" { if ($1 in new) print "flow " $1 " is new twice"; new[$1] = 1 }
		END { for (id in new) if (!(id in ended)) print "flow " id " has no end" }'
}

# shown FILE: what deviates, as a failure's reason.
shown() {
	tap $? "$1"
	[ ! -s "$T/diff" ] || head -n 12 "$T/diff" | sed 's/^/# /'
}

# reads_as_it_was NAME DIR FORMAT: read of the recording against the live output.
reads_as_it_was() {
	run read --changes -o "$3" "$2/rec.pcapng"
	without_time "$T/out" >"$T/again"
	without_time "$2/out" >"$T/was"
	diff "$T/was" "$T/again" >"$T/diff" 2>&1
	[ "$code" -eq 0 ] && [ "$(grep -c . "$T/was")" -ge 2 ] && cmp -s "$T/was" "$T/again" &&
	    [ ! -s "$T/err" ]
	shown "$1: read --changes of the recording is the live output, byte for byte"
}

same_in_the_end() {
	run read -o json "$2/rec.pcapng"
	grep podpath.flow/1 "$T/out" | sort >"$T/again"
	grep '"event":"end"' "$2/out" | sed 's/"event":"end",//' | sort >"$T/was"
	diff "$T/was" "$T/again" >"$T/diff" 2>&1
	untidy "$2/out" >>"$T/diff"
	[ "$code" -eq 0 ] && [ -s "$T/was" ] && [ ! -s "$T/diff" ]
	shown "$1: read has the flows that live had in the end"
}

as_conntrack_says() {
	translated_entries "$2/conntrack-events.txt" >"$T/was"
	translated_flows "$2/out" >"$T/again"
	diff "$T/was" "$T/again" >"$T/diff" 2>&1
	[ ! -s "$T/diff" ]
	shown "$1: $(grep -c . "$T/was") TCP and UDP translations, as conntrack told, no other"
	code=0
	timeout 60 "$BUILD/tests/truth" "$2" >"$T/out" 2>"$T/err" || code=$?
	tap "$code" "$1, against conntrack: $(cat "$T/out" "$T/err" | head -n 1)"
}

judged_right() {
	misjudged "$3" "$2/out" "${4-}" >"$T/diff"
	[ "$(grep -c '"event":"end"' "$2/out")" -ge 4 ] && [ ! -s "$T/diff" ]
	shown "$1: what is wrong or dropped is said to be, all else is ok"
}

opens_elsewhere() {
	if command -v tshark >/dev/null 2>&1; then
		code=0
		tshark -r "$2/rec.pcapng" >"$T/out" 2>"$T/err" || code=$?
		sed -i '/^Running as user/d' "$T/err"
		[ "$code" -eq 0 ] && [ ! -s "$T/err" ] && [ "$(wc -l <"$T/out")" -eq \
		    "$(tail -n 1 "$2/out" | jq .packets)" ]
		tap $? "$1: tshark reads all packets without complaint"
	else
		skip "$1: tshark reads it" "no program tshark"
	fi
	if command -v capinfos >/dev/null 2>&1; then
		code=0
		capinfos -cM "$2/rec.pcapng" >"$T/out" 2>"$T/err" || code=$?
		sed -i '/^Running as user/d' "$T/err"
		[ "$code" -eq 0 ] && [ ! -s "$T/err" ] &&
		    grep -q "Number of packets: *$(tail -n 1 "$2/out" | jq .packets)$" "$T/out"
		tap $? "$1: capinfos too"
	else
		skip "$1: capinfos reads it" "no program capinfos"
	fi
}

# Clients by PROXY protocol, as the pods themselves told.
clients_are_known() {
	sort "$2/clients.txt" >"$T/was"
	jq -r 'select(.event == "end") | .proxy_protocol // empty |
	    .src + ":" + (.sport | tostring)' "$2/$3/out" | sort >"$T/again"
	diff "$T/was" "$T/again" >"$T/diff" 2>&1
	[ -s "$T/was" ] && [ ! -s "$T/diff" ]
	shown "$1, $3: $(grep -c . "$T/was") clients by PROXY protocol, as the pods told"
	run verify nlb-ip -o json "$2/$3/rec.pcapng"
	[ "$code" -eq 0 ] && sound &&
	    jq -e '.checks[0] | .result == "ok" and .ok == 3' "$T/out" >/dev/null
	tap $? "$1, $3: verify nlb-ip of the recording alone"
}

# Connections by the name that they were made by, and whom they asked for it: the
# Service by its rules, since nothing of kubectl is known here.
names_are_known() {
	sort "$2/named.txt" >"$T/was"
	jq -r 'select(.event == "end" and .dns_name) | [.original.src, .original.dst,
	    .original.dport, .dns_name] | join(" ")' "$2/$3/out" | sort >"$T/again"
	diff "$T/was" "$T/again" >"$T/diff" 2>&1
	[ -s "$T/was" ] && [ ! -s "$T/diff" ] &&
	    jq -e -s '[.[] | select(.event == "end" and .original.dport == 53) |
	    .service.namespace + "/" + .service.name] | unique == ["kube-system/kube-dns"]' \
	    "$2/$3/out" >/dev/null
	shown "$1, $3: $(grep -c . "$T/was") connections by name, asked for at the Service"
	# the lost question of the race, which was asked again
	run read -o json "$2/$3/rec.pcapng" port 53
	[ "$code" -eq 0 ] && [ "$(jq -s '[.[].findings[]? | select(.code ==
	    "dns-no-answer")] | length' "$T/out")" -eq 1 ]
	tap $? "$1, $3: the lost question, from the recording alone"
}

check_case() {
	dir=$T/$1
	for how in any globs text; do
		code=$(cat "$dir/$how/exit")
		cp "$dir/$how/err" "$T/err"
		: >"$T/out"
		[ "$code" = 0 ] && sound && ! grep -v -e 'listening on' -e 'packets ' "$T/err" >"$T/diff"
		shown "$1: live -o $how ran without a word, exit code 0"
	done
	reads_as_it_was "$1, any" "$dir/any" json
	reads_as_it_was "$1, globs" "$dir/globs" json
	reads_as_it_was "$1, text" "$dir/text" text
	same_in_the_end "$1, any" "$dir/any"
	same_in_the_end "$1, globs" "$dir/globs"
	as_conntrack_says "$1, any" "$dir/any"
	as_conntrack_says "$1, globs" "$dir/globs"
	judged_right "$1, any" "$dir/any" "$1"
	judged_right "$1, globs" "$dir/globs" "$1" unknown
	plain_flows "$dir/any/out" >"$T/was"
	plain_flows "$dir/globs/out" >"$T/again"
	diff "$T/was" "$T/again" >"$T/diff" 2>&1
	[ -s "$T/was" ] && [ ! -s "$T/diff" ]
	shown "$1: the same flows on any and on globs, $(grep -c . "$T/was")"
	# the pod that came while it ran, by name
	pods=$(grep -c . "$dir/came")
	[ "$(jq -r 'select(.event == "end") | .pod.name // "-"' "$dir/any/out" |
	    grep '^come-and-go-' | sort -u | grep -c .)" -eq "$pods" ]
	tap $? "$1: $pods pods that came and went are known by name"
	opens_elsewhere "$1, any" "$dir/any"
	opens_elsewhere "$1, globs" "$dir/globs"
	for how in any globs; do
		[ ! -e "$dir/clients.txt" ] || clients_are_known "$1" "$dir" "$how"
		[ ! -e "$dir/named.txt" ] || names_are_known "$1" "$dir" "$how"
	done
}

# begin CASE: in the background.
begin() {
	timeout -k 20 120 tests/lab/live.sh case "$T/$1" "$1" >"$T/$1.said" 2>&1 &
	pids="$pids $!"
	jobs="$jobs $1:$!"
}

# end CASE PID: wait for it and judge it.
end() {
	code=0
	wait "$2" || code=$?
	if [ "$code" -eq 77 ]; then
		skip "$1" "$(tail -n 1 "$T/$1.said")"
		return
	fi
	cp "$T/$1.said" "$T/out"
	: >"$T/err"
	tap "$code" "$1: a node, its traffic, pods that come and go"
	[ "$code" -ne 0 ] || check_case "$1"
}

# Some at a time: most of their time they wait.
# shellcheck disable=SC2086 # the cases are words
set -- ${CASES_ONLY:-$CASES}
while [ $# -gt 0 ]; do
	jobs='' pids='' n=0
	while [ $# -gt 0 ] && [ $n -lt $AT_ONCE ]; do
		begin "$1"
		shift
		n=$((n + 1))
	done
	for job in $jobs; do
		end "${job%:*}" "${job#*:}"
	done
done
done_testing
