import { sh } from "../../node/script/sh";
import { INSTALLED } from "../layout";

/** The middle of `switch`: what may have to be done, each so that it can be done twice. */
export const steps = sh`
# point NAME ID: in one step
point() {
	[ "$(readlink "$base/$1" || :)" != "releases/$2" ] || return 0
	rm -f "$base/$1.new"
	ln -s "releases/$2" "$base/$1.new"
	mv -T "$base/$1.new" "$base/$1"
	flush "$base"
}
# place SOURCE TARGET: of what lies ready beside it, which needs no room, or else as a copy
place() {
	if cmp -s "$1" "$2"; then return 0; fi
	draft=$2.leafline
	if cmp -s "$1" "$2.before"; then
		draft=$2.before
	elif ! cmp -s "$1" "$draft"; then
		mkdir -p "\${2%/*}"
		cp "$1" "$draft"
		chmod 644 "$draft"
		flush "\${2%/*}"
	fi
	mv "$draft" "$2"
}
# targets RELEASE: source and target of each file that follows the release in force
targets() {
	for source in "$base/releases/$1"/systemd/*; do
		case $guard in *"systemd/\${source##*/} "*) continue ;; esac
		[ ! -f "$source" ] || say "$source $units/\${source##*/}"
	done
	say "$others" | while read -r file target; do
		[ ! -f "$base/releases/$1/$file" ] || say "$base/releases/$1/$file $root$target"
	done
}
# draft RELEASE: what its files will be, and what they are, beside their places: all that can fail for want of room
draft() {
	targets "$1" | while read -r source target; do
		cmp -s "$source" "$target" && continue
		mkdir -p "\${target%/*}" && cp "$source" "$target.leafline" && chmod 644 "$target.leafline" || exit 1
		[ ! -f "$target" ] || ln -f "$target" "$target.before" || exit 1
	done
}
undraft() {
	for id in "$@"; do
		[ ! -d "$base/releases/$id" ] || targets "$id" | while read -r _ target; do rm -f "$target.leafline" "$target.before"; done
	done
}
# wanted UNIT: the targets that want it
wanted() { sed -n 's/^WantedBy=//p' "$1"; }
# settle RELEASE OTHER: systemd's files as the release has them; what only the other one has goes
settle() {
	targets "$2" | while read -r source target; do
		case $target in "$units"/*) ;; *) continue ;; esac
		[ ! -f "$base/releases/$1/systemd/\${source##*/}" ] || continue
		for each in $(wanted "$source"); do rm -f "$units/$each.wants/\${source##*/}"; done
		rm -f "$target"
		ctl stop --no-block "\${source##*/}" || :
	done
	targets "$1" | while read -r source target; do
		place "$source" "$target" || exit 1
		case $target in "$units"/*) want "$source" || exit 1 ;; esac
	done
	flush "$units"
}
want() {
	for each in $(wanted "$1"); do
		[ ! -L "$units/$each.wants/\${1##*/}" ] || continue
		mkdir -p "$units/$each.wants"
		ln -s "${INSTALLED.units}/\${1##*/}" "$units/$each.wants/\${1##*/}"
	done
}
# What the accounts own, and the kernel is told.
tell() {
	[ -z "$root" ] || return 0
	systemd-tmpfiles --create ${INSTALLED.tmpfiles} || :
	ctl daemon-reload || :
	ctl restart --no-block systemd-sysctl.service || :
}
# What takes releases on trial is itself taken from one that is good.
renew() {
	say "$guard" | while read -r file target; do
		source=$base/releases/$new/$file
		[ -f "$source" ] || continue
		case $file in *.sh) sh -n "$source" || continue ;; esac
		place "$source" "$root$target" || exit 1
		case $file in systemd/*) want "$source" || exit 1 ;; esac
	done
}
prune() {
	for each in "$base"/releases/*; do
		case releases/\${each##*/} in
		"$(readlink "$base/current")" | "$(readlink "$base/previous" || :)") ;;
		*) rm -rf "$each" ;;
		esac
	done
}

# go_on COMMAND: whatever follows from the mark; COMMAND before it is taken away
go_on() {
	case $state in
	trial)
		point current "$new"
		settle "$new" "$old"
		"$1"
		;;
	return)
		point current "$old"
		settle "$old" "$new"
		undraft "$old" "$new"
		write "$base/outcome" "returned $new $release $order $reason"
		"$1"
		drop_mark
		prune
		;;
	good)
		point previous "$old"
		renew
		undraft "$old" "$new"
		write "$base/release" "$release"
		write "$base/outcome" "good $new $release $order"
		"$1"
		drop_mark
		prune
		;;
	esac
}
drop_mark() {
	rm -f "$mark"
	flush "$base"
}
restart() {
	tell
	for each in "$base"/current/systemd/*; do
		case $guard in *"systemd/\${each##*/} "*) continue ;; esac
		[ -z "$(wanted "$each")" ] || ctl restart --no-block "\${each##*/}" || :
	done
	# What still runs of the other release; the one in force tells the hub.
	ctl restart --no-block leafline-rollout.service
}
# back REASON: to the release before
back() {
	state=return reason=$1
	say "release $release ($new) does not stay: $reason; back to $old"
	write_mark
	go_on restart
}
`;
