const fs = require("node:fs");
const path = require("node:path");
const { setUp } = require("../setup.js");
const { settlePending } = require("../pending.js");
const { run } = require("../processes.js");
const { engineUp } = require("../engine-up.js");
const { elapsed } = require("../progress.js");
const { LOCAL } = require("../local-stack.js");
const { Message } = require("../message.js");

/**
 * Everything from nothing: set-up, the local stack, and the demonstration on it.
 *
 * @param {string} root
 * @param {string[]} args `--verbose` shows the engine's output; the rest is the demonstration's
 */
exports.run = async (root, args) => {
	const verbose = args.includes("--verbose");
	const started = Date.now();
	const engine = await setUp(root, ["up", "--stack", LOCAL]);
	const { env, pulumi } = engine;
	await settlePending(root, engine);
	const tools = `✓ tools ${elapsed(Date.now() - started)}`;
	const up = await engineUp(root, { pulumi, env, verbose, before: tools });
	const main = path.join(root, "bin", "cli", "main.js");
	if (!fs.existsSync(main)) throw new Message(`${main} is missing; npm run build makes it`);
	const rest = args.filter((argument) => argument !== "--verbose");
	// The demonstration shows the line below its title.
	const steps = `${tools}   ✓ up ${elapsed(up)}`;
	return run(process.execPath, [main, "demo", ...rest], { cwd: root, env: { ...env, LEAFLINE_STEPS: steps } });
};
