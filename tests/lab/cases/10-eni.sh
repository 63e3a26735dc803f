# SPDX-License-Identifier: GPL-2.0-or-later
# Which ENI, which translation: pods of the primary and of the secondary ENI, and the node.

a_case pod-internet-primary 'S3: pod on the primary ENI to the internet (ping, HTTP, UDP echo, DNS): SNAT to 192.168.3.243, out of eth0'
case_pod_internet_primary() {
	WITH_NFT=1
	build_node
	internet_services
	start_recording any
	talk_to_internet netshoot
	stop_recording
}

a_case pod-internet-secondary 'S3: pod on the secondary ENI to the internet: mark 0x80, rule 1024, SNAT to 192.168.3.243, out of eth0 although the pod belongs to eth1'
case_pod_internet_secondary() {
	build_node
	internet_services
	start_recording any
	talk_to_internet echo-b
	stop_recording
}

a_case pod-internet-sll 'the same two pods at once, in a LINUX_SLL capture (no interface in it)'
case_pod_internet_sll() {
	build_node
	internet_services
	start_recording any-sll
	talk_to_internet netshoot
	talk_to_internet echo-b
	stop_recording
}

a_case pod-internet-ladder 'S3 with its own addresses (node 192.168.1.29, pod 192.168.1.40) and the chain ladder of VPC CNI 1.16.0 and before; the node itself gets a translation of the port alone'
case_pod_internet_ladder() {
	NODE_IP=192.168.1.29
	ENI1_IP=192.168.1.52
	services=("kube-system/kube-dns:dns udp 10.100.0.10 53 - Cluster 192.168.2.156:53")
	BUILD_PODS=ladder_pods
	build_node ladder_rules
	internet_services
	start_recording any
	on netshoot ping -q -n -c 3 -i 0.2 -W 1 -e 10290 172.217.175.36 >/dev/null
	talk_to_internet netshoot
	get node http://15.165.80.13:443/ >/dev/null
	stop_recording
}

ladder_pods() {
	add_pod node 0 default/netshoot 192.168.1.40
	add_pod node 1 default/echo-b 192.168.1.31
	add_pod peer 0 kube-system/coredns-5b9dfbf96-9wq7d 192.168.2.156
}

a_case pod-internet-nft-connmark 'as pod-internet-secondary, with the connmark rules in the native table of VPC CNI 1.23 (nft list table ip aws-cni)'
case_pod_internet_nft_connmark() {
	WITH_NFT=1
	build_node
	nft_connmark
	internet_services
	start_recording any
	talk_to_internet echo-b
	stop_recording
}

# pkg/networkutils/nftables_connmark.go; the iptables rules of the same purpose are deleted.
nft_connmark() {
	on node iptables-save -t nat | grep -v 'AWS-CONNMARK\|"AWS, CONNMARK"' | on node iptables-restore -T nat
	on node nft -f - <<-'RULES'
		table ip aws-cni {
			chain snat-mark {
				counter ip daddr 192.168.0.0/16 return
				counter ct mark set ct mark | 0x00000080
			}
			chain nat-prerouting {
				type nat hook prerouting priority dstnat + 10; policy accept;
				fib daddr type local return
				iifname "eni*" counter jump snat-mark
				counter meta mark set ct mark & 0x00000080
			}
		}
	RULES
}

talk_to_internet() {
	pings "$1" 172.217.175.36
	get "$1" http://172.217.175.36/ >/dev/null
	udp_ask "$1" 172.217.175.36 7 "hello from $1"
	ask "$1" 8.8.8.8 www.google.com >/dev/null
}

a_case same-source-port 'three pods connect to one server from source port 41000 at the same time: three translations'
case_same_source_port() {
	local pod waiting=()
	build_node
	internet_services
	start_recording any
	for pod in netshoot web-0 echo-b; do
		get "$pod" http://172.217.175.36/ --local-port 41000 >/dev/null &
		waiting+=("$!")
	done
	wait "${waiting[@]}"
	stop_recording
}

a_case same-bytes 'three pods send the same echo requests (id 4242, 8 bytes without a time) at the same time: only the packets of one pair of legs agree'
case_same_bytes() {
	local pod waiting=()
	build_node
	start_recording any
	for pod in netshoot web-0 echo-b; do
		pings "$pod" 172.217.175.36 -e 4242 -s 8 &
		waiting+=("$!")
	done
	wait "${waiting[@]}"
	stop_recording
}

a_case pod-to-vpc 'S1: pods of both ENIs to 192.168.1.1 inside the VPC: no NAT, each out of its own ENI'
case_pod_to_vpc() {
	build_node
	start_recording any
	pings netshoot 192.168.1.1
	pings echo-b 192.168.1.1
	stop_recording
}

a_case pod-to-peered 'pods of both ENIs to 10.20.0.5, outside the VPC ranges (peered): SNAT to the node, out of eth0'
case_pod_to_peered() {
	build_node
	vpc_host peered peered 10.20.0.5
	http_server peered 80
	start_recording any
	get netshoot http://10.20.0.5/ >/dev/null
	get echo-b http://10.20.0.5/ >/dev/null
	stop_recording
}

a_case external-snat 'AWS_VPC_K8S_CNI_EXTERNALSNAT=true: pods of both ENIs to 10.20.0.5 without NAT, each out of its own ENI'
case_external_snat() {
	EXTERNAL_SNAT=true
	build_node external_snat_rules
	vpc_host peered peered 10.20.0.5
	http_server peered 80
	start_recording any
	get netshoot http://10.20.0.5/ >/dev/null
	get echo-b http://10.20.0.5/ >/dev/null
	stop_recording
}

