#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# podpath on the node itself, without --state: in the lab's node while its traffic
# runs.  state, node, explain and verify say there what they say of the dumps of
# the same node.  ipamd does not run in the lab: that is said, once, and the rest
# still works.
. "$(dirname "$0")/tap.sh"
CASE=pod-internet-secondary
WAYS="echo-b,8.8.8.8 netshoot,192.168.1.1 echo-b,default/web-2:8080
    internet,node:30080 node,10.20.0.5:443"
export PODPATH T CASE WAYS

if [ "$(id -u)" != 0 ]; then
	skip "on a node" "needs root"
	done_testing
	exit
fi

# on_node: what the lab runs on its node.  The mounts are the process's own: no
# file of this machine is written.
cat >"$T/on_node" <<'ON_NODE'
run=$(readlink -f /var/run)
mount -t tmpfs tmpfs "$run" && mkdir "$run/aws-node" &&
    cp "pcaps/$CASE/ipam.json" "$run/aws-node" || exit 9
# say NAME ARGS...
say() {
	name=$1 code=0
	shift
	timeout 30 "$PODPATH" "$@" >"$T/live/$name" 2>"$T/live/$name.err" </dev/null ||
	    code=$?
	echo "$code" >"$T/live/$name.code"
}
say state state -w "$T/live/state.json"
say node node -o json
say path verify path -o json
say snat verify snat -o json
for way in $WAYS; do
	say "explain-$(echo "$way" | tr / _)" explain "${way%,*}" "${way#*,}" -o json
done
ON_NODE
mkdir "$T/live"
code=0
timeout 120 tests/lab/run.sh record -o "$T/lab" \
    -x "exec unshare -m sh '$T/on_node'" $CASE >"$T/out" 2>"$T/err" || code=$?
if [ "$code" -eq 77 ]; then
	skip "on a node" "$(tail -n 1 "$T/err")"
	done_testing
	exit
fi
[ "$code" -eq 0 ] && [ "$(cat "$T/lab/$CASE/command.exit")" = 0 ]
tap $? "a node of the lab, and podpath on it"
sed 's/^/# /' "$T/lab/$CASE/command.err"

# What the node itself can tell: neither ipamd's nor kubectl's documents.
mkdir "$T/dumps"
cp "$T/lab/$CASE/"*.txt "$T/lab/$CASE/"*.json "$T/dumps"
rm -f "$T/dumps"/enis.json "$T/dumps"/networkutils-env-settings.json \
    "$T/dumps"/nodes.json "$T/dumps"/pods.json "$T/dumps"/svc-endpointslices.json

# as NAME FILTER ARGS...: said on the node as of the dumps, with the same exit code;
# sed's FILTER takes out what may differ.
as() {
	name=$1 filter=$2
	shift 2
	run "$@" --state "$T/dumps"
	[ "$code" -eq "$(cat "$T/live/$name.code")" ] && [ -s "$T/out" ] &&
	    sed "$filter" "$T/out" >"$T/of_dumps" &&
	    sed "$filter" "$T/live/$name" >"$T/on_node.out" &&
	    cmp -s "$T/of_dumps" "$T/on_node.out"
	same=$?
	tap $same "on the node as of its dumps: $*"
	[ $same -eq 0 ] || diff "$T/of_dumps" "$T/on_node.out" | head -n 10 |
	    sed 's/^/# /'
}
as node 's/"node":{[^}]*}//' node -o json
as path '' verify path -o json
as snat '' verify snat -o json
grep -q "not known: the state has no list of ENIs (ipamd's" "$T/live/path"
tap $? "what ipamd would tell is missed by name"
[ "$(cat "$T/live/snat.code")" -eq 0 ]
tap $? "the node's SNAT is verified on the node"
for way in $WAYS; do
	as "explain-$(echo "$way" | tr / _)" '' explain "${way%,*}" "${way#*,}" -o json
done

# The state that was saved there is one for later.
mv "$T/dumps" "$T/dumps.was"
cp "$T/live/state.json" "$T/dumps"
as explain-echo-b,8.8.8.8 '' explain echo-b 8.8.8.8 -o json
as path '' verify path -o json

code=0 ok=0
for err in "$T"/live/*.err; do
	[ "$(wc -l <"$err")" -eq 1 ] && grep -q 'ipamd does not answer' "$err" || {
		ok=1
		cp "$err" "$T/err"
	}
done
tap $ok "that ipamd does not answer is said once, and nothing else"
done_testing
