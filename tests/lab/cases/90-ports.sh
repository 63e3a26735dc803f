# SPDX-License-Identifier: GPL-2.0-or-later
# Translated ports: one used by several pods, and too few of them.

# snat_ports RANGE: of the CNI's SNAT rule, for TCP.
snat_ports() {
	on node iptables -t nat -I AWS-SNAT-CHAIN-0 2 ! -o vlan+ -p tcp -m comment --comment "AWS, SNAT" \
		-m addrtype ! --dst-type LOCAL -j SNAT --to-source "$NODE_IP:$1" --random-fully
}

# let_go PID NS ADDRESS
let_go() {
	touch "$WORK/$2-$3-go"
	wait "$1"
	grep -q internet "$WORK/hold-$2-$3.log"
}

a_case who-port-reuse 'SNAT has one port, 40000: netshoot and then echo-b have it towards the same destination, and then both at the same time towards two; then echo-b, netshoot again'
case_who_port_reuse() {
	local one two
	build_node
	internet_services
	snat_ports 40000-40000
	start_recording any
	for pod in netshoot echo-b; do
		get "$pod" http://172.217.175.36/ >/dev/null
		on node conntrack -D -p tcp --orig-src "$(address_of "$pod")" >/dev/null 2>&1
	done
	sleep 1
	hold netshoot 172.217.175.36 80
	one=$spawned
	hold echo-b 15.165.80.13 443
	two=$spawned
	let_go "$one" netshoot 172.217.175.36
	let_go "$two" echo-b 15.165.80.13
	on node conntrack -D -p tcp >/dev/null 2>&1
	sleep 1
	for pod in echo-b netshoot; do
		get "$pod" http://172.217.175.36/ >/dev/null
		on node conntrack -D -p tcp --orig-src "$(address_of "$pod")" >/dev/null 2>&1
		sleep 1
	done
	stop_recording
}

a_case snat-ports-full 'D15: SNAT has two ports, 40000 and 40001, both held towards 172.217.175.36:80 by netshoot and echo-b: the SYN of web-0 is dropped (insert_failed); towards 15.165.80.13:443 it works'
case_snat_ports_full() {
	local one two
	build_node
	internet_services
	snat_ports 40000-40001
	start_recording any
	hold netshoot 172.217.175.36 80
	one=$spawned
	hold echo-b 172.217.175.36 80
	two=$spawned
	hangs web-0 http://172.217.175.36/
	get web-0 http://15.165.80.13:443/ >/dev/null
	let_go "$one" netshoot 172.217.175.36
	let_go "$two" echo-b 172.217.175.36
	stop_recording
}
