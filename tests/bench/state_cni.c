/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * state_cni.c - what ipamd of the VPC CNI keeps and tells: ipam.json
 * (pkg/ipamd/datastore/checkpoint.go), /v1/enis as of v1.20, by network card,
 * and /v1/networkutils-env-settings.
 */
#include "state.h"

static void
write_ipam(const struct node_state *s)
{
	FILE *f = dump_open(s, "ipam.json");
	uint32_t i;

	fputs("{\"version\":\"vpc-cni-ipam/1\",\"allocations\":[", f);
	for (i = 0; i < s->pods; i++) {
		struct prng r = { i ^ UINT64_C(0xc0ffee00000000) };
		struct pod_name n = pod_name(i);

		fprintf(f, "%s{\"networkName\":\"aws-cni\",\"containerID\":\"", i ? "," : "");
		for (int k = 0; k < 4; k++)
			fprintf(f, "%016llx", (unsigned long long)prng_next(&r));
		fprintf(f, "\",\"ifName\":\"eth0\",\"ipv4\":\"%s\","
		    "\"allocationTimestamp\":%lld,\"metadata\":{\"k8sPodNamespace\":"
		    "\"%s\",\"k8sPodName\":\"%s\",\"interfacesCount\":1}}",
		    ip_text(pod_ip(i)).s, (long long)(CAPTURE_START - (i + 60) * SEC),
		    n.ns, n.name);
	}
	fputs("]}\n", f);
	dump_close(f, "ipam.json");
}

static void
put_address(FILE *f, uint32_t ip, const struct pod_name *n)
{
	struct ip_text t = ip_text(ip);

	fprintf(f, "\"%s/32\":{\"Cidr\":{\"IP\":\"%s\",\"Mask\":\"/////w==\"},"
	    "\"IPAddresses\":{\"%s\":{\"Address\":\"%s\",\"IPAMKey\":{"
	    "\"networkName\":\"%s\",\"containerID\":\"\",\"ifName\":\"\"},", t.s, t.s,
	    t.s, t.s, n ? "aws-cni" : "");
	if (n != NULL)
		fprintf(f, "\"IPAMMetadata\":{\"k8sPodNamespace\":\"%s\","
		    "\"k8sPodName\":\"%s\",\"interfacesCount\":1},\"AssignedTime\":"
		    "\"2026-11-20T16:00:00Z\"", n->ns, n->name);
	else
		fputs("\"IPAMMetadata\":{},\"AssignedTime\":\"0001-01-01T00:00:00Z\"", f);
	fputs(",\"UnassignedTime\":\"0001-01-01T00:00:00Z\"}},\"IsPrefix\":false,"
	    "\"AddressFamily\":\"\"}", f);
}

/* Addresses that no pod has yet follow those of the pods. */
static void
put_eni(FILE *f, const struct node_state *s, uint32_t eni)
{
	uint32_t i;

	fprintf(f, "%s\"eni-0bench%011u\":{\"ID\":\"eni-0bench%011u\",\"IsPrimary\":"
	    "%s,\"IsTrunk\":false,\"IsEFA\":false,\"DeviceNumber\":%u,"
	    "\"AvailableIPv4Cidrs\":{", eni ? "," : "", eni, eni,
	    eni ? "false" : "true", eni);
	for (i = 0; i < ENI_PODS; i++) {
		uint32_t pod = eni * ENI_PODS + i;
		struct pod_name n = pod_name(pod);

		fputs(i ? "," : "", f);
		put_address(f, pod_ip(pod), pod < s->pods ? &n : NULL);
	}
	fprintf(f, "},\"IPv6Cidrs\":{},\"IsExcludedForPodIPs\":false,"
	    "\"RouteTableID\":%u,\"SubnetID\":\"subnet-0bench\"}",
	    eni ? eni + 1 : 254);
}

static void
write_enis(const struct node_state *s)
{
	FILE *f = dump_open(s, "enis.json");
	uint32_t i;

	fprintf(f, "{\"0\":{\"TotalIPs\":%u,\"AssignedIPs\":%u,\"ENIs\":{",
	    n_enis(s) * ENI_PODS, s->pods);
	for (i = 0; i < n_enis(s); i++)
		put_eni(f, s, i);
	fputs("}}}\n", f);
	dump_close(f, "enis.json");
}

void
write_cni(const struct node_state *s)
{
	FILE *f;

	write_ipam(s);
	write_enis(s);
	f = dump_open(s, "networkutils-env-settings.json");
	fputs("{\"AWS_EXTERNAL_SERVICE_CIDRS\":null,"
	    "\"AWS_VPC_CNI_NODE_PORT_SUPPORT\":true,\"AWS_VPC_ENI_MTU\":9001,"
	    "\"AWS_VPC_K8S_CNI_CONNMARK\":128,"
	    "\"AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS\":null,"
	    "\"AWS_VPC_K8S_CNI_EXTERNALSNAT\":false,"
	    "\"AWS_VPC_K8S_CNI_RANDOMIZESNAT\":2,"
	    "\"AWS_VPC_K8S_CNI_VETHPREFIX\":\"eni\"}\n", f);
	dump_close(f, "networkutils-env-settings.json");
}
