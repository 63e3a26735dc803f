#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# podpath live and record on the command line: usage errors, rights, signals,
# ends; then live runs in network namespaces of our own, and what their
# recordings say.
. "$(dirname "$0")/tap.sh"
pcap=pcaps/pod-internet-primary/any.pcap
NODE=pplc$$ PEER=pplp$$

remove() {
	ip netns del "$NODE" 2>/dev/null
	ip netns del "$PEER" 2>/dev/null
}
trap 'remove; rm -rf "$T"' EXIT

# ---- usage

fails "mistyped live" "did you mean 'live'?" lvie
fails "mistyped record" "did you mean 'record'?" recrod
fails "record without -w" "with -w FILE (- is standard output)" record
fails "record with a filter" "--capture-filter EXPR leaves packets out" \
    record -w "$T/f" tcp port 443
fails "record with --where" "'--where' selects flows" \
    record -w "$T/f" --where verdict=wrong
fails "live into standard output" "standard output is for the flows" live -w -
fails "an empty name" "-w: the name of the file is empty" record -w ''
for o in "-C 1" "-G 60s" "-W 3" "--max-size 5" "--ring 60s" --annotate \
    "--ring-on wrong-eni"; do
	# shellcheck disable=SC2086
	fails "live $o without -w" "-w FILE is missing" live $o
done
fails "--ring-on without --ring" "needs --ring TIME" \
    record -w "$T/f" --ring-on wrong-eni
fails "--ring and -C" "does not go together with -C and -G" \
    record -w "$T/f" --ring 60s -C 1
fails "-W alone" "one of them is missing" record -w "$T/f" -W 3
fails "rotation of standard output" "standard output is one file" \
    record -w - -C 1
fails "mistyped code" "did you mean 'wrong-eni'?" \
    record -w "$T/f" --ring 60s --ring-on missing-snat,wrong-enni
fails "no code" "'' is not the code of a finding" \
    record -w "$T/f" --ring 60s --ring-on missing-snat,
for t in 0 x 60x 60ss -1 '' 1.5s s; do
	fails "--ring '$t'" "'$t' is not a time such as" record -w "$T/f" --ring "$t"
done
fails "--ring for too long" "'2000h' is too much" record -w "$T/f" --ring 2000h
for s in 0 x 10x M -5 '' 99999999999999999999; do
	fails "-C '$s'" "'$s' is not a size such as" record -w "$T/f" -C "$s"
done
fails "-C too large" "is too much" record -w "$T/f" -C 9999999999999999G
fails "snapshot length" "a number from 1 to 262144" live -s 0
fails "buffer" "a number from 1 to 65536" live -B 1000000
fails "an empty interface" "--interface: the name is empty" live -i ''
fails "live takes no --state" "not of podpath live" live --state pcaps/pod-to-vpc
fails "read takes no -i" "--interface is an option of podpath live, record" \
    read -i eth0 "$pcap"
fails "-r and -i" "not of podpath read" -r "$pcap" -i any
fails "-i with what live does not take" "not of podpath live" -i any --changes
fails "live of a file" "explained by podpath read $pcap" live "$pcap"
fails "a bad filter" "filter 'tcp and'" live tcp and
fails "a bad --where" "did you mean proto?" live --where prot=tcp
many=
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13; do
	many="$many -i a$i -i b$i -i c$i -i d$i -i e$i"
done
# shellcheck disable=SC2086
fails "65 times -i" "more than 64 times" live $many
run live --help
[ "$code" -eq 0 ] && holds out "podpath live [options] [filter]" &&
    holds out "SIGUSR1" && ! grep -q '.\{80\}' "$T/out"
tap $? "live --help"
run record --help
[ "$code" -eq 0 ] && holds out "--ring-on" && ! holds out "--changes" &&
    ! grep -q '.\{80\}' "$T/out"
tap $? "record --help"

# ---- read --changes over a capture that has no ticks inside

