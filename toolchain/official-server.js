const path = require("node:path");
const { EDITIONS } = require("./server.js");
const { parseVersion, inRange } = require("./versions.js");
const { answerOf, toolFolder, toolsLock } = require("./tools.js");
const { findOnPath, isExecutable } = require("./paths.js");
const { findGo, goBuild } = require("./go-build.js");
const { Message } = require("./message.js");

/**
 * A nats-server as its project releases it, for this machine: on PATH, else in the cache, else built.
 *
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<string>} its path
 * @throws {Message} if there is none, and no Go to build it with
 */
async function provideOfficialServer(env) {
	const found = findOfficialServer(env);
	if (found) return found;
	return toolsLock(env, async () => {
		const go = findGo(env);
		const tool = EDITIONS.official;
		if (!go) throw new Message(`There is no nats-server on PATH, and no Go to build it with: ${tool.get}`);
		return findOfficialServer(env) ?? goBuild(tool, { go, target: toolFolder(tool, env), env });
	});
}

/** @param {NodeJS.ProcessEnv} env */
function findOfficialServer(env) {
	const tool = EDITIONS.official;
	const onPath = findOnPath(tool.name, env).find((file) => {
		const answer = answerOf(tool, file, env);
		const version = parseVersion(answer);
		return version && inRange(version, tool) && !answer.includes("+leafline.");
	});
	const cached = path.join(toolFolder(tool, env), tool.name);
	return onPath ?? (isExecutable(cached) ? cached : undefined);
}

module.exports = { provideOfficialServer };
