const crypto = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");

/**
 * What the root image of the boot test is made of. systemd 252 and cloud-init 22 are those of Amazon Linux 2023; the AWS
 * CLI is version 1 from PyPI, for Debian's version 2 is older than the settings that name other endpoints.
 */
const RECIPE = {
	suite: "bookworm",
	packages: [
		...["systemd", "systemd-sysv", "udev", "dbus", "kmod", "procps", "iproute2", "ca-certificates", "curl"],
		...["linux-image-cloud-amd64", "initramfs-tools", "zstd"],
		...["xfsprogs", "e2fsprogs", "mdadm", "nftables"],
		// debootstrap does not find what another package only provides: cloud-init needs python3-cffi-backend.
		...["python3", "cloud-init", "python3-cffi-backend"],
	],
	awscli: "1.46.3",
	/** Of the file system; the cache file itself has holes. */
	size: "3G",
};

/** Files that are laid over the root, and the script that makes it. */
const OVERLAY = path.join(__dirname, "root");
const BUILD_SCRIPT = path.join(__dirname, "build-root.sh");

/** Name of the image that this recipe makes; another recipe, another name. */
function recipeKey() {
	const hash = crypto.createHash("sha256").update(JSON.stringify(RECIPE));
	const files = fs
		.readdirSync(OVERLAY, { recursive: true, withFileTypes: true })
		.filter((entry) => entry.isFile())
		.map((entry) => path.join(entry.parentPath, entry.name));
	for (const file of [...files.sort(), BUILD_SCRIPT]) {
		hash.update(`${path.relative(__dirname, file)}\n`).update(fs.readFileSync(file));
	}
	return hash.digest("hex").slice(0, 16);
}

module.exports = { RECIPE, OVERLAY, BUILD_SCRIPT, recipeKey };
