/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_state_read.c - node state in directories, archives and single files,
 * right and wrong.  Everything is made in a directory of its own.
 */
#include "read_state.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/state/bundle.h"
#include "capture/state/files.h"

#define RULES	"0:\tfrom all lookup local\n32766:\tfrom all lookup main\n"
#define ROUTES	"default via 10.0.0.1 dev eth0 \n10.0.0.0/24 dev eth0 scope link \n"
#define LINKS	"[{\"ifindex\":2,\"ifname\":\"eth0\",\"flags\":[\"UP\"]}]"

static char top[PATH_MAX];	/* tests run in a directory below it */
static char home[PATH_MAX];	/* where they began */

/* ---- making things */

static void
make_file(const char *path, const char *data, size_t len)
{
	char folder[PATH_MAX];
	FILE *f;

	snprintf(folder, sizeof(folder), "%s", path);
	for (char *p = strchr(folder, '/'); p != NULL; p = strchr(p + 1, '/')) {
		*p = '\0';
		mkdir(folder, 0755);
		*p = '/';
	}
	f = fopen(path, "wb");
	if (f == NULL || fwrite(data, 1, len, f) != len || fclose(f) != 0)
		err(1, "%s", path);
}

static void
make_text(const char *path, const char *text)
{
	make_file(path, text, strlen(text));
}

static struct archive *
tar_begin(const char *path, bool gzip)
{
	struct archive *a = archive_write_new();

	if (gzip)
		archive_write_add_filter_gzip(a);
	archive_write_set_format_pax_restricted(a);
	if (archive_write_open_filename(a, path) != ARCHIVE_OK)
		errx(1, "%s: %s", path, archive_error_string(a));
	return a;
}

static void
tar_add(struct archive *a, const char *name, mode_t type, const char *link,
    const char *data, size_t len)
{
	struct archive_entry *e = archive_entry_new();

	archive_entry_set_pathname(e, name);
	archive_entry_set_perm(e, 0644);
	archive_entry_set_filetype(e, type);
	archive_entry_set_size(e, (la_int64_t)len);
	if (link != NULL && type == AE_IFLNK)
		archive_entry_set_symlink(e, link);
	else if (link != NULL)
		archive_entry_set_hardlink(e, link);
	if (archive_write_header(a, e) != ARCHIVE_OK ||
	    archive_write_data(a, data, len) != (la_ssize_t)len)
		errx(1, "%s: %s", name, archive_error_string(a));
	archive_entry_free(e);
}

static void
tar_text(struct archive *a, const char *name, const char *text)
{
	tar_add(a, name, AE_IFREG, NULL, text, strlen(text));
}

static void
tar_end(struct archive *a)
{
	if (archive_write_close(a) != ARCHIVE_OK)
		errx(1, "%s", archive_error_string(a));
	archive_write_free(a);
}

static int
enter(void **state)
{
	static unsigned n;
	char name[32];

	(void)state;
	snprintf(name, sizeof(name), "%u", ++n);
	return chdir(top) != 0 || mkdir(name, 0755) != 0 || chdir(name) != 0;
}

/* ---- a state and what was told */

static struct run
state_of(const char *path)
{
	struct run r = { NULL, told_new() };

	r.state = state_read(path, tell, r.told);
	return r;
}

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

