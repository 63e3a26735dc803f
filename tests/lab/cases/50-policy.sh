# SPDX-License-Identifier: GPL-2.0-or-later
# What a denied flow looks like.  The VPC CNI's agent has two BPF programs on the host veth:
# ingress policy at tc egress, egress policy at tc ingress (pkg/ebpf/bpf_client.go).  Here
# is a program of the same place and verdict, TC_ACT_SHOT (2) for all but ARP; it keeps no
# state, so it also stops the answers of flows that began before.

# policy INTERFACE ingress|egress, in the words of a NetworkPolicy
deny_all() {
	local hook=egress
	[ "$2" = ingress ] || hook=ingress
	on node tc qdisc add dev "$1" clsact
	on node tc filter add dev "$1" "$hook" bpf da bytecode '4,40 0 0 12,21 0 1 2054,6 0 0 0,6 0 0 2'
}

a_case policy-ingress 'S9: ingress to web-2 denied (tc egress of its veth): SYN seen in on eth1 and on the other pod'\''s veth, never out; conntrack UNREPLIED. Flows to web-0 work'
case_policy_ingress() {
	build_node
	web_servers
	deny_all "$(veth_of web-2)" ingress
	start_recording any
	get netshoot http://192.168.3.105:8080/ >/dev/null
	hangs netshoot http://192.168.3.77:8080/
	hangs netshoot-2 http://192.168.3.77:8080/
	stop_recording
}

a_case policy-egress 'S9: egress of echo-b denied (tc ingress of its veth): SYN seen in on that veth and nowhere else, no conntrack entry. Flows of netshoot work'
case_policy_egress() {
	build_node
	internet_services
	web_servers
	deny_all "$(veth_of echo-b)" egress
	start_recording any
	get netshoot http://172.217.175.36/ >/dev/null
	hangs echo-b http://172.217.175.36/
	hangs echo-b http://192.168.3.105:8080/
	stop_recording
}

a_case policy-reply 'the answers of web-2 denied (tc ingress of its veth): request in and out, SYN-ACK in on the veth and nowhere else'
case_policy_reply() {
	build_node
	web_servers
	deny_all "$(veth_of web-2)" egress
	start_recording any
	hangs netshoot-2 http://192.168.3.77:8080/
	stop_recording
}
