#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# podpath state: from dumps and from a live node (a network namespace), written
# whole or not at all, and read back as it was.
. "$(dirname "$0")/tap.sh"
PATH=$PATH:/usr/sbin:/sbin
case=pcaps/pod-internet-secondary
NS=podpath-state-$$

cleanup() {
	[ -z "${httpd-}" ] || kill "$httpd" 2>/dev/null
	ip netns del "$NS" 2>/dev/null
	rm -rf "$T"
}
trap cleanup EXIT

# ---- saved dumps

run state --state "$case" -w "$T/a.json"
[ "$code" -eq 0 ] && [ ! -s "$T/out" ] && [ ! -s "$T/err" ] &&
    [ "$(jq -r .schema "$T/a.json")" = podpath.state/1 ]
tap $? "a folder of dumps becomes podpath.state/1"
run state --state "$T/a.json" -w "$T/b.json"
[ "$code" -eq 0 ] && [ ! -s "$T/err" ] && cmp -s "$T/a.json" "$T/b.json"
tap $? "read and written again, it is the same, byte by byte"
run state --state "$T/a.json"
[ "$code" -eq 0 ] && cmp -s "$T/a.json" "$T/out"
tap $? "without -w on standard output"
run state --state "$T/a.json" -w -
[ "$code" -eq 0 ] && cmp -s "$T/a.json" "$T/out"
tap $? "-w - is standard output"
jq -S . "$T/a.json" >"$T/sorted.json"
run state --state "$T/sorted.json" -w "$T/b.json"
[ "$code" -eq 0 ] && [ ! -s "$T/err" ] && cmp -s "$T/a.json" "$T/b.json"
tap $? "another tool may sort its names"
[ "$(jq '.nf_rules | length' "$T/a.json")" = "$(grep -c '^-A' $case/iptables-save.txt)" ] &&
    [ "$(jq '[.rules[] | select(.v6 | not)] | length' "$T/a.json")" = "$(grep -c . $case/iprule.txt)" ] &&
    [ "$(jq '.conntrack | length' "$T/a.json")" = "$(grep -c src= $case/conntrack.txt)" ]
tap $? "every rule and every conntrack entry of the dumps is there"

head -c 5000 "$T/a.json" >"$T/cut.json"
run state --state "$T/cut.json" -w "$T/b.json"
[ "$code" -eq 0 ] && grep -q "cut.json:[0-9]*: " "$T/err"
tap $? "a document that is cut: the line is named, what was read is kept"
tar -czf "$T/whole.tar.gz" -C "$case" iprule.txt iproute.txt
head -c 400 "$T/whole.tar.gz" >"$T/short.tar.gz"
run state --state "$T/short.tar.gz" -w "$T/b.json"
[ "$code" -eq 2 ] && holds err "short.tar.gz: cut or damaged" &&
    holds err "short.tar.gz: no node state in it"
tap $? "a bundle that is cut before its first file says so"
mkdir "$T/types"
echo '[]' >"$T/types/ipam.json"
cp "$case/iprule.txt" "$T/types"
run state --state "$T/types" -w "$T/b.json"
[ "$code" -eq 0 ] &&
    [ "$(grep -c 'ipam.json: an object is expected, not a list' "$T/err")" -eq 1 ]
tap $? "a document of the wrong type is said once"
fails "no such state" "$T/none" state --state "$T/none" -w "$T/c.json"
[ ! -e "$T/c.json" ]
tap $? "then nothing is written"
fails "a word too many" "takes no words" state "$T/a.json"

# ---- the file that is written

echo old >"$T/old.json"
chmod 640 "$T/old.json"
run state --state "$case" -w "$T/old.json"
[ "$code" -eq 0 ] && cmp -s "$T/a.json" "$T/old.json"
tap $? "an old file is replaced"
fails "no such folder" "$T/no/such.json: cannot write: No such file" \
    state --state "$case" -w "$T/no/such.json"
run state --state "$case" -w /dev/null
[ "$code" -eq 0 ] && [ -c /dev/null ]
tap $? "a device is written to, not replaced"
if [ -w /dev/full ]; then
	fails "a full disk" "/dev/full: cannot write: No space left" \
	    state --state "$case" -w /dev/full
