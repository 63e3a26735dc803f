/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * files.c - the files of node state by name, and JSON by its first names.
 *
 * The names are those of the EKS log collector (eks-log-collector.sh), and what
 * people call the output of the same commands.
 */
#include "capture/state/files.h"

#include <ctype.h>
#include <string.h>

#include "capture/state/text/iproute2.h"

#define IP_RULE		"the output of 'ip rule show'"
#define IP_ROUTE	"the output of 'ip route show table all'"
#define IP_ADDR		"the output of 'ip addr' or 'ip -j addr'"
#define IP_NEIGH	"the output of 'ip neigh'"
#define IPTABLES	"the output of 'iptables-save'"
#define CONNTRACK	"the output of 'conntrack -L'"
#define KUBECTL		"the output of 'kubectl get ... -o json'"
#define NFT		"the output of 'nft -j list ruleset'"
#define IPAMD		"the JSON that ipamd gives"
#define SS		"the output of 'ss -tunap'"

#define BOTH(text, expected)	text, read_ip_json, expected
#define TEXT(text, expected)	text, NULL, expected
#define JSON(json, expected)	NULL, json, expected

static const struct file_kind files[] = {
	{ "iprule",		"rules",	BOTH(read_ip_rule, IP_RULE) },
	{ "iprules",		"rules",	BOTH(read_ip_rule, IP_RULE) },
	{ "ip4rule",		"rules",	BOTH(read_ip_rule, IP_RULE) },
	{ "iprulelist",		"rules",	BOTH(read_ip_rule, IP_RULE) },
	{ "ipruleshow",		"rules",	BOTH(read_ip_rule, IP_RULE) },
	{ "ip6rule",		"rules6",	BOTH(read_ip6_rule, IP_RULE) },
	{ "ip6rules",		"rules6",	BOTH(read_ip6_rule, IP_RULE) },
	{ "ip6ruleshow",	"rules6",	BOTH(read_ip6_rule, IP_RULE) },

	{ "iproute",		"routes",	BOTH(read_ip_route, IP_ROUTE) },
	{ "iproutes",		"routes",	BOTH(read_ip_route, IP_ROUTE) },
	{ "ip4route",		"routes",	BOTH(read_ip_route, IP_ROUTE) },
	{ "iproutelist",	"routes",	BOTH(read_ip_route, IP_ROUTE) },
	{ "iprouteshow",	"routes",	BOTH(read_ip_route, IP_ROUTE) },
	{ "iproutetableall",	"routes",	BOTH(read_ip_route, IP_ROUTE) },
	{ "iprouteshowtableall", "routes",	BOTH(read_ip_route, IP_ROUTE) },
	{ "iproutetable*",	NULL,		BOTH(read_ip_route, IP_ROUTE) },
	{ "iprouteshowtable*",	NULL,		BOTH(read_ip_route, IP_ROUTE) },
	{ "ip6routetable*",	NULL,		BOTH(read_ip6_route, IP_ROUTE) },
	{ "ip6routeshowtable*",	NULL,		BOTH(read_ip6_route, IP_ROUTE) },
	{ "ip6route",		"routes6",	BOTH(read_ip6_route, IP_ROUTE) },
	{ "ip6routes",		"routes6",	BOTH(read_ip6_route, IP_ROUTE) },
	{ "ip6routeshowtableall", "routes6",	BOTH(read_ip6_route, IP_ROUTE) },

	{ "ipaddr",		"addresses",	BOTH(read_ip_addr, IP_ADDR) },
	{ "ipaddrs",		"addresses",	BOTH(read_ip_addr, IP_ADDR) },
	{ "ipaddress",		"addresses",	BOTH(read_ip_addr, IP_ADDR) },
	{ "ipaddrshow",		"addresses",	BOTH(read_ip_addr, IP_ADDR) },
	{ "ipa",		"addresses",	BOTH(read_ip_addr, IP_ADDR) },
	{ "iplink",		"links",	BOTH(read_ip_addr, IP_ADDR) },
	{ "iplinks",		"links",	BOTH(read_ip_addr, IP_ADDR) },
	{ "iplinkshow",		"links",	BOTH(read_ip_addr, IP_ADDR) },
	{ "ipdlink",		"links",	BOTH(read_ip_addr, IP_ADDR) },
	{ "ifconfig",		"ifconfig",	TEXT(read_ifconfig,
	    "the output of 'ifconfig'") },
	{ "ifconfiga",		"ifconfig",	TEXT(read_ifconfig,
	    "the output of 'ifconfig -a'") },
	{ "ipneigh",		"neighbours",	BOTH(read_ip_neigh, IP_NEIGH) },
	{ "ipneighbor",		"neighbours",	BOTH(read_ip_neigh, IP_NEIGH) },
	{ "ipneighbour",	"neighbours",	BOTH(read_ip_neigh, IP_NEIGH) },
	{ "ip6neigh",		"neighbours6",	BOTH(read_ip_neigh, IP_NEIGH) },

	/* each may list others: -t, -u, -l */
	{ "ss",			NULL,		TEXT(read_ss, SS) },
	{ "sstnp",		NULL,		TEXT(read_ss, SS) },
	{ "sstunp",		NULL,		TEXT(read_ss, SS) },
	{ "sstunap",		NULL,		TEXT(read_ss, SS) },
	{ "sstuanp",		NULL,		TEXT(read_ss, SS) },
	{ "sstulnp",		NULL,		TEXT(read_ss, SS) },
	{ "sstulpn",		NULL,		TEXT(read_ss, SS) },
	{ "sstunlp",		NULL,		TEXT(read_ss, SS) },
	{ "sstlnp",		NULL,		TEXT(read_ss, SS) },
	{ "sstlpn",		NULL,		TEXT(read_ss, SS) },
	{ "ssltnp",		NULL,		TEXT(read_ss, SS) },
	{ "sslntp",		NULL,		TEXT(read_ss, SS) },
	{ "sstanp",		NULL,		TEXT(read_ss, SS) },
	{ "ssantp",		NULL,		TEXT(read_ss, SS) },
	{ "ssanp",		NULL,		TEXT(read_ss, SS) },
	{ "ssunp",		NULL,		TEXT(read_ss, SS) },
	{ "ssunap",		NULL,		TEXT(read_ss, SS) },
	{ "ssuanp",		NULL,		TEXT(read_ss, SS) },
	{ "ssulnp",		NULL,		TEXT(read_ss, SS) },
	{ "ssulpn",		NULL,		TEXT(read_ss, SS) },
	{ "sstcp",		NULL,		TEXT(read_ss, SS) },
	{ "ssudp",		NULL,		TEXT(read_ss, SS) },
	{ "ssall",		NULL,		TEXT(read_ss, SS) },
	{ "sockets",		NULL,		TEXT(read_ss, SS) },
	/* the log collector has it of 'netstat -plant' */
	{ "netstat",		NULL,		TEXT(read_netstat,
	    "the output of 'netstat -plant'") },

	{ "iptablessave",	"iptables",	TEXT(read_iptables_save, IPTABLES) },
	{ "ip6tablessave",	"ip6tables",	TEXT(read_ip6tables_save, IPTABLES) },
	{ "ipset",		"ipsets",	TEXT(read_ipset,
	    "the output of 'ipset --list'") },
	{ "ipsetlist",		"ipsets",	TEXT(read_ipset,
	    "the output of 'ipset --list'") },
	{ "ipsetsave",		"ipsets",	TEXT(read_ipset,
	    "the output of 'ipset --save'") },
	{ "nftruleset",		"nft",		JSON(read_nft_json, NFT) },
	{ "nftlistruleset",	"nft",		JSON(read_nft_json, NFT) },
	{ "nftables",		"nft",		JSON(read_nft_json, NFT) },
	{ "nft",		"nft",		JSON(read_nft_json, NFT) },

	{ "conntrack",		"conntrack",	TEXT(read_conntrack, CONNTRACK) },
	{ "conntrackl",		"conntrack",	TEXT(read_conntrack, CONNTRACK) },
	{ "conntracklist",	"conntrack",	TEXT(read_conntrack, CONNTRACK) },
	{ "nfconntrack",	"conntrack",	TEXT(read_conntrack, CONNTRACK) },
	{ "ipconntrack",	"conntrack",	TEXT(read_conntrack, CONNTRACK) },
	{ "conntrack4",		"conntrack",	TEXT(read_conntrack, CONNTRACK) },
	{ "conntrack6",		"conntrack6",	TEXT(read_conntrack, CONNTRACK) },
	{ "conntracks",		"conntrack -S",	TEXT(read_conntrack,
	    "the output of 'conntrack -S'") },
	{ "conntrackstats",	"conntrack -S",	TEXT(read_conntrack,
	    "the output of 'conntrack -S'") },

	{ "enis",		"enis",		JSON(read_enis, IPAMD) },
	{ "ipam",		"ipam",		JSON(read_ipam, IPAMD) },
	{ "networkutilsenvsettings", "cni settings",
	    JSON(read_cni_settings, IPAMD) },
	{ "ipamdenvsettings",	"ipamd settings", JSON(read_ipamd_settings, IPAMD) },
	{ "10aws",		"conflist",	JSON(read_conflist,
	    "the JSON of a CNI configuration") },
	{ "metrics",		"metrics",	TEXT(read_metrics,
	    "the text that ipamd gives at /metrics") },

	{ "pods",		"pods",		read_kubectl_text,
	    read_kubectl_json, KUBECTL },
	{ "kubectlgetpods",	"pods",		read_kubectl_text,
	    read_kubectl_json, KUBECTL },
	{ "svcendpointslices",	"services",	JSON(read_kubectl_json, KUBECTL) },
	/* the log collector's services.txt is systemd's */
	{ "services",		"services",	JSON(read_kubectl_json, NULL) },
	{ "svc",		"services",	JSON(read_kubectl_json, KUBECTL) },
	{ "endpointslices",	"endpoints",	JSON(read_kubectl_json, KUBECTL) },
	{ "nodes",		"nodes",	JSON(read_kubectl_json, KUBECTL) },

	{ "sysctlall",		"sysctls",	TEXT(read_sysctl,
	    "the output of 'sysctl --all'") },
	{ "sysctla",		"sysctls",	TEXT(read_sysctl,
	    "the output of 'sysctl --all'") },
	{ "sysctl",		"sysctls",	TEXT(read_sysctl,
	    "the output of 'sysctl --all'") },
	{ "sysctls",		"sysctls",	TEXT(read_sysctl,
	    "the output of 'sysctl --all'") },
	{ "ipvsadm",		"ipvs",		TEXT(read_ipvsadm,
	    "the output of 'ipvsadm --save'") },
	{ "hostname",		"host name",	TEXT(read_hostname,
	    "the node's name") },
};

