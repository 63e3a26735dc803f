#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The rules of the house: decode/ is pure, the folders include only what they
# may, what is installed works.
. "$(dirname "$0")/tap.sh"
CC=${CC:-cc}

# Everything of decode/, against the C library alone.
if [ -e "$BUILD/decode.a" ] && [ "${BUILD%-san}" = "$BUILD" ]; then
	echo 'int main(void) { return 0; }' >"$T/main.c"
	code=0
	$CC -o "$T/pure" "$T/main.c" -Wl,--whole-archive "$BUILD/decode.a" \
	    -Wl,--no-whole-archive -nodefaultlibs -lc -lgcc 2>"$T/err" || code=$?
	tap "$code" "decode/ links against libc alone"
	# Tables with pointers are constant after relocation: .data.rel.ro.
	size -A "$BUILD/decode.a" | awk '$1 ~ /^\.t?(data|bss)/ &&
	    $1 !~ /^\.data\.rel\.ro/ && $2 > 0' >"$T/out"
	[ ! -s "$T/out" ]
	tap $? "decode/ has no mutable globals"
	nm -u "$BUILD/decode.a" | awk '$1 == "U" { print $2 }' | sort -u |
	    grep -xE '_?exit|abort|f?printf|puts|putchar|fopen|open|read|write|socket|time|clock|clock_gettime|gettimeofday|getenv|errx?|warnx?|perror|rand|random' \
	    >"$T/out"
	[ ! -s "$T/out" ]
	tap $? "decode/ does no I/O and reads no clock"
	# _exit() ends a child that could not become another program.
	nm -u "$BUILD/capture.a" | awk '$1 == "U" { print $2 }' | sort -u |
	    grep -xE 'exit|printf|puts|putchar|errx?|warnx?|perror' >"$T/out"
	[ ! -s "$T/out" ]
	tap $? "capture/ neither prints nor exits"
else
	skip "decode/ links against libc alone" "a build with sanitizers"
fi
grep -nE '#include "(capture|ui|tests)/' $(find decode -name '*.[ch]') >"$T/out"
[ ! -s "$T/out" ]
tap $? "decode/ includes nothing of the others"
grep -nE '#include "(ui|tests)/' $(find capture -name '*.[ch]') >"$T/out"
[ ! -s "$T/out" ]
tap $? "capture/ includes decode/ only"
for f in $(find capture decode ui -name '*.[ch]') tests/*.[ch] tests/*.sh \
    tests/lab/*.sh tests/lab/cases/* tests/bench/*.[ch] \
    tests/bench/*.sh Makefile .ci/run; do
	[ -f "$f" ] || continue
	head -n 2 "$f" | grep -q 'SPDX-License-Identifier: GPL-2.0-or-later' ||
	    echo "$f"
done >"$T/out"
[ ! -s "$T/out" ]
tap $? "every source file names its licence"

if command -v clang >/dev/null 2>&1; then
	code=0
	for f in $(find capture decode ui -name '*.c'); do
		clang -fsyntax-only -std=c11 -D_GNU_SOURCE -I. -Werror -Wall -Wextra \
		    -Wformat=2 -Wshadow -Wconversion -Wno-sign-conversion \
		    -Wcast-qual -Wstrict-prototypes -Wmissing-prototypes \
		    -Wwrite-strings "$f" 2>>"$T/err" || code=1
	done
	tap "$code" "clang has nothing to say"
else
	skip "clang has nothing to say" "no program clang"
fi

# Installation, with the manual and the completion from the tables.
make -s B="${BUILD#"$PWD"/}" BIN="${PODPATH#"$PWD"/}" install PREFIX=/usr \
    DESTDIR="$T/root" >"$T/out" 2>"$T/err"
code=$?
[ "$code" -eq 0 ] && [ -x "$T/root/usr/bin/podpath" ] &&
    "$T/root/usr/bin/podpath" --version >"$T/out"
tap $? "make install DESTDIR= PREFIX="
man=$T/root/usr/share/man/man1/podpath.1
if command -v groff >/dev/null 2>&1; then
	groff -Tutf8 -man -ww "$man" >"$T/out" 2>"$T/err"
	[ ! -s "$T/err" ] && grep -q 'EXIT STATUS\|E.EX.XI.IT' "$T/out"
	tap $? "the manual renders without a warning"
elif command -v mandoc >/dev/null 2>&1; then
	mandoc -Tlint -W warning "$man" >"$T/out" 2>&1
	tap $? "the manual renders without a warning"
else
	skip "the manual renders" "neither groff nor mandoc"
fi
if command -v bash >/dev/null 2>&1; then
	complete() {
		bash -c '. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
		    _podpath; printf "%s\n" "${COMPREPLY[@]}"' - \
		    "$T/root/usr/share/bash-completion/completions/podpath" "$@"
	}
	[ "$(complete podpath rea)" = read ] &&
	    [ "$(complete podpath read --wh)" = --where ] &&
	    [ "$(complete podpath read -o j)" = json ] &&
	    [ "$(complete podpath read --color n)" = never ] &&
	    [ "$(complete podpath read "$man")" = "$man" ]
	tap $? "bash completes commands, options, words and files"
else
	skip "bash completion" "no program bash"
fi
done_testing
