#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The packet engine by itself, in network namespaces of our own: `any` and chosen
# interfaces, interfaces that come and go, filters, losses; beside tcpdump.
. "$(dirname "$0")/tap.sh"
LIVE=$BUILD/tests/live_packets
NODE=pplpn$$ POD=pplpp$$
started=

if [ "$(id -u)" != 0 ]; then
	skip "capturing packets" "needs root"
	done_testing
	exit
fi
for program in ip ping tcpdump; do
	command -v "$program" >/dev/null 2>&1 || {
		skip "capturing packets" "no program $program"
		done_testing
		exit
	}
done

remove() {
	for pid in $started; do
		kill "$pid" 2>/dev/null
	done
	ip netns del "$NODE" 2>/dev/null
	ip netns del "$POD" 2>/dev/null
}
trap 'remove; rm -rf "$T"' EXIT
if ! ip netns add "$NODE" 2>"$T/err"; then
	skip "capturing packets" "no network namespaces here: $(tail -n 1 "$T/err")"
	done_testing
	exit
fi
ip netns add "$POD"

on_node() {
	ip netns exec "$NODE" "$@"
}

# wire NAME NET: NAME on the node has NET.1, its other end in the pod NET.2; no
# IPv6, whose own packets come when they like.
wire() {
	ip -n "$NODE" link add "$1" type veth peer name "$1-p" netns "$POD" &&
	    on_node sh -c "echo 1 >/proc/sys/net/ipv6/conf/$1/disable_ipv6" &&
	    ip netns exec "$POD" \
	    sh -c "echo 1 >/proc/sys/net/ipv6/conf/$1-p/disable_ipv6" &&
	    ip -n "$NODE" addr add "$2.1/24" dev "$1" &&
	    ip -n "$POD" addr add "$2.2/24" dev "$1-p" &&
	    ip -n "$POD" link set "$1-p" up && ip -n "$NODE" link set "$1" up
}

# wait_for SECONDS COMMAND...: until it succeeds.
wait_for() {
	tries=$(($1 * 20))
	shift
	until "$@" >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || return 1
		sleep 0.05
	done
}

# start ARGS...: live_packets on the node, into $T/out and $T/err, until finish.
start() {
	: >"$T/out"
	timeout 120 ip netns exec "$NODE" "$LIVE" "$@" >"$T/out" 2>"$T/err" &
	pid=$!
	started="$started $pid"
	wait_for 10 grep -q '^ready' "$T/out"
}

finish() {
	sleep 0.2	# ten times what the kernel keeps packets back
	kill -INT "$pid" 2>/dev/null	# -c may have ended it
	code=0
	wait "$pid" || code=$?
}

# refused NAME TEXT ARGS...: it does not start, and says TEXT.
refused() {
	name=$1 text=$2
	shift 2
	code=0
	timeout 20 ip netns exec "$NODE" "$LIVE" -t 5 "$@" >"$T/out" 2>"$T/err" ||
	    code=$?
	[ "$code" -eq 1 ] && [ ! -s "$T/out" ] && holds err "$text"
	tap $? "$name"
}

# packets IFACE DIR MORE: how many lines of the output tell of such.
packets() {
	grep -cE "^packet [0-9]+ $1 $2 $3" "$T/out"
}

ip -n "$NODE" link set lo up
wire eni1 10.77.1 && wire eni2 10.77.2 && wire other 10.77.3
tap $? "a node with three wires"
for net in 1 2 3; do
	on_node ping -c 1 -W 2 10.77.$net.2 >"$T/out" 2>"$T/err"
done

# ---- any
start
for net in 1 2 3; do
	on_node ping -c 3 -i 0.01 -s 100 10.77.$net.2 >/dev/null
done
on_node ping -c 1 127.0.0.1 >/dev/null
finish
[ "$code" -eq 0 ] && sound && holds out "end interfaces 1 " &&
    holds out "iface 0 - ifindex 0 link 276 -"
tap $? "any: one handle, number 0 for itself"
for name in eni1 eni2 other; do
	mac=$(on_node cat "/sys/class/net/$name/address")
	index=$(on_node cat "/sys/class/net/$name/ifindex")
	[ "$(packets $name out .)" -ge 3 ] && [ "$(packets $name in .)" -ge 3 ] &&
	    [ "$(packets $name out '.*148 of 148 ')" -eq 3 ] &&
	    [ "$(packets $name in '.*148 of 148 ')" -eq 3 ] &&
	    grep -q "^iface [1-9][0-9]* $name ifindex $index link 276 given $mac" "$T/out"
	tap $? "any: $name has name, index, MAC and both directions"
