# SPDX-License-Identifier: GPL-2.0-or-later
# The whole table of which ENI and which source: a pod of each ENI sends one UDP
# datagram to every kind of destination, with SNAT and without.  route-get.txt
# holds what the kernel's own lookup says of each, with the mark and the
# destination that conntrack has.

a_case decision-table-snat 'every kind of destination from a pod of each ENI, SNAT on (10.20.0.0/16 excluded): VPC, excluded, peered, internet, same node, the node, ClusterIP with an endpoint elsewhere, here, itself and outside the VPC, NodePort, IMDS'
case_decision_table_snat() {
	EXCLUDED='["10.20.0.0/16"]'
	table_services
	build_node
	on node iptables -t nat -I AWS-SNAT-CHAIN-0 -d 10.20.0.0/16 -m comment --comment "AWS SNAT CHAIN EXCLUSION" -j RETURN
	on node iptables -t nat -I AWS-CONNMARK-CHAIN-0 -d 10.20.0.0/16 -m comment --comment "AWS CONNMARK CHAIN, EXCLUDED CIDR" -j RETURN
	table_traffic
}

a_case decision-table-external 'the same with AWS_VPC_K8S_CNI_EXTERNALSNAT=true: no SNAT, each pod out of its own ENI'
case_decision_table_external() {
	EXTERNAL_SNAT=true
	table_services
	build_node external_snat_rules
	table_traffic
}

table_services() {
	services=(
		"default/remote:probe udp 10.100.50.1 7 30071 Cluster 192.168.2.95:7"
		"default/near:probe udp 10.100.50.2 7 30072 Cluster 192.168.3.99:7"
		"default/self-a:probe udp 10.100.50.3 7 - Cluster 192.168.3.107:7"
		"default/self-b:probe udp 10.100.50.4 7 - Cluster 192.168.3.30:7"
		"default/outside:probe udp 10.100.50.5 7 - Cluster 172.217.175.36:7"
	)
}

table_traffic() {
	local pod
	vpc_host excluded excluded 10.20.0.5
	vpc_host peered peered 10.30.0.5
	vpc_host imds imds 169.254.169.254
	udp_echo excluded 10.20.0.5 7
	udp_echo peered 10.30.0.5 7
	udp_echo imds 169.254.169.254 7
	udp_echo internet 172.217.175.36 7
	udp_echo web-1 192.168.2.95 7
	udp_echo web-2 192.168.3.77 7
	udp_echo coredns-5b9dfbf96-4xk2p 192.168.3.99 7
	udp_echo netshoot 192.168.3.107 7
	udp_echo echo-b 192.168.3.30 7
	udp_echo node 192.168.3.243 7
	udp_echo node 192.168.3.52 7
	start_recording any
	for pod in netshoot echo-b; do
		table_probes "$pod"
	done
	table_routes >"$OUT/route-get.txt"
	stop_recording
}

# Some of these get no answer, and must not.
table_probes() {
	local self=10.100.50.3 near=192.168.3.77 address
	[ "$1" = netshoot ] || { self=10.100.50.4 near=192.168.3.99; }
	for address in 192.168.2.95 10.20.0.5 10.30.0.5 172.217.175.36 "$near" 192.168.3.243 \
		192.168.3.52 10.100.50.1 10.100.50.2 "$self" 10.100.50.5 169.254.169.254; do
		probe "$1" "$address" 7
	done
	probe "$1" 192.168.3.243 30072
	probe "$1" 192.168.3.243 30071
}

probe() {
	# shellcheck disable=SC2016 # the inner shell expands
	on "$1" bash -c 'exec 3<>"/dev/udp/$0/$1"; echo probe >&3; timeout 0.2 head -n 1 <&3' \
		"$2" "$3" >/dev/null 2>&1 || true
}

# POD DESTINATION PORT AFTER MARK: what `ip route get` says, for every entry of the pods.
table_routes() {
	local pod
	for pod in netshoot echo-b; do
		on node conntrack -L -p udp --orig-src "$(address_of "$pod")" 2>/dev/null |
			table_entries "$pod"
	done
}

table_entries() {
	local line source destination port after mark
	while read -r line; do
		read -r source destination port after mark < <(table_fields "$line")
		printf '%s %s %s %s %s: ' "$1" "$destination" "$port" "$after" "$mark"
		on node ip -o route get "$after" from "$source" iif "$(veth_of "$1")" \
			mark "$((mark & 0x80))" ipproto udp dport 7 2>&1 | tr -d '\\' | tr -s ' '
	done
}

# The first src, dst and dport are the original's, the second src is where it went.
table_fields() {
	awk '{
		for (i = 1; i <= NF; i++) {
			split($i, f, "=")
			if (f[1] == "mark") mark = f[2]
			if (f[1] in seen) { if (f[1] == "src") after = f[2] }
			else { seen[f[1]] = 1; v[f[1]] = f[2] }
		}
		print v["src"], v["dst"], v["dport"], after, mark + 0
	}' <<<"$1"
}
