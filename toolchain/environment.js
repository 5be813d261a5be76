const fs = require("node:fs");
const path = require("node:path");
const { cacheFolder, homeFolder } = require("./paths.js");
const { providePlugins } = require("./plugins.js");

/** @typedef {import("./tools.js").Found} Found */

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {string} the user's own folder if there is one in use, else one in our cache, so that a machine without
 *   Pulumi stays without its traces
 */
function pulumiHome(env) {
	if (env.PULUMI_HOME) return env.PULUMI_HOME;
	const own = path.join(homeFolder(env), ".pulumi");
	const inUse = ["credentials.json", "plugins", "bin"].some((name) => fs.existsSync(path.join(own, name)));
	return inUse ? own : path.join(cacheFolder(env), "pulumi-home");
}

/**
 * The environment in which the engine, the tests and the command line run.
 *
 * @param {string} root
 * @param {ReadonlyMap<string, Found>} tools
 * @param {NodeJS.ProcessEnv} env what the user has set; it wins
 * @returns {{ env: NodeJS.ProcessEnv, pulumi: string }}
 */
function engineEnvironment(root, tools, env) {
	const home = pulumiHome(env);
	const found = tools.get("pulumi")?.path;
	const plugins = found ? providePlugins({ pulumi: found, pulumiHome: home, env }) : undefined;
	const pulumi = plugins?.pulumi ?? "pulumi";
	const ours = [...tools.values()].filter((tool) => tool.built).map((tool) => path.dirname(tool.path));
	const folders = pulumi === found ? ours : [path.dirname(pulumi), ...ours];
	return {
		pulumi,
		env: {
			PULUMI_SKIP_UPDATE_CHECK: "1",
			// So that destroy and refresh see today's settings, not those of the last update.
			PULUMI_RUN_PROGRAM: "true",
			NODE_COMPILE_CACHE: path.join(cacheFolder(env), "node-compile-cache"),
			...(plugins && plugins.standIns.length > 0 ? { PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "1" } : {}),
			...env,
			PULUMI_HOME: home,
			LEAFLINE_ROOT: root,
			LEAFLINE_NODE: process.execPath,
			PATH: [...new Set([...folders, ...(plugins?.folders ?? [])]), env.PATH ?? ""].join(path.delimiter),
		},
	};
}

module.exports = { engineEnvironment, pulumiHome };
