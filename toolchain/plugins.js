const fs = require("node:fs");
const path = require("node:path");
const { COMMAND_PLUGIN } = require("./requirements.js");
const { cacheFolder, findOnPath, isExecutable, readIfThere, writeWhole } = require("./paths.js");
const { note } = require("./progress.js");

/**
 * The plugins that the engine starts. Pulumi's own are used wherever they can be had; for what cannot, stand-ins from
 * `offline/` do the same work, as far as leafline needs it. A stand-in lies where the engine expects the real one,
 * else it warns about it in every run.
 */

/** Executables, and the script of the stand-in for each. */
const BUNDLED = {
	"pulumi-language-nodejs": "language-host.js",
	"pulumi-resource-pulumi-nodejs": "dynamic-provider.js",
};
const COMMAND = "pulumi-resource-command";

/** Tells a stand-in from the real thing: the real ones know nothing of this variable. */
const MARK = "LEAFLINE_ROOT";

/**
 * @typedef {object} Plugins
 * @property {string} pulumi the engine to run
 * @property {string[]} folders for PATH
 * @property {string[]} standIns names of the plugins that are not the real ones
 */

/**
 * @param {object} options
 * @param {string} options.pulumi path of the executable that was found
 * @param {string} options.pulumiHome
 * @param {NodeJS.ProcessEnv} options.env
 * @returns {Plugins}
 */
function providePlugins({ pulumi, pulumiHome, env }) {
	/** @type {Plugins} */
	const plugins = { pulumi, folders: [], standIns: [] };
	const beside = path.dirname(fs.realpathSync(pulumi));
	const missing = Object.entries(BUNDLED).filter(
		([name]) => findOnPath(name, env).length === 0 && !isReal(path.join(beside, name)),
	);
	if (missing.length > 0) {
		plugins.pulumi = ownEngine(pulumi, beside, env);
		for (const [name, script] of missing) {
			writeStandIn(path.join(path.dirname(plugins.pulumi), name), script);
			plugins.standIns.push(name);
		}
	}
	const { installed, real } = commandPlugin(pulumiHome, env);
	if (!real) {
		const ours = pulumiHome.startsWith(cacheFolder(env));
		const file = ours ? installed : path.join(cacheFolder(env), "stand-ins", COMMAND);
		if (!ours) plugins.folders.push(path.dirname(file));
		writeStandIn(file, "command-provider.js");
		plugins.standIns.push(COMMAND);
	}
	return plugins;
}

/**
 * @param {string} pulumiHome
 * @param {NodeJS.ProcessEnv} env
 * @returns {{ installed: string, real: boolean }} where the engine installs it, and whether Pulumi's own is there or
 *   on PATH
 */
function commandPlugin(pulumiHome, env) {
	const installed = path.join(pulumiHome, "plugins", `resource-command-v${COMMAND_PLUGIN}`, COMMAND);
	return { installed, real: findOnPath(COMMAND, env).some(isReal) || isReal(installed) };
}

/**
 * The engine looks for its own plugins in its own folder. If that is not ours to write to, the engine gets a second
 * name in the cache.
 *
 * @param {string} pulumi
 * @param {string} beside
 * @param {NodeJS.ProcessEnv} env
 */
function ownEngine(pulumi, beside, env) {
	const cache = cacheFolder(env);
	if (beside.startsWith(fs.existsSync(cache) ? fs.realpathSync(cache) : cache)) return pulumi;
	const { size, mtimeMs, ino } = fs.statSync(pulumi);
	const copy = path.join(cache, "engines", `${ino}-${size}-${Math.round(mtimeMs)}`, "pulumi");
	if (isExecutable(copy)) return copy;
	fs.mkdirSync(path.dirname(copy), { recursive: true });
	const draft = `${copy}.${process.pid}`;
	try {
		fs.linkSync(fs.realpathSync(pulumi), draft);
	} catch {
		fs.copyFileSync(pulumi, draft, fs.constants.COPYFILE_FICLONE);
	}
	fs.renameSync(draft, copy);
	return copy;
}

/**
 * @param {string} file
 * @param {string} script
 */
function writeStandIn(file, script) {
	const text = [
		"#!/bin/sh",
		"# Stand-in of leafline for a plugin that could not be had on this machine.",
		`exec "\${LEAFLINE_NODE:-node}" "\${${MARK}:?is not set; use npm run pulumi}/toolchain/offline/${script}" "$@"`,
		"",
	].join("\n");
	if (readIfThere(file) === text) return;
	writeWhole(file, text, 0o755);
	note(`offline: a stand-in does the work of ${path.basename(file)}`);
}

/** @param {string} file */
function isReal(file) {
	if (!isExecutable(file)) return false;
	return fs.statSync(file).size > 2_000 || !readIfThere(file)?.includes(MARK);
}

module.exports = { providePlugins, commandPlugin };
