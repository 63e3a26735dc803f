#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# live.sh - what capturing costs, beside `tcpdump -i any -w /dev/null`: UDP as
# fast as this machine can send and forward it, from one network namespace
# through a node to another, seen twice by the node's `any`.  Drops and CPU of
# each program, run in turns under the same conditions, and the ratio of the CPU.
#
# LIVE_COMMAND     what is compared; captures with a ring of LIVE_MIB until SIGINT,
#                  then tells "N packets captured" and "N packets dropped by kernel"
#                  [$PODPATH live -i any -B $LIVE_MIB -o json]
# LIVE_TCPDUMP     what it is compared with
#                  [tcpdump -i any -s 192 -B KIB -w /dev/null]
# LIVE_LIMIT       the ratio that must not be passed [1.5]
# LIVE_PACKETS     as `any` sees them [5000000]
# LIVE_MIB         ring of both programs, MiB [32]
# LIVE_RATES       datagrams a second, in turn; 0 is as fast as goes [0]
# LIVE_RUNS        runs of each program [5]
# LIVE_SIZE        bytes of payload [100]
# LIVE_FLOWS       conversations [50]
# PODPATH, BENCH_BUILD, CC, CFLAGS, TMPDIR as for bench.sh
#
# Needs root, ip(8) and tcpdump(8); exit code 77 when it cannot run, 1 when
# packets were dropped where tcpdump dropped none, or the limit was passed.

set -eu
LC_ALL=C
export LC_ALL

top=$(cd "$(dirname "$0")/../.." && pwd)
src=$top/tests/bench
bin=${BENCH_BUILD:-$top/build/bench}
podpath=${PODPATH:-$top/podpath}
packets=${LIVE_PACKETS:-5000000}
mib=${LIVE_MIB:-32}
runs=${LIVE_RUNS:-5}
limit=${LIVE_LIMIT:-1.5}
theirs=${LIVE_TCPDUMP:-tcpdump -i any -s 192 -B $((mib * 1024)) -w /dev/null}
command=${LIVE_COMMAND:-$podpath live -i any -B $mib -o json}
cflags="${CFLAGS:--O2 -g} -std=c11 -D_GNU_SOURCE -I$top"
sender=pplbs$$
sink=pplbr$$
node=pplbn$$

skip() {
	echo "skipped: $*"
	exit 77
}

die() {
	echo "live.sh: $*" >&2
	exit 2
}

build() {
	mkdir -p "$bin"
	# CFLAGS is a list of words.
	# shellcheck disable=SC2086
	for p in run blast; do
		${CC:-cc} $cflags -o "$bin/$p" "$src/$p.c"
	done
}

remove() {
	for ns in "$sender" "$sink" "$node"; do
		ip netns del "$ns" 2>/dev/null || :
	done
}

# sender 10.66.1.2 - 10.66.1.1 node 10.66.2.1 - 10.66.2.2 sink, which drops what
# is for 10.66.3.1 without an answer, since it does not forward.
network() {
	for ns in "$sender" "$sink"; do
		ip netns add "$ns"
	done
	for ns in "$sender" "$sink" "$node"; do
		ip -n "$ns" link set lo up
	done
	ip -n "$node" link add veth-in type veth peer name wire netns "$sender"
	ip -n "$node" link add veth-out type veth peer name wire netns "$sink"
	ip -n "$node" addr add 10.66.1.1/24 dev veth-in
	ip -n "$node" addr add 10.66.2.1/24 dev veth-out
	ip -n "$sender" addr add 10.66.1.2/24 dev wire
	ip -n "$sink" addr add 10.66.2.2/24 dev wire
	for ns in "$sender" "$sink"; do
		ip -n "$ns" link set wire up
	done
	ip -n "$node" link set veth-in up
	ip -n "$node" link set veth-out up
	ip -n "$sender" route add default via 10.66.1.1
	ip -n "$node" route add 10.66.3.0/24 via 10.66.2.2
	ip netns exec "$sink" sh -c 'echo 0 >/proc/sys/net/ipv4/ip_forward'
	ip netns exec "$node" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
}

# blast COUNT RATE: from the sender.
blast() {
	if [ "$2" = 0 ]; then
		set -- "$1" ''
	fi
	# An empty rate is no argument.
	# shellcheck disable=SC2086
	ip netns exec "$sender" "$bin/blast" 10.66.3.1 "$1" "${LIVE_SIZE:-100}" \
		"${LIVE_FLOWS:-50}" $2
}

# counted WORDS: the number before them in what the program said.
counted() {
	sed -n "s/^\([0-9]*\) packets $1.*/\1/p" "$tmp/said" | head -n 1
}

