const fs = require("node:fs");
const path = require("node:path");
const { COMMAND_PLUGIN } = require("./requirements.js");
const { findOnPath, isExecutable } = require("./paths.js");

/**
 * The plugins that the engine starts. Pulumi's own are used wherever they can be had; for what cannot, stand-ins from
 * `offline/` do the same work, as far as leafline needs it.
 */

const BUNDLED = ["pulumi-language-nodejs", "pulumi-resource-pulumi-nodejs"];
const COMMAND = "pulumi-resource-command";

/**
 * @param {object} options
 * @param {string} options.pulumi path of the executable
 * @param {string} options.pulumiHome
 * @param {NodeJS.ProcessEnv} options.env
 * @returns {string[]} names of the plugins that only a stand-in can be had for
 */
function missingPlugins({ pulumi, pulumiHome, env }) {
	const beside = path.dirname(fs.realpathSync(pulumi));
	const missing = BUNDLED.filter((name) => findOnPath(name, env).length === 0 && !isReal(path.join(beside, name)));
	const installed = path.join(pulumiHome, "plugins", `resource-command-v${COMMAND_PLUGIN}`, COMMAND);
	if (findOnPath(COMMAND, env).length === 0 && !isReal(installed)) missing.push(COMMAND);
	return missing;
}

/** @param {string} file */
function isReal(file) {
	return isExecutable(file) && !fs.readFileSync(file).subarray(0, 400).includes("LEAFLINE_ROOT");
}

module.exports = { missingPlugins };
