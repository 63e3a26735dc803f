#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# podpath explain over the lab's states: the decision table (pods netshoot on
# eth0, echo-b on eth1), Services, NodePorts, what is broken, and the words.
. "$(dirname "$0")/tap.sh"

# explains CODE STATE SOURCE DESTINATION PATTERN...: exit code, and the first
# line (of all output when the pattern begins with +) holds each pattern.
explains() {
	want=$1 state=$2 src=$3 dst=$4
	shift 4
	run explain "$src" "$dst" --state "pcaps/$state"
	ok=0
	[ "$code" -eq "$want" ] && sound && [ ! -s "$T/err" ] || ok=1
	head -n 1 "$T/out" >"$T/first"
	for pattern in "$@"; do
		case $pattern in
		+*) grep -qF -- "${pattern#+}" "$T/out" || ok=1 ;;
		*) grep -qF -- "$pattern" "$T/first" || ok=1 ;;
		esac
	done
	tap $ok "$state: $src to $dst"
}

eth0='eth0 (eni-018379ae09c0607b7, primary'
eth1='eth1 (eni-097a735d56c88819f, device 1'
node='⇒ 192.168.3.243 (SNAT)'

# row STATE DESTINATION PRIMARY SECONDARY: where each pod's packet leaves and as
# what, facts section 4
row() {
	explains 0 "$1" default/netshoot "$2" "$3" ' ok'
	explains 0 "$1" default/echo-b "$2" "$4" ' ok'
}
on=pod-internet-secondary
off=external-snat
own0="→ $eth0; owns 192.168.3.107)  no-nat"
own1="→ $eth1; owns 192.168.3.30)  no-nat"
row $on 192.168.2.91 "$own0" "$own1"
row $off 192.168.2.91 "$own0" "$own1"
row excluded-cidr 10.20.0.5:443 "$own0" "$own1"
row $on 10.20.0.5:443 "→ $eth0)  $node" "→ $eth0)  $node"
row $off 10.20.0.5:443 "$own0" "$own1"
row $on 172.217.175.36:443 "→ $eth0)  $node" "→ $eth0)  $node"
row $off 172.217.175.36:443 "$own0" "$own1"
row $on default/web-2 '→ eni9fb0db7f13e  no-nat' '→ eni9fb0db7f13e  no-nat'
row $off default/web-2 '→ eni9fb0db7f13e  no-nat' '→ eni9fb0db7f13e  no-nat'
row $on 192.168.3.243:10250 '→ this node  no-nat' '→ this node  no-nat'
row $on 192.168.3.52 '→ this node  no-nat' '→ this node  no-nat'
row $on 169.254.169.254:80 "→ $eth0)  $node" "→ $eth0)  $node"
explains 0 pod-to-vpc netshoot 192.168.1.1 \
    "default/netshoot → 192.168.1.1/icmp  enie348bef9edc $own0  ok"
explains 0 nodeport-from-pod echo-b node:30080 "→ $eth1)  ⇒ 192.168.3.52 → " \
    '(SNAT, DNAT)  ok'
explains 1 service-outside-vpc echo-b default/external "→ $eth1)" wrong \
    '+AWS_EXTERNAL_SERVICE_CIDRS'

# The steps of the walk, with the text of each rule.
explains 0 $on echo-b 8.8.8.8:443/tcp 'default/echo-b → 8.8.8.8:443/tcp' \
    '+from all fwmark 0x80/0x80 lookup main' '+default via 192.168.3.1 dev eth0' \
    '+--set-xmark 0x80/0x80' '+-j SNAT --to-source 192.168.3.243' \
    '+  required: out by eth0, as 192.168.3.243' '+  reply  eth0 → eni1e659a482e6' \
    '+from all to 192.168.3.30 lookup main' '+verdict: ok: '

# Services: each endpoint with its probability.
explains 0 service-shares default/netshoot default/svc-clusterip:80 '3 ways  ok' \
    '+ 33.3 %  enie348bef9edc → eni0d7763386da  ⇒ → default/web-0:8080 (DNAT)  ok' \
    '+ 33.3 %  enie348bef9edc → eni9fb0db7f13e  ⇒ → default/web-2:8080 (DNAT)  ok' \
    '+⇒ → default/web-1:8080 (DNAT)  ok'