done
[ "$(packets lo '(in|out)' .)" -eq 2 ] && ! grep -q '^packet [0-9]* [^ ]* - ' "$T/out"
tap $? "any: the loopback once each, every direction known"
late=$(sed -n 's/^packet.*delay_us //p' "$T/out" | sort -n | tail -n 1)
[ "$late" -lt 100000 ]
tap $? "any: no packet is more than 100 ms late"

# ---- names and globs
start -i eni1 -i 'oth*'
for net in 1 2 3; do
	on_node ping -c 3 -i 0.01 10.77.$net.2 >/dev/null
done
on_node ping -c 1 127.0.0.1 >/dev/null
finish
[ "$code" -eq 0 ] && sound && [ "$(packets eni1 out .)" -ge 3 ] &&
    [ "$(packets other in .)" -ge 3 ] && holds out "end interfaces 2 " &&
    ! grep -q 'eni2\| lo ' "$T/out"
tap $? "chosen interfaces alone, with directions"
received=$(sed -n 's/ packets received.*//p' "$T/err")
[ "$received" -eq "$(sed -n 's/ packets captured//p' "$T/err")" ]
tap $? "chosen interfaces: the kernel hands over no others"
awk '$1 == "packet" { if ($3 != was) turns++; was = $3 }
    $1 == "end" { exit !($7 == 0 && turns >= 2) }' "$T/out"
tap $? "chosen interfaces: in order of time"

if ip -n "$NODE" link property add dev eni2 altname enp77s2 2>/dev/null; then
	start -i enp77s2 -c 2
	on_node ping -c 1 10.77.2.2 >/dev/null
	finish
	[ "$code" -eq 0 ] && [ "$(packets eni2 out .)" -ge 1 ]
	tap $? "another name of an interface"
else
	skip "another name of an interface" "no altname here"
fi

start -i 'pod*'
holds err 'no interface fits "pod*" yet'
tap $? "a glob that fits nothing yet is said"
finish

# ---- they come and go
start -i eni1 -i 'pod*'
ip netns exec "$POD" ping -i 0.01 10.77.1.1 >/dev/null &
pinging=$!
started="$started $pinging"
wire pod1 10.77.9
wait_for 1 grep -q '^iface [0-9]* pod1 ' "$T/out"
tap $? "a new interface is told of within a second"
on_node ping -c 3 -i 0.01 10.77.9.2 >/dev/null
wait_for 1 grep -q '^packet [0-9]* pod1 in' "$T/out"
tap $? "a new interface: its packets come"
first=$(on_node cat /sys/class/net/pod1/ifindex)
ip -n "$NODE" link del pod1
sleep 0.2
wire pod1 10.77.9
second=$(on_node cat /sys/class/net/pod1/ifindex)
wait_for 1 grep -q "^iface [0-9]* pod1 ifindex $second" "$T/out"
on_node ping -c 3 -i 0.01 10.77.9.2 >/dev/null
finish
awk -v first="$first" -v second="$second" '
    $1 == "iface" && $3 == "pod1" { index_of[$2] = $5; numbers++ }
    $1 == "packet" && $3 == "pod1" { seen[index_of[$2]]++ }
    END { exit !(numbers == 2 && seen[first] > 0 && seen[second] > 0) }' "$T/out"
tap $? "made again under the same name it is another one"
[ "$code" -eq 0 ] && sound && holds out "end interfaces 2 "
tap $? "a vanished interface is no error"

start -i 'pod*'
ip -n "$NODE" link set pod1 down
sleep 0.2
ip -n "$NODE" link set pod1 up
wait_for 2 on_node ping -c 1 -W 1 10.77.9.2
ip -n "$NODE" link set pod1 down
ip -n "$NODE" link set pod1 name pod2
ip -n "$NODE" link set pod2 up
wait_for 2 grep -q '^iface [0-9]* pod2 ' "$T/out"
wait_for 2 on_node ping -c 1 -W 1 10.77.9.2
finish
[ "$code" -eq 0 ] && [ "$(packets pod1 in .)" -ge 1 ] &&
    [ "$(packets pod2 in .)" -ge 1 ] && [ "$(grep -c '^iface' "$T/out")" -eq 2 ]
tap $? "down and up again, and renamed"
ip -n "$NODE" link del pod2

# come_and_go COUNT: so many links, ten of them left.
come_and_go() {
	i=0
	while [ $i -lt "$1" ]; do
		ip -n "$NODE" link add pod$i type veth peer name podp$i netns "$POD"
		ip -n "$NODE" link set pod$i up
		[ $i -lt 10 ] || ip -n "$NODE" link del pod$((i - 10))
		i=$((i + 1))
	done
}
start -i eni1 -i 'pod*'
come_and_go 100
sleep 0.1
finish
kill "$pinging"
[ "$code" -eq 0 ] && sound && [ "$(packets eni1 in .)" -gt 100 ] &&
    awk '$1 == "ready" { before = $3 }
    $1 == "end" { exit !($5 == before && $3 == 11) }' "$T/out"
