# SPDX-License-Identifier: GPL-2.0-or-later
# Names: what pods ask, what they are answered, and where they then connect to.

# The VPC's resolver, dnsmasq.  It says SERVFAIL for bogus.example, which its trust anchor
# (the root's) says must be signed, and is not.
ANCHOR=20326,8,2,E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D
VPC_RECORDS=(
	--local=/example.com/ --local=/example.net/
	"--cname=www.example.com,cdn.example.net,1"
	"--host-record=cdn.example.net,172.217.175.36,1"
	"--host-record=other.example.net,172.217.175.36,1"
	"--host-record=api.example.com,15.165.80.13,60"
	--dnssec "--trust-anchor=.,$ANCHOR" "--trust-anchor=bogus.example,$ANCHOR"
	--server=/bogus.example/127.0.0.1#5353
)

name_services() {
	local pod
	vpc_host resolver resolver 192.168.0.2
	dns_server resolver 192.168.0.2 "${VPC_RECORDS[@]}" "$@"
	spawn resolver dns-bogus dnsmasq --keep-in-foreground --conf-file=/dev/null --user=root \
		--pid-file= --no-hosts --no-resolv --bind-interfaces --listen-address=127.0.0.1 \
		--port=5353 --host-record=www.bogus.example,198.51.100.7
	until_ok 5 listening resolver u 5353
	for pod in coredns-5b9dfbf96-4xk2p coredns-5b9dfbf96-9wq7d; do
		dns_server "$pod" "$(address_of "$pod")" --server=192.168.0.2 --cache-size=0 \
			--local=/cluster.local/ \
			--host-record=svc-clusterip.default.svc.cluster.local,10.100.101.7
	done
}

# resolving NS SERVER COMMAND...: with the C library's resolver set up as kubelet does it
# for pods.  The mounts are in a namespace of the command's own.
resolving() {
	local where
	where=$(ns "$1")
	printf 'nameserver %s\n' "$2" >"$WORK/resolv-$1.conf"
	[ "$1" = node ] || printf '%s\n' 'options ndots:5' \
		'search default.svc.cluster.local svc.cluster.local cluster.local' >>"$WORK/resolv-$1.conf"
	echo 'hosts: files dns' >"$WORK/nsswitch.conf"
	# shellcheck disable=SC2016 # the inner shell expands
	nsenter --net="/run/netns/$where" unshare -m sh -ec \
		'mount --bind "$0" "$(readlink -f /etc/resolv.conf)"
		[ ! -e /etc/nsswitch.conf ] || mount --bind "$1" /etc/nsswitch.conf
		shift; exec "$@"' "$WORK/resolv-$1.conf" "$WORK/nsswitch.conf" "${@:3}"
}

# connect_to NS NAME|- URL [SERVER]: by the name, where one is given; named.txt says which
# connection that was: SOURCE DESTINATION PORT NAME, - for one that must have none.
connect_to() {
	local pair
	pair=$(fetch "$1" "$3" "${4-}" -o /dev/null -w '%{local_ip} %{remote_ip} %{remote_port}')
	echo "$pair ${2%.}" >>"$OUT/named.txt"
}

fetch() {
	if [ -n "$3" ]; then
		resolving "$1" "$3" curl -sS -f -m 12 "${@:4}" "$2"
	else
		get "$1" "$2" "${@:4}"
	fi
}

a_case dns-names 'S11: who asked for which name before which connection (named.txt): search list and NXDOMAIN, A and AAAA from one socket, CNAME, TTL of a second and 33 s without asking, an address that another pod asked for, truncated and asked again by TCP, SERVFAIL, the node itself. Snap length 1200'
case_dns_names() {
	local asked
	SNAPLEN=1200
	build_node
	internet_services
	# 32 addresses do not fit into 512 bytes
	name_services --host-record=big.example.com,{15.165.80.13,198.51.100.{1..31}},60
	start_recording any
	connect_to netshoot www.example.com http://www.example.com/ 10.100.0.10
	asked=$SECONDS
	connect_to echo-b - http://172.217.175.36/
	ask web-0 10.100.0.10 other.example.net >/dev/null
	connect_to web-0 other.example.net http://172.217.175.36/
	ask netshoot 10.100.0.10 svc-clusterip.default.svc.cluster.local >/dev/null
	fails ask echo-b 10.100.0.10 www.bogus.example >/dev/null
	fails ask echo-b 10.100.0.10 nowhere.cluster.local >/dev/null
	ask netshoot 10.100.0.10 +noedns big.example.com | grep -q 15.165.80.13
	connect_to netshoot big.example.com http://15.165.80.13:443/
	connect_to node api.example.com http://api.example.com:443/ 192.168.0.2
	connect_to echo-b - http://15.165.80.13:443/
	sleep 8
	connect_to netshoot www.example.com http://172.217.175.36/
	sleep $((asked + 33 - SECONDS))
	connect_to netshoot - http://172.217.175.36/
	stop_recording
}

