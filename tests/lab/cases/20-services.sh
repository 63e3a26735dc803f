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
	# how long it stayed silent is in the capture
	ask netshoot 192.168.3.99 www.google.com >/dev/null
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

a_case service-zone-broken 'S8: topology-mode auto and zone hints, but the rules send to all three endpoints: 20 requests, not all in the client'\''s zone'
case_service_zone_broken() {
	annotations[default/svc-clusterip]=service.kubernetes.io/topology-mode=auto
	ZONE_HINTS=1
	SNAPLEN=120
	build_node
	web_servers
	start_recording any
	for _ in {1..20}; do
		get netshoot http://10.100.101.7/ >>"$WORK/answers"
	done
	grep -q web-1 "$WORK/answers" && grep -q web-0 "$WORK/answers"
	stop_recording
}

a_case service-shares-300 'S8: 300 short connections of two pods to a ClusterIP with three endpoints; served.txt is what each endpoint counted. Snap length 80, no TCP timestamps'
case_service_shares_300() {
	local pod
	SNAPLEN=80
	EVENTS=NEW,DESTROY
	build_node
	for pod in netshoot echo-b web-0 web-1 web-2; do
		on "$pod" sysctl -qw net.ipv4.tcp_timestamps=0
	done
	for pod in web-0 web-1 web-2; do
		name_server "$pod" 8080
	done
	start_recording any
	ask_names netshoot 10.100.101.7 80 150 >"$WORK/answers"
	ask_names echo-b 10.100.101.7 80 150 >>"$WORK/answers"
	stop_recording
	for pod in web-0 web-1 web-2; do
		echo "$pod $(grep -c 'accepting connection from' "$WORK/names-$pod.log")"
	done >"$OUT/served.txt"
	diff <(sort "$WORK/answers" | uniq -c | awk '{ print $2, $1 }') "$OUT/served.txt"
}

a_case service-endpoint-gone 'D23: web-0, the one endpoint, is deleted while UDP and TCP of netshoot are translated to it, and the rules now lead elsewhere: these two still go to the dead pod, and get no answer; new connections work'
case_service_endpoint_gone() {
	services=(
		"default/svc-clusterip:svc-webport tcp 10.100.101.7 80 - Cluster 192.168.3.105:8080"
		"default/svc-udp:probe udp 10.100.50.9 7 - Cluster 192.168.3.105:7"
	)
	build_node
	web_servers
	udp_echo web-0 192.168.3.105 7
	udp_echo web-2 192.168.3.77 7
	start_recording any
	echo hello | on netshoot socat -t 0.2 - UDP4:10.100.50.9:7,sourceport=41007 | grep -q hello
	hold netshoot 10.100.101.7 80
	remove_pod web-0
	services=(
		"default/svc-clusterip:svc-webport tcp 10.100.101.7 80 - Cluster 192.168.3.77:8080,192.168.2.95:8080"
		"default/svc-udp:probe udp 10.100.50.9 7 - Cluster 192.168.3.77:7"
	)
	eks_rules | on node iptables-restore
	[ -z "$(echo again | on netshoot socat -t 0.5 - UDP4:10.100.50.9:7,sourceport=41007 2>/dev/null)" ]
	touch "$WORK/netshoot-10.100.101.7-go"
	for _ in 1 2 3 4; do
		get netshoot http://10.100.101.7/ >/dev/null
	done
	udp_ask netshoot 10.100.50.9 7 "hello once more"
	sleep 1
	stop_recording
}
