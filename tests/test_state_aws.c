/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_state_aws.c - ipamd's documents: ENIs in three generations, allocations,
 * settings.
 */
#include "tests/read_text.h"

#define FREE_KEY	"\"IPAMKey\":{\"networkName\":\"\",\"containerID\":\"\",\"ifName\":\"\"}"
#define USED_KEY	"\"IPAMKey\":{\"networkName\":\"aws-cni\",\"containerID\":\"\",\"ifName\":\"\"}"
#define NEVER		"\"0001-01-01T00:00:00Z\""

/* v1.20 and later: a map by network card; here with prefixes, IPv6 and EFA. */
static const char cards[] =
"{\"0\":{\"TotalIPs\":18,\"AssignedIPs\":1,\"ENIs\":{\"eni-0a\":{\"ID\":\"eni-0a\","
"\"IsPrimary\":true,\"IsTrunk\":false,\"IsEFA\":false,\"DeviceNumber\":0,"
"\"AvailableIPv4Cidrs\":{"
"\"10.0.0.16/28\":{\"Cidr\":{\"IP\":\"10.0.0.16\",\"Mask\":\"////8A==\"},"
"\"IPAddresses\":{\"10.0.0.17\":{\"Address\":\"10.0.0.17\"," USED_KEY ","
"\"IPAMMetadata\":{\"k8sPodNamespace\":\"default\",\"k8sPodName\":\"web-0\","
"\"interfacesCount\":1},\"AssignedTime\":\"2026-08-01T10:00:00.1Z\","
"\"UnassignedTime\":" NEVER "},"
"\"10.0.0.18\":{\"Address\":\"10.0.0.18\"," FREE_KEY ",\"IPAMMetadata\":{},"
"\"AssignedTime\":" NEVER ",\"UnassignedTime\":" NEVER "}},"
"\"IsPrefix\":true,\"AddressFamily\":\"\"},"
"\"10.0.0.9/32\":{\"Cidr\":{\"IP\":\"10.0.0.9\",\"Mask\":\"/////w==\"},"
"\"IPAddresses\":{},\"IsPrefix\":false,\"AddressFamily\":\"\"}},"
"\"IPv6Cidrs\":{\"2001:db8:1:2::/80\":{\"Cidr\":{\"IP\":\"2001:db8:1:2::\","
"\"Mask\":\"////////////////////AAAAAAAA\"},\"IPAddresses\":{\"2001:db8:1:2::7\":{"
"\"Address\":\"2001:db8:1:2::7\"," USED_KEY ",\"IPAMMetadata\":{\"k8sPodNamespace\":"
"\"kube-system\",\"k8sPodName\":\"dns\",\"interfacesCount\":1},\"AssignedTime\":"
"\"2026-08-01T12:00:00+02:00\",\"UnassignedTime\":" NEVER "}},\"IsPrefix\":true,"
"\"AddressFamily\":\"\"}},\"IsExcludedForPodIPs\":false,\"RouteTableID\":254,"
"\"SubnetID\":\"subnet-0a\"}}},"
"\"1\":{\"TotalIPs\":0,\"AssignedIPs\":0,\"ENIs\":{\"eni-1b\":{\"ID\":\"eni-1b\","
"\"IsPrimary\":false,\"IsTrunk\":true,\"IsEFA\":true,\"DeviceNumber\":1,"
"\"AvailableIPv4Cidrs\":{},\"IPv6Cidrs\":{},\"IsExcludedForPodIPs\":true,"
"\"RouteTableID\":10101,\"SubnetID\":\"\"}}}}";

static const struct eni_addr *
eni_addr(const struct state *s, const char *prefix, bool is_prefix)
{
	char text[PREFIX_TEXT_MAX];

	for (uint32_t i = 0; i < s->eni_addrs.n; i++) {
		prefix_format(&s->eni_addrs.v[i].prefix, text);
		if (strcmp(text, prefix) == 0 &&
		    s->eni_addrs.v[i].is_prefix == is_prefix)
			return &s->eni_addrs.v[i];
	}
	fail_msg("no %s", prefix);
	return NULL;
}

