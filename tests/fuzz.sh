#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Run each libFuzzer program for a bounded time.  New inputs are kept in the
# build directory; one that crashes is left there and named: copy it to
# tests/corpus/ together with the fix.
# usage: tests/fuzz.sh SECONDS PROGRAM...
set -eu
cd "$(dirname "$0")/.."
seconds=$1
shift
for f; do
	name=$(basename "$f" .libfuzzer)
	work=build/corpus/${name#fuzz_}
	seeds=tests/corpus/${name#fuzz_}
	mkdir -p "$work" "$seeds"
	echo "fuzz: $name for $seconds s"
	"$f" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
	    -print_final_stats=1 -artifact_prefix="build/corpus/$name-" \
	    "$work" "$seeds" 2>&1 | tail -n 12
	# The pipe hides the status of the fuzzer; its artifact does not.
	if ls build/corpus/"$name"-crash-* build/corpus/"$name"-oom-* \
	    build/corpus/"$name"-timeout-* build/corpus/"$name"-leak-* \
	    >/dev/null 2>&1; then
		echo "fuzz: $name found a failing input in build/corpus/" >&2
		exit 1
	fi
done
