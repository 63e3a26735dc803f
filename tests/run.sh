#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Run every test of the named builds and add up what they say.  A test program
# speaks TAP ("ok 1 name", "not ok 2 name", "ok 3 name # skip reason"); one that
# dies, hangs or says nothing counts as a failure; exit code 77 after a line
# "skipped: reason" skips all of it.
# usage: tests/run.sh BUILDDIR...
# ONLY="name ..." limits the run to programs with one of these names.
set -eu
cd "$(dirname "$0")/.."
log=$(mktemp)
tally=$(mktemp)
trap 'rm -f "$log" "$tally"' EXIT
trap 'exit 130' INT TERM

# Count the TAP lines of $log; print what did not pass, then "passed failed skipped".
count() {
	awk -v name="$1" -v status="$2" -v tally="$tally" '
	function bad(text) { printf "not ok  %s: %s\n", name, text; failed++ }
	/^not ok/ { sub(/^not ok +/, ""); bad($0); next }
	/^ok/ && /# *[Ss][Kk][Ii][Pp]/ {
		sub(/^ok +[0-9]* *-? */, ""); skipped++
		printf "skip    %s: %s\n", name, $0; next }
	/^ok/ { passed++; next }
	/^skipped: / { reason = substr($0, 10); next }
	/^1\.\.[0-9]+/ { plan = substr($1, 4) + 0; planned = 1; next }
	END {
		total = passed + failed + skipped
		if (status == 77 && !total) {
			skipped = total = 1
			printf "skip    %s: %s\n", name, reason
		} else if (status == 124)
			bad("took too long and was ended")
		else if (status != 0 && !failed)
			bad("ended with status " status)
		else if (total == 0 && !(planned && plan == 0))
			bad("said nothing")
		else if (planned && plan != total)
			bad("planned " plan " tests, ran " total)
		printf "%s  %s: %d passed, %d failed, %d skipped\n",
		    failed ? "FAIL  " : "ok    ", name, passed, failed, skipped
		print passed + 0, failed + 0, skipped + 0 >>tally
		exit failed ? 1 : 0
	}' "$log"
}

run() {
	name=$1
	shift
	if [ -n "${ONLY:-}" ]; then
		case " $ONLY " in
		*" ${name#*/} "*) ;;
		*) return 0 ;;
		esac
	fi
	status=0
	timeout -k 10 "${TEST_TIMEOUT:-900}" "$@" >"$log" 2>&1 </dev/null ||
	    status=$?
	count "$name" "$status" || {
		echo "        the end of its output:"
		tail -n 25 "$log" | sed 's/^/        | /'
	}
}

for b; do
	BUILD=$PWD/$b
	PODPATH=$PWD/podpath${b#build}
	CMOCKA_MESSAGE_OUTPUT=TAP
	export BUILD PODPATH CMOCKA_MESSAGE_OUTPUT
	for src in tests/test_*.c; do
		[ -e "$src" ] || continue
		t=$(basename "$src" .c)
		run "$b/$t" "$b/tests/$t"
	done
	for src in tests/fuzz_*.c; do
		[ -e "$src" ] || continue
		t=$(basename "$src" .c)
		run "$b/$t" "$b/tests/$t" "tests/corpus/${t#fuzz_}"
	done
	for t in tests/golden.sh tests/t_*.sh tests/lab/t_*.sh; do
		[ -e "$t" ] || continue
		run "$b/$(basename "$t" .sh)" "$t"
	done
	BENCH_BUILD=$BUILD/bench
	export BENCH_BUILD
	[ ! -e tests/bench/bench.sh ] || run "$b/bench" tests/bench/bench.sh --quick
done

awk '{ p += $1; f += $2; s += $3 }
END {
	printf "%d passed, %d failed, %d skipped\n", p, f, s
	exit (f || !p) ? 1 : 0
}' "$tally"
