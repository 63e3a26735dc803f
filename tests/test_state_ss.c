/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_state_ss.c - sockets as ss and netstat list them: every column that may
 * be there or not, addresses in all their spellings, processes of odd names.
 */
#include "read_state.h"

#include "capture/state/files.h"
#include "decode/timeline.h"

static const char *
sock_said(const struct sock *k)
{
	static char text[512];
	char local[ADDR_TEXT_MAX], peer[ADDR_TEXT_MAX];

	addr_format(&k->local, local);
	addr_format(&k->peer, peer);
	snprintf(text, sizeof(text), "%s%s%s %s %u %s %u %s %u",
	    k->proto == 6 ? "tcp" : k->proto == 17 ? "udp" : "?",
	    k->listens ? " listens" : "", k->any_local ? " any" : "", local,
	    k->lport, peer, k->pport, k->process ? k->process : "-", k->pid);
	return text;
}

static void
said(const struct run *r, char *out, size_t room)
{
	out[0] = '\0';
	for (uint32_t i = 0; i < r->state->socks.n; i++)
		snprintf(out + strlen(out), room - strlen(out), "%s\n",
		    sock_said(&r->state->socks.v[i]));
}

static void
reads(reader_fn *fn, const char *file, const char *text, const char *socks,
    const char *told)
{
	struct run r = run(fn, file, text);
	char out[8192];

	said(&r, out, sizeof(out));
	assert_string_equal(out, socks);
	assert_string_equal(r.told->text, told);
	state_ready(r.state);
	run_free(&r);
}

/* As iproute2 6.1 prints ss -tunap. */
static void
columns(void **state)
{
	(void)state;
	reads(read_ss, "ss.txt",
	    "Netid State  Recv-Q Send-Q      Local Address:Port        Peer "
	    "Address:Port Process                               \n"
	    "udp   UNCONN 0      0               127.0.0.1:53               "
	    "0.0.0.0:*     users:((\"dnsmasq\",pid=6935,fd=5))\n"
	    "udp   ESTAB  0      0               127.0.0.1:54514          "
	    "127.0.0.1:53    users:((\"curl\",pid=6936,fd=7))\n"
	    "tcp   LISTEN 0      128          127.0.0.1%lo:82               "
	    "0.0.0.0:*     users:((\"x\",pid=7,fd=8))\n"
	    "tcp   LISTEN 0      128                  [::]:81                  "
	    "[::]:*     users:((\"y\",pid=8,fd=6))\n"
	    "tcp   LISTEN 1      128                     *:10250                  "
	    "*:*     users:((\"kubelet\",pid=3012,fd=22))\n"
	    "tcp   ESTAB  0      0      [::ffff:192.168.2.41]:10250 "
	    "[::ffff:192.168.1.194]:44894 users:((\"kubelet\",pid=3012,fd=25))\n"
	    "tcp   TIME-WAIT 0   0      [fe80::1]%eth0:22 [fe80::2]:1022\r\n"
	    "tcp   SYN-SENT  0   1      [fe80::1%eth0]:23 [2001:db8::2]:80\n",
	    "udp listens 127.0.0.1 53 0.0.0.0 0 dnsmasq 6935\n"
	    "udp 127.0.0.1 54514 127.0.0.1 53 curl 6936\n"
	    "tcp listens 127.0.0.1 82 0.0.0.0 0 x 7\n"
	    "tcp listens any :: 81 :: 0 y 8\n"
	    "tcp listens any :: 10250 :: 0 kubelet 3012\n"
	    "tcp 192.168.2.41 10250 192.168.1.194 44894 kubelet 3012\n"
	    "tcp fe80::1 22 fe80::2 1022 - 0\n"
	    "tcp fe80::1 23 2001:db8::2 80 - 0\n", "");
}

