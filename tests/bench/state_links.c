/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * state_links.c - the node's interfaces with the indexes and link-level
 * addresses that the capture shows (gen_wire.c), in the three spellings that
 * bundles have: `ip -j link`, `ip -j addr`, ifconfig.
 */
#include "state.h"

enum form { FORM_LINK, FORM_ADDR, FORM_IFCONFIG };

struct iface {
	const char	*name;
	uint32_t	 index;
	uint32_t	 ip;		/* 0: none */
	bool		 veth;
};

static void
put_loopback(FILE *f, enum form form)
{
	if (form == FORM_IFCONFIG) {
		fputs("lo: flags=73<UP,LOOPBACK,RUNNING>  mtu 65536\n"
		    "        inet 127.0.0.1  netmask 255.0.0.0\n"
		    "        loop  txqueuelen 1000  (Local Loopback)\n\n", f);
		return;
	}
	fprintf(f, "{\"ifindex\":1,\"ifname\":\"lo\",\"flags\":[\"LOOPBACK\",\"UP\","
	    "\"LOWER_UP\"],\"mtu\":65536,\"qdisc\":\"noqueue\",\"operstate\":"
	    "\"UNKNOWN\",\"group\":\"default\",\"txqlen\":1000,\"link_type\":"
	    "\"loopback\",\"address\":\"00:00:00:00:00:00\",\"broadcast\":"
	    "\"00:00:00:00:00:00\"%s}", form == FORM_LINK ? "" :
	    ",\"addr_info\":[{\"family\":\"inet\",\"local\":\"127.0.0.1\","
	    "\"prefixlen\":8,\"scope\":\"host\",\"label\":\"lo\"}]");
}

static void
put_ifconfig(FILE *f, const struct iface *i, const char *mac)
{
	fprintf(f, "%s: flags=4163<UP,BROADCAST,RUNNING,MULTICAST>  mtu 9001\n",
	    i->name);
	if (i->ip != 0)
		fprintf(f, "        inet %s  netmask 255.255.240.0  broadcast "
		    "10.0.15.255\n", ip_text(i->ip).s);
	fprintf(f, "        ether %s  txqueuelen 1000  (Ethernet)\n"
	    "        RX packets 0  bytes 0 (0.0 B)\n"
	    "        RX errors 0  dropped 0  overruns 0  frame 0\n"
	    "        TX packets 0  bytes 0 (0.0 B)\n"
	    "        TX errors 0  dropped 0 overruns 0  carrier 0  collisions 0\n\n",
	    mac);
}

static void
put_json(FILE *f, enum form form, const struct iface *i, const char *mac)
{
	fprintf(f, ",{\"ifindex\":%u,%s\"ifname\":\"%s\",\"flags\":[\"BROADCAST\","
	    "\"MULTICAST\",\"UP\",\"LOWER_UP\"],\"mtu\":9001,\"qdisc\":\"%s\","
	    "\"operstate\":\"UP\",\"group\":\"default\",\"txqlen\":1000,"
	    "\"link_type\":\"ether\",\"address\":\"%s\",\"broadcast\":"
	    "\"ff:ff:ff:ff:ff:ff\"", i->index, i->veth ? "\"link_index\":3," : "",
	    i->name, i->veth ? "noqueue" : "mq", mac);
	if (i->veth)
		fprintf(f, ",\"link_netnsid\":%u", i->index - FIRST_VETH);
	if (form == FORM_LINK && i->veth)
		fputs(",\"promiscuity\":0,\"linkinfo\":{\"info_kind\":\"veth\"}", f);
	if (form == FORM_ADDR && i->ip == 0)
		fputs(",\"addr_info\":[]", f);
	if (form == FORM_ADDR && i->ip != 0)
		fprintf(f, ",\"addr_info\":[{\"family\":\"inet\",\"local\":\"%s\","
		    "\"prefixlen\":20,\"broadcast\":\"10.0.15.255\",\"scope\":"
		    "\"global\",\"label\":\"%s\"}]", ip_text(i->ip).s, i->name);
	fputc('}', f);
}

static void
put_iface(FILE *f, enum form form, const struct iface *i)
{
	char mac[18];

	snprintf(mac, sizeof(mac), "0a:01:%02x:%02x:%02x:%02x", i->index >> 24,
	    i->index >> 16 & 255, i->index >> 8 & 255, i->index & 255);
	if (form == FORM_IFCONFIG)
		put_ifconfig(f, i, mac);
	else
		put_json(f, form, i, mac);
}

static void
write_form(const struct node_state *s, enum form form, const char *file)
{
	FILE *f = dump_open(s, file);
	char name[16];
	uint32_t i;

	if (form != FORM_IFCONFIG)
		fputc('[', f);
	put_loopback(f, form);
	for (i = 0; i < n_enis(s); i++) {
		snprintf(name, sizeof(name), "eth%u", i);
		put_iface(f, form, &(struct iface){ name, ENI_FIRST + i, eni_ip(i),
		    false });
	}
	for (i = 0; i < s->pods; i++) {
		struct pod_name pod = pod_name(i);

		put_iface(f, form, &(struct iface){ pod.veth, pod_veth(i), 0, true });
	}
	fputs(form == FORM_IFCONFIG ? "" : "]\n", f);
	dump_close(f, file);
}

void
write_links(const struct node_state *s)
{
	write_form(s, FORM_LINK, "ip-link.json");
	write_form(s, FORM_ADDR, "ip-addr.json");
	write_form(s, FORM_IFCONFIG, "ifconfig.txt");
}
