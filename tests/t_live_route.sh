#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Links, addresses, neighbours, rules and routes from rtnetlink: a dump says what
# the readers of ip(8)'s output say; changes, applied to a copy one after the other,
# end in what a fresh dump says.  NAT rules, sets, sysctls and pods that are looked
# at again.  In a network namespace of our own.
. "$(dirname "$0")/tap.sh"
NS=pplr$$ OTHER=pplo$$
MANY=700
chmod 755 "$T"	# some of it is read by nobody
case $BUILD in *-san) MANY=250 ;; esac

remove() {
	ip netns del "$NS" 2>/dev/null
	ip netns del "$OTHER" 2>/dev/null
}
trap 'remove; rm -rf "$T"' EXIT

on() { ip netns exec "$NS" "$@"; }

# Devices of many kinds, some without carrier, with a rule or a route of each kind.
# What this kernel cannot do is left out.
node() {
	remove
	ip netns add "$NS" || return 1
	on sysctl -qw net.ipv6.conf.all.disable_ipv6=0 \
	    net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0 \
	    net.ipv6.conf.default.router_solicitations=0
	ip -n "$NS" -force -batch - <<-'BATCH' 2>"$T/batch"
		link set lo up
		link add v0 mtu 9001 type veth peer name p0
		link add v1 address 02:00:00:00:00:01 type veth peer name p1
		link add v2 type veth peer name p2
		link add v3 type veth peer name p3
		link add br0 type bridge
		link set p1 master br0
		link add mv0 link v0 type macvlan
		link add link v0 name v0.5 type vlan id 5
		link add vx0 type vxlan id 7 dstport 4789 dev v1
		link set v0 up
		link set p0 up
		link set v1 up
		link set p1 up
		link set br0 up
		link set v2 up
		link set p2 up
		link set mv0 up
		addr add 10.1.0.1/24 dev v0
		addr add 10.1.0.2/24 dev v0
		addr add 10.1.1.1/32 dev v0 scope host
		addr add 10.9.0.1 peer 10.9.0.2 dev v0
		addr add fd00:1::1/64 dev v0 nodad
		addr add 10.2.0.1/24 dev v1 noprefixroute
		addr add 10.3.0.1/24 dev v3
		addr add fd00:2::1/64 dev v1 nodad
		route add default via 10.1.0.254 dev v0
		route add default via 10.1.0.253 dev v0 proto dhcp src 10.1.0.1 metric 512
		route add 10.1.0.254 dev v0 scope link table 2
		route add 10.20.0.0/16 via 10.1.0.254 dev v0 table 2
		route add blackhole 10.30.0.0/16
		route add unreachable 10.31.0.0/16 metric 9
		route add prohibit 10.32.0.0/16 table 100
		route add throw 10.33.0.0/16 table 4000
		route add 10.40.0.0/16 nexthop via 10.1.0.254 dev v0 weight 1 nexthop via 10.2.0.254 dev v1 weight 3 onlink
		route add 10.41.0.0/16 via 10.1.0.254 mtu 1400 advmss 1360 initcwnd 10 rto_min 50ms
		route add 10.42.0.0/16 via 10.1.0.254 mtu lock 1300 hoplimit 7 quickack 1 features ecn
		route add 10.43.0.0/16 dev v0 tos 0x10
		route add 10.43.0.0/16 dev v0 tos 0x28
		route add 10.44.0.0/16 via 172.31.9.9 dev v0 onlink proto static
		route add 10.45.0.0/16 via inet6 fe80::1 dev v0
		route add local 10.46.0.0/16 dev lo table 200
		route append 10.47.0.0/16 via 10.1.0.254
		route append 10.47.0.0/16 via 10.1.0.253
		route add 10.48.0.0/16 dev v0 realm 3/4
		route add 10.49.0.0/16 dev v0 proto 77 congctl reno
		route add multicast 239.1.0.0/16 dev v0
		rule add fwmark 0x80/0x80 lookup main priority 1024
		rule add fwmark 7 lookup 7 priority 1025
		rule add from 10.1.0.5 lookup 2 priority 1536
		rule add to 10.1.0.5 lookup main priority 512
		rule add to 10.1.0.6 lookup main priority 512
		rule add from 10.0.0.0/8 to 10.1.0.0/16 lookup 4000 priority 600
		rule add not from 10.0.0.0/8 iif v0 lookup 100 priority 601
		rule add iif lo oif v1 lookup 100 priority 602
		rule add iif nosuch0 lookup 100 priority 603
		rule add blackhole from 10.66.0.0/16 priority 700
		rule add unreachable to 10.67.0.0/16 priority 701
		rule add prohibit fwmark 3 priority 702
		rule add goto 1024 from 10.68.0.0/16 priority 703
		rule add goto 1999 from 10.69.0.0/16 priority 704
		rule add nop priority 705
		rule add ipproto tcp sport 100-200 dport 80 lookup 100 priority 706
		rule add ipproto icmp lookup 100 priority 707
		rule add uidrange 100-200 lookup 100 priority 708
		rule add tos 0x10 lookup 100 priority 709
		rule add lookup main suppress_prefixlength 0 priority 710
		rule add lookup main suppress_ifgroup 5 priority 711
		rule add l3mdev priority 712
		rule add from 10.70.0.0/16 lookup 100 protocol static priority 713
		rule add from 10.71.0.0/16 lookup 100 realms 3/4 priority 714
		neigh add 10.1.0.254 lladdr 02:00:00:00:00:99 dev v0 nud permanent
		neigh add 10.1.0.253 lladdr 02:00:00:00:00:98 dev v0 nud reachable
		neigh add 10.1.0.252 lladdr 02:00:00:00:00:97 dev v0 nud stale
		neigh add 10.1.0.251 dev v0 nud failed
		neigh add fd00:1::9 lladdr 02:00:00:00:00:96 dev v0 nud permanent
		neigh add proxy 10.1.0.99 dev v0
		nexthop add id 5 via 10.1.0.254 dev v0
		route add 10.50.0.0/16 nhid 5
		link set p2 down
	BATCH
	ip -6 -n "$NS" -force -batch - <<-'BATCH' 2>>"$T/batch"
		route add default via fe80::99 dev v0
		route add fd00:5::/64 nexthop via fd00:1::9 dev v0 weight 2 nexthop via fe80::7 dev v1
		route add blackhole fd00:6::/64
		route add unreachable fd00:7::/64 metric 77
		route add fd00:8::/64 via fd00:1::9 src fd00:1::1 metric 5 table 300 mtu 1300 pref high
		route add fd00:9::/64 via fd00:1::9 expires 3000
		route add fd00:a::/64 from fd00:1::/64 via fd00:1::9
		route add prohibit default table 301
		rule add fwmark 0x80/0x80 lookup main priority 1024
		rule add from fd00:1::5 to fd00::/16 lookup 300 priority 1536
		rule add iif v1 lookup 300 priority 1000
	BATCH
	on sysctl -qw net.ipv4.conf.v1.ignore_routes_with_linkdown=1
	ip -n "$NS" link set p1 down
	# the bridge loses its carrier with its port, up to a second later
	i=0
	while [ $i -lt 30 ] && ! ip -n "$NS" -o link show br0 | grep -q 'state DOWN'; do
		i=$((i + 1))
		sleep 0.1
	done
}

