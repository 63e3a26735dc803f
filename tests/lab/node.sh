# SPDX-License-Identifier: GPL-2.0-or-later
# An EKS node with the Amazon VPC CNI: interfaces, pods, policy rules, route tables.
# Priorities and texts as in pkg/networkutils/network.go of amazon-vpc-cni-k8s 1.20 and later.
#
# Set by a case before build_node, else:
NODE_IP=192.168.3.243         # primary address of eth0, device 0, table main
ENI1_IP=192.168.3.52          # primary address of eth1, device 1, table 2
PEER_IP=192.168.2.243
MTU=9001
NO_IPV6=1                     # an IPv4 cluster; also keeps MLD chatter out of the captures

gateway_of() { echo "${1%.*}.1"; }

# new_node NS: forwarding, loose reverse path (systemd's default for every interface, and
# aws-vpc-cni-init sets it for the primary), conntrack with counters and times.  events=1,
# since the default 2 gives no event ever for an entry that is older than its listener.
CONNTRACK="net.netfilter.nf_conntrack_acct=1 net.netfilter.nf_conntrack_timestamp=1
	net.netfilter.nf_conntrack_events=1"

new_node() {
	# shellcheck disable=SC2086 # several settings
	new_namespace "$1" net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 \
		net.ipv4.conf.default.rp_filter=2 net.ipv4.tcp_early_demux=1 $CONNTRACK
}

# primary_eni NS ADDRESS VPC-INTERFACE
primary_eni() {
	local gateway
	gateway=$(gateway_of "$2")
	join_vpc "$1" eth0 "$3" "$MTU"
	batch "$1" <<-BATCH
		address add $2/24 broadcast + dev eth0
		link set eth0 up
		route add default via $gateway dev eth0
		rule add fwmark 0x80/0x80 lookup main priority 1024
	BATCH
	lives_on "$3" "$(mac_of "$1.eth0")" "$2"
	[ "$1" != node ] || enis[0]=$2
	source_check "$3"
	public_address "$2"
}

# secondary_eni NS ADDRESS VPC-INTERFACE: device 1.  Table 2 holds two routes, and main
# holds none for its subnet.
secondary_eni() {
	local gateway
	gateway=$(gateway_of "$2")
	join_vpc "$1" eth1 "$3" "$MTU"
	batch "$1" <<-BATCH
		address add $2/24 broadcast + dev eth1 noprefixroute
		link set eth1 up
		route add $gateway dev eth1 scope link table 2
		route add default via $gateway dev eth1 table 2
		rule add from $2 lookup 2 priority 32765
	BATCH
	lives_on "$3" "$(mac_of "$1.eth1")" "$2"
	enis[1]=$2
	source_check "$3"
}

# add_pod NODE DEVICE NAMESPACE/NAME ADDRESS: the cable, its routes and its rules.
# The pod never asks for its gateway by ARP: the answer is permanent.
add_pod() {
	local node=$1 device=$2 namespace=${3%/*} pod=${3#*/} address=$4 veth mac
	veth=$(host_veth "$namespace" "$pod")
	mac=$(mac_of "$veth")
	new_namespace "$pod"
	batch "$pod" <<-BATCH
		link add eth0 mtu $MTU address $(mac_of "$pod") type veth peer name $veth mtu $MTU address $mac netns $(ns "$node")
		address add $address/32 dev eth0
		link set eth0 up
		route add 169.254.1.1 dev eth0 scope link
		route add default via 169.254.1.1 dev eth0
		neighbour add 169.254.1.1 lladdr $mac dev eth0 nud permanent
	BATCH
	batch "$node" <<-BATCH
		link set $veth up
		route add $address dev $veth scope link
		rule add to $address lookup main priority 512
		$( ((device == 0)) || echo "rule add from $address lookup 2 priority 1536")
	BATCH
	lives_on "$node-eth$device" "$(mac_of "$node.eth$device")" "$address"
	pods+=("$node $device $3 $address")
}

# remove_pod NAME: of the recorded node.  Its cable goes first: it says no goodbye.
remove_pod() {
	local i node device pod address pid
	for i in "${!pods[@]}"; do
		read -r node device pod address <<<"${pods[i]}"
		[ "${pod#*/}" = "$1" ] || continue
		batch node <<-BATCH
			$( ((device == 0)) || echo "rule del from $address lookup 2 priority 1536")
			rule del to $address lookup main priority 512
			route del $address dev $(host_veth "${pod%/*}" "$1") scope link
			link del $(host_veth "${pod%/*}" "$1")
		BATCH
		for pid in $(ip netns pids "$(ns "$1")"); do
			stop_process "$pid" KILL
		done
		ip netns del "$(ns "$1")"
		unset "pods[i]"
	done
}

# The address of a pod, by its name without the namespace.
address_of() {
	local node device pod address
	while read -r node device pod address; do
		[ "${pod#*/}" = "$1" ] && echo "$address" && return
	done < <(printf '%s\n' "${pods[@]}")
	die "no pod $1"
}

veth_of() {
	local node device pod address
	while read -r node device pod address; do
		[ "${pod#*/}" = "$1" ] && host_veth "${pod%/*}" "${pod#*/}" && return
	done < <(printf '%s\n' "${pods[@]}")
	die "no pod $1"
}

# The node of scenarios S1, S6 and S7 with its pods, and a peer in another zone.
build_pods() {
	add_pod node 0 default/netshoot 192.168.3.107
	add_pod node 0 default/web-0 192.168.3.105
	add_pod node 0 kube-system/coredns-5b9dfbf96-4xk2p 192.168.3.99
	add_pod node 1 default/echo-b 192.168.3.30
	add_pod node 1 default/web-2 192.168.3.77
	add_pod peer 0 default/netshoot-2 192.168.2.91
	add_pod peer 0 default/web-1 192.168.2.95
	add_pod peer 0 kube-system/coredns-5b9dfbf96-9wq7d 192.168.2.156
}

# build_node [RULES]: RULES is a function that prints the node's NAT rules for iptables-restore.
build_node() {
	build_vpc
	build_internet
	new_node node
	new_node peer
	primary_eni node "$NODE_IP" node-eth0
	secondary_eni node "$ENI1_IP" node-eth1
	primary_eni peer "$PEER_IP" peer-eth0
	"${BUILD_PODS:-build_pods}"
	"${1:-eks_rules}" | on node iptables-restore
}
