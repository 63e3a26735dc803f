# SPDX-License-Identifier: GPL-2.0-or-later
# Target type ip, with something put wrong on the way.

nlb_service() {
	add_load_balancer svc-nlb 30088 Cluster 192.168.3.105:8080,192.168.3.77:8080 nlb-target-type=ip "$@"
}

a_case nlb-ip-dnat 'one target is the node'\''s 192.168.3.243:8081, from where a DNAT rule leads to web-0; web-2 is reached directly'
case_nlb_ip_dnat() {
	TARGETS="192.168.3.243:8081 192.168.3.77:8080"
	nlb_service
	build_node
	http_server web-0 8080
	http_server web-2 8080
	build_balancer
	on node iptables -t nat -A PREROUTING -d 192.168.3.243/32 -p tcp -m tcp --dport 8081 \
		-j DNAT --to-destination 192.168.3.105:8080
	start_recording any
	haproxy_balancer
	balanced_requests
	stop_recording
}

a_case nlb-ip-wrong-eni 'the VPC delivers 192.168.3.77, an address of eth1, to eth0: in on eth0, the answer leaves by eth1; web-0 is right'
case_nlb_ip_wrong_eni() {
	nlb_service
	build_node
	http_server web-0 8080
	http_server web-2 8080
	build_balancer
	batch vpc <<-BATCH
		route replace 192.168.3.77 dev node-eth0
		neighbour del 192.168.3.77 dev node-eth1
		neighbour replace 192.168.3.77 lladdr $(mac_of node.eth0) dev node-eth0 nud permanent
	BATCH
	start_recording any
	haproxy_balancer
	balanced_requests
	stop_recording
}

a_case nlb-ip-asymmetric 'D10: client address preserved, rule 1536 of web-2 is gone: in on eth1, the answer leaves by eth0 and is dropped by the source check; web-0 is right'
case_nlb_ip_asymmetric() {
	nlb_service target-group-attributes=preserve_client_ip.enabled=true
	build_node
	http_server web-0 8080
	http_server web-2 8080
	build_balancer
	preserve_client 80 192.168.3.105:8080 81 192.168.3.77:8080
	on node ip rule del from 192.168.3.77 priority 1536
	start_recording any
	get client http://192.168.1.210/ >/dev/null
	hangs client http://192.168.1.210:81/
	stop_recording
}
