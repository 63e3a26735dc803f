# SPDX-License-Identifier: GPL-2.0-or-later
# iptables rules of an EKS node, in the form of iptables-restore: those of the VPC CNI
# (1.16.2 and later, and the ladder of 1.16.0 and before) and those of kube-proxy in
# iptables mode with --cluster-cidr="".

VPC_CIDR=192.168.0.0/16

# NAMESPACE/NAME:PORTNAME PROTOCOL CLUSTER-IP PORT NODEPORT|- POLICY ENDPOINT,ENDPOINT,...
services=(
	"default/svc-clusterip:svc-webport tcp 10.100.101.7 80 - Cluster 192.168.3.105:8080,192.168.3.77:8080,192.168.2.95:8080"
	"kube-system/kube-dns:dns udp 10.100.0.10 53 - Cluster 192.168.2.156:53,192.168.3.99:53"
	"kube-system/kube-dns:dns-tcp tcp 10.100.0.10 53 - Cluster 192.168.2.156:53,192.168.3.99:53"
)

# add_nodeport NAME NODEPORT POLICY ENDPOINTS
add_nodeport() {
	services+=("default/$1:svc-webport tcp 10.100.77.${2: -2} 80 $2 $3 $4")
}

# By NAMESPACE/NAME: lines KEY=VALUE; healthCheckNodePort.  Only kubectl tells of them.
declare -A annotations=() check_node_ports=()

# add_load_balancer NAME NODEPORT POLICY ENDPOINTS ANNOTATION=VALUE...: it has a NodePort
# too; annotations of the AWS Load Balancer Controller, without their prefix.
add_load_balancer() {
	add_nodeport "${@:1:4}"
	annotations[default/$1]=$(printf 'service.beta.kubernetes.io/aws-load-balancer-%s\n' \
		type=external scheme=internet-facing "${@:5}")
}

eks_rules() {
	echo '*nat'
	nat_chains
	nat_jumps
	kube_nat
	aws_snat_flat
	aws_connmark_flat
	echo COMMIT
	mangle_rules
	filter_rules
}

# 1.16.0 and before: one chain for each VPC range, SNAT in the last.
ladder_rules() {
	echo '*nat'
	nat_chains
	nat_jumps
	kube_nat
	aws_snat_ladder
	aws_connmark_ladder
	echo COMMIT
	mangle_rules
	filter_rules
}

# D1: the CNI's mark is set before kube-proxy's DNAT, so for the ClusterIP.
connmark_first_rules() {
	echo '*nat'
	nat_chains
	aws_prerouting
	kube_jumps
	echo '-A POSTROUTING -m comment --comment "AWS SNAT CHAIN" -j AWS-SNAT-CHAIN-0'
	kube_nat
	aws_snat_flat
	aws_connmark_flat
	echo COMMIT
	mangle_rules
	filter_rules
}

nat_chains() {
	cat <<-'RULES'
		:AWS-CONNMARK-CHAIN-0 - [0:0]
		:AWS-SNAT-CHAIN-0 - [0:0]
		:KUBE-KUBELET-CANARY - [0:0]
		:KUBE-MARK-MASQ - [0:0]
		:KUBE-NODEPORTS - [0:0]
		:KUBE-POSTROUTING - [0:0]
		:KUBE-PROXY-CANARY - [0:0]
		:KUBE-SERVICES - [0:0]
	RULES
}

nat_jumps() {
	kube_jumps
	aws_prerouting
	echo '-A POSTROUTING -m comment --comment "AWS SNAT CHAIN" -j AWS-SNAT-CHAIN-0'
}

kube_jumps() {
	cat <<-'RULES'
		-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
		-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
		-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
	RULES
}

aws_prerouting() {
	cat <<-'RULES'
		-A PREROUTING -i eni+ -m comment --comment "AWS, outbound connections" -j AWS-CONNMARK-CHAIN-0
		-A PREROUTING -m comment --comment "AWS, CONNMARK" -j CONNMARK --restore-mark --nfmask 0x80 --ctmask 0x80
	RULES
}

