#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# bench.sh - what `podpath read` costs, and how often it is right.
#
#   bench.sh           time and memory beside a bare pcap_loop and whatever else
#                      is installed, and of a large node's state; precision and
#                      recall, verdicts, memory of --max-flows
#   bench.sh --quick   precision and recall on small captures, verdicts with a
#                      small state, as a test: lines of "ok" and "not ok" (TAP),
#                      nothing timed
#
# PODPATH          the program [podpath at the top of the tree]
# BENCH_PACKETS    size of the capture [4000000]
# BENCH_RUNS       runs of each program, taken in turns [5]
# BENCH_TSHARK     packets for tshark, which is slow [200000]
# BENCH_CALLGRIND  1: count instructions too, with valgrind
# BENCH_LOAD       a note on the machine to print with the figures
# CC, CFLAGS, TMPDIR as usual.

set -eu
LC_ALL=C
export LC_ALL

top=$(cd "$(dirname "$0")/../.." && pwd)
src=$top/tests/bench
bin=${BENCH_BUILD:-$top/build/bench}
podpath=${PODPATH:-$top/podpath}
packets=${BENCH_PACKETS:-4000000}
runs=${BENCH_RUNS:-5}
tshark_packets=${BENCH_TSHARK:-200000}
cflags="${CFLAGS:--O2 -g} -std=c11 -D_GNU_SOURCE -I$top"

die() {
	echo "bench.sh: $*" >&2
	exit 2
}

build() {
	mkdir -p "$bin"
	# CFLAGS is a list of words.
	# shellcheck disable=SC2086
	{
		${CC:-cc} $cflags -o "$bin/generate" "$src"/generate.c "$src"/gen_*.c
		${CC:-cc} $cflags -o "$bin/state" "$src/state.c" "$src"/state_*.c \
			"$src/gen_shape.c" "$top/decode/contract/sha1.c"
		for p in compare verdicts; do
			${CC:-cc} $cflags -o "$bin/$p" "$src/$p.c" \
				"$src/truth.c" "$src/told.c" "$src/json.c"
		done
		${CC:-cc} $cflags -o "$bin/run" "$src/run.c"
		${CC:-cc} $cflags -o "$bin/bare" "$src/bare.c" -lpcap
	}
}

make_tmp() {
	tmp=$(mktemp -d "${TMPDIR:-/tmp}/podpath-bench.XXXXXX")
	chmod 755 "$tmp"	# tcpdump gives up root before it opens files
	trap 'rm -rf "$tmp"' EXIT
	trap 'exit 130' INT TERM
}

# need_space PACKETS MIB: a record is at most 112 bytes, its share of truth and
# JSON is about 60; MIB besides.
need_space() {
	need=$(($1 * 172 / 1048576 + 1 + $2))
	free=$(($(df -Pk "$tmp" | awk 'NR == 2 { print $4 }') / 1024))
	echo "# needs about $need MiB in $tmp, free are $free MiB"
	[ "$free" -gt "$need" ] || die "not enough space: set TMPDIR or BENCH_PACKETS"
}

# field N of a result line: wall user sys KiB exit
field() {
	echo "$2" | cut -d' ' -f"$1"
}

# --- the short form -------------------------------------------------------

n_tests=0
n_failed=0

# tap TEXT COMMAND...: ok when the command succeeds; its output else.
tap() {
	text=$1
	shift
	n_tests=$((n_tests + 1))
	if "$@" >"$tmp/out" 2>&1; then
		echo "ok $n_tests - $text: $(tail -n 1 "$tmp/out")"
	else
		n_failed=$((n_failed + 1))
		echo "not ok $n_tests - $text"
		sed 's/^/# /' "$tmp/out"
	fi
}

# judge RECALL TRUTH FILE...: read the files and compare.
judge() {
	limit=$1
	truth=$2
	shift 2
	"$podpath" read -o json "$@" >"$tmp/json" || {
		echo "podpath read: exit code $?"
		return 1
	}
	"$bin/compare" -r "$limit" "$truth" "$tmp/json"
}