/* Netid is left out when one kind was asked for, State when one state was. */
static void
columns_left_out(void **state)
{
	(void)state;
	reads(read_ss, "ss-tnp.txt",
	    "State      Recv-Q Send-Q Local Address:Port  Peer Address:PortProcess\n"
	    "LISTEN 0 128 0.0.0.0:22 0.0.0.0:*\n"
	    "ESTAB 0 0 10.0.0.1:22 10.0.0.2:5000\n",
	    "tcp listens any 0.0.0.0 22 0.0.0.0 0 - 0\n"
	    "tcp 10.0.0.1 22 10.0.0.2 5000 - 0\n", "");
	reads(read_ss, "a/ss.txt",
	    "ESTAB 0 0 10.0.0.1:40000 10.0.0.2:53\n"
	    "UNCONN 0 0 0.0.0.0:68 0.0.0.0:*\n",
	    "udp 10.0.0.1 40000 10.0.0.2 53 - 0\n"
	    "udp listens any 0.0.0.0 68 0.0.0.0 0 - 0\n", "");
	reads(read_ss, "ss-unp.txt", "Recv-Q Send-Q Local Peer Process\n"
	    "0      0      127.0.0.1:54514 127.0.0.1:53 users:((\"a\",pid=5,fd=7))\n",
	    "udp 127.0.0.1 54514 127.0.0.1 53 a 5\n", "");
	reads(read_ss, "ss_udp.txt", "0 0 127.0.0.1:54514 127.0.0.1:53\n",
	    "udp 127.0.0.1 54514 127.0.0.1 53 - 0\n", "");
	reads(read_ss, "ss-tnp", "0 0 127.0.0.1:54514 127.0.0.1:53\n",
	    "tcp 127.0.0.1 54514 127.0.0.1 53 - 0\n", "");
	reads(read_ss, "ss -tunap", "tcp 0 0 127.0.0.1:1 127.0.0.1:2\n"
	    "udp 0 0 127.0.0.1:3 127.0.0.1:4\n",
	    "tcp 127.0.0.1 1 127.0.0.1 2 - 0\n"
	    "udp 127.0.0.1 3 127.0.0.1 4 - 0\n", "");
}

/* -i in lines of its own or not, -e, -o, other sockets, older spellings. */
static void
more_is_passed_over(void **state)
{
	(void)state;
	reads(read_ss, "ss.txt",
	    "*** Output of ss -tnpi ***\n"
	    "\n"
	    "ESTAB 0 0 10.0.0.1:22 10.0.0.2:5000 users:((\"sshd\",pid=9,fd=4)) "
	    "timer:(keepalive,12sec,0) uid:1000 ino:98471673 sk:54b cgroup:/ <->\n"
	    "\t cubic wscale:10,10 rto:204 rtt:0.033/0.016 users:((\"no\",pid=1,fd=1))\n"
	    "         more\n"
	    "ESTAB 0 0 10.0.0.1:22 10.0.0.3:5000 users:((\"sshd\",pid=9,fd=5)) bbr "
	    "bbr:(bw:0bps,mrtt:0.033)\n"
	    "u_str ESTAB 0 0 @/tmp/x 12345 * 12346\n"
	    "nl    UNCONN 0 0 rtnl:kernel *\n"
	    "p_raw UNCONN 0 0 *:eth0 *\n"
	    "icmp6 UNCONN 0 0 *%eth0:ipv6-icmp *:*\n"
	    "LISTEN 0 128 :::22 :::* users:((\"sshd\",812,4))\n"
	    "ESTAB 0 0 ::ffff:10.0.0.1:10250 ::ffff:10.0.0.9:4000\n",
	    "tcp 10.0.0.1 22 10.0.0.2 5000 sshd 9\n"
	    "tcp 10.0.0.1 22 10.0.0.3 5000 sshd 9\n"
	    "tcp listens any :: 22 :: 0 sshd 812\n"
	    "tcp 10.0.0.1 10250 10.0.0.9 4000 - 0\n", "");
}