static void
by_network_card(void **state)
{
	struct state *s = state_new();
	const struct eni_fact *e;
	const struct eni_addr *a;

	(void)state;
	read_well(s, read_enis, cards);
	assert_true(state_has(s, PART_ENIS));
	assert_int_equal(s->enis.n, 2);
	e = &s->enis.v[0];
	assert_string_equal(e->id, "eni-0a");
	assert_true(e->primary && !e->trunk && !e->efa && !e->excluded);
	assert_int_equal(e->card, 0);
	assert_int_equal(e->device, 0);
	assert_int_equal(e->table, 254);
	assert_string_equal(e->subnet, "subnet-0a");
	e = &s->enis.v[1];
	assert_true(!e->primary && e->trunk && e->efa && e->excluded);
	assert_int_equal(e->card, 1);
	assert_int_equal(e->device, 1);
	assert_int_equal(e->table, 10101);
	assert_null(e->subnet);

	assert_int_equal(s->eni_addrs.n, 6);
	a = eni_addr(s, "10.0.0.16/28", true);
	assert_false(a->in_prefix || a->assigned);
	a = eni_addr(s, "10.0.0.17", false);
	assert_true(a->in_prefix && a->assigned);
	assert_string_equal(a->ns, "default");
	assert_string_equal(a->name, "web-0");
	a = eni_addr(s, "10.0.0.18", false);
	assert_true(a->in_prefix && !a->assigned && a->name == NULL);
	a = eni_addr(s, "10.0.0.9", false);
	assert_true(!a->in_prefix && !a->assigned);
	a = eni_addr(s, "2001:db8:1:2::/80", true);
	assert_int_equal(a->eni, 0);
	assert_true(eni_addr(s, "2001:db8:1:2::7", false)->assigned);
	state_free(s);
}

static void
pods_of_enis(void **state)
{
	struct state *s = state_new();

	(void)state;
	read_well(s, read_enis, cards);
	assert_int_equal(s->pods.n, 2);
	assert_string_equal(s->pods.v[0].name, "web-0");
	assert_int_equal(s->pods.v[0].sources, POD_ENIS);
	assert_addr(&s->pods.v[0].addrs[0], "10.0.0.17");
	assert_int_equal(s->pods.v[0].allocated.ns, 1785578400100000000);
	/* the same moment but for the fraction, in another zone */
	assert_int_equal(s->pods.v[1].allocated.ns, 1785578400000000000);
	assert_null(s->pods.v[0].container_id);
	state_free(s);
}

/* One object, ranges with IPv4Addresses (1.9), and before with no ranges. */
static void
one_object(void **state)
{
	static const char v1_9[] =
	    "{\"TotalIPs\":1,\"AssignedIPs\":1,\"ENIs\":{\"eni-2\":{\"ID\":\"eni-2\","
	    "\"IsPrimary\":false,\"IsTrunk\":false,\"IsEFA\":false,\"DeviceNumber\":1,"
	    "\"AvailableIPv4Cidrs\":{\"10.0.0.21/32\":{\"Cidr\":{\"IP\":\"10.0.0.21\","
	    "\"Mask\":\"/////w==\"},\"IPv4Addresses\":{\"10.0.0.21\":{\"IPAMKey\":{"
	    "\"networkName\":\"aws-cni\",\"containerID\":\"5ab\",\"ifName\":\"eth0\"},"
	    "\"Address\":\"10.0.0.21\",\"UnassignedTime\":" NEVER "}},"
	    "\"IsPrefix\":false}}}}}";
	static const char v1_7[] =
	    "{\"TotalIPs\":2,\"AssignedIPs\":1,\"ENIs\":{\"eni-3\":{\"ID\":\"eni-3\","
	    "\"IsPrimary\":true,\"DeviceNumber\":0,\"IPv4Addresses\":{\"10.0.0.31\":{"
	    "\"IPAMKey\":{\"networkName\":\"_migrated-from-cri\",\"containerID\":\"9\","
	    "\"ifName\":\"unknown\"},\"Address\":\"10.0.0.31\",\"UnassignedTime\":"
	    NEVER "},\"10.0.0.32\":{" FREE_KEY ",\"Address\":\"10.0.0.32\","
	    "\"UnassignedTime\":" NEVER "}}}}}";
	struct state *s = state_new();

	(void)state;
	read_well(s, read_enis, v1_9);
	read_well(s, read_enis, v1_7);
	assert_int_equal(s->enis.n, 2);
	assert_int_equal(s->enis.v[0].card, 0);
	assert_int_equal(s->enis.v[0].table, 0);
	assert_true(eni_addr(s, "10.0.0.21", false)->assigned);
	assert_true(eni_addr(s, "10.0.0.31", false)->assigned);
	assert_false(eni_addr(s, "10.0.0.32", false)->assigned);
	assert_int_equal(s->eni_addrs.n, 3);
	assert_int_equal(s->pods.n, 2);
	assert_null(s->pods.v[0].name);
	assert_string_equal(s->pods.v[0].container_id, "5ab");
	state_free(s);
}