fi
mkdir "$T/small"
(
	# 512-byte blocks; the file would be larger
	ulimit -f 8
	trap '' XFSZ
	timeout 60 "$PODPATH" state --state "$case" -w "$T/small/x.json" \
	    >"$T/out" 2>"$T/err" </dev/null
)
code=$?
[ "$code" -eq 2 ] && holds err "cannot write: File too large" &&
    [ -z "$(ls "$T/small")" ]
tap $? "what cannot be written whole leaves nothing behind"

# ---- live

if [ "$(id -u)" != 0 ]; then
	skip "this node's state" "needs root"
	done_testing
	exit
fi
for program in ip iptables-save iptables-restore nft conntrack nsenter busybox; do
	command -v $program >/dev/null || missing=$program
done
if [ -n "${missing-}" ]; then
	skip "this node's state" "no program $missing"
	done_testing
	exit
fi
if ! ip netns add "$NS" 2>"$T/err"; then
	skip "this node's state" "$(head -n 1 "$T/err")"
	done_testing
	exit
fi
on() { nsenter --net="/run/netns/$NS" "$@"; }

{
	# no address that comes a second later
	on sysctl -qw net.ipv6.conf.default.accept_dad=0 \
	    net.ipv6.conf.default.addr_gen_mode=1
	ip -n "$NS" link set lo up
	ip -n "$NS" link add eth0 type veth peer name eth1
	ip -n "$NS" link add enib5be3306a32 type veth peer name pod0
	for dev in eth0 eth1 enib5be3306a32 pod0; do
		ip -n "$NS" link set $dev up
	done
	ip -n "$NS" address add 10.0.0.10/24 dev eth0
	ip -n "$NS" address add 2001:db8::10/64 dev eth0
	ip -n "$NS" address add 10.0.0.20/24 dev eth1 noprefixroute
	ip -n "$NS" route add default via 10.0.0.1 dev eth0
	ip -n "$NS" route add 10.0.0.1 dev eth1 scope link table 2
	ip -n "$NS" route add default via 10.0.0.1 dev eth1 table 2
	ip -n "$NS" route add unreachable 10.9.0.0/16 metric 7
	ip -n "$NS" route add 10.0.0.21 dev enib5be3306a32 scope link
	ip -n "$NS" neighbour add 10.0.0.21 dev enib5be3306a32 \
	    lladdr 0a:00:00:00:00:21 nud permanent
	ip -n "$NS" rule add to 10.0.0.21 lookup main priority 512
	ip -n "$NS" rule add fwmark 0x80/0x80 lookup main priority 1024
	ip -n "$NS" rule add from 10.0.0.21 lookup 2 priority 1536
	ip -n "$NS" rule add iif eth1 not from 10.0.0.0/24 blackhole priority 1537
	on sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.eth0.rp_filter=2
	on iptables-restore <<-'RULES'
		*mangle
		-A PREROUTING -i eni+ -j CONNMARK --restore-mark --mask 0x80
		COMMIT
		*nat
		:AWS-SNAT-CHAIN-0 - [0:0]
		-A POSTROUTING -m comment --comment "AWS SNAT CHAIN" -j AWS-SNAT-CHAIN-0
		-A AWS-SNAT-CHAIN-0 -d 10.0.0.0/16 -j RETURN
		-A AWS-SNAT-CHAIN-0 ! -o vlan+ -m addrtype ! --dst-type LOCAL -j SNAT --to-source 10.0.0.10 --random-fully
		COMMIT
	RULES
	on conntrack -I -p tcp -s 10.0.0.21 -d 192.0.2.1 --sport 40000 --dport 443 \
	    --state ESTABLISHED --timeout 3000 --mark 128
} >"$T/out" 2>"$T/err"
code=$?
tap "$code" "the namespace is set up"

# In the namespace with what the test runs on; /proc/sys/net is the namespace's.
live() {
	code=0
	on timeout 60 "$PODPATH" state -w "$T/live.json" >"$T/out" 2>"$T/err" \
	    </dev/null || code=$?
}
live
[ "$code" -eq 0 ] && [ -s "$T/live.json" ]
tap $? "this node's state is saved"
grep -q "127.0.0.1:61679: ipamd does not answer (Connection refused): not an EKS node" "$T/err"
tap $? "that ipamd does not answer is said"
! grep -v '61679\|ipam.json' "$T/err"
tap $? "and nothing else is missing"

