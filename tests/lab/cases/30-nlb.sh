# SPDX-License-Identifier: GPL-2.0-or-later
# A network load balancer with target type ip: straight to the pod's address, no kube-proxy.
#
# 203.0.113.50 (client) --- 192.168.1.210 (balancer) --- VPC

BALANCERS=192.168.1.210
TARGETS="192.168.3.105:8080 192.168.3.77:8080"

build_balancer() {
	# shellcheck disable=SC2086 # several addresses
	vpc_host balancer balancer $BALANCERS
	new_namespace client
	batch client <<-BATCH
		link add eth0 type veth peer name client netns $(ns balancer)
		address add 203.0.113.50/32 dev eth0
		link set eth0 up
		route add default dev eth0
	BATCH
	on balancer sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.client.proxy_arp=1 \
		net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.all.send_redirects=0
	batch balancer <<-BATCH
		link set client up
		route add 203.0.113.50 dev client
	BATCH
	lives_on balancer "$(mac_of balancer.eth0)" 203.0.113.50
}

# haproxy_balancer SERVER-OPTION...: as each of the balancer's own addresses, with health
# checks.
haproxy_balancer() {
	local address
	for address in $BALANCERS; do
		balancer_config "$address" "$*" >"$WORK/balancer-$address.cfg"
		spawn balancer "haproxy-$address" haproxy -db -f "$WORK/balancer-$address.cfg"
	done
	until_ok 5 all_balance
}

all_balance() { (($(on balancer ss -Hlnt 'sport = :80' | wc -l) == $(wc -w <<<"$BALANCERS"))); }

# balancer_config ADDRESS SERVER-OPTIONS
balancer_config() {
	local target n=0
	cat <<-CONFIG
		global
			stats socket $WORK/balancer-$1.sock level admin
		defaults
			mode tcp
			timeout connect 2s
			timeout client 5s
			timeout server 5s
		frontend web
			bind $1:80
			default_backend pods
		backend pods
			source $1
			${BALANCER_CHECK-}
			default-server check inter 1s $2
			$(for target in $TARGETS; do echo "server target-$((n++)) $target"; done)
	CONFIG
}

