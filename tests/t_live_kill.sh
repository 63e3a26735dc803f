#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# podpath record that is killed at any moment under traffic, runs into a full disk,
# rotates its files or writes its ring: what is there can be read, each file alone,
# and all of it up to the last complete block.
. "$(dirname "$0")/tap.sh"
NODE=pplk$$ PEER=pplq$$
MOMENTS=${MOMENTS:-20}
AT_ONCE=4
traffic='' pid=''

ended() {
	# timeout(1) passes TERM on
	[ -z "$traffic" ] || kill -TERM "$traffic" 2>/dev/null
	[ -z "$pid" ] || kill -KILL "$pid" 2>/dev/null
	wait
	ip netns del "$NODE" 2>/dev/null
	ip netns del "$PEER" 2>/dev/null
	umount "$T/small" 2>/dev/null
	rm -rf "$T"
}
trap ended EXIT

namespaces() {
	ip netns add "$NODE" && ip netns add "$PEER" &&
	    ip link add v0 netns "$NODE" type veth peer name v0 netns "$PEER" &&
	    ip -n "$NODE" addr add 10.9.0.1/24 dev v0 &&
	    ip -n "$PEER" addr add 10.9.0.2/24 dev v0 &&
	    ip -n "$NODE" link set lo up && ip -n "$NODE" link set v0 up &&
	    ip -n "$PEER" link set v0 up &&
	    ip netns exec "$NODE" ping -c 1 -w 5 10.9.0.2
}
why=
if [ "$(id -u)" != 0 ]; then
	why="needs root"
else
	for program in ip ping tcpdump jq; do
		command -v $program >/dev/null 2>&1 || why="no program $program"
	done
fi
[ -n "$why" ] || namespaces >/dev/null 2>"$T/err" || why="no network namespaces here"
if [ -n "$why" ]; then
	skip "recordings that end early" "$why"
	done_testing
	exit 0
fi

# Traffic until the end: pings of 1000 bytes, 500 a second, and of all sizes' flows
# a new one each 0.1 s; a route and an address that come and go.
traffic() {
	n=0
	while :; do
		n=$((n + 1))
		ping -q -c 50 -i 0.002 -s 1000 -W 1 10.9.0.2
		ip route replace 10.8.$((n % 250)).0/24 via 10.9.0.2
		ip route del 10.8.$(((n + 200) % 250)).0/24
	done
}
ip netns exec "$NODE" timeout 200 sh -c "$(sed -n '/^traffic() {$/,/^}$/p' "$0"); traffic" \
    >/dev/null 2>&1 &
traffic=$!

# record ARGS...: in the background, without an intermediary; its id in $pid.
record() {
	ip netns exec "$NODE" "$PODPATH" record "$@" >/dev/null 2>"$T/record.err" </dev/null &
	pid=$!
}
until_listens() {
	i=0
	while [ $i -lt 200 ] && ! grep -q 'listening on' "$1"; do
		i=$((i + 1))
		sleep 0.05
	done
}

# ---- killed

# What another program finds of packets in the file.
packets_there() {
	tcpdump -Z root -nr "$1" 2>/dev/null | wc -l
}
# readable FILE: read says nothing, or that the file was cut; all packets are there.
readable() {
	there=0 found=none
	run read --changes -o json "$1"
	there=$(packets_there "$1")
	found=$(tail -n 1 "$T/out" | jq .packets)
	[ "$code" -eq 0 ] && sound && [ "$(wc -l <"$T/err")" -le 1 ] &&
	    ! grep -qv 'cut\|ends\|truncated' "$T/err" && [ "${found:-x}" = "$there" ]
}

# killed FILE MILLISECONDS
killed() {
	# in a subshell, so that this is its own $pid
	ip netns exec "$NODE" "$PODPATH" record -w "$1" >/dev/null 2>"$1.err" </dev/null &
	pid=$!
	i=0
	while [ $i -lt 200 ] && [ ! -e "$1" ]; do
		i=$((i + 1))
		sleep 0.01
	done
	sleep "$(awk "BEGIN { print $2 / 1000 }")"
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null
}

# Moments up to 2 s from when the file is there: in the first writes, and later on.
awk -v n="$MOMENTS" -v seed="$$" 'BEGIN {
	srand(seed)
	for (i = 0; i < n; i++) printf "%d\n", i % 4 ? rand() * 2000 : rand() * 60
}' >"$T/moments"
n=0 now=
while read -r ms; do
	n=$((n + 1))
	killed "$T/killed-$n" "$ms" &
	now="$now $!"
	if [ $((n % AT_ONCE)) -eq 0 ] || [ $n -eq "$MOMENTS" ]; then
		# shellcheck disable=SC2086 # ids
		wait $now
		now=
	fi