# Each kind of change, one after the other.
cat >"$T/changes" <<'CHANGES'
set -u
sleep 0.1
did() { ip "$@"; sleep 0.03; }
did addr add 10.1.0.7/24 dev v0
did addr del 10.1.0.1/24 dev v0
did addr add 10.1.0.1/24 dev v0
did addr add 10.9.0.1 peer 10.9.0.3 dev v0
did addr del 10.9.0.1 peer 10.9.0.2 dev v0
did route add 10.77.0.0/16 via 10.1.0.254
did route change 10.77.0.0/16 via 10.1.0.253
did route replace 10.77.0.0/16 via 10.1.0.253 mtu 1234
did route append 10.77.0.0/16 via 10.1.0.254
did route prepend 10.77.0.0/16 via 10.1.0.252
did route del 10.77.0.0/16 via 10.1.0.253
did route del 10.77.0.0/16
did route add unreachable 10.78.0.0/16
did route replace 10.78.0.0/16 nexthop via 10.1.0.254 nexthop via 10.1.0.253
did route flush table 2
did -6 route append fd00:5::/64 via fd00:1::a dev v0
did -6 route add fd00:55::/64 via fd00:1::a dev v0
did -6 route append fd00:55::/64 via fd00:1::b dev v0
did -6 route replace fd00:5::/64 via fd00:1::c dev v0
did -6 route del fd00:55::/64 via fd00:1::b dev v0
did -6 route add fd00:56::/64 via fd00:1::a metric 7
did -6 rule add from fd00::77 lookup 300 priority 1000
did rule add from 10.1.0.9 lookup 2 priority 512
did rule del from 10.1.0.5
did link set v0 name vnew
did link set v2 down
did link set v2 up
did link set p0 down
did link set p0 up
did link set vnew name v0
did rule add iif v9 lookup 9 priority 512
did rule add to 10.5.5.5 lookup 9 priority 512
did link add v9 type veth peer name p9
did link set v9 up
did link del v9
did neigh replace 10.1.0.253 lladdr 02:00:00:00:00:77 dev v0 nud reachable
did neigh del 10.1.0.254 dev v0
did neigh replace 10.1.0.222 lladdr 02:00:00:00:00:77 dev v0 nud stale
did neigh change 10.1.0.222 dev v0 nud reachable
did link set v1 mtu 1400 address 02:00:00:00:00:55
did nexthop replace id 5 via 10.1.0.253 dev v0
did nexthop del id 5
did link set p1 nomaster
did link add name tmp type bridge
did link del tmp
did rule del priority 703
did rule del priority 1024
did link del v3
did link set v0 down
did link set v0 up
exit 0
CHANGES

