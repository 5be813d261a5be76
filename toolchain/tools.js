const fs = require("node:fs");
const path = require("node:path");
const { TOOLS } = require("./requirements.js");
const { parseVersion, inRange, formatVersion } = require("./versions.js");
const { cacheFolder, findOnPath, isExecutable, readIfThere, writeWhole } = require("./paths.js");
const { findGo, goBuild } = require("./go-build.js");
const { downloadPulumi } = require("./pulumi-download.js");
const { withLock } = require("./lock.js");
const { note } = require("./progress.js");
const { ask } = require("./processes.js");
const { Message } = require("./message.js");

/** @typedef {import("./requirements.js").Tool} Tool */
/** @typedef {import("./versions.js").Version} Version */
/** @typedef {{ path: string, version: Version, built: boolean }} Found built: made by us, so it lies in our cache */

/**
 * Where a tool is that will do: on PATH, else in the cache of earlier builds.
 *
 * @param {Tool} tool
 * @param {NodeJS.ProcessEnv} env
 * @returns {Found | undefined}
 */
function findTool(tool, env) {
	for (const file of findOnPath(tool.name, env)) {
		const version = versionOf(tool, file, env);
		if (version && inRange(version, tool)) return { path: file, version, built: false };
	}
	const cached = path.join(toolFolder(tool, env), tool.name);
	return isExecutable(cached) ? { path: cached, version: tool.version, built: true } : undefined;
}

/**
 * Finds every tool, and downloads or builds what is missing.
 *
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<Map<string, Found>>} by name; tools that are not required may be missing
 * @throws {Message} that names everything that is missing and how to get it
 */
async function provideTools(env) {
	const found = findAll(env);
	if (found.size === TOOLS.length) return found;
	if (!findGo(env) && !TOOLS.some((tool) => tool.required && !found.has(tool.name))) return found;
	return toolsLock(env, () => getMissing(env));
}

/**
 * Runs a task while no other leafline of this user makes tools.
 *
 * @template T
 * @param {NodeJS.ProcessEnv} env
 * @param {() => Promise<T>} task
 */
function toolsLock(env, task) {
	return withLock(
		path.join(cacheFolder(env), "locks", "tools"),
		({ pid }) => note(`another leafline (process ${pid}) is building the tools; waiting for it`),
		task,
	);
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @throws {Message}
 */
async function getMissing(env) {
	// Looked up again: the one that was waited for may have made them.
	const found = findAll(env);
	const [pulumi] = TOOLS.filter((tool) => tool.name === "pulumi" && !found.has(tool.name));
	if (pulumi) {
		const file = await downloadPulumi(pulumi, { target: toolFolder(pulumi, env), env });
		if (file) found.set(pulumi.name, { path: file, version: pulumi.version, built: true });
	}
	const missing = TOOLS.filter((tool) => !found.has(tool.name));
	const go = findGo(env);
	if (!go) {
		if (missing.some((tool) => tool.required)) throw new Message(nothingFound(missing, env));
		return found;
	}
	for (const tool of missing) {
		if (!tool.required && failedLately(tool, env)) continue;
		try {
			const file = await goBuild(tool, { go, target: toolFolder(tool, env), env });
			found.set(tool.name, { path: file, version: tool.version, built: true });
		} catch (error) {
			if (tool.required || !(error instanceof Message)) throw error;
			note(`${error.message}\n${tool.name} is only a convenience; leafline works without it (${tool.get})`);
			writeWhole(failureFile(tool, env), "");
		}
	}
	return found;
}

/** @param {NodeJS.ProcessEnv} env */
function findAll(env) {
	/** @type {Map<string, Found>} */
	const found = new Map();
	for (const tool of TOOLS) {
		const place = findTool(tool, env);
		if (place) found.set(tool.name, place);
	}
	return found;
}

/**
 * @param {Tool} tool
 * @param {NodeJS.ProcessEnv} env
 */
function toolFolder(tool, env) {
	const version = `${formatVersion(tool.version)}-${process.platform}-${process.arch}`;
	return path.join(cacheFolder(env), "tools", tool.name, version);
}

/** @param {Tool} tool @param {NodeJS.ProcessEnv} env */
const failureFile = (tool, env) => `${toolFolder(tool, env)}.failed`;

const DAY_MS = 24 * 60 * 60 * 1000;

/** @param {Tool} tool @param {NodeJS.ProcessEnv} env */
function failedLately(tool, env) {
	const stat = fs.statSync(failureFile(tool, env), { throwIfNoEntry: false });
	return stat !== undefined && Date.now() - stat.mtimeMs < DAY_MS;
}

/**
 * A tool's own answer. Remembered by the file's size and time, because some take long to say it.
 *
 * @param {Tool} tool
 * @param {string} file
 * @param {NodeJS.ProcessEnv} env
 * @returns {Version | undefined} undefined if it cannot be run
 */
function versionOf(tool, file, env) {
	const memory = path.join(cacheFolder(env), "versions.json");
	const { size, mtimeMs } = fs.statSync(file);
	const key = `${file} ${size} ${mtimeMs}`;
	/** @type {Record<string, Version>} */
	let known = {};
	try {
		known = JSON.parse(readIfThere(memory) ?? "{}");
	} catch {}
	if (known[key]) return known[key];
	const version = parseVersion(ask(file, tool.versionArguments, env) ?? "");
	if (version) writeWhole(memory, JSON.stringify({ ...known, [key]: version }));
	return version;
}

/**
 * @param {readonly Tool[]} missing
 * @param {NodeJS.ProcessEnv} env
 */
function nothingFound(missing, env) {
	const lines = missing.map((tool) => {
		const range = `${formatVersion(tool.atLeast)} or later${tool.below ? `, before ${tool.below[0]}.0` : ""}`;
		const unfit = findOnPath(tool.name, env).map((file) => {
			const version = versionOf(tool, file, env);
			return `\n      ${file} is ${version ? formatVersion(version) : "not runnable"}`;
		});
		return `  ${tool.name}${tool.required ? ` ${range}` : " (optional)"}\n      ${tool.get}${unfit.join("")}`;
	});
	return [
		"Some tools are missing, and there is no Go to build them with:",
		...lines,
		"Either put them on PATH, or install Go (https://go.dev/dl/) and run this again: it builds them once.",
	].join("\n");
}

module.exports = { findTool, provideTools, toolsLock };
