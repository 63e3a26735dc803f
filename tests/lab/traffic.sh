# SPDX-License-Identifier: GPL-2.0-or-later
# Real programs that send and answer.  Every wait is for a state, with a limit.

listening() { [ -n "$(on "$1" ss -Hln"$2" "sport = :$3")" ]; }

# http_server NS PORT [OPTION...]: answers with the name of the namespace.
http_server() {
	mkdir -p "$WORK/www-$1"
	echo "$1" >"$WORK/www-$1/index.html"
	spawn "$1" "httpd-$1-$2" busybox httpd -f -p "$2" -h "$WORK/www-$1" "${@:3}"
	until_ok 5 listening "$1" t "$2"
}

# name_server NS PORT: says its name and closes, in as few packets as it takes; its log
# has a line for each connection.
name_server() {
	spawn "$1" "names-$1" socat -d -d "TCP4-LISTEN:$2,fork,backlog=64" SYSTEM:"echo $1"
	until_ok 5 listening "$1" t "$2"
}

# ask_names NS ADDRESS PORT TIMES
ask_names() {
	# shellcheck disable=SC2016 # the inner shell expands
	on "$1" bash -c 'for ((i = 0; i < $2; i++)); do
		exec 3<>"/dev/tcp/$0/$1" && read -r name <&3 && echo "$name"
		exec 3>&-
	done' "$2" "$3" "$4"
}

# udp_echo NS ADDRESS PORT
udp_echo() {
	spawn "$1" "echo-$1-$3" socat -b 65536 "UDP4-LISTEN:$3,bind=$2,fork" PIPE
	until_ok 5 listening "$1" u "$3"
}

# dns_server NS ADDRESS DNSMASQ-OPTION...
dns_server() {
	local where=$1 address=$2
	shift 2
	spawn "$where" "dns-$where" dnsmasq --keep-in-foreground --conf-file=/dev/null --user=root \
		--pid-file= --no-hosts --no-resolv --bind-interfaces --listen-address="$address" \
		--log-facility=- "$@"
	until_ok 5 listening "$where" u 53
}

# hold NS ADDRESS PORT: connects, and asks when it is let go; its id is in $spawned.
hold() {
	# shellcheck disable=SC2016 # the inner shell expands
	spawn "$1" "hold-$1-$2" bash -c 'exec 3<>"/dev/tcp/$0/$1"
		touch "$2-held"
		until [ -e "$2-go" ]; do sleep 0.05; done
		printf "GET / HTTP/1.0\r\n\r\n" >&3
		cat <&3' "$2" "$3" "$WORK/$1-$2"
	until_ok 5 test -e "$WORK/$1-$2-held"
}

iperf_server() {
	spawn "$1" "iperf-$1" iperf3 -s -1
	until_ok 5 listening "$1" t 5201
}

# pings NS ADDRESS [OPTION...]: three, 0.2 s apart.
pings() { on "$1" ping -q -n -c 3 -i 0.2 -W 1 "${@:3}" "$2" >"$WORK/ping.log"; }

# get NS URL [OPTION...]
get() { on "$1" curl -sS -f -m 5 "${@:3}" "$2"; }

# A client that hangs: the SYN and one or two retransmissions (after 1 and 3 s).
hangs() { fails on "$1" curl -s -m "${3:-1.5}" -o /dev/null "$2"; }

# udp_ask NS ADDRESS PORT TEXT: one datagram, and the answer must be the same.
# (head, since read takes one byte and so loses the rest of a datagram.)
udp_ask() {
	# shellcheck disable=SC2016 # the inner shell expands
	on "$1" bash -c 'exec 3<>"/dev/udp/$0/$1"; echo "$2" >&3; [ "$(timeout 2 head -n 1 <&3)" = "$2" ]' \
		"$2" "$3" "$4"
}

ask() { on "$1" dig +short +tries=1 +timeout=2 "@$2" "${@:3}" | grep .; }

internet_services() {
	http_server internet 80
	http_server internet 443
	udp_echo internet 172.217.175.36 7
	dns_server internet 8.8.8.8 --host-record=www.google.com,172.217.175.36
}
