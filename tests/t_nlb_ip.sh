#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# podpath verify nlb-ip over the lab's load balancers: straight to the pod, with
# the client's address kept, hidden or in a PROXY header; and what is wrong on
# purpose.
. "$(dirname "$0")/tap.sh"

# nlb CODE CASE [TEXT...]: the capture with its state
nlb() {
	want=$1 case=$2
	shift 2
	if [ ! -d "pcaps/$case" ]; then
		skip "$case: $want" "no capture pcaps/$case"
		return
	fi
	run verify nlb-ip -v --state "pcaps/$case" pcaps/"$case"/*.pcap
	ok=0
	[ "$code" -eq "$want" ] && sound || ok=1
	for text; do
		holds out "$text" || { ok=1; echo "# not there: $text"; }
	done
	tap $ok "$case: $want"
}

# ask CASE FILTER ANSWER: of the JSON of the case
ask() {
	if [ ! -d "pcaps/$1" ]; then
		skip "$1: JSON" "no capture pcaps/$1"
		return
	elif ! command -v jq >/dev/null 2>&1; then
		skip "$1: JSON" "no program jq"
		return
	fi
	run verify nlb-ip -o json --state "pcaps/$1" pcaps/"$1"/*.pcap
	answer=$(jq -c ".checks[0] | $2" "$T/out")
	[ "$answer" = "$3" ] || echo "# $answer"
	[ "$answer" = "$3" ]
	tap $? "$1: JSON: $2"
}

# Straight to the pod.
nlb 0 nlb-ip-plain 'nlb-ip: ok: 9 connections judged, 5 of them health checks: 9 ok' \
    'ok: direct-delivery: 192.168.1.210:' 'straight to the pod: a health check' \
    'target 192.168.3.105:8080 tcp, default/web-0' \
    'client: 2 hidden behind the load balancer'"'"'s address: 192.168.1.210'
nlb 0 nlb-ip-preserved 'client: 1 preserved (the client'"'"'s own address came): 203.0.113.50' \
    "the client's address is kept"
nlb 0 nlb-ip-proxy-v1 'client: 2 named by PROXY protocol: 203.0.113.50' \
    'PROXY protocol: 2 v1, 0 v2, 0 malformed, 0 without; 1 client' \
    'the client is 203.0.113.50:' '(PROXY protocol v1)'
nlb 0 nlb-ip-proxy-v2 'PROXY protocol: 0 v1, 2 v2, 0 malformed, 0 without; 1 client' \
    '8 connections judged, 4 of them health checks'
nlb 0 nlb-ip-proxy-v2-tls 'named by PROXY protocol: 203.0.113.50'
nlb 0 nlb-ip-proxy-split 'PROXY protocol: 2 v1, 3 v2, 0 malformed, 0 without; 1 client'
nlb 0 nlb-ip-tcp-checks '60 connections judged, 48 of them health checks: 60 ok' \
    '6 connections, 24 health checks every 1s from 192.168.1.210, 192.168.2.210' \
    'client: 6 hidden behind the load balancer'"'"'s address: 192.168.1.210, 192.168.2.210'
ask nlb-ip-tcp-checks '[.targets[] | [.connections, .health_checks.count, .client.hidden]]' \
    '[[6,24,6],[6,24,6]]'

# Targets that go and come, as targets.txt has it.
nlb 0 nlb-ip-targets 'received from ' ', and from '
ask nlb-ip-targets '[.targets[] | (.received.spans | length), (.health_checks.seen.spans | length)]' \
    '[2,2,2,2,1,1]'

# While two of three were away, they are told as targets that received nothing.
if command -v editcap >/dev/null 2>&1; then
	TZ=UTC editcap -F pcap -A '2026-11-21 04:14:21' -B '2026-11-21 04:14:26' \
	    pcaps/nlb-ip-targets/any.pcap "$T/away.pcap" 2>"$T/err"
	run verify nlb-ip --state pcaps/nlb-ip-targets "$T/away.pcap"
	none='no connection from outside among the flows read'
	[ "$code" -eq 0 ] && sound && [ "$(grep -c "$none" "$T/out")" -eq 2 ] &&
	    holds out "target 192.168.3.77:8080 tcp, default/web-2, of Service default/svc-nlb: $none" &&
	    holds out "target 192.168.3.61:8080 tcp, default/web-3, of Service default/svc-nlb: $none"
	tap $? "targets that received nothing"
	run verify nlb-ip --state pcaps/nlb-ip-targets --target 192.168.3.105:8080 "$T/away.pcap"
	[ "$code" -eq 0 ] && ! holds out "$none"
	tap $? "not with --target"
else
	skip "targets that received nothing" "no program editcap"
fi
ask nlb-ip-targets .silent_targets '[]'

# The lab's own record against the spans of each target: the last connection and
# check before it was taken away, the first ones after it came again.
on_time() {
	jq -r '.checks[0].targets[] | .address as $a | (.received, .health_checks.seen) |
	    .spans | select(length == 2) | [$a, .[0].to, .[1].from] | @tsv' "$T/out" |
	    while read -r address to from; do
		went=$(awk -v a="$address" '$2 == "disable" && $3 == a { print $1 }' "$1")
		came=$(awk -v a="$address" '$2 == "enable" && $3 == a { print $1 }' "$1")
		awk -v to="$(date -d "$to" +%s.%N)" -v from="$(date -d "$from" +%s.%N)" \
		    -v went="$went" -v came="$came" 'BEGIN { exit !(to <= went + 0.05 &&
		    went - to < 3 && from >= came - 0.05 && from - came < 3) }' &&
		    echo "$address"
	done
}
if [ -f pcaps/nlb-ip-targets/targets.txt ] && command -v jq >/dev/null 2>&1; then
	run verify nlb-ip -o json --state pcaps/nlb-ip-targets pcaps/nlb-ip-targets/*.pcap
	[ "$(on_time pcaps/nlb-ip-targets/targets.txt | sort | uniq -c | tr -s ' \n' ' ')" = \
	    ' 2 192.168.3.61 2 192.168.3.77 ' ]
	tap $? "nlb-ip-targets: when they went and came, as the lab noted"
else
	skip "nlb-ip-targets: when they went and came" "no targets.txt or no program jq"
fi

# Wrong on purpose.
nlb 1 nlb-ip-dnat '4 ok, 4 failed' 'failed: unexpected-dnat: 192.168.1.210:' \
    'it came for 192.168.3.243:8081, and this node translated it to 192.168.3.105:8080 by -A'
nlb 1 nlb-ip-wrong-eni '4 ok, 4 failed' 'failed: wrong-eni: ' 'came in by eth0 (eni-' \
    'instead of eth1 (eni-'
nlb 1 nlb-ip-asymmetric '1 ok, 1 failed' 'failed: asymmetric-path: 203.0.113.50:' \
    'policy rule 1536 of 192.168.3.77 is missing'
nlb 1 nlb-hairpin '1 ok, 1 failed' 'failed: hairpin: ' '1 came back to its own sender' \
    "client: 2 preserved (the client's own address came): 192.168.3.105, 203.0.113.50"
nlb 3 nlb-ip-reuse 'inconclusive: socket-reuse: 203.0.113.50:50100' '(socket reuse)'

# Target type instance.
nlb 1 nodeport-local '0 ok, 4 failed' 'failed: nodeport: ' \
    'target type is instance, not ip: it came for 192.168.3.243:30080, node port of default/svc-nodeport' \
    "externalTrafficPolicy Local: the client's address is kept"
nlb 1 nodeport-cluster-local '0 ok, 4 failed' \
    "externalTrafficPolicy Cluster: the client's address is hidden by SNAT to the node (192.168.3.243)" \
    'client: 3 hidden by this node (SNAT)'
nlb 1 nodeport-cluster-remote '0 ok, 2 failed' 'target type is instance, not ip'
nlb 1 nodeport-no-connmark 'failed: asymmetric-path: ' 'target type instance, not ip'
nlb 1 rp-filter 'failed: not-forwarded: ' '(rp-filter)' 'target type instance, not ip'
nlb 1 nlb-instance-local 'failed: nodeport: ' 'to healthCheckNodePort 32000' \
    'the source is kept, which is the load balancer'"'"'s own address' \
    'inconclusive: client-not-preserved: Service default/svc-nlb' '1 difference from'
nlb 1 nlb-instance-cluster 'externalTrafficPolicy Cluster'

# The options.
C=pcaps/nlb-ip-plain
run verify nlb-ip --state $C --target 192.168.3.77:8080 $C/any.pcap
[ "$code" -eq 0 ] && holds out '4 connections judged' && ! holds out 192.168.3.105
tap $? "--target"
run verify nlb-ip --state $C --target 192.168.9.9:8080 $C/any.pcap
[ "$code" -eq 3 ] && holds out 'no connection from outside to 192.168.9.9:8080 was seen'
tap $? "--target that nobody has"
run verify nlb-ip --state $C --service default/svc-clusterip $C/any.pcap
[ "$code" -eq 0 ] && holds out '9 connections judged' && holds out 'of Service default/svc-clusterip'
tap $? "--service"
fails "--service that is not there" "--service 'default/none': the state has no such Service" \
    verify nlb-ip --state $C --service default/none $C/any.pcap
fails "--service, nearly" "did you mean 'default/svc-clusterip'?" \
    verify nlb-ip --state $C --service default/svc-clusterp $C/any.pcap
fails "--service, of another namespace" "did you mean 'kube-system/kube-dns'?" \
    verify nlb-ip --state $C --service default/kube-dns $C/any.pcap
fails "--service of no check that takes it" '--where service=default/svc-clusterip' \
    verify snat eni --state $C --service default/svc-clusterip $C/any.pcap
fails "--target of no check that takes it" '--target is of the check nlb-ip' \
    verify shares --state $C --target 192.168.3.77:8080 $C/any.pcap
fails "--zone-local of no check that takes it" '--zone-local is of the check shares' \
    verify nlb-ip --state $C --zone-local $C/any.pcap
run verify nlb-ip --state $C --service kube-system/kube-dns $C/any.pcap
[ "$code" -eq 3 ] && holds out 'no connection from outside to an endpoint of kube-system/kube-dns'
tap $? "--service without connections"
for target in 192.168.3.77 192.168.3.77: 192.168.3.77:0 192.168.3.77:70000 :80 \
    web:80 2001:db8::1:80 '[192.168.3.77]:80' '[2001:db8::1]' '192.168.3.77:8080x'; do
	fails "--target $target" "--target '$target': expected ADDRESS:PORT" \
	    verify nlb-ip --state $C --target "$target" $C/any.pcap
done
for service in web /web default/ a/b/c; do
	fails "--service $service" "--service '$service': expected NAMESPACE/NAME" \
	    verify nlb-ip --state $C --service "$service" $C/any.pcap
done

# Many with the same fault are told once, with their number; -v tells each.
folded() {
	case=$1 want=$2 each=$3
	run verify nlb-ip --state "pcaps/$case" "pcaps/$case/any.pcap"
	cp "$T/out" "$T/folded"
	[ "$code" -eq 1 ] && sound && [ "$(grep -c '^  failed: ' "$T/out")" -eq "$want" ] &&
	    [ "$(sed -n 's/^  failed: [a-z-]*: \([0-9]*\) connections, such as .*/\1/p' \
	    "$T/out" | awk '{ n += $1 } END { print n + 0 }')" -eq "$each" ] || return 1
	run verify nlb-ip -v --state "pcaps/$case" "pcaps/$case/any.pcap"
	! holds out 'connections, such as' &&
	    [ "$(grep -c '^  failed: ' "$T/out")" -eq "$each" ] || return 1
	# nothing but these lines and what passed is told otherwise
	grep -v '^  failed: \|^  ok: ' "$T/out" >"$T/each"
	grep -v '^  failed: ' "$T/folded" | cmp -s - "$T/each"
}
folded nlb-instance-cluster 2 12
tap $? "instance, Cluster: once for each client, not for each connection"
folded nlb-instance-local 2 8
tap $? "instance, Local: once for each client"
folded nlb-ip-wrong-eni 1 4
tap $? "wrong ENI: once for the target"
folded nlb-ip-dnat 1 4
tap $? "DNAT: once"
run verify nlb-ip -o json --state pcaps/nlb-instance-cluster pcaps/nlb-instance-cluster/any.pcap
if command -v jq >/dev/null 2>&1; then
	[ "$(jq '.checks[0].items | length' "$T/out")" -eq 12 ]
	tap $? "JSON has each of them"