tap $? "a hundred come and go: no descriptor is left"
[ "$(grep -c '^iface [0-9]* pod[0-9]' "$T/out")" -ge 90 ]
tap $? "a hundred come and go: each was seen"
i=90
while [ $i -lt 100 ]; do
	ip -n "$NODE" link del pod$i
	i=$((i + 1))
done

# Another choice loses nothing: every datagram that is sent meanwhile is seen.
start -i eni1 -i 'pod*' -f 'udp port 9' -q -B 64 -s 64
(
	sent=0
	while [ ! -e "$T/enough" ]; do
		on_node "$LIVE" -S 10.77.1.2,10000,100
		sent=$((sent + 10000))
	done
	echo $sent >"$T/sent"
) &
sending=$!
come_and_go 30
: >"$T/enough"
wait "$sending"
finish
sent=$(cat "$T/sent")
[ "$code" -eq 0 ] && [ "$(sed -n 's/ packets captured//p' "$T/err")" -eq "$sent" ]
tap $? "another choice loses none of $sent datagrams"
i=20
while [ $i -lt 30 ]; do
	ip -n "$NODE" link del pod$i
	i=$((i + 1))
done

# chosen LINKS: eni1 and so many more that are not there.
chosen() {
	start -i eni1 -i 'made*' -x "$1"
	for net in 1 2 3; do
		on_node ping -c 3 -i 0.01 10.77.$net.2 >/dev/null
	done
	finish
	received=$(sed -n 's/ packets received.*//p' "$T/err")
	captured=$(sed -n 's/ packets captured//p' "$T/err")
	[ "$code" -eq 0 ] && sound && [ "$(packets eni1 out .)" -ge 3 ] &&
	    [ "$(packets eni1 '[a-z]*' .)" -eq "$captured" ]
}
chosen 1000 && [ "$received" -eq "$captured" ] && ! holds err "too many"
tap $? "a thousand more are chosen in the kernel"
chosen 2000 && [ "$received" -gt "$captured" ] && holds err "too many interfaces"
tap $? "more than the kernel's filter holds are sorted out here"

# ---- nobody tells of links
start -l
on_node ping -c 2 -i 0.01 10.77.1.2 >/dev/null
finish
[ "$code" -eq 0 ] && [ "$(packets eni1 out .)" -ge 2 ]
tap $? "any without word of links: named by the kernel"
start -v
on_node ping -c 2 -i 0.01 10.77.1.2 >/dev/null
finish
[ "$code" -eq 0 ] && [ "$(packets - out .)" -ge 2 ] &&
    holds out "iface 0 - ifindex 0 link 113 -" && holds err "no LINUX_SLL2"
tap $? "a libpcap without LINUX_SLL2: any, with directions"
refused "a libpcap without LINUX_SLL2: chosen interfaces are refused" \
    "cannot tell interfaces apart" -v -i eni1

# ---- filters, snap length
start -f 'udp port 9 or tcp'
on_node ping -c 2 -i 0.01 10.77.1.2 >/dev/null
on_node "$LIVE" -S 10.77.1.2,5,1000
finish
[ "$code" -eq 0 ] && [ "$(packets eni1 out '.* 212 of 1048 ')" -eq 5 ] &&
    [ "$(grep -c '^packet' "$T/out")" -eq 5 ]
tap $? "a filter; 192 bytes from the network header on"
start -i 'eni*' -f 'udp port 9' -s 96
on_node "$LIVE" -S 10.77.1.2,5,1000
on_node "$LIVE" -S 10.77.3.2,5,1000
on_node ping -c 2 -i 0.01 10.77.2.2 >/dev/null
finish
[ "$code" -eq 0 ] && [ "$(packets eni1 out '.* 116 of 1048 ')" -eq 5 ] &&
    [ "$(grep -c '^packet' "$T/out")" -eq 5 ]
tap $? "a filter with chosen interfaces, another snap length"
# udp_to ADDRESS PORT: 1,000 bytes.
udp_to() { on_node bash -c 'head -c 1000 /dev/zero >"/dev/udp/$0/$1"' "$1" "$2"; }
on_node sysctl -qw net.ipv6.conf.eni1.disable_ipv6=0
on_node ip -6 address add fd77::1/64 dev eni1 nodad
on_node ip -6 neighbour add fd77::2 lladdr 02:00:00:00:00:77 dev eni1 nud permanent
for chosen in '-i any' '-i eni1'; do
	# shellcheck disable=SC2086 # an option and its argument
	start $chosen -f udp
	udp_to 10.77.1.2 53
	udp_to 10.77.1.2 54
	udp_to fd77::2 53
	udp_to fd77::2 54
	finish
	[ "$code" -eq 0 ] && [ "$(packets eni1 out '.* 1048 of 1048 ')" -eq 1 ] &&
	    [ "$(packets eni1 out '.* 212 of 1048 ')" -eq 1 ] &&
	    [ "$(packets eni1 out '.* 1068 of 1068 ')" -eq 1 ] &&
	    [ "$(packets eni1 out '.* 212 of 1068 ')" -eq 1 ]
	tap $? "DNS is captured whole, the rest as headers ($chosen)"
