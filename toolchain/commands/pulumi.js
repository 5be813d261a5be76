const { setUp } = require("../setup.js");
const { run } = require("../processes.js");

/**
 * Runs the engine with whatever arguments.
 *
 * @param {string} root
 * @param {string[]} args
 */
exports.run = async (root, args) => {
	const { env, pulumi } = await setUp(root, args);
	return run(pulumi, args, { cwd: root, env });
};