aws_snat_flat() {
	cat <<-RULES
		-A AWS-SNAT-CHAIN-0 -d $VPC_CIDR -m comment --comment "AWS SNAT CHAIN" -j RETURN
		-A AWS-SNAT-CHAIN-0 ! -o vlan+ -m comment --comment "AWS, SNAT" -m addrtype ! --dst-type LOCAL -j SNAT --to-source $NODE_IP$([ "${RANDOMIZE_SNAT-}" = 0 ] || echo " --random-fully")
	RULES
}

aws_connmark_flat() {
	cat <<-RULES
		-A AWS-CONNMARK-CHAIN-0 -d $VPC_CIDR -m comment --comment "AWS CONNMARK CHAIN, VPC CIDR" -j RETURN
		-A AWS-CONNMARK-CHAIN-0 -m comment --comment "AWS, CONNMARK" -j CONNMARK --set-xmark 0x80/0x80
	RULES
}

aws_snat_ladder() {
	cat <<-RULES
		:AWS-SNAT-CHAIN-1 - [0:0]
		-A AWS-SNAT-CHAIN-0 ! -d $VPC_CIDR -m comment --comment "AWS SNAT CHAIN" -j AWS-SNAT-CHAIN-1
		-A AWS-SNAT-CHAIN-1 ! -o vlan+ -m comment --comment "AWS, SNAT" -m addrtype ! --dst-type LOCAL -j SNAT --to-source $NODE_IP --random-fully
	RULES
}

aws_connmark_ladder() {
	cat <<-RULES
		:AWS-CONNMARK-CHAIN-1 - [0:0]
		-A AWS-CONNMARK-CHAIN-0 ! -d $VPC_CIDR -m comment --comment "AWS CONNMARK CHAIN, VPC CIDR" -j AWS-CONNMARK-CHAIN-1
		-A AWS-CONNMARK-CHAIN-1 -m comment --comment "AWS, CONNMARK" -j CONNMARK --set-xmark 0x80/0x80
	RULES
}

mangle_rules() {
	cat <<-'RULES'
		*mangle
		-A PREROUTING -i eth0 -m comment --comment "AWS, primary ENI" -m addrtype --dst-type LOCAL --limit-iface-in -j CONNMARK --set-xmark 0x80/0x80
		-A PREROUTING -i eni+ -m comment --comment "AWS, primary ENI" -j CONNMARK --restore-mark --nfmask 0x80 --ctmask 0x80
		-A PREROUTING -i vlan+ -m comment --comment "AWS, primary ENI" -j CONNMARK --restore-mark --nfmask 0x80 --ctmask 0x80
		COMMIT
	RULES
}

# Dumps show filter chains that are empty here; they are left out.
filter_rules() {
	cat <<-'RULES'
		*filter
		:KUBE-FIREWALL - [0:0]
		:KUBE-FORWARD - [0:0]
		-A INPUT -j KUBE-FIREWALL
		-A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD
		-A OUTPUT -j KUBE-FIREWALL
		-A KUBE-FIREWALL ! -s 127.0.0.0/8 -d 127.0.0.0/8 -m comment --comment "block incoming localnet connections" -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP
		-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
		-A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" -m mark --mark 0x4000/0x4000 -j ACCEPT
		-A KUBE-FORWARD -m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
		COMMIT
	RULES
}

kube_nat() {
	local service
	cat <<-'RULES'
		-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
		-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
		-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
		-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully
	RULES
	for service in "${services[@]}"; do
		# shellcheck disable=SC2086 # the fields of one service
		service_rules $service
	done
	echo '-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS'
}