static void
processes(void **state)
{
	static const struct { const char *users, *said, *told; } rows[] = {
		{ "((\"a\",pid=1 (x\",pid=6935,fd=5))", "a\",pid=1 (x 6935", "" },
		{ "((\"tmux: server\",pid=5,fd=7))", "tmux: server 5", "" },
		{ "((\"\x1b[31m\xff\",pid=5,fd=7))", "\x1b[31m\xff 5", "" },
		{ "((\"b)\",pid=5,tid=6,fd=7))", "b) 5", "" },
		{ "((\"b\",pid=5,proc_ctx=unconfined,fd=7))", "b 5", "" },
		/* workers of one name: its, but of no number */
		{ "((\"nginx\",pid=10,fd=6),(\"nginx\",pid=9,fd=6))", "nginx 0", "" },
		{ "((\"n\",pid=10,fd=6),(\"n\",pid=10,fd=7))", "n 10", "" },
		{ "((\"n\",10,6),(\"n\",10,7))", "n 10", "" },
		{ "((\"n\",10,6),(\"m\",10,7))", "- 0", "" },
		{ "((\"a\",pid=10,fd=6),(\"b\",pid=9,fd=6))", "- 0", "" },
		{ "((\"\",pid=1,fd=1),(\"\",pid=1,fd=1))", "- 0", "" },
		/* systemd opened it for the other */
		{ "((\"rpcbind\",pid=600,fd=4),(\"systemd\",pid=1,fd=45))",
		  "rpcbind 600", "" },
		{ "((\"systemd\",pid=1,fd=45),(\"rpcbind\",pid=600,fd=4))",
		  "rpcbind 600", "" },
		{ "((\"systemd\",pid=1,fd=45))", "systemd 1", "" },
		{ "((\"a\",pid=x,fd=4))", "- 0", "f:1: found '(\"a\",pid=x,fd=4))'; "
		  "expected a process such as (\"kubelet\",pid=3012,fd=22)\n" },
		{ "((\"a name that is too long\",pid=1,fd=4))", "- 0",
		  "f:1: found '(\"a name that is too long\",pid=1,fd=4))'; "
		  "expected a process such as (\"kubelet\",pid=3012,fd=22)\n" },
		{ "((\"a\",pid=4294967296,fd=4))", "- 0",
		  "f:1: found '(\"a\",pid=4294967296,fd=4))'; "
		  "expected a process such as (\"kubelet\",pid=3012,fd=22)\n" },
		{ "((\"a\",pid=1,fd=4)", "- 0",
		  "f:1: found '(\"a\",pid=1,fd=4)'; "
		  "expected a process such as (\"kubelet\",pid=3012,fd=22)\n" },
		{ "(", "- 0", "f:1: found ''; "
		  "expected a process such as (\"kubelet\",pid=3012,fd=22)\n" },
	};
	char line[256], want[256], clean[256];

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		snprintf(line, sizeof(line), "ESTAB 0 0 10.0.0.1:22 10.0.0.2:5 "
		    "users:%s\n", rows[i].users);
		snprintf(want, sizeof(want), "tcp 10.0.0.1 22 10.0.0.2 5 %s\n",
		    rows[i].said);
		snprintf(clean, sizeof(clean), "%s", rows[i].told);
		reads(read_ss, "f", line, want, clean);
	}
}

static void
bad_rows(void **state)
{
	static const struct { const char *line, *found; } rows[] = {
		{ "ESTAB 0 0 10.0.0.1:ssh 10.0.0.2:5", "10.0.0.1:ssh" },
		{ "ESTAB 0 0 host:22 10.0.0.2:5", "host:22" },
		{ "ESTAB 0 0 10.0.0.1:22 10.0.0.2", "10.0.0.2" },
		{ "ESTAB 0 0 10.0.0.1:65536 10.0.0.2:1", "10.0.0.1:65536" },
		{ "ESTAB 0 x 10.0.0.1:22 10.0.0.2:1", "x" },
		{ "ESTAB 0 0 [::1:22 10.0.0.2:1", "[::1:22" },
		{ "ESTAB 0 0 10.0.0.1:22", "" },
		{ "ESTAB", "" },
		{ "quatsch", "quatsch" },
		{ "tcp", "" },
	};
	char told[512], text[256];

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		snprintf(text, sizeof(text), "%s\nESTAB 0 0 10.0.0.1:1 10.0.0.2:2\n",
		    rows[i].line);
		snprintf(told, sizeof(told), "f:1: found '%s'; expected a socket as "
		    "'ss -tunap' lists it, with numbers for ports\n", rows[i].found);
		reads(read_ss, "f", text, "tcp 10.0.0.1 1 10.0.0.2 2 - 0\n", told);
	}
}

