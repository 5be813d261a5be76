import { sh } from "../../node/script/sh";
import { BUNDLE, DEVICE_USER, INSTALLED, PRIVATE, SECRETS } from "../layout";
import { ENABLED, SYSTEM_FILES } from "../system";

const pairs = Object.entries(SYSTEM_FILES)
	.map(([file, target]) => `${file} ${target}`)
	.join("\n");

/**
 * The second part of `install.sh`: puts everything beside its place first, which is all that can fail on a full disk, and
 * then into its place by renaming.
 */
export const change = sh`
files='${pairs}'
id=$(sha256sum "$here/${BUNDLE.manifest}" | cut -c1-16)
stage=$base/.staged
undo() {
	rm -rf "$stage"
	printf '%s\n' "$files" | while read -r _ target; do rm -f "$root$target.leafline"; done
}
trap 'undo' EXIT
trap 'exit 1' HUP INT TERM
undo
folder() { mkdir -p "$1" || die "$1 cannot be made: nothing is installed"; }
folder "$base/releases"

need=$(du -sk "$here" | cut -f1)
free=$(df -Pk "$base" | awk 'NR == 2 { print $4 }')
[ "$free" -gt $((need + 1024)) ] || die "there is no room: $((need + 1024)) kB are needed in $base, $free kB are free; nothing is installed"

mkdir -m 700 "$stage"
cp -R "$here/." "$stage/" || die "the bundle cannot be copied to $base: nothing is installed"
if [ -n "$credentials" ]; then
	for each in ${SECRETS.join(" ")}; do
		[ ! -f "$credentials/$each" ] || cp "$credentials/$each" "$stage/$each" || die "the credentials cannot be copied: nothing is installed"
	done
fi
for each in ${SECRETS.join(" ")}; do
	[ -f "$stage/$each" ] && continue
	# Made on the device, or brought along before.
	[ -f "$base/current/$each" ] || die "$each is missing: name the folder of the credentials by --credentials"
	cp "$base/current/$each" "$stage/$each" || die "$each cannot be copied: nothing is installed"
done
mkdir -p "$stage/bin"
[ -z "$server_link" ] || ln -s "$server_link" "$stage/${BUNDLE.server}"
[ -z "$node_link" ] || ln -s "$node_link" "$stage/${BUNDLE.node}"
find "$stage" -type d -exec chmod 755 {} +
find "$stage" -type f -exec chmod 644 {} +
chmod 755 "$stage/${BUNDLE.install}"
for each in "$stage"/bin/*; do [ -L "$each" ] || chmod 755 "$each"; done
for each in ${PRIVATE.join(" ")}; do chmod 600 "$stage/$each"; done
if [ "$(id -u)" = 0 ]; then chown -R 0:0 "$stage"; fi

printf '%s\n' "$files" | while read -r file target; do
	mkdir -p "$root\${target%/*}" && cp "$stage/$file" "$root$target.leafline" && chmod 644 "$root$target.leafline" || exit 1
done || die "the units cannot be written to $root/etc: nothing is installed"
mkdir -p "$root${INSTALLED.units}/multi-user.target.wants"
sync -f "$stage" 2> /dev/null || sync

# From here on nothing needs room.
changed=''
if [ -d "$base/releases/$id" ] && diff -r "$stage" "$base/releases/$id" > /dev/null 2>&1; then
	rm -rf "$stage"
else
	changed=yes
	rm -rf "$base/releases/$id.old"
	[ ! -d "$base/releases/$id" ] || mv "$base/releases/$id" "$base/releases/$id.old"
	mv "$stage" "$base/releases/$id"
	rm -rf "$base/releases/$id.old"
fi
# link TARGET NAME: in one step
link() {
	[ "$(readlink "$2" || :)" != "$1" ] || return 0
	changed=yes
	rm -f "$2.new"
	ln -s "$1" "$2.new"
	mv -T "$2.new" "$2" 2> /dev/null || { rm -f "$2" && mv "$2.new" "$2"; }
}
put() {
	[ "$(cat "$2" 2> /dev/null || :)" != "$1" ] || return 0
	printf '%s\n' "$1" > "$2.new" && mv "$2.new" "$2"
}
printf '%s\n' "$files" | while read -r _ target; do
	if cmp -s "$root$target.leafline" "$root$target"; then rm "$root$target.leafline"; else mv "$root$target.leafline" "$root$target"; fi
done
put "$device" "$base/device"
put "$key" "$root${INSTALLED.key}"
previous=$(readlink "$base/current" || :)
[ -z "$previous" ] || [ "$previous" = "releases/$id" ] || link "$previous" "$base/previous"
link "releases/$id" "$base/current"
# What somebody installs by hand is not judged, and ends the trial of another one.
rm -f "$base/trial"
put "$release" "$base/release"
put "good $id $release 0" "$base/outcome"
link "..${INSTALLED.current}/${BUNDLE.conf}" "$conf"
for unit in ${ENABLED.join(" ")}; do
	link "${INSTALLED.units}/$unit" "$root${INSTALLED.units}/multi-user.target.wants/$unit"
done
for each in "$base"/releases/*; do
	case releases/\${each##*/} in
	"$(readlink "$base/current")" | "$(readlink "$base/previous" || :)") ;;
	*) rm -rf "$each" ;;
	esac
done
sync -f "$base" 2> /dev/null || sync
trap - EXIT

if command -v systemd-sysusers > /dev/null; then
	systemd-sysusers --root="\${root:-/}" "\${root:+$root}${INSTALLED.sysusers}" 2> /dev/null || say "note: the account ${DEVICE_USER} could not be made"
elif [ -z "$root" ]; then
	id ${DEVICE_USER} > /dev/null 2>&1 || useradd --system --no-create-home --shell /usr/sbin/nologin ${DEVICE_USER}
else
	say "note: there is no systemd-sysusers here; ${INSTALLED.sysusers} makes the account ${DEVICE_USER} when it is run on the device"
fi
say "$device: release $release ($id) is installed\${changed:+ anew}"
[ -z "$root" ] && [ -n "$start" ] || exit 0
systemd-tmpfiles --create ${INSTALLED.tmpfiles}
sysctl -q -p ${INSTALLED.sysctl} 2> /dev/null || say "note: the kernel does not take ${INSTALLED.sysctl} (in a container, whose host has to): it may write what is a second old later"
systemctl daemon-reload
if [ -n "$changed" ]; then
	systemctl restart leafline-server.service leafline-keep.service
else
	systemctl start leafline-server.service leafline-keep.service
fi
systemctl start leafline-update.path leafline-rollout.path
`;
