#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# podpath live on the lab's node, while its traffic runs and pods come and go.
#
#   live.sh case DIR CASE     a case of run.sh, with three live runs beside it; DIR/any
#                             (JSON), DIR/globs (JSON) and DIR/text get what each said
#                             (out, err, exit) and its recording (rec.pcapng), the first
#                             two conntrack's own account too (conntrack-events.txt)
#   live.sh churn DIR PODS PROGRAM
#                             so many pods made and removed, about 50 a second
#   live.sh storm DIR FLOWS PROGRAM
#                             so many flows of one packet and one answer
#
# PROGRAM is tests/live_storm, which sends the storm and answers datagrams.
# PODPATH is the program.  Needs what run.sh needs; else says why on stderr and exits 77.
# Here the node has an ipamd of sorts: the documents that the real one serves, from files.
set -Eeuo pipefail
export LC_ALL=C TZ=UTC PATH=$PATH:/usr/sbin:/sbin

lab=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

for part in base need names vpc node rules traffic record state documents; do
	# shellcheck source=/dev/null
	. "$lab/$part.sh"
done
a_case() { known_cases+=" $1"; }
known_cases=
for part in "$lab"/cases/*.sh; do
	# shellcheck source=/dev/null
	. "$part"
done

IPAMD_PORT=61679		# pkg/ipamd/introspect.go

# ---- the node's own documents

# As the CNI: the new file takes the place of the old one at once.
tell_cni() {
	ipam_json >"$WORK/run/aws-node/ipam.json.new"
	mv "$WORK/run/aws-node/ipam.json.new" "$WORK/run/aws-node/ipam.json"
	enis_json >"$WORK/ipamd/v1/enis.new"
	mv "$WORK/ipamd/v1/enis.new" "$WORK/ipamd/v1/enis"
}

start_ipamd() {
	mkdir -p "$WORK/run/aws-node" "$WORK/ipamd/v1"
	chmod 755 "$WORK/run" "$WORK/run/aws-node"
	tell_cni
	settings_json >"$WORK/ipamd/v1/networkutils-env-settings"
	echo '{"AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG":false}' >"$WORK/ipamd/v1/ipamd-env-settings"
	spawn node ipamd busybox httpd -f -p "127.0.0.1:$IPAMD_PORT" -h "$WORK/ipamd"
	until_ok 5 listening node t "$IPAMD_PORT"
}

# ---- live runs

live_names=() live_pids=()

# start_live NAME ARGS...: /run is the lab's in a mount namespace of its own; its id is
# podpath's, since each program becomes the next.
start_live() {
	local name=$1
	shift
	mkdir -p "$OUT/$name"
	# shellcheck disable=SC2016 # the inner shell expands
	nsenter --net="/run/netns/$(ns node)" unshare -m sh -c \
		'mount --bind "$0" "$(readlink -f /var/run)" && exec "$@"' "$WORK/run" \
		env LC_ALL=C.UTF-8 "$PODPATH" live "$@" >"$OUT/$name/out" 2>"$OUT/$name/err" </dev/null &
	live_names+=("$name")
	live_pids+=("$!")
	started+=("$!")
	until_ok 20 grep -q 'listening on' "$OUT/$name/err"
}

# stop_lives: exit codes in NAME/exit.
stop_lives() {
	local i code
	for i in "${!live_pids[@]}"; do
		kill -TERM "${live_pids[i]}" 2>/dev/null || true
	done
	for i in "${!live_pids[@]}"; do
		code=0
		wait "${live_pids[i]}" || code=$?
		echo "$code" >"$OUT/${live_names[i]}/exit"
	done
}

# Answers datagrams to ports 9000 to 9003.
start_server() {
	spawn internet server "$1" serve
	until_ok 5 listening internet u 9000
}

hup_lives() { kill -HUP "${live_pids[@]}" 2>/dev/null || true; }

# ---- live.sh case

# What a case calls before and after its traffic; what it wants to capture is not asked.
start_recording() {
	local whole=()
	# what looks into payloads says how much of them it wants
	((SNAPLEN <= 200)) || whole=(-s "$SNAPLEN")
	start_events
	start_ipamd
	start_live any -o json "${whole[@]}" -w "$OUT/any/rec.pcapng"
	start_live globs -o json "${whole[@]}" -i eth0 -i eth1 -i 'eni*' \
		-w "$OUT/globs/rec.pcapng"
	start_live text -o text "${whole[@]}" -w "$OUT/text/rec.pcapng"
	come_and_go >"$WORK/come_and_go.log" 2>&1 &
	coming_pid=$!
	started+=("$coming_pid")
}

# A pod on each ENI in turn; as kubelet does, a little after it came, it is used.
come_and_go() {
	local n=0 device pod address
	while [ ! -e "$WORK/enough" ]; do
		n=$((n + 1)) device=$((n % 2))
		pod=come-and-go-$n address=192.168.3.$((130 + n))
		add_pod node "$device" "default/$pod" "$address"
		tell_cni
		hup_lives
		sleep 1
		on "$pod" ping -q -n -c 3 -i 0.1 -W 1 172.217.175.36 || true
		on "$pod" ping -q -n -c 3 -i 0.1 -W 1 192.168.1.1 || true
		sleep 0.2
		remove_pod "$pod"
		tell_cni
		hup_lives
		echo "$address" >>"$WORK/came"
	done
}

stop_recording() {
	until_ok 10 test -s "$WORK/came"
	touch "$WORK/enough"
	wait "$coming_pid" || die "pods did not come and go: $(tail -n 1 "$WORK/come_and_go.log")"
	# what is dropped is known to be after a second and a half
	sleep 2
	stop_lives
	stop_events
	cp "$OUT/conntrack-events.txt" "$OUT/any"
	mv "$OUT/conntrack-events.txt" "$OUT/globs"
	cp "$WORK/came" "$OUT"
}

do_case() {
	[[ " $known_cases " == *" $1 "* ]] || die "no case $1"
	"case_${1//-/_}"
}

# ---- live.sh churn

# Resident memory in KiB, descriptors, threads; one line a call.
sample() {
	local pid=$1 files=(/proc/"$1"/fd/*)
	echo "$(awk '/^VmRSS:/ { print $2 }' "/proc/$pid/status") ${#files[@]}" \
		"$(awk '/^Threads:/ { print $2 }' "/proc/$pid/status")"
}

# Pods are cables into one namespace, and each has a datagram sent to the internet.  It is
# made, then set up, then used, then removed, one step of each a round: so that no step
# has to wait for the one before.  Some dozens are there at a time, and their cables go by
# the dozen: the kernel waits for all CPUs each time that devices go.
ALIVE=60
DOZEN=12

churn_rounds() {
	local pods_wanted=$1 i
	exec 7> >(ip -n "$(ns crowd)" -force -batch - 2>>"$WORK/crowd.log")
	exec 8> >(ip -n "$(ns node)" -force -batch - 2>>"$WORK/node.log")
	exec 9> >(on crowd bash 2>>"$WORK/send.log")
	for ((i = 0; i < pods_wanted + ALIVE; i++)); do
		((i >= pods_wanted)) || make_pod "$i"
		((i < 1 || i > pods_wanted)) || set_up_pod $((i - 1))
		((i < 2 || i > pods_wanted + 1)) || use_pod
		((i < ALIVE)) || forget_pod $((i - ALIVE))
		sleep 0.014
		((i % 40)) || flap "$i"
	done
	exec 7>&- 8>&- 9>&-
}

# crowd_names NUMBER: $veth and $address, without another process.
crowd_names() {
	printf -v veth 'eni%011x' "$1"
	address=10.77.$(($1 / 200 % 200)).$(($1 % 200 + 1))
}

CROWD_MAC=0a:00:00:00:00:01

make_pod() {
	crowd_names "$1"
	echo "link add c$1 type veth peer name $veth netns $node_ns" >&7
}

set_up_pod() {
	crowd_names "$1"
	echo "link set $veth address $CROWD_MAC group $(($1 / DOZEN + 1)) up" >&8
	echo "route add $address dev $veth scope link" >&8
	echo "rule add to $address lookup main priority 512" >&8
	(($1 % 2)) || echo "rule add from $address lookup 2 priority 1536" >&8
	echo "address add $address/32 dev c$1" >&7
	echo "link set c$1 up" >&7
	echo "neighbour add 169.254.1.1 lladdr $CROWD_MAC dev c$1 nud permanent" >&7
	echo "route replace default via 169.254.1.1 dev c$1 src $address onlink" >&7
}

use_pod() { echo "exec 3<>/dev/udp/172.217.175.36/9000 && echo hello >&3; exec 3>&-" >&9; }

forget_pod() {
	crowd_names "$1"
	(($1 % 2)) || echo "rule del from $address lookup 2 priority 1536" >&8
	echo "rule del to $address lookup main priority 512" >&8
	((($1 + 1) % DOZEN)) || echo "link del group $(($1 / DOZEN + 1))" >&8
}

# About once a second: a rule of a pod and one of NAT go and come, and the CNI's file is
# another.
flap() {
	local some=("${pods[@]}")
	pods+=("node 0 default/flap-$1 10.78.0.$(($1 / 40 % 250 + 1))")
	tell_cni
	pods=("${some[@]}")
	((($1 / 40) % 3)) || hup_lives
	echo "rule del from 192.168.3.77 lookup 2 priority 1536" >&8
	echo "rule add from 192.168.3.77 lookup 2 priority 1536" >&8
	on node iptables -t nat -I AWS-SNAT-CHAIN-0 -d "10.79.0.$(($1 / 40 % 250))" -j RETURN
	on node iptables -t nat -D AWS-SNAT-CHAIN-0 1
	sample "${live_pids[0]}" >>"$OUT/samples"
}

do_churn() {
	local begun=$SECONDS node_ns veth address
	node_ns=$(ns node)
	build_node
	start_server "$2"
	new_namespace crowd
	start_ipamd
	start_live churn -o json --max-flows 500 -w /dev/null
	sample "${live_pids[0]}" >"$OUT/first"
	churn_rounds "$1"
	echo $((SECONDS - begun)) >"$OUT/seconds"
	# what was made last
	sleep 1
	add_pod node 1 default/the-last 192.168.3.222
	tell_cni
	hup_lives
	sleep 2
	pings the-last 172.217.175.36
	pings the-last 192.168.1.1
	sleep 2
	kill -USR1 "${live_pids[0]}"
	until_ok 5 grep -q 'looks at NAT' "$OUT/churn/err"
	sample "${live_pids[0]}" >"$OUT/last"
	cp "$WORK/node.log" "$OUT/node.log"
	stop_lives
}

# ---- live.sh storm

do_storm() {
	local flows=$1 program=$2
	build_node
	# an answer to a port that nobody has would be answered by ICMP
	on netshoot iptables -A INPUT -p udp -j DROP
	# entries of the storm must find room: they last while it does, no more
	on node sysctl -qw net.netfilter.nf_conntrack_udp_timeout=3 \
		net.netfilter.nf_conntrack_udp_timeout_stream=3
	start_ipamd
	start_server "$program"
	start_live storm -o csv --ct-buffer 4k -B 64 --max-flows 100000 -w "$OUT/storm/rec.pcapng"
	on netshoot "$program" send 192.168.3.107 172.217.175.36 "$flows" 12000 60 \
		>"$OUT/sent"
	sleep 3
	kill -USR1 "${live_pids[0]}"
	until_ok 30 grep -q 'looks at NAT' "$OUT/storm/err"
	grep '^VmHWM' "/proc/${live_pids[0]}/status" >"$OUT/memory"
	on node conntrack -S >"$OUT/conntrack-stats"
	stop_lives
}

# ----

[ $# -ge 3 ] || die "usage: live.sh case|churn|storm DIR ..."
PODPATH=$(readlink -f "$PODPATH")
what=$1 OUT=$2
shift 2
mkdir -p "$OUT"
OUT=$(readlink -f "$OUT")
(
	RUN=pp$BASHPID WORK=$(mktemp -d) started=()
	trap 'code=$?; cleanup; exit $code' EXIT
	need_all
) || exit $?
RUN=pp$BASHPID
WORK=$(mktemp -d)
started=() captures=() capture_pids=() pods=() enis=() packets=
trap 'code=$?; cleanup; exit $code' EXIT
trap 'exit 1' INT TERM
trap 'echo "lab: $what: failed in: ${FUNCNAME[*]} (lines ${BASH_LINENO[*]})" >&2' ERR
born=$(date +%s%N)
"do_$what" "$@"