done
on_node sysctl -qw net.ipv6.conf.eni1.disable_ipv6=1
# link[12] is no field that the kernel's filter can look at.
start -i 'eni*' -f 'udp port 9 and link[12] >= 0'
on_node "$LIVE" -S 10.77.1.2,5,1000
on_node "$LIVE" -S 10.77.3.2,5,1000
on_node ping -c 2 -i 0.01 10.77.2.2 >/dev/null
finish
[ "$code" -eq 0 ] && [ "$(packets eni1 out '.* of 1048 ')" -eq 5 ] &&
    [ "$(grep -c '^packet' "$T/out")" -eq 5 ]
tap $? "a filter that only libpcap can do, with chosen interfaces"
refused "a bad filter is named" \
    'capture filter "tcp prt 80": can'"'"'t parse filter expression' -f 'tcp prt 80'

# ---- what is not there
refused "a missing interface, with what is there" \
    'no interface "wlan0"; there are lo, eni1, eni2, other' -i wlan0
refused "a missing interface, with the name that was meant" \
    'no interface "enl1", did you mean "eni1"?' -i enl1
refused "a buffer too large to ask for" \
    'buffer of 4096 MiB, expected at most 2047' -B 4096

if command -v setpriv >/dev/null 2>&1; then
	code=0
	on_node timeout 20 setpriv --bounding-set=-net_raw --inh-caps=-net_raw \
	    "$LIVE" -t 5 >"$T/out" 2>"$T/err" || code=$?
	[ "$code" -eq 1 ] && [ ! -s "$T/out" ] &&
	    holds err "cannot capture: needs CAP_NET_RAW"
	tap $? "no right to capture: which is missing"
else
	skip "no right to capture" "no program setpriv"
fi

# ---- losses
start -q -B 1 -s 1400 -z 2
on_node "$LIVE" -S 10.77.1.2,20000,1400
wait_for 5 grep -q '^loss' "$T/out"
finish
lost=$(awk '$1 == "loss" { n += $3 } END { print n + 0 }' "$T/out")
[ "$code" -eq 0 ] && [ "$lost" -gt 1000 ] && ! holds out "out of order" &&
    [ "$lost" -eq "$(sed -n 's/ packets dropped by kernel//p' "$T/err")" ]
tap $? "a reader that sleeps and a tiny ring: $lost lost, and counted"
received=$(sed -n 's/ packets received.*//p' "$T/err")
captured=$(sed -n 's/ packets captured//p' "$T/err")
[ $((captured + lost)) -eq "$received" ] && [ "$received" -ge 20000 ]
tap $? "captured and lost are all: $captured + $lost = $received"

# ---- the same as tcpdump
# Both see what was sent while both ran; the marks tell which that is.
# Not on_node: the signal must reach timeout(1), not a shell.
ip netns exec "$NODE" timeout 60 tcpdump -i any -y LINUX_SLL2 -s 212 -U \
    -w "$T/theirs.pcap" -Z root >"$T/tcpdump" 2>&1 &
theirs=$!
started="$started $theirs"
wait_for 10 grep -q 'listening on' "$T/tcpdump"
start -q -w "$T/ours.pcap"
on_node ping -c 20 -i 0.01 -s 1200 10.77.1.2 >/dev/null
on_node "$LIVE" -S 10.77.2.2,2000,300
on_node ping -c 20 -i 0.01 10.77.3.2 >/dev/null
sleep 0.5
finish
kill -INT "$theirs"
wait "$theirs"
for side in ours theirs; do
	tcpdump -r "$T/$side.pcap" -t -n -e -v -x 'icmp or udp' 2>/dev/null \
	    >"$T/$side.txt"
done
n=$(grep -c 'length' "$T/ours.txt")
[ "$n" -ge 2080 ] && cmp -s "$T/ours.txt" "$T/theirs.txt"
same=$?
tap $same "the same $n lines as tcpdump, in the same order"
[ $same -eq 0 ] || diff "$T/ours.txt" "$T/theirs.txt" | head -n 10 | sed 's/^/# /'
done_testing
