# SPDX-License-Identifier: GPL-2.0-or-later
# JSON documents of the VPC CNI and of kubectl, from the lab's own tables (pods, services).

# comma: joins lines into a JSON list body.
comma() { paste -sd, -; }

dump_documents() {
	[ -n "${NO_VPC_CNI-}" ] || dump_vpc_cni
	pods_json >"$OUT/pods.json"
	services_json >"$OUT/svc-endpointslices.json"
	nodes_json >"$OUT/nodes.json"
}

dump_vpc_cni() {
	ipam_json >"$OUT/ipam.json"
	enis_json >"$OUT/enis.json"
	settings_json >"$OUT/networkutils-env-settings.json"
}

# each_pod FUNCTION: calls it with NODE DEVICE NAMESPACE NAME ADDRESS.
each_pod() {
	local node device pod address
	while read -r node device pod address; do
		"$1" "$node" "$device" "${pod%/*}" "${pod#*/}" "$address"
	done < <(printf '%s\n' "${pods[@]}")
}

# /var/run/aws-node/ipam.json: one line; pods of this node alone (pkg/ipamd/datastore/checkpoint.go).
ipam_json() {
	echo "{\"version\":\"vpc-cni-ipam/1\",\"allocations\":[$(each_pod ipam_allocation | comma)]}"
}

ipam_allocation() {
	local family=ipv4
	[ "$1" = node ] || return 0
	[[ $5 != *:* ]] || family=ipv6
	printf '{"networkName":"aws-cni","containerID":"%s","ifName":"eth0","%s":"%s","allocationTimestamp":%s,"metadata":{"k8sPodNamespace":"%s","k8sPodName":"%s","interfacesCount":1}}\n' \
		"$(container_id "$3.$4")" "$family" "$5" "$born" "$3" "$4"
}

