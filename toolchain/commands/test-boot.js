const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { setUp } = require("../setup.js");
const { run } = require("../processes.js");
const { provideBinary } = require("../device-binaries.js");
const { countTests, countLine } = require("../test-count.js");
const { note } = require("../progress.js");
const { obstacle } = require("../boot/needs.js");
const { provideImage } = require("../boot/image.js");

/**
 * Boots a hub's machine in an emulator, with what the program renders for it, and attacks it. Ends with a line that
 * counts the tests. Where it cannot run it says why and counts as skipped.
 *
 * @param {string} root
 * @param {string[]} args for vitest
 */
exports.run = async (root, args) => {
	const reason = obstacle(process.env);
	if (reason) {
		note(`the boot test is skipped: ${reason}`);
		process.stdout.write(`${countLine({ passed: 0, failed: 0, skipped: 1 })}\n`);
		return 0;
	}
	const { env } = await setUp(root, ["version"], { whole: true });
	// There is no way to fetch anything from where the tests run.
	for (const what of /** @type {const} */ (["server", "runtime"])) await provideBinary(what, "amd64", env);
	const image = await provideImage(env);
	const folder = fs.mkdtempSync(path.join(os.tmpdir(), "leafline-test-"));
	try {
		const result = path.join(folder, "result.json");
		const vitest = path.join(root, "node_modules", "vitest", "vitest.mjs");
		const config = path.join(root, "tests", "boot", "vitest.config.mts");
		const report = ["--reporter=verbose", "--reporter=json", `--outputFile.json=${result}`];
		// In a network of its own, which has no way out and is gone with the last process in it.
		const code = await run(
			"unshare",
			["--net", process.execPath, vitest, "run", `--config=${config}`, ...report, ...args],
			{ cwd: root, env: { ...env, LEAFLINE_BOOT_IMAGE: image } },
		);
		const count = countTests(result);
		process.stdout.write(`\n${countLine(count)}\n`);
		if (code !== 0) return code;
		return count.failed > 0 || count.passed === 0 ? 1 : 0;
	} finally {
		fs.rmSync(folder, { recursive: true, force: true });
	}
};
