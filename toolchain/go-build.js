const fs = require("node:fs");
const path = require("node:path");
const { GO, wholeVersion } = require("./requirements.js");
const { changeServer } = require("./server-change.js");
const { formatVersion } = require("./versions.js");
const { findOnPath } = require("./paths.js");
const { note, step } = require("./progress.js");
const { ask, run } = require("./processes.js");
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
	const title = `build ${tool.name} ${wholeVersion(tool)}${platform ? ` for ${platform.title}` : ""}`;
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
	const goEnv = { ...env, CGO_ENABLED: "0", GOWORK: "off", GO111MODULE: "on" };
	const toolchain = tool.pinned ? pinnedGo(go, goEnv) : {};
	/** @param {string[]} args @param {string} cwd @param {NodeJS.ProcessEnv} more */
	const call = async (args, cwd, more) => {
		const code = await run(go, args, { cwd, env: { ...goEnv, ...toolchain, ...more }, output, expendable: true });
		if (code !== 0) throw new Message(`${title} failed:\n${lastLines(printed)}`);
	};
	try {
		/** @param {string} work */
		const make = async (work) => {
			const sources = tool.change ? await changedSources(tool, work, call) : moduleOf(tool);
			const flags = ["-v", `-mod=${tool.change ? "vendor" : "readonly"}`, "-trimpath", "-buildvcs=false"];
			// The tag changes nothing; it is what an executable says of the change without being run.
			if (tool.change) flags.push("-tags", tool.change);
			flags.push("-ldflags", tool.ldflags, "-o", path.join(work, tool.name), tool.package);
			await call(["build", ...flags], sources, { ...(tool.pinned ? SAME_BYTES : {}), ...platform?.env });
			if (sources !== moduleOf(tool)) fs.rmSync(sources, { recursive: true });
		};
		const file = await stage(tool, target, env, make, platform?.answer);
		progress.done(title);
		return file;
	} catch (error) {
		progress.fail();
		throw error;
	}
}

/** What a user may have set of what changes the bytes. */
const SAME_BYTES = { GOFLAGS: "", GOEXPERIMENT: "", GOFIPS140: "off", GOAMD64: "v1", GOARM64: "v8.0" };

/** @param {Tool} tool */
const moduleOf = (tool) => path.join(__dirname, "go", tool.name);

/**
 * The sources of a tool with leafline's change in them: a copy, for Go replaces no file in its cache of modules, not
 * by an overlay either.
 *
 * @param {Tool} tool
 * @param {string} work
 * @param {(args: string[], cwd: string, env: NodeJS.ProcessEnv) => Promise<void>} call
 */
async function changedSources(tool, work, call) {
	const sources = path.join(work, "sources");
	fs.mkdirSync(sources);
	for (const name of ["go.mod", "go.sum"]) fs.copyFileSync(path.join(moduleOf(tool), name), path.join(sources, name));
	await call(["mod", "vendor"], sources, {});
	changeServer(sources, formatVersion(tool.version));
	return sources;
}

/**
 * @param {string} go
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv} what makes Go be the pinned one, which it fetches where it is another one itself
 */
function pinnedGo(go, env) {
	const pinned = { GOTOOLCHAIN: GO };
	if (ask(go, ["version"], { ...env, ...pinned })?.includes(GO)) return pinned;
	note(`${GO} cannot be had; built with another Go, the server is as good but its bytes are others than everybody's`);
	return {};
}

/** @param {string} text */
function lastLines(text) {
	const lines = text.split("\n").filter((line) => /^go: |:|error/i.test(line) && !line.startsWith("go: downloading"));
	return (lines.length > 0 ? lines : text.split("\n")).slice(-15).join("\n").trim();
}

module.exports = { findGo, goBuild };
