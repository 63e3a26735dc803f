# SPDX-License-Identifier: GPL-2.0-or-later
# Packets of other shapes: fragments, IPv6, tunnels, large segments.

a_case fragments 'mtu 1500: ping of 4000 bytes and UDP of 3900 bytes from a pod on eth1, to the internet (SNAT) and to a pod on the other node (none)'
case_fragments() {
	MTU=1500
	build_node
	internet_services
	udp_echo netshoot-2 192.168.2.91 7
	start_recording any
	pings echo-b 172.217.175.36 -s 4000
	pings echo-b 192.168.2.91 -s 4000
	udp_ask echo-b 172.217.175.36 7 "$(printf 'x%.0s' {1..3900})"
	udp_ask echo-b 192.168.2.91 7 "$(printf 'y%.0s' {1..3900})"
	stop_recording
}

a_case large-segments 'mtu 1500, snap length 96: 200 KB each way between a pod and the internet; segments of up to 64 KB on the veth and of 1448 bytes on eth0'
case_large_segments() {
	MTU=1500
	SNAPLEN=96
	build_node
	on node ethtool -K eth0 tso off gso off
	on internet ethtool -K eth0 tso off gso off
	start_recording any
	transfer echo-b
	transfer echo-b -R
	stop_recording
}

a_case large-segments-gro 'as large-segments, with GRO on eth0: what comes in is joined before it is captured, and cut again for the veth'
case_large_segments_gro() {
	MTU=1500
	SNAPLEN=96
	build_node
	on node ethtool -K eth0 gro on
	on vpc ethtool -K node-eth0 tso off # a veth only joins what a sender without TSO sent
	on node ethtool -K "$(veth_of echo-b)" tso off gso off
	on internet ethtool -K eth0 tso off gso off
	start_recording any
	transfer echo-b -R
	stop_recording
}

# transfer POD [OPTION...]: one server for one client.
transfer() {
	iperf_server internet
	on "$1" iperf3 -c 172.217.175.36 -n 200K "${@:2}" >"$WORK/iperf3.log"
	wait "$spawned"
}

a_case ipv6-pod-to-pod 'IPv6 cluster: pod to a pod of the other node, ping and HTTP: no NAT, /80 prefix on the primary ENI'
case_ipv6_pod_to_pod() {
	build_node6
	http_server web-1 8080
	http_server web-0 8080
	start_recording any
	pings netshoot 2001:db8:2:0:bb::95
	get netshoot 'http://[2001:db8:2:0:bb::95]:8080/' >/dev/null
	get netshoot 'http://[fd00:10:100::7]/' >/dev/null
	get netshoot 'http://[2001:db8:3:0:aa::8]:8080/' >/dev/null
	stop_recording
}

a_case ipv6-cluster-ipv4-egress 'IPv6 cluster, ENABLE_V4_EGRESS: pod 169.254.172.2 to an IPv4 address of the internet: SNAT to 192.168.3.243 by a CNI-E4 chain'
case_ipv6_cluster_ipv4_egress() {
	build_node6
	ipv4_egress
	internet_services
	start_recording any
	talk_to_internet netshoot
	stop_recording
}

# cmd/egress-cni-plugin: a second interface for the pod, from a range of link-local addresses.
ipv4_egress() {
	local veth id chain
	id=$(container_id default.netshoot)
	chain=CNI-E4-$(printf %s "aws-cni$id" | sha512sum | cut -c1-21)
	veth=veth${id:0:8}
	build_internet
	on node sysctl -qw net.ipv4.ip_forward=1
	batch node <<-BATCH
		address add 192.168.3.243/24 dev eth0
		route add default via 192.168.3.1 dev eth0
	BATCH
	lives_on node-eth0 "$(mac_of node.eth0)" 192.168.3.243
	public_address 192.168.3.243
	batch netshoot <<-BATCH
		link add v4if0 mtu $MTU type veth peer name $veth mtu $MTU netns $(ns node)
		address add 169.254.172.2/22 dev v4if0 noprefixroute
		link set v4if0 up
		route add 169.254.172.1 dev v4if0 scope link
		route add default via 169.254.172.1 dev v4if0
	BATCH
	batch node <<-BATCH
		link set $veth up
		address add 169.254.172.1/32 dev $veth scope link
		route add 169.254.172.2 dev $veth scope link
	BATCH
	on node iptables-restore <<-RULES
		*nat
		:$chain - [0:0]
		-A POSTROUTING -s 169.254.172.2/32 -m comment --comment "name: \\"aws-cni\\" id: \\"$id\\"" -j $chain
		-A $chain -d 224.0.0.0/4 -m comment --comment "name: \\"aws-cni\\" id: \\"$id\\"" -j ACCEPT
		-A $chain -m comment --comment "name: \\"aws-cni\\" id: \\"$id\\"" -j SNAT --to-source 192.168.3.243 --random-fully
		COMMIT
		*filter
		-A FORWARD -d 169.254.172.0/22 -m conntrack --ctstate NEW -m comment --comment "Block Node Local Pod access via IPv4" -j REJECT --reject-with icmp-port-unreachable
		COMMIT
	RULES
}

