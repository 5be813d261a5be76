import { MONITOR, NODE } from "../files";
import { sh } from "./sh";

/** What every step uses. One line a step; lines of `apply` go to the caller and to the journal. */
export const common = sh`
#!/bin/sh
# leafline-node: makes this machine a node of the hub. Written by leafline; changes are overwritten.
set -eu
umask 077
LC_ALL=C HOME=\${HOME:-/root}
PATH="$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
export LC_ALL HOME PATH
. ${NODE.env}
AWS_DEFAULT_REGION=$REGION AWS_PAGER='' AWS_MAX_ATTEMPTS=2
export AWS_DEFAULT_REGION AWS_PAGER AWS_MAX_ATTEMPTS

conf=${NODE.confDir} gens=${NODE.generations} bin=${NODE.binDir} mount=${NODE.mount} store=${NODE.storeDir}
running=${NODE.running} hub=nats-hub.service verb=\${1:-}

say() {
	printf '%s\n' "$*"
	[ "$verb" = boot ] || logger -t leafline-node -- "$*" 2>/dev/null || :
}
die() {
	say "failed: $*" >&2
	exit 1
}
field() { sed -n "s/^$1=//p" | head -n 1; }
monitor() { curl -fsS --max-time 5 "http://${MONITOR}/$1" 2>/dev/null; }
pid() { systemctl show -p MainPID --value $hub; }
now() { date +%s; }
# install_file TARGET MODE: puts standard input there at once, and says by its status whether that changed anything
install_file() {
	mkdir -p "\${1%/*}"
	cat > "$1.new"
	chmod "$2" "$1.new"
	if cmp -s "$1.new" "$1"; then
		rm "$1.new"
		return 1
	fi
	sync "$1.new"
	mv -f "$1.new" "$1"
}
package() {
	command -v "$1" > /dev/null && return
	say "installing $2"
	if command -v dnf > /dev/null; then
		dnf -q -y install "$2" >&2 || die "cannot install $2"
	else
		apt-get -q -y install "$2" >&2 || die "cannot install $2"
	fi
}
`;
