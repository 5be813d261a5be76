const { setUp } = require("../setup.js");
const { settlePending } = require("../pending.js");
const { notePassphrase } = require("../passphrase.js");
const { run } = require("../processes.js");

/**
 * Brings a stack up, the local one unless told otherwise. With a preview, for that is where policies can still stop
 * it: without one they speak only when the first resources exist.
 *
 * @param {string} root
 * @param {string[]} args
 */
exports.run = async (root, args) => {
	const engine = await setUp(root, ["up", ...args]);
	const { env, pulumi } = engine;
	await settlePending(root, engine);
	// The outputs are a contract for programs, hundreds of lines long: `pulumi stack output` shows them.
	const code = await run(pulumi, ["up", "--yes", "--suppress-outputs", ...args], { cwd: root, env });
	if (code !== 0) notePassphrase(root, env);
	return code;
};
