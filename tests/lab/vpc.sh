# SPDX-License-Identifier: GPL-2.0-or-later
# The VPC: one namespace that knows which address lives on which ENI, as EC2 does.
#
# - It delivers by address, not by subnet: a host route and a permanent neighbour each.
# - It answers ARP for every address that lives on another interface (proxy_arp).
# - It does not lower the TTL: a pod on another node is seen with TTL 62.
# - Source/destination check: a packet whose source does not live on the ENI that it came
#   from is dropped and counted.
# - Internet gateway: only an address with a public one attached gets through.

VPC_GATEWAYS="192.168.1.1 192.168.2.1 192.168.3.1"
GATEWAY6=fe80:ec2::1

build_vpc() {
	local address
	new_namespace vpc net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 \
		net.ipv4.conf.default.rp_filter=0 net.ipv4.conf.all.send_redirects=0 \
		net.ipv4.conf.default.send_redirects=0 net.ipv4.conf.default.proxy_arp=1 \
		net.ipv6.conf.all.forwarding=1
	batch vpc <<-BATCH
		$(for address in $VPC_GATEWAYS; do echo "address add $address/32 dev lo"; done)
		route add blackhole 192.168.0.0/16
	BATCH
	on vpc iptables -t mangle -A PREROUTING -j TTL --ttl-inc 1
	on vpc ip6tables -t mangle -A PREROUTING -j HL --hl-inc 1
	on vpc nft -f - <<-'RULES'
		table ip ec2 {
			set checked { type ifname; }
			set lives-on { type ifname . ipv4_addr; }
			set public { type ipv4_addr; }
			counter source-check { }
			counter no-public-address { }
			chain from-eni {
				type filter hook prerouting priority raw;
				iifname @checked iifname . ip saddr != @lives-on counter name source-check drop
			}
			chain internet-gateway {
				type filter hook forward priority filter;
				oifname internet ip saddr != @public counter name no-public-address drop
			}
		}
	RULES
}

# join_vpc NS INTERFACE VPC-INTERFACE MTU: a cable, without any address yet.
join_vpc() {
	batch vpc <<-BATCH
		link add $3 mtu $4 address $(mac_of "vpc.$3") type veth peer name $2 mtu $4 address $(mac_of "$1.$2") netns $(ns "$1")
		link set $3 up
	BATCH
	on vpc sysctl -qw "net.ipv4.neigh.$3.proxy_delay=0"
}

# lives_on VPC-INTERFACE MAC ADDRESS...
lives_on() {
	local port=$1 mac=$2 address
	for address in "${@:3}"; do
		echo "route add $address dev $port"
		echo "neighbour replace $address lladdr $mac dev $port nud permanent"
	done | batch vpc
	for address in "${@:3}"; do
		case $address in
		*:*) ;;
		*) echo "add element ip ec2 lives-on { $port . $address }" ;;
		esac
	done | on vpc nft -f -
}

source_check() { on vpc nft add element ip ec2 checked "{ $1 }"; }

public_address() { on vpc nft add element ip ec2 public "{ $1 }"; }

# vpc_host NS VPC-INTERFACE ADDRESS...: something that is not an EKS node.
vpc_host() {
	local host=$1 port=$2 address
	shift 2
	new_namespace "$host"
	join_vpc "$host" eth0 "$port" 9001
	batch "$host" <<-BATCH
		$(for address in "$@"; do echo "address add $address/32 dev eth0"; done)
		link set eth0 up
		route add default dev eth0
	BATCH
	lives_on "$port" "$(mac_of "$host.eth0")" "$@"
}

# The internet: answers for these, and says nothing for any other address.
INTERNET="172.217.175.36 8.8.8.8 15.165.80.13"

build_internet() {
	local address
	new_namespace internet net.ipv4.ip_default_ttl=117
	join_vpc internet eth0 internet 1500
	batch internet <<-BATCH
		$(for address in $INTERNET; do echo "address add $address/32 dev eth0"; done)
		link set eth0 up
		route add 192.168.0.0/16 dev eth0
	BATCH
	batch vpc <<-BATCH
		neighbour add 100.64.0.1 lladdr $(mac_of internet.eth0) dev internet nud permanent
		route add default via 100.64.0.1 dev internet onlink
	BATCH
}

# What EC2 dropped; the truth for the cases with a wrong ENI or a missing SNAT.
vpc_drops() {
	on vpc nft list counters table ip ec2 | awk '
		$1 == "counter" { name = $2 }
		$1 == "packets" { print name, "packets", $2 }'
}
