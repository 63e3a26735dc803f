#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Every capture in pcaps/: -o json is valid JSON of the documented shape, and
# the three outputs tell of the same flows.
. "$(dirname "$0")/tap.sh"
if ! command -v jq >/dev/null 2>&1; then
	skip "JSON of every capture" "no program jq"
	done_testing
	exit
fi

# Every object of a flow has the keys that always are there, of the right type.
shape='
def addr: type == "string" and test("^[0-9a-f.:]+$");
def time: test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\\.[0-9]{9}Z$");
def tuple: (.src | addr) and (.dst | addr) and
    ((has("sport") and has("dport")) != has("icmp_id") or
     (has("sport") or has("dport") or has("icmp_id") | not));
def subset($all): (keys - $all) == [];
def asked: subset(["name","type","outcome","rcode","asked","sent","answered","truncated",
        "cname","cnames","addresses","addresses_in_all","ttl"]) and
    (.name | type == "string" and length > 0) and
    (.outcome | IN("answered", "empty", "failed", "no-answer")) and
    (has("asked") == has("sent")) and
    ((.outcome == "no-answer") == (has("rcode") | not)) and
    all((.addresses // [])[]; addr);
def client: (.version | IN(1, 2)) and
    subset(["version","command","error","src","sport","dst","dport","vpce","alpn",
        "authority","netns","unique_id","crc32c","ssl"]) and
    (if has("error") then keys == ["error","version"] else true end) and
    (has("src") == has("dst")) and (has("src") == has("sport")) and
    (if has("src") then (.src | addr) and (.dst | addr) else true end);
if .schema == "podpath.summary/1" then
    keys == ["bytes","dropped_interface","dropped_kernel","dropped_netlink",
        "evicted","flows","malformed","packets","schema","truncated","unknown",
        "wall_ns"]
else
    .schema == "podpath.flow/1" and (.id | type == "number") and
    (.first | time) and (.last | time) and .first <= .last and
    (.original | tuple) and
    (has("translated") == has("nat")) and
    (if has("translated") then .translated | tuple else true end) and
    ((.nat // []) - ["snat", "dnat"] == []) and
    (.legs | length > 0) and
    all(.legs[]; tuple and (.side | IN("request", "reply")) and
        (.ifname | type == "string" and length > 0) and
        ((.dir // "in") | IN("in", "out")) and .packets > 0 and
        subset(["side","ifindex","ifname","dir","tunnel","vlan","src","sport",
            "dst","dport","icmp_id","ttl","packets","bytes"])) and
    (.evidence | .matched <= .packets and .conntrack == false) and
    (.verdict | IN("ok", "wrong", "dropped", "unknown")) and
    all(.findings[]; has("code") and has("level") and has("text")) and
    subset(["schema","id","first","last","proto","original","translated","nat",
        "legs","legs_left_out","evidence","rtt_ns","transit_ns","verdict",
        "findings","dns_name","dns","dns_left_out","proxy_protocol"]) and
    (if has("dns") then all(.dns[]; asked) else true end) and
    (if has("proxy_protocol") then .proxy_protocol | client else true end)
end'

for dir in pcaps/*/; do
	case=$(basename "$dir")
	run read -o json "$dir"*.pcap
	cp "$T/out" "$T/json"
	[ "$code" -eq 0 ] && sound &&
	    [ "$(jq -c "$shape" "$T/json" 2>"$T/err" | sort -u)" = true ] &&
	    [ "$(tail -n 1 "$T/json" | jq -r .schema)" = podpath.summary/1 ]
	tap $? "$case: valid, and of the documented shape"
	flows=$(grep -c podpath.flow/1 "$T/json")
	run read -o csv "$dir"*.pcap
	rows=$(($(wc -l <"$T/out") - 1))
	columns=$(awk -F, '{ print NF }' "$T/out" | sort -u | wc -l)
	run read "$dir"*.pcap
	[ "$rows" -eq "$flows" ] && [ "$columns" -eq 1 ] &&
	    holds out "; $flows shown, "
	tap $? "$case: $flows flows in text, JSON and CSV"
done
done_testing