/* docs/troubleshooting.md of the CNI, and the first releases, whose addresses
   had no name for themselves. */
static void
before_1_7(void **state)
{
	static const char doc[] =
	    "{\"TotalIPs\":2,\"AssignedIPs\":1,\"ENIIPPools\":{\"eni-4\":{"
	    "\"IsPrimary\":true,\"DeviceNumber\":0,\"AssignedIPv4Addresses\":1,"
	    "\"IPv4Addresses\":{\"192.168.1.1\":{\"Assigned\":true},"
	    "\"192.168.1.2\":{\"Address\":\"192.168.1.2\",\"Assigned\":false}}}},"
	    "\"PodIPs\":{\"web-0_default_5abc\":{\"IP\":\"192.168.1.1\","
	    "\"DeviceNumber\":0}}}";
	struct state *s = state_new();

	(void)state;
	read_well(s, read_enis, doc);
	assert_string_equal(s->enis.v[0].id, "eni-4");
	assert_true(eni_addr(s, "192.168.1.1", false)->assigned);
	assert_false(eni_addr(s, "192.168.1.2", false)->assigned);
	assert_true(s->pods.n >= 1);
	assert_string_equal(s->pods.v[s->pods.n - 1].name, "web-0");
	assert_string_equal(s->pods.v[s->pods.n - 1].ns, "default");
	state_free(s);
}

static void
allocations(void **state)
{
	static const char doc[] =
	    "{\"version\":\"vpc-cni-ipam/1\",\"allocations\":["
	    "{\"networkName\":\"aws-cni\",\"containerID\":\"aa\",\"ifName\":\"eth0\","
	    "\"ipv4\":\"10.0.0.21\",\"allocationTimestamp\":1785500000000000000,"
	    "\"metadata\":{\"k8sPodNamespace\":\"default\",\"k8sPodName\":\"web-0\","
	    "\"interfacesCount\":2}},"
	    "{\"networkName\":\"aws-cni\",\"containerID\":\"aa\",\"ifName\":\"eth0\","
	    "\"ipv4\":\"10.0.0.99\",\"allocationTimestamp\":1785500000000000000,"
	    "\"metadata\":{\"k8sPodNamespace\":\"default\",\"k8sPodName\":\"web-0\"}},"
	    "{\"networkName\":\"_migrated-from-cri\",\"containerID\":\"bb\","
	    "\"ifName\":\"unknown\",\"ipv4\":\"10.0.0.22\"},"
	    "{\"networkName\":\"aws-cni\",\"containerID\":\"cc\",\"ifName\":\"eth0\","
	    "\"ipv6\":\"2001:db8::5\",\"allocationTimestamp\":-6795364578871345152,"
	    "\"metadata\":{\"k8sPodNamespace\":\"x\",\"k8sPodName\":\"y\"}}]}";
	struct state *s = state_new();

	(void)state;
	read_well(s, read_ipam, doc);
	assert_true(state_has(s, PART_IPAM));
	assert_int_equal(s->pods.n, 3);
	assert_int_equal(s->pods.v[0].n_addrs, 2);
	assert_addr(&s->pods.v[0].addrs[1], "10.0.0.99");
	assert_string_equal(s->pods.v[0].container_id, "aa");
	assert_int_equal(s->pods.v[0].allocated.ns, 1785500000000000000);
	assert_null(s->pods.v[1].name);
	assert_addr(&s->pods.v[1].addrs[0], "10.0.0.22");
	assert_addr(&s->pods.v[2].addrs[0], "2001:db8::5");
	assert_int_equal(s->pods.v[2].allocated.ns, 0);
	assert_int_equal(s->pods.v[2].sources, POD_IPAM);
	state_free(s);

	s = state_new();
	read_well(s, read_ipam, "{\"version\":\"vpc-cni-ipam/1\",\"allocations\":null}");
	assert_true(state_has(s, PART_IPAM));
	state_free(s);
}

