#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Which ENI and which source, for every kind of destination and all four kinds of
# pod: the table (by hand, as the VPC CNI is documented) against the kernel's own
# route lookup, what was on the wire, what explain predicts, and the verdict of
# the capture.
. "$(dirname "$0")/tap.sh"

# Destination, and "device source" on the wire: pod on eth0 and pod on eth1 with
# SNAT on, then the same with external SNAT.  P is the pod's address, N eth0's,
# E eth1's; V the other pod's veth, S its own, - stays on this node; "!" after it:
# this is what happens, and it is wrong.
cat >"$T/table" <<'TABLE'
192.168.2.95    7      eth0 P  eth1 P   eth0 P  eth1 P
10.20.0.5       7      eth0 P  eth1 P   eth0 P  eth1 P
10.30.0.5       7      eth0 N  eth0 N   eth0 P  eth1 P
172.217.175.36  7      eth0 N  eth0 N   eth0 P  eth1 P
same-node       7      V P     V P      V P     V P
192.168.3.243   7      - P     - P      - P     - P
192.168.3.52    7      - P     - P      - P     - P
10.100.50.1     7      eth0 P  eth1 P   eth0 P  eth1 P
10.100.50.2     7      V P     V P      V P     V P
self            7      S N     S N      S N     S N
10.100.50.5     7      eth0 N  eth1 N!  eth0 P  eth1 P
192.168.3.243   30072  V N     V N      V N     V N
192.168.3.243   30071  eth0 N  eth1 E   eth0 N  eth1 E
169.254.169.254 7      eth0 N  eth0 N   eth0 P  eth1 P
TABLE

# column CASE POD: its place in the table; veths as the lab has them.
check_pod() {
	dir=$base/$1 pod=$2 ip=$3 self=$4 own=$5 column=$6 near=$7
	"$PODPATH" read -o json --state "$dir" --where "src=$ip" "$dir/any.pcap" \
	    2>"$T/err" >"$T/flows"
	# shellcheck disable=SC2034 # by eval
	while read -r dst port c1 s1 c2 s2 c3 s3 c4 s4; do
		eval "dev=\$c$column source=\$s$column"
		case $dst in same-node) dst=$near ;; self) dst=$self ;; esac
		wrong=${source#?}
		case ${source%!} in P) source=$ip ;; N) source=192.168.3.243 ;;
		E) source=192.168.3.52 ;; esac
		case $dev in
		S) dev=$own ;;
		V) case $dst in 192.168.3.77) dev=eni9fb0db7f13e ;;
		    *) dev=eni7b8ab8e66c6 ;; esac ;;
		esac
		check_row
	done <"$T/table"
}

check_row() {
	# the kernel's lookup
	kernel=$(sed -n "s/^$pod $dst $port .*: .* dev \([^ ]*\) .*/\1/p" "$dir/route-get.txt")
	[ "$kernel" != lo ] || kernel=-
	# the wire, and the verdict
	wire=$(jq -r "select(.original.dst == \"$dst\" and .original.dport == $port) |
	    ([.legs[] | select(.side == \"request\" and .dir == \"out\")] | first) as \$out |
	    [\$out.ifname // \"-\", \$out.src // .original.src, .verdict] | @tsv" "$T/flows")
	# the prediction
	"$PODPATH" explain -o json --state "$dir" "default/$pod" "$dst:$port/udp" \
	    >"$T/explain" 2>>"$T/err"
	verdict=ok
	[ -z "$wrong" ] || verdict=wrong
	want="$dev	$source	$verdict"
	told=$(jq -r '.ways[0] |
	    [.out // "-", .translated.src // .original.src // "?", .verdict] | @tsv' "$T/explain")
	printf 'kernel %s\nwire and verdict %s\nexplain %s\nexpected %s\n' "$kernel" "$wire" \
	    "$told" "$want" >"$T/out"
	[ "$kernel" = "$dev" ] && [ "$wire" = "$want" ] && [ "$told" = "$want" ]
	tap $? "$when${dir##*/decision-table-}: $pod to $dst:$port: $dev as $source $verdict${wrong:+ (as it must be found)}"
}

# check_cases BASE WHEN: the cases under a directory.
check_cases() {
	base=$1 when=$2
	for pods in "netshoot 192.168.3.107 10.100.50.3 enie348bef9edc 1 192.168.3.77" \
	    "echo-b 192.168.3.30 10.100.50.4 eni1e659a482e6 2 192.168.3.99"; do
		# The words of a pod.
		# shellcheck disable=SC2086
		set -- $pods
		check_pod decision-table-snat "$1" "$2" "$3" "$4" "$5" "$6"
		check_pod decision-table-external "$1" "$2" "$3" "$4" $(($5 + 2)) "$6"
	done
}

check_cases pcaps ""
if [ "$(id -u)" != 0 ]; then
	skip "the table built now" "needs root"
else
	code=0
	timeout 120 tests/lab/run.sh record -o "$T/fresh" decision-table-snat \
	    decision-table-external >"$T/out" 2>"$T/err" || code=$?
	if [ "$code" -eq 77 ]; then
		skip "the table built now" "$(tail -n 1 "$T/err")"
	elif [ "$code" -ne 0 ]; then
		tap "$code" "the table built now"
	else
		check_cases "$T/fresh" "built now, "
	fi
fi
done_testing
