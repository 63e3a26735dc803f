# SPDX-License-Identifier: GPL-2.0-or-later
# What the node says about itself, in files named as in the EKS log collector's bundle
# (awslabs/amazon-eks-ami, eks-log-collector.sh) and by ip -j, nft -j and kubectl.
# nft repeats what iptables-save says in five times the bytes, so it is only there in
# cases that say WITH_NFT.

dump_state() {
	on node ip rule show >"$OUT/iprule.txt"
	on node ip -6 rule show >"$OUT/ip6rule.txt"
	on node ip route show table all >"$OUT/iproute.txt"
	on node ip -6 route show table all >"$OUT/ip6route.txt"
	on node iptables-save >"$OUT/iptables-save.txt"
	on node ip6tables-save >"$OUT/ip6tables-save.txt"
	[ -z "${WITH_NFT-}" ] || on node nft -j list ruleset >"$OUT/nft-ruleset.json"
	on node ip -j address >"$OUT/ip-addr.json"
	on node ip -j -d link >"$OUT/ip-link.json"
	on node ip -j neighbour >"$OUT/ip-neigh.json"
	on node ifconfig >"$OUT/ifconfig.txt"
	dump_conntrack >"$OUT/conntrack.txt"
	dump_sysctls >"$OUT/sysctl_all.txt"
	vpc_drops >"$OUT/vpc-drops.txt"
	dump_documents
	find "$OUT" -name 'ip*' -size 0 -delete
}

dump_conntrack() {
	echo '*** Output of conntrack -S ***'
	on node conntrack -S
	echo
	echo '*** Output of conntrack -L ***'
	list_conntrack
	if ((!NO_IPV6)); then
		echo
		echo '*** Output of conntrack -L -f ipv6 ***'
		list_conntrack -f ipv6
	fi
}

# conntrack says how many on stderr, which is not to stand in the middle of a line.
list_conntrack() {
	on node conntrack -L "$@" 2>"$WORK/conntrack-count"
	cat "$WORK/conntrack-count"
}

dump_sysctls() {
	on node sysctl -a 2>/dev/null | grep -E \
		'^net\.(ipv4\.(ip_forward|ip_local_port_range|tcp_early_demux) |ipv[46]\.conf\.all\.forwarding |ipv4\.conf\..*\.rp_filter |netfilter\.nf_conntrack_(acct|buckets|count|events|max|timestamp|tcp_be_liberal|.*timeout_(established|close_wait|time_wait|syn_sent)|udp_timeout|udp_timeout_stream|icmp_timeout) )'
}