a_case dns-race 'the 5-second race: A and AAAA leave one socket at once, one of the two is lost between veth and eth0 on this node, and asked again 5 s later; the next name is answered at once'
case_dns_race() {
	services=("kube-system/kube-dns:dns udp 10.100.0.10 53 - Cluster 192.168.2.156:53")
	build_node
	internet_services
	name_services
	on node nft -f - <<-'RULES'
		table ip race {
			chain second {
				type filter hook forward priority 10;
				ip daddr 192.168.2.156 udp dport 53 numgen inc mod 1000 == 1 drop
			}
		}
	RULES
	start_recording any
	connect_to netshoot www.example.com. http://www.example.com./ 10.100.0.10
	connect_to netshoot other.example.net. http://other.example.net./ 10.100.0.10
	stop_recording
}

a_case dns-nodelocal 'NodeLocal DNS: pods of both ENIs ask 169.254.20.10 on the node (not tracked), which asks CoreDNS by a ClusterIP of its own; CoreDNS asks 192.168.0.2'
case_dns_nodelocal() {
	services+=("kube-system/kube-dns-upstream:dns udp 10.100.0.11 53 - Cluster 192.168.2.156:53,192.168.3.99:53")
	build_node
	internet_services
	name_services
	# not every kernel has dummies
	ip -n "$(ns node)" link add nodelocaldns type dummy 2>/dev/null ||
		ip -n "$(ns node)" link add nodelocaldns type bridge
	batch node <<-BATCH
		address add 169.254.20.10/32 dev nodelocaldns
	BATCH
	nodelocal_rules | on node iptables-restore -n
	dns_server node 169.254.20.10 --server=10.100.0.11 --cache-size=0
	start_recording any
	connect_to netshoot www.example.com. http://www.example.com./ 169.254.20.10
	connect_to echo-b other.example.net. http://other.example.net./ 169.254.20.10
	connect_to web-0 - http://172.217.175.36/
	fails ask netshoot 169.254.20.10 nowhere.cluster.local >/dev/null
	stop_recording
}

# cmd/node-cache/app/cache_app.go of kubernetes/dns; the interface stays down there too.
nodelocal_rules() {
	cat <<-'RULES'
		*raw
		-A PREROUTING -d 169.254.20.10/32 -p udp -m udp --dport 53 -m comment --comment "NodeLocal DNS Cache: skip conntrack" -j NOTRACK
		-A PREROUTING -d 169.254.20.10/32 -p tcp -m tcp --dport 53 -m comment --comment "NodeLocal DNS Cache: skip conntrack" -j NOTRACK
		-A OUTPUT -s 169.254.20.10/32 -p udp -m udp --sport 53 -m comment --comment "NodeLocal DNS Cache: skip conntrack" -j NOTRACK
		-A OUTPUT -s 169.254.20.10/32 -p tcp -m tcp --sport 53 -m comment --comment "NodeLocal DNS Cache: skip conntrack" -j NOTRACK
		COMMIT
		*filter
		-A INPUT -d 169.254.20.10/32 -p udp -m udp --dport 53 -m comment --comment "NodeLocal DNS Cache: allow DNS traffic" -j ACCEPT
		-A INPUT -d 169.254.20.10/32 -p tcp -m tcp --dport 53 -m comment --comment "NodeLocal DNS Cache: allow DNS traffic" -j ACCEPT
		-A OUTPUT -s 169.254.20.10/32 -p udp -m udp --sport 53 -m comment --comment "NodeLocal DNS Cache: allow DNS traffic" -j ACCEPT
		-A OUTPUT -s 169.254.20.10/32 -p tcp -m tcp --sport 53 -m comment --comment "NodeLocal DNS Cache: allow DNS traffic" -j ACCEPT
		COMMIT
	RULES
}
