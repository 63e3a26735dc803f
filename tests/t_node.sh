#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# podpath node: ENIs, pods, limits, settings and drift, as text and JSON.
. "$(dirname "$0")/tap.sh"

fails "a word too many" "'x' is not expected here" node --state pcaps/pod-to-vpc x
fails "no such state" "none" node --state "$T/none"

run node --state pcaps/pod-internet-secondary
[ "$code" -eq 0 ] && holds out "eni-097a735d56c88819f" && holds out "eth1" &&
    holds out "192.168.3.52" && holds out "default/echo-b" &&
    holds out "eni1e659a482e6" && holds out "limit 17" &&
    holds out "192.168.0.0/16" && holds out "Nothing deviates"
tap $? "a healthy node"
holds out "limit 17 (kubelet): room for 10 more" &&
    holds out "5 used, 4 free; 1 more ENI can be attached"
tap $? "how far away the limit is"
cp -r pcaps/pod-internet-secondary "$T/full"
sed -i 's/"pods":"17"/"pods":"7"/g' "$T/full/nodes.json"
run node --state "$T/full"
[ "$code" -eq 0 ] && holds out "limit 7 (kubelet): full"
tap $? "no room is said to be none"
run node --state pcaps/pod-internet-secondary
! grep -q '.\{81\}' "$T/out"
tap $? "fits 80 columns"

# Cases with something put wrong, and what it is called.
while read -r case want; do
	run node --state "pcaps/$case"
	[ "$code" -eq 0 ] && holds out " $want" && ! holds out "Nothing deviates" &&
	    holds out "fix:" && ! grep -q '.\{81\}' "$T/out"
	tap $? "$case: $want"
	run node -o json --state "pcaps/$case"
	[ "$code" -eq 0 ] && [ "$(jq -r '[.drift[].code] | join(" ")' "$T/out")" = "$want" ] &&
	    [ "$(jq -r '.drift[0].level' "$T/out")" = wrong ]
	tap $? "$case: $want, JSON"
done <<-END
	missing-rule-1536 rule-1536-missing
	missing-rule-512 rule-512-missing
	missing-rule-1024 rule-1024-missing
	missing-snat snat-rule-missing
	wrong-snat snat-to-other
	connmark-first connmark-before-dnat
	nodeport-no-connmark eth-mark-missing
	rp-filter rp-filter
	forward-drop forward-policy
END
run node -o json --state pcaps/missing-rule-1536
[ "$(jq -r '.drift[0].pods[0].name' "$T/out")" = echo-b ] &&
    [ "$(jq -r '.drift[0].n_pods' "$T/out")" = 1 ]
tap $? "drift names the pod"

# All others have none, also in what little a bundle may hold.
broken=" nlb-ip-asymmetric snat-ports-full missing-rule-1536 missing-rule-512 missing-rule-1024 missing-snat wrong-snat \
connmark-first nodeport-no-connmark rp-filter forward-drop "
bad=
for dir in pcaps/*/; do
	case=$(basename "$dir")
	case $broken in *" $case "*) continue ;; esac
	run node -o json --state "$dir"
	[ "$code" -eq 0 ] && [ "$(jq '.drift // [] | length' "$T/out")" = 0 ] ||
	    bad="$bad $case"
	rm -rf "$T/bundle"
	mkdir "$T/bundle"
	cp "$dir"*.txt "$T/bundle"
	for f in ipam.json networkutils-env-settings.json; do
		[ ! -e "$dir/$f" ] || cp "$dir/$f" "$T/bundle"
	done
	run node -o json --state "$T/bundle"
	[ "$code" -eq 0 ] && [ "$(jq '.drift // [] | length' "$T/out")" = 0 ] ||
	    bad="$bad $case(bundle)"
done
echo "$bad" >"$T/out"
[ -z "$bad" ]
tap $? "no drift in healthy cases"

run node -o json --state pcaps/pod-internet-secondary
jq -e '.schema == "podpath.node/1" and .cni == "Amazon VPC CNI" and
    (.enis | length) == 2 and
    .enis[0].primary and .enis[0].ifname == "eth0" and .enis[0].table == 254 and
    .enis[1].id == "eni-097a735d56c88819f" and .enis[1].primary_ip == "192.168.3.52" and
    .enis[1].table == 2 and .enis[1].addresses == {used: 2, total: 4, free: 2} and
    ([.enis[].pods[].name] | length) == 5 and
    .enis[1].pods[0].veth == "eni1e659a482e6" and .pods_without_eni == [] and
    .settings.external_snat == false and .settings.vpc == ["192.168.0.0/16"] and
    .settings.snat_to == "192.168.3.243" and .capacity.max_pods_addresses == 17 and
    .capacity.pods == 5 and .drift == []' "$T/out" >/dev/null
tap $? "JSON"
[ "$(wc -l <"$T/out")" -eq 1 ]
tap $? "JSON is one line"

run node --state pcaps/overlay-calico
[ "$code" -eq 0 ] && holds out "Amazon VPC CNI" && ! holds out eni-
tap $? "another CNI's node has no contract"
run node -o json --state pcaps/overlay-vxlan
[ "$code" -eq 0 ] && jq -e '.cni == null and .enis == null' "$T/out" >/dev/null
tap $? "and says so in JSON"

run node --state pcaps/ipv6-cluster-ipv4-egress
[ "$code" -eq 0 ] && holds out "IPv6 cluster" && holds out "169.254.172.2" &&
    holds out "Nothing deviates"
tap $? "an IPv6 cluster with IPv4 egress"
run node --color always --state pcaps/missing-snat
[ "$code" -eq 0 ] && grep -q "$(printf '\033')" "$T/out"
tap $? "colours"
done_testing