/* netstat -plant, as net-tools 2.10 prints it. */
static void
netstat(void **state)
{
	(void)state;
	reads(read_netstat, "netstat.txt",
	    "(Not all processes could be identified, non-owned process info\n"
	    " will not be shown, you would have to be root to see it all.)\n"
	    "Active Internet connections (servers and established)\n"
	    "Proto Recv-Q Send-Q Local Address           Foreign Address         "
	    "State       PID/Program name    \n"
	    "tcp        0      0 127.0.0.1:82            0.0.0.0:*               "
	    "LISTEN      6935/python3        \n"
	    "tcp6       0      0 :::10250                :::*                    "
	    "LISTEN      3012/kubelet        \n"
	    "tcp6       0      0 127.0.0.1:10250         127.0.0.1:35132         "
	    "ESTABLISHED -                   \n"
	    "tcp        0      0 10.0.0.1:22             10.0.0.2:4000           "
	    "ESTABLISHED 99/sshd: core [priv \n"
	    "tcp        0      0 10.0.0.1:23             10.0.0.2:4000           "
	    "TIME_WAIT   -                    timewait (12.00/0/0)\n"
	    "tcp        0      0 10.0.0.1:24             10.0.0.2:4000           "
	    "ESTABLISHED 99/nginx:            off (0.00/0/0)\n"
	    "tcp        0      0 10.0.0.1:25             10.0.0.2:4000           "
	    "ESTABLISHED 1234567/a-name-that \n"
	    "udp        0      0 127.0.0.1:53            0.0.0.0:*               "
	    "            6935/dnsmasq        \n"
	    "udp        0      0 127.0.0.1:54514         127.0.0.1:53            "
	    "ESTABLISHED 6936/curl           \n"
	    "raw6       0      0 :::58                   :::*                    7\n"
	    "Active UNIX domain sockets (servers and established)\n"
	    "Proto RefCnt Flags       Type       State         I-Node\n"
	    "unix  2      [ ACC ]     STREAM     LISTENING     12345    1/init\n",
	    "tcp listens 127.0.0.1 82 0.0.0.0 0 python3 6935\n"
	    "tcp listens any :: 10250 :: 0 kubelet 3012\n"
	    "tcp 127.0.0.1 10250 127.0.0.1 35132 - 0\n"
	    "tcp 10.0.0.1 22 10.0.0.2 4000 - 99\n"
	    "tcp 10.0.0.1 23 10.0.0.2 4000 - 0\n"
	    "tcp 10.0.0.1 24 10.0.0.2 4000 nginx 99\n"
	    "tcp 10.0.0.1 25 10.0.0.2 4000 - 1234567\n"
	    "udp listens 127.0.0.1 53 0.0.0.0 0 dnsmasq 6935\n"
	    "udp 127.0.0.1 54514 127.0.0.1 53 curl 6936\n", "");
}

static void
netstat_bad(void **state)
{
	(void)state;
	/* cut without a sign of it: 2001:db8:1:2:3:456::1, port 44300 */
	reads(read_netstat, "f",
	    "tcp6 0 0 2001:db8:1:2:3:45:44300 2001:db8::1:443 ESTABLISHED 1/a\n"
	    "tcp6 0 0 ::1:443 ::1:444 ESTABLISHED 1/a\n",
	    "tcp ::1 443 ::1 444 a 1\n",
	    "f:1: '2001:db8:1:2:3:45:44300 2001:db8::1:443' may be cut; expected "
	    "whole addresses, as 'ss' or 'netstat -W' shows them\n");
	reads(read_netstat, "f",
	    "timeout: failed to run command 'netstat': No such file or directory\n"
	    "tcp 0 0 10.0.0.1:ssh 10.0.0.2:1 LISTEN 1/a\n", "",
	    "f:1: found 'timeout:'; expected a socket as 'netstat -plant' lists it\n"
	    "f:2: found 'tcp 0 0 10.0.0.1:ssh 10.0.0.2:1 LISTEN 1/a'; expected two "
	    "queues and two addresses with numbers for ports, as 'netstat -plant' "
	    "lists them\n");
}

/* A list without a socket is known to be one; noise is not. */
static void
part(void **state)
{
	static const struct { const char *text; bool known; } rows[] = {
		{ "Netid State  Recv-Q Send-Q Local Address:Port\n", true },
		{ "Recv-Q Send-Q Local Address:Port\n", true },
		{ "ESTAB 0 0 10.0.0.1:1 10.0.0.2:2\n", true },
		{ "", false }, { "\n\n", false }, { "nothing at all\n", false },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct run r = run(read_ss, "ss.txt", rows[i].text);

		assert_int_equal(state_has(r.state, PART_SOCKETS), rows[i].known);
		run_free(&r);
	}
}

