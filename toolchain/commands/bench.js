const fs = require("node:fs");
const path = require("node:path");
const { setUp } = require("../setup.js");
const { run } = require("../processes.js");
const { Message } = require("../message.js");

/**
 * Runs one benchmark of `bench/` with the tools in place.
 *
 * @param {string} root
 * @param {string[]} args the benchmark's name, then what is for it
 */
exports.run = async (root, [name = "", ...args]) => {
	const names = fs
		.readdirSync(path.join(root, "bench"))
		.filter(
			(file) => file.endsWith(".ts") && !["report.ts", "measure-hub.ts", "own-disk.ts", "cut-drill.ts"].includes(file),
		)
		.map((file) => file.slice(0, -3));
	if (!names.includes(name)) throw new Message(`usage: npm run bench -- ${names.join("|")}`, 2);
	const { env } = await setUp(root, ["version"], { whole: true });
	const compiler = path.join(root, "node_modules", "typescript", "bin", "tsc");
	const compiled = await run(process.execPath, [compiler, "-p", path.join(root, "bench")], { cwd: root, env });
	if (compiled !== 0) return compiled;
	return run(process.execPath, [path.join(root, "bin", "bench", "bench", `${name}.js`), ...args], { cwd: root, env });
};
