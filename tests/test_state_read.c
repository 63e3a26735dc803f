/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_state_read.c - node state in directories, archives and single files.
 */
#include "make_bundle.h"

#include <dirent.h>

#include "capture/state/bundle.h"
#include "capture/state/files.h"

static void
has_node(const struct run *r)
{
	assert_non_null(r->state);
	assert_int_equal(r->state->rules.n, 2);
	assert_int_equal(r->state->routes.n, 2);
	assert_int_equal(r->state->links.n, 1);
	assert_string_equal(r->told->text, "");
}

/* ---- names */

static void
names_known(void **state)
{
	static const struct { const char *name; reader_fn *text, *json; } rows[] = {
		{ "networking/iprule.txt", read_ip_rule, read_ip_json },
		{ "IP-Rule.TXT", read_ip_rule, read_ip_json },
		{ "ip_rule", read_ip_rule, read_ip_json },
		{ "ip6rule.txt", read_ip6_rule, read_ip_json },
		{ "iproute.txt", read_ip_route, read_ip_json },
		{ "ip-route-show-table-all.txt", read_ip_route, read_ip_json },
		{ "ip-route-table-2.txt", read_ip_route, read_ip_json },
		{ "ip6route.txt", read_ip6_route, read_ip_json },
		{ "ip6-route-show-table-all.txt", read_ip6_route, read_ip_json },
		{ "ip-addr.json", read_ip_addr, read_ip_json },
		{ "ip_link.txt", read_ip_addr, read_ip_json },
		{ "ip-neigh.json", read_ip_neigh, read_ip_json },
		{ "ifconfig.txt", read_ifconfig, NULL },
		{ "iptables-save.txt", read_iptables_save, NULL },
		{ "iptables_save", read_iptables_save, NULL },
		{ "ip6tables-save.txt", read_ip6tables_save, NULL },
		{ "ipset.txt", read_ipset, NULL },
		{ "nft-ruleset.json", NULL, read_nft_json },
		{ "conntrack.txt", read_conntrack, NULL },
		{ "conntrack6.txt", read_conntrack, NULL },
		{ "conntrack.xml", read_conntrack, NULL },
		{ "nf_conntrack", read_conntrack, NULL },
		{ "ipamd/enis.json", NULL, read_enis },
		{ "ipam.json", NULL, read_ipam },
		{ "networkutils-env-settings.json", NULL, read_cni_settings },
		{ "ipamd-env-settings.json", NULL, read_ipamd_settings },
		{ "cni/net.d/10-aws.conflist", NULL, read_conflist },
		{ "metrics.json", read_metrics, NULL },
		{ "pods.txt", read_kubectl_text, read_kubectl_json },
		{ "svc-endpointslices.json", NULL, read_kubectl_json },
		{ "nodes.json", NULL, read_kubectl_json },
		{ "sysctls/sysctl_all.txt", read_sysctl, NULL },
		{ "ipvsadm.txt", read_ipvsadm, NULL },
		{ "hostname", read_hostname, NULL },
	};
	static const char *const others[] = {
		"iprule.txt.bak", ".iprule.txt", "iprule.txt~", "ethtool.txt",
		"iptables-nat.txt", "conntrack-events.txt", "kubelet.log",
		"conntrack.log", "rules.txt", "ip", "", "/", "txt", ".json",
		"eni-configs.json", "iprule/readme",
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		char key[FILE_KEY_MAX];
		const struct file_kind *k;

		assert_true(file_name_key(rows[i].name, key));
		k = file_kind_find(key);
		assert_non_null(k);
		assert_ptr_equal(k->text, rows[i].text);
		assert_ptr_equal(k->json, rows[i].json);
		assert_int_equal(bundle_wants(rows[i].name), BUNDLE_BY_NAME);
	}
	for (size_t i = 0; i < N(others); i++)
		assert_int_not_equal(bundle_wants(others[i]), BUNDLE_BY_NAME);
	assert_int_equal(bundle_wants("x/anything.JSON"), BUNDLE_BY_CONTENT);
}

