/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * aws.c - what ipamd of the Amazon VPC CNI says about ENIs and their addresses:
 * /v1/enis in its three generations, and /var/run/aws-node/ipam.json.
 * Source: amazon-vpc-cni-k8s pkg/ipamd/datastore/data_store.go (types ENIInfos,
 * ENI, CidrInfo, AddressInfo, CheckpointData; before 1.7 ENIIPPool).
 */
#include <stdlib.h>
#include <string.h>

#include "capture/state/documents/aws.h"
#include "capture/state/documents/json.h"
#include "capture/state/documents/rfc3339.h"

#define ENIS_MAX	1024	/* the largest instances have 60 */

/* One ENI while its addresses are read. */
struct eni_reading {
	struct jdoc	*doc;
	uint32_t	 eni;
};

/* ---- addresses */

static void
add_addr(struct eni_reading *e, const struct eni_addr *new)
{
	struct eni_addr *a = state_push(e->doc->reader->state, eni_addrs);

	if (a == NULL)
		return;
	*a = *new;
	a->eni = e->eni;
}

/* The pod that an address is assigned to; what ipamd tells of it. */
static void
add_pod(struct jdoc *d, const json_t *o, const struct addr *a,
    struct eni_addr *eni_addr)
{
	const char *ns = jdoc_word(d, o, "IPAMMetadata.k8sPodNamespace");
	const char *name = jdoc_word(d, o, "IPAMMetadata.k8sPodName");
	const char *id = jdoc_keep(d, o, "IPAMKey.containerID");
	const char *since = jdoc_word(d, o, "AssignedTime");
	struct nstime when = { 0 };
	struct pod *p;

	if (ns == NULL || name == NULL)
		ns = name = NULL;
	p = state_pod(d->reader->state, ns, name, a);
	if (p == NULL)
		return;
	p->sources |= POD_ENIS;
	eni_addr->ns = p->ns;
	eni_addr->name = p->name;
	if (id != NULL && p->container_id == NULL)
		p->container_id = id;
	/* Go's zero time is one that was never set */
	if (since == NULL || strncmp(since, "0001-", 5) == 0)
		return;
	if (!rfc3339_parse(since, &when))
		jdoc_bad(d, "AssignedTime", "'%s' is not a time", since);
	else if (p->allocated.ns == 0)
		p->allocated = when;
}

/* Since 1.7 an address that a pod has carries the pod's sandbox in its key
   (AddressInfo.Assigned()); before, a word said so. */
static bool
is_assigned(struct jdoc *d, const json_t *o)
{
	if (jdoc_object(d, o, "IPAMKey") == NULL)
		return jdoc_bool(d, o, "Assigned") == 1;
	return jdoc_word(d, o, "IPAMKey.networkName") != NULL ||
	    jdoc_word(d, o, "IPAMKey.containerID") != NULL ||
	    jdoc_word(d, o, "IPAMKey.ifName") != NULL;
}

/* {"10.0.0.5":{"Address":"10.0.0.5",...},...}; the oldest have no Address. */
static void
read_addresses(struct eni_reading *e, const json_t *list, bool in_prefix)
{
	struct jdoc *d = e->doc;
	const char *key;
	const json_t *v;
	json_t *all = (json_t *)(uintptr_t)list;

	json_object_foreach(all, key, v) {
		struct eni_addr new = { .in_prefix = in_prefix };
		size_t at = jdoc_enter(d, key);
		struct addr a;

		if (!addr_parse(key, &a)) {
			jdoc_bad(d, "", "'%s' is not an IP address", key);
		} else if ((v = jdoc_is_object(d, v)) != NULL) {
			new.prefix = prefix_of(&a, 128);
			new.assigned = is_assigned(d, v);
			if (new.assigned)
				add_pod(d, v, &a, &new);
			add_addr(e, &new);
		}
		jdoc_leave(d, at);
	}
}

/* The key says the same as Cidr.IP and Cidr.Mask (base64), in words. */
static void
read_cidr(struct eni_reading *e, const char *key, const json_t *o)
{
	struct jdoc *d = e->doc;
	const json_t *list = jdoc_object(d, o, "IPAddresses");
	bool is_prefix = jdoc_bool(d, o, "IsPrefix") == 1;
	struct eni_addr new = { .is_prefix = true };
	bool whole;

	/* 1.9 called them so */
	if (list == NULL)
		list = jdoc_object(d, o, "IPv4Addresses");
	if (!prefix_parse(key, &new.prefix)) {
		jdoc_bad(d, "", "'%s' is not ADDRESS/LENGTH", key);
		return;
	}
	whole = new.prefix.len == 128;
	if (is_prefix || !whole)
		add_addr(e, &new);
	/* a secondary address that was never used has no entry of its own */
	else if (list == NULL || json_object_size(list) == 0) {
		new.is_prefix = false;
		add_addr(e, &new);
	}
	if (list != NULL) {
		size_t at = jdoc_enter(d, "IPAddresses");

		read_addresses(e, list, is_prefix || !whole);
		jdoc_leave(d, at);
	}
}

