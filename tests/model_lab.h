/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * model_lab.h - for tests/model_kernel.c and tests/model_packets.c.  Whatever goes
 * wrong here ends the program with code 2 and says what.
 */
#ifndef TESTS_MODEL_LAB_H
#define TESTS_MODEL_LAB_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "capture/state/reader.h"

extern uint64_t lab_seed;
extern char lab_dir[64];		/* scratch, in $TMPDIR */

void	 lab_begin(const char *seed);
void	 lab_end(void);
unsigned lab_pick(unsigned n);		/* 0 to n - 1 */
bool	 lab_chance(unsigned percent);
FILE	*lab_file(const char *name);	/* in lab_dir, to write */
char	*lab_slurp(const char *name);	/* freed by the caller */
__attribute__((format(printf, 1, 2)))
int	 lab_shell(const char *text, ...);
/* net.ipv4.conf.DEV.KEY, in the kernel and in the state. */
void	 lab_sysctl(struct state *, const char *dev, const char *key, int value);
/* A file of lab_dir into the state; the reader may have nothing to say. */
void	 lab_read(struct state *, const char *name, reader_fn *);

/* model_rule_sets.c: what tests/model_packets.c loads.  The node's devices and its
   pods' addresses are these. */
#define LAB_DEVS	5
#define LAB_PODS	3
extern const char *const lab_devs[LAB_DEVS], *const lab_pods[LAB_PODS];
void	 lab_policy(FILE *);		/* for `ip -batch` */
void	 lab_tables(FILE *);		/* for iptables-restore */

#endif