# Pods come, are renamed, and go.
cat >"$T/storm" <<'STORM'
set -u
sleep 0.1
for i in $(seq "$1"); do
	pod=10.$((100 + i / 250)).$((i % 250)).1
	echo "link add ve$i type veth peer name vp$i"
	echo "link set ve$i up"
	echo "link set vp$i up"
	echo "route add $pod dev ve$i scope link"
	echo "rule add to $pod lookup main priority 512"
	echo "rule add from $pod lookup 2 priority 1536"
done | ip -batch -
for i in $(seq 1 7 "$1"); do
	echo "link set ve$i down"
	echo "link set ve$i name vx$i"
	echo "link set vx$i up"
	echo "route add 10.$((100 + i / 250)).$((i % 250)).1 dev vx$i scope link"
done | ip -batch -
for i in $(seq 2 7 "$1"); do
	echo "link del ve$i"
done | ip -batch -
STORM

# follow NAME TEXT ARGS...: no difference at the end, and TEXT in what it said.
follow() {
	name=$1 text=$2 code=0
	shift 2
	node && ip -6 -n "$NS" route del fd00:9::/64 2>/dev/null
	on timeout 120 "$BUILD/tests/live_route" follow "$@" >"$T/out" \
	    2>"$T/err" || code=$?
	[ "$code" -eq 0 ] && grep -q -- "$text" "$T/out"
	tap $? "$name: $(tail -n 1 "$T/out")"
	[ "$code" -eq 0 ] || grep -v '^change\|^  ' "$T/out" | head -n 20 | sed 's/^/# /'
}

# Neither a second that went by nor a neighbour's state between the two counts.
same_dump() {
	for try in 1 2 3; do
		on "$BUILD/tests/live_route" dump >"$T/out" 2>"$T/err" || return 1
		on "$BUILD/tests/live_route" read >"$T/read" 2>>"$T/err" || return 1
		cmp -s "$T/out" "$T/read" && return 0
	done
	diff "$T/read" "$T/out" | head -n 20 | sed 's/^/# /'
	return 1
}

# figure NAME: how many records of that list are in the dump.
figure() {
	jq ".$1 | length" <"$T/out"
}

can() {
	why=
	for program in ip sysctl jq; do
		command -v "$program" >/dev/null 2>&1 || why="no program $program"
	done
	if [ "$(id -u)" != 0 ]; then
		why="needs root"
	elif [ -z "$why" ] && ! node 2>/dev/null; then
		why="no network namespaces here"
	fi
	[ -z "$why" ]
}

if ! can; then
	skip "links and routes" "$why"
	done_testing
	exit
fi

# Duplicate address detection and the bridge's forward delay are over.
sleep 1.2
code=0
same_dump
tap $? "a dump is what the readers of ip(8) say"
[ "$(figure rules)" -ge 30 ] && [ "$(figure routes)" -ge 50 ] &&
    [ "$(figure links)" -ge 10 ] && [ "$(figure neighbours)" -ge 4 ]
tap $? "of $(figure rules) rules, $(figure routes) routes, $(figure links) links"

follow "each kind of change" " 0 losses" sh "$T/changes"
[ "$(grep -c '^change' "$T/out")" -ge 40 ]
tap $? "and each is told by itself"
! grep -q '^[ ]*[-+] neigh 10.1.0.222.*no mac' "$T/out" &&
    [ "$(grep -c '+ neigh 10.1.0.222' "$T/out")" -eq 1 ]
