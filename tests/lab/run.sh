#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An EKS node out of network namespaces, with this machine's own kernel.
#
#   run.sh list                        the cases, one line each
#   run.sh record [-o DIR] [-x COMMAND] [CASE...]
#                                      run every or the named cases; write DIR/CASE/
#   run.sh index                       the text of pcaps/README.md
#
# DIR is pcaps/ by default.  COMMAND (bash) runs on the node beside tcpdump, from before the
# traffic until after it, and ends by SIGINT: DIR/CASE/command.out, .err and .exit are its.
# Needs root; else, or when the kernel or a program is not there, says why on stderr and
# exits 77.  All traffic stays inside namespaces that this script makes and removes;
# nothing of the host's network is changed.
set -Eeuo pipefail
export LC_ALL=C TZ=UTC PATH=$PATH:/usr/sbin:/sbin

lab=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

for part in base need names vpc node rules traffic record state documents; do
	# shellcheck source=/dev/null
	. "$lab/$part.sh"
done

COMMAND=

# a_case NAME TEXT: declares; the work is in the function case_NAME, with _ for -.
case_names=()
declare -A about
a_case() {
	case_names+=("$1")
	about[$1]=$2
}

for part in "$lab"/cases/*.sh; do
	# shellcheck source=/dev/null
	. "$part"
done

usage() {
	sed -n '2,/^set/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
	exit 2
}

list() {
	local name
	for name in "${case_names[@]}"; do
		printf '%-28s %s\n' "$name" "${about[$name]}"
	done
}

index() {
	local name
	cat <<-'HEAD'
		# Captures

		Every capture was made by the lab (`tests/lab/`): a node of network namespaces with the
		kernel's own routing, NAT and conntrack, and real programs as senders. No packet was
		written by hand. A directory holds the captures of one case, the node's state at its
		end, the kernel's conntrack events (`conntrack-events.txt`, what really happened) and
		what the VPC dropped (`vpc-drops.txt`). The lab's two nodes stand in zones c (192.168.3.243,
		recorded) and b (192.168.2.243, the peer).

		Again, all or one (as root): `tests/lab/run.sh record` or `tests/lab/run.sh record CASE`.
		This list: `tests/lab/run.sh index`.

		| case | what it shows |
		|---|---|
	HEAD
	for name in "${case_names[@]}"; do
		echo "| [\`$name\`]($name/) | ${about[$name]} |"
	done
}

# One case, in a subshell of its own, so that its tables and traps are its own.
record_case() (
	name=$1 dest=$2
	RUN=pp$BASHPID
	WORK=$(mktemp -d)
	OUT=$WORK/out
	started=() captures=() capture_pids=() pods=() enis=() packets=
	trap 'code=$?; cleanup; exit $code' EXIT
	trap 'exit 1' INT TERM
	trap 'echo "lab: $name: failed in: ${FUNCNAME[*]} (lines ${BASH_LINENO[*]})" >&2' ERR
	born=$(date +%s%N)
	mkdir "$OUT"
	"case_${name//-/_}"
	mkdir -p "$dest"
	rm -rf "${dest:?}/$name"
	cp -r "$OUT" "$dest/$name"
	echo "$name:$packets"
)

check_needs() (
	RUN=pp$BASHPID
	WORK=$(mktemp -d)
	started=()
	trap 'code=$?; cleanup; exit $code' EXIT
	need_all
)

record() {
	local dest=$lab/../../pcaps name failed=0 option OPTARG OPTIND=1
	while getopts o:x: option; do
		case $option in
		o) dest=$OPTARG ;;
		x) COMMAND=$OPTARG ;;
		*) usage ;;
		esac
	done
	shift $((OPTIND - 1))
	(($#)) || set -- "${case_names[@]}"
	for name in "$@"; do
		[ -n "${about[$name]-}" ] || die "no case $name; see run.sh list"
	done
	check_needs || exit $?
	for name in "$@"; do
		set +e
		(set -e; record_case "$name" "$dest")
		# shellcheck disable=SC2181 # an "if" would switch off set -e inside
		(($? == 0)) || { echo "lab: case $name failed" >&2; failed=1; }
		set -e
	done
	return $failed
}

case ${1-} in
list | index) "$1" ;;
record) shift; record "$@" ;;
*) usage ;;
esac
