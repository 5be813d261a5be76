import { sh } from "../../node/script/sh";
import { BUNDLE, INSTALLED } from "../layout";
import { SYSTEM_FILES } from "../system";
import { GUARD } from "./guard";
import { steps } from "./steps";

/** What lies elsewhere than units do, by its path in a release. */
const others = Object.entries(SYSTEM_FILES)
	.filter(([file]) => !file.startsWith("systemd/") && !GUARD.includes(file))
	.map(([file, target]) => `${file} ${target}`)
	.join("\n");
const guard = GUARD.map((file) => `${file} ${SYSTEM_FILES[file] ?? ""}`).join("\n");

/**
 * `/opt/leafline/switch`: puts a release into force on trial, and the one before back. It belongs to no release, so a release
 * that cannot even start is taken back all the same; a newer one of itself is taken when its release was found to be good.
 *
 * What is under way stands in one file, `trial`, written and synced before anything else changes; every step that follows
 * from it can be done twice. So whoever comes next (`try` at boot, `watch`) ends what a power cut interrupted, forward while
 * the mark says `trial`, back when it says `return`.
 */
export function renderSwitch(): string {
	return `${what}\n${steps}\n${commands}`;
}

const what = sh`
#!/bin/sh
# Puts a release of leafline into force on trial, and the one before back. Written by leafline; docs/rollout.md tells of it.
set -eu
LC_ALL=C
export LC_ALL
umask 022

root=''
if [ "\${1:-}" = --root ]; then root=$2 && shift 2; fi
base=$root${INSTALLED.base}
units=$root${INSTALLED.units}
mark=$base/trial
# A machine that is switched off before its release was judged does not judge it: so often, it does.
most_boots=5
others='${others}'
guard='${guard}'

say() { printf '%s\n' "$*"; }
die() {
	printf 'switch: %s\n' "$*" >&2
	exit 1
}
# A folder's file system, which is more than was asked for, and nothing less.
flush() { sync -f "$1" 2> /dev/null || sync; }
# write FILE TEXT: the one before, or this one, whole
write() {
	printf '%s\n' "$2" > "$1.new"
	flush "$base"
	mv "$1.new" "$1"
	flush "$base"
}
# Inside a root that is not the machine's nothing runs.
ctl() { [ -n "$root" ] || systemctl "$@"; }
inforce() { readlink "$base/current" || :; }

# read_mark: state, new, old, release, order, boots, seconds, link, reason
read_mark() {
	[ -f "$mark" ] || return 1
	read -r state new old release order boots seconds link reason < "$mark" || :
	case $state in trial | return | good) ;; *) die "$mark is damaged" ;; esac
}
write_mark() { write "$mark" "$state $new $old $release $order $boots $seconds $link $reason"; }
`;

const commands = sh`
case \${1:-} in
# to ID RELEASE ORDER SECONDS LINK: ORDER is 0 without one; LINK is up or down, as it was before
to)
	new=$2 release=$3 order=$4 seconds=$5 link=$6 boots=0 reason=- state=trial
	[ ! -f "$mark" ] || die "another release is on trial: $(cat "$mark")"
	[ -d "$base/releases/$new" ] || die "there is no release $new"
	old=$(inforce)
	old=\${old#releases/}
	[ -n "$old" ] || die "no release is in force: install one by its install.sh"
	[ "$old" != "$new" ] || die "$new is in force"
	mv --version 2> /dev/null | grep -q GNU || mv --help 2>&1 | grep -q -- -T || die "mv does not know -T, so no link can be replaced in one step"
	undraft "$old" "$new"
	draft "$new" || { undraft "$old" "$new" && die "the files of systemd cannot be written: nothing is changed"; }
	flush "$base"
	flush "$units"
	say "release $release ($new) is tried for $seconds s; $old is kept"
	write_mark
	ctl start --no-block leafline-trial.service
	go_on restart
	;;
# update STORE: what the device program has pulled into it, once it was judged by the release in force
update)
	if [ -f "$mark" ]; then exit 0; fi
	rm -rf "$base/.incoming"
	found=$("$base/current/${BUNDLE.node}" "$base/current/${BUNDLE.program}" take "$2" "$base" "$base/.incoming") || {
		rm -rf "$base/.incoming"
		exit 1
	}
	# shellcheck disable=SC2086 # words, of which those of a reason come last
	set -- $found
	case $1 in
	# install ID RELEASE ORDER SECONDS LINK
	install)
		shift
		flush "$base"
		rm -rf "$base/releases/$1"
		mv "$base/.incoming" "$base/releases/$1"
		flush "$base"
		;;
	# back ID RELEASE ORDER SECONDS LINK: to the one before, which is there
	back) shift ;;
	# done STATE ID RELEASE ORDER REASON: there is nothing to be changed
	done)
		shift
		rm -rf "$base/.incoming"
		write "$base/outcome" "$*"
		exit 0
		;;
	esac
	exec sh "$0" \${root:+--root "$root"} to "$@"
	;;
# At boot, before anything of leafline's: counts the starts of a release on trial, and ends what was interrupted.
try)
	read_mark || exit 0
	case $(inforce) in
	"releases/$new" | "releases/$old" | '') ;;
	*) undraft "$old" "$new" && drop_mark && exit 0 ;;
	esac
	if [ "$state" = trial ]; then
		boots=$((boots + 1))
		[ "$boots" -le "$most_boots" ] || { state='return' && reason="the machine was started $boots times before it was judged"; }
		write_mark
	fi
	go_on tell
	;;
# While one is on trial: until it is judged, or its time is over.
watch)
	read_mark || exit 0
	if [ "$state" != trial ]; then go_on restart && exit 0; fi
	heard=$root${INSTALLED.verdict} waited=0 last='nothing was heard of its device program'
	until [ "$waited" -ge "$seconds" ]; do
		verdict='' of='' why=''
		[ ! -f "$heard" ] || read -r verdict of why < "$heard" || :
		if [ "$of" = "$new" ]; then
			case $verdict in
			good)
				state=good
				write_mark
				go_on tell
				say "release $release ($new) is good"
				exit 0
				;;
			not-yet) last=$(printf '%.300s' "$why" | tr -cd ' -~') ;;
			esac
		fi
		sleep 1
		waited=$((waited + 1))
		[ -f "$mark" ] || exit 0
	done
	back "$last"
	;;
*) die "usage: switch [--root FOLDER] to ID RELEASE ORDER SECONDS up|down | update STORE | try | watch" ;;
esac
`;
