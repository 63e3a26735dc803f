#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# podpath node, explain and verify on nodes of other kinds (tests/state/):
# security groups for pods, delegated prefixes, custom networking, several
# network cards, an IPv6 cluster; healthy, with something put wrong, and with
# each of their files missing.
. "$(dirname "$0")/tap.sh"

kinds='custom-networking ipv6-egress-v4 prefix-delegation sgp-standard sgp-strict
two-cards'
all='snat no-nat eni path'

# node KIND TEXT...: what podpath node says, and that nothing deviates
node() {
	kind=$1
	shift
	run node --state "tests/state/$kind"
	ok=0
	[ "$code" -eq 0 ] && sound && [ ! -s "$T/err" ] &&
	    holds out "Nothing deviates" && ! grep -q '.\{81\}' "$T/out" || ok=1
	# a line may be laid out otherwise: blanks count once
	tr -s ' ' <"$T/out" >"$T/flat"
	for text in "$@"; do
		grep -qF -- "$text" "$T/flat" || ok=1
	done
	tap $ok "$kind: node"
}

node sgp-strict 'eni-0b20 eth1 10.0.0.20 2 1 used 0 free' ' trunk' \
    'eni-0c31 vlan.eth.1 10.0.4.31 101 1 used 0 free' ' branch, VLAN 1' \
    ' 10.0.4.31 shop/db-0 vlan43878a68a0a' ' 10.0.4.32 shop/db-1 vlan7fd651e3ab8' \
    'security groups of pods: strict' 'pods 4 with an address, limit 29 (kubelet)'
node sgp-standard 'eni-0c31 vlan.eth.1 10.0.4.31 101 1 used 0 free' \
    ' 10.0.4.31 shop/db-0 eni43878a68a0a' 'security groups of pods: standard'
node prefix-delegation ' primary, 1 prefix' ' 2 prefixes' \
    'eni-0a10 eth0 10.0.0.10 main 2 used 14 free' \
    'eni-0b20 eth1 10.0.0.20 2 2 used 30 free' 'prefix delegation on' \
    ' 10.0.0.47 default/p4 eniaab32ae05d2' '110 with prefixes'
node custom-networking 'eni-0a10 eth0 10.0.0.10 main 0 used' \
    'eni-0b20 eth1 100.64.1.20 2 2 used 1 free' 'custom networking on' \
    'VPC ranges 10.0.0.0/16 100.64.0.0/16' 'custom networking 20'
node two-cards 'eni-0a10 ens5 10.0.0.10 main 2 used 0 free' \
    'eni-0d20 ens7 10.0.0.120 10101 1 used 1 free' ' card 1, device 1' \
    ' 10.0.0.121 default/hpc eni015a402a6a1' ' 10.0.0.12 default/hpc enif8f010425f9'
node ipv6-egress-v4 'Amazon VPC CNI, IPv6 cluster' \
    'eni-0a10 eth0 10.0.0.10 main 2 used of a /80' \
    ' 2600:1f18:10:0:aa::1 default/p1 eni182c452fe96' \
    ' 169.254.172.2 default/p1 vetha1b2c3d4' 'SNAT none: IPv6 pods keep'

for kind in $kinds; do
	for check in $all; do
		run verify "$check" --state "tests/state/$kind"
		[ "$code" -eq 0 ] && sound && holds out "$check: ok: " &&
		    [ ! -s "$T/err" ]
		tap $? "$kind: verify $check"
	done
done

# explains CODE STATE SOURCE DESTINATION PATTERN...: exit code, and the first
# line (of all output when the pattern begins with +) holds each pattern.
explains() {
	want=$1 state=$2 src=$3 dst=$4
	shift 4
	run explain "$src" "$dst" --state "$state"
	ok=0
	[ "$code" -eq "$want" ] && sound && [ ! -s "$T/err" ] || ok=1
	head -n 1 "$T/out" >"$T/first"
	for pattern in "$@"; do
		case $pattern in
		+*) grep -qF -- "${pattern#+}" "$T/out" || ok=1 ;;
		*) grep -qF -- "$pattern" "$T/first" || ok=1 ;;
		esac
	done
	tap $ok "$(basename "$state"): $src to $dst: $want"
}