/* ---- names */

static const char *const suffixes[] = {
	"", ".txt", ".json", ".xml", ".out", ".prom", ".conflist",
};

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool
suffix_known(const char *suffix)
{
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		if (strcasecmp(suffix, suffixes[i]) == 0)
			return true;
	return false;
}

bool
file_name_key(const char *path, char out[static FILE_KEY_MAX])
{
	const char *base = base_name(path), *dot = strrchr(base, '.');
	const char *end = dot ? dot : base + strlen(base);
	size_t n = 0;

	/* a hidden file is an editor's or a file system's */
	if (base[0] == '.' || !suffix_known(dot ? dot : ""))
		return false;
	for (const char *p = base; p < end; p++) {
		unsigned char c = (unsigned char)*p;

		if (c == '-' || c == '_' || c == ' ' || c == '.')
			continue;
		if (!isalnum(c) || n + 1 >= FILE_KEY_MAX)
			return false;
		out[n++] = (char)tolower(c);
	}
	out[n] = '\0';
	return n > 0;
}

bool
file_name_is_json(const char *path)
{
	const char *base = base_name(path), *dot = strrchr(base, '.');

	return base[0] != '.' && dot != NULL && strcasecmp(dot, ".json") == 0;
}

const struct file_kind *
file_kind_find(const char *key)
{
	const struct file_kind *found = NULL;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		size_t n = strlen(files[i].name) - 1;

		if (strcmp(files[i].name, key) == 0)
			return &files[i];
		if (files[i].name[n] == '*' && strncmp(files[i].name, key, n) == 0 &&
		    key[n] != '\0')
			found = &files[i];
	}
	return found;
}

