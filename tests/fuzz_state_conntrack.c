/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_state_conntrack.c - the conntrack table in any spelling, twice into one state.
 * Its own scanner for speed, with torn lines put together and an XML form of its own.
 */
#include "tests/fuzz_state.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static reader_fn *const readers[] = {
		read_conntrack, read_conntrack,
	};

	return fuzz_state(readers, sizeof(readers) / sizeof(readers[0]), data, size);
}