else
	skip "JSON has each of them" "no program jq"
fi

# What is not known is not said.
for where in 'port 1' 'icmp'; do
	run verify nlb-ip --state $C $C/any.pcap $where
	[ "$code" -eq 3 ] && holds out 'the filter leaves none' && holds out '; 0 flows read'
	tap $? "a filter that leaves nothing: $where"
done
run verify nlb-ip $C/any.pcap
[ "$code" -eq 3 ] && holds out "which addresses are pods' is not known without --state"
tap $? "packets alone"
run verify nlb-ip --state $C
[ "$code" -eq 3 ] && holds out 'no capture is given'
tap $? "state alone"
run verify nlb-ip --state pcaps/pod-to-pod-same-node pcaps/pod-to-pod-same-node/any.pcap
[ "$code" -eq 3 ] && holds out 'no connection from outside to a pod of this node was seen' &&
    holds out 'they came from the cluster'"'"'s own pods and nodes'
tap $? "pods among themselves are no load balancer"
run verify nlb-ip --state pcaps/overlay-vxlan pcaps/overlay-vxlan/any.pcap
[ "$code" -eq 3 ]
tap $? "another CNI"
run verify nlb-ip snat path --state $C -o tap $C/any.pcap
[ "$code" -eq 3 ] && grep -q '^ok 3 - nlb-ip$' "$T/out" &&
    grep -q '^not ok 1 - snat (inconclusive)$' "$T/out"
tap $? "with other checks"

# Names of interfaces that only the traffic tells: what ended before is looked at again.
rm -rf "$T/nameless"
cp -r pcaps/nlb-ip-tcp-checks "$T/nameless"
rm "$T/nameless/ip-addr.json" "$T/nameless/ip-link.json" "$T/nameless/ifconfig.txt"
run verify nlb-ip --state "$T/nameless" pcaps/nlb-ip-tcp-checks/any.pcap
[ "$code" -eq 0 ] && holds out "60 connections judged, 48 of them health checks"
tap $? "health checks without a list of interfaces"
done_testing