tap $? "a neighbour's state alone is no change"
# Alone, so that no later change mends it.
while read -r command; do
	# shellcheck disable=SC2086 # several words
	follow "$command" "^[1-9][0-9]* changes, 0 losses" $command </dev/null
done <<-'ALONE'
	ip link set p0 down
	ip link set v0 down
	ip link set v0 name vnew
	ip link del v0
	ip link add nosuch0 type veth peer name nosuch1
	ip addr del 10.1.0.1/24 dev v0
	ip route append 10.44.0.0/16 via 10.1.0.254
	ip route prepend 10.47.0.0/16 via 10.1.0.252
	ip route del 10.47.0.0/16 via 10.1.0.254
	ip route del 10.43.0.0/16 tos 0x10
	ip -6 route append fd00:5::/64 via fd00:1::a dev v0
	ip -6 route replace fd00:5::/64 via fd00:1::c dev v0
	ip nexthop replace id 5 via 10.1.0.253 dev v0
ALONE
follow "all of them at once" "^1 changes, 0 losses" -q sh "$T/changes"
follow "$MANY pods" " 0 losses" sh "$T/storm" "$MANY"
follow "$MANY pods, read afterwards" "^loss" -q -b 4096 sh "$T/storm" "$MANY"
follow "pods with a small buffer" "^loss" -b 4096 sh "$T/storm" 150

# Seen at once: from the command's end to the observation.
cat >"$T/pod" <<'POD'
for i in 1 2 3 4 5 6 7 8 9 10 11; do
	sleep 0.1
	ip route add 10.200.0.$i dev v0 scope link
	echo "after $i $(date +%s.%N)"
done
POD
follow "routes one by one" "+ route table 254 10.200.0.9 dev v0" sh "$T/pod"
awk '$1 == "change" { t = $2 } $1 == "+" { told[$5] = t }
$1 == "after" { after[$2] = $3 }
END { for (i in after) late += told["10.200.0." i] - after[i] > 0.02
	exit !(length(after) == 11 && late < 6) }' "$T/out"
tap $? "most within 20 ms"

# ---- what is looked at again

# again NAME ARGS...: live_reread into $T/out.
again() {
	code=0
	on timeout 60 "$BUILD/tests/live_reread" "$@" >"$T/out" 2>"$T/err" ||
	    code=$?
	[ "$code" -eq 0 ] || sed 's/^/# /' "$T/err" | head -n 5
	[ "$code" -eq 0 ]
}

# timely NAME PARTS: the change of these parts was seen within 2 s of "after NAME",
# not before "before NAME" began, and since is at most 0.5 s before that.
timely() {
	awk -v name="$1" -v parts="$2" '
	$1 == "before" && $2 == name { before = $3 }
	$1 == "after" && $2 == name { after = $3; waits = 1 }
	$1 == "change" && $4 == parts && waits {
		if ($2 < after + 2 && $2 >= before && $3 <= after &&
		    $3 >= before - 0.5) good = 1
		waits = 0
	}
	END { exit !good }' "$T/out"
}

cat >"$T/nat" <<'NAT'
at() { echo "$1 $2 $(date +%s.%N)"; }
sleep 1.3
at before rule
iptables-nft -t nat -A POSTROUTING -s 10.3.0.0/16 -j MASQUERADE
at after rule
sleep 1.3
at before counters
iptables-nft -t nat -Z
at after counters
sleep 1.3
at before table
nft add table inet podpath_test
at after table
NAT
# nat_tests WHO ARGS...
nat_tests() {
	who=$1
	shift
	again "$@" 1.5 sh "$T/nat" && timely rule 780
	tap $? "a NAT rule is seen soon, with the time since when$who"
	[ "$(grep -c '^change' "$T/out")" -eq 2 ] && timely table 780
	tap $? "counters are no change, a table is$who"
}
if on iptables-nft -t nat -A POSTROUTING -s 10.0.0.0/8 -j MASQUERADE 2>"$T/err" &&
    on nft list tables >/dev/null 2>&1; then
	nat_tests ""
	on nft delete table inet podpath_test
	nat_tests ", as nobody" -u nobody
	on nft delete table inet podpath_test

	# The thread is of the namespace that was entered before it.
	ip netns add "$OTHER"
	code=0
	printf '%s\n' "ip netns exec $NS nft add table inet there" 'sleep 1.5' \
	    "ip netns exec $OTHER nft add table inet here" >"$T/there"
	timeout 60 "$BUILD/tests/live_reread" -N "$OTHER" 1.5 sh "$T/there" \
	    >"$T/out" 2>"$T/err" || code=$?
	[ "$code" -eq 0 ] && [ "$(grep -c '^change' "$T/out")" -eq 1 ]
	tap $? "in a namespace that was entered"