bool
file_name_table(const char *path, uint32_t *table)
{
	char key[FILE_KEY_MAX];
	const char *p = file_name_key(path, key) ? strstr(key, "table") : NULL;
	struct word w;

	if (p == NULL)
		return false;
	w.p = p + strlen("table");
	w.len = strlen(w.p);
	if (w.len == 0 || word_is(&w, "all"))
		return false;
	ip_table_number(&w, table);
	return true;
}

/* ---- content */

/* Names that stand at the top of a document: of the outermost object, or of the
   objects in the outermost list. */
enum top_name {
	N_COMMANDS = 1 << 0, N_OWN = 1 << 1, N_NFTABLES = 1 << 2,
	N_ALLOCATIONS = 1 << 3, N_API = 1 << 4, N_ITEMS = 1 << 5,
	N_KIND = 1 << 6, N_ENIS = 1 << 7, N_CNI = 1 << 8,
	N_IFNAME = 1 << 9, N_IFINDEX = 1 << 10, N_DST = 1 << 11,
	N_DEV = 1 << 12, N_PRIORITY = 1 << 13, N_SRC = 1 << 14,
};

enum top_place { IN_OBJECT = 1, IN_LIST = 2, BELOW = 4 };

static const struct top_row {
	const char	*name, *value;	/* value: what its text begins with */
	unsigned	 bit, places;
} top_rows[] = {
	{ "AvailableCommands",	NULL, N_COMMANDS, IN_OBJECT },
	{ "schema",		"podpath.state/", N_OWN, IN_OBJECT },
	{ "nftables",		NULL, N_NFTABLES, IN_OBJECT },
	{ "allocations",	NULL, N_ALLOCATIONS, IN_OBJECT },
	{ "apiVersion",		NULL, N_API, IN_OBJECT },
	{ "items",		NULL, N_ITEMS, IN_OBJECT },
	{ "kind",		"Pod", N_KIND, IN_OBJECT },
	{ "kind",		"Service", N_KIND, IN_OBJECT },
	{ "kind",		"EndpointSlice", N_KIND, IN_OBJECT },
	{ "kind",		"Node", N_KIND, IN_OBJECT },
	{ "AWS_VPC_K8S_CNI_EXTERNALSNAT", NULL, N_CNI, IN_OBJECT },
	/* one object for each network card since v1.20 */
	{ "ENIs",		NULL, N_ENIS, IN_OBJECT | BELOW },
	{ "TotalIPs",		NULL, N_ENIS, IN_OBJECT | BELOW },
	{ "ENIIPPools",		NULL, N_ENIS, IN_OBJECT | BELOW },
	{ "ifname",		NULL, N_IFNAME, IN_LIST },
	{ "ifindex",		NULL, N_IFINDEX, IN_LIST },
	{ "dst",		NULL, N_DST, IN_LIST },
	{ "dev",		NULL, N_DEV, IN_LIST },
	{ "priority",		NULL, N_PRIORITY, IN_LIST },
	{ "src",		NULL, N_SRC, IN_LIST },
};