# right KIND: rows of source, destination, where it leaves and as what
right() {
	while read -r src dst way; do
		explains 0 "tests/state/$1" "$src" "$dst" "$way" ' ok'
	done
}

right sgp-strict <<END
shop/db-0 8.8.8.8:443 vlan43878a68a0a → vlan.eth.1 (eni-0c31, branch; owns 10.0.4.31)  no-nat
shop/db-0 10.0.1.35:80 vlan43878a68a0a → vlan.eth.1 (eni-0c31, branch; owns 10.0.4.31)  no-nat
shop/db-0 default/p1:80 → vlan.eth.1 (eni-0c31, branch; owns 10.0.4.31)  no-nat
shop/db-0 shop/db-1:5432 → vlan.eth.1 (eni-0c31, branch; owns 10.0.4.31)  no-nat
shop/db-0 node:10250 → vlan.eth.1 (eni-0c31, branch; owns 10.0.4.31)  no-nat
shop/db-0 shop/db-0:5432 → vlan43878a68a0a  no-nat
node shop/db-0:5432 this node → eth0 (eni-0a10, primary)  no-nat
default/p1 shop/db-0:5432 → eth0 (eni-0a10, primary; owns 10.0.0.11)  no-nat
default/p2 shop/db-0:5432 → eth1 (eni-0b20, trunk; owns 10.0.0.21)  no-nat
default/far shop/db-0:5432 vlan.eth.1 (eni-0c31, branch; owns 10.0.4.31) → vlan43878a68a0a  no-nat
default/p2 8.8.8.8:443 → eth0 (eni-0a10, primary)  ⇒ 10.0.0.10 (SNAT)
default/p1 169.254.20.10:53/udp → this node  no-nat
END
right sgp-standard <<END
shop/db-0 8.8.8.8:443 eni43878a68a0a → eth0 (eni-0a10, primary)  ⇒ 10.0.0.10 (SNAT)
shop/db-0 10.0.1.35:80 → vlan.eth.1 (eni-0c31, branch; owns 10.0.4.31)  no-nat
shop/db-0 default/p1:80 → eni182c452fe96  no-nat
shop/db-0 shop/db-1:5432 → eni7fd651e3ab8  no-nat
shop/db-0 node:10250 → this node  no-nat
node shop/db-0:5432 this node → eni43878a68a0a  no-nat
default/p1 shop/db-0:5432 → eni43878a68a0a  no-nat
10.0.7.7 shop/db-0:5432 vlan.eth.1 (eni-0c31, branch; owns 10.0.4.31) → eni43878a68a0a  no-nat
END
right prefix-delegation <<END
default/p1 10.0.7.7:80 → eth0 (eni-0a10, primary; owns 10.0.0.17)  no-nat
default/p4 10.0.7.7:80 → eth1 (eni-0b20, device 1; owns 10.0.0.47)  no-nat
default/p4 8.8.8.8:443 → eth0 (eni-0a10, primary)  ⇒ 10.0.0.10 (SNAT)
default/p1 default/p3:80 → eni6a91d87bb13  no-nat
10.0.7.7 default/p4:80 eth1 (eni-0b20, device 1; owns 10.0.0.47) → eniaab32ae05d2  no-nat
END
right custom-networking <<END
default/p1 10.0.7.7:80 → eth1 (eni-0b20, device 1; owns 100.64.1.21)  no-nat
default/p1 default/far:80 → eth1 (eni-0b20, device 1; owns 100.64.1.21)  no-nat
default/p1 8.8.8.8:443 → eth0 (eni-0a10, primary)  ⇒ 10.0.0.10 (SNAT)
default/p1 100.64.1.20:80 → this node  no-nat
node default/p2:80 this node → enib3a9b371b64  no-nat
10.0.7.7 default/p2:80 eth1 (eni-0b20, device 1; owns 100.64.1.22) → enib3a9b371b64  no-nat
END
right two-cards <<END
10.0.0.121 10.0.7.7:80 eni015a402a6a1 → ens7 (eni-0d20,
10.0.0.12 10.0.7.7:80 enif8f010425f9 → ens5 (eni-0a10, primary; owns 10.0.0.12)  no-nat
10.0.0.121 8.8.8.8:443 → ens5 (eni-0a10, primary)  ⇒ 10.0.0.10 (SNAT)
default/p2 10.0.0.121:80 → eni015a402a6a1  no-nat
default/p2 10.0.7.7:80 → ens6 (eni-0b20, device 1; owns 10.0.0.21)  no-nat
10.0.7.7 10.0.0.121:80 ens7 (eni-0d20,
END
right ipv6-egress-v4 <<END
default/p1 [2a00:1450::1]:443 eni182c452fe96 → eth0 (eni-0a10, primary; owns 2600:1f18:10:0:aa::1)  no-nat
default/p1 default/far:80 → eth0 (eni-0a10, primary; owns 2600:1f18:10:0:aa::1)  no-nat
default/p1 default/p2:80 → enib3a9b371b64  no-nat
default/far default/p1:80 eth0 (eni-0a10, primary; owns 2600:1f18:10:0:aa::1) → eni182c452fe96  no-nat
node default/p1:80 this node → eni182c452fe96  no-nat
default/p1 8.8.8.8:443 vetha1b2c3d4 → eth0 (eni-0a10, primary)  ⇒ 10.0.0.10 (SNAT)
default/p1 10.0.7.7:80 vetha1b2c3d4 → eth0 (eni-0a10, primary)  ⇒ 10.0.0.10 (SNAT)
169.254.172.3 8.8.8.8:53/udp vethb2c3d4e5 → eth0 (eni-0a10, primary)  ⇒ 10.0.0.10 (SNAT)
default/p1 10.0.0.10:80 → this node  no-nat
END

# Known troubles of healthy nodes.
explains 1 tests/state/sgp-strict shop/db-0 169.254.20.10:53/udp \
    '→ vlan.eth.1' wrong '+wrong-eni' '+comes before table local'
explains 1 tests/state/ipv6-egress-v4 default/p1 169.254.172.3:80 dropped \
    '+not-forwarded (firewall)' '+Block Node Local Pod access via IPv4' \
    '+the egress plugin lets no pod of this node reach another'

# ---- something put wrong

# spoil NAME KIND FILE SED-SCRIPT: a copy of the state, into $bad
spoil() {
	bad=$T/$1
	cp -r "tests/state/$2" "$bad"
	sed "$4" "tests/state/$2/$3" >"$bad/$3"
	! cmp -s "$bad/$3" "tests/state/$2/$3"
	tap $? "$1: something is changed"
}

# drifts CODES [TEXT...]: what podpath node calls it, and verify fails of it
drifts() {
	want=$1
	shift
	run node -o json --state "$bad"
	ok=0
	[ "$code" -eq 0 ] && [ "$(jq -r '[.drift[].code] | join(" ")' "$T/out")" = "$want" ] ||
	    ok=1
	for text in "$@"; do
		holds out "$text" || ok=1
	done
	tap $ok "$(basename "$bad"): node: $want"
	run verify path --state "$bad"
	[ "$code" -eq 1 ] && sound && holds out "${want%% *}"
	tap $? "$(basename "$bad"): verify fails"
}

spoil no-rule-10-of-the-veth sgp-strict iprule.txt '/iif vlan43878a68a0a/d'
drifts rule-10-missing '"db-0"' 'iif vlan43878a68a0a lookup 101 priority 10'
explains 1 "$bad" shop/db-0 8.8.8.8:443 '→ eth0' wrong '+wrong-eni' \
    '+policy rule 10 for what comes in by vlan43878a68a0a is missing' \
    '+ip rule add iif vlan43878a68a0a lookup 101 priority 10'
explains 0 "$bad" shop/db-1 8.8.8.8:443 '→ vlan.eth.2'

spoil no-rule-10-of-the-branch sgp-strict iprule.txt '/iif vlan.eth.1/d'
drifts rule-10-missing 'iif vlan.eth.1 lookup 101 priority 10'
explains 1 "$bad" default/far shop/db-0:5432 wrong \
    '+policy rule 10 for what comes in by vlan.eth.1 is missing'

spoil local-first sgp-strict iprule.txt 's/^20:/0:/'
drifts rule-0-early

spoil no-branch-default sgp-strict iproute.txt '/default .* table 101/d'
drifts branch-table-missing '"db-0"'

spoil past-the-groups sgp-strict iproute.txt \
    '/vlan43878a68a0a table 101/s/ table 101//'
explains 1 "$bad" node shop/db-0:5432 '→ vlan43878a68a0a' wrong \
    '+main has a route to 10.0.4.31 by vlan43878a68a0a, past its security groups'

spoil early-demux sgp-strict sysctl_all.txt 's/early_demux = 0/early_demux = 1/'
drifts tcp-early-demux '"db-0"' '"db-1"' DISABLE_TCP_EARLY_DEMUX
spoil early-demux-standard sgp-standard sysctl_all.txt 's/early_demux = 0/early_demux = 1/'
run node --state "$bad"
[ "$code" -eq 0 ] && holds out "Nothing deviates"
tap $? "early demux is harmless with standard security groups"

spoil no-rule-1536-of-a-branch sgp-standard iprule.txt '/1536:.*10.0.4.31/d'
drifts rule-1536-missing '"db-0"' 'from 10.0.4.31 lookup 101 priority 1536'
explains 1 "$bad" shop/db-0 10.0.7.7:80 '→ eth0' wrong '+wrong-eni' \
    '+source-not-on-eni' '+policy rule 1536 of 10.0.4.31 is missing'

spoil no-rule-512-of-a-branch sgp-standard iprule.txt '/512:.*10.0.4.31/d'
drifts rule-512-missing '"db-0"'
explains 1 "$bad" default/p2 shop/db-0:5432 '→ eth1' wrong \
    '+policy rule 512 of 10.0.4.31 is missing'

# ipamd does not list these pods; kubectl does
spoil branch-pod-is-gone sgp-standard pods.json 's/db-0/db-9/; s/10\.0\.4\.31/10.0.4.39/g'
run node -o json --state "$bad"
[ "$code" -eq 0 ] && jq -e '[.drift[].code] | index("rule-512-stale") and
    index("rule-1536-stale")' "$T/out" >/dev/null
tap $? "rules of a pod with security groups that is gone are left over"

spoil no-rule-1536-of-a-prefix prefix-delegation iprule.txt '/1536:.*10.0.0.47/d'
drifts rule-1536-missing '"p4"'
explains 1 "$bad" default/p4 10.0.7.7:80 '→ eth0' wrong '+source-not-on-eni'
explains 0 "$bad" default/p3 10.0.7.7:80 '→ eth1'

spoil range-not-excluded custom-networking iptables-save.txt \
    '/AWS-SNAT-CHAIN-0 -d 100.64/d'
drifts snat-range-missing
explains 1 "$bad" default/p1 default/far:80 '⇒ 10.0.0.10 (SNAT)' wrong \
    '+source-not-on-eni'

spoil subnet-in-main custom-networking iproute.txt \
    '$a 100.64.1.0/24 dev eth1 proto kernel scope link src 100.64.1.20'
drifts subnet-in-main

spoil no-rule-1536-of-a-card two-cards iprule.txt '/1536:.*10.0.0.121/d'
drifts rule-1536-missing '"hpc"' 'lookup 10101'
explains 1 "$bad" 10.0.0.121 10.0.7.7:80 '→ ens5' wrong '+source-not-on-eni' \
    '+ip rule add from 10.0.0.121 lookup 10101 priority 1536'

spoil no-default-of-a-card two-cards iproute.txt '/default .* table 10101/d'
drifts table-default-missing '"hpc"'

# Which interface number a further address has is not known: no veth is named.
spoil no-route-to-a-card two-cards iproute.txt '/^10.0.0.121 /d'
drifts veth-route-missing 'recreate the pod'
run node --state "$bad"
! grep '10\.0\.0\.121 ' "$T/out" | grep -q 'enif8f010425f9'
tap $? "no-route-to-a-card: no other interface is taken for it"

spoil no-egress-route ipv6-egress-v4 iproute.txt '/^169.254.172.2 /d'
drifts egress-route-missing 'address for IPv4 egress'
spoil no-egress-snat ipv6-egress-v4 iptables-save.txt '/-s 169.254.172.2\/32/d'
drifts egress-snat-missing
explains 1 "$bad" 169.254.172.2 8.8.8.8:443 no-nat wrong '+missing-snat'
spoil egress-to-other ipv6-egress-v4 iptables-save.txt 's/10\.0\.0\.10 /10.0.0.99 /'
drifts egress-snat-to
explains 1 "$bad" default/p1 8.8.8.8:443 '⇒ 10.0.0.99 (SNAT)' wrong '+wrong-snat'
spoil no-ipv6-rule-512 ipv6-egress-v4 ip6rule.txt '/512:.*aa::1 /d'
drifts rule-512-missing 'ip -6 rule add to 2600:1f18:10:0:aa::1'
spoil no-ipv6-forwarding ipv6-egress-v4 sysctl_all.txt \
    's/ipv6.conf.all.forwarding = 1/ipv6.conf.all.forwarding = 0/'
drifts ip-forward
explains 1 "$bad" default/p1 default/far:80 dropped

# ---- one file missing: less is known, but nothing is called wrong

for kind in $kinds; do
	worse=
	for file in tests/state/"$kind"/*; do
		rm -rf "$T/less"
		cp -r "tests/state/$kind" "$T/less"
		rm "$T/less/$(basename "$file")"
		run verify $all --state "$T/less"
		case $code in
		0 | 3) sound || worse="$worse $(basename "$file")" ;;
		*) worse="$worse $(basename "$file"):$code" ;;
		esac
		run node -o json --state "$T/less"
		[ "$(jq '.drift // [] | length' "$T/out")" = 0 ] ||
		    worse="$worse $(basename "$file"):drift"
	done
	code=0
	[ -z "$worse" ] || echo "$worse" >"$T/err"
	[ -z "$worse" ]
	tap $? "$kind: without any one of its files nothing is wrong"
done

# A bundle has neither pods.json nor nodes.json: branch ENIs are in the tables.
for kind in sgp-strict sgp-standard; do
	rm -rf "$T/bundle"
	cp -r "tests/state/$kind" "$T/bundle"
	rm "$T/bundle/pods.json" "$T/bundle/nodes.json"
	run node -o json --state "$T/bundle"
	[ "$code" -eq 0 ] &&
	    [ "$(jq -r '[.enis[] | select(.ifname | startswith("vlan.")) |
	    .primary_ip + " " + (.table | tostring)] | join(", ")' "$T/out")" = \
	    "10.0.4.31 101, 10.0.4.32 102" ]
	tap $? "$kind: branch ENIs from the tables alone"
done
explains 0 "$T/bundle" 10.0.4.31 10.0.7.7:80 '→ vlan.eth.1' ' ok'

# podpath.state/1 holds all of it.
for kind in $kinds; do
	run state --state "tests/state/$kind"
	cp "$T/out" "$T/$kind.json"
	run node --state "tests/state/$kind"
	cp "$T/out" "$T/node.txt"
	run node --state "$T/$kind.json"
	[ "$code" -eq 0 ] && cmp -s "$T/out" "$T/node.txt"
	tap $? "$kind: the same from its own JSON"
done

# ---- one ENI alone, no conntrack: what the node forwarded is not its own
cp -r pcaps/pod-internet-primary "$T/forwarded"
rm "$T/forwarded/conntrack.txt"
"$BUILD/tests/cut" pcaps/pod-internet-primary/any.pcap "$T/eth0.pcap" 0 2
run read -o json --state "$T/forwarded" "$T/eth0.pcap"
[ "$code" -eq 0 ] && [ "$(jq -r 'select(.verdict != null) |
    [.verdict, .kind // "-", .findings[].code] | join(" ")' "$T/out" | sort -u)" = \
    "unknown - ambiguous" ] && holds out 'left with TTL 63, so this node forwarded it'
tap $? "a pod's connection, seen at eth0 only, is not called the node's"
cp -r pcaps/host-internet "$T/own"
rm "$T/own/conntrack.txt"
"$BUILD/tests/cut" pcaps/host-internet/any.pcap "$T/eth0.pcap" 0 2
run read -o json --state "$T/own" "$T/eth0.pcap"
[ "$code" -eq 0 ] && [ "$(jq -r 'select(.verdict != null) |
    [.verdict, .kind // "-"] | join(" ")' "$T/out" | sort -u)" = "ok host" ]
tap $? "the node's own is"
done_testing
