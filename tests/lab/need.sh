# SPDX-License-Identifier: GPL-2.0-or-later
# What the lab needs; a missing piece means "skipped", not "failed".

skip() {
	echo "skipped: $*" >&2
	exit 77
}

need_programs() {
	local program
	for program in ip tc ss iptables-restore ip6tables-restore nft conntrack tcpdump ping curl \
		haproxy iperf3 dnsmasq dig socat busybox ethtool ifconfig openssl sysctl nsenter \
		unshare base32; do
		command -v "$program" >/dev/null || skip "no program $program (see tests/lab/PACKAGES)"
	done
	[[ $(busybox --list) == *httpd* ]] || skip "busybox without httpd"
}

# Tries what some kernels and containers lack, in two namespaces of its own.
need_kernel() {
	local why
	why=$(ip netns add "$(ns probe)" 2>&1) || skip "cannot make network namespaces: $why"
	# In a chroot whose root is no mount point, for one, ip cannot enter them.
	why=$(ip -n "$(ns probe)" link show lo 2>&1) || skip "cannot enter network namespaces: $why"
	ip -n "$(ns probe)" link add probe0 type veth peer name probe1 2>/dev/null || skip "no veth"
	ip -n "$(ns probe)" link add probe2 type vxlan id 1 dstport 4789 local 127.0.0.1 2>/dev/null ||
		skip "no VXLAN"
	ip -n "$(ns probe)" link add probe3 type bridge 2>/dev/null || skip "no bridge"
	on probe tc qdisc add dev probe0 clsact 2>/dev/null || skip "no tc clsact"
	on probe tc filter add dev probe0 ingress bpf da bytecode '1,6 0 0 2' 2>/dev/null ||
		skip "no tc BPF classifier"
	on probe nft add table ip probe 2>/dev/null || skip "no nftables"
	probe_iptables || skip "iptables lacks what EKS uses (nat, connmark, addrtype, statistic, TTL)"
	on probe conntrack -L >/dev/null 2>&1 || skip "no conntrack over netlink"
	on probe sysctl -qw net.netfilter.nf_conntrack_acct=1 2>/dev/null || skip "no conntrack accounting"
	ip netns del "$(ns probe)"
}

probe_iptables() {
	on probe iptables-restore 2>/dev/null <<-'RULES'
		*nat
		-A POSTROUTING -m addrtype ! --dst-type LOCAL -j SNAT --to-source 192.0.2.1 --random-fully
		-A PREROUTING -m statistic --mode random --probability 0.5 -j RETURN
		COMMIT
		*mangle
		-A PREROUTING -j CONNMARK --restore-mark --mask 0x80
		-A PREROUTING -j TTL --ttl-inc 1
		COMMIT
	RULES
}

need_all() {
	((EUID == 0)) || skip "needs root"
	need_programs
	need_kernel
}
