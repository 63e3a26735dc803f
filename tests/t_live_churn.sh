#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# An hour of pods that come and go each second, in a minute or so: 3600 of them on
# a node of the lab, with rules that flap.  podpath live must not grow: its memory,
# descriptors and threads are looked at once in forty pods.
. "$(dirname "$0")/tap.sh"
PODS=${PODS:-3600}
# KiB of growth in the last third: by then the states that are kept of the past are as
# many as there may be.  The sanitizers' own bookkeeping (freed memory that waits,
# stacks) is larger than what is looked for.
GROWTH=4096
case $BUILD in *-san) GROWTH=65536 ;; esac
export PODPATH
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}quarantine_size_mb=1:malloc_context_size=5
export ASAN_OPTIONS

ended() {
	[ -z "$job" ] || kill -TERM "$job" 2>/dev/null
	wait
	rm -rf "$T"
}
job=
trap ended EXIT

if [ "$(id -u)" != 0 ]; then
	skip "churn" "needs root"
	done_testing
	exit 0
fi
timeout -k 20 240 tests/lab/live.sh churn "$T/lab" "$PODS" "$BUILD/tests/live_storm" \
    >"$T/said" 2>&1 &
job=$!
code=0
wait "$job" || code=$?
job=
if [ "$code" -eq 77 ]; then
	skip "churn" "$(tail -n 1 "$T/said")"
	done_testing
	exit 0
fi
cp "$T/said" "$T/out"
: >"$T/err"
tap "$code" "$PODS pods made, used and removed in $(cat "$T/lab/seconds" 2>/dev/null) s"
if [ "$code" -ne 0 ]; then
	done_testing
	exit 0
fi
cp "$T/lab/churn/err" "$T/err"
code=$(cat "$T/lab/churn/exit")
[ "$code" = 0 ] && sound
tap $? "live ran on, exit code 0"

# counted WORDS: the number before them, on SIGUSR1.
counted() {
	sed -n "s/^\(.*[ ;]\)\{0,1\}\([0-9][0-9]*\) $1.*/\2/p" "$T/lab/churn/err" | tail -n 1
}
cat "$T/lab/churn/err" >"$T/out"
# many at a time are one
[ "$(counted 'changes of links')" -ge $((PODS / 4)) ]
tap $? "$(counted 'changes of links') changes of links, addresses, rules and routes were seen"
[ "$(counted 'looks at NAT')" -ge 5 ]
tap $? "$(counted 'looks at NAT') looks at NAT rules, ENIs and pods"
[ "$(counted 'flows, ')" -ge $((PODS / 2)) ]
tap $? "$(counted 'flows, ') flows were made"

# Resident KiB, descriptors, threads.  A look at NAT rules has a thread and pipes of
# its own for a moment.
awk -v growth="$GROWTH" '
	{ rss[NR] = $1; fds[NR] = $2; threads[NR] = $3 }
	function median(v, from, to,   i, n, s, k) {
		n = 0
		for (i = from; i <= to; i++) s[++n] = v[i]
		for (i = 2; i <= n; i++)
			for (k = i; k > 1 && s[k] < s[k - 1]; k--) {
				t = s[k]; s[k] = s[k - 1]; s[k - 1] = t
			}
		return s[int((n + 1) / 2)]
	}
	END {
		n = int(NR / 8)
		early = median(rss, int(NR * 2 / 3), int(NR * 2 / 3) + n)
		late = median(rss, NR - n, NR)
		for (i = 1; i <= NR; i++) {
			if (fds[i] > most) most = fds[i]
			if (threads[i] > many) many = threads[i]
		}
		print early, late, late - early, most, many, NR
		exit !(NR >= 20 && late - early <= growth)
	}' "$T/lab/samples" >"$T/out"
grown=$?
# shellcheck disable=SC2046 # the fields of one line
set -- $(cat "$T/out")
tap $grown "memory: $1 KiB after two thirds, $3 KiB more at the end ($GROWTH may be; $6 samples)"
read -r _ fds threads <"$T/lab/first"
read -r _ last_fds last_threads <"$T/lab/last"
[ "$last_fds" -le "$fds" ] && [ "$4" -le $((fds + 8)) ]
tap $? "descriptors: $fds at first, $4 at most, $last_fds at the end"
[ "$last_threads" -le $((threads + 1)) ] && [ "$5" -le $((threads + 1)) ]
tap $? "threads: $threads at first, $5 at most, $last_threads at the end"

# What was made last.
said() {
	jq -r "select(.event == \"end\" and .original.src == \"192.168.3.222\" and
	    .original.dst == \"$1\") | [.verdict, .pod.name // \"-\", (.nat // [] | join(\",\")),
	    ([.legs[] | select(.side == \"request\" and .dir == \"out\") | .ifname] | first)] |
	    join(\" \")" "$T/lab/churn/out"
}
said 172.217.175.36 >"$T/out"
said 192.168.1.1 >>"$T/out"
printf 'ok the-last snat eth0\nok the-last  eth1\n' | cmp -s - "$T/out"
tap $? "the pod that came last is known, and judged right"
[ "$(jq -r 'select(.schema == "podpath.flow/1" and (.verdict == "wrong" or
    .verdict == "dropped")) | .original.src' "$T/lab/churn/out" | grep -cv '^10\.77\.')" -eq 0 ]
tap $? "nothing that was fine is wrong"
done_testing
