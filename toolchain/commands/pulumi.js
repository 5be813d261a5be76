const { setUp } = require("../setup.js");
const { settlePending } = require("../pending.js");
const { notePassphrase } = require("../passphrase.js");
const { run } = require("../processes.js");

const UPDATES = new Set(["up", "update"]);

/**
 * Runs the engine with whatever arguments.
 *
 * @param {string} root
 * @param {string[]} args
 */
exports.run = async (root, args) => {
	const engine = await setUp(root, args);
	const { env, pulumi } = engine;
	if (UPDATES.has(args[0] ?? "")) await settlePending(root, engine);
	const code = await run(pulumi, args, { cwd: root, env });
	// Also where it went well: a changed passphrase is one that leafline does not have.
	if (code !== 0 || args.includes("change-secrets-provider")) notePassphrase(root, env);
	return code;
};
