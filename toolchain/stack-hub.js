const fs = require("node:fs");
const path = require("node:path");

/** Commands of the engine that run the program, which asks for the server of the hub's machines. */
const RUNS_PROGRAM = new Set("up update preview pre destroy dn refresh ref watch import".split(" "));

/**
 * The processor of a stack's machines, as the program itself reads the settings.
 *
 * @param {string} root of a project that is built
 * @param {string} stack
 * @returns {import("./server-file.js").Architecture | undefined} undefined if its hub is not on AWS, or its settings
 *   have a mistake, which the program will tell better
 */
function architectureOfStack(root, stack) {
	const settings = path.join(root, "bin", "config", "settings.js");
	const file = path.join(root, "bin", "cli", "check", "settings.js");
	if (!fs.existsSync(path.join(root, `Pulumi.${stack}.yaml`)) || !fs.existsSync(file)) return undefined;
	const { raw } = require(file).readStackSettings(root, stack);
	const { hub } = require(settings).parseSettings(stack, raw).settings ?? {};
	if (hub?.kind !== "aws") return undefined;
	return require(path.join(root, "bin", "config", "aws.js")).architectureOf(hub.aws?.instanceType);
}

module.exports = { RUNS_PROGRAM, architectureOfStack };
