#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Golden outputs: `read -v` of every case in pcaps/ (1,000 packets at most), without
# its state and with it, and the rows of tests/golden/LIST, compared with what was
# accepted before.  With -u (make golden) they are written anew; read the diff before
# you keep it.
set -u
cd "$(dirname "$0")/.." || exit 1
PODPATH=${PODPATH:-./podpath}
update=false
[ "${1:-}" = -u ] && update=true
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
LC_ALL=C.UTF-8
export LC_ALL
n=0

# The only thing that differs from run to run is how long it took.
timeless() {
	sed -e 's/read in [0-9.]*[a-zµ]*\./read in TIME./' \
	    -e 's/"wall_ns":[0-9]*/"wall_ns":0/'
}

# golden NAME [COMMAND] OPTIONS... FILES...; the command is read unless told.
golden() {
	name=$1
	shift
	case $1 in
	explain|node|verify) ;;
	*) set -- read "$@" ;;
	esac
	n=$((n + 1))
	{
		timeout 60 "$PODPATH" "$@" 2>&1
		code=$?
		[ $code -eq 0 ] || echo "exit code $code"
	} | timeless >"$T/out"
	if $update; then
		cmp -s "$T/out" "tests/golden/$name" || echo "golden: $name"
		cp "$T/out" "tests/golden/$name"
	elif diff -u "tests/golden/$name" "$T/out" >"$T/diff" 2>&1; then
		echo "ok $n $name"
	else
		echo "not ok $n $name"
		head -n 20 "$T/diff" | sed 's/^/# /'
	fi
}

for dir in pcaps/*/; do
	case=$(basename "$dir")
	golden "$case.txt" -v -c 1000 "$dir"*.pcap
	golden "$case.judged.txt" -v -c 1000 --state "$dir" "$dir"*.pcap
done
# NAME [COMMAND] OPTIONS... FILES...
while read -r row; do
	case $row in
	''|'#'*) continue ;;
	esac
	eval "golden $row"
done <tests/golden/LIST

# A golden file that nothing makes any more is a test that cannot fail.
for file in tests/golden/*; do
	name=$(basename "$file")
	[ "$name" = LIST ] && continue
	case=${name%.txt}
	[ -d "pcaps/${case%.judged}" ] && continue
	grep -q "^$name " tests/golden/LIST && continue
	n=$((n + 1))
	if $update; then
		rm "$file"
	else
		echo "not ok $n $name: nothing makes this file; run make golden"
	fi
done
$update || echo "1..$n"
