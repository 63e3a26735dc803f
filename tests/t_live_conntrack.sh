#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Conntrack's table and events as capture/live/conntrack.c reads them, beside what
# conntrack(8) says of the same: real traffic through a router that translates, in
# network namespaces of our own; then more events than a small buffer can hold.
. "$(dirname "$0")/tap.sh"
P=$BUILD/tests/live_conntrack
CLIENT=ppcc$$ ROUTER=ppcr$$ SERVER=ppcs$$
FLOWS=20000 MANY=60000
case $BUILD in *-san) FLOWS=8000 MANY=20000 ;; esac
ours= events= server=

remove() {
	for pid in $ours $events $server; do
		kill "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	ours= events= server=
	for ns in $CLIENT $ROUTER $SERVER; do
		ip netns del "$ns" 2>/dev/null
	done
}
trap 'remove; rm -rf "$T"' EXIT

on() {
	ns=$1
	shift
	nsenter --net="/run/netns/$ns" "$@"
}

# Client 10.1.0.2, 10.1.0.3 and fd01::2 - router - server 10.2.0.2, fd02::2.  The
# router shows itself as 10.2.0.1 and takes 10.1.0.1:8080 for the server's.
namespaces() {
	remove
	for ns in $CLIENT $ROUTER $SERVER; do
		ip netns add "$ns" || return
		on "$ns" sysctl -qw net.ipv6.conf.all.accept_dad=0 \
		    net.ipv6.conf.default.accept_dad=0
		ip -n "$ns" link set lo up
	done
	ip -n "$ROUTER" link add c0 type veth peer name eth0 netns "$CLIENT" &&
	    ip -n "$ROUTER" link add s0 type veth peer name eth0 netns "$SERVER" || return
	ip -n "$CLIENT" addr add 10.1.0.2/24 dev eth0
	ip -n "$CLIENT" addr add 10.1.0.3/24 dev eth0
	ip -n "$CLIENT" addr add fd01::2/64 dev eth0 nodad
	ip -n "$SERVER" addr add 10.2.0.2/24 dev eth0
	ip -n "$SERVER" addr add fd02::2/64 dev eth0 nodad
	ip -n "$ROUTER" addr add 10.1.0.1/24 dev c0
	ip -n "$ROUTER" addr add fd01::1/64 dev c0 nodad
	ip -n "$ROUTER" addr add 10.2.0.1/24 dev s0
	ip -n "$ROUTER" addr add fd02::1/64 dev s0 nodad
	for dev in c0 s0; do ip -n "$ROUTER" link set $dev up; done
	for ns in $CLIENT $SERVER; do ip -n "$ns" link set eth0 up; done
	ip -n "$CLIENT" route add default via 10.1.0.1
	ip -n "$CLIENT" route add default via fd01::1
	ip -n "$SERVER" route add default via 10.2.0.1
	ip -n "$SERVER" route add default via fd02::1
	on "$ROUTER" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \
	    "$@"
	on "$ROUTER" nft -f - <<-'RULES'
	table ip nat {
		chain pre {
			type nat hook prerouting priority dstnat;
			ip daddr 10.1.0.1 meta l4proto { tcp, udp } th dport 8080 dnat to 10.2.0.2:7
		}
		chain post {
			type nat hook postrouting priority srcnat;
			oif "s0" masquerade
		}
	}
	table inet mangle {
		chain raw {
			type filter hook prerouting priority raw;
			udp dport 53 ct zone set 12
		}
		chain forward {
			type filter hook forward priority mangle;
			iif "c0" meta l4proto icmp ct mark set 0x80
			ct state invalid counter
		}
	}
	RULES
}

# Is everything here that this test needs?
can() {
	why=
	for program in ip nft conntrack nsenter ping; do
		command -v "$program" >/dev/null 2>&1 || why="no program $program"
	done
	if [ "$(id -u)" != 0 ]; then
		why="needs root"
	elif [ -z "$why" ] && ! namespaces >"$T/err" 2>&1; then
		why="namespaces, veth or nftables are missing here: $(tail -n 1 "$T/err")"
	elif [ -z "$why" ] && ! on "$ROUTER" conntrack -L >/dev/null 2>"$T/err"; then
		why="no conntrack over netlink: $(tail -n 1 "$T/err")"
	fi
	[ -z "$why" ]
}

# wait_for SECONDS COMMAND...
wait_for() {
	tries=$(($1 * 20))
	shift
	until "$@" >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.05
	done
}
has() { grep -q "$2" "$1"; }

# Protocol 12 is netfilter's; conntrack -E has joined its groups.
listens() {
	on "$ROUTER" awk '$2 == 12 && $4 != "00000000" { n++ } END { exit !n }' \
	    /proc/net/netlink
}

