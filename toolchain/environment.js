const fs = require("node:fs");
const path = require("node:path");
const { cacheFolder, homeFolder } = require("./paths.js");
const { missingPlugins } = require("./plugins.js");

/** @typedef {import("./tools.js").Found} Found */

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {string} the user's own folder if there is one, else one in our cache, so that a machine without Pulumi
 *   stays without its traces
 */
function pulumiHome(env) {
	const own = env.PULUMI_HOME || path.join(homeFolder(env), ".pulumi");
	return env.PULUMI_HOME || fs.existsSync(own) ? own : path.join(cacheFolder(env), "pulumi-home");
}

/**
 * The environment in which the engine, the tests and the command line run.
 *
 * @param {string} root
 * @param {ReadonlyMap<string, Found>} tools
 * @param {NodeJS.ProcessEnv} env what the user has set; it wins
 * @returns {{ env: NodeJS.ProcessEnv, standIns: string[] }}
 */
function engineEnvironment(root, tools, env) {
	const home = pulumiHome(env);
	const pulumi = tools.get("pulumi");
	const standIns = pulumi ? missingPlugins({ pulumi: pulumi.path, pulumiHome: home, env }) : [];
	const folders = [...tools.values()].filter((tool) => tool.built).map((tool) => path.dirname(tool.path));
	if (standIns.length > 0) folders.push(path.join(root, "toolchain", "offline", "bin"));
	return {
		standIns,
		env: {
			PULUMI_SKIP_UPDATE_CHECK: "1",
			PULUMI_RUN_PROGRAM: "true",
			NODE_COMPILE_CACHE: path.join(cacheFolder(env), "node-compile-cache"),
			...(standIns.length > 0 ? { PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "1" } : {}),
			...env,
			PULUMI_HOME: home,
			LEAFLINE_ROOT: root,
			LEAFLINE_NODE: process.execPath,
			PATH: [...folders, env.PATH ?? ""].join(path.delimiter),
		},
	};
}

module.exports = { engineEnvironment, pulumiHome };