static void
content_known(void **state)
{
	static const struct { const char *json; reader_fn *read; } rows[] = {
		{ "[{\"ifindex\":1,\"ifname\":\"lo\"}]", read_ip_json },
		{ "\xef\xbb\xbf [{},{\"ifindex\":1,\"ifname\":\"lo\"}]",
		  read_ip_json },
		{ "[{\"priority\":0,\"src\":\"all\"}]", read_ip_json },
		{ "[{\"dst\":\"default\",\"dev\":\"eth0\"}]", read_ip_json },
		/* bridge -j fdb, ethtool -j */
		{ "[{\"mac\":\"x\",\"ifname\":\"eth0\",\"flags\":[]}]", NULL },
		{ "{\"nftables\":[]}", read_nft_json },
		{ "{\"apiVersion\":\"v1\",\"items\":[],\"kind\":\"List\"}",
		  read_kubectl_json },
		{ "{\"apiVersion\":\"v1\",\"kind\":\"Pod\"}", read_kubectl_json },
		{ "{\"kind\":\"KubeletConfiguration\",\"apiVersion\":\"v1\"}",
		  NULL },
		{ "{\"schema\":\"podpath.state/1\"}", read_own },
		{ "{\"schema\": \"other/1\"}", NULL },
		{ "{\"version\":\"vpc-cni-ipam/1\",\"allocations\":[]}",
		  read_ipam },
		{ "{\"TotalIPs\":1,\"ENIs\":{}}", read_enis },
		{ "{\"0\":{\"TotalIPs\":1,\"ENIs\":{}}}", read_enis },
		{ "{\"a\":{\"apiVersion\":1,\"items\":[]}}", NULL },
		{ "{\"a\":\"nftables\"}", NULL },
		{ "{\"a\\\"\":1,\"nftables\":[", read_nft_json },
		{ "{\"nftables", NULL },
		{ "[]", NULL },
		{ "{}}}", NULL },
		{ "", NULL },
		{ "text", NULL },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		size_t len = strlen(rows[i].json);
		char *exact = malloc(len ? len : 1);

		assert_non_null(exact);
		memcpy(exact, rows[i].json, len);
		assert_ptr_equal(file_sniff(exact, len).read, rows[i].read);
		free(exact);
	}
	assert_true(file_sniff("{\"AvailableCommands\":[]}", 24).is_nothing);
}

/* ---- the forms that PATH may have */

static void
same_in_every_form(void **state)
{
	static const char *const paths[] = { "d", "d/", "b.tar.gz", "b.tar",
		"odd-name", "link" };
	struct archive *a;

	(void)state;
	make_text("d/networking/iprule.txt", RULES);
	make_text("d/networking/iproute.txt", ROUTES);
	make_text("d/ip-link.json", LINKS);
	make_text("d/var_log/kubelet.log", "not ours");
	for (unsigned i = 0; i < 3; i++) {
		static const char *const names[] = { "b.tar.gz", "b.tar",
			"odd-name" };

		a = tar_begin(names[i], i != 1);
		tar_text(a, "./networking/iprule.txt", RULES);
		tar_text(a, "/abs/iproute.txt", ROUTES);
		tar_text(a, "ip-link.json", LINKS);
		tar_text(a, "var_log/kubelet.log", "not ours");
		tar_end(a);
	}
	/* what the person names may well be a link */
	assert_int_equal(symlink("d", "link"), 0);
	for (size_t i = 0; i < N(paths); i++) {
		struct run r = state_of(paths[i]);

		has_node(&r);
		run_free(&r);
	}
}

static void
single_files(void **state)
{
	static const struct { const char *path, *text; unsigned rules, links; }
	rows[] = {
		{ "iprule.txt", RULES, 2, 0 },
		{ "anything", LINKS, 0, 1 },
		{ "x.json", "[{\"priority\":5,\"src\":\"all\",\"table\":\"main\"}]",
		  1, 0 },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct run r;

		make_text(rows[i].path, rows[i].text);
		r = state_of(rows[i].path);
		assert_non_null(r.state);
		assert_int_equal(r.state->rules.n, rows[i].rules);
		assert_int_equal(r.state->links.n, rows[i].links);
		assert_string_equal(r.told->text, "");
		run_free(&r);
	}
}

/* One file that was packed. */
static void
single_packed(void **state)
{
	struct archive *a = archive_write_new();
	struct archive_entry *e = archive_entry_new();
	struct run r;

	(void)state;
	archive_write_add_filter_gzip(a);
	archive_write_set_format_raw(a);
	assert_int_equal(archive_write_open_filename(a, "iprule.txt.gz"),
	    ARCHIVE_OK);
	archive_entry_set_filetype(e, AE_IFREG);
	archive_entry_set_pathname(e, "x");
	assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
	assert_int_equal(archive_write_data(a, RULES, strlen(RULES)),
	    strlen(RULES));
	archive_entry_free(e);
	tar_end(a);
	r = state_of("iprule.txt.gz");
	assert_non_null(r.state);
	assert_int_equal(r.state->rules.n, 2);
	run_free(&r);
}

