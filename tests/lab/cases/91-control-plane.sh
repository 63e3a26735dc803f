# SPDX-License-Identifier: GPL-2.0-or-later
# The control plane and the services of the node, with the sockets of the node while the
# connections are open.

API_NAME=ABCDEF.gr7.ap-northeast-2.eks.amazonaws.com

# Programs of the node are socat by another name: ss(8) shows the file's.
node_programs() {
	local name
	mkdir "$WORK/bin"
	for name in "$@"; do
		cp "$(command -v socat)" "$WORK/bin/$name"
	done
}

# node_serves PROGRAM PORT: on every address, with a socket of IPv6, as Go programs do.
node_serves() {
	spawn node "$1-$2" "$WORK/bin/$1" "TCP6-LISTEN:$2,ipv6only=0,fork" PIPE
	until_ok 5 listening node t "$2"
}

api_server() {
	spawn "$1" "api-$1" socat TCP4-LISTEN:443,fork PIPE
	until_ok 5 listening "$1" t 443
}

# keep NS SERVER|- PROGRAM ADDRESS PORT: a connection that lasts; SERVER is asked for names.
keep() {
	local log=$WORK/keep-$1-$4-$5-${3##*/}.log how=(on "$1")
	[ "$2" = - ] || how=(resolving "$1" "$2")
	{
		echo hello
		until [ -e "$WORK/enough" ] || [ ! -d "$WORK" ]; do sleep 0.05; done
	} | "${how[@]}" "$3" -t 1 - "TCP:$4:$5" >"$log" 2>&1 &
	started+=("$!")
	kept+=("$!")
	until_ok 5 grep -q hello "$log"
}

a_case control-plane 'S10: the API server on an ENI of EKS (192.168.1.194, the endpoint of default/kubernetes) to the kubelet at 10250 and to a webhook pod at 9443; kubelet to it, and with kube-proxy to the public address that 192.168.0.2 names; a pod to 10.100.0.1; kube-proxy'\''s health port; IMDS. ss.txt: sockets of the node meanwhile'
case_control_plane() {
	local pid kept=()
	services+=("default/kubernetes:https tcp 10.100.0.1 443 - Cluster 192.168.1.194:443")
	build_node
	vpc_host control-plane control-plane 192.168.1.194
	vpc_host resolver resolver 192.168.0.2
	vpc_host balancer balancer 192.168.1.210
	vpc_host imds imds 169.254.169.254
	dns_server resolver 192.168.0.2 --local=/amazonaws.com/ "--host-record=$API_NAME,15.165.80.13,60"
	api_server control-plane
	api_server internet
	http_server imds 80
	node_programs kubelet kube-proxy
	node_serves kubelet 10250
	node_serves kube-proxy 10256
	spawn web-2 webhook socat TCP4-LISTEN:9443,fork PIPE
	until_ok 5 listening web-2 t 9443
	start_recording any
	keep control-plane - socat 192.168.3.243 10250
	keep control-plane - socat 192.168.3.77 9443
	keep node - "$WORK/bin/kubelet" 192.168.1.194 443
	keep node 192.168.0.2 "$WORK/bin/kubelet" "$API_NAME" 443
	keep node 192.168.0.2 "$WORK/bin/kube-proxy" "$API_NAME" 443
	keep netshoot - socat 10.100.0.1 443
	keep balancer - socat 192.168.3.243 10256
	get node http://169.254.169.254/ >/dev/null
	get netshoot http://169.254.169.254/ >/dev/null
	on node ss -tunap >"$OUT/ss.txt"
	touch "$WORK/enough"
	for pid in "${kept[@]}"; do
		wait "$pid"
	done
	stop_recording
}
