/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * node_scene.h - node states for tests, made of the texts that a node prints.
 *
 * scene_texts_default() is a healthy node: VPC 10.0.0.0/16, eth0 10.0.0.10 with
 * pod default/p1 10.0.0.11, eth1 10.0.0.20 with pods default/p2 10.0.0.21 and
 * default/p3 10.0.0.22.  A test takes lines out, puts lines in, or leaves a
 * whole text out, and builds.
 */
#ifndef TESTS_NODE_SCENE_H
#define TESTS_NODE_SCENE_H

#include "capture/state/reader.h"
#include "decode/contract.h"
#include "decode/model.h"

enum scene_text {
	TEXT_RULE, TEXT_RULE6, TEXT_ROUTE, TEXT_ROUTE6, TEXT_ADDR, TEXT_IPTABLES,
	TEXT_ENIS, TEXT_IPAM, TEXT_SETTINGS, TEXT_SYSCTL, TEXT_KUBECTL, TEXT_METRICS,
	TEXT_CONNTRACK, TEXT_SS,
	N_SCENE_TEXTS
};

#define SCENE_TEXT_MAX	8192

struct scene_node {
	char		text[N_SCENE_TEXTS][SCENE_TEXT_MAX];	/* "" left out */
	struct state	*state;
	struct model	*model;
	struct contract	*contract;
};

struct scene_node *node_default(void);
/* The same node with external SNAT. */
struct scene_node *node_external_snat(void);
void	node_free(struct scene_node *);
/* Each line that holds `with` goes; at least one must. */
void	node_cut(struct scene_node *, enum scene_text, const char *with);
/* Another line at the end of the text. */
void	node_add(struct scene_node *, enum scene_text, const char *line);
/* Every `from` becomes `to`; at least one must be there. */
void	node_swap(struct scene_node *, enum scene_text, const char *from,
	    const char *to);
void	node_drop(struct scene_node *, enum scene_text);
/* `ip addr` with these devices and indexes instead, eth0 and eth1 with their
   addresses. */
struct node_dev {
	const char	*name;
	uint32_t	 ifindex;
};
void	node_devices(struct scene_node *, const struct node_dev *, unsigned n);
/* Read the texts; a line that a reader cannot understand fails the test. */
void	node_build(struct scene_node *);

struct addr	ip(const char *text);

#endif