explains 0 service-shares echo-b svc-clusterip:svc-webport '3 ways  ok'
explains 0 service-shares node svc-clusterip 'node → default/svc-clusterip:80/tcp'
explains 0 dns netshoot kube-system/kube-dns:53/udp '/udp'
explains 0 hairpin web-0 default/svc-clusterip '→ eni0d7763386da  ⇒ 192.168.3.243'

# What comes in: NodePort, load balancer, straight to the pod.
explains 0 nodeport-cluster-local internet node:30080 'internet → node:30080/tcp' \
    '+⇒ 192.168.3.243 → default/web-0:8080 (SNAT, DNAT)'
explains 0 nodeport-local internet node:30080 \
    '+eni9fb0db7f13e  ⇒ → default/web-2:8080 (DNAT)'
explains 0 nlb-ip-preserved 203.0.113.50 echo-b:8080 "$eth1; owns 192.168.3.30)" \
    'no-nat  ok' '+  reply  eni1e659a482e6 → eth1'
explains 0 node-to-pod node default/web-0:8080 'this node → eni0d7763386da'
explains 0 host-internet node 8.8.8.8:443 "this node → $eth0)" ' ok'

# Broken nodes: wrong or dropped, with the cause and the fix.
explains 1 missing-snat netshoot 8.8.8.8 wrong '+missing-snat: ' \
    '+cause: AWS-SNAT-CHAIN-0 has no SNAT rule' '+fix: ' '+verdict: wrong'
explains 1 wrong-snat netshoot 8.8.8.8:443 wrong '+wrong-snat: '
explains 1 missing-rule-1536 echo-b 192.168.2.91 wrong '+wrong-eni: ' \
    '+source-not-on-eni: ' '+ip rule add from 192.168.3.30 lookup 2 priority 1536'
explains 1 missing-rule-1024 echo-b 8.8.8.8 wrong '+wrong-eni: ' \
    '+ip rule add fwmark 0x80/0x80 lookup main priority 1024'
explains 1 nodeport-no-connmark internet node:30080 '+asymmetric-path: '
explains 1 rp-filter internet node:30080 dropped '+not-forwarded (rp-filter)' \
    '+by the reverse path filter of eth0, since the way back to its source is by eth1' \
    '+fix: sysctl -w net.ipv4.conf.eth0.rp_filter=2'
explains 1 forward-drop netshoot 8.8.8.8 '→ dropped  dropped' \
    '+not-forwarded (firewall)' '+the policy of filter FORWARD is DROP'

explains 1 $on netshoot 127.0.0.1 dropped '+(martian)'
explains 1 no-route netshoot 172.217.175.36 dropped \
    '+its route is unreachable 172.217.175.36'

# Not EKS: what the rules do, and that nothing is known to be required.
explains 0 overlay-vxlan netshoot 8.8.8.8 'cni0 → eth0  ⇒ 192.168.3.243 (SNAT)' \
    '+no contract of a CNI applies'
explains 0 ipv6-pod-to-pod netshoot '[2606:4700::1111]:443' \
    'default/netshoot → [2606:4700::1111]:443/tcp' no-nat

run explain echo-b 8.8.8.8 -n --state pcaps/$on
[ "$code" -eq 0 ] && head -n 1 "$T/out" | grep -q '^192.168.3.30 → 8.8.8.8/icmp '
tap $? "-n: addresses"
LC_ALL=C run explain echo-b 8.8.8.8 --state pcaps/$on
LC_ALL=C.UTF-8
[ "$code" -eq 0 ] && ! LC_ALL=C grep -q '[^ -~]' "$T/out"
tap $? "ASCII where the locale is not UTF-8"
run explain --color always echo-b 8.8.8.8 --state pcaps/$on
grep -q "$(printf '\033')\[32mok" "$T/out"
tap $? "--color always"

if command -v jq >/dev/null 2>&1; then
	run explain service-shares/none 8.8.8.8 -o json --state pcaps/service-shares
	[ "$code" -eq 2 ] && [ ! -s "$T/out" ]
	tap $? "JSON: nothing on stdout for an error"
	run explain netshoot svc-clusterip -o json --state pcaps/service-shares
	[ "$code" -eq 0 ] && [ "$(jq -c '[.schema, .source.name, .service.name,
	    .verdict, (.ways | length), (.ways | map(.probability) | add | round),
	    (.ways | all(.steps | length > 0)), .ways[0].nat]' "$T/out")" = \
	    '["podpath.explain/1","netshoot","svc-clusterip","ok",3,1,true,["dnat"]]' ]
	tap $? "JSON: a Service"
	run explain echo-b 8.8.8.8:443 -o json --state pcaps/missing-rule-1024
	[ "$code" -eq 1 ] && [ "$(jq -c '[.verdict, .ways[0].out,
	    .ways[0].required.out, .ways[0].required.snat,
	    (.ways[0].findings | map(.code))]' "$T/out")" = \
	    '["wrong","eth1","eth0","must",["wrong-eni","source-not-on-eni"]]' ]
	tap $? "JSON: a broken path"
