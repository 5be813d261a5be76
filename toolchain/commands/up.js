const { setUp } = require("../setup.js");
const { run } = require("../processes.js");

/**
 * Brings a stack up, the local one unless told otherwise.
 *
 * @param {string} root
 * @param {string[]} args
 */
exports.run = async (root, args) => {
	const { env, pulumi } = await setUp(root, { args: ["up", ...args] });
	return run(pulumi, ["up", "--yes", ...args], { cwd: root, env });
};
