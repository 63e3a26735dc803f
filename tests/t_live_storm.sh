#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A storm of short flows through NAT, with a buffer for conntrack's events that is
# too small on purpose: what is lost is counted and asked for anew, nothing that was
# fine is called wrong, memory stays within its cap, and the recording tells the same.
. "$(dirname "$0")/tap.sh"
FLOWS=${FLOWS:-200000}
# MiB at most; every flow of the table and conntrack's entries are in it.
CAP=320
case $BUILD in *-san) CAP=1600 FLOWS=$((FLOWS / 4)) ;; esac
export PODPATH

ended() {
	[ -z "$job" ] || kill -TERM "$job" 2>/dev/null
	wait
	rm -rf "$T"
}
job=
trap ended EXIT

if [ "$(id -u)" != 0 ]; then
	skip "storm" "needs root"
	done_testing
	exit 0
fi
if [ "$(sysctl -n net.netfilter.nf_conntrack_max 2>/dev/null || echo 0)" -lt 100000 ]; then
	skip "storm" "net.netfilter.nf_conntrack_max is below 100000: the kernel would drop"
	done_testing
	exit 0
fi
timeout -k 20 180 tests/lab/live.sh storm "$T/lab" "$FLOWS" "$BUILD/tests/live_storm" \
    >"$T/said" 2>&1 &
job=$!
code=0
wait "$job" || code=$?
job=
if [ "$code" -eq 77 ]; then
	skip "storm" "$(tail -n 1 "$T/said")"
	done_testing
	exit 0
fi
cp "$T/said" "$T/out"
: >"$T/err"
tap "$code" "a storm of $(cat "$T/lab/sent" 2>/dev/null) flows"
if [ "$code" -ne 0 ]; then
	done_testing
	exit 0
fi
[ "$(cat "$T/lab/sent")" -eq "$FLOWS" ]
tap $? "all were sent in time"
live=$T/lab/storm
cp "$live/err" "$T/err"
code=$(cat "$live/exit")
[ "$code" = 0 ] && sound
tap $? "live ran on, exit code 0"

# counted WORDS: the number before them, on SIGUSR1; 0 when there is none.
counted() {
	sed -n "s/^\(.*[ ;]\)\{0,1\}\([0-9][0-9]*\) $1.*/\2/p" "$live/err" | head -n 1 |
	    grep . || echo 0
}
overruns=$(counted 'netlink overruns')
[ "$overruns" -ge 1 ]
tap $? "$overruns overruns of netlink are counted"
dumps=$(counted 'dumps after an overrun')
[ "$dumps" -ge 1 ]
tap $? "$dumps dumps mended them"
dropped=$(counted 'packets dropped by kernel') flows=$(counted 'flows, ')
[ "$flows" -ge $((dropped > 0 ? FLOWS / 2 : FLOWS)) ]
tap $? "$flows flows were seen, $dropped packets were dropped"

# verdicts EVENTS: how often which, of the storm's flows.  Columns are found by their
# names; none that holds a comma is looked for.
verdicts() {
	awk -F, '
		NR == 1 {
			sub(/\r$/, "")
			for (i = 1; i <= NF; i++) at[$i] = i
			columns = NF
			next
		}
		{ sub(/\r$/, "") }
		NF != columns { n["torn"]++; next }
		$at["src"] == "192.168.3.107" && $at["event"] ~ /'"$1"'/ { n[$at["verdict"]]++ }
		END { for (v in n) print v, n[v] }' "$live/out" | sort
}
verdicts '.' >"$T/out"
grep -q '^ok ' "$T/out" && ! grep -q '^wrong\|^dropped\|^torn' "$T/out"
tap $? "no verdict at any time but ok and unknown"
verdicts '^end$' >"$T/out"
tap 0 "verdicts in the end: $(paste -sd, "$T/out")"

memory=$(awk '{ print int($2 / 1024) }' "$T/lab/memory")
[ "$memory" -le $CAP ]
tap $? "memory: $memory MiB at most, cap $CAP"

code=0
timeout 120 "$PODPATH" read --changes -o csv "$live/rec.pcapng" --max-flows 100000 \
    2>"$T/err" | cmp - "$live/out" >"$T/out" 2>&1 || code=1
[ "$code" -eq 0 ] && ! grep -q 'Sanitizer\|runtime error' "$T/err"
tap $? "read --changes of the recording is the live output, $(wc -l <"$live/out") lines"
done_testing