run read --changes -o json "$pcap"
[ "$code" -eq 0 ] && [ "$(grep -c '"event":"new"' "$T/out")" -eq 4 ] &&
    [ "$(grep -c '"event":"end"' "$T/out")" -eq 4 ] &&
    [ "$(tail -n 1 "$T/out" | cut -c 1-30)" = '{"schema":"podpath.summary/1",' ]
tap $? "read --changes: each flow, and its end"
run read --changes -o csv "$pcap"
[ "$code" -eq 0 ] && head -n 1 "$T/out" | tr -d '\r' | grep -q ',event$' &&
    [ "$(tr -d '\r' <"$T/out" | grep -c ',end$')" -eq 4 ]
tap $? "read --changes: CSV"
run read --changes "$pcap"
[ "$code" -eq 0 ] && [ "$(grep -c '^+ ' "$T/out")" -eq 4 ] && holds out "4 shown"
tap $? "read --changes: text"
run read -o csv "$pcap"
! head -n 1 "$T/out" | grep -q event
tap $? "no events without --changes"

# ---- rights

can_be_nobody() {
	command -v setpriv >/dev/null 2>&1 && [ "$(id -u)" = 0 ] &&
	    setpriv --reuid 65534 --clear-groups true 2>/dev/null
}
if can_be_nobody; then
	# where nobody can reach it
	chmod 711 "$T"
	cp "$PODPATH" "$T/podpath"
	chmod 755 "$T/podpath"
	code=0
	timeout 20 setpriv --reuid 65534 --clear-groups "$T/podpath" live \
	    >"$T/out" 2>"$T/err" </dev/null || code=$?
	[ "$code" -eq 2 ] && [ ! -s "$T/out" ] && [ "$(cat "$T/err")" = \
	    "podpath live: needs CAP_NET_RAW to capture and CAP_NET_ADMIN for conntrack; run as root or setcap cap_net_raw,cap_net_admin+ep $T/podpath" ]
	tap $? "without rights: what is missing, and how to get it"
	code=0
	timeout 20 setpriv --reuid 65534 --clear-groups "$T/podpath" record \
	    -w "$T/f" >"$T/out" 2>"$T/err" </dev/null || code=$?
	[ "$code" -eq 2 ] && holds err "podpath record: needs CAP_NET_RAW" &&
	    [ ! -e "$T/f" ]
	tap $? "record without rights writes no file"
else
	skip "rights" "needs root and setpriv"
fi

# ---- live runs

