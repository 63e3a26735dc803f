#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Every lab capture against its node state, whole and with parts missing.
#
# verdicts.truth says by hand which flows are wrong or dropped, and why; all
# others are right.  With the full state the verdict must be that one.  Where
# something is missing it may fall to "unknown", and a cause too, but never to
# the opposite; "not on this ENI" may be all that is left of "wrong ENI".  verdicts.txt is the whole table, case x state x verdict, as it
# is now: what got worse shows as a difference ("t_verdicts.sh -u" writes it).
. "$(dirname "$0")/tap.sh"
table=tests/verdicts.txt

# without DIR NAME...: a copy of a case's state that lacks these files.
without() {
	mkdir -p "$T/state"
	rm -rf "${T:?}/state/"*
	for file in "$1"/*; do
		case $file in *.pcap) ;; *) ln "$file" "$T/state/" 2>/dev/null ||
		    cp "$file" "$T/state/" ;; esac
	done
	shift
	for file; do
		rm -f "$T/state/$file"
	done
}

# One line for each flow: id, ends, verdict, codes that are not notes, cause.
flows() {
	jq -r 'select(.schema == "podpath.flow/1") |
	    [.id, .proto, .original.src, .original.dst, .original.dport // 0,
	    .verdict, ([.findings[] | select(.level == "wrong" or
	    .level == "dropped") | .code] | unique | join(",") |
	    if . == "" then "-" else . end),
	    ([.findings[] | .cause // empty] | first // "-")] | @tsv'
}

judge() {
	"$PODPATH" read -o json --state "$T/state" "$1"/*.pcap 2>>"$T/err" | flows |
	    awk -v c="$2" -v s="$3" 'BEGIN { OFS = "\t" } { print c, s, $0 }'
}

for dir in pcaps/*/; do
	dir=${dir%/}
	case=${dir#pcaps/}
	without "$dir"
	judge "$dir" "$case" full
	without "$dir" ip-addr.json ip-link.json ip-neigh.json
	judge "$dir" "$case" no-addresses
	without "$dir" conntrack.txt
	judge "$dir" "$case" no-conntrack
	without "$dir" iprule.txt ip6rule.txt \
	    iptables-save.txt ip6tables-save.txt nft-ruleset.json
	judge "$dir" "$case" no-rules
done >"$T/flows"

[ -s "$T/flows" ] && [ ! -s "$T/err" ]
tap $? "every state is read without a word"

# Against the truth.
awk -F '\t' '
	NR == FNR {
		if ($0 ~ /^#/ || NF == 0) next
		split($0, t, / +/)
		n++
		for (i = 1; i <= 7; i++) truth[n, i] = t[i]
		next
	}
	function like(pattern, value) { return pattern == "*" || pattern == value }
	{
		want = "ok"; code = cause = "-"
		for (i = 1; i <= n; i++)
			if (truth[i, 1] == $1 && like(truth[i, 2], $5) &&
			    like(truth[i, 3], $6) && like(truth[i, 4], $7)) {
				want = truth[i, 5]; code = truth[i, 6]
				cause = truth[i, 7]; used[i] = 1
			}
		if (want == "ok" && ($6 ~ /^ff/ || $6 ~ /^22[4-9]\./ || $5 ~ /^fe80/ || $6 ~ /^fe80/))
			next
		good = $8 == want && (code == "-" || index("," $9 ",", "," code ",") ||
		    ($2 != "full" && want == "wrong" && $9 == "source-not-on-eni")) &&
		    (cause == "-" || $10 == cause || ($2 != "full" && $10 == "unknown"))
		if (!good && !($2 != "full" && $8 == "unknown"))
			print $1 " (" $2 "): flow " $3 " " $4 " " $5 " > " $6 ":" $7 \
			    " is " $8 " " $9 " " $10 ", not " want " " code " " cause
	}
	END {
		for (i = 1; i <= n; i++)
			if (!used[i]) print "no flow for: " truth[i, 1]
	}' tests/verdicts.truth "$T/flows" >"$T/out"
[ ! -s "$T/out" ]
tap $? "what is wrong is said to be, with code and cause; what is right is ok"

# The table: flows that are alike in one line.
make_table() {
	echo "# case x flows x state: verdict, codes, cause.  Written by t_verdicts.sh -u."
	awk -F '\t' '
		{
			key = $1 "\t" $4 " " $5 " > " $6 ($7 ? ":" $7 : "")
			id = key SUBSEP $3
			if (!(id in seen)) { seen[id] = 1; order[++n] = id; of[n] = key; flow[n] = $3 }
			v = $8; if ($9 != "-") v = v " " $9; if ($10 != "-") v = v " (" $10 ")"
			cell[id, $2] = v
		}
		END {
			for (i = 1; i <= n; i++) {
				row = of[i] "\t" cell[order[i], "full"] "\t" cell[order[i], "no-addresses"] \
				    "\t" cell[order[i], "no-conntrack"] "\t" cell[order[i], "no-rules"]
				if (!(row in count)) rows[++m] = row
				count[row]++
			}
			for (i = 1; i <= m; i++) print rows[i] "\t" count[rows[i]]
		}' "$T/flows" | sed '1i case\tflow\tfull\tno addresses\tno conntrack\tno rules\tflows'
}
make_table >"$T/table"
[ "${1-}" = -u ] && cp "$T/table" "$table"
diff -u "$table" "$T/table" >"$T/out" 2>&1
tap $? "the table of verdicts is as it was"
done_testing
