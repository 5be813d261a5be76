const fs = require("node:fs");
const { spawnSync } = require("node:child_process");
const { findOnPath } = require("../paths.js");

/** Programs, and the Debian packages that bring them. @type {Record<string, string>} */
const PROGRAMS = {
	"qemu-system-x86_64": "qemu-system-x86",
	"qemu-img": "qemu-utils",
	debootstrap: "debootstrap",
	mke2fs: "e2fsprogs",
	ip: "iproute2",
	unshare: "util-linux",
	python3: "python3-pip",
};
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/**
 * Why the boot test cannot run on this machine, in words that tell what to do about it.
 *
 * @param {NodeJS.ProcessEnv} env
 * @returns {string | undefined} undefined if it can
 */
function obstacle(env) {
	if (process.platform !== "linux" || process.arch !== "x64") {
		return `it emulates a PC on Linux on amd64; this is ${process.platform} on ${process.arch}`;
	}
	if (process.getuid?.() !== 0) {
		return "it needs root, for a network of its own and to make a Debian root; run it with sudo, or in a virtual machine";
	}
	const missing = Object.keys(PROGRAMS).filter((name) => findOnPath(name, env).length === 0);
	const packages = missing.map((name) => PROGRAMS[name] ?? name);
	if (!missing.includes("python3") && !succeeds("python3", ["-m", "pip", "--version"], env)) {
		missing.push("pip");
		packages.push("python3-pip");
	}
	if (!fs.existsSync(KEYRING)) {
		missing.push(KEYRING);
		packages.push("debian-archive-keyring");
	}
	if (missing.length > 0) {
		return `there is no ${missing.join(", no ")}; on Debian or Ubuntu: apt-get install ${packages.join(" ")}`;
	}
	if (!fs.existsSync("/dev/net/tun")) return "there is no /dev/net/tun; load the kernel's module tun";
	if (!succeeds("unshare", ["--net", "--mount", "true"], env)) {
		return "this machine gives no network namespaces (unshare --net); containers need --privileged for it";
	}
	return undefined;
}

/** @param {string} program @param {string[]} args @param {NodeJS.ProcessEnv} env */
function succeeds(program, args, env) {
	return spawnSync(program, args, { env, stdio: "ignore", timeout: 30_000 }).status === 0;
}

module.exports = { obstacle };
