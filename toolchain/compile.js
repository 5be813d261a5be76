const path = require("node:path");
const { isFresh, digest, writeStamp, removeStamp } = require("./build-stamp.js");
const { bundleDeviceProgram } = require("./device-program.js");
const { step } = require("./progress.js");
const { run } = require("./processes.js");
const { Message } = require("./message.js");

/**
 * Compiles the sources to bin/ when they have changed since, and puts the device program into one file.
 *
 * @param {string} root
 * @param {NodeJS.ProcessEnv} env
 */
async function compile(root, env) {
	if (isFresh(root)) return;
	const progress = step("tsc");
	const before = digest(root);
	removeStamp(root);
	let printed = "";
	const code = await run(process.execPath, [path.join(root, "node_modules", "typescript", "bin", "tsc"), "-p", "."], {
		cwd: root,
		env,
		expendable: true,
		output: (text) => {
			printed += text;
		},
	});
	if (code !== 0) {
		progress.fail();
		throw new Message(`The sources do not compile:\n${printed.trim()}`);
	}
	bundleDeviceProgram(root);
	writeStamp(root, before);
	progress.done("compiled");
}

module.exports = { compile };
