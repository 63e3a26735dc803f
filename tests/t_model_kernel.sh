#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Does the model say what the kernel does?  Random policy rules, routes and
# settings, with the answers of `ip route get`; random rule sets of iptables,
# with packets.  In network namespaces of our own.
. "$(dirname "$0")/tap.sh"
SETS=1000 RULE_SETS=110
case $BUILD in *-san) SETS=250 RULE_SETS=30 ;; esac
NODE=ppmk$$ WORLD=ppmw$$

namespaces() {
	remove
	ip netns add "$NODE" && ip netns add "$WORLD"
}
remove() {
	ip netns del "$NODE" 2>/dev/null
	ip netns del "$WORLD" 2>/dev/null
}
trap 'remove; rm -rf "$T"' EXIT

# compare NAME LIMIT PROGRAM ARGS...: exit code 0, and its figures in the name.
compare() {
	name=$1 limit=$2 program=$BUILD/tests/$3
	shift 3
	code=0
	namespaces >"$T/out" 2>"$T/err" || code=$?
	[ "$code" -ne 0 ] || TMPDIR="$T" timeout "$limit" ip netns exec "$NODE" \
	    "$program" "$@" >"$T/out" 2>"$T/err" || code=$?
	remove
	tap "$code" "$name: $(tail -n 1 "$T/out")"
	[ "$code" -eq 0 ] || head -n 60 "$T/out"
}

# notices NAME PROGRAM ARGS...: exit code 1, since the model is told a lie.
notices() {
	name=$1 program=$BUILD/tests/$2
	shift 2
	code=0
	namespaces >"$T/out" 2>"$T/err" || code=$?
	[ "$code" -ne 0 ] || TMPDIR="$T" timeout 60 ip netns exec "$NODE" \
	    "$program" "$@" >"$T/out" 2>"$T/err" || code=$?
	remove
	[ "$code" -eq 1 ] && ! grep -q 'Sanitizer' "$T/err"
	tap $? "$name"
}

# Is the program there, and does this kernel do what it asks for?
can() {
	why=
	for program in ip iptables-save iptables-restore conntrack; do
		command -v "$program" >/dev/null 2>&1 || why="no program $program"
	done
	if [ "$(id -u)" != 0 ]; then
		why="needs root"
	elif [ -z "$why" ] && ! namespaces 2>/dev/null; then
		why="no network namespaces here"
	elif [ -z "$why" ] && ! printf '*nat\nCOMMIT\n' |
	    ip netns exec "$NODE" iptables-restore 2>/dev/null; then
		why="this kernel has no nat table"
	fi
	[ -z "$why" ]
}

seed=${SEED:-$(date +%j)}
if can; then
	compare "routes, seed $seed" 120 model_kernel "$seed" "$SETS"
	notices "a rule that is not so is noticed" model_kernel "$seed" 20 lie
	compare "packets, seed $seed" 120 model_packets "$seed" "$RULE_SETS" "$WORLD"
	notices "a translation that is not so is noticed" model_packets "$seed" 15 \
	    "$WORLD" lie
else
	skip "routes as the kernel's" "$why"
	skip "packets as the kernel's" "$why"
fi
done_testing