#define NOTHING	"no node state in it; expected a directory or a .tar.gz with " \
	"files such as iprule.txt, iproute.txt or conntrack.txt, or a document " \
	"podpath.state/1\n"

static void
nothing_there(void **state)
{
	static const struct { const char *path, *told; } rows[] = {
		{ "absent", "absent: No such file or directory\n" },
		{ "empty", "empty: " NOTHING },
		{ "text", "text: " NOTHING },
		{ "folder", "folder: " NOTHING },
		{ "/dev/null", "/dev/null: neither a directory nor a regular file\n"
		  "/dev/null: " NOTHING },
		{ "fifo", "fifo: neither a directory nor a regular file\n"
		  "fifo: " NOTHING },
		{ "foreign.json", "foreign.json: " NOTHING },
	};

	(void)state;
	make_text("empty", "");
	make_text("text", "nothing of ours\n");
	make_text("folder/sub/readme", "x");
	make_text("foreign.json", "{\"a\":1}");
	assert_int_equal(mkfifo("fifo", 0600), 0);
	for (size_t i = 0; i < N(rows); i++) {
		struct run r = state_of(rows[i].path);

		assert_null(r.state);
		assert_string_equal(r.told->text, rows[i].told);
		run_free(&r);
	}
}

/* ---- the same fact twice */

static void
facts_once(void **state)
{
	struct run r;

	(void)state;
	make_text("d/iprule.txt", RULES);
	make_text("d/old/iprule.txt", "7:\tfrom all lookup 9\n");
	make_text("d/old/ip_rule.json",
	    "[{\"priority\":7,\"src\":\"all\",\"table\":\"9\"}]");
	make_text("d/a/links.json", LINKS);
	make_text("d/b/links.json", LINKS);
	r = state_of("d");
	assert_non_null(r.state);
	assert_int_equal(r.state->rules.n, 2);
	assert_int_equal(r.state->links.n, 1);
	assert_string_equal(r.told->text,
	    "b/links.json: ignored: a/links.json was read already\n"
	    "old/ip_rule.json: ignored: iprule.txt was read already\n"
	    "old/iprule.txt: ignored: iprule.txt was read already\n");
	run_free(&r);
}

/* conntrack.txt may have IPv6 as well; then conntrack6.txt has it again. */
static void
conntrack_once(void **state)
{
	static const char v4[] = "tcp      6 100 ESTABLISHED src=10.0.0.1 "
	    "dst=10.0.0.2 sport=1 dport=2 src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1 "
	    "[ASSURED] mark=0 use=1\n";
	static const char v6[] = "tcp      6 100 ESTABLISHED src=2001:db8::1 "
	    "dst=2001:db8::2 sport=1 dport=2 src=2001:db8::2 dst=2001:db8::1 "
	    "sport=2 dport=1 [ASSURED] mark=0 use=1\n";
	char both[1024];
	struct run r;

	(void)state;
	snprintf(both, sizeof(both), "%s%s", v4, v6);
	make_text("d/conntrack.txt", both);
	make_text("d/conntrack6.txt", v6);
	make_text("d/nf_conntrack", both);
	make_text("e/conntrack.txt", v4);
	make_text("e/conntrack6.txt", v6);
	r = state_of("d");
	assert_non_null(r.state);
	assert_int_equal(r.state->conntrack.n, 2);
	assert_string_equal(r.told->text,
	    "nf_conntrack: ignored: conntrack.txt was read already\n");
	run_free(&r);
	r = state_of("e");
	assert_int_equal(r.state->conntrack.n, 2);
	assert_string_equal(r.told->text, "");
	run_free(&r);
}

/* podpath's own form is a whole state. */
static void
own_form_alone(void **state)
{
	static const char own[] = "{\"schema\":\"podpath.state/1\"}";
	struct run r;

	(void)state;
	make_text("d/a.json", own);
	make_text("d/iprule.txt", RULES);
	r = state_of("d");
	assert_non_null(r.state);
	assert_int_equal(r.state->rules.n, 0);
	assert_non_null(strstr(r.told->text,
	    "iprule.txt: ignored: a.json was read already\n"));
	run_free(&r);
	make_text("e/iprule.txt", RULES);
	make_text("e/z.json", own);
	r = state_of("e");
	assert_non_null(r.state);
	assert_int_equal(r.state->rules.n, 2);
	assert_non_null(strstr(r.told->text,
	    "z.json: ignored: iprule.txt was read already\n"));
	run_free(&r);
}

