const fs = require("node:fs");
const path = require("node:path");
const { readIfThere } = require("./paths.js");
const { isAlive } = require("./process-identity.js");
const { run } = require("./processes.js");
const { places } = require("./local-stack.js");
const { note } = require("./progress.js");

const GRACE_MS = 5_000;

/**
 * Stops every process of the local stack that is on record, each by its number and its start time, so that nobody
 * else's is hit. By the daemon's own program if it is built, else by the records alone.
 *
 * @param {string} root
 * @param {NodeJS.ProcessEnv} env
 */
async function stopDaemons(root, env) {
	const { daemons } = places(root);
	if (!fs.existsSync(daemons)) return;
	const program = path.join(root, "bin", "components", "daemon", "daemon.js");
	if (fs.existsSync(program)) {
		let printed = "";
		const code = await run(process.execPath, [program, "stop-all", daemons], {
			cwd: root,
			env,
			output: (text) => {
				printed += text;
			},
		});
		if (code !== 0) note(printed.trim());
	}
	await stopRecorded(daemons);
}

/** @param {string} folder */
async function stopRecorded(folder) {
	const records = fs.readdirSync(folder).flatMap((name) => {
		const [pid, started] = (readIfThere(path.join(folder, name, "daemon.record")) ?? "").split("\n");
		return Number(pid) > 1 && started ? [{ pid: Number(pid), started }] : [];
	});
	const alive = () => records.filter(({ pid, started }) => isAlive(pid, started));
	for (const signal of /** @type {const} */ (["SIGTERM", "SIGKILL"])) {
		for (const { pid } of alive()) kill(pid, signal);
		const deadline = Date.now() + GRACE_MS;
		while (alive().length > 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
	}
	for (const { pid } of alive()) note(`process ${pid} does not end`);
}

/** A daemon leads a group of its own. @param {number} pid @param {NodeJS.Signals} signal */
function kill(pid, signal) {
	for (const target of [-pid, pid]) {
		try {
			process.kill(target, signal);
		} catch {}
	}
}

module.exports = { stopDaemons };
