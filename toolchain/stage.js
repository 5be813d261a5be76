const fs = require("node:fs");
const path = require("node:path");
const { wholeVersion } = require("./requirements.js");
const { parseVersion, compareVersions } = require("./versions.js");
const { ask, onInterrupt } = require("./processes.js");
const { Message } = require("./message.js");

/** @typedef {import("./requirements.js").Tool} Tool */

/**
 * Makes a tool's folder aside and moves it to its place only when the tool in it has the right version. So nothing
 * half-made is ever found, whatever interrupts it.
 *
 * @param {Tool} tool
 * @param {string} target folder that is to hold the executable
 * @param {NodeJS.ProcessEnv} env
 * @param {(work: string) => Promise<void>} make fills the folder
 * @param {(file: string) => string | undefined} [answer] what the tool says of its version; without it, it is run
 * @returns {Promise<string>} path of the executable
 */
async function stage(tool, target, env, make, answer = (file) => ask(file, tool.versionArguments, env)) {
	removeLeftovers(target);
	const work = fs.mkdtempSync(`${target}.tmp-`);
	const discard = () => fs.rmSync(work, { recursive: true, force: true });
	const forget = onInterrupt(discard);
	try {
		await make(work);
		const text = answer(path.join(work, tool.name));
		const version = text && parseVersion(text);
		const changed = !tool.change || text?.includes(wholeVersion(tool));
		if (!version || compareVersions(version, tool.version) !== 0 || !changed) {
			const wanted = `${tool.name} ${wholeVersion(tool)}`;
			throw new Message(`${wanted}: what was made answers "${(text ?? "nothing").trim()}" and is not used`);
		}
		fs.chmodSync(work, 0o755);
		fs.rmSync(target, { recursive: true, force: true });
		fs.renameSync(work, target);
		return path.join(target, tool.name);
	} finally {
		forget();
		discard();
	}
}

/**
 * What runs that were killed have left. Only called under the tools' lock, so none of them is at work.
 *
 * @param {string} target
 */
function removeLeftovers(target) {
	const folder = path.dirname(target);
	fs.mkdirSync(folder, { recursive: true });
	for (const name of fs.readdirSync(folder)) {
		if (name.startsWith(`${path.basename(target)}.tmp-`)) {
			fs.rmSync(path.join(folder, name), { recursive: true, force: true });
		}
	}
}

module.exports = { stage };