static void
read_cidrs(struct eni_reading *e, const json_t *eni, const char *name)
{
	struct jdoc *d = e->doc;
	const json_t *list = jdoc_object(d, eni, name), *v;
	size_t at = jdoc_enter(d, name), inner;
	const char *key;
	json_t *all = (json_t *)(uintptr_t)list;

	json_object_foreach(all, key, v) {
		inner = jdoc_enter(d, key);
		if (jdoc_is_object(d, v) != NULL)
			read_cidr(e, key, v);
		jdoc_leave(d, inner);
	}
	jdoc_leave(d, at);
}

/* ---- ENIs */

static bool
is_known(const struct state *s, const char *id)
{
	for (uint32_t i = 0; i < s->enis.n; i++)
		if (strcmp(s->enis.v[i].id, id) == 0)
			return true;
	return false;
}

static void
read_eni(struct jdoc *d, const char *key, const json_t *o, int32_t card)
{
	struct state *s = d->reader->state;
	const char *id = jdoc_word(d, o, "ID");
	struct eni_reading e = { d, s->enis.n };
	struct eni_fact *f;
	uint64_t n;

	if (id == NULL)
		id = key;
	if (s->enis.n == ENIS_MAX) {
		jdoc_bad(d, "", "more than %d ENIs", ENIS_MAX);
		return;
	}
	if (is_known(s, id)) {
		jdoc_bad(d, "", "%s is listed a second time", id);
		return;
	}
	f = state_push(s, enis);
	if (f == NULL)
		return;
	f->id = state_text(s, id, strlen(id));
	f->card = card;
	f->device = jdoc_number(d, o, "DeviceNumber", INT32_MAX, &n) ?
	    (int32_t)n : -1;
	f->primary = jdoc_bool(d, o, "IsPrimary") == 1;
	f->trunk = jdoc_bool(d, o, "IsTrunk") == 1;
	f->efa = jdoc_bool(d, o, "IsEFA") == 1;
	f->excluded = jdoc_bool(d, o, "IsExcludedForPodIPs") == 1;
	f->table = jdoc_number(d, o, "RouteTableID", UINT32_MAX, &n) ?
	    (uint32_t)n : 0;
	f->subnet = jdoc_keep(d, o, "SubnetID");
	read_cidrs(&e, o, "AvailableIPv4Cidrs");
	read_cidrs(&e, o, "IPv6Cidrs");
	/* up to 1.8: addresses without ranges */
	if (jdoc_object(d, o, "IPv4Addresses") != NULL) {
		size_t at = jdoc_enter(d, "IPv4Addresses");

		read_addresses(&e, jdoc_object(d, o, "IPv4Addresses"), false);
		jdoc_leave(d, at);
	}
}

static bool
read_pool(struct jdoc *d, const json_t *o, const char *name, int32_t card)
{
	const json_t *list = jdoc_object(d, o, name), *v;
	json_t *all = (json_t *)(uintptr_t)list;
	size_t at, inner;
	const char *key;

	if (list == NULL)
		return false;
	at = jdoc_enter(d, name);
	json_object_foreach(all, key, v) {
		inner = jdoc_enter(d, key);
		if (jdoc_is_object(d, v) != NULL)
			read_eni(d, key, v, card);
		jdoc_leave(d, inner);
	}
	jdoc_leave(d, at);
	return true;
}

/* Before 1.7 pods were told apart from their addresses: {"NAME_NAMESPACE_SANDBOX":
   {"IP":"10.0.0.5","DeviceNumber":0}}.  Names of pods hold no underscore. */
bool
aws_old_pods(struct jdoc *d, const json_t *list)
{
	json_t *all = (json_t *)(uintptr_t)list;
	const char *key, *ns, *id;
	const json_t *v;
	bool any = false;

	json_object_foreach(all, key, v) {
		char name[256], space[256];
		size_t at = jdoc_enter(d, key);
		struct addr a;
		struct pod *p;

		ns = strchr(key, '_');
		id = ns ? strchr(ns + 1, '_') : NULL;
		if (id != NULL && (size_t)(ns - key) < sizeof(name) &&
		    (size_t)(id - ns) < sizeof(space) && json_is_object(v) &&
		    jdoc_addr(d, v, "IP", &a)) {
			memcpy(name, key, (size_t)(ns - key));
			name[ns - key] = '\0';
			memcpy(space, ns + 1, (size_t)(id - ns) - 1);
			space[id - ns - 1] = '\0';
			p = state_pod(d->reader->state, space, name, &a);
			if (p != NULL)
				p->sources |= POD_ENIS;
			any = true;
		}
		jdoc_leave(d, at);
	}
	return any;
}