static void
settings(void **state)
{
	struct state *s = state_new();
	const struct cni_settings *c = &s->cni;

	(void)state;
	read_well(s, read_cni_settings, "{\"AWS_EXTERNAL_SERVICE_CIDRS\":[\"10.9.0.0/16\"],"
	    "\"AWS_VPC_CNI_NODE_PORT_SUPPORT\":true,\"AWS_VPC_ENI_MTU\":9001,"
	    "\"AWS_VPC_K8S_CNI_CONNMARK\":128,\"AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS\":"
	    "[\"172.31.0.0/16\",\"0.0.0.0/0\"],\"AWS_VPC_K8S_CNI_EXTERNALSNAT\":false,"
	    "\"AWS_VPC_K8S_CNI_RANDOMIZESNAT\":2,\"AWS_VPC_K8S_CNI_VETHPREFIX\":\"eni\"}");
	assert_true(state_has(s, PART_CNI_SETTINGS));
	assert_int_equal(c->external_snat, 0);
	assert_int_equal(c->node_port_support, 1);
	assert_int_equal(c->randomize_snat, 2);
	assert_true(c->has_connmark);
	assert_int_equal(c->connmark, 128);
	assert_int_equal(c->mtu, 9001);
	assert_string_equal(c->veth_prefix, "eni");
	assert_int_equal(c->excluded.n, 2);
	assert_prefix(&c->excluded.v[1], "0.0.0.0/0");
	assert_int_equal(c->external_services.n, 1);
	assert_int_equal(c->custom_networking, -1);
	assert_int_equal(c->pod_eni_strict, -1);

	read_well(s, read_ipamd_settings, "{\"AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG\":true,"
	    "\"WARM_ENI_TARGET\":1,\"WARM_IP_TARGET\":-1}");
	assert_int_equal(c->custom_networking, 1);
	assert_int_equal(c->prefix_delegation, -1);

	read_well(s, read_conflist, "{\"cniVersion\":\"0.4.0\",\"name\":\"aws-cni\","
	    "\"plugins\":[{\"name\":\"aws-cni\",\"type\":\"aws-cni\",\"vethPrefix\":"
	    "\"eni\",\"mtu\":\"9001\",\"podSGEnforcingMode\":\"strict\"},"
	    "{\"type\":\"portmap\"}]}");
	assert_int_equal(c->pod_eni_strict, 1);
	state_free(s);

	/* what the entry point did not fill in says nothing */
	s = state_new();
	read_well(s, read_conflist, "{\"plugins\":[{\"type\":\"aws-cni\",\"vethPrefix\":"
	    "\"__VETHPREFIX__\",\"podSGEnforcingMode\":\"__PODSGENFORCINGMODE__\"}]}");
	assert_int_equal(s->cni.pod_eni_strict, -1);
	assert_null(s->cni.veth_prefix);
	state_free(s);
}

/* ipamd's answer to a path that it does not know is no news. */
static void
help_is_ignored(void **state)
{
	static const char help[] = "{\"AvailableCommands\":[\"/v1/enis\"]}";
	static reader_fn *const readers[] = { read_enis, read_cni_settings,
	    read_ipamd_settings, read_kubectl_json };

	(void)state;
	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++) {
		struct state *s = state_new();

		read_well(s, readers[i], help);
		assert_int_equal(s->parts, 0);
		state_free(s);
	}
}