namespaces() {
	remove
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
elif ! command -v ping >/dev/null 2>&1; then
	why="no program ping"
elif ! env --default-signal=INT true 2>/dev/null; then
	why="env cannot restore signals"
elif ! namespaces >/dev/null 2>"$T/err"; then
	why="no network namespaces here"
fi
if [ -n "$why" ]; then
	skip "live runs" "$why"
	done_testing
	exit 0
fi

# start ARGS...: in the background, until it listens; its PID in $pid.
start() {
	: >"$T/err"
	env --default-signal=INT timeout 60 "$PODPATH" "$@" >"$T/out" \
	    2>"$T/err" </dev/null &
	job=$!
	i=0
	while [ $i -lt 150 ] && ! grep -q 'listening on' "$T/err" &&
	    kill -0 $job 2>/dev/null; do
		i=$((i + 1))
		sleep 0.1
	done
	# timeout(1) passes signals on, but it may not pass on all of them
	pid=$(cat "/proc/$job/task/$job/children" 2>/dev/null)
	pid=${pid%% *}
	pid=${pid:-$job}
}
# finish: its exit code in $code.
finish() {
	code=0
	wait "$job" || code=$?
}
# until_holds FILE TEXT: 10 s at most.
until_holds() {
	i=0
	while [ $i -lt 100 ] && ! holds "$1" "$2"; do
		i=$((i + 1))
		sleep 0.1
	done
	holds "$1" "$2"
}
pings() {
	ip netns exec "$NODE" ping -c "$1" -i 0.2 -w 10 10.9.0.2 >/dev/null 2>&1
}
without_time() {
	sed 's/"wall_ns":[0-9]*/"wall_ns":0/' "$1"
}

start live --netns "$NODE" -o json -w "$T/rec.pcapng"
pings 3
until_holds out '"proto":"icmp"'
tap $? "a flow shows while it runs"
users=$(awk '/^Uid:/ { print $2, $3, $4, $5 }' "/proc/$pid/status")
caps=$(awk '/^Cap(Prm|Eff|Inh|Amb|Bnd):/ { print $2 }' "/proc/$pid/status" | sort -u)
[ "$users" = "65534 65534 65534 65534" ] && [ "$caps" = 0000000000003000 ] &&
    grep -q '^NoNewPrivs:.*1' "/proc/$pid/status" &&
    ! grep -q '^Groups:.*[0-9]' "/proc/$pid/status"
tap $? "nobody with CAP_NET_RAW and CAP_NET_ADMIN alone"
kill -USR1 "$pid"
until_holds err "packets dropped by interface" &&
    until_holds err "conntrack entries"
tap $? "SIGUSR1: counters"
kill -HUP "$pid"
pings 2
kill -INT "$pid"
finish
[ "$code" -eq 0 ] && tail -n 1 "$T/out" | grep -q podpath.summary/1 && sound
tap $? "SIGINT: the summary, exit code 0"
cp "$T/out" "$T/live"
[ "$(grep '"proto":"icmp"' "$T/live" | grep -c '"event":"new"')" -ge 1 ] &&
    grep '"proto":"icmp"' "$T/live" | grep '"event":"end"' | grep -q '"ifname":"v0"'
tap $? "new, and the end"
run read --changes -o json "$T/rec.pcapng"
[ "$code" -eq 0 ] && without_time "$T/live" >"$T/a" &&
    without_time "$T/out" >"$T/b" && cmp -s "$T/a" "$T/b"
tap $? "read --changes of the recording says the same"
if command -v tshark >/dev/null 2>&1; then
	code=0
	tshark -r "$T/rec.pcapng" >"$T/out" 2>"$T/err" || code=$?
	[ "$code" -eq 0 ] && grep -q 'Echo (ping) request' "$T/out"
	tap $? "tshark reads it"
elif command -v tcpdump >/dev/null 2>&1; then
	code=0
	tcpdump -nr "$T/rec.pcapng" >"$T/out" 2>"$T/err" || code=$?
	[ "$code" -eq 0 ] && grep -q 'ICMP echo request' "$T/out"
	tap $? "tcpdump reads it"
else
	skip "others read it" "no tshark, no tcpdump"
fi

start live --netns "$NODE" --no-state --no-conntrack icmp
pings 2
until_holds out '10.9.0.2'
kill -TERM "$pid"
finish
[ "$code" -eq 0 ] && [ "$(grep -c '^[+~] ' "$T/out")" -ge 1 ] &&
    ! grep '^[+~] ' "$T/out" | grep -qv ' icmp ' &&
    holds err "packets received by filter" && holds err "packets dropped by kernel" &&
    holds out "watched for" && sound
tap $? "text, a filter, SIGTERM, tcpdump's words"

start live --netns "$NODE" -i v0 -o csv -c 3
pings 4
finish
[ "$code" -eq 0 ] && [ "$(grep -c . "$T/out")" -ge 2 ] &&
    holds err "packets captured" && sound
tap $? "-c ends it"
start record --netns "$NODE" -w "$T/three.pcapng" --no-state -c 3
pings 4
finish
run read -o json "$T/three.pcapng"
holds out '"packets":3,'
tap $? "-c: so many packets are recorded"

ip netns exec "$NODE" sleep 60 &
sleeper=$!
start live --netns "$sleeper" --host-root / -o json --capture-filter icmp -c 2
pings 3
finish
kill "$sleeper"
[ "$code" -eq 0 ] && holds out '"ifname":"v0"' && sound
tap $? "--netns PID, --host-root"
start record --netns "$NODE" -w "$T/notes.pcapng" --annotate --no-state -c 6
pings 4
finish
[ "$code" -eq 0 ] && sound &&
    grep -aq 'flow [0-9]*: icmp 10.9.0.1 > 10.9.0.2 id [0-9]*.*; unknown' "$T/notes.pcapng"
tap $? "--annotate"
! grep -aq 'flow [0-9]*: icmp' "$T/three.pcapng"
tap $? "no comments without it"
start record --netns "$NODE" -w "$T/small.pcapng" --no-state --max-size 3k
pings 30
finish
[ "$code" -eq 0 ] && holds err "$T/small.pcapng" && sound &&
    [ "$(wc -c <"$T/small.pcapng")" -le 3072 ] && run read "$T/small.pcapng" &&
    [ "$code" -eq 0 ]
tap $? "--max-size ends it, readable"

# Without a command.
"$PODPATH" -i any --netns nosuch$$ >"$T/out" 2>"$T/err"
code=$?
[ "$code" -eq 2 ] && holds err "podpath live: --netns nosuch$$: no network namespace"
tap $? "-i any is live; no such namespace"
fails "no such process" "no process has this PID" live --netns 4194305
fails "a path that is no namespace" "is no network namespace" \
    live --netns "$PWD/Makefile"
fails "no such interface" "nosuch0" live --netns "$NODE" -i nosuch0
fails "no such user" "no user 'nosuch$$'" live --netns "$NODE" --no-conntrack -Z "nosuch$$"
fails "a folder that is not there" "$T/none" \
    record --netns "$NODE" --no-conntrack -w "$T/none/f.pcapng"
fails "bad kernel filter" "tcp and" live --netns "$NODE" --capture-filter "tcp and"
chmod 755 "$T"
fails "rotation where nobody may write" "for the user that writes later files" \
    record --netns "$NODE" --no-conntrack -w "$T/rot.pcapng" -C 1
start record --netns "$NODE" -w "$T/root.pcapng" -C 1 -Z root
pings 2
user=$(awk '/^Uid:/ { print $3 }' "/proc/$pid/status")
kill -INT "$pid"
finish
[ "$code" -eq 0 ] && [ "$user" = 0 ] && holds err "bytes recorded in 1 file" &&
    ls "$T"/root* >/dev/null 2>&1
tap $? "-Z root writes where root may"

# Broken pipes.
sleeper() {
	ip netns exec "$NODE" ping -c 40 -i 0.1 -w 10 10.9.0.2 >/dev/null 2>&1 &
	sleeper=$!
}
sleeper
{
	timeout 30 "$PODPATH" live --netns "$NODE" -o json --no-state 2>"$T/err"
	echo $? >"$T/code"
} | head -n 1 >"$T/out"
code=$(cat "$T/code")
wait "$sleeper"
[ "$code" -eq 0 ] && ! grep -qi 'pipe\|cannot write' "$T/err" && sound
tap $? "live: a reader that goes away"
sleeper
{
	timeout 30 "$PODPATH" record --netns "$NODE" -w - --no-state 2>"$T/err"
	echo $? >"$T/code"
} | head -c 600 >"$T/out"
code=$(cat "$T/code")
wait "$sleeper"
[ "$code" -eq 0 ] && ! grep -qi 'pipe\|cannot write' "$T/err" && sound
tap $? "record -w -: a reader that goes away"
sleeper
code=0
timeout 30 "$PODPATH" record --netns "$NODE" -w - --no-state -c 10 2>"$T/err" |
    "$PODPATH" read --changes -o json - >"$T/out" 2>>"$T/err"
wait "$sleeper"
holds out '"proto":"icmp"' && sound
tap $? "record -w - into read -"
if [ "$(script -qec 'test -t 1 && echo yes' /dev/null 2>/dev/null </dev/null |
    tr -d '\r')" = yes ]; then
	script -qec "$PODPATH record --netns $NODE -w -; echo code \$?" /dev/null \
	    >"$T/out" 2>"$T/err" </dev/null
	holds out "not for a terminal" && holds out "code 2"
	tap $? "never into a terminal"
else
	skip "never into a terminal" "script(1) cannot make a terminal here"
fi
code=0
sleeper
timeout 20 "$PODPATH" live --netns "$NODE" -o json --no-state >/dev/full \
    2>"$T/err" || code=$?
wait "$sleeper"
[ "$code" -eq 2 ] && holds err "No space left" && sound
tap $? "disk full: live's lines"

code=0
timeout 20 "$PODPATH" record --netns "$NODE" --no-conntrack -w /dev/full \
    >"$T/out" 2>"$T/err" || code=$?
[ "$code" -eq 2 ] && grep -qi "/dev/full: no space left" "$T/err" && sound
tap $? "disk full: a recording"

# The ring: nothing before it is asked for.
chmod 777 "$T"
start record --netns "$NODE" -w "$T/ring.pcapng" --ring 60s --no-state
pings 2
[ -z "$(ls "$T" | grep '^ring')" ]
tap $? "--ring: no file yet"
kill -USR1 "$pid"
i=0
while [ $i -lt 50 ] && [ -z "$(ls "$T" | grep '^ring')" ]; do
	i=$((i + 1))
	sleep 0.1
done
kill -INT "$pid"
finish
ring=$(ls "$T" | grep '^ring' | head -n 1)
[ "$code" -eq 0 ] && [ -n "$ring" ] && run read -o json "$T/$ring" &&
    holds out '"proto":"icmp"' && sound
tap $? "SIGUSR1 writes the ring"

# The node does not forward: nobody answers.
ip -n "$PEER" route add 10.8.0.0/16 via 10.9.0.1
start record --netns "$NODE" -w "$T/alarm.pcapng" --ring 60s --no-state \
    --ring-on wrong-eni,no-reply
pings 2
i=0
while [ $i -lt 5 ] && [ -z "$(ls "$T" | grep '^alarm')" ]; do
	i=$((i + 1))
	sleep 0.1
done
[ -z "$(ls "$T" | grep '^alarm')" ]
tap $? "--ring-on: no file without such a finding"
ip netns exec "$PEER" ping -c 3 -i 0.3 -w 2 10.8.0.1 >/dev/null 2>&1
i=0
while [ $i -lt 50 ] && [ -z "$(ls "$T" | grep '^alarm')" ]; do
	i=$((i + 1))
	sleep 0.1
done
alarm=$(ls "$T" | grep '^alarm' | head -n 1)
[ -n "$alarm" ] && kill -0 "$pid"
tap $? "--ring-on: a file with it, and it goes on"
kill -TERM "$pid"
finish
[ "$code" -eq 0 ] && run read -o json "$T/$alarm" && holds out '"dst":"10.8.0.1"' &&
    holds out '"dst":"10.9.0.2"'
tap $? "... with what was before"

if can_be_nobody; then
	chmod 711 "$T"
	: >"$T/err"
	ip netns exec "$NODE" timeout 30 setpriv --reuid 65534 --clear-groups \
	    --inh-caps=-all,+net_raw --ambient-caps=-all,+net_raw --bounding-set=-all,+net_raw \
	    "$T/podpath" live -o json -c 2 >"$T/out" 2>"$T/err" </dev/null &
	job=$!
	until_holds err "listening on"
	pings 3
	finish
	[ "$code" -eq 0 ] && holds err "without CAP_NET_ADMIN there is no conntrack" &&
	    holds out podpath.summary/1 && sound
	tap $? "CAP_NET_RAW alone: packets are the only witness"
	if command -v setcap >/dev/null 2>&1 &&
	    setcap cap_net_raw,cap_net_admin+ep "$T/podpath" 2>/dev/null; then
		: >"$T/err"
		ip netns exec "$NODE" timeout 30 setpriv --reuid 65534 \
		    --clear-groups "$T/podpath" live -o json -c 2 >"$T/out" \
		    2>"$T/err" </dev/null &
		job=$!
		until_holds err "listening on"
		pings 3
		finish
		[ "$code" -eq 0 ] && ! holds err "without CAP_NET_ADMIN" &&
		    holds out podpath.summary/1 && sound
		tap $? "setcap as the message says"
	else
		skip "setcap as the message says" "file capabilities do not work here"
	fi
fi
done_testing
