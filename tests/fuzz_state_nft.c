/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_state_nft.c - nft -j list ruleset, twice into one state.
 * The list is cut into objects before jansson sees them, and every expression may have any shape.
 */
#include "tests/fuzz_state.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static reader_fn *const readers[] = {
		read_nft_json, read_nft_json,
	};

	return fuzz_state(readers, sizeof(readers) / sizeof(readers[0]), data, size);
}