static void
wrong_is_named(void **state)
{
	(void)state;
	says(read_enis, "", "file: empty");
	says(read_enis, "{\"0\":\n{\"ENIs\":", "file:2: not valid JSON (column");
	says(read_enis, "[1,2]", "no \"ENIs\"");
	says(read_enis, "{\"ENIs\":[]}", "ENIs: an object is expected, not a list");
	says(read_enis, "{\"0\":{\"ENIs\":{\"eni-1\":7}}}",
	    "0.ENIs.eni-1: an object is expected, not a number");
	says(read_enis, "{\"ENIs\":{\"eni-1\":{\"DeviceNumber\":\"1\"}}}",
	    "ENIs.eni-1.DeviceNumber: a number is expected, not a text");
	says(read_enis, "{\"ENIs\":{\"eni-1\":{\"DeviceNumber\":-1}}}",
	    "ENIs.eni-1.DeviceNumber: -1 is not a number from 0 to");
	says(read_enis, "{\"ENIs\":{\"eni-1\":{\"IsPrimary\":\"yes\"}}}",
	    "IsPrimary: true or false is expected");
	says(read_enis, "{\"ENIs\":{\"eni-1\":{\"AvailableIPv4Cidrs\":{\"10.0.0/28\":{}}}}}",
	    "'10.0.0/28' is not ADDRESS/LENGTH");
	says(read_enis, "{\"ENIs\":{\"eni-1\":{\"IPv4Addresses\":{\"x\":{}}}}}",
	    "'x' is not an IP address");
	says(read_enis, "{\"0\":{\"ENIs\":{\"eni-1\":{}}},\"1\":{\"ENIs\":{\"eni-1\":{}}}}",
	    "eni-1 is listed a second time");
	says(read_enis, "{\"ENIs\":{},\"ENIs\":{}}", "duplicate object key");
	says(read_enis, "{\"ENIs\":{\"e\":{\"RouteTableID\":99999999999999999999999}}}",
	    "too big integer");
	says(read_enis, "{\"ENIs\":{\"e\":{\"ID\":\"\xff\"}}}", "file:1: not valid JSON");
	says(read_ipam, "{\"allocations\":[{},3]}",
	    "allocations[1]: an object is expected, not a number");
	says(read_ipam, "{\"allocations\":[{\"ipv4\":\"10.0.0.300\"}]}",
	    "allocations[0].ipv4: '10.0.0.300' is not an IP address");
	says(read_ipam, "{\"version\":\"vpc-cni-ipam/2\",\"allocations\":[]}",
	    "version 'vpc-cni-ipam/2'");
	says(read_cni_settings, "{\"AWS_VPC_K8S_CNI_EXTERNALSNAT\":3}",
	    "true or false is expected, not a number");
	says(read_cni_settings, "{\"AWS_VPC_K8S_CNI_CONNMARK\":1,"
	    "\"AWS_EXTERNAL_SERVICE_CIDRS\":[5]}",
	    "AWS_EXTERNAL_SERVICE_CIDRS[0]: a text is expected");
	says(read_conflist, "{\"plugins\":[{\"type\":\"aws-cni\","
	    "\"podSGEnforcingMode\":\"lax\"}]}", "'lax' is neither");
}

/* What was good beside what was wrong is kept. */
static void
good_is_kept(void **state)
{
	struct state *s = state_new();
	struct said said;

	(void)state;
	read_text(s, read_enis, "{\"ENIs\":{\"eni-1\":5,\"eni-2\":{\"DeviceNumber\":2,"
	    "\"SubnetID\":[],\"RouteTableID\":99999999999999999999}}}", &said);
	assert_int_equal(s->enis.n, 1);
	assert_int_equal(s->enis.v[0].device, 2);
	assert_null(s->enis.v[0].subnet);
	assert_int_equal(s->enis.v[0].table, 0);
	assert_int_equal(said.n, 4);
	state_free(s);
}

static void
deep_nesting(void **state)
{
	size_t n = 100000;
	char *text = malloc(2 * n + 1);

	(void)state;
	assert_non_null(text);
	memset(text, '[', n);
	memset(text + n, ']', n);
	text[2 * n] = '\0';
	says(read_enis, text, "maximum parsing depth");
	says(read_kubectl_json, text, "maximum parsing depth");
	says(read_own, text, "an object is expected");
	text[0] = '{';
	memcpy(text + 1, "\"x\":", 4);
	says(read_own, text, "deep");
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_network_card),
		cmocka_unit_test(pods_of_enis),
		cmocka_unit_test(one_object),
		cmocka_unit_test(before_1_7),
		cmocka_unit_test(allocations),
		cmocka_unit_test(settings),
		cmocka_unit_test(help_is_ignored),
		cmocka_unit_test(wrong_is_named),
		cmocka_unit_test(good_is_kept),
		cmocka_unit_test(deep_nesting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
