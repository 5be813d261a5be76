const path = require("node:path");
const { formatVersion } = require("./versions.js");
const { findOnPath } = require("./paths.js");
const { step } = require("./progress.js");
const { run } = require("./processes.js");
const { stage } = require("./stage.js");
const { Message } = require("./message.js");

/** @typedef {import("./requirements.js").Tool} Tool */

/**
 * @typedef {object} Platform
 * @property {string} title for people
 * @property {Record<string, string>} env Go's variables that choose it
 * @property {(file: string) => string | undefined} answer what an executable says of its version, for it cannot be run
 */

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {string | undefined} path of `go`
 */
function findGo(env) {
	return findOnPath("go", env)[0];
}

/**
 * Builds a tool from the module in `toolchain/go/<tool>`, whose committed sums verify every line that was fetched.
 *
 * @param {Tool} tool
 * @param {object} options
 * @param {string} options.go
 * @param {string} options.target folder that will hold the executable
 * @param {NodeJS.ProcessEnv} options.env
 * @param {Platform} [options.platform] another one than this machine's
 * @returns {Promise<string>} path of the executable
 */
async function goBuild(tool, { go, target, env, platform }) {
	const title = `build ${tool.name} ${formatVersion(tool.version)}${platform ? ` for ${platform.title}` : ""}`;
	const progress = step(`${title} with Go, once`);
	let printed = "";
	let compiled = 0;
	/** @param {string} text */
	const output = (text) => {
		printed = (printed + text).slice(-20_000);
		const lines = text.split("\n").filter(Boolean);
		compiled += lines.filter((line) => /^[\w.-]+(\/[\w.@~+-]+)*$/.test(line)).length;
		const last = lines.at(-1) ?? "";
		progress.detail(
			last.startsWith("go: downloading") ? last.slice(4) : `${compiled} of some ${tool.packages} packages, ${last}`,
		);
	};
	try {
		/** @param {string} work */
		const make = async (work) => {
			const flags = ["-v", "-mod=readonly", "-trimpath", "-ldflags", tool.ldflags];
			const code = await run(go, ["build", ...flags, "-o", path.join(work, tool.name), tool.package], {
				cwd: path.join(__dirname, "go", tool.name),
				env: { ...env, CGO_ENABLED: "0", GOWORK: "off", GO111MODULE: "on", ...platform?.env },
				output,
				expendable: true,
			});
			if (code !== 0) throw new Message(`${title} failed:\n${lastLines(printed)}`);
		};
		const file = await stage(tool, target, env, make, platform?.answer);
		progress.done(title);
		return file;
	} catch (error) {
		progress.fail();
		throw error;
	}
}

/** @param {string} text */
function lastLines(text) {
	const lines = text.split("\n").filter((line) => /^go: |:|error/i.test(line) && !line.startsWith("go: downloading"));
	return (lines.length > 0 ? lines : text.split("\n")).slice(-15).join("\n").trim();
}

module.exports = { findGo, goBuild };