/* Several files tell of the same socket; one says whose it is. */
static void
several_files(void **state)
{
	struct run r = run(read_ss, "ss-tn.txt", "ESTAB 0 0 10.0.0.1:1 10.0.0.2:2 "
	    "users:((\"a\",pid=5,fd=1))\nLISTEN 0 0 *:9 *:* "
	    "users:((\"a\",pid=5,fd=1))\nLISTEN 0 0 *:9 *:* "
	    "users:((\"a\",pid=5,fd=2))\nLISTEN 0 0 *:9 *:* "
	    "users:((\"b\",pid=6,fd=2))\n");
	char out[1024];

	(void)state;
	read_text(r.state, r.told, read_netstat, "netstat.txt",
	    "tcp 0 0 10.0.0.1:1 10.0.0.2:2 ESTABLISHED 5/a.out\n"
	    "tcp 0 0 10.0.0.1:1 10.0.0.3:2 ESTABLISHED 5/a.out\n");
	said(&r, out, sizeof(out));
	assert_string_equal(out, "tcp 10.0.0.1 1 10.0.0.2 2 a 5\n"
	    "tcp listens any :: 9 :: 0 a 5\ntcp listens any :: 9 :: 0 b 6\n"
	    "tcp 10.0.0.1 1 10.0.0.3 2 a.out 5\n");
	assert_string_equal(r.told->text, "");
	run_free(&r);
}

/* Another state after a change still has them, of its own; or those that came. */
static void
over_changes(void **state)
{
	struct run first = run(read_ss, "ss.txt", "LISTEN 0 0 *:9 *:* "
	    "users:((\"a\",pid=5,fd=1))\n");
	struct run link = run(read_ip_addr, "ip-link.txt", "7: eth7: <UP> mtu 1500\n");
	struct run come = run(read_ss, "ss.txt", "LISTEN 0 0 *:10 *:* "
	    "users:((\"b\",pid=6,fd=1))\n");
	struct timeline *tl = timeline_new(NULL);
	struct state_change c = { .come = link.state };
	const struct addr any = { .b = { [10] = 0xff, 0xff, 10, 0, 0, 1 } };
	const struct state *s;
	const struct sock *k;
	struct nstime gone;

	(void)state;
	state_ready(first.state);
	timeline_begin(tl, first.state);
	timeline_change(tl, &c, (struct nstime){ 1 }, (struct nstime){ 2 });
	assert_true(timeline_settle(tl, &gone));
	s = timeline_epoch(tl, timeline_n(tl) - 1)->state;
	k = state_sock_listening(s, &any, 9, PROTO_TCP);
	assert_non_null(k);
	assert_string_equal(k->process, "a");
	assert_ptr_not_equal(s->socks.v, first.state->socks.v);

	c = (struct state_change){ .parts = 1u << PART_SOCKETS, .come = come.state };
	timeline_change(tl, &c, (struct nstime){ 3 }, (struct nstime){ 4 });
	assert_true(timeline_settle(tl, &gone));
	run_free(&come);
	s = timeline_epoch(tl, timeline_n(tl) - 1)->state;
	assert_null(state_sock_listening(s, &any, 9, PROTO_TCP));
	k = state_sock_listening(s, &any, 10, PROTO_TCP);
	assert_non_null(k);
	assert_string_equal(k->process, "b");
	timeline_free(tl);
	run_free(&first);
	run_free(&link);
}

static void
file_names(void **state)
{
	static const struct { const char *name; reader_fn *fn; } rows[] = {
		{ "ss.txt", read_ss }, { "a/b/ss-tnp.txt", read_ss },
		{ "ss_tnp.txt", read_ss }, { "ss-tunap", read_ss },
		{ "ss-tulnp.out", read_ss }, { "SS-tulpn.txt", read_ss },
		{ "sockets.txt", read_ss }, { "system/netstat.txt", read_netstat },
		{ "sshd.txt", NULL }, { "ssl.txt", NULL }, { "sstables.txt", NULL },
		{ "ss.conf", NULL },
	};
	char key[FILE_KEY_MAX];

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		const struct file_kind *k = file_name_key(rows[i].name, key) ?
		    file_kind_find(key) : NULL;

		if ((k ? k->text : NULL) != rows[i].fn)
			fail_msg("%s", rows[i].name);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns), cmocka_unit_test(columns_left_out),
		cmocka_unit_test(more_is_passed_over), cmocka_unit_test(processes),
		cmocka_unit_test(bad_rows), cmocka_unit_test(netstat),
		cmocka_unit_test(netstat_bad), cmocka_unit_test(part),
		cmocka_unit_test(several_files), cmocka_unit_test(over_changes),
		cmocka_unit_test(file_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