/* In their order: the first whose names are all there. */
static const struct {
	unsigned	 bits;
	reader_fn	*read;
	const char	*fact;
} documents[] = {
	{ N_OWN,		read_own,		FACT_OWN },
	{ N_NFTABLES,		read_nft_json,		"nft" },
	{ N_ALLOCATIONS,	read_ipam,		"ipam" },
	{ N_CNI,		read_cni_settings,	"cni settings" },
	{ N_API | N_ITEMS,	read_kubectl_json,	NULL },
	{ N_API | N_KIND,	read_kubectl_json,	NULL },
	{ N_ENIS,		read_enis,		"enis" },
	{ N_IFNAME | N_IFINDEX,	read_ip_json,		NULL },
	{ N_PRIORITY | N_SRC,	read_ip_json,		NULL },
	{ N_DST | N_DEV,	read_ip_json,		NULL },
};

/* The end of a text that begins at p; NULL when it is cut. */
static const char *
text_end(const char *p, const char *end)
{
	for (; p < end; p++) {
		if (*p == '\\')
			p++;
		else if (*p == '"')
			return p;
	}
	return NULL;
}

static const char *
skip_blanks(const char *p, const char *end)
{
	while (p < end && isspace((unsigned char)*p))
		p++;
	return p;
}

static unsigned
place_of(unsigned depth, bool in_list)
{
	if (in_list)
		return depth == 2 ? IN_LIST : 0;
	return depth == 1 ? IN_OBJECT : depth == 2 ? BELOW : 0;
}