# service_rules NAME PROTOCOL CLUSTER-IP PORT NODEPORT POLICY ENDPOINTS
service_rules() {
	local name=$1 proto=$2 clusterip=$3 port=$4 nodeport=$5 policy=$6 endpoint hash
	local -a endpoints locals=()
	IFS=, read -ra endpoints <<<"$7"
	hash=$(chain_hash "$name$proto")
	echo ":KUBE-SVC-$hash - [0:0]"
	echo "-A KUBE-SERVICES -d $clusterip/32 -p $proto -m comment --comment \"$name cluster IP\" -m $proto --dport $port -j KUBE-SVC-$hash"
	for endpoint in "${endpoints[@]}"; do
		endpoint_rules "$name" "$proto" "$endpoint"
		is_local "${endpoint%:*}" && locals+=("$endpoint")
	done
	balance "KUBE-SVC-$hash" "$name" "$proto" "${endpoints[@]}"
	[ "$nodeport" = - ] || nodeport_rules "$name" "$proto" "$nodeport" "$policy" "${locals[@]}"
}

endpoint_rules() {
	local chain
	chain=KUBE-SEP-$(chain_hash "$1$2$3")
	echo ":$chain - [0:0]"
	echo "-A $chain -s ${3%:*}/32 -m comment --comment \"$1\" -j KUBE-MARK-MASQ"
	echo "-A $chain -p $2 -m comment --comment \"$1\" -m $2 -j DNAT --to-destination $3"
}

# balance CHAIN NAME PROTOCOL ENDPOINT...: 1/n, 1/(n-1), ... and the last without a condition.
balance() {
	local chain=$1 name=$2 proto=$3 endpoint left chance
	shift 3
	for endpoint in "$@"; do
		left=$#
		shift
		chance=
		((left == 1)) || chance="-m statistic --mode random --probability $(awk "BEGIN { printf \"%.10f\", 1/$left }") "
		echo "-A $chain -m comment --comment \"$name -> $endpoint\" ${chance}-j KUBE-SEP-$(chain_hash "$name$proto$endpoint")"
	done
}

# nodeport_rules NAME PROTOCOL NODEPORT POLICY LOCAL-ENDPOINT...
nodeport_rules() {
	local name=$1 proto=$2 nodeport=$3 policy=$4 hash
	shift 4
	hash=$(chain_hash "$name$proto")
	echo ":KUBE-EXT-$hash - [0:0]"
	echo "-A KUBE-NODEPORTS -p $proto -m comment --comment \"$name\" -m $proto --dport $nodeport -j KUBE-EXT-$hash"
	if [ "$policy" = Cluster ]; then
		echo "-A KUBE-EXT-$hash -m comment --comment \"masquerade traffic for $name external destinations\" -j KUBE-MARK-MASQ"
		echo "-A KUBE-EXT-$hash -j KUBE-SVC-$hash"
		return
	fi
	echo ":KUBE-SVL-$hash - [0:0]"
	echo "-A KUBE-EXT-$hash -m comment --comment \"masquerade LOCAL traffic for $name external destinations\" -m addrtype --src-type LOCAL -j KUBE-MARK-MASQ"
	echo "-A KUBE-EXT-$hash -m comment --comment \"route LOCAL traffic for $name external destinations\" -m addrtype --src-type LOCAL -j KUBE-SVC-$hash"
	echo "-A KUBE-EXT-$hash -j KUBE-SVL-$hash"
	balance "KUBE-SVL-$hash" "$name" "$proto" "$@"
}

# A pod of the node whose rules these are.
is_local() {
	local node address
	while read -r node _ _ address; do
		[ "$node $address" = "node $1" ] && return
	done < <(printf '%s\n' "${pods[@]}")
	return 1
}

# AWS_VPC_K8S_CNI_EXTERNALSNAT=true: no SNAT and no connmark rules; mangle stays for NodePort.
external_snat_rules() {
	echo '*nat'
	nat_chains | grep -v AWS
	kube_jumps
	kube_nat
	echo COMMIT
	mangle_rules
	filter_rules
}
