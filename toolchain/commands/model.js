const path = require("node:path");
const { setUp } = require("../setup.js");
const { run } = require("../processes.js");

/**
 * Runs the model that never forgets (docs/model.md): random steps against real servers, and a verdict.
 *
 * @param {string} root
 * @param {string[]} args `--hours 3 --seed 7` and so on
 */
exports.run = async (root, args) => {
	const { env } = await setUp(root, ["version"]);
	const compiler = path.join(root, "node_modules", "typescript", "bin", "tsc");
	const compiled = await run(process.execPath, [compiler, "-p", path.join(root, "tests", "model")], { cwd: root, env });
	if (compiled !== 0) return compiled;
	return run(process.execPath, [path.join(root, "bin", "model", "tests", "model", "main.js"), ...args], {
		cwd: root,
		env,
	});
};
