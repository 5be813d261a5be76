const fs = require("node:fs");
const path = require("node:path");
const { TOOLS } = require("../requirements.js");
const { findTool } = require("../tools.js");
const { engineEnvironment } = require("../environment.js");
const { isFresh } = require("../build-stamp.js");
const { buildProject } = require("../setup.js");
const { places, localEnvironment, hasState } = require("../local-stack.js");
const { removeSettings } = require("../stack-settings.js");
const { requireUnlocked } = require("../engine-lock.js");
const { stopDaemons } = require("../daemons.js");
const { step, note } = require("../progress.js");
const { run } = require("../processes.js");
const { Message } = require("../message.js");

/** A provider that waits for a hub that is gone must not keep the rest from being cleared away. */
const DESTROY_WITHIN_MS = 120_000;

/**
 * Removes the local stack without a trace: through the engine if that is possible, and by hand in any case, so that
 * it works after whatever crash. Does nothing, successfully, when nothing is there.
 *
 * @param {string} root
 */
exports.run = async (root) => {
	const { folder, settings, template } = places(root);
	const elsewhere = process.env.PULUMI_BACKEND_URL !== undefined;
	if (!fs.existsSync(folder) && !fs.existsSync(settings)) {
		note("nothing is up");
		return 0;
	}
	requireUnlocked(places(root).state);
	const progress = step("down");
	if (hasState(root) || elsewhere) await destroy(root, elsewhere);
	await stopDaemons(root, process.env);
	fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
	const kept = removeSettings(settings, template);
	progress.done(kept ? `down; ${path.basename(settings)} holds settings of yours and stays` : "down");
	return 0;
};

/**
 * @param {string} root
 * @param {boolean} elsewhere the state is in a backend of the user's, so nothing else can remove it
 */
async function destroy(root, elsewhere) {
	const engine = await findEngine(root, elsewhere);
	if (!engine) return;
	const { pulumi, env } = engine;
	// What is to go is in the state; a fleet file with a mistake, or a busy port, must not stand in the way.
	const destroyEnv = { ...env, PULUMI_RUN_PROGRAM: "false" };
	let printed = "";
	/** @param {string[]} args */
	const pulumiRun = async (...args) => {
		const code = await run(pulumi, [...args, "--non-interactive", "--color", "never"], {
			cwd: root,
			env: destroyEnv,
			output: (text) => {
				printed += text;
			},
			timeoutMs: DESTROY_WITHIN_MS,
		});
		return code === 0;
	};
	const done = (await pulumiRun("destroy", "--yes")) && (await pulumiRun("stack", "rm", "--yes", "--preserve-config"));
	if (done) return;
	const text = printed.trim().split("\n").slice(-15).join("\n");
	if (elsewhere) throw new Message(`pulumi destroy failed:\n${text}`);
	note(`pulumi destroy failed; the rest is removed by hand.\n${text}`);
}

/**
 * @param {string} root
 * @param {boolean} must
 * @returns {Promise<{ pulumi: string, env: NodeJS.ProcessEnv } | undefined>} undefined if there is none without
 *   downloading or building something
 */
async function findEngine(root, must) {
	try {
		if (must || (fs.existsSync(path.join(root, "node_modules")) && !isFresh(root))) await buildProject(root);
		else if (!fs.existsSync(path.join(root, "node_modules"))) return undefined;
	} catch (error) {
		if (must || !(error instanceof Message)) throw error;
		return undefined;
	}
	/** @type {Map<string, import("../tools.js").Found>} */
	const tools = new Map();
	for (const tool of TOOLS) {
		const found = findTool(tool, process.env);
		if (found) tools.set(tool.name, found);
	}
	if (!tools.has("pulumi")) return undefined;
	const { env, pulumi } = engineEnvironment(root, tools, process.env);
	return { pulumi, env: localEnvironment(root, env) };
}
