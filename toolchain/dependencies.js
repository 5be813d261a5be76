const crypto = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");
const { readIfThere, writeWhole } = require("./paths.js");
const { step } = require("./progress.js");
const { run } = require("./processes.js");
const { Message } = require("./message.js");

/**
 * Installs the project's npm packages when they are absent or package-lock.json has changed since. Without their
 * install scripts: none is needed, and one would download a plugin.
 *
 * @param {string} root
 * @param {NodeJS.ProcessEnv} env
 */
async function installDependencies(root, env) {
	const stamp = path.join(root, "node_modules", ".leafline-lock");
	const lock = fs.readFileSync(path.join(root, "package-lock.json"), "utf8");
	const digest = crypto.createHash("sha256").update(lock).digest("hex");
	if (readIfThere(stamp) === digest) return;
	if (!matches(root, lock)) await npmCi(root, env);
	writeWhole(stamp, digest);
}

/**
 * @param {string} root
 * @param {NodeJS.ProcessEnv} env
 */
async function npmCi(root, env) {
	const progress = step("npm ci");
	let printed = "";
	const npm = env.npm_execpath;
	const [program, ...first] = npm?.endsWith(".js") ? [process.execPath, npm] : ["npm"];
	const code = await run(program, [...first, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], {
		cwd: root,
		env,
		expendable: true,
		output: (text) => {
			printed = (printed + text).slice(-20_000);
		},
	});
	if (code !== 0) {
		progress.fail();
		throw new Message(
			code === 127
				? "npm was not found; it comes with Node: https://nodejs.org/"
				: `npm ci failed:\n${printed.trim().split("\n").slice(-15).join("\n")}`,
		);
	}
	progress.done("npm packages");
}

/** @typedef {{ packages: Record<string, { version?: string, link?: boolean, optional?: boolean, devOptional?: boolean }> }} Lock */

/**
 * Whether node_modules is what the lock file says, for it may have been installed by hand. npm writes what it has
 * installed at the very end, so a broken installation never matches.
 *
 * @param {string} root
 * @param {string} text
 */
function matches(root, text) {
	const installed = readIfThere(path.join(root, "node_modules", ".package-lock.json"));
	if (!installed) return false;
	/** @type {Lock} */
	const wanted = JSON.parse(text);
	/** @type {Lock} */
	const present = JSON.parse(installed);
	const names = Object.keys(wanted.packages).filter((name) => name.startsWith("node_modules/"));
	const extra = Object.keys(present.packages).some(
		(name) => name.startsWith("node_modules/") && !wanted.packages[name],
	);
	return (
		!extra &&
		names.every((name) => {
			const { version, link, optional, devOptional } = wanted.packages[name] ?? {};
			const other = present.packages[name];
			return other ? link === other.link && version === other.version : optional === true || devOptional === true;
		})
	);
}

module.exports = { installDependencies };
