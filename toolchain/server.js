const fs = require("node:fs");
const path = require("node:path");
const { TOOLS, folderName, wholeVersion } = require("./requirements.js");
const { parseVersion, inRange, formatVersion } = require("./versions.js");
const { cacheFolder } = require("./paths.js");
const { readServerFile } = require("./server-file.js");
const { Message } = require("./message.js");

/**
 * The nats-server that runs on the hub's machines, which are Linux on a processor that need not be this machine's. It
 * is the pinned version, in the cache of the tools; the file that LEAFLINE_SERVER names comes before it.
 */

/** With leafline's change or as its project releases it: the setting `hub.server`. @typedef {"leafline" | "official"} Edition */
/** @typedef {import("./requirements.js").Tool} Tool */

/** @typedef {import("./server-file.js").Architecture} Architecture */
/** @typedef {{ path: string, sha256: string, version: string }} Server */

const TOOL = /** @type {Tool} */ (TOOLS.find(({ name }) => name === "nats-server"));
const { change: _, pinned: __, ...released } = TOOL;

/** @type {Record<Edition, Tool>} */
const EDITIONS = { leafline: TOOL, official: released };

/** Go's names, and Node's. @type {Record<Architecture, { go: string, node: string }>} */
const NAMES = { arm64: { go: "arm64", node: "arm64" }, x86_64: { go: "amd64", node: "x64" } };

/**
 * Looks for the server, and makes nothing.
 *
 * @param {Architecture} architecture
 * @param {NodeJS.ProcessEnv} env
 * @param {Edition} edition
 * @returns {Server | undefined} undefined if it has to be made first
 * @throws {Message} if the file of the environment will not do
 */
function findServer(architecture, env, edition) {
	if (env.LEAFLINE_SERVER) return givenServer(env.LEAFLINE_SERVER, architecture, edition);
	const file = path.join(serverFolder(architecture, env, edition), TOOL.name);
	if (!fs.existsSync(file)) return undefined;
	const found = readServerFile(file);
	return found && { path: file, sha256: found.sha256, version: wholeVersion(EDITIONS[edition]) };
}

/**
 * @param {string} file
 * @param {Architecture} architecture
 * @param {Edition} edition
 * @returns {Server}
 */
function givenServer(file, architecture, edition) {
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
	if (edition === "leafline" && !found.version.endsWith(`+${TOOL.change}`)) {
		throw new Message(
			`${named}, which is ${found.version} without leafline's change; it must end in +${TOOL.change}. ` +
				"Leave LEAFLINE_SERVER out and it is built, or read docs/policies/hub-server-answers-only-its-sources.md " +
				"and set leafline:hub.server to official",
		);
	}
	return { path: path.resolve(file), sha256: found.sha256, version: found.version };
}

/**
 * @param {Architecture} architecture
 * @param {NodeJS.ProcessEnv} env
 * @param {Edition} edition
 */
function serverFolder(architecture, env, edition) {
	// The same folder as that of this machine's own server, where it is the same one.
	const name = folderName(EDITIONS[edition], `linux-${NAMES[architecture].node}`);
	return path.join(cacheFolder(env), "tools", TOOL.name, name);
}

module.exports = { EDITIONS, NAMES, findServer, serverFolder };
