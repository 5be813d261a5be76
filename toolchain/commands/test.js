const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { setUp } = require("../setup.js");
const { run } = require("../processes.js");
const { Message } = require("../message.js");
const { countTests, countLine } = require("../test-count.js");

/**
 * Runs the tests, the real engine included, and ends with a line that counts them.
 *
 * @param {string} root
 * @param {string[]} args for vitest
 */
exports.run = async (root, args) => {
	const { env } = await setUp(root, ["version"], { whole: true }).catch((error) => {
		process.stderr.write(`${error.message}\n`);
		process.stdout.write(`${countLine({ passed: 0, failed: 1, skipped: 0 })}\n`);
		throw new Message("", 1);
	});
	const folder = fs.mkdtempSync(path.join(os.tmpdir(), "leafline-test-"));
	try {
		const result = path.join(folder, "result.json");
		const vitest = path.join(root, "node_modules", "vitest", "vitest.mjs");
		const code = await run(
			process.execPath,
			[vitest, "run", "--reporter=default", "--reporter=json", `--outputFile.json=${result}`, ...args],
			// The tests choose their own stacks and backends.
			{ cwd: root, env: withoutStack(env) },
		);
		const count = countTests(result);
		process.stdout.write(`\n${countLine(count)}\n`);
		if (code !== 0) return code;
		return count.failed > 0 || count.passed === 0 ? 1 : 0;
	} finally {
		fs.rmSync(folder, { recursive: true, force: true });
	}
};

/** @param {NodeJS.ProcessEnv} env */
function withoutStack(env) {
	const { PULUMI_STACK, PULUMI_BACKEND_URL, PULUMI_CONFIG_PASSPHRASE_FILE, ...rest } = env;
	return rest;
}
