# SPDX-License-Identifier: GPL-2.0-or-later
# Captures and the kernel's own conntrack events, around the traffic of a case.

SNAPLEN=200
EVENTS=ALL			# of conntrack -E -e

# start_recording CAPTURE...: any, any-sll, or the name of an interface of the node.
# One file each, named so.
start_recording() {
	local name
	start_events
	for name in "$@"; do
		case $name in
		any) start_capture any -i any -y LINUX_SLL2 ;;
		any-sll) start_capture any-sll -i any -y LINUX_SLL ;;
		*) start_capture "$name" -i "$name" --time-stamp-precision=nano ;;
		esac
	done
	[ -z "$COMMAND" ] || start_command
}

# start_capture FILE TCPDUMP-OPTION...; -U and --immediate-mode: each packet is in the file
# as soon as the kernel hands it over.
start_capture() {
	local name=$1
	shift
	spawn node "tcpdump-$name" tcpdump -n -U -s "$SNAPLEN" -B 8192 --immediate-mode \
		-Z root -w "$OUT/$name.pcap" "$@"
	captures+=("$name")
	capture_pids+=("$spawned")
	until_ok 5 grep -q 'listening on' "$WORK/tcpdump-$name.log"
}

start_events() {
	spawn node conntrack-events conntrack -E -e "$EVENTS" -o timestamp,extended,id --buffer-size 8388608
	events_pid=$spawned
	until_ok 5 listens_to_conntrack
}

# The column after the process id is the mask of groups; family 12 is netfilter.
listens_to_conntrack() {
	# shellcheck disable=SC2016 # the fields are awk's
	on node awk '$2 == 12 && $4 ~ /[1-9a-f]/ { found = 1 } END { exit !found }' /proc/net/netlink
}

# The command of run.sh -x; ready when there is one more packet socket, or when it has ended.
start_command() {
	local before
	before=$(packet_sockets)
	# timeout first, since it takes the SIGINT that a shell ignores in the background.
	nsenter --net="/run/netns/$(ns node)" timeout --preserve-status -s INT -k 5 60 \
		bash -c "$COMMAND" >"$OUT/command.out" 2>"$OUT/command.err" </dev/null &
	command_pid=$!
	started+=("$command_pid")
	until_ok 10 command_ready "$before"
}

packet_sockets() { on node wc -l /proc/net/packet | cut -d' ' -f1; }

command_ready() {
	(($(packet_sockets) > $1)) || [[ $(ps -o stat= -p "$command_pid") != [RSD]* ]]
}

stop_command() {
	local code=0
	kill -INT "$command_pid" 2>/dev/null || true
	wait "$command_pid" || code=$?
	echo "$code" >"$OUT/command.exit"
}

stop_recording() {
	local i
	wait_until_quiet
	for i in "${!captures[@]}"; do
		stop_process "${capture_pids[i]}" INT
		judge_capture "${captures[i]}"
	done
	[ -z "$COMMAND" ] || stop_command
	dump_state
	stop_events
}

# Nothing written for 0.3 s.
wait_until_quiet() {
	local size last='' same=0
	while ((same < 3)); do
		sleep 0.1
		size=$(stat -c %s "$OUT"/*.pcap | xargs)
		if [ "$size" = "$last" ]; then
			same=$((same + 1))
		else
			same=0
		fi
		last=$size
	done
}

judge_capture() {
	local log=$WORK/tcpdump-$1.log captured dropped
	captured=$(sed -n 's/ packets\{0,1\} captured$//p' "$log")
	dropped=$(sed -n 's/ packets\{0,1\} dropped by kernel$//p' "$log")
	((${captured:-0} > 0)) || die "$1.pcap has no packets"
	((${dropped:-1} == 0)) || die "$1.pcap lacks ${dropped:-some} packets"
	packets+=" $1:$captured"
}

# Flushing the table makes the kernel say DESTROY, with counters, for every entry.
stop_events() {
	local entries
	entries=$(on node conntrack -C)
	((entries < 100)) || delete_by_pod
	on node conntrack -F 2>/dev/null
	until_ok 5 destroyed "$entries"
	stop_process "$events_pid" TERM
	! grep -q 'overrun\|ENOBUFS' "$WORK/conntrack-events.log" || die "conntrack events were lost"
	# A signal ends conntrack wherever it is: its count of events, on stderr, may
	# stand in the middle of a line, and the last line may be cut.
	[ -z "$(tail -c 1 "$WORK/conntrack-events.log")" ] ||
		sed -i '$d' "$WORK/conntrack-events.log"
	awk '/conntrack v.* have been shown/ {
		held = substr($0, 1, index($0, "conntrack v") - 1)
		next
	}
	{ print held $0; held = "" }' "$WORK/conntrack-events.log" | grep '^\[' \
		>"$OUT/conntrack-events.txt" || die "no conntrack event at all"
}

# The listener's buffer holds about 160 events whatever --buffer-size says: a large table
# goes in parts.
delete_by_pod() {
	local address
	while read -r _ _ _ address; do
		on node conntrack -D -r "$address" >/dev/null 2>&1 || true
		sleep 0.05
	done < <(printf '%s\n' "${pods[@]}")
}

destroyed() { (($(grep -c '\[DESTROY\]' "$WORK/conntrack-events.log") >= $1)); }