# follow BUFFER events|none: our program listens, and conntrack -E beside it.
follow() {
	rm -rf "$T/ct" && mkdir -p "$T/ct/table" "$T/ct/lines"
	rm -f "$T/end" && mkfifo "$T/end"
	if [ "$2" = events ]; then
		timeout 60 nsenter --net="/run/netns/$ROUTER" conntrack -E -o extended,id \
		    --buffer-size 8388608 >"$T/ct/events.txt" 2>"$T/events.err" &
		events=$!
		wait_for 5 listens
	fi
	timeout 90 nsenter --net="/run/netns/$ROUTER" "$P" follow "$1" "$T/ct" \
	    <"$T/end" >"$T/out" 2>"$T/err" &
	ours=$!
	exec 9>"$T/end"
	wait_for 30 has "$T/out" '^ready'
}

# What came of it: exit code in $code.
compare() {
	sleep 0.5
	on "$ROUTER" conntrack -L -o extended,id >"$T/ct/table/conntrack.txt" 2>/dev/null
	[ -z "$events" ] || {
		kill -INT "$events"
		wait "$events"
	}
	exec 9>&-
	code=0
	wait "$ours" || code=$?
	ours= events=
	sed 's/^/# /' "$T/out"
}

traffic() {
	# Descriptor 9 is what follow() waits for the end of.
	(exec 9>&- && exec timeout 60 nsenter --net="/run/netns/$SERVER" "$P" serve 7 20) \
	    >"$T/serve" 2>&1 &
	server=$!
	wait_for 5 has "$T/serve" ready || return
	on "$CLIENT" timeout 20 "$P" talk 10.2.0.2 7 20 &&
	    on "$CLIENT" timeout 20 "$P" talk 10.1.0.1 8080 20 || return
	# Two with one id: the second one's becomes another.
	on "$CLIENT" ping -q -c 2 -i 0.2 -e 77 -I 10.1.0.2 10.2.0.2 >/dev/null &&
	    on "$CLIENT" ping -q -c 2 -i 0.2 -e 77 -I 10.1.0.3 10.2.0.2 >/dev/null &&
	    on "$CLIENT" ping -q -c 2 -i 0.2 -e 78 fd02::2 >/dev/null || return
	on "$CLIENT" timeout 20 "$P" storm 10.2.0.2 53 20		# zone 12, unanswered
	on "$ROUTER" conntrack -D -p udp --orig-port-dst 7 >/dev/null 2>&1
	return 0
}

if ! can; then
	for name in "table and events" "table after losses"; do
		skip "$name as conntrack(8) has them" "$why"
	done
	done_testing
	exit
fi

# Events from the first packet on, and the table that comes of them.
follow 0 events && traffic
tap $? "traffic of TCP, UDP, ICMP and ICMPv6 through a router"
compare
tap "$code" "events and table are those of conntrack(8)"
has "$T/out" 'advice:.*nf_conntrack_timestamp=1.*nf_conntrack_acct=1'
tap $? "what the sysctls do not give, and how to have it, is said"
grep -q 'zone=12' "$T/ct/table/conntrack.txt" &&
    awk '/icmp/ { n = 0; for (i = 1; i <= NF; i++) if (sub(/^id=/, "", $i)) id[n++] = $i
	if (n == 3 && id[0] != id[1]) changed = 1 } END { exit !changed }' \
	"$T/ct/table/conntrack.txt"
tap $? "the traffic has zones, and an ICMP id that became another"

# events=1: else the kernel tells nothing of what is older than the listener.
namespaces net.netfilter.nf_conntrack_acct=1 net.netfilter.nf_conntrack_timestamp=1 \
    net.netfilter.nf_conntrack_events=1 &&
    traffic && follow 0 events
tap $? "the same before anybody listens, with counters and times"
on "$CLIENT" timeout 20 "$P" talk 10.2.0.2 7 5 &&
    on "$ROUTER" conntrack -D -p tcp --orig-port-dst 8080 >/dev/null 2>&1
compare
tap "$code" "a table that was there before is conntrack(8)'s"
has "$T/out" 'advice: none'
tap $? "no advice when all is there"

# Far more events than 8 KiB hold, many of them of entries that are gone before
# the dump; what is there in the end is known.
namespaces net.netfilter.nf_conntrack_udp_timeout=1 && follow 8192 none
on "$ROUTER" timeout 60 "$P" storm 10.2.0.2 9 "$FLOWS"
on "$ROUTER" conntrack -D -p udp --orig-port-dst 9 >/dev/null 2>&1
on "$ROUTER" sysctl -qw net.netfilter.nf_conntrack_udp_timeout=300
on "$ROUTER" timeout 60 "$P" storm 10.2.0.2 10 500
sleep 2.5
compare
has "$T/out" ' overruns' && ! has "$T/out" ' 0 overruns' && ! has "$T/out" ' 0 resyncs'
tap $? "events are lost in a buffer of 8 KiB, and dumps follow"
tap "$code" "after that the table is conntrack(8)'s"

# How long a dump takes; printed, the limit is for make bench.
namespaces && on "$ROUTER" timeout 60 "$P" stuff "$MANY" 2>"$T/err" && {
	code=0
	on "$ROUTER" timeout 60 "$P" dump >"$T/out" 2>"$T/err" || code=$?
	tap "$code" "a large table: $(cat "$T/out")"
}
done_testing
