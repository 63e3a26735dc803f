#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The command line: usage errors, exit codes, files and filter, colours, ends.
. "$(dirname "$0")/tap.sh"
pcap=pcaps/pod-internet-primary/any.pcap

fails "no command" "no command given; see podpath --help"
fails "mistyped command" "did you mean 'read'?" reda
fails "unknown command" "unknown command 'frobnicate'" frobnicate
fails "a capture is no command" "podpath read $pcap" "$pcap"
fails "help for what is no command" "unknown command 'frobnicate'" help frobnicate
fails "an option before the command" "the command comes first, its options after it: podpath explain" \
    --state pcaps/pod-to-vpc explain netshoot 8.8.8.8
fails "node state named as a capture" \
    "expected a capture file; the node's state is given with --state pcaps/pod-to-vpc" \
    read pcaps/pod-to-vpc
fails "mistyped option" "did you mean '--where'?" read --wheer x "$pcap"
fails "unknown option" "unknown option '--frobnicate'" read --frobnicate
fails "unknown letter" "unknown option '-X'" read -X "$pcap"
fails "missing argument" "needs an argument" read "$pcap" -o
fails "unwanted argument" "takes no argument" read --verbose=1 "$pcap"
fails "ambiguous option" "is ambiguous" read --ver "$pcap"
fails "wrong word" "did you mean 'json'?" read -o jsno "$pcap"
fails "wrong color" "auto, always, never" read --color sometimes "$pcap"
for n in 0 -1 x 1x '' 18446744073709551616; do
	fails "count '$n'" "'$n' is not a number" read -c "$n" "$pcap"
done
fails "max-flows beyond 32 bits" "1 to 100000000" \
    read --max-flows 4294967296 "$pcap"
fails "wrong key" "did you mean proto?" read --where prot=tcp "$pcap"
fails "mistyped finding" "did you mean wrong-eni?" \
    read --where finding=wrong-enni "$pcap"
fails "no such finding" "one of snat-node-ip, " \
    read --where finding=everything "$pcap"
fails "wrong value" "a number is expected" read --where port=x "$pcap"

fails "no file" "no capture given" read
fails "one word that is no file" "nope: no such file" read nope
fails "neither file nor filter" \
    "tpc: no such file, and not a filter expression either: filter 'tpc port 1'" \
    read "$pcap" tpc port 1
fails "bad filter after a good word" "filter 'tcp and'" read "$pcap" tcp and
fails "bad -f" "filter 'tcp and ('" read -f "tcp and (" "$pcap"
fails "two filters" "more than one filter" read -f tcp "$pcap" udp
fails "missing -F" "$T/none: No such file" read -F "$T/none" "$pcap"
head -c 70000 /dev/zero | tr '\0' x >"$T/long"
fails "long -F" "longer than 64 KiB" read -F "$T/long" "$pcap"
printf 'tcp\000' >"$T/nul"
fails "NUL in -F" "holds a NUL" read -F "$T/nul" "$pcap"

run --help
[ "$code" -eq 0 ] && holds out "podpath read" && [ ! -s "$T/err" ] &&
    ! grep -q '.\{80\}' "$T/out" && [ "$(grep -c '^  podpath .* read\|^  podpath read\|^  ssh' "$T/out")" -ge 6 ]
tap $? "--help: fits 80 columns, five examples"
run read -h
[ "$code" -eq 0 ] && holds out "Exit codes:"
tap $? "read -h"
run explain --help
cp "$T/out" "$T/help"
run help explain
[ "$code" -eq 0 ] && cmp -s "$T/out" "$T/help"
tap $? "help COMMAND is COMMAND --help"
run --version
[ "$code" -eq 0 ] && holds out "podpath 0" && holds out "libpcap version"
tap $? "--version names libpcap"

