const fs = require("node:fs");
const path = require("node:path");
const { parseVersion, compareVersions, formatVersion } = require("./versions.js");
const { findOnPath } = require("./paths.js");
const { step } = require("./progress.js");
const { run, ask, onInterrupt } = require("./processes.js");
const { Message } = require("./message.js");

/** @typedef {import("./requirements.js").Tool} Tool */

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {string | undefined} path of `go`
 */
function findGo(env) {
	return findOnPath("go", env)[0];
}

/**
 * Builds a tool from the module in `toolchain/go/<tool>`, whose committed sums verify every line that was fetched.
 * It appears in its folder only when it is whole and has answered with its version.
 *
 * @param {Tool} tool
 * @param {object} options
 * @param {string} options.go
 * @param {string} options.target folder that will hold the executable; must not exist
 * @param {NodeJS.ProcessEnv} options.env
 * @returns {Promise<string>} path of the executable
 */
async function goBuild(tool, { go, target, env }) {
	const title = `build ${tool.name} ${formatVersion(tool.version)}`;
	const progress = step(`${title} with Go, once`);
	removeLeftovers(target);
	const work = fs.mkdtempSync(`${target}.tmp-`);
	const discard = () => fs.rmSync(work, { recursive: true, force: true });
	const forget = onInterrupt(discard);
	let printed = "";
	let compiled = 0;
	try {
		const executable = path.join(work, tool.name);
		const code = await run(
			go,
			["build", "-v", "-mod=readonly", "-trimpath", "-ldflags", tool.ldflags, "-o", executable, tool.package],
			{
				cwd: path.join(__dirname, "go", tool.name),
				env: { ...env, CGO_ENABLED: "0", GOWORK: "off", GO111MODULE: "on" },
				output: (text) => {
					printed = (printed + text).slice(-20_000);
					const lines = text.split("\n").filter(Boolean);
					compiled += lines.filter((line) => /^[\w.-]+(\/[\w.@~+-]+)*$/.test(line)).length;
					const last = lines.at(-1) ?? "";
					progress.detail(last.startsWith("go: downloading") ? last.slice(4) : `${compiled} packages, ${last}`);
				},
			},
		);
		if (code !== 0) throw new Message(`${title} failed:\n${lastLines(printed)}`);
		const answer = ask(executable, tool.versionArguments, env);
		const version = answer && parseVersion(answer);
		if (!version || compareVersions(version, tool.version) !== 0) {
			throw new Message(`${title}: the result answers "${(answer ?? "nothing").trim()}" and is not used`);
		}
		fs.rmSync(target, { recursive: true, force: true });
		fs.renameSync(work, target);
		progress.done(title);
		return path.join(target, tool.name);
	} catch (error) {
		progress.fail();
		throw error;
	} finally {
		forget();
		discard();
	}
}

/**
 * What builds that were killed have left. Only called under the tools' lock, so none of them is at work.
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

/** @param {string} text */
function lastLines(text) {
	const lines = text.split("\n").filter((line) => /^go: |:|error/i.test(line) && !line.startsWith("go: downloading"));
	return (lines.length > 0 ? lines : text.split("\n")).slice(-15).join("\n").trim();
}

module.exports = { findGo, goBuild };