build_node6() {
	NO_IPV6=0
	NODE_IP=2001:db8:3::243
	PEER_IP=2001:db8:2::243
	POD_PREFIX6=2001:db8:3:0:aa::/80
	services=("default/web:http tcp fd00:10:100::7 80 - Cluster [2001:db8:2:0:bb::95]:8080")
	build_vpc
	new_node6 node "$NODE_IP" node-eth0
	new_node6 peer "$PEER_IP" peer-eth0
	add_pod6 node default/netshoot 2001:db8:3:0:aa::7
	add_pod6 node default/web-0 2001:db8:3:0:aa::8
	add_pod6 peer default/web-1 2001:db8:2:0:bb::95
	kube_nat6 | on node ip6tables-restore
}

# new_node6 NS ADDRESS VPC-INTERFACE: the gateway is always fe80:ec2::1.
new_node6() {
	# shellcheck disable=SC2086 # several settings
	new_namespace "$1" net.ipv6.conf.all.forwarding=1 $CONNTRACK
	join_vpc "$1" eth0 "$3" "$MTU"
	echo "address add $GATEWAY6/128 dev $3 nodad" | batch vpc
	batch "$1" <<-BATCH
		address add $2/128 dev eth0 nodad
		link set eth0 up
		route add default via $GATEWAY6 dev eth0
	BATCH
	echo "rule add fwmark 0x80/0x80 lookup main priority 1024" | ip -6 -n "$(ns "$1")" -batch -
	lives_on "$3" "$(mac_of "$1.eth0")" "$2"
	[ "$1" != node ] || enis[0]=$2
}

# add_pod6 NODE NAMESPACE/NAME ADDRESS: gateway fe80::1, permanent as well.
add_pod6() {
	local node=$1 namespace=${2%/*} pod=${2#*/} address=$3 veth mac
	veth=$(host_veth "$namespace" "$pod")
	mac=$(mac_of "$veth")
	new_namespace "$pod"
	batch "$pod" <<-BATCH
		link add eth0 mtu $MTU address $(mac_of "$pod") type veth peer name $veth mtu $MTU address $mac netns $(ns "$node")
		address add $address/128 dev eth0 nodad
		link set eth0 up
		route add fe80::1 dev eth0
		route add default via fe80::1 dev eth0
		neighbour add fe80::1 lladdr $mac dev eth0 nud permanent
	BATCH
	batch "$node" <<-BATCH
		link set $veth up
		route add $address/128 dev $veth
	BATCH
	echo "rule add to $address lookup main priority 512" | ip -6 -n "$(ns "$node")" -batch -
	lives_on "$node-eth0" "$(mac_of "$node.eth0")" "$address"
	pods+=("$node 0 $2 $address")
}

# One service; an IPv6 cluster has no AWS chains (UpdateHostSNATRules does nothing).
kube_nat6() {
	cat <<-'RULES'
		*nat
		:KUBE-MARK-MASQ - [0:0]
		:KUBE-NODEPORTS - [0:0]
		:KUBE-POSTROUTING - [0:0]
		:KUBE-SERVICES - [0:0]
	RULES
	kube_jumps
	kube_nat | sed 's,/32 ,/128 ,g; s,-s \[\(.*\)\]/128,-s \1/128,'
	echo COMMIT
}