run read "$pcap"
cp "$T/out" "$T/whole"
[ "$code" -eq 0 ] && [ ! -s "$T/err" ] && holds out "4 flows"
tap $? "read FILE"
run -r "$pcap"
strip() { sed 's/read in .*//' "$1"; }
[ "$code" -eq 0 ] && [ "$(strip "$T/out")" = "$(strip "$T/whole")" ]
tap $? "-r FILE is read FILE"
code=0
"$PODPATH" read - <"$pcap" >"$T/out" 2>"$T/err" || code=$?
[ "$code" -eq 0 ] && [ "$(strip "$T/out")" = "$(strip "$T/whole")" ]
tap $? "standard input"
gzip -c "$pcap" >"$T/a.gz"
run read "$T/a.gz"
[ "$code" -eq 0 ] && [ "$(strip "$T/out")" = "$(strip "$T/whole")" ]
tap $? "gzip"

# The filter sees both sides of a translation.
for words in "icmp" "icmp and host 192.168.3.107" "icmp and host 192.168.3.243" \
    "icmp and src net 172.217.0.0/16"; do
	# shellcheck disable=SC2086
	run read "$pcap" $words
	[ "$code" -eq 0 ] && holds out "1 shown" && holds out " icmp "
	tap $? "filter words: $words"
done
run read -f "tcp port 80" "$pcap"
[ "$code" -eq 0 ] && holds out "1 shown"
tap $? "-f"
echo "udp  # no comment in pcap-filter" | sed 's/#.*//' >"$T/filter"
run read -F "$T/filter" "$pcap"
[ "$code" -eq 0 ] && holds out "2 shown"
tap $? "-F"
run read "$pcap" -v -- udp and port 53
[ "$code" -eq 0 ] && holds out "1 shown" && holds out "  request"
tap $? "options after the file, and --"
run read --where 'proto=udp port=53 nat=snat' "$pcap"
[ "$code" -eq 0 ] && holds out "1 shown"
tap $? "--where"
run read -f udp --where 'port=53' "$pcap"
[ "$code" -eq 0 ] && holds out "1 shown"
tap $? "filter and --where together"
run read -c 3 -o json "$pcap"
[ "$code" -eq 0 ] && holds out '"packets":3,'
tap $? "-c"
# Sanitizers need more address space than any limit leaves.
if [ "${BUILD%-san}" = "$BUILD" ]; then
	(ulimit -v 300000 && "$PODPATH" read "$pcap") >"$T/out" 2>"$T/err"
	code=$?
	[ "$code" -eq 2 ] && holds err "1000000 flows" && holds err "--max-flows"
	tap $? "too little address space names the option that helps"
	(ulimit -v 300000 && "$PODPATH" read --max-flows 10000 "$pcap") >"$T/out" 2>"$T/err"
	code=$?
	tap "$code" "... and it does"
fi
run read --max-flows 1 -o json "$pcap"
[ "$code" -eq 0 ] && ! holds out '"evicted":0'
tap $? "--max-flows evicts, and still writes every flow"
[ "$(grep -c podpath.flow/1 "$T/out")" -ge 4 ]
tap $? "evicted flows are written"
cp "$pcap" "$T/tcp"
(cd "$T" && run_code=0 && "$PODPATH" read tcp >out 2>err || run_code=$?
    [ "${run_code:-0}" -eq 0 ]) && holds out "4 shown"
tap $? "a file whose name is a filter word is a file"
run read veth0="$pcap"
[ "$code" -eq 0 ]
tap $? "NAME=FILE"

run read --color always "$pcap"
[ "$code" -eq 0 ] && grep -q "$(printf '\033')\[" "$T/out"
tap $? "--color always"
run read "$pcap"
! grep -q "$(printf '\033')" "$T/out"
tap $? "no colour when not a terminal"
if [ "$(script -qec 'test -t 1 && echo yes' /dev/null 2>/dev/null </dev/null |
    tr -d '\r')" = yes ]; then
	script -qec "$PODPATH read $pcap" /dev/null >"$T/out" 2>"$T/err" </dev/null
	grep -q "$(printf '\033')\[" "$T/out"
	tap $? "colour on a terminal"
	script -qec "NO_COLOR=1 $PODPATH read $pcap" /dev/null >"$T/out" \
	    2>"$T/err" </dev/null
	! grep -q "$(printf '\033')" "$T/out"
	tap $? "NO_COLOR"
	script -qec "TERM=dumb $PODPATH read $pcap" /dev/null >"$T/out" \
	    2>"$T/err" </dev/null
	! grep -q "$(printf '\033')" "$T/out"
	tap $? "TERM=dumb"