# same NAME FILTER: jq says the same of the live state and of the dumps.
mkdir "$T/dumps"
on ip rule show >"$T/dumps/iprule.txt"
on ip -6 rule show >"$T/dumps/ip6rule.txt"
on ip route show table all >"$T/dumps/iproute.txt"
on ip -6 route show table all >"$T/dumps/ip6route.txt"
on iptables-save >"$T/dumps/iptables-save.txt"
on ip6tables-save >"$T/dumps/ip6tables-save.txt"
on ip -d address >"$T/dumps/ip-addr.txt"
on ip neigh >"$T/dumps/ip-neigh.txt"
on conntrack -L >"$T/dumps/conntrack.txt" 2>/dev/null
run state --state "$T/dumps" -w "$T/dumped.json"
cp "$T/err" "$T/dumps.err"
same() {
	jq -S "$2" "$T/live.json" >"$T/out" 2>"$T/err" &&
	    jq -S "$2" "$T/dumped.json" >"$T/dumped" 2>>"$T/err" &&
	    cmp -s "$T/out" "$T/dumped" && [ "$(wc -c <"$T/out")" -gt 5 ]
	tap $? "live as in the dumps: $1"
}
same rules '.rules'
same routes '.routes | map(del(.line)) | sort_by(.v6)'
same iptables '[.nf_rules[] | select(.text | test("AWS|CONNMARK|SNAT")) |
    {text, matches, do: .target.do}]'
same links '[.links[] | {name, ifindex, mtu, mac}] | sort_by(.name)'
same addresses '.addresses | sort_by(.dev, .addr)'
same neighbours '.neighbours'
same conntrack '[.conntrack[] | {proto, src, dst, sport, dport, rsrc, rdst, mark, state}]'
grep -c . "$T/dumps/iprule.txt" >"$T/out"
[ "$(cat "$T/out")" -eq "$(jq '[.rules[] | select(.v6 | not)] | length' "$T/live.json")" ] &&
    jq -e '.rules[] | select(.priority == 1536) | .text == "from 10.0.0.21 lookup 2" and
        .from == "10.0.0.21" and .table == 2' "$T/live.json" >/dev/null
tap $? "the kernel's rules, each of them"
jq -e '[.sysctls[] | select(.name == "net.ipv4.ip_forward").value] == ["1"] and
    ([.sysctls[] | select(.name == "net.ipv4.conf.eth0.rp_filter").value] == ["2"])' \
    "$T/live.json" >"$T/out"
tap $? "the namespace's sysctls"
[ "$(jq -r .hostname "$T/live.json")" = "$(uname -n)" ] &&
    jq -e '.taken | startswith("20")' "$T/live.json" >/dev/null
tap $? "the node's name, and when"
jq -e '.parts | contains(["links", "addresses", "neighbours", "rules", "rules6", "routes",
    "routes6", "iptables", "ip6tables", "nft", "conntrack", "sysctls"])' \
    "$T/live.json" >"$T/out"
tap $? "what is empty is known to be empty"

# A stand-in for ipamd.
mkdir -p "$T/www/v1"
cp $case/enis.json "$T/www/v1/enis"
cp $case/networkutils-env-settings.json "$T/www/v1/networkutils-env-settings"
nsenter --net="/run/netns/$NS" busybox httpd -f -p 127.0.0.1:61679 -h "$T/www" \
    2>/dev/null &
httpd=$!
tries=50
until on busybox nc -z 127.0.0.1 61679 2>/dev/null || [ $tries -eq 0 ]; do
	tries=$((tries - 1))
	sleep 0.1
done
live
[ "$code" -eq 0 ] && grep -q '/v1/ipamd-env-settings: HTTP status 404' "$T/err" &&
    ! grep -q 'does not answer' "$T/err" &&
    [ "$(jq -c .enis "$T/live.json")" = "$(jq -c .enis "$T/a.json")" ] &&
    [ "$(jq -c .cni "$T/live.json")" = "$(jq -c .cni "$T/a.json")" ]
tap $? "ENIs and settings come from ipamd"
kill "$httpd"
wait "$httpd" 2>/dev/null
httpd=
done_testing