static void
conntrack_once(void **state)
{
	static const char one[] = "tcp      6 100 ESTABLISHED src=10.0.0.1 "
	    "dst=10.0.0.2 sport=1 dport=2 src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1 "
	    "[ASSURED] mark=0 use=1\n";
	struct run r;
	char two[1024];

	(void)state;
	snprintf(two, sizeof(two), "%stcp      6 100 ESTABLISHED src=2001:db8::1 "
	    "dst=2001:db8::2 sport=1 dport=2 src=2001:db8::2 dst=2001:db8::1 "
	    "sport=2 dport=1 [ASSURED] mark=0 use=1\n", one);
	make_text("d/conntrack.txt", one);
	make_text("d/conntrack6.txt", two);
	make_text("d/nf_conntrack", one);
	r = state_of("d");
	assert_non_null(r.state);
	assert_int_equal(r.state->conntrack.n, 2);
	assert_string_equal(r.told->text,
	    "nf_conntrack: ignored: conntrack.txt was read already\n");
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

/* ---- tricks */

static void
directory_tricks(void **state)
{
	struct run r;

	(void)state;
	make_text("secret/conntrack.txt", "tcp 6\n");
	make_text("d/iprule.txt", RULES);
	assert_int_equal(symlink("../secret", "d/networking"), 0);
	assert_int_equal(symlink("../secret/conntrack.txt", "d/conntrack.txt"), 0);
	assert_int_equal(symlink(".", "d/loop"), 0);
	assert_int_equal(mkfifo("d/iproute.txt", 0600), 0);
	assert_int_equal(mkfifo("d/other", 0600), 0);
	assert_int_equal(mkdir("d/ipset.txt", 0700), 0);
	r = state_of("d");
	assert_non_null(r.state);
	assert_int_equal(r.state->conntrack.n, 0);
	assert_string_equal(r.told->text,
	    "d: conntrack.txt is not read: it is a symbolic link\n"
	    "d: iproute.txt is not read: it is no regular file\n");
	run_free(&r);
}

static void
archive_tricks(void **state)
{
	struct archive *a = tar_begin("b.tgz", true);
	struct run r;

	(void)state;
	tar_text(a, "../iproute.txt", ROUTES);
	tar_text(a, "a/../../iproute.txt", ROUTES);
	tar_text(a, "a/..", "x");
	tar_text(a, "..a/ip-link.json", LINKS);
	tar_add(a, "iproute.txt", AE_IFLNK, "/etc/passwd", "", 0);
	tar_add(a, "x/iproute.txt", AE_IFREG, "/etc/passwd", "", 0);
	tar_add(a, "y/iproute.txt", AE_IFCHR, NULL, "", 0);
	tar_add(a, "z/iproute.txt", AE_IFIFO, NULL, "", 0);
	tar_add(a, "other", AE_IFLNK, "/etc/passwd", "", 0);
	tar_text(a, "iprule.txt", RULES);
	tar_end(a);
	r = state_of("b.tgz");
	assert_non_null(r.state);
	assert_int_equal(r.state->rules.n, 2);
	assert_int_equal(r.state->routes.n, 0);
	assert_int_equal(r.state->links.n, 1);
	assert_string_equal(r.told->text,
	    "b.tgz: entry ../iproute.txt is passed over: its name leads out of the "
	    "archive\n"
	    "b.tgz: entry a/../../iproute.txt is passed over: its name leads out "
	    "of the archive\n"
	    "b.tgz: entry a/.. is passed over: its name leads out of the archive\n"
	    "b.tgz: entry iproute.txt is passed over: it is a symbolic link\n"
	    "b.tgz: entry x/iproute.txt is passed over: it is a hard link\n"
	    "b.tgz: entry y/iproute.txt is passed over: it is a device\n"
	    "b.tgz: entry z/iproute.txt is passed over: it is a fifo\n");
	run_free(&r);
	/* nothing was written anywhere */
	assert_int_equal(access("iprule.txt", F_OK), -1);
	assert_int_equal(access("../iproute.txt", F_OK), -1);
}

static size_t
file_size(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return (size_t)st.st_size;
}

/* Cut at every length: what came before stays, the cut is told, and a file that
   is not there as a whole is not read at all. */
static void
archive_cut(void **state)
{
	static const bool packed[] = { false, true };

	(void)state;
	for (size_t k = 0; k < N(packed); k++) {
		struct archive *a = tar_begin("whole", packed[k]);
		bool one = false, none = false;
		size_t size;

		tar_text(a, "iprule.txt", RULES);
		tar_text(a, "iproute.txt", ROUTES);
		tar_end(a);
		size = file_size("whole");
		for (size_t len = size; len > 0; len -= len > 64 ? 37 : 1) {
			struct run r;

			assert_int_equal(rename("whole", "cut"), 0);
			assert_int_equal(truncate("cut", (off_t)len), 0);
			r = state_of("cut");
			if (r.state == NULL) {
				none = true;
				assert_int_not_equal(r.told->n, 0);
			} else {
				assert_int_equal(r.state->rules.n, 2);
				assert_true(r.state->routes.n == 0 ||
				    r.state->routes.n == 2);
				if (r.state->routes.n == 0) {
					one = true;
					assert_non_null(strstr(r.told->text,
					    "cut: cut or damaged"));
				}
			}
			run_free(&r);
			assert_int_equal(rename("cut", "whole"), 0);
		}
		assert_true(none);
		/* compressed, both are in one block */
		assert_true(one || packed[k]);
	}
}

static void
archive_damaged(void **state)
{
	struct archive *a = tar_begin("b.tar", false);
	struct run r;
	FILE *f;

	(void)state;
	tar_text(a, "iprule.txt", RULES);
	tar_text(a, "iproute.txt", ROUTES);
	tar_end(a);
	/* the second header's checksum */
	f = fopen("b.tar", "r+b");
	assert_non_null(f);
	assert_int_equal(fseek(f, 1024 + 150, SEEK_SET), 0);
	assert_int_equal(fputs("garbage", f) < 0, 0);
	fclose(f);
	r = state_of("b.tar");
	assert_non_null(r.state);
	assert_int_equal(r.state->rules.n, 2);
	assert_int_equal(r.state->routes.n, 0);
	assert_non_null(strstr(r.told->text, "b.tar: cut or damaged ("));
	assert_non_null(strstr(r.told->text, "what came before it is kept\n"));
	run_free(&r);
}

/* ---- bounds */

static struct run
state_within(const char *path, struct bundle_limits limits)
{
	struct run r = { NULL, told_new() };

	r.state = bundle_state(path, &limits, tell, r.told);
	return r;
}

static void
bounds(void **state)
{
	struct bundle_limits few = bundle_limits;
	struct archive *a;
	struct run r;
	char *zeros = calloc(1, 1 << 20);

	(void)state;
	assert_non_null(zeros);
	make_text("d/a/iproute.txt", ROUTES);
	make_text("d/iprule.txt", RULES);
	few.entries = 2;
	r = state_within("d", few);
	assert_non_null(r.state);
	assert_int_equal(r.state->rules.n, 2);
	assert_string_equal(r.told->text, "d: more than 2 files and folders; the "
	    "rest is not looked at\n");
	run_free(&r);

	few = bundle_limits;
	few.file = strlen(RULES);
	r = state_within("d", few);
	assert_non_null(r.state);
	assert_int_equal(r.state->rules.n, 2);
	assert_string_equal(r.told->text, "a/iproute.txt: not read: it has more "
	    "than 51 bytes, the most for one file\n");
	run_free(&r);

	few = bundle_limits;
	few.total = strlen(RULES) + 5;
	r = state_within("d", few);
	assert_string_equal(r.told->text, "a/iproute.txt: not read: it has more "
	    "than 5 bytes, which is what is left of the most for all files\n");
	run_free(&r);

	few = bundle_limits;
	few.files = 1;
	r = state_within("d", few);
	assert_int_equal(r.state->routes.n, 0);
	assert_string_equal(r.told->text, "d: more than 1 files of node state; the "
	    "rest is not read\n");
	run_free(&r);

	/* a heap of zeros before and after what counts */
	a = tar_begin("b.tgz", true);
	tar_text(a, "iprule.txt", RULES);
	tar_add(a, "zeros", AE_IFREG, NULL, zeros, 1 << 20);
	tar_text(a, "iproute.txt", ROUTES);
	tar_end(a);
	few = bundle_limits;
	few.unpacked = 1 << 19;
	r = state_within("b.tgz", few);
	assert_non_null(r.state);
	assert_int_equal(r.state->routes.n, 0);
	assert_string_equal(r.told->text, "b.tgz: unpacks to more than 524288 "
	    "bytes; what comes from entry zeros on is not read\n");
	run_free(&r);
	free(zeros);
}

/* A folder in a folder in a folder. */
static void
too_deep(void **state)
{
	char path[PATH_MAX] = "d/iprule.txt";
	struct run r;

	(void)state;
	make_text(path, RULES);
	strcpy(path, "d");
	for (unsigned i = 0; i < 40; i++)
		strcat(path, "/f");
	strcat(path, "/iproute.txt");
	make_text(path, ROUTES);
	r = state_of("d");
	assert_non_null(r.state);
	assert_int_equal(r.state->routes.n, 0);
	assert_int_equal(r.told->n, 1);
	assert_non_null(strstr(r.told->text, "is not read: it lies too deep\n"));
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
	char path[PATH_MAX + NAME_MAX + 16];
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

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int
group_begin(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	snprintf(top, sizeof(top), "%s/podpath-state-XXXXXX", tmp ? tmp : "/tmp");
	return getcwd(home, sizeof(home)) == NULL || mkdtemp(top) == NULL;
}

static int
group_end(void **state)
{
	(void)state;
	return chdir(home) != 0 ||
	    nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0;
}

int
main(void)
{
#define here(test)	cmocka_unit_test_setup(test, enter)
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
		here(directory_tricks),
		here(archive_tricks),
		here(archive_cut),
		here(archive_damaged),
		here(bounds),
		here(too_deep),
		here(lab_cases),
	};

	return cmocka_run_group_tests(tests, group_begin, group_end);
}
