#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What README.md shows is what podpath says: the lines after "$ podpath ..." are
# the first lines of its output, up to a blank one, 16 at most.  With -u they are written
# anew (make golden).
. "$(dirname "$0")/tap.sh"
mkdir "$T/bin"
ln -s "$PODPATH" "$T/bin/podpath"
PATH=$T/bin:$PATH
awk -v most=16 '
/^    \$ podpath / {
	print
	command = substr($0, 7)
	n = 0
	while ((command | getline line) > 0 && line != "" && n++ < most) {
		sub(/ +$/, "", line)
		print "    " line
	}
	close(command)
	if (n == 0)
		print "    (nothing)"
	old = 1
	next
}
/^$/ { old = 0 }
!old { print }
' README.md >"$T/README.md"
if [ "${1:-}" = -u ]; then
	cmp -s README.md "$T/README.md" || { cat "$T/README.md" >README.md &&
	    echo "golden: README.md"; }
	exit
fi
diff -u README.md "$T/README.md" >"$T/out"
code=$?
tap "$code" "the outputs in README.md"
grep -q '^    \$ podpath' README.md
tap $? "there are some"
done_testing
