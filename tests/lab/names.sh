# SPDX-License-Identifier: GPL-2.0-or-later
# Names and numbers that EKS computes, computed here the same way.

# Host veth: "eni" + first 11 hex digits of sha1("namespace.pod")
# (amazon-vpc-cni-k8s pkg/networkutils/names.go).  default web-0 is eni0d7763386da.
host_veth() {
	local sum
	sum=$(printf %s "$1.$2" | sha1sum)
	echo "eni${sum:0:11}"
}

# 16 characters of base32(sha256(text)), as kube-proxy names its chains
# (kubernetes pkg/proxy/iptables/proxier.go).  "default/web:httptcp" is CDGGSHYLG3RE2FKL.
chain_hash() {
	printf %s "$1" | sha256sum | cut -c1-64 | sed 's/../\\x&/g' |
		{ read -r hex; printf %b "$hex"; } | base32 | cut -c1-16
}

# EC2 gives its interfaces unicast addresses with the local bit (0x02) set.
# Fixed per name, so that two recordings of a case differ in little.
mac_of() {
	local sum
	sum=$(printf %s "$1" | sha1sum)
	echo "0a:${sum:0:2}:${sum:2:2}:${sum:4:2}:${sum:6:2}:${sum:8:2}"
}

# An id in the style of EC2 and of container runtimes: eni_id eth0, container_id default.web-0
eni_id() {
	local sum
	sum=$(printf %s "$1" | sha1sum)
	echo "eni-0${sum:0:16}"
}

container_id() {
	local sum
	sum=$(printf %s "$1" | sha256sum)
	echo "${sum:0:64}"
}

node_name() {
	echo "ip-${1//[.:]/-}.ap-northeast-2.compute.internal"
}

# The subnets of the scenarios: .1 in zone a, .2 in zone b, .3 in zone c.
zone_of() {
	case $1 in
	192.168.1.*) echo ap-northeast-2a ;;
	192.168.2.* | 2001:db8:2:*) echo ap-northeast-2b ;;
	*) echo ap-northeast-2c ;;
	esac
}