else
	for name in "a NAT rule" "counters" "as nobody" "entered"; do
		skip "$name" "no nftables here"
	done
fi

# iptables-legacy tells nobody, and its list of tables is for root alone to read.
# Both programs have many names; in a mount namespace the one stands for the other.
save=$(readlink -f "$(command -v iptables-save)")
legacy=$(readlink -f "$(command -v iptables-legacy-save)")
if [ -n "$legacy" ] && command -v unshare >/dev/null 2>&1 &&
    on iptables-legacy -t nat -A POSTROUTING -s 10.1.0.0/16 -j MASQUERADE \
    2>"$T/err"; then
	cat >"$T/legacy" <<-LEGACY
		[ "$legacy" = "$save" ] || mount --bind "$legacy" "$save" || exit 9
		(sleep 1.2; iptables-legacy -t nat -A POSTROUTING -s 10.2.0.0/16 -j MASQUERADE) &
		exec "$BUILD/tests/live_reread" -u nobody -n 1.5 sleep 2
	LEGACY
	code=0
	on timeout 60 unshare -m sh "$T/legacy" >"$T/out" 2>"$T/err" || code=$?
	[ "$code" -eq 0 ] && awk '$1 == "first" { first = $2; sub(/.*nf_rules=/, "");
	    was = $1 + 0 } $1 == "change" { since = $3; sub(/.*nf_rules=/, "");
	    n++; now = $1 + 0 }
	    END { exit !(n == 1 && now == was + 1 && since <= first) }' "$T/out"
	tap $? "iptables-legacy, as nobody: what is new since the look before"
else
	skip "iptables-legacy, as nobody" "no iptables-legacy or unshare here"
fi

# Pods of a host that is seen under a prefix.
root=$T/host
mkdir -p "$root/var/run/aws-node" "$root/etc/cni/net.d"
cp pcaps/pod-internet-secondary/ipam.json "$root/var/run/aws-node/ipam.json"
cat >"$root/etc/cni/net.d/10-aws.conflist" <<'CONFLIST'
{"cniVersion":"0.4.0","name":"aws-cni","plugins":[{"name":"aws-cni","type":"aws-cni","vethPrefix":"eni","mtu":"9001"}]}
CONFLIST
cat >"$T/pods" <<PODS
at() { echo "\$1 \$2 \$(date +%s.%N)"; }
cd "$root/var/run/aws-node"
sleep 1.2
at before pods
jq -c '.allocations |= .[:2]' ipam.json >ipam.json.tmp
mv ipam.json.tmp ipam.json
at after pods
sleep 1.5
touch ipam.json
PODS
again -r "$root" 1.5 sh "$T/pods" && grep -q '^first.*pods=5.*veth=eni' "$T/out"
tap $? "pods and settings of a host under a prefix"
[ "$(grep -c '^change' "$T/out")" -eq 1 ] && grep -q '^change.*pods=2' "$T/out" &&
    awk '$1 == "after" { t = $3 } $1 == "change" { exit !($2 < t + 1) }' "$T/out"
tap $? "a pod that goes is seen soon, by ipamd's file"
grep -q "^change [0-9.]* [0-9.]* 3000 " "$T/out"
tap $? "ENIs and pods are told together"

# A program that hangs does not hold up the end.
if command -v unshare >/dev/null 2>&1 && command -v ipset >/dev/null 2>&1; then
	ipset=$(readlink -f "$(command -v ipset)")
	printf '%s\n' '#!/bin/sh' "[ -e '$T/hang' ] && exec sleep 50" 'exit 0' \
	    >"$T/ipset"
	chmod 755 "$T/ipset"
	cat >"$T/hanging" <<-HANG
		mount --bind "$T/ipset" "$ipset" || exit 9
		exec "$BUILD/tests/live_reread" -n 1 touch "$T/hang"
	HANG
	code=0
	on timeout 60 unshare -m sh "$T/hanging" >"$T/out" 2>"$T/err" || code=$?
	[ "$code" -eq 0 ] && awk '$1 == "end" { exit !($5 < 0.5) }' "$T/out" &&
	    ! grep -q '^change' "$T/out"
	tap $? "a program that hangs does not hold up the end"
	left=$(ip netns pids "$NS")
	[ -z "$left" ]
	tap $? "and is ended"
else
	skip "a program that hangs" "no unshare or ipset here"
	skip "and is ended" "no unshare or ipset here"
fi
done_testing
