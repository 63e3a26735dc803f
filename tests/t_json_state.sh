#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Every capture in pcaps/ with its state: the keys that state adds to -o json
# have the documented shape, CSV keeps one number of columns, and what state
# says does not change which flows there are and what was seen of them.
. "$(dirname "$0")/tap.sh"
if ! command -v jq >/dev/null 2>&1; then
	skip "JSON of every capture with its state" "no program jq"
	done_testing
	exit
fi

shape='
def addr: type == "string" and test("^[0-9a-f.:]+$");
def text: type == "string" and length > 0;
def subset($all): (keys - $all) == [];
def pod: subset(["namespace", "name", "ip", "veth"]) and
    (if has("ip") then .ip | addr else true end) and
    all(.[]; text);
if .schema == "podpath.summary/1" then true else
    subset(["schema","id","first","last","proto","kind","pod","peer","original",
        "translated","nat","legs","legs_left_out","eni","route","nat_rule",
        "dnat_rule","conntrack","service","evidence","rtt_ns","transit_ns",
        "verdict","findings","role","role_text","process","dns_name","dns",
        "dns_left_out","proxy_protocol"]) and
    ((.role // "x") | test("^[a-z][a-z-]*$")) and
    ((has("role_text") | not) or has("role")) and
    (if has("process") then .process | (.name | text) and subset(["name","pid"])
        else true end) and
    ((.kind // "host") | IN("pod-to-pod", "pod-to-service", "pod-to-vpc",
        "pod-to-external", "vpc-to-pod", "external-to-pod", "nodeport",
        "node-to-pod", "host", "transit")) and
    (if has("pod") then .pod | pod and has("ip") else true end) and
    (if has("peer") then .peer | pod else true end) and
    (if has("eni") then .eni | subset(["ifname","id","device","primary_ip"]) and
        ((.primary_ip // "::") | addr) else true end) and
    (if has("route") then .route |
        subset(["priority","rule","table","route"]) and length > 0 and
        ((.priority // 0) | type == "number") and ((.table // "x") | text)
        else true end) and
    (if has("nat_rule") then .nat_rule | text else true end) and
    (if has("conntrack") then .conntrack | (.mark | type == "number") and
        (.status - ["ASSURED","UNREPLIED","OFFLOAD","HW_OFFLOAD","DYING"] == [])
        else true end) and
    (if has("service") then .service | has("name") else true end) and
    (.evidence | (.conntrack | type == "boolean") and
        (.model | type == "boolean")) and
    all(.findings[]; ((.fix // "x") | text) and ((.cause // "x") | text) and
        subset(["code","level","cause","text","fix"])) and
    (.findings | map(.code) | length == (unique | length))
end'

seen='select(.legs != null) | [.id, .first, (.legs | map([.src, .dst, .packets]))]'
for dir in pcaps/*/; do
	case=$(basename "$dir")
	run read -o json --state "$dir" "$dir"*.pcap
	cp "$T/out" "$T/json"
	[ "$code" -eq 0 ] && sound &&
	    [ "$(jq -c "$shape" "$T/json" 2>"$T/err" | sort -u)" = true ]
	tap $? "$case: keys of the documented shape"
	run read -o json "$dir"*.pcap
	jq -c "$seen" "$T/json" >"$T/with" && jq -c "$seen" "$T/out" >"$T/without" &&
	    [ -s "$T/with" ] && cmp -s "$T/with" "$T/without"
	tap $? "$case: the same flows as without state"
	run read -o csv --state "$dir" "$dir"*.pcap
	[ "$code" -eq 0 ] &&
	    [ "$(awk -F, '{ print NF }' "$T/out" | sort -u | wc -l)" -eq 1 ]
	tap $? "$case: CSV"
done
done_testing
