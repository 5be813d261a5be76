const { EDITIONS, NAMES } = require("../server.js");
const { provideServer } = require("../server-provide.js");
const { Message } = require("../message.js");

/**
 * Gets the nats-server for the hub's machines, and prints where it is.
 *
 * @param {string} _root
 * @param {string[]} args `arm64` or `x86_64`, then perhaps `official`
 */
exports.run = async (_root, [wanted = "", edition = "leafline", ...rest]) => {
	const architecture = wanted === "amd64" ? "x86_64" : wanted;
	if (!isKnown(architecture) || !isEdition(edition) || rest.length > 0) {
		throw new Message("usage: npm run server -- arm64|x86_64 [official]", 2);
	}
	const { path, sha256, version } = await provideServer(architecture, process.env, edition);
	process.stdout.write(`${version} ${sha256} ${path}\n`);
	return 0;
};

/**
 * @param {string} name
 * @returns {name is import("../server.js").Architecture}
 */
const isKnown = (name) => Object.hasOwn(NAMES, name);

/**
 * @param {string} name
 * @returns {name is import("../server.js").Edition}
 */
const isEdition = (name) => Object.hasOwn(EDITIONS, name);
