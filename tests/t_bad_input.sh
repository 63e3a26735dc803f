#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Bad captures: one clear line that names the file and the position, what was
# read until then is written, exit code 2 (0 when only the last packet is cut).
. "$(dirname "$0")/tap.sh"
pcap=pcaps/pod-internet-primary/any.pcap
size=$(stat -c %s "$pcap")

# says NAME CODE TEXT FILE: exit code, and the file and TEXT on stderr.
says() {
	name=$1 want=$2 text=$3 file=$4
	run read -o json "$file"
	sound && [ "$code" -eq "$want" ] && [ "$(wc -l <"$T/err")" -eq 1 ] &&
	    grep -qF -- "$file" "$T/err" && grep -qi -- "$text" "$T/err"
	tap $? "$name"
}

# Bytes of the file from the second on, at the place.
patch() {
	cp "$pcap" "$T/$1"
	printf "$3" | dd of="$T/$1" bs=1 seek="$2" conv=notrunc 2>/dev/null
}

says "missing file" 2 "no such file" "$T/missing.pcap"
says "directory" 2 "directory" "$T"
: >"$T/empty"
says "empty file" 2 "empty" "$T/empty"
echo "this is no capture, but long enough to look at" >"$T/text"
says "not a capture" 2 "byte 0" "$T/text"
head -c 10 "$pcap" >"$T/short"
says "cut in the file header" 2 "byte" "$T/short"
head -c 24 "$pcap" >"$T/none"
run read "$T/none"
[ "$code" -eq 0 ] && holds out "0 packets"
tap $? "a capture without packets is fine"
head -c $((24 + 7)) "$pcap" >"$T/cuthead"
says "cut in the first packet header" 0 "byte" "$T/cuthead"
head -c $((size - 5)) "$pcap" >"$T/cut"
says "cut in the last packet" 0 "warning" "$T/cut"
holds out '"packets":47,'
tap $? "what was read before the cut is written"
gzip -c "$pcap" | head -c 900 >"$T/cut.gz"
run read -o json "$T/cut.gz"
sound && [ "$(wc -l <"$T/err")" -eq 1 ] && holds err "cut.gz" &&
    holds out podpath.summary
tap $? "cut gzip"
patch lies $((24 + 8)) '\377\377\377\377'
says "a packet length of 4 GiB" 2 "byte" "$T/lies"
patch linktype 20 '\377\000\000\000'
run read -o json "$T/linktype"
sound && [ "$code" -ne 1 ] && [ "$(grep -c podpath.summary "$T/out")" -le 1 ]
tap $? "unknown link type"
patch backwards 24 '\377\377\377\177'
says "time running backwards" 2 "time runs backwards" "$T/backwards"
holds out '"packets":48,'
tap $? "what comes after it is read too"
head -c 2000 /dev/urandom >"$T/noise"
{ head -c 24 "$pcap"; cat "$T/noise"; } >"$T/noisy"
run read -o json "$T/noisy"
sound && [ -s "$T/err" ]
tap $? "noise after a good header"
if [ "$(id -u)" = 0 ]; then
	if command -v setpriv >/dev/null 2>&1; then
		cp "$pcap" "$T/secret"
		cp "$PODPATH" "$T/podpath"
		chmod 755 "$T" "$T/podpath"
		chmod 000 "$T/secret"
		code=0
		setpriv --reuid=65534 --regid=65534 --clear-groups "$T/podpath" \
		    read "$T/secret" >"$T/out" 2>"$T/err" || code=$?
		[ "$code" -eq 2 ] && holds err "$T/secret" &&
		    holds err "ermission denied"
		tap $? "no permission"
	else
		skip "no permission" "root, and no program setpriv"
	fi
else
	cp "$pcap" "$T/secret"
	chmod 000 "$T/secret"
	says "no permission" 2 "permission denied" "$T/secret"
fi
# One bad file among good ones: the good ones are read.
run read -o json "$pcap" "$T/text"
[ "$code" -eq 2 ] && holds err "$T/text" && holds out '"packets":48,'
tap $? "a bad file beside a good one"

done_testing
