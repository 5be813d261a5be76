import { DEVICE_SERVER_FLOOR } from "../../../topology/server-floors";
import { sh } from "../../node/script/sh";
import { BUNDLE, INSTALLED } from "../layout";

/** The first part of `install.sh`: what it was asked for, and whether this bundle may be installed here. Changes nothing. */
export const check = sh`
#!/bin/sh
# Installs this bundle of leafline. Written by leafline; docs/bundle.md tells of it.
set -eu
LC_ALL=C
export LC_ALL
umask 022

usage="usage: ./install.sh [--root FOLDER] [--credentials FOLDER] [--key KEY] [--node FILE] [--allow-older] [--no-start]"
die() {
	printf 'install.sh: %s\n' "$*" >&2
	exit 1
}
say() { printf '%s\n' "$*"; }

root='' credentials='' key='' node='' older='' start=yes
while [ $# -gt 0 ]; do
	case $1 in
	--root | --credentials | --key | --node)
		[ $# -ge 2 ] || die "$1 wants a value; $usage"
		case $1 in
		--root) root=\${2%/} ;;
		--credentials) credentials=$2 ;;
		--key) key=$2 ;;
		--node) node=$2 ;;
		esac
		shift 2
		;;
	--allow-older) older=yes; shift ;;
	--no-start) start=''; shift ;;
	--help) say "$usage"; exit 0 ;;
	*) die "$1 is no option; $usage" ;;
	esac
done
here=$(cd "$(dirname "$0")" && pwd)
[ -z "$root" ] || [ -d "$root" ] || die "--root $root is no folder"
[ -n "$root" ] || [ "$(id -u)" = 0 ] || die "it has to be run by root, or with --root"
[ -z "$credentials" ] || [ -d "$credentials" ] || die "--credentials $credentials is no folder"
base=$root${INSTALLED.base}
for each in '${BUNDLE.manifest}' '${BUNDLE.signature}' '${BUNDLE.program}'; do
	[ -f "$here/$each" ] || die "$each is missing: copy the whole bundle"
done

# A Node of this machine: that of the bundle may be for another processor, where an image is made.
runs() { [ -n "$1" ] && "$1" --version > /dev/null 2>&1; }
if [ -n "$node" ]; then
	runs "$node" || die "--node $node does not run"
else
	for each in "$here/${BUNDLE.node}" "$base/current/${BUNDLE.node}" "$(command -v node || :)"; do
		if runs "$each"; then node=$each && break; fi
	done
	[ -n "$node" ] || die "there is no Node here that runs: make the bundle with --with runtime, or name one by --node"
fi

# What is installed judges what is to be: its program, its key, its name.
verifier=$here/${BUNDLE.program}
device=''
if [ -f "$base/device" ]; then
	device=$(cat "$base/device")
	[ ! -f "$base/current/${BUNDLE.program}" ] || verifier=$base/current/${BUNDLE.program}
fi
if [ -f "$root${INSTALLED.key}" ]; then
	trusted=$(cat "$root${INSTALLED.key}")
	[ -z "$key" ] || [ "$key" = "$trusted" ] || die "--key $key is not the one that this device trusts: $trusted"
	key=$trusted
fi
set -- verify "$here"
[ -z "$key" ] || set -- "$@" --key "$key"
[ -z "$device" ] || set -- "$@" --device "$device"
[ -z "$credentials" ] || set -- "$@" --credentials "$credentials"
found=$("$node" "$verifier" "$@" 2>&1) || die "\${found#leafline: }"
# shellcheck disable=SC2086 # three words
set -- $found
device=$1 release=$2 key=$3
if [ -f "$base/release" ] && [ "$(cat "$base/release")" -gt "$release" ]; then
	[ -n "$older" ] || die "release $(cat "$base/release") is installed, and this is $release, an older one: --allow-older installs it all the same"
fi

# Not somebody else's.
conf=$root${INSTALLED.conf}
if [ -e "$conf" ] || [ -L "$conf" ]; then
	[ "$(readlink "$conf" || :)" = "..${INSTALLED.current}/${BUNDLE.conf}" ] || die "${INSTALLED.conf} is there and not leafline's: move it away first"
fi

# on_target NAME: where the target has a program of its own
on_target() {
	for folder in /usr/local/bin /usr/bin /bin /usr/sbin; do
		if [ -x "$root$folder/$1" ]; then printf '%s' "$folder/$1" && return; fi
	done
}
server_link='' node_link=''
[ -f "$here/${BUNDLE.server}" ] || server_link=$(on_target nats-server)
[ -f "$here/${BUNDLE.node}" ] || node_link=$(on_target node)
[ -f "$here/${BUNDLE.server}" ] || [ -n "$server_link" ] || die "there is no nats-server in $root/usr: make the bundle with --with server"
if [ -n "$server_link" ]; then
	# Of another processor, where an image is made, it says nothing.
	version=$("$root$server_link" --version 2> /dev/null || :)
	version=\${version#nats-server: v}
	version=\${version%%[!0-9.]*}
	oldest=$(printf '%s\n' "$version" '${DEVICE_SERVER_FLOOR}' | sort -t . -k 1,1n -k 2,2n -k 3,3n | head -n 1)
	[ -z "$version" ] || [ "$oldest" = '${DEVICE_SERVER_FLOOR}' ] || die "$server_link is $version, and would not stay connected to the hub: install ${DEVICE_SERVER_FLOOR} or later, or make the bundle with --with server"
fi
[ -f "$here/${BUNDLE.node}" ] || [ -n "$node_link" ] || die "there is no node in $root/usr: make the bundle with --with runtime"
[ -n "$(on_target systemd-notify)" ] || die "there is no systemd-notify in $root/usr: it is a part of systemd, and what tells that the device program is alive"
if [ -z "$root" ] && [ -f "$here/${BUNDLE.server}" ]; then
	"$here/${BUNDLE.server}" --version > /dev/null 2>&1 || die "${BUNDLE.server} does not run here: is it for this processor ($(uname -m))?"
fi
`;