a_case overlay-vxlan 'not EKS: flannel VXLAN. Pod to a pod of the other node (inner 10.244.x on veth, cni0 and flannel.1, outer node to node UDP 8472 on eth0), and pod to the internet with MASQUERADE'
case_overlay_vxlan() {
	NO_VPC_CNI=1
	services=()
	build_vpc
	build_internet
	overlay_node node "$NODE_IP" 1 "$PEER_IP" 2
	overlay_node peer "$PEER_IP" 2 "$NODE_IP" 1
	overlay_pod node default/netshoot 10.244.1.5
	overlay_pod peer default/web-1 10.244.2.7
	flannel_rules | on node iptables-restore
	internet_services
	http_server web-1 8080
	start_recording any
	pings netshoot 10.244.2.7
	get netshoot http://10.244.2.7:8080/ >/dev/null
	pings netshoot 172.217.175.36
	get netshoot http://172.217.175.36/ >/dev/null
	stop_recording
}

# overlay_node NS ADDRESS N PEER-ADDRESS PEER-N: a bridge, and a tunnel device whose
# neighbours and destinations are all known, as flanneld sets them.
overlay_node() {
	new_node "$1"
	primary_eni "$1" "$2" "$1-eth0"
	on "$1" ip rule del priority 1024
	batch "$1" <<-BATCH
		link add cni0 mtu $((MTU - 50)) type bridge
		address add 10.244.$3.1/24 dev cni0
		link set cni0 up
		link add flannel.1 mtu $((MTU - 50)) address $(mac_of "$1.flannel.1") type vxlan id 1 dstport 8472 local $2 dev eth0 nolearning
		address add 10.244.$3.0/32 dev flannel.1
		link set flannel.1 up
		route add 10.244.$5.0/24 via 10.244.$5.0 dev flannel.1 onlink
		neighbour add 10.244.$5.0 lladdr $(mac_of "$([ "$1" = node ] && echo peer || echo node).flannel.1") dev flannel.1 nud permanent
	BATCH
	on "$1" bridge fdb append "$(mac_of "$([ "$1" = node ] && echo peer || echo node).flannel.1")" dev flannel.1 dst "$4"
}

