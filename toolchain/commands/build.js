const { buildProject } = require("../setup.js");

/**
 * Installs and compiles.
 *
 * @param {string} root
 */
exports.run = async (root) => {
	await buildProject(root);
	return 0;
};
