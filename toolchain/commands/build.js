const { installDependencies } = require("../dependencies.js");
const { compile } = require("../compile.js");

/**
 * Installs and compiles.
 *
 * @param {string} root
 */
exports.run = async (root) => {
	await installDependencies(root, process.env);
	await compile(root, process.env);
	return 0;
};
