# SPDX-License-Identifier: GPL-2.0-or-later
# Namespaces, processes and waiting: what every other file here stands on.

die() {
	echo "lab: $*" >&2
	exit 1
}

ns() { echo "$RUN-$1"; }

# on NS COMMAND...: in that namespace's network.  nsenter is enough (and quicker than
# ip netns exec): nothing here reads /sys.
on() {
	local where
	where=$(ns "$1")
	shift
	nsenter --net="/run/netns/$where" "$@"
}

# spawn NS LOG COMMAND...: in the background; its id is left in $spawned.
spawn() {
	local where log=$2
	where=$(ns "$1")
	shift 2
	nsenter --net="/run/netns/$where" "$@" >"$WORK/$log.log" 2>&1 </dev/null &
	spawned=$!
	started+=("$spawned")
}

# batch NS: ip(8) commands from stdin, in one process.
batch() { ip -n "$(ns "$1")" -batch -; }

new_namespace() {
	ip netns add "$(ns "$1")"
	on "$1" sysctl -qw net.ipv6.conf.all.disable_ipv6="$NO_IPV6" \
		net.ipv6.conf.default.disable_ipv6="$NO_IPV6" \
		net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.default.accept_ra=0 \
		"${@:2}"
	ip -n "$(ns "$1")" link set lo up
}

# until_ok SECONDS COMMAND...
until_ok() {
	local tries=$(($1 * 20))
	shift
	until "$@" >/dev/null 2>&1; do
		((tries-- > 0)) || die "waited in vain for: $*"
		sleep 0.05
	done
}

# A thing that must not work in this case, or the case does not show what it says.
fails() {
	if "$@"; then
		die "should have failed: $*"
	fi
}

stop_process() {
	kill -"$2" "$1" 2>/dev/null || return 0
	wait "$1" 2>/dev/null || true
}

# Every process in these namespaces was started here: the lab made the namespaces.
cleanup() {
	local pid name
	trap - EXIT INT TERM
	for pid in "${started[@]}"; do
		stop_process "$pid" KILL
	done
	for name in $(ip netns list | awk -v run="$RUN-" 'index($1, run) == 1 { print $1 }'); do
		for pid in $(ip netns pids "$name"); do
			kill -KILL "$pid" 2>/dev/null || true
		done
		ip netns del "$name"
	done
	wait 2>/dev/null || true
	rm -rf "$WORK"
}
