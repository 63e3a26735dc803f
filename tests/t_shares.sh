#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# podpath verify shares: against what the endpoints and the kernel counted
# themselves, with and without kubectl's documents; zones; what is gone.
. "$(dirname "$0")/tap.sh"

# shares CODE CASE ARGS...: its exit code, and sound.
shares() {
	want=$1 case=$2
	shift 2
	run verify shares --state "pcaps/$case" "$@" "pcaps/$case/any.pcap"
	[ "$code" -eq "$want" ] && sound
}

# Connections by endpoint as conntrack's events tell of them: the first of each
# entry, and where its answer is awaited from.  ADDRESS COUNT, sorted.
by_events() {
	awk '/\[NEW\].* tcp .*dst=10\.100\.101\.7 / {
		n = 0
		for (i = 1; i <= NF; i++)
			if ($i ~ /^src=/ && ++n == 2)
				count[substr($i, 5)]++
	} END { for (a in count) print a, count[a] }' \
	    "pcaps/$1/conntrack-events.txt" | sort
}

# The same by podpath's table.
by_table() {
	awk '$1 ~ /^[0-9.]+:8080$/ { sub(/:8080/, "", $1)
		for (i = 2; i <= NF; i++)
			if ($(i + 1) ~ /^[0-9.]+$/ && $(i + 2) == "%") {
				if ($i > 0)
					print $1, $i
				break
			}
	}' "$T/out" | sort
}

for case in service-shares service-shares-300 service-zone service-zone-broken; do
	if [ ! -d "pcaps/$case" ]; then
		skip "$case: the kernel's own count" "it is not recorded yet"
		continue
	fi
	run verify shares --state "pcaps/$case" "pcaps/$case/any.pcap"
	sound && [ -n "$(by_events $case)" ] &&
	    [ "$(by_events $case)" = "$(by_table)" ]
	tap $? "$case: connections by endpoint are those of conntrack's events"
done

shares 0 service-shares -v && holds out 'ok: default/svc-clusterip:svc-webport: 30 connections over 3 endpoints: 8, 11, 11: even (chi-square 0.60, 2 degrees of freedom)'
tap $? "service-shares: even"
shares 1 service-shares --zone-local && holds out 'failed: not-zone-local: ' &&
    holds out 'to 192.168.2.95 in ap-northeast-2b'
tap $? "service-shares: not local to the zone"

# What each endpoint itself counted: NAME COUNT.
case=service-shares-300
if [ -f pcaps/$case/served.txt ]; then
	shares 0 $case
	ok=$?
	while read -r name served; do
		grep -E "default/$name +$served +" "$T/out" >/dev/null || ok=1
	done <pcaps/$case/served.txt
	[ "$(wc -l <pcaps/$case/served.txt)" -eq 3 ] || ok=1
	tap $ok "$case: the endpoints counted the same"
else
	skip "$case: what the endpoints counted" "pcaps/$case/served.txt is not there"
fi

shares 0 service-zone --zone-local -v &&
    holds out '10 connections: all 10 stayed in the client'"'"'s zone'
tap $? "service-zone: local to the zone"
shares 0 service-zone -v && holds out '10 connections over 2 endpoints: 3, 7: even' &&
    holds out 'leave 1 other out' && holds out 'default/web-1 (not used here)'
tap $? "service-zone: even over the endpoints that the rules lead to"
if [ -d pcaps/service-zone-broken ]; then
	shares 1 service-zone-broken --zone-local &&
	    holds out 'failed: not-zone-local: default/svc-clusterip:svc-webport: '
	tap $? "service-zone-broken: not local to the zone"
else
	skip "service-zone-broken" "it is not recorded yet"
fi

# ---- without kubectl's Services: from kube-proxy's rules

for case in service-shares service-zone nodeport-local nodeport-cluster-remote \
    nodeport-from-pod hairpin dns; do
	cp -r "pcaps/$case" "$T/$case"
	rm "$T/$case/svc-endpointslices.json"
	# the summary's last line has the time that it took
	run read -o json --state "pcaps/$case" "pcaps/$case/any.pcap"
	sed '$d' "$T/out" >"$T/with"
	run read -o json --state "$T/$case" "pcaps/$case/any.pcap"
	sed '$d' "$T/out" >"$T/without"
	sound && grep -q '"service":{' "$T/with" && cmp -s "$T/with" "$T/without"
	tap $? "$case: the same flows and Services without kubectl's documents"
done
run verify shares -v --state "$T/service-shares" pcaps/service-shares/any.pcap
[ "$code" -eq 0 ] && sound && holds out '30 connections over 3 endpoints: 8, 11, 11: even' &&
    holds out 'default/web-1' && holds out 'zone ap-northeast-2b'
tap $? "shares of a Service that only rules tell of"
run read --where 'service=default/svc-clusterip' -o csv --state "$T/service-shares" \
    pcaps/service-shares/any.pcap
sound && [ "$(grep -c ',10.100.101.7,' "$T/out")" -eq 30 ]
tap $? "--where service= knows it"

# ---- endpoints that are gone

