const crypto = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");
const { formatVersion } = require("./versions.js");
const { findGo, goBuild } = require("./go-build.js");
const { toolsLock } = require("./tools.js");
const { TOOL, NAMES, findServer, serverFolder } = require("./server.js");
const { readServerFile } = require("./server-file.js");
const { download } = require("./network.js");
const { step } = require("./progress.js");
const { run } = require("./processes.js");
const { stage } = require("./stage.js");
const { Message } = require("./message.js");

/** @typedef {import("./server.js").Architecture} Architecture */

const CHECKSUM_SECONDS = 8;

/**
 * The server for the hub's machines: found, else the project's own release, else built from source.
 *
 * @param {Architecture} architecture
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<import("./server.js").Server>}
 * @throws {Message} that says how to get it
 */
async function provideServer(architecture, env) {
	const found = findServer(architecture, env);
	if (found) return found;
	return toolsLock(env, async () => {
		if (!findServer(architecture, env)) await make(architecture, env);
		const made = findServer(architecture, env);
		if (!made) throw new Error(`no server in ${serverFolder(architecture, env)}`);
		return made;
	});
}

/**
 * @param {Architecture} architecture
 * @param {NodeJS.ProcessEnv} env
 */
async function make(architecture, env) {
	if (await downloadServer(architecture, env)) return;
	const go = findGo(env);
	const title = `linux/${NAMES[architecture].go}`;
	if (!go) {
		throw new Message(
			`nats-server ${formatVersion(TOOL.version)} for the hub's machines (${title}) cannot be downloaded, and there is no Go to build it with.\n` +
				`Install Go (https://go.dev/dl/), or get it from ${TOOL.get} and set LEAFLINE_SERVER to its path.`,
		);
	}
	// Whoever builds it with the same Go gets the same bytes, so that nobody's update restarts the hub for nothing.
	const goEnv = { GOOS: "linux", GOARCH: NAMES[architecture].go, GOAMD64: "v1", GOARM64: "v8.0" };
	const platform = { title, env: goEnv, answer: answerFor(architecture) };
	await goBuild(TOOL, { go, target: serverFolder(architecture, env), env, platform });
}

/**
 * @param {Architecture} architecture
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<boolean>} false if it is not to be had
 */
async function downloadServer(architecture, env) {
	const version = formatVersion(TOOL.version);
	const name = `nats-server-v${version}-linux-${NAMES[architecture].go}`;
	const release = `${TOOL.get}/download/v${version}`;
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
		const unpack = ["-xzf", archive, "--strip-components=1", `${name}/${TOOL.name}`];
		if ((await run("tar", unpack, { cwd: work, env, output: () => {} })) !== 0) {
			throw new Message(`${archive} cannot be unpacked`);
		}
		for (const file of [sums, packed]) fs.rmSync(file);
	};
	try {
		await stage(TOOL, serverFolder(architecture, env), env, fetch, answerFor(architecture));
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
 * @param {Architecture} architecture
 * @returns {(file: string) => string | undefined}
 */
function answerFor(architecture) {
	return (file) => {
		const found = fs.existsSync(file) ? readServerFile(file) : undefined;
		if (found?.architecture !== architecture) return undefined;
		// A release may have been built without the module's version in it; its checksum has said enough.
		return found.version ?? formatVersion(TOOL.version);
	};
}

module.exports = { provideServer };
