const fs = require("node:fs");
const path = require("node:path");

/** Commands of the engine that run the program, which asks for the server of the hub's machines. */
const RUNS_PROGRAM = new Set("up update preview pre destroy dn refresh ref watch import".split(" "));

/**
 * The server of a stack's hub, as the program itself reads the settings.
 *
 * @param {string} root of a project that is built
 * @param {string} stack
 * @returns {{ edition: import("./server.js").Edition, architecture?: import("./server-file.js").Architecture } | undefined}
 *   architecture: of its machines, where they are on AWS; undefined if its settings have a mistake, which the program
 *   will tell better
 */
function serverOfStack(root, stack) {
	const settings = path.join(root, "bin", "config", "settings.js");
	const reader = path.join(root, "bin", "config", "stack-file.js");
	if (!fs.existsSync(path.join(root, `Pulumi.${stack}.yaml`)) || !fs.existsSync(reader)) return undefined;
	const { hub } = require(settings).parseSettings(stack, rawSettings(reader, root, stack)).settings ?? {};
	if (!hub) return undefined;
	if (hub.kind !== "aws") return { edition: hub.server };
	const { architectureOf } = require(path.join(root, "bin", "config", "aws.js"));
	return { edition: hub.server, architecture: architectureOf(hub.aws?.instanceType) };
}

/** @param {string} reader @param {string} root @param {string} stack */
function rawSettings(reader, root, stack) {
	try {
		return require(reader).readStackFile(root, stack)?.raw ?? {};
	} catch {
		return {};
	}
}

module.exports = { RUNS_PROGRAM, serverOfStack };
