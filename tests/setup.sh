#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Install the packages that building (and testing) needs; only missing ones,
# and nothing at all when everything is there.  As root with apt-get they are
# installed; otherwise the exact command to run is printed.
# usage: tests/setup.sh build|test
set -eu
cd "$(dirname "$0")/.."

packages="libpcap-dev zlib1g-dev libarchive-dev libjansson-dev pkg-config"
packages="$packages libnetfilter-conntrack-dev libnfnetlink-dev libmnl-dev libcap-ng-dev"
if [ "${1:-build}" = test ]; then
	packages="$packages libcmocka-dev jq"
	if [ -f tests/lab/PACKAGES ]; then
		packages="$packages $(sed 's/#.*//' tests/lab/PACKAGES | tr '\n' ' ')"
	fi
fi

# pkg-config may come from pkgconf, so ask for the program, not the package.
have() {
	case $1 in
	pkg-config|jq) command -v "$1" >/dev/null 2>&1 ;;
	*)	case $(dpkg-query -W -f='${Status}' "$1" 2>/dev/null) in
		*"ok installed") true ;;
		*) false ;;
		esac ;;
	esac
}

# Names on Amazon Linux 2023 where they differ; not tested there.
dnf_name() {
	case $1 in
	libpcap-dev) echo libpcap-devel ;;
	zlib1g-dev) echo zlib-devel ;;
	libarchive-dev) echo libarchive-devel ;;
	libjansson-dev) echo jansson-devel ;;
	pkg-config) echo pkgconf-pkg-config ;;
	libnetfilter-conntrack-dev) echo libnetfilter_conntrack-devel ;;
	libnfnetlink-dev) echo libnfnetlink-devel ;;
	libmnl-dev) echo libmnl-devel ;;
	libcap-ng-dev) echo libcap-ng-devel ;;
	libcmocka-dev) echo libcmocka-devel ;;
	iproute2) echo iproute ;;
	iputils-ping) echo iputils ;;
	conntrack) echo conntrack-tools ;;
	iptables) echo iptables-nft ;;
	procps) echo procps-ng ;;
	dnsutils|bind9-dnsutils) echo bind-utils ;;
	dnsmasq-base) echo dnsmasq ;;
	tshark) echo wireshark-cli ;;
	netcat-openbsd) echo nmap-ncat ;;
	*) echo "$1" ;;
	esac
}

missing_dnf() {
	for p in $packages; do
		n=$(dnf_name "$p")
		rpm -q --quiet --whatprovides "$n" || printf ' %s' "$n"
	done
}

missing_apt() {
	for p in $packages; do
		have "$p" || printf ' %s' "$p"
	done
}

as_root() {
	[ "$(id -u)" = 0 ] || printf 'sudo '
}

if ! command -v apt-get >/dev/null 2>&1; then
	if command -v dnf >/dev/null 2>&1; then
		missing=$(missing_dnf)
		[ -n "$missing" ] || exit 0
		echo "setup: missing packages; run (not tested by us on this system):" >&2
		echo "  $(as_root)dnf install -y$missing" >&2
		exit 1
	fi
	echo "setup: neither apt-get nor dnf here; make sure of: $packages" >&2
	exit 0
fi

missing=$(missing_apt)
[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ]; then
	echo "setup: missing packages; run:" >&2
	echo "  sudo apt-get install -y --no-install-recommends$missing" >&2
	echo "or, on Amazon Linux 2023 (not tested by us):" >&2
	echo "  sudo dnf install -y$(for p in $missing; do
		printf ' %s' "$(dnf_name "$p")"; done)" >&2
	exit 1
fi

DEBIAN_FRONTEND=noninteractive
export DEBIAN_FRONTEND
# Package lists may be absent or old: install first, update only when that fails.
# $missing is a list of names: it must be split into words.
# shellcheck disable=SC2086
install_missing() {
	apt-get -qq -o DPkg::Lock::Timeout=120 install -y \
	    --no-install-recommends $missing </dev/null
}
echo "setup: installing$missing" >&2
if ! install_missing >/dev/null 2>&1; then
	apt-get -qq -o DPkg::Lock::Timeout=120 update >&2 || true
	install_missing >&2 || {
		echo "setup: apt-get could not install:$missing" >&2
		exit 1
	}
fi