# measure NAME RATE COMMAND...: one run, a line in $tmp/NAME.RATE: user and system
# seconds, captured, dropped, datagrams a second.
measure() {
	name=$1
	rate=$2
	shift 2
	rm -f "$tmp/pid"
	# The program itself gets SIGINT: its number is that of the shell before it.
	# shellcheck disable=SC2016
	BENCH_STDERR=1 "$bin/run" ip netns exec "$node" sh -c \
		'echo $$ >"$0.new" && mv "$0.new" "$0" && exec "$@"' "$tmp/pid" "$@" \
		>"$tmp/used" 2>"$tmp/said" &
	run=$!
	sleep 1
	[ -s "$tmp/pid" ] && kill -0 "$(cat "$tmp/pid")" 2>/dev/null || {
		cat "$tmp/said" >&2
		die "$name did not start: $*"
	}
	blast $((packets / 2)) "$rate" >"$tmp/sent"
	sleep 1
	kill -INT "$(cat "$tmp/pid")"
	wait "$run" || die "$name: the run failed"
	[ "$(cut -d' ' -f5 "$tmp/used")" = 0 ] || {
		cat "$tmp/said" >&2
		die "$name ended with exit code $(cut -d' ' -f5 "$tmp/used")"
	}
	captured=$(counted captured)
	dropped=$(counted 'dropped by kernel')
	[ -n "$captured" ] && [ -n "$dropped" ] || {
		cat "$tmp/said" >&2
		die "$name does not tell what it captured and dropped"
	}
	echo "$(cut -d' ' -f2,3 "$tmp/used") $captured $dropped" \
		"$(awk '{ printf "%d", $1 / $2 }' "$tmp/sent")" >>"$tmp/$name.$rate"
}

# median FIELD FILE
median() {
	cut -d' ' -f"$1" "$2" | sort -n |
		awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

# middle NAME RATE: the medians of the runs:
# nanoseconds of a packet, user, system, captured, dropped, datagrams a second, and
# the most that were dropped.  Dropped packets cost nothing: so the CPU of those
# that were captured is compared.
middle() {
	f=$tmp/$1.$2
	awk '{ printf "%.1f\n", $3 ? ($1 + $2) * 1e9 / $3 : 0 }' "$f" >"$f.each"
	echo "$(median 1 "$f.each") $(median 1 "$f") $(median 2 "$f")" \
		"$(median 3 "$f") $(median 4 "$f") $(median 5 "$f")" \
		"$(cut -d' ' -f4 "$f" | sort -n | tail -n 1)"
}

report() {
	for name in tcpdump live; do
		middle "$name" "$1" | awk -v name="$name" '{
			printf "  %-8s %8.0f %8.2f %8.2f %10d %9d %9d %10d\n", name,
			    $1, $2, $3, $4, $5, $7, $6 }'
	done
	{ middle tcpdump "$1"; middle live "$1"; } | awk -v limit="$limit" '
	NR == 1 { each = $1; dropped = $5 }
	NR == 2 { ratio = each ? $1 / each : 0
	    bad = ratio > limit || !ratio || ($5 > 0 && dropped == 0)
	    printf "  CPU of a packet, live / tcpdump: %.2f (limit %s)%s\n", ratio,
		limit, bad ? "  NOT MET" : ""
	    exit bad }'
}

[ "$(id -u)" = 0 ] || skip "needs root"
for program in ip tcpdump; do
	command -v "$program" >/dev/null || skip "no program $program"
done
build
tmp=$(mktemp -d "${TMPDIR:-/tmp}/podpath-live.XXXXXX")
trap 'remove; rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM
ip netns add "$node" 2>"$tmp/said" ||
	skip "no network namespaces here: $(tail -n 1 "$tmp/said")"
network

echo "# live: $command"
echo "# tcpdump: $theirs"
echo "# $packets packets as any sees them, ring of $mib MiB, $runs runs in turns," \
	"$(nproc) CPUs"
blast 100000 0 >/dev/null
status=0
for rate in ${LIVE_RATES:-0}; do
	i=0
	while [ "$i" -lt "$runs" ]; do
		# Each is a list of words.
		# shellcheck disable=SC2086
		measure tcpdump "$rate" $theirs
		# shellcheck disable=SC2086
		measure live "$rate" $command
		i=$((i + 1))
	done
	if [ "$rate" = 0 ]; then
		echo "as fast as goes:"
	else
		echo "$rate datagrams a second:"
	fi
	printf '  %-8s %8s %8s %8s %10s %9s %9s %10s\n' '' 'ns each' 'user s' \
		'system s' captured dropped 'at most' sent/s
	report "$rate" || status=1
done
exit $status