a_case pod-to-peer 'S2: pods on two nodes, from and to both ENIs, ping and HTTP: no NAT; TTL 64 in, 63 out, 62 at the other pod'
case_pod_to_peer() {
	build_node
	http_server web-1 8080
	http_server web-2 8080
	start_recording any
	pings netshoot 192.168.2.91
	pings echo-b 192.168.2.91
	get netshoot http://192.168.2.95:8080/ >/dev/null
	get echo-b http://192.168.2.95:8080/ >/dev/null
	get netshoot-2 http://192.168.3.77:8080/ >/dev/null
	stop_recording
}

a_case pod-to-pod-same-node 'two pods of one node and of different ENIs: rule 512, veth to veth, no ENI'
case_pod_to_pod_same_node() {
	build_node
	http_server web-2 8080
	start_recording any
	pings netshoot 192.168.3.77
	get netshoot http://192.168.3.77:8080/ >/dev/null
	stop_recording
}

a_case host-internet 'S3, S10: the node itself to the public API address and to the internet: address kept, port changed'
case_host_internet() {
	build_node
	internet_services
	start_recording any
	get node http://15.165.80.13:443/ >/dev/null
	pings node 172.217.175.36
	ask node 8.8.8.8 www.google.com >/dev/null
	stop_recording
}

a_case node-to-pod 'kubelet probes: the node to its own pods of both ENIs'
case_node_to_pod() {
	build_node
	http_server web-0 8080
	http_server web-2 8080
	start_recording any
	get node http://192.168.3.105:8080/ >/dev/null
	get node http://192.168.3.77:8080/ >/dev/null
	stop_recording
}

a_case kubelet-control-plane 'S10: an ENI of the control plane (192.168.1.194, of no node and no pod) to the kubelet at 10250; the node to the API server inside the VPC (192.168.1.195:443)'
case_kubelet_control_plane() {
	build_node
	vpc_host control-plane control-plane 192.168.1.194 192.168.1.195
	http_server node 10250
	http_server control-plane 443
	start_recording any
	get control-plane http://192.168.3.243:10250/ >/dev/null
	get node http://192.168.1.195:443/ >/dev/null
	stop_recording
}

a_case two-files 'pod-internet-secondary as one Ethernet capture of the pod side and one of the ENI side, with nanoseconds'
case_two_files() {
	build_node
	internet_services
	start_recording "$(veth_of echo-b)" eth0
	talk_to_internet echo-b
	stop_recording
}

a_case three-interfaces 'pod-to-peer and same-node traffic of one pod as Ethernet captures of veth, eth0 and eth1'
case_three_interfaces() {
	build_node
	internet_services
	http_server web-1 8080
	start_recording "$(veth_of echo-b)" eth0 eth1
	get echo-b http://192.168.2.95:8080/ >/dev/null
	pings echo-b 172.217.175.36
	pings echo-b 192.168.1.1
	stop_recording
}

a_case excluded-cidr 'AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS=10.20.0.0/16: pods of both ENIs to 10.20.0.5 without NAT, each out of its own ENI'
case_excluded_cidr() {
	EXCLUDED='["10.20.0.0/16"]'
	build_node
	on node iptables -t nat -I AWS-SNAT-CHAIN-0 -d 10.20.0.0/16 -m comment --comment "AWS SNAT CHAIN EXCLUSION" -j RETURN
	on node iptables -t nat -I AWS-CONNMARK-CHAIN-0 -d 10.20.0.0/16 -m comment --comment "AWS CONNMARK CHAIN, EXCLUDED CIDR" -j RETURN
	vpc_host peered peered 10.20.0.5
	http_server peered 80
	start_recording any
	get netshoot http://10.20.0.5/ >/dev/null
	get echo-b http://10.20.0.5/ >/dev/null
	stop_recording
}

a_case same-source-port-kept 'AWS_VPC_K8S_CNI_RANDOMIZESNAT=none: three pods, source port 41000, one server: the first keeps its port, the others get another'
case_same_source_port_kept() {
	local pod
	RANDOMIZE_SNAT=0
	build_node
	internet_services
	start_recording any
	for pod in netshoot web-0 echo-b; do
		get "$pod" http://172.217.175.36/ --local-port 41000 >/dev/null
	done
	stop_recording
}

a_case tuple-reuse 'one pod uses the same tuple twice (UDP port 41001, ICMP id 4242), the conntrack entry gone in between: two translations of one original tuple'
case_tuple_reuse() {
	build_node
	internet_services
	start_recording any
	same_tuple
	on node conntrack -D -s 192.168.3.107 >/dev/null 2>&1
	same_tuple
	stop_recording
}

same_tuple() {
	pings netshoot 172.217.175.36 -e 4242
	echo hello | on netshoot socat -t 0.2 - UDP4:172.217.175.36:7,sourceport=41001 >/dev/null
}

a_case late-capture 'the capture begins when the TCP connection is already there: no SYN, no NEW event'
case_late_capture() {
	local client
	build_node
	internet_services
	# shellcheck disable=SC2016 # the inner shell expands
	spawn echo-b late bash -c 'exec 3<>/dev/tcp/172.217.175.36/80
		until [ -e "$0" ]; do sleep 0.05; done
		printf "GET / HTTP/1.0\r\n\r\n" >&3
		cat <&3' "$WORK/go"
	client=$spawned
	until_ok 5 assured
	start_recording any
	touch "$WORK/go"
	wait "$client"
	stop_recording
}

assured() { on node conntrack -L -p tcp 2>/dev/null | grep ASSURED; }
