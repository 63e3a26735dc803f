#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# conntrack.sh - how long a dump of conntrack's table takes, beside `conntrack -L`
# to /dev/null, in turns, in a network namespace of its own.
#
# BUILD            where tests/live_conntrack is [build]
# BENCH_ENTRIES    entries [500000]; no more than net.netfilter.nf_conntrack_max of
#                  the machine, which is not changed here
# BENCH_RUNS       runs of each [5]

set -eu
LC_ALL=C
export LC_ALL

top=$(cd "$(dirname "$0")/../.." && pwd)
program=${BUILD:-$top/build}/tests/live_conntrack
entries=${BENCH_ENTRIES:-500000}
runs=${BENCH_RUNS:-5}
ns=ppbc$$
tmp=$(mktemp -d)
trap 'ip netns del "$ns" 2>/dev/null || true; rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM

skip() {
	echo "skipped: $*"
	exit 77
}
[ "$(id -u)" = 0 ] || skip "needs root"
for tool in ip nft conntrack; do
	command -v "$tool" >/dev/null || skip "no program $tool"
done
[ -x "$program" ] || skip "no $program: make build-tests"
most=$(cat /proc/sys/net/netfilter/nf_conntrack_max 2>/dev/null) || skip "no conntrack"
[ "$entries" -le "$most" ] || {
	echo "nf_conntrack_max is $most: that many entries instead of $entries"
	entries=$most
}

on() { ip netns exec "$ns" "$@"; }
now() { date +%s%N; }

ip netns add "$ns"
on nft add table inet t
on nft add chain inet t c '{ type filter hook input priority 0; }'
on nft add rule inet t c ct state invalid counter
on timeout 120 "$program" stuff "$entries"
i=0
while [ "$i" -lt "$runs" ]; do
	i=$((i + 1))
	on timeout 60 "$program" dump >>"$tmp/ours"
	from=$(now)
	on timeout 60 conntrack -L >/dev/null 2>&1
	echo "$(($(now) - from))" >>"$tmp/theirs"
done
# "N entries: A s, with their table B s"; the median of each.
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
ours=$(awk '{ print $3 }' "$tmp/ours" | median)
table=$(awk '{ print $8 }' "$tmp/ours" | median)
theirs=$(awk '{ print $1 / 1e9 }' "$tmp/theirs" | median)
awk -v n="$entries" -v a="$ours" -v b="$table" -v c="$theirs" 'BEGIN {
	printf "conntrack dump of %d entries, median seconds\n", n
	printf "  conntrack -L >/dev/null   %.3f\n", c
	printf "  podpath                   %.3f  ratio %.2f\n", a, a / c
	printf "  podpath, with its table   %.3f  ratio %.2f (at most 1.5)\n", b, b / c
	exit b > 1.5 * c }'
