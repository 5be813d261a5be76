const path = require("node:path");
const { buildProject } = require("../setup.js");
const { run } = require("../processes.js");

/**
 * Writes the policies and roles of a stack from its settings. Asks nothing of AWS, and needs neither engine nor
 * credentials.
 *
 * @param {string} root
 * @param {string[]} args
 */
exports.run = async (root, args) => {
	await buildProject(root);
	return run(process.execPath, [path.join(root, "bin", "cli", "main.js"), "iam", ...args], {
		cwd: root,
		env: process.env,
	});
};
