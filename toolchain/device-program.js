const fs = require("node:fs");
const path = require("node:path");
const { Message } = require("./message.js");

/**
 * The device program as a single file that runs under a Node with nothing beside it: devices have no node_modules. The
 * same bytes from the same sources in whatever folder. Made of the sources, not of what the compiler has written: of
 * modules as `import` has them what nobody uses is left out, a megabyte of zod in the file and ten in memory.
 */

/** From the project's folder. */
const DEVICE_PROGRAM = path.join("bin", "device", "leafline-device.js");

/**
 * @param {string} root the project's folder, compiled
 * @throws {Message}
 */
function bundleDeviceProgram(root) {
	const entry = path.join("device", "main.ts");
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
			// Without indentation and comments it is half as long, and so is what it takes in memory; names stay.
			minifyWhitespace: true,
			// The client library looks whether there is one, at which Node loads it; only object stores, left out, use it.
			define: { "globalThis.ReadableStream": "Object" },
			// Node's own streams in place of a copy of them, and no log of the library's.
			alias: { tls: "./device/without-tls.ts", "readable-stream": "stream", debug: "./device/mqtt/without-log.ts" },
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