# judge_verdicts KNOWN STATE TRUTH FILE...: read the files with the node's state
# and compare the verdicts.
judge_verdicts() {
	limit=$1
	state=$2
	truth=$3
	shift 3
	"$podpath" read -o json --state "$state" "$@" >"$tmp/json" || {
		echo "podpath read --state: exit code $?"
		return 1
	}
	"$bin/verdicts" -k "$limit" "$truth" "$tmp/json"
}

# make_state NAME OPTION...: a new state of the node in $tmp/NAME.
make_state() {
	name=$1
	shift
	rm -rf "${tmp:?}/$name"
	"$bin/state" -o "$tmp/$name" "$@" || die "state: exit code $?"
}

# small_state TRUTH SEED OPTION...
small_state() {
	truth=$1
	seed=$2
	shift 2
	make_state small -t "$truth" -S "$seed" -p 112 -s 100 -e 5000 -c 8000 "$@"
}

# without FILE...: the small state as $tmp/part, without these.
without() {
	rm -rf "$tmp/part"
	cp -r "$tmp/small" "$tmp/part"
	for f; do
		rm "$tmp/part/$f"
	done
}

# generate NAME OPTION...
generate() {
	name=$1
	shift
	"$bin/generate" -o "$tmp/$name.pcap" -t "$tmp/$name.truth" "$@" 2>"$tmp/said" ||
		die "generate: $(cat "$tmp/said")"
	sed "s/^/# $name: /" "$tmp/said"
}

# max_flows LIMIT_KIB FLOWS: memory is that of the flows kept, and the evicted
# ones are told all the same.
max_flows() {
	r=$("$bin/run" -o "$tmp/json" "$podpath" read -o json --max-flows 10000 \
		"$tmp/new.pcap")
	told=$(grep -c '"schema":"podpath.flow/1"' "$tmp/json") || :
	echo "$(field 4 "$r") KiB, limit $1 KiB, $told of $2 flows told," \
		"exit code $(field 5 "$r")"
	[ "$(field 5 "$r")" = 0 ] && [ "$(field 4 "$r")" -le "$1" ] &&
		[ "$told" = "$2" ]
}

# part TEXT KNOWN FILE...: verdicts of one.pcap with the small state but these.
part() {
	text=$1
	known=$2
	shift 2
	without "$@"
	tap "verdicts, $text" judge_verdicts "$known" "$tmp/part" \
		"$tmp/one.truth" "$tmp/one.pcap"
}

# Where the state tells less, verdicts may become unknown, and none another.
quick_verdicts() {
	generate one -n "$n" -S 1
	small_state "$tmp/one.truth" 1 -k
	part "full state" 0.99
	part "nothing of kubectl" 0.99 pods.json svc-endpointslices.json nodes.json
	part "a bundle without ip addr" 0.99 ip-addr.json ip-link.json
	part "no conntrack" 0.95 conntrack.txt
	part "conntrack but no NAT rules" 0 iptables-save.txt
	part "conntrack but no rules" 0 iptables-save.txt iprule.txt ip6rule.txt \
		iproute.txt
	part "nothing of ipamd" 0 enis.json ipam.json \
		networkutils-env-settings.json
	generate dense -n "$n" -S 3 -d 10
	small_state "$tmp/dense.truth" 3
	tap "verdicts, many flows at once" judge_verdicts 0.99 "$tmp/small" \
		"$tmp/dense.truth" "$tmp/dense.pcap"
	generate same -n 60000 -S 5 --same-bytes
	small_state "$tmp/same.truth" 5
	tap "verdicts, same bytes from many pods" judge_verdicts 0 "$tmp/small" \
		"$tmp/same.truth" "$tmp/same.pcap"
	without conntrack.txt
	tap "verdicts, same bytes from many pods, no conntrack" judge_verdicts 0 \
		"$tmp/part" "$tmp/same.truth" "$tmp/same.pcap"
}

