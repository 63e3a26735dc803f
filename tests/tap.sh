# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by tests/t_*.sh: TAP lines, a scratch directory, the program.  The
# runner sets PODPATH and BUILD; run by hand, ./podpath and build/ are taken.
set -u
cd "$(dirname "$0")/.." || exit 1
PODPATH=${PODPATH:-$PWD/podpath}
BUILD=${BUILD:-$PWD/build}
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
trap 'exit 130' INT TERM
LC_ALL=C.UTF-8
export LC_ALL
unset NO_COLOR
tap_n=0

# tap STATUS NAME: 0 is ok.  What the last run said follows a failure.
tap() {
	tap_n=$((tap_n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $tap_n $2"
	else
		echo "not ok $tap_n $2"
		echo "# exit code ${code:-?}"
		[ ! -s "$T/err" ] || head -n 5 "$T/err" | sed 's/^/# stderr: /'
		[ ! -s "$T/out" ] || head -n 5 "$T/out" | sed 's/^/# stdout: /'
	fi
}

skip() {
	tap_n=$((tap_n + 1))
	echo "ok $tap_n $1 # skip $2"
}

# run ARGS...: podpath into $T/out and $T/err; its exit code in $code.
run() {
	code=0
	timeout 60 "$PODPATH" "$@" >"$T/out" 2>"$T/err" </dev/null || code=$?
}

# No sanitizer report, no death by a signal.
sound() {
	[ "$code" -lt 124 ] && ! grep -q 'Sanitizer\|runtime error' "$T/err"
}

# fails NAME TEXT ARGS...: exit code 2, nothing on stdout, one line on stderr
# that begins with "podpath" and holds TEXT.
fails() {
	name=$1 text=$2
	shift 2
	run "$@"
	[ "$code" -eq 2 ] && [ ! -s "$T/out" ] &&
	    [ "$(wc -l <"$T/err")" -eq 1 ] && grep -q '^podpath' "$T/err" &&
	    grep -qF -- "$text" "$T/err"
	tap $? "$name"
}

# holds FILE TEXT: the file (out, err) holds TEXT.
holds() {
	grep -qF -- "$2" "$T/$1"
}

done_testing() {
	echo "1..$tap_n"
}
