# SPDX-License-Identifier: GPL-2.0-or-later
# kube-proxy's DNAT: ClusterIP, DNS, NodePort.

WEB_ENDPOINTS=192.168.3.105:8080,192.168.3.77:8080,192.168.2.95:8080

web_servers() {
	http_server web-0 8080
	http_server web-1 8080
	http_server web-2 8080
}

a_case service-shares 'S8: 30 requests to a ClusterIP with three endpoints (local on eth0, local on eth1, remote)'
case_service_shares() {
	SNAPLEN=120
	build_node
	web_servers
	start_recording any
	for _ in {1..15}; do
		get netshoot http://10.100.101.7/ >/dev/null
		get echo-b http://10.100.101.7/ >/dev/null
	done
	stop_recording
}

a_case hairpin 'a pod reaches itself through its own ClusterIP: out and in on the same veth, source becomes the node'
case_hairpin() {
	services=("default/svc-clusterip:svc-webport tcp 10.100.101.7 80 - Cluster 192.168.3.105:8080")
	build_node
	http_server web-0 8080
	start_recording any
	get web-0 http://10.100.101.7/ >/dev/null
	stop_recording
}

a_case dns 'S11: pods ask CoreDNS (10.100.0.10; one endpoint here, one on the peer), CoreDNS asks 192.168.0.2; UDP and TCP'
case_dns() {
	build_node
	dns_services
	start_recording any
	for _ in 1 2 3 4; do
		ask netshoot 10.100.0.10 www.google.com >/dev/null
		ask echo-b 10.100.0.10 svc-clusterip.default.svc.cluster.local >/dev/null
	done
	ask netshoot 10.100.0.10 +tcp www.google.com >/dev/null
	stop_recording
}

a_case dns-no-answer 'S11: the resolver behind CoreDNS stays silent for one name: query on every leg, no answer'
case_dns_no_answer() {
	build_node
	dns_services
	start_recording any
	ask netshoot 192.168.3.99 www.google.com >/dev/null
	fails ask netshoot 192.168.3.99 www.silent.example >/dev/null
	stop_recording
}

# dnsmasq stands for CoreDNS.  Nothing lives at 192.168.0.9.
dns_services() {
	vpc_host resolver resolver 192.168.0.2
	dns_server resolver 192.168.0.2 --host-record=www.google.com,172.217.175.36
	coredns coredns-5b9dfbf96-4xk2p 192.168.3.99
	coredns coredns-5b9dfbf96-9wq7d 192.168.2.156
}

coredns() {
	dns_server "$1" "$2" --server=192.168.0.2 --server=/silent.example/192.168.0.9 --cache-size=0 \
		--host-record=svc-clusterip.default.svc.cluster.local,10.100.101.7
}

# Two clients, one in the VPC and one outside, neither node nor pod; a load balancer of
# target type instance forwards to the node's address in the same way.
clients() { vpc_host client client 192.168.1.210 203.0.113.50; }

# from_both URL: twice from each client
from_both() {
	get client "$1" --interface 'host!192.168.1.210' >/dev/null
	get client "$1" --interface 'host!203.0.113.50' >/dev/null
	get client "$1" --interface 'host!192.168.1.210' >/dev/null
	get client "$1" --interface 'host!203.0.113.50' >/dev/null
}

a_case nodeport-cluster-local 'S7: NodePort, policy Cluster, endpoints on this node (one on each ENI): DNAT, and MASQUERADE to the node: client hidden'
case_nodeport_cluster_local() {
	add_nodeport svc-nodeport 30080 Cluster 192.168.3.105:8080,192.168.3.77:8080
	build_node
	web_servers
	clients
	start_recording any
	from_both http://192.168.3.243:30080/
	stop_recording
}

a_case nodeport-cluster-remote 'S7: NodePort, policy Cluster, endpoint on the other node: in and out of eth0 with both addresses changed'
case_nodeport_cluster_remote() {
	add_nodeport svc-nodeport 30080 Cluster 192.168.2.95:8080
	build_node
	web_servers
	clients
	start_recording any
	get client http://192.168.3.243:30080/ >/dev/null
	get client http://192.168.3.243:30080/ >/dev/null
	stop_recording
}

a_case nodeport-local 'S7: NodePort, policy Local, endpoints on both ENIs: DNAT only, client kept; the reply of the eth1 pod leaves by eth0 (mark 0x80)'
case_nodeport_local() {
	WITH_NFT=1
	add_nodeport svc-nodeport 30080 Local $WEB_ENDPOINTS
	build_node
	web_servers
	clients
	start_recording any
	from_both http://192.168.3.243:30080/
	stop_recording
}

a_case nodeport-from-pod 'a pod on eth1 to its own node'\''s NodePort with a remote endpoint: out of eth1 with the address of that ENI (MASQUERADE)'
case_nodeport_from_pod() {
	add_nodeport svc-nodeport 30080 Cluster 192.168.2.95:8080
	build_node
	web_servers
	start_recording any
	get echo-b http://192.168.3.243:30080/ >/dev/null
	stop_recording
}

a_case service-zone 'S8: topology-mode auto: 10 requests, all to the two endpoints of the client'\''s zone'
case_service_zone() {
	local all=("${services[@]}")
	services=("default/svc-clusterip:svc-webport tcp 10.100.101.7 80 - Cluster 192.168.3.105:8080,192.168.3.77:8080")
	build_node
	services=("${all[@]}")
	web_servers
	start_recording any
	for _ in {1..10}; do
		get netshoot http://10.100.101.7/ >/dev/null
	done
	stop_recording
}