quick() {
	n=${BENCH_PACKETS:-200000}
	need_space "$n" 20
	generate one -n "$n" -S 1
	tap "pod traffic, seed 1" judge 0.99 "$tmp/one.truth" "$tmp/one.pcap"
	generate one -n "$n" -S 2
	tap "pod traffic, seed 2" judge 0.99 "$tmp/one.truth" "$tmp/one.pcap"
	generate dense -n "$n" -S 3 -d 10
	tap "pod traffic, many flows at once" judge 0.99 "$tmp/dense.truth" \
		"$tmp/dense.pcap"
	for shift in 420000000 10800420000000; do
		generate two -n "$n" -S 4 -e "$tmp/eni.pcap" --shift $shift
		tap "two files, clocks $((shift / 1000000)) ms apart" judge 0.99 \
			"$tmp/two.truth" "pod=$tmp/two.pcap" "eni=$tmp/eni.pcap"
	done
	small_state "$tmp/two.truth" 4
	tap "verdicts, two files" judge_verdicts 0 "$tmp/small" "$tmp/two.truth" \
		"pod=$tmp/two.pcap" "eni=$tmp/eni.pcap"
	generate same -n 60000 -S 5 --same-bytes
	tap "same bytes from many pods, precision alone" judge 0 \
		"$tmp/same.truth" "$tmp/same.pcap"
	quick_verdicts
	generate new -n "$n" --every-packet-new-flow
	# 10000 flows at 600 bytes, tables, buffers and the program itself.
	tap "--max-flows 10000 with every packet a new flow" \
		max_flows 40960 "$n"
	echo "1..$n_tests"
	[ "$n_failed" -eq 0 ]
}

# --- the bench ------------------------------------------------------------

programs="bare podpath podpath-state state-alone state-kubectl node tcpdump-w
	tcpdump-text tshark nfpcapd softflowd argus"

# A program may need a package of another name; what is asked is the command.
command_of() {
	case $1 in
	bare)		echo "$bin/bare" ;;
	podpath* | state-* | node)
			echo "$podpath" ;;
	tcpdump-*)	echo tcpdump ;;
	*)		echo "$1" ;;
	esac
}

label_of() {
	case $1 in
	bare)		echo "bare pcap_loop" ;;
	podpath)	echo "podpath read -o json" ;;
	podpath-state)	echo "podpath read -o json --state" ;;
	state-alone)	echo "... of an empty capture" ;;
	state-kubectl)	echo "... with kubectl's JSON" ;;
	node)		echo "podpath node --state" ;;
	tcpdump-w)	echo "tcpdump -nr -w /dev/null" ;;
	tcpdump-text)	echo "tcpdump -nr >/dev/null" ;;
	tshark)		echo "tshark -nr -c $tshark_packets" ;;
	*)		echo "$1" ;;
	esac
}

run_one() {
	case $1 in
	bare)		set -- "$bin/bare" "$2" ;;
	podpath)	set -- "$podpath" read -o json "$2" ;;
	podpath-state)	set -- "$podpath" read -o json --state "$tmp/state" "$2" ;;
	state-alone)	set -- "$podpath" read -o json --state "$tmp/state" \
				"$tmp/empty.pcap" ;;
	state-kubectl)	set -- "$podpath" read -o json --state "$tmp/state-k" \
				"$tmp/empty.pcap" ;;
	node)		set -- "$podpath" node --state "$tmp/state" ;;
	tcpdump-w)	set -- tcpdump -nr "$2" -w /dev/null ;;
	tcpdump-text)	set -- tcpdump -nr "$2" ;;
	tshark)		set -- tshark -nr "$2" -c "$tshark_packets" ;;
	nfpcapd)	rm -rf "$tmp/nf"
			mkdir "$tmp/nf"
			if nfpcapd -h 2>&1 | grep -q '^-w'; then
				set -- nfpcapd -r "$2" -w "$tmp/nf"
			else
				set -- nfpcapd -r "$2" -l "$tmp/nf"
			fi ;;
	softflowd)	set -- softflowd -d -r "$2" ;;
	argus)		set -- argus -r "$2" -w /dev/null ;;
	esac
	"$bin/run" "$@"
}

measure() {
	round=1
	while [ "$round" -le "$runs" ]; do
		for p in $programs; do
			command -v "$(command_of "$p")" >/dev/null || continue
			run_one "$p" "$1" >>"$tmp/time.$p"
		done
		round=$((round + 1))
	done
}