static bool
read_card(struct jdoc *d, const json_t *o, int32_t card)
{
	const json_t *pods = jdoc_object(d, o, "PodIPs");
	bool known = read_pool(d, o, "ENIs", card);

	known |= read_pool(d, o, "ENIIPPools", card);
	if (pods != NULL)
		known |= aws_old_pods(d, pods);
	return known;
}

/* The number of a network card; -1 when the text is none. */
static int32_t
card_number(const char *text)
{
	int32_t n = 0;

	if (*text == '\0' || strlen(text) > 4)
		return -1;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return -1;
		n = n * 10 + (*text - '0');
	}
	return n;
}

static bool
read_cards(struct jdoc *d)
{
	const char *key;
	json_t *v;
	bool known = false;

	json_object_foreach(d->root, key, v) {
		size_t at = jdoc_enter(d, key);

		if (card_number(key) >= 0 && jdoc_is_object(d, v) != NULL)
			known |= read_card(d, v, card_number(key));
		jdoc_leave(d, at);
	}
	return known;
}

bool
aws_is_help(const struct jdoc *d)
{
	return json_is_object(d->root) &&
	    json_is_array(json_object_get(d->root, "AvailableCommands"));
}

void
read_enis(struct reader *r)
{
	struct jdoc d;
	bool known;

	if (!jdoc_load(&d, r))
		return;
	/* Cards other than 0 are managed since 1.20, whose form has them. */
	known = json_is_object(d.root) &&
	    (read_card(&d, d.root, 0) || read_cards(&d));
	if (known)
		state_mark(r->state, PART_ENIS);
	else if (!aws_is_help(&d))
		reader_bad(r, 0, "no \"ENIs\": not what ipamd's /v1/enis says");
	jdoc_free(&d);
}

/* ---- ipam.json */

static void
read_allocation(struct jdoc *d, const json_t *o)
{
	const char *ns = jdoc_word(d, o, "metadata.k8sPodNamespace");
	const char *name = jdoc_word(d, o, "metadata.k8sPodName");
	const char *id = jdoc_keep(d, o, "containerID");
	struct state *s = d->reader->state;
	struct addr v4, v6;
	bool has4 = jdoc_addr(d, o, "ipv4", &v4), has6 = jdoc_addr(d, o, "ipv6", &v6);
	struct pod *p;
	uint64_t ns_since;

	if (!has4 && !has6) {
		jdoc_bad(d, "", "an allocation without an address");
		return;
	}
	if (ns == NULL || name == NULL)
		ns = name = NULL;
	p = state_pod(s, ns, name, has4 ? &v4 : &v6);
	if (p == NULL)
		return;
	if (has4 && has6)
		pod_add_addr(p, &v6);
	p->sources |= POD_IPAM;
	if (id != NULL)
		p->container_id = id;
	/* UnixNano; negative for Go's zero time, which is none */
	if (json_integer_value(json_object_get(o, "allocationTimestamp")) >= 0 &&
	    jdoc_number(d, o, "allocationTimestamp", INT64_MAX, &ns_since) &&
	    ns_since != 0)
		p->allocated = (struct nstime){ (int64_t)ns_since };
}

void
read_ipam(struct reader *r)
{
	const json_t *list, *v;
	const char *version;
	struct jdoc d;
	size_t i, at;

	if (!jdoc_load(&d, r))
		return;
	version = jdoc_word(&d, d.root, "version");
	list = jdoc_array(&d, d.root, "allocations");
	if (version != NULL && strcmp(version, "vpc-cni-ipam/1") != 0)
		reader_bad(r, 0, "version '%s', where vpc-cni-ipam/1 is known",
		    version);
	if (version == NULL && list == NULL)
		reader_bad(r, 0, "no \"allocations\": not ipamd's ipam.json");
	else	/* Go writes no list when there are none */
		state_mark(r->state, PART_IPAM);
	json_array_foreach(list, i, v) {
		at = jdoc_enter(&d, "allocations");
		jdoc_enter_index(&d, i);
		if (jdoc_is_object(&d, v) != NULL)
			read_allocation(&d, v);
		jdoc_leave(&d, at);
	}
	jdoc_free(&d);
}