# /v1/enis of 1.20 and later: by network card.  Each ENI also has two free addresses.
enis_json() {
	local total assigned
	assigned=$(each_pod ipam_allocation | wc -l)
	total=$((assigned + 2 * ${#enis[@]}))
	printf '{"0":{"TotalIPs":%d,"AssignedIPs":%d,"ENIs":{%s}}}\n' "$total" "$assigned" \
		"$(for eni in "${!enis[@]}"; do eni_json "$eni"; done | comma)"
}

eni_json() {
	local device=$1 id table=254 primary=true v4='' v6=''
	id=$(eni_id "node.eth$device")
	((device == 0)) || { table=$((device + 1)); primary=false; }
	if ((NO_IPV6)); then
		v4=$({ each_pod "eni$device"_address; free_addresses "$device"; } | comma)
	else
		v6="\"$POD_PREFIX6\":{\"Cidr\":{\"IP\":\"${POD_PREFIX6%/*}\",\"Mask\":\"////////////////////AAAAAAAA\"},\"IPAddresses\":{$(each_pod prefix_address | comma)},\"IsPrefix\":true,\"AddressFamily\":\"\"}"
	fi
	printf '"%s":{"ID":"%s","IsPrimary":%s,"IsTrunk":false,"IsEFA":false,"DeviceNumber":%d,"AvailableIPv4Cidrs":{%s},"IPv6Cidrs":{%s},"IsExcludedForPodIPs":false,"RouteTableID":%d,"SubnetID":"subnet-0%s"}\n' \
		"$id" "$id" "$primary" "$device" "$v4" "$v6" "$table" "$(container_id "${enis[device]%.*}" | cut -c1-16)"
}

eni0_address() { [ "$1 $2" != "node 0" ] || cidr_json "$5" "$3" "$4"; }
eni1_address() { [ "$1 $2" != "node 1" ] || cidr_json "$5" "$3" "$4"; }
prefix_address() { [ "$1" != node ] || address_json "$5" "$3" "$4"; }

free_addresses() {
	local net=${enis[$1]%.*}
	cidr_json "$net.$((200 + 10 * $1))"
	cidr_json "$net.$((201 + 10 * $1))"
}

# cidr_json ADDRESS [NAMESPACE POD]
cidr_json() {
	printf '"%s/32":{"Cidr":{"IP":"%s","Mask":"/////w=="},"IPAddresses":{%s},"IsPrefix":false,"AddressFamily":""}\n' \
		"$1" "$1" "$(address_json "$@")"
}

address_json() {
	local network='' when=0001-01-01T00:00:00Z
	[ -z "${2-}" ] || { network=aws-cni when=$(date -u -d "@${born:0:10}" +%Y-%m-%dT%H:%M:%SZ); }
	printf '"%s":{"Address":"%s","IPAMKey":{"networkName":"%s","containerID":"","ifName":""},"IPAMMetadata":%s,"AssignedTime":"%s","UnassignedTime":"0001-01-01T00:00:00Z"}\n' \
		"$1" "$1" "$network" \
		"$([ -z "${2-}" ] && echo '{}' || echo "{\"k8sPodNamespace\":\"$2\",\"k8sPodName\":\"$3\",\"interfacesCount\":1}")" "$when"
}

# /v1/networkutils-env-settings; RANDOMIZESNAT 2 is prng, 0 is none.
settings_json() {
	printf '{"AWS_EXTERNAL_SERVICE_CIDRS":null,"AWS_VPC_CNI_NODE_PORT_SUPPORT":true,"AWS_VPC_ENI_MTU":%d,"AWS_VPC_K8S_CNI_CONNMARK":128,"AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS":%s,"AWS_VPC_K8S_CNI_EXTERNALSNAT":%s,"AWS_VPC_K8S_CNI_RANDOMIZESNAT":%d,"AWS_VPC_K8S_CNI_VETHPREFIX":"eni"}\n' \
		"$MTU" "${EXCLUDED:-null}" "${EXTERNAL_SNAT:-false}" "${RANDOMIZE_SNAT:-2}"
}

list_json() { printf '{"apiVersion":"v1","kind":"List","metadata":{"resourceVersion":""},"items":[%s]}\n' "$1"; }

# The pods of the table, and aws-node, which has the address of its node.
pods_json() {
	list_json "$({ each_pod pod_json; host_pod_json aws-node-7xk4m "$NODE_IP"; host_pod_json aws-node-t9c2p "$PEER_IP"; } | comma)"
}

pod_json() {
	local host=$NODE_IP
	[ "$1" = node ] || host=$PEER_IP
	printf '{"apiVersion":"v1","kind":"Pod","metadata":{"namespace":"%s","name":"%s"},"spec":{"nodeName":"%s","containers":[{"name":"main"}]},"status":{"phase":"Running","hostIP":"%s","podIP":"%s","podIPs":[{"ip":"%s"}]}}\n' \
		"$3" "$4" "$(node_name "$host")" "$host" "$5" "$5"
}

host_pod_json() {
	printf '{"apiVersion":"v1","kind":"Pod","metadata":{"namespace":"kube-system","name":"%s"},"spec":{"nodeName":"%s","hostNetwork":true,"containers":[{"name":"aws-node"}]},"status":{"phase":"Running","hostIP":"%s","podIP":"%s","podIPs":[{"ip":"%s"}]}}\n' \
		"$1" "$(node_name "$2")" "$2" "$2" "$2"
}

nodes_json() {
	list_json "$({ node_json "$NODE_IP"; node_json "$PEER_IP"; } | comma)"
}

node_json() {
	printf '{"apiVersion":"v1","kind":"Node","metadata":{"name":"%s","labels":{"node.kubernetes.io/instance-type":"t3.medium","topology.kubernetes.io/region":"ap-northeast-2","topology.kubernetes.io/zone":"%s"}},"spec":{"providerID":"aws:///%s/i-0%s"},"status":{"addresses":[{"type":"InternalIP","address":"%s"},{"type":"Hostname","address":"%s"}],"allocatable":{"pods":"17"},"capacity":{"pods":"17"}}}\n' \
		"$(node_name "$1")" "$(zone_of "$1")" "$(zone_of "$1")" "$(container_id "$1" | cut -c1-16)" "$1" "$(node_name "$1")"
}

services_json() {
	list_json "$({ service_names | while read -r name; do service_json "$name"; slice_json "$name"; done; } | comma)"
}

service_names() { printf '%s\n' "${services[@]}" | cut -d: -f1 | sed "/^$/d" | sort -u; }

# service_fields NAME FUNCTION: calls it with PORTNAME PROTOCOL CLUSTER-IP PORT NODEPORT POLICY
# ENDPOINTS for every port of that service.
service_fields() {
	local name proto clusterip port nodeport policy endpoints
	while read -r name proto clusterip port nodeport policy endpoints; do
		[ "${name%:*}" = "$1" ] || continue
		"$2" "${name#*:}" "${proto^^}" "$clusterip" "$port" "$nodeport" "$policy" "$endpoints"
	done < <(printf '%s\n' "${services[@]}")
}

service_json() {
	local kind=ClusterIP traffic='' status='' clusterip nodeport policy
	read -r clusterip nodeport policy < <(service_fields "$1" service_address)
	[ "$nodeport" = - ] || { kind=NodePort; traffic="\"externalTrafficPolicy\":\"$policy\","; }
	if [[ ${annotations[$1]-} == *aws-load-balancer* ]]; then
		kind=LoadBalancer
		traffic+="\"loadBalancerClass\":\"service.k8s.aws/nlb\","
		[ -z "${check_node_ports[$1]-}" ] || traffic+="\"healthCheckNodePort\":${check_node_ports[$1]},"
		status=",\"status\":{\"loadBalancer\":{\"ingress\":[{\"hostname\":\"$(balancer_name "$1")\"}]}}"
	fi
	printf '{"apiVersion":"v1","kind":"Service","metadata":{"namespace":"%s","name":"%s"%s},"spec":{"type":"%s",%s"internalTrafficPolicy":"Cluster","clusterIP":"%s","clusterIPs":["%s"],"ports":[%s]}%s}\n' \
		"${1%/*}" "${1#*/}" "$(annotations_json "$1")" "$kind" "$traffic" "$clusterip" "$clusterip" \
		"$(service_fields "$1" service_port | comma)" "$status"
}

annotations_json() {
	local key value
	[ -n "${annotations[$1]-}" ] || return 0
	printf ',"annotations":{%s}' \
		"$(while IFS='=' read -r key value; do echo "\"$key\":\"$value\""; done \
			<<<"${annotations[$1]}" | comma)"
}

# As the AWS Load Balancer Controller and EC2 name a balancer.
balancer_name() {
	local id
	id=$(container_id "$1")
	echo "k8s-${1%/*}-$(tr -d - <<<"${1#*/}")-${id:0:10}-${id:10:16}.elb.ap-northeast-2.amazonaws.com"
}

service_address() { echo "$3 $5 $6"; }

service_port() {
	local target=${7%%,*} nodeport=''
	[ "$5" = - ] || nodeport=",\"nodePort\":$5"
	printf '{"name":"%s","protocol":"%s","port":%d,"targetPort":%d%s}\n' "$1" "$2" "$4" "${target##*:}" "$nodeport"
}

slice_json() {
	local family=IPv4
	((NO_IPV6)) || family=IPv6
	printf '{"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice","metadata":{"namespace":"%s","name":"%s-x7k2p","labels":{"kubernetes.io/service-name":"%s"}},"addressType":"%s","endpoints":[%s],"ports":[%s]}\n' \
		"${1%/*}" "${1#*/}" "${1#*/}" "$family" "$(service_fields "$1" slice_endpoints | sort -u | comma)" "$(service_fields "$1" slice_port | comma)"
}

slice_port() {
	local target=${7%%,*}
	printf '{"name":"%s","protocol":"%s","port":%d}\n' "$1" "$2" "${target##*:}"
}

slice_endpoints() {
	local endpoint found
	for endpoint in ${7//,/ }; do
		wanted=$(tr -d '[]' <<<"${endpoint%:*}")
		found=$(each_pod slice_endpoint)
		echo "${found:-{\"addresses\":[\"$wanted\"],\"conditions\":{\"ready\":true\}\}}"
	done
}

slice_endpoint() {
	local host=$NODE_IP hints='' zone
	[ "$5" = "$wanted" ] || return 0
	[ "$1" = node ] || host=$PEER_IP
	zone=$(zone_of "$host")
	[ -z "${ZONE_HINTS-}" ] || hints=",\"hints\":{\"forZones\":[{\"name\":\"$zone\"}]}"
	printf '{"addresses":["%s"],"conditions":{"ready":true,"serving":true,"terminating":false},"nodeName":"%s","targetRef":{"kind":"Pod","namespace":"%s","name":"%s"},"zone":"%s"%s}\n' \
		"$5" "$(node_name "$host")" "$3" "$4" "$zone" "$hints"
}
