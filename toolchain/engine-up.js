const fs = require("node:fs");
const path = require("node:path");
const { places } = require("./local-stack.js");
const { step, elapsed } = require("./progress.js");
const { run } = require("./processes.js");
const { Message } = require("./message.js");

/**
 * `pulumi up` of the local stack with its output in a log, shown only when it fails. Without a preview, which would
 * double its time: nothing here is worth more than the time, mistakes are found before anything is made, and policies
 * have their say in `npm run up`.
 *
 * @param {string} root
 * @param {object} options
 * @param {string} options.pulumi
 * @param {NodeJS.ProcessEnv} options.env
 * @param {boolean} options.verbose
 * @param {string} options.before what stands on the line while it runs
 * @returns {Promise<number>} how long it took, milliseconds
 */
async function engineUp(root, { pulumi, env, verbose, before }) {
	const started = Date.now();
	const args = ["up", "--yes", "--skip-preview"];
	if (verbose) {
		const code = await run(pulumi, args, { cwd: root, env });
		if (code !== 0) throw new Message("pulumi up failed", code);
		return Date.now() - started;
	}
	const { logs } = places(root);
	fs.mkdirSync(logs, { recursive: true, mode: 0o700 });
	const log = fs.openSync(path.join(logs, "up.log"), "w", 0o600);
	const progress = step(`${before}   up`);
	const code = await run(pulumi, [...args, "--non-interactive", "--color", "never"], {
		cwd: root,
		env,
		output: (text) => {
			fs.writeSync(log, text);
			const change = text.match(/^ ?[+~-]{1,2} +\S+ (\S+) (creat|updat|delet|replac)\w+/m);
			if (change) progress.detail(`${change[2]}ing ${change[1]}`);
		},
	});
	fs.closeSync(log);
	if (code === 0) {
		progress.clear();
		return Date.now() - started;
	}
	progress.clear();
	process.stderr.write(`${before}   ✗ up ${elapsed(Date.now() - started)}\n`);
	throw new Message(readable(fs.readFileSync(path.join(logs, "up.log"), "utf8")), code);
}

/**
 * The part of the engine's output that says what went wrong.
 *
 * @param {string} output
 */
function readable(output) {
	const lines = output.split("\n").filter((line) => !/^@ |^\s*$/.test(line));
	const start = lines.findLastIndex((line) => /^(Diagnostics:|error:|Policy Violations:)/.test(line));
	const end = lines.findIndex((line, index) => index > start && /^(Outputs|Resources):/.test(line));
	const part = start < 0 ? lines.slice(-40) : lines.slice(start, end < 0 ? undefined : end);
	return `pulumi up failed (all of it: .leafline/logs/up.log)\n${part.join("\n")}`;
}

module.exports = { engineUp, readable };