/* The value begins at p. */
static unsigned
name_bits(const char *name, size_t len, const char *p, const char *end,
    unsigned place)
{
	unsigned bits = 0;

	for (size_t i = 0; i < sizeof(top_rows) / sizeof(top_rows[0]); i++) {
		const struct top_row *row = &top_rows[i];
		size_t n = row->value ? strlen(row->value) : 0;

		if (!(row->places & place) || strlen(row->name) != len ||
		    memcmp(row->name, name, len) != 0)
			continue;
		if (n > 0 && ((size_t)(end - p) <= n || *p != '"' ||
		    memcmp(p + 1, row->value, n) != 0))
			continue;
		bits |= row->bit;
	}
	return bits;
}

static unsigned
top_names(const char *p, const char *end)
{
	unsigned depth = 0, bits = 0;
	bool in_list = *p == '[';

	for (; p < end; p++) {
		if (*p == '{' || *p == '[') {
			depth++;
		} else if (*p == '}' || *p == ']') {
			if (depth-- <= 1)
				break;
		} else if (*p == '"') {
			const char *name = p + 1, *close = text_end(name, end);
			const char *colon;

			if (close == NULL)
				break;
			p = close;
			colon = skip_blanks(close + 1, end);
			if (colon < end && *colon == ':')
				bits |= name_bits(name, (size_t)(close - name),
				    skip_blanks(colon + 1, end), end,
				    place_of(depth, in_list));
		}
	}
	return bits;
}

static const char *
content(const char *data, size_t len)
{
	const char *end = data + len;

	/* a byte order mark, as editors on other systems leave it */
	if (len >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0)
		data += 3;
	return skip_blanks(data, end);
}

bool
file_is_json(const char *data, size_t len)
{
	const char *p = content(data, len);

	return p < data + len && (*p == '{' || *p == '[');
}

struct file_sniff
file_sniff(const char *data, size_t len)
{
	struct file_sniff s = { 0 };
	unsigned bits;

	if (!file_is_json(data, len))
		return s;
	bits = top_names(content(data, len), data + len);
	if (bits & N_COMMANDS) {
		s.is_nothing = true;
		return s;
	}
	for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++)
		if ((bits & documents[i].bits) == documents[i].bits) {
			s.read = documents[i].read;
			s.fact = documents[i].fact;
			break;
		}
	return s;
}