done <"$T/moments"
n=0 bad='' cut=0 most=0
while read -r ms; do
	n=$((n + 1))
	# killed before the first write
	[ -s "$T/killed-$n" ] || continue
	if ! readable "$T/killed-$n"; then
		bad="$bad ${ms}ms"
		cp "$T/err" "$T/bad.err"
		echo "# killed after $ms ms: code $code, $found packets, tcpdump $there"
	fi
	[ ! -s "$T/err" ] || cut=$((cut + 1))
	[ "$there" -le "$most" ] || most=$there
	# nothing waits in memory for long
	[ "$ms" -lt 1000 ] || [ "$there" -ge 100 ] || bad="$bad ${ms}ms:$there"
done <"$T/moments"
[ ! -s "$T/bad.err" ] || cp "$T/bad.err" "$T/err"
what="$cut files cut within a block, up to $most packets"
[ -z "$bad" ] && [ "$n" -eq "$MOMENTS" ] && [ "$most" -ge 300 ]
tap $? "killed at $MOMENTS moments ($what): each is read, no packet is missing$bad"

# The same of a file cut by hand, anywhere.
size=$(wc -c <"$T/killed-1")
whole=$T/killed-1
for f in "$T"/killed-*[0-9]; do
	[ "$(wc -c <"$f")" -le "$size" ] || whole=$f size=$(wc -c <"$f")
done
bad=
for part in 1 2 3 4 5 6 7 8 9 10 11 12; do
	head -c $((size * part / 13 + part)) "$whole" >"$T/part"
	readable "$T/part" || bad="$bad $part/13"
done
[ -z "$bad" ]
tap $? "cut anywhere: read up to there$bad"

# ---- a full disk

mkdir "$T/small"
if mount -t tmpfs -o size=256k tmpfs "$T/small" 2>"$T/err"; then
	record -w "$T/small/full.pcapng"
	i=0
	while [ $i -lt 300 ] && kill -0 "$pid" 2>/dev/null; do
		i=$((i + 1))
		sleep 0.1
	done
	kill -KILL "$pid" 2>/dev/null
	code=0
	wait "$pid" || code=$?
	pid=
	cp "$T/record.err" "$T/err"
	: >"$T/out"
	[ "$code" -eq 2 ] && grep -q "$T/small/full.pcapng: no space left on the device" "$T/err" &&
	    sound
	tap $? "a full disk: the message, exit code 2"
	readable "$T/small/full.pcapng" && [ "$there" -ge 300 ]
	tap $? "... what was written is read, $there packets"
	umount "$T/small"
else
	skip "a full disk" "no tmpfs can be mounted here"
fi

# ---- rotation and rings

# each_alone NAME FILE...: every file is readable for itself, and knows the interface.
each_alone() {
	name=$1 bad='' n=0
	shift
	for f; do
		readable "$f" && [ ! -s "$T/err" ] || bad="$bad ${f##*/}"
		# time may be over before the first packet comes
		[ "$there" -gt 0 ] || continue
		n=$((n + 1))
		run read -o json "$f"
		jq -c 'select(.proto == "icmp" and .original.dst == "10.9.0.2" and
		    (.legs | all(.ifname == "v0")))' "$T/out" | grep -q . ||
		    bad="$bad ${f##*/}:v0"
	done
	[ $n -ge 2 ] && [ -z "$bad" ]
	tap $? "$name: $n files, each is read alone$bad"
}

# stopped: SIGTERM, and its exit code.
stopped() {
	kill -TERM "$pid"
	code=0
	wait "$pid" || code=$?
	pid=
	cp "$T/record.err" "$T/err"
	[ "$code" -eq 0 ] && sound
}
record -Z root -w "$T/size.pcapng" -C 100k
until_listens "$T/record.err"
sleep 3
stopped
tap $? "-C 100k"
each_alone "-C 100k" "$T"/size*
record -Z root -w "$T/again.pcapng" -C 100k -W 3
until_listens "$T/record.err"
sleep 3
stopped && [ "$(find "$T" -name 'again*' | wc -l)" -eq 3 ]
tap $? "-C 100k -W 3: three files"
each_alone "-C 100k -W 3" "$T"/again*
record -Z root -w "$T/time-%s.pcapng" -G 1
until_listens "$T/record.err"
sleep 3
stopped
tap $? "-G 1"
each_alone "-G 1" "$T"/time*
record -Z root -w "$T/ring.pcapng" --ring 2s
until_listens "$T/record.err"
sleep 3
kill -USR1 "$pid"
sleep 1
kill -USR1 "$pid"
sleep 0.5
stopped
tap $? "--ring 2s, written twice"
each_alone "--ring 2s" "$T"/ring*
# in the ring was what its time says, and no more
run read -o json "$T/ring.pcapng"
seconds=$(jq -rs '[.[] | select(.first)] | ([.[].last] | max) as $b | ([.[].first] | min) as $a |
    [$a, $b] | map(sub("\\.[0-9]*Z$"; "Z") | fromdate) | .[1] - .[0]' "$T/out")
[ "${seconds:-9}" -le 3 ]
tap $? "--ring 2s: $seconds s of packets"
done_testing
