# SPDX-License-Identifier: GPL-2.0-or-later
# PROXY protocol (haproxy doc/proxy-protocol.txt) with what a balancer may add to it, and
# in as many segments as it may come.

# crc32c HEX: its eight hexadecimal digits.
crc32c() {
	local crc=$((0xffffffff)) i k
	for ((i = 0; i < ${#1}; i += 2)); do
		((crc ^= 0x${1:i:2}))
		for k in {1..8}; do
			((crc = (crc >> 1) ^ (crc & 1 ? 0x82f63b78 : 0)))
		done
	done
	printf '%08x' $((crc ^ 0xffffffff))
}

hex_text() { printf %s "$1" | od -An -v -tx1 | tr -d ' \n'; }

hex_address() {
	# shellcheck disable=SC2086 # four numbers
	printf %02x ${1//./ }
}


# tlv TYPE HEX
tlv() { printf '%02x%04x%s' "0x$1" $((${#2} / 2)) "$2"; }

# proxy_v2 CLIENT PORT DESTINATION PORT [TLV...]: with a checksum, which is first.
proxy_v2() {
	local head body
	head=$(hex_address "$1")$(hex_address "$3")$(printf '%04x%04x' "$2" "$4")$(tlv 3 00000000)
	body=$(printf %s "${@:5}")
	head=0d0a0d0a000d0a515549540a2111$(printf '%04x' $(((${#head} + ${#body}) / 2)))$head
	echo "${head:0:62}$(crc32c "$head$body")$body"
}

# send_pieces ADDRESS PORT HEX...: from the balancer, each in a segment of its own; then
# $WORK/sent is there.  What comes back is printed.
send_pieces() {
	local piece
	{
		for piece in "${@:3}"; do
			# shellcheck disable=SC2059 # bytes
			printf "\\x$(fold -w 2 <<<"$piece" | paste -sd'|' | sed 's/|/\\x/g')"
			sleep 0.02
		done
		touch "$WORK/sent"
		sleep 0.5
	} | on balancer socat -t 5 - "TCP4:$1:$2,nodelay"
}

GET_HEX=$(hex_text $'GET / HTTP/1.1\r\nHost: www.example.com\r\nConnection: close\r\n\r\n')

# A balancer that ends TLS itself and tells the pod what it knows of it, TLV by TLV.
tls_balancer() {
	make_certificate balancer www.example.com
	make_certificate client client.example.com
	cat >"$WORK/balancer.cfg" <<-CONFIG
		defaults
			mode tcp
			timeout connect 2s
			timeout client 5s
			timeout server 5s
		frontend web
			bind 192.168.1.210:443 ssl crt $WORK/balancer.pem ca-file $WORK/client.crt verify required alpn http/1.1
			unique-id-format %[uuid()]
			default_backend pods
		backend pods
			source 192.168.1.210
			default-server send-proxy-v2-ssl-cn proxy-v2-options ssl,cert-cn,cert-sig,cert-key,ssl-cipher,authority,unique-id,crc32c
			server web-0 192.168.3.105:8080
			server web-2 192.168.3.77:8080
	CONFIG
	spawn balancer haproxy-balancer haproxy -db -f "$WORK/balancer.cfg"
	until_ok 5 listening balancer t 443
}

# make_certificate NAME CN: its own issuer, for a day.
make_certificate() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj "/CN=$2" \
		-addext "subjectAltName=DNS:$2" -keyout "$WORK/$1.key" -out "$WORK/$1.crt" 2>/dev/null
	cat "$WORK/$1.crt" "$WORK/$1.key" >"$WORK/$1.pem"
}

a_case nlb-ip-proxy-v2-tls 'PROXY protocol v2 with TLVs: from a TLS balancer with the client'\''s certificate (ALPN, authority, CRC32C, unique id, TLS with version, CN, cipher and algorithms) to both pods, and as an NLB sends it for a VPC endpoint (CRC32C, 0xEA, NOOP); the pods answer with the client (clients.txt). Snap length 500'
case_nlb_ip_proxy_v2_tls() {
	SNAPLEN=500
	add_load_balancer svc-nlb 30088 Cluster 192.168.3.105:8080,192.168.3.77:8080 \
		nlb-target-type=ip 'proxy-protocol=*'
	build_node
	proxy_server web-0
	proxy_server web-2
	build_balancer
	tls_balancer
	start_recording any
	for _ in 1 2; do
		get client https://www.example.com/ --resolve www.example.com:443:192.168.1.210 \
			--cacert "$WORK/balancer.crt" --cert "$WORK/client.pem" >"$WORK/answer"
		grep 203.0.113.50: "$WORK/answer" >>"$OUT/clients.txt"
	done
	send_pieces 192.168.3.105 8080 "$(proxy_v2 203.0.113.50 50014 192.168.1.210 80 \
		"$(tlv ea "01$(hex_text vpce-08d2bf15fac5001c9)")" "$(tlv 4 "$(printf '00%.0s' {1..36})")")$GET_HEX" |
		grep 203.0.113.50:50014 >>"$OUT/clients.txt"
	stop_recording
}

# A program that looks before the header is whole may drop the connection, and haproxy
# does: so it sleeps while the segments come.
# split_header NAME CLIENT:PORT HEX...: it must then answer with that client.
split_header() {
	local sender
	rm -f "$WORK/sent"
	kill -STOP "$pod_proxy"
	send_pieces 192.168.3.105 8080 "${@:3}" >"$WORK/answer-$1" &
	sender=$!
	until_ok 10 test -e "$WORK/sent"
	kill -CONT "$pod_proxy"
	wait "$sender"
	grep -q "^$2" "$WORK/answer-$1" || die "$1: not $2"
	printf '%s %s\n' "$2" "$1" >>"$OUT/clients.txt"
}

a_case nlb-ip-proxy-split 'PROXY headers in pieces: v2 byte by byte, v2 cut in the middle, v2 and the request in one segment, v1 cut in the middle, v1 byte by byte; haproxy answers each with its client (clients.txt)'
case_nlb_ip_proxy_split() {
	local v1='PROXY TCP4 203.0.113.50 192.168.1.210 5000' v2
	build_node
	build_balancer
	proxy_server web-0
	pod_proxy=$spawned
	start_recording any
	v2=$(proxy_v2 203.0.113.50 50001 192.168.1.210 80)
	# shellcheck disable=SC2046 # byte by byte
	split_header bytes 203.0.113.50:50001 $(fold -w 2 <<<"$v2") "$GET_HEX"
	v2=$(proxy_v2 203.0.113.50 50002 192.168.1.210 80)
	split_header halves 203.0.113.50:50002 "${v2:0:38}" "${v2:38}$GET_HEX"
	split_header whole 203.0.113.50:50003 "$(proxy_v2 203.0.113.50 50003 192.168.1.210 80)$GET_HEX"
	split_header v1-halves 203.0.113.50:50004 "$(hex_text "${v1:0:18}")" \
		"$(hex_text "${v1:18}4 80"$'\r\n')$GET_HEX"
	# shellcheck disable=SC2046 # byte by byte
	split_header v1-bytes 203.0.113.50:50005 $(hex_text "${v1}5 80"$'\r\n' | fold -w 2) "$GET_HEX"
	stop_recording
}
