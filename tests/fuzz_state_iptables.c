/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_state_iptables.c - iptables-save, ip6tables-save and ipset, one behind the other in one state.
 * Rules refer to chains and sets that another line or file may have, twice, or not at all.
 */
#include "tests/fuzz_state.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static reader_fn *const readers[] = {
		read_iptables_save, read_ip6tables_save, read_ipset,
	};

	return fuzz_state(readers, sizeof(readers) / sizeof(readers[0]), data, size);
}
