const fs = require("node:fs");
const path = require("node:path");
const { Message } = require("./message.js");

/**
 * The device program as a single file that runs under a Node with nothing beside it: devices have no node_modules. Made
 * of what the compiler has written, the same bytes from the same sources in whatever folder.
 */

/** From the project's folder. */
const DEVICE_PROGRAM = path.join("bin", "device", "leafline-device.js");

/**
 * @param {string} root the project's folder, compiled
 * @throws {Message}
 */
function bundleDeviceProgram(root) {
	const entry = path.join("bin", "device", "main.js");
	// A program of the user's own that leafline's toolchain compiles has none.
	if (!fs.existsSync(path.join(root, entry))) return;
	// Loaded here: whoever only looks at versions or paths need not have it.
	const esbuild = require("esbuild");
	try {
		esbuild.buildSync({
			absWorkingDir: root,
			entryPoints: [entry],
			outfile: DEVICE_PROGRAM,
			bundle: true,
			platform: "node",
			// What a device's distribution may have; the oldest that leafline runs under itself.
			target: "node20",
			format: "cjs",
			legalComments: "eof",
			// Paths stand in the file; that of a linked node_modules would be one of this machine.
			preserveSymlinks: true,
			logLevel: "silent",
		});
	} catch (error) {
		throw new Message(
			`The device program cannot be put into one file:\n${error instanceof Error ? error.message : error}`,
		);
	}
}

module.exports = { DEVICE_PROGRAM, bundleDeviceProgram };
