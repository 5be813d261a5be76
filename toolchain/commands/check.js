const path = require("node:path");
const { buildProject } = require("../setup.js");
const { run } = require("../processes.js");

/**
 * Judges a stack's design without engine or credentials: packages and build are all that it needs.
 *
 * @param {string} root
 * @param {string[]} args
 */
exports.run = async (root, args) => {
	await buildProject(root);
	return run(process.execPath, [path.join(root, "bin", "cli", "main.js"), "check", ...args], {
		cwd: root,
		env: process.env,
	});
};