# preserve_client PORT TARGET...: the other kind, the client's address stays.
preserve_client() {
	{
		echo 'table ip nlb {'
		echo 'chain targets { type nat hook prerouting priority dstnat;'
		while (($#)); do
			echo "ip daddr 192.168.1.210 tcp dport $1 dnat to $2"
			shift 2
		done
		echo '}'
		echo '}'
	} | on balancer nft -f -
}

# The pod's server, which understands the PROXY header and answers with the address in it.
proxy_server() {
	cat >"$WORK/$1.cfg" <<-CONFIG
		defaults
			mode http
			timeout connect 2s
			timeout client 5s
			timeout server 5s
		frontend web
			bind :8080 accept-proxy
			http-request return status 200 content-type text/plain lf-string "%[src]:%[src_port]\n"
	CONFIG
	spawn "$1" "haproxy-$1" haproxy -db -f "$WORK/$1.cfg"
	until_ok 5 listening "$1" t 8080
}

seen_connections() { (($(grep -c '\[NEW\]' "$WORK/conntrack-events.log") >= $1)); }

# Four requests among health checks of both targets.
balanced_requests() {
	for _ in 1 2 3 4; do
		get client http://192.168.1.210/ >"$WORK/answer"
	done
	until_ok 5 seen_connections 8
}

a_case nlb-ip-plain 'S6: NLB, target type ip, client address not preserved: the balancer 192.168.1.210 is the client; health checks'
case_nlb_ip_plain() {
	build_node
	http_server web-0 8080
	http_server web-2 8080
	build_balancer
	start_recording any
	haproxy_balancer
	balanced_requests
	stop_recording
}

a_case nlb-ip-tcp-checks 'S6: NLB, target type ip, client address not preserved: two balancer addresses (192.168.1.210, 192.168.2.210) check each of two pods every second by TCP without a byte of data; 12 requests at no pace of their own among them'
case_nlb_ip_tcp_checks() {
	local pause n=0
	BALANCERS="192.168.1.210 192.168.2.210"
	add_load_balancer svc-nlb 30088 Cluster 192.168.3.105:8080,192.168.3.77:8080 \
		nlb-target-type=ip healthcheck-protocol=tcp healthcheck-port=traffic-port
	build_node
	http_server web-0 8080
	http_server web-2 8080
	build_balancer
	start_recording any
	haproxy_balancer
	for pause in 1.3 0.2 0.1 2.1 0.7 1.9 0.3 0.4 1.6 0.9 1.1 0.8; do
		sleep "$pause"
		get client "http://192.168.$((n++ % 3 == 0 ? 2 : 1)).210/" >/dev/null
	done
	stop_recording
}

a_case nlb-ip-targets 'S6: three targets here; two are taken away after 6 s and come again after 13 s (targets.txt), amid requests at no pace of their own and health checks. Snap length 120'
case_nlb_ip_targets() {
	SNAPLEN=120
	TARGETS+=" 192.168.3.61:8080"
	BUILD_PODS=four_web_pods
	add_load_balancer svc-nlb 30088 Cluster "${TARGETS// /,}" nlb-target-type=ip
	build_node
	http_server web-0 8080
	http_server web-2 8080
	http_server web-3 8080
	build_balancer
	start_recording any
	haproxy_balancer
	requests_until 6
	change_target disable 1 192.168.3.77
	change_target disable 2 192.168.3.61
	requests_until 13
	change_target enable 1 192.168.3.77
	change_target enable 2 192.168.3.61
	requests_until 19
	stop_recording
}

four_web_pods() {
	build_pods
	add_pod node 1 default/web-3 192.168.3.61
}

# requests_until SECONDS, after the case began its traffic
requests_until() {
	local pauses=(0.31 0.17 0.52 0.24 0.45 0.38 0.61 0.12) i=$1
	begun=${begun:-$SECONDS}
	while ((SECONDS - begun < $1)); do
		get client http://192.168.1.210/ >/dev/null
		sleep "${pauses[i++ % ${#pauses[@]}]}"
	done
}

# change_target disable|enable NUMBER ADDRESS
change_target() {
	echo "$(date +%s.%N) $1 $3" >>"$OUT/targets.txt"
	echo "$1 server pods/target-$2" | socat -t 2 - "UNIX-CONNECT:$WORK/balancer-192.168.1.210.sock" >/dev/null
}

a_case nlb-ip-preserved 'S6: NLB, target type ip, client address preserved: 203.0.113.50 to pods of both ENIs and the same way back, no SNAT'
case_nlb_ip_preserved() {
	build_node
	http_server web-0 8080
	http_server web-2 8080
	build_balancer
	preserve_client 80 192.168.3.105:8080 81 192.168.3.77:8080
	start_recording any
	get client http://192.168.1.210/ >/dev/null
	get client http://192.168.1.210:81/ >/dev/null
	stop_recording
}

a_case nlb-ip-proxy-v2 'S6: PROXY protocol v2 (with CRC32C) from the balancer to the pod: the client is 203.0.113.50; health checks with command LOCAL'
case_nlb_ip_proxy_v2() {
	build_node
	proxy_server web-0
	proxy_server web-2
	build_balancer
	start_recording any
	haproxy_balancer send-proxy-v2 proxy-v2-options crc32c check-send-proxy
	balanced_requests
	grep -q 203.0.113.50 "$WORK/answer"
	stop_recording
}

a_case nlb-ip-proxy-v1 'PROXY protocol v1 from the balancer to the pod; health checks name the balancer itself'
case_nlb_ip_proxy_v1() {
	build_node
	proxy_server web-0
	proxy_server web-2
	build_balancer
	start_recording any
	haproxy_balancer send-proxy check-send-proxy
	balanced_requests
	grep -q 203.0.113.50 "$WORK/answer"
	stop_recording
}

a_case nlb-hairpin 'D26: a target reaches itself through its own NLB with client preservation: it comes back with its own address as source, no answer'
case_nlb_hairpin() {
	build_node
	http_server web-0 8080
	build_balancer
	preserve_client 80 192.168.3.105:8080
	start_recording any
	get client http://192.168.1.210/ >/dev/null
	hangs web-0 http://192.168.1.210/
	stop_recording
}
