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

a_case nlb-ip-reuse 'D26: client address preserved by two balancers, and the client uses port 50100 for both: the second SYN hits the connection that web-0 has from the first, which answers with a challenge ACK, gets a RST, and so loses the first connection; the SYN after it works'
case_nlb_ip_reuse() {
	nlb_service target-group-attributes=preserve_client_ip.enabled=true
	build_node
	http_server web-0 8080
	build_balancer
	preserve_client 80 192.168.3.105:8080
	second_balancer
	start_recording any
	spawn client first socat -u "TCP4:192.168.1.210:80,bind=203.0.113.50:50100,reuseaddr" OPEN:/dev/null
	until_ok 5 seen_connections 1
	until_ok 5 established client
	# the answers go to the balancer that sent last
	lives_at_second | batch vpc
	printf 'GET / HTTP/1.0\r\n\r\n' |
		on client socat -t 3 - "TCP4:192.168.2.210:80,bind=203.0.113.50:50100,reuseaddr" | grep -q web-0
	stop_recording
}

established() { [ -n "$(on "$1" ss -Hnt state established)" ]; }

# In another zone, with a cable of its own to the client.
second_balancer() {
	vpc_host balancer-2 balancer-2 192.168.2.210
	batch client <<-BATCH
		link add eth1 type veth peer name client netns $(ns balancer-2)
		link set eth1 up
		route add 192.168.2.210 dev eth1
	BATCH
	on client sysctl -qw net.ipv4.conf.all.rp_filter=0
	on balancer-2 sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.client.proxy_arp=1 \
		net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.all.send_redirects=0
	batch balancer-2 <<-BATCH
		link set client up
		route add 203.0.113.50 dev client
	BATCH
	echo 'table ip nlb { chain targets { type nat hook prerouting priority dstnat;
		ip daddr 192.168.2.210 tcp dport 80 dnat to 192.168.3.105:8080
		}
	}' | on balancer-2 nft -f -
}

lives_at_second() {
	echo "route replace 203.0.113.50 dev balancer-2"
	echo "neighbour replace 203.0.113.50 lladdr $(mac_of balancer-2.eth0) dev balancer-2 nud permanent"
}
