const fs = require("node:fs");
const path = require("node:path");
const { TOOLS } = require("./requirements.js");
const { parseVersion, inRange, formatVersion } = require("./versions.js");
const { cacheFolder } = require("./paths.js");
const { readServerFile } = require("./server-file.js");
const { Message } = require("./message.js");

/**
 * The nats-server that runs on the hub's machines, which are Linux on a processor that need not be this machine's. It
 * is the pinned version, in the cache of the tools; the file that LEAFLINE_SERVER names comes before it.
 */

/** @typedef {import("./server-file.js").Architecture} Architecture */
/** @typedef {{ path: string, sha256: string, version: string }} Server */

const TOOL = /** @type {import("./requirements.js").Tool} */ (TOOLS.find(({ name }) => name === "nats-server"));

/** Go's names, and Node's. @type {Record<Architecture, { go: string, node: string }>} */
const NAMES = { arm64: { go: "arm64", node: "arm64" }, x86_64: { go: "amd64", node: "x64" } };

/**
 * Looks for the server, and makes nothing.
 *
 * @param {Architecture} architecture
 * @param {NodeJS.ProcessEnv} env
 * @returns {Server | undefined} undefined if it has to be made first
 * @throws {Message} if the file of the environment will not do
 */
function findServer(architecture, env) {
	if (env.LEAFLINE_SERVER) return givenServer(env.LEAFLINE_SERVER, architecture);
	const file = path.join(serverFolder(architecture, env), TOOL.name);
	if (!fs.existsSync(file)) return undefined;
	const found = readServerFile(file);
	return found && { path: file, sha256: found.sha256, version: formatVersion(TOOL.version) };
}

/**
 * @param {string} file
 * @param {Architecture} architecture
 * @returns {Server}
 */
function givenServer(file, architecture) {
	const named = `LEAFLINE_SERVER is ${file}`;
	const wanted = `it must be a nats-server for linux/${NAMES[architecture].go}`;
	if (!fs.existsSync(file)) throw new Message(`${named}, which does not exist; ${wanted}`);
	const found = readServerFile(file);
	if (!found) throw new Message(`${named}, which is no program for Linux; ${wanted}`);
	if (found.architecture !== architecture) {
		throw new Message(`${named}, which is for linux/${NAMES[found.architecture].go}; ${wanted}`);
	}
	const version = parseVersion(found.version ?? "");
	const least = formatVersion(TOOL.atLeast);
	if (!found.version || !version) {
		throw new Message(`${named}, which does not say that it is a nats-server; ${wanted}, ${least} or later`);
	}
	if (!inRange(version, TOOL)) {
		throw new Message(`${named}, which is ${found.version}; ${wanted}, ${least} or later`);
	}
	return { path: path.resolve(file), sha256: found.sha256, version: found.version };
}

/**
 * @param {Architecture} architecture
 * @param {NodeJS.ProcessEnv} env
 */
function serverFolder(architecture, env) {
	// The same folder as that of this machine's own server, where it is the same one.
	const name = `${formatVersion(TOOL.version)}-linux-${NAMES[architecture].node}`;
	return path.join(cacheFolder(env), "tools", TOOL.name, name);
}

module.exports = { TOOL, NAMES, findServer, serverFolder };