cp -r pcaps/service-shares "$T/gone"
rm "$T/gone/svc-endpointslices.json"
sed -i 's/192\.168\.3\.77:8080/192.168.3.78:8080/g' "$T/gone/iptables-save.txt"
run verify shares --state "$T/gone" pcaps/service-shares/any.pcap
[ "$code" -eq 3 ] && sound && holds out 'endpoint-gone: ' &&
    holds out '11 connections were led to 192.168.3.77:8080, which is no endpoint' &&
    holds out 'endpoints came or went meanwhile'
tap $? "answered by what is no endpoint: not passed"
run read -o json --state "$T/gone" pcaps/service-shares/any.pcap
[ "$(grep -c '"code":"endpoint-gone"' "$T/out")" -eq 11 ] &&
    holds out 'translated to 192.168.3.77:8080, which is no endpoint of default/svc-clusterip'
tap $? "endpoint-gone in flows"
entry='tcp      6 110 SYN_SENT src=192.168.3.107 dst=10.100.101.7 sport=59999 dport=80 [UNREPLIED] src=192.168.3.200 dst=192.168.3.107 sport=8080 dport=59999 mark=0 use=1'
cp -r pcaps/service-shares "$T/stale"
sed "\$a$entry" pcaps/service-shares/conntrack.txt >"$T/stale/conntrack.txt"
run verify shares --state "$T/stale" pcaps/service-shares/any.pcap
[ "$code" -eq 0 ] && sound && holds out 'note: stale-conntrack: 1 entry of conntrack'
tap $? "a stale entry of the table: a note"
run verify shares --service default/svc-clusterip --state "$T/stale" \
    pcaps/service-shares/any.pcap
[ "$code" -eq 1 ] && sound && holds out 'failed: stale-conntrack: default/svc-clusterip: ' &&
    holds out '192.168.3.200:8080' && holds out 'fix: conntrack -D -p tcp --reply-src 192.168.3.200'
tap $? "a stale entry of the Service that is asked for: failed"

# ---- one Service, and words

shares 0 service-shares --service default/svc-clusterip
tap $? "--service"
shares 3 service-shares --service kube-system/kube-dns &&
    holds out 'no connection to kube-system/kube-dns was seen'
tap $? "--service without connections: inconclusive"
fails "an unknown Service" "did you mean 'default/svc-clusterip'?" verify shares \
    --service default/svc-clusterp --state pcaps/service-shares pcaps/service-shares/any.pcap
fails "a Service of another namespace" "did you mean 'kube-system/kube-dns'?" verify shares \
    --service default/kube-dns --state pcaps/service-shares pcaps/service-shares/any.pcap
fails "no namespace" "expected NAMESPACE/NAME" verify shares --service svc-clusterip \
    --state pcaps/service-shares pcaps/service-shares/any.pcap
run verify shares pcaps/service-shares/any.pcap
[ "$code" -eq 3 ] && holds out 'without --state'
tap $? "packets alone"
# What leaves by an ENI went to other nodes: of shares that proves nothing.
if command -v tcpdump >/dev/null 2>&1; then
	tcpdump -r pcaps/service-shares-300/any.pcap -w "$T/eni.pcap" \
	    'host 192.168.2.95 and not host 10.100.101.7' 2>/dev/null
	run verify shares --state pcaps/service-shares-300 "$T/eni.pcap"
	[ "$code" -eq 3 ] && sound && holds out ': 111, 0, 0: uneven' &&
	    holds out '111 connections were seen on the way to the endpoint alone'
	tap $? "seen on the way to the endpoint alone: inconclusive"
else
	skip "seen on the way to the endpoint alone" "no program tcpdump"
fi
shares 3 service-shares -f 'port 1' && holds out 'the filter leaves none' &&
    ! holds out 'is not known without'
tap $? "a filter that leaves nothing"
LC_ALL=C
run verify shares --state pcaps/service-shares pcaps/service-shares/any.pcap
LC_ALL=C.UTF-8
[ "$code" -eq 0 ] && holds out ' #########' && ! grep -q "$(printf '[\200-\377]')" "$T/out"
tap $? "bars in ASCII"
if command -v jq >/dev/null 2>&1; then
	run verify shares -o json --state pcaps/service-zone pcaps/service-zone/any.pcap
	[ "$code" -eq 0 ] && [ "$(jq -c '.checks[0].services[0] | [.service, .port_name,
	    .port, .connections, .answered, .stayed_in_zone, .left_zone, .shares, .even,
	    .degrees_of_freedom, (.endpoints | map([.address, .pod, .zone, .eligible,
	    .connections])), (.zones | map([.zone, .connections]))]' "$T/out")" = \
	    '["default/svc-clusterip","svc-webport",80,10,10,10,0,"even",true,1,[["192.168.3.77","web-2","ap-northeast-2c",true,3],["192.168.3.105","web-0","ap-northeast-2c",true,7],["192.168.2.95","web-1","ap-northeast-2b",false,0]],[["ap-northeast-2b",0],["ap-northeast-2c",10]]]' ]
	tap $? "JSON"
else
	skip "JSON of shares" "no program jq"
fi
done_testing
