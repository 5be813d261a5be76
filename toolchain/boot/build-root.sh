#!/bin/sh
# Makes the root image of the boot test in the folder $1: root.img, vmlinuz, initrd.
# Run in a mount namespace of its own (see image.js), so that nothing stays mounted, however it ends.
# Environment: MIRROR SUITE PACKAGES (comma-separated) AWSCLI SIZE OVERLAY
set -eu
work=$1
root=$work/root
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
umask 022

echo "step: packages"
debootstrap --variant=minbase --include="$PACKAGES" "$SUITE" "$root" "$MIRROR"

echo "step: AWS CLI"
python3 -m pip install --quiet --root-user-action=ignore --no-cache-dir --no-compile --target "$root/opt/awscli" \
	--platform manylinux2014_x86_64 --python-version 3.11 --only-binary=:all: "awscli==$AWSCLI"
rm -rf "$root/opt/awscli/awscli/examples"
cat >"$root/usr/bin/aws" <<'END'
#!/bin/sh
PYTHONPATH=/opt/awscli exec /usr/bin/python3 -m awscli "$@"
END

echo "step: system"
cp -R --no-preserve=ownership "$OVERLAY/." "$root/"
chmod 0755 "$root/usr/bin/aws" "$root/usr/local/sbin/boot-test-eyes"
mount -t proc proc "$root/proc"
mount -t sysfs sys "$root/sys"
mount --bind /dev "$root/dev"
chroot "$root" python3 -m compileall -q /opt/awscli >/dev/null || true
chroot "$root" systemctl --quiet enable systemd-networkd boot-test-eyes
# Nobody can log in; no door but the one that user-data opens.
chroot "$root" passwd --quiet --lock root
chroot "$root" systemctl --quiet mask getty@.service serial-getty@.service apt-daily.timer apt-daily-upgrade.timer
# It would look for the metadata service before there is a network, and wait for it; the address here is fixed.
chroot "$root" systemctl --quiet mask cloud-init-local.service
chroot "$root" update-initramfs -u
umount "$root/dev" "$root/sys" "$root/proc"
rm -rf "$root/var/lib/apt/lists" "$root/var/cache/apt" "$root/etc/resolv.conf" "$root/debootstrap"
mkdir -p "$root/var/lib/apt/lists/partial" "$root/var/cache/apt/archives/partial"
# Empty, as in a cloud's image: each machine gets its own at its first boot.
: >"$root/etc/machine-id"
echo hub >"$root/etc/hostname"
echo "127.0.0.1 localhost hub" >"$root/etc/hosts"

echo "step: image"
cp "$root"/boot/vmlinuz-* "$work/vmlinuz"
cp "$root"/boot/initrd.img-* "$work/initrd"
mke2fs -q -t ext4 -L root -d "$root" "$work/root.img" "$SIZE"
rm -rf "$root"