else
	skip "colour on a terminal" "script(1) cannot make a terminal here"
fi
LC_ALL=C run read -v "$pcap"
LC_ALL=C.UTF-8
[ "$code" -eq 0 ] && ! LC_ALL=C grep -q '[^ -~]' "$T/out"
tap $? "ASCII where the locale is not UTF-8"

for form in text json csv; do
	code=0
	timeout 20 "$PODPATH" read -o "$form" "$pcap" 2>"$T/err" >/dev/full ||
	    code=$?
	[ "$code" -eq 2 ] && [ "$(wc -l <"$T/err")" -eq 1 ] &&
	    holds err "No space left"
	tap $? "disk full: $form"
done
{
	timeout 20 "$PODPATH" read -o json --max-flows 1 pcaps/*/any.pcap 2>"$T/err"
	echo $? >"$T/code"
} | head -n 1 >"$T/out"
code=$(cat "$T/code")
[ "$code" -eq 0 ] && ! grep -qi 'pipe\|write' "$T/err"
tap $? "a reader that goes away"

# asleep PID: wait until it sleeps (in a read or a write), 10 s at most.
asleep() {
	i=0
	while [ $i -lt 100 ] && ! grep -q '^State:.*sleeping' "/proc/$1/status"; do
		i=$((i + 1))
		sleep 0.1
	done
	sleep 0.2
}
# A shell starts what it puts into the background with SIGINT ignored.
if env --default-signal=INT true 2>/dev/null && [ -e /proc/self/status ]; then
	mkfifo "$T/in" "$T/full"
	env --default-signal=INT "$PODPATH" read - <"$T/in" >"$T/out" \
	    2>"$T/err" &
	pid=$!
	exec 9>"$T/in"
	cat "$pcap" >&9
	asleep "$pid"
	kill -INT "$pid"
	code=0
	wait "$pid" || code=$?
	exec 9>&-
	[ "$code" -eq 0 ] && holds out "4 flows" &&
	    [ "$(wc -l <"$T/err")" -eq 1 ] && holds err "interrupted"
	tap $? "Ctrl-C writes what was read"

	# nobody reads: it waits for room in the pipe
	exec 9<>"$T/full"
	env --default-signal=INT "$PODPATH" read -o json pcaps/*/any.pcap \
	    >"$T/full" 2>"$T/err" &
	pid=$!
	asleep "$pid"
	kill -INT "$pid"
	sleep 0.3
	kill -INT "$pid"
	code=0
	wait "$pid" || code=$?
	exec 9>&-
	[ "$code" -eq 130 ]
	tap $? "a second Ctrl-C ends it"
else
	skip "Ctrl-C" "env cannot restore signals, or no /proc"
fi
if command -v bash >/dev/null 2>&1; then
	"$PODPATH" --bash-completion >"$T/completion"
	# completes LAST WORDS...: what is offered for the last of the words
	completes() {
		want=$1
		shift
		bash -c '. "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
		    _podpath; echo "${COMPREPLY[*]}"' "$T/completion" podpath "$@" \
		    >"$T/out" 2>"$T/err"
		[ "$(cat "$T/out")" = "$want" ]
		tap $? "completion: podpath $*"
	}
	completes "explain" e
	completes "snat no-nat eni path nlb-ip shares" verify ""
	completes "pcaps" verify snat pcap
	completes "text json tap junit" verify -o ""
	completes "--state" node --st
else
	skip "completion" "no bash"
fi
code=0
"$PODPATH" --help >/dev/full 2>"$T/err" || code=$?
[ "$code" -eq 2 ] && holds err "No space left"
tap $? "disk full: --help"

done_testing