# Best and median of the runs, per packet, and against the bare loop's best.
report_times() {
	bare=$(sort -n "$tmp/time.bare" | head -n 1 | cut -d' ' -f1)
	printf '%-30s %8s %8s %8s %8s %10s  %s\n' "$runs runs in turns" "best s" \
		"median s" "ns/pkt" "x bare" "peak KiB" ""
	for p in $programs; do
		label=$(label_of "$p")
		if [ ! -s "$tmp/time.$p" ]; then
			printf '%-30s not installed\n' "$label"
			continue
		fi
		of=$packets
		case $p in
		state-* | node)	of=0 ;;
		esac
		[ "$p" = tshark ] && [ "$tshark_packets" -lt "$packets" ] &&
			of=$tshark_packets
		sort -n "$tmp/time.$p" | awk -v label="$label" -v n="$of" \
		    -v all="$packets" -v bare="$bare" '
			{ t[NR] = $1; if ($4 > kib) kib = $4; if ($5) rc = $5 }
			END {
				m = t[int((NR + 1) / 2)]
				note = n && n < all ? "first " n " packets alone; x is per packet" : ""
				if (rc) note = "FAILED, exit code " rc
				x = "-"
				per = "-"
				if (n) per = sprintf("%.0f", t[1] / n * 1e9)
				if (n && bare > 0) x = sprintf("%.2f", t[1] / n / (bare / all))
				printf "%-30s %8.3f %8.3f %8s %8s %10d  %s\n",
				    label, t[1], m, per, x, kib, note
			}'
	done
}

# least PROGRAM EXPRESSION, most PROGRAM EXPRESSION: over its runs; the columns
# of a result line are awk's $1 to $5.
least() {
	awk "{ v = $2 } NR == 1 || v < m { m = v } END { print m }" "$tmp/time.$1"
}

most() {
	awk "{ v = $2 } NR == 1 || v > m { m = v } END { print m }" "$tmp/time.$1"
}

# What a state adds to a read, apart from the reading of the state itself, which
# has an aim of its own.  Processor time, which other work on the machine disturbs
# less, beside the wall's.
# shellcheck disable=SC2016
report_state() {
	echo "$(least state-alone '$1') $(most state-alone '$4')" \
		"$(least state-kubectl '$1') $(most state-kubectl '$4')" | awk '{
		printf "aims: a state in at most 2 s, is %.3f s; ", $1
		printf "at most 300 MiB, is %.0f MiB; ", $2 / 1024
		printf "with what kubectl tells %.3f s, %.0f MiB\n", $3, $4 / 1024 }'
	for e in '$1' '$2 + $3'; do
		echo "$(least podpath "$e") $(least podpath-state "$e")" \
			"$(least state-alone "$e")"
	done | awk '{
		printf "verdicts, best %s: read %.3f s, with state %.3f s, of which ",
		    NR == 1 ? "wall time" : "user and system time", $1, $2
		printf "%.3f s read the state: adds %.1f %%, aim at most 20 %%\n",
		    $3, ($2 - $3 - $1) / $1 * 100 }'
}

instructions() {
	rm -f "$tmp/callgrind"
	valgrind --tool=callgrind --callgrind-out-file="$tmp/callgrind" "$@" \
		>/dev/null 2>&1 || return 1
	awk '/^(summary|totals):/ { print $2; exit }' "$tmp/callgrind"
}