else
	skip "JSON of explain" "no program jq"
fi

# Words that are wrong: one line, exit code 2.
state="--state pcaps/$on"
# shellcheck disable=SC2086
{
	fails "no words" "SOURCE and DESTINATION are expected" explain $state
	fails "three words" "SOURCE and DESTINATION" explain a b c $state
	fails "unknown pod" "no such pod or Service" explain netshoor 8.8.8.8 $state
	fails "a hint for a pod" "did you mean 'netshoot'?" \
	    explain netshot 8.8.8.8 $state
	fails "a hint with a namespace" "did you mean 'default/echo-b'?" \
	    explain default/echob 8.8.8.8 $state
	fails "another namespace" "did you mean 'default/echo-b'?" \
	    explain prod/echo-b 8.8.8.8 $state
	fails "a Deployment's pod" "did you mean 'kube-system/coredns-" \
	    explain kube-system/coredns 8.8.8.8 $state
	fails "a Service as the source" "is a Service, which sends nothing" \
	    explain svc-clusterip netshoot --state pcaps/service-shares
	fails "a URL" "is a URL; expected HOST:PORT/PROTO" \
	    explain netshoot http://8.8.8.8/ $state
	fails "wrong protocol" "'tpc' is not a protocol" \
	    explain netshoot 8.8.8.8:53/tpc $state
	fails "no prefix" "'24' is not a protocol" \
	    explain netshoot 10.0.0.0/24 $state
	fails "unknown destination" "neither an address nor a pod" \
	    explain netshoot nowhere.example $state
	fails "wrong port" "'70000' is not a port" explain netshoot 8.8.8.8:70000 $state
	fails "empty port" "a port is expected behind the colon" \
	    explain netshoot 8.8.8.8: $state
	fails "tcp without a port" "a port is missing" \
	    explain netshoot 8.8.8.8/tcp $state
	fails "icmp with a port" "icmp has no port" \
	    explain netshoot 8.8.8.8:53/icmp $state
	fails "two families" "no IPv6 address" explain netshoot 2001:db8::5 $state
	fails "bracket" "[ADDRESS]:PORT is expected" \
	    explain netshoot '[2001:db8::5' $state
	fails "not by this node" "does not come by this node" \
	    explain internet 192.168.2.91:80 $state
	fails "port of a Service" "has no port 81; its ports: 80" \
	    explain netshoot svc-clusterip:81 --state pcaps/service-shares
	fails "option of another command" "is an option of podpath read, live, record, verify" \
	    explain a b --where verdict=ok
	fails "no such state" "none" explain a b --state "$T/none"
}
# A bundle without policy rules: nothing is guessed.
mkdir "$T/bare"
cp pcaps/$on/enis.json pcaps/$on/ipam.json pcaps/$on/iptables-save.txt \
    pcaps/$on/ip-addr.json "$T/bare"
run explain echo-b 8.8.8.8 --state "$T/bare"
[ "$code" -eq 3 ] && sound
tap $? "without routes and rules: exit code 3"
# A node that does not forward has a route all the same.
cp -r pcaps/$on "$T/off"
sed -i 's/^\(net.ipv4.ip_forward\) = 1/\1 = 0/' "$T/off/sysctl_all.txt"
run explain echo-b 8.8.8.8 --state "$T/off"
[ "$code" -eq 1 ] && sound &&
    holds out "there is a route, but this node does not forward"
tap $? "forwarding is off"
# A state without pods says so.
mkdir "$T/podless"
cp pcaps/$on/iproute.txt pcaps/$on/iprule.txt "$T/podless"
fails "a state without pods" "the state names no pods" \
    explain echo-b 8.8.8.8 --state "$T/podless"
code=0
timeout 20 "$PODPATH" explain echo-b 8.8.8.8 --state pcaps/$on >/dev/full \
    2>"$T/err" || code=$?
[ "$code" -eq 2 ] && [ "$(wc -l <"$T/err")" -eq 1 ] && holds err "No space left"
tap $? "disk full"
done_testing
