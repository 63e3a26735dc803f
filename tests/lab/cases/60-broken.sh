# SPDX-License-Identifier: GPL-2.0-or-later
# Nodes that are set up wrong, and paths that end.  D numbers name known faults of such nodes.

a_case missing-snat 'the SNAT rule is gone: pods leave with their own address; no public address, no answer'
case_missing_snat() {
	build_node
	internet_services
	on node iptables -t nat -D AWS-SNAT-CHAIN-0 2
	start_recording any
	fails pings netshoot 172.217.175.36
	hangs echo-b http://172.217.175.36/
	stop_recording
}

a_case wrong-snat 'SNAT to 192.168.3.52, the address of eth1, on what leaves by eth0: dropped by the source check'
case_wrong_snat() {
	build_node
	internet_services
	on node iptables -t nat -R AWS-SNAT-CHAIN-0 2 ! -o vlan+ -m comment --comment "AWS, SNAT" \
		-m addrtype ! --dst-type LOCAL -j SNAT --to-source "$ENI1_IP" --random-fully
	start_recording any
	fails pings netshoot 172.217.175.36
	hangs echo-b http://172.217.175.36/
	stop_recording
}

a_case missing-rule-1536 'D3: rule 1536 of echo-b is gone: its traffic inside the VPC leaves by eth0 and is dropped by the source check; web-2 (same ENI) works'
case_missing_rule_1536() {
	build_node
	web_servers
	on node ip rule del from 192.168.3.30 priority 1536
	start_recording any
	hangs echo-b http://192.168.2.95:8080/
	get web-2 http://192.168.2.95:8080/ >/dev/null
	stop_recording
}

a_case missing-rule-512 'D8: rule 512 of web-2 is gone: another pod of eth1 sends to it by eth1 although it is on this node'
case_missing_rule_512() {
	build_node
	web_servers
	on node ip rule del to 192.168.3.77 priority 512
	start_recording any
	hangs echo-b http://192.168.3.77:8080/
	get netshoot http://192.168.3.105:8080/ >/dev/null
	stop_recording
}

a_case missing-rule-1024 'D11: rule 1024 is gone: what echo-b sends to the internet leaves by eth1 with the address of eth0; netshoot works'
case_missing_rule_1024() {
	build_node
	internet_services
	on node ip rule del priority 1024
	start_recording any
	hangs echo-b http://172.217.175.36/
	get netshoot http://172.217.175.36/ >/dev/null
	stop_recording
}

a_case rp-filter 'D9: rp_filter=1 on eth0: NodePort to the pod on eth1 is dropped after eth0 without a conntrack entry; to the pod on eth0 it works'
case_rp_filter() {
	add_nodeport svc-nodeport 30080 Local 192.168.3.77:8080
	add_nodeport svc-other 30081 Local 192.168.3.105:8080
	build_node
	web_servers
	clients
	on node sysctl -qw net.ipv4.conf.eth0.rp_filter=1
	start_recording any
	hangs client http://192.168.3.243:30080/
	get client http://192.168.3.243:30081/ >/dev/null
	stop_recording
}

a_case nodeport-no-connmark 'D9: the eth0 CONNMARK rule is gone: the reply of the pod on eth1 leaves by eth1 with the address of eth0'
case_nodeport_no_connmark() {
	add_nodeport svc-nodeport 30080 Local 192.168.3.77:8080
	build_node
	web_servers
	clients
	on node iptables -t mangle -D PREROUTING 1
	start_recording any
	hangs client http://192.168.3.243:30080/
	stop_recording
}

a_case connmark-first 'D1: the CNI'\''s mark is set before kube-proxy'\''s DNAT: ClusterIP traffic of echo-b leaves by eth0 with a pod address of eth1; netshoot works'
case_connmark_first() {
	services=("default/svc-clusterip:svc-webport tcp 10.100.101.7 80 - Cluster 192.168.2.95:8080")
	build_node connmark_first_rules
	web_servers
	start_recording any
	hangs echo-b http://10.100.101.7/
	get netshoot http://10.100.101.7/ >/dev/null
	stop_recording
}

a_case service-outside-vpc 'D2: ClusterIP with an endpoint outside the VPC: from echo-b it leaves by eth1 with the address of eth0; netshoot works'
case_service_outside_vpc() {
	services=("default/external:https tcp 10.100.9.9 443 - Cluster 15.165.80.13:443")
	build_node
	internet_services
	start_recording any
	hangs echo-b http://10.100.9.9:443/
	get netshoot http://10.100.9.9:443/ >/dev/null
	stop_recording
}

a_case host-other-eni 'D14: a process of the node bound to 192.168.3.52 (eth1): leaves by eth1 with the address of eth0'
case_host_other_eni() {
	build_node
	internet_services
	start_recording any
	fails on node curl -s -m 1.5 --interface host!192.168.3.52 -o /dev/null http://172.217.175.36/
	stop_recording
}

a_case forward-drop 'policy of FORWARD is DROP: SYN in on the veth, never out; the node itself gets through'
case_forward_drop() {
	build_node
	internet_services
	on node iptables -P FORWARD DROP
	start_recording any
	hangs netshoot http://172.217.175.36/
	get node http://172.217.175.36/ >/dev/null
	stop_recording
}

a_case blackhole 'a blackhole route for 172.217.175.36: in on the veth, never out; 8.8.8.8 answers'
case_blackhole() {
	build_node
	internet_services
	on node ip route add blackhole 172.217.175.36
	start_recording any
	fails pings netshoot 172.217.175.36
	pings netshoot 8.8.8.8
	stop_recording
}

a_case no-route 'an unreachable route for 172.217.175.36: the node answers with ICMP host unreachable'
case_no_route() {
	build_node
	internet_services
	on node ip route add unreachable 172.217.175.36
	start_recording any
	fails pings netshoot 172.217.175.36
	fails get echo-b http://172.217.175.36/ 2>/dev/null
	pings netshoot 8.8.8.8
	stop_recording
}

a_case no-answer 'a destination that stays silent: translated and sent, never answered; retransmissions'
case_no_answer() {
	build_node
	start_recording any
	hangs netshoot http://198.51.100.9/ 3.5
	fails pings echo-b 198.51.100.9
	stop_recording
}

a_case refused 'nobody listens: RST from a pod on this node, from the internet, and ICMP port unreachable for UDP'
case_refused() {
	build_node
	start_recording any
	fails get netshoot http://172.217.175.36:81/ 2>/dev/null
	fails get netshoot http://192.168.3.77:81/ 2>/dev/null
	fails udp_ask echo-b 172.217.175.36 9 hello 2>/dev/null
	stop_recording
}

a_case imds-hop-limit 'D18: the answer of 169.254.169.254 comes with TTL 1: in on eth0, never out on the veth; the node itself gets it'
case_imds_hop_limit() {
	build_node
	vpc_host imds imds 169.254.169.254
	on imds sysctl -qw net.ipv4.ip_default_ttl=1
	http_server imds 80
	start_recording any
	get node http://169.254.169.254/ >/dev/null
	hangs netshoot http://169.254.169.254/
	stop_recording
}