/* A bundle has what ipamd answers to paths that it no longer knows, empty files
   of programs that were not there, and much JSON of others. */
static void
bundle_oddities(void **state)
{
	struct run r;

	(void)state;
	make_text("d/iprule.txt", RULES);
	make_text("d/ipamd/pods.json", "{\"AvailableCommands\":[\"/v1/enis\"]}");
	make_text("d/ipamd/eni-configs.json", "{\"a\":1}");
	make_text("d/ipamd/enis.json", "");
	make_text("d/kubelet/config.json",
	    "{\"kind\":\"KubeletConfiguration\",\"apiVersion\":\"v1\"}");
	make_text("d/system/services.txt", "UNIT LOAD ACTIVE\n");
	make_text("d/nft.txt", "table ip nat {\n}\n");
	make_text("d/iptables-save.txt", "{\"a\":1}");
	r = state_of("d");
	assert_non_null(r.state);
	assert_string_equal(r.told->text,
	    "iptables-save.txt: JSON of another kind; expected the output of "
	    "'iptables-save'\n"
	    "nft.txt: not JSON; expected the output of 'nft -j list ruleset'\n"
	    "ipamd/enis.json: empty; expected the JSON that ipamd gives\n");
	run_free(&r);
}

/* ---- the cases of the lab: nothing to say, everything read */

/* Lines that are not blank. */
static unsigned
count_lines(const char *folder, const char *file)
{
	char path[PATH_MAX], *line = NULL;
	size_t room = 0;
	unsigned n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, file);
	f = fopen(path, "r");
	if (f == NULL)
		return 0;
	while (getline(&line, &room, f) > 0)
		n += line[0] != '\n';
	free(line);
	fclose(f);
	return n;
}

static void
lab_case(const char *folder)
{
	struct run r = state_of(folder);
	unsigned v6 = 0;

	if (r.state == NULL || r.told->n != 0)
		print_error("%s\n%s", folder, r.told->text);
	assert_non_null(r.state);
	assert_string_equal(r.told->text, "");
	assert_int_equal(r.state->rules.n, count_lines(folder, "iprule.txt") +
	    count_lines(folder, "ip6rule.txt"));
	/* the lab's iproute.txt has IPv6 as well when the node has it */
	for (uint32_t i = 0; i < r.state->routes.n; i++)
		v6 += r.state->routes.v[i].v6;
	assert_int_equal(r.state->routes.n, count_lines(folder, "iproute.txt"));
	assert_int_equal(v6, count_lines(folder, "ip6route.txt"));
	assert_int_equal(r.state->sysctls.n,
	    count_lines(folder, "sysctl_all.txt"));
	for (uint32_t i = 0; i < r.state->rules.n; i++)
		assert_false(r.state->rules.v[i].has & RULE_ODD);
	for (uint32_t i = 0; i < r.state->routes.n; i++)
		assert_false(r.state->routes.v[i].odd);
	for (uint32_t i = 0; i < r.state->links.n; i++)
		assert_int_not_equal(r.state->links.v[i].ifindex, 0);
	run_free(&r);
}

static void
lab_cases(void **state)
{
	char path[PATH_MAX + NAME_MAX + 32];
	unsigned n = 0;
	struct dirent *e;
	DIR *d;

	(void)state;
	snprintf(path, sizeof(path), "%s/pcaps", home);
	d = opendir(path);
	assert_non_null(d);
	while ((e = readdir(d)) != NULL) {
		snprintf(path, sizeof(path), "%s/pcaps/%s/iprule.txt", home,
		    e->d_name);
		if (e->d_name[0] == '.' || access(path, F_OK) != 0)
			continue;
		*strrchr(path, '/') = '\0';
		lab_case(path);
		n++;
	}
	closedir(d);
	assert_true(n >= 50);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		here(names_known),
		here(content_known),
		here(same_in_every_form),
		here(single_files),
		here(single_packed),
		here(nothing_there),
		here(facts_once),
		here(conntrack_once),
		here(own_form_alone),
		here(bundle_oddities),
		here(lab_cases),
	};

	return cmocka_run_group_tests(tests, group_begin, group_end);
}
