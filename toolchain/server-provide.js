const crypto = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");
const { wholeVersion } = require("./requirements.js");
const { formatVersion } = require("./versions.js");
const { findGo, goBuild } = require("./go-build.js");
const { toolsLock } = require("./tools.js");
const { EDITIONS, NAMES, findServer, serverFolder } = require("./server.js");
const { readServerFile } = require("./server-file.js");
const { download } = require("./network.js");
const { step } = require("./progress.js");
const { run } = require("./processes.js");
const { stage } = require("./stage.js");
const { Message } = require("./message.js");

/** @typedef {import("./server.js").Architecture} Architecture */
/** @typedef {import("./server.js").Edition} Edition */
/** @typedef {import("./requirements.js").Tool} Tool */

const CHECKSUM_SECONDS = 8;

/**
 * The server for the hub's machines: found, else the project's own release where that is wanted, else built from source.
 *
 * @param {Architecture} architecture
 * @param {NodeJS.ProcessEnv} env
 * @param {Edition} edition
 * @returns {Promise<import("./server.js").Server>}
 * @throws {Message} that says how to get it
 */
async function provideServer(architecture, env, edition) {
	const found = findServer(architecture, env, edition);
	if (found) return found;
	return toolsLock(env, async () => {
		if (!findServer(architecture, env, edition)) await make(architecture, env, edition);
		const made = findServer(architecture, env, edition);
		if (!made) throw new Error(`no server in ${serverFolder(architecture, env, edition)}`);
		return made;
	});
}

/**
 * @param {Architecture} architecture
 * @param {NodeJS.ProcessEnv} env
 * @param {Edition} edition
 */
async function make(architecture, env, edition) {
	const tool = EDITIONS[edition];
	// Nobody releases what has leafline's change.
	if (!tool.change && (await downloadServer(tool, architecture, env))) return;
	const go = findGo(env);
	const title = `linux/${NAMES[architecture].go}`;
	if (!go) throw new Message(noGo(tool, title));
	// Whoever builds it with the same Go gets the same bytes, so that nobody's update restarts the hub for nothing.
	const goEnv = { GOOS: "linux", GOARCH: NAMES[architecture].go, GOAMD64: "v1", GOARM64: "v8.0" };
	const platform = { title, env: goEnv, answer: answerFor(tool, architecture) };
	await goBuild(tool, { go, target: serverFolder(architecture, env, edition), env, platform });
}

/** @param {Tool} tool @param {string} title */
function noGo(tool, title) {
	const what = `nats-server ${wholeVersion(tool)} for the hub's machines (${title})`;
	return tool.change
		? `${what} is built from source, and there is no Go to build it with.\n` +
				"Install Go (https://go.dev/dl/), or build it on another machine with npm run server and set LEAFLINE_SERVER to its path."
		: `${what} cannot be downloaded, and there is no Go to build it with.\n` +
				`Install Go (https://go.dev/dl/), or get it from ${tool.get} and set LEAFLINE_SERVER to its path.`;
}

/**
 * @param {Tool} tool
 * @param {Architecture} architecture
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<boolean>} false if it is not to be had
 */
async function downloadServer(tool, architecture, env) {
	const version = formatVersion(tool.version);
	const name = `nats-server-v${version}-linux-${NAMES[architecture].go}`;
	const release = `${tool.get}/download/v${version}`;
	const archive = `${name}.tar.gz`;
	/** @type {import("./progress.js").Step | undefined} */
	let progress;
	/** @param {string} work */
	const fetch = async (work) => {
		const sums = path.join(work, "SHA256SUMS");
		if (!(await download(`${release}/SHA256SUMS`, sums, { env, seconds: CHECKSUM_SECONDS }))) {
			throw new Message("unreachable");
		}
		progress = step(`download ${name}`);
		const packed = path.join(work, archive);
		if (!(await download(`${release}/${archive}`, packed, { env }))) throw new Message("unreachable");
		const digest = crypto.createHash("sha256").update(fs.readFileSync(packed)).digest("hex");
		const known = fs.readFileSync(sums, "utf8").split("\n");
		if (!known.some((line) => line === `${digest}  ${archive}` || line === `${digest} *${archive}`)) {
			throw new Message(`${archive} has the wrong checksum`);
		}
		const unpack = ["-xzf", archive, "--strip-components=1", `${name}/${tool.name}`];
		if ((await run("tar", unpack, { cwd: work, env, output: () => {} })) !== 0) {
			throw new Message(`${archive} cannot be unpacked`);
		}
		for (const file of [sums, packed]) fs.rmSync(file);
	};
	try {
		await stage(tool, serverFolder(architecture, env, "official"), env, fetch, answerFor(tool, architecture));
		progress?.done(name);
		return true;
	} catch (error) {
		if (!(error instanceof Message)) throw error;
		// Building it is the next thing to be tried.
		progress?.fail();
		return false;
	}
}

/**
 * @param {Tool} tool
 * @param {Architecture} architecture
 * @returns {(file: string) => string | undefined}
 */
function answerFor(tool, architecture) {
	return (file) => {
		const found = fs.existsSync(file) ? readServerFile(file) : undefined;
		if (found?.architecture !== architecture) return undefined;
		// A release may have been built without the module's version in it; its checksum has said enough.
		return found.version ?? (tool.change ? undefined : formatVersion(tool.version));
	};
}

module.exports = { provideServer };
