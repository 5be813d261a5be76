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
	const reader = path.join(root, "bin", "config", "stack-file.js");
	if (!fs.existsSync(path.join(root, `Pulumi.${stack}.yaml`)) || !fs.existsSync(reader)) return undefined;
	const { hub } = require(settings).parseSettings(stack, rawSettings(reader, root, stack)).settings ?? {};
	if (hub?.kind !== "aws") return undefined;
	return require(path.join(root, "bin", "config", "aws.js")).architectureOf(hub.aws?.instanceType);
}

/** @param {string} reader @param {string} root @param {string} stack */
function rawSettings(reader, root, stack) {
	try {
		return require(reader).readStackFile(root, stack)?.raw ?? {};
	} catch {
		return {};
	}
}

module.exports = { RUNS_PROGRAM, architectureOfStack };