count_instructions() {
	if [ "${BENCH_CALLGRIND:-0}" != 1 ]; then
		echo "instructions: not counted (BENCH_CALLGRIND=1 does)"
		return
	fi
	command -v valgrind >/dev/null || {
		echo "instructions: valgrind is not installed"
		return
	}
	generate cg -n 100000
	b=$(instructions "$bin/bare" "$tmp/cg.pcap") || die "valgrind: bare failed"
	p=$(instructions "$podpath" read -o json "$tmp/cg.pcap") ||
		die "valgrind: podpath failed"
	[ "${b:-0}" != 0 ] || die "valgrind: nothing counted for bare"
	[ "${p:-0}" != 0 ] || die "valgrind: nothing counted for podpath"
	small_state "$tmp/cg.truth" 1
	head -c 24 "$tmp/cg.pcap" >"$tmp/empty.pcap"
	s=$(instructions "$podpath" read -o json --state "$tmp/small" \
		"$tmp/cg.pcap") || die "valgrind: podpath --state failed"
	a=$(instructions "$podpath" read -o json --state "$tmp/small" \
		"$tmp/empty.pcap") || die "valgrind: podpath --state failed"
	awk -v b="$b" -v p="$p" -v s="$s" -v a="$a" 'BEGIN {
		printf "instructions a packet, of 100000: bare %.0f, podpath %.0f, %.2f times\n",
		    b / 1e5, p / 1e5, p / b
		printf "with a small state %.0f, without those that read it (%.0f M): adds %.1f %%\n",
		    s / 1e5, a / 1e6, (s - a - p) / p * 100 }'
}

full() {
	echo "# $(uname -sm), $(getconf _NPROCESSORS_ONLN) cores; on a shared machine" \
		"times are noisy: trust the ratios of one run, and the best more than" \
		"the median"
	[ -z "${BENCH_LOAD:-}" ] || echo "# $BENCH_LOAD"
	need_space "$packets" 200
	generate pods -n "$packets"
	make_state state -t "$tmp/pods.truth"
	make_state state-k -t "$tmp/pods.truth" -k
	head -c 24 "$tmp/pods.pcap" >"$tmp/empty.pcap"	# a header, and no packet
	echo "# state: $(grep -c '^512:' "$tmp/state/iprule.txt") pods with an" \
		"address, $(grep -c '^-A KUBE-SERVICES -d' "$tmp/state/iptables-save.txt")" \
		"service ports, $(grep -c '^:KUBE-SEP' "$tmp/state/iptables-save.txt")" \
		"endpoints, $(grep -c ' src=' "$tmp/state/conntrack.txt")" \
		"conntrack entries, $(du -sm "$tmp/state" | cut -f1) MiB"
	# all runs read from the page cache
	cat "$tmp/pods.pcap" "$tmp"/state/* "$tmp"/state-k/* >/dev/null
	measure "$tmp/pods.pcap"
	echo
	report_times

	[ ! -s "$tmp/time.podpath" ] || sort -n "$tmp/time.podpath" |
		awk -v bare="$bare" '
			NR == 1 { t = $1 }
			$4 > kib { kib = $4 }
			END {
				x = "-"
				if (bare > 0) x = sprintf("%.2f", t / bare)
				printf "aims: at most 2.50 x bare, is %s; ", x
				printf "at most 150 MiB, is %.0f MiB\n", kib / 1024
			}'

	[ ! -s "$tmp/time.podpath-state" ] || report_state

	echo
	status=0
	judge 0.99 "$tmp/pods.truth" "$tmp/pods.pcap" || status=1
	echo
	judge_verdicts 0.99 "$tmp/state" "$tmp/pods.truth" "$tmp/pods.pcap" ||
		status=1
	rm -rf "$tmp"/pods.* "$tmp/json" "$tmp/state" "$tmp/state-k"
	generate same -n 200000 --same-bytes
	echo "same bytes from many pods at once (precision alone is judged):"
	judge 0 "$tmp/same.truth" "$tmp/same.pcap" || status=1
	rm -f "$tmp"/same.* "$tmp/json"

	echo
	generate new -n 2000000 --every-packet-new-flow
	for m in 10000 100000; do
		r=$("$bin/run" "$podpath" read -o json --max-flows $m "$tmp/new.pcap")
		[ "$(field 5 "$r")" = 0 ] || status=1
		echo "every packet a new flow, 2000000, --max-flows $m:" \
			"$(field 4 "$r") KiB, $(field 1 "$r") s, exit code $(field 5 "$r")"
	done
	rm -f "$tmp"/new.*

	echo
	count_instructions
	return $status
}

[ -x "$podpath" ] || die "$podpath: no such program; run make first, or set PODPATH"
build
make_tmp
case ${1:-} in
--quick)	quick ;;
"")		full ;;
*)		die "$1: unknown; only --quick is known" ;;
esac
