#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Recordings as other programs see them, and on disks that are full; what is left
# of one that was killed.
. "$(dirname "$0")/tap.sh"
SAMPLE=$BUILD/tests/record_sample
if [ ! -x "$SAMPLE" ]; then
	echo "1..0 # skip no program $SAMPLE"
	exit 0
fi
cleanup() {
	[ ! -d "$T/disk" ] || umount "$T/disk" 2>/dev/null
	rm -rf "$T"
}
trap cleanup EXIT

# sample ARGS...: into $T/out, $T/err, $code.
sample() {
	code=0
	timeout 120 "$SAMPLE" "$@" >"$T/out" 2>"$T/err" </dev/null || code=$?
}
# What Wireshark's programs say, but for who runs them.
shark() {
	timeout 120 "$@" 2>&1 >"$T/shown" | grep -v '^Running as user' >"$T/err"
	[ ! -s "$T/err" ]
}

f=$T/x.pcapng
sample write "$f" 2000
[ "$code" -eq 0 ] && holds out "2129 observations"
tap $? "2000 packets and what belongs to them are recorded"
sample read "$f"
[ "$code" -eq 0 ] && [ "$(cat "$T/out")" = "2 interfaces, 2000 packets, 0 names,\
 2 losses, 1 states, 4 changes, 100 entries, 20 ticks" ]
tap $? "and read, each once"
run read "$f"
sound && [ "$code" -le 1 ]
tap $? "podpath read takes it"

if command -v tshark >/dev/null 2>&1; then
	shark tshark -r "$f" && [ "$(wc -l <"$T/shown")" -eq 2000 ]
	tap $? "tshark shows the packets, and nothing else"
	shark tshark -r "$f" -q -z expert && ! grep -qE \
	    '^(Errors|Warns|Notes) ' "$T/shown"
	tap $? "tshark finds nothing wrong in them"
	shark tshark -r "$f" -N n -T fields -e ip.src_host -e ip.dst_host &&
	    [ "$(sort -u "$T/shown")" = "default.web-1	default.web-2" ]
	tap $? "tshark names pods"
	shark tshark -r "$f" -T fields -e frame.comment &&
	    [ "$(grep -c '^SNAT 10.0.1.1:12345 -> ok$' "$T/shown")" -eq 200 ]
	tap $? "tshark shows comments"
	shark tshark -r "$f" -T fields -e frame.interface_name \
	    -e frame.packet_flags_direction &&
	    [ "$(sort "$T/shown" | uniq -c | tr -s ' \t\n' ' ')" = \
	    " 666 any 667 eth0 0x00000001 667 eth0 0x00000002 " ]
	tap $? "tshark knows the interface and the direction of a packet"
else
	skip "what tshark shows" "no program tshark"
fi
if command -v capinfos >/dev/null 2>&1; then
	shark capinfos "$f" && tr -s ' ' <"$T/shown" >"$T/shown1" &&
	    grep -q '^Number of packets: 2000$' "$T/shown1" &&
	    grep -q '^Number of interfaces in file: 2$' "$T/shown1" &&
	    grep -q '^File timestamp precision: nanoseconds' "$T/shown1" &&
	    grep -q '^Capture application: podpath' "$T/shown1" &&
	    grep -q '^Number of resolved IPv4 addresses in file: 20$' "$T/shown1" &&
	    [ "$(grep -c 'Number of stat entries = 1' "$T/shown1")" -eq 2 ]
	tap $? "capinfos knows interfaces, statistics and names"
else
	skip "what capinfos shows" "no program capinfos"
fi
if command -v tcpdump >/dev/null 2>&1; then
	# libpcap reads files of one link type alone
	sample plain "$T/y.pcapng" 1000
	[ "$(tcpdump -nr "$T/y.pcapng" 2>/dev/null |
	    grep -c 'IP 10.0.1.1.12345 > 10.0.1.2.12346: UDP')" -eq 1000 ]
	tap $? "tcpdump reads what has one link type"
else
	skip "what tcpdump shows" "no program tcpdump"
fi

# ---- a full disk
mkdir "$T/disk"
if [ "$(id -u)" != 0 ]; then
	skip "a full disk" "needs root"
elif ! mount -t tmpfs -o size=512k none "$T/disk" 2>/dev/null; then
	skip "a full disk" "no tmpfs can be mounted here"
else
	for left in 0 1 100 4000; do
		# the disk is full at another byte of a block each time
		rm -f "$T"/disk/*
		head -c "$left" /dev/zero >"$T/disk/other"
		f=$T/disk/full.pcapng
		sample write "$f" 100000
		[ "$code" -eq 1 ] && grep -qE "^$f: no space left on the device;\
 stopped after [0-9]+ bytes, what was written is readable$" "$T/out" &&
		    n=$(wc -c <"$f") && holds out "after $n bytes" &&
		    [ "$n" -gt 450000 ] && sample read "$f" &&
		    [ "$code" -eq 0 ] && ! grep -q '^cut\|^bad' "$T/out"
		tap $? "a full disk ends a recording between two blocks ($left)"
	done
	umount "$T/disk"
fi
sample write /dev/full 100000
[ "$code" -eq 1 ] && holds err "/dev/full: no space left on the device; stopped \
after 0 bytes"
tap $? "a device without room is said at once"
sample write "$T/no/x" 1
[ "$code" -eq 1 ] && holds err "$T/no/x: No such file or directory"
tap $? "a folder that is not there"

# ---- killed
f=$T/killed.pcapng
lost=0
for after in 1500 1900 2700; do
	"$SAMPLE" write "$f" 1000000 slow >"$T/out" 2>"$T/err" &
	pid=$! tries=0
	until grep -qx "$after" "$T/err" || [ "$tries" -eq 2000 ]; do
		sleep 0.01
		tries=$((tries + 1))
	done
	kill -9 "$pid"
	wait "$pid" 2>/dev/null
	done=$(tail -n 1 "$T/err")
	sample read "$f"
	read=$(sed -n '1s/.* \([0-9]*\) packets.*/\1/p' "$T/out")
	# 1000 packets are held back for their comments
	[ "$code" -eq 0 ] && [ "${done:-0}" -ge "$after" ] &&
	    [ "${read:-0}" -ge $((done - 1100)) ] || lost=1
done
[ "$lost" -eq 0 ]
tap $? "killed with -9: all but what was held back is there"

# ---- a pipe
"$SAMPLE" plain - 1000000 2>"$T/err" | head -c 100000 >"$T/half.pcapng"
sample read "$T/half.pcapng"
[ "$code" -eq 0 ] && holds out "cut: "
tap $? "what came through a pipe that was closed is readable"

done_testing
