const fs = require("node:fs");
const path = require("node:path");
const { TOOLS, folderName } = require("./requirements.js");
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
/**
 * @typedef {object} Found
 * @property {string} path
 * @property {Version} version
 * @property {boolean} built made by us, so it lies in our cache
 * @property {boolean} whole it has leafline's change, or is a tool that leafline does not change
 */

/**
 * Where a tool is that will do: on PATH, else in the cache of earlier builds. One that leafline changes is taken from
 * PATH without the change only if it is nowhere with it.
 *
 * @param {Tool} tool
 * @param {NodeJS.ProcessEnv} env
 * @returns {Found | undefined}
 */
function findTool(tool, env) {
	/** @type {Found[]} */
	const onPath = [];
	for (const file of findOnPath(tool.name, env)) {
		const answer = answerOf(tool, file, env);
		const version = parseVersion(answer);
		const whole = !tool.change || answer.includes(`+${tool.change}`);
		if (version && inRange(version, tool)) onPath.push({ path: file, version, built: false, whole });
	}
	const whole = onPath.find((found) => found.whole);
	if (whole) return whole;
	const cached = path.join(toolFolder(tool, env), tool.name);
	return isExecutable(cached) ? { path: cached, version: tool.version, built: true, whole: true } : onPath[0];
}

/**
 * Finds every tool, and downloads or builds what is missing.
 *
 * @param {NodeJS.ProcessEnv} env
 * @param {{ whole?: boolean }} [wanted] whole: where there is Go, no tool without leafline's change is taken from PATH
 * @returns {Promise<Map<string, Found>>} by name; tools that are not required may be missing
 * @throws {Message} that names everything that is missing and how to get it
 */
async function provideTools(env, { whole = false } = {}) {
	const found = findAll(env, whole);
	if (found.size === TOOLS.length) return found;
	if (!findGo(env)) {
		const all = findAll(env, false);
		if (!TOOLS.some((tool) => tool.required && !all.has(tool.name))) return all;
	}
	return toolsLock(env, () => getMissing(env, whole));
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
 * @param {boolean} whole
 * @throws {Message}
 */
async function getMissing(env, whole) {
	// Looked up again: the one that was waited for may have made them.
	const found = findAll(env, whole);
	const [pulumi] = TOOLS.filter((tool) => tool.name === "pulumi" && !found.has(tool.name));
	if (pulumi) {
		const file = await downloadPulumi(pulumi, { target: toolFolder(pulumi, env), env });
		if (file) found.set(pulumi.name, { path: file, version: pulumi.version, built: true, whole: true });
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
			found.set(tool.name, { path: file, version: tool.version, built: true, whole: true });
		} catch (error) {
			if (tool.required || !(error instanceof Message)) throw error;
			note(`${error.message}\n${tool.name} is only a convenience; leafline works without it (${tool.get})`);
			writeWhole(failureFile(tool, env), "");
		}
	}
	return found;
}

/** @param {NodeJS.ProcessEnv} env @param {boolean} whole */
function findAll(env, whole) {
	/** @type {Map<string, Found>} */
	const found = new Map();
	for (const tool of TOOLS) {
		const place = findTool(tool, env);
		if (place && (place.whole || !whole)) found.set(tool.name, place);
	}
	return found;
}

/**
 * Where a tool for this machine lies that was made by us.
 *
 * @param {Tool} tool
 * @param {NodeJS.ProcessEnv} env
 */
function toolFolder(tool, env) {
	return path.join(cacheFolder(env), "tools", tool.name, folderName(tool, `${process.platform}-${process.arch}`));
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
 * What a tool says of its version. Remembered by the file's size and time, because some take long to say it.
 *
 * @param {Tool} tool
 * @param {string} file
 * @param {NodeJS.ProcessEnv} env
 * @returns {string} nothing if it cannot be run
 */
function answerOf(tool, file, env) {
	const memory = path.join(cacheFolder(env), "answers.json");
	const { size, mtimeMs } = fs.statSync(file);
	const key = `${file} ${size} ${mtimeMs}`;
	/** @type {Record<string, string>} */
	let known = {};
	try {
		known = JSON.parse(readIfThere(memory) ?? "{}");
	} catch {}
	if (known[key]) return known[key];
	const answer = (ask(file, tool.versionArguments, env) ?? "").trim().slice(0, 200);
	if (parseVersion(answer)) writeWhole(memory, JSON.stringify({ ...known, [key]: answer }));
	return answer;
}

/**
 * @param {readonly Tool[]} missing
 * @param {NodeJS.ProcessEnv} env
 */
function nothingFound(missing, env) {
	const lines = missing.map((tool) => {
		const range = `${formatVersion(tool.atLeast)} or later${tool.below ? `, before ${tool.below[0]}.0` : ""}`;
		const unfit = findOnPath(tool.name, env).map((file) => {
			const version = parseVersion(answerOf(tool, file, env));
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

module.exports = { findTool, answerOf, provideTools, toolFolder, toolsLock };
