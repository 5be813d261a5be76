import { USER, VOLUME_LABEL } from "../files";
import { sh } from "./sh";

/** The data volume: found by its serial, formatted only when blank, mounted by UUID. Anything unexpected is refused. */
export const volume = sh`
disks() {
	if [ "$serial" = instance-store ]; then
		lsblk -dnpo NAME,MODEL | awk '/Amazon EC2 NVMe Instance Storage/ { print $1 }'
	else
		lsblk -dnpo NAME,SERIAL | awk -v serial="$serial" '$2 == serial { print $1 }'
	fi
}

# raid DISKS: one device of several disks of the instance store
raid() {
	package mdadm mdadm
	device=/dev/md/nats-hub
	[ -e $device ] || mdadm -q --assemble $device "$@" || {
		for disk; do blank "$disk" || die "$disk holds something, and is no part of the hub's RAID: nothing was written"; done
		mdadm -q --create $device --run --homehost=any --level=0 --raid-devices=$# "$@" || die "cannot make a RAID of $*"
	}
	device=$(realpath $device)
}

# find_device: waits, for a volume may be attached after the machine has started
find_device() {
	end=$(($(now) + \${VOLUME_SECONDS:-120})) said=
	until device=$(disks) && [ -n "$device" ]; do
		[ -n "$said" ] || say "waiting for the volume $serial"
		said=1
		[ "$(now)" -lt "$end" ] ||
			die "no disk has the serial $serial; there are: $(lsblk -dno NAME,SERIAL | tr -s ' \n' ' ')"
		sleep 2
	done
	# shellcheck disable=SC2086
	set -- $device
	if [ $# -gt 1 ]; then
		[ "$serial" = instance-store ] || die "several disks have the serial $serial: $*"
		raid "$@"
	fi
}

# blank DEVICE: no signature that blkid knows; on a volume of its own kind also nothing but zeros at both ends
blank() {
	code=0
	blkid -p "$1" > /dev/null 2>&1 || code=$?
	[ $code = 2 ] || return 1
	[ "$serial" != instance-store ] || return 0
	last=$(($(blockdev --getsize64 "$1") / 1048576 - 1))
	# Not every tail jumps to the end of a device, and to read a large volume takes hours.
	[ -z "$({ head -c 16777216 "$1"; dd if="$1" bs=1048576 skip=$last 2> /dev/null; } | tr -d '\000' | head -c 1 | od -An -c)" ]
}

format() {
	package mkfs.xfs xfsprogs
	say "formatting $device ($serial)"
	# A run that is stopped in between formats again: nothing was ever mounted from it.
	echo "$serial" > /etc/leafline/formatting
	sync /etc/leafline/formatting /etc/leafline
	mkfs.xfs -q -f -L ${VOLUME_LABEL} "$device" || die "cannot format $device"
	sync "$device"
	rm /etc/leafline/formatting
	sync /etc/leafline
}

volume() {
	serial=$(field serial < "$1/volume")
	find_device
	if mountpoint -q $mount; then
		if [ "$(mounted)" = "$(realpath "$device")" ]; then
			own
			return
		fi
		[ "$(pid)" = 0 ] || die "the hub runs on $(mounted), and parameter $PARAMETERS/volume names $serial: stop $hub first"
		say "$mount is $(mounted), not $serial: unmounting"
		umount $mount
	fi
	if [ "$(cat /etc/leafline/formatting 2>/dev/null)" = "$serial" ] || blank "$device"; then format; fi
	! grep -qE "^$device(p[0-9]+)? " /proc/mounts || die "volume $serial ($device) is in use"
	found=$(blkid -p -o export "$device" 2>/dev/null) || :
	[ "$(echo "$found" | field TYPE) $(echo "$found" | field LABEL)" = "xfs ${VOLUME_LABEL}" ] ||
		die "volume $serial ($device) is neither blank nor leafline's: $(echo "$found" | grep -E '^(LABEL|P?T*TYPE)=' | tr '\n' ' ')" \
			"Nothing was written. To give it away: wipefs -a $device && dd if=/dev/zero of=$device bs=1M count=16"
	uuid=$(echo "$found" | field UUID)
	options=noatime,nodev,nosuid,noexec
	entry="UUID=$uuid $mount xfs $options,nofail,x-systemd.device-timeout=60s 0 0"
	if ! grep -qxF "$entry" /etc/fstab; then
		{ awk -v mount=$mount '$2 != mount' /etc/fstab && echo "$entry"; } | install_file /etc/fstab 644
		systemctl daemon-reload
	fi
	mkdir -p $mount
	chmod 755 \${mount%/*}
	# By the device and not by fstab: a copy of the volume, as from a snapshot, has the same UUID.
	mount -t xfs -o $options "$device" $mount || die "cannot mount $device at $mount"
	say "$serial is $device, mounted at $mount"
	own
}
mounted() { realpath "$(findmnt -nro SOURCE --mountpoint $mount)"; }
own() {
	grown=$(xfs_growfs -d $mount 2>&1) || say "cannot grow the file system at $mount: $grown"
	mkdir -p $store
	chmod 755 $mount
	chmod 750 $store
	find $store ! -user ${USER} -exec chown -h ${USER}:${USER} {} +
}
`;