# overlay_pod NODE NAMESPACE/NAME ADDRESS
overlay_pod() {
	local pod=${2#*/} veth
	veth=veth$(container_id "$2" | cut -c1-8)
	new_namespace "$pod"
	batch "$pod" <<-BATCH
		link add eth0 mtu $((MTU - 50)) type veth peer name $veth mtu $((MTU - 50)) netns $(ns "$1")
		address add $3/24 dev eth0
		link set eth0 up
		route add default via ${3%.*}.1
	BATCH
	echo "link set $veth master cni0 up" | batch "$1"
	pods+=("$1 0 $2 $3")
}

# flannel pkg/trafficmngr/iptables, for 10.244.0.0/16
flannel_rules() {
	cat <<-'RULES'
		*nat
		:FLANNEL-POSTRTG - [0:0]
		-A POSTROUTING -m comment --comment "flanneld masq" -j FLANNEL-POSTRTG
		-A FLANNEL-POSTRTG -m mark --mark 0x4000/0x4000 -m comment --comment "flanneld masq" -j RETURN
		-A FLANNEL-POSTRTG -s 10.244.1.0/24 -d 10.244.0.0/16 -m comment --comment "flanneld masq" -j RETURN
		-A FLANNEL-POSTRTG -s 10.244.0.0/16 -d 10.244.1.0/24 -m comment --comment "flanneld masq" -j RETURN
		-A FLANNEL-POSTRTG ! -s 10.244.0.0/16 -d 10.244.1.0/24 -m comment --comment "flanneld masq" -j RETURN
		-A FLANNEL-POSTRTG -s 10.244.0.0/16 ! -d 224.0.0.0/4 -m comment --comment "flanneld masq" -j MASQUERADE --random-fully
		-A FLANNEL-POSTRTG ! -s 10.244.0.0/16 -d 10.244.0.0/16 -m comment --comment "flanneld masq" -j MASQUERADE --random-fully
		COMMIT
		*filter
		:FLANNEL-FWD - [0:0]
		-A FORWARD -m comment --comment "flanneld forward" -j FLANNEL-FWD
		-A FLANNEL-FWD -s 10.244.0.0/16 -m comment --comment "flanneld forward" -j ACCEPT
		-A FLANNEL-FWD -d 10.244.0.0/16 -m comment --comment "flanneld forward" -j ACCEPT
		COMMIT
	RULES
}

a_case overlay-calico 'not EKS: Calico with routed veths and VXLAN (UDP 4789). Pod to a pod of the other node, to a pod of the same node, and to the internet with MASQUERADE; the pods ask for 169.254.1.1 by ARP'
case_overlay_calico() {
	NO_VPC_CNI=1
	services=()
	build_vpc
	build_internet
	calico_node node "$NODE_IP" 1 "$PEER_IP" 2
	calico_node peer "$PEER_IP" 2 "$NODE_IP" 1
	calico_pod node default/netshoot 10.42.1.5
	calico_pod node default/web-0 10.42.1.6
	calico_pod peer default/web-1 10.42.2.7
	calico_rules | on node iptables-restore
	internet_services
	http_server web-0 8080
	http_server web-1 8080
	start_recording any
	pings netshoot 10.42.2.7
	get netshoot http://10.42.2.7:8080/ >/dev/null
	get netshoot http://10.42.1.6:8080/ >/dev/null
	talk_to_internet netshoot
	stop_recording
}

# calico_node NS ADDRESS N PEER-ADDRESS PEER-N (felix/dataplane/linux/vxlan_mgr.go)
calico_node() {
	local other=peer
	[ "$1" = node ] || other=node
	new_node "$1"
	primary_eni "$1" "$2" "$1-eth0"
	on "$1" ip rule del priority 1024
	batch "$1" <<-BATCH
		link add vxlan.calico mtu $((MTU - 50)) address $(mac_of "$1.vxlan.calico") type vxlan id 4096 dstport 4789 local $2 dev eth0 nolearning
		address add 10.42.$3.0/32 dev vxlan.calico
		link set vxlan.calico up
		route add 10.42.$5.0/26 via 10.42.$5.0 dev vxlan.calico onlink
		route add blackhole 10.42.$3.0/26 proto 80
		neighbour add 10.42.$5.0 lladdr $(mac_of "$other.vxlan.calico") dev vxlan.calico nud permanent
	BATCH
	on "$1" bridge fdb append "$(mac_of "$other.vxlan.calico")" dev vxlan.calico dst "$4"
}

# calico_pod NODE NAMESPACE/NAME ADDRESS: the host end is always ee:ee:ee:ee:ee:ee and
# answers ARP for 169.254.1.1 (cni-plugin/pkg/dataplane/linux/dataplane_linux.go).
calico_pod() {
	local pod=${2#*/} veth
	veth=$(host_veth "${2%/*}" "$pod")
	veth=cali${veth#eni}
	new_namespace "$pod"
	batch "$pod" <<-BATCH
		link add eth0 mtu $((MTU - 50)) type veth peer name $veth mtu $((MTU - 50)) address ee:ee:ee:ee:ee:ee netns $(ns "$1")
		address add $3/32 dev eth0
		link set eth0 up
		route add 169.254.1.1 dev eth0 scope link
		route add default via 169.254.1.1 dev eth0
	BATCH
	batch "$1" <<-BATCH
		link set $veth up
		route add $3 dev $veth scope link
	BATCH
	on "$1" sysctl -qw "net.ipv4.conf.$veth.proxy_arp=1" "net.ipv4.neigh.$veth.proxy_delay=0"
	pods+=("$1 0 $2 $3")
}

# Calico matches its pools by ipset; here by address, which is the same for one pool.
calico_rules() {
	cat <<-'RULES'
		*nat
		:cali-POSTROUTING - [0:0]
		:cali-nat-outgoing - [0:0]
		-A POSTROUTING -m comment --comment "cali:O3lYWMrLQYEMJtB5" -j cali-POSTROUTING
		-A cali-POSTROUTING -j cali-nat-outgoing
		-A cali-POSTROUTING -o vxlan.calico -m addrtype ! --src-type LOCAL --limit-iface-out -m addrtype --src-type LOCAL -j MASQUERADE --random-fully
		-A cali-nat-outgoing -s 10.42.0.0/16 ! -d 10.42.0.0/16 -j MASQUERADE --random-fully
		COMMIT
	RULES
}
