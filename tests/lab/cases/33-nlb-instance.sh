# SPDX-License-Identifier: GPL-2.0-or-later
# A network load balancer with target type instance: to the node's NodePort.

# instance_traffic: four requests with the balancer's address, and four with the client's.
instance_traffic() {
	haproxy_balancer "$@"
	balanced_requests
	for _ in 1 2 3 4; do
		get client http://192.168.1.210:81/ >/dev/null
	done
}

a_case nlb-instance-local 'S7: NLB, target type instance, policy Local: the balancer as client, and 203.0.113.50 preserved, to NodePort 30080: DNAT only; HTTP health checks of healthCheckNodePort 32000, GET /healthz'
case_nlb_instance_local() {
	TARGETS=192.168.3.243:30080
	add_load_balancer svc-nlb 30080 Local "$WEB_ENDPOINTS" nlb-target-type=instance
	check_node_ports[default/svc-nlb]=32000
	BALANCER_CHECK='option httpchk
			http-check send meth GET uri /healthz hdr User-Agent ELB-HealthChecker/2.0'
	build_node
	web_servers
	build_balancer
	preserve_client 81 192.168.3.243:30080
	http_server node 32000
	echo '{"service":{"namespace":"default","name":"svc-nlb"},"localEndpoints":2}' >"$WORK/www-node/healthz"
	start_recording any
	instance_traffic port 32000
	until_ok 5 seen_connections 11
	stop_recording
}

a_case nlb-instance-cluster 'S7: NLB, target type instance, policy Cluster: the balancer as client, and 203.0.113.50 preserved, to NodePort 30080: DNAT to pods here and on the other node, and MASQUERADE; TCP health checks of the NodePort'
case_nlb_instance_cluster() {
	TARGETS=192.168.3.243:30080
	add_load_balancer svc-nlb 30080 Cluster "$WEB_ENDPOINTS" nlb-target-type=instance
	build_node
	web_servers
	build_balancer
	preserve_client 81 192.168.3.243:30080
	start_recording any
	instance_traffic
	until_ok 5 seen_connections 11
	stop_recording
}
